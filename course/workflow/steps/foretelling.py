"""Whether RFM classes tell what customers do next, judged on the last third of the time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from course import segment
from course.drawing import drawn
from course.engine import Table, query
from course.evidence import enough
from course.language import Sentence
from course.orders import with_net
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result
from course.workflow.steps.clusters import FEATURES

NEEDS = ("orders",)
DOING = Sentence("Holding the segments against the time after them")

#: Customers on whom segments are judged: more would cost time and change no digit that is shown.
_JUDGED = 20_000
#: Half of a 95 % interval in standard errors: these come of five folds, too few for the normal distribution.
_T = float(stats.t.ppf(0.975, 5 - 1))

_SPENT = """
    SELECT customer_id, CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS spent
    FROM orders GROUP BY customer_id
"""


@dataclass
class Foretelling(Finding):
    """How much of the next period segments tell.

    Attributes
    ----------
    split : the last day that classes and features may know
    worth : segment.foretells of the money spent after it, and half, the half width of the 95 % interval of r2
    dimensions : segment.dimensions of the same, with half
    judged, customers : on how many customers, of how many known at the split
    """

    split: pd.Timestamp
    worth: pd.DataFrame
    dimensions: pd.DataFrame
    judged: int
    customers: int

    def entry(self) -> dict:
        """{foretelling: all of it}."""
        parts = ("split", "worth", "dimensions", "judged", "customers")
        return {"foretelling": {name: plain(getattr(self, name)) for name in parts}}


def find(run: Result) -> tuple[Foretelling | None, list[Sentence]]:
    """Segments of the first two thirds of the time held against the last."""
    orders, as_of = run.heads, run.as_of
    split = two_thirds(orders, as_of)
    first = orders["ordered_at"].min().normalize()
    known = segment.rfm(orders, split).set_index("customer_id")
    if (as_of - first).days < 90 or len(known) < 200:
        said = Sentence("whether segments foretell: needs 90 days and 200 customers in their first two thirds")
        return None, [said]
    customers = len(known)
    if (found := drawn(known.index, _JUDGED)) is not None:
        known = known.iloc[found[0]]
    target = log_spent(run.days.where(f"ordered_at > DATE '{split.date()}'"), known.index)
    attempt = Attempts()
    attempt(Sentence("whether segments foretell"), enough, "segments", int((target > 0).sum()))
    if attempt.not_done:
        return None, attempt.not_done
    features = known[FEATURES].astype("float64")
    worth = _with_half(segment.foretells(features, known["rfm_class"], target))
    dimensions = _with_half(segment.dimensions(features, target))
    return Foretelling(split, worth, dimensions, len(known), customers), []


def two_thirds(orders: Table, as_of: pd.Timestamp) -> pd.Timestamp:
    """The last day of the first two thirds of the time: the last third is held out."""
    first = orders["ordered_at"].min().normalize()
    return (first + (as_of - first) * 2 // 3).normalize()


def log_spent(orders: Table, customers: pd.Index) -> pd.Series:
    """log(1 + net money) that each of `customers` spent in `orders`; 0 for who spent nothing.

    Money is so unequal that a single customer would decide an R²: the logarithm is judged.
    """
    spent = query(_SPENT, {"orders": with_net(orders, "customer_id")}).set_index("customer_id")["spent"]
    return np.log1p(spent.reindex(customers).fillna(0.0).clip(lower=0))


def _with_half(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.assign(half=_T * scores["se"])
