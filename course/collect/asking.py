"""Which question of a survey is asked for, on which scale it was answered, and whose answer counts once."""

import re

import pandas as pd

from course.collect import values
from course.collect.applying import Applied
from course.collect.questions import Answers, Question, Reading
from course.collect.sources import Raw
from course.errors import DataError, first_few
from course.forms import Form, normal
from course.language import Sentence

#: The question behind an NPS, in its text.
_RECOMMEND = re.compile(r"recommend|推荐", re.IGNORECASE)
#: Days within which a second answer of the same person is the same answer again (rules/surveys.yaml).
_AGAIN = pd.Timedelta(days=30)


def find_score(applied: Applied, form: Form, raw: Raw, chosen: dict[str, str]) -> None:
    """The question whose answers are whole numbers from 0 to 10 and whose text asks for a recommendation.

    Raises
    ------
    DataError : no question of the file is one, or several are.
    """
    if "score" in chosen:
        return
    taken = {
        normal(c)
        for c in (*form.all, *form.never, *form.customer_id, *(c for names in form.columns.values() for c in names))
    }
    body = raw.frame.loc[next(iter(applied.cells.values())).index]
    above = raw.frame.drop(index=body.index)
    texts = {c: " ".join([c, *_labels(above[c], c)]) for c in raw.frame.columns if normal(c) not in taken}
    asked = [c for c, text in texts.items() if _RECOMMEND.search(text) and _on_scale(body[c], form)]
    if len(asked) != 1:
        raise DataError(
            "{file} was recognised as {system}, and {n} of its questions are answered from 0 to 10 and ask for a "
            "recommendation ({columns}). Say which one: --map score=COLUMN.",
            file=raw.name,
            system=form.system,
            n=len(asked),
            columns=first_few(asked or texts, 12),
        )
    applied.cells["score"], applied.columns["score"] = body[asked[0]], asked[0]
    applied.notes.append(
        Sentence("{file}: the question taken is “{question}”.", file=raw.name, question=texts[asked[0]].strip())
    )


def _labels(above: pd.Series, column: str) -> list[str]:
    """The text of the question, where it stands in a second row of the header."""
    return [str(c) for c in above.dropna() if normal(c) != normal(column) and not str(c).startswith("{")]


def _on_scale(cells: pd.Series, form: Form) -> bool:
    filled = cells.astype("str").str.strip()
    filled = filled[~values.is_blank(filled) & ~filled.isin(form.blanks)]
    read = values.scores(filled).values
    return len(filled) > 0 and float(read.isin(range(11)).mean()) >= 0.8


def guard(frame: pd.DataFrame, shown: dict[str, str], form: Form | None, file: str, answers: Answers) -> None:
    """What the answers leave open: a scale that is no 0–10; and in the file of a survey tool, which counts every answer
    where the kit's rule counts the first of a month, which of the two is meant."""
    _scale(frame, shown, file, answers)
    if form is not None:
        _again(frame, file, answers)


_SCALES = ((1, 5), (1, 7), (0, 1), (1, 11))


def _scale(frame: pd.DataFrame, shown: dict[str, str], file: str, answers: Answers) -> None:
    score = frame["score"].dropna()
    low, high = score.min(), score.max()
    scale = next(((a, b) for a, b in _SCALES if (low, high) == (a, b)), None)
    if scale is None or len(score) < 20:
        return
    question = Question(
        "scale",
        Sentence(
            "{file}: the {n:,} answers in {column} run from {low:g} to {high:g}. On which scale was it asked?",
            file=file,
            n=len(score),
            column=shown.get("score", "score"),
            low=low,
            high=high,
        ),
        (
            Reading(f"{scale[0]}-{scale[1]}", Sentence("from {low} to {high}: no NPS", low=scale[0], high=scale[1])),
            Reading("0-10", Sentence("from 0 to 10, and nobody answered otherwise")),
        ),
    )
    if answers.to(question) != "0-10" and ("scale" in answers.given or answers.provisional):
        raise DataError(
            "{file}: answers from {low} to {high} are no willingness to recommend from 0 to 10, and no NPS can be made "
            "of them.",
            file=file,
            low=scale[0],
            high=scale[1],
        )


def _again(frame: pd.DataFrame, file: str, answers: Answers) -> None:
    """The same person a second time within a month: asked where the score depends on it by a point or more."""
    if not {"customer_id", "answered_at"} <= set(frame.columns):
        return
    given = frame.dropna(subset=["customer_id", "answered_at", "score"]).sort_values("answered_at", kind="stable")
    again = given.index[given.groupby("customer_id")["answered_at"].diff() < _AGAIN]
    valid = frame["score"][frame["score"].isin(range(11))]
    first = valid.drop(again, errors="ignore")
    if not len(again) or not len(first) or abs(_nps(valid) - _nps(first)) < 1:
        return
    question = Question(
        "repeats",
        Sentence(
            "{file}: {n:,} {n:answer comes|answers come} from somebody who had answered within the thirty days before.",
            file=file,
            n=len(again),
        ),
        (
            Reading("all", Sentence("every answer counts: NPS {nps:+.1f}", nps=_nps(valid))),
            Reading("first", Sentence("the first one of each person counts: NPS {nps:+.1f}", nps=_nps(first))),
        ),
    )
    if answers.to(question) == "all":
        status = frame.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
        frame["status"] = status.mask(frame.index.isin(again) & status.isna(), "counts_again")


def _nps(score: pd.Series) -> float:
    return 100 * float((score >= 9).mean() - (score <= 6).mean())
