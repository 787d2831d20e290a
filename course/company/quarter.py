"""The customers of the quarter, a game: what each would do under every action is drawn once, before anybody decides.

Thirteen weeks are six rounds of two weeks, in which the player acts, and a last week, in which one sees what was only
brought forward. Whoever was contacted in one round is left alone in the next. So an action has two potential outcomes,
a purchase in its own round and one in the next, and the effects of a customer's contacts add up: the best plan within
a budget can be found exactly.

What a customer is, nobody sees: a *kind* (persuadable, sure thing, lost cause, do not disturb) and, if persuadable, a
*need*: the action that moves them. What a customer looks like makes some of both likelier. All money is whole yuan.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from course.company.plan import stream

ACTIONS = ("nothing", "call", "offer", "apology")
#: What a contact costs. An offer also takes DISCOUNT of the order from the margin, from everyone who buys with it.
COSTS = {"nothing": 0, "call": 12, "offer": 2, "apology": 6}
DISCOUNT, MARGIN = 0.15, 0.4
ROUNDS, PERIODS = 6, 7
_PRICES = np.array(list(COSTS.values()))
_OFFER, _APOLOGY = ACTIONS.index("offer"), ACTIONS.index("apology")
#: Share of each segment that is left out of everything, to compare with.
CONTROL = 0.25
KINDS = ("persuadable", "sure_thing", "lost_cause", "do_not_disturb")
CHANNELS = ("app", "mini_program", "store")
#: A customer belongs to the first of these that fits; money is high from HIGH yuan a year.
SEGMENTS = ("complaint", "lost", "at_risk_high", "at_risk_low", "new", "bargain", "loyal", "regular")
HIGH, BARGAIN = 900, 0.4

_STAGES = {"first_purchase": 0.15, "active": 0.28, "loyal": 0.19, "at_risk": 0.22, "lost": 0.16}
#: Orders of the past year: at least, and on average above that. Days since the last one: from, to.
_ORDERS = {"first_purchase": (1, 0), "active": (2, 3), "loyal": (6, 4), "at_risk": (2, 3.5), "lost": (1, 2)}
_SILENT = {"first_purchase": (3, 60), "active": (1, 45), "loyal": (1, 30), "at_risk": (60, 150), "lost": (180, 360)}
_COMPLAINS = {"first_purchase": 0.08, "active": 0.12, "loyal": 0.1, "at_risk": 0.2, "lost": 0.05}
#: How common each of KINDS is in a segment, before the rest of the portrait has its say.
_KIND_ODDS = {
    "complaint": (0.60, 0.12, 0.18, 0.10),
    "lost": (0.08, 0.00, 0.84, 0.08),
    "at_risk_high": (0.62, 0.08, 0.20, 0.10),
    "at_risk_low": (0.35, 0.05, 0.50, 0.10),
    "new": (0.48, 0.15, 0.25, 0.12),
    "bargain": (0.46, 0.34, 0.08, 0.12),
    "loyal": (0.10, 0.64, 0.02, 0.24),
    "regular": (0.28, 0.40, 0.12, 0.20),
}
#: How often each action (call, offer, apology) is what a persuadable of the segment needs.
_NEED_ODDS = {
    "complaint": (0.15, 0.05, 0.80),
    "lost": (0.50, 0.50, 0),
    "at_risk_high": (0.85, 0.15, 0),
    "at_risk_low": (0.30, 0.70, 0),
    "new": (0.30, 0.70, 0),
    "bargain": (0.10, 0.90, 0),
    "loyal": (0.60, 0.40, 0),
    "regular": (0.50, 0.50, 0),
}
#: Chance of a purchase in two weeks without any action, by kind, for a customer with five orders a year.
_BUYS = (0.14, 0.36, 0.02, 0.34)
#: Chance that a persuadable who would not buy does: after the action needed and after another; that one who was moved
#: without an offer stays for the next round.
_MOVED, _MOVED_BY_OTHER, _STAYS = 0.7, 0.12, 0.4
#: Chance that an offer only brings next round's purchase forward, and that a contact puts off, in its own round and in
#: the next, somebody who does not want to be disturbed.
_FORWARD, _PUT_OFF = 0.5, 0.3


@dataclass(frozen=True)
class World:
    """Everything about the customers of one quarter. Arrays are customers × …, in the order of `customers`.

    Attributes
    ----------
    seed : the world's number
    customers : what can be seen before the first round: customer_id, segment, stage, recency_days, frequency (orders of
        the past year), monetary_net (yuan of them), discount_share, preferred_channel, open_complaint, control
    kind, need : position in KINDS and in ACTIONS (0: nothing moves them)
    margin, discount : periods, yuan: what an order brings, and what an offer takes from it
    base : periods, bool: buys if nothing is ever done
    now, after : rounds × actions, bool: buys in the round, and in the next period, when this is done in the round
    """

    seed: int
    customers: pd.DataFrame
    kind: np.ndarray
    need: np.ndarray
    margin: np.ndarray
    discount: np.ndarray
    base: np.ndarray
    now: np.ndarray
    after: np.ndarray

    @property
    def control(self) -> np.ndarray:
        """Customers, bool: left out of everything."""
        return self.customers["control"].to_numpy()

    def allowed(self) -> np.ndarray:
        """Customers × actions, bool: what may ever be done. Only who has complained can be apologised to."""
        may = np.ones((len(self.customers), len(ACTIONS)), dtype=bool)
        may[:, _APOLOGY] = self.customers["open_complaint"]
        may[self.control, 1:] = False
        return may

    def bought(self, plan: np.ndarray) -> np.ndarray:
        """Customers × periods, bool: who buys when `plan` (customers × rounds, position in ACTIONS) is carried out."""
        acted = plan > 0
        out = self.base.copy()
        out[:, :ROUNDS] = _taken(self.now, plan)
        rests = np.zeros_like(out)
        rests[:, 1:] = acted
        following = np.zeros_like(out)
        following[:, 1:] = _taken(self.after, plan)
        return np.where(rests, following, out)

    def earned(self, plan: np.ndarray) -> np.ndarray:
        """Customers × periods, yuan: the margin of what is bought, less discounts; contacts are not paid for yet."""
        offered = np.zeros(self.base.shape, dtype=bool)
        offered[:, :ROUNDS] = plan == _OFFER
        return self.bought(plan) * (self.margin - self.discount * offered)

    def effects(self) -> np.ndarray:
        """Customers × rounds × actions, yuan: what an action adds to the profit of its own round and of the next."""
        margin, following = self.margin[:, :ROUNDS, None], self.margin[:, 1:, None]
        is_offer = np.arange(len(ACTIONS)) == _OFFER
        own = self.now * (margin - self.discount[:, :ROUNDS, None] * is_offer) + self.after * following
        without = self.base[:, :ROUNDS, None] * margin + self.base[:, 1:, None] * following
        return own - without - _PRICES


def _taken(outcomes: np.ndarray, plan: np.ndarray) -> np.ndarray:
    return np.take_along_axis(outcomes, plan[:, :, None], axis=2)[:, :, 0]


def cost(plan: np.ndarray) -> int:
    """What the contacts of a plan cost, yuan."""
    return int(_PRICES[plan].sum())


# --- the customers ---------------------------------------------------------------------------------------------------


def draw(seed: int = 1, customers: int = 600) -> World:
    """The quarter with this seed; the same seed gives the same world.

    Parameters
    ----------
    seed : any whole number from 0.
    customers : how many; a few hundred have some of every segment.
    """
    seen, typical = _portraits(stream(seed, "quarter portraits"), customers)
    rng = stream(seed, "quarter types")
    kind = _drawn(rng, _kind_odds(seen))
    need = np.where(kind == 0, 1 + _drawn(rng, _need_odds(seen)), 0)
    rng = stream(seed, "quarter outcomes")
    amount = typical[:, None] * rng.lognormal(0, 0.15, (customers, PERIODS))
    base = rng.random((customers, PERIODS)) < _chances(seen, kind)
    now, after = _outcomes(rng, kind, need, base)
    margin, discount = (np.rint(amount * share).astype("int64") for share in (MARGIN, DISCOUNT))
    return World(seed, seen, kind, need, margin, discount, base, now, after)


def _portraits(rng: np.random.Generator, size: int) -> tuple[pd.DataFrame, np.ndarray]:
    """What can be seen, and what each spends on an order, yuan."""
    stage = rng.choice(list(_STAGES), size, p=list(_STAGES.values()))
    least, above = np.array([_ORDERS[s] for s in stage]).T
    low, high = np.array([_SILENT[s] for s in stage]).T
    frequency = (least + rng.poisson(above)).astype("int64")
    typical = rng.lognormal(5.3, 0.4, size)
    seen = pd.DataFrame(
        {
            "customer_id": [f"Q{number:04d}" for number in range(1, size + 1)],
            "segment": "",
            "stage": stage,
            "recency_days": rng.integers(low, high + 1),
            "frequency": frequency,
            "monetary_net": np.rint(frequency * typical * rng.lognormal(0, 0.1, size)).astype("int64"),
            "discount_share": rng.beta(1.1, 2.6, size).round(2),
            "preferred_channel": rng.choice(CHANNELS, size, p=[0.4, 0.35, 0.25]),
            "open_complaint": rng.random(size) < np.array([_COMPLAINS[s] for s in stage]),
        }
    )
    seen["segment"] = _segments(seen)
    # In every segment the same share, so that control and the others are alike in what can be seen.
    rank = pd.Series(rng.random(size)).groupby(seen["segment"]).rank(method="first")
    seen["control"] = rank <= (CONTROL * seen.groupby("segment")["stage"].transform("size")).round()
    return seen, typical


def _segments(seen: pd.DataFrame) -> np.ndarray:
    at_risk, much = seen["stage"] == "at_risk", seen["monetary_net"] >= HIGH
    rules = [
        seen["open_complaint"],
        seen["stage"] == "lost",
        at_risk & much,
        at_risk,
        seen["stage"] == "first_purchase",
        seen["discount_share"] >= BARGAIN,
        seen["stage"] == "loyal",
    ]
    return np.select(rules, SEGMENTS[:-1], SEGMENTS[-1])


def _kind_odds(seen: pd.DataFrame) -> np.ndarray:
    """Besides the segment: who is silent for longer is harder to move; who never buys at a discount likes it quiet."""
    odds = np.array([_KIND_ODDS[s] for s in seen["segment"]])
    silent, stage = seen["recency_days"], seen["stage"]
    late = ((stage == "at_risk") & (silent > 105)) | ((stage == "lost") & (silent > 240))
    odds[:, 0] *= np.where(late, 0.5, 1.5)
    odds[:, 3] *= np.where(seen["discount_share"] < 0.12, 2.0, 0.7)
    return odds


def _need_odds(seen: pd.DataFrame) -> np.ndarray:
    """Besides the segment: who comes to the store likes to talk, who waits for discounts wants one."""
    odds = np.array([_NEED_ODDS[s] for s in seen["segment"]])
    odds[:, 0] *= np.where(seen["preferred_channel"] == "store", 2.0, 0.8)
    odds[:, 1] *= 0.4 + 2 * seen["discount_share"]
    return odds


def _drawn(rng: np.random.Generator, odds: np.ndarray) -> np.ndarray:
    """One position a row, as likely as its odds."""
    edges = np.cumsum(odds, axis=1)
    return (rng.random(len(odds))[:, None] * edges[:, -1:] >= edges[:, :-1]).sum(axis=1)


def _chances(seen: pd.DataFrame, kind: np.ndarray) -> np.ndarray:
    """Customers × periods: chance of a purchase without any action; the last period is a single week."""
    often = np.sqrt(seen["frequency"].to_numpy() / 5).clip(0.6, 1.5)
    weeks = np.array([2] * ROUNDS + [1])
    return (np.array(_BUYS)[kind] * often)[:, None] * weeks / 2


def _outcomes(
    rng: np.random.Generator, kind: np.ndarray, need: np.ndarray, base: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What each would do in a round and in the next, for every action in it."""
    shape = (len(kind), ROUNDS, len(ACTIONS))
    now = np.repeat(base[:, :ROUNDS, None], len(ACTIONS), axis=2)
    after = np.repeat(base[:, 1:, None], len(ACTIONS), axis=2)
    u, v, w = rng.random((3, *shape))
    action = np.arange(len(ACTIONS))
    contact, offer = action > 0, action == _OFFER

    wanted = need[:, None, None] == action
    other = contact & ~wanted & (need != _APOLOGY)[:, None, None]
    moved = (kind == 0)[:, None, None] & ~now & (u < _MOVED * wanted + _MOVED_BY_OTHER * other)
    stays = moved & ~offer & (v < _STAYS)
    open_ = np.isin(kind, (0, 1))[:, None, None]
    forward = offer & open_ & ~now & after & (w < _FORWARD)
    touchy = (kind == 3)[:, None, None] & contact
    now, after = (now | moved | forward), ((after | stays) & ~forward)
    return now & ~(touchy & (u < _PUT_OFF)), after & ~(touchy & (v < _PUT_OFF))


# --- those one plays against -----------------------------------------------------------------------------------------


def oracle(world: World, budget: int) -> np.ndarray:
    """The plan with the most profit of all that keep the rules and the budget, knowing every outcome.

    Each customer has a few hundred possible plans; the best of each cost are kept, and one a customer is chosen by
    exact dynamic programming over the budget (multiple-choice knapsack: Kellerer, Pferschy & Pisinger 2004, ch. 11).

    Returns
    -------
    plan : customers × rounds, position in ACTIONS
    """
    effects, plans = _with_ban(world), _plans()
    worth = sum(effects[:, t][:, plans[:, t]] for t in range(ROUNDS))
    prices = _PRICES[plans].sum(axis=1)
    levels = np.unique(prices)
    at = [np.flatnonzero(prices == level) for level in levels]
    best = [group[worth[:, group].argmax(axis=1)] for group in at]
    rows = np.arange(len(worth))
    chosen = _knapsack(np.stack([worth[rows, b] for b in best], axis=1), np.tile(levels, (len(rows), 1)), budget)
    return plans[np.stack(best, axis=1)[rows, chosen]]


def fixed(world: World, budget: int) -> tuple[np.ndarray, pd.DataFrame]:
    """The best fixed policy: one action a segment, once, twice or three times (rounds 1, 3, 5), for all of the segment.

    All such policies within the budget are compared on what they would really have brought.

    Returns
    -------
    plan : customers × rounds, position in ACTIONS
    policy : one row a segment in the order of SEGMENTS: segment, action, times, cost, increment (yuan)
    """
    options = [(0, 0), *product(range(1, len(ACTIONS)), (1, 2, 3))]
    member = world.customers["segment"].to_numpy() == np.array(SEGMENTS)[:, None]
    plans = np.stack([_repeated(world, *option) for option in options])
    effects = world.effects()
    worth = np.stack([np.take_along_axis(effects, p[:, :, None], axis=2).sum(axis=(1, 2)) for p in plans])
    prices = _PRICES[plans].sum(axis=2)
    worth, prices = member @ worth.T, member @ prices.T
    chosen = _knapsack(worth, prices, budget)
    place = member.argmax(axis=0)
    policy = pd.DataFrame(
        {
            "segment": SEGMENTS,
            "action": [ACTIONS[options[c][0]] for c in chosen],
            "times": [options[c][1] for c in chosen],
            "cost": prices[range(len(SEGMENTS)), chosen],
            "increment": worth[range(len(SEGMENTS)), chosen],
        }
    )
    return plans[chosen[place], np.arange(len(place))], policy


def chance(world: World, budget: int, number: int = 0) -> np.ndarray:
    """Random customers get a random action, a sixth of the budget a round.

    Parameters
    ----------
    number : another number, another plan.

    Returns
    -------
    plan : customers × rounds, position in ACTIONS
    """
    rng = stream(world.seed, "quarter chance", number)
    may = world.allowed()
    plan = np.zeros((len(may), ROUNDS), dtype="int64")
    spent = 0
    for t in range(ROUNDS):
        odds = may[:, 1:] * (plan[:, t - 1 : t] == 0).all(axis=1)[:, None]
        someone = rng.permutation(np.flatnonzero(odds.any(axis=1)))
        action = 1 + _drawn(rng, odds[someone])
        paid = spent + np.cumsum(_PRICES[action])
        affordable = paid <= budget * (t + 1) // ROUNDS
        plan[someone[affordable], t] = action[affordable]
        spent = int(paid[affordable].max(initial=spent))
        may[plan[:, t] == _APOLOGY, _APOLOGY] = False
    return plan


def _with_ban(world: World) -> np.ndarray:
    """Effects, with an action that may not be done worse than anything."""
    return np.where(world.allowed()[:, None, :], world.effects(), -(10**9))


def _plans() -> np.ndarray:
    """All plans of one customer: never in two rounds running, and at most one apology."""
    every = np.array(list(product(range(len(ACTIONS)), repeat=ROUNDS)))
    acted = every > 0
    running = (acted[:, 1:] & acted[:, :-1]).any(axis=1)
    return every[~running & ((every == _APOLOGY).sum(axis=1) <= 1)]


def _repeated(world: World, action: int, times: int) -> np.ndarray:
    """The plan that does one thing to everybody to whom it may be done; there is one apology a complaint."""
    plan = np.zeros((len(world.customers), ROUNDS), dtype="int64")
    times = min(times, 1) if action == _APOLOGY else times
    plan[:, 0 : 2 * times : 2] = np.where(world.allowed()[:, action], action, 0)[:, None]
    return plan


def _knapsack(worth: np.ndarray, prices: np.ndarray, budget: int) -> np.ndarray:
    """One option a row so that the worth is largest within the budget; the first option of each row costs nothing.

    Exact in whole yuan; of equal choices the cheaper one.
    """
    unit = int(np.gcd.reduce(prices, axis=None)) or 1
    prices, room = prices // unit, budget // unit
    best = np.zeros(room + 1, dtype="int64")
    choices = np.zeros((len(worth), room + 1), dtype="int16")
    for row, (gains, costs) in enumerate(zip(worth, prices, strict=True)):
        before, best = best, best + gains[0]
        top = gains[0]
        for option in np.argsort(costs, kind="stable")[1:]:
            paid = costs[option]
            if paid > room or gains[option] <= top:  # a dearer option that brings no more
                continue
            top = gains[option]
            with_it = before[: room + 1 - paid] + gains[option]
            better = with_it > best[paid:]
            best[paid:][better] = with_it[better]
            choices[row, paid:][better] = option
    left, chosen = room, np.zeros(len(worth), dtype="int64")
    for row in range(len(worth) - 1, -1, -1):
        chosen[row] = choices[row, left]
        left -= prices[row, chosen[row]]
    return chosen
