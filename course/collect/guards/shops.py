"""Order numbers that begin again in every shop, till or file: two orders are not one because both are number 1001."""

from typing import TYPE_CHECKING

import pandas as pd

from course import engine
from course.collect.guards.table import Orders
from course.collect.questions import Question, Reading
from course.errors import first_few
from course.language import Sentence

if TYPE_CHECKING:
    from course.collect import Table

#: From this share of order numbers on, that stand for several customers, it is how the file is made.
_USUAL = 0.01

#: Per order number: whether it stands for several shops and several customers or days, and for several customers
#: within one shop.
_TORN = """
WITH by_shop AS (
    SELECT order_id, store_id, count(DISTINCT customer_id) AS people FROM rows GROUP BY order_id, store_id
)
SELECT order_id, count(DISTINCT store_id) > 1
        AND (count(DISTINCT customer_id) > 1 OR count(DISTINCT day) > 1) AS by_shop,
    coalesce((SELECT max(people) FROM by_shop AS b WHERE b.order_id = rows.order_id) > 1, false) AS torn
FROM rows GROUP BY order_id ORDER BY order_id
"""


def restart(orders: Orders) -> None:
    """Orders of one number and of different shops and customers or days are told apart by their shop; where no shop
    does, it is asked whether one number is one order."""
    frame = orders.frame
    if "order_id" not in orders.shown or "customer_id" not in frame or not frame["order_id"].duplicated().any():
        return
    sold = frame["order_id"].notna() & frame["amount"].fillna(0).ge(0)
    if "cancels_order_id" in frame:
        sold &= frame["cancels_order_id"].isna()
    rows = frame.loc[sold, ["order_id", "customer_id"]].assign(
        day=frame["ordered_at"].dt.normalize(),
        store_id=frame.get("store_id"),
    )
    found = engine.query(_TORN, {"rows": rows.astype({"store_id": "str"})})
    by_shop = found.loc[found["by_shop"] & ~found["torn"], "order_id"]
    if len(by_shop):
        _by_shop(orders, set(by_shop))
    torn = found.loc[found["torn"], "order_id"]
    if len(torn) and len(torn) >= _USUAL * len(found):
        _asked(orders, torn, len(found))


def _by_shop(orders: Orders, numbers: set[str]) -> None:
    frame = orders.frame
    for column in (c for c in ("order_id", "cancels_order_id") if c in frame):
        rows = frame[column].isin(numbers) & frame["store_id"].notna()
        frame[column] = frame[column].mask(rows, frame[column] + "@" + frame["store_id"])
    orders.renumbered = True
    orders.notes.append(
        Sentence(
            "{file}: {n:,} order {n:number stands|numbers stand} for different orders in different {shops} ({examples}"
            "); an order is its number and its {shops}.",
            file=orders.file,
            n=len(numbers),
            shops=orders.name("store_id"),
            examples=first_few(sorted(numbers)),
        )
    )


def _asked(orders: Orders, torn: pd.Series, n_orders: int) -> None:
    frame = orders.frame
    rows = frame["order_id"].isin(set(torn)) & frame["customer_id"].notna()
    apart = frame["order_id"] + "@" + frame["customer_id"]
    several = apart[rows].nunique() + n_orders - len(torn)
    question = Question(
        "order_numbers",
        Sentence(
            "{file}: {n:,} {n:number|numbers} of {column} {n:stands|stand} for more than one customer ({examples}). Is "
            "one number one order?",
            file=orders.file,
            n=len(torn),
            column=orders.name("order_id"),
            examples=first_few(torn),
        ),
        (
            Reading(
                "apart",
                Sentence("no: each customer's is an order, {n:,} in all", n=several),
            ),
            Reading("one", Sentence("yes: {n:,} orders in all", n=n_orders)),
        ),
    )
    if orders.answers.to(question) == "apart":
        frame["order_id"] = frame["order_id"].mask(rows, apart)
        orders.renumbered = True


#: Order numbers that two files have for different customers on different days.
_BY_FILE = """
SELECT DISTINCT a.order_id FROM rows AS a JOIN rows AS b
ON a.order_id = b.order_id AND a.file < b.file AND a.customer_id <> b.customer_id AND a.day <> b.day
ORDER BY a.order_id
"""


def by_file(parts: "list[Table]") -> list[Sentence]:
    """Of one number in two files, with another customer and another day, no order has changed: they are two."""
    if not all("order_id" in p.mapping and "customer_id" in p.frame for p in parts):
        return []
    columns = ["order_id", "customer_id", "ordered_at"]
    rows = pd.concat([p.frame[columns].assign(file=i) for i, p in enumerate(parts)], ignore_index=True)
    rows = rows.assign(day=rows["ordered_at"].dt.normalize()).drop(columns="ordered_at").drop_duplicates().dropna()
    torn = set(engine.query(_BY_FILE, {"rows": rows})["order_id"])
    if not torn:
        return []
    for part in parts:
        name = part.sources[0]["name"]
        for column in (c for c in ("order_id", "cancels_order_id") if c in part.frame):
            part.frame[column] = part.frame[column].mask(part.frame[column].isin(torn), part.frame[column] + f"@{name}")
        part.renumbered = True
    return [
        Sentence(
            "{n:,} order {n:number stands|numbers stand} for different customers and days in different files "
            "({examples}); an order is its number and its file.",
            n=len(torn),
            examples=first_few(sorted(torn)),
        )
    ]
