"""What to do, and with whom: the rules of rules/actions.yaml over what a run found.

The rules are the kit's own; the head of the file says how one is written.
"""

import hashlib
import math
import string
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from course import engine, small_yaml
from course.effect import detectable
from course.engine import expressions
from course.errors import DataError
from course.few import HIDDEN_BELOW
from course.language import Label, Sentence

_TABLE = Path(__file__).parent / "rules" / "actions.yaml"


@dataclass(frozen=True)
class Action:
    """A rule of the table, whose head says what the parts are; `needs`: columns without which it says nothing."""

    name: str
    of: str
    when: str
    first: str | None
    most: str | None
    like: str | None
    left_out: float
    stake: bool
    owner: Label
    label: Label
    says: Label
    why: Label
    because: Label | None
    tested: Label | None
    values: dict[str, str]
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Proposal:
    """An action that is proposed.

    Attributes
    ----------
    action : the rule
    values : what its sentences say: n (rows taken), and the figures of `action.values`
    customers : of portraits: customer_id, rank (from 1), arm ("act", or "left out" by lot); else None
    detectable : the smallest gap between the arms, as a share, that would be found four times in five; None where
        nobody is left out
    """

    action: Action
    values: dict[str, object]
    customers: pd.DataFrame | None = None
    detectable: float | None = None

    def said(self, label: Label) -> Label:
        """A sentence of the rule with its figures."""
        return Label(label.names["en"], label.names["zh"], **self.values)

    @property
    def evidence(self) -> Label:
        """Why, and what such a list was worth where it was tested (`tested` is among the values)."""
        why, tested = self.said(self.action.why), self.action.tested
        if tested is None or "tested_n" not in self.values:
            return why
        more = self.said(tested)
        return Label(f"{why.say('en')} {more.say('en')}", f"{why.say('zh')}{more.say('zh')}")


@cache
def rules() -> tuple[Action, ...]:
    """The rules in the order of the table."""
    entries = small_yaml.read(_TABLE)["actions"]
    with engine.connect() as session:
        return tuple(_rule(session, entry) for entry in entries)


def proposed(portraits: pd.DataFrame, customer_id: str) -> tuple[Sentence, list[str]] | None:
    """What a run proposes for a customer and why, and the columns that say so; None where it proposes nothing.

    Parameters
    ----------
    portraits : with the run's column `action`.
    """
    rows = portraits[portraits["customer_id"].astype("str") == str(customer_id)]
    rule = next((r for r in rules() if "action" in rows and len(rows) == 1 and r.name == rows["action"].iloc[0]), None)
    if rule is None or rule.because is None:
        return None
    en, zh = rule.because.names.values()
    columns = [name for _, name, _, _ in string.Formatter().parse(en) if name]
    if not set(columns) <= set(rows) or rows[columns].isna().any(axis=None):
        return None
    why = Label(en, zh, **{c: rows[c].iloc[0] for c in columns})
    return Sentence("{label}. {why}", label=rule.label, why=why), ["action", *columns]


def _rule(session: duckdb.DuckDBPyConnection, entry: dict) -> Action:
    said = {key: Label(**entry[key]) for key in ("owner", "label", "says", "why")}
    parts = [entry["when"], *filter(None, (entry.get("first"), entry.get("most"))), *entry["values"].values()]
    tables = ("portraits", "campaigns", "accounts", "identity", "forecast")
    needs = dict.fromkeys(column for part in parts for column in expressions.columns(session, part, tables))
    some = {key: Label(**entry[key]) if key in entry else None for key in ("because", "tested")}
    plain = {key: entry.get(key) for key in ("first", "most", "like")}
    return Action(
        entry["name"],
        entry["of"],
        entry["when"],
        left_out=entry.get("left_out", 0.0),
        stake=entry.get("stake", entry["of"] == "portraits"),
        values=entry["values"],
        needs=tuple(needs),
        **plain,
        **some,
        **said,
    )


def propose(tables: Mapping[str, pd.DataFrame], **known: object) -> tuple[list[Proposal], list[Action], list[Action]]:
    """What the rules propose, in their order.

    Parameters
    ----------
    tables : portraits, and what else of campaigns, accounts, identity and forecast there is.
    known : further figures that sentences may name (weeks, days).

    Returns
    -------
    the proposals; the rules over portraits whose columns are missing; those with fewer than ten customers
    """
    found, missing, few = [], [], []
    taken = pd.Series(dtype="str")
    for action in rules():
        if action.of not in tables or not set(action.needs) <= set(tables[action.of]):
            missing += [action] if action.of == "portraits" else []
            continue
        rows = tables[action.of][[*(["customer_id"] if action.of == "portraits" else []), *action.needs]]
        if action.of != "portraits":
            chosen = engine.query(f"FROM {action.of} WHERE {action.when}", {action.of: rows})
            found += [_proposal(action, chosen, rows, known)] if len(chosen) else []
            continue
        chosen = _customers(action, rows, taken)
        if len(chosen) < HIDDEN_BELOW:
            few.append(action)
            continue
        found.append(_proposal(action, chosen, rows, known))
        taken = pd.concat([taken, chosen["customer_id"]])
    lacking = {action.name for action in missing}
    return found, [action for action in missing if not action.like or action.like in lacking], few


def _customers(action: Action, portraits: pd.DataFrame, taken: pd.Series) -> pd.DataFrame:
    """The customers that the rule takes of those whom none has taken, in their order."""
    most = f"LIMIT (SELECT {action.most} FROM portraits)" if action.most else ""
    sql = f"""
        FROM portraits WHERE ({action.when}) AND ({action.first}) IS NOT NULL
        AND customer_id NOT IN (SELECT customer_id FROM taken) ORDER BY {action.first} DESC, customer_id {most}
    """
    return engine.query(sql, {"portraits": portraits, "taken": taken.to_frame("customer_id")})


def _proposal(action: Action, chosen: pd.DataFrame, rows: pd.DataFrame, known: Mapping[str, object]) -> Proposal:
    listed = ", ".join(["count(*) AS n", *(f"({sql}) AS {name}" for name, sql in action.values.items())])
    figures = engine.query(f"SELECT {listed} FROM chosen", {"chosen": chosen, action.of: rows}).to_dict("records")[0]
    # To the millionth: a sum that two threads take differs in the last places.
    values = dict(known) | {k: round(v, 6) if isinstance(v, float) else v for k, v in figures.items()}
    if action.of != "portraits":
        return Proposal(action, values)
    arm = arms(chosen["customer_id"], action.name, action.left_out)
    gap = _detectable(arm)
    arm = arm if gap is not None else arm.mask(arm.notna(), "act")
    customers = pd.DataFrame({"customer_id": chosen["customer_id"], "rank": np.arange(1, len(chosen) + 1), "arm": arm})
    return Proposal(action, values, customers, gap)


def arms(customers: pd.Series, action: str, left_out: float) -> pd.Series:
    """Who is left out of an action: "left out" for about this share, else "act".

    The lot is drawn from action and number (SHA-256): it falls the same in every run, so that whoever is left out stays
    so while the action lasts, and months can be taken together.
    """
    lots = [int(hashlib.sha256(f"{action} {one}".encode()).hexdigest()[:13], 16) / 16**13 for one in customers]
    drawn = pd.Series(lots, index=customers.index, dtype="float64") < left_out
    return drawn.map({True: "left out", False: "act"}).astype("str")


def _detectable(arm: pd.Series) -> float | None:
    """What two arms can tell, as two equal ones of their harmonic mean would; None where one is of a few."""
    out = int((arm == "left out").sum())
    if min(out, len(arm) - out) < HIDDEN_BELOW:
        return None
    try:
        return detectable(math.floor(2 / (1 / out + 1 / (len(arm) - out))))
    except DataError:  # no gap, however wide
        return None
