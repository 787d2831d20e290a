"""What changed since an earlier run: who entered and left a tag, and how far the portraits moved."""

from dataclasses import dataclass

import pandas as pd

from course import effect, tag
from course.evidence import enough
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ()
DOING = None


@dataclass
class Changes(Finding):
    """Since the earlier run; a part is None where the two cannot be compared.

    Attributes
    ----------
    tags : tag.changes; drift : effect.drift
    """

    tags: tag.Changes | None
    drift: pd.DataFrame | None

    @property
    def moved(self) -> pd.DataFrame:
        """The columns that moved beyond chance."""
        return self.drift[self.drift["verdict"] != "steady"]

    def entry(self) -> dict:
        """{changes: every tag and value, drift: every column}."""
        out = {} if self.tags is None else {"changes": plain(self.tags.tags)}
        if self.drift is not None:
            out["drift"] = {"columns": len(self.drift), "moved": len(self.moved), "table": plain(self.drift)}
        return out


def find(run: Result) -> tuple[Changes | None, list[Sentence]]:
    """The portraits beside those of the earlier run."""
    if run.previous is None:
        return None, []
    attempt, what = Attempts(), Sentence("what changed since the earlier run")
    found = Changes(
        attempt(what, tag.changes, run.previous, run.portraits),
        attempt(Sentence("drift of the portraits"), _drift, run.previous, run.portraits),
    )
    return found, attempt.not_done


def _drift(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    enough("drift", min(len(before), len(after)))
    return effect.drift(before, after)
