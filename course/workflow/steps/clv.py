"""What customers are expected to bring within the horizon, customer by customer, class by class and in all."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property

import pandas as pd

from course import clv, segment
from course.engine import Table
from course.evidence import enough
from course.few import told
from course.language import Sentence
from course.orders import daily
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = Sentence("Forecasting what customers will bring")

_COLUMNS = {"p_alive": "p_alive", "expected_purchases": "expected_order_days", "value": "expected_value"}


@dataclass
class Value(Finding):
    """What is expected.

    Attributes
    ----------
    forecast : clv.forecast, with the customers of `outlook`: what each is expected to bring adds up to what all are
    outlook : clv.outlook
    classes : frame in the order of segment.CLASSES: rfm_class, and clv.Total of its customers; in a run blank
        where they are a few (course.few)
    at_stake : clv.Total of the customers of segment.at_stake
    """

    forecast: clv.Forecast
    outlook: clv.Outlook
    classes: pd.DataFrame
    at_stake: clv.Total

    @cached_property
    def total(self) -> clv.Total:
        """What everybody is expected to bring."""
        return self.outlook.total

    @property
    def doubtful(self) -> bool:
        """True where the model lost to a naive forecast on the time held out."""
        held = self.forecast.validation
        return held is not None and not held.beats_naive

    def columns(self) -> pd.DataFrame:
        """p_alive, expected_order_days, expected_value."""
        return _columns(self.outlook)

    def entry(self) -> dict:
        """{forecast: the money expected, its interval and where that comes from; clv: the models, the money by class,
        and the errors on the time held out}."""
        forecast, held = self.forecast, self.forecast.validation
        return {
            "forecast": forecast_entry(self.outlook, self.at_stake),
            "clv": {
                "model": type(forecast.model).__name__,
                "unit": forecast.model.unit_,
                "params": forecast.model.params_ | forecast.spend_model.params_,
                "log_likelihood": forecast.model.log_likelihood_,
                "classes": plain(self.classes),
                "customers": self.total.customers,
                "half": self.total.half,
                "held_out": None if held is None else plain(held.errors),
                "label": plain(forecast.label),
                "notes": plain(forecast.notes),
                "candidates": plain(self.outlook.candidates),
                "misses": plain([t.miss for t in self.outlook.backtests]),
                "why": plain(self.outlook.why),
            },
        }


def forecast_entry(outlook: clv.Outlook, stake: clv.Total | None) -> dict:
    """The money expected, its interval, where that comes from, and what of it is at stake, as the ledger holds it."""
    total = outlook.total
    tests = [
        {"origin": t.origin, "weeks": t.weeks, "forecast": t.forecast, "actual": t.actual} for t in outlook.backtests
    ]
    return plain(
        {
            "horizon_weeks": outlook.weeks,
            "expected": total.value,
            "low": total.low,
            "high": total.high,
            "model": outlook.model,
            "level": clv.LEVEL,
            "discount_per_year": outlook.discount,
            "range": outlook.range,
            "path": outlook.path,
            "backtests": tests,
            "at_stake": stake
            and {"customers": stake.customers, "expected": stake.value, "low": stake.low, "high": stake.high},
        }
    )


def find(run: Result) -> tuple[Value | None, list[Sentence]]:
    """The forecast of every customer, of each class, and of those at stake."""
    attempt = Attempts()
    what = Sentence("customer lifetime value")
    found = attempt(what, expected, run.heads, run.buyers, run.as_of, run.horizon)
    if found is not None:
        found.classes = told(found.classes, ["rfm_class"])
    return found, attempt.not_done


def expected(orders: Table, buyers: pd.DataFrame, as_of: pd.Timestamp, horizon: int) -> Value:
    """What buyers are expected to bring within so many weeks.

    Parameters
    ----------
    orders : valid orders up to `as_of`; buyers : segment.rfm of them.

    Raises
    ------
    DataError : too few who came back, or data that no model can be fitted to.
    """
    enough("worth", int((buyers["order_days"] > 1).sum()))
    days = daily(orders, as_of)
    forecast = clv.forecast(days, as_of, horizon)
    outlook = clv.outlook(days, forecast, as_of)
    then = {test.origin: segment.rfm(orders, test.origin) for test in outlook.backtests}
    rows = []
    for (recent, *_), name in segment.CLASSES.items():
        chosen = _chosen(lambda customers, name=name: customers["rfm_class"] == name, buyers, then)
        rows.append({"rfm_class": name} | asdict(outlook.of(*chosen, silent=not recent)))
    at_stake = outlook.of(*_chosen(segment.at_stake, buyers, then), silent=True)
    return Value(replace(forecast, customers=outlook.customers), outlook, pd.DataFrame(rows), at_stake)


def _chosen(rule: Callable, now: pd.DataFrame, then: Mapping) -> tuple[pd.Series, dict]:
    """Whom the rule chooses now, and whom it would have chosen at each origin."""
    ids = {day: customers.loc[rule(customers), "customer_id"] for day, customers in then.items()}
    return now.loc[rule(now), "customer_id"], ids


def _columns(outlook: clv.Outlook) -> pd.DataFrame:
    found = outlook.customers.rename(columns=_COLUMNS)[["customer_id", *_COLUMNS.values()]]
    found = found.round(6).astype({"customer_id": "str"})
    found.attrs = {}  # of the forecast, not of the portraits
    return found
