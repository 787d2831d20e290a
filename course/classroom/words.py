"""Sentences and chart labels of the lessons, by key: code cells stay free of either language.

`words.yaml` in a lesson's folder holds them in both languages, the one beside this file those that lessons share: one
line a sentence, places in braces as in every other sentence of the kit.
"""

from functools import cache
from pathlib import Path

import yaml

from course import charts, language
from course.classroom import folders, room
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
    return _spoken(key, values).say(drawn)


def say(key: str, /, **values: object) -> None:
    """Print the sentence called `key`, with its figures."""
    print(_spoken(key, values).say())


def _spoken(key: str, values: dict) -> Label:
    topic = room.topic()
    return label(topic if key in sentences(topic) else "common", key, **values)


def label(topic: str, key: str, /, **values: object) -> Label:
    """The sentence called `key` of a topic ("common": of those that all lessons share), with its figures.

    Raises
    ------
    DataError : there is no such key.
    """
    known = sentences(topic)
    if key not in known:
        raise DataError("There is no sentence called {key} for this lesson.", key=key)
    return Label(known[key]["en"], known[key]["zh"], **values)


@cache
def sentences(topic: str) -> dict[str, dict[str, str]]:
    """The sentences of a topic: {key: {"en": …, "zh": …}}; empty where a topic has none."""
    path = Path(__file__).with_suffix(".yaml") if topic == "common" else folders.file(topic, "words.yaml")
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else {}
