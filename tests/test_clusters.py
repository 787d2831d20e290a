"""Clusters: four groups that are there are found, and in noise there are none."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from course import DataError, segment
from course.segment.clusters import CLEAR, NO_CLUSTERS

#: `benchmarks/clusters.py` runs a hundred seeds of each.
SEEDS = range(20)
ROWS = 150


def uniform_2d(random, n):
    return random.uniform(size=(n, 2))


def uniform_3d(random, n):
    return random.uniform(size=(n, 3))


def correlated_normal(random, n):
    return random.multivariate_normal([0, 0, 0], [[1, 0.8, 0.5], [0.8, 1, 0.6], [0.5, 0.6, 1]], n)


def correlated_uniform(random, n):
    return norm.cdf(random.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], n))


def rfm_like(random, n):
    """Days cut off at a year, orders of which most are one, money that goes with them: skewed, tied, no groups."""
    orders = 1 + random.poisson(random.gamma(0.6, 3, n))
    days = np.minimum(random.exponential(100, n), 365).round()
    return np.column_stack([days, orders, orders * random.lognormal(3, 0.6, n)])


def rfm_like_independent(random, n):
    return np.column_stack([random.exponential(90, n).round(), random.geometric(0.4, n), random.lognormal(4, 1, n)])


NOISE = [uniform_2d, uniform_3d, correlated_normal, correlated_uniform, rfm_like, rfm_like_independent]


def says_no(noise, seed):
    values = noise(np.random.default_rng(seed), ROWS)
    return segment.cluster(pd.DataFrame(values), random_state=seed).verdict == NO_CLUSTERS


@pytest.mark.parametrize("noise", NOISE, ids=lambda f: f.__name__)
def test_noise_has_no_clear_clusters(noise):
    assert sum(says_no(noise, s) for s in SEEDS) >= 0.95 * len(SEEDS)


def four_on_a_square(random, n):
    corners = np.array([[0, 0], [6, 0], [0, 6], [6, 6]])
    planted = random.integers(0, 4, n)
    return corners[planted] + random.normal(size=(n, 2)), planted


def four_of_unequal_size(random, n):
    corners = np.array([[0, 0, 0], [7, 0, 0], [0, 7, 0], [7, 7, 7]])
    planted = random.choice(4, n, p=[0.45, 0.25, 0.18, 0.12])
    return corners[planted] + random.normal(size=(n, 3)), planted


def four_with_long_tails(random, n):
    """Recent and lapsed, frequent and rare: groups in days, orders and money, each skewed."""
    middle = np.array([[30, 12, 6], [30, 2, 4], [250, 12, 6], [250, 2, 4]])
    planted = random.integers(0, 4, n)
    days, orders, money = middle[planted].T
    return np.column_stack(
        [days * random.lognormal(0, 0.25, n), 1 + random.poisson(orders), np.exp(money + 0.3 * random.normal(size=n))]
    ), planted


PLANTED = [four_on_a_square, four_of_unequal_size, four_with_long_tails]


def finds_four(groups, seed):
    values, planted = groups(np.random.default_rng(seed), ROWS)
    clusters = segment.cluster(pd.DataFrame(values), random_state=seed)
    purity = pd.crosstab(clusters.labels, planted).max(axis=1).sum() / ROWS
    return clusters.k == 4 and clusters.verdict == CLEAR and purity > 0.9


@pytest.mark.parametrize("groups", PLANTED, ids=lambda f: f.__name__)
def test_four_planted_groups_are_found(groups):
    assert sum(finds_four(groups, s) for s in SEEDS) >= 0.9 * len(SEEDS)


def test_large_noise_has_none_either():
    random = np.random.default_rng(5)
    assert segment.cluster(pd.DataFrame(rfm_like(random, 20_000))).verdict == NO_CLUSTERS
    assert segment.cluster(pd.DataFrame(uniform_2d(random, 20_000))).verdict == NO_CLUSTERS


def test_no_cluster_means_one_label():
    got = segment.cluster(pd.DataFrame(uniform_2d(np.random.default_rng(1), 300), index=[f"c{i}" for i in range(300)]))
    assert (got.k, got.verdict) == (1, "no clear clusters")
    assert got.labels.eq(0).all()
    assert list(got.labels.index[:2]) == ["c0", "c1"]
    assert got.evidence["k"].tolist() == [2, 3, 4, 5, 6, 7, 8]


def test_row_order_and_repetition_change_nothing():
    values, _ = four_on_a_square(np.random.default_rng(2), 400)
    frame = pd.DataFrame(values)
    first, again = segment.cluster(frame), segment.cluster(frame)
    shuffled = segment.cluster(frame.sample(frac=1, random_state=3))
    pd.testing.assert_series_equal(first.labels, again.labels)
    pd.testing.assert_series_equal(first.labels, shuffled.labels.sort_index())


def test_units_change_nothing():
    values, _ = four_on_a_square(np.random.default_rng(4), 400)
    frame = pd.DataFrame(values)
    assert segment.cluster(frame).labels.equals(segment.cluster(frame * [1000, 0.001] + 7).labels)


def test_the_largest_cluster_comes_first():
    values, _ = four_of_unequal_size(np.random.default_rng(6), 400)
    sizes = segment.cluster(pd.DataFrame(values)).labels.value_counts().sort_index()
    assert sizes.is_monotonic_decreasing


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame({"a": range(49)}), "49 rows are too few"),
        (pd.DataFrame({"a": ["x"] * 60}), "not: a"),
        (pd.DataFrame({"a": [1.0] * 60}), "one value only"),
        (pd.DataFrame({"a": [None, *range(59)]}, dtype="float64"), r"blank or infinite in 1 row \(first: 0\)"),
        (pd.DataFrame({"a": [np.inf, *range(59)]}), "blank or infinite"),
    ],
)
def test_what_cannot_be_clustered_is_refused(frame, words):
    with pytest.raises(DataError, match=words):
        segment.cluster(frame)
