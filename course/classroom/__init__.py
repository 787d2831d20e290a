"""What a lesson talks to: open it, check an answer, ask a quiz question, bet, unseal, keep and restore progress.

`from course.classroom import *` at the head of every notebook brings the names below and nothing else.
"""

from course.classroom.answers import check
from course.classroom.bets import bet, calibration, unseal
from course.classroom.lesson import catch_up, open_lesson
from course.classroom.progress import progress, restore, save
from course.classroom.quiz import quiz
from course.classroom.tables import load, use_company
from course.classroom.widgets import play
from course.classroom.words import say, words

__all__ = [
    "bet",
    "calibration",
    "catch_up",
    "check",
    "load",
    "open_lesson",
    "play",
    "progress",
    "quiz",
    "restore",
    "save",
    "say",
    "unseal",
    "use_company",
    "words",
]
