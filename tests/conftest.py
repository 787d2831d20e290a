"""What all tests share: Hypothesis's profile, and the things a machine may lack."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from course import charts, language

ROOT = Path(__file__).resolve().parent.parent

# The same examples every time: a red test stays red until it is mended, a green one does not turn red by luck.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=100)
settings.load_profile("course")


@pytest.fixture(autouse=True, scope="session")
def own_settings(tmp_path_factory):
    """No test reads or writes the key of whoever runs it."""
    os.environ["XDG_CONFIG_HOME"] = str(tmp_path_factory.mktemp("settings"))


@pytest.fixture(autouse=True)
def english():
    """Every test begins in English, whatever the one before it left behind."""
    language.use("en")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the public data sets, named by COURSE_REAL_DATA."""
    folder = os.environ.get("COURSE_REAL_DATA")
    if not folder:
        pytest.skip("the public data sets are not here (COURSE_REAL_DATA is not set)")
    assert Path(folder).is_dir(), f"COURSE_REAL_DATA is not a folder: {folder}"
    return Path(folder)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; what drives it may be missing, too."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    return _program("Chromium", "chromium", "chromium-browser")


@pytest.fixture(scope="session")
def axe_violations():
    """axe_violations(tab): [(rule, first element)] of WCAG A and AA that a page breaks with everything unfolded.

    axe-core is fetched by .ci/run from npm: COURSE_AXE names its file.
    """
    path = Path(os.environ.get("COURSE_AXE", ""))
    if not path.is_file():
        pytest.skip("axe-core is not here (COURSE_AXE does not name its file)")
    axe = path.read_text(encoding="utf-8")

    def violations(tab):
        tab.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        tab.evaluate(axe)
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = tab.evaluate("tags => axe.run({runOnly: tags})", rules)
        return [(v["id"], v["nodes"][0]["html"]) for v in found["violations"]]

    return violations


@pytest.fixture(scope="session")
def soffice() -> str:
    """The path of LibreOffice."""
    return _program("LibreOffice", "soffice", "libreoffice")


@pytest.fixture(scope="session")
def pspp() -> str:
    """The path of PSPP, which reads SPSS files."""
    return _program("PSPP", "pspp")


@pytest.fixture(scope="session")
def rscript() -> str:
    """The path of R."""
    return _program("R", "Rscript")


@pytest.fixture(scope="session")
def cjk_font() -> str:
    """The name of a font that has Chinese characters."""
    if name := charts.chinese_font():
        return name
    pytest.skip("no Chinese font is installed")


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """The files of the project: those under version control and those about to be."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this copy of the project is not a git clone")
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, check=True).stdout.decode().split("\0")
    return [ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]


def _program(title: str, *names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    pytest.skip(f"{title} is not installed")
