"""RFM: scores that ties and row order cannot move, classes as the field defines them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, clean, collect, segment

ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "c", "c", "c", "d"],
        "order_id": ["1", "1", "2", "3", "4", "5", "6"],
        "ordered_at": pd.to_datetime(
            [
                "2024-01-01 09:00",
                "2024-01-01 09:00",
                "2024-01-05",
                "2024-01-02",
                "2024-01-02 18:00",
                "2024-01-09 23:59",
                "2024-01-10",
            ],
            format="mixed",
        ),
        "amount": [10.0, 5.0, 7.5, 1.0, 2.0, 3.0, 100.0],
        "refunded": [0.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0],
    }
)


def test_summary_of_a_table_small_enough_to_check_by_eye():
    got = segment.rfm(ORDERS).set_index("customer_id")
    assert got["recency_days"].to_dict() == {"a": 9, "b": 5, "c": 1, "d": 0}
    assert got["frequency"].to_dict() == {"a": 1, "b": 1, "c": 3, "d": 1}  # two lines of one order are one order
    assert got["order_days"].to_dict() == {"a": 1, "b": 1, "c": 2, "d": 1}
    assert got["monetary_gross"].to_dict() == {"a": 15.0, "b": 7.5, "c": 6.0, "d": 100.0}
    assert got["monetary_net"].to_dict() == {"a": 10.0, "b": 7.5, "c": 6.0, "d": 100.0}


def test_as_of_hides_what_came_later_and_counts_days_to_it():
    got = segment.rfm(ORDERS, as_of="2024-01-05").set_index("customer_id")
    assert list(got.index) == ["a", "b", "c"]
    assert got["recency_days"].to_dict() == {"a": 4, "b": 0, "c": 3}
    assert got.loc["c", "frequency"] == 2


def test_quintiles_of_ten_different_values_are_two_each():
    customers = pd.DataFrame(
        {"recency_days": range(10), "frequency": range(1, 11), "monetary_net": np.arange(10) * 1.5}
    )
    got = segment.scores(customers)
    assert got["r"].tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert got["f"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert got["m"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_ties_share_a_score_and_may_leave_scores_empty():
    # Six of ten bought once: ranks 1–6, average 3.5, ⌈5 · 3.5 / 10⌉ = 2. Nobody gets a 1.
    customers = pd.DataFrame(
        {"recency_days": range(10), "frequency": [1] * 6 + [2, 3, 4, 5], "monetary_net": [5.0] * 10}
    )
    got = segment.scores(customers)
    assert got["f"].tolist() == [2] * 6 + [4, 4, 5, 5]
    assert got["m"].tolist() == [3] * 10  # all equal: average rank 5.5, ⌈2.75⌉


def test_a_rank_on_the_edge_stays_in_the_lower_quintile():
    # n = 35: rank 7 is exactly a fifth; in floating point 5 · 7 / 35 must not become 1.0000000000000002.
    customers = pd.DataFrame({"recency_days": range(35), "frequency": range(35), "monetary_net": range(35)})
    assert segment.scores(customers)["f"].value_counts().to_dict() == {1: 7, 2: 7, 3: 7, 4: 7, 5: 7}


def test_nested_ranks_frequency_within_recency():
    # Within each recency score of five customers, frequency takes all five scores.
    customers = pd.DataFrame({"recency_days": range(25), "frequency": range(25), "monetary_net": range(25)})
    nested = segment.scores(customers, "nested")
    assert all(sorted(group) == [1, 2, 3, 4, 5] for _, group in nested.groupby("r")["f"])
    assert set(nested["m"]) == {5}  # alone in its cell: rank 1 of 1
    independent = segment.scores(customers)
    assert (independent["f"] == 6 - independent["r"]).all()


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ((1, 9, 90), "important_value"),
        ((1, 1, 90), "important_develop"),
        ((9, 9, 90), "important_keep"),
        ((9, 1, 90), "important_win_back"),
        ((1, 9, 10), "general_value"),
        ((1, 1, 10), "general_develop"),
        ((9, 9, 10), "general_keep"),
        ((9, 1, 10), "general_win_back"),
    ],
)
def test_each_class_is_what_the_field_calls_it(row, name):
    # Two mirror customers put the medians at 5, 5 and 50; on the cut itself everything is low.
    others = [(10 - row[0], 10 - row[1], 100 - row[2]), (5, 5, 50)]
    customers = pd.DataFrame([row, *others], columns=["recency_days", "frequency", "monetary_net"])
    got = segment.classes(customers)
    assert got.iloc[0] == name
    assert got.iloc[2] == "general_win_back"


def test_the_mean_cut_is_another_rule():
    customers = pd.DataFrame({"recency_days": [1, 2, 3], "frequency": [1, 2, 3], "monetary_net": [1.0, 2.0, 300.0]})
    assert segment.cuts(customers, "mean") == {"r": 2.0, "f": 2.0, "m": 101.0}
    assert segment.cuts(customers, "median") == {"r": 2.0, "f": 2.0, "m": 2.0}


orders_tables = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.integers(1, 12),
        st.integers(0, 40),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=60,
)


def _orders(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "order", "day", "money"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "order_id": frame["customer_id"] + frame["order"].astype(str),
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D"),
            "amount": frame["money"] * 0.1,
        }
    )


@given(orders_tables, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    orders = _orders(rows)
    shuffled = list(range(len(orders)))
    random.shuffle(shuffled)
    for binning in ("independent", "nested"):
        left = segment.rfm(orders, binning=binning)
        right = segment.rfm(orders.iloc[shuffled], binning=binning)
        pd.testing.assert_frame_equal(left, right, check_exact=True)


@given(orders_tables)
def test_the_sql_equals_the_pandas_that_the_lessons_write(rows):
    orders = _orders(rows)
    as_of = orders["ordered_at"].max()
    grouped = orders.groupby("customer_id")
    by_hand = pd.DataFrame(
        {
            "recency_days": (as_of - grouped["ordered_at"].max()).dt.days,
            "frequency": grouped["order_id"].nunique(),
            "monetary_net": grouped["amount"].sum().round(6),
        }
    )
    got = segment.rfm(orders).set_index("customer_id")[by_hand.columns]
    pd.testing.assert_frame_equal(got, by_hand, check_dtype=False, check_index_type=False, rtol=1e-12)


@given(orders_tables)
def test_equal_customers_get_equal_scores_and_better_ones_no_worse(rows):
    got = segment.rfm(_orders(rows))
    for name, (column, large_is_good) in segment.DIMENSIONS.items():
        assert got[name].between(1, 5).all()
        assert (got.groupby(column)[name].nunique() == 1).all()
        ordered = got.sort_values(column, ascending=large_is_good)[name]
        assert ordered.is_monotonic_increasing


def test_thresholds_tell_every_customer_apart():
    customers = segment.rfm(_orders([("abcdefgh"[i % 8], i, i % 37, i % 6) for i in range(60)]))
    limits = segment.thresholds(customers)
    for name, (column, _) in segment.DIMENSIONS.items():
        for row in limits[limits["dimension"] == name].itertuples():
            inside = customers[column].between(row.lowest, row.highest)
            assert (customers.loc[inside, name] == row.score).all()
            assert inside.sum() == row.customers


def test_class_sizes_add_up_and_keep_empty_classes():
    sizes = segment.class_sizes(segment.rfm(ORDERS))
    assert sizes["rfm_class"].tolist() == list(segment.CLASSES.values())
    assert sizes["customers"].sum() == 4
    assert sizes["money"].sum() == pytest.approx(123.5)
    assert (sizes["customers"] == 0).any()


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (ORDERS.drop(columns="order_id"), "no column order_id"),
        (ORDERS.assign(customer_id=[None, *"abcdef"]), "customer_id"),
        (ORDERS.assign(ordered_at="2024-01-01"), "ordered_at"),
        (ORDERS.assign(amount="12"), "amount"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_door(orders, words):
    with pytest.raises(DataError, match=words):
        segment.rfm(orders)


def test_unknown_choices_are_refused():
    with pytest.raises(DataError, match="independent or nested"):
        segment.rfm(ORDERS, binning="both")
    with pytest.raises(DataError, match="median or mean"):
        segment.rfm(ORDERS, cut="mode")
    with pytest.raises(DataError, match="no order up to 2023-12-31"):
        segment.rfm(ORDERS, as_of="2023-12-31")


@pytest.fixture(scope="module")
def online_retail(real_data):
    return clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders")).valid


def test_online_retail_mean_and_median_disagree_for_about_half(online_retail):
    customers = segment.rfm(online_retail)
    assert len(customers) == 4338
    assert customers["frequency"].sum() == 18_532
    disagree = (customers["rfm_class"] != segment.classes(customers, "mean")).mean()
    assert 0.4 < disagree < 0.6  # FIELD §1: about half


def test_online_retail_at_least_instead_of_above_moves_a_fifth(online_retail):
    # FIELD §1: with ≥ in place of > at the median frequency, 19 % of customers change class.
    frequency = online_retail.groupby("customer_id")["order_id"].nunique()
    on_the_cut = (frequency == frequency.median()).mean()
    assert round(100 * on_the_cut) == 19
