"""Sentences and chart labels of the lessons, by key: code cells stay free of either language.

`words/<topic>.yaml` holds them in both languages: one line a sentence, places in braces as in every other sentence of
the kit.
"""

from functools import cache
from pathlib import Path

import yaml

from course import charts, language
from course.classroom import room
from course.errors import DataError
from course.language import Label


def words(key: str, /, **values: object) -> str:
    """The label called `key` of the lesson's topic, else of those that all lessons share: for charts and tables.

    In English where the reader's language is Chinese and the machine has no font for it: a chart would show boxes.

    Raises
    ------
    DataError : there is no such key.
    """
    drawn = "en" if language.active() == "zh" and charts.chinese_font() is None else None
    return _label(key, values).say(drawn)


def say(key: str, /, **values: object) -> None:
    """Print the sentence called `key`, with its figures."""
    print(_label(key, values).say())


def _label(key: str, values: dict) -> Label:
    for topic in ((room.lesson() or "").partition("_")[2], "common"):
        if topic and key in (known := sentences(topic)):
            return Label(known[key]["en"], known[key]["zh"], **values)
    raise DataError("There is no sentence called {key} for this lesson.", key=key)


@cache
def sentences(topic: str) -> dict[str, dict[str, str]]:
    """The sentences of a topic: {key: {"en": …, "zh": …}}; empty where a topic has none."""
    path = Path(__file__).parent / f"{topic}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
