"""How many pairs of records with one phone number are one person, and how many persons there are."""

from course import identity
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.lessons.identity import material
from course.classroom.words import label
from course.language import Label


def _known() -> tuple:
    """The records, the person found by the phone alone, and the true one, both by customer_id."""
    folder = room.company()
    records = material.records(folder).set_index("customer_id", drop=False)
    found = records["phone"].fillna(records["customer_id"])
    return records, found, material.truth(folder).reindex(records.index)


def truth() -> float:
    """Percent of the pairs of records with the same phone that are one person."""
    _, found, person = _known()
    return 100 * identity.judge(found, person)["pair_precision"]


def _more() -> Label:
    records, found, person = _known()
    return label(
        "identity",
        "seal_more",
        records=len(records),
        persons=person.nunique(),
        merged=found.nunique(),
        shared=int((person.groupby(records["phone"]).nunique() > 1).sum()),
    )


SEAL = Seal(
    Label(
        "Of a hundred pairs of records with the same phone number, how many are one person?",
        "手机号相同的记录，每一百对里有多少对是同一个人？",
    ),
    ".1f",
    truth,
    _more,
)
