"""What the kit says, in English and in Chinese.

A sentence is written once in English where it is needed and looked up in `catalogue/zh/*.po` (a file a topic; what a
lesson alone says, in its folder's `zh.po`) when it is shown, so the same sentence can stand in both halves of one
report. Babel reads the catalogue as it is: nothing to compile, nothing that can be stale.
"""

import os
import string
from datetime import date
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "zh")
_PACKAGE = Path(__file__).parent
_active = "en"
_chosen = False


def use(lang: str) -> None:
    """Make `lang` ("en" or "zh") the language of every sentence that is shown without naming one."""
    global _active, _chosen
    if lang not in LANGUAGES:
        raise ValueError(f"lang is 'en' or 'zh', not {lang!r}")
    _active, _chosen = lang, True


def use_preferred() -> None:
    """Make the reader's language the one in use, where none was chosen yet: in a notebook nobody asks for it."""
    if not _chosen:
        use(preferred())


def active() -> str:
    """The language in use: "en" or "zh"."""
    return _active


def preferred() -> str:
    """The reader's language: COURSE_LANG where it is set, else Chinese where the system's locale is, else English."""
    for variable in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


class Sentence:
    """A sentence that can still be said in either language.

    Parameters
    ----------
    message : the English text, with named places: "{rows:,} {rows:row|rows} without a date". A place with a bar
        chooses between singular and plural.
    values : what goes into the places. A value may itself be a Sentence.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        self.message = message
        self.values = values

    def say(self, lang: str | None = None) -> str:
        """The sentence in `lang` ("en" or "zh"; default: the language in use)."""
        lang = lang or _active
        return _filled(_translations(lang).get(self.message, self.message), self.values, lang)

    def __str__(self) -> str:
        return self.say()

    def __repr__(self) -> str:
        return f"Sentence({self.say('en')!r})"


class Label(Sentence):
    """A name or sentence given in both languages where it is defined (a column, a lesson's words) instead of in the
    catalogue. `values`, where given, go into its places; without values its braces are left alone."""

    def __init__(self, en: str, zh: str, **values: object) -> None:
        super().__init__(en, **values)
        self.names = {"en": en, "zh": zh}

    def say(self, lang: str | None = None) -> str:
        """The name in `lang`."""
        name = self.names[lang or _active]
        return _filled(name, self.values, lang or _active) if self.values else name


def text(message: str, lang: str | None = None, /, **values: object) -> str:
    """`Sentence(message, **values).say(lang)`."""
    return Sentence(message, **values).say(lang)


def _filled(template: str, values: dict, lang: str) -> str:
    said = {k: v.say(lang) if isinstance(v, Sentence) else v for k, v in values.items()}
    # Half a character of a damaged file can be held, but not printed.
    return _Formatter(lang).vformat(template, (), said).encode("utf-8", "replace").decode("utf-8")


class _Formatter(string.Formatter):
    def __init__(self, lang: str) -> None:
        self.lang = lang

    def format_field(self, value: object, spec: str) -> str:
        if spec == "day":
            return day(value, self.lang)
        if "|" in spec:
            one, many = spec.split("|")
            return one if value == 1 else many
        return super().format_field(value, spec)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day(date: date, lang: str) -> str:
    """31 Dec 2024; 2024 年 12 月 31 日. A place of a sentence with the format "day" is written so."""
    if lang == "zh":
        return f"{date.year} 年 {date.month} 月 {date.day} 日"
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def month(date: date, lang: str) -> str:
    """Dec 2024; 2024 年 12 月."""
    return f"{date.year} 年 {date.month} 月" if lang == "zh" else f"{_MONTHS[date.month - 1]} {date.year}"


def catalogues(lang: str) -> list[Path]:
    """The files that hold the translations into `lang`: a file a topic, and one in each lesson's folder."""
    return sorted([*_PACKAGE.glob(f"catalogue/{lang}/*.po"), *_PACKAGE.glob(f"classroom/lessons/*/{lang}.po")])


@cache
def _translations(lang: str) -> dict[str, str]:
    if lang == "en":
        return {}
    from babel.messages.pofile import read_po

    messages = {}
    for path in catalogues(lang):
        with path.open("rb") as file:
            messages |= {m.id: m.string for m in read_po(file, locale=lang) if m.id and m.string}
    return messages
