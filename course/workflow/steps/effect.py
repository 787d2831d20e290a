"""What campaigns changed, by the customers left out of them."""

from dataclasses import dataclass

from course import effect, schema
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders", "campaigns")
DOING = Sentence("Judging the campaigns")


@dataclass
class CampaignEffects(Finding):
    """What campaigns changed.

    Attributes
    ----------
    campaigns : effect.by_arm
    """

    campaigns: effect.Campaigns

    @property
    def compared(self) -> int:
        """Arms that could be held against customers left out."""
        return int((self.campaigns.table["verdict"] != "withheld").sum())

    @property
    def clear(self) -> int:
        """Of these, how many show a difference in orders: its interval does not hold zero."""
        judged = self.campaigns.table[self.campaigns.table["verdict"] != "withheld"]
        return int(((judged["low"] > 0) | (judged["high"] < 0)).sum())

    def entry(self) -> dict:
        """{campaigns: the table, a row an arm; campaigns_compared: how many arms, how many clear, what it lacks}."""
        if self.campaigns.table.empty:
            return {"campaigns": [], "campaigns_compared": {"remarks": plain(self.campaigns.remarks)}}
        compared = {"arms": self.compared, "clear": self.clear, "remarks": plain(self.campaigns.remarks)}
        return {"campaigns": plain(self.campaigns.table), "campaigns_compared": compared}


def find(run: Result) -> tuple[CampaignEffects | None, list[Sentence]]:
    """Every arm beside the customers left out."""
    sent, attempt = run.cleaned["campaigns"].valid, Attempts()
    if schema.time_column(sent) is None or "campaign_id" not in sent:
        return None, [Sentence("what campaigns changed: needs the campaign and the day it was sent")]
    # Who was left out has often no date of sending: by_arm gives them the campaign's first.
    dated = sent.dropna(subset=["campaign_id", "customer_id"])
    what = Sentence("what campaigns changed")
    found = attempt(what, effect.by_arm, dated, run.cleaned["orders"].valid, run.as_of)
    return None if found is None else CampaignEffects(found), attempt.not_done
