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
#: Orders of the summaries: every tool up to the second size, those that bear more on the last one too.
GROWTH = (100_000, 1_000_000, 10_000_000)
PEOPLE = 20_000
#: Orders of the summary on a cluster.
ON_SPARK = 1_000_000

# What is told of every process: processor seconds of the work, peak memory (of this program: getrusage would tell that
# of the process which started it, if larger; Linux only), and a figure that must agree.
_MEASURED = """
import json, sys, time
import numpy as np
columns = dict(np.load(sys.argv[1], allow_pickle=True))
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
    "pymc-marketing": (
        "pymc_marketing",
        _FRAME + "\nfrom pymc_marketing.clv.utils import rfm_summary",
        "checked = rfm_summary(frame, 'customer_id', 'ordered_at', 'amount', observation_period_end='2024-12-31', "
        "time_scaler=7).frequency.sum()",
    ),
}
#: Tools that are not asked for the last size of GROWTH: they take minutes, or more memory than a laptop has.
_UP_TO_A_MILLION = ("lifetimes", "pymc-marketing")
_NUMBERED = _FRAME + "\nframe['order_id'] = range(len(frame))"
RFM = {
    "course.segment": (
        "kit",
        _NUMBERED + "\nfrom course import segment",
        "checked = segment.rfm(frame, as_of='2024-12-31').recency_days.sum()",
    ),
    "OpenRetailScience": (
        "openretailscience",
        _NUMBERED
        + """
from openretailscience.segmentation.rfm import RFMSegmentation
names = {"ordered_at": "transaction_date", "amount": "unit_spend", "order_id": "transaction_id"}
frame = frame.rename(columns=names)""",
        "checked = RFMSegmentation(frame, current_date='2024-12-31').df.recency_days.sum()",
    ),
}
# F1 over pairs of records: of those put together, and of those that are one person.
_F1 = """
def pairs(*by):
    size = frame.groupby(list(by)).size()
    return (size * (size - 1) // 2).sum()
checked = 2 * pairs("found", "truth") / (pairs("found") + pairs("truth"))"""
_RECORDS = _FRAME + "\nframe['birth_date'] = frame.birth_date.astype('str')"
IDENTITY = {
    "course.identity": (
        "kit",
        _FRAME + "\nfrom course import identity\nframe['birth_date'] = pd.to_datetime(frame.birth_date)",
        """
found = identity.resolve(frame.drop(columns="truth")).persons.set_index("customer_id")["person_id"]
frame["found"] = frame["customer_id"].map(found)"""
        + _F1,
    ),
    "Splink by hand": (
        "kit",
        _RECORDS
        + """
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
import logging
import splink.comparison_library as of
logging.getLogger("splink").setLevel(logging.CRITICAL)""",
        """
fields = ("name", "phone", "email", "birth_date")
settings = SettingsCreator(
    link_type="dedupe_only", unique_id_column_name="customer_id",
    comparisons=[
        of.JaroWinklerAtThresholds("name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        of.LevenshteinAtThresholds("phone", 1), of.LevenshteinAtThresholds("email", 2),
        of.LevenshteinAtThresholds("birth_date", [1, 2]),
    ],
    blocking_rules_to_generate_predictions=[block_on(field) for field in fields],
)
linker = Linker(DuckDBAPI().register(frame.drop(columns="truth"), dataset_display_name="people"), settings)
linker.training.estimate_probability_two_random_records_match([block_on("phone"), block_on("email")], recall=0.7)
linker.training.estimate_u_using_random_sampling(max_pairs=5e5, seed=1)
for field in ("phone", "birth_date"):
    linker.training.estimate_parameters_using_expectation_maximisation(block_on(field))
likely = linker.inference.predict(threshold_match_probability=0.9)
found = linker.clustering.cluster_pairwise_predictions_at_threshold(likely, threshold_match_probability=0.9)
frame["found"] = frame["customer_id"].map(found.as_pandas_dataframe().set_index("customer_id")["cluster_id"])"""
        + _F1,
    ),
}
# The second of two askings: the first one starts what Spark starts once.
_SPARK = """
import contextlib, sys, time
from pathlib import Path
import numpy as np, pandas as pd
from course import clv, engine
from course.engine import spark
from tests import clusters
rows = engine.stored(pd.DataFrame(dict(np.load(sys.argv[1]))))
with contextlib.ExitStack() as stack:
    if workers := int(sys.argv[2]):
        cluster = stack.enter_context(clusters.cluster(Path(sys.argv[3]) / sys.argv[2], workers))
        one = stack.enter_context(spark.session(cluster.master, spark__executor__memory="512m"))
        stack.enter_context(engine.answered_by(one))
    for _ in range(2):
        started = time.perf_counter()
        checked = clv.summary(rows, as_of="2024-12-31").x.sum()
        seconds = time.perf_counter() - started
print("[%r, null, %r]" % (seconds, float(checked)))
"""
#: Every package that is measured and that the kit does not need, with what its environment is made of.
PEERS = {
    "polars": ["polars", "numpy"],
    "pymc_marketing": ["pymc-marketing"],
    "openretailscience": ["openretailscience"],
}


#: What of the kit's own environment the table names.
KIT = ("duckdb", "numpy", "pandas", "scipy", "splink")


def main() -> None:
    """Measure, and write the document and its picture."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    homes = {"kit": Path(sys.executable), "lifetimes": peer_python()}
    homes |= {package: environment(package, needs) for package, needs in PEERS.items()}
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for row in _measured(sys.argv[1], Path(folder), homes):
            rows.append(row)
            print(*row, flush=True)
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


def people(n: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Records of four fifths as many persons: customer_id, name, phone, email, birth_date, and `truth`, the person.

    A second record of a person has lost one field in five and has a letter mistaken in one of ten.
    """
    rng = np.random.default_rng(seed)
    persons = n * 4 // 5
    truth = np.concatenate([np.arange(persons), rng.integers(0, persons, n - persons)])
    syllables = np.array([a + b for a in "bdfgklmnprstw" for b in "aeiou"])
    name = ["".join(s[:2]).title() + " " + "".join(s[2:]).title() for s in syllables[rng.integers(0, 65, (persons, 5))]]
    phone = [f"1{number:010d}" for number in rng.integers(3 * 10**9, 10**10, persons)]
    birth = np.datetime64("1940-01-01") + rng.integers(0, 24_000, persons)
    email = [
        f"{''.join(s)}{day}@example.com"
        for s, day in zip(syllables[rng.integers(0, 65, (persons, 3))], rng.integers(1, 99, persons), strict=True)
    ]
    fields = {"name": np.array(name), "phone": np.array(phone), "email": np.array(email), "birth_date": birth}
    out = {"customer_id": rng.permutation(n), "truth": truth}
    second = np.arange(n) >= persons
    for field, values in fields.items():
        of_record = values[truth].astype(object)
        of_record[second & (rng.random(n) < 0.2)] = None
        wrong = second & (rng.random(n) < 0.1)
        if field != "birth_date":
            of_record[wrong] = [value and value[:3] + "x" + value[4:] for value in of_record[wrong]]
        out[field] = of_record
    return out


def _measured(cdnow: str, folder: Path, homes: dict) -> Iterator[tuple]:
    """A row a task and tool: task, tool, seconds, peak, the figure that must agree."""
    for n in GROWTH:
        np.savez(folder / "orders.npz", **orders(n))
        tools = {t: how for t, how in SUMMARIES.items() if n < GROWTH[-1] or t not in _UP_TO_A_MILLION}
        yield from _each(f"summary, {n:,} orders", tools, folder / "orders.npz", homes)
        if n == GROWTH[1]:
            yield from _each(f"RFM, {n:,} orders", RFM, folder / "orders.npz", homes)
    np.savez(folder / "people.npz", **people(PEOPLE))
    yield from _each(f"identity, {PEOPLE:,} records", IDENTITY, folder / "people.npz", homes)
    yield from _fits(cdnow, folder, homes)
    np.savez(folder / "orders.npz", **orders(ON_SPARK))
    for workers, tool in enumerate(("course.clv", "Spark, 1 worker", "Spark, 2 workers")):
        yield (
            f"summary on a cluster, {ON_SPARK:,} orders",
            tool,
            *_run(homes["kit"], _SPARK, folder / "orders.npz", workers, folder / "cluster"),
        )


def _each(task: str, tools: dict, file: Path, homes: dict) -> Iterator[tuple]:
    for tool, (home, prepare, work) in tools.items():
        yield task, tool, *_run(homes[home], _MEASURED.format(prepare=prepare, work=work), file)


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


_ABOUT = """# Beside other tools

*中文见下一段。*

Made by `benchmarks/peers.py`: one process after the other, the same arrays; processor seconds of the work
(of a fit the median of three; from 200,000 customers on, and of everything else, one run), and the peak memory of
the process with its imports. What the last column says must agree within a task: repeat purchases of a summary, days
since the last order (all customers together) of RFM, the log-likelihood of a fit. Of identity it is F1 over pairs of
records, which need not agree. On a cluster the seconds are those on the wall, of the second asking: what Spark starts
once is not in them, and two workers of one core each lie on this same machine, so this shows what Spark costs here, not
what it gains elsewhere. A peer that could not be installed is named in its row.

由 `benchmarks/peers.py` 生成：各工具处理同样的数组，一个进程跑完再跑下一个。
秒数是这项工作占用处理器的时间（拟合取三次的中位数；20 万客户以上的拟合和其他各项只跑一次），峰值内存含导入的软件包。
同一任务里，最后一列必须一致：汇总是复购次数之和，RFM 是所有客户距最近一单的天数之和，拟合是对数似然；
身份识别那一项是按记录对计算的 F1，不要求一致。集群那几行是第二次提问的实际用时，不含 Spark 只启动一次的那部分；
两个工作节点各用一核，都在这台机器上，所以看得出的是 Spark 在这里的开销，不是它在别处的好处。
装不上的工具在自己那一行里注明。

Machine 机器: {cores} cores 核, {memory:.0f} GB, Python {python}; {versions}; {peers}.

![Processor seconds of every task, the kit beside other tools](images/benchmarks.png)

| task | tool | seconds | times the kit | peak MB | must agree |
|---|---|---:|---:|---:|---:|
"""


def _document(rows: list[tuple], homes: dict) -> str:
    about = _ABOUT.format(
        cores=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        python=platform.python_version(),
        versions=", ".join(f"{name} {importlib.metadata.version(name)}" for name in KIT),
        peers=", ".join(
            f"{package} {_version(python, package)}" for package, python in homes.items() if python and package != "kit"
        ),
    )
    own = {task: seconds for task, tool, seconds, *_ in rows if tool.startswith("course.")}
    lines = []
    for task, tool, seconds, peak, checked in rows:
        if seconds is None:
            lines.append(f"| {task} | {tool} | could not be installed, or did not run | | | |")
            continue
        ratio = f"{seconds / own[task]:.1f}" if own.get(task) else ""
        memory = "" if peak is None else f"{peak:,.0f}"
        digits = 4 if 0 < checked < 1 else 2
        lines.append(f"| {task} | {tool} | {seconds:.3f} | {ratio} | {memory} | {checked:,.{digits}f} |")
    return about + "\n".join([*lines, ""])


def _version(python: Path, package: str) -> str:
    ask = f"from importlib.metadata import version; print(version({package.replace('_', '-')!r}))"
    return subprocess.run([str(python), "-c", ask], capture_output=True, text=True).stdout.strip()


def _draw(rows: list[tuple], file: Path) -> None:
    from matplotlib import pyplot as plt

    rows = [row for row in rows if row[2] is not None][::-1]
    figure, axes = plt.subplots(figsize=(10, 0.42 * len(rows) + 1.2))
    colours = ["#c0392b" if tool.startswith("course.") else "#9aa5b1" for _, tool, *_ in rows]
    axes.barh(range(len(rows)), [row[2] for row in rows], color=colours)
    axes.set_yticks(range(len(rows)), [f"{task}: {tool}" for task, tool, *_ in rows], fontsize=12)
    axes.set_xscale("log")
    axes.margins(y=0.01)
    axes.set_xlabel("processor seconds, on a cluster seconds on the wall (log scale)", fontsize=12)
    for at, row in enumerate(rows):
        axes.text(row[2] * 1.08, at, f"{row[2]:.3g} s", va="center", fontsize=12)
    axes.set_xlim(right=axes.get_xlim()[1] * 3)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main()
