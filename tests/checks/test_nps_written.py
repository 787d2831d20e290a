"""Lesson 10: wrong answers written down from the tasks alone, in the lesson's own company and in two others."""

from tests.checks import sitting

TOPIC = "nps"


class TestAnswers(sitting.Answers):
    """What holds in every lesson."""
