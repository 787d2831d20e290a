"""What is guessed before it is reckoned."""

import pandas as pd

from course import effect
from course.classroom.hands import Guess
from course.classroom.tables import load
from course.language import Label

#: The spring coupon, and the two weeks in which its orders count.
_COUPON, _FIRST, _LAST = "C01", pd.Timestamp("2024-03-04"), pd.Timestamp("2024-03-18")


def relative() -> float:
    """Percent of the group without a coupon who ordered within two weeks, and a fifth of that more."""
    drawn = load("campaigns").query("campaign_id == @_COUPON").drop_duplicates(["customer_id", "arm"])
    drawn = drawn.drop_duplicates("customer_id", keep=False)
    without = drawn.loc[drawn["arm"] == "control", "customer_id"]
    orders = load("orders")
    bought = orders.loc[orders["ordered_at"].ge(_FIRST) & orders["ordered_at"].lt(_LAST), "customer_id"]
    return 120 * float(without.isin(bought).mean())


def half() -> float:
    """Times as many customers for half the change, from 10 % on: +10 % for +20 %."""
    return effect.needed(0.1, 0.1) / effect.needed(0.1, 0.2)


def looks() -> float:
    """False finds in a hundred experiments without an effect, of five looks at 5 % each."""
    return 100 * effect.peeking(5)


GUESSES = {
    "relative": Guess(
        ".1f",
        relative,
        Label("Up by twenty points would be another figure altogether.", "要是提高二十个百分点，就是另一个数了。"),
    ),
    "half": Guess(".0f", half, Label("The distance is squared.", "距离要平方。")),
    "looks": Guess(".0f", looks),
}
