"""What customers are expected to bring."""

from course import clv
from course.language import Sentence
from course.report import figures
from course.report.blocks import figure, money, note, paragraph, span, table, told
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.clv import Value


def value(page: Page, found: Value) -> dict:
    """Expected money by class and in all, where its interval comes from, and how far to believe the model."""
    phrase, forecast, outlook, worth = page.phrase, found.forecast, found.outlook, found.classes
    labels = [class_label(c, page.lang) for c in worth["rfm_class"]]
    total = found.total
    head = [phrase("RFM class"), phrase("Customers"), phrase("Expected value"), phrase("95% interval")]
    rows = [
        [label, told(r.customers), money(r.value), span(r.low, r.high, money), told(r.half)]
        for label, r in zip(labels, worth.itertuples(), strict=True)
    ]
    all_of_them = [
        phrase("all"),
        f"{total.customers:,}",
        money(total.value),
        span(total.low, total.high, money),
        f"{total.half:,}",
    ]
    return {
        "title": phrase("What customers are expected to bring"),
        "blocks": [
            *([] if worth["value"].isna().all() else [_drawn(page, found, labels)]),
            table([*head, phrase("Customers who hold half")], rows, 1, all_of_them),
            *page.few(worth["customers"].isna().any()),
            *_wild(page, found),
            note(
                phrase(
                    "{label}. Forecast: {model}; what single customers bring by {own} and Gamma-Gamma.",
                    label=forecast.label,
                    model=clv.MODELS[outlook.model].say(page.lang),
                    own=clv.MODELS[outlook.by].say(page.lang),
                )
            ),
            {"list": [sentence.say(page.lang) for sentence in (*outlook.why, _range(found))]},
            paragraph(phrase("How far to believe the model of single customers:")),
            {"list": [sentence.say(page.lang) for sentence in forecast.notes]},
        ],
    }


def _wild(page: Page, found: Value) -> list[dict]:
    """Why a class has no interval where others have one."""
    without = found.classes["value"].notna() & found.classes["low"].isna()
    if not found.outlook.backtests or not without.any():
        return []
    return [note(page.phrase("Without an interval: tried on times past, the forecast was off by many times."))]


def _drawn(page: Page, found: Value, labels: list[str]) -> dict:
    phrase, worth, outlook = page.phrase, found.classes, found.outlook
    best = worth.loc[worth["value"].idxmax()]
    title = phrase(
        "{name} is expected to bring {value} of {total} in the next {weeks} {weeks:week|weeks}",
        name=class_label(best["rfm_class"], page.lang),
        value=money(best["value"]),
        total=money(found.total.value),
        weeks=outlook.weeks,
    )
    with_interval = phrase(
        "{title}. Bars: expected money of each class with its 95% interval; the table has it.", title=title
    )
    without = phrase("{title}. Bars: expected money of each class; the table has it.", title=title)
    alt = with_interval if outlook.backtests else without
    return figure(title, figures.expected_value(worth, labels, phrase, page.lang, alt))


def _range(found: Value) -> Sentence:
    low, high = found.outlook.range
    return Sentence(
        "The forecasts tried expect {low} to {high} of all customers.",
        low=money(low),
        high=money(high),
    )
