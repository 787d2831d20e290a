"""The columns of portraits as they are told: label, definition, unit and the words of their values, in both languages.

Workbook, dictionary and SPSS file take them from here, so that no two of them call a thing differently.
"""

from dataclasses import dataclass, field, replace

import pandas as pd

from course import labels, lifecycle, segment, tag, workflow
from course.labels import Value
from course.language import LANGUAGES, Sentence
from course.report.words import class_label

#: How a column is shown by its unit; a unit that is not named is a number.
_KINDS = {"text": "text", "date": "date", "money": "money", "share": "share", "yes": "yes"}


@dataclass(frozen=True)
class Column:
    """A column of portraits.

    Attributes
    ----------
    name : in portraits.parquet
    kind : text, date, yes, money, share or number
    label, definition, unit : {language: text}
    values : {value: {language: label}} of a column whose values are names
    """

    name: str
    kind: str
    label: dict[str, str]
    definition: dict[str, str]
    unit: dict[str, str]
    values: dict[str, dict[str, str]] = field(default_factory=dict)


def columns(portraits: pd.DataFrame, ledger: dict) -> list[Column]:
    """Every column of `portraits`, in its order; tags are told as the ledger of the run tells them."""
    catalogue = workflow.portrait_columns()
    known = {c["name"]: c for c in catalogue["columns"]}
    units = catalogue["units"] | _money(ledger)
    findings = ledger["findings"]
    tags = findings.get("tags", {})
    told = [
        _known(known[name], units, findings) if name in known else _tag(name, portraits[name], units, tags)
        for name in portraits
    ]
    with labels.names(ledger.get("labels")):
        return [_named(column, portraits[column.name]) for column in told]


def _named(column: Column, values: pd.Series) -> Column:
    """The column with the names that the reader, or the kit, has for values of the data."""
    if column.kind != "text" or column.values or column.name == "customer_id":
        return column
    of = column.name.removeprefix(tag.PREFIX)
    said = {v: {lang: Value(of, v).say(lang) for lang in LANGUAGES} for v in sorted(values.dropna().unique())}
    return replace(column, values={v: names for v, names in said.items() if set(names.values()) != {v}})


def worded(values: pd.Series, column: Column, lang: str) -> pd.Series:
    """The values as they are called in `lang`."""
    if not column.values:
        return values
    return values.map(lambda v: column.values[v][lang] if v in column.values else v, na_action="ignore").astype("str")


def _money(ledger: dict) -> dict:
    """The unit of money, where it is known what money is in."""
    currency = ledger.get("currency")
    said = Sentence("money, in {currency}", currency=currency)
    return {"money": {lang: said.say(lang) for lang in LANGUAGES}} if currency else {}


def _known(entry: dict, units: dict, findings: dict) -> Column:
    name, unit = entry["name"], entry["unit"]
    label, definition = ({lang: entry[lang][part] for lang in LANGUAGES} for part in (0, 1))
    return Column(name, _KINDS.get(unit, "number"), label, definition, units[unit], _values(name, findings))


def _values(name: str, findings: dict) -> dict[str, dict[str, str]]:
    if name.startswith("rfm_class"):
        return {c: {lang: class_label(c, lang) for lang in LANGUAGES} for c in segment.CLASSES.values()}
    if name == "stage":
        return {stage: {lang: said.say(lang) for lang in LANGUAGES} for stage, said in lifecycle.STAGES.items()}
    if name == "action":
        return {action["key"]: action["label"] for action in findings.get("actions", ())}
    # The column has the words of the tag that is made of it.
    return findings.get("tags", {}).get("satisfaction", {}).get("values", {}) if name == "satisfaction" else {}


def _tag(name: str, column: pd.Series, units: dict, tags: dict) -> Column:
    entry = tags.get(name.removeprefix(tag.PREFIX), {})
    unit = "yes" if pd.api.types.is_bool_dtype(column.dtype) else "text"
    if pd.api.types.is_numeric_dtype(column.dtype) and unit == "text":
        unit = "count"
    label = {lang: entry.get(lang, name) for lang in LANGUAGES}
    definition = entry.get("definition", label)
    return Column(name, _KINDS.get(unit, "number"), label, definition, units[unit], entry.get("values", {}))
