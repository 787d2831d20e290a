"""`load("orders")`: the prepared tables every lesson starts from, never another notebook's leftovers.

Prepared means what a run works on: collected from Luming's seven sources, cleaned, with the persons' ids. Those of the
shipped company are shipped (datasets/prepared; `python -m course.classroom.tables` makes them again). Those of another
company take some seconds once; then they lie in the learner's folder, or in COURSE_CACHE where a class shares one.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pandas as pd

from course import company
from course.classroom import folders, patience, room
from course.errors import DataError
from course.language import text

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
#: Lists that the company keeps, and the one export that can be looked at before anything is prepared.
PLAIN = ("products", "stores", "promotions", "app_order_lines")


def load(name: str) -> pd.DataFrame:
    """A prepared table of the learner's company.

    Parameters
    ----------
    name : one of NAMES, of PLAIN (files of the company as they are), or a table that a lesson alone begins with: a
        function of the `material` in its folder, which takes the company's folder.

    Raises
    ------
    DataError : there is no such table.
    """
    name = patience.text(name)
    if name in NAMES:
        return pd.read_parquet(_prepared() / f"{name}.parquet")
    if name in PLAIN:
        return pd.read_csv(room.company() / company.FILES[name])
    materials = folders.materials()
    if name not in materials:
        known = ", ".join([*NAMES, *PLAIN, *materials])
        raise DataError("There is no table “{kind}”. Tables are: {tables}.", kind=name, tables=known)
    return getattr(folders.part(materials[name], "material"), name)(room.company())


def as_of() -> pd.Timestamp:
    """The day the prepared tables are of: that of the last valid order."""
    return load("orders")["ordered_at"].max().normalize()


def use_company(seed: int, customers: int = company.CUSTOMERS) -> None:
    """Make another company the learner's: every table, check and seal is then of that one.

    Parameters
    ----------
    seed, customers : as for `company.write`; those of the shipped company lead back to it.

    Raises
    ------
    DataError : too few customers; a seed that is none.
    """
    try:
        seed, customers = int(patience.plain(seed, "seed")), int(patience.plain(customers, "customers"))
    except (TypeError, ValueError, OverflowError):
        seed = -1
    if not 0 <= seed < 2**32:
        raise DataError("A company is called by two whole numbers from 0 on: use_company(seed, customers).")
    if (seed, customers) == (company.SEED, company.CUSTOMERS):
        return room.settle_in(None)
    room.settle_in(written(seed, customers))


def written(seed: int, customers: int) -> Path:
    """The folder of a company, generated where it is not there yet.

    Raises
    ------
    DataError : too few customers.
    """
    folder = _cache() / ".company" / f"{int(seed)}-{int(customers)}"
    if not folder.exists():
        made = folder.with_name(f"{folder.name}.{os.getpid()}.part")
        with _told(text("Making the company. Once for each seed, some seconds …")):
            company.write(int(seed), int(customers), made)
        _put(made, folder)
    return folder


def _cache() -> Path:
    return Path(os.environ.get("COURSE_CACHE") or room.folder())


@contextlib.contextmanager
def _told(sentence: str) -> Iterator[None]:
    """Show in the notebook what takes so long, and take it away when it is done."""
    from IPython import get_ipython
    from IPython.display import clear_output

    in_notebook = get_ipython() is not None
    if in_notebook:
        print(sentence, flush=True)
    yield
    if in_notebook:
        clear_output()


def _put(made: Path, place: Path) -> None:
    """Move what is ready to its place, unless another kernel was faster."""
    try:
        os.replace(made, place)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)


def _prepared() -> Path:
    """The folder of the prepared tables, made when it is missing; a half-made one is never seen."""
    folder = room.company()
    if (shipped := folder / "prepared").exists():
        return shipped
    place = _cache() / ".tables" / f"{folder.name}-{_fingerprint(folder)}"
    if not place.exists():
        made = place.with_name(f"{place.name}.{os.getpid()}.part")
        with _told(text("Preparing the tables. Once for each company, up to a minute …")):
            prepare(folder, made)
        _put(made, place)
    return place


def prepare(folder: Path, out: Path) -> None:
    """Write the prepared tables of the company in `folder` into the folder `out`."""
    from course import (
        demo,
        workflow,  # the whole of the analysis: a lesson's first picture need not wait for it
    )

    result = workflow.prepare(demo.tables(folder))
    out.mkdir(parents=True, exist_ok=True)
    for name, kind in NAMES.items():
        frame = result.cleaned[kind].valid
        frame.drop(columns=["source_row"], errors="ignore").to_parquet(out / f"{name}.parquet", index=False)


@cache
def _fingerprint(folder: Path) -> str:
    """Of the checksums in the company's README: another company, other tables."""
    import hashlib

    return hashlib.sha256((folder / "README.md").read_bytes()).hexdigest()[:12]


if __name__ == "__main__":
    prepare(company.datasets(), company.datasets() / "prepared")
