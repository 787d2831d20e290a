"""The page of lessons and the doors behind it, the learner's copies, JupyterLab's settings, and how they start."""

import errno
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from course import cli, extras, places
from course.hub import certificate, copies, index, settings, starting
from course.language import LANGUAGES
from tests.conftest import ROOT

MENUS = "@jupyterlab/translation-extension/plugin.jupyterlab-settings"
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
#: A lesson is in front: JupyterLab restores the tabs of the last visit first.
HERE = "path => window.jupyterapp?.shell.currentWidget?.context?.path === path"
#: Seconds that JupyterLab may take to start, on a machine with much else to do.
_PATIENCE = 300


def notebook(*sources, metadata=None):
    cells = [{"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": s} for i, s in enumerate(sources)]
    cells = [c | {"outputs": [], "execution_count": None} for c in cells]
    return {"cells": cells, "metadata": metadata or {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """Two lessons in two languages, one of them in a part of the course, and a picture; a folder for the learner."""
    folder = tmp_path / "张 三"
    for lang in LANGUAGES:
        for name in ("00_start.ipynb", "part/07_example.ipynb"):
            path = folder / "notebooks" / lang / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(notebook("1")), encoding="utf-8")
    (folder / "notebooks/en/part/map.svg").write_text("<svg/>")
    (folder / "notebooks/en/.ipynb_checkpoints").mkdir()
    (folder / "notebooks/en/.ipynb_checkpoints/00_start-checkpoint.ipynb").write_text("{}")
    monkeypatch.setattr(places, "notebooks", lambda: folder / "notebooks")
    monkeypatch.setenv("COURSE_WORK", str(folder / "work"))
    return folder


# --- the learner's copies ----------------------------------------------------------------------------------------


def test_copies_are_handed_out_once_and_never_overwritten(kit):
    copies.hand_out()
    work = kit / "work"
    assert sorted(path.relative_to(work).as_posix() for path in work.rglob("*") if path.is_file()) == [
        "en/00_start.ipynb",
        "en/own_file.ipynb",
        "en/part/07_example.ipynb",
        "en/part/map.svg",
        "zh/00_start.ipynb",
        "zh/own_file.ipynb",
        "zh/part/07_example.ipynb",
    ]
    mine = work / "en/part/07_example.ipynb"
    mine.write_text("my answer")
    (work / "zh/00_start.ipynb").unlink()
    copies.hand_out()
    assert mine.read_text() == "my answer"
    assert (work / "zh/00_start.ipynb").exists()


def test_a_copy_says_of_its_kernel_what_jupyterlab_would(kit):
    from ipykernel.ipkernel import IPythonKernel

    copies.hand_out()
    said = json.loads((kit / "work/zh/00_start.ipynb").read_text(encoding="utf-8"))["metadata"]
    assert said["language_info"] == IPythonKernel.language_info
    assert said["language_info"]["version"] == ".".join(map(str, sys.version_info[:3]))
    assert said["kernelspec"]["name"] == "python3" and "ipykernel" in said["kernelspec"]["display_name"]


@pytest.mark.parametrize("word", ["07", "7", "07_example"])
def test_reset_keeps_every_earlier_copy(kit, capsys, word):
    copies.hand_out()
    mine = kit / "work/en/part/07_example.ipynb"
    original = mine.read_text()
    for answer in ("first", "second"):
        mine.write_text(answer)
        assert cli.main(["reset", word]) == 0
        assert mine.read_text() == original
    assert (mine.parent / "07_example.backup-1.ipynb").read_text() == "first"
    assert (mine.parent / "07_example.backup-2.ipynb").read_text() == "second"
    assert not list((kit / "work/zh").rglob("*backup*"))  # the other language was untouched: nothing to keep
    assert "07_example.backup-2.ipynb" in capsys.readouterr().out


def test_a_copy_that_jupyterlab_saved_untouched_needs_no_backup(kit):
    copies.hand_out()
    mine = kit / "work/en/part/07_example.ipynb"
    saved = json.loads(mine.read_text()) | {"metadata": {"kernelspec": KERNEL, "widgets": {}}}
    mine.write_text(json.dumps(saved))
    assert cli.main(["reset", "07"]) == 0
    assert not list((kit / "work").rglob("*backup*"))
    saved["cells"][0]["source"] = "2"
    mine.write_text(json.dumps(saved))
    assert cli.main(["reset", "07"]) == 0
    assert len(list((kit / "work").rglob("*backup*"))) == 1


def test_reset_brings_back_a_copy_that_was_deleted(kit):
    assert cli.main(["reset", "07"]) == 0
    assert (kit / "work/en/part/07_example.ipynb").exists() and not (kit / "work/en/00_start.ipynb").exists()


@pytest.mark.parametrize("word", ["", "99", "example"])
def test_reset_of_no_lesson_says_how(kit, capsys, word):
    assert cli.main(["reset", word]) == 2
    assert "reset 07" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_copy(kit, monkeypatch, capsys):
    def full(path, text, **options):
        path.write_bytes(b"ha")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Path, "write_text", full)
    assert cli.main(["lab"]) == 2
    assert "The disk is full." in capsys.readouterr().err
    assert not [path for path in (kit / "work").rglob("*") if path.is_file()]


# --- JupyterLab's settings and its start -------------------------------------------------------------------------


@pytest.fixture
def started(kit, monkeypatch):
    """What `course lab` would become: (command, variables) fill the list instead. Nobody has chosen a language."""
    became = []
    monkeypatch.setattr(starting, "_become", lambda *command: became.append(command) or 0)
    for name in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    return became


def test_jupyterlab_starts_in_work_at_the_page_of_lessons(kit, started):
    assert cli.main(["lab", "--no-browser", "--port", str(_free_port()), "--lang", "zh"]) == 0
    ((command, variables),) = started
    assert command[1:4] == ["-P", "-m", "jupyterlab"] and variables["COURSE_LANG"] == "zh"
    assert f"--ServerApp.root_dir={kit / 'work'}" in command and "--LabApp.default_url=/course/zh" in command
    assert "--no-browser" in command and "--port" in command and "--lang" not in command
    assert not [word for word in command if "token" in word or "password" in word or "ip=" in word]


def test_only_lab_takes_options_that_it_does_not_know(started, capsys):
    with pytest.raises(SystemExit):
        cli.main(["reset", "07", "--no-browser"])
    assert "--no-browser" in capsys.readouterr().err and not started


def test_without_jupyterlab_it_is_said_what_to_install(started, monkeypatch, capsys):
    monkeypatch.setattr(starting, "find_spec", lambda name: None)
    assert cli.main(["lab"]) == 2
    assert extras.command("notebook") in capsys.readouterr().err and not started


@pytest.mark.parametrize("form", [["--port", "{}"], ["--port={}"], ["--ServerApp.port={}"]])
def test_a_port_that_is_taken_is_said(started, capsys, form):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        words = [word.format(port) for word in form]
        assert cli.main(["lab", *words]) == cli.main(["lab", "--lang", "zh", *words]) == 2
    english, chinese = capsys.readouterr().err.splitlines()
    assert english.startswith(f"Refused: Port {port} is taken by another program.")
    assert f"端口 {port} 已被其他程序占用。" in chinese and not started


@pytest.mark.parametrize(
    ("asked", "variables", "chosen", "expected"),
    [
        (None, {}, None, "en"),
        (None, {"LANG": "zh_CN.UTF-8"}, None, "zh"),
        (None, {"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, None, "en"),
        (None, {"LANG": "de_DE.UTF-8"}, None, "en"),
        (None, {"LANG": "en_GB.UTF-8"}, "zh_CN", "zh"),
        (None, {"LANG": "zh_CN.UTF-8"}, "en", "en"),
        (None, {"LANG": "en_GB.UTF-8", "COURSE_LANG": "zh"}, "en", "zh"),
        ("en", {"COURSE_LANG": "zh"}, "zh_CN", "en"),
    ],
)
def test_language_is_asked_for_then_remembered_then_the_computers(kit, monkeypatch, asked, variables, chosen, expected):
    for name in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(settings.locale, "getlocale", lambda: (None, None))
    if chosen:
        _menus(kit).parent.mkdir(parents=True)
        _menus(kit).write_text(json.dumps({"locale": chosen}))
    assert settings.preferred(asked) == expected


def test_windows_speaks_of_chinese(kit, monkeypatch):
    for name in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(settings.locale, "getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert settings.preferred() == "zh"


def test_settings_follow_what_is_asked_for_and_else_what_was_chosen(kit, started, monkeypatch):
    cli.main(["lab", "--lang", "zh"])
    assert json.loads(_menus(kit).read_text())["locale"] == "zh_CN"
    _menus(kit).write_text('{"locale": "en"}')  # the reader changes it in the menus
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    cli.main(["lab"])
    assert json.loads(_menus(kit).read_text())["locale"] == "en"
    assert "--LabApp.default_url=/course/en" in started[-1][0] and started[-1][1]["COURSE_LANG"] == "en"


@pytest.mark.parametrize(
    "text",
    [
        '{\n    // Language\n    // https://example.org/{not}\n    "locale": "zh_CN"\n}\n',
        '/* "locale": "en" { */ {"locale": "zh_CN", }',
        "{locale: 'zh_CN'} // as JSON5 allows",
        '\ufeff{"note": "a } in a text // no comment", "locale": "zh_CN"}',
        """{note: 'it\\'s "here", locale: x', $a_1: [1, 2, /* } */], locale /* menus */: "zh_CN", // last,\n}""",
    ],
)
def test_jupyterlab_writes_its_settings_with_comments(kit, started, capsys, text):
    _menus(kit).parent.mkdir(parents=True)
    _menus(kit).write_text(text, encoding="utf-8")
    assert cli.main(["lab"]) == 0 and settings.preferred() == "zh"
    assert _menus(kit).read_text(encoding="utf-8") == text and "set-aside" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[1]",
        b"\xff\xfe\0",
        b"null",
        b'{"locale": {',
        b"\0" * 9,
        b"{} {}",
        b'{"locale" "zh_CN"}',
        b"{a}}{{b}",
        b"[" * 99_999,
        None,
        "broken link",
        "pipe",
    ],
)
def test_settings_that_cannot_be_read_are_set_aside_and_named(kit, started, capsys, content):
    path = _menus(kit)
    path.parent.mkdir(parents=True)
    if content is None:
        path.mkdir()
    elif content == "pipe":
        os.mkfifo(path)
    elif isinstance(content, str):
        path.symlink_to(path.parent / "nowhere")
    else:
        path.write_bytes(content)
    assert cli.main(["lab"]) == 0
    assert f"kept beside as {path.name}.set-aside-1" in capsys.readouterr().out
    assert json.loads(path.read_text()) == {"locale": "en"}
    kept = path.with_name(path.name + ".set-aside-1")
    assert os.path.lexists(kept) and (not isinstance(content, bytes) or kept.read_bytes() == content)


def _menus(kit):
    return kit / "work/.jupyter/settings" / MENUS


# --- the page ----------------------------------------------------------------------------------------------------


def test_the_page_has_the_minutes_of_the_lessons_themselves(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    written = {
        path.name[:2]: int(re.search(r"minutes: (\d+)", path.read_text(encoding="utf-8"))[1])
        for path in (ROOT / "lessons").glob("*.md")
    }
    for lang in LANGUAGES:
        assert {lesson.number: lesson.minutes for lesson in index.entries(lang)} == written
        assert all(lesson.exercises for lesson in index.entries(lang))


@pytest.mark.parametrize(
    ("done", "step"),
    [
        ({}, "00"),
        ({"start-1": "right"}, "00"),
        ({"start-1": "right", "start-2": "right"}, "01"),
        ({"start-1": "right", "start-2": "right", "clv-1": "not_yet"}, "08"),
        ({"capstone-1": "right", "capstone-2": "right"}, "14"),
    ],
)
def test_one_goes_on_where_one_stands(tmp_path, monkeypatch, done, step):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    (tmp_path / "progress.json").write_text(json.dumps({"done": done}))
    assert index.next_step(index.entries("en")).number == step
    page = index.page("en", "/x/course")
    assert f'class="step" href="/x/course/en/{step}"' in page
    assert f"{min(len(done), 2)} of 2 exercises" in page or "✓ done" in page


@pytest.mark.parametrize(
    ("lang", "right", "none"),
    [
        ("en", "3 of 29 core exercises right, in 2 lessons.", "nothing to print"),
        ("zh", "核心题共 29 道，做对 3 道，分布在 2 课。", "没有可打印"),
    ],
)
def test_the_certificate_says_what_is_right_and_keeps_no_name(tmp_path, monkeypatch, lang, right, none):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert none in certificate.page(lang, "/course") and "<input" not in certificate.page(lang, "/course")
    done = {"start-1": "right", "start-2": "right", "clv-1": "right", "nps-1": "not_yet"}
    (tmp_path / "progress.json").write_text(json.dumps({"done": done}))
    page = certificate.page(lang, "/course")
    assert right in page and page.count("<li>") == 2 and "@media print" in page
    assert "<form" not in page and "<script" not in page  # nothing sends or keeps the name
    assert '<input id="name" autocomplete="off" spellcheck="false">' in page
    assert f'href="/course/{lang}/certificate"' in index.page(lang, "/course")


@pytest.mark.parametrize("text", ["", "[]", '{"done": 3}', "\0"])
def test_progress_that_cannot_be_read_counts_as_none(tmp_path, monkeypatch, text):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    (tmp_path / "progress.json").write_text(text)
    assert "Begin: 00" in index.page("en", "/course") and (tmp_path / "progress.json").read_text() == text


def test_on_binder_the_page_says_how_to_keep_the_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert "Shut Down" in index.page("en", "/course") and "文件 → 关闭" in index.page("zh", "/course")
    monkeypatch.setenv("BINDER_REPO_URL", "x")
    assert "restore(code)" in index.page("en", "/course") and "Shut Down" not in index.page("en", "/course")


# --- the door ----------------------------------------------------------------------------------------------------


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """JupyterLab as `course lab` starts it, below an address as on a hub: (address of the server, learner's folder)."""
    home = tmp_path_factory.mktemp("hub")
    port = _free_port()
    chosen = re.compile("COURSE_|LC_|JUPYTER")
    variables = {k: v for k, v in os.environ.items() if not chosen.match(k)} | {
        "COURSE_WORK": str(home / "work"),
        "HOME": str(home),
        "LANG": "en_US.UTF-8",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-c", "import sys; from course.cli import main; sys.exit(main())", "lab"]
    command += ["--no-browser", f"--port={port}", "--IdentityProvider.token=", "--ServerApp.base_url=/user/x/"]
    command += ["--LabApp.expose_app_in_browser=True", "--ServerApp.port_retries=0"]
    with (home / "log.txt").open("w", encoding="utf-8") as log:
        child = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}/user/x"
    try:
        limit = time.monotonic() + _PATIENCE
        while time.monotonic() < limit and child.poll() is None:
            try:
                _ask(f"{address}/api/status")
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail((home / "log.txt").read_text(encoding="utf-8"))
        yield address, home / "work"
    finally:
        child.terminate()
        try:
            child.wait(timeout=15)
        except subprocess.TimeoutExpired:  # Jupyter can hang when it is stopped while it answers
            child.kill()
            child.wait()


class _Stays(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *asked):
        return None


def _ask(address, **headers):
    """(status, text, where one is sent on to)."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stays)
    try:
        with opener.open(urllib.request.Request(address, headers=headers), timeout=30) as answer:
            return answer.status, answer.read().decode(), None
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers.get("Location")


@pytest.mark.slow
def test_the_door_leads_to_each_lesson_in_each_language(server):
    address, work = server
    assert _ask(f"{address}/course")[2] == "/user/x/course/en"
    for lang, locale in (("zh", "zh_CN"), ("en", "en")):
        status, page, _ = _ask(f"{address}/course/{lang}")
        assert status == 200 and page.count('<li><a href="/user/x/course/') == 15
        for path in sorted((ROOT / "notebooks" / lang).glob("*.ipynb")):
            if path.stem.endswith("_more"):  # the core notebook leads there
                continue
            status, _, there = _ask(f"{address}/course/{lang}/{path.name[:2]}")
            assert (status, there) == (302, f"/user/x/lab/tree/{lang}/{path.name}")
        assert _ask(f"{address}/course/{lang}/certificate")[0] == 200
        menus = json.loads((work / ".jupyter/settings" / MENUS).read_text())
        assert menus == {"locale": locale}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "said"),
    [("fr", "no lesson fr"), ("en/77", "no lesson en/77"), ("zh/77", "没有 zh/77 这一课"), ("en/..", "no lesson")],
)
def test_what_is_not_there_is_a_sentence_and_the_page(server, asked, said):
    status, page, _ = _ask(f"{server[0]}/course/{asked.replace('..', '%2e%2e')}")
    assert status == 404 and said in page and "/course/zh" in page


@pytest.mark.slow
def test_a_phone_without_notebook_7_still_gets_the_lesson(server):
    there = _ask(f"{server[0]}/course/en/07", **{"User-Agent": "Mobile Safari iPhone"})[2]
    assert there.endswith("/07_segment.ipynb")


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_from_the_page_into_a_lesson_to_the_next_and_back(server, chromium, tmp_path, lang):
    """The tab of a lesson that was only opened is not marked as changed; the menus speak the language of the page."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    address, _ = server
    wait = 1000 * _PATIENCE
    dirty = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/course/{lang}")
        page.screenshot(path=tmp_path / "page.png")
        page.locator(f'li a[href$="/course/{lang}/07"]').click()
        page.wait_for_function(HERE, arg=f"{lang}/07_segment.ipynb", timeout=wait)
        file = page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^文件$" if lang == "zh" else "^File$"))
        playwright.expect(file).to_be_visible(timeout=wait)
        page.evaluate("""async () => {
            const context = window.jupyterapp.shell.currentWidget.context;
            await context.ready; await context.sessionContext.ready;
            await context.sessionContext.session.kernel.info;
        }""")
        page.wait_for_timeout(1500)
        assert not page.evaluate(dirty)
        page.screenshot(path=tmp_path / "lesson.png")
        page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }")
        page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-cell-and-select-next'); }")
        home = page.locator(f'.jp-OutputArea a[href="/user/x/course/{lang}"]')
        playwright.expect(home).to_be_visible(timeout=wait)
        last = "const n = window.jupyterapp.shell.currentWidget.content; await n.scrollToItem(n.widgets.length - 1);"
        page.evaluate("async () => { " + last + " }")
        page.locator(".jp-Notebook a", has_text="08 →" if lang == "en" else "第 08 课").click()
        playwright.expect(page.locator(".lm-TabBar-tabLabel", has_text="08_clv.ipynb").first).to_be_visible(
            timeout=wait
        )
        page.screenshot(path=tmp_path / "next.png")
        browser.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone_and_axe_finds_no_violation(server, chromium, axe_violations, tmp_path, scheme):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for width in (1280, 390):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            for place in ("en", "zh", "zh/77"):
                page.goto(f"{server[0]}/course/{place}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width
                assert axe_violations(page) == [], (width, place)
                page.screenshot(path=tmp_path / f"{place.replace('/', '-')}-{width}.png", full_page=True)
        browser.close()


# --- a file of one's own -----------------------------------------------------------------------------------------


def _asks_two():
    """Dates that may be day or month first; money that may, in two orders, be the order's or the line's."""
    rows = ["order_id,customer_id,ordered_at,amount,sku"]
    for n in range(40):
        day, month = 1 + n % 12, 1 + (n * 5) % 12
        rows += [f"{n},c{n % 9},{day:02}/{month:02}/2024,{40 + n},{sku}" for sku in ("x", "y")[: 1 + (n < 2)]]
    return "\n".join(rows) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_file_of_ones_own_is_uploaded_asked_about_and_reported_without_code(server, chromium, tmp_path, lang):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    address, work = server
    wait = 1000 * _PATIENCE
    file = tmp_path / "店铺.csv"
    file.write_text(_asks_two(), encoding="utf-8")
    choose, read, go = {
        "en": ("Choose files", "Read it", "Go on with these answers"),
        "zh": ("选择文件", "读取", "按这些回答继续"),
    }[lang]
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(wait)
        page.goto(f"{address}/course/{lang}/own")
        page.wait_for_function(HERE, arg=f"{lang}/own_file.ipynb", timeout=wait)
        page.evaluate("""async () => {
            const context = window.jupyterapp.shell.currentWidget.context;
            await context.ready; await context.sessionContext.ready;
            await context.sessionContext.session.kernel.info;
            await window.jupyterapp.commands.execute('notebook:run-all-cells');
        }""")
        form = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea")
        form.get_by_role("button", name=read).click()
        playwright.expect(form.locator('[role="status"]').first).to_be_visible(timeout=wait)  # no file: a sentence
        with page.expect_file_chooser() as chooser:
            form.get_by_role("button", name=choose).click()
        chooser.value.set_files(file)
        playwright.expect(form.get_by_role("button", name=re.compile(r"\(1\)"))).to_be_visible(timeout=wait)
        form.get_by_role("button", name=read).click()
        asked = form.locator(".widget-radio-box")
        playwright.expect(asked).to_have_count(2, timeout=wait)
        for n in range(2):
            asked.nth(n).locator("input[type=radio]").first.check()
        page.screenshot(path=tmp_path / "asked.png")
        form.get_by_role("button", name=go).click()
        frame = form.locator("iframe")
        playwright.expect(frame).to_be_visible(timeout=wait)
        report = page.frame_locator("iframe[srcdoc]")
        headline = report.locator("h1 >> visible=true")  # of the two languages one is shown
        playwright.expect(headline.first).to_be_visible(timeout=wait)
        page.screenshot(path=tmp_path / "report.png")
        browser.close()
    assert (work / "uploads" / "店铺.csv").read_text(encoding="utf-8") == _asks_two()
    assert list(work.glob("portraits-*/report.html"))


def test_a_file_that_is_refused_is_a_sentence_and_no_folder(tmp_path, monkeypatch):
    from course.hub import own_file

    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    below = type("Box", (), {"children": ()})()
    own_file._read([], below)
    own_file._read([str(tmp_path / "nowhere.csv")], below)
    first, second = (widget.value for widget in below.children)
    assert "Choose a file" in first and "nowhere.csv" in second and not list(tmp_path.glob("portraits-*"))
    assert own_file._files(({"name": "../a.csv", "content": b"1"},), " b.csv ") == [
        "b.csv",
        str(tmp_path / "uploads/a.csv"),
    ]
