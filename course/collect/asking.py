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

#: The question behind an NPS, and one that asks how satisfied somebody is, in their texts.
_RECOMMEND = re.compile(r"recommend|\bnps\b|netpro|推荐", re.IGNORECASE)
_SATISFIED = re.compile(
    r"satisf|csat|\bces\b|\bstars?\b|effort|happy with|(?:made|was) it (?:\w+ )?eas|how easy|easy (?:for me )?to"
    r"|满意|星级|几星|费力|费劲|轻松|容易",
    re.IGNORECASE,
)
#: Of these, one that asks for ease, where high is good; and one for effort, where either end may be.
_EASE = re.compile(r"made it (?:\w+ )?eas|how easy|easy (?:for me )?to|轻松|容易", re.IGNORECASE)
_EFFORT = re.compile(r"effort|\bces\b|费力|费劲", re.IGNORECASE)
#: A scale that the text itself names: "0-10", "1 to 5", "0～10 分".
_NAMED = re.compile(r"(?<![\dA-Za-z])(\d{1,3})\s*(?:分\s*)?(?:[-–—~～]|to|至|到)\s*(\d{1,3})(?!\d)")
_SCALES = ((0, 1), (1, 5), (0, 5), (1, 7), (1, 10), (0, 10), (1, 11), (0, 100))
#: The scale of an NPS; and one from 0 to 10 on which something else was asked.
NPS_SCALE, OTHER_TEN = "0-10", "csat 0-10"
#: So many answers show that nobody went further up the scale.
_ENOUGH = 3
#: Who answered, in the words of questions and of a link's parameters.
_WHO = re.compile(
    r"customer[ _]?(?:id|no|number)|member[ _]?(?:id|no|number|ship)|user[ _]?id|external[ _]?(?:id|reference)"
    r"|客户编号|客户号|会员号|会员编号|会员卡号|用户id|手机号|e-?mail|邮箱",
    re.IGNORECASE,
)
#: Days within which a second answer of the same person is the same answer again (rules/surveys.yaml).
_AGAIN = pd.Timedelta(days=30)


def find_score(applied: Applied, form: Form, raw: Raw, chosen: dict[str, str]) -> None:
    """The question of a survey tool's file that asks for a recommendation, else the one that asks for satisfaction;
    and who answered, where a question or a parameter says so.

    Raises
    ------
    DataError : no question of the file is one, or several are.
    """
    told = (c for names in form.columns.values() for c in names)
    taken = {normal(c) for c in (*form.all, *form.never, *form.customer_id, *told)} - {""}
    body = raw.frame.loc[next(iter(applied.cells.values())).index]
    texts = {c: question_text(raw, c, body.index) for c in raw.frame.columns if normal(c) not in taken}
    if "customer_id" not in applied.cells and "customer_id" not in chosen:
        _who(applied, body, texts)
    if "score" in chosen:
        return
    asked = _asked(body, texts, form.blanks)
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
    applied.notes.append(_taken(raw.name, texts[asked[0]]))


def find_unknown(raw: Raw, mapping: dict[str, str], notes: list[Sentence]) -> None:
    """The same for a file of no known tool whose headers do not say which column is the score: `mapping` gets it."""
    if "score" in mapping or not raw.header:
        return
    texts = {c: question_text(raw, c, raw.frame.index) for c in raw.frame.columns if c not in mapping.values()}
    asked = _asked(raw.frame, texts, ())
    if len(asked) == 1:
        mapping["score"] = asked[0]
        notes.append(_taken(raw.name, texts[asked[0]]))


def _taken(file: str, text: str) -> Sentence:
    return Sentence("{file}: the question taken is “{question}”.", file=file, question=text.strip())


def _asked(body: pd.DataFrame, texts: dict[str, str], blanks: tuple[str, ...]) -> list[str]:
    """The questions on a recommendation that are answered in figures; without one, those on satisfaction."""
    for words in (_RECOMMEND, _SATISFIED):
        asked = [c for c, text in texts.items() if words.search(text) and _in_figures(body[c], blanks)]
        if asked:
            return asked
    return []


def _who(applied: Applied, body: pd.DataFrame, texts: dict[str, str]) -> None:
    columns = [c for c, text in texts.items() if _WHO.search(text)]
    if len(columns) == 1:
        applied.cells["customer_id"], applied.columns["customer_id"] = body[columns[0]], columns[0]
        applied.notes.append(Sentence("Who answered stands in {column}.", column=columns[0]))


def question_text(raw: Raw, column: str, data: pd.Index) -> str:
    """A question in full: its header, its label, and what further rows of the header say of it."""
    above = raw.frame[column].loc[: data[0]].iloc[:-1] if len(data) and data.is_monotonic_increasing else []
    more = [raw.labels.get(column, ""), *(str(c) for c in pd.Series(above, dtype="str").dropna())]
    return " ".join([str(column), *(m for m in more if m and normal(m) != normal(column) and not m.startswith("{"))])


def _in_figures(cells: pd.Series, blanks: tuple[str, ...]) -> bool:
    filled = cells.astype("str").str.strip()
    filled = filled[~values.is_blank(filled) & ~filled.isin(blanks)]
    read = values.scores(filled).values
    return len(filled) > 0 and float((read.between(0, 100) & (read % 1 == 0)).mean()) >= 0.8


def guard(
    frame: pd.DataFrame, shown: dict[str, str], form: Form | None, raw: Raw, answers: Answers, notes: list[Sentence]
) -> None:
    """What the answers leave open: on which scale they were given; and in the file of a survey tool, which counts every
    answer where the kit's rule counts the first of a month, which of the two is meant."""
    if "scale" not in frame:
        frame["scale"] = _scale(frame, shown, raw, answers, notes)
    if form is not None and (frame["scale"] == NPS_SCALE).all():
        _again(frame, raw.name, answers)


def _scale(frame: pd.DataFrame, shown: dict[str, str], raw: Raw, answers: Answers, notes: list[Sentence]) -> str:
    """The scale that values and text prove; where they leave it open, the one that is answered."""
    score = frame["score"].dropna()
    column = shown.get("score", "score")
    text = question_text(raw, column, frame.index) if column in raw.frame else column
    recommend = bool(_RECOMMEND.search(text))
    satisfied = bool(_SATISFIED.search(text)) and not recommend
    fits = [s for s in _SCALES if len(score) and s[0] <= score.min() and score.max() <= s[1]]
    named = [(int(m[0]), int(m[1])) for m in _NAMED.findall(text)]
    proven = next((s for s in named if s in fits), None)
    if proven is None and len(score):
        beyond = float((score > 10).mean())
        if beyond > 0.2 and score.between(0, 100).all() and score.max() > 11:
            proven = (0, 100)
        elif satisfied:
            proven = fits[0] if fits else None
    if proven is None:
        return _asked_scale(score, column, raw.name, answers)
    scale = f"{proven[0]}-{proven[1]}"
    if proven == (0, 10):
        scale = OTHER_TEN if satisfied else NPS_SCALE
    if satisfied and not re.search(r"satisf|满意", text, re.IGNORECASE):
        scale = _eased(scale, text, column, raw.name, answers)
    if scale != NPS_SCALE:
        notes.append(
            Sentence(
                "{file}: {column} is answered from {low} to {high}: no NPS is made of it, but the share of the upper "
                "answers and the mean.",
                file=raw.name,
                column=column,
                low=proven[0],
                high=proven[1],
            )
        )
    return scale


def _eased(scale: str, text: str, column: str, file: str, answers: Answers) -> str:
    """The scale with what was asked before it: ease, or effort, of which the words do not say which end is good."""
    bare = scale.rpartition(" ")[2]
    if _EASE.search(text):
        return f"ces {bare}"
    if not _EFFORT.search(text):
        return scale
    question = Question(
        "effort",
        Sentence("{file}: {column} asks for effort. Which end of the scale is good?", file=file, column=column),
        (
            Reading(f"effort {bare}", Sentence("a low answer: little effort")),
            Reading(f"ces {bare}", Sentence("a high answer: it was easy")),
        ),
    )
    return answers.to(question)


def _asked_scale(score: pd.Series, column: str, file: str, answers: Answers) -> str:
    low, high = (score.min(), score.max()) if len(score) else (0, 10)
    small = next((s for s in ((0, 1), (1, 5), (0, 5), (1, 7)) if s[0] <= low and high <= s[1]), None)
    if (low, high) == (1, 11) and len(score) >= 20:
        small = (1, 11)
    if small is None or len(score) < _ENOUGH:
        return NPS_SCALE
    question = Question(
        "scale",
        Sentence(
            "{file}: the {n:,} answers in {column} run from {low:g} to {high:g}. On which scale was it asked?",
            file=file,
            n=len(score),
            column=column,
            low=low,
            high=high,
        ),
        (
            Reading(f"{small[0]}-{small[1]}", Sentence("from {low} to {high}: no NPS", low=small[0], high=small[1])),
            Reading(NPS_SCALE, Sentence("from 0 to 10, and nobody answered otherwise")),
        ),
    )
    return answers.to(question)


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
