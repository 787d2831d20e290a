"""portraits.xlsx: the answer, the portraits, RFM scored by live formulas, the accounts, what was found, the columns.

XlsxWriter makes the book; the rows of the two long sheets are written by one statement each (cells.py). Texts are
written as texts, so that no cell of the input becomes a formula or a link.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from unicodedata import east_asian_width

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from course import lifecycle, schema, segment
from course.language import Sentence, text
from course.report import cells, format
from course.report.columns import Column, columns, worded
from course.report.words import class_alias, class_label

#: More customers make a workbook that is slow to open: the largest are in it, all of them in portraits.csv.
MOST = 100_000
#: Letters that a line of the first sheet is wide.
_WIDE = 92
#: Columns of the portraits that one printed page is wide enough for.
_A_PAGE = 12
_A4 = 9

_HEAD = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#EEF2F6"}
#: Every format of the workbook, by what is written in it.
_FORMATS = {
    "title": {"bold": True, "font_size": 16},
    "head": _HEAD,
    "wrapped": {"text_wrap": True, "valign": "top"},
    "date": {"num_format": "yyyy-mm-dd"},
    "head_of_figures": _HEAD | {"align": "right"},
    "head_of_yes": _HEAD | {"align": "center"},
    "text": {"indent": 1},
    "text_above": {"indent": 1, "valign": "top"},
    "yes": {"num_format": '"TRUE";"TRUE";"FALSE"', "align": "center"},  # else LibreOffice shows some as 0 and 1
    "decimal": {"num_format": "#,##0.00"},
    "whole_above": {"num_format": "#,##0", "valign": "top"},
    "money": {"num_format": "#,##0.00"},
    "share": {"num_format": "0.0%"},
    "input": {"bg_color": "#FFF7D6"},
    "note": {"italic": True, "font_color": "#5a6472", "text_wrap": True, "valign": "top"},
}
_AT_RISK = {"bg_color": "#FCE4C8", "font_color": "#7A3E00"}
_LOST = {"bg_color": "#E3E6EA", "font_color": "#3C4650"}
_BAR = {
    "type": "data_bar",
    "bar_solid": True,
    "bar_color": "#9CC3E0",
    "bar_border_color": "#9CC3E0",
    "data_bar_2010": True,
    "max_type": "percentile",  # one customer does not make all other bars short
    "max_value": 95,
}


@dataclass
class _Book:
    """A workbook in the making, its formats, and the rows of its long sheets by the number of the sheet."""

    book: xlsxwriter.Workbook
    formats: dict[str, Format]
    lang: str
    long: dict[int, cells.Cells]

    def phrase(self, words: str, **values: object) -> str:
        """A sentence of the catalogue in the workbook's language."""
        return text(words, self.lang, **values)

    def sheet(self, name: str, titles: int = 1, pages: int = 1) -> Worksheet:
        """A sheet that prints in landscape on A4, `pages` wide, its first `titles` rows on every page."""
        sheet = self.book.add_worksheet(name)
        sheet.set_landscape()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(pages, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
        sheet.set_footer("&L&A&R&P / &N")
        if titles:
            sheet.repeat_rows(0, titles - 1)
        return sheet

    def fill(self, sheet: Worksheet, rows: cells.Cells, formats: list[Format | None]) -> None:
        """Rows from the second on, written when the book is; a specimen of each column says its format until then."""
        for j, form in enumerate(formats):
            sheet.write_blank(1, j, None, form)
        self.long[len(self.book.worksheets())] = rows


def write(portraits: pd.DataFrame, ledger: dict, path: Path, lang: str) -> None:
    """Write the workbook in `lang`; answers, accounts and the names of tags are those of the ledger.

    Of more than MOST customers those of most net money are in it, and its first sheet says so.
    """
    made = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(made, options)
    # The same inputs give the same bytes: no clock in the file.
    book.set_properties({"created": datetime(2000, 1, 1), "title": text("Customer portraits", lang)})
    into = _Book(book, {name: book.add_format(form) for name, form in _FORMATS.items()}, lang, {})
    told = columns(portraits, ledger)
    shown = _largest(portraits)
    _answer(into, ledger, len(shown), len(portraits))
    _portraits(into, shown, told)
    if "frequency" in portraits and portraits["frequency"].notna().any():
        _rfm(into, shown.dropna(subset="frequency"), portraits.dropna(subset="frequency"))
    _accounts(into, ledger["tables"])
    _findings(into, ledger["findings"])
    _columns(into, told)
    book.close()
    cells.fill(made.getvalue(), into.long, path)


def _largest(portraits: pd.DataFrame) -> pd.DataFrame:
    """The customers that the workbook has, in the order of the portraits."""
    if len(portraits) <= MOST:
        return portraits
    by = [c for c in ("monetary_net",) if c in portraits]
    order = portraits.sort_values([*by, "customer_id"], ascending=[False] * len(by) + [True])
    return portraits.loc[order.index[:MOST].sort_values()]


def _answer(into: _Book, ledger: dict, shown: int, customers: int) -> None:
    """The first sheet: what the report begins with, what to do, and what the other sheets hold."""
    phrase, form, lang = into.phrase, into.formats, into.lang
    sheet = into.sheet(phrase("Answer"), titles=0)
    sheet.set_column(0, 0, _WIDE)
    sheet.set_column(1, 5, 14)
    sheet.hide_gridlines(2)
    as_of = ledger["as_of"]
    lines = [
        (phrase("Customer portraits"), "title"),
        (
            phrase("As of {as_of}", as_of=format.day(pd.Timestamp(as_of), lang)) if as_of else phrase("Without dates"),
            "note",
        ),
        ("", None),
        *((line, "wrapped") for line in ledger.get("answers", ())),
    ]
    if shown < customers:
        said = phrase(
            "The sheets have the {shown:,} customers of most net money; all {customers:,} are in portraits.csv.",
            shown=shown,
            customers=customers,
        )
        lines.append((said, "wrapped"))
    for i, (line, name) in enumerate(lines):
        sheet.set_row(i, _height(line) if name == "wrapped" else None)
        sheet.write_string(i, 0, line, form[name] if name else None)
    i = _actions(into, sheet, ledger["findings"].get("actions") or [], len(lines) + 1)
    sheet.write_string(i, 0, phrase("What the other sheets hold"), form["head"])
    for k, line in enumerate(_CONTENTS, i + 1):
        sheet.write_string(k, 0, line.say(into.lang), form["wrapped"])


def _height(text: str) -> float:
    """How high a row is whose first cell is this text, wrapped: not every program finds out by itself."""
    lines = (sum(2 if east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n"))
    return 15.0 * sum(max(1, -(-units // (_WIDE - 8))) for units in lines)


_CONTENTS = (
    Sentence("Portraits: a row a customer. A note on each head says what the column is."),
    Sentence("RFM and its thresholds: change a yellow figure, and scores and classes follow."),
    Sentence("Accounts: what was received, what was used, and why not the rest."),
    Sentence("Findings: classes, expected money and stages, as the report shows them."),
    Sentence("Columns: definition and unit of every column of the portraits."),
)


def _actions(into: _Book, sheet: Worksheet, actions: list[dict], i: int) -> int:
    """What to do, ordered by the money behind it; the row after it."""
    if not actions:
        return i
    heads = (Sentence("What to do on Monday"), _CUSTOMERS, _EXPECTED, _LOW, _HIGH, Sentence("Who does it"))
    for j, head in enumerate(heads):
        sheet.write_string(i, j, head.say(into.lang), into.formats["head_of_figures" if 0 < j < 5 else "head"])
    for k, action in enumerate(actions, i + 1):
        stake = action.get("stake") or {}
        said = "\n".join(action[part][into.lang] for part in ("sentence", "evidence"))
        sheet.set_row(k, _height(said))
        sheet.write_string(k, 0, said, into.formats["wrapped"])
        for j, value in enumerate((action["customers"], *(stake.get(n) for n in ("expected", "low", "high"))), 1):
            if value is not None:
                sheet.write_number(k, j, value, into.formats["whole_above"])
        sheet.write_string(k, 5, action["owner"][into.lang], into.formats["text_above"])
    return i + len(actions) + 2


def _portraits(into: _Book, portraits: pd.DataFrame, told: list[Column]) -> None:
    lang, form, n = into.lang, into.formats, len(portraits)
    pages = -(-len(told) // _A_PAGE)
    sheet = into.sheet(into.phrase("Portraits"), pages=pages)
    sheet.repeat_columns(0)
    kinds = [_kind(column, portraits[column.name]) for column in told]
    for j, (column, kind) in enumerate(zip(told, kinds, strict=True)):
        sheet.set_column(j, j, 14 if j else 20, form.get(kind))
        head = {"text": "head", "yes": "head_of_yes"}.get(kind, "head_of_figures")
        sheet.write_string(0, j, column.label[lang], form[head])
        note = f"{column.definition[lang]}\n{column.unit[lang]}"
        sheet.write_comment(0, j, note, {"width": 260, "height": 110, "author": column.name})
        _mark(into, sheet, j, column, n)
    said = portraits.assign(**{c.name: worded(portraits[c.name], c, lang) for c in told})
    into.fill(sheet, cells.Cells(said, kinds, {}), [form.get(kind) for kind in kinds])
    sheet.set_row(0, 45)  # three lines of a head
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, n, len(told) - 1)


def _kind(column: Column, values: pd.Series) -> str:
    """How a column is written; figures with a fraction are shown with two places."""
    if column.kind == "number" and pd.api.types.is_float_dtype(values.dtype) and (values.dropna() % 1 != 0).any():
        return "decimal"
    return column.kind


def _mark(into: _Book, sheet: Worksheet, j: int, column: Column, n: int) -> None:
    """What catches the eye of a column: bars behind money and shares, colours of who is leaving."""
    if not n:
        return
    if column.name in ("monetary_net", "expected_value", "churn_risk", "chance_90_days"):
        sheet.conditional_format(1, j, n, j, _BAR)
    elif column.name in ("r", "f", "m"):
        sheet.conditional_format(1, j, n, j, {"type": "2_color_scale", "min_color": "#FFFFFF", "max_color": "#9CC3E0"})
    elif column.name == "stage":
        for stage, form in (("at_risk", _AT_RISK), ("lost", _LOST)):
            said = lifecycle.STAGES[stage].say(into.lang).replace('"', '""')
            rule = {"type": "cell", "criteria": "==", "value": f'"{said}"', "format": into.book.add_format(form)}
            sheet.conditional_format(1, j, n, j, rule)


def _rfm(into: _Book, portraits: pd.DataFrame, everybody: pd.DataFrame) -> None:
    """Change a yellow figure and the scores, the thresholds and the classes follow.

    A score's threshold is where the average rank of the value passes the quintile: the value at the edge itself, if its
    group's average rank lies above it, else the next value. Four thresholds a dimension keep a large sheet fast. Where
    the sheet has not everybody, the thresholds are figures: those of everybody.
    """
    phrase, form, lang = into.phrase, into.formats, into.lang
    edges = into.sheet(phrase("RFM thresholds"), titles=2)
    sheet = into.sheet("RFM")
    n = len(portraits)
    heads = [phrase("Customer"), *_measures(into), "R", "F", "M", phrase("RFM class")]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, head, form["head"])
    sheet.set_column(0, 3, 16)
    sheet.set_column(7, 7, 22)
    quoted = "'" + edges.get_name().replace("'", "''") + "'"
    rows = portraits[["customer_id", "recency_days", "frequency", "monetary_net", *"rfm", "rfm_class"]]
    labels = {name: class_label(name, lang) for name in segment.CLASSES.values()}
    into.fill(
        sheet,
        cells.Cells(
            rows.assign(rfm_class=rows["rfm_class"].replace(labels)),
            ["text", *["number"] * 6, "text"],
            {name: _score_formula(name, quoted) for name in "rfm"} | {"rfm_class": _class_formula(quoted)},
        ),
        [None, *[form["input"]] * 3, *[None] * 4],
    )
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, n, len(heads) - 1)
    _thresholds(into, edges, everybody, n)


#: Where the sheet of RFM has recency, frequency and money.
_LETTERS = {"r": "B", "f": "C", "m": "D"}


def _measures(into: _Book) -> list[str]:
    return [into.phrase("Recency, days"), into.phrase("Frequency, orders"), into.phrase("Money (net)")]


def _score_formula(name: str, quoted: str) -> str:
    """1, and 1 for each threshold that is reached."""
    sign = "<=" if name == "r" else ">="
    row = "rfm".index(name) + 3
    return "1" + "".join(f"+({_LETTERS[name]}#{sign}{quoted}!${letter}${row})" for letter in "BCDE")


def _class_formula(quoted: str) -> str:
    high = f"IF({quoted}!$F$5<D#,4,0)+IF({quoted}!$F$4<C#,2,0)+IF({quoted}!$F$3>B#,1,0)"
    return f"INDEX({quoted}!$B$9:$B$16,1+{high})"


def _thresholds(into: _Book, edges: Worksheet, everybody: pd.DataFrame, n: int) -> None:
    """The thresholds of the scores and the medians that cut the classes; n customers stand in the sheet of RFM."""
    phrase, form, lang = into.phrase, into.formats, into.lang
    edges.set_column(0, 0, 30)
    edges.set_column(1, 5, 18)
    live = n == len(everybody)
    said = phrase(
        "A score from 2 to 5 needs at least this value (recency: at most). Scores and classes on the next sheet follow."
    )
    if not live:
        said += "\n" + phrase(
            "They are those of all {customers:,} customers, not only of those on the next sheet.",
            customers=len(everybody),
        )
    edges.merge_range(0, 0, 0, 5, said, form["note"])
    edges.set_row(0, 32)
    heads = (phrase("Dimension"), *"2345", phrase("Median: high is strictly above (recency: below)"))
    for j, head in enumerate(heads):
        edges.write_string(1, j, head, form["head"])
    values, medians = _threshold_values(everybody), segment.cuts(everybody)
    for j, (name, measure) in enumerate(zip("rfm", _measures(into), strict=True), 2):
        edges.write_string(j, 0, measure)
        within = f"RFM!${_LETTERS[name]}$2:${_LETTERS[name]}${n + 1}"
        for k, value in enumerate(values[name], 1):
            if live:
                edges.write_formula(j, k, _threshold_formula(within, k, n, name != "r"), None, value)
            else:
                edges.write_number(j, k, value, form["input"])
        if live:
            edges.write_formula(j, 5, _cut_formula(within, name), None, medians[name])
        else:
            edges.write_number(j, 5, medians[name], form["input"])
    heads = (phrase("Money, frequency, recency (1 = high)"), phrase("RFM class"), phrase("Elsewhere called"))
    for j, head in enumerate(heads):
        edges.write_string(7, j, head, form["head"])
    for number in range(8):
        recent, frequent, rich = bool(number & 1), bool(number & 2), bool(number & 4)
        name = segment.CLASSES[recent, frequent, rich]
        row = (f"{int(rich)} {int(frequent)} {int(recent)}", class_label(name, lang), class_alias(name, lang))
        for j, cell in enumerate(row):
            edges.write_string(8 + number, j, cell)


def _cut_formula(cells: str, dimension: str) -> str:
    """`segment.cuts`: the median; where that is the best value there is, half a step on the worse side."""
    median = f"ROUND(MEDIAN({cells}),6)"
    best = {
        "r": f"+IF({median}<=MIN({cells}),0.5,0)",
        "f": f"-IF(AND({median}>=MAX({cells}),MAX({cells})>1),0.5,0)",
    }
    return f"={median}{best.get(dimension, '')}"


def _threshold_formula(cells: str, k: int, n: int, large_is_good: bool) -> str:
    """The lowest value whose average rank exceeds k·n/5 (recency: the highest, ranks counted from the longest)."""
    pick, beyond, aggregate = ("SMALL", ">", "MINIFS") if large_is_good else ("LARGE", "<", "MAXIFS")
    before = "<" if large_is_good else ">"
    position = k * n // 5 + 1
    edge = f"{pick}({cells},{position})"
    rank = f'(COUNTIF({cells},"{before}"&{edge})+(COUNTIF({cells},{edge})+1)/2)'
    following = f'_xlfn.{aggregate}({cells},{cells},"{beyond}"&{edge})'
    none = "1E+300" if large_is_good else "-1E+300"
    exists = f'COUNTIF({cells},"{beyond}"&{edge})>0'
    return f"=IF({rank}*5>{k}*{n},{edge},IF({exists},{following},{none}))"


def _threshold_values(portraits: pd.DataFrame) -> dict[str, list[float]]:
    """The same thresholds from the scores themselves: what a viewer shows that does not calculate."""
    given = {}
    for name, (column, large_is_good) in segment.DIMENSIONS.items():
        values, scores = portraits[column].astype("float64"), portraits[name]
        reach = [values[scores >= s] for s in (2, 3, 4, 5)]
        nobody = 1e300 if large_is_good else -1e300
        given[name] = [float(v.min() if large_is_good else v.max()) if len(v) else nobody for v in reach]
    return given


def _accounts(into: _Book, tables: dict) -> None:
    phrase, lang = into.phrase, into.lang
    sheet = into.sheet(phrase("Accounts"))
    sheet.set_column(0, 1, 30)
    sheet.set_column(2, 5, 16)
    heads = [phrase("Table"), "", phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, head, into.formats["head"])
    i = 1
    for kind, table in tables.items():
        accounts = [(phrase("received"), table["received"]), (phrase("valid"), table["valid"])]
        accounts += [(str(rule.get(lang, name)), rule) for name, rule in table["rules"].items()]
        for label, account in accounts:
            sheet.write_string(i, 0, schema.canonical(kind).label.say(lang))
            sheet.write_string(i, 1, label)
            for j, key in enumerate(("rows", "orders", "customers", "money"), 2):
                if account[key] is not None:
                    sheet.write_number(i, j, account[key], into.formats["money"] if key == "money" else None)
            i += 1
    sheet.freeze_panes(1, 0)


def _columns(into: _Book, told: list[Column]) -> None:
    """What every column of the portraits is: the notes of its heads, to be printed and searched."""
    phrase, lang = into.phrase, into.lang
    sheet = into.sheet(phrase("Columns"))
    sheet.set_column(0, 1, 26)
    sheet.set_column(2, 2, 24)
    sheet.set_column(3, 3, 90)
    for j, head in enumerate((phrase("column"), phrase("name"), phrase("unit"), phrase("definition"))):
        sheet.write_string(0, j, head, into.formats["head"])
    for i, column in enumerate(told, 1):
        row = (column.name, column.label[lang], column.unit[lang], column.definition[lang])
        for j, cell in enumerate(row):
            sheet.write_string(i, j, cell, into.formats["wrapped"])
    sheet.freeze_panes(1, 0)


_CLASS, _CUSTOMERS, _SHARE = Sentence("RFM class"), Sentence("Customers"), Sentence("Share")
_MONEY = Sentence("Money (net)")
_EXPECTED = Sentence("Expected value")
_LOW, _HIGH = Sentence("95% from"), Sentence("95% to")


def _findings(into: _Book, findings: dict) -> None:
    """Money, stake and stages as the report shows them: each a table under its title."""
    lang, form = into.lang, into.formats
    tables = [*_classes(findings, lang), *_value(findings, lang), *_stages(findings, lang)]
    if not tables:
        return
    sheet = into.sheet(into.phrase("Findings"), titles=0)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 6, 16)
    i = 0
    for title, heads, kinds, rows in tables:
        sheet.write_string(i, 0, title.say(lang), form["note"])
        for j, head in enumerate(heads):
            sheet.write_string(i + 1, j, head.say(lang), form["head"])
        for k, (label, row) in enumerate(rows, i + 2):
            sheet.write_string(k, 0, label)
            for j, (name, kind) in enumerate(kinds.items(), 1):
                if row[name] is not None:
                    sheet.write_number(k, j, row[name], form.get(kind))
        i += len(rows) + 3


def _classes(findings: dict, lang: str) -> Iterator[tuple]:
    """Customers and money of each class, where there are orders."""
    if "segments" in findings:
        heads = (_CLASS, _CUSTOMERS, _SHARE, _MONEY, Sentence("Share of money"), _LOW, _HIGH)
        kinds = {"customers": "number", "share": "share", "money": "money"}
        kinds |= {"money_share": "share", "low": "share", "high": "share"}
        rows = [(class_label(row["rfm_class"], lang), row) for row in findings["segments"]["classes"]]
        yield Sentence("Which kinds of customers there are"), heads, kinds, rows


def _value(findings: dict, lang: str) -> Iterator[tuple]:
    """Expected money of each class and of those at stake, where there is a forecast."""
    if "stake" in findings and findings["stake"]["expected"]:
        heads = (_CLASS, _CUSTOMERS, _EXPECTED, _LOW, _HIGH, Sentence("Customers who hold half"))
        kinds = {"customers": "number", "value": "money", "low": "money", "high": "money", "half": "number"}
        rows = [(class_label(row["rfm_class"], lang), row) for row in findings["clv"]["classes"]]
        rows.append((text("Big spenders who have not bought for long", lang), findings["stake"]["expected"]))
        weeks = findings["forecast"]["horizon_weeks"]
        title = Sentence("What customers are expected to bring in the next {weeks} {weeks:week|weeks}", weeks=weeks)
        yield title, heads, kinds, rows


def _stages(findings: dict, lang: str) -> Iterator[tuple]:
    """Customers and money of each stage, where there is one."""
    if "table" in findings.get("lifecycle", {}):
        heads = (Sentence("Stage of life"), _CUSTOMERS, _SHARE, _MONEY, _EXPECTED)
        kinds = {"customers": "number", "share": "share", "money": "money", "expected": "money"}
        rows = [(lifecycle.STAGES[row["stage"]].say(lang), row) for row in findings["lifecycle"]["table"]]
        yield Sentence("Where customers stand"), heads, kinds, rows
