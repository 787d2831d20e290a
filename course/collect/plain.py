"""Order lines in Parquet, taken into the database without a frame, where what they say leaves no doubt.

They are beyond doubt where every column is one that orders know and of its own type, every number is a number as it is
written in a database, and no guard (`course.collect.guards`) would say, change or ask anything: each of their
conditions is asked as a statement. Whatever is out of the ordinary is the strict reader's, which reads a frame.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from course import forms, schema
from course.collect import currency, remembered
from course.collect.guards import ids, level, words
from course.collect.mapping import settle
from course.collect.questions import Answers
from course.collect.sources import Raw, facts_of, parquet_head
from course.collect.values import BLANKS
from course.engine import Relation, here, keep_here, together
from course.errors import DataError
from course.forms import normal

if TYPE_CHECKING:
    import pyarrow as pa

    from course.collect import Table

#: Columns that a file of order lines must have to be read so, and those that it may have.
_NEEDS = frozenset(["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"])
_MAY = frozenset(["amount"])
#: By the first rows the columns are found; what the cells say is asked of all of them.
_HEAD, _BATCH = 5_000, 1 << 16


@dataclass
class Opened(Raw):
    """A Parquet file whose types may be plain: `frame` has its first rows, `whole` reads it as every other file."""

    path: Path = Path()
    types: "pa.Schema | None" = None
    whole: Callable[[], Raw] | None = None


def opener(strict: Callable[..., Raw]) -> Callable[..., Raw]:
    """Opens Parquet files whose types are plain as `Opened`, all others by `strict`."""

    def opened(source: object, encoding: str | None = None) -> Raw:
        found = _opened(source) if isinstance(source, str | Path) else None
        if found is None:
            return strict(source, encoding)
        found.whole = lambda: strict(source, encoding)
        return found

    return opened


def _opened(source: str | Path) -> Opened | None:
    import pyarrow as pa

    path = Path(source)
    if path.suffix.lower() not in (".parquet", ".pq"):
        return None
    try:
        if not path.is_file():
            return None
        raw, types = parquet_head(path, _HEAD)
    except (OSError, ValueError, pa.ArrowException):  # the strict reader says what is wrong with it
        return None
    if raw.frame.empty or raw.notes or not all(map(_is_plain, types)):
        return None
    return Opened(raw.name, raw.frame, True, facts_of(path, "parquet"), path=path, types=types)


def _is_plain(field: "pa.Field") -> bool:
    marks = set(field.metadata or ()) - {b"PARQUET:field_id"}  # of a database's answer: how its text is to be read
    return not marks and any(map(_is_of(field.type), ("id", "time", "number")))


def _is_of(type_: "pa.DataType") -> Callable[[str], bool]:
    """Whether a type of Arrow is a canonical one as a database has it; a decimal is where a float holds it exactly."""
    from pyarrow import types

    whole = types.is_integer(type_) and not types.is_uint64(type_)
    decimal = types.is_decimal128(type_) and type_.precision <= 15 and type_.scale >= 0
    moment = types.is_timestamp(type_) and type_.tz is None and type_.unit != "ns"
    held = {
        "id": types.is_string(type_) or types.is_large_string(type_) or whole,
        "time": moment or types.is_date32(type_),
        "number": types.is_float64(type_) or types.is_float32(type_) or whole or decimal,
    }
    return lambda kind: held["number" if kind == "money" else kind]


def whole(raws: Sequence[Raw]) -> list[Raw]:
    """The files as every other is opened."""
    return [raw.whole() if isinstance(raw, Opened) else raw for raw in raws]


def table(raws: Sequence[Raw], chosen: Mapping[str, str], answers: Answers) -> "Table | None":
    """The table of orders that these files are, its `frame` a relation; None where there is any doubt.

    Parameters
    ----------
    chosen : {canonical column: column of the export} that the headers are not to say.

    Returns
    -------
    rows with the columns of a collected table and `row`, their place among all rows of all files
    """
    from course.collect import Table  # it is made there

    names = [raw.name for raw in raws]
    if not raws or not all(isinstance(raw, Opened) for raw in raws) or len(set(names)) < len(names):
        return None
    parts, mappings, layouts, before = [], [], [], 0
    for raw in raws:
        mapping = _mapping(raw, dict(chosen), answers)
        rows = None if mapping is None else _taken(raw, mapping, before)
        if rows is None or not _beyond_doubt(rows, mapping, raw.name, answers):
            return None
        before += len(rows)
        parts.append(rows)
        mappings.append(mapping)
        layouts.append(remembered.layout_of(raw, None, mapping, chosen))
    if len({tuple(rows.columns) for rows in parts}) > 1:
        return None
    rows = together(parts)
    if len(parts) > 1 and _in_two_files(rows):
        return None
    shared = totals(rows.where("false")) if len(parts) > 1 else {}
    by_file = totals_by(rows, "source")
    return Table(
        "orders",
        rows,
        pd.DataFrame([{"source": name} | by_file[name] for name in names]),
        {k: v for mapping in reversed(mappings) for k, v in mapping.items()},
        sources=[{"name": raw.name} | raw.facts for raw in raws],
        shared=shared,
        layouts=[one for i, one in enumerate(layouts) if one not in layouts[:i]],
    )


def _mapping(raw: Opened, chosen: dict[str, str], answers: Answers) -> dict[str, str] | None:
    """Which column is which, where every one is of use and of its own type."""
    if answers.recipe.columns.get("orders") or forms.recognise(raw.frame.columns, answers.form) is not None:
        return None
    try:
        mapping, notes = settle(raw.frame, "orders", True, chosen)
    except DataError:  # it is said by the strict reader
        return None
    if notes or not _NEEDS <= set(mapping) <= _NEEDS | _MAY:
        return None
    if sorted(mapping.values()) != sorted(raw.frame.columns) or _is_doubtful(mapping):
        return None
    type_of = schema.canonical("orders").columns
    fits = all(_is_of(raw.types.field(column).type)(type_of[name].type) for name, column in mapping.items())
    return mapping if fits else None


def _is_doubtful(mapping: Mapping[str, str]) -> bool:
    """Whether the name of a column alone makes a guard look: a clerk's number, money that names its currency."""
    who = normal(mapping["customer_id"])
    money = mapping.get("amount") or mapping["unit_price"]
    called = any(who in words.headers("no_customer", kind) for kind in ("staff", "answer", "name", "card"))
    return called or currency.in_name(money) is not None


def _taken(raw: Opened, mapping: Mapping[str, str], before: int) -> Relation | None:
    """The rows of a file in the database, of canonical columns; None where they cannot be read to the end."""
    import pyarrow as pa

    known = schema.canonical("orders").columns
    names = [name for name in known if name in mapping]
    cells = {name: _cell(name, known[name].type) for name in names}
    made = [] if "amount" in mapping else ["amount"]
    of_amount = f", round({_PRODUCT} * 1e6) / 1e6 AS amount" if made else ""
    read = ", ".join(f"{sql} AS {name}" for name, sql in cells.items())
    sql = f"""
        SELECT * EXCLUDE (source_row){of_amount}, $source AS source, source_row, source_row + {before} - 1 AS row
        FROM (SELECT {read}, source_row FROM cells)
    """
    types = pa.schema([(n, raw.types.field(mapping[n]).type) for n in names] + [("source_row", pa.int64())])
    stream = pa.RecordBatchReader.from_batches(types, _batches(raw.path, [mapping[n] for n in names], types))
    kinds = {"id": "str", "time": "datetime64[us]", "number": "float64", "money": "float64"}
    typed = {n: pd.Series(dtype=kinds[known[n].type]).dtype for n in [*names, *made]}
    try:
        return keep_here(sql, {"cells": stream}, source=raw.name).typed(**typed)
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, pa.ArrowException, OSError):  # a damaged page, bytes that are no text: the strict reader's
        return None


_PRODUCT = "quantity * unit_price"


def _batches(path: Path, columns: list[str], types: "pa.Schema") -> Iterator["pa.RecordBatch"]:
    """A file's records in batches, numbered from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 1
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH, columns=columns):
            cells = [batch.column(batch.schema.get_field_index(c)) for c in columns]
            rows = pa.array(range(number, number + len(batch)), pa.int64())
            number += len(batch)
            yield pa.RecordBatch.from_arrays([*cells, rows], schema=types)


def _cell(name: str, type_: str) -> str:
    """SQL: a cell as `course.collect.values` reads it, of those that are beyond doubt."""
    if type_ == "id":
        blanks = ", ".join(f"'{word}'" for word in sorted(BLANKS))
        return f'CASE WHEN lower(CAST("{name}" AS VARCHAR)) NOT IN ({blanks}) THEN CAST("{name}" AS VARCHAR) END'
    if type_ == "time":
        return f'CAST("{name}" AS TIMESTAMP)'
    return f'CASE WHEN NOT isnan(CAST("{name}" AS DOUBLE)) THEN CAST("{name}" AS DOUBLE) END'


# --- is there a doubt? ------------------------------------------------------------------------------------------------

#: A row that `values` or a guard would look at twice: an id that is no plain code, a figure that is large enough to be
#: a telephone or has no millionth to be rounded to, a year that no calendar has.
_STRANGE = """
    SELECT count(*) AS rows FROM lines WHERE
        NOT regexp_full_match(order_id, '[0-9A-Za-z_]+') OR NOT regexp_full_match(product_id, '[0-9A-Za-z_]+')
        OR NOT regexp_full_match(customer_id, '[0-9A-Za-z_]*[0-9][0-9A-Za-z_]*') OR regexp_full_match(customer_id, '0+')
        OR regexp_matches(customer_id, '[0-9][xX]{3}|[xX]{3}[0-9]')
        OR abs(quantity) >= 1e9 OR abs(unit_price) >= 1e9 OR abs(amount) >= 1e9
        OR abs(amount * 1e6 - trunc(amount * 1e6)) = 0.5 OR abs(quantity * unit_price * 1e6) % 1 = 0.5
        OR NOT isfinite(ordered_at) OR year(ordered_at) NOT BETWEEN 2 AND 9998
"""
#: Of orders: how many were sold, how many of them have several customers, whether some rows of one lack what others
#: have.
_OF_ORDERS = """
    WITH rows AS (SELECT *, NOT coalesce(amount < 0, false) AS sold FROM lines WHERE order_id IS NOT NULL),
    orders AS (
        SELECT count(*) AS rows, count(customer_id) AS named, count(ordered_at) AS dated, bool_or(sold) AS sold,
            coalesce(min(customer_id) FILTER (sold) <> max(customer_id) FILTER (sold), false) AS torn
        FROM rows GROUP BY order_id
    )
    SELECT count(*) AS orders, count(*) FILTER (sold) AS sold, count(*) FILTER (torn) AS torn,
        count(*) FILTER (named > 0) AS named,
        count(*) FILTER (named BETWEEN 1 AND rows - 1 OR dated BETWEEN 1 AND rows - 1) AS filled_once
    FROM orders
"""
#: Of customers: how many, and how many where case and noughts in front do not count; the rows of all and of the two
#: with the most; of how many rows the customer is the order.
_OF_CUSTOMERS = """
    WITH customers AS (
        SELECT customer_id, count(*) AS rows, count(*) FILTER (order_id = customer_id) AS same
        FROM lines WHERE customer_id IS NOT NULL GROUP BY customer_id
    )
    SELECT count(*) AS customers, count(DISTINCT ltrim(lower(customer_id), '0')) AS alike,
        coalesce(sum(rows), 0)::BIGINT AS rows, coalesce(sum(same), 0)::BIGINT AS same, max(rows, 2) AS most
    FROM customers
"""


def _beyond_doubt(lines: Relation, shown: Mapping[str, str], file: str, answers: Answers) -> bool:
    """Whether every guard leaves the rows of a file as they are, and has nothing to say."""
    if here(_STRANGE, {"lines": lines})["rows"].iloc[0]:
        return False
    orders, who = (here(sql, {"lines": lines}).iloc[0] for sql in (_OF_ORDERS, _OF_CUSTOMERS))
    if orders["filled_once"] or (orders["torn"] and orders["torn"] >= _TORN * orders["sold"]):
        return False
    if who["alike"] != who["customers"] or not who["customers"]:
        return False
    if orders["orders"] >= 10 and who["same"] > _SAME * who["rows"]:
        return False
    if ids.is_unlikely(who["customers"], orders["named"]) or _is_one_for_all(who["rows"], list(who["most"])):
        return False
    return level.is_of_lines(lines, dict(shown), file, answers)


#: Half of what makes the guards look (`shops.restart`, `ids.doubtful`, `who.one_for_all`): at the border they decide.
_TORN, _SAME, _ONE_FOR_ALL = 0.005, 0.5, 0.1


def _is_one_for_all(rows: int, most: list[int]) -> bool:
    return len(most) > 1 and most[0] > _ONE_FOR_ALL * rows and most[0] > 2 * most[1]


_TWICE = """
    SELECT count(*) AS orders FROM (
        SELECT order_id FROM lines GROUP BY order_id HAVING min(source) <> max(source) OR order_id IS NULL LIMIT 1
    )
"""


def _in_two_files(lines: Relation) -> bool:
    """Whether an order stands in two files, or a row has none: then a row may be in an earlier file already."""
    return bool(here(_TWICE, {"lines": lines})["orders"].iloc[0])


# --- totals -----------------------------------------------------------------------------------------------------------

_TOTALS = """
    SELECT {part} AS part, count(*) AS rows, count(DISTINCT order_id) AS orders,
        count(DISTINCT customer_id) AS customers,
        CAST(coalesce(sum(CAST(round(amount * 1e6) AS HUGEINT)), 0) AS VARCHAR) AS money,
        CAST(min(ordered_at) AS DATE) AS first, CAST(max(ordered_at) AS DATE) AS last
    FROM lines GROUP BY ALL
"""
_COUNTS = ("rows", "orders", "customers")


def totals(lines: Relation) -> dict:
    """`control_totals` of order lines in the database."""
    # An aggregate of no row is a row where nothing is grouped, and none where something is.
    none = dict.fromkeys(_COUNTS, 0) | {"money": 0.0, "first": None, "last": None}
    return totals_by(lines, "true").get(True, none)


def totals_by(lines: Relation, part: str) -> dict[object, dict]:
    """`control_totals` of the parts into which an expression of SQL divides the lines, by its value."""
    return {row.part: _control(row) for row in here(_TOTALS.format(part=part), {"lines": lines}).itertuples()}


def _control(row: tuple) -> dict:
    days = {
        k: None if pd.isna(day) else pd.Timestamp(day).date() for k, day in (("first", row.first), ("last", row.last))
    }
    return {k: int(getattr(row, k)) for k in _COUNTS} | {"money": int(row.money) / 10**6} | days
