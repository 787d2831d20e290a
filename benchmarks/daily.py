"""What people wait for every day: the help, Online Retail with everything on, the demo; and where a run's time goes.

    python benchmarks/daily.py ONLINE_RETAIL.csv.gz [TIMES]

Each command runs TIMES times (5) in a process of its own, in turns; medians of wall, processor and peak memory are
printed, then the processor's time of one more run of each by room. Time in DuckDB or an import is that of the room that
asked for it; what several rooms import is the first one's, so imports are counted apart.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from types import FrameType

COURSE = [sys.executable, "-c", "import sys; from course import cli; sys.exit(cli.main())"]
#: They work for whoever calls them.
SERVANTS = {"engine", "schema.py", "small_yaml.py", "language.py", "orders.py", "templating.py", "errors.py"}
_EVERY = 0.005  # seconds of the processor between two looks


def measure(command: list[str]) -> tuple[float, float, float]:
    """Wall and processor (seconds) and peak memory (MB) of a command, by the system's account of the child."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000


def by_room(words: list[str]) -> Counter:
    """Seconds of the processor by room while `course` runs with these words: a look at the stack every few ms."""
    spent: Counter = Counter()
    last = time.process_time()

    def look(_: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.process_time()
        spent[_room(frame)] += now - last  # a long call into C is looked at once, at its end
        last = now

    signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    from course import cli

    with contextlib.redirect_stdout(sys.stderr):
        cli.main(words)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return spent


def _room(frame: FrameType | None) -> str:
    """The innermost room on the stack, or "imports" where it is waiting for a module."""
    while frame is not None:
        file = frame.f_code.co_filename
        if file.startswith("<frozen importlib"):
            return "imports"
        _, is_ours, within = file.rpartition("/course/")
        if is_ours and (room := within.split("/")[0]) not in SERVANTS:
            return within.removesuffix(".py") if within.startswith("workflow/steps/") else room.removesuffix(".py")
        frame = frame.f_back
    return "Python"


def main() -> None:
    """Print the table of medians and the two profiles."""
    if sys.argv[1:2] == ["--rooms"]:
        spent = by_room(sys.argv[2:])
        for room, seconds in spent.most_common(14):
            print(f"  {room:34} {seconds:6.2f} s")
        print(f"  {'all':34} {sum(spent.values()):6.2f} s")
        return
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    runs = {"Online Retail": ["run", "--orders", str(Path(sys.argv[1]).resolve())], "demo": ["run", "--demo"]}
    measured: dict[str, list] = {"course --help": [], **{name: [] for name in runs}}
    for _ in range(int((sys.argv[2:] or ["5"])[0])):
        measured["course --help"].append(measure([*COURSE, "--help"]))
        for name, words in runs.items():
            with tempfile.TemporaryDirectory() as folder:
                measured[name].append(measure([*COURSE, *words, "--out", f"{folder}/out"]))
    print(f"{'median of ' + str(len(measured['demo'])):16} {'wall s':>8} {'processor s':>12} {'peak MB':>9}")
    for name, rows in measured.items():
        wall, processor, peak = (statistics.median(column) for column in zip(*rows, strict=True))
        print(f"{name:16} {wall:8.2f} {processor:12.2f} {peak:9.0f}")
    for name, words in runs.items():
        print(f"\n{name}, processor by room")
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--rooms", *words, "--out", f"{folder}/out"]
            print(subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout, end="")


if __name__ == "__main__":
    main()
