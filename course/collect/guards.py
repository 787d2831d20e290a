"""Guards on every table of orders, known form or not: what a figure means is decided on evidence and said, or asked.

Each guard takes the canonical table and gives it back with what it decided; two readings whose totals differ are a
question. They are statements over the table, and see the canonical columns only.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import engine
from course.collect import values
from course.collect.mapping import CHANGED
from course.collect.questions import Answers, Question, Reading
from course.errors import first_few
from course.forms import Form, normal
from course.language import Sentence
from course.telling import quotable

#: From this share on of orders with several rows, what they have in common is how the file is made.
_NEARLY_ALL = 0.95
#: So many orders with several rows prove it; fewer may be chance.
_ENOUGH = 20
#: Money in states nobody knows, up to which it is said and not asked.
_UNKNOWN_MONEY = 0.05
#: One customer with more rows than this share, and so many times as many as the next, is hardly a customer.
_ONE_FOR_ALL, _AHEAD = 0.2, 3


@dataclass
class Orders:
    """A table of orders on its way through the guards: the canonical `frame`, the export's names of its columns
    (`shown`), the form it was recognised as, the file's name, the reader's answers, what has been said, and the
    export's columns that are merged over the rows of an order."""

    frame: pd.DataFrame
    shown: dict[str, str]
    form: Form | None
    file: str
    answers: Answers
    notes: list[Sentence]
    merged: frozenset[str] = frozenset()

    def name(self, column: str) -> str:
        """What the export calls a canonical column."""
        return self.shown.get(column, column)


def guard(orders: Orders) -> None:
    """Every guard in its order: who, then how often money is counted, what was given back, which state, what money."""
    for one in (_filled_once, _level, _refunded, _currencies, _states, _one_for_all):
        one(orders)


# --- rows of one order -----------------------------------------------------------------------------------------------


def _filled_once(orders: Orders) -> None:
    """Fields of the order that stand on its first row only are those of its other rows too; its money counts once."""
    frame = orders.frame
    if "order_id" not in orders.shown or not frame["order_id"].duplicated().any():
        return
    order = frame["order_id"].to_numpy()
    several = frame["order_id"].notna() & frame.duplicated("order_id", keep=False)
    later = several & frame.duplicated("order_id")
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


def _level(orders: Orders) -> None:
    """Money that stands on every row of an order, or on its first alone, is the order's and counts once."""
    frame = orders.frame
    if "order_id" not in orders.shown or "amount" not in frame or not frame["order_id"].duplicated().any():
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


# --- money back, money of which kind ---------------------------------------------------------------------------------


def _refunded(orders: Orders) -> None:
    """A column of money given back: never more than the order brought, else the amount is net of it already."""
    frame = orders.frame
    if "refunded" not in frame:
        return
    frame["refunded"] = frame["refunded"].abs().fillna(0.0)
    more = (frame["refunded"] > frame["amount"] + 0.005) & frame["amount"].notna() & (frame["refunded"] > 0)
    if "status" in frame:
        more &= frame["status"].fillna("") != "refunded"
    if not more.any():
        return
    back = float(frame.loc[frame["refunded"] > 0, "refunded"].sum())
    money = values.exact(frame["amount"])
    question = Question(
        "refunds",
        Sentence(
            "{file}: in {rows:,} {rows:row|rows} {refunded} is more than {amount} (rows {at}). Is {amount} net of it "
            "already?",
            file=orders.file,
            rows=int(more.sum()),
            refunded=orders.name("refunded"),
            amount=orders.name("amount"),
            at=first_few(frame.loc[more, "source_row"]),
        ),
        (
            Reading("net", Sentence("yes: {money:,.2f} in all", money=money)),
            Reading("gross", Sentence("no, take it off: {money:,.2f} in all", money=money - back)),
        ),
    )
    if orders.answers.to(question) == "net":
        frame["amount"] = frame["amount"] + frame["refunded"]


def _currencies(orders: Orders) -> None:
    """Money of one kind is said; of several kinds it is never added up."""
    frame = orders.frame
    if "currency" not in frame:
        return
    frame["currency"] = frame["currency"].str.upper()
    counted = frame["amount"].notna() & frame["amount"].ne(0)
    sums = frame[counted].groupby("currency")["amount"].agg(["sum", "size"]).sort_values("size", ascending=False)
    if len(sums) < 2:
        return
    question = Question(
        "currency",
        Sentence(
            "{file} holds money of several currencies, which cannot be added: {sums}. Which one is to be counted?",
            file=orders.file,
            sums=", ".join(f"{r.sum:,.2f} {r.Index}" for r in sums.itertuples()),
        ),
        tuple(
            Reading(
                str(name),
                Sentence("{rows:,} rows, {money:,.2f} {name}", rows=int(r["size"]), money=float(r["sum"]), name=name),
            )
            for name, r in sums.iterrows()
        ),
    )
    chosen = orders.answers.to(question)
    other = frame["currency"].notna() & (frame["currency"] != chosen)
    frame["status"] = frame.get("status", pd.Series(pd.NA, index=frame.index, dtype="str")).mask(
        other, "other_currency"
    )


# --- state, and who ---------------------------------------------------------------------------------------------------


def _states(orders: Orders) -> None:
    """Every word of state with the money behind it; a word that nobody knows is asked about where it matters."""
    frame = orders.frame
    if "status" not in frame:
        return
    money = frame["amount"].abs().fillna(0.0)
    by_word = (
        pd.DataFrame({"word": frame["status"], "money": money})
        .dropna(subset="word")
        .groupby("word")["money"]
        .agg(["size", "sum"])
    )
    strange = by_word[~by_word.index.isin(values.CANONICAL_STATUSES)].sort_index()
    total = float(by_word["sum"].sum())
    large = float(strange["sum"].sum()) > _UNKNOWN_MONEY * total
    for word, row in strange.iterrows():
        said = _asked_state(orders, str(word), row) if large else "sale"
        frame["status"] = frame["status"].mask(frame["status"] == word, values.STATUS_OF_STATE[said])
    if len(strange) and not large:
        orders.notes.append(
            Sentence(
                "{file}: these order states are not known and count as sales: {states}.",
                file=orders.file,
                states=", ".join(
                    f"{w} ({n:,})" for w, n in list(zip(quotable(strange.index), strange["size"], strict=True))[:8]
                ),
            )
        )


def _asked_state(orders: Orders, word: str, row: pd.Series) -> str:
    question = Question(
        f"state.{word}",
        Sentence(
            "{file}: what is an order in the state “{word}” ({rows:,} {rows:row|rows}, {money:,.2f})?",
            file=orders.file,
            word=word,
            rows=int(row["size"]),
            money=float(row["sum"]),
        ),
        (
            Reading("sale", Sentence("a sale")),
            Reading("not_a_sale", Sentence("no sale: cancelled, failed, never paid")),
            Reading("pending", Sentence("open: it may still become a sale")),
            Reading("refunded", Sentence("paid, and all of it given back")),
        ),
    )
    return orders.answers.to(question)


_BUSIEST = """
SELECT customer_id, count(*) AS rows, (SELECT count(*) FROM orders) AS of_all
FROM orders GROUP BY customer_id ORDER BY rows DESC, customer_id LIMIT 2
"""


def _one_for_all(orders: Orders) -> None:
    """One number far ahead of all others and behind a fifth of the rows is a till, a guest account or a marketplace."""
    busiest = engine.query(_BUSIEST, {"orders": orders.frame[["customer_id"]].dropna()})
    if len(busiest) < 2:
        return
    row, second = busiest.iloc[0], busiest.iloc[1]
    if row["of_all"] < 50 or row["rows"] <= _ONE_FOR_ALL * row["of_all"] or row["rows"] < _AHEAD * second["rows"]:
        return
    question = Question(
        "busiest",
        Sentence(
            "{file}: one and the same {column} stands on {rows:,} of {all:,} rows. Is that one customer?",
            file=orders.file,
            column=orders.name("customer_id"),
            rows=int(row["rows"]),
            all=int(row["of_all"]),
        ),
        (
            Reading("nobody", Sentence("no: it stands for people without a number")),
            Reading("customer", Sentence("yes, a customer like the others")),
        ),
    )
    if orders.answers.to(question) == "nobody":
        orders.frame["customer_id"] = orders.frame["customer_id"].mask(
            orders.frame["customer_id"] == row["customer_id"]
        )
