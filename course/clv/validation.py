"""Was the forecast any good? It is held against what customers then did, and against forecasts without a model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.clv.models import TITLES, BetaGeo, GammaGamma
from course.clv.summaries import UNITS, Holdout
from course.errors import DataError
from course.intervals import wilson
from course.language import Sentence

#: From this x on customers are taken together in `by_x`.
_MANY = 7


@dataclass
class Validation:
    """A forecast beside what happened.

    Attributes
    ----------
    errors : frame: measure ("purchases", and "money" with a spend model), forecast (the model's name, last_period,
        own_rate, mean_rate), mae, rmse (per customer), total, actual, bias (total − actual), bias_share (of actual)
    alive_bins : frame, one row a tenth of P(alive) with customers in it, and one (known = False) for those whom the
        model gives 1 by construction: known, low, high, customers, p_alive (mean), p_purchase (forecast chance of at
        least one purchase in the holdout), bought (share with one), bought_low, bought_high (95 % Wilson interval)
    by_x : frame: x (7 stands for 7 and more), customers, actual, forecast (mean purchases in the holdout)
    tracking : frame, one row a unit of time since the first purchase of all: time, day, actual, expected (cumulative
        repeat purchases), held_out
    holdout : what it was held against
    model : the name of the model
    notes : what the model's own report says
    """

    errors: pd.DataFrame
    alive_bins: pd.DataFrame
    by_x: pd.DataFrame
    tracking: pd.DataFrame
    holdout: Holdout
    model: str
    notes: list[Sentence]

    @property
    def beats_naive(self) -> bool:
        """True where the model's mean error in purchases is below that of every forecast without a model."""
        errors = self.errors[self.errors["measure"] == "purchases"].set_index("forecast")["mae"]
        return bool(errors[self.model] < errors.drop(self.model).min())

    @property
    def bias_share(self) -> float | None:
        """How far the model was off in purchases of the time held out, as a share of what came; None if none came."""
        found = self.errors.set_index(["measure", "forecast"]).loc[("purchases", self.model)]
        return float(found["bias_share"]) if found["actual"] else None

    def report(self) -> list[Sentence]:
        """The result in sentences: total, beside the best forecast without a model, and whom the holdout leaves out."""
        rows = self.errors[self.errors["measure"] == "purchases"].set_index("forecast")
        own, naive, title = rows.loc[self.model], rows.drop(index=self.model), TITLES[self.model]
        best = naive["mae"].idxmin()
        verdict = (
            Sentence("{model} is closer", model=title)
            if own["mae"] < naive.loc[best, "mae"]
            else Sentence("{model} is not closer: do not prefer it", model=title)
        )
        foreseen = {
            "model": title,
            "total": own["total"],
            "horizon": self.holdout.horizon,
            "unit": UNITS[self.holdout.unit][1],
        }
        return [
            Sentence(
                "{model} foresaw {total:,.0f} purchase days in {horizon:.1f} {unit}; there were {actual:,.0f} "
                "({bias:+.1%}).",
                **foreseen,
                actual=own["actual"],
                bias=own["bias_share"],
            )
            if own["actual"]
            else Sentence(
                "{model} foresaw {total:,.0f} purchase days in {horizon:.1f} {unit}; there was none.", **foreseen
            ),
            Sentence(
                "Mean error a customer: {own:.3f} purchase days, {naive:.3f} for the best forecast without a model "
                "({name}). {verdict}.",
                own=own["mae"],
                naive=naive.loc[best, "mae"],
                name=_NAIVE[best],
                verdict=verdict,
            ),
            *self.notes,
            *self.holdout.report(),
        ]


_NAIVE = {
    "last_period": Sentence("the same as in the last period of equal length"),
    "own_rate": Sentence("each customer's own rate so far"),
    "mean_rate": Sentence("everybody at the mean rate"),
}


def validate(model: BetaGeo, holdout: Holdout, spend_model: GammaGamma | None = None) -> Validation:
    """Hold a model that was fitted on `holdout.customers` against the time held out.

    Parameters
    ----------
    model, spend_model : fitted on `holdout.customers`. A model that has seen more would be judged on what it knows.
    holdout : from `clv.holdout`.

    Raises
    ------
    DataError : a model that is not fitted, did not converge, or was fitted on other customers.
    """
    customers = holdout.customers
    forecast = model.expected_purchases(customers, holdout.horizon)
    if model.n_customers_ != len(customers):
        raise DataError(
            "The model was fitted on {fitted:,} customers, the holdout has {n:,}. Fit it on holdout.customers.",
            fitted=model.n_customers_,
            n=len(customers),
        )
    name = type(model).__name__
    forecasts = {name: forecast.to_numpy()} | _naive(customers, holdout.horizon)
    errors = [_errors("purchases", customers["holdout_x"].to_numpy(), forecasts)]
    if spend_model is not None:
        spend = {n: _own_mean(customers) for n in forecasts} | {name: spend_model.expected_spend(customers).to_numpy()}
        money = (customers["holdout_x"] * customers["holdout_monetary"]).to_numpy()
        errors.append(_errors("money", money, {n: f * spend[n] for n, f in forecasts.items()}))
    return Validation(
        pd.concat(errors, ignore_index=True),
        _alive_bins(model, holdout),
        _by_x(customers, forecast),
        _tracking(model, holdout),
        holdout,
        name,
        model.report(),
    )


def _naive(customers: pd.DataFrame, horizon: float) -> dict[str, np.ndarray]:
    x, end = customers["x"].to_numpy(dtype="float64"), customers["T"].to_numpy()
    own = np.divide(x, end, out=np.zeros(len(x)), where=end > 0) * horizon
    mean = x.sum() / end.sum() * horizon if end.sum() else 0.0
    return {
        "last_period": customers["previous_x"].to_numpy(dtype="float64"),
        "own_rate": own,
        "mean_rate": np.full(len(x), mean),
    }


def _own_mean(customers: pd.DataFrame) -> np.ndarray:
    """Mean spend so far; for who never came back, that of all repeat purchases."""
    x, money = customers["x"].to_numpy(), customers["monetary"].to_numpy()
    return np.where(x > 0, money, (x @ money) / max(x.sum(), 1))


def _errors(measure: str, actual: np.ndarray, forecasts: dict[str, np.ndarray]) -> pd.DataFrame:
    total = float(actual.sum())
    rows = []
    for name, forecast in forecasts.items():
        gap = forecast - actual
        bias = float(gap.sum())
        share = bias / total if total else np.nan
        rows.append(
            (measure, name, np.abs(gap).mean(), np.sqrt((gap**2).mean()), float(forecast.sum()), total, bias, share)
        )
    columns = ["measure", "forecast", "mae", "rmse", "total", "actual", "bias", "bias_share"]
    return pd.DataFrame(rows, columns=columns)


def _alive_bins(model: BetaGeo, holdout: Holdout) -> pd.DataFrame:
    customers = holdout.customers
    frame = pd.DataFrame(
        {
            "known": model.informed(customers),
            "p_alive": model.p_alive(customers),
            "p_purchase": model.p_purchase(customers, holdout.horizon),
            "bought": customers["holdout_x"] > 0,
        }
    )
    tenth = np.minimum((frame["p_alive"] * 10).astype("int64"), 9)
    frame["low"] = (tenth / 10).where(frame["known"], 1.0)
    frame["high"] = ((tenth + 1) / 10).where(frame["known"], 1.0)
    grouped = frame.groupby(["known", "low", "high"])
    out = grouped[["p_alive", "p_purchase", "bought"]].mean()
    out.insert(0, "customers", grouped.size())
    out["bought_low"], out["bought_high"] = wilson(grouped["bought"].sum(), out["customers"])
    return out.reset_index().sort_values(["known", "low"], ascending=[False, True], ignore_index=True)


def _by_x(customers: pd.DataFrame, forecast: pd.Series) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"x": customers["x"].clip(upper=_MANY), "actual": customers["holdout_x"], "forecast": forecast}
    )
    grouped = frame.groupby("x")
    out = grouped[["actual", "forecast"]].mean()
    out.insert(0, "customers", grouped.size())
    return out.reset_index()


def _tracking(model: BetaGeo, holdout: Holdout) -> pd.DataFrame:
    """Cumulative repeat purchases, as they were and E[X(t − first day)] summed over who had come by then."""
    unit = UNITS[holdout.unit][0]
    days = pd.to_datetime(holdout.days["day"])
    start = days.min()
    since = (days - start).dt.days.to_numpy()
    last = (holdout.as_of - start).days
    grid = np.unique(np.append(np.arange(0, last, unit), [(holdout.split - start).days, last]))
    new, repeat = (holdout.days[c].to_numpy(dtype="float64") for c in ("new_customers", "repeat_purchases"))
    known = np.maximum(grid[:, None] - since[None, new > 0], 0) / unit
    expected = model.expected_purchases_new(known.ravel()).reshape(known.shape) @ new[new > 0]
    actual = np.append(0.0, repeat.cumsum())[np.searchsorted(since, grid, side="right")]
    return pd.DataFrame(
        {
            "time": grid / unit,
            "day": start + pd.to_timedelta(grid, unit="D"),
            "actual": actual.astype("int64"),
            "expected": expected,
            "held_out": grid > (holdout.split - start).days,
        }
    )
