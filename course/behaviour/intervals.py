"""The intervals and the false-discovery control that the other files of this step share."""

from statistics import NormalDist

import numpy as np
from scipy.stats import false_discovery_control

#: 95 % of a normal distribution lie within ± this many standard deviations.
Z = NormalDist().inv_cdf(0.975)


def wilson(found: object, of: object) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of the share found / of (Wilson 1927); blank where `of` is 0."""
    k, n = np.asarray(found, dtype="float64"), np.asarray(of, dtype="float64")
    n = np.where(n > 0, n, np.nan)
    centre = (k + Z**2 / 2) / (n + Z**2)
    half = Z * np.sqrt(k * (n - k) / n + Z**2 / 4) / (n + Z**2)
    return np.where(k == 0, 0 * centre, centre - half), np.where(k == n, 1 + 0 * centre, centre + half)


def q_values(p: np.ndarray, tests: int | None = None) -> np.ndarray:
    """Benjamini and Hochberg's (1995) adjusted p-values; tests beyond those of `p` are counted as p = 1."""
    p = np.asarray(p, dtype="float64")
    if not len(p):
        return p
    return np.minimum(false_discovery_control(p) * ((tests or len(p)) / len(p)), 1.0)
