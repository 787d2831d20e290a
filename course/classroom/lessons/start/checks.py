"""What is looked at in the answers of lesson 00."""

import pandas as pd

from course import behaviour
from course.classroom.answers import Mistake, column, equals, exercise, number, same, side, told
from course.language import Sentence


@exercise(
    "start-1",
    answers=("buyers",),
    given=("sales", "customers"),
    right=Sentence("Different people, not rows and not orders: that is what “number of customers” means from here on."),
)
def buyers(answer: object, sales: pd.DataFrame, customers: pd.DataFrame) -> None:
    """Different customers in the sales."""
    rows = sales["customer_id"].value_counts()
    orders = sales.drop_duplicates("order_id")["customer_id"].value_counts()
    mistakes = {
        Sentence("That is the number of rows. A customer with ten rows is still one customer."): len(sales),
        Sentence("That is the number of orders. Many customers ordered more than once."): orders.sum(),
        Sentence(
            "That is everybody on the customer list, those included who never bought. Count who is in sales."
        ): len(customers),
        Sentence("Those are only the customers with a single row. Count the others too."): (rows == 1).sum(),
        Sentence("Those are only the customers with a single order. Count the others too."): (orders == 1).sum(),
        Sentence("You counted only the customers with more than one row. The task asks for all of them, each once."): (
            rows > 1
        ).sum(),
        Sentence("You counted rows that brought money. The task asks for customers. Try the column customer_id."): (
            sales["yuan"] > 0
        ).sum(),
        Sentence("That is how many products there are. Which column says who bought?"): sales["product_id"].nunique(),
    }
    equals(answer, len(rows), "buyers", mistakes)


@exercise(
    "start-2",
    answers=("spend",),
    given=("sales",),
    right=Sentence("One value for each customer, and together they are all the money there is."),
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
        Sentence("Those are numbers of rows, not yuan. Add up the column yuan."): by_customer["yuan"].count(),
        Sentence("Those are numbers of orders, not yuan. Add up the column yuan."): by_customer["order_id"].nunique(),
        Sentence("Those are means: what a customer paid for one row. All the rows of a customer are asked for."): (
            by_customer["yuan"].mean()
        ),
        Sentence("Those are pieces, not yuan. Add up the column yuan."): by_customer["quantity"].sum(),
        Sentence("That is each customer's dearest row. Add up all of them."): by_customer["yuan"].max(),
        Sentence("The refunds are still in it: amount is before refunds, yuan is after."): by_customer["amount"].sum(),
    }
    rounded = Sentence("You rounded the money. The task asks for yuan to the cent. Try it without round.")
    known = [*known.items(), *((rounded, truth.round(digits)) for digits in (1, 0, -1, -2, -3))]
    if not told(values, truth, known, 0.005):
        if same(float(values.sum()), float(truth.sum())):
            raise Mistake("The total is right, but the money does not lie with the customers who paid it.")
        raise Mistake(
            "The total is {side}: all of sales is asked for, each row once.",
            side=side(values.sum(), truth.sum()),
        )
    if not given.is_monotonic_decreasing:
        raise Mistake("Every value is right; the order is not yet: the largest comes first.")


def _no_other_grouping(given: pd.Series, sales: pd.DataFrame) -> None:
    keys = set(given.index)
    for name, sentence in {
        "category": Sentence("spend has one value for each category, as the report had. Which column says who paid?"),
        "product_id": Sentence("spend has one value for each product. Which column says who paid?"),
        "order_id": Sentence("spend has one value for each order. A customer's orders belong together."),
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
        raise Mistake("That is in percent. A number between 0 and 1 is asked for.")
    if not 0 <= value <= 1:
        raise Mistake("A share lies between 0 and 1.")
    wrong = {
        Sentence(
            "That is the share in the company before: sales and portraits still hold its customers. Use orders_7."
        ): _best(sales.groupby("customer_id")["yuan"].sum()),
        Sentence("Refunded money is still in it: take what customers paid net of refunds."): _best(
            bought.groupby("customer_id")["amount"].sum()
        ),
        Sentence("That is the best fifth of the orders. Add up by customer first."): [
            *_best(bought.groupby("order_id")["yuan"].sum()),
            *_best(bought.groupby("order_id")["amount"].sum()),
        ],
        Sentence("That is the best tenth. A fifth is asked for."): [
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
