"""The steps in order: collected tables in, portraits with their ledger out. Nothing is written or printed here."""

from course.workflow.features import portrait_columns
from course.workflow.ledger import ledger, previous_mappings
from course.workflow.look import look
from course.workflow.run import CLUSTER_FEATURES, Foretelling, Result, Willingness, run

__all__ = [
    "CLUSTER_FEATURES",
    "Foretelling",
    "Result",
    "Willingness",
    "ledger",
    "look",
    "portrait_columns",
    "previous_mappings",
    "run",
]
