"""The canonical tables: which columns exist, what type they have, under which headers exports carry them.

`catalogue/tables.yaml` is the definition; a frame is checked against it at the door of every step.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from course import small_yaml
from course.engine import Relation, Table
from course.errors import DataError, first_few
from course.language import Label, Sentence

if int(pd.__version__.partition(".")[0]) < 3:  # it would run on, with other kinds of text and of time, to a false end
    raise DataError(
        "The kit needs pandas 3, and this Python has pandas {version}. Yours can stay: give the kit an environment of "
        "its own, with python3 lab.py in its folder, or with uv and the wheel: uv tool install WHEEL.",
        version=pd.__version__,
    )

TABLES = ("orders", "order_lines", "customers", "events", "surveys", "tickets", "posts", "campaigns")
#: Columns that tell a person; one of them besides the number is enough to look for records of the same one.
PERSONAL = ("name", "given_name", "surname", "phone", "email", "national_id", "birth_date", "address", "address_2")
#: Only texts with a sign of e-mail, or with as many digits as a phone, are looked at: the recogniser takes its time.
MAY_TELL = r"[@＠]|(?:\d\D*){7}"


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
    return small_yaml.read(path)


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
    for name in needs:
        blank, wanted = frame[name].isna(), _wanted(frame[name], canonical(kind).columns[name].type)
        if blank.any():
            _refuse(frame, kind, name, Sentence("no blanks"), frame.index[blank])
        if wanted is not None:
            _refuse(frame, kind, name, wanted, frame.index)


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


def _wanted(cells: pd.Series, type_: str) -> Sentence | None:
    """What a column of that type holds, where this one holds something else; a text may be anything."""
    if type_ in ("time", "date") and not pd.api.types.is_datetime64_any_dtype(cells):
        return Sentence("a date in every row")
    is_number = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
    if type_ in ("number", "money", "score") and not is_number:
        return Sentence("a number in every row")
    return None


def _refuse(frame: pd.DataFrame, kind: str, column: str, expected: Sentence, rows: pd.Index) -> None:
    raise DataError(
        "Column {column} of “{kind}”: expected {expected}; {rows:,} {rows:row is|rows are} not (first: {first}). Read "
        "the file with collect.read and pass clean.apply(…).valid.",
        column=column,
        kind=kind,
        expected=expected,
        rows=len(rows),
        first=first_few(rows),
    )
