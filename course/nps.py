"""Willingness to recommend: NPS with an interval that can be trusted, waves and segments, weights, and its drivers.

0–6 is a detractor, 7–8 a passive, 9–10 a promoter; NPS = 100 (promoters − detractors) / all who answered (Reichheld
2003), and one answer has the variance p + d − (p − d)². Intervals are adjusted Wald (Rocks 2016), 95 %. Drivers are
ranked by their share of R², averaged over all orders of entry (LMG: Lindeman, Merenda and Gold 1980; the same as the
Shapley value), because drivers correlate and coefficients then mislead. Such importance is prediction, not cause.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from numbers import Real
from statistics import NormalDist

import numpy as np
import pandas as pd

from course import schema
from course.errors import DataError, first_few
from course.language import Sentence

SCORES = range(11)
#: From so many answers on, answers that all lie within 1–5 come from a five-point question: where half of all real
#: 0–10 answers lay there, it would happen once in a million surveys.
ENOUGH_FOR_SCALE = 20
#: LMG looks at all 2^k sets of k drivers.
MOST_DRIVERS = 15

_Z = NormalDist().inv_cdf(0.975)
_ADDED = 3.0  # answers that Rocks's interval adds: ¾ promoters, 1½ passives, ¾ detractors
_SINGULAR = 1e-10  # of a variance of 1: what is left is rounding


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


@dataclass(frozen=True)
class Drivers:
    """What moves with the score.

    Attributes
    ----------
    table : one row a driver, most important first; columns in `drivers`
    r2 : share of the score's variance that all drivers explain together
    n : complete answers used
    left_out : answers not used
    blank : blanks in the target and each driver (Series)
    notes : what a reader should know
    """

    table: pd.DataFrame
    r2: float
    n: int
    left_out: int
    blank: pd.Series
    notes: list[Sentence]


# --- one score -------------------------------------------------------------------------------------------------------


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
    column = _column(scores)
    figures = _read(column, blanks, check_scale)
    weights = _weights(weights, column, figures)
    if np.isnan(figures).all():
        raise DataError(
            "There is no answer to score: {n:,} {n:row|rows}, all blank. Check which column holds the score.",
            n=len(figures),
        )
    if not weights[~np.isnan(figures)].any():
        raise DataError("All weights are 0. Leave the weights out, or check that column.")
    return _summary(figures, weights)


def _column(values: Iterable) -> pd.Series:
    if isinstance(values, pd.Series):
        return values
    flat = isinstance(values, Iterable) and getattr(values, "ndim", 1) == 1
    if flat and not isinstance(values, str | Mapping):
        return pd.Series(values if hasattr(values, "dtype") else list(values))
    raise _no_column(values)


def _no_column(values: object) -> DataError:
    return DataError("Expected one column of scores, got {what}.", what=type(values).__name__)


def _read(column: pd.Series, blanks: object, check_scale: bool) -> np.ndarray:
    """The scores as float64, NaN where blank."""
    declared = _declared(blanks)
    try:
        codes, kinds = pd.factorize(column)
    except TypeError:  # a cell holds a list
        raise _no_column(column.iloc[0]) from None
    figures = np.array([*(_figure(kind, declared) for kind in kinds), np.nan])[codes]
    outside = ~np.isnan(figures) & ~np.isin(figures, SCORES)
    if outside.any():
        raise _outside(column[outside], int((~np.isnan(figures)).sum()))
    answered = figures[~np.isnan(figures)]
    if check_scale and len(answered) >= ENOUGH_FOR_SCALE and answered.min() >= 1 and answered.max() <= 5:
        raise DataError(
            "All {n:,} answers lie between 1 and 5: this is a 1–5 scale, not the 0–10 question, and NPS is not "
            "defined on it. Report the mean or the share of 4 and 5 (satisfaction) instead; if the question did run "
            "from 0 to 10, pass check_scale=False.",
            n=len(answered),
        )
    return figures


def _declared(blanks: object) -> set:
    """Declared blanks as numbers where they are numbers, else as text: 11, 11.0 and "11" are one."""
    several = [blanks] if isinstance(blanks, str | Real | None) else list(blanks)
    texts = {str(value).strip() for value in several}
    return {text if _as_number(text) is None else _as_number(text) for text in texts}


def _figure(value: object, declared: set) -> float:
    """The value as a number: NaN if declared blank, infinite if it is no number."""
    if isinstance(value, str):
        return math.nan if value.strip() in declared or _as_number(value) in declared else math.inf
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real | Decimal):
        return math.nan if str(value) in declared else math.inf
    return math.nan if float(value) in declared else float(value)


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _outside(wrong: pd.Series, answers: int) -> DataError:
    rows = first_few(wrong.index)
    if all(isinstance(v, str) and _as_number(v) in SCORES for v in wrong.unique()):
        return DataError(
            "{rows:,} {rows:score is|scores are} text, not numbers (first rows: {first}). Read the file with "
            "collect.read, or turn the column into numbers with pandas.to_numeric.",
            rows=len(wrong),
            first=rows,
        )
    counts = wrong.map(_shown).value_counts()
    plain = counts.index[0]
    return DataError(
        "{rows:,} of {answers:,} {answers:answer|answers} {rows:is|are} not a whole number from 0 to 10: {values}; "
        "first rows: {first}. If {plain} means “not answered”, say so: blanks=[{code}], or --blank score={plain} on "
        "the command line. Correct or leave out everything else.",
        rows=len(wrong),
        answers=answers,
        values=first_few([f"{value} (×{count:,})" for value, count in counts.items()], 5),
        first=rows,
        plain=plain,
        code=repr(plain) if isinstance(wrong[wrong.map(_shown) == plain].iloc[0], str) else plain,
    )


def _shown(value: object) -> str:
    if isinstance(value, Real | Decimal) and not isinstance(value, bool | np.bool_):
        return f"{float(value):.12g}"
    return str(value)[:20]


def _weights(weights: Iterable | None, column: pd.Series, figures: np.ndarray) -> np.ndarray:
    """The weights with a largest of 1, and 0 where nobody answered."""
    answered = ~np.isnan(figures)
    if weights is None:
        return answered.astype("float64")
    if isinstance(weights, pd.Series) and len(weights) == len(column) and not weights.index.equals(column.index):
        raise DataError(
            "Scores and weights have different row labels: they may be in different orders. Take both from one table."
        )
    try:
        given = pd.Series(weights).to_numpy(dtype="float64", na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError("The weights are not numbers. Check that column.") from None
    if len(given) != len(figures):
        raise DataError(
            "There are {weights:,} weights for {scores:,} scores: one weight a score is needed.",
            weights=len(given),
            scores=len(figures),
        )
    wrong = answered & ~(np.isfinite(given) & (given >= 0))
    if wrong.any():
        raise DataError(
            "{rows:,} {rows:weight is|weights are} negative, infinite or missing (first rows: {first}; first values: "
            "{values}). A weight is a number of at least 0.",
            rows=int(wrong.sum()),
            first=first_few(column.index[wrong]),
            values=first_few(_shown(v) for v in given[wrong]),
        )
    given = np.where(answered, given, 0.0)
    return given / given.max() if given.any() else given


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
    reach = _Z * math.sqrt(variance)
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
    _needs(answers, [target, column, *([weights] if weights else [])])
    figures = _read(answers[target], blanks, True)
    given = _weights(answers[weights] if weights else None, answers[target], figures)
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
        low=min(max(-200.0, 100 * (a - b - _Z * error)), value),
        high=max(min(200.0, 100 * (a - b + _Z * error)), value),
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
    return math.ceil(_Z**2 * variance / (half_width / 100) ** 2)


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
    return math.ceil(2 * variance * (_Z + NormalDist().inv_cdf(power)) ** 2 / (change / 100) ** 2)


def _positive(points: float, variance: float) -> None:
    if not (points > 0 and 0 < variance <= 1):
        raise DataError(
            "Points must be above 0 and the variance above 0 and at most 1, not {points} and {variance}.",
            points=points,
            variance=variance,
        )


# --- who did not answer ----------------------------------------------------------------------------------------------


def poststratify(
    answers: pd.DataFrame,
    by: str | Sequence[str],
    shares: Mapping | pd.Series,
    *,
    weights: str | None = None,
    blanks: object = (),
    target: str = "score",
) -> pd.Series:
    """Weights that make those who answered stand for all customers.

    Each cell's weight is its share of customers over its (weighted) share of answers. This mends only what the cells
    see: within a cell, silence must have nothing to do with the score.

    Parameters
    ----------
    answers : one row an answer: `target`, `by`.
    by : the column, or columns, that make the cells.
    shares : customers of each cell as shares or as counts; keys are the values of `by` (tuples for several columns).
    weights : name of a column of design weights to start from.

    Returns
    -------
    Series aligned with `answers`, "weight": mean 1 over those who answered, 0 where nobody did

    Raises
    ------
    DataError : a cell of customers without answers; answers outside every cell; shares that do not add up to 1.

    Source: Holt and Smith, Post Stratification, JRSS A 142 (1979), 33–46.
    """
    names = [by] if isinstance(by, str) else list(by)
    _needs(answers, [target, *names, *([weights] if weights else [])])
    figures = _read(answers[target], blanks, False)
    base = _weights(answers[weights] if weights else None, answers[target], figures)
    wanted, answered = _shares(shares), ~np.isnan(figures)
    cell = _cells(answers, names, wanted, answered)
    held = np.bincount(cell[answered], base[answered], minlength=len(wanted))
    silent = (held == 0) & (wanted.to_numpy() > 0)
    if silent.any():
        raise DataError(
            "Nobody answered in {cells} of {by} ({share:.1%} of the customers): no weight can speak for them. Join "
            "them with a similar group in both the answers and the shares.",
            cells=first_few(wanted.index[silent], 5),
            by=", ".join(names),
            share=float(wanted[silent].sum()),
        )
    factor = np.divide(wanted.to_numpy(), held, out=np.zeros(len(wanted)), where=held > 0)
    out = np.where(answered, base * factor[cell], 0.0)
    return pd.Series(out * answered.sum() / out.sum(), index=answers.index, name="weight")


def _cells(answers: pd.DataFrame, names: list[str], wanted: pd.Series, answered: np.ndarray) -> np.ndarray:
    """The place of each row's cell in `wanted`; −1 where it is not there, which only a blank answer may be."""
    cells = answers[names[0]] if len(names) == 1 else zip(*(answers[n] for n in names), strict=True)
    cells = pd.Index(list(cells), dtype=object, tupleize_cols=False)
    cell = wanted.index.get_indexer(cells)
    strange = answered & (cell < 0)
    if strange.any():
        raise DataError(
            "{rows:,} {rows:answer belongs|answers belong} to no group with a known share: {cells} of {by} (first "
            "rows: {first}). Give their share of the customers, or leave these answers out.",
            rows=int(strange.sum()),
            cells=first_few(cells[strange].unique(), 5),
            by=", ".join(names),
            first=first_few(answers.index[strange]),
        )
    return cell


def _shares(shares: Mapping | pd.Series) -> pd.Series:
    known = pd.Series(
        list(dict(shares).values()), index=pd.Index(list(dict(shares)), dtype=object, tupleize_cols=False)
    )
    known = pd.to_numeric(known, errors="coerce").astype("float64")
    sound = len(known) == len(shares) and (np.isfinite(known) & (known >= 0)).all()
    if not sound or not known.sum() > 0:
        raise DataError(
            "Customer shares are numbers of at least 0, not all 0, one for each group. Check: {cells}.",
            cells=first_few([f"{cell}: {share:g}" for cell, share in known.items()], 12),
        )
    if known.max() <= 1 and abs(known.sum() - 1) > 0.01:
        raise DataError(
            "The customer shares add up to {total:.3f}, not 1: a group is missing or counted twice.", total=known.sum()
        )
    return known / known.sum()


# --- drivers ---------------------------------------------------------------------------------------------------------


def drivers(
    answers: pd.DataFrame,
    target: str,
    drivers: Sequence[str],
    *,
    blanks: Mapping[str, object] | None = None,
    repeats: int = 500,
    odds: bool = True,
    random_state: int | np.random.Generator = 0,
) -> Drivers:
    """How much of the score each driver accounts for, and how sure its rank is.

    Answers with a blank in the target or any driver are left out, and counted. Ratings enter as numbers. A driver
    without any effect still gets importance when its neighbours have one: read `importance` as prediction, and look at
    `beta` and `odds` beside it.

    Parameters
    ----------
    answers : one row an answer.
    target : column of whole numbers 0–10.
    drivers : 1 to MOST_DRIVERS numeric columns.
    blanks : column → value or values that mean “not answered”.
    repeats : bootstrap samples of answers for the intervals, which are 2.5 % and 97.5 % percentiles.
    odds : fit the proportional-odds model too (seconds on ten thousands of answers).
    random_state : of the bootstrap.

    Returns
    -------
    Drivers, its table sorted by importance: driver, lmg (share of variance; sums to R²), lmg_low, lmg_high, importance
    (lmg / R²), rank, rank_low, rank_high, johnson (relative weight; sums to R²), correlation (with the target), beta
    (standardised coefficient), beta_low, beta_high, odds (ratio for one standard deviation more, proportional odds),
    odds_low, odds_high (95 %, Wald; NaN where the model could not be fitted, and a note says so)

    Raises
    ------
    DataError : a column missing, named twice, constant or not numeric; more than MOST_DRIVERS; a target outside 0–10;
        too few complete answers.
    """
    names = _driver_names(answers, target, drivers)
    blanks = dict(blanks or {})
    _needs(answers, [*blanks])
    data = np.column_stack(
        [_driver(answers[n], blanks.get(n, ())) for n in names]
        + [_read(answers[target], blanks.get(target, ()), False)]
    )
    empty = pd.Series(np.isnan(data).sum(axis=0), index=[*names, target], name="blank")
    complete = ~np.isnan(data).any(axis=1)
    standard = _standardised(data[complete], [*names, target])
    corr, rel = _correlation(standard, np.ones(len(standard)))
    r2_of, weights, betas = _lmg(corr, rel)[0], _johnson(corr, rel)[0], _betas(corr, rel)[0]
    r2 = float(betas @ rel[0])
    table = pd.DataFrame({"driver": names, "lmg": r2_of})
    table["importance"] = table["lmg"] / r2 if r2 > _SINGULAR else np.nan
    table["rank"] = _ranks(r2_of[None], "min")[0]
    table = table.join(_bootstrap(standard, repeats, np.random.default_rng(random_state)))
    table = table.assign(johnson=weights, correlation=rel[0], beta=betas)
    notes = _notes(complete, empty)
    fitted, why = _proportional_odds(data[complete, -1], standard[:, :-1]) if odds else (None, [])
    table[["odds", "odds_low", "odds_high"]] = np.nan if fitted is None else fitted
    columns = ["driver", "lmg", "lmg_low", "lmg_high", "importance", "rank", "rank_low", "rank_high", "johnson"]
    columns += ["correlation", "beta", "beta_low", "beta_high", "odds", "odds_low", "odds_high"]
    table = table[columns].sort_values("lmg", ascending=False, kind="stable", ignore_index=True)
    return Drivers(table, r2, len(standard), len(data) - len(standard), empty, notes + why)


def _driver_names(answers: pd.DataFrame, target: str, drivers: Sequence[str]) -> list[str]:
    names = [drivers] if isinstance(drivers, str) else list(drivers)
    _needs(answers, [target, *names])
    if len(set(names) | {target}) != len(names) + 1:
        raise DataError("Each driver is named once, and the target {target} is not one of them.", target=target)
    _not_too_many(len(names))
    return names


def _not_too_many(k: int) -> None:
    if not 1 <= k <= MOST_DRIVERS:
        raise DataError(
            "LMG takes 1 to {most} drivers, not {k}: it compares all sets of drivers, and each driver more doubles "
            "them. Leave out those that say the same, or join them into a mean.",
            most=MOST_DRIVERS,
            k=k,
        )


def _driver(column: pd.Series, blanks: object) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(column):
        raise DataError(
            "The driver {column} is {type}, not numeric. Turn its ratings into numbers (pandas.to_numeric) first.",
            column=column.name,
            type=str(column.dtype),
        )
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    if np.isinf(values).any():
        raise DataError(
            "The driver {column} holds infinite values (first rows: {first}).",
            column=column.name,
            first=first_few(column.index[np.isinf(values)]),
        )
    return np.where(np.isin(values, [b for b in _declared(blanks) if isinstance(b, float)]), np.nan, values)


def _standardised(data: np.ndarray, names: list[str]) -> np.ndarray:
    """Mean 0 and variance 1 a column."""
    if len(data) < len(names) + 2:
        raise DataError(
            "Only {n:,} {n:answer has|answers have} the score and every driver: too few for {k} {k:driver|drivers}. "
            "Leave out the drivers that are most often blank, or declare fewer blanks.",
            n=len(data),
            k=len(names) - 1,
        )
    constant = [n for n, c in zip(names, data.T, strict=True) if np.ptp(c) == 0]
    if constant:
        raise DataError(
            "{columns} has the same value in all {n:,} complete answers: it can explain nothing. Leave it out.",
            columns=first_few(constant),
            n=len(data),
        )
    return (data - data.mean(axis=0)) / data.std(axis=0)


def _notes(complete: np.ndarray, empty: pd.Series) -> list[Sentence]:
    n, left, k = int(complete.sum()), int((~complete).sum()), len(empty) - 1
    notes = []
    if left:
        notes.append(
            Sentence(
                "{left:,} of {n:,} answers are left out because the score or a driver is blank, most often {column} "
                "({rows:,}).",
                left=left,
                n=len(complete),
                column=empty.idxmax(),
                rows=int(empty.max()),
            )
        )
    if n < 10 * k:
        notes.append(
            Sentence(
                "Only {n:,} complete answers for {k} {k:driver|drivers}: the ranks mean little. Ten answers a driver "
                "are the least.",
                n=n,
                k=k,
            )
        )
    return notes


def _correlation(standard: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of the drivers (1, k, k) and with the target (1, k), each row counted so often."""
    mean = counts @ standard / counts.sum()
    cov = (standard * counts[:, None]).T @ standard / counts.sum() - np.outer(mean, mean)
    spread = np.sqrt(np.diag(cov).clip(0))
    # A resample may hold one value only: then it explains nothing.
    spread[spread < 1e-6] = np.inf
    corr = cov / np.outer(spread, spread)
    np.fill_diagonal(corr, 1.0)
    return corr[None, :-1, :-1], corr[None, :-1, -1]


def _bootstrap(standard: np.ndarray, repeats: int, rng: np.random.Generator) -> pd.DataFrame:
    """Percentile intervals of LMG, its ranks and the coefficients over resampled answers."""
    n = len(standard)
    samples = [_correlation(standard, np.bincount(rng.integers(n, size=n), minlength=n)) for _ in range(repeats)]
    corr, rel = (np.concatenate(part) for part in zip(*samples, strict=True))
    shares, betas = _lmg(corr, rel), _betas(corr, rel)
    low, high = 0.025, 0.975
    return pd.DataFrame(
        {
            "lmg_low": np.quantile(shares, low, axis=0),
            "lmg_high": np.quantile(shares, high, axis=0),
            "rank_low": np.quantile(_ranks(shares, "min"), low, axis=0, method="inverted_cdf"),
            "rank_high": np.quantile(_ranks(shares, "max"), high, axis=0, method="inverted_cdf"),
            "beta_low": np.quantile(betas, low, axis=0),
            "beta_high": np.quantile(betas, high, axis=0),
        }
    )


def _ranks(shares: np.ndarray, ties: str) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(-shares.round(12), axis=1, method=ties).astype("int64")


def _proportional_odds(score: np.ndarray, standard: np.ndarray) -> tuple[np.ndarray | None, list[Sentence]]:
    """Odds ratio a standard deviation with its 95 % interval (k, 3); None and a note where the fit failed.

    Source: McCullagh, Regression models for ordinal data, JRSS B 42 (1980), 109–142.
    """
    import warnings

    from statsmodels.miscmodels.ordinal_model import OrderedModel

    levels = pd.factorize(score, sort=True)[0]
    k = standard.shape[1]
    # statsmodels warns of what is tested here: no convergence, no inverse of the Hessian, overflow on the way.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = OrderedModel(levels, standard, distr="logit").fit(method="bfgs", disp=0, maxiter=500)
            beta, error = np.asarray(fit.params)[:k], np.asarray(fit.bse)[:k]
            found = bool(fit.mle_retvals["converged"]) and np.isfinite(beta).all() and np.isfinite(error).all()
        except (np.linalg.LinAlgError, ValueError):
            found = False
    if not found or error.max() > 10:  # coefficients of standardised drivers: beyond this they have no optimum
        return None, [
            Sentence(
                "The proportional-odds model has no stable solution (drivers that say the same, or that separate the "
                "scores completely): its columns are empty."
            )
        ]
    return np.exp(np.column_stack([beta, beta - _Z * error, beta + _Z * error])), []


def lmg(corr: np.ndarray | pd.DataFrame, corr_y: Sequence[float] | pd.Series) -> pd.Series:
    """LMG (Shapley) importance from correlations: the gain in R² averaged over all orders of entry.

    Parameters
    ----------
    corr : (k, k) correlations of the drivers, k ≤ MOST_DRIVERS.
    corr_y : (k,) correlations with the target; from standardised coefficients β it is corr @ β.

    Returns
    -------
    Series of k shares of variance ≥ 0 that sum to R²

    Raises
    ------
    DataError : not correlations; too many drivers.

    Source: Lindeman, Merenda and Gold 1980; Grömping, JSS 17(1) (2006).
    """
    names, corr, rel = _correlations(corr, corr_y)
    _not_too_many(len(names))
    return pd.Series(_lmg(corr, rel)[0], index=names, name="lmg")


def johnson(corr: np.ndarray | pd.DataFrame, corr_y: Sequence[float] | pd.Series) -> pd.Series:
    """Johnson's relative weights from correlations; parameters, errors as `lmg`, for any number of drivers.

    The drivers are replaced by their closest uncorrelated twins, Z = X R^(−½); what each twin explains is handed back
    by its squared correlation with the drivers: (R^½)² β_z². The sum is R².

    Source: Johnson, A heuristic method for estimating the relative weight of predictor variables in multiple
    regression, Multivariate Behavioral Research 35 (2000), 1–19.
    """
    names, corr, rel = _correlations(corr, corr_y)
    return pd.Series(_johnson(corr, rel)[0], index=names, name="johnson")


def _correlations(corr: object, corr_y: object) -> tuple[pd.Index, np.ndarray, np.ndarray]:
    names = corr.columns if isinstance(corr, pd.DataFrame) else pd.RangeIndex(len(corr))
    if isinstance(corr, pd.DataFrame) and isinstance(corr_y, pd.Series) and set(corr_y.index) == set(names):
        corr_y = corr_y.reindex(names)
    corr, rel = np.asarray(corr, dtype="float64"), np.asarray(corr_y, dtype="float64")
    k = len(names)
    if corr.shape != (k, k) or rel.shape != (k,):
        raise DataError(
            "Expected a square table of correlations and one correlation with the target a driver, got {table} and "
            "{target}.",
            table=corr.shape,
            target=rel.shape,
        )
    whole = np.block([[corr, rel[:, None]], [rel, np.ones(1)]])
    symmetric = np.isfinite(whole).all() and np.allclose(whole, whole.T, atol=1e-6)
    if not symmetric or not np.allclose(np.diag(whole), 1, atol=1e-6) or np.linalg.eigvalsh(whole).min() < -1e-6:
        raise DataError(
            "These are not correlations of real columns: 1 on the diagonal, the same above and below it, and no "
            "combination of columns with a negative variance."
        )
    return names, corr[None], rel[None]


def _lmg(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """LMG of b correlation tables at once: (b, k, k) and (b, k) → (b, k)."""
    b, k = rel.shape
    at_once = max(1, 2**22 >> (k + 1))  # about 32 MB
    return np.concatenate([_shapley(corr[i : i + at_once], rel[i : i + at_once]) for i in range(0, b, at_once)])


def _shapley(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    k = rel.shape[1]
    r2 = _r2_of_sets(corr, rel)
    sets = np.arange(2**k)
    size = np.bitwise_count(sets)
    # Of all k! orders, so many have exactly the drivers of a set in front of the driver in question.
    chance = np.array([1 / (k * math.comb(k - 1, s)) for s in range(k)])
    out = np.empty_like(rel)
    for j in range(k):
        without = sets[sets >> j & 1 == 0]
        out[:, j] = chance[size[without]] @ (r2[without | 1 << j] - r2[without])
    return out


def _r2_of_sets(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """R² of all sets of drivers, (2^k, b): bit j of the row number says whether driver j is in.

    Driver by driver, every table is taken twice, with the driver dropped and with it partialled out of the rest; in the
    end only the target's own variance is left of each, which is 1 − R².
    """
    tables = np.block([[corr, rel[:, :, None]], [rel[:, None, :], np.ones((len(rel), 1, 1))]])[None]
    for _ in range(rel.shape[1]):
        own, row, rest = tables[..., :1, :1], tables[..., :1, 1:], tables[..., 1:, 1:]
        # A driver that the others make up completely adds nothing.
        partialled = rest - np.swapaxes(row, -1, -2) * row / np.where(own > _SINGULAR, own, np.inf)
        tables = np.concatenate([rest, partialled])
    return 1 - tables[..., 0, 0]


def _johnson(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(corr)
    usable = values > _SINGULAR
    root = np.where(usable, np.sqrt(values.clip(0)), 0.0)
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=usable)
    flipped = np.swapaxes(vectors, -1, -2)
    half, half_inverse = (vectors * root[:, None]) @ flipped, (vectors * inverse[:, None]) @ flipped
    twins = half_inverse @ rel[..., None]
    return (half**2 @ twins**2)[..., 0]


def _betas(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """Standardised coefficients; of equal drivers each gets its part."""
    return (np.linalg.pinv(corr, rcond=_SINGULAR, hermitian=True) @ rel[..., None])[..., 0]


def _needs(answers: pd.DataFrame, columns: list[str]) -> None:
    """Refuse what is not a table with these columns."""
    schema.require(answers, "surveys", ())
    missing = [c for c in columns if c not in answers.columns]
    if missing:
        raise DataError(
            "The answers have no column {missing}. They have: {present}.",
            missing=first_few(missing),
            present=first_few(answers.columns, 12),
        )
