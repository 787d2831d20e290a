"""The jobs of the public repository: each is one script of .ci, and each script is run by a test of this repository.

Those that take minutes, the network or root are marked weekly: COURSE_WEEKLY=1 runs them.
"""

import os
import re
import subprocess

import pytest
import yaml

from tests.conftest import ROOT

WORKFLOW = yaml.safe_load((ROOT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
#: What `test_a_script_ends_well` runs. `.ci/run` is what runs the tests themselves, and `elsewhere` their quick half.
SCRIPTS = ("first_minutes", "bare", "wheel", "versions lowest", "versions latest", "site", "pack", "binder_image")
BY_ITSELF = ("run", "elsewhere")
SYSTEMS = {"ubuntu-latest", "windows-latest", "macos-latest"}
PYTHONS = {"3.11", "3.12", "3.13", "3.14"}


def matrix(job):
    return job.get("strategy", {}).get("matrix", {})


def test_each_job_is_one_script_that_a_test_runs():
    for name, job in WORKFLOW["jobs"].items():
        (command,) = [step["run"] for step in job["steps"] if "run" in step]
        script = re.fullmatch(r"\.ci/([\w ]+)", command)[1]
        assert script in SCRIPTS + BY_ITSELF, name
        assert all(step.keys() <= {"uses", "with", "run", "shell"} for step in job["steps"])


def test_each_script_is_a_job():
    jobs = {step["run"] for job in WORKFLOW["jobs"].values() for step in job["steps"] if "run" in step}
    assert {f".ci/{script}" for script in SCRIPTS if script != "first_minutes"} <= jobs
    assert ".ci/first_minutes" in (ROOT / ".ci/elsewhere").read_text(encoding="utf-8")


def test_three_systems_and_every_python_are_covered_weekly():
    jobs = WORKFLOW["jobs"]
    assert set(matrix(jobs["elsewhere"])["system"]) | {jobs["linux"]["runs-on"]} == SYSTEMS
    assert set(matrix(jobs["linux"])["python"]) == set(matrix(jobs["elsewhere"])["python"]) == PYTHONS
    told = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert set(re.findall(r"Python :: (3\.\d+)", told)) == PYTHONS
    assert WORKFLOW[True]["schedule"]  # YAML 1.1 reads `on` as true


@pytest.mark.parametrize("path", sorted(p for p in (ROOT / ".ci").iterdir() if p.is_file()), ids=lambda p: p.name)
def test_a_script_can_be_started_and_read(path):
    assert os.access(path, os.X_OK) and path.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    assert {path.name} <= {script.split()[0] for script in SCRIPTS + BY_ITSELF}
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_versions_says_what_it_takes():
    done = subprocess.run([ROOT / ".ci/versions", "oldest"], capture_output=True, text=True)
    assert done.returncode == 2 and ".ci/versions lowest" in done.stderr


@pytest.mark.weekly
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_ends_well(tmp_path, script):
    name, *words = script.split()
    if name == "site":
        words = [tmp_path / "site"]
    elif name == "first_minutes":
        words = [tmp_path / "demo"]
    done = subprocess.run([ROOT / ".ci" / name, *words], capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
