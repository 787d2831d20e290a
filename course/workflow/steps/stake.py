"""What is at stake: who spent much and has been silent for long, and what is expected of them."""

import math
from dataclasses import dataclass

import pandas as pd

from course import clv, segment
from course.evidence import seen
from course.intervals import effective
from course.language import Sentence
from course.workflow.finding import Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = None

#: Customers that the report names.
_NAMED = 10


@dataclass
class Stake(Finding):
    """The customers of the classes segment.AT_STAKE.

    Attributes
    ----------
    customers : their number; days : since their last order, or more (the median of all, where that is no best value)
    money, share, low, high : what they brought (net), of all, with its 95 % interval, None where few hold the money
    expected, of_all : clv.Total of them, and of all; None without a forecast
    weeks : within which that is expected
    span : what the forecasts tried expect of all, from … to, where there is no interval; else None
    doubt : by what share the forecast was off on the time held out, where a naive one was as close; else None
    first : their portraits, those of whom most is expected (without a forecast: who brought most) first, with
        orders_to_top, the orders that would put each into the best class (money follows by itself)
    """

    customers: int
    days: float
    money: float
    share: float
    low: float | None
    high: float | None
    first: pd.DataFrame
    expected: clv.Total | None = None
    of_all: clv.Total | None = None
    weeks: int | None = None
    span: tuple[float, float] | None = None
    doubt: float | None = None

    def entry(self) -> dict:
        """{stake: all of it but the customers themselves, who can be erased from portraits and report}."""
        parts = ("customers", "days", "money", "share", "low", "high", "expected", "of_all", "weeks", "span", "doubt")
        found = {name: plain(getattr(self, name)) for name in parts}
        return {"stake": found | {"orders_to_top": plain(self.first["orders_to_top"].tolist())}}


def find(run: Result) -> tuple[Stake, list[Sentence]]:
    """Who is at stake, and the first of them by name."""
    customers, value = run.buyers, run.found.get("clv")
    chosen = segment.at_stake(customers)
    stake = customers[chosen]
    by = "monetary_net" if value is None else "expected_value"
    first = stake.sort_values([by, "customer_id"], ascending=[False, True]).head(_NAMED)
    first = first.assign(orders_to_top=[_orders_to_top(customers, c) for c in first["customer_id"]])
    money = stake["monetary_net"].sum(), *segment.money_share(customers, chosen)
    found = Stake(len(stake), math.ceil(segment.cuts(customers)["r"]), *money, first)
    if not seen("shares", effective(customers["monetary_net"])):
        found.low = found.high = None  # the step of the classes says why
    if value is not None:
        found.expected, found.of_all, found.weeks = value.at_stake, value.total, value.outlook.weeks
        found.span = None if found.of_all.low is not None else value.outlook.range
        found.doubt = value.forecast.validation.bias_share if value.doubtful else None
    return found, []


def _orders_to_top(customers: pd.DataFrame, customer_id: str) -> int:
    change = segment.smallest_change(customers, customer_id, "important_value")
    return max(1, round(change.get("frequency", 0)))
