"""`course pack`: a folder to hand to a class. It starts by double click; with its wheels also where no network is.

What learners need is copied: no solutions, no sources of lessons, no tests. `lab.py` installs from its wheels/.
"""

import shutil
import sys
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from course import extras, places, whole
from course.errors import DataError
from course.language import Sentence
from course.pack import wheels

#: What of the kit's folder a learner needs.
KEPT = (
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "README.md",
    "README.zh.md",
    "constraints.txt",
    "course",
    "datasets",
    "docs",
    "jupyter-config",
    "lab.py",
    "notebooks",
    "pyproject.toml",
)
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.pyc")
_STARTERS = Path(__file__).with_name("starters")
#: What starters are called on each system, and what lies behind.
_NAMES = {"win": "{} (Windows).bat", "mac": "{} (macOS).command", "linux": "{} (Linux).sh"}
_DOES = {"Start": "", "Check": "doctor --class"}


def write(
    out: Path,
    systems: Sequence[str],
    *,
    python: str | None = None,
    offline: bool = False,
    progress: Callable[[Sentence], None] = lambda sentence: None,
) -> tuple[Path, int]:
    """Write the folder `out` for systems ("win", "mac", "linux"), and beside it the same as a ZIP.

    Parameters
    ----------
    python : the one version for the class, such as "3.12"; default: this Python's.
    offline : with a wheel of every package that is needed, for each of the systems.

    Returns
    -------
    the ZIP, and what it weighs in bytes

    Raises
    ------
    DataError : the kit was installed as a package; `out` or its ZIP exists; a version that the kit does not support;
        the packages cannot be fetched, or one has no wheel for a system; what fetches them is not installed.
    """
    if not places.is_checkout():
        raise DataError("A folder for a class is made from the kit's own folder; this is an installed package.")
    python = python or f"{sys.version_info[0]}.{sys.version_info[1]}"
    if python not in (known := _pythons()):
        raise DataError("--python is one of {known}.", known=", ".join(known))
    for tool in ("uv", "pip") if offline else ():
        extras.bring(tool)
    archive = out.with_name(out.name + ".zip")
    whole.refuse_used(out)
    whole.refuse_used(archive)
    with whole.alone(out), whole.whole_or_absent(out) as new:
        _copy(new / "course-kit")
        if offline:
            wheels.fetch(new / "course-kit" / "wheels", systems, python, progress)
        _start(new, systems, python)
        part = whole.beside(out, "zip")
        try:
            _zip(new, part, out.name)
            part.replace(archive)
        finally:
            part.unlink(missing_ok=True)
    return archive, archive.stat().st_size


def _pythons() -> list[str]:
    """The versions of Python that pyproject.toml lists."""
    project = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = (entry.partition("Programming Language :: Python :: ")[2] for entry in project["classifiers"])
    return [version for version in listed if version.startswith("3.")]


def _copy(kit: Path) -> None:
    for name in KEPT:
        source, target = places.ROOT / name, kit / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=_LEFT_OUT)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def _start(out: Path, systems: Sequence[str], python: str) -> None:
    """Starters, the note that says which to click, and a place for Python's installers."""
    (out / "python").mkdir()
    for name, target in (("readme", out / "READ ME.txt"), ("python", out / "python" / "READ ME.txt")):
        # With a mark, for the Notepad of old; with the line ends of Windows, which all others read.
        target.write_text(_filled(name, python), encoding="utf-8-sig", newline="\r\n")
    for system in systems:
        ends = "\r\n" if system == "win" else "\n"
        for word, does in _DOES.items():
            starter = out / _NAMES[system].format(word)
            starter.write_text(_filled(system, python, does), encoding="utf-8", newline=ends)
            starter.chmod(0o755)


def _filled(name: str, python: str, does: str = "") -> str:
    text = (_STARTERS / f"{name}.txt").read_text(encoding="utf-8")
    return text.replace("@PYTHON@", python).replace(" @DOES@", f" {does}" if does else "")


def _zip(folder: Path, archive: Path, name: str) -> None:
    """The folder as a ZIP under `name`: starters can be run wherever it is unpacked, whatever system wrote it."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo.from_file(path, Path(name, path.relative_to(folder)).as_posix())
            entry.create_system = 3  # Unix: it alone has bits that say what can be run
            entry.external_attr = (0o100755 if path.parent == folder and path.suffix != ".txt" else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
            with path.open("rb") as source, file.open(entry, "w") as target:
                shutil.copyfileobj(source, target)
