"""How far a table without names still says who somebody is: k-anonymity, the unique, and a guess's chance."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from course.engine import query
from course.errors import DataError


@dataclass(frozen=True)
class Anonymity:
    """How customers hide among those who look the same.

    Attributes
    ----------
    k : customers in the smallest group that looks the same: the table is k-anonymous (Sweeney 2002)
    unique : share of the customers whom nobody else looks like
    guess : chance that somebody who knows these columns of one customer, and knows that the customer is in the table,
        picks the right row: groups / customers (the average prosecutor risk; El Emam and Dankar 2008)
    groups, n : different looks, customers
    """

    k: int
    unique: float
    guess: float
    groups: int
    n: int


def anonymity(customers: pd.DataFrame, columns: Sequence[str]) -> Anonymity:
    """How anonymous a table is for somebody who knows `columns`; a blank looks like any other blank.

    Parameters
    ----------
    customers : one row a customer.
    columns : what may be known from elsewhere, such as gender, birth date and city.

    Raises
    ------
    DataError : no row; no column, or one that is not there.
    """
    columns = list(columns)
    missing = [c for c in columns if c not in customers]
    if not columns or missing or not len(customers):
        raise DataError(
            "Anonymity is measured over rows and their columns; got {rows:,} {rows:row|rows}, and of the columns "
            "{missing} is not there.",
            rows=len(customers),
            missing=", ".join(map(str, missing)) or "–",
        )
    names = [f"c{i}" for i in range(len(columns))]
    looks = customers[columns].astype("str").fillna("").set_axis(names, axis=1)
    sql = f"""
        SELECT min(size) AS k, count(*) AS groups, count(*) FILTER (WHERE size = 1) AS alone
        FROM (SELECT count(*) AS size FROM looks GROUP BY {", ".join(names)}) AS sizes
    """
    k, groups, alone = query(sql, {"looks": looks}).iloc[0]
    n = len(customers)
    return Anonymity(int(k), alone / n, groups / n, int(groups), n)
