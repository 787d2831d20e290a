"""A figure that is guessed before it is shown, and a question that is answered where it arises.

Neither is marked: what was typed is remembered, and the answer is told at once. `guesses.py` of a lesson's folder holds
the figures, by key, as GUESSES; `picks.yaml` the questions, in the form of the quiz.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import yaml

from course.classroom import folders, panel, patience, progress
from course.errors import DataError
from course.language import Label, Sentence


@dataclass(frozen=True)
class Guess:
    """A figure to be guessed: how it is written (a format, such as ".0f"), how it is found in the learner's company,
    and what is said beside it."""

    shown: str
    truth: Callable[[], float]
    why: Label | None = None


def guess(key: str, value: object = ...) -> Sentence:
    """State what a figure will be; what it is is told at once.

    Parameters
    ----------
    key : the topic and the figure, such as "start-tenth".
    value : a number.

    Raises
    ------
    DataError : there is no such figure, or the value is no number.
    """
    topic, name = _parts(key)
    known = getattr(folders.part(topic, "guesses"), "GUESSES", {})
    if name not in known:
        raise DataError("There is nothing to guess under {key}. Here are: {known}.", key=key, known=_listed(known))
    if value is ...:
        return Sentence("Write your guess in place of the ..., then run the cell.")
    said = _number(value)
    one: Guess = known[name]
    shown = format(one.truth(), one.shown)
    progress.record("hands", key, f"{said:.6g}")
    told = (
        Sentence("You said {said:,.10g}, and so it is.", said=said)
        if float(shown.replace(",", "")) == said
        else Sentence("You said {said:,.10g}. It is {truth}.", said=said, truth=shown)
    )
    return told if one.why is None else Label("{told} {why}", "{told}{why}", told=told, why=one.why)


def _number(value: object) -> float:
    try:
        said = float(patience.plain(value, "value"))
    except (TypeError, ValueError, OverflowError):
        said = math.nan
    if not math.isfinite(said):
        raise DataError("A guess is one number, for instance 30.")
    return said


class Picked:
    """What an option is told: right or not, and why."""

    def __init__(self, right: bool, why: Sentence) -> None:
        self.right, self.why = right, why

    def _said(self) -> tuple[tuple[str, str], Sentence]:
        return (panel.RIGHT, Sentence("Right")) if self.right else (panel.WRONG, Sentence("Not quite"))

    def __repr__(self) -> str:
        (sign, _), title = self._said()
        return Sentence("{sign} {title}: {what}", sign=sign, title=title, what=self.why).say()

    def _repr_html_(self) -> str:
        mark, title = self._said()
        return panel.panel(panel.note(self.why, mark=mark, title=title))


class _Asked:
    """A question with its options, as long as none was chosen."""

    def __init__(self, key: str, question: dict) -> None:
        self.key, self.question = key, question

    def _lines(self) -> list[str]:
        options = self.question["options"].items()
        return [f"{letter}) {Label(**option['text']).say()}" for letter, option in options]

    def __repr__(self) -> str:
        how = Sentence('Write the letter in place of the ...: pick("{key}", "a").', key=self.key).say()
        return "\n".join([Label(**self.question["question"]).say(), *self._lines(), how])

    def _repr_html_(self) -> str:
        how = Sentence('Write the letter in place of the ...: pick("{key}", "a").', key=self.key)
        return panel.panel(panel.note(*self._lines(), how, mark=panel.OPEN, title=Label(**self.question["question"])))


def pick(key: str, letter: object = ...) -> Picked | _Asked:
    """Answer a question with the letter of an option; without one the question is shown.

    Raises
    ------
    DataError : there is no such question or option.
    """
    topic, name = _parts(key)
    known = _picks(topic)
    if name not in known:
        raise DataError("There is no question {key}. Here are: {known}.", key=key, known=_listed(known))
    options = known[name]["options"]
    if letter is ...:
        return _Asked(key, known[name])
    meant = letter.strip().lower() if type(letter) is str else letter
    if type(meant) is not str or meant not in options:
        raise DataError("The question has the answers {options}.", options=", ".join(options))
    right = bool(options[meant].get("right"))
    progress.record("hands", key, "right" if right else "wrong", keep=lambda before: before == "right")
    return Picked(right, Label(**options[meant]["feedback"]))


@cache
def _picks(topic: str) -> dict[str, dict]:
    """The questions of a topic by name: {question, options: {a: {text, feedback, right}}}."""
    path = folders.file(topic, "picks.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}


def _parts(key: object) -> tuple[str, str]:
    topic, _, name = patience.text(key).partition("-")
    return topic, name


def _listed(names: dict) -> str:
    return ", ".join(sorted(names)) or "–"
