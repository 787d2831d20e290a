"""Big spenders who have not bought for long."""

from course.report.blocks import paragraph, table
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.stake import Stake


def answers(page: Page, found: Stake) -> list[str]:
    """How many they are, what they brought, what is expected of them, and whether to doubt it."""
    if not found.customers:
        return []
    lines = [_who(page, found)]
    if found.expected is not None:
        lines.append(_expected(page, found))
    if found.doubt is not None:
        lines.append(
            page.phrase(
                "Take what is expected of single customers for an order of magnitude: on the last third of the time, "
                "held out, the model was {bias:+.0%} off in purchases, and no closer a customer than a guess without "
                "a model.",
                bias=found.doubt,
            )
        )
    return lines


def _who(page: Page, found: Stake) -> str:
    """How many they are and what they brought."""
    values = {"n": found.customers, "days": found.days, "money": page.counted(found.money), "share": found.share}
    if found.low is None:
        return page.phrase(
            "{n:,} {n:customer|customers} who spent more than the median last bought {days:.0f} {days:day|days} ago or "
            "longer, the median. They brought {money}, {share:.0%} of the money.",
            **values,
        )
    return page.phrase(
        "{n:,} {n:customer|customers} who spent more than the median last bought {days:.0f} days ago or "
        "longer, the median. They brought {money}, {share:.0%} of the money (95% interval "
        "{low:.0%}–{high:.0%}).",
        low=found.low,
        high=found.high,
        **values,
    )


def _expected(page: Page, found: Stake) -> str:
    """The money expected of them, with its interval, or with what the forecasts tried say of all."""
    figures = {
        "value": page.money(found.expected.value),
        "total": page.money(found.of_all.value),
        "weeks": found.weeks,
        "half": found.expected.half,
    }
    if found.span is None and found.expected.low is None:
        return page.phrase(
            "What is at stake with them: {value} of the {total} expected in the next {weeks} {weeks:week|weeks} (no "
            "interval: tried on times past, the forecast for such customers was off by many times); {half:,} of them "
            "hold half of it.",
            **figures,
        )
    if found.span is None:
        return page.phrase(
            "What is at stake with them: {value} of the {total} expected in the next {weeks} {weeks:week|weeks} (95% "
            "interval {low} to {high}); {half:,} of them hold half of it.",
            **figures,
            low=page.money(found.expected.low),
            high=page.money(found.expected.high),
        )
    return page.phrase(
        "What is at stake with them: {value} of the {total} expected in the next {weeks} {weeks:week|weeks} (no "
        "interval: the orders are too short to test a forecast; those tried expect {low} to {high} of all); {half:,} "
        "of them hold half of it.",
        **figures,
        low=page.money(found.span[0]),
        high=page.money(found.span[1]),
    )


def first(page: Page, found: Stake) -> dict:
    """The first of them by name."""
    phrase = page.phrase
    title = phrase("Big spenders who have not bought for long")
    if not found.customers:
        nobody = phrase("Nobody: every customer above the median of money bought within the median of days.")
        return {"title": title, "blocks": [paragraph(nobody)]}
    with_value = found.expected is not None
    head = [phrase("Customer"), phrase("RFM class"), phrase("Last order"), phrase("Days since"), phrase("Orders")]
    rows = [
        [
            r.customer_id,
            class_label(r.rfm_class, page.lang),
            page.day(r.last_order),
            f"{r.recency_days:,}",
            f"{r.frequency:,}",
            page.counted(r.monetary_net),
            *([page.money(r.expected_value)] if with_value else []),
            f"{r.orders_to_top}",
        ]
        for r in found.first.itertuples()
    ]
    head += [phrase("Money (net)"), *([phrase("Expected value")] if with_value else [])]
    head.append(phrase("Orders to “{name}”", name=class_label("important_value", page.lang)))
    return {
        "title": title,
        "blocks": [
            paragraph(
                phrase(
                    "The largest of {n:,}; all of them are in portraits.xlsx, filtered by RFM class.",
                    n=found.customers,
                )
            ),
            table(head, rows, 3, about=found.first["customer_id"].tolist()),
        ],
        "evidence": [paragraph(_no_rhythm(page))],
    }


def _no_rhythm(page: Page) -> str:
    """What the median does not say of them."""
    stages = page.result.found.get("lifecycle")
    if stages is None or stages.limits["at_risk_days"].isna().any():
        return page.phrase(
            "A median says nothing of anybody's own rhythm: whether any of them has left cannot be told from these "
            "orders, and some come back by themselves. Leave a random part alone to see what a call changes."
        )
    return page.phrase(
        "Who of them counts as lost is told by the stage of life: a median says nothing of anybody's own rhythm, and "
        "some come back by themselves. Leave a random part alone to see what a call changes."
    )
