"""Campaigns with randomised arms and known effects: what each would change in whom, and what it changed in those it
reached.

For every person invited both outcomes are known, with and without; only one of them happened.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.company.people import UPLIFT_TYPES, People
from course.company.plan import Plan, dates, day_of, stream

#: Days after sending in which a purchase counts.
WINDOW = 14
#: How much a type takes up of an offer that is answered at once (accepted, topped up), beside the average.
_EAGER = np.array([1.3, 1.4, 0.7, 0.4])


@dataclass(frozen=True)
class Campaign:
    """One campaign: its `arms` with their planned shares and offers; `metric` is what it is judged by: "bought" (an
    order within WINDOW days), "accepted" (0 or 1) or "value" (yuan). The second arm is compared with the first of
    `compared`."""

    campaign_id: str
    name_zh: str
    name_en: str
    sent: str
    channel: str
    arms: dict[str, tuple[float, str]]
    metric: str
    compared: tuple[str, str]
    cost: float

    @property
    def day(self) -> int:
        """Day of sending."""
        return day_of(self.sent)


CAMPAIGNS = (
    Campaign("C01", "开春优惠券", "spring coupon", "2024-03-04", "app_push",
             {"control": (0.35, ""), "coupon": (0.65, "20 yuan off 100")}, "bought", ("control", "coupon"), 0.05),
    Campaign("C02", "两种说法", "two framings", "2024-04-22", "wechat",
             {"control": (0.2, ""), "gain": (0.4, "save 20 yuan"), "loss": (0.4, "do not lose 20 yuan")},
             "accepted", ("gain", "loss"), 0.05),
    Campaign("C03", "充值活动", "top-up", "2024-07-08", "wechat",
             {"control": (0.2, ""), "plain": (0.4, "top up"), "anchored": (0.4, "top up; others choose 500 yuan")},
             "value", ("plain", "anchored"), 0.05),
    Campaign("C04", "环保包装", "green packaging", "2024-08-19", "app_push",
             {"control": (0.2, ""), "opt_in": (0.4, "tick to take part"), "opt_out": (0.4, "untick to decline")},
             "accepted", ("opt_in", "opt_out"), 0.05),
    Campaign("C05", "新茶上市", "new tea", "2024-09-23", "app_push",
             {"control": (0.5, ""), "treatment": (0.5, "free sample")}, "bought", ("control", "treatment"), 1.2),
    Campaign("C06", "短信提醒", "SMS reminder", "2024-10-14", "sms",
             {"control": (0.3, ""), "sms": (0.7, "store event")}, "bought", ("control", "sms"), 0.08),
    Campaign("C07", "同一封信", "one letter twice", "2024-12-02", "email",
             {"control": (0.2, ""), "letter_a": (0.4, "season's greetings"), "letter_b": (0.4, "season's greetings")},
             "bought", ("letter_a", "letter_b"), 0.02),
)  # fmt: skip


def run(bought: pd.DataFrame, people: People, member: np.ndarray, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Send the campaigns one after the other.

    Parameters
    ----------
    bought : purchases as they would be without any campaign (person, day).
    people : the persons.
    member : persons, bool: in the CRM, whence the lists of recipients come.

    Returns
    -------
    bought : purchases as they are: added to by the persuaded, taken from by the disturbed
    invited : one row a campaign and person: campaign (position in CAMPAIGNS), person, arm, logged (False: dropped from
        the campaign's log), uplift, reference, treated (the outcome in each of the two compared arms), accepted, value
        (what was seen; blank where the campaign has no such answer)
    """
    rng = stream(plan.seed, "campaigns")
    parts = []
    for number, campaign in enumerate(CAMPAIGNS):
        own = _invite(number, campaign, people, member, rng)
        if campaign.metric == "bought":
            bought = _change(bought, own, campaign, people, plan, rng)
        else:
            _answer(own, campaign, plan, rng)
        parts.append(own)
    return bought, pd.concat(parts, ignore_index=True)


def _invite(number: int, campaign: Campaign, people: People, member: np.ndarray, rng) -> pd.DataFrame:
    frame = people.frame
    person = np.flatnonzero(member & (frame["first_day"] < campaign.day).to_numpy())
    arms = list(campaign.arms)
    arm = rng.choice(len(arms), len(person), p=[share for share, _ in campaign.arms.values()])
    logged = np.ones(len(person), dtype=bool)
    if campaign.campaign_id == "C05":  # old versions of the app, on older customers' phones, sent no receipt
        lost = rng.random(len(person)) < np.where(frame["age"].to_numpy()[person] >= 40, 0.45, 0.06)
        logged = (arm == 0) | ~lost
    return pd.DataFrame(
        {
            "campaign": number,
            "person": person,
            "arm": np.array(arms, dtype=object)[arm],
            "logged": logged,
            "uplift": frame["uplift"].to_numpy()[person],
            "reference": 0.0,
            "treated": 0.0,
            "accepted": np.nan,
            "value": np.nan,
        }
    )


def _change(
    bought: pd.DataFrame, own: pd.DataFrame, campaign: Campaign, people: People, plan: Plan, rng
) -> pd.DataFrame:
    """Outcomes with and without; then the purchases of those who were reached change from the one to the other."""
    person, frame = own["person"].to_numpy(), people.frame
    inside = bought["day"].between(campaign.day, campaign.day + WINDOW - 1).to_numpy()
    without = np.isin(person, bought["person"].to_numpy()[inside])
    there = (frame["leaving_day"].to_numpy() > campaign.day + WINDOW)[person]
    adds, removes = _chances(own, campaign, frame["age"].to_numpy()[person], plan)
    u = rng.random(len(own))
    with_ = np.where(without, u >= removes, there & (u < adds))
    own["reference"], own["treated"] = without.astype("float64"), with_.astype("float64")
    reached = (own["arm"] == campaign.compared[1]).to_numpy()
    away = inside & np.isin(bought["person"], person[reached & without & ~with_])
    new = person[reached & ~without & with_]
    added = pd.DataFrame({"person": new, "day": campaign.day + rng.integers(1, WINDOW, len(new))}).astype("int32")
    return pd.concat([bought[~away], added]).sort_values(["person", "day"], ignore_index=True)


def _chances(own: pd.DataFrame, campaign: Campaign, age: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Chance that a message makes someone buy who would not, and that it puts off someone who would."""
    kind = own["uplift"].to_numpy()
    persuadable, touchy = kind == UPLIFT_TYPES.index("persuadable"), kind == UPLIFT_TYPES.index("do_not_disturb")
    effects, none = plan.effects, np.zeros(len(own))
    return {
        "C01": (persuadable * effects["coupon"], touchy * effects["disturbed"]),
        "C05": (persuadable * effects["new_tea"], none),
        "C06": ((age >= 50) * effects["sms_older"], none),  # the older read their messages, the younger do not
        "C07": (none, none),
    }[campaign.campaign_id]


def _answer(own: pd.DataFrame, campaign: Campaign, plan: Plan, rng) -> None:
    """What is answered at once: an offer accepted, an amount topped up."""
    eager, u = _EAGER[own["uplift"]], rng.random(len(own))
    first, second = campaign.compared
    if campaign.metric == "value":
        amount = np.round(rng.lognormal(4.9, 0.5, len(own)), -1)
        own["reference"] = np.where(u < 0.4 * eager, np.maximum(amount, 10), 0)
        own["treated"] = np.round(own["reference"] * (1 + plan.effects["anchor"]), -1)
    else:
        names = {"C02": ("frame_gain", "frame_loss"), "C04": ("opt_in", "opt_out")}[campaign.campaign_id]
        own["reference"], own["treated"] = (1.0 * (u < plan.effects[n] * eager) for n in names)
    seen = "value" if campaign.metric == "value" else "accepted"
    own[seen] = np.select([own["arm"] == first, own["arm"] == second], [own["reference"], own["treated"]], np.nan)


def effects(invited: pd.DataFrame) -> pd.DataFrame:
    """Truth: what each campaign changes, in all and in each uplift type, over everyone invited.

    Returns
    -------
    frame: campaign_id, metric, reference_arm, treated_arm, uplift_type ("all" first), people, mean_reference,
    mean_treated, effect (difference of the means)
    """
    rows = []
    for number, campaign in enumerate(CAMPAIGNS):
        own = invited[invited["campaign"] == number]
        for kind in ("all", *UPLIFT_TYPES):
            part = own if kind == "all" else own[own["uplift"] == UPLIFT_TYPES.index(kind)]
            means = part["reference"].mean(), part["treated"].mean()
            rows.append((campaign.campaign_id, campaign.metric, *campaign.compared, kind, len(part), *means))
    names = ["campaign_id", "metric", "reference_arm", "treated_arm", "uplift_type"]
    names += ["people", "mean_reference", "mean_treated"]
    out = pd.DataFrame(rows, columns=names)
    out["effect"] = out["mean_treated"] - out["mean_reference"]
    return out.round(6)


def log(invited: pd.DataFrame, crm_id: np.ndarray) -> pd.DataFrame:
    """The export: campaign_id, customer_id, arm, channel, sent_at, offer, cost, accepted (0, 1), value (yuan)."""
    rows = invited[invited["logged"]]
    plans = [CAMPAIGNS[i] for i in rows["campaign"]]
    frame = pd.DataFrame(
        {
            "campaign_id": [c.campaign_id for c in plans],
            "customer_id": crm_id[rows["person"]],
            "arm": rows["arm"].to_numpy(),
            "channel": [c.channel for c in plans],
            "sent_at": dates(np.array([c.day for c in plans])),
            "offer": [c.arms[arm][1] for c, arm in zip(plans, rows["arm"], strict=True)],
            "cost": [0.0 if arm == "control" else c.cost for c, arm in zip(plans, rows["arm"], strict=True)],
            "accepted": rows["accepted"].astype("Int64").to_numpy(),
            "value": rows["value"].astype("Int64").to_numpy(),
        }
    )
    return frame.sort_values(["campaign_id", "customer_id"], ignore_index=True)
