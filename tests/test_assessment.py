"""Pre- and post-test: equivalent forms, answers kept and marked, a class's gain; and the course's own survey."""

import json
import re

import ipywidgets
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, language, nps
from course import classroom as kit
from course.classroom import room
from course.classroom.lessons.capstone.assessment import (
    FORMS,
    LETTERS,
    ClassReport,
    form_difference,
    form_of,
    gain,
    item_table,
    items,
    kr20,
    reliability,
    skills,
)
from course.classroom.lessons.capstone.feedback import drivers
from course.language import LANGUAGES, Sentence
from tests.conftest import ROOT

DATA = ROOT / "course" / "classroom" / "lessons" / "capstone"
BANK = yaml.safe_load((DATA / "assessment.yaml").read_text(encoding="utf-8"))
RIGHT = {form: "".join(item.right for item in items(form)) for form in FORMS}
N = len(RIGHT["A"])


@pytest.fixture(autouse=True)
def learner(tmp_path, monkeypatch):
    """A learner's folder, no lesson open."""
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "learner"))
    monkeypatch.setattr(room, "_open", {"lesson": None, "company": None})
    return tmp_path / "learner"


def stored(name):
    return json.loads((room.folder() / "progress.json").read_text(encoding="utf-8"))["quiz"].get(name)


def wrong(form):
    return "".join("b" if letter == "a" else "a" for letter in RIGHT[form])


# --- the bank --------------------------------------------------------------------------------------------------------


def test_there_is_an_item_in_either_form_for_every_lesson_up_to_twelve():
    topics = ["start", "portrait", "collect", "clean", "identity", "behaviour", "tag", "segment", "clv", "lifecycle"]
    assert [raw["topic"] for raw in BANK] == [*topics, "nps", "apply", "effect"]
    assert 2 * len(BANK) >= 24 and {len(items(form)) for form in FORMS} == {13}
    for lesson in (ROOT / "lessons").glob("[01][0-9]_*.md"):
        number, _, topic = lesson.stem.partition("_")
        assert int(number) > 12 or [*topics, "nps", "apply", "effect"][int(number)] == topic


def test_the_forms_are_equivalent_by_design():
    """The same skill, the same mistakes on offer, as many options; other words, and the right one in another place."""
    for a, b in zip(items("A"), items("B"), strict=True):
        assert (a.topic, a.skill.say()) == (b.topic, b.skill.say())
        assert {o.idea for o in a.options.values()} == {o.idea for o in b.options.values()}
        assert sum(o.idea == "right" for o in a.options.values()) == 1
        assert a.question.say() != b.question.say() and a.right != b.right
    assert skills()["skill"].is_unique and (skills()["A"] != skills()["B"]).all()


def test_the_right_letter_cannot_be_guessed():
    for form in FORMS:
        counts = [RIGHT[form].count(letter) for letter in LETTERS]
        assert max(counts) <= 4 and min(counts) >= 3
        assert not any(letter * 3 in RIGHT[form] for letter in LETTERS)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("form", FORMS)
def test_every_option_has_a_text_and_a_feedback_of_its_own(lang, form):
    language.use(lang)
    for item in items(form):
        assert [*item.options] == list(LETTERS)
        for said in ([o.text.say() for o in item.options.values()], [o.feedback.say() for o in item.options.values()]):
            assert len(set(said)) == 4 and all(said) and not re.search(r"[{}]", "".join(said) + item.question.say())
        assert all(len(o.feedback.say()) > (8 if lang == "zh" else 20) for o in item.options.values())
        if lang == "en":
            assert not re.search("[一-鿿]", item.question.say())


def _texts(node):
    if isinstance(node, dict) and set(node) == {"en", "zh"}:
        yield node
    elif isinstance(node, dict | list):
        for value in node.values() if isinstance(node, dict) else node:
            yield from _texts(value)


def test_both_languages_have_the_same_places_and_the_chinese_is_punctuated_as_chinese():
    survey = yaml.safe_load((DATA / "feedback.yaml").read_text(encoding="utf-8"))
    texts = [*_texts(BANK), *_texts(survey)]
    assert len(texts) > 150
    for text in texts:
        places = [set(re.findall(r"\{[^{}]*\}", text[lang])) for lang in LANGUAGES]
        assert places[0] == places[1], text
        bare = re.sub(r"\{[^{}]*\}", "", text["zh"])
        assert not re.search(r"[一-鿿][,;:!?()]|[,;!?()][一-鿿]", bare), text["zh"]


def test_the_figures_of_the_items_are_right():
    """From their definitions, with the figures that the forms give."""
    forms = {raw["topic"]: raw["forms"] for raw in BANK}
    for form in FORMS:
        own = {topic: both[form] for topic, both in forms.items()}
        c = own["collect"]
        numbers = set(range(c["a"], c["b"] + 1)) | set(range(c["c"], c["d"] + 1))
        assert c["orders"] == len(numbers) and c["almost"] == len(numbers) - 1
        assert c["rows"] == c["b"] - c["a"] + 1 + c["d"] - c["c"] + 1
        assert c["fewer"] == c["rows"] - 2 * (c["rows"] - c["orders"])
        i = own["identity"]
        pairs = int(i["pairs"].replace(",", ""))
        p = 1 / pairs
        odds = p / (1 - p) * i["times"]
        assert i["chance"] == round(100 * odds / (1 + odds)) == 100 - i["other"]
        assert i["less"] == pairs - 1 and float(i["base"]) == 100 / pairs
        assert round(100 * i["times"] / (1 + i["times"])) >= 99
        b = own["behaviour"]
        visits = int(str(b["visits"]).replace(",", ""))
        assert (b["per_person"], b["per_visit"], b["confused"]) == (
            100 * b["buyers"] / b["people"],
            100 * b["buyers"] / visits,
            100 * b["people"] / visits,
        )
        t = own["tag"]
        base, sens, false = t["base"] / 100, t["found"] / 100, t["wrong"] / 100
        assert t["precision"] == round(100 * base * sens / (base * sens + (1 - base) * false))
        assert (t["hits"], t["mistaken"]) == (round(1e4 * base * sens), round(1e4 * (1 - base) * false))
        assert t["marked"] == t["hits"] + t["mistaken"] and t["clear"] == 100 - t["wrong"]
        assert float(t["joint"]) == pytest.approx(100 * base * sens)
        v = own["clv"]
        assert (v["t_x"], v["since"], v["age"]) == (v["last"] - v["first"], v["now"] - v["last"], v["now"] - v["first"])
        assert v["mean"] == v["t_x"] / v["x"]
        assert own["lifecycle"]["won"] == own["lifecycle"]["back"] - own["lifecycle"]["alone"]
        n = own["nps"]
        answers = n["top"] + n["middle"] + n["low"]
        assert (n["answers"], n["nps"]) == (answers, 100 * (n["top"] - n["low"]) / answers)
        assert n["lifted"] == round(100 * (n["top"] + n["blank"] - n["low"]) / (answers + n["blank"]))
        assert n["without"] == round(100 * (n["top"] - n["low"]) / (n["top"] + n["low"]))
        assert n["thinned"] == round(100 * (n["top"] - n["low"]) / (answers + n["blank"]))
        assert own["apply"]["alarm"] == round(100 * (1 - 0.95 ** own["apply"]["looks"]))
        e = own["effect"]
        old, new = float(e["old"]), float(e["new"])
        assert float(e["points"]) == pytest.approx(new - old) and e["relative"] == pytest.approx(
            100 * (new - old) / old
        )
        assert e["reverse"] == round(100 * (new - old) / new) and float(e["absurd"]) == old + e["relative"]
        p = own["portrait"]
        assert p["mine"] - p["others"] == p["gap"] and p["low"] < p["gap"] < p["high"] and p["rest"] == 100 - p["mine"]


# --- taking a test ---------------------------------------------------------------------------------------------------


def test_a_class_gets_both_orders_and_everybody_the_other_form_afterwards(learner, monkeypatch):
    assert [form_of(n) for n in range(1, 26)].count("A") == 13
    assert form_of("learner 07") == form_of(7) == form_of("A-7") == "A" and form_of(8) == "B"
    assert form_of("鹿鸣") == form_of(" 鹿鸣 ") in FORMS
    assert {form_of() for _ in range(60)} == set(FORMS)
    for number, first in ((1, "A"), (2, "B"), ("Zoë", form_of("Zoë"))):
        monkeypatch.setenv("COURSE_WORK", str(learner / str(number)))
        kit.pre_test(RIGHT[first], learner=number)
        kit.post_test("", learner=number)
        assert stored("pre_test") == {"form": first, "answers": RIGHT[first]}
        assert stored("post_test")["form"] == {"A": "B", "B": "A"}[first]


def test_without_a_number_the_form_is_drawn_once_and_stays():
    first = repr(kit.pre_test())
    assert all(repr(kit.pre_test()) == first for _ in range(8)) and repr(kit.pre_test(learner=1)) == first
    assert repr(kit.post_test()) != first


def test_nothing_is_told_of_right_and_wrong_before_the_post_test():
    shown = repr(kit.pre_test(learner=1))
    said = kit.pre_test(RIGHT["A"][:5], learner=1)
    assert said.say() == f"5 of {N} items are answered. What was right is told after the post-test."
    for item in items("A"):
        assert item.question.say() in shown
        assert not any(o.feedback.say() in shown + said.say() for o in item.options.values())
    assert kit.progress().values["quiz"] == 0


def test_what_was_answered_once_stays():
    kit.pre_test(wrong("A"), learner=1)
    assert "stand" in kit.pre_test(RIGHT["A"]).say()
    assert stored("pre_test")["answers"] == wrong("A")
    kit.post_test(wrong("B"))
    kit.post_test(RIGHT["B"])
    assert stored("post_test")["answers"] == wrong("B")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_after_the_post_test_every_answer_is_spoken_of(lang):
    language.use(lang)
    kit.pre_test(RIGHT["A"][:4], learner=1)
    mixed = RIGHT["B"][:6] + wrong("B")[6:-1] + "-"
    told = kit.post_test(mixed)
    assert (told.right("pre"), told.right("post")) == (4, 6)
    for text in (repr(told), told._repr_html_()):
        for item, answer in zip(items("B"), mixed, strict=True):
            assert item.options[item.right].feedback.say() in text.replace("&#x27;", "'")
            if answer not in ("-", item.right):
                assert item.options[answer].feedback.say() in text.replace("&#x27;", "'")
    assert repr(told).count("✓") == 6 and repr(told).count("✗") == N - 6
    assert repr(kit.post_test()) == repr(told)


def test_without_a_pre_test_the_post_test_tells_no_gain():
    assert "Without a pre-test" in repr(kit.post_test(RIGHT["B"], learner=1))


def test_a_code_carries_the_tests_and_an_older_one_takes_nothing_back(learner, monkeypatch):
    kit.pre_test(learner=1)
    old = kit.save()
    kit.pre_test(RIGHT["A"])
    kit.restore(old)
    assert stored("pre_test")["answers"] == RIGHT["A"]
    code = kit.save()
    monkeypatch.setenv("COURSE_WORK", str(learner / "elsewhere"))
    kit.restore(code)
    assert stored("pre_test") == {"form": "A", "answers": RIGHT["A"]}


@pytest.mark.parametrize(
    "answers",
    [
        {1: "b", "2": "C"},
        ["b", "c"],
        "bc",
        " B, c ",
        ("b", "c", None, ...),
        pd.Series(["b", "c", np.nan]),
        np.array(["b", "c"]),
        "b；c",
    ],
)
def test_answers_come_in_any_form(answers):
    kit.pre_test(answers, learner=1)
    assert stored("pre_test")["answers"] == "bc" + "-" * (N - 2)


@pytest.mark.parametrize(
    "answers", ["e", {0: "a"}, {99: "a"}, {"x": "a"}, {True: "a"}, ["ab"], "a" * 99, 7, 1.5, [[1]]]
)
def test_what_is_no_answer_is_refused_and_nothing_is_kept(answers):
    with pytest.raises(DataError):
        kit.pre_test(answers, learner=1)
    assert "answers" not in stored("pre_test")


@pytest.mark.parametrize("kept", [3, None, [], {"form": "C"}, {"form": "A", "answers": "abc"}, {"answers": "a" * N}])
def test_a_spoilt_progress_is_no_obstacle(kept):
    (room.folder() / "progress.json").write_text(json.dumps({"done": {}, "quiz": {"pre_test": kept}, "bets": {}}))
    repr(kit.pre_test(learner=1))
    kit.pre_test(RIGHT["A"], learner=1)
    assert kit.post_test(RIGHT["B"]).right("pre") == N


def test_a_stub_runs_through():
    assert "1. " in repr(kit.pre_test(..., learner=1)) and "1. " in repr(kit.post_test(..., learner=1))


def test_the_buttons_hand_in_what_was_chosen():
    paper = kit.pre_test(learner=1)
    box = paper._buttons(ipywidgets)
    choices = [w for w in box.children if isinstance(w, ipywidgets.RadioButtons)]
    assert len(choices) == N
    choices[0].value, choices[2].value = "b", "d"
    (button,) = [w for w in box.children if isinstance(w, ipywidgets.Button)]
    button.click()
    assert stored("pre_test")["answers"] == "b-d" + "-" * (N - 3)
    assert "2 of 13" in box.children[-1].value


# --- a class ---------------------------------------------------------------------------------------------------------


def results(pre, post, first=None):
    """Results of learners with so many items right in each test (None: not taken)."""
    rows = []
    for learner, counts in enumerate(zip(pre, post, strict=True), 1):
        form = first[learner - 1] if first else form_of(learner)
        for test, count, own in zip(("pre", "post"), counts, (form, "B" if form == "A" else "A"), strict=True):
            for place, item in enumerate(items(own) if count is not None else ()):
                rows.append((str(learner), test, own, item.topic, item.right if place < count else "-", place < count))
    return pd.DataFrame(rows, columns=["learner", "test", "form", "topic", "answer", "right"])


def test_kr20_of_published_answers():
    """Ten students, ten items: Wuensch (East Carolina University), who gives p, q and the variance 5.84."""
    rows = (
        "1111110110 1011011101 1111011001 0010001000 0000010010 1110111111 1101110111 1111111101 0101111101 1101101110"
    )
    table = [[int(answer) for answer in row] for row in rows.split()]
    sums = np.array(table).sum(axis=1)
    assert sums.tolist() == [8, 7, 7, 2, 2, 9, 8, 9, 7, 7] and sums.var() == pytest.approx(5.84)
    assert kr20(table) == pytest.approx(10 / 9 * (1 - 2.18 / 5.84)) == pytest.approx(0.6963, abs=5e-5)


def test_kr20_by_hand_and_where_it_has_no_value():
    # p = .75, .5, .25; Σpq = .625; totals 3, 2, 1, 0 with variance 1.25.
    assert kr20([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]) == pytest.approx(0.75)
    assert np.isnan(kr20([[1, 0], [1, 0]])) and kr20([[1, 1], [0, 0]]) == 1
    assert kr20(np.array([[1, 0], [0, 1], [1, 1], [0, 1]])) < 0
    for no_table in ([], [[1]], [[1, 2], [0, 1]], [1, 0], "abc", [[1, None], [0, 1]], None, [[1, 0]]):
        with pytest.raises(DataError, match="KR-20 needs"):
            kr20(no_table)


def test_the_interval_of_a_reliability_is_feldt_s():
    """A drawn class: items that share half of their variance with the learner; coverage of the known alpha."""
    found = reliability(np.array([[1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]]))
    # Feldt (1965): 1 − (1 − .75) F, with F of 3 and 6 degrees of freedom (tables: 6.599 and 1 / 14.735).
    assert (found.low, found.high) == (
        pytest.approx(1 - 0.25 * 6.599, abs=2e-3),
        pytest.approx(1 - 0.25 / 14.735, abs=1e-4),
    )
    assert np.isnan(reliability([[1, 0], [1, 0]]).low)


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=3, max_size=12))
def test_kr20_is_cronbach_s_alpha_of_items_that_are_right_or_wrong(rows):
    table = np.array(rows, dtype=float)
    total = table.sum(axis=1).var(ddof=1)
    if total > 0:
        alpha = 4 / 3 * (1 - table.var(axis=0, ddof=1).sum() / total)
        assert kr20(table) == pytest.approx(alpha) and kr20(table) <= 1 + 1e-9


def test_the_gain_of_a_class_is_that_of_its_means():
    found = gain(results([2, 5, 8, 13, 4], [8, 9, 10, 13, None]))
    pre, post = (2 + 5 + 8 + 13) / 52, (8 + 9 + 10 + 13) / 52
    assert (found.n, found.left_out) == (4, 1) and found.value == pytest.approx((post - pre) / (1 - pre))
    assert (found.pre, found.post) == (
        pytest.approx(pre),
        pytest.approx(post),
    ) and found.low <= found.value <= found.high
    assert gain(results([4] * 6, [10] * 6)).low == pytest.approx(6 / 9) == gain(results([4] * 6, [10] * 6)).high


def test_the_gain_has_no_value_where_nothing_was_left_to_gain_and_no_interval_for_one():
    whole = gain(results([13, 13], [13, 12]))
    assert np.isnan([whole.value, whole.low, whole.high]).all()
    alone = gain(results([3], [8]))
    assert alone.value == pytest.approx(0.5) and np.isnan([alone.low, alone.high]).all()
    with pytest.raises(DataError, match="both"):
        gain(results([3, 4], [None, None]))


def test_the_interval_of_the_gain_covers_a_known_one():
    """120 classes of 25: before 40 % right, after 70 %, so the true gain is .5."""
    rng = np.random.default_rng(4)
    topics = [item.topic for item in items("A")]
    index = pd.MultiIndex.from_product([range(25), ("pre", "post"), topics], names=["learner", "test", "topic"])
    frame = index.to_frame(index=False).assign(form="A", answer="-")
    chance = np.where(frame["test"] == "pre", 0.4, 0.7)
    held = 0
    for _ in range(120):
        found = gain(frame.assign(right=rng.random(len(frame)) < chance), repeats=200)
        held += found.low <= 0.5 <= found.high
    assert 0.88 < held / 120 < 0.99


def test_difficulty_is_the_share_right_and_discrimination_the_correlation_with_the_rest():
    class_ = kit.simulated_class(3, 60)
    table = item_table(class_)
    assert len(table) == 2 * N and [*table["topic"]][:2] == ["start", "start"]
    one = table[(table["topic"] == "tag") & (table["form"] == "A")].iloc[0]
    post = class_[(class_["test"] == "post") & (class_["form"] == "A")]
    wide = post.set_index(["learner", "topic"])["right"].unstack().astype(float)
    assert one["n_post"] == len(wide) and one["right_post"] == pytest.approx(wide["tag"].mean())
    assert one["low_post"] < one["right_post"] < one["high_post"]
    rest = wide.drop(columns="tag").sum(axis=1)
    assert one["discrimination"] == pytest.approx(np.corrcoef(wide["tag"], rest)[0, 1])
    assert item_table(results([3] * 4, [8] * 4))["discrimination"].isna().all()


def test_the_difference_of_the_forms_is_found_where_there_is_one_and_not_where_there_is_none():
    """Learning and the order of the forms must not pass for it."""
    by_hand = form_difference(results([6, 8, 3, 5], [8, 10, 9, 11], first="AABB"))
    assert by_hand.value == pytest.approx((6 - 2) / 13 / 2) and (by_hand.n_ab, by_hand.n_ba) == (2, 2)
    fair = [form_difference(kit.simulated_class(seed)) for seed in range(60)]
    assert sum(d.low <= 0 <= d.high for d in fair) >= 53
    assert abs(np.mean([d.value for d in fair])) < 0.012
    easy = [form_difference(kit.simulated_class(seed, easier=1.2)) for seed in range(10)]
    assert sum(d.low > 0 for d in easy) >= 9
    with pytest.raises(DataError, match="3 began with A, 0 with B"):
        form_difference(results([1, 2, 3], [4, 5, 6], first="AAA"))


def test_codes_of_a_class_become_results(learner, monkeypatch, tmp_path):
    codes = {}
    for number in range(1, 5):
        monkeypatch.setenv("COURSE_WORK", str(learner / str(number)))
        form = form_of(number)
        kit.pre_test(RIGHT[form][:number], learner=number)
        if number < 4:
            kit.post_test(RIGHT["B" if form == "A" else "A"][: 2 * number])
        codes[number] = kit.save()
    found = kit.class_results(codes)
    assert [*found.columns] == ["learner", "test", "form", "topic", "answer", "right"]
    right = found.groupby(["learner", "test"])["right"].sum().to_dict()
    assert right == {(str(n), "pre"): n for n in range(1, 5)} | {(str(n), "post"): 2 * n for n in range(1, 4)}
    file = tmp_path / "codes.txt"
    file.write_text("\ufeff" + "\n\n".join(f"{n}, {code}" for n, code in codes.items()), encoding="utf-8")
    pd.testing.assert_frame_equal(kit.class_results(file), found)
    pd.testing.assert_frame_equal(kit.class_results(str(file)), found)
    pd.testing.assert_frame_equal(kit.class_results([*codes.values()]), found)
    assert kit.class_report(found).gain.n == 3


def test_codes_that_cannot_be_used_are_named(tmp_path):
    empty = kit.save()
    with pytest.raises(DataError, match="None of these codes"):
        kit.class_results([empty])
    with pytest.raises(DataError, match="code of 2 is damaged"):
        kit.class_results([empty, empty[:9]])
    with pytest.raises(DataError, match="Wang stands in the list twice"):
        kit.class_results([f"Wang {empty}", f"Wang {empty}"])
    for no_file in (tmp_path / "none.txt", tmp_path, "\0"):
        with pytest.raises(DataError, match="no text file"):
            kit.class_results(no_file)
    with pytest.raises(DataError, match="Codes are"):
        kit.class_results(7)


@pytest.mark.parametrize("no_results", [None, 7, pd.DataFrame(), pd.DataFrame({"learner": [1]}), results([], [])])
def test_what_are_no_results_is_refused(no_results):
    for ask in (kit.class_report, gain, item_table, form_difference):
        with pytest.raises(DataError):
            ask(no_results)


def test_spoilt_results_are_named():
    good = results([3, 4], [5, 6])
    with pytest.raises(DataError, match="1 row of the results cannot be read"):
        kit.class_report(good.assign(form=good["form"].where(good.index != 4, "C")))
    with pytest.raises(DataError, match="1 has two answers"):
        kit.class_report(pd.concat([good, good.head(1)]))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_of_a_class_says_what_it_is_of_and_how_sure(lang):
    language.use(lang)
    report = kit.class_report(kit.simulated_class())
    said = repr(report)
    assert {"en": "simulated", "zh": "模拟"}[lang] in said.splitlines()[0]
    assert f"{report.gain.value:.2f}" in said and f"{report.gain.low:.2f}" in said and "KR-20" in said
    assert report.gain.n == 25 and all(r.low < r.value < r.high <= 1 for r in report.reliability.values())
    assert report.topics["right"].is_monotonic_increasing and len(report.topics) == N
    assert "<script" not in report._repr_html_()
    assert repr(report) == repr(kit.class_report(kit.simulated_class().sample(frac=1, random_state=1)))


def test_a_small_class_is_not_told_more_than_it_can_be():
    said = repr(kit.class_report(results([3, 4], [8, 9], first="AA")))
    assert "KR-20" not in said and "Fewer than 10" in said and "cannot be told" in said and "simulated" not in said
    assert "one learner gives no interval" in repr(ClassReport(results([3], [8])))
    assert "nothing to gain" in repr(ClassReport(results([13, 13], [13, 13])))


# --- the course's own survey -----------------------------------------------------------------------------------------

RATED = {"pace": 4, "clarity": 5, "exercises": 3, "data": 4, "tools": 2, "use": 5}


def test_an_answer_lies_in_a_file_of_the_learner_s_and_not_in_the_code(learner):
    before = kit.save()
    said = kit.feedback(9, best="检查", change="pace", **RATED)
    assert isinstance(said, Sentence) and "feedback.json" in said.say()
    kept = json.loads((learner / "feedback.json").read_text(encoding="utf-8"))
    assert kept == {"score": 9, **{f"driver_{k}": v for k, v in RATED.items()}, "best": "检查", "change": "pace"}
    assert kit.save() == before
    kit.feedback("7")
    assert json.loads((learner / "feedback.json").read_text(encoding="utf-8"))["score"] == 7
    assert [path.name for path in learner.iterdir() if "part" in path.name] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_questionnaire_shows_itself(lang):
    language.use(lang)
    shown = repr(kit.feedback())
    assert len(drivers()) == 6 and all(f"{name}: {label}" in shown for name, label in drivers().items())
    assert repr(kit.feedback(...)) == shown and bool(re.search("[一-鿿]", shown)) == (lang == "zh")


@pytest.mark.parametrize(
    ("score", "rated"),
    [
        (11, {}),
        (-1, {}),
        (7.5, {}),
        ("nine", {}),
        (True, {}),
        ([9], {}),
        (9, {"pace": 6}),
        (9, {"pace": 0}),
        (9, {"x": 3}),
    ],
)
def test_an_answer_outside_the_scale_is_refused_and_nothing_is_kept(learner, score, rated):
    with pytest.raises(DataError):
        kit.feedback(score, **rated)
    assert not (learner / "feedback.json").exists()


def test_answers_of_a_class_are_gathered_from_their_files(tmp_path):
    for number, score in ((1, 9), (2, 4)):
        (tmp_path / str(number)).mkdir()
        row = {"score": score, "driver_pace": 3, "best": "=cmd()", "change": None}
        (tmp_path / str(number) / "feedback.json").write_text(json.dumps(row), encoding="utf-8")
    found = kit.feedback_answers(tmp_path)
    assert (
        found["score"].tolist() == [9, 4] and found["driver_use"].isna().all() and found["change"].tolist() == ["", ""]
    )
    assert kit.feedback_report(found).score.value == 0
    (tmp_path / "progress.json").write_text('{"done": {}}')
    with pytest.raises(DataError, match=r"progress\.json is no answer"):
        kit.feedback_answers(tmp_path)
    (tmp_path / "progress.json").write_text('{"score": 99}')
    with pytest.raises(DataError):
        kit.feedback_answers(tmp_path)
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataError, match="nothing"):
        kit.feedback_answers(tmp_path / "nothing")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_simulated_class_says_that_it_is_one_and_the_report_is_lesson_ten_s(lang):
    language.use(lang)
    class_ = kit.simulated_feedback()
    report = kit.feedback_report(class_)
    assert len(class_) == 25 and {"en": "simulated", "zh": "模拟"}[lang] in repr(report).splitlines()[0]
    promoters, detractors = (class_["score"] >= 9).sum(), (class_["score"] <= 6).sum()
    assert report.score.value == pytest.approx(100 * (promoters - detractors) / 25)
    assert report.score == nps.score(class_["score"])
    assert report.ratings["mean"].is_monotonic_increasing and len(report.ratings) == 6
    assert (report.ratings[["low", "high"]].apply(lambda c: c.between(1, 5))).all(axis=None)
    assert {"en": "rank no drivers", "zh": "排不出"}[lang] in repr(report)
    said = (class_["best"] != "").sum() + (class_["change"] != "").sum()
    assert len(report.comments) == said and set(report.comments["label"]) <= {"positive", "negative", "neutral"}
    assert bool(re.search("[一-鿿]", "".join(class_["best"]))) == (lang == "zh")
    assert not kit.simulated_feedback(1).equals(class_) and kit.simulated_feedback(0).equals(class_)


def test_a_large_class_finds_the_driver_without_effect_and_still_calls_it_no_cause():
    report = kit.feedback_report(kit.simulated_feedback(2, 3000))
    table = report.drivers.table.set_index("driver")
    assert table.loc["driver_pace", "beta_low"] < 0.02 < 0.05 < table.loc["driver_use", "beta_low"]
    assert table["rank"].idxmax() == "driver_pace" and "not cause" in repr(report)


def test_a_handful_of_answers_is_reported_with_what_they_cannot_tell():
    few = pd.DataFrame({"score": [10, 10, 9]})
    report = kit.feedback_report(few)
    assert report.score.value == 100 and report.drivers is None and "Drivers cannot be told" in repr(report)
    one = kit.feedback_report(pd.DataFrame({"score": [7], "driver_pace": [3.0], "best": ["<b>x</b>"]}))
    assert "<b>x</b>" not in one._repr_html_()
    alike = pd.DataFrame({"score": [8] * 30} | {f"driver_{name}": [4.0] * 30 for name in RATED})
    assert kit.feedback_report(alike).drivers is None
    for no_answers in (None, 3, pd.DataFrame({"x": [1]}), pd.DataFrame({"score": [11]}), pd.DataFrame({"score": []})):
        with pytest.raises(DataError):
            kit.feedback_report(no_answers)
