"""How the report shows what a run found, a file a step under the name of workflow/steps.

A section is a function of the page and the step's finding that gives {title, blocks} and, where it has any, evidence:
blocks that are folded beneath; or None where there is nothing to show. An answer gives the sentences that a question of
the page is answered with, the first of them its heading. Figures and charts are those of the finding's ledger entry: a
section formats, and computes none. Rows and cards about one customer are of the portraits, and carry the customer's id,
so that they can be erased. The order of all is in report/page.py.
"""

from dataclasses import dataclass

import pandas as pd

from course.labels import Value
from course.language import Sentence, text
from course.report import format
from course.report.blocks import note
from course.workflow import Result


@dataclass(frozen=True)
class Page:
    """The report in one language: `result`, its `ledger` and the `events` of its customers, shown in `lang`."""

    result: Result
    ledger: dict
    lang: str
    events: pd.DataFrame | None = None

    def phrase(self, message: str, **values: object) -> str:
        """A sentence of the catalogue in the page's language."""
        return format.tidy(text(message, self.lang, **values), self.lang)

    def say(self, sentence: Sentence) -> str:
        """A sentence of a finding in the page's language."""
        return format.tidy(sentence.say(self.lang), self.lang)

    def money(self, value: float | None) -> str:
        """An amount in the currency of the data."""
        return format.money(value, self.lang, self.ledger["currency"])

    def counted(self, value: float | None) -> str:
        """An amount that was added up, in the currency of the data: to the cent while it is small."""
        return format.counted(value, self.lang, self.ledger["currency"])

    def money_range(self, low: float | None, high: float | None) -> str:
        """From … to, in the currency of the data."""
        return format.money_range(low, high, self.lang, self.ledger["currency"])

    def day(self, date: pd.Timestamp | None) -> str:
        """A day as the page's language writes it."""
        return format.day(date, self.lang)

    def month(self, period: pd.Period | pd.Timestamp) -> str:
        """A month as the page's language writes it."""
        return format.month(period, self.lang)

    def value(self, column: str, value: object, otherwise: str | None = None) -> str:
        """What a value of the data is called; as it is, or as `otherwise` says, where it has no name."""
        return Value(column, value, otherwise).say(self.lang)

    def joined(self, sentences: list[str]) -> str:
        """Sentences one after the other."""
        return ("" if self.lang == "zh" else " ").join(sentences)

    def few(self, gone: bool) -> list[dict]:
        """What the dashes of a table mean, where it has any for groups of few people."""
        if not gone:
            return []
        return [note(self.phrase("–: fewer than ten people, or a group from which the few could be reckoned."))]
