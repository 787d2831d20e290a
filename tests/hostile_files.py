"""Files built out of hostile pieces, and the only two ends that a run over one may have: a result or a sentence."""

import contextlib
import io
import json
import tempfile
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from hypothesis import strategies as st

from course import cli

HEADERS = (
    *("order_id", "customer_id", "order_date", "amount", "status", "quantity", "unit_price", "discount", "refunded"),
    *(
        "订单编号",
        "客户编号",
        "下单时间",
        "实付金额",
        "备注",
        "channel",
        "category",
        "source",
        "source_row",
        "rule",
        "value",
    ),
    *("is_repeated_order", "person_id", "_row", "1", "", "$x$", "a b", "合计", "Total", "amount", "Amount", "=1+1"),
)
WORDS = (
    *(
        "",
        " ",
        "A1",
        "001",
        "1e5",
        "1E+15",
        "NaN",
        "inf",
        "-0",
        "12,5",
        "¥3",
        "1.234.567,89",
        "5%",
        "TRUE",
        "null",
        "N/A",
    ),
    *(
        "2024-01-05",
        "05/01/2024",
        "31/12/2024 23:59",
        "2024-02-30",
        "0000-00-00",
        "10000-01-01",
        "1e400",
        "二〇二四年",
        "昨天",
    ),
    *(
        "$\\frac{",
        "=cmd|x",
        "<b>",
        "{x}",
        "\ufeff",
        "\ud800",
        "\x1b[31m",
        "合计",
        "Total:",
        "13800138000",
        "a@b.cn",
        "ａ１",
    ),
    *("completed", "cancelled", "交易关闭", "退款", "x" * 5000),
)
VALUES = st.one_of(
    st.sampled_from(WORDS),
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.dates(date(1, 1, 1), date(9999, 12, 31)),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
#: A table that is nearly one of orders: most cells are what they should be, some are not.
GOOD = ("O{i}", "A{k}", "2024-01-{d:02d}", "{i}.50")


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[object]]]:
    """A header and rows."""
    head = list(
        draw(st.one_of(st.just(HEADERS[:4]), st.just(HEADERS[9:13]), st.lists(st.sampled_from(HEADERS), max_size=5)))
    )
    head += draw(st.lists(st.sampled_from(HEADERS), max_size=3))
    rows = []
    for i in range(draw(st.integers(0, 8))):
        row = [g.format(i=i, k=i % 3, d=i + 1) for g in GOOD][: len(head)]
        row += [draw(VALUES) for _ in range(len(head) - len(row))]
        if head and draw(st.booleans()):
            row[draw(st.integers(0, len(head) - 1))] = draw(VALUES)
        rows.append(row)
    return head, rows


def _csv(folder: Path, table: tuple, draw: st.DrawFn) -> Path:
    head, rows = table
    sign = draw(st.sampled_from([",", ";", "\t", "|"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "latin-1"]))
    text = "\n".join(sign.join("" if c is None else str(c) for c in row) for row in [head, *rows])
    data = text.encode(encoding, "replace")
    (folder / "o.csv").write_bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)
    return folder / "o.csv"


def _xlsx(folder: Path, table: tuple, draw: st.DrawFn) -> Path:
    head, rows = table
    book = openpyxl.Workbook()
    for row in [head, *rows]:
        book.active.append([_cell(c) for c in row])
    for area in draw(st.lists(st.sampled_from(["A2:A4", "B1:C1", "F2:F9", "A9:D20", "B3:B40"]), max_size=2)):
        with contextlib.suppress(ValueError):
            book.active.merge_cells(area)
    if draw(st.booleans()):
        book.active[draw(st.sampled_from(["XFD1048576", "AA3", "A900", "XFD1"]))] = draw(
            st.sampled_from(["x", 1, "合计"])
        )
    if draw(st.booleans()):
        other = book.create_sheet("s", draw(st.integers(0, 1)))
        other.sheet_state = draw(st.sampled_from(["visible", "hidden", "veryHidden"]))
        other.append([str(h) for h in draw(st.lists(st.sampled_from(HEADERS), max_size=6))])
        book.active = book.worksheets.index(next(w for w in book.worksheets if w.title != "s"))
    book.save(folder / "o.xlsx")
    return folder / "o.xlsx"


def _cell(value: object) -> object:
    if isinstance(value, str):
        return openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value.encode("utf-8", "replace").decode())[:3000]
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    if isinstance(value, date) and value.year < 1900:
        return str(value)
    return value


def _parquet(folder: Path, table: tuple, draw: st.DrawFn) -> Path:
    head, rows = table
    kinds = [
        *(pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in (None, "UTC", "Asia/Shanghai")),
        *(
            pa.date32(),
            pa.date64(),
            pa.int64(),
            pa.uint64(),
            pa.float64(),
            pa.bool_(),
            pa.decimal128(20, 2),
            pa.time32("s"),
        ),
        *(pa.list_(pa.int64()), pa.struct([("a", pa.int64())]), pa.binary(), pa.duration("s"), pa.null(), pa.string()),
    ]
    columns = []
    for i in range(len(head)):
        cells = [row[i] for row in rows]
        kind = draw(st.sampled_from(kinds)) if draw(st.integers(0, 3)) == 0 else pa.string()
        columns.append(_column(cells, kind, draw))
    pq.write_table(pa.Table.from_arrays(columns, [str(h) for h in head]), folder / "o.parquet")
    return folder / "o.parquet"


def _column(cells: list, kind: pa.DataType, draw: st.DrawFn) -> pa.Array:
    if pa.types.is_binary(kind):
        return pa.array([draw(st.binary(max_size=4)) for _ in cells], kind)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_integer(kind) or pa.types.is_duration(kind):
        bits = 32 if kind in (pa.date32(),) else 63
        numbers = [draw(st.integers(0, 2**bits // 2 - 1) | st.integers(0, 20_000)) for _ in cells]
        whole = pa.array(numbers, pa.int32() if bits == 32 else pa.int64())
        if kind == pa.date64():
            whole = pa.array([n // 86_400_000 * 86_400_000 for n in numbers], pa.int64())
        return whole.cast(kind, safe=False)
    if pa.types.is_list(kind):
        return pa.array([[1, 2] for _ in cells], kind)
    if pa.types.is_struct(kind):
        return pa.array([{"a": 1} for _ in cells], kind)
    if pa.types.is_string(kind):
        texts = [None if c is None else str(c).encode("utf-8", "replace").decode() for c in cells]
        return pa.array(texts, kind)
    return pa.nulls(len(cells), kind)


def _json(folder: Path, table: tuple, draw: st.DrawFn) -> Path:
    head, rows = table
    records = [dict(zip(head, row, strict=False)) for row in rows]
    if records and draw(st.booleans()):
        records[0]["more"] = draw(st.sampled_from([[1], {"a": {"b": [None]}}, "\ud800", 10**30]))
    (folder / "o.jsonl").write_text("\n".join(json.dumps(r, default=str) for r in records), encoding="utf-8")
    return folder / "o.jsonl"


_TAG = {
    "name": "x",
    "kind": "rule",
    "family": "social",
    "label": {"en": "a", "zh": "b"},
    "owner": {"en": "a", "zh": "b"},
}
_CONDITIONS = (
    *(
        "orders > 1",
        "frequency > 'x'",
        "unnest([1])",
        "true); SELECT (1",
        "now() > as_of",
        "CAST(customer_id AS INT) > 1",
    ),
    *(
        "(SELECT 1 FROM range(9))",
        "nope > 1",
        "monetary / 0 > 1",
        "x'",
        "$1",
        "1",
        "NULL",
        "count(*) > 1",
        "'a' || frequency",
    ),
)
_SCRAPS = (
    "tags: [*a]",
    "a: &a [*a]",
    "? [a]\n: b",
    "tags: 2024-13-45",
    "\0",
    "- " * 300,
    "!!int ''",
    "tags:\n  - {",
    "{a: 1, a: 2}",
)


@st.composite
def dictionaries(draw: st.DrawFn) -> str:
    """A dictionary of tags, nearly."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(_SCRAPS))
    version = {"version": 1, "definition": {"en": "a", "zh": "b"}, "when": draw(st.sampled_from(_CONDITIONS))}
    tag = _TAG | {"versions": [version]}
    for _ in range(draw(st.integers(0, 2))):
        part = draw(st.sampled_from([tag, version]))
        part = part | {
            draw(st.sampled_from(sorted(part))): draw(
                st.sampled_from([None, 1, [], {}, "x", date(2024, 1, 1), 1.5, True])
            )
        }
        tag = part if "kind" in part else tag | {"versions": [part]}
    return yaml.safe_dump({"tags": [tag]}, allow_unicode=True)


def end_of_a_run(draw: st.DrawFn) -> str:
    """ "result" or "sentence" of a run over a drawn file; anything else is the fault that is looked for.

    `check` reads the file and says what is in it, `run` goes all the way: one in ten.
    """
    table = draw(tables())
    write = draw(st.sampled_from([_csv, _xlsx, _parquet, _json]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, table, draw)
        if draw(st.integers(0, 9)):
            argv = ["check", str(path)]
        else:
            (folder / "t.yaml").write_text(draw(dictionaries()), encoding="utf-8")
            tags = ["--tags", str(folder / "t.yaml")] if draw(st.booleans()) else []
            argv = ["run", "--orders", str(path), "--provisional", *tags, "--out", str(folder / "out")]
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main([*argv, "--lang", draw(st.sampled_from(["en", "zh"]))])
        assert code in (0, 2), f"{argv[0]} ended in {code}: {err.getvalue()[-800:]}"
        assert "Traceback" not in err.getvalue()
        if argv[0] == "run":
            assert (folder / "out").exists() == (code == 0)
            assert not list(folder.glob(".*"))
    return "sentence" if code else "result"
