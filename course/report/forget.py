"""Erasure: a person who asks to be forgotten leaves every file of a result (PIPL art. 47, GDPR art. 17).

The result is written anew beside the old one and takes its place only when the ids are nowhere in it. Totals stay as
they were counted: they name nobody.
"""

import re
import shutil
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import pandas as pd

from course import result
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
    ledger, portraits, people = result.ledger(folder), result.portraits(folder), result.persons(folder)
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
        page = _without(result.page(new), erased)
        (new / "report.html").write_text(page, encoding="utf-8", newline="\n")
        if held := sorted({file for file, cell in result.cells(new) if cell in erased}):
            raise DataError(
                "Nothing was erased: {files} would hold the id still. Run again from exports without this person.",
                files=", ".join(held),
            )
    return sorted(erased)


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
