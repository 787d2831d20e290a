"""The classes in sentences, and the first customers, each on a card."""

import pandas as pd

from course import lifecycle
from course import portrait as portraits
from course.labels import Value
from course.portrait import Card
from course.report import draw, figures
from course.report.blocks import note
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.portrait import Told

#: Customers who have a card.
_CARDS = 4
#: What of a card is always seen; the rest is folded beneath it.
_SEEN = ("risk", "action")


def cards(page: Page, found: Told) -> dict | None:
    """The first to call, one card each; without such a list, those at stake who are expected to bring most."""
    told = _first(page, found)
    if not told:
        return None
    ids = [c.customer_id for c in told]
    rows = page.result.portraits[page.result.portraits["customer_id"].isin(ids)].set_index("customer_id")
    events = None if page.events is None else page.events[page.events["customer_id"].isin(ids)].dropna(subset="day")
    shown = [_customer(page, c, rows.loc[c.customer_id], events) for c in told]
    words = page.phrase("For anybody else the explorer has a card.")
    return {"title": page.phrase("Their portraits"), "blocks": [{"customers": shown}, _key(page), note(words)]}


def _first(page: Page, found: Told) -> list[Card]:
    actions = page.result.found.get("actions")
    call = None if actions is None else next((p for p in actions.proposals if p.action.name == "call"), None)
    if call is None:
        return list(found.cards)
    ids = call.customers["customer_id"].head(_CARDS)
    told = page.result.portraits[page.result.portraits["customer_id"].isin(ids)]
    return [portraits.card(told, c) for c in ids]


def _customer(page: Page, card: Card, row: pd.Series, events: pd.DataFrame | None) -> dict:
    parts = card.to_dict(page.lang)["sections"]
    return {
        "about": card.customer_id,
        "tone": figures.tone(row["rfm_class"]) if "rfm_class" in row and not pd.isna(row["rfm_class"]) else "line",
        "chips": _chips(page, row),
        "facts": _facts(page, row),
        "strip": "" if events is None else _strip(page, events[events["customer_id"] == card.customer_id]),
        "seen": [part for part in parts if part["section"] in _SEEN],
        "rests": [part for part in parts if part["section"] not in _SEEN],
        "rests_on": page.phrase("What this rests on"),
    }


def _chips(page: Page, row: pd.Series) -> list[tuple[str, str]]:
    """(tone, name) of class and stage."""
    chips = []
    if not pd.isna(row.get("rfm_class")):
        chips.append((figures.tone(row["rfm_class"]), class_label(row["rfm_class"], page.lang)))
    if not pd.isna(row.get("stage")):
        chips.append((figures.tone(row["stage"]), lifecycle.STAGES[row["stage"]].say(page.lang)))
    return chips


def _facts(page: Page, row: pd.Series) -> list[str]:
    phrase, facts = page.phrase, []
    who = [Value(c, row[c]).say(page.lang) for c in ("gender", "age_band", "city") if not pd.isna(row.get(c))]
    if who:
        facts.append(("，" if page.lang == "zh" else ", ").join(who))
    if not pd.isna(row.get("monetary_net")):
        facts.append(
            phrase("{money} in {n:,} {n:order|orders}", money=page.money(row["monetary_net"]), n=int(row["frequency"]))
        )
    return facts


#: Events by lane: what they are drawn as.
_LANES = {
    "order": "bars",
    "visit": "ticks",
    "campaign": "squares",
    "ticket": "triangles",
    "answer": "scores",
}


def _strip(page: Page, events: pd.DataFrame) -> object:
    """What happened with the customer and when."""
    lanes = []
    for kind, drawn in _LANES.items():
        own = events[events["kind"].isin([kind, "control"] if kind == "campaign" else [kind])]
        if own.empty:
            continue
        values = own["value"].fillna(1).where(own["kind"] != "control", 0)
        lanes.append((_lane(page, kind), drawn, list(zip(own["day"].dt.date, values, strict=True))))
    if not lanes:
        return ""
    first, last = page.events["day"].min().date(), page.result.as_of.date()
    first = min(first, last)
    years = [(pd.Timestamp(y, 1, 1).date(), f"{y}") for y in range(first.year, last.year + 1)]
    counts = ("；" if page.lang == "zh" else "; ").join(f"{name} {len(found):,}" for name, _, found in lanes)
    alt = page.phrase("What happened with this customer, and when: {counts}", counts=counts)
    return draw.timeline(lanes, (first, last), years, alt)


def _lane(page: Page, kind: str) -> str:
    phrase = page.phrase
    return {
        "order": phrase("orders"),
        "visit": phrase("visits"),
        "campaign": phrase("campaigns"),
        "ticket": phrase("tickets"),
        "answer": phrase("answers"),
    }[kind]


def _key(page: Page) -> dict:
    words = page.phrase(
        "Columns: orders by amount. Squares: campaigns, hollow where the customer was left out. Triangles: service "
        "tickets. Circles: answers from 0 to 10."
    )
    return note(words if page.events is not None else "")


def personas(page: Page, found: Told) -> dict | None:
    """The classes as they are told: every sentence with its figure."""
    if not found.personas:
        return None
    shown = [p.to_dict(page.lang) for p in found.personas]
    words = page.phrase("What is called more frequent is so beyond chance, all comparisons together.")
    return {"title": page.phrase("The classes, told"), "blocks": [note(words), {"cards": shown}]}
