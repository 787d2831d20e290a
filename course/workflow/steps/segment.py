"""The eight RFM classes: how many customers and how much money; what the scores mean; how sales went."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import behaviour, segment
from course.evidence import enough, seen
from course.few import told, told_crossed
from course.intervals import effective
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = None


@dataclass
class Segments(Finding):
    """The classes of the customers with orders.

    Attributes
    ----------
    overview : customers, money (net), first_order, median_recency (days), median_frequency (orders),
        effective (customers behind the money)
    classes, thresholds, pairs : blank where they would be about a few people (course.few)
    classes : segment.class_money; intervals blank where too few customers hold the money
    cuts : segment.cuts; alike : dimensions in which all customers are alike
    moved : share of customers in another class when cut at the mean
    thresholds : segment.thresholds; pairs : customers of each pair of scores: f, r, customers
    best : customers at the top in both recency and frequency; None where they are few
    months : behaviour.sales_by_month
    """

    overview: dict
    classes: pd.DataFrame
    cuts: dict[str, float]
    alike: list[str]
    moved: float
    thresholds: pd.DataFrame
    pairs: pd.DataFrame
    best: int | None
    months: pd.DataFrame

    @property
    def top(self) -> pd.Series | None:
        """The class that brought most, of those told; None where none is."""
        classes = self.classes.dropna(subset="customers")
        classes = classes[classes["customers"] > 0]
        return classes.loc[classes["money"].idxmax()] if len(classes) else None

    @property
    def shared(self) -> bool:
        """Whether enough customers hold the money for the share of a class to be more than that of one of them."""
        return seen("shares", self.overview["effective"])

    @property
    def best_month(self) -> pd.Series:
        """The best of the whole months; of all where none is whole."""
        whole = self.months[self.months["complete"]]
        months = whole if len(whole) else self.months
        return months.loc[months["money"].idxmax()]

    def entry(self) -> dict:
        """{segments: all of it}."""
        parts = ("overview", "classes", "cuts", "alike", "moved", "thresholds", "pairs", "best", "months")
        return {"segments": {name: plain(getattr(self, name)) for name in parts}}


def find(run: Result) -> tuple[Segments, list[Sentence]]:
    """The classes as the portraits have them."""
    customers = run.buyers
    overview = {
        "customers": len(customers),
        "money": customers["monetary_net"].sum(),
        "first_order": customers["first_order"].min(),
        "median_recency": customers["recency_days"].median(),
        "median_frequency": customers["frequency"].median(),
        "effective": effective(customers["monetary_net"]),
    }
    pairs = told_crossed(customers.groupby(["f", "r"]).size().rename("customers").reset_index(), "f", "r")
    best = pairs.loc[(pairs["r"] == 5) & (pairs["f"] == 5), "customers"].sum(skipna=False)
    attempt, sizes = Attempts(), told(segment.class_money(customers), ["rfm_class"])
    attempt(Sentence("shares of the money"), enough, "shares", overview["effective"])
    if attempt.not_done:
        sizes[["low", "high"]] = np.nan
    found = Segments(
        overview,
        sizes,
        segment.cuts(customers),
        [name for name, (column, _) in segment.DIMENSIONS.items() if customers[column].nunique() == 1],
        float((customers["rfm_class"] != customers["rfm_class_mean"]).mean()),
        told(segment.thresholds(customers), ["dimension", "score"], whole="dimension"),
        pairs,
        None if pd.isna(best) else int(best),
        behaviour.sales_by_month(run.heads, run.as_of),
    )
    return found, attempt.not_done
