"""Who bought: guests, one number for everybody, numbers that are nearly the same."""

import unicodedata

import pandas as pd

from course import engine
from course.collect import values
from course.collect.guards.table import Orders
from course.collect.guards.words import words
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.forms import word
from course.language import Sentence

#: One customer with more rows than this share, and so many times as many as the next, is hardly a customer.
_ONE_FOR_ALL, _AHEAD = 0.2, 3
#: Of fewer rows one customer may well have that many.
_MANY = 50
#: Words that rules/orders.yaml and lines.yaml set aside by themselves: the quarantine shows them as they stood.
_BY_RULE = frozenset(["unknown", "guest", "anonymous", "散客", "匿名", "匿名用户", "非会员", "未知"])
#: Numbers from so many figures on, of nearly all customers, have a nought among them for want of a number.
_FIGURES = 3
#: Numbers that run on from nought, nearly all of them there; a nought that buys no more than nearly everybody.
_DENSE, _USUAL = 0.8, 0.99


# --- guests ----------------------------------------------------------------------------------------------------------


def guests(orders: Orders) -> None:
    """What stands in place of a number for people without one: a word, -1 or xxxxx always, a nought by its company."""
    frame = orders.frame
    if "customer_id" not in frame:
        return
    counts = frame["customer_id"].value_counts()
    named = pd.Series([word(w) for w in counts.index], index=counts.index, dtype="str")
    guest = named.isin(words("guests")) | named.str.fullmatch(r"x{3,}|-\d{1,2}")
    nought = named.str.fullmatch("0+")
    if nought.any() and _no_customer(orders, counts, nought):
        guest |= nought
    if not guest.any():
        return
    rows = frame["customer_id"].isin(counts.index[guest])
    kept = rows & frame["customer_id"].map(word, na_action="ignore").isin(_BY_RULE)
    frame["customer_id"] = frame["customer_id"].mask(rows & ~kept)
    orders.notes.append(
        Sentence(
            "{file}: {rows:,} {rows:row|rows} with {money:,.2f} {rows:has|have} {words} in {column} and {rows:belongs|"
            "belong} to nobody.",
            file=orders.file,
            rows=int(rows.sum()),
            money=values.exact(frame.loc[rows, "amount"]),
            words=first_few(sorted(counts.index[guest])),
            column=orders.name("customer_id"),
        )
    )


def _no_customer(orders: Orders, counts: pd.Series, nought: pd.Series) -> bool:
    """Whether a nought stands for nobody: it is far ahead of all numbers, or they are no small numbers like it."""
    rest = counts[~nought]
    whole = rest.index.str.fullmatch(r"\d+")
    if not len(rest) or not whole.all():
        return True  # numbers that are no plain figures do not begin with nought
    long = rest.index.str.len() >= _FIGURES
    padded = (rest.index.str.len() == len(counts.index[nought][0])).all() and len(counts.index[nought][0]) > 1
    mine = int(counts[nought].sum())
    if mine >= _AHEAD * rest.iloc[0]:
        return True
    figures = pd.Series(rest.index.astype("float64"))
    if len(figures) > _DENSE * figures.max() and mine <= rest.quantile(_USUAL):
        return False  # they are counted from nought, and it buys like the others
    if long.mean() > 0.95 and not padded:
        return True
    if 1.0 in set(figures) and mine <= rest.iloc[0] and figures.max() < 10**_FIGURES:
        return False
    question = Question(
        "guests",
        Sentence(
            "{file}: is {number} in {column} a customer ({rows:,} {rows:row|rows}, {money:,.2f})?",
            file=orders.file,
            number=counts.index[nought][0],
            column=orders.name("customer_id"),
            rows=mine,
            money=values.exact(orders.frame.loc[orders.frame["customer_id"].isin(counts.index[nought]), "amount"]),
        ),
        (
            Reading("nobody", Sentence("no: it stands for people without a number")),
            Reading("customer", Sentence("yes, a customer like the others")),
        ),
    )
    return orders.answers.to(question) == "nobody"


# --- numbers that are nearly the same --------------------------------------------------------------------------------


def folded(frame: pd.DataFrame, file: str, notes: list[Sentence]) -> None:
    """E-mail addresses in one spelling, in whatever table: A@X.example is a@x.example. Other numbers that differ only
    in case, width or noughts in front stay apart, and are said: 007 and 7 may be two."""
    if "customer_id" not in frame:
        return
    known = pd.Series(frame["customer_id"].dropna().unique(), dtype="str")
    plain = known.map(_plain).astype("str")
    mail = plain.str.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+")
    new = known.where(~mail, plain)
    fewer = int(mail.sum()) - plain[mail].nunique()
    if (new != known).any():
        frame["customer_id"] = frame["customer_id"].map(dict(zip(known, new, strict=True))).astype("str")
    if fewer:
        notes.append(
            Sentence(
                "{file}: {n:,} e-mail {n:address was|addresses were} written in more than one way and {n:is|are} one "
                "customer each.",
                file=file,
                n=int(plain[mail].value_counts().gt(1).sum()),
            )
        )
    key = plain[~mail].str.replace(r"^0+(?=.)", "", regex=True)
    near = key.duplicated(keep=False)
    if near.any():
        pairs = known[~mail][near].groupby(key[near]).agg(lambda ids: " / ".join(map(shown_id, sorted(ids))))
        notes.append(
            Sentence(
                "{file}: {n:,} {n:customer number|customer numbers} differ from another only in case, width or noughts "
                "in front, and were kept apart: {examples}.",
                file=file,
                n=int(near.sum()),
                examples=first_few(sorted(set(pairs))),
            )
        )


def shown_id(number: str) -> str:
    """A customer number as a note may show it: how it is made (A000 for C017), not whose it is. A note stays in the
    result when its customer is erased, and under a key it may tell no number at all."""
    return "".join(map(_shape, number[:40]))


def _shape(sign: str) -> str:
    if sign.isdecimal():
        return "0" if sign.isascii() else "０"
    if sign.isalpha():
        return "a" if sign.islower() else "A"
    return sign


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


# --- one for all -----------------------------------------------------------------------------------------------------
_BUSIEST = """
SELECT customer_id, count(*) AS rows, (SELECT count(*) FROM orders) AS of_all
FROM orders GROUP BY customer_id ORDER BY rows DESC, customer_id LIMIT 2
"""


def one_for_all(orders: Orders) -> None:
    """One number far ahead of all others and behind a fifth of the rows is a till, a guest account or a marketplace."""
    known = orders.frame[["customer_id"]].dropna()
    if len(known) < _MANY:
        return
    nobody = [who for who in known["customer_id"].unique() if word(who) in words("guests")]
    known = known[~known["customer_id"].isin(nobody)]
    busiest = engine.query(_BUSIEST, {"orders": known})
    if len(busiest) < 2:
        return
    row, second = busiest.iloc[0], busiest.iloc[1]
    if row["of_all"] < _MANY or row["rows"] <= _ONE_FOR_ALL * row["of_all"] or row["rows"] < _AHEAD * second["rows"]:
        return
    question = Question(
        "busiest",
        Sentence(
            "{file}: one and the same {column} stands on {rows:,} of {all:,} rows. Is that one customer?",
            file=orders.file,
            column=orders.name("customer_id"),
            rows=int(row["rows"]),
            all=int(row["of_all"]),
        ),
        (
            Reading("nobody", Sentence("no: it stands for people without a number")),
            Reading("customer", Sentence("yes, a customer like the others")),
        ),
    )
    if orders.answers.to(question) == "nobody":
        orders.frame["customer_id"] = orders.frame["customer_id"].mask(
            orders.frame["customer_id"] == row["customer_id"]
        )
