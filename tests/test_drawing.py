"""Customers drawn of many: the same ones whatever the order, of the rare all, and what is learnt from them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd

from course import behaviour, engine, segment
from course.behaviour import preference, recommend
from course.drawing import drawn
from course.lifecycle import warning
from course.orders import daily
from course.report.sections import Page
from course.report.sections import behaviour as behaviour_section
from course.report.sections import clusters as clusters_section
from course.report.sections import foretelling as foretelling_section
from course.segment import clusters
from course.workflow.steps import foretelling
from course.workflow.steps.behaviour import Behaviour
from course.workflow.steps.clusters import Groups


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
    said = [
        _said(behaviour_section._shift, Behaviour(None, shift=one, split=bought["ordered_at"].min()))
        for one in (some, whole)
    ]
    assert ["fitted on 700 of 2,000 customers" in one for one in said] == [True, False]


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
    said = _said(clusters_section.groups, Groups(found, segment.describe(table, found.labels)))
    assert "Looked for among 500 of 1,800 customers" in said and "learnt from 400 of 1,800" in said
    of_all = replace(found, searched=1800, learnt=1800)
    said = _said(clusters_section.groups, Groups(of_all, segment.describe(table, found.labels)))
    assert "Looked for" not in said and "learnt from" not in said


def test_segments_judged_on_some_say_on_how_many(monkeypatch):
    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(400), 6)
    table = pd.DataFrame({"customer_id": [f"C{i:03}" for i in who], "order_id": np.arange(len(who)).astype(str)})
    table["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, len(who)), unit="D")
    table["amount"] = rng.gamma(2, 20, len(who)).round(2)
    as_of = table["ordered_at"].max()
    run = SimpleNamespace(heads=table, days=daily(engine.stored(table), as_of), as_of=as_of)
    whole, _ = foretelling.find(run)
    monkeypatch.setattr(foretelling, "_JUDGED", 250)
    some, _ = foretelling.find(run)
    known = table.loc[table["ordered_at"] <= some.split, "customer_id"].nunique()
    assert (some.judged, some.customers, whole.judged) == (250, known, known)
    said = [_said(foretelling_section.foretelling, one) for one in (some, whole)]
    assert [f"Judged on 250 of {known} customers" in one for one in said] == [True, False]


def _said(section, found) -> str:
    """What a section of the report shows of a finding, in English."""
    return str(section(Page(None, {}, "en"), found))


def test_the_gain_of_a_list_among_many_has_the_interval_of_all_resampled(monkeypatch):
    """Only who can be on a list is resampled; the expected interval resamples everybody, by another way."""
    rng = np.random.default_rng(6)
    n, budget = 4000, 100
    silent = rng.integers(0, 40, n).astype("float64")
    y = (rng.random(n) < 0.2 + silent / 60).astype("int64")
    risk = silent / 60 + rng.normal(0, 0.1, n)
    standing = pd.DataFrame({"silent_days": silent, "lost_days": 50.0})
    monkeypatch.setattr(warning, "_LEARNT", 1000)
    pool = warning._reachable((risk, silent), budget)
    assert len(pool) < n // 2 and set(np.argsort(-risk)[:budget]) <= set(pool)
    _, (gain, low, high) = warning._alerts(warning._Sample(standing, standing, y), risk, budget, 0)

    def right(score, times):
        """Right ones of the list where everybody stands for so many; who is tied at its edge counts as a share."""
        order = np.argsort(-score, kind="stable")
        first = np.flatnonzero(np.diff(score[order], prepend=np.inf))
        those, of_them_right = (np.add.reduceat((times * w)[:, order], first, axis=1) for w in (np.ones(n), y))
        room = budget - (those.cumsum(axis=1) - those)
        return (of_them_right * (room / np.maximum(those, 1)).clip(0, 1)).sum(axis=1)

    once, times = np.ones((1, n)), rng.multinomial(n, np.full(n, 1 / n), 500)
    gains = (right(risk, times) - right(silent, times)) / budget
    assert np.isclose(gain, (right(risk, once) - right(silent, once))[0] / budget)
    assert np.allclose([low, high], np.quantile(gains, [0.025, 0.975]), atol=0.02)
