"""What runs leave to the runs after them: the last result, and of every run its forecast and the drift it found.

`history.json` stands in a result and holds figures alone, of groups and of nobody: whoever is erased has nothing in it.
`previous.parquet` are the portraits that a result was compared with: the same day run again is compared with them
again, and gives the same answers.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from course import result
from course.errors import DataError

FILE, PREVIOUS = "history.json", "previous.parquet"


@dataclass(frozen=True)
class Last:
    """A result that a run is compared with.

    Attributes
    ----------
    folder : where it is, or was
    as_of : the day it is of; None without dates
    mark : by which it is known again: what its ledger and portraits hold
    runs : what it and the runs before it left: see `record`
    named : whether the reader chose it; else it is what the run takes the place of
    """

    folder: Path
    as_of: pd.Timestamp | None
    mark: str
    runs: list[dict] = field(default_factory=list)
    named: bool = False

    def portraits(self, day: pd.Timestamp | None) -> tuple[pd.DataFrame | None, pd.Timestamp | None]:
        """The portraits that a run of `day` is compared with, and their day: those of this result; where that is of
        the same day and gives its place, those that it was compared with, if any.

        Raises
        ------
        DataError : this result is of a later day, and would be lost.
        """
        if self.named or day is None or self.as_of is None or self.as_of < day:
            return result.portraits(self.folder), self.as_of
        if self.as_of > day:
            raise DataError(
                "{folder} is of {later}, and this run of {day}: it does not take its place. Name another folder: --out "
                "DIR.",
                folder=self.folder.name,
                later=self.as_of.date(),
                day=day.date(),
            )
        earlier, since = self.folder / PREVIOUS, self.runs[-1].get("since") if self.runs else None
        if not earlier.exists():
            return None, None
        return pd.read_parquet(earlier), None if since is None else pd.Timestamp(since)


def last(folder: str | Path, named: bool = False) -> Last:
    """The result in a folder.

    Raises
    ------
    DataError : it is not one that a run wrote; its history cannot be read.
    """
    folder = Path(folder)
    as_of = result.ledger(folder)["as_of"]
    parts = ((folder / name).read_bytes() for name in ("ledger.json", "portraits.parquet"))
    mark = " ".join(hashlib.sha256(part).hexdigest() for part in parts)
    return Last(folder, None if as_of is None else pd.Timestamp(as_of), mark, _runs(folder), named)


def _runs(folder: Path) -> list[dict]:
    path = folder / FILE
    if not path.exists():  # a run without dates leaves none
        return []
    try:
        runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
        return sorted(runs, key=lambda run: pd.Timestamp(run["as_of"]))
    except (OSError, ValueError, TypeError, KeyError):
        raise DataError(
            "{folder}: {file} cannot be read. Remove it, and the runs before the next one are forgotten.",
            folder=folder.name,
            file=FILE,
        ) from None


def record(ledger: dict) -> dict:
    """What of a run the runs after it need: figures that its ledger holds.

    Returns
    -------
    {as_of, customers, currency}, and where the run has them since (the day it was compared with), forecast
    {horizon_weeks, discount_per_year, model, level, path}, classes and stages {name: customers, None of a few}, tags
    {name: carriers, None of a few}, drift {as_of, since, columns, moved, psi, noise}
    """
    found = ledger["findings"]
    out = {key: ledger[key] for key in ("as_of", "customers", "currency")}
    if "since" in found:
        out["since"] = found["since"]
    if "forecast" in found:
        kept = ("horizon_weeks", "discount_per_year", "model", "level", "path")
        out["forecast"] = {key: found["forecast"][key] for key in kept}
    if "segments" in found:
        out["classes"] = {row["rfm_class"]: row["customers"] for row in found["segments"]["classes"]}
    if "lifecycle" in found:
        out["stages"] = found["lifecycle"]["stages"]
    if "tags" in found:
        out["tags"] = {name: tag["size"] for name, tag in found["tags"].items()}
    if "drift" in found:  # of this run the last row
        out["drift"] = found["trend"][-1]
    return out


def written(runs: Sequence[dict], ledger: dict) -> str | None:
    """The text of history.json: the runs of earlier days, and this one; None for a run without dates."""
    if ledger["as_of"] is None:
        return None
    kept = [run for run in runs if run["as_of"] < ledger["as_of"]]
    return json.dumps({"runs": [*kept, record(ledger)]}, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
