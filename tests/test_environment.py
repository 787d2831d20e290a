"""One set of requirements, written for pip, for conda and Binder, and as pins: they must say the same."""

import re
import subprocess
import sys
import tomllib
from itertools import chain
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lab

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SYSTEMS = ["x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc", "aarch64-apple-darwin"]

# Where conda-forge calls a package otherwise.
CONDA_NAMES = {
    "seaborn": "seaborn-base",
    "duckdb": "python-duckdb",
    "matplotlib": "matplotlib-base",
    "pandera[pandas]": "pandera-pandas",
}


def conda():
    """environment.yml as (conda specs, pip lines)."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    specs = [entry for entry in dependencies if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    return specs, pip


def conda_requirements():
    """What environment.yml asks for, as PyPI requirements."""
    specs, pip = conda()
    pypi_names = {conda_name: name for name, conda_name in CONDA_NAMES.items()}
    lines = [re.sub(r"^[\w.-]+", lambda name: pypi_names.get(name[0], name[0]), spec) for spec in specs]
    own = [line for line in lines if not re.match(r"(python=|pip$)", line)]
    return own + [line for line in pip if not line.startswith("-")]


def bounds(lines):
    return {(canonicalize_name(r.name), *sorted(r.extras)): str(r.specifier) for r in map(Requirement, lines)}


def test_environment_yml_asks_for_what_pyproject_asks_for():
    assert bounds(conda_requirements()) == bounds(PROJECT["dependencies"])


def test_environment_yml_names_a_python_that_the_kit_allows_and_installs_the_kit():
    specs, pip = conda()
    (python,) = [spec for spec in specs if spec.startswith("python=")]
    assert Requirement("python" + PROJECT["requires-python"]).specifier.contains(python.removeprefix("python="))
    assert "-e ." in pip and "pip" in specs


def pins():
    return [Requirement(line) for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()]


def test_every_requirement_is_pinned_within_its_bounds():
    asked = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for requirement in map(Requirement, chain.from_iterable(asked)):
        name = canonicalize_name(requirement.name)
        versions = [str(pin.specifier).removeprefix("==") for pin in pins() if canonicalize_name(pin.name) == name]
        assert versions, f"{requirement} is not pinned; make constraints.txt again"
        assert all(requirement.specifier.contains(v) for v in versions), f"{requirement} is pinned to {versions}"


def test_pins_are_versions_and_never_addresses():
    for pin in pins():
        assert pin.url is None and re.fullmatch(r"==[\w.+!]+", str(pin.specifier)), pin


def resolve(system, lines, *options):
    """Resolve requirements for a system, with wheels only; skips where the package index cannot be reached.

    jieba alone is published as source: plain Python, which needs no compiler.
    """
    command = [BIN / "uv", "pip", "compile", "-", "--quiet", "--only-binary", ":all:", "--no-binary", "jieba"]
    command += ["--python", sys.executable]
    command += ["--python-platform", system, *options]
    done = subprocess.run(
        [str(word) for word in command], input="\n".join(lines), capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode and lab.reason(done.stderr) == "network":
        pytest.skip("the package index cannot be reached")
    return done


@pytest.mark.parametrize("system", SYSTEMS)
def test_environment_yml_can_be_met(system):
    specs, _ = conda()
    (python,) = [spec.removeprefix("python=") for spec in specs if spec.startswith("python=")]
    done = resolve(system, conda_requirements(), "--python-version", python)
    assert done.returncode == 0, done.stderr
    assert "pandas==" in done.stdout


@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_pins_can_be_installed(system, python):
    lines = PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    done = resolve(system, lines, "--python-version", python, "--constraints", ROOT / "constraints.txt")
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_met_is_seen():
    done = resolve(SYSTEMS[0], ["pandas>=3", "pandas<3"])
    assert done.returncode == 1 and "unsatisfiable" in done.stderr


@pytest.fixture(scope="module")
def dockerfile():
    """What Binder would build. No container engine is needed to print it."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


def test_binder_takes_our_python_and_our_packages(dockerfile):
    specs, _ = conda()
    (python,) = [spec.removeprefix("python=") for spec in specs if spec.startswith("python=")]
    names = re.sub(r"-([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), dockerfile)  # file names are escaped there
    assert f"environment.py-{python}-linux-64.lock" in names
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in dockerfile


def test_binder_copies_the_kit_before_it_installs_it(dockerfile):
    everything = dockerfile.index("COPY --chown=0:0 src/ ${REPO_DIR}")
    assert everything < dockerfile.index('--file "environment.yml"')


def test_binder_installs_a_chinese_font(dockerfile):
    assert re.search(r"apt-get install --yes --no-install-recommends .*\bfonts-wqy-microhei\b", dockerfile)
