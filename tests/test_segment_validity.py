"""Factors behind answers, rules that name a segment, and whether a segment is worth having."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, segment


def survey(n=600, seed=0):
    """Eight items of 1–7: four on price, four on novelty, the last of each worded the other way round."""
    random = np.random.default_rng(seed)
    price, novelty = random.normal(size=(2, n))
    items = {f"price_{i}": price for i in range(4)} | {f"novelty_{i}": novelty for i in range(4)}
    frame = pd.DataFrame({name: true + 0.6 * random.normal(size=n) for name, true in items.items()})
    frame[["price_3", "novelty_3"]] *= -1
    return (frame * 1.2 + 4).round().clip(1, 7), price, novelty


def test_alpha_of_a_table_worked_by_hand():
    # Items (1,2,3), (2,2,5), sums 3, 4, 8: variances 1 and 3, of the sum 7; 2/1 · (1 − 4/7) = 6/7.
    assert segment.cronbach_alpha(pd.DataFrame({"a": [1, 2, 3], "b": [2, 2, 5]})) == pytest.approx(6 / 7)
    assert np.isnan(segment.cronbach_alpha(pd.DataFrame({"a": [1, 2, 3]})))


def test_two_planted_factors_come_back():
    items, price, novelty = survey()
    got = segment.factors(items, reverse=("price_3", "novelty_3"))
    assert sorted(map(sorted, got.items.values())) == [
        ["novelty_0", "novelty_1", "novelty_2", "novelty_3"],
        ["price_0", "price_1", "price_2", "price_3"],
    ]
    assert (got.reliability > 0.85).all()
    for name, columns in got.items.items():
        truth = price if "price_0" in columns else novelty
        assert np.corrcoef(got.scores[name], truth)[0, 1] > 0.9
    assert got.used == 600


def test_an_item_not_turned_round_ruins_the_reliability():
    items, _, _ = survey()
    columns = [f"price_{i}" for i in range(4)]
    assert segment.cronbach_alpha(items[columns]) < 0.3
    assert segment.factors(items[columns], reverse=("price_3",)).reliability.iloc[0] > 0.85


def test_items_worded_the_other_way_round_are_found_before_the_reliability_is_told():
    """The last item of each four is mirrored; the reliability is the one of a survey whose key is known."""
    items, _, _ = survey()
    found, told = segment.factors(items), segment.factors(items, reverse=("price_3", "novelty_3"))
    assert sorted(found.mirrored) == ["novelty_3", "price_3"]
    by_first = {columns[0]: alpha for columns, alpha in zip(told.items.values(), told.reliability, strict=True)}
    for columns, alpha in zip(found.items.values(), found.reliability, strict=True):
        assert alpha == pytest.approx(by_first[columns[0]])
    assert found.low == []
    # Mirrored the other way: three of four turned round by the asker, the odd one is still one.
    three = items.assign(**{f"price_{i}": 8 - items[f"price_{i}"] for i in range(3)})
    assert "price_3" not in segment.factors(three).mirrored  # now it points where the others do


def test_an_item_that_is_merely_weak_is_not_turned_round_and_a_low_reliability_is_low():
    """Four items of which each holds a quarter of one trait, and one that holds nothing: alpha of the four is
    4 · ¼ / (1 + 3 · ¼) = 0.57, below the usual 0.7."""
    random = np.random.default_rng(3)
    trait = random.normal(size=3_000)
    items = pd.DataFrame({f"q{i}": 0.5 * trait + np.sqrt(0.75) * random.normal(size=3_000) for i in range(4)})
    got = segment.factors(items, k=1)
    assert got.mirrored == [] and got.reliability.iloc[0] == pytest.approx(4 / 7, abs=0.03)
    assert got.low == ["factor_1"]
    weak = -items.sum(axis=1) * 0.004 + pd.Series(np.random.default_rng(5).normal(size=3_000))
    assert segment.factors(items.assign(weak=weak), k=1).mirrored == []


def test_noise_has_no_factor():
    noise = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 6)), columns=list("abcdef"))
    with pytest.raises(DataError, match="more than chance"):
        segment.factors(noise)


@pytest.mark.parametrize(
    ("items", "reverse", "words"),
    [
        (survey()[0].head(50), (), "50 complete answers are too few for 8 items"),
        (survey()[0].assign(price_0=4), (), "same answer to price_0"),
        (survey()[0], ("colour",), "no item colour"),
    ],
)
def test_items_that_do_not_serve_are_refused(items, reverse, words):
    with pytest.raises(DataError, match=words):
        segment.factors(items, reverse)


def test_a_segment_made_by_a_rule_is_described_by_it():
    random = np.random.default_rng(0)
    features = pd.DataFrame(
        {"recency_days": random.integers(0, 400, 2_000), "frequency": random.integers(1, 20, 2_000)}
    )
    loyal = (features["recency_days"] <= 30) & (features["frequency"] >= 10)
    got = segment.describe(features, loyal.map({True: "loyal", False: "rest"})).set_index("segment")
    assert got.loc["loyal", "rule"] == "frequency > 9.5 and recency_days <= 30.5"
    assert got.loc["loyal", ["precision", "recall", "fidelity"]].tolist() == [1.0, 1.0, 1.0]
    assert got["customers"].tolist() == [int((~loyal).sum()), int(loyal.sum())]


def test_a_rule_never_has_more_than_three_conditions():
    random = np.random.default_rng(1)
    features = pd.DataFrame(random.normal(size=(1_000, 5)), columns=list("abcde"))
    got = segment.describe(features, pd.Series(random.integers(0, 6, 1_000)))
    assert got["rule"].str.split(" and ").str.len().max() <= 3
    with pytest.raises(DataError, match="not of the same rows"):
        segment.describe(features, pd.Series([1, 2]))


def test_segments_that_are_the_truth_foretell_and_random_ones_do_not():
    random = np.random.default_rng(0)
    kind = pd.Series(random.integers(0, 3, 2_000))
    features = pd.DataFrame({"a": kind + random.normal(0, 0.1, 2_000), "b": random.normal(size=2_000)})
    outcome = pd.Series(np.array([0.0, 5.0, 20.0])[kind] + random.normal(0, 2, 2_000))
    true = segment.foretells(features, kind, outcome).set_index("what")["r2"]
    drawn = pd.Series(random.integers(0, 3, 2_000))
    by_chance = segment.foretells(features, drawn, outcome).set_index("what")["r2"]
    # Var of the means is 72.2, of the noise 4: at best 72.2 / 76.2 = .948.
    assert true["segments"] == pytest.approx(0.948, abs=0.01)
    assert abs(by_chance["segments"]) < 0.01
    assert true["mean"] == pytest.approx(0, abs=0.001)
    assert true["features"] > 0.9


def test_dimensions_stop_paying_when_they_are_noise():
    random = np.random.default_rng(0)
    features = pd.DataFrame(random.normal(size=(3_000, 5)), columns=["first", "second", "n1", "n2", "n3"])
    outcome = 3 * features["first"] + 2 * features["second"] + random.normal(size=3_000)
    got = segment.dimensions(features, outcome)
    assert got["added"].tolist()[:2] == ["first", "second"]
    assert got["r2"].idxmax() == 1  # two dimensions
    assert got["r2"].iloc[-1] < got["r2"].max()
    assert got["cells"].tolist()[:3] == [3, 9, 27]
    assert got["small_cells"].iloc[-1] > 100


customers = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 6), st.integers(0, 9_999)), min_size=3, max_size=25
).map(
    lambda rows: pd.DataFrame(rows, columns=["recency_days", "frequency", "monetary_net"]).assign(
        monetary_net=lambda f: f["monetary_net"] / 100, customer_id=[f"c{i}" for i in range(len(rows))]
    )
)


@given(customers, st.sampled_from(sorted(segment.CLASSES.values())), st.integers(0, 24))
def test_the_smallest_change_moves_the_customer_there_and_a_smaller_one_does_not(table, target, at):
    customer = table["customer_id"].iloc[at % len(table)]
    edge = segment.cuts(table)
    row = table.set_index("customer_id").loc[customer]

    def name_of(values):
        high = (values["recency_days"] < edge["r"], values["frequency"] > edge["f"], values["monetary_net"] > edge["m"])
        return segment.CLASSES[tuple(map(bool, high))]

    changes = segment.smallest_change(table, customer, target)
    moved = row[["recency_days", "frequency", "monetary_net"]].astype(float)
    for column, change in changes.items():
        moved[column] = round(moved[column] + change, 2)
    assert name_of(moved) == target
    for column, change in changes.items():
        step = 0.01 if column == "monetary_net" else 1.0
        less = moved.copy()
        less[column] = round(less[column] - np.sign(change) * step, 2)
        assert change != 0
        assert name_of(less) != target


def test_a_median_between_two_cents_is_no_higher_than_it_is():
    # (0.02 + 19.74) / 2 is 9.879999999999999 in floating point: a customer at 9.88 would count as above the median.
    table = pd.DataFrame({"recency_days": 0, "frequency": 1, "monetary_net": [0.0, 0.02, 9.88, 19.74, 30.0, 5.0]})
    middle = table[table["monetary_net"].isin([0.02, 19.74])]
    assert segment.cuts(middle)["m"] == 9.88


def test_unknown_names_are_refused():
    table = pd.DataFrame({"customer_id": ["a"], "recency_days": [1], "frequency": [1], "monetary_net": [1.0]})
    with pytest.raises(DataError, match="no RFM class best"):
        segment.smallest_change(table, "a", "best")
    with pytest.raises(DataError, match="no customer z"):
        segment.smallest_change(table, "z", "important_value")
