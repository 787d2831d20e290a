"""Questions that the data leave open: two readings whose headline differs, with the words that answer them.

Nothing is decided in silence: a question that was not answered ends the reading, with all other open ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path

from course import telling
from course.errors import DataError
from course.language import Sentence
from course.recipe import ASSUMED, Recipe


@dataclass(frozen=True)
class Reading:
    """One way to read the data: the `answer` that chooses it, and what it `says`, with the total it gives."""

    answer: str
    says: Sentence


@dataclass(frozen=True)
class Question:
    """What is asked, under which `key` it is answered, and the readings, the likelier first."""

    key: str
    asks: Sentence
    readings: tuple[Reading, ...]


class Asked(DataError):
    """Questions that must be answered before a figure can be given."""

    def __init__(self, questions: Sequence[Question]) -> None:
        self.questions = _one_a_key(questions)
        first = self.questions[0]
        super().__init__(
            "{asks} {readings}{more}",
            asks=first.asks,
            readings=Sentence("Answer with --answer {key}={value}.", key=first.key, value=_choices(first)),
            more=Sentence(" And {n} more {n:question|questions}.", n=len(self.questions) - 1)
            if len(self.questions) > 1
            else "",
        )

    def lines(self) -> list[Sentence]:
        """Every question with its readings and the words that answer it, a sentence a line."""
        lines = []
        for question in self.questions:
            lines.append(Sentence("Question: {asks}", asks=question.asks))
            lines += [
                Sentence("  --answer {key}={value}   {says}", key=question.key, value=r.answer, says=r.says)
                for r in question.readings
            ]
        return lines


def _one_a_key(questions: Sequence[Question]) -> tuple[Question, ...]:
    """What several files leave open under one key is one question, with what each reading gives in each file."""
    found: dict[str, list[Question]] = {}
    for question in questions:
        alike = found.setdefault(question.key, [])
        if _said(question) not in map(_said, alike):
            alike.append(question)
    return tuple(reduce(_both, alike) for alike in found.values())


def _said(question: Question) -> list[str]:
    return [question.asks.say("en"), *(r.says.say("en") for r in question.readings)]


def _both(one: Question, other: Question) -> Question:
    says = {r.answer: r.says for r in other.readings}
    readings = tuple(
        replace(r, says=Sentence("{one}; {other}", one=r.says, other=says[r.answer]) if r.answer in says else r.says)
        for r in one.readings
    )
    return Question(one.key, Sentence("{one} {other}", one=one.asks, other=other.asks), readings)


def _words(question: Question) -> Iterator[str]:
    """What a question says in the file's own words: the answers, its key, and the texts in its sentences."""
    yield question.key
    for reading in question.readings:
        yield reading.answer
        yield from _texts(reading.says)
    yield from _texts(question.asks)


def _texts(said: Sentence) -> Iterator[str]:
    for place, value in said.values.items():
        if isinstance(value, Sentence):
            yield from _texts(value)
        elif isinstance(value, str) and place != "file":
            yield value


def _refuse_to_say_somebody(question: Question) -> None:
    """A question that would be read by the user in words that tell a person is not asked; notes are masked later."""
    if any(telling.holds(word) for word in _words(question)):
        raise DataError(
            "{file}: “{key}” could only be asked in words that hold a phone number, an e-mail address or the "
            "number of a card. Such a cell is no word of its column: mend it, or map another column.",
            file=question.asks.values.get("file", ""),
            key=question.key.partition(".")[0],
        )


def _choices(question: Question) -> str:
    return " | ".join(reading.answer for reading in question.readings)


@dataclass
class Answers:
    """What the reader has said, and what is still open.

    Attributes
    ----------
    given : {key: answer} of this run
    provisional : the likelier reading is taken where nothing is said, and the reader is told
    recipe : what an earlier run was told: its answers hold where the same is asked and is still a reading
    currency : what money is in, where the reader says it; form : the file of the reader's own forms
    open : questions without an answer; used : keys that were asked for; decided : {key: answer} of those that were
        answered; notes : readings taken, as answered or for the time being
    """

    given: Mapping[str, str] = field(default_factory=dict)
    provisional: bool = False
    recipe: Recipe = field(default_factory=Recipe)
    currency: str | None = None
    form: Path | None = None
    open: list[Question] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    decided: dict[str, str] = field(default_factory=dict)
    notes: list[Sentence] = field(default_factory=list)
    _first: dict[str, Question] = field(default_factory=dict, repr=False)

    def to(self, question: Question) -> str:
        """The answer; for a question that is still open the likelier reading, so that the others can be found too.

        Raises
        ------
        DataError : an answer that is none of the readings; a question that would say somebody's phone or mail.
        """
        question = self._told_apart(question)
        self.used.add(question.key)
        readings = {r.answer: r for r in question.readings}
        answer = self.given.get(question.key)
        if answer is not None and answer not in readings:
            raise DataError(
                "--answer {key}={value} is none of the readings: {readings}.",
                key=question.key,
                value=answer,
                readings=_choices(question),
            )
        if answer is None:
            answer = self._known().get(question.key)
        if answer in readings:
            self.decided[question.key] = answer
            self.notes.append(
                Sentence(
                    "As answered: {says} ({asks} {key}={value})",
                    says=readings[answer].says,
                    asks=question.asks,
                    key=question.key,
                    value=answer,
                )
            )
            return answer
        likelier = question.readings[0]
        if self.provisional:
            self.notes.append(
                Sentence(
                    "For the time being: {says} ({asks} --answer {key}={value})",
                    says=likelier.says,
                    asks=question.asks,
                    key=question.key,
                    value=likelier.answer,
                )
            )
        else:
            _refuse_to_say_somebody(question)
            self.open.append(question)
        return likelier.answer

    def _known(self) -> dict[str, str]:
        """What is known besides: the recipe's answers and words of state, and the currency."""
        states = {f"state.{w}": s for w, s in (self.recipe.states or {}).items() if s != ASSUMED}
        return self.recipe.answers | states | ({"currency": self.currency} if self.currency else {})

    def must_ask(self, word: str) -> bool:
        """Whether a word of state that nobody knows is asked about however little money it holds: the recipe listed
        the words there were and has not this one, or has it and says what it means."""
        listed = self.recipe.states
        return f"state.{word}" in self._known() or (listed is not None and word not in listed)

    def _told_apart(self, question: Question) -> Question:
        """The question under a key of its own where another file asked the same with other answers to choose from."""
        earlier = self._first.setdefault(question.key, question)
        if {r.answer for r in earlier.readings} == {r.answer for r in question.readings}:
            return question
        return replace(question, key=f"{question.key}.{question.asks.values.get('file', '')}")
