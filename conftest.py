"""The two gears of the tests, and what nbval needs around the solutions.

A plain `pytest` is the quick gear: what a change needs to hear within five minutes. `--all` is everything. A test that
is named on the command line runs in either. nbval gets a learner's folder for each solution, prepared tables for all,
and an eye on memory.
"""

import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest

#: A lesson's kernel stays below this, in MB.
MEMORY = 1024
#: The lesson that the quick gear runs, in both languages, as trainees get it and as instructors do.
QUICK_LESSON = "07_segment"
#: Files of tests that take more than a minute each: the second gear's.
SLOW_FILES = (
    "test_at_once",
    "test_bad_input",
    "test_browser",
    "test_capstone",
    "test_check",
    "test_clusters",
    "test_databases",
    "test_explorer",
    "test_forget",
    "test_fuzz",
    "test_fuzz_runs",
    "test_hostile",
    "test_lab",
    "test_little_evidence",
    "test_luming_run",
    "test_notebooks",
    "test_privacy",
    "test_recipe",
    "test_story",
    "test_workflow",
)
#: Fixtures that make several of a kind: three companies for the checks of a lesson, the browser in each language. The
#: quick gear keeps the first.
ONCE = ("seat", "given", "folder", "lab")
_CACHE = "COURSE_CACHE"
_SECOND_GEAR = "(python3 lab.py test --all runs them)"


def pytest_addoption(parser):
    """`--all`: the second gear."""
    parser.addoption("--all", action="store_true", help="everything: also slow tests, and all lessons")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """A run over everything uses every core, files kept together; a file or test that is named stays in one process."""
    if config.args_source is config.ArgsSource.ARGS:
        config.option.all = True
    elif config.pluginmanager.hasplugin("xdist") and config.option.numprocesses is None and not _is_worker(config):
        # In the order of collection the short files, the solutions, come last, and no core waits long for another.
        # One process more than there are cores works while the others wait for a browser, a server or a kernel.
        config.option.numprocesses = (os.cpu_count() or 1) + 1
        config.option.dist, config.option.loadscopereorder = "loadfile", False


def pytest_ignore_collect(collection_path, config):
    """The quick gear runs one lesson's solution a language."""
    if collection_path.suffix == ".ipynb" and not config.option.all and collection_path.stem != QUICK_LESSON:
        return True
    return None


def pytest_collection_modifyitems(config, items):
    """The quick gear leaves out what is slow, and says what; either gear what is run weekly."""
    for item in items:
        if item.get_closest_marker("weekly") and "COURSE_WEEKLY" not in os.environ:
            item.add_marker(pytest.mark.skip(reason="weekly (COURSE_WEEKLY=1 runs them)"))
    if not config.option.all:
        for item in items:
            if reason := _left_out(item):
                item.add_marker(pytest.mark.skip(reason=f"{reason} {_SECOND_GEAR}"))


def _left_out(item):
    """Why the quick gear leaves a test out; None where it runs."""
    if item.get_closest_marker("slow") or (item.path.stem in SLOW_FILES and QUICK_LESSON not in item.nodeid):
        return "slow"
    if "real_data" in getattr(item, "fixturenames", ()):
        return "of the public data sets"
    if any(getattr(item, "callspec", None) and item.callspec.indices.get(name) for name in ONCE):
        return "of a lesson's further companies, or of the browser's second language"
    return None


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


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter):
    """Seconds and memory of each notebook; then, after all that pytest has to say, what was not run, and why."""
    yield
    seconds, memory = Counter(), {}
    for report in (r for reports in terminalreporter.stats.values() for r in reports if hasattr(r, "duration")):
        notebook = report.nodeid.partition("::")[0]
        if notebook.endswith(".ipynb"):
            seconds[notebook] += report.duration
            memory |= {notebook: dict(report.user_properties)["kernel_mb"]} if report.user_properties else {}
    for notebook, peak in sorted(memory.items()):
        terminalreporter.write_line(f"{notebook}: {seconds[notebook]:.0f} s, {peak:.0f} MB")
    reasons = Counter(_reason(report) for report in terminalreporter.stats.get("skipped", []))
    if left_out := len(terminalreporter.stats.get("deselected", [])):
        reasons["left out by the command line"] = left_out
    if not terminalreporter.config.option.all:
        solutions = Path(__file__).parent.glob("solutions/*/*.ipynb")
        terminalreporter.write_line(
            f"NOT RUN: {sum(p.stem != QUICK_LESSON for p in solutions)} solutions {_SECOND_GEAR}", yellow=True
        )
    elif not reasons:
        terminalreporter.write_line("Everything ran.", green=True)
    if reasons:
        terminalreporter.write_line(f"NOT RUN: {_tests(sum(reasons.values()))}", yellow=True)
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"  {_tests(count)}: {reason}", yellow=True)


def _reason(report):
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return re.sub(r"^Skipped: ", "", text)


def _tests(count):
    return f"{count} test" if count == 1 else f"{count} tests"


def _is_worker(config):
    """True in a process that xdist started: it must not start more of them."""
    return hasattr(config, "workerinput")


def _is_cell(item):
    return type(item).__name__ == "IPyNbCell"


def _peak(pid):
    """The most memory that a process ever held, in MB; where the system does not tell, what it holds now."""
    if sys.platform == "linux":
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    import psutil

    return psutil.Process(pid).memory_info().rss / 2**20
