"""How unequally money is spread over customers: deciles, Lorenz curve, Gini."""

import math
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.intervals import Z


@dataclass(frozen=True)
class Gini:
    """A Gini coefficient.

    Attributes
    ----------
    value : 0 (all equal) to 1 − 1/n (one has all): twice the area between the Lorenz curve and the diagonal
    low, high : 95 %, from Davidson's (2009) standard error on the log-odds scale; too narrow where a few customers
        hold much of the money, since a sample hardly shows such a tail
    n : customers
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Pareto:
    """How money is spread.

    Attributes
    ----------
    deciles : frame, best first: decile (1–10), customers, money, share, cumulative_share, lowest, highest (money of a
        customer; blank in a decile without customers). Sums to the total
    lorenz : frame, poorest first: customers, money (shares, both from 0 to 1 in steps of one per cent of customers)
    gini : Gini
    top_fifth : share of the money that the best 20 % of customers bring
    total : money
    """

    deciles: pd.DataFrame = field(repr=False)
    lorenz: pd.DataFrame = field(repr=False)
    gini: Gini
    top_fifth: float
    total: float


def pareto(money: pd.Series) -> Pareto:
    """How the money is spread over the customers.

    Parameters
    ----------
    money : of each customer, 0 or more.

    Raises
    ------
    DataError : a value that is no number, blank or negative; no customer; no money at all.
    """
    values = _ascending(money)[::-1]
    edges = [i * len(values) // 10 for i in range(11)]
    # Who of equal customers falls on which side of an edge changes nobody's sum.
    parts = [values[a:b] for a, b in pairwise(edges)]
    total = math.fsum(values)
    deciles = pd.DataFrame(
        {
            "decile": range(1, 11),
            "customers": [len(p) for p in parts],
            "money": [math.fsum(p) for p in parts],
            "lowest": [p[-1] if len(p) else np.nan for p in parts],
            "highest": [p[0] if len(p) else np.nan for p in parts],
        }
    )
    deciles.insert(3, "share", deciles["money"] / total)
    deciles.insert(4, "cumulative_share", [math.fsum(values[:b]) / total for b in edges[1:]])
    curve = lorenz(money)
    return Pareto(deciles, curve, gini(money), 1 - float(curve["money"].iloc[80]), total)


def lorenz(money: pd.Series) -> pd.DataFrame:
    """The Lorenz curve at every per cent of customers, poorest first: customers, money (shares from 0 to 1).

    The curve is straight between two customers, so the points lie on it whatever the number of customers.
    """
    values = _ascending(money)
    held = np.append(0.0, np.cumsum(values))
    at = np.arange(101) / 100
    return pd.DataFrame({"customers": at, "money": np.interp(at, np.arange(len(held)) / len(values), held / held[-1])})


def gini(money: pd.Series) -> Gini:
    """The Gini coefficient, G = Σ (2i − n − 1) x_i / (n Σ x) over x in ascending order, with its interval.

    Standard error: Davidson (2009), "Reliable inference for the Gini index", Journal of Econometrics 150, eq. 7–10.
    """
    x = _ascending(money)
    n, mean = len(x), x.mean()
    rank = np.arange(1, n + 1)
    value = min(max(float(((2 * rank - n - 1) * x).sum() / (n * n * mean)), 0.0), 1.0)
    z = ((2 * rank - 1) / n - value - 1) * x - 2 * np.cumsum(x) / n
    error = math.sqrt(((z - z.mean()) ** 2).sum()) / (n * mean)
    if not 0 < value < 1:
        return Gini(value, value, value, n)
    odds, half = math.log(value / (1 - value)), Z * error / (value * (1 - value))
    return Gini(value, _logistic(odds - half), _logistic(odds + half), n)


def _logistic(x: float) -> float:
    return 0.5 * (1 + math.tanh(x / 2))


def _ascending(money: pd.Series) -> np.ndarray:
    money = pd.Series(money)
    if not pd.api.types.is_numeric_dtype(money) or pd.api.types.is_bool_dtype(money):
        raise DataError("The money of customers is not a number: {type}.", type=money.dtype)
    values = money.to_numpy(dtype="float64", na_value=np.nan)
    wrong = ~(np.isfinite(values) & (values >= 0))
    if wrong.any():
        raise DataError(
            "Money of 0 or more is needed for every customer; {n:,} {n:has|have} none (first: {first}). Leave them "
            "out, and say how many.",
            n=int(wrong.sum()),
            first=first_few(money.index[wrong]),
        )
    if not values.sum() > 0:
        raise DataError("There is no money to spread over customers.")
    return np.sort(values)
