"""What to do on Monday: whom to call, to answer, to test on, what to stop and to mend, by the money behind it."""

import string
from dataclasses import dataclass

import pandas as pd

from course import actions, segment
from course.actions import Action, Proposal
from course.clv import Total
from course.engine import query
from course.language import LANGUAGES, Label, Sentence
from course.workflow.features import portrait_columns
from course.workflow.finding import Finding, plain
from course.workflow.result import Result

NEEDS = ()
DOING = None

#: The file of the result that holds the customers of every action.
FILE = "actions.csv"


@dataclass
class Actions(Finding):
    """What is proposed.

    Attributes
    ----------
    proposals : actions.Proposal, those with most money behind them first
    stakes : {action: what its customers are expected to bring}; without a forecast, or customers, absent
    portraits : of the run, for what the list says of each customer
    """

    proposals: list[Proposal]
    stakes: dict[str, Total]
    portraits: pd.DataFrame

    def columns(self) -> pd.DataFrame | None:
        """action: the name of the one that each customer is in; alert: whether it is the call."""
        parts = [p.customers.assign(action=p.action.name) for p in self.proposals if p.customers is not None]
        if not parts:
            return None
        found = pd.concat(parts)[["customer_id", "action"]]
        if not (found["action"] == "call").any():
            return found
        out = self.portraits[["customer_id", "churn_risk"]].merge(found, how="left", on="customer_id")
        alert = (out["action"] == "call").astype("boolean").where(out["churn_risk"].notna())
        return out.assign(alert=alert).drop(columns="churn_risk")

    def list(self, lang: str) -> pd.DataFrame:
        """A row a customer and action: action (its label), key, rank, customer_id, monetary_net, expected_value (blank
        without a forecast), why, owner, arm (act, left out)."""
        parts = [self._listed(p, lang) for p in self.proposals if p.customers is not None]
        columns = ["action", "key", "rank", "customer_id", "monetary_net", "expected_value", "why", "owner", "arm"]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    def _listed(self, proposal: Proposal, lang: str) -> pd.DataFrame:
        action = proposal.action
        rows = proposal.customers.merge(self.portraits, how="left", on="customer_id")
        en, zh = action.because.names.values()
        said = rows[sorted({name for _, name, _, _ in string.Formatter().parse(en) if name})]
        return rows.assign(
            action=action.label.say(lang),
            key=action.name,
            owner=action.owner.say(lang),
            why=[Label(en, zh, **row).say(lang) for row in said.to_dict("records")],
            expected_value=rows.get("expected_value"),
        )

    def entry(self) -> dict:
        """{actions: a row a proposal, in both languages: see `_entry`}."""
        return {"actions": [self._entry(p) for p in self.proposals]}

    def _entry(self, proposal: Proposal) -> dict:
        """key, label, customers (None where it is of none), audience (the explorer's link that opens exactly these),
        stake {expected, low, high} in money of `weeks`, owner, sentence, evidence, values (the figures of both), test
        {left_out, detectable} where some are left out, file, needs (columns of the portraits that chose them)."""
        action, stake = proposal.action, self.stakes.get(proposal.action.name)
        some = proposal.customers is not None
        told = {"expected": None, "low": None, "high": None}
        if stake is not None:
            told = plain({"expected": stake.value, "low": stake.low, "high": stake.high})
        test = {"left_out": action.left_out, "detectable": proposal.detectable}
        return {
            "key": action.name,
            "label": _both(action.label),
            "customers": len(proposal.customers) if some else None,
            "audience": f"action={action.name}" if some else None,
            "stake": told,
            "owner": _both(action.owner),
            "sentence": _both(proposal.said(action.says)),
            "evidence": _both(proposal.evidence),
            "values": plain(proposal.values),
            "test": None if proposal.detectable is None else test,
            "file": FILE if some else None,
            "needs": list(action.needs) if some else [],
        }


def _both(label: Label) -> dict[str, str]:
    return {lang: label.say(lang) for lang in LANGUAGES}


def find(run: Result) -> tuple[Actions | None, list[Sentence]]:
    """The rules over the portraits and over what else was found; what is not proposed, and why."""
    proposals, missing, few = actions.propose(_tables(run), **_known(run))
    for proposal in proposals:
        if proposal.action.name == "call":
            proposal.values.update(_tested(run, len(proposal.customers)))
    value = run.found.get("clv")
    stakes = {}
    for proposal in proposals:
        if value is not None and proposal.action.stake:
            stakes[proposal.action.name] = value.outlook.of(proposal.customers["customer_id"])
    proposals.sort(key=lambda p: -stakes[p.action.name].value if p.action.name in stakes else 0.0)
    return Actions(proposals, stakes, run.portraits), _not_proposed(run, missing, few)


def _tables(run: Result) -> dict[str, pd.DataFrame]:
    tables = {"portraits": run.portraits, "accounts": _accounts(run)}
    if "identity" in run.found:
        tables["identity"] = pd.DataFrame([run.found["identity"].counts])
    if "effect" in run.found and run.found["effect"].campaigns is not None:
        tables["campaigns"] = run.found["effect"].campaigns.table
    return tables


def _accounts(run: Result) -> pd.DataFrame:
    """The accounts of the orders: rule ("valid" too), money."""
    accounts = run.cleaned["orders"].accounts if "orders" in run.cleaned else {}
    return pd.DataFrame(
        [(rule, account["money"]) for rule, account in accounts.items()], columns=["rule", "money"]
    ).astype({"rule": "str", "money": "float64"})


def _known(run: Result) -> dict[str, object]:
    """The weeks that forecasts look ahead, and the days that the risk does."""
    life = run.found.get("lifecycle")
    known = {"weeks": run.horizon}
    if life is not None and life.chance is not None and life.chance.holds:
        known["days"] = life.chance.days
    elif life is not None and life.warning is not None:
        known["days"] = life.warning.horizon
    return known


#: The list of calls as it would have been drawn on the day on which the chance of an order was tested.
_LIST = """
    WITH listed AS (
        SELECT bought, monetary_net AS money, row_number() OVER (
            ORDER BY (1 - forecast) * monetary_net DESC, customer_id) <= $n AS called,
            row_number() OVER (ORDER BY forecast, customer_id) <= $n AS riskiest
        FROM tried JOIN customers USING (customer_id) WHERE NOT lost
    )
    SELECT avg(1 - bought) FILTER (called) AS tested_silent,
        sum(money * (1 - bought)) FILTER (called) / sum(money * (1 - bought)) AS tested_held,
        sum(money * (1 - bought)) FILTER (riskiest) / sum(money * (1 - bought)) AS tested_by_risk,
        count(*) FILTER (called) / count(*) AS tested_share
    FROM listed
"""


def _tested(run: Result, n: int) -> dict[str, object]:
    """What a list of so many calls would have caught: the share of those on it who ordered nothing in the days after;
    of the money that all such silent ones had brought, the share on the list, and on one drawn by the risk alone.
    Nothing where the chance of an order was not tested, or did not hold."""
    life = run.found.get("lifecycle")
    if life is None or life.chance is None or not life.chance.holds:
        return {}
    day = life.chance.cuts["test"]
    customers = segment.rfm(run.heads, day).astype({"customer_id": "str"})
    tried = life.chance.tried.astype({"customer_id": "str"})
    row = query(_LIST, {"tried": tried, "customers": customers}, n=n).to_dict("records")[0]
    return row | {"tested_n": n, "tested_on": day}


def _not_proposed(run: Result, missing: list[Action], few: list[Action]) -> list[Sentence]:
    """Why an action is not there; where no order is known nobody expects one."""
    if "frequency" not in run.portraits:
        return []
    said = []
    if missing:
        lacking = [c for a in missing for c in a.needs if c not in run.portraits]
        said.append(
            Sentence(
                "what to do: {actions} need {columns}",
                actions=_joined([a.label for a in missing]),
                columns=_joined([_column(c) for c in dict.fromkeys(lacking)]),
            )
        )
    if few:
        names = _joined([a.label for a in few])
        said.append(Sentence("what to do: {actions} would have fewer than ten customers each", actions=names))
    return said


def _column(name: str) -> Label:
    entry = next(c for c in portrait_columns()["columns"] if c["name"] == name)
    return Label(entry["en"][0], entry["zh"][0])


def _joined(labels: list[Label]) -> Label:
    """Labels one after the other, in quotes; two of one name are one."""
    en = "; ".join(dict.fromkeys(f"“{label.say('en')}”" for label in labels))
    zh = "、".join(dict.fromkeys(f"“{label.say('zh')}”" for label in labels))
    return Label(en, zh)
