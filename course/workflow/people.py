"""Who is who before anything is counted: records of one person under one id, visits given to customers, pseudonyms."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from course import identity
from course.clean import Cleaned
from course.collect import Table
from course.errors import DataError
from course.language import Sentence

#: Columns that tell a person; one of them besides the number is enough to look for records of the same one.
PERSONAL = ("name", "phone", "email", "birth_date", "address")


def resolve(
    cleaned: dict[str, Cleaned], not_done: list[Sentence]
) -> tuple[dict[str, Cleaned], identity.Identity | None]:
    """Find the records that are one person, and give every table the person's id.

    The person's id is the smallest of their customer numbers; numbers of different systems are taken as distinct.
    """
    if "customers" not in cleaned:
        return cleaned, None
    records = cleaned["customers"].valid.dropna(subset="customer_id").drop_duplicates("customer_id", keep="last")
    if not any(c in records and records[c].notna().any() for c in PERSONAL):
        not_done.append(Sentence("who is one person: the customers have no name, phone, e-mail, birthday or address"))
        return cleaned, None
    try:
        found = identity.resolve(records)
    except DataError as error:
        not_done.append(Sentence("who is one person: {why}", why=error.sentence))
        return cleaned, None
    person = found.persons.set_index("customer_id")["person_id"]
    names = _reached_by(records, person) | person[person.index != person].to_dict()
    out = {kind: _renamed(one, names) for kind, one in cleaned.items()}
    out["customers"] = replace(cleaned["customers"], valid=_one_row_a_person(found, records))
    return out, found


def _reached_by(records: pd.DataFrame, person: pd.Series) -> dict[str, str]:
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


def _renamed(one: Cleaned, names: Mapping[str, str]) -> Cleaned:
    """The table with customer ids replaced where `names` has another one; only ids that occur are touched."""
    changed = {}
    for part in ("valid", "set_aside", "quarantine"):
        frame = getattr(one, part)
        columns = [c for c in ("customer_id", "author_id") if c in frame]
        new = {c: frame[c].map(lambda i: names.get(i, i), na_action="ignore").astype(frame[c].dtype) for c in columns}
        changed[part] = frame.assign(**new)
    return replace(one, **changed)


def stitch(cleaned: dict[str, Cleaned]) -> dict[str, Cleaned]:
    """Visits of a browser that one customer alone has used are that customer's."""
    events = cleaned.get("events")
    if events is None or not {"visitor_id", "customer_id"} <= set(events.valid.columns):
        return cleaned
    return cleaned | {"events": replace(events, valid=identity.stitch(events.valid).drop(columns="stitched"))}


def hidden(cleaned: dict[str, Cleaned], key: bytes, everybody: bool) -> tuple[dict[str, Cleaned], dict[str, str]]:
    """Customer numbers replaced by keyed pseudonyms, those of everybody or those that tell who somebody is; also
    {number: pseudonym}."""
    frames = [getattr(one, part) for one in cleaned.values() for part in ("valid", "set_aside", "quarantine")]
    columns = [f[c] for f in frames for c in ("customer_id", "author_id") if c in f.columns]
    ids = pd.Series(sorted(set().union(*(set(c.dropna()) for c in columns))), dtype="str")
    ids = ids if everybody else ids[tells(ids)]
    names = dict(zip(ids, identity.pseudonyms(ids, key), strict=True))
    return {kind: _renamed(one, names) for kind, one in cleaned.items()}, names


def personal(tables: Mapping[str, Table]) -> bool:
    """True where a customer number of any table is a phone number, an e-mail address or an identity card."""
    frames = (t.frame for t in tables.values() if "customer_id" in t.frame)
    return any(tells(f["customer_id"].dropna().drop_duplicates()).any() for f in frames)


def named(tables: Mapping[str, Table]) -> bool:
    """True where customers are told apart by what they are called."""
    return any(_plain(t.mapping.get("customer_id", "")) in _NAMES for t in tables.values())


#: Headers under which exports identify customers by a name.
_NAMES = {"customername", "username", "buyer", "buyernick", "客户名称", "买家昵称", "买家会员名", "会员名"}


def _plain(header: str) -> str:
    return "".join(c for c in header.lower() if c.isalnum())


def tells(ids: pd.Series) -> pd.Series:
    """True for ids that look like a Chinese mobile number, an e-mail address or a Chinese identity card."""
    ids = ids.astype("str")
    phone = ids.str.fullmatch(r"(\+?86)?1[3-9]\d{9}")
    return phone | ids.str.fullmatch(r"[^@\s]+@[^@\s]+\.\w+") | ids.str.fullmatch(r"\d{6}(19|20)\d{9}[\dXx]")
