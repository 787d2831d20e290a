"""The steps in order: collected tables in, portraits with their ledger out. Nothing is written or printed here."""

import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

import course
from course import clean, clv, collect, nps, schema, segment
from course.clean import Cleaned
from course.collect import Raw, Table, open_source
from course.collect.mapping import lacking, settle
from course.errors import DataError
from course.language import Sentence

#: Packages whose version can change a figure or a byte of the output.
_VERSIONED = ("numpy", "pandas", "duckdb", "pyarrow", "matplotlib", "xlsxwriter")


@dataclass
class Result:
    """What a run found.

    Attributes
    ----------
    as_of : the day the portraits are of
    tables, cleaned : every input as collected and as cleaned, by kind
    portraits : one row a customer; the columns of docs/portraits.md
    done, not_done : what could be computed, and what could not for want of which table
    notes : what a reader should know, by kind of table
    forecast, clusters, willingness, foretelling : customer lifetime value, natural groups, the 0–10 question, what
        segments tell about the next period; None where the tables do not give it
    parameters : how the run was asked for
    """

    as_of: pd.Timestamp | None
    tables: dict[str, Table]
    cleaned: dict[str, Cleaned]
    portraits: pd.DataFrame
    done: list[Sentence]
    not_done: list[Sentence]
    notes: list[Sentence] = field(default_factory=list)
    forecast: clv.Forecast | None = None
    clusters: segment.Clusters | None = None
    willingness: "Willingness | None" = None
    foretelling: "Foretelling | None" = None
    parameters: dict = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The table the ledger's first accounts are of: orders, or the first one given."""
        return "orders" if "orders" in self.tables else next(iter(self.tables))


@dataclass
class Willingness:
    """What the answers to the 0–10 question say.

    Attributes
    ----------
    score : NPS of the valid answers; weighted : with the survey's weights, if it has any
    waves : NPS a quarter with the change, if answers are dated over more than one; by_class : NPS a RFM class, if
        respondents are customers with orders; drivers : of the survey's columns that are called driver_…; factors :
        behind those called item_…
    """

    score: nps.Score
    weighted: nps.Score | None = None
    waves: pd.DataFrame | None = None
    by_class: pd.DataFrame | None = None
    drivers: nps.Drivers | None = None
    factors: segment.Factors | None = None


@dataclass
class Foretelling:
    """Whether RFM classes tell what customers do next, judged on the last third of the time.

    Attributes
    ----------
    split : the last day that classes and features may know
    worth : segment.foretells of the money spent after it; dimensions : segment.dimensions of the same
    """

    split: pd.Timestamp
    worth: pd.DataFrame
    dimensions: pd.DataFrame


def run(
    tables: Mapping[str, Table], as_of: object = None, *, progress: Callable[[Sentence], None] | None = None
) -> Result:
    """Clean every table, score the customers, put the portraits together.

    Parameters
    ----------
    tables : {kind: what collect.read gave}; any subset of schema.TABLES.
    as_of : the day the portraits are of; default: the day of the last valid order (without orders: of the last record).
    progress : called with a sentence before each step.

    Raises
    ------
    DataError : no table; a table without a valid row.
    """
    tell = progress or (lambda sentence: None)
    if not tables:
        raise DataError("No table was given. Name at least one, for example the orders.")
    as_of = None if as_of is None else _day(as_of)
    cleaned = {}
    for kind, table in tables.items():
        tell(Sentence("Cleaning {kind}", kind=schema.canonical(kind).label))
        cleaned[kind] = clean.apply(table, as_of=as_of)
    as_of = as_of or _last_day(cleaned)
    late = []
    if as_of is not None:
        late = [k for k, c in cleaned.items() if _starts_after(c.valid, as_of)]
        tables = {k: t for k, t in tables.items() if k not in late}
        cleaned = {k: cleaned[k] if k == "orders" else _up_to(t, cleaned[k], as_of) for k, t in tables.items()}
    tell(Sentence("Scoring customers"))
    portraits = _portraits(cleaned, as_of)
    done, not_done = _reach(tables)
    forecast = clusters = willingness = foretelling = None
    if "orders" in cleaned:
        tell(Sentence("Forecasting what customers will bring"))
        forecast = _forecast(cleaned["orders"].valid, as_of, not_done)
        tell(Sentence("Looking for natural groups"))
        clusters = _clusters(portraits, not_done)
        portraits = _with_findings(portraits, forecast, clusters)
        tell(Sentence("Holding the segments against the time after them"))
        foretelling = _foretelling(cleaned["orders"].valid, as_of, not_done)
    if "surveys" in cleaned:
        tell(Sentence("Reading the survey"))
        willingness = _willingness(cleaned["surveys"].valid, portraits, not_done)
    notes = [n for t in tables.values() for n in t.notes] + [n for c in cleaned.values() for n in c.notes]
    notes += [
        Sentence(
            "All of “{kind}” is later than {as_of}: it was left out.",
            kind=schema.canonical(k).label,
            as_of=as_of.date(),
        )
        for k in late
    ]
    notes += _warnings(cleaned, portraits)
    findings = (forecast, clusters, willingness, foretelling)
    return Result(as_of, dict(tables), cleaned, portraits, done, not_done, notes, *findings)


def _day(as_of: object) -> pd.Timestamp:
    """A day as a Timestamp. Of texts only 2024-12-31 is read: 03/04/2024 is two days, and "today" is the clock."""
    try:
        day = pd.Timestamp(date.fromisoformat(as_of) if isinstance(as_of, str) else as_of)
    except (ValueError, TypeError):
        day = pd.NaT
    if pd.isna(day) or not 1970 <= day.year <= 2100:
        raise DataError(
            "The as-of date {as_of} is not a date between 1970 and 2100. Write it as 2024-12-31.", as_of=as_of
        )
    return day.tz_localize(None).normalize()


def _last_day(cleaned: Mapping[str, Cleaned]) -> pd.Timestamp | None:
    if "orders" in cleaned:
        return segment.last_day(cleaned["orders"].valid)
    days = [c.valid[t].max() for c in cleaned.values() if (t := schema.time_column(c.valid))]
    days = [d for d in days if pd.notna(d)]
    return max(days).normalize() if days else None


def _starts_after(valid: pd.DataFrame, as_of: pd.Timestamp) -> bool:
    time = schema.time_column(valid)
    return time is not None and bool((valid[time] >= as_of + pd.Timedelta(days=1)).all())


def _up_to(table: Table, cleaned: Cleaned, as_of: pd.Timestamp) -> Cleaned:
    """The same table with what is later than `as_of` set aside, where anything is."""
    time = schema.time_column(table.frame)
    if time is None or not (cleaned.valid[time] >= as_of + pd.Timedelta(days=1)).any():
        return cleaned
    return clean.apply(table, as_of=as_of)


# --- what the customers' table tells ---------------------------------------------------------------------------------

CLUSTER_FEATURES = ["recency_days", "frequency", "monetary_net"]


def _forecast(orders: pd.DataFrame, as_of: pd.Timestamp, not_done: list[Sentence]) -> clv.Forecast | None:
    try:
        return clv.forecast(orders, as_of)
    except DataError as error:
        not_done.append(Sentence("customer lifetime value: {why}", why=error.sentence))
        return None


def _clusters(portraits: pd.DataFrame, not_done: list[Sentence]) -> segment.Clusters | None:
    buyers = portraits.dropna(subset="frequency").set_index("customer_id")
    try:
        return segment.cluster(buyers[CLUSTER_FEATURES].astype("float64"))
    except DataError as error:
        not_done.append(Sentence("natural groups: {why}", why=error.sentence))
        return None


#: Customers on whom segments are judged: more would cost time and change no digit that is shown.
_JUDGED = 20_000


def _foretelling(orders: pd.DataFrame, as_of: pd.Timestamp, not_done: list[Sentence]) -> Foretelling | None:
    first = orders["ordered_at"].min().normalize()
    split = first + (as_of - first) * 2 // 3
    before = orders[orders["ordered_at"] < split.normalize() + pd.Timedelta(days=1)]
    if (as_of - first).days < 90 or before["customer_id"].nunique() < 200:
        not_done.append(
            Sentence("whether segments foretell: needs 90 days and 200 customers in their first two thirds")
        )
        return None
    known = segment.rfm(before, split).set_index("customer_id")
    known = known.iloc[:: -(-len(known) // _JUDGED)]
    after = orders.drop(before.index)
    outcome = (after["amount"] - after["refunded"]).groupby(after["customer_id"]).sum().reindex(known.index).fillna(0.0)
    if outcome.nunique() < 10:
        not_done.append(Sentence("whether segments foretell: hardly anybody bought in the last third of the time"))
        return None
    # Money is so unequal that a single customer would decide an R²: the logarithm is judged.
    target = np.log1p(outcome.clip(lower=0))
    features = known[CLUSTER_FEATURES].astype("float64")
    worth = segment.foretells(features, known["rfm_class"], target)
    return Foretelling(split.normalize(), worth, segment.dimensions(features, target))


def _with_findings(
    portraits: pd.DataFrame, forecast: clv.Forecast | None, clusters: segment.Clusters | None
) -> pd.DataFrame:
    """The portraits with what each customer is expected to bring, and the cluster where there are any."""
    if forecast is not None:
        names = {"p_alive": "p_alive", "expected_purchases": "expected_order_days", "value": "expected_value"}
        found = forecast.customers.rename(columns=names)[["customer_id", *names.values()]]
        portraits = portraits.merge(found.round(6), how="left", on="customer_id")
    if clusters is not None and clusters.k > 1:
        portraits["cluster"] = (portraits["customer_id"].map(clusters.labels) + 1).astype("Int64")
    order = [c["name"] for c in portrait_columns()["columns"]]
    return portraits[[c for c in order if c in portraits]]


def _willingness(answers: pd.DataFrame, portraits: pd.DataFrame, not_done: list[Sentence]) -> Willingness | None:
    try:
        found = Willingness(nps.score(answers["score"]))
    except DataError as error:
        not_done.append(Sentence("willingness to recommend: {why}", why=error.sentence))
        return None
    weight = "weight" if "weight" in answers and answers["weight"].gt(0).any() else None
    if weight:
        found.weighted = nps.score(answers["score"], weights=answers["weight"].fillna(0).clip(lower=0))
    if "answered_at" in answers and answers["answered_at"].dt.to_period("Q").nunique() > 1:
        found.waves = nps.waves(answers)
    if "customer_id" in answers and "rfm_class" in portraits:
        joined = answers.merge(portraits[["customer_id", "rfm_class"]], on="customer_id").dropna(subset="rfm_class")
        if len(joined):
            found.by_class = nps.by(joined, "rfm_class")
    try:
        if len((rated := _rated(answers, "driver_")).columns) > 1:
            scored = rated.assign(score=answers["score"])
            found.drivers = nps.drivers(scored, "score", list(rated), repeats=200, odds=False)
    except DataError as error:
        not_done.append(Sentence("drivers: {why}", why=error.sentence))
    try:
        if len((items := _rated(answers, "item_")).columns) > 2:
            found.factors = segment.factors(items)
    except DataError as error:
        not_done.append(Sentence("factors behind the items: {why}", why=error.sentence))
    return found


def _rated(answers: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The export's own columns with this prefix, as numbers."""
    return pd.DataFrame({c: pd.to_numeric(answers[c], errors="coerce") for c in answers if c.startswith(prefix)})


# --- portraits -------------------------------------------------------------------------------------------------------


@cache
def portrait_columns() -> dict:
    """The definition of every column of `portraits`: {"units": …, "columns": [{name, unit, en, zh}, …]}."""
    path = Path(__file__).parent / "catalogue" / "portraits.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _portraits(cleaned: Mapping[str, Cleaned], as_of: pd.Timestamp | None) -> pd.DataFrame:
    valid = {k: c.valid for k, c in cleaned.items()}
    parts = []
    if "orders" in valid:
        parts.append(_from_orders(cleaned["orders"], valid.get("order_lines"), as_of))
    if "customers" in valid:
        parts.append(_from_customers(valid["customers"], as_of))
    for kind in ("events", "tickets", "campaigns"):
        if kind in valid and "customer_id" in valid[kind]:
            parts.append(valid[kind].groupby("customer_id").size().rename(kind).to_frame())
    if "campaigns" in valid and "redeemed" in valid["campaigns"]:
        parts.append(valid["campaigns"].groupby("customer_id")["redeemed"].sum().rename("coupons_redeemed").to_frame())
    if "surveys" in valid:
        parts.append(_from_surveys(valid["surveys"]))
    ids = sorted(set().union(*(p.index for p in parts)))
    table = pd.DataFrame(index=pd.Index(ids, dtype="str", name="customer_id"))
    for part in parts:
        part.index = part.index.astype("str")
        table = table.join(part)
    counts = [
        c
        for c in ("cancelled_orders", "events", "tickets", "campaigns", "coupons_redeemed", "survey_answers")
        if c in table
    ]
    table[counts] = table[counts].fillna(0).astype("int64")
    whole = [
        c
        for c in ("recency_days", "frequency", "order_days", "r", "f", "m", "rfm", "rfm_nested", "products")
        if c in table
    ]
    table[whole] = table[whole].astype("Int64")
    order = [c["name"] for c in portrait_columns()["columns"]]
    return table.reset_index()[[c for c in order if c == "customer_id" or c in table]]


def _from_orders(cleaned: Cleaned, lines: pd.DataFrame | None, as_of: pd.Timestamp) -> pd.DataFrame:
    customers = segment.rfm(cleaned.valid, as_of)
    nested = segment.scores(customers, "nested")
    customers["rfm_nested"] = 100 * nested["r"] + 10 * nested["f"] + nested["m"]
    customers["rfm_class_mean"] = segment.classes(customers, "mean")
    customers["average_order_value"] = (customers["monetary_net"] / customers["frequency"]).round(6)
    customers[["first_order", "last_order"]] = customers[["first_order", "last_order"]].apply(
        lambda s: s.dt.normalize()
    )
    customers = customers.set_index("customer_id")
    bought = (
        cleaned.valid if lines is None else lines.merge(cleaned.valid[["order_id", "customer_id"]].drop_duplicates())
    )
    product = next((c for c in ("product_id", "product_name") if c in bought), None)
    if product:
        customers["products"] = bought.groupby("customer_id")[product].nunique()
    back = cleaned.set_aside[cleaned.set_aside["rule"] == "cancellation"]
    customers["cancelled_orders"] = back.groupby("customer_id")["order_id"].nunique()
    return customers


_AGE_EDGES = (0, 18, 25, 35, 45, 55, 65, 111)
_AGE_BANDS = ("0–17", "18–24", "25–34", "35–44", "45–54", "55–64", "65+")


def _from_customers(customers: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Demographics only: names, phones, addresses and birthdays stay behind. The last row of a customer counts."""
    customers = (
        customers.dropna(subset="customer_id").drop_duplicates("customer_id", keep="last").set_index("customer_id")
    )
    out = customers[[c for c in ("gender", "age_band", "income", "city") if c in customers]].copy()
    if "birth_date" in customers and as_of is not None:
        birth = customers["birth_date"]
        had = (birth.dt.month < as_of.month) | ((birth.dt.month == as_of.month) & (birth.dt.day <= as_of.day))
        age = as_of.year - birth.dt.year - (~had).astype("int64")
        band = pd.cut(age, _AGE_EDGES, right=False, labels=_AGE_BANDS).astype("str")
        out["age_band"] = out["age_band"].fillna(band) if "age_band" in out else band
    if "joined_at" in customers:
        out["joined_at"] = customers["joined_at"].dt.normalize()
    return out


def _from_surveys(answers: pd.DataFrame) -> pd.DataFrame:
    if "customer_id" not in answers or answers["customer_id"].isna().all():
        answers = answers.assign(customer_id="row-" + answers["source_row"].astype("str"))
    answers = answers.dropna(subset="customer_id")
    if "answered_at" in answers:
        answers = answers.sort_values(["answered_at", "source_row"], kind="stable", na_position="first")
    grouped = answers.groupby("customer_id")["score"]
    return pd.DataFrame({"survey_answers": grouped.size(), "survey_score": grouped.last()})


# --- what to say about it --------------------------------------------------------------------------------------------


def _warnings(cleaned: Mapping[str, Cleaned], portraits: pd.DataFrame) -> list[Sentence]:
    notes = []
    if "orders" in cleaned:
        orders = cleaned["orders"].valid
        notes += _lonely_end(orders) + _one_large_order(orders)
    if "surveys" in cleaned:
        notes += _outside_the_scale(cleaned["surveys"].quarantine)
    if _look_personal(portraits["customer_id"]):
        notes.append(
            Sentence(
                "The customer numbers look like phone numbers or e-mail addresses, and the results carry them. Replace "
                "them by keys of your own before you pass the results on."
            )
        )
    return notes


def _lonely_end(orders: pd.DataFrame) -> list[Sentence]:
    """A last order long after all others is more likely a typing error than business, and moves every recency."""
    days = np.sort(orders["ordered_at"].dt.normalize().unique())
    if len(days) < 30:
        return []
    gap = int((days[-1] - days[-2]) / np.timedelta64(1, "D"))
    if gap <= 60:
        return []
    return [
        Sentence(
            "The last order is dated {last}, {gap} days after the one before. If that is a typing error, every recency "
            "is {gap} days too long: set the date with --as-of {before}.",
            last=pd.Timestamp(days[-1]).date(),
            gap=gap,
            before=pd.Timestamp(days[-2]).date(),
        )
    ]


def _one_large_order(orders: pd.DataFrame) -> list[Sentence]:
    by_order = orders.groupby("order_id")["amount"].sum()
    total = by_order.sum()
    if len(by_order) < 100 or total <= 0 or by_order.max() < 0.05 * total:
        return []
    row = orders.loc[orders["order_id"] == by_order.idxmax(), "source_row"].iloc[0]
    return [
        Sentence(
            "One order (row {row}) is {share:.0%} of all money. Check it: it moves every mean, and the classes that "
            "are cut at the mean.",
            row=int(row),
            share=by_order.max() / total,
        )
    ]


def _outside_the_scale(quarantine: pd.DataFrame) -> list[Sentence]:
    """A code such as 11 or 99 for a blank is the usual reason for answers that cannot be."""
    outside = quarantine.loc[quarantine["rule"] == "score_out_of_range", "value"]
    if outside.empty:
        return []
    counts = outside.value_counts().sort_index()
    code, times = counts.idxmax(), int(counts.max())
    return [
        Sentence(
            "{n:,} answers are not on the scale from 0 to 10 and were not scored, {times:,} of them {code}. If {code} "
            "means not answered, say so: --blank score={code}.",
            n=len(outside),
            times=times,
            code=code,
        )
    ]


def _look_personal(ids: pd.Series) -> bool:
    personal = ids.str.fullmatch(r"(\+?86)?1[3-9]\d{9}") | ids.str.contains(r"^[^@\s]+@[^@\s]+\.\w+$", regex=True)
    return bool(len(ids)) and bool(personal.mean() > 0.5)


#: (what, the tables it needs)
_ABILITIES = (
    (Sentence("RFM scores and classes"), "orders"),
    (Sentence("expected value of next year, natural groups, what segments foretell"), "orders"),
    (Sentence("gender, age, city, date of joining"), "customers"),
    (Sentence("clicks per customer"), "events"),
    (Sentence("willingness to recommend (0–10)"), "surveys"),
    (Sentence("service tickets per customer"), "tickets"),
    (Sentence("campaigns per customer"), "campaigns"),
    (Sentence("posts"), "posts"),
)


def _reach(tables: Mapping[str, Table]) -> tuple[list[Sentence], list[Sentence]]:
    done = [what for what, kind in _ABILITIES if kind in tables]
    not_done = [
        Sentence("{what}: needs --{kind}", what=what, kind=kind) for what, kind in _ABILITIES if kind not in tables
    ]
    if "orders" in tables and not tables["orders"].has_lines and "order_lines" not in tables:
        not_done.append(Sentence("products and baskets: needs --lines, or orders with a product column"))
    for kind in ("surveys", "events", "tickets", "campaigns"):
        if kind in tables and "customer_id" not in tables[kind].frame:
            not_done.append(Sentence("“{kind}” per customer: the file has no customer column", kind=kind))
    return done, not_done


# --- before a run, and after one -------------------------------------------------------------------------------------


def look(
    file: str | Path,
    mapping: Mapping[str, str] | None = None,
    *,
    blanks: Mapping[str, list[str]] | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
) -> list[Sentence]:
    """What a file holds: what it was taken for, which column is what, what can be computed and what is missing.

    Raises
    ------
    DataError : the file cannot be read, or is none of the tables.
    """
    raw = open_source(file, encoding)
    kind = _likely_kind(raw, mapping or {})
    table = collect.read(raw, kind, mapping, blanks=blanks, date_order=date_order)
    facts, totals = table.sources[0], table.totals.iloc[0]
    lines = [
        Sentence(
            "{file}: {rows:,} rows, {columns} columns, {facts}.",
            file=raw.name,
            rows=len(table.frame),
            columns=len(raw.frame.columns),
            facts=", ".join(str(v) for k, v in facts.items() if k in ("format", "encoding", "sheet", "table")),
        ),
        Sentence(
            "It looks like: {kind} (--{option}).",
            kind=schema.canonical(kind).label,
            option=kind.replace("order_lines", "lines"),
        ),
    ]
    columns = schema.canonical(kind).columns
    for name, column in table.mapping.items():
        lines.append(Sentence("  {name} ({label}) ← {column}", name=name, label=columns[name].label, column=column))
    unused = [c for c in raw.frame.columns if c not in table.mapping.values()]
    if unused:
        lines.append(Sentence("Not used: {columns}.", columns=", ".join(unused)))
    if pd.notna(totals["money"]):
        lines.append(
            Sentence(
                "Control totals: {orders:,} orders, {customers:,} customers, money {money:,.2f}, {first} to {last}.",
                **totals.drop(["source", "rows"]),
            )
        )
    if len(table.problems):
        counts = table.problems["column"].value_counts()
        lines.append(
            Sentence("Cells that cannot be read: {counts}.", counts=", ".join(f"{c} {n:,}" for c, n in counts.items()))
        )
    done, not_done = _reach({kind: table})
    lines += table.notes
    lines.append(Sentence("Can be computed:"))
    lines += [Sentence("  {what}", what=what) for what in done]
    lines.append(Sentence("Missing for the rest:"))
    lines += [Sentence("  {what}", what=what) for what in not_done]
    return lines


def _likely_kind(raw: Raw, mapping: Mapping[str, str]) -> str:
    """The table whose required columns the file has; of several the one with most columns found."""
    if not raw.header:
        return "orders"
    found = {}
    for kind in schema.TABLES:
        if not set(mapping) <= set(schema.canonical(kind).columns):
            continue
        try:
            settled, _ = settle(raw.frame, kind, True, dict(mapping))
        except DataError:
            continue
        found[kind] = (not lacking(settled, kind), len(settled))
    return max(found, key=lambda k: found[k]) if found else "orders"


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
    rules = {r["name"]: {k: r[k] for k in ("outcome", "when") if k in r} for r in cleaned.rules}
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
