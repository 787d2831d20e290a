"""The quarter, a game: whom to call, to make an offer, to apologise to, with a budget and a control group.

    game = Quarter(seed=1)
    game.customers()                                     # what can be seen
    game.play({"complaint": "apology", "at_risk_high": ("call", 0.5)})
    ...
    game.result()

Six rounds of two weeks, then a week in which one sees what was only brought forward. Nothing is drawn while it is
played: the same seed and the same decisions give the same quarter, to the byte.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course import extras
from course.classroom import panel
from course.company import quarter as world
from course.company.plan import stream
from course.errors import DataError, first_few
from course.language import Label, Sentence

#: Yuan a customer for the contacts of the quarter; the fewest customers of whom every segment has a few in the control.
BUDGET, FEWEST = 3, 400
#: Chance is the mean of so many random plans.
_DRAWS = 20
_APOLOGY = world.ACTIONS.index("apology")
_Z = 1.959964


@dataclass(frozen=True)
class Result:
    """What a quarter brought. Yuan, of the customers outside the control; increments are beside doing nothing.

    Attributes
    ----------
    profit, cost : margin less contacts; the contacts
    increment : what the decisions really added to the profit
    measured, low, high : the same as the control group lets one see it, with its 95 % interval (see `measured`)
    oracle, fixed, chance : profit of who knows every outcome; of the best single action a segment; of random customers
    regret : oracle less profit
    players : player (you, oracle, fixed, chance), contacts, cost, profit, increment
    segments : segment, contacts, cost, increment, and the best fixed policy: fixed_action, fixed_times, fixed_increment
    kinds : kind, action, contacts, cost, discount, won (purchases there would not have been), forward (purchases that
        only came earlier), put_off (purchases lost), increment: what was hidden
    """

    profit: int
    cost: int
    increment: int
    measured: int
    low: int
    high: int
    oracle: int
    fixed: int
    chance: int
    regret: int
    players: pd.DataFrame
    segments: pd.DataFrame
    kinds: pd.DataFrame

    @property
    def sentence(self) -> Sentence:
        """The result in words."""
        gained = dict(zip(self.players["player"], self.players["increment"], strict=True))
        return Sentence(
            "Profit {profit:,} yuan, {increment:+,} beside doing nothing. By the control group: {measured:+,} (95% "
            "interval {low:+,} to {high:+,}). Chance {chance:+,}, best fixed policy {fixed:+,}, oracle {oracle:+,}: "
            "its lead over you is {regret:,}.",
            profit=self.profit,
            increment=self.increment,
            measured=self.measured,
            low=self.low,
            high=self.high,
            chance=gained["chance"],
            fixed=gained["fixed"],
            oracle=gained["oracle"],
            regret=self.regret,
        )


class Quarter:
    """One quarter of customers, and the decisions so far.

    Rules: a customer gets at most one action a round and rests in the round after a contact; the control group is left
    alone; an apology answers an open complaint; the contacts of all rounds keep the budget. An offer moreover takes its
    discount from the margin of whoever buys with it.

    Parameters
    ----------
    seed : whole number from 0: another seed, other customers.
    customers : how many, FEWEST at least; the budget grows with them.

    Attributes
    ----------
    seed : the seed
    round : the round to be played, from 1
    rounds : how many there are
    over : whether all have been played
    budget : yuan left for contacts

    Raises
    ------
    DataError : no such seed or too few customers; from `play`, a choice against the rules: it changes nothing.
    """

    rounds = world.ROUNDS

    def __init__(self, seed: int = 1, customers: int = 600) -> None:
        whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) for n in (seed, customers))
        if not whole or seed < 0 or customers < FEWEST:
            raise DataError(
                "The seed is a whole number from 0 and customers at least {fewest}; got {seed} and {customers}.",
                fewest=FEWEST,
                seed=seed,
                customers=customers,
            )
        self.seed = int(seed)
        self.round = 1
        self._world = world.draw(self.seed, int(customers))
        self._plan = np.zeros((int(customers), self.rounds), dtype="int64")
        self._place = {c: i for i, c in enumerate(self._world.customers["customer_id"])}

    def __repr__(self) -> str:
        return self._said().say()

    def _said(self) -> Sentence:
        if self.over:
            return Sentence("The quarter is over; {left:,} yuan were not spent.", left=self.budget)
        return Sentence(
            "Round {round} of {rounds}; {left:,} yuan left.", round=self.round, rounds=self.rounds, left=self.budget
        )

    @property
    def over(self) -> bool:
        """Whether all rounds have been played."""
        return self.round > self.rounds

    @property
    def budget(self) -> int:
        """What is left for contacts, yuan."""
        return self._whole_budget - world.cost(self._plan)

    @property
    def _whole_budget(self) -> int:
        return BUDGET * len(self._plan)

    def customers(self) -> pd.DataFrame:
        """What can be seen of the customers before the next decision.

        Returns
        -------
        frame: customer_id, segment, stage, recency_days, frequency, monetary_net (of the year before the quarter),
        discount_share, preferred_channel, open_complaint (now), control (left out of everything), rests (contacted in
        the round before), bought (purchases since the quarter began)
        """
        out = self._world.customers.copy()
        out["open_complaint"] &= ~(self._plan == _APOLOGY).any(axis=1)
        out["rests"] = self._rests()
        out["bought"] = self._world.bought(self._plan)[:, : self._periods()].sum(axis=1)
        return out

    def _rests(self) -> np.ndarray:
        if self.round == 1 or self.over:
            return np.zeros(len(self._plan), dtype=bool)
        return self._plan[:, self.round - 2] > 0

    def _periods(self) -> int:
        """How many periods can be seen: with the last round the last week is played too."""
        return world.PERIODS if self.over else self.round - 1

    # --- deciding ----------------------------------------------------------------------------------------------------

    def play(self, choices: Mapping | pd.DataFrame | None = None) -> pd.DataFrame:
        """Play the next round; after the last one the closing week is played too.

        Parameters
        ----------
        choices : who gets which action, for instance {"complaint": "apology", "bargain": ("offer", 0.5)}. A dict goes
            from a segment, a customer_id or a tuple of such to an action, for segments also (action, share); or from an
            action to these, or to a mask (True or False for each row of `customers()`).
            Or a frame with customer_id and action. Nothing: the round passes.
            Segments and masks mean those of them that are free: outside the control, not resting, for an apology with
            an open complaint; a share takes some of these at random. Customers named one by one must be free.

        Returns
        -------
        frame: round (7: the closing week), segment, action ("rests": contacted in the round before), customers, cost,
        bought, margin (yuan, less discounts), and of the segment's control in the same weeks: control_customers,
        control_bought, control_margin

        Raises
        ------
        DataError : an unknown action, segment or customer; a customer twice, in the control, resting, or without a
            complaint to apologise for; more than the budget; the quarter is over. Nothing is changed.
        """
        if self.over:
            raise DataError("The quarter is over after {n} rounds. Begin another: Quarter(seed=…).", n=self.rounds)
        action = self._decided(choices)
        price = world.cost(action)
        if price > self.budget:
            raise DataError(
                "These contacts cost {cost:,} yuan and {left:,} are left. Take fewer customers or a cheaper action.",
                cost=price,
                left=self.budget,
            )
        self._plan[:, self.round - 1] = action
        self.round += 1
        periods = [self.round - 2, *([world.PERIODS - 1] if self.over else [])]
        return pd.concat([self._seen(p) for p in periods], ignore_index=True)

    def _decided(self, choices: object) -> np.ndarray:
        """The action of each customer; refused where the choices break a rule other than the budget."""
        action = np.zeros(len(self._plan), dtype="int64")
        times = np.zeros(len(self._plan), dtype="int64")
        for who, what in self._entries(choices):
            what, share = what if isinstance(what, tuple | list) and len(what) == 2 else (what, None)
            if not isinstance(what, str) or what not in world.ACTIONS:
                raise DataError(
                    "There is no action “{action}”. Actions are {actions}.",
                    action=what,
                    actions=", ".join(world.ACTIONS),
                )
            number = world.ACTIONS.index(what)
            chosen = self._meant(who, number, share)
            np.add.at(times, chosen, 1)
            action[chosen] = number
        if (times > 1).any():
            raise DataError(
                "{n} {n:customer is|customers are} chosen more than once (first: {first}). Give each one action.",
                n=int((times > 1).sum()),
                first=first_few(self._world.customers.loc[times > 1, "customer_id"]),
            )
        return action

    def _entries(self, choices: object) -> list[tuple]:
        if choices is None:
            return []
        if isinstance(choices, pd.DataFrame) and {"customer_id", "action"} <= set(choices.columns):
            return [
                (list(rows), what) for what, rows in choices.groupby("action", sort=False, dropna=False)["customer_id"]
            ]
        if isinstance(choices, Mapping):
            return [
                (what, key) if isinstance(key, str) and key in world.ACTIONS else (key, what)
                for key, what in choices.items()
            ]
        raise DataError(
            "Choices are a dict such as {example} or a table with customer_id and action; got {what}.",
            example='{"complaint": "apology"}',
            what=type(choices).__name__,
        )

    def _meant(self, who: object, action: int, share: object) -> np.ndarray:
        """Positions of the customers that an entry names."""
        values = [who] if isinstance(who, str) or not np.iterable(who) else list(who)
        if values and all(isinstance(v, bool | np.bool_) for v in values):
            rows = who.index if isinstance(who, pd.Series) else range(len(values))
            if len(values) != len(self._plan) or list(rows) != list(range(len(values))):
                raise DataError(
                    "A mask has one True or False for each of the {n:,} rows of customers(), in their order.",
                    n=len(self._plan),
                )
            return np.flatnonzero(np.array(values) & self._free(action))
        segments = [v for v in values if isinstance(v, str) and v in world.SEGMENTS]
        if share is not None and segments != values:
            raise DataError("A share goes with a segment, such as {example}.", example='{"loyal": ("call", 0.5)}')
        names = self._world.customers["segment"]
        rows = [self._part(np.flatnonzero((names == s) & self._free(action)), share) for s in segments]
        return np.concatenate(
            [*rows, self._named([v for v in values if not isinstance(v, str) or v not in segments], action)]
        )

    def _named(self, values: list, action: int) -> np.ndarray:
        """Positions of customers named one by one, each of whom must be free."""
        unknown = [v for v in values if not isinstance(v, str) or v not in self._place]
        if unknown:
            raise DataError(
                "There is no segment or customer “{who}”. Segments are {segments}; customers() lists the customers.",
                who=unknown[0],
                segments=", ".join(world.SEGMENTS),
            )
        chosen = np.array([self._place[v] for v in values], dtype="int64")
        seen = self.customers().iloc[chosen if action else []]
        self._refuse(
            seen[seen["control"]],
            Sentence("in the control group, which is left alone so that there is something to compare with"),
            "control",
        )
        self._refuse(seen[seen["rests"]], Sentence("resting, because they were contacted in the round before"), "rests")
        if action == _APOLOGY:
            silent = seen[~seen["open_complaint"]]
            self._refuse(silent, Sentence("without an open complaint to apologise for"), "open_complaint")
        return chosen

    def _refuse(self, people: pd.DataFrame, why: Sentence, column: str) -> None:
        if len(people):
            raise DataError(
                "{n} of the customers you chose {n:is|are} {why} (first: {first}). Leave them out: the column {column} "
                "of customers() says who.",
                n=len(people),
                why=why,
                first=first_few(people["customer_id"]),
                column=column,
            )

    def _free(self, action: int) -> np.ndarray:
        seen = self.customers()
        free = ~(seen["control"] | seen["rests"])
        return (free & seen["open_complaint"] if action == _APOLOGY else free).to_numpy()

    def _part(self, rows: np.ndarray, share: object) -> np.ndarray:
        if share is None:
            return rows
        if isinstance(share, bool) or not isinstance(share, int | float | np.number) or not 0 <= share <= 1:
            raise DataError("A share lies between 0 and 1; got {share}.", share=share)
        luck = stream(self.seed, "quarter shares", self.round).random(len(self._plan))[rows]
        return np.sort(rows[np.argsort(luck, kind="stable")[: math.floor(share * len(rows) + 0.5)]])

    # --- what is seen ------------------------------------------------------------------------------------------------

    def _seen(self, period: int) -> pd.DataFrame:
        own, names = self._world.customers, np.array(world.ACTIONS, dtype=object)
        action = self._plan[:, period] if period < self.rounds else np.zeros(len(own), dtype="int64")
        before = self._plan[:, period - 1] > 0 if period else np.zeros(len(own), dtype=bool)
        people = pd.DataFrame(
            {
                "segment": own["segment"],
                "action": np.where(before, "rests", names[action]),
                "cost": np.array([world.COSTS[a] for a in world.ACTIONS])[action],
                "bought": self._world.bought(self._plan)[:, period].astype("int64"),
                "margin": self._world.earned(self._plan)[:, period],
            }
        )
        control = self._world.control
        groups = people[~control].groupby(["segment", "action"])
        out = groups[["cost", "bought", "margin"]].sum()
        out.insert(0, "customers", groups.size())
        compared = people[control].groupby("segment")
        left_out = compared[["bought", "margin"]].sum().add_prefix("control_")
        left_out.insert(0, "control_customers", compared.size())
        out = out.reset_index().merge(left_out.reset_index(), on="segment")
        order = {name: n for n, name in enumerate((*world.SEGMENTS, *world.ACTIONS, "rests"))}
        out = out.sort_values(["segment", "action"], key=lambda c: c.map(order), ignore_index=True)
        out.insert(0, "round", period + 1)
        return out

    def ledger(self) -> pd.DataFrame:
        """What was decided and what was seen of it, one row a contact.

        Returns
        -------
        frame sorted by round and customer: round, customer_id, segment, action, cost (yuan), bought (0 or 1, in the
        round), discount, margin (yuan, after the discount), bought_next (0 or 1, in the two weeks after, in which the
        customer rested; blank until they are over; after the last round there is one week)
        """
        t, i = np.nonzero(self._plan.T)
        action = self._plan[i, t]
        bought, offered = self._world.bought(self._plan), action == world.ACTIONS.index("offer")
        frame = pd.DataFrame(
            {
                "round": t + 1,
                "customer_id": self._world.customers["customer_id"].to_numpy()[i],
                "segment": self._world.customers["segment"].to_numpy()[i],
                "action": np.array(world.ACTIONS, dtype=object)[action],
                "cost": [world.COSTS[world.ACTIONS[a]] for a in action],
                "bought": bought[i, t].astype("int64"),
                "discount": self._world.discount[i, t] * (bought[i, t] & offered),
                "margin": self._world.earned(self._plan)[i, t],
                "bought_next": pd.Series(bought[i, t + 1]).astype("Int64"),
            }
        )
        frame["bought_next"] = frame["bought_next"].mask(t + 1 >= self._periods())
        return frame

    # --- the end -----------------------------------------------------------------------------------------------------

    def result(self) -> Result:
        """What the quarter brought, beside what it could have: only when it is over.

        Raises
        ------
        DataError : rounds are still to be played.
        """
        if not self.over:
            raise DataError(
                "The result comes after round {n}; this is round {round}. play() without choices lets a round pass.",
                n=self.rounds,
                round=self.round,
            )
        own, budget = self._world, self._whole_budget
        policy, table = world.fixed(own, budget)
        plans = {"you": self._plan, "oracle": world.oracle(own, budget), "fixed": policy}
        players = [(name, *self._account(plan)) for name, plan in plans.items()]
        luck = np.array([self._account(world.chance(own, budget, n)) for n in range(_DRAWS)]).mean(axis=0)
        players = pd.DataFrame(
            [*players, ("chance", *np.rint(luck).astype("int64"))],
            columns=["player", "contacts", "cost", "profit", "increment"],
        )
        profit = players.set_index("player")["profit"]
        value, low, high = measured(own, self._plan)
        return Result(
            profit=int(profit["you"]),
            cost=world.cost(self._plan),
            increment=int(players["increment"].iloc[0]),
            measured=value,
            low=low,
            high=high,
            **{name: int(profit[name]) for name in ("oracle", "fixed", "chance")},
            regret=int(profit["oracle"] - profit["you"]),
            players=players,
            segments=self._by_segment(table),
            kinds=self._by_kind(),
        )

    def _account(self, plan: np.ndarray) -> tuple[int, int, int, int]:
        """Contacts, cost, profit and increment of a plan."""
        price = world.cost(plan)
        profit = int(self._world.earned(plan)[~self._world.control].sum()) - price
        nothing = int(self._world.earned(np.zeros_like(plan))[~self._world.control].sum())
        return int((plan > 0).sum()), price, profit, profit - nothing

    def _by_segment(self, policy: pd.DataFrame) -> pd.DataFrame:
        gained = np.take_along_axis(self._world.effects(), self._plan[:, :, None], axis=2)[:, :, 0]
        people = pd.DataFrame(
            {
                "segment": self._world.customers["segment"],
                "contacts": (self._plan > 0).sum(axis=1),
                "cost": np.array([world.COSTS[a] for a in world.ACTIONS])[self._plan].sum(axis=1),
                "increment": gained.sum(axis=1),
            }
        )
        fixed = policy[["segment", "action", "times", "increment"]].set_index("segment").add_prefix("fixed_")
        return people.groupby("segment").sum().join(fixed).loc[list(world.SEGMENTS)].reset_index()

    def _by_kind(self) -> pd.DataFrame:
        own, (i, t) = self._world, np.nonzero(self._plan)
        action = self._plan[i, t]
        now, after = own.now[i, t, action], own.after[i, t, action]
        change = now.astype("int64") + after - own.base[i, t] - own.base[i, t + 1]
        decisions = pd.DataFrame(
            {
                "kind": np.array(world.KINDS, dtype=object)[own.kind[i]],
                "action": np.array(world.ACTIONS, dtype=object)[action],
                "contacts": 1,
                "cost": [world.COSTS[world.ACTIONS[a]] for a in action],
                "discount": own.discount[i, t] * (now & (action == world.ACTIONS.index("offer"))),
                "won": change.clip(min=0),
                "forward": (now & ~own.base[i, t] & ~after & own.base[i, t + 1]).astype("int64"),
                "put_off": (-change).clip(min=0),
                "increment": own.effects()[i, t, action],
            }
        )
        order = {name: n for n, name in enumerate((*world.KINDS, *world.ACTIONS))}
        summed = decisions.groupby(["kind", "action"], as_index=False).sum()
        return summed.sort_values(["kind", "action"], key=lambda c: c.map(order), ignore_index=True)

    # --- once more ---------------------------------------------------------------------------------------------------

    def save(self) -> dict:
        """The decisions, for `Quarter.restore`: {"seed", "customers", "rounds": [{action: [customer_id, …]}, …]}."""
        ids = self._world.customers["customer_id"].to_numpy()
        rounds = []
        for t in range(self.round - 1):
            done = {name: ids[self._plan[:, t] == n].tolist() for n, name in enumerate(world.ACTIONS) if n}
            rounds.append({name: who for name, who in done.items() if who})
        return {"seed": self.seed, "customers": len(ids), "rounds": rounds}

    @classmethod
    def restore(cls, saved: Mapping) -> "Quarter":
        """The game with these decisions, as `save` gave them.

        Raises
        ------
        DataError : not what `save` gives, or decisions against the rules.
        """
        if not isinstance(saved, Mapping) or not isinstance(saved.get("rounds"), list) or "seed" not in saved:
            raise DataError("A saved game has seed, customers and rounds, as save() gives them.")
        game = cls(saved["seed"], saved.get("customers", 600))
        for choices in saved["rounds"]:
            game.play(choices)
        return game

    def widgets(self) -> object:
        """The game to be clicked: an action and a share for each segment, and a button that plays the round."""
        return _Board(self).box


def measured(own: world.World, plan: np.ndarray) -> tuple[int, int, int]:
    """What the decisions added, as the control group shows it, yuan: the estimate and its 95 % interval.

    Everybody outside the control counts, contacted or not, so it does not matter how the contacted were picked. Each
    customer's margin of the quarter is first adjusted for what their past (monetary_net, frequency) leads to expect
    (least squares with the segments: CUPED, Deng et al. 2013). Then the means outside and inside the control are
    compared in each segment, weighted by the customers outside; the variance is the sum of the segments' (stratified
    difference of means, normal interval). The cost of the contacts is known and taken off.
    """
    seen, control = own.customers, own.control
    earned = own.earned(plan).sum(axis=1).astype("float64")
    member = (seen["segment"].to_numpy()[:, None] == np.array(world.SEGMENTS)).astype("float64")
    past = seen[["monetary_net", "frequency"]].to_numpy(dtype="float64")
    weights = np.linalg.lstsq(np.hstack([member, past]), earned, rcond=None)[0]
    rest = earned - past @ weights[-2:]
    total, variance = -float(world.cost(plan)), 0.0
    for inside in member.T.astype(bool):
        treated, left_out = rest[inside & ~control], rest[inside & control]
        n = len(treated)
        total += n * (treated.mean() - left_out.mean())
        variance += n**2 * (treated.var(ddof=1) / n + left_out.var(ddof=1) / len(left_out))
    half = _Z * math.sqrt(variance)
    return round(total), round(total - half), round(total + half)


# --- the board -------------------------------------------------------------------------------------------------------


def label(code: str, **values: object) -> Label:
    """How the game calls a segment, an action, a kind or a player, in both languages."""
    said = names()[code]
    return Label(said["en"], said["zh"], **values)


@cache
def names() -> dict[str, dict[str, str]]:
    """What the game calls everything, by code, in both languages."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


class _Board:
    """Sliders, a button, and two texts: what stands to be decided and what the last round brought."""

    def __init__(self, game: Quarter) -> None:
        ipywidgets = extras.bring("ipywidgets")
        self.game, self.rows = game, {}
        for segment in world.SEGMENTS:
            actions = [(label(a).say(), a) for a in world.ACTIONS if a != "apology" or segment == "complaint"]
            # Sliders, not dropdowns: JupyterLab takes the arrow keys away from a dropdown in a cell's output.
            action = ipywidgets.SelectionSlider(
                options=actions,
                value="nothing",
                description=label(segment).say(),
                style={"description_width": "14em"},
                layout={"width": "38em"},
            )
            shares = [(f"{percent}%", percent / 100) for percent in (25, 50, 75, 100)]
            share = ipywidgets.SelectionSlider(
                options=shares, value=1.0, description=label("share_of").say(), layout={"width": "18em"}
            )
            self.rows[segment] = (action, share)
            action.observe(self._changed, names="value")
            share.observe(self._changed, names="value")
        self.button = ipywidgets.Button(description=label("next_round").say(), layout={"width": "max-content"})
        self.button.on_click(self._next)
        self.line, self.news = ipywidgets.HTML(), ipywidgets.HTML()
        rows = [ipywidgets.HBox(row) for row in self.rows.values()]
        self.box = ipywidgets.VBox([*rows, self.line, self.button, self.news])
        self._changed()

    def _choices(self) -> dict:
        return {s: (a.value, share.value) for s, (a, share) in self.rows.items() if a.value != "nothing"}

    def _changed(self, change: object = None) -> None:
        """What the choices on the board would cost."""
        if self.game.over:
            self.line.value = _status(self.game._said())
            return
        price = world.cost(self.game._decided(self._choices()))
        said = label("would_cost", state=self.game._said(), cost=price)
        self.line.value = _status(said, wrong=price > self.game.budget)

    def _next(self, button: object) -> None:
        try:
            seen = self.game.play(self._choices())
        except DataError as error:
            self.news.value = _status(error.sentence, wrong=True)
            return
        self.news.value = _table(seen)
        if self.game.over:
            self.button.disabled = True
            result = self.game.result()
            self.news.value += _status(result.sentence) + _table(result.players) + _table(result.kinds)
        self._changed()


def _status(sentence: Sentence, wrong: bool = False) -> str:
    return panel.panel(panel.note(sentence, mark=panel.REFUSED if wrong else panel.PLAIN))


def _table(frame: pd.DataFrame) -> str:
    """A table of codes and whole numbers in the reader's words."""
    head = "".join(f'<th scope="col">{panel.safe(label(c))}</th>' for c in frame)
    cells = [
        [label(v).say() if isinstance(v, str) and v in names() else f"{v:,}" for v in row]
        for row in frame.itertuples(index=False)
    ]
    body = "".join("<tr>" + "".join(f"<td>{panel.safe(c)}</td>" for c in row) + "</tr>" for row in cells)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
