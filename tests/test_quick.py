"""The fast reader of delimited text reads what the strict one reads, or leaves it to that one; what is read in parts is
what it is as a whole."""

import contextlib
import json
import random
import re
import sqlite3

import pandas as pd
import pytest

from course.collect import quick, sources
from course.collect.sources import open_source
from course.errors import DataError

HEADER = "order_id,customer_id,ordered_at,amount"
RECORD = "1,a,2024-01-01,1"


@pytest.fixture
def both(tmp_path, monkeypatch):
    """A file read by whoever may (`fast`: whether the fast reader gave an answer) and by the strict reader alone."""

    def read(data: bytes, encoding: str | None = None):
        path = tmp_path / "orders.csv"
        path.write_bytes(data)
        given = []
        with monkeypatch.context() as patch:
            asked = quick.cells
            patch.setattr(quick, "cells", lambda *a: given.append(asked(*a)) or given[-1])
            usual = _opened(path, encoding)
        with monkeypatch.context() as patch:
            patch.setattr(quick, "cells", lambda *a: None)
            strict = _opened(path, encoding)
        return usual, strict, bool(given) and given[0] is not None

    return read


def _opened(path, encoding):
    try:
        raw = open_source(path, encoding)
    except DataError as refused:
        return str(refused)
    return raw.frame, raw.header, raw.facts, [note.say("en") for note in raw.notes]


def same(usual, strict) -> None:
    if isinstance(usual, str) or isinstance(strict, str):
        assert usual == strict
        return
    pd.testing.assert_frame_equal(usual[0], strict[0])
    assert usual[0].index.tolist() == strict[0].index.tolist()
    assert usual[1:] == strict[1:]


#: So many records go by the strict reader in any case, which looks for the header among them.
HEAD = 70


def text(*lines: str, end: str = "\n") -> bytes:
    return end.join((HEADER, *[RECORD] * HEAD, *lines, "9,z,2024-01-09,9")).encode()


#: What stands in a file, and whether the fast reader may read it.
CASES = {
    "plain": (text("2,b,2024-01-02,2"), True),
    "crlf": (text("2,b,2024-01-02,2", end="\r\n"), True),
    "carriage returns alone": (text("2,b,2024-01-02,2", end="\r"), False),
    "one carriage return among others": (text("2,b\rc,2024-01-02,2"), False),
    "last line ended": (text("2,b,2024-01-02,2") + b"\n", True),
    "blank lines at the end": (text("2,b,2024-01-02,2") + b"\n\r\n\n", True),
    "a lone carriage return at the end": (text("2,b,2024-01-02,2") + b"\r", True),
    "blank line in the middle": (text("", "2,b,2024-01-02,2", "", ""), True),
    "blank line below the header": (text("2,b,2024-01-02,2").replace(b"amount\n", b"amount\n\n\n"), True),
    "record of blanks": (text(", ,\u3000,\x1c", "2,b,2024-01-02,2"), True),
    "first cell blank": (text(",b,2024-01-02,2"), True),
    "line in quotes": (text('2,"b\nc\n\nd",2024-01-02,2', "", "3,c,2024-01-03,3"), True),
    "line in quotes, crlf": (text('2,"b\r\nc",2024-01-02,2', "3,c,2024-01-03,3", end="\r\n"), True),
    "delimiter in quotes": (text('"2","b,c",2024-01-02,2'), True),
    "doubled quotes": (text('2,"b""c",2024-01-02,"2"'), True),
    "nothing but doubled quotes": (text('2,"""",2024-01-02,""""""'), True),
    "empty in quotes": (text('2,"",2024-01-02,2', "3,,2024-01-03,3"), True),
    "quote inside": (text('2,b"c,2024-01-02,2'), False),
    "two quotes inside": (text('2,b""c,2024-01-02,2'), False),
    "text after a closing quote": (text('2,"b"c,2024-01-02,2'), False),
    "blank after a closing quote": (text('2,"b" ,2024-01-02,2'), False),
    "blank before an opening quote": (text('2, "b",2024-01-02,2'), False),
    "open quote": (text('2,"b,2024-01-02,2'), False),
    "quote closed lines below": (text('2,"b,2024-01-02,2', '3,c",2024-01-03,3'), True),
    "too few": (text("2,b,2024-01-02"), False),
    "too many": (text("2,b,2024-01-02,2,x"), False),
    "trailing delimiter": (text("2,b,2024-01-02,2,"), False),
    "total": (text("合计,,,3"), True),
    "short total": (text("合计"), False),
    "footer": (text("2,b,2024-01-02,2") + b"\ntotal of 3", False),
    "words for nothing": (text("2,NA,null,2", "NULL,nan,n/a,-"), True),
    "bom": (b"\xef\xbb\xbf" + text("2,b,2024-01-02,2"), True),
    "bom in the first record": (text("2,b,2024-01-02,2").replace(b"\n1,", b"\n\xef\xbb\xbf1,", 1), False),
    "signs that end lines elsewhere": (text("2,b\u2028c\x0c\x0b\x85,2024-01-02,2"), True),
    "backslashes": (text('2,b\\,2024-01-02,"2\\"'), True),
    "comment": (text("#2,b,2024-01-02,2"), True),
    "nul": (text("2,b\0,2024-01-02,2"), False),
    "cell at the limit": (text(f"2,{'x' * quick.LONGEST},2024-01-02,2"), False),
    "cell beyond the limit": (text(f"2,{'x' * (quick.LONGEST + 1)},2024-01-02,2"), False),
    "not utf-8": (text("2,Café Müller,2024-01-02,2").decode().encode("cp1252"), True),
    "utf-16": (text("2,é王,2024-01-02,2").decode().encode("utf-16"), True),
    "tabs": (text("2,b,2024-01-02,2").replace(b",", b"\t"), True),
    "semicolons": (text('2,"b;c",2024-01-02,"2,5"').replace(b",", b";"), True),
    "blanks for delimiters": (b"a 2024-01-01 1 2\nb 2024-01-02 2 3\nc 2024-01-03 3 4\n", False),
    "no header": (b"1,a,2024-01-01,1\n2,b,2024-01-02,2\n", True),
    "titles above": (b'"Shop ""A"""\n\nfrom,to\n' + text("2,b,2024-01-02,2"), True),
}


@pytest.mark.parametrize("case", CASES)
def test_a_file_with_one_trouble_is_read_alike(both, case):
    data, fast = CASES[case]
    usual, strict, was_fast = both(data)
    same(usual, strict)
    assert was_fast == fast


def test_lines_and_cells_by_hand(both):
    usual, _, fast = both(text("", '2,"b\n""c""",2024-01-02,', ",,,", "3,,2024-01-03,3", end="\n"))
    assert fast
    frame = usual[0]
    assert frame.index.tolist()[HEAD:] == [HEAD + 3, HEAD + 6, HEAD + 7]
    assert frame.to_numpy().tolist()[HEAD:-1] == [["2", 'b\n"c"', "2024-01-02", ""], ["3", "", "2024-01-03", "3"]]


def test_a_declared_encoding_is_read_alike(both):
    data = text("2,王小明,2024-01-02,2").decode().encode("gb18030")
    usual, strict, fast = both(data, "gb18030")
    same(usual, strict)
    assert fast and usual[0].iloc[HEAD, 1] == "王小明"


#: Pieces of which hostile files are made.
_PIECES = [
    "a",
    "1",
    "2024-01-02",
    "é",
    "王",
    " ",
    "\u3000",
    "\t",
    ",",
    ",",
    ",",
    ";",
    '"',
    '"',
    '""',
    '"a"',
    '","',
    "\n",
]
_PIECES += ["\n", "\r\n", "\r", "\n\n", "\x1c", "\ufeff", "\\", "合计", "total", "NULL", "'", "\0", "x" * 70]


def _hostile(draw: random.Random) -> bytes:
    """A table of three or four columns in some way of writing, with a few pieces put into it or taken out."""
    width, end = draw.choice([3, 4]), draw.choice(["\n", "\n", "\r\n", "\r"])
    delimiter = draw.choice([",", ",", "\t", ";", "|"])
    quoted = draw.choice([0.0, 0.0, 0.2, 1.0])

    def cell() -> str:
        said = "".join(draw.choices(_PIECES, k=draw.choice([0, 1, 1, 2])))
        if draw.random() < quoted:
            return '"' + said.replace('"', '""') + '"'
        return "".join(c for c in said if c not in '\r\n"\0\t,;|')

    rows = [["order_id", "customer_id", "ordered_at", "amount"][:width]]
    rows += [[str(i), *(cell() for _ in range(width - 1))] for i in range(draw.choice([3, 80, 80]))]
    said = end.join(delimiter.join(row) for row in rows) + draw.choice(["", end, end + end])
    for _ in range(draw.choice([0, 0, 1, 1, 2])):
        at = draw.randrange(len(said))
        said = said[:at] + draw.choice([*_PIECES, ""]) + said[at + draw.choice([0, 0, 1]) :]
    mark = draw.choice(["", "", "", "\ufeff"])
    return (mark + said).encode(draw.choice(["utf-8", "utf-8", "utf-8", "gb18030", "utf-16"]), "replace")


def test_hostile_files_are_read_alike(both):
    draw = random.Random(19)
    were_fast = read = 0
    for _ in range(120):
        usual, strict, fast = both(_hostile(draw))
        same(usual, strict)
        were_fast += fast
        read += not isinstance(strict, str)
    # Neither reader is idle: of what can be read at all, a good part is beyond doubt and a part is not.
    assert 30 < were_fast < read


RECORDS = [
    {"order_id": "1", "paid": True, "who": None, "amount": 12.5},
    {"order_id": "2", "paid": None, "who": "b", "amount": 12345678901234567890},
    {"order_id": "3", "who": "c", "lines": [1, {"x": 2}], "amount": "n/a"},
    {"order_id": "4", "paid": False, "who": {"name": "王", "at": {"city": "Y"}}},
    {"order_id": "5", "paid": True, "who": None, "tag": "é"},
    {},
    {"order_id": "7", "who": "d"},
]


@pytest.mark.parametrize("is_list", [True, False])
@pytest.mark.parametrize("records", [RECORDS, RECORDS[:3], RECORDS[-1:] * 5])
def test_json_in_parts_is_json_as_a_whole(tmp_path, monkeypatch, records, is_list):
    path = tmp_path / "orders.json"
    said = [json.dumps(record, ensure_ascii=False) for record in records]
    path.write_text("[\n" + " ,\n".join(said) + "]\n" if is_list else "\n\n".join(said) + "\n", encoding="utf-8")
    whole = open_source(path)
    monkeypatch.setattr(sources, "_CHUNK", 2)
    parts = open_source(path)
    same((parts.frame, parts.facts), (whole.frame, whole.facts))
    assert whole.frame.index.tolist() == list(range(1, len(records) + 1) if is_list else range(1, 2 * len(records), 2))
    if len(records) == len(RECORDS):
        assert whole.frame["amount"].iloc[1] == "12345678901234567890"
        assert whole.frame["who.at.city"].dropna().tolist() == ["Y"]


@pytest.mark.parametrize(
    "said", ['[{"a": "1"}, {"a": "2"},]', '[{"a": "1"} {"a": "2"}]', '[{"a": "1"}, {"a": "2"}', '[{"a": "1"}] x',
             '[{"a": "1"}, 2, {"b"]', '[{"a": "1"}, 2, {"a": "3"}]', '{"a": "1"}\n2\n{"b"\n', '[{"a": "\\ud800"}]']
)  # fmt: skip
def test_json_that_is_none_is_refused_as_it_was_whole(tmp_path, monkeypatch, said):
    path = tmp_path / "orders.json"
    path.write_text(said, encoding="utf-8")
    parts = _opened(path, None)
    monkeypatch.setattr(sources, "_BEGINS", re.compile("nothing begins so"))
    same(parts, _opened(path, None))
    assert isinstance(parts, str) == ("ud800" not in said)


def test_a_database_in_parts_is_the_database_as_a_whole(tmp_path, monkeypatch):
    path = tmp_path / "shop.db"
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("CREATE TABLE orders (order_id, who, amount, n, what)")
        rows = [("1", "a", 1, 1, "x"), ("2", None, 2.5, 2, 3), ("3", "c", 3, 3, b"\xff"), ("4", "d", None, 4, "y")]
        made.executemany("INSERT INTO orders VALUES (?, ?, ?, ?, ?)", rows)
        made.commit()
    whole = open_source(path)
    monkeypatch.setattr(sources, "_CHUNK", 1)
    parts = open_source(path)
    same((parts.frame, parts.facts), (whole.frame, whole.facts))
    assert whole.frame["n"].dtype == "int64" and whole.frame["amount"].tolist()[:3] == [1, 2.5, 3]
    assert type(whole.frame["amount"].iloc[0]) is int
