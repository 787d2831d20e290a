"""Columns beside those that were taken which say that an order is no sale, or that its money is another: a second
column of states, a flag, the moment of a cancellation, what was paid beside a list price, an adjusted total."""

import pandas as pd

from course.collect import values
from course.collect.guards.state import as_states
from course.collect.guards.table import Orders
from course.collect.guards.words import headers, words
from course.collect.mapping import holds
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.forms import normal
from course.language import Sentence


def flagged(orders: Orders) -> None:
    """Rows that a column of yes and no calls void or cancelled are no sales; of those that it calls given back it is
    asked whether all of their money was."""
    for column in [] if orders.form else orders.unused():
        header, said = normal(column), orders.words(column)
        yes, no = words("trial", "says_yes"), words("trial", "says_no")
        if not set(said.dropna().unique()) <= yes | no:
            continue
        if header in headers("flags", "cancelled"):
            _no_sales(orders, column, said.isin(yes), "cancelled", decided=True)
        elif header in headers("flags", "valid"):
            _no_sales(orders, column, said.isin(no), "cancelled", decided=True)
        elif header in headers("flags", "refunded") and "refunded" not in orders.frame:
            _no_sales(orders, column, said.isin(yes), "refunded", decided=False)


def second_state(orders: Orders) -> None:
    """Of two columns of states the worse word counts: what was paid and shipped may have come back. In a column on what
    follows a sale only money that went back says so; a case that was closed there is no order that was."""
    if orders.form or "status" not in orders.shown:
        return
    for column in orders.unused():
        said, header = orders.words(column), normal(column)
        after = any(sign in header for sign in words("states_beside", "after"))
        pay = any(sign in header for sign in words("states_beside", "payment"))
        state = _came_back(said) if after else as_states(orders.raw[column], said)
        if state is None:
            continue
        worse = ("refunded",) if after else ("refunded", "cancelled", "unpaid") if pay else ("refunded", "cancelled")
        for kind in worse:
            _no_sales(orders, column, state.eq(kind).fillna(False).astype(bool), kind, decided=after or pay)


def _came_back(said: pd.Series) -> pd.Series:
    """“refunded” where a word on what follows a sale says that its money went back, as “returned, refund approved”."""
    part = words("partly_refunded")
    signs = words("states_beside", "came_back")
    back = [w for w in said.dropna().unique() if w not in part and any(sign in w for sign in signs)]
    known = values.statuses(said).values
    return known.mask(said.isin(back), "refunded").mask(said.isin(part))


def ended(orders: Orders) -> None:
    """Sales with the moment at which they were cancelled or given back are asked about."""
    for column in [] if orders.form else orders.unused():
        kind = next((k for k in ("cancelled", "refunded") if normal(column) in headers("ended", k)), None)
        cells = orders.raw[column]
        if kind is None or (kind == "refunded" and "refunded" in orders.frame) or not holds(cells, "time"):
            continue
        _no_sales(orders, column, ~values.is_blank(cells.astype("str")).astype(bool), kind, decided=False)


def _no_sales(orders: Orders, column: str, rows: pd.Series, state: str, *, decided: bool) -> None:
    """Give rows that count as sales another state: where most of them would go, or nothing proves it, it is asked."""
    frame = orders.frame
    status = frame.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
    sold = (status.isna() | status.eq("completed").fillna(False)) & frame["amount"].gt(0)
    rows = sold & rows
    if not rows.any():
        return
    money, whole = values.exact(frame.loc[rows, "amount"]), values.exact(frame["amount"])
    told = {"file": orders.file, "column": column, "rows": int(rows.sum()), "money": money}
    told["words"] = first_few(sorted(set(orders.raw.loc[rows, column].astype("str").str.strip())))
    if decided and rows.sum() <= sold.sum() / 2:
        orders.notes.append(
            Sentence(
                "{file}: {column} says {words} of {rows:,} {rows:row|rows} with {money:,.2f} that would count as "
                "{rows:a sale|sales}; {rows:it counts|they count} as none.",
                **told,
            )
        )
        orders.set_state(rows, state)
        return
    question = Question(
        f"no_sales.{column}",
        Sentence(
            "{file}: {column} says {words} of {rows:,} {rows:row|rows} with {money:,.2f} that would count as "
            "{rows:a sale|sales}. {rows:Is it one|Are they}?",
            **told,
        ),
        (
            Reading("no", Sentence("no: {money:,.2f} in all", money=whole - money)),
            Reading("yes", Sentence("yes: {money:,.2f} in all", money=whole)),
        ),
    )
    if orders.answers.to(question) == "no":
        orders.set_state(rows, state)


# --- money -----------------------------------------------------------------------------------------------------------


def paid_elsewhere(orders: Orders) -> None:
    """Where no column is the amount, quantity and price make it: a column that is called like money somebody paid, and
    holds another sum, is asked about."""
    frame = orders.frame
    if orders.form or "amount" in orders.shown or "unit_price" not in orders.shown:
        return
    made = values.exact(frame["amount"])
    found = {c: v for c in orders.unused() if _is_paid(c) and (v := _as_money(orders.raw[c])) is not None}
    found = {c: v for c, v in found.items() if not v.fillna(0.0).sub(frame["amount"]).abs().lt(0.005).all()}
    if not found:
        return
    readings = [
        Reading(c, Sentence("{column}: {money:,.2f} over its rows", column=c, money=values.exact(v)))
        for c, v in found.items()
    ]
    question = Question(
        "amount_in",
        Sentence("{file}: no column is known to hold the amount. Which one does?", file=orders.file),
        (*readings, Reading("none", Sentence("none: quantity × price, {money:,.2f} in all", money=made))),
    )
    answer = orders.answers.to(question)
    if answer != "none":
        frame["amount"] = found[answer].to_numpy()
        orders.shown["amount"] = answer


def adjusted(orders: Orders) -> None:
    """A total that was adjusted afterwards, where the amount was taken from before, is asked about."""
    frame = orders.frame
    for column in [] if orders.form or "refunded" in frame else orders.unused():
        money = _as_money(orders.raw[column]) if _is_adjusted(column) else None
        if money is None:
            continue
        lower = money.gt(0) & money.lt(frame["amount"] - 0.005)
        if not lower.any():
            continue
        whole, less = values.exact(frame["amount"]), values.exact((frame["amount"] - money)[lower])
        question = Question(
            f"adjusted.{column}",
            Sentence(
                "{file}: {column} is lower than {amount} in {rows:,} {rows:row|rows}. Is it what was paid in the end?",
                file=orders.file,
                column=column,
                amount=orders.name("amount"),
                rows=int(lower.sum()),
            ),
            (
                Reading("yes", Sentence("yes: {money:,.2f} in all", money=whole - less)),
                Reading("no", Sentence("no: {money:,.2f} in all", money=whole)),
            ),
        )
        if orders.answers.to(question) == "yes":
            frame["refunded"] = (frame["amount"] - money).where(lower, 0.0)
            return


def _is_paid(column: str) -> bool:
    header = normal(column)
    part = any(sign in header for sign in words("money_beside", "part"))
    return not part and any(sign in header for sign in words("money_beside", "paid"))


def _is_adjusted(column: str) -> bool:
    header = normal(column)
    part = any(sign in header for sign in words("money_beside", "part"))
    return not part and any(sign in header for sign in words("money_beside", "adjusted"))


def _as_money(cells: pd.Series) -> pd.Series | None:
    """Cells as money; None where they are none."""
    read = values.numbers(cells)
    return None if read.bad.any() or read.values.isna().all() else read.values
