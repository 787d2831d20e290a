"""The steps in order: collected tables in, portraits with their ledger out. Nothing is written or printed here."""

from course.workflow.features import portrait_columns
from course.workflow.history import FILE as HISTORY
from course.workflow.history import PREVIOUS, Last, last, written
from course.workflow.ledger import ledger
from course.workflow.look import look
from course.workflow.people import named, personal
from course.workflow.remembering import recipe_of
from course.workflow.result import Result
from course.workflow.run import prepare, run

__all__ = [
    "HISTORY",
    "PREVIOUS",
    "Last",
    "Result",
    "last",
    "ledger",
    "look",
    "named",
    "personal",
    "portrait_columns",
    "prepare",
    "recipe_of",
    "run",
    "written",
]
