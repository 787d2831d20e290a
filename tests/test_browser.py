"""A learner in a real browser: run everything, be wrong, be right, move the widget by keyboard, answer the quiz."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from course import authoring
from course.authoring.stub import stub
from course.classroom.lessons.apply import quarter
from course.classroom.quiz import questions
from course.company.quarter import SEGMENTS
from course.hub.settings import settings
from course.language import LANGUAGES
from tests.conftest import ROOT

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

#: Lessons that are worked through, and a wrong first answer with what it is told.
LESSONS = {
    "00_start": ("buyers = len(sales)", {"en": "You computed the number of rows.", "zh": "这是行数。"}),
    "07_segment": ("mine = orders", {"en": "mine lacks the column recency_days.", "zh": "mine 缺少 recency_days 列。"}),
}
#: Seconds that JupyterLab may take to start, on a machine with much else to do.
_PATIENCE = 300
VERDICTS = {"en": ("Not yet", "Right", "Not quite"), "zh": ("还不对", "正确", "不对")}


@pytest.fixture(scope="module", params=LANGUAGES)
def lab(request, tmp_path_factory):
    """JupyterLab over copies of the notebooks in one language: (address, language). No token: for this test alone."""
    lang = request.param
    home = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks", home / "work")
    for name, cells in (("board", _board(lang)), ("own", _own()), ("explore", _explore())):
        (home / "work" / lang / f"{name}.ipynb").write_text(json.dumps(_notebook(cells)), encoding="utf-8")
    for name, values in settings(lang).items():
        path = home / "settings" / name
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    variables = {
        "COURSE_LANG": lang,
        "COURSE_WORK": str(home / "work"),
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--LabApp.expose_app_in_browser=True",
        f"--ServerApp.root_dir={home / 'work'}",
    ]
    with (home / "log.txt").open("w", encoding="utf-8") as log:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, env=os.environ | variables, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api/status", server, home / "log.txt")
        yield address, lang
    finally:
        server.terminate()
        try:
            server.wait(timeout=15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _board(lang):
    """The quarter's board alone."""
    opened = f'from course.classroom import *\nopen_lesson("11_apply", "{lang}")'
    return [opened, "game = Quarter(seed=8)", "game.widgets()"]


def _own():
    """A file of one's own whose money may be the order's or the line's."""
    rows = ["order_id,customer_id,ordered_at,amount,sku", "1,a,2024-01-13,40,x", "1,a,2024-01-13,40,y"]
    rows += ["2,b,2024-01-14,30,x", "2,b,2024-01-14,30,z", "3,a,2024-02-14,20,z", ""]
    written = f"from pathlib import Path\nPath('shop.csv').write_text({chr(10).join(rows)!r})"
    return [written, "from course import own\ntables = own.gather({'orders': 'shop.csv'})", "None"]


def _explore():
    """Four customers, three of them of one city."""
    made = "pd.DataFrame({'customer_id': list('abcd'), 'city': list('xxxy'), 'frequency': [1, 2, 3, 4]})"
    return [
        f"import pandas as pd\ncustomers = {made}",
        "from course.explorer.notebook import explore\nexplore(customers)",
    ]


def _notebook(code):
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate(code)
    ]
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def _wait_for(address, server, log):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    limit = time.monotonic() + _PATIENCE
    while time.monotonic() < limit and server.poll() is None:
        try:
            with opener.open(address, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(log.read_text(encoding="utf-8"))


#: Cells on the page whose code leaves it at the right.
HIDDEN = """() => [...document.querySelectorAll('.jp-CodeCell .cm-scroller')]
    .filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.innerText)"""


class Learner:
    """A notebook on a page: cells are called by what they begin with."""

    READY = """async () => {
        const context = window.jupyterapp.shell.currentWidget.context;
        await context.ready;
        await context.sessionContext.ready;
        await context.sessionContext.session.kernel.info;
    }"""
    DONE = """() => {
        const panel = window.jupyterapp.shell.currentWidget;
        const code = panel.content.widgets.filter(w => w.model.type === 'code');
        const kernel = panel.context.sessionContext.session.kernel;
        const ran = w => w.model.executionCount || !w.model.sharedModel.source.trim();
        return kernel.status === 'idle' && code.every(ran);
    }"""
    GO = """async start => {
        const notebook = window.jupyterapp.shell.currentWidget.content;
        const index = notebook.widgets.findIndex(w => w.model.sharedModel.source.startsWith(start));
        notebook.activeCellIndex = index;
        notebook.deselectAll();
        await notebook.scrollToItem(index, 'center');
        notebook.node.focus();
        return index;
    }"""

    def __init__(self, page, address, lang, lesson):
        self.page = page
        page.goto(f"{address}/lab/tree/{lang}/{lesson}.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        page.evaluate(self.READY)

    def run_all(self):
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        self.page.wait_for_function(self.DONE, timeout=90_000, polling=300)

    def errors(self):
        kinds = """() => window.jupyterapp.shell.currentWidget.content.widgets
            .filter(w => w.model.type === 'code').flatMap(w => w.model.outputs.toJSON())
            .filter(o => o.output_type === 'error').map(o => o.evalue)"""
        return self.page.evaluate(kinds)

    def write(self, start, code):
        """Replace a cell's text by the keyboard and run it and the check below it."""
        assert self.page.evaluate(self.GO, start) >= 0, start
        self.page.keyboard.press("Enter")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)
        self.page.keyboard.press("Shift+Enter")
        self.page.keyboard.press("Shift+Enter")

    def cell(self, start):
        """The place of a cell on the page, scrolled to."""
        index = self.page.evaluate(self.GO, start)
        assert index >= 0, start
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def sees(self, start, *words):
        """Wait until a cell's output holds every one of the words, on the page."""
        place = self.cell(start).locator(".jp-Cell-outputArea")
        for word in words:
            playwright.expect(place).to_contain_text(word, timeout=20_000)


@pytest.fixture
def page(chromium):
    """A page of a browser window."""
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        yield page
        browser.close()


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_learner_works_through_a_lesson(lab, page, lesson, tmp_path):
    address, lang = lab
    source, topic = authoring.read(ROOT / "lessons" / f"{lesson}.md"), lesson.partition("_")[2]
    answer = source.exercises()[f"{topic}-1"].text
    check = f'check("{topic}-1")'
    wrong, told = LESSONS[lesson]
    not_yet, right, not_quite = VERDICTS[lang]

    learner = Learner(page, address, lang, lesson)
    learner.run_all()
    assert learner.errors() == []
    learner.sees(check, "○")
    assert not page.evaluate(HIDDEN)
    page.screenshot(path=tmp_path / "untouched.png")

    learner.write(stub(answer), wrong)
    learner.sees(check, f"✗ {not_yet}", told[lang])
    page.screenshot(path=tmp_path / "wrong.png")
    learner.write(wrong, answer)
    learner.sees(check, f"✓ {right}")
    page.screenshot(path=tmp_path / "right.png")

    game = learner.cell(f'play("{topic}")')
    image = game.locator("img").first
    playwright.expect(image).to_be_visible(timeout=20_000)
    before = image.get_attribute("src"), game.locator(".widget-readout").first.inner_text()
    game.locator(".noUi-handle").first.focus()
    page.keyboard.press("ArrowRight")
    playwright.expect(game.locator(".widget-readout").first).not_to_have_text(before[1], timeout=20_000)
    playwright.expect(image).not_to_have_attribute("src", before[0], timeout=20_000)
    page.screenshot(path=tmp_path / "widget.png")

    asked = learner.cell(f'quiz("{topic}")')
    options = [bool(option.get("right")) for option in questions(topic)[0]["options"].values()]
    for chosen, verdict in ((options.index(False), not_quite), (options.index(True), right)):
        asked.locator("input[type=radio]").nth(chosen).check()
        playwright.expect(asked.locator(".widget-html-content").first).to_contain_text(verdict, timeout=20_000)
    page.screenshot(path=tmp_path / "quiz.png")
    _sees_the_menu(page, source, lang)
    assert learner.errors() == []


def _sees_the_menu(page, source, lang):
    """The menu and the entry that a lesson speaks of, *menu → entry*, are called so."""
    text = next((c.text for c in source.cells if c.lang == lang and re.search(r"\*[^*]+ → [^*]+\*", c.text)), "")
    for menu, entry in re.findall(r"\*([^*→]+) → ([^*]+)\*", text):
        page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{menu}$")).click()
        playwright.expect(page.locator(".lm-Menu-itemLabel", has_text=entry)).to_be_visible(timeout=20_000)
        page.keyboard.press("Escape")


def test_a_quarter_is_played_by_keyboard(lab, page, tmp_path):
    address, lang = lab
    learner = Learner(page, address, lang, "board")
    learner.run_all()
    board = learner.cell("game.widgets()")
    said = quarter.names()
    handles, shown = board.locator(".noUi-handle"), board.locator(".widget-readout")
    playwright.expect(handles.first).to_be_visible(timeout=20_000)
    # An apology for every complaint, a call for the valuable who are at risk: by arrow keys. Then six rounds by Enter.
    for segment, action in (("complaint", "apology"), ("at_risk_high", "call")):
        place = 2 * SEGMENTS.index(segment)
        handles.nth(place).focus()
        for _ in range(3 if action == "apology" else 1):
            page.keyboard.press("ArrowRight")
        playwright.expect(shown.nth(place)).to_have_text(said[action][lang], timeout=20_000)
    button = board.get_by_role("button", name=said["next_round"][lang])
    for _ in range(6):
        playwright.expect(button).to_be_enabled()
        before = board.locator('[role="status"]').first.inner_text()
        button.focus()
        page.keyboard.press("Enter")
        playwright.expect(board.locator('[role="status"]').first).not_to_have_text(before, timeout=20_000)
    playwright.expect(button).to_be_disabled()
    for player in ("oracle", "fixed", "chance"):
        playwright.expect(board).to_contain_text(said[player][lang])
    page.screenshot(path=tmp_path / "quarter.png")
    assert learner.errors() == []


def test_a_question_of_an_own_file_is_answered_by_keyboard(lab, page, tmp_path):
    """Once an order the three bring 40 + 30 + 20; before the answer the next cell ends in a sentence."""
    address, lang = lab
    total = "print(tables['orders'].frame['amount'].sum())"
    go, waits, said = {
        "en": ("Go on with these answers", "Not read yet", "Read with these answers"),
        "zh": ("按这些回答继续", "还没有读", "已按这些回答读好"),
    }[lang]
    learner = Learner(page, address, lang, "own")
    learner.run_all()
    asked = learner.cell("from course import own")
    radios, button = asked.locator("input[type=radio]"), asked.get_by_role("button", name=go)
    playwright.expect(radios).to_have_count(2, timeout=20_000)
    assert not radios.nth(0).is_checked() and not radios.nth(1).is_checked()
    playwright.expect(button).to_be_disabled()
    learner.write("None", total)
    learner.sees("print(tables", waits)
    assert len(learner.errors()) == 1 and "Traceback" not in learner.cell("print(tables").inner_text()

    learner.cell("from course import own")
    radios.first.focus()
    page.keyboard.press("Space")
    playwright.expect(radios.first).to_be_checked()
    playwright.expect(button).to_be_enabled(timeout=20_000)
    button.focus()
    page.keyboard.press("Enter")
    learner.sees("from course import own", said, 'answers={"money": "order"}')
    page.screenshot(path=tmp_path / "own.png")
    learner.write(total, total)
    learner.sees("print(tables", "90.0")
    assert learner.errors() == []


def test_customers_are_looked_up_below_a_cell(lab, page, tmp_path):
    address, lang = lab
    learner = Learner(page, address, lang, "explore")
    learner.run_all()
    root = learner.cell("from course.explorer").frame_locator("iframe").locator("#explorer[data-first]")
    playwright.expect(root).to_have_attribute("data-customers", "4", timeout=20_000)
    root.get_by_role("button", name={"en": "Filters", "zh": "筛选"}[lang]).click()
    root.locator("summary", has_text={"en": "Who they are", "zh": "人口特征"}[lang]).click()
    root.locator("label", has_text="x").first.focus()
    root.locator("label", has_text="x").first.click()
    playwright.expect(root).to_have_attribute("data-customers", "3", timeout=20_000)
    page.screenshot(path=tmp_path / "explore.png")
    assert learner.errors() == []


# --- the language, changed in JupyterLab's own menu ------------------------------------------------------------------


@pytest.fixture
def kit(tmp_path):
    """A copy of lab.py, with the kit and the environment that are at hand."""
    folder = tmp_path / "kit"
    folder.mkdir()
    for name in ("lab.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "course").symlink_to(ROOT / "course")
    for name, words in (("python", ""), ("course", '-c "import sys; from course.cli import main; sys.exit(main())"')):
        program = folder / ".venv/bin" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
    stamp = [
        sys.executable,
        "-c",
        "import lab; lab.STAMP.write_text(lab.fingerprint() + f' {lab.LESSONS},{lab.EXTRAS}')",
    ]
    subprocess.run(stamp, cwd=folder, check=True)
    return folder


@pytest.fixture
def start(kit):
    """Starts lab.py as a reader does, with these words; a call ends what ran before, and gives the address."""
    running = []

    def stop():
        for server in running:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        running.clear()

    def begin(*words):
        stop()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=", *words]
        own = {"COURSE_LANG", "LC_ALL", "LC_MESSAGES", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR"}
        variables = {k: v for k, v in os.environ.items() if k not in own}
        variables |= {"LANG": "en_US.UTF-8", "HOME": str(kit.parent), "JUPYTER_RUNTIME_DIR": str(kit.parent / "run")}
        variables |= {"COURSE_WORK": str(kit / "work")}
        with (kit.parent / "log.txt").open("a", encoding="utf-8") as log:
            command = [sys.executable, kit / "lab.py", *options]
            running.append(subprocess.Popen(command, env=variables, stdout=log, stderr=log))
        _wait_for(f"http://127.0.0.1:{port}/api/status", running[0], kit.parent / "log.txt")
        return f"http://127.0.0.1:{port}"

    yield begin
    stop()


def _menu(page, name):
    return page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{name}$"))


def _enters(page, address):
    """From the page of lessons that opens into the lesson that it proposes."""
    page.goto(address)
    page.locator(".step").click()


def _chooses(page, menu, entry, language):
    """Another language, by the menu as it stands in the one in use; JupyterLab then loads the page anew."""
    _menu(page, menu).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{entry}")).hover()
    page.locator(".lm-Menu-itemLabel", has_text=language).click()
    page.locator(".jp-Dialog .jp-mod-accept").click()


@pytest.mark.skipif(os.name != "posix", reason="the environment at hand is lent by a shell script")
def test_the_language_of_the_menus_is_kept_at_the_next_start(kit, start, page, tmp_path):
    """Chosen in the menu, it holds for the menus, for the lesson that opens and for what lessons print."""
    page.set_default_timeout(1000 * _PATIENCE)
    _enters(page, start())
    playwright.expect(_menu(page, "Settings")).to_be_visible(timeout=1000 * _PATIENCE)
    for menu, entry, language, lang, then in (
        ("Settings", "Language", "中文", "zh", "设置"),
        ("设置", "语言", "English", "en", "Settings"),
    ):
        _chooses(page, menu, entry, language)
        playwright.expect(_menu(page, then)).to_be_visible(timeout=1000 * _PATIENCE)
        _enters(page, start())
        playwright.expect(_menu(page, then)).to_be_visible(timeout=1000 * _PATIENCE)
        page.screenshot(path=tmp_path / f"{lang}.png")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=1000 * _PATIENCE)
        assert re.search(r"/tree/(\w+)/", page.evaluate("decodeURI(location.pathname)"))[1] == lang
    said = (kit.parent / "log.txt").read_text(encoding="utf-8")
    assert "kept beside" not in said and "已改名" not in said and "Setting up" not in said
