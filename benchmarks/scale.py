"""What a run over many order lines takes: seconds, processor time and the most memory it held, and how both grow.

    .venv/bin/python benchmarks/scale.py 1e6 3e6 1e7 [FURTHER OPTIONS OF course run]
    .venv/bin/python benchmarks/scale.py rows 1e6

The lines are made first, as Parquet: each value is a function of the row's number, so every machine has the same. A
tenth as many customers as lines; 15 % of the lines name none, 2 % are cancellations, 1 % copies, .4 % have no quantity
and as many no price. The run is `course run` in a process of its own, one size after the other.

`rows` measures the part that looks at lines alone, from the file to a row a customer (read, clean, heads, days, RFM),
beside the same statements written by hand for DuckDB, which asks no question of the data.
"""

import itertools
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


#: The part that looks at lines, by the kit and by hand; both print how many customers they found.
_KIT = """
import sys
from course import clean_stored, collect, engine, orders, segment
with engine.limited("1600MB"):
    table = collect.gather({"orders": sys.argv[1:]}, stored=True)["orders"]
    cleaned = clean_stored.apply(table)
    day = orders.last_day(cleaned.valid)
    heads = orders.heads(cleaned.valid)
    orders.daily(heads, day)
    print(len(segment.rfm(heads, day)))
"""
_HAND = """
import sys, tempfile, duckdb
folder = tempfile.TemporaryDirectory()
limits = {"threads": "2", "memory_limit": "1600MB", "temp_directory": folder.name}
con = duckdb.connect(config=limits)
con.execute("SET enable_progress_bar = false")
def made(name, sql):
    con.execute(f"COPY ({sql}) TO '{folder.name}/{name}.parquet' (FORMAT parquet)")
    con.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{folder.name}/{name}.parquet')")
made("judged", f'''
    SELECT *, CASE WHEN customer_id IS NULL THEN 1 WHEN quantity < 0 OR starts_with(order_id, 'C') THEN 2
        WHEN quantity = 0 THEN 3 WHEN unit_price <= 0 THEN 4 ELSE 0 END AS number,
        quantity * unit_price AS amount, row_number() OVER () AS row
    FROM read_parquet({sys.argv[1:]})''')
con.execute('''
    SELECT number, count(*), count(DISTINCT order_id), count(DISTINCT customer_id), sum(amount::DECIMAL(38, 6))
    FROM judged GROUP BY number''').fetchall()
made("copies", '''
    WITH twice AS (
        SELECT hash(order_id, customer_id, ordered_at, product_id, quantity, unit_price) AS code
        FROM judged WHERE number = 0 GROUP BY code HAVING count(*) > 1
    )
    SELECT row FROM (
        SELECT row, row_number() OVER (PARTITION BY order_id, customer_id, ordered_at, product_id, quantity,
            unit_price ORDER BY row) AS place
        FROM judged WHERE number = 0
            AND hash(order_id, customer_id, ordered_at, product_id, quantity, unit_price) IN (SELECT code FROM twice)
    ) WHERE place > 1''')
made("back", '''
    SELECT s.row AS sold, -r.amount AS money FROM judged AS r JOIN judged AS s
        ON s.number = 0 AND s.customer_id = r.customer_id AND s.product_id = r.product_id
        AND s.unit_price = r.unit_price AND s.ordered_at <= r.ordered_at AND s.quantity >= -r.quantity
    WHERE r.number = 2 AND r.amount < 0
    QUALIFY row_number() OVER (PARTITION BY r.row ORDER BY s.ordered_at DESC, s.row DESC) = 1''')
made("valid", '''
    SELECT judged.*, coalesce(b.money, 0) AS refunded, c.row IS NOT NULL AS is_duplicate FROM judged
        LEFT JOIN copies AS c ON judged.row = c.row
        LEFT JOIN (SELECT sold, sum(money) AS money FROM back GROUP BY sold) AS b ON judged.row = b.sold
    WHERE number = 0''')
made("heads", '''
    SELECT customer_id, order_id, ordered_at, sum(amount::DECIMAL(38, 6)) AS amount,
        sum((amount - refunded)::DECIMAL(38, 6)) AS net
    FROM valid GROUP BY ALL ORDER BY 1, 3, 2''')
made("days", '''
    SELECT customer_id, ordered_at::DATE AS day, sum(net) AS net FROM heads GROUP BY ALL ORDER BY 1, 2''')
found = con.execute('''
    SELECT customer_id, count(DISTINCT order_id), sum(amount), sum(net), min(ordered_at), max(ordered_at)
    FROM heads GROUP BY customer_id''').df()
print(len(found))
"""


def rows(number: int, folder: Path) -> None:
    """Print what the part that looks at lines takes, by the kit and by hand."""
    files = list(map(str, lines(number, folder)))
    for name, code in (("the kit", _KIT), ("DuckDB by hand", _HAND)):
        _measured(f"{number:,} lines, {name}", [sys.executable, "-c", code, *files])


def _measured(what: str, command: list[str]) -> None:
    """Run a command and print what it took."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    if status:
        sys.exit("the run failed")
    peak, used = usage.ru_maxrss / 1000, usage.ru_utime + usage.ru_stime
    print(f"{what}: {wall:,.0f} s, {used:,.0f} s of a processor, {peak:,.0f} MB", flush=True)


def main() -> None:
    """Make the lines, run, print a line of the table for each size."""
    of_lines = sys.argv[1:2] == ["rows"]
    given = sys.argv[2 if of_lines else 1 :]
    sizes = list(itertools.takewhile(lambda word: not word.startswith("-"), given))
    if not sizes:
        sys.exit("usage: benchmarks/scale.py [rows] SIZE … [FURTHER OPTIONS OF course run]")
    for number in (int(float(size)) for size in sizes):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            if of_lines:
                rows(number, folder)
                continue
            command = [sys.executable, "-c", "import sys; from course.cli import main; sys.exit(main())", "run"]
            command += ["--orders", *map(str, lines(number, folder)), "--out", str(folder / "out")]
            _measured(f"{number:,} lines", command + given[len(sizes) :])


if __name__ == "__main__":
    main()
