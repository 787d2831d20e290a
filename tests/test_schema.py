"""What a step says of a table that is none of its kind."""

import pandas as pd
import pytest

from course import schema
from course.errors import DataError

DAYS = pd.to_datetime(["2024-01-01", None, "2024-01-03"])


def orders(**columns) -> pd.DataFrame:
    good = {"order_id": ["1", "2", "3"], "ordered_at": DAYS.fillna(DAYS[0]), "amount": [1.0, 2.0, 3.0]}
    return pd.DataFrame(good | columns, index=[10, 11, 12])


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"order_id": ["1", None, None]}, r"order_id.*no blanks; 2 rows are not \(first: 11, 12\)"),
        ({"ordered_at": DAYS}, r"ordered_at.*no blanks; 1 row is not \(first: 11\)"),
        ({"ordered_at": ["2024-01-01"] * 3}, r"ordered_at.*a date in every row; 3 rows are not"),
        ({"amount": ["1", "2", "3"]}, r"amount.*a number in every row; 3 rows are not"),
        ({"amount": [True, False, True]}, r"amount.*a number in every row"),
        ({"amount": ["1", None, "3"]}, r"amount.*no blanks; 1 row is not \(first: 11\)"),
        ({"ordered_at": ["x"] * 3, "amount": [None] * 3}, r"ordered_at.*a date"),  # the first that is wrong
    ],
)
def test_a_column_of_another_kind_is_named_with_its_rows(columns, said):
    with pytest.raises(DataError, match=said):
        schema.require(orders(**columns), "orders", ("order_id", "ordered_at", "amount"))


def test_a_table_of_its_kind_passes_and_a_missing_column_is_named():
    schema.require(orders(), "orders", ("order_id", "ordered_at", "amount"))
    with pytest.raises(DataError, match="no column customer_id"):
        schema.require(orders(), "orders", ("customer_id",))
    with pytest.raises(DataError, match="Expected a table"):
        schema.require([1], "orders", ("order_id",))
