"""The classes in sentences, and the first customers, each on a card."""

import pandas as pd

from course import actions, lifecycle
from course import portrait as portraits
from course.labels import Value
from course.portrait import Card, Persona
from course.report import draw, figures, format
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
    shown = [customer(page, c, rows.loc[c.customer_id], events) for c in told]
    words = page.phrase("For anybody else the explorer has a card.")
    called = _call(page) is not None
    return {
        "title": page.phrase("Their portraits") if called else page.phrase("Portraits of big spenders who are silent"),
        "blocks": [{"customers": shown}, *([] if events is None else [note(key(page, events))]), note(words)],
    }


def _call(page: Page) -> actions.Proposal | None:
    """The list of calls, where there is one."""
    found = page.result.found.get("actions")
    return None if found is None else next((p for p in found.proposals if p.action.name == "call"), None)


def _first(page: Page, found: Told) -> list[Card]:
    call = _call(page)
    if call is None:
        return [card(page.result.portraits, one.customer_id) for one in found.cards]
    ids = call.customers["customer_id"].head(_CARDS)
    told = page.result.portraits[page.result.portraits["customer_id"].isin(ids)]
    return [card(told, c) for c in ids]


def card(rows: pd.DataFrame, customer_id: str) -> Card:
    """The card of a customer of the portraits, with what the run proposes."""
    return portraits.card(rows, customer_id, actions.proposed(rows, customer_id))


def customer(page: Page, card: Card, row: pd.Series, events: pd.DataFrame | None) -> dict:
    """What a card shows; of the page it needs language, ledger and events alone."""
    parts = _told(page, card)["sections"]
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


def _told(page: Page, sheet: Card | Persona) -> dict:
    """What the card or persona says, as the page writes figures."""
    told = sheet.to_dict(page.lang)
    for part in told["sections"]:
        part["lines"] = [line | {"text": format.tidy(line["text"], page.lang)} for line in part["lines"]]
    return told


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
    first, last = page.events["day"].min().date(), pd.Timestamp(page.ledger["as_of"]).date()
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


def key(page: Page, events: pd.DataFrame) -> str:
    """What the marks of the strips of these events mean."""
    kinds, phrase = set(events["kind"]), page.phrase
    marks = [
        ({"order"}, phrase("Columns: orders by amount.")),
        ({"campaign", "control"}, phrase("Squares: campaigns, hollow where the customer was left out.")),
        ({"ticket"}, phrase("Triangles: service tickets.")),
        ({"answer"}, phrase("Circles: answers from 0 to 10.")),
    ]
    return page.joined([words for drawn, words in marks if drawn & kinds])


def personas(page: Page, found: Told) -> dict | None:
    """The classes as they are told: every sentence with its figure."""
    if not found.personas:
        return None
    shown = [_told(page, p) for p in found.personas]
    words = page.phrase("What is called more frequent is so beyond chance, all comparisons together.")
    return {"title": page.phrase("The classes, told"), "blocks": [note(words), {"cards": shown}]}
