"""What a run over many order lines takes: seconds, processor time and the most memory it held.

    .venv/bin/python benchmarks/scale.py 1e6 [FURTHER OPTIONS OF course run]

The lines are made first, as Parquet: each value is a function of the row's number, so every machine has the same. A
tenth as many customers as lines; 15 % of the lines name none, 2 % are cancellations, 1 % copies, .4 % have no quantity
and as many no price. The run is `course run` in a process of its own.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

#: Lines made by one statement.
_PART = 5_000_000

_LINES = """
    WITH copied AS (
        SELECT range AS i, CASE WHEN range % 100 = 99 THEN range - 1 ELSE range END AS s FROM range($first, $last)
    ), of_orders AS (
        SELECT i, s // 4 AS o, (s // 4) % 50 = 49 AS back, s % 4 AS place FROM copied
    ), of_bought AS (SELECT *, CASE WHEN back THEN o - 40 ELSE o END AS b FROM of_orders),
    drawn AS (
        SELECT i, o, b, back, {b1} AS nobody, {b2} AS who, {o3} AS hour, {l4} AS what, {l5} AS none, {l6} AS many,
            {l7} AS free, {l8} AS dear
        FROM of_bought
    ), priced AS (
        SELECT *, CASE WHEN none < 0.004 THEN 0 ELSE 1 + floor(4 * many) END * CASE WHEN back THEN -1 ELSE 1 END
                AS quantity,
            CASE WHEN free < 0.004 THEN 0 ELSE round(exp(1 + 2.5 * dear), 2) END AS unit_price
        FROM drawn
    )
    SELECT CASE WHEN back THEN 'C' ELSE 'A' END || lpad(CAST(o AS VARCHAR), 10, '0') AS order_id,
        CASE WHEN nobody >= 0.15
            THEN 'M' || lpad(CAST(floor($customers * who * who)::BIGINT AS VARCHAR), 12, '0') END AS customer_id,
        TIMESTAMP '2022-01-01' + to_seconds(CAST(floor(o * $pause + hour * 40000) AS BIGINT)) AS ordered_at,
        'P' || lpad(CAST(CAST(floor(20000 * what * what * what) AS BIGINT) AS VARCHAR), 5, '0') AS product_id,
        CAST(quantity AS DOUBLE) AS quantity, unit_price
    FROM priced ORDER BY i
"""


def lines(number: int, folder: Path) -> list[Path]:
    """Parquet files of so many order lines of three years."""
    drawn = {f"{of}{salt}": _uniform(key, salt) for of, key, salts in _DRAWN for salt in salts}
    values = {"customers": number // 10, "pause": 1095 * 86400 / max(number // 4, 1)}
    files = []
    with duckdb.connect(config={"threads": "2", "memory_limit": "1GB", "temp_directory": str(folder)}) as database:
        for first in range(0, number, _PART):
            files.append(folder / f"lines{len(files):03d}.parquet")
            part = values | {"first": first, "last": min(first + _PART, number)}
            database.execute(f"COPY ({_LINES.format(**drawn)}) TO '{files[-1]}' (FORMAT parquet)", part)
    return files


#: (letter, what the value is a function of, salts)
_DRAWN = (("b", "b", (1, 2)), ("o", "o", (3,)), ("l", "b * 4 + place", (4, 5, 6, 7, 8)))


def _uniform(key: str, salt: int) -> str:
    """SQL: a number from 0 to 1 that a whole number and the salt decide."""
    return f"((hash({key}, {salt}) >> 11)::DOUBLE / 9007199254740992.0)"


def main() -> None:
    """Make the lines, run, print a line of the table."""
    if len(sys.argv) < 2:
        sys.exit("usage: benchmarks/scale.py SIZE [FURTHER OPTIONS OF course run]")
    number = int(float(sys.argv[1]))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        files = lines(number, folder)
        command = [sys.executable, "-c", "import sys; from course.cli import main; sys.exit(main())", "run"]
        command += ["--orders", *map(str, files), "--out", str(folder / "out"), *sys.argv[2:]]
        started = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    if status:
        sys.exit("the run failed")
    peak = usage.ru_maxrss / 1000
    print(f"{number:,} lines: {wall:,.0f} s, {usage.ru_utime + usage.ru_stime:,.0f} s of a processor, {peak:,.0f} MB")


if __name__ == "__main__":
    main()
