"""How many clicks were held up on their way."""

import gzip

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.words import label
from course.language import Label


def _defects(kind: str) -> int:
    """How many of a kind were put into the exports."""
    return int((company.unseal("clean", room.company()).frames["defects"]["kind"] == kind).sum())


def truth() -> float:
    """Clicks held up, of 10,000 in the log."""
    with gzip.open(room.company() / company.FILES["clicks"]) as log:
        return 10_000 * _defects("late_event") / sum(1 for _ in log)


def _more() -> Label:
    return label("scale", "seal_more", twice=_defects("repeated_order"))


SEAL = Seal(
    Label("Of 10,000 clicks, how many were held up on the way?", "一万次点击里，在路上被耽搁的有几次？"),
    ".0f",
    truth,
    _more,
)
