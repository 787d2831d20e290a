"""How the forecasts of earlier runs have fared: their months have come."""

from dataclasses import dataclass

import pandas as pd

from course.clv import scoring
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = None


@dataclass
class Score(Finding):
    """What came of earlier forecasts.

    Attributes
    ----------
    table : scoring.score, with the model of each
    """

    table: pd.DataFrame

    @property
    def latest(self) -> dict:
        """The last run's forecast, over as many of its weeks as have passed."""
        return self.table.iloc[-1].to_dict()

    @property
    def first(self) -> pd.DataFrame:
        """The first weeks of every run: where runs are so far apart, no two of them overlap."""
        return self.table[self.table["step"] == "first"]

    @property
    def overall(self) -> dict:
        """Of the first weeks: runs, bias (what came beyond what was expected, as a share of it, all together), typical
        (the median miss, either way), tested and held (intervals, and those that held what came), and how often each
        of scoring.RIVALS was nearest."""
        first = self.first
        nearest = first["nearest"].value_counts()
        return {
            "runs": len(first),
            "bias": first["came"].sum() / first["expected"].sum() - 1,
            "typical": first["miss"].abs().median(),
            "tested": int(first["held"].notna().sum()),
            "held": int(first["held"].sum()),
            "nearest": {name: int(nearest.get(name, 0)) for name in scoring.RIVALS if first[name].notna().any()},
        }

    def entry(self) -> dict:
        """{forecast_score: latest, overall, and a row a run and step}."""
        return {"forecast_score": plain({"latest": self.latest, "overall": self.overall, "table": self.table})}


def find(run: Result) -> tuple[Score | None, list[Sentence]]:
    """The score of every earlier run in the same currency that has a forecast."""
    past = [one for one in run.runs if "forecast" in one and one["currency"] == run.currency]
    if not past:
        return None, []
    attempt = Attempts()
    forecasts = [one["forecast"] | {"as_of": one["as_of"]} for one in past]
    what, orders = Sentence("how the last forecast has fared"), run.heads
    table = attempt(what, scoring.score, orders, forecasts, run.as_of)
    if table is None or table.empty:
        soon = Sentence("{what}: its first weeks have not passed yet.", what=what)
        return None, attempt.not_done or [soon]
    models = {pd.Timestamp(one["as_of"]): one["forecast"]["model"] for one in past}
    return Score(table.assign(model=table["as_of"].map(models))), []
