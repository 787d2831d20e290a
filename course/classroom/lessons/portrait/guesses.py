"""What is guessed before it is drawn."""

from course.classroom.hands import Guess
from course.classroom.tables import load
from course.language import Label


def by_the_mean() -> float:
    """People whose mean rating of the action films that they have seen is 7 or more."""
    return float(load("film_fans").query("genre == 'action'")["by_mean"].sum())


GUESSES = {
    "mean": Guess(
        ".0f",
        by_the_mean,
        Label("The people and their ratings did not change, only the rule.", "人没变，打的分也没变，变的只是规则。"),
    )
}
