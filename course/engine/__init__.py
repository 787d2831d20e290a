"""DuckDB as every step uses it: in memory, in UTC, reads no file, takes two threads, draws no bar under a cell."""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache

import duckdb
import numpy as np
import pandas as pd


def query(sql: str, tables: Mapping[str, pd.DataFrame], **values: object) -> pd.DataFrame:
    """The answer to one SELECT over frames: frames in, a frame out.

    Parameters
    ----------
    sql : the statement; a value stands in it as $name, never as text.
    tables : the frames by the names that `sql` gives them. Categories are read as their values.
    values : what the $names stand for; a Timestamp is bound as its day. Each must occur in `sql`.
    """
    return _answering[-1](sql, tables, **values)


def here(sql: str, tables: Mapping[str, pd.DataFrame], **values: object) -> pd.DataFrame:
    """What `query` is on this machine's DuckDB, whoever else is asked."""
    bound = {name: _plain(value) for name, value in values.items()}
    with connect() as session:
        for name, frame in tables.items():
            session.register(name, _readable(frame))
        return session.execute(sql, bound).df()


#: Who answers: the last of them.
_answering = [here]


@contextlib.contextmanager
def answered_by(other: object) -> Iterator[None]:
    """Within the block `query` is asked of another engine, by its method `query`."""
    _answering.append(other.query)
    try:
        yield
    finally:
        _answering.pop()


def connect() -> duckdb.DuckDBPyConnection:
    """A session in the process's database, for more than one statement or a rule that may not run.

    What it registers, its temporary tables and its settings are its own. A session takes no time; a database takes
    20 ms to open, and a run asks for fifty.
    """
    return _set(_shared(os.getpid()).cursor())


def alone() -> duckdb.DuckDBPyConnection:
    """A database of one's own, for a caller that makes tables whose names others may use too."""
    spill = os.path.join(tempfile.gettempdir(), f"course-{os.getpid()}-duckdb")  # else: .tmp where the user stands
    return _set(duckdb.connect(config={"enable_external_access": "false", "threads": "2", "temp_directory": spill}))


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    """By process: a database does not survive a fork."""
    return alone()


def _set(session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    session.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    return session


def _readable(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy that DuckDB can read: one turned round in place makes it fail, categories it would sort by their codes."""
    coded = frame.select_dtypes("category")
    return frame.astype({c: coded[c].cat.categories.dtype for c in coded}).copy()


def _plain(value: object) -> object:
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if isinstance(value, np.generic) else value
