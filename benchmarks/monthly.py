"""Twelve monthly deliveries of a generated company, run month by month from one recipe.

    .venv/bin/python benchmarks/monthly.py [CUSTOMERS [MONTHS [HORIZON]]]

Deliveries have late and corrected rows, overlap, and one comes twice (tests/deliveries.py). Every month is run beside a
run that reads everything (--full) with the same last result: each file of the two must be the same, byte for byte. A
row a month: files and rows that were read of how many, processor seconds of both, and whether they are equal. Then the
score of the forecasts as the last report tells it, and the truth beside it: what the company's own orders say of the
same customers and weeks, without anything late or wrong.
"""

import contextlib
import io
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from course import cli, result
from tests import deliveries


def main(customers: int, months: int, horizon: int) -> None:
    """Print the table of months, then that of the score."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name) / "shop"
        home.mkdir()
        orders = deliveries.orders(1, customers, home)
        recipe = f"inputs: {{orders: deliveries/*.csv}}\nhorizon: {horizon}\ncurrency: CNY\nlang: en\n"
        (home / "recipe.yaml").write_text(recipe, encoding="utf-8")
        print("delivery     files      rows read of   seconds  full  equal")
        for file, rows in deliveries.of_months(orders, months):
            deliveries.deliver(rows, home / "deliveries" / file)
            if "again" not in file:
                _month(home, file)
        _score(result.ledger(home / "result")["findings"]["forecast_score"], orders)


def _month(home: Path, file: str) -> None:
    whole = home.with_name("full")
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(home, whole, ignore=shutil.ignore_patterns("*.state"))
    seconds, said = _run(home)
    full, _ = _run(whole, "--full")
    one, other = (_bytes(folder / "result") for folder in (home, whole))
    rows = sum(table["rows"] for table in result.ledger(home / "result")["tables"]["orders"]["sources"])
    read = re.search(r"Read now: (\S+) of (\S+) files, (\S+) of (\S+) rows", said)
    files, of, taken, all_ = read.groups() if read else ("all", "all", f"{rows:,}", f"{rows:,}")
    print(
        f"{file[:7]:10} {files:>4}/{of:<4} {taken:>9} {all_:>9} {seconds:8.1f} {full:6.1f}  {one == other}", flush=True
    )


def _run(home: Path, *options: str) -> tuple[float, str]:
    begun = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(io.StringIO()):
        if cli.main(["run", str(home / "recipe.yaml"), "--lang", "en", *options]) != 0:
            raise SystemExit(f"the run was refused: {said.getvalue()}")
    return time.process_time() - begun, said.getvalue()


def _bytes(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _score(score: dict, orders: pd.DataFrame) -> None:
    print("\nforecast of  weeks  expected       low      high      came     truth   miss  held  truth held  nearest")
    held = {True: "yes", False: "no", None: "–"}
    for row in score["table"]:
        truth = _truth(orders, pd.Timestamp(row["as_of"]), row["weeks"])
        really = None if row["low"] is None else row["low"] <= truth <= row["high"]
        low, high = (f"{row[key]:9,.0f}" if row[key] is not None else "        –" for key in ("low", "high"))
        print(
            f"{row['as_of']:12} {row['weeks']:5} {row['expected']:9,.0f} {low} {high} {row['came']:9,.0f} {truth:9,.0f}"
            f" {row['miss']:+6.0%} {held[row['held']]:>5} {held[really]:>11}  {row['nearest']}"
        )
    overall = score["overall"]
    bias, typical = f"{overall['bias']:+.1%}", f"{overall['typical']:.1%}"
    print(
        f"\nfirst weeks of {overall['runs']} runs: bias {bias}, half missed by {typical} or less, {overall['held']} of "
    )
    print(f"{overall['tested']} intervals held what came; nearest: {overall['nearest']}")


def _truth(orders: pd.DataFrame, day: pd.Timestamp, weeks: int) -> float:
    """Money of the customers known on the day, discounted at 10 % a year, of the company's own orders."""
    after = (orders["ordered_at"].dt.normalize() - day).dt.days
    known = orders.loc[after <= 0, "customer_id"].unique()
    rows = (after > 0) & (after <= 7 * weeks) & orders["customer_id"].isin(known)
    return float((orders.loc[rows, "amount"] * 1.1 ** (-7 / 365.25 * np.ceil(after[rows] / 7))).sum())


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]), *(2_000, 12, 26)[len(sys.argv) - 1 :])
