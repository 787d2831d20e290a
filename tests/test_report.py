"""What a run leaves behind: files that open, formulas that calculate, a page that stands alone."""

import html.parser
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError, charts, cli, collect, labels, language, report, segment, workflow
from course.labels import Value
from course.report import blocks, format, page, workbook
from course.report.sections import Page, clean, lifecycle, portrait
from course.templating import unbroken
from tests import shown


def result(customers=40, lines=True):
    """A run over orders with ties, a customer without orders after a refund, and every class filled."""
    random = np.random.default_rng(7)
    n = customers * 6
    # Squares crowd at the low end: a few customers order often, many once.
    owner = np.repeat(random.integers(0, customers, n // 2) ** 2 // customers, 2)
    frame = pd.DataFrame(
        {
            "order_id": [f"{1000 + i // 2}" for i in range(n)],
            "customer_id": [f"c{i:03d}" for i in owner],
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 200, n), unit="D"),
            "quantity": random.integers(1, 4, n),
            "unit_price": random.choice([1.25, 9.9, 30.0], n),
        }
    )
    frame["ordered_at"] = frame.groupby("order_id")["ordered_at"].transform("first")
    if lines:
        frame["product_id"] = [f"{i % 9}" for i in range(n)]
    return workflow.run({"orders": collect.read(frame, "orders")})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("report") / "报告 1"
    found = result(customers=160)
    return found, out, report.write(found, out, "en")


def test_all_files_are_there_and_the_answer_comes_back(written):
    found, out, answers = written
    assert {p.name for p in out.iterdir()} == {*report.FILES, "history.json"}
    assert answers[0].startswith(f"{len(found.portraits):,} customers bought for ")


def test_csv_opens_in_excel_and_equals_the_parquet(written):
    _found, out, _ = written
    assert (out / "portraits.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    text = pd.read_csv(out / "portraits.csv", encoding="utf-8-sig", dtype={"customer_id": str})
    typed = pd.read_parquet(out / "portraits.parquet")
    assert list(text.columns) == list(typed.columns)
    assert text["monetary_net"].tolist() == typed["monetary_net"].tolist()
    assert text["last_order"].tolist() == typed["last_order"].dt.strftime("%Y-%m-%d").tolist()


# --- the workbook ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "head", "name"), [("en", "Recency", "Important – value"), ("zh", "最近一次消费间隔", "重要价值")]
)
def test_the_workbook_speaks_the_language(tmp_path, lang, head, name):
    found = result()
    workbook.write(found.portraits, workflow.ledger(found), tmp_path / "p.xlsx", lang)
    sheet = openpyxl.load_workbook(tmp_path / "p.xlsx").worksheets[1]
    heads = [cell.value for cell in sheet[1]]
    assert head in heads
    column = heads.index("RFM class" if lang == "en" else "RFM 客户类型")
    assert name in [row[column].value for row in sheet.iter_rows(min_row=2)]


def calculated(path, soffice, tmp_path):
    """The workbook as LibreOffice calculates it, from formulas alone: stored values are removed first."""
    book = openpyxl.load_workbook(path)  # openpyxl keeps formulas and drops the stored values
    bare = tmp_path / "bare.xlsx"
    book.save(bare)
    home = (tmp_path / "office").as_uri()
    command = [soffice, f"-env:UserInstallation={home}", "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"]
    subprocess.run([*command, "--outdir", str(tmp_path / "calculated"), str(bare)], check=True, capture_output=True)
    return openpyxl.load_workbook(tmp_path / "calculated" / "bare.xlsx", data_only=True)


def test_live_formulas_give_the_scores_and_classes_of_python(tmp_path, soffice):
    found = result(customers=90)
    workbook.write(found.portraits, workflow.ledger(found), tmp_path / "p.xlsx", "en")
    book = calculated(tmp_path / "p.xlsx", soffice, tmp_path)
    rows = list(book["RFM"].iter_rows(min_row=2, values_only=True))
    got = pd.DataFrame(rows, columns=["customer_id", "recency_days", "frequency", "monetary_net", *"rfm", "rfm_class"])
    portraits = found.portraits
    assert got["customer_id"].tolist() == portraits["customer_id"].tolist()
    assert got[list("rfm")].to_numpy(dtype=int).tolist() == portraits[list("rfm")].to_numpy(dtype=int).tolist()
    english = [report.words.class_label(c, "en") for c in portraits["rfm_class"]]
    assert got["rfm_class"].tolist() == english
    assert len(set(english)) > 4


def test_a_changed_figure_changes_its_score(tmp_path, soffice):
    found = result(customers=90)
    workbook.write(found.portraits, workflow.ledger(found), tmp_path / "p.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    poorest = int(found.portraits["monetary_net"].astype(float).idxmin())
    book["RFM"].cell(poorest + 2, 4).value = 1_000_000
    book.save(tmp_path / "changed.xlsx")
    changed = found.portraits.copy()
    changed.loc[poorest, "monetary_net"] = 1_000_000.0
    sheet = calculated(tmp_path / "changed.xlsx", soffice, tmp_path)["RFM"]
    assert [int(row[6]) for row in sheet.iter_rows(min_row=2, values_only=True)] == segment.scores(changed)[
        "m"
    ].tolist()


@settings(max_examples=60)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.booleans())
def test_the_sheet_s_thresholds_are_the_scores(values, large_is_good):
    """The rule that the formula spells out, against the ranks: a threshold is the first value past k·n/5."""
    ranked = pd.Series(sorted(values, reverse=not large_is_good))
    n = len(ranked)
    average = ranked.rank(method="average", ascending=large_is_good)
    expected = [int(np.ceil(5 * r / n - 1e-9)) for r in average]
    limits = []
    for k in range(1, 5):
        edge = ranked.iloc[k * n // 5]
        rank = average[ranked == edge].iloc[0]
        beyond = ranked[ranked > edge] if large_is_good else ranked[ranked < edge]
        limits.append(edge if rank * 5 > k * n else (beyond.iloc[0] if len(beyond) else None))
    reached = [sum(t is not None and (v >= t if large_is_good else v <= t) for t in limits) + 1 for v in ranked]
    assert reached == expected


# --- the page --------------------------------------------------------------------------------------------------------


class Elements(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))


def test_the_page_stands_alone_and_speaks_both_languages(written):
    _, out, _ = written
    text = (out / "report.html").read_text(encoding="utf-8")
    elements = Elements(text).found
    assert not [t for t, a in elements if t in ("script", "link", "iframe", "img", "object")]
    references = [v for _, a in elements for k, v in a.items() if k in ("src", "href", "xlink:href") and v]
    assert all(r.startswith(("#", "explorer.html#")) for r in references)
    assert [a["lang"] for t, a in elements if t == "main"] == ["en", "zh"]
    charts_found = [a for t, a in elements if t == "svg"]
    assert len(charts_found) >= 8 and len(charts_found) % 2 == 0
    assert all(a.get("role") == "img" and len(a.get("aria-label", "")) > 4 for a in charts_found)
    for head in ("<h2>", "<h3"):
        both = [part.count(head) for part in text.split("<main")[1:]]
        assert both[0] == both[1] > 5


def test_the_answer_comes_first(written):
    _, out, answers = written
    text = (out / "report.html").read_text(encoding="utf-8")
    assert text.index("<h1") < text.index('class="tiles') < text.index("<h2>")
    assert "95% interval" in " ".join(answers)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_figure_is_shown_that_the_ledger_does_not_hold(written, lang):
    assert shown.not_in_the_ledger(written[0], lang) == []


def test_thresholds_of_every_score_are_in_the_page():
    found = result(customers=160)
    text, _ = page.render(found, workflow.ledger(found), "en")
    told = found.found["segment"].thresholds["customers"].notna()  # of a few customers nothing is told
    rows = segment.thresholds(found.portraits.dropna(subset="frequency"))[told]
    assert told.sum() > 5
    for row in rows.itertuples():
        if row.dimension != "m":
            assert f"{row.lowest:,.0f} – {row.highest:,.0f}" in text


def test_the_interval_of_a_share_agrees_with_the_bootstrap():
    random = np.random.default_rng(1)
    customers = pd.DataFrame({"monetary_net": random.lognormal(4, 1, 3_000)})
    mask = pd.Series(random.random(3_000) < 0.3)
    share, low, high = segment.money_share(customers, mask)
    money, chosen = customers["monetary_net"].to_numpy(), mask.to_numpy()
    drawn = random.integers(0, 3_000, (2_000, 3_000))
    shares = (money[drawn] * chosen[drawn]).sum(axis=1) / money[drawn].sum(axis=1)
    assert share == pytest.approx(money[chosen].sum() / money.sum())
    assert (low, high) == pytest.approx(tuple(np.percentile(shares, [2.5, 97.5])), abs=0.004)


def test_figures_are_the_same_text_every_time():
    drawn = []
    for _ in range(2):
        with charts.drawing() as (figure, axes):
            axes.plot([1, 2], [3, 4])
            axes.set_xlabel("金额")
            drawn.append(charts.svg(figure, 'a "title" <b>'))
    assert drawn[0] == drawn[1]
    assert 'aria-label="a &quot;title&quot; &lt;b&gt;"' in drawn[0]


@pytest.mark.parametrize(
    ("value", "currency", "en", "zh"),
    [
        (3_056_694.59, "CNY", "¥3.06m", "305.7 万元"),
        (315_949, "CNY", "¥316k", "31.6 万元"),
        (12_345, "GBP", "£12.3k", "1.2 万英镑"),
        (4_979.4, "CNY", "¥4,979", "4,979 元"),
        (62.2, "USD", "$62.20", "62.20 美元"),
        (-1_234_567, "EUR", "−€1.23m", "−123.5 万欧元"),
        (2.5e9, None, "2.50bn", "25.00 亿"),
        (999_999, "CNY", "¥1.00m", "100.0 万元"),  # what is rounded up is said in the size it reaches
        (9_999.7, "CNY", "¥10,000", "10,000 元"),
        (99_999_999, "CNY", "¥100.00m", "1.00 亿元"),
        (500, "CHF", "CHF 500", "500 瑞士法郎"),
        (0, "CNY", "¥0", "0 元"),
        (-0.001, "CNY", "¥0", "0 元"),
        (float("nan"), "CNY", "–", "–"),
    ],
)
def test_money_as_each_language_writes_it(value, currency, en, zh):
    assert (format.money(value, "en", currency), format.money(value, "zh", currency)) == (en, zh)


@pytest.mark.parametrize(
    ("low", "high", "en", "zh"),
    [
        (2_881_000, 3_233_000, "¥2.88–3.23m", "288.1–323.3 万元"),
        (9_464, 62_200, "¥9,464–¥62.2k", "9,464 元–6.2 万元"),
        (-500, 1_200, "−¥500 to ¥1,200", "−500 元至 1,200 元"),
    ],
)
def test_a_range_says_currency_and_size_once(low, high, en, zh):
    assert (format.money_range(low, high, "en", "CNY"), format.money_range(low, high, "zh", "CNY")) == (en, zh)


def test_an_axis_is_without_noughts_behind_the_point():
    said = [(format.axis(v, "en"), format.axis(v, "zh")) for v in (0, 400_000, 12_500, 1_500_000)]
    assert said == [("0", "0"), ("400k", "40 万"), ("12.5k", "1.2 万"), ("1.50m", "150 万")]


def test_a_range_and_an_option_are_not_broken_and_what_is_hostile_stays_text():
    said = unbroken('half of them ¥823–2,876 & <b>, "68%–72%": say --blank score=70; A – B')
    assert str(said) == (
        'half of them <span class="whole">¥823–2,876</span> &amp; &lt;b&gt;, &#34;<span class="whole">68%–72%</span>'
        '&#34;: say <span class="whole">--blank</span> score=70; A – B'
    )


def test_nought_is_0_and_cents_are_written_where_there_are_any():
    assert [blocks.full(v) for v in (0, 0.5, 65.0, 1234.5, None)] == ["0", "0.50", "65", "1,234", "–"]


def test_a_column_that_tells_nothing_is_no_column():
    table = clean._told(["surveys", "", "Rows", "Money"], [["received", "", "4", "–"]], ["valid", "", "4", "–"])
    assert table["table"]["head"] == ["surveys", "", "Rows"]
    assert [row["cells"] for row in table["table"]["rows"]] == [["received", "", "4"], ["valid", "", "4"]]


def test_who_is_at_risk_is_told_where_the_lost_are_a_few():
    standing = pd.DataFrame({"stage": ["loyal", "at_risk", "lost"], "customers": [70, 15, None]})
    found = SimpleNamespace(
        table=standing, limits=pd.DataFrame({"at_risk_days": [40.0]}), silent_money_share=None, links=None
    )
    found.warning = found.chance = None
    said = "15 customers are silent for longer than is normal for them (at risk)."
    assert lifecycle.answers(Page(None, {}, "en"), found) == [said]
    found.table = standing.assign(customers=[70, None, 12])
    assert lifecycle.answers(Page(None, {}, "en"), found) == []


def test_a_card_s_key_speaks_of_the_marks_that_are_drawn():
    orders_only = pd.DataFrame({"kind": ["order", "visit"]})
    assert portrait.key(Page(None, {}, "en"), orders_only) == "Columns: orders by amount."
    assert portrait.key(Page(None, {}, "zh"), pd.DataFrame({"kind": ["control"]})) == "方块：活动，空心表示在对照组。"


def test_what_was_added_up_is_to_the_cent_while_it_is_small():
    for value, en, zh in (
        (247.37, "$247.37", "247.37 美元"),
        (9_464.5, "$9,464.50", "9,464.50 美元"),
        (300.0, "$300", "300 美元"),
        (-12.5, "−$12.50", "−12.50 美元"),
        (12_345.67, "$12.3k", "1.2 万美元"),
        (9_999.999, "$10,000", "10,000 美元"),
        (float("nan"), "–", "–"),
    ):
        assert (format.counted(value, "en", "USD"), format.counted(value, "zh", "USD")) == (en, zh)


def test_a_day_in_a_sentence_is_written_as_its_language_does():
    said = language.Label("on {day:day}", "在 {day:day}", day=pd.Timestamp("2024-07-03"))
    assert (said.say("en"), said.say("zh")) == ("on 3 Jul 2024", "在 2024 年 7 月 3 日")


def test_days_months_and_minus_signs():
    day = pd.Timestamp("2024-12-31")
    assert (format.day(day, "en"), format.day(day, "zh")) == ("31 Dec 2024", "2024 年 12 月 31 日")
    assert (format.month(day, "en"), format.month(day, "zh")) == ("Dec 2024", "2024 年 12 月")
    said = "from -0.5 to -12%, not 2024-12-31, C-1, --blank or 3-4"
    assert format.minus(said) == "from −0.5 to −12%, not 2024-12-31, C-1, --blank or 3-4"


def test_the_report_draws_without_matplotlib():
    code = "import sys, course.report; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_of_values_and_of_the_company_come_from_the_recipe():
    found = result(customers=60)
    found.recipe.company = "Tea & <b>Co</b>"
    found.recipe.labels = {"top_category": {"tea": {"en": "Leaves", "zh": "茶"}}}
    html, _ = page.render(found, workflow.ledger(found), "en")
    assert "Tea &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    shown_ = Page(found, workflow.ledger(found), "zh")
    with labels.names(found.recipe.labels):
        assert shown_.value("top_category", "tea") == "茶"
        assert shown_.value("main_channel", "mini_program") == "小程序"  # the kit's own
        assert shown_.value("top_category", "$<x>") == "$<x>"
    assert Value("top_category", "tea").say("en") == "tea"  # files and lessons hold what the data have


@pytest.mark.parametrize("width", [1280, 390])
def test_in_chromium_the_page_fits_toggles_by_keyboard_and_calls_nobody(written, chromium, width):
    from playwright.sync_api import sync_playwright

    _, out, _ = written
    requests = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page(viewport={"width": width, "height": 900})
        tab.on("request", lambda request: requests.append(request.url))
        tab.goto((out / "report.html").as_uri())
        assert tab.locator("main[lang=en]").is_visible()
        assert not tab.locator("main[lang=zh]").is_visible()
        tab.locator("#lang-en").focus()
        tab.keyboard.press("ArrowRight")
        assert tab.locator("main[lang=zh]").is_visible()
        assert "重要价值" in tab.locator("main[lang=zh] h1").inner_text()
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.emulate_media(media="print")
        assert not tab.locator("main[lang=zh]").locator("xpath=..").locator("nav.side").is_visible()
        browser.close()
    assert len(requests) == 1


# --- complete or absent ----------------------------------------------------------------------------------------------


def test_a_folder_with_something_in_it_is_never_written_over(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    report.write(result(), out)  # an empty one is fine
    kept = (out / "ledger.json").read_bytes()
    with pytest.raises(DataError, match="exists already"):
        report.write(result(), out)
    assert (out / "ledger.json").read_bytes() == kept


def test_when_writing_fails_nothing_is_left(tmp_path, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page, "render", full)
    with pytest.raises(DataError, match="disk is full"):
        report.write(result(), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])
def test_texts_that_look_like_formulas_are_made_harmless(text):
    assert report.harmless(pd.Series([text, "plain", None], dtype="str")).tolist()[:2] == ["'" + text, "plain"]


def test_help_is_in_the_reader_s_language(capsys):
    with pytest.raises(SystemExit):
        cli.main(["run", "--help", "--lang", "zh"])
    assert "输出文件夹" in capsys.readouterr().out


def test_no_private_names_in_what_is_written(written):
    _, out, _ = written
    for path in out.iterdir():
        assert str(Path.home()).encode() not in path.read_bytes()
