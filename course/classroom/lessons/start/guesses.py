"""What is guessed before it is drawn."""

from course import behaviour
from course.classroom.hands import Guess
from course.classroom.tables import load


def tenth() -> float:
    """Percent of all money, less refunds, that the tenth of the customers with most of it brought."""
    sales = behaviour.purchases(load("orders"), load("lines"))
    spend = (sales["amount"] - sales["refunded"]).groupby(sales["customer_id"]).sum()
    return 100 * float(behaviour.pareto(spend).deciles["share"].iloc[0])


GUESSES = {"tenth": Guess(".0f", tenth)}
