"""Which table a file is: the form it has, else the kind whose columns it carries, and what speaks for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from course import forms, schema
from course.collect import Raw, mapped, values
from course.collect.mapping import holds, lacking, settle
from course.errors import DataError
from course.forms import Form, normal

#: A column that a kind cannot do without and that is missing says more against it than a column says for it.
_MISSED = 2
#: How many different cells of a column are looked at.
_SAMPLE = 500
#: What every table may name: alone it says nothing of the kind.
_EVERYWHERE = {"customer_id"}


@dataclass(frozen=True)
class Guess:
    """A file taken for a table.

    Attributes
    ----------
    kind : one of schema.TABLES
    found : {canonical column: column of the export}
    lacking : columns without which the kind is of no use and that the file does not have
    form : the known system whose headers the file has
    refusal : why a run would not read it
    """

    kind: str
    found: dict[str, str]
    lacking: tuple[str, ...] = ()
    form: Form | None = None
    refusal: DataError | None = None

    @property
    def fits(self) -> bool:
        """True where a run can read the file as this table, and more than a number of customers speaks for it."""
        return self.refusal is None and not self.lacking and bool(set(self.found) - _EVERYWHERE)

    @property
    def weight(self) -> int:
        """Columns found, those again that only this kind has and needs, less what is missing."""
        return len(self.found) + len(_telling(self)) - _MISSED * len(self.lacking)


def guesses(raw: Raw, mapping: Mapping[str, str], own: Path | None = None) -> list[Guess]:
    """What a file may be, the likeliest first; never empty.

    Parameters
    ----------
    mapping : {column: column of the export} as the reader gave it; a kind that has no such column is out.
    own : a file with forms of the reader's own.
    """
    kinds = schema.TABLES if raw.header else ("orders",)
    allowed = [k for k in kinds if _allows(k, raw, mapping)] or ["orders"]
    by_columns = sorted((_by_columns(raw, kind, chosen(raw, kind, mapping)) for kind in allowed), key=_unlikely)
    if not set(by_columns[0].found) - _EVERYWHERE and _dated_money(raw.frame):
        by_columns.sort(key=lambda guess: guess.kind != "orders")
    form = forms.recognise(raw.frame.columns, own) if raw.header else None
    if form is None or (form.kind != "refuse" and form.kind not in allowed):
        return by_columns
    kind = by_columns[0].kind if form.kind == "refuse" else form.kind
    others = [g for g in by_columns if g.kind != form.kind]
    return [_by_form(raw, kind, form, chosen(raw, kind, mapping), own), *others]


def chosen(raw: Raw, kind: str, mapping: Mapping[str, str]) -> dict[str, str]:
    """The part of the reader's mapping that goes to this file as a table of `kind`."""
    parts = {key: key.rpartition(".")[::2] for key in mapping}
    known = schema.canonical(kind).columns
    return {
        name: mapping[key]
        for key, (of, name) in parts.items()
        if of in ("", kind) and name in known and mapping[key] in raw.frame
    }


def _allows(kind: str, raw: Raw, mapping: Mapping[str, str]) -> bool:
    known = schema.canonical(kind).columns
    return all("." in key or key in known for key, column in mapping.items() if column in raw.frame)


def _unlikely(guess: Guess) -> tuple[bool, int, int]:
    return not guess.found, -guess.weight, schema.TABLES.index(guess.kind)


def _by_form(raw: Raw, kind: str, form: Form, chosen: dict[str, str], own: Path | None) -> Guess:
    try:
        return Guess(kind, mapped(raw, kind, chosen, own), (), form)
    except DataError as error:
        return Guess(kind, {}, (), form, error)


def _by_columns(raw: Raw, kind: str, chosen: dict[str, str]) -> Guess:
    try:
        found, _ = settle(raw.frame, kind, raw.header, chosen)
        return Guess(kind, found, tuple(lacking(found, kind)))
    except DataError as error:
        found = _by_header(raw, kind) | chosen
        return Guess(kind, found, tuple(lacking(found, kind)), None, error)


def _by_header(raw: Raw, kind: str) -> dict[str, str]:
    """The first column whose header is one of each canonical column's, whatever it holds."""
    here = {normal(c): c for c in reversed(raw.frame.columns)}
    columns = schema.canonical(kind).columns.values()
    headers = {c.name: [normal(h) for h in (c.name, *(h for tier in c.headers for h in tier))] for c in columns}
    found = {name: next((here[h] for h in known if h in here), None) for name, known in headers.items()}
    return {name: column for name, column in found.items() if column is not None}


def _dated_money(frame: pd.DataFrame) -> bool:
    """Whether a table under headers that nobody knows has dates and amounts: it may be sales all the same."""
    return any(is_date(frame[c]) for c in frame) and any(is_money(frame[c]) for c in frame)


def is_date(cells: pd.Series) -> bool:
    """Whether most cells are days or moments, and not bare figures."""
    return bool(cells.notna().any()) and holds(cells, "time") and not holds(cells, "money")


def is_money(cells: pd.Series) -> bool:
    """Whether all cells are figures of which at least one has cents: whole ones may number anything."""
    sample = cells.dropna().drop_duplicates().iloc[:_SAMPLE]
    read = values.numbers(sample)
    return len(sample) > 0 and not read.bad.any() and bool((read.values.dropna() % 1 != 0).any())


def _telling(guess: Guess) -> list[str]:
    """The columns that this kind cannot do without and that carry a header of no other kind."""
    needed = {*schema.canonical(guess.kind).required, *(("amount", "unit_price") if guess.kind == "orders" else ())}
    return [n for n in guess.found if n in needed and len(kinds_of(normal(guess.found[n]))) == 1]


@cache
def _vocabulary() -> dict[str, dict[str, str]]:
    """{header as `normal` has it: {kind that knows it: its canonical column}}."""
    known: dict[str, dict[str, str]] = {}
    for kind in schema.TABLES:
        for column in schema.canonical(kind).columns.values():
            for header in (column.name, *(h for tier in column.headers for h in tier)):
                known.setdefault(normal(header), {}).setdefault(kind, column.name)
    return known


def kinds_of(header: str) -> dict[str, str]:
    """{kind of table that knows a header, as `normal` has it: what it is there}."""
    return _vocabulary().get(header, {})
