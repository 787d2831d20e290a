"""A learner's seat: a lesson run on any company up to each exercise, and what check says to an answer there."""

import contextlib
import io

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import yaml

from course import authoring, classroom, language
from course.classroom import answers, room, use_company
from tests.conftest import ROOT

#: Other companies than the shipped one, small and alike for all lessons: their tables are prepared once a run.
SEEDS, CUSTOMERS = (1, 2, 4), 1500
#: What no task asks for.
STRANGE = (None, "12", b"", True, [], {}, 1j, pd.DataFrame(), pd.Series(dtype=float), np.array([]), lambda: 0, np.nan)
#: Of the wrong answers that were written from the task alone, as many are told what was done.
NAMED = 0.85
#: Cells that speak with the learner and define nothing.
_SPOKEN = ("check(", "quiz(", "bet(", "unseal(", "play(", "guess(", "pick(")


def lesson(topic: str) -> authoring.Lesson:
    """The source of the lesson about a topic."""
    (path,) = (ROOT / "lessons").glob(f"[0-9][0-9]_{topic}.md")
    return authoring.read(path)


def exercises(topic: str) -> list[str]:
    """The exercises of a lesson that a check looks at."""
    return [name for name in lesson(topic).exercises() if not name.endswith("-bet")]


@contextlib.contextmanager
def seated(topic: str, seed: int, work: object, customers: int = CUSTOMERS):
    """A room in which the lesson is open and the company is that of the seed."""
    patch = pytest.MonkeyPatch()
    patch.setenv("COURSE_WORK", str(work))
    patch.setitem(room._open, "lesson", lesson(topic).name)
    patch.setitem(room._open, "company", None)
    patch.setattr(plt, "show", lambda *args, **options: plt.close("all"))
    try:
        language.use("en")
        use_company(seed, customers)
        yield room.company()
    finally:
        plt.close("all")
        patch.undo()


def given(topic: str) -> dict[str, dict]:
    """What a learner's notebook holds before each exercise, after every cell above it that is not an exercise.

    To be called in a room that is `seated`.
    """
    names = {name: getattr(classroom, name) for name in classroom.__all__}
    before = {}
    for cell in lesson(topic).cells:
        if cell.exercise:
            before[cell.exercise] = dict(names)
        elif cell.kind == "code" and not cell.text.startswith(_SPOKEN):
            with contextlib.redirect_stdout(io.StringIO()):
                exec(compile(cell.text, f"{topic}:{cell.line}", "exec"), names)
    return before


def told(names: dict, name: str, code: str) -> answers.Outcome:
    """What check says to an answer written as code; `names` stay as they are."""
    names = dict(names)
    exec(code, names)
    return answers.check(name, names)


def told_of_strange_answers(names: dict, name: str) -> list[answers.Outcome]:
    """What check says where each of the answers is of a kind that no task asks for."""
    asked = answers.exercises(name.rpartition("-")[0])[name].answers
    return [answers.check(name, names | dict.fromkeys(asked, strange)) for strange in STRANGE]


def wrong_answers(topic: str) -> dict[str, list[str]]:
    """Ten wrong answers an exercise as code, written from the task alone; none where nobody has written them down."""
    path = ROOT / "tests" / "checks" / f"wrong_{lesson(topic).name[:2]}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def unnamed(names: dict, name: str, codes: list[str]) -> list[str]:
    """Those of the wrong answers to an exercise that are not told which mistake they are; none of them is right."""
    left = []
    for code in codes:
        found = told(names, name, code)
        if found.kind == answers.RIGHT and _gives_what_the_reference_gives(names, name, code):
            continue  # on this company the mistake costs nothing
        assert found.kind == answers.NOT_YET, code
        if "{side}" in found.sentence.message or found.sentence.message.startswith("The answer cannot be read"):
            left.append(code)
    return left


def _gives_what_the_reference_gives(names: dict, name: str, code: str) -> bool:
    topic = name.rpartition("-")[0]
    given, reference = dict(names), dict(names)
    exec(code, given)
    exec(lesson(topic).exercises()[name].text, reference)
    one, other = ([held[n] for n in answers.exercises(topic)[name].answers] for held in (given, reference))
    return all(_same(a, b) for a, b in zip(one, other, strict=True))


def _same(one: object, other: object) -> bool:
    if hasattr(one, "equals"):
        return one.equals(other)
    return set(one) == set(other) if isinstance(one, list) else one == pytest.approx(other)


class Answers:
    """What holds in every lesson; a module whose TOPIC it is makes it a class of its own, `TestAnswers`."""

    def test_the_reference_is_right_and_is_told_something(self, given, exercise):
        found = told(given[exercise], exercise, lesson(exercise.rpartition("-")[0]).exercises()[exercise].text)
        assert found.kind == answers.RIGHT, found
        assert len(found.sentence.say("zh")) > 10

    def test_strange_answers_are_told_in_a_sentence(self, given, exercise):
        for found in told_of_strange_answers(given[exercise], exercise):
            assert found.kind == answers.NOT_YET and found.sentence.say("zh") and found.sentence.say("en")

    def test_wrong_answers_from_the_task_alone_are_refused_and_most_are_named(self, request, given):
        lists = wrong_answers(request.module.TOPIC)
        left = [code for name, codes in lists.items() for code in unnamed(given[name], name, codes)]
        assert len(left) <= (1 - NAMED) * sum(map(len, lists.values())), left
