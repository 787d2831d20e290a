"""The steps in order."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from course import clv, tag
from course.collect import Table
from course.errors import DataError
from course.language import Sentence
from course.workflow import numbering, people
from course.workflow.cleaning import clean_all, day_of
from course.workflow.features import portrait_columns
from course.workflow.features import portraits as portraits_of
from course.workflow.history import Last
from course.workflow.remarks import Discreet, misleading, overlaps, reach, told_by, warnings
from course.workflow.result import Result
from course.workflow.steps import STEPS, identity, name_of


def run(
    tables: Mapping[str, Table],
    as_of: object = None,
    *,
    previous: pd.DataFrame | Last | None = None,
    runs: Sequence[dict] = (),
    key: bytes | None = None,
    everybody: bool = False,
    tags: str | Path | None = None,
    horizon: int = clv.HORIZON,
    progress: Callable[[Sentence], None] | None = None,
) -> Result:
    """Clean every table, find the persons, score and tag them, put the portraits together.

    Parameters
    ----------
    tables : {kind: what collect.read gave}; any subset of schema.TABLES.
    as_of : the day the portraits are of; default: the day of the last valid order (without orders: of the last record).
    previous : portraits of an earlier run, or its result, to tell who entered and left a tag and how far the portraits
        drifted.
    runs : what earlier runs left (workflow/history.py), whose forecasts are held against what came.
    key : replaces customer numbers that tell who somebody is (`telling.tells`) by keyed pseudonyms.
    everybody : replaces all customer numbers.
    tags : a dictionary of tags of one's own: they come to the kit's, rules/tags.yaml, or take their place by name.
    horizon : weeks that forecasts look ahead.
    progress : called with a sentence before each step.

    Raises
    ------
    DataError : no table; a table without a valid row; a dictionary of tags that cannot be read; a horizon that is none.
    """
    tell = progress or (lambda sentence: None)
    dictionary, horizon = tag.dictionary(tags), clv.weeks_checked(horizon)
    result = prepare(tables, as_of, key=key, everybody=everybody, progress=progress)
    result.dictionary, result.horizon = dictionary, horizon
    result.runs = [run for run in runs if result.as_of is not None and pd.Timestamp(run["as_of"]) < result.as_of]
    if isinstance(previous, Last):
        previous, result.since = previous.portraits(result.as_of)
    if previous is not None:
        result.previous = people.as_now(previous, _persons(result), result.pseudonyms, key, everybody)
    tell(Sentence("Scoring customers"))
    result.portraits = portraits_of(result)
    for step in STEPS:
        if not set(step.NEEDS) <= set(result.cleaned):
            continue
        if step.DOING is not None:
            tell(step.DOING)
        found, not_done = step.find(result)
        result.not_done += not_done
        if found is not None:
            result.found[name_of(step)] = found
            result.portraits = _with(result.portraits, found.columns())
    result.notes += warnings(result)
    result.notes += [] if key is not None else told_by(result.portraits["customer_id"])
    result.notes = [Discreet(note) for note in result.notes]
    result.misleading = [Discreet(note) for note in misleading(result)]
    result.not_done = [Discreet(why) for why in result.not_done]
    return result


def _persons(result: Result) -> pd.DataFrame | None:
    found = result.found.get("identity")
    return None if found is None else found.identity.persons


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
    cleaned, as_of, late = clean_all(tables, None if as_of is None else day_of(as_of), tell)
    tables = {kind: table for kind, table in tables.items() if kind in cleaned}
    done, not_done = reach(tables)
    result = Result(as_of, tables, cleaned, pd.DataFrame(), done, not_done)
    result.notes = [n for t in tables.values() for n in t.notes] + [n for c in cleaned.values() for n in c.notes] + late
    if "customers" in cleaned:
        tell(identity.DOING)
        result.cleaned, said = numbering.apart(result.cleaned)
        result.notes += said
        result.cleaned, persons, why_not = identity.resolve(result.cleaned)
        result.not_done += why_not
        if persons is not None:
            result.found["identity"] = persons
            result.notes += persons.identity.notes
    result.cleaned = people.discreet(people.stitch(result.cleaned))
    result.notes += overlaps(result.cleaned)
    if key is not None:
        result.cleaned, result.pseudonyms = people.hidden(result.cleaned, people.numbers(tables), key, everybody)
    return result


def _with(portraits: pd.DataFrame, found: pd.DataFrame | None) -> pd.DataFrame:
    """The portraits with further columns, in the order of their definition, then the tags; who is not in `found` has
    blanks there. What an earlier step said under the same name gives way."""
    if found is None:
        return portraits
    found = found.astype({"customer_id": "str"})
    kept = portraits[[c for c in portraits if c == "customer_id" or c not in found]].reset_index(drop=True)
    found = found.reset_index(drop=True)
    if kept["customer_id"].is_monotonic_increasing and kept["customer_id"].equals(found["customer_id"]):
        table = pd.concat([kept, found.drop(columns="customer_id")], axis=1)  # a merge holds all columns twice
    else:
        table = kept.merge(found, how="outer", on="customer_id").sort_values("customer_id", ignore_index=True)
    defined = [c["name"] for c in portrait_columns()["columns"]]
    table = table[[c for c in defined if c in table] + [c for c in table if c not in defined]]
    table.attrs = portraits.attrs | found.attrs
    return table
