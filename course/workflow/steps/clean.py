"""Quality of every table before and after cleaning."""

from dataclasses import dataclass

import pandas as pd

from course import clean, clean_stored
from course.engine import Relation, Table
from course.language import Sentence
from course.workflow.finding import Finding, plain
from course.workflow.people import PERSONAL
from course.workflow.result import Result

NEEDS = ()
DOING = None


@dataclass
class Quality(Finding):
    """How well the columns are filled.

    Attributes
    ----------
    before, after : {kind of table: clean.profile of it}, as received and as valid
    """

    before: dict[str, pd.DataFrame]
    after: dict[str, pd.DataFrame]

    def entry(self) -> dict:
        """{quality: {kind: {before, after}}}."""
        return {"quality": {k: {"before": plain(f), "after": plain(self.after[k])} for k, f in self.before.items()}}


def find(run: Result) -> tuple[Quality, list[Sentence]]:
    """Profiles of every table."""
    before = {kind: _profile(run.tables[kind].frame, kind) for kind in run.cleaned}
    return Quality(before, {kind: _profile(c.valid, kind) for kind, c in run.cleaned.items()}), []


def _profile(frame: Table, kind: str) -> pd.DataFrame:
    """clean.profile without what is one person's own: the youngest and the oldest have no name, but a birthday."""
    found = (clean_stored if isinstance(frame, Relation) else clean).profile(frame, kind)
    own = found["column"].isin(PERSONAL)
    return found.assign(lowest=found["lowest"].mask(own, None), highest=found["highest"].mask(own, None))
