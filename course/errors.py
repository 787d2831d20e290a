"""The one error a user of the kit meets."""

from collections.abc import Iterable
from difflib import get_close_matches

from course.language import Sentence


class DataError(ValueError):
    """Data that cannot be used as they are.

    The message says which column, which rows (how many, the first few), what was expected and what to do; `str()`
    gives it in the language in use, `.sentence.say(lang)` in a chosen one.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        self.sentence = Sentence(message, **values)
        super().__init__(message)

    def __str__(self) -> str:
        return self.sentence.say()


def first_few(values: object, limit: int = 3) -> str:
    """The first values of a list as a reader wants to see them: "4, 17, 23, …"."""
    items = list(values)
    shown = ", ".join(str(v) for v in items[:limit])
    return shown + (", …" if len(items) > limit else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like `word`; where none is alike, the first few."""
    known = list(known)
    return next(iter(get_close_matches(word, known, 1, 0.5)), first_few(known, 8))
