"""Which records are one person; every table gets the person's id before anything is counted."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from course import identity, schema
from course.clean import Cleaned
from course.engine import query
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.people import PERSONAL, renamed

NEEDS = ("customers",)
DOING = Sentence("Finding out who is one person")


@dataclass
class Persons(Finding):
    """Who is one person.

    Attributes
    ----------
    identity : identity.resolve
    unused : columns of the customers, as the export calls them, that nothing was looked for in
    files : file, records, persons, elsewhere (persons whom another file has too); no row where there is one file
    """

    identity: identity.Identity
    unused: list[str]
    files: pd.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """records, persons, merges, exact (merges by agreeing keys), held_back (links), recognisable (records that hold
        enough to be known again)."""
        found = self.identity
        return {
            "records": len(found.persons),
            "persons": int(found.persons["person_id"].nunique()),
            "merges": len(found.ledger),
            "exact": int((found.ledger["rule"] == "exact").sum()),
            "held_back": int(found.bridges["held"].sum()) if len(found.bridges) else 0,
            "recognisable": found.recognisable,
        }

    def entry(self) -> dict:
        """{identity: the counts, what was compared, what was not, and each file}."""
        looked = {"compared": list(self.identity.columns), "unused": self.unused, "files": plain(self.files)}
        return {"identity": self.counts | looked}


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
    unused = _unused(records, cleaned["customers"])
    return out, Persons(found, unused, _by_file(records, found)), _too_little(found)


def _too_little(found: identity.Identity) -> list[Sentence]:
    """No merge is a finding only where there could have been one."""
    if found.recognisable or len(found.ledger):
        return []
    return [
        Sentence(
            "who is one person: no record holds enough to be known again, so that finding nobody twice says nothing. "
            "Filled columns that say who somebody is: {columns}",
            columns=", ".join(found.columns) or "–",
        )
    ]


def _unused(records: pd.DataFrame, cleaned: Cleaned) -> list[str]:
    """The export's own columns that are filled: a personal number under a header nobody knows may be among them."""
    known = {*schema.canonical("customers").columns, *cleaned.flags, "source", "source_row"}
    return [c for c in records if c not in known and records[c].notna().any()]


_FILES = """
    WITH spread AS (SELECT person, count(DISTINCT file) AS files FROM held GROUP BY person)
    SELECT file, count(*) AS records, count(DISTINCT person) AS persons,
        count(DISTINCT person) FILTER (WHERE files > 1) AS elsewhere
    FROM held JOIN spread USING (person) GROUP BY file ORDER BY min(number)
"""


def _by_file(records: pd.DataFrame, found: identity.Identity) -> pd.DataFrame:
    """How many persons each file has, and how many of them another file has too."""
    if "source" not in records or records["source"].nunique() < 2:
        return pd.DataFrame({"file": [], "records": [], "persons": [], "elsewhere": []})
    person = found.persons.set_index("customer_id")["person_id"]
    held = pd.DataFrame(
        {
            "file": records["source"].astype("str"),
            "number": np.arange(len(records)),
            "person": pd.factorize(records["customer_id"].map(person))[0],
        }
    )
    return query(_FILES, {"held": held})


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
