"""What is guessed before it is reckoned."""

import math

import pandas as pd

from course.classroom.hands import Guess
from course.classroom.tables import load
from course.language import Label

#: Beijing time is so far ahead of the log's.
_AHEAD = pd.Timedelta(hours=8)
#: The largest customers, and of how many customers one is drawn.
_LARGE, _ONE_OF = 10, 20


def midnight() -> float:
    """Of 10,000 clicks those that had not arrived when their own day, in Beijing, ended."""
    events = load("events")
    arrived = pd.to_datetime(events["received_at"].str.slice(0, 19)) + _AHEAD
    ended = (events["at"] + _AHEAD).dt.normalize() + pd.Timedelta(days=1)
    return 10_000 * float((arrived > ended).mean())


def none() -> float:
    """Per cent of samples of one buyer in twenty that have none of the ten largest."""
    buyers = int((load("portraits")["monetary_net"] > 0).sum())
    drawn = buyers // _ONE_OF
    return 100 * math.comb(buyers - _LARGE, drawn) / math.comb(buyers, drawn)


GUESSES = {
    "midnight": Guess(".0f", midnight),
    "none": Guess(
        ".0f",
        none,
        Label("A sample is fair to every customer, and blind to the few.", "抽样对每位客户都公平，却看不见少数人。"),
    ),
}
