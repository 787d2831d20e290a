"""Importance against performance: what to mend first, and how sure that is."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from course.errors import DataError
from course.nps.importance import coefficients, complete_answers, correlation

#: Important and below the mean performance; important, above; not important, below; not important, above.
QUADRANTS = ("fix", "keep", "low", "overkill")
_SCALES = (5, 7, 10, 100)


def quadrants(
    answers: pd.DataFrame, target: str, drivers: Sequence[str], *, repeats: int = 500, random_state: int = 0
) -> pd.DataFrame:
    """In which quadrant of importance and performance each driver lies, and with what probability.

    Importance is the standardised coefficient: what travels with another driver borrows a correlation, not a
    coefficient. The cross-hair lies at the means of both, so it says what is better or weaker than the other drivers,
    not what is good.

    Parameters
    ----------
    answers : one row an answer; target, drivers : as in `drivers`, at least three drivers on one scale.
    repeats : bootstrap samples of answers.

    Returns
    -------
    frame, in the order of `drivers`: driver, importance, performance (mean), quadrant (the likeliest), probability,
    fix, keep, low, overkill (the probability of each; they sum to 1)

    Raises
    ------
    DataError : as `drivers`; fewer than three drivers; drivers on several scales.

    Source: Martilla and James, Importance-performance analysis, Journal of Marketing 41 (1977), 77–79.
    """
    names = list(drivers)
    if len(names) < 3:
        raise DataError(
            "Importance against performance needs three drivers or more, there {n:is|are} {n}.", n=len(names)
        )
    data = complete_answers(answers, target, names)
    scales = {next((s for s in _SCALES if high <= s), None) for high in data[:, :-1].max(axis=0)}
    if len(scales) > 1:
        raise DataError("The drivers were answered on several scales, which do not convert: they have no common mean.")
    rng, n = np.random.default_rng(random_state), len(data)
    counts = np.stack([np.bincount(rng.integers(n, size=n), minlength=n) for _ in range(repeats)])
    place = np.array([_places(data, sample)[2] for sample in counts])
    importance, performance, _ = _places(data, np.ones(n))
    chances = pd.DataFrame({name: (place == i).mean(axis=0) for i, name in enumerate(QUADRANTS)})
    out = pd.DataFrame({"driver": names, "importance": importance, "performance": performance})
    return out.assign(quadrant=chances.idxmax(axis=1), probability=chances.max(axis=1)).join(chances)


def _places(data: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Importance, performance and quadrant (place in QUADRANTS) of each driver, each answer counted so often."""
    importance = coefficients(*correlation(data, counts))[0]
    performance = counts @ data[:, :-1] / counts.sum()
    weighty, well = importance > importance.mean(), performance > performance.mean()
    return importance, performance, np.where(weighty, 0, 2) + well
