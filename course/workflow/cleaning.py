"""Every table by its rules, up to the day the portraits are of."""

from collections.abc import Callable, Mapping
from datetime import date

import pandas as pd

from course import clean, clean_stored, schema
from course.clean import Cleaned
from course.collect import Table
from course.engine import Relation
from course.errors import DataError
from course.language import Sentence
from course.orders import last_day


def clean_all(
    tables: Mapping[str, Table], as_of: pd.Timestamp | None, tell: Callable[[Sentence], None]
) -> tuple[dict[str, Cleaned], pd.Timestamp | None, list[Sentence]]:
    """Clean every table.

    Parameters
    ----------
    tables : {kind: what collect.read gave}.
    as_of : the day the portraits are of; default: that of the last valid order, without orders of the last record.

    Returns
    -------
    {kind: cleaned} in the order of `tables`, without those that are wholly later than the day; the day; a sentence for
    each that was left out
    """
    # Orders come first, because they say what the day is; with them their lines, by which they are reconciled.
    cleaned, late, day = _orders(tables, as_of, tell), [], as_of
    if as_of is None and cleaned:
        day = last_day(cleaned["orders"].valid)
    for kind in (k for k in tables if k not in cleaned):
        tell(_cleaning(kind))
        try:
            cleaned[kind] = clean.apply(tables[kind], as_of=day)
        except DataError:
            if day is None or as_of is not None:
                raise
            clean.apply(tables[kind])  # refuses a table without a valid row, whatever the day
            late.append(kind)
    notes = [_left_out(kind, day) for kind in tables if kind in late]
    return {kind: cleaned[kind] for kind in tables if kind in cleaned}, day or _last_day(cleaned), notes


def _orders(
    tables: Mapping[str, Table], as_of: pd.Timestamp | None, tell: Callable[[Sentence], None]
) -> dict[str, Cleaned]:
    """Orders and their lines, reconciled; nothing without orders."""
    cleaned = {}
    for kind in ("orders", "order_lines") if "orders" in tables else ():
        if kind in tables:
            tell(_cleaning(kind))
            cleaned[kind] = _apply(tables[kind], as_of)
    if len(cleaned) == 2:
        cleaned["orders"] = clean.reconcile(cleaned["orders"], cleaned["order_lines"])
    return cleaned


def _apply(table: Table, as_of: pd.Timestamp | None) -> Cleaned:
    return (clean_stored if isinstance(table.frame, Relation) else clean).apply(table, as_of=as_of)


def _cleaning(kind: str) -> Sentence:
    return Sentence("Cleaning {kind}", kind=schema.canonical(kind).label)


def _left_out(kind: str, day: pd.Timestamp) -> Sentence:
    label = schema.canonical(kind).label
    return Sentence("All of “{kind}” is later than {as_of}: it was left out.", kind=label, as_of=day.date())


def _last_day(cleaned: Mapping[str, Cleaned]) -> pd.Timestamp | None:
    """The day of the last record of any table."""
    days = [c.valid[t].max() for c in cleaned.values() if (t := schema.time_column(c.valid))]
    days = [d for d in days if pd.notna(d)]
    return max(days).normalize() if days else None


def day_of(as_of: object) -> pd.Timestamp:
    """A day as a Timestamp. Of texts only 2024-12-31 is read: 03/04/2024 is two days, and "today" is the clock."""
    try:
        day = pd.Timestamp(date.fromisoformat(as_of) if isinstance(as_of, str) else as_of)
    except (ValueError, TypeError):
        day = pd.NaT
    if pd.isna(day) or not 1970 <= day.year <= 2100:
        raise DataError(
            "The as-of date {as_of} is not a date between 1970 and 2100. Write it as 2024-12-31.", as_of=as_of
        )
    return day.tz_localize(None).normalize()
