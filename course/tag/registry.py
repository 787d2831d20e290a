"""The dictionary of tags: a YAML file that an analyst edits, checked as a whole before a customer is looked at.

`rules/tags.yaml` is the kit's own, and its head says how to write one. A rule is a SQL condition over the feature
table: a condition, not a programme, so it reads no file, does not ask the clock and throws no dice.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import NoReturn

import duckdb

from course import engine, small_yaml
from course.engine import expressions
from course.errors import DataError, nearest
from course.language import Label, Sentence

KINDS = {
    "fact": Label("fact tag", "事实标签"),
    "rule": Label("rule tag", "规则标签"),
    "model": Label("model tag", "模型标签"),
}
FAMILIES = {
    "demographic": Label("demographic", "人口属性"),
    "social": Label("social", "社会属性"),
    "preference": Label("preference", "兴趣偏好"),
    "consumption": Label("consumption", "消费特征"),
}
#: Words that join tags into an audience: no tag can be called so.
OPERATORS = {"and": "and", "且": "and", "or": "or", "或": "or", "not": "not", "非": "not"}

_DEFAULT = Path(__file__).parent.parent / "rules" / "tags.yaml"
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FORMS = ("when", "values", "value")


@dataclass(frozen=True)
class Version:
    """A rule and the time from which it holds.

    Attributes
    ----------
    version : its number
    since : the first day on which it is in force; None: always was
    definition : what the rule says, in words
    rule : a SQL expression over `needs`, `cuts` and `as_of`: a truth value (`is_boolean`) or the text of the value
    cuts : {name: SQL aggregate over the feature table}
    values : {value: label} where the rule declares its values
    needs : columns of the feature table without which it cannot be evaluated
    """

    version: int
    since: date | None
    definition: Label
    rule: str
    is_boolean: bool
    cuts: dict[str, str]
    values: dict[str, Label]
    needs: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Twelve characters that change when the rule does, whatever its number says."""
        text = " ".join(json.dumps([self.rule, self.is_boolean, self.cuts], ensure_ascii=False, sort_keys=True).split())
        return hashlib.sha256(text.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Tag:
    """An entry of the dictionary; `dated_by` is the date column that says how new its data are, if one does."""

    name: str
    kind: str
    family: str
    label: Label
    owner: Label
    dated_by: str | None
    versions: tuple[Version, ...]

    def in_force(self, day: date) -> Version | None:
        """The version that holds on `day`; None before the first."""
        return next((v for v in reversed(self.versions) if v.since is None or v.since <= day), None)


def load(source: str | Path | Mapping | None = None) -> dict[str, Tag]:
    """Read and check a dictionary of tags: {name: Tag}.

    Parameters
    ----------
    source : a YAML file or its content; default: the kit's own.

    Raises
    ------
    DataError : not YAML (with the line); an entry incomplete or contradictory; a rule that cannot be run.
    """
    source = _DEFAULT if source is None else source
    file = "tags" if isinstance(source, Mapping) else Path(source).name
    content = source if isinstance(source, Mapping) else small_yaml.read(Path(source))
    entries = content.get("tags") if isinstance(content, Mapping) else None
    if not isinstance(entries, list) or not entries:
        raise DataError("{file}: expected a list under “tags:”.", file=file)
    tags: dict[str, Tag] = {}
    with engine.connect() as sql:
        reader = _Reader(file, sql)
        for number, entry in enumerate(entries, 1):
            tag = reader.tag(entry, number)
            if tag.name in tags:
                reader.refuse(Sentence("the name is used twice"))
            tags[tag.name] = tag
    vocabulary(tags, file)
    return tags


def dictionary(own: str | Path | Mapping | None = None) -> dict[str, Tag]:
    """The kit's tags, and with them those of `own`: what it calls like one of the kit's takes that one's place.

    Raises
    ------
    DataError : as for `load`; a tag of `own` called like another of the kit's in either language.
    """
    if own is None:
        return load()
    tags = load() | load(own)
    vocabulary(tags, "tags" if isinstance(own, Mapping) else Path(own).name)
    return tags


def vocabulary(tags: Mapping[str, Tag], file: str = "tags") -> dict[str, str]:
    """{what a tag may be called, in lower case: its name}: names and labels in both languages, each of one tag only.

    Raises
    ------
    DataError : two tags of one name or label; a tag called like an operator.
    """
    words = {name: name for name in tags}
    for name, tag in tags.items():
        for word in {name, *tag.label.names.values()}:
            if word.lower() in OPERATORS or words.setdefault(word.lower(), name) != name:
                raise DataError(
                    "{file}, tag {tag}: the name {word} already means something else. Choose another.",
                    file=file,
                    tag=name,
                    word=word,
                )
    return words


def compute(sql: duckdb.DuckDBPyConnection, version: Version, as_of: date) -> tuple[dict[str, float], object]:
    """The cuts and the values (a frame with the column `value`, in the order of `__row`) over the table `features`."""
    cuts = {}
    if version.cuts:
        listed = ", ".join(f'round(CAST(({c}\n) AS DOUBLE), 6) AS "{n}"' for n, c in version.cuts.items())
        # HAVING makes it an aggregate: a cut that is a plain column is refused instead of multiplying the rows.
        found = sql.execute(
            f"SELECT {listed} FROM features CROSS JOIN (SELECT CAST($as_of AS DATE) AS as_of) AS day HAVING true",
            {"as_of": as_of},
        ).fetchone()
        cuts = dict(zip(version.cuts, found, strict=True))
    given = "".join(f', CAST(${n} AS DOUBLE) AS "{n}"' for n in cuts)
    rule = f"({version.rule}\n)"
    value = f"CAST({rule} AS BOOLEAN)" if version.is_boolean else f"nullif(trim(CAST({rule} AS VARCHAR)), '')"
    values = sql.execute(
        f'SELECT "__row", {value} AS value FROM features CROSS JOIN (SELECT CAST($as_of AS DATE) AS as_of{given}) '
        'AS given ORDER BY "__row"',
        {"as_of": as_of, **cuts},
    ).df()
    return cuts, values


# --- reading ---------------------------------------------------------------------------------------------------------


class _Reader:
    """Turns entries into tags, or refuses them by file and name."""

    def __init__(self, file: str, sql: duckdb.DuckDBPyConnection) -> None:
        self.file, self.sql = file, sql
        self.name = ""

    def refuse(self, why: Sentence) -> NoReturn:
        """Raise the DataError about the entry at hand."""
        raise DataError("{file}, tag {tag}: {why}.", file=self.file, tag=self.name, why=why)

    def tag(self, entry: object, number: int) -> Tag:
        """The entry with this number (from 1)."""
        self.name = str(entry.get("name", number)) if isinstance(entry, Mapping) else str(number)
        keys = ("name", "kind", "family", "label", "owner", "versions")
        self._keys(entry, keys, ("dated_by",))
        versions = entry["versions"]
        if not isinstance(versions, list) or not versions:
            self.refuse(Sentence("“{key}” is a list", key="versions"))
        tag = Tag(
            self._name(entry["name"]),
            self._one_of("kind", entry["kind"], KINDS),
            self._one_of("family", entry["family"], FAMILIES),
            self._label(entry, "label"),
            self._label(entry, "owner"),
            self._text("dated_by", entry["dated_by"]) if "dated_by" in entry else None,
            tuple(self._version(v) for v in versions),
        )
        for earlier, later in zip(tag.versions, tag.versions[1:], strict=False):
            if later.since is None or later.since <= (earlier.since or date.min) or later.version <= earlier.version:
                self.refuse(
                    Sentence(
                        "version {version} must have a higher number and a later “since” than the one before it",
                        version=later.version,
                    )
                )
        return tag

    def _version(self, entry: object) -> Version:
        self._keys(entry, ("version", "definition"), ("since", "cuts", *_FORMS))
        number, since, cuts = entry["version"], entry.get("since"), entry.get("cuts", {})
        if type(number) is not int or number < 1:
            self.refuse(Sentence("“version” is a number from 1 on, not {version}", version=number))
        if since is not None and (not isinstance(since, date) or isinstance(since, datetime)):
            self.refuse(Sentence("“since” is a day such as 2024-07-01, not {since}", since=since))
        forms = [f for f in _FORMS if f in entry]
        if len(forms) != 1:
            self.refuse(Sentence("version {version} needs one of “when”, “values” and “value”", version=number))
        if not isinstance(cuts, Mapping):
            self.refuse(Sentence("“cuts” gives each number a name: an aggregate over the features"))
        cuts = {self._name(n): self._text("cuts", c) for n, c in cuts.items()}
        if forms == ["values"]:
            rule, values = self._cases(entry["values"])
        else:
            rule, values = self._text(forms[0], entry[forms[0]]), {}
        label = self._label(entry, "definition")
        return self._checked(Version(number, since, label, rule, forms == ["when"], cuts, values, ()))

    def _cases(self, entries: object) -> tuple[str, dict[str, Label]]:
        """The values as one CASE: the first condition that holds decides; one that cannot be told leaves unknown."""
        if not isinstance(entries, list) or len(entries) < 2:
            self.refuse(Sentence("“values” is a list of two or more"))
        values, cases = {}, ""
        for entry in entries:
            self._keys(entry, ("name", "en", "zh"), ("when",))
            name = self._name(entry["name"])
            if name in values:
                self.refuse(Sentence("the value {value} is there twice", value=name))
            values[name] = Label(self._text("en", entry["en"]), self._text("zh", entry["zh"]))
            if ("when" not in entry) != (entry is entries[-1]):
                self.refuse(
                    Sentence("the last value takes everybody who is left and has no “when”; all others need one")
                )
            if "when" in entry:
                when = self._text("when", entry["when"])
                self._parse(when)
                cases += f"WHEN ({when}\n) THEN '{name}' WHEN ({when}\n) IS NULL THEN NULL "
        return f"CASE {cases}ELSE '{list(values)[-1]}' END", values

    def _checked(self, version: Version) -> Version:
        """The version with its `needs`, after it has run over a table without rows."""
        columns: dict[str, str] = {}
        for expression in (version.rule, *version.cuts.values()):
            for column in self._parse(expression):
                if column.lower() not in {"as_of", *version.cuts}:
                    columns.setdefault(column.lower(), column)
        # NULL fits wherever a number, a text or a date does, so that only the rule is judged and not the types.
        listed = "".join(f', NULL AS "{c.replace(chr(34), 2 * chr(34))}"' for c in columns.values())
        self.sql.execute(f'CREATE OR REPLACE TEMP VIEW features AS SELECT 1 AS "__row"{listed} LIMIT 0')
        checked = replace(version, needs=tuple(columns.values()))
        try:
            compute(self.sql, checked, date(2024, 1, 1))
        except duckdb.Error as error:
            self._cannot(version.rule, error)
        return checked

    def _parse(self, expression: str) -> list[str]:
        """The columns of a SQL expression, once it is sure to be one expression and to depend on the data alone."""
        try:
            return expressions.columns(self.sql, expression, ("features",))
        except DataError as error:
            self._cannot(expression, error.sentence)

    def _cannot(self, expression: str, why: object) -> NoReturn:
        why = why if isinstance(why, Sentence) else str(why).splitlines()[0].rstrip(".")
        self.refuse(Sentence("the rule “{rule}” cannot be run: {why}", rule=" ".join(expression.split()), why=why))

    def _keys(self, entry: object, needed: tuple[str, ...], optional: tuple[str, ...]) -> None:
        if not isinstance(entry, Mapping):
            self.refuse(Sentence("expected {keys}, found “{entry}”", keys=", ".join(needed), entry=entry))
        if lacking := [k for k in needed if k not in entry]:
            self.refuse(Sentence("{keys} is missing", keys=", ".join(lacking)))
        if unknown := [k for k in entry if k not in needed + optional]:
            near = nearest(str(unknown[0]), needed + optional)
            self.refuse(Sentence("there is no key {key} here; perhaps {near}?", key=unknown[0], near=near))

    def _name(self, name: object) -> str:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name in ("customer_id", "as_of"):
            self.refuse(Sentence("a name is small letters, digits and _, not “{name}”", name=name))
        return name

    def _one_of(self, key: str, value: object, choices: Mapping[str, Label]) -> str:
        if not isinstance(value, str) or value not in choices:
            listed = ", ".join(choices)
            self.refuse(Sentence("“{key}” is one of {choices}, not {value}", key=key, choices=listed, value=value))
        return value

    def _label(self, entry: Mapping, key: str) -> Label:
        names = entry[key]
        if not isinstance(names, Mapping) or set(names) != {"en", "zh"}:
            self.refuse(Sentence("“{key}” needs a text under “en” and one under “zh”", key=key))
        return Label(**{lang: self._text(key, names[lang]) for lang in ("en", "zh")})

    def _text(self, key: str, value: object) -> str:
        if not isinstance(value, str) or not value.strip():
            self.refuse(Sentence("“{key}” is a text, not “{value}”: put it in quotes", key=key, value=value))
        return value.strip()
