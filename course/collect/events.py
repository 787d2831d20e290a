"""What events mean: the words of many systems for view, cart and buy, and the orders that purchases among them are."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from course import engine, schema, small_yaml
from course.collect import values
from course.forms import Form, normal
from course.language import Sentence
from course.telling import quotable

#: The view of a page, where products have views of their own.
PAGE = "page"
_SHOWN = 8


@cache
def _dictionary() -> dict[str, tuple[str, int]]:
    """{word as `normal` has it: (kind, tier)}."""
    path = Path(__file__).parents[1] / "catalogue" / "events.yaml"
    kinds = small_yaml.read(path)
    return {normal(w): (kind, i) for kind, tiers in kinds.items() for i, tier in enumerate(tiers) for w in tier}


def settle(frame: pd.DataFrame, form: Form | None, notes: list[Sentence]) -> pd.DataFrame:
    """Events with `kind` in the kit's words, and without the purchases that were told twice.

    Parameters
    ----------
    frame : the canonical table; what its purchases are worth, where the file says it, becomes `purchase_order_id`,
        `purchase_amount`, `purchase_refunded` and `purchase_currency`.
    form : what the file was recognised as.
    notes : what was decided is added.
    """
    if "kind" not in frame:
        return frame
    frame["kind"] = _kinds(frame["kind"], notes)
    for name, cells in _worth(frame, form).items():
        frame[f"purchase_{name}"] = cells
    return _once(frame, notes)


def _kinds(said: pd.Series, notes: list[Sentence]) -> pd.Series:
    counts = said.dropna().value_counts().sort_index()
    meant = {w: _dictionary()[normal(w)] for w in counts.index if normal(w) in _dictionary()}
    first = {kind: min(tier for k, tier in meant.values() if k == kind) for kind, _ in meant.values()}
    named = {w: kind for w, (kind, tier) in meant.items() if tier == first[kind]}
    pages = {w: PAGE for w, (kind, _) in meant.items() if kind == "view" and w not in named}
    for kind in first:
        words = [w for w in counts.index if named.get(w) == kind]
        if words != [kind]:
            notes.append(Sentence("Events read as {kind}: {words}.", kind=kind, words=_counted(counts, words)))
    if pages:
        notes.append(
            Sentence(
                "Products have views of their own here, so that views of pages are told apart: {words}.",
                words=_counted(counts, list(pages)),
            )
        )
    rest = [w for w in counts.index if w not in named and w not in pages]
    if rest:
        notes.append(Sentence("Events that are neither view, cart nor buy: {words}.", words=_counted(counts, rest)))
    return said.map(lambda w: (named | pages).get(w, w), na_action="ignore").astype("str")


def _counted(counts: pd.Series, words: list[str]) -> str:
    often = counts[words].sort_values(ascending=False, kind="stable")
    more = [] if len(often) <= _SHOWN else ["…"]
    shown = often.head(_SHOWN)
    return ", ".join([*(f"{w} ({n:,})" for w, n in zip(quotable(shown.index), shown, strict=True)), *more])


# --- what purchases are worth ----------------------------------------------------------------------------------------


def _worth(frame: pd.DataFrame, form: Form | None) -> dict[str, pd.Series]:
    """Number, money, money back and currency of purchases: by the form, else by the headers of orders."""
    here = {normal(c): c for c in reversed([c for c in frame.columns if c not in schema.canonical("events").columns])}
    orders = schema.canonical("orders").columns
    found = {}
    for name in ("order_id", "amount", "refunded", "currency"):
        if form is not None and form.purchases:
            tiers: tuple = (form.purchases.get(name, ()),)
        else:
            tiers = tuple(t for t in orders[name].headers if t != ("id", "编号"))
        wanted = [h for tier in tiers for h in tier]
        # Analytics tools put what an event carries under a path: properties.order_id, ecommerce.value.
        column = next((c for h in map(normal, wanted) for n, c in here.items() if n == h), None) or next(
            (c for h in map(normal, wanted) for c in here.values() if "." in c and normal(c.rpartition(".")[2]) == h),
            None,
        )
        if column is not None:
            cells = frame[column]
            found[name] = values.numbers(cells).values if name in ("amount", "refunded") else _text(cells)
    if form is not None and "currency" not in found and "event_params" in frame:
        found["currency"] = frame["event_params"].map(lambda cell: _parameter(cell, "currency")).astype("str")
    return found


def _text(cells: pd.Series) -> pd.Series:
    texts = values.texts(cells).values.astype("str")
    return texts.mask(texts.isin(["(not set)", ""]))


def _parameter(cell: object, key: str) -> str | None:
    """A text among the parameters of an event: [{"key": "currency", "value": {"string_value": "EUR"}}, …]."""
    try:
        records = json.loads(cell) if isinstance(cell, str) and f'"{key}"' in cell else []
    except json.JSONDecodeError:
        return None
    return next((r["value"].get("string_value") for r in records if r.get("key") == key and r.get("value")), None)


def _once(frame: pd.DataFrame, notes: list[Sentence]) -> pd.DataFrame:
    """Without purchases of one number and one amount that were sent again."""
    if "purchase_order_id" not in frame:
        return frame
    known = (frame["kind"] == "buy") & frame["purchase_order_id"].notna()
    told = [c for c in ("purchase_order_id", "purchase_amount") if c in frame]
    again = known & frame[told].where(known).duplicated()
    if again.any():
        notes.append(
            Sentence(
                "{rows:,} {rows:purchase was|purchases were} told twice under one order number, and count once.",
                rows=int(again.sum()),
            )
        )
    return frame[~again]


# --- purchases as orders ---------------------------------------------------------------------------------------------

#: A purchase each, with what its refunds gave back: what they say, or all of it where they say nothing.
_ORDERS = """
WITH bought AS (
    SELECT coalesce(order_id, who || '@' || strftime("at", '%Y-%m-%dT%H:%M:%S')) AS order_id, customer_id,
        "at" AS ordered_at, amount, currency, coalesce(refunded, 0) AS own
    FROM events WHERE kind = 'buy' AND amount IS NOT NULL
), back AS (
    SELECT DISTINCT order_id, refunded, amount, CASE WHEN refunded IS NULL THEN NULL ELSE "at" END AS moment
    FROM events WHERE kind = 'refund' AND order_id IS NOT NULL
), given AS (
    SELECT order_id, sum(abs(refunded)) AS refunded, bool_or(refunded IS NULL) AS whole FROM back GROUP BY order_id
)
SELECT bought.* EXCLUDE (own),
    CASE WHEN whole THEN amount ELSE greatest(own, coalesce(given.refunded, 0)) END AS refunded
FROM bought LEFT JOIN given ON bought.order_id = given.order_id
ORDER BY ordered_at, bought.order_id
"""


def purchases(events: pd.DataFrame) -> tuple[pd.DataFrame | None, list[Sentence]]:
    """Purchases among events as orders: order_id, customer_id, ordered_at, amount, refunded, currency.

    Who bought is the person signed in; a visitor whom one person alone was ever seen behind is that person. Where
    nobody ever signs in, the visitor stands for the buyer.

    Returns
    -------
    orders, None where no purchase has an amount; what is to be said
    """
    if "purchase_amount" not in events or not (events["kind"].eq("buy") & events["purchase_amount"].notna()).any():
        lacking = "kind" in events and bool(events["kind"].eq("buy").any())
        return None, [
            Sentence("The purchases among the events carry no amount: no orders were made of them.")
        ] * lacking
    text = pd.Series(pd.NA, index=events.index, dtype="str")
    cells = pd.DataFrame(
        {
            "order_id": events.get("purchase_order_id", text),
            "amount": events["purchase_amount"],
            "refunded": events.get("purchase_refunded", text.astype("float64")),
            "currency": events.get("purchase_currency", text),
            "kind": events["kind"],
            "at": events["at"],
        }
    )
    buyer, notes = _buyers(events)
    cells["customer_id"] = buyer
    cells["who"] = buyer.fillna(events.get("visitor_id", text)).fillna("?")
    orders = engine.query(_ORDERS, {"events": cells}).astype({"customer_id": "str", "order_id": "str"})
    orders = orders.dropna(axis=1, how="all") if orders["currency"].isna().all() else orders
    named = orders.get("customer_id", pd.Series(dtype="str"))
    notes.append(
        Sentence(
            "{orders:,} {orders:purchase|purchases} among the events became orders; {none:,} of them {none:names|name} "
            "no buyer.",
            orders=len(orders),
            none=len(orders) - int(named.notna().sum()),
        )
    )
    unmatched = cells[(cells["kind"] == "refund") & ~cells["order_id"].isin(orders["order_id"])]
    if len(unmatched):
        notes.append(
            Sentence(
                "{rows:,} {rows:refund names|refunds name} no purchase of the file and {rows:was|were} not taken off.",
                rows=len(unmatched),
            )
        )
    return orders, notes


def _buyers(events: pd.DataFrame) -> tuple[pd.Series, list[Sentence]]:
    none = pd.Series(pd.NA, index=events.index, dtype="str")
    person, visitor = events.get("customer_id", none), events.get("visitor_id", none)
    bought = events["kind"] == "buy"
    if person.isna().all():
        said = Sentence(
            "Nobody is signed in where something is bought: a visitor (a browser) stands for a buyer, and one person "
            "with two of them is two."
        )
        return visitor, [said] * bool(visitor[bought].notna().any())
    owners = person.groupby(visitor).agg(["nunique", "first"])
    owner = visitor.map(owners.loc[owners["nunique"] == 1, "first"])
    return person.fillna(owner.astype("str")), []


def counted_elsewhere(events: pd.DataFrame) -> list[Sentence]:
    """What is said of purchases among the events where the orders are a table of their own."""
    bought = int((events["kind"] == "buy").sum()) if "kind" in events else 0
    if not bought:
        return []
    return [
        Sentence(
            "The orders are given: {n:,} {n:purchase|purchases} among the events {n:was|were} not counted once more.",
            n=bought,
        )
    ]
