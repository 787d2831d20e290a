"""What all customers together are expected to bring, where no model says it of each."""

from dataclasses import dataclass

from course import clv
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result
from course.workflow.steps.clv import forecast_entry

NEEDS = ("orders",)
DOING = None


@dataclass
class Sum(Finding):
    """What is expected of all: `outlook` is clv.without_model."""

    outlook: clv.Outlook

    def entry(self) -> dict:
        """{forecast: the money expected, its interval and where that comes from (nobody at stake is told apart); total:
        of how many customers, by which forecast}."""
        outlook = self.outlook
        found = {"customers": outlook.known, "candidates": outlook.candidates, "why": outlook.why}
        found["misses"] = [test.miss for test in outlook.backtests]
        return {"forecast": forecast_entry(outlook, None), "total": plain(found)}


def find(run: Result) -> tuple[Sum | None, list[Sentence]]:
    """The sum, where the step before could not say it customer by customer."""
    if "clv" in run.found:
        return None, []
    attempt = Attempts()
    what = Sentence("money expected of all customers")
    found = attempt(what, clv.without_model, run.days, run.as_of, run.horizon)
    return None if found is None else Sum(found), attempt.not_done
