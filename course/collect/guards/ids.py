"""Which column says who bought: a number that stays, else an e-mail address or a telephone, never a name, a masked
number, the order's own number, a clerk, the number of an answer or four digits of a card."""

import re

import numpy as np
import pandas as pd

from course.collect import values
from course.collect.guards.table import Orders
from course.collect.guards.words import headers
from course.collect.questions import Question, Reading
from course.errors import DataError, first_few
from course.forms import Form, find, normal
from course.language import Sentence

#: What stands in a cell whose middle or whole was hidden.
_HIDDEN = re.compile(r"\*{2,}|^#{2,}|^\$\$|•{2,}|^\S\*$|\d[xX]{3,}|[xX]{3,}\d")
#: From this share of masked cells on a column is masked; below it, those cells name nobody.
_MASKED = 0.2
#: Orders from which on as many customers as orders, or fewer than this share of them, are no accident.
_MANY, _FEW = 50, 0.01


# --- before the cells are read ---------------------------------------------------------------------------------------


def choose(
    mapping: dict[str, str], frame: pd.DataFrame, chosen: dict[str, str], file: str, notes: list[Sentence]
) -> pd.Series | None:
    """The cells that say who bought, where the header alone chose badly: a masked column or a name gives way to an
    e-mail address or a telephone, of which the next stands in where the first is blank. Changes `mapping` and `notes`;
    None where the mapping stands."""
    column = mapping.get("customer_id")
    if "customer_id" in chosen or (column and not _poor(frame[column], column)):
        return None
    contacts = _contacts(frame, {c for n, c in mapping.items() if n != "customer_id"})
    if not contacts:
        if column and masked(frame[column]).mean() > _MASKED:
            raise _refuse(file, column, _because("masked"))
        return None
    if column:
        notes.append(
            Sentence(
                "{file}: {column} tells nobody apart ({why}); customers are told apart by {contacts}.",
                file=file,
                column=column,
                why=_because("masked") if masked(frame[column]).mean() > _MASKED else _because("name"),
                contacts=", ".join(contacts),
            )
        )
    mapping["customer_id"] = ", ".join(contacts)
    return together([frame[c] for c in contacts])


def together(columns: list[pd.Series]) -> pd.Series:
    """The first of several columns that is filled, row by row."""
    best = pd.Series(pd.NA, index=columns[0].index, dtype="str")
    for cells in columns:
        texts = cells.astype("str").str.strip()
        texts = texts.mask(values.is_blank(texts) | masked(texts))
        best = best.fillna(texts)
    return best


def masked(cells: pd.Series) -> pd.Series:
    """True for cells with something hidden in them: 138****0001, ##密文, 王*."""
    codes, distinct = pd.factorize(cells.astype("str"))
    hidden = [_HIDDEN.search(text.strip()) is not None for text in list(distinct)]
    return pd.Series(np.append(hidden, False).astype(bool)[codes], index=cells.index)  # the last is for codes of −1


def _poor(cells: pd.Series, column: str) -> bool:
    filled = cells.dropna()
    return len(filled) > 0 and (masked(filled).mean() > _MASKED or _is_name(filled, column))


def _is_name(filled: pd.Series, column: str) -> bool:
    """A column that is called like a name and holds no codes: most values have no figure in them."""
    if normal(column) not in headers("no_customer", "name"):
        return False
    return bool(filled.astype("str").str.contains(r"\d", regex=True).mean() < 0.5)


def _contacts(frame: pd.DataFrame, taken: set[str]) -> list[str]:
    found = []
    for kind, shape in (("email", r"^\s*\S+@\S+\s*$"), ("phone", r"^\D{0,3}(?:\d[\s().-]*){6,}$")):
        for column in (c for c in frame.columns if normal(c) in headers(kind) and c not in taken):
            filled = frame[column].dropna().astype("str").str.strip()
            filled = filled[~values.is_blank(filled)]
            if len(filled) and filled.str.match(shape).mean() >= 0.8 and masked(filled).mean() <= _MASKED:
                found.append(column)
                break
    return found


# --- what the form or the reader chose -------------------------------------------------------------------------------


def refuse_never(form: Form, chosen: dict[str, str], file: str) -> None:
    """A column that the form knows to name no customer.

    Raises
    ------
    DataError : the reader chose one.
    """
    column = chosen.get("customer_id")
    if column and (known := find(column, form.never)) is not None:
        raise DataError(
            "{file} was recognised as {system}, where {column} names no customer. {why}",
            file=file,
            system=form.system,
            column=known,
            why=form.no_customer or Sentence("{column} does.", column=first_few(form.customer_id) or "–"),
        )


def next_best(orders: Orders) -> None:
    """Where one of the columns that a form trusts is not in the file, and orders are left without a customer: does
    another column, of e-mail addresses or telephones, hold them?"""
    form, frame = orders.form, orders.frame
    if form is None or "customer_id" not in frame:
        return
    lacking = [c for c in form.customer_id if find(c, orders.raw.columns) is None]
    nobody = frame["customer_id"].isna()
    if not lacking or not nobody.any():
        return
    never = {normal(c) for c in (*form.never, *(c for c in orders.raw if _named_otherwise(c)))}
    found = [c for c in orders.unused() if normal(c) not in never and _contact(orders.raw.loc[nobody, c])]
    if not found:
        return
    readings = [
        Reading(
            c, Sentence("{column}: {rows:,} {rows:row|rows}", column=c, rows=int(orders.raw.loc[nobody, c].count()))
        )
        for c in found
    ]
    question = Question(
        "customer_in",
        Sentence(
            "{file} lacks {lacking}, and {rows:,} {rows:row names|rows name} no customer. Which column does?",
            file=orders.file,
            lacking=first_few(lacking),
            rows=int(nobody.sum()),
        ),
        (*readings, Reading("nobody", Sentence("none: they belong to nobody"))),
    )
    answer = orders.answers.to(question)
    if answer != "nobody":
        frame["customer_id"] = frame["customer_id"].fillna(together([orders.raw[answer]]))


def _named_otherwise(column: str) -> bool:
    """Where goods go to, and who is billed, is said beside the customer and may be another."""
    return normal(column).startswith(("billing", "shipping", "shipto", "billto", "收货", "收件"))


def _contact(cells: pd.Series) -> bool:
    filled = cells.dropna().astype("str").str.strip()
    filled = filled[~values.is_blank(filled)]
    shape = re.compile(r"\S+@\S+\.\S+|\+?\d[\d\s().-]{6,18}")
    return len(filled) > 0 and bool(filled.str.fullmatch(shape).mean() >= 0.8)


# --- after the cells are read ----------------------------------------------------------------------------------------


def doubtful(orders: Orders) -> None:
    """A column that names no customer by its contents is refused; one that hardly does is asked about.

    Raises
    ------
    DataError : a masked column, the order's own number, four digits of a card.
    """
    column, form = orders.name("customer_id"), orders.form
    if "customer_id" not in orders.frame or (form and column == _by_form(orders)):
        return
    who = orders.frame["customer_id"]
    hidden = masked(who.dropna())
    if len(hidden) and hidden.mean() > _MASKED:
        raise _refuse(orders.file, column, _because("masked"))
    if hidden.any():
        orders.frame["customer_id"] = who = who.mask(hidden.reindex(who.index, fill_value=False))
        orders.notes.append(
            Sentence("{file}: {rows:,} masked {column} count as nobody.", file=orders.file, rows=int(hidden.sum()),
                     column=column)
        )  # fmt: skip
    filled = who.dropna()
    if len(filled) and values.statuses(filled).values.isin(list(values.STATUSES)).mean() > 0.8:
        raise _refuse(orders.file, column, _because("state"))
    if normal(column) in headers("no_customer", "card") and filled.str.fullmatch(r"\d{1,4}").mean() > 0.9:
        raise _refuse(orders.file, column, _because("card"))
    order = orders.frame["order_id"]
    if "order_id" in orders.shown and order.nunique() >= 10 and (who == order)[who.notna()].mean() > 0.95:
        raise _refuse(orders.file, column, _because("order"))
    why = _doubt(column, filled, order[who.notna()].nunique())
    if why is not None:
        _ask(orders, column, why, filled.nunique())


def _by_form(orders: Orders) -> str:
    return ", ".join(dict.fromkeys(h for c in orders.form.customer_id if (h := find(c, orders.raw.columns))))


def is_unlikely(customers: int, orders: int) -> bool:
    """Whether there are as many customers as orders, or hardly any: then it is asked whether they are customers."""
    return bool(orders > _MANY and (customers == orders or customers < _FEW * orders))


def _doubt(column: str, filled: pd.Series, n_orders: int) -> Sentence | None:
    n = filled.nunique()
    for kind in ("staff", "answer"):
        if normal(column) in headers("no_customer", kind):
            return _because(kind)
    if _is_name(filled, column):
        return _because("name")
    if n_orders > _MANY and n == n_orders:
        return Sentence("there are as many of them as orders, {n:,}", n=n)
    if n_orders > _MANY and n < _FEW * n_orders:
        return Sentence("there are {n:,} of them for {orders:,} orders", n=n, orders=n_orders)
    return None


def _because(kind: str) -> Sentence:
    return {
        "masked": Sentence("it is masked, so that two people look alike"),
        "order": Sentence("it is the number of the order"),
        "card": Sentence("four digits of a card belong to many people"),
        "state": Sentence("it holds words of state"),
        "name": Sentence("two people may have one name, and one person two"),
        "staff": Sentence("it is called like somebody who sells"),
        "answer": Sentence("it is called like the number of an answer"),
    }[kind]


def _refuse(file: str, column: str, why: Sentence) -> DataError:
    return DataError(
        "{file}: {column} names no customer: {why}. Say which column does: --map customer_id=COLUMN.",
        file=file,
        column=column,
        why=why,
    )


def _ask(orders: Orders, column: str, why: Sentence, n: int) -> None:
    contact = bool(orders.frame["customer_id"].dropna().str.contains("@").mean() > 0.5)
    yes = Reading("yes", Sentence("yes: {n:,} {n:customer|customers}", n=n))
    no = Reading("no", Sentence("no: another column does, or none"))
    question = Question(
        "customer",
        Sentence("{file}: does {column} name the customer? {why}.", file=orders.file, column=column, why=why),
        (yes, no) if contact else (no, yes),
    )
    answers = orders.answers
    if answers.to(question) == "no" and ("customer" in answers.given or answers.provisional):
        raise _refuse(orders.file, column, why)
