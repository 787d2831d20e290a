"""Whose taste of 2024 really is another than that of 2023: the planted shift, and newborns in the family."""

from functools import cache

import pandas as pd

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.persons import persons
from course.classroom.tables import load
from course.classroom.words import label
from course.language import Label

#: The lesson's day, and the last day of the year that it is compared with.
AS_OF, SPLIT = pd.Timestamp("2024-12-15"), pd.Timestamp("2023-12-31")
#: With a newborn since this day, most of the year before was bought without one.
BORN_FROM = pd.Timestamp("2023-07-01")


def turned() -> pd.DataFrame:
    """The customers who bought both in 2023 and in 2024, one a row.

    Returns
    -------
    frame sorted by customer_id: customer_id, planted (a shift), baby (a newborn from BORN_FROM to AS_OF),
    turned (either). Ids that stand for several people are left out: the truth is kept by person
    """
    return _turned(room.company()).copy()


@cache
def _turned(folder: object) -> pd.DataFrame:
    ordered = load("orders").set_index("customer_id")["ordered_at"]
    ordered = ordered[ordered < AS_OF + pd.Timedelta(days=1)]
    late = ordered >= SPLIT + pd.Timedelta(days=1)
    both = sorted(set(ordered.index[late]) & set(ordered.index[~late]))
    out = pd.DataFrame({"customer_id": both})
    out = out.assign(person_id=out["customer_id"].map(persons(folder))).dropna(ignore_index=True)
    shifts = company.unseal("behaviour", folder).frames["shifts"]["person_id"]
    born = company.unseal("tag", folder).frames["parents"].set_index("person_id")["baby_on"]
    out["planted"] = out["person_id"].isin(shifts)
    out["baby"] = pd.to_datetime(out["person_id"].map(born)).between(BORN_FROM, AS_OF)
    out["turned"] = out["planted"] | out["baby"]
    return out.drop(columns="person_id")


def _more() -> Label:
    opened = turned()
    facts = company.unseal("behaviour", room.company()).facts
    return label(
        "behaviour",
        "seal_more",
        shifted=100 * opened["planted"].mean(),
        babies=100 * opened["baby"].mean(),
        day=facts["shift_on"],
        to=label("common", facts["shift_to"]),
        abandoned=label("common", facts["abandoned_category"]),
        visits=int(facts["sessions"]),
    )


SEAL = Seal(
    Label(
        "Of a hundred customers who bought both in 2023 and in 2024 (up to 15 December), how many really have another "
        "taste in 2024?",
        "2023 年和 2024 年（截至 12 月 15 日）都买过的客户，每一百位里有多少位在 2024 年真的换了口味？",
    ),
    ".1f",
    lambda: float(100 * turned()["turned"].mean()),
    _more,
)
