"""DuckDB as every step uses it: in UTC, within limits of memory, reading no file but its own, no bar under a cell.

A statement is asked of tables, which are frames or relations (rows that the database keeps). `query` gives a frame,
`keep` a relation: for an answer of as many rows as the table, or one that is asked again.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import duckdb
import numpy as np
import pandas as pd

from course import whole
from course.engine.relation import File, Files, Relation
from course.engine.spool import MEMORY, database, limited, quoted
from course.errors import DataError

__all__ = [
    "MEMORY",
    "Relation",
    "Table",
    "alone",
    "connect",
    "here",
    "keep",
    "keep_here",
    "like",
    "limited",
    "query",
    "stored",
    "together",
]

#: What a statement can be asked of.
Table = pd.DataFrame | Relation


def query(sql: str, tables: Mapping[str, Table], **values: object) -> pd.DataFrame:
    """The answer to one SELECT over tables, as a frame.

    Parameters
    ----------
    sql : the statement; a value stands in it as $name, never as text.
    tables : frames or relations by the names that `sql` gives them. Categories are read as their values.
    values : what the $names stand for; a Timestamp is bound as its day. Each must occur in `sql`.
    """
    return _others[-1].query(sql, tables, **values) if _others else here(sql, tables, **values)


def here(sql: str, tables: Mapping[str, Table], **values: object) -> pd.DataFrame:
    """`query` of DuckDB, whoever else answers."""
    bound = {name: _plain(value) for name, value in values.items()}
    with _over(tables) as session:
        return session.execute(sql, bound).df()


def keep(sql: str, tables: Mapping[str, Table], **values: object) -> Relation:
    """The answer to one SELECT over tables, as a relation: written to the database's folder, in the answer's order.

    Parameters as for `query`. The file goes with the last relation that reads it.
    """
    return _others[-1].keep(sql, tables, **values) if _others else keep_here(sql, tables, **values)


def keep_here(sql: str, tables: Mapping[str, Table], **values: object) -> Relation:
    """`keep` of DuckDB, whoever else answers; of a stream of Arrow too, whose batches are never all in memory."""
    bound = {name: _plain(value) for name, value in values.items()}
    file = File(database(), database().new_file())
    with _over(tables) as session:
        session.execute(f"COPY ({sql}) TO {quoted(file.path)} (FORMAT parquet)", bound)
        rows = f"SELECT * FROM read_parquet({quoted(file.path)})"
        return Relation(file, rows, session.execute(f"{rows} LIMIT 0").df().dtypes)


def together(relations: Sequence[Relation]) -> Relation:
    """The rows of several kept relations of the same columns, one after the other: for DuckDB, which reads their files
    as one."""
    if len(relations) == 1:
        return relations[0]
    paths = ", ".join(quoted(relation.file.path) for relation in relations)
    files = Files([relation.file for relation in relations])
    return Relation(files, f"SELECT * FROM read_parquet([{paths}])", relations[0].dtypes)


def stored(frame: pd.DataFrame) -> Relation:
    """The rows of a frame as a relation, which remembers the frame's dtypes."""
    return keep("SELECT * FROM frame", {"frame": frame}).typed(**frame.dtypes)


def like(table: Table) -> Callable[..., Table]:
    """How an answer of as many rows as the table is given: `query` for a frame, `keep` for a relation."""
    return keep if isinstance(table, Relation) else query


class Engine(Protocol):
    """What answers in DuckDB's place."""

    def query(self, sql: str, tables: Mapping[str, Table], **values: object) -> pd.DataFrame:
        """As the function of that name."""

    def keep(self, sql: str, tables: Mapping[str, Table], **values: object) -> Relation:
        """As the function of that name."""


#: Those that were put in DuckDB's place; the last one answers.
_others: list[Engine] = []


@contextlib.contextmanager
def answered_by(other: Engine) -> Iterator[None]:
    """Within the block another engine answers."""
    _others.append(other)
    try:
        yield
    finally:
        _others.remove(other)


def connect() -> duckdb.DuckDBPyConnection:
    """A session in the process's database, for more than one statement or a rule that may not run.

    What it registers, its temporary tables and its settings are its own. A session takes no time; a database takes
    20 ms to open, and a run asks for fifty.
    """
    return database().session()


def alone() -> duckdb.DuckDBPyConnection:
    """A database of one's own, for a caller that makes tables whose names others may use too."""
    return database().alone()


@contextlib.contextmanager
def _over(tables: Mapping[str, Table]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A session that knows the tables; a disk that is full is said in a sentence."""
    with connect() as session:
        for name, table in tables.items():
            if isinstance(table, Relation):
                session.execute(f'CREATE TEMP VIEW "{name}" AS {table.sql}')
            else:
                session.register(name, _readable(table) if isinstance(table, pd.DataFrame) else table)
        try:
            yield session
        except duckdb.IOException as error:
            if not whole.says_full(str(error)):
                raise
            raise DataError(
                "The disk is full: rows that have no room in memory were to go to {folder}. Free some space, or name a "
                "folder on another disk: --temp DIR.",
                folder=database().folder.parent,
            ) from None


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy that DuckDB can read: one turned round in place makes it fail, categories it would sort by their codes."""
    coded = frame.select_dtypes("category")
    return frame.astype({c: coded[c].cat.categories.dtype for c in coded}).copy()


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if isinstance(value, np.generic) else value
