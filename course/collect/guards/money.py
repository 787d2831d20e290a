"""Money given back, and money of which kind."""

import pandas as pd

from course.collect import applying, values
from course.collect.guards.table import Orders
from course.collect.guards.words import words
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.forms import normal
from course.language import Sentence

#: A column of money given back is blank or nought on more orders than this.
_MOSTLY_NONE = 0.5


def refunded_elsewhere(orders: Orders) -> None:
    """A column that holds money given back under a name nobody knows is asked about: by its name, or because it is the
    whole amount of every order that was given back."""
    by_rows = orders.form is not None and orders.form.rows.get("refund")
    if by_rows or "refunded" in orders.frame or "amount" not in orders.frame:
        return
    found = {c: back for c in orders.unused() if (back := _given_back(orders, c)) is not None}
    if not found:
        return
    paid = values.exact(orders.frame["amount"])
    readings = [
        Reading(c, Sentence("{column}: {money:,.2f} was given back", column=c, money=values.exact(back)))
        for c, back in found.items()
    ]
    question = Question(
        "refunds_in",
        Sentence("{file}: which column holds money that was given back?", file=orders.file),
        (*readings, Reading("none", Sentence("none: {money:,.2f} in all, refunds not known", money=paid))),
    )
    answer = orders.answers.to(question)
    if answer != "none":
        orders.frame["refunded"] = found[answer]


def _given_back(orders: Orders, column: str) -> pd.Series | None:
    cells, amount = orders.raw[column], orders.frame["amount"]
    back = applying.listed(cells, "total") if _is_list(cells) else values.numbers(cells).values.abs()
    given = (back > 0) & amount.notna()
    filled = amount.gt(0)
    if not given.any() or back.isna().sum() > values.is_blank(cells.astype("str")).sum():
        return None
    if given.sum() > _MOSTLY_NONE * filled.sum() or (back > amount.abs() + 0.005)[given & filled].any():
        return None
    state = orders.frame.get("status", pd.Series(pd.NA, index=amount.index, dtype="str"))
    whole = filled & state.eq("refunded").fillna(False).astype(bool)
    proven = whole.any() and (back - amount)[whole].abs().le(0.005).all()
    named = any(sign in normal(column) for sign in ("refund", "chargeback", "moneyback", "退款"))
    return back.fillna(0.0) if proven or named else None


def _is_list(cells: pd.Series) -> bool:
    """Records in a cell, as exports of JSON have them: [{"total": "-30.00"}]."""
    texts = cells.dropna().astype("str")
    return len(texts) > 0 and bool(texts.str.startswith("[").all())


def net_already(orders: Orders) -> None:
    """Where another column less what was given back is the amount, the amount is net of it already."""
    frame = orders.frame
    if orders.form or "refunded" not in frame or "amount" not in orders.shown:
        return
    amount, back = frame["amount"], frame["refunded"].abs().fillna(0.0)
    given = back.gt(0) & amount.notna()
    for column in orders.unused() if given.any() else ():
        whole = values.numbers(orders.raw[column]).values
        other = whole.notna() & amount.notna() & ~given
        if (whole - back - amount)[given].abs().le(0.005).all() and (whole - amount)[other].abs().le(0.005).all():
            frame["amount"] = amount + back
            orders.notes.append(
                Sentence(
                    "{file}: {amount} is {column} less {refunded}: what was given back is taken off once.",
                    file=orders.file,
                    amount=orders.name("amount"),
                    column=column,
                    refunded=orders.name("refunded"),
                )
            )
            return


def refunded(orders: Orders) -> None:
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


def free_with_refunded(orders: Orders) -> None:
    """What came free with an order that was given back as a whole went back with it, and keeps no order alive."""
    frame = orders.frame
    if "refunded" not in frame or "order_id" not in frame:
        return
    paid = frame["amount"].gt(0)
    kept = paid & (frame["refunded"] < frame["amount"])
    given = frame["order_id"].isin(frame.loc[paid & ~kept, "order_id"])
    free = frame["amount"].eq(0) & given & ~frame["order_id"].isin(frame.loc[kept, "order_id"])
    if free.any():
        orders.set_state(free, "refunded")


# --- rows that give money back ---------------------------------------------------------------------------------------


def returned_rows(orders: Orders) -> None:
    """Rows that a column calls refunds, with the money of them above nought, are taken off and not added."""
    for column in [] if orders.form else orders.unused():
        said = orders.words(column)
        back, sale = (said.isin(words("row_kinds", kind)) for kind in ("back", "sale"))
        if "status" in orders.frame:  # an order that was given back as a whole is no sale already
            back &= ~orders.frame["status"].eq("refunded").fillna(False).astype(bool)
        _strange_kinds(orders, said, back, sale)
        above = back & orders.frame["amount"].gt(0)
        if not above.any() or not (said.notna() & ~back).any():
            continue
        if set(said[~back].dropna()) <= words("row_kinds", "sale") or _asked_rows(orders, column, above) == "back":
            _take_off(orders, column, above)
        return


def _strange_kinds(orders: Orders, said: pd.Series, back: pd.Series, sale: pd.Series) -> None:
    """Rows of a third kind beside sales and returns are in a state that nobody knows."""
    strange = said.notna() & ~back & ~sale
    if back.any() and sale.any() and strange.any():
        known = orders.frame.get("status", pd.Series(pd.NA, index=orders.frame.index, dtype="str"))
        orders.frame["status"] = known.fillna(said.where(strange))


def returned_states(orders: Orders) -> None:
    """A row in the state of refunded that names another order, or has the number of a larger sale, is money back for
    that one; any other is an order that was given back as a whole."""
    frame = orders.frame
    if orders.form or "status" not in orders.shown or {"product_id", "product_name"} & set(frame):
        return
    back = frame["status"].eq("refunded").fillna(False).astype(bool) & frame["amount"].gt(0)
    sold = frame[~back & frame["amount"].gt(0)].groupby("order_id")["amount"].max()
    part = frame["order_id"].map(sold).gt(frame["amount"])
    if "cancels_order_id" in frame:
        part |= frame["cancels_order_id"].isin(frame["order_id"].dropna()) & frame["cancels_order_id"].ne(
            frame["order_id"]
        )
    if (back & part).any():
        _take_off(orders, orders.name("status"), back & part)
        frame["status"] = frame["status"].mask(back & part)


def _asked_rows(orders: Orders, column: str, back: pd.Series) -> str:
    whole, money = values.exact(orders.frame["amount"]), values.exact(orders.frame.loc[back, "amount"])
    question = Question(
        "returned_rows",
        Sentence(
            "{file}: {column} calls {rows:,} {rows:row|rows} with {money:,.2f} {words}. Is that money given back?",
            file=orders.file,
            column=column,
            rows=int(back.sum()),
            money=money,
            words=_named(orders, column, back),
        ),
        (
            Reading("back", Sentence("yes, take it off: {money:,.2f} in all", money=whole - 2 * money)),
            Reading("sale", Sentence("no, those are sales: {money:,.2f} in all", money=whole)),
        ),
    )
    return orders.answers.to(question)


def _take_off(orders: Orders, column: str, back: pd.Series) -> None:
    frame = orders.frame
    orders.notes.append(
        Sentence(
            "{file}: {column} calls {rows:,} {rows:row|rows} {words}; the {money:,.2f} of them was given back and is "
            "taken off.",
            file=orders.file,
            column=column,
            rows=int(back.sum()),
            words=_named(orders, column, back),
            money=values.exact(frame.loc[back, "amount"]),
        )
    )
    frame["amount"] = frame["amount"].mask(back, -frame["amount"])
    if "quantity" in frame:
        frame["quantity"] = frame["quantity"].mask(back, -frame["quantity"].abs())


def _named(orders: Orders, column: str, rows: pd.Series) -> str:
    return first_few(sorted(set(orders.raw.loc[rows, column].astype("str").str.strip())))
