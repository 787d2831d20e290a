"""From purchases to money: what customers have brought, what cohorts bring, what a model expects of each."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from course import schema
from course.clv.fitting import dot, group_numbers
from course.clv.models import BetaGeo, GammaGamma
from course.clv.summaries import NEEDS, UNITS, days_in, horizon_checked
from course.engine import query
from course.errors import DataError
from course.language import Sentence
from course.orders import UP_TO, last_day, net, same_ids

#: Groups of customers × ends of a unit of time whose purchases are summed at once.
_CELLS = 50_000

_HISTORIC = f"""
    SELECT customer_id, min(ordered_at) AS first_order, count(DISTINCT CAST(ordered_at AS DATE)) AS order_days,
        CAST(sum(CAST(round(money, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS value
    FROM orders WHERE {UP_TO}
    GROUP BY customer_id ORDER BY customer_id
"""
_COHORT = f"""
    WITH rows AS (
        SELECT customer_id, CAST(date_trunc('month', ordered_at) AS DATE) AS month,
            sum(CAST(round(money, 6) AS DECIMAL(38, 6))) AS money
        FROM orders WHERE {UP_TO} GROUP BY customer_id, month
    ), seen AS (SELECT *, min(month) OVER (PARTITION BY customer_id) AS cohort FROM rows),
    sizes AS (SELECT cohort, count(DISTINCT customer_id) AS customers FROM seen GROUP BY cohort),
    ages AS (
        SELECT cohort, customers, unnest(range(date_diff('month', cohort, CAST($as_of AS DATE)) + 1)) AS age FROM sizes
    ), sums AS (
        SELECT cohort, date_diff('month', cohort, month) AS age, count(*) AS active, sum(money) AS money
        FROM seen GROUP BY cohort, age
    )
    SELECT cohort, age, customers, coalesce(active, 0) AS active, coalesce(CAST(money AS DOUBLE), 0) AS money
    FROM ages LEFT JOIN sums USING (cohort, age) ORDER BY cohort, age
"""


def value(
    model: BetaGeo,
    spend_model: GammaGamma,
    summary: pd.DataFrame,
    horizon: float,
    discount_rate_per_period: float,
    discount_period: str,
    margin: float = 1.0,
) -> pd.DataFrame:
    """What each customer is expected to bring within the horizon, in today's money.

    value = margin · E[spend] · Σ_k (E[Y(k)] − E[Y(k−1)]) / (1 + d)^(k / m): the purchases of the k-th unit of time are
    discounted from its end, m being the units in one discount period. (Continuous discounting gives a little more.)

    Parameters
    ----------
    model, spend_model : fitted; `model.unit_` is the unit of the horizon.
    summary : x, t_x, T, monetary; customer_id if known.
    horizon : in the summary's unit of time. 52 of weeks is a year; 52 of months is more than four.
    discount_rate_per_period, discount_period : 0.10 and "Y" for ten per cent a year; a period is "D", "W", "M" or "Y".
    margin : share of the spend that is earned (1: the value is turnover).

    Returns
    -------
    frame with the index of `summary`: customer_id (if known), p_alive, p_alive_known (False where the model gives
        P(alive) = 1 by construction), expected_purchases (purchase days), expected_spend (money per purchase day),
        value (money). `.attrs` keeps unit, horizon, discount_rate_per_period, discount_period, margin: see `label`

    Raises
    ------
    DataError : a model that is not fitted or did not converge; a summary that is none or of another unit of time; a
        unit of time unknown.
    """
    _check_terms(margin, discount_rate_per_period)
    horizon = horizon_checked(horizon)
    unit = model.unit_ or summary.attrs.get("unit")
    if unit is None:
        raise DataError(
            'The summary does not say its unit of time. Set summary.attrs["unit"] to one of {periods} and fit again.',
            periods=", ".join(UNITS),
        )
    per_unit = np.log1p(discount_rate_per_period) * days_in(unit) / days_in(discount_period)
    alive = model.p_alive(summary)
    purchases, discounted = _discounted(model, summary, horizon, per_unit)
    spend = spend_model.expected_spend(summary)
    out = pd.DataFrame(index=summary.index)
    if "customer_id" in summary:
        out["customer_id"] = summary["customer_id"]
    out["p_alive"], out["p_alive_known"] = alive, model.informed(summary)
    out["expected_purchases"], out["expected_spend"] = alive * purchases, spend
    out["value"] = margin * spend * alive * discounted
    out.attrs = {
        "unit": unit,
        "horizon": horizon,
        "discount_rate_per_period": float(discount_rate_per_period),
        "discount_period": discount_period,
        "margin": float(margin),
    }
    return out


def _discounted(model: BetaGeo, summary: pd.DataFrame, horizon: float, rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Expected purchases of a customer who is alive, as they are and discounted at the continuous `rate` per unit."""
    number, steps = _by_unit(model, summary, horizon)
    plain = discounted = 0.0
    for until, more in steps:
        plain, discounted = plain + more, discounted + more * np.exp(-rate * until)
    return plain[number], discounted[number]


def _by_unit(
    model: BetaGeo, summary: pd.DataFrame, horizon: float
) -> tuple[np.ndarray, Iterator[tuple[float, np.ndarray]]]:
    """The group of equal x and T that each customer is of; and the end of each unit of time with each group's expected
    purchases in it, of who is alive."""
    (x, end), number = group_numbers(summary["x"].to_numpy(dtype="float64"), summary["T"].to_numpy(dtype="float64"))
    few = pd.DataFrame({"x": x, "T": end})

    def steps() -> Iterator[tuple[float, np.ndarray]]:
        before = np.zeros(len(few))
        ends = np.append(np.arange(1.0, np.ceil(horizon)), horizon)
        at_once = max(1, _CELLS // max(len(few), 1))
        for first in range(0, len(ends), at_once):
            some = ends[first : first + at_once]
            for until, plain in zip(some, model.purchases_if_alive(few, some).T, strict=True):
                yield until, plain - before
                before = plain

    return number, steps()


def by_unit(
    model: BetaGeo, spend_model: GammaGamma, summary: pd.DataFrame, horizon: int, rate: float
) -> tuple[np.ndarray, pd.DataFrame]:
    """What all customers together are expected to bring by the end of each unit of time, and each of them by the last.

    Parameters
    ----------
    model, spend_model, summary : as for `value`; horizon : whole units of the summary's time.
    rate : continuous discount per unit; money is discounted from the end of its unit, as in `value`.

    Returns
    -------
    (horizon,) money by the end of each unit; frame by customer_id: expected_purchases, expected_spend, value (money)
    """
    alive, spend = model.p_alive(summary).to_numpy(), spend_model.expected_spend(summary).to_numpy()
    number, steps = _by_unit(model, summary, horizon)
    weight, sums, plain, discounted = np.bincount(number, alive * spend), [], 0.0, 0.0
    for until, more in steps:
        now = more * np.exp(-rate * until)
        plain, discounted = plain + more, discounted + now
        sums.append(dot(weight, now))
    each = {
        "expected_purchases": alive * plain[number],
        "expected_spend": spend,
        "value": alive * spend * discounted[number],
    }
    return np.cumsum(sums), pd.DataFrame(each, index=pd.Index(summary["customer_id"], name="customer_id"))


def label(values: pd.DataFrame) -> Sentence:
    """What the column `value` of `clv.value` is, with its horizon, discount and periods: for headings and charts."""
    a = values.attrs
    return Sentence(
        "{what} expected in the next {horizon:g} {unit}, discounted at {rate:.4g}% per {period}",
        what=Sentence("Money")
        if a["margin"] == 1
        else Sentence("Margin ({share:.4g}% of money)", share=100 * a["margin"]),
        horizon=a["horizon"],
        unit=UNITS[a["unit"]][1],
        rate=100 * a["discount_rate_per_period"],
        period={"D": Sentence("day"), "W": Sentence("week"), "M": Sentence("month"), "Y": Sentence("year")}[
            a["discount_period"]
        ],
    )


def historic(orders: pd.DataFrame, as_of: object = None, basis: str | None = None) -> pd.DataFrame:
    """What each customer has brought so far: no forecast, no assumption.

    Parameters
    ----------
    orders : customer_id, ordered_at, amount; `refunded` and `margin` (money) if known.
    as_of : last day counted. Default: the day of the last order.
    basis : "margin" or "amount"; default margin where every order has one, else amount. Both net of `refunded`: of a
        margin, the refunded share of the amount is taken off.

    Returns
    -------
    frame sorted by customer_id: first_order, order_days, value (money); `.attrs["basis"]`

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; margin asked for and not there.
    """
    as_of = last_day(orders, as_of, NEEDS)
    money, basis = _money(orders, basis)
    out = same_ids(query(_HISTORIC, {"orders": money}, as_of=as_of), orders)
    out.attrs["basis"] = basis
    return out


def cohort(orders: pd.DataFrame, as_of: object = None, basis: str | None = None) -> pd.DataFrame:
    """Customer value by month of the first order: who still buys, times what they bring.

    Parameters
    ----------
    orders, as_of, basis : as for `historic`.

    Returns
    -------
    frame, one row a cohort and age, months without a purchase included: cohort (first day of its month), age (calendar
        months since), customers (in the cohort), active (with a purchase in that month), retention (active /
        customers), money_per_active, money (per customer of the cohort: retention × money_per_active), cumulative
        (money per customer up to that age), complete (False for the month of `as_of`, unless that is its last day);
        `.attrs["basis"]`

    Raises
    ------
    DataError : as for `historic`.
    """
    as_of = last_day(orders, as_of, NEEDS)
    money, basis = _money(orders, basis)
    out = query(_COHORT, {"orders": money}, as_of=as_of)
    total = out.pop("money")
    out["retention"] = out["active"] / out["customers"]
    out["money_per_active"] = (total / out["active"]).where(out["active"] > 0, 0.0)
    out["money"] = total / out["customers"]
    out["cumulative"] = out.groupby("cohort")["money"].cumsum()
    month_end = (as_of + pd.offsets.MonthEnd(0)).normalize()
    out["complete"] = (out["age"] < out.groupby("cohort")["age"].transform("max")) | (as_of == month_end)
    out.attrs["basis"] = basis
    return out


def _money(orders: pd.DataFrame, basis: str | None) -> tuple[pd.DataFrame, str]:
    if basis not in (None, "margin", "amount"):
        raise DataError("The basis is margin or amount, not {basis}.", basis=basis)
    known = "margin" in orders and bool(orders["margin"].notna().all())
    basis = basis or ("margin" if known else "amount")
    rows = orders[["customer_id", "ordered_at"]].copy(deep=False)
    if basis == "amount":
        rows["money"] = net(orders)
    else:
        schema.require(orders, "orders", ("margin",))
        lost = orders.get("refunded", 0.0) / orders["amount"].where(orders["amount"] > 0)
        rows["money"] = orders["margin"] * (1 - lost.fillna(0.0).clip(0, 1))
    return rows, basis


def _check_terms(margin: float, rate: float) -> None:
    if not (np.isfinite(margin) and margin > 0):
        raise DataError("The margin is a share of the spend above 0, not {margin}.", margin=margin)
    if not (np.isfinite(rate) and rate >= 0):
        raise DataError("The discount rate is 0 or more per period (0.1 for 10%), not {rate}.", rate=rate)
