"""What the answers to a survey say: the willingness to recommend, or satisfaction on another scale."""

from dataclasses import dataclass

import pandas as pd

from course import nps, segment
from course.few import told
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("surveys",)
DOING = Sentence("Reading the survey")

#: Themes of comments that the report names.
_THEMES = 10


@dataclass
class Willingness(Finding):
    """NPS with what stands behind it; a part is None where the survey does not give it.

    Attributes
    ----------
    score : NPS of the valid answers from 0 to 10; weighted : with the survey's weights
    satisfaction : of answers on other scales, one for each
    counts : answers of each score from 0 to 10
    waves : NPS a quarter with the change, if answers are dated over more than one
    by_class : NPS a RFM class, if respondents are customers with orders; blank where they are a few (course.few)
    drivers : of the survey's columns that are called driver_…; factors : behind those called item_…; themes : those
        that comments name most
    """

    score: nps.Score | None = None
    counts: pd.Series | None = None
    satisfaction: tuple[nps.Satisfaction, ...] = ()
    weighted: nps.Score | None = None
    waves: pd.DataFrame | None = None
    by_class: pd.DataFrame | None = None
    drivers: nps.Drivers | None = None
    factors: segment.Factors | None = None
    themes: pd.DataFrame | None = None

    @property
    def shares(self) -> dict[str, float]:
        """Promoters, passives and detractors as shares of the answers."""
        return {name: getattr(self.score, name) / self.score.n for name in ("promoters", "passives", "detractors")}

    def entry(self) -> dict:
        """{nps: the score and what stands behind it, nps_weighted: with the survey's weights}."""
        said = {"satisfaction": plain(list(self.satisfaction))} if self.satisfaction else {}
        if self.score is None:
            return said
        out: dict = _score(self.score) | {"shares": self.shares, "counts": plain(self.counts)}
        for name in ("waves", "by_class", "themes"):
            if (part := getattr(self, name)) is not None:
                out[name] = plain(part)
        if self.drivers is not None:
            out["drivers"] = {"r2": self.drivers.r2, "n": self.drivers.n, "table": plain(self.drivers.table)}
        if self.factors is not None:
            factors = self.factors
            out["factors"] = {
                "items": factors.items,
                "mirrored": factors.mirrored,
                "reliability": plain(factors.reliability),
                "low": factors.low,
                "usual": segment.LOW_ALPHA,
            }
        weighted = {} if self.weighted is None else {"nps_weighted": _score(self.weighted)}
        return {"nps": out} | weighted | said


def _score(score: nps.Score) -> dict:
    return {"value": score.value, "low": score.low, "high": score.high, "n": score.n}


def find(run: Result) -> tuple[Willingness | None, list[Sentence]]:
    """NPS of all, by wave and class; its drivers, factors and themes."""
    attempt, every, portraits = Attempts(), run.cleaned["surveys"].valid, run.portraits
    found, what = Willingness(satisfaction=_satisfaction(every)), Sentence("willingness to recommend")
    answers = recommending(every)
    if answers.empty:
        attempt.not_done.append(Sentence("{what}: no question of the survey asks for it from 0 to 10", what=what))
        return found, attempt.not_done
    # The scale was settled when the file was read.
    found.score = attempt(what, nps.score, answers["score"], check_scale="scale" not in answers)
    if found.score is None:
        return (found if found.satisfaction else None), attempt.not_done
    found.counts = answers["score"].astype("int64").value_counts().reindex(range(11), fill_value=0)
    if "weight" in answers and answers["weight"].gt(0).any():
        weights = answers["weight"].fillna(0).clip(lower=0)
        found.weighted = nps.score(answers["score"], weights, check_scale="scale" not in answers)
    if "answered_at" in answers and answers["answered_at"].dt.to_period("Q").nunique() > 1:
        found.waves = attempt(what, nps.waves, answers)
    if "customer_id" in answers and "rfm_class" in portraits:
        joined = answers.merge(portraits[["customer_id", "rfm_class"]], on="customer_id").dropna(subset="rfm_class")
        if len(joined):
            by_class = attempt(what, nps.by, joined, "rfm_class")
            found.by_class = None if by_class is None else told(by_class, ["rfm_class"], "n")
    if len((rated := _rated(answers, "driver_")).columns) > 1:
        scored = rated.assign(score=answers["score"])
        what = Sentence("drivers")
        found.drivers = attempt(what, nps.drivers, scored, "score", list(rated), repeats=200, odds=False)
    if len((items := _rated(answers, "item_")).columns) > 2:
        found.factors = attempt(Sentence("factors behind the items"), segment.factors, items)
    if "comment" in answers and answers["comment"].notna().any():
        themes = attempt(Sentence("themes of comments"), nps.theme_table, answers)
        if themes is not None and len(themes):
            found.themes = themes.sort_values(["mentions", "theme"], ascending=[False, True]).head(_THEMES)
    return found, attempt.not_done


def recommending(answers: pd.DataFrame) -> pd.DataFrame:
    """The answers to the 0–10 question: those of no other scale."""
    return answers[answers["scale"].fillna("0-10") == "0-10"] if "scale" in answers else answers


def _satisfaction(answers: pd.DataFrame) -> tuple[nps.Satisfaction, ...]:
    if "scale" not in answers:
        return ()
    scales = answers["scale"].str.extract(r"(\d+)-(\d+)").astype("float64")
    other = scales.notna().all(axis=1) & (answers["scale"] != "0-10")
    grouped = answers["score"][other].groupby([scales[0][other], scales[1][other]])
    return tuple(nps.satisfaction(scores, int(low), int(high)) for (low, high), scores in grouped)


def _rated(answers: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The export's own columns with this prefix, as numbers."""
    return pd.DataFrame({c: pd.to_numeric(answers[c], errors="coerce") for c in answers if c.startswith(prefix)})
