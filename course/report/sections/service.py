"""What customers asked the service for."""

from course.report.blocks import paragraph
from course.report.sections import Page
from course.workflow.steps.service import Service


def tickets(page: Page, found: Service) -> dict:
    """Tickets, those still open, how long they took, and how many were content."""
    phrase = page.phrase
    words = [
        phrase(
            "{n:,} service {n:ticket|tickets} of {people:,} {people:customer|customers}.",
            n=found.tickets,
            people=found.customers,
        )
    ]
    if found.still_open is not None:
        words.append(phrase("{n:,} of them {n:is|are} open.", n=found.still_open))
    if found.hours is not None:
        words.append(phrase("Half of those that were closed took {hours:,.1f} hours or less.", hours=found.hours))
    blocks = [paragraph(page.joined(words))]
    one = found.satisfaction
    if one is not None and one.most == 1:
        said = phrase(
            "Of {n:,} who said what they thought of the service, {share:.0%} (95% interval {low:.0%}–{high:.0%}) were "
            "content. Good and bad are no 0–10 and make no NPS.",
            n=one.n,
            share=one.share,
            low=one.share_low,
            high=one.share_high,
        )
        blocks.append(paragraph(said))
    elif one is not None:
        said = phrase(
            "Satisfaction with the service, from {least} to {most}: {share:.0%} (95% interval {low:.0%}–{high:.0%}) of "
            "{n:,} {n:answer|answers} are {top} or more; the mean is {mean:.2f}.",
            least=one.least,
            most=one.most,
            share=one.share,
            low=one.share_low,
            high=one.share_high,
            n=one.n,
            top=one.top,
            mean=one.mean,
        )
        blocks.append(paragraph(said))
    return {"title": phrase("What customers asked the service for"), "blocks": blocks}
