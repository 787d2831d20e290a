"""Who is who before anything is counted: customer ids replaced, visits given to customers, pseudonyms."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from course import identity
from course.clean import Cleaned
from course.collect import Table

#: Columns that tell a person; one of them besides the number is enough to look for records of the same one.
PERSONAL = ("name", "phone", "email", "birth_date", "address")


def renamed(one: Cleaned, names: Mapping[str, str]) -> Cleaned:
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
    return {kind: renamed(one, names) for kind, one in cleaned.items()}, names


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
