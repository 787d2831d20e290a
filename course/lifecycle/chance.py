"""The chance that a customer orders within the next days, learnt and judged on the same company's last days.

A stage tells the silence so far and P(alive) something that nobody can see; whether an order came can be counted. So
this is the figure that a customer's story goes by, and it is told only where it was right on days it had not seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.engine import Table
from course.errors import DataError
from course.intervals import wilson
from course.language import Sentence
from course.lifecycle import history
from course.lifecycle.standing import STAGES
from course.lifecycle.story import settle
from course.lifecycle.warning import Seen, learnt, told_of_sample
from course.orders import last_day

#: Days ahead.
DAYS = 90
#: What must have been seen of either outcome (an order, none) among all customers, and within a group for a model of
#: its own: a coefficient takes about ten events, and a share of fewer says nothing.
_SEEN, _SEEN_IN_GROUP = 30, 20
#: By how much a chance that is told of a customer may have been off.
_OFF = 0.05


@dataclass
class Chance:
    """The chance of an order in the next days, and what it was worth on days it had not seen.

    Attributes
    ----------
    customers : frame sorted by customer_id: customer_id, chance (of an order within `days` after `as_of`)
    reliability : frame, a row a tenth of the tested by forecast: customers, forecast (mean), bought (share), low, high
        (95 % Wilson)
    by_stage : the same by the stage that a customer's story gave on the tested day, in the order of STAGES: stage,
        customers, forecast, bought, low, high
    brier : mean squared error of the forecast, and of saying the share of the days learnt from for everybody
    cuts : the days: learn (what the tested model learnt from), test (what today's model did), as_of
    days : days ahead; tested : customers tested
    tried : frame sorted by customer_id, the tested: customer_id, forecast, bought (1 or 0), lost (by the silence then)
    learnt : customers that today's models learnt from, and of how many they were drawn
    """

    customers: pd.DataFrame
    reliability: pd.DataFrame
    by_stage: pd.DataFrame
    brier: tuple[float, float]
    cuts: dict[str, pd.Timestamp]
    days: int
    tested: int
    tried: pd.DataFrame
    learnt: tuple[int, int] = (0, 0)

    def report(self) -> list[Sentence]:
        """What the chance is made of and how far it held, in sentences."""
        table = self.reliability
        weight = table["customers"] / table["customers"].sum()
        said = Sentence(
            "The chance of an order in the next {days} days, forecast on {day:day} for {n:,} customers and held "
            "against the {days} days after: {forecast:.0%} expected, {bought:.0%} bought; beyond chance, a tenth of "
            "the customers was usually off by {off:.1f} points; Brier {brier:.3f}, against {naive:.3f} for saying the "
            "average to everybody.",
            days=self.days,
            day=self.cuts["test"],
            n=self.tested,
            forecast=float((table["forecast"] * weight).sum()),
            bought=float((table["bought"] * weight).sum()),
            off=100 * self.off,
            brier=self.brier[0],
            naive=self.brier[1],
        )
        return [said, *([] if self.holds else [self.refusal]), *self._of_the_lost(), *told_of_sample(*self.learnt)]

    @property
    def off(self) -> float:
        """By how much the forecast of a tenth was off beyond chance: the root of the mean squared miss, each less what
        that many customers miss by without a fault of the forecast (Bröcker 2012, Climate Dynamics 39: the reliability
        of a Brier score without its bias)."""
        table = self.reliability
        noise = table["bought"] * (1 - table["bought"]) / (table["customers"] - 1).clip(lower=1)
        beyond = (table["forecast"] - table["bought"]) ** 2 - noise
        return float(np.sqrt(max(np.average(beyond, weights=table["customers"]), 0.0)))

    @property
    def holds(self) -> bool:
        """True where the forecast may be told of single customers: it knew more than the average, and what it called
        30 in 100 was 25 to 35."""
        return self.brier[0] < self.brier[1] and self.off <= _OFF

    @property
    def refusal(self) -> Sentence:
        """Why it is not told of single customers."""
        if self.off <= _OFF:
            return Sentence("It is told of no customer: it knew no more than the average.")
        return Sentence(
            "It is told of no customer: tested on {day:day} it was off by {off:.1f} points, and may be by "
            "{most:.0f}. A season, a sale or a growing company makes some {days} days unlike those before.",
            day=self.cuts["test"],
            off=100 * self.off,
            most=100 * _OFF,
            days=self.days,
        )

    def _of_the_lost(self) -> list[Sentence]:
        lost = self.by_stage[self.by_stage["stage"] == "lost"]
        return [
            Sentence(
                "Of {n:,} {n:customer|customers} who counted as lost then, {bought:.0%} ({low:.0%}–{high:.0%}) bought "
                "in those {days} days.",
                n=int(one.customers),
                bought=one.bought,
                low=one.low,
                high=one.high,
                days=self.days,
            )
            for one in lost.itertuples()
        ]


def chance(
    orders: Table,
    as_of: object = None,
    tickets: pd.DataFrame | None = None,
    days: int = DAYS,
    seen: Seen | None = None,
) -> Chance:
    """Each customer's chance of an order within `days`, by logistic regressions on `features`.

    Three days, `days` apart, end at `as_of`, as in `early_warning`: a model learns from the first and is tested on the
    second, today's is the same, learnt from the second. Customers who are lost by their silence have a model of their
    own, as the same sign means something else with them; the others' is that of the early warning of as many days, so
    that its risk and this chance add up to 1.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at, amount; `refunded` (money) if known.
    as_of : nothing later is seen. Default: the day of the last order.
    tickets : customer_id, opened_at, if known.
    days : days ahead, 1 or more.
    seen : the same orders and tickets up to the same day, where others ask of them too.

    Raises
    ------
    DataError : a column missing or with blanks; days that are none; a history shorter than three times as many days;
        too few who ordered, or who did not.

    Source: Brier 1950, Verification of forecasts expressed in terms of probability.
    """
    as_of = last_day(orders, as_of, history.PAID)
    if days < 1:
        raise DataError("A horizon is one day or more, not {horizon}.", horizon=days)
    seen = seen or Seen(orders, as_of, tickets)
    test, learn = (as_of - pd.Timedelta(days=k * days) for k in (1, 2))
    if seen.first > learn - pd.Timedelta(days=days):
        raise DataError(
            "needs {needed} days of orders: {days} known before, {days} to learn from, {days} to be tested on; there "
            "are {span}.",
            needed=3 * days,
            days=days,
            span=(as_of - seen.first).days,
        )
    past, tried = (_Day(seen, cut, days) for cut in (learn, test))
    forecast, share = past.forecast(tried), past.bought.mean()
    brier = float(((forecast - tried.bought) ** 2).mean()), float(((share - tried.bought) ** 2).mean())
    found = tried.forecast(_Day(seen, as_of))
    return Chance(
        customers=found.rename("chance").rename_axis("customer_id").reset_index(),
        reliability=_reliability(forecast, tried.bought, _tenths(forecast)).reset_index(drop=True),
        by_stage=_by_stage(forecast, tried),
        brier=brier,
        cuts={"learn": learn, "test": test, "as_of": as_of},
        days=days,
        tested=len(forecast),
        tried=_tried(forecast, tried),
        learnt=tried.learnt,
    )


class _Day:
    """Everybody who had ordered by a day: features, stage, and 1 for who then ordered, where that is known."""

    def __init__(self, seen: Seen, cut: pd.Timestamp, days: int | None = None) -> None:
        self.seen, self.cut, self.days = seen, cut, days
        self.standing, self.X = seen.on(cut)
        self.bought = None if days is None else seen.ordered(cut, days)
        self.lost = self.standing["stage"] == "lost"
        self.learnt = (0, 0)

    def forecast(self, other: "_Day") -> pd.Series:
        """The chance of everybody on another day, learnt from this one, by customer_id."""
        seen = int(min(self.bought.sum(), (1 - self.bought).sum()))
        if seen < _SEEN:
            raise DataError(
                "needs {n} customers who ordered in the time it is learnt from, and {n} who did not; of the "
                "fewer there {seen:is|are} {seen:,}.",
                n=_SEEN,
                seen=seen,
            )
        parts = [self._group(lost, other.X[other.lost == lost]) for lost in (False, True)]
        return pd.concat(parts).loc[other.standing.index].round(9)

    def _group(self, lost: bool, X: pd.DataFrame) -> pd.Series:
        mine = self.lost == lost
        bought = self.bought[mine]
        if min(bought.sum(), (1 - bought).sum()) < _SEEN_IN_GROUP or X.empty:
            # Jeffreys' half a customer for either outcome: what was not seen is rare, not impossible.
            return pd.Series((bought.sum() + 0.5) / (len(bought) + 1), X.index)
        if lost:
            model = learnt(self.X[mine], 1 - bought, self.standing[mine])
        else:
            model = self.seen.warned(self.cut, self.days)
        self.learnt = self.learnt[0] + model.n_learnt_, self.learnt[1] + len(bought)
        return pd.Series(model.predict_proba(X)[:, 0], X.index)


def _tenths(forecast: pd.Series) -> np.ndarray:
    edges = np.unique(np.quantile(forecast, np.linspace(0, 1, 11))[1:-1])
    return np.searchsorted(edges, forecast, side="left")


def _reliability(forecast: pd.Series, bought: pd.Series, by: object) -> pd.DataFrame:
    grouped = pd.DataFrame({"forecast": forecast, "bought": bought}).groupby(by)
    out = grouped.mean()
    out.insert(0, "customers", grouped.size())
    out["low"], out["high"] = wilson(grouped["bought"].sum(), out["customers"])
    return out


def _tried(forecast: pd.Series, tried: _Day) -> pd.DataFrame:
    rows = pd.DataFrame({"forecast": forecast, "bought": tried.bought, "lost": tried.lost})
    return rows.rename_axis("customer_id").sort_index().reset_index()


def _by_stage(forecast: pd.Series, tried: _Day) -> pd.DataFrame:
    told = settle(pd.DataFrame({"stage": tried.standing["stage"], "chance_90_days": forecast}))["stage"]
    out = _reliability(forecast, tried.bought, told)
    return out.reindex([s for s in STAGES if s in out.index]).rename_axis("stage").reset_index()
