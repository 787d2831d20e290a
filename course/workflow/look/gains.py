"""What one column more would open."""

from collections.abc import Mapping

from course.collect import Table
from course.language import Sentence

#: (kind, columns of which any one is enough, what a run does with it). Lines bring what their orders lack of goods.
_GAINS = (
    ("orders", ("order_id",), Sentence("two orders at one moment are two, and what came twice is found")),
    ("orders", ("status",), Sentence("cancelled, refunded and open orders are told from sales")),
    ("orders", ("refunded", "cancels_order_id"), Sentence("money given back is taken off the order it was paid for")),
    ("orders", ("product_id", "product_name"), Sentence("products, what is bought together, what to recommend")),
    ("orders", ("category",), Sentence("favourite category, change of preferences")),
    ("orders", ("channel",), Sentence("favourite channel")),
    ("orders", ("discount", "promo_id"), Sentence("price sensitivity, who buys in promotions only")),
    ("customers", ("name", "phone", "email", "birth_date", "address"), Sentence("which records are one person")),
    ("customers", ("gender",), Sentence("gender in portraits and tags")),
    ("customers", ("birth_date", "age_band"), Sentence("age bands")),
    ("customers", ("city",), Sentence("cities")),
    ("customers", ("joined_at",), Sentence("who joined and never bought")),
    ("events", ("customer_id",), Sentence("visits of each customer")),
    ("events", ("visitor_id",), Sentence("visits of those who did not sign in, given to their customer")),
    ("events", ("kind",), Sentence("how many get from view to cart to buy")),
    ("surveys", ("customer_id",), Sentence("the score beside what the customer spends")),
    ("surveys", ("answered_at",), Sentence("the score quarter by quarter; who answered twice")),
    ("surveys", ("comment",), Sentence("themes of comments")),
    ("surveys", ("weight",), Sentence("the weighted score")),
    ("tickets", ("topic",), Sentence("complaints told from other tickets")),
    ("campaigns", ("campaign_id",), Sentence("one campaign told from another")),
    ("campaigns", ("sent_at",), Sentence("what customers did after it was sent")),
    ("campaigns", ("arm",), Sentence("what the campaign changed, against those who were left out")),
    ("posts", ("author_id",), Sentence("posts of each customer")),
)


def gains(tables: Mapping[str, Table], refunds: bool = False) -> list[tuple[str, tuple[str, ...], Sentence]]:
    """(kind, columns, what it opens) for every column that a table at hand lacks and a run would use.

    `refunds` : money given back stands in rows of its own, and no column need tell it.
    """
    held = {kind: set(table.mapping) | ({"refunded"} if refunds else set()) for kind, table in tables.items()}
    if "orders" in held:
        held["orders"] |= held.get("order_lines", set())
    return [(kind, columns, what) for kind, columns, what in _GAINS if kind in held and not held[kind] & set(columns)]
