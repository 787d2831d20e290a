"""What visitors do: their sessions, and how many get from a view to a purchase."""

from dataclasses import dataclass

import pandas as pd

from course import behaviour
from course.evidence import enough
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("events",)
DOING = Sentence("Looking at visits")

_STEPS = ("view", "cart", "buy")


@dataclass
class Visits(Finding):
    """What visitors do; a part is None where the events do not give it.

    Attributes
    ----------
    overview : behaviour.visit_overview
    funnel : per session and per user, over those of view, cart and buy that the events tell
    """

    overview: dict | None = None
    funnel: pd.DataFrame | None = None

    def entry(self) -> dict:
        """{visits: {overview, funnel}}."""
        return {"visits": {n: plain(p) for n in ("overview", "funnel") if (p := getattr(self, n)) is not None}}


def find(run: Result) -> tuple[Visits | None, list[Sentence]]:
    """Sessions; the funnel, unless nothing is viewed or nothing bought."""
    attempt, events = Attempts(), run.cleaned["events"].valid
    sessions = attempt(Sentence("visits"), behaviour.sessions, events, as_of=run.as_of)
    found = Visits(None if sessions is None else behaviour.visit_overview(sessions))
    kinds = set(events["kind"].dropna().unique()) if "kind" in events else set()
    missing = [k for k in ("view", "buy") if k not in kinds]
    if missing:
        attempt.not_done.append(Sentence("view, cart, buy: the events name no {missing}", missing=", ".join(missing)))
    else:
        steps = [k for k in _STEPS if k in kinds]
        found.funnel = attempt(Sentence("view, cart, buy"), _funnel, events, steps, run.as_of)
        if "cart" not in kinds:
            attempt.not_done.append(Sentence("view, cart, buy: the events name no {missing}", missing="cart"))
    return (found if found.entry()["visits"] else None), attempt.not_done


def _funnel(events: pd.DataFrame, steps: list[str], as_of: pd.Timestamp) -> pd.DataFrame:
    found = behaviour.funnel(events, steps, as_of=as_of)
    enough("funnel", found.loc[found["per"] == "session", "reached"].max())
    return found
