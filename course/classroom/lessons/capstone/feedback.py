"""The course's own survey: lesson 10's questions asked about the lessons, and answered with lesson 10's own code.

What a learner answers lies in a file of theirs (`feedback.json`), apart from the progress: it leaves the machine only
when they hand it on.
"""

import json
import math
import os
import re
from dataclasses import dataclass
from functools import cache
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import yaml

from course.classroom import panel, room
from course.errors import DataError
from course.language import Label, Sentence, active

if TYPE_CHECKING:
    from course import nps  # imported where it is used: a lesson's first picture need not wait for it

#: With fewer answers than this no driver is ranked: ten answers a driver are the least.
LEAST_FOR_DRIVERS = 60
_FILE = "feedback.json"


@cache
def _survey() -> dict:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def drivers() -> dict[str, Label]:
    """The six items that are rated 1 to 5, by name."""
    return {name: Label(**label) for name, label in _survey()["drivers"].items()}


def feedback(recommend: object = None, best: str = "", change: str = "", **ratings: object) -> object:
    """The course's survey: show it, or answer it. Answering again replaces the answer.

    Parameters
    ----------
    recommend : 0 to 10.
    best, change : what helped most, what should be different; may stay empty.
    ratings : pace, clarity, exercises, data, tools, use: 1 to 5 each; may be left out.

    Raises
    ------
    DataError : a figure outside its scale; an item that is not there.
    """
    if recommend is None or recommend is ...:
        return _Questionnaire()
    if unknown := sorted(set(ratings) - set(drivers())):
        raise DataError(
            "The survey has no item {item}. Its items are: {known}.", item=unknown[0], known=", ".join(drivers())
        )
    answer = {"score": _figure(recommend, 0, 10, "recommend")}
    answer |= {f"driver_{name}": _figure(ratings.get(name), 1, 5, name) for name in drivers()}
    answer |= {"best": str(best or "")[:2000], "change": str(change or "")[:2000]}
    path = room.folder() / _FILE
    part = path.with_suffix(".part")
    try:
        part.write_text(json.dumps(answer, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise DataError("The answer could not be written. Check that the folder is not read-only.") from None
    return Sentence("Kept in {file} in your own folder. Hand it on if you like; nobody else has it.", file=_FILE)


def _figure(given: object, low: int, high: int, name: str) -> int | None:
    if given is None or given is ... or given == "":
        return None
    text = str(given).strip()
    number = float(text) if re.fullmatch(r"\d{1,2}(\.0*)?", text, re.ASCII) else math.nan
    if isinstance(given, bool) or not isinstance(given, Real | str) or not low <= number <= high:
        raise DataError(
            "{name} is a whole number from {low} to {high}, not {given}.",
            name=name,
            low=low,
            high=high,
            given=text[:40],
        )
    return int(number)


class _Questionnaire:
    """The questions, and how to answer them."""

    def __repr__(self) -> str:
        survey, lang = _survey(), active()
        lines = [survey["recommend"][lang], Sentence("Rate from 1 (poor) to 5 (very good):").say()]
        lines += [f"  {name}: {label}" for name, label in drivers().items()]
        lines += [f"{name}: {question[lang]}" for name, question in survey["open"].items()]
        lines.append(Sentence('Answer with feedback(9, pace=4, clarity=5, best="…", change="…").').say())
        return "\n".join(lines)


# --- a class ---------------------------------------------------------------------------------------------------------


def feedback_answers(folder: str | Path) -> pd.DataFrame:
    """The answers that learners handed on, from every .json file in a folder.

    Returns
    -------
    frame in the order of the files' names: score (0–10), driver_… (1–5, NaN where left out), best, change

    Raises
    ------
    DataError : no such file; one that is none of the survey's.
    """
    rows = []
    for path in sorted(Path(folder).glob("**/*.json")):
        try:
            raw = json.loads(path.read_text(encoding="utf-8"))
            row = {"score": _figure(raw["score"], 0, 10, "recommend")}
            row |= {f"driver_{name}": _figure(raw.get(f"driver_{name}"), 1, 5, name) for name in drivers()}
            rows.append(row | {name: str(raw.get(name) or "") for name in ("best", "change")})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise DataError("{file} is no answer to the survey. Take it out of the folder.", file=path.name) from None
    if not rows:
        raise DataError("There is no {file} in the folder {folder}.", file=_FILE, folder=Path(folder).name)
    return pd.DataFrame(rows).astype({f"driver_{name}": "float64" for name in drivers()})


@dataclass(frozen=True)
class FeedbackReport:
    """What a class thinks of the course.

    Attributes
    ----------
    score : nps.Score
    ratings : one row an item, lowest first: item, label, n, mean, low, high (95 %, Student)
    drivers : nps.Drivers, or None where the answers are too few or too alike
    comments : one row a comment: question (best, change), comment, label (how it sounds to the shop's lexicon)
    lines : the report in sentences
    """

    score: "nps.Score"
    ratings: pd.DataFrame
    drivers: "nps.Drivers | None"
    comments: pd.DataFrame
    lines: list[Sentence]

    def __repr__(self) -> str:
        said = [line.say() for line in self.lines]
        return "\n".join([*said, *(f"- {comment}" for comment in self.comments["comment"])])

    def _repr_html_(self) -> str:
        tables = self.ratings.round(2).to_html(index=False, border=0) + self.comments.to_html(index=False, border=0)
        return panel.paragraphs(self.lines) + tables


def feedback_report(answers: pd.DataFrame) -> FeedbackReport:
    """What a class thinks of the course: NPS with its interval, ratings, drivers where they can be told, comments.

    Parameters
    ----------
    answers : as `feedback_answers` or `simulated_feedback` gives them.

    Raises
    ------
    DataError : no score column, or what `nps.score` refuses.
    """
    from course import nps

    if not isinstance(answers, pd.DataFrame) or "score" not in answers:
        raise DataError("The answers are a table with the column score; feedback_answers(folder) makes one.")
    result = nps.score(answers["score"])
    ratings, known = _ratings(answers), [f"driver_{n}" for n in drivers() if f"driver_{n}" in answers]
    found = None
    if known:
        try:
            found = nps.drivers(answers, "score", known, repeats=200, odds=False)
        except DataError:
            found = None  # too few complete answers, or all alike: said below
    comments = _comments(answers)
    simulated = "simulated" in answers and bool(answers["simulated"].all())
    return FeedbackReport(result, ratings, found, comments, _lines(result, ratings, found, comments, simulated))


def _ratings(answers: pd.DataFrame) -> pd.DataFrame:
    from scipy.stats import t

    rows = []
    for name, label in drivers().items():
        given = answers.get(f"driver_{name}", pd.Series(dtype="float64")).dropna()
        n, mean = len(given), given.mean() if len(given) else math.nan
        reach = t.ppf(0.975, n - 1) * given.std() / math.sqrt(n) if n > 1 else math.nan
        # A mean of ratings cannot leave their scale; a single one says nothing else (max and min pass over NaN).
        rows.append((name, label.say(), n, mean, max(1, mean - reach), min(5, mean + reach)))
    out = pd.DataFrame(rows, columns=["item", "label", "n", "mean", "low", "high"])
    return out.sort_values("mean", kind="stable", ignore_index=True)


def _comments(answers: pd.DataFrame) -> pd.DataFrame:
    from course import nps

    parts = []
    for question in ("best", "change"):
        texts = answers.get(question, pd.Series(dtype="str")).fillna("").astype("str").str.strip()
        parts.append(pd.DataFrame({"question": question, "comment": texts[texts != ""]}))
    out = pd.concat(parts, ignore_index=True)
    return out.assign(label=nps.sentiment(out["comment"])["label"] if len(out) else pd.Series(dtype="str"))


def _lines(
    result: "nps.Score", ratings: pd.DataFrame, found: "nps.Drivers | None", comments: pd.DataFrame, simulated: bool
) -> list[Sentence]:
    out = [Sentence("A simulated class: these learners do not exist.")] if simulated else []
    out.append(
        Sentence(
            "NPS {value:.0f} points (95% interval {low:.0f} to {high:.0f}) from {n} {n:answer|answers}; {blank} blank.",
            value=result.value,
            low=result.low,
            high=result.high,
            n=result.n,
            blank=result.blank,
        )
    )
    out.append(Sentence("For an interval of ±10 points it would take about {n} answers.", n=_needed(result)))
    rated = ratings[ratings["n"] > 0]
    if len(rated):
        low = rated.iloc[0]
        out.append(
            Sentence(
                "Rated lowest: {item}, {mean:.1f} of 5 ({low:.1f} to {high:.1f}).",
                item=drivers()[low["item"]],
                mean=low["mean"],
                low=low["low"],
                high=low["high"],
            )
        )
    if found is None:
        out.append(Sentence("Drivers cannot be told: too few complete answers, or all alike."))
    elif found.n < LEAST_FOR_DRIVERS:
        top = found.table.iloc[0]
        out.append(
            Sentence(
                "{n} complete answers rank no drivers: the first, {item}, may be anywhere from {low:.0f} to {high:.0f} "
                "of {k}. Read the comments instead.",
                n=found.n,
                item=drivers()[top["driver"].removeprefix("driver_")],
                low=top["rank_low"],
                high=top["rank_high"],
                k=len(found.table),
            )
        )
    else:
        top = found.table.iloc[0]
        out.append(
            Sentence(
                "Moves most with the score: {item}, {share:.0%} of what the ratings explain ({n} complete answers; "
                "rank {low:.0f} to {high:.0f}). That is prediction, not cause.",
                item=drivers()[top["driver"].removeprefix("driver_")],
                share=top["importance"],
                n=found.n,
                low=top["rank_low"],
                high=top["rank_high"],
            )
        )
    if comments.empty:
        return out
    counts = comments["label"].value_counts()
    out.append(
        Sentence(
            "{n} {n:comment|comments}: {good} sound like praise, {bad} like blame, to a lexicon made for a shop. They "
            "are few enough to be read.",
            n=len(comments),
            good=int(counts.get("positive", 0)),
            bad=int(counts.get("negative", 0)),
        )
    )
    return out


def _needed(result: "nps.Score") -> int:
    """Answers for ±10 points; with the variance of 50/30/20 where all answered alike."""
    from course import nps

    return nps.needed(10, result.variance) if result.variance > 0 else nps.needed(10)


def simulated_feedback(seed: int = 0, learners: int = 25) -> pd.DataFrame:
    """The answers of a class that does not exist, in the language in use: to try the report.

    Ratings move together, as real ones do; what each adds to the score differs, and pace adds nothing.

    Returns
    -------
    frame as `feedback_answers` gives it, with simulated (True)
    """
    rng = np.random.default_rng(seed)
    names = list(drivers())
    weight = {"pace": 0.0, "clarity": 0.9, "exercises": 1.1, "data": 0.5, "tools": 0.3, "use": 1.2}
    mood = rng.normal(0, 1, (learners, 1))
    felt = 0.6 * mood + 0.8 * rng.normal(0, 1, (learners, len(names)))
    score = 8.2 + felt @ np.array([weight[name] for name in names]) * 0.75 + rng.normal(0, 0.8, learners)
    out = pd.DataFrame({"score": score.round().clip(0, 10).astype("int64")})
    for place, name in enumerate(names):
        out[f"driver_{name}"] = (3.8 + 0.9 * felt[:, place]).round().clip(1, 5)
    said = _survey()["simulated"]
    for question, pick in (("best", felt.argmax(axis=1)), ("change", felt.argmin(axis=1))):
        wrote = rng.random(learners) < 0.6
        texts = [said[question][names[at]][active()] for at in pick]
        out[question] = [text if w else "" for text, w in zip(texts, wrote, strict=True)]
    return out.assign(simulated=True)
