"""What is guessed before it is counted."""

import numpy as np

from course import segment
from course.classroom.hands import Guess
from course.classroom.lessons.segment.seal import AS_OF
from course.classroom.tables import load
from course.language import Label


def moved() -> float:
    """How many others change class, cut at the mean, when the largest customer adds a quarter of all sales."""
    customers = segment.rfm(load("orders"), as_of=AS_OF)
    money = customers["monetary_net"]
    largest = money == money.max()
    bulk = customers.assign(monetary_net=np.where(largest, money + money.sum() / 4, money))
    return float((segment.classes(bulk, "mean") != segment.classes(customers, "mean"))[~largest].sum())


GUESSES = {
    "moved": Guess(
        ",.0f",
        moved,
        Label("None of them ordered anything.", "他们自己什么也没买。"),
    ),
}
