"""The run as data: what came in, what was used, what was found, with which versions and parameters."""

import platform
from importlib import metadata

import course
from course import clean
from course.collect.guards import unread
from course.workflow.result import Result

#: Packages whose version can change a figure or a byte of the output.
_VERSIONED = ("numpy", "pandas", "duckdb", "pyarrow", "xlsxwriter")


def ledger(result: Result) -> dict:
    """The run as data: accounts of every table, hashes of the inputs, versions, parameters. No clock time in it."""
    tables = {kind: _table_ledger(result, kind) for kind in result.tables}
    first = tables[result.main]
    findings: dict = {}
    for found in result.found.values():
        findings |= found.entry()
    return {
        "kit": course.__version__,
        "as_of": str(result.as_of.date()) if result.as_of is not None else None,
        "customers": len(result.portraits),
        "currency": result.currency,
        "received": first["received"],
        "valid": first["valid"],
        "rules": first["rules"],
        "flags": first["flags"],
        "tables": tables,
        "findings": findings,
        "notes": [n.say("en") for n in result.notes],
        "not_done": [n.say("en") for n in result.not_done],
        "parameters": result.parameters,
        "versions": {"python": platform.python_version()} | {p: metadata.version(p) for p in _VERSIONED},
    }


def _table_ledger(result: Result, kind: str) -> dict:
    table, cleaned = result.tables[kind], result.cleaned[kind]
    accounts = dict(cleaned.accounts)
    rules = {r["name"]: {k: r[k] for k in ("outcome", "when", "en", "zh") if k in r} for r in cleaned.rules}
    totals = table.totals.astype(object).where(table.totals.notna(), None).to_dict("records")
    refunds = {"refunds_read": clean.refunds_read(table)} if kind == "orders" else {}
    return refunds | {
        "received": accounts.pop("received"),
        "valid": accounts.pop("valid"),
        "rules": {name: account | rules[name] for name, account in accounts.items()},
        "flags": cleaned.flags,
        "unread": [vars(one) for one in unread.shares(table.frame, table.problems, kind)],
        "mapping": table.mapping,
        "sources": [
            s | {k: str(v) if k in ("first", "last") and v is not None else v for k, v in t.items() if k != "source"}
            for s, t in zip(table.sources, totals, strict=True)
        ],
        "shared": {k: table.shared.get(k) for k in ("rows", "orders", "customers", "money")} if table.shared else None,
    }
