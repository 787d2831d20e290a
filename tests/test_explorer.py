"""The explorer, driven in a real browser: its counts are pandas's, its intervals the kit's, and it tells nobody's words
to the browser as anything but text."""

import base64
import gzip
import io
import json
import math
import re
import shutil
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from scipy.stats import false_discovery_control, norm

from course import DataError, cli, explorer, intervals, nps, result, segment, tag
from course.clean import Cleaned
from course.explorer.contents import LEAST, _with_unit, averaged
from course.explorer.events import timeline
from course.explorer.notebook import explore
from tests.test_privacy import orders, run
from tests.unpacked import traces

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

#: What a value, an id, a campaign of somebody's data may be.
HOSTILE = [
    "</script><script>window.hacked=1</script>",
    '"><img src=x onerror=window.hacked=1>',
    '=HYPERLINK("https://evil.example")',
    "@SUM(1+1)",
    "javascript:window.hacked=1",
    "{{7*7}} ${window.hacked=1} {n}",
    "a,b=c&d#e?f*g..h",
    "?",
    "*",
    "100%41 \u202e\u0000 ' \\ \n",
]
SPENDERS = ("important_value", "important_keep", "important_develop", "important_win_back")


def invented(n=600, hostile=False, seed=5):
    """Portraits, events and a ledger of `n` customers, of whom some never bought."""
    rng = np.random.default_rng(seed)
    bought = rng.random(n) < 0.85

    def known(values, share=0.9):
        return pd.Series(values).where(pd.Series(rng.random(n) < share))

    ids = [f"C{i:05d}" for i in range(n)]
    cities = ["Hangzhou", "成都", "Suzhou", "Wuhan", "Qingdao"]
    if hostile:
        ids[: len(HOSTILE)] = HOSTILE
        cities += HOSTILE
    frequency = pd.Series(rng.geometric(0.4, n)).where(bought).astype("Int64")
    portraits = pd.DataFrame(
        {
            "customer_id": pd.Series(sorted(ids), dtype="str"),
            "last_order": pd.Timestamp("2024-06-30") - pd.to_timedelta(pd.Series(rng.integers(0, 400, n)), unit="D"),
            "recency_days": pd.Series(rng.integers(0, 400, n)).where(bought).astype("Int64"),
            "frequency": frequency,
            "order_days": frequency,
            "monetary_net": pd.Series(np.round(rng.lognormal(5, 1.2, n) - 20, 2)).where(bought),
            "rfm_class": pd.Series(rng.choice(list(segment.CLASSES.values()), n), dtype="str").where(bought),
            "expected_value": pd.Series(np.round(rng.lognormal(4, 1, n), 6)).where(bought),
            "stage": pd.Series(rng.choice(["prospect", "active", "loyal", "at_risk", "lost"], n), dtype="str").where(
                rng.random(n) < 0.95
            ),
            "churn_risk": known(np.round(rng.random(n), 6), 0.6),
            "alert": known(rng.random(n) < 0.1, 0.7).astype("boolean"),
            "main_channel": known(rng.choice(["app", "store", "mini_program"], n, p=[0.6, 0.3, 0.1])).astype("str"),
            "gender": known(rng.choice(["f", "m"], n)).astype("str"),
            "city": known(rng.choice(cities, n)).astype("str"),
            "tickets": rng.integers(0, 4, n),
            "survey_score": known(rng.integers(0, 11, n).astype(float), 0.4),
            "tag_high_value": known(rng.random(n) < 0.2).astype("boolean"),
            "tag_recommendation": known(rng.choice(["promoter", "passive", "detractor"], n), 0.5).astype("str"),
        }
    )
    # Women buy in the app more often: something is there to be found.
    portraits.loc[(portraits["gender"] == "f") & (rng.random(n) < 0.5), "main_channel"] = "app"
    best = (portraits["rfm_class"] == "important_value") & (portraits["stage"] == "at_risk")
    portraits["action"] = pd.Series("call", index=portraits.index, dtype="str").where(best)
    return portraits, events(portraits, rng, hostile), ledger(portraits)


def events(portraits, rng, hostile):
    owner = rng.choice(portraits["customer_id"], 4 * len(portraits))
    kind = rng.choice(["order", "visit", "ticket", "answer", "campaign", "control"], len(owner))
    value = np.where(kind == "order", np.round(rng.lognormal(4, 1, len(owner)), 2), rng.integers(1, 9, len(owner)))
    value = np.where(kind == "answer", rng.integers(0, 11, len(owner)), value)
    words = HOSTILE if hostile else ["delivery", "退货"]
    what = pd.Series(rng.choice(words, len(owner)), dtype="str").where(np.isin(kind, ["ticket", "campaign", "control"]))
    days = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 540, len(owner)), unit="D")
    return pd.DataFrame(
        {
            "customer_id": pd.Series(owner, dtype="str"),
            "day": days.astype("datetime64[s]"),
            "kind": pd.Series(kind, dtype="str"),
            "value": np.where(np.isin(kind, ["ticket", "campaign", "control"]), np.nan, value),
            "what": what,
        }
    )


def ledger(portraits):
    recommendation = {v: {"en": v.title(), "zh": v} for v in ("promoter", "passive", "detractor")}
    high = {"en": "High value", "zh": "高价值", "definition": {"en": "In the top fifth.", "zh": "前五分之一。"}}
    tags = {
        "high_value": high | {"needs": ["monetary_net"]},
        "recommendation": high
        | {"en": "Recommends", "zh": "推荐意愿", "needs": ["survey_score"], "values": recommendation},
    }
    limits = [
        {"band": "1", "from_order_days": 1, "at_risk_days": 120, "lost_days": 300},
        {"band": "2+", "from_order_days": 2, "at_risk_days": 60, "lost_days": 200},
    ]
    return {
        "customers": len(portraits),
        "as_of": "2024-06-30",
        "currency": "CNY",
        "lang": "en",
        "parameters": {},
        "findings": {
            "tags": tags,
            "segments": {"cuts": {"r": 149, "f": 2, "m": 346.4}},
            "lifecycle": {"thresholds": limits, "early_warning": {"horizon": 105}},
            "forecast": {"horizon_weeks": 52, "low": 1000.0, "high": 9000.0},
            "actions": [
                {
                    "key": "call",
                    "label": {"en": "Call before they leave", "zh": "流失前致电"},
                    "audience": "action=call",
                    "needs": ["stage", "monetary_net", "churn_risk"],
                    "stake": {"expected": 500.0, "low": 200.0, "high": 800.0},
                }
            ],
            "clv": {"classes": [{"rfm_class": "important_value", "low": 100.0, "high": 900.0}]},
        },
    }


@pytest.fixture(scope="module")
def browser(chromium):
    """Chromium, for all tests of this file."""
    with sync_api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser, tmp_path):
    """opened(html, hash, width, scheme): a tab with that page. Whatever it asks of the network or throws, fails."""
    tabs, faults = [], []

    def open_(html, state="", width=1280, scheme="light"):
        file = tmp_path / f"{len(tabs)}.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 860}, color_scheme=scheme, accept_downloads=True
        )
        tab = context.new_page()
        tab.on(
            "request", lambda r: None if r.url.startswith((file.as_uri(), "data:", "blob:")) else faults.append(r.url)
        )
        tab.on("pageerror", lambda e: faults.append(str(e)))
        tab.on("dialog", lambda d: (faults.append(d.message), d.dismiss()))
        tab.goto(f"{file.as_uri()}#{state}")
        tab.wait_for_selector("#explorer[data-first]")
        tabs.append(context)
        return tab

    yield open_
    for context in tabs:
        context.close()
    assert faults == []


@pytest.fixture(scope="module")
def small():
    """600 invented customers and their page."""
    data = invented()
    return data, explorer.page(*data, "en")


#: Go to a state and read what the page shows.
VISIT = """async states => {
    const root = document.getElementById("explorer"), out = [];
    for (const state of states) {
        location.hash = state;
        await new Promise(done => addEventListener("hashchange", () => setTimeout(done), {once: true}));
        const value = name => root.querySelector(`[data-tile=${name}] dd`)?.dataset.value ?? null;
        const lines = [...root.querySelectorAll("fieldset")].find(
            f => f.querySelector("legend").textContent.startsWith("Stage")).querySelectorAll(".value .count");
        out.push({
            n: root.dataset.customers, money: value("money"), expected: value("expected"), risk: value("at_risk"),
            nps: value("nps"), stages: [...lines].map(line => line.textContent),
        });
    }
    return out;
}"""


def drawn(portraits, rng):
    """A random filter: (as a link has it, whom it chooses, the same without the filter on the stage)."""
    parts, chosen, others = [], pd.Series(True, index=portraits.index), pd.Series(True, index=portraits.index)
    words = ["rfm_class", "stage", "gender", "city", "main_channel", "alert", "tag_high_value", "tag_recommendation"]
    figures = ["monetary_net", "expected_value", "recency_days", "frequency", "churn_risk", "survey_score", "tickets"]
    for column in rng.choice([*words, *figures], rng.integers(1, 4), replace=False):
        cells = portraits[column]
        if column in words:
            values = sorted(cells.dropna().unique().tolist())
            wanted = [v for v in values if rng.random() < 0.5] or values[:1]
            blank = rng.random() < 0.3
            mask = (cells.isin(wanted) | (cells.isna() if blank else False)).fillna(False).astype(bool)
            text = [{True: "yes", False: "no"}.get(v, v) if isinstance(v, bool) else quote(v, safe="") for v in wanted]
            parts.append(f"{column}={','.join(v.replace('*', '%2A') for v in text + (['?'] if blank else []))}")
        else:
            low, high = sorted(float(v) for v in rng.choice(cells.dropna(), 2))
            low, high = (low, math.inf) if rng.random() < 0.3 else (low, high)
            mask = ((cells >= low) & (cells <= high)).fillna(False).astype(bool)
            parts.append(f"{column}={low!r}..{'' if math.isinf(high) else repr(high)}")
        chosen &= mask
        others &= mask if column != "stage" else True
    return "&".join(parts), chosen, others


def test_counts_and_sums_of_300_random_filters_are_those_of_pandas(opened):
    portraits, happened, book = invented(hostile=True)
    tab, rng = opened(explorer.page(portraits, happened, book, "en")), np.random.default_rng(11)
    filters = [drawn(portraits, rng) for _ in range(300)]
    assert sum(0 < mask.sum() < len(portraits) for _, mask, _ in filters) > 200
    answers = happened[happened["kind"] == "answer"]
    order = ["prospect", "first_purchase", "active", "loyal", "at_risk", "lost"]
    for (state, mask, others), shown in zip(filters, tab.evaluate(VISIT, [f for f, _, _ in filters]), strict=True):
        rows = portraits[mask]
        assert int(shown["n"]) == len(rows), state
        assert float(shown["money"]) == pytest.approx(rows["monetary_net"].sum(), abs=1e-6), state
        assert float(shown["expected"]) == pytest.approx(rows["expected_value"].sum(), abs=1e-6), state
        assert int(shown["risk"]) == (rows["stage"] == "at_risk").sum(), state
        given = answers.loc[answers["customer_id"].isin(rows["customer_id"]), "value"]
        if len(given) >= 30 and "survey_score" not in state and "recommendation" not in state:
            assert float(shown["nps"]) == pytest.approx(100 * ((given >= 9).mean() - (given <= 6).mean())), state
        else:
            assert shown["nps"] is None, state
        stages = [(portraits.loc[others, "stage"] == s).sum() for s in order]
        assert [int(k.replace(",", "")) for k in shown["stages"]] == [
            *stages,
            portraits.loc[others, "stage"].isna().sum(),
        ]


def test_its_statistics_are_those_of_the_kit(opened, small):
    tab, rng = opened(small[1]), np.random.default_rng(2)
    pairs = [(0, 7), (7, 7), (3, 10), (1, 5000), (4999, 5000), *((int(k), 40) for k in rng.integers(0, 41, 20))]
    got = tab.evaluate("pairs => pairs.map(([k, n]) => explorer.statistics.wilson(k, n))", pairs)
    assert got == [pytest.approx(list(intervals.wilson(k, n)), abs=1e-13) for k, n in pairs]
    values, chosen = np.round(rng.lognormal(5, 1, 300), 2), rng.random(300) < 0.3
    sums = [values[chosen].sum(), (values[chosen] ** 2).sum(), values.sum(), (values**2).sum()]
    assert tab.evaluate("s => explorer.statistics.shareOfSum(...s)", sums) == pytest.approx(
        list(intervals.share_of_sum(values, chosen)), abs=1e-12
    )
    counts = [(0, 30, 50, 300), (12, 30, 50, 300), (30, 30, 50, 300), (1, 4, 200, 300)]
    got = tab.evaluate("rows => rows.map(r => explorer.statistics.tgi(...r))", counts)
    assert got == [pytest.approx(list(tag.tgi(*row)), rel=1e-12) for row in counts]
    for scores in ([9, 10, 3, 7], [10], [0, 0, 0], list(range(11)) * 5):
        found = nps.score(scores, check_scale=False)
        said = [sum(s >= 9 for s in scores), sum(7 <= s <= 8 for s in scores), sum(s <= 6 for s in scores)]
        got = tab.evaluate("s => explorer.statistics.nps(...s)", said)
        assert got == pytest.approx([found.value, found.low, found.high], abs=1e-10)
    p = rng.random(40) ** 3
    assert tab.evaluate("p => explorer.statistics.qValues(p)", p.tolist()) == pytest.approx(
        intervals.q_values(p).tolist(), rel=1e-12
    )
    z = [0, 0.3, 1.5, 2.8, 2.9, 5.0, 12.0]
    got = tab.evaluate("z => z.map(v => explorer.statistics.erfc(v / Math.SQRT2))", z)
    assert got == pytest.approx((2 * norm.sf(z)).tolist(), rel=1e-12)


COMPARED = """([state, versus]) => {
    const {customers, filtersFromText} = explorer, chosen = s => customers.chosen(filtersFromText(customers, s));
    const used = new Set([state, versus ?? ""].flatMap(s => s.split("&").map(part => part.split("=")[0])));
    return customers.compare(chosen(state), versus === null ? null : chosen(versus), used).map(f => ({
        column: f.column.key, value: f.column.values[f.code], k: f.k, n: f.n, baseK: f.baseK, baseN: f.baseN,
        tgi: f.tgi, p: f.p, q: f.q,
    }));
}"""


def test_the_profile_is_that_of_the_kit_and_its_q_values_are_of_all_comparisons(opened, small):
    (portraits, _, _), html = small
    members = portraits["gender"] == "f"
    found = pd.DataFrame(opened(html).evaluate(COMPARED, ["gender=f", None]))
    columns = [c for c in found["column"].unique()]
    assert "gender" not in columns and {"main_channel", "city", "rfm_class", "tag_high_value"} <= set(columns)
    known = portraits.assign(action=portraits["action"].fillna("none"))  # no action is proposed: nothing is unknown
    kit = tag.profile(known, members, columns).replace({"value": {"True": "yes", "False": "no"}})
    kit = kit[kit["value"] != "no"].set_index(["column", "value"])
    assert len(kit) == len(found)
    for row in found.itertuples():
        own = kit.loc[(row.column, row.value)]
        assert (row.k, row.n, row.baseK, row.baseN) == tuple(own[["in_group", "group", "in_base", "base"]])
        assert row.tgi == pytest.approx(own[["tgi", "low", "high"]].tolist())
    # Against everybody else, by the plain formula: z of two shares, pooled.
    a, n, b, m = found["k"], found["n"], found["baseK"] - found["k"], found["baseN"] - found["n"]
    pooled = (a + b) / (n + m)
    p = 2 * norm.sf(abs((a / n - b / m) / np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))))
    tested = np.minimum(n, m) * np.minimum(pooled, 1 - pooled) >= 5
    assert (found["p"].notna() == tested).all() and tested.any()
    assert found["p"][tested].tolist() == pytest.approx(p[tested].tolist(), rel=1e-9)
    assert found["q"][tested].tolist() == pytest.approx(false_discovery_control(p[tested]).tolist(), rel=1e-9)
    hot = found[(found["q"] < 0.05)]
    assert set(zip(hot["column"], hot["value"], strict=True)) >= {("main_channel", "app")}


def test_two_audiences_that_overlap_are_compared_as_their_covariance_says(opened, small):
    (portraits, _, _), html = small
    one, other = portraits["city"].isin(["成都", "Suzhou"]), portraits["city"].isin(["Suzhou", "Wuhan", "Qingdao"])
    state, versus = "city=%E6%88%90%E9%83%BD,Suzhou", "city=Suzhou,Wuhan,Qingdao"
    found = pd.DataFrame(opened(html).evaluate(COMPARED, [state, versus]))
    row = found[(found["column"] == "main_channel") & (found["value"] == "app")].iloc[0]
    x, known = (portraits["main_channel"] == "app").astype(float), portraits["main_channel"].notna()
    a, b = known & one, known & other
    pooled = x[a | b].mean()
    weight = a / a.sum() - b / b.sum()  # the gap is this weighted sum of independent customers
    z = (weight * x).sum() / math.sqrt(pooled * (1 - pooled) * (weight**2).sum())
    assert row["p"] == pytest.approx(2 * norm.sf(abs(z)), rel=1e-9)
    assert (row["k"], row["baseK"]) == (x[a].sum(), x[b].sum())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_what_a_run_did_not_have_is_not_there(opened, lang, shared):
    """Customers only, a survey only without dates, one customer, nobody who bought anything."""
    nothing = events(invented(5)[0], np.random.default_rng(1), False).iloc[:0]
    bare = {"as_of": None, "currency": None, "parameters": {}, "findings": {}, "lang": lang}
    people = pd.DataFrame({"customer_id": ["a", "b"] * 20, "gender": pd.Series(["f", None] * 20, dtype="str")})
    people["customer_id"] = [f"c{i}" for i in range(40)]
    answers = pd.DataFrame({"customer_id": [f"row-{i}" for i in range(40)], "survey_score": np.arange(40.0) % 11})
    said = pd.DataFrame(
        {"customer_id": answers["customer_id"], "day": pd.NaT, "kind": "answer", "value": answers["survey_score"]}
    )
    said = said.assign(what=None).astype(nothing.dtypes)
    one, happened, book = invented(1)
    back = invented(40)[0].assign(monetary_net=0.0, expected_value=0.0)
    cases = [(people, nothing, bare), (answers, said, bare), (one, happened, book), (back, nothing, ledger(back))]
    for portraits, timeline_, found in cases:
        html = explorer.page(portraits, timeline_, found | {"customers": len(portraits)}, lang, shared=shared)
        for state in ("", "tab=list", f"card={portraits['customer_id'][0]}", "survey_score=9..", "versus="):
            tab = opened(html, state)
            text = tab.locator("#explorer").inner_text()
            assert not re.search(r"NaN|undefined|null|None|Infinity|\{\w+\}", text), text
            assert len(portraits) < 40 or state == "survey_score=9.." or "40" in text
            tab.context.close()


def test_of_too_many_customers_those_who_brought_most_are_in_the_page_and_it_says_so(opened, monkeypatch):
    portraits, happened, book = invented(60)
    monkeypatch.setattr("course.explorer.contents.MOST_CUSTOMERS", 20)
    tab = opened(explorer.page(portraits, happened, book, "en"), "sort=-monetary_net&tab=list")
    assert "Only the 20 customers who brought most are in this page, of 60" in tab.locator(".remark").inner_text()
    first = portraits.sort_values("monetary_net", ascending=False)["customer_id"].head(20)
    assert tab.locator(".list tbody button").all_inner_texts() == first.tolist()


# --- whose words they are ---------------------------------------------------------------------------------------------


def test_hostile_text_is_text_in_every_field_and_no_formula_in_the_file(opened):
    portraits, happened, book = invented(hostile=True)
    for entry in book["findings"]["tags"].values():
        entry |= {"en": HOSTILE[0], "zh": HOSTILE[1], "definition": {"en": HOSTILE[1], "zh": HOSTILE[0]}}
    html = explorer.page(portraits, happened, book, "en")
    assert html.count("</script>") == 2
    tab = opened(html)
    elements = set()
    for name in HOSTILE:
        tab.evaluate(VISIT, [f"tab=list&sort=id&q={quote(name, safe='')}&card={quote(name, safe='')}&lang=en"])
        assert tab.locator("#who").inner_text().split() == name.replace("\0", "\ufffd").split() or "\0" in name
        elements |= set(tab.evaluate("[...document.querySelectorAll('#explorer *')].map(e => e.localName)"))
    assert not elements & {"img", "script", "iframe", "object", "link"}
    assert tab.evaluate("window.hacked === undefined")
    with tab.expect_download() as download:
        tab.evaluate(VISIT, ["tab=list&lang=en"])
        tab.get_by_role("button", name="Save as CSV").click()
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    table = pd.read_csv(io.StringIO(text), dtype="str", keep_default_na=False)
    assert len(table) == len(portraits)
    for cell in table.to_numpy().ravel():
        assert not re.match(r"[=+@＝＋－＠\t\r\n]|-(?![\d.]+$)", cell), cell
    plain = set(table["customer_id"].str.removeprefix("'"))
    assert plain == set(portraits["customer_id"])


def test_the_saved_file_is_the_audience(opened, small):
    (portraits, _, _), html = small
    tab = opened(html, "stage=at_risk&monetary_net=100..&tab=list")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save as CSV").click()
    table = pd.read_csv(download.value.path(), encoding="utf-8-sig")
    rows = portraits[(portraits["stage"] == "at_risk") & (portraits["monetary_net"] >= 100)]
    rows = rows.sort_values(["expected_value", "customer_id"], ascending=[False, True])
    assert table["customer_id"].tolist() == rows["customer_id"].tolist()
    for column in ("monetary_net", "expected_value", "churn_risk"):
        assert table[column].tolist() == pytest.approx(rows[column].tolist(), nan_ok=True)


def test_the_saved_file_says_who_is_left_out_of_an_action(opened, small):
    """As actions.csv does: by a lot drawn from action and number."""
    (portraits, _, _), html = small
    tab = opened(html, "tab=list&sort=id")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save as CSV").click()
    table = pd.read_csv(download.value.path(), encoding="utf-8-sig")
    called = (portraits["action"] == "call").to_numpy()
    lots = [int(sha256(f"call {one}".encode()).hexdigest()[:13], 16) / 16**13 for one in table["customer_id"]]
    arms = np.where(called, np.where(np.array(lots) < 0.2, "left out", "act"), "")
    assert table["arm"].fillna("").tolist() == arms.tolist()
    assert table["action"].tolist() == np.where(called, "call", "none").tolist() and "left out" in arms


def test_the_list_of_an_action_has_its_stake_and_no_finding_that_chose_it(opened, small):
    (portraits, _, _), html = small
    tab = opened(html, "action=call")
    assert tab.locator("#explorer").get_attribute("data-customers") == str((portraits["action"] == "call").sum())
    assert "95% interval ¥200 to ¥800" in tab.locator("[data-tile=expected]").inner_text()
    apart = tab.locator("#panel").inner_text()
    assert "Gender" in apart and not re.search("Stage of life|High value|RFM class", apart)
    none = opened(html, "action=none")
    assert none.locator("#explorer").get_attribute("data-customers") == str(portraits["action"].isna().sum())
    assert "Action: none proposed" in none.locator("#explorer").inner_text()
    assert opened(html, "action=?").locator("#explorer").get_attribute("data-customers") == "0"


def test_a_link_brings_back_what_was_seen(opened, small):
    (portraits, _, _), html = small
    tab = opened(html)
    tab.get_by_role("button", name="Call before they leave").click()
    tab.get_by_role("tab", name="List").click()
    tab.locator(".list tbody button").nth(2).click()
    seen, who = tab.evaluate("location.hash"), tab.locator("#who").inner_text()
    again = opened(html, seen[1:])
    best = portraits[(portraits["rfm_class"] == "important_value") & (portraits["stage"] == "at_risk")]
    assert again.locator("#explorer").get_attribute("data-customers") == str(len(best))
    assert again.locator("#who").inner_text() == who
    assert who == best.sort_values(["expected_value", "customer_id"], ascending=[False, True])["customer_id"].iloc[2]
    broken = opened(html, "monetary_net=a..b&income=x&tab=x&sort=y&card=z&vs=%")
    assert broken.locator("#explorer").get_attribute("data-customers") == str(len(portraits))
    assert "left out: monetary_net=a..b, income=x, vs=%, z." in broken.locator(".remark").inner_text()
    # What nobody has is not everybody.
    for nobody in ("stage=first_purchase", "city=Atlantis", "city=%E0%A4%A"):
        assert opened(html, nobody).locator("#explorer").get_attribute("data-customers") == "0"


# --- reading and reaching ---------------------------------------------------------------------------------------------


STATES = ("", "stage=at_risk&versus=gender%3Df", "tab=list&sort=id&card=C00007")


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])
def test_axe_finds_no_violation(opened, small, axe_violations, lang, scheme, shared):
    html = explorer.page(*small[0], lang, shared=shared)
    for width in (1280, 390):
        for state in STATES[: 2 if shared else 3]:
            tab = opened(html, state, width, scheme)
            assert axe_violations(tab) == [], (width, state)


def test_the_keyboard_alone_filters_lists_and_opens_a_card(opened, small):
    (portraits, _, _), html = small
    tab = opened(html)
    keys = tab.keyboard
    keys.press("/")
    assert tab.evaluate("document.activeElement.id") == "search"
    for _ in range(40):
        keys.press("Tab")
        if tab.evaluate("document.activeElement.closest('label')?.textContent.startsWith('at risk') ?? false"):
            break
    keys.press("Space")
    risk = portraits[portraits["stage"] == "at_risk"]
    assert tab.locator("#explorer").get_attribute("data-customers") == str(len(risk))
    assert tab.evaluate("document.activeElement.checked")  # one stays where one was
    for _ in range(80):
        keys.press("Tab")
        if tab.evaluate("document.activeElement.getAttribute('role') === 'tab'"):
            break
    keys.press("ArrowRight")
    assert tab.evaluate("document.activeElement.id") == "tab-list"
    for _ in range(20):
        keys.press("Tab")
        if tab.evaluate("document.activeElement.dataset.row !== undefined"):
            break
    for _ in range(60):
        keys.press("ArrowDown")
    order = risk.sort_values(["expected_value", "customer_id"], ascending=[False, True])["customer_id"].tolist()
    assert tab.evaluate("document.activeElement.textContent") == order[60]
    keys.press("Enter")
    assert tab.locator("#who").inner_text() == order[60] and tab.evaluate("document.activeElement.role") == "dialog"
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    assert tab.locator("#who").inner_text() == order[61]
    keys.press("Escape")
    assert not tab.locator(".card").is_visible()
    assert tab.evaluate("document.activeElement.textContent") == order[61]


@pytest.mark.parametrize("state", STATES)
def test_a_phone_needs_no_sideways_scroll(opened, small, state):
    for lang in ("en", "zh"):
        tab = opened(small[1], f"{state}&lang={lang}", width=390)
        assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    if "card" in state:
        assert tab.evaluate("document.querySelector('main').inert")  # nothing behind it is reached
        tab.keyboard.press("Escape")
    tab.get_by_role("button", name=re.compile("筛选")).first.press("Enter")
    assert tab.locator(".filters").is_visible()
    tab.keyboard.press("Escape")
    assert not tab.locator(".filters").is_visible()


def test_the_card_says_what_the_row_says(opened, small):
    (portraits, happened, _), html = small
    row = portraits[portraits["stage"].eq("lost") & portraits["survey_score"].notna() & portraits["churn_risk"].notna()]
    row = row[row["frequency"] == 3].iloc[0]
    tab = opened(html, f"card={row['customer_id']}")
    text = tab.locator(".card").inner_text()
    assert f"Stage: {row['recency_days']:,} days since the last order" in text
    assert "(2+), more than 60 counts as at risk and more than 200 as lost" in text
    assert f"no order in the next 105 days: {row['churn_risk']:.0%}" in text
    assert f"from 0 to 10: {row['survey_score']:.0f}." in text
    own = happened[happened["customer_id"] == row["customer_id"]]
    assert len(own) <= 30 and tab.locator(".events tr").count() == len(own)
    drawn_ = tab.locator("svg.timeline").get_attribute("aria-label")
    assert f"order: {(own['kind'] == 'order').sum()}" in drawn_


# --- to hand on -------------------------------------------------------------------------------------------------------


def test_a_shared_explorer_holds_nobody_and_shows_no_few(opened):
    portraits, happened, book = invented(hostile=True)
    portraits.loc[:2, "city"] = "Atlantis"  # three live there
    html = explorer.page(portraits, happened, book, "en", shared=True)
    text = json.dumps(_header(html), ensure_ascii=False)
    assert "Atlantis" not in text and "ids" not in _header(html) and "C00100" not in text and "whats" not in text
    rare = portraits["city"].value_counts()
    tab = opened(html)
    assert tab.get_by_role("tab").count() == 1 and tab.locator(".card").is_hidden()
    assert tab.get_by_role("button", name="Save as CSV").count() == 0
    rng = np.random.default_rng(3)
    states = [drawn(portraits, rng)[0] for _ in range(60)]
    shown = tab.evaluate(VISIT, [s for s in states if not any(v in s for v in ("city", "..", "q="))])
    few = [s for s in shown if s["n"] == ""]
    assert all(s["money"] is None and s["risk"] is None for s in few)
    for s in shown:
        assert sum(k.startswith("<") for k in s["stages"]) != 1 or s["stages"].count("0") == len(s["stages"]) - 1
        assert not {"1", "2", "3", "4"} & set(s["stages"]) and s["n"] not in ("1", "2", "3", "4")
    assert rare["Atlantis"] == 3


def _header(html):
    content = gzip.decompress(base64.b64decode(re.search(r'id="data">([^<]*)<', html)[1]))
    return json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])


def test_amounts_to_hand_on_are_means_of_five_and_their_sums_are_kept():
    values = np.array([1.0, 2, 3, 4, 5, 100, 200, 300, 400, 500, 600, np.nan])
    within = pd.Series(["a"] * 12)
    assert averaged(values, within)[:5].tolist() == [3.0] * 5
    assert averaged(values, within)[5:11].tolist() == [350.0] * 6  # the last one is not left alone
    assert math.isnan(averaged(values, within)[11])
    rng = np.random.default_rng(1)
    many, groups = rng.lognormal(5, 1, 400), pd.Series(rng.choice(["a", "b", "c"], 400))
    found = pd.Series(averaged(many, groups))
    assert found.value_counts().min() >= LEAST
    assert found.groupby(groups).sum().tolist() == pytest.approx(pd.Series(many).groupby(groups).sum().tolist())
    two = pd.Series(["b", "b", *["a"] * 8])  # two of a kind are averaged with others
    mixed = pd.Series(averaged(np.arange(10.0), two))
    assert mixed.value_counts().min() >= LEAST and mixed.sum() == 45
    assert np.isnan(averaged(np.array([1.0, 2, np.nan]), pd.Series(["a"] * 3))).all()


# --- through the command line -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The result of a run over customers 1 to 60."""
    return run(tmp_path_factory.mktemp("explorer"), orders([str(i) for i in range(1, 61)]))


def test_the_events_of_a_run_are_the_orders_behind_the_portraits(ran):
    events, portraits = result.timeline(ran), result.portraits(ran).set_index("customer_id")
    by_customer = events[events["kind"] == "order"].groupby("customer_id")["value"]
    assert by_customer.sum().round(2).to_dict() == portraits["monetary_net"].round(2).to_dict()
    assert by_customer.count().to_dict() == portraits["frequency"].to_dict()
    assert events["day"].groupby(events["customer_id"]).max().to_dict() == portraits["last_order"].to_dict()
    assert set(events) == {"customer_id", "day", "kind", "value", "what"}


def test_figures_on_both_pages_are_equal_and_of_one_base(opened, ran):
    book = result.ledger(ran)
    tab = opened((ran / "explorer.html").read_text(encoding="utf-8"))
    classes = book["findings"]["segments"]["classes"]
    shown = tab.evaluate(VISIT, [f"rfm_class={c['rfm_class']}" for c in classes])
    report = (ran / "report.html").read_text(encoding="utf-8")
    assert f"{book['findings']['segments']['overview']['customers']:,} customers bought for" in report
    for entry, got in zip(classes, shown, strict=True):
        assert int(got["n"]) == entry["customers"]
        assert float(got["money"]) == pytest.approx(entry["money"])
    largest = max(classes, key=lambda c: c["money"])
    tab.evaluate(VISIT, [f"rfm_class={largest['rfm_class']}&lang=en"])
    said = tab.locator("[data-tile=money]").inner_text()
    share, low, high = (f"{100 * largest[k]:.1f}%" for k in ("money_share", "low", "high"))
    assert f"{share} of all money (95% interval {low} to {high})" in said
    tab.evaluate(VISIT, ["lang=en"])
    forecast = book["findings"].get("forecast")
    if forecast:
        value = float(tab.locator("[data-tile=expected] dd").get_attribute("data-value"))
        assert value == pytest.approx(forecast["expected"], rel=1e-6)
    total = float(tab.locator("[data-tile=money] dd").get_attribute("data-value"))
    assert total == pytest.approx(book["findings"]["segments"]["overview"]["money"])


def test_who_is_forgotten_is_in_no_packed_byte(ran, tmp_path, opened):
    copy = tmp_path / "result"
    shutil.copytree(ran, copy)
    before = (copy / "explorer.html").read_text(encoding="utf-8")
    assert "7" in _header(before)["ids"]
    assert cli.main(["forget", str(copy), "--", "7", "8"]) == 0
    assert set(result.explorer(copy)["ids"]) == {str(i) for i in range(1, 61)} - {"7", "8"}
    assert not {"7", "8"} & set(result.timeline(copy)["customer_id"])
    tab = opened((copy / "explorer.html").read_text(encoding="utf-8"))
    assert tab.locator("#explorer").get_attribute("data-customers") == "58"
    assert "2 customers were erased" in tab.locator(".remark").inner_text()


def test_a_unique_number_that_is_forgotten_leaves_no_trace(tmp_path):
    ids = [f"QZ{7919 * i % 10**6:06d}" for i in range(30)]
    out = run(tmp_path, orders(ids))
    assert {"explorer.html (packed)", "timeline.parquet (cells)"} <= {where for where, _ in traces(out, ids[:1])}
    assert cli.main(["forget", str(out), "--", ids[0]]) == 0
    assert traces(out, ids[:1]) == []


def test_a_run_writes_an_explorer_to_hand_on_and_forgetting_keeps_it_so(tmp_path, capsys):
    ids = [f"QZ{7919 * i % 10**6:06d}" for i in range(30)]
    out = run(tmp_path, orders(ids), "--explorer", "shared")
    assert not [where for where, _ in traces(out, ids) if where.startswith("explorer")]
    assert cli.main(["forget", str(out), "--", ids[0]]) == 0
    again = tmp_path / "again"
    assert cli.main(["run", str(out / "recipe.yaml"), "--out", str(again)]) == 0  # nor does the next month's tell more
    assert result.explorer(again)["shared"]
    held = result.explorer(out)
    assert held["shared"] and held["customers"] == 29 and "ids" not in held


def test_explore_opens_the_page_of_a_result_and_refuses_another_folder(ran, tmp_path, capsys, monkeypatch):
    seen = []
    monkeypatch.setattr("webbrowser.open", seen.append)
    assert cli.main(["explore", str(ran), "--lang", "zh"]) == 0
    assert seen == [f"{(ran / 'explorer.html').resolve().as_uri()}#lang=zh"]
    assert cli.main(["explore", str(tmp_path), "--lang", "en"]) == 2
    assert "is not the result of a run: it has no explorer.html" in capsys.readouterr().err
    (tmp_path / "explorer.html").write_text("<p>mine</p>", encoding="utf-8")
    assert cli.main(["explore", str(tmp_path)]) == 2


def test_words_of_customers_are_in_no_event():
    day = pd.Timestamp("2024-01-05 10:00")
    tickets = pd.DataFrame(
        {
            "customer_id": ["a", "b", None],
            "opened_at": [day] * 3,
            "topic": ["delivery", "my number is 13800138000", "size"],
            "text": ["a long complaint"] * 3,
        }
    )
    said = {"score": [9.0, 4.0, 1.0], "comment": ["love it", "never again", "nobody's"]}
    surveys = pd.DataFrame({"customer_id": ["a", "b", None], **said})
    found = timeline({"tickets": _cleaned(tickets), "surveys": _cleaned(surveys)})
    assert found["customer_id"].tolist() == ["a", "a", "b", "b"]
    assert sorted(found["kind"]) == ["answer", "answer", "ticket", "ticket"]
    assert set(found["what"].dropna()) == {"delivery", "***"} and found["day"].notna().sum() == 2
    assert len(timeline({"tickets": _cleaned(tickets.drop(columns="customer_id"))})) == 0


def test_campaigns_keep_their_names_however_many_there_are():
    sent = pd.DataFrame(
        {
            "customer_id": ["a"] * 41,
            "campaign_id": [*(f"spring {i:02d}" for i in range(40)), "call 13800138000"],
            "sent_at": pd.Timestamp("2024-01-05"),
            "is_control": [False] * 40 + [True],
        }
    )
    found = timeline({"campaigns": _cleaned(sent)})
    assert found["what"].nunique() == 41 and "call ***" in set(found["what"])
    assert found["kind"].value_counts().to_dict() == {"campaign": 40, "control": 1}


def _cleaned(valid):
    return Cleaned("", valid, valid.iloc[:0], valid.iloc[:0], [], {}, {})


# --- below a cell of a notebook ---------------------------------------------------------------------------------------


def framed(frame):
    """The page that a frame holds."""
    html = frame._repr_html_()
    assert html.startswith('<iframe sandbox="allow-scripts allow-downloads" title="')  # no same origin, no forms
    return unescape(re.search(r'srcdoc="([^"]*)"', html)[1])


def test_in_a_notebook_the_page_of_portraits_stands_in_a_frame_of_its_own(browser, small):
    portraits = small[0][0]
    frame = explore(portraits)
    assert repr(frame) == f"Customer explorer: {len(portraits):,} customers"
    tab = browser.new_page(viewport={"width": 1280, "height": 860})
    tab.set_content(f"<!DOCTYPE html><title>cell</title>{frame._repr_html_()}")
    root = tab.frame_locator("iframe").locator("#explorer[data-first]")
    root.wait_for()
    assert root.get_attribute("data-customers") == str(len(portraits))
    root.locator("label", has_text="at risk").first.click()
    at_risk = (portraits["stage"] == "at_risk").sum()
    root.locator(f"xpath=self::*[@data-customers='{at_risk}']").wait_for()
    # There is no report beside it, and no address to copy.
    assert root.locator("a[href='report.html']").count() == root.get_by_text("Copy link").count() == 0
    tab.close()


def test_tags_of_a_notebook_are_filters_of_its_page(small):
    portraits = small[0][0]
    features = portraits[["customer_id", "monetary_net", "frequency", "recency_days", "stage"]]
    tags = tag.evaluate(tag.load(), features, "2024-12-31")
    head = _header(framed(explore(features, tags)))
    found = {c["key"]: c for c in head["categories"]}
    assert {"tag_high_value", "tag_at_risk"} & set(found) and "stage" in found
    assert all(c["about"] for c in found.values())


def test_the_folder_of_a_result_is_its_own_page(ran):
    page = (ran / "explorer.html").read_text(encoding="utf-8")
    mine = framed(explore(ran))
    assert _header(mine) == _header(page)
    with pytest.raises(DataError, match="own tags"):
        explore(ran, tags="some")
    with pytest.raises(DataError, match="not the result of a run"):
        explore(ran / "nothing")
    with pytest.raises(DataError, match="customer_id"):
        explore(pd.DataFrame({"money": [1.0]}))


def test_a_label_names_its_unit_once():
    assert [_with_unit("Recency", "days", "en"), _with_unit("Order days", "days", "en")] == [
        "Recency, days",
        "Order days",
    ]
    assert _with_unit("消费天数", "days", "zh") == "消费天数"
