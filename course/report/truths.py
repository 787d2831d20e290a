"""What is true behind the headlines, where that is known: of a company that was made, and of no other.

The truth comes from whoever made the company; the report only shows it, under a button, and the ledger has none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from course.language import Sentence, text

#: A headline without an interval is right where it is off by no more than this share.
CLOSE = 0.1

_FORMS = {"money": ",.0f", "count": ",.0f", "nps": "+.1f", "effect": "+.2f", "points": "+.1f"}


@dataclass(frozen=True)
class Truth:
    """One headline and what is true of it.

    Attributes
    ----------
    key : what the page calls the headline
    name : what it is about
    kind : of _FORMS, how the figures are written: points are of a hundred
    found, low, high : as the report has them; the last two None without an interval
    true : in the same unit
    why : what made it miss; None where it did not, or where that is not known
    """

    key: str
    name: Sentence
    kind: str
    found: float
    low: float | None
    high: float | None
    true: float
    why: Sentence | None = None

    @property
    def has_interval(self) -> bool:
        """Whether the report gave one."""
        return not (pd.isna(self.low) or pd.isna(self.high))

    @property
    def off(self) -> float:
        """By what share the headline is too high; below zero, too low."""
        return self.found / self.true - 1 if self.true else float("inf")

    @property
    def right(self) -> bool:
        """Whether the interval holds the truth; without one, whether the headline is close."""
        return bool(self.low <= self.true <= self.high if self.has_interval else abs(self.off) <= CLOSE)


def shown(truths: Sequence[Truth], lang: str) -> dict | None:
    """The page's words and rows in `lang`; None without a truth."""
    if not truths:
        return None

    def phrase(message: str, **values: object) -> str:
        return text(message, lang, **values)

    return {
        "open": phrase("Open the seal"),
        "close": phrase("Close the seal"),
        "title": phrase("What is true"),
        "says": phrase(
            "Luming is made up, so what is true of it is known. It was sealed while this report was made: no figure of "
            "the report has seen it. Of {n} headlines {k} are right: their interval holds the truth or, where there is "
            "none, they are off by a tenth or less.",
            n=len(truths),
            k=sum(t.right for t in truths),
        ),
        "head": [phrase("Headline"), phrase("The report says"), phrase("True"), phrase("Verdict")],
        "true": phrase("True:"),
        "rows": [_row(truth, lang) for truth in truths],
    }


def _row(truth: Truth, lang: str) -> dict:
    interval = ""
    if truth.has_interval:
        ends = {"low": _figure(truth, truth.low), "high": _figure(truth, truth.high)}
        interval = text("95% interval {low} to {high}", lang, **ends)
    return {
        "key": truth.key,
        "name": truth.name.say(lang),
        "found": _figure(truth, truth.found),
        "interval": interval,
        "true": _figure(truth, truth.true),
        "right": truth.right,
        "mark": "✓" if truth.right else "✗",
        "verdict": _verdict(truth).say(lang),
        "why": truth.why.say(lang) if truth.why else "",
    }


def _figure(truth: Truth, value: float) -> str:
    written = format(value, _FORMS[truth.kind])
    return "0" if not written.strip("+-0.") else written.replace("-", "−")


def _verdict(truth: Truth) -> Sentence:
    if truth.has_interval:
        return Sentence("right: inside its interval") if truth.right else Sentence("missed: outside its interval")
    off = abs(truth.off)
    if truth.off >= 0:
        return (
            Sentence("right: {off:.0%} too high", off=off)
            if truth.right
            else Sentence("missed: {off:.0%} too high", off=off)
        )
    return (
        Sentence("right: {off:.0%} too low", off=off) if truth.right else Sentence("missed: {off:.0%} too low", off=off)
    )
