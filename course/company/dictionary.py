"""README.md of a company: what every file, table and column is, in both languages, and the checksum of every file.

Made from `data/dictionary.yaml` and the tables themselves, so a column without an entry, or an entry without a column,
cannot be published.
"""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from course.company import packs
from course.company.exports import FILES
from course.errors import DataError

_HEAD = """# Luming 鹿鸣

**Luming is invented.** No person, phone, address, order or comment in these files is real: a program
(`course.company`) made them from the seed {seed}, for {customers:,} customers. Another seed makes another company:
`course company --seed 7 --customers 6000 --out DIR`.

Its books run from 2023-01-01 to 2024-12-31. The folder `truth/` is sealed: the lessons open it a step at a time
(`company.unseal`), after checking the checksums below. Open it yourself and you spoil the game.

**鹿鸣是虚构的公司。** 文件里的人、电话、地址、订单和评论都不是真的，由程序（`course.company`）根据种子 {seed} 生成，
共 {customers:,} 位客户。换一个种子就是另一家公司：`course company --seed 7 --customers 6000 --out 文件夹`。

账目从 2023-01-01 到 2024-12-31。`truth/` 里是真相，已经封存：课程每一步核对下面的校验值之后才打开（`company.unseal`）。
自己先打开看，就没意思了。
"""


_ON_DEMAND = """## Film case and sector packs 电影案例与行业数据包

Not files: `company.film.film(seed)` and `company.packs.pack(name, seed)` make them, invented like everything else.
不是文件，由 `company.film.film(seed)` 和 `company.packs.pack(name, seed)` 生成，同样全是虚构的。
"""


@cache
def entries() -> dict:
    """The data dictionary: {"exports" or "truth": {table: {en, zh, columns: {column: [type, values, en, zh]}}}}."""
    path = Path(__file__).parent / "data" / "dictionary.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def readme(
    tables: dict[str, pd.DataFrame], truth: dict[str, pd.DataFrame], sums: dict[str, str], seed: int, customers: int
) -> str:
    """The text of README.md.

    Parameters
    ----------
    tables, truth : what was written.
    sums : SHA-256 of every file.

    Raises
    ------
    DataError : a table or column that the dictionary does not have, or has and nobody wrote.
    """
    parts = [_HEAD.format(seed=seed, customers=customers), "## Exports 导出文件\n"]
    parts += [_table(FILES[name], name, frame, "exports") for name, frame in tables.items()]
    parts.append("## Truth 真相\n")
    parts += [_table(f"truth/{name}.parquet", name, frame, "truth") for name, frame in truth.items()]
    parts.append(_ON_DEMAND)
    parts += [
        _made_on_demand(name, table, entry) for name, own in packs.dictionary().items() for table, entry in own.items()
    ]
    parts.append("## Checksums 校验值\n\n| file 文件 | SHA-256 |\n|---|---|")
    return "\n".join(parts) + "".join(f"\n| `{name}` | `{value}` |" for name, value in sums.items()) + "\n"


def _table(file: str, name: str, frame: pd.DataFrame, kind: str) -> str:
    entry = entries()[kind].get(name, {"columns": {}})
    differ = set(frame.columns) ^ set(entry["columns"])
    if differ:
        raise DataError(
            "The data dictionary and the table {table} differ in: {columns}.",
            table=name,
            columns=", ".join(sorted(differ)),
        )
    rows = [(column, *entry["columns"][column]) for column in frame.columns]
    return _section(f"`{file}`", entry, rows, f" {len(frame):,} rows 行.")


def _made_on_demand(name: str, table: str, entry: dict) -> str:
    rows = []
    for column, spec in entry["columns"].items():
        values = " ".join(str(v) for v in spec.get("values", ()))
        low, high = spec.get("range", (None, None))
        bounds = "" if low is None and high is None else f"{'' if low is None else low}–{'' if high is None else high}"
        allowed = ", ".join(filter(None, (spec.get("unit", ""), values, bounds)))
        rows.append((column, spec["type"], allowed, spec["en"], spec["zh"]))
    return _section(f"{name}: `{table}`", entry, rows, "")


def _section(title: str, entry: dict, rows: list[tuple], more: str) -> str:
    head = f"### {title}\n\n{entry['en'][0].upper()}{entry['en'][1:]}. {entry['zh']}。{more}\n"
    lines = [head, "| column 列 | type 类型 | unit, values 单位、取值 | English | 中文 |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
