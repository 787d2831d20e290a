"""Commands over files of hostile pieces: how many end in a result, how many in a sentence, and each that ends in
neither, with the number that draws it again.

    .venv/bin/python benchmarks/hostile_files.py [FILES [FIRST]]

The pieces are those of the tests; their numbers begin where those of the tests end.
"""

import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import hostile_files


def main(files: int, first: int) -> None:
    """Run over so many files, a third by `check`, and print how each ended."""
    ends: Counter = Counter()
    try:
        for number in range(first, first + files):
            command = "run" if number % 3 else "check"
            end = _end(command, number)
            if end not in ends and end.startswith("NEITHER"):
                print(f"{command} {number}: {end}", flush=True)
            ends[f"{command}: {end}"] += 1
            ends[end] += end.startswith("NEITHER")
    finally:  # stopped, it shows how far it came
        for end, count in ends.most_common():
            print(f"{count:>8,}  {end}")


def _end(command: str, number: int) -> str:
    try:
        return hostile_files.end(command, number)
    except Exception as error:
        if "ended in 130" in str(error):  # we are stopped ourselves
            raise KeyboardInterrupt from None
        told = re.sub(r"/\S*/|\[.*?\] ended", "", str(error))
        return f"NEITHER: {type(error).__name__}: {told[:600]}"


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(100_000, 10_000)[len(sys.argv) - 1 :])
