"""The dialogue about a complaint: where points are won and lost, and that nobody falls out of it."""

import re
import string

import pytest

from course import DataError, language
from course.classroom.lessons.apply.dialogue import RUBRIC, Dialogue, script

STEPS = script()["steps"]


def paths(done=""):
    """Every conversation there is."""
    talk = Dialogue(choices=done)
    if talk.over:
        return [done]
    return [path for letter in STEPS[talk._path[-1]]["options"] for path in paths(done + letter)]


ALL = paths()


def test_every_conversation_has_three_to_five_steps_and_asks_for_everything():
    assert len(ALL) > 100
    for path in ALL:
        assert 3 <= len(path) <= 5
        rubrics = Dialogue(choices=path).score()["rubric"].tolist()
        assert list(dict.fromkeys(rubrics)) == [r.say() for r in RUBRIC.values()]


def test_points_and_losses_add_up_to_what_could_be_had():
    most = max(Dialogue(choices=path).points() for path in ALL)
    assert most == 2 * len(RUBRIC) == 8
    for path in ALL:
        talk = Dialogue(choices=path)
        score = talk.score()
        assert (score["lost"] >= 0).all()
        assert score["points"].sum() == talk.points() == most - score["lost"].sum()


def test_one_conversation_alone_is_faultless_and_the_worst_gets_nothing():
    faultless = [path for path in ALL if Dialogue(choices=path).points() == 8]
    assert faultless == ["cbbc"]
    assert Dialogue(choices="cbbc").sentence.say() == "8 of 8 points; no step has lost any."
    assert min(Dialogue(choices=path).points() for path in ALL) == 0


@pytest.mark.parametrize(
    ("choices", "lost"),
    [
        ("cbbc", [0, 0, 0, 0]),
        ("bcbc", [1, 0, 0, 0]),  # an apology that fits every complaint
        ("dbcbc", [1, 0, 0, 0, 0]),  # an excuse, taken back: half of it is won back
        ("dacbc", [1, 1, 0, 0, 0]),
        ("cccc", [0, 3, 0, 0]),  # money before the need is known: two points, and one of the offer
        ("cbcb", [0, 0, 2, 2]),
    ],
)
def test_what_is_lost_is_lost_at_the_step_that_lost_it(choices, lost):
    talk = Dialogue(choices=choices)
    assert talk.score()["lost"].tolist() == lost
    steps = ", ".join(str(n) for n, points in enumerate(lost, 1) if points)
    assert steps in talk.sentence.say() and f"{8 - sum(lost)} of 8" in talk.sentence.say()


def test_every_option_has_a_reason_of_its_own_in_both_languages():
    texts = []
    for step in STEPS.values():
        assert step["rubric"] in RUBRIC
        texts.append(step["customer"])
        for option in step["options"].values():
            assert option["points"] in (0, 1, 2)
            assert option.get("next") is None or option["next"] in STEPS
            texts += [option["text"], option["feedback"]]
    for lang in language.LANGUAGES:
        assert len({t[lang] for t in texts}) == len(texts)
    for text in texts:
        assert re.search("[一-鿿]", text["zh"]) and not re.search("[一-鿿]", text["en"])
        assert not re.search(r"[一-鿿][,;:!?()]|[,;!?()][一-鿿]", text["zh"])
        assert not any(name for t in text.values() for _, name, _, _ in string.Formatter().parse(t))


def test_the_best_option_is_not_always_in_the_same_place():
    best = {max(s["options"], key=lambda letter, s=s: s["options"][letter]["points"]) for s in STEPS.values()}
    assert len(best) > 1


def test_every_step_can_be_reached():
    assert {step for path in ALL for step in Dialogue(choices=path)._path} == {*STEPS, None}


def test_what_is_no_answer_is_refused_and_changes_nothing():
    talk = Dialogue(choices="c")
    for letter in ("z", "", "ab", None, 1, ["a"]):
        with pytest.raises(DataError, match="This step has the answers a, b, c"):
            talk.choose(letter)
    assert talk.choices == ["c"] and not talk.over
    over = Dialogue(choices="cbbc")
    with pytest.raises(DataError, match="The dialogue is over"):
        over.choose("a")


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_it_reads_as_a_conversation_in_either_language(lang):
    language.use(lang)
    talk = Dialogue()
    assert repr(talk).count("\n") == 5 and STEPS["start"]["customer"][lang] in repr(talk)
    talk.choose("c")
    assert repr(talk).startswith(f"— {STEPS['calm']['customer'][lang]}")
    for letter in "bbc":
        talk.choose(letter)
    assert repr(talk).startswith(talk.sentence.say())
    assert talk.score()["rubric"].tolist() == [r.say(lang) for r in RUBRIC.values()]


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_it_can_be_clicked(lang):
    language.use(lang)
    talk = Dialogue()
    _, heard, choice, button, end = talk.widgets().children
    button.click()
    assert talk.choices == []  # nothing was chosen
    for letter in "cbbc":
        choice.value = letter
        assert choice.value == letter
        button.click()
    assert talk.choices == list("cbbc")
    assert button.disabled and choice.disabled
    assert talk.sentence.say() in end.value and 'role="status"' in heard.value
