"""Who will fall silent: a model judged on time it has not seen, at the number of customers one can contact.

An alert is worth what the list of the N highest is worth, not what the model is over everybody; so precision and recall
are of that list, beside a list by recency alone and a list drawn at random.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from course import schema
from course.drawing import drawn
from course.engine import Table, query
from course.errors import DataError
from course.intervals import wilson
from course.language import Sentence
from course.lifecycle import history
from course.lifecycle.standing import stages
from course.orders import daily, last_day, same_ids, with_net

#: Days that the trends of orders, money and tickets look back, twice: these days and those before them.
TREND_DAYS = 60
#: Customers that a model learns from: more would cost time and move no coefficient that is believed. All are scored.
_LEARNT = 200_000

# `rhythm` is the mean gap of the customer, drawn to that of everybody by the weight of one gap: one order day has none.
_FEATURES = (
    history.HISTORY
    + """
    , typical AS (SELECT avg(CAST(gap AS DOUBLE)) AS gap FROM history WHERE gap IS NOT NULL),
    rhythms AS (
        SELECT customer_id, date_diff('day', max(day), CAST($as_of AS DATE)) AS silent_days, count(*) AS order_days,
            date_diff('day', min(day), CAST($as_of AS DATE)) AS known_days,
            (date_diff('day', min(day), max(day)) + coalesce(max(typical.gap), 30)) / count(*) AS rhythm_days,
            max(CASE WHEN next_day IS NULL THEN history.gap END) AS last_gap
        FROM history CROSS JOIN typical GROUP BY customer_id
    ), money AS (
        SELECT customer_id, CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS total,
            CAST(sum(CASE WHEN age < $days THEN CAST(round(net, 6) AS DECIMAL(38, 6)) ELSE 0 END) AS DOUBLE) AS recent,
            CAST(sum(CASE WHEN age >= $days AND age < 2 * $days THEN CAST(round(net, 6) AS DECIMAL(38, 6)) ELSE 0 END)
                AS DOUBLE) AS earlier,
            count(DISTINCT CASE WHEN age < $days THEN age END) AS recent_days,
            count(DISTINCT CASE WHEN age >= $days AND age < 2 * $days THEN age END) AS earlier_days
        FROM (SELECT *, date_diff('day', CAST(ordered_at AS DATE), CAST($as_of AS DATE)) AS age FROM orders) AS aged
        WHERE age >= 0 GROUP BY customer_id
    ), complaints AS (
        SELECT customer_id, count(*) AS tickets FROM tickets
        WHERE CAST(opened_at AS DATE) <= CAST($as_of AS DATE)
            AND date_diff('day', CAST(opened_at AS DATE), CAST($as_of AS DATE)) < $days
        GROUP BY customer_id
    )
    SELECT r.customer_id, silent_days, order_days, known_days, rhythm_days, last_gap, total, recent, earlier,
        recent_days, earlier_days, coalesce(tickets, 0) AS tickets
    FROM rhythms r JOIN money USING (customer_id) LEFT JOIN complaints c ON c.customer_id = r.customer_id
    ORDER BY r.customer_id
"""
)
_ORDERED = """
    SELECT customer_id, max(CASE WHEN CAST(ordered_at AS DATE) > CAST($cut AS DATE) THEN 1 ELSE 0 END) AS ordered
    FROM orders WHERE CAST(ordered_at AS DATE) <= CAST($until AS DATE) GROUP BY customer_id ORDER BY customer_id
"""


def features(orders: Table, as_of: object = None, tickets: pd.DataFrame | None = None) -> pd.DataFrame:
    """What is known of each customer on a day and may tell of silence to come.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at, amount; `refunded` (money) if known.
    as_of : the day; nothing later is seen. Default: the day of the last order.
    tickets : customer_id, opened_at. Without them `tickets` is 0.

    Returns
    -------
    frame indexed by customer_id, sorted, logarithms of 1 + what they name: silent_days; silence_ratio (silent days over
        own rhythm); order_days; known_days (since the first); rhythm_days (mean gap, drawn towards everybody's);
        gap_trend (last gap against own rhythm; 0 with one order day); order_trend and money_trend (last 60 days against
        the 60 before); money_per_day (of an order day); tickets (of the last 60 days)

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`.
    """
    as_of = last_day(orders, as_of, history.PAID)
    if tickets is None:
        tickets = pd.DataFrame(
            {c: pd.Series([], dtype=orders[o].dtype) for c, o in (("customer_id",) * 2, ("opened_at", "ordered_at"))}
        )
    schema.require(tickets, "tickets", ("customer_id", "opened_at"))
    frames = {
        "orders": with_net(orders, *history.DATED),
        "tickets": tickets[["customer_id", "opened_at"]],
    }
    raw = same_ids(query(_FEATURES, frames, as_of=as_of, days=TREND_DAYS), orders).set_index("customer_id")
    log = np.log1p(raw.clip(lower=0))  # a customer whose refunds exceed the orders has brought nothing
    out = log[["silent_days"]].copy()
    out["silence_ratio"] = np.log1p(raw["silent_days"] / raw["rhythm_days"])
    out[["order_days", "known_days", "rhythm_days"]] = log[["order_days", "known_days", "rhythm_days"]]
    out["gap_trend"] = (log["last_gap"] - log["rhythm_days"]).fillna(0.0)
    out["order_trend"] = log["recent_days"] - log["earlier_days"]
    out["money_trend"] = log["recent"] - log["earlier"]
    out["money_per_day"] = np.log1p((raw["total"] / raw["order_days"]).clip(lower=0))
    out["tickets"] = log["tickets"]
    return out


class EarlyWarning(ClassifierMixin, BaseEstimator):
    """Chance that a customer places no order in the days to come: a logistic regression on `features`.

    Plain on purpose: its coefficients can be read, it needs no second step to be calibrated, and on Online Retail
    boosted trees rank no better.

    Attributes
    ----------
    classes_ : 0 (ordered again), 1 (silent)
    coefficients_ : series, feature → change of the log odds of silence per standard deviation
    n_learnt_ : customers learnt from
    """

    def fit(self, X: pd.DataFrame, y: object, sample_weight: np.ndarray | None = None) -> "EarlyWarning":
        """Learn from features on a past day and who (1) then placed no order; weights: for how many each stands.

        Raises
        ------
        DataError : everybody came back, or nobody: nothing to learn.
        """
        y = np.asarray(y, dtype="int64")
        if len(np.unique(y)) < 2:
            raise DataError(
                "Of {n:,} {n:customer|customers} everybody or nobody fell silent: there is nothing to learn from.",
                n=len(y),
            )
        self.model_ = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(
            X, y, standardscaler__sample_weight=sample_weight, logisticregression__sample_weight=sample_weight
        )
        self.classes_, self.n_learnt_ = self.model_.classes_, len(y)
        self.feature_names_in_ = np.asarray(X.columns, dtype=object)
        self.coefficients_ = pd.Series(self.model_[-1].coef_[0], self.feature_names_in_)
        return self

    def predict_proba(self, X: pd.DataFrame) -> np.ndarray:
        """Chances of 0 and 1, customers × 2."""
        check_is_fitted(self, "model_")
        return self.model_.predict_proba(X[self.feature_names_in_])

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """1 where silence is likelier than an order."""
        return self.classes_[np.argmax(self.predict_proba(X), axis=1)]


def learnt(X: pd.DataFrame, y: np.ndarray, standing: pd.DataFrame, most: int | None = None) -> EarlyWarning:
    """An early warning learnt from about `most` customers, drawn by stage and band so that the rare are among them.

    Parameters
    ----------
    X, y : as for `EarlyWarning.fit`, by customer_id; standing : stage and band of the same customers.
    """
    # Of each stage and band the same share; the weights undo what the floor of the rare ones makes too many.
    strata = standing["stage"].astype("str") + " " + standing["band"].astype("str")
    found = drawn(X.index, most or _LEARNT, strata)
    if found is None:
        return EarlyWarning().fit(X, y)
    rows, weight = found
    return EarlyWarning().fit(X.iloc[rows], np.asarray(y)[rows], weight)


class Seen:
    """Orders as they were known on past days: who asks several questions of one day has it made once.

    Parameters
    ----------
    orders : valid orders or order lines; as_of : the last day seen; tickets : customer_id, opened_at, if known.
    """

    def __init__(self, orders: Table, as_of: pd.Timestamp, tickets: pd.DataFrame | None = None) -> None:
        self.orders, self.as_of, self.tickets = daily(orders, as_of), as_of, tickets
        self._days: dict[pd.Timestamp, tuple[pd.DataFrame, pd.DataFrame]] = {}
        self._ordered: dict[tuple, pd.Series] = {}
        self._warned: dict[tuple, EarlyWarning] = {}

    @property
    def first(self) -> pd.Timestamp:
        """The day of the first order."""
        return self.orders["ordered_at"].min().normalize()

    def on(self, day: pd.Timestamp) -> tuple[pd.DataFrame, pd.DataFrame]:
        """`stages` and `features` of everybody who had ordered by a day, both indexed by customer_id."""
        if day not in self._days:
            standing = stages(self.orders, day).set_index("customer_id")
            self._days[day] = standing, features(self.orders, day, self.tickets).loc[standing.index]
        return self._days[day]

    def ordered(self, day: pd.Timestamp, days: int) -> pd.Series:
        """1 for everybody seen by a day who ordered within `days` after it, else 0, by customer_id."""
        if (day, days) not in self._ordered:
            dated = {"orders": self.orders[list(history.DATED)]}
            found = query(_ORDERED, dated, cut=day, until=day + pd.Timedelta(days=days))
            found = same_ids(found, self.orders).set_index("customer_id")["ordered"]
            self._ordered[day, days] = found.loc[self.on(day)[0].index]
        return self._ordered[day, days]

    def warned(self, day: pd.Timestamp, days: int) -> EarlyWarning:
        """The early warning learnt from the customers not lost on a day, and the `days` after it."""
        if (day, days) not in self._warned:
            standing, X = self.on(day)
            there = standing["stage"] != "lost"
            self._warned[day, days] = learnt(X[there], 1 - self.ordered(day, days)[there], standing[there])
        return self._warned[day, days]


def told_of_sample(drawn: int, of: int) -> list[Sentence]:
    """That today's model was learnt from some of the customers; nothing where it was learnt from all."""
    if drawn == of:
        return []
    return [
        Sentence(
            "Today's model was learnt from {drawn:,} of {n:,} customers, drawn by stage and frequency; everybody is "
            "scored.",
            drawn=drawn,
            n=of,
        )
    ]


@dataclass
class Warnings:
    """The early warning of today and what it was worth on time it had not seen.

    Attributes
    ----------
    scores : frame sorted by churn_risk, highest first: customer_id, stage, silent_days, churn_risk (chance of no order
        in the next `horizon` days), alert (among the first `budget`). Lost customers are not scored
    alerts : frame, a row each for model, recency (longest silence first) and chance: rule, alerts, hits, precision,
        precision_low, precision_high, recall, recall_low, recall_high, auc, lead_days (median, from a right alert to
        when the lost threshold would have told). 95 % Wilson; for chance, what a random draw gives 95 times in a
        hundred. Customers with equal scores at the edge of the list count as a share of their group
    gain : precision of the model less that of recency: value, low, high (95 %, 500 bootstrap samples of customers)
    calibration : frame, a row a tenth of the tested by risk: customers, forecast (mean), silent (share), low, high
    brier : mean squared error of the forecast, and of saying the share of the training days for everybody
    model : the EarlyWarning of today
    cuts : the days: learn (what the tested model learnt from), test (what today's model did), as_of
    horizon, budget : days ahead; alerts
    tested, base_rate : customers tested, and the share of them that fell silent
    """

    scores: pd.DataFrame
    alerts: pd.DataFrame
    gain: tuple[float, float, float]
    calibration: pd.DataFrame
    brier: tuple[float, float]
    model: EarlyWarning
    cuts: dict[str, pd.Timestamp]
    horizon: int
    budget: int
    tested: int
    base_rate: float

    def report(self) -> list[Sentence]:
        """The worth of the alerts in sentences: beside recency and chance, the lead, and the calibration."""
        model, recency, _ = self.alerts.to_dict("records")
        value, low, high = self.gain
        if low > 0:
            verdict = Sentence("better than recency alone")
        elif high < 0:
            verdict = Sentence("worse than recency alone: use that")
        else:
            verdict = Sentence("not told apart from recency alone")
        inside = (
            (self.calibration["forecast"] >= self.calibration["low"])
            & (self.calibration["forecast"] <= self.calibration["high"])
        ).sum()
        return [
            Sentence(
                "Tested on {day:%Y-%m-%d} and the {horizon} days after: of {n:,} alerts {precision:.0%} "
                "({low:.0%}–{high:.0%}) were right; by recency {recency:.0%}, by chance {chance:.0%}. The model is "
                "{verdict} ({gain:+.1%}, {gain_low:+.1%} to {gain_high:+.1%}).",
                day=self.cuts["test"],
                horizon=self.horizon,
                n=int(model["alerts"]),
                precision=model["precision"],
                low=model["precision_low"],
                high=model["precision_high"],
                recency=recency["precision"],
                chance=self.base_rate,
                verdict=verdict,
                gain=value,
                gain_low=low,
                gain_high=high,
            ),
            Sentence(
                "The forecast lay inside the interval in {inside} of {bins} groups; Brier {brier:.3f}, against "
                "{naive:.3f} for saying the average to everybody.",
                inside=int(inside),
                bins=len(self.calibration),
                brier=self.brier[0],
                naive=self.brier[1],
            ),
            Sentence(
                "Half of the right alerts come {days:.0f} days or more before the customer would count as lost; by "
                "recency {recency:.0f}.",
                days=model["lead_days"],
                recency=recency["lead_days"],
            ),
            *told_of_sample(self.model.n_learnt_, self.tested),
        ]


def early_warning(
    orders: Table,
    as_of: object = None,
    budget: int = 100,
    tickets: pd.DataFrame | None = None,
    horizon: int | None = None,
    random_state: int = 0,
    seen: Seen | None = None,
) -> Warnings:
    """Score today's customers, with a model tested out of time.

    Three days, a horizon apart, end at `as_of`. A model learns from the first (what was known on it, and who ordered
    until the second), and is tested on the second (who ordered until `as_of`). Today's model is the same, learnt from
    the second day. On every day only customers not yet lost by the thresholds of that day count: to foresee silence in
    who is long gone is easy and useless.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at, amount; `refunded` (money) if known.
    as_of : nothing later is seen. Default: the day of the last order.
    budget : how many customers can be contacted; the test gives out as many alerts.
    tickets : customer_id, opened_at, if known.
    horizon : days ahead. Default: the median over customers of the `at_risk_days` of their band, at most a quarter of
        the history.
    random_state : seed of the bootstrap.
    seen : the same orders and tickets up to the same day, where others ask of them too.

    Raises
    ------
    DataError : a column missing or with blanks; a budget or horizon that is none; a history too short; nobody to learn
        from or to score.
    """
    as_of = last_day(orders, as_of, history.PAID)
    if budget < 1:
        raise DataError("The budget is the number of customers to contact, 1 or more, not {budget}.", budget=budget)
    seen = seen or Seen(orders, as_of, tickets)
    horizon = _horizon(seen) if horizon is None else int(horizon)
    test, learn = (as_of - pd.Timedelta(days=k * horizon) for k in (1, 2))
    if horizon < 1 or seen.first > learn - pd.Timedelta(days=horizon):
        raise DataError(
            "An early warning of {horizon} days needs three times as many days of orders before {as_of}.",
            horizon=horizon,
            as_of=as_of.date(),
        )
    past, tried = _sample(seen, learn, horizon), _sample(seen, test, horizon)
    risk = seen.warned(learn, horizon).predict_proba(tried.X)[:, 1]
    current = seen.warned(test, horizon)
    alerts, gain = _alerts(tried, risk, min(budget, len(risk)), random_state)
    return Warnings(
        scores=_scores(current, seen, budget),
        alerts=alerts,
        gain=gain,
        calibration=_calibration(risk, tried.y),
        brier=(float(np.mean((risk - tried.y) ** 2)), float(np.mean((past.y.mean() - tried.y) ** 2))),
        model=current,
        cuts={"learn": learn, "test": test, "as_of": as_of},
        horizon=horizon,
        budget=budget,
        tested=len(risk),
        base_rate=float(tried.y.mean()),
    )


def _horizon(seen: Seen) -> int:
    standing, _ = seen.on(seen.as_of)
    days = standing.loc[standing["stage"] != "lost", "at_risk_days"].median()
    span = (seen.as_of - seen.first).days
    return int(min(span // 4, days if np.isfinite(days) else span // 4))


@dataclass
class _Sample:
    """Customers not lost on a day: features, stages, and 1 for who did not order until the horizon."""

    X: pd.DataFrame
    standing: pd.DataFrame
    y: np.ndarray


def _sample(seen: Seen, cut: pd.Timestamp, horizon: int) -> _Sample:
    standing, X = seen.on(cut)
    there = standing["stage"] != "lost"
    if not there.any():
        raise DataError("On {day} every customer was lost: there is nobody to warn of.", day=cut.date())
    return _Sample(X[there], standing[there], 1 - seen.ordered(cut, horizon)[there].to_numpy(dtype="int64"))


def _scores(model: EarlyWarning, seen: Seen, budget: int) -> pd.DataFrame:
    standing, X = seen.on(seen.as_of)
    there = standing["stage"] != "lost"
    out = standing.loc[there, ["stage", "silent_days"]].reset_index().astype({"silent_days": "int64"})
    # Rounded, so that the last bits of a sum cannot reorder equal customers.
    out = out.assign(churn_risk=model.predict_proba(X[there])[:, 1].round(9))
    out = out.sort_values(["churn_risk", "customer_id"], ascending=[False, True], ignore_index=True)
    return out.assign(alert=out.index < budget)


def _hits(score: np.ndarray, y: np.ndarray, budget: int) -> float:
    """Right ones among the `budget` highest; of those tied at the edge, as large a share as there is room for."""
    edge = np.partition(score, -budget)[-budget]
    above, tied = score > edge, score == edge
    return float(y[above].sum() + y[tied].mean() * (budget - above.sum()))


def _alerts(
    tried: _Sample, risk: np.ndarray, budget: int, seed: int
) -> tuple[pd.DataFrame, tuple[float, float, float]]:
    y, silent = tried.y, tried.standing["silent_days"].to_numpy(dtype="float64")
    n, bad = len(y), int(y.sum())
    drawn = stats.hypergeom(n, bad, budget)
    rows = []
    for rule, score in (("model", risk), ("recency", silent)):
        hits = _hits(score, y, budget)
        precision, recall = hits / budget, hits / bad if bad else np.nan
        bounds = [*wilson(hits, budget), *wilson(hits, bad)]
        auc = roc_auc_score(y, score) if 0 < bad < n else np.nan
        rows.append((rule, budget, hits, precision, *bounds[:2], recall, *bounds[2:], auc, _lead(tried, score, budget)))
    low, high = drawn.ppf([0.025, 0.975])
    parts = np.array([drawn.mean(), low, high])
    rows.append(
        (
            "chance",
            budget,
            drawn.mean(),
            *parts / budget,
            *(parts / bad if bad else [np.nan] * 3),
            0.5,
            _lead(tried, np.zeros(n), n),
        )
    )
    names = ["rule", "alerts", "hits", "precision", "precision_low", "precision_high", "recall", "recall_low"]
    frame = pd.DataFrame(rows, columns=[*names, "recall_high", "auc", "lead_days"])
    rng = np.random.default_rng(seed)
    # Of a resample only those count who can be on a list. How many it holds of them is binomial, each as likely.
    pool = np.arange(n) if n <= _LEARNT else _reachable((risk, silent), budget)
    sizes = np.full(500, n) if len(pool) == n else rng.binomial(n, len(pool) / n, 500)
    again = (pool[rng.integers(0, len(pool), size)] for size in sizes)
    gains = [(_hits(risk[i], y[i], budget) - _hits(silent[i], y[i], budget)) / budget for i in again]
    low, high = np.quantile(gains, [0.025, 0.975])
    return frame, (float(frame["precision"].iloc[0] - frame["precision"].iloc[1]), float(low), float(high))


def _reachable(scores: tuple[np.ndarray, ...], budget: int) -> np.ndarray:
    """Positions of those who can be among the `budget` highest of a bootstrap sample by one of the scores.

    Of the `room` highest a sample holds about `room`, give or take its root: fewer than `budget` in none of 10^15.
    """
    room = min(int(budget + 10 * np.sqrt(budget) + 50), len(scores[0]))
    return np.flatnonzero(np.any([score >= np.partition(score, -room)[-room] for score in scores], axis=0))


def _calibration(risk: np.ndarray, y: np.ndarray) -> pd.DataFrame:
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, 11))[1:-1])
    grouped = pd.DataFrame({"forecast": risk, "silent": y}).groupby(np.searchsorted(edges, risk, side="left"))
    out = grouped.mean()
    out.insert(0, "customers", grouped.size())
    out["low"], out["high"] = wilson(grouped["silent"].sum(), out["customers"])
    return out.reset_index(drop=True)


def _lead(tried: _Sample, score: np.ndarray, budget: int) -> float:
    """Median days from a right alert to the lost threshold."""
    chosen = np.lexsort((np.arange(len(score)), -score.round(9)))[:budget]
    hit = tried.standing.iloc[chosen[tried.y[chosen] == 1]]
    return float((hit["lost_days"] - hit["silent_days"]).median())
