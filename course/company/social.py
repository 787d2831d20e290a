"""Word of mouth: who brought whom, and posts on social media."""

import numpy as np
import pandas as pd

from course.company.people import People
from course.company.plan import CATEGORIES, PAST, TOPICS, Plan, dates, stream
from course.company.texts import AD, THEMES

#: How often a post is about each of THEMES.
_THEME_SHARES = (0.18, 0.16, 0.16, 0.10, 0.10, 0.08, 0.06, 0.08, 0.04, 0.04)


def referrers(people: People, member: np.ndarray, plan: Plan) -> np.ndarray:
    """Who brought each person (position; −1: nobody): a CRM member who joined before, outgoing ones more often."""
    rng = stream(plan.seed, "referrals")
    joined, size = people.frame["joined_day"].to_numpy(), len(people)
    order = np.lexsort((np.arange(size), joined))
    weight = np.cumsum(np.where(member, people.frame["social"].to_numpy(), 0)[order])
    earlier = np.searchsorted(joined[order], joined, side="left")  # how many joined on an earlier day
    total = np.where(earlier > 0, weight[earlier - 1], 0)
    brought = member & (rng.random(size) < 0.22) & (total > 0)
    pick = np.searchsorted(weight, rng.random(size) * total, side="right")
    return np.where(brought, order[np.minimum(pick, size - 1)], -1)


def posts(people: People, calls: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Posts about Luming: of customers, the more outgoing the more often, and of strangers; some pass on another post,
    some only advertise.

    Returns
    -------
    frame sorted by time: person (−1: a stranger), stranger (number), at (datetime64[s]), theme ("ad": an
    advertisement), sentiment, category, repost_of (index of the post that is passed on; blank: its own words)
    """
    rng = stream(plan.seed, "posts")
    size = len(people)
    mean = 0.14 * people.frame["social"].to_numpy() * (people.frame["first_day"].to_numpy() < PAST)
    person = np.repeat(np.arange(size), rng.poisson(mean))
    person = np.concatenate([person, np.full(max(size // 40, 5), -1)])
    count = len(person)
    slow = np.isin(person, calls.loc[calls["topic"] == TOPICS.index(plan.slow_topic), "person"])
    u = rng.random(count)
    negative, neutral = np.where(slow, 0.7, 0.3), np.where(slow, 0.85, 0.55)
    sentiment = np.select([u < negative, u < neutral], ["negative", "neutral"], "positive")
    theme = rng.choice(THEMES, count, p=_THEME_SHARES)
    theme = np.where(slow & (sentiment == "negative"), "service", theme)
    theme = np.where((person < 0) & (rng.random(count) < 0.4), AD, theme)
    start = np.where(person >= 0, people.frame["first_day"].to_numpy()[person], 0).clip(0, PAST - 1)
    day = start + (rng.random(count) * (PAST - start)).astype("int64")
    second = rng.integers(7 * 3600, 86400, count)
    frame = pd.DataFrame(
        {
            "person": person,
            "stranger": np.where(person < 0, rng.integers(0, 10**6, count), -1),
            "at": dates(day).astype("datetime64[s]") + second.astype("timedelta64[s]"),
            "theme": theme,
            "sentiment": np.where(theme == AD, "neutral", sentiment),
            "category": rng.choice(CATEGORIES, count),
        }
    ).sort_values(["at", "person", "stranger"], ignore_index=True)
    earlier = (rng.random(count) * np.arange(count)).astype("int64")
    passes_on = (rng.random(count) < 0.08) & (np.arange(count) > 0) & (frame["theme"] != AD).to_numpy()
    frame["repost_of"] = pd.Series(earlier).where(passes_on).astype("Int64")
    return frame
