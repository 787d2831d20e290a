"""Which records are one person."""

from course import schema
from course.report.blocks import note, paragraph, table
from course.report.sections import Page
from course.workflow.steps.identity import Persons


def persons(page: Page, found: Persons) -> dict:
    """Which records were taken for one person, what was held back, and how far the records could tell."""
    phrase, counts = page.phrase, found.counts
    blocks = [paragraph(line) for line in (_merged(page, counts), _could(page, counts))]
    blocks += _files(page, found)
    blocks.append(note(_looked_at(page, found)))
    if counts["merges"]:
        words = phrase(
            "How many records fall together is no measure of how well: merging too much would raise it too. "
            "identity.csv has every merge with what agreed, and every one can be undone."
        )
        blocks.append(note(words))
    return {"title": phrase("Who is one person"), "blocks": blocks}


def _merged(page: Page, counts: dict[str, int]) -> str:
    if not counts["merges"] and not counts["recognisable"]:
        return page.phrase(
            "{records:,} customer records were kept as they are: whether two of them are one person could not be told.",
            records=counts["records"],
        )
    if not counts["merges"]:
        return page.phrase("No two of {records:,} customer records are one person.", records=counts["records"])
    return page.phrase(
        "{records:,} customer records are {people:,} persons: {merges:,} merges, {exact:,} by agreeing keys and the "
        "others by weighing what agrees. {held:,} {held:link was|links were} held back because the two sides "
        "contradict each other.",
        records=counts["records"],
        people=counts["persons"],
        merges=counts["merges"],
        exact=counts["exact"],
        held=counts["held_back"],
    )


def _could(page: Page, counts: dict[str, int]) -> str:
    return page.phrase(
        "{able:,} of {records:,} records hold enough to be known again, should the same person be written down twice; "
        "of the others nobody would notice.",
        able=counts["recognisable"],
        records=counts["records"],
    )


def _files(page: Page, found: Persons) -> list[dict]:
    phrase = page.phrase
    rows = [[r.file, f"{r.records:,}", f"{r.persons:,}", f"{r.elsewhere:,}"] for r in found.files.itertuples()]
    head = [phrase("File"), phrase("Records"), phrase("Persons"), phrase("Of them in another file too")]
    return [table(head, rows)] if rows else []


def _looked_at(page: Page, found: Persons) -> str:
    columns = schema.canonical("customers").columns
    return page.phrase(
        "Compared: {compared}. Columns nothing was looked for in: {unused}.",
        compared=", ".join(columns[c].label.say(page.lang) for c in found.identity.columns) or "–",
        unused=", ".join(found.unused) or "–",
    )
