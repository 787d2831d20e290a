"""Bet first: before the seal is opened the learner states a 90 % range; at the end all bets are scored together.

An ideal learner is right nine times in ten: ranges that always hold are too wide, and usually they are too narrow.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from course.classroom import folders, patience, progress
from course.errors import DataError
from course.language import Label, Sentence

#: The confidence a range is stated with.
STATED = 0.9
#: Fewer bets than this say nothing: of four ranges of 90 % all hold in two cases of three.
_FEWEST = 5


@dataclass(frozen=True)
class Seal:
    """What a lesson bets on: the question, how its figures are written, how the truth is found in an opened company;
    `more` says what else the seal holds."""

    question: Label
    shown: str
    truth: Callable[[], float]
    more: Callable[[], Sentence] | None = None


def _seal(topic: str) -> Seal:
    found = folders.part(topic, "seal")
    if found is None:
        raise DataError("There is nothing to bet on in {topic}.", topic=topic)
    return found.SEAL


def bet(topic: str, low: object = ..., high: object = ...) -> Sentence:
    """State the range that holds the truth in nine cases of ten.

    Raises
    ------
    DataError : low or high is no number, or they are the wrong way round.
    """
    seal = _seal(topic)
    if low is ... or high is ...:
        return Sentence("{question} Write your range for it in place of the ....", question=seal.question)
    try:
        low, high = (float(patience.plain(side, name)) for name, side in (("low", low), ("high", high)))
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high)):
        raise DataError("A bet is two numbers, for instance low=10, high=30.")
    if not low < high:
        raise DataError("The range runs from low to high: {low:.10g} is not below {high:.10g}.", low=low, high=high)
    placed = progress.read()["bets"].get(topic, {})
    if "truth" in placed:
        # A notebook that is run once more from the top must come through.
        return Sentence(
            "The seal is open: your bet of {low:.10g} to {high:.10g} stands.", low=placed["low"], high=placed["high"]
        )
    progress.record("bets", topic, {"low": low, "high": high})
    return Sentence(
        "Your bet: {low:.10g} to {high:.10g}. It cannot be changed once the seal is open.", low=low, high=high
    )


def unseal(topic: str) -> Sentence:
    """Open the seal of a lesson's own step: what the truth is, and whether the bet held.

    Without a bet nothing is opened.
    """
    seal = _seal(topic)
    placed = progress.read()["bets"].get(topic)
    if placed is None:
        return Sentence("First the bet: {question} Then the seal opens.", question=seal.question)
    # A bet is held against what is shown: a range up to 4 holds a truth of 4.00.
    shown = format(seal.truth(), seal.shown)
    truth = float(shown.replace(",", ""))
    held = placed["low"] <= truth <= placed["high"]
    progress.record("bets", topic, placed | {"truth": truth, "held": held})
    verdict = Sentence("Your range held it.") if held else Sentence("Your range did not hold it.")
    said = Sentence(
        "{question} The truth: {truth}. {verdict}",
        question=seal.question,
        truth=shown,
        verdict=verdict,
    )
    return said if seal.more is None else Label("{said} {more}", "{said}{more}", said=said, more=seal.more())


def calibration() -> Sentence:
    """How many of the opened bets held, and what that says about ranges of 90 %."""
    opened = [b["held"] for b in progress.read()["bets"].values() if "held" in b]
    if not opened:
        return Sentence("No seal has been opened yet.")
    from scipy.stats import binom  # takes longer to import than everything else here

    n, held = len(opened), sum(opened)
    if binom.cdf(held, n, STATED) < 0.05:
        verdict = Sentence("Fewer than chance allows for: your ranges are too narrow.")
    elif binom.sf(held - 1, n, STATED) < 0.05:
        verdict = Sentence("More than ranges of 90% hold: yours are wider than they need be.")
    elif n < _FEWEST:
        verdict = Sentence("Too few bets to say anything of them.")
    else:
        verdict = Sentence("That is what ranges of 90% may give in so few bets.")
    return Sentence("{held} of {n} ranges held. {verdict}", held=held, n=n, verdict=verdict)
