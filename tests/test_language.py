"""Sentences in both languages: nothing missing, nothing left over, the same places in both."""

import re
import string

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from course import DataError, language
from tests.conftest import ROOT

#: Where a sentence of the catalogue begins: these calls take it as their first argument, or as the one given.
CALLS = {
    "Sentence": None,
    "DataError": None,
    "NoRows": None,
    "__init__": None,
    "text": None,
    "phrase": None,
    "Mistake": None,
    "LessonError": (3,),
    "refusal": (2,),
}


def _catalogue():
    messages = {}
    for path in language.catalogues("zh"):
        with path.open("rb") as file:
            own = {m.id: m.string for m in read_po(file) if m.id}
        again = sorted(set(own) & set(messages))
        assert not again, f"{path} says again what another file says: {again}"
        messages |= own
    return messages


def _places(template):
    """The names and formats in braces; those that choose between singular and plural are English alone."""
    fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(template) if name is not None]
    return {name for name, _ in fields}, {(name, spec) for name, spec in fields if spec and "|" not in spec}


def test_every_sentence_of_the_code_has_its_chinese_and_none_is_left_over():
    used = {m[2] for m in extract_from_dir(ROOT / "course", [("**.py", "python")], keywords=CALLS)}
    assert len(used) > 150
    catalogue = _catalogue()
    assert used - set(catalogue) == set()
    assert set(catalogue) - used == set()
    assert [m for m, chinese in catalogue.items() if not chinese.strip()] == []


def test_both_languages_have_the_same_places():
    for english, chinese in _catalogue().items():
        (names, formats), (zh_names, zh_formats) = _places(english), _places(chinese)
        assert zh_names == names, english
        assert zh_formats == formats, english


def test_the_chinese_is_punctuated_as_chinese():
    for english, chinese in _catalogue().items():
        bare = re.sub(r"\{[^{}]*\}|--?[\w-]+|[\w.]+\(.*?\)|“[^”]*”", "", chinese)
        assert not re.search(r"[一-鿿][,;:!?()]|[,;!?()][一-鿿]", bare), english


def test_a_sentence_can_be_said_in_either_language():
    sentence = language.Sentence("{file} is empty (0 bytes). Export it again.", file="a.csv")
    assert sentence.say("en") == "a.csv is empty (0 bytes). Export it again."
    assert sentence.say("zh") == "a.csv 是空文件（0 字节）。请重新导出。"
    language.use("zh")
    assert str(sentence) == sentence.say("zh")
    assert (
        str(DataError("{file} is empty (0 bytes). Export it again.", file="b")) == "b 是空文件（0 字节）。请重新导出。"
    )


def test_singular_and_plural():
    message = "{file}: {rows} title {rows:row|rows} above the header skipped."
    assert language.text(message, "en", file="f", rows=1) == "f: 1 title row above the header skipped."
    assert language.text(message, "en", file="f", rows=2) == "f: 2 title rows above the header skipped."


def test_braces_in_a_value_are_not_places():
    assert language.text("Not used: {columns}.", "en", columns="{x} {0}") == "Not used: {x} {0}."


def test_sentences_inside_sentences_follow_the_language():
    inner = language.Sentence("day first")
    outer = language.Sentence("Without any value: {columns}.", columns=inner)
    assert outer.say("zh") == "整列为空：日在前。"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({}, "en"),
        ({"LANG": "en_GB.UTF-8", "COURSE_LANG": "zh"}, "zh"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN"}, "en"),
    ],
)
def test_the_reader_s_language(monkeypatch, variables, expected):
    for name in ("COURSE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language.preferred() == expected
