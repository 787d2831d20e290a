"""One customer, one story: where two measures differ, rules/story.yaml alone says which is believed."""

import operator
import string
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course.language import Label

_TABLE = Path(__file__).parent.parent / "rules" / "story.yaml"
_COMPARED = {"at_least": (">=", operator.ge), "above": (">", operator.gt), "at_most": ("<=", operator.le)}
_COMPARED["below"] = ("<", operator.lt)


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


@dataclass(frozen=True)
class Barred:
    """Who does not carry a tag: a SQL condition over columns of `portraits`, these, and the words for it."""

    condition: str
    needs: tuple[str, ...]
    words: Label


def barred(tag: str, columns: Collection[str]) -> Barred | None:
    """Who does not carry a tag, whatever its own rule says, as far as these columns tell; None: its rule decides."""
    rule = _rules()["tags"].get(tag, {"unless": []})
    known = [when for when in rule["unless"] if _named(when) <= set(columns)]
    if not known:
        return None
    needs = tuple(sorted(set().union(*map(_named, known))))
    return Barred(" OR ".join(f"coalesce({_sql(when)}, FALSE)" for when in known), needs, Label(rule["en"], rule["zh"]))


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
        columns = [name for _, name, _, _ in string.Formatter().parse(rule["en"]) if name]
        out.append((Label(rule["en"], rule["zh"], **{c: customer[c] for c in columns}), list(rule["when"])))
    return out


def _holds(when: Mapping, customers: pd.DataFrame) -> np.ndarray:
    """Whether all of a condition holds, a customer each; where a column is missing or blank it does not."""
    out = np.ones(len(customers), dtype=bool)
    for name, test in when.items():
        out &= _one(name, test, customers)
    return out


def _one(name: str, test: list | Mapping, customers: pd.DataFrame) -> np.ndarray:
    if not _named({name: test}) <= set(customers):
        return np.zeros(len(customers), dtype=bool)
    if isinstance(test, list):
        return customers[name].isin(test).to_numpy(dtype=bool)
    column, out = customers[name].astype("float64"), np.ones(len(customers), dtype=bool)
    for how, other in test.items():
        bound = customers[other].astype("float64") if isinstance(other, str) else other
        out &= _COMPARED[how][1](column, bound).to_numpy(dtype=bool)
    return out


def _named(when: Mapping) -> set[str]:
    """The columns that a condition names."""
    bounds = [bound for test in when.values() if isinstance(test, Mapping) for bound in test.values()]
    return {*when, *(bound for bound in bounds if isinstance(bound, str))}


def _sql(when: Mapping) -> str:
    parts = []
    for name, test in when.items():
        if isinstance(test, list):
            parts.append(f"{name} IN ({', '.join(repr(value) for value in test)})")
        else:
            parts += [f"{name} {_COMPARED[how][0]} {bound}" for how, bound in test.items()]
    return f"({' AND '.join(parts)})"
