"""Checks of lesson 13, its checklist, and the lesson run unattended on a real file."""

import json
import os
import re
import shutil
import subprocess
import sys

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from course import company, language
from course.authoring.build import notebook
from course.classroom import answers, bets
from course.classroom.lessons.capstone import capstone
from course.classroom.lessons.capstone.seal import SEAL
from course.classroom.widgets import play
from course.errors import DataError
from tests.checks import alternatives, sitting
from tests.conftest import ROOT

TOPIC = "capstone"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


@pytest.fixture
def names(given):
    """What the notebook holds at its end."""
    return given["capstone-4"]


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


BOOTSTRAP = """
import numpy as np
rng = np.random.default_rng(1)
m, i, drawn = money.to_numpy(), inside.to_numpy(), []
for _ in range(2000):
    d = rng.integers(len(m), size=len(m))
    drawn.append((m[d] * i[d]).sum() / m[d].sum())
share_low, share_high = np.quantile(drawn, [0.025, 0.975])
"""
LOOPS = """
reversals = 0
for name in weights.index:
    for factor in (0.8, 1.2):
        moved = weights.astype(float)
        moved[name] = moved[name] * factor
        reversals += (marks * moved / moved.sum()).sum(axis=1).idxmax() != totals.idxmax()
"""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("capstone-1", BOOTSTRAP),
        ("capstone-1", REFERENCE["capstone-1"].replace("1.96", "1.959964")),
        (
            "capstone-1",
            "from course.segment import money_share\n_, share_low, share_high = money_share(buyers, inside)",
        ),
        ("capstone-2", "accused = {str(s.number): [s.kind, 'peeking'] for s in deck if s.wrong}"),
        ("capstone-2", "accused = dict([(s.number, s.kind) for s in deck if s.wrong][1:])"),
        (
            "capstone-2",
            REFERENCE["capstone-2"] + "\naccused |= dict([(s.number, s.kind) for s in deck if not s.wrong][:2])",
        ),
        ("capstone-3", LOOPS),
        ("capstone-4", "gained = class_report(taken).gain.value"),
        (
            "capstone-4",
            "p = taken.query(\"test == 'pre'\")['right'].mean()\nq = taken.query(\"test == 'post'\")['right'].mean()\n"
            "gained = 1 - (1 - q) / (1 - p)",
        ),
        *alternatives.of("capstone"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


INTERVAL = REFERENCE["capstone-1"]
COUNT = REFERENCE["capstone-3"]
MEANS = "means = taken.groupby('test')['right'].mean()\npre, post = means['pre'], means['post']\n"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("capstone-1", INTERVAL.replace("share - 1.96", "share + 1.96", 1).replace(", share + 1.96", ", share - 1.96"),
         "Exchange the two"),
        ("capstone-1", INTERVAL + "\nshare_low, share_high = 100 * share_low, 100 * share_high", "Those are percent"),
        ("capstone-1", INTERVAL.replace("1.96 * ", ""), "one standard error"),
        ("capstone-1", INTERVAL.replace("1.96", "1.645"), "interval of 90%"),
        ("capstone-1", INTERVAL.replace("1.96", "3.92"), "whole width"),
        ("capstone-1", "error = (share * (1 - share) / len(money)) ** 0.5\n" + INTERVAL.splitlines()[2],
         "formula for a share of people"),
        ("capstone-1", INTERVAL.replace("(inside - share)", "inside"), "not taken off inside"),
        ("capstone-1", INTERVAL.replace("(pull**2)", "(pull[inside]**2)"), "Only customers of the class"),
        ("capstone-1", INTERVAL.replace("(pull**2)", "(pull[~inside]**2)"), "Only customers outside"),
        ("capstone-1", INTERVAL.replace("/ money.sum()", "/ len(money)"), "Divide it by all the money"),
        ("capstone-1", INTERVAL.replace("/ money.sum()", "/ money.sum() / len(money) ** 0.5"), "once too often"),
        ("capstone-1", INTERVAL.replace("** 0.5 ", ""), "The root is missing"),
        ("capstone-1", INTERVAL.replace("(pull**2).sum() ** 0.5", "pull.std()"), "spread of the pulls"),
        ("capstone-1", INTERVAL.replace("(pull**2).sum() ** 0.5", "abs(pull.sum())"), "before they were squared"),
        ("capstone-1", INTERVAL.replace("= share - 1.96", "= inside.mean() - 1.96").replace(", share +",
         ", inside.mean() +"), "share of customers"),
        ("capstone-1", INTERVAL.replace("= share - 1.96", "= -1.96").replace(", share +", ", 0 +"), "The middle is 0"),
        ("capstone-1", INTERVAL.replace("1.96", "6"), "too wide"),
        ("capstone-1", INTERVAL.replace("1.96", "0.3"), "too narrow"),
        ("capstone-1", "share_low, share_high = 0.1, ...", "share_high"),
        ("capstone-2", "accused = {}", "Nobody is accused"),
        ("capstone-2", "accused = []", "Nobody is accused"),
        ("capstone-2", "accused = {s.number: s.kind for s in deck}", "nearly every slide"),
        ("capstone-2", "accused = {s.number: s.kind for s in deck if not s.wrong}", "are sound"),
        ("capstone-2", "accused = dict([(s.number, s.kind) for s in deck if s.wrong][:2])", "still standing"),
        ("capstone-2", "accused = {s.number for s in deck if s.wrong}", "name each mistake"),
        ("capstone-2", "accused = {s.number: None for s in deck if s.wrong}", "name each mistake"),
        ("capstone-2", "accused = {s.number: 'points' if s.kind == 'peeking' else 'peeking' for s in deck if s.wrong}",
         "some codes are wrong or missing"),
        ("capstone-2", "accused = {99: 'peeking'}", "there is no slide 99"),
        ("capstone-2", "accused = {1: 'wrong'}", "no mistake with the code"),
        ("capstone-3", COUNT.replace("!= totals", "== totals"), "the winner stays"),
        ("capstone-3", COUNT.replace("(0.8, 1.2)", "(1.2,)"), "Only weights that grow"),
        ("capstone-3", COUNT.replace("(0.8, 1.2)", "(0.8,)"), "Either only weights that shrink"),
        ("capstone-3", COUNT + "\nreversals = reversals / 10", "That is a share"),
        ("capstone-3", "reversals = 99", "too large"),
        ("capstone-4", MEANS + "gained = post - pre", "in shares"),
        ("capstone-4", MEANS + "gained = (post - pre) / pre", "where they began"),
        ("capstone-4", MEANS + "gained = post / pre", "after over before"),
        ("capstone-4", MEANS + "gained = (post - pre) / (1 - post)", "left after the course"),
        ("capstone-4", MEANS + "gained = (pre - post) / (1 - post)", "exchanged"),
        ("capstone-4", MEANS + "gained = (pre - post) / (1 - pre)", "wrong way round"),
        ("capstone-4", MEANS + "gained = 100 * (post - pre) / (1 - pre)", "percent"),
        ("capstone-4", MEANS + "gained = post", "share right after"),
        ("capstone-4", "s = taken.pivot_table(index='learner', columns='test', values='right', aggfunc='mean')\n"
         "s = s[s['pre'] < 1]\ngained = ((s['post'] - s['pre']) / (1 - s['pre'])).mean()", "learners' own gains"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_the_company_worked_on_is_another_one(seat):
    assert capstone.other() != seat and (capstone.other() / "README.md").is_file()
    assert set(capstone.export()) == set(capstone.KINDS)


def test_what_tells_a_person_comes_in_and_does_not_go_out(names):
    assert capstone.personal(names["tables"]) > 500
    assert capstone.personal(names["folder"]) == 0


def test_somebody_elses_thresholds_put_many_customers_in_another_class(names):
    strangers = (names["highs"](capstone.WHOLESALER) != names["highs"](names["own"])).any(axis=1).mean()
    neighbours = (names["highs"](names["luming"]) != names["highs"](names["own"])).any(axis=1).mean()
    assert strangers > 0.2 and neighbours < strangers / 2
    assert names["n"] > 10 and names["missed"].sum() > 10
    assert not names["highs"](names["own"]).eq(names["highs"](names["own"])).eq(False).any().any()


def test_the_cuts_called_the_wholesalers_are_those_of_its_file(real_data):
    from course import clean, collect, segment

    valid = clean.apply(collect.read(str(real_data / "online_retail.csv.gz"), "orders")).valid
    assert segment.cuts(segment.rfm(valid)) == pytest.approx(capstone.WHOLESALER)


def test_every_step_keeps_its_count_and_one_customer_too_few_is_seen(names):
    result = names["result"]
    assert capstone.contracts(result)["holds"].all()
    whole = result.portraits
    try:
        result.portraits = whole.drop(whole.dropna(subset=["frequency"]).index[0])
        broken = capstone.contracts(result).set_index("step")["holds"]
    finally:
        result.portraits = whole
    assert not broken["customers"] and not broken["orders"] and not broken["spent"] and broken["rows"]


def test_the_winner_changes_under_some_weights_and_not_under_most(names):
    found = sitting.told(names, "capstone-3", "reversals = -1")
    assert "too small" in found.sentence.say("en")
    best = {f"{n}{f}": (names["marks"] * names["weights"].where(names["weights"].index != n, names["weights"] * f))
            .sum(axis=1).idxmax() for n in names["marks"] for f in (0.8, 1.2)}  # fmt: skip
    assert 1 <= sum(tool != "notebooks" for tool in best.values()) <= 4


def test_the_same_command_writes_the_same_bytes_and_forgetting_twice_is_refused(names):
    assert names["same"] == len(names["written"][0]) == 10
    assert names["codes"] == [0, 2]


def test_python_and_sql_agree_within_the_tolerance(names):
    assert names["parity"]["agrees"].all() and len(names["parity"]) == 4


def test_the_first_claim_is_the_one_the_report_begins_with(names):
    page = (names["folder"] / "report.html").read_text(encoding="utf-8")
    assert f"{names['draft']['marketing']['value']:.0%}" in page


def test_the_seal_counts_persons_of_the_year_that_is_kept_back(seat):
    frames = company.unseal("clv", capstone.other()).frames
    books = frames["process"].query("first_order_on <= '2024-12-31'")["person_id"]
    again = set(frames["next_year"].query("orders > 0")["person_id"])
    assert SEAL.truth() == pytest.approx(100 * sum(p in again for p in books) / len(books))
    assert 25 < SEAL.truth() < 60


def test_nothing_is_told_before_the_bet(seat, given):
    assert "The same again" not in bets.unseal("capstone").say("en")
    bets.bet("capstone", 10, 60)
    for lang, said in (("en", "The same again"), ("zh", "和上一段一样")):
        assert said in bets.unseal("capstone").say(lang)


@pytest.mark.parametrize("days", [10, 400])
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_game_draws_at_both_ends_of_its_slider(seat, given, monkeypatch, days, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("capstone", days_slider=days)
    assert str(days) in plt.gcf().axes[0].get_title()
    plt.close("all")


# --- the checklist ---------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(names, tmp_path):
    """A copy of what the run wrote, to be spoilt."""
    return shutil.copytree(names["folder"], tmp_path / "run")


def test_a_good_presentation_passes_and_the_draft_does_not(names, folder):
    assert capstone.checklist(folder, names["claims"]).open == []
    assert capstone.checklist(folder, list(names["draft"].values())).open == ["interval", "control", "baseline"]


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("call 13912345678 first", True),
        ("+86 13912345678", True),
        ("wang.li@example.com", True),
        ("11010519491231002X", True),
        ("order 2139123456789", False),
        ("213.13912345678", False),
        ("a13912345678f", False),
        ("12345678901", False),
        ("price @ 3.50", False),
    ],
)
def test_what_tells_a_person_is_found_in_the_outputs(names, folder, text, held):
    path = folder / "quarantine.csv"
    path.write_text(path.read_text(encoding="utf-8") + f'orders,x,1,set_aside,r,c,"{text}",0\n', encoding="utf-8")
    found = capstone.checklist(folder, names["claims"])
    assert ("privacy" in found.open) == held
    assert not held or "quarantine.csv" in str(found.items[0].sentence)
    assert text not in repr(found)


def test_accounts_that_do_not_add_up_are_seen(names, folder):
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    for unit, value in (("rows", 1), ("money", 0.02)):
        spoilt = json.loads(json.dumps(ledger))
        spoilt["tables"]["orders"]["valid"][unit] += value
        (folder / "ledger.json").write_text(json.dumps(spoilt), encoding="utf-8")
        assert capstone.checklist(folder, names["claims"]).open == ["accounts"]


@pytest.mark.parametrize(
    "asked",
    ['<script src="https://cdn.example/x.js"></script>', '<link href="//fonts.example/a.css">',
     "<style>@import 'x.css'</style>", "<style>body{background:url(http://x.example/a.png)}</style>"],
)  # fmt: skip
def test_a_report_that_asks_the_network_is_seen(names, folder, asked):
    page = folder / "report.html"
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", f"{asked}</body>"), encoding="utf-8")
    assert capstone.checklist(folder, names["claims"]).open == ["offline"]


@pytest.mark.parametrize(
    ("place", "change", "open_ones"),
    [
        (0, {"value": 0.99, "low": 0.98, "high": 1.0}, ["figures"]),
        (0, {"low": None}, ["interval"]),
        (0, {"low": 2.0}, ["interval"]),
        (0, {"low": ...}, ["interval"]),
        (1, {"naive": None}, ["baseline"]),
        (1, {"value": "much"}, ["figures", "interval"]),
        (2, {"control": 0}, ["control"]),
        (2, {"kind": "effect", "control": None, "low": 0, "high": 1}, ["control"]),
        (2, {"kind": "effect", "control": 300, "low": 0, "high": 1}, []),
    ],
)
def test_a_claim_is_marked_by_what_it_lacks(names, folder, place, change, open_ones):
    claims = [dict(claim) for claim in names["claims"]]
    claims[place] |= change
    found = capstone.checklist(folder, claims)
    assert found.open == open_ones
    for lang in language.LANGUAGES:
        language.use(lang)
        assert repr(found).count("✗") == found._repr_html_().count("✗") == len(open_ones)


def test_a_forecast_that_is_no_closer_has_to_say_so(names, folder):
    claims = [names["claims"][1] | {"error": 2.0, "naive": 1.0}]
    found = capstone.checklist(folder, claims)
    assert found.open == [] and "no closer" in repr(found)


@pytest.mark.parametrize("claims", [..., None, "share", {"kind": "share"}, [1], [{"value": 1}], 3])
def test_what_are_no_claims_is_refused(folder, claims):
    with pytest.raises(DataError):
        capstone.checklist(folder, claims)


def test_a_folder_that_no_run_wrote_is_refused(tmp_path):
    with pytest.raises(DataError, match="not the result of a run"):
        capstone.checklist(tmp_path, [])


def test_thirty_days_later_the_claim_is_held_against_a_second_run(names):
    claim = {"of": names["top"], "low": 0.0, "high": 1.0}
    held = capstone.follow_up(names["sold"], names["then"], names["today"], claim)
    assert held.open == []
    missed = capstone.follow_up(names["sold"], names["then"], names["today"], claim | {"high": 0.01})
    assert missed.open == ["holds"]
    early = capstone.follow_up(names["sold"], names["today"] - pd.Timedelta(days=5), names["today"], claim)
    assert early.open == ["again"]


def test_a_single_run_is_not_dynamic_yet(names):
    assert capstone.maturity(names["result"]).open == ["dynamic"]


# --- a file of one's own ---------------------------------------------------------------------------------------------


def test_a_path_that_leads_nowhere_is_refused_without_telling_it(tmp_path):
    with pytest.raises(DataError, match=r"no file nowhere\.csv") as refusal:
        capstone.export(str(tmp_path / "nowhere.csv"))
    assert str(tmp_path) not in str(refusal.value)


def test_a_handful_of_customers_bears_no_claim(names):
    from dataclasses import replace

    few = replace(names["result"], portraits=names["buyers"].head(40))
    with pytest.raises(DataError, match="40 customers are too few"):
        capstone.draft(few)


def test_the_cell_of_the_path_is_the_one_that_papermill_looks_for():
    lesson = sitting.lesson(TOPIC)
    cells = notebook(lesson, "en", False, [lesson.path])["cells"]
    (cell,) = [c for c in cells if "parameters" in c["metadata"].get("tags", [])]
    assert "own_file" in "".join(cell["source"])


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_small_file_of_ones_own_runs_to_the_end(tmp_path, monkeypatch, lang):
    """Forty weeks of two columns and a sum, without products, channels or survey."""
    import numpy as np
    import papermill
    from nbclient.exceptions import CellTimeoutError

    rng = np.random.default_rng(5)
    rows = pd.DataFrame({"uid": rng.integers(1, 150, 900).astype(str)})
    rows["paid_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 280, 900), unit="D")
    rows["paid"] = rng.gamma(2, 40, 900).round(2)
    rows.to_csv(tmp_path / "mine.csv", index=False)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "work"))
    monkeypatch.setenv("COURSE_LANG", lang)
    given = {
        "own_file": str(tmp_path / "mine.csv"),
        "mapping": {"customer_id": "uid", "ordered_at": "paid_at", "amount": "paid"},
    }
    book = ROOT / "notebooks" / lang / "13_capstone.ipynb"
    for attempt in (1, 2):  # a kernel's last word can be lost on a busy machine: a second one says it
        try:
            out = str(tmp_path / "out.ipynb")
            papermill.execute_notebook(
                str(book), out, given, cwd=str(tmp_path), progress_bar=False, execution_timeout=180
            )
            break
        except CellTimeoutError:
            assert attempt == 1
    portraits = pd.read_parquet(tmp_path / "work" / "capstone" / "portraits.parquet")
    assert len(portraits) == rows["uid"].nunique()


_UNATTENDED = """
import json, resource, sys
import papermill

book, out, given = sys.argv[1:]
papermill.execute_notebook(book, out, json.loads(given), progress_bar=False, execution_timeout=300)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_online_retail_runs_unattended_and_its_report_opens_offline(real_data, tmp_path, chromium):
    from playwright.sync_api import sync_playwright

    book, out = ROOT / "solutions" / "en" / "13_capstone.ipynb", tmp_path / "out.ipynb"
    given = json.dumps({"own_file": str(real_data / "online_retail.csv.gz")})
    # A process of its own: this one's children are those of every test before.
    done = subprocess.run(
        [sys.executable, "-c", _UNATTENDED, book, out, given],
        cwd=tmp_path,
        env=os.environ | {"COURSE_WORK": str(tmp_path / "work"), "COURSE_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1.25 * 2**20  # KiB: of the kernel, half a million rows in it; a laptop has 8 GiB
    run = tmp_path / "work" / "capstone"
    ledger = json.loads((run / "ledger.json").read_text(encoding="utf-8"))
    assert ledger["valid"] == {"rows": 397884, "orders": 18532, "customers": 4338, "money": 8911407.904}
    printed = out.read_text(encoding="utf-8")
    assert "541,909" in printed and "every figure has its two ends" in printed
    with sync_playwright() as play_it:
        browser = play_it.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        context = browser.new_context(offline=True)
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((run / "report.html").as_uri())
        assert re.search(r"4,338 customers bought for 8.46m", page.inner_text("body"))
        assert all(not url.startswith("http") for url in asked)
        browser.close()
