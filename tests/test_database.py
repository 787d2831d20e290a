"""The database that every step works in: it reads no file, and draws nothing under a notebook's cell."""

import multiprocessing
import sys

import duckdb
import pandas as pd
import pytest

from course import database


def test_it_reads_no_file_and_draws_no_bar(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with database.connect() as connection:
        assert connection.execute("SELECT 1 + 1").fetchone() == (2,)
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("SET enable_external_access = true")


def test_what_a_session_registers_and_sets_is_its_own():
    with database.connect() as one, database.connect() as other:
        one.register("given", pd.DataFrame({"a": [1]}))
        one.execute("CREATE TEMP VIEW seen AS SELECT * FROM given")
        one.execute("SET TimeZone = 'UTC'")
        other.execute("SET TimeZone = 'Asia/Shanghai'")
        for name in ("given", "seen"):
            with pytest.raises(duckdb.CatalogException):
                other.execute(f"SELECT * FROM {name}")
        assert one.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
    with database.connect() as later, pytest.raises(duckdb.CatalogException):
        later.execute("SELECT * FROM seen")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_process_opens_a_database_of_its_own():
    database.connect().execute("SELECT 1")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_asked) == 1


def _asked():
    with database.connect() as connection:
        return connection.execute("SELECT 1").fetchone()[0]
