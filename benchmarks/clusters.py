"""How often the verdict on clusters is right: a hundred seeds of every noise and of every planted structure.

    .venv/bin/python benchmarks/clusters.py

The same data as tests/test_clusters.py, which runs twenty seeds of each. About five minutes on two cores.
"""

import sys
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.test_clusters import NOISE, PLANTED, finds_four, says_no


def main() -> None:
    """Print, for each kind of data, how many of a hundred seeds got the right verdict."""
    with ProcessPoolExecutor(2) as pool:
        for judge, kinds, right in ((says_no, NOISE, "no clear clusters"), (finds_four, PLANTED, "the four groups")):
            for kind in kinds:
                print(
                    f"{kind.__name__:24} {right}: {sum(pool.map(partial(judge, kind), range(100))):3} of 100",
                    flush=True,
                )


if __name__ == "__main__":
    main()
