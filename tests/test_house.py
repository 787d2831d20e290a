"""The rules of the house: style, who may import whom, and what no file may contain."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent

# Written in parts, because this file is searched too.
REGISTRIES = ("py" + "pi.org", "pythonhosted" + ".org", "ana" + "conda.org", "ana" + "conda.com", "npmjs" + ".org")
MIRRORS = (
    "tsinghua" + ".edu",
    "mirrors" + ".aliyun",
    "mirrors." + "ustc",
    "index-" + "url http",
    "index-" + "url=http",
    "registry." + "yarnpkg",
)
MACHINE_PATH = re.compile(r"(?<![\w.~*}\])>-])/(?:wo" + r"rk|ro" + r"ot)/")


def run(*command, **options):
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, encoding="utf-8", **options)


def texts(files):
    """Each text file with its content; binary files are left out."""
    for path in files:
        data = path.read_bytes()
        if b"\0" not in data:
            try:
                yield path.relative_to(ROOT), data.decode("utf-8")
            except UnicodeDecodeError:
                continue


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_has_nothing_to_say(arguments):
    done = run(BIN / "ruff", *arguments, "--no-cache", ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_floors_import_downward_only():
    done = run(BIN / "lint-imports", "--no-cache", cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "imports"),
    [
        ("errors", "cli"),
        ("collect", "clean"),
        ("segment", "clv"),
        ("segment", "company"),
        ("segment", "classroom"),
        ("demo", "classroom"),
        ("score", "classroom"),
        ("doctor", "classroom"),
        ("workflow", "authoring"),
        ("company", "segment"),
        ("company", "clean"),
        ("authoring", "workflow"),
        ("attic", None),
    ],
)
def test_an_import_that_breaks_the_house_is_refused(tmp_path, module, imports):
    package = tmp_path / "course"
    package.mkdir()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (package / "__init__.py").touch()
    (package / "cli.py").write_text("import course.segment\n")
    for name in filter(None, (imports, "segment", "classroom", module)):
        (package / f"{name}.py").touch()
    assert (run(BIN / "lint-imports", "--no-cache", cwd=tmp_path).returncode == 0) == (module != "attic")
    if imports:
        (package / f"{module}.py").write_text(f"def later():\n    import course.{imports}\n")
    assert run(BIN / "lint-imports", "--no-cache", cwd=tmp_path).returncode == 1


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['course', '--help']\n"
        "from course.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('loaded:', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = run(sys.executable, "-c", code, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    usage, _, loaded = done.stdout.partition("loaded:")
    assert "run" in usage and "check" in usage
    assert not {"pandas", "duckdb", "matplotlib", "pyarrow", "numpy"} & set(loaded.split())


def test_no_file_names_a_package_registry(tracked):
    for path, text in texts(tracked):
        for host in REGISTRIES + MIRRORS:
            assert host not in text.lower(), f"{path} names {host}"


def test_no_file_holds_a_path_of_one_machine(tracked):
    for path, text in texts(tracked):
        found = MACHINE_PATH.search(text)
        assert not found, f"{path}, line {text.count(chr(10), 0, found.start()) + 1}"


def test_machine_paths_are_recognised_and_relative_ones_are_not():
    work = "wo" + "rk/"
    assert MACHINE_PATH.search(f"open('/{work}x')") and MACHINE_PATH.search(f"cd /{work}main")
    assert not MACHINE_PATH.search(f"the folder {work}, ./{work} or <folder>/{work}")


def test_every_text_file_ends_with_one_newline(tracked):
    for path, text in texts(tracked):
        if text:
            assert text.endswith("\n") and not text.endswith("\n\n"), path


def test_the_map_of_the_house_names_what_is_there_and_the_same_in_both_languages():
    english, chinese = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").split("\n# 房子的结构\n")
    named = [
        re.findall(r"`((?:course|tests|lessons|docs)/[\w/.]+|pyproject\.toml)`", half) for half in (english, chinese)
    ]
    assert len(named[0]) > 20 and sorted(set(named[0])) == sorted(set(named[1]))
    missing = [name for name in named[0] if not (ROOT / name).exists()]
    assert not missing, missing
    rooms = re.findall(r"`(\w+)/?`", english.partition("|---|---|")[2].partition("\n\n")[0])
    lacking = [n for n in rooms if not ((ROOT / "course" / n).is_dir() or (ROOT / f"course/{n}.py").exists())]
    assert len(rooms) > 20 and not lacking, lacking
