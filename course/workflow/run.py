"""The steps in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from course import behaviour, clean, clv, effect, portrait, schema, segment, tag
from course.clean import Cleaned
from course.collect import Table
from course.errors import DataError
from course.identity import Identity
from course.language import Sentence
from course.workflow import findings, people
from course.workflow.features import portrait_columns
from course.workflow.features import portraits as portraits_of
from course.workflow.findings import CLUSTER_FEATURES, Behaviour, Foretelling, Lifecycle, Willingness, attempt
from course.workflow.remarks import reach, warnings


@dataclass
class Result:
    """What a run found.

    Attributes
    ----------
    as_of : the day the portraits are of
    tables, cleaned : every input as collected and as cleaned (with the persons' ids), by kind
    portraits : one row a customer; the columns of docs/portraits.md
    done, not_done : what could be computed, and what could not for want of which table
    notes : what a reader should know, by kind of table
    identity : which records are one person
    forecast, clusters, foretelling, behaviour, lifecycle, willingness : what customers will bring, natural groups, what
        segments tell about the next period, what customers do, where they stand, the 0–10 question
    tags : every customer's tags; changes : who entered and left since an earlier run
    personas : the RFM classes as they are told; campaigns : what campaigns changed; drift : how far the portraits moved
        since an earlier run
    pseudonyms : {customer number: pseudonym} where numbers were replaced; kept in memory, never written
    parameters : how the run was asked for

    What the tables do not give is None.
    """

    as_of: pd.Timestamp | None
    tables: dict[str, Table]
    cleaned: dict[str, Cleaned]
    portraits: pd.DataFrame
    done: list[Sentence]
    not_done: list[Sentence]
    notes: list[Sentence] = field(default_factory=list)
    identity: Identity | None = None
    forecast: clv.Forecast | None = None
    clusters: segment.Clusters | None = None
    foretelling: Foretelling | None = None
    behaviour: Behaviour | None = None
    lifecycle: Lifecycle | None = None
    willingness: Willingness | None = None
    tags: tag.Tags | None = None
    changes: tag.Changes | None = None
    personas: list[portrait.Persona] = field(default_factory=list)
    campaigns: effect.Campaigns | None = None
    drift: pd.DataFrame | None = None
    pseudonyms: dict[str, str] = field(default_factory=dict, repr=False)
    parameters: dict = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The table the ledger's first accounts are of: orders, or the first one given."""
        return "orders" if "orders" in self.tables else next(iter(self.tables))


def run(
    tables: Mapping[str, Table],
    as_of: object = None,
    *,
    previous: pd.DataFrame | None = None,
    key: bytes | None = None,
    everybody: bool = False,
    tags: str | Path | None = None,
    progress: Callable[[Sentence], None] | None = None,
) -> Result:
    """Clean every table, find the persons, score and tag them, put the portraits together.

    Parameters
    ----------
    tables : {kind: what collect.read gave}; any subset of schema.TABLES.
    as_of : the day the portraits are of; default: the day of the last valid order (without orders: of the last record).
    previous : portraits of an earlier run, to tell who entered and left a tag and how far the portraits drifted.
    key : replaces customer numbers that are phone numbers, e-mail addresses or identity cards by keyed pseudonyms.
    everybody : replaces all customer numbers.
    tags : a dictionary of tags of one's own; default: the kit's, rules/tags.yaml.
    progress : called with a sentence before each step.

    Raises
    ------
    DataError : no table; a table without a valid row; a dictionary of tags that cannot be read.
    """
    tell = progress or (lambda sentence: None)
    dictionary = tag.load(tags)
    result = prepare(tables, as_of, key=key, everybody=everybody, progress=progress)
    cleaned, as_of, not_done = result.cleaned, result.as_of, result.not_done
    tell(Sentence("Scoring customers"))
    result.portraits = portraits_of(cleaned, as_of)
    if "orders" in cleaned:
        _value(result, tell)
        _doings(result, tell)
    if "surveys" in cleaned:
        tell(Sentence("Reading the survey"))
        result.willingness = findings.willingness_of(cleaned["surveys"].valid, result.portraits, not_done)
    _told(result, dictionary, previous, tell)
    result.notes += warnings(cleaned, result.portraits)
    return result


def prepare(
    tables: Mapping[str, Table],
    as_of: object = None,
    *,
    key: bytes | None = None,
    everybody: bool = False,
    progress: Callable[[Sentence], None] | None = None,
) -> Result:
    """The first half of `run`: every table cleaned, the persons found, pseudonyms given; nothing scored yet.

    Parameters and errors as for `run`. The result's portraits are empty.
    """
    tell = progress or (lambda sentence: None)
    if not tables:
        raise DataError("No table was given. Name at least one, for example the orders.")
    as_of = None if as_of is None else _day(as_of)
    tables, cleaned, as_of, late = _cleaned(tables, as_of, tell)
    done, not_done = reach(tables)
    result = Result(as_of, tables, cleaned, pd.DataFrame(), done, not_done)
    if "customers" in cleaned:
        tell(Sentence("Finding out who is one person"))
    cleaned, result.identity = people.resolve(cleaned, not_done)
    cleaned = people.stitch(cleaned)
    if key is not None:
        cleaned, result.pseudonyms = people.hidden(cleaned, key, everybody)
    result.cleaned = cleaned
    result.notes = [n for t in tables.values() for n in t.notes] + [n for c in cleaned.values() for n in c.notes] + late
    if result.identity is not None:
        result.notes += result.identity.notes
    return result


def _cleaned(
    tables: Mapping[str, Table], as_of: pd.Timestamp | None, tell: Callable[[Sentence], None]
) -> tuple[dict[str, Table], dict[str, Cleaned], pd.Timestamp | None, list[Sentence]]:
    """The tables by their rules, up to the as-of day; tables that are wholly later are left out and named."""
    cleaned = {}
    for kind, table in tables.items():
        tell(Sentence("Cleaning {kind}", kind=schema.canonical(kind).label))
        cleaned[kind] = clean.apply(table, as_of=as_of)
    if "orders" in cleaned and "order_lines" in cleaned:
        cleaned["orders"] = clean.reconcile(cleaned["orders"], cleaned["order_lines"])
    as_of = as_of or _last_day(cleaned)
    late = [] if as_of is None else [k for k, c in cleaned.items() if _starts_after(c.valid, as_of)]
    tables = {k: t for k, t in tables.items() if k not in late}
    if as_of is not None:
        cleaned = {k: cleaned[k] if k == "orders" else _up_to(t, cleaned[k], as_of) for k, t in tables.items()}
    notes = [
        Sentence(
            "All of “{kind}” is later than {as_of}: it was left out.",
            kind=schema.canonical(k).label,
            as_of=as_of.date(),
        )
        for k in late
    ]
    return tables, cleaned, as_of, notes


def _value(result: Result, tell: Callable[[Sentence], None]) -> None:
    """What customers are expected to bring, which groups there are, what segments foretell."""
    orders, as_of, not_done = result.cleaned["orders"].valid, result.as_of, result.not_done
    tell(Sentence("Forecasting what customers will bring"))
    result.forecast = attempt(not_done, Sentence("customer lifetime value"), clv.forecast, orders, as_of)
    tell(Sentence("Looking for natural groups"))
    buyers = result.portraits.dropna(subset="frequency").set_index("customer_id")
    features = buyers[CLUSTER_FEATURES].astype("float64")
    result.clusters = attempt(not_done, Sentence("natural groups"), segment.cluster, features)
    tell(Sentence("Holding the segments against the time after them"))
    result.foretelling = findings.foretelling_of(orders, as_of, not_done)
    if result.forecast is not None:
        names = {"p_alive": "p_alive", "expected_purchases": "expected_order_days", "value": "expected_value"}
        found = result.forecast.customers.rename(columns=names)[["customer_id", *names.values()]]
        _add(result, found.round(6))
    if result.clusters is not None and result.clusters.k > 1:
        labels = (result.clusters.labels + 1).astype("Int64")
        _add(result, pd.DataFrame({"customer_id": labels.index.astype("str"), "cluster": labels.to_numpy()}))


def _doings(result: Result, tell: Callable[[Sentence], None]) -> None:
    """What customers do, where they stand, what campaigns changed."""
    cleaned, as_of, not_done = result.cleaned, result.as_of, result.not_done
    tell(Sentence("Looking at what customers do"))
    lines = cleaned["order_lines"].valid if "order_lines" in cleaned else None
    _add(result, behaviour.habits(cleaned["orders"].valid, lines, as_of).round(6))
    result.behaviour = findings.behaviour_of(cleaned, result.portraits, as_of, not_done)
    if result.behaviour.sensitivity is not None:
        _add(result, result.behaviour.sensitivity[["customer_id", "price_sensitivity"]].round(6))
    tell(Sentence("Placing customers in their stage of life"))
    result.lifecycle = findings.lifecycle_of(cleaned, as_of, not_done)
    if result.lifecycle is not None:
        _add(result, result.lifecycle.standing[["customer_id", "stage"]])
        if result.lifecycle.warning is not None:
            scores = result.lifecycle.warning.scores[["customer_id", "churn_risk", "alert"]]
            _add(result, scores.round(6).astype({"alert": "boolean"}))
    if "campaigns" in cleaned:
        tell(Sentence("Judging the campaigns"))
        result.campaigns = findings.campaigns_of(cleaned, as_of, not_done)


def _told(
    result: Result, dictionary: dict[str, tag.Tag], previous: pd.DataFrame | None, tell: Callable[[Sentence], None]
) -> None:
    """Tags, what changed since an earlier run, and the classes as personas."""
    tell(Sentence("Tagging"))
    if result.as_of is not None:
        result.tags = tag.evaluate(dictionary, result.portraits, result.as_of)
        columns = result.tags.columns()
        result.portraits = result.portraits.merge(columns, how="left", on="customer_id")
        result.portraits.attrs = columns.attrs
    if previous is not None:
        what = Sentence("what changed since the earlier run")
        result.changes = attempt(result.not_done, what, tag.changes, previous, result.portraits)
        result.drift = attempt(result.not_done, what, effect.drift, previous, result.portraits)
    if "rfm_class" in result.portraits:
        tickets = result.cleaned["tickets"].valid if "tickets" in result.cleaned else None
        what = Sentence("the classes as personas")
        result.personas = (
            attempt(result.not_done, what, portrait.personas, result.portraits, tickets=tickets, as_of=result.as_of)
            or []
        )


def _add(result: Result, found: pd.DataFrame) -> None:
    """Further columns of the portraits, in the order of their definition; who is not in `found` has blanks."""
    found = found.astype({"customer_id": "str"})
    table = result.portraits.merge(found, how="outer", on="customer_id").sort_values("customer_id", ignore_index=True)
    order = [c["name"] for c in portrait_columns()["columns"]]
    result.portraits = table[[c for c in order if c in table]]


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
