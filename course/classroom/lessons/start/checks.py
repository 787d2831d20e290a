"""What is looked at in the answers of lesson 00."""

import pandas as pd

from course import behaviour
from course.classroom.answers import Mistake, column, equals, exercise, number, same, side, told
from course.language import Sentence


@exercise(
    "start-1",
    answers=("buyers",),
    given=("sales", "customers"),
    right=Sentence(
        "You counted different people, not rows and not orders. From here on, “number of customers” means this at "
        "Luming."
    ),
)
def buyers(answer: object, sales: pd.DataFrame, customers: pd.DataFrame) -> None:
    """Different customers in the sales."""
    rows = sales["customer_id"].value_counts()
    orders = sales.drop_duplicates("order_id")["customer_id"].value_counts()
    mistakes = {
        Sentence(
            "You computed the number of rows. The task asks for customers: ten rows can be one customer. Try the "
            "column customer_id."
        ): len(sales),
        Sentence(
            "You computed the number of orders. The task asks for customers, and many ordered more than once. Try "
            "the column customer_id."
        ): orders.sum(),
        Sentence(
            "You counted everybody on the customer list. The task asks for customers who bought. Try the table sales."
        ): len(customers),
        Sentence(
            "You counted only the customers with a single row. The task asks for all of them. Try each customer_id "
            "once."
        ): (rows == 1).sum(),
        Sentence(
            "You counted only the customers with a single order. The task asks for all of them. Try each customer_id "
            "once."
        ): (orders == 1).sum(),
        Sentence("You counted only the customers with more than one row. The task asks for all of them, each once."): (
            rows > 1
        ).sum(),
        Sentence("You counted rows that brought money. The task asks for customers. Try the column customer_id."): (
            sales["yuan"] > 0
        ).sum(),
        Sentence(
            "You counted how many products there are. The task asks for customers. Try the column that says who bought."
        ): sales["product_id"].nunique(),
    }
    equals(answer, len(rows), "buyers", mistakes)


@exercise(
    "start-2",
    answers=("spend",),
    given=("sales",),
    right=Sentence(
        "Each customer has one value, and together they are all of Luming's sales. The first rows are the customers "
        "whom Luming can't afford to lose."
    ),
)
def spend(answer: object, sales: pd.DataFrame) -> None:
    """Yuan a customer, the largest first."""
    if isinstance(answer, pd.DataFrame) and {"customer_id", "yuan"} <= set(answer.columns):
        answer = answer.set_index("customer_id")["yuan"]
    given = column(answer, "spend")
    _no_other_grouping(given, sales)
    by_customer = sales.groupby("customer_id")
    truth = by_customer["yuan"].sum()
    values = column(given, "spend", truth.index)
    if not pd.api.types.is_numeric_dtype(values):
        raise Mistake("spend should hold yuan; its values are of kind {kind}.", kind=values.dtype)
    known = {
        Sentence("You counted numbers of rows. The task asks for money. Try the sum of the column yuan."): by_customer[
            "yuan"
        ].count(),
        Sentence(
            "You counted numbers of orders. The task asks for money. Try the sum of the column yuan."
        ): by_customer["order_id"].nunique(),
        Sentence(
            "You took means. Those are means of one row each, and the task asks for all rows of a customer together. "
            "Try sum."
        ): (by_customer["yuan"].mean()),
        Sentence("You added up pieces, not yuan. The task asks for money. Try the column yuan."): by_customer[
            "quantity"
        ].sum(),
        Sentence("You took each customer's dearest row. The task asks for all rows together. Try sum."): by_customer[
            "yuan"
        ].max(),
        Sentence(
            "You used amount, so the refunds are still in it. The task asks for money net of refunds. Try the column "
            "yuan."
        ): by_customer["amount"].sum(),
    }
    rounded = Sentence("You rounded the money. The task asks for yuan to the cent. Try it without round.")
    known = [*known.items(), *((rounded, truth.round(digits)) for digits in (1, 0, -1, -2, -3))]
    if not told(values, truth, known, 0.005):
        if same(float(values.sum()), float(truth.sum())):
            raise Mistake(
                "Your total is right, but the money does not lie with the customers who paid it. Try grouping by "
                "customer_id and keep its index."
            )
        raise Mistake(
            "The total is {side}: all of sales is asked for, each row once.",
            side=side(values.sum(), truth.sum()),
        )
    if not given.is_monotonic_decreasing:
        raise Mistake(
            "You have every value right, but the order is not yet. The task asks for the largest first. Try "
            "sort_values(ascending=False)."
        )


def _no_other_grouping(given: pd.Series, sales: pd.DataFrame) -> None:
    keys = set(given.index)
    for name, sentence in {
        "category": Sentence(
            "You added up the money for each category, as the report did. The task asks for customers. Try the "
            "column that says who paid."
        ),
        "product_id": Sentence(
            "You added up the money for each product. The task asks for customers. Try the column that says who paid."
        ),
        "order_id": Sentence(
            "You added up the money for each order. The task asks for customers, whose orders belong together. Try "
            "customer_id."
        ),
    }.items():
        if keys and keys <= set(sales[name].dropna()):
            raise Mistake(sentence)


@exercise(
    "start-3",
    answers=("best_fifth",),
    given=("orders_7", "lines_7", "sales"),
    right=Sentence("Another company, another share. How far such a share moves from seed to seed, lesson 12 measures."),
)
def best_fifth(answer: object, orders: pd.DataFrame, lines: pd.DataFrame, sales: pd.DataFrame) -> None:
    """Share of the money that the best fifth of the new company's customers bring."""
    bought = behaviour.purchases(orders, lines)
    bought["yuan"] = bought["amount"] - bought["refunded"]
    value = number(answer, "best_fifth")
    right = _best(bought.groupby("customer_id")["yuan"].sum())
    if _one_of(value, right):
        return
    if _one_of(value / 100, right):
        raise Mistake(
            "You gave the share in percent. The task asks for a number between 0 and 1. Try it without the factor 100."
        )
    if not 0 <= value <= 1:
        raise Mistake(
            "You gave a number that is no share. The task asks for a share, which is between 0 and 1. Try dividing "
            "by all of the money."
        )
    wrong = {
        Sentence(
            "You computed the share in the company before, whose customers are still in sales and portraits. The "
            "task asks for the new one. Try orders_7 and lines_7."
        ): _best(sales.groupby("customer_id")["yuan"].sum()),
        Sentence(
            "You used amounts before refunds. Refunded money is still in it, and the task asks for money net of "
            "refunds. Try monetary_net."
        ): _best(bought.groupby("customer_id")["amount"].sum()),
        Sentence(
            "You took the best fifth of the orders. The task asks for customers. Try adding up by customer first."
        ): [
            *_best(bought.groupby("order_id")["yuan"].sum()),
            *_best(bought.groupby("order_id")["amount"].sum()),
        ],
        Sentence("You took the best tenth. The task asks for a fifth. Try top_fifth."): [
            *_best(bought.groupby("customer_id")["yuan"].sum(), 10),
            *_best(bought.groupby("customer_id")["amount"].sum(), 10),
        ],
    }
    least = bought.groupby("customer_id")["yuan"].sum().sort_values()
    wrong |= {
        Sentence("You took the fifth that pays least. The task asks for the best. Try the largest first."): [
            least.head(len(least) // 5 + more).sum() / least.sum() for more in (0, 1)
        ],
        Sentence("You took the share of the orders. The task asks for the money. Try monetary_net."): _best(
            bought.groupby("customer_id")["order_id"].nunique()
        ),
        Sentence("You wrote how many customers a fifth is. The task asks for their share of the money."): [0.2],
    }
    equals(value, right[0], "best_fifth", [(said, share) for said, shares in wrong.items() for share in shares])


def _best(money: pd.Series, parts: int = 5) -> list[float]:
    """The share of the best fifth in three ways: a fifth of 533 is 106 customers, or 107, or 106.6."""
    best = money.sort_values(ascending=False)
    count, total = len(best) // parts, best.sum()
    between = 1 - behaviour.lorenz(money)["money"].iloc[100 - 100 // parts]
    return [float(between), best.head(count).sum() / total, best.head(count + 1).sum() / total]


def _one_of(value: float, values: list[float]) -> bool:
    return any(same(value, one) for one in values)
