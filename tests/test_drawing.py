"""Customers drawn of many: the same ones whatever the order, of the rare all, and what is learnt from them."""

import numpy as np
import pandas as pd

from course import behaviour, segment
from course.behaviour import preference, recommend
from course.drawing import drawn
from course.lifecycle import warning
from course.segment import clusters


def test_who_is_drawn_does_not_depend_on_the_order_of_rows():
    ids = pd.Index([f"C{i}" for i in range(5000)])
    strata = np.where(np.arange(5000) < 40, "rare", "common")
    taken, weight = drawn(ids, 1000, strata, floor=100)
    shuffled = np.random.default_rng(1).permutation(5000)
    again, other = drawn(ids[shuffled], 1000, strata[shuffled], floor=100)
    assert set(ids[taken]) == set(ids[shuffled][again])
    assert set(range(40)) <= set(taken)  # fewer than the floor: all of them
    assert len(taken) == 40 + 992  # 4,960 of 5,000 are common: 992 of 1,000
    assert weight[strata[taken] == "rare"].tolist() == [1.0] * 40
    assert np.isclose(weight.sum(), 5000) and np.isclose(other.sum(), 5000)
    assert drawn(ids, 5000) is None


def test_a_model_of_drawn_customers_is_nearly_that_of_all_whatever_the_floor():
    """The rare stratum falls silent far oftener: without weights its floor would lift everybody's risk."""
    rng = np.random.default_rng(2)
    rare = np.arange(20_000) < 1000
    X = pd.DataFrame({"a": rng.normal(size=20_000), "b": rng.normal(size=20_000)})
    y = (rng.random(20_000) < np.where(rare, 0.9, 0.2)).astype("int64")
    standing = pd.DataFrame({"stage": np.where(rare, "at_risk", "active"), "band": 1})
    some = warning.learnt(X, y, standing, most=2500)
    assert some.n_learnt_ == 1000 + 2375
    expected = 0.05 * 0.9 + 0.95 * 0.2
    assert abs(some.predict_proba(X)[:, 1].mean() - expected) < 0.02
    assert warning.told_of_sample(10, 10) == []
    assert "3,375 of 20,000" in str(warning.told_of_sample(some.n_learnt_, 20_000)[0])


def _choices(customers: int) -> pd.DataFrame:
    """Two orders before and two after the split; the last tenth turn from A to B."""
    who = np.repeat(np.arange(customers), 4)
    late = np.tile([0, 0, 1, 1], customers)
    turned = (who >= customers * 0.9) & (late == 1)
    day = pd.Timestamp("2024-01-01") + pd.to_timedelta(late * 60, unit="D")
    category = np.where(turned, "B", np.where(np.arange(len(who)) % 7 == 0, "B", "A"))
    table = {"customer_id": [f"C{i:05}" for i in who], "ordered_at": day, "amount": 1.0, "category": category}
    return pd.DataFrame(table | {"order_id": np.arange(len(who)).astype(str), "product_id": category})


def test_preferences_fitted_on_some_are_told_of_everybody(monkeypatch):
    bought = _choices(2000)
    whole = behaviour.preference_shift(bought, "2024-02-01")
    monkeypatch.setattr(preference, "_FITTED", 700)
    some = behaviour.preference_shift(bought, "2024-02-01")
    assert some.customers["customer_id"].tolist() == whole.customers["customer_id"].tolist()
    assert abs(some.customers["p_shift"] - whole.customers["p_shift"]).max() < 0.15


def test_recommendations_are_judged_on_some_and_learnt_from_all(monkeypatch):
    bought = _choices(300)
    assert behaviour.recommend_holdout(bought, "2024-02-01", k=1).drawn_of is None
    monkeypatch.setattr(recommend, "_JUDGED", 100)
    found = behaviour.recommend_holdout(bought, "2024-02-01", k=1)
    assert found.drawn_of == 300
    assert found.results.set_index(["goods", "measure"]).loc[("all", "hit"), "customers"] == 100
    assert found.cold_customers == 0.0


def test_groups_learnt_from_some_rows_are_those_of_all(monkeypatch):
    rng = np.random.default_rng(4)
    centre = np.repeat([[0, 0], [8, 0], [0, 8]], [900, 600, 300], axis=0)
    table = pd.DataFrame(centre + rng.normal(size=(1800, 2)), columns=["a", "b"])
    monkeypatch.setattr(clusters, "_LEARNT", 400)
    found = segment.cluster(table)
    assert found.k == 3
    assert pd.crosstab(found.labels, centre @ [1, 2]).to_numpy().max(axis=1).tolist() == [900, 600, 300]
