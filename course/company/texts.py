"""What Luming's customers write: comments and social posts, the same meaning in Chinese and in English.

A text is put together from fragments: a remark on a theme, often a second one on another aspect of it, what came of
it, where and why it was bought, an exclamation, a farewell. The fragments stand in `data/texts_*.yaml`, Chinese and
English side by side, each as a customer would write it. Theme and feeling are given, so what a reader or a program
makes of a text can be judged. Nothing here looks at how the package finds themes or feelings.
"""

import random
import re
from bisect import bisect_right
from functools import cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from course import small_yaml
from course.errors import DataError, first_few

THEMES = ("delivery", "price", "quality", "packaging", "service", "app", "store", "taste", "returns", "gift")
SENTIMENTS = ("negative", "neutral", "positive")
#: A post of this theme is an advertisement: noise that has no feeling about Luming.
AD = "ad"
CATEGORIES = ("tea", "snacks", "mother_baby", "home", "beauty", "electronics")
CHANNELS = ("app", "mini_program", "store")
#: What can be eaten or drunk: a remark on the taste is about one of these, whatever else was in the basket.
_EDIBLE = ("tea", "snacks", "mother_baby")
_FOOD_FOR_BABIES = 3  # the first items of mother & baby
_CHINESE = "零一两三四五六七八九十"
_ENGLISH = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")

#: What a comment is made of, and how often: o exclamation, x where and why, c remark, d remark on another aspect,
#: s what came of it, l farewell. Before a second theme fewer of them.
_SHAPES = {
    "c": 17, "cd": 22, "oc": 7, "cs": 12, "xc": 9, "xcd": 5, "xcs": 5, "ocd": 5, "ocs": 4, "cl": 6, "cdl": 5,
    "cds": 7, "lc": 2, "sc": 3, "oxc": 2, "xcdl": 2, "ocdsl": 2, "xcl": 2, "cdx": 2, "oxcds": 1,
}  # fmt: skip
_SHAPES_TWO_SIDED = ("c", "c", "c", "cd", "xc", "oc", "cs")
#: A post also has h a headline, n a scene, e an ending that speaks to the readers.
_SHAPES_POST = {"hncde": 4, "hcds": 4, "ncde": 3, "hxcdsl": 3, "ncdse": 3, "hncds": 3, "ocde": 2, "ncd": 2, "cde": 2}
#: Where the fragments of a part stand: file, key.
_TRIMMINGS = {
    "o": ("common", "opening"),
    "l": ("common", "closing"),
    "x": ("common", "context"),
    "h": ("posts", "hook"),
    "n": ("posts", "scene"),
    "e": ("posts", "ending"),
}


class Fragment(NamedTuple):
    """A piece of text: its wordings in each language (slots in braces), and where it may be used.

    `only` and `never` are names of categories, themes and kinds of channel ("online", "shop").
    """

    zh: tuple[str, ...]
    en: tuple[str, ...]
    slots: tuple[str, ...] = ()
    only: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()


class Clause(NamedTuple):
    """One part of a text in both languages; `turn` is the word that ties it to the part before, if one does."""

    zh: str
    en: str
    turn: tuple[str, str] | None = None


def comments(rng: np.random.Generator, labels: pd.DataFrame) -> pd.DataFrame:
    """Comments of customers, one a row of `labels`.

    Parameters
    ----------
    rng : decides everything that the labels leave open; the same state gives the same texts.
    labels : theme (one of THEMES), sentiment (one of SENTIMENTS); optional, and blank where nothing is known: theme2
        and sentiment2 (a second remark, tied on with "but" or "also"), category (of the product; one of CATEGORIES),
        channel (one of CHANNELS).

    Returns
    -------
    frame with the index of `labels`: text_zh, text_en

    Raises
    ------
    DataError : a column missing, or a value that is not in its list.
    """
    rows = _checked(labels, THEMES)
    writer = _Writer(rng)
    texts = [writer.comment(*row) for row in rows.itertuples(index=False, name=None)]
    return pd.DataFrame(texts, columns=["text_zh", "text_en"], index=labels.index, dtype="str")


def posts(rng: np.random.Generator, labels: pd.DataFrame) -> pd.DataFrame:
    """Posts on a social network: longer, with hashtags and mentions; reposts that quote another post; advertisements.

    Parameters
    ----------
    rng : decides everything that the labels leave open.
    labels : as for `comments`; the theme may also be "ad" (its sentiment is not looked at). Optional: author (the
        nickname a repost quotes), repost_of (index label of the row that this one passes on, blank for a post of its
        own; sentiment is then that of the reposter's remark). A repost may quote a repost, never itself.

    Returns
    -------
    frame with the index of `labels`: text_zh, text_en. A repost is "remark //@author:quoted text".

    Raises
    ------
    DataError : as for `comments`; or reposts that quote a row that is not there, or one another in a circle.
    """
    rows = _checked(labels, (*THEMES, AD))
    writer = _Writer(rng)
    own = [writer.post(*row) for row in rows.itertuples(index=False, name=None)]
    texts = pd.DataFrame(own, columns=["text_zh", "text_en"], index=labels.index, dtype=object)
    if "repost_of" in labels:
        _quote(texts, labels, rows, writer)
    return texts.astype("str")


def _quote(texts: pd.DataFrame, labels: pd.DataFrame, rows: pd.DataFrame, writer: "_Writer") -> None:
    """Turn the rows that repost into a remark and the quoted text, the quoted row always before the one that quotes."""
    source = labels["repost_of"].dropna()
    missing = source[~source.isin(labels.index)]
    if len(missing):
        raise DataError("A repost quotes a row that is not there: {rows}.", rows=first_few(missing))
    names = dict(zip(labels.index, writer.nicknames(labels.get("author"), len(labels)), strict=True))
    feeling = dict(zip(labels.index, rows["sentiment"], strict=True))
    waiting = source.to_dict()
    while waiting:
        ready = [row for row, quoted in waiting.items() if quoted not in waiting]
        if not ready:
            raise DataError("Reposts quote one another in a circle: {rows}.", rows=first_few(waiting))
        for row in ready:
            quoted = waiting[row]
            zh, en = writer.reaction(feeling[row] or "neutral")
            (name_zh, name_en), (text_zh, text_en) = names[quoted], texts.loc[quoted]
            texts.loc[row] = [f"{zh}//@{name_zh}:{text_zh}", f"{en} //@{name_en}: {text_en}"]
        for row in ready:
            del waiting[row]


def _checked(labels: pd.DataFrame, themes: tuple[str, ...]) -> pd.DataFrame:
    """The labels in the order the writer takes them, blanks as None; each value in its list, or a refusal."""
    allowed = {"theme": themes, "sentiment": SENTIMENTS, "theme2": THEMES, "sentiment2": SENTIMENTS}
    allowed |= {"category": CATEGORIES, "channel": CHANNELS}
    for column in ("theme", "sentiment"):
        if column not in labels:
            raise DataError("The labels of the texts have no column {column}.", column=column)
    given = labels.reindex(columns=list(allowed)).astype(object)
    given = given.where(given.notna(), None)
    needed = {"theme": True, "sentiment": given["theme"] != AD, "sentiment2": given["theme2"].notna()}
    for column, values in allowed.items():
        wrong = given.loc[~given[column].isin(values) & (given[column].notna() | needed.get(column, False)), column]
        if len(wrong):
            raise DataError(
                "{column} of a text is one of {values}, not {given}.",
                column=column,
                values=", ".join(values),
                given=first_few(wrong.unique()),
            )
    return given


class _Where(NamedTuple):
    """Which fragments may be used: those of this theme, category and kind of channel ("online" or "shop")."""

    theme: str
    category: str
    channel: str


class _Slots:
    """What one text says wherever it names a number, a person, a product: the same in all its parts and languages."""

    def __init__(self, category: str, channel: str, edible: bool) -> None:
        self.category, self.channel, self.edible = category, channel, edible
        self.zh, self.en = {}, {}


class _Writer:
    """Draws fragments and joins them. Python's generator, seeded by `rng`: one draw costs a tenth of NumPy's."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draw = random.Random(int(rng.integers(2**62))).random

    def comment(self, theme, sentiment, theme2, sentiment2, category, channel) -> tuple[str, str]:
        slots = self._slots(theme, theme2, category, channel)
        shape = self._pick(_SHAPES_TWO_SIDED) if theme2 else self._weighted(*_weights("comment"))
        clauses = self._clauses(shape, theme, sentiment, slots)
        if theme2:
            clauses.append(self._turned(sentiment, theme2, sentiment2, slots))
        return self._finish(clauses, sentiment)

    def post(self, theme, sentiment, theme2, sentiment2, category, channel) -> tuple[str, str]:
        slots = self._slots(theme, theme2, category, channel)
        if theme == AD:
            return self._render(self._pick(_store("posts")["ad"]), slots)
        clauses = self._clauses(self._weighted(*_weights("post")), theme, sentiment, slots)
        if theme2:
            clauses.append(self._turned(sentiment, theme2, sentiment2, slots))
        return self._dressed(*self._finish(clauses, sentiment), theme, slots.category)

    def reaction(self, sentiment: str) -> tuple[str, str]:
        fragment = self._pick(_store("posts")["reaction"][sentiment])
        return self._pick(fragment.zh), _capital(self._pick(fragment.en))

    def nicknames(self, authors: pd.Series | None, count: int) -> list[tuple[str, str]]:
        invented = [(f.zh[0], f.en[0]) for f in _store("posts")["nicknames"]]
        given = [None] * count if authors is None else authors.astype(object).where(authors.notna(), None)
        return [(str(a), str(a)) if a is not None else self._pick(invented) for a in given]

    def _slots(self, theme, theme2, category, channel) -> _Slots:
        """Category and channel, drawn where they are unknown; nothing is tasted of a lamp or delivered in a shop."""
        themes = {theme, theme2}
        edible = "taste" in themes
        if category is None or (edible and category not in _EDIBLE):
            category = self._pick(_EDIBLE if edible else CATEGORIES)
        if "store" in themes:
            channel = "store"
        elif channel is None or (channel == "store" and {"app", "delivery"} & themes):
            channel = self._pick(("app", "app", "mini_program"))
        return _Slots(category, channel, edible)

    def _clauses(self, shape: str, theme: str, sentiment: str, slots: _Slots) -> list[Clause]:
        """The parts of a text on one theme; a part for which there is no fragment is left out."""
        where = _Where(theme, slots.category, "shop" if slots.channel == "store" else "online")
        aspects = _remarks(theme, sentiment, where)
        first = self._pick(range(len(aspects)))
        clauses = []
        for part in shape:
            if part == "c":
                fragments = aspects[first]
            elif part == "d":
                others = aspects[:first] + aspects[first + 1 :]
                fragments = self._pick(others) if others else ()
            else:
                fragments = _trimmings(part, theme, sentiment, where)
            if fragments:
                zh, en = self._render(self._pick(fragments), slots)
                tied = part == "d" and clauses and self._draw() < 0.22
                clauses.append(Clause(zh, en, self._turn("same") if tied else None))
        return clauses

    def _turned(self, before: str, theme: str, sentiment: str, slots: _Slots) -> Clause:
        """A remark on a second theme, tied on by what it means after a remark of feeling `before`."""
        turn = f"{before}-{sentiment}"
        kind = "same" if before == sentiment else turn if turn in _store("common")["turn"] else "other"
        zh, en, _ = self._clauses("c", theme, sentiment, slots)[0]
        return Clause(zh, en, self._turn(kind))

    def _turn(self, kind: str) -> tuple[str, str]:
        fragment = self._pick(_store("common")["turn"][kind])
        return fragment.zh[0], fragment.en[0]

    def _finish(self, clauses: list[Clause], sentiment: str) -> tuple[str, str]:
        """Joins, punctuation, capitals, slips and the rare emoji: each language in its own way, one mood for both."""
        mood = self._draw()
        loud = sentiment != "neutral" and mood < 0.08
        careless = mood > 0.72
        zh = self._join_zh(clauses, loud, careless)
        en = self._join_en(clauses, loud, careless)
        if careless and self._draw() < 0.3:
            zh, en = self._slip(zh, "zh"), self._slip(en, "en")
        if self._draw() < 0.045:
            emoji = self._pick(_store("common")["emoji"][sentiment])
            zh, en = zh + emoji, f"{en} {emoji}"
        return zh, en

    def _join_zh(self, clauses: list[Clause], loud: bool, careless: bool) -> str:
        spaced = careless and self._draw() < 0.45
        comma = self._pick(("，", "，", ",")) if careless else "，"
        out = ""
        for clause in clauses:
            text = clause.turn[0] + clause.zh if clause.turn else clause.zh
            out += (self._joint_zh(out, clause, comma, loud) if out else "") + text
        if out[-1] not in "？！.":
            out += self._pick(("！", "！！", "！！！")) if loud else self._pick(_LAST_ZH[careless])
        return re.sub("[，。,]+", " ", out).strip() if spaced else out

    def _joint_zh(self, before: str, clause: Clause, comma: str, loud: bool) -> str:
        if before[-1] in "？！：.":
            return ""
        if clause.turn:
            return comma if self._draw() < 0.7 else "。"
        if loud and self._draw() < 0.5:
            return "！"
        draw = self._draw()
        return comma if draw < 0.56 else "。" if draw < 0.9 else self._pick(("…", "；", "～"))

    def _join_en(self, clauses: list[Clause], loud: bool, careless: bool) -> str:
        lower = careless and self._draw() < 0.45
        out = ""
        for clause in clauses:
            text = f"{clause.turn[1]} {clause.en}" if clause.turn else clause.en
            out += self._joint_en(out, clause, loud) if out else ""
            opens = not out or out.rstrip()[-1] in ".!?"
            out += _capital(text) if opens and not lower else text
        if out[-1] not in "?!.":
            out += self._pick(("!", "!!", "!!!")) if loud else self._pick(_LAST_EN[careless])
        return re.sub(r"\bI\b", "i", out) if lower else out

    def _joint_en(self, before: str, clause: Clause, loud: bool) -> str:
        if before[-1] in "?!:.":
            return " "
        if clause.turn:
            return ", " if self._draw() < 0.6 else ". "
        if loud and self._draw() < 0.5:
            return "! "
        draw = self._draw()
        return ". " if draw < 0.72 else ", " if draw < 0.84 else self._pick((" - ", "... ", "; ", ". "))

    def _slip(self, text: str, lang: str) -> str:
        """One slip of the keyboard, if the text has a word that invites it."""
        slips = [f for f in _store("common")["typos"][lang] if re.search(_word(f.zh[0], lang), text)]
        if not slips:
            return text
        slip = self._pick(slips)
        return re.sub(_word(slip.zh[0], lang), slip.en[0], text, count=1)

    def _dressed(self, zh: str, en: str, theme: str, category: str) -> tuple[str, str]:
        """Mentions and hashtags, as many as people happen to add."""
        social = _store("posts")
        if self._draw() < 0.2:
            mention = self._pick(social["mentions"])
            zh, en = f"{zh} {mention.zh[0]}", f"{en} {mention.en[0]}"
        pool = social["tags"][theme] + social["tags"][category] + social["tags"]["any"]
        tags = dict.fromkeys(self._pick(pool) for _ in range(int(4 * self._draw())))
        front = self._draw() < 0.2
        for tag in tags:
            tag_zh, tag_en = f"#{tag.zh[0]}#", f"#{tag.en[0]}"
            zh = f"{tag_zh} {zh}" if front else f"{zh} {tag_zh}"
            en = f"{tag_en} {en}" if front else f"{en} {tag_en}"
        return zh, en

    def _render(self, fragment: Fragment, slots: _Slots) -> tuple[str, str]:
        zh, en = self._pick(fragment.zh), self._pick(fragment.en)
        for name in fragment.slots:
            if name not in slots.zh:
                slots.zh[name], slots.en[name] = self._filling(name, slots)
        return (zh.format_map(slots.zh), en.format_map(slots.en)) if fragment.slots else (zh, en)

    def _filling(self, name: str, slots: _Slots) -> tuple[str, str]:
        """What a slot says in Chinese and in English."""
        if name in _NUMBERS:
            low, high, step = _NUMBERS[name]
            number = low + step * int(self._draw() * ((high - low) // step + 1))
            spelt = number <= 10 and self._draw() < 0.4
            return (_CHINESE[number], _ENGLISH[number]) if spelt else (str(number), str(number))
        if name == "times":
            return self._pick((("两次", "twice"), ("三次", "three times"), ("四次", "four times")))
        if name == "number":
            return (f"wx{int(1e5 + 9e5 * self._draw())}",) * 2
        common = _store("common")
        if name == "item":
            items = common["items"][slots.category]
            babies_food = slots.edible and slots.category == "mother_baby"
            fragment = self._pick(items[:_FOOD_FOR_BABIES] if babies_food else items)
        elif name == "app":
            fragment = self._pick(common["slots"]["mini" if slots.channel == "mini_program" else "app"])
        else:
            fragment = self._pick(common["slots"][name])
        return fragment.zh[0], fragment.en[0]

    def _pick(self, things):
        return things[int(self._draw() * len(things))]

    def _weighted(self, things, cumulative):
        return things[bisect_right(cumulative, self._draw() * cumulative[-1])]


#: Numbers a text may name: least, greatest, step.
_NUMBERS = {
    "days": (4, 12, 1),
    "hours": (3, 9, 1),
    "weeks": (3, 6, 1),
    "min": (15, 55, 5),
    "fee": (5, 30, 1),
    "cut": (6, 60, 1),
    "drop": (5, 50, 5),
    "yuan": (29, 299, 10),
}
#: What ends a text, careful (False) or careless (True).
_LAST_ZH = {False: ("。", "。", "。", ""), True: ("", "", "", "。", "～", "。。。", "…")}
_LAST_EN = {False: (".", ".", ".", ""), True: ("", "", "", ".", "...", "..")}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


@cache
def _word(word: str, lang: str) -> str:
    return re.escape(word) if lang == "zh" else rf"\b{re.escape(word)}\b"


@cache
def _weights(kind: str) -> tuple[tuple[str, ...], tuple[int, ...]]:
    shapes = _SHAPES if kind == "comment" else _SHAPES_POST
    return tuple(shapes), tuple(int(n) for n in np.cumsum(list(shapes.values())))


@cache
def _remarks(theme: str, sentiment: str, where: _Where) -> tuple[tuple[Fragment, ...], ...]:
    """The fragments of each aspect of a theme that fit; aspects that have none are left out."""
    aspects = _store(theme)[sentiment]
    fitting = (_fitting(fragments, where) for aspect, fragments in aspects.items() if aspect != "so")
    return tuple(fragments for fragments in fitting if fragments)


@cache
def _trimmings(part: str, theme: str, sentiment: str, where: _Where) -> tuple[Fragment, ...]:
    """The fragments of a part that is no remark, by its letter in the shapes."""
    if part == "s":
        return _fitting(_store(theme)[sentiment]["so"], where)
    store, kind = _TRIMMINGS[part]
    fragments = _store(store)[kind]
    return _fitting(fragments, where) if isinstance(fragments, tuple) else fragments[sentiment]


def _fitting(fragments: tuple[Fragment, ...], where: _Where) -> tuple[Fragment, ...]:
    """Those that may be used there: what is named must agree, one kind of name at a time."""
    here = set(where)
    kinds = (set(THEMES), set(CATEGORIES), {"online", "shop"})
    return tuple(
        f
        for f in fragments
        if not (f.never & here) and all(not (f.only & kind) or (f.only & kind & here) for kind in kinds)
    )


@cache
def _store(name: str) -> dict:
    """A file of fragments, its lines read."""
    path = Path(__file__).parent / "data" / f"texts_{name}.yaml"
    return _read(small_yaml.read(path))


def _read(node):
    if isinstance(node, dict):
        return {key: _read(value) for key, value in node.items()}
    if isinstance(node, list):  # hashtags ("中文 english") and emoji
        return tuple(_tag(word) for word in node)
    return tuple(_fragment(line) for line in node.splitlines())


def _tag(word: str) -> Fragment | str:
    zh, space, en = word.rpartition(" ")
    return Fragment((zh,), (en,)) if space else word


def _fragment(line: str) -> Fragment:
    tags, line = re.fullmatch(r"(?:\{([^}]*)\} )?(.*)", line).groups()
    zh, en = line.split(" = ")
    names = tags.split(",") if tags else []
    never = frozenset(name[1:] for name in names if name.startswith("-"))
    only = frozenset(name for name in names if not name.startswith("-"))
    slots = tuple(dict.fromkeys(re.findall(r"<(\w+)>", line)))
    return Fragment(_wordings(zh), _wordings(en), slots, only, never)


def _wordings(template: str) -> tuple[str, ...]:
    """All wordings of "[a|b] c": "a c", "b c"; slots become {places}."""
    parts = [part.split("|") for part in re.split(r"[\[\]]", template)]
    wordings = ("".join(words).strip().replace("  ", " ") for words in product(*parts))
    return tuple(re.sub(r"<(\w+)>", r"{\1}", wording) for wording in wordings)
