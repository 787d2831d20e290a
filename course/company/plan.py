"""What Luming is for everyone (calendar, cities, categories) and what a seed decides about it (the plan).

Days are whole numbers from START. The shop's books run from START to END; the year after is simulated too and withheld.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

START = np.datetime64("2023-01-01")
#: Last day of the books, and the number of days in them and with the year that is withheld.
END = np.datetime64("2024-12-31")
PAST, DAYS = 731, 1096
#: A week is seven days from START on; promotions run for whole weeks.
WEEKS = -(-DAYS // 7)

#: City: English name, share of the customers.
CITIES = {
    "杭州": ("Hangzhou", 0.27),
    "苏州": ("Suzhou", 0.18),
    "成都": ("Chengdu", 0.19),
    "武汉": ("Wuhan", 0.14),
    "青岛": ("Qingdao", 0.12),
    "厦门": ("Xiamen", 0.10),
}
STORES_PER_CITY = 2
CATEGORIES = ("tea", "snacks", "mother_baby", "home", "beauty", "electronics")
CHANNELS = ("app", "mini_program", "store")
PUSH_GROUPS = tuple("ABCDEFGH")
TOPICS = ("delivery", "quality", "refund", "invoice", "product_question", "account")

_SPRING_FESTIVALS = ("2023-01-22", "2024-02-10", "2025-01-29")
_MID_AUTUMNS = ("2023-09-29", "2024-09-17", "2025-10-06")


def stream(seed: int, topic: str, part: int = 0) -> np.random.Generator:
    """The random numbers of one topic: what another topic draws does not move them."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(zlib.crc32(topic.encode()), part)))


def dates(days: np.ndarray) -> np.ndarray:
    """Days as datetime64[D]."""
    return START + np.asarray(days, dtype="int64")


def day_of(date: str) -> int:
    """The day of a date."""
    return int((np.datetime64(date) - START).astype("int64"))


def day_number(times: pd.Series | np.ndarray) -> np.ndarray:
    """The day of each moment (datetime64): the opposite of `dates`."""
    return (np.asarray(times).astype("datetime64[D]") - START).astype("int64")


def stamped(times: np.ndarray) -> pd.Index:
    """Moments as most exports write them: 2024-03-05 19:20:21, in Luming's own time."""
    return pd.DatetimeIndex(times).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True)
class Plan:
    """The secrets of one company, drawn from its seed; every one of them is a right answer of some lesson.

    Attributes
    ----------
    seed : the company's number
    drift_month : first day of the month from which orders move to the mini-program and students join
    shift_day : from here on some customers prefer another category, most of them `shift_to`
    shift_to, abandoned : categories: the one shifted to, and the one whose carts are left standing
    slow_topic : the service queue that is slow
    one_time : chance that a first purchase is the last (the weak link: every later purchase is rarely the last)
    parents : share of customers with a newborn
    exposure : share of weeks in which each push group has a promotion
    price_rise : factor on prices of each calendar year
    delivery_change : what the second survey's delivery answers gain or lose (points of 5)
    drivers : effect of each satisfaction driver on the 0–10 score; that of "app" is exactly zero
    effects : effects of the campaigns (see `campaigns`)
    """

    seed: int
    drift_month: int
    shift_day: int
    shift_to: str
    abandoned: str
    slow_topic: str
    one_time: float
    parents: float
    exposure: np.ndarray
    price_rise: np.ndarray
    delivery_change: float
    drivers: dict[str, float]
    effects: dict[str, float]


def draw(seed: int) -> Plan:
    """The plan of the company with this seed."""
    rng = stream(seed, "plan")
    months = [day_of(f"2024-{m:02d}-01") for m in range(2, 10)]
    exposure = rng.permutation([0.08, 0.14, 0.2, 0.28, 0.36, 0.46, 0.56, 0.68])
    slow = rng.choice([t for t in TOPICS if t != "product_question"])
    return Plan(
        seed=seed,
        drift_month=int(rng.choice(months)),
        shift_day=day_of(f"2024-{rng.integers(1, 5):02d}-01"),
        shift_to=str(rng.choice(["tea", "home", "beauty", "electronics"])),
        abandoned=str(rng.choice(["home", "beauty", "electronics"])),
        slow_topic=str(slow),
        one_time=float(rng.uniform(0.22, 0.3)),
        parents=float(rng.uniform(0.04, 0.065)),
        exposure=exposure,
        price_rise=np.array([1.0, 1 + rng.uniform(0.02, 0.04), 1 + rng.uniform(0.045, 0.06)]),
        delivery_change=float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.45)),
        drivers={
            "delivery": float(rng.uniform(0.55, 0.75)),
            "quality": float(rng.uniform(0.75, 0.95)),
            "price": float(rng.uniform(0.25, 0.4)),
            "service": float(rng.uniform(0.4, 0.6)),
            "app": 0.0,
            "store": float(rng.uniform(0.1, 0.2)),
        },
        effects={
            "coupon": float(rng.uniform(0.35, 0.5)),
            "disturbed": float(rng.uniform(0.4, 0.6)),
            "new_tea": float(rng.uniform(0.3, 0.45)),
            "sms_older": float(rng.uniform(0.25, 0.4)),
            "frame_gain": float(rng.uniform(0.10, 0.14)),
            "frame_loss": float(rng.uniform(0.16, 0.21)),
            "anchor": float(rng.uniform(0.25, 0.45)),
            "opt_in": float(rng.uniform(0.15, 0.25)),
            "opt_out": float(rng.uniform(0.5, 0.65)),
        },
    )


def day_weights() -> np.ndarray:
    """How busy each day is beside an average one: weekdays, holidays and the shopping festivals of Chinese retail."""
    day = np.arange(DAYS)
    date = pd.DatetimeIndex(dates(day))
    weight = np.where(date.day_of_week >= 5, 1.22, 0.93)
    weight *= 1 + 0.06 * np.cos(2 * np.pi * (date.month - 12) / 12)  # a little more in winter
    for festival in _SPRING_FESTIVALS:
        to_go = day_of(festival) - day
        weight *= np.where((to_go > 3) & (to_go <= 24), 1.5, 1)  # presents and stores for the holiday
        weight *= np.where((to_go <= 1) & (to_go > -7), 0.5, 1)  # couriers and shops rest
    for festival in _MID_AUTUMNS:
        to_go = day_of(festival) - day
        weight *= np.where((to_go > 0) & (to_go <= 14), 1.25, 1)
    for month, first, last, factor in ((6, 1, 20, 1.35), (6, 17, 18, 1.5), (11, 1, 11, 1.5), (11, 10, 11, 1.8)):
        weight *= np.where((date.month == month) & (date.day >= first) & (date.day <= last), factor, 1)
    weight *= np.where((date.month == 12) & (date.day == 12), 1.6, 1)
    return weight / weight.mean()


@dataclass(frozen=True)
class Promotions:
    """The promotion calendar: at most one promotion a week.

    Attributes
    ----------
    exposed : push groups × weeks, bool: who has it
    depth : weeks, the price cut
    ids : weeks, the promotion's number
    everyone : weeks, bool: a shopping festival, open to all groups
    """

    exposed: np.ndarray
    depth: np.ndarray
    ids: np.ndarray
    everyone: np.ndarray


def promotions(plan: Plan) -> Promotions:
    """Which push group has a promotion in which week: planned, so that exposure is known for everyone."""
    rng = stream(plan.seed, "promotions")
    week = np.arange(WEEKS)
    monday = pd.DatetimeIndex(dates(np.minimum(week * 7 + 3, DAYS - 1)))
    everyone = ((monday.month == 6) & (monday.day >= 8) & (monday.day <= 21)) | (
        (monday.month == 11) & (monday.day >= 3) & (monday.day <= 13)
    )
    # Each group gets its share of the weeks exactly, spread at random.
    order = rng.random((len(PUSH_GROUPS), WEEKS)).argsort(axis=1).argsort(axis=1)
    exposed = (order < (plan.exposure * WEEKS)[:, None]) | everyone
    depth = np.where(everyone, 0.25, rng.choice([0.1, 0.12, 0.15, 0.2], WEEKS))
    year = monday.year % 100
    number = week - np.searchsorted(year, year)  # the week within its year
    ids = np.array([f"P{y}W{n + 1:02d}" for y, n in zip(year, number, strict=True)])
    return Promotions(exposed, depth, ids, np.asarray(everyone))


def calendar(promos: Promotions) -> pd.DataFrame:
    """The promotions of the books, one row a promotion and push group: promo_id, push_group, starts, ends, depth."""
    group, week = np.nonzero(promos.exposed)
    begins, ends = week * 7, np.minimum(week * 7 + 6, PAST - 1)
    keep = begins < PAST
    frame = pd.DataFrame(
        {
            "promo_id": promos.ids[week],
            "push_group": np.array(PUSH_GROUPS)[group],
            "starts": dates(begins),
            "ends": dates(ends),
            "depth": promos.depth[week],
            "name_zh": np.where(promos.everyone[week], "大促", "会员周"),
            "name_en": np.where(promos.everyone[week], "shopping festival", "members' week"),
        }
    )
    return frame[keep].sort_values(["promo_id", "push_group"], ignore_index=True)
