"""How far a table without names says who somebody is: counted by hand, by pandas, and by an attacker who tries."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, identity


def test_small_enough_to_be_counted_by_eye():
    table = pd.DataFrame({"sex": list("ffmmm"), "city": ["A", "A", "A", "A", "B"]})
    found = identity.anonymity(table, ["sex", "city"])
    assert (found.k, found.unique, found.guess, found.groups, found.n) == (1, 1 / 5, 3 / 5, 3, 5)
    assert identity.anonymity(table, ["sex"]).k == 2 and identity.anonymity(table, ["sex"]).unique == 0


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3), st.sampled_from(["x", None])), min_size=1, max_size=30)
)
def test_it_is_what_pandas_counts_and_coarser_is_never_less_anonymous(rows):
    table = pd.DataFrame(rows, columns=["one", "two", "three"])
    sizes = table.assign(three=table["three"].fillna("")).groupby(["one", "two", "three"]).size()
    found = identity.anonymity(table, ["one", "two", "three"])
    assert (found.k, found.groups) == (sizes.min(), len(sizes))
    assert found.unique == pytest.approx((sizes == 1).sum() / len(table))
    coarser = identity.anonymity(table, ["one", "three"])
    assert coarser.k >= found.k and coarser.unique <= found.unique and coarser.guess <= found.guess


def test_an_attacker_who_tries_is_right_as_often_as_it_says():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.integers(20, 60, 500), "city": rng.integers(0, 5, 500)})
    groups = table.groupby(["age", "city"]).indices
    right = 0
    for victim in rng.integers(0, 500, 20_000):
        alike = groups[tuple(table.loc[victim])]
        right += alike[rng.integers(len(alike))] == victim
    assert right / 20_000 == pytest.approx(identity.anonymity(table, ["age", "city"]).guess, abs=0.012)


@pytest.mark.parametrize(
    ("table", "columns"),
    [(pd.DataFrame({"a": [1]}), ["b"]), (pd.DataFrame({"a": [1]}), []), (pd.DataFrame({"a": []}), ["a"])],
)
def test_nothing_to_measure_is_refused(table, columns):
    with pytest.raises(DataError, match="Anonymity is measured"):
        identity.anonymity(table, columns)
