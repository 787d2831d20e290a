"""A thousand runs of the order API's client through every failure: what is lost, what is twice, how long it takes.

    .venv/bin/python benchmarks/api_client.py [RUNS]

Real sockets; only the waiting between two tries is left out. Every run has its own server, seed, page size, overlap and
mix of failures, up to two thirds of all requests; every third run is broken off after a few pages and resumed.
"""

import random
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from course.collect import api
from course.company.order_server import Faults, serve

ORDERS = [
    {"orderId": f"L{n:04d}", "createdAt": "2024-03-01T00:00:00+08:00", "totalAmount": n, "lines": []} for n in range(60)
]


class BrokenOff(Exception):
    """What ends a run in the middle."""


def run(seed: int, folder: Path) -> api.Fetched:
    """What one run brings."""
    rng = random.Random(seed)
    names = list(Faults.__dataclass_fields__)
    shares = dict(zip(names, (rng.uniform(0, 0.13) for _ in names), strict=True))
    shares["stall"] /= 20  # each costs a time-out
    overlap = rng.randrange(5)
    stop = rng.randrange(2, 8) if seed % 3 == 0 else None

    def told(page: int, pages: int) -> None:
        if page == stop:
            raise BrokenOff

    options = {"timeout": 0.1, "attempts": 60, "sleep": lambda seconds: None, "random_state": seed}
    file = folder / f"{seed}.jsonl"
    with serve(ORDERS, per_page=5 + overlap, overlap=overlap, faults=Faults(**shares), seed=seed) as served:
        if stop:
            with suppress(BrokenOff):
                api.fetch(served.url, served.token, resume=file, progress=told, **options)
        return api.fetch(served.url, served.token, resume=file if stop else None, **options)


def main(runs: int = 1000) -> None:
    """Print what was lost and what came twice."""
    wanted = {order["orderId"] for order in ORDERS}
    lost = twice = retries = 0
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(runs):
            got = run(seed, Path(folder))
            ids = [order["orderId"] for order in got.records]
            lost += len(wanted - set(ids))
            twice += len(ids) - len(set(ids))
            retries += got.retries
    seconds = time.perf_counter() - began
    print(f"{runs} runs, {retries:,} requests made again: {lost} orders lost, {twice} twice; {seconds:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
