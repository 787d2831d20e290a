"""Answers on a scale that is no willingness to recommend: the share of the upper answers, and the mean."""

import math
from dataclasses import dataclass

import pandas as pd

from course.errors import DataError
from course.intervals import Z, wilson


@dataclass(frozen=True)
class Satisfaction:
    """Answers on a scale from `least` to `most`.

    Attributes
    ----------
    top : the lowest answer that counts as satisfied; share, share_low, share_high : of answers from there on (Wilson)
    mean, mean_low, mean_high : in points of the scale (normal interval, within the scale; NaN from one answer)
    """

    least: int
    most: int
    n: int
    top: int
    share: float
    share_low: float
    share_high: float
    mean: float
    mean_low: float
    mean_high: float


def satisfaction(scores: pd.Series, least: int, most: int) -> Satisfaction:
    """The upper two answers of a scale (of yes and no: yes; of 0–100: from 80 on), and the mean; 95 % intervals.

    Raises
    ------
    DataError : no answer; an answer off the scale.
    """
    valid = scores.dropna().astype("float64")
    if valid.empty or not valid.between(least, most).all():
        raise DataError(
            "Satisfaction from {least} to {most} needs answers on that scale, and at least one.", least=least, most=most
        )
    top = {1: 1, 100: 80}.get(most, most - 1)
    satisfied, n = int((valid >= top).sum()), len(valid)
    low, high = wilson(satisfied, n)
    mean = math.fsum(valid) / n
    error = Z * float(valid.std()) / math.sqrt(n) if n > 1 else math.nan
    ends = (max(mean - error, least), min(mean + error, most)) if n > 1 else (math.nan, math.nan)
    return Satisfaction(least, most, n, top, satisfied / n, float(low), float(high), mean, *ends)
