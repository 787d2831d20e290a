"""The click log of the last half year: visits that end in an order, and visits that do not."""

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import CATEGORIES, PAST, Plan, day_of, stream
from course.company.purchases import Sales

#: The log is kept for half a year.
FIRST_DAY = day_of("2024-07-01")
#: A visit ends when nothing happens for longer than this (seconds).
GAP = 1800
#: Luming's clock is eight hours ahead of the log's.
UTC_OFFSET = 8 * 3600
#: Days before leaving in which a customer already comes less, and how much less.
FADING, FADED = 45, 0.35


def clicks(sales: Sales, people: People, devices: np.ndarray, plan: Plan) -> pd.DataFrame:
    """Events in the app and the mini-program.

    Returns
    -------
    frame sorted by time: at (seconds from START, UTC), received (the same, when the server had it), person, logged_in
    (bool), device (text), kind (view, cart, buy), category, dwell (seconds; blank for the last of a visit)
    """
    rng = stream(plan.seed, "visits")
    visits = pd.concat([_buying(sales, rng), _browsing(people, rng)], ignore_index=True)
    visits["category"] = _interest(visits, people, rng)
    bare = ~visits["buys"].to_numpy()
    cart = rng.random(len(visits)) < np.where(visits["category"] == CATEGORIES.index(plan.abandoned), 0.38, 0.12)
    visits["carts"] = ~bare | cart
    visits["views"] = 1 + rng.poisson(np.where(bare, 1.6, 2.2))
    visits["logged_in"] = ~bare | (rng.random(len(visits)) < 0.6)
    visits["device"] = _devices(visits, devices, rng)
    return _events(visits, people, rng)


def _buying(sales: Sales, rng) -> pd.DataFrame:
    own = sales.orders[(sales.orders["channel"] < 2) & sales.orders["day"].between(FIRST_DAY, PAST - 1)]
    first = pd.Series(sales.lines["product"].to_numpy()).groupby(sales.lines["order"].to_numpy()).first()
    return pd.DataFrame(
        {
            "person": own["person"].to_numpy(),
            "end": own["day"].to_numpy().astype("int64") * 86400 + own["second"].to_numpy(),
            "buys": True,
            "category": first.loc[own.index].to_numpy() // 25,
        }
    )


def _browsing(people: People, rng) -> pd.DataFrame:
    frame = people.frame
    start = np.maximum(frame["joined_day"].to_numpy(), FIRST_DAY)
    stop = np.clip(frame["leaving_day"].to_numpy(), start, PAST)
    stop = np.where(frame["first_day"] >= PAST, np.minimum(start + 30, PAST), stop)  # prospects look for a month
    online = 1 - frame["store_share"].to_numpy()
    mean = 1.1 * np.sqrt(frame["rate_after"]) * online * (stop - start) / 30.4
    person = np.repeat(np.arange(len(people)), rng.poisson(mean))
    day = start[person] + (rng.random(len(person)) * (stop - start)[person]).astype("int64")
    fades = (frame["leaving_day"].to_numpy()[person] - day < FADING) & (rng.random(len(person)) > FADED)
    person, day = person[~fades], day[~fades]
    hour = rng.choice(24, len(person), p=_HOUR_SHARE)
    end = day * 86400 + hour * 3600 + rng.integers(0, 3600, len(person))
    return pd.DataFrame({"person": person, "end": end, "buys": False, "category": -1})


_HOUR_WEIGHT = np.array([3, 1, 1, 1, 1, 1, 2, 4, 5, 5, 6, 7, 10, 8, 6, 5, 5, 6, 7, 9, 12, 13, 11, 7], dtype="float64")
_HOUR_SHARE = _HOUR_WEIGHT / _HOUR_WEIGHT.sum()


def _interest(visits: pd.DataFrame, people: People, rng) -> np.ndarray:
    """What is looked at: the category that is bought, else one after the customer's taste."""
    cdf = np.cumsum(people.after, axis=1)[visits["person"]]
    drawn = (rng.random(len(visits))[:, None] > cdf[:, :-1]).sum(axis=1)
    return np.where(visits["buys"], visits["category"], drawn)


def _devices(visits: pd.DataFrame, devices: np.ndarray, rng) -> np.ndarray:
    """The person's device; one person in four has a second one."""
    person = visits["person"].to_numpy()
    second = (person % 4 == 0) & (rng.random(len(visits)) < 0.3)
    own = devices[person]
    return np.where(second, np.char.add("w", np.char.lstrip(own.astype("str"), "v")), own)


def _events(visits: pd.DataFrame, people: People, rng) -> pd.DataFrame:
    count = visits["views"].to_numpy() + visits["carts"].to_numpy() + visits["buys"].to_numpy()
    visit = np.repeat(np.arange(len(visits)), count)
    place = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count, count)
    own = visits.iloc[visit]
    views = own["views"].to_numpy()
    kind = np.select([place < views, place == views], ["view", "cart"], "buy")
    # Some views before the last are of other categories: one looks around.
    aside = (place < views - 1) & (rng.random(len(visit)) < 0.3)
    cdf = np.cumsum(people.after, axis=1)[own["person"]]
    category = np.where(aside, (rng.random(len(visit))[:, None] > cdf[:, :-1]).sum(axis=1), own["category"])
    dwell = np.clip(rng.lognormal(3.4, 0.9, len(visit)), 2, 1500).astype("int64")
    last = place == count[visit] - 1
    dwell[last] = 0
    # Backwards from the end: the order's own moment is its last event.
    after = np.cumsum(dwell[::-1])[::-1]
    after -= np.repeat(np.append(after, 0)[np.cumsum(count)], count)
    at = own["end"].to_numpy() - after - UTC_OFFSET
    frame = pd.DataFrame(
        {
            "at": at,
            "received": at + rng.integers(0, 3, len(at)),
            "person": own["person"].to_numpy(),
            "logged_in": own["logged_in"].to_numpy(),
            "device": own["device"].to_numpy(),
            "kind": kind,
            "category": np.array(CATEGORIES)[category],
            "dwell": pd.array(np.where(last, -1, dwell), dtype="Int64"),
        }
    )
    frame.loc[last, "dwell"] = pd.NA
    return frame.sort_values(["received", "at", "device", "kind", "category"], ignore_index=True)


def sessions(events: pd.DataFrame) -> int:
    """Truth: visits of the log, split where a device does nothing for more than GAP seconds."""
    ordered = events.sort_values(["device", "at"])
    same = (ordered["device"] == ordered["device"].shift()).to_numpy()
    return int((~same | (ordered["at"].diff().to_numpy() > GAP)).sum())
