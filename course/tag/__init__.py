"""Tags: a dictionary of them, who carries them and since when, and audiences built from them."""

from course.tag.audiences import Reach, Tgi, audience, profile, reach, tgi
from course.tag.contrasts import contrasts
from course.tag.evaluation import PREFIX, Changes, Tags, changes, evaluate, judge
from course.tag.lookalike import Lookalike, ppv
from course.tag.registry import FAMILIES, KINDS, Tag, Version, dictionary, load

__all__ = [
    "FAMILIES",
    "KINDS",
    "PREFIX",
    "Changes",
    "Lookalike",
    "Reach",
    "Tag",
    "Tags",
    "Tgi",
    "Version",
    "audience",
    "changes",
    "contrasts",
    "dictionary",
    "evaluate",
    "judge",
    "load",
    "ppv",
    "profile",
    "reach",
    "tgi",
]
