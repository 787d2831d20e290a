"""The run as data: what came in, what was used, what was found, with which versions and parameters."""

import json
import math
import platform
from datetime import date
from importlib import metadata
from pathlib import Path

import pandas as pd

import course
from course import clv
from course.errors import DataError
from course.language import LANGUAGES
from course.workflow.findings import Behaviour, Lifecycle
from course.workflow.run import Result

#: Packages whose version can change a figure or a byte of the output.
_VERSIONED = ("numpy", "pandas", "duckdb", "pyarrow", "matplotlib", "xlsxwriter")


def previous_portraits(folder: str | Path) -> pd.DataFrame:
    """The portraits of an earlier run.

    Raises
    ------
    DataError : the folder is not one that a run wrote.
    """
    try:
        return pd.read_parquet(Path(folder) / "portraits.parquet")
    except (OSError, ValueError):
        raise DataError(
            "{folder} is not the result of an earlier run: it has no portraits.parquet that can be read.",
            folder=Path(folder).name,
        ) from None


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
    """The figures that the report leads with, and those behind them."""
    found: dict = {}
    if result.identity is not None:
        found["identity"] = {
            "records": len(result.identity.persons),
            "persons": int(result.identity.persons["person_id"].nunique()),
            "merges": len(result.identity.ledger),
            "held_back": int(result.identity.bridges["held"].sum()) if len(result.identity.bridges) else 0,
        }
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
    if result.behaviour is not None:
        found["behaviour"] = _behaviour(result.behaviour)
    if result.lifecycle is not None:
        found["lifecycle"] = _lifecycle(result.lifecycle)
    if result.tags is not None:
        found["tags"] = _tags(result)
    if result.campaigns is not None:
        found["campaigns"] = [_plain(row) for row in result.campaigns.table.to_dict("records")]
    if result.willingness is not None:
        scores = {"nps": result.willingness.score, "nps_weighted": result.willingness.weighted}
        found |= {n: {"value": s.value, "low": s.low, "high": s.high, "n": s.n} for n, s in scores.items() if s}
    return found


def _behaviour(found: Behaviour) -> dict:
    out: dict = {}
    if found.concentration is not None:
        gini = found.concentration.gini
        out["top_fifth_money_share"] = found.concentration.top_fifth
        out["gini"] = {"value": gini.value, "low": gini.low, "high": gini.high}
    if found.pairs is not None:
        out["pairs_together"] = len(found.pairs)
    if found.recommender is not None:
        out["recommender"] = [_plain(row) for row in found.recommender.results.to_dict("records")]
    if found.funnel is not None:
        out["funnel"] = [_plain(row) for row in found.funnel.to_dict("records")]
    return out


def _lifecycle(found: Lifecycle) -> dict:
    out = {
        "stages": {k: int(v) for k, v in found.standing["stage"].value_counts().sort_index().items()},
        "thresholds": [_plain(row) for row in found.limits.to_dict("records")],
    }
    if found.links is not None:
        out["weakest_link"] = _plain(found.links.iloc[0].to_dict()) if len(found.links) else None
    if found.warning is not None:
        alerts = found.warning.alerts.to_dict("records")
        out["early_warning"] = {"horizon": found.warning.horizon, "alerts": [_plain(row) for row in alerts]}
    return out


def _tags(result: Result) -> dict:
    catalogue = result.tags.catalogue
    rows = catalogue[catalogue["not_evaluated"].isna()][["tag", "kind", "version", "size", "coverage"]]
    out: dict = {row.pop("tag"): _plain(row) for row in rows.to_dict("records")}
    for name, entry in out.items():
        entry |= {lang: result.tags.dictionary[name].label.say(lang) for lang in LANGUAGES}
    if result.changes is not None:
        for row in result.changes.tags.to_dict("records"):
            if row["value"] == "" and row["tag"] in out:
                out[row["tag"]] |= {k: int(row[k]) for k in ("entered", "left", "stayed")}
    return out


def _plain(row: dict) -> dict:
    """The row as JSON can hold it: blanks and infinities as null, dates as text."""

    def one(value: object) -> object:
        if isinstance(value, str | bool):
            return value
        if isinstance(value, pd.Timestamp | date):
            return str(pd.Timestamp(value).date())
        number = float(value) if pd.notna(value) else math.nan
        if not math.isfinite(number):
            return None
        return int(number) if number.is_integer() else number

    return {key: one(value) for key, value in row.items()}


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
