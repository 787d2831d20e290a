"""Answers on a scale that is no willingness to recommend: the share of the good answers, the mean; wave by wave."""

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError
from course.few import HIDDEN_BELOW
from course.intervals import wilson

#: What was asked: how satisfied (csat), whether it was made easy (ces: high is good), how much effort it took (effort:
#: low is good).
KINDS = ("csat", "ces", "effort")
_SCALE = re.compile(r"(?:(csat|ces|effort) )?(\d+)-(\d+)")
#: Fewer answers than this on the rarer side of a wave's share are no ground for a limit, nor fewer that differ from the
#: most common one for the interval of a mean.
_LEAST_EXPECTED = 5
#: From so many answers a month on, waves are months.
_MONTHLY = 30


@dataclass(frozen=True)
class Satisfaction:
    """Answers on a scale from `least` to `most`.

    Attributes
    ----------
    kind : one of KINDS
    top : the lowest answer that counts as good (of effort: the highest); share, share_low, share_high : of answers from
        there on (Wilson)
    mean, mean_low, mean_high : in points of the scale (Student's t, within the scale; the interval is NaN where fewer
        than five answers differ from the most common one: so few do not say how far others would)
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
    kind: str = "csat"


def scale_of(scale: str) -> tuple[str, int, int] | None:
    """(kind, least, most) of a scale as the table of surveys has it: "1-5", "ces 1-7"; None of the 0–10 question of the
    NPS and of what is no scale."""
    found = None if scale == "0-10" else _SCALE.fullmatch(scale)
    return found and (found[1] or "csat", int(found[2]), int(found[3]))


def good_from(least: int, most: int, kind: str = "csat") -> int:
    """The lowest good answer (of effort: the highest): the upper two of a scale, of yes and no yes, of 0–100 from 80
    on; of CES on 1–7 the three that agree."""
    if most - least == 1:
        return least if kind == "effort" else most
    if kind == "effort":
        return least + 1
    return most - 2 if kind == "ces" and (least, most) == (1, 7) else 80 if most == 100 else most - 1


def are_good(scores: pd.Series, least: int, most: int, kind: str = "csat") -> pd.Series:
    """Which answers are good: satisfied, eased, of little effort."""
    top = good_from(least, most, kind)
    return scores <= top if kind == "effort" else scores >= top


def are_bad(scores: pd.Series, least: int, most: int, kind: str = "csat") -> pd.Series:
    """Which answers are bad: as far from their end of the scale as the good ones may be from theirs."""
    reach = abs(good_from(least, most, kind) - (least if kind == "effort" else most))
    return scores >= most - reach if kind == "effort" else scores <= least + reach


def satisfaction(scores: pd.Series, least: int, most: int, kind: str = "csat") -> Satisfaction:
    """The good answers of a scale (`good_from`) and the mean; 95 % intervals.

    Raises
    ------
    DataError : no answer; an answer off the scale; another kind.

    Source: for CES, Dixon, Freeman and Toman 2010 (effort) and CEB 2013 (made easy); the two are never one figure.
    """
    from scipy.stats import t

    valid = scores.dropna().astype("float64")
    if kind not in KINDS:
        raise DataError("A question on satisfaction is one of {kinds}, not {kind}.", kinds=", ".join(KINDS), kind=kind)
    if valid.empty or not valid.between(least, most).all():
        raise DataError(
            "Satisfaction from {least} to {most} needs answers on that scale, and at least one.", least=least, most=most
        )
    good, n = int(are_good(valid, least, most, kind).sum()), len(valid)
    low, high = wilson(good, n)
    mean, spread = math.fsum(valid) / n, float(valid.std()) if n > 1 else 0.0
    ends = (math.nan, math.nan)
    if n - int(valid.value_counts().max()) >= _LEAST_EXPECTED:
        error = float(t.ppf(0.975, n - 1)) * spread / math.sqrt(n)
        ends = (max(mean - error, least), min(mean + error, most))
    top = good_from(least, most, kind)
    return Satisfaction(least, most, n, top, good / n, float(low), float(high), mean, *ends, kind)


#: Of fewer waves nobody can tell what is usual.
LEAST_WAVES = 3


def chart(answers: pd.Series, at: pd.Series) -> pd.DataFrame:
    """A control chart of waves: of good and other answers (1 and 0) a p-chart; of −100, 0 and 100 one of the NPS.

    The limits of a wave are three standard errors of its own number of answers either side of the mean of all: a steady
    process leaves them about 3 times in 1,000. Waves are months where the months have 30 answers, else quarters; one
    in which the rarer answer is expected fewer than five times is not judged.

    Parameters
    ----------
    answers : n figures, each from one of two or three kinds of answers; at : when each was given; blanks are left out.

    Returns
    -------
    frame, in order of time: wave (Period), n, value (the mean), centre, low, high (limits; NaN: not judged), outside

    Raises
    ------
    DataError : fewer than three waves.

    Source: Shewhart 1931; Montgomery, Introduction to Statistical Quality Control, ch. 7.
    """
    given, out = _by_wave(answers, at)
    spread = float(given["answer"].std(ddof=0))
    rarer = given["answer"].value_counts(normalize=True)
    # Of the two ends alone: passives may be many or few.
    ends = [rarer.get(given["answer"].min(), 0.0), rarer.get(given["answer"].max(), 0.0)]
    judged = (out["n"] * min(ends) >= _LEAST_EXPECTED) & (spread > 0)
    return _limited(given, out, spread, judged, given["answer"].min(), given["answer"].max())


def mean_chart(answers: pd.Series, at: pd.Series, least: int, most: int) -> pd.DataFrame:
    """A control chart of the means of waves (x̄ chart): as `chart`, but for what the limits come from.

    The standard deviation is that within waves, s² = Σ (nᵢ − 1) sᵢ² / Σ (nᵢ − 1): were it that of all answers, waves
    that differ would widen the limits that are to tell them apart. A wave of fewer than ten answers is not judged.

    Parameters
    ----------
    answers : n scores from `least` to `most`; at : when each was given; blanks are left out.

    Returns
    -------
    frame as of `chart`; low and high stay within the scale

    Raises
    ------
    DataError : fewer than three waves.

    Source: Montgomery, Introduction to Statistical Quality Control, ch. 6 (variable sample size).
    """
    given, out = _by_wave(answers, at)
    within = given["answer"] - given["wave"].map(out.set_index("wave")["value"])
    degrees = len(given) - len(out)
    spread = math.sqrt(math.fsum(within**2) / degrees) if degrees else 0.0
    return _limited(given, out, spread, (out["n"] >= HIDDEN_BELOW) & (spread > 0), least, most)


def _by_wave(answers: pd.Series, at: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The answers with their wave; and of each wave how many there are, and their mean."""
    given = pd.DataFrame({"answer": answers.astype("float64"), "at": at}).dropna()
    months = given["at"].dt.tz_localize(None).dt.to_period("M")
    monthly = given.groupby(months).size()
    given["wave"] = months if len(monthly) > 2 and monthly.median() >= _MONTHLY else months.dt.asfreq("Q")
    out = given.groupby("wave")["answer"].agg(n="size", value="mean").reset_index()
    if len(out) < LEAST_WAVES:
        raise DataError("A control chart needs three waves or more; there {n:is|are} {n}.", n=len(out))
    return given, out


def _limited(
    given: pd.DataFrame, waves: pd.DataFrame, spread: float, judged: pd.Series, least: float, most: float
) -> pd.DataFrame:
    """The waves with centre and limits, three standard errors of their own number of answers either side."""
    centre, reach = math.fsum(given["answer"]) / len(given), 3 * spread / np.sqrt(waves["n"])
    low, high = (centre - reach).clip(lower=least).where(judged), (centre + reach).clip(upper=most).where(judged)
    outside = (waves["value"] < low) | (waves["value"] > high)
    return waves.assign(centre=centre, low=low, high=high, outside=outside)
