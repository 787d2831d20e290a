"""Which state an order is in."""

import pandas as pd

from course.collect import values
from course.collect.guards.table import Orders
from course.collect.questions import Question, Reading
from course.language import Sentence

#: Money in states nobody knows, up to which it is said and not asked.
_UNKNOWN_MONEY = 0.05


def states(orders: Orders) -> None:
    """Every word of state with the money behind it; a word that nobody knows is asked about where it matters."""
    frame = orders.frame
    if "status" not in frame:
        return
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
    for word, row in strange.iterrows():
        said = _asked_state(orders, str(word), row) if large else "sale"
        frame["status"] = frame["status"].mask(frame["status"] == word, values.STATUS_OF_STATE[said])
    if len(strange) and not large:
        orders.notes.append(
            Sentence(
                "{file}: these order states are not known and count as sales: {states}.",
                file=orders.file,
                states=", ".join(f"{w} ({int(r['size']):,})" for w, r in strange.head(8).iterrows()),
            )
        )


def _asked_state(orders: Orders, word: str, row: pd.Series) -> str:
    question = Question(
        f"state.{word}",
        Sentence(
            "{file}: what is an order in the state “{word}” ({rows:,} {rows:row|rows}, {money:,.2f})?",
            file=orders.file,
            word=word,
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
