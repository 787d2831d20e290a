"""The doctor: each line says that all is well, or what to do."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from course import charts
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
    assert line("Packages") == (False, "seaborn is missing. Run python3 lab.py again.")


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
