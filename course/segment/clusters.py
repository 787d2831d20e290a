"""k-means, and whether there is anything to find.

k-means cuts anything into k parts, and no single index notices: four parts of uniform noise have a silhouette of .41
and a bootstrap agreement of .92. So every partition is set beside *null twins*, data of the same size, spread and
correlation without groups, and must be clearly better separated than they are.

Twins are uniform, the flattest shape without groups and the one k-means separates best: once along the principal axes
(Tibshirani, Walther & Hastie 2001, the gap statistic's reference), once with the features' own rank correlation (a
Gaussian copula). No twin has every shape, so a second thing must hold: between any two clusters there is a valley,
fewer customers half-way than at either side. Both limits come from simulated noise; the tests repeat it.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError, first_few

NO_CLUSTERS = "no clear clusters"
CLEAR = "clear clusters"
#: How much better than its twins a partition's silhouette must be, how deep the shallowest valley between two clusters
#: (density half-way over the lower of the two heights), and how stable the weakest cluster (Jaccard).
_MARGIN, _VALLEY, _STABLE = 0.06, 0.6, 0.6
_TWINS = 8
_RESAMPLES = 20
#: Rows on which the search runs; silhouettes need all distances.
_SAMPLE = 500
#: Rows from which the shape of the columns and the final centres are learnt; all rows are given to the nearest centre.
_LEARNT = 200_000
#: A value farther than this many standard deviations from the mean speaks of a long tail.
_TAIL = 3.5


@dataclass(frozen=True)
class Clusters:
    """What clustering found.

    Attributes
    ----------
    k : number of clusters; 1 where the verdict is that there are none
    labels : cluster of each row (0 … k−1, the largest first), aligned with the features
    verdict : CLEAR or NO_CLUSTERS
    evidence : one row a k tried: k, gap and gap_se (log within-cluster dispersion, twins less data), silhouette,
        twin_silhouette (mean of the better kind of twin), excess; where that is large valley (1: none between some two
        clusters); where that is low stability (lowest mean Jaccard of a cluster over bootstrap resamples)
    searched, learnt : rows, drawn where there are more, among which groups were looked for, and from which centres were
        learnt; every row is given to the nearest one
    """

    k: int
    labels: pd.Series
    verdict: str
    evidence: pd.DataFrame
    searched: int
    learnt: int


def cluster(features: pd.DataFrame, random_state: int = 0, k_max: int = 8) -> Clusters:
    """Group rows by k-means, if there are groups.

    Parameters
    ----------
    features : one row a customer, numeric columns without blanks, in any unit; long tails are straightened
        (Yeo–Johnson), ties spread over the width of their step, and every column brought to variance 1.
    random_state : seed of twins, starts and resamples; the order of rows changes nothing.
    k_max : largest number of clusters tried.

    Raises
    ------
    DataError : fewer than 50 rows, a column that is blank somewhere, constant or not numeric.
    """
    from threadpoolctl import threadpool_limits

    values = _checked(features)
    order = np.lexsort(values.T[::-1])  # the same rows in another order are the same data
    random = np.random.default_rng(random_state)
    spread = _without_ties(values[order], random)
    chosen = np.sort(random.choice(len(spread), _SAMPLE, replace=False)) if len(spread) > _SAMPLE else slice(None)
    with threadpool_limits(1):  # small problems: threads cost more than they bring
        many = len(spread) > _LEARNT
        learnt = np.sort(random.choice(len(spread), _LEARNT, replace=False)) if many else slice(None)
        scaled = _scaled(spread, learnt)
        evidence = _search(scaled[chosen], random, k_max)
        better = (evidence["excess"] > _MARGIN) & (evidence["gap"] > 0)
        for row in evidence.index[better]:
            evidence.loc[row, "valley"] = _shallowest_valley(scaled[chosen], int(evidence.loc[row, "k"]))
        parted = evidence[evidence["valley"] < _VALLEY].sort_values("excess", ascending=False, kind="stable")
        k = 1
        for row in parted.index:  # the best separated first; the first that is stable too
            evidence.loc[row, "stability"] = _stability(scaled[chosen], int(evidence.loc[row, "k"]), random)
            if evidence.loc[row, "stability"] >= _STABLE:
                k = int(evidence.loc[row, "k"])
                break
        labels = np.zeros(len(values), dtype="int64")
        if k > 1:
            labels[order] = _by_size(_kmeans(scaled[learnt], k).predict(scaled) if many else _kmeans(scaled, k).labels_)
    verdict, rows = CLEAR if k > 1 else NO_CLUSTERS, len(values)
    labels = pd.Series(labels, index=features.index)
    return Clusters(k, labels, verdict, evidence, min(rows, _SAMPLE), min(rows, _LEARNT))


def _checked(features: pd.DataFrame) -> np.ndarray:
    if len(features) < 50:
        raise DataError("{n} rows are too few to look for clusters; 50 are the least.", n=len(features))
    texts = [c for c in features if not pd.api.types.is_numeric_dtype(features[c].dtype)]
    if texts:
        raise DataError("Clusters need numbers; these columns are not: {columns}.", columns=first_few(texts))
    values = features.to_numpy(dtype="float64", na_value=np.nan)
    blank = ~np.isfinite(values)
    if blank.any():
        column = features.columns[blank.any(axis=0)][0]
        rows = np.flatnonzero(blank.any(axis=1))
        raise DataError(
            "Column {column} is blank or infinite in {n:,} {n:row|rows} (first: {first}). Fill them or leave the rows "
            "out.",
            column=column,
            n=len(rows),
            first=first_few(features.index[rows]),
        )
    constant = features.columns[np.ptp(values, axis=0) == 0]
    if len(constant):
        raise DataError("Column {column} has one value only: it separates nobody. Leave it out.", column=constant[0])
    return values


# --- preparing -------------------------------------------------------------------------------------------------------


def _without_ties(values: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Ties spread evenly over their step: a heap at one order is a coarse scale, not a cluster."""
    spread = values.copy()
    for j in range(values.shape[1]):
        steps, at, size = np.unique(values[:, j], return_inverse=True, return_counts=True)
        if len(steps) == len(values) or len(steps) < 3:  # two values are two groups, not a scale
            continue
        half = np.diff(steps) / 2
        below, above = np.append(half[0], half), np.append(half, half[-1])
        draw = random.uniform(-1, 1, len(values))
        shift = np.where(draw < 0, draw * below[at], draw * above[at])
        spread[:, j] += np.where(size[at] > 1, shift, 0)
    return spread


def _scaled(values: np.ndarray, learnt: np.ndarray | slice) -> np.ndarray:
    """Columns of variance 1, those with a long tail straightened; how is learnt from some of the rows."""
    from sklearn.preprocessing import PowerTransformer

    plain = (values - values.mean(axis=0)) / values.std(axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        straight = PowerTransformer().fit(plain[learnt]).transform(plain)
    usable = np.isfinite(straight).all(axis=0) & (straight.std(axis=0) > 0.5)
    tail = np.abs(plain).max(axis=0) > _TAIL
    return np.where(usable & tail, straight, plain)


def _twins(values: np.ndarray, random: np.random.Generator) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Uniform data with the spread and correlation of `values`: along principal axes, and by a Gaussian copula."""
    from scipy.stats import norm, rankdata

    n, p = values.shape
    mean, spread = values.mean(axis=0), values.std(axis=0)
    _, _, axes = np.linalg.svd(values - mean, full_matrices=False)
    along = ((values - mean) @ axes.T).std(axis=0)
    normal = norm.ppf((rankdata(values, axis=0) - 0.5) / n)
    correlation = np.atleast_2d(np.corrcoef(normal, rowvar=False))
    principal = [random.uniform(-1, 1, (n, len(along))) * np.sqrt(3) * along @ axes for _ in range(_TWINS)]
    draws = (random.multivariate_normal(np.zeros(p), correlation, n, method="eigh") for _ in range(_TWINS))
    return principal, [norm.cdf(draw) * np.sqrt(12) * spread for draw in draws]


# --- searching -------------------------------------------------------------------------------------------------------


def _kmeans(values: np.ndarray, k: int):
    from sklearn.cluster import KMeans

    return KMeans(k, n_init=4, random_state=0).fit(values)


def _search(values: np.ndarray, random: np.random.Generator, k_max: int) -> pd.DataFrame:
    from sklearn.metrics import silhouette_score

    principal, copula = _twins(values, random)
    total = np.log(((values - values.mean(axis=0)) ** 2).sum())
    twin_total = [np.log(((t - t.mean(axis=0)) ** 2).sum()) for t in principal]
    rows = []
    for k in range(2, min(k_max, len(values) // 10) + 1):
        found = _kmeans(values, k)
        beside = [_kmeans(t, k) for t in principal]
        # How much of the log dispersion k clusters take away, beyond what they take from the twins.
        taken = np.array([t - np.log(b.inertia_) for t, b in zip(twin_total, beside, strict=True)])
        separation = [silhouette_score(t, b.labels_) for t, b in zip(principal, beside, strict=True)]
        twin = max(np.mean(separation), np.mean([silhouette_score(t, _kmeans(t, k).labels_) for t in copula]))
        silhouette = silhouette_score(values, found.labels_)
        rows.append(
            {
                "k": k,
                "gap": total - np.log(found.inertia_) - taken.mean(),
                "gap_se": taken.std() * np.sqrt(1 + 1 / _TWINS),
                "silhouette": silhouette,
                "twin_silhouette": twin,
                "excess": silhouette - twin,
                "valley": np.nan,
                "stability": np.nan,
            }
        )
    return pd.DataFrame(rows)


def _shallowest_valley(values: np.ndarray, k: int) -> float:
    """The highest ratio, over pairs of clusters, of the density half-way between their centres to the lower of the two
    heights beside it, along the line through the centres: 1 where nothing parts them, 0 where they stand apart."""
    labels = _kmeans(values, k).labels_
    groups = [values[labels == i] for i in range(k)]
    return max(_valley(groups[a], groups[b]) for a in range(k) for b in range(a))


def _valley(left: np.ndarray, right: np.ndarray) -> float:
    line = right.mean(axis=0) - left.mean(axis=0)
    at = [(side - left.mean(axis=0)) @ line / (line @ line) for side in (left, right)]
    both = np.concatenate(at)
    # The bandwidth follows the clusters' own width: that of both together would fill the valley.
    width = np.sqrt(sum(len(a) * a.var() for a in at) / len(both))
    steps = np.linspace(0, 1, 41)
    bandwidth = max(1.06 * width * len(both) ** -0.2, 1e-9)
    density = np.exp(-0.5 * ((steps[:, None] - both) / bandwidth) ** 2).sum(axis=1)
    return float(density[10:31].min() / min(density[:21].max(), density[20:].max()))


def _stability(values: np.ndarray, k: int, random: np.random.Generator) -> float:
    """Mean Jaccard overlap of the weakest cluster with its best match in bootstrap resamples (Hennig 2007)."""
    labels = _kmeans(values, k).labels_
    overlaps = np.empty((_RESAMPLES, k))
    for i in range(_RESAMPLES):
        drawn = np.unique(random.integers(0, len(values), len(values)))
        again = _kmeans(values[drawn], k).labels_
        table = np.array(
            [
                [
                    np.sum((labels[drawn] == a) & (again == b)) / np.sum((labels[drawn] == a) | (again == b))
                    for b in range(k)
                ]
                for a in range(k)
            ]
        )
        overlaps[i] = table.max(axis=1)
    return float(overlaps.mean(axis=0).min())


def _by_size(labels: np.ndarray) -> np.ndarray:
    """Clusters numbered by size, the largest first; of two alike the one that comes first in order."""
    names, first, size = np.unique(labels, return_index=True, return_counts=True)
    rank = np.empty(len(names), dtype="int64")
    rank[np.lexsort((first, -size))] = np.arange(len(names))
    return rank[np.searchsorted(names, labels)]
