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
