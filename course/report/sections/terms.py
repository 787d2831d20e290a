"""What the words of the page mean, as far as it uses them."""

from course.report.blocks import items
from course.report.sections import Page


def terms(page: Page) -> dict:
    """The measures behind the figures, each in a sentence."""
    phrase, found = page.phrase, page.result.found
    lines = [
        phrase("95% interval: had other customers of the same kind come, the figure would lie in it 95 times in 100."),
        phrase("Beyond chance: a difference larger than chance explains, all comparisons of a kind taken together."),
    ]
    if "segment" in found:
        lines.append(
            phrase(
                "RFM class: customers by how lately they bought, how often, and how much in all, each beside the "
                "median."
            )
        )
        lines.append(phrase("Net money: what customers paid, refunds taken off where the data have them."))
    if "lifecycle" in found:
        lines.append(
            phrase(
                "At risk: silent for longer than customers with as many order days usually are, and, where that can "
                "be foreseen, no likelier to order than not. Lost: silent for so long that few come back."
            )
        )
    if "clv" in found:
        lines.append(
            phrase(
                "Expected: what the customers of today will spend if all goes on as before. It is no promise, and not "
                "what an action will add."
            )
        )
    if "nps" in found:
        lines.append(phrase("NPS: the share who answered 9 or 10, less the share who answered 0 to 6."))
    if "portrait" in found:
        lines.append(phrase("TGI: the share in a group for every 100 in all customers; 120 is a fifth more often."))
    return {"title": phrase("Words and measures"), "blocks": [items(lines)]}
