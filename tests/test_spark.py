"""The same statements on Spark: on this machine, on a standalone cluster, and when one of its workers is killed."""

import os
import threading
import time
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from course import (
    behaviour,
    cli,
    clv,
    collect,
    company,
    demo,
    engine,
    extras,
    lifecycle,
    report,
    segment,
    small_yaml,
    workflow,
)
from course.clean import match_refunds
from course.engine import dialect, spark
from course.errors import DataError
from course.orders import daily
from tests import clusters, statements

HAZARDS = yaml.safe_load((Path(__file__).parent / "hazards.yaml").read_text(encoding="utf-8"))
#: Statements without an ORDER BY: whoever asks them sorts, or looks cells up by their names.
UNORDERED = {
    "actions.py propose",
    "workflow/features.py _from_orders",
    "workflow/steps/foretelling.py log_spent",
    "behaviour/visits.py _run",
    "explorer/contents.py _rows",
    "lifecycle/movement.py transitions",
}
#: What of a run breaks a rule of the dialect: a few campaigns by name, and as many rows as an answer says.
REFUSED = {"actions.py _proposal", "actions.py _customers"}
#: Call sites that a run on Luming never comes to: guards over other exports, exports, functions of lessons.
NOT_RUN = {
    "behaviour/price.py psm",
    "behaviour/recommend.py _bought",
    "clv/scoring.py _came",
    "clv/worth.py cohort",
    "clv/worth.py historic",
    "collect/events.py purchases",
    "collect/guards/level.py _count_once",
    "collect/guards/level.py level",
    "collect/guards/shops.py restart",
    "collect/nobody.py refuse",
    "effect/monitoring.py _factors",
    "identity/anonymity.py anonymity",
    "identity/judging.py _blocking_recall",
    "identity/judging.py judge",
    "report/handover.py _long",
    "workflow/look/overlap.py overlaps",
    "workflow/steps/actions.py _tested",
}
#: What is kept as it comes: DuckDB puts it away.
KEPT_AS_THEY_ARE = {"workflow/result.py rows"}
SETTINGS = {"spark__sql__shuffle__partitions": "2", "spark__executor__memory": "512m"}
NIGHTLY = pytest.mark.skipif(not os.environ.get("COURSE_NIGHTLY"), reason="of the night: COURSE_NIGHTLY is not set")


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Every statement that a run on a small Luming asks, report and explorer included."""
    folder = tmp_path_factory.mktemp("luming")
    company.write(5, 400, folder / "company")

    def work():
        report.write(workflow.run(demo.tables(folder / "company"), key=b"k" * 32), folder / "out", "en", [])

    return statements.recorded(work)


@pytest.fixture(scope="module")
def local():
    """Spark on this machine. It must be used before the cluster: a process has one Spark at a time."""
    clusters.needed()
    with spark.session(**SETTINGS) as one:
        yield one


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A master and two workers."""
    clusters.needed()
    with clusters.cluster(tmp_path_factory.mktemp("cluster")) as one:
        yield one


# --- without Spark ---------------------------------------------------------------------------------------------------


def test_what_a_run_asks_breaks_no_rule_but_what_users_actions_sum_up(asked):
    broken = {one.where for one in asked if dialect.lint(dialect.parse(one.sql))}
    assert broken == REFUSED


def test_every_place_that_asks_was_seen_or_is_named(asked):
    seen = {one.where for one in asked}
    assert statements.sites() - seen == NOT_RUN


def test_without_spark_a_sentence_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "pyspark", None)
    with pytest.raises(DataError) as refused, spark.session():
        pass
    assert str(refused.value).endswith(extras.command("spark"))


def test_master_is_of_spark(capsys):
    assert cli.main(["run", "--demo", "--master", "spark://127.0.0.1:7077"]) == 2
    assert "--master is of Spark" in capsys.readouterr().err


def test_an_unknown_engine_of_the_environment_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_ENGINE", "pandas")
    assert cli.main(["run", "--demo"]) == 2
    assert "COURSE_ENGINE is pandas" in capsys.readouterr().err


# --- on this machine -------------------------------------------------------------------------------------------------


def test_each_expression_has_the_verdict_that_it_had(local):
    assert {e: verdict(local, e) for e in HAZARDS} == HAZARDS


def test_types_values_and_blanks_are_duckdbs(local):
    given = pd.DataFrame(
        {
            "客户 编号": ["a'b", None, "客户"],
            "money": [0.1, np.nan, -2.5],
            "n": pd.array([1, None, 3], dtype="Int64"),
            "day": pd.to_datetime(["2024-03-31 02:30:00.000001", None, "1969-12-31 00:00:00.0"]),
            "kind": pd.Categorical(["y", "x", None], categories=["y", "x"]),
            "is": [True, False, True],
            "nothing": [None, None, None],
        }
    )
    sql = 'SELECT *, CAST(day AS DATE) AS d, sum(n) OVER () AS s, $v AS v FROM given ORDER BY "客户 编号"'
    same(local.ask(sql, {"given": given}, v="$v; --"), engine.here(sql, {"given": given}, v="$v; --"))


def test_rows_that_are_kept_come_back_in_order_and_of_their_types(local):
    rows = pd.DataFrame(
        {"x": [3, 1, 2], "m": [0.5, None, 2.5], "d": pd.to_datetime(["2024-01-02 03:04:05", None, None])}
    )
    given = engine.stored(rows).where("x > 1").computed("half", "m * 0.5")
    sql = 'SELECT *, sum(x) OVER () AS "all ""of it""" FROM given ORDER BY x DESC'
    kept = local.ask_to_keep(sql, {"given": given})
    assert isinstance(kept, engine.Relation)
    same(engine.here("FROM kept", {"kept": kept}), engine.here(sql, {"given": given}))
    assert kept.dtypes == engine.keep_here(sql, {"given": given}).dtypes


def test_what_spark_is_not_asked_duckdb_answers_and_it_is_counted(local):
    frame = pd.DataFrame({"x": ["b", "a"]})
    listed, counted, kept = "SELECT string_agg(x, '' ORDER BY x) AS v FROM t", "SELECT count(*) AS v FROM t", "FROM t"
    local.answered = local.left = 0
    with engine.answered_by(local):
        rows = engine.stored(frame)  # asked of a frame: neither
        assert engine.query(counted, {"t": frame})["v"].tolist() == [2]
        assert (local.answered, local.left) == (0, 0)
        assert engine.query(listed, {"t": rows})["v"].tolist() == ["ab"]
        assert engine.query("FROM t", {"t": engine.keep(kept, {"t": rows})})["x"].tolist() == ["b", "a"]
        assert engine.query(counted, {"t": rows})["v"].tolist() == [2]
    assert (local.answered, local.left) == (2, 2)


def test_nothing_of_one_question_is_left_for_the_next(local):
    folder = engine.spool.database().folder
    before = set(folder.iterdir())
    local.ask("SELECT x FROM t", {"t": pd.DataFrame({"x": [1]})})
    assert set(folder.iterdir()) == before
    with pytest.raises(engine.duckdb.CatalogException):
        local.ask("SELECT x FROM t", {})


def test_a_division_by_zero_is_an_error_and_no_figure(local):
    with pytest.raises(DataError, match="DIVIDE_BY_ZERO"):
        local.ask("SELECT a / b AS v FROM t", {"t": pd.DataFrame({"a": [1.0], "b": [0.0]})})


@pytest.mark.parametrize(
    ("name", "value"), [("spark.sql.session.timeZone", "Asia/Shanghai"), ("spark.sql.ansi.enabled", "false")]
)
def test_a_session_of_another_zone_or_that_forgives_is_refused(local, name, value):
    was = local.spark.conf.get(name)
    local.spark.conf.set(name, value)
    try:
        with pytest.raises(DataError, match=r"zone Asia/Shanghai|forgives errors"):
            spark.Spark(local.spark)
    finally:
        local.spark.conf.set(name, was)


MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2023, 12, 31)).map(lambda t: t.replace(microsecond=0))
CENTS = st.integers(1, 500_000).map(lambda c: c / 100)
ORDERS = st.lists(
    st.tuples(st.sampled_from(["C1", "c1", "客", "'", "A", "é"]), st.integers(1, 30), MOMENTS, CENTS, st.booleans()),
    min_size=8,
    max_size=60,
)


@settings(max_examples=1, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True)
@given(rows=ORDERS)
def test_random_orders_are_the_same_to_the_cent_and_the_day(local, rows):
    found = {True: set(), False: set(), "left": set()}
    for one in statements.recorded(lambda: row_level(rows)):
        try:
            found[agrees(local, one)].add(one.where)
        except dialect.Unlike:  # of a frame's times in seconds, which Spark does not have: left to DuckDB
            found["left"].add(one.where)
    assert found[False] == set()
    assert found["left"] <= {"lifecycle/standing.py staged"}
    assert len(found[True]) >= 6  # else a step was refused


@settings(max_examples=1, suppress_health_check=list(HealthCheck), phases=[Phase.generate], derandomize=True)
@given(rows=ORDERS)
def test_random_rows_fall_to_the_same_rule(local, rows):
    table = table_of(rows)
    number = range(len(table))
    received = table.assign(
        status=[["completed", None, "refunded", "unpaid"][n % 4] for n in number],
        currency=None,
        product_id=[["A", "1"][n % 2] for n in number],
        quantity=[float(n % 5 - 1) for n in number],
        refunded=[float(n % 2) for n in number],
        unit_price=[float(n % 3 - 1) for n in number],
        cancels_order_id=None,
        _row=number,
    ).astype({"currency": "str", "cancels_order_id": "str"})
    rules = small_yaml.read(Path(company.__file__).parents[1] / "rules" / "lines.yaml")["rules"]
    cases = " ".join(f"WHEN ({rule['when']}\n) THEN {i}" for i, rule in enumerate(rules, 1))
    first = f"SELECT _row, amount, customer_id, CAST(CASE {cases} ELSE 0 END AS BIGINT) AS number FROM received"
    accounts = f"""
        SELECT number, count(*) AS rows, count(DISTINCT customer_id) AS customers,
            CAST(sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS money
        FROM ({first}) GROUP BY number ORDER BY number
    """
    for sql in (f"{first} ORDER BY _row", accounts):
        same(local.ask(sql, {"received": received}), engine.here(sql, {"received": received}))


# --- on a cluster ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def on_cluster(local, cluster):
    """The session of this machine ends, the cluster's begins."""
    local.spark.stop()
    with spark.session(cluster.master, **SETTINGS) as one:
        yield one


def test_every_statement_of_a_run_is_the_same_on_a_cluster(on_cluster, asked):
    ask = asked_of_spark(asked)
    assert [one.where for one in ask if not agrees(on_cluster, one)] == []
    assert len(ask) > 60


def test_the_door_runs_on_a_cluster_and_says_how_much_of_it(on_cluster, cluster, tmp_path, capsys):
    rows = [(f"C{i % 7}", i, datetime(2023, 1 + i % 12, 1 + i % 28), 10.0 + i, False) for i in range(60)]
    orders = table_of(rows)
    orders.to_csv(tmp_path / "orders.csv", index=False)
    words = ["run", "--orders", str(tmp_path / "orders.csv"), "--currency", "CNY", "--provisional"]
    assert cli.main([*words, "--out", str(tmp_path / "here")]) == 0
    capsys.readouterr()
    assert cli.main([*words, "--out", str(tmp_path / "there"), "--engine", "spark", "--master", cluster.master]) == 0
    assert "Spark answered" in capsys.readouterr().out
    for name in ("portraits.csv", "quarantine.csv"):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_a_worker_is_killed_in_the_middle_and_the_answer_is_the_same(cluster):
    drawn = np.random.default_rng(1)
    n = 20_000
    orders = pd.DataFrame(
        {
            "customer_id": drawn.integers(0, 3_000, n).astype("str"),
            "order_id": drawn.permutation(n).astype("str"),
            "ordered_at": pd.Timestamp("2023-01-01") + pd.to_timedelta(drawn.integers(0, 365 * 86_400, n), "s"),
            "amount": drawn.integers(1, 10_000, n) / 100,
        }
    )
    (one,) = statements.recorded(lambda: segment.rfm(orders))
    with spark.session(cluster.master, **SETTINGS | {"spark__sql__shuffle__partitions": "40"}) as session:
        session.spark.conf.set("spark.sql.adaptive.enabled", "false")
        session.ask(one.sql, one.tables, **one.values)  # executors are there
        came = []
        job = threading.Thread(target=lambda: came.append(session.ask(one.sql, one.tables, **one.values)))
        job.start()
        done = _underway(session.spark.sparkContext.statusTracker())
        cluster.kill_worker()
        assert job.is_alive() and 0 < done < 40
        job.join(clusters.PATIENCE)
        same(came[0], one.answer)
        same(session.ask(one.sql, one.tables, **one.values), one.answer)


@NIGHTLY
@pytest.mark.parametrize("which", ["Luming", "Online Retail"])
def test_every_statement_of_the_whole_data_is_the_same(which, request, tmp_path, cluster):
    if which == "Luming":
        tables = demo.tables()
    else:
        tables = collect.gather({"orders": [request.getfixturevalue("real_data") / "online_retail.csv.gz"]})
    asked = statements.recorded(lambda: workflow.run(tables, key=b"k" * 32))
    with spark.session(cluster.master, **SETTINGS) as session:
        assert [one.where for one in asked_of_spark(asked) if not agrees(session, one)] == []


# --- how it is compared ----------------------------------------------------------------------------------------------


def row_level(rows) -> None:
    """Every step that asks of rows: refunds, days, RFM, BTYD, states, cohorts, gaps, moves."""
    orders = table_of(rows)
    sold = orders[orders["amount"] > 0].reset_index(drop=True)
    back = sold[::4].assign(rule="cancellation", amount=-sold["amount"][::4], ordered_at=pd.Timestamp("2024-01-01"))
    match_refunds(sold, back.reset_index(drop=True))
    sold = sold.assign(refunded=np.where(sold["amount"] > 4_000, sold["amount"] / 2, 0.0)).reset_index(drop=True)
    if sold.empty:
        return
    as_of = pd.Timestamp("2024-01-31")
    steps = (
        lambda: daily(sold, as_of),
        lambda: segment.rfm(sold, as_of),
        lambda: clv.summary(sold, as_of),
        lambda: clv.holdout(sold, pd.Timestamp("2023-09-30"), as_of),
        lambda: lifecycle.states(sold, as_of),
        lambda: behaviour.cohorts(sold, as_of),
        lambda: lifecycle.thresholds(sold, as_of),
        lambda: lifecycle.transitions(sold, as_of, thresholds=THRESHOLDS),
    )
    for step in steps:
        try:
            step()
        except DataError:  # too few rows for a step; what it asked counts all the same
            continue


THRESHOLDS = pd.DataFrame({"band": ["1+"], "from_order_days": [1], "at_risk_days": [30], "lost_days": [90]})


def table_of(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "ordered_at", "amount", "again"])
    frame = pd.concat([frame, frame[frame.pop("again")]], ignore_index=True)[list(frame)]
    return frame.assign(
        order_id="O" + frame["order_id"].astype("str"), ordered_at=frame["ordered_at"].astype("datetime64[us]")
    )


def asked_of_spark(asked: list[statements.Asked]) -> list[statements.Asked]:
    """Without what is left to DuckDB: what users' actions sum up, and what is kept in no order (`stored`)."""
    kept_as_they_are = [one for one in asked if one.is_kept and not dialect.parse(one.sql).args.get("order")]
    assert {one.where for one in kept_as_they_are} <= KEPT_AS_THEY_ARE
    return [one for one in asked if one.where not in REFUSED and one not in kept_as_they_are]


def agrees(session, one: statements.Asked) -> bool:
    """True where Spark's answer is DuckDB's, to the last bit; in order, but for those named."""
    if one.is_kept:
        kept = session.ask_to_keep(one.sql, one.tables, **one.values)
        came, expected = engine.here("FROM kept", {"kept": kept}), one.answer
    else:
        came, expected = session.ask(one.sql, one.tables, **one.values), one.answer
    if one.where in UNORDERED:
        came, expected = (f.sort_values(list(f), ignore_index=True) for f in (came, expected))
    try:
        same(came, expected)
    except AssertionError as error:
        print(f"{one.where}: {error}")
        return False
    return True


def same(came: pd.DataFrame, expected: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(came, expected, check_exact=True)


def verdict(session, expression: str) -> str:
    """See hazards.yaml."""
    sql = f"SELECT {expression}"
    try:
        text = dialect.spark(sql)
    except dialect.Unlike:
        return "refused"
    try:
        here = _cells(engine.here(sql, {}))
    except engine.duckdb.Error:
        here = None
    try:
        there = _cells(session.ask(sql, {}))
    except (DataError, engine.duckdb.Error):
        return "stopped"
    if here != there:
        return f"DIFFERS: {here} {there}"
    return "same" if text == dialect.parse(sql).sql(dialect="spark") else "mended"


def _cells(frame: pd.DataFrame) -> list:
    """Values as they are told apart: −0.0 is 0.0, a blank is a blank."""
    return [[_cell(v) for v in row] for row in frame.itertuples(index=False, name=None)]


def _cell(value: object) -> object:
    if isinstance(value, float | np.floating | Decimal):
        return "NaN" if np.isnan(float(value)) else float(value)
    if isinstance(value, date | datetime | pd.Timestamp | pd.Timedelta):
        return str(value)
    return None if value is None or value is pd.NaT else value


def _underway(tracker) -> int:
    """Wait until a stage has done some of its tasks; how many."""
    until = time.monotonic() + clusters.PATIENCE
    while time.monotonic() < until:
        for stage in tracker.getActiveStageIds():
            if (info := tracker.getStageInfo(stage)) and info.numTasks >= 40 and info.numCompletedTasks > 2:
                return info.numCompletedTasks
        time.sleep(0.01)
    raise AssertionError("no stage was seen at work")
