"""What tickets of a help desk say: how many are open, how long they take, how many were content with the service."""

from functools import cache
from pathlib import Path

import pandas as pd

from course import schema, small_yaml
from course.forms import normal
from course.nps.satisfaction import Satisfaction, satisfaction

_SCALES = ((0, 1), (1, 5), (1, 7), (1, 10), (0, 10), (0, 100))


@cache
def _words(name: str) -> frozenset[str]:
    path = Path(__file__).parents[1] / "catalogue" / "service.yaml"
    return frozenset(map(normal, small_yaml.read(path)[name]))


def is_open(tickets: pd.DataFrame) -> pd.Series | None:
    """Tickets that are not done: by their state, else by the day they were closed; None where neither is known."""
    schema.require(tickets, "tickets", ())
    if "closed_at" in tickets:
        waiting = tickets["closed_at"].isna()
        return waiting & ~_said(tickets["state"], "closed") if "state" in tickets else waiting
    return ~_said(tickets["state"], "closed") if "state" in tickets else None


def _said(cells: pd.Series, name: str) -> pd.Series:
    return cells.map(normal, na_action="ignore").isin(_words(name))


def service_satisfaction(answers: pd.Series) -> tuple[Satisfaction | None, list[str]]:
    """Satisfaction with the service from words (good and bad: a share, never a score from 0 to 10) or from figures.

    Returns
    -------
    the satisfaction, of words on the scale 0–1 (good is 1, middling and bad are 0); None where nobody answered
    words that are no answer anybody knows
    """
    answered = answers.dropna().astype("str").str.strip()
    answered = answered[~_said(answered, "unasked")]
    figures = pd.to_numeric(answered, errors="coerce")
    if len(answered) and figures.notna().all():
        scale = next((s for s in _SCALES if figures.between(*s).all()), None)
        return (satisfaction(figures, *scale) if scale else None), [] if scale else sorted(set(answered))
    good = _said(answered, "good")
    known = good | _said(answered, "middling") | _said(answered, "bad")
    strange = sorted(set(answered[~known]))
    return (satisfaction(good[known].astype("float64"), 0, 1) if known.any() else None), strange
