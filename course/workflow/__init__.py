"""The steps in order: collected tables in, portraits with their ledger out. Nothing is written or printed here."""

from course.workflow.features import portrait_columns
from course.workflow.ledger import ledger, previous_mappings, previous_portraits
from course.workflow.look import look
from course.workflow.people import named, personal
from course.workflow.run import CLUSTER_FEATURES, Foretelling, Result, Willingness, prepare, run

__all__ = [
    "CLUSTER_FEATURES",
    "Foretelling",
    "Result",
    "Willingness",
    "ledger",
    "look",
    "named",
    "personal",
    "portrait_columns",
    "prepare",
    "previous_mappings",
    "previous_portraits",
    "run",
]
