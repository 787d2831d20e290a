"""How a text is read: sentence by sentence, in which language, with praise and blame clause by clause.

A lexicon (`catalogue/sentiment.yaml`) and a few rules of grammar: negation, degree, contrast (the later clause weighs
more), wishes (praise that is asked for is not given). A sentence in a language that the lexicon does not know is not
read: no praise and no blame found in it would mean nothing.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from course import small_yaml
from course.nps.chinese_words import Segmenter

_PLAIN = 0.5  # of a word of praise without any degree; −1 and 1 are the ends of the scale
_NEGATED = -0.8  # “not good” is less bad than “bad” is
_WISHED = -0.6
_BACK = 4  # words over which a negation reaches
_LONGEST = 5  # words in a phrase

#: What is read ("signs": an emoji without words). "other" is Latin script in which no word is known.
READ, SIGNS, OTHER = ("zh", "en", "mixed", "signs"), "signs", "other"

_SENTENCE = re.compile(r"[。！？!?\n;；]+|\.(?!\d)")
_CLAUSE = re.compile(r"[，：:…~～—()（）]+|,(?!\d)| - ")
_HAN = re.compile(r"[一-鿿]")
_LATIN = re.compile(r"[^\W\d_一-鿿]+(?:['’][^\W\d_一-鿿]+)?")
#: Scripts that name their language, or at least say that it is not one of those read.
_SCRIPTS = (
    ("ja", re.compile(r"[ぁ-ゖァ-ヺ]")),
    ("ko", re.compile(r"[ᄀ-ᇿ가-힣]")),
    ("ru", re.compile(r"[Ѐ-ӿ]")),
    ("ar", re.compile(r"[؀-ۿ]")),
    ("th", re.compile(r"[ก-๛]")),
    (OTHER, re.compile(r"[Ͱ-Ͽ֐-׿܀-෿຀-࿿]")),
)
#: What a post carries besides its words: addresses, who is called, and what it is filed under.
_TAGS = re.compile(r"https?://\S+|#[^#\s]{1,30}#|[@#][\w一-鿿]+")


@dataclass
class _Word:
    """What the lexicon knows of a word: its fields are the lists that it stands in."""

    negates: bool = False
    degree: float = 0.0
    turns: bool = False
    concedes: bool = False
    wishes: bool = False
    sign: int = 0
    names: set = field(default_factory=set)  # themes that it names, or of which alone it is said
    signs: dict = field(default_factory=dict)  # theme → praise or blame, only where the theme is named


@dataclass
class Clause:
    """A clause as read: what it weighs, the score of each word of praise or blame, and the scores of each theme."""

    weight: float
    scores: list[float]
    themes: dict[str, list[float]]  # an empty list: named, not judged


@dataclass
class Statement:
    """A sentence as read: its language (None: no words), and its clauses; none where the language is not READ."""

    language: str | None
    clauses: list[Clause]

    @property
    def score(self) -> float:
        """Praise and blame, −1 to 1: the mean over what is judged, 0 where nothing is."""
        return mean([(c.weight, s) for c in self.clauses for s in c.scores])

    @property
    def themes(self) -> dict[str, float]:
        """The score of each theme that it names; 0: named, not judged."""
        found: dict[str, list[tuple[float, float]]] = {}
        for clause in self.clauses:
            for theme, scores in clause.themes.items():
                found.setdefault(theme, []).extend((clause.weight, score) for score in scores)
        return {theme: mean(scores) for theme, scores in sorted(found.items())}


def mean(weighted: list[tuple[float, float]]) -> float:
    """The mean of (weight, score); 0 of none."""
    total = sum(weight for weight, _ in weighted)
    return sum(weight * score for weight, score in weighted) / total if total else 0.0


# --- languages -------------------------------------------------------------------------------------------------------


@cache
def _common() -> dict[str, frozenset[str]]:
    """The commonest words of English and of languages that are not read but written in the same letters."""
    return {lang: frozenset(words.split()) for lang, words in catalogue()["common"].items()}


def _language(sentence: str, around: str | None) -> str | None:
    """The language of a sentence; `around` is that of the whole text, taken where the sentence's own words say none.

    A single foreign letter among many is a name or an ornament; a sentence in its language holds more of them.
    """
    letters = len(re.findall(r"[^\W\d_]", sentence))
    for lang, script in _SCRIPTS:
        if len(found := script.findall(sentence)) > 1 and 8 * len(found) > letters:
            return lang
    han, latin = len(_HAN.findall(sentence)), _LATIN.findall(sentence)
    if han:
        return "mixed" if min(han, len(latin)) >= 3 else "zh" if han >= len(latin) else "en"
    if not latin:
        return SIGNS if any(c in _emoji() for c in sentence) else None
    hits = _hits(latin)
    best = max(sorted(hits), key=lambda lang: (hits[lang], lang == "en"), default=None)
    return best or around or OTHER


def _hits(latin: list[str]) -> Counter:
    """How many of the words each language knows."""
    hits: Counter = Counter()
    for word in latin:
        for lang, common in _common().items():
            hits[lang] += word in common
    words, stems = _lexicon()
    hits["en"] += sum(
        w not in _common()["en"] and (w in words or any(w[:k] in stems for k in range(3, len(w) + 1)))
        for w in latin
        if w.isascii()
    )
    return +hits


@cache
def _traditional() -> dict[int, str]:
    """Traditional characters to the simplified ones that the lexicon is written in."""
    pairs = catalogue()["traditional"].split()
    return {ord(traditional): simplified for traditional, simplified in pairs}


# --- the lexicon -----------------------------------------------------------------------------------------------------


@cache
def catalogue() -> dict:
    """The lexicon as its file has it."""
    path = Path(__file__).parent.parent / "catalogue" / "sentiment.yaml"
    return small_yaml.read(path)


@cache
def _lexicon() -> tuple[dict[str, _Word], dict[str, _Word]]:
    """Words and phrases (several words joined by a blank), and the beginnings of English words."""
    words: dict[str, _Word] = {}
    stems: dict[str, _Word] = {}

    def each(lists: dict[str, Iterable[str]]) -> Iterator[_Word]:
        for entry in (*lists.get("zh", ()), *lists.get("en", ())):
            if entry.endswith("*"):
                yield stems.setdefault(entry[:-1], _Word())
            else:
                yield words.setdefault(_key(entry), _Word())

    raw = catalogue()
    flags = {"negates": "negators", "turns": "contrasts", "concedes": "concessions", "wishes": "wishes"}
    for flag, name in flags.items():
        for word in each(raw[name]):
            setattr(word, flag, True)
    for lang in ("zh", "en"):
        for entry, degree in raw["degrees"][lang].items():
            words.setdefault(_key(entry), _Word()).degree = degree
    for sign, name in ((1, "praise"), (-1, "blame")):
        for char in raw["emoji"][name]:
            words.setdefault(char, _Word()).sign = sign
    for _ in each(raw["ignored"]):
        pass
    for sign, name in ((1, "praise"), (-1, "blame")):
        for word in each(raw[name]):
            word.sign = sign
    for theme, lists in raw["themes"].items():
        for word in each(lists["names"]):
            word.names.add(theme)
        for sign, name in ((1, "praise"), (-1, "blame")):
            for word in each(lists[name]):
                word.sign = sign
                word.names.add(theme)
            for word in each(lists[f"then_{name}"]):
                word.signs[theme] = sign
    return words, stems


def _key(entry: str) -> str:
    text = plain(entry)
    return text if _HAN.search(text) else " ".join(_english(text))


def plain(text: str) -> str:
    """Full-width letters, capitals, typographic apostrophes and traditional characters made one."""
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'").translate(_traditional())


@lru_cache(maxsize=1 << 16)  # mostly single words, the same ones again and again
def _english(text: str) -> tuple[str, ...]:
    """English words; "can't" and "won't" are two each."""
    text = re.sub(r"\bcan'?t\b|\bcannot\b", "can not", text)
    text = re.sub(r"\bwon'?t\b", "will not", text)
    text = re.sub(r"\b(do|does|did|is|was|were|are|has|have|would|could|should)n'?t\b", r"\1 not", text)
    return tuple(re.findall(r"[a-z]+|\d+", re.sub(r"'(s|re|ve|ll|d|m)\b", "", text)))


@cache
def _emoji() -> frozenset[str]:
    return frozenset(char for chars in catalogue()["emoji"].values() for char in chars)


@cache
def _run() -> re.Pattern:
    """Characters, English words, figures and emoji, each in a row of its own."""
    return re.compile(rf"[一-鿿]+|[a-z]+(?:'[a-z]+)?|\d+|[{''.join(sorted(_emoji()))}]")


@cache
def _segmenter() -> Segmenter:
    """The dictionary with the lexicon's words."""
    segmenter = Segmenter()
    words = {key: word for key, word in _lexicon()[0].items() if _HAN.search(key)}
    for key in sorted(words):
        segmenter.add(key)
    # The dictionary holds 不好 and 服务周到 for one word: the grammar needs both parts.
    before = [key for key, word in words.items() if word.negates or word.degree or word.names]
    after = [key for key, word in words.items() if word.sign or word.signs]
    for joined in {a + b for a in before for b in after} - set(words):
        segmenter.remove(joined)
    return segmenter


def _words(clause: str) -> Iterator[_Word | None]:
    """The clause as lexicon entries, longest phrases first; None for a word that says nothing."""
    words, stems = _lexicon()
    tokens: list[str] = []
    for run in _run().findall(clause):
        tokens += _segmenter().cut(run) if _HAN.match(run) else (run,) if run in _emoji() else _english(run)
    at = 0
    while at < len(tokens):
        for size in range(min(_LONGEST, len(tokens) - at), 0, -1):
            part = tokens[at : at + size]
            found = words.get("".join(part) if _HAN.match(part[0]) else " ".join(part))
            if found:
                break
        else:
            size, token = 1, tokens[at]
            found = next((stems[token[:k]] for k in range(len(token), 2, -1) if token[:k] in stems), None)
        yield found
        at += size


# --- reading ---------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 16)  # labels, themes and languages are asked of the same texts
def read(text: str) -> tuple[Statement, ...]:
    """The sentences of a text that hold words or signs of praise and blame."""
    text = _TAGS.sub(" ", plain(text))
    hits = _hits(_LATIN.findall(text))
    around = max(sorted(hits), key=lambda lang: (hits[lang], lang == "en"), default=None)
    out = []
    for sentence in _SENTENCE.split(text):
        language = _language(sentence, around)
        if language is not None:
            out.append(Statement(language, _sentence(sentence) if language in READ else []))
    return tuple(out)


def _sentence(sentence: str) -> list[Clause]:
    clauses, turned, waiting = [], False, ()
    for words in _clauses(sentence):
        turned |= any(w and w.turns for w in words)
        clause = _clause(words, turned, waiting)
        clauses.append(clause)
        # “The box, sadly, was crushed”: a theme waits for the next clause that says something of it.
        if clause.scores or clause.themes:
            waiting = () if clause.scores else tuple(clause.themes)
    return clauses


def _clauses(sentence: str) -> Iterator[list[_Word | None]]:
    """The sentence cut at commas and before “but”."""
    for part in _CLAUSE.split(sentence):
        piece: list[_Word | None] = []
        for word in _words(part):
            if word and word.turns and piece:
                yield piece
                piece = []
            piece.append(word)
        yield piece


def _clause(words: list[_Word | None], turned: bool, waiting: tuple[str, ...]) -> Clause:
    named = [(i, theme) for i, w in enumerate(words) if w for theme in sorted(w.names)]
    wished = any(w and w.wishes for w in words)
    weight = 2.0 if turned else 0.5 if any(w and w.concedes for w in words) else 1.0
    clause = Clause(weight, [], {theme: [] for _, theme in named})
    general = []
    for i, word in enumerate(words):
        themes, sign = _target(i, word, named, waiting) if word else ((), 0)
        if not sign:
            continue
        score = _strength(words, i, sign)
        score = score * _WISHED if wished and score > 0 else score
        clause.scores.append(score)
        for theme in themes:
            clause.themes.setdefault(theme, []).append(score)
        if word.sign and not word.names:
            general.append(score)
    for scores in clause.themes.values():
        if general and not scores:  # “price and quality are good”: the one that stands further away is meant as well
            scores.append(float(np.mean(general)))
    return clause


def _target(i: int, word: _Word, named: list[tuple[int, str]], waiting: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """The themes that the word at place i judges, and how: 1, −1, or 0 if it does not."""
    if word.sign and word.names:
        return tuple(sorted(word.names)), word.sign
    if not (word.sign or word.signs):
        return (), 0
    near = [theme for _, theme in sorted(named, key=lambda at: (abs(at[0] - i), at[0] > i, at[1]))] or waiting
    for theme in near:
        if sign := word.signs.get(theme, word.sign):
            return (theme,), sign
    # “Slow” blames whatever it is said of; what only one theme knows means nothing where that theme is not named.
    agreed = set(word.signs.values()) if len(word.signs) > 1 and not near else ()
    return (), word.sign or (sum(agreed) if len(agreed) == 1 else 0)


def _strength(words: list[_Word | None], i: int, sign: int) -> float:
    """Praise or blame at place i with its degrees and negations."""
    score, negations = sign * _PLAIN, 0
    for back, word in enumerate(reversed(words[max(0, i - _BACK) : i])):
        if word and word.sign:
            break
        if word and word.negates:
            negations += 1
        if word and word.degree and back < 2:
            score *= word.degree
    score = float(np.clip(score, -1, 1))
    return score * _NEGATED if negations % 2 else score
