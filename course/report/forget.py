"""Erasure: a person who asks to be forgotten leaves every file of a result (PIPL art. 47, GDPR art. 17).

A person is found where a file says whose a row is: in a cell of an identifying column, or in the mark of a row of the
page. The result is written anew beside the old one and takes its place whole. Totals stay as they were counted: they
name nobody. What a killed run or erasure left beside the result goes too, and what is kept there of the files that were
read: both are as much about the person.
"""

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pandas as pd

from course import identity, result, whole
from course.collect import kept
from course.errors import DataError, first_few
from course.report import handover, workbook, writing

#: The mark of a row of the page.
_ABOUT = re.compile(r'data-customer="([^"]*)"')
#: The columns of the CSV files that say whose a row is.
_WHOSE = ("customer_id", "person_id", "kept", "left", "right")


@dataclass(frozen=True)
class Forgotten:
    """What was erased: `ids` (sorted), and the names of `foreign` files that no run wrote and nobody touched."""

    ids: list[str]
    foreign: list[str]


def forget(folder: str | Path, ids: Sequence[str], *, key: bytes | None = None) -> Forgotten:
    """Erase persons from the result of a run, in place.

    Parameters
    ----------
    folder : what `course run` wrote; a link to it is followed.
    ids : customer numbers as the outputs have them; where identity was resolved, one number of a person is enough.
    key : of the pseudonyms: an id that the result does not know is looked for under its pseudonym.

    Raises
    ------
    DataError : the folder is not a result, is being written by somebody else, or holds a link in place of a file; an id
        is in none of its files. Nothing is changed then.
    """
    folder = Path(folder).resolve()
    with whole.alone(folder):
        return _forget(folder, ids, key)


def _forget(folder: Path, ids: Sequence[str], key: bytes | None) -> Forgotten:
    unfinished = _recovered(folder)
    result.ledger(folder), result.portraits(folder)  # refuses what is no result
    _refuse_links(folder)
    known = _known(folder)
    named = [_named(i, known | unfinished, key) for i in ids]
    if unknown := [i for i, name in zip(ids, named, strict=True) if name is None]:
        raise DataError(
            "{folder} knows no customer {ids}. Write an id as the column customer_id of portraits.csv has it.",
            ids=first_few(unknown),
            folder=folder.name,
        )
    erased = _all_ids([name for name in named if name is not None], result.persons(folder))
    if erased & known:
        _write_without(erased, folder)
    kept.forget(folder)
    return Forgotten(sorted(erased), foreign(folder))


def foreign(folder: Path) -> list[str]:
    """The names of what lies in a result and was not written by a run."""
    return sorted(path.name for path in folder.iterdir() if path.name not in FILES)


# --- each file -------------------------------------------------------------------------------------------------------


def _portraits(new: Path, erased: set[str]) -> None:
    left = result.portraits(new)
    left = left[~left["customer_id"].isin(erased)].reset_index(drop=True)
    ledger = result.ledger(new)
    for name in ("portraits.parquet", "portraits.csv", "portraits.xlsx"):
        (new / name).unlink(missing_ok=True)
    writing.portraits(left, new)
    workbook.write(left, ledger, new / "portraits.xlsx", ledger["lang"])


def _timeline(new: Path, erased: set[str]) -> None:
    events = result.timeline(new)
    left = events[~events["customer_id"].isin(erased)].reset_index(drop=True)
    left.to_parquet(new / "timeline.parquet", index=False)


def _explorer(new: Path, erased: set[str]) -> None:
    """The explorer made again from portraits and events, which the person has left."""
    writing.explorer(result.portraits(new), result.timeline(new), result.ledger(new), new)


def _rows(name: str) -> Callable[[Path, set[str]], None]:
    """For a CSV file: without the rows that are the person's."""

    def write(new: Path, erased: set[str]) -> None:
        rows = result.table(new / name)
        about = pd.concat([rows[c] for c in _WHOSE if c in rows], axis=1).isin(_as_written(erased)).any(axis=1)
        writing.table(rows[~about], new / name)

    return write


def _moves(new: Path, erased: set[str]) -> None:
    """Who entered and left what, as Parquet and as CSV."""
    rows = pd.read_parquet(new / "moves.parquet")
    writing.moves(rows[~rows["customer_id"].isin(erased)].reset_index(drop=True), new)


def _previous(new: Path, erased: set[str]) -> None:
    """The portraits that the result was compared with."""
    rows = pd.read_parquet(new / "previous.parquet")
    rows[~rows["customer_id"].isin(erased)].reset_index(drop=True).to_parquet(new / "previous.parquet", index=False)


def _exported(to: str) -> Callable[[Path, set[str]], None]:
    """What was exported for another program, made again of the portraits, which the person has left."""

    def write(new: Path, erased: set[str]) -> None:
        handover.EXPORTS[to](result.portraits(new), result.ledger(new), new)

    return write


def _page(new: Path, erased: set[str]) -> None:
    """The page without the rows and cards that are about the person."""

    def left(part: re.Match) -> str:
        return "" if unescape(part["about"]) in erased else part[0]

    page = re.sub(
        r'<(?P<tag>tr|article) data-customer="(?P<about>[^"]*)".*?</(?P=tag)>\s*',
        left,
        result.page(new),
        flags=re.DOTALL,
    )
    (new / "report.html").write_text(page, encoding="utf-8", newline="\n")


#: Every file that a run may write, and how a person leaves it: None where it holds none. A file is listed here, or no
#: run may write it. The portraits' three are written together, and the explorer after all that it is made of.
FILES: dict[str, Callable[[Path, set[str]], None] | None] = {
    "portraits.parquet": _portraits,
    "portraits.csv": None,
    "portraits.xlsx": None,
    "quarantine.csv": _rows("quarantine.csv"),
    "identity.csv": _rows("identity.csv"),
    "moves.parquet": _moves,
    "moves.csv": None,
    "previous.parquet": _previous,
    "history.json": None,
    "actions.csv": _rows("actions.csv"),
    "report.html": _page,
    "timeline.parquet": _timeline,
    "explorer.html": _explorer,
    "portraits_long.parquet": _exported("long"),
    "portraits_long.csv": None,
    "dictionary.csv": None,
    "tags.csv": _rows("tags.csv"),
    "portraits.sav": _exported("sav"),
    "ledger.json": None,
    "recipe.yaml": None,
}


def _write_without(erased: set[str], folder: Path) -> None:
    with whole.whole_or_absent(folder) as new:
        shutil.copytree(folder, new, dirs_exist_ok=True, symlinks=True)
        for name, write in FILES.items():
            if write is not None and (new / name).exists():
                write(new, erased)


# --- who -------------------------------------------------------------------------------------------------------------


def _known(folder: Path) -> set[str]:
    """Every id that a file of the result says a row to be of; of a result half cleared away, what is left."""
    ids: set[str] = set()
    if (folder / "portraits.parquet").exists():
        ids |= set(result.portraits(folder)["customer_id"])
    if (folder / "previous.parquet").exists():
        ids |= set(pd.read_parquet(folder / "previous.parquet", columns=["customer_id"])["customer_id"])
    if (folder / "timeline.parquet").exists():
        ids |= set(result.timeline(folder)["customer_id"])
    if (folder / "explorer.html").exists():
        ids |= set(result.explorer(folder).get("ids", ()))
    for name in FILES:
        if name.endswith(".csv") and (folder / name).exists():
            rows = result.table(folder / name)
            ids |= {cell for c in _WHOSE if c in rows for cell in rows[c].unique() if cell}
    page = result.page(folder) if (folder / "report.html").exists() else ""
    return ids | {unescape(about) for about in _ABOUT.findall(page)}


def _as_written(ids: Iterable[str]) -> set[str]:
    """The ids, and as a table for spreadsheets has them: an apostrophe before what would be a formula."""
    return {*ids, *writing.harmless(pd.Series(sorted(ids), dtype="str"))}


def _named(asked: str, known: set[str], key: bytes | None) -> str | None:
    """The id as the result has it; None where it has none."""
    pseudonym = identity.pseudonyms(pd.Series([asked]), key)[0] if key is not None else asked
    return next((name for name in (asked, pseudonym, *_as_written([asked])) if name in known), None)


def _all_ids(ids: Iterable[str], people: pd.DataFrame) -> set[str]:
    """The ids and all others of the same persons."""
    written = _as_written(ids)
    persons = people.loc[people["customer_id"].isin(written), "person_id"]
    same = people[people["person_id"].isin({*written, *persons})]
    found = {*ids, *same["customer_id"], *same["person_id"]}
    plain = {i[1:] for i in found if i[:1] == "'" and i in _as_written([i[1:]])}
    return found | plain


# --- what was left, and what is not ours -----------------------------------------------------------------------------


def _recovered(folder: Path) -> set[str]:
    """Clear away an old result that had stepped aside for the one that took its place: only that was missing when a run
    or an erasure was killed. The ids that it still held are returned, for they may be asked for again."""
    old = whole.beside(folder, "before")
    if not old.exists():
        return set()
    held = _known(old)
    shutil.rmtree(old)
    return held


def _refuse_links(folder: Path) -> None:
    links = [name for name in FILES if (folder / name).is_symlink()]
    if links:
        raise DataError(
            "{files} of {folder}: links to elsewhere, where the person would stay. Put the files themselves there, and "
            "forget again.",
            files=", ".join(links),
            folder=folder.name,
        )
