"""What customers allow: a log of consents an account and purpose, and the babies' birthdays that parents fill in.

A no is meant by a person and filed under one account; the person's other accounts go on saying yes.
"""

import numpy as np
import pandas as pd

from course.company.people import ROLES, People
from course.company.plan import PAST, Plan, dates, day_of, stamped, stream

PURPOSES = ("service", "marketing", "profiling", "sharing")
#: Versions of the privacy notice and the day from which each is shown. The second adds profiling and sharing.
NOTICES = {"v1": day_of("2023-01-01"), "v2": day_of("2023-11-01")}
#: Where an account says yes when it is made, and where a later no or yes is said.
_MADE = {"crm": "store_desk", "app": "app_form", "till": "till_form"}
_LATER = {"crm": ("sms_reply", "hotline"), "app": ("app_settings", "sms_reply"), "till": ("store_desk", "sms_reply")}
#: Share of accounts that say yes, and no, when they are asked; the rest leave the box alone. Silence is no yes.
_ASKED = {
    "service": {"crm": (1.0, 0.0), "app": (1.0, 0.0), "till": (1.0, 0.0)},
    "marketing": {"crm": (0.80, 0.05), "app": (0.70, 0.08), "till": (0.60, 0.04)},
    "profiling": {"crm": (0.35, 0.05), "app": (0.50, 0.12), "till": (0.25, 0.05)},
    "sharing": {"crm": (0.10, 0.05), "app": (0.20, 0.10), "till": (0.05, 0.02)},
}
#: Share of persons who say no later on, of those the share who say it for every account, and who say yes again.
NO_LATER = {"marketing": 0.12, "profiling": 0.05}
EVERYWHERE, YES_AGAIN = 0.12, 0.2


def accounts(ids: pd.DataFrame, joined_day: np.ndarray, card_day: pd.Series) -> pd.DataFrame:
    """Every account: person, system (crm, app, till), account, day (on which it was made)."""
    day = {"crm": joined_day, "app": joined_day, "till": ids["card"].map(card_day).fillna(0).to_numpy()}
    parts = [
        pd.DataFrame({"person": np.arange(len(ids)), "system": system, "account": ids[column], "day": day[system]})
        for system, column in (("crm", "crm"), ("app", "app"), ("till", "card"))
    ]
    return pd.concat(parts).dropna(subset="account").astype({"day": "int64"}).reset_index(drop=True)


def consents(known: pd.DataFrame, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The log, append only, and what each person who said no later on means.

    Parameters
    ----------
    known : what `accounts` gave.

    Returns
    -------
    log, sorted by time : log_id, account, purpose, action (granted, withdrawn), at, channel, notice_version
    truth : one row a person and purpose with a no after a yes: person, purpose, said_on (account), withdrawn_at,
        granted_again_at (blank: never), opted_out (bool: on the last day of the books), accounts (of the person),
        open_accounts (those whose own last entry says yes on that day)
    """
    asked = pd.concat([_asked(known, purpose, plan) for purpose in PURPOSES], ignore_index=True)
    said = [_said_later(asked, known, purpose, plan) for purpose in NO_LATER]
    log = pd.concat([asked, *(entries for entries, _ in said)], ignore_index=True)
    log = log.sort_values(["second", "account", "purpose"], ignore_index=True)
    truth = pd.concat([meant for _, meant in said], ignore_index=True)
    last = log.drop_duplicates(["account", "purpose"], keep="last")
    open_ = last[last["action"] == "granted"].groupby(["person", "purpose"]).size()
    truth["accounts"] = truth["person"].map(known["person"].value_counts())
    pairs = pd.MultiIndex.from_frame(truth[["person", "purpose"]])
    truth["open_accounts"] = open_.reindex(pairs).fillna(0).astype("int64").to_numpy()
    version = np.searchsorted(list(NOTICES.values()), log["second"] // 86400, side="right") - 1
    log["notice_version"] = np.array(list(NOTICES))[version]
    log["at"] = stamped(_moments(log["second"]))
    log.insert(0, "log_id", [f"A{i:07d}" for i in range(1, len(log) + 1)])
    return log[["log_id", "account", "purpose", "action", "at", "channel", "notice_version"]], truth


def _moments(second: pd.Series) -> np.ndarray:
    return dates(np.array([0])).astype("datetime64[s]") + second.to_numpy().astype("timedelta64[s]")


def _asked(known: pd.DataFrame, purpose: str, plan: Plan) -> pd.DataFrame:
    """What accounts answer when they are asked: when they are made, or, made before the purpose was in the notice, at
    some visit after that."""
    rng = stream(plan.seed, f"asked {purpose}")
    yes, no = np.array([_ASKED[purpose][s] for s in known["system"]]).T
    u, day = rng.random(len(known)), known["day"].to_numpy()
    second = day * 86400 + rng.integers(9 * 3600, 22 * 3600, len(known))
    if purpose in ("profiling", "sharing"):
        late = day < NOTICES["v2"]
        visit = NOTICES["v2"] * 86400 + (rng.exponential(60, len(known)) * 86400).astype("int64")
        second = np.where(late, visit, second)
    action = np.select([u < yes, u < yes + no], ["granted", "withdrawn"], "")
    asked = known.assign(purpose=purpose, action=action, second=second, channel=known["system"].map(_MADE))
    return asked[(asked["action"] != "") & (asked["second"] < PAST * 86400)]


def _said_later(
    asked: pd.DataFrame, known: pd.DataFrame, purpose: str, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A no of some persons who had said yes: under one account or under all that had; some say yes once more."""
    rng = stream(plan.seed, f"said later {purpose}")
    size = known["person"].max() + 1
    made = known.groupby("person")["day"].max().reindex(range(size), fill_value=PAST).to_numpy()
    asked_on = asked[asked["purpose"] == purpose].groupby("person")["second"].max() // 86400
    means = rng.random(size) < NO_LATER[purpose]
    everywhere, again = rng.random(size) < EVERYWHERE, rng.random(size) < YES_AGAIN
    # It is said when every account is there and has been asked.
    since = np.maximum(made, asked_on.reindex(range(size), fill_value=0).to_numpy()) + 7
    left = PAST - since
    no = since + (rng.random(size) * np.maximum(left, 1)).astype("int64")
    yes = no + 1 + rng.exponential(90, size).astype("int64")
    at = rng.integers(9 * 3600, 22 * 3600, size)
    said_yes = asked[(asked["purpose"] == purpose) & (asked["action"] == "granted")]
    said_yes = said_yes[(means & (left > 0))[said_yes["person"]]]
    first = said_yes.iloc[rng.permutation(len(said_yes))].drop_duplicates("person").sort_values("person")
    under = pd.concat([first, said_yes[everywhere[said_yes["person"]]]]).drop_duplicates("account")
    person = under["person"].to_numpy()
    where = np.array([_LATER[s] for s in under["system"]]).reshape(-1, 2)[:, 0]
    where = np.where(rng.random(len(under)) < 0.4, "sms_reply", where)
    refused = under.assign(action="withdrawn", second=no[person] * 86400 + at[person], channel=where)
    agreed = refused[again[person] & (yes[person] < PAST)]
    agreed = agreed.assign(action="granted", second=yes[agreed["person"]] * 86400 + at[agreed["person"]])
    agreed["channel"] = agreed["channel"].where(agreed["channel"] != "sms_reply", "hotline")
    who = first["person"].to_numpy()
    back = again[who] & (yes[who] < PAST)
    meant = pd.DataFrame(
        {
            "person": who,
            "purpose": purpose,
            "said_on": first["account"].to_numpy(),
            "withdrawn_at": _moments(pd.Series(no[who] * 86400 + at[who])),
            "granted_again_at": pd.Series(_moments(pd.Series(yes[who] * 86400 + at[who]))).where(back),
            "opted_out": ~back,
        }
    )
    return pd.concat([refused, agreed]), meant


# --- children --------------------------------------------------------------------------------------------------------

#: Share of the persons of each role (with an account) who fill in a baby's birthday, and who tick the guardian's box.
_FILLS = {"none": 0.0, "new_parent": 0.65, "grandparent": 0.3, "gift_buyer": 0.12}
GUARDIAN_TICKS = 0.7


def babies(people: People, app_id: np.ndarray, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Babies' birthdays as users of the app fill them in. Before the second notice there was no box to tick; only a
    parent can tick it rightly. Before the birth the expected day is filled in.

    Returns
    -------
    filled, sorted by time : 用户编号, 填写时间, 宝宝生日, 监护人同意 (是, 否; blank: was not asked)
    truth : user_id, person, born_on (blank: some other child), guardian (bool: the user is the parent), lawful (bool:
        a guardian has consented)
    """
    rng, size, frame = stream(plan.seed, "babies"), len(people), people.frame
    role = frame["role"].to_numpy()
    fills = (rng.random(size) < np.array([_FILLS[r] for r in ROLES])[role]) & ~pd.isna(app_id)
    other = role == ROLES.index("gift_buyer")
    joined = frame["joined_day"].to_numpy()
    gift_day = joined + rng.integers(0, 400, size)
    born = np.where(other, gift_day - rng.integers(20, 300, size), frame["baby_day"].to_numpy())
    day = np.where(other, gift_day, np.maximum(joined, born + rng.integers(-45, 150, size)))
    expected = born + np.round(rng.normal(0, 7, size)).astype("int64")
    second = day * 86400 + rng.integers(8 * 3600, 23 * 3600, size)
    ticks = rng.random(size) < GUARDIAN_TICKS
    who = np.flatnonzero(fills & (day < PAST))
    who = who[np.argsort(second[who], kind="stable")]
    box = np.where(day < NOTICES["v2"], "", np.where(ticks, "是", "否"))
    filled = pd.DataFrame(
        {
            "用户编号": app_id[who],
            "填写时间": stamped(_moments(pd.Series(second[who]))),
            "宝宝生日": dates(np.where(day < born, np.maximum(expected, day), born)[who]),
            "监护人同意": box[who],
        }
    )
    guardian = role == ROLES.index("new_parent")
    truth = pd.DataFrame(
        {
            "user_id": app_id[who],
            "person": who,
            "born_on": pd.Series(dates(born[who])).mask(other[who]).to_numpy(),
            "guardian": guardian[who],
            "lawful": (guardian & (box == "是"))[who],
        }
    )
    return filled, truth
