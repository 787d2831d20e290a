"""Every month `course run recipe.yaml` again: in the place of the last result, reading only what has changed, and with
the last forecast held against what came."""

import contextlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from course import actions, cli, collect, report, result
from course.clv import scoring
from course.collect import kept
from tests import deliveries, shown
from tests.conftest import ROOT

PARQUET = ("portraits.parquet", "timeline.parquet", "moves.parquet", "previous.parquet")
RECIPE = "inputs: {orders: deliveries/*.csv}\nhorizon: 8\ncurrency: CNY\nlang: en\n"


def run(recipe, *options):
    return cli.main(["run", str(recipe), "--lang", "en", *map(str, options)])


def state(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def months(tmp_path_factory):
    """Three months of a company of 300: its orders, its folder, and of each month what was said and written; of the
    last also what a run that reads everything wrote."""
    home, found, results, write = tmp_path_factory.mktemp("shop"), [], [], report.write
    (home / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    orders = deliveries.orders(3, 300, home)
    kinds = deliveries.of_months(orders, 3)
    for i, (name, rows) in enumerate(kinds):
        deliveries.deliver(rows, home / "deliveries" / name)
        if i < 1 or (i + 1 < len(kinds) and "again" in kinds[i + 1][0]):
            continue  # the first month comes with all before it, and the one that comes twice at once
        whole = home.parent / f"full {name}"
        if (home / "result").exists() and i == len(kinds) - 1:
            shutil.copytree(home, whole, ignore=shutil.ignore_patterns("*.state"))
        with contextlib.redirect_stdout(io.StringIO()) as said, pytest.MonkeyPatch.context() as patch:
            patch.setattr(report, "write", lambda found, *rest: results.append(found) or write(found, *rest))
            assert run(home / "recipe.yaml") == 0
        if whole.exists():
            assert run(whole / "recipe.yaml", "--full") == 0
        found.append((said.getvalue(), state(home / "result"), state(whole / "result") if whole.exists() else None))
    return orders, home, found, results


def test_only_what_changed_is_read_and_the_result_is_that_of_a_full_run(months):
    _, _, found, _ = months
    read = [re.search(r"Read now: (\d+) of (\d+) files", said) for said, *_ in found]
    assert read[0] is None  # all of it
    assert [match.groups() for match in read[1:]] == [("2", "4"), ("1", "5")]  # the one that came twice, then one
    _, incremental, full = found[2]
    assert set(PARQUET) | {"history.json"} <= set(full)
    assert incremental.keys() == full.keys() and [name for name in full if incremental[name] != full[name]] == []


def test_what_a_run_was_compared_with_is_said(months):
    _, _, found, _ = months
    assert "Compared with" not in found[0][0]
    assert "\nCompared with the result of 2024-10-31 in result.\n" in found[1][0]


def came(orders, day, weeks):
    """Money that customers known on a day brought in so many weeks after it, a week discounted at 10 % a year."""
    orders = orders.assign(day=orders["ordered_at"].dt.normalize())
    known = set(orders.loc[orders["day"] <= day, "customer_id"])
    after = (orders["day"] - day).dt.days
    rows = orders[(after > 0) & (after <= 7 * weeks) & orders["customer_id"].isin(known)]
    return len(known), sum(
        a * 1.1 ** (-7 / 365.25 * np.ceil(d / 7)) for a, d in zip(rows["amount"], after[rows.index], strict=True)
    )


def test_the_last_forecasts_are_held_against_what_came(months):
    orders, _, found, _ = months
    ledgers = [json.loads(one["ledger.json"]) for _, one, _ in found]
    score = ledgers[2]["findings"]["forecast_score"]
    # What stands in no later delivery is known by its own: of the last month nothing is late or corrected.
    rows = {(row["as_of"], row["weeks"]): row for row in score["table"]}
    assert sorted(rows) == [("2024-10-31", 4), ("2024-10-31", 8), ("2024-11-30", 4)]
    for (day, weeks), row in rows.items():
        then = next(one for one in ledgers if one["as_of"] == day)["findings"]["forecast"]
        path = {point["weeks"]: point for point in then["path"]}
        assert (row["expected"], row["low"], row["high"]) == tuple(path[weeks][k] for k in ("expected", "low", "high"))
        known, money = came(orders, pd.Timestamp(day), weeks)
        assert row["known"] == known and row["came"] == pytest.approx(money, abs=0.01)
        before, again = came(orders, pd.Timestamp(day) - pd.Timedelta(days=7 * weeks), weeks)
        assert row["same_again"] == pytest.approx(again * known / before, abs=0.01)
        earlier, year = came(orders, pd.Timestamp(day) - pd.Timedelta(days=364), weeks)
        assert row["year_ago"] == pytest.approx(year * known / earlier, abs=0.01)
        misses = {name: abs(row[name] - row["came"]) for name in scoring.RIVALS}
        assert row["nearest"] == min(misses, key=misses.get)
        assert row["held"] == (row["low"] <= row["came"] <= row["high"])
    first = [rows["2024-10-31", 4], rows["2024-11-30", 4]]
    overall = score["overall"]
    assert overall["runs"] == 2 and overall["held"] == sum(row["held"] for row in first)
    assert overall["bias"] == pytest.approx(sum(r["came"] for r in first) / sum(r["expected"] for r in first) - 1)
    assert score["latest"] == rows["2024-11-30", 4]
    page = found[2][1]["report.html"].decode()
    assert page.index("Did the last forecast hold?") < page.index("Who are our customers?")
    told = {action["key"] for action in ledgers[2]["findings"]["actions"]}
    assert ("replan" in told) == (not score["latest"]["held"])


def test_the_drift_of_every_run_is_in_the_history_and_on_the_page(months):
    _, _, found, _ = months
    runs = json.loads(found[2][1]["history.json"])["runs"]
    assert [run["as_of"] for run in runs] == ["2024-10-31", "2024-11-30", "2024-12-31"]
    ledgers = [json.loads(one["ledger.json"])["findings"] for _, one, _ in found]
    for entry, ledger in zip(runs[1:], ledgers[1:], strict=True):
        table = pd.DataFrame(ledger["drift"]["table"])
        assert entry["drift"]["psi"] == pytest.approx(table["psi"].median())
        assert entry["drift"]["moved"] == (table["verdict"] != "steady").sum()
    assert ledgers[2]["trend"] == [run["drift"] for run in runs[1:]]
    moved = [run["drift"]["moved"] for run in runs[1:]]
    assert ledgers[2]["usually_moved"] == moved[0]
    assert f"From run to run: {moved[1]} column" in found[2][1]["report.html"].decode()
    ids = set(result.portraits(months[1] / "result")["customer_id"])
    assert not any(one in found[2][1]["history.json"].decode() for one in ids)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_figure_of_it_is_shown_that_the_ledger_does_not_hold(months, lang):
    assert shown.not_in_the_ledger(months[3][2], lang) == []


def test_no_figure_of_it_is_drawn_that_the_ledger_does_not_hold(months, monkeypatch):
    drawn = shown.not_drawn_from_the_ledger(months[3][2], monkeypatch)
    assert drawn["misses"] == drawn["drift"] == []


@pytest.mark.parametrize(("held", "named"), [(False, ["replan"]), (True, []), (None, [])])
def test_a_forecast_that_missed_is_among_monday_s_lines(held, named):
    row = {"as_of": pd.Timestamp("2024-01-31"), "weeks": 4, "expected": 100.0, "low": 90.0, "high": 110.0}
    row |= {"came": 120.0, "miss": 0.2, "held": held}
    found = actions.propose({"forecast": pd.DataFrame([row]).astype({"held": "boolean"})})[0]
    assert [one.action.name for one in found] == named
    for one in found:
        assert "120 came in 4 weeks, 90 to 110 had been expected" in one.said(one.action.says).say("en")
        assert one.evidence.say("en").startswith("What came lies outside of the 95% interval of 31 Jan 2024: +20%")


def test_a_forecast_without_an_interval_and_one_whose_weeks_have_not_passed():
    days = pd.to_datetime(["2024-01-01", "2024-01-20", "2024-02-10", "2024-02-20"])
    orders = pd.DataFrame(
        {"customer_id": ["a", "b", "a", "new"], "ordered_at": days, "amount": [10.0, 5.0, 30.0, 99.0]}
    )
    path = [{"weeks": 4, "expected": 40.0, "low": None, "high": None}]
    asked = {"as_of": "2024-01-31", "discount_per_year": 0.0, "path": path}
    got = scoring.score(orders, [asked], "2024-02-28").iloc[0]
    assert (got["known"], got["came"], got["miss"]) == (2, 30.0, -0.25)  # of whom `new` is none
    assert pd.isna(got["held"]) and got["nearest"] == "expected"
    # 28 days before lay 3 January: a was known, and b, who came after it, was not: nothing came of a.
    assert got["same_again"] == 0.0 and np.isnan(got["year_ago"])
    assert scoring.score(orders, [asked], "2024-02-27").empty


# --- small ones ------------------------------------------------------------------------------------------------------

ORDERS = "order_id,customer_id,ordered_at,amount\n1,K001,2024-01-05,20\n2,K002,2024-01-06,30\n3,K001,2024-01-09,15\n"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder with a recipe, one delivery and its result."""
    home = tmp_path_factory.mktemp("small") / "home"
    (home / "deliveries").mkdir(parents=True)
    (home / "deliveries/1.csv").write_text(ORDERS, encoding="utf-8")
    (home / "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    assert run(home / "recipe.yaml") == 0
    return home


@pytest.fixture
def copy(small, tmp_path):
    shutil.copytree(small, tmp_path / "home")
    return tmp_path / "home"


def test_what_is_kept_is_not_believed_when_anything_has_changed(copy, capsys):
    (copy / "result/notes.txt").write_text("mine", encoding="utf-8")
    (copy / "deliveries/1.csv").write_text(ORDERS.replace(",15", ",16"), encoding="utf-8")
    (copy / "deliveries/2.csv").write_text(ORDERS.replace("2024-01", "2024-02"), encoding="utf-8")
    assert run(copy / "recipe.yaml") == 0
    first = state(copy / "result")
    assert "Read now" not in capsys.readouterr().out and first["notes.txt"] == b"mine"
    folder = kept.beside(copy / "result")
    for path in folder.glob("*.frame.parquet"):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert run(copy / "recipe.yaml") == 0  # the same day again: compared with the same, and the same comes out
    assert "Read now" not in capsys.readouterr().out and state(copy / "result") == first
    assert run(copy / "recipe.yaml") == 0
    assert "Read now: 0 of 2 files, 0 of 6 rows." in capsys.readouterr().out and state(copy / "result") == first
    assert cli.main(["forget", str(copy / "result"), "K002"]) == 0
    assert not folder.exists()
    assert "K002" not in set(pd.read_parquet(copy / "result/previous.parquet")["customer_id"])


def tables(folder, full, source="files", **options):
    """The tables of a folder's files twice: as they are kept, and as they are read; and how many were read."""
    before = kept.Kept(folder / "state", full)
    files = {"orders": [str(folder / source)]}
    found = collect.gather(files, kept=before, **options)
    before.settle()
    return found["orders"], collect.gather(files, **options)["orders"], before.read


def same(one, other):
    pd.testing.assert_frame_equal(one.frame, other.frame)
    pd.testing.assert_frame_equal(one.problems, other.problems)
    pd.testing.assert_frame_equal(one.totals, other.totals)
    parts = ("mapping", "sources", "shared", "currency", "layouts", "states", "renumbered")
    assert [getattr(one, name) for name in parts] == [getattr(other, name) for name in parts]
    for lang in ("en", "zh"):
        assert [note.say(lang) for note in one.notes] == [note.say(lang) for note in other.notes]


def test_what_is_kept_is_what_is_read_questions_and_all(tmp_path):
    """Days before months, a word of state and a cell that cannot be read, in files of several formats."""
    rows = [("1", "a", "03/04/2024", "12,5?", "odd"), ("2", "b", "05/06/2024", "30", "paid")]
    rows.append(("3", "c", "07/08/2024", "40", "odd"))
    frame = pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "amount", "status"])
    (tmp_path / "files").mkdir()
    for i in range(2):
        more = frame.assign(order_id=[f"{i}{n}" for n in "123"])
        more.to_csv(tmp_path / f"files/a{i}.csv", index=False, encoding="utf-16" if i else "utf-8")
    more.assign(order_id=["x", "y", "z"]).to_excel(tmp_path / "files/b.xlsx", index=False)
    options = {"answers": {"dates": "dmy", "state.odd": "not_a_sale"}, "currency": "EUR"}
    for full, read in ((False, 3), (False, 0), (True, 3), (False, 0)):
        one, other, count = tables(tmp_path, full, **options)
        same(one, other)
        assert count == read
    assert len(one.problems) == 3 and any("As answered" in note.say("en") for note in one.notes)
    one, other, count = tables(tmp_path, False, **options | {"answers": {"dates": "mdy", "state.odd": "not_a_sale"}})
    same(one, other)
    assert count == 3 and one.frame["ordered_at"].iloc[0] == pd.Timestamp("2024-03-04")


def test_a_database_in_a_file_is_always_read(tmp_path):
    """What was written last may stand in the file beside it."""
    (tmp_path / "files").mkdir()
    day = pd.Timestamp("2024-01-05")
    for n in (1, 2):
        with contextlib.closing(sqlite3.connect(tmp_path / "files/shop.db")) as base:
            rows = {"order_id": ["1", "2"], "customer_id": ["a", "b"], "ordered_at": [str(day)] * 2, "amount": [n, 2.0]}
            pd.DataFrame(rows).to_sql("orders", base, index=False, if_exists="replace")
        one, other, _ = tables(tmp_path, False, "files/shop.db", currency="EUR")
        same(one, other)
        assert one.frame["amount"].sum() == n + 2


def test_what_tells_who_somebody_is_is_not_kept(tmp_path):
    frames = {
        "quiet": pd.DataFrame({"order_id": ["13800138000"], "channel": ["web"], "amount": [1.0], "source": ["a.csv"]}),
        "word": pd.DataFrame({"order_id": ["1"], "remark": ["call 138-0013-8000"], "amount": [1.0]}),
        "name": pd.DataFrame({"customer_id": ["1"], "name": ["Li"]}),
    }
    kinds = {"name": "customers"}
    told = {name: collect.Table(kinds.get(name, "orders"), f, f.iloc[:0], {}) for name, f in frames.items()}
    assert {name: kept._tells(table) for name, table in told.items()} == {"quiet": False, "word": True, "name": True}


def test_forgetting_somebody_removes_what_was_kept_of_the_files(copy):
    who = pd.read_parquet(copy / "result/portraits.parquet")["customer_id"].iloc[0]
    assert (copy / ".result.state").exists()
    assert cli.main(["forget", str(copy / "result"), "--lang", "en", "--", who]) == 0
    assert not (copy / ".result.state").exists()


def test_under_a_key_nothing_is_kept(copy):
    assert kept.beside(copy / "result").exists()
    assert run(copy / "recipe.yaml", "--key", copy / "key") == 0
    assert not kept.beside(copy / "result").exists()


def test_a_later_result_and_another_s_are_not_replaced(copy, capsys):
    before = state(copy / "result")
    assert run(copy / "result/recipe.yaml", "--as-of", "2024-01-08") == 2
    assert "result is of 2024-01-09, and this run of 2024-01-08" in capsys.readouterr().err
    (copy / "other.yaml").write_text(RECIPE.replace("deliveries/*", "deliveries/1"), encoding="utf-8")
    assert run(copy / "other.yaml") == 2
    assert "result exists already" in capsys.readouterr().err
    assert cli.main(["run", "--orders", str(copy / "deliveries"), "--out", str(copy / "result"), "--lang", "en"]) == 2
    assert state(copy / "result") == before


_KILLED = """
import itertools, os, signal, sys
from pathlib import Path
from course import cli, report, whole
from course.engine import spool

KEPT = []
out, write = Path(sys.argv[1]).resolve(), report.write

def state():
    return {p.name: p.read_bytes() for p in sorted(out.iterdir())}

def child(at, arguments):
    # A database does not survive a fork: a new one over the files that the rows of the run are kept in.
    spool._folder = lambda temp: KEPT[0]
    own = spool.Database()
    own._numbers = itertools.count(10**6 * (at + 1))
    spool._limited[os.getpid()] = [own]
    seen = [0]
    def heard(event, values):
        if event in ("open", "os.rename", "os.mkdir", "shutil.rmtree") and out.name in str(values[0]):
            seen[0] += 1
            if seen[0] == at:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(heard)
    write(*arguments)
    os._exit(min(seen[0], 255))

def forked(at, arguments):
    process = os.fork()
    if not process:
        try:
            child(at, arguments)
        finally:
            os._exit(255)
    return os.waitpid(process, 0)[1]

def killed(*arguments):
    KEPT.append(spool.database().folder)
    before, last, ends = state(), arguments[-1], []
    for at in (1, 2, 3, 4, 6, 8, 10, 12, 14, 16):
        ends.append(os.WIFSIGNALED(forked(at, arguments)))
        whole.back_in_place(out)
        assert state() == before, at
    # From the end: the moment in which the old one has stepped aside.
    def aside(new, to):
        os.rename(to, whole.beside(to, "before"))
        os.kill(os.getpid(), signal.SIGKILL)
    whole._put_in_place, put = aside, whole._put_in_place
    ends.append(os.WIFSIGNALED(forked(0, arguments)))
    assert not out.exists()
    whole.back_in_place(out)
    assert state() == before
    whole._put_in_place = put
    print("KILLED", sum(ends))
    return write(*arguments)

report.write = killed
sys.exit(cli.main(["run", sys.argv[2], "--lang", "en"]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_killed_at_ten_points_the_last_result_stands(copy):
    (copy / "deliveries/2.csv").write_text(ORDERS.replace("2024-01", "2024-02"), encoding="utf-8")
    command = [sys.executable, "-c", _KILLED, str(copy / "result"), str(copy / "recipe.yaml")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert ended.returncode == 0, ended.stderr
    assert "KILLED 11" in ended.stdout
    assert result.ledger(copy / "result")["as_of"] == "2024-02-09"
