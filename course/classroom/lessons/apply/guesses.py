"""What is guessed before it is reckoned."""

from course import effect
from course.classroom.hands import Guess
from course.classroom.tables import load
from course.language import Label


def extra() -> float:
    """Purchases that the coupon added, for 100 that were redeemed."""
    coupon = load("coupon")
    nothing, got = (coupon.loc[coupon["arm"] == arm, "bought"] for arm in ("control", "coupon"))
    added = len(got) * effect.ab(nothing, got, planned=None).difference
    return 100 * added / float(coupon["redeemed"].sum())


GUESSES = {
    "extra": Guess(
        ".0f",
        extra,
        Label("The others would have bought anyway, at full price.", "其余的人本来就会买，而且是原价。"),
    ),
}
