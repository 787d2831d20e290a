"""Declared rules over a collected table: what is valid, what is set aside, what is quarantined, and why.

Rules are data: `rules/*.yaml`, a SQL condition each, run by DuckDB over the frame in place. The first rule that holds
takes the row, so the parts add up to what was received, in rows and in money. Flags mark valid rows and change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import duckdb
import numpy as np
import pandas as pd

from course import engine, schema, small_yaml
from course.collect import Table, control_totals
from course.collect.mapping import CHANGED
from course.collect.values import exact, masked, times
from course.engine import Relation, expressions, query
from course.errors import DataError
from course.forms import normal
from course.language import Sentence

_RULES = Path(__file__).parent / "rules"
_OUTCOMES = ("set_aside", "quarantine")

#: What every table is judged by after its declared rules: nothing later can use such a row.
ALWAYS = (
    {"name": "unreadable", "outcome": "quarantine", "en": "a value that cannot be read", "zh": "无法识别的值"},
    {
        "name": "impossible_date",
        "outcome": "quarantine",
        "en": "year outside 1970–2100",
        "zh": "年份不在 1970–2100 之间",
    },
    {"name": "missing_value", "outcome": "quarantine", "en": "a required value is missing", "zh": "缺少必填的值"},
    {"name": "after_as_of", "outcome": "set_aside", "en": "later than the as-of date", "zh": "晚于统计截止日"},
)
#: The number of after_as_of among them.
LATER = 4


@dataclass
class Cleaned:
    """A table after its rules.

    Attributes
    ----------
    kind : the canonical table
    valid : the rows to work with: the table's columns, its flags (bool) and, for orders, `refunded` (money, ≥ 0, of
        cancellations matched to the row); a relation, like the others, where the rows are in the database
    set_aside, quarantine : the other rows, with `rule`, `column` (the one to look at) and `value` (masked)
    rules : the rules in order: name, outcome, names in both languages
    accounts : control totals of received, valid and every rule; rows and money add up
    flags : control totals of every flag on valid rows
    notes : what a reader should know
    """

    kind: str
    valid: pd.DataFrame | Relation
    set_aside: pd.DataFrame | Relation
    quarantine: pd.DataFrame | Relation
    rules: list[dict]
    accounts: dict[str, dict]
    flags: dict[str, dict]
    notes: list[Sentence] = field(default_factory=list)


def load_rules(path: str | Path) -> dict:
    """Read a rules file.

    Raises
    ------
    DataError : not YAML (with the line), or a rule without name, outcome, condition or column.
    """
    content = small_yaml.read(path)
    _check_rules(content, Path(path).name)
    return content


def _check_rules(content: object, where: str) -> None:
    rules = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(rules, list):
        raise DataError("{where}: expected a list under “rules:”.", where=where)
    seen = {r["name"] for r in ALWAYS}
    for i, rule in enumerate(rules, 1):
        lacking = [k for k in ("name", "outcome", "when", "column") if not isinstance(rule, dict) or k not in rule]
        if lacking:
            raise DataError("{where}: rule {i} lacks {keys}.", where=where, i=i, keys=", ".join(lacking))
        _check_texts(rule, ("name", "when", "column"), where, i)
        if rule["outcome"] not in _OUTCOMES:
            raise DataError(
                "{where}: the outcome of {rule} is set_aside or quarantine, not {outcome}.",
                where=where,
                rule=rule["name"],
                outcome=rule["outcome"],
            )
        if rule["name"] in seen or rule["name"] in ("received", "valid"):
            raise DataError("{where}: the rule name {rule} is used twice.", where=where, rule=rule["name"])
        seen.add(rule["name"])
    flags = content.get("flags") or []
    if not isinstance(flags, list) or not all(isinstance(flag, dict) and "name" in flag for flag in flags):
        raise DataError("{where}: expected a list under “flags:”, each with a name.", where=where)
    for i, flag in enumerate(flags, 1):
        counted = flag["name"] in ("is_duplicate", "is_cancelled_later")
        _check_texts({"when": ""} | flag if counted else flag, ("name", "when"), where, i)


def _check_texts(rule: dict, keys: tuple[str, ...], where: str, i: int) -> None:
    for key in keys:
        if not isinstance(rule.get(key), str):
            raise DataError("{where}: “{key}” of rule {i} is a text: put it in quotes.", where=where, key=key, i=i)


@cache
def _default_rules(name: str) -> dict:
    path = _RULES / f"{name}.yaml"
    return load_rules(path) if path.exists() else {"rules": [], "flags": []}


def rules_for(table: Table) -> dict:
    """The rules the kit applies to this table unless told otherwise."""
    return _default_rules("lines" if table.kind == "orders" and table.has_lines else table.kind)


def apply(table: Table, rules: Mapping | str | Path | None = None, *, as_of: object = None) -> Cleaned:
    """Sort the rows of a collected table into valid, set aside and quarantined.

    Parameters
    ----------
    table : what collect.read gave.
    rules : a rules file or its content; default: `rules_for(table)`.
    as_of : rows after this day are set aside.

    Raises
    ------
    DataError : a rule that cannot be run; no valid row left; orders that are all without money.
    """
    rules = rules_for(table) if rules is None else rules
    if isinstance(rules, str | Path):
        rules = load_rules(rules)
    else:
        _check_rules(rules, "rules")
    declared = list(rules["rules"])
    frame = table.frame
    number = _first_match(frame, table, [r["when"] for r in declared])
    unread, always = _always(table, as_of)
    own = _of_unread_column(number, declared, unread)
    # What is later than the day is not known on it, whatever a rule would say of it: a refund to come least of all.
    own |= always == LATER
    number = np.where((number > 0) & ~own, number, np.where(always > 0, always + len(declared), 0))
    names = declared + [dict(r) for r in ALWAYS]
    valid = frame[number == 0].reset_index(drop=True)
    apart = with_reasons(frame, number, names, table, unread)
    if valid.empty:
        raise _nothing_left(pd.concat(apart.values()), as_of)
    if table.kind == "orders" and (valid["amount"] == 0).all():
        raise DataError(
            "The amount of all {rows:,} {rows:order|orders} is zero: {column} is probably the wrong column. "
            "Say which one holds the money: --map amount=COLUMN.",
            rows=len(valid),
            column=table.mapping.get("amount") or table.mapping["unit_price"],
        )
    cleaned = Cleaned(
        table.kind,
        valid,
        apart["set_aside"],
        apart["quarantine"],
        names,
        _accounts(frame, number, names),
        {},
        _left_blank(table),
    )
    if table.kind == "orders":
        refunds = match_refunds(valid, cleaned.set_aside)
        said = valid["refunded"].to_numpy("float64") if "refunded" in valid else 0.0
        valid["refunded"], cancelled = said + refunds["refunded"].to_numpy(), refunds["cancelled"].to_numpy()
        cleaned.notes += _still_open(cleaned.set_aside)
        cleaned.notes += _not_taken_off(table, cleaned.set_aside, float(refunds["refunded"].sum()))
    else:
        cancelled = None
    _flag(cleaned, np.flatnonzero(number == 0), list(rules.get("flags") or []), table, cancelled)
    return cleaned


#: An order's amount may hold postage or a voucher that its lines do not; not five times as much, nor a fifth.
_OFF = 5.0


def reconcile(orders: Cleaned, lines: Cleaned) -> Cleaned:
    """Quarantine the orders whose amount has nothing to do with their lines: a slipped decimal point, another currency.

    Parameters
    ----------
    orders : a table of one row an order; lines : the table of its lines, with quantity and unit_price.

    Returns
    -------
    the orders with rows moved to the quarantine under the rule amount_off_lines; the same where lines have no prices
    """
    if not {"quantity", "unit_price"} <= set(lines.valid.columns):
        return orders
    worth = (lines.valid["quantity"] * lines.valid["unit_price"]).groupby(lines.valid["order_id"]).sum()
    valid = orders.valid
    # Where a line is in quarantine itself, nobody knows what the others should add up to.
    listed = valid["order_id"].map(worth.drop(lines.quarantine["order_id"].unique(), errors="ignore"))
    full = valid["amount"] + (valid["discount"].fillna(0.0) if "discount" in valid else 0.0)
    off = (listed > 0) & (valid["amount"] > 0) & ~(full / listed).between(1 / _OFF, _OFF)
    if not off.any():
        return orders
    rule = {
        "name": "amount_off_lines",
        "outcome": "quarantine",
        "column": "amount",
        "when": f"amount and lines differ by more than {_OFF:g} times",
        "en": "amount that its lines do not explain",
        "zh": "金额与明细对不上",
    }
    moved = valid[off].assign(rule=rule["name"], column="amount")
    moved["value"] = pd.array(_masked_column(moved["amount"]), dtype="str")
    quarantine = pd.concat([orders.quarantine, moved[[c for c in moved if c in orders.quarantine]]], ignore_index=True)
    kept = valid[~off].reset_index(drop=True)
    accounts = orders.accounts | {"valid": _account(kept), rule["name"]: _account(valid[off])}
    flags = {name: _account(kept[kept[name]]) for name in orders.flags}
    return replace(
        orders, valid=kept, quarantine=quarantine, rules=[*orders.rules, rule], accounts=accounts, flags=flags
    )


def _view(connection: duckdb.DuckDBPyConnection, frame: pd.DataFrame, table: Table, conditions: list[str]) -> None:
    """`received`: the canonical columns, those the file lacks as NULL, so that one rules file serves every export; and
    the export's own columns that a condition names (SQL does not tell Amount from amount)."""
    columns = schema.canonical(table.kind).columns
    taken = {c.lower() for c in columns}
    own = [c for c in frame if c.lower() not in taken and any(c in condition for condition in conditions)]
    # What a form says of its own rows is a truth value; a column of the export that is only called so is text.
    said = "is_repeated_order" in frame and pd.api.types.is_bool_dtype(frame["is_repeated_order"].dtype)
    present = [c for c in columns if c in frame] + [c for c in own if c != "is_repeated_order" or said]
    # A rule that looks at other rows may be run as a join, which keeps no order: rows carry their number.
    connection.register("_cells", frame[present].assign(_row=np.arange(len(frame))))
    lacking = [f'CAST(NULL AS {SQL_TYPES[c.type]}) AS "{n}"' for n, c in columns.items() if n not in frame]
    if table.kind == "orders" and not said:
        connection.register("_repeated", pd.DataFrame({"is_repeated_order": _repeated_orders(table)}))
        lacking.append("_repeated.is_repeated_order")
        connection.execute(
            f"CREATE TEMP VIEW received AS SELECT _cells.*, {', '.join(lacking)} FROM _cells POSITIONAL JOIN _repeated"
        )
    else:
        connection.execute(f"CREATE TEMP VIEW received AS SELECT {', '.join(['*', *lacking])} FROM _cells")


SQL_TYPES = {
    "id": "VARCHAR",
    "text": "VARCHAR",
    "number": "DOUBLE",
    "money": "DOUBLE",
    "score": "DOUBLE",
    "time": "TIMESTAMP",
    "date": "TIMESTAMP",
}


#: Where nothing says which state of an order came last: what is given back stays so, what is paid was unpaid before.
_LAST = {"unpaid": 0, "completed": 1, "cancelled": 2, "refunded": 3}


def _repeated_orders(table: Table) -> np.ndarray:
    """Rows of an order table that say nothing new of their order: the same to the letter as an earlier row, or an
    earlier state of an order whose last state another row has."""
    frame = table.frame
    repeated = np.zeros(len(frame), dtype=bool)
    if table.has_lines or "order_id" not in table.mapping:
        return repeated
    suspects = np.flatnonzero((frame["order_id"].duplicated(keep=False) & frame["order_id"].notna()).to_numpy())
    content = frame.iloc[suspects].drop(columns=["source", "source_row"])
    copies = content.astype("str").duplicated().to_numpy()
    repeated[suspects] = copies
    if "status" in content:
        repeated[suspects[~copies]] = _earlier_states(content[~copies])
    return repeated


def _earlier_states(orders: pd.DataFrame) -> np.ndarray:
    """True for rows of one order, at one moment and of one amount, that are not its last state."""
    same = ["order_id", "customer_id", "ordered_at", "amount"]
    changed = next((c for c in orders if normal(c) in CHANGED), None)
    when = times(orders[changed], changed).values if changed else pd.Series(pd.NaT, index=orders.index)
    rank = orders["status"].map(_LAST).fillna(_LAST["completed"])
    ranked = orders[same].assign(when=when, rank=rank, row=np.arange(len(orders)))
    ranked = ranked.sort_values(["when", "rank", "row"], na_position="first")
    earlier = ranked.duplicated(same, keep="last") & (
        ranked.groupby(same, dropna=False)["rank"].transform("nunique") > 1
    )
    return earlier.reindex(orders.index).to_numpy()


def _first_match(frame: pd.DataFrame, table: Table, conditions: list[str]) -> np.ndarray:
    """The number (from 1) of the first condition that holds in each row; 0 where none does."""
    if not conditions:
        return np.zeros(len(frame), dtype="int64")
    with engine.connect() as connection:
        _view(connection, frame, table, conditions)
        for i, condition in enumerate(conditions, 1):
            try:
                expressions.columns(connection, condition, ("received",))
            except DataError as error:
                raise _cannot_run(i, error.sentence) from None
            _run(
                connection,
                i,
                f"SELECT count(*) FROM (SELECT * FROM received LIMIT 0) AS received WHERE ({condition}\n)",
            )
        cases = " ".join(f"WHEN ({c}\n) THEN {i}" for i, c in enumerate(conditions, 1))
        first = f"SELECT CAST(CASE {cases} ELSE 0 END AS BIGINT) AS number FROM received ORDER BY _row"
        try:
            return connection.execute(first).fetchnumpy()["number"]
        except duckdb.Error:
            # A cell that a rule cannot calculate with shows only when it is met: by which of them?
            for i, condition in enumerate(conditions, 1):
                _run(connection, i, f"SELECT count(*) FROM received WHERE ({condition}\n)")
            raise


def _run(connection: duckdb.DuckDBPyConnection, i: int, sql: str) -> None:
    try:
        connection.execute(sql).fetchall()
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise _cannot_run(i, str(error).splitlines()[0].rstrip(".")) from None


def _cannot_run(i: int, why: Sentence | str) -> DataError:
    return DataError("Rule {i} cannot be run: {why}. Mend its “when”.", i=i, why=why)


def _always(table: Table, as_of: object) -> tuple[dict[int, tuple[str, str]], np.ndarray]:
    """What ALWAYS finds: {row: (column, raw value)} of unreadable cells, and the rule's number (from 1) a row."""
    frame, needed = table.frame, needs(table)
    number = np.zeros(len(frame), dtype="int64")
    if as_of is not None and (time := schema.time_column(table.frame)):
        number[(frame[time] >= pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1)).to_numpy()] = LATER
    for column in needed:
        number[frame[column].isna().to_numpy()] = 3
    for column in (c for c in needed if pd.api.types.is_datetime64_any_dtype(frame[c].dtype)):
        years = frame[column].dt.year
        number[(frame[column].notna() & ~years.between(1970, 2100)).to_numpy()] = 2
    problems = table.problems[table.problems["column"].isin(_judged(table))]
    unread = {int(r): (c, v) for r, c, v in problems.itertuples(index=False)}
    number[list(unread)] = 1
    return unread, number


def needs(table: Table) -> list[str]:
    """Columns a row must have filled to be of use."""
    needed = [c for c in schema.canonical(table.kind).required if c in table.frame]
    if table.kind == "orders":
        needed += ["amount", "order_id"]
    return needed


def _judged(table: Table) -> list[str]:
    """Columns whose unreadable cells spoil the row."""
    return [*needs(table), "quantity", "unit_price"]


def with_reasons(
    frame: pd.DataFrame, number: np.ndarray, rules: list[dict], table: Table, unread: Mapping = MappingProxyType({})
) -> dict[str, pd.DataFrame]:
    """The rows of each outcome with the rule that took them (`number`, from 1), the column to look at and its value.

    `unread` : {row: (column, raw value)} of cells that could not be read
    """
    out = {}
    for outcome in _OUTCOMES:
        numbers = [i for i, r in enumerate(rules, 1) if r["outcome"] == outcome]
        rows = np.flatnonzero(np.isin(number, numbers))
        part = frame.iloc[rows]
        rule = np.array([r["name"] for r in rules], dtype=object)[number[rows] - 1]
        column, value = _reason(frame, rows, number[rows], rules, table, unread)
        out[outcome] = part.assign(rule=pd.array(rule, dtype="str"), column=column, value=value).reset_index(drop=True)
    return out


def _reason(frame, rows, numbers, rules, table, unread) -> tuple[pd.array, pd.array]:
    """The column to look at and its masked value, a rule at a time."""
    column = np.full(len(rows), "", dtype=object)
    value = np.full(len(rows), "", dtype=object)
    needed = needs(table)
    time = schema.time_column(table.frame) or ""
    for i in np.unique(numbers):
        at = np.flatnonzero(numbers == i)
        rule = rules[i - 1]
        name = rule.get("column") or (time if rule["name"] in ("impossible_date", "after_as_of") else None)
        if rule["name"] == "unreadable":
            column[at] = [unread[r][0] for r in rows[at]]
            value[at] = [masked(unread[r][1]) for r in rows[at]]
        elif rule["name"] == "missing_value":
            blank = frame.iloc[rows[at]][needed].isna()
            column[at] = blank.idxmax(axis=1).to_numpy()
        else:
            column[at] = name
            if name in frame:
                value[at] = _masked_column(frame[name].iloc[rows[at]])
    return pd.array(column, dtype="str"), pd.array(value, dtype="str")


def _masked_column(cells: pd.Series) -> np.ndarray:
    """Figures and dates as they are, texts masked: they may name a person."""
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return cells.dt.strftime("%Y-%m-%d %H:%M:%S").fillna("").to_numpy(dtype=object)
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return np.array(["" if np.isnan(v) else f"{v:.15g}" for v in cells.to_numpy("float64")], dtype=object)
    codes, distinct = pd.factorize(cells)
    shown = np.array([masked(v) for v in distinct] + [""], dtype=object)
    return shown[codes]


def accounts(received: dict, numbered: Mapping[int, dict], rules: list[dict], none: dict) -> dict[str, dict]:
    """{name: rows, orders, customers, money} of what was received, of what is valid and of each rule's rows.

    Parameters
    ----------
    numbered : by the number of the rule, 0 for valid rows; none : the account of no row.
    """
    named = {"received": received, "valid": numbered.get(0, none)}
    for i, rule in enumerate(rules, 1):
        # The last ones are not the user's, and quiet ones are rare: they are named when they catch something.
        if i in numbered or not (rule in ALWAYS or rule.get("quiet")):
            named[rule["name"]] = numbered.get(i, none)
    return named


def _accounts(frame: pd.DataFrame, number: np.ndarray, rules: list[dict]) -> dict[str, dict]:
    numbered = {int(i): _account(frame, number == i) for i in np.unique(number)}
    return accounts(_account(frame), numbered, rules, _account(frame[:0]))


def _account(frame: pd.DataFrame, rows: np.ndarray | slice = slice(None)) -> dict:
    """Of some rows; nothing else of them is copied."""
    counted = [c for c in ("order_id", "customer_id", "amount") if c in frame]
    totals = control_totals(frame[counted][rows])
    return {k: totals[k] for k in ("rows", "orders", "customers", "money")}


def _of_unread_column(number: np.ndarray, declared: list[dict], unread: dict) -> np.ndarray:
    """True where the rule that holds looks at the very cell that could not be read: it is not blank but unreadable."""
    own = np.zeros(len(number), dtype=bool)
    for row, (column, _) in unread.items():
        own[row] = number[row] > 0 and declared[number[row] - 1]["column"] == column
    return own


def _left_blank(table: Table) -> list[Sentence]:
    """What could not be read where a row can do without it."""
    counts = table.problems.loc[~table.problems["column"].isin(_judged(table)), "column"].value_counts()
    if counts.empty:
        return []
    listed = ", ".join(f"{table.mapping[c]} {n:,}" for c, n in sorted(counts.items()))
    return [Sentence("Cells that cannot be read and count as blank: {counts}.", counts=listed)]


def _nothing_left(apart: pd.DataFrame, as_of: object) -> DataError:
    worst = apart["rule"].mode()[0]
    rows = apart[apart["rule"] == worst]
    if worst == "after_as_of":
        return DataError(
            "No valid row is left: {n:,} of {rows:,} are later than the as-of date {as_of} (first: {first}). "
            "Choose a later date.",
            n=len(rows),
            rows=len(apart),
            as_of=pd.Timestamp(as_of).date(),
            first=rows["value"].min()[:10],
        )
    return DataError(
        "No valid row is left: all {rows:,} are set aside or quarantined, {n:,} of them by the rule {rule} ({column}). "
        "Check the mapping of that column.",
        rows=len(apart),
        n=len(rows),
        rule=worst,
        column=rows["column"].mode()[0],
    )


# --- flags and refunds -----------------------------------------------------------------------------------------------


def _flag(cleaned: Cleaned, kept: np.ndarray, flags: list[dict], table: Table, cancelled: np.ndarray | None) -> None:
    """Add the flags to the valid rows; `kept` are their positions in the table, `cancelled` what was taken back."""
    valid = cleaned.valid
    for flag in flags:
        name = flag["name"]
        if name == "is_duplicate":
            content = valid.drop(columns=["source", "source_row", "refunded", *cleaned.flags])
            valid[name] = content.duplicated().to_numpy()
        elif name == "is_cancelled_later":
            valid[name] = cancelled
        else:
            valid[name] = _first_match(table.frame, table, [flag["when"]])[kept] == 1
        cleaned.flags[name] = _account(valid, valid[name].to_numpy(dtype=bool))


def match_refunds(valid: pd.DataFrame, set_aside: pd.DataFrame) -> pd.DataFrame:
    """Match cancellations to what they cancel.

    A cancellation that names its order (`cancels_order_id`) goes there. Any other goes to the last earlier row of the
    same customer, product and price with at least its quantity; of orders, to the last earlier one of the customer with
    its very amount, else to the last at least as large: a part was given back. A row takes no more than it sold.
    What finds no partner (bought before the data begin) changes nothing.

    Returns
    -------
    frame aligned with `valid`: refunded (money, ≥ 0), cancelled (bool: something of the row was cancelled)
    """
    none = pd.DataFrame({"refunded": 0.0, "cancelled": False}, index=valid.index)
    if "rule" not in set_aside:
        return none
    back = set_aside[(set_aside["rule"] == "cancellation") & (set_aside["amount"] < 0)]
    if back.empty:
        return none
    lines = "product_id" in valid and "unit_price" in valid
    key = ["customer_id", "product_id", "unit_price"] if lines else ["customer_id"]
    sold = _parties(valid, key, lines)
    returned = _parties(back, key, lines)
    returned["amount"], returned["units"] = -returned["amount"], -returned["units"]
    if not lines:  # of an order it is money that is taken back
        sold["units"], returned["units"] = sold["amount"], returned["amount"]
    cancels = back["cancels_order_id"] if "cancels_order_id" in back else pd.Series(None, index=back.index, dtype="str")
    returned["cancels"] = cancels.to_numpy()
    pairs = query(matching(lines), {"sold": sold, "returned": returned})
    none.loc[valid.index[pairs["sold"]], "refunded"] = pairs["refunded"].to_numpy()
    none.loc[valid.index[pairs["sold"]], "cancelled"] = True
    return none


def matching(lines: bool) -> str:
    """SQL: which rows of `sold` the rows of `returned` take back, and how much of their money, as `match_refunds` says.

    Both have row, customer_id, order_id, moment, amount and units, of lines product_id and unit_price too; `returned`
    has cancels, and its amounts and units above nought.
    """
    key = ["customer_id", "product_id", "unit_price"] if lines else ["customer_id"]
    same = " AND ".join(f's."{k}" = r."{k}"' for k in key)
    first = "" if lines else "has = units DESC,"
    return f"""
        WITH candidates AS (
            SELECT s.row AS sold, s.units AS has, s.moment AS bought, r.*
            FROM returned AS r JOIN sold AS s ON s.order_id = r.cancels {f"AND {same}" if lines else ""}
            UNION ALL
            SELECT s.row, s.units, s.moment, r.*
            FROM returned AS r JOIN sold AS s ON {same}
            WHERE r.cancels IS NULL AND s.moment <= r.moment AND s.units >= r.units
        ), chosen AS (
            SELECT * FROM candidates
            QUALIFY row_number() OVER (PARTITION BY row ORDER BY {first} bought DESC, sold DESC) = 1
        ), running AS (
            SELECT *, sum(units) OVER (PARTITION BY sold ORDER BY moment, row) AS taken FROM chosen
        )
        SELECT sold, sum(CAST(round(amount, 6) AS DECIMAL(30, 6)))::DOUBLE AS refunded
        FROM running WHERE taken <= has + 1e-9 GROUP BY sold ORDER BY sold
    """


def _still_open(set_aside: pd.DataFrame) -> list[Sentence]:
    """Orders that are not paid yet: neither sales nor lost."""
    if "rule" not in set_aside:
        return []
    pending = set_aside[set_aside["rule"] == "pending"]
    if pending.empty:
        return []
    return [
        Sentence(
            "{n:,} {n:order|orders} with {money:,.2f} {n:is|are} still open, the oldest of {day}.",
            n=pending["order_id"].nunique(),
            money=exact(pending["amount"]),
            day=pending["ordered_at"].min().date(),
        )
    ]


def _not_taken_off(table: Table, set_aside: pd.DataFrame, refunded: float) -> list[Sentence]:
    """Money given back in rows of its own that found no order: what customers brought is stated too high by it.

    Of lines it is the rule, as what was bought before the data begin is given back too, and is not said.
    """
    if table.has_lines or "rule" not in set_aside:
        return []
    back = set_aside.loc[(set_aside["rule"] == "cancellation") & (set_aside["amount"] < 0), "amount"]
    left = round(-exact(back) - refunded, 2)
    if left <= 0:
        return []
    return [
        Sentence(
            "{money:,.2f} was given back in rows that fit no earlier order of their customer; it is not taken off.",
            money=left,
        )
    ]


def _parties(frame: pd.DataFrame, key: list[str], lines: bool) -> pd.DataFrame:
    units = (frame["quantity"] if lines else frame["amount"]).astype("float64")
    columns = frame[[*key, "order_id", "ordered_at", "amount"]].rename(columns={"ordered_at": "moment"})
    return columns.assign(row=np.arange(len(frame)), units=units)


def refunds_read(table: Table) -> bool:
    """True where orders tell what was given back: in a column, in rows below zero or that name an order, or as a state.

    Without one of them no sum of theirs is net of anything.
    """
    frame = table.frame
    if isinstance(frame, Relation):  # of lines that have no such column: `collect.plain`
        return bool(frame.asked("bool_or(amount < 0 OR quantity < 0)")[0])
    if "refunded" in frame or ("cancels_order_id" in frame and frame["cancels_order_id"].notna().any()):
        return True
    below = any((frame[c] < 0).any() for c in ("amount", "quantity") if c in frame)
    return bool(below or ("status" in frame and frame["status"].eq("refunded").any()))


def profile(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Quality of the canonical columns: column, rows, filled (share), distinct, lowest, highest (figures and dates)."""
    rows = []
    for name in (c for c in schema.canonical(kind).columns if c in frame):
        cells = frame[name].dropna()
        counts = not pd.api.types.is_string_dtype(cells.dtype) and not pd.api.types.is_object_dtype(cells.dtype)
        rows.append(
            {
                "column": name,
                "rows": len(frame),
                "filled": len(cells) / len(frame) if len(frame) else np.nan,
                "distinct": int(cells.nunique()),
                "lowest": cells.min() if counts and len(cells) else None,
                "highest": cells.max() if counts and len(cells) else None,
            }
        )
    return pd.DataFrame(rows)
