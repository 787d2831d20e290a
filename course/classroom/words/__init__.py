"""Sentences and chart labels of the lessons, by key: code cells stay free of either language.

`words/<topic>.yaml` holds them in both languages: one line a sentence, places in braces as in every other sentence of
the kit.
"""

from functools import cache
from pathlib import Path

import yaml

from course.classroom import room
from course.errors import DataError
from course.language import Label


def words(key: str, /, **values: object) -> str:
    """The sentence called `key` ("07 says it": its lesson's topic is looked through first, then the common ones).

    Raises
    ------
    DataError : there is no such key.
    """
    topic = (room.lesson() or "").partition("_")[2]
    for name in (topic, "common"):
        if name and key in (known := sentences(name)):
            return Label(known[key]["en"], known[key]["zh"], **values).say()
    raise DataError("There is no sentence called {key} for this lesson.", key=key)


def say(key: str, /, **values: object) -> None:
    """Print the sentence called `key`, with its figures."""
    print(words(key, **values))


@cache
def sentences(topic: str) -> dict[str, dict[str, str]]:
    """The sentences of a topic: {key: {"en": …, "zh": …}}; empty where a topic has none."""
    path = Path(__file__).parent / f"{topic}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
