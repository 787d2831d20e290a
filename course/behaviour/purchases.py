"""What was bought, a row a line, and each customer's habits.

Orders come at line level, or at order level with a table of lines beside them; `purchases` makes one frame of both.
"""

import pandas as pd

from course import schema
from course.engine import Relation, Table, like, query
from course.errors import DataError
from course.orders import UP_TO, goods_only, heads, last_day, same_ids, with_net, with_refunded

#: What names the goods: one of these makes a line a purchase of something.
GOODS = ("product_id", "product_name", "category")

_ORDER = ("customer_id", "order_id", "ordered_at")

_LINES = f"SELECT {{columns}} FROM orders WHERE {UP_TO} ORDER BY {{sorting}}"
# Each line carries its part of what the order paid, so that the money of the lines is the money of the orders.
_SPLIT = f"""
    WITH heads AS (
        SELECT customer_id, order_id, min(ordered_at) AS ordered_at,
            CAST(sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS paid,
            CAST(sum(CAST(round(refunded, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS returned
        FROM orders WHERE {UP_TO} GROUP BY customer_id, order_id
    ), priced AS (
        SELECT *, CAST(round(greatest(coalesce({{worth}}, 0), 0), 6) AS DECIMAL(38, 6)) AS worth FROM lines
    ), wholes AS (
        SELECT order_id, CAST(sum(worth) AS DOUBLE) AS whole, count(*) AS number FROM priced GROUP BY order_id
    ), parts AS (
        SELECT priced.*, CASE WHEN whole > 0 THEN CAST(worth AS DOUBLE) / whole ELSE 1.0 / number END AS part
        FROM priced JOIN wholes ON priced.order_id = wholes.order_id
    ), orders_of_lines AS (
        SELECT heads.customer_id, heads.order_id, heads.ordered_at, {{goods}}, paid * coalesce(part, 1) AS amount,
            returned * coalesce(part, 1) AS refunded
        FROM heads LEFT JOIN parts ON heads.order_id = parts.order_id
    )
    SELECT {{columns}} FROM orders_of_lines ORDER BY {{sorting}}
"""

_ONE = f"""
    WITH one AS (
        SELECT customer_id, order_id, min(ordered_at) AS ordered_at, {{channel}} AS channel,
            {{discounted}} AS discounted
        FROM orders WHERE {UP_TO} GROUP BY customer_id, order_id
    )
"""
# 1 January 1900 was a Monday; engines number the days of a week differently.
_TIMES = """
    SELECT customer_id,
        date_diff('day', CAST(min(ordered_at) AS DATE), CAST(max(ordered_at) AS DATE))
            / nullif(CAST(count(DISTINCT CAST(ordered_at AS DATE)) AS DOUBLE) - 1, 0) AS mean_gap_days,
        avg(CASE WHEN date_diff('day', DATE '1900-01-01', CAST(ordered_at AS DATE)) % 7 >= 5 THEN 1.0 ELSE 0.0 END)
            AS weekend_share,
        avg(discounted) AS discount_share
    FROM one GROUP BY customer_id ORDER BY customer_id
"""
_TIMED = "SELECT coalesce(bool_or(ordered_at <> date_trunc('day', ordered_at)), false) AS timed FROM orders"
# What a customer chooses most, by weight; ties go to the first name. The squares are summed in decimals, as money is.
_FAVOURITE = """
    , sums AS (
        SELECT customer_id, {value} AS value, sum(CAST(round({weight}, 6) AS DECIMAL(38, 6))) AS weight
        FROM {source} WHERE {value} IS NOT NULL GROUP BY customer_id, value
    ), shares AS (
        SELECT customer_id, value,
            CAST(weight AS DOUBLE) / CAST(sum(weight) OVER (PARTITION BY customer_id) AS DOUBLE) AS share,
            row_number() OVER (PARTITION BY customer_id ORDER BY weight DESC, value) AS place
        FROM sums WHERE weight > 0
    )
    SELECT customer_id, max(CASE WHEN place = 1 THEN value END) AS main,
        max(CASE WHEN place = 1 THEN share END) AS share, count(*) AS number,
        CAST(sum(CAST(round(share * share, 12) AS DECIMAL(38, 12))) AS DOUBLE) AS hhi
    FROM shares GROUP BY customer_id ORDER BY customer_id
"""


def purchases(orders: Table, lines: Table | None = None, as_of: object = None) -> Table:
    """What was bought, a row a line, from either layout of orders.

    With a table of lines the money of an order is divided over its lines in proportion to quantity × unit_price (in
    equal parts where that is unknown or 0), so the sums are those of the orders, discounts and refunds included. An
    order without lines keeps one row, with no product.

    Parameters
    ----------
    orders : valid orders: customer_id, order_id, ordered_at, amount; `refunded` (money, ≥ 0) if known. Without `lines`
        also product_id, product_name or category.
    lines : order_id; product_id, product_name or category; quantity and unit_price if known.
    as_of : last day counted. Default: the day of the last order.

    Returns
    -------
    sorted by customer, time and order (of relations a relation, in no order)
        customer_id, order_id, ordered_at; of product_id, product_name, category,
        quantity and is_fee (a line that is no goods) what the data have; amount, refunded (money of the line). It is a
        table of orders again: the other steps can read it

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; no line that belongs to an order.
    """
    as_of = last_day(orders, as_of)
    source = orders if lines is None else lines
    if not any(c in source for c in GOODS):
        raise DataError(
            "Nothing says what was bought: product_id, product_name or category is needed. Columns are: {present}. "
            "Give the table of order lines, or map such a column.",
            present=", ".join(map(str, source.columns)),
        )
    goods = [c for c in (*GOODS, "quantity", "is_fee") if c in source]
    columns = [*_ORDER, *goods, "amount", "refunded"]
    sorting = ["customer_id", "ordered_at", "order_id", *columns[3:]]
    places = {"columns": ", ".join(columns), "sorting": ", ".join(sorting)}
    money = with_refunded(orders)
    if lines is None and isinstance(orders, Relation):
        bought = money[columns].where(f"CAST(ordered_at AS DATE) <= DATE '{as_of.date()}'")
    elif lines is None:
        bought = query(_LINES.format(**places), {"orders": money[columns]}, as_of=as_of)
    else:
        schema.require(lines, "order_lines", ("order_id",))
        priced = "quantity" in lines and "unit_price" in lines
        needed = ["order_id", *goods, *(["unit_price"] if priced else [])]
        sql = _SPLIT.format(
            worth="quantity * unit_price" if priced else "1", goods=", ".join(f"parts.{c}" for c in goods), **places
        )
        tables = {"orders": money[[*_ORDER, "amount", "refunded"]], "lines": lines[needed]}
        bought = like(orders)(sql, tables, as_of=as_of)
        if not _any_said(bought, [c for c in goods if c in GOODS]):
            raise DataError("No order line belongs to an order: the two tables have no order_id in common.")
    return same_ids(bought, orders)


def _any_said(bought: Table, goods: list[str]) -> bool:
    found = query(f"SELECT count({'), count('.join(goods)}) FROM bought", {"bought": bought[goods]})
    return bool(found.any(axis=None))


def habits(orders: Table, lines: Table | None = None, as_of: object = None) -> pd.DataFrame:
    """How each customer buys, one row a customer; only the columns that the data carry.

    Parameters
    ----------
    orders, lines, as_of : as for `purchases`; products are not needed.

    Returns
    -------
    frame sorted by customer_id. Shares are of the customer's orders; category shares are of their money net of refunds
        mean_gap_days : mean days between two days with an order; blank where there is one such day only
        weekend_share : orders on Saturday or Sunday
        usual_hour : the hour (0–23) of most orders, the earliest of equals; where the data carry times
        discount_share : orders with a discount; where the data carry discounts (see `price_sensitivity`)
        main_channel, main_channel_share, channels : the channel of most orders, and how many are used
        top_category, top_category_share, categories : the category of most money, and how many were paid for
        category_hhi : Herfindahl index, Σ share²: 1 where all money goes to one category

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`.
    """
    as_of = last_day(orders, as_of)
    has_discount = "discount" in orders or "promo_id" in orders
    one = _ONE.format(
        channel="min(channel)" if "channel" in orders else "NULL",
        discounted=discounted(orders) if has_discount else "NULL",
    )
    tables = {"orders": heads(orders)[[*_ORDER, *(c for c in ("channel", "discount", "promo_id") if c in orders)]]}
    out = query(one + _TIMES, tables, as_of=as_of).set_index("customer_id")
    if not has_discount:
        del out["discount_share"]
    if query(_TIMED, tables)["timed"].iloc[0]:
        hours = _favourite(one, tables, source="one", value="hour(ordered_at)", weight="1", as_of=as_of)
        out["usual_hour"] = hours["main"].astype("Int64")
    if "channel" in orders:
        found = _favourite(one, tables, source="one", value="channel", weight="1", as_of=as_of)
        out = _with(out, found, main="main_channel", share="main_channel_share", number="channels")
    if "category" in (orders if lines is None else lines):
        bought = "WITH bought AS (SELECT customer_id, category, net FROM orders)"
        tables = {"orders": with_net(goods_only(purchases(orders, lines, as_of)), "customer_id", "category")}
        found = _favourite(bought, tables, source="bought", value="category", weight="net")
        names = {"share": "top_category_share", "number": "categories", "hhi": "category_hhi"}
        out = _with(out, found, main="top_category", **names)
    return same_ids(out.reset_index(), orders)


def _favourite(
    given: str, tables: dict[str, Table], source: str, value: str, weight: str, **values: object
) -> pd.DataFrame:
    """The value of most weight of each customer (the index): main, its share, the number of values, hhi."""
    sql = given + _FAVOURITE.format(source=source, value=value, weight=weight)
    return query(sql, tables, **values).set_index("customer_id")


def _with(out: pd.DataFrame, found: pd.DataFrame, **names: str) -> pd.DataFrame:
    return out.join(found.astype({"number": "Int64"})[list(names)].rename(columns=names))


def discounted(orders: Table) -> str:
    """SQL over the lines of an order: 1.0 where it carried a discount, else 0.0.

    A blank discount is none. Without the column `discount` an order with a promo_id is a discounted one.
    """
    sign = "discount > 0" if "discount" in orders else "promo_id IS NOT NULL"
    return f"max(CASE WHEN {sign} THEN 1.0 ELSE 0.0 END)"
