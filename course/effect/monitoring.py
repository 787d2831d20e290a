"""Whether the portrait still holds: drift beside its noise, expected against actual, control charts, the KPI tree."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd

from course import schema
from course.engine import query
from course.errors import DataError, first_few
from course.intervals import wilson
from course.orders import with_net

_BINS = 10
_LEVEL = 0.05

# --- drift -----------------------------------------------------------------------------------------------------------


def drift(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """How far columns have moved between two portraits, beside how far they move by chance.

    PSI = Σ (a − b) ln (a / b) over bins that `before` fixes: tenths of a number (each value where there are ten or
    fewer), the categories of a text, blanks as a bin of their own; rare and new categories are one bin. Half a customer
    is added to each bin. Without drift PSI is near (1/n₁ + 1/n₂) χ² with k − 1 degrees of freedom (Yurdakul and Naranjo
    2020, Journal of Risk Model Validation 14(4)), so its fixed limits 0.1 and 0.25 say little of small portraits.

    Parameters
    ----------
    before, after : one row a customer.
    columns : default: those in both, without dates and customer_id.

    Returns
    -------
    frame, one row a column: column, bins, n_before, n_after, psi, psi_noise (mean without drift), psi_limit (its 95 %
    point), p (χ² test of the bins), q (p with the false discoveries among all columns held at 5 %: Benjamini and
    Hochberg 1995), verdict: "steady" (q ≥ 0.05), else "slight", "moderate" (psi ≥ 0.1) or "large" (psi ≥ 0.25)

    Raises
    ------
    DataError : a portrait without rows; a column that is not in both; a date.
    """
    from scipy.stats import false_discovery_control

    names = _comparable(before, after) if columns is None else list(columns)
    missing = [c for c in names if c not in before or c not in after]
    dates = [c for c in names if c not in missing and _dated(before[c], after[c])]
    if before.empty or after.empty or missing or dates or not names:
        raise DataError(
            "Drift compares columns that both portraits have and that are no dates; check {columns} and that neither "
            "is empty.",
            columns=first_few(missing + dates) or "–",
        )
    rows = [{"column": c, **_moved(*_binned(before[c], after[c]))} for c in names]
    out = pd.DataFrame(rows)
    out["q"] = false_discovery_control(out["p"])
    out["verdict"] = [_verdict(psi, q) for psi, q in zip(out["psi"], out["q"], strict=True)]
    return out


def _comparable(before: pd.DataFrame, after: pd.DataFrame) -> list[str]:
    both = [c for c in before if c in after and c != "customer_id"]
    return [c for c in both if not _dated(before[c], after[c])]


def _dated(*columns: pd.Series) -> bool:
    return any(pd.api.types.is_datetime64_any_dtype(c) for c in columns)


def _binned(before: pd.Series, after: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Counts of both in the bins of `before`."""
    numeric = pd.api.types.is_numeric_dtype(before) and pd.api.types.is_numeric_dtype(after)
    codes = _tenths(before, after) if numeric else _categories(before, after)
    size = max(int(c.max()) for c in codes) + 1
    counts = np.array([np.bincount(c, minlength=size) for c in codes])
    first, second = counts[:, counts.sum(axis=0) > 0]
    return first, second


def _tenths(before: pd.Series, after: pd.Series) -> list[np.ndarray]:
    values = [s.to_numpy(dtype="float64", na_value=np.nan) for s in (before, after)]
    known = values[0][~np.isnan(values[0])]
    edges = np.unique(known)
    if len(edges) > _BINS:
        edges = np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS, method="inverted_cdf"))
    return [np.where(np.isnan(v), len(edges) + 1, np.searchsorted(edges, v)) for v in values]


def _categories(before: pd.Series, after: pd.Series) -> list[np.ndarray]:
    texts = [s.astype("str").where(s.notna()) for s in (before, after)]
    share = texts[0].value_counts(normalize=True, dropna=False)
    # Five expected in the smaller portrait, or the χ² test cannot be trusted.
    kept = sorted(v for v, s in share.items() if isinstance(v, str) and s * min(len(before), len(after)) >= 5)
    number = {value: i for i, value in enumerate(kept)}
    other = len(kept)
    return [
        t.map(lambda v: number.get(v, other) if isinstance(v, str) else other + 1).to_numpy(dtype="int64")
        for t in texts
    ]


def _moved(first: np.ndarray, second: np.ndarray) -> dict:
    from scipy.stats import chi2

    n1, n2, k = int(first.sum()), int(second.sum()), len(first)
    a, b = (second + 0.5) / (n2 + k / 2), (first + 0.5) / (n1 + k / 2)
    unit = 1 / n1 + 1 / n2
    expected = (first + second) / (n1 + n2)
    statistic = sum((((c - c.sum() * expected) ** 2) / (c.sum() * expected)).sum() for c in (first, second))
    return {
        "bins": k,
        "n_before": n1,
        "n_after": n2,
        "psi": float(((a - b) * np.log(a / b)).sum()),
        "psi_noise": (k - 1) * unit,
        "psi_limit": float(chi2.ppf(1 - _LEVEL, k - 1)) * unit if k > 1 else 0.0,
        "p": float(chi2.sf(statistic, k - 1)) if k > 1 else 1.0,
    }


def _verdict(psi: float, p: float) -> str:
    if p >= _LEVEL:
        return "steady"
    return "large" if psi >= 0.25 else "moderate" if psi >= 0.1 else "slight"


@dataclass(frozen=True)
class Match:
    """The expected portrait against the actual one.

    Attributes
    ----------
    table : one row a value, in the order of the expectation: value, customers, expected, actual (shares), difference,
        low, high (Wilson interval of the actual share, 95 % for all values together), verdict ("as expected", "more",
        "fewer")
    n : customers with a value; blank : without one
    psi, psi_noise : distance of the two, and its mean if the expectation were true
    p : of the χ² test; verdict : as for `drift`
    """

    table: pd.DataFrame
    n: int
    blank: int
    psi: float
    psi_noise: float
    p: float
    verdict: str


def compare_portrait(expected: Mapping[str, float], actual: pd.Series) -> Match:
    """Did the campaign, shop or product reach the customers it was meant for?

    Parameters
    ----------
    expected : {value: share}; shares above 0 that add up to 1.
    actual : the value of each customer who came.

    Raises
    ------
    DataError : shares that are none or do not add up; values nobody expected; no customer with a value.
    """
    from scipy.stats import chisquare

    shares = pd.Series(dict(expected), dtype="float64")
    if not (shares > 0).all() or abs(shares.sum() - 1) > 1e-6:
        raise DataError(
            "The expected shares must be above 0 and add up to 1; they add up to {total:.4g}.", total=shares.sum()
        )
    counts = actual.value_counts()
    unexpected = sorted(str(v) for v in counts.index if v not in shares.index)
    if unexpected or counts.empty:
        raise DataError(
            "Every customer needs a value that has an expected share; without one: {values}.",
            values=first_few(unexpected) or "–",
        )
    counts = counts.reindex(shares.index, fill_value=0)
    n, k = int(counts.sum()), len(shares)
    share = counts / n
    low, high = wilson(counts, n, 1 - _LEVEL / k)
    smooth = (counts + 0.5) / (n + k / 2)
    psi = float(((smooth - shares) * np.log(smooth / shares)).sum())
    table = pd.DataFrame(
        {
            "value": shares.index,
            "customers": counts.to_numpy(),
            "expected": shares.to_numpy(),
            "actual": share.to_numpy(),
            "difference": (share - shares).to_numpy(),
            "low": low,
            "high": high,
        }
    )
    outside = [table["low"] > table["expected"], table["high"] < table["expected"]]
    table["verdict"] = np.select(outside, ["more", "fewer"], "as expected")
    p = float(chisquare(counts, n * shares).pvalue) if k > 1 else 1.0
    return Match(table, n, int(actual.isna().sum()), psi, (k - 1) / n, p, _verdict(psi, p))


# --- control chart ---------------------------------------------------------------------------------------------------


def control_chart(values: pd.Series, people: pd.Series | None = None, baseline: int | None = None) -> pd.DataFrame:
    """Shewhart's chart of a monthly or weekly figure: which points are more than the usual wobble.

    Limits are three standard deviations either side: of single values from the mean moving range / 1.128 (NPS, money a
    month), of shares from the binomial with the `people` of each period (a p-chart: retention, conversion). A steady
    process leaves them about 3 times in 1,000, somewhat more often when few points fixed them. Shares of many thousand
    people wobble by more than the binomial says: chart them as single values.

    Parameters
    ----------
    values : one figure a period, in order of time.
    people : people of each period where `values` are shares of them.
    baseline : the first so many periods fix centre and limits; default: all.

    Returns
    -------
    frame with the index of `values`: value, centre, low, high, outside (bool)

    Raises
    ------
    DataError : fewer than eight periods to fix the limits; blanks; shares outside 0–1 or people below 1.
    """
    x = values.to_numpy(dtype="float64")
    first = slice(0, len(x) if baseline is None else baseline)
    if len(x[first]) < 8 or not np.isfinite(x).all():
        raise DataError(
            "A control chart needs at least eight periods without blanks to fix its limits; there are {n}.",
            n=int(np.isfinite(x[first]).sum()),
        )
    if people is None:
        centre = np.full(len(x), x[first].mean())
        sigma = np.full(len(x), np.abs(np.diff(x[first])).mean() / 1.128)
        low, high = centre - 3 * sigma, centre + 3 * sigma
    else:
        n = people.to_numpy(dtype="float64")
        if len(n) != len(x) or not (n >= 1).all() or not ((x >= 0) & (x <= 1)).all():
            raise DataError("A chart of shares needs shares from 0 to 1 and at least one person in each period.")
        centre = np.full(len(x), (x[first] * n[first]).sum() / n[first].sum())
        sigma = np.sqrt(centre * (1 - centre) / n)
        low, high = np.maximum(centre - 3 * sigma, 0), np.minimum(centre + 3 * sigma, 1)
    frame = pd.DataFrame({"value": x, "centre": centre, "low": low, "high": high}, index=values.index)
    # A rounding's worth of room: a flat line is not outside its own limits.
    room = 1e-9 * np.maximum(1, np.abs(centre))
    return frame.assign(outside=(x < low - room) | (x > high + room))


# --- KPI tree --------------------------------------------------------------------------------------------------------

_KPIS = """
    SELECT count(DISTINCT customer_id) AS customers, count(DISTINCT order_id) AS orders,
        coalesce(CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE), 0) AS revenue
    FROM orders WHERE CAST(ordered_at AS DATE) BETWEEN CAST($first AS DATE) AND CAST($last AS DATE)
"""


def kpi_tree(orders: pd.DataFrame, before: tuple[object, object], after: tuple[object, object]) -> pd.DataFrame:
    """Why revenue changed: revenue = customers × orders a customer × amount an order, in two periods.

    What each factor contributed is its Shapley value, the change it makes averaged over all orders in which the three
    can be changed (Shapley 1953): the contributions add up to the change, whatever comes first.

    Parameters
    ----------
    orders : valid orders or lines: customer_id, order_id, ordered_at, amount; `refunded` if known.
    before, after : (first day, last day), both included.

    Returns
    -------
    frame of four rows: kpi ("revenue", "customers", "orders_per_customer", "amount_per_order"), before, after, change
    (relative), contribution (money; that of revenue is the whole change)

    Raises
    ------
    DataError : a column missing or with blanks; a period without orders.
    """
    schema.require(orders, "orders", ("customer_id", "order_id", "ordered_at", "amount"))
    rows = with_net(orders, "customer_id", "order_id", "ordered_at")
    (revenue0, factors0), (revenue1, factors1) = (_factors(rows, *days) for days in (before, after))
    table = pd.DataFrame(
        {
            "kpi": ["revenue", "customers", "orders_per_customer", "amount_per_order"],
            "before": [revenue0, *factors0],
            "after": [revenue1, *factors1],
        }
    )
    table["change"] = table["after"] / table["before"].where(table["before"] != 0) - 1
    table["contribution"] = [revenue1 - revenue0, *_contributions(factors0, factors1)]
    return table


def _factors(rows: pd.DataFrame, first: object, last: object) -> tuple[float, list[float]]:
    first, last = pd.Timestamp(first), pd.Timestamp(last)
    customers, orders, revenue = query(_KPIS, {"orders": rows}, first=first, last=last).iloc[0]
    if not orders:
        raise DataError("There is no order from {first} to {last}.", first=first.date(), last=last.date())
    return revenue, [customers, orders / customers, revenue / orders]


def _contributions(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """Shapley values of the factors of a product."""
    total = [0.0] * len(before)
    orders = list(permutations(range(len(before))))
    for order in orders:
        now = list(before)
        for i in order:
            old = math.prod(now)
            now[i] = after[i]
            total[i] += math.prod(now) - old
    return [t / len(orders) for t in total]
