"""Lifecycle: states and their identities, one stage a customer, thresholds from open gaps too, honest alerts."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.base import clone

from course import DataError, clean, collect, lifecycle

START = pd.Timestamp("2024-01-01")


def _orders(pairs, money=10.0):
    """Orders of (customer, day) pairs, day 0 being 2024-01-01."""
    frame = pd.DataFrame(list(pairs), columns=["customer_id", "day"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"].astype("str"),
            "order_id": [f"o{i}" for i in range(len(frame))],
            "ordered_at": START + pd.to_timedelta(frame["day"].astype("int64"), unit="D") + pd.Timedelta(hours=9),
            "amount": money,
        }
    )


def _day(number):
    return START + pd.Timedelta(days=int(number))


def _company(n, days, leave=0.0, spread=0.8, seed=1):
    """Customers who order at constant rates of their own and leave after an order with chance `leave`."""
    rng = np.random.default_rng(seed)
    pairs = []
    for i in range(n):
        gap, at = 60 * np.exp(rng.normal(0, spread)), rng.uniform(0, days)
        while at < days:
            pairs.append((f"c{i:05d}", int(at)))
            if rng.random() < leave:
                break
            at += max(1.0, rng.exponential(gap))
    return _orders(pairs)


@pytest.fixture(scope="module")
def company():
    return _company(3000, 730)


order_tables = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 400)), min_size=1, max_size=60)


# Survival


def test_kaplan_meier_of_six_customers_as_by_hand():
    # At 2: 5 of 6 stay. At 3: of the 5 left one goes, one is last seen. At 5: 2 of 3. At 8 the last one goes.
    got = lifecycle.survival([2, 3, 3, 5, 6, 8], [1, 1, 0, 1, 0, 1]).curve
    assert got["time"].tolist() == [2, 3, 5, 8]
    assert got["at_risk"].tolist() == [6, 5, 3, 1]
    assert got["survival"].tolist() == pytest.approx([5 / 6, 4 / 6, 4 / 9, 0])
    # Greenwood at 3: 1/(6·5) + 1/(5·4) = 1/12; log-log interval s^exp(±z √(1/12) / ln s).
    width = 1.959964 * np.sqrt(1 / 12) / np.log(4 / 6)
    assert got.loc[1, ["low", "high"]].tolist() == pytest.approx(
        [(2 / 3) ** np.exp(-width), (2 / 3) ** np.exp(width)], rel=1e-6
    )


def test_log_rank_of_two_groups_as_by_hand():
    # Times 1, 2, 3 (group a) and 4, 5, 6 (group b), all seen: expected ends of a: 1/2 + 2/5 + 1/4 = 1.15,
    # variance 1/4 + 6/25 + 3/16 = .6775; χ² = (3 − 1.15)² / .6775.
    got = lifecycle.survival([1, 2, 3, 4, 5, 6], [1] * 6, list("aaabbb"))
    assert got.chi2 == pytest.approx(1.85**2 / 0.6775)
    assert got.p == pytest.approx(stats.chi2.sf(1.85**2 / 0.6775, 1))
    assert set(got.curve["group"]) == {"a", "b"}


def test_survival_refuses_what_is_no_duration():
    with pytest.raises(DataError, match="above 0"):
        lifecycle.survival([0, 1], [1, 1])
    with pytest.raises(DataError, match="0 or 1"):
        lifecycle.survival([1, 1], [1, 2])
    with pytest.raises(DataError, match="one entry a customer"):
        lifecycle.survival([1, 2], [1])


# States


def test_states_of_a_table_small_enough_to_check_by_eye():
    # a: January, February, April; b: February; the end is 10 April.
    orders = _orders([("a", 0), ("a", 5), ("a", 40), ("b", 45), ("a", 100)])
    got = lifecycle.states(orders)
    assert got.periods["period"].dt.strftime("%m").tolist() == ["01", "02", "03", "04"]
    assert got.periods["active"].tolist() == [1, 2, 0, 1]
    assert got.periods["new"].tolist() == [1, 1, 0, 0]
    assert got.periods["returning"].tolist() == [0, 1, 0, 0]
    assert got.periods["resurrecting"].tolist() == [0, 0, 0, 1]
    assert got.periods["dormant"].tolist() == [0, 0, 2, 0]
    assert got.periods["customers"].tolist() == [1, 2, 2, 2]
    assert got.periods["complete"].tolist() == [True, True, True, False]
    assert lifecycle.states(orders, as_of="2024-04-30").periods["complete"].tolist() == [True] * 4


@given(order_tables, st.integers(0, 420), st.sampled_from("WMQY"))
@settings(max_examples=30)
def test_the_identities_of_the_states_hold(rows, as_of, period):
    orders = _orders(rows)
    if orders["ordered_at"].min().normalize() > _day(as_of):
        return
    got = lifecycle.states(orders, _day(as_of), period).periods
    assert (got["active"] == got["new"] + got["returning"] + got["resurrecting"]).all()
    before = got["active"].shift(fill_value=0)
    assert (got["active"] == before - got["dormant"] + got["resurrecting"] + got["new"]).all()
    seen = orders[orders["ordered_at"].dt.normalize() <= _day(as_of)]
    assert got["new"].sum() == seen["customer_id"].nunique()


@given(order_tables)
@settings(max_examples=30)
def test_the_states_in_sql_equal_those_in_pandas(rows):
    orders = _orders(rows)
    month = orders["ordered_at"].dt.to_period("M")
    ordered = pd.crosstab(orders["customer_id"], month) > 0
    ordered = ordered.reindex(columns=pd.period_range(month.min(), month.max(), freq="M"), fill_value=False)
    earlier = ordered.astype(int).cumsum(axis=1).shift(axis=1, fill_value=0) > 0
    before = ordered.shift(axis=1, fill_value=False)
    got = lifecycle.states(orders).periods
    assert got["new"].tolist() == (ordered & ~earlier).sum().tolist()
    assert got["returning"].tolist() == (ordered & before).sum().tolist()
    assert got["resurrecting"].tolist() == (ordered & earlier & ~before).sum().tolist()
    assert got["dormant"].tolist() == (~ordered & before).sum().tolist()


def test_a_history_cut_short_makes_old_customers_look_new(company):
    whole = lifecycle.states(company).periods.set_index("period")["new"]
    cut = lifecycle.states(company[company["ordered_at"] >= "2025-01-01"]).periods.set_index("period")["new"]
    assert cut.iloc[0] > 3 * whole[cut.index[0]]


# Thresholds


def _thresholds_by_hand(orders, as_of, share):
    """Wang & Chang's curve written out: weights, risk sets, product, and the share of those who come back."""
    days = orders.assign(day=(orders["ordered_at"].dt.normalize() - START).dt.days)
    days = days.loc[days["day"] <= as_of, ["customer_id", "day"]].drop_duplicates().sort_values(["customer_id", "day"])
    days["k"] = days.groupby("customer_id").cumcount() + 1
    days["next"] = days.groupby("customer_id")["day"].shift(-1)
    out = {}
    for name, low, high in [("1", 1, 1), ("2–3", 2, 3), ("4–9", 4, 9), ("10+", 10, 10**9)]:
        pairs = []
        for _, own in days[days["k"].between(low, high)].groupby("customer_id"):
            closed = (own["next"] - own["day"])[own["next"].notna()]
            still = as_of - own["day"].iloc[-1]
            if len(closed):
                pairs += [(gap, 1, 1 / len(closed)) for gap in closed]
            elif still > 0:
                pairs.append((still, 0, 1.0))
        times = sorted({t for t, closed, _ in pairs if closed})
        s, curve = 1.0, []
        for t in times:
            s *= 1 - sum(w for x, c, w in pairs if x == t and c) / sum(w for x, _, w in pairs if x >= t)
            curve.append((t, 1 - s))
        out[name] = next(t for t, f in curve if f >= share * curve[-1][1] - 1e-9)
    return out


def test_thresholds_equal_the_curve_written_out():
    orders = _company(400, 500, leave=0.05, spread=0.5)
    got = lifecycle.thresholds(orders, _day(499)).set_index("band")
    assert got["own_curve"].all()
    assert got["at_risk_days"].to_dict() == _thresholds_by_hand(orders, 499, 0.80)
    assert got["lost_days"].to_dict() == _thresholds_by_hand(orders, 499, 0.95)


def test_one_order_day_is_the_plain_kaplan_meier_of_first_gaps(company):
    end = 729
    days = company.assign(day=(company["ordered_at"].dt.normalize() - START).dt.days)
    own = days.drop_duplicates(["customer_id", "day"]).groupby("customer_id")["day"].apply(lambda d: sorted(d)[:2])
    gaps = [(d[1] - d[0], 1) if len(d) > 1 else (end - d[0], 0) for d in own]
    gaps = [g for g in gaps if g[0] > 0]
    curve = lifecycle.survival(*zip(*gaps, strict=True)).curve
    reached = curve.loc[curve["survival"] <= 0.2 + 1e-9, "time"].iloc[0]
    assert lifecycle.thresholds(company, _day(end))["plain_days"].iloc[0] == reached


def test_open_gaps_lengthen_and_heavy_buyers_do_not_shorten(company):
    # FIELD §5: completed gaps alone are too short (P90 64 d, Kaplan–Meier 83 d).
    got = lifecycle.thresholds(company, at_risk=0.90, lost=0.95)
    assert got["at_risk_days"].iloc[0] > 1.2 * got["pooled_p90"].iloc[0]
    assert got["at_risk_days"].is_monotonic_decreasing


def test_who_leaves_does_not_stretch_the_thresholds_of_who_stays():
    stay, leave = (lifecycle.thresholds(_company(4000, 730, leave=x)) for x in (0.0, 0.10))
    assert (stay["comes_back"] > 0.97).all()
    assert leave["comes_back"].iloc[:3].between(0.85, 0.93).all()
    # The plain quantile takes the leavers for slow customers; that of those who come back hardly moves.
    assert leave["plain_days"].iloc[0] > 1.4 * stay["plain_days"].iloc[0]
    assert leave["at_risk_days"].iloc[:3].tolist() == pytest.approx(stay["at_risk_days"].iloc[:3].tolist(), rel=0.15)


def test_where_nobody_leaves_few_are_called_lost(company):
    # FIELD §5: a pooled P90 of closed gaps flagged 32 % when nobody had left.
    got = lifecycle.stages(company, _day(729))
    pooled = lifecycle.thresholds(company, _day(729))["pooled_p90"].iloc[0]
    assert (got["silent_days"] > pooled).mean() > 0.20
    assert (got["stage"] == "lost").mean() < 0.10


def test_few_gaps_borrow_the_curve_of_all_and_none_leave_it_blank():
    orders = _orders([(f"c{i}", d) for i in range(30) for d in (0, 10 + i)])
    got = lifecycle.thresholds(orders, _day(100)).set_index("band")
    assert got["own_curve"].to_dict() == {"1": True, "2–3": False, "4–9": False, "10+": False}
    assert (got["at_risk_days"] == got.loc["1", "at_risk_days"]).all()
    assert got.loc["1", "at_risk_days"] == 33  # the 24th of gaps 10 … 39, ⌈.8 · 30⌉
    assert "fewer than 20" in " ".join(s.say("en") for s in lifecycle.explain(got.reset_index()))
    once = lifecycle.thresholds(_orders([("a", 0), ("b", 3)]), _day(50))
    assert once["at_risk_days"].isna().all()
    assert lifecycle.explain(once)[0].say("zh").startswith("还没有人")
    assert set(lifecycle.stages(_orders([("a", 0), ("b", 3)]), _day(50))["stage"]) == {"first_purchase"}


# Stages

LIMITS = pd.DataFrame(
    {
        "band": ["1", "2–3", "4–9", "10+"],
        "from_order_days": [1, 2, 4, 10],
        "at_risk_days": [30.0, 30.0, 20.0, 10.0],
        "lost_days": [90.0, 60.0, 40.0, 20.0],
    }
)


def test_every_stage_by_its_definition_on_both_sides_of_each_edge():
    pairs = [
        ("first", 70),
        ("first_risk", 69),
        ("first_edge", 10),
        ("first_lost", 9),
        ("twice", 60),
        ("twice", 70),
        ("gone", 0),
        ("gone", 39),
    ]
    pairs += [("loyal", d) for d in (0, 30, 60, 80)]  # silent 20, the longest gap 30
    pairs += [("quick", d) for d in (75, 76, 77, 78)]  # silent 22: past the band's 20
    pairs += [("hasty", d) for d in (80, 82, 84, 86)]  # silent 14, never more than 2 before: not in their rhythm
    joined = pd.DataFrame(
        {"customer_id": ["idle", "later", "loyal", "nodate"], "joined_at": [_day(50), _day(101), _day(0), pd.NaT]}
    )
    got = lifecycle.stages(_orders(pairs), _day(100), LIMITS, joined).set_index("customer_id")
    assert got["stage"].to_dict() == {
        "first": "first_purchase",
        "first_risk": "at_risk",
        "first_edge": "at_risk",
        "first_lost": "lost",
        "twice": "active",
        "gone": "lost",
        "loyal": "loyal",
        "quick": "at_risk",
        "hasty": "active",
        "idle": "prospect",
    }
    assert got.loc["loyal", "silent_days"] == 20
    assert got.loc["idle", "order_days"] == 0
    assert pd.isna(got.loc["idle", "silent_days"])
    assert got.loc["hasty", "band"] == "4–9"


@given(order_tables, order_tables, st.integers(0, 400), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_the_future_and_the_order_of_rows_change_nothing(rows, later, as_of, random):
    orders, future = _orders(rows), _orders((c, as_of + 1 + d) for c, d in later)
    known = orders[orders["ordered_at"].dt.normalize() <= _day(as_of)]
    if known.empty:
        return
    joined = pd.DataFrame({"customer_id": list("abcxyz"), "joined_at": [_day(d) for d in (0, 90, 500, 20, 200, 401)]})
    left = lifecycle.stages(known, _day(as_of), joined=joined)
    whole = pd.concat([orders, future], ignore_index=True)
    shuffled = list(range(len(whole)))
    random.shuffle(shuffled)
    right = lifecycle.stages(whole.iloc[shuffled], _day(as_of), joined=joined)
    pd.testing.assert_frame_equal(left, right, check_exact=True)
    # Everybody known by then is in exactly one stage, and nobody else is.
    assert left["customer_id"].is_unique
    assert left["stage"].isin(lifecycle.STAGES).all()
    prospects = set(joined.loc[joined["joined_at"] <= _day(as_of), "customer_id"])
    assert set(left["customer_id"]) == set(known["customer_id"]) | prospects
    assert (left["stage"] == "prospect").equals(left["order_days"] == 0)


# Moves and the weakest link


@pytest.fixture(scope="module")
def moves(company):
    joined = pd.DataFrame(
        {"customer_id": [f"c{i:05d}" for i in range(3100)], "joined_at": [_day(i % 700) for i in range(3100)]}
    )
    return lifecycle.transitions(company, _day(729), joined=joined), joined


def test_rates_are_those_of_stages_taken_twice(company, moves):
    got, joined = moves
    limits = lifecycle.thresholds(company, _day(729))
    counted = Counter()
    earlier = [lifecycle.stages(company, d, limits, joined).set_index("customer_id")["stage"] for d in got.dates]
    for one, two in pairwise(earlier):
        counted.update(zip(one, two[one.index], strict=True))
    links = got.links.set_index(["from_stage", "to_stage"])["customers"]
    assert counted == links[links > 0].to_dict()
    assert got.customers.to_dict() == earlier[-1].value_counts().to_dict()
    assert got.dates[-2:] == [pd.Timestamp("2025-11-30"), pd.Timestamp("2025-12-30")]


def test_rows_sum_to_one_and_customers_are_conserved(moves):
    got = moves[0]
    assert got.rates.sum(axis=1).to_numpy() == pytest.approx(1.0)
    for day, after in pairwise(got.dates):
        arrived = got.moves[got.moves["date"] == day].groupby("to_stage")["customers"].sum()
        if after != got.dates[-1]:
            left = got.moves[(got.moves["date"] == after) & (got.moves["from_stage"] != "outside")]
            assert arrived.to_dict() == left.groupby("from_stage")["customers"].sum().to_dict()


def test_dirichlet_intervals_are_beta_with_half_a_count_for_every_possible_move(moves):
    got = moves[0]
    own = got.links[got.links["from_stage"] == "active"]
    assert not own["to_stage"].isin(["prospect", "first_purchase"]).any()
    row = own[own["to_stage"] == "at_risk"].iloc[0]
    a, total = row["customers"] + 0.5, row["of"] + 0.5 * len(own)
    assert row["rate"] == pytest.approx(a / total)
    assert [row["low"], row["high"]] == pytest.approx(list(stats.beta(a, total - a).interval(0.95)))


def test_homogeneity_is_the_chi_square_of_dates_by_stage(moves):
    got = moves[0]
    own = got.moves[got.moves["from_stage"] == "loyal"]
    table = own.pivot_table(index="date", columns="to_stage", values="customers", aggfunc="sum", fill_value=0)
    table = table.to_numpy(dtype=float)
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    row = got.homogeneity.set_index("from_stage").loc["loyal"]
    assert row["chi2"] == pytest.approx(((table - expected) ** 2 / expected).sum())
    assert row["df"] == (table.shape[0] - 1) * (table.shape[1] - 1)
    assert got.homogeneity.iloc[-1]["df"] == got.homogeneity["df"].iloc[:-1].sum()


def test_money_of_a_stage_is_what_its_customers_bring_in_the_next_period(company, moves):
    got, joined = moves
    limits = lifecycle.thresholds(company, _day(729))
    money, customers = 0.0, 0
    for day, after in pairwise(got.dates):
        now = lifecycle.stages(company, day, limits, joined)
        ids = now.loc[now["stage"] == "at_risk", "customer_id"]
        inside = company["ordered_at"].dt.normalize().between(day + pd.Timedelta(days=1), after)
        money += company.loc[inside & company["customer_id"].isin(ids), "amount"].sum()
        customers += len(ids)
    assert got.money["at_risk"] == pytest.approx(money / customers)


def _worth(P, R, d):
    return np.linalg.solve(np.eye(len(R)) - P / (1 + d), R)


# Pfeifer & Carraway 2000: recency chain .3/.2/.15/.05, margin 40, contact 4, d .2.
P5 = np.array([[0.3, 0.7, 0, 0, 0], [0.2, 0, 0.8, 0, 0], [0.15, 0, 0, 0.85, 0], [0.05, 0, 0, 0, 0.95], [0, 0, 0, 0, 1]])
R5 = np.array([36.0, -4, -4, -4, 0])


def test_the_gain_of_a_link_equals_the_finite_difference():
    assert _worth(P5, R5, 0.2) == pytest.approx([52.3196, 5.5538, 1.2508, -1.8200, 0], abs=5e-5)  # published
    names = list("abcde")
    customers = np.array([100, 50, 30, 20, 500])
    got = lifecycle.weakest_link(
        pd.DataFrame(P5, names, names), dict(zip(names, R5, strict=True)), dict(zip(names, customers, strict=True)), 0.2
    )
    assert len(got) == 7  # the possible moves to another stage
    for row in got.itertuples():
        i, j = names.index(row.from_stage), names.index(row.to_stage)

        def moved(e, i=i, j=j):
            P = P5.copy()
            P[i] *= (1 - P5[i, j] - e) / (1 - P5[i, j])
            P[i, j] = P5[i, j] + e
            return _worth(P, R5, 0.2)

        slope = (moved(1e-6) - moved(-1e-6)) / 2e-6
        assert row.gain_per_point == pytest.approx(abs(slope[i]) * 0.01, rel=1e-5)
        assert row.worth == pytest.approx(customers @ slope * row.change, rel=1e-5)
        assert row.change == pytest.approx(0.01 if customers @ slope > 0 else -0.01)
    assert got["worth"].is_monotonic_decreasing


def test_the_weakest_link_is_not_the_lowest_rate_and_obeys_what_is_feasible():
    names = list("abcde")
    rates, value = pd.DataFrame(P5, names, names), dict(zip(names, R5, strict=True))
    customers = dict(zip(names, [900, 300, 100, 20, 500], strict=True))
    got = lifecycle.weakest_link(rates, value, customers, 0.2)
    assert (got["from_stage"][0], got["rate"].min()) == ("a", 0.05)  # d → a, the lowest, is not first
    only = lifecycle.weakest_link(rates, value, customers, 0.2, feasible={("d", "a"): 0.02, ("d", "e"): 0.5})
    assert only["from_stage"].tolist()[:2] == ["d", "d"]
    assert (only["worth"].iloc[2:] == 0).all()
    assert only.set_index("to_stage").loc["e", "change"] == -0.5
    tight = lifecycle.weakest_link(rates, value, customers, 0.2, feasible={("d", "e"): 0.99})
    assert tight["change"][0] == pytest.approx(-0.95)  # no rate falls below 0


def test_the_weakest_link_refuses_what_is_no_chain():
    good = pd.DataFrame([[0.5, 0.5], [0.5, 0.5]], list("ab"), list("ab"))
    with pytest.raises(DataError, match="sums to 1"):
        lifecycle.weakest_link(good * 0.9, {"a": 1, "b": 1}, {"a": 1, "b": 1}, 0.1)
    with pytest.raises(DataError, match="needs a value"):
        lifecycle.weakest_link(good, {"a": 1}, {"a": 1, "b": 1}, 0.1)
    with pytest.raises(DataError, match="above 0"):
        lifecycle.weakest_link(good, {"a": 1, "b": 1}, {"a": 1, "b": 1}, 0.0)


def test_with_no_action_at_all_the_silent_come_back_and_the_best_fall():
    # Everybody orders at a constant rate; what changes is chance alone.
    rng = np.random.default_rng(5)
    pairs = [(f"c{i:04d}", d) for i in range(1500) for d in np.flatnonzero(rng.random(360) < 1 / 60)]
    pairs += [(f"c{i:04d}", 0) for i in range(1500)]
    got = lifecycle.come_back(_orders(pairs), _day(359)).set_index("group")
    assert got.loc["silent", "bought"] == pytest.approx(1 - (1 - 1 / 60) ** 90, abs=0.05)
    assert got.loc["top", "change_high"] < -0.2
    assert got.loc["all", "change_low"] < 0 < got.loc["all", "change_high"]
    assert got.loc[["silent", "others", "top"], "customers"].sum() == got.loc["all", "customers"] == 1500


def test_come_back_of_four_customers_by_hand():
    # Windows of 10 days: days 81–90 and 91–100. a and b are silent; c has 30, then 10; d has 10, then 10.
    pairs = [
        ("a", 0),
        ("b", 0),
        ("c", 0),
        ("d", 80),
        ("a", 95),
        ("c", 85),
        ("c", 86),
        ("c", 90),
        ("c", 91),
        ("d", 81),
        ("d", 100),
    ]
    got = lifecycle.come_back(_orders([*pairs, ("new", 85), ("a", 101)]), _day(100), days=10, top=0.5).set_index(
        "group"
    )
    assert got["customers"].to_dict() == {"silent": 2, "others": 1, "top": 1, "all": 4}
    assert got["bought"].to_dict() == {"silent": 0.5, "others": 1.0, "top": 1.0, "all": 0.75}
    assert got.loc["top", ["before", "after"]].tolist() == [30, 10]
    assert got.loc["all", "change"] == pytest.approx(-0.25)
    with pytest.raises(DataError, match="two windows of 60 days"):
        lifecycle.come_back(_orders(pairs), _day(100), days=60)


# Early warning


def test_features_of_one_customer_by_hand():
    orders = _orders([("a", 0), ("a", 10), ("a", 40), ("b", 5)])
    tickets = pd.DataFrame({"customer_id": ["a", "a", "a"], "opened_at": [_day(45), _day(-30), _day(51)]})
    got = lifecycle.features(orders, _day(50), tickets)
    a, b = got.loc["a"], got.loc["b"]
    rhythm = (40 + 20) / 3  # two gaps of 10 and 30 days and one of everybody's mean, 20
    assert a["silent_days"] == pytest.approx(np.log1p(10))
    assert a["silence_ratio"] == pytest.approx(np.log1p(10 / rhythm))
    assert a["gap_trend"] == pytest.approx(np.log1p(30) - np.log1p(rhythm))
    assert a["order_trend"] == pytest.approx(np.log1p(3))
    assert a["money_per_day"] == pytest.approx(np.log1p(10))
    assert a["tickets"] == pytest.approx(np.log1p(1))  # of three, one in the last 60 days and not after the day
    assert b["rhythm_days"] == pytest.approx(np.log1p(20))
    assert b["gap_trend"] == 0


@pytest.fixture(scope="module")
def leaving():
    # One rhythm for all and one order in eight the last: who is silent beyond it has mostly left.
    return _company(2500, 600, leave=0.12, spread=0.3, seed=3)


@pytest.fixture(scope="module")
def warned(leaving):
    return lifecycle.early_warning(leaving, _day(599), budget=80)


def test_the_alerts_are_right_as_often_as_the_future_says(leaving, warned):
    cut, end = warned.cuts["test"], warned.cuts["as_of"]
    known = leaving[leaving["ordered_at"].dt.normalize() <= cut]
    past = known[known["ordered_at"].dt.normalize() <= warned.cuts["learn"]]
    stage = lifecycle.stages(known, cut).set_index("customer_id")
    tested = stage.index[stage["stage"] != "lost"]
    assert warned.tested == len(tested)
    came = set(leaving.loc[leaving["ordered_at"].dt.normalize() > cut, "customer_id"])
    silent = pd.Series(~tested.isin(list(came)), tested)
    assert warned.base_rate == pytest.approx(silent.mean())
    # The same model made by hand from the day before.
    then = lifecycle.stages(past, warned.cuts["learn"])
    then = then.loc[then["stage"] != "lost", "customer_id"]
    again = set(known.loc[known["ordered_at"].dt.normalize() > warned.cuts["learn"], "customer_id"])
    model = lifecycle.EarlyWarning().fit(
        lifecycle.features(past, warned.cuts["learn"]).loc[then], ~then.isin(list(again))
    )
    risk = pd.Series(model.predict_proba(lifecycle.features(known, cut).loc[tested])[:, 1], tested)
    hits = silent[risk.sort_values(ascending=False).index[:80]].sum()
    row = warned.alerts.set_index("rule").loc["model"]
    assert row["hits"] == pytest.approx(hits, abs=1)
    assert row["precision"] == pytest.approx(row["hits"] / 80)
    assert row["recall"] == pytest.approx(row["hits"] / silent.sum())
    assert warned.brier[0] == pytest.approx(((risk - silent) ** 2).mean(), rel=1e-6)
    assert end == _day(599)


def test_the_warning_beats_chance_and_is_calibrated(warned):
    rules = warned.alerts.set_index("rule")
    assert rules.loc["model", "precision_low"] > rules.loc["chance", "precision_high"]
    assert warned.brier[0] < warned.brier[1]
    gap = (warned.calibration["forecast"] - warned.calibration["silent"]).abs()
    assert np.average(gap, weights=warned.calibration["customers"]) < 0.08
    assert warned.calibration["customers"].sum() == warned.tested
    low, high = stats.hypergeom(warned.tested, round(warned.base_rate * warned.tested), 80).interval(0.95)
    assert rules.loc["chance", ["precision_low", "precision_high"]].tolist() == pytest.approx([low / 80, high / 80])
    assert warned.gain[1] <= warned.gain[0] <= warned.gain[2]
    assert rules.loc["model", "lead_days"] > 0


def test_the_scores_are_of_customers_who_can_still_be_kept(leaving, warned):
    stage = lifecycle.stages(leaving, _day(599)).set_index("customer_id")["stage"]
    assert set(warned.scores["customer_id"]) == set(stage.index[stage != "lost"])
    assert warned.scores["churn_risk"].between(0, 1).all()
    assert warned.scores["churn_risk"].is_monotonic_decreasing
    assert warned.scores["alert"].sum() == 80


def test_who_asks_two_questions_of_one_day_has_it_made_once(monkeypatch):
    leaving, as_of, made = _company(600, 600, leave=0.12, spread=0.3, seed=3), _day(599), []
    plain = lifecycle.warning.features
    monkeypatch.setattr(lifecycle.warning, "features", lambda *given: made.append(given[1]) or plain(*given))
    alone = lifecycle.chance(leaving, as_of), lifecycle.early_warning(leaving, as_of, horizon=lifecycle.DAYS)
    assert sorted(made) == sorted(2 * [*alone[0].cuts.values()])
    made.clear()
    seen = lifecycle.Seen(leaving, as_of)
    together = (
        lifecycle.chance(leaving, as_of, seen=seen),
        lifecycle.early_warning(leaving, as_of, horizon=lifecycle.DAYS, seen=seen),
    )
    assert sorted(made) == sorted(alone[0].cuts.values())
    pd.testing.assert_frame_equal(together[0].customers, alone[0].customers, check_exact=True)
    pd.testing.assert_frame_equal(together[1].scores, alone[1].scores, check_exact=True)
    pd.testing.assert_frame_equal(together[1].alerts, alone[1].alerts, check_exact=True)
    # One model in two words: who is there silently with this risk orders with what is left to 1.
    both = together[0].customers.merge(together[1].scores, on="customer_id")
    assert np.allclose(both["chance"] + both["churn_risk"], 1, atol=2e-9)


def test_the_warning_does_not_see_the_future_nor_the_order_of_rows(leaving):
    cut = _day(450)
    known = leaving[leaving["ordered_at"].dt.normalize() <= cut]
    left = lifecycle.early_warning(known, cut)
    changed = leaving.assign(amount=np.where(leaving["ordered_at"] > cut + pd.Timedelta(days=1), 999.0, 10.0))
    right = lifecycle.early_warning(changed.sample(frac=1, random_state=1), cut)
    pd.testing.assert_frame_equal(left.scores, right.scores, check_exact=True)
    pd.testing.assert_frame_equal(left.alerts, right.alerts, check_exact=True)
    assert left.gain == right.gain
    assert left.horizon == right.horizon


def test_the_report_of_the_warning_says_so_in_both_languages(warned):
    for lang in ("en", "zh"):
        said = [sentence.say(lang) for sentence in warned.report()]
        assert len(said) == 3
        assert all("{" not in s and "nan" not in s for s in said)
    assert "80 alerts" in warned.report()[0].say("en")


def test_the_estimator_is_one_of_scikit_learn(leaving):
    X = lifecycle.features(leaving, _day(300))
    y = (np.arange(len(X)) % 3 == 0).astype(int)
    model = clone(lifecycle.EarlyWarning()).fit(X, y)
    chances = model.predict_proba(X)
    assert chances.sum(axis=1) == pytest.approx(1.0)
    assert (model.predict(X) == (chances[:, 1] > 0.5)).all()
    with pytest.raises(DataError, match="nothing to learn from"):
        lifecycle.EarlyWarning().fit(X, np.zeros(len(X)))


# Complaints


def _complaining(seed, harm, n=1500):
    """Customers with one rhythm; one in five complains one day, and then leaves with chance `harm`."""
    rng = np.random.default_rng(seed)
    pairs, tickets = [], []
    for i in range(n):
        at, left, ticket = rng.uniform(0, 60), 10**9, rng.uniform(100, 250) if rng.random() < 0.2 else 10**9
        if ticket < 10**9:
            tickets.append((f"c{i:04d}", ticket))
            left = ticket if rng.random() < harm else left
        while at < min(365, left):
            pairs.append((f"c{i:04d}", int(at)))
            at += max(1.0, rng.exponential(40))
    frame = pd.DataFrame(tickets, columns=["customer_id", "day"])
    frame["opened_at"] = START + pd.to_timedelta(frame.pop("day").astype("int64"), unit="D")
    return frame, _orders(pairs)


def test_harmless_complaints_are_not_told_apart_and_harmful_ones_are():
    tickets, orders = _complaining(1, harm=0.0)
    none = lifecycle.complaint_risk(tickets, orders, _day(364))
    assert none.ratio_low < 1 < none.ratio_high
    tickets, orders = _complaining(1, harm=0.4)
    harmed = lifecycle.complaint_risk(tickets, orders, _day(364))
    # Of the harmed 40 % leave; of the others as many stay silent as anybody: 1 + .4 (1 − e) / e times the usual.
    truth = 1 + 0.4 * (1 - harmed.expected) / harmed.expected
    assert harmed.ratio_low > 1
    assert harmed.ratio_low < truth < harmed.ratio_high
    assert harmed.cases + harmed.unmatched == tickets["customer_id"].nunique()
    assert harmed.expected == pytest.approx(np.exp(-90 / 40), abs=0.04)


def test_complaints_of_few_customers_by_hand():
    # On day 50 case and three controls have two order days and 10 days of silence; two of the controls come back.
    pairs = [(c, d) for c in ("case", "one", "two", "three") for d in (0, 40)]
    pairs += [("one", 60), ("two", 70), ("other", 0), ("case", 150)]
    tickets = pd.DataFrame({"customer_id": ["case", "stranger", "two"], "opened_at": [_day(50), _day(50), _day(190)]})
    got = lifecycle.complaint_risk(tickets, _orders(pairs), _day(200), horizon=60)
    assert (got.cases, got.unmatched) == (1, 1)
    assert got.silent == 1.0  # the order on day 150 is 100 days later
    assert got.expected == pytest.approx(1 / 3)
    assert got.ratio == pytest.approx(3.0)
    assert got.low == pytest.approx(1 / (1 + 1.959964**2), abs=1e-6)  # Wilson, 1 of 1
    assert got.customers["customer_id"].tolist() == ["two"]
    assert got.customers["silent_days"].tolist() == [130]
    assert "not told apart" in got.report()[0].say("en")


def test_complaints_see_nothing_after_the_day():
    tickets, orders = _complaining(2, harm=0.4, n=300)
    cut = _day(260)
    known = lifecycle.complaint_risk(
        tickets[tickets["opened_at"] <= cut], orders[orders["ordered_at"] < _day(261)], cut
    )
    whole = lifecycle.complaint_risk(tickets.iloc[::-1], orders.iloc[::-1], cut)
    pd.testing.assert_frame_equal(known.customers, whole.customers)
    assert (known.cases, known.unmatched, known.ratio) == (whole.cases, whole.unmatched, whole.ratio)
    nothing = lifecycle.complaint_risk(tickets.iloc[:0], orders, cut)
    assert nothing.cases == 0
    assert np.isnan(nothing.ratio)
    assert "90" in nothing.report()[0].say("zh")


# The door

DOORS = {
    "states": lifecycle.states,
    "thresholds": lifecycle.thresholds,
    "stages": lifecycle.stages,
    "transitions": lifecycle.transitions,
    "come_back": lifecycle.come_back,
    "features": lifecycle.features,
    "early_warning": lifecycle.early_warning,
    "complaint_risk": lambda orders, as_of=None: lifecycle.complaint_risk(
        pd.DataFrame({"customer_id": ["a"], "opened_at": [START]}), orders, as_of
    ),
}


@pytest.mark.parametrize("door", DOORS.values(), ids=DOORS)
def test_what_does_not_fit_is_refused_at_the_door(door):
    orders = _orders([("a", 0), ("a", 300), ("b", 20)])
    with pytest.raises(DataError, match="no column customer_id"):
        door(orders.drop(columns="customer_id"))
    with pytest.raises(DataError, match="ordered_at"):
        door(orders.assign(ordered_at="2024-01-01"))
    with pytest.raises(DataError, match="There is no order"):
        door(orders.iloc[:0])
    with pytest.raises(DataError, match="2023-12-31"):
        door(orders, "2023-12-31")


def test_unknown_choices_are_refused():
    orders = _orders([("a", 0), ("a", 300), ("b", 20)])
    with pytest.raises(DataError, match="period is one of W, M, Q, Y"):
        lifecycle.states(orders, period="H")
    with pytest.raises(DataError, match="period is one of W, M, Q"):
        lifecycle.transitions(orders, period="Y")
    with pytest.raises(DataError, match="at least one step"):
        lifecycle.transitions(orders, steps=0)
    with pytest.raises(DataError, match="not one whole period"):
        lifecycle.transitions(orders, _day(20))
    with pytest.raises(DataError, match="at_risk < lost"):
        lifecycle.thresholds(orders, at_risk=0.95, lost=0.9)
    with pytest.raises(DataError, match=r"lifecycle\.thresholds"):
        lifecycle.stages(orders, thresholds=LIMITS.drop(columns="lost_days"))
    with pytest.raises(DataError, match="1 or more, not 0"):
        lifecycle.early_warning(orders, budget=0)
    with pytest.raises(DataError, match="three times as many days"):
        lifecycle.early_warning(orders, horizon=200)
    with pytest.raises(DataError, match="one day or more"):
        lifecycle.complaint_risk(pd.DataFrame({"customer_id": ["a"], "opened_at": [START]}), orders, horizon=0)


def test_ids_keep_their_type():
    orders = _orders([("1", 0), ("1", 30), ("2", 20)]).astype({"customer_id": "int64"})
    assert lifecycle.stages(orders)["customer_id"].dtype == "int64"
    assert lifecycle.states(orders.astype({"customer_id": "category"})).detail["customer_id"].dtype == "int64"


# Real data


@pytest.fixture(scope="module")
def online_retail(real_data):
    return clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders")).valid


def test_online_retail_as_a_whole(online_retail):
    periods = lifecycle.states(online_retail).periods
    assert periods["new"].sum() == 4338
    assert not periods["complete"].iloc[-1]  # the file ends on 9 December
    by_month = online_retail.groupby(online_retail["ordered_at"].dt.to_period("M"))["customer_id"].nunique()
    assert periods["active"].tolist() == by_month.tolist()
    limits = lifecycle.thresholds(online_retail)
    assert limits["own_curve"].all()
    assert limits["at_risk_days"].is_monotonic_decreasing
    assert (limits["lost_days"] > limits["at_risk_days"]).all()
    standing = lifecycle.stages(online_retail)
    moved = lifecycle.transitions(online_retail)
    assert len(standing) == moved.customers.sum() == 4338
    assert moved.customers.to_dict() == standing["stage"].value_counts().to_dict()
    warned = lifecycle.early_warning(online_retail)
    rules = warned.alerts.set_index("rule")
    assert rules.loc["model", "precision_low"] > warned.base_rate
    assert rules.loc["model", "auc"] > rules.loc["recency", "auc"]
    assert warned.brier[0] < warned.brier[1]


def test_shares_of_stages_are_of_customers_who_have_ordered():
    """Six of ten known have ordered: three of them are half, and the four prospects have no share."""
    stages = ["active"] * 3 + ["loyal"] * 2 + ["lost"] + ["prospect"] * 4
    customers = pd.DataFrame({"stage": stages, "monetary_net": [10.0] * 6 + [np.nan] * 4})
    table = lifecycle.stage_table(customers).set_index("stage")
    assert table["customers"].to_dict() == {"prospect": 4, "active": 3, "loyal": 2, "lost": 1}
    assert table["share"].drop("prospect").tolist() == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    assert np.isnan(table.loc["prospect", "share"])
