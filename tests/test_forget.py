"""Erasure: who is forgotten is in no cell that says whose a row is, and in no byte that could name them."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from course import cli, report
from course.errors import DataError
from course.report.forget import FILES
from tests.conftest import ROOT
from tests.test_privacy import orders, run
from tests.unpacked import traces

#: Customer numbers that a search in text would miss, or find everywhere.
ODD = [
    "O'Brien 1 & Sons 22",
    '4711 "the first"',
    "a<b>1</b>",
    "=1+1",
    "-7-b",
    "+42x",
    "@home1",
    "C 17 b 3",
    "0b",
    "00017",
    "12.5b",
    "customer_id",
    "important_value",
    "C&amp;1",
    "客户 1 号",
    "a;b,1",
    "50% off 9",
    "x'); DROP 1",
    "</tr>1",
    "'=1+1x",
    "1\\n2",
    "~$1",
]


def identifying(folder: Path) -> set[str]:
    """Every cell of a result that says whose a row is, read by other readers than the kit's own."""
    ids = set(pd.read_parquet(folder / "portraits.parquet")["customer_id"])
    for name in ("portraits.csv", "quarantine.csv", "identity.csv"):
        if (folder / name).exists():
            rows = pd.read_csv(folder / name, dtype="str", encoding="utf-8-sig", keep_default_na=False)
            ids |= {i for c in ("customer_id", "person_id", "kept", "left", "right") if c in rows for i in rows[c]}
    book = openpyxl.load_workbook(folder / "portraits.xlsx", read_only=True)
    for sheet in (s for s in book.worksheets if s.title in ("Portraits", "RFM")):
        ids |= {str(row[0]) for row in sheet.iter_rows(min_row=2, max_col=1, values_only=True)}
    page = (folder / "report.html").read_text(encoding="utf-8")
    return ids | {unescape(about) for about in re.findall(r'data-customer="([^"]*)"', page)}


def counts(folder: Path) -> tuple:
    ledger = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))
    return ledger["received"], ledger["valid"], ledger["customers"]


def forgotten(folder, *ids, options=()):
    return cli.main(["forget", str(folder), "--lang", "en", *options, "--", *ids])


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The result of a run over customers 1 to 60."""
    return run(tmp_path_factory.mktemp("small"), orders([str(i) for i in range(1, 61)]))


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """The result of a run over odd numbers; those that look like names are pseudonyms."""
    return run(tmp_path_factory.mktemp("odd"), orders([*ODD, *(f"C{i:04d}" for i in range(20))]))


@pytest.fixture
def copy(small, tmp_path):
    shutil.copytree(small, tmp_path / "result")
    return tmp_path / "result"


def test_numbers_that_are_counts_as_well_are_erased_one_after_the_other(copy, capsys):
    before = counts(copy)
    ids = [str(i) for i in range(1, 61)]
    random.Random(1).shuffle(ids)
    left = set(ids)
    assert left <= identifying(copy)
    for gone in [ids[:1], ids[1:2], ids[2:30], ids[30:59], ids[59:]]:
        assert forgotten(copy, *gone) == 0
        left -= set(gone)
        assert identifying(copy) & set(ids) == left
    assert counts(copy) == before
    assert pd.read_parquet(copy / "portraits.parquet").empty


def test_the_rows_of_the_others_stay_to_the_byte(copy, small):
    assert forgotten(copy, "7") == 0
    for name in ("portraits.csv", "quarantine.csv"):
        before, after = ((f / name).read_text(encoding="utf-8-sig").splitlines() for f in (small, copy))
        column = before[0].split(",").index("customer_id")
        assert after == [line for line in before if line.split(",")[column] != "7"], name
        assert len(after) < len(before)


def test_most_of_the_odd_numbers_stand_in_the_result_as_they_are(odd):
    written = {i.removeprefix("'") for i in identifying(odd)}
    assert sum(number.removeprefix("'") in written for number in ODD) >= len(ODD) - 3


@pytest.mark.parametrize("number", ODD)
def test_an_odd_number_is_erased_like_any_other(odd, tmp_path, number):
    out = tmp_path / "result"
    shutil.copytree(odd, out)
    before = identifying(out)
    assert forgotten(out, number) == 0
    after = identifying(out)
    assert len({i.removeprefix("'") for i in before - after}) == 1
    assert number not in after and "'" + number not in after
    if (before - after) == {number} and len(number) > 4 and "_" not in number:  # customer_id is a column as well
        assert traces(out, [number]) == []
    with pytest.raises(DataError, match="knows no customer"):
        report.forget(out, [number])


def test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced(tmp_path, capsys):
    phones = [f"138001380{i:02d}" for i in range(40)]
    out = run(tmp_path, orders(phones), "--key", str(tmp_path / "my.key"))
    assert forgotten(out, phones[3]) == 2  # under another key, or none
    before = identifying(out)
    assert forgotten(out, phones[3], options=("--key", str(tmp_path / "my.key"))) == 0
    (gone,) = before - identifying(out)
    assert gone.startswith("p_") and traces(out, [gone, phones[3]]) == []
    assert forgotten(out, phones[3], options=("--key", str(tmp_path / "no.key"))) == 2
    assert not (tmp_path / "no.key").exists()


def test_all_numbers_of_a_person_go_with_one_of_them(tmp_path):
    ids = [f"K{7919 * i % 10**6:06d}" for i in range(40)]
    people = [f"{n},Person {chr(65 + i // 2)}x,139{i // 2:08d},1990-01-1{i % 9}" for i, n in enumerate(ids)]
    (tmp_path / "c.csv").write_text("customer id,name,phone,birthday\n" + "\n".join(people) + "\n", encoding="utf-8")
    out = run(tmp_path, orders(ids), "--customers", str(tmp_path / "c.csv"))
    table = pd.read_csv(out / "identity.csv", dtype="str", encoding="utf-8-sig").set_index("customer_id")["person_id"]
    merged = table[table.duplicated(keep=False)]
    assert len(merged)
    same = table.index[table == merged.iloc[0]].tolist()
    assert forgotten(out, same[-1]) == 0
    assert traces(out, same) == []
    assert set(ids) - set(same) == identifying(out) & set(ids)


def test_files_that_no_run_wrote_are_left_as_they_are_and_named(copy, capsys):
    foreign = {"photo.bin": bytes(range(256)), "说明.txt": "客户 7".encode("gbk"), "~$portraits.xlsx": b"\x05owner"}
    foreign |= {".DS_Store": b"\0\0\0\1Bud1", "own.csv": b"a,b\n1,2\n"}
    for name, content in foreign.items():
        (copy / name).write_bytes(content)
        os.utime(copy / name, (10**9, 10**9))
    (copy / "notes").mkdir()
    (copy / "link").symlink_to("nowhere")
    assert forgotten(copy, "7", "8") == 0
    said = capsys.readouterr().out
    assert all(name in said for name in [*foreign, "notes", "link"]) and "portraits.csv" not in said
    for name, content in foreign.items():
        assert (copy / name).read_bytes() == content and (copy / name).stat().st_mtime == 10**9
    assert (copy / "link").is_symlink() and not {"7", "8"} & identifying(copy)


def test_a_link_to_the_result_is_followed_and_stays(copy, tmp_path):
    (tmp_path / "latest").symlink_to(copy, target_is_directory=True)
    assert forgotten(tmp_path / "latest", "7") == 0
    assert (tmp_path / "latest").is_symlink() and "7" not in identifying(copy)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "result"]


def test_a_file_that_is_a_link_is_refused(copy, tmp_path, capsys):
    shutil.move(copy / "portraits.csv", tmp_path / "elsewhere.csv")
    (copy / "portraits.csv").symlink_to(tmp_path / "elsewhere.csv")
    before = (tmp_path / "elsewhere.csv").read_bytes()
    assert forgotten(copy, "7") == 2
    assert "portraits.csv of result: links to elsewhere" in capsys.readouterr().err
    assert (tmp_path / "elsewhere.csv").read_bytes() == before and "7" in identifying(copy)


def test_the_exports_are_not_touched(tmp_path):
    text = orders([str(i) for i in range(1, 41)])
    out = run(tmp_path, text)
    assert forgotten(out, "7") == 0
    assert (tmp_path / "orders.csv").read_text(encoding="utf-8").endswith(text)


def test_a_person_leaves_every_table_of_a_second_run_by_recipe(tmp_path):
    """Two files of orders, answers, tickets, posts, campaigns, visits, names that make persons, and a run before."""
    ids = [f"QZ{7919 * i % 10**6:06d}" for i in range(40)]
    of_all = {
        "customers": ("customer_id,name,phone,birthday", "{id},Person {letter}x,139{half:08d},1990-01-1{digit}"),
        "surveys": ("customer_id,answered_at,score,comment", "{id},2024-03-0{digit},{digit},late says {id}"),
        "tickets": ("ticket_id,customer_id,opened_at,topic", "T{n},{id},2024-03-0{digit},late"),
        "posts": ("post_id,author_id,posted_at,text", "{n},{id},2024-03-0{digit},{id} was late"),
        "campaigns": ("campaign_id,customer_id,arm,sent_at", "spring,{id},{arm},2024-05-01"),
        "events": ("visitor_id,customer_id,event_time,event", "v{id},{id},2024-06-0{digit} 10:00:00,page_view"),
    }
    words = []
    for kind, (head, row) in of_all.items():
        rows = [
            row.format(id=one, n=n, letter=chr(65 + n // 2), half=n // 2, digit=1 + n % 9, arm=("a", "control")[n % 2])
            for n, one in enumerate(ids)
        ]
        (tmp_path / f"{kind}.csv").write_text("\n".join([head, *rows]), encoding="utf-8")
        words += [f"--{kind}", str(tmp_path / f"{kind}.csv")]
    (tmp_path / "orders2.csv").write_text(
        "customer id,order date,amount\n"
        + "\n".join(f"{one},2025-01-{1 + n % 9:02d},9.5" for n, one in enumerate(ids)),
        encoding="utf-8",
    )
    options = ["--orders", str(tmp_path / "orders.csv"), str(tmp_path / "orders2.csv"), *words]
    (tmp_path / "orders.csv").write_text("customer id,order date,amount\n" + orders(ids), encoding="utf-8")
    first, second = tmp_path / "first", tmp_path / "second"
    common = ["--provisional", "--lang", "en", "--out"]
    assert cli.main(["run", *options, "--as-of", "2024-12-31", *common, str(first)]) == 0
    assert cli.main(["run", str(first / "recipe.yaml"), "--previous", str(first), *common, str(second)]) == 0
    moved = pd.read_parquet(second / "moves.parquet")["customer_id"]
    table = pd.read_csv(second / "identity.csv", dtype="str", encoding="utf-8-sig").set_index("customer_id")[
        "person_id"
    ]
    asked = moved.iloc[0]
    same = table.index[table == table[asked]].tolist()
    held = {where.split(" ")[0] for where, _ in traces(second, same)}
    assert held >= {
        "moves.csv",
        "identity.csv",
        "quarantine.csv",
        "timeline.parquet",
        "explorer.html",
        "portraits.xlsx",
    }
    assert forgotten(second, same[-1]) == 0
    assert traces(second, same) == []
    assert len(identifying(second) & set(ids)) == len(set(ids) - set(same))
    assert {path.name for path in second.iterdir()} <= set(FILES)


def test_a_company_of_deals_leaves_and_its_contacts_were_never_there(tmp_path):
    head = "Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner,Associated Company IDs"
    stages = ("Closed Won", "Closed Won", "Closed Lost", "Contract Sent")
    rows = [
        f"7{n:05d},Deal with Anna QZ{n},{stages[n % 4]},Sales,{100 + 37 * n},2026-0{1 + n % 9}-1{n % 5} 09:30,"
        f"2026-01-01 08:00,Rep A,90{n % 21:04d},80{n:05d};81{n:05d}"
        for n in range(60)
    ]
    deals = tmp_path / "deals.csv"
    deals.write_text("\n".join([f"{head},Associated Contact IDs", *rows]), encoding="utf-8")
    out = tmp_path / "out"
    assert cli.main(["run", "--orders", str(deals), "--lang", "en", "--out", str(out)]) == 0
    held = {where.split(" ")[0] for where, _ in traces(out, ["900004"])}
    assert held >= {"portraits.parquet", "quarantine.csv", "timeline.parquet", "explorer.html"}
    assert traces(out, ["8000004", "8100004", "Anna QZ4"]) == []
    assert forgotten(out, "900004") == 0
    assert traces(out, ["900004"]) == []


def test_no_file_is_written_that_forget_does_not_know():
    """By the names that stand in the code of whatever writes a result."""
    room = Path(report.__file__).parent
    named = {
        name
        for path in sorted(room.glob("*.py"))
        for name in re.findall(
            r'"(\w+\.(?:csv|parquet|xlsx|html|json|yaml|sav|txt))"', path.read_text(encoding="utf-8")
        )
    }
    assert len(named) >= 12 and named <= set(FILES)


def test_whoever_is_in_one_file_alone_is_known(small, tmp_path):
    """An erasure that was killed may have left a person in any file."""
    for name in [n for n in FILES if n.endswith(".csv") and (small / n).exists()]:
        rows = pd.read_csv(small / name, dtype="str", encoding="utf-8-sig")
        if "customer_id" not in rows:
            continue
        out = tmp_path / name / "result"
        shutil.copytree(small, out)
        last = rows.iloc[[0]].assign(customer_id="ZZ1")
        pd.concat([rows, last]).to_csv(out / name, index=False, encoding="utf-8-sig")
        assert forgotten(out, "ZZ1") == 0, name
        assert traces(out, ["ZZ1"]) == [], name


def test_every_file_of_a_result_is_known_to_forget(small):
    exported = {"portraits_long.parquet", "portraits_long.csv", "dictionary.csv", "tags.csv", "portraits.sav"}
    some = {"identity.csv", "moves.csv", "moves.parquet", "previous.parquet", "actions.csv", "history.json"}
    assert set(report.FILES) | some | exported == set(FILES)
    assert {path.name for path in small.iterdir()} <= set(FILES)


def test_who_is_forgotten_is_in_nothing_that_was_exported(copy, capsys):
    from tests.test_handover import ids_of

    before = {to: set(report.export(copy, to)) for to in report.EXPORTS}
    assert "7" in ids_of(copy)
    assert forgotten(copy, "7") == 0
    assert set().union(*before.values()) <= {path.name for path in copy.iterdir()}
    assert ids_of(copy) == {str(i) for i in range(1, 61)} - {"7"}
    assert "portraits_long.csv" not in capsys.readouterr().out  # none of them is a file that no run wrote


# --- killed ----------------------------------------------------------------------------------------------------------

#: Forks a child for every point: the child forgets, and kills itself before its n-th change of a file.
_KILLED = """
import os, shutil, signal, sys
from course import report
import course.identity, course.report.workbook
base, name = sys.argv[1], sys.argv[2]
ids = sys.argv[3].split(",")
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.copyfile")

def child(folder, point):
    seen = [0]
    def hook(event, arguments):
        if event in CHANGES or (event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])):
            seen[0] += 1
            if seen[0] == point:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    report.forget(os.path.join(folder, name), ids)
    with open(os.path.join(folder, "count"), "w") as file:
        file.write(str(seen[0]))
    os._exit(0)

def forked(point):
    folder = os.path.join(base, f"at{point}")
    shutil.copytree(os.path.join(base, name), os.path.join(folder, name))
    if (pid := os.fork()) == 0:
        child(folder, point)
    return folder, os.waitpid(pid, 0)[1]

folder, status = forked(0)
assert status == 0
with open(os.path.join(folder, "count")) as file:
    changes = int(file.read())
for k in range(10):
    point = 1 + k * (changes - 1) // 9
    folder, status = forked(point)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL, point
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_killed_at_ten_points_and_asked_again_nothing_is_left(tmp_path):
    ids = [f"QZ{7919 * i % 10**6:06d}" for i in range(30)]
    base = tmp_path / "base"
    base.mkdir()
    out = run(base, orders(ids))
    page = (out / "report.html").read_text(encoding="utf-8")
    gone = sorted(set(re.findall(r'data-customer="([^"]*)"', page)))[:2]
    assert {"portraits.csv", "quarantine.csv", "report.html"} <= {where for where, _ in traces(out, gone)}
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(base), "result", ",".join(gone)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    killed = sorted(path for path in base.iterdir() if re.fullmatch("at[1-9][0-9]*", path.name))
    assert len(killed) == 10
    half = 0
    for folder in killed:
        half += sorted(p.name for p in folder.iterdir()) != ["result"]
        # Killed while clearing away the last of the old result, nobody of the name is known any more.
        assert forgotten(folder / "result", *gone) in (0, 2), folder.name
        assert sorted(p.name for p in folder.iterdir()) == ["result"]
        assert traces(folder, gone) == []
        assert set(ids) - set(gone) <= identifying(folder / "result")
    assert half >= 5


def test_what_a_killed_run_left_goes_too(copy):
    left = copy.parent / ".result.partial"
    left.mkdir()
    (left / "portraits.csv").write_text("customer_id\n7\n", encoding="utf-8")
    assert forgotten(copy, "7") == 0
    assert not left.exists()


def test_an_old_result_that_stepped_aside_comes_back(copy):
    os.rename(copy, copy.parent / ".result.before")
    assert forgotten(copy, "7") == 0
    assert [p.name for p in copy.parent.iterdir()] == ["result"] and "7" not in identifying(copy)
