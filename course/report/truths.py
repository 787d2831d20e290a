"""What is true behind the headlines, where that is known: of a company that was made, and of no other.

The truth comes from whoever made the company; the report only shows it, under a button, and the ledger has none of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from course.language import Sentence
from course.report.format import minus
from course.report.sections import Page

#: A headline without an interval is right where it is off by no more than this share.
CLOSE = 0.1

_FORMS = {"count": ",.0f", "nps": "+.1f", "effect": "+.2f", "points": "+.1f"}


@dataclass(frozen=True)
class Truth:
    """One headline and what is true of it.

    Attributes
    ----------
    question : of the page, to which the headline is an answer; the first of a question is that of its tile
    name : what it is about
    kind : money or one of _FORMS; points are of a hundred
    found, low, high : as the report has them; the last two None without an interval
    true : in the same unit
    why : what made it miss; None where that is not known
    """

    question: str
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
        if self.has_interval:
            return bool(self.low <= self.true <= self.high)
        return bool(abs(self.found - self.true) <= CLOSE * abs(self.true))


def opened(page: Page, truths: Sequence[Truth]) -> dict | None:
    """The words and rows of the page, and those of each of its questions; None without a truth."""
    if not truths:
        return None
    phrase, rows = page.phrase, [_row(page, truth) for truth in truths]
    return {
        "open": phrase("Open the seal"),
        "close": phrase("Close the seal"),
        "title": phrase("What is true"),
        "says": phrase(
            "Luming is made up, so what is true of it is known. It was sealed while this report was made: no figure of "
            "the report has seen it. Of {n} headlines {k} are right: their interval holds the truth or, where there is "
            "none, they are off by a tenth or less.",
            n=len(truths),
            k=sum(truth.right for truth in truths),
        ),
        "head": [phrase("Headline"), phrase("The report says"), phrase("True"), phrase("Verdict")],
        "true": phrase("True"),
        "rows": rows,
        "questions": {
            key: [row for row, truth in zip(rows, truths, strict=True) if truth.question == key]
            for key in dict.fromkeys(truth.question for truth in truths)
        },
    }


def _row(page: Page, truth: Truth) -> dict:
    interval = ""
    if truth.kind == "money" and truth.has_interval:
        interval = page.phrase("95% interval {range}", range=page.money_range(truth.low, truth.high))
    elif truth.has_interval:
        ends = {"low": _figure(page, truth, truth.low), "high": _figure(page, truth, truth.high)}
        interval = page.phrase("95% interval {low} to {high}", **ends)
    name, found, true = page.say(truth.name), _figure(page, truth, truth.found), _figure(page, truth, truth.true)
    said = {"name": name, "found": found, "true": true}
    if interval:
        line = page.phrase("{name}: the report says {found} ({interval}); {true} is true.", interval=interval, **said)
    else:
        line = page.phrase("{name}: the report says {found}; {true} is true.", **said)
    return {
        **said,
        "line": line,
        "interval": interval,
        "right": truth.right,
        "mark": "✓" if truth.right else "✗",
        "verdict": page.say(_verdict(truth)),
        "why": page.say(truth.why) if truth.why and not truth.right else "",
    }


def _figure(page: Page, truth: Truth, value: float) -> str:
    if truth.kind == "money":
        return page.money(value)
    written = format(value, _FORMS[truth.kind])
    return minus(written) if written.strip("+-0.") else "0"


def _verdict(truth: Truth) -> Sentence:
    if truth.has_interval:
        return Sentence("right: inside its interval") if truth.right else Sentence("missed: outside its interval")
    off = abs(truth.off)
    if truth.right:
        high, low = (
            Sentence("right: {off:.0%} above the truth", off=off),
            Sentence("right: {off:.0%} below the truth", off=off),
        )
    else:
        high, low = (
            Sentence("missed: {off:.0%} above the truth", off=off),
            Sentence("missed: {off:.0%} below the truth", off=off),
        )
    return high if truth.off >= 0 else low
