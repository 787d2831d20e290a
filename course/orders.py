"""What every step means by an order's day and money, and by a customer's id."""

import pandas as pd

from course import schema
from course.engine import Relation, Table, keep, like
from course.errors import DataError

#: SQL: the order is of `$as_of` or earlier. Its day counts, never its time.
UP_TO = "CAST(ordered_at AS DATE) <= CAST($as_of AS DATE)"

_DAILY = f"""
    SELECT customer_id, CAST(CAST(ordered_at AS DATE) AS TIMESTAMP) AS ordered_at,
        sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS amount
    FROM orders WHERE {UP_TO}
    GROUP BY customer_id, CAST(ordered_at AS DATE) ORDER BY customer_id, ordered_at
"""


def last_day(
    orders: Table,
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


def no_order(orders: Table, day: pd.Timestamp) -> DataError:
    """The refusal where nothing was bought up to `day`."""
    first = orders["ordered_at"].min().date()
    return DataError("There is no order up to {as_of}: the first one is of {first}.", as_of=day.date(), first=first)


def net(orders: pd.DataFrame) -> pd.Series:
    """The money of each order or line net of refunds: `amount` less `refunded`, where the data have it."""
    return orders["amount"] - orders.get("refunded", 0.0)


def with_net(orders: Table, *columns: str) -> Table:
    """These columns and `net`, where there is an amount: what most questions about orders need."""
    if isinstance(orders, Relation):
        if "amount" not in orders:
            return orders[list(columns)]
        return orders.computed("net", "amount - refunded" if "refunded" in orders else "amount")[[*columns, "net"]]
    frame = orders[list(columns)]
    return frame.assign(net=net(orders)) if "amount" in orders else frame


# Net of refunds must be what it is line by line, so what is given back is the difference.
_HEADS = """
    SELECT customer_id, order_id, ordered_at, sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS amount,
        sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) - sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS refunded{kept}
    FROM orders GROUP BY customer_id, order_id, ordered_at ORDER BY customer_id, ordered_at, order_id
"""
_OF_ORDERS = {"channel": "min", "discount": "max", "promo_id": "max"}


def daily(orders: Table, as_of: pd.Timestamp) -> Table:
    """The orders up to a day, one row a customer and day: for who asks about them many times.

    Returns
    -------
    customer_id, ordered_at (the day), amount (net of refunds), sorted by customer and day. Of a relation it is made
    once; there the amount is a decimal, exact whatever the sum
    """
    known = orders.known if isinstance(orders, Relation) else {}
    if as_of not in known:
        days = like(orders)(_DAILY, {"orders": with_net(orders, "customer_id", "ordered_at")}, as_of=as_of)
        days = same_ids(days, orders)
        if not isinstance(days, Relation):
            return days.astype({"amount": "float64"})
        known[as_of] = days.known[as_of] = days
    return known[as_of]


def heads(orders: Table) -> Table:
    """The orders, of a relation one row an order and moment: for who asks about orders and not about their lines.

    Returns
    -------
    of a relation, made once: customer_id, order_id, ordered_at; amount, refunded (decimals: their sums); channel,
        discount, promo_id where the data have them (the first channel, the highest of the others). A frame as it is
    """
    if not isinstance(orders, Relation):
        return orders
    if "heads" not in orders.known:
        kept = [f"{function}({c}) AS {c}" for c, function in _OF_ORDERS.items() if c in orders]
        sql = _HEADS.format(kept=", ".join(["", *kept]))
        orders.known["heads"] = same_ids(
            keep(sql, {"orders": with_net(with_refunded(orders), *orders.columns)}), orders
        )
    return orders.known["heads"]


def with_refunded(orders: Table) -> Table:
    """The orders with the column `refunded`: 0 where the data have none."""
    if "refunded" in orders:
        return orders
    return orders.computed("refunded", "0.0::DOUBLE") if isinstance(orders, Relation) else orders.assign(refunded=0.0)


def goods_only(lines: Table) -> Table:
    """The lines that are goods: postage and fees are marked `is_fee` by cleaning and are nobody's preference."""
    if "is_fee" not in lines:
        return lines
    if isinstance(lines, Relation):
        return lines.where("NOT coalesce(is_fee, false)")
    return lines[~lines["is_fee"].fillna(False).astype(bool)]


def same_ids(found: Table, given: Table) -> Table:
    """The table with customer_id of the type it has in `given`: a question asked in SQL may answer with another."""
    ids = given["customer_id"].dtype
    plain = getattr(ids, "categories", pd.Index([], ids)).dtype
    return found.typed(customer_id=plain) if isinstance(found, Relation) else found.astype({"customer_id": plain})
