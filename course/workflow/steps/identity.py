"""Which records are one person; every table gets the person's id before anything is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from course import identity
from course.clean import Cleaned
from course.language import Sentence
from course.workflow.finding import Attempts, Finding
from course.workflow.people import PERSONAL, renamed

NEEDS = ("customers",)
DOING = Sentence("Finding out who is one person")


@dataclass
class Persons(Finding):
    """Who is one person.

    Attributes
    ----------
    identity : identity.resolve
    """

    identity: identity.Identity

    @property
    def counts(self) -> dict[str, int]:
        """records, persons, merges, exact (merges by agreeing keys), held_back (links)."""
        found = self.identity
        return {
            "records": len(found.persons),
            "persons": int(found.persons["person_id"].nunique()),
            "merges": len(found.ledger),
            "exact": int((found.ledger["rule"] == "exact").sum()),
            "held_back": int(found.bridges["held"].sum()) if len(found.bridges) else 0,
        }

    def entry(self) -> dict:
        """{identity: the counts}."""
        return {"identity": self.counts}


def resolve(cleaned: dict[str, Cleaned]) -> tuple[dict[str, Cleaned], Persons | None, list[Sentence]]:
    """Find the records that are one person, and give every table the person's id; also why nobody was looked for.

    The person's id is the smallest of their customer numbers; numbers of different systems are taken as distinct.
    """
    records = cleaned["customers"].valid.dropna(subset="customer_id").drop_duplicates("customer_id", keep="last")
    if not any(c in records and records[c].notna().any() for c in PERSONAL):
        why = Sentence("who is one person: the customers have no name, phone, e-mail, birthday or address")
        return cleaned, None, [why]
    attempt = Attempts()
    found = attempt(Sentence("who is one person"), identity.resolve, records)
    if found is None:
        return cleaned, None, attempt.not_done
    person = found.persons.set_index("customer_id")["person_id"]
    names = _reached_by(records, person) | person[person.index != person].to_dict()
    out = {kind: renamed(one, names) for kind, one in cleaned.items()}
    out["customers"] = replace(cleaned["customers"], valid=_one_row_a_person(found, records))
    return out, Persons(found), []


def _reached_by(records: pd.DataFrame, person: pd.Series) -> Mapping[str, str]:
    """{phone or e-mail: person}, for tables that name a customer by it: only those that one person alone has."""
    reached: dict[str, str] = {}
    owner = records["customer_id"].map(person)
    for column in (c for c in ("phone", "email") if c in records):
        said = identity.spelling(records[column], column)
        owners = owner.groupby(said).agg(["nunique", "min"])
        reached |= owners.loc[owners["nunique"] == 1, "min"].to_dict()
    return reached


def _one_row_a_person(found: identity.Identity, records: pd.DataFrame) -> pd.DataFrame:
    """The records merged, and who joined twice has joined the first time."""
    people = found.customers
    if "joined_at" in records:
        person = found.persons.set_index("customer_id")["person_id"]
        first = records["joined_at"].groupby(records["customer_id"].map(person)).min()
        people["joined_at"] = people["customer_id"].map(first)
    return people
