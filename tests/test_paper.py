"""What is printed and shown: the guide says what the lessons say, no slide is overfull, nothing is fetched."""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from course import cli, extras
from course.authoring import lessons, read
from course.authoring.paper import cards, guide, handbook, pages, slides
from course.errors import DataError
from course.language import LANGUAGES
from tests.conftest import ROOT

EVERY = [read(path) for path in lessons(ROOT / "lessons")]
TAUGHT = [pytest.param(one, id=one.name) for one in EVERY if guide.path_of(one).exists()]
PAPER = ROOT / "course" / "authoring" / "paper"


def messages(lesson, lang):
    """What the checks of a lesson say: English in its code, Chinese in its catalogue."""
    folder = ROOT / "course" / "classroom" / "lessons" / lesson.topic
    return "\n".join(path.read_text(encoding="utf-8") for path in folder.iterdir() if path.suffix in {".py", ".po"})


def lesson(number):
    return next(one for one in EVERY if one.name.startswith(number))


# --- the guide -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("one", TAUGHT)
def test_a_page_says_nothing_that_its_lesson_does_not(one, lang):
    assert guide.faults(one, lang, ROOT, messages(one, lang)) == []


@pytest.mark.parametrize(
    ("was", "becomes", "fault"),
    [
        ("{211}", "{212}", "{212} is nowhere"),
        ("{4,220}", "{220}", "{220} is nowhere"),  # a part of a figure is another figure
        ("{4,220}", "4,220", "4,220 stands without braces"),
        ("section: Eight classes", "section: Nine classes", "no section Nine classes"),
    ],
)
def test_a_page_that_drifts_is_seen(tmp_path, was, becomes, fault):
    one = lesson("07")
    text = guide.path_of(one).read_text(encoding="utf-8")
    assert was in text
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    (tmp_path / "lessons").mkdir()
    moved = Path(shutil.copy(one.path, tmp_path / "lessons"))
    (tmp_path / "lessons" / guide.path_of(one).name).write_text(text.replace(was, becomes), encoding="utf-8")
    found = guide.faults(read(moved), "en", tmp_path, messages(one, "en"))
    assert any(fault in said for said in found), found


@pytest.mark.parametrize(
    "spoil",
    [
        lambda page: page.pop("zh"),
        lambda page: page["en"].pop("protect"),
        lambda page: page["en"].update(weather="fine"),
        lambda page: page["en"]["clock"][0].update(minutes=4),
        lambda page: page["en"]["stuck"][0].pop("see"),
    ],
)
def test_a_page_that_lacks_something_is_refused(tmp_path, spoil):
    one = lesson("07")
    page = yaml.safe_load(guide.path_of(one).read_text(encoding="utf-8"))
    spoil(page)
    moved = Path(shutil.copy(one.path, tmp_path))
    (tmp_path / guide.path_of(one).name).write_text(yaml.safe_dump(page, sort_keys=False), encoding="utf-8")
    with pytest.raises(DataError, match=r"07_segment\.teach\.yaml"):
        guide.read(read(moved))


def test_a_plan_gives_each_lesson_its_minutes_and_ends_before_the_evening():
    plans = yaml.safe_load((PAPER / "plans.yaml").read_text(encoding="utf-8"))
    minutes = {one.name[:2]: one.minutes for one in EVERY}
    given = {number: 0 for number in minutes}
    for half in plans["two_days"]:
        for step in half[1:]:
            if not isinstance(step, dict):
                number, takes = step if isinstance(step, list) else (step, minutes[step])
                given[number] += takes
    assert {number: takes for number, takes in given.items() if takes} == {
        number: takes for number, takes in minutes.items() if number <= "13"
    }
    for name, halves in plans.items():
        for half in halves:
            assert {"slack": 15} in half, name
            *_, end = guide._clock(half, {n: (n, m) for n, m in minutes.items()}, "en")
            assert end[:5] <= ("20:20" if half[0] > "17" else "17:30"), (name, end)


# --- what is printed -------------------------------------------------------------------------------------------------


def test_the_handbook_has_answers_after_the_lesson_and_none_within():
    body = handbook.write([lesson("07")], "en", ROOT)
    within, answers = body.split('<section class="answers">')
    exercise = lesson("07").exercises()["segment-1"].text
    last = exercise.strip().splitlines()[-1]
    assert last in answers.replace("&quot;", '"') and last not in within.replace("&quot;", '"')
    assert "check(" not in body.replace("<code>check(", "") and "<script" not in body


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_talk_has_a_card_with_a_title(lang):
    made = cards.talks(EVERY, lang, ROOT)
    titles = re.findall(r"<h2>(.*?)</h2>", made)
    assert len(titles) == made.count("<article>") >= 14 and all(titles)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_card_is_longer_than_a_quarter_of_a_page(tmp_path, lang):
    pytest.importorskip("weasyprint")
    made = cards.talks(EVERY, lang, ROOT)  # a card that were longer would push others onto a page more
    assert len(pages.pdf(made, "talks", lang, tmp_path / "talks.pdf")) == made.count('<section class="cards">')


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sheet_names_what_exists(lang, capsys):
    sheet = (PAPER / f"sheet.{lang}.md").read_text(encoding="utf-8")
    for module, name in re.findall(r"`(\w+)\.(\w+)`", sheet):
        assert hasattr(__import__(f"course.{module}", fromlist=[module]), name), f"{module}.{name}"
    for command in set(re.findall(r"^    course (\w+)", sheet, re.MULTILINE)):
        with pytest.raises(SystemExit) as ended:
            cli.main([command, "--help"])
        assert ended.value.code == 0
    capsys.readouterr()


def test_paper_is_never_written_over(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert cli.main(["paper", "--out", str(tmp_path)]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_lesson_of_the_guide_is_two_pages(tmp_path, lang):
    pytest.importorskip("weasyprint")
    named = pages.pdf(guide.write(EVERY, lang), "guide", lang, tmp_path / "guide.pdf")
    for one in TAUGHT:
        number = one.values[0].name[:2]
        assert 1 <= named.count(f"t{number}") <= 2, named


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("**容易。**用", "<strong>容易。</strong>用"),  # CommonMark alone shows the asterisks
        ("分界**“线”**是", "分界<strong>“线”</strong>是"),
        ("占**5%**的人", "占<strong>5%</strong>的人"),
        ("*CLV*：一年；*NPS*：二", "<em>CLV</em>：一年；<em>NPS</em>：二"),
        ("`a。*b` 是\\*不是", "<code>a。*b</code> 是*不是"),
        ("one\n“*two*” (*three*)", "one “<em>two</em>” (<em>three</em>)"),
    ],
)
def test_emphasis_may_stand_beside_a_chinese_sign(source, made):
    assert pages.html(source) == f"<p>{made}</p>\n"


def test_a_printed_page_fetches_nothing(tmp_path):
    pytest.importorskip("weasyprint")
    with pytest.raises(BaseException, match=r"127\.0\.0\.1"):
        pages.pdf('<img src="http://127.0.0.1:9/x.png">', "x", "en", tmp_path / "x.pdf")


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_handbook_is_under_two_hundred_pages(tmp_path, lang):
    pytest.importorskip("weasyprint")
    printed = pages.pdf(handbook.write(EVERY, lang, ROOT), "handbook", lang, tmp_path / "handbook.pdf")
    assert len(EVERY) * 3 < len(printed) < 200


# --- slides ----------------------------------------------------------------------------------------------------------

#: How far down and to the right a slide's visible parts reach; a slide that scrolls says so by its style.
REACH = """() => Reveal.getSlides().map((slide, at) => {
  Reveal.slide(at)
  const parts = [...slide.querySelectorAll("*")].filter(one => !one.closest("aside"))
  const reach = side => Math.max(...parts.map(one => one.getBoundingClientRect()[side]))
  return [slide.style.overflow === "auto", reach("bottom"), reach("right"), slide.querySelector("h2").innerText]
})"""


@pytest.fixture
def page(chromium):
    """A page of a browser window, as large as a slide."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser.new_page(viewport={"width": 1280, "height": 720})
        browser.close()


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_slide_is_overfull_and_nothing_is_requested(tmp_path, page, lang):
    if not find_spec("sphinx_revealjs"):
        pytest.skip("sphinx-revealjs is not installed")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    scrolled = []
    for one in EVERY:
        path = tmp_path / f"{one.name}.html"
        path.write_text(slides.write(one, lang, ROOT), encoding="utf-8")
        page.goto(path.as_uri())
        page.wait_for_function("window.Reveal && Reveal.isReady()")
        page.wait_for_timeout(200)
        for scrolls, bottom, right, title in page.evaluate(REACH):
            scrolled += [title] * scrolls
            assert scrolls or (bottom < 723 and right < 1283), (one.name, title, bottom, right)
    assert all(url.startswith(("file:", "data:", "about:")) for url in asked)
    assert len(scrolled) <= 3, scrolled


def test_slides_without_the_package_are_a_sentence(monkeypatch):
    monkeypatch.setattr(slides, "find_spec", lambda name: None)
    with pytest.raises(DataError) as refused:
        slides.write(lesson("04"), "en", ROOT)
    assert str(refused.value).endswith(extras.command("paper"))


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("one", TAUGHT)
def test_the_speaker_reads_every_row_of_the_clock_and_the_wall_shows_something(one, lang):
    shown = list(slides.slides(one, lang, ROOT))
    notes = "\n".join(slide.notes for slide in shown)
    for row in guide.read(one)[lang]["clock"]:
        assert guide.plain(row["you"]) in notes, row["at"]
    for slide in shown:
        assert slide.kind == "title" or re.sub(r"<small>.*?</small>", "", slide.body).strip(), slide.title
        prose = re.sub(r"<(pre|code|table)\b.*?</\1>|<img.*?>", "", slide.body, flags=re.DOTALL)
        assert "*" not in prose, prose


def test_a_task_is_on_the_wall_with_its_code():
    told = [slide for slide in slides.slides(lesson("10"), "en", ROOT) if "change_low = ..." in slide.body]
    assert len(told) == 1 and "the interval of the" in told[0].body.partition("<pre>")[0]


@pytest.mark.parametrize(
    ("prose", "shown"),
    [
        ("One *thing? " + "x " * 150 + "Another?* Third.", "One *thing? " + "x " * 150 + "Another?*"),
        ("说：“甲。" + "乙" * 130 + "。丙。”丁。", "说：“甲。" + "乙" * 130 + "。丙。”"),
    ],
)
def test_a_wall_shows_no_half_of_a_quotation(prose, shown):
    assert slides._first(prose) == shown
