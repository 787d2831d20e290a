"""Reading: the same table in every format gives the same frame and the same totals; columns are found, vetoed and
settled; figures and dates are what was meant. Expected values are written by hand or made without the code under test.
"""

import gzip
import json
import sqlite3
from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course import DataError, clean, collect
from course.collect import values

# --- one table, many formats -----------------------------------------------------------------------------------------

HEADERS = ["订单号", "客户编号", "下单时间", "实付金额", "渠道"]
RECORDS = [
    ("20240001", "007", datetime(2024, 1, 5, 8, 30), 10.1, "线上"),
    ("20240002", "7", datetime(2024, 1, 31, 23, 59, 59), 1299.0, "门店"),
    ("20240003", "张三", datetime(2024, 2, 29), 0.2, "线上"),
    ("20240004", "007", datetime(2024, 3, 1, 12), -5.5, "门店"),
    ("20240005", "O'Neil; 5|6", datetime(2024, 12, 31, 0, 0, 1), 100000.07, "线上"),
]
EXPECTED = pd.DataFrame(RECORDS, columns=["order_id", "customer_id", "ordered_at", "amount", "channel"]).astype(
    {"order_id": "str", "customer_id": "str", "ordered_at": "datetime64[us]", "channel": "str"}
)
TOTALS = {"rows": 5, "orders": 5, "customers": 4, "money": 101303.87}


def _text(delimiter: str) -> str:
    def cell(value: object) -> str:
        shown = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)
        return f'"{shown}"' if delimiter in shown else shown

    return "".join(delimiter.join(map(cell, row)) + "\r\n" for row in [HEADERS, *RECORDS])


def _frame() -> pd.DataFrame:
    return pd.DataFrame(RECORDS, columns=HEADERS)


def _workbook(path):
    book = openpyxl.Workbook()
    for row in [HEADERS, *RECORDS]:
        book.active.append(row)
    book.save(path)


def _sqlite(path):
    connection = sqlite3.connect(path)
    _frame().to_sql("orders", connection, index=False)
    connection.close()


def _duckdb(path):
    with duckdb.connect(str(path)) as connection:
        connection.register("given", _frame())
        connection.execute("CREATE TABLE orders AS SELECT * FROM given")


def _records(path):
    rows = (dict(zip(HEADERS, (r[0], r[1], r[2].isoformat(), *r[3:]), strict=True)) for r in RECORDS)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), encoding="utf-8")


FORMATS = {
    "orders.csv": lambda path: path.write_text(_text(","), encoding="utf-8", newline=""),
    "semicolon.csv": lambda path: path.write_text(_text(";"), encoding="utf-8-sig", newline=""),
    "tab.tsv": lambda path: path.write_text(_text("\t"), encoding="utf-8", newline=""),
    "bar.txt": lambda path: path.write_text(_text("|"), encoding="utf-8", newline=""),
    "gb18030.csv": lambda path: path.write_text(_text(","), encoding="gb18030", newline=""),
    "utf16.csv": lambda path: path.write_text(_text("\t"), encoding="utf-16", newline=""),
    "orders.csv.gz": lambda path: path.write_bytes(gzip.compress(_text(",").encode(), mtime=0)),
    "orders.xlsx": _workbook,
    "orders.parquet": lambda path: _frame().to_parquet(path),
    "orders.jsonl": _records,
    "shop.sqlite": _sqlite,
    "shop.duckdb": _duckdb,
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_same_table_and_totals(name, tmp_path):
    FORMATS[name](tmp_path / name)
    table = collect.read(tmp_path / name, "orders")
    pd.testing.assert_frame_equal(table.frame[list(EXPECTED)], EXPECTED)
    totals = table.totals.iloc[0].to_dict()
    assert {k: totals[k] for k in TOTALS} == TOTALS
    assert (str(totals["first"]), str(totals["last"])) == ("2024-01-05", "2024-12-31")
    assert totals["source"] == name and table.frame["source"].astype("str").eq(name).all()
    assert table.mapping == dict(zip(EXPECTED, HEADERS, strict=True))
    first = (
        2 if name.endswith(("csv", "tsv", "txt", "gz", "xlsx")) else 1
    )  # the row in the file: records have no header
    assert table.frame["source_row"].tolist() == list(range(first, first + 5))
    assert table.problems.empty and not table.shared


def test_a_frame_is_a_source_too():
    given_frame = _frame()
    table = collect.read(given_frame, "orders")
    pd.testing.assert_frame_equal(table.frame[list(EXPECTED)], EXPECTED)
    pd.testing.assert_frame_equal(given_frame, _frame())  # and is left as it was


def test_columns_without_a_meaning_here_stay_under_their_own_names(tmp_path):
    (tmp_path / "a.csv").write_text("customer_id,date,amount,Colour\nA1,2024-01-05,1,red\n")
    assert collect.read(tmp_path / "a.csv", "orders").frame["Colour"].tolist() == ["red"]


def test_a_table_of_several_files_has_totals_for_each(tmp_path):
    for name, day in (("jan", "2024-01-05"), ("feb", "2024-02-05")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "orders.csv").write_text(f"order_id,customer_id,date,amount\n{name},A1,{day},1.5\n")
    table = collect.read([tmp_path / "jan/orders.csv", tmp_path / "feb/orders.csv"], "orders")
    assert table.totals["source"].tolist() == ["orders.csv", "orders.csv (2)"]
    assert table.totals["money"].tolist() == [1.5, 1.5]
    assert table.frame["source"].tolist() == ["orders.csv", "orders.csv (2)"]
    assert table.shared["rows"] == 0


def test_files_that_share_rows_count_them_once_and_say_so(tmp_path):
    head, rows = "order_id,customer_id,date,amount\n", [f"{i},A{i},2024-01-0{i},{i}.5\n" for i in range(1, 6)]
    (tmp_path / "a.csv").write_text(head + "".join(rows[:4]))
    (tmp_path / "b.csv").write_text(head + "".join(rows[2:]))
    table = collect.read([tmp_path / "a.csv", tmp_path / "b.csv"], "orders")
    assert table.frame["order_id"].tolist() == ["1", "2", "3", "4", "5"]
    assert (table.shared["rows"], table.shared["orders"], table.shared["money"]) == (2, 2, 8.0)
    assert table.totals["rows"].tolist() == [4, 3]  # each file as it was handed in


def test_lines_repeated_within_one_file_stay(tmp_path):
    line = "1,A1,2024-01-05,P1,2,3.00\n"
    (tmp_path / "a.csv").write_text("order_id,customer_id,date,sku,quantity,price\n" + line + line)
    table = collect.read([tmp_path / "a.csv", tmp_path / "a.csv"], "orders")
    assert len(table.frame) == 2 and table.shared["rows"] == 2


# --- which column is which -------------------------------------------------------------------------------------------


def _mapped(head: str, *rows: str, tmp_path, kind: str = "orders", **options) -> collect.Table:
    (tmp_path / "t.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return collect.read(tmp_path / "t.csv", kind, **options)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (
            "Invoice No.,CustomerID,Invoice Date,Total Price",
            ["Invoice No.", "CustomerID", "Invoice Date", "Total Price"],
        ),
        ("order_id,household_id,transaction_timestamp,sales_value", None),
        ("订单编号,买家会员名,订单付款时间,买家实际支付金额", None),
        ("交易单号,会员卡号,消费日期,消费金额(元)", None),
        (" ORDER ID ,Customer_No,order  date,Amount (USD)", ["ORDER ID", "Customer_No", "order  date", "Amount (USD)"]),
    ],
)
def test_columns_are_found_by_the_headers_exports_have(head, expected, tmp_path):
    table = _mapped(head, "1,A1,2024-01-05,3.5", "2,A2,2024-01-06,4.5", tmp_path=tmp_path)
    found = [table.mapping[n] for n in ("order_id", "customer_id", "ordered_at", "amount")]
    assert found == (expected or head.split(","))


def test_what_was_paid_wins_over_what_was_due(tmp_path):
    table = _mapped("客户编号,下单时间,应付金额,订单金额,实付金额", "A1,2024-01-05,30,20,10", tmp_path=tmp_path)
    assert table.mapping["amount"] == "实付金额" and table.frame["amount"].tolist() == [10.0]


def test_content_vetoes_a_header_and_the_next_candidate_is_taken(tmp_path):
    rows = ("A1,2024-01-05,large,10.5", "A2,2024-01-06,small,3")
    table = _mapped("customer_id,date,amount,total", *rows, tmp_path=tmp_path)
    assert table.mapping["amount"] == "total"
    assert any("Column amount is called like amount" in n.say("en") for n in table.notes)


def test_content_alone_maps_nothing(tmp_path):
    with pytest.raises(DataError, match="no column was found for amount"):
        _mapped("customer_id,date,x", "A1,2024-01-05,10.5", tmp_path=tmp_path)


def test_a_user_overrides_the_suggestion_and_even_the_veto(tmp_path):
    rows = ("A1,2024-01-05,10,7", "A2,2024-01-06,oops,8")
    table = _mapped("customer_id,date,amount,net", *rows, tmp_path=tmp_path, mapping={"amount": "net"})
    assert table.frame["amount"].tolist() == [7.0, 8.0] and "amount" not in table.frame.drop(columns="amount")
    table = _mapped(
        "customer_id,date,x,y", "A1,2024-01-05,oops,1", "A2,2024-01-05,2,1", tmp_path=tmp_path, mapping={"amount": "x"}
    )
    assert table.problems.to_dict("records") == [{"row": 0, "column": "amount", "value": "oops"}]


def test_settling_one_of_two_candidates_frees_neither_for_another_column(tmp_path):
    head = "customer_no,client_id,date,amount"
    with pytest.raises(DataError, match="could both be the column customer_id"):
        _mapped(head, "A1,B1,2024-01-05,1", tmp_path=tmp_path)
    table = _mapped(head, "A1,B1,2024-01-05,1", tmp_path=tmp_path, mapping={"customer_id": "client_id"})
    assert table.frame["customer_id"].tolist() == ["B1"] and table.frame["customer_no"].tolist() == ["A1"]


def test_a_form_with_a_subform_is_read_by_both_lines_of_its_header(tmp_path):
    """As 简道云 exports it: the fields of an order are merged downwards, those of its lines stand below one title."""
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["订单编号", "客户编号", "下单时间", "商品明细", None],
        [None, None, None, "商品编号", "金额"],
        ["L1", "C1", "2024-03-01 08:00:00", "TE001", 10],
        [None, None, None, "TE002", 5],
        ["L2", "C2", "2024-03-02 09:00:00", "TE001", 7],
    ):
        sheet.append(row)
    for merged in ("A1:A2", "B1:B2", "C1:C2", "D1:E1", "A3:A4", "B3:B4", "C3:C4"):
        sheet.merge_cells(merged)
    book.save(tmp_path / "form.xlsx")
    table = collect.read(tmp_path / "form.xlsx", "orders")
    assert table.frame["order_id"].tolist() == ["L1", "L1", "L2"]
    assert table.frame["product_id"].tolist() == ["TE001", "TE002", "TE001"]
    assert table.frame["amount"].tolist() == [10, 5, 7] and table.frame["source_row"].tolist() == [3, 4, 5]


def test_a_first_record_under_columns_without_a_name_is_no_second_header(tmp_path):
    (tmp_path / "plain.csv").write_text(
        "订单号,客户编号,下单时间,实付金额,\nA1,C1,2024-03-01,10,ok\nA2,C1,2024-03-02,11,ok\n"
    )
    assert collect.read(tmp_path / "plain.csv", "orders").frame["order_id"].tolist() == ["A1", "A2"]


def test_a_file_without_a_header_is_mapped_by_position(tmp_path):
    rows = [f"0000{i} 19970{i}01  {i}   1{i}.77" for i in range(1, 6)]
    (tmp_path / "t.txt").write_text("\n".join(rows))
    table = collect.read(tmp_path / "t.txt", "orders")
    assert table.mapping == {"customer_id": "1", "ordered_at": "2", "quantity": "3", "amount": "4"}
    assert table.frame["customer_id"].tolist() == ["00001", "00002", "00003", "00004", "00005"]
    assert table.frame["order_id"].iloc[0] == "00001@1997-01-01"
    assert table.frame["source_row"].tolist() == [1, 2, 3, 4, 5]


def test_without_a_header_an_id_that_never_repeats_before_one_that_does_is_the_order(tmp_path):
    rows = [f"10{i},A{i % 2},2024-01-0{i},1{i}.50" for i in range(1, 6)]
    (tmp_path / "t.csv").write_text("\n".join(rows))
    table = collect.read(tmp_path / "t.csv", "orders")
    assert table.mapping == {"order_id": "1", "customer_id": "2", "ordered_at": "3", "amount": "4"}
    assert [n.say("en") for n in table.notes if "taken by position: " in n.say("en")]


def test_the_mapping_of_an_earlier_run_is_used_where_its_columns_still_are(tmp_path):
    (tmp_path / "t.csv").write_text("who,when,much,amount\nA1,2024-01-05,5,9\n")
    earlier = {"orders": {"customer_id": "who", "ordered_at": "when", "amount": "much", "status": "gone"}}
    table = collect.gather({"orders": [tmp_path / "t.csv"]}, previous=earlier)["orders"]
    assert table.mapping == {"customer_id": "who", "ordered_at": "when", "amount": "much"}
    table = collect.gather({"orders": [tmp_path / "t.csv"]}, {"amount": "amount"}, previous=earlier)["orders"]
    assert table.mapping["amount"] == "amount"  # what is said now counts more


def test_one_mapping_serves_several_tables(tmp_path):
    (tmp_path / "o.csv").write_text("who,date,amount\nA1,2024-01-05,5\n")
    (tmp_path / "s.csv").write_text("who,id,NETPRO\nA1,Z9,11\n")
    given_files = {"orders": [tmp_path / "o.csv"], "surveys": [tmp_path / "s.csv"]}
    tables = collect.gather(given_files, {"customer_id": "who", "score": "NETPRO"}, blanks={"NETPRO": ["11"]})
    assert tables["orders"].frame["customer_id"].tolist() == ["A1"]
    assert tables["surveys"].frame["customer_id"].tolist() == ["A1"]
    assert tables["surveys"].frame["score"].isna().all() and tables["surveys"].problems.empty
    tables = collect.gather(given_files, {"customer_id": "who", "surveys.customer_id": "id", "score": "NETPRO"})
    assert tables["orders"].frame["customer_id"].tolist() == ["A1"]
    assert tables["surveys"].frame["customer_id"].tolist() == ["Z9"]


def test_a_table_of_lines_is_one_whose_product_is_mapped(tmp_path):
    head = "order_id,customer_id,date,quantity,price"
    assert not _mapped(head, "1,A1,2024-01-05,2,1.25", tmp_path=tmp_path).has_lines
    table = _mapped(head + ",sku", "1,A1,2024-01-05,2,1.25,P1", tmp_path=tmp_path)
    assert table.has_lines and table.frame["amount"].tolist() == [2.5]


# --- money -----------------------------------------------------------------------------------------------------------

CENTS = st.integers(min_value=-(10**9), max_value=10**9)
ANY_CENTS = st.integers(min_value=-(10**14), max_value=10**14)


def _money(cents: list[int]) -> float:
    return collect.control_totals(pd.DataFrame({"amount": [c / 100 for c in cents]}))["money"]


@given(st.lists(CENTS, max_size=60), st.randoms(use_true_random=False))
def test_money_is_the_decimal_sum_in_any_order_of_rows(cents, random):
    shuffled = list(cents)
    random.shuffle(shuffled)
    assert _money(cents) == _money(shuffled) == float(Decimal(sum(cents)) / 100)


@given(st.lists(ANY_CENTS, max_size=20))
def test_money_is_exact_for_outliers_as_well(cents):
    assert _money(cents) == float(Decimal(sum(cents)) / 100)


def test_a_million_cents_and_an_outlier_lose_nothing():
    assert _money([1] * 1_000_000 + [10**11]) == 1_000_010_000.0


# --- figures and dates -----------------------------------------------------------------------------------------------

WRITTEN = {
    "1299.5": lambda n: f"{n:.2f}",
    "1,299.50": lambda n: f"{n:,.2f}",
    "¥1,299.50": lambda n: f"{'-' if n < 0 else ''}¥{abs(n):,.2f}",
    "￥ 1299.50 元": lambda n: f"￥ {n:.2f} 元".replace("￥ -", "-￥ "),
    "(1,299.50)": lambda n: f"({abs(n):,.2f})" if n < 0 else f"{n:,.2f}",
    "1,299.50-": lambda n: f"{abs(n):,.2f}{'-' if n < 0 else ''}",
    "EUR 1'299.50": lambda n: f"EUR {n:,.2f}".replace(",", "'"),
    "1 299.50 USD": lambda n: f"{n:,.2f} USD".replace(",", " "),
    "0.12995万": lambda n: f"{n.scaleb(-4):f}万",
    "full width": lambda n: f"{n:.2f}".translate(str.maketrans("0123456789.", "０１２３４５６７８９．")),
}


@pytest.mark.parametrize("style", WRITTEN)
@given(cents=st.lists(CENTS, min_size=1, max_size=8))
def test_a_number_is_read_as_it_was_meant(style, cents):
    meant = [Decimal(c) / 100 for c in cents]
    column = values.numbers(pd.Series([WRITTEN[style](m) for m in meant], dtype="str"))
    assert not column.bad.any()
    assert column.values.tolist() == [float(m) for m in meant]


@given(st.lists(CENTS, min_size=1, max_size=8))
def test_a_decimal_comma_is_seen_from_the_column(cents):
    meant = [Decimal("0.5"), *(Decimal(c) / 100 for c in cents)]
    swap = str.maketrans(",.", ".,")
    column = values.numbers(pd.Series(["0,5"] + [f"{m:,.2f}".translate(swap) for m in meant[1:]], dtype="str"))
    assert column.values.tolist() == [float(m) for m in meant]


@pytest.mark.parametrize(
    "text",
    ["abc", "12..5", "1,2,3", "--5", "(-5)", "5%", "1_000", "0x1A", "TRUE", "inf", "1e400", "1e15", "12 34", "5 6"],
)
def test_what_is_no_number_is_not_guessed(text):
    column = values.numbers(pd.Series([text, "1.00"], dtype="str"))
    assert column.bad.tolist() == [True, False] and np.isnan(column.values[0])


MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31)).map(lambda d: d.replace(microsecond=0))
DATED = {
    "ISO 8601": lambda d: d.isoformat(),
    "SQL": lambda d: f"{d:%Y-%m-%d %H:%M:%S}",
    "SQL with fractions": lambda d: f"{d:%Y-%m-%d %H:%M:%S}.0000000",
    "slashes": lambda d: f"{d.year}/{d.month}/{d.day} {d.hour}:{d.minute:02d}:{d.second:02d}",
    "Chinese": lambda d: f"{d.year}年{d.month}月{d.day}日 {d.hour}时{d.minute:02d}分{d.second:02d}秒",
    "digits": lambda d: f"{d:%Y%m%d%H%M%S}",
    "month names": lambda d: f"{d.day} {d:%b %Y %H:%M:%S}",
    "American": lambda d: f"{d:%B} {d.day}, {d:%Y %I:%M:%S %p}",
    "zoned": lambda d: d.isoformat() + "+08:00",
}


@pytest.mark.parametrize("style", DATED)
@settings(max_examples=25)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=8))
def test_a_date_is_read_as_it_was_meant(style, moments):
    column = values.times(pd.Series([DATED[style](m) for m in moments], dtype="str"), "t")
    assert not column.bad.any()
    assert column.values.tolist() == [pd.Timestamp(m) for m in moments]


@pytest.mark.parametrize(
    ("style", "sure"), [("%d/%m/%Y", "31/01/2024"), ("%m/%d/%Y", "01/31/2024"), ("%d.%m.%Y", "31.01.2024")]
)
@settings(max_examples=25)
@given(moments=st.lists(MOMENTS, min_size=1, max_size=8))
def test_one_sure_date_settles_the_order_of_all(style, sure, moments):
    column = values.times(pd.Series([sure, *(m.strftime(style) for m in moments)], dtype="str"), "t")
    assert column.values.tolist() == [pd.Timestamp(2024, 1, 31), *(pd.Timestamp(m).normalize() for m in moments)]


@pytest.mark.parametrize(("order", "read"), [("dmy", "2024-04-03"), ("mdy", "2024-03-04")])
def test_the_user_settles_what_the_dates_leave_open(order, read):
    column = values.times(pd.Series(["03/04/2024"], dtype="str"), "t", order)
    assert column.values.tolist() == [pd.Timestamp(read)]


@given(st.lists(st.integers(min_value=20_000, max_value=73_000), min_size=1, max_size=8), st.booleans())
def test_serial_days_of_a_spreadsheet(days, as_text):
    cells = pd.Series([str(d) for d in days], dtype="str") if as_text else pd.Series(days, dtype="float64")
    column = values.times(cells, "t")
    assert column.values.tolist() == [pd.Timestamp(datetime(1899, 12, 30) + timedelta(days=d)) for d in days]


def test_a_serial_of_half_past_eight():
    assert values.times(pd.Series([45356 + 8.5 / 24]), "t").values.tolist() == [pd.Timestamp("2024-03-05 08:30")]


@pytest.mark.parametrize("micro", [1_719_764_419_000_000, 1_735_689_599_999_999])
def test_microseconds_since_1970_are_read_to_the_microsecond(micro):
    """As Google Analytics 4 writes event_timestamp; the moment is counted from 1970 by the standard library."""
    column = values.times(pd.Series([str(micro), None]), "event_timestamp")
    assert column.values[0].to_pydatetime() == datetime(1970, 1, 1) + timedelta(microseconds=micro)
    assert not column.bad.any() and pd.isna(column.values[1])


@given(st.floats(-1e18, 1e18), st.integers(0, 3))
@example(123456789012345.5, 1)
def test_any_figure_among_dates_is_a_moment_or_counted_as_bad(figure, digits):
    """Microseconds are whole: 123456789012345.5 in a column of dates is neither a moment nor the end of the run."""
    column = values.times(pd.Series(["2024-01-05", "2024-02-06", f"{figure:.{digits}f}"], dtype="str"), "when")
    assert column.values[:2].notna().all() and len(column.values) == 3


def test_times_with_zones_are_put_into_the_most_frequent_one():
    texts = ["2024-03-05T08:30:00+08:00", "2024-03-05T09:30:00+08:00", "2024-03-05T23:30:00Z"]
    column = values.times(pd.Series(texts, dtype="str"), "t")
    assert column.values.tolist() == [
        pd.Timestamp(t) for t in ("2024-03-05 08:30", "2024-03-05 09:30", "2024-03-06 07:30")
    ]


@given(st.lists(st.integers(min_value=0, max_value=10**18), min_size=1, max_size=8))
def test_ids_keep_every_digit(numbers):
    texts = [f"{n:020d}" for n in numbers]
    assert values.ids(pd.Series(texts, dtype="str"), "c").values.tolist() == texts
    assert values.ids(pd.Series([f"{n}.0" for n in numbers], dtype="str"), "c").values.tolist() == [
        str(n) for n in numbers
    ]
    assert values.ids(pd.Series(numbers, dtype="int64"), "c").values.tolist() == [str(n) for n in numbers]


def test_ids_that_a_spreadsheet_turned_into_floats_are_whole_again():
    assert values.ids(pd.Series([17850.0, np.nan, 13047.0]), "c").values.tolist()[::2] == ["17850", "13047"]


# --- real data -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def online_retail(real_data):
    return collect.read(real_data / "online_retail.csv.gz", "orders")


def test_online_retail_as_received(online_retail):
    totals = online_retail.totals.iloc[0]
    assert (totals["rows"], totals["customers"], totals["orders"], totals["money"]) == (
        541_909,
        4_372,
        25_900,
        9_747_747.934,
    )
    assert (str(totals["first"]), str(totals["last"])) == ("2010-12-01", "2011-12-09")
    assert online_retail.has_lines and online_retail.problems.empty
    assert online_retail.frame["source_row"].iloc[[0, -1]].tolist() == [2, 541_910]


@pytest.mark.parametrize(
    ("file", "rows", "customers", "money", "discs", "mapping"),
    [
        (
            "cdnow_master.txt",
            69_659,
            23_570,
            2_500_315.63,
            167_881,
            ("customer_id", "date", "number_of_cds", "dollar_value"),
        ),
        ("cdnow_sample.txt", 6_919, 2_357, 244_091.94, 16_479, ("1", "3", "4", "5")),
    ],
)
def test_cdnow(real_data, file, rows, customers, money, discs, mapping):
    table = collect.read(real_data / file, "orders")
    totals = table.totals.iloc[0]
    assert (totals["rows"], totals["customers"], totals["money"]) == (rows, customers, money)
    assert table.frame["quantity"].sum() == discs
    names = ("customer_id", "ordered_at", "quantity", "amount")
    assert table.mapping == dict(zip(names, mapping, strict=True))
    assert str(totals["first"]) == "1997-01-01" and str(totals["last"]) <= "1998-06-30"


@pytest.mark.parametrize("own", ["at", "ordered_at", "amount"])
def test_a_column_of_a_files_own_that_is_called_like_one_of_another_table_stays_text(tmp_path, own):
    path = tmp_path / "survey.csv"
    path.write_text(f"customer_id,score,{own}\na,9,desk 3\nb,2,desk 4\n", encoding="utf-8")
    table = collect.read(path, "surveys")
    assert table.totals.iloc[0][["rows", "customers"]].tolist() == [2, 2]
    assert table.totals.iloc[0][["money", "first", "last"]].isna().all()
    assert clean.apply(table, as_of="2024-01-01").accounts["valid"]["rows"] == 2
