"""What a page is made of: paragraphs, notes, figures, tables; and figures as a reader wants them."""

from collections.abc import Callable

import pandas as pd
from markupsafe import Markup


def paragraph(words: str) -> dict:
    """A paragraph."""
    return {"text": words, "soft": False}


def note(words: str) -> dict:
    """A remark in small print."""
    return {"text": words, "soft": True}


def figure(title: str, drawn: str, below: str = "") -> dict:
    """A chart (SVG text) under its message."""
    return {"figure": Markup(drawn), "title": title, "below": below}


def table(
    head: list[str], rows: list[list], texts: int = 1, total: list | None = None, about: list[str] | None = None
) -> dict:
    """A table whose first `texts` columns are words and the others figures; `about` names the customer of each row."""
    marks = about or [None] * len(rows)
    cells = [{"cells": row, "sum": False, "about": mark} for row, mark in zip(rows, marks, strict=True)]
    cells += [{"cells": total, "sum": True, "about": None}] if total else []
    return {"table": {"head": head, "rows": cells, "figures": [j >= texts for j in range(len(head))]}}


def card(content: dict, about: str | None = None) -> dict:
    """A portrait as portrait.Card or Persona gives it; `about` names its customer."""
    return {"card": content, "about": about}


def money(value: float | None) -> str:
    """An amount without false precision: cents only below a thousand; a dash where it is not told."""
    if pd.isna(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def told(value: float | None, form: str = ",.0f") -> str:
    """A figure in this form; a dash where it is not told."""
    return "–" if pd.isna(value) else format(value, form)


def span(low: float | None, high: float | None, form: Callable[[float], str]) -> str:
    """From … to; a dash where it is not told."""
    return "–" if pd.isna(low) else f"{form(low)} – {form(high)}"


def accounted(account: dict) -> list[str]:
    """Rows, orders, customers and money of an account."""
    texts = [f"{account[k]:,}" if account[k] is not None else "–" for k in ("rows", "orders", "customers")]
    return [*texts, "–" if account["money"] is None else money(account["money"])]


def limit(value: object) -> str:
    """A lowest or highest value: a date, a figure, or nothing."""
    if value is None or pd.isna(value):
        return "–"
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else f"{value:,.10g}"
