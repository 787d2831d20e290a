"""Erasure: a person who asks to be forgotten leaves every file of a result (PIPL art. 47, GDPR art. 17).

The result is written anew beside the old one and takes its place only when the ids are nowhere in it. Totals stay as
they were counted: they name nobody.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from html import escape, unescape
from pathlib import Path

import pandas as pd

from course.errors import DataError, first_few
from course.report import workbook, writing


def forget(folder: str | Path, ids: Sequence[str]) -> list[str]:
    """Erase persons from the result of a run, in place.

    Parameters
    ----------
    folder : what `course run` wrote.
    ids : customer numbers as the outputs have them; where identity was resolved, one number of a person is enough.

    Returns
    -------
    the ids that were erased, sorted

    Raises
    ------
    DataError : the folder is not a result; an id is in none of its files. Nothing is changed then.
    """
    folder = Path(folder)
    ledger, portraits, people = _read(folder)
    known = set(portraits["customer_id"]) | set(people["customer_id"])
    if unknown := [i for i in ids if i not in known]:
        raise DataError(
            "{folder} knows no customer {ids}. Write an id as the column customer_id of portraits.csv has it.",
            ids=first_few(unknown),
            folder=folder.name,
        )
    erased = _all_ids(ids, people)
    left = portraits[~portraits["customer_id"].isin(erased)].reset_index(drop=True)
    with writing.whole_or_absent(folder) as new:
        shutil.copytree(folder, new, dirs_exist_ok=True)
        writing.portraits(left, new)
        workbook.write(left, ledger, new / "portraits.xlsx", ledger["lang"])
        if (new / "identity.csv").exists():
            writing.table(people[~people["customer_id"].isin(erased)], new / "identity.csv")
        page = new / "report.html"
        page.write_text(_without(page.read_text(encoding="utf-8"), erased), encoding="utf-8", newline="\n")
        if held := sorted({file for file, cell in cells(new) if cell in erased}):
            raise DataError(
                "Nothing was erased: {files} would hold the id still. Run again from exports without this person.",
                files=", ".join(held),
            )
    return sorted(erased)


def _read(folder: Path) -> tuple[dict, pd.DataFrame, pd.DataFrame]:
    try:
        ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
        portraits = pd.read_parquet(folder / "portraits.parquet")
        people = pd.DataFrame({"customer_id": [], "person_id": []}, dtype="str")
        if (folder / "identity.csv").exists():
            people = pd.read_csv(folder / "identity.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
        if not {"tables", "lang", "findings"} <= set(ledger):
            raise ValueError
        return ledger, portraits, people
    except (OSError, ValueError, KeyError, TypeError):
        raise DataError(
            "{folder} is not the result of a run: its ledger and portraits cannot be read.", folder=folder.name
        ) from None


def _all_ids(ids: Iterable[str], people: pd.DataFrame) -> set[str]:
    """The ids and all others of the same persons."""
    persons = people.loc[people["customer_id"].isin(ids), "person_id"]
    same = people[people["person_id"].isin({*ids, *persons})]
    return {*ids, *same["customer_id"], *same["person_id"]}


def _without(page: str, ids: set[str]) -> str:
    """The page without the rows and cards that are about one of the ids."""
    for i in ids:
        about = f'data-customer="{re.escape(escape(i))}"'
        page = re.sub(rf"<(tr|article) {about}.*?</\1>\s*", "", page, flags=re.DOTALL)
    return page


def cells(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text that the files of a result hold, as (file name, text): cells of tables, texts of the page, strings of
    the ledger."""
    for path in sorted(folder.iterdir()):
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path).select_dtypes(include=["str", "object", "category"])
            texts = (str(v) for c in frame for v in frame[c].dropna().unique())
        elif path.suffix == ".csv":
            frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
            texts = (v.removeprefix("'") for c in frame for v in frame[c].unique())
        elif path.suffix == ".xlsx":
            texts = _texts_of_workbook(path)
        elif path.suffix == ".json":
            texts = _strings(json.loads(path.read_text(encoding="utf-8")))
        else:
            parts = re.split(r"<[^>]*>", path.read_text(encoding="utf-8"))
            marked = re.findall(r'data-customer="([^"]*)"', path.read_text(encoding="utf-8"))
            texts = (unescape(t).strip() for t in (*parts, *marked))
        yield from ((path.name, t) for t in texts if t)


def _texts_of_workbook(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as book:
        for name in sorted(book.namelist()):
            if name.endswith(".xml"):
                yield from (unescape(t) for t in re.findall(r"<t[^>]*>([^<]*)</t>", book.read(name).decode("utf-8")))


def _strings(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield from (s for pair in content.items() for part in pair for s in _strings(part))
    elif isinstance(content, list):
        yield from (s for item in content for s in _strings(item))
