"""How far a figure is to be believed: the interval of a share, of a share of a sum; and q values."""

from statistics import NormalDist

import numpy as np

#: 95 % of a normal distribution lie within ± this many standard deviations.
Z = NormalDist().inv_cdf(0.975)

# The same as the lessons write it, so that a learner's interval of money meets the report's to the last digit shown.
_PLAIN_Z = 1.96


def wilson(k: object, n: object, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Interval of the share k / n: (low, high), each of the shape of k and n; a pair of floats for two numbers.

    0 of 0 says nothing: both ends are NaN. The low end of 0 of n is exactly 0 and the high end of n of n exactly 1,
    whatever the last digit of the formula; the other end stays inside, as certainty is never observed.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209–212.
    """
    k, n = np.asarray(k, dtype="float64"), np.asarray(n, dtype="float64")
    n, z = np.where(n > 0, n, np.nan), NormalDist().inv_cdf((1 + level) / 2)
    centre = (k + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
    return np.where(k == 0, 0 * centre, centre - half)[()], np.where(k == n, 1 + 0 * centre, centre + half)[()]


def share_of_sum(values: object, chosen: object) -> tuple[float, float, float]:
    """Share of the sum of `values` that the chosen ones hold, with its 95 % interval: (share, low, high).

    It is a ratio of two sums over the same customers; its standard error is that of the linearised ratio (Cochran 1977,
    Sampling Techniques, ch. 6): one pass, no random numbers. The interval is cut at 0 and 1. Three zeros where the
    sum is not above 0.

    Parameters
    ----------
    values : (n,) money or another amount a customer, no blanks; chosen : (n,) true or false.
    """
    values, chosen = np.asarray(values, dtype="float64"), np.asarray(chosen, dtype=bool)
    total = values.sum()
    if total <= 0:
        return 0.0, 0.0, 0.0
    share = values[chosen].sum() / total
    error = np.sqrt(((values * (chosen - share)) ** 2).sum()) / total
    return float(share), float(max(0, share - _PLAIN_Z * error)), float(min(1, share + _PLAIN_Z * error))


def effective(values: object) -> float:
    """How many equal customers would leave a sum as uncertain as `values` do: (Σx)² / Σx², from 1 to n; 0 without any.

    One customer who holds nearly all counts as one, whoever else there is.

    Source: Kish, Survey Sampling (1965), on the effective size of a weighted sample.
    """
    values = np.asarray(values, dtype="float64")
    squares = (values**2).sum()
    return float(values.sum() ** 2 / squares) if squares > 0 else 0.0


def q_values(p: object, tests: int | None = None) -> np.ndarray:
    """p-values adjusted for the false discovery rate, (n,); tests beyond those of `p` are counted as p = 1.

    Source: Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57 (1995), 289–300.
    """
    from scipy.stats import false_discovery_control  # not before it is needed: importing takes most of a second

    p = np.asarray(p, dtype="float64")
    if not len(p):
        return p
    return np.minimum(false_discovery_control(p) * ((tests or len(p)) / len(p)), 1.0)


def part_against_rest(k: object, n: object, base_k: object, base_n: object) -> np.ndarray:
    """Whether a value is as frequent in a part as in the rest: two-sided p of the pooled test of two shares.

    NaN where fewer than five of a kind are expected in the smaller of the two: the test cannot be trusted there. It is
    the χ² test of the table of four cells without correction (Pearson 1900), of which z is the root.

    Parameters
    ----------
    k : customers of the part that have the value, of its `n`; base_k : of everybody, the part among them, of `base_n`.
    """
    from scipy.stats import norm  # not before it is needed: importing takes most of a second

    k, n, base_k, base_n = (np.asarray(x, dtype="float64") for x in (k, n, base_k, base_n))
    rest, pooled = base_n - n, base_k / base_n
    with np.errstate(invalid="ignore", divide="ignore"):  # nobody in the part, or in the rest: not to be trusted
        gap = k / n - (base_k - k) / rest
        p = 2 * norm.sf(np.abs(gap / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / rest))))
    return np.where(np.minimum(n, rest) * np.minimum(pooled, 1 - pooled) >= 5, p, np.nan)
