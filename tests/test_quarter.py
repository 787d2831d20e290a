"""The quarter: its rules, what it is scored by, and that the same decisions give the same quarter."""

import json
import re
import time
from functools import cache
from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError, language
from course.classroom import Quarter
from course.classroom.lessons.apply.quarter import label, measured, names
from course.company import quarter as world

SEEDS = range(1, 21)


def pass_(game):
    while not game.over:
        game.play()
    return game


def apologise_and_call(game):
    """A simple policy, written from what can be seen: no offers, nothing for those who buy anyway."""
    game.play({"complaint": "apology", "at_risk_high": "call"})
    while not game.over:
        seen = game.customers()
        free = ~seen["control"] & ~seen["rests"]
        fits = seen[free & (seen["segment"] == "at_risk_high") & (seen["recency_days"] <= 105)]
        game.play({"call": fits["customer_id"].head(min(12, game.budget // world.COSTS["call"])).tolist()})
    return game


@cache
def drawn(seed):
    return world.draw(seed)


@cache
def played(seed):
    return apologise_and_call(Quarter(seed))


@cache
def result(seed):
    return played(seed).result()


@cache
def by_chance(seed):
    """What chance adds: truly, and the interval by the control group."""
    own = drawn(seed)
    plan = world.chance(own, 1800)
    return true_increment(own, plan), *measured(own, plan)[1:]


def true_increment(own, plan):
    added = own.earned(plan) - own.earned(np.zeros_like(plan))
    return added[~own.control].sum() - world.cost(plan)


def carried_out(seed, plan):
    """A game with the decisions of a plan: what the rules refuse cannot be played."""
    ids = drawn(seed).customers["customer_id"].to_numpy()
    rounds = [{a: ids[plan[:, t] == n].tolist() for n, a in enumerate(world.ACTIONS) if n} for t in range(6)]
    return Quarter.restore({"seed": seed, "customers": len(ids), "rounds": rounds})


def naive(own, plan):
    """Purchases and margin by the story told week by week, one customer at a time."""
    bought = np.zeros(own.base.shape, dtype=bool)
    for i, t in np.ndindex(bought.shape):
        if t < 6 and plan[i, t]:
            bought[i, t] = own.now[i, t, plan[i, t]]
        elif t and plan[i, t - 1]:
            bought[i, t] = own.after[i, t - 1, plan[i, t - 1]]
        else:
            bought[i, t] = own.base[i, t]
    offered = np.pad(plan == 2, ((0, 0), (0, 1)))
    return bought, bought * (own.margin - own.discount * offered)


# --- against oracle, best fixed policy and chance -------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS)
def test_the_oracle_beats_the_best_fixed_policy_and_that_beats_chance(seed):
    got = result(seed)
    assert got.oracle >= got.fixed >= got.chance
    assert got.oracle >= got.profit
    assert got.regret == got.oracle - got.profit


def test_chance_adds_nothing_that_its_control_group_could_see():
    true, low, high = np.array([by_chance(s) for s in SEEDS]).T
    assert ((low <= 0) & (high >= 0)).sum() >= 16
    assert abs(true.mean()) < 700  # beside 4,000 of the simple policy


def test_the_oracle_s_increment_is_clearly_positive():
    for seed in SEEDS:
        own = drawn(seed)
        _, low, _ = measured(own, world.oracle(own, 1800))
        assert low > 0


def test_a_simple_policy_beats_chance_on_nearly_every_seed():
    gained = [result(s).increment for s in SEEDS]
    assert sum(g > by_chance(s)[0] for g, s in zip(gained, SEEDS, strict=True)) >= 18
    assert np.mean(gained) > 2500


def test_offers_to_sure_things_cost_their_discount_and_move_purchases_forward():
    kinds = [pass_after(Quarter(s), {"bargain": "offer", "loyal": "offer"}).result().kinds for s in range(1, 6)]
    kinds = pd.concat(kinds).groupby(["kind", "action"]).sum()
    sure = kinds.loc[("sure_thing", "offer")]
    assert sure["won"] == sure["put_off"] == 0
    assert sure["forward"] > 0
    assert sure["discount"] > 0 and sure["increment"] < -sure["cost"] - sure["discount"] / 2
    assert kinds.loc[("persuadable", "offer"), "increment"] > 0
    assert kinds.loc[("do_not_disturb", "offer"), "put_off"] > 0


def pass_after(game, choices):
    game.play(choices)
    return pass_(game)


def test_after_an_offer_the_next_round_dips():
    spike = dip = 0
    for seed in range(1, 9):
        own = drawn(seed)
        rows = ~own.control & (own.customers["segment"] == "loyal").to_numpy()
        seen = carried_out(seed, np.where(rows[:, None] & (np.arange(6) == 0), 2, 0)).ledger()
        spike += seen["bought"].sum() - own.base[rows, 0].sum()
        dip += seen["bought_next"].sum() - own.base[rows, 1].sum()
    assert spike > 0 > dip


# --- the benchmarks are what they say -------------------------------------------------------------------------------


def test_the_effects_of_contacts_add_up_to_the_profit():
    own = drawn(3)
    for plan in (world.oracle(own, 1800), world.chance(own, 1800), world.fixed(own, 1800)[0]):
        bought, earned = naive(own, plan)
        assert (own.bought(plan) == bought).all() and (own.earned(plan) == earned).all()
        added = sum(own.effects()[i, t, plan[i, t]] for i, t in zip(*np.nonzero(plan), strict=True))
        assert added == earned.sum() - naive(own, np.zeros_like(plan))[1].sum() - world.cost(plan)


@given(st.integers(0, 10**6), st.integers(0, 40))
@settings(max_examples=30)
def test_the_knapsack_finds_what_trying_everything_finds(seed, budget):
    rng = np.random.default_rng(seed)
    worth, prices = rng.integers(-20, 60, (4, 5)), rng.integers(0, 15, (4, 5)) * 2
    worth[:, 0] = prices[:, 0] = 0
    chosen = world._knapsack(worth, prices, budget)
    rows = np.arange(4)
    assert prices[rows, chosen].sum() <= budget
    tried = [np.array(c) for c in product(range(5), repeat=4)]
    assert worth[rows, chosen].sum() == max(worth[rows, c].sum() for c in tried if prices[rows, c].sum() <= budget)


def test_no_plan_of_one_customer_is_better_than_the_oracle_s():
    own = drawn(5)
    free = np.flatnonzero(~own.control)[:15]
    plan = world.oracle(own, 10**6)  # a budget that is no limit: each customer's best
    effects = own.effects()
    for i in free:
        best = 0
        for one in product(range(4 if own.customers["open_complaint"][i] else 3), repeat=6):
            if any(a and b for a, b in pairwise(one)) or one.count(3) > 1:
                continue
            best = max(best, sum(effects[i, t, a] for t, a in enumerate(one)))
        assert sum(effects[i, t, a] for t, a in enumerate(plan[i])) == best


def test_the_best_fixed_policy_is_one_action_a_segment_and_no_single_change_improves_it():
    own = drawn(2)
    plan, policy = world.fixed(own, 1800)
    assert policy["segment"].tolist() == list(world.SEGMENTS)
    assert world.cost(plan) == policy["cost"].sum() <= 1800
    effects, left = own.effects(), 1800 - policy["cost"].sum()
    for row in policy.itertuples():
        inside = (own.customers["segment"] == row.segment).to_numpy()
        assert set(np.unique(plan[inside])) <= {0, world.ACTIONS.index(row.action)}
        for action, times in product((1, 2), (1, 2, 3)):
            who = inside & ~own.control
            price = who.sum() * times * world.COSTS[world.ACTIONS[action]]
            if price <= row.cost + left:
                assert sum(effects[who, t, action].sum() for t in (0, 2, 4)[:times]) <= row.increment


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("budget", [0, 700, 1800])
def test_no_benchmark_breaks_a_rule(seed, budget):
    own = drawn(seed)
    for plan in (world.oracle(own, budget), world.fixed(own, budget)[0], world.chance(own, budget, 4)):
        assert world.cost(plan) <= budget
        assert not plan[own.control].any()
        assert not ((plan[:, 1:] > 0) & (plan[:, :-1] > 0)).any()
        apologies = (plan == 3).sum(axis=1)
        assert apologies.max(initial=0) <= 1 and not apologies[~own.customers["open_complaint"]].any()


def test_chance_spreads_its_budget_and_uses_all_of_it():
    plan = world.chance(drawn(1), 1800)
    assert world.cost(plan) > 1700
    assert all(280 < world.cost(plan[:, [t]]) < 320 for t in range(6))
    assert (plan != world.chance(drawn(1), 1800, 1)).any()


# --- the measure ----------------------------------------------------------------------------------------------------


def test_the_interval_covers_the_true_increment_nineteen_times_in_twenty():
    held, missed = 0, []
    for seed in range(100, 220):
        own = world.draw(seed)
        plan = world.chance(own, 1800)
        true = true_increment(own, plan)
        value, low, high = measured(own, plan)
        held += low <= true <= high
        missed.append((value - true) / (high - low) * 2 * 1.96)
    assert 106 <= held <= 119  # of 120; 114 expected, 99 % of binomial draws
    assert abs(np.mean(missed)) < 0.3  # no bias: 3.3 standard errors of the mean of 120


def test_without_covariates_the_measure_is_the_textbook_s_stratified_difference():
    own = drawn(4)
    flat = own.customers.assign(monetary_net=0, frequency=0)
    plan = world.chance(own, 1800)
    value, low, high = measured(world.World(**{**vars(own), "customers": flat}), plan)
    people = flat.assign(y=naive(own, plan)[1].sum(axis=1))
    out = people.pivot_table(index="segment", columns="control", values="y", aggfunc=["mean", "var", "size"])
    n, n0 = out["size"][False], out["size"][True]
    assert value == round((n * (out["mean"][False] - out["mean"][True])).sum() - world.cost(plan))
    error = np.sqrt((n**2 * (out["var"][False] / n + out["var"][True] / n0)).sum())
    assert high - low == pytest.approx(2 * 1.96 * error, abs=1.5)


def test_a_larger_quarter_is_measured_more_sharply():
    own = world.draw(1, 5400)
    _, low, high = measured(own, np.zeros((5400, 6), dtype=int))
    _, low_few, high_few = measured(drawn(1), np.zeros((600, 6), dtype=int))
    assert (high - low) / 5400 == pytest.approx((high_few - low_few) / 600 / 3, rel=0.2)


# --- the world ------------------------------------------------------------------------------------------------------


def test_the_portrait_tells_something_of_the_type_and_not_everything():
    seen = pd.concat([drawn(s).customers.assign(kind=drawn(s).kind) for s in SEEDS])
    share = pd.crosstab(seen["segment"], seen["kind"], normalize="index")
    assert share.loc["at_risk_high", 0] > 3 * share.loc["loyal", 0]
    assert (share.max(axis=1) < 0.95).all()
    at_risk = seen[seen["segment"] == "at_risk_high"]
    late = at_risk["recency_days"] > 105
    assert (at_risk[~late]["kind"] == 0).mean() > (at_risk[late]["kind"] == 0).mean() + 0.1
    untouched = seen["discount_share"] < 0.12
    assert (seen[untouched]["kind"] == 3).mean() > 1.5 * (seen[~untouched]["kind"] == 3).mean()


def test_the_control_is_a_quarter_of_each_segment_and_like_the_rest():
    for seed in SEEDS:
        seen = drawn(seed).customers
        sizes = seen.groupby("segment")["control"].agg(["sum", "size"])
        assert (sizes["sum"] == (sizes["size"] * 0.25).round()).all()
    money = pd.concat([drawn(s).customers for s in SEEDS]).groupby("control")["monetary_net"]
    assert abs(money.mean().diff().iloc[1]) < 4 * np.hypot(*(money.std() / np.sqrt(money.size())))


def test_segments_follow_the_rules_that_are_told():
    for row in drawn(1).customers.itertuples():
        if row.open_complaint:
            expected = "complaint"
        elif row.stage == "lost":
            expected = "lost"
        elif row.stage == "at_risk":
            expected = "at_risk_high" if row.monetary_net >= 900 else "at_risk_low"
        elif row.stage == "first_purchase":
            expected = "new"
        elif row.discount_share >= 0.4:
            expected = "bargain"
        else:
            expected = "loyal" if row.stage == "loyal" else "regular"
        assert row.segment == expected


def test_another_seed_is_another_quarter_and_nothing_is_drawn_while_it_is_played():
    assert not drawn(1).customers.equals(drawn(2).customers)
    state = np.random.get_state()[1].copy()
    first, second = apologise_and_call(Quarter(7)), apologise_and_call(Quarter(7))
    assert (np.random.get_state()[1] == state).all()
    assert first.ledger().to_csv() == second.ledger().to_csv()
    assert first.result().sentence.say() == second.result().sentence.say()


# --- deciding -------------------------------------------------------------------------------------------------------


def ids(game, segment, free=True):
    seen = game.customers()
    inside = seen["segment"] == segment
    return seen.loc[inside & ~(free & (seen["control"] | seen["rests"])), "customer_id"].tolist()


def test_the_ways_to_say_the_same_are_the_same():
    base = Quarter(1)
    seen, loyal = base.customers(), ids(base, "loyal")
    frame = pd.DataFrame({"customer_id": loyal, "action": "offer"})
    everyone = seen.assign(action=np.where(seen["customer_id"].isin(loyal), "offer", "nothing"))
    ways = [
        {"loyal": "offer"},
        {"loyal": ("offer", 1.0)},
        {"offer": "loyal"},
        {"offer": loyal},
        {"offer": seen["segment"] == "loyal"},
        {"offer": (seen["segment"] == "loyal").tolist()},
        {"offer": (seen["segment"] == "loyal").to_numpy()},
        {tuple(loyal): "offer"},
        dict.fromkeys(loyal, "offer"),
        frame,
        frame.sample(frac=1, random_state=1),
        everyone[["customer_id", "action"]],
    ]
    first = base.play({"loyal": "offer"}).to_csv()
    for choices in ways:
        game = Quarter(1)
        assert game.play(choices).to_csv() == first
        assert game.ledger()["customer_id"].tolist() == loyal


def test_a_share_is_taken_at_random_and_the_same_one_each_time():
    one, two = Quarter(1), Quarter(1)
    one.play({"new": ("offer", 0.5)}), two.play({"new": ["offer", 0.5]})
    free = ids(Quarter(1), "new")
    chosen = one.ledger()["customer_id"].tolist()
    assert chosen == two.ledger()["customer_id"].tolist()
    assert len(chosen) == int(len(free) / 2 + 0.5) and set(chosen) < set(free)
    assert chosen != free[: len(chosen)]


def test_who_was_contacted_rests_once():
    game = Quarter(1)
    game.play({"loyal": "offer"})
    assert ids(game, "loyal") == []
    assert game.play({"loyal": "offer"}).query("action == 'offer'").empty
    assert len(ids(game, "loyal")) == len(ids(Quarter(1), "loyal"))


def test_an_apology_closes_the_complaint():
    game = Quarter(1)
    open_before = game.customers()["open_complaint"].sum()
    game.play({"complaint": "apology"})
    after = game.customers()
    assert after["open_complaint"].sum() == open_before - len(game.ledger())
    game.play()
    game.play({"complaint": "apology"})
    assert len(game.ledger()) == len(game.ledger().drop_duplicates("customer_id"))


def _one(game, column, value=True, **other):
    seen = game.customers()
    seen = seen[seen[column] == value]
    for name, wanted in other.items():
        seen = seen[seen[name] == wanted]
    return seen["customer_id"].iloc[0]


REFUSED = {
    "unknown action": (lambda g: {"loyal": "mail"}, "no action “mail”"),
    "action is no text": (lambda g: {"loyal": 3}, "no action “3”"),
    "unknown segment": (lambda g: {"whales": "call"}, "no segment or customer “whales”"),
    "unknown customer": (lambda g: {"call": ["Q9999"]}, "no segment or customer “Q9999”"),
    "number as customer": (lambda g: {"call": [17]}, "no segment or customer “17”"),
    "blank": (lambda g: {None: "call"}, "no segment or customer “None”"),
    "over budget": (lambda g: {"call": [*world.SEGMENTS]}, "are left. Take fewer"),
    "twice in a list": (lambda g: {"call": ids(g, "loyal")[:1] * 2}, "chosen more than once"),
    "twice in a table": (
        lambda g: pd.DataFrame({"customer_id": ids(g, "loyal")[:1] * 2, "action": ["call", "offer"]}),
        "1 customer is chosen more than once",
    ),
    "twice by segment and name": (lambda g: {"loyal": "offer", ids(g, "loyal")[0]: "call"}, "chosen more than once"),
    "in the control": (lambda g: {_one(g, "control"): "call"}, "control group"),
    "the control in a table": (
        lambda g: g.customers().assign(action="offer"),
        "of the customers you chose are in the control",
    ),
    "resting": (lambda g: {_one(g, "rests"): "call"}, "contacted in the round before"),
    "no complaint": (lambda g: {"apology": ids(g, "loyal")[:2]}, "without an open complaint"),
    "share of a customer": (lambda g: {ids(g, "loyal")[0]: ("call", 0.5)}, "share goes with a segment"),
    "share too large": (lambda g: {"loyal": ("call", 50)}, "between 0 and 1; got 50"),
    "share is no number": (lambda g: {"loyal": ("call", "half")}, "between 0 and 1; got half"),
    "share is NaN": (lambda g: {"loyal": ("call", float("nan"))}, "between 0 and 1"),
    "mask too short": (lambda g: {"call": [True, False]}, "one True or False for each of the 600"),
    "mask in another order": (
        lambda g: {"call": (g.customers()["segment"] == "loyal").sort_values()},
        "in their order",
    ),
    "a number": (lambda g: 5, "Choices are a dict"),
    "a list": (lambda g: ["loyal", "call"], "Choices are a dict"),
    "a table without action": (lambda g: g.customers(), "Choices are a dict"),
    "blank action in a table": (
        lambda g: pd.DataFrame({"customer_id": ids(g, "loyal")[:2], "action": ["call", None]}),
        "no action",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_choice_against_the_rules_is_refused_and_changes_nothing(name):
    choices, said = REFUSED[name]
    game = Quarter(1)
    game.play({"new": "offer"})
    before = game.save(), game.round, game.budget, game.ledger().to_csv(), game.customers().to_csv()
    with pytest.raises(DataError, match=re.escape(said)) as refused:
        game.play(choices(game))
    assert before == (game.save(), game.round, game.budget, game.ledger().to_csv(), game.customers().to_csv())
    chinese = refused.value.sentence.say("zh")
    assert re.search("[一-鿿]", chinese) and "{" not in re.sub(r'\{"[^}]*\}', "", chinese)


def test_the_budget_may_be_spent_to_the_last_yuan_and_no_further():
    seen = Quarter(1).customers()
    free = seen.loc[~seen["control"], "customer_id"].tolist()
    with pytest.raises(DataError, match=r"cost 1,802 yuan and 1,800 are left"):
        Quarter(1).play({"call": free[:150], "offer": free[150:151]})
    game = Quarter(1)
    game.play({"call": free[:150]})
    assert game.budget == 0
    with pytest.raises(DataError, match=r"cost 2 yuan and 0 are left"):
        game.play({"offer": free[150:151]})


def test_doing_nothing_to_the_control_is_no_contact():
    game = Quarter(1)
    game.play(game.customers().assign(action="nothing"))
    assert game.ledger().empty and game.budget == 1800


@pytest.mark.parametrize(
    ("seed", "customers"), [(-1, 600), (1.5, 600), ("1", 600), (True, 600), (1, 399), (1, None), (None, 600)]
)
def test_a_seed_or_size_that_cannot_be_is_refused(seed, customers):
    with pytest.raises(DataError, match="whole number from 0"):
        Quarter(seed, customers)


def test_the_end_is_the_end_and_no_result_comes_before_it():
    game = Quarter(1)
    with pytest.raises(DataError, match="comes after round 6; this is round 1"):
        game.result()
    assert game.play()["round"].unique().tolist() == [1]
    pass_(game)
    assert game.over and repr(game) == "The quarter is over; 1,800 yuan were not spent."
    with pytest.raises(DataError, match="over after 6 rounds"):
        game.play({"loyal": "call"})
    got = game.result()
    assert got.increment == got.cost == 0


masks = st.integers(0, 2**32).map(lambda n: np.random.default_rng(n).random(600) < 0.2)
choices = st.dictionaries(
    st.sampled_from(world.SEGMENTS),
    st.tuples(st.sampled_from(world.ACTIONS), st.floats(0, 1)),
    max_size=3,
) | st.dictionaries(st.sampled_from(world.ACTIONS), masks, max_size=1)


@given(st.integers(0, 50), st.lists(choices, min_size=6, max_size=6))
@settings(max_examples=12)
def test_whatever_is_played_the_rules_hold_and_a_replay_is_the_same(seed, rounds):
    game = Quarter(seed)
    for decided in rounds:
        try:
            game.play(decided)
        except DataError:
            game.play()
        assert game.budget >= 0
    ledger = game.ledger()
    assert ledger["cost"].sum() == 1800 - game.budget
    assert not ledger.duplicated(["round", "customer_id"]).any()
    assert not set(ledger["customer_id"]) & set(drawn(seed).customers.query("control")["customer_id"])
    gaps = ledger.sort_values(["customer_id", "round"]).groupby("customer_id")["round"].diff().dropna()
    assert (gaps >= 2).all()
    own, plan = drawn(seed), game._plan
    _, earned = naive(own, plan)
    assert ledger["margin"].sum() == earned[:, :6][plan > 0].sum()
    again = Quarter.restore(json.loads(json.dumps(game.save())))
    assert again.ledger().to_csv() == ledger.to_csv()
    result, repeated = game.result(), again.result()
    assert result.sentence.say() == repeated.sentence.say()
    for name in ("players", "segments", "kinds"):
        assert getattr(result, name).to_csv() == getattr(repeated, name).to_csv()
    outside = ~own.control
    assert result.profit == earned[outside].sum() - result.cost
    for table in (result.segments, result.kinds):
        assert table["increment"].sum() == result.increment and table["cost"].sum() == result.cost


def test_a_saved_game_goes_on_where_it_was():
    game = Quarter(3)
    game.play({"complaint": "apology"})
    game.play({"new": ("offer", 0.4)})
    again = Quarter.restore(json.loads(json.dumps(game.save())))
    assert (again.round, again.budget) == (3, game.budget)
    assert again.customers().equals(game.customers())
    assert again.play({"bargain": "offer"}).equals(game.play({"bargain": "offer"}))


@pytest.mark.parametrize("saved", [None, 5, [], {}, {"seed": 1}, {"seed": 1, "rounds": 3}])
def test_what_is_no_saved_game_is_refused(saved):
    with pytest.raises(DataError, match="A saved game has"):
        Quarter.restore(saved)


def test_a_saved_game_against_the_rules_is_refused():
    with pytest.raises(DataError, match="no action"):
        Quarter.restore({"seed": 1, "rounds": [{"loyal": "mail"}]})
    with pytest.raises(DataError, match="over after 6"):
        Quarter.restore({"seed": 1, "rounds": [{}] * 7})


# --- what is seen ---------------------------------------------------------------------------------------------------


def test_a_round_is_told_beside_the_control_of_the_same_weeks():
    game, own = Quarter(1), drawn(1)
    first = game.play({"at_risk_high": ("call", 0.5)})
    called = first.query("segment == 'at_risk_high' and action == 'call'").iloc[0]
    ledger = game.ledger()
    assert (called["customers"], called["cost"]) == (len(ledger), ledger["cost"].sum())
    assert (called["bought"], called["margin"]) == (ledger["bought"].sum(), ledger["margin"].sum())
    control = (own.customers["segment"] == "at_risk_high").to_numpy() & own.control
    assert called["control_customers"] == control.sum()
    assert called["control_bought"] == own.base[control, 0].sum()
    assert called["control_margin"] == (own.base * own.margin)[control, 0].sum()
    assert first["customers"].sum() == (~own.control).sum()
    assert ledger["bought_next"].isna().all()
    second = game.play()
    rests = second.query("action == 'rests'").iloc[0]
    assert rests["customers"] == called["customers"]
    assert game.ledger()["bought_next"].sum() == rests["bought"]


def test_the_last_round_is_told_together_with_the_closing_week():
    game = Quarter(1)
    for _ in range(5):
        game.play()
    last = game.play({"new": "offer"})
    assert last["round"].unique().tolist() == [6, 7]
    assert game.ledger()["bought_next"].notna().all()
    assert game.customers()["bought"].sum() == drawn(1).bought(game._plan).sum()


def test_nothing_that_is_hidden_can_be_seen_before_the_end():
    assert not {"kind", "need"} & set(Quarter(1).customers().columns)


def test_a_whole_game_takes_less_than_two_seconds():
    began = time.perf_counter()
    apologise_and_call(Quarter(30)).result()
    assert time.perf_counter() - began < 2


# --- the board ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_board_plays_the_same_game_in_either_language(lang):
    language.use(lang)
    game = Quarter(1)
    *rows, line, button, news = game.widgets().children
    assert len(rows) == len(world.SEGMENTS)
    board = dict(zip(world.SEGMENTS, (row.children for row in rows), strict=True))
    board["complaint"][0].value = "apology"
    board["at_risk_high"][0].value, board["at_risk_high"][1].value = "call", 0.5
    by_code = Quarter(1)
    chosen = {"complaint": ("apology", 1.0), "at_risk_high": ("call", 0.5)}
    by_code.play(chosen)
    assert f"{1800 - by_code.budget:,}" in line.value
    for action, share in board.values():
        assert action.description and share.description and len(action.options) in (3, 4)
    assert ("打电话" in board["loyal"][0].options[1][0]) == (lang == "zh")
    button.click()
    assert game.save() == by_code.save()
    assert 'role="status"' in line.value and '<th scope="col">' in news.value
    board["complaint"][0].value = board["at_risk_high"][0].value = "nothing"
    for _ in range(5):
        button.click()
    assert game.over and button.disabled
    assert game.result().sentence.say()[:6] in news.value
    assert "_" not in re.sub("<[^>]*>", "", news.value)  # no code is shown


def test_the_board_says_what_costs_too_much_and_changes_nothing():
    game = Quarter(1)
    *rows, line, button, news = game.widgets().children
    for row in rows:
        row.children[0].value = "call"
    assert "<b>!</b>" in line.value
    button.click()
    assert "are left. Take fewer" in news.value and game.round == 1


def test_every_code_of_the_game_has_its_name_in_both_languages():
    codes = [*world.SEGMENTS, *world.ACTIONS, *world.KINDS, "rests", "you", "oracle", "fixed", "chance"]
    got = result(1)
    codes += [*got.players.columns, *got.kinds.columns, *Quarter(1).play().columns]
    for code in codes:
        assert label(code).say("en") and re.search("[一-鿿]", label(code).say("zh")), code
    assert set(names()) == {*codes, "share_of", "next_round", "would_cost"}
