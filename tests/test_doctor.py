"""The doctor: each line says that all is well, or what to do."""

import io
import json
import os
import shutil
import socket
import subprocess
import sys
import webbrowser
from collections import namedtuple
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from course import charts, cli, language
from course import doctor as module
from course.doctor import doctor
from course.language import Sentence
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def learner(tmp_path, monkeypatch):
    """A folder for the learner's files."""
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "learner"))


def line(title):
    (found,) = [(good, said) for what, good, said in doctor() if what.say() == title]
    assert found[1].say("zh") != found[1].say("en") or found[1].message in ("{version}", "{name}")
    return found[0], found[1].say("en")


def test_on_a_machine_that_is_ready_every_line_is_well(cjk_font):
    assert [(what.say(), said.say()) for what, good, said in doctor() if not good] == []
    assert [what.say() for what, _, _ in doctor()] == [
        "Python",
        "Packages",
        "Kernel",
        "Chinese font",
        "Memory",
        "Write access",
        "Port",
    ]


@pytest.fixture
def no_kernel(monkeypatch):
    """The lines that need no kernel, without waiting for one."""
    monkeypatch.setattr(module, "_kernel", lambda: (Sentence("Kernel"), True, Sentence("starts and answers")))
    return module


def test_an_old_python_is_told_what_to_install(no_kernel, monkeypatch):
    monkeypatch.setattr(no_kernel, "sys", SimpleNamespace(version_info=(3, 10, 9)))
    assert line("Python") == (False, "3.10.9 is too old. Install Python 3.11 or newer, then run lab.py again.")


def test_a_missing_package_is_named(no_kernel, monkeypatch):
    real = metadata.version

    def version(name):
        if name == "seaborn":
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert line("Packages") == (False, "seaborn is missing. Run: python3 lab.py")


def test_a_kernel_that_does_not_start_is_told_how_to_be_mended(monkeypatch, tmp_path):
    """A real kernel whose Python is not there."""
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    argv = [str(tmp_path / "gone" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    good, said = line("Kernel")
    assert not good and said.startswith("does not start (") and "Delete .venv" in said


def test_a_missing_font_is_told_what_to_install(no_kernel, monkeypatch):
    monkeypatch.setattr(charts, "chinese_font", lambda: None)
    good, said = line("Chinese font")
    assert not good and "fonts-wqy-microhei" in said


def test_too_little_memory_is_said(no_kernel, monkeypatch):
    import psutil

    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=2**30))
    assert line("Memory") == (False, "1.0 GB free: close other programs until 2 GB are.")


def test_a_folder_that_cannot_be_written_is_said(no_kernel, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "file" / "work"))
    (tmp_path / "file").write_text("no folder")
    good, said = line("Write access")
    assert not good and "cannot be written (Not a directory)" in said and "Move the kit" in said


def test_a_full_disk_is_said(no_kernel, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 9, 2**28))
    assert line("Write access") == (False, "only 0.2 GB of disk are free. Make room for 0.5 GB.")


def test_a_port_that_cannot_be_opened_is_said(no_kernel, monkeypatch):
    def bind(self, address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "socket", type("Barred", (socket.socket,), {"bind": bind}))
    good, said = line("Port")
    assert not good and "Permission denied" in said


@pytest.mark.parametrize(("lang", "title"), [("en", "Write access"), ("zh", "写入权限")])
def test_the_doctor_is_a_command(lang, title):
    command = [Path(sys.executable).with_name("course"), "doctor"]
    done = subprocess.run(
        command, env=os.environ | {"COURSE_LANG": lang}, capture_output=True, text=True, encoding="utf-8", cwd=ROOT
    )
    assert title in done.stdout and done.returncode == ("✗" in done.stdout)


# --- the day before a class ------------------------------------------------------------------------------------------


@pytest.fixture
def class_line(no_kernel, monkeypatch):
    """`class_line(title)`: that line of --class, without the kernel of the picture unless that is the line."""
    real = no_kernel._picture

    def look(title, lang="en"):
        if title != "First picture":
            monkeypatch.setattr(no_kernel, "_picture", lambda: (Sentence("First picture"), True, Sentence("all there")))
        else:
            monkeypatch.setattr(no_kernel, "_picture", real)
        (found,) = [(good, said) for what, good, said in doctor(of_class=True) if what.say("en") == title]
        assert found[1].say("zh") != found[1].say("en") or found[1].message == "{now}"
        return found[0], found[1].say(lang)

    return look


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    """`lesson(code)`: lesson 00 has one cell."""

    def write(code):
        (tmp_path / "en").mkdir()
        cells = [{"cell_type": "markdown", "source": "# 00"}, {"cell_type": "code", "source": code.splitlines(True)}]
        (tmp_path / "en" / "00_start.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
        monkeypatch.setattr(module.places, "notebooks", lambda: tmp_path)

    return write


def test_a_browser_that_is_missing_or_shows_no_pages_is_said(class_line, monkeypatch):
    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.Chrome("chrome"))
    assert class_line("Browser") == (True, "there is one")
    for get in (none, lambda: webbrowser.GenericBrowser("w3m")):
        monkeypatch.setattr(webbrowser, "get", get)
        good, said = class_line("Browser")
        assert not good and "Install Firefox" in said


def test_a_network_is_needed_where_packages_are_missing_and_no_folder_brings_them(class_line, monkeypatch, tmp_path):
    assert class_line("Network") == (True, "not needed: every package is installed")
    monkeypatch.setattr(module, "_packages", lambda: (Sentence("Packages"), False, Sentence("all there")))
    monkeypatch.setattr(module.places, "ROOT", tmp_path)
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    good, said = class_line("Network")
    assert not good and said.startswith("no package can be fetched.")
    (tmp_path / "wheels").mkdir()
    assert class_line("Network") == (True, "not needed: this folder brings its packages")


def test_a_lesson_that_draws_nothing_or_slowly_is_said(class_line, lesson, monkeypatch):
    lesson("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    good, said = class_line("First picture")
    assert good and said.startswith("lesson 00 draws it after ")
    monkeypatch.setattr(module, "_PICTURE", -1)
    good, said = class_line("First picture")
    assert not good and said.endswith("Close other programs.")


def test_why_a_lesson_draws_nothing_is_said(class_line, lesson):
    lesson("raise OSError('the wrong disk')")
    good, said = class_line("First picture")
    assert not good and said.startswith("lesson 00 draws none (the wrong disk).")


def test_a_clock_that_is_behind_is_said(class_line, monkeypatch):
    monkeypatch.setattr(module.time, "time", lambda: 1e9)
    good, said = class_line("Clock")
    assert not good and said.endswith("Set the clock of this machine.")


def test_a_window_that_cannot_show_chinese_is_said_to_those_who_read_it(class_line, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    assert class_line("Language")[0]
    language.use("zh")
    good, said = class_line("Language", "zh")
    assert not good and "显示不了中文" in said


def test_the_line_to_collect_names_what_is_ill_and_nobody():
    lines = [
        (Sentence("Memory"), True, Sentence("{free:.1f} GB free", free=7.6)),
        (Sentence("Browser"), False, Sentence("all there")),
        (Sentence("Clock"), False, Sentence("all there")),
    ]
    said = module.collected(lines)
    python = ".".join(map(str, sys.version_info[:3]))
    assert said.startswith("NOT READY: Browser, Clock | ") and said.endswith(f" | Python {python} | 8 GB free")
    assert module.collected(lines[:1]).startswith("ready | ")
    assert not {os.environ.get("USER", "nobody"), socket.gethostname()} & set(said.split())


def test_doctor_class_is_a_command(no_kernel, monkeypatch, capsys):
    monkeypatch.setattr(no_kernel, "_picture", lambda: (Sentence("First picture"), True, Sentence("all there")))
    monkeypatch.setattr(webbrowser, "get", lambda: webbrowser.Chrome("chrome"))
    assert cli.main(["doctor", "--class", "--lang", "zh"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "✓ 浏览器：有" in told and told[-2] == "发给讲师：" and told[-1].startswith("ready | ")
