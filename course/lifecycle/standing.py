"""Where customers stand: the state of a period, and the stage on any day.

A state says what somebody did in a period (bought again, came back, fell silent). A stage says what somebody is on a
day, given how long a silence is normal for customers like them.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from course import schema
from course.engine import Table, like, query
from course.errors import DataError, first_few
from course.language import Label
from course.lifecycle import history, rhythm
from course.orders import UP_TO, last_day, no_order, same_ids

#: States of a period, and what they are called.
STATES = {
    "new": Label("new", "新客"),
    "returning": Label("returning", "留存"),
    "resurrecting": Label("resurrecting", "回流"),
    "dormant": Label("dormant", "沉默"),
}
#: Stages of a customer in order, and what they are called.
STAGES = {
    "prospect": Label("prospect", "潜在客户"),
    "first_purchase": Label("first-time buyer", "首购客户"),
    "active": Label("active", "活跃客户"),
    "loyal": Label("loyal", "忠诚客户"),
    "at_risk": Label("at risk", "预流失客户"),
    "lost": Label("lost", "流失客户"),
}
#: Order days from which on a customer can be loyal.
LOYAL_FROM = 4

_PERIODS = {"W": ("W-SUN", "week"), "M": ("M", "month"), "Q": ("Q", "quarter"), "Y": ("Y", "year")}

_STATES = f"""
    WITH active AS (
        SELECT DISTINCT customer_id, CAST(date_trunc('{{unit}}', ordered_at) AS DATE) AS period
        FROM orders WHERE {UP_TO}
    ), numbered AS (
        SELECT customer_id, number, lag(number) OVER w AS before, lead(number) OVER w AS after
        FROM active JOIN periods USING (period) WINDOW w AS (PARTITION BY customer_id ORDER BY number)
    ), states AS (
        SELECT customer_id, number, CASE WHEN before IS NULL THEN 'new' WHEN number - before = 1 THEN 'returning'
            ELSE 'resurrecting' END AS state
        FROM numbered
        UNION ALL
        SELECT customer_id, number + 1, 'dormant' FROM numbered
        WHERE number < $last AND (after IS NULL OR after > number + 1)
    )
    SELECT customer_id, period, state FROM states JOIN periods USING (number) ORDER BY period, customer_id
"""

_COUNTS = "SELECT period, state, count(*) AS customers FROM detail GROUP BY period, state ORDER BY period, state"


@dataclass
class States:
    """Who was active in which period, and how.

    Attributes
    ----------
    periods : frame, one row a period, empty ones included: period (its first day), complete (False for the last period
        unless it ends on the day of `as_of`), customers (everybody seen so far), active, new, returning, resurrecting,
        dormant. active = new + returning + resurrecting, and active = active of the period before − dormant +
        resurrecting + new
    detail : sorted by period, customer_id (a relation where the orders are one): customer_id, period, state. A
        customer who stays silent has a row
        (dormant) for the first silent period only
    """

    periods: pd.DataFrame
    detail: Table


def states(orders: Table, as_of: object = None, period: str = "M") -> States:
    """New, returning, resurrecting or dormant: what each customer was in each period.

    new: the first order of all falls in the period; returning: also ordered in the period before; resurrecting: ordered
    before, but not in the period before; dormant: ordered in the period before and not in this one (沉默 is not 流失).

    Parameters
    ----------
    orders : valid orders or order lines from the first one on: customer_id, ordered_at. Cut the result, never the
        input: who came before the first row looks new.
    as_of : later orders are not seen. Default: the day of the last order.
    period : "W" (from Monday), "M", "Q" or "Y", by the calendar.

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; an unknown period.
    """
    as_of = last_day(orders, as_of, history.DATED)
    if period not in _PERIODS:
        raise DataError("The period is one of {periods}, not {period}.", periods=", ".join(_PERIODS), period=period)
    frequency, unit = _PERIODS[period]
    span = pd.period_range(orders["ordered_at"].min(), as_of, freq=frequency)
    periods = pd.DataFrame({"number": range(len(span)), "period": span.start_time.date})
    frames = {"orders": orders[list(history.DATED)], "periods": periods}
    detail = same_ids(like(orders)(_STATES.format(unit=unit), frames, as_of=as_of, last=len(span) - 1), orders)
    counts = query(_COUNTS, {"detail": detail[["period", "state"]]}).pivot(
        index="period", columns="state", values="customers"
    )
    counts = counts.reindex(index=span.start_time, columns=list(STATES))
    counts = counts.fillna(0).astype("int64").rename_axis(index="period", columns=None).reset_index()
    counts.insert(1, "complete", span.end_time.normalize() <= as_of)
    counts.insert(2, "customers", counts["new"].cumsum())
    counts.insert(3, "active", counts["new"] + counts["returning"] + counts["resurrecting"])
    return States(counts, detail)


# A prospect is a row with no order day yet, which holds from the day of joining until the first order.
_STAGED = (
    history.HISTORY
    + """
    , known AS (
        SELECT customer_id, day, k, next_day, longest FROM history
        UNION ALL
        SELECT j.customer_id, j.day, 0, h.day, NULL
        FROM joined j LEFT JOIN history h ON h.customer_id = j.customer_id AND h.k = 1
    ), placed AS (
        SELECT d.number, customer_id, k, CASE WHEN k > 0 THEN day END AS last_order,
            CASE WHEN k > 0 THEN date_diff('day', day, d.date) END AS silent_days, longest, band, at_risk_days,
            lost_days
        FROM known JOIN dates d ON day <= d.date AND (next_day IS NULL OR next_day > d.date)
        LEFT JOIN thresholds ON k >= from_order_days AND k < before_order_days
    )
    SELECT number, customer_id, CASE WHEN k = 0 THEN 'prospect' WHEN silent_days > lost_days THEN 'lost'
            WHEN silent_days > at_risk_days THEN 'at_risk' WHEN k = 1 THEN 'first_purchase'
            WHEN k >= $loyal_from AND silent_days <= longest THEN 'loyal' ELSE 'active' END AS stage,
        k AS order_days, last_order, silent_days, band, at_risk_days, lost_days
    FROM placed ORDER BY number, customer_id
"""
)


def stages(
    orders: Table,
    as_of: object = None,
    thresholds: pd.DataFrame | None = None,
    joined: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The stage of every customer on a day; each is in exactly one.

    - prospect: has joined, has not ordered;
    - lost: silent for more than the `lost_days` of their frequency band;
    - at_risk: silent for more than its `at_risk_days`;
    - first_purchase: one order day, and still within the time in which others come back;
    - loyal: four order days or more, and silent for no longer than the longest gap they ever made (their own rhythm);
    - active: the others.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at.
    as_of : the day; nothing later is seen. Default: the day of the last order.
    thresholds : from `thresholds`. Default: those that could be known on the day.
    joined : customers with customer_id, joined_at, for the prospects. Who has no date there is not a prospect.

    Returns
    -------
    frame sorted by customer_id: customer_id, stage, order_days, last_order, silent_days (since it), band, at_risk_days,
        lost_days (blank for prospects)

    Raises
    ------
    DataError : a column missing or with blanks; nobody up to `as_of`; thresholds that are none.
    """
    as_of = last_day(orders, as_of, history.DATED, before_first=True)
    out = staged(orders, [as_of], thresholds, joined).drop(columns="number")
    if out.empty:
        raise no_order(orders, as_of)
    same = joined is None or joined["customer_id"].dtype == orders["customer_id"].dtype
    return same_ids(out, orders) if same else out


def staged(
    orders: Table,
    dates: list[pd.Timestamp],
    thresholds: pd.DataFrame | None,
    joined: pd.DataFrame | None,
    answer: Callable[..., Table] = query,
) -> Table:
    """The stages on several days, of which the last is the last one seen: as `stages`, with the day's number from 0."""
    thresholds = rhythm.fit_thresholds(orders, dates[-1]) if thresholds is None else thresholds
    frames = {
        "orders": orders[list(history.DATED)],
        "dates": numbered(dates),
        "thresholds": _limits(thresholds),
        "joined": _joined(orders, joined),
    }
    return answer(_STAGED, frames, as_of=dates[-1], loyal_from=LOYAL_FROM)


def numbered(dates: list[pd.Timestamp]) -> pd.DataFrame:
    """The days by number from 0, each with the next one: number, date, next_date."""
    days = [d.date() for d in dates]
    return pd.DataFrame({"number": range(len(days)), "date": days, "next_date": [*days[1:], None]})


def _limits(thresholds: pd.DataFrame) -> pd.DataFrame:
    needs = ["band", "from_order_days", "at_risk_days", "lost_days"]
    missing = [c for c in needs if c not in thresholds]
    if missing:
        raise DataError(
            "The thresholds have no column {missing}. Make them with lifecycle.thresholds.", missing=first_few(missing)
        )
    limits = thresholds[needs].sort_values("from_order_days")
    limits["before_order_days"] = limits["from_order_days"].shift(-1, fill_value=2**31)
    return limits


def _joined(orders: Table, joined: pd.DataFrame | None) -> pd.DataFrame:
    if joined is None:
        return pd.DataFrame(
            {
                "customer_id": pd.Series([], dtype=orders["customer_id"].dtype),
                "day": pd.Series([], dtype="datetime64[s]"),
            }
        )
    if "joined_at" in joined:
        joined = joined[joined["joined_at"].notna()]
    schema.require(joined, "customers", ("customer_id", "joined_at"))
    first = joined.groupby("customer_id", observed=True)["joined_at"].min().dt.normalize()
    return first.rename("day").reset_index()
