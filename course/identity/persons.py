"""Which records are one person: certain agreements, then the model, then the guards, then a ledger of every merge.

Splink scores the pairs; groups and bridges are found here, because a merge that can be undone needs the order in which
the groups grew, and Splink's bridges need a graph library of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np
import pandas as pd

from course import engine, schema
from course.errors import DataError, first_few
from course.identity import model
from course.identity.spelling import ROLES, spelling
from course.language import Sentence

#: The columns of a customer table that say who somebody is, and as what they are read.
CANONICAL = {
    "name": "name",
    "given_name": "name",
    "surname": "surname",
    "phone": "phone",
    "email": "email",
    "national_id": "key",
    "birth_date": "date",
    "address": "address",
    "address_2": "address",
    "district": "place",
    "street_number": "code",
    "postcode": "code",
    "gender": "gender",
    "city": "category",
    "province": "category",
}
_KEYS = ("phone", "email", "key")
#: Roles that say much together and are no evidence of a person: they need one of another role beside them.
_THIN = ("surname", "code", "place")
_LEDGER = ["merge_id", "kept", "merged", "left", "right", "rule", "weight", "probability", "evidence", "undone"]


@dataclass(frozen=True)
class Identity:
    """Who is who.

    Attributes
    ----------
    records : the customer records as they came, never changed
    persons : customer_id, person_id (the smallest customer_id of the person), sorted by customer_id
    ledger : one row a merge, in the order they were made: merge_id (1 …), kept and merged (the smallest ids of the two
        sides), left and right (the two records that were compared), rule ("exact" or "model"), weight (bits) and
        probability (blank for an exact merge the model did not look at), evidence (columns that agree), undone
    links : all accepted pairs: left, right, rule, weight, probability, evidence
    bridges : links that alone hold two parts of at least two records together: left, right, probability, left_records,
        right_records (size of the parts), contradiction (birth date, gender or blank), held (not merged)
    blocks : the values on which records met, aligned with `persons`: what `judge` measures blocking recall on
    compared : pairs the model looked at
    columns : what was compared: the columns of the records that say who somebody is, where anything stands in them
    recognisable : records that hold enough to be known again: a second record just like it would be merged with it.
        Where there are none, no merge says nothing about the records
    notes : what a reader should know
    """

    records: pd.DataFrame
    persons: pd.DataFrame
    ledger: pd.DataFrame
    links: pd.DataFrame
    bridges: pd.DataFrame
    blocks: pd.DataFrame
    compared: int
    columns: tuple[str, ...]
    recognisable: int
    notes: list[Sentence] = field(default_factory=list)

    @property
    def consolidation_rate(self) -> float:
        """1 − persons / records. It rewards merging too much: a figure to report, never one to raise."""
        return 1 - self.persons["person_id"].nunique() / len(self.persons)

    @property
    def customers(self) -> pd.DataFrame:
        """One row a person, sorted: the record of the smallest id, its blanks filled from the others in id order.

        `customer_id` is the person's id; the columns and their types are those of the records, and a record that is
        merged with no other is its original row.
        """
        person = self.persons["person_id"].to_numpy()
        ordered = _by_id(self.records)
        size = pd.Series(person).groupby(person).transform("size").to_numpy()
        several = ordered[size > 1]
        if several.empty:
            return ordered
        filled = several.groupby(person[size > 1], sort=True).first()
        filled = filled[ordered.columns].astype(ordered.dtypes.to_dict())
        return _by_id(pd.concat([ordered[size == 1], filled]))

    def undo(self, merge_ids: int | Iterable[int]) -> "Identity":
        """Take merges back: each one's two sides are apart again, with the rows they had; other merges stay.

        Raises
        ------
        DataError : a merge the ledger does not have.
        """
        wanted = {merge_ids} if isinstance(merge_ids, int | np.integer) else set(merge_ids)
        unknown = sorted(wanted - set(self.ledger["merge_id"]))
        if unknown:
            raise DataError(
                "The ledger has no merge {unknown}. Its merges are 1 to {last}.",
                unknown=first_few(unknown),
                last=len(self.ledger),
            )
        ledger = self.ledger.assign(undone=self.ledger["undone"] | self.ledger["merge_id"].isin(wanted))
        kept = ledger[~ledger["undone"]]
        ids = self.persons["customer_id"]
        position = pd.Series(np.arange(len(ids)), index=ids)
        _, root = _union(len(ids), position[kept["left"]].to_numpy(), position[kept["right"]].to_numpy())
        persons = self.persons.assign(person_id=ids.array[root])
        return replace(self, ledger=ledger, persons=persons)


def _by_id(records: pd.DataFrame) -> pd.DataFrame:
    return records.sort_values("customer_id", kind="stable", ignore_index=True)


def resolve(
    records: pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    threshold: float = 0.95,
    shared: int = 4,
    random_state: int = 0,
) -> Identity:
    """Find the records that are one person.

    1. *Values* are read in one spelling; placeholders and masked values are blank, and so is a phone, e-mail or key
       held by more than `shared` differently named people.
    2. *Exact*: a phone, e-mail or key agrees, and so does the name, or the birth date where a name is missing; birth
       dates far apart or different genders forbid it. A shared phone alone is a family.
    3. *Model*: Fellegi–Sunter by Splink on DuckDB over the pairs that meet in a block; accepted from `threshold` on,
       and only if the person agrees, not just the household: the name, or the birth date, or a similar name (of five
       characters or more) with a birth date not far off; where neither can be compared, two of phone, e-mail and key.
       Where a surname or a place (code, place) is told apart, one of key, birth date and address has to be alike too,
       or two codes.
    4. *Bridges*: one link that alone joins two parts of two or more records is flagged, and held back if the parts
       contradict each other: birth dates far apart, or different genders.

    Parameters
    ----------
    records : one row a customer record: customer_id (unique), any of name, given_name, surname, phone, email,
        national_id, birth_date, address, address_2, district, street_number, postcode, gender, city, province; other
        columns are carried along. Where some have a name, the others' given name and surname are put together.
    columns : further columns and how to read them: name (full or given), surname (a family shares it), phone, email,
        key (a personal number), date (of birth), address, place (district), code (postcode, house number), gender,
        category (few values).
    threshold : lowest probability of a link.
    shared : a value held by more people than this is no key.
    random_state : seed of the random pairs the model learns from.

    Raises
    ------
    DataError : customer_id missing, blank or not unique; nothing to compare; an unknown column or role; a threshold
        that is no probability.
    """
    schema.require(records, "customers", ("customer_id",))
    ordered = with_one_name(_by_id(records), columns or {})
    roles = _roles(ordered, columns or {}, threshold)
    _refuse_repeated(ordered["customer_id"])
    said = {c: spelling(ordered[c], role) for c, role in roles.items()}
    notes = _placeholders(ordered, said)
    # Inside, a column is its role and number: safe in any SQL, whatever the export called it.
    outer = {f"{role}_{i}": c for i, (c, role) in enumerate(roles.items()) if said[c].notna().any()}
    role_of = {name: roles[c] for name, c in outer.items()}
    people = pd.DataFrame({"record": np.arange(len(ordered))} | {name: said[c] for name, c in outer.items()})
    with engine.alone() as connection:  # Splink's tables
        connection.register("given", people)
        connection.execute("CREATE TABLE people AS SELECT * FROM given ORDER BY record")
        notes += _crowds(connection, role_of, outer, shared)
        blocks = model.block(connection, role_of)
        exact = _exact(connection, role_of)
        scored = model.score(connection, role_of, blocks, _certain_pairs(connection, role_of), threshold, random_state)
        links = _accepted(connection, role_of, exact, scored.pairs)
        bridges = _bridges(connection, role_of, links)
        recognisable = _recognisable(connection, role_of, scored, threshold)
        met = connection.execute(f"SELECT {', '.join(blocks) or 'record'} FROM people ORDER BY record").df()
    held = pd.MultiIndex.from_frame(bridges.loc[bridges["held"], ["left", "right"]])
    links = links[~pd.MultiIndex.from_frame(links[["left", "right"]]).isin(held)].reset_index(drop=True)
    links["evidence"] = [" ".join(outer[name] for name in e.split()) for e in links["evidence"]]
    bridges["contradiction"] = [outer.get(name, "") for name in bridges["contradiction"]]
    ids = ordered["customer_id"].array
    merges, root = _union(len(ids), links["left"].to_numpy(), links["right"].to_numpy())
    links, bridges = (t.assign(left=ids[t["left"]], right=ids[t["right"]]) for t in (links, bridges))
    return Identity(
        records=records.copy(deep=False),
        persons=pd.DataFrame({"customer_id": ids, "person_id": ids[root]}),
        ledger=_ledger(links, merges, ids),
        links=links,
        bridges=bridges,
        blocks=met,
        compared=scored.compared,
        columns=tuple(outer.values()),
        recognisable=recognisable,
        notes=notes + _learned(scored) + _held_back(len(held)),
    )


# --- what is compared ------------------------------------------------------------------------------------------------


def _roles(records: pd.DataFrame, further: Mapping[str, str], threshold: float) -> dict[str, str]:
    absent = [c for c in further if c not in records]
    if absent:
        raise DataError(
            "The table “{kind}” has no column {missing}. It has: {present}. Rename or map the column first.",
            kind="customers",
            missing=first_few(absent),
            present=first_few(records.columns, 12),
        )
    wrong = [r for r in further.values() if r not in ROLES]
    if wrong:
        raise DataError(
            "A column is read as one of {roles}, not as {wrong}.", roles=", ".join(ROLES), wrong=first_few(wrong)
        )
    if not 0 < threshold < 1:
        raise DataError("The threshold is a probability between 0 and 1, not {threshold}.", threshold=threshold)
    roles = {c: r for c, r in (CANONICAL | dict(further)).items() if c in records}
    if not roles:
        raise DataError(
            "No column says who somebody is: expected at least one of {columns}, or say how to read others (columns=).",
            columns=", ".join(CANONICAL),
        )
    return roles


def with_one_name(records: pd.DataFrame, further: Iterable[str] = ()) -> pd.DataFrame:
    """The records with one way to name people.

    Where some have a whole name (`name`), given name and surname of the others are put together, and those columns are
    left out: they would count a second time beside it. Columns of `further` stay as they are.
    """
    parts = [c for c in ("given_name", "surname") if c in records and c not in further]
    if "name" not in records or not parts or records["name"].isna().all():
        return records
    said = {c: records[c].astype("str").fillna("").str.strip() for c in parts}
    given, surname = (said.get(c, pd.Series("", index=records.index)) for c in ("given_name", "surname"))
    written_together = (surname + given).str.fullmatch(r"[\u3400-\u9fff\uac00-\ud7af]+").fillna(False).astype(bool)
    joined = (given + " " + surname).str.strip().where(~written_together, surname + given)
    name = records["name"].astype("str").fillna(joined.where(joined != ""))
    return records.assign(name=name).drop(columns=parts)


def _refuse_repeated(ids: pd.Series) -> None:
    twice = ids[ids.duplicated()].unique()
    if len(twice):
        raise DataError(
            "{n:,} {n:customer_id occurs|customer_ids occur} more than once (first: {first}). Give every record an id "
            "of its own, such as source and number.",
            n=len(twice),
            first=first_few(twice),
        )


def _placeholders(ordered: pd.DataFrame, said: dict[str, pd.Series]) -> list[Sentence]:
    counts = {c: int((ordered[c].notna() & s.isna()).sum()) for c, s in said.items()}
    listed = ", ".join(f"{c} {n:,}" for c, n in sorted(counts.items()) if n)
    if not listed:
        return []
    return [Sentence("Placeholders, masked and unusable values count as blank: {counts}.", counts=listed)]


def _crowds(
    connection: duckdb.DuckDBPyConnection, role_of: dict[str, str], outer: dict[str, str], shared: int
) -> list[Sentence]:
    """Blank the keys that more than `shared` people hold: a name is one holder, and so is a record without a name."""
    names = _of(role_of, "name", "date", "surname")[:1]
    holder = f"coalesce({', '.join([*names, 'CAST(record AS VARCHAR)'])})"
    blanked = {}
    for key in _of(role_of, *_KEYS):
        (blanked[outer[key]],) = connection.execute(
            f"""
            WITH crowds AS (SELECT {key} FROM people GROUP BY {key} HAVING count(DISTINCT {holder}) > $shared)
            UPDATE people SET {key} = NULL WHERE {key} IN (SELECT {key} FROM crowds)
            """,
            {"shared": shared},
        ).fetchall()[0]
    listed = ", ".join(f"{c} {n:,}" for c, n in sorted(blanked.items()) if n)
    if not listed:
        return []
    return [
        Sentence(
            "Values that more than {shared} people share are no keys; records without theirs: {counts}.",
            shared=shared,
            counts=listed,
        )
    ]


def _learned(scored: model.Scored) -> list[Sentence]:
    if scored.learned_m:
        return []
    if scored.learned_u:
        return [
            Sentence(
                "How often a person's own records agree could not be learned (it takes {pairs} certain pairs): a fixed "
                "assumption is used.",
                pairs=model.PAIRS_TO_LEARN_M,
            )
        ]
    return [
        Sentence(
            "The table is too small to learn from (fewer than {records} records, or nothing in common): the weights "
            "are fixed assumptions.",
            records=model.RECORDS_TO_LEARN_U,
        )
    ]


def _held_back(n: int) -> list[Sentence]:
    if not n:
        return []
    return [
        Sentence(
            "{n:,} {n:link|links} between groups that contradict each other {n:is|are} held back: look at bridges.", n=n
        )
    ]


# --- links -----------------------------------------------------------------------------------------------------------


def _of(role_of: dict[str, str], *roles: str) -> list[str]:
    return [name for name, role in role_of.items() if role in roles]


def _whole_name(role_of: dict[str, str]) -> list[str]:
    """The columns that name a person together; a surname alone is a family's."""
    return _of(role_of, "name", "surname") if _of(role_of, "name") else []


def _any(conditions: list[str]) -> str:
    return f"({' OR '.join(conditions)})" if conditions else "false"


def _same(columns: list[str]) -> list[str]:
    return [f"coalesce(l.{c} = r.{c}, false)" for c in columns]


def _far(dates: list[str]) -> str:
    """Two or more of year, month and day differ, beyond a slip of two characters: not one birth date."""
    return _any(
        [
            f"""coalesce(levenshtein(l.{d}, r.{d}) > 2 AND
            CAST(substr(l.{d}, 1, 4) <> substr(r.{d}, 1, 4) AS INT) + CAST(substr(l.{d}, 5, 2) <> substr(r.{d}, 5, 2)
            AS INT) + CAST(substr(l.{d}, 7, 2) <> substr(r.{d}, 7, 2) AS INT) >= 2, false)"""
            for d in dates
        ]
    )


def _exact(connection: duckdb.DuckDBPyConnection, role_of: dict[str, str]) -> pd.DataFrame:
    """Pairs that a key makes one person: left, right.

    Of the records that agree on key and name, or key and birth date, each is linked to the first: a chain says the same
    as all pairs and grows with the records.
    """
    names, dates = _whole_name(role_of), _of(role_of, "date")
    whole_name = " || '|' || ".join(names) or "NULL"
    unnamed = _any([f"l.{n} IS NULL OR r.{n} IS NULL" for n in names]) if names else "true"
    against = _any([_far(dates), *(f"coalesce(l.{g} <> r.{g}, false)" for g in _of(role_of, "gender"))])
    found = []
    for key in _of(role_of, *_KEYS):
        for also, condition in [(whole_name, "true")] + [(d, unnamed) for d in dates]:
            found.append(f"""
                SELECT l.record AS "left", r.record AS "right" FROM (
                    SELECT record, min(record) OVER (PARTITION BY {key}, {also}) AS first FROM people
                    WHERE {key} IS NOT NULL AND {also} IS NOT NULL
                ) AS chained JOIN people AS l ON l.record = chained.first JOIN people AS r ON r.record = chained.record
                WHERE l.record < r.record AND {condition} AND NOT {against}
            """)
    if not found:
        return pd.DataFrame({"left": [], "right": []}, dtype="int64")
    return connection.execute(f"SELECT DISTINCT * FROM ({' UNION ALL '.join(found)}) ORDER BY 1, 2").df()


def _certain_pairs(connection: duckdb.DuckDBPyConnection, role_of: dict[str, str]) -> int:
    """Pairs that agree to the letter on a key and the name or birth date, or on both of these: where they are most."""
    names, dates = _whole_name(role_of), _of(role_of, "date")
    whole_name = [" || '|' || ".join(names)] if names else []
    both = [(key, also) for key in _of(role_of, *_KEYS) for also in whole_name + dates]
    both += [(name, date) for name in whole_name for date in dates]
    counts = [
        connection.execute(f"""
            SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (
                SELECT count(*) AS n FROM people WHERE {a} IS NOT NULL AND {b} IS NOT NULL GROUP BY {a}, {b}
            )
        """).fetchall()[0][0]
        for a, b in both
    ]
    return int(max(counts, default=0))


def _accepted(
    connection: duckdb.DuckDBPyConnection, role_of: dict[str, str], certain: pd.DataFrame, scored: pd.DataFrame
) -> pd.DataFrame:
    """Exact links, and those of the model's in which the person agrees and not just the household.

    Sorted as they are merged: exact ones first, then by falling probability, then by record.
    """
    full, keys, dates = _of(role_of, "name"), _of(role_of, *_KEYS), _of(role_of, "date")
    # In two to four characters one more or another is another name: 刘洋 and 刘洋国 are brothers.
    near = _any(
        [f"(least(length(l.{n}), length(r.{n})) > 4 AND jaro_winkler_similarity(l.{n}, r.{n}) >= 0.92)" for n in full]
    )
    comparable = _any([f"(l.{c} IS NOT NULL AND r.{c} IS NOT NULL)" for c in full + dates])
    two_keys = " + ".join(f"CAST({s} AS INT)" for s in _same(keys)) or "0"
    # A postcode or a district is thousands of people's: a name and a place are no person, unless a house is told.
    # And so is a name in two parts, which weighs as if they were two things.
    local = _of(role_of, *_THIN)
    supported = (
        "true"
        if not local
        else _any(
            [
                *_same(keys),
                *(f"coalesce(levenshtein(l.{d}, r.{d}) <= 2, false)" for d in dates),
                *(f"coalesce(jaro_winkler_similarity(l.{a}, r.{a}) >= 0.88, false)" for a in _of(role_of, "address")),
                f"{' + '.join(f'CAST({c} AS INT)' for c in _same(_of(role_of, 'code'))) or '0'} >= 2",
            ]
        )
    )
    person = f"""({supported} AND ({_any(_same(full + dates))} OR ({near} AND NOT {_far(dates)})
        OR (NOT {comparable} AND {two_keys} >= 2)))"""
    evidence = ", ".join(f"CASE WHEN l.{c} = r.{c} THEN '{c}' END" for c in role_of) or "NULL"
    connection.register("certain", certain)
    connection.register("scored", scored)
    return connection.execute(f"""
        WITH pairs AS (
            SELECT coalesce(c."left", s."left") AS "left", coalesce(c."right", s."right") AS "right",
                CASE WHEN c."left" IS NULL THEN 'model' ELSE 'exact' END AS rule, s.weight, s.probability
            FROM certain AS c FULL JOIN scored AS s ON c."left" = s."left" AND c."right" = s."right"
        )
        SELECT p.*, concat_ws(' ', {evidence}) AS evidence
        FROM pairs AS p JOIN people AS l ON l.record = p."left" JOIN people AS r ON r.record = p."right"
        WHERE p.rule = 'exact' OR {person}
        ORDER BY p.rule, p.probability DESC NULLS LAST, p."left", p."right"
    """).df()


def _recognisable(
    connection: duckdb.DuckDBPyConnection, role_of: dict[str, str], scored: model.Scored, threshold: float
) -> int:
    """How many records a copy of themselves would be merged with, by the rules of `_exact` and `_accepted`."""
    names, full, keys = _whole_name(role_of), _of(role_of, "name"), _of(role_of, *_KEYS)
    dates, addresses = _of(role_of, "date"), _of(role_of, "address")
    some = {part: _any([f"{c} IS NOT NULL" for c in columns]) for part, columns in
            {"keys": keys, "dates": dates, "addresses": addresses, "full": full}.items()}  # fmt: skip
    whole = " AND ".join(f"{n} IS NOT NULL" for n in names) or "false"
    exact = f"{some['keys']} AND (({whole}) OR {some['dates']})"
    two = " + ".join(f"CAST({k} IS NOT NULL AS INT)" for k in keys) or "0"
    person = f"({some['full']} OR {some['dates']} OR {two} >= 2)"
    if _of(role_of, *_THIN):
        codes = " + ".join(f"CAST({c} IS NOT NULL AS INT)" for c in _of(role_of, "code")) or "0"
        person += f" AND ({some['keys']} OR {some['dates']} OR {some['addresses']} OR {codes} >= 2)"
    weight, meets = model.of_a_copy(role_of, scored)
    return connection.execute(
        f"""
        SELECT count(*) FROM (SELECT ({exact}) AS exact, ({person}) AS person, {weight} AS weight, {meets} AS meets
            FROM people)
        WHERE exact OR (person AND meets AND 1 / (1 + pow(2, -weight)) >= $threshold)
        """,
        {"threshold": threshold},
    ).fetchall()[0][0]


# --- the graph -------------------------------------------------------------------------------------------------------


def _union(n: int, left: np.ndarray, right: np.ndarray) -> tuple[list[tuple[int, int, int]], np.ndarray]:
    """Join `n` records link by link.

    Returns
    -------
    for every link that joins two groups (its position, smallest record of the joined, smallest record of the group that
    joins it); and for every record the smallest record of its group
    """
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    merges = []
    for position, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        kept, merged = sorted((root(a), root(b)))
        if kept != merged:
            parent[merged] = kept
            merges.append((position, kept, merged))
    return merges, np.array([root(i) for i in range(n)], dtype="int64")


def _ledger(links: pd.DataFrame, merges: list[tuple[int, int, int]], ids: object) -> pd.DataFrame:
    link, kept, merged = (list(column) for column in zip(*merges, strict=True)) if merges else ([], [], [])
    ledger = links.iloc[link].assign(
        merge_id=np.arange(1, len(merges) + 1), kept=ids[kept], merged=ids[merged], undone=False
    )
    return ledger[_LEDGER].reset_index(drop=True)


def _bridges(connection: duckdb.DuckDBPyConnection, role_of: dict[str, str], links: pd.DataFrame) -> pd.DataFrame:
    """Links whose removal leaves two parts of two or more records, and whether the parts contradict each other."""
    bridging = cuts(links["left"].to_numpy(), links["right"].to_numpy())
    table = links.loc[[link for link, *_ in bridging], ["left", "right", "probability"]].reset_index(drop=True)
    table["left_records"], table["right_records"] = [len(c[1]) for c in bridging], [len(c[2]) for c in bridging]
    parts = [(b, side, record) for b, cut in enumerate(bridging) for side in (0, 1) for record in cut[side + 1]]
    connection.register("parts", pd.DataFrame(parts, columns=["bridge", "side", "record"], dtype="int64"))
    table["contradiction"] = ""
    for column in _of(role_of, "gender", "date"):
        differs = _far([column]) if role_of[column] == "date" else f"l.{column} <> r.{column}"
        against = connection.execute(f"""
            WITH said AS (SELECT DISTINCT bridge, side, {column} FROM parts JOIN people USING (record)
                          WHERE {column} IS NOT NULL)
            SELECT l.bridge FROM said AS l JOIN said AS r ON l.bridge = r.bridge AND l.side = 0 AND r.side = 1
            GROUP BY l.bridge HAVING min(CAST({differs} AS INT)) = 1
        """).df()["bridge"]
        table.loc[against, "contradiction"] = column
    table["held"] = table["contradiction"] != ""
    return table.sort_values(["left", "right"], ignore_index=True)


def cuts(left: np.ndarray, right: np.ndarray) -> list[tuple[int, list[int], list[int]]]:
    """(link, records on its left, records on its right) of every bridge between parts of two or more records.

    Depth first; a link down the tree is a bridge when nothing below it reaches above it (Tarjan 1974).
    """
    neighbours: dict[int, list[tuple[int, int]]] = {}
    for link, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        neighbours.setdefault(a, []).append((b, link))
        neighbours.setdefault(b, []).append((a, link))
    place: dict[int, int] = {}
    found = []
    for start in sorted(neighbours):
        if start in place:
            continue
        order, lowest, below = [start], {start: len(place)}, []
        place[start] = first = len(place)
        stack = [(start, -1, iter(neighbours[start]))]
        while stack:
            record, by, rest = stack[-1]
            for other, link in rest:
                if other not in place:
                    place[other] = lowest[other] = len(place)
                    order.append(other)
                    stack.append((other, link, iter(neighbours[other])))
                    break
                if link != by:
                    lowest[record] = min(lowest[record], place[other])
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    lowest[above] = min(lowest[above], lowest[record])
                    if lowest[record] > place[above]:
                        below.append((by, place[record] - first, len(order)))
        for link, begin, end in below:
            if end - begin >= 2 and len(order) - (end - begin) >= 2:
                parts = order[begin:end], order[:begin] + order[end:]
                found.append((link, *(parts if left[link] in parts[0] else parts[::-1])))
    return found
