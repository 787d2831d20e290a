"""What campaigns changed."""

import pandas as pd

from course.report import figures, format
from course.report.blocks import items, note, table
from course.report.format import minus
from course.report.sections import Page
from course.workflow.steps.effect import CampaignEffects


def answers(page: Page, found: CampaignEffects) -> list[str]:
    """How many comparisons show a difference, and which these are."""
    if found.campaigns is None or found.campaigns.table.empty:
        return []
    many = page.phrase(
        "Of {n} comparisons with customers left out, {clear} {clear:shows|show} a difference in orders",
        n=found.compared,
        clear=found.clear,
    )
    return [many, *(_which(page, row) for row in found.clear_ones.to_dict("records"))]


def _which(page: Page, row: dict) -> str:
    return page.phrase(
        "{campaign}, {arm}: {change:+.1f} customers with an order in a hundred reached, beside those left out (95% "
        "interval {low:+.1f} to {high:+.1f}).",
        campaign=page.value("campaign_id", row["campaign_id"]),
        arm=page.value("arm", row["arm"]),
        change=100 * row["difference"],
        low=100 * row["low"],
        high=100 * row["high"],
    )


def campaigns(page: Page, found: CampaignEffects) -> dict:
    """What campaigns changed, by the customers left out of them."""
    remarks = [] if found.campaigns is None else [items([page.say(sentence) for sentence in found.campaigns.remarks])]
    blocks = [] if found.campaigns is None else _by_orders(page, found)
    if found.outcomes is not None:
        blocks += _outcomes(page, found)
    remarks += [items([page.say(sentence) for sentence in found.remarks])] if found.remarks else []
    # Where nothing could be compared the remarks say why: they are the answer.
    shown = {"blocks": blocks, "evidence": remarks} if blocks else {"blocks": remarks}
    return {"title": page.phrase("What campaigns changed")} | shown


def _by_orders(page: Page, found: CampaignEffects) -> list[dict]:
    phrase, arms = page.phrase, found.campaigns.table
    if arms.empty:
        return []
    head = [phrase("Campaign"), phrase("Arm"), phrase("Difference to those left out, with its 95% interval")]
    head += [phrase("Difference, points (95% interval)"), phrase("Customers"), phrase("With an order")]
    currency = page.ledger["currency"]
    money = phrase("Money a head (95% interval)")
    if currency:
        money = phrase("Money a head, {unit} (95% interval)", unit=format.unit(currency, page.lang))
    head += [phrase("Left out"), money]
    rows = [
        [
            page.value("campaign_id", r.campaign_id),
            page.value("arm", r.arm),
            bar,
            minus(f"{100 * r.difference:+.1f} ({100 * r.low:+.1f} – {100 * r.high:+.1f})"),
            f"{r.n:,}",
            f"{r.rate:.1%}",
            f"{r.rate_control:.1%}",
            minus(f"{r.spend_difference:+,.2f} ({r.spend_low:+,.2f} – {r.spend_high:+,.2f})"),
        ]
        for bar, r in zip(figures.differences(arms), arms.itertuples(), strict=True)
    ]
    below = phrase("Share of customers with an order, beside that of the customers left out of the same campaign.")
    return [table(head, rows, 2, title=answers(page, found)[0], below=below)]


def _outcomes(page: Page, found: CampaignEffects) -> list[dict]:
    """What customers did by the campaign's own file, arm by arm."""
    phrase = page.phrase
    head = [phrase("Campaign"), phrase("Arm"), phrase("What customers did"), phrase("Customers"), phrase("Average")]
    head += [phrase("Left out"), phrase("Difference, 95% interval (shares in points)")]
    rows = [
        [
            page.value("campaign_id", r.campaign_id),
            page.value("arm", r.arm),
            r.outcome,
            f"{r.n:,}",
            *_averages(r),
            "–" if r.verdict == "withheld" else _gap(r),
        ]
        for r in found.outcomes.itertuples()
    ]
    if found.outcomes["cost"].notna().any():
        head += [phrase("Cost a contact"), phrase("Cost of one more")]
        for row, r in zip(rows, found.outcomes.itertuples(), strict=True):
            row += ["–" if pd.isna(v) else f"{v:,.2f}" for v in (r.cost, r.cost_per_gain)]
    blocks = [table(head, rows, 3)]
    if (found.outcomes["verdict"] == "withheld").any():
        words = phrase("–: the arms are not the planned split. Find out who was lost or counted twice first.")
        blocks.append(note(words))
    return blocks


def _averages(row) -> list[str]:
    as_said = "{:.1%}" if row.kind == "share" else "{:,.2f}"
    return [as_said.format(row.treatment), as_said.format(row.control)]


def _gap(row) -> str:
    if row.kind == "share":
        return minus(f"{100 * row.difference:+.1f} ({100 * row.low:+.1f} – {100 * row.high:+.1f})")
    return minus(f"{row.difference:+,.2f} ({row.low:+,.2f} – {row.high:+,.2f})")
