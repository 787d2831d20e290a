"""Columns that no table knows, called like anything that the code calls a column: they change no portrait and stop
no run."""

import ast
import json
import re
from functools import cache
from pathlib import Path

import pandas as pd

import course
from course import cli, schema
from course.collect.mapping import normal

#: A table's own columns, and a row of it.
TABLES = {
    "orders": ("customer_id,order_date,amount,order_id", "C{c},2024-0{m}-1{d},{a},O{n}"),
    "surveys": ("customer_id,answered_at,score,comment", "C{c},2024-03-0{m},{m},late"),
    "tickets": ("ticket_id,customer_id,opened_at,topic", "T{n},C{c},2024-03-0{m},late"),
    "posts": ("post_id,author_id,posted_at,text", "P{n},C{c},2024-03-0{m},was late"),
    "campaigns": ("campaign_id,customer_id,sent_at", "spring,C{c},2024-05-01"),
    "events": ("visitor_id,customer_id,event_time,event", "v{c},C{c},2024-06-0{m} 10:00:00,page_view"),
}
#: What these say of an order is read on purpose, whatever else stands in the file.
_READ = {"adjusted"}


@cache
def names() -> frozenset[str]:
    """Every name of a column that the package's code looks for, writes or puts into a statement."""
    found = set()
    rooms = [p for p in Path(course.__file__).parent.rglob("*.py") if not {"company", "authoring", "hub"} & {*p.parts}]
    for path in (p for p in rooms if "classroom" not in p.parts):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Subscript(slice=ast.Constant(value=str() as name)):
                    found.add(name)
                case ast.Compare(left=ast.Constant(value=str() as name), ops=[ast.In() | ast.NotIn()]):
                    found.add(name)
                case ast.Call(func=ast.Attribute(attr="assign")):
                    found |= {k.arg for k in node.keywords if k.arg}
                case ast.Constant(value=str() as text) if "SELECT" in text:
                    found |= set(re.findall(r"\b[a-z]\w{2,25}\b", text))
    return frozenset(n for n in found if re.fullmatch(r"_?[a-z][a-z_0-9]{1,30}", n))


def leftovers(kind: str) -> list[str]:
    columns = schema.canonical(kind).columns.items()
    known = {normal(h) for n, c in columns for h in (n, *(h for tier in c.headers for h in tier))}
    return sorted(n for n in names() - _READ if normal(n) not in known)


#: What fills them: a figure where one could be counted in silence, a text where a figure is looked for.
CELLS = {"orders": "7", "surveys": "5%x", "tickets": "7", "posts": "7", "campaigns": "5%x", "events": "5%x"}


def portraits(folder: Path, with_leftovers: bool) -> pd.DataFrame:
    """What a run over all tables says of every customer."""
    words = []
    for kind, (head, row) in TABLES.items():
        extra = leftovers(kind) if with_leftovers else []
        lines = [",".join([head, *extra])] + [
            ",".join([row.format(n=n, c=n % 30, m=1 + n % 9, d=n % 9, a=10 + n % 37), *[CELLS[kind]] * len(extra)])
            for n in range(60)
        ]
        (folder / f"{kind}.csv").write_text("\n".join(lines), encoding="utf-8")
        words += [f"--{kind}", str(folder / f"{kind}.csv")]
    assert cli.main(["run", *words, "--provisional", "--lang", "en", "--out", str(folder / "out")]) == 0
    return pd.read_parquet(folder / "out" / "portraits.parquet")


def test_a_column_that_no_table_knows_changes_nothing_whatever_it_is_called(tmp_path):
    assert len(names()) > 500
    (tmp_path / "plain").mkdir()
    plain = portraits(tmp_path / "plain", with_leftovers=False)
    got = portraits(tmp_path, with_leftovers=True)
    pd.testing.assert_frame_equal(got[[c for c in got if c in plain]], plain)


def test_a_customer_number_that_is_no_text_is_left_as_it_came(tmp_path):
    """Posts do not know customer_id; their authors are phones, so numbers are replaced."""
    rows = [
        {"post_id": f"P{n}", "author_id": f"1380013800{n}", "posted_at": "2024-03-01", "text": "late", "customer_id": c}
        for n, c in enumerate([True, "a", None, False, "b"])
    ]
    (tmp_path / "posts.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    command = ["run", "--posts", str(tmp_path / "posts.jsonl"), "--lang", "en", "--out", str(tmp_path / "out")]
    assert cli.main(command) == 0
