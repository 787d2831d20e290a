"""`load("orders")`: the prepared tables every lesson starts from, never another notebook's leftovers.

Prepared means what a run works on: collected from Luming's seven sources, cleaned, with the persons' ids. That takes
some seconds once a company; then the tables lie in the learner's folder.
"""

import os
import shutil
from functools import cache
from pathlib import Path

import pandas as pd

from course import company, workflow
from course.classroom import luming, room
from course.errors import DataError

#: What a lesson calls a table, and the canonical table it is.
NAMES = {
    "orders": "orders",
    "lines": "order_lines",
    "customers": "customers",
    "events": "events",
    "survey": "surveys",
    "tickets": "tickets",
    "posts": "posts",
    "campaigns": "campaigns",
}
_VERSION = "1"


def load(name: str) -> pd.DataFrame:
    """A prepared table of the learner's company.

    Parameters
    ----------
    name : one of NAMES, or "products", "stores", "promotions": lists that the company keeps.

    Raises
    ------
    DataError : there is no such table.
    """
    if name in ("products", "stores", "promotions"):
        return pd.read_csv(_folder() / company.FILES[name])
    if name not in NAMES:
        known = ", ".join([*NAMES, "products", "stores", "promotions"])
        raise DataError("There is no table “{kind}”. Tables are: {tables}.", kind=name, tables=known)
    return pd.read_parquet(_prepared() / f"{name}.parquet")


def as_of() -> pd.Timestamp:
    """The day the prepared tables are of: that of the last valid order."""
    return load("orders")["ordered_at"].max().normalize()


def use_company(seed: int, customers: int = company.CUSTOMERS) -> None:
    """Make another company the learner's: every table, check and seal is then of that one."""
    folder = room.folder() / ".company" / f"{int(seed)}-{int(customers)}"
    if not folder.exists():
        company.write(int(seed), int(customers), folder)
    room.settle_in(folder)


def _folder() -> Path:
    return room.company() or luming.datasets()


def _prepared() -> Path:
    """The folder of the prepared tables, made when it is missing; a half-made one is never seen."""
    folder = _folder()
    mark = f"{folder.name}-{_VERSION}-{_fingerprint(folder)}"
    place = room.folder() / ".tables" / mark
    if not place.exists():
        made = place.with_name(f"{mark}.{os.getpid()}.part")
        made.mkdir(parents=True)
        result = workflow.prepare(luming.tables(folder))
        for name, kind in NAMES.items():
            frame = result.cleaned[kind].valid
            frame.drop(columns=["source_row"], errors="ignore").to_parquet(made / f"{name}.parquet", index=False)
        try:
            os.replace(made, place)
        except OSError:  # another kernel was faster
            shutil.rmtree(made, ignore_errors=True)
    return place


@cache
def _fingerprint(folder: Path) -> str:
    """Of the checksums in the company's README: another company, other tables."""
    import hashlib

    return hashlib.sha256((folder / "README.md").read_bytes()).hexdigest()[:12]
