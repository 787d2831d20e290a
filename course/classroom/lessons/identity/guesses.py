"""What is guessed before it is counted."""

from course.classroom.hands import Guess
from course.classroom.tables import load


def pairs() -> float:
    """Pairs of records on the phone number with the most records."""
    records = int(load("records")["phone"].value_counts().iloc[0])
    return records * (records - 1) / 2


GUESSES = {"pairs": Guess(".0f", pairs)}
