"""What a notebook talks to: progress, checks, bets, quizzes, tables."""

import base64
import io
import json
import math
import time
import warnings
import zlib
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course import DataError, charts, company, language
from course import classroom as kit
from course.classroom import answers, bets, folders, room, tables
from course.language import LANGUAGES, Label, Sentence
from tests.conftest import ROOT

FILE = "progress.json"


@pytest.fixture(autouse=True)
def learner(tmp_path, monkeypatch):
    """A learner's folder, no lesson open, the shipped company."""
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "learner"))
    monkeypatch.setattr(room, "_open", {"lesson": None, "company": None})
    return tmp_path / "learner"


@pytest.fixture
def notebook(monkeypatch):
    """The names of a notebook."""
    names = {}
    monkeypatch.setattr(room, "namespace", lambda: names)
    return names


def write(content):
    room.folder().joinpath(FILE).write_text(content if isinstance(content, str) else json.dumps(content))


def stored():
    return json.loads(room.folder().joinpath(FILE).read_text(encoding="utf-8"))


# --- progress ------------------------------------------------------------------------------------------------------

SOME = {
    "done": {"start-1": "right", "start-2": "not_yet"},
    "quiz": {"start-1": "wrong"},
    "bets": {"start": {"low": 1.0, "high": 3.0}},
    "tries": {"start-2": "2 0a1b2c"},
    "hands": {"start-tenth": "30"},
    "shown": {"start-1": "shown"},
}


def test_a_code_brings_everything_to_another_computer(learner, monkeypatch):
    write(SOME)
    code = kit.save()
    monkeypatch.setenv("COURSE_WORK", str(learner.parent / "another"))
    assert kit.progress().say() == "Exercises right: 0; tried: 0. Quiz questions right: 0. Bets placed: 0."
    assert kit.restore(code).say() == "Exercises right: 1; tried: 2. Quiz questions right: 0. Bets placed: 1."
    assert stored() == SOME


def test_a_code_may_be_broken_over_lines_by_the_mail_it_came_in():
    write(SOME)
    code = kit.save()
    write("{}")
    kit.restore(f"  {code[:30]}\n{code[30:]} \n")
    assert stored() == SOME


def test_the_code_of_the_whole_course_still_fits_into_a_message():
    ids = [f"{topic}-{n}" for topic in "abcdefghijklmno" for n in range(1, 6)]
    bets = {i[0]: {"low": n / 7, "high": n / 3, "truth": n / 5, "held": True} for n, i in enumerate(ids)}
    write({"done": dict.fromkeys(ids, "right"), "quiz": dict.fromkeys(ids, "wrong"), "bets": bets})
    assert len(kit.save()) < 2000


keys = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=9)
contents = st.fixed_dictionaries(
    {
        "done": st.dictionaries(keys, st.sampled_from(["right", "not_yet", "not_attempted", "set_up"])),
        "quiz": st.dictionaries(keys, st.sampled_from(["right", "wrong"])),
        "bets": st.dictionaries(keys, st.fixed_dictionaries({"low": st.floats(-9, 0), "high": st.floats(1, 9)})),
        **dict.fromkeys(["tries", "hands", "shown"], st.dictionaries(keys, st.text("0123456789abcdef ", max_size=9))),
    }
)


@given(contents, st.data())
def test_any_progress_comes_back_and_a_damaged_code_changes_nothing(content, data):
    write(content)
    code = kit.save()
    cut = data.draw(st.integers(0, len(code) - 1))
    other = code[:cut] + ("A" if code[cut] != "A" else "B") + code[cut + 1 :]
    write("{}")
    with pytest.raises(DataError, match="damaged or cut short"):
        kit.restore(code[:cut])
    write(SOME)
    try:
        kit.restore(other)
    except DataError:
        assert stored() == SOME
    write("{}")
    kit.restore(code)
    assert stored() == content


@pytest.mark.parametrize("code", ["", "hello", "…", "eJwDAAAAAAE", 7, None, "4" * 500])
def test_what_is_no_code_is_refused_and_changes_nothing(code):
    write(SOME)
    with pytest.raises(DataError, match="damaged or cut short"):
        kit.restore(code)
    assert stored() == SOME


def _code(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content, 9)).decode()


@pytest.mark.parametrize(
    "content",
    [
        b" " * 400_000_000,
        b'{"done":' + b"[" * 500_000,
        b'{"done":' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001,
        b'{"done": {}, "quiz": {}, "bets": {"start": 7}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": "held"}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": {"low": NaN, "high": 1}}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": {"low": 0, "high": 1, "held": "no"}}}',
        b'{"done": {"a": [[]]}, "quiz": {}, "bets": {}}',
        b'{"done": {}, "quiz": {"pre_test": {"form": {}}}, "bets": {}}',
        b'{"done": [["a", "right"]], "quiz": {}, "bets": {}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": {"low": ' + b"9" * 5000 + b', "high": 1}}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": {"low": 0, "high": ' + b"9" * 400 + b"}}}",
        b'{"done": {"\\ud800": "right"}, "quiz": {}, "bets": {}}',
        b'{"done": {}, "quiz": {}, "bets": {"start": {"low": 0, "high": 1, "x": ' + b"[" * 950 + b"]" * 950 + b"}}}",
    ],
    ids=lambda content: f"{content[:60]!r}",
)
def test_a_code_that_save_never_gave_is_refused_at_once_and_changes_nothing(content):
    write(SOME)
    code, began = _code(content), time.monotonic()
    with pytest.raises(DataError, match="damaged or cut short"):
        kit.restore(code)
    assert time.monotonic() - began < 2 and stored() == SOME
    write(content[:1_000_000].decode())
    assert kit.calibration().say() == "No seal has been opened yet."


def test_restoring_an_old_code_takes_nothing_back():
    write(SOME)
    old = kit.save()
    opened = {"low": 1.0, "high": 3.0, "truth": 2.0, "held": True}
    now = {"done": {"start-2": "right", "nps-1": "not_yet"}, "quiz": {"start-1": "right"}, "bets": {"start": opened}}
    write(now)
    kit.restore(old)
    assert stored() == {
        "done": {"start-1": "right", "start-2": "right", "nps-1": "not_yet"},
        "quiz": {"start-1": "right"},
        "bets": {"start": opened},
        **{later: SOME[later] for later in ("tries", "hands", "shown")},
    }


@pytest.mark.parametrize("content", ["{half", "[1, 2]", '{"done": 3}', "\0\0", ""])
def test_an_unreadable_file_is_kept_beside_and_the_lesson_goes_on(learner, content):
    write(content)
    assert kit.progress().values["right"] == 0
    assert (learner / "progress.unreadable.json").read_text() == content
    kit.restore(kit.save())
    assert set(stored()) == set(SOME) and not any(stored().values())


# --- checks --------------------------------------------------------------------------------------------------------


@pytest.fixture
def toy(monkeypatch):
    """An exercise: the double of a number that was given."""
    monkeypatch.setattr(answers, "_exercises", {})

    @answers.exercise("toy-1", answers=("double",), given=("x",), right=Sentence("Right"))
    def judge(answer, x):
        if isinstance(answer, str):
            raise ZeroDivisionError("the check itself")
        answers.equals(answer, 2 * x, "double", {Sentence("Not yet"): x})

    return "toy-1"


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ({"x": 3, "double": 6}, "right"),
        ({"x": 3, "double": 6.0000001}, "right"),
        ({"x": 3, "double": pd.Series([6])}, "right"),
        ({"x": 3, "double": 3}, "not_yet"),
        ({"x": 3, "double": 7}, "not_yet"),
        ({"x": 3, "double": "break"}, "not_yet"),
        ({"x": 3, "double": ...}, "not_attempted"),
        ({"x": 3}, "not_attempted"),
        ({}, "not_attempted"),
        ({"double": 6}, "set_up"),
        ({"x": ..., "double": 6}, "set_up"),
    ],
)
def test_a_check_has_four_outcomes(toy, names, kind):
    assert kit.check(toy, names).kind == kind


def test_the_four_outcomes_look_different_without_colour(toy):
    outcomes = [kit.check(toy, n) for n in ({"x": 3, "double": 6}, {"x": 3, "double": 3}, {"x": 3}, {"double": 6})]
    assert [repr(o)[0] for o in outcomes] == ["✓", "✗", "○", "!"]
    assert "double" in repr(outcomes[2]) and "x is not there" in repr(outcomes[3])
    for outcome in outcomes:
        assert 'role="status"' in outcome._repr_html_()


def test_a_check_remembers_and_what_was_right_stays_right(toy, notebook):
    notebook.update(x=3, double=3)
    kit.check(toy)
    assert stored()["done"] == {toy: "not_yet"}
    notebook["double"] = 6
    kit.check(toy)
    notebook["double"] = 7
    assert kit.check(toy).kind == "not_yet" and stored()["done"] == {toy: "right"}


def test_a_hostile_answer_is_shown_as_text(toy):
    @answers.exercise("toy-2", answers=("word",), right=Sentence("Right"))
    def judge(answer):
        raise ValueError(answer)

    said = kit.check("toy-2", {"word": "<script>alert(1)</script>"})._repr_html_()
    assert "<script>" not in said and "&lt;script&gt;" in said


A, B, C = (Sentence(name) for name in "abc")


@pytest.mark.parametrize(
    ("value", "truth", "mistakes", "tolerance", "found"),
    [
        (2.0, 2, {}, {}, True),
        (2.1, 2, {A: 3}, {}, False),
        (3, 2, {A: 3}, {}, "a"),
        (2, 2, {A: 2}, {}, True),  # on this company the mistake gives the truth
        (2.04, 2, {A: 2.04}, {"atol": 0.05}, "a"),  # a mistake to the last digit is no rounding
        (2.03, 2, {A: 2.04}, {"atol": 0.05}, True),
        (3.04, 2, {A: 3.08, B: 3.03, C: 3.05}, {"atol": 0.05}, "b"),  # the nearest
        (3, 2, {A: 3, B: 3}, {}, "a"),  # the first of those that are equally near
        (3, 2, [(A, 4), (A, 3)], {}, "a"),
        (1010, 1000, {}, {"rtol": 0.01}, True),
        (0.01, 0, {}, {"rtol": 0.01}, True),  # a part of the truth, absolute below 1
        (math.inf, 2, {A: math.inf}, {}, "a"),
        ((1, 2), (2, 1), {A: (1, 2)}, {}, "a"),
        ({1, 2}, {1, 2}, {A: {1}}, {"atol": 9}, True),
        ({1}, {1, 2}, {A: {1}}, {}, "a"),
        ([1, math.nan], [1, math.nan], {}, {}, True),
        ([1, math.nan], [1, 2], {}, {"atol": 9}, False),
        ([1], [1, 2], {}, {}, False),
        (pd.Series({"x": 1, "y": 2}), pd.Series({"y": 2, "x": 1}), {}, {}, True),  # by their keys
        (pd.Series({"x": 1, "y": 3}), pd.Series({"y": 2, "x": 1}), {A: pd.Series({"y": 3, "x": 1})}, {}, "a"),
        (pd.Series({"x": True}), pd.Series({"x": False}), {A: pd.Series({"x": 1.0})}, {}, "a"),
        (pd.DataFrame({"p": [1], "q": [2]}), pd.DataFrame({"q": [2], "p": [1]}), {}, {}, True),
    ],
)
def test_a_mistake_is_recognised_by_what_it_gives(value, truth, mistakes, tolerance, found):
    try:
        assert answers.told(value, truth, mistakes, **tolerance) is found
    except answers.Mistake as mistake:
        assert mistake.sentence.say("en") == found


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0.4444, None),
        (0.444, None),
        (0.44, "s is rounded too far. Keep three decimals."),
        (44.4, "s is a percentage. As a share it lies between 0 and 1."),
        (0.5556, "Not yet"),
        (0.6, "s is too large."),
    ],
)
def test_a_share_may_have_three_places(value, said):
    try:
        answers.share(value, 4 / 9, "s", {Sentence("Not yet"): 5 / 9})
    except answers.Mistake as mistake:
        assert mistake.sentence.say("en") == said
    else:
        assert said is None


def test_an_unknown_exercise_lists_those_there_are():
    with pytest.raises(DataError, match="start-1, start-2, start-3"):
        kit.check("start-9")


# --- opening and catching up -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_opens_in_its_language(lang):
    said = kit.open_lesson("00_start", lang)
    assert language.active() == lang and room.lesson() == "00_start"
    assert str(said).startswith({"en": "Lesson 00 is open.", "zh": "第 00 课已打开。"}[lang])
    assert kit.words("tea") == {"en": "tea", "zh": "茶叶"}[lang]
    kit.open_lesson("00_start", {"en": "zh", "zh": "en"}[lang])
    assert kit.words("tea") != {"en": "tea", "zh": "茶叶"}[lang]


def test_without_a_language_a_lesson_opens_in_the_reader_s(monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    kit.open_lesson("00_start")
    assert language.active() == "zh"


def test_without_a_chinese_font_the_chinese_lesson_says_so_once(monkeypatch):
    monkeypatch.setattr(charts, "chinese_font", lambda: None)
    assert "doctor" in str(kit.open_lesson("00_start", "zh"))
    with warnings.catch_warnings(record=True) as said, rc_context({"font.family": ["DejaVu Sans"]}):
        figure = Figure()
        figure.suptitle("中文")
        figure.savefig(io.BytesIO())
    assert said == []
    assert "doctor" not in str(kit.open_lesson("00_start", "en"))


def test_without_a_chinese_font_charts_are_labelled_in_english_and_sentences_stay_chinese(monkeypatch, capsys):
    kit.open_lesson("00_start", "zh")
    assert kit.words("tea") == "茶叶"
    monkeypatch.setattr(charts, "chinese_font", lambda: None)
    assert kit.words("tea") == "tea"
    kit.say("before_tax", yuan=1)
    assert capsys.readouterr().out == "不含税销售额：1 元。\n"


def test_words_are_printed_with_their_figures_and_a_wrong_key_is_named(capsys):
    kit.open_lesson("00_start", "en")
    kit.say("before_tax", yuan=1234567.8)
    assert capsys.readouterr().out == "Sales before tax: 1,234,568 yuan.\n"
    with pytest.raises(DataError, match="no_such_key"):
        kit.words("no_such_key")


def caught_up(section):
    """What catch_up says, and the names that it leaves."""
    names = {}
    exec("from course.classroom import *", names)
    return kit.catch_up(section, names), names


@pytest.mark.parametrize("lang", LANGUAGES)
def test_catching_up_brings_to_every_section_in_seconds(lang, capsys):
    kit.open_lesson("00_start", lang)
    with pytest.raises(DataError, match=r"1: .*; 2: ") as listed:
        kit.catch_up(99, {})
    last = int(str(listed.value).rpartition("; ")[2].partition(":")[0])
    began = time.monotonic()
    for section in (1, 3, last):
        said, names = caught_up(section)
        assert "sold" in names and ("sales" in names) == (section >= 3) and ("taxed" in names) == (section == last)
        assert "orders_7" not in names
    assert time.monotonic() - began < 20
    assert said.values["heading"] in {"en": "Take away", "zh": "带走"}[lang]
    assert capsys.readouterr().out == ""
    assert not room.folder().joinpath(FILE).exists() or stored()["done"] == {}


def test_a_section_is_found_by_a_part_of_its_heading():
    kit.open_lesson("00_start", "en")
    assert caught_up("who luming")[0].values["heading"] == "Who Luming is"
    assert "sales" in caught_up("money by customer")[1]


def test_catching_up_needs_an_open_lesson():
    with pytest.raises(DataError, match="No lesson is open"):
        kit.catch_up(1)


# --- bets ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def seal(monkeypatch):
    """A sealed truth of 42."""
    one = bets.Seal(Label("How many?", "多少？"), ".0f", lambda: 42.0)
    monkeypatch.setattr(bets, "_seal", lambda topic: one)
    return "toy"


def test_nothing_is_opened_without_a_bet(seal):
    assert kit.unseal(seal).say().startswith("First the bet: How many?")
    assert kit.bet(seal, ..., ...).say().startswith("How many? Write your range")
    assert kit.bet(seal).say().startswith("How many? Write your range")
    assert kit.unseal(seal).say().startswith("First the bet")


@pytest.mark.parametrize(("low", "high", "held"), [(40, 50, True), (42, 43, True), (1, 42, True), (43, 50, False)])
def test_a_bet_holds_where_its_range_holds_the_truth_ends_included(seal, low, high, held):
    kit.bet(seal, low, high)
    said = kit.unseal(seal).say()
    assert "The truth: 42." in said
    assert ("Your range held it." in said) == held
    assert stored()["bets"] == {seal: {"low": low, "high": high, "truth": 42.0, "held": held}}


def test_a_bet_is_held_against_the_truth_as_it_is_shown(monkeypatch):
    edge = bets.Seal(Label("How many?", "多少？"), ".2f", lambda: 4.0008)
    monkeypatch.setattr(bets, "_seal", lambda topic: edge)
    kit.bet("toy", 2, 4)
    assert kit.unseal("toy").say() == "How many? The truth: 4.00. Your range held it."


def test_large_limits_are_written_out(seal):
    assert "0 to 1000000" in kit.bet(seal, 0, 1_000_000).say()


def test_a_misspelt_exercise_is_told_which_there_are():
    room.enter("00_start")
    with pytest.raises(DataError, match="start-1, start-2, start-3"):
        kit.check("start1")


def test_a_bet_can_be_changed_until_the_seal_is_open_and_the_notebook_runs_once_more(seal):
    kit.bet(seal, 1, 2)
    kit.bet(seal, 40, 50)
    kit.unseal(seal)
    assert kit.bet(seal, 41.9, 42.1).say() == "The seal is open: your bet of 40 to 50 stands."
    assert "held it" in kit.unseal(seal).say() and stored()["bets"][seal]["low"] == 40


@pytest.mark.parametrize("low, high", [(2, 1), (1, 1), ("a", 2), (None, 2), ([1], [2]), (float("nan"), 1)])
def test_what_is_no_range_is_refused(seal, low, high):
    with pytest.raises(DataError):
        kit.bet(seal, low, high)
    assert not room.folder().joinpath(FILE).exists()


def test_there_is_nothing_to_bet_on_where_there_is_no_seal():
    with pytest.raises(DataError, match="nothing to bet on in nowhere"):
        kit.bet("nowhere", 1, 2)


@pytest.mark.parametrize("n", [1, 5, 10, 15, 20, 28, 29, 40])
def test_calibration_follows_the_binomial(n):
    chances = [math.comb(n, k) * 9**k / 10**n for k in range(n + 1)]
    assert sum(chances) == pytest.approx(1)
    for held in range(n + 1):
        write({"bets": {str(i): {"low": 0, "high": 1, "truth": 0, "held": i < held} for i in range(n)}})
        few, many = sum(chances[: held + 1]) < 0.05, sum(chances[held:]) < 0.05
        said = kit.calibration().say()
        assert said.startswith(f"{held} of {n} ranges held.")
        assert ("too narrow" in said) == few and ("wider than they need" in said) == many


def test_known_limits_of_calibration():
    """9 of 12 may be chance (P = .111), 8 of 12 hardly (.026); all of 28 may be (.052), all of 29 hardly (.047)."""
    for held, n, word in ((9, 12, "may give"), (8, 12, "too narrow"), (28, 28, "may give"), (29, 29, "wider")):
        write({"bets": {str(i): {"low": 0, "high": 1, "truth": 0, "held": i < held} for i in range(n)}})
        assert word in kit.calibration().say()


def test_bets_that_are_not_open_are_not_scored():
    write({"bets": {"a": {"low": 0, "high": 1}}})
    assert kit.calibration().say() == "No seal has been opened yet."


# --- quiz ------------------------------------------------------------------------------------------------------------


def test_a_quiz_can_be_answered_without_widgets():
    shown = repr(kit.quiz("start"))
    assert shown.startswith("1. ") and "   b) " in shown and 'quiz("start", 1, "a")' in shown
    wrong, right = kit.quiz("start", 1, "a"), kit.quiz("start", 1, "b")
    assert wrong.say().startswith("Not quite.") and right.say().startswith("Right.")
    assert kit.quiz("start", "1", "b").say() == right.say()
    assert wrong.say("zh").startswith("不对。") and right.say("zh").startswith("正确。")
    assert stored()["quiz"] == {"start-1": "right"}
    kit.quiz("start", 1, "c")
    assert stored()["quiz"] == {"start-1": "right"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("start", 9, "a"), "the questions 1 to 3"),
        (("start", 0, "a"), "the questions 1 to 3"),
        (("start", "one", "a"), "the questions 1 to 3"),
        (("start", 1, "z"), "a, b, c, d"),
        (("start", 1), "a, b, c, d"),
        (("nowhere",), "no quiz on nowhere"),
    ],
)
def test_what_the_quiz_does_not_have_is_said(arguments, said):
    with pytest.raises(DataError, match=said):
        kit.quiz(*arguments)


def test_a_slider_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"no speed to move. There are: best_percent"):
        kit.play("start", speed=3)
    with pytest.raises(DataError, match="best_percent runs from 1 to 100"):
        kit.play("start", best_percent=101)
    with pytest.raises(DataError, match="nothing to play with"):
        kit.play("nowhere")


# --- tables ----------------------------------------------------------------------------------------------------------


def test_every_table_is_there_and_an_unknown_one_is_not():
    for name in (*tables.NAMES, *tables.PLAIN, *folders.materials()):
        given = kit.load(name)
        assert given.stat().st_size if isinstance(given, Path) else len(given), name
    with pytest.raises(DataError, match=r"There is no table “order”. Tables are: orders, lines"):
        kit.load("order")


def test_the_prepared_orders_are_valid_orders_of_customers():
    orders, lines = kit.load("orders"), kit.load("lines")
    assert orders["order_id"].is_unique and orders["customer_id"].notna().all() and (orders["amount"] >= 0).all()
    assert orders["order_id"].isin(lines["order_id"]).mean() > 0.99


def test_another_seed_is_another_company_until_one_goes_back(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    before = pd.read_csv(ROOT / "datasets" / "products.csv")
    kit.use_company(3, 300)
    assert not kit.load("products").equals(before)
    orders = kit.load("orders")
    assert 100 < orders["customer_id"].nunique() <= 300
    assert [p.name for p in (tmp_path / "cache" / ".company").iterdir()] == ["3-300"]
    began = time.monotonic()
    kit.use_company(3, 300)
    assert kit.load("orders").equals(orders)
    assert time.monotonic() - began < 1
    kit.use_company(company.SEED)
    assert kit.load("products").equals(before)
    with pytest.raises(DataError, match="300"):
        kit.use_company(3, 20)


def test_a_half_made_company_is_never_seen(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))

    def interrupted(seed, customers, out):
        out.mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(company, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kit.use_company(3, 300)
    assert not (tmp_path / "cache" / ".company" / "3-300").exists() and room.company() == ROOT / "datasets"


# --- in a kernel -----------------------------------------------------------------------------------------------------


def run(*sources, tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    client = NotebookClient(book, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    with pytest.raises(CellExecutionError):
        client.execute()
    return [cell.outputs for cell in book.cells]


def test_in_a_notebook_a_refusal_is_a_sentence_and_another_error_keeps_its_traceback(tmp_path):
    opened = 'from course.classroom import *\nopen_lesson("00_start", "zh")'
    _, (refused,) = run(opened, 'load("order")', tmp_path=tmp_path)
    assert refused.traceback == [refused.evalue] and refused.evalue.startswith("没有叫“order”的表")
    _, (error,) = run(opened, "nothing_there", tmp_path=tmp_path)
    assert len(error.traceback) > 1 and "NameError" in error.traceback[-1]
