"""The kit beside other tools, in one run: the same data, one process after the other, processor time and peak memory.

    .venv/bin/python benchmarks/peers.py CDNOW_SAMPLE.txt

Writes docs/benchmarks.md and its picture. Each tool runs in a process of its own and gets the same arrays; reading them
and imports are not counted in the seconds, but are in the peak. Peers that the kit does not need live in environments
that this command makes in the system's temporary directory; one that cannot be made is named in the table.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from clv_fits import FIT, cases, environment, peer_python

ROOT = Path(__file__).parent.parent
ORDERS = 1_000_000

# What is told of every process: processor seconds of the work, peak memory (of this program: getrusage would tell that
# of the process which started it, if larger; Linux only), and a figure that must agree.
_MEASURED = """
import json, sys, time
import numpy as np
columns = dict(np.load(sys.argv[1]))
{prepare}
started = time.process_time()
{work}
seconds = time.process_time() - started
peak = int(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]) / 1024
print(json.dumps([seconds, peak, float(checked)]))
"""
_FRAME = "import pandas as pd\nframe = pd.DataFrame(columns)"
_DAYS = "SELECT customer_id, CAST(ordered_at AS DATE) AS day, sum(amount) AS money FROM {source} GROUP BY ALL"
_BY_HAND = f"""
WITH days AS ({_DAYS}), seen AS (SELECT *, min(day) OVER (PARTITION BY customer_id) AS first FROM days)
SELECT customer_id, count(*) - 1 AS x, date_diff('day', first, max(day)) / 7 AS t_x,
    date_diff('day', first, DATE '2024-12-31') / 7 AS T, avg(money) FILTER (day > first) AS monetary
FROM seen GROUP BY customer_id, first
"""
#: Name → the environment that it runs in, what stands ready before the clock starts, and the work.
SUMMARIES = {
    "course.clv": (
        "kit",
        _FRAME + "\nfrom course import clv",
        "checked = clv.summary(frame, as_of='2024-12-31').x.sum()",
    ),
    "DuckDB by hand": (
        "kit",
        _FRAME + "\nimport duckdb",
        f'checked = duckdb.sql("""{_BY_HAND.format(source="frame")}""").df().x.sum()',
    ),
    "pandas by hand": (
        "kit",
        _FRAME,
        """
frame["day"] = frame.ordered_at.dt.normalize()
days = frame.groupby(["customer_id", "day"]).amount.sum().reset_index()
days["first"] = days.groupby("customer_id").day.transform("min")
out = days.groupby("customer_id").agg(first=("day", "min"), last=("day", "max"), n=("day", "size"))
out["monetary"] = days[days.day > days["first"]].groupby("customer_id").amount.mean()
out["t_x"] = (out["last"] - out["first"]).dt.days / 7
out["T"] = (pd.Timestamp("2024-12-31") - out["first"]).dt.days / 7
checked = (out.n - 1).sum()""",
    ),
    "Polars by hand": (
        "polars",
        "import polars as pl\nframe = pl.DataFrame(columns)",
        """
days = frame.lazy().group_by("customer_id", pl.col("ordered_at").cast(pl.Date).alias("day")).agg(pl.sum("amount"))
days = days.with_columns(first=pl.col("day").min().over("customer_id"))
out = days.group_by("customer_id").agg(
    x=pl.len() - 1,
    t_x=(pl.col("day").max() - pl.col("day").min()).dt.total_days() / 7,
    T=(pl.date(2024, 12, 31) - pl.col("day").min()).dt.total_days() / 7,
    monetary=pl.col("amount").filter(pl.col("day") > pl.col("first")).mean(),
).collect()
checked = out["x"].cast(pl.Int64).sum()""",
    ),
    "lifetimes": (
        "lifetimes",
        _FRAME + "\nimport warnings; warnings.filterwarnings('ignore')\nfrom lifetimes.utils import "
        "summary_data_from_transaction_data as summary",
        "checked = summary(frame, 'customer_id', 'ordered_at', 'amount', '2024-12-31', freq='D', freq_multiplier=7)"
        ".frequency.sum()",
    ),
}
NOT_MEASURED = (
    "pymc-marketing and PyRetailScience (summary), Splink by hand (identity), growth from 10⁵ to 10⁸ rows, cluster"
)


def main() -> None:
    """Measure, and write the document and its picture."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    homes = {
        "kit": Path(sys.executable),
        "lifetimes": peer_python(),
        "polars": environment("polars", ["polars", "numpy"]),
    }
    with tempfile.TemporaryDirectory() as folder:
        rows = [*_summaries(Path(folder), homes), *_fits(sys.argv[1], Path(folder), homes)]
    _draw(rows, ROOT / "docs" / "images" / "benchmarks.png")
    (ROOT / "docs" / "benchmarks.md").write_text(_document(rows, homes), encoding="utf-8")


def orders(n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Orders of a tenth as many customers over two years: customer_id, ordered_at, amount."""
    rng = np.random.default_rng(seed)
    customer = (n // 10 * rng.random(n) ** 2).astype("int64")
    seconds = rng.integers(0, 731 * 86400, n)
    return {
        "customer_id": customer,
        "ordered_at": np.datetime64("2023-01-01", "us") + seconds * 1_000_000,
        "amount": np.round(rng.gamma(2, 20, n), 2),
    }


def _summaries(folder: Path, homes: dict) -> Iterator[tuple]:
    file = folder / "orders.npz"
    np.savez(file, **orders(ORDERS))
    for tool, (home, prepare, work) in SUMMARIES.items():
        program = _MEASURED.format(prepare=prepare, work=work)
        yield (f"summary, {ORDERS:,} orders", tool, *_run(homes[home], program, file))


def _fits(cdnow: str, folder: Path, homes: dict) -> Iterator[tuple]:
    file = folder / "data.npz"
    for name, kind, data in cases(cdnow):
        np.savez(file, **{c: data[c].to_numpy() for c in (["x", "t_x", "T"] if kind == "bg" else ["x", "monetary"])})
        for tool, home, kit in (("course.clv", "kit", "kit"), ("lifetimes", "lifetimes", "lifetimes")):
            yield (name, tool, *_run(homes[home], FIT, file, kind, kit, "3" if len(data) < 200_000 else "1"))


def _run(python: Path | None, program: str, *arguments: object) -> tuple[float, float, float] | tuple[None, None, None]:
    """Seconds, peak in MB and the figure that must agree; None three times where the tool is not to be had."""
    if python is None:
        return None, None, None
    command = [str(python), "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        print(done.stderr[-300:])
        return None, None, None
    return tuple(json.loads(done.stdout.splitlines()[-1]))  # a tool may show its progress before


def _document(rows: list[tuple], homes: dict) -> str:
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("duckdb", "numpy", "pandas", "scipy")
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    lines = [
        "# Beside other tools",
        "",
        "Made by `benchmarks/peers.py`: one process after the other, the same arrays; processor seconds of the work",
        "(of a fit the median of three; from 200,000 customers on, and of a summary, one run), and the peak memory of",
        "the process with its imports. The last column must agree within a task: repeat purchases of a summary, the",
        "log-likelihood of a fit.",
        "",
        f"Machine: {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}; {versions}; lifetimes",
        "0.11.3 with the older pandas that it needs.",
        "",
        "![Processor seconds of every task, the kit beside other tools](images/benchmarks.png)",
        "",
        "| task | tool | CPU s | times the kit | peak MB | must agree |",
        "|---|---|---:|---:|---:|---:|",
    ]
    own = {task: seconds for task, tool, seconds, *_ in rows if tool == "course.clv"}
    for task, tool, seconds, peak, checked in rows:
        if seconds is None:
            lines.append(f"| {task} | {tool} | could not be installed or did not run | | | |")
        else:
            ratio = seconds / own[task] if own[task] else float("nan")
            lines.append(f"| {task} | {tool} | {seconds:.3f} | {ratio:.1f} | {peak:,.0f} | {checked:,.2f} |")
    return "\n".join([*lines, "", f"Not measured here: {NOT_MEASURED}.", ""])


def _draw(rows: list[tuple], file: Path) -> None:
    from matplotlib import pyplot as plt

    rows = [row for row in rows if row[2] is not None][::-1]
    figure, axes = plt.subplots(figsize=(10, 0.42 * len(rows) + 1.2))
    colours = ["#c0392b" if tool == "course.clv" else "#9aa5b1" for _, tool, *_ in rows]
    axes.barh(range(len(rows)), [row[2] for row in rows], color=colours)
    axes.set_yticks(range(len(rows)), [f"{task}: {tool}" for task, tool, *_ in rows], fontsize=12)
    axes.set_xscale("log")
    axes.set_xlabel("processor seconds (log scale)", fontsize=12)
    for at, row in enumerate(rows):
        axes.text(row[2] * 1.08, at, f"{row[2]:.3g} s", va="center", fontsize=12)
    axes.set_xlim(right=axes.get_xlim()[1] * 3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
