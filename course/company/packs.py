"""Four small companies of other sectors, with what is planted in each: a bank, a car maker, a SaaS firm, a school.

Each has a few hundred customers in one or two tables and a question that its sector asks. The effects are constants of
this file and stand in the pack's truth; a seed draws other customers. Names of columns and values in both languages:
`labels`.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course import small_yaml
from course.errors import DataError
from course.language import Label

#: The day the packs are of: what happened later is not in them.
AS_OF = pd.Timestamp("2024-12-31")


def pack(name: str, seed: int = 0) -> dict[str, pd.DataFrame]:
    """The tables of one sector and its truth.

    Parameters
    ----------
    name : one of PACKS: bank, car, saas, education.
    seed : draws the customers; what is planted is the same for all seeds.

    Returns
    -------
    tables by name, rows sorted by their ids; the last, "truth", has a row for each planted effect: outcome, driver,
        effect, unit, en, zh. An effect of zero is meant.
    """
    if name not in PACKS:
        raise DataError("There is no sector pack {name}. Packs are: {packs}.", name=name, packs=", ".join(PACKS))
    tables = PACKS[name](np.random.default_rng([seed, list(PACKS).index(name)]))
    truth = pd.DataFrame([row for row in _truths() if row["pack"] == name]).drop(columns="pack")
    truth["effect"] = [float(globals()[e]) if isinstance(e, str) else float(e) for e in truth["effect"]]
    return tables | {"truth": truth}


def labels(name: str, table: str) -> dict[str, Label]:
    """The names of the columns of a table, in both languages; tables of the film case have the name "film"."""
    return {column: Label(spec["en"], spec["zh"]) for column, spec in dictionary()[name][table]["columns"].items()}


@cache
def dictionary() -> dict:
    """The data dictionary of the film case and the packs: name → table → en, zh, columns."""
    return _yaml("dictionary_film_packs.yaml")


@cache
def _truths() -> list[dict]:
    return _yaml("packs_truth.yaml")


def _yaml(name: str):
    return small_yaml.read(Path(__file__).parent / "data" / name)


def _ids(letter: str, count: int) -> list[str]:
    return [f"{letter}{i:04}" for i in range(1, count + 1)]


def _happens(rng: np.random.Generator, log_odds: np.ndarray) -> np.ndarray:
    return rng.random(len(log_odds)) < 1 / (1 + np.exp(-log_odds))


# ---- Bank: whom the old scorecard approves, who pays back, what suits whom ----

BANK_CLIENTS = 600
#: Log-odds of default: on a unit of standardised log income, and of debt to income above 0.4. The household
#: registration, the branch and the age have no effect on it.
DEFAULT_INCOME, DEFAULT_DEBT = -0.7, 3.0
#: Points that the old scorecard takes off for the branch at the edge of the city, where most rural registrations bank;
#: points from which it approves.
BRANCH_PENALTY, APPROVED_FROM = 80, 580
#: Steps of 5 on the wish for risk for ten years of age, and for assets ten times as large.
RISK_AGE, RISK_ASSETS = -0.35, 0.4
UNSUITABLE = 0.08  # share of the clients who were sold a product above their risk answer
PRODUCTS = ("deposit", "bond_fund", "balanced_fund", "stock_fund", "private_fund")  # risk 1–5
SPENDING = {"groceries": 0.30, "dining": 0.18, "transport": 0.12, "shopping": 0.25, "travel": 0.15}


def _bank(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = BANK_CLIENTS
    rural = rng.random(n) < 0.35
    age = np.clip(rng.normal(42, 12, n), 20, 75).round().astype(int)
    income = np.exp(rng.normal(np.log(9500), 0.45, n))
    debt = rng.beta(3, 5, n)
    outskirts = rng.random(n) < np.where(rural, 0.65, 0.15)
    standard = (np.log(income) - np.log(9500)) / 0.45
    defaulted = _happens(rng, -1.9 + DEFAULT_INCOME * standard + DEFAULT_DEBT * (debt - 0.4))
    score = 620 + 40 * standard - 120 * (debt - 0.4) - BRANCH_PENALTY * outskirts + rng.normal(0, 25, n)
    assets = np.exp(np.log(120_000) + 0.9 * standard + 0.025 * (age - 42) + rng.normal(0, 0.8, n))
    wish = 3 + RISK_AGE * (age - 42) / 10 + RISK_ASSETS * np.log10(assets / 120_000) + rng.normal(0, 0.8, n)
    risk = np.clip(wish.round(), 1, 5).astype(int)
    held = np.where(
        rng.random(n) < UNSUITABLE, np.minimum(risk + rng.integers(1, 3, n), 5), risk - rng.integers(0, 2, n)
    )
    approved = score >= APPROVED_FROM
    clients = pd.DataFrame(
        {
            "client_id": _ids("B", n),
            "sex": rng.choice(["female", "male"], n),
            "age": age,
            "registration": np.where(rural, "rural", "urban"),
            "branch": np.where(outskirts, "outskirts", "centre"),
            "monthly_income": income.round(-2),
            "debt_ratio": debt.round(2),
            "assets": assets.round(-2),
            "risk_answer": risk,
            "product": np.array(PRODUCTS)[np.clip(held, 1, 5) - 1],
            "score": score.round().astype(int),
            "approved": approved,
            "defaulted": pd.array(np.where(approved, defaulted, None), dtype="boolean"),
        }
    )
    return {"clients": clients, "spending": _spending(rng, clients)}


def _spending(rng: np.random.Generator, clients: pd.DataFrame) -> pd.DataFrame:
    """A row for each client, month and kind of spending: a share of the income, each client with a mix of their own."""
    months = pd.date_range("2024-01-01", periods=12, freq="MS")
    n, kinds = len(clients), len(SPENDING)
    mix = rng.dirichlet(12 * np.array(list(SPENDING.values())), n)
    part = rng.beta(6, 5, n) * clients["monthly_income"].to_numpy()
    festive = np.where(np.isin(months.month, (1, 2, 6, 11)), 1.2, 1.0)
    noise = np.exp(rng.normal(0, 0.25, (n, 12, kinds)))
    amount = part[:, None, None] * mix[:, None, :] * festive[None, :, None] * noise
    return pd.DataFrame(
        {
            "client_id": np.repeat(clients["client_id"].to_numpy(), 12 * kinds),
            "month": np.tile(np.repeat(months, kinds), n),
            "kind": np.tile(list(SPENDING), 12 * n),
            "amount": amount.ravel().round(2),
        }
    )


# ---- Car maker: when an owner buys again ----

CAR_OWNERS = 600
#: Weibull years to the next car: shape, scale of an owner without any of the covariates.
REBUY_SHAPE, REBUY_YEARS = 2.2, 9.0
#: Log hazard ratios of buying again from this maker; the sex has no effect.
REBUY_PLAN, REBUY_CHILD, REBUY_RECALL = 0.6, 0.4, -0.5
#: Chance that an owner comes to a service visit of the maker: with and without a plan; after the first missed visit the
#: chance of every later one is multiplied.
VISIT_PLAN, VISIT_NO_PLAN, VISIT_AFTER_MISS = 0.93, 0.72, 0.45
MODELS = {"city": (98_000, 0.40), "family": (168_000, 0.38), "premium": (289_000, 0.22)}


def _car(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = CAR_OWNERS
    bought = pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 365 * 8, n), "D")
    plan, child, recall = rng.random(n) < 0.45, rng.random(n) < 0.4, rng.random(n) < 0.25
    woman = rng.random(n) < 0.38
    hazard = np.exp(REBUY_PLAN * plan + REBUY_CHILD * child + REBUY_RECALL * recall)
    years = REBUY_YEARS * (rng.exponential(size=n) / hazard) ** (1 / REBUY_SHAPE)
    again = bought + pd.to_timedelta((365.25 * np.minimum(years, 50)).astype(int) + 1, "D")
    model = rng.choice(list(MODELS), n, p=[share for _, share in MODELS.values()])
    price = np.array([MODELS[m][0] for m in model]) * rng.uniform(0.92, 1.08, n)
    owners = pd.DataFrame(
        {
            "owner_id": _ids("O", n),
            "sex": np.where(woman, "female", "male"),
            "age": np.clip(rng.normal(37, 9, n), 21, 70).round().astype(int),
            "model": model,
            "price": price.round(-2),
            "bought_at": bought,
            "service_plan": plan,
            "child_born": child,
            "recalled": recall,
            "bought_again_at": again.where(again <= AS_OF),
        }
    )
    return {"owners": owners, "visits": _visits(rng, owners)}


def _visits(rng: np.random.Generator, owners: pd.DataFrame) -> pd.DataFrame:
    """A service visit is due every year until the next car; who misses one is less likely to come to the rest."""
    last = owners["bought_again_at"].fillna(AS_OF)
    chance = np.where(owners["service_plan"], VISIT_PLAN, VISIT_NO_PLAN)
    rows = []
    for year in range(1, 11):
        at = owners["bought_at"] + pd.to_timedelta(365 * year + rng.integers(-30, 31, len(owners)), "D")
        comes = (rng.random(len(owners)) < chance) & (at <= last).to_numpy()
        chance = np.where(comes | (chance < VISIT_NO_PLAN), chance, chance * VISIT_AFTER_MISS)
        visit = pd.DataFrame({"owner_id": owners["owner_id"], "at": at})
        visit["odometer"] = (year * rng.normal(13_500, 2_500, len(owners))).round(-2)
        visit["kind"] = np.where(rng.random(len(owners)) < 0.2, "repair", "service")
        visit["cost"] = np.where(visit["kind"] == "repair", 1.9, 1.0) * rng.gamma(6, 130, len(owners))
        visit["satisfied"] = np.clip(rng.normal(3.9, 0.9, len(owners)).round(), 1, 5).astype(int)
        rows.append(visit[comes])
    visits = pd.concat(rows).sort_values(["owner_id", "at"], ignore_index=True)
    visits["cost"] = visits["cost"].round(2)
    visits.insert(0, "visit_id", _ids("V", len(visits)))
    return visits


# ---- SaaS: which account renews ----

SAAS_ACCOUNTS = 500
#: Log-odds of renewal: ten points of seats in use, use falling over the last quarter, a success manager; the number of
#: tickets has no effect (busy accounts write more of them), nor has the discount.
RENEW_USE, RENEW_FALLING, RENEW_MANAGER = 0.45, -1.5, 0.5
PLANS = {"starter": (39, 0.45, 8), "team": (69, 0.37, 25), "business": (109, 0.18, 80)}  # yuan a seat, share, seats


def _saas(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = SAAS_ACCOUNTS
    plan = rng.choice(list(PLANS), n, p=[share for _, share, _ in PLANS.values()])
    seats = 2 + rng.poisson(np.array([PLANS[p][2] for p in plan]) * rng.gamma(3, 1 / 3, n))
    use = rng.beta(4.5, 2.8, n)
    falling = rng.random(n) < 0.22
    manager = rng.random(n) < np.where(plan == "business", 0.8, 0.2)
    discount = rng.choice([0, 10, 20, 30], n, p=[0.5, 0.2, 0.2, 0.1])
    signed = pd.Timestamp("2023-07-01") + pd.to_timedelta(rng.integers(0, 182, n), "D")
    renews = _happens(rng, 0.8 + 10 * RENEW_USE * (use - 0.6) + RENEW_FALLING * falling + RENEW_MANAGER * manager)
    accounts = pd.DataFrame(
        {
            "account_id": _ids("A", n),
            "industry": rng.choice(["retail", "logistics", "education", "manufacturing", "media"], n),
            "plan": plan,
            "seats": seats,
            "discount": discount,
            "monthly_fee": (seats * [PLANS[p][0] for p in plan] * (1 - discount / 100)).round(2),
            "success_manager": manager,
            "signed_at": signed,
            "renewal_at": signed + pd.DateOffset(years=1),
            "renewed": renews,
        }
    )
    return {"accounts": accounts, "usage": _usage(rng, accounts, use, falling)}


def _usage(rng: np.random.Generator, accounts: pd.DataFrame, use: np.ndarray, falling: np.ndarray) -> pd.DataFrame:
    """The twelve months of the contract before the renewal: where use falls, it falls in the last three."""
    n, month = len(accounts), np.arange(1, 13)
    fade = np.where(falling[:, None] & (month > 9), 0.72 ** (month - 9), 1.0)
    share = np.clip(use[:, None] * fade + rng.normal(0, 0.04, (n, 12)), 0.02, 1)
    active = np.minimum(np.rint(share * accounts["seats"].to_numpy()[:, None]), accounts["seats"].to_numpy()[:, None])
    return pd.DataFrame(
        {
            "account_id": np.repeat(accounts["account_id"].to_numpy(), 12),
            "month": np.tile(month, n),
            "active_seats": active.ravel().astype(int),
            "sessions": rng.poisson(active * rng.gamma(8, 2, (n, 1))).ravel(),
            "tickets": rng.poisson(0.06 * active + 0.2).ravel(),
        }
    )


# ---- Education: does a reminder help, who takes the next course ----

STUDENTS = 600
#: Lessons of 24 that the weekly reminder (drawn by lot) adds.
REMINDER = 2.0
#: Log-odds of taking the next course: a lesson done in the first four weeks, a friend on the course; age has none.
RENEW_EARLY, RENEW_FRIEND = 0.35, 0.6
WEEKS, LESSONS = 12, 24
COURSES = {"english": 1980, "python": 2480, "drawing": 1680, "go": 1480}


def _education(rng: np.random.Generator) -> dict[str, pd.DataFrame]:
    n = STUDENTS
    age = rng.integers(7, 46, n)
    reminder, friend = rng.random(n) < 0.5, rng.random(n) < 0.3
    keen = rng.beta(3.2, 2.4, n) + reminder * REMINDER / LESSONS
    done = rng.binomial(LESSONS // WEEKS, np.clip(keen[:, None] * np.linspace(1.12, 0.88, WEEKS), 0, 1), (n, WEEKS))
    early = done[:, :4].sum(axis=1)
    renewed = _happens(rng, -1.5 + RENEW_EARLY * (early - 2) + RENEW_FRIEND * friend)
    course = rng.choice(list(COURSES), n, p=[0.35, 0.3, 0.2, 0.15])
    students = pd.DataFrame(
        {
            "student_id": _ids("S", n),
            "age": age,
            "city_tier": rng.choice([1, 2, 3], n, p=[0.3, 0.4, 0.3]),
            "channel": rng.choice(["search", "friend", "short_video", "school"], n, p=[0.3, 0.2, 0.35, 0.15]),
            "course": course,
            "price": [COURSES[c] for c in course],
            "paid_at": pd.Timestamp("2024-02-26") + pd.to_timedelta(rng.integers(0, 14, n), "D"),
            "reminder": reminder,
            "with_friend": friend,
            "renewed": renewed,
        }
    )
    progress = pd.DataFrame(
        {
            "student_id": np.repeat(students["student_id"].to_numpy(), WEEKS),
            "week": np.tile(np.arange(1, WEEKS + 1), n),
            "lessons": done.ravel(),
            "minutes": (done * rng.gamma(12, 3.2, done.shape)).round().astype(int).ravel(),
            "quiz": np.where(done > 0, np.clip(rng.normal(72 + 12 * keen[:, None], 10, done.shape), 0, 100), np.nan)
            .round()
            .ravel(),
        }
    )
    return {"students": students, "progress": progress}


PACKS: dict[str, Callable] = {"bank": _bank, "car": _car, "saas": _saas, "education": _education}
