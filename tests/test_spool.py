"""Rows that stay in the database: what is kept, within which limits, and that nothing of it is left behind."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course import behaviour, clean, clv, effect, engine, lifecycle, orders, report, schema, segment, workflow
from course.errors import DataError
from course.workflow import remarks

GIVEN = pd.DataFrame(
    {
        "customer_id": pd.array(["b", "a", None], dtype="str"),
        "ordered_at": pd.to_datetime(["2024-01-02 10:00:01.5", "2024-01-03 00:00:00", None], format="ISO8601"),
        "amount": [1.5, np.nan, 2.0],
        "channel": pd.Categorical(["web", "shop", "web"]),
        "is_fee": pd.array([True, None, False], dtype="boolean"),
    }
)


def test_a_relation_answers_as_the_frame_it_was_made_of():
    kept = engine.stored(GIVEN)
    for sql in ("SELECT * FROM given", "SELECT channel, sum(amount) AS money FROM given GROUP BY ALL ORDER BY ALL"):
        pd.testing.assert_frame_equal(engine.query(sql, {"given": kept}), engine.query(sql, {"given": GIVEN}))


def test_it_tells_its_columns_its_rows_and_their_ends():
    kept = engine.stored(GIVEN)
    assert (kept.columns, len(kept), kept.empty) == (list(GIVEN.columns), 3, False)
    assert kept["ordered_at"].min() == pd.Timestamp("2024-01-02 10:00:01.5")
    assert kept["ordered_at"].max() == pd.Timestamp("2024-01-03")
    assert (kept["amount"].blanks(), kept["channel"].dtype) == (1, GIVEN["channel"].dtype)
    with pytest.raises(KeyError):
        kept[["nothing"]]


def test_it_is_narrowed_filtered_and_computed_without_being_read():
    kept = engine.stored(GIVEN).where("amount > 1").computed("twice", "2 * amount")[["twice", "channel"]]
    assert engine.query("SELECT * FROM kept", {"kept": kept}).to_dict("list") == {
        "twice": [3.0, 4.0],
        "channel": ["web", "web"],
    }


def test_an_answer_is_kept_in_its_order_and_its_file_goes_with_it():
    kept = engine.keep("SELECT amount FROM given ORDER BY amount DESC", {"given": GIVEN})
    assert engine.query("SELECT * FROM kept", {"kept": kept[["amount"]]})["amount"].tolist()[:2] == [2.0, 1.5]
    path, narrower = kept.file.path, kept[["amount"]]
    del kept
    assert path.exists()
    del narrower
    assert not path.exists()


def test_what_a_step_needs_must_be_there_without_blanks():
    kept = engine.stored(GIVEN)
    with pytest.raises(DataError, match="no column order_id"):
        schema.require(kept, "orders", ("order_id",))
    with pytest.raises(DataError, match=r"customer_id.*1 row is blank"):
        schema.require(kept, "orders", ("customer_id",))


# --- limits ----------------------------------------------------------------------------------------------------------


def test_memory_and_place_can_be_said_and_nothing_is_left(tmp_path):
    with engine.limited("300MB", tmp_path):
        kept = engine.stored(GIVEN)
        assert kept.file.path.is_relative_to(tmp_path)
        said = engine.query("SELECT current_setting('memory_limit') AS memory", {})["memory"][0]
        assert said == "286.1 MiB"  # 300 × 10⁶ bytes
        with engine.limited(temp=tmp_path):
            assert len(list(tmp_path.iterdir())) == 2
    assert not list(tmp_path.iterdir())


def test_the_variable_says_how_much_where_the_command_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MEMORY", "500MB")
    with engine.limited(temp=tmp_path):
        said = engine.query("SELECT current_setting('memory_limit') AS memory", {})["memory"][0]
    assert said == "476.8 MiB"


@pytest.mark.parametrize("size", ["lots", "1.6", "-1GB", "80%", "1GB'; --"])
def test_a_size_that_is_none_is_refused(size):
    with pytest.raises(DataError, match="no amount of memory"), engine.limited(size):
        pass


def test_a_place_where_nothing_can_be_written_is_refused(tmp_path):
    with pytest.raises(DataError, match="Nothing can be written"), engine.limited(temp=tmp_path / "absent"):
        pass


def test_it_sorts_more_than_it_has_memory_for(tmp_path):
    with engine.limited("60MB", tmp_path):
        kept = engine.keep("SELECT hash(range) AS n, repeat('x', 20) AS t FROM range(2000000) ORDER BY n", {})
        found = engine.query(
            "SELECT count(*) AS n, bool_and(n >= coalesce(before, 0)) AS sorted FROM (SELECT n, "
            "lag(n) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before FROM kept)",
            {"kept": kept},
        )
    assert found.to_dict("records") == [{"n": 2_000_000, "sorted": True}]


@pytest.mark.skipif(os.name != "posix", reason="this system has no limit on the size of a file")
def test_a_full_disk_is_said_and_nothing_stays(tmp_path):
    code = (
        "import resource, sys; from course import engine\n"
        "from course.errors import DataError\n"
        "with engine.limited(temp=sys.argv[1]):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))\n"
        "    try: engine.keep('SELECT hash(range) AS n FROM range(1000000)', {})\n"
        "    except DataError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert done.stdout.startswith("The disk is full: rows that have no room in memory were to go to"), done.stderr
    assert str(tmp_path) in done.stdout
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_process_that_is_stopped_leaves_nothing(tmp_path):
    code = (
        "import sys, time; from course import engine, stopping\n"
        "with stopping.ending_the_process(), engine.limited(temp=sys.argv[1]):\n"
        "    kept = engine.keep('SELECT 1 AS a', {}); print(kept.file.path, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert Path(process.stdout.readline().strip()).exists()
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_child_does_not_remove_what_its_parent_kept():
    kept = engine.stored(GIVEN)
    child = os.fork()
    if child == 0:
        kept.file.database.remove()
        os._exit(0)
    os.waitpid(child, 0)
    assert kept.file.path.exists()


# --- the steps read a relation as a frame ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lines():
    """Two thousand lines of two hundred customers within two years, some of them fees, some given back in part."""
    draw = np.random.default_rng(3)
    order = draw.integers(0, 700, 2000)
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.sort(draw.integers(0, 730 * 24, 700)), unit="h")
    amount = draw.lognormal(3, 1, 2000).round(2)
    product = draw.integers(0, 12, 2000)
    return pd.DataFrame(
        {
            "order_id": pd.Series(order).map("A{:04d}".format).astype("str"),
            "customer_id": pd.Series(order % 200 * (order % 3 != 0)).map("K{:03d}".format).astype("str"),
            "ordered_at": day[order],
            "product_id": pd.Series(product).map("P{:02d}".format).astype("str"),
            "category": pd.Categorical(np.array(["tea", "food", "home"])[product % 3]),
            "amount": amount,
            "refunded": np.where(draw.random(2000) < 0.1, (amount / 3).round(2), 0.0),
            "discount": np.where(draw.random(2000) < 0.3, 1.0, 0.0),
            "channel": pd.array(np.where(order % 2 == 0, "web", "shop"), dtype="str"),
            "is_fee": product == 7,
        }
    )


_AS_OF, _SPLIT = pd.Timestamp("2024-12-20"), pd.Timestamp("2024-06-30")
_ASKED = {
    "rfm": lambda o: segment.rfm(o, _SPLIT),
    "summary": lambda o: clv.summary(o, _AS_OF),
    "holdout": lambda o: clv.holdout(o, _SPLIT, _AS_OF).customers,
    "habits": lambda o: behaviour.habits(o, as_of=_AS_OF),
    "cohorts": lambda o: behaviour.cohorts(o, _AS_OF),
    "sales": lambda o: behaviour.sales_by_month(o, _AS_OF),
    "baskets": lambda o: behaviour.baskets(behaviour.purchases(o, as_of=_AS_OF), min_orders=5, fdr=1.0),
    "recommender": lambda o: behaviour.recommend_holdout(behaviour.purchases(o), _SPLIT).results,
    "preference": lambda o: behaviour.preference_shift(behaviour.purchases(o), _SPLIT).customers,
    "price": lambda o: behaviour.price_sensitivity(o, as_of=_AS_OF, promotion_share=0.7),
    "psm": lambda o: behaviour.psm(o, _AS_OF),
    "thresholds": lambda o: lifecycle.thresholds(o, _AS_OF),
    "stages": lambda o: lifecycle.stages(o, _SPLIT),
    "states": lambda o: lifecycle.states(o, _AS_OF).periods,
    "detail": lambda o: engine.query("FROM detail", {"detail": lifecycle.states(o, _AS_OF).detail}),
    "links": lambda o: lifecycle.transitions(o, _AS_OF).links,
    "come back": lambda o: lifecycle.come_back(o, _AS_OF),
    "features": lambda o: lifecycle.features(o, _SPLIT),
    "kpis": lambda o: effect.kpi_tree(o, ("2023-02-01", "2023-08-01"), ("2024-02-01", "2024-08-01")),
}


@pytest.mark.parametrize("name", _ASKED)
def test_a_step_says_the_same_of_a_relation(lines, name):
    pd.testing.assert_frame_equal(_ASKED[name](engine.stored(lines)), _ASKED[name](lines), check_exact=True)


@pytest.mark.parametrize(
    "name", ["summary", "cohorts", "thresholds", "stages", "states", "detail", "links", "come back"]
)
def test_what_asks_about_days_says_the_same_of_the_days_alone(lines, name):
    days = orders.daily(engine.stored(lines), pd.Timestamp("2024-12-31"))
    pd.testing.assert_frame_equal(_ASKED[name](days), _ASKED[name](lines), check_exact=True)


@pytest.mark.parametrize("name", ["rfm", "summary", "habits", "price", "sales", "kpis"])
def test_what_asks_about_orders_says_the_same_of_their_heads(lines, name):
    heads = orders.heads(engine.stored(lines))
    assert len(heads) == lines["order_id"].nunique()
    asked = (
        _ASKED[name] if name != "habits" else lambda o: behaviour.habits(o[[c for c in o.columns if c != "category"]])
    )
    pd.testing.assert_frame_equal(asked(heads), asked(lines), check_exact=True)


def test_the_days_are_made_once_and_their_money_is_exact(lines):
    kept = engine.stored(lines)
    days = orders.daily(kept, _AS_OF)
    assert orders.daily(kept, _AS_OF) is days
    assert orders.daily(days, _AS_OF) is days
    by_hand = (lines["amount"] - lines["refunded"]).groupby([lines["customer_id"], lines["ordered_at"].dt.normalize()])
    by_hand = by_hand.sum().reset_index(name="amount")
    by_hand = by_hand[by_hand["ordered_at"] <= _AS_OF].reset_index(drop=True)
    found = engine.query("SELECT * FROM days", {"days": days})
    pd.testing.assert_frame_equal(found, by_hand, check_dtype=False, rtol=1e-12)


def test_who_is_judged_depends_on_no_order_of_rows(lines, monkeypatch):
    monkeypatch.setattr(behaviour.recommend, "_JUDGED", 60)
    found = behaviour.recommend_holdout(lines, _SPLIT, k=2)
    turned = behaviour.recommend_holdout(engine.stored(lines[::-1]), _SPLIT, k=2)
    assert found.drawn_of == turned.drawn_of > 60
    pd.testing.assert_frame_equal(found.results, turned.results)


#: Where rows of orders may be a frame: while they are cleaned, and compared with other tables before persons are found.
_FRAMES_OF_LINES = {"workflow/cleaning.py", "workflow/remarks.py"}


def test_no_step_asks_for_a_frame_of_lines():
    """What a run does after cleaning, it asks of `Result.rows`, `heads` and `days`."""
    course = Path(engine.__file__).parents[1]
    asked = re.compile(r"""cleaned\[["'](orders|order_lines)["']\]\.valid|\b(rows|heads|days)\b[^\n]*\.df\(\)""")
    found = {
        path.relative_to(course).as_posix()
        for part in ("workflow", "report", "explorer", "behaviour", "lifecycle", "segment", "clv", "effect")
        for path in (course / part).rglob("*.py")
        if asked.search(path.read_text(encoding="utf-8"))
    }
    assert found - _FRAMES_OF_LINES == set()


# --- rows that were not used -----------------------------------------------------------------------------------------


def test_the_list_of_rows_that_were_not_used_has_an_end_and_says_so(monkeypatch):
    rows = pd.DataFrame(
        {
            "source": pd.Categorical(["a.csv"] * 4),
            "source_row": range(2, 6),
            "rule": "no_customer",
            "column": "customer_id",
            "value": "",
            "amount": 1.0,
            "customer_id": pd.array([None] * 4, dtype="str"),
        }
    )
    valid = pd.DataFrame({"ordered_at": pd.to_datetime(["2024-01-01"]), "amount": 1.0})
    valid = valid.assign(customer_id="a", order_id="1", source_row=7)
    cleaned = {"orders": clean.Cleaned("orders", valid, rows.head(1), rows.tail(3), [], {}, {})}
    result = workflow.Result(None, {}, cleaned, pd.DataFrame(), [], [])
    assert len(report._quarantine(result)) == 4
    assert remarks.warnings(result) == []
    monkeypatch.setattr(remarks, "LISTED", 2)
    assert report._quarantine(result)["source_row"].tolist() == [3, 4]
    said = [sentence.say("en") for sentence in remarks.warnings(result)]
    assert said == ["4 rows were not used; quarantine.csv lists the first 2 of them, and the counts are of all."]
