"""What somebody else writes as a SQL condition, known for one expression before any of it is run.

DuckDB parses it; the tree tells whether it is a condition over the table at hand or something that sets, reads or makes
rows. `engine.connect` keeps files shut either way.
"""

import json
from collections.abc import Collection, Iterator
from functools import cache

import duckdb

from course.errors import DataError

#: Clocks that SQL writes without brackets, like columns.
_CLOCKS = {"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"}
#: Where a subquery may take its rows from: a table (which one is looked at), others joined to it, values as written.
_ROWS_FROM = {"EMPTY", "BASE_TABLE", "JOIN", "SUBQUERY", "EXPRESSION_LIST"}
#: They make several rows of one.
_MULTIPLY = {"unnest", "unlist", "generate_subscripts"}
_LONGEST = 20_000  # characters


def columns(session: duckdb.DuckDBPyConnection, expression: str, tables: Collection[str] = ()) -> list[str]:
    """The columns that a SQL expression names, once it is sure to be one expression and to depend on the data alone.

    Parameters
    ----------
    tables : those that a subquery in it may look at.

    Raises
    ------
    DataError : why it is none, as half a sentence.
    """
    if len(expression) > _LONGEST:
        raise DataError("it is too long")
    query = {"query": f"SELECT ({expression}\n)"}
    try:
        parsed = json.loads(session.execute("SELECT json_serialize_sql($query)", query).fetchone()[0])
    except (duckdb.Error, RecursionError) as error:
        raise DataError("the database says: {why}", why=(str(error).splitlines() or [""])[0].rstrip(".")) from None
    if parsed["error"]:
        raise DataError("the database says: {why}", why=parsed["error_message"].splitlines()[0].rstrip("."))
    node = parsed["statements"][0]["node"]
    is_plain = len(parsed["statements"]) == 1 and node["type"] == "SELECT_NODE" and len(node["select_list"]) == 1
    clauses = ("where_clause", "having", "qualify", "modifiers", "group_expressions", "sample")
    if not is_plain or node["from_table"]["type"] != "EMPTY" or any(node.get(clause) for clause in clauses):
        raise DataError("it is not one expression")
    parts = list(_parts(node))
    named = [p["column_names"][-1] for p in parts if p.get("class") == "COLUMN_REF"]
    _refuse_rows(parts, {t.lower() for t in tables})
    functions = {str(p.get("function_name") or "").lower() for p in parts}
    if found := functions & unsteady() | _CLOCKS & {c.lower() for c in named}:
        raise DataError("{what} changes by itself; write as_of for the date", what=min(found))
    return named


def _refuse_rows(parts: list[dict], tables: set[str]) -> None:
    """Refuse what takes rows from anywhere but the table at hand, or makes more of them."""
    own = {str(entry.get("key", "")).lower() for p in parts for entry in (p.get("cte_map") or {}).get("map", ())}
    for part in parts:
        source = part.get("from_table")
        for one in (source, part.get("left"), part.get("right")) if isinstance(part, dict) else ():
            if isinstance(one, dict) and "class" not in one and one.get("type", "EMPTY") not in _ROWS_FROM:
                raise DataError("{what} is no condition", what=str(one["type"]).lower().replace("_", " "))
        if part.get("type") == "BASE_TABLE" and str(part.get("table_name")).lower() not in tables | own:
            raise DataError("there is no table {table} to look at", table=part.get("table_name"))
        if str(part.get("function_name") or "").lower() in _MULTIPLY:
            raise DataError("{what} makes several rows of one", what=part["function_name"])
        if part.get("class") == "PARAMETER":
            raise DataError("it has a place for a value that nobody fills in ($ or ?)")


@cache
def unsteady() -> frozenset[str]:
    """Functions that give something else each time: the database's own, looked up once (it takes long)."""
    changing = duckdb.connect().execute(
        # A function of which a form changes only with the session's time zone, which is always UTC here, is steady.
        "SELECT function_name FROM duckdb_functions() GROUP BY function_name "
        "HAVING bool_or(stability = 'VOLATILE') OR bool_and(stability <> 'CONSISTENT')"
    )
    # age of one date counts to today, and is not listed as changing.
    return frozenset({"age", *(row[0] for row in changing.fetchall())})


def _parts(tree: object) -> Iterator[dict]:
    open_ones = [tree]
    while open_ones:
        one = open_ones.pop()
        if isinstance(one, dict):
            yield one
        if isinstance(one, dict | list):
            open_ones += reversed(list(one.values()) if isinstance(one, dict) else one)
