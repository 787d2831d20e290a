"""What is guessed before it is counted."""

import pandas as pd

from course.classroom.hands import Guess
from course.classroom.tables import load
from course.language import Label

_START, _DAYS = pd.Timestamp("2024-01-01"), 90
#: Days of silence on the first day.
_FROM, _TO = 60, 180


def returned() -> float:
    """Percent of the customers silent for 60 to 180 days on 1 January 2024 who order within 90 days, with no mail."""
    orders = load("orders")
    days = orders["ordered_at"].dt.normalize()
    last = days[days < _START].groupby(orders["customer_id"]).max()
    quiet = last.index[(_START - last).dt.days.between(_FROM, _TO)]
    later = orders.loc[days.between(_START, _START + pd.Timedelta(days=_DAYS)), "customer_id"]
    return 100 * float(quiet.isin(later).mean())


GUESSES = {
    "return": Guess(
        ".0f",
        returned,
        Label("Nobody wrote to any of them.", "没有人给他们写过信。"),
    ),
}
