"""Cohort retention: who comes back, by period of the first order and by how long ago that was."""

import pandas as pd

from course.engine import Table, query
from course.errors import DataError
from course.intervals import wilson
from course.orders import UP_TO, last_day

#: Period → its name in SQL. Weeks begin on Monday.
PERIODS = {"W": "week", "M": "month", "Q": "quarter"}

_ACTIVE = f"""
    WITH periods AS (
        SELECT DISTINCT customer_id, CAST(date_trunc('{{period}}', ordered_at) AS DATE) AS period FROM orders
        WHERE {UP_TO}
    ), seen AS (SELECT period, min(period) OVER (PARTITION BY customer_id) AS cohort FROM periods)
    SELECT cohort, period, count(*) AS active FROM seen GROUP BY cohort, period ORDER BY cohort, period
"""


def cohorts(orders: Table, as_of: object = None, period: str = "M") -> pd.DataFrame:
    """The retention triangle: of the customers of a cohort, how many bought again in each later period.

    A cohort is the customers with their first order in one period. Customers who were there before the data begin fall
    into the first cohort, which is therefore older than it looks.

    Parameters
    ----------
    orders : customer_id, ordered_at.
    as_of : last day counted. Default: the day of the last order.
    period : "W" (Monday to Sunday), "M" or "Q".

    Returns
    -------
    frame, one row a cohort and age, periods in which nobody came included: cohort (first day of its period), age
        (periods since; 1 all through age 0), customers (of the cohort), active (with an order in that period),
        retention (active / customers), low, high (95 %, Wilson), complete (False where the period was not over on
        `as_of`: there the customers have had less time, and a low figure is no drop)

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; an unknown period.
    """
    if period not in PERIODS:
        raise DataError("The period is one of {periods}, not {period}.", periods=", ".join(PERIODS), period=period)
    as_of = last_day(orders, as_of, ("customer_id", "ordered_at"))
    sql = _ACTIVE.format(period=PERIODS[period])
    found = query(sql, {"orders": orders[["customer_id", "ordered_at"]]}, as_of=as_of)
    found["cohort"] = found["cohort"].dt.to_period(period)
    found["age"] = found["period"].dt.to_period(period).astype("int64") - found["cohort"].astype("int64")
    active = found.set_index(["cohort", "age"])["active"]
    last = as_of.to_period(period)
    cells = [(c, age) for c in found["cohort"].unique() for age in range(last.ordinal - c.ordinal + 1)]
    out = pd.DataFrame(cells, columns=["cohort", "age"])
    out["customers"] = active.reindex([(c, 0) for c in out["cohort"]]).to_numpy()
    out["active"] = active.reindex(cells, fill_value=0).to_numpy()
    out["retention"] = out["active"] / out["customers"]
    out["low"], out["high"] = wilson(out["active"], out["customers"])
    over = last.end_time.normalize() <= as_of
    out["complete"] = over | ((out["cohort"].map(lambda c: c.ordinal) + out["age"]) < last.ordinal)
    out["cohort"] = out["cohort"].map(lambda c: c.start_time)
    return out
