"""CDNOW by the command line: what it expects on four days for up to a year, its interval, and what then came.

    .venv/bin/python benchmarks/cdnow.py CDNOW_MASTER.TXT

A row a day (--as-of) and horizon (--horizon), as far as the data reach. Width is that of the interval beside the money
of the last period of equal length, whose ± 50 % is a guess that costs nothing: below 1 it is narrower than that.
"""

import contextlib
import io
import json
import sys
import tempfile
from pathlib import Path

import pandas as pd
from coverage import came

from course import cli, collect

DAYS = ("1997-03-31", "1997-06-30", "1997-09-30", "1997-12-31")
HORIZONS = (13, 26, 39, 52)


def asked(file: Path, as_of: pd.Timestamp, weeks: int) -> dict:
    """The ledger's findings of a run."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        out = Path(folder) / "result"
        command = ["run", "--orders", str(file), "--as-of", f"{as_of:%Y-%m-%d}", "--horizon", str(weeks)]
        if cli.main([*command, "--out", str(out), "--lang", "en"]):
            raise SystemExit(f"The run as of {as_of:%Y-%m-%d} failed.")
        return json.loads((out / "ledger.json").read_text(encoding="utf-8"))["findings"]


def main() -> None:
    """Print the table."""
    file = Path(sys.argv[1])
    orders = collect.gather({"orders": [file]})["orders"].frame
    last = orders["ordered_at"].max().normalize()
    print(f"{'as of':12}{'weeks':>5}{'expected':>12}{'low':>12}{'high':>12}{'came':>12}  {'':7}{'width':>6}  forecast")
    for as_of in map(pd.Timestamp, DAYS):
        known = orders.loc[orders["ordered_at"] <= as_of, "customer_id"].unique()
        for weeks in (w for w in HORIZONS if as_of + pd.Timedelta(days=7 * w - 1) <= last):
            found = asked(file, as_of, weeks)
            told, truth = found["forecast"], float(came(orders, as_of, weeks).reindex(known).sum())
            age = (as_of - orders["ordered_at"].dt.normalize()).dt.days
            before = orders.loc[(age >= 0) & (age < 7 * weeks), "amount"].sum()
            print(f"{as_of:%Y-%m-%d}  {weeks:>5}{_line(told, truth, before)}  {told['model']}", flush=True)
            if told["low"] is None:
                print(f"{'':17}range {told['range']}: {found['clv']['why'][0]['says']}", flush=True)


def _line(told: dict, truth: float, before: float) -> str:
    if told["low"] is None:
        return f"{told['expected']:>12,.0f}{'–':>12}{'–':>12}{truth:>12,.0f}  {'':7}{'–':>6}"
    held = "held" if told["low"] <= truth <= told["high"] else "MISSED"
    ends = f"{told['low']:>12,.0f}{told['high']:>12,.0f}"
    return f"{told['expected']:>12,.0f}{ends}{truth:>12,.0f}  {held:7}{(told['high'] - told['low']) / before:>6.2f}"


if __name__ == "__main__":
    main()
