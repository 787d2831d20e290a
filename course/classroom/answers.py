"""`check("segment-2")`: what is right, which mistake was made, what has not been tried, what is not set up.

A check never raises for a wrong answer, never fails on a warning, never prints the answer. It reads the names it needs
from the learner's notebook; what they were given is looked at first, so that a skipped cell is told from a mistake.
"""

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import FunctionType

import numpy as np
import pandas as pd
from pandas.api.typing import DataFrameGroupBy, SeriesGroupBy

from course.classroom import folders, inputs, panel, patience, progress, room, typed
from course.errors import DataError
from course.language import Sentence

RIGHT, NOT_YET, NOT_ATTEMPTED, SET_UP = "right", "not_yet", "not_attempted", "set_up"
_SHOWN = {
    RIGHT: (panel.RIGHT, Sentence("Right")),
    NOT_YET: (panel.WRONG, Sentence("Not yet")),
    NOT_ATTEMPTED: (panel.OPEN, Sentence("Not attempted")),
    SET_UP: (panel.SET_UP, Sentence("Something before is missing")),
}
_BEFORE = Sentence("What you typed for it before:")


@dataclass(frozen=True)
class Outcome:
    """What a check found: `kind` (right, not_yet, not_attempted, set_up) and the `sentence` that says it; of one
    that is not attempted, the code that was typed `before`."""

    exercise: str
    kind: str
    sentence: Sentence
    before: str = ""

    def __repr__(self) -> str:
        (sign, _), title = _SHOWN[self.kind]
        said = Sentence("{sign} {title}: {what}", sign=sign, title=title, what=self.sentence).say()
        return f"{said}\n{_BEFORE}\n{self.before}" if self.before else said

    def _repr_html_(self) -> str:
        mark, title = _SHOWN[self.kind]
        parts = [panel.note(self.sentence, mark=mark, title=title)]
        if self.before:
            parts += [panel.paragraphs([_BEFORE]), panel.code(self.before)]
        return panel.panel(*parts)


class Mistake(Exception):
    """Raised by a check for an answer that is not right yet."""

    def __init__(self, message: str | Sentence, /, **values: object) -> None:
        self.sentence = message if isinstance(message, Sentence) else Sentence(message, **values)
        super().__init__(self.sentence.message)


@dataclass(frozen=True)
class Exercise:
    """A check: `answers` are the names the learner fills in, `given` those that earlier cells define."""

    name: str
    answers: tuple[str, ...]
    given: tuple[str, ...]
    judge: Callable
    praise: Sentence


_exercises: dict[str, Exercise] = {}


def exercise(name: str, answers: tuple[str, ...], right: Sentence, given: tuple[str, ...] = ()) -> Callable:
    """Register a check. The function gets the answers, then what was given; it returns or raises `Mistake`.

    `right` is what a right answer is told: a sentence that adds something.
    """

    def registered(judge: Callable) -> Callable:
        _exercises[name] = Exercise(name, answers, given, judge, right)
        return judge

    return registered


def exercises(topic: str) -> dict[str, Exercise]:
    """The checks of a topic, by id."""
    folders.part(topic, "checks")
    return {n: e for n, e in _exercises.items() if n.rpartition("-")[0] == topic}


def check(name: str, within: Mapping | None = None) -> Outcome:
    """Check an exercise.

    Parameters
    ----------
    name : its id, such as "segment-2".
    within : the names to read; default: those of the notebook.

    Raises
    ------
    DataError : there is no such exercise.
    """
    name = patience.text(name)
    known = exercises(name.rpartition("-")[0]) or exercises(room.topic())
    if name not in known:
        raise DataError("There is no exercise {name}. Here are: {known}.", name=name, known=", ".join(known) or "–")
    outcome = _judged(known[name], room.namespace() if within is None else within)
    if within is not None:
        return outcome
    progress.note(name, outcome.kind, outcome.sentence.message)
    if outcome.kind == NOT_ATTEMPTED:
        return replace(outcome, before=typed.before(name))
    typed.note(name, known[name].answers, room.cells())
    return outcome


def _judged(one: Exercise, names: Mapping) -> Outcome:
    """The outcome, within its time and whatever the names hold; what a warning says is for the learner's own cells."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return patience.within(lambda: _outcome(one, names), patience.SECONDS)
    except TimeoutError:
        said = Sentence(
            "{names} took more than {n:g} seconds and was stopped. Is there a loop in it that never ends?",
            names=", ".join(one.answers),
            n=patience.SECONDS,
        )
    except BaseException:
        said = _unread("–", "–")
    return Outcome(one.name, NOT_YET, said)


def _outcome(one: Exercise, names: Mapping) -> Outcome:
    answers = [names.get(n, ...) for n in one.answers]
    if all(a is ... or _is_stub(a) for a in answers):
        what = ", ".join(one.answers)
        return Outcome(one.name, NOT_ATTEMPTED, Sentence("Replace the ... by your own code: {names}.", names=what))
    if missing := [n for n in one.given if names.get(n, ...) is ...]:
        return Outcome(
            one.name,
            SET_UP,
            Sentence(
                "{names} is not there. Run the cells above from the top, then this one.", names=", ".join(missing)
            ),
        )
    if (other := inputs.changed(one.given, names)) is not None:
        return Outcome(one.name, SET_UP, other)
    if open_ones := [n for n, a in zip(one.answers, answers, strict=True) if a is ... or _is_stub(a)]:
        return Outcome(one.name, NOT_YET, Sentence("{names} is still to be done.", names=", ".join(open_ones)))
    try:
        answers = [patience.plain(a, n) for n, a in zip(one.answers, answers, strict=True)]
        one.judge(*answers, *(names[n] for n in one.given))
    except (Mistake, DataError) as error:
        return Outcome(one.name, NOT_YET, error.sentence)
    except BaseException as error:
        # An answer of a kind that nobody foresaw must not end in a traceback, nor a function of it in sys.exit.
        return Outcome(one.name, NOT_YET, _unread(patience.kind_of(type(error)), patience.why(error)))
    return Outcome(one.name, RIGHT, one.praise)


def _unread(kind: str, why: str) -> Sentence:
    return Sentence(
        "The answer cannot be read as what was asked for ({kind}: {why}). Compare its kind with the task.",
        kind=kind,
        why=why,
    )


def _is_stub(answer: object) -> bool:
    """True for a function whose body is still the `...` it was handed out with."""
    if type(answer) is not FunctionType:
        return False
    code = answer.__code__
    return code.co_code == _EMPTY.__code__.co_code and set(code.co_consts) <= {None, answer.__doc__, ...}


def _EMPTY() -> None: ...


# --- what checks have in common --------------------------------------------------------------------------------------


#: Figures closer than this are the same to the last digit; a share may be off by half of its third place; a reach of
#: an interval by this part, as the factor 1.96 is.
_DIGIT, _THREE_PLACES, _OF_A_REACH = 1e-6, 5e-4 + 1e-9, 0.01
#: What holds values side by side; `unique()` of a column of text is an ExtensionArray.
_MANY = pd.Series | pd.DataFrame | pd.Index | pd.api.extensions.ExtensionArray | np.ndarray | list | tuple


def number(answer: object, name: str) -> float:
    """The answer as a number, or the mistake of not being one."""
    _called(answer, name)
    if isinstance(answer, _MANY) and np.size(answer) != 1:
        raise Mistake("{name} holds many values; one number is asked for. Count them, or add them up?", name=name)
    if isinstance(answer, str | bytes | bool | np.bool_) or answer is None:
        raise Mistake("{name} should be a number; it is of kind {kind}.", name=name, kind=type(answer).__name__)
    value = float(np.asarray(answer).reshape(-1)[0]) if np.size(answer) == 1 else float(answer)
    if np.isnan(value):
        raise Mistake(
            "{name} is NaN: somewhere a blank went into the sum, or something was divided by zero.", name=name
        )
    return value


#: What known mistakes give, by what is said of them; pairs where one sentence serves several.
Mistakes = Mapping[Sentence, object] | Iterable[tuple[Sentence, object]]


def told(value: object, truth: object, mistakes: Mistakes, atol: float = 0, rtol: float = 0) -> bool:
    """Whether an answer is right; a mistake that is recognised is raised as its sentence.

    What is a mistake to the last digit is told, even if rounding would let it pass for the truth; a mistake that gives
    the truth on this company is none.

    Parameters
    ----------
    value, truth : numbers, arrays or sets; Series and frames are compared by their keys, blank is equal to blank.
    atol, rtol : how far off an answer is still the same: absolute, or as a part of the truth (absolute below 1).
    """
    if same(value, truth):
        return True
    pairs = mistakes.items() if isinstance(mistakes, Mapping) else mistakes
    known = [(sentence, wrong) for sentence, wrong in pairs if not same(wrong, truth)]
    _nearest(value, known)
    if same(value, truth, atol, rtol):
        return True
    _nearest(value, known, atol, rtol)
    return False


def _nearest(value: object, known: list[tuple[Sentence, object]], atol: float = 0, rtol: float = 0) -> None:
    """Raise the mistake that gives this value, the first of those that give it equally."""
    off = [round(_apart(value, wrong, atol, rtol), 3) for _, wrong in known]
    if off and min(off) <= 1:
        raise Mistake(known[off.index(min(off))][0])


def equals(answer: object, truth: float, name: str, mistakes: Mistakes, rtol: float = 0, rounded: float = 0) -> None:
    """The number asked for; a known mistake gets its sentence (see `told`), another only which side it is on.

    A right answer may be `rounded` by so much, which says nothing of how near a mistake is: that is `rtol`.
    """
    value = number(answer, name)
    if not told(value, truth, mistakes, rtol=rtol) and abs(value - truth) > rounded:
        _slip(value, truth, name)
        raise Mistake("{name} is {side}.", name=name, side=side(value, truth))


def _slip(value: float, truth: float, name: str) -> None:
    """Raise the slip that can happen to any number, where the answer is the truth after it: each with what to try."""
    if same(value, 100 * truth):
        raise Mistake(
            "You made {name} a hundred times too large, as a percentage or an amount in cents is. The task asks for "
            "the plain number. Try it without the factor 100.",
            name=name,
        )
    if same(100 * value, truth):
        raise Mistake(
            "You made {name} a hundred times too small, as a share is. The task asks for a percentage or for yuan. Try "
            "it times 100.",
            name=name,
        )
    if 0 < truth < 1 and same(value, 1 - truth):
        raise Mistake(
            "You computed what is left of 1. The task asks for the other part. Try it with the opposite condition.",
        )
    if truth % 1 and any(same(value, r) for r in (np.floor(truth), np.ceil(truth), round(truth, 1), round(truth, -1))):
        raise Mistake("You rounded {name}. The task asks for more digits. Try it without rounding.", name=name)
    if not truth % 1 and abs(truth) > 2 and same(abs(value - truth), 1):
        raise Mistake(
            "You are one off in {name}. Look at what counts at the ends: the first, the last, a blank, a day that is "
            "counted twice or not at all.",
            name=name,
        )


def share(answer: object, truth: float, name: str, mistakes: Mistakes) -> None:
    """A share between 0 and 1, for which three places are enough."""
    value = number(answer, name)
    if told(value, truth, mistakes, _THREE_PLACES):
        return
    if same(value, 100 * truth, 100 * _THREE_PLACES):
        raise Mistake("{name} is a percentage. As a share it lies between 0 and 1.", name=name)
    if any(same(value, round(truth, places)) for places in (1, 2)):
        raise Mistake("{name} is rounded too far. Keep three decimals.", name=name)
    _slip(value, truth, name)
    raise Mistake("{name} is {side}.", name=name, side=side(value, truth))


def reach(value: float, truth: float, mistakes: Mapping[Sentence, float]) -> None:
    """How far an interval that is not right reaches to each side of its middle, which is right: always a mistake."""
    told(value / truth, 1.0, {sentence: wrong / truth for sentence, wrong in mistakes.items()}, rtol=_OF_A_REACH)
    if value > truth:
        raise Mistake("The middle is right, and the interval is too wide.")
    raise Mistake("The middle is right, and the interval is too narrow.")


def side(value: float, truth: float) -> Sentence:
    """On which side of the truth a value lies."""
    return Sentence("too large") if value > truth else Sentence("too small")


def same(value: object, other: object, atol: float = 0, rtol: float = 0) -> bool:
    """Whether two answers are the same; what is compared and how far off they may be is as in `told`."""
    return _apart(value, other, atol, rtol) <= 1


def _apart(value: object, other: object, atol: float, rtol: float) -> float:
    """The largest difference between two answers, in units of what is allowed; infinite where they do not compare."""
    if isinstance(value, set):
        return 0.0 if value == other else np.inf
    if isinstance(value, pd.Series | pd.DataFrame) and isinstance(other, type(value)):
        other = other.reindex_like(value) if isinstance(value, pd.DataFrame) else other.reindex(value.index)
    a, b = _figures(value), _figures(other)
    if a.shape != b.shape:
        return np.inf
    allowed = np.maximum(atol, max(_DIGIT, rtol) * np.maximum(1, np.abs(b)))
    with np.errstate(invalid="ignore"):
        off = np.abs(a - b) / allowed
    off = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, off)
    return float(np.where(np.isnan(off), np.inf, off).max(initial=0.0))


def _figures(answer: object) -> np.ndarray:
    if isinstance(answer, pd.Series | pd.DataFrame):
        return answer.astype("float64").to_numpy()
    return np.asarray(answer, dtype="float64")


def _called(answer: object, name: str) -> None:
    """Refuse what is not computed yet: a method without its brackets, groups of which nothing was added up."""
    if callable(answer):
        raise Mistake("{name} is a method that was not called: the brackets () are missing behind it.", name=name)
    if isinstance(answer, SeriesGroupBy | DataFrameGroupBy):
        raise Mistake(
            "{name} is grouped, and nothing is computed of the groups yet: add .sum() or the like.", name=name
        )


def table(answer: object, name: str, columns: tuple[str, ...] = (), rows: int | None = None) -> pd.DataFrame:
    """The answer as a table with these columns and so many rows, or the mistake."""
    _called(answer, name)
    if isinstance(answer, pd.Series) and not columns:
        answer = answer.to_frame()
    if not isinstance(answer, pd.DataFrame):
        raise Mistake(
            "{name} should be a table (DataFrame); it is of kind {kind}.", name=name, kind=type(answer).__name__
        )
    if missing := [c for c in columns if c not in answer.columns and c not in answer.index.names]:
        raise Mistake("{name} lacks the column {column}.", name=name, column=missing[0])
    if rows is not None and len(answer) != rows:
        raise Mistake(
            "{name} has {got:,} rows; {wanted:,} were to be expected.", name=name, got=len(answer), wanted=rows
        )
    return answer


def column(answer: object, name: str, index: pd.Index | None = None) -> pd.Series:
    """The answer as one column (Series) whose index holds the same keys as `index`, in the order of `index`."""
    _called(answer, name)
    if isinstance(answer, pd.DataFrame) and answer.shape[1] == 1:
        answer = answer.iloc[:, 0]
    if np.ndim(answer) == 0:
        raise Mistake("{name} is a single value; a column is asked for.", name=name)
    if not isinstance(answer, pd.Series):
        raise Mistake(
            "{name} should be one column (Series); it is of kind {kind}.", name=name, kind=type(answer).__name__
        )
    if index is None:
        return answer
    if answer.index.has_duplicates:
        raise Mistake(
            "{name} has more than one row for some {key}: one for each is asked for.", name=name, key=_key(index)
        )
    if len(answer) != len(index) or not index.isin(answer.index).all():
        raise Mistake(
            "{name} should have one value for each {key}, and that as its index. {what}",
            name=name,
            key=_key(index),
            what=Sentence("Some are missing.") if len(answer) < len(index) else Sentence("It has others."),
        )
    return answer.reindex(index)


def _key(index: pd.Index) -> str:
    return index.name or "row"
