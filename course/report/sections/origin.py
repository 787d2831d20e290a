"""Files, columns and versions."""

import pandas as pd

from course import schema
from course.report.blocks import accounted, items, paragraph, table
from course.report.sections import Page


def origin(page: Page) -> dict:
    """Which files and columns the figures are of."""
    phrase, rows, mapping = page.phrase, [], []
    for kind, entry in page.ledger["tables"].items():
        canonical = schema.canonical(kind)
        for source in entry["sources"]:
            days = [page.day(pd.Timestamp(source[end])) for end in ("first", "last") if source[end]]
            read_as = source.get("encoding") or source["format"]
            label = canonical.label.say(page.lang)
            rows.append([label, source["name"], read_as, " – ".join(days) or "–", *accounted(source)])
        mapping += [f"{canonical.columns[n].label.say(page.lang)} ← {c}" for n, c in entry["mapping"].items()]
    head = [phrase("Table"), phrase("File"), phrase("Encoding"), phrase("From – to")]
    head += [phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
    return {
        "title": phrase("Where it comes from"),
        "blocks": [table(head, rows, 4), paragraph(phrase("Columns that were read:")), items(mapping)],
    }


def versions(page: Page) -> str:
    """With what the page was made."""
    versions = ", ".join(f"{k} {v}" for k, v in page.ledger["versions"].items())
    return page.phrase("Kit {kit}; {versions}.", kit=page.ledger["kit"], versions=versions)
