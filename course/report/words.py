"""Words that several outputs share."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from course.language import LANGUAGES, Sentence

_CLASS_LABELS = {
    "important_value": Sentence("Important – value"),
    "important_develop": Sentence("Important – develop"),
    "important_keep": Sentence("Important – keep"),
    "important_win_back": Sentence("Important – win back"),
    "general_value": Sentence("General – value"),
    "general_develop": Sentence("General – develop"),
    "general_keep": Sentence("General – keep"),
    "general_win_back": Sentence("General – win back"),
}


def class_label(name: str, lang: str) -> str:
    """The name of an RFM class in `lang`: important_keep is "Important – keep", 重要保持."""
    return _CLASS_LABELS[name].say(lang)


#: What other tools call the classes: names of practice, nearest in meaning, none of them a standard.
_CLASS_ALIASES = {
    "important_value": Sentence("Champions"),
    "important_develop": Sentence("Potential loyalists"),
    "important_keep": Sentence("At risk, can't lose them"),
    "important_win_back": Sentence("Hibernating big spenders"),
    "general_value": Sentence("Loyal, small baskets"),
    "general_develop": Sentence("New, promising"),
    "general_keep": Sentence("Need attention"),
    "general_win_back": Sentence("Hibernating"),
}


def class_alias(name: str, lang: str) -> str:
    """What other tools call an RFM class, in `lang`: important_keep is "At risk, can't lose them"."""
    return _CLASS_ALIASES[name].say(lang)


def value_label(column: str, value: object, lang: str, own: Mapping[str, Mapping] | None = None) -> str | None:
    """What a value of the data is called in `lang`; None where neither the reader nor the kit has a name for it.

    Parameters
    ----------
    column : of the portraits, or what else has values: topic, driver, arm, campaign_id, product, theme
    own : {column: {value: {language: name}}} of the reader's recipe; a language that it leaves out has the other's
    """
    if names := (own or {}).get(column, {}).get(str(value)):
        return names.get(lang) or next(iter(names.values()))
    pair = _values().get((column, str(value).lower()))
    return pair[LANGUAGES.index(lang)] if pair else None


@cache
def _values() -> dict[tuple[str, str], list[str]]:
    path = Path(__file__).parents[1] / "catalogue" / "values.yaml"
    groups = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {(column, value): names for g in groups for column in g["of"] for value, names in g["values"].items()}
