"""What a step gives back: what it found, as columns of the portraits and as figures of the ledger; and what it could
not find."""

import math
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import date

import numpy as np
import pandas as pd

from course.errors import DataError
from course.language import Sentence


class Finding:
    """What a step found. Steps define dataclasses of it; a part that the data do not give is None there."""

    def columns(self) -> pd.DataFrame | None:
        """What it adds to the portraits: customer_id and columns of catalogue/portraits.yaml; None where nothing."""
        return None

    def entry(self) -> dict:
        """Its figures as the ledger holds them, under names of their own: every one that the report shows."""
        raise NotImplementedError


class Attempts:
    """Tries parts of a finding: one that the data cannot give costs that part alone, and `not_done` says why."""

    def __init__(self) -> None:
        self.not_done: list[Sentence] = []

    def __call__(self, what: Sentence, function: Callable, *arguments: object, **options: object) -> object:
        """What the function gives; where the data do not allow it, None and a line in `not_done`."""
        try:
            return function(*arguments, **options)
        except DataError as error:
            self.not_done.append(Sentence("{what}: {why}", what=what, why=error.sentence))
            return None


def plain(value: object) -> object:
    """The value as JSON can hold it.

    Frames become lists of rows, sentences {says, values}; dates and periods are texts, blanks and infinities null,
    whole numbers integers.
    """
    if isinstance(value, pd.DataFrame):
        return [plain(row) for row in value.to_dict("records")]
    if isinstance(value, dict | pd.Series):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, Sentence):
        return {"says": value.say("en"), "values": plain(value.values)}
    if is_dataclass(value):
        return plain(asdict(value))
    return _scalar(value)


def _scalar(value: object) -> str | bool | float | int | None:
    if isinstance(value, str | bool):
        return value
    if pd.isna(value):
        return None
    if isinstance(value, date):  # a Timestamp too
        return str(pd.Timestamp(value).date())
    if isinstance(value, pd.Period):
        return str(value)
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() else number
