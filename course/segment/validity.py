"""What a segmentation is worth: can it be said in rules, does it tell the next period, what would move a customer."""

import numpy as np
import pandas as pd

from course.errors import DataError
from course.segment.rfm import CLASSES, DIMENSIONS, cuts

_FOLDS = 5


def describe(features: pd.DataFrame, labels: pd.Series, rules: int = 3) -> pd.DataFrame:
    """Name each segment by at most `rules` conditions on the features.

    A decision tree of that depth tells the segment from the rest; its leaf that holds most of the segment is the rule.

    Returns
    -------
    frame, one row a segment, largest first: segment, rule ("recency_days <= 30.5 and frequency > 3.5"), customers (in
        the segment), precision (share of those under the rule who are in the segment), recall (share of the segment
        that is under the rule), fidelity (F1 of the two)

    Raises
    ------
    DataError : features and labels that do not belong to the same rows.
    """
    from sklearn.tree import DecisionTreeClassifier

    if not features.index.equals(labels.index):
        raise DataError("Features and labels are not of the same rows.")
    rows = []
    for segment, size in (
        labels.value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable").items()
    ):
        inside = (labels == segment).to_numpy()
        tree = DecisionTreeClassifier(max_depth=rules, class_weight="balanced", random_state=0).fit(features, inside)
        leaf = tree.apply(features)
        found = max(np.unique(leaf), key=lambda one: (_f1(leaf == one, inside), -one))
        conditions = _shortened(_path(tree.tree_, found, list(features.columns)), features, inside)
        under = _holds(conditions, features)
        rows.append(
            {
                "segment": segment,
                "rule": " and ".join(f"{name} {side} {value:.6g}" for name, side, value in conditions) or "–",
                "customers": int(size),
                "precision": float(inside[under].mean()),
                "recall": float(under[inside].mean()),
                "fidelity": _f1(under, inside),
            }
        )
    return pd.DataFrame(rows)


def _f1(under: np.ndarray, inside: np.ndarray) -> float:
    return float(2 * (under & inside).sum() / (under.sum() + inside.sum()))


def _path(tree: object, leaf: int, names: list[str]) -> list[tuple[str, str, float]]:
    """The conditions (feature, side, value) from the root to a leaf; of two on one side of a feature the narrower."""
    parent = {int(c): (n, side) for n in range(tree.node_count) for c, side in _children(tree, n)}
    bounds: dict[tuple[str, str], float] = {}
    node = leaf
    while node in parent:
        above, side = parent[node]
        # The condition nearest to the leaf is the narrowest.
        bounds.setdefault((names[tree.feature[above]], side), float(tree.threshold[above]))
        node = above
    return [(name, side, value) for (name, side), value in sorted(bounds.items())]


def _holds(conditions: list[tuple[str, str, float]], features: pd.DataFrame) -> np.ndarray:
    under = np.ones(len(features), dtype=bool)
    for name, side, value in conditions:
        values = features[name].to_numpy(dtype="float64")
        under &= values <= value if side == "<=" else values > value
    return under


def _shortened(conditions: list, features: pd.DataFrame, inside: np.ndarray) -> list:
    """The same rule without the conditions that it does as well without."""
    for condition in list(conditions):
        fewer = [c for c in conditions if c != condition]
        if _f1(_holds(fewer, features), inside) >= _f1(_holds(conditions, features), inside):
            conditions = fewer
    return conditions


def _children(tree: object, node: int) -> list[tuple[int, str]]:
    if tree.children_left[node] < 0:
        return []
    return [(tree.children_left[node], "<="), (tree.children_right[node], ">")]


def foretells(features: pd.DataFrame, labels: pd.Series, outcome: pd.Series, random_state: int = 0) -> pd.DataFrame:
    """Does the segment tell the next period better than the portrait it was made of?

    Out-of-sample R² of the outcome (five folds): from the segments' means, from the features (gradient boosting), and
    from nothing (the mean), with the standard error over folds.

    Parameters
    ----------
    features, labels : what was known at the end of the first period.
    outcome : what each of the same customers did in the next one (money or orders).

    Returns
    -------
    frame: what ("segments", "features", "mean"), r2, se
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    dummies = pd.get_dummies(labels, dtype="float64").to_numpy()
    target = outcome.to_numpy(dtype="float64")
    fits = {
        "segments": lambda train, test: _group_means(dummies, target, train, test),
        "features": lambda train, test: (
            HistGradientBoostingRegressor(
                max_iter=100, learning_rate=0.06, min_samples_leaf=20, random_state=random_state
            )
            .fit(features.iloc[train], target[train])
            .predict(features.iloc[test])
        ),
        "mean": lambda train, test: np.full(len(test), target[train].mean()),
    }
    rows = []
    for what, predict in fits.items():
        # Boosted trees of a few thousand rows are faster on one core, and do not stand still on a busy machine.
        with threadpool_limits(1):
            scores = _r2_by_fold(predict, target, random_state)
        rows.append({"what": what, "r2": scores.mean(), "se": scores.std(ddof=1) / np.sqrt(_FOLDS)})
    return pd.DataFrame(rows)


def _group_means(dummies: np.ndarray, target: np.ndarray, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    sums, counts = dummies[train].T @ target[train], dummies[train].sum(axis=0)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), target[train].mean())
    return dummies[test] @ means


def _r2_by_fold(predict, target: np.ndarray, random_state: int) -> np.ndarray:
    from sklearn.model_selection import KFold

    scores = []
    for train, test in KFold(_FOLDS, shuffle=True, random_state=random_state).split(target):
        residual = ((target[test] - predict(train, test)) ** 2).sum()
        scores.append(1 - residual / ((target[test] - target[train].mean()) ** 2).sum())
    return np.array(scores)


def dimensions(features: pd.DataFrame, outcome: pd.Series, bins: int = 3, random_state: int = 0) -> pd.DataFrame:
    """How many dimensions pay: cut one feature more into `bins` at a time and look out of sample.

    Features are added in the order that helps most; cells are all combinations of their bins. A dimension pays while
    the R² on held-out customers still rises.

    Returns
    -------
    frame, one row a number of dimensions: dimensions, added, cells, small_cells (fewer than 30 customers), r2, se
    """
    target = outcome.to_numpy(dtype="float64")
    binned = {c: features[c].rank(pct=True).mul(bins).apply(np.ceil).astype("int64").to_numpy() for c in features}
    chosen: list[str] = []
    rows = []
    while len(chosen) < features.shape[1]:
        tried = {c: _cells([*chosen, c], binned, target, random_state) for c in features.columns if c not in chosen}
        added = max(tried, key=lambda c: tried[c][0].mean())
        scores, sizes = tried[added]
        chosen.append(added)
        rows.append(
            {
                "dimensions": len(chosen),
                "added": added,
                "cells": len(sizes),
                "small_cells": int((sizes < 30).sum()),
                "r2": scores.mean(),
                "se": scores.std(ddof=1) / np.sqrt(_FOLDS),
            }
        )
    return pd.DataFrame(rows)


def _cells(columns: list[str], binned: dict, target: np.ndarray, random_state: int) -> tuple[np.ndarray, np.ndarray]:
    cell = np.unique(np.column_stack([binned[c] for c in columns]), axis=0, return_inverse=True)[1].ravel()
    sizes = np.bincount(cell)

    def predict(train: np.ndarray, test: np.ndarray) -> np.ndarray:
        sums = np.bincount(cell[train], target[train], len(sizes))
        counts = np.bincount(cell[train], minlength=len(sizes))
        means = np.where(counts > 0, sums / np.maximum(counts, 1), target[train].mean())
        return means[cell[test]]

    return _r2_by_fold(predict, target, random_state), sizes


def smallest_change(customers: pd.DataFrame, customer_id: str, target: str, cut: str = "median") -> dict[str, float]:
    """The least that puts a customer into the RFM class `target` while everybody else stays.

    Parameters
    ----------
    customers : what `rfm` gave.
    target : one of CLASSES' values.

    Returns
    -------
    {measure: change}, only what has to change: {"frequency": 2.0, "recency_days": -13.0} is two orders more and
        thirteen days of silence fewer. To the next whole day, order or cent beyond the cut; empty for who is there.

    Raises
    ------
    DataError : an unknown customer or class.
    """
    wanted = {name: high for high, name in CLASSES.items()}
    if target not in wanted:
        raise DataError("There is no RFM class {name}. Classes are: {names}.", name=target, names=", ".join(wanted))
    row = customers[customers["customer_id"] == customer_id]
    if row.empty:
        raise DataError("There is no customer {customer}.", customer=customer_id)
    edge, changes = cuts(customers, cut), {}
    for high, (name, (column, large_is_good)) in zip(wanted[target], DIMENSIONS.items(), strict=True):
        value, limit = float(row[column].iloc[0]), edge[name]
        if (value > limit if large_is_good else value < limit) != high:
            changes[column] = round(_just_there(limit, large_is_good, high, 0.01 if name == "m" else 1.0) - value, 2)
    return changes


def _just_there(limit: float, large_is_good: bool, high: bool, step: float) -> float:
    """The nearest value on the wanted side of the cut; the cut itself is low."""
    if large_is_good:
        return np.floor(limit / step + 1e-9) * step + (step if high else 0)
    return np.ceil(limit / step - 1e-9) * step - (step if high else 0)
