"""Whether RFM classes tell what customers do next, judged on the last third of the time."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from course import segment
from course.drawing import drawn
from course.evidence import enough
from course.language import Sentence
from course.orders import net
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result
from course.workflow.steps.clusters import FEATURES

NEEDS = ("orders",)
DOING = Sentence("Holding the segments against the time after them")

#: Customers on whom segments are judged: more would cost time and change no digit that is shown.
_JUDGED = 20_000
#: Half of a 95 % interval in standard errors: these come of five folds, too few for the normal distribution.
_T = float(stats.t.ppf(0.975, 5 - 1))


@dataclass
class Foretelling(Finding):
    """How much of the next period segments tell.

    Attributes
    ----------
    split : the last day that classes and features may know
    worth : segment.foretells of the money spent after it, and half, the half width of the 95 % interval of r2
    dimensions : segment.dimensions of the same, with half
    """

    split: pd.Timestamp
    worth: pd.DataFrame
    dimensions: pd.DataFrame

    def entry(self) -> dict:
        """{foretelling: all of it}."""
        parts = ("split", "worth", "dimensions")
        return {"foretelling": {name: plain(getattr(self, name)) for name in parts}}


def find(run: Result) -> tuple[Foretelling | None, list[Sentence]]:
    """Segments of the first two thirds of the time held against the last."""
    orders, as_of = run.cleaned["orders"].valid, run.as_of
    split = two_thirds(orders, as_of)
    before = orders[orders["ordered_at"] < split + pd.Timedelta(days=1)]
    first = orders["ordered_at"].min().normalize()
    if (as_of - first).days < 90 or before["customer_id"].nunique() < 200:
        said = Sentence("whether segments foretell: needs 90 days and 200 customers in their first two thirds")
        return None, [said]
    known = segment.rfm(before, split).set_index("customer_id")
    if (found := drawn(known.index, _JUDGED)) is not None:
        known = known.iloc[found[0]]
    target = log_spent(orders.drop(before.index), known.index)
    attempt = Attempts()
    attempt(Sentence("whether segments foretell"), enough, "segments", int((target > 0).sum()))
    if attempt.not_done:
        return None, attempt.not_done
    features = known[FEATURES].astype("float64")
    worth = _with_half(segment.foretells(features, known["rfm_class"], target))
    return Foretelling(split, worth, _with_half(segment.dimensions(features, target))), []


def two_thirds(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.Timestamp:
    """The last day of the first two thirds of the time: the last third is held out."""
    first = orders["ordered_at"].min().normalize()
    return (first + (as_of - first) * 2 // 3).normalize()


def log_spent(orders: pd.DataFrame, customers: pd.Index) -> pd.Series:
    """log(1 + net money) that each of `customers` spent in `orders`; 0 for who spent nothing.

    Money is so unequal that a single customer would decide an R²: the logarithm is judged.
    """
    spent = net(orders).groupby(orders["customer_id"]).sum()
    return np.log1p(spent.reindex(customers).fillna(0.0).clip(lower=0))


def _with_half(scores: pd.DataFrame) -> pd.DataFrame:
    return scores.assign(half=_T * scores["se"])
