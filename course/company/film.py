"""The film case: 240 people, ten invented films, and the claims that a portrait drawn from them invites.

The case of the source article (a survey of a film site) was never published; this is a twin of the same shape. Tastes
are drawn from a model of which every effect is known (`film_truth`): who likes a genre more, who only seems to. Each
seed draws other people; the effects stay.
"""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

GENRES = ("action", "romance", "animation")
PEOPLE = 240
#: Films invented for the course: genre, rank within the genre (1 the best, −1 the worst), Chinese, English.
FILMS = {
    "A1": ("action", 1.0, "铁鹤行动", "Operation Iron Crane"),
    "A2": ("action", 0.3, "断桥七分钟", "Seven Minutes on the Broken Bridge"),
    "A3": ("action", -0.3, "赤岭追缉令", "The Red Ridge Warrant"),
    "A4": ("action", -1.0, "零点货轮", "The Midnight Freighter"),
    "R1": ("romance", 1.0, "第十四封回信", "The Fourteenth Reply"),
    "R2": ("romance", 0.0, "雨停在六月的站台", "When the Rain Left the Platform"),
    "R3": ("romance", -1.0, "住在对面的春天", "Spring Lives Across the Street"),
    "N1": ("animation", 1.0, "小鹿和会走路的山", "The Fawn and the Walking Mountain"),
    "N2": ("animation", 0.0, "纸船漂流队", "The Paper Boat Crew"),
    "N3": ("animation", -1.0, "钟楼上的螺丝钉", "The Screw in the Clock Tower"),
}


class Genre(NamedTuple):
    """How a genre is rated: mean of its films, spread of the people's liking for it, spread of one rating (points)."""

    mean: float
    taste: float
    rating: float


#: Set for the published counts of the rule "7 or more likes the genre": 170/147/147 fans by any film, 16/27/24 by the
#: mean, 88/52/46 by half the films or more, the very same tastes counted three ways. Over seeds the model's means are
#: 180/154/150, 18/26/22 and 76/55/49, and 77 % of the fans are fans of two genres or more (published: 83 %).
MODEL = {
    "action": Genre(4.87, 0.45, 2.45),
    "romance": Genre(4.82, 0.85, 2.25),
    "animation": Genre(4.66, 0.60, 2.50),
}
QUALITY = 1.95  # points between a film of rank 1 and one of rank 0
#: Ways of answering, the same for all genres: some are generous (points), some use more of the scale (log of the factor
#: on the spread of their ratings). Such people are fans of everything by the rule "any film".
GENEROUS, EMPHATIC = 0.45, 0.3
#: The stream of random numbers that the ratings come from: of some thousand, one with which seed 0 is within seven
#: people of each of the nine published counts. Other seeds scatter around the model's means.
STREAM = 2099
SEEN = 0.96  # chance that a person has seen, and rated, a film: the same for all

#: Points on the liking of a genre: what is true of the groups. Everything not named here has no effect on taste.
WOMEN_ON_ROMANCE = 0.5
MEN_ON_ACTION = 0.35
DECADE_ON_ANIMATION = -0.3  # each ten years of age above AGE
AGE = 29
#: Social people comment more than others; whether a post is passed on is another trait, independent of it.
COMMENTS = (2.60, 0.885)  # mean and spread of the log: 34 % have 20 or more, 25 % have 25, 19 % have 30
SHARES = (0.6, 0.9)
#: Yuan a year in cinemas: mean and spread of the log, and what a point of liking for action films adds to the log.
SPEND = (5.7, 0.55)
ACTION_ON_SPEND = 0.12

#: Chance of each phone brand by age band: under 25, 25–34, 35 and over. Nothing else follows from the brand.
PHONES = {
    "Apple": (0.44, 0.27, 0.14),
    "Huawei": (0.14, 0.28, 0.46),
    "Xiaomi": (0.20, 0.20, 0.13),
    "OPPO": (0.11, 0.12, 0.12),
    "vivo": (0.11, 0.13, 0.15),
}
STUDENTS = 0.33  # share: the largest group under any rule, because they are many
#: Jobs of the others: share, and the chance that the person is a woman.
JOBS = {
    "engineer": (0.17, 0.22),
    "it": (0.17, 0.30),
    "teacher": (0.13, 0.70),
    "nurse": (0.09, 0.92),
    "sales": (0.16, 0.50),
    "civil_servant": (0.12, 0.48),
    "other": (0.16, 0.50),
}
#: City: English, residents in millions (2020 census, rounded), users of the site for each million (relative).
CITIES = {
    "上海": ("Shanghai", 24.9, 1.00),
    "北京": ("Beijing", 21.9, 1.10),
    "成都": ("Chengdu", 20.9, 0.80),
    "广州": ("Guangzhou", 18.7, 0.85),
    "深圳": ("Shenzhen", 17.6, 0.95),
    "苏州": ("Suzhou", 12.7, 0.75),
    "武汉": ("Wuhan", 12.3, 0.90),
    "杭州": ("Hangzhou", 11.9, 2.10),
    "青岛": ("Qingdao", 10.1, 0.70),
    "厦门": ("Xiamen", 5.2, 2.40),
}


def film(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The people and their ratings.

    Parameters
    ----------
    seed : draws the people and what they rate; the effects are the same for all seeds.

    Returns
    -------
    people : one row each of PEOPLE, sorted by person_id: sex (female, male), age (years), single (yes, no, not_stated),
        job, region (a key of CITIES), phone_brand, comments (written), shares (posts passed on in a year), spend (yuan
        a year in cinemas)
    ratings : one row for each person and film: person_id, film_id, genre, rating (0–10; blank: not seen)
    """
    people, liking = _people(seed)
    return people, _ratings(seed, people["person_id"], liking)


def films() -> pd.DataFrame:
    """The ten films: film_id, genre, title_zh, title_en."""
    rows = [(film_id, genre, zh, en) for film_id, (genre, _, zh, en) in FILMS.items()]
    return pd.DataFrame(rows, columns=["film_id", "genre", "title_zh", "title_en"])


def population() -> pd.DataFrame:
    """The base for rates: region, region_en, residents (millions, 2020 census, rounded)."""
    rows = [(zh, en, residents) for zh, (en, residents, _) in CITIES.items()]
    return pd.DataFrame(rows, columns=["region", "region_en", "residents"])


def film_truth(seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is planted.

    Returns
    -------
    effects : one row for each claim that the case invites: dimension, outcome, effect, unit, en, zh. An effect of zero
        is meant.
    tastes : one row a person: person_id and the true liking of each genre (points of the 0–10 scale)
    """
    people, liking = _people(seed)
    tastes = pd.DataFrame(liking, columns=list(GENRES))
    tastes.insert(0, "person_id", people["person_id"])
    return _effects().copy(), tastes


@cache
def _effects() -> pd.DataFrame:
    path = Path(__file__).parent / "data" / "film_truth.yaml"
    rows = pd.DataFrame(yaml.safe_load(path.read_text(encoding="utf-8")))
    rows["effect"] = [globals()[e] if isinstance(e, str) else float(e) for e in rows["effect"]]
    return rows


def _people(seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The people, and their liking of the genres (people × genres)."""
    rng = np.random.default_rng([seed, 1])
    student = rng.random(PEOPLE) < STUDENTS
    age = np.where(student, rng.integers(18, 25, PEOPLE), np.clip(22 + rng.gamma(2.2, 5.2, PEOPLE), 22, 62)).astype(int)
    job = rng.choice(list(JOBS), PEOPLE, p=[share for share, _ in JOBS.values()])
    woman = rng.random(PEOPLE) < np.where(student, 0.5, [JOBS[j][1] for j in job])
    taste = rng.normal(size=(PEOPLE, len(GENRES))) * [MODEL[g].taste for g in GENRES]
    liking = np.array([MODEL[g].mean for g in GENRES]) + taste
    liking[:, 0] += MEN_ON_ACTION * (~woman - 0.5)
    liking[:, 1] += WOMEN_ON_ROMANCE * (woman - 0.5)
    liking[:, 2] += DECADE_ON_ANIMATION * (age - AGE) / 10
    single = np.where(rng.random(PEOPLE) < np.clip(1.3 - 0.028 * age, 0.1, 0.85), "yes", "no")
    single = np.where(rng.random(PEOPLE) < np.where(age < 25, 0.06, 0.16), "not_stated", single)
    density = np.array([residents * users for _, residents, users in CITIES.values()])
    band = np.digitize(age, (25, 35))
    cumulative = np.cumsum(np.array(list(PHONES.values())), axis=0)[:, band]
    people = pd.DataFrame(
        {
            "person_id": [f"P{i:03}" for i in range(1, PEOPLE + 1)],
            "sex": np.where(woman, "female", "male"),
            "age": age,
            "single": single,
            "job": np.where(student, "student", job),
            "region": rng.choice(list(CITIES), PEOPLE, p=density / density.sum()),
            "phone_brand": np.array(list(PHONES))[(rng.random(PEOPLE) * cumulative[-1] > cumulative).sum(axis=0)],
            "comments": _spread_log(rng, *COMMENTS).round().astype(int),
            "shares": rng.poisson(_spread_log(rng, *SHARES)),
            "spend": np.exp(SPEND[0] + ACTION_ON_SPEND * taste[:, 0] + rng.normal(0, SPEND[1], PEOPLE)).round(-1),
        }
    )
    return people, liking


def _spread_log(rng: np.random.Generator, mean: float, spread: float) -> np.ndarray:
    """Lognormal numbers that fill their distribution evenly, so that shares above a threshold hold for any seed."""
    from scipy.special import ndtri

    even = (rng.permutation(PEOPLE) + rng.random(PEOPLE)) / PEOPLE
    return np.exp(mean + spread * ndtri(even))


def _ratings(seed: int, person_id: pd.Series, liking: np.ndarray) -> pd.DataFrame:
    rng = np.random.default_rng([seed, STREAM])
    shape = (PEOPLE, len(FILMS))
    seen = rng.random(shape) < SEEN
    generous, emphatic = GENEROUS * rng.normal(size=(PEOPLE, 1)), np.exp(EMPHATIC * rng.normal(size=(PEOPLE, 1)))
    genre, rank, *_ = (np.array(values) for values in zip(*FILMS.values(), strict=True))
    spread = emphatic * [MODEL[g].rating for g in genre]
    given = liking[:, [GENRES.index(g) for g in genre]] + QUALITY * rank + generous + spread * rng.normal(size=shape)
    return pd.DataFrame(
        {
            "person_id": np.repeat(person_id.to_numpy(), len(FILMS)),
            "film_id": np.tile(list(FILMS), PEOPLE),
            "genre": np.tile(genre, PEOPLE),
            "rating": np.where(seen, np.clip(given.round(), 0, 10), np.nan).ravel(),
        }
    )
