"""The canonical tables: which columns exist, what type they have, under which headers exports carry them.

`catalogue/tables.yaml` is the definition; pandera checks a frame against it at the door of every step.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from course.engine import Relation, Table
from course.errors import DataError, first_few
from course.language import Label, Sentence

TABLES = ("orders", "order_lines", "customers", "events", "surveys", "tickets", "posts", "campaigns")


@dataclass(frozen=True)
class Column:
    """One canonical column: `type` as in tables.yaml, `label` in both languages, `headers` in tiers of preference."""

    name: str
    type: str
    label: Label
    headers: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Canonical:
    """One canonical table: its `columns` by name and the names of the `required` ones."""

    kind: str
    label: Label
    columns: dict[str, Column]
    required: tuple[str, ...]


@cache
def canonical(kind: str) -> Canonical:
    """The definition of table `kind`, one of TABLES."""
    if kind not in TABLES:
        raise DataError("There is no table “{kind}”. Tables are: {tables}.", kind=kind, tables=", ".join(TABLES))
    raw = _definitions()
    columns = {}
    for name, spec in raw[kind]["columns"].items():
        also = [spec["also"]] if "also" in spec else []
        if "like" in spec:
            spec = raw[spec["like"]]["columns"][name]
        headers = tuple(tuple(str(h) for h in tier) for tier in [*spec["headers"], *also])
        columns[name] = Column(name, spec["type"], Label(spec["en"], spec["zh"]), headers)
    return Canonical(kind, Label(**raw[kind]["label"]), columns, tuple(raw[kind]["required"]))


@cache
def _definitions() -> dict:
    path = Path(__file__).parent / "catalogue" / "tables.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


#: The column that dates a record of each table.
_DATED_BY = ("ordered_at", "at", "answered_at", "opened_at", "sent_at")


def time_column(frame: pd.DataFrame) -> str | None:
    """The column that says when a record happened, if the frame has one; a column of the export's own that is called so
    and was never read as a date is none."""
    return next((c for c in _DATED_BY if c in frame and pd.api.types.is_datetime64_any_dtype(frame[c].dtype)), None)


def require(frame: Table, kind: str, needs: tuple[str, ...]) -> None:
    """Refuse a frame that lacks one of the columns `needs` of table `kind`, or holds blanks or other types in it.

    Raises
    ------
    DataError : names the column, how many rows are wrong and the first of them.
    """
    kept = isinstance(frame, Relation)
    if not kept and not isinstance(frame, pd.DataFrame):
        raise DataError("Expected a table (a pandas DataFrame), got {what}.", what=type(frame).__name__)
    missing = [n for n in needs if n not in frame.columns]
    if missing:
        raise DataError(
            "The table “{kind}” has no column {missing}. It has: {present}. Rename or map the column first.",
            kind=kind,
            missing=first_few(missing),
            present=first_few(frame.columns, 12),
        )
    if kept:
        _require_kept(frame, kind, needs)
        return
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    columns = canonical(kind).columns
    schema = pa.DataFrameSchema({n: pa.Column(None, checks=_type_check(columns[n].type)) for n in needs})
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as error:
        _refuse_first(error.failure_cases, frame, kind)


def _require_kept(rows: Relation, kind: str, needs: tuple[str, ...]) -> None:
    """Rows in the database have the types that they were kept with; a blank is what they can have."""
    for name in needs:
        if blank := rows[name].blanks():
            raise DataError(
                "Column {column} of “{kind}”: {rows:,} {rows:row is|rows are} blank.",
                column=name,
                kind=kind,
                rows=blank,
            )


def _type_check(type_: str) -> object:
    import pandera.pandas as pa

    if type_ in ("time", "date"):
        return pa.Check(pd.api.types.is_datetime64_any_dtype, name="a date")
    if type_ in ("number", "money", "score"):
        return pa.Check(
            lambda s: pd.api.types.is_numeric_dtype(s) and not pd.api.types.is_bool_dtype(s), name="a number"
        )
    return pa.Check(lambda s: s.notna(), name="text")


_EXPECTED = {
    "a date": Sentence("a date in every row"),
    "a number": Sentence("a number in every row"),
    "not_nullable": Sentence("no blanks"),
}


def _refuse_first(cases: pd.DataFrame, frame: pd.DataFrame, kind: str) -> None:
    first = cases.iloc[0]
    rows = cases.loc[(cases["column"] == first["column"]) & cases["index"].notna(), "index"]
    raise DataError(
        "Column {column} of “{kind}”: expected {expected}; {rows:,} {rows:row is|rows are} not (first: {first}). Read "
        "the file with collect.read and pass clean.apply(…).valid.",
        column=first["column"],
        kind=kind,
        expected=_EXPECTED.get(str(first["check"]), first["check"]),
        rows=len(rows) or len(frame),
        first=first_few(rows) or "0",
    )
