"""Who of the customers at risk had really left."""

from functools import cache
from pathlib import Path

import pandas as pd

from course import lifecycle
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.persons import had_left
from course.classroom.tables import load
from course.classroom.words import label
from course.language import Label

#: The day that the lesson's stages are of.
AS_OF = pd.Timestamp("2024-06-30")


def truth() -> float:
    """Percent of the customers at risk on AS_OF who had left by then."""
    return 100 * _left("at_risk")


def _left(*stages: str) -> float:
    known = _known(room.company())
    return float(known.loc[known["stage"].isin(stages), "left"].mean())


@cache
def _known(folder: Path) -> pd.DataFrame:
    """The stage of everybody who had bought, and whether they had left (blank where an id is of several people)."""
    stages = lifecycle.stages(load("orders"), AS_OF)
    return stages.assign(left=stages["customer_id"].map(had_left(folder, AS_OF)))


def _more() -> Label:
    link = label("lifecycle", "weak_link")
    bought = ("first_purchase", "active", "loyal", "at_risk", "lost")
    return label("lifecycle", "seal_more", lost=_left("lost"), loyal=_left("loyal"), all=_left(*bought), link=link)


SEAL = Seal(
    Label(
        "Of a hundred customers at risk on 30 June 2024, how many had already left Luming for good?",
        "2024 年 6 月 30 日的预流失客户，每一百人里有多少人已经彻底离开鹿鸣？",
    ),
    ".1f",
    truth,
    _more,
)
