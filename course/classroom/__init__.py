"""What a lesson talks to: open it, guess, pick, check an answer, see its solution, ask a quiz question, bet,
unseal, keep and restore progress.

`from course.classroom import *` at the head of every notebook brings the names below and nothing else.
"""

from course.classroom.answers import check
from course.classroom.bets import bet, calibration, unseal
from course.classroom.hands import guess, pick
from course.classroom.lesson import open_lesson
from course.classroom.lessons.apply.quarter import Quarter
from course.classroom.lessons.capstone.assessment import (
    class_report,
    class_results,
    post_test,
    pre_test,
    simulated_class,
)
from course.classroom.lessons.capstone.consultant import consultant
from course.classroom.lessons.capstone.feedback import feedback, feedback_answers, feedback_report, simulated_feedback
from course.classroom.progress import progress, restore, save
from course.classroom.quiz import quiz
from course.classroom.reference import catch_up, solution
from course.classroom.tables import load, use_company
from course.classroom.widgets import play
from course.classroom.words import say, words

__all__ = [
    "Quarter",
    "bet",
    "calibration",
    "catch_up",
    "check",
    "class_report",
    "class_results",
    "consultant",
    "feedback",
    "feedback_answers",
    "feedback_report",
    "guess",
    "load",
    "open_lesson",
    "pick",
    "play",
    "post_test",
    "pre_test",
    "progress",
    "quiz",
    "restore",
    "save",
    "say",
    "simulated_class",
    "simulated_feedback",
    "solution",
    "unseal",
    "use_company",
    "words",
]
