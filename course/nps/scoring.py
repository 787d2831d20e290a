"""The NPS with an interval that can be trusted: of all, by group, wave by wave, and how many answers it takes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pandas as pd

from course import schema
from course.errors import DataError
from course.intervals import Z
from course.nps.answers import SCORES, column_of, need_columns, read_scores, read_weights

_ADDED = 3.0  # answers that Rocks's interval adds: ¾ promoters, 1½ passives, ¾ detractors


@dataclass(frozen=True)
class Score:
    """An NPS.

    Attributes
    ----------
    value : points, −100 to 100; unadjusted, weighted where weights were given
    low, high : adjusted Wald 95 % interval in points; never beyond ±100, never without `value`
    n : answers counted (unweighted)
    blank : NaN and declared blanks
    effective_n : Kish's effective number of answers, (Σw)² / Σw²; n without weights
    promoters, passives, detractors : answers (unweighted)
    promoter_share, detractor_share : shares, weighted where weights were given
    shape : share of each score 0–10 (Series of 11, sums to 1), weighted where weights were given
    """

    value: float
    low: float
    high: float
    n: int
    blank: int
    effective_n: float
    promoters: int
    passives: int
    detractors: int
    promoter_share: float
    detractor_share: float
    shape: pd.Series = field(compare=False, repr=False)

    @property
    def variance(self) -> float:
        """p + d − (p − d)², the variance of one answer counted +1, 0 or −1."""
        return self.promoter_share + self.detractor_share - (self.promoter_share - self.detractor_share) ** 2

    @property
    def standard_error(self) -> float:
        """√(variance / effective_n) in points, unadjusted."""
        return 100 * math.sqrt(self.variance / self.effective_n)


@dataclass(frozen=True)
class Difference:
    """NPS of one group less that of another: `value` (unadjusted), `low`, `high` (95 %) in points; `p` two-sided."""

    value: float
    low: float
    high: float
    p: float


def score(scores: Iterable, weights: Iterable | None = None, blanks: object = (), *, check_scale: bool = True) -> Score:
    """The NPS of answers from 0 to 10.

    The interval is Rocks's: three answers are added (¾ promoters, 1½ passives, ¾ detractors) before the Wald interval
    is taken; with weights, n is Kish's effective number. The value itself stays unadjusted.

    Parameters
    ----------
    scores : n answers; whole numbers 0–10 of any numeric type, NaN where nobody answered.
    weights : n survey weights ≥ 0; their scale means nothing. Those of blank answers are not looked at.
    blanks : value or values that mean “not answered”.
    check_scale : refuse what looks like a five-point question (at least ENOUGH_FOR_SCALE answers, all within 1–5).

    Raises
    ------
    DataError : anything but whole numbers 0–10, NaN and declared blanks; a five-point scale; no answer; weights of
        another length or order, negative, infinite, missing or all zero.

    Source: Rocks, Interval estimation for the Net Promoter Score, The American Statistician 70 (2016), 365–372;
    Kish, Survey Sampling (1965).
    """
    column = column_of(scores)
    figures = read_scores(column, blanks, check_scale)
    weights = read_weights(weights, column, figures)
    if np.isnan(figures).all():
        raise DataError(
            "There is no answer to score: {n:,} {n:row|rows}, all blank. Check which column holds the score.",
            n=len(figures),
        )
    if not weights[~np.isnan(figures)].any():
        raise DataError("All weights are 0. Leave the weights out, or check that column.")
    return _summary(figures, weights)


def _summary(figures: np.ndarray, weights: np.ndarray) -> Score:
    """Scores (NaN: blank) with weights that are not all 0; the same for any order of rows."""
    counts = np.bincount(figures[~np.isnan(figures)].astype("int64"), minlength=11)
    # fsum is exact: a sum that depends on the order of rows would make two runs on one file differ.
    mass = np.array([math.fsum(weights[figures == s]) for s in SCORES])
    total = math.fsum(mass)
    promoters, detractors = math.fsum(mass[9:]) / total, math.fsum(mass[:7]) / total
    effective = total**2 / math.fsum(np.square(weights))
    value = 100 * (math.fsum(mass[9:]) - math.fsum(mass[:7])) / total
    centre, variance = _adjusted(promoters, detractors, effective, _ADDED)
    reach = Z * math.sqrt(variance)
    return Score(
        value=value,
        # One unanimous answer is the only place where Rocks's interval leaves out the value itself.
        low=min(max(-100.0, 100 * (centre - reach)), value),
        high=max(min(100.0, 100 * (centre + reach)), value),
        n=int(counts.sum()),
        blank=int(np.isnan(figures).sum()),
        effective_n=effective,
        promoters=int(counts[9:].sum()),
        passives=int(counts[7:9].sum()),
        detractors=int(counts[:7].sum()),
        promoter_share=promoters,
        detractor_share=detractors,
        shape=pd.Series(mass / total, index=pd.RangeIndex(11, name="score"), name="share"),
    )


def _adjusted(promoters: float, detractors: float, n: float, added: float) -> tuple[float, float]:
    """Adjusted difference of two shares and its variance: `added` answers more, a quarter of them at each end."""
    p = (n * promoters + added / 4) / (n + added)
    d = (n * detractors + added / 4) / (n + added)
    return p - d, (p + d - (p - d) ** 2) / (n + added)


# --- groups and waves ------------------------------------------------------------------------------------------------


def by(
    answers: pd.DataFrame, column: str, *, weights: str | None = None, blanks: object = (), target: str = "score"
) -> pd.DataFrame:
    """The NPS of each group.

    Parameters
    ----------
    answers : one row an answer: `target`, `column` and the weights.
    column : the group; rows without one form a group of their own.
    weights : name of the column of survey weights.
    blanks : value or values of the target that mean “not answered”.
    target : the column of scores.

    Returns
    -------
    frame sorted by group: `column`, n, blank, effective_n, value, low, high (points), promoters, passives, detractors
    (unweighted answers), score_0 … score_10 (shares); a group without answers or weight has n and blank alone

    Raises
    ------
    DataError : as `score`; a column that is not there.
    """
    return _table(_groups(answers, column, weights, blanks, target), column)


def waves(
    answers: pd.DataFrame,
    period: str = "Q",
    *,
    weights: str | None = None,
    blanks: object = (),
    target: str = "score",
) -> pd.DataFrame:
    """The NPS of each calendar period, and the change since the period before that had answers.

    Parameters
    ----------
    answers : as in `by`, with answered_at.
    period : "W", "M", "Q" or "Y".

    Returns
    -------
    frame: wave (Period), the columns of `by`, change, change_low, change_high (points, 95 %), p (two-sided). Every test
    stands alone: of twenty waves without any change one will look changed.

    Raises
    ------
    DataError : as `by`; answered_at missing, blank or not a date; another period.
    """
    if period not in ("W", "M", "Q", "Y"):
        raise DataError("A wave is W, M, Q or Y (week, month, quarter, year), not {period}.", period=period)
    schema.require(answers, "surveys", ("answered_at",))
    dated = answers.assign(wave=answers["answered_at"].dt.tz_localize(None).dt.to_period(period))
    groups = _groups(dated, "wave", weights, blanks, target)
    out = _table(groups, "wave")
    changes, before = [], None
    for _, _, _, after in groups:
        change = difference(before, after) if before and after else None
        changes.append([getattr(change, name, np.nan) for name in ("value", "low", "high", "p")])
        before = after or before
    out[["change", "change_low", "change_high", "p"]] = np.reshape(changes, (-1, 4)).astype("float64")
    return out


def _groups(
    answers: pd.DataFrame, column: str, weights: str | None, blanks: object, target: str
) -> list[tuple[object, int, int, Score | None]]:
    """(group, answered, blank, score) in order. The scale is judged on all answers: one group may be all unhappy."""
    need_columns(answers, [target, column, *([weights] if weights else [])])
    figures = read_scores(answers[target], blanks, True)
    given = read_weights(answers[weights] if weights else None, answers[target], figures)
    out = []
    for group, rows in answers.groupby(column, dropna=False, observed=True).indices.items():
        scores, answered = figures[rows], int((~np.isnan(figures[rows])).sum())
        result = _summary(scores, given[rows]) if given[rows].any() else None
        out.append((group, answered, len(rows) - answered, result))
    return out


def _table(groups: list[tuple[object, int, int, Score | None]], column: str) -> pd.DataFrame:
    rows = []
    names = ("effective_n", "value", "low", "high", "promoters", "passives", "detractors")
    for group, n, blank, result in groups:
        row = {column: group, "n": n, "blank": blank} | {name: getattr(result, name, np.nan) for name in names}
        shape = result.shape if result else [np.nan] * 11
        rows.append(row | {f"score_{s}": share for s, share in zip(SCORES, shape, strict=True)})
    head = [column, "n", "blank", *names, *(f"score_{s}" for s in SCORES)]
    out = pd.DataFrame(rows, columns=head)
    counts = ["promoters", "passives", "detractors"]
    return out.astype(dict.fromkeys(counts, "Int64" if out[counts].isna().any(axis=None) else "int64"))


def difference(before: Score, after: Score) -> Difference:
    """By how much the NPS changed between two independent sets of answers: after − before.

    The interval adds half of Rocks's three answers to each side, as Agresti and Caffo (2000) halve the adjustment for
    two shares; in the cases enumerated (10–40 answers a side) it covers 94 % or more. p < .05 where it leaves out 0.
    The same customers asked twice are not independent: their true interval is usually narrower.

    Parameters
    ----------
    before, after : what `score` gave.
    """
    (b, var_b), (a, var_a) = (
        _adjusted(s.promoter_share, s.detractor_share, s.effective_n, _ADDED / 2) for s in (before, after)
    )
    value, error = after.value - before.value, math.sqrt(var_a + var_b)
    return Difference(
        value=value,
        low=min(max(-200.0, 100 * (a - b - Z * error)), value),
        high=max(min(200.0, 100 * (a - b + Z * error)), value),
        p=2 * NormalDist().cdf(-abs(a - b) / error),
    )


def needed(half_width: float = 5, variance: float = 0.61) -> int:
    """Answers needed for a 95 % interval of ± half_width points: z² · variance / half_width².

    Parameters
    ----------
    half_width : points, above 0.
    variance : p + d − (p − d)², above 0 and at most 1; .61 is that of 50/30/20.
    """
    _positive(half_width, variance)
    return math.ceil(Z**2 * variance / (half_width / 100) ** 2)


def needed_per_wave(change: float = 5, power: float = 0.8, variance: float = 0.61) -> int:
    """Answers needed in each of two waves to see a change: 2 · variance · (z₀.₉₇₅ + z_power)² / change².

    Parameters
    ----------
    change : points, above 0.
    power : the chance of seeing it (two-sided test at 5 %), between 0 and 1.
    variance : as in `needed`.
    """
    _positive(change, variance)
    if not 0 < power < 1:
        raise DataError("Power is a chance between 0 and 1, not {power}.", power=power)
    return math.ceil(2 * variance * (Z + NormalDist().inv_cdf(power)) ** 2 / (change / 100) ** 2)


def _positive(points: float, variance: float) -> None:
    if not (points > 0 and 0 < variance <= 1):
        raise DataError(
            "Points must be above 0 and the variance above 0 and at most 1, not {points} and {variance}.",
            points=points,
            variance=variance,
        )
