"""portraits.xlsx: the same cells as a writer that goes cell by cell, the same bytes twice, and open to its reader."""

import math
import subprocess
import zipfile
from datetime import date, datetime

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from course.report import cells, workbook
from course.report.columns import columns

LEDGER = {"as_of": "2024-12-31", "currency": "CNY", "tables": {}, "findings": {}, "lang": "en"}

#: What a cell may hold that a formula, a link, XML or Excel's own escapes would be read out of.
HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "＝1",
    "http://example.org/",
    "<b>&amp;</b>",
    "]]>",
    " two  blanks ",
    "\ttab\nline",
    "bell\x07 and \x1b and \r",
    "_x0041_ and _x00zz_ and _x",
    "\ufffe\uffff",
    "😀👍🏽",
    "客户 1 号",
    "'quoted'",
    '"quoted"',
    "#REF!",
    "' || i || '",
    "x" * 16_383,
    "",
    "TRUE",
    "00017",
    "1e5",
]


def hostile():
    """A row a hostile text; figures, days and yes-or-no of every kind beside them, each with a blank."""
    n = len(HOSTILE)
    figures = [0.1 + 0.2, -0.0, 1e-300, 1e300, 1 / 3, 2.0**53, 123456789.987654321, math.nan, math.inf, -math.inf]
    days = ["1899-12-31", "1900-01-02", "1900-02-28", "1900-03-01", "1815-12-10", "2024-02-29", "2199-12-31", None]
    return pd.DataFrame(
        {
            "customer_id": pd.Series(HOSTILE, dtype="str"),
            "joined_at": pd.Series(pd.to_datetime([days[i % 8] for i in range(n)])).astype("datetime64[us]"),
            "tickets": pd.array([pd.NA if i == 3 else i for i in range(n)], dtype="Int64"),
            "expected_value": [figures[i % 10] for i in range(n)],
            "rfm_class": pd.Series(["important_value", None] * (n // 2), dtype="str"),
            "alert": pd.array([True, False, pd.NA] * (n // 3), dtype="boolean"),
            "city": pd.Series([*HOSTILE[1:], None], dtype="str"),
        }
    )


def one_by_one(portraits, ledger, path, lang):
    """The sheet of portraits as XlsxWriter writes it cell by cell."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    sheet, day = book.add_worksheet("Portraits"), book.add_format({"num_format": "yyyy-mm-dd"})
    told = columns(portraits, ledger)
    for j, column in enumerate(told):
        sheet.write_string(0, j, column.label[lang])
        for i, value in enumerate(portraits[column.name], 1):
            if pd.isna(value) or value in (math.inf, -math.inf):
                continue
            if isinstance(value, pd.Timestamp):
                if value < pd.Timestamp("1900-01-01"):  # before Excel's first
                    sheet.write_string(i, j, f"{value:%Y-%m-%d}")
                else:
                    sheet.write_datetime(i, j, value.to_pydatetime(), day)
            elif isinstance(value, bool | np.bool_):
                sheet.write_boolean(i, j, bool(value))
            elif isinstance(value, str):
                sheet.write_string(i, j, column.values[value][lang] if value in column.values else value)
            else:
                sheet.write_number(i, j, float(value))
    book.close()
    return read(path)[0]


def read(path):
    """[rows of each sheet] as calamine reads them."""
    book = CalamineWorkbook.from_path(str(path))
    return [book.get_sheet_by_index(i).to_python() for i in range(len(book.sheet_names))]


def unlike(got, expected):
    """Cells that differ; XlsxWriter writes sixteen digits, we write all."""
    assert len(got) == len(expected) and {len(r) for r in got} == {len(r) for r in expected}
    pairs = [(a, b) for x, y in zip(got, expected, strict=True) for a, b in zip(x, y, strict=True)]
    return [(a, b) for a, b in pairs if not alike(a, b)]


def alike(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-15)
    return type(a) is type(b) and a == b


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_hostile_values_are_the_cells_that_a_writer_cell_by_cell_makes(tmp_path, lang):
    portraits = hostile()
    workbook.write(portraits, LEDGER, tmp_path / "p.xlsx", lang)
    assert unlike(read(tmp_path / "p.xlsx")[1], one_by_one(portraits, LEDGER, tmp_path / "q.xlsx", lang)) == []


def test_no_text_is_a_formula_or_a_link(tmp_path):
    workbook.write(hostile(), LEDGER, tmp_path / "p.xlsx", "en")
    for sheet in openpyxl.load_workbook(tmp_path / "p.xlsx"):
        cells_of = [cell for row in sheet.iter_rows() for cell in row]
        assert not [c for c in cells_of if c.data_type == "f" or c.hyperlink]


def test_figures_come_back_to_the_last_bit(tmp_path):
    values = np.random.default_rng(3).lognormal(5, 4, 3000)
    ids = pd.Series([f"C{i}" for i in range(3000)], dtype="str")
    workbook.write(pd.DataFrame({"customer_id": ids, "expected_value": values}), LEDGER, tmp_path / "p.xlsx", "en")
    rows = read(tmp_path / "p.xlsx")[1][1:]
    assert [row[0] for row in rows] == ids.tolist() and [row[1] for row in rows] == values.tolist()


def test_a_text_that_no_cell_holds_is_cut_and_the_cut_is_shown(tmp_path):
    portraits = pd.DataFrame({"customer_id": ["a"], "city": ["😀" * 20_000]})
    workbook.write(portraits, LEDGER, tmp_path / "p.xlsx", "en")
    text = read(tmp_path / "p.xlsx")[1][1][1]
    assert text == "😀" * 16_382 + "…" and len(text.encode("utf-16-le")) // 2 <= 32_767


def test_the_same_bytes_twice(tmp_path):
    for name in ("a", "b"):
        workbook.write(hostile(), LEDGER, tmp_path / f"{name}.xlsx", "zh")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_nobody_makes_a_workbook_too(tmp_path):
    workbook.write(hostile().iloc[:0], LEDGER, tmp_path / "p.xlsx", "en")
    assert len(read(tmp_path / "p.xlsx")[1]) == 1
    assert openpyxl.load_workbook(tmp_path / "p.xlsx")["Portraits"].max_row == 1


# --- for its reader --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lang", "first"), [("en", "Answer"), ("zh", "结论")])
def test_the_first_sheet_says_the_answer(tmp_path, lang, first):
    ledger = LEDGER | {"answers": ["<b>7 customers</b>", "=they bought"]}
    workbook.write(hostile(), ledger, tmp_path / "p.xlsx", lang)
    sheet = openpyxl.load_workbook(tmp_path / "p.xlsx").worksheets[0]
    said = [row[0] for row in sheet.iter_rows(values_only=True) if row[0]]
    assert (
        sheet.title == first
        and said[2:4] == ledger["answers"]
        and said[1] == {"en": "As of 31 Dec 2024", "zh": "截至 2024 年 12 月 31 日"}[lang]
    )
    assert len(said) == 10


def test_every_head_has_its_definition_and_its_unit(tmp_path):
    workbook.write(hostile(), LEDGER, tmp_path / "p.xlsx", "zh")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    notes = {cell.value: cell.comment.text for cell in book["客户画像"][1]}
    assert notes["预期价值"].startswith("预测期内") and notes["预期价值"].endswith("金额（CNY）")
    assert all(notes.values())
    listed = {row[1]: row[3] for row in book["列的说明"].iter_rows(min_row=2, values_only=True)}
    assert set(listed) == set(notes) and all(notes[k].startswith(listed[k]) for k in listed)


def test_long_sheets_keep_their_heads_in_sight_and_on_every_page(tmp_path):
    workbook.write(hostile(), LEDGER, tmp_path / "p.xlsx", "en")
    for sheet in openpyxl.load_workbook(tmp_path / "p.xlsx"):
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
        assert sheet.sheet_properties.pageSetUpPr.fitToPage and sheet.page_setup.fitToHeight == 0
        if sheet.title == "Portraits":
            assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref == f"A1:G{len(HOSTILE) + 1}"
            assert sheet.print_title_rows == "$1:$1" and sheet.print_title_cols == "$A:$A"
            assert sheet.conditional_formatting


def test_of_more_customers_than_the_workbook_bears_those_of_most_money_are_in_it(tmp_path, monkeypatch):
    """Scores and classes are those of everybody, whoever stands in the sheet."""
    n = 40
    money = np.arange(n, dtype="float64") * 7 % 41  # 41 is prime: no two are equal
    portraits = pd.DataFrame(
        {
            "customer_id": [f"C{i:02d}" for i in range(n)],
            "recency_days": np.arange(n)[::-1] + 1,
            "frequency": np.arange(n) % 5 + 1,
            "monetary_net": money,
            **{c: np.arange(n) % 5 + 1 for c in "rfm"},
            "rfm_class": ["important_value"] * n,
        }
    )
    monkeypatch.setattr(workbook, "MOST", 15)
    workbook.write(portraits, LEDGER, tmp_path / "p.xlsx", "en")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    kept = [row[0] for row in book["Portraits"].iter_rows(min_row=2, max_col=1, values_only=True)]
    assert kept == [f"C{i:02d}" for i in range(n) if i in np.argsort(-money)[:15]]
    assert kept == [row[0] for row in book["RFM"].iter_rows(min_row=2, max_col=1, values_only=True)]
    said = [row[0] for row in book["Answer"].iter_rows(values_only=True) if row[0]]
    assert "The sheets have the 15 customers of most net money; all 40 are in portraits.csv." in said
    thresholds = [row[5] for row in book["RFM thresholds"].iter_rows(min_row=3, max_row=5, values_only=True)]
    assert thresholds == [20.5, 3.0, float(np.median(money))] and "all 40" in book["RFM thresholds"]["A1"].value


def test_libreoffice_reads_the_same_values(tmp_path, soffice):
    portraits = hostile().drop(columns="expected_value").iloc[:19].assign(expected_value=np.arange(19) / 8)
    workbook.write(portraits, LEDGER, tmp_path / "p.xlsx", "en")
    home = (tmp_path / "office").as_uri()
    command = [soffice, f"-env:UserInstallation={home}", "--headless", "--convert-to"]
    for kind in ("xlsx:Calc MS Excel 2007 XML", "pdf"):  # read, and drawn: what is read may still not be drawn
        subprocess.run(
            [*command, kind, "--outdir", tmp_path / "out", tmp_path / "p.xlsx"], check=True, capture_output=True
        )
    assert (tmp_path / "out" / "p.pdf").stat().st_size > 10_000
    ours, theirs = read(tmp_path / "p.xlsx"), read(tmp_path / "out" / "p.xlsx")
    assert len(ours) == len(theirs) == 4
    for sheet, other in zip(ours, theirs, strict=True):
        pairs = [(a, b) for x, y in zip(sheet, other, strict=True) for a, b in zip(x, y, strict=True)]
        assert [(a, b) for a, b in pairs if plain(a) != plain(b)] == []


def plain(value):
    """Excel's escapes undone; a line end is one, and an empty text is no text."""
    if isinstance(value, datetime | date):
        return str(value)[:10]
    return (
        openpyxl.utils.escape.unescape(value).replace("\r", "\n")
        if isinstance(value, str) and value
        else None
        if value == ""
        else value
    )


def test_the_zip_has_no_clock(tmp_path):
    workbook.write(hostile(), LEDGER, tmp_path / "p.xlsx", "en")
    with zipfile.ZipFile(tmp_path / "p.xlsx") as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_rows_of_a_long_sheet_stand_in_their_order():
    frame = pd.DataFrame({"n": np.arange(30_000)})
    text = "".join(cells.rows(cells.Cells(frame, ["number"], {}), {}))
    assert text == "".join(f'<row r="{i + 2}"><c r="A{i + 2}"><v>{i}</v></c></row>' for i in range(30_000))


def test_excel_s_first_day_is_its_day_one(tmp_path):
    """XlsxWriter writes 0 there, which Excel shows as 0 January."""
    days = pd.Series(pd.to_datetime(["1900-01-01", "1900-02-28", "1900-03-01"])).astype("datetime64[us]")
    text = "".join(cells.rows(cells.Cells(pd.DataFrame({"day": days}), ["date"], {}), {}))
    assert [piece.split("<")[0] for piece in text.split("<v>")[1:]] == ["1", "59", "61"]
