"""What customers are expected to bring."""

from course.report import figures
from course.report.blocks import figure, money, note, paragraph, table
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.clv import Value


def value(page: Page, found: Value) -> dict:
    """Expected money by class, and how far to believe it."""
    phrase, forecast, worth = page.phrase, found.forecast, found.classes
    labels = [class_label(c, page.lang) for c in worth["rfm_class"]]
    best = worth.loc[worth["value"].idxmax()]
    title = phrase(
        "{name} is expected to bring {value} of {total} next year",
        name=class_label(best["rfm_class"], page.lang),
        value=money(best["value"]),
        total=money(found.total),
    )
    alt = phrase("{title}. Bars: expected money of each class with its 95% interval; the table has it.", title=title)
    head = [phrase("RFM class"), phrase("Customers"), phrase("Expected value"), phrase("95% interval")]
    rows = [
        [label, f"{r.customers:,}", money(r.value), f"{money(r.low)} – {money(r.high)}", f"{r.half:,}"]
        for label, r in zip(labels, worth.itertuples(), strict=True)
    ]
    total = [phrase("all"), f"{found.customers:,}", money(found.total), "–", "–"]
    return {
        "title": phrase("What is at stake next year"),
        "blocks": [
            figure(title, figures.expected_value(worth, labels, phrase, page.lang, alt)),
            table([*head, phrase("Customers who hold half")], rows, 1, total),
            note(
                phrase("{label}. Models: MBG/NBD for the purchases, Gamma-Gamma for the spend.", label=forecast.label)
            ),
            paragraph(phrase("How far to believe it:")),
            {"list": [sentence.say(page.lang) for sentence in forecast.notes]},
        ],
    }
