"""What is guessed before it is drawn."""

from course.classroom.hands import Guess
from course.classroom.tables import load
from course.identity import spelling


def app() -> float:
    """Percent of the different phone numbers at the tills that the app knows too."""
    tills, in_app = (set(spelling(load(t)["phone"], "phone").dropna()) for t in ("till_members", "app_users_raw"))
    return 100 * len(tills & in_app) / len(tills)


GUESSES = {"app": Guess(".0f", app)}
