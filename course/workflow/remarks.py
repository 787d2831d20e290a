"""What a reader should know about the data before believing a figure."""

from collections.abc import Mapping

import pandas as pd

from course import collect, schema
from course.clean import Cleaned
from course.collect.guards.who import shown_id
from course.engine import Table, query
from course.errors import first_few
from course.language import Sentence
from course.telling import struck, tells
from course.workflow.people import different
from course.workflow.result import Result


class Discreet(Sentence):
    """A sentence about the data that says no phone, e-mail or identity number that stood in a cell."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(said.message, **said.values)
        self.said = said

    def say(self, lang: str | None = None) -> str:
        """The sentence in `lang`, three stars in place of what tells a person."""
        return struck(self.said.say(lang))


def warnings(run: Result) -> list[Sentence]:
    """What in the data would mislead a reader who does not know it."""
    notes = misleading(run) + _not_all_listed(run.cleaned)
    if "surveys" in run.cleaned:
        notes += _outside_the_scale(run.cleaned["surveys"].quarantine)
    return notes


#: Rows that quarantine.csv holds at most: a spreadsheet has no more.
LISTED = 1_000_000


def _not_all_listed(cleaned: Mapping[str, Cleaned]) -> list[Sentence]:
    rows = sum(len(one.quarantine) + len(one.set_aside) for one in cleaned.values())
    if rows <= LISTED:
        return []
    return [
        Sentence(
            "{rows:,} rows were not used; quarantine.csv lists the first {n:,} of them, and the counts are of all.",
            rows=rows,
            n=LISTED,
        )
    ]


def misleading(run: Result) -> list[Sentence]:
    """What makes a headline say other than it seems: it stands beside it."""
    orders = run.rows("orders")
    return [] if orders is None else _lonely_end(orders) + _one_large_order(orders)


def told_by(ids: pd.Series) -> list[Sentence]:
    """What a reader should know where the customer numbers say who somebody is and stand in the results."""
    if not tells(ids).any():
        return []
    return [
        Sentence(
            "The customer numbers look like phone numbers, e-mail addresses, identity cards or names, and the results "
            "carry them. Replace them by keys of your own before you pass the results on."
        )
    ]


#: Fewer customers of the smaller table than this share in the other one, too: the two number them differently.
_OVERLAP = 0.5


def overlaps(cleaned: Mapping[str, Cleaned]) -> list[Sentence]:
    """Tables whose customers are hardly those of the orders; after persons were found, before pseudonyms are given."""
    if "orders" not in cleaned:
        return []
    numbered = {kind: one.valid for kind, one in cleaned.items() if "customer_id" in one.valid}
    buyers = set(different(numbered["orders"], "customer_id")) if len(numbered) > 1 else set()
    notes = []
    for kind, rows in numbered.items():
        others = set(different(rows, "customer_id")) if kind != "orders" else set()
        if not others or not buyers:
            continue
        share = len(buyers & others) / min(len(buyers), len(others))
        if share < _OVERLAP:
            notes.append(
                Sentence(
                    "Of the customers of orders and of “{kind}” fewer than half are the same ({share:.0%}): {here} in "
                    "the orders, {there} there. Check that both files use one number.",
                    kind=schema.canonical(kind).label,
                    share=share,
                    here=_three(buyers - others),
                    there=_three(others - buyers),
                )
            )
    return notes


def _three(ids: set[str]) -> str:
    """How the numbers are made: up to three ways, as they come in order."""
    return first_few(list(dict.fromkeys(shown_id(i) for i in sorted(ids)))[:3])


_LAST_DAYS = """
    SELECT count(*) OVER () AS number, day FROM (SELECT DISTINCT CAST(ordered_at AS DATE) AS day FROM orders)
    ORDER BY day DESC LIMIT 2
"""


def _lonely_end(orders: Table) -> list[Sentence]:
    """A last order long after all others is more likely a typing error than business, and moves every recency."""
    found = query(_LAST_DAYS, {"orders": orders[["ordered_at"]]})
    if found["number"].iloc[0] < 30:
        return []
    last, before = found["day"]
    gap = (last - before).days
    if gap <= 60:
        return []
    return [
        Sentence(
            "The last order is dated {last}, {gap} days after the one before. If that is a typing error, every recency "
            "is {gap} days too long: set the date with --as-of {before}.",
            last=last.date(),
            gap=gap,
            before=before.date(),
        )
    ]


_LARGEST = """
    WITH heads AS (
        SELECT order_id, min(source_row) AS row, sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS money
        FROM orders GROUP BY order_id
    )
    SELECT row, CAST(money AS DOUBLE) AS money, CAST(sum(money) OVER () AS DOUBLE) AS total, count(*) OVER () AS number
    FROM heads ORDER BY money DESC, order_id LIMIT 1
"""


def _one_large_order(orders: Table) -> list[Sentence]:
    largest = query(_LARGEST, {"orders": orders[["order_id", "source_row", "amount"]]}).iloc[0]
    if largest["number"] < 100 or largest["total"] <= 0 or largest["money"] < 0.05 * largest["total"]:
        return []
    return [
        Sentence(
            "One order (row {row}) is {share:.0%} of all money. Check it: it moves every mean, and the classes that "
            "are cut at the mean.",
            row=int(largest["row"]),
            share=largest["money"] / largest["total"],
        )
    ]


def _outside_the_scale(quarantine: pd.DataFrame) -> list[Sentence]:
    """A code such as 11 or 99 for a blank is the usual reason for answers that cannot be."""
    outside = quarantine.loc[quarantine["rule"] == "score_out_of_range", "value"]
    if outside.empty:
        return []
    counts = outside.value_counts().sort_index()
    code, times = counts.idxmax(), int(counts.max())
    return [
        Sentence(
            "{n:,} {n:answer|answers} are not on the scale from 0 to 10 and were not scored, {times:,} of them {code}. "
            "If {code} means not answered, say so: --blank score={code}.",
            n=len(outside),
            times=times,
            code=code,
        )
    ]


#: (what, the tables it needs)
_ABILITIES = (
    (Sentence("RFM scores and classes"), "orders"),
    (Sentence("expected value, natural groups, what segments foretell"), "orders"),
    (Sentence("habits, stages of life, early warning, tags, personas"), "orders"),
    (Sentence("who is one person; gender, age, city, date of joining"), "customers"),
    (Sentence("visits, and how many get from view to cart to buy"), "events"),
    (Sentence("willingness to recommend (0–10), its drivers, themes of comments"), "surveys"),
    (Sentence("service tickets per customer, and who falls silent after a complaint"), "tickets"),
    (Sentence("what campaigns changed, if customers were left out at random"), "campaigns"),
    (Sentence("posts per customer"), "posts"),
)


def reach(tables: Mapping[str, collect.Table]) -> tuple[list[Sentence], list[Sentence]]:
    """What can be computed from these tables, and what cannot for want of which."""
    done = [what for what, kind in _ABILITIES if kind in tables]
    not_done = [
        Sentence("{what}: needs --{kind}", what=what, kind=kind) for what, kind in _ABILITIES if kind not in tables
    ]
    if "orders" in tables and not tables["orders"].has_lines and "order_lines" not in tables:
        not_done.append(Sentence("products and baskets: needs --lines, or orders with a product column"))
    for kind in ("surveys", "events", "tickets", "campaigns"):
        if kind in tables and "customer_id" not in tables[kind].frame:
            not_done.append(Sentence("“{kind}” per customer: the file has no customer column", kind=kind))
    return done, not_done
