"""What all customers together will bring: the forecast that did best on times past, and by how much it missed there.

Four forecasts stand for election at every origin: MBG/NBD, BG/NBD, the same again, the same period a year ago. Each is
made of what was known on that day and held against what the same customers then brought, discounted alike. The one
that missed by least is taken, and its misses make the interval: a model's own standard errors know nothing of a model
that is wrong. Where no model of single customers can be fitted the other two stand alone, for the sum of all.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from course.clv.forecast import DISCOUNT, Forecast
from course.clv.models import BetaGeo, GammaGamma, ModifiedBetaGeo
from course.clv.summaries import NEEDS, days_in, summary
from course.clv.worth import by_unit
from course.engine import query
from course.errors import DataError
from course.evidence import enough
from course.intervals import Z, effective
from course.language import Label, Sentence, day
from course.orders import UP_TO, last_day, same_ids, with_net

#: The forecasts that stand for election; of two that miss by as much the first is taken.
MODELS = {
    "ModifiedBetaGeo": Sentence("MBG/NBD"),
    "BetaGeo": Sentence("BG/NBD"),
    "same_again": Sentence("the same again"),
    "year_ago": Sentence("the same period a year ago"),
}
#: Of them those that say what single customers bring.
_OF_CUSTOMERS = ("ModifiedBetaGeo", "BetaGeo")
LEVEL = 0.95
#: Weeks of history that an origin needs, and how many origins are tried.
_HISTORY, _ORIGINS = 12, 4
#: A backtest shorter than the horizon by more than this factor says nothing of it.
_STRETCH = 5
_YEAR = 52
_MARKS = {"en": ", ", "zh": "、"}

# What a backtest misses by before any is seen, as a share of the forecast: of everybody, of a class of customers, of a
# class of silent ones (what they bring rests on who of them has left, which nobody sees); and for how many backtests
# that counts. Judged over companies and shops by benchmarks/coverage.py.
_USUAL, _USUAL_CLASS, _USUAL_SILENT, _WEIGHT = 0.12, 0.15, 0.25, 4
#: A class of which the forecast may be off by more than e² times has no interval: from nothing to anything.
_FARTHEST = 2.0

# The orders of one day are one purchase; money in decimals, so no order of rows changes the last digit.
_DAYS = f"""
    SELECT customer_id, CAST(CAST(ordered_at AS DATE) AS TIMESTAMP) AS ordered_at,
        CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS amount
    FROM orders WHERE {UP_TO}
    GROUP BY ALL ORDER BY customer_id, ordered_at
"""
_AFTER = """
    WITH known AS (
        SELECT customer_id FROM days WHERE ordered_at <= $origin GROUP BY customer_id
    ), later AS (
        SELECT customer_id, amount,
            CAST(ceil(date_diff('day', CAST($origin AS DATE), CAST(ordered_at AS DATE)) / 7) AS INTEGER) AS week
        FROM days JOIN known USING (customer_id) WHERE ordered_at > $origin AND ordered_at <= $end
    )
    SELECT {key}, CAST(sum(CAST(round(amount * exp(-$rate * week), 6) AS DECIMAL(38, 6))) AS DOUBLE) AS money
    FROM later GROUP BY {key} ORDER BY {key}
"""


@dataclass(frozen=True)
class Backtest:
    """A forecast of what is known by now.

    Attributes
    ----------
    origin : the last day it knew; weeks : how far it looked
    path, came : (weeks,) money expected and money that came by the end of each week, discounted
    customers : frame by customer_id: value (expected) and expected_spend (money per purchase day), actual (what came);
        None where no model could be fitted
    chance : of single customers, as a share of the forecast: see `outlook` and `without_model`
    """

    origin: pd.Timestamp
    weeks: int
    path: np.ndarray
    came: np.ndarray
    customers: pd.DataFrame | None
    chance: float

    @property
    def forecast(self) -> float:
        """Money expected by the end of it."""
        return float(self.path[-1])

    @property
    def actual(self) -> float:
        """Money that came."""
        return float(self.came[-1])

    @property
    def miss(self) -> float:
        """What came beyond the forecast, as a share of it."""
        return self.actual / self.forecast - 1


@dataclass(frozen=True)
class Total:
    """What some customers together are expected to bring.

    Attributes
    ----------
    customers : their number
    value : money; low, high : its 95 % interval, None where no backtest fits, or those that do missed by many times
    half : how few of them, the largest first, hold half of it; None where single customers are not told
    """

    customers: int
    value: float
    low: float | None
    high: float | None
    half: int | None


@dataclass(frozen=True)
class Outlook:
    """What customers known today are expected to bring within the horizon.

    Attributes
    ----------
    weeks : the horizon; model : one of MODELS; discount : per year
    known : customers known today, all of whom the money is expected of
    customers : frame as Forecast.customers, by the model taken: where that is none of single customers, those of a
        model of single customers, all by one factor; None where there is no such model
    path : frame: weeks, expected, low, high: money by then (low and high NaN where no backtest fits)
    range : the smallest and the largest of what today's candidates expect
    candidates : those of today, {name: money}; errors : {name: what its backtests missed by, usually}
    backtests : those of the model taken, latest first; empty where none fits
    by : the model of single customers; None without
    history : weeks from the first order to today
    """

    weeks: int
    model: str
    discount: float
    known: int
    customers: pd.DataFrame | None
    path: pd.DataFrame
    range: tuple[float, float]
    candidates: dict[str, float]
    errors: dict[str, float]
    backtests: list[Backtest]
    by: str | None
    history: float

    @property
    def total(self) -> Total:
        """Of everybody."""
        last = self.path.iloc[-1]
        low, high = (None if pd.isna(last[key]) else float(last[key]) for key in ("low", "high"))
        if self.customers is None:
            return Total(self.known, float(last["expected"]), low, high, None)
        # A sum in another order has another last digit: the whole is the end of its path.
        return replace(self.of(self.customers["customer_id"]), value=float(last["expected"]), low=low, high=high)

    def of(self, ids: Iterable, then: Mapping[pd.Timestamp, Iterable] | None = None, silent: bool = False) -> Total:
        """What some of the customers are expected to bring.

        As a share of what is expected, the interval is never narrower than that of everybody, nor than what the
        backtests missed by on those who would have been chosen on their day; its end is never above that of everybody.

        Parameters
        ----------
        ids : customer_id of these; then : {origin of a backtest: those of that day}.
        silent : whether they were chosen for having been silent.
        """
        chosen = self.customers[self.customers["customer_id"].isin(ids)]
        values = np.sort(chosen["value"].to_numpy())[::-1]
        value = float(values.sum())
        half = int(np.searchsorted(values.cumsum(), value / 2) + 1) if value > 0 else 0
        if not self.backtests:
            return Total(len(chosen), value, None, None, half)
        usual = _USUAL_SILENT if silent else _USUAL_CLASS
        reach = self._reach_of(chosen, then or {}, usual) if value > 0 else 0.0
        if reach > _FARTHEST:
            return Total(len(chosen), value, None, None, half)
        last = self.path.iloc[-1]
        all_of_them = last["high"] / last["expected"] - 1
        # What a class misses by is skewed: it cannot bring less than nothing, and more than twice as much it can.
        low = max(0.0, value * (1 - max(reach, all_of_them)))
        high = value * max(np.exp(reach), 1 + all_of_them)
        return Total(len(chosen), value, low, float(min(high, last["high"])), half)  # some bring no more than all

    def _reach_of(self, chosen: pd.DataFrame, then: Mapping[pd.Timestamp, Iterable], usual: float) -> float:
        misses, noise = [], []
        for test in self.backtests:
            if test.customers is None:
                continue
            part = test.customers[test.customers.index.isin(then.get(test.origin, ()))]
            if part["value"].sum() > 0:
                miss = part["actual"].sum() / part["value"].sum() - 1
                # On the scale of the interval, of which the upper end is e^reach times what is expected.
                misses.append(np.log1p(miss) if miss > 0 else miss)
                noise.append(_noise(part))
        return _reach(np.array(misses), noise, _noise(chosen), usual) * self.widening

    @property
    def widening(self) -> float:
        """By how much the interval is wider than that of the backtests, which may be shorter than the horizon."""
        return _widening(self.weeks, self.backtests[0].weeks) if self.backtests else 1.0

    @property
    def why(self) -> list[Sentence]:
        """Which forecast was taken, and where its interval comes from, or why there is none."""
        return [self._why_interval() if self.backtests else self._why_none(), *self._why_model()]

    def _why_interval(self) -> Sentence:
        said = Sentence(
            "The interval comes from {k} {k:backtest|backtests}: the forecast made on {days} for the {weeks} "
            "{weeks:week|weeks} after, held against what then came ({misses}).",
            k=len(self.backtests),
            days=Label(*(mark.join(day(t.origin, lang) for t in self.backtests) for lang, mark in _MARKS.items())),
            weeks=self.backtests[0].weeks,
            misses=", ".join(f"{test.miss:+.0%}" for test in self.backtests),
        )
        if round(self.widening, 1) == 1:
            return said
        return Sentence(
            "{said} No longer time fits into the orders: for {weeks} {weeks:week|weeks} it is made {factor:.1f} times "
            "as wide.",
            said=said,
            weeks=self.weeks,
            factor=self.widening,
        )

    def _why_none(self) -> Sentence:
        return Sentence(
            "No interval: the orders reach back {history:.0f} weeks, too short to hold a forecast of {weeks} "
            "{weeks:week|weeks} against what then came. What is given is the range of {n} {n:forecast|forecasts}, and "
            "the truth can lie outside of it.",
            history=self.history,
            weeks=self.weeks,
            n=len(self.candidates),
        )

    def _why_model(self) -> list[Sentence]:
        if len(self.errors) < 2:
            return []
        others = sorted((e, list(MODELS).index(name), name) for name, e in self.errors.items() if name != self.model)
        return [
            Sentence(
                "Taken is what missed by least on the backtests: {model} (usually {own:.0%}; next {other}, "
                "{error:.0%}).",
                model=MODELS[self.model],
                own=self.errors[self.model],
                other=MODELS[others[0][2]],
                error=others[0][0],
            )
        ]


def outlook(
    orders: pd.DataFrame, forecast: Forecast, as_of: object = None, among: Collection[str] = tuple(MODELS)
) -> Outlook:
    """What all customers are expected to bring within the forecast's horizon, with the interval of its backtests.

    Half width, as a share of the forecast: √((t s)² + (1.96 c)²), t = t(.975; w + k), s² = (w u² + Σ (e² − c²)₊) / (w +
    k), with e the misses of k backtests, u what forecasts usually miss by and w for how many backtests that counts; c²
    is the chance of single customers, Σ v (v + spend) / (Σ v)² of what each is expected to bring: reckoned, not
    estimated from the misses. It is never below the largest miss, and √(horizon / length of the backtests) wider where
    the horizon is the longer of the two. For a class of customers the upper end is e^half times what is expected, and a
    miss upwards is measured alike (ln(1 + e)); where that is more than seven times there is no interval.

    Parameters
    ----------
    orders, as_of : as for `clv.forecast`; forecast : what that gave.
    among : names of MODELS that stand for election.
    """
    record = _Record(orders, last_day(orders, as_of, NEEDS))
    today = record.candidates(record.last, forecast.weeks, (forecast.model, forecast.spend_model))
    found = _elected(record, today, forecast.weeks, among)
    worth = today[found.model].customers
    customers = forecast.customers[["customer_id", "p_alive", "expected_purchases", "expected_spend"]].assign(
        value=worth["value"].to_numpy(),
        expected_purchases=worth["expected_purchases"].to_numpy(),
    )
    by = found.model if found.model in _OF_CUSTOMERS else type(forecast.model).__name__
    return replace(found, customers=customers, by=by)


def without_model(orders: pd.DataFrame, as_of: object, weeks: int) -> Outlook:
    """The same of the sum of all alone: the same again, the same period a year ago, with their own backtests.

    The chance of single customers is √(Σ m²) / Σ m of what each brought in the time that the forecast repeats: the sum
    to come is that of as few.

    Parameters
    ----------
    orders, as_of : as for `clv.forecast`; weeks : the horizon.

    Raises
    ------
    DataError : nobody bought in the time to repeat, or too few share its money; an interval that reaches down to
        nought; orders too short for a backtest, and one forecast alone, so that not even a range can be given.
    """
    record = _Record(orders, last_day(orders, as_of, NEEDS))
    today = record.naive(record.last, weeks)
    if not today:
        raise DataError("of the customers known before, nobody bought in the time that would be repeated.")
    found = _elected(record, today, weeks, tuple(MODELS), models=False)
    enough("shares", 1 / today[found.model].chance ** 2)
    if found.total.low == 0:
        raise DataError(
            "what came differed from what would have been repeated by {misses}: on such a forecast nothing can be "
            "built.",
            misses=", ".join(f"{test.miss:+.0%}" for test in found.backtests),
        )
    if not found.backtests and len(today) == 1:
        raise DataError(
            "the orders reach back {history:.0f} weeks, too short to hold a forecast of {weeks} {weeks:week|weeks} "
            "against what then came.",
            history=found.history,
            weeks=weeks,
        )
    return found


def _elected(
    record: "_Record", today: Mapping[str, "_Candidate"], weeks: int, among: Collection[str], models: bool = True
) -> Outlook:
    """The one of today's candidates that missed by least on times past, with its interval."""
    tests = record.backtests(weeks, models)
    errors = {name: _usual(tests[name]) for name in MODELS if name in among and name in today and tests.get(name)}
    model = min(errors, key=errors.get) if errors else next(name for name in MODELS if name in among and name in today)
    totals = {name: float(one.path[-1]) for name, one in today.items()}
    chosen = tests.get(model, [])
    return Outlook(
        weeks,
        model,
        DISCOUNT,
        record.known(record.last),
        None,
        _path(today[model], chosen),
        (min(totals.values()), max(totals.values())),
        totals,
        errors,
        chosen,
        None,
        record.history(record.last),
    )


@dataclass(frozen=True)
class _Candidate:
    """A forecast: (weeks,) money by the end of each week; what is expected of each customer, None without a model; and
    the chance of single customers, as a share of the sum."""

    path: np.ndarray
    customers: pd.DataFrame | None
    chance: float


class _Record:
    """Purchase days, aggregated once for every origin."""

    def __init__(self, orders: pd.DataFrame, last: pd.Timestamp) -> None:
        tables = {"orders": with_net(orders, "customer_id", "ordered_at")}
        self.days = same_ids(query(_DAYS, tables, as_of=last), orders)
        self.first, self.last = self.days["ordered_at"].min(), last
        self.rate = np.log1p(DISCOUNT) * 7 / days_in("Y")

    def history(self, origin: pd.Timestamp) -> float:
        """Weeks of orders up to a day."""
        return (origin - self.first).days / 7

    def backtests(self, horizon: int, models: bool = True) -> dict[str, list[Backtest]]:
        """Each candidate's backtests, latest first: of the horizon, or of half the time there is."""
        weeks = min(horizon, int(self.history(self.last) / 2))
        found: dict[str, list[Backtest]] = {}
        if weeks < 1 or horizon > _STRETCH * weeks:
            return found
        step = max(weeks // 2, 1)
        for back in range(weeks, weeks + step * _ORIGINS, step):
            origin = self.last - pd.Timedelta(days=7 * back)
            if self.history(origin) < _HISTORY:
                break
            came = self.by_week(origin, weeks, self.rate).cumsum()
            actual = self.after(origin, weeks)
            for name, one in (self.candidates if models else self.naive)(origin, weeks).items():
                each = None if one.customers is None else one.customers.join(actual).fillna({"actual": 0.0})
                found.setdefault(name, []).append(Backtest(origin, weeks, one.path, came, each, one.chance))
        return found

    def candidates(
        self, origin: pd.Timestamp, weeks: int, fitted: tuple[ModifiedBetaGeo, GammaGamma] | None = None
    ) -> dict[str, _Candidate]:
        """What each candidate expects of the customers known at the origin: money by week, and by customer."""
        found = self._models(summary(self.days, origin), weeks, fitted)
        like = next(iter(found.values()), None)
        naive = self.naive(origin, weeks)
        return found | ({name: _scaled(like, one.path) for name, one in naive.items()} if like else naive)

    def _models(self, known: pd.DataFrame, weeks: int, fitted: tuple | None) -> dict[str, _Candidate]:
        found = {}
        try:
            spend = fitted[1] if fitted else GammaGamma().fit(known)
        except DataError:
            return found
        for kind in (ModifiedBetaGeo, BetaGeo):
            try:
                same = fitted is not None and type(fitted[0]) is kind
                model = fitted[0] if same else kind(allow_edge=True).fit(known)
                path, worth = by_unit(model, spend, known, weeks, self.rate)
            except DataError:  # this time is too short or too poor for it
                continue
            if path[-1] > 0:
                found[kind.__name__] = _Candidate(path, worth, _noise(worth))
        return found

    def naive(self, origin: pd.Timestamp, weeks: int) -> dict[str, _Candidate]:
        """Forecasts without a model: what as many customers brought, in the last weeks and a year ago."""
        discounts = np.exp(-self.rate * np.arange(1, weeks + 1))
        length = max(1, min(weeks, int(self.history(origin) / 2)))
        found = self._repeated("same_again", origin, length, lambda money: money.mean() * discounts)
        if weeks < _YEAR and self.history(origin) >= _HISTORY + _YEAR:
            found |= self._repeated("year_ago", origin, weeks, lambda money: money * discounts, back=_YEAR)
        return found

    def _repeated(
        self, name: str, origin: pd.Timestamp, weeks: int, by_week: Callable, back: int | None = None
    ) -> dict[str, _Candidate]:
        """What so many weeks brought that began `back` weeks ago (default: just ended), for as many as are known."""
        start = origin - pd.Timedelta(days=7 * (back or weeks))
        before = self.known(start)
        path = by_week(self.by_week(start, weeks)).cumsum()
        if not before or path[-1] <= 0:
            return {}
        chance = effective(self.after(start, weeks)) ** -0.5
        return {name: _Candidate(self.known(origin) / before * path, None, chance)}

    def known(self, origin: pd.Timestamp) -> int:
        """How many customers had bought by a day."""
        return int(self.days.loc[self.days["ordered_at"] <= origin, "customer_id"].nunique())

    def by_week(self, origin: pd.Timestamp, weeks: int, rate: float = 0.0) -> np.ndarray:
        """Money of the customers known at the origin in each week after it: (weeks,)."""
        found = self._after("week", origin, weeks, rate)
        return found.set_index("week")["money"].reindex(range(1, weeks + 1), fill_value=0.0).to_numpy(dtype="float64")

    def after(self, origin: pd.Timestamp, weeks: int) -> pd.Series:
        """Money that each customer known at the origin then brought, discounted, by customer_id."""
        found = same_ids(self._after("customer_id", origin, weeks, self.rate), self.days)
        return found.set_index("customer_id")["money"].rename("actual")

    def _after(self, key: str, origin: pd.Timestamp, weeks: int, rate: float) -> pd.DataFrame:
        end = origin + pd.Timedelta(days=7 * weeks)
        return query(_AFTER.format(key=key), {"days": self.days}, origin=origin, end=end, rate=rate)


def _scaled(like: _Candidate, path: np.ndarray) -> _Candidate:
    """What single customers are expected to bring where only the sum is known: a model's, all by one factor."""
    factor, each = path[-1] / like.path[-1], like.customers
    each = each.assign(value=factor * each["value"], expected_purchases=factor * each["expected_purchases"])
    return _Candidate(path, each, _noise(each))


def _noise(customers: pd.DataFrame) -> float:
    """Chance of single customers as a share of their sum: a purchase more or less, and a customer like them."""
    if customers["value"].sum() <= 0:
        return 0.0
    value = customers["value"].to_numpy()
    spend = customers["expected_spend"].to_numpy()
    return float(np.sqrt((value * (value + spend)).sum()) / value.sum())


def _spread(misses: np.ndarray, noise: Iterable[float], usual: float) -> float:
    beyond = np.maximum(misses**2 - np.array(list(noise)) ** 2, 0.0)
    return float(np.sqrt((_WEIGHT * usual**2 + beyond.sum()) / (_WEIGHT + len(misses))))


def _reach(misses: np.ndarray, noise: Iterable[float], now: float, usual: float) -> float:
    """Half width as a share of the forecast: see `outlook`."""
    t = stats.t.ppf((1 + LEVEL) / 2, _WEIGHT + len(misses))
    return float(max(np.hypot(t * _spread(misses, noise, usual), Z * now), *np.abs(misses), 0.0))


def _usual(tests: list[Backtest]) -> float:
    """What a candidate usually misses by; little evidence keeps it near what forecasts usually miss by."""
    return _spread(np.array([test.miss for test in tests]), [0.0] * len(tests), _USUAL)


def _widening(weeks: int, tested: int) -> float:
    return max(1.0, weeks / tested) ** 0.5


def _path(taken: _Candidate, tests: list[Backtest]) -> pd.DataFrame:
    """Money by the end of every fourth week and of the horizon, with its interval."""
    path = taken.path
    weeks = np.unique(np.append(np.arange(4, len(path) + 1, 4), len(path)))
    out = pd.DataFrame({"weeks": weeks, "expected": path[weeks - 1], "low": np.nan, "high": np.nan})
    if not tests:
        return out
    for row, week in enumerate(weeks):
        at = min(int(week), tests[0].weeks) - 1
        seen = [test for test in tests if test.path[at] > 0]
        misses = np.array([test.came[at] / test.path[at] - 1 for test in seen])
        noise = [test.chance for test in seen]
        reach = _reach(misses, noise, taken.chance, _USUAL) * _widening(int(week), tests[0].weeks)
        out.loc[row, "low"] = max(0.0, out.loc[row, "expected"] * (1 - reach))
        out.loc[row, "high"] = out.loc[row, "expected"] * (1 + reach)
    return out
