"""Answers as they come: scores from 0 to 10, what means “not answered”, survey weights; anything else is refused."""

import math
from collections.abc import Iterable, Mapping
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from course import schema
from course.errors import DataError, first_few

SCORES = range(11)
#: From so many answers on, answers that all lie within 1–5 come from a five-point question: where half of all real
#: 0–10 answers lay there, it would happen once in a million surveys.
ENOUGH_FOR_SCALE = 20


def need_columns(answers: pd.DataFrame, columns: list[str]) -> None:
    """Refuse what is not a table with these columns."""
    schema.require(answers, "surveys", ())
    missing = [c for c in columns if c not in answers.columns]
    if missing:
        raise DataError(
            "The answers have no column {missing}. They have: {present}.",
            missing=first_few(missing),
            present=first_few(answers.columns, 12),
        )


def column_of(values: Iterable) -> pd.Series:
    """The values as one column; what is none is refused."""
    if isinstance(values, pd.Series):
        return values
    flat = isinstance(values, Iterable) and getattr(values, "ndim", 1) == 1
    if flat and not isinstance(values, str | Mapping):
        return pd.Series(values if hasattr(values, "dtype") else list(values))
    raise _no_column(values)


def _no_column(values: object) -> DataError:
    return DataError("Expected one column of scores, got {what}.", what=type(values).__name__)


def read_scores(column: pd.Series, blanks: object, check_scale: bool) -> np.ndarray:
    """The scores as float64, NaN where blank."""
    declared = declared_blanks(blanks)
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


def declared_blanks(blanks: object) -> set:
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


def read_weights(weights: Iterable | None, column: pd.Series, figures: np.ndarray) -> np.ndarray:
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
