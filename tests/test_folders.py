"""Sources that are several files: folders, patterns and Parquet in parts, through the door of the command line."""

import json

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from course import DataError, collect
from course.cli import main


def _day(day: int, orders: int = 3) -> pd.DataFrame:
    """Orders of one day in March 2024: of 10.00 each, numbered by day."""
    return pd.DataFrame(
        {
            "order_id": [f"{day:02d}-{i}" for i in range(orders)],
            "customer_id": [f"c{i}" for i in range(orders)],
            "ordered_at": f"2024-03-{day:02d} 08:00:00",
            "amount": ["10.00"] * orders,
        }
    )


def _total(source) -> tuple:
    table = collect.read(source, "orders")
    return len(table.frame), collect.control_totals(table.frame)["money"], [s["name"] for s in table.sources]


def _notes(source) -> str:
    return " ".join(note.say("en") for note in collect.read(source, "orders").notes)


def test_a_folder_of_daily_files_is_one_table_in_the_order_of_names(tmp_path):
    for day in (10, 9, 1):
        _day(day).to_csv(tmp_path / f"day{day}.csv", index=False)
    for name in (".DS_Store", "~$day1.xlsx", "_SUCCESS", "day1.csv.crdownload", "Thumbs.db", "notes.md"):
        (tmp_path / name).write_bytes(b"\0\1")
    (tmp_path / "old").mkdir()
    (tmp_path / "day11.csv").write_text("order_id,customer_id,ordered_at,amount\n")
    (tmp_path / "day12.csv").write_text("")
    assert _total(tmp_path) == (9, 90.0, ["day1.csv", "day9.csv", "day10.csv"])
    said = _notes(str(tmp_path))
    assert "3 files read" in said and "files without rows: day11.csv, day12.csv" in said
    assert all(name in said for name in (".DS_Store", "Thumbs.db", "_SUCCESS", "notes.md", "old"))


def test_the_same_orders_in_two_files_of_a_folder_count_once(tmp_path):
    _day(1).to_csv(tmp_path / "a.csv", index=False)
    pd.concat([_day(1), _day(2)]).to_csv(tmp_path / "b.csv", index=False)
    assert _total(tmp_path)[:2] == (6, 60.0)


def test_a_pattern_names_files_of_any_kind(tmp_path):
    _day(1).to_csv(tmp_path / "2024-01.csv", index=False)
    _day(2).to_csv(tmp_path / "2024-02.csv", index=False)
    _day(3).to_csv(tmp_path / "2023-12.csv", index=False)
    _day(4).to_excel(tmp_path / "2024-x.xlsx", index=False, sheet_name="四月")
    (tmp_path / "2024.jsonl").write_text("\n".join(json.dumps(r) for r in _day(5).to_dict("records")))
    assert _total(f"{tmp_path}/2024-*.csv") == (6, 60.0, ["2024-01.csv", "2024-02.csv"])
    assert _total(f"{tmp_path}/2024-*.xlsx::四月")[0] == 3
    assert _total(f"{tmp_path}/2024*")[0] == 12
    with pytest.raises(DataError, match="No file matches"):
        collect.read(f"{tmp_path}/2025-*.csv", "orders")


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    _day(1).to_csv(tmp_path / "orders[1].csv", index=False)
    assert _total(tmp_path / "orders[1].csv")[0] == 3


def test_files_of_different_tables_are_refused(tmp_path, capsys):
    _day(1).to_csv(tmp_path / "orders.csv", index=False)
    pd.DataFrame({"customer_id": ["c1"], "gender": ["f"], "city": ["x"], "birthday": ["1990-01-01"]}).to_csv(
        tmp_path / "people.csv", index=False
    )
    assert main(["run", "--orders", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "holds different tables: orders.csv" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_column_of_only_some_files_is_said(tmp_path):
    _day(1).to_csv(tmp_path / "a.csv", index=False)
    _day(2).assign(coupon="x").to_csv(tmp_path / "b.csv", index=False)
    assert "only some of the files have the columns coupon" in _notes(tmp_path)
    assert collect.read(tmp_path, "orders").frame["coupon"].notna().sum() == 3


def test_an_empty_folder_is_a_sentence(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x")
    with pytest.raises(DataError, match=r"holds no file with data; it holds \.DS_Store"):
        collect.read(tmp_path, "orders")


def _write(path, frame, **types):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_pandas(frame.drop(columns=[c for c in ("channel",) if c in frame]), preserve_index=False)
    pq.write_table(table.cast(pa.schema([pa.field(f.name, types.get(f.name, f.type)) for f in table.schema])), path)


def test_a_partitioned_folder_is_one_table_and_its_partitions_are_columns(tmp_path):
    folder = tmp_path / "orders"
    for day, channel in ((1, "线上"), (2, "门店"), (3, "__HIVE_DEFAULT_PARTITION__")):
        _write(folder / f"channel={channel}" / "day=x%2F1" / "part-0.parquet", _day(day))
    (folder / "_SUCCESS").write_text("")
    (folder / "channel=线上" / ".part-0.parquet.crc").write_bytes(b"x")
    table = collect.read(folder, "orders")
    assert len(table.frame) == 9 and [s["name"] for s in table.sources] == ["orders"]
    assert table.frame.groupby(table.frame["channel"].fillna("–"))["amount"].sum().to_dict() == (
        {"线上": 30.0, "门店": 30.0, "–": 30.0}
    )
    assert table.frame["day"].unique().tolist() == ["x/1"]


def test_rows_alike_in_two_parts_are_two_rows(tmp_path):
    """Order lines: two of the same product in one order, which the writer put into two parts."""
    line = _day(1, 1).assign(product_id="p", quantity=1)
    for part in (0, 1):
        _write(tmp_path / f"part-0000{part}-abc.snappy.parquet", line)
    table = collect.read(tmp_path, "orders", answers={"money": "line"})
    assert (len(table.frame), collect.control_totals(table.frame)["money"]) == (2, 20.0)


def test_parts_whose_types_differ(tmp_path):
    _write(tmp_path / "part-0.parquet", _day(1).assign(n=1))
    _write(tmp_path / "part-1.parquet", _day(2).assign(n=1.5))
    assert collect.read(tmp_path, "orders").frame["n"].tolist() == [1, 1, 1, 1.5, 1.5, 1.5]
    _write(tmp_path / "part-2.parquet", _day(3).assign(n="x"))
    with pytest.raises(DataError, match=r"another type in some of its files \(n\)"):
        collect.read(tmp_path, "orders")


def test_a_damaged_part_is_named(tmp_path):
    _write(tmp_path / "part-0.parquet", _day(1))
    (tmp_path / "part-1.parquet").write_bytes((tmp_path / "part-0.parquet").read_bytes()[:100])
    with pytest.raises(DataError, match=r"part-1\.parquet is a damaged Parquet file"):
        collect.read(tmp_path, "orders")


def test_check_and_run_take_a_folder(tmp_path, capsys):
    draws = [_day(day, 12) for day in range(1, 29)]
    (tmp_path / "in").mkdir()
    for day, frame in enumerate(draws, 1):
        frame.to_csv(tmp_path / "in" / f"{day}.csv", index=False)
    assert main(["check", str(tmp_path / "in")]) == 0
    assert "money 3,360.00" in capsys.readouterr().out  # 28 days × 12 orders × 10.00
    assert main(["run", "--orders", f"{tmp_path}/in/*.csv", "--out", str(tmp_path / "out")]) == 0


def test_decimals_of_a_typed_file_are_not_asked_about(tmp_path):
    """1.250 of a decimal type is no thousand: its type says what the point is; long whole numbers keep each digit."""
    from decimal import Decimal

    frame = _day(1).assign(
        amount=[Decimal("1.250"), Decimal("2.500"), None], long=[Decimal(2**53 + 1), None, Decimal(7)]
    )
    _write(tmp_path / "a.parquet", frame, amount=pa.decimal128(12, 3), long=pa.decimal128(20, 0))
    table = collect.read(tmp_path / "a.parquet", "orders")
    assert table.frame["amount"].tolist()[:2] == [1.25, 2.5]
    assert table.frame["long"].tolist()[::2] == [2**53 + 1, 7]
