"""What several customers together are expected to bring, and on how few of them it rests."""

from dataclasses import dataclass

import numpy as np

from course.intervals import sum_of_draws


@dataclass(frozen=True)
class Total:
    """What a group of customers is expected to bring.

    Attributes
    ----------
    customers : their number
    value, low, high : money, with the 95 % interval of `intervals.sum_of_draws`: the model's parameters as they are
    half : how few of them, the largest first, hold half of it
    """

    customers: int
    value: float
    low: float
    high: float
    half: int


def total(values: object) -> Total:
    """Expected values of a group added up.

    Parameters
    ----------
    values : (n,) expected money a customer, 0 or more, no blanks; may be empty.
    """
    largest_first = np.sort(np.asarray(values, dtype="float64"))[::-1]
    value, low, high = sum_of_draws(largest_first)
    half = int(np.searchsorted(largest_first.cumsum(), value / 2) + 1) if value > 0 else 0
    return Total(len(largest_first), value, low, high, half)
