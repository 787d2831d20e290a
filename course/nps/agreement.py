"""How far labels agree: a method's with the truth, two coders' (Cohen κ), those of several coders (Fleiss κ)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from course.errors import DataError
from course.intervals import Z, wilson


@dataclass(frozen=True)
class Agreement:
    """Agreement beyond chance.

    Attributes
    ----------
    value : κ = (observed − expected) / (1 − expected); 1 is full agreement, 0 what chance gives; NaN where all labels
        are the same, because then chance agrees as well
    low, high : 95 % interval
    observed, expected : share of agreeing pairs of labels, and what it would be by chance
    n : things labelled
    """

    value: float
    low: float
    high: float
    observed: float
    expected: float
    n: int


@dataclass(frozen=True)
class Judgement:
    """Labels held against the truth.

    Attributes
    ----------
    accuracy, low, high : share of right labels with its 95 % interval (Wilson)
    n : things with a true label
    classes : one row a label: label, truth (n), found (n), precision, recall and f1, each with _low and _high (Wilson,
        95 %); NaN where there is nothing to divide by
    confusion : counts, one row a true label, one column a label found
    """

    accuracy: float
    low: float
    high: float
    n: int
    classes: pd.DataFrame = field(compare=False, repr=False)
    confusion: pd.DataFrame = field(compare=False, repr=False)


def judge(found: Iterable, truth: Iterable) -> Judgement:
    """Hold labels against true labels: how many are right, and label by label which are wrong.

    F1 = 2TP / (2TP + FP + FN) grows with J = TP / (TP + FP + FN), which is a share: the interval of F1 is Wilson's
    interval of J carried over.

    Parameters
    ----------
    found : n labels of any kind; a blank is a label that was not given, and counts as wrong.
    truth : n labels; rows without one are left out.

    Raises
    ------
    DataError : another number or order of labels; no true label.
    """
    found, truth = _two_columns(found, truth)
    labelled = truth.notna().to_numpy()
    if not labelled.any():
        raise DataError("There is no true label to judge by.")
    found, truth = found[labelled], truth[labelled]
    labels = _labels(found, truth)
    confusion = pd.crosstab(
        pd.Categorical(truth, labels),
        pd.Categorical(found, labels),
        rownames=["truth"],
        colnames=["found"],
        dropna=False,
    )
    confusion = confusion.reindex(index=labels, columns=labels, fill_value=0)
    right = np.diag(confusion)
    wanted, given = (labels_of.value_counts().reindex(labels, fill_value=0).to_numpy() for labels_of in (truth, found))
    classes = pd.DataFrame({"label": labels, "truth": wanted, "found": given})
    both = wanted + given - right
    for name, of in (("precision", given), ("recall", wanted), ("f1", both)):
        share = np.column_stack(shares(right, of))
        classes[[name, f"{name}_low", f"{name}_high"]] = 2 * share / (1 + share) if name == "f1" else share
    accuracy, low, high = (float(v[0]) for v in shares(np.array([right.sum()]), np.array([len(truth)])))
    return Judgement(accuracy, low, high, len(truth), classes, confusion)


def kappa(first: Iterable, second: Iterable) -> Agreement:
    """Cohen's κ of two people who gave each of the same things one label; its interval is asymptotic.

    Parameters
    ----------
    first, second : n labels each, in the same order; things that one of them left blank are left out.

    Raises
    ------
    DataError : another number or order of labels; nothing that both labelled.

    Source: Cohen, A coefficient of agreement for nominal scales, Educational and Psychological Measurement 20 (1960),
    37–46; the standard error of Fleiss, Cohen and Everitt 1969.
    """
    from statsmodels.stats.inter_rater import cohens_kappa

    first, second = _two_columns(first, second)
    both = (first.notna() & second.notna()).to_numpy()
    if not both.any():
        raise DataError("Nothing carries a label of both coders.")
    first, second = first[both], second[both]
    labels = _labels(first, second)
    table = np.zeros((len(labels), len(labels)), dtype="int64")
    place = {label: i for i, label in enumerate(labels)}
    np.add.at(table, (first.map(place).to_numpy(), second.map(place).to_numpy()), 1)
    n = int(table.sum())
    observed = float(np.trace(table)) / n
    expected = float(table.sum(axis=0) @ table.sum(axis=1)) / n**2
    if expected == 1:
        return Agreement(np.nan, np.nan, np.nan, observed, expected, n)
    with np.errstate(all="ignore"):  # full agreement has no variance, and statsmodels divides by it
        found = cohens_kappa(table)
    return Agreement(
        float(found.kappa), max(-1.0, float(found.kappa_low)), min(1.0, float(found.kappa_upp)), observed, expected, n
    )


def fleiss(table: pd.DataFrame | np.ndarray) -> Agreement:
    """Fleiss's κ of things that several people labelled, each by the same number of them.

    The interval is a jackknife over the things labelled: it says what other things of the kind would have given.

    Parameters
    ----------
    table : one row a thing, one column a label: how many people gave it that label.

    Raises
    ------
    DataError : not counts; rows that do not add up to the same number of at least two people; fewer than two rows.

    Source: Fleiss, Measuring nominal scale agreement among many raters, Psychological Bulletin 76 (1971), 378–382.
    """
    try:
        counts = np.asarray(table, dtype="float64")
    except (TypeError, ValueError):
        counts = np.empty(0)
    people = counts.sum(axis=1) if counts.ndim == 2 and len(counts) else np.zeros(1)
    whole = (counts >= 0).all() and (counts % 1 == 0).all()
    if not whole or len(counts) < 2 or people.min() < 2 or people.min() != people.max():
        raise DataError(
            "Expected a table of counts, two rows or more (one a thing, one column a label), each adding up to the "
            "same number of at least two people."
        )
    n, raters = len(counts), people[0]
    agreeing = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    observed, expected = agreeing.mean(), _by_chance(counts.sum(axis=0) / (n * raters))
    if expected == 1:
        return Agreement(np.nan, np.nan, np.nan, float(observed), 1.0, n)
    value = (observed - expected) / (1 - expected)
    left = (agreeing.sum() - agreeing) / (n - 1)
    chance = _by_chance((counts.sum(axis=0) - counts) / ((n - 1) * raters))
    without = np.divide(left - chance, 1 - chance, out=np.full(n, value), where=chance < 1)
    reach = Z * np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    return Agreement(
        float(value),
        float(max(-1.0, value - reach)),
        float(min(1.0, value + reach)),
        float(observed),
        float(expected),
        n,
    )


def shares(hits: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares with Wilson's 95 % interval (value, low, high); NaN of nothing.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, JASA 22 (1927), 209–212.
    """
    return np.asarray(hits, dtype="float64") / np.where(np.asarray(of) > 0, of, np.nan), *wilson(hits, of)


def _by_chance(of_labels: np.ndarray) -> np.ndarray:
    return (of_labels**2).sum(axis=-1)


def _two_columns(first: Iterable, second: Iterable) -> tuple[pd.Series, pd.Series]:
    """Two columns of labels side by side. Columns of tables must carry the same row labels in the same order."""
    columns = isinstance(first, pd.Series) and isinstance(second, pd.Series) and len(first) == len(second)
    if columns and not first.index.equals(second.index):
        raise DataError(
            "The two columns of labels have different row labels: they may be in different orders. Join them into one "
            "table first."
        )
    first, second = (pd.Series(list(labels), dtype=object) for labels in (first, second))
    if len(first) != len(second):
        raise DataError(
            "{first:,} {first:label stands|labels stand} on one side, {second:,} on the other: each thing needs both.",
            first=len(first),
            second=len(second),
        )
    return first, second


def _labels(first: pd.Series, second: pd.Series) -> list:
    """All labels in order; by their text where they cannot be compared."""
    distinct = set(first.dropna()) | set(second.dropna())
    try:
        return sorted(distinct)
    except TypeError:
        return sorted(distinct, key=str)
