"""What campaigns changed."""

from course.report import figures
from course.report.blocks import figure, table
from course.report.sections import Page
from course.workflow.steps.effect import CampaignEffects


def campaigns(page: Page, found: CampaignEffects) -> dict:
    """What campaigns changed, by the customers left out of them."""
    phrase, arms = page.phrase, found.campaigns.table
    blocks = []
    if len(arms):
        title = phrase(
            "Of {n} comparisons with customers left out, {clear} {clear:shows|show} a difference in orders",
            n=found.compared,
            clear=found.clear,
        )
        alt = phrase(
            "{title}. Dots: difference to the control group of each campaign, with 95% intervals.", title=title
        )
        blocks.append(figure(title, figures.differences(arms, phrase, alt)))
        head = [phrase("Campaign"), phrase("Arm"), phrase("Customers"), phrase("With an order"), phrase("Left out")]
        rows = [
            [
                r.campaign_id,
                r.arm,
                f"{r.n:,}",
                f"{r.rate:.1%}",
                f"{r.rate_control:.1%}",
                f"{100 * r.difference:+.1f} ({100 * r.low:+.1f} – {100 * r.high:+.1f})",
                f"{r.spend_difference:+,.2f} ({r.spend_low:+,.2f} – {r.spend_high:+,.2f})",
            ]
            for r in arms.itertuples()
        ]
        head += [phrase("Difference, points (95% interval)"), phrase("Money a head (95% interval)")]
        blocks.append(table(head, rows, 2))
    blocks.append({"list": [sentence.say(page.lang) for sentence in found.campaigns.remarks]})
    return {"title": phrase("What campaigns changed"), "blocks": blocks}
