"""Coupons for free delivery and for a present: who was given one, and on which order it was used.

They change no amount: the money of an order is that of its goods. Some are used by another account than the one they
were given to, a few after the last day on which they hold.
"""

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import PAST, Plan, dates, day_number, day_of, stamped, stream

#: Kind of coupon: what it is worth, in yuan.
KINDS = {"free_delivery": 8, "present": 15}
#: Days for which a coupon holds, the day of issue included.
HOLDS = 30
#: Share of the online orders of 2024 on which one is used; of those, used by another and used too late; and how many
#: are never used for each one that is.
USED, BY_ANOTHER, TOO_LATE, UNUSED = 0.10, 0.06, 0.03, 3
_FIRST = day_of("2024-01-01")


def coupons(
    app_orders: pd.DataFrame, buyers: pd.DataFrame, people: People, app_id: np.ndarray, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The export, sorted by the time of issue, and the truth of what was used.

    Parameters
    ----------
    app_orders : the export as it would be without defects; `buyers` order_id, person; `app_id` every person's account.

    Returns
    -------
    coupons : coupon_no, kind, worth (yuan), issued_to (account), issued_at, expires_on, used_at, used_order
    truth : coupon_no, owner and user (positions of persons), relation (own, household, other), too_late (bool)
    """
    rng = stream(plan.seed, "coupons")
    both = pd.concat([_used(app_orders, buyers, people, app_id, rng), _unused(people, app_id, plan)], ignore_index=True)
    both = both.sort_values(["issued", "owner"], ignore_index=True)
    number = np.array([f"Q{i:06d}" for i in range(1, len(both) + 1)])
    kind = rng.choice(list(KINDS), len(both), p=[0.7, 0.3])
    last = dates(day_number(both["issued"]) + HOLDS - 1)
    used = both["used_order"] != ""
    table = pd.DataFrame(
        {
            "coupon_no": number,
            "kind": kind,
            "worth": pd.Series(kind).map(KINDS),
            "issued_to": app_id[both["owner"]],
            "issued_at": stamped(both["issued"].to_numpy()),
            "expires_on": last,
            "used_at": np.where(used, both["used_at"], ""),
            "used_order": both["used_order"],
        }
    )
    truth = both[["owner", "user", "relation"]].assign(too_late=(both["used_at"].str[:10] > last.astype("str")) & used)
    truth.insert(0, "coupon_no", number)
    return table, truth[used].reset_index(drop=True)


def _used(
    app_orders: pd.DataFrame, buyers: pd.DataFrame, people: People, app_id: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    paid = app_orders[app_orders["status"].isin(["completed", "shipped", "refunded"])]
    paid = paid[paid["createdAt"] >= "2024"]
    paid = paid[rng.random(len(paid)) < USED]
    user = buyers.set_index("order_id")["person"].reindex(paid["orderId"]).to_numpy()
    size, u = len(paid), rng.random(len(paid))
    family, stranger = _another_of_the_household(people, app_id)[user], rng.choice(_with(app_id), size)
    other = np.where((family >= 0) & (rng.random(size) < 0.8), family, stranger)
    owner = np.where(u < BY_ANOTHER, other, user)
    ago = np.where(rng.random(size) < TOO_LATE, HOLDS + rng.integers(0, 10, size), rng.integers(0, HOLDS, size))
    # It is used when the order is placed; it was given out on an earlier day, or in the night before.
    moment = pd.to_datetime(paid["createdAt"].str[:19]).to_numpy().astype("datetime64[s]")
    issued = dates(np.maximum(day_number(moment) - ago, 0)).astype("datetime64[s]")
    relation = np.select([owner == user, owner == family], ["own", "household"], "other")
    return pd.DataFrame(
        {
            "owner": owner,
            "user": user,
            "relation": relation,
            "issued": issued,
            "used_at": stamped(moment),
            "used_order": paid["orderId"].to_numpy(),
        }
    )


def _another_of_the_household(people: People, app_id: np.ndarray) -> np.ndarray:
    """For everyone the next person of the household who has an account; −1 where there is none."""
    household = people.frame["household"].to_numpy()
    first = np.searchsorted(household, household)
    count = np.searchsorted(household, household, side="right") - first
    following = first + (np.arange(len(people)) - first + 1) % count
    return np.where((count > 1) & ~pd.isna(app_id)[following], following, -1)


def _with(app_id: np.ndarray) -> np.ndarray:
    return np.flatnonzero(~pd.isna(app_id))


def _unused(people: People, app_id: np.ndarray, plan: Plan) -> pd.DataFrame:
    """Given to anybody who has an account on the day."""
    rng, known = stream(plan.seed, "unused coupons"), _with(app_id)
    owner = rng.choice(known, int(len(known) * UNUSED * USED))
    day = rng.integers(_FIRST, PAST, len(owner))
    there = day >= people.frame["joined_day"].to_numpy()[owner]
    frame = pd.DataFrame({"owner": owner, "user": owner, "relation": "", "issued": dates(day).astype("datetime64[s]")})
    return frame.assign(used_at="", used_order="")[there]
