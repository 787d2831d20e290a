"""Maximum likelihood for a handful of positive parameters: logs of them, exact derivatives, several starts.

Newton's method within a trust region (scipy's "trust-exact"), on the mean log-likelihood of a customer. Parameters that
run away are held by a wall far outside of what data can tell apart, and such a fit does not count as converged.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, optimize

#: Derivatives → (log-likelihood, gradient, Hessian) at the parameters themselves.
Likelihood = Callable[[np.ndarray], tuple[float, np.ndarray, np.ndarray]]
#: No parameter, in units of the scaled data, goes beyond e^±16; no sum named as bounded beyond 10^5.
_FAR, _LARGEST_SUM = 16.0, 1e5
#: An optimum counts when a further Newton step would add less than this to the log-likelihood …
_LITTLE = 1e-6
#: … and when no combination of log parameters has a standard error above 10: a factor of e^±20.
_OPEN = 10.0
#: So many different customers are enough to choose among starts.
_FIRST_LOOK = 20_000
#: Where more than half of so many values differ, a column is no scale on which many rows are equal.
_PROBE = 1000
#: Rows worked on at a time.
_BLOCK = 8192


@dataclass
class Optimum:
    """Where the search ended: parameters, log-likelihood and, of the *log* parameters, slope, curvature, covariance."""

    parameters: np.ndarray
    log_likelihood: float
    slope: np.ndarray
    curvature: np.ndarray
    covariance: np.ndarray
    condition: float
    reached: bool
    identified: bool


def dot(left: np.ndarray, right: np.ndarray) -> float:
    """Sum of products, in one thread: those that BLAS would start cost more than they bring, and round differently."""
    return float(np.einsum("i,i->", left, right))


def blocks(rows: tuple[np.ndarray, ...]) -> Iterator[tuple[np.ndarray, ...]]:
    """The rows in stretches that stay in a processor's cache, in their order."""
    for start in range(0, len(rows[0]), _BLOCK):
        yield tuple(column[start : start + _BLOCK] for column in rows)


def group(*columns: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Equal rows as one, in ascending order, so that no order of rows changes a sum.

    Returns
    -------
    the columns of the different rows, and how many rows each stands for
    """
    if any(len(np.unique(column[:_PROBE])) > _PROBE / 2 for column in columns):
        return _group_sorted(columns)
    key, levels = _keys(columns)
    size = np.prod([len(level) for level in levels], dtype="float64")
    if size <= 8 * len(key):
        tally = np.bincount(key)
        present = np.flatnonzero(tally)
        counts = tally[present]
    else:
        present, counts = np.unique(key, return_counts=True)
    return _decoded(present, levels), counts.astype("float64")


def _group_sorted(columns: Sequence[np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """The same where few rows are equal: put in order, by the further columns only where the first ones tie."""
    if len(columns) == 1:
        present, counts = np.unique(columns[0], return_counts=True)
        return [present], counts.astype("float64")
    order = np.lexsort(columns[1::-1])
    columns = [column[order] for column in columns]
    if len(columns) > 2:
        again = _equals_last(columns[:2])
        tied = again.copy()
        tied[:-1] |= again[1:]
        rows = np.flatnonzero(tied)
        settled = rows[np.lexsort([column[rows] for column in reversed(columns)])]
        for column in columns:
            column[rows] = column[settled]
    first = np.flatnonzero(~_equals_last(columns))
    return [column[first] for column in columns], np.diff(first, append=len(order)).astype("float64")


def _equals_last(columns: Sequence[np.ndarray]) -> np.ndarray:
    """Which rows equal the one before them."""
    same = np.ones(len(columns[0]), dtype=bool)
    same[:1] = False
    for column in columns:
        same[1:] &= column[1:] == column[:-1]
    return same


def group_numbers(*columns: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """As `group`, but with the number of its group for each row in place of the counts."""
    key, levels = _keys(columns)
    present, number = np.unique(key, return_inverse=True)
    return _decoded(present, levels), number


def _keys(columns: tuple[np.ndarray, ...]) -> tuple[np.ndarray, list[np.ndarray]]:
    """One whole number for each combination of values; it fits as long as the table fits into a memory."""
    key, levels = np.zeros(len(columns[0]), dtype="int64"), []
    for column in columns:
        codes, level = pd.factorize(column, sort=True)
        key = key * len(level) + codes
        levels.append(level)
    return key, levels


def _decoded(key: np.ndarray, levels: list[np.ndarray]) -> list[np.ndarray]:
    codes = []
    for level in reversed(levels):
        key, code = np.divmod(key, len(level))
        codes.append(code)
    return [level[code] for level, code in zip(levels, reversed(codes), strict=True)]


def maximise(likelihood: Callable, rows: tuple, starts: Sequence[np.ndarray], bounded: Sequence[int] = ()) -> Optimum:
    """The best optimum that the starts lead to.

    Parameters
    ----------
    likelihood : called with `rows` gives a Likelihood.
    rows : arrays of equal length, the last one the number of customers a row stands for. Where there are many rows the
        starts are compared on every k-th of them.
    starts : positive parameters.
    bounded : positions of parameters whose sum is bounded (a and b of a beta distribution).
    """
    step = len(rows[0]) // _FIRST_LOOK
    if step > 1 and len(starts) > 1:
        few = tuple(column[::step] for column in rows)
        found = [_search(_Surface(likelihood(*few), few[-1].sum(), bounded), start) for start in starts]
        starts = [np.exp(min(found, key=lambda f: f[1])[0])]
    surface = _Surface(likelihood(*rows), rows[-1].sum(), bounded)
    best = min((_search(surface, start) for start in starts), key=lambda f: f[1])[0]
    return _settle(surface, best)


class _Surface:
    """Minus the mean log-likelihood and its derivatives in the logs of the parameters, plus the wall."""

    def __init__(self, likelihood: Likelihood, customers: float, bounded: Sequence[int]) -> None:
        self.likelihood, self.customers, self.bounded = likelihood, customers, list(bounded)
        self._last: tuple | None = None

    def at(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        parts = zip(self.plain(theta), self.wall(theta), strict=True)
        return tuple(-plain / self.customers + wall for plain, wall in parts)

    def plain(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        if self._last is None or not np.array_equal(self._last[0], theta):
            p = np.exp(theta)
            value, gradient, hessian = self.likelihood(p)
            parts = value, p * gradient, np.outer(p, p) * hessian + np.diag(p * gradient)
            self._last = (theta.copy(), parts)
        return self._last[1]

    def wall(self, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """Half the square of how far a log is beyond its bound: zero, with all derivatives, inside."""
        over = np.sign(theta) * np.maximum(np.abs(theta) - _FAR, 0)
        value, gradient, hessian = over @ over / 2, over.copy(), np.diag((over != 0).astype("float64"))
        if self.bounded:
            part = np.exp(theta[self.bounded])
            beyond = max(np.log(part.sum() / _LARGEST_SUM), 0.0)
            if beyond:
                share = np.zeros(len(theta))
                share[self.bounded] = part / part.sum()
                value += beyond**2 / 2
                gradient += beyond * share
                hessian += np.outer(share, share) + beyond * (np.diag(share) - np.outer(share, share))
        return value, gradient, hessian


def _search(surface: _Surface, start: np.ndarray) -> tuple[np.ndarray, float]:
    found = optimize.minimize(
        lambda t: surface.at(t)[0],
        np.log(start),
        jac=lambda t: surface.at(t)[1],
        hess=lambda t: surface.at(t)[2],
        method="trust-exact",
        options={"gtol": 1e-6, "maxiter": 300, "initial_trust_radius": 1.0, "max_trust_radius": 8.0},
    )
    return found.x, float(found.fun)


def _settle(surface: _Surface, theta: np.ndarray) -> Optimum:
    """A few plain Newton steps to the last digits, then the verdict."""
    for _ in range(5):
        value, gradient, hessian = surface.at(theta)
        step = _newton(gradient, hessian)
        if step is None or gradient @ step * surface.customers < 1e-14:
            break
        if not surface.at(theta - step)[0] <= value + 1e-12 * abs(value):
            break
        theta = theta - step
    value, gradient, hessian = surface.plain(theta)
    curvature = linalg.eigvalsh(-hessian)  # ascending
    step = _newton(-gradient, -hessian)
    inside = surface.wall(theta)[0] == 0
    reached = bool(inside and step is not None and -gradient @ step < _LITTLE)
    identified = bool(inside and determined(-hessian))
    return Optimum(
        np.exp(theta),
        float(value),
        gradient,
        -hessian,
        linalg.inv(-hessian) if identified else np.full(hessian.shape, np.nan),
        float(curvature[-1] / curvature[0]) if curvature[0] > 0 else np.inf,
        reached,
        identified,
    )


def determined(curvature: np.ndarray) -> bool:
    """Whether no combination of these log parameters is open by more than a factor of e^±20."""
    return bool(linalg.eigvalsh(curvature)[0] > _OPEN**-2)


def _newton(gradient: np.ndarray, hessian: np.ndarray) -> np.ndarray | None:
    try:
        return linalg.cho_solve(linalg.cho_factor(hessian), gradient)
    except linalg.LinAlgError:
        return None
