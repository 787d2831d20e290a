"""The recipe of a run: every choice that was made, as a YAML file that makes the next month's run the same one.

A run writes it into its result; `course run recipe.yaml` reads it. Paths in it are relative to it. It speaks of files,
columns and words, and of no person.
"""

import glob
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import yaml

from course import schema, small_yaml
from course.errors import DataError, nearest
from course.language import LANGUAGES, Sentence, text

#: What a word of state may mean. A word with a question mark counts as a sale because nobody has said what it is.
STATES = ("sale", "not_a_sale", "pending", "refunded")
ASSUMED = "sale?"
#: Sources that need no file.
SOURCES = ("completejourney", "demo")
#: Tables as the command line calls them.
_KINDS = {kind.replace("order_lines", "lines"): kind for kind in schema.TABLES}


def called(kind: str) -> str:
    """What the command line and the recipe call a table: `lines` for order_lines."""
    return next(name for name, k in _KINDS.items() if k == kind)


@dataclass(frozen=True)
class Layout:
    """How files of one layout are read: {canonical column: column of the file}; or by the form of this name, which
    reads those `headers`, and with it the columns that the reader chose instead."""

    columns: Mapping[str, str] = field(default_factory=dict)
    form: str | None = None
    headers: tuple[str, ...] = ()

    @property
    def named(self) -> list[str]:
        """Every column that a file of this layout has."""
        return list(dict.fromkeys((*self.headers, *self.columns.values())))


@dataclass
class Recipe:
    """The choices of a run. Paths are absolute here, and relative to the file where they are written.

    Attributes
    ----------
    inputs : {kind of table: its sources: files, folders, patterns, databases}
    source : a built-in source, one of SOURCES
    query : a SELECT, asked of the one database among the inputs that names no table
    columns : {kind: the layouts of its files}
    blanks : {column: values that mean "not filled in"}
    states : {word of state: one of STATES, or ASSUMED}; None where nothing is known of the words
    answers : {key of a question: answer}
    currency, tags, form, encoding, date_order, key, lang, provisional, horizon, explorer : as the options of
        `course run`
    company : the name that the report carries
    labels : {column of the portraits: {value: {language: what the report calls it}}}
    """

    inputs: dict[str, list[str]] = field(default_factory=dict)
    source: str | None = None
    query: str | None = None
    columns: dict[str, list[Layout]] = field(default_factory=dict)
    blanks: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, str] | None = None
    answers: dict[str, str] = field(default_factory=dict)
    currency: str | None = None
    tags: str | None = None
    form: str | None = None
    encoding: str | None = None
    date_order: str | None = None
    key: str | None = None
    lang: str | None = None
    provisional: bool = False
    horizon: int | None = None
    explorer: str | None = None
    company: str | None = None
    labels: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


# --- reading ---------------------------------------------------------------------------------------------------------


def load(path: str | Path) -> Recipe:
    """The recipe in a YAML file.

    Raises
    ------
    DataError : no YAML, a key that no recipe has, a value that its key cannot have.
    """
    path = Path(path)
    content = small_yaml.read(path)
    if not isinstance(content, dict):
        raise DataError(
            "{file} is no recipe. A file of orders is read with: course run --orders {file} --out DIR.", file=path.name
        )
    return _Reader(path).recipe(content)


class _Reader:
    """Turns the content of a recipe into one, or refuses it by file and key."""

    def __init__(self, path: Path) -> None:
        self.file, self.folder = path.name, os.path.realpath(path.parent)

    def refuse(self, key: str, why: Sentence) -> NoReturn:
        """Raise the DataError about a key."""
        raise DataError("{file}, {key}: {why}.", file=self.file, key=key, why=why)

    def recipe(self, content: dict) -> Recipe:
        """The recipe that the top of the file says."""
        self._known("recipe", content, _SECTIONS)
        found = {key: value for key, value in content.items() if value is not None}
        out = Recipe()
        for key, value in found.items():
            setattr(out, key, getattr(self, f"_{_SECTIONS[key]}")(key, value))
        if out.states:
            for word, state in out.states.items():
                if out.answers.get(f"state.{word}", state) != state and state != ASSUMED:
                    self.refuse(f"states.{word}", Sentence("“answers” says something else of this word"))
        return out

    def _known(self, where: str, keys: Mapping, known: Sequence[str]) -> None:
        for key in keys:
            if key not in known:
                near = nearest(str(key), known)
                self.refuse(where, Sentence("there is no key {key} here; perhaps {near}?", key=key, near=near))

    def _text(self, key: str, value: object) -> str:
        """A text; a plain number is one too. What YAML takes for a truth value or a date has to be put in quotes."""
        if isinstance(value, bool) or not isinstance(value, str | int | float) or not str(value).strip():
            self.refuse(key, Sentence("“{key}” is a text, not “{value}”: put it in quotes", key=key, value=value))
        return str(value).strip()

    def _texts(self, key: str, value: object) -> list[str]:
        values = value if isinstance(value, list) else [value]
        return [self._text(key, v) for v in values]

    def _pairs(self, key: str, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            self.refuse(key, Sentence("“{key}” is a list of pairs: name: value", key=key))
        return {self._text(key, name): v for name, v in value.items()}

    def _inputs(self, key: str, value: object) -> dict[str, list[str]]:
        tables = self._pairs(key, value)
        self._known(key, tables, list(_KINDS))
        found = {_KINDS[n]: self._texts(f"{key}.{n}", v) for n, v in tables.items()}
        return {kind: [absolute(source, self.folder) for source in sources] for kind, sources in found.items()}

    def _layouts(self, key: str, value: object) -> dict[str, list[Layout]]:
        tables = self._pairs(key, value)
        self._known(key, tables, list(_KINDS))
        return {
            _KINDS[n]: [self._layout(f"{key}.{n}", _KINDS[n], one) for one in (v if isinstance(v, list) else [v])]
            for n, v in tables.items()
        }

    def _layout(self, key: str, kind: str, value: object) -> Layout:
        pairs = self._pairs(key, value)
        self._known(key, pairs, [*schema.canonical(kind).columns, "form", "headers"])
        columns = {n: self._text(f"{key}.{n}", c) for n, c in pairs.items() if n not in ("form", "headers")}
        form = self._text(f"{key}.form", pairs["form"]) if "form" in pairs else None
        return Layout(columns, form, tuple(self._texts(f"{key}.headers", pairs.get("headers") or [])))

    def _blanks(self, key: str, value: object) -> dict[str, list[str]]:
        return {n: self._texts(f"{key}.{n}", v) for n, v in self._pairs(key, value).items()}

    def _states(self, key: str, value: object) -> dict[str, str]:
        return {w: self._one_of(f"{key}.{w}", s, (*STATES, ASSUMED)) for w, s in self._pairs(key, value).items()}

    def _answers(self, key: str, value: object) -> dict[str, str]:
        return {n: self._text(f"{key}.{n}", v) for n, v in self._pairs(key, value).items()}

    def _path(self, key: str, value: object) -> str:
        return absolute(self._text(key, value), self.folder)

    def _source(self, key: str, value: object) -> str:
        return self._one_of(key, value, SOURCES)

    def _date_order(self, key: str, value: object) -> str:
        return self._one_of(key, value, ("dmy", "mdy"))

    def _weeks(self, key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self.refuse(key, Sentence("“{key}” is a whole number of weeks, not {value}", key=key, value=value))
        return value

    def _lang(self, key: str, value: object) -> str:
        return self._one_of(key, value, LANGUAGES)

    def _yes_or_no(self, key: str, value: object) -> bool:
        if not isinstance(value, bool):
            self.refuse(key, Sentence("“{key}” is yes or no, not {value}", key=key, value=value))
        return value

    def _names(self, key: str, value: object) -> dict[str, dict[str, dict[str, str]]]:
        """Names of values by column: one text for both languages, or {language: text}."""
        found = {}
        for column, named in self._pairs(key, value).items():
            at = f"{key}.{column}"
            found[column] = {v: self._name(f"{at}.{v}", name) for v, name in self._pairs(at, named).items()}
        return found

    def _name(self, key: str, value: object) -> dict[str, str]:
        if not isinstance(value, dict):
            return dict.fromkeys(LANGUAGES, self._text(key, value))
        self._known(key, value, LANGUAGES)
        return {lang: self._text(f"{key}.{lang}", name) for lang, name in value.items()}

    def _explorer(self, key: str, value: object) -> str:
        return self._one_of(key, value, ("shared",))

    def _one_of(self, key: str, value: object, choices: Sequence[str]) -> str:
        if value not in choices:
            listed = ", ".join(choices)
            self.refuse(key, Sentence("“{key}” is one of {choices}, not {value}", key=key, choices=listed, value=value))
        return str(value)


#: {key of a recipe, in the order it is written: how it is read}
_SECTIONS = {
    "source": "source",
    "inputs": "inputs",
    "query": "text",
    "columns": "layouts",
    "form": "path",
    "blanks": "blanks",
    "encoding": "text",
    "date_order": "date_order",
    "currency": "text",
    "states": "states",
    "answers": "answers",
    "provisional": "yes_or_no",
    "tags": "path",
    "key": "path",
    "horizon": "weeks",
    "explorer": "explorer",
    "company": "text",
    "labels": "names",
    "lang": "lang",
}


# --- paths -----------------------------------------------------------------------------------------------------------


def absolute(source: str, folder: str) -> str:
    """A source of a recipe in `folder`, as it can be opened from anywhere. A folder's own * and [ ] are no pattern."""
    if "://" in source or os.path.isabs(source):
        return source
    whole = os.path.normpath(os.path.join(folder, source))
    if glob.has_magic(source) and not os.path.exists(whole):
        return os.path.normpath(os.path.join(glob.escape(folder), source))
    return whole


def relative(source: str, folder: str | Path) -> str:
    """A source as a recipe in `folder` writes it: relative where the system allows it, a database's address as it is
    and without a password."""
    if "://" in source:
        return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1@", source)
    start = os.path.realpath(folder)
    plain = os.path.abspath(source if os.path.exists(source) else re.sub(r"\[([*?[])\]", r"\1", source))  # glob.escape
    try:
        return Path(os.path.relpath(plain, start)).as_posix()
    except ValueError:  # another drive
        return Path(plain).as_posix()


# --- writing ---------------------------------------------------------------------------------------------------------


def dump(recipe: Recipe, folder: str | Path, as_of: str | None = None) -> str:
    """The recipe as the text of a file in `folder`, with what a reader should know as comments.

    Parameters
    ----------
    as_of : the day the run was asked for; no part of the recipe, since the next month has another.
    """
    inputs = {called(k): _short([relative(s, folder) for s in sources]) for k, sources in recipe.inputs.items()}
    columns = {called(k): _short([_plain(layout) for layout in layouts]) for k, layouts in recipe.columns.items()}
    paths = {key: relative(getattr(recipe, key), folder) for key in ("form", "tags", "key") if getattr(recipe, key)}
    content = {key: getattr(recipe, key, None) for key in _SECTIONS}
    content |= {"inputs": inputs, "columns": columns} | paths
    parts = [_comment(text("The recipe of this run. The same for the next month: course run recipe.yaml"))]
    if as_of:
        parts[0] += _comment(text("This run was asked for one day: --as-of {day}", day=as_of))
    for key, value in content.items():
        if not value and not (key == "states" and value is not None):
            continue
        about = _ABOUT.get(key)
        body = yaml.safe_dump({key: value}, allow_unicode=True, sort_keys=False, width=1000)
        parts.append((_comment(about.say()) if about else "") + body)
    return "\n".join(parts)


_ABOUT = {
    "inputs": Sentence("Files, relative to this one. A pattern such as exports/*.csv takes what comes next month too."),
    "query": Sentence("Asked of the database that names no table."),
    "columns": Sentence("Which column is which. A column that is not there any more is asked about."),
    "form": Sentence("Forms of your own."),
    "blanks": Sentence("Values that mean: not filled in."),
    "states": Sentence("What a state of orders means; sale? has not been said by anybody. A new word is asked about."),
    "answers": Sentence("Answers to questions of earlier runs."),
    "provisional": Sentence("Where something is open, the likelier reading is taken."),
    "key": Sentence("The file of the key under which customer numbers are replaced."),
    "horizon": Sentence("Weeks that the forecast looks ahead."),
    "company": Sentence("The name that the report carries."),
    "labels": Sentence("What the report calls values of the data: column, value, name (or en: … and zh: …)."),
}


def _comment(sentence: str) -> str:
    return f"# {sentence}\n"


def _short(items: list) -> object:
    """One alone stands without a list."""
    return items[0] if len(items) == 1 else items


def _plain(layout: Layout) -> dict[str, object]:
    form = {"form": layout.form, "headers": list(layout.headers)} if layout.form else {}
    return form | dict(layout.columns)
