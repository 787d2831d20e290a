"""What changed since an earlier run: who entered and left a tag, a class, a stage, and how far the portraits moved."""

from dataclasses import dataclass, replace

import pandas as pd

from course import effect, tag
from course.errors import DataError
from course.evidence import enough
from course.few import HIDDEN_BELOW
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ()
DOING = None

#: The columns of portraits, beside the tags, of which each customer has one value at a time.
STATES = ("rfm_class", "stage")


@dataclass
class Changes(Finding):
    """Since the earlier run; a part is None where the two cannot be compared.

    Attributes
    ----------
    tags : tag.changes, without the rows of what a few carried before or carry now; states : the same of STATES
    drift : effect.drift
    since : the day of the earlier run
    trend : a row a run that found a drift, this one last: as_of, since, columns, moved (of them beyond chance), psi
        and noise (of the column in the middle: what was found, and what chance alone gives)
    """

    tags: tag.Changes | None
    states: tag.Changes | None
    drift: pd.DataFrame | None
    since: pd.Timestamp | None = None
    trend: pd.DataFrame | None = None

    @property
    def moved(self) -> pd.DataFrame:
        """The columns that moved beyond chance."""
        return self.drift[self.drift["verdict"] != "steady"]

    @property
    def moves(self) -> pd.DataFrame:
        """Who entered and left what, sorted: customer_id, what (the column of the portraits), value (empty for
        yes-or-no tags), move (entered or left), rule ("changed" where a tag's rule is not the same: who entered or left
        it may have done nothing)."""
        parts = [self.states.customers.assign(rule="")] if self.states else []
        if self.tags:
            redefined = self.tags.tags.loc[self.tags.tags["redefined"].fillna(False), "tag"]
            moved = self.tags.customers
            rule = moved["tag"].isin(redefined).map({True: "changed", False: ""}).astype("str")
            parts.append(moved.assign(tag=tag.PREFIX + moved["tag"], rule=rule))
        listed = pd.concat(parts, ignore_index=True).rename(columns={"tag": "what"}).astype("str")
        return listed.sort_values(list(listed), ignore_index=True)

    @property
    def usual(self) -> float | None:
        """How many columns usually move from run to run: the median of the runs before this one; None without any."""
        before = [] if self.trend is None else self.trend["moved"].iloc[:-1]
        return float(before.median()) if len(before) else None

    def entry(self) -> dict:
        """{changes: every tag and value, states: every class and stage, moves: how many, drift: every column, trend:
        drift run by run, with how many columns usually moved before, since: the day of the earlier run}."""
        out: dict = {} if self.tags is None else {"changes": plain(self.tags.tags)}
        if self.states is not None:
            out["states"] = plain(self.states.tags)
        if self.tags is not None or self.states is not None:
            out["moves"] = {"customers": int(self.moves["customer_id"].nunique()), "rows": len(self.moves)}
        if self.drift is not None:
            out["drift"] = {"columns": len(self.drift), "moved": len(self.moved), "table": plain(self.drift)}
        if self.trend is not None:
            out |= {"trend": plain(self.trend), "usually_moved": self.usual}
        if self.since is not None:
            out["since"] = plain(self.since)
        return out


def find(run: Result) -> tuple[Changes | None, list[Sentence]]:
    """The portraits beside those of the earlier run."""
    if run.previous is None:
        return None, []
    attempt, what = Attempts(), Sentence("what changed since the earlier run")
    found = Changes(
        _told(attempt(what, _compared, run, None)),
        _told(attempt(Sentence("who entered and left classes and stages"), _compared, run, STATES)),
        attempt(Sentence("drift of the portraits"), _drift, run.previous, run.portraits),
        run.since,
    )
    found.trend = _trend(run, found)
    return found, attempt.not_done


def _trend(run: Result, found: Changes) -> pd.DataFrame | None:
    """What each run so far found of drift since the one before it."""
    rows = [past["drift"] for past in run.runs if "drift" in past]
    if found.drift is not None and run.as_of is not None:
        now = {"as_of": str(run.as_of.date()), "since": plain(run.since), "columns": len(found.drift)}
        middle = {"psi": found.drift["psi"].median(), "noise": found.drift["psi_noise"].median()}
        rows.append(now | {"moved": len(found.moved)} | middle)
    return pd.DataFrame(rows) if rows else None


def _compared(run: Result, columns: tuple[str, ...] | None) -> tag.Changes:
    """Who came and went; between two runs that have nobody in common everybody would have."""
    found = tag.changes(run.previous, run.portraits, columns)
    before, now = (set(frame["customer_id"].astype("str")) for frame in (run.previous, run.portraits))
    if before and now and not before & now:
        raise DataError(
            "The earlier run and this one have no customer in common. Where one of them has pseudonyms, give both the "
            "same key."
        )
    return found


def _told(changes: tag.Changes | None) -> tag.Changes | None:
    if changes is None:
        return None
    few = changes.tags[["before", "after"]].apply(lambda sizes: sizes.between(1, HIDDEN_BELOW - 1)).any(axis=1)
    return replace(changes, tags=changes.tags[~few].reset_index(drop=True))


def _drift(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    enough("drift", min(len(before), len(after)))
    return effect.drift(before, after)
