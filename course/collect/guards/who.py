"""Who bought: guests, one number for everybody, numbers that are nearly the same."""

from course import engine
from course.collect.guards.table import Orders
from course.collect.questions import Question, Reading
from course.language import Sentence

#: One customer with more rows than this share, and so many times as many as the next, is hardly a customer.
_ONE_FOR_ALL, _AHEAD = 0.2, 3

_BUSIEST = """
SELECT customer_id, count(*) AS rows, (SELECT count(*) FROM orders) AS of_all
FROM orders GROUP BY customer_id ORDER BY rows DESC, customer_id LIMIT 2
"""


def one_for_all(orders: Orders) -> None:
    """One number far ahead of all others and behind a fifth of the rows is a till, a guest account or a marketplace."""
    busiest = engine.query(_BUSIEST, {"orders": orders.frame[["customer_id"]].dropna()})
    if len(busiest) < 2:
        return
    row, second = busiest.iloc[0], busiest.iloc[1]
    if row["of_all"] < 50 or row["rows"] <= _ONE_FOR_ALL * row["of_all"] or row["rows"] < _AHEAD * second["rows"]:
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
