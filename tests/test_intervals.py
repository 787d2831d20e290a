"""The intervals that every step and the report share: known values, edges, and whether they cover what they claim."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from course.intervals import Z, q_values, share_of_sum, wilson

COUNTS = st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


# --- a share ---------------------------------------------------------------------------------------------------------


@given(COUNTS, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_wilson_is_the_interval_of_statsmodels(counts, level):
    expected = proportion_confint(*counts, alpha=1 - level, method="wilson")
    assert wilson(*counts, level) == pytest.approx(expected, abs=1e-12)


@given(COUNTS)
def test_the_share_lies_in_its_interval_and_the_interval_between_0_and_1(counts):
    low, high = wilson(*counts)
    assert 0 <= low <= counts[0] / counts[1] <= high <= 1


def test_nothing_of_nothing_is_unknown():
    assert all(math.isnan(end) for end in wilson(0, 0))


@pytest.mark.parametrize("n", [1, 2, 5, 7, 1_000, 123_457])
def test_none_of_n_starts_at_0_and_all_of_n_ends_at_1_exactly(n):
    upper = Z**2 / (n + Z**2)
    assert wilson(0, n) == (0.0, pytest.approx(upper, rel=1e-12))
    assert wilson(n, n) == (pytest.approx(1 - upper, rel=1e-12), 1.0)


def test_wilson_of_columns_is_that_of_each_row():
    k, n = np.array([0, 0, 3, 5]), np.array([0, 5, 5, 5])
    low, high = wilson(k, n)
    for i in range(4):
        assert (low[i], high[i]) == pytest.approx(wilson(int(k[i]), int(n[i])), nan_ok=True)


# --- a share of a sum ------------------------------------------------------------------------------------------------


def test_the_interval_of_a_share_of_money_covers_it_95_times_in_100():
    rng, inside = np.random.default_rng(0), []
    for _ in range(2_000):
        who = rng.random(400) < 0.4
        money = rng.gamma(1, 100, 400) * np.where(who, 2, 1)
        _, low, high = share_of_sum(money, who)
        inside.append(low <= 0.8 / 1.4 <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_the_interval_of_a_share_of_money_by_hand():
    # Customers of 1, 2, 3 and 4; the last two hold 7 of 10. Pulls: -.7, -1.4, .9, 1.2, whose squares add up to 4.7.
    share, low, high = share_of_sum([1, 2, 3, 4], [False, False, True, True])
    assert share == 0.7
    assert (low, high) == (pytest.approx(0.7 - 1.96 * math.sqrt(4.7) / 10), 1.0)  # 1.12 is cut


@pytest.mark.parametrize("values", [[], [0.0, 0.0], [5.0, -6.0]])
def test_no_money_has_no_share(values):
    assert share_of_sum(values, [True] * len(values)) == (0.0, 0.0, 0.0)


def test_everybody_holds_all_and_nobody_nothing():
    assert share_of_sum([1.0, 2.0], [True, True]) == (1.0, 1.0, 1.0)
    assert share_of_sum([1.0, 2.0], [False, False]) == (0.0, 0.0, 0.0)


# --- q values --------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.integers(0, 50))
def test_tests_without_a_find_count_in_the_false_discovery_rate(p, unseen):
    expected = multipletests([*p, *[1.0] * unseen], method="fdr_bh")[1][: len(p)]
    assert q_values(p, len(p) + unseen) == pytest.approx(expected)


def test_no_test_has_no_q_value():
    assert len(q_values([])) == 0
