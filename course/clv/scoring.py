"""Forecasts of earlier days held against what came: was the interval right, and who was nearest?

Beside each forecast stand two that need no model: the weeks just before its day again, and the same weeks a year
before, each for as many customers as were known on its day. They are made of what was ordered up to that day, as it is
known now: an order that was delivered late is in them, and in what came.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from course.clv.summaries import NEEDS, days_in
from course.engine import Table, query
from course.orders import UP_TO, last_day, with_net

#: Of forecasts that miss by as much the first is the nearest.
RIVALS = ("expected", "same_again", "year_ago")
_YEAR = 52

# Money by the day of a customer's first order and its own day: who was known on a day, and what they brought after it.
_CAME = f"""
    WITH days AS (
        SELECT customer_id, CAST(ordered_at AS DATE) AS day, sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS money
        FROM orders WHERE {UP_TO} GROUP BY ALL
    ), dated AS (
        SELECT *, min(day) OVER (PARTITION BY customer_id) AS first FROM days
    ), cohorts AS (
        SELECT first, day, sum(money) AS money, count(*) FILTER (day = first) AS customers FROM dated GROUP BY ALL
    )
    SELECT any_value(w.origin) AS origin, any_value(w.weeks) AS weeks,
        coalesce(CAST(sum(c.customers) FILTER (first <= CAST(w.origin AS DATE)) AS BIGINT), 0) AS known,
        coalesce(CAST(sum(CAST(round(money * pow(1 + w.rate, -w.week_of_year
            * CAST(ceil(date_diff('day', CAST(w.origin AS DATE), day) / 7) AS INTEGER)), 6) AS DECIMAL(38, 6)))
            FILTER (first <= CAST(w.origin AS DATE) AND day > CAST(w.origin AS DATE)
                AND date_diff('day', CAST(w.origin AS DATE), day) <= 7 * w.weeks) AS DOUBLE), 0) AS money
    FROM windows AS w, cohorts AS c GROUP BY w.number ORDER BY w.number
"""


def score(orders: Table, forecasts: Sequence[Mapping], as_of: object = None) -> pd.DataFrame:
    """What came of forecasts of earlier days.

    Parameters
    ----------
    orders : customer_id, ordered_at, amount; `refunded` if known. Only those up to `as_of` count.
    forecasts : each {as_of: its day, discount_per_year, path: [{weeks, expected, low, high}]}: money, discounted, by
        then; low and high None where it had no interval.

    Returns
    -------
    frame, two rows a forecast of which enough weeks have passed, one where both are the same: as_of, step ("first": the
    first weeks of its path, "last": as many as have passed), weeks, known (customers known on its day), expected, low,
    high, came (money of those customers in these weeks, discounted alike), miss (what came beyond the forecast, as a
    share of it), held (came lies within low and high; NA without an interval), same_again, year_ago (money; NaN where
    the orders do not reach back), nearest (one of RIVALS)
    """
    last = last_day(orders, as_of, NEEDS)
    rows = [row for forecast in forecasts for row in _steps(forecast, last)]
    table = pd.DataFrame(rows, columns=["as_of", "step", "weeks", "expected", "low", "high", "rate"])
    if table.empty:
        return table.drop(columns="rate").assign(**dict.fromkeys(("known", "came", "miss", "held"), np.nan), nearest="")
    days = with_net(orders, "customer_id", "ordered_at")
    table = table.astype({"low": "float64", "high": "float64"})
    came = _came(days, table, 0, last)
    table["known"], table["came"] = came["known"], came["money"]
    reach = (table["as_of"] - orders["ordered_at"].min().normalize()).dt.days / 7
    for name, back in (("same_again", table["weeks"]), ("year_ago", pd.Series(_YEAR, index=table.index))):
        then = _came(days, table, back, last)
        whole = (reach >= back) & (table["weeks"] <= back) & (then["known"] > 0)
        table[name] = (then["money"] * table["known"] / then["known"].where(whole)).round(6)
    table["miss"] = table["came"] / table["expected"] - 1
    held = (table["came"] >= table["low"]) & (table["came"] <= table["high"])
    table["held"] = held.astype("boolean").mask(table["low"].isna())
    misses = table[list(RIVALS)].sub(table["came"], axis=0).abs()
    table["nearest"] = misses.idxmin(axis=1)
    return table.drop(columns="rate")


def _steps(forecast: Mapping, last: pd.Timestamp) -> list[dict]:
    """The first and the last point of its path that has been reached."""
    day = pd.Timestamp(forecast["as_of"])
    reached = [p for p in forecast["path"] if 7 * p["weeks"] <= (last - day).days and p["expected"] > 0]
    points = {reached[0]["weeks"]: ("first", reached[0])} if reached else {}
    if len(reached) > 1:
        points[reached[-1]["weeks"]] = ("last", reached[-1])
    money = ("weeks", "expected", "low", "high")
    base = {"as_of": day, "rate": forecast["discount_per_year"]}
    return [base | {"step": step} | {key: point[key] for key in money} for step, point in points.values()]


def _came(days: Table, table: pd.DataFrame, back: object, last: pd.Timestamp) -> pd.DataFrame:
    """Of each row's window, begun `back` weeks earlier: the customers known at its begin, and their money in it."""
    windows = table[["weeks", "rate"]].assign(
        number=range(len(table)),
        origin=table["as_of"] - pd.to_timedelta(7 * back, unit="D"),
        week_of_year=7 / days_in("Y"),
    )
    found = query(_CAME, {"orders": days, "windows": windows}, as_of=last)
    return found.set_index(table.index)
