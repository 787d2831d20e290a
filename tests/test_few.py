"""Few people: no group of fewer than ten is told, nor left to be reckoned, in a table of the page or in the ledger."""

import html
import json
import re
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import few, language
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


@pytest.fixture(scope="module", params=[(7, 1), (60, 2)], ids=str)
def small(request, tmp_path_factory):
    """The result of a small shop."""
    return run(tmp_path_factory.mktemp("few"), shop(*request.param))


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
ELSEWHERE = {"What was received and what was used", "Where it comes from", "What campaigns changed"}
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


#: The tables of the findings that are of classes, scores, stages, clusters or tags, and what counts people in them.
TABLES = {
    "segments": ("classes", "thresholds", "pairs"),
    "clv": ("classes",),
    "lifecycle": ("table", "links"),
    "clusters": ("described",),
}


def test_the_ledger_tells_no_more_than_the_page(small):
    found = json.loads((small / "ledger.json").read_text(encoding="utf-8"))["findings"]
    rows = [row for step, names in TABLES.items() for name in names for row in found.get(step, {}).get(name) or []]
    told = [row["customers"] for row in rows] + [one["size"] for one in found["tags"].values()]
    told += found["lifecycle"]["stages"].values()
    assert len(told) > 30 and None in told
    assert [n for n in told if n is not None and 0 < n < 10] == []
    hidden = [row for row in found["segments"]["classes"] if row["customers"] is None]
    assert hidden and all(set(row) - {"rfm_class"} == {k for k, v in row.items() if v is None} for row in hidden)
