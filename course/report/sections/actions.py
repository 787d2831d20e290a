"""What to do on Monday, by the money behind it, and the first of the list of calls."""

import pandas as pd

from course import lifecycle
from course.report.blocks import money, note, paragraph, span, table
from course.report.sections import Page
from course.workflow.steps.actions import Actions

#: Customers of the list of calls that the page names.
_NAMED = 10


def monday(page: Page, found: Actions) -> dict | None:
    """A line an action."""
    lines = page.ledger["findings"]["actions"]
    if not lines:
        return None
    phrase, lang = page.phrase, page.lang
    worth = any(line["stake"]["expected"] is not None for line in lines)
    head = [phrase("What to do"), phrase("Who does it"), phrase("Customers")]
    head += [phrase("Expected from them"), phrase("95% interval")] if worth else []
    rows = [
        [
            line["sentence"][lang],
            line["owner"][lang],
            "–" if line["customers"] is None else f"{line['customers']:,}",
            *([money(line["stake"]["expected"]), _range(line["stake"])] if worth else []),
        ]
        for line in lines
    ]
    notes = [f"{line['label'][lang]}: {line['evidence'][lang]}{_test(page, line['test'])}" for line in lines]
    said = phrase(
        "Ordered by the money expected of these customers anyway: what is at stake, not what an action will earn. "
        "Nobody is in two of the lists; all are in {file}, and the explorer opens each.",
        file="actions.csv",
    )
    return {"title": phrase("What to do on Monday"), "blocks": [table(head, rows, 2), note(said), {"list": notes}]}


def _range(stake: dict) -> str:
    return span(stake["low"], stake["high"], money)


def _test(page: Page, test: dict | None) -> str:
    if test is None:
        return ""
    return " " + page.phrase(
        "{share:.0%} are left out by lot; one month shows a difference of {gap:.0%} or more, smaller ones take several "
        "months together.",
        share=test["left_out"],
        gap=test["detectable"],
    )


def calls(page: Page, found: Actions) -> dict | None:
    """The first of the list of calls by name."""
    call = next((p for p in found.proposals if p.action.name == "call"), None)
    if call is None:
        return None
    phrase, portraits = page.phrase, page.result.portraits.set_index("customer_id")
    first = call.customers.head(_NAMED)
    rows = [_row(page, customer, portraits.loc[customer]) for customer in first["customer_id"]]
    head = [phrase("Customer"), phrase("Stage of life"), phrase("Days since"), phrase("Risk of silence")]
    text = phrase("The first of {n:,}; the explorer opens all of them.", n=len(call.customers))
    return {
        "title": phrase("Whom to call first"),
        "blocks": [
            paragraph(text),
            table([*head, phrase("Expected value")], rows, 2, about=first["customer_id"].tolist()),
        ],
    }


def _row(page: Page, customer: str, row: pd.Series) -> list[str]:
    stage = lifecycle.STAGES[row["stage"]].say(page.lang)
    return [customer, stage, f"{row['recency_days']:,}", f"{row['churn_risk']:.0%}", money(row["expected_value"])]
