"""Every extra that is not installed is a sentence with the command that adds it to this very installation."""

import os
import sys
import tomllib
from importlib.machinery import PathFinder

import pytest

from course import charts, classroom, cli, extras, language
from course.doctor import doctor
from course.errors import DataError
from course.hub import own_file
from tests import little
from tests.conftest import ROOT

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]


def hide(monkeypatch, *modules):
    """This Python as it is where these modules were never installed, and nothing of theirs was asked before."""
    charts.chinese_font.cache_clear()
    find = PathFinder.find_spec

    def finding(name, path=None, target=None):
        return None if name in modules else find(name, path, target)

    monkeypatch.setattr(PathFinder, "find_spec", finding)
    for held in [held for held in sys.modules if held.partition(".")[0] in modules]:
        monkeypatch.delitem(sys.modules, held)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """The result of a run where no extra is installed: the base is enough for it."""
    folder = tmp_path_factory.mktemp("extras")
    little.one_returner().to_csv(folder / "orders.csv", index=False)
    with pytest.MonkeyPatch.context() as monkeypatch:
        hide(monkeypatch, *(every := {name for names in extras.BRINGS.values() for name in names}))
        assert cli.main(["run", "--orders", str(folder / "orders.csv"), "--out", str(folder / "out")]) == 0
        assert not every & set(sys.modules)
    return folder / "out"


@pytest.fixture
def spss(tmp_path):
    """A file that is called SPSS's."""
    (tmp_path / "survey.sav").write_bytes(b"$FL2@(#) SPSS DATA FILE" + bytes(200))
    return str(tmp_path / "survey.sav")


@pytest.fixture
def no_connectorx(tmp_path, monkeypatch):
    """MySQL is read by a program of its own: there the package is missing too."""
    (tmp_path / "lib").mkdir()
    said = "raise ModuleNotFoundError(\"No module named 'connectorx'\")"
    (tmp_path / "lib" / "connectorx.py").write_text(said)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "lib"), os.environ.get("PYTHONPATH", "")]))


#: A command for each extra, at which it is missing. Spark has none yet but the net below them all.
DOORS = [
    ("notebook", ["lab", "--no-browser"]),
    ("stats", ["check", "{spss}"]),
    ("stats", ["export", "{result}", "--to", "sav"]),
    ("postgres", ["check", "postgresql://nobody@127.0.0.1:9/shop"]),
    ("mysql", ["check", "mysql://nobody@127.0.0.1:9/shop"]),
    ("real", ["run", "--source", "completejourney", "--out", "{out}"]),
    ("site", ["site", "--out", "{out}"]),
    ("paper", ["paper", "--out", "{out}"]),
    ("pack", ["pack", "--offline", "--out", "{out}"]),
    ("dev", ["build", "00"]),
]


def test_every_extra_is_known_and_has_a_door():
    assert set(extras.BRINGS) == set(EXTRAS) == {extra for extra, _ in DOORS} | {"spark"}


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize(("extra", "words"), DOORS, ids=lambda value: value if isinstance(value, str) else value[0])
def test_a_missing_extra_is_a_sentence(monkeypatch, capsys, tmp_path, result, spss, no_connectorx, lang, extra, words):
    hide(monkeypatch, *extras.BRINGS[extra])
    places = {"spss": spss, "result": result, "out": tmp_path / "out"}
    assert cli.main([word.format(**places) for word in words] + ["--lang", lang]) == 2
    told = capsys.readouterr().err
    assert extras.command(extra) in told and "Traceback" not in told and "ImportError" not in told
    assert any("\u4e00" <= sign <= "\u9fff" for sign in told) == (lang == "zh")


def test_a_notebook_says_it_too(monkeypatch):
    hide(monkeypatch, "ipywidgets")
    for door in (own_file.begin, lambda: classroom.play("segment")):
        with pytest.raises(DataError) as refused:
            door()
        assert str(refused.value).endswith(extras.command("notebook"))
    hide(monkeypatch, "seaborn")
    with pytest.raises(DataError, match="seaborn"):
        classroom.open_lesson("00_start")


def test_the_doctor_names_what_is_missing_and_looks_at_the_rest(monkeypatch):
    hide(monkeypatch, *extras.BRINGS["notebook"])
    found = {what.say(): (well, said.say()) for what, well, said in doctor()}
    ill = {what for what, (well, _) in found.items() if not well}
    assert ill - {"Port"} == {"Kernel", "Chinese font", "Memory"}  # a port may be another test's for the moment
    assert extras.command("notebook") in found["Kernel"][1]


def test_any_other_import_that_fails_is_no_extras():
    assert extras.lacking(ModuleNotFoundError("no", name="course.attic")) is None
    with pytest.raises(ModuleNotFoundError):
        extras.bring("nobody_s_module")
    told = extras.lacking(ModuleNotFoundError("no", name="pyspark.sql"))
    assert told.say() == f"This needs pyspark, which is not installed here. To add it: {extras.command('spark')}"


# --- the command is that of this installation ------------------------------------------------------------------------


def test_in_the_kits_own_environment_it_is_a_word_of_lab_py(monkeypatch, tmp_path):
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(extras.places, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    assert extras.command("mysql") == ("py" if os.name == "nt" else "python3") + " lab.py add mysql"


@pytest.mark.skipif(os.name == "nt", reason="the shell's quotes are others there")
@pytest.mark.parametrize("pip", [True, False])
def test_elsewhere_it_is_that_of_pip_or_uv(monkeypatch, tmp_path, pip):
    """From a wheel: the distribution is there, and its extra is asked for by name."""
    monkeypatch.setattr(extras.places, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "executable", "/a folder/bin/python")
    monkeypatch.setattr(extras, "find_spec", lambda name: pip or None)
    tool = "'/a folder/bin/python' -m pip install" if pip else "uv pip install --python '/a folder/bin/python'"
    assert extras.command("stats") == tool + " 'customer-portrait-course[stats]'"
