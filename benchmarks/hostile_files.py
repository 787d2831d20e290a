"""Runs over files of hostile pieces: how many end in a result, how many in a sentence, and each that ends in neither.

    .venv/bin/python benchmarks/hostile_files.py [FILES]

The pieces are those of the tests, drawn anew each time.
"""

import sys
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import hostile_files

ends: Counter = Counter()


def main(files: int) -> None:
    """Run over so many files, and print how each kind of run ended."""

    @settings(
        max_examples=files,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def runs(data: st.DataObject) -> None:
        try:
            ends[hostile_files.end_of_a_run(data.draw)] += 1
        except Exception as error:
            if "ended in 130" in str(error):  # we are stopped ourselves
                raise KeyboardInterrupt from None
            end = f"NEITHER: {type(error).__name__}: {str(error)[:300]}"
            if end not in ends:
                print(end, flush=True)
            ends[end] += 1

    try:
        runs()
    finally:  # stopped, it shows how far it came
        for end, count in ends.most_common():
            print(f"{count:>8,}  {end}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
