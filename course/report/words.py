"""Words that several outputs share."""

from course.language import Sentence

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
