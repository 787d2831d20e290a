"""The classes and the first customers, told."""

from course.report.blocks import cards as side_by_side
from course.report.blocks import note
from course.report.sections import Page
from course.workflow.steps.portrait import Told


def cards(page: Page, found: Told) -> dict | None:
    """The customers at stake who are expected to bring most, one card each."""
    if not found.cards:
        return None
    words = page.phrase("The first three of the list above. For anybody else: course card FOLDER CUSTOMER.")
    shown = side_by_side([(c.to_dict(page.lang), c.customer_id) for c in found.cards])
    return {"title": page.phrase("Their portraits"), "blocks": [shown, note(words)]}


def personas(page: Page, found: Told) -> dict | None:
    """The classes as they are told: every sentence with its figure."""
    if not found.personas:
        return None
    shown = side_by_side([(p.to_dict(page.lang), None) for p in found.personas])
    words = page.phrase("What is called more frequent is so beyond chance, all comparisons together.")
    return {"title": page.phrase("The classes, told"), "blocks": [shown, note(words)], "folded": True}
