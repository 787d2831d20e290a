"""Few people: no group of fewer than ten is told, nor left to be reckoned, in a table of the page or in the ledger."""

import html
import json
import re
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import few, language, lifecycle
from course.workflow.steps import effect
from course.workflow.steps.lifecycle import Lifecycle, _told_months
from tests import shown
from tests.test_privacy import run

sizes_of_groups = st.lists(st.integers(0, 30), min_size=1, max_size=8)


@given(sizes_of_groups)
def test_no_small_part_is_told_or_left_to_be_reckoned(sizes):
    gone = few.hidden(np.array(sizes, dtype="float64"))
    told = [n for n, hides in zip(sizes, gone, strict=True) if not hides]
    assert all(n == 0 or n >= 10 for n in told)
    if gone.any():
        missing = sum(sizes) - sum(told)
        assert (gone.sum() > 1 and missing >= 10) or not any(told)
    else:
        assert not any(0 < n < 10 for n in sizes)


def test_worked_out_by_hand():
    assert few.hidden(np.array([40.0, 12, 3, 0])).tolist() == [False, True, True, False]
    assert few.hidden(np.array([40.0, 12, 3, 8])).tolist() == [False, False, True, True]
    assert few.hidden(np.array([40.0, 0, 10])).tolist() == [False, False, False]
    frame = pd.DataFrame({"of": list("aabb"), "which": range(4), "customers": [20, 4, 30, 40], "money": [1.0, 2, 3, 4]})
    told = few.told(frame, ["of", "which"], whole="of")
    assert told["customers"].isna().tolist() == told["money"].isna().tolist() == [True, True, False, False]
    assert told["customers"].tolist()[2:] == [30, 40] and told["which"].tolist() == [0, 1, 2, 3]


@given(st.lists(st.integers(0, 30), min_size=9, max_size=9))
def test_in_a_crossed_table_each_row_and_each_column_hides_its_few(sizes):
    cells = pd.DataFrame(
        [(f, r, n) for (f, r), n in zip(product(range(3), range(3)), sizes, strict=True) if n],
        columns=["f", "r", "customers"],
    )
    got = few.told_crossed(cells, "f", "r")
    assert (got["customers"].dropna() >= 10).all()
    for line in ("f", "r"):
        for one in got[line].unique():
            of = got[line] == one
            gone = got["customers"][of].isna()
            missing = cells["customers"][of][gone].sum()
            assert not gone.any() or gone.all() or (gone.sum() > 1 and missing >= 10)


@given(st.lists(st.lists(st.sampled_from([0, 0, 1, 3, 9, 10, 25]), min_size=4, max_size=4), min_size=1, max_size=6))
def test_months_tell_no_few_by_any_of_their_sums(months):
    """new + returning + resurrecting = active; returning + dormant = active of the month before."""
    states = list(lifecycle.STATES)
    periods = pd.DataFrame(months, columns=states).assign(period=range(len(months)), complete=True)
    periods["active"] = periods[states[:3]].sum(axis=1)
    periods["customers"] = periods["new"].cumsum()
    told = _told_months(periods)
    for whole in (states[:3], ["returning", "dormant"]):
        for was, is_told in zip(periods[whole].to_numpy(), told[whole].to_numpy(), strict=True):
            gone = np.isnan(is_told)
            assert not gone.any() or not is_told[~gone].any() or (gone.sum() > 1 and was[gone].sum() >= 10)
    shown = told[[*states, "active"]].to_numpy()
    assert ((shown >= 10) | (shown == 0) | np.isnan(shown)).all()
    assert told["customers"].isna().all() or told["new"].notna().all()


def test_arms_of_a_few_are_left_out_with_what_would_tell_of_them():
    arms = pd.DataFrame(
        {
            "campaign_id": ["a", "a", "a", "b", "c", "c"],
            "n": [40, 4, 7, 50, 30, 30],
            "n_control": [60, 60, 60, 9, 30, 30],
        }
    )
    told, said = effect._told(arms, ["campaign_id"])  # 4 and 7 are ten together; b is of nine left out
    assert told["campaign_id"].tolist() == ["a", "c", "c"] and told["n"].tolist() == [40, 30, 30]
    assert [line.values["campaigns"] for line in said] == ["a, b"]


def test_a_calibration_has_no_group_of_a_few():
    groups = pd.DataFrame({"customers": [30, 4, 20, 40], "silent": [0.1, 0.5, 0.4, 0.6]})
    told = Lifecycle.calibration.fget(SimpleNamespace(warning=SimpleNamespace(calibration=groups)))
    assert told["customers"].tolist() == [30, 40]  # the group of twenty stands in for the four


# --- through the command line ----------------------------------------------------------------------------------------


def shop(customers, seed):
    """Orders of so many customers, a few of them far more faithful than the others."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(customers):
        for _ in range(1 + int(random.pareto(1.2)) % 20):
            day = pd.Timestamp("2023-01-01") + pd.Timedelta(days=int(random.integers(0, 500)))
            rows.append(f"C{i:04d},{day:%Y-%m-%d},{random.lognormal(3, 1):.2f}")
    return "\n".join(rows) + "\n"


def others(folder, customers, seed):
    """Options for files of so many customers that are no orders: arms of 4, 6 and the rest, tickets and answers of a
    few, visits."""
    random = np.random.default_rng(seed)
    ids = [f"C{i:04d}" for i in range(customers)]
    arms = ["card" if i < 4 else "call" if i < 10 else ("letter", "control")[i % 2] for i in range(customers)]
    texts = {
        "campaigns": ["campaign_id,customer_id,arm,sent_at,converted"]
        + [f"spring,{one},{arm},2024-02-01,{i % 2}" for i, (one, arm) in enumerate(zip(ids, arms, strict=True))],
        "surveys": ["customer_id,answered_at,score,comment"]
        + [f"{one},2024-0{1 + i % 3}-05,{random.integers(0, 11)},late again" for i, one in enumerate(ids[::2])],
        "tickets": ["customer_id,opened_at,topic"]
        + [f"{one},2024-01-{1 + i:02d},{('late', 'broken')[i % 2]}" for i, one in enumerate(ids[:9])],
        "customers": ["customer_id,gender,city"]
        + [f"{one},{'fm'[i % 2]},{('Lyon', 'Nice', 'Metz')[min(2, i % 7)]}" for i, one in enumerate(ids)],
    }
    for kind, lines in texts.items():
        (folder / f"{kind}.csv").write_text("\n".join(lines), encoding="utf-8")
    return [word for kind in texts for word in (f"--{kind}", str(folder / f"{kind}.csv"))]


@pytest.fixture(scope="module", params=[(7, 1), (60, 2)], ids=str)
def small(request, tmp_path_factory):
    """The result of a small shop."""
    folder = tmp_path_factory.mktemp("few")
    return run(folder, shop(*request.param), *others(folder, *request.param))


def tables(folder):
    """(title of the section, head, rows) of every table of the page that is about no single customer; no totals."""
    page = (folder / "report.html").read_text(encoding="utf-8")
    for title, section in shown.sections(page):
        for table in re.findall("<table.*?</table>", section, re.DOTALL):
            parts = [row for row in re.split("<tr", table)[1:] if 'class="sum"' not in row]
            rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in parts]
            if "data-customer" not in table:
                yield title, rows[0], rows[1:]


COUNTS = {"Customers", "Customers in “from”", "Answers"}
COUNTS |= {language._translations("zh")[name] for name in COUNTS}
#: Sections of profiles, classes, stages and scores; the accounts of what was received are of rows and files.
ELSEWHERE = {"What was received and used", "Where it comes from"}
ELSEWHERE |= {language._translations("zh")[name] for name in ELSEWHERE}


def small_cells(folder):
    return [
        (title, row)
        for title, head, rows in tables(folder)
        if title not in ELSEWHERE
        for j in [j for j, name in enumerate(head) if html.unescape(name) in COUNTS]
        for row in rows
        if re.fullmatch(r"[1-9]", row[j])
    ]


def test_no_table_of_the_page_tells_of_few(small):
    assert len(list(tables(small))) > 10
    assert small_cells(small) == []


#: Whole numbers of the ledger's findings that count no group of people, by the end of their path.
NO_GROUP = (
    # what is measured: days, orders, money, scores, weeks, a place in an order, a limit, a version
    *("score", "lowest", "highest", ".f", ".r", ".m", ".k", ".half", ".weeks", ".rank", ".rank_low", ".rank_high"),
    *("version", "median_frequency", "from_order_days", ".gaps", ".age", "orders_to_top.*", ".money", "median", "low"),
    *("high", "monetary", "mean_score", "days", "months", "horizon", "expected", "recency", "frequency", "items"),
    *("segment", "precision", "recall", "fidelity", "remarks.*.values.n"),
    # rows that an action is of: campaigns and accounts; customers are never fewer than ten (test_actions)
    *("actions.*.values.n", "compared"),
    # of cells, files and moves, of which the accounts tell
    *("distinct", "filled", "files", "columns", "merges", "exact", "held_back"),
    # shares that happen to be whole, and what so many of a group that is told did
    *("share", "coverage", "comes_back", "of_first", "of_previous", "of_first_high", "of_previous_high", "rate"),
    *("converted", "converted_control", "clear", "arms", "shifted", "negative", "blaming", "mentions", "promoters"),
    *("passives", "detractors", "treatment", "control", "difference", "retention.*.active"),
)
#: All that a table has, and whom the report names because they are to be looked at first.
WHOLES = ("overview.customers", "nps.n", "heard.texts", "heard.read", "heard.sentences", "service.tickets")
WHOLES += ("service.customers", "explained.*.values.n", "stake.customers")
#: Answers by score: of one group that is told, how many said what; accounts of cells; ranges in a persona.
NO_GROUPS_OF = ("nps.counts.", "behaviour.lorenz.", "quality.", "lifecycle.thresholds.", "personas.*.lines.*.numbers.")


def counts(part, path=""):
    """(path, value) of every whole number below a part of the ledger."""
    if isinstance(part, dict | list):
        for key, one in part.items() if isinstance(part, dict) else (("*", one) for one in part):
            yield from counts(one, f"{path}.{key}")
    elif isinstance(part, int) and not isinstance(part, bool):
        yield path.removeprefix("."), part


def test_the_ledger_tells_no_more_than_the_page(small):
    """Every count of it, also of findings that are not yet there."""
    found = json.loads((small / "ledger.json").read_text(encoding="utf-8"))["findings"]
    told = [(path, n) for path, n in counts(found) if 0 < n < few.HIDDEN_BELOW]
    assert [one for one in told if not one[0].endswith(NO_GROUP + WHOLES) and not one[0].startswith(NO_GROUPS_OF)] == []
    hidden = [row for row in found["segments"]["classes"] if row["customers"] is None]
    assert hidden and all(set(row) - {"rfm_class"} == {k for k, v in row.items() if v is None} for row in hidden)
