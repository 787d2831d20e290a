"""What every step means by an order's day and money, and by a customer's id."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import DataError
from course.orders import goods_only, last_day, net, same_ids, with_net

ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "a"],
        "order_id": ["1", "2", "3"],
        "ordered_at": pd.to_datetime(["2024-01-06 23:59", "2024-01-09 00:01", "2024-02-03 12:00"]),
        "amount": [10.0, 20.0, 30.0],
    }
)

# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        (None, "2024-02-03"),
        ("2024-01-06", "2024-01-06"),  # the day of the first order, however late its hour
        ("2024-01-20 17:00", "2024-01-20"),
        (pd.Timestamp("2024-01-20 23:00", tz="Asia/Shanghai"), "2024-01-20"),  # the day that its own zone writes
        ("2030-01-01", "2030-01-01"),
    ],
)
def test_the_last_day_is_that_of_the_last_order_or_the_one_asked_for(as_of, day):
    assert last_day(ORDERS, as_of) == pd.Timestamp(day)


def test_a_day_before_the_first_order_is_refused_unless_it_may_be():
    with pytest.raises(DataError, match="no order up to 2024-01-05: the first one is of 2024-01-06"):
        last_day(ORDERS, "2024-01-05")
    assert last_day(ORDERS, "2024-01-05", before_first=True) == pd.Timestamp("2024-01-05")


def test_a_table_without_an_order_has_no_last_day():
    with pytest.raises(DataError, match="There is no order"):
        last_day(ORDERS.iloc[:0])
    with pytest.raises(DataError, match="no column amount"):
        last_day(ORDERS.drop(columns="amount"))
    assert last_day(ORDERS.drop(columns="amount"), needs=("ordered_at",)) == pd.Timestamp("2024-02-03")


# --- money -----------------------------------------------------------------------------------------------------------


def test_net_is_the_amount_less_what_went_back():
    assert net(ORDERS).tolist() == [10.0, 20.0, 30.0]
    assert net(ORDERS.assign(refunded=[0.0, 20.0, 12.5])).tolist() == [10.0, 0.0, 17.5]


def test_the_columns_asked_for_come_with_the_net():
    assert list(with_net(ORDERS, "customer_id")) == ["customer_id", "net"]
    assert list(with_net(ORDERS.drop(columns="amount"), "customer_id")) == ["customer_id"]


def test_fees_are_no_goods():
    lines = pd.DataFrame({"product_id": ["a", "post", "b"], "is_fee": pd.array([False, True, None], dtype="boolean")})
    assert goods_only(lines)["product_id"].tolist() == ["a", "b"]
    assert goods_only(lines[["product_id"]])["product_id"].tolist() == ["a", "post", "b"]


# --- ids -------------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True), st.sampled_from(["int64", "str", "Int64", "category"]))
def test_ids_keep_the_type_they_came_in(ids, dtype):
    like = pd.DataFrame({"customer_id": pd.Series(ids).astype(dtype)})
    found = same_ids(pd.DataFrame({"customer_id": ids, "x": 1}), like)
    assert found["customer_id"].dtype == ("int64" if dtype == "category" else like["customer_id"].dtype)
    assert found["customer_id"].tolist() == like["customer_id"].tolist()
