"""Runs that are started at once or stopped, as processes of their own; for the tests and for the benchmark."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

COMMAND = [sys.executable, "-c", "import sys; from course.cli import main; sys.exit(main())"]
NOTHING, SOMETHING = "Stopped. Nothing was written.", "Stopped. What was written before is whole."
REFUSED = re.compile(r"Refused: out (exists already|is being written by another run or erasure \(process \d+\))\.")
#: What a run says while it goes on: its steps, and the columns it found.
_UNDER_WAY = re.compile(r".* …|  \w+: .*")


def orders(folder: Path, mark: str) -> Path:
    """A file of thirty orders of customers whose numbers begin with `mark`."""
    path = folder / f"{mark}.csv"
    rows = [f"{i},{mark}{i % 7},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d},{i % 9 + 1}.50" for i in range(30)]
    path.write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows, ""]), encoding="utf-8")
    return path


def customers(folder: Path, mark: str) -> Path:
    """A file of twenty customers whose numbers begin with `mark`: a run over them takes a third of one over orders."""
    path = folder / f"{mark}.csv"
    rows = [f"{mark}{i},{'fm'[i % 2]},2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(20)]
    path.write_text("\n".join(["customer_id,gender,joined_at", *rows, ""]), encoding="utf-8")
    return path


def started(folder: Path, *words: object) -> subprocess.Popen:
    """A command at work in `folder`, which must have an empty folder tmp for its temporary files."""
    (folder / "tmp").mkdir(exist_ok=True)
    return subprocess.Popen(
        [*COMMAND, *map(str, words), "--lang", "en"],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a result."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def lying(folder: Path) -> set[str]:
    """What lies in a folder and in its folder for temporary files."""
    return {path.name for path in folder.iterdir()} | {f"tmp/{p.name}" for p in (folder / "tmp").iterdir()}


def pair(folder: Path, wholes: dict[str, dict[str, bytes]], kind: str = "orders") -> str:
    """Start two runs at once into folder/out; says how it ended, beginning with MIXED where it must not end so.

    Parameters
    ----------
    wholes : by the mark of the file (which lies in `folder`), what a run of its own writes.
    kind : of table in the files: orders or customers.
    """
    running = {mark: started(folder, "run", f"--{kind}", f"{mark}.csv", "--out", "out") for mark in wholes}
    said = {mark: process.communicate()[1] for mark, process in running.items()}
    codes = {mark: process.returncode for mark, process in running.items()}
    won = [mark for mark, code in codes.items() if code == 0]
    lost = [said[mark].splitlines()[-1] for mark in wholes if mark not in won]
    if sorted(codes.values()) != [0, 2] or not (why := REFUSED.match(lost[0])):
        return f"MIXED: {codes} {lost}"
    if bytes_of(folder / "out") != wholes[won[0]] or lying(folder) != {"out", "tmp", *(f"{m}.csv" for m in wholes)}:
        return f"MIXED: {sorted(lying(folder))}"
    return "one whole, the other: " + re.sub(r" \(.*", "", why[1])


def stopped(folder: Path, number: signal.Signals, after: float, whole: dict[str, bytes]) -> str:
    """Send a signal to a run of folder/A.csv into folder/out so many seconds after its start; says how it ended,
    beginning with BROKEN where it must not end so."""
    process = started(folder, "run", "--orders", "A.csv", "--out", "out")
    time.sleep(after)
    process.send_signal(number)
    err = process.communicate()[1]
    lines = err.splitlines()
    there = lying(folder) - {"A.csv", "tmp"}
    last = lines[-1] if lines else ""
    if process.returncode in (-number, 130, 1) and not there and NOTHING not in err and "Reading …" not in err:
        return "before the command began"
    going, end = (lines[:-1], last) if process.returncode else (lines, "done")
    if any(not _UNDER_WAY.fullmatch(line) for line in going) or process.returncode != {"done": 0}.get(end, 130):
        return f"BROKEN: {process.returncode} {err[-2000:]}"
    if end == NOTHING and not there:
        return "stopped at: " + next((line for line in reversed(going) if line.endswith("…")), "its beginning")
    if end in (SOMETHING, "done") and there == {"out"} and bytes_of(folder / "out") == whole:
        return "stopped after the result was in its place" if end == SOMETHING else "done before the signal came"
    return f"BROKEN: {process.returncode} {end} {sorted(there)}"
