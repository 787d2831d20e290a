"""Which records are one person."""

from course.report.blocks import note, paragraph
from course.report.sections import Page
from course.workflow.steps.identity import Persons


def persons(page: Page, found: Persons) -> dict:
    """Which records were taken for one person, and what was held back."""
    phrase, counts = page.phrase, found.counts
    words = phrase(
        "{records:,} customer records are {people:,} persons: {merges:,} merges, {exact:,} by agreeing keys and the "
        "others by weighing what agrees. {held:,} {held:link was|links were} held back because the two sides "
        "contradict each other.",
        records=counts["records"],
        people=counts["persons"],
        merges=counts["merges"],
        exact=counts["exact"],
        held=counts["held_back"],
    )
    more = phrase(
        "How many records fall together is no measure of how well: merging too much would raise it too. identity.csv "
        "has every merge with what agreed, and every one can be undone."
    )
    return {"title": phrase("Who is one person"), "blocks": [paragraph(words), note(more)]}
