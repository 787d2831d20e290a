"""How long a run takes and how much memory it needs, beside plain pandas doing the part that pandas can.

    .venv/bin/python benchmarks/first_run.py ONLINE_RETAIL.csv.gz

The peer reads the same file with `pandas.read_csv`, drops what the rules drop, scores RFM and writes a CSV: no types
guessed, no quarantine, no ledger, no workbook, no report. Each runs in a process of its own, one after the other.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEER = """
import sys, pandas as pd
rows = pd.read_csv(sys.argv[1], dtype={"InvoiceNo": str, "StockCode": str})
rows = rows[rows.CustomerID.notna() & ~rows.InvoiceNo.str.startswith("C") & (rows.Quantity > 0) & (rows.UnitPrice > 0)]
rows["InvoiceDate"] = pd.to_datetime(rows.InvoiceDate)
rows["amount"] = rows.Quantity * rows.UnitPrice
by = rows.groupby("CustomerID")
rfm = pd.DataFrame({"r": by.InvoiceDate.max(), "f": by.InvoiceNo.nunique(), "m": by.amount.sum()})
(rfm.rank(pct=True) * 5).clip(1, 5).round().to_csv(sys.argv[2])
"""


def measure(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory (MB) of a command, from the operating system's own account of the child."""
    started = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        sys.exit(f"failed: {' '.join(command)}")
    return time.perf_counter() - started, usage.ru_maxrss / 1000


def main() -> None:
    """Print both measurements, three times each, medians first."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    course = str(Path(sys.executable).with_name("course"))
    source = str(Path(sys.argv[1]).resolve())
    rows = {"course run": [], "pandas alone": []}
    for i in range(3):
        with tempfile.TemporaryDirectory() as folder:
            out = str(Path(folder) / f"out{i}")
            rows["course run"].append(measure([course, "run", "--orders", source, "--out", out]))
            rows["pandas alone"].append(measure([sys.executable, "-c", PEER, source, out + ".csv"]))
    for name, measured in rows.items():
        seconds, memory = sorted(s for s, _ in measured), sorted(m for _, m in measured)
        print(f"{name:14} {seconds[1]:6.1f} s ({seconds[0]:.1f}–{seconds[2]:.1f})   {memory[1]:6.0f} MB")


if __name__ == "__main__":
    main()
