"""DuckDB as every step uses it: in memory and with nothing around it."""

import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """A database that reads no file, takes two threads, and draws no bar under a notebook's cell when it takes long."""
    connection = duckdb.connect(config={"enable_external_access": "false", "threads": "2"})
    connection.execute("SET enable_progress_bar = false")
    return connection
