"""What is guessed before it is counted."""

import pandas as pd

from course.classroom.hands import Guess
from course.classroom.tables import load


def coerced() -> float:
    """Blank dates of birth after pandas has read the CRM's column and kept quiet about what it could not."""
    born = load("members_raw")["born"]
    return float(pd.to_datetime(born, format="mixed", errors="coerce").isna().sum())


GUESSES = {"coerced": Guess(",.0f", coerced)}
