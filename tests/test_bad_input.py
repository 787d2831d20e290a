"""What people really hand in. Three kinds of fault: structural (refused, nothing written), value (the row is put apart
with its reason, the accounts add up), hostile text (made harmless). Most cases are an entry of a table and a real run.
"""

import csv
import gzip
import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest

from course import cli, collect

HEAD = "order_id,customer_id,order_date,amount"
#: Lines 2 to 6 of most files: five orders of four customers, 80.75.
GOOD = (
    "1001,A1,2024-01-05,10.00",
    "1002,A2,2024-01-20,20.50",
    "1003,A3,2024-02-11,30.00",
    "1004,A1,2024-03-02,5.25",
    "1005,A4,2024-03-09,15.00",
)
LINE_HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID"
#: Lines 2 to 5: 4 order lines of 3 orders, 38.00.
LINES = (
    "536365,85123A,LANTERN,2,2024-01-05 08:26,2.50,17850",
    "536365,71053,MUG,1,2024-01-05 08:26,3.00,17850",
    "536366,22633,WARMER,6,2024-01-06 09:00,1.00,13047",
    "536367,84879,BIRD,8,2024-02-01 10:30,3.00,12583",
)
GOOD_FRAME = pd.DataFrame([g.split(",") for g in GOOD], columns=HEAD.split(","))

Make = Callable[[Path], list]


# --- making files ----------------------------------------------------------------------------------------------------


def data(content: bytes, *options: object, name: str = "orders.csv", table: str = "orders") -> Make:
    """A file of these bytes."""

    def make(folder: Path) -> list:
        (folder / name).write_bytes(content)
        return [f"--{table}", folder / name, *options]

    return make


def lines(head: str, *rows: str, options: tuple = (), encoding: str = "utf-8", **named: str) -> Make:
    """A text file of these lines."""
    return data("\n".join([head, *rows, ""]).encode(encoding), *options, **named)


def plus(*rows: str, options: tuple = ()) -> Make:
    """The five good orders and, from line 7 on, these."""
    return lines(HEAD, *GOOD, *rows, options=options)


def sold(*rows: str, options: tuple = ()) -> Make:
    """The four good order lines and, from line 6 on, these."""
    return lines(LINE_HEAD, *LINES, *rows, options=options)


def asked(*options: object) -> Make:
    """The five good orders with these options."""
    return plus(options=options)


def files(*contents: tuple[str, ...]) -> Make:
    """Several order files: 1.csv, 2.csv, …"""

    def make(folder: Path) -> list:
        for i, rows in enumerate(contents, 1):
            (folder / f"{i}.csv").write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
        return ["--orders", *(folder / f"{i}.csv" for i in range(1, len(contents) + 1))]

    return make


def book(pages: dict[str, list[list]], merged: tuple = (), cut: int | None = None, sheet: str = "") -> Make:
    """A workbook of these sheets; `cut` keeps only so many bytes of it."""

    def make(folder: Path) -> list:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in pages.items():
            page = workbook.create_sheet(title)
            for row in rows:
                page.append(row)
            for cells in merged:
                page.merge_cells(cells)
        workbook.save(folder / "orders.xlsx")
        if cut:
            (folder / "orders.xlsx").write_bytes((folder / "orders.xlsx").read_bytes()[:cut])
        return ["--orders", f"{folder / 'orders.xlsx'}{sheet}"]

    return make


def sqlite(tables: dict[str, pd.DataFrame], part: str = "") -> Make:
    def make(folder: Path) -> list:
        connection = sqlite3.connect(folder / "shop.db")
        for name, frame in tables.items():
            frame.to_sql(name, connection, index=False)
        connection.close()
        return ["--orders", f"{folder / 'shop.db'}{part}"]

    return make


def duck(sql: str, part: str = "") -> Make:
    def make(folder: Path) -> list:
        with duckdb.connect(str(folder / "shop.duckdb")) as connection:
            connection.execute(sql)
        return ["--orders", f"{folder / 'shop.duckdb'}{part}"]

    return make


def parquet(frame: pd.DataFrame, keep: slice = slice(None)) -> Make:
    def make(folder: Path) -> list:
        stream = io.BytesIO()
        frame.to_parquet(stream)
        (folder / "orders.parquet").write_bytes(stream.getvalue()[keep])
        return ["--orders", folder / "orders.parquet"]

    return make


def cells(*rows: str) -> list[list]:
    """Rows of a sheet from comma-separated text, amounts as numbers."""
    return [[float(c) if i == 3 else c for i, c in enumerate(row.split(","))] for row in rows]


def sheet(change: Callable[[openpyxl.Workbook], object]) -> Make:
    """The five good orders in a workbook to which something is done before it is saved."""

    def make(folder: Path) -> list:
        workbook = openpyxl.Workbook()
        for row in [HEAD.split(","), *cells(*GOOD)]:
            workbook.active.append(row)
        change(workbook)
        workbook.save(folder / "orders.xlsx")
        return ["--orders", folder / "orders.xlsx"]

    return make


def merged(cells: str) -> Make:
    return sheet(lambda workbook: workbook.active.merge_cells(cells))


def stray(cell: str) -> Make:
    return sheet(lambda workbook: workbook.active.__setitem__(cell, "x"))


def hidden(state: str) -> Make:
    """A sheet of more known columns that nobody sees."""

    def change(workbook: openpyxl.Workbook) -> None:
        page = workbook.create_sheet("secret", 0)
        page.sheet_state = state
        page.append([*HEAD.split(","), "status", "channel", "city"])
        page.append(["9", "Z9", "2024-01-01", 999.0, "completed", "app", "x"])

    return sheet(change)


def dated(values: list, kind: object) -> Make:
    """The five good orders as a Parquet file, their dates of this Arrow type."""

    def make(folder: Path) -> list:
        import pyarrow as pa
        import pyarrow.parquet as pq

        columns = [pa.array([g.split(",")[i] for g in GOOD]) for i in (0, 1)]
        amounts = pa.array([float(g.split(",")[3]) for g in GOOD])
        table = pa.Table.from_arrays([*columns, pa.array(values, kind), amounts], HEAD.split(","))
        pq.write_table(table, folder / "orders.parquet")
        return ["--orders", folder / "orders.parquet"]

    return make


def duck_dates(date: str, more: str = "") -> Make:
    """Five orders of 1.50 to 5.50; the first has this date."""
    return duck(
        f"CREATE TABLE t AS SELECT 'O' || i AS order_id, 'A' || i AS customer_id, CASE i WHEN 0 THEN {date} ELSE "
        f"'2024-01-05' END AS order_date, i + 1.5 AS amount{more} FROM range(5) AS r(i)"
    )


def logged(folder: Path) -> list:
    """A database whose rows are all in the log beside it, as a programme leaves it that is still running."""
    writer = sqlite3.connect(folder / "writing.db")
    writer.execute("PRAGMA journal_mode=WAL")
    GOOD_FRAME.to_sql("orders", writer, index=False)
    writer.commit()
    for ending in ("", "-wal"):
        shutil.copyfile(folder / f"writing.db{ending}", folder / f"shop.db{ending}")
    writer.close()
    return ["--orders", folder / "shop.db"]


def own_tags(text: str) -> Make:
    def make(folder: Path) -> list:
        (folder / "tags.yaml").write_text(text, encoding="utf-8")
        return [*plus()(folder), "--tags", folder / "tags.yaml"]

    return make


def own_tag(when: str) -> Make:
    """A dictionary of one tag under this condition."""
    label = "{en: a, zh: b}"
    return own_tags(
        f"tags: [{{name: x, kind: rule, family: social, label: {label}, owner: {label}, versions: [{{version: 1, "
        f"definition: {label}, when: {json.dumps(when)}}}]}}]"
    )


def _tag_pipe(folder: Path) -> list:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(folder / "tags.yaml")
    return [*plus()(folder), "--tags", folder / "tags.yaml"]


_LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


# --- structural: refused ---------------------------------------------------------------------------------------------


@dataclass
class Refused:
    """A fault of the file or of the command: exit code 2, one sentence with the words `says`."""

    name: str
    make: Make
    says: str


def _folder(folder: Path) -> list:
    (folder / "exports").mkdir()
    return ["--orders", folder / "exports"]


def _pipe(folder: Path) -> list:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(folder / "pipe")
    return ["--orders", folder / "pipe"]


def _unreadable(folder: Path) -> list:
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may read every file")
    argv = plus()(folder)
    (folder / "orders.csv").chmod(0)
    return argv


def _twin_parquet(folder: Path) -> list:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = [pa.array([g.split(",")[i] for g in GOOD]) for i in (0, 1, 2, 3, 3)]
    pq.write_table(pa.Table.from_arrays(columns, [*HEAD.split(","), "amount"]), folder / "orders.parquet")
    return ["--orders", folder / "orders.parquet"]


def _wide_dates(*dates: str) -> Make:
    return lines(HEAD, *(f"{i},A{i},{d},10.00" for i, d in enumerate(dates, 1)))


REFUSED = [
    # the file
    Refused("a missing file", lambda folder: ["--orders", folder / "no.csv"], "no.csv does not exist"),
    Refused("a name too long for any file", lambda folder: ["--orders", folder / ("x" * 300)], "does not exist"),
    Refused("a folder without a table as the file", _folder, "exports holds no file with data"),
    Refused("a pipe as the file", _pipe, "pipe is not a file that can be read twice"),
    Refused("a file that may not be read", _unreadable, "may not be read"),
    Refused("an empty file", data(b""), "orders.csv is empty (0 bytes)"),
    Refused("blanks and line ends only", data(b" \n\n  \r\n"), "holds nothing but blanks"),
    Refused("delimiters only", data(b",,,\n,,,\n"), "holds nothing but blanks"),
    Refused("a byte order mark only", data(b"\xef\xbb\xbf"), "holds nothing but blanks"),
    Refused("a header only", lines(HEAD), "has a header but no rows"),
    Refused("an empty gzip file", data(gzip.compress(b"", mtime=0), name="orders.csv.gz"), "is empty"),
    Refused(
        "a gzip file cut in the middle",
        data(gzip.compress("\n".join([HEAD, *GOOD]).encode(), mtime=0)[:60], name="orders.csv.gz"),
        "gzip data stop in the middle",
    ),
    Refused(
        "a gzip file with a wrong checksum",
        data(gzip.compress("\n".join([HEAD, *GOOD]).encode(), mtime=0)[:-8] + b"\0" * 8, name="orders.csv.gz"),
        "is damaged",
    ),
    Refused("a PDF called .csv", data(b"%PDF-1.7\n%\xe2\xe3\n1 0 obj"), "is a PDF, although its name ends in .csv"),
    Refused("a picture called .csv", data(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "is a picture"),
    Refused(
        "a web page called .xls",
        data(b"<html><body><table><tr><td>1</td></tr></table></body></html>", name="orders.xls"),
        "is a web page, although its name ends in .xls",
    ),
    Refused(
        "a web page with a byte order mark and a comment first",
        data(b"\xef\xbb\xbf<!-- export --><meta charset=utf-8><table></table>", name="orders.xls"),
        "is a web page",
    ),
    Refused(
        "a text called .xlsx", lines(HEAD, *GOOD, name="orders.xlsx"), "is a text file, although its name ends in .xlsx"
    ),
    Refused("a workbook cut in the middle", book({"S": cells(*GOOD)}, cut=2000), "damaged or protected by a password"),
    Refused(
        "a workbook with a password",
        data(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2040, name="orders.xlsx"),
        "damaged or protected by a password",
    ),
    Refused("a workbook without a filled cell", book({"S": [], "T": []}), "every sheet is empty"),
    Refused("a sheet that is not there", book({"S": cells(*GOOD)}, sheet="::T"), "has no sheet “T”. It has: S"),
    Refused("a Parquet file cut in the middle", parquet(GOOD_FRAME, slice(0, 900)), "damaged Parquet file"),
    Refused("an SQLite file cut in the middle", data(b"SQLite format 3\0" + b"\1" * 200, name="shop.db"), "damaged"),
    Refused("a DuckDB file cut in the middle", data(b"\0" * 8 + b"DUCK" + b"\1" * 90, name="shop.duckdb"), "damaged"),
    Refused(
        "a database of several tables, none named",
        sqlite({"orders": GOOD_FRAME, "logs": GOOD_FRAME}),
        "holds the tables logs, orders. Say which one: shop.db::TABLE",
    ),
    Refused("a database table that is not there", sqlite({"orders": GOOD_FRAME}, "::sales"), "holds the tables orders"),
    Refused("a database table without rows", sqlite({"orders": GOOD_FRAME[:0]}), "has a header but no rows"),
    Refused(
        "a DuckDB view that reads another file",
        duck("CREATE VIEW orders AS SELECT * FROM glob('/*')"),
        "cannot be read",
    ),
    Refused(
        "a cell in Excel's last corner", stray("XFD1048576"), "a cell far away from the table (column XFD, row 1,04"
    ),
    # tags of one's own
    Refused("tags that are a pipe", _tag_pipe, "tags.yaml is not a file of text"),
    Refused("tags of a billion laughs", own_tags(_LAUGHS), "stand for too many values"),
    Refused("tags within themselves", own_tags("tags: &a [*a]"), "line 1: this is not YAML"),
    Refused("tags a thousand brackets deep", own_tags("tags: " + "[" * 1000), "nested too deeply"),
    Refused("a date in tags that is none", own_tags("tags:\n- since: 2024-13-45"), "line 2: this is not YAML (month"),
    Refused("a programme in tags", own_tags("tags: !!python/object/apply:os.getcwd []"), "line 1: this is not YAML"),
    Refused("a number in tags that is none", own_tags("tags: !!int ''"), "line 1: this is not YAML"),
    Refused("a tag of several statements", own_tag("true); SET threads = 9; SELECT (true"), "cannot be run"),
    Refused("a tag of a table function", own_tag("EXISTS (SELECT 1 FROM glob('*'))"), "table function is no condition"),
    Refused("a tag that makes rows", own_tag("unnest([true, false])"), "unnest makes several rows of one"),
    Refused("a tag of another table", own_tag("EXISTS (SELECT 1 FROM 'orders.csv')"), "no table orders.csv to look at"),
    Refused("a tag with a gap", own_tag("orders > ?"), "a value that nobody fills in"),
    # text
    Refused("NUL bytes", lines(HEAD, *GOOD[:2], "1003,\0A3,2024-02-11,30.00"), "NUL bytes (first in line 4)"),
    Refused(
        "an unterminated quote",
        lines(HEAD, *GOOD, '1006,"A4,2024-03-10,9.00', "1007,A4,2024-03-11,9.00"),
        "quotes do not match in the record that starts in line 7",
    ),
    Refused(
        "a quote that ends in the middle of a field",
        lines(HEAD, '1001,"A"1,2024-01-05,10.00'),
        "starts in line 2",
    ),
    Refused("a row with a field too few", plus("1006,A4,2024-03-10"), "line 7: 3 fields, expected 4"),
    Refused("a row with a field too many", plus("1006,A4,2024-03-10,1,299.00"), "line 7: 5 fields, expected 4"),
    Refused(
        "an explicit encoding that is not the file's",
        lines(HEAD, *GOOD, "1006,客户,2024-03-10,9.00", options=("--encoding", "ascii")),
        "cannot be read as ascii: byte 0xe5 in line 7",
    ),
    Refused("an unknown encoding", asked("--encoding", "utf-9"), "no encoding “utf-9”"),
    Refused("an encoding that is no text", asked("--encoding", "rot13"), "no encoding “rot13”"),
    Refused("an encoding that decodes nothing", asked("--encoding", "undefined"), "undefined"),
    Refused(
        "bytes of no encoding",
        data("\n".join([HEAD, *GOOD, ""]).encode() + b"1006,\x81\xff\xff,2024-03-10,9.00\n"),
        "byte 0x81 in line 7",
    ),
    Refused(
        "JSON lines cut in the middle",
        data(b'{"order_id": 1, "customer_id": "A1"}\n{"order_id": 2, "custo', name="orders.jsonl"),
        "line 2: not valid JSON",
    ),
    Refused("JSON lines of figures", data(b'{"a": 1}\n17\n', name="orders.jsonl"), "line 2: expected one object"),
    Refused(
        "one JSON object around the records",
        data(b'{\n"data": [\n{"order_id": 1}\n]}', name="orders.json"),
        "expected one object {…} a record",
    ),
    Refused("JSON a thousand brackets deep", data(b'[{"a":' + b"[" * 100_000, name="orders.json"), "nested too deeply"),
    Refused(
        "JSON of a thousand records within records",
        data(b'{"a":' * 700 + b"1" + b"}" * 700, name="orders.json"),
        "nested too deeply",
    ),
    # the columns
    Refused(
        "a delimiter nobody uses",
        lines(HEAD.replace(",", "^"), *(g.replace(",", "^") for g in GOOD)),
        "The file has: order_id^customer_id",
    ),
    Refused("a file of one column", lines("customer_id", "A1", "A2"), "no column was found for ordered_at, amount"),
    Refused("a missing column", lines("order_id,order_date,amount", "1,2024-01-05,10"), "found for customer_id"),
    Refused(
        "two columns that could both be the customer",
        lines("order_id,client id,customer_no,order_date,amount", "1,A1,B1,2024-01-05,10"),
        "customer_no, client id could both be the column customer_id",
    ),
    Refused(
        "two columns of one name",
        lines("order_id,customer_id,order_date,amount,amount", "1,A1,2024-01-05,10,12"),
        "amount, amount (2) could both be the column amount. Say which: --map amount=amount",
    ),
    Refused(
        "two Parquet columns of one name",
        _twin_parquet,
        "amount, amount (2) could both be the column amount. Say which: --map amount=amount",
    ),
    Refused("a header below the data", lines(*GOOD, HEAD), "header of orders.csv stands in row 6, below data"),
    Refused(
        "dates that are none",
        lines(HEAD, *(f"{i},A{i},soon,10.00" for i in range(5))),
        "column order_date is called like ordered_at, but its values are not dates",
    ),
    Refused(
        "dates that are none, mapped by hand",
        lines(HEAD, *(f"{i},A{i},soon,10.00" for i in range(5)), options=("--map", "ordered_at=order_date")),
        "No valid row is left",
    ),
    Refused(
        "two date orders in one column",
        _wide_dates("31/01/2024", "02/03/2024", "02/28/2024"),
        "two date orders: 1 row can only be day-first (rows 2), 1 only month-first (rows 4)",
    ),
    Refused(
        "times with a zone and times without",
        _wide_dates("2024-01-05T08:00:00+08:00", "2024-01-06 09:00:00"),
        "mixes times with a time zone (1 row, first: 2) and without (1, first: 3)",
    ),
    Refused(
        "ids in scientific notation",
        plus("1006,1.23457E+15,2024-03-10,9.00"),
        "scientific notation or rounded (first: 1.23457E+15, rows 7)",
    ),
    Refused(
        "ids in scientific notation with a comma",
        lines("客户编号;日期;金额", "1,23457E+15;2024-03-10;9,00"),
        "scientific notation or rounded",
    ),
    Refused(
        "ids that a spreadsheet has rounded",
        book({"S": [HEAD.split(","), ["1", 2.0**54 + 4, "2024-01-05", 10.0]]}),
        "scientific notation or rounded",
    ),
    Refused(
        "amounts of TRUE and FALSE",
        lines(HEAD, "1,A1,2024-01-05,TRUE", "2,A2,2024-01-06,FALSE"),
        "column amount is called like amount, but its values are not amounts of money",
    ),
    Refused(
        "a boolean Parquet column as the amount",
        parquet(GOOD_FRAME.assign(amount=True)),
        "its values are not amounts of money",
    ),
    # no valid row
    Refused(
        "all customers blank", lines(HEAD, "1,,2024-01-05,10", "2,,2024-01-06,9"), "rule no_customer (customer_id)"
    ),
    Refused("all amounts blank", lines(HEAD, "1,A1,2024-01-05,", "2,A2,2024-01-06,"), "No valid row is left"),
    Refused(
        "all amounts zero",
        lines(HEAD, "1,A1,2024-01-05,0", "2,A2,2024-01-06,0.00"),
        "amount of all 2 orders is zero",
    ),
    Refused(
        "all prices zero",
        lines(LINE_HEAD, *(row.replace("2.50", "0").replace("3.00", "0").replace("1.00", "0") for row in LINES)),
        "rule price_not_positive (unit_price)",
    ),
    Refused(
        "all amounts without an end",
        lines(HEAD, "1,A1,2024-01-05,inf", "2,A2,2024-01-06,1e400"),
        "not amounts of money",
    ),
    Refused("all orders cancelled", lines(HEAD + ",status", *(g + ",交易关闭" for g in GOOD)), "rule cancellation"),
    Refused("an as-of date before the first order", asked("--as-of", "2023-12-31"), "first: 2024-01-05"),
    # the command
    Refused("an as-of date that is none", asked("--as-of", "yesterdayish"), "as-of date yesterdayish is not a date"),
    Refused("no table at all", lambda folder: [], "No table was named"),
    Refused("a mapping without =", asked("--map", "customer_id"), "write it as --map KEY=VALUE"),
    Refused("a mapping with an unknown key", asked("--map", "client=customer_id"), "no column client in orders"),
    Refused("a mapping to an unknown column", asked("--map", "amount=total"), "no column total to map to amount"),
    Refused(
        "a mapping of a table not given", asked("--map", "surveys.score=amount"), "no column surveys.score in orders"
    ),
    Refused(
        "two columns for one key",
        asked("--map", "amount=amount", "--map", "amount=order_id"),
        "gives amount two columns",
    ),
    Refused("a blank without =", asked("--blank", "amount"), "write it as --blank KEY=VALUE"),
    Refused("a blank of an unknown column", asked("--blank", "amuont=0"), "no column amuont whose blanks"),
    Refused("a --previous that is no run", lambda folder: [*plus()(folder), "--previous", folder], "no ledger.json"),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_a_structural_fault_is_refused_and_nothing_is_written(case, tmp_path, capsys):
    argv = case.make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    code, out, err = _run(argv, tmp_path / "out", capsys)
    assert (code, out) == (2, ""), err
    *progress, sentence = err.splitlines()
    assert sentence.startswith("Refused: ") and case.says in sentence
    assert all(line.endswith("…") or line.startswith("  orders: ") for line in progress), err
    assert sorted(tmp_path.rglob("*")) == before
    code, _, err = _run(argv, tmp_path / "out", capsys, lang="zh")
    assert code == 2 and err.splitlines()[-1].startswith("未能执行：") and "Refused" not in err


# --- value: the row is put apart, the accounts add up ----------------------------------------------------------------


@dataclass
class Accepted:
    """A fault of values. `rows` and `money` received; `apart`: {line of the file: rule, column, masked value}; `says`:
    words of the notes; `customers`, `days`: how many valid customers, first and last day of the file as read."""

    name: str
    make: Make
    rows: int
    money: str
    apart: dict[int, str] = field(default_factory=dict)
    says: str = ""
    customers: int | None = None
    days: tuple[str, str] | None = None


def _outlier(folder: Path) -> list:
    rows = [f"{i},A{i % 40},2024-01-{i % 28 + 1:02d},10.00" for i in range(1, 121)]
    return lines(HEAD, *rows, "121,A1,2024-01-09,1000000000")(folder)


def _wide(folder: Path) -> list:
    extra = ",".join(f"c{i}" for i in range(1996))
    return lines(f"{HEAD},{extra}", *(f"{g}{',7' * 1996}" for g in GOOD))(folder)


def _statuses(*states: str) -> Make:
    states = ("交易成功", *states)
    return lines(HEAD + ",订单状态", *(f"{i},A{i},2024-01-0{i},10.00,{s}" for i, s in enumerate(states, 1)))


def _amounts(*amounts: str, delimiter: str = ",") -> Make:
    quoted = [f'"{a}"' if delimiter in a else a for a in amounts]
    rows = (delimiter.join([str(i), f"A{i}", "2024-01-05", a]) for i, a in enumerate(quoted, 1))
    return lines(HEAD.replace(",", delimiter), *rows)


def _encoded(head: str, names: tuple[str, ...], encoding: str, *options: str) -> Make:
    rows = (f"{i},{name},2024-01-0{i},10.00" for i, name in enumerate(names, 1))
    return lines(head, *rows, encoding=encoding, options=options)


def _survey(*scores: str, options: tuple = ()) -> Make:
    rows = (f"R{i},{s}" for i, s in enumerate(scores, 1))
    return lines("respondent id,NETPRO", *rows, options=("--map", "score=NETPRO", *options), table="surveys")


def _json(*records: dict) -> bytes:
    return "\n".join(json.dumps(r, ensure_ascii=False) for r in records).encode()


BIG = [9007199254740993, 9007199254740995, None]  # 2⁵³ + 1, 2⁵³ + 3: neighbours that float64 cannot tell apart

ACCEPTED = [
    # who
    Accepted("a blank customer", plus("1006,,2024-03-10,9.00"), 6, "89.75", {7: "no_customer customer_id "}),
    Accepted(
        "customers called guest and 散客",
        plus("1006,guest,2024-03-10,9.00", "1007,散客,2024-03-10,1.00"),
        7,
        "90.75",
        {7: "no_customer customer_id gu**t", 8: "no_customer customer_id 散*"},
        customers=4,
    ),
    Accepted(
        "words that mean blank",
        plus("1006,NULL,2024-03-10,9", "1007,n/a,2024-03-10,1"),
        7,
        "90.75",
        {7: "no_customer customer_id ", 8: "no_customer customer_id "},
    ),
    Accepted(
        "ids with blanks around them", plus("1006,A1  ,2024-03-10,9", "1007, A1,2024-03-11,1"), 7, "90.75", customers=4
    ),
    Accepted(
        "ids that became 17850.0", plus("1006,17850.0,2024-03-10,9", "1007,17850,2024-03-11,1"), 7, "90.75", customers=5
    ),
    Accepted("ids of emoji", plus("1006,🦊🦊,2024-03-10,9.00", "1007,🦊,2024-03-10,1.00"), 7, "90.75", customers=6),
    Accepted(
        "ids with leading zeros", plus("1006,007,2024-03-10,9.00", "1007,7,2024-03-10,1.00"), 7, "90.75", customers=6
    ),
    Accepted("a hexadecimal id that looks like 12E5", plus("1006,1E5,2024-03-10,9.00"), 6, "89.75", customers=5),
    Accepted("one customer", lines(HEAD, "1,A1,2024-01-05,10", "2,A1,2024-02-05,5"), 2, "15", customers=1),
    Accepted("one order", lines(HEAD, "1,A1,2024-01-05,10"), 1, "10", customers=1),
    Accepted(
        "long ids with a gap in JSON",
        data(
            _json(
                *(
                    {"order_id": i, "customer_id": c, "order_date": "2024-01-05", "amount": 1.1}
                    for i, c in enumerate(BIG)
                )
            ),
            name="o.jsonl",
        ),
        3,
        "3.3",
        {3: "no_customer customer_id "},
        customers=2,
    ),
    Accepted(
        "long ids with a gap in Parquet",
        parquet(GOOD_FRAME[:3].assign(customer_id=pd.array(BIG, dtype="Int64"))),
        3,
        "60.5",
        {3: "no_customer customer_id "},
        customers=2,
    ),
    Accepted(
        "long ids with a gap in SQLite",
        sqlite({"orders": GOOD_FRAME[:3].assign(customer_id=pd.array(BIG, dtype="Int64"))}),
        3,
        "60.5",
        {3: "no_customer customer_id "},
        customers=2,
    ),
    Accepted(
        "long ids with a gap in DuckDB",
        duck(
            "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 9007199254740993, DATE '2024-01-05', 1.10), "
            "(2, 9007199254740995, DATE '2024-01-06', 1.10), (3, NULL, DATE '2024-01-06', 1.10)) AS "
            "t(order_id, customer_id, order_date, amount)"
        ),
        3,
        "3.3",
        {3: "no_customer customer_id "},
        customers=2,
    ),
    # when
    Accepted("a date that cannot be read", plus("1006,A4,soon,9.00"), 6, "89.75", {7: "unreadable ordered_at s***"}),
    Accepted(
        "a day that does not exist", plus("1006,A4,2024-02-30,9"), 6, "89.75", {7: "unreadable ordered_at 20**-**-*0"}
    ),
    Accepted("a blank date", plus("1006,A4,,9.00"), 6, "89.75", {7: "missing_value ordered_at "}),
    Accepted(
        "years outside 1970 to 2100",
        plus("1006,A4,1900-01-01,9", "1007,A4,2101-01-01,1", "1008,A4,1969-12-31,1"),
        8,
        "91.75",
        {
            7: "impossible_date ordered_at 1900-01-01 00:00:00",
            8: "impossible_date ordered_at 2101-01-01 00:00:00",
            9: "impossible_date ordered_at 1969-12-31 00:00:00",
        },
    ),
    Accepted(
        "rows after --as-of",
        asked("--as-of", "2024-02-11"),
        5,
        "80.75",
        {5: "after_as_of ordered_at 2024-03-02 00:00:00", 6: "after_as_of ordered_at 2024-03-09 00:00:00"},
    ),
    Accepted(
        "a time of day on the as-of date",
        plus("1006,A4,2024-03-09 23:59:59,9", options=("--as-of", "2024-03-09")),
        6,
        "89.75",
    ),
    Accepted(
        "several time zones",
        _wide_dates("2024-01-05T23:00:00+08:00", "2024-01-06T09:00:00+08:00", "2024-01-05T17:00:00Z"),
        3,
        "30",
        says="order_date carries 2 time zones; all were turned into UTC+08:00",
        days=("2024-01-05", "2024-01-06"),
    ),
    Accepted(
        "dates as every system writes them",
        _wide_dates(
            "2024/3/1 8:30",
            "2024年3月2日",
            "20240303",
            "45355",
            "2024-03-05T10:00:00.1234567",
            "2024.3.6",
            "2024年3月7日 下午3:05",
            "8 Mar 2024",
            "1709942400",
            "1709942400000",
        ),
        10,
        "100",
        days=("2024-03-01", "2024-03-09"),
    ),
    Accepted(
        "two-digit years, day first", _wide_dates("31/03/24", "01/04/24"), 2, "20", days=("2024-03-31", "2024-04-01")
    ),
    Accepted(
        "two-digit years, year first",
        _wide_dates("24-03-01", "24-03-02", "24-04-13"),
        3,
        "30",
        says="were read year first",
        days=("2024-03-01", "2024-04-13"),
    ),
    Accepted(
        "month-first dates",
        _wide_dates("02/28/2024", "03/04/2024"),
        2,
        "20",
        says="read month first",
        days=("2024-02-28", "2024-03-04"),
    ),
    # how much
    Accepted(
        "an amount that cannot be read",
        plus("1006,A4,2024-03-10,call me"),
        6,
        "80.75",
        {7: "unreadable amount ca** *e"},
    ),
    Accepted("a blank amount", plus("1006,A4,2024-03-10,"), 6, "80.75", {7: "missing_value amount "}),
    Accepted(
        "amounts without an end",
        plus("1006,A4,2024-03-10,1e400", "1007,A4,2024-03-10,-Infinity"),
        7,
        "80.75",
        {7: "unreadable amount 1e**0", 8: "unreadable amount '-I******y"},
    ),
    Accepted(
        "an amount beyond any business", plus("1006,A4,2024-03-10,1e302"), 6, "80.75", {7: "unreadable amount 1e**2"}
    ),
    Accepted(
        "one word TRUE among the amounts", plus("1006,A4,2024-03-10,TRUE"), 6, "80.75", {7: "unreadable amount T***"}
    ),
    Accepted("a negative amount", plus("1006,A4,2024-03-10,-9.00"), 6, "71.75", {7: "cancellation order_id 1***"}),
    Accepted("a single amount of zero", plus("1006,A4,2024-03-10,0"), 6, "80.75"),
    Accepted("an outlier of 10⁹", _outlier, 121, "1000001200", says="One order (row 122) is 100% of all money"),
    Accepted(
        "amounts with signs and units",
        _amounts("¥1,299.00", "1.2万", "(12.50)", "￥3 元", "RMB 4", "5.00-", "1 000.5"),
        7,
        "14289",
        {4: "cancellation order_id 3", 7: "cancellation order_id 6"},
    ),
    Accepted(
        "a decimal comma",
        _amounts("1.299,50", "12,50", "7", delimiter=";"),
        3,
        "1319",
        says="comma is the decimal sign",
    ),
    Accepted(
        "decimal comma and thousands in one column",
        _amounts("1,299.00", "12,50", "7.00"),
        3,
        "1306.00",
        {3: "unreadable amount 12,*0"},
    ),
    Accepted(
        "cancelled, refunded and unpaid",
        _statuses("交易关闭", "退款", "待付款"),
        4,
        "40",
        {3: "cancellation order_id 2", 4: "cancellation order_id 3", 5: "pending status un***d"},
    ),
    Accepted(
        "a state nobody knows, with hardly any money",
        lines(
            HEAD + ",status",
            *(f"{i},A{i},2024-01-05,{100 if i < 2 else 1}.00,{'paid' if i < 2 else 'quux'}" for i in (1, 2)),
        ),
        2,
        "101",
        says="not known and count as sales: quux (1)",
    ),
    Accepted(
        "a quantity of zero or less",
        sold("536368,22960,JAM,0,2024-02-02,4.25,12583", "536369,22960,JAM,-2,2024-02-02,4.25,12583"),
        6,
        "29.50",
        {6: "quantity_zero quantity 0", 7: "cancellation order_id 53***9"},
    ),
    Accepted(
        "a price of zero or less",
        sold("536368,22960,JAM,1,2024-02-02,0,12583", "536369,B,DEBT,1,2024-02-02,-9.5,12583"),
        6,
        "28.50",
        {6: "price_not_positive unit_price 0", 7: "price_not_positive unit_price -9.5"},
    ),
    Accepted(
        "a quantity that cannot be read",
        sold("536368,22960,JAM,two,2024-02-02,4.25,12583"),
        5,
        "38",
        {6: "unreadable quantity t**"},
    ),
    Accepted(
        "a cancellation by its letter",
        sold("C536367,84879,BIRD,-1,2024-02-02,3.00,12583"),
        5,
        "35",
        {6: "cancellation order_id C5****7"},
    ),
    Accepted(
        "a cancellation without a customer",
        sold("C536367,84879,BIRD,-1,2024-02-02,3.00,"),
        5,
        "35",
        {6: "no_customer customer_id "},
    ),
    Accepted("the same line twice", sold(LINES[3]), 5, "62"),
    Accepted("the same order twice in one file", plus(GOOD[4]), 6, "95.75", {7: "repeated_order order_id 1***"}),
    Accepted("an order id of two amounts", plus("1005,A4,2024-03-09,1.00"), 6, "81.75"),
    # several files
    Accepted("the same file twice", files(GOOD, GOOD), 5, "80.75", says="5 rows of the later files"),
    Accepted(
        "files that overlap",
        files(GOOD, (*GOOD[3:], "1006,A4,2024-03-10,9.00")),
        6,
        "89.75",
        says="2 rows of the later",
    ),
    Accepted(
        "an order that a later file changes",
        files(GOOD, ("1005,A4,2024-03-09,16.00",)),
        5,
        "81.75",
        says="the later file counts",
    ),
    Accepted(
        "a header in the middle of joined files",
        plus(HEAD, "1006,A4,2024-03-10,9.00"),
        7,
        "89.75",
        {7: "unreadable amount am***t"},
    ),
    # text and encoding
    Accepted(
        "blank lines and a bad row after them",
        lines(HEAD, "", *GOOD, "  ", ",,,", "1006,A4,soon,9.00"),
        6,
        "89.75",
        {10: "unreadable ordered_at s***"},
    ),
    Accepted(
        "a bad row after a comment of several lines",
        lines(HEAD + ",comment", '1,A1,2024-01-05,10,"so\nnice\r\nreally"', "2,A2,soon,5,"),
        2,
        "15",
        {5: "unreadable ordered_at s***"},
    ),
    Accepted(
        "trailing delimiters", lines(HEAD + ",", *(g + "," for g in GOOD), "1006,A4,2024-03-10,9.00,,"), 6, "89.75"
    ),
    Accepted(
        "old Mac line ends",
        data("\r".join([HEAD, *GOOD, "1006,A4,soon,9"]).encode()),
        6,
        "89.75",
        {7: "unreadable ordered_at s***"},
    ),
    Accepted("a header in square brackets", lines("[order_id],[customer_id],[order_date],[amount]", *GOOD), 5, "80.75"),
    Accepted("a total row below", plus("合计,,,80.75"), 5, "80.75", says="1 total row skipped"),
    Accepted(
        "no header",
        lines(*GOOD, options=("--map", "customer_id=2", "--map", "ordered_at=3", "--map", "amount=4")),
        5,
        "80.75",
    ),
    Accepted(
        "no header, and a field that is called like one",
        lines(
            *(g + ",store" for g in GOOD),
            options=("--map", "customer_id=2", "--map", "ordered_at=3", "--map", "amount=4"),
        ),
        5,
        "80.75",
        customers=4,
    ),
    Accepted(
        "subtotals between the rows and four sums below",
        lines(
            HEAD, *GOOD[:3], "小计,,,60.50", *GOOD[3:], "小计,,,20.25", ",合计,,80.75", "Total:,,,80.75", "合计,,,80.75"
        ),
        5,
        "80.75",
        says="5 total rows skipped",
    ),
    Accepted(
        "ids padded with tabs or wrapped as formulas, as shops export them",
        lines(HEAD, '"1001\t","A1\t","2024-01-05\t",10', '="1002",="007",2024-01-06,5', '="1003",007,2024-01-07,5'),
        3,
        "20",
        customers=2,
    ),
    Accepted("a customer whose name is Total", plus("1006,Total,2024-03-10,9.00"), 6, "89.75", customers=5),
    Accepted(
        "a minus sign from a word processor",
        plus("1006,A4,2024-03-10,−9.00"),
        6,
        "71.75",
        {7: "cancellation order_id 1***"},
    ),
    Accepted(
        "UTF-16 with a byte order mark",
        _encoded("订单号,客户编号,日期,金额", ("甲", "乙"), "utf-16"),
        2,
        "20",
        customers=2,
    ),
    Accepted(
        "UTF-16 without a byte order mark",
        _encoded("订单号,客户编号,日期,金额", ("甲", "乙"), "utf-16-le"),
        2,
        "20",
        customers=2,
    ),
    Accepted(
        "GB18030 with Chinese headers",
        _encoded("订单号,客户编号,日期,金额", ("张三", "李四"), "gb18030"),
        2,
        "20",
        says="it was read as gb18030",
    ),
    Accepted(
        "GB18030 in the values only", _encoded(HEAD, ("张三", "李四"), "gb18030"), 2, "20", says="read as gb18030"
    ),
    Accepted(
        "cp1252 with é and a header nobody knows",
        _encoded(
            "pedido,cliente,fecha,importe",
            ("José", "Andrée Müller"),
            "cp1252",
            "--map",
            "customer_id=cliente",
            "--map",
            "ordered_at=fecha",
            "--map",
            "amount=importe",
        ),
        2,
        "20",
        says="read as cp1252",
    ),
    Accepted(
        "a field of a hundred thousand characters",
        lines(HEAD + ",comment", *(f"{g},{'x' * 100_000}" for g in GOOD)),
        5,
        "80.75",
    ),
    Accepted("two thousand columns", _wide, 5, "80.75"),
    Accepted(
        "columns that differ in case only",
        lines(
            HEAD + ",Amount ,AMOUNT_,value,rule,source,received",
            *(g + ",1,2,3,4,5,6" for g in GOOD),
            options=("--map", "amount=amount"),
        ),
        5,
        "80.75",
    ),
    Accepted("a column of nothing", lines(HEAD + ",channel", *(g + "," for g in GOOD)), 5, "80.75"),
    Accepted(
        "JSON of nested and changing values",
        data(
            _json(
                *(
                    {"order_id": i, "customer": {"id": f"A{i}"}, "order_date": "2024-01-05", "amount": "1.5", "tags": t}
                    for i, t in enumerate([["a"], {"b": 1}, 3, "x", None])
                )
            ),
            "--map",
            "customer_id=customer.id",
            name="o.jsonl",
        ),
        5,
        "7.5",
    ),
    Accepted(
        "a JSON array",
        data(b"[" + b",".join(_json(*GOOD_FRAME.to_dict("records")).split(b"\n")) + b"]", name="o.json"),
        5,
        "80.75",
    ),
    # workbooks, databases, Parquet
    Accepted(
        "a workbook with titles above and totals below",
        book(
            {
                "S": [
                    ["销售报表"],
                    ["2024年1–3月", None, "单位：元"],
                    [],
                    HEAD.split(","),
                    *cells(*GOOD),
                    ["1006", "A4", "soon", 9.0],
                    ["合计", None, None, 89.75],
                ]
            }
        ),
        6,
        "89.75",
        {10: "unreadable ordered_at s***"},
        says="2 title rows above the header skipped",
    ),
    Accepted(
        "a header of two merged lines",
        book(
            {
                "S": [
                    ["订单号", "客户", None, "订单", None],
                    [None, "编号", "名称", "日期", "金额"],
                    *([o, c, "甲", d, float(a)] for o, c, d, a in (g.split(",") for g in GOOD)),
                ]
            },
            ("A1:A2", "B1:C1", "D1:E1"),
        ),
        5,
        "80.75",
        customers=4,
    ),
    Accepted(
        "an Excel column of numbers, texts and dates",
        book(
            {
                "S": [
                    HEAD.split(","),
                    [1, 17850.0, datetime(2024, 1, 5, 8, 30), 10],
                    ["2", "17850", "2024-01-06", "¥5.00"],
                    [3.0, "A3", 45298, True],
                    [4, "A4", date(2024, 1, 8), "#N/A"],
                ]
            }
        ),
        4,
        "15",
        {4: "unreadable amount T***", 5: "missing_value amount "},
        customers=1,
        days=("2024-01-05", "2024-01-08"),
    ),
    Accepted(
        "the wanted sheet of several",
        book({"Notes": [["read me"]], "Data": [HEAD.split(","), *cells(*GOOD)]}),
        5,
        "80.75",
        says="sheet “Data” was read",
    ),
    Accepted(
        "a Parquet file whose index is the customer",
        parquet(GOOD_FRAME.set_index("customer_id")),
        5,
        "80.75",
        customers=4,
    ),
    Accepted(
        "a Parquet file with lists and bytes",
        parquet(
            GOOD_FRAME.assign(
                tags=[["a"], ["b", "c"], [], None, ["a"]], customer_id=GOOD_FRAME["customer_id"].str.encode("utf-8")
            )
        ),
        5,
        "80.75",
        customers=4,
    ),
    Accepted(
        "a DuckDB table with lists, decimals and zones",
        duck(
            "CREATE TABLE t AS SELECT i AS order_id, 'A' || i AS customer_id, TIMESTAMPTZ '2024-01-05 "
            "23:30:00+00' AS order_date, "
            "CAST(1.10 AS DECIMAL(9,2)) AS amount, [i] AS tags, {'a': i} AS more FROM range(3) AS r(i)"
        ),
        3,
        "3.3",
        days=("2024-01-05", "2024-01-05"),
    ),
    Accepted(
        "a sheet with columns of nothing",
        book({"S": [[*HEAD.split(","), "status", "quantity"], *([*row, None, None] for row in cells(*GOOD))]}),
        5,
        "80.75",
    ),
    # what a spreadsheet holds beside its table
    *(
        Accepted(f"cells merged {where}", merged(cells), 5, "80.75", customers=4)
        for where, cells in {
            "beside the data": "F2:F4",
            "far beside the data": "H2:H40",
            "below the data": "A7:A12",
            "from the last row down": "B6:B30",
            "in a block below": "A8:D20",
        }.items()
    ),
    Accepted("a stray cell in the last column", stray("XFD3"), 5, "80.75", customers=4),
    *(
        Accepted(f"a {state} sheet that looks better", hidden(state), 5, "80.75", says="first: secret", customers=4)
        for state in ("hidden", "veryHidden")
    ),
    # dates of no calendar
    *(
        Accepted(
            f"Parquet dates far away ({kind})",
            dated([far, *[near] * 4], kind),
            5,
            "80.75",
            {1: f"unreadable ordered_at {masked}"},
        )
        for kind, far, near, masked in (
            (pa.timestamp("s"), 10**15, 1704412800, "31******-**-*****:**:**.**0"),
            (pa.timestamp("ms"), -(10**17), 1704412800000, "'-3******-**-*****:**:**.**0"),
            (pa.date32(), 2**31 - 1, 19727, "58*****-**-*****:**:**.**0"),
        )
    ),
    *(
        Accepted(
            f"a date of DuckDB: {date}",
            duck_dates(date),
            5,
            "17.5",
            {1: f"unreadable ordered_at {masked}"},
            customers=4,
        )
        for date, masked in {
            "'infinity'::TIMESTAMP": "29****-**-*****:**:**.*****7",
            "'infinity'::DATE": "58*****-**-*****:**:**.**0",
            "'44-03-15 (BC)'::DATE": "'-0**-**-*****:**:**.**0",
        }.items()
    ),
    *(
        Accepted(
            f"an unknown column of whole numbers as large as {far:g}",
            parquet(GOOD_FRAME.assign(mass=[far, *[1.0] * 4])),
            5,
            "80.75",
        )
        for far in (1e19, -(2.0**63), 1e300)
    ),
    Accepted(
        "a DuckDB column that is now a number and now a word",
        duck_dates(
            "DATE '2024-01-05'",
            ", CASE i WHEN 0 THEN union_value(n := 1)::UNION(n INT, w VARCHAR) "
            "ELSE union_value(w := 'x')::UNION(n INT, w VARCHAR) END AS either",
        ),
        5,
        "17.5",
    ),
    # ids and names
    Accepted(
        "ids of bytes that are no text",
        sqlite({"orders": GOOD_FRAME.assign(customer_id=[bytes([200 + i]) for i in range(5)])}),
        5,
        "",
        customers=5,
    ),
    Accepted(
        "a column that is called like one of the kit's own",
        lines(f"{HEAD},is_repeated_order,rule,refunded", *(f"{g},words,text,more" for g in GOOD)),
        5,
        "80.75",
        customers=4,
    ),
    Accepted("an SQLite database with a log beside it", logged, 5, "", customers=4),
    # surveys
    Accepted(
        "11 declared to mean blank",
        _survey("10", "11", "0", options=("--blank", "NETPRO=11")),
        3,
        "",
        {3: "not_answered score "},
        customers=0,  # answers without a name are nobody's
    ),
    Accepted(
        "scores beyond the scale",
        _survey("10", "11", "7.5", "-1"),
        4,
        "",
        {3: "score_out_of_range score 11", 4: "score_out_of_range score 7.5", 5: "score_out_of_range score -1"},
    ),
    Accepted("a score that cannot be read", _survey("10", "9", "very"), 3, "", {4: "unreadable score v***"}),
]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.name)
def test_a_value_fault_puts_the_row_apart_and_the_accounts_add_up(case, tmp_path, capsys):
    code, out, err = _run(case.make(tmp_path), tmp_path / "out", capsys)
    assert code == 0, err
    assert case.says in out + err
    apart = {
        int(r["source_row"]): f"{r['rule']} {r['column']} {r['value']}" for r in _csv(tmp_path / "out/quarantine.csv")
    }
    assert apart == case.apart
    ledger = json.loads((tmp_path / "out/ledger.json").read_text(encoding="utf-8"))
    _adds_up(ledger)
    assert ledger["received"]["rows"] == case.rows
    assert ledger["valid"]["rows"] == case.rows - len(case.apart)
    if case.money:
        assert Decimal(repr(ledger["received"]["money"])) == Decimal(case.money)
    if case.customers is not None:
        assert ledger["customers"] == case.customers
    if case.days:
        source = ledger["tables"]["orders"]["sources"][0]
        assert (source["first"], source["last"]) == case.days


def _adds_up(ledger: dict) -> None:
    parts = [ledger["valid"], *ledger["rules"].values()]
    assert sum(p["rows"] for p in parts) == ledger["received"]["rows"]
    if ledger["received"]["money"] is not None:
        assert sum(Decimal(repr(p["money"])) for p in parts) == Decimal(repr(ledger["received"]["money"]))


# --- hostile text: made harmless -------------------------------------------------------------------------------------


FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1+1", '=HYPERLINK("http://x.example","y")', "＝1+1", "%0A=1+1")
MARKUP = (
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "]]><img src=x onerror=alert(1)>",
    "{{7*7}}",
    "{% raw %}",
    "</title>",
)


@dataclass
class Hostile:
    """Text meant to run where it is shown. `ids`: the customers as they stand in the workbook."""

    name: str
    make: Make
    ids: tuple[str, ...] = ("A1", "A2", "A3", "A4")


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _customers_called(*ids: str) -> Make:
    return lines(HEAD, *(f"{i},{_quote(c)},2024-01-0{i},{i}0.00" for i, c in enumerate(ids, 1)))


def _file_called(name: str) -> Make:
    def make(folder: Path) -> list:
        try:
            return plus("1006,A4,soon,9.00")(folder) and lines(HEAD, *GOOD, "1006,A4,soon,9.00", name=name)(folder)
        except OSError:
            pytest.skip("this system has no such file names")

    return make


def _column_called(name: str) -> Make:
    head = f"order_id,customer_id,order_date,{_quote(name)}"
    return lines(head, *GOOD, "1006,A4,2024-03-10,soon", options=("--map", f"amount={name}"))


def _comments(folder: Path) -> list:
    rows = [f"A{i % 4 + 1},{i},{_quote(text)}" for i, text in enumerate([*FORMULAS, *MARKUP][:10])]
    return lines("customer_id,score,comment", *rows, "A1,99,x", name="s.csv", table="surveys")(folder)


HOSTILE = [
    *(Hostile(f"a customer called {t}", _customers_called(t, "B2"), (t, "B2")) for t in (*FORMULAS, *MARKUP)),
    Hostile(
        "a customer with a tab and a return before =",
        _customers_called("\t=1+1", "\r=2+2", "B3"),
        ("=1+1", "=2+2", "B3"),
    ),
    Hostile(
        "a customer set aside who is called =1+1", lines(HEAD, *GOOD, "1006,=1+1,soon,9.00"), ("A1", "A2", "A3", "A4")
    ),
    Hostile(
        "an order called =1+1 that is cancelled",
        lines(HEAD + ",status", *(g + "," for g in GOOD), "=1+1,A4,2024-03-10,9.00,cancelled"),
    ),
    Hostile(
        "an order state of markup",
        lines(HEAD + ",status", *(f"{g},{_quote(MARKUP[1])}" for g in GOOD), options=("--provisional",)),
    ),
    Hostile("an amount of a formula", plus("1006,A4,2024-03-10,=1+1")),
    *(
        Hostile(f"a file called {t}", _file_called(t))
        for t in ("=1+1.csv", "<img src=x onerror=alert(1)>.csv", "{{7*7}}.csv", '" onload="x.csv')
    ),
    Hostile("a file name that is not UTF-8", _file_called(os.fsdecode("订单.csv".encode("gb18030")))),
    *(
        Hostile(f"a column called {t}", _column_called(t))
        for t in ("<script>alert(1)</script>", '"><svg onload=alert(1)>', "@SUM(1)", "{{7*7}}", "{0.__class__}")
    ),
    Hostile("a sheet called <script>", book({"<script>x": [HEAD.split(","), *cells(*GOOD)], "=1+1": [["x"]]})),
    Hostile(
        "a product called <script>",
        sold('536399,"<img src=x onerror=alert(1)>","<script>alert(1)</script>",1,2024-02-02,1.00,12583'),
        ("12583", "13047", "17850"),
    ),
    Hostile(
        "half a character in JSON",
        data(
            b'{"order_id": 1, "customer_id": "A\\ud800", "order_date": "2024-01-05", "amount": 1, "x": "\\udfff"}',
            name="o.jsonl",
        ),
        ("A\ufffd",),
    ),
    Hostile(
        "a customer with control characters",
        _customers_called("A\x1b[31m1", "A\x072", "A\ufffe3"),
        ("A\x1b[31m1", "A\x072", "A\ufffe3"),
    ),
    Hostile("survey comments of every kind", _comments),
]


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: ascii(case.name))
def test_hostile_text_is_made_harmless(case, tmp_path, capsys):
    argv = case.make(tmp_path)
    code, _, err = _run(argv, tmp_path / "out", capsys)
    assert code == 0, err
    _adds_up(json.loads((tmp_path / "out/ledger.json").read_text(encoding="utf-8")))
    _harmless_page((tmp_path / "out/report.html").read_text(encoding="utf-8"))
    for name in ("portraits.csv", "quarantine.csv"):
        for row in _csv(tmp_path / "out" / name):
            for cell in row.values():
                assert not cell.startswith(tuple("=+-@\t\r")) or _is_number(cell), f"{name}: {cell}"
    _harmless_workbook(tmp_path / "out/portraits.xlsx", case.ids)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {(name, value or "") for name, value in attrs}


def _harmless_page(html: str) -> None:
    page = _Tags()
    page.feed(html)
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "form", "link", "base"}
    # The page links to its own parts and to the explorer beside it, with filters of the kit's own words.
    assert not [a for a in page.attributes if a[0] == "href" and not re.fullmatch(r"(explorer\.html)?#[\w=&-]+", a[1])]
    assert not [a for a in page.attributes if a[0].startswith("on") or a[1].lower().startswith("javascript:")]
    head = html[: html.index("</head>")].lower()
    assert head.count("<title>") == head.count("</title>") == 1


def _harmless_workbook(path: Path, ids: tuple[str, ...]) -> None:
    book = openpyxl.load_workbook(path)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                if cell.data_type == "f":  # only the live RFM formulas are ours
                    assert sheet.title != "Portraits" and "cmd" not in cell.value and "HYPERLINK" not in cell.value
    shown = [row[0] for row in book["Portraits"].iter_rows(min_row=2)]
    assert {cell.data_type for cell in shown} == {"s"}
    assert sorted(_plain(str(cell.value)) for cell in shown) == sorted(_plain(i) for i in ids)


def _plain(text: str) -> str:
    """A text without what Excel's XML writes as _x001B_."""
    return openpyxl.utils.escape.unescape(text)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


# --- the place it is written to --------------------------------------------------------------------------------------


def test_an_output_folder_with_something_in_it_is_refused_before_the_work(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    code, _, err = _run(plus()(tmp_path), tmp_path / "out", capsys)
    assert code == 2 and "out exists already" in err and "Cleaning" not in err
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_an_empty_output_folder_is_used(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    assert _run(plus()(tmp_path), tmp_path / "out", capsys)[0] == 0
    assert (tmp_path / "out/report.html").exists()


def test_an_output_folder_below_a_file_is_refused(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    code, _, err = _run(plus()(tmp_path), tmp_path / "file/out", capsys)
    assert code == 2 and err.splitlines()[-1].startswith("Refused: out cannot be written")
    assert (tmp_path / "file").read_text() == "mine"


def test_two_runs_of_the_same_faults_give_the_same_bytes(tmp_path, capsys):
    argv = plus("1006,,2024-03-10,9.00", "1007,A4,soon,9.00")(tmp_path)
    for name in ("one", "two"):
        assert _run(argv, tmp_path / name, capsys)[0] == 0
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes(), file.name


@pytest.fixture
def tiny_disk(tmp_path):
    """A real file system of a few kilobytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not shutil.which("mount") or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a tiny disk needs root")

    def mount(kilobytes: int) -> Path:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", disk], capture_output=True
        )
        if mounted.returncode:
            pytest.skip("this machine lets nobody mount a tiny disk")
        return disk

    yield mount
    subprocess.run(["umount", "--lazy", disk], capture_output=True)


@pytest.mark.parametrize("kilobytes", [4, 16, 32, 60])
def test_a_full_disk_is_said_and_nothing_stays(kilobytes, tmp_path, tiny_disk, capsys):
    disk = tiny_disk(kilobytes)
    code, _, err = _run(plus()(tmp_path), disk / "out", capsys)
    assert code == 2 and err.splitlines()[-1].startswith("Refused: The disk is full: out was not written"), err
    assert list(disk.iterdir()) == []


_LIMITED = """
import resource, sys
from course import cli, clean, report, workflow
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.skipif(os.name != "posix", reason="this system has no limit on the size of a file")
@pytest.mark.parametrize("size", [2_000, 7_000, 50_000])
def test_a_file_that_may_not_grow_is_said_and_nothing_stays(size, tmp_path):
    argv = [*map(str, plus()(tmp_path)), "--out", str(tmp_path / "out"), "--lang", "en"]
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(size), "run", *argv], capture_output=True, text=True, cwd=_ROOT
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Refused: The disk is full: ")
    assert [p.name for p in tmp_path.iterdir()] == ["orders.csv"]


_ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.skipif(os.name != "posix", reason="this system has no such signals")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
@pytest.mark.parametrize("moment", ["reading", "writing"])
def test_a_run_that_is_killed_leaves_no_folder_and_the_next_run_succeeds(sent, moment, tmp_path, capsys):
    rows = (f"{i},A{i % 9_000},2024-01-{i % 28 + 1:02d},{i % 90 + 1}.00" for i in range(20_000))
    argv = lines(HEAD, *rows)(tmp_path)
    out, partial = tmp_path / "out", tmp_path / ".out.partial"
    command = [
        sys.executable,
        "-c",
        "import sys; from course.cli import main; sys.exit(main())",
        "run",
        *map(str, argv),
        "--out",
        str(out),
        "--lang",
        "en",
    ]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=_ROOT)
    running.stderr.readline()  # "Reading …"
    while moment == "writing" and not partial.exists() and running.poll() is None:
        time.sleep(0.001)
    running.send_signal(sent)
    _, err = running.communicate()
    assert running.returncode not in (0, 2), err
    assert "Traceback" not in err
    assert not out.exists()
    assert sent == signal.SIGKILL or not partial.exists()
    assert _run(plus()(tmp_path), out, capsys)[0] == 0
    assert (out / "report.html").exists() and not partial.exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_error_that_nobody_foresaw_is_a_sentence_and_a_way_to_report_it(lang, tmp_path, capsys, monkeypatch):
    from course import report

    def breaks(*_arguments):
        raise ZeroDivisionError("customer A1 of 13800138000")

    monkeypatch.setattr(report, "write", breaks)
    code, out, err = _run(plus()(tmp_path), tmp_path / "out", capsys, lang)
    assert (code, out) == (1, "")
    said, where, versions = err.splitlines()[-3:]
    assert ("fault of the kit" in said) == (lang == "en") and ("自身的错误" in said) == (lang == "zh")
    assert "ZeroDivisionError" in where and "cli.py:" in where and "duckdb" in versions and "Python 3" in versions
    assert "13800138000" not in err and str(tmp_path) not in where + versions
    assert sorted(p.name for p in tmp_path.iterdir()) == ["orders.csv"]


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (duckdb.InterruptException("x"), 130, "Stopped. Nothing was written."),
        (duckdb.OutOfMemoryException("x"), 2, "Not enough memory"),
        (OSError(28, "No space left on device"), 2, "The disk is full"),
    ],
)
def test_what_stops_the_database_stops_the_run_in_a_sentence(error, code, says, tmp_path, capsys, monkeypatch):
    from course import workflow

    def stops(*_arguments, **_options):
        raise error

    monkeypatch.setattr(workflow, "run", stops)
    found, out, err = _run(plus()(tmp_path), tmp_path / "out", capsys)
    assert (found, out) == (code, "") and err.splitlines()[-1].startswith(says)


# --- the other door --------------------------------------------------------------------------------------------------


def test_check_says_what_cannot_be_read(tmp_path, capsys):
    plus("1006,A4,soon,9.00")(tmp_path)
    assert cli.main(["check", str(tmp_path / "orders.csv"), "--lang", "en"]) == 0
    assert "cannot be read" in capsys.readouterr().out


def test_check_reads_a_table_in_which_another_table_s_column_holds_text(tmp_path, capsys):
    (tmp_path / "c.csv").write_text(
        "customer_id,city,amount,at\nA1,Bonn,much,soon\nA2,Köln,little,late\n", encoding="utf-8"
    )
    assert cli.main(["check", str(tmp_path / "c.csv"), "--lang", "en"]) in (0, 2)
    assert "fault of the kit" not in capsys.readouterr().err


def test_from_python_a_fault_is_a_data_error_in_either_language(tmp_path):
    from course import DataError

    (tmp_path / "orders.csv").write_text("customer_id\nA1\n")
    with pytest.raises(DataError) as caught:
        collect.read(tmp_path / "orders.csv", "orders")
    assert "ordered_at" in caught.value.sentence.say("en") and "ordered_at" in caught.value.sentence.say("zh")


def _run(argv: list, out: Path, capsys, lang: str = "en") -> tuple[int, str, str]:
    capsys.readouterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a warning would stand between the sentences on the screen
        code = cli.main(["run", *map(str, argv), "--out", str(out), "--lang", lang])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return code, said.out, said.err


def _csv(path: Path) -> list[dict]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_explorer_packs_a_day_of_any_year():
    """An answer of the year 9998, and a customer who joined in the year 3: each counts its days from 1970."""
    from course.explorer.contents import _days

    found = _days(pd.Series(pd.array(["1970-01-03", "9998-12-31", "0003-01-01", None], dtype="datetime64[s]")))
    # 8,029 years with 1,947 leap days from 1970 up to 9999, less the one of 9999; 1,967 years and 477 leap days back.
    assert found[:3].tolist() == [2, 8029 * 365 + 1947 - 1, -(1967 * 365 + 477)] and found[3] != found[3]
