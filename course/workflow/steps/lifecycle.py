"""Where customers stand in their life with us, how they move, and whom to look at before they leave."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import clv, lifecycle
from course.engine import Relation
from course.evidence import LEAST, enough, seen
from course.few import HIDDEN_BELOW, hidden_in, told
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = Sentence("Placing customers in their stage of life")

#: How many customers an early warning names: as many as a small team can call in a week, never more than one in twenty.
_BUDGET, _BUDGET_SHARE = 100, 0.05
#: Moves between stages that the report names.
_LINKS = 5


@dataclass
class Lifecycle(Finding):
    """Where customers stand and go; a part is None where the data do not give it.

    Attributes
    ----------
    story : a row a customer, settled by lifecycle.settle: what `columns` gives
    standing : lifecycle.stages on the as-of date, with the stages of `story`
    limits : the thresholds behind it; table : lifecycle.stage_table, blank where a stage is of a few (course.few)
    periods : the whole months of lifecycle.states, blank where they are of a few
    watched : days from the first order to the as-of date
    links : the moves between stages that are worth most if their rate changes by a tenth: lifecycle.weakest_link, with
        worth_a_year (money a year) and low, high (95 %) of the rate
    chance : lifecycle.chance; warning : early_warning, of as many days where the chance is told; returns : come_back
    complaints : complaint_risk
    """

    story: pd.DataFrame
    standing: pd.DataFrame
    limits: pd.DataFrame
    table: pd.DataFrame
    periods: pd.DataFrame
    watched: int
    links: pd.DataFrame | None = None
    chance: lifecycle.Chance | None = None
    warning: lifecycle.Warnings | None = None
    returns: pd.DataFrame | None = None
    complaints: lifecycle.ComplaintRisk | None = None

    @property
    def silent_money_share(self) -> float | None:
        """Share of the money that customers at risk and lost ones brought; None where not all stages are told."""
        return None if self.table["customers"].isna().any() else lifecycle.silent_money_share(self.table)

    @property
    def fell_silent(self) -> dict | None:
        """Share of a month's customers who did not buy in the next one: the last, and the median of those before, so
        that a month after a sale is no surprise; None where fewer than seven can be compared."""
        bought = self.periods["active"].shift(1)
        share = self.periods["dormant"] / bought.where(bought > 0)
        if share.notna().sum() < 7 or pd.isna(share.iloc[-1]):
            return None
        share = share.dropna()
        return {"share": share.iloc[-1], "usual": share.iloc[:-1].median(), "months": len(share) - 1}

    @property
    def chance_by_stage(self) -> pd.DataFrame:
        """chance.by_stage, blank where a stage was of a few."""
        return told(self.chance.by_stage, ["stage"])

    @property
    def calibration(self) -> pd.DataFrame:
        """warning.calibration without the groups of a few."""
        return told(self.warning.calibration, []).dropna(subset="customers")

    @property
    def explained(self) -> list[Sentence]:
        """The thresholds in sentences."""
        if self.limits["closed"].any() and not seen("watched", self.watched):
            return [
                Sentence(
                    "The orders reach back {n:,} {n:day|days}, of the {needed} that are needed: how long a silence is "
                    "normal cannot be said, and nobody is called at risk or lost.",
                    n=self.watched,
                    needed=LEAST["watched"].n,
                )
            ]
        return lifecycle.explain(self.limits)

    def columns(self) -> pd.DataFrame:
        """stage, at_risk_after, lost_after; chance_90_days and churn_risk where they are known; p_alive where it
        tells the same story."""
        return self.story

    def entry(self) -> dict:
        """{lifecycle: every part there is}."""
        out = {
            "stages": plain(self.table.set_index("stage")["customers"].sort_index()),
            "thresholds": plain(self.limits),
            "explained": plain(self.explained),
            "table": plain(self.table),
            "silent_money_share": self.silent_money_share,
            "months": plain(self.periods),
        }
        if self.fell_silent is not None:
            out["fell_silent"] = plain(self.fell_silent)
        if self.links is not None:
            links = plain(self.links)
            out |= {"weakest_link": links[0] if links else None, "links": links}
        if self.chance is not None:
            out["chance"] = self._chance_entry()
        if self.warning is not None:
            out["early_warning"] = self._warning_entry()
        if self.returns is not None:
            out["come_back"] = plain(self.returns)
        if self.complaints is not None:
            out["complaints"] = plain(self.complaints.report())
        return {"lifecycle": out}

    def _chance_entry(self) -> dict:
        parts = ("days", "tested", "brier", "off", "holds", "cuts")
        tables = {"reliability": plain(told(self.chance.reliability, [])), "by_stage": plain(self.chance_by_stage)}
        found = {name: plain(getattr(self.chance, name)) for name in parts}
        return found | tables | {"notes": plain(self.chance.report())}

    def _warning_entry(self) -> dict:
        return {
            "horizon": self.warning.horizon,
            "alerts": plain(self.warning.alerts),
            "base_rate": self.warning.base_rate,
            "calibration": plain(self.calibration),
            "notes": plain(self.warning.report()),
        }


def find(run: Result) -> tuple[Lifecycle | None, list[Sentence]]:
    """Stages on the as-of date, how customers move between them, whom to look at before they leave."""
    attempt, as_of = Attempts(), run.as_of
    orders, customers, tickets = run.days, *(_valid(run, kind) for kind in ("customers", "tickets"))
    joined = customers if customers is not None and "joined_at" in customers else None
    limits = attempt(Sentence("stages of life"), lifecycle.thresholds, orders, as_of)
    if limits is None:
        return None, attempt.not_done
    watched = (as_of - run.buyers["first_order"].min().normalize()).days
    if not seen("watched", watched):  # whoever came back could not have come later
        limits[["at_risk_days", "lost_days", "plain_days"]] = np.nan
    standing = lifecycle.stages(orders, as_of, limits, joined)
    what = Sentence("the chance of an order in the next {days} days", days=lifecycle.DAYS)
    on_the_day = lifecycle.Seen(orders, as_of, tickets)
    chance = attempt(what, lifecycle.chance, orders, as_of, tickets, seen=on_the_day)
    known = chance if chance is not None and chance.holds else None
    if chance is not None and known is None:
        attempt.not_done.append(Sentence("{what}: {why}", what=what, why=chance.refusal))
    horizon, budget = None if known is None else known.days, _budget(standing)
    warning = attempt(Sentence("early warning"), _warning, on_the_day, budget, horizon)
    story = _story(run.portraits, standing, known, warning)
    standing = standing.assign(
        stage=story.set_index("customer_id")["stage"].loc[standing["customer_id"].astype("str")].array
    )
    placed = story[["customer_id", "stage"]]
    counted = lifecycle.stage_table(run.portraits.merge(placed, how="outer", on="customer_id"))
    table = told(counted, ["stage"])
    periods = _told_months(lifecycle.states(orders, as_of).periods)
    found = Lifecycle(story, standing, limits, table, periods, watched, chance=chance, warning=warning)
    what = Sentence("moves between stages")
    moves = attempt(what, lifecycle.transitions, orders, as_of, thresholds=limits, joined=joined)
    if moves is not None and moves.money.notna().all():
        customers = counted.set_index("stage")["customers"]
        few = table.loc[table["customers"].isna(), "stage"]
        found.links = attempt(Sentence("weakest link"), _links, moves, orders, customers, few)
    found.returns = attempt(Sentence("who comes back anyway"), _returns, orders, as_of)
    if tickets is not None:
        what = Sentence("complaints and silence")
        found.complaints = attempt(what, _silence_after, _complaints(tickets), orders, as_of)
    return found, attempt.not_done


def _valid(run: Result, kind: str) -> pd.DataFrame | None:
    return run.cleaned[kind].valid if kind in run.cleaned else None


def _story(
    portraits: pd.DataFrame,
    standing: pd.DataFrame,
    chance: lifecycle.Chance | None,
    warning: lifecycle.Warnings | None,
) -> pd.DataFrame:
    """Stage, chance, risk and P(alive) of every customer, none of which says other than the others."""
    limits = {"at_risk_days": "at_risk_after", "lost_days": "lost_after"}
    parts = [standing[["customer_id", "stage", *limits]].rename(columns=limits)]
    if "p_alive" in portraits:
        parts.append(portraits[["customer_id", "p_alive"]])
    if chance is not None:
        parts.append(chance.customers.rename(columns={"chance": "chance_90_days"}))
    if warning is not None:
        parts.append(warning.scores[["customer_id", "churn_risk"]])
    told = parts[0].astype({"customer_id": "str"})
    for part in parts[1:]:
        told = told.merge(part.astype({"customer_id": "str"}), how="left", on="customer_id")
    told = lifecycle.settle(told.round(6))
    if chance is not None:
        # One reading: whom the chance has called back from the lost has a risk like everybody else who is not.
        there = ~told["stage"].isin(["prospect", "lost"])
        told["churn_risk"] = (1 - told["chance_90_days"]).where(there).round(6)
    return told


def _told_months(periods: pd.DataFrame) -> pd.DataFrame:
    """The whole months, blank where they would be of a few people.

    Who bought in a month is new, returning or back after a pause; who bought in the month before returns or falls
    silent; and the new of all months are the customers.
    """
    periods = periods[periods["complete"]].reset_index(drop=True)
    states = ["new", "returning", "resurrecting", "dormant"]
    at = np.arange(len(periods) * len(states)).reshape(len(periods), len(states))
    gone = hidden_in(periods[states].to_numpy(dtype="float64").ravel(), [*at[:, :3], *at[:, [1, 3]], at[:, 0]])
    gone = gone.reshape(at.shape)
    out = periods.assign(**{state: periods[state].mask(gone[:, i]) for i, state in enumerate(states)})
    out["active"] = periods["active"].mask(periods["active"].between(1, HIDDEN_BELOW - 1))
    return out.assign(customers=np.nan) if gone[:, 0].any() else out


def _budget(standing: pd.DataFrame) -> int:
    """How many customers the early warning is to name."""
    scored = int(standing["stage"].isin(["first_purchase", "active", "loyal", "at_risk"]).sum())
    return max(1, min(_BUDGET, int(scored * _BUDGET_SHARE)))


def _links(moves: lifecycle.Transitions, orders: Relation, customers: pd.Series, few: pd.Series) -> pd.DataFrame:
    """The moves worth most when a tenth more, or less, frequent: an income a year at the year's discount.

    `customers` are those of today's stages as they are told everywhere else, `few` the stages of which none are told.
    """
    enough("returns", lifecycle.returns_between(orders, moves.dates[0], moves.dates[-1]))
    away = moves.links[moves.links["from_stage"] != moves.links["to_stage"]]
    enough("moves", away["customers"].max() if len(away) else 0)
    links = lifecycle.links_by_a_tenth(moves, clv.MONTHLY_DISCOUNT, customers).head(_LINKS)
    hidden = links["from_stage"].isin(few)
    return links.assign(worth_a_year=clv.DISCOUNT * links["worth"], customers=links["customers"].mask(hidden))


def _warning(seen: lifecycle.Seen, budget: int, horizon: int | None) -> lifecycle.Warnings:
    """The early warning, where it was tested on customers of both kinds, and on a list long enough to be judged."""
    enough("alerts", budget)
    found = lifecycle.early_warning(seen.orders, seen.as_of, budget, seen.tickets, horizon, seen=seen)
    silent = round(found.tested * found.base_rate)
    rarer = min(silent, found.tested - silent)
    enough("silence", rarer)
    enough("silence in a hundred", 100 * rarer / found.tested)
    return found


def _returns(orders: Relation, as_of: pd.Timestamp) -> pd.DataFrame:
    """Who comes back by themselves; the best tenth only where it is more than a few customers."""
    found = lifecycle.come_back(orders, as_of)
    groups = found.set_index("group")["customers"]
    enough("silent", groups["silent"])
    return found if seen("best", groups["top"]) else found[found["group"] != "top"]


def _silence_after(complaints: pd.DataFrame, orders: Relation, as_of: pd.Timestamp) -> lifecycle.ComplaintRisk:
    """What complaints do, where it is told of more than a few."""
    found = lifecycle.complaint_risk(complaints, orders, as_of)
    enough("complaints", found.cases)
    return found


def _complaints(tickets: pd.DataFrame) -> pd.DataFrame:
    """The tickets whose topic says complaint, where topics say it; else all of them."""
    if "topic" not in tickets:
        return tickets
    said = tickets["topic"].astype("str").str.contains("complain|投诉", case=False)
    return tickets[said] if said.any() else tickets
