"""The lessons as pages: what is folded, what leads where; built whole where Sphinx is installed."""

import importlib.util
import json
import re
from html.parser import HTMLParser

import pytest

from course import cli
from course.authoring import read
from course.authoring.site import _cells, _glossary, _home, _told
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


def test_the_quiz_says_of_each_answer_why(lesson):
    _, cells = lesson
    asked = "".join(source for kind, source, _, _ in cells if kind == "markdown" and 'class="option"' in source)
    assert asked.count("✓") >= 4 and asked.count("✗") > asked.count("✓")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_glossary_and_the_home_are_in_one_language(lang):
    start = read(ROOT / "lessons" / "00_start.md")
    terms = _glossary(start, lang)
    assert (terms.index("流失") > 0) and terms.count("\n  ") > 20
    assert f'href="../luming/{lang}/report.html"' in _home([start], lang, True)
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


def test_a_site_is_refused_with_a_sentence(tmp_path, capsys):
    if not importlib.util.find_spec("sphinx"):
        assert cli.main(["site", "--out", str(tmp_path / "s"), "--lang", "en"]) == 2
        assert "customer-portrait-course[site]" in capsys.readouterr().err
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


@pytest.mark.slow
def test_the_site_is_built_whole(tmp_path):
    """No link leads nowhere or out, every picture is told, each page has its twin, Chinese words are in the index."""
    pytest.importorskip("sphinx")
    pytest.importorskip("myst_nb")
    out = tmp_path / "site"
    assert cli.main(["site", "--out", str(out)]) == 0
    pages = {}
    for path in out.rglob("*.html"):
        if "_static" not in path.parts:
            pages[path] = _Links()
            pages[path].feed(path.read_text(encoding="utf-8"))
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
    names = [{path.name for path in (out / lang).glob("*.html")} for lang in LANGUAGES]
    assert names[0] == names[1]
    assert r'"\u6d41\u5931":' in (out / "zh" / "searchindex.js").read_text(encoding="utf-8")  # 流失
