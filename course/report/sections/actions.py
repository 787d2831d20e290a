"""What to do on Monday, by the money behind it, and the first of the list of calls."""

import pandas as pd

from course import lifecycle
from course.report.blocks import paragraph, table
from course.report.sections import Page
from course.workflow.steps.actions import FILE, Actions

#: Customers of the list of calls that the page names.
_NAMED = 10
#: Actions that the first screen has room for; the others are folded beneath.
_FIRST = 6


def monday(page: Page) -> dict | None:
    """A line an action: what, with whom, who does it, what is at stake; its evidence is folded beneath."""
    lines = page.ledger["findings"].get("actions") or []
    if not lines:
        return None
    phrase, shown = page.phrase, [_line(page, line) for line in lines]
    note = phrase(
        "ordered by the money expected of these customers anyway: what is at stake, not what an action will earn"
    )
    return {
        "title": phrase("What to do on Monday"),
        "note": note,
        "head": [phrase("Do"), phrase("With whom"), phrase("Who does it"), phrase("At stake")],
        "lines": shown[:_FIRST],
        "more": shown[_FIRST:],
        "evidence": phrase("What these lines rest on, and what else could be done"),
        "open": phrase("open the list"),
        "rule": phrase(
            "Nobody is in two of the lists; {file} holds all of them. A share is left out by lot where something is "
            "tried: without it nobody can tell what the action changed.",
            file=FILE,
        ),
    }


def _line(page: Page, line: dict) -> dict:
    lang, stake = page.lang, line["stake"]
    return {
        "label": line["label"][lang],
        "sentence": line["sentence"][lang],
        "evidence": line["evidence"][lang],
        "test": _test(page, line["test"]),
        "owner": line["owner"][lang],
        "stake": "" if stake["expected"] is None else page.money(stake["expected"]),
        "range": "" if stake["low"] is None else page.money_range(stake["low"], stake["high"]),
        "audience": line["audience"],
    }


def _test(page: Page, test: dict | None) -> str:
    if test is None:
        return ""
    return page.phrase(
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
    head = [
        phrase("Customer"),
        phrase("Stage of life"),
        phrase("Days since"),
        phrase("Risk of silence"),
        phrase("Money (net)"),
    ]
    text = phrase("The first of {n:,}; the explorer opens all of them.", n=len(call.customers))
    return {
        "title": phrase("Whom to call first"),
        "blocks": [
            paragraph(text),
            table(head, rows, 2, about=first["customer_id"].tolist()),
        ],
    }


def _row(page: Page, customer: str, row: pd.Series) -> list[str]:
    stage = lifecycle.STAGES[row["stage"]].say(page.lang)
    return [
        customer,
        stage,
        f"{row['recency_days']:,}",
        f"{row['churn_risk']:.0%}",
        page.money(row["monetary_net"]),
    ]
