"""A table of orders on its way through the guards."""

from dataclasses import dataclass

import pandas as pd

from course.collect.questions import Answers
from course.forms import Form
from course.language import Sentence


@dataclass
class Orders:
    """A table of orders on its way through the guards: the canonical `frame`, the export's names of its columns
    (`shown`), the form it was recognised as, the file's name, the reader's answers, what has been said, and the
    export's columns that are merged over the rows of an order."""

    frame: pd.DataFrame
    shown: dict[str, str]
    form: Form | None
    file: str
    answers: Answers
    notes: list[Sentence]
    merged: frozenset[str] = frozenset()

    def name(self, column: str) -> str:
        """What the export calls a canonical column."""
        return self.shown.get(column, column)
