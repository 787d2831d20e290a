"""The run as data: what came in, what was used, what was found, with which versions and parameters."""

import json
import platform
from importlib import metadata
from pathlib import Path

import course
from course import clv
from course.errors import DataError
from course.workflow.run import Result

#: Packages whose version can change a figure or a byte of the output.
_VERSIONED = ("numpy", "pandas", "duckdb", "pyarrow", "matplotlib", "xlsxwriter")


def previous_mappings(folder: str | Path) -> dict[str, dict[str, str]]:
    """The mappings of an earlier run, by kind.

    Raises
    ------
    DataError : the folder is not one that a run wrote.
    """
    try:
        content = json.loads((Path(folder) / "ledger.json").read_text(encoding="utf-8"))
        return {kind: dict(table["mapping"]) for kind, table in content["tables"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise DataError(
            "{folder} is not the result of an earlier run: it has no ledger.json that can be read.",
            folder=Path(folder).name,
        ) from None


def ledger(result: Result) -> dict:
    """The run as data: accounts of every table, hashes of the inputs, versions, parameters. No clock time in it."""
    tables = {kind: _table_ledger(result, kind) for kind in result.tables}
    first = tables[result.main]
    return {
        "kit": course.__version__,
        "as_of": str(result.as_of.date()) if result.as_of is not None else None,
        "customers": len(result.portraits),
        "received": first["received"],
        "valid": first["valid"],
        "rules": first["rules"],
        "flags": first["flags"],
        "tables": tables,
        "findings": _findings(result),
        "notes": [n.say("en") for n in result.notes],
        "not_done": [n.say("en") for n in result.not_done],
        "parameters": result.parameters,
        "versions": {"python": platform.python_version()} | {p: metadata.version(p) for p in _VERSIONED},
    }


def _findings(result: Result) -> dict:
    """The figures that the report leads with."""
    found: dict = {}
    if result.forecast is not None:
        forecast = result.forecast
        found["clv"] = {
            "model": type(forecast.model).__name__,
            "unit": forecast.model.unit_,
            "params": forecast.model.params_ | forecast.spend_model.params_,
            "log_likelihood": forecast.model.log_likelihood_,
            "horizon": clv.HORIZON,
            "discount_per_year": clv.DISCOUNT,
            "expected_value": float(forecast.customers["value"].sum()),
        }
    if result.clusters is not None:
        found["clusters"] = {"k": result.clusters.k, "verdict": result.clusters.verdict}
    if result.willingness is not None:
        scores = {"nps": result.willingness.score, "nps_weighted": result.willingness.weighted}
        found |= {n: {"value": s.value, "low": s.low, "high": s.high, "n": s.n} for n, s in scores.items() if s}
    return found


def _table_ledger(result: Result, kind: str) -> dict:
    table, cleaned = result.tables[kind], result.cleaned[kind]
    accounts = dict(cleaned.accounts)
    rules = {r["name"]: {k: r[k] for k in ("outcome", "when", "en", "zh") if k in r} for r in cleaned.rules}
    totals = table.totals.astype(object).where(table.totals.notna(), None).to_dict("records")
    return {
        "received": accounts.pop("received"),
        "valid": accounts.pop("valid"),
        "rules": {name: account | rules[name] for name, account in accounts.items()},
        "flags": cleaned.flags,
        "mapping": table.mapping,
        "sources": [
            s | {k: str(v) if k in ("first", "last") and v is not None else v for k, v in t.items() if k != "source"}
            for s, t in zip(table.sources, totals, strict=True)
        ],
        "shared": {k: table.shared.get(k) for k in ("rows", "orders", "customers", "money")} if table.shared else None,
    }
