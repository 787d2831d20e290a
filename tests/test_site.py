"""The lessons as pages: what is folded, what leads where; built whole where Sphinx is installed."""

import importlib.util
import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from course import cli, extras
from course.authoring import read
from course.authoring import site as site_room
from course.authoring.execute import _settled
from course.authoring.site import _cells, _glossary, _home, _outputs, _told
from course.classroom import pictures
from course.errors import DataError
from course.language import LANGUAGES
from tests.conftest import ROOT


@pytest.fixture(scope="module", params=LANGUAGES)
def lesson(request):
    """The cells of lesson 07 as its page has them, in one language."""
    return request.param, list(_cells(read(ROOT / "lessons" / "07_segment.md"), request.param, ROOT))


def test_an_answer_is_folded_and_every_fold_is_closed(lesson):
    _, cells = lesson
    depth, answers = 0, 0
    for kind, source, _, _ in cells:
        if kind == "markdown":
            answers += source.startswith('<details class="answer">')
            depth += len(re.findall("<details", source)) - source.count("</details>")
        elif "seen = orders.query" in source:
            assert depth == 1  # the reference solution of segment-1
        assert depth in (0, 1)
    held = read(ROOT / "lessons" / "07_segment.md")
    assert depth == 0 and answers == sum(bool(c.exercise or c.blanks) for c in held.cells if c.kind == "code")


def test_below_the_title_stand_the_minutes_of_the_lesson(lesson):
    lang, cells = lesson
    title, minutes, *_ = [line for line in cells[0][1].splitlines() if line]
    assert title.startswith("# ") and minutes == {"en": "*About 71 min*", "zh": "*约 71 分钟*"}[lang]


def test_outputs_stand_at_their_cells_and_pictures_are_told(lesson):
    lang, cells = lesson
    books = [ROOT / "solutions" / lang / f"07_segment{part}.ipynb" for part in ("", "_more")]
    stored = [c for book in books for c in json.loads(book.read_text(encoding="utf-8"))["cells"]]
    wanted = {"".join(c["source"]): len(c["outputs"]) for c in stored if c["cell_type"] == "code"}
    for kind, source, outputs, meta in cells:
        if kind == "code" and outputs:
            assert wanted[source] == len(outputs)
            if any("image/png" in one.get("data", {}) for one in outputs):
                assert meta["mystnb"]["image"]["alt"].strip()


def test_a_picture_is_told_by_what_its_chart_says():
    figure = Figure()
    left, _ = figure.subplots(1, 2)
    left.plot([1, 2], label="median")
    left.set(title="One customer in nine is important", xlabel="customers", ylabel="class")
    left.legend()
    figure.suptitle("May and November")
    said = pictures.told(figure)
    assert said == "May and November. One customer in nine is important; customers; class; median; 1, 2"
    one = {"output_type": "display_data", "data": {"image/png": "…"}, "metadata": {"image/png": {"alt": said}}}
    _, meta = _outputs([one], "The heading", "en")
    assert meta["mystnb"]["image"]["alt"] == f"Chart: {said}"
    _, meta = _outputs([one | {"metadata": {}}], "The heading", "en")
    assert meta["mystnb"]["image"]["alt"] == "Chart: The heading"


def test_a_solution_keeps_what_its_pictures_say_and_nothing_of_the_run():
    run = {"image/png": {"alt": "One in nine", "width": 640}, "text/html": {"isolated": True}}
    cell = {"metadata": {"execution": {}}, "outputs": [{"data": {"image/png": "…"}, "metadata": run}]}
    (settled,) = _settled({"metadata": {}, "cells": [cell]})["cells"]
    assert settled["outputs"][0]["metadata"] == {"image/png": {"alt": "One in nine"}}


def test_the_quiz_says_of_each_answer_why(lesson):
    _, cells = lesson
    asked = "".join(source for kind, source, _, _ in cells if kind == "markdown" and 'class="option"' in source)
    assert asked.count("✓") >= 4 and asked.count("✗") > asked.count("✓")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_glossary_and_the_home_are_in_one_language(lang):
    start = read(ROOT / "lessons" / "00_start.md")
    terms = _glossary(start, lang)
    assert (terms.index("流失") > 0) and terms.count("\n  ") > 20
    home = _home([start], lang, True)
    assert f'href="../luming/{lang}/report.html"' in home and f'<iframe class="luming" src="../luming/{lang}' in home
    assert "luming" not in _home([start], lang, False)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_report_opens_in_the_language_of_the_home(tmp_path, lang):
    (tmp_path / "explorer.html").write_text("", encoding="utf-8")
    (tmp_path / "report.html").write_text(
        '<html lang="en"><input id="lang-en" checked aria-label="English"><input id="lang-zh" aria-label="中文">',
        encoding="utf-8",
    )
    _told(tmp_path, tmp_path / lang, lang)
    told = (tmp_path / lang / "report.html").read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in told and f'id="lang-{lang}" checked' in told and told.count("checked") == 1


def test_a_site_that_cannot_be_finished_is_not_there(tmp_path, monkeypatch):
    def refuse(source, out, lang):
        out.mkdir(parents=True)
        raise DataError("Sphinx refuses the pages: {why}", why="it is a test")

    monkeypatch.setattr(site_room, "find_spec", lambda name: True)
    monkeypatch.setattr(site_room, "lessons", lambda folder: [folder / "00_start.md"])
    monkeypatch.setattr(site_room, "_sphinx", refuse)
    with pytest.raises(DataError, match="it is a test"):
        site_room.build(ROOT, tmp_path / "site", None)
    assert not (tmp_path / "site").exists()


def test_a_site_is_refused_with_a_sentence(tmp_path, capsys):
    if not importlib.util.find_spec("sphinx"):
        assert cli.main(["site", "--out", str(tmp_path / "s"), "--lang", "en"]) == 2
        assert extras.command("site") in capsys.readouterr().err
        return
    assert cli.main(["site", "--out", str(tmp_path), "--lang", "en"]) == 2
    assert cli.main(["site", "--out", str(tmp_path / "s"), "--report", str(tmp_path)]) == 2


# --- built -----------------------------------------------------------------------------------------------------------


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.ids, self.untold = [], set(), 0

    def handle_starttag(self, tag, attributes):
        held = dict(attributes)
        self.ids.add(held.get("id"))
        self.links += [held[key] for key in ("href", "src") if held.get(key)]
        self.untold += tag == "img" and not held.get("alt")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site, built where Sphinx is installed: .ci/site names one that is built (COURSE_BUILT_SITE)."""
    if built := os.environ.get("COURSE_BUILT_SITE"):
        return Path(built)
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_nb")
    out = tmp_path_factory.mktemp("built") / "site"
    assert cli.main(["site", "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def pages(site):
    """{path: its links and ids} of the pages that the theme did not bring; the report's own are tested elsewhere."""
    found = {}
    for path in site.rglob("*.html"):
        if not {"_static", "luming"} & set(path.parts):
            found[path] = _Links()
            found[path].feed(path.read_text(encoding="utf-8"))
    return found


@pytest.mark.slow
def test_no_link_leads_nowhere_or_out_and_every_picture_is_told(pages):
    assert len(pages) > 30 and sum(page.untold for page in pages.values()) == 0
    for path, page in pages.items():
        for link in page.links:
            if link.startswith("data:"):
                continue
            assert not re.match(r"(https?:)?//", link), (path.name, link)
            target, _, anchor = link.partition("#")
            there = (path.parent / target.partition("?")[0]).resolve() if target else path
            assert there.exists(), (path.name, link)
            assert not anchor or there not in pages or anchor in pages[there].ids, (path.name, link)


@pytest.mark.slow
def test_every_page_has_its_twin_with_the_same_sections_and_chinese_words_are_in_the_index(site, pages):
    names = [{path.name for path in (site / lang).glob("*.html")} for lang in LANGUAGES]
    assert names[0] == names[1] and len(names[0]) > 15
    for name in names[0]:
        sections = [{i for i in pages[site / lang / name].ids if re.fullmatch(r"s\d+", i or "")} for lang in LANGUAGES]
        assert sections[0] == sections[1], name
    assert len(sections[0]) >= 1 and "s20" in pages[site / "en" / "07_segment.html"].ids
    assert r'"\u6d41\u5931":' in (site / "zh" / "searchindex.js").read_text(encoding="utf-8")  # 流失


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_reader_finds_the_way(site, chromium, axe_violations, lang, width):
    """From files, without a server: the switch keeps the section, the search finds, nothing is wider than the page."""
    from playwright.sync_api import expect, sync_playwright

    word, other = ("churn", "zh") if lang == "en" else ("流失", "en")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page(viewport={"width": width, "height": 800})
        expect.set_options(timeout=60_000)  # a busy machine takes more than the usual five seconds for a page
        for name in ("index.html", "07_segment.html", "glossary.html", f"search.html?q={word}"):
            tab.goto(f"{(site / lang).as_uri()}/{name}")
            assert tab.evaluate("document.documentElement.scrollWidth") <= width, name
            if name.startswith("search"):
                expect(tab.locator("#search-results li a").first).to_be_visible(timeout=20_000)
            assert axe_violations(tab) == [], name
        tab.goto(f"{(site / lang).as_uri()}/07_segment.html")
        tab.evaluate("document.querySelector('#s9').scrollIntoView()")
        tab.wait_for_function(
            "document.querySelector('#s9').getBoundingClientRect().top < 120"
        )  # the page stands still
        always = tab.locator("a.twin-always")
        expect(always).to_be_in_viewport()
        always.evaluate("link => link.click()")  # Playwright's own click would scroll first
        expect(tab).to_have_url(re.compile(rf"/{other}/07_segment\.html#s9$"))
        browser.close()


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_home_has_the_live_report_with_the_seal(site, chromium, lang):
    if not (site / "luming").is_dir():
        pytest.skip("the site was built without a report (.ci/site builds it with the demo's)")
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        tab = browser.new_page()
        tab.goto(f"{(site / lang).as_uri()}/index.html")
        report = tab.frame_locator("iframe.luming")
        report.locator("label.seal-button:visible").click()
        expect(report.locator("#seal")).to_be_checked()
        browser.close()
