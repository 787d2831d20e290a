"""What all customers together are expected to bring, where single customers are not told."""

from course import clv
from course.report.blocks import items, paragraph
from course.report.sections import Page
from course.workflow.steps.total import Sum


def answers(page: Page, found: Sum) -> list[str]:
    """The money expected of all, with its interval, or with what the forecasts tried say."""
    return [_expected(page, found)]


def together(page: Page, found: Sum) -> dict:
    """The same, by which forecast, and where its interval comes from."""
    phrase, outlook = page.phrase, found.outlook
    by = phrase(
        "No model of single customers can be fitted to these orders, so nothing is said of a class or of one customer. "
        "Forecast of the sum: {model}, for as many customers as are known today, discounted at {rate:.0%} a year.",
        model=clv.MODELS[outlook.model].say(page.lang),
        rate=outlook.discount,
    )
    return {
        "title": phrase("What customers are expected to bring"),
        "blocks": [paragraph(_expected(page, found))],
        "evidence": [paragraph(by), items([page.say(sentence) for sentence in outlook.why])],
    }


def _expected(page: Page, found: Sum) -> str:
    outlook, total = found.outlook, found.outlook.total
    values = {"n": total.customers, "value": page.money(total.value), "weeks": outlook.weeks}
    if total.low is None:
        low, high = outlook.range
        return page.phrase(
            "All {n:,} {n:customer|customers} together are expected to bring {value} in the next {weeks} "
            "{weeks:week|weeks} (no interval: the orders are too short to test a forecast; those tried expect {low} to "
            "{high}).",
            low=page.money(low),
            high=page.money(high),
            **values,
        )
    return page.phrase(
        "All {n:,} {n:customer|customers} together are expected to bring {value} in the next {weeks} "
        "{weeks:week|weeks} (95% interval {low} to {high}).",
        low=page.money(total.low),
        high=page.money(total.high),
        **values,
    )
