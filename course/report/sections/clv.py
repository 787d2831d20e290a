"""What customers are expected to bring."""

from course import clv
from course.report import figures
from course.report.blocks import items, note, paragraph, table
from course.report.format import told
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.clv import Value


def answers(page: Page, found: Value) -> list[str]:
    """The money expected of all, with its interval or with what the forecasts tried say."""
    total, weeks = found.total, found.outlook.weeks
    if total.low is None:
        low, high = found.outlook.range
        return [
            page.phrase(
                "{total} is expected in the next {weeks} weeks (no interval; the forecasts tried expect {range})",
                total=page.money(total.value),
                weeks=weeks,
                range=page.money_range(low, high),
            )
        ]
    return [
        page.phrase(
            "{total} is expected in the next {weeks} weeks (95% interval {range})",
            total=page.money(total.value),
            weeks=weeks,
            range=page.money_range(total.low, total.high),
        )
    ]


def value(page: Page, found: Value) -> dict:
    """Expected money by class and in all, where its interval comes from, and how far to believe the model."""
    phrase, forecast, outlook, worth = page.phrase, found.forecast, found.outlook, found.classes
    labels = [class_label(c, page.lang) for c in worth["rfm_class"]]
    total = found.total
    head = [phrase("RFM class"), phrase("Customers"), phrase("Expected, with its 95% interval")]
    head += [phrase("Expected value"), phrase("95% interval"), phrase("Customers who hold half")]
    rows = [
        [label, told(r.customers), bar, page.money(r.value), page.money_range(r.low, r.high), told(r.half)]
        for label, bar, r in zip(labels, figures.expected_value(worth), worth.itertuples(), strict=True)
    ]
    all_of_them = [
        phrase("all"),
        f"{total.customers:,}",
        "",
        page.money(total.value),
        page.money_range(total.low, total.high),
        f"{total.half:,}",
    ]
    return {
        "title": phrase("What customers are expected to bring"),
        "blocks": [
            table(head, rows, 1, all_of_them, title="" if worth["value"].isna().all() else _title(page, found)),
            *page.few(worth["customers"].isna().any()),
        ],
        "evidence": [
            note(
                phrase(
                    "{label}. Forecast: {model}; what single customers bring by {own} and Gamma-Gamma.",
                    label=forecast.label,
                    model=clv.MODELS[outlook.model].say(page.lang),
                    own=clv.MODELS[outlook.by].say(page.lang),
                )
            ),
            items([*(page.say(sentence) for sentence in outlook.why), _range(page, found)]),
            paragraph(phrase("How far to believe the model of single customers:")),
            items([page.say(sentence) for sentence in forecast.notes]),
        ],
    }


def _title(page: Page, found: Value) -> str:
    worth = found.classes
    best = worth.loc[worth["value"].idxmax()]
    return page.phrase(
        "{name} is expected to bring {value} of {total} in the next {weeks} weeks",
        name=class_label(best["rfm_class"], page.lang),
        value=page.money(best["value"]),
        total=page.money(found.total.value),
        weeks=found.outlook.weeks,
    )


def _range(page: Page, found: Value) -> str:
    low, high = found.outlook.range
    return page.phrase(
        "The forecasts tried expect {low} to {high} of all customers.", low=page.money(low), high=page.money(high)
    )
