"""How much must have been seen before something is said: the counts that findings need, in one place.

What is counted are events (customers who came back, gaps that closed, orders under promotion), never rows: ten thousand
customers of whom one came back say as little of coming back as one does. Where fewer were seen a finding gives way to
something simpler, or to this module's sentence in what could not be said.
"""

from dataclasses import dataclass

from course.errors import DataError
from course.language import Sentence


@dataclass(frozen=True)
class Least:
    """The least that a finding needs: `n` of `what`."""

    n: int
    what: Sentence


#: Twenty or thirty events leave a share an interval of a fifth either way: less than that is told by nobody's figures.
#: The hundredths keep a test apart from saying the same of everybody.
LEAST = {
    "shares": Least(20, Sentence("customers who share the money about equally")),
    "worth": Least(30, Sentence("customers who bought on more than one day")),
    "segments": Least(50, Sentence("customers who bought again in the last third of the time")),
    "retention": Least(30, Sentence("new customers whose next month is over")),
    "taken up": Least(30, Sentence("customers who later bought something new to them")),
    "assortment": Least(30, Sentence("different products")),
    "preferences": Least(30, Sentence("customers who bought in both periods")),
    "promotion": Least(30, Sentence("orders at a discount by customers known before")),
    "full price": Least(30, Sentence("orders at full price by customers known before")),
    "promotion day": Least(3, Sentence("orders on a day of promotion, in the mean")),
    "gaps": Least(30, Sentence("pauses between two orders that have ended")),
    "watched": Least(60, Sentence("days of orders")),
    "gaps of a band": Least(20, Sentence("pauses between two orders that have ended")),
    "differing": Least(5, Sentence("in a hundred customers who differ from the most common value")),
    "returns": Least(30, Sentence("orders of customers known before, in the months compared")),
    "moves": Least(10, Sentence("customers who made the same move")),
    "silence": Least(30, Sentence("customers who fell silent, and as many who ordered again")),
    "silence in a hundred": Least(5, Sentence("of a hundred customers who fell silent, and as many who ordered again")),
    "alerts": Least(10, Sentence("alerts, one customer in twenty")),
    "silent": Least(30, Sentence("customers silent for 90 days")),
    "best": Least(20, Sentence("customers in the best tenth")),
    "complaints": Least(10, Sentence("customers who could be followed after a complaint")),
    "funnel": Least(30, Sentence("visits that look at something")),
    "drift": Least(30, Sentence("customers in both runs")),
}


def seen(name: str, n: float) -> bool:
    """Whether `n` events are enough for LEAST[name]."""
    return n >= LEAST[name].n


def enough(name: str, n: float) -> None:
    """Refuse a finding of which too little was seen.

    Parameters
    ----------
    name : of LEAST; n : events seen.

    Raises
    ------
    DataError : fewer than LEAST[name] asks for.
    """
    if not seen(name, n):
        least = LEAST[name]
        raise DataError("needs {needed} {what}; there {n:is|are} {n:,}.", needed=least.n, what=least.what, n=int(n))
