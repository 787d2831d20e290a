"""What posts say, whoever wrote them."""

from course.report.blocks import paragraph
from course.report.sections import Page, nps
from course.workflow.steps.posts import Posts


def posted(page: Page, found: Posts) -> dict:
    """Posts without reposts, how many of customers, what they praise and blame."""
    phrase = page.phrase
    words = [phrase("{n:,} posts, {own:,} of them without reposts.", n=found.posts, own=found.own)]
    if found.authors is not None:
        words.append(
            phrase(
                "{authors:,} {authors:author|authors}, {customers:,} of them customers of the other tables.",
                authors=found.authors,
                customers=found.customers,
            )
        )
    blocks = [paragraph(page.joined(words)), *nps.read(page, found.heard)]
    if found.themes is not None:
        blocks += nps.themes(page, found.themes)
    return {"title": phrase("What do posts say?"), "blocks": blocks}
