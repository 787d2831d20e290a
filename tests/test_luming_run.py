"""The whole workflow over the seven sources of a generated company: what it finds, what it must never show."""

import html
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html import unescape
from itertools import product

import pandas as pd
import pytest

from benchmarks import resampled
from course import DataError, cli, company, demo, recipe, report, score, seal, workflow
from course.classroom import tables
from course.language import Sentence
from course.report import cards, workbook
from course.report.sections import portrait as sections
from course.result import cells
from tests import shown
from tests.test_few import small_cells
from tests.test_workbook import one_by_one, read, unlike

SEALED = ("ids", "orders", "process", "next_year", "answers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("luming") / "company"
    company.write(5, 1200, out)
    return out


@pytest.fixture(scope="module")
def sources(folder):
    return demo.tables(folder)


@pytest.fixture(scope="module")
def result(sources):
    return workflow.run(sources, key=b"k" * 32)


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "out"
    report.write(result, out, "zh")
    return out


def test_every_step_has_something_to_say(result, written):
    # A company so small may have fewer than ten customers for an action.
    assert [s.say("en") for s in result.not_done if not s.say("en").startswith("what to do: ")] == []
    findings = json.loads((written / "ledger.json").read_text(encoding="utf-8"))["findings"]
    assert set(findings) >= {"identity", "clv", "clusters", "behaviour", "lifecycle", "tags", "campaigns", "nps"}
    assert findings["identity"]["records"] > findings["identity"]["persons"] > 1000
    page = (written / "report.html").read_text(encoding="utf-8")
    for heading in ("Who is one person", "Where customers stand", "Who may fall silent next", "What customers do"):
        assert heading in page
    for heading in ("活动带来了什么变化", "标签一览", "各类客户的画像", "接下来谁可能不再下单"):
        assert heading in page


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_figure_is_shown_that_the_ledger_does_not_hold(result, lang):
    assert shown.not_in_the_ledger(result, lang) == []


def test_every_interval_of_the_ledger_is_judged_by_a_benchmark(result):
    assert resampled.unnamed(json.loads(json.dumps(workflow.ledger(result), default=str))["findings"]) == []


def test_themes_are_told_between_what_shares_they_are_blamed_and_not_in_an_order(result, written):
    page = unescape((written / "report.html").read_text(encoding="utf-8"))
    rows = pd.concat([result.found["nps"].themes, result.found["posts"].themes])
    assert len(rows) > 9
    for row in rows.itertuples():
        span = f"{row.negative_low:.0%} – {row.negative_high:.0%}"
        assert span in page and f"{row.negative_share:.0%} ({span})" not in page
    assert "区间重叠的主题排不出先后" in page


def test_no_chart_is_drawn_from_what_the_ledger_does_not_hold(result, monkeypatch):
    foreign = shown.not_drawn_from_the_ledger(result, monkeypatch)
    assert len(foreign) == 12 and set(map(tuple, foreign.values())) == {()}


@pytest.mark.parametrize(
    ("finding", "part"),
    [
        ("identity", "persons"),
        ("quality", "orders"),
        ("segments", "overview"),
        ("segments", "thresholds"),
        ("clv", "classes"),
        ("clusters", "evidence"),
        ("foretelling", "dimensions"),
        ("stake", "money"),
        ("behaviour", "pairs"),
        ("behaviour", "shift"),
        ("behaviour", "promotion"),
        ("lifecycle", "table"),
        ("lifecycle", "links"),
        ("lifecycle", "early_warning"),
        ("nps", "by_class"),
        ("nps", "drivers"),
    ],
)
def test_a_figure_that_leaves_the_ledger_is_missed(result, finding, part):
    ledger = workflow.ledger(result)
    del ledger["findings"][finding][part]
    assert shown.not_in_the_ledger(result, "en", ledger)


def test_the_page_is_in_words_before_its_appendix(written):
    """No name of a column, no value as a machine writes it, no option of the command line."""
    page = (written / "report.html").read_text(encoding="utf-8")
    for main in re.findall("<main.*?</main>", page, re.DOTALL):
        body = re.sub("<[^>]*>", " ", main.split('<div class="chapter appendix"')[0])
        assert re.findall(r"[a-z]+_[a-z]+|--[a-z]+|\bnan\b|\bNone\b", body) == []
        assert len(body) > 5_000


def test_the_page_prints_on_eight_sheets(written, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page()
        tab.goto((written / "report.html").as_uri())
        for lang in ("zh", "en"):
            tab.evaluate("lang => { document.getElementById('lang-' + lang).checked = true; }", lang)
            sheets = [len(re.findall(rb"/Type /Page\b", tab.pdf(prefer_css_page_size=True)))]
            tab.evaluate("document.getElementById('evidence').checked = true")
            sheets.append(len(re.findall(rb"/Type /Page\b", tab.pdf(prefer_css_page_size=True))))
            tab.evaluate("document.getElementById('evidence').checked = false")
            assert sheets[0] <= 8 < sheets[1], (lang, sheets)
        browser.close()


#: How many customers the explorer shows at each link.
_COUNTED = """async links => {
    const root = document.getElementById("explorer"), counts = [];
    for (const link of links) {
        const gone = new Promise(done => addEventListener("hashchange", () => setTimeout(done), {once: true}));
        location.hash = link;
        await gone;
        counts.push(Number(root.dataset.customers));
    }
    return counts;
}"""


def test_every_list_of_the_report_opens_as_many_customers_in_the_explorer(written, chromium):
    from playwright.sync_api import sync_playwright

    page = html.unescape((written / "report.html").read_text(encoding="utf-8"))
    links = list(dict.fromkeys(re.findall(r'href="explorer\.html#(lang=\w+&[^"]+)"', page)))
    portraits = pd.read_parquet(written / "portraits.parquet")
    wanted = [(portraits[column] == value).sum() for column, value in (link.split("&")[1].split("=") for link in links)]
    findings = json.loads((written / "ledger.json").read_text(encoding="utf-8"))["findings"]
    listed = {a["audience"]: a["customers"] for a in findings["actions"] if a["audience"]}
    listed |= {f"rfm_class={c['rfm_class']}": c["customers"] for c in findings["segments"]["classes"]}
    told = {link: n for link, n in zip(links, wanted, strict=True) if listed[link.split("&")[1]] is not None}
    assert {link: listed[link.split("&")[1]] for link in told} == told and len(told) >= 20
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page()
        tab.goto((written / "explorer.html").as_uri())
        tab.wait_for_selector("#explorer[data-first]")
        assert tab.evaluate(_COUNTED, links) == wanted
        browser.close()


@pytest.mark.slow
def test_axe_finds_no_violation(written, chromium, axe_violations):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for scheme, width, lang in product(("light", "dark"), (1280, 390), ("zh", "en")):
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            tab.goto((written / "report.html").as_uri())
            tab.evaluate("lang => { document.getElementById('lang-' + lang).checked = true; }", lang)
            assert axe_violations(tab) == [], (scheme, width, lang)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            tab.close()
        browser.close()


def test_no_table_of_the_page_tells_of_few(written):
    assert small_cells(written) == []


def test_no_output_holds_a_phone_an_email_or_an_address(sources, written):
    customers = sources["customers"].frame
    secrets = set(customers["phone"].dropna()) | set(customers["email"].dropna()) | set(customers["address"].dropna())
    secrets |= {
        i for kind in ("surveys", "tickets") for i in sources[kind].frame["customer_id"].dropna() if len(i) == 11
    }
    secrets -= {"unknown"}  # what somebody wrote for want of a number
    assert len(secrets) > 2000
    held = {(file, text) for file, text in cells(written) if text in secrets}
    assert held == set()
    for path in written.iterdir():
        if path.suffix in (".csv", ".json", ".html"):
            text = path.read_text(encoding="utf-8-sig")
            phones = set(re.findall(r"(?<![\d.])1[3-9]\d{9}(?![\d.])", text))
            assert phones & secrets == set(), path.name
            assert "@" not in text or not re.findall(r"[\w.]+@[\w.]+\.\w+", text), path.name
            assert not any(address in text for address in customers["address"].dropna().unique()), path.name


def test_names_of_people_are_in_no_output(sources, written):
    names = set(sources["customers"].frame["name"].dropna())
    assert {(file, text) for file, text in cells(written) if text in names} == set()


def test_a_forgotten_person_is_nowhere_and_the_others_stay(result, written, tmp_path):
    out = tmp_path / "result"
    shutil.copytree(written, out)
    people = pd.read_csv(out / "identity.csv", dtype="str", encoding="utf-8-sig")
    shown = re.findall(r'data-customer="([^"]+)"', (out / "report.html").read_text(encoding="utf-8"))
    several = people.groupby("person_id")["customer_id"].size()
    person = next(i for i in shown if several.get(i, 0) > 1)
    ids = set(people.loc[people["person_id"] == person, "customer_id"])
    before = pd.read_parquet(out / "portraits.parquet")
    assert {text for _, text in cells(out)} & ids
    assert set(report.forget(out, [sorted(ids)[-1]]).ids) == ids | {person}
    assert {(file, text) for file, text in cells(out) if text in ids | {person}} == set()
    for path in out.iterdir():
        assert person.encode() not in path.read_bytes() or path.suffix in (".parquet", ".xlsx")
    after = pd.read_parquet(out / "portraits.parquet")
    rest = before[~before["customer_id"].isin(ids)].reset_index(drop=True)
    pd.testing.assert_frame_equal(after, rest)
    assert sorted(p.name for p in out.parent.iterdir()) == ["result"]
    with pytest.raises(DataError, match=f"knows no customer {person}"):
        report.forget(out, [person])
    ledgers = [json.loads((f / "ledger.json").read_text(encoding="utf-8")) for f in (out, written)]
    assert ledgers[0]["valid"] == ledgers[1]["valid"]


def test_what_is_no_result_cannot_forget(tmp_path):
    (tmp_path / "ledger.json").write_text("{}")
    with pytest.raises(DataError, match="is not the result of a run"):
        report.forget(tmp_path, ["a"])
    assert (tmp_path / "ledger.json").read_text() == "{}"


def test_nothing_on_a_past_day_sees_what_came_later(sources):
    day = pd.Timestamp("2024-06-30")
    cut = {}
    for kind, table in sources.items():
        time = next((c for c in ("ordered_at", "at", "answered_at", "opened_at", "sent_at") if c in table.frame), None)
        if time is None or kind == "customers":
            cut[kind] = table
            continue
        # A year that cannot be is no later day: such a row is as wrong on that day as on any other.
        keep = ~(table.frame[time] >= day + pd.Timedelta(days=1)) | (table.frame[time].dt.year > 2100)
        frame = table.frame[keep].reset_index(drop=True)
        place = pd.Series(range(int(keep.sum())), index=table.frame.index[keep])
        problems = table.problems[table.problems["row"].isin(place.index)]
        cut[kind] = replace(table, frame=frame, problems=problems.assign(row=problems["row"].map(place)))
    # A ticket that was open on the day may have been closed since: what is known of it then is that it was open.
    seen, unseen = workflow.run(sources, day), workflow.run(cut, day)
    columns = [c for c in seen.portraits if not c.startswith("tag_")]
    both = set(seen.portraits["customer_id"]) & set(unseen.portraits["customer_id"])
    first, second = (
        r.portraits[r.portraits["customer_id"].isin(both)].reset_index(drop=True)[columns] for r in (seen, unseen)
    )
    assert len(both) > 800
    pd.testing.assert_frame_equal(first, second)


def test_who_entered_and_left_since_an_earlier_run_adds_up(sources, result):
    earlier = workflow.run(sources, "2024-09-30", key=b"k" * 32)
    later = workflow.run(sources, key=b"k" * 32, previous=earlier.portraits)
    moved = later.found["changes"].tags.tags.set_index(["tag", "value"])
    assert (moved["after"] == moved["stayed"] + moved["entered"] + moved["unknown_before"]).all()
    assert (moved["before"] == moved["stayed"] + moved["left"] + moved["unknown_after"]).all()
    assert moved["entered"].sum() > 0 and not moved["redefined"].any()
    assert later.found["changes"].drift is not None
    assert shown.not_in_the_ledger(later, "en") == []  # with who entered and left, and how far columns moved
    shared = [c for c in result.portraits if c in later.portraits]
    pd.testing.assert_frame_equal(result.portraits[shared], later.portraits[shared])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_workbook_has_the_cells_that_a_writer_cell_by_cell_makes(result, written, tmp_path, lang):
    ledger = json.loads((written / "ledger.json").read_text(encoding="utf-8"))
    workbook.write(result.portraits, ledger, tmp_path / "p.xlsx", lang)
    got, expected = read(tmp_path / "p.xlsx")[1], one_by_one(result.portraits, ledger, tmp_path / "q.xlsx", lang)
    assert len(got) > 1000 and len(got[0]) > 60 and unlike(got, expected) == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_card_from_the_folder_is_the_card_of_the_report(result, written, lang):
    told = result.found["portrait"]
    for persona in told.personas[:2]:
        assert cards.segment(written, persona.name.say(lang)).to_dict(lang) == persona.to_dict(lang)
    for one in told.cards:
        shown = sections.card(result.portraits, one.customer_id)
        assert cards.customer(written, one.customer_id).to_dict(lang) == shown.to_dict(lang)


def test_pseudonyms_hide_every_number_and_stay_the_same_under_one_key(sources):
    hidden = workflow.prepare(sources, key=b"a" * 32, everybody=True)
    ids = set(hidden.cleaned["orders"].valid["customer_id"])
    assert all(i.startswith("p_") for i in ids)
    again = workflow.prepare(sources, key=b"a" * 32, everybody=True)
    other = workflow.prepare(sources, key=b"b" * 32, everybody=True)
    assert set(again.cleaned["orders"].valid["customer_id"]) == ids
    assert not ids & set(other.cleaned["orders"].valid["customer_id"])


def test_only_numbers_that_tell_a_person_are_hidden_unless_asked(result):
    ids = result.portraits["customer_id"]
    assert ids.str.startswith("p_").any() and not ids.str.startswith("p_").all()
    assert not ids.str.fullmatch(r"1[3-9]\d{9}").any()


def test_phone_numbers_as_customer_numbers_never_reach_the_output(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    rows = [f"{138 if i % 2 else 139}{i % 7:08d},2024-0{i % 9 + 1}-0{i % 8 + 1},{10 + i}" for i in range(40)]
    file = tmp_path / "orders.csv"
    file.write_text("customer id,order date,amount\n" + "\n".join(rows) + "\n")
    assert cli.main(["run", "--orders", str(file), "--out", str(tmp_path / "out"), "--lang", "en"]) == 0
    assert "tell who somebody is" in capsys.readouterr().err
    texts = {text for _, text in cells(tmp_path / "out")}
    assert not any(re.fullmatch(r"13[89]\d{8}", t) for t in texts)
    key = tmp_path / "settings" / "customer-portrait" / "key"
    assert key.stat().st_mode & 0o777 == 0o600
    first = pd.read_parquet(tmp_path / "out" / "portraits.parquet")["customer_id"]
    assert cli.main(["run", "--orders", str(file), "--out", str(tmp_path / "again"), "--lang", "en"]) == 0
    assert first.tolist() == pd.read_parquet(tmp_path / "again" / "portraits.parquet")["customer_id"].tolist()


def test_a_card_is_printed_in_either_language(result, written, capsys):
    customer = result.portraits.dropna(subset="frequency")["customer_id"].iloc[0]
    for lang, word in (("en", "Stage"), ("zh", "阶段")):
        assert cli.main(["card", str(written), customer, "--lang", lang]) == 0
        assert word in capsys.readouterr().out
    assert cli.main(["card", str(written), "nobody", "--lang", "en"]) == 2


def test_the_sources_without_defects_leave_nothing_in_quarantine(tmp_path):
    company.Company(5, 600, defects=None).write(tmp_path / "sound")
    prepared = workflow.prepare(demo.tables(tmp_path / "sound"))
    assert {kind: len(one.quarantine) for kind, one in prepared.cleaned.items() if len(one.quarantine)} == {}


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        ("zero_price", "price_not_positive"),
        ("impossible_date", "impossible_date"),
        ("outlier", "amount_off_lines"),
        ("wrong_scale", "score_out_of_range"),
    ],
)
def test_one_kind_of_defect_fills_the_quarantine_with_that_kind_alone(tmp_path, kind, rule):
    company.Company(5, 600, defects=[kind]).write(tmp_path / kind)
    prepared = workflow.prepare(demo.tables(tmp_path / kind))
    rules = {r for one in prepared.cleaned.values() for r in one.quarantine["rule"]}
    assert rules == {rule}


def test_the_score_holds_every_step_against_the_truth(folder):
    found = score.score(folder)
    assert found.columns[0] == "step"
    assert set(found["step"]) == {"clean", "identity", "tag", "segment", "clv", "lifecycle", "nps", "effect"}
    figures = found.set_index("what")["found"]
    assert figures["outlier: recall"] == 1 and figures["pair_precision"] > 0.98 and figures["pair_recall"] > 0.9
    beside = found.set_index("what")["beside"]
    orders = "orders next year, mean error a customer (beside: as before)"
    assert figures[orders] < beside[orders]
    assert figures["slow service queue found"] in (0.0, 1.0)
    intervals = found.dropna(subset=["low", "high"])
    assert (intervals["low"] <= intervals["found"] + 1e-9).all() and (
        intervals["found"] <= intervals["high"] + 1e-9
    ).all()
    judged = found.dropna(subset="covered")
    inside = judged["beside"].between(judged["low"], judged["high"])
    assert judged["covered"].tolist() == inside.tolist()
    # Money of all, at stake and of each class; the waves; the driver that does nothing; the campaigns.
    assert {"clv", "nps", "effect"} == set(judged["step"])
    assert not found.loc[found["what"].str.contains("beside: base rate"), "covered"].notna().any()


def without_the_classroom(*arguments):
    """The command line where whatever imports the classroom fails."""
    code = "import sys; sys.modules['course.classroom'] = None; from course.cli import main; sys.exit(main())"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, encoding="utf-8")


@pytest.mark.parametrize("arguments", [("doctor",), ("score", "--seeds", "1", "--customers", "300")], ids=" ".join)
def test_what_has_no_learner_in_it_needs_no_classroom(arguments):
    done = without_the_classroom(*arguments, "--lang", "en")
    assert "Traceback" not in done.stderr, done.stderr[-2000:]
    assert {"doctor": "Kernel", "score": "pair_precision"}[arguments[0]] in done.stdout


def test_the_demo_opens_on_an_answer(tmp_path):
    done = without_the_classroom("run", "--demo", "--out", str(tmp_path / "demo"), "--lang", "en")
    assert done.returncode == 0, done.stderr[-2000:]
    assert re.search(r"^[\d,]+ customers bought for ¥[\d.]+m net of refunds", done.stdout)
    assert "Open the seal" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")


def test_the_shipped_tables_are_what_a_run_prepares(tmp_path):
    tables.prepare(company.datasets(), tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {f"{name}.parquet" for name in tables.NAMES}
    for path in tmp_path.iterdir():
        shipped = pd.read_parquet(company.datasets() / "prepared" / path.name)
        pd.testing.assert_frame_equal(shipped, pd.read_parquet(path))


# --- the seal ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def truths(result, folder):
    return seal.truths(result, folder)


def true_of(truths, words):
    (one,) = [t for t in truths if words in t.name.say("en")]
    return one


def test_the_truth_of_each_headline_is_that_of_the_sealed_files(result, folder, truths):
    opened = {name: pd.read_parquet(folder / "truth" / f"{name}.parquet") for name in SEALED}
    numbers = {hidden: number for number, hidden in result.pseudonyms.items()}
    owners = dict(zip(opened["ids"]["customer_id"], opened["ids"]["person_id"], strict=True))
    buyers = result.portraits[result.portraits["frequency"].notna()]
    buyers = buyers.assign(person=buyers["customer_id"].map(lambda i: owners.get(numbers.get(i, i))))
    orders = result.cleaned["orders"].valid.merge(opened["orders"].drop_duplicates("order_id"), on="order_id")

    one = true_of(truths, "said who they are")
    assert (one.found, one.true) == (len(buyers), orders["person_id"].nunique())
    left = opened["process"].set_index("person_id")["alive_at_end"].eq(False)
    one = true_of(truths, "who are gone")
    assert one.found == buyers["stage"].isin(["at_risk", "lost"]).sum()
    assert one.true == sum(left[person] for person in set(orders["person_id"].dropna()))

    spent = opened["next_year"].set_index("person_id")["spend"] / 1.1**0.5
    for words, rows in (
        ("all customers bring", buyers),
        ("the best class", buyers[buyers["rfm_class"] == "important_value"]),
        ("not bought for long", buyers[buyers["rfm_class"].isin(["important_keep", "important_win_back"])]),
    ):
        assert true_of(truths, words).true == pytest.approx(sum(spent.get(p, 0) for p in set(rows["person"].dropna())))
    assert true_of(truths, "all customers bring").found == pytest.approx(buyers["expected_value"].sum(), rel=1e-6)

    # Everybody who was asked, whether or not they answered.
    asked = opened["answers"]["score"]
    everybody = 100 * ((asked >= 9).mean() - (asked <= 6).mean())
    one = true_of(truths, "NPS")
    assert one.true == pytest.approx(everybody, abs=0.01) and one.found == result.found["nps"].of_buyers.value
    assert true_of(truths, "the app").true == 0


def test_the_truth_of_a_campaign_is_of_the_days_that_the_report_counts(result, folder, truths):
    people = pd.read_parquet(folder / "truth" / "campaign_people.parquet")
    placed = pd.read_parquet(folder / "truth" / "orders.parquet").drop_duplicates("order_id")
    orders = result.cleaned["orders"].valid.merge(placed, on="order_id")
    for campaign, sent in (("C01", "2024-03-04"), ("C05", "2024-09-23"), ("C06", "2024-10-14")):
        first, last = pd.Timestamp(sent) + pd.Timedelta(days=14), pd.Timestamp(sent) + pd.Timedelta(days=30)
        later = set(orders.loc[(orders["ordered_at"] >= first) & (orders["ordered_at"] < last), "person_id"])
        own, gained = people[people["campaign_id"] == campaign], 0
        for person in own.itertuples():
            if person.person_id not in later:
                gained += person.outcome_treated - person.outcome_reference
        one = true_of(truths, campaign)
        assert one.true == pytest.approx(100 * gained / len(own))
        row = result.found["effect"].campaigns.table.set_index("campaign_id").loc[campaign]
        assert one.found == pytest.approx(100 * row["difference"])


def test_right_is_inside_the_interval_or_close_where_there_is_none():
    def truth(found, low, high, true):
        return report.Truth("who", Sentence("A"), "count", found, low, high, true)

    assert truth(5, 4, 6, 6).right and not truth(5, 4, 6, 6.1).right and not truth(5, 4, 6, 3).right
    assert truth(110, None, None, 100).right and not truth(111, None, None, 100).right
    assert truth(90, None, float("nan"), 100).right and not truth(89, None, None, 100).right
    assert not truth(1, None, None, 0).right


def test_of_another_day_or_other_weeks_nothing_is_claimed(result, folder):
    assert seal.truths(replace(result, as_of=result.as_of - pd.Timedelta(days=1)), folder) == []
    other = seal.truths(replace(result, horizon=26), folder)
    assert not any(t.kind == "money" for t in other) and len(other) > 2


def test_the_truth_is_in_the_page_alone_and_only_where_it_is_handed_in(result, truths, written, tmp_path):
    report.write(result, tmp_path / "out", "zh", truths)
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    for word in ("Open the seal", "揭晓真相", 'id="seal"', "真值"):
        assert word in page
    for path in written.iterdir():
        if path.name == "report.html":
            without = path.read_text(encoding="utf-8")
            for word in ("seal", "揭晓", "真相", "真值", 'class="truth"', "is true."):
                assert word not in without
        elif path.suffix != ".xlsx":  # a zip holds the time of its writing
            assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes()


def test_only_the_demo_asks_for_it(result, monkeypatch):
    monkeypatch.setattr(seal, "truths", lambda found: ["it"])
    assert cli._truths(recipe.Recipe(source="demo"), result) == ["it"]
    assert cli._truths(recipe.Recipe(), result) == cli._truths(recipe.Recipe(source="completejourney"), result) == []


@pytest.fixture(scope="module")
def sealed(result, truths, tmp_path_factory):
    """The report's file with the seal."""
    html = tmp_path_factory.mktemp("sealed") / "report.html"
    html.write_text(report.page.render(result, workflow.ledger(result), "en", None, truths)[0], encoding="utf-8")
    return html


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_where_the_seal_is_open(sealed, chromium, axe_violations, scheme):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=scheme).new_page()
        tab.goto(sealed.as_uri())
        tab.locator(".page[lang=en] .seal-button").click()
        assert tab.locator(".page[lang=en] section.truth").is_visible()
        assert axe_violations(tab) == []
        browser.close()


def test_the_button_turns_every_headline_by_the_keyboard_and_without_a_script(sealed, truths, chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
        tab = context.new_page()
        tab.goto(sealed.as_uri())
        page = tab.locator(".page[lang=en]")
        assert page.locator(".truth").count() > 6 and page.locator(".truth >> visible=true").count() == 0
        tab.locator("#seal").focus()
        tab.keyboard.press("Space")
        assert page.locator(".truth >> visible=true").count() == page.locator(".truth").count()
        assert page.locator(".tile .truth").count() == 4 and page.get_by_text("Close the seal").is_visible()
        rows = page.locator("section.truth tbody tr")
        assert rows.count() == len(truths)
        for row, truth in zip(rows.all_inner_texts(), truths, strict=True):
            assert truth.name.say("en") in row and ("✓" if truth.right else "✗") in row
        assert page.locator("main").bounding_box()["width"] <= 390
        browser.close()
