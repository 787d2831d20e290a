"""The folder for a class: what is in it, its starters, its ZIP, and wheels for systems other than this one."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lab
from course import cli, pack
from course.errors import DataError
from course.pack import wheels
from tests.conftest import ROOT

NAMES = [
    f"{does} {system}" for does in ("Start", "Check") for system in ("(Windows).bat", "(macOS).command", "(Linux).sh")
]
POSIX = pytest.mark.skipif(os.name != "posix", reason="the starter is a shell script")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The folder for three systems, unpacked from its ZIP as a desktop does, bits included."""
    place = tmp_path_factory.mktemp("pack")
    words = ["--platform", "win", "mac", "linux", "mac", "--python", "3.12", "--out", str(place / "班 级")]
    assert cli.main(["pack", *words]) == 0
    with zipfile.ZipFile(place / "班 级.zip") as file:
        for entry in file.infolist():
            assert entry.create_system == 3  # with another, macOS would not look at the bits
            os.chmod(file.extract(entry, place / "张 三"), entry.external_attr >> 16 & 0o777)
    return place / "张 三" / "班 级"


def test_it_holds_what_learners_need_and_nothing_of_the_answers(unpacked):
    kit = unpacked / "course-kit"
    assert {path.name for path in kit.iterdir()} == set(pack.KEPT)
    assert {path.name for path in unpacked.iterdir()} == {"course-kit", "python", "READ ME.txt", *NAMES}
    assert len(list(kit.glob("notebooks/*/*.ipynb"))) == len(list(ROOT.glob("notebooks/*/*.ipynb")))
    assert not [
        p for p in kit.rglob("*") if p.name == "__pycache__" or p.name.startswith(".") or "solutions" in p.parts
    ]
    texts = [
        path.read_text(encoding="utf-8-sig")
        for path in (*(unpacked / n for n in NAMES), *unpacked.glob("**/READ ME.txt"))
    ]
    assert all("3.12" in text and "@" not in text.replace("@echo off", "").replace('"$@"', "") for text in texts)
    assert all(any("\u4e00" <= sign <= "\u9fff" for sign in text) for text in texts)


@POSIX
def test_starters_can_be_run_and_windows_has_its_line_ends(unpacked):
    assert [name for name in NAMES if not os.access(unpacked / name, os.X_OK)] == []
    assert not os.access(unpacked / "READ ME.txt", os.X_OK)
    for name in NAMES:
        ends = (unpacked / name).read_bytes()
        assert (b"\r\n" in ends) == (b"\r" in ends) == name.endswith(".bat")


@POSIX
@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".bat")])
def test_a_starter_finds_python_and_starts_what_it_is_called_for(unpacked, tmp_path, name):
    """The class's version goes before another; lab.py stands aside for a script that says what it was given."""
    kit = tmp_path / "a b" / "course-kit"
    kit.mkdir(parents=True)
    (kit / "lab.py").write_text("import os, sys; print(os.path.basename(os.getcwd()), sys.argv[1:], sys.executable)")
    starter = kit.parent / name
    starter.write_bytes((unpacked / name).read_bytes())
    starter.chmod(0o755)
    bin = tmp_path / "bin"
    bin.mkdir()
    (bin / "python3.12").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (bin / "python3").write_text("#!/bin/sh\nexit 1\n")
    for program in bin.iterdir():
        program.chmod(0o755)
    env = {"PATH": f"{bin}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    done = subprocess.run([starter, "--port", "1"], env=env, capture_output=True, text=True, cwd="/")
    words = ["doctor", "--class"] if name.startswith("Check") else []
    assert done.stdout.startswith(f"course-kit {[*words, '--port', '1']}"), done.stderr
    (bin / "python3.12").unlink()
    done = subprocess.run(
        [starter], env=env | {"PATH": f"{bin}:/usr/bin:/bin"}, capture_output=True, text=True, input="\n", cwd="/"
    )
    assert "Python 3.12 is missing" in done.stdout and "没有找到 Python 3.12" in done.stdout


def test_nothing_is_written_over_and_an_unknown_python_is_refused(tmp_path, capsys):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").touch()
    (tmp_path / "other.zip").touch()
    for out in ("there", "other"):
        assert cli.main(["pack", "--out", str(tmp_path / out)]) == 2
        assert "exists already" in capsys.readouterr().err
    assert cli.main(["pack", "--python", "3.10", "--out", str(tmp_path / "new")]) == 2
    assert "--python is one of 3.11, 3.12, 3.13, 3.14." in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.zip", "there"]


# --- wheels ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """The commands that uv and pip would get; `fails` is how pip fails."""
    commands, fails = [], {"code": 0, "said": ""}

    def run(command, **options):
        commands.append(command)
        if "compile" in command:
            version = command[command.index("--python-version") + 1]
            said = f"numpy==2.4.6\nsoupsieve=={'2.10' if version.endswith('.0') else '4.1.2'}\n"
            return subprocess.CompletedProcess(command, 0, said, "")
        listed = Path(command[command.index("--requirement") + 1]).read_text(encoding="utf-8")
        commands[-1] = [*command, listed]
        return subprocess.CompletedProcess(command, fails["code"], "", fails["said"])

    monkeypatch.setattr(wheels.subprocess, "run", run)
    return commands, fails


def test_each_machine_gets_its_own_list_by_its_own_tags(asked, tmp_path):
    """Two Macs; and what differs within a version of Python is fetched for both."""
    commands, _ = asked
    wheels.fetch(tmp_path, ["mac", "win"], "3.12", lambda sentence: None)
    resolved = [
        (c[c.index("--python-platform") + 1], c[c.index("--python-version") + 1]) for c in commands if "compile" in c
    ]
    machines = ["aarch64-apple-darwin", "x86_64-apple-darwin", "x86_64-pc-windows-msvc"]
    assert resolved == [(machine, version) for machine in machines for version in ("3.12.99", "3.12.0")]
    fetched = [(c[c.index("--platform") + 1], c[-1].split()) for c in commands if "download" in c]
    tags = ["macosx_13_0_arm64", "macosx_13_0_x86_64", "win_amd64"]
    assert fetched == [(t, n) for t in tags for n in (["numpy==2.4.6", "soupsieve==4.1.2"], ["soupsieve==2.10"])]
    assert all("cp312" in c and "--only-binary=:all:" in c and "--no-deps" in c for c in commands if "download" in c)


def test_a_package_without_a_wheel_is_named(asked, tmp_path):
    _, fails = asked
    fails |= {"code": 1, "said": "WARNING: x\nERROR: No matching distribution found for numpy==2.4.6\nmore\n"}
    with pytest.raises(
        DataError, match=r"x86_64-pc-windows-msvc could not be fetched: ERROR: No matching .* numpy==2.4.6"
    ):
        wheels.fetch(tmp_path, ["win"], "3.12", lambda sentence: None)


def test_what_a_class_gets_is_what_lab_py_installs():
    assert set(wheels.EXTRAS) == {lab.EXTRAS, lab.LESSONS}


@pytest.mark.weekly
@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
def test_every_machine_has_a_wheel_of_everything(tmp_path, monkeypatch, python):
    """Asked of pip too, without fetching: a resolver that is content and a pip that finds nothing would be too late."""
    said = wheels._said

    def dry(command, machine, given=""):
        if "download" in command:
            instead = {"download": "install", "--dest": "--target"}
            command = [*(instead.get(word, word) for word in command), "--dry-run"]
        return said(command, machine, given)

    monkeypatch.setattr(wheels, "_said", dry)
    wheels.fetch(tmp_path / "none", ["win", "mac", "linux"], python, lambda sentence: None)


@pytest.mark.weekly
@pytest.mark.skipif(sys.platform != "linux", reason="the network is turned off as Linux does it")
def test_the_folder_is_set_up_and_used_without_a_network():
    command = Path(sys.executable).with_name("course")
    done = subprocess.run(
        [ROOT / ".ci/pack"], env=os.environ | {"COURSE": str(command)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    print(done.stdout)
