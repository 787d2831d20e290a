"""One customer, one story: where two measures differ, rules/story.yaml alone says which is believed."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course.language import Label

_TABLE = Path(__file__).parent.parent / "rules" / "story.yaml"
_COMPARED = {
    "at_least": lambda column, other: column >= other,
    "above": lambda column, other: column > other,
    "at_most": lambda column, other: column <= other,
    "below": lambda column, other: column < other,
}


@cache
def _rules() -> dict:
    return yaml.safe_load(_TABLE.read_text(encoding="utf-8"))


def settle(customers: pd.DataFrame) -> pd.DataFrame:
    """The customers with one story each: the stage that is believed, figures that differ from it blank.

    Parameters
    ----------
    customers : stage, and whatever other columns of `portraits` are known.

    Returns
    -------
    the same with `stage` and the columns under `blank` of the table settled
    """
    out = customers.copy()
    for rule in _rules()["stage"]:
        out.loc[_holds(rule["when"], customers), "stage"] = rule["becomes"]
    for rule in _rules()["blank"]:
        if rule["column"] in out:
            out.loc[_holds(rule["when"], out), rule["column"]] = np.nan
    return out


def barred(tag: str) -> tuple[str, ...]:
    """The stages in which nobody carries the tag, whatever its own rule says."""
    return tuple(_rules()["tags"].get(tag, ()))


def differences(customer: Mapping[str, object]) -> list[tuple[Label, list[str]]]:
    """What a customer's card says where measures differ, and the columns that each sentence names.

    Parameters
    ----------
    customer : a row of `portraits`, without its blanks.
    """
    row = pd.DataFrame([customer])
    found = [rule for rule in _rules()["differ"] if _holds(rule["when"], row)[0]]
    out = []
    for rule in found:
        columns = [c for c in rule["when"] if "{" + c in rule["en"]]
        out.append((Label(rule["en"], rule["zh"], **{c: customer[c] for c in columns}), list(rule["when"])))
    return out


def _holds(when: Mapping, customers: pd.DataFrame) -> np.ndarray:
    """Whether all of a condition holds, a customer each; where a column is missing or blank it does not."""
    out = np.ones(len(customers), dtype=bool)
    for name, test in when.items():
        out &= _one(name, test, customers)
    return out


def _one(name: str, test: list | Mapping, customers: pd.DataFrame) -> np.ndarray:
    needed = [name] if isinstance(test, list) else [name, *(v for v in test.values() if isinstance(v, str))]
    if not set(needed) <= set(customers):
        return np.zeros(len(customers), dtype=bool)
    if isinstance(test, list):
        return customers[name].isin(test).to_numpy(dtype=bool)
    column, out = customers[name].astype("float64"), np.ones(len(customers), dtype=bool)
    for how, other in test.items():
        bound = customers[other].astype("float64") if isinstance(other, str) else other
        out &= _COMPARED[how](column, bound).to_numpy(dtype=bool)
    return out
