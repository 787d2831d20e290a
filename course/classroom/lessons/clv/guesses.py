"""What is guessed before the model says it."""

import pandas as pd

from course.classroom.hands import Guess
from course.classroom.lessons.clv.pictures import came_again
from course.classroom.tables import load
from course.language import Label

_AS_OF = pd.Timestamp("2024-06-30")


def again() -> float:
    """How many of the lesson's six customers buy once more by the end of the year."""
    orders = load("orders")
    return float(came_again(orders.assign(day=orders["ordered_at"].dt.normalize()), _AS_OF))


def once() -> float:
    """Percent: P(alive) by BG/NBD of somebody who never came back. It is 1 by the model's construction, on any data:
    with x = 0 nobody has had a chance to leave (Fader, Hardie and Lee 2005)."""
    return 100.0


GUESSES = {
    "again": Guess(
        ".0f",
        again,
        Label("Which ones, you will see further down.", "是哪几位，后面揭晓。"),
    ),
    "once": Guess(
        ".0f",
        once,
        Label(
            "In this model a customer can leave after a repeat purchase only.", "在这个模型里，客户只能在复购之后离开。"
        ),
    ),
}
