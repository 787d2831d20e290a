"""Before a test: how many customers it takes, what a given number can show, what looking early costs.

Two shares are compared on the arcsine scale, h = 2 (asin √p₂ − asin √p₁) (Cohen 1988, ch. 6), so that the size of a
sample does not depend on which share is called the base. Tests are two-sided.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np

from course.errors import DataError

#: Arms further from the plan than one time in so many say that people were lost or counted twice on the way.
RATIO_LIMIT = 0.001

_quantile = NormalDist().inv_cdf


def sample_ratio(counts: Sequence[int], expected: Sequence[float] | None = None) -> float:
    """The chance of arms at least this far from the plan: look at it before any effect.

    Below RATIO_LIMIT the split did not work as planned, and no effect can be read from it.

    Parameters
    ----------
    counts : people in each arm.
    expected : planned shares or weights of the arms; default: equal.

    Returns
    -------
    p of the χ² test (0–1)

    Raises
    ------
    DataError : fewer than two arms, negative or no people, weights that are not one positive number an arm.
    """
    from scipy.stats import chisquare

    seen = np.asarray(counts, dtype="float64")
    plan = np.ones(len(seen)) if expected is None else np.asarray(expected, dtype="float64")
    if len(seen) < 2 or not np.isfinite(seen).all() or (seen < 0).any() or seen.sum() == 0:
        raise DataError("A sample ratio needs the people of two arms or more, not {counts}.", counts=list(counts))
    if plan.shape != seen.shape or not (np.isfinite(plan).all() and (plan > 0).all()):
        raise DataError(
            "The plan {plan} must give one number above 0 for each of {n} arms.", plan=list(plan), n=len(seen)
        )
    return float(chisquare(seen, seen.sum() * plan / plan.sum()).pvalue)


def needed(base: float, change: float, relative: bool = True, power: float = 0.8, alpha: float = 0.05) -> int:
    """Customers an arm to find a change of a share.

    n = 2 ((z_{1−α/2} + z_power) / h)², rounded up.

    Parameters
    ----------
    base : the share without the change, in (0, 1).
    change : 0.3 is +30 % of the base if `relative`, else +30 percentage points.
    power, alpha : chance of finding the change if it is there; of a false alarm if it is not (two-sided).

    Raises
    ------
    DataError : a base or a changed share outside (0, 1); no change; power or alpha that are no chances.
    """
    after = base * (1 + change) if relative else base + change
    if not 0 < base < 1 or not 0 < after < 1:
        raise DataError(
            "A share must stay between 0 and 1, both ends left out: from {base:.4g} to {after:.4g} it does not.",
            base=base,
            after=after,
        )
    if change == 0:
        raise DataError("No change needs no test: give one above or below 0.")
    effect = 2 * (math.asin(math.sqrt(after)) - math.asin(math.sqrt(base)))
    return math.ceil(2 * (_reach(power, alpha) / effect) ** 2)


def detectable(n: int, base: float | None = None, power: float = 0.8, alpha: float = 0.05) -> float:
    """The smallest gap between two groups of `n` that a test finds with the given power.

    The inverse of `needed`: a gap in whole points is found if it is at least this one, rounded up.

    Parameters
    ----------
    n : people in each group.
    base : the lower of the two shares; default: wherever a gap is hardest to find (around one half).

    Returns
    -------
    the gap as a share: 0.235 is 23.5 percentage points

    Raises
    ------
    DataError : n below 1; a base outside [0, 1); so few people that no gap can be found.
    """
    if n < 1:
        raise DataError("A test needs at least one customer an arm, not {n}.", n=n)
    half = _reach(power, alpha) / math.sqrt(2 * n)
    low = (math.pi / 2 - half) / 2 if base is None else _angle(base)
    if low < 0 or low + half > math.pi / 2:
        raise DataError("{n:,} an arm are too few: no gap, however wide, would be found.", n=n)
    return math.sin(low + half) ** 2 - math.sin(low) ** 2


def _angle(base: float) -> float:
    if not 0 <= base < 1:
        raise DataError("The base is a share from 0 to below 1, not {base}.", base=base)
    return math.asin(math.sqrt(base))


def needed_mean(sd: float, difference: float, power: float = 0.8, alpha: float = 0.05) -> int:
    """Customers an arm to find a difference of means (money a head).

    n = 2 (z sd / difference)² + z²_{1−α/2} / 4, rounded up: the normal size with the correction for the t-test
    (Guenther 1981, The American Statistician 35, 243–244).

    Parameters
    ----------
    sd : standard deviation of one customer, in the unit of the difference.
    difference : of the two means, in that unit.

    Raises
    ------
    DataError : sd not above 0, no difference, power or alpha that are no chances.
    """
    if not (math.isfinite(sd) and sd > 0 and math.isfinite(difference) and difference != 0):
        raise DataError(
            "The standard deviation must be above 0 and the difference not 0; got {sd} and {difference}.",
            sd=sd,
            difference=difference,
        )
    # Rounded first: at a difference of one sd the sum is a whole number but for its last digits.
    exact = 2 * (_reach(power, alpha) * sd / difference) ** 2 + _quantile(1 - alpha / 2) ** 2 / 4
    return math.ceil(round(exact, 9))


def peeking(looks: int = 5, alpha: float = 0.05, repeats: int = 200_000, random_state: int = 0) -> float:
    """How often a test without any effect is called one if somebody looks `looks` times and stops at the first p < α.

    Simulated: after equal batches of customers the test statistic is a sum of as many normal steps, divided by √k.
    Five looks at 5 % make 14.2 % (Armitage, McPherson and Rowe 1969, JRSS A 132, 235–244). One look is an A/A test.

    Parameters
    ----------
    looks : equally spaced, the last one at the planned end.
    repeats : experiments simulated; the standard error of 14 % is .08 points with 200,000.

    Returns
    -------
    share of the experiments with a false alarm
    """
    if looks < 1 or repeats < 1:
        raise DataError("At least one look and one experiment are needed, not {looks} and {n}.", looks=looks, n=repeats)
    limit = _quantile(1 - alpha / 2)
    steps = np.random.default_rng(random_state).standard_normal((repeats, looks))
    statistic = np.abs(steps.cumsum(axis=1)) / np.sqrt(np.arange(1, looks + 1))
    return float((statistic > limit).any(axis=1).mean())


def _reach(power: float, alpha: float) -> float:
    if not 0 < alpha < power < 1:
        raise DataError(
            "Power and alpha are chances between 0 and 1, power the larger one; got {power} and {alpha}.",
            power=power,
            alpha=alpha,
        )
    return _quantile(1 - alpha / 2) + _quantile(power)
