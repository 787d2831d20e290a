"""What every step means by an order's day and money, and by a customer's id."""

import pandas as pd

from course import schema
from course.errors import DataError

#: SQL: the order is of `$as_of` or earlier. Its day counts, never its time.
UP_TO = "CAST(ordered_at AS DATE) <= CAST($as_of AS DATE)"


def last_day(
    orders: pd.DataFrame,
    as_of: object = None,
    needs: tuple[str, ...] = ("customer_id", "order_id", "ordered_at", "amount"),
    before_first: bool = False,
) -> pd.Timestamp:
    """The last day that counts: that of `as_of`, by default of the last order.

    Parameters
    ----------
    orders : the columns of `needs`, at least ordered_at.
    as_of : a day, or a time of it.
    before_first : whether a day before the first order is one too.

    Raises
    ------
    DataError : a column missing or with blanks; no order at all, or none up to the day.
    """
    schema.require(orders, "orders", needs)
    if orders.empty:
        raise DataError("There is no order.")
    last = orders["ordered_at"].max() if as_of is None else pd.Timestamp(as_of)
    last = last.tz_localize(None).normalize()
    if orders["ordered_at"].min().normalize() > last and not before_first:
        raise no_order(orders, last)
    return last


def no_order(orders: pd.DataFrame, day: pd.Timestamp) -> DataError:
    """The refusal where nothing was bought up to `day`."""
    first = orders["ordered_at"].min().date()
    return DataError("There is no order up to {as_of}: the first one is of {first}.", as_of=day.date(), first=first)


def net(orders: pd.DataFrame) -> pd.Series:
    """The money of each order or line net of refunds: `amount` less `refunded`, where the data have it."""
    return orders["amount"] - orders.get("refunded", 0.0)


def with_net(orders: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """These columns and `net`, where there is an amount: what most questions about orders need."""
    frame = orders[list(columns)]
    return frame.assign(net=net(orders)) if "amount" in orders else frame


def goods_only(lines: pd.DataFrame) -> pd.DataFrame:
    """The lines that are goods: postage and fees are marked `is_fee` by cleaning and are nobody's preference."""
    return lines[~lines["is_fee"].fillna(False).astype(bool)] if "is_fee" in lines else lines


def same_ids(found: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    """The frame with customer_id of the type it has in `like`: a question asked in SQL may answer with another."""
    ids = like["customer_id"].dtype
    return found.astype({"customer_id": getattr(ids, "categories", pd.Index([], ids)).dtype})
