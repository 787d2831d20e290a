"""How often an order's money stands in the file, and what stands on the first row of an order only."""

import numpy as np
import pandas as pd

from course import engine
from course.collect import values
from course.collect.guards.table import Orders
from course.collect.mapping import CHANGED
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.forms import normal
from course.language import Sentence

#: From this share on of orders with several rows, what they have in common is how the file is made.
_NEARLY_ALL = 0.95
#: So many orders with several rows prove it; fewer may be chance.
_ENOUGH = 20


def filled_once(orders: Orders) -> None:
    """Fields of the order that stand on its first row only are those of its other rows too; its money counts once."""
    frame = orders.frame
    if "order_id" not in orders.shown or not frame["order_id"].duplicated().any():
        return
    # A number may begin again in the next shop: what stands on a first row is that of the rows down to the next moment.
    moment = frame["ordered_at"].groupby(frame["order_id"]).ffill()
    begins = moment.notna() & moment.ne(moment.groupby(frame["order_id"]).shift())
    order = [frame["order_id"], begins.groupby(frame["order_id"]).cumsum()]
    place = frame.groupby(order).cumcount()
    several = frame["order_id"].notna() & frame.groupby(order)["order_id"].transform("size").gt(1)
    later = several & place.gt(0)
    filled = []
    for column in ("customer_id", "ordered_at", "status", "currency", "channel", "store_id"):
        if column not in frame or not frame.loc[later, column].isna().any():
            continue
        known = frame[column].groupby(order).transform("first")
        said = several & known.notna()  # an order of a guest has it nowhere
        alone = frame[column].notna()[said & ~later], frame[column].isna()[said & later]
        if (orders.form and orders.form.fill_down) or min(a.mean() for a in alone) >= _NEARLY_ALL:
            frame[column] = frame[column].fillna(known)
            filled.append(orders.name(column))
    if filled:
        orders.notes.append(
            Sentence(
                "{file}: only the first row of an order holds {columns}; the rows below are filled from it.",
                file=orders.file,
                columns=first_few(filled, 8),
            )
        )


#: A line costs what quantity and price make, less a discount; by so much more it may be rounded or taxed.
_LEVELS = """
WITH orders AS (
    SELECT order_id, count(*) AS rows, count(amount) AS filled, min(amount) AS least, max(amount) AS most,
        sum(amount) AS total, arg_min(amount, row) AS first, count(quantity * unit_price) AS priced,
        max(quantity * unit_price) AS dearest, min(quantity * unit_price) AS cheapest,
        count(*) FILTER (abs(amount - quantity * unit_price) <= 0.011 + 0.001 * abs(amount)) AS by_line
    FROM lines WHERE order_id IS NOT NULL GROUP BY order_id HAVING count(*) > 1
), judged AS (
    SELECT *, filled = rows AND least = most AND most <> 0 AS same, filled = rows AND priced = rows AS listed
    FROM orders
)
SELECT count(*) AS orders,
    count(*) FILTER (filled = 1 AND first IS NOT NULL) AS once,
    count(*) FILTER (same) AS same,
    count(*) FILTER (same AND listed AND by_line < rows AND (dearest > cheapest OR most > 1.3 * dearest)) AS proven,
    count(*) FILTER (
        listed AND (by_line = rows OR (same AND dearest = cheapest AND most BETWEEN 0.5 * dearest AND 1.3 * dearest))
    ) AS by_line,
    count(DISTINCT most) AS amounts,
    coalesce(sum(total), 0) AS as_lines, coalesce(sum(most) FILTER (filled > 0), 0) AS as_orders
FROM judged
"""


def level(orders: Orders) -> None:
    """Money that stands on every row of an order, or on its first alone, is the order's and counts once."""
    frame = orders.frame
    # Without a number, rows of one customer and moment are an order: where goods or a merged cell tell it has several.
    several = {"order_id", "product_id", "product_name"} & set(orders.shown) or orders.name("amount") in orders.merged
    if not several or "amount" not in frame or not frame["order_id"].duplicated().any():
        return
    priced = {"quantity", "unit_price"} <= set(orders.shown)  # and not worked out from the amount itself
    lines = ~_taken_back(frame)
    if not {"product_id", "product_name"} & set(orders.shown):
        # Without goods a row that came twice, or in another state, is no further line of its order.
        states = [c for c in frame if c in ("source", "source_row", "status") or normal(c) in CHANGED]
        lines &= ~frame.drop(columns=states).astype("str").duplicated()
    cells = frame.loc[lines, ["order_id", "amount"]].assign(
        **{c: frame[c] if priced else np.nan for c in ("quantity", "unit_price")}
    )
    cells = cells.astype({"amount": "float64", "quantity": "float64", "unit_price": "float64"})
    found = engine.query(_LEVELS, {"lines": cells.assign(row=np.arange(len(cells)))}).iloc[0]
    if not found["orders"]:
        return
    if orders.form and orders.form.level:
        level = orders.form.level
    elif orders.name("amount") in orders.merged or found["once"] >= _NEARLY_ALL * found["orders"]:
        level = "order"
    elif found["same"] < _NEARLY_ALL * found["orders"] or found["by_line"] >= _NEARLY_ALL * found["orders"]:
        return  # rows of an order differ, or are what their own quantity and price make: a line's money
    elif found["proven"] >= _NEARLY_ALL * found["orders"] or (found["orders"] >= _ENOUGH and found["amounts"] > 2):
        level = "order"
    else:
        level = _asked_level(orders, found)
    if level == "order":
        _count_once(orders, found)


def _taken_back(frame: pd.DataFrame) -> pd.Series:
    """True for rows that give money back: no line of their order."""
    back = frame["amount"] < 0
    return back | frame["cancels_order_id"].notna() if "cancels_order_id" in frame else back


def _asked_level(orders: Orders, found: pd.Series) -> str:
    whole = values.exact(orders.frame["amount"])
    difference = float(found["as_lines"] - found["as_orders"])
    question = Question(
        "money",
        Sentence(
            "{file}: does {column} hold the money of the order or of the line? All {orders:,} orders with several rows "
            "have one and the same amount on each of them.",
            file=orders.file,
            column=orders.name("amount"),
            orders=int(found["orders"]),
        ),
        (
            Reading("order", Sentence("the order's, counted once: {money:,.2f} in all", money=whole - difference)),
            Reading("line", Sentence("the line's, added up: {money:,.2f} in all", money=whole)),
        ),
    )
    return orders.answers.to(question)


def _count_once(orders: Orders, found: pd.Series) -> None:
    """The order's money over its rows, by quantity and price where they are there: cents that are left on the last."""
    frame = orders.frame
    columns = [c for c in ("amount", "refunded", "discount") if c in frame]
    weight = np.ones(len(frame))
    if {"quantity", "unit_price"} <= set(orders.shown):
        weight = (frame["quantity"] * frame["unit_price"]).fillna(0.0).clip(lower=0.0).to_numpy()
    sold = frame["order_id"].where(~_taken_back(frame))
    several = (sold.notna() & sold.duplicated(keep=False)).to_numpy()
    parts = pd.DataFrame({"order_id": sold, "weight": weight, "row": np.arange(len(frame))})[several]
    shares = engine.query(_SHARES, {"lines": parts})
    at = shares["row"].to_numpy()
    for column in columns:
        total = frame[column].groupby(sold).transform("max").to_numpy()[at]
        upto = np.round(total * shares["upto"].to_numpy(), 2)
        before = np.round(total * shares["before"].to_numpy(), 2)
        share = np.where(shares["last"], total - before, upto - before)
        new = frame[column].to_numpy("float64", copy=True)
        new[at] = np.round(share, 6)
        frame[column] = new
    if "unit_price" not in orders.shown and "quantity" in frame:
        frame["unit_price"] = frame["amount"] / frame["quantity"].where(frame["quantity"] != 0)
    once = found["once"] >= _NEARLY_ALL * found["orders"]
    orders.notes.append(
        Sentence(
            "{file}: {column} is the order's money; it stands on {where} and was counted once: {money:,.2f} for "
            "{orders:,} orders with several rows, not {added:,.2f}.",
            file=orders.file,
            column=orders.name("amount"),
            where=Sentence("its first row only") if once else Sentence("each of its rows"),
            orders=int(found["orders"]),
            money=float(found["as_orders"]),
            added=float(found["as_lines"]),
        )
    )


#: Which part of an order's money has been given out before a row and with it.
_SHARES = """
WITH weighed AS (
    SELECT row, order_id, CASE WHEN sum(weight) OVER whole > 0 THEN weight ELSE 1 END AS weight
    FROM lines WINDOW whole AS (PARTITION BY order_id)
)
SELECT row, sum(weight) OVER upto / sum(weight) OVER whole AS upto,
    (sum(weight) OVER upto - weight) / sum(weight) OVER whole AS before,
    row_number() OVER upto = count(*) OVER whole AS last
FROM weighed WINDOW whole AS (PARTITION BY order_id),
    upto AS (PARTITION BY order_id ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
ORDER BY row
"""
