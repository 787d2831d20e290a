"""Service and satisfaction: tickets with one slow queue that drives customers away, and two survey waves."""

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import PAST, TOPICS, Plan, dates, day_number, day_of, stream

#: A ticket of the slow queue stays open so many times longer than the median hours of any other.
SLOW, HOURS = 5.0, 9.0
#: Chance that a customer leaves over a ticket, in the slow queue and in the others.
LEAVES_SLOW, LEAVES = 0.35, 0.04
_TOPIC_SHARES = (0.30, 0.22, 0.16, 0.08, 0.16, 0.08)
DRIVERS = ("delivery", "quality", "price", "service", "app", "store")
#: Survey waves: name, first day, and the id by which answers come back.
WAVES = {"survey_2024_05": ("2024-05-13", "phone"), "survey_2024_11": ("2024-11-18", "card or CRM")}
#: Psychographic items: factor (0 novelty seeking, 1 thrift), and whether agreement means the opposite.
#: Of the tickets of the slow queue, and of the others: the share whose matter is not settled when they are closed, and
#: of those the share of customers who ask again. A matter comes up four times at the most.
UNSETTLED_SLOW, UNSETTLED, ASKS_AGAIN, _ROUNDS = 0.25, 0.14, 0.75, 3
ITEMS = ((0, False), (1, False), (0, True), (1, False), (0, False), (1, True), (0, False), (1, False))


def tickets(bought: pd.DataFrame, people: People, plan: Plan) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tickets that purchases of the past lead to, and the purchases without those of customers who left over one.

    `people.frame["leaving_day"]` moves forward for those who left.

    Returns
    -------
    tickets : person, topic (index of TOPICS), opened, closed (datetime64[s]), left (bool: the customer left over it)
    bought : what is left of `bought`
    """
    rng = stream(plan.seed, "tickets")
    prone = rng.gamma(0.8, 1 / 0.8, len(people))
    person, day = bought["person"].to_numpy(), bought["day"].to_numpy()
    has = np.flatnonzero((rng.random(len(bought)) < 0.065 * prone[person]) & (day < PAST - 8))
    size = len(has)
    topic = rng.choice(len(TOPICS), size, p=_TOPIC_SHARES)
    slow = topic == TOPICS.index(plan.slow_topic)
    second = (day[has] + rng.integers(1, 7, size)) * 86400 + rng.integers(9 * 3600, 21 * 3600, size)
    hours = HOURS * np.where(slow, SLOW, 1.0) * rng.lognormal(0, 0.8, size)
    closed = second + (hours * 3600).astype("int64")
    left = rng.random(size) < np.where(slow, LEAVES_SLOW, LEAVES)
    left &= (closed // 86400 + 1) < people.frame["leaving_day"].to_numpy()[person[has]]
    end = np.full(len(people), 10**9)
    np.minimum.at(end, person[has[left]], closed[left] // 86400 + 1)
    people.frame["leaving_day"] = np.minimum(people.frame["leaving_day"], end)
    stays = day < end[person]
    epoch = dates(np.array([0])).astype("datetime64[s]")
    frame = pd.DataFrame(
        {
            "person": person[has],
            "topic": topic,
            "opened": epoch + second.astype("timedelta64[s]"),
            "closed": epoch + closed.astype("timedelta64[s]"),
            "left": left & (end[person[has]] == closed // 86400 + 1),
        }
    )
    frame = frame[(second // 86400 < end[person[has]]) & stays[has]]
    return frame.sort_values(["opened", "person"], ignore_index=True), bought[stays].reset_index(drop=True)


def with_repeats(calls: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """The tickets of `tickets` and those by which the same matter comes up again, some under another topic.

    Nobody asks again after leaving over a ticket.

    Returns
    -------
    frame sorted by `opened`: person, topic, opened, closed, left, matter (position in `calls` of the ticket with which
    it began), again (bool), settled (bool)
    """
    rng = stream(plan.seed, "repeats")
    left_on = calls[calls["left"]].groupby("person")["closed"].min()
    calls = calls.assign(matter=np.arange(len(calls)), again=False, settled=True)
    parts, own = [], calls
    for _ in range(_ROUNDS + 1):
        slow = (own["topic"] == TOPICS.index(plan.slow_topic)).to_numpy()
        own["settled"] = (rng.random(len(own)) >= np.where(slow, UNSETTLED_SLOW, UNSETTLED)) & ~own["left"]
        parts.append(own)
        own = _asked_again(own[~own["settled"] & ~own["left"]], slow_topic=plan.slow_topic, rng=rng)
        own = own[~(own["opened"] > own["person"].map(left_on))].reset_index(drop=True)
    return pd.concat(parts).sort_values(["opened", "person"], ignore_index=True)


def _asked_again(before: pd.DataFrame, slow_topic: str, rng: np.random.Generator) -> pd.DataFrame:
    """What follows tickets that settled nothing: mostly within a week, in opening hours."""
    size = len(before)
    day = day_number(before["closed"]) + 1 + rng.exponential(2.5, size).astype("int64")
    topic = np.where(rng.random(size) < 0.85, before["topic"], rng.choice(len(TOPICS), size, p=_TOPIC_SHARES))
    second = day * 86400 + rng.integers(9 * 3600, 21 * 3600, size)
    hours = HOURS * np.where(topic == TOPICS.index(slow_topic), SLOW, 1.0) * rng.lognormal(0, 0.8, size)
    asks = (rng.random(size) < ASKS_AGAIN) & (day < PAST)
    epoch = dates(np.array([0])).astype("datetime64[s]")
    after = before.assign(
        topic=topic,
        opened=epoch + second.astype("timedelta64[s]"),
        closed=epoch + (second + (hours * 3600).astype("int64")).astype("timedelta64[s]"),
        again=True,
    )
    return after[asks].copy()


def ratings(calls: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """What every customer would answer to the question that closes a ticket: how satisfied, 1 to 5.

    Waiting and an unsettled matter cost satisfaction, asking again does once more, the topic by itself does nothing.
    Those at the ends of the scale answer more often.

    Parameters
    ----------
    calls : what `with_repeats` gave.

    Returns
    -------
    frame aligned with `calls`: satisfaction (1–5), answers (bool), says_settled, agent_says_settled (bool: the agent's
    mark, given before anybody is asked), rated (datetime64[s])
    """
    rng, size = stream(plan.seed, "ratings"), len(calls)
    effect = rating_effects(plan)
    hours = (calls["closed"] - calls["opened"]).dt.total_seconds().to_numpy() / 3600
    settled, again = calls["settled"].to_numpy(), calls["again"].to_numpy()
    level = 4.35 + effect["wait_doubled"] * np.log2(np.maximum(hours, 0.1) / HOURS)
    level += np.where(settled, 0, effect["unsettled"]) + np.where(again, effect["asked_again"], 0)
    satisfaction = np.clip(np.round(level + rng.normal(0, 0.75, size)), 1, 5).astype("int64")
    later = rng.integers(300, 36 * 3600, size)
    return pd.DataFrame(
        {
            "satisfaction": satisfaction,
            "answers": rng.random(size) < np.array([0.5, 0.4, 0.25, 0.3, 0.42])[satisfaction - 1],
            "says_settled": settled ^ (rng.random(size) < 0.04),
            "agent_says_settled": rng.random(size) < np.where(settled, 0.97, 0.7),
            "rated": calls["closed"].to_numpy() + later.astype("timedelta64[s]"),
        }
    )


def rating_effects(plan: Plan) -> dict[str, float]:
    """What moves the answer to a ticket's closing question, in points of 5; that of the topic is exactly zero."""
    rng = stream(plan.seed, "rating effects")
    return {
        "wait_doubled": -float(rng.uniform(0.22, 0.34)),
        "unsettled": -float(rng.uniform(1.0, 1.5)),
        "asked_again": -float(rng.uniform(0.3, 0.5)),
        "topic": 0.0,
    }


def top_two(satisfaction: pd.Series) -> float:
    """Share of the answers from 1 to 5 that are 4 or 5."""
    return float((satisfaction >= 4).mean())


def answers(bought: pd.DataFrame, people: People, calls: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """What everyone would answer in both waves, and who does.

    The score follows from the six answers as they are given, so a driver without effect has none at all; who buys more
    is happier and answers more often, so the answers that come in flatter.

    Returns
    -------
    frame, one row a wave and customer (anyone who has bought): wave (name), person, responds (bool), score (0–10),
    driver_… (1–5), item_1 … item_8 (1–5), answered (datetime64[s]), seconds (to fill in)
    """
    rng = stream(plan.seed, "survey")
    size = len(people)
    lasting = rng.standard_normal((size, len(DRIVERS)))
    halo = rng.standard_normal(size)
    items = _items(people, rng)
    parts = []
    for number, (wave, (start, _)) in enumerate(WAVES.items()):
        day = day_of(start)
        count = np.bincount(bought["person"][bought["day"] < day], minlength=size)
        who = np.flatnonzero(count > 0)
        z = 0.8 * lasting + 0.6 * rng.standard_normal((size, len(DRIVERS)))
        app, delivery = DRIVERS.index("app"), DRIVERS.index("delivery")
        z[:, app] = 0.8 * z[:, delivery] + 0.6 * z[:, app]
        busy = np.log1p(count)
        loyal = (busy - busy[who].mean()) / busy[who].std()
        level = 3.85 + 0.62 * (z * 0.85 + 0.5 * halo[:, None]) + 0.17 * loyal[:, None]
        waited = calls[
            (calls["topic"] == TOPICS.index(plan.slow_topic)) & (calls["opened"] < dates(np.array([day]))[0])
        ]
        level[np.unique(waited["person"]), DRIVERS.index("service")] -= 1.3
        level[:, delivery] += number * plan.delivery_change
        given = np.clip(np.round(level), 1, 5)
        effect = np.array([plan.drivers[d] for d in DRIVERS])
        score = 8.35 + (given - 4) @ effect + rng.normal(0, 1.3, size)
        answering = 1 / (1 + np.exp(-(-1.2 + 0.55 * loyal - 0.5 * (people.frame["store_share"].to_numpy() > 0.5))))
        later = rng.exponential(2.5, size).clip(0, 13).astype("int64")
        second = (day + later) * 86400 + rng.integers(8 * 3600, 23 * 3600, size)
        parts.append(
            pd.DataFrame(
                {
                    "wave": wave,
                    "person": np.arange(size),
                    "orders_before": count,
                    "responds": rng.random(size) < answering,
                    "score": np.clip(np.round(score), 0, 10).astype("int64"),
                    **{f"driver_{d}": given[:, i].astype("int64") for i, d in enumerate(DRIVERS)},
                    **{f"item_{i}": items[:, i - 1] for i in range(1, len(ITEMS) + 1)},
                    "answered": dates(np.array([0])).astype("datetime64[s]") + second.astype("timedelta64[s]"),
                    "seconds": np.maximum(rng.lognormal(5.1, 0.4, size), 55).astype("int64"),
                }
            ).iloc[who]
        )
    return pd.concat(parts, ignore_index=True)


def _items(people: People, rng: np.random.Generator) -> np.ndarray:
    """Agreement (1–5) with statements that two factors stand behind; of some, the opposite is asked."""
    factors = people.frame[["novelty", "thrift"]].to_numpy()
    z = (factors - factors.mean(axis=0)) / factors.std(axis=0)
    which = np.array([factor for factor, _ in ITEMS])
    sign = np.array([-1 if reverse else 1 for _, reverse in ITEMS])
    raw = 3 + sign * z[:, which] + rng.normal(0, 0.5, (len(people), len(ITEMS)))
    return np.clip(np.round(raw), 1, 5).astype("int64")


def item_key() -> pd.DataFrame:
    """Truth: item, factor (novelty, thrift), reversed (bool)."""
    rows = [(f"item_{i}", ("novelty", "thrift")[factor], reverse) for i, (factor, reverse) in enumerate(ITEMS, 1)]
    return pd.DataFrame(rows, columns=["item", "factor", "reversed"])


def nps(scores: pd.Series) -> float:
    """Net promoter score in points."""
    return float(100 * ((scores >= 9).mean() - (scores <= 6).mean()))


def population(given: pd.DataFrame) -> pd.DataFrame:
    """Truth: wave, customers, nps (of all of them), respondents, nps_respondents, bias (points)."""
    rows = []
    for wave, own in given.groupby("wave", sort=True):
        came = own[own["responds"]]
        rows.append((wave, len(own), nps(own["score"]), len(came), nps(came["score"])))
    out = pd.DataFrame(rows, columns=["wave", "customers", "nps", "respondents", "nps_respondents"])
    out["bias"] = out["nps_respondents"] - out["nps"]
    return out.round(6)


def labels(given: pd.DataFrame, wave: str, plan: Plan, categories: np.ndarray) -> pd.DataFrame:
    """What the comments of those who respond are about.

    Parameters
    ----------
    given : what `answers` gave, only those of this wave who respond; `categories` their favourite category.

    Returns
    -------
    frame, one row a comment (55 of 100 leave one): row (position in `given`), theme, sentiment, category
    """
    rng = stream(plan.seed, f"comments {wave}")
    row = np.flatnonzero(rng.random(len(given)) < 0.55)
    score = given["score"].to_numpy()[row]
    rated = given[[f"driver_{d}" for d in DRIVERS]].to_numpy()[row] - 3.8
    sentiment = np.select([score <= 6, score >= 9], ["negative", "positive"], "neutral")
    # One writes about what stands out: the worst if one is cross, the best if one is pleased.
    pull = np.where((score <= 6)[:, None], -rated, np.where((score >= 9)[:, None], rated, np.abs(rated)))
    driver = np.array(DRIVERS)[(pull + rng.gumbel(0, 0.7, pull.shape)).argmax(axis=1)]
    category, aspect = categories[row], rng.random(len(row))
    edible = np.isin(category, ["tea", "snacks"])
    theme = np.select(
        [
            (driver == "quality") & (aspect < 0.35),
            (driver == "quality") & (aspect < 0.7) & edible,
            (driver == "service") & (aspect < 0.3),
        ],
        ["packaging", "taste", "returns"],
        driver,
    )
    return pd.DataFrame({"row": row, "theme": theme, "sentiment": sentiment, "category": category})
