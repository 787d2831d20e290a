"""What is guessed before it is counted."""

from course.classroom.hands import Guess
from course.classroom.lessons.behaviour.pictures import SEEN, plunge
from course.classroom.tables import load
from course.language import Label


def on_new_year() -> float:
    """By how many points the lines still fall when December is whole."""
    return plunge(load("orders"), SEEN[-1])


GUESSES = {
    "plunge": Guess(
        ".1f",
        on_new_year,
        Label("A whole December, and the lines still fall.", "十二月已经完整，线仍然在跌。"),
    ),
}
