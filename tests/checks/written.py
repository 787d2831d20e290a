"""Answers that were written down from the tasks alone, before anybody looked at the checks: `wrong_NN.yaml`."""

import pytest
import yaml

from course.classroom import answers
from tests.checks import sitting
from tests.conftest import ROOT

#: What a check says where it knows no more than that the answer is not the one asked for.
_UNNAMED = (
    "{name} is {side}.",
    "The middle is right, and the interval is too wide.",
    "The middle is right, and the interval is too narrow.",
)
#: The part of a lesson's wrong answers that is to be told its own mistake.
_NAMED = 0.85


def lists(topic: str) -> dict[str, dict[str, list[str]]]:
    """The answers to a lesson's exercises: {exercise: {"wrong": [code], "right": [code]}}."""
    number = sitting.lesson(topic).name[:2]
    return yaml.safe_load((ROOT / "tests" / "checks" / f"wrong_{number}.yaml").read_text(encoding="utf-8"))


class Answers:
    """What holds of the written answers; a module whose TOPIC it is makes it a class of its own, `TestWritten`."""

    def test_each_right_answer_is_accepted(self, given, exercise):
        for code in lists(exercise.rpartition("-")[0])[exercise]["right"]:
            found = sitting.told(given[exercise], exercise, code)
            assert found.kind == answers.RIGHT, (code, found)

    def test_no_wrong_answer_is_accepted_and_most_are_told_their_mistake(self, request, given):
        topic = request.module.TOPIC
        named, unnamed = 0, []
        for name, written in lists(topic).items():
            assert len(written["wrong"]) >= 10 and len(written["right"]) >= 3
            for code in written["wrong"]:
                found = sitting.told(given[name], name, code)
                if found.kind == answers.RIGHT:
                    assert _costs_nothing(given[name], name, code), code
                elif found.sentence.message in _UNNAMED or "cannot be read" in found.sentence.message:
                    unnamed.append((name, code))
                else:
                    named += 1
        assert named >= _NAMED * (named + len(unnamed)), unnamed


def _costs_nothing(given: dict, name: str, code: str) -> bool:
    """Whether on this company the mistake gives what the reference gives."""
    topic = name.rpartition("-")[0]
    reference = sitting.lesson(topic).exercises()[name].text
    seen = []
    for one in (reference, code):
        names = dict(given)
        exec(one, names)
        seen.append([names[answer] for answer in answers.exercises(topic)[name].answers])
    return all(_equal(a, b) for a, b in zip(*seen, strict=True))


def _equal(one: object, other: object) -> bool:
    return set(one) == set(other) if isinstance(one, list) else one == pytest.approx(other)
