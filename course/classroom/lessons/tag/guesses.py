"""What is guessed before it is counted."""

from course import tag
from course.classroom.hands import Guess
from course.language import Label


def right() -> float:
    """Of a hundred tagged customers, how many are right where 2 % are new parents."""
    return 100 * tag.ppv(0.70, 0.03, 0.02)


GUESSES = {
    "right": Guess(
        ".0f",
        right,
        Label("It was 55 where five in a hundred were new parents.", "一百人里有五位新手父母时，是 55 个。"),
    ),
}
