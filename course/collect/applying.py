"""A form applied to a file: from the export's own cells to the cells of the canonical columns."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from course.collect import values
from course.errors import DataError, first_few
from course.forms import Form, Headers, normal, trial_words, word
from course.language import Sentence


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
    here = Headers(frame.columns)
    frame = _stripped(frame.iloc[header_rows(form, frame, here) :], form.strip)
    for column, signs in form.drop.items():
        if column in here:
            said = frame[here[column]].map(word, na_action="ignore")
            frame = frame[~said.isin([word(s) for s in signs]).astype(bool)]
    found = Applied({})

    def take(name: str, *candidates: str) -> None:
        if column := next((here[c] for c in candidates if c in here), None):
            found.cells[name], found.columns[name] = frame[column], column

    for name, candidates in (("order_id", form.order_id), ("currency", form.currency)):
        take(name, *candidates)
    for name, candidates in form.columns.items():
        take(name, *candidates)
    _customers(found, form, frame, here, file)
    if form.kind == "orders":
        _moment(found, form, frame, here)
        _money(found, form, frame, here)
        _states(found, form, frame, here)
        _rows(found, form, frame, here)
    _trials(found, form, frame, here)
    if form.currency_is:
        found.cells["currency"] = pd.Series(form.currency_is, index=frame.index, dtype="str")
    found.notes.insert(0, _recognised(found, form, file))
    return found


def refuse_without_money(form: Form, found: Applied, frame: pd.DataFrame, chosen: dict[str, str], file: str) -> None:
    """A form whose column of money is not there has no money: a list price in its place would be another figure.

    Raises
    ------
    DataError : that column, or the one of what refund rows gave back, is missing.
    """
    here = Headers(frame.columns)
    lacking = [] if "amount" in chosen or "amount" in found.cells else [part[0] for part in form.add]
    lacking += [c for c in (form.rows.get("amount"),) if c and c not in here]
    if lacking:
        raise DataError(
            "{file} was recognised as {system}, and lacks {columns}, which holds its money. Export it with that "
            "column, or say which one it is: --map amount=COLUMN.",
            file=file,
            system=form.system,
            columns=first_few(lacking),
        )


def header_rows(form: Form, frame: pd.DataFrame, here: Headers) -> int:
    """How many rows of the header are left above the data: those that have no date where a record has one."""
    column = next((here[c] for c in form.columns.get("answered_at", ()) if c in here), None)
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


def _customers(found: Applied, form: Form, frame: pd.DataFrame, here: Headers, file: str) -> None:
    """The first of the trusted columns that is filled, a row at a time; a guest's number is none."""
    columns = list(dict.fromkeys(here[c] for c in form.customer_id if c in here))
    columns = columns or [here[c] for c in form.instead if c in here]
    if not columns and form.kind not in ("orders", "customers"):
        return
    if not columns and form.kind == "orders":  # totals can be had all the same: `nobody` says them
        found.cells["customer_id"] = pd.Series(pd.NA, index=frame.index, dtype="str")
        found.columns["customer_id"] = "–"
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
        cells = _first_of_several(found, frame[column].astype("str").str.strip(), form, column, file)
        if cells.str.contains("@").any():  # an e-mail address is one however it is written
            cells = cells.where(~cells.str.contains("@").fillna(False).astype(bool), cells.str.lower())
        blank = values.is_blank(cells) | cells.isin(form.nobody)
        best = best.fillna(cells.mask(blank.fillna(True).astype(bool)))
    if form.kind in ("orders", "customers") or best.notna().any():
        found.cells["customer_id"], found.columns["customer_id"] = best, ", ".join(columns)


def _first_of_several(found: Applied, cells: pd.Series, form: Form, column: str, file: str) -> pd.Series:
    """Of several ids in one cell the first, which systems that allow it call the primary one."""
    if not form.several or not (more := cells.str.contains(form.several, regex=False).fillna(False).astype(bool)).any():
        return cells
    found.notes.append(
        Sentence(
            "{file}: {rows:,} {rows:cell|cells} of {column} hold several numbers; the first one counts.",
            file=file,
            rows=int(more.sum()),
            column=column,
        )
    )
    return cells.mask(more, cells.str.split(form.several).str[0].str.strip())


def _moment(found: Applied, form: Form, frame: pd.DataFrame, here: Headers) -> None:
    columns = [here[c] for c in form.ordered_at if c in here]
    if columns:
        cells = frame[columns[0]]
        for column in columns[1:]:
            both = cells.notna() & frame[column].notna()
            cells = cells.astype("str").mask(both, cells.astype("str") + " " + frame[column].astype("str"))
        found.cells["ordered_at"], found.columns["ordered_at"] = cells, " + ".join(columns)


def _money(found: Applied, form: Form, frame: pd.DataFrame, here: Headers) -> None:
    """The order's money from its parts; a cell that cannot be read stays as it is, and is said."""
    added, taken = (
        [here[there[0]] for part in parts if (there := [c for c in part if c in here])]
        for parts in (form.add, form.take)
    )
    if added:
        parts = [(1, frame[c]) for c in added] + [(-1, frame[c]) for c in taken]
        found.cells["amount"] = _sum(parts)
        found.columns["amount"] = " + ".join(added) + "".join(f" − {c}" for c in taken)
    if form.refunded_list and form.refunded_list["in"] in here:
        column = here[form.refunded_list["in"]]
        found.cells["refunded"] = listed(frame[column], form.refunded_list["key"])
        found.columns["refunded"] = column
    for column in (here[c] for c in form.refunded if c in here):
        found.cells["refunded"], found.columns["refunded"] = frame[column], column
        break
    if form.hundredths:
        unit = _smallest(found, form)
        for name in [n for n in ("amount", "refunded") if n in found.cells]:
            found.cells[name] = (values.numbers(found.cells[name]).values / unit).round(6)


def _smallest(found: Applied, form: Form) -> pd.Series | int:
    """How many of its smallest unit make one of the currency (ISO 4217): 100 cents, and a yen is one."""
    from babel.numbers import get_currency_precision

    if "currency" not in found.cells:
        return 10 ** get_currency_precision(form.currency_is or "")
    codes = found.cells["currency"].astype("str").str.upper()
    return codes.map({c: 10 ** get_currency_precision(c) for c in codes.dropna().unique()}).fillna(100)


def _sum(parts: list[tuple[int, pd.Series]]) -> pd.Series:
    if len(parts) == 1:
        return parts[0][1]
    read = [(sign, values.numbers(cells)) for sign, cells in parts]
    total = sum(sign * column.values.fillna(0.0) for sign, column in read).round(6)
    total = total.mask(np.all([column.values.isna() for _, column in read], axis=0)).astype("object")
    for (_, column), (_, cells) in zip(read, parts, strict=True):
        total = total.mask(column.bad, cells.astype("str"))
    return total


def listed(cells: pd.Series, key: str) -> pd.Series:
    """Money in lists of records, whatever its sign: [{"total": "-30.00"}, …]. An empty list is 0, what is none NaN."""
    import json

    def records(cell: object) -> list[str] | None:
        try:
            found = json.loads(cell) if isinstance(cell, str) and cell.strip() else []
        except json.JSONDecodeError:
            return None
        return [str(record.get(key)) for record in found if isinstance(record, dict)] if isinstance(found, list) else []

    lists = cells.map(records)
    money = values.numbers(lists.dropna().explode().dropna().astype("str")).values.abs()
    return money.groupby(level=0).sum().reindex(cells.index).mask(lists.map(len, na_action="ignore") == 0, 0.0)


def _states(found: Applied, form: Form, frame: pd.DataFrame, here: Headers) -> None:
    """The first rule that knows a row's word gives its state; a word that none knows is kept, and asked about."""
    columns = list(dict.fromkeys(here[c] for r in form.state for c in r.columns if c in here))
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


def _paid(frame: pd.DataFrame, column: str | None, here: Headers) -> np.ndarray:
    """True where the column is filled, and not nought."""
    if column is None or column not in here:
        return np.zeros(len(frame), dtype=bool)
    cells = frame[here[column]].astype("str")
    read = pd.to_numeric(cells, errors="coerce")
    return (~values.is_blank(cells) & ~(read == 0)).to_numpy(dtype=bool)


def _rows(found: Applied, form: Form, frame: pd.DataFrame, here: Headers) -> None:
    """Rows that take money back, and rows that are no business of customers."""
    rows = form.rows
    status = found.cells.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
    if rows and rows["in"] in here:
        kind = frame[here[rows["in"]]].astype("str").fillna("")
        back = kind.isin(list(map(str, rows.get("refund", ()))))
        if "amount" in found.cells and rows.get("amount", "") in here:
            given = frame[here[rows["amount"]]]
            found.cells["amount"] = found.cells["amount"].astype("object").mask(back, given.astype("str"))
        if "amount" not in found.cells:
            return
        amount = values.numbers(found.cells["amount"]).values
        found.cells["amount"] = found.cells["amount"].astype("object").mask(back & amount.notna(), -amount.abs())
        if "of" in rows and rows["of"] in here:
            found.cells["cancels_order_id"] = frame[here[rows["of"]]].where(back)
            found.columns["cancels_order_id"] = here[rows["of"]]
        if rows.get("out"):
            status = status.mask(~back & (amount < 0), "no_order")
        status = status.mask(back, "refunded").mask(kind.isin(list(map(str, rows.get("drop", ())))), "no_order")
    if status.notna().any():
        found.cells["status"] = status


def _trials(found: Applied, form: Form, frame: pd.DataFrame, here: Headers) -> None:
    """Rows of a test, and answers that were broken off."""
    status = found.cells.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
    for what, signs in (("unfinished", form.unfinished), ("test", form.test)):
        for column, given in signs.items():
            wanted, places = {word(s) for s in given}, [here[column]] if column in here else []
            if not places:  # the column may be called otherwise: a sign that means nothing else is known anywhere
                wanted, places = wanted & trial_words(), list(frame.columns)
            for place in places if wanted else ():
                said = frame[place].astype("str").map(word, na_action="ignore")
                status = status.mask(said.isin(wanted).fillna(False).astype(bool), what)
    if status.notna().any():
        found.cells["status"] = status
