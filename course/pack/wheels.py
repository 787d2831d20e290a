"""Wheels for systems other than this one: uv says which packages a system needs, pip fetches exactly those.

Neither alone will do: pip asks this machine's markers where it fetches for another, and uv does not fetch.
"""

import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from course import places
from course.errors import DataError
from course.language import Sentence

#: What a class's machine gets beside the kit's own requirements, and what builds the kit without a network.
EXTRAS = ("notebook", "stats")
BUILDING = ("editables", "hatchling")
_MANYLINUX = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")
#: Each system's machines: what uv calls them, and pip's tags.
MACHINES = {
    "win": {"x86_64-pc-windows-msvc": ("win_amd64",)},
    "mac": {"aarch64-apple-darwin": ("macosx_13_0_arm64",), "x86_64-apple-darwin": ("macosx_13_0_x86_64",)},
    "linux": {
        "x86_64-manylinux_2_28": (
            *(f"manylinux_{version}_x86_64" for version in _MANYLINUX),
            *(f"manylinux{year}_x86_64" for year in ("2014", "2010", "1")),
        )
    },
}


def fetch(folder: Path, systems: Sequence[str], python: str, progress: Callable[[Sentence], None]) -> None:
    """Put a wheel of every package that is needed into a folder.

    Parameters
    ----------
    python : a version without its last part, "3.12".

    Raises
    ------
    DataError : the packages cannot be fetched; one has no wheel for a system.
    """
    for system in systems:
        for machine, tags in MACHINES[system].items():
            # Markers may ask for the last part of the version: soupsieve's pins differ from Python 3.11.5 on.
            versions = f"{python}.99", f"{python}.0"
            last, first = (resolve(machine, version) for version in versions)
            progress(Sentence("{system}, Python {python}: {n} packages", system=machine, python=python, n=len(last)))
            for needed, version in zip((last, sorted(set(first) - set(last))), versions, strict=True):
                _download(folder, needed, version, machine, tags)


def resolve(machine: str, python: str) -> list[str]:
    """The packages that a machine needs with a full version of Python, as "name==version", all of them with wheels."""
    project = tomllib.loads((places.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *BUILDING]
    for extra in EXTRAS:
        asked += project["optional-dependencies"][extra]
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--no-header", "--no-annotate"]
    command += ["--only-binary", ":all:", "--constraints", str(places.ROOT / "constraints.txt")]
    command += ["--python", sys.executable, "--python-platform", machine, "--python-version", python]
    return _said(command, machine, "\n".join(asked)).splitlines()


def _download(folder: Path, needed: Sequence[str], python: str, machine: str, tags: Sequence[str]) -> None:
    if not needed:
        return
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", python]
    for abi in ("cp{}{}".format(*python.split(".")), "abi3", "none"):
        command += ["--abi", abi]
    for tag in tags:
        command += ["--platform", tag]
    with tempfile.TemporaryDirectory() as place:
        listed = Path(place) / "needed.txt"
        listed.write_text("\n".join(needed), encoding="utf-8")
        _said([*command, "--requirement", str(listed), "--dest", str(folder)], machine)


def _said(command: list[str], machine: str, given: str = "") -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
        why = next((line for line in lines if line.startswith("ERROR: No matching")), lines[-1])
        raise DataError("The packages for {system} could not be fetched: {why}", system=machine, why=why.strip()[:200])
    return done.stdout
