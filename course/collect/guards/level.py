"""How often an order's money stands in the file, and what stands on the first row of an order only."""

import numpy as np
import pandas as pd

from course import engine
from course.collect import values
from course.collect.guards.table import Orders
from course.collect.mapping import CHANGED
from course.collect.questions import Answers, Question, Reading
from course.errors import first_few
from course.forms import normal
from course.language import Sentence

#: From this share on of orders with several rows, what they have in common is how the file is made.
_NEARLY_ALL = 0.95
#: So many orders with several rows prove it; fewer may be chance.
_ENOUGH = 20
#: So many orders with a row that is the sum of two or more others prove that it is one.
_SUMS = 5
#: Shares of orders that repeat one amount from which on a file may hold both kinds of money: with prices, and without;
#: so many of them, and of their amounts so many different ones.
_SOME, _MIXED, _ENOUGH_MIXED, _DIFFERENT = 0.05, 0.3, 5, 0.7


#: What is one and the same on all rows of an order.
_OF_THE_ORDER = ("customer_id", "ordered_at", "status", "currency", "channel", "store_id")


def filled_once(orders: Orders) -> None:
    """Fields of the order that stand on its first row only are those of its other rows too; its money counts once."""
    frame = orders.frame
    if "order_id" not in orders.shown or not frame["order_id"].duplicated().any():
        return
    filling = orders.form is not None and orders.form.fill_down
    gaps = [c for c in _OF_THE_ORDER if c in frame and (filling or _on_some_rows(frame, c)) and frame[c].isna().any()]
    if not gaps:
        return
    # A number may begin again in the next shop: what stands on a first row is that of the rows down to the next moment.
    moment = frame["ordered_at"].groupby(frame["order_id"]).ffill()
    begins = moment.notna() & moment.ne(moment.groupby(frame["order_id"]).shift())
    order = [frame["order_id"], begins.groupby(frame["order_id"]).cumsum()]
    place = frame.groupby(order).cumcount()
    several = frame["order_id"].notna() & frame.groupby(order)["order_id"].transform("size").gt(1)
    later = several & place.gt(0)
    filled = []
    for column in (c for c in gaps if frame.loc[later, c].isna().any()):
        known = frame[column].groupby(order).transform("first")
        said = several & known.notna()  # an order of a guest has it nowhere
        alone = frame[column].notna()[said & ~later], frame[column].isna()[said & later]
        if filling or min(a.mean() for a in alone) >= _NEARLY_ALL:
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


def _on_some_rows(frame: pd.DataFrame, column: str) -> bool:
    """True where a row of some order holds the column and another row does not."""
    blank = frame[column].isna()
    return bool(frame.loc[blank, "order_id"].isin(frame.loc[~blank, "order_id"].unique()).any())


#: A line costs what quantity and price make, less a discount; by so much more it may be rounded or taxed.
_ORDERS = """
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
SELECT order_id, filled, most, total, same, filled = 1 AND first IS NOT NULL AS once,
    same AND listed AND by_line < rows AND (dearest > cheapest OR most > 1.3 * dearest) AS proven,
    listed AND (by_line = rows OR (same AND dearest = cheapest AND most BETWEEN 0.5 * dearest AND 1.3 * dearest))
        AS by_line,
    coalesce(abs(2 * most - total) <= 0.005 * filled AND most > 0, FALSE) AS summed
FROM judged ORDER BY order_id
"""
_LEVELS = """
SELECT count(*) AS orders, count(*) FILTER (once) AS once, count(*) FILTER (same) AS same,
    count(*) FILTER (proven) AS proven, count(*) FILTER (by_line) AS by_line, count(DISTINCT most) AS amounts,
    count(DISTINCT most) FILTER (same AND NOT by_line) AS totals, count(*) FILTER (same AND NOT by_line) AS repeated,
    count(*) FILTER (filled > 2) AS three, count(*) FILTER (filled > 2 AND summed) AS summed,
    count(*) FILTER (filled = 2 AND NOT summed) AS unlike,
    min(order_id) FILTER (same AND NOT by_line) AS one, min(order_id) FILTER (NOT same) AS other,
    coalesce(sum(total), 0) AS as_lines, coalesce(sum(most) FILTER (filled > 0), 0) AS as_orders,
    coalesce(sum(total - most) FILTER (same AND NOT by_line), 0) AS twice
FROM orders
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
    judged = engine.query(_ORDERS, {"lines": cells.assign(row=np.arange(len(cells)))})
    if judged.empty:
        return
    found = engine.query(_LEVELS, {"orders": judged}).iloc[0]
    level = _decided(orders, found) or _asked_level(orders, found)
    if level == "order":
        _count_once(orders, judged, frame["order_id"].notna())
    elif level == "mixed":
        repeated = judged[judged["same"] & ~judged["by_line"]]
        _count_once(orders, repeated, frame["order_id"].isin(repeated["order_id"]))


def is_of_lines(lines: engine.Relation, shown: dict[str, str], file: str, answers: Answers) -> bool:
    """Whether `level` leaves the money of order lines in the database as it is, without a question.

    Parameters
    ----------
    lines : order_id, amount, quantity, unit_price, all of the export, and `row`, their order; shown, file, answers : as
        of `Orders`.
    """
    sold = lines.where("NOT coalesce(amount < 0, false)")
    judged = engine.keep_here(_ORDERS, {"lines": sold})
    if judged.empty:
        return True
    found = engine.here(_LEVELS, {"orders": judged}).iloc[0]
    return _decided(Orders(pd.DataFrame(), shown, None, file, answers, []), found) == "line"


def _decided(orders: Orders, found: pd.Series) -> str | None:
    """What form, merged cells, quantity and price, or sheer number prove; None where two readings are left."""
    nearly_all = _NEARLY_ALL * found["orders"]
    if orders.form and orders.form.level:
        return orders.form.level
    if orders.name("amount") in orders.merged or found["once"] >= nearly_all:
        return "order"
    if found["by_line"] >= nearly_all:
        return "line"  # rows are what their own quantity and price make
    if _is_summed(found):
        return "order" if found["summed"] >= _SUMS else None
    if found["same"] < nearly_all:
        return None if _is_mixed(found) else "line"
    if found["proven"] >= nearly_all or (found["orders"] >= _ENOUGH and found["amounts"] > 2):
        return "order"
    return None


def _is_summed(found: pd.Series) -> bool:
    """Whether one row of each order is the sum of its others."""
    return bool(found["three"] and found["summed"] >= _NEARLY_ALL * found["three"] and not found["unlike"])


def _is_mixed(found: pd.Series) -> bool:
    """Whether some orders repeat their money on every row while those of others differ: where price and quantity say
    so, or where one in so many orders does and their amounts are as different as sums are and prices are not."""
    if found["by_line"] or found["proven"]:
        return bool(found["proven"] > 1 and found["proven"] >= _SOME * found["orders"])
    many = found["repeated"] >= _ENOUGH_MIXED and found["repeated"] >= _MIXED * found["orders"]
    return bool(many and found["totals"] >= _DIFFERENT * found["repeated"])


def _taken_back(frame: pd.DataFrame) -> pd.Series:
    """True for rows that give money back: no line of their order."""
    back = frame["amount"] < 0
    return back | frame["cancels_order_id"].notna() if "cancels_order_id" in frame else back


def _asked_level(orders: Orders, found: pd.Series) -> str:
    whole = values.exact(orders.frame["amount"])
    line = Reading("line", Sentence("the line's, added up: {money:,.2f} in all", money=whole))
    once = whole - float(found["as_lines"] - found["as_orders"])
    order = Reading("order", Sentence("the order's, counted once: {money:,.2f} in all", money=once))
    column = orders.name("amount")
    if _is_summed(found):
        asks = Sentence(
            "{file}: does {column} hold the money of the order or of the line? In {n:,} {n:order|orders} one row is "
            "the sum of the others.",
            file=orders.file,
            column=column,
            n=int(found["summed"]),
        )
        return orders.answers.to(Question("money", asks, (order, line)))
    if found["same"] < _NEARLY_ALL * found["orders"]:
        asks = Sentence(
            "{file}: does {column} hold the money of the order or of the line? In {n:,} of {orders:,} orders with "
            "several rows it is one and the same on each of them (such as {one}), in the others it is not ({other}).",
            file=orders.file,
            column=column,
            n=int(found["repeated"]),
            orders=int(found["orders"]),
            one=found["one"],
            other=found["other"],
        )
        mixed = Sentence(
            "the order's where all its rows have the same, else the line's: {money:,.2f} in all",
            money=whole - float(found["twice"]),
        )
        return orders.answers.to(Question("money", asks, (Reading("mixed", mixed), line)))
    asks = Sentence(
        "{file}: does {column} hold the money of the order or of the line? All {orders:,} orders with several rows "
        "have one and the same amount on each of them.",
        file=orders.file,
        column=column,
        orders=int(found["orders"]),
    )
    return orders.answers.to(Question("money", asks, (order, line)))


def _count_once(orders: Orders, judged: pd.DataFrame, rows: pd.Series) -> None:
    """The money of the orders of these rows over them, by quantity and price where they are there: cents that are left
    on the last."""
    frame = orders.frame
    columns = [c for c in ("amount", "refunded", "discount") if c in frame]
    weight = np.ones(len(frame))
    if {"quantity", "unit_price"} <= set(orders.shown):
        weight = (frame["quantity"] * frame["unit_price"]).fillna(0.0).clip(lower=0.0).to_numpy()
    sold = frame["order_id"].where(rows & ~_taken_back(frame))
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
    _say_once(orders, judged)


def _say_once(orders: Orders, judged: pd.DataFrame) -> None:
    money, added = (values.exact(judged[c]) for c in ("most", "total"))
    once = judged["once"].mean() >= _NEARLY_ALL
    same = judged["same"].mean() >= _NEARLY_ALL
    orders.notes.append(
        Sentence(
            "{file}: {column} is the order's money; it stands on {where} and was counted once: {money:,.2f} for "
            "{orders:,} orders with several rows{instead}.",
            file=orders.file,
            column=orders.name("amount"),
            where=Sentence("its first row only")
            if once
            else Sentence("each of its rows")
            if same
            else Sentence("one row, as the sum of its others"),
            orders=len(judged),
            money=money,
            instead=Sentence(", not {added:,.2f}", added=added) if f"{added:.2f}" != f"{money:.2f}" else "",
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
