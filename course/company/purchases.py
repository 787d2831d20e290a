"""Who bought when, and what: purchase days from rates, lifetimes, seasons and promotions; baskets from tastes.

A customer buys as a Poisson process whose rate is the customer's own × the day's season × exp(price sensitivity) in a
week with a promotion, and a little less in the week after one (part of the lift is only brought forward). It ends on
the leaving day: close to the Pareto/NBD model, but with seasons, promotions and first purchases that are the last.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import CHANNELS, CITIES, DAYS, PAST, WEEKS, Plan, Promotions, dates, day_weights
from course.company.products import Shelf, catalogue

#: Rate in the week after a promotion, beside an ordinary one: what the promotion brought forward.
AFTER_PROMOTION = 0.85
#: Share of the online orders that come through the mini-program instead, from the drift month on.
MOVED_TO_MINI = 0.35
#: Lines in a basket: one and a Poisson number with this mean.
_MORE_LINES = 1.6
_HOURS = {
    True: [
        1,
        0.5,
        0.2,
        0.1,
        0.1,
        0.3,
        0.8,
        2,
        3,
        4,
        5,
        6,
        9,
        7,
        5,
        4,
        4,
        5,
        6,
        8,
        11,
        11,
        8,
        4,
    ],  # online: lunch, evening
    False: [0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 6, 8, 10, 8, 6, 6, 7, 9, 11, 10, 7, 2, 0, 0],  # store: until ten at night
}


def orders(people: People, promos: Promotions, rng: np.random.Generator) -> pd.DataFrame:
    """Purchase days of every person.

    Returns
    -------
    frame sorted by person and day: person (position in `people`), day (int32)
    """
    frame = people.frame
    season = np.concatenate([[0.0], np.cumsum(day_weights())])
    edges = np.minimum(np.arange(WEEKS + 1) * 7, DAYS)
    first, leaving = frame["first_day"].to_numpy()[:, None], frame["leaving_day"].to_numpy()[:, None]
    low = season[np.clip(first + 1, edges[:-1], edges[1:])]
    high = season[np.clip(leaving, edges[:-1], edges[1:])]
    mean = np.maximum(high - low, 0) / 365.25
    mean *= np.where(
        edges[:-1] < frame["switch_day"].to_numpy()[:, None], *frame[["rate", "rate_after"]].to_numpy().T[:, :, None]
    )
    mean *= _promoted(frame, promos)
    person, week = np.nonzero(count := rng.poisson(mean))
    count = count[person, week]
    person, week = np.repeat(person, count), np.repeat(week, count)
    place = low[person, week] + rng.random(len(person)) * (high - low)[person, week]
    day = np.searchsorted(season, place, side="right") - 1
    began = np.flatnonzero(frame["first_day"].to_numpy() < DAYS)
    out = pd.DataFrame(
        {
            "person": np.concatenate([began, person]).astype("int32"),
            "day": np.concatenate([frame["first_day"].to_numpy()[began], day]).astype("int32"),
        }
    )
    return out.sort_values(["person", "day"], ignore_index=True)


def _promoted(frame: pd.DataFrame, promos: Promotions) -> np.ndarray:
    """Factor on the rate, persons × weeks."""
    now = promos.exposed
    before = np.pad(now[:, :-1], ((0, 0), (1, 0)))
    group = frame["group"].to_numpy()
    lift = np.exp(frame["price_sensitivity"].to_numpy())[:, None]
    return np.where(now[group], lift, np.where(before[group], AFTER_PROMOTION, 1.0))


@dataclass
class Sales:
    """Orders and their lines.

    Attributes
    ----------
    orders : person, day, second (of the day), channel (index of CHANNELS), store (number; 0: online), week, promoted
        (bool), cents (paid), discount (cents), refunded (bool)
    lines : order (position in `orders`), product (index), quantity, unit (cents paid for one), list (cents)
    """

    orders: pd.DataFrame
    lines: pd.DataFrame


def fill(bought: pd.DataFrame, people: People, plan: Plan, promos: Promotions, products: Shelf, rng) -> Sales:
    """Channel, time of day, basket and money of the purchases `bought` (person, day)."""
    out = _circumstances(bought, people, plan, promos, rng)
    lines = _lines(out, people, products, rng)
    day, product = out["day"].to_numpy()[lines["order"]], lines["product"].to_numpy()
    listed = products.cents[np.searchsorted([365, 731], day, side="right"), product]
    cut = np.where(out["promoted"], promos.depth[out["week"]], 0.0)[lines["order"]]
    lines["list"], lines["unit"] = listed, (listed * (1 - cut)).round().astype("int64")
    for name, price in (("cents", "unit"), ("discount", "list")):
        money = np.bincount(lines["order"], lines[price] * lines["quantity"], minlength=len(out))
        out[name] = money.round().astype("int64")
    out["discount"] -= out["cents"]
    out["refunded"] = rng.random(len(out)) < 0.03
    return Sales(out, lines)


def _circumstances(bought: pd.DataFrame, people: People, plan: Plan, promos: Promotions, rng) -> pd.DataFrame:
    person, day = bought["person"].to_numpy(), bought["day"].to_numpy()
    who = people.frame.iloc[person]
    store = rng.random(len(bought)) < who["store_share"].to_numpy()
    mini = rng.random(len(bought)) < who["mini_share"].to_numpy()
    mini |= (day >= plan.drift_month) & (rng.random(len(bought)) < MOVED_TO_MINI)
    channel = np.where(store, 2, np.where(mini, 1, 0))
    own = np.where(rng.random(len(bought)) < 0.9, who["store"].to_numpy(), 3 - who["store"].to_numpy())
    city = who["city"].map(list(CITIES).index).to_numpy()
    week = day // 7
    return pd.DataFrame(
        {
            "person": person,
            "day": day,
            "second": _seconds(channel < 2, rng),
            "channel": channel,
            "store": np.where(store, city * 2 + own, 0),
            "week": week,
            "promoted": promos.exposed[who["group"].to_numpy(), week],
        }
    )


def _seconds(online: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Second of the day: two peaks, at lunch and in the evening."""
    u, hour = rng.random(len(online)), np.zeros(len(online), dtype="int64")
    for kind, weights in _HOURS.items():
        cdf = np.cumsum(weights) / np.sum(weights)
        hour = np.where(online == kind, np.searchsorted(cdf, u, side="right").clip(0, 23), hour)
    return hour * 3600 + rng.integers(0, 3600, len(online))


def _lines(orders_: pd.DataFrame, people: People, products: Shelf, rng) -> pd.DataFrame:
    """Baskets. A line repeats the customer's favourite of the category with the customer's habit; companions come
    along; what is out of stock is replaced by its neighbour; a product stands in a basket once."""
    person, day = orders_["person"].to_numpy(), orders_["day"].to_numpy()
    order = np.repeat(np.arange(len(orders_)), 1 + rng.poisson(_MORE_LINES, len(orders_)))
    who, when = person[order], day[order]
    frame = people.frame
    taste = np.cumsum(people.before, axis=1), np.cumsum(people.after, axis=1)
    switched = (when >= frame["switch_day"].to_numpy()[who])[:, None]
    u = rng.random(len(order))[:, None]
    category = (u > np.where(switched, taste[1][who], taste[0][who])[:, :-1]).sum(axis=1)
    favourite = _favourites(frame, who, category)
    loyal = rng.random(len(order)) < frame["habit"].to_numpy()[who]
    place = np.where(loyal, favourite, rng.random(len(order)))
    role = frame["role"].to_numpy()[who]
    role = np.where((role < 3) & (when < frame["baby_day"].to_numpy()[who]), 0, role)
    product = products.draw(role, frame["tier"].to_numpy()[who], category, place)
    along = np.flatnonzero(rng.random(len(order)) < products.chance[product])
    order = np.concatenate([order, order[along]])
    product = np.concatenate([product, products.companion[product[along]]])
    role = np.concatenate([role, role[along]])
    week = day[order] // 7
    product = np.where(products.out[product, week], products.substitute[product], product)
    _, kept = np.unique(order.astype("int64") * 256 + product, return_index=True)
    order, product, role = order[kept], product[kept], role[kept]
    return pd.DataFrame({"order": order, "product": product, "quantity": _quantities(product, role, products, rng)})


def _favourites(frame: pd.DataFrame, who: np.ndarray, category: np.ndarray) -> np.ndarray:
    """The place of each one's favourite in a category: a fixed number between 0 and 1, from the person's own seed."""
    seed = frame["habit"].to_numpy()[who] * 1e4 + frame["novelty"].to_numpy()[who] * 1e3
    return (seed * (category + 1) * 0.6180339887) % 1.0


def _quantities(product: np.ndarray, role: np.ndarray, products: Shelf, rng) -> np.ndarray:
    """Mostly one; milk powder and nappies by the twos and threes, most of all for the own child."""
    u = rng.random(len(product))
    quantity = 1 + (u > 0.84) + (u > 0.96)
    staple = catalogue()["kind"].isin(["milk_powder", "nappies"]).to_numpy()[product]
    many = np.select([role == 1, role == 2], [rng.integers(1, 4, len(u)), rng.integers(1, 3, len(u))], 1)
    return np.where(staple, many, quantity).astype("int64")


def frame_of(sales: Sales, customer: np.ndarray, number: np.ndarray) -> pd.DataFrame:
    """Order lines as one canonical table.

    Parameters
    ----------
    sales : orders and lines.
    customer, number : for each order its customer's and its own id.

    Returns
    -------
    frame: order_id, customer_id, ordered_at, channel, store_id, product_id, category, quantity, unit_price, amount,
    discount (yuan, of the line)
    """
    goods, lines = catalogue(), sales.lines
    order, product = lines["order"].to_numpy(), lines["product"].to_numpy()
    own = sales.orders.iloc[order]
    return pd.DataFrame(
        {
            "order_id": number[order],
            "customer_id": customer[order],
            "ordered_at": moments(own["day"], own["second"]),
            "channel": pd.Categorical.from_codes(own["channel"], list(CHANNELS)),
            "store_id": own["store"].to_numpy().astype("int16"),
            "product_id": pd.Categorical.from_codes(product, goods["product_id"]),
            "category": pd.Categorical(goods["category"].to_numpy()[product]),
            "quantity": lines["quantity"].to_numpy(),
            "unit_price": lines["unit"].to_numpy() / 100,
            "amount": lines["unit"].to_numpy() * lines["quantity"].to_numpy() / 100,
            "discount": (lines["list"] - lines["unit"]).to_numpy() * lines["quantity"].to_numpy() / 100,
        }
    )


def moments(day: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Day and second of the day as datetime64[s], in Luming's own time (UTC+08:00)."""
    return dates(np.asarray(day)).astype("datetime64[s]") + np.asarray(second).astype("timedelta64[s]")


def next_year(sales: Sales, size: int) -> pd.DataFrame:
    """Truth withheld: purchases (not refunded) and spend (yuan) of every person in the year after the books."""
    later = sales.orders[(sales.orders["day"] >= PAST) & ~sales.orders["refunded"]]
    count = np.bincount(later["person"], minlength=size)
    cents = np.bincount(later["person"], later["cents"], minlength=size)
    return pd.DataFrame({"orders": count, "spend": cents.round() / 100})
