"""Luming's loyalty programme: growth points, tiers with cut-offs, and money that members top up.

A calendar year's points decide the tier of the next one. Holding gold makes a member top up a little more, holding
silver nothing; that members of a higher tier top up far more anyway is what a naive comparison finds. Some of those
who are just below gold in December collect the points that they lack, so the points pile up just above the cut-off.
"""

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import PAST, Plan, dates, day_of, stamped, stream

TIERS = ("basic", "silver", "gold")
#: Points of a calendar year from which on the next year is spent in the tier.
CUT_OFFS = {"silver": 500, "gold": 1000}
#: Days of the new year for which a member who falls keeps the tier of the old one.
PROTECTED_DAYS = 91
#: Who lacks at most so many points for gold in December may collect them; the busier half more often.
REACH, COLLECT, COLLECT_BUSY = 100, 0.25, 0.45
#: Points for a task that is no purchase.
TASKS = {"check_in": 5, "review": 20, "invite": 50}
#: Years whose points are counted.
YEARS = (2023, 2024)
_NEW_YEAR = day_of("2024-01-01")
#: Yuan that a member with 1,000 points tops up in a year, how fast it grows with the points, and where that ends.
_USUAL, _GROWS, _MOST = 150.0, 1.8, 8000


def gold_effect(plan: Plan) -> float:
    """What a year of gold adds to what a member who is still there tops up in it, in yuan. Silver adds nothing."""
    return float(stream(plan.seed, "gold effect").uniform(62, 88))


# --- points ----------------------------------------------------------------------------------------------------------


def points(
    app_orders: pd.DataFrame,
    till_sales: pd.DataFrame,
    buyers: pd.DataFrame,
    people: People,
    member: np.ndarray,
    plan: Plan,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Every entry of the points account: one a yuan, back when an order is taken back, some for tasks.

    Parameters
    ----------
    app_orders, till_sales : the exports as they would be without defects.
    buyers : order_id, person.
    member : persons, bool: in the CRM, which keeps the accounts.

    Returns
    -------
    entries, sorted by time : person, at (datetime64[s]), points, reason (order, refund or one of TASKS), order_no
    collected : persons, bool: lacked a few points for gold at the end of 2023 and collected them
    """
    entries = pd.concat([_of_orders(app_orders, till_sales, buyers), _tasks(people, plan)], ignore_index=True)
    entries = entries[member[entries["person"]] & (entries["at"] < dates(np.array([PAST]))[0])]
    rng, collected = stream(plan.seed, "collecting"), []
    for year in YEARS:
        more, who = _collect(growth(entries, len(people), year), year, people, member, rng)
        entries = pd.concat([entries, more], ignore_index=True)
        collected.append(who)
    return entries.sort_values(["at", "person", "reason", "order_no"], ignore_index=True), collected[0]


def growth(entries: pd.DataFrame, size: int, year: int) -> np.ndarray:
    """Points of every person in a calendar year."""
    own = entries[pd.DatetimeIndex(entries["at"]).year == year]
    return np.bincount(own["person"], own["points"], minlength=size).astype("int64")


def _of_orders(app_orders: pd.DataFrame, till_sales: pd.DataFrame, buyers: pd.DataFrame) -> pd.DataFrame:
    """Points for paid orders, and their return with a refund. At the till only a card that is shown collects any."""
    paid = app_orders[app_orders["status"].isin(["completed", "shipped", "refunded"])]
    back = paid[paid["status"] == "refunded"]
    sold = till_sales[till_sales["member_no"].notna() & till_sales["refund_of"].isna()]
    returned = till_sales[till_sales["member_no"].notna() & till_sales["refund_of"].notna()]
    parts = [
        (paid["orderId"], paid["createdAt"].str[:19], paid["totalAmount"], "order"),
        (back["orderId"], back["updatedAt"].str[:19], -back["totalAmount"], "refund"),
        (sold["receipt_no"], sold["transaction_time"], sold["amount"], "order"),
        (returned["refund_of"], returned["transaction_time"], returned["amount"], "refund"),
    ]
    person = buyers.set_index("order_id")["person"]
    return pd.concat(
        pd.DataFrame(
            {
                "person": person.reindex(number).to_numpy(),
                "at": pd.to_datetime(at).to_numpy().astype("datetime64[s]"),
                "points": np.trunc(money.to_numpy()).astype("int64"),
                "reason": reason,
                "order_no": number.to_numpy(),
            }
        )
        for number, at, money, reason in parts
    )


def _tasks(people: People, plan: Plan) -> pd.DataFrame:
    """Tasks done now and then by whoever is a customer on the day."""
    rng, frame = stream(plan.seed, "tasks"), people.frame
    person = np.repeat(np.arange(len(people)), rng.poisson(1.5, len(people)))
    day = rng.integers(0, PAST, len(person))
    there = (day >= frame["joined_day"].to_numpy()[person]) & (day < frame["leaving_day"].to_numpy()[person])
    task = rng.choice(list(TASKS), len(person), p=[0.6, 0.3, 0.1])
    return _task_entries(person, day, task, rng)[there]


def _task_entries(person: np.ndarray, day: np.ndarray, task: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    at = dates(day).astype("datetime64[s]") + rng.integers(8 * 3600, 23 * 3600, len(person)).astype("timedelta64[s]")
    worth = np.array([TASKS[t] for t in task], dtype="int64")
    return pd.DataFrame({"person": person, "at": at, "points": worth, "reason": task, "order_no": ""})


def _collect(
    have: np.ndarray, year: int, people: People, member: np.ndarray, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray]:
    """The reviews by which some of those just below gold reach it in the last days of the year, and who they are."""
    frame, last = people.frame, day_of(f"{year}-12-31")
    lack = CUT_OFFS["gold"] - have
    near = member & (lack > 0) & (lack <= REACH) & (frame["leaving_day"].to_numpy() > last)
    rate = frame["rate_after"].to_numpy()
    busy = rate > (np.median(rate[near]) if near.any() else 0)
    who = near & (rng.random(len(have)) < np.where(busy, COLLECT_BUSY, COLLECT))
    reviews = np.where(who, -(-lack // TASKS["review"]), 0)
    person = np.repeat(np.arange(len(have)), reviews)
    day = rng.integers(last - 11, last + 1, len(person))
    return _task_entries(person, day, np.full(len(person), "review"), rng), who


def points_log(entries: pd.DataFrame, crm_id: np.ndarray) -> pd.DataFrame:
    """The export: entry_no, customer_id (CRM number), at, points, reason, order_no."""
    return pd.DataFrame(
        {
            "entry_no": [f"J{i:07d}" for i in range(1, len(entries) + 1)],
            "customer_id": crm_id[entries["person"]],
            "at": stamped(entries["at"].to_numpy()),
            "points": entries["points"].to_numpy(),
            "reason": entries["reason"].to_numpy(),
            "order_no": entries["order_no"].to_numpy(),
        }
    )


# --- tiers -----------------------------------------------------------------------------------------------------------


def level(points_: np.ndarray) -> np.ndarray:
    """The tier (index of TIERS) that a year's points bring."""
    return np.searchsorted(list(CUT_OFFS.values()), points_, side="right")


def tiers(grown: dict[int, np.ndarray], people: People, member: np.ndarray, crm_id: np.ndarray) -> pd.DataFrame:
    """The export: one row a member, day of assessment and tier held: customer_id, assessed_on, growth (points of the
    year), tier, valid_from, valid_to, protected (1: the tier of the year before, kept for three months).

    Assessed are those who had joined by the last day of the year; all begin as basic.
    """
    joined, held, parts = people.frame["joined_day"].to_numpy(), np.zeros(len(people), dtype="int64"), []
    for year, own in grown.items():
        first, last = day_of(f"{year + 1}-01-01"), day_of(f"{year + 1}-12-31")
        who = np.flatnonzero(member & (joined < first))
        now, old = level(own)[who], held[who]
        falls = now < old
        frame = pd.DataFrame({"person": who, "assessed_on": dates(first - 1), "growth": own[who]})
        kept = {"tier": old, "valid_from": first, "valid_to": first + PROTECTED_DAYS - 1, "protected": 1}
        new = {"tier": now, "valid_from": first + PROTECTED_DAYS * falls, "valid_to": last, "protected": 0}
        parts += [frame.assign(**kept)[falls], frame.assign(**new)]
        held[who] = now
    table = pd.concat(parts).sort_values(["assessed_on", "person", "valid_from"], ignore_index=True)
    table["tier"] = np.array(TIERS)[table["tier"]]
    table["valid_from"], table["valid_to"] = dates(table["valid_from"]), dates(table["valid_to"])
    table.insert(0, "customer_id", crm_id[table.pop("person")])
    return table


# --- money that is topped up -----------------------------------------------------------------------------------------


def topups(
    people: People, member: np.ndarray, growth_2023: np.ndarray, plan: Plan
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What members put on their cards of their own accord, for as long as they are customers: the more points in 2023,
    the more, without any step; and with gold in 2024 a little more.

    Returns
    -------
    made, sorted by time : person, at (datetime64[s]), amount (yuan), channel
    outcomes, one row a person : without, with_gold (yuan topped up in 2024 with and without gold; both for everyone)
    """
    rng, size = stream(plan.seed, "topups"), len(people)
    yuan = _USUAL * (np.clip(growth_2023, 20, _MOST) / 1000) ** _GROWS * rng.gamma(12.0, 1 / 12.0, size) * member
    without = pd.concat([_of_year(year, people, yuan, rng) for year in YEARS])
    of_2024 = without[without["at"] >= np.datetime64("2024-01-01")]
    total = np.bincount(of_2024["person"], of_2024["amount"], minlength=size).astype("int64")
    begins, ends = _there(people, 2024)
    stays = member & (begins == _NEW_YEAR) & (ends > begins)
    more = np.where(stays, np.round(gold_effect(plan) * rng.uniform(0.5, 1.5, size), -1), 0).astype("int64")
    who = np.flatnonzero((level(growth_2023) == TIERS.index("gold")) & (more > 0))
    day = begins[who] + (rng.random(len(who)) * (ends - begins)[who]).astype("int64")
    made = pd.concat([without, _made(who, day, more[who], rng)])
    outcomes = pd.DataFrame({"without": total, "with_gold": total + more})
    return made.sort_values(["at", "person", "amount"], ignore_index=True), outcomes


def _there(people: People, year: int) -> tuple[np.ndarray, np.ndarray]:
    """First day, and the day after the last, on which each person is a customer in a year; equal: on none."""
    first, after = day_of(f"{year}-01-01"), day_of(f"{year + 1}-01-01")
    begins = np.clip(people.frame["first_day"].to_numpy(), first, after)
    return begins, np.clip(people.frame["leaving_day"].to_numpy(), begins, after)


def _of_year(year: int, people: People, yuan: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Top-ups of a year in which one would, as a customer all through it, put on `yuan`."""
    begins, ends = _there(people, year)
    person = np.repeat(np.arange(len(people)), rng.poisson(yuan * (ends - begins) / 365 / 50))
    day = begins[person] + (rng.random(len(person)) * (ends - begins)[person]).astype("int64")
    amount = np.maximum(np.round(rng.lognormal(3.83, 0.4, len(person)), -1), 10)
    return _made(person, day, amount, rng)


def _made(person: np.ndarray, day: np.ndarray, amount: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    at = dates(day).astype("datetime64[s]") + rng.integers(9 * 3600, 22 * 3600, len(person)).astype("timedelta64[s]")
    channel = np.where(rng.random(len(person)) < 0.7, "app", "store")
    return pd.DataFrame({"person": person, "at": at, "amount": amount.astype("int64"), "channel": channel})


def topup_log(made: pd.DataFrame, crm_id: np.ndarray) -> pd.DataFrame:
    """The export: topup_id, customer_id (CRM number), at, amount (yuan), channel."""
    return pd.DataFrame(
        {
            "topup_id": [f"Z{i:06d}" for i in range(1, len(made) + 1)],
            "customer_id": crm_id[made["person"]],
            "at": stamped(made["at"].to_numpy()),
            "amount": made["amount"].to_numpy(),
            "channel": made["channel"].to_numpy(),
        }
    )


def effects(known: pd.DataFrame) -> pd.DataFrame:
    """Truth: what each tier changes at its cut-off, and what a comparison of those in it with those below it shows.

    Parameters
    ----------
    known : one row a member assessed at the end of 2023: growth, tier, topup_without, topup_with_gold.

    Returns
    -------
    frame: tier, cut_off (points), people (within REACH of the cut-off), effect (yuan in 2024: mean of what the tier
    changes in those people), members (in the tier), naive (yuan: their mean less the mean of all below)
    """
    seen = known["topup_with_gold"].where(known["tier"] == "gold", known["topup_without"])
    changes = {"silver": known["topup_without"] * 0.0, "gold": known["topup_with_gold"] - known["topup_without"]}
    rows = []
    for tier, cut_off in CUT_OFFS.items():
        near = (known["growth"] - cut_off).between(-REACH, REACH)
        below = known["growth"] < cut_off
        naive = seen[known["tier"] == tier].mean() - seen[below].mean()
        rows.append((tier, cut_off, near.sum(), changes[tier][near].mean(), (known["tier"] == tier).sum(), naive))
    return pd.DataFrame(rows, columns=["tier", "cut_off", "people", "effect", "members", "naive"]).round(4)
