"""The database that every step works in: it reads no file, and draws nothing under a notebook's cell."""

import multiprocessing
import sys

import duckdb
import numpy as np
import pandas as pd
import pytest

from course import engine
from course.orders import UP_TO

SECOND = pd.Timestamp("2024-01-02 08:00")


def test_it_reads_no_file_and_draws_no_bar(tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n", encoding="utf-8")
    with engine.connect() as connection:
        assert connection.execute("SELECT 1 + 1").fetchone() == (2,)
        assert connection.execute("SELECT current_setting('enable_progress_bar')").fetchone() == (False,)
        with pytest.raises(duckdb.PermissionException):
            connection.execute(f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        with pytest.raises(duckdb.InvalidInputException):
            connection.execute("SET enable_external_access = true")


def test_what_a_session_registers_and_sets_is_its_own():
    with engine.connect() as one, engine.connect() as other:
        one.register("given", pd.DataFrame({"a": [1]}))
        one.execute("CREATE TEMP VIEW seen AS SELECT * FROM given")
        one.execute("SET TimeZone = 'UTC'")
        other.execute("SET TimeZone = 'Asia/Shanghai'")
        for name in ("given", "seen"):
            with pytest.raises(duckdb.CatalogException):
                other.execute(f"SELECT * FROM {name}")
        assert one.execute("SELECT current_setting('TimeZone')").fetchone() == ("UTC",)
    with engine.connect() as later, pytest.raises(duckdb.CatalogException):
        later.execute("SELECT * FROM seen")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_process_opens_a_database_of_its_own():
    engine.connect().execute("SELECT 1")
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_asked) == 1


def _asked():
    with engine.connect() as connection:
        return connection.execute("SELECT 1").fetchone()[0]


# --- one question ----------------------------------------------------------------------------------------------------


def test_a_day_is_bound_as_a_value_and_may_be_a_time_of_it():
    orders = pd.DataFrame({"ordered_at": pd.to_datetime(["2024-01-01 09:00", "2024-01-02 23:00", "2024-01-03 00:00"])})
    found = engine.query(f"SELECT count(*) AS n FROM orders WHERE {UP_TO}", {"orders": orders}, as_of=SECOND)
    assert found["n"].tolist() == [2]


@pytest.mark.parametrize("value", ["'; DROP TABLE given; --", "$a", "O'Hara"])
def test_a_value_is_never_read_as_sql(value):
    given = pd.DataFrame({"a": [value, "other"]})
    assert engine.query("SELECT a FROM given WHERE a = $a", {"given": given}, a=value)["a"].tolist() == [value]


@pytest.mark.parametrize("value", [np.int64(3), np.float64(3.0), np.bool_(True), 3, "3"])
def test_numbers_of_numpy_are_bound_as_numbers(value):
    assert engine.query("SELECT $v AS v", {}, v=value)["v"].tolist() == [value]


def test_a_value_that_the_question_does_not_name_is_refused():
    with pytest.raises(duckdb.Error):
        engine.query("SELECT 1 AS one", {}, as_of=SECOND)


@pytest.mark.parametrize("turn", [lambda f: f[::-1], lambda f: f.iloc[::-1], lambda f: f[::2], lambda f: f[["b", "a"]]])
def test_a_frame_may_be_turned_round(turn):
    frame = turn(pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": ["x", "y", "z"]}))
    found = engine.query("SELECT * FROM given ORDER BY a DESC", {"given": frame})
    pd.testing.assert_frame_equal(found, frame.sort_values("a", ascending=False, ignore_index=True))


def test_categories_are_sorted_as_their_values():
    frame = pd.DataFrame({"a": pd.Categorical(["b", "a"], categories=["b", "a"])})
    assert engine.query("SELECT a FROM given ORDER BY a", {"given": frame})["a"].tolist() == ["a", "b"]


def test_the_tables_of_one_question_are_unknown_to_the_next():
    engine.query("SELECT * FROM given", {"given": pd.DataFrame({"a": [1]})})
    with pytest.raises(duckdb.CatalogException):
        engine.query("SELECT * FROM given", {})


def test_the_zone_is_utc_whatever_the_machine_says():
    assert engine.query("SELECT current_setting('TimeZone') AS zone", {})["zone"].tolist() == ["UTC"]
