"""What the tickets of a help desk say."""

from dataclasses import dataclass

from course import nps
from course.errors import first_few
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("tickets",)
DOING = None


@dataclass
class Service(Finding):
    """What the tickets say; a part is None where they do not.

    Attributes
    ----------
    tickets, customers : how many, and of how many customers
    still_open : of them; hours : median from opening to closing of those that were closed
    satisfaction : with the service: on the scale 0–1 where it was said in words (good, bad)
    """

    tickets: int
    customers: int
    still_open: int | None = None
    hours: float | None = None
    satisfaction: nps.Satisfaction | None = None

    def entry(self) -> dict:
        """{service: every part there is}."""
        return {"service": {name: plain(part) for name, part in vars(self).items() if part is not None}}


def find(run: Result) -> tuple[Service, list[Sentence]]:
    """How many tickets, how many open, how long they took, and what customers said of it."""
    attempt, tickets = Attempts(), run.cleaned["tickets"].valid
    found = Service(len(tickets), int(tickets["customer_id"].nunique()))
    waiting = nps.is_open(tickets)
    if waiting is not None:
        found.still_open = int(waiting.sum())
    if "closed_at" in tickets:
        took = (tickets["closed_at"] - tickets["opened_at"]).dt.total_seconds().dropna() / 3600
        found.hours = float(took[took >= 0].median()) if (took >= 0).any() else None
    if "satisfaction" in tickets:
        found.satisfaction, strange = nps.service_satisfaction(tickets["satisfaction"])
        if strange:
            words = Sentence(
                "satisfaction with the service: {words} is no answer that is known", words=first_few(strange)
            )
            attempt.not_done.append(words)
    return found, attempt.not_done
