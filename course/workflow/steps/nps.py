"""What the answers to a survey say: the willingness to recommend, or satisfaction on another scale."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from course import nps, segment
from course.engine import Table
from course.errors import DataError
from course.few import HIDDEN_BELOW, told
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("surveys",)
DOING = Sentence("Reading the survey")

#: Themes of comments that the report names.
THEMES = 10


@dataclass
class Willingness(Finding):
    """What the survey says, with what stands behind it; a part is None where the survey does not give it.

    Attributes
    ----------
    score : NPS of the valid answers from 0 to 10; weighted : with the survey's weights
    of_buyers : NPS of the answers weighted to all who had bought (nps.to_buyers); None where the survey has weights
    satisfaction : of answers on other scales, one for each; satisfied_waves : a control chart of each, or None;
        mean_waves : another of its mean
    counts : answers of each score from 0 to 10; None where they are a few (course.few)
    waves : NPS a quarter with the change, if answers are dated over more than one; chart : its control chart; by_class
        : NPS a RFM class, if respondents are customers with orders, blank where they are a few (course.few); drivers :
        of the survey's columns that are called driver_…, and quadrants : their importance against performance; factors
        : behind those called item_…; heard : how comments were read; themes : those that comments name most. Without a
        0–10 question the last six are of the question that most people answered.
    """

    score: nps.Score | None = None
    counts: pd.Series | None = None
    satisfaction: tuple[nps.Satisfaction, ...] = ()
    satisfied_waves: tuple[pd.DataFrame | None, ...] = ()
    mean_waves: tuple[pd.DataFrame | None, ...] = ()
    weighted: nps.Score | None = None
    of_buyers: nps.Score | None = None
    waves: pd.DataFrame | None = None
    chart: pd.DataFrame | None = None
    by_class: pd.DataFrame | None = None
    drivers: nps.Drivers | None = None
    quadrants: pd.DataFrame | None = None
    factors: segment.Factors | None = None
    heard: nps.Heard | None = None
    themes: pd.DataFrame | None = None

    @property
    def shares(self) -> dict[str, float] | None:
        """Promoters, passives and detractors as shares of the answers; None where they are a few."""
        if self.counts is None:
            return None
        return {name: getattr(self.score, name) / self.score.n for name in ("promoters", "passives", "detractors")}

    def charted(self) -> list[tuple[nps.Satisfaction, dict[str, pd.DataFrame]]]:
        """Satisfaction on each scale, with the control charts that there are: chart (of the share), mean_chart."""
        none = (None,) * len(self.satisfaction)
        rows = zip(self.satisfaction, self.satisfied_waves or none, self.mean_waves or none, strict=True)
        names = ("chart", "mean_chart")
        return [
            (one, {name: waves for name, waves in zip(names, charts, strict=True) if waves is not None})
            for one, *charts in rows
        ]

    def entry(self) -> dict:
        """{nps: the score and what stands behind it, nps_weighted: with the survey's weights, satisfaction: a list};
        what stands behind satisfaction alone is under survey."""
        out = {}
        if self.satisfaction:
            out["satisfaction"] = [
                plain(one) | {name: _of_chart(waves) for name, waves in charts.items()}
                for one, charts in self.charted()
            ]
        behind = {
            name: plain(part)
            for name in ("waves", "by_class", "quadrants", "heard", "themes")
            if (part := getattr(self, name)) is not None
        }
        if self.chart is not None:
            behind["chart"] = _of_chart(self.chart)
        if self.drivers is not None:
            behind["drivers"] = {"r2": self.drivers.r2, "n": self.drivers.n, "table": plain(self.drivers.table)}
        if self.factors is not None:
            behind["factors"] = {
                "items": self.factors.items,
                "reliability": plain(self.factors.reliability),
                "mirrored": self.factors.mirrored,
                "low": self.factors.low,
                "usual": segment.LOW_ALPHA,
            }
        if self.score is None:
            return out | ({"survey": behind} if behind else {})
        out["nps"] = _score(self.score) | {"shares": self.shares, "counts": plain(self.counts)} | behind
        if self.of_buyers is not None:
            out["nps"]["of_buyers"] = _score(self.of_buyers)
        return out if self.weighted is None else out | {"nps_weighted": _score(self.weighted)}


def _of_chart(chart: pd.DataFrame) -> dict:
    return {"count": len(chart), "outside": int(chart["outside"].sum()), "waves": plain(chart)}


def _score(score: nps.Score) -> dict:
    return {"value": score.value, "low": score.low, "high": score.high, "n": score.n}


def find(run: Result) -> tuple[Willingness | None, list[Sentence]]:
    """NPS of all, by wave and class, or satisfaction; its drivers, factors and themes."""
    attempt, every, portraits = Attempts(), run.cleaned["surveys"].valid, run.portraits
    found, what = Willingness(), Sentence("willingness to recommend")
    _satisfaction(found, every)
    answers = recommending(every)
    if answers.empty:
        attempt.not_done.append(Sentence("{what}: no question of the survey asks for it from 0 to 10", what=what))
        if "scale" in every and len(every):
            _behind(found, every[every["scale"] == every["scale"].mode().iloc[0]], attempt)
        return found, attempt.not_done
    # The scale was settled when the file was read.
    found.score = attempt(what, nps.score, answers["score"], check_scale="scale" not in answers)
    if found.score is None:
        return (found if found.satisfaction else None), attempt.not_done
    if found.score.n >= HIDDEN_BELOW:
        found.counts = answers["score"].astype("int64").value_counts().reindex(range(11), fill_value=0)
    if "weight" in answers and answers["weight"].gt(0).any():
        weights = answers["weight"].fillna(0).clip(lower=0)
        found.weighted = nps.score(answers["score"], weights, check_scale="scale" not in answers)
    if found.weighted is None and "orders" in run.cleaned and {"customer_id", "answered_at"} <= set(answers):
        what = Sentence("willingness to recommend of all who had bought")
        found.of_buyers = attempt(what, _of_buyers, answers, run.heads)
    if "answered_at" in answers and answers["answered_at"].dt.to_period("Q").nunique() > 1:
        found.waves = attempt(what, nps.waves, answers)
        balance = 100.0 * (answers["score"] >= 9) - 100.0 * (answers["score"] <= 6)
        found.chart = _chart(nps.chart, balance, answers["answered_at"])
    if "customer_id" in answers and "rfm_class" in portraits:
        others = answers.drop(columns="rfm_class", errors="ignore")  # a survey's own column of that name
        joined = others.merge(portraits[["customer_id", "rfm_class"]], on="customer_id").dropna(subset="rfm_class")
        if len(joined):
            by_class = attempt(what, nps.by, joined, "rfm_class")
            found.by_class = None if by_class is None else told(by_class, ["rfm_class"], "n")
    _behind(found, answers, attempt)
    return found, attempt.not_done


def _of_buyers(answers: pd.DataFrame, orders: Table) -> nps.Score:
    weights = nps.to_buyers(answers, orders)
    spoken = weights > 0
    return nps.score(answers.loc[spoken, "score"], weights[spoken], check_scale="scale" not in answers)


def _behind(found: Willingness, answers: pd.DataFrame, attempt: Attempts) -> None:
    """Drivers, factors and comments of the answers to one question."""
    if len((rated := _rated(answers, "driver_")).columns) > 1:
        scored = rated.assign(score=answers["score"])
        what = Sentence("drivers")
        found.drivers = attempt(what, nps.drivers, scored, "score", list(rated), repeats=200, odds=False)
        if found.drivers is not None and len(rated.columns) > 2:
            what = Sentence("importance against performance")
            found.quadrants = attempt(what, nps.quadrants, scored, "score", list(rated), repeats=200)
    if len((items := _rated(answers, "item_")).columns) > 2:
        found.factors = attempt(Sentence("factors behind the items"), segment.factors, items)
    if "comment" in answers and answers["comment"].notna().any():
        found.heard = nps.heard(answers["comment"])
        # Scores on another scale have no part in it: the gap is one of 0–10 answers.
        said = answers if found.score is not None else answers[["comment"]]
        themes = attempt(Sentence("themes of comments"), nps.theme_table, said)
        if themes is not None and len(themes):
            found.themes = themes.sort_values(["mentions", "theme"], ascending=[False, True]).head(THEMES)


def _chart(kind: Callable, *given: object) -> pd.DataFrame | None:
    """The control chart, without waves of a few answers; None where there are too few for one: no want of the data."""
    try:
        found = kind(*given)
    except DataError:
        return None
    large = found[found["n"] >= HIDDEN_BELOW].reset_index(drop=True)
    return large if len(large) >= nps.LEAST_WAVES else None


def recommending(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers to the 0–10 question: those of no other scale."""
    return answers[answers["scale"].fillna("0-10") == "0-10"] if "scale" in answers else answers


def _satisfaction(found: Willingness, answers: pd.DataFrame) -> None:
    """Satisfaction on each other scale, and its waves."""
    if "scale" not in answers:
        return
    for scale, rows in answers.dropna(subset=["scale"]).groupby("scale"):
        if (known := nps.scale_of(scale)) is None:
            continue
        kind, least, most = known
        found.satisfaction += (nps.satisfaction(rows["score"], least, most, kind),)
        good = nps.are_good(rows["score"], least, most, kind)
        if "answered_at" in rows:
            means = (nps.mean_chart, rows["score"], rows["answered_at"], least, most)
            found.satisfied_waves += (_chart(nps.chart, good, rows["answered_at"]),)
            found.mean_waves += (_chart(*means) if most - least > 1 else None,)  # of yes and no it is the share


def _rated(answers: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The export's own columns with this prefix, as numbers."""
    return pd.DataFrame({c: pd.to_numeric(answers[c], errors="coerce") for c in answers if c.startswith(prefix)})
