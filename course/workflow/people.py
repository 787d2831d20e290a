"""Who is who before anything is counted: customer ids replaced, visits given to customers, pseudonyms."""

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from course import clean_stored, engine, identity, schema
from course.clean import Cleaned
from course.collect import Table
from course.collect.guards.words import words
from course.engine import Relation, here
from course.forms import normal, word
from course.schema import MAY_TELL
from course.schema import PERSONAL as PERSONAL
from course.telling import struck, tells

#: Columns that hold the number of a person.
IDS = ("customer_id", "author_id")


def renamed(one: Cleaned, names: Mapping[str, str]) -> Cleaned:
    """The table with customer ids replaced where `names` has another one; only ids that occur are touched."""
    changed = {}
    for part in ("valid", "set_aside", "quarantine"):
        frame = getattr(one, part)
        columns = [c for c in IDS if c in frame]
        if isinstance(frame, Relation):
            changed[part] = clean_stored.renamed(frame, columns, names)
            continue
        new = {c: frame[c].map(lambda i: names.get(i, i), na_action="ignore").astype(frame[c].dtype) for c in columns}
        changed[part] = frame.assign(**new)
    return replace(one, **changed)


def stitch(cleaned: dict[str, Cleaned]) -> dict[str, Cleaned]:
    """Visits of a browser that one customer alone has used are that customer's."""
    events = cleaned.get("events")
    if events is None or not {"visitor_id", "customer_id"} <= set(events.valid.columns):
        return cleaned
    return cleaned | {"events": replace(events, valid=identity.stitch(events.valid).drop(columns="stitched"))}


def discreet(cleaned: Mapping[str, Cleaned]) -> dict[str, Cleaned]:
    """The tables with three stars in place of every phone, e-mail address and identity card that somebody typed into a
    column of words: cities, channels, topics, products stand in portraits and report as they are."""
    return {kind: replace(one, valid=_words_struck(one.valid, kind)) for kind, one in cleaned.items()}


def _words_struck(frame: engine.Table, kind: str) -> engine.Table:
    changed = {}
    if isinstance(frame, Relation):  # codes alone: no column of words is read so (`collect.plain`)
        return frame
    for column, spec in schema.canonical(kind).columns.items():
        if column not in frame or column in PERSONAL or not (spec.type == "text" or column == "campaign_id"):
            continue
        different = frame[column].dropna().drop_duplicates().astype("str")
        new = {text: struck(text) for text in different[different.str.contains(MAY_TELL, regex=True)]}
        if new := {text: said for text, said in new.items() if said != text}:
            changed[column] = frame[column].map(lambda text, new=new: new.get(text, text), na_action="ignore")
    return frame.assign(**{c: values.astype(frame[c].dtype) for c, values in changed.items()})


def hidden(
    cleaned: dict[str, Cleaned], numbers: pd.Series, key: bytes, everybody: bool
) -> tuple[dict[str, Cleaned], dict[str, str]]:
    """Customer numbers replaced by keyed pseudonyms, those of everybody or those that tell who somebody is; also
    {number: pseudonym}.

    `numbers` : all of the tables as collected, with those that stand behind a person's own (`identity.csv` has them).
    """
    frames = [getattr(one, part) for one in cleaned.values() for part in ("valid", "set_aside", "quarantine")]
    left = [different(f, c) for f in frames for c in IDS if c in f]
    # A column that the kind does not know may hold what is no text: True in a JSON file.
    ids = _of_somebody(set().union(*(set(c.dropna().astype("str")) for c in [*left, numbers])))
    ids = ids if everybody else ids[tells(ids)]
    names = dict(zip(ids, identity.pseudonyms(ids, key), strict=True))
    return {kind: _value_hidden(renamed(one, names)) for kind, one in cleaned.items()}, names


def _value_hidden(one: Cleaned) -> Cleaned:
    """Rows that were not used say which cell was looked at: of a number that is replaced they say the pseudonym."""
    changed = {}
    for part in ("set_aside", "quarantine"):
        frame = getattr(one, part)
        if isinstance(frame, Relation):  # the cell is worded when it is listed, under the number that it has then
            continue
        for column in (c for c in IDS if c in frame):
            frame = frame.assign(
                value=frame["value"].mask((frame["column"] == column) & frame[column].notna(), frame[column])
            )
        changed[part] = frame
    return replace(one, **changed)


#: What a pseudonym looks like.
_PSEUDONYM = r"p_[0-9a-f]{16}"


def as_now(
    previous: pd.DataFrame, persons: pd.DataFrame | None, names: Mapping[str, str], key: bytes | None, everybody: bool
) -> pd.DataFrame:
    """The portraits of an earlier run under the ids of this one, so that a customer is compared with himself.

    Parameters
    ----------
    previous : one row a customer; one without customer_id is given back as it is.
    persons : customer_id, person_id as found now: who has become one person since then has one row, that of the
        person's id where there was one.
    names, key, everybody : the pseudonyms given now, and how they are made: a number of the earlier run that stands in
        no table any more is replaced too.
    """
    if "customer_id" not in previous:
        return previous
    known = dict(names)
    if persons is not None:
        pairs = zip(persons["customer_id"], persons["person_id"], strict=True)
        known |= {form: names.get(p, p) for c, p in pairs for form in (c, names.get(c, c))}
    was = previous["customer_id"].astype("str")
    now = was.map(lambda i: known.get(i, i)).astype("str")
    if key is not None:
        plain = ~was.isin(set(known)) & ~was.str.fullmatch(_PSEUDONYM)
        plain &= True if everybody else tells(was)
        now = now.mask(plain, identity.pseudonyms(was, key))
    order = pd.DataFrame({"now": now, "other": was != now, "was": was}).sort_values(["now", "other", "was"])
    kept = order.index[~order["now"].duplicated()]
    out = previous.assign(customer_id=now).loc[kept].reset_index(drop=True)
    out.attrs = previous.attrs
    return out


def numbers(tables: Mapping[str, Table]) -> pd.Series:
    """Every customer number of the tables as collected, once, sorted."""
    # A column that the kind does not know keeps its cells as they came, of two files as two kinds of them.
    columns = [different(t.frame, c) for t in tables.values() for c in IDS if c in t.frame]
    return _of_somebody(set().union(*(set(c) for c in columns)))


def different(rows: engine.Table, column: str) -> pd.Series:
    """The filled values of a column as texts, each once."""
    if isinstance(rows, Relation):
        sql = f'SELECT DISTINCT "{column}" AS id FROM rows WHERE "{column}" IS NOT NULL'
        return here(sql, {"rows": rows})["id"]
    return rows[column].dropna().astype("str").drop_duplicates()


def _of_somebody(ids: set[str]) -> pd.Series:
    """The numbers in order, without the words that stand for nobody (guest, 散客): they tell who nobody is."""
    return pd.Series(sorted(i for i in ids if word(i) not in words("guests")), dtype="str")


def personal(tables: Mapping[str, Table]) -> bool:
    """True where a customer number of any table tells who somebody is."""
    return named(tables) or bool(tells(numbers(tables)).any())


def named(tables: Mapping[str, Table]) -> bool:
    """True where customers are told apart by what they are called: the header says so, and the cells are no numbers."""
    called = [
        t for t in tables.values() if any(normal(h) in _NAMES for h in t.mapping.get("customer_id", "").split(", "))
    ]
    return any(different(t.frame, "customer_id").str.contains(r"[^\W\d_]", regex=True).any() for t in called)


#: Headers under which exports identify customers by a name.
_NAMES = frozenset(
    map(normal, ("customer name", "user name", "buyer", "buyer nick", "客户名称", "买家昵称", "买家会员名", "会员名"))
)
