"""What a page is made of: paragraphs, notes, figures, tables, folds; and an account as a row of a table."""

import pandas as pd
from markupsafe import Markup

from course.report.format import day, minus, told


def paragraph(words: str) -> dict:
    """A paragraph."""
    return {"text": words, "soft": False}


def note(words: str) -> dict:
    """A remark in small print."""
    return {"text": words, "soft": True}


def items(lines: list[str]) -> dict:
    """A list of sentences."""
    return {"list": lines}


def figure(title: str, drawn: Markup, below: str = "") -> dict:
    """A chart under its message."""
    return {"figure": drawn, "title": title, "below": below}


def legend(names: list[tuple[str, str]]) -> dict:
    """What the tones of a chart mean: (tone, name)."""
    return {"legend": names}


def table(
    head: list[str],
    rows: list[list],
    texts: int = 1,
    total: list | None = None,
    about: list[str] | None = None,
    title: str = "",
    below: str = "",
) -> dict:
    """A table whose first `texts` columns are words and the others figures, with a title and what is measured below
    it; `about` names the customer of each row. A cell of Markup is a bar."""
    marks = about or [None] * len(rows)
    kinds = [
        "barred" if any(isinstance(r[j], Markup) for r in rows) else "n" if j >= texts else "" for j in range(len(head))
    ]
    cells = [{"cells": row, "sum": False, "about": mark} for row, mark in zip(rows, marks, strict=True)]
    cells += [{"cells": total, "sum": True, "about": None}] if total else []
    return {"table": {"head": head, "rows": cells, "kinds": kinds}, "title": title, "below": below}


def grid(title: str, below: str, rows: str, columns: str, cells: list[list[tuple[str, float]]]) -> dict:
    """A table of five by five scores, rows from 5 to 1: a cell is a figure and its share of the largest, by which it is
    darker."""
    return {"grid": {"rows": rows, "columns": columns, "cells": cells}, "title": title, "below": below}


def full(value: float | None) -> str:
    """An amount to be added up: in whole units, with cents below a thousand where there are any; a dash where it is not
    told."""
    if pd.isna(value):
        return "–"
    return minus(f"{value:,.0f}" if abs(value) >= 1000 or f"{value:.2f}".endswith(".00") else f"{value:,.2f}")


def accounted(account: dict) -> list[str]:
    """Rows, orders, customers and money of an account."""
    return [*(told(account[k], ",") for k in ("rows", "orders", "customers")), full(account["money"])]


def limit(value: object, lang: str) -> str:
    """A lowest or highest value: a day, a figure, or nothing."""
    if value is None or pd.isna(value):
        return "–"
    return day(value, lang) if isinstance(value, pd.Timestamp) else minus(f"{value:,.10g}")
