"""A table of orders on its way through the guards."""

from dataclasses import dataclass, field

import pandas as pd

from course.collect import values
from course.collect.questions import Answers
from course.forms import Form, word
from course.language import Sentence

#: Canonical columns that a figure hangs on: what they are mapped to is nothing else.
_DECISIVE = ("order_id", "customer_id", "ordered_at", "amount", "refunded", "status", "quantity", "unit_price")
_DECISIVE += ("product_id", "product_name", "cancels_order_id")
#: A column with more different words than this is none of words that mean something.
_MANY_WORDS = 40


@dataclass
class Orders:
    """A table of orders on its way through the guards: the canonical `frame`, the export's names of its columns
    (`shown`), the form it was recognised as, the file's name, the reader's answers, what has been said, the export's
    columns that are merged over the rows of an order, and the export's own cells (`raw`), whose index is the frame's.
    `renumbered` once orders of one number were told apart."""

    frame: pd.DataFrame
    shown: dict[str, str]
    form: Form | None
    file: str
    answers: Answers
    notes: list[Sentence]
    merged: frozenset[str] = frozenset()
    raw: pd.DataFrame = field(default_factory=pd.DataFrame)
    renumbered: bool = False
    _words: dict[str, pd.Series] = field(default_factory=dict, repr=False)

    def name(self, column: str) -> str:
        """What the export calls a canonical column."""
        return self.shown.get(column, column)

    def unused(self) -> list[str]:
        """The export's columns on which no figure hangs."""
        used = [self.shown[c] for c in _DECISIVE if c in self.shown]
        return [c for c in self.raw if c not in used and not any(c in _parts(shown) for shown in used)]

    def words(self, column: str) -> pd.Series:
        """The cells of one of the export's columns as words are compared; blank where they are, or where there are too
        many different ones. Four guards ask for them: they are made once."""
        if column not in self._words:
            codes, distinct = pd.factorize(self.raw[column].astype("str"))
            plain = [word(w) for w in distinct] if len(distinct) <= _MANY_WORDS else [None] * len(distinct)
            plain = [None if w in values.BLANKS and w != "-" else w for w in plain]
            cells = pd.Series([*plain, None], dtype="str")  # the last is for codes of −1
            self._words[column] = cells.take(codes).set_axis(self.raw.index)
        return self._words[column]

    def set_state(self, rows: pd.Series, state: str) -> None:
        """Another state for some rows, in the words of the canonical table."""
        known = self.frame.get("status", pd.Series(pd.NA, index=self.frame.index, dtype="str"))
        self.frame["status"] = known.mask(rows, state)


def _parts(shown: str) -> list[str]:
    """The export's columns of which a canonical one was made."""
    return [part for piece in shown.split(", ") for more in piece.split(" + ") for part in more.split(" − ")]
