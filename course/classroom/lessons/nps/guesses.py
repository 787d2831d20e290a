"""What is guessed before it is drawn."""

import numpy as np

from course.classroom.hands import Guess
from course.language import Label


def lowest() -> float:
    """The 5th percentile of the NPS of twenty answers, where 80 % promote and 5 % detract, in ten thousand surveys."""
    drawn = np.random.default_rng(0).multinomial(20, [0.80, 0.15, 0.05], size=10_000)
    return float(np.quantile((5 * (drawn[:, 0] - drawn[:, 2])).round(), 0.05))


GUESSES = {
    "lowest": Guess(
        ".0f",
        lowest,
        Label(
            "Nobody did anything wrong: twenty answers can't tell 75 from that.",
            "谁都没做错：只有二十份答卷，分不清 75 和这个数。",
        ),
    ),
}
