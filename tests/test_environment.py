"""One set of requirements, written for pip, for Binder and conda, and as pins: they must say the same."""

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
SYSTEMS = ["x86_64-manylinux_2_28", "x86_64-pc-windows-msvc", "aarch64-apple-darwin", "x86_64-apple-darwin"]
#: What a reader's environment has beside the kit itself, and what Binder's has beside that.
EXTRAS = ("notebook", "stats")
BINDER = {"nbval", "pytest", "notebook"}


def conda():
    """environment.yml as (conda specs, pip lines)."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    specs = [entry for entry in dependencies if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    return specs, pip


def bounds(lines):
    return {(canonicalize_name(r.name), *sorted(r.extras)): str(r.specifier) for r in map(Requirement, lines)}


def asked(*extras):
    """The requirements of the kit and of its extras."""
    return [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"][e] for e in extras)]


def test_environment_yml_asks_for_what_pyproject_asks_for():
    _, pip = conda()
    named = bounds([line for line in pip if not line.startswith("-")])
    assert {key: named.pop(key) for key in [(name,) for name in BINDER]}[("nbval",)] == ">=0.11"
    assert named == bounds(asked(*EXTRAS))


def test_the_lab_installs_what_binder_has():
    assert {lab.EXTRAS, lab.LESSONS} == set(EXTRAS)


def test_environment_yml_names_a_python_that_the_kit_allows_and_installs_the_kit_with_its_pins():
    specs, pip = conda()
    (python,) = [spec for spec in specs if spec.startswith("python=")]
    assert Requirement("python" + PROJECT["requires-python"]).specifier.contains(python.removeprefix("python="))
    assert "pip" in specs and pip[0] == "-c constraints.txt" and pip[-1] == "-e ."


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
    """Resolve requirements for a system, with wheels only; skips where the package index cannot be reached."""
    command = [BIN / "uv", "pip", "compile", "-", "--quiet", "--only-binary", ":all:"]
    command += ["--python", sys.executable]
    command += ["--python-platform", system, *options]
    done = subprocess.run(
        [str(word) for word in command], input="\n".join(lines), capture_output=True, text=True, encoding="utf-8"
    )
    if done.returncode and lab.reason(done.stderr) == "network":
        pytest.skip("the package index cannot be reached")
    return done


@pytest.mark.parametrize("python", ["3.11.0", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_pins_can_be_installed_without_a_compiler(system, python):
    extras = set(PROJECT["optional-dependencies"]) - {"spark"}  # PySpark comes as an archive of Python alone
    lines = asked(*sorted(extras)) + [line for line in conda()[1] if not line.startswith("-")]
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
    (python,) = [spec.removeprefix("python=") for spec in conda()[0] if spec.startswith("python=")]
    names = re.sub(r"-([0-9a-f]{2})", lambda code: chr(int(code[1], 16)), dockerfile)  # file names are escaped there
    assert f"environment.py-{python}-linux-64.lock" in names
    assert 'env update -p ${NB_PYTHON_PREFIX} --file "environment.yml"' in dockerfile


def test_binder_copies_the_kit_before_it_installs_it(dockerfile):
    everything = re.search(r"COPY --chown=\d+:\d+ src/ \$\{REPO_DIR\}", dockerfile)
    assert everything.start() < dockerfile.index('--file "environment.yml"')


def test_binder_installs_a_chinese_font(dockerfile):
    assert re.search(r"apt-get install --yes --no-install-recommends .*\bfonts-wqy-microhei\b", dockerfile)


def test_binder_prepares_the_lessons(dockerfile):
    assert "postBuild" in dockerfile and (ROOT / "postBuild").stat().st_mode & 0o111


def test_who_holds_pandas_2_is_told_so_before_anything_is_read(tmp_path):
    file = tmp_path / "orders.csv"
    file.write_text("order_id,customer_id,ordered_at,amount\n1,a,2024-01-01,5\n", encoding="utf-8")
    code = "import pandas, sys; pandas.__version__ = '2.3.3'; from course import cli; sys.exit(cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "run", "--orders", file, "--out", tmp_path / "out", "--lang", "en"]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=ROOT)
    assert done.returncode == 2 and "this Python has pandas 2.3.3" in done.stderr and "uv tool install" in done.stderr
    assert not (tmp_path / "out").exists() and "Traceback" not in done.stderr
