"""Who of the important – win back customers had really left on the day the list was made."""

from functools import cache

import pandas as pd

from course import segment
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.persons import had_left
from course.classroom.tables import load
from course.classroom.words import label
from course.language import Label

#: The day that the lesson's portraits are of; what comes after it is for judging only.
AS_OF = pd.Timestamp("2024-06-30")
_CLASS = "important_win_back"


def truth() -> float:
    """Percent of the class, cut at the median, who had left by AS_OF."""
    customers = _known(room.company())
    return float(100 * customers.loc[customers["rfm_class"] == _CLASS, "left"].mean())


def _more() -> Label:
    customers = _known(room.company())
    return label(
        "segment",
        "seal_more",
        finebi=_percent(customers.loc[segment.classes(customers, "mean") == _CLASS, "left"]),
        value=_percent(customers.loc[customers["rfm_class"] == "important_value", "left"]),
        back=_percent(customers.loc[customers["rfm_class"] == _CLASS, "came_back"]),
    )


def _percent(held: pd.Series) -> str:
    """The share with its sign; a dash where a small company has nobody in the class."""
    return f"{held.mean():.1%}" if held.notna().any() else "–"


@cache
def _known(folder: object) -> pd.DataFrame:
    """The customers as RFM sees them, with `came_back` (ordered later) and `left` (blank where an id is of several
    people: the truth is kept by person)."""
    orders = load("orders")
    customers = segment.rfm(orders, as_of=AS_OF)
    later = orders.loc[orders["ordered_at"] >= AS_OF + pd.Timedelta(days=1), "customer_id"]
    left = customers["customer_id"].map(had_left(folder, AS_OF))
    return customers.assign(came_back=customers["customer_id"].isin(later), left=left)


SEAL = Seal(
    Label(
        "Of a hundred customers in “important – win back” on 30 June 2024 (cut at the median), how many had already "
        "left Luming for good?",
        "2024 年 6 月 30 日的“重要挽留”客户（中位数分界），每一百人里有多少人其实已经彻底离开鹿鸣？",
    ),
    ".1f",
    truth,
    _more,
)
