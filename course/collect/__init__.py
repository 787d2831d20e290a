"""Raw files in, canonical tables out: formats, encodings, columns, values; control totals for every source.

Nothing is judged here (that is `course.clean`): a cell that cannot be read becomes blank and is kept in `problems`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from course import forms, schema
from course.collect import applying, arms, asking, events, guards, nobody, plain, remembered, states, values
from course.collect import currency as currencies
from course.collect.folders import is_file, open_all
from course.collect.folders import with_query as with_query
from course.collect.guards import ids, shops, unread, who
from course.collect.kept import Kept
from course.collect.mapping import complete, settle
from course.collect.questions import Answers, Asked, Question, Reading
from course.collect.sources import Raw
from course.collect.sources import open_source as open_source
from course.engine import Relation
from course.errors import DataError, first_few
from course.language import Sentence
from course.recipe import Layout, Recipe

Source = str | Path | pd.DataFrame | Raw
#: Rows of these tables are one and the same when two files carry them.
_IDENTIFIED = {
    "orders": ("order_id", "ordered_at"),
    "order_lines": ("order_id",),
    "customers": ("customer_id",),
    "events": ("at",),
    "surveys": ("customer_id",),
    "tickets": ("ticket_id", "opened_at"),
    "posts": ("post_id",),
    "campaigns": ("customer_id",),
}


@dataclass
class Table:
    """A canonical table as collected.

    Attributes
    ----------
    kind : one of schema.TABLES
    frame : one row a record: canonical columns typed, the export's other columns under their own names, `source` (file
        name) and `source_row` (row in the file); index 0 … n−1. A relation where `gather` was asked to store it
    totals : control totals, one row a source: source, rows, orders, customers, money, first, last
    mapping : {canonical column: column of the export}
    notes : what a reader should know (encoding guessed, title rows skipped, overlap of files)
    problems : cells that could not be read: `row` (of frame), `column`, `value` (raw text; not for output)
    sources : what each file is: name, format, bytes, sha256, encoding, …
    shared : rows that an earlier file held already: rows, orders, customers, money
    currency : what money is in: a code, the sign as found where it names none, None where nothing is known
    layouts : how the files were read, and states : {word of state: what it means} where there are any; both for
        the recipe
    renumbered : True once orders of one number were told apart by their shop, file or customer
    """

    kind: str
    frame: pd.DataFrame | Relation
    totals: pd.DataFrame
    mapping: dict[str, str]
    notes: list[Sentence] = field(default_factory=list)
    problems: pd.DataFrame = field(default_factory=lambda: _no_problems())
    sources: list[dict] = field(default_factory=list)
    shared: dict = field(default_factory=dict)
    currency: str | None = None
    layouts: list[Layout] = field(default_factory=list)
    states: dict[str, str] | None = None
    renumbered: bool = False

    @property
    def has_lines(self) -> bool:
        """True for a table of order lines: its product column is mapped."""
        return "product_id" in self.mapping or "product_name" in self.mapping


def read(
    source: Source | Sequence[Source],
    kind: str,
    mapping: Mapping[str, str] | None = None,
    *,
    blanks: Mapping[str, Sequence[str]] | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
    answers: Mapping[str, str] | None = None,
    provisional: bool = False,
    form: str | Path | None = None,
    currency: str | None = None,
) -> Table:
    """Read one table from one or several files.

    Parameters
    ----------
    source : a path, a DataFrame, something opened by `open_source`, or a list of them (one table in several files);
        "shop.db::orders" and "book.xlsx::Sheet2" name a table or a sheet.
    kind : the canonical table, one of schema.TABLES.
    mapping : {canonical column: column of the export} where the suggestion is not wanted; a file without a header has
        the columns "1", "2", ….
    blanks : {column (canonical or the export's): values that mean "not filled in"}.
    encoding : of text files, where the one found is wrong.
    date_order : "dmy" or "mdy", where the dates leave it open.
    answers : {key of a question: answer}; provisional : the likelier reading stands where nothing is said.
    form : a YAML file with forms of the reader's own, which come before the kit's.
    currency : the code (ISO 4217) of what money is in, where the file does not say it.

    Raises
    ------
    Asked : questions that the data leave open.
    DataError : a structural fault: unreadable, ragged, columns that cannot be mapped; blanks of an unknown column.
    """
    said = Answers(answers or {}, provisional, currency=currencies.checked(currency), form=_path(form))
    table = _read(source, kind, mapping, blanks, encoding, date_order, said)
    _refuse_unused_blanks(blanks, [table])
    _settle_questions(said, [table])
    return table


def _read(source, kind, mapping, blanks, encoding, date_order, answers: Answers, kept: Kept | None = None) -> Table:
    items = [source] if isinstance(source, Source) else list(source)
    if not items:
        raise DataError("No file was named for “{kind}”.", kind=kind)
    raws = (raw for item in items for raw in open_all(item, encoding))
    parts = [_part(raw, kind, dict(mapping or {}), blanks or {}, date_order, answers, kept) for raw in raws]
    _number_repeated_names(parts)
    totals = pd.DataFrame([{"source": p.sources[0]["name"]} | control_totals(p.frame) for p in parts])
    table = parts[0] if len(parts) == 1 else _combine(parts)
    table.totals = totals
    if kind == "orders":
        names = first_few(dict.fromkeys(p.sources[0]["name"] for p in parts), 8)
        table.currency = currencies.settle(table.frame, names, answers, table.notes)
    return table


def _part(
    raw: Raw, kind: str, chosen: dict, blanks: Mapping, date_order: str | None, answers: Answers, kept: Kept | None
) -> Table:
    """The table of one file: read, or as an earlier run read it."""
    if kept is None:
        return _read_one(raw, kind, chosen, blanks, date_order, answers)
    asked = {"kind": kind, "chosen": chosen, "blanks": blanks, "date_order": date_order}
    return kept.part(raw, asked, answers, lambda one: _read_one(one, kind, chosen, blanks, date_order, answers))


def _path(file: str | Path | None) -> Path | None:
    return None if file is None else Path(file)


def gather(
    files: Mapping[str, Sequence[Source]],
    mapping: Mapping[str, str] | None = None,
    *,
    previous: Mapping[str, Mapping[str, str]] | None = None,
    blanks: Mapping[str, Sequence[str]] | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
    answers: Mapping[str, str] | None = None,
    provisional: bool = False,
    form: str | Path | None = None,
    currency: str | None = None,
    recipe: Recipe | None = None,
    kept: Kept | None = None,
    stored: bool = False,
) -> dict[str, Table]:
    """Read several tables with one mapping.

    Parameters
    ----------
    files : {kind: its files}
    mapping : {column: column of the export}. A key goes to every table that has this column and whose file has that
        one; "surveys.customer_id" names the table.
    previous : {kind: mapping} of an earlier run; what it says holds where the columns are still there.
    blanks, encoding, date_order, answers, provisional, form, currency : as for `read`.
    recipe : the recipe of an earlier run: its columns, states and answers hold, and what has changed is asked.
    kept : what earlier runs read: files that have not changed are taken from it.
    stored : whether order lines of Parquet that leave no doubt are taken into the database (`collect.plain`): the
        frame of that table is a relation then.

    Raises
    ------
    DataError : as for `read`, and for a mapping that fits none of the tables.
    """
    opener = open_source if kept is None else kept.open
    # Lines that name their order in a table of their own are compared with it, row by row; blanks are looked for.
    in_database = stored and kept is None and "order_lines" not in files and not blanks
    openers = {"orders": plain.opener(opener)} if in_database else {}
    raws = {
        # Of a folder or a pattern it is said what was left out, once its files are read.
        kind: [
            raw
            for item in items
            for raw in open_all(item, encoding, openers.get(kind, opener) if is_file(item) else opener)
        ]
        for kind, items in files.items()
    }
    chosen = _distribute(raws, mapping or {})
    tables = {}
    said = Answers(answers or {}, provisional, recipe or Recipe(), currencies.checked(currency), _path(form))
    for kind, opened in raws.items():
        earlier = {k: c for k, c in (previous or {}).get(kind, {}).items() if all(c in r.frame for r in opened)}
        earlier = {k: c for k, c in earlier.items() if c not in chosen[kind].values()}
        if kind in openers and (table := plain.table(opened, earlier | chosen[kind], said)) is not None:
            tables[kind] = table if said.currency is None else _in_currency(table, said.currency)
            continue
        opened = plain.whole(opened)
        try:
            tables[kind] = _read(opened, kind, earlier | chosen[kind], blanks, None, date_order, said, kept)
        except DataError:
            if not any(question.key.startswith(remembered.COLUMN) for question in said.open):
                raise
            raise Asked(said.open) from None  # what cannot be read may be the column that is asked about
    if "events" in tables:
        _bought(tables, said)
    _refuse_unused_blanks(blanks, list(tables.values()))
    _settle_questions(said, list(tables.values()))
    _refuse_lines_of_two_orders(tables)
    return tables


def _in_currency(table: Table, currency: str) -> Table:
    """A table in the database, whose money is in the currency that the reader names."""
    rows = table.frame.computed("currency", f"'{currency}'", "str")
    return replace(table, frame=rows, currency=currency)


def _bought(tables: dict[str, Table], said: Answers) -> None:
    """Purchases among the events are the orders, where no orders are given."""
    events_ = tables["events"]
    if "orders" in tables:
        events_.notes += events.counted_elsewhere(events_.frame)
        return
    found, notes = events.purchases(events_.frame)
    events_.notes += notes
    if found is not None:
        raw = Raw(events_.sources[0]["name"], found, True, dict(events_.sources[0]))
        tables["orders"] = _read(raw, "orders", {c: c for c in found}, None, None, None, said)


def _refuse_lines_of_two_orders(tables: Mapping[str, Table]) -> None:
    """Lines name their order by its number alone: where that means two orders, nobody knows whose they are."""
    if "orders" in tables and "order_lines" in tables and tables["orders"].renumbered:
        raise DataError(
            "{orders}: one number means several orders, and the lines of {lines} name no more than the number. Put "
            "shop and number into one column in both, or leave the lines out.",
            orders=tables["orders"].sources[0]["name"],
            lines=tables["order_lines"].sources[0]["name"],
        )


def _settle_questions(said: Answers, tables: list[Table]) -> None:
    """All open questions at once; what was taken for the time being is a note of every table."""
    if said.open:
        raise Asked(said.open)
    for key in said.given:
        if key not in said.used:
            raise DataError(
                "Nothing was asked under {key}. Questions of these files: {keys}.",
                key=key,
                keys=", ".join(sorted(said.used)) or "–",
            )
    for table in tables[:1]:
        table.notes[:0] = said.notes


def _refuse_unused_blanks(blanks: Mapping[str, Sequence[str]] | None, tables: list[Table]) -> None:
    """A misspelt column would leave its blanks in the figures."""
    read = [c for t in tables for pair in t.mapping.items() for c in pair]
    for name in blanks or {}:
        if name not in read:
            raise DataError(
                "There is no column {name} whose blanks could be declared. Columns in use: {columns}.",
                name=name,
                columns=first_few(dict.fromkeys(read), 20),
            )


def _distribute(raws: Mapping[str, list[Raw]], mapping: Mapping[str, str]) -> dict[str, dict[str, str]]:
    chosen: dict[str, dict[str, str]] = {kind: {} for kind in raws}
    for key, column in mapping.items():
        kind, _, name = key.rpartition(".")
        having = [k for k in raws if name in schema.canonical(k).columns and kind in ("", k)]
        fitting = [k for k in having if all(column in r.frame for r in raws[k])]
        if not having:
            raise DataError(
                "There is no column {name} in {kinds}. They can have: {names}.",
                name=key,
                kinds=", ".join(raws),
                names=", ".join(dict.fromkeys(n for k in raws for n in schema.canonical(k).columns)),
            )
        # No file has it: let the first table say which columns there are.
        for k in fitting or having[:1]:
            chosen[k][name] = column
    return chosen


def control_totals(frame: pd.DataFrame) -> dict:
    """Rows, orders, customers, money (exact to six decimals) and first and last date of a canonical frame.

    What a frame has no column for is None. A column of text that an export only calls so (an amount among customers)
    is none of these.
    """
    time = schema.time_column(frame)
    is_dated = time is not None and pd.api.types.is_datetime64_any_dtype(frame[time].dtype)
    dates = frame[time].dropna() if is_dated else pd.Series(dtype="datetime64[us]")
    has_money = "amount" in frame and pd.api.types.is_numeric_dtype(frame["amount"].dtype)
    return {
        "rows": len(frame),
        "orders": int(frame["order_id"].nunique()) if "order_id" in frame else None,
        "customers": int(frame["customer_id"].nunique()) if "customer_id" in frame else None,
        "money": values.exact(frame["amount"]) if has_money else None,
        "first": dates.min().date() if len(dates) else None,
        "last": dates.max().date() if len(dates) else None,
    }


def _read_one(
    raw: Raw, kind: str, chosen: dict[str, str], blanks: Mapping, date_order: str | None, answers: Answers
) -> Table:
    raw, chosen = remembered.as_before(raw, kind, chosen, answers)
    form = recognised(raw, kind, answers.form)
    cells_of, mapping, notes = _columns(raw, kind, form, chosen)
    _refuse_twins(raw, mapping, chosen)
    notes = raw.notes + notes
    taken = {part for shown in mapping.values() for part in (shown, *re.split(r" [+−] |, ", shown))}
    frame = pd.DataFrame(index=next(iter(cells_of.values())).index)
    problems = []
    columns = schema.canonical(kind).columns
    for name in (n for n in columns if n in cells_of):
        cells = _blanked(
            cells_of[name],
            [*blanks.get(name, ()), *blanks.get(mapping.get(name, ""), ()), *(form.blanks if form else ())],
        )
        shown = mapping.get(name, name)
        try:
            column = _convert(cells, name, columns[name].type, shown, date_order)
        except values.TwoWays as two:
            column = _convert(cells, name, columns[name].type, shown, _asked_order(two, raw.name, shown, answers))
        except values.ThousandsOrDecimals as two:
            column = values.money(cells, shown, _asked_point(two, raw.name, shown, answers) == "thousands")
        frame[name] = column.values
        notes += column.notes
        if column.bad.any():
            at = np.flatnonzero(column.bad)
            problems.append(pd.DataFrame({"row": at, "column": name, "value": cells.iloc[at].astype("str").to_numpy()}))
    for column in (c for c in raw.frame.columns if c not in taken):
        if column not in columns and column not in ("source", "source_row"):
            frame[column] = raw.frame[column].reindex(frame.index)
    frame = _derive(frame, kind) if kind == "orders" else frame
    problems = pd.concat(problems, ignore_index=True) if problems else _no_problems()
    unread.guard(unread.shares(frame, problems, kind), mapping, raw.name, notes, answers)
    who.folded(frame, raw.name, notes)
    renumbered = False
    frame.insert(len(frame.columns), "source", raw.name)
    frame["source"] = frame["source"].astype("category")
    frame["source_row"] = frame.index
    if kind == "orders" and "status" in cells_of and form is None:
        frame["status"] = states.as_before(frame["status"], cells_of["status"], answers, notes).to_numpy()
    if kind == "orders":
        cells = raw.frame.reindex(frame.index)
        orders = guards.Orders(frame, dict(mapping), form, raw.name, answers, notes, raw.merged, cells)
        money = mapping.get("amount") or mapping.get("unit_price") or ""
        currencies.named(frame, cells, money, orders.unused(), raw.name, answers)
        guards.guard(orders)
        renumbered = orders.renumbered
        if form is not None:
            nobody.refuse(frame, form, raw.name)
    if kind == "events":
        settled = events.settle(frame, form, notes)
        problems = _of_rows(problems, frame.index.isin(settled.index))
        frame = settled
    if kind == "campaigns":
        arms.settle(frame, mapping, raw.name, answers, notes)
    if kind == "surveys":
        asking.guard(frame, mapping, form, raw, answers, notes)
    return Table(
        kind,
        frame.reset_index(drop=True),
        pd.DataFrame(),
        mapping,
        notes,
        problems,
        [{"name": raw.name} | raw.facts],
        layouts=[remembered.layout_of(raw, form, mapping, chosen)],
        states=states.listed(cells_of["status"], form, answers) if kind == "orders" and "status" in cells_of else None,
        renumbered=renumbered,
    )


def _refuse_twins(raw: Raw, mapping: dict[str, str], chosen: dict[str, str]) -> None:
    """A column that is used and has another of its name beside it, with other contents: which one is meant?"""
    for name, column in mapping.items():
        twin = f"{column} (2)"
        if name in chosen or column not in raw.frame or twin not in raw.frame:
            continue
        if not raw.frame[column].astype("str").equals(raw.frame[twin].astype("str")):
            raise DataError(
                "{file}: several columns are called {column} and differ. Say which one is {name}: --map "
                "{name}={column}, or --map {name}={twin}.",
                file=raw.name,
                column=column,
                name=name,
                twin=f'"{twin}"',
            )


def mapped(raw: Raw, kind: str, mapping: Mapping[str, str] | None = None, own: Path | None = None) -> dict[str, str]:
    """{canonical column: column of the export} of a file read as `kind`, with no cell read.

    Raises
    ------
    DataError : as for `read`, where it is the columns that are at fault.
    """
    return _columns(raw, kind, recognised(raw, kind, own), dict(mapping or {}))[1]


def recognised(raw: Raw, kind: str, own: Path | None = None) -> forms.Form | None:
    """The form of a file that is read as `kind`; `own` is a file of the reader's own forms.

    Raises
    ------
    DataError : a form that is recognised in order to refuse it.
    """
    form = forms.recognise(raw.frame.columns, own) if raw.header else None
    if form is not None and form.kind == "refuse":
        applying.apply(form, raw.frame, raw.name)
    return form if form is not None and form.kind == kind else None


def _columns(
    raw: Raw, kind: str, form: forms.Form | None, chosen: dict[str, str]
) -> tuple[dict[str, pd.Series], dict[str, str], list[Sentence]]:
    """The cells of each canonical column, where they come from, and what was decided: by the form where the file has
    one, else by the headers; the reader's own choice comes before either."""
    if form is None:
        mapping, notes = settle(raw.frame, kind, raw.header, chosen)
        who_bought = ids.choose(mapping, raw.frame, chosen, raw.name, notes) if kind == "orders" else None
        if kind == "surveys":
            asking.find_unknown(raw, mapping, notes)
        complete(mapping, raw.frame, kind, raw.name, notes)
        cells = {
            n: raw.frame[c] if n != "customer_id" or who_bought is None else who_bought for n, c in mapping.items()
        }
        return cells, mapping, notes
    ids.refuse_never(form, chosen, raw.name)
    applied = applying.apply(form, raw.frame, raw.name)
    if kind == "orders":
        applying.refuse_without_money(form, applied, raw.frame, chosen, raw.name)
    if kind == "surveys":
        asking.find_score(applied, form, raw, chosen)
    own, _ = settle(raw.frame[list(dict.fromkeys(chosen.values()))], kind, False, chosen)
    cells = applied.cells | {name: raw.frame[column] for name, column in own.items()}
    complete(applied.columns | own, raw.frame, kind, raw.name, applied.notes)
    return cells, applied.columns | own, applied.notes


def _asked_order(two: values.TwoWays, file: str, column: str, answers: Answers) -> str:
    words = {"dmy": Sentence("day first"), "mdy": Sentence("month first")}
    readings = tuple(
        Reading(order, Sentence("{order}: {first} to {last}", order=words[order], first=first, last=last))
        for order, (first, last) in two.spans.items()
    )
    asks = Sentence("{file}: which comes first in the dates of {column}, day or month?", file=file, column=column)
    return answers.to(Question("dates", asks, readings))


def _asked_point(two: values.ThousandsOrDecimals, file: str, column: str, answers: Answers) -> str:
    words = {"thousands": Sentence("thousands"), "decimals": Sentence("three decimals")}
    readings = tuple(
        Reading(name, Sentence("{what}: {money:,.2f} in all", what=words[name], money=total))
        for name, total in two.sums.items()
    )
    asks = Sentence(
        "{file}: what does the separator in {column} part, as in {example}?",
        file=file,
        column=column,
        example=two.example,
    )
    return answers.to(Question(f"separator.{column}", asks, readings))


def _no_problems() -> pd.DataFrame:
    return pd.DataFrame(
        {"row": pd.Series(dtype="int64"), "column": pd.Series(dtype="str"), "value": pd.Series(dtype="str")}
    )


def _blanked(cells: pd.Series, declared: list[str]) -> pd.Series:
    if not declared:
        return cells
    texts = cells.astype("str").str.strip()
    figures = pd.to_numeric(texts, errors="coerce")
    same = texts.isin(declared) | figures.isin(
        pd.to_numeric(pd.Series(declared, dtype="str"), errors="coerce").dropna()
    )
    return cells.mask(same)


def _convert(cells: pd.Series, name: str, type_: str, shown: str, date_order: str | None) -> values.Column:
    """Cells of the canonical column `name`, which the export calls `shown`, as their type."""
    if type_ == "id":
        return values.ids(cells, shown)
    if name == "status":
        return values.statuses(cells)
    if type_ == "text":
        return values.texts(cells)
    if type_ in ("time", "date"):
        return values.times(cells, shown, date_order)
    if type_ == "score":
        return values.scores(cells)
    if type_ == "money":
        return values.money(cells, shown)
    return values.numbers(cells)


def _derive(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Amount from quantity and price or price from both; an order without an id is a customer's moment or day."""
    lines = "product_id" in frame or "product_name" in frame
    if lines and "quantity" not in frame:
        frame["quantity"] = 1.0
    if lines and "amount" in frame and "unit_price" not in frame:  # what is below nought is the goods that came back
        frame["quantity"] = frame["quantity"].mask(frame["amount"] < 0, -frame["quantity"].abs())
    if "amount" not in frame:
        frame["amount"] = (frame.get("quantity", 1.0) * frame["unit_price"]).round(6)
    elif lines and "unit_price" not in frame:
        frame["unit_price"] = frame["amount"] / frame["quantity"].where(frame["quantity"] != 0)
    if "order_id" not in frame:
        made = (
            frame["customer_id"]
            + "@"
            + frame["ordered_at"].dt.strftime("%Y-%m-%dT%H:%M:%S").str.removesuffix("T00:00:00")
        )
        frame["order_id"] = made.astype("str")
    return frame


def _number_repeated_names(parts: list[Table]) -> None:
    """Two files of the same name (from two folders) are told apart as "orders.csv" and "orders.csv (2)"."""
    seen: dict[str, int] = {}
    for part in parts:
        name = part.sources[0]["name"]
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            part.sources[0]["name"] = f"{name} ({seen[name]})"
            part.frame["source"] = part.frame["source"].cat.rename_categories([part.sources[0]["name"]])


def _combine(parts: list[Table]) -> Table:
    """Several files as one table. A row that an earlier file holds already is counted once; of an order table (one row
    an order) whose row changed, the later file's row counts."""
    kind = parts[0].kind
    apart = shops.by_file(parts) if kind == "orders" else []
    frame = pd.concat([p.frame.astype({"source": "str"}) for p in parts], ignore_index=True)
    number = np.repeat(np.arange(len(parts)), [len(p.frame) for p in parts])
    starts = np.cumsum([0] + [len(p.frame) for p in parts])
    problems = pd.concat(
        [p.problems.assign(row=p.problems["row"] + s) for p, s in zip(parts, starts, strict=False)], ignore_index=True
    )
    again = _held_already(frame, number, kind)
    notes = [n for p in parts for n in p.notes] + apart
    shared = control_totals(frame[again])
    if again.any():
        notes.append(
            Sentence(
                "{rows:,} {rows:row|rows} of the later files are in an earlier one already and were counted once.",
                rows=int(again.sum()),
            )
        )
    changed = np.zeros(len(frame), dtype=bool)
    if kind == "orders" and not any(p.has_lines for p in parts) and all("order_id" in p.mapping for p in parts):
        last = frame["order_id"].map(pd.Series(number[~again]).groupby(frame.loc[~again, "order_id"].to_numpy()).max())
        changed = ~again & (number < last.fillna(-1).to_numpy())
        if changed.any():
            notes.append(
                Sentence(
                    "{rows:,} {rows:order stands|orders stand} in two files with different contents; the later file "
                    "counts.",
                    rows=int(changed.sum()),
                )
            )
    keep = ~(again | changed)
    problems = _of_rows(problems, keep)
    frame = frame[keep].reset_index(drop=True).astype({"source": "category"})
    mapping = {k: v for p in reversed(parts) for k, v in p.mapping.items()}
    sources = [p.sources[0] for p in parts]
    layouts = [p.layouts[0] for p in parts]
    layouts = [one for i, one in enumerate(layouts) if one not in layouts[:i]]
    told = [p.states for p in parts if p.states is not None]
    states = {word: state for one in reversed(told) for word, state in one.items()} if told else None
    return Table(
        kind,
        frame,
        pd.DataFrame(),
        mapping,
        notes,
        problems,
        sources,
        shared,
        layouts=layouts,
        states=states,
        renumbered=any(p.renumbered for p in parts),
    )


def _of_rows(problems: pd.DataFrame, keep: np.ndarray) -> pd.DataFrame:
    """The problems of the rows that are kept, by their new number."""
    problems = problems[keep[problems["row"].to_numpy(dtype="int64")]]
    renumber = np.cumsum(keep) - 1
    return problems.assign(row=renumber[problems["row"].to_numpy(dtype="int64")]).reset_index(drop=True)


def _held_already(frame: pd.DataFrame, number: np.ndarray, kind: str) -> np.ndarray:
    """True for rows whose content an earlier file holds at least as often (rows repeated within one file stay)."""
    if not any(c in frame for c in _IDENTIFIED[kind]):
        return np.zeros(len(frame), dtype=bool)
    content = frame.drop(columns=["source", "source_row"])
    key = pd.util.hash_pandas_object(content.astype("str").fillna(""), index=False)
    occurrence = pd.DataFrame({"file": number, "key": key}).groupby(["file", "key"]).cumcount()
    return pd.DataFrame({"key": key, "occurrence": occurrence}).duplicated().to_numpy()
