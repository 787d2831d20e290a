"""What the spring coupon really changed in the segment that a search had found, and in every stage."""

from functools import cache
from pathlib import Path

import pandas as pd

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.lessons.apply import material
from course.classroom.persons import persons
from course.classroom.words import label, sentences
from course.language import Label

_STAGES = ("first_purchase", "active", "loyal", "at_risk", "lost")


def truth() -> float:
    """Percentage points: the share of the found segment that buys with the coupon, less that which buys without."""
    return 100 * _in_segment(_people(room.company()))["effect"].mean()


def _in_segment(people: pd.DataFrame) -> pd.DataFrame:
    one, other, name = material.found(room.company())
    return people[people[one] + " · " + people[other] == name]


@cache
def _people(folder: Path) -> pd.DataFrame:
    """The log of the coupon with the true effect on each; ids of several people are left out."""
    known = company.unseal("apply", folder).frames["campaign_people"].query("campaign_id == 'C01'")
    known = known.assign(effect=known["outcome_treated"] - known["outcome_reference"])
    log = material.coupon(folder).merge(persons(folder).reset_index(), on="customer_id")
    return log.merge(known[["person_id", "effect"]], on="person_id")


def _more() -> Label:
    shared = sentences("common")
    people = _people(room.company())
    first = _in_segment(people.query("half == 0"))
    shares = first.groupby("arm")["bought"].mean()
    by_stage = 100 * people.groupby("stage")["effect"].mean()
    told = {
        lang: mark.join(f"{shared[s][lang]} {by_stage[s]:+.1f}" for s in _STAGES if s in by_stage)
        for lang, mark in (("en", ", "), ("zh", "，"))
    }
    return label(
        "apply",
        "seal_more",
        promised=100 * (shares["coupon"] - shares["control"]),
        all=100 * people["effect"].mean(),
        stages=Label(told["en"], told["zh"]),
    )


SEAL = Seal(
    Label(
        "By how many percentage points did the coupon change the share of buyers in the segment that was found?",
        "在搜索找到的那个群体里，这张券让购买占比变了多少个百分点？",
    ),
    ".1f",
    truth,
    _more,
)
