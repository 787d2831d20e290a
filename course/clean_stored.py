"""`course.clean` over order lines that are in the database (`course.collect.plain`): the same parts, accounts, flags
and refunds, as statements. No row passes through Python but those that are listed for a reader."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pandas as pd

from course import clean, schema
from course.clean import Cleaned
from course.collect import Table
from course.collect.plain import totals, totals_by
from course.engine import Relation, here, keep_here

#: Columns that every row of order lines has beside the canonical ones.
_OWN = ("source", "source_row", "row")


def apply(table: Table, *, as_of: object = None) -> Cleaned:
    """`clean.apply` of order lines in the database, by the kit's rules.

    Returns
    -------
    valid, set_aside, quarantine as relations; those rows that are not valid have `number`, which rule took them, in
    place of rule, column and value: `first_rows` words these

    Raises
    ------
    DataError : as for `clean.apply`.
    """
    rules = clean.rules_for(table)
    declared, flags = list(rules["rules"]), list(rules.get("flags") or [])
    judged = _judged(table, declared, flags, as_of)
    numbered = {int(number): _counted(one) for number, one in totals_by(judged, "number").items()}
    if 0 not in numbered or judged.where("number = 0 AND amount <> 0").empty:
        return clean.apply(replace(table, frame=framed(table.frame)), rules, as_of=as_of)  # which refuses it
    names = declared + [dict(rule) for rule in clean.ALWAYS]
    valid = _valid(judged, table, names, flags)
    apart = {
        outcome: judged.where(f"number IN ({', '.join(str(i) for i in _of(names, outcome))})")
        for outcome in ("set_aside", "quarantine")
    }
    return Cleaned(
        table.kind,
        valid,
        apart["set_aside"],
        apart["quarantine"],
        names,
        clean.accounts(_counted(totals(judged)), numbered, names, _counted(totals(judged.where("false")))),
        {flag["name"]: _counted(totals(valid.where(f'"{flag["name"]}"'))) for flag in flags},
    )


def framed(rows: Relation) -> pd.DataFrame:
    """The rows of a collected table as the frame that the strict reader gives."""
    frame = here("SELECT * FROM rows ORDER BY row", {"rows": rows}).drop(columns="row")
    return frame.astype({c: d for c, d in rows.dtypes.items() if c in frame} | {"source": "category"})


def first_rows(cleaned: Cleaned, outcome: str, number: int) -> pd.DataFrame:
    """The first rows of what was set aside or is in quarantine, each with its rule, the column to look at and its
    value, whether they are in the database or not."""
    rows = getattr(cleaned, outcome)
    if not isinstance(rows, Relation):
        return rows.head(number)
    frame = here(f"SELECT * FROM rows ORDER BY row LIMIT {number}", {"rows": rows}).drop(columns="row")
    frame = frame.astype({c: d for c, d in rows.dtypes.items() if c in frame and c != "number"})
    taken_by = frame.pop("number").to_numpy("int64")
    frame = frame[[c for c in frame if not c.startswith("_")]]
    return clean.with_reasons(frame, taken_by, cleaned.rules, Table(cleaned.kind, frame, pd.DataFrame(), {}))[outcome]


def _of(rules: list[dict], outcome: str) -> Iterator[int]:
    return (i for i, rule in enumerate(rules, 1) if rule["outcome"] == outcome)


def _counted(found: dict) -> dict:
    return {k: found[k] for k in ("rows", "orders", "customers", "money")}


# --- which rule takes a row -------------------------------------------------------------------------------------------


def _judged(table: Table, declared: list[dict], flags: list[dict], as_of: object) -> Relation:
    """The rows with `number`, that of the rule that takes it (0: none), and `_NAME` of each flag with a condition."""
    rows = table.frame
    cases = " ".join(f"WHEN ({rule['when']}\n) THEN {i}" for i, rule in enumerate(declared, 1))
    first = f"CASE {cases} ELSE 0 END" if cases else "0"
    told = "".join(
        f', coalesce(({flag["when"]}\n), false) AS "_{flag["name"]}"'
        for flag in flags
        if flag["name"] not in _COUNTED_FLAGS
    )
    kept = ", ".join(f'"{c}"' for c in rows.columns)
    always, later = _always(table, as_of), clean.LATER
    sql = f"""
        SELECT * EXCLUDE (first, always), CASE WHEN first > 0 AND always <> {later} THEN first
            WHEN always > 0 THEN always + {len(declared)} ELSE 0 END AS number
        FROM (SELECT {kept}, {first} AS first, {always} AS always{told} FROM received)
    """
    return keep_here(sql, {"received": _received(rows)}).typed(**rows.dtypes)


#: Flags that are counted over rows, and have no condition.
_COUNTED_FLAGS = ("is_duplicate", "is_cancelled_later")


def _received(rows: Relation) -> Relation:
    """The rows as a rules file knows them: the columns that the file lacks are blank."""
    for name, column in schema.canonical("orders").columns.items():
        if name not in rows:
            rows = rows.computed(name, f"CAST(NULL AS {clean.SQL_TYPES[column.type]})", "object")
    return rows.computed("is_repeated_order", "false", "bool")


def _always(table: Table, as_of: object) -> str:
    """SQL: the number (from 1) of the rule of clean.ALWAYS that finds a row, 0 where none does; the strictest first."""
    needs = clean.needs(table)
    blank = " OR ".join(f'"{c}" IS NULL' for c in needs)
    later = "false"
    if as_of is not None:
        day = (pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1)).date()
        later = f"coalesce(ordered_at >= TIMESTAMP '{day}', false)"
    return (
        f"CASE WHEN coalesce(year(ordered_at) NOT BETWEEN 1970 AND 2100, false) THEN 2 WHEN {blank} THEN 3 "
        f"WHEN {later} THEN {clean.LATER} ELSE 0 END"
    )


# --- valid rows -------------------------------------------------------------------------------------------------------

#: Rows that are the same as an earlier one: those whose hash comes again are looked at.
_COPIES = """
    WITH suspects AS (SELECT hash({content}) AS code FROM lines GROUP BY code HAVING count(*) > 1)
    SELECT row FROM (
        SELECT row, row_number() OVER (PARTITION BY {content} ORDER BY row) AS number
        FROM lines WHERE hash({content}) IN (SELECT code FROM suspects)
    ) WHERE number > 1
"""
_VALID = """
    SELECT {columns}, coalesce(back.refunded, 0.0) AS refunded{flags}
    FROM lines LEFT JOIN copies ON lines.row = copies.row LEFT JOIN back ON lines.row = back.sold
"""
_FLAGS = {"is_duplicate": "copies.row IS NOT NULL", "is_cancelled_later": "back.sold IS NOT NULL"}


def _valid(judged: Relation, table: Table, names: list[dict], flags: list[dict]) -> Relation:
    """The rows that no rule takes, with what was given back of them and their flags."""
    lines = judged.where("number = 0")
    columns = [c for c in table.frame.columns if c not in _OWN]
    copies = keep_here(_COPIES.format(content=", ".join(f'"{c}"' for c in columns)), {"lines": lines})
    cancelled = next((i for i, rule in enumerate(names, 1) if rule["name"] == "cancellation"), 0)
    back = _back(lines, judged.where(f"number = {cancelled} AND amount < 0"))
    told = "".join(f', {_FLAGS.get(f["name"], f"""lines."_{f["name"]}" """)} AS "{f["name"]}"' for f in flags)
    kept = [c for c in table.frame.columns if c != "row"]
    sql = _VALID.format(columns=", ".join(f'lines."{c}"' for c in kept), flags=told)
    valid = keep_here(sql, {"lines": lines, "copies": copies, "back": back})
    return valid.typed(**{c: d for c, d in table.frame.dtypes.items() if c in valid})


def _back(lines: Relation, cancelled: Relation) -> Relation:
    """The rows of which something was taken back, and how much (clean.match_refunds)."""
    sold, returned = (_party(rows, sign) for rows, sign in ((lines, ""), (cancelled, "-")))
    returned = returned.computed("cancels", "CAST(NULL AS VARCHAR)", "str")
    return keep_here(clean.matching(lines=True), {"sold": sold, "returned": returned})


def _party(rows: Relation, sign: str) -> Relation:
    """Rows of one side of `clean.matching`."""
    rows = rows.computed("moment", "ordered_at", "datetime64[us]").computed("units", f"{sign}quantity")
    columns = ["row", "customer_id", "product_id", "unit_price", "order_id", "moment", "amount", "units"]
    return rows.computed("amount", f"{sign}amount")[columns]


# --- afterwards -------------------------------------------------------------------------------------------------------


def renamed(rows: Relation, columns: tuple[str, ...], names: Mapping[str, str]) -> Relation:
    """The rows with other ids in these columns, where `names` has one."""
    told = pd.DataFrame({"old": list(names), "new": list(names.values())}, dtype="str")
    for column in columns:
        sql = f"""
            SELECT rows.* REPLACE (coalesce(names.new, rows."{column}") AS "{column}")
            FROM rows LEFT JOIN names ON rows."{column}" = names.old
        """
        rows = keep_here(sql, {"rows": rows, "names": told}).typed(**rows.dtypes)
    return rows


def profile(rows: Relation, kind: str) -> pd.DataFrame:
    """`clean.profile` of rows in the database."""
    n, found = len(rows), []
    for name in (c for c in schema.canonical(kind).columns if c in rows):
        filled, distinct = rows.asked(f'count("{name}")', f'count(DISTINCT "{name}")')
        counts = not pd.api.types.is_string_dtype(rows.dtypes[name])
        ends = (rows[name].min(), rows[name].max()) if counts and filled else (None, None)
        share = filled / n if n else float("nan")
        found.append((name, n, share, distinct, *ends))
    return pd.DataFrame(found, columns=["column", "rows", "filled", "distinct", "lowest", "highest"])
