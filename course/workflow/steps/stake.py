"""Whom to look at first: who spent much and has been silent for long, and what is expected of them."""

from dataclasses import dataclass

import pandas as pd

from course import clv, segment
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
    customers : their number; money, share, low, high : what they brought (net), of all, with its 95 % interval
    expected : clv.total of them; None without a forecast
    first : their portraits, those of whom most is expected (without a forecast: who brought most) first, with
        orders_to_top, the orders that would put each into the best class (money follows by itself)
    """

    customers: int
    money: float
    share: float
    low: float
    high: float
    expected: clv.Total | None
    first: pd.DataFrame

    def entry(self) -> dict:
        """{stake: all of it but the customers themselves, who can be erased from portraits and report}."""
        parts = ("customers", "money", "share", "low", "high", "expected")
        found = {name: plain(getattr(self, name)) for name in parts}
        return {"stake": found | {"orders_to_top": plain(self.first["orders_to_top"].tolist())}}


def find(run: Result) -> tuple[Stake, list[Sentence]]:
    """Who is at stake, and the first of them by name."""
    customers = run.buyers
    chosen = segment.at_stake(customers)
    stake = customers[chosen]
    by = "expected_value" if "clv" in run.found else "monetary_net"
    first = stake.sort_values([by, "customer_id"], ascending=[False, True]).head(_NAMED)
    to_top = [_orders_to_top(customers, c) for c in first["customer_id"]]
    expected = clv.total(stake["expected_value"]) if "clv" in run.found else None
    money = segment.money_share(customers, chosen)
    found = Stake(len(stake), stake["monetary_net"].sum(), *money, expected, first.assign(orders_to_top=to_top))
    return found, []


def _orders_to_top(customers: pd.DataFrame, customer_id: str) -> int:
    change = segment.smallest_change(customers, customer_id, "important_value")
    return max(1, round(change.get("frequency", 0)))
