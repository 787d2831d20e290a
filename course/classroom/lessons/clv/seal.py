"""How many orders the customers of the books place in the year after them."""

import pandas as pd

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.words import label
from course.language import Label

#: The day that the lesson stands on, and the last day of the books.
AS_OF, END = pd.Timestamp("2024-06-30"), pd.Timestamp("2024-12-31")


def _customers() -> pd.DataFrame:
    """Everybody with an order in the books: orders (of the next year), alive_at_end."""
    frames = company.unseal("clv", room.company()).frames
    process = frames["process"]
    known = process[process["first_order_on"] <= END]
    return known.merge(frames["next_year"], on="person_id", how="left").fillna({"orders": 0})


def truth() -> float:
    """Orders a customer in the year after the books."""
    return float(_customers()["orders"].mean())


def _more() -> Label:
    customers = _customers()
    alive = customers["alive_at_end"].astype(bool)
    once = (customers.loc[alive, "orders"] == 0).mean()
    return label("clv", "seal_more", gone=1 - alive.mean(), once=once)


SEAL = Seal(
    Label(
        "How many orders does each customer who had bought by the end of 2024 place in 2025, on average?",
        "到 2024 年底买过东西的客户，2025 年平均每人下几单？",
    ),
    ".2f",
    truth,
    _more,
)
