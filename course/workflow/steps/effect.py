"""What campaigns changed, by the customers left out of them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from course import collect, effect, schema
from course.few import hidden
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("campaigns",)
DOING = Sentence("Judging the campaigns")


@dataclass
class CampaignEffects(Finding):
    """What campaigns changed; a part is None where the data do not give it.

    Attributes
    ----------
    campaigns : effect.by_arm, by the orders
    outcomes : effect.by_outcome, by what the campaign's own file says customers did; `remarks` about it
    """

    campaigns: effect.Campaigns | None = None
    outcomes: pd.DataFrame | None = None
    remarks: tuple[Sentence, ...] = ()

    @property
    def compared(self) -> int:
        """Arms whose orders could be held against those of customers left out."""
        return int((self.campaigns.table["verdict"] != "withheld").sum())

    @property
    def clear(self) -> int:
        """Of these, how many show a difference in orders."""
        return len(self.clear_ones)

    @property
    def clear_ones(self) -> pd.DataFrame:
        """Rows of the arms that show a difference in orders: its interval does not hold zero."""
        judged = self.campaigns.table[self.campaigns.table["verdict"] != "withheld"]
        return judged[(judged["low"] > 0) | (judged["high"] < 0)]

    def entry(self) -> dict:
        """{campaigns: the table, a row an arm; campaigns_compared: how many arms, how many clear, what it lacks;
        campaign_outcomes: the table, a row an arm and outcome}."""
        out: dict = {}
        if self.campaigns is not None:
            out = {"campaigns": plain(self.campaigns.table), "campaigns_compared": self._compared()}
        if self.outcomes is not None:
            out["campaign_outcomes"] = plain(self.outcomes)
            out["campaign_outcomes_remarks"] = plain(list(self.remarks))
        return out

    def _compared(self) -> dict:
        counts = {} if self.campaigns.table.empty else {"arms": self.compared, "clear": self.clear}
        return counts | {"remarks": plain(self.campaigns.remarks)}


def find(run: Result) -> tuple[CampaignEffects | None, list[Sentence]]:
    """Every arm beside the customers left out: by their orders, and by what the campaign's file says they did."""
    sent, attempt = run.cleaned["campaigns"].valid, Attempts()
    found = CampaignEffects()
    if "orders" in run.cleaned:
        _by_orders(found, sent, run, attempt)
    if "is_control" in sent and sent["is_control"].eq(True).any():
        told = dict(collect.arms.outcomes(sent))
        table, remarks = effect.by_outcome(sent.dropna(subset="arm"), told, collect.arms.cost(sent))
        table, few = _told(table, ["campaign_id", "outcome"])
        if len(table):
            found.outcomes, found.remarks = table, (*remarks, *few)
        else:
            attempt.not_done += few
    empty = found.campaigns is None and found.outcomes is None
    if empty and "orders" not in run.cleaned:
        attempt.not_done.append(
            Sentence("what campaigns changed: needs the orders, or a column of what customers did, and a control arm")
        )
    return (None if empty else found), attempt.not_done


def _by_orders(found: CampaignEffects, sent: pd.DataFrame, run: Result, attempt: Attempts) -> None:
    if schema.time_column(sent) is None or "campaign_id" not in sent:
        attempt.not_done.append(Sentence("what campaigns changed: needs the campaign and the day it was sent"))
        return
    # Who was left out has often no date of sending: by_arm gives them the campaign's first.
    dated = sent.dropna(subset=["campaign_id", "customer_id"])
    what = Sentence("what campaigns changed")
    campaigns = attempt(what, effect.by_arm, dated, run.heads, run.as_of)
    if campaigns is not None:
        table, few = _told(campaigns.table, ["campaign_id"])
        found.campaigns = replace(campaigns, table=table, remarks=[*campaigns.remarks, *few])


def _told(table: pd.DataFrame, whole: list[str]) -> tuple[pd.DataFrame, list[Sentence]]:
    """The comparisons without those of which an arm, or who was left out, are a few; and what is to be said of these.

    The arms of one `whole` and its customers left out are its parts.
    """
    gone = pd.Series(False, index=table.index)
    for _, arms in table.groupby(whole, sort=False):
        parts = hidden(np.array([*arms["n"], arms["n_control"].min()], dtype="float64"))
        gone[arms.index] = parts[:-1] | parts[-1]
    few = Sentence(
        "{campaigns}: an arm, or who was left out, is of fewer than ten customers; nothing is told of it, nor of what "
        "it could be reckoned from.",
        campaigns=", ".join(sorted(set(table.loc[gone, "campaign_id"].astype("str")))),
    )
    return table[~gone].reset_index(drop=True), [few] if gone.any() else []
