"""What values of the data are called, in both languages, where words are shown to people: by the reader's own names,
then by those the kit has for common values (catalogue/values.yaml). A value that neither knows is shown as it is.

Tables, files and lessons hold values as the data have them: names are said only inside `names`.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import yaml

from course.language import LANGUAGES, Sentence

#: {column: {value: {language: name}}}
Names = Mapping[str, Mapping[str, Mapping[str, str]]]

_own: ContextVar[Names | None] = ContextVar("names of values", default=None)


@contextmanager
def names(own: Names | None = None) -> Iterator[None]:
    """Within it values are said by their names, the reader's `own` first."""
    token = _own.set(own or {})
    try:
        yield
    finally:
        _own.reset(token)


class Value(Sentence):
    """A value of a column, said by its name within `names`, and as `shown` elsewhere."""

    def __init__(self, column: str, value: object, shown: str | None = None) -> None:
        super().__init__("")
        self.column, self.value = column, str(value)
        self.shown = self.value if shown is None else shown

    def say(self, lang: str | None = None) -> str:
        """The name in `lang`."""
        own = _own.get()
        if own is None:
            return self.shown
        if given := own.get(self.column, {}).get(self.value):
            return given.get(lang) or next(iter(given.values()))
        pair = _known().get((self.column, self.value.lower()))
        return pair[LANGUAGES.index(lang)] if pair and lang else self.shown


@cache
def _known() -> dict[tuple[str, str], list[str]]:
    path = Path(__file__).parent / "catalogue" / "values.yaml"
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {(column, value): both for g in groups for column in g["of"] for value, both in g["values"].items()}
