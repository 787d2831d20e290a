"""What customers are expected to bring next year, customer by customer and class by class."""

from dataclasses import dataclass

import pandas as pd

from course import clv, segment
from course.language import Sentence
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
    forecast : clv.forecast
    classes : frame in the order of segment.CLASSES: rfm_class, and clv.total of its customers
    customers, total : of all classes together: how many, and how much (money)
    """

    forecast: clv.Forecast
    classes: pd.DataFrame
    customers: int
    total: float

    @property
    def doubtful(self) -> bool:
        """True where the model lost to a naive forecast on the time held out."""
        held = self.forecast.validation
        return held is not None and not held.beats_naive

    def columns(self) -> pd.DataFrame:
        """p_alive, expected_order_days, expected_value."""
        return _columns(self.forecast)

    def entry(self) -> dict:
        """{clv: the models, the money expected, by class, and the errors on the time held out}."""
        forecast, held = self.forecast, self.forecast.validation
        return {
            "clv": {
                "model": type(forecast.model).__name__,
                "unit": forecast.model.unit_,
                "params": forecast.model.params_ | forecast.spend_model.params_,
                "log_likelihood": forecast.model.log_likelihood_,
                "horizon": clv.HORIZON,
                "discount_per_year": clv.DISCOUNT,
                "expected_value": float(forecast.customers["value"].sum()),
                "classes": plain(self.classes),
                "customers": self.customers,
                "total": self.total,
                "held_out": None if held is None else plain(held.errors),
                "label": plain(forecast.label),
                "notes": plain(forecast.notes),
            }
        }


def find(run: Result) -> tuple[Value | None, list[Sentence]]:
    """The forecast of every customer, and of each class."""
    attempt = Attempts()
    orders = run.cleaned["orders"].valid
    forecast = attempt(Sentence("customer lifetime value"), clv.forecast, orders, run.as_of)
    if forecast is None:
        return None, attempt.not_done
    valued = run.buyers[["customer_id", "rfm_class"]].merge(_columns(forecast), on="customer_id")
    by_class = valued.groupby("rfm_class")["expected_value"]
    rows = [
        {"rfm_class": name} | plain(clv.total(by_class.get_group(name) if name in by_class.groups else []))
        for name in segment.CLASSES.values()
    ]
    classes = pd.DataFrame(rows)
    found = Value(forecast, classes, int(classes["customers"].sum()), float(classes["value"].sum()))
    return found, attempt.not_done


def _columns(forecast: clv.Forecast) -> pd.DataFrame:
    found = forecast.customers.rename(columns=_COLUMNS)[["customer_id", *_COLUMNS.values()]]
    found = found.round(6).astype({"customer_id": "str"})
    found.attrs = {}  # of the forecast, not of the portraits
    return found
