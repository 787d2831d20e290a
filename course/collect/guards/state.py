"""Which state an order is in: a trial, money that went the other way, a word of state."""

import pandas as pd

from course import forms
from course.collect import values
from course.collect.guards.table import Orders
from course.collect.guards.words import directions, headers, words
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.forms import normal, word
from course.language import Sentence
from course.telling import quotable

#: Money in states nobody knows, up to which it is said and not asked.
_UNKNOWN_MONEY = 0.05
#: A column of whose words so many are known is one of states.
_STATES = 0.8


# --- rows that are no orders of the shop ------------------------------------------------------------------------------


def trial(orders: Orders) -> None:
    """Rows of a trial: of a column that says so by its name, by its two words, or by a sign that a form knows."""
    for column in orders.unused():
        rows = _tried(column, orders.words(column))
        if not rows.any():
            continue
        orders.set_state(rows, "test")
        orders.notes.append(
            Sentence(
                "{file}: {rows:,} {rows:row is|rows are} of a trial ({column}: {word}) and {rows:was|were} set aside.",
                file=orders.file,
                rows=int(rows.sum()),
                column=column,
                word=first_few(sorted(set(orders.raw.loc[rows, column].astype("str")))),
            )
        )


def _tried(column: str, said: pd.Series) -> pd.Series:
    distinct = set(said.dropna().unique())
    trial, beside = words("trial", "words"), words("trial", "beside")
    yes, no = words("trial", "says_yes"), words("trial", "says_no")
    if distinct & trial and distinct & beside and distinct <= trial | beside:
        return said.isin(trial)
    if distinct <= yes | no and normal(column) in headers("trial", "if_true"):
        return said.isin(yes)
    if distinct <= yes | no and normal(column) in headers("trial", "if_false"):
        return said.isin(no)
    return said.isin(forms.trial_words())


def direction(orders: Orders) -> None:
    """Money that went the other way is set aside: an expense is no sale of the shop."""
    for column in orders.unused():
        said = orders.words(column)
        distinct = set(said.dropna().unique())
        pair = next((p for p in directions() if distinct <= p["in"] | p["out"] | p["neither"]), None)
        if pair is None or not distinct & (pair["in"] | pair["out"]):
            continue
        if pair["asked"] and normal(column) not in headers("direction_headers"):
            continue
        _set_aside_other_way(orders, column, said, pair)


def _set_aside_other_way(orders: Orders, column: str, said: pd.Series, pair: dict) -> None:
    frame = orders.frame
    amount = frame["amount"]
    sides = {side: said.isin(pair[side]) for side in ("in", "out")}
    taken = "in"
    if pair["asked"]:
        below = {side: amount[rows].lt(0) for side, rows in sides.items()}
        if not any(b.any() for b in below.values()):
            taken = _asked_direction(orders, column, sides)
        elif below["in"].mean() > below["out"].fillna(0).mean():
            taken = "out"
    if taken == "both":
        return
    other = ~sides[taken] & said.notna()
    if "cancels_order_id" in frame:
        other &= frame["cancels_order_id"].isna()  # money back for an order of the shop
    if not other.any():
        return
    orders.set_state(other, "other_direction")
    orders.notes.append(
        Sentence(
            "{file}: {column} says which way the money went; {rows:,} {rows:row|rows} of {words} with {money:,.2f} "
            "{rows:is|are} no {rows:sale|sales} and {rows:was|were} set aside.",
            file=orders.file,
            column=column,
            rows=int(other.sum()),
            words=first_few(sorted(set(orders.raw.loc[other, column].astype("str").str.strip()))),
            money=values.exact(amount[other].abs()),
        )
    )


def _asked_direction(orders: Orders, column: str, sides: dict[str, pd.Series]) -> str:
    word_of = {s: str(orders.raw.loc[r, column].iloc[0]).strip() for s, r in sides.items() if r.any()}
    money = {s: values.exact(orders.frame.loc[r, "amount"].abs()) for s, r in sides.items()}
    likelier = sorted(word_of, key=lambda s: (-int(sides[s].sum()), s))
    readings = [
        Reading(word_of[s], Sentence("those of {word}: {money:,.2f} in all", word=word_of[s], money=money[s]))
        for s in likelier
    ]
    both = values.exact(orders.frame["amount"])
    question = Question(
        "direction",
        Sentence(
            "{file}: {column} says which way the money went. Which rows are sales?", file=orders.file, column=column
        ),
        (*readings, Reading("both", Sentence("all of them: {money:,.2f} in all", money=both))),
    )
    answer = orders.answers.to(question)
    return next((s for s, w in word_of.items() if w == answer), "both")


# --- words of state ---------------------------------------------------------------------------------------------------


def state_elsewhere(orders: Orders) -> None:
    """A column that holds words of state under a name nobody knows is asked about: no order that was never paid is to
    be counted for want of a header."""
    if "status" in orders.shown:
        return
    found = {c: s for c in orders.unused() if (s := as_states(orders.raw[c], orders.words(c))) is not None}
    if not found:
        return
    money = orders.frame["amount"].fillna(0.0)
    readings = [
        Reading(
            column,
            Sentence(
                "{column} ({words}): {money:,.2f} in {rows:,} {rows:row|rows} of sales",
                column=column,
                words=_counted(orders.raw[column]),
                money=values.exact(money[state.isna() | (state == "completed")]),
                rows=int((state.isna() | (state == "completed")).sum()),
            ),
        )
        for column, state in found.items()
    ]
    question = Question(
        "state_in",
        Sentence("{file}: which column says in which state an order is?", file=orders.file),
        (*readings, Reading("none", Sentence("none: {money:,.2f} in all", money=values.exact(money)))),
    )
    answer = orders.answers.to(question)
    if answer != "none":
        kept = orders.frame.get("status", pd.Series(pd.NA, index=orders.frame.index, dtype="str"))
        orders.frame["status"] = kept.fillna(found[answer])


def as_states(cells: pd.Series, said: pd.Series) -> pd.Series | None:
    """The cells in canonical words of state, where nearly all are such words (`said` has them as they are compared) and
    not all of them mean a sale."""
    if said.notna().mean() < 0.1:
        return None
    known = values.statuses(cells).values
    by_form = said.map(forms.known_states(), na_action="ignore").map(values.STATUS_OF_STATE, na_action="ignore")
    known = known.where(known.isin(list(values.STATUSES)), by_form.astype("str"))
    share = (known.notna() & said.notna()).sum() / said.notna().sum()
    if share < _STATES or known.dropna().nunique() < 2:
        return None
    return known.where(known.notna(), cells.astype("str").str.strip().where(said.notna()))


def _counted(cells: pd.Series) -> str:
    counts = cells.astype("str").str.strip().value_counts().sort_index()
    return ", ".join(f"{said} {n:,}" for said, n in counts.sort_values(ascending=False, kind="stable").head(4).items())


def states(orders: Orders) -> None:
    """Every word of state with the money behind it; a word that nobody knows is asked about where it matters."""
    frame = orders.frame
    if "status" not in frame:
        return
    _partly_refunded(orders)
    money = frame["amount"].abs().fillna(0.0)
    by_word = (
        pd.DataFrame({"word": frame["status"], "money": money})
        .dropna(subset="word")
        .groupby("word")["money"]
        .agg(["size", "sum"])
    )
    strange = by_word[~by_word.index.isin(values.CANONICAL_STATUSES)].sort_index()
    total = float(by_word["sum"].sum())
    large = float(strange["sum"].sum()) > _UNKNOWN_MONEY * total
    for said, row in strange.iterrows():
        asked = large or orders.answers.must_ask(str(said))
        state = _asked_state(orders, str(said), row) if asked else "sale"
        frame["status"] = frame["status"].mask(frame["status"] == said, values.STATUS_OF_STATE[state])
    strange = strange.loc[[not orders.answers.must_ask(str(said)) for said in strange.index]]
    if len(strange) and not large:
        orders.notes.append(
            Sentence(
                "{file}: these order states are not known and count as sales: {states}.",
                file=orders.file,
                states=", ".join(
                    f"{w} ({n:,})" for w, n in list(zip(quotable(strange.index), strange["size"], strict=True))[:8]
                ),
            )
        )


def _partly_refunded(orders: Orders) -> None:
    """An order that was given back in part is a sale where the file says how much of it; else its word is unknown."""
    frame = orders.frame
    if "refunded" in frame:
        known = frame["refunded"].gt(0).groupby(frame["order_id"]).transform("any")
        partly = frame["status"].map(word, na_action="ignore").isin(words("partly_refunded")) & known
        frame["status"] = frame["status"].mask(partly, "completed")


def pending(orders: Orders) -> None:
    """Where most of the money is in orders that nobody has paid yet, they may be those of a shop that is paid on
    delivery: are they sales? What a form says of deals that are still open is no such thing."""
    frame = orders.frame
    if "status" not in frame or (orders.form and orders.form.otherwise == "pending"):
        return
    open_ = frame["status"].eq("unpaid").fillna(False).astype(bool) & frame["amount"].gt(0)
    sold = (frame["status"].isna() | frame["status"].eq("completed")) & frame["amount"].gt(0)
    waiting, sales = (values.exact(frame.loc[rows, "amount"]) for rows in (open_, sold))
    if waiting <= sales or open_.sum() <= sold.sum():
        return
    readings = (
        Reading("open", Sentence("no: they stay open; {money:,.2f} in all", money=sales)),
        Reading(
            "sale", Sentence("yes, as where goods are paid on delivery: {money:,.2f} in all", money=sales + waiting)
        ),
    )
    asks = Sentence(
        "{file}: most of the money, {money:,.2f} in {rows:,} {rows:row|rows}, is in orders that are not paid yet. Are "
        "they sales?",
        file=orders.file,
        money=waiting,
        rows=int(open_.sum()),
    )
    if orders.answers.to(Question("pending", asks, readings if sales else readings[::-1])) == "sale":
        frame["status"] = frame["status"].mask(frame["status"].eq("unpaid"), "completed")


def _asked_state(orders: Orders, said: str, row: pd.Series) -> str:
    question = Question(
        f"state.{said}",
        Sentence(
            "{file}: what is an order in the state “{word}” ({rows:,} {rows:row|rows}, {money:,.2f})?",
            file=orders.file,
            word=said,
            rows=int(row["size"]),
            money=float(row["sum"]),
        ),
        (
            Reading("sale", Sentence("a sale")),
            Reading("not_a_sale", Sentence("no sale: cancelled, failed, never paid")),
            Reading("pending", Sentence("open: it may still become a sale")),
            Reading("refunded", Sentence("paid, and all of it given back")),
        ),
    )
    return orders.answers.to(question)
