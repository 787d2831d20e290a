"""Luming's customers: who they are, what they like, and how they buy; and, apart from that, their names and addresses.

`traits` is what purchases need and scales to millions; `contacts` is what the exports show of a person.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course import small_yaml
from course.company.plan import CATEGORIES, CITIES, DAYS, PAST, PUSH_GROUPS, Plan, dates, stream

_DATA = Path(__file__).parent / "data"

#: Psychographic types: share, and the centres on the two factors (novelty seeking, thrift). A type is a cluster here,
#: which purchases alone are not.
TYPES = {"explorer": (0.34, 1.2, -0.8), "saver": (0.38, -0.1, 1.3), "traditional": (0.28, -1.2, -0.7)}
#: What a customer is to a baby. Gift buyers and grandparents buy for it too and are no new parents.
ROLES = ("none", "new_parent", "grandparent", "gift_buyer")
#: How a person answers campaigns; in the words of uplift modelling.
UPLIFT_TYPES = ("sure_thing", "persuadable", "lost_cause", "do_not_disturb")
#: Mail providers under a top-level domain that is reserved for examples (RFC 2606): nobody is there.
_MAIL = ("youxiang.example", "kuaiyou.example", "xinjian.example", "mail.example")
#: What the average basket holds, by category.
_TASTE = np.array([0.21, 0.28, 0.02, 0.21, 0.19, 0.09])
#: Purchases a year: gamma with this shape and mean. A lifetime is exponential with a gamma rate (mean a year).
_RATE_SHAPE, _RATE_MEAN = 1.15, 5.2
_LEAVING_SHAPE, _LEAVING_MEAN = 2.0, 0.55
#: Ages at which age bands, tariffs and rules begin, and the days on which some persons reach one of them: on the last
#: day of a half-year, for which one reports, or just after it (not on 1 January, which forms write for unknown).
BOUNDS = (18, 25, 30, 35, 40, 45, 50, 55, 60, 65)
BIRTHDAYS = tuple(np.datetime64(d) for d in ("2023-12-31", "2024-06-30", "2024-07-01", "2024-12-31", "2025-01-02"))
#: The other days that wrong arithmetic does not survive: born on a 29 February, these ages are reached in 2024.
_LEAP_DAY, _LEAP_AGES = np.datetime64("2024-02-29"), tuple(range(20, 81, 4))
#: Share of the persons moved to each of these dates of birth.
_AT_A_BOUND = 0.0003


@dataclass
class People:
    """Persons: `frame`, one row each, and their taste (persons × categories, shares) before and after `switch_day`."""

    frame: pd.DataFrame
    before: np.ndarray
    after: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)


def traits(plan: Plan, size: int, part: int = 0) -> People:
    """Draw `size` persons.

    Returns
    -------
    People; `frame`: household (number), role_in_household (0 head, 1 spouse, 2 child or parent, 3 other), age (years at
    END), gender, city, joined_day, first_day (DAYS: never), leaving_day, rate (purchases a year), rate_after,
    switch_day, role (index of ROLES), shift_from (category index; −1: none), shift_to, psych (index of TYPES), novelty,
    thrift, price_sensitivity (log rate ratio), tier (0 cheap – 2 dear), habit (share of lines that repeat a favourite),
    group (push group index), store_share, mini_share, uplift (index of UPLIFT_TYPES), social (how outgoing)
    """
    rng = stream(plan.seed, "people", part)
    frame = _households(rng, size)
    campus = rng.random(size) < 0.08  # the students who come with the mini-program
    frame.loc[campus, "age"] = rng.integers(18, 25, campus.sum())
    frame["joined_day"] = np.where(campus, rng.integers(plan.drift_month, PAST, size), _joining(rng, size))
    frame["first_day"] = _first_days(rng, frame["joined_day"].to_numpy())
    _minds(rng, frame)
    _rhythm(plan, rng, frame)
    _roles(plan, rng, frame)
    _channels(rng, frame, campus)
    frame["uplift"] = _uplift(rng, frame)
    before, after = _taste(plan, rng, frame, campus)
    return People(frame, before, after)


def _households(rng: np.random.Generator, size: int) -> pd.DataFrame:
    """Households of one to four, with ages that go together: 62 of 100 households are one customer."""
    sizes = rng.choice([1, 2, 3, 4], size, p=[0.62, 0.24, 0.10, 0.04])
    household = np.repeat(np.arange(size), sizes)[:size]
    first = np.searchsorted(household, household)  # where each one's household begins
    place = np.arange(size) - first
    head = np.clip(rng.gamma(9.0, 2.3, size) + 17, 18, 74)[household]
    old_head = head >= 47
    third = np.where(old_head, head - rng.uniform(23, 29, size), head + rng.uniform(24, 31, size))
    age = np.select(
        [place == 0, place == 1, place == 2],
        [head, head + rng.normal(0, 3, size), third],
        head + rng.normal(0, 12, size),
    )
    woman = rng.random(size) < 0.58
    woman = np.where(place == 1, ~woman[first], woman)
    cities = rng.choice(list(CITIES), size, p=[share for _, share in CITIES.values()])
    return pd.DataFrame(
        {
            "household": household,
            "role_in_household": place,
            "age": np.clip(np.floor(age), 18, 84).astype("int64"),
            "gender": np.where(woman, "女", "男"),
            "city": cities[household],
        }
    )


def _joining(rng: np.random.Generator, size: int) -> np.ndarray:
    """The day of joining: many when the shop opens, then steadily with the seasons of the trade."""
    opening = rng.exponential(35, size)
    steady = rng.random(size) * PAST
    day = np.where(rng.random(size) < 0.15, opening, steady)
    return np.minimum(day, PAST - 1).astype("int64")


def _first_days(rng: np.random.Generator, joined: np.ndarray) -> np.ndarray:
    """First purchase: mostly at once, some weeks later, one in fourteen never: these are prospects."""
    delay = np.where(rng.random(len(joined)) < 0.75, 0, rng.exponential(25, len(joined)))
    never = rng.random(len(joined)) < 0.07
    return np.where(never, DAYS, np.minimum(joined + delay, DAYS)).astype("int64")


def _minds(rng: np.random.Generator, frame: pd.DataFrame) -> None:
    size = len(frame)
    share, novelty, thrift = np.array(list(TYPES.values())).T
    kind = rng.choice(len(TYPES), size, p=share)
    frame["psych"] = kind
    frame["novelty"] = novelty[kind] + rng.normal(0, 0.45, size)
    frame["thrift"] = thrift[kind] + rng.normal(0, 0.45, size)
    frame["price_sensitivity"] = np.clip(0.3 + 0.4 * frame["thrift"] + rng.normal(0, 0.3, size), -0.6, 1.6)
    wealth = 0.5 * frame["novelty"] - 0.5 * frame["thrift"] + rng.normal(0, 1, size)
    frame["tier"] = (wealth > -0.45).astype("int64") + (wealth > 0.65)
    frame["habit"] = rng.beta(2, 3, size)
    frame["group"] = rng.integers(0, len(PUSH_GROUPS), size)
    frame["social"] = rng.gamma(0.8, 1.25, size)


def _rhythm(plan: Plan, rng: np.random.Generator, frame: pd.DataFrame) -> None:
    """Gamma rates and exponential lifetimes; and the weak link: many leave right after the first purchase."""
    size = len(frame)
    frame["rate"] = rng.gamma(_RATE_SHAPE, _RATE_MEAN / _RATE_SHAPE, size)
    leaving = rng.gamma(_LEAVING_SHAPE, _LEAVING_MEAN / _LEAVING_SHAPE, size)
    lifetime = rng.exponential(365.25 / np.maximum(leaving, 0.02))
    lifetime = np.where(rng.random(size) < plan.one_time, 0, lifetime)
    frame["leaving_day"] = np.minimum(frame["first_day"] + 1 + lifetime, 10 * DAYS).astype("int64")


def _roles(plan: Plan, rng: np.random.Generator, frame: pd.DataFrame) -> None:
    """New parents from the day of their baby; grandparents, often of the same household; buyers of gifts."""
    size, age = len(frame), frame["age"].to_numpy()
    fit = (age >= 23) & (age <= 40)
    parent = fit & (rng.random(size) < plan.parents / max(fit.mean(), 0.1))
    frame["role"] = np.where(parent, 1, 0)
    with_baby = np.isin(frame["household"], frame.loc[parent, "household"])
    grand = (age >= 48) & (rng.random(size) < np.where(with_baby, 0.6, 0.14))
    gift = ~parent & ~grand & (rng.random(size) < 0.08)
    frame["role"] = np.select([parent, grand, gift], [1, 2, 3], 0)
    baby = rng.integers(-90, PAST - 75, size)
    shifts = (frame["role"] == 0) & (rng.random(size) < 0.14)
    frame["baby_day"] = np.where(np.isin(frame["role"], (1, 2)), baby, DAYS)
    frame["switch_day"] = np.where(shifts, plan.shift_day, frame["baby_day"])
    extra = np.select([parent, grand], [rng.uniform(8, 14, size), rng.uniform(3, 5, size)], 0)
    frame["rate_after"] = frame["rate"] + extra
    # A customer with a baby stays as long as it needs milk and nappies.
    stays = np.where(parent, np.maximum(frame["baby_day"], frame["first_day"]) + rng.uniform(120, 700, size), 0)
    frame["leaving_day"] = np.maximum(frame["leaving_day"], stays).astype("int64")
    frame["shifts"] = shifts


def _channels(rng: np.random.Generator, frame: pd.DataFrame, campus: np.ndarray) -> None:
    """Where one buys: the older, the more in the store; each has a main channel and strays from it now and then."""
    size, age = len(frame), frame["age"].to_numpy()
    main_store = rng.random(size) < 1 / (1 + np.exp(-(age - 52) / 9))
    main_store &= ~campus
    frame["store_share"] = np.where(main_store, rng.beta(8, 1.5, size), rng.beta(1, 12, size))
    frame["mini_share"] = np.where(campus, rng.beta(8, 2, size), rng.beta(1.2, 5, size))
    frame["store"] = rng.integers(1, 3, size)  # the first or the second store of the city


def _uplift(rng: np.random.Generator, frame: pd.DataFrame) -> np.ndarray:
    """Sure things buy much, persuadables watch prices, the disturbed are often older; each with exceptions."""
    size = len(frame)
    busy = np.log(frame["rate_after"] + 0.3) + rng.normal(0, 0.5, size)
    open_ = frame["price_sensitivity"] + rng.normal(0, 0.35, size)
    touchy = (frame["age"] - 35) / 25 + rng.normal(0, 0.7, size)
    return np.select([busy > np.quantile(busy, 0.78), touchy > 1.15, open_ > 0.55], [0, 3, 1], 2)


def _taste(
    plan: Plan, rng: np.random.Generator, frame: pd.DataFrame, campus: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    size = len(frame)
    woman, age = (frame["gender"] == "女").to_numpy(), frame["age"].to_numpy()
    weight = np.tile(_TASTE * 3.2, (size, 1))
    weight[:, 0] *= np.clip((age - 15) / 20, 0.3, 2.2)  # tea comes with age
    weight[:, 1] *= np.where(campus, 3, np.clip(1.6 - (age - 18) / 60, 0.6, 1.6))
    weight[:, 4] *= np.where(woman, 1.5, 0.35) * np.where(campus, 2, 1)
    weight[:, 5] *= np.where(woman, 0.7, 1.4)
    before = rng.gamma(weight) + 1e-4
    before[:, 2] *= np.where(frame["role"] == 0, 0.5, 0)
    before /= before.sum(axis=1, keepdims=True)
    gift = (frame["role"] == 3).to_numpy()
    before[gift] *= 0.88
    before[gift, 2] += 0.12
    after = before.copy()
    for role, share in ((1, 0.72), (2, 0.55)):
        who = (frame["role"] == role).to_numpy()
        after[who] *= 1 - share
        after[who, 2] += share
    _shift(plan, rng, frame, after)
    return before, after


def _shift(plan: Plan, rng: np.random.Generator, frame: pd.DataFrame, after: np.ndarray) -> None:
    """Two thirds of the love for the favourite category go to another one: mostly the plan's, else any."""
    who = np.flatnonzero(frame["shifts"])
    source = after[who].argmax(axis=1)
    to = np.where(rng.random(len(who)) < 0.75, CATEGORIES.index(plan.shift_to), rng.integers(0, 6, len(who)))
    to = np.where((to == source) | (to == 2), (source + 3) % 6, to)
    to = np.where(to == 2, 3, to)  # nobody takes to nappies without a baby
    moved = after[who, source] * 0.7
    after[who, source] -= moved
    after[who, to] += moved
    frame["shift_from"], frame["shift_to"] = -1, -1
    frame.loc[who, "shift_from"], frame.loc[who, "shift_to"] = source, to
    del frame["shifts"]


# --- names, numbers and addresses ------------------------------------------------------------------------------------


@cache
def lexicon() -> dict:
    """The words that names and addresses are made of."""
    return small_yaml.read(_DATA / "people.yaml")


def contacts(plan: Plan, people: People) -> pd.DataFrame:
    """Names, phones, e-mails and addresses, all invented.

    A household has one address; a child has its head's surname; some members leave the head's phone as theirs.

    Returns
    -------
    frame, one row a person: name, name_en, phone (11 digits), email, address, address_en, birth_date, reached_on (the
    birthday for which the birth date was chosen; blank for most), nickname, device, own_phone (bool)
    """
    rng = stream(plan.seed, "contacts")
    frame, size = people.frame, len(people)
    name, name_en = _names(rng, frame)
    first = np.searchsorted(frame["household"], frame["household"])  # position of the household's head
    # Prefixes that no network had given out when this was written: nobody answers.
    prefix = rng.choice(["154", "160", "164", "169"], size)
    number = rng.choice(10**8, size, replace=False)
    phone = np.array([f"{p}{n:08d}" for p, n in zip(prefix, number, strict=True)])
    borrowed = (frame["role_in_household"] > 0).to_numpy() & (rng.random(size) < 0.22)
    phone = np.where(borrowed, phone[first], phone)
    days_old = frame["age"].to_numpy() * 365.2425 + rng.integers(1, 365, size)
    birth = dates(np.full(size, PAST - 1)) - days_old.astype("timedelta64[D]")
    birth, reached_on = _at_the_bounds(frame["age"].to_numpy(), birth, plan)
    domain = rng.choice(_MAIL, size)
    dot = rng.choice(["", ".", "_"], size)
    plain = [n.lower().replace("ü", "u").replace(" ", d) for n, d in zip(name_en, dot, strict=True)]
    tail = rng.integers(1, 999, size)
    address, address_en = _addresses(rng, frame, first)
    words = rng.choice(lexicon()["nicknames"], size)
    same_device = (frame["role_in_household"] > 0).to_numpy() & (rng.random(size) < 0.15)
    device = np.array([f"v{n:011x}" for n in rng.integers(16**10, 16**11, size)])
    return pd.DataFrame(
        {
            "name": name,
            "name_en": name_en,
            "phone": phone,
            "email": [f"{p}{t}@{d}" for p, t, d in zip(plain, tail, domain, strict=True)],
            "address": address,
            "address_en": address_en,
            "birth_date": birth,
            "reached_on": reached_on,
            "nickname": [f"{w}{n}" for w, n in zip(words, rng.choice(10**6, size, replace=False), strict=True)],
            "device": np.where(same_device, device[first], device),
            "own_phone": ~borrowed,
        }
    )


def _at_the_bounds(age: np.ndarray, birth: np.ndarray, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Dates of birth of which a few are moved within their year, so that wrong arithmetic of ages shows.

    Nobody's age on the last day of the books changes, nor whether day and month could be taken for each other: the
    defects of birthdays meet the same persons as without.

    Returns
    -------
    birth : datetime64[D]
    reached_on : datetime64[D], the birthday (of BIRTHDAYS, or 29 February 2024) of those who were moved; else NaT
    """
    rng = stream(plan.seed, "bounds")
    birth, reached_on = birth.copy(), np.full(len(birth), np.datetime64("NaT"), dtype="datetime64[D]")
    born_in = birth.astype("datetime64[Y]").astype("int64") + 1970
    most = max(1, round(_AT_A_BOUND * len(birth)))
    for day, ages in [*((day, BOUNDS) for day in BIRTHDAYS), (_LEAP_DAY, _LEAP_AGES)]:
        year, rest = int(str(day)[:4]), str(day)[4:]
        for reached in ages:
            to = np.datetime64(f"{year - reached}{rest}")
            # Whoever was born in that year is so old on the last day of the books.
            fits = np.isnat(reached_on) & (born_in == year - reached) & (age == 2024 - born_in)
            pool = np.flatnonzero(fits & (_swappable(birth) == _swappable(to)))
            moved = rng.choice(pool, min(most, len(pool)), replace=False)
            birth[moved], reached_on[moved] = to, day
    return birth, reached_on


def _swappable(day: np.ndarray) -> np.ndarray:
    """Dates that are still dates, and others, when day and month change places."""
    month = day.astype("datetime64[M]")
    day_of_month = (day - month.astype("datetime64[D]")).astype("int64") + 1
    return (day_of_month <= 12) & (day_of_month != month.astype("int64") % 12 + 1)


def _names(rng: np.random.Generator, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Chinese names and their pinyin. A surname's weight falls with its rank; three of four given names have two
    characters."""
    words, size = lexicon(), len(frame)
    surname = np.array(list(words["surnames"]), dtype=object)
    surname_en = np.array([p.capitalize() for p in words["surnames"].values()], dtype=object)
    weight = 1 / (np.arange(len(surname)) + 6.0)
    pick = rng.choice(len(surname), size, p=weight / weight.sum())
    first = np.searchsorted(frame["household"], frame["household"])
    family = (frame["role_in_household"] == 2).to_numpy()
    pick = np.where(family, pick[first], pick)
    given, given_en = np.empty(size, dtype=object), np.empty(size, dtype=object)
    two = rng.random(size) < 0.75
    for gender, characters in words["given"].items():
        zh = np.array(list(characters), dtype=object)
        en = np.array(list(characters.values()), dtype=object)
        who = np.flatnonzero(frame["gender"] == gender)
        one, other = rng.integers(0, len(zh), (2, len(who)))
        given[who] = zh[one] + np.where(two[who], zh[other], "")
        given_en[who] = en[one] + np.where(two[who], en[other], "")
    latin = np.array([g.capitalize() for g in given_en], dtype=object)
    return surname[pick] + given, surname_en[pick] + " " + latin


def _addresses(rng: np.random.Generator, frame: pd.DataFrame, first: np.ndarray) -> tuple[list[str], list[str]]:
    words, size = lexicon(), len(frame)
    roads = list(words["roads"].items())
    road = rng.integers(0, len(roads), size)[first]
    number, block, room = (rng.integers(1, top, size)[first] for top in (400, 30, 26))
    part = rng.random(size)[first]
    zh, en = [], []
    for i, city in enumerate(frame["city"]):
        districts = list(words["districts"][city].items())
        district = districts[int(part[i] * len(districts))]
        home = f"{block[i]}幢{room[i]}01室"
        zh.append(f"{city}市{district[0]}{roads[road[i]][0]}{number[i]}号{home}")
        en.append(
            f"Room {room[i]}01, Block {block[i]}, {number[i]} {roads[road[i]][1]} Road, {district[1]} District, "
            f"{CITIES[city][0]}"
        )
    return zh, en
