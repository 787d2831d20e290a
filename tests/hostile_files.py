"""Files built out of hostile pieces, and the only two ends that a command over them may have: a result or a sentence.

A number draws one and the same set of files on every machine; another number draws another.
"""

import contextlib
import io
import json
import math
import random
import sqlite3
import struct
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from course import cli
from tests.unpacked import traces

#: {table as the command line calls it: [(header, cell of row i)]}: what nearly every cell is.
TABLES = {
    "orders": [
        ("order_id", "O{i}"),
        ("customer_id", "A{k}"),
        ("order_date", "2024-0{m}-{d:02d}"),
        ("amount", "{i}.50"),
        ("status", "completed"),
        ("category", "tea"),
        ("refunded_amount", "0"),
    ],
    "lines": [("order_id", "O{k}"), ("product_id", "P{m}"), ("quantity", "{m}"), ("unit_price", "{i}.5")],
    "customers": [
        ("customer_id", "A{i}"),
        ("name", "Ann Lee{i}"),
        ("phone", "1390013{i:04d}"),
        ("birthday", "199{m}-01-{d:02d}"),
        ("city", "Lyon"),
        ("joined_at", "2023-0{m}-{d:02d}"),
        ("gender", "f"),
    ],
    "events": [
        ("visitor_id", "v{i}"),
        ("customer_id", "A{k}"),
        ("event_time", "2024-01-{d:02d} 10:0{m}:00"),
        ("event", "add_to_cart"),
        ("category", "tea"),
        ("revenue", "{i}"),
    ],
    "surveys": [
        ("customer_id", "A{i}"),
        ("answered_at", "2024-0{m}-{d:02d}"),
        ("score", "{m}"),
        ("comment", "late again, good tea"),
        ("driver_price", "{m}"),
    ],
    "tickets": [
        ("ticket_id", "T{i}"),
        ("customer_id", "A{k}"),
        ("opened_at", "2024-01-{d:02d}"),
        ("closed_at", "2024-02-{d:02d}"),
        ("topic", "complaint"),
        ("satisfaction", "{m}"),
    ],
    "posts": [("post_id", "{i}"), ("author_id", "u{k}"), ("posted_at", "2024-01-{d:02d}"), ("text", "快递太慢了")],
    "campaigns": [
        ("campaign_id", "spring"),
        ("customer_id", "A{i}"),
        ("arm", "control"),
        ("sent_at", "2024-02-{d:02d}"),
        ("converted", "1"),
    ],
}
HEADERS = [
    *(header for table in TABLES.values() for header, _ in table),
    *("订单编号", "客户编号", "下单时间", "实付金额", "备注", "channel", "source", "source_row", "rule", "value"),
    *("is_repeated_order", "person_id", "_row", "1", "", "$x$", "a b", "合计", "Total", "Amount", "=1+1", "currency"),
    *("is_control", "weight", "item_a", "driver_", "x" * 300, "a\nb", "order_id.1", "NULL", "email", "age"),
]
#: What tells a person, as no file of a result may have it.
PERSONAL = ["13800138000", "zhao.si@mail.example", "11010519491231002X"]
WORDS = [
    *("", " ", "A1", "001", "1e5", "1E+15", "NaN", "inf", "-0", "12,5", "¥3", "1.234.567,89", "5%", "TRUE", "null"),
    *("N/A", "2024-01-05", "05/01/2024", "31/12/2024 23:59", "2024-02-30", "0000-00-00", "10000-01-01", "1e400"),
    *("2024-01-05T10:00:00+08:00", "二〇二四年", "昨天", "45000", "20240105", "1704412800", "1704412800000"),
    *(
        "$\\frac{",
        "=cmd|x",
        "<b>",
        "{x}",
        "%s",
        "\ufeff",
        "\ud800",
        "\x1b[31m",
        "\0",
        "合计",
        "Total:",
        "ａ１",
        "'",
        '"',
    ),
    *(
        "completed",
        "cancelled",
        "交易关闭",
        "退款",
        "x" * 5000,
        "USD",
        "10",
        "0",
        "-1",
        "purchase",
        "对照组",
        "2",
        "1-5",
    ),
    *PERSONAL,
]
FLOATS = [0.0, -0.0, 0.5, -3.25, 1e15, 2.0**53 + 2, 1e22, -1e300, 1.7e308, 5e-324, math.nan, math.inf, -math.inf]


class Draw(random.Random):
    """Draws pieces."""

    def one_in(self, n: int) -> bool:
        """True once in n times."""
        return self.randrange(n) == 0

    def few(self, pieces: Sequence, most: int) -> list:
        """None to `most` of the pieces, some of them twice perhaps."""
        return [self.choice(pieces) for _ in range(self.randint(0, most))]


def value(draw: Draw) -> object:
    """A cell as no export should have it."""
    kind = draw.randrange(10)
    if kind < 5:
        return draw.choice(WORDS)
    if kind < 7:
        bits = draw.choice([4, 16, 32, 53, 63])
        return draw.choice([None, True, False, draw.randrange(-(2**bits), 2**bits)])
    if kind == 7:
        return draw.choice([draw.choice(FLOATS), struct.unpack("d", draw.randbytes(8))[0]])
    if kind == 8:
        return date.fromordinal(draw.randint(1, date.max.toordinal()))
    signs = [draw.choice([(32, 127), (0, 32), (160, 0x2FF), (0x4E00, 0x9FFF), (0x2000, 0x206F), (0x1F300, 0x1F5FF)])]
    return "".join(chr(draw.randint(*draw.choice(signs))) for _ in range(draw.randint(1, 8)))


def table(draw: Draw, kind: str) -> tuple[list[str], list[list[object]]]:
    """Header and rows of a table that is nearly one of the kind."""
    columns = TABLES[kind][: draw.randint(3, 7)]
    if draw.one_in(10):
        columns = [(header, "{i}") for header in draw.few(HEADERS, 5)]
    columns = [(draw.choice(HEADERS) if draw.one_in(20) else header, cell) for header, cell in columns]
    columns += [(header, None) for header in draw.few(HEADERS, 2)]
    draw.one_in(5) and draw.shuffle(columns)
    spoiled, rows = draw.choice([0, 0, 0, 2, 10, 60]), []
    for i in range(draw.choice([*range(3), 5, *[8] * 6, 30])):
        row = [value(draw) if c is None else c.format(i=i, k=i % 7, d=i % 28 + 1, m=i % 9 + 1) for _, c in columns]
        rows.append([value(draw) if draw.randrange(100) < spoiled else cell for cell in row])
    if columns and rows and draw.one_in(6):  # a whole column of one kind
        at, same = draw.randrange(len(columns)), value(draw)
        for row in rows:
            row[at] = same if draw.randrange(4) else value(draw)
    return [header for header, _ in columns], rows


# --- formats ---------------------------------------------------------------------------------------------------------


def _csv(path: Path, head: list, rows: list, draw: Draw) -> None:
    sign = draw.choice([",", ",", ";", "\t", "|"])
    encoding = draw.choice(["utf-8", "utf-8", "utf-8-sig", "gb18030", "utf-16", "latin-1"])
    text = "\n".join(sign.join("" if c is None else str(c) for c in row) for row in [head, *rows])
    data = text.encode(encoding, "replace")
    path.write_bytes(data[: draw.randint(0, len(data))] if draw.one_in(12) else data)


def _xlsx(path: Path, head: list, rows: list, draw: Draw) -> None:
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append([_cell(c) for c in row])
    for area in draw.few(["A2:A4", "B1:C1", "F2:F9", "A9:D20", "B3:B40"], 2):
        with contextlib.suppress(ValueError):
            book.active.merge_cells(area)
    if draw.one_in(8):
        book.active[draw.choice(["XFD1048576", "AA3", "A900", "XFD1"])] = draw.choice(["x", 1, "合计"])
    if draw.one_in(3):
        other = book.create_sheet("s", draw.randint(0, 1))
        other.sheet_state = draw.choice(["visible", "hidden", "veryHidden"])
        other.append(draw.few(HEADERS, 6))
        book.active = book.worksheets.index(next(w for w in book.worksheets if w.title != "s"))
    book.save(path)


def _cell(value: object) -> object:
    if isinstance(value, str):
        return openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value.encode("utf-8", "replace").decode())[:3000]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, date) and value.year < 1900:
        return str(value)
    return value


_ARROW = [
    *(pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Asia/Shanghai")),
    *(pa.date32(), pa.date64(), pa.int64(), pa.uint64(), pa.int8(), pa.float64(), pa.float16(), pa.bool_()),
    *(pa.decimal128(20, 2), pa.decimal256(70, 3), pa.time32("s"), pa.time64("ns"), pa.duration("s"), pa.null()),
    *(pa.list_(pa.int64()), pa.struct([("a", pa.int64())]), pa.map_(pa.string(), pa.int64()), pa.binary()),
    *(pa.large_string(), pa.dictionary(pa.int32(), pa.string())),
]


def _parquet(path: Path, head: list, rows: list, draw: Draw) -> None:
    columns = [_column([row[i] for row in rows], draw) for i in range(len(head))]
    pq.write_table(pa.Table.from_arrays(columns, [str(h) for h in head]), path)


def _column(cells: list, draw: Draw) -> pa.Array:
    texts = [None if c is None else str(c).encode("utf-8", "replace").decode() for c in cells]
    kind = draw.choice(_ARROW) if draw.one_in(5) else pa.string()
    if pa.types.is_binary(kind):
        return pa.array([draw.randbytes(draw.randint(0, 4)) for _ in cells], kind)
    if pa.types.is_temporal(kind) or pa.types.is_integer(kind):
        seconds = pa.types.is_timestamp(kind) and kind.unit == "s"  # Parquet holds them as milliseconds
        bits = 53 if seconds else kind.bit_width - 1
        numbers = [draw.choice([draw.randrange(2**bits), draw.randrange(20_000) % 2**bits]) for _ in cells]
        numbers = [n // 86_400_000 * 86_400_000 if kind == pa.date64() else n for n in numbers]
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        numbers = [n % 86_400 for n in numbers] if pa.types.is_time(kind) else numbers
        return pa.array(numbers, width).cast(kind, safe=False)
    if pa.types.is_floating(kind):
        return pa.array([draw.choice(FLOATS) for _ in cells], pa.float64()).cast(kind, safe=False)
    if pa.types.is_list(kind) or pa.types.is_struct(kind):
        return pa.array([[1, 2] if pa.types.is_list(kind) else {"a": 1} for _ in cells], kind)
    if pa.types.is_dictionary(kind):
        return pa.array(texts, pa.string()).dictionary_encode()
    return pa.array(texts, kind) if kind in (pa.string(), pa.large_string()) else pa.nulls(len(cells), kind)


def _jsonl(path: Path, head: list, rows: list, draw: Draw) -> None:
    records = [dict(zip(head, row, strict=False)) for row in rows]
    if records and draw.one_in(2):
        odd = [[1], {"a": {"b": [None]}}, "\ud800", 10**30, [{"x": 1}, {"y": []}], {}]
        draw.choice(records)["more"] = draw.choice(odd)
    path.write_text("\n".join(json.dumps(r, default=str) for r in records), encoding="utf-8")


def _json(path: Path, head: list, rows: list, draw: Draw) -> None:
    records = [dict(zip(head, row, strict=False)) for row in rows]
    odd = [None, 1, "x", [], {}, [[1, 2]], {"data": None}, {"a": records, "b": records}, [records], [None, *records]]
    whole = draw.choice(odd) if draw.one_in(4) else draw.choice([records, {"data": records}])
    path.write_text(json.dumps(whole, default=str), encoding="utf-8")


def _sqlite(path: Path, head: list, rows: list, draw: Draw) -> None:
    names = list(dict.fromkeys(str(h).lower().replace('"', "") for h in head)) or ["x"]
    held = {bool: int, date: str, str: lambda s: s.encode("utf-8", "replace").decode()}
    with contextlib.closing(sqlite3.connect(path)) as base:
        kinds = [draw.choice(["", "TEXT", "INTEGER", "REAL", "BLOB", "DATE", "DECIMAL(10,2)"]) for _ in names]
        columns = [f'"{name}" {kind}' for name, kind in zip(names, kinds, strict=True)]
        base.execute(f"CREATE TABLE t ({', '.join(columns)})")
        for row in rows:
            cells = [held.get(type(c), lambda c: c)(c) for c in [*row, *names][: len(names)]]
            cells = [draw.randbytes(2) if draw.one_in(80) else c for c in cells]
            base.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(names))})", cells)
        base.commit()


_FORMATS = {"csv": _csv, "xlsx": _xlsx, "parquet": _parquet, "jsonl": _jsonl, "json": _json, "sqlite": _sqlite}


def file(draw: Draw, folder: Path, kind: str) -> Path:
    """One file that is nearly a table of the kind, in the folder."""
    ending = draw.choice(["csv", "csv", "csv", *_FORMATS])
    path = folder / f"{kind}{len(list(folder.iterdir()))}.{ending}"
    _FORMATS[ending](path, *table(draw, kind), draw)
    return path


# --- YAML ------------------------------------------------------------------------------------------------------------

_CONDITIONS = [
    *("orders > 1", "frequency > 'x'", "unnest([1])", "true); SELECT (1", "now() > as_of", "monetary / 0 > 1", "x'"),
    *("CAST(customer_id AS INT) > 1", "(SELECT 1 FROM range(9))", "nope > 1", "$1", "1", "NULL", "count(*) > 1", ""),
    *("'a' || frequency", "frequency > 1 -- x", "frequency BETWEEN 1 AND", "random() > 0.5", "1e999 > 0"),
]
_BOTH = {"en": "a", "zh": "b"}
_TAGS = {
    "tags": [
        {
            "name": "x",
            "kind": "rule",
            "family": "social",
            "label": _BOTH,
            "owner": _BOTH,
            "versions": [{"version": 1, "definition": _BOTH, "when": "frequency > 1"}],
        }
    ]
}
_FORM = {
    "till": {
        "system": _BOTH,
        "kind": "orders",
        "all": ["order_id", "amount"],
        "order_id": "order_id",
        "customer_id": ["customer_id", "email"],
        "nobody": ["0"],
        "ordered_at": ["order_date"],
        "amount": {"level": "order", "add": ["amount"]},
        "state": [{"in": ["status"], "is": {"sale": ["completed"], "refunded": ["退款"]}}],
        "columns": {"quantity": "Pieces"},
    }
}
_RECIPE = {
    "columns": {"orders": {"customer_id": "customer_id"}},
    "blanks": {"customer_id": ["11"]},
    "states": {"completed": "sale", "cancelled": "not_a_sale"},
    "answers": {"money": "order"},
    "currency": "CNY",
    "provisional": True,
    "horizon": 26,
    "lang": "en",
}
_SCRAPS = [
    *("tags: [*a]", "a: &a [*a]", "? [a]\n: b", "tags: 2024-13-45", "\0", "- " * 300, "!!int ''", "tags:\n  - {"),
    *(
        "{a: 1, a: 2}",
        "",
        "---\na: 1\n---\nb: 2",
        "!!python/object:os.system x",
        "a: !!binary =",
        "\ufeffa: 1",
        "<<: 1",
    ),
]
_LEAVES = [None, 1, [], {}, "x", date(2024, 1, 1), 1.5, True, -1, 10**400, math.nan, [[1]], {"a": {"b": 1}}, {1: 2}]


def spoilt(draw: Draw, tree: dict) -> str:
    """The YAML of a tree of which up to two parts are something else."""
    if draw.one_in(12):
        return draw.choice(_SCRAPS)
    tree = yaml.safe_load(yaml.safe_dump(tree))
    for _ in range(draw.choice([0, 0, 1, 2])):
        if not (full := [node for node in _nodes(tree) if node]):
            break
        at = draw.choice(full)
        key = draw.choice(list(at)) if isinstance(at, dict) else draw.randrange(len(at))
        if key == "when":
            at[key] = draw.choice(_CONDITIONS)
        elif draw.one_in(4):
            del at[key]
        else:
            at[key] = draw.choice([*_LEAVES, *WORDS])
    return yaml.safe_dump(tree, allow_unicode=True, sort_keys=False)


def _nodes(tree: object) -> list:
    below = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else None
    return [] if below is None else [tree, *(node for one in below for node in _nodes(one))]


# --- commands --------------------------------------------------------------------------------------------------------


def _yaml(draw: Draw, path: Path, tree: dict) -> Path:
    path.write_text(spoilt(draw, tree), encoding="utf-8", errors="replace")
    return path


def _options(draw: Draw, folder: Path) -> list[str]:
    """What may stand behind either command."""
    pairs = [f"--map={draw.choice(['customer_id', 'amount', 'ordered_at'])}={draw.choice(HEADERS)}"]
    pairs += [f"--blank={draw.choice(HEADERS)}={draw.choice(['0', '11', 'x'])}", "--date-order=dmy"]
    pairs += [f"--answer={draw.choice(['money=order', 'scale=1-5', 'dates=dmy', 'control=control', 'x=y'])}"]
    out = draw.few(pairs, 2) if draw.one_in(8) else []
    return out + (["--form", str(_yaml(draw, folder / "form.yaml", _FORM))] if draw.one_in(8) else [])


def check(draw: Draw, folder: Path) -> list[str]:
    """`course check` of one file, sometimes of several."""
    kinds = draw.choices(list(TABLES), weights=[6, 1, 2, 1, 2, 1, 1, 1], k=draw.choice([1, 1, 1, 1, 2, 3]))
    return ["check", *(str(file(draw, folder, kind)) for kind in kinds), *_options(draw, folder)]


def run(draw: Draw, folder: Path) -> list[str]:
    """`course run` of one table, sometimes of several, of files or by a recipe."""
    kinds = draw.choices(list(TABLES), weights=[4, 1, 3, 3, 3, 3, 3, 3], k=draw.choice([1, 1, 1, 1, 2, 3]))
    files = {kind: [str(file(draw, folder, kind)) for _ in range(1 + draw.one_in(8))] for kind in dict.fromkeys(kinds)}
    words = ["run", *(word for kind, paths in files.items() for word in (f"--{kind}", *paths))]
    if draw.one_in(6):
        words = ["run", str(_yaml(draw, folder / "recipe.yaml", _RECIPE | {"inputs": files}))]
    if draw.one_in(6):
        words += ["--tags", str(_yaml(draw, folder / "tags.yaml", _TAGS))]
    rare = [["--as-of", draw.choice(WORDS[15:25]) or "x"], ["--horizon", "9"], ["--currency", "EUR"]]
    rare += [["--explorer", "shared"]]
    words += [] if draw.one_in(3) else ["--provisional"]
    words += [word for option in draw.few(rare, draw.choice([0, 2])) for word in option]
    return [*words, *_options(draw, folder), "--out", str(folder / "out")]


def end(command: str, number: int) -> str:
    """ "result" or "sentence" of the command over the files of a number; anything else is the fault that is looked for.

    Raises
    ------
    AssertionError : the command ended otherwise, left something half-written, or wrote what tells a person.
    """
    draw = Draw(number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        words = {"check": check, "run": run}[command](draw, folder)
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = cli.main([*words, "--lang", draw.choice(["en", "zh"])])
            except SystemExit as usage:  # of the parser of options
                code = usage.code
        said = err.getvalue()
        assert code in (0, 2), f"{words} ended in {code}: {said[-800:]}"
        assert "Traceback" not in said and (said or not code), said
        quoted = [text for text in PERSONAL if text in out.getvalue() + said]
        assert not quoted, f"{words} says {quoted}: {(out.getvalue() + said)[-3000:]}"
        if command == "run":
            beside = {path.name for path in folder.glob(".*")}
            assert (folder / "out").exists() == (code == 0) and beside <= ({".out.state"} if code == 0 else set())
            told = [at for kept in ("out", *beside) for at in traces(folder / kept, PERSONAL)] if code == 0 else []
            assert not told, f"{words} wrote {told}"
    return "sentence" if code else "result"


def ends(command: str, numbers: range) -> Counter:
    """How often each end came.

    Raises
    ------
    AssertionError : for the first number of which a command ended otherwise; the number draws it again.
    """
    found: Counter = Counter()
    for number in numbers:
        try:
            found[end(command, number)] += 1
        except Exception as error:
            raise AssertionError(f"hostile_files.end({command!r}, {number}): {error!r}") from error
    return found
