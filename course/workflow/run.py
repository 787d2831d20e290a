"""The steps in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from course import clean, clv, nps, schema, segment
from course.clean import Cleaned
from course.collect import Table
from course.errors import DataError
from course.language import Sentence
from course.workflow.features import portrait_columns
from course.workflow.features import portraits as portraits_of
from course.workflow.remarks import reach, warnings


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
    portraits = portraits_of(cleaned, as_of)
    done, not_done = reach(tables)
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
    notes += warnings(cleaned, portraits)
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
