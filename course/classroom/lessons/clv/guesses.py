"""What is guessed before the model says it."""

from course.classroom.hands import Guess
from course.language import Label


def once() -> float:
    """Percent: P(alive) by BG/NBD of somebody who never came back. It is 1 by the model's construction, on any data:
    with x = 0 nobody has had a chance to leave (Fader, Hardie and Lee 2005)."""
    return 100.0


GUESSES = {
    "once": Guess(
        ".0f",
        once,
        Label(
            "In this model a customer can leave after a repeat purchase only.", "在这个模型里，客户只能在复购之后离开。"
        ),
    )
}
