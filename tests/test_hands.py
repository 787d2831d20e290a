"""What learners type between the exercises, what checks see of their inputs, and the solution for the asking."""

import json
import re
from importlib import import_module

import nbformat
import pytest
from nbclient import NotebookClient

from course import DataError, language
from course import classroom as kit
from course.authoring.source import read
from course.authoring.stub import handed_out
from course.classroom import folders, hands, reference, room
from course.language import LANGUAGES
from tests.checks import sitting
from tests.conftest import ROOT

LESSON = "07_segment"
progress = import_module("course.classroom.progress")  # the package has a function of that name


@pytest.fixture(autouse=True)
def learner(tmp_path, monkeypatch):
    """A learner's folder, lesson 07 open on the shipped company, in English."""
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setattr(room, "_open", {"lesson": LESSON, "company": None})
    language.use("en")
    return tmp_path


# --- guess and pick --------------------------------------------------------------------------------------------------


def test_a_guess_is_told_what_the_lesson_prints_a_cell_later():
    book = nbformat.read(ROOT / "solutions" / "en" / f"{LESSON}.ipynb", 4)
    printed = "".join(out.get("text", "") for cell in book.cells for out in cell.get("outputs", ()))
    (moved,) = re.findall(r"cut at the mean: ([\d,]+) \(", printed)
    told = kit.guess("segment-moved", 20).say()
    assert told == f"You said 20. It is {moved}. None of them ordered anything."
    assert progress.read()["hands"] == {"segment-moved": "20"}


def test_a_guess_that_is_right_is_told_so():
    truth = folders.part("segment", "guesses").GUESSES["moved"].truth()
    assert kit.guess("segment-moved", truth).say().startswith(f"You said {truth:,.0f}, and so it is.")


def test_an_open_guess_asks_for_one_and_notes_nothing():
    assert kit.guess("segment-moved").say() == "Write your guess in place of the ..., then run the cell."
    assert progress.read()["hands"] == {}


@pytest.mark.parametrize("value", ["many", None, [1, 2], float("nan"), object()])
def test_what_is_no_number_is_no_guess(value):
    with pytest.raises(DataError):
        kit.guess("segment-moved", value)
    assert progress.read()["hands"] == {}


@pytest.mark.parametrize("ask", [kit.guess, kit.pick])
@pytest.mark.parametrize("key", ["segment-nothing", "nothing", "", 7])
def test_what_nobody_asks_is_refused(ask, key):
    with pytest.raises(DataError):
        ask(key, 1)


def test_a_pick_shows_the_question_then_says_why():
    shown = kit.pick("segment-class")
    assert "What is she called?" in repr(shown) and "c) Important – win back" in repr(shown)
    assert repr(kit.pick("segment-class", "c")).startswith("✗ Not quite: There F is low too.")
    assert progress.read()["hands"] == {"segment-class": "wrong"}
    assert repr(kit.pick("segment-class", " B ")).startswith("✓ Right: ")
    assert repr(kit.pick("segment-class", "a")).startswith("✗")
    assert progress.read()["hands"] == {"segment-class": "right"}  # what was right stays
    with pytest.raises(DataError, match="a, b, c, d"):
        kit.pick("segment-class", "e")


@pytest.mark.parametrize("topic", folders.topics())
def test_every_question_has_one_right_answer_and_both_languages(topic):
    for name, one in hands._picks(topic).items():
        texts = [one["question"], *(t for o in one["options"].values() for t in (o["text"], o["feedback"]))]
        assert all(t.get("en") and t.get("zh") for t in texts), name
        assert sum(bool(o.get("right")) for o in one["options"].values()) == 1, name


@pytest.mark.parametrize("topic", folders.topics())
def test_every_guess_has_a_truth_on_each_company(topic, tmp_path):
    guesses = getattr(folders.part(topic, "guesses"), "GUESSES", {})
    for seed in sitting.SEEDS if guesses else ():
        with sitting.seated(topic, seed, tmp_path / str(seed)):
            for one in guesses.values():
                assert float(format(one.truth(), one.shown).replace(",", "")) >= 0


def test_what_lessons_ask_is_there_and_the_authors_answer_is_not_handed_out():
    for path in sorted((ROOT / "lessons").glob("*.md")):
        for cell in read(path).cells:
            found = re.match(r'(guess|pick)\("([a-z]+)-([a-z_]+)"', cell.text) if cell.kind == "code" else None
            if found:
                call, topic, name = found.groups()
                known = hands._picks(topic) if call == "pick" else folders.part(topic, "guesses").GUESSES
                assert name in known and handed_out(cell.text) == f'{call}("{topic}-{name}", ...)'


# --- the solution ----------------------------------------------------------------------------------------------------


def test_the_solution_comes_after_three_tries_or_at_once(monkeypatch):
    monkeypatch.setattr(room, "namespace", lambda: {"mine": 3, "orders": 1, "as_of": 1})
    assert kit.solution("segment-1").say().startswith("Tried so far: 0. After 3 tries")
    for _ in range(3):
        kit.check("segment-1")
    assert progress.tries("segment-1") == 3 and progress.read()["shown"] == {}
    shown = kit.solution("segment-1")
    assert 'seen = orders.query("day <= @as_of")' in shown.code and "The filter comes first" in shown.reason[0]
    assert len(shown.reason) == 1 and shown._repr_markdown_().startswith("```python\nseen = ")
    assert progress.read()["shown"] == {"segment-1": "shown"}
    assert isinstance(kit.solution("segment-2", now=True), reference.Solution)
    with pytest.raises(DataError, match="no exercise segment-99"):
        kit.solution("segment-99")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("topic", folders.topics())
def test_every_exercise_has_its_solution_and_a_reason(topic, lang, monkeypatch):
    lesson = next((ROOT / "lessons").glob(f"*_{topic}.md")).stem
    monkeypatch.setitem(room._open, "lesson", lesson)
    language.use(lang)
    for name in sitting.exercises(topic):
        assert kit.solution(name, now=True).reason, name


def test_the_last_mistake_is_noted_by_its_mark(monkeypatch):
    monkeypatch.setattr(room, "namespace", lambda: {"mine": 3, "orders": 1, "as_of": 1})
    said = kit.check("segment-1").sentence.message
    assert progress.read()["tries"]["segment-1"] == f"1 {progress.mark(said)}"


def test_a_code_of_an_earlier_kit_is_read():
    import base64
    import zlib

    old = {"done": {"start-1": "right"}, "quiz": {}, "bets": {}}
    code = base64.urlsafe_b64encode(zlib.compress(json.dumps(old).encode())).decode()
    assert progress.unpack(code) == old | {"tries": {}, "hands": {}, "shown": {}}


# --- in a notebook ---------------------------------------------------------------------------------------------------

_OTHER = "print(changed, other.value_counts().sum() == len(customers))"
_RIGHT = [
    "seen = orders.query('day <= @as_of').groupby('customer_id')",
    "mine = pd.DataFrame({'recency_days': (as_of - seen['day'].max()).dt.days,",
    "                     'frequency': seen['order_id'].nunique()})",
]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What a notebook of lesson 07 says to these cells, one after the other: {name: outputs as one text}."""
    folder = tmp_path_factory.mktemp("kernel")
    own = [
        c.source for c in nbformat.read(ROOT / "notebooks" / "en" / f"{LESSON}.ipynb", 4).cells if c.cell_type == "code"
    ]
    blank = next(i for i, source in enumerate(own) if "____" in source)
    makes_orders = next(source for source in own if "orders = load(" in source)
    makes_days = next(source for source in own if 'orders["day"] = ' in source)
    named = {
        "blank": own[blank],
        "names": _OTHER,
        "other cell": own[blank].replace("customers", "lists", 1),
        "filled": own[blank].replace("____", "!="),
        "right": "\n".join([*_RIGHT, 'check("segment-1")']),
        "sorted": 'orders = orders.sort_values("amount")\ncheck("segment-1")',
        "wider": 'orders["more"] = 1\ncheck("segment-1")',
        "fewer": 'orders = orders.query("amount > 100")\ncheck("segment-1")',
        "again": f"{makes_orders}",
        "days": makes_days,
        "mended": 'check("segment-1")',
        "values": 'orders["amount"] = 0\norders["order_id"] = "x"\ncheck("segment-1")',
        "none": 'orders = 7\ncheck("segment-1")',
    }
    sources = [*(s for s in own[:blank] if not s.startswith(("check(", "quiz("))), *named.values()]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_WORK", str(folder))
        patch.setenv("COURSE_LANG", "en")
        NotebookClient(
            book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    said = ["\n".join(_texts(cell.outputs)) for cell in book.cells[-len(named) :]]
    return dict(zip(named, said, strict=True))


def _texts(outputs: list) -> list[str]:
    return [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]


def test_an_open_blank_stops_nobody_and_shows_nothing(told):
    assert told["blank"].startswith("Fill in every ____ and run the cell again: then it shows what it finds.")
    assert told["names"].endswith("True\n") and int(told["names"].split()[0]) > 0
    assert told["other cell"] == "Fill in every ____ of this cell, then run it again."
    assert "are in another class when the cut is the mean." in told["filled"]


def test_a_check_tells_an_overwritten_input_from_a_mistake(told):
    for name in ("right", "sorted", "wider", "mended"):
        assert told[name].startswith("✓"), (name, told[name])
    assert re.match(
        r"! Something before is missing: orders has [\d,]+ rows, the lesson's cell made [\d,]+\.", told["fewer"]
    )
    assert "orders holds other values than the lesson's cell gave it" in told["values"]
    assert "made a table of orders, and it is none any more" in told["none"]
