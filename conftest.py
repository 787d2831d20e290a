"""What nbval needs around the solutions: a learner's folder for each, prepared tables for all, an eye on memory."""

import os
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

#: A lesson's kernel stays below this, in MB.
MEMORY = 1024
_CACHE = "COURSE_CACHE"


def pytest_configure(config):
    """Prepare a company once a run: the processes of xdist and every kernel inherit the folder."""
    # nbval opens its file by the path it is given, wherever a test has gone in the meantime.
    config.option.nbval_sanitize_with = str(Path(__file__).parent / config.option.nbval_sanitize_with)
    config.course_cache = None
    if _CACHE not in os.environ:
        config.course_cache = os.environ[_CACHE] = tempfile.mkdtemp(prefix="course-cache-")


def pytest_unconfigure(config):
    """Leave nothing behind."""
    if config.course_cache:
        del os.environ[_CACHE]
        shutil.rmtree(config.course_cache, ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """A kernel takes its folder from the environment when it is started: at the first cell of a notebook."""
    if _is_cell(item) and item.parent.kernel is None:
        os.environ["COURSE_WORK"] = tempfile.mkdtemp(prefix="course-work-")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item, nextitem):
    """After a notebook's last cell, while its kernel still runs: note the most memory it took."""
    if not _is_cell(item) or (nextitem is not None and nextitem.parent is item.parent):
        return
    shutil.rmtree(os.environ.pop("COURSE_WORK"), ignore_errors=True)
    peak = _peak(item.parent.kernel.km.provisioner.pid)
    item.user_properties.append(("kernel_mb", peak))
    assert peak < MEMORY, f"{item.parent.nodeid}: the kernel took {peak:.0f} MB; a lesson has {MEMORY} MB"


def pytest_terminal_summary(terminalreporter):
    """Seconds and memory of each notebook."""
    seconds, memory = Counter(), {}
    for report in (r for reports in terminalreporter.stats.values() for r in reports if hasattr(r, "duration")):
        notebook = report.nodeid.partition("::")[0]
        if notebook.endswith(".ipynb"):
            seconds[notebook] += report.duration
            memory |= {notebook: dict(report.user_properties)["kernel_mb"]} if report.user_properties else {}
    for notebook, peak in sorted(memory.items()):
        terminalreporter.write_line(f"{notebook}: {seconds[notebook]:.0f} s, {peak:.0f} MB")


def _is_cell(item):
    return type(item).__name__ == "IPyNbCell"


def _peak(pid):
    """The most memory that a process ever held, in MB; where the system does not tell, what it holds now."""
    if sys.platform == "linux":
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    import psutil

    return psutil.Process(pid).memory_info().rss / 2**20
