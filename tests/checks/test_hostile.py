"""Whatever the answer is, check says a sentence: every exercise of every lesson, on one company."""

import time

import pytest

from course import DataError
from course import classroom as kit
from course.classroom import answers, patience, room
from tests.checks import hostile, sitting
from tests.checks.test_every_lesson import TOPICS

SEED = 1


def seated_names(topic, work):
    with sitting.seated(topic, SEED, work):
        return sitting.given(topic)


def told(names: dict, name: str, make) -> answers.Outcome:
    """What check says, in a notebook in which every name asked for is such an answer."""
    asked = answers.exercises(name.rpartition("-")[0])[name].answers
    return answers.check(name, names | dict.fromkeys(asked, make()))


def assert_told(found: answers.Outcome) -> None:
    assert found.kind == answers.NOT_YET
    for lang in ("en", "zh"):
        said = found.sentence.say(lang)
        assert 5 < len(said) < 1000 and said.encode()
    assert repr(found) and found._repr_html_()


@pytest.mark.slow
@pytest.mark.parametrize("topic", TOPICS)
def test_every_hostile_answer_to_every_exercise_is_told_a_sentence(topic, tmp_path, monkeypatch):
    monkeypatch.setattr(patience, "SECONDS", 0.3)  # that it is five is the next test
    names = seated_names(topic, tmp_path)
    for name in sitting.exercises(topic):
        for what, make in hostile.ANSWERS.items():
            began = time.process_time()
            found = told(names[name], name, make)
            assert time.process_time() - began < 5, (name, what)
            assert_told(found)


def test_so_many_answers_to_so_many_exercises():
    assert len(hostile.ANSWERS) >= 30
    assert sum(len(sitting.exercises(topic)) for topic in TOPICS) >= 59


@pytest.mark.parametrize("what", ["a loop without an end", "a loop that will not stop", "a function that sleeps"])
def test_a_function_without_an_end_is_told_within_five_seconds(what, monkeypatch):
    judged = answers.Exercise("one", ("f",), (), lambda f: f(), answers.Sentence("Fine and well done."))
    monkeypatch.setitem(answers._exercises, "start-9", judged)
    if what != "a loop without an end":
        monkeypatch.setattr(patience, "SECONDS", 1.0)
    began = time.process_time()  # on a machine that is not busy the clock says the same
    found = answers.check("start-9", {"f": hostile.ANSWERS[what]()})
    assert time.process_time() - began < 5
    assert "a loop in it that never ends" in found.sentence.say("en")


@pytest.mark.parametrize("make", hostile.ANSWERS.values(), ids=hostile.ANSWERS)
def test_the_other_doors_refuse_in_a_sentence(make, tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setitem(room._open, "company", None)
    doors = (
        lambda one: kit.check(one),
        lambda one: kit.bet("start", one, 3),
        lambda one: kit.quiz(one),
        lambda one: kit.quiz("start", one, "a"),
        lambda one: kit.quiz("start", 1, one),
        lambda one: kit.load(one),
        lambda one: kit.play("segment", **{_slider("segment"): one}),
        lambda one: kit.use_company(one),
        lambda one: kit.restore(one),
        lambda one: kit.pre_test(one, learner=1),
    )
    assert {number: outcome(door, make) for number, door in enumerate(doors)} == dict.fromkeys(
        range(len(doors)), "a sentence"
    )


def outcome(door, make) -> str:
    """What came of it, in plain words: no test runner survives the text of such an error."""
    try:
        door(make())
    except DataError as error:
        assert str(error).encode()
        return "a sentence"
    except BaseException as error:
        return f"raised {patience.kind_of(type(error))}"
    return "taken"


def _slider(topic: str) -> str:
    from course.classroom import folders, widgets

    folders.part(topic, "game")
    return widgets._games[topic][0][0].name


def test_a_right_answer_on_a_busy_machine_is_waited_for():
    """Half a second of the processor's, not of the clock: who works a tenth of the time has not had it after two."""

    def slowly():
        for _ in range(20):
            time.sleep(0.09)
            until = time.thread_time() + 0.01
            while time.thread_time() < until:
                pass
        return "done"

    assert patience.within(slowly, 0.5) == "done"
    with pytest.raises(TimeoutError):
        patience.within(lambda: time.sleep(20), 0.5)
