"""The classes as they are told, and cards of the customers to look at first."""

from dataclasses import dataclass

from course import portrait
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = None

#: Cards of so many customers.
_CARDS = 3


@dataclass
class Told(Finding):
    """What is told.

    Attributes
    ----------
    personas : of the RFM classes, the largest first; empty where no class is large enough
    cards : of the first customers at stake
    """

    personas: list[portrait.Persona]
    cards: list[portrait.Card]

    def entry(self) -> dict:
        """{personas: every sentence with its numbers}. Cards are rows of the portraits told, and leave with them."""
        return {"personas": [_entry(persona) for persona in self.personas]}


def _entry(persona: portrait.Persona) -> dict:
    lines = [{"says": line.sentence.say("en"), "numbers": plain(line.numbers)} for line in persona.lines]
    return {"says": persona.title.say("en"), "n": persona.n, "share": persona.share, "lines": lines}


def find(run: Result) -> tuple[Told, list[Sentence]]:
    """Personas of the classes, cards of whom to look at first."""
    attempt = Attempts()
    tickets = run.cleaned["tickets"].valid if "tickets" in run.cleaned else None
    what = Sentence("the classes as personas")
    # Of the customers with orders, as everywhere the classes are counted: nobody else has a class.
    personas = attempt(what, portrait.personas, run.buyers, tickets=tickets, as_of=run.as_of) or []
    named = run.found["stake"].first["customer_id"].head(_CARDS)
    return Told(personas, [portrait.card(run.portraits, customer) for customer in named]), attempt.not_done
