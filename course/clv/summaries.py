"""What the models read: x, t_x, T and monetary, one row a customer, and the same with a part of the time held out."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.engine import query
from course.errors import DataError, first_few
from course.language import Sentence
from course.orders import UP_TO, last_day, no_order, same_ids, with_net

#: Code → days in one unit of time, and its name. A week is seven days, never a calendar week.
UNITS = {
    "D": (1.0, Sentence("days")),
    "W": (7.0, Sentence("weeks")),
    "M": (365.25 / 12, Sentence("months")),
    "Y": (365.25, Sentence("years")),
}

#: What the models read of an order.
NEEDS = ("customer_id", "ordered_at", "amount")

# The orders of one day are one purchase. Money is summed in decimals, so no order of rows changes the last digit.
_DAYS = f"""
    WITH days AS (
        SELECT customer_id, CAST(ordered_at AS DATE) AS day,
            sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS money
        FROM orders WHERE {UP_TO}
        GROUP BY customer_id, day
    ), seen AS (SELECT *, min(day) OVER (PARTITION BY customer_id) AS first FROM days)
"""
_SUMMARY = (
    _DAYS
    + """
    SELECT customer_id, count(*) FILTER (day <= $split AND day > first) AS x,
        date_diff('day', first, max(day) FILTER (day <= $split)) / $unit AS t_x,
        date_diff('day', first, CAST($split AS DATE)) / $unit AS T,
        coalesce(CAST(sum(money) FILTER (day <= $split AND day > first) AS DOUBLE) / nullif(x, 0), 0) AS monetary,
        count(*) FILTER (day > $split) AS holdout_x,
        coalesce(CAST(sum(money) FILTER (day > $split) AS DOUBLE) / nullif(holdout_x, 0), 0) AS holdout_monetary,
        count(*) FILTER (day <= $split AND day > first AND day > $before) AS previous_x
    FROM seen WHERE first <= $split GROUP BY customer_id, first ORDER BY customer_id
"""
)
_CURVE = (
    _DAYS
    + """
    SELECT day, count(*) FILTER (day = first) AS new_customers, count(*) FILTER (day > first) AS repeat_purchases
    FROM seen WHERE first <= $split GROUP BY day ORDER BY day
"""
)
_EXCLUDED = (
    _DAYS
    + "SELECT count(DISTINCT customer_id) FILTER (first > $split), count(*) FILTER (first > $split), "
    + "count(*) FILTER (day > $split) FROM seen"
)


@dataclass
class Holdout:
    """Customers as they stood on the day `split`, and what they did until `as_of`.

    Attributes
    ----------
    customers : frame sorted by customer_id: the summary at the split (customer_id, x, t_x, T, monetary), holdout_x
        (purchase days after it), holdout_monetary (money per purchase day after it, averaged as `monetary` is; 0 where
        holdout_x is 0), previous_x (repeat purchases in the stretch of equal length before the split)
    days : frame: day, new_customers, repeat_purchases, of these customers from first day to last
    split, as_of : the last day of calibration, the last day of the holdout
    unit, horizon : unit of time ("D", "W", "M", "Y") and length of the holdout in it
    new_customers, new_purchases : who first bought after the split, and their purchase days: no model of the customers
        at the split can foresee them
    purchases : purchase days of everybody in the holdout
    """

    customers: pd.DataFrame
    days: pd.DataFrame
    split: pd.Timestamp
    as_of: pd.Timestamp
    unit: str
    horizon: float
    new_customers: int
    new_purchases: int
    purchases: int

    def report(self) -> list[Sentence]:
        """What the holdout holds, and whom it leaves out."""
        return [
            Sentence(
                "Held out: {first:%Y-%m-%d} to {last:%Y-%m-%d}, {horizon:.1f} {unit}. It leaves out {new:,} "
                "{new:customer who|customers who} first bought in it, {share:.1%} of its {purchases:,} purchase days.",
                first=self.split + pd.Timedelta(days=1),
                last=self.as_of,
                horizon=self.horizon,
                unit=UNITS[self.unit][1],
                new=self.new_customers,
                share=self.new_purchases / self.purchases if self.purchases else 0.0,
                purchases=self.purchases,
            )
        ]


def summary(orders: pd.DataFrame, as_of: object = None, period: str = "W") -> pd.DataFrame:
    """The four numbers of the buy-till-you-die models, one row a customer.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at, amount; `refunded` (money, ≥ 0) if known.
    as_of : the day the summary is of; later orders are not seen. Default: the day of the last order.
    period : unit of time: "D", "W" (7 days), "M" (365.25 / 12 days) or "Y" (365.25 days).

    Returns
    -------
    frame sorted by customer_id; `.attrs["unit"]` is the period
        x : repeat purchases, that is days with an order after the first such day (int)
        t_x : time from the first purchase to the last (0 when x = 0). Not RFM's recency, which runs the other way
        T : time from the first purchase to as_of
        monetary : money per repeat purchase day, net of `refunded`; 0 when x = 0, since there is none to average

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; an unknown period.
    """
    as_of = last_day(orders, as_of, NEEDS)
    values = {"split": as_of, "before": as_of, "unit": days_in(period)}
    out = _counted(query(_SUMMARY, _tables(orders), as_of=as_of, **values), orders)
    out = out[["customer_id", "x", "t_x", "T", "monetary"]]
    out.attrs["unit"] = period
    return out


def holdout(orders: pd.DataFrame, split: object, as_of: object = None, period: str = "W") -> Holdout:
    """Split time in two: the summary up to a day, and what the same customers did after it.

    Parameters
    ----------
    orders, as_of, period : as for `summary`; `as_of` ends the holdout.
    split : the last day of calibration.

    Raises
    ------
    DataError : as for `summary`, and for a split that leaves nothing on one side.
    """
    as_of, split, days = last_day(orders, as_of, NEEDS), pd.Timestamp(split).normalize(), days_in(period)
    if split >= as_of:
        raise DataError(
            "The split, {split}, must come before {as_of}, the last day: nothing would be held out.",
            split=split.date(),
            as_of=as_of.date(),
        )
    values = {"as_of": as_of, "split": split}
    tables, before = _tables(orders), split - (as_of - split)
    customers = _counted(query(_SUMMARY, tables, before=before, unit=days, **values), orders)
    if customers.empty:
        raise no_order(orders, split)
    customers.attrs["unit"] = period
    new, new_purchases, purchases = query(_EXCLUDED, tables, **values).iloc[0]
    return Holdout(
        customers,
        query(_CURVE, tables, **values),
        split,
        as_of,
        period,
        (as_of - split).days / days,
        int(new),
        int(new_purchases),
        int(purchases),
    )


def check(summary: pd.DataFrame, needs: tuple[str, ...] = ("x", "t_x", "T")) -> None:
    """Refuse a summary that cannot be one: 0 ≤ t_x ≤ T, t_x = 0 exactly where x = 0, x whole and not negative.

    T = 0 (first purchase on the day of the summary) is allowed: it says nothing and harms nothing. `monetary`, where
    needed, is not negative.

    Raises
    ------
    DataError : names the column, how many customers are wrong and the first of them.
    """
    if not isinstance(summary, pd.DataFrame):
        raise DataError("Expected a table (a pandas DataFrame), got {what}.", what=type(summary).__name__)
    missing = [c for c in needs if c not in summary]
    if missing:
        raise DataError(
            "The summary has no column {missing}. It has: {present}. {why}",
            missing=first_few(missing),
            present=first_few(summary.columns, 12),
            why=_WHY if "t_x" in missing else Sentence("Make it with clv.summary."),
        )
    if summary.empty:
        raise DataError("The summary is empty: no customer to learn from.")
    for column in needs:
        values = summary[column]
        if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
            raise _refusal(summary, column, np.ones(len(summary), bool), Sentence("a number"))
        wrong = ~np.isfinite(values.to_numpy(dtype="float64", na_value=np.nan))
        _refuse(summary, column, wrong, Sentence("a number"))
    x = summary["x"].to_numpy(dtype="float64")
    _refuse(summary, "x", (x < 0) | (x != np.floor(x)), Sentence("a whole number of repeat purchases, 0 or more"))
    if "T" in needs:
        _refuse(summary, "T", summary["T"].to_numpy() < 0, Sentence("a time, 0 or more"))
    if "t_x" in needs:
        _check_t_x(summary, x)
    if "monetary" in needs:
        _refuse(summary, "monetary", summary["monetary"].to_numpy() < 0, Sentence("money, 0 or more"))


_WHY = Sentence(
    "t_x is the time from the first purchase to the last one; RFM recency (the last purchase to today) is not t_x. "
    "Make it with clv.summary."
)


def _check_t_x(summary: pd.DataFrame, x: np.ndarray) -> None:
    t_x, end = summary["t_x"].to_numpy(dtype="float64"), summary["T"].to_numpy(dtype="float64")
    _refuse(summary, "t_x", t_x < 0, Sentence("a time, 0 or more"), _WHY)
    _refuse(summary, "t_x", t_x > end, Sentence("no more than T"), _WHY)
    _refuse(summary, "t_x", (x == 0) & (t_x > 0), Sentence("0 where x is 0"), _WHY)
    _refuse(summary, "t_x", (x > 0) & (t_x == 0), Sentence("more than 0 where x is 1 or more"), _WHY)


def _refuse(summary: pd.DataFrame, column: str, wrong: np.ndarray, expected: Sentence, why: object = "") -> None:
    if wrong.any():
        raise _refusal(summary, column, wrong, expected, why)


def _refusal(summary: pd.DataFrame, column: str, wrong: np.ndarray, expected: Sentence, why: object = "") -> DataError:
    keys = summary["customer_id"] if "customer_id" in summary else summary.index.to_series()
    return DataError(
        "Column {column} of the summary: expected {expected}; {n:,} {n:customer is|customers are} not (first: "
        "{first}). {why}",
        column=column,
        expected=expected,
        n=int(wrong.sum()),
        first=first_few(keys[wrong]),
        why=why or Sentence("Make it with clv.summary."),
    )


def horizon_checked(horizon: float) -> float:
    """The horizon as a number, refused where it is none or negative."""
    if not np.isfinite(horizon) or horizon < 0:
        raise DataError("A horizon is a number of units of time, 0 or more, not {horizon}.", horizon=horizon)
    return float(horizon)


def days_in(period: str) -> float:
    """Days in a unit of time, one of UNITS; another is refused."""
    if period not in UNITS:
        raise DataError("The period is one of {periods}, not {period}.", periods=", ".join(UNITS), period=period)
    return UNITS[period][0]


def _tables(orders: pd.DataFrame) -> dict[str, pd.DataFrame]:
    return {"orders": with_net(orders, "customer_id", "ordered_at")}


def _counted(customers: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    return same_ids(customers, orders).astype(dict.fromkeys(("x", "holdout_x", "previous_x"), "int64"))
