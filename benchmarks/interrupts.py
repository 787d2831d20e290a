"""A hundred runs that a random signal stops, and forty pairs started at once into one folder: how each ended.

    .venv/bin/python benchmarks/interrupts.py [SIGNALS [PAIRS]]

Whatever begins with BROKEN or MIXED must not be.
"""

import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import at_once


def main(signals: int, pairs: int) -> None:
    """Print how many runs and how many pairs ended in which way."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background it is ignored, by the runs too
    draw, ends = random.Random(15), Counter()
    try:
        _count(ends, draw, signals, pairs)
    finally:  # stopped itself, it shows how far it came
        for end, count in sorted(ends.items()):
            print(f"{count:>6,}  {end}")


def _count(ends: Counter, draw: random.Random, signals: int, pairs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wholes, seconds = {}, 0.0
        for mark in "AB":
            at_once.orders(folder, mark)
            begun = time.perf_counter()
            at_once.started(folder, "run", "--orders", f"{mark}.csv", "--out", "out").communicate()
            seconds = time.perf_counter() - begun
            wholes[mark] = at_once.bytes_of(folder / "out")
            shutil.rmtree(folder / "out")
        for _ in range(pairs):
            ends["pair: " + at_once.pair(folder, wholes)] += 1
            shutil.rmtree(folder / "out", ignore_errors=True)
        (folder / "B.csv").unlink()
        for _ in range(signals):
            number = draw.choice([signal.SIGINT, signal.SIGTERM])
            end = at_once.stopped(folder, number, draw.uniform(0, seconds), wholes["A"])
            ends[f"{number.name}: {end}"] += 1
            shutil.rmtree(folder / "out", ignore_errors=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(100, 40)[len(sys.argv) - 1 :])
