"""Money given back, and money of which kind."""

import pandas as pd

from course.collect import values
from course.collect.guards.table import Orders
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.language import Sentence


def refunded(orders: Orders) -> None:
    """A column of money given back: never more than the order brought, else the amount is net of it already."""
    frame = orders.frame
    if "refunded" not in frame:
        return
    frame["refunded"] = frame["refunded"].abs().fillna(0.0)
    more = (frame["refunded"] > frame["amount"] + 0.005) & frame["amount"].notna() & (frame["refunded"] > 0)
    if "status" in frame:
        more &= frame["status"].fillna("") != "refunded"
    if not more.any():
        return
    back = float(frame.loc[frame["refunded"] > 0, "refunded"].sum())
    money = values.exact(frame["amount"])
    question = Question(
        "refunds",
        Sentence(
            "{file}: in {rows:,} {rows:row|rows} {refunded} is more than {amount} (rows {at}). Is {amount} net of it "
            "already?",
            file=orders.file,
            rows=int(more.sum()),
            refunded=orders.name("refunded"),
            amount=orders.name("amount"),
            at=first_few(frame.loc[more, "source_row"]),
        ),
        (
            Reading("net", Sentence("yes: {money:,.2f} in all", money=money)),
            Reading("gross", Sentence("no, take it off: {money:,.2f} in all", money=money - back)),
        ),
    )
    if orders.answers.to(question) == "net":
        frame["amount"] = frame["amount"] + frame["refunded"]


def currencies(orders: Orders) -> None:
    """Money of one kind is said; of several kinds it is never added up."""
    frame = orders.frame
    if "currency" not in frame:
        return
    frame["currency"] = frame["currency"].str.upper()
    counted = frame["amount"].notna() & frame["amount"].ne(0)
    sums = frame[counted].groupby("currency")["amount"].agg(["sum", "size"]).sort_values("size", ascending=False)
    if len(sums) < 2:
        return
    question = Question(
        "currency",
        Sentence(
            "{file} holds money of several currencies, which cannot be added: {sums}. Which one is to be counted?",
            file=orders.file,
            sums=", ".join(f"{r.sum:,.2f} {r.Index}" for r in sums.itertuples()),
        ),
        tuple(
            Reading(
                str(name),
                Sentence("{rows:,} rows, {money:,.2f} {name}", rows=int(r["size"]), money=float(r["sum"]), name=name),
            )
            for name, r in sums.iterrows()
        ),
    )
    chosen = orders.answers.to(question)
    other = frame["currency"].notna() & (frame["currency"] != chosen)
    frame["status"] = frame.get("status", pd.Series(pd.NA, index=frame.index, dtype="str")).mask(
        other, "other_currency"
    )
