"""portraits.xlsx: the portraits, RFM scored by live formulas, the accounts, what was found of classes and stages.

XlsxWriter in constant memory; texts are written as texts, so that no cell of the input becomes a formula or a link.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pandas as pd
import xlsxwriter

from course import lifecycle, schema, segment, tag, workflow
from course.language import Sentence, text
from course.report.words import class_alias, class_label

#: Excel's last row; the largest customers come first where there are more.
_ROWS = 1_048_575


def write(portraits: pd.DataFrame, ledger: dict, path: Path, lang: str) -> None:
    """Write the workbook in `lang`; the accounts and the names of tags are those of the ledger."""
    book = xlsxwriter.Workbook(
        str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The same inputs give the same bytes: no clock in the file.
    book.set_properties({"created": datetime(2000, 1, 1), "title": text("Customer portraits", lang)})
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "money": book.add_format({"num_format": "#,##0.00"}),
        "share": book.add_format({"num_format": "0.0%"}),
        "input": book.add_format({"bg_color": "#FFF7D6"}),
        "note": book.add_format({"italic": True, "font_color": "#5a6472"}),
    }
    if len(portraits) > _ROWS:
        by = "monetary_net" if "monetary_net" in portraits else "customer_id"
        portraits = portraits.sort_values([by, "customer_id"], ascending=[False, True]).iloc[:_ROWS]
    tags = ledger["findings"].get("tags", {})
    labels = {c["name"]: c[lang][0] for c in workflow.portrait_columns()["columns"]}
    labels |= {f"{tag.PREFIX}{name}": entry[lang] for name, entry in tags.items()}
    _portraits(book, portraits, labels, formats, lang)
    if "frequency" in portraits and portraits["frequency"].notna().any():
        _rfm(book, portraits.dropna(subset="frequency"), formats, lang)
    _accounts(book, ledger["tables"], formats, lang)
    _findings(book, ledger["findings"], formats, lang)
    try:
        book.close()
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] from None  # the OSError behind it: a full disk is said as such


def _portraits(
    book: xlsxwriter.Workbook, portraits: pd.DataFrame, labels: dict[str, str], formats: dict, lang: str
) -> None:
    sheet = book.add_worksheet(text("Portraits", lang))
    kinds = [_kind(name, portraits[name]) for name in portraits]
    for j, (name, kind) in enumerate(zip(portraits, kinds, strict=True)):
        sheet.set_column(j, j, 14, formats.get(kind))
        sheet.write_string(0, j, labels[name], formats["head"])
    for i, row in enumerate(portraits.itertuples(index=False), 1):
        for j, (value, kind) in enumerate(zip(row, kinds, strict=True)):
            if pd.isna(value):
                continue
            if kind == "class":
                sheet.write_string(i, j, class_label(value, lang))
            elif kind == "stage":
                sheet.write_string(i, j, lifecycle.STAGES[value].say(lang))
            elif kind == "yes":
                sheet.write_boolean(i, j, bool(value))
            elif kind == "text":
                sheet.write_string(i, j, value)
            elif kind == "date":
                sheet.write_datetime(i, j, value.to_pydatetime(), formats["date"])
            else:
                sheet.write_number(i, j, float(value), formats.get(kind))
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, len(portraits), len(portraits.columns) - 1)


def _kind(name: str, column: pd.Series) -> str:
    if name.startswith("rfm_class"):
        return "class"
    if name == "stage":
        return "stage"
    if pd.api.types.is_bool_dtype(column.dtype):
        return "yes"
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return "date"
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "money" if name.startswith(("monetary", "average")) else "number"
    return "text"


def _rfm(book: xlsxwriter.Workbook, portraits: pd.DataFrame, formats: dict, lang: str) -> None:
    """Change a yellow figure and the scores, the thresholds and the classes follow.

    A score's threshold is where the average rank of the value passes the quintile: the value at the edge itself, if its
    group's average rank lies above it, else the next value. Four thresholds a dimension keep a large sheet fast.
    """
    edges = book.add_worksheet(text("RFM thresholds", lang))
    sheet = book.add_worksheet("RFM")
    n = len(portraits)
    measures = [text("Recency, days", lang), text("Frequency, orders", lang), text("Money (net)", lang)]
    heads = [text("Customer", lang), *measures, "R", "F", "M", text("RFM class", lang)]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, head, formats["head"])
    sheet.set_column(0, 3, 16)
    sheet.set_column(7, 7, 22)
    quoted = "'" + edges.get_name().replace("'", "''") + "'"
    thresholds, medians = _threshold_values(portraits), segment.cuts(portraits)
    columns = {"r": "B", "f": "C", "m": "D"}
    for i, row in enumerate(portraits.itertuples(index=False), 1):
        sheet.write_string(i, 0, row.customer_id)
        for j, value in enumerate((row.recency_days, row.frequency, row.monetary_net), 1):
            sheet.write_number(i, j, float(value), formats["input"])
        for j, name in enumerate("rfm"):
            column, sign = columns[name], "<=" if name == "r" else ">="
            terms = "".join(f"+({column}{i + 1}{sign}{quoted}!${'BCDE'[k]}${j + 3})" for k in range(4))
            sheet.write_formula(i, 4 + j, f"=1{terms}", None, int(getattr(row, name)))
        high = f"IF({quoted}!$F$5<D{i + 1},4,0)+IF({quoted}!$F$4<C{i + 1},2,0)+IF({quoted}!$F$3>B{i + 1},1,0)"
        sheet.write_formula(i, 7, f"=INDEX({quoted}!$B$9:$B$16,1+{high})", None, class_label(row.rfm_class, lang))
    sheet.freeze_panes(1, 1)

    edges.set_column(0, 0, 30)
    edges.set_column(1, 5, 18)
    edges.write_string(
        0,
        0,
        text(
            "A score from 2 to 5 needs at least this value (recency: at most). Scores and classes on the next sheet "
            "follow.",
            lang,
        ),
        formats["note"],
    )
    for j, head in enumerate(
        (text("Dimension", lang), "2", "3", "4", "5", text("Median: high is strictly above (recency: below)", lang))
    ):
        edges.write_string(1, j, head, formats["head"])
    for j, name in enumerate("rfm"):
        cells = f"RFM!${columns[name]}$2:${columns[name]}${n + 1}"
        edges.write_string(2 + j, 0, heads[1 + j])
        for k in range(4):
            edges.write_formula(
                2 + j, 1 + k, _threshold_formula(cells, k + 1, n, name != "r"), None, thresholds[name][k]
            )
        edges.write_formula(2 + j, 5, _cut_formula(cells, name), None, medians[name])
    edges.write_string(7, 0, text("Money, frequency, recency (1 = high)", lang), formats["head"])
    edges.write_string(7, 1, text("RFM class", lang), formats["head"])
    edges.write_string(7, 2, text("Elsewhere called", lang), formats["head"])
    for number in range(8):
        recent, frequent, rich = bool(number & 1), bool(number & 2), bool(number & 4)
        edges.write_string(8 + number, 0, f"{int(rich)} {int(frequent)} {int(recent)}")
        name = segment.CLASSES[recent, frequent, rich]
        edges.write_string(8 + number, 1, class_label(name, lang))
        edges.write_string(8 + number, 2, class_alias(name, lang))


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


def _accounts(book: xlsxwriter.Workbook, tables: dict, formats: dict, lang: str) -> None:
    sheet = book.add_worksheet(text("Accounts", lang))
    sheet.set_column(0, 1, 30)
    sheet.set_column(2, 5, 16)
    heads = [
        text("Table", lang),
        "",
        text("Rows", lang),
        text("Orders", lang),
        text("Customers", lang),
        text("Money", lang),
    ]
    for j, head in enumerate(heads):
        sheet.write_string(0, j, head, formats["head"])
    i = 1
    for kind, table in tables.items():
        accounts = [(text("received", lang), table["received"]), (text("valid", lang), table["valid"])]
        accounts += [(str(rule.get(lang, name)), rule) for name, rule in table["rules"].items()]
        for label, account in accounts:
            sheet.write_string(i, 0, schema.canonical(kind).label.say(lang))
            sheet.write_string(i, 1, label)
            for j, key in enumerate(("rows", "orders", "customers", "money"), 2):
                if account[key] is not None:
                    sheet.write_number(i, j, account[key], formats["money"] if key == "money" else None)
            i += 1


_CLASS, _CUSTOMERS, _SHARE = Sentence("RFM class"), Sentence("Customers"), Sentence("Share")
_MONEY = Sentence("Money (net)")
_LOW, _HIGH = Sentence("95% from"), Sentence("95% to")


def _findings(book: xlsxwriter.Workbook, findings: dict, formats: dict, lang: str) -> None:
    """Money, stake and stages as the report shows them: each a table under its title."""
    tables = [*_classes(findings, lang), *_value(findings, lang), *_stages(findings, lang)]
    if not tables:
        return
    sheet = book.add_worksheet(text("Findings", lang))
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 6, 16)
    i = 0
    for title, heads, kinds, rows in tables:
        sheet.write_string(i, 0, title.say(lang), formats["note"])
        for j, head in enumerate(heads):
            sheet.write_string(i + 1, j, head.say(lang), formats["head"])
        for k, (label, row) in enumerate(rows, i + 2):
            sheet.write_string(k, 0, label)
            for j, (name, kind) in enumerate(kinds.items(), 1):
                if row[name] is not None:
                    sheet.write_number(k, j, row[name], formats.get(kind))
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
        heads = (_CLASS, _CUSTOMERS, Sentence("Expected value"), _LOW, _HIGH, Sentence("Customers who hold half"))
        kinds = {"customers": "number", "value": "money", "low": "money", "high": "money", "half": "number"}
        rows = [(class_label(row["rfm_class"], lang), row) for row in findings["clv"]["classes"]]
        rows.append((text("Whom to look at first", lang), findings["stake"]["expected"]))
        weeks = findings["forecast"]["horizon_weeks"]
        title = Sentence("What customers are expected to bring in the next {weeks} {weeks:week|weeks}", weeks=weeks)
        yield title, heads, kinds, rows


def _stages(findings: dict, lang: str) -> Iterator[tuple]:
    """Customers and money of each stage, where there is one."""
    if "table" in findings.get("lifecycle", {}):
        heads = (Sentence("Stage of life"), _CUSTOMERS, _SHARE, _MONEY, Sentence("Expected value"))
        kinds = {"customers": "number", "share": "share", "money": "money", "expected": "money"}
        rows = [(lifecycle.STAGES[row["stage"]].say(lang), row) for row in findings["lifecycle"]["table"]]
        yield Sentence("Where customers stand"), heads, kinds, rows
