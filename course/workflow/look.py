"""What one file holds, before a run."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from course import collect, forms, schema
from course.collect import Raw, open_all
from course.collect.mapping import lacking, settle
from course.errors import DataError
from course.language import Sentence
from course.workflow.remarks import reach


def look(
    file: str | Path | Raw,
    mapping: Mapping[str, str] | None = None,
    *,
    blanks: Mapping[str, list[str]] | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
) -> list[Sentence]:
    """What a file holds: what it was taken for, which column is what, what can be computed and what is missing.

    Raises
    ------
    DataError : the file cannot be read, or is none of the tables.
    """
    raws = open_all(file, encoding)
    raw = raws[0]
    kind = _likely_kind(raw, mapping or {})
    # What is open is told with both readings; only a run needs the answer.
    table = collect.read(raws, kind, mapping, blanks=blanks, date_order=date_order, provisional=True)
    facts, totals = table.sources[0], pd.Series(collect.control_totals(table.frame))
    lines = [
        Sentence(
            "{file}: {rows:,} rows, {columns} columns, {facts}.",
            file=raw.name,
            rows=len(table.frame),
            columns=len(raw.frame.columns),
            facts=", ".join(str(v) for k, v in facts.items() if k in ("format", "encoding", "sheet", "table")),
        ),
        Sentence(
            "It looks like: {kind} (--{option}).",
            kind=schema.canonical(kind).label,
            option=kind.replace("order_lines", "lines"),
        ),
    ]
    columns = schema.canonical(kind).columns
    for name, column in table.mapping.items():
        lines.append(Sentence("  {name} ({label}) ← {column}", name=name, label=columns[name].label, column=column))
    unused = [c for c in raw.frame.columns if c not in table.mapping.values()]
    if unused:
        lines.append(Sentence("Not used: {columns}.", columns=", ".join(unused)))
    if pd.notna(totals["money"]):
        lines.append(
            Sentence(
                "Control totals: {orders:,} orders, {customers:,} customers, money {money:,.2f}, {first} to {last}.",
                **totals.drop("rows"),
            )
        )
    if len(table.problems):
        counts = table.problems["column"].value_counts()
        lines.append(
            Sentence("Cells that cannot be read: {counts}.", counts=", ".join(f"{c} {n:,}" for c, n in counts.items()))
        )
    done, not_done = reach({kind: table})
    lines += table.notes
    lines.append(Sentence("Can be computed:"))
    lines += [Sentence("  {what}", what=what) for what in done]
    lines.append(Sentence("Missing for the rest:"))
    lines += [Sentence("  {what}", what=what) for what in not_done]
    return lines


def _likely_kind(raw: Raw, mapping: Mapping[str, str]) -> str:
    """The table whose required columns the file has; of several the one with most columns found."""
    if not raw.header:
        return "orders"
    form = forms.recognise(raw.frame.columns)
    if form is not None and form.kind != "refuse" and not mapping:
        return form.kind
    found = {}
    for kind in schema.TABLES:
        if not set(mapping) <= set(schema.canonical(kind).columns):
            continue
        try:
            settled, _ = settle(raw.frame, kind, True, dict(mapping))
        except DataError:
            continue
        found[kind] = (not lacking(settled, kind), len(settled))
    return max(found, key=lambda k: found[k]) if found else "orders"
