"""RFM scores that ties cannot move, and the eight classes.

Recency is the days from the last valid order to `as_of` (small is good, so its score is reversed); frequency the
number of valid orders (an order is its id); monetary the money of those orders, gross and net of matched refunds.
Scores and classes use the net. Sources of the rules: the field's quintile scoring (Hughes 1994) and the eight classes
重要/一般 × 价值/发展/保持/挽留 of Chinese practice.
"""

import numpy as np
import pandas as pd

from course.engine import query
from course.errors import DataError
from course.orders import UP_TO, last_day, same_ids, with_net

#: (recency, frequency, money) high → class; recency is high when it is recent.
CLASSES = {
    (True, True, True): "important_value",
    (True, False, True): "important_develop",
    (False, True, True): "important_keep",
    (False, False, True): "important_win_back",
    (True, True, False): "general_value",
    (True, False, False): "general_develop",
    (False, True, False): "general_keep",
    (False, False, False): "general_win_back",
}
#: Column of each dimension, and whether large values are good.
DIMENSIONS = {"r": ("recency_days", False), "f": ("frequency", True), "m": ("monetary_net", True)}

_SUMMARY = f"""
    SELECT customer_id, min(ordered_at) AS first_order, max(ordered_at) AS last_order,
        date_diff('day', CAST(max(ordered_at) AS DATE), CAST($as_of AS DATE)) AS recency_days,
        count(DISTINCT order_id) AS frequency, count(DISTINCT CAST(ordered_at AS DATE)) AS order_days,
        CAST(sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS monetary_gross,
        CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS monetary_net
    FROM orders WHERE {UP_TO}
    GROUP BY customer_id ORDER BY customer_id
"""


def rfm(orders: pd.DataFrame, as_of: object = None, binning: str = "independent", cut: str = "median") -> pd.DataFrame:
    """RFM scores and classes, one row a customer.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, order_id, ordered_at, amount; `refunded` (money, ≥ 0) if known.
    as_of : the day the portrait is of; later orders are not seen. Default: the day of the last order.
    binning : "independent" (each dimension ranked over all customers) or "nested" (frequency within each recency score,
        money within each of these).
    cut : "median" or "mean"; high is strictly above it (recency: strictly fewer days), but see `cuts`.

    Returns
    -------
    frame sorted by customer_id: first_order, last_order, recency_days (days), frequency (orders), order_days (days with
    an order), monetary_gross, monetary_net (money), r, f, m (1–5, 5 is good), rfm (100 r + 10 f + m), rfm_class

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; an unknown binning or cut.
    """
    as_of = last_day(orders, as_of)
    rows = with_net(orders, "customer_id", "order_id", "ordered_at", "amount")
    customers = same_ids(query(_SUMMARY, {"orders": rows}, as_of=as_of), orders)
    customers[["r", "f", "m"]] = scores(customers, binning)
    customers["rfm"] = 100 * customers["r"] + 10 * customers["f"] + customers["m"]
    customers["rfm_class"] = classes(customers, cut)
    return customers


def scores(customers: pd.DataFrame, binning: str = "independent") -> pd.DataFrame:
    """Scores 1–5 by quintile of the average-rank percentile, so that equal customers get equal scores.

    A score is ⌈5 · rank / n⌉ in whole numbers. Some scores may stay empty: that is what ties mean.

    Parameters
    ----------
    customers : recency_days, frequency, monetary_net.
    binning : "independent" or "nested".

    Returns
    -------
    frame aligned with `customers`: r, f, m (int)
    """
    if binning not in ("independent", "nested"):
        raise DataError("Binning is independent or nested, not {binning}.", binning=binning)
    out = pd.DataFrame(index=customers.index)
    for name, (column, large_is_good) in DIMENSIONS.items():
        within = [out[c] for c in out.columns] if binning == "nested" else []
        out[name] = _quintile(customers[column], large_is_good, within)
    return out


def _quintile(values: pd.Series, large_is_good: bool, within: list[pd.Series]) -> pd.Series:
    grouped = values.groupby(within, sort=False) if within else values
    size = grouped.transform("size") if within else len(values)
    # Twice the average rank is a whole number: no rounding can push a customer over an edge.
    twice = (2 * grouped.rank(method="average", ascending=large_is_good)).round().astype("int64")
    return -(-5 * twice // (2 * size))


def cuts(customers: pd.DataFrame, cut: str = "median") -> dict[str, float]:
    """The value of each dimension above which (recency: below which) a customer counts as high.

    Where the median (or mean) is the best value that anybody has, nobody could be high, and who bought today would be
    called silent: there the cut lies half a day, or half an order, on the worse side, and the best value is high. One
    order, never followed by another, is not frequent; money has no best value.
    """
    if cut not in ("median", "mean"):
        raise DataError("The cut is median or mean, not {cut}.", cut=cut)
    # To the millionth, as money is: half of 0.02 + 19.74 must be 9.88, or a customer at 9.88 would count as above it.
    found = {name: round(float(getattr(customers[column], cut)()), 6) for name, (column, _) in DIMENSIONS.items()}
    if found["r"] <= customers["recency_days"].min():
        found["r"] += 0.5
    if found["f"] >= customers["frequency"].max() > 1:
        found["f"] -= 0.5
    return found


def classes(customers: pd.DataFrame, cut: str = "median") -> pd.Series:
    """The eight classes: high or low in recency, frequency and money, strictly above the cut."""
    edge = cuts(customers, cut)
    high = [
        customers[column] > edge[name] if large_is_good else customers[column] < edge[name]
        for name, (column, large_is_good) in DIMENSIONS.items()
    ]
    number = sum(h.astype("int64") * 2**i for i, h in enumerate(high))
    names = np.array([CLASSES[tuple(bool(i >> b & 1) for b in range(3))] for i in range(8)], dtype=object)
    return pd.Series(names[number], index=customers.index, dtype="str")


def thresholds(customers: pd.DataFrame) -> pd.DataFrame:
    """What each independent score means: the lowest and highest value that got it.

    Returns
    -------
    frame: dimension (r, f, m), score (5 … 1), lowest, highest, customers; a score nobody got has no row
    """
    rows = []
    given = scores(customers)
    for name, (column, _) in DIMENSIONS.items():
        by_score = customers[column].groupby(given[name]).agg(["min", "max", "size"])
        rows += [(name, int(s), r["min"], r["max"], int(r["size"])) for s, r in by_score[::-1].iterrows()]
    return pd.DataFrame(rows, columns=["dimension", "score", "lowest", "highest", "customers"])


def class_sizes(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and money of each of the eight classes, in the order of CLASSES; empty classes are kept.

    Returns
    -------
    frame: rfm_class, customers, share (of customers), money (net), money_share, median_recency (days)
    """
    grouped = customers.groupby("rfm_class")
    out = pd.DataFrame(
        {
            "customers": grouped.size(),
            "money": grouped["monetary_net"].sum(),
            "median_recency": grouped["recency_days"].median(),
        }
    )
    out = out.reindex(list(CLASSES.values())).rename_axis("rfm_class").reset_index()
    out[["customers", "money"]] = out[["customers", "money"]].fillna(0)
    out["customers"] = out["customers"].astype("int64")
    total = out["money"].sum()
    out.insert(2, "share", out["customers"] / len(customers))
    out.insert(4, "money_share", out["money"] / total if total else np.nan)
    return out
