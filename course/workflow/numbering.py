"""Two customer files that number by themselves: customer 17 of the one is not customer 17 of the other."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from course import identity
from course.clean import Cleaned
from course.engine import query
from course.errors import DataError, first_few
from course.language import Sentence
from course.workflow.people import IDS, different

#: What tells two people apart under one number, and how it is read: where somebody lives they may share.
_TELLING = {
    column: role
    for column, role in identity.CANONICAL.items()
    if role in ("name", "surname", "phone", "email", "key", "date")
}
#: Of so many numbers in common with something to compare, this share of other people is how the files are made.
_ENOUGH, _OTHERS = 3, 0.5

#: Per number that two files have: whether anything can be compared, and whether nothing of it agrees.
_SHARED = """
    SELECT a.customer_id AS number, bool_or({comparable}) AS comparable, bool_or({agrees}) AS agrees
    FROM records AS a JOIN records AS b ON a.customer_id = b.customer_id AND a.source < b.source
    GROUP BY a.customer_id ORDER BY a.customer_id
"""


def apart(cleaned: Mapping[str, Cleaned]) -> tuple[dict[str, Cleaned], list[Sentence]]:
    """The tables with the customers of several files told apart, where their numbers begin again in each file.

    They do where most numbers in common name other people: nothing of name, phone, e-mail, personal number and birth
    date agrees. The numbers of the file that holds all customers of the other tables stay; those of other files get
    the name of their file behind them.

    Raises
    ------
    DataError : none, or more than one, of the files holds all customers of the other tables.
    """
    customers = cleaned["customers"]
    records = customers.valid.dropna(subset="customer_id")
    others, comparable = _other_people(records)
    if comparable < _ENOUGH or len(others) < _OTHERS * comparable:
        return dict(cleaned), []
    stays = _numbered_by(cleaned, records, others, comparable)
    source = customers.valid["source"].astype("str")
    marked = customers.valid["customer_id"] + "@" + source
    valid = customers.valid.assign(customer_id=customers.valid["customer_id"].where(source == stays, marked))
    said = Sentence(
        "{files}: {n:,} of {of:,} customer numbers in common stand for different people (such as {examples}). The "
        "files number by themselves: a customer is his number and his file, and who is in both is found by what "
        "agrees.",
        files=", ".join(_files(records)),
        n=len(others),
        of=comparable,
        examples=first_few(others),
    )
    return dict(cleaned) | {"customers": replace(customers, valid=valid)}, [said]


def _files(records: pd.DataFrame) -> list[str]:
    return list(records["source"].astype("str").unique())


def _other_people(records: pd.DataFrame) -> tuple[list[str], int]:
    """The numbers that stand for different people in different files, and how many could be compared."""
    records = identity.with_one_name(records)
    columns = [c for c in _TELLING if c in records]
    if not columns or "source" not in records or len(_files(records)) < 2:
        return [], 0
    twice = records.groupby("customer_id")["source"].transform("nunique") > 1
    said = {c: identity.spelling(records.loc[twice, c], _TELLING[c]) for c in columns}
    shared = records.loc[twice, ["customer_id", "source"]].assign(**said).astype({"source": "str"})
    both = [f"(a.{c} IS NOT NULL AND b.{c} IS NOT NULL)" for c in columns]
    same = [f"coalesce(a.{c} = b.{c}, false)" for c in columns]
    sql = _SHARED.format(comparable=" OR ".join(both), agrees=" OR ".join(same))
    found = query(sql, {"records": shared})
    found = found[found["comparable"].astype(bool)]
    return list(found.loc[~found["agrees"].astype(bool), "number"]), len(found)


def _numbered_by(cleaned: Mapping[str, Cleaned], records: pd.DataFrame, others: list[str], comparable: int) -> str:
    """The file whose numbers the other tables use; empty where they use none."""
    used = set().union(*_ids(cleaned))
    if not used:
        return ""
    numbers = {file: set(records.loc[records["source"] == file, "customer_id"]) for file in _files(records)}
    known = used & set().union(*numbers.values())
    holding = [file for file, own in numbers.items() if known <= own]
    if len(holding) == 1:
        return holding[0]
    raise DataError(
        "{files}: {n:,} of {of:,} customer numbers in common stand for different people (such as {examples}), and the "
        "other tables do not say whose numbers they use. Put a mark of the file before the numbers, in these files and "
        "in the tables that use them; or give one customer file.",
        files=", ".join(numbers),
        n=len(others),
        of=comparable,
        examples=first_few(others),
    )


def _ids(cleaned: Mapping[str, Cleaned]) -> Iterator[set[str]]:
    for kind, one in cleaned.items():
        if kind != "customers":
            yield from (set(different(one.valid, c)) for c in IDS if c in one.valid)
