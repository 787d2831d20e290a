"""A policy within a budget: never dearer than the budget, never worse than any other choice."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError, effect

KINDS = ["segment", "action", "cost", "expected", "low", "high"]


def table(*rows):
    return pd.DataFrame([(*row, row[3] - 5, row[3] + 5) for row in rows], columns=KINDS)


def best_by_trying(actions, budget):
    """The most net of all choices, at most one action a segment."""
    options = [[None, *rows.index] for _, rows in actions.groupby("segment")]
    nets = []
    for choice in product(*options):
        rows = actions.loc[[c for c in choice if c is not None]]
        if rows["cost"].sum() <= budget:
            nets.append((rows["expected"] - rows["cost"]).sum())
    return max(nets)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(1, 50), st.integers(-20, 120)),
        min_size=1,
        max_size=6,
        unique_by=lambda row: row[:2],
    ),
    st.integers(0, 120),
)
def test_no_other_choice_within_the_budget_brings_more(rows, budget):
    actions = table(*rows)
    found = effect.policy(actions, budget)
    assert found["cost"].sum() <= budget and found["segment"].is_unique
    assert found["net"].sum() == pytest.approx(best_by_trying(actions, budget))
    assert (found["net"] > 0).all()


def test_reading_down_a_list_can_leave_money_over_that_this_uses():
    actions = table(("a", "call", 6, 18), ("b", "call", 5, 14), ("c", "call", 5, 14))
    assert list(effect.policy(actions, 10)["segment"]) == ["b", "c"]


def test_one_action_a_segment_and_the_interval_is_that_of_the_margin_less_the_cost():
    actions = table(("a", "call", 10, 30), ("a", "offer", 2, 12), ("b", "offer", 3, 3))
    found = effect.policy(actions, 100)
    assert found[["segment", "action"]].to_numpy().tolist() == [["a", "call"]]
    assert found[["per_yuan", "net", "net_low", "net_high"]].to_numpy().tolist() == [[3.0, 20, 15, 25]]


def test_without_money_or_without_hope_nothing_is_done():
    actions = table(("a", "call", 10, 30))
    assert effect.policy(actions, 0).empty
    assert effect.policy(actions.assign(expected=10), 100).empty
    assert list(effect.policy(actions, 0).columns) == [*KINDS, "per_yuan", "net", "net_low", "net_high"]


@pytest.mark.parametrize(
    ("actions", "budget", "said"),
    [
        (table(("a", "call", 10, 30)).drop(columns="low"), 5, "no column low"),
        (table(("a", "call", 0, 30)), 5, "costs nothing"),
        (table(("a", "call", 1, 30), ("a", "call", 2, 30)), 5, "stands twice"),
        (table(("a", "call", 1, np.nan)), 5, "expected is blank"),
        (table(("a", "call", 1, 30)), -1, "0 or more"),
        (table(("a", "call", 1, 30)), "5", "0 or more"),
        (table(("a", "call", 1, 30)), True, "0 or more"),
    ],
)
def test_what_cannot_be_decided_is_refused_with_a_reason(actions, budget, said):
    with pytest.raises(DataError, match=said):
        effect.policy(actions, budget)
