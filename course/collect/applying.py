"""A form applied to a file: from the export's own cells to the cells of the canonical columns."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from course.collect import values
from course.errors import DataError, first_few
from course.forms import Form, normal, word
from course.language import Sentence
from course.telling import quotable


@dataclass
class Applied:
    """`cells` of the canonical columns, from which of the export's columns each came, and what was decided."""

    cells: dict[str, pd.Series]
    columns: dict[str, str] = field(default_factory=dict)
    notes: list[Sentence] = field(default_factory=list)


def apply(form: Form, frame: pd.DataFrame, file: str) -> Applied:
    """What the form makes of a file's cells.

    Raises
    ------
    DataError : a form that is recognised in order to refuse it; a file of this form that does not tell who bought.
    """
    if form.kind == "refuse":
        raise DataError("{file} was recognised as {system}: {why}.", file=file, system=form.system, why=form.why)
    here = {normal(c): c for c in reversed(frame.columns)}
    frame = _stripped(frame.iloc[header_rows(form, frame, here) :], form.strip)
    for column, signs in form.drop.items():
        if normal(column) in here:
            said = frame[here[normal(column)]].map(word, na_action="ignore")
            frame = frame[~said.isin([word(s) for s in signs]).astype(bool)]
    found = Applied({})

    def take(name: str, *candidates: str) -> None:
        if column := next((here[normal(c)] for c in candidates if normal(c) in here), None):
            found.cells[name], found.columns[name] = frame[column], column

    for name, candidates in (("order_id", form.order_id), ("currency", (form.currency,) if form.currency else ())):
        take(name, *candidates)
    for name, column in form.columns.items():
        take(name, column)
    _customers(found, form, frame, here, file)
    if form.kind == "orders":
        _moment(found, form, frame, here)
        _money(found, form, frame, here)
        _states(found, form, frame, here)
        _rows(found, form, frame, here)
    _trials(found, form, frame, here)
    if "kind" in found.cells:
        _events(found, form, frame, here)
    if form.currency_is:
        found.cells["currency"] = pd.Series(form.currency_is, index=frame.index, dtype="str")
    found.notes.insert(0, _recognised(found, form, file))
    return found


def header_rows(form: Form, frame: pd.DataFrame, here: dict[str, str]) -> int:
    """How many rows of the header are left above the data: those that have no date where a record has one."""
    column = here.get(normal(form.columns.get("answered_at", "")))
    if form.header_rows == 1 or column is None:
        return 0
    dated = frame[column].iloc[: form.header_rows - 1].astype("str").str.contains(r"\d", regex=True).fillna(False)
    return int((~dated.astype(bool)).sum())


def _recognised(found: Applied, form: Form, file: str) -> Sentence:
    if form.kind != "orders":
        return Sentence(
            "{file} was recognised as {system}: customer = {customer}, time = {time}.",
            file=file,
            system=form.system,
            customer=found.columns.get("customer_id", "–"),
            time=next(
                (found.columns[c] for c in ("answered_at", "at", "opened_at", "joined_at") if c in found.columns), "–"
            ),
        )
    return Sentence(
        "{file} was recognised as {system}: order = {order}, customer = {customer}, time = {time}, money = {money} "
        "({level}).",
        file=file,
        system=form.system,
        order=found.columns.get("order_id", "–"),
        customer=found.columns.get("customer_id", "–"),
        time=found.columns.get("ordered_at", "–"),
        money=found.columns.get("amount", "–"),
        level=Sentence("once an order") if form.level == "order" else Sentence("a line"),
    )


def _stripped(frame: pd.DataFrame, sign: str) -> pd.DataFrame:
    """Without the sign that a system puts before every value."""
    if not sign:
        return frame
    return frame.apply(lambda c: c.str.removeprefix(sign) if pd.api.types.is_string_dtype(c.dtype) else c)


def _customers(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str], file: str) -> None:
    """The first of the trusted columns that is filled, a row at a time; a guest's number is none."""
    columns = [here[normal(c)] for c in form.customer_id if normal(c) in here]
    if not columns and form.kind not in ("orders", "customers"):
        return
    if not columns:
        raise DataError(
            "{file} was recognised as {system}, and this file cannot tell who bought. {why}",
            file=file,
            system=form.system,
            why=form.no_customer or Sentence("It lacks {columns}.", columns=first_few(form.customer_id) or "–"),
        )
    best = pd.Series(pd.NA, index=frame.index, dtype="str")
    for column in columns:
        cells = frame[column].astype("str").str.strip()
        if cells.str.contains("@").any():  # an e-mail address is one however it is written
            cells = cells.where(~cells.str.contains("@").fillna(False).astype(bool), cells.str.lower())
        blank = values.is_blank(cells) | cells.isin(form.nobody)
        best = best.fillna(cells.mask(blank.fillna(True).astype(bool)))
    if form.kind in ("orders", "customers") or best.notna().any():
        found.cells["customer_id"], found.columns["customer_id"] = best, ", ".join(columns)


def _moment(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    columns = [here[normal(c)] for c in form.ordered_at if normal(c) in here]
    if columns:
        cells = frame[columns[0]]
        for column in columns[1:]:
            both = cells.notna() & frame[column].notna()
            cells = cells.astype("str").mask(both, cells.astype("str") + " " + frame[column].astype("str"))
        found.cells["ordered_at"], found.columns["ordered_at"] = cells, " + ".join(columns)


def _money(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    """The order's money from its parts; a cell that cannot be read stays as it is, and is said."""
    added = [here[normal(c)] for c in form.add if normal(c) in here]
    taken = [here[normal(c)] for c in form.take if normal(c) in here]
    if added:
        parts = [(1, frame[c]) for c in added] + [(-1, frame[c]) for c in taken]
        found.cells["amount"] = _sum(parts)
        found.columns["amount"] = " + ".join(added) + "".join(f" − {c}" for c in taken)
    if form.refunded_list and normal(form.refunded_list["in"]) in here:
        column = here[normal(form.refunded_list["in"])]
        found.cells["refunded"] = frame[column].map(lambda cell: _listed(cell, form.refunded_list["key"]))
        found.columns["refunded"] = column
    for column in (here[normal(c)] for c in form.refunded if normal(c) in here):
        found.cells["refunded"], found.columns["refunded"] = frame[column], column
        break


def _sum(parts: list[tuple[int, pd.Series]]) -> pd.Series:
    if len(parts) == 1:
        return parts[0][1]
    read = [(sign, values.numbers(cells)) for sign, cells in parts]
    total = sum(sign * column.values.fillna(0.0) for sign, column in read).round(6)
    total = total.mask(np.all([column.values.isna() for _, column in read], axis=0)).astype("object")
    for (_, column), (_, cells) in zip(read, parts, strict=True):
        total = total.mask(column.bad, cells.astype("str"))
    return total


def _listed(cell: object, key: str) -> float | None:
    """Money in a list of records, whatever its sign: [{"total": "-30.00"}, …]."""
    import json

    try:
        records = json.loads(cell) if isinstance(cell, str) and cell.strip() else []
    except json.JSONDecodeError:
        return None
    read = values.numbers(pd.Series([str(r.get(key)) for r in records if isinstance(r, dict)], dtype="str")).values
    return float(read.abs().sum()) if len(read) else 0.0


def _states(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    """The first rule that knows a row's word gives its state; a word that none knows is kept, and asked about."""
    columns = list(dict.fromkeys(here[normal(c)] for r in form.state for c in r.columns if normal(c) in here))
    if not columns:
        return
    combinations = frame[columns].astype("str").fillna("").drop_duplicates()
    shown = combinations[columns[-1]]
    state = [_state(form, {normal(c): v for c, v in row.items()}) for row in combinations.to_dict("records")]
    known = combinations.assign(_state=state)
    known["_state"] = known["_state"].fillna(shown.where(shown != "", None))
    cells = frame[columns].astype("str").fillna("").merge(known, how="left", on=columns).set_axis(frame.index)["_state"]
    closed = cells == "closed"
    if closed.any():
        paid = _paid(frame, form.paid_if, here)
        cells = cells.mask(closed, np.where(paid, "refunded", "not_a_sale"))
    found.cells["status"] = cells.map(lambda s: values.STATUS_OF_STATE.get(s, s), na_action="ignore").astype("str")
    found.columns["status"] = ", ".join(columns)


def _state(form: Form, row: dict[str, str]) -> str | None:
    filled = False
    for rule in form.state:
        for column in rule.columns:
            said = word(row.get(normal(column), ""))
            filled = filled or bool(said)
            if said in rule.words["is"]:
                return rule.words["is"][said]
            for how, test in (("starts", str.startswith), ("has", str.__contains__)):
                for begun, state in rule.words[how].items():
                    if said and test(said, begun):
                        return state
    return form.otherwise if filled else None


def _paid(frame: pd.DataFrame, column: str | None, here: dict[str, str]) -> np.ndarray:
    """True where the column is filled, and not nought."""
    if column is None or normal(column) not in here:
        return np.zeros(len(frame), dtype=bool)
    cells = frame[here[normal(column)]].astype("str")
    read = pd.to_numeric(cells, errors="coerce")
    return (~values.is_blank(cells) & ~(read == 0)).to_numpy(dtype=bool)


def _rows(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    """Rows that take money back, and rows that are no business of customers."""
    rows = form.rows
    status = found.cells.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
    if rows and normal(rows["in"]) in here:
        kind = frame[here[normal(rows["in"])]].astype("str").fillna("")
        back = kind.isin(list(map(str, rows.get("refund", ()))))
        if "amount" in found.cells and normal(rows.get("amount", "")) in here:
            given = frame[here[normal(rows["amount"])]]
            found.cells["amount"] = found.cells["amount"].astype("object").mask(back, given.astype("str"))
        if "amount" not in found.cells:
            return
        amount = values.numbers(found.cells["amount"]).values
        found.cells["amount"] = found.cells["amount"].astype("object").mask(back & amount.notna(), -amount.abs())
        if "of" in rows and normal(rows["of"]) in here:
            found.cells["cancels_order_id"] = frame[here[normal(rows["of"])]].where(back)
            found.columns["cancels_order_id"] = here[normal(rows["of"])]
        status = status.mask(back, "refunded").mask(kind.isin(list(map(str, rows.get("drop", ())))), "no_order")
    if status.notna().any():
        found.cells["status"] = status


def _events(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    """The system's words for view, cart and buy; what was sent twice happened once; other words stay, and are said."""
    named = {word(w): kind for kind, words in form.words.items() for w in words}
    said = found.cells["kind"].astype("str")
    kinds = said.map(lambda w: named.get(word(w), w), na_action="ignore")
    rest = sorted(set(said[kinds == said].dropna()) - set(form.words))
    if rest:
        found.notes.append(
            Sentence("Events that are neither view, cart nor buy: {words}.", words=first_few(quotable(rest), 8))
        )
    if form.once_per and normal(form.once_per) in here:
        number = frame[here[normal(form.once_per)]].astype("str")
        known = ~values.is_blank(number) & ~number.isin(["(not set)"]) & (kinds == "buy")
        again = known & pd.DataFrame({"number": number, "kind": kinds}).where(known).duplicated()
        if again.any():
            found.notes.append(
                Sentence(
                    "{rows:,} {rows:purchase was|purchases were} told twice under one {column}, and count once.",
                    rows=int(again.sum()),
                    column=here[normal(form.once_per)],
                )
            )
            found.cells = {name: cells[~again] for name, cells in found.cells.items()}
            kinds = kinds[~again]
    found.cells["kind"] = kinds


def _trials(found: Applied, form: Form, frame: pd.DataFrame, here: dict[str, str]) -> None:
    """Rows of a test, and answers that were broken off."""
    status = found.cells.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
    for what, signs in (("unfinished", form.unfinished), ("test", form.test)):
        for column in (c for c in signs if normal(c) in here):
            said = frame[here[normal(column)]].map(word, na_action="ignore")
            status = status.mask(said.isin([word(s) for s in signs[column]]).astype(bool), what)
    if status.notna().any():
        found.cells["status"] = status
