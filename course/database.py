"""DuckDB as every step uses it: in memory, reads no file, takes two threads, draws no bar under a notebook's cell."""

import os
from functools import cache

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A session in the process's database. What it registers, its temporary tables and its settings are its own.

    A session takes no time; a database takes 20 ms to open, and a run asks for fifty.
    """
    return _quiet(_shared(os.getpid()).cursor())


def alone() -> duckdb.DuckDBPyConnection:
    """A database of one's own, for a caller that makes tables whose names others may use too."""
    return _quiet(duckdb.connect(config={"enable_external_access": "false", "threads": "2"}))


@cache
def _shared(process: int) -> duckdb.DuckDBPyConnection:
    """By process: a database does not survive a fork."""
    return alone()


def _quiet(session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    session.execute("SET enable_progress_bar = false")
    return session
