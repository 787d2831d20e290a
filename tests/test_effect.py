"""Effect: sizes of tests, claims, arms, rankings, drift; against published values and against their own noise."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import NormalIndPower, TTestIndPower
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_effectsize
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from course import DataError, clean, collect, effect

# --- before a test ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "change", "n"),
    [
        (0.05, 0.30, 3766),
        (0.25, 0.20, 1250),
        (0.03, -0.15, 20_881),
        (0.30, 0.25, 623),
        (0.60, 0.15, 443),
        (0.20, -0.10, 6036),
        (0.02, 0.25, 13_768),
    ],
)
def test_customers_an_arm_for_the_claims_that_people_quote(base, change, n):
    assert effect.needed(base, change) == n


def test_thirty_points_on_five_percent_are_another_claim_than_thirty_percent_of_it():
    assert effect.needed(0.05, 0.30, relative=False) == 24


@given(st.floats(0.01, 0.9), st.floats(-0.9, 2), st.sampled_from([0.8, 0.95]), st.sampled_from([0.01, 0.05]))
def test_sizes_are_those_of_statsmodels(base, change, power, alpha):
    after = base * (1 + change)
    assume(0.005 < after < 0.99 and abs(change) > 0.02)
    size = NormalIndPower().solve_power(proportion_effectsize(after, base), power=power, alpha=alpha)
    # It also counts finding the change with the wrong sign: nothing at a power worth having.
    assert effect.needed(base, change, power=power, alpha=alpha) - size == pytest.approx(0.5, abs=0.51 + 1e-5 * size)


def test_at_seventy_against_seventy_a_gap_of_24_points_is_found_and_one_of_23_is_not():
    assert math.ceil(100 * effect.detectable(70)) == 24
    assert effect.needed(0.38, 0.24, relative=False) <= 70 < effect.needed(0.385, 0.23, relative=False)


@given(st.floats(0.01, 0.8), st.floats(0.01, 0.15))
def test_what_is_detectable_is_what_was_planned(base, gap):
    n = effect.needed(base, gap, relative=False)
    assert effect.detectable(n, base) <= gap < effect.detectable(n - 1, base) + 1e-12
    assert effect.detectable(n, base) <= effect.detectable(n) + 1e-12  # nowhere is a gap harder to find


@pytest.mark.parametrize(("difference", "n"), [(0.2, 394), (0.5, 64), (0.8, 26)])
def test_means_take_the_customers_of_the_t_test_tables(difference, n):
    # Cohen 1988, table 2.4.1 (393, 64, 26 before rounding up).
    assert effect.needed_mean(1.0, difference) == n


@given(st.floats(0.05, 2), st.floats(0.1, 100))
def test_sizes_for_means_are_those_of_the_noncentral_t(relative, sd):
    size = TTestIndPower().solve_power(relative, power=0.8, alpha=0.05)
    assert effect.needed_mean(sd, relative * sd) == pytest.approx(size, abs=1.1)


def test_a_sample_ratio_of_600_to_400_does_not_happen_by_chance():
    assert effect.sample_ratio([600, 400]) == pytest.approx(2.5e-10, rel=0.02)
    assert effect.sample_ratio([900, 100], [9, 1]) == 1
    assert effect.sample_ratio([600, 400], [0.6, 0.4]) == 1


@pytest.mark.parametrize(("looks", "alarms"), [(1, 0.05), (2, 0.083), (3, 0.107), (4, 0.126), (5, 0.142), (10, 0.193)])
def test_looking_early_raises_false_alarms_as_published(looks, alarms):
    # Armitage, McPherson and Rowe 1969, table 2.
    assert effect.peeking(looks) == pytest.approx(alarms, abs=0.002)


def test_peeking_depends_on_its_seed_alone():
    assert effect.peeking(3, repeats=1000) == effect.peeking(3, repeats=1000)
    assert effect.peeking(3, repeats=1000) != effect.peeking(3, repeats=1000, random_state=1)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: effect.needed(0.5, 1.2), "between 0 and 1"),
        (lambda: effect.needed(0, 0.2), "between 0 and 1"),
        (lambda: effect.needed(0.2, 0), "No change"),
        (lambda: effect.needed(0.2, 0.1, power=0.01), "power the larger"),
        (lambda: effect.detectable(1), "too few"),
        (lambda: effect.detectable(0), "at least one"),
        (lambda: effect.detectable(100, 1.0), "below 1"),
        (lambda: effect.needed_mean(0, 1), "above 0"),
        (lambda: effect.sample_ratio([10]), "two arms"),
        (lambda: effect.sample_ratio([10, -1]), "two arms"),
        (lambda: effect.sample_ratio([10, 10], [1, 0]), "above 0"),
        (lambda: effect.peeking(0), "one look"),
    ],
)
def test_plans_that_cannot_be_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- claims ----------------------------------------------------------------------------------------------------------


def test_the_audit_of_the_articles_gives_the_sizes_of_the_field():
    table = effect.audit()
    sizes = {(r.source, r.metric): r.n_relative for r in table.dropna(subset="n_relative").itertuples()}
    assert sizes == {
        ("S4.24", "conversion"): 3766,
        ("S4.24", "repurchase"): 1250,
        ("S4.25", "bad_debt"): 20_881,
        ("S4.26", "activity"): 623,
        ("S4.26", "renewal"): 443,
        ("S4.27", "churn"): 6036,
        ("S4.34", "response"): 13_768,
        ("S4.35", "conversion"): 3766,
    }
    assert table.loc[table["metric"] == "conversion", "n_points"].tolist() == [24, 24]
    assert table.loc[table["metric"] == "bad_debt", "n_points"].isna().all()  # 3 % less 15 points is no rate


def _said(translation, lang="en"):
    return " ".join(s.say(lang) for s in translation.sentences)


def test_every_claim_asks_for_a_control_group_first_and_says_so_in_both_languages():
    for told in effect.audit()["translation"]:
        assert "control group" in told.needs[0].say("en")
        assert "空白对照组" in told.needs[0].say("zh")


def test_sales_of_a_year_need_a_trend_a_price_index_and_a_variance():
    told = effect.translate("sales", None, 0.15, "total")
    assert told.readings.empty
    for word in ("trend", "price index", "variance", "no sample to size"):
        assert word in _said(told)


def test_revenue_per_user_needs_its_spread_and_gets_a_size_with_it():
    assert "2,454 customers an arm" in _said(effect.translate("ARPU", None, 0.08, "mean"))  # 2 (2.8016 / 0.08)² + 1
    told = effect.translate("ARPU", 50.0, 0.08, "mean", sd=100.0)
    size = TTestIndPower().solve_power(0.08 * 50 / 100, power=0.8, alpha=0.05)
    assert told.readings["n"].tolist() == [math.ceil(size)]
    assert told.readings["after"].tolist() == [pytest.approx(54)]


def test_a_claim_of_one_group_asks_when_the_group_was_chosen():
    assert "before the result was seen" in _said(effect.translate("conversion", 0.05, 0.3, group=True))
    assert "before the result was seen" not in _said(effect.translate("conversion", 0.05, 0.3))


def test_a_claim_without_a_number_is_not_testable():
    told = effect.claim("客户满意度显著提升")
    assert told.readings.empty
    assert "names no number" in told.says[0].say("en")
    assert "没有数字" in told.says[0].say("zh")


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("转化率提升30%", [3766, 24]),
        ("conversion up by 30 %", [3766, 24]),
        ("转化率提升 30 个百分点", [24]),
        ("conversion rises by 30 percentage points", [24]),
        ("坏账率降低15％", [20_881]),
        ("customer churn falls by 10%", [6036, 195]),
        ("churn −10%", [6036, 195]),
        ("复购率增长20%", [1250, 88]),
    ],
)
def test_claims_are_read_from_text_in_both_languages(text, n):
    assert effect.claim(text).readings["n"].tolist() == n


def test_a_measured_base_goes_before_the_usual_one():
    assert effect.claim("response +25%", base=0.04).readings["n"][0] == effect.needed(0.04, 0.25)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: effect.claim("happiness +30%"), "No known metric"),
        (lambda: effect.translate("x", None, 0.3), "base between 0 and 1"),
        (lambda: effect.translate("x", 0.9, 1.5), "cannot be tested"),
        (lambda: effect.translate("x", 0.9, 0.0), "cannot be tested"),
        (lambda: effect.translate("x", 0.9, 0.1, "percent"), "unit"),
    ],
)
def test_claims_that_say_nothing_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- two arms --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("treatment", "control", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_intervals_of_shares_are_those_newcombe_published(treatment, control, low, high):
    # Newcombe 1998, Statistics in Medicine 17, 873–890, table II, method 10.
    got = effect.ab(control, treatment, planned=None)
    assert (got.low, got.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 400), st.integers(0, 400))
def test_shares_agree_with_statsmodels(n0, n1, k0, k1):
    k0, k1 = min(k0, n0), min(k1, n1)
    got = effect.ab((k0, n0), (k1, n1), planned=None)
    low, high = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb")
    assert (got.low, got.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))
    assert got.low - 1e-12 <= got.difference <= got.high + 1e-12
    if k0 and k1:
        low, high = confint_proportions_2indep(k1, n1, k0, n0, compare="ratio", method="log")
        assert (1 + got.lift_low, 1 + got.lift_high) == (pytest.approx(low), pytest.approx(high))
    else:
        assert math.isnan(got.lift)


@given(
    st.lists(st.floats(0, 1000), min_size=2, max_size=40),
    st.lists(st.floats(0, 1000), min_size=2, max_size=40),
    st.randoms(use_true_random=False),
)
def test_means_agree_with_statsmodels_whatever_the_order(control, treatment, random):
    # Money is in cents; left to itself, Hypothesis finds spreads below the last digit.
    control, treatment = np.round([*control, 2.5], 2), np.round([*treatment, 2.5], 2)
    assume(np.ptp(control) > 0.5 and np.ptp(treatment) > 0.5)
    got = effect.ab(control, treatment, planned=None)
    welch = CompareMeans(DescrStatsW(treatment), DescrStatsW(control))
    assert (got.low, got.high) == pytest.approx(welch.tconfint_diff(usevar="unequal"), rel=1e-9, abs=1e-9)
    assert got.p == pytest.approx(welch.ttest_ind(usevar="unequal")[1], rel=1e-9)
    shuffled = list(control)
    random.shuffle(shuffled)
    assert effect.ab(shuffled, treatment, planned=None).difference == got.difference


def test_the_interval_of_a_lift_covers_the_true_one():
    rng = np.random.default_rng(1)
    inside = [
        (e := effect.ab(rng.gamma(2, 50, 400), rng.gamma(2, 60, 400))).lift_low <= 0.2 <= e.lift_high
        for _ in range(500)
    ]
    assert 0.925 <= np.mean(inside) <= 0.975


def test_an_a_a_test_is_false_five_times_in_a_hundred():
    rng = np.random.default_rng(0)
    tests = [effect.ab((int(a), 2000), (int(b), 2000)) for a, b in rng.binomial(2000, 0.1, (2000, 2))]
    assert np.mean([t.p < 0.05 for t in tests]) == pytest.approx(0.05, abs=0.015)
    assert np.mean([t.verdict != "not shown" for t in tests]) == pytest.approx(0.05, abs=0.015)


def test_zeros_and_ones_are_a_share_and_money_is_a_mean():
    assert effect.ab([0, 1, 1, 0], [True, True, False, True]).kind == "share"
    assert effect.ab([0, 1, 1, 0], [0, 20.5, 1, 0]).kind == "mean"
    assert effect.ab([0, 1, 1, 0], [0, 20.5, 1, 0]).control == 0.5


def test_arms_that_are_not_as_planned_get_no_verdict():
    got = effect.ab((40, 400), (120, 600))
    assert got.verdict == "withheld"
    assert got.ratio_p == pytest.approx(2.5e-10, rel=0.02)
    assert "No verdict" in got.sentence.say("en") and "不下结论" in got.sentence.say("zh")
    assert effect.ab((40, 400), (120, 600), planned=(4, 6)).verdict == "higher"
    unchecked = effect.ab((40, 400), (120, 600), planned=None)
    assert math.isnan(unchecked.ratio_p) and unchecked.verdict == "higher"


def test_a_verdict_is_said_with_its_numbers():
    said = effect.ab((100, 1000), (150, 1000)).sentence
    assert said.say("en").startswith("Higher with the treatment: 15.00% against 10.00%, +5.00 percentage points")
    assert said.say("zh").startswith("实验组更高：15.00%，对照组 10.00%，相差 +5.00 个百分点")
    assert "which does not show that there is none" in effect.ab((100, 1000), (101, 1000)).sentence.say("en")
    assert "a head" in effect.ab([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]).sentence.say("en")


def test_two_arms_in_which_nobody_bought_do_not_differ():
    got = effect.ab([0.0, 0.5, 0.5], [0.5, 0.5, 0.0])
    assert (got.difference, got.verdict) == (0, "not shown")
    got = effect.ab((0, 10), (0, 10))
    assert (got.p, got.verdict) == (1, "not shown")


@pytest.mark.parametrize(
    ("control", "treatment", "words"),
    [
        ((5, 4), (1, 4), "no more converted"),
        ([], [1, 0], "one number a customer"),
        ([1.0, np.nan], [1, 0], "one number a customer"),
        ([2.5], [1.5, 2.5], "two customers"),
    ],
)
def test_arms_that_cannot_be_compared_are_refused(control, treatment, words):
    with pytest.raises(DataError, match=words):
        effect.ab(control, treatment)


# --- campaigns -------------------------------------------------------------------------------------------------------

SENT = pd.DataFrame(
    {
        "campaign_id": ["spring"] * 8,
        "customer_id": list("abcdefgh"),
        "arm": ["coupon"] * 4 + ["空白对照组"] * 4,
        "sent_at": pd.to_datetime(["2024-03-01 10:00"] * 4 + [None] * 4),
    }
)
BOUGHT = pd.DataFrame(
    [
        ("a", "1", "2024-03-01 08:00", 10.0),  # the day of sending counts
        ("a", "1", "2024-03-01 08:00", 5.0),  # a second line of the same order
        ("b", "2", "2024-03-07", 20.0),
        ("b", "3", "2024-03-08", 100.0),  # day 8 of a window of 7
        ("e", "4", "2024-03-03", 8.0),
        ("e", "5", "2024-02-29", 50.0),  # before
        ("z", "6", "2024-03-20", 1.0),
    ],
    columns=["customer_id", "order_id", "ordered_at", "amount"],
).assign(ordered_at=lambda t: pd.to_datetime(t["ordered_at"], format="mixed"), refunded=0.0)


def test_a_campaign_small_enough_to_check_by_eye():
    row = effect.by_arm(SENT, BOUGHT, window_days=7, cost=2.0).table.iloc[0]
    assert (row["campaign_id"], row["arm"], row["n"], row["n_control"]) == ("spring", "coupon", 4, 4)
    assert (row["converted"], row["converted_control"], row["rate"], row["rate_control"]) == (2, 1, 0.5, 0.25)
    assert (row["spend"], row["spend_control"]) == (35 / 4, 8 / 4)
    assert row["orders"] == pytest.approx(4 * (2 / 4 - 1 / 4))
    assert row["money"] == pytest.approx(35 - 8)
    assert row["cost"] == 8.0
    assert math.isnan(row["cost_per_order"])  # of eight customers nothing is certain
    # Nobody treated and one of four controls bought before.
    assert row["before_p"] == pytest.approx(2 * stats.norm.sf(0.25 / math.sqrt(0.125 * 0.875 * 0.5)))


def test_refunds_are_taken_off_and_the_future_is_not_seen():
    refunded = BOUGHT.assign(refunded=[10.0, 0, 0, 0, 0, 0, 0])
    assert effect.by_arm(SENT, refunded, window_days=7).table["spend"][0] == 25 / 4
    seen = effect.by_arm(SENT, BOUGHT, as_of="2024-03-07", window_days=7).table
    later = BOUGHT[BOUGHT["ordered_at"] < "2024-03-08"]
    pd.testing.assert_frame_equal(seen, effect.by_arm(SENT, later, as_of="2024-03-07", window_days=7).table)


def test_a_campaign_whose_window_is_not_over_is_said_not_to_be():
    got = effect.by_arm(SENT, BOUGHT, as_of="2024-03-06", window_days=7)
    assert got.table.empty
    assert "Not over yet" in got.lines[0].say("en") and "spring" in got.lines[0].say("zh")


@pytest.mark.parametrize("label", ["Control", " holdout ", "对照组", "HOLD-OUT", "留白组"])
def test_controls_are_known_by_their_usual_names(label):
    assert len(effect.by_arm(SENT.assign(arm=["x"] * 4 + [label] * 4), BOUGHT, window_days=7).table) == 1


def test_a_campaign_without_control_is_said_to_have_none_and_gets_no_number():
    for campaigns in (SENT.drop(columns="arm"), SENT.assign(arm="coupon"), SENT.assign(arm="control")):
        got = effect.by_arm(campaigns, BOUGHT, window_days=7)
        assert got.table.empty
        assert "Without a control group" in got.lines[0].say("en")
        assert "空白对照组" in got.lines[0].say("zh")
    mine = effect.by_arm(SENT.assign(arm=["x"] * 4 + ["quiet"] * 4), BOUGHT, window_days=7, control_label="quiet")
    assert len(mine.table) == 1


def test_who_is_in_two_arms_or_in_none_is_left_out_and_counted():
    twice = pd.concat([SENT, SENT.iloc[[0]].assign(arm="control"), SENT.iloc[[1]].assign(customer_id="y", arm=None)])
    got = effect.by_arm(twice, BOUGHT, window_days=7)
    assert got.table["n"].tolist() == [3]
    said = " ".join(line.say("en") for line in got.lines)
    assert "1 customer is in two arms" in said and "1 row names no arm" in said


def _trial(rng, n=4000, control=0.5, lift=0.0, before=0.1):
    """A campaign of n customers; a tenth of the control buys, a share more of the treated."""
    treated = rng.random(n) >= control
    ids = np.array([f"c{i:05d}" for i in range(n)])
    campaigns = pd.DataFrame(
        {
            "campaign_id": "one",
            "customer_id": ids,
            "arm": np.where(treated, "mail", "control"),
            "sent_at": pd.Timestamp("2024-03-01"),
        }
    )
    buys = rng.random(n) < np.where(treated, 0.1 + lift, 0.1)
    early = rng.random(n) < np.where(treated, before, 0.1)
    days = np.concatenate([rng.integers(0, 30, buys.sum()), rng.integers(-30, 0, early.sum()), [60]])
    orders = pd.DataFrame(
        {
            "customer_id": [*ids[buys], *ids[early], "nobody"],
            "order_id": np.arange(len(days)).astype(str),
            "ordered_at": pd.Timestamp("2024-03-01") + pd.to_timedelta(days, unit="D"),
            "amount": rng.gamma(2, 50, len(days)).round(2),
        }
    )
    return campaigns, orders


def test_a_planted_effect_is_found_with_its_orders_and_their_cost():
    campaigns, orders = _trial(np.random.default_rng(3), lift=0.06)
    got = effect.by_arm(campaigns, orders, control_share=0.5, cost=1.0)
    row = got.table.iloc[0]
    assert row["low"] < 0.06 < row["high"] and row["verdict"] == "higher"
    assert row["orders_low"] < 0.06 * row["n"] < row["orders_high"]
    assert row["spend_low"] < 6 < row["spend_high"]  # 0.06 orders of 100 a head
    assert row["cost_per_order"] == pytest.approx(row["cost"] / row["orders"])
    assert row["cost_per_order_low"] < row["cost_per_order"] < row["cost_per_order_high"]
    assert "for each order more" in got.lines[-1].say("en")


def test_arms_that_lost_people_or_differed_before_get_no_verdict():
    rng = np.random.default_rng(4)
    campaigns, orders = _trial(rng, lift=0.06)
    lost = campaigns.drop(campaigns.index[campaigns["arm"] == "control"][:400])
    assert effect.by_arm(lost, orders, control_share=0.5).table["verdict"].tolist() == ["withheld"]
    unequal = effect.by_arm(*_trial(rng, lift=0.06, before=0.2), cost=1.0)
    assert unequal.table["verdict"].tolist() == ["withheld"]
    assert unequal.table["cost_per_order"].isna().all()
    assert "no verdict" in unequal.lines[-1].say("en")


def test_campaigns_without_effect_alarm_five_times_in_a_hundred():
    rng = np.random.default_rng(5)
    tables = []
    for number in range(100):
        campaigns, orders = _trial(rng, n=400)
        ids = f"{number:03d}-" + campaigns["customer_id"]
        orders["customer_id"] = f"{number:03d}-" + orders["customer_id"]
        orders["order_id"] = f"{number:03d}-" + orders["order_id"]
        tables.append((campaigns.assign(customer_id=ids, campaign_id=f"{number:03d}"), orders))
    got = effect.by_arm(pd.concat([c for c, _ in tables]), pd.concat([o for _, o in tables]))
    assert len(got.table) == 100
    assert 0.01 <= (got.table["verdict"] != "not shown").mean() <= 0.11
    assert any("100 comparisons" in line.say("en") and "99%" in line.say("en") for line in got.lines)


assignments = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("stuvwxyz"), st.sampled_from(["control", "m", "n"])),
    min_size=1,
    max_size=40,
)
purchases = st.lists(
    st.tuples(st.sampled_from("stuvwxyz"), st.integers(0, 6), st.integers(0, 25), st.integers(1, 9)),
    min_size=1,
    max_size=30,
)


@settings(max_examples=25)  # a database a call
@given(assignments, purchases, st.randoms(use_true_random=False))
def test_campaigns_by_sql_equal_campaigns_by_pandas_in_any_order(rows, bought, random):
    campaigns = pd.DataFrame(rows, columns=["campaign_id", "customer_id", "arm"])
    campaigns["sent_at"] = pd.Timestamp("2024-01-08")
    orders = pd.DataFrame(bought, columns=["customer_id", "order", "day", "amount"])
    orders["order_id"] = orders["customer_id"] + orders["order"].astype(str)
    orders["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(orders["day"], unit="D")
    orders["amount"] = orders["amount"] * 0.1
    as_of = pd.Timestamp("2024-01-20")
    got = effect.by_arm(campaigns, orders, as_of, window_days=5).table

    arms = campaigns.drop_duplicates().groupby(["campaign_id", "customer_id"])["arm"].agg(["nunique", "first"])
    people = arms[arms["nunique"] == 1]["first"].rename("arm").reset_index()
    by_order = orders[orders["ordered_at"] <= as_of].groupby(["customer_id", "order_id"])
    by_order = by_order.agg(day=("day", "min"), amount=("amount", "sum")).reset_index()
    inside = by_order[by_order["day"].between(7, 11)].groupby("customer_id")["amount"].agg(["size", "sum"])
    people = people.join(inside, on="customer_id").fillna({"size": 0, "sum": 0})
    expected = {}
    for campaign, group in people.groupby("campaign_id"):
        sizes = group["arm"].value_counts()
        for arm in sorted(set(sizes[sizes > 1].index) - {"control"}):
            if sizes.get("control", 0) > 1:
                one, two = (group[group["arm"] == a] for a in (arm, "control"))
                expected[campaign, arm] = (len(one), (one["size"] > 0).sum(), one["sum"].mean(), two["sum"].mean())
    found = {
        (r.campaign_id, r.arm): (r.n, r.converted, pytest.approx(r.spend), pytest.approx(r.spend_control))
        for r in got.itertuples()
    }
    assert found == expected

    shuffled = [list(range(len(t))) for t in (campaigns, orders)]
    for order in shuffled:
        random.shuffle(order)
    again = effect.by_arm(campaigns.iloc[shuffled[0]], orders.iloc[shuffled[1]], as_of, window_days=5).table
    pd.testing.assert_frame_equal(again, got, check_exact=True)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"campaigns": SENT.drop(columns="sent_at")}, "no column sent_at"),
        ({"orders": BOUGHT.drop(columns="order_id")}, "no column order_id"),
        ({"window_days": 0}, "at least one day"),
        ({"control_share": 1.0}, "between 0 and 1"),
        ({"control_label": "nobody"}, "No customer is in the arm"),
        ({"campaigns": SENT.assign(sent_at=pd.Timestamp("2025-01-01"))}, "no campaign up to 2024-03-20"),
    ],
)
def test_campaigns_that_cannot_be_judged_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        effect.by_arm(**{"campaigns": SENT, "orders": BOUGHT, "window_days": 7} | change)


# --- uplift ----------------------------------------------------------------------------------------------------------


def test_a_qini_curve_small_enough_to_check_by_eye():
    # Ranked t1 c0 t0 c1: gains after each of them 1/2, (1 − 0)/2, (1 − 0·2)/2, (1 − 1·2/2)/2.
    got = effect.qini([4, 3, 2, 1], [True, False, True, False], [1, 0, 0, 1], repeats=20)
    at = got.curve.set_index(got.curve["share"].round(2))["gain"]
    assert [at[s] for s in (0.0, 0.25, 0.5, 0.75, 1.0)] == [0, 0.5, 0.5, 0.5, 0]
    assert got.effect == 0
    assert got.value == pytest.approx(0.25 * (0.25 + 0.5 + 0.5 + 0.25))


def test_about_half_of_random_rankings_score_above_zero():
    rng = np.random.default_rng(0)
    treated = rng.random(3000) < 0.5
    outcome = rng.random(3000) < np.where(treated, 0.15, 0.10)
    above = [effect.qini(rng.random(3000), treated, outcome, repeats=2).value > 0 for _ in range(600)]
    assert np.mean(above) == pytest.approx(0.51, abs=0.06)


def _planted(rng, n=12_000):
    """Half of the customers are moved by the treatment, the other half is not; activity says who buys anyway."""
    moved, active = rng.random(n) < 0.5, rng.random(n)
    treated = rng.random(n) < 0.5
    chance = 0.1 + 0.2 * active + 0.15 * (moved & treated)
    return pd.DataFrame({"moved": moved * 1.0, "active": active}), treated, rng.random(n) < chance


def test_the_one_who_is_moved_ranks_first_and_the_one_who_buys_anyway_does_not():
    features, treated, outcome = _planted(np.random.default_rng(2))
    good = effect.qini(features["moved"], treated, outcome)
    assert good.low > 0 and good.value > good.noise_high and good.p < 0.01
    # Half of the customers hold all of the effect: the curve is a triangle over the line, of height ATE / 2.
    assert good.value == pytest.approx(good.effect / 4, rel=0.25)
    assert effect.qini(-features["moved"], treated, outcome).value < 0
    response = effect.qini(features["active"], treated, outcome)
    assert response.noise_low < response.value < response.noise_high
    assert "not better than chance" in response.sentence.say("en")
    assert "并不比随机强" in response.sentence.say("zh")


def test_the_noise_band_holds_nineteen_of_twenty_random_rankings():
    rng = np.random.default_rng(2)
    _, treated, outcome = _planted(rng, 600)
    rankings = [effect.qini(rng.random(600), treated, outcome, repeats=60) for _ in range(120)]
    outside = [not q.noise_low <= q.value <= q.noise_high for q in rankings]
    assert 0.01 <= np.mean(outside) <= 0.12


@given(
    st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 1)), min_size=4, max_size=40),
    st.randoms(use_true_random=False),
)
def test_row_order_does_not_move_a_qini_and_one_score_for_all_has_none(rows, random):
    assume(len({t for _, t, _ in rows}) == 2)
    score, treated, outcome = (np.array(c) for c in zip(*rows, strict=True))
    got = effect.qini(score, treated, outcome, repeats=5)
    order = list(range(len(rows)))
    random.shuffle(order)
    again = effect.qini(score[order], treated[order], outcome[order], repeats=5)
    assert (again.value, again.low, again.noise_high) == (got.value, got.low, got.noise_high)
    assert effect.qini(np.zeros(len(rows)), treated, outcome, repeats=2).value == pytest.approx(0, abs=1e-12)
    t, c = outcome[treated].mean(), outcome[~treated].mean()
    assert got.effect == pytest.approx(t - c)


def test_an_uplift_model_is_judged_on_customers_it_has_not_seen():
    features, treated, outcome = _planted(np.random.default_rng(0))
    model = effect.Uplift().fit(features, treated, outcome)
    assert model.n_train_ + model.n_test_ == len(features)
    assert model.qini_.n_treated + model.qini_.n_control == model.n_test_
    assert model.qini_.value > model.qini_.noise_high
    predicted = model.predict(features)
    by_truth = predicted.groupby(features["moved"]).mean()
    assert by_truth[1.0] == pytest.approx(0.15, abs=0.04)
    assert by_truth[0.0] == pytest.approx(0.0, abs=0.04)


def test_where_nobody_is_moved_a_model_with_many_features_is_not_better_than_chance():
    rng = np.random.default_rng(1)
    better = []
    for seed in range(12):
        features = pd.DataFrame(rng.normal(size=(600, 30))).add_prefix("x")
        treated, outcome = rng.random(600) < 0.5, rng.random(600) < 0.3
        model = effect.Uplift(random_state=seed).fit(features, treated, outcome)
        better.append(model.qini_.value > model.qini_.noise_high)
    assert np.mean(better) <= 0.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: effect.qini([1, 2], [True, False], [1]), "same customers"),
        (lambda: effect.qini([1, np.nan], [True, False], [1, 0]), "without blanks"),
        (lambda: effect.qini([1, 2], [True, True], [1, 0]), "one of them is missing"),
        (lambda: effect.Uplift().fit(pd.DataFrame({"x": [1.0] * 8}), [1, 0] * 4, [3] * 8), "yes or no"),
        (lambda: effect.Uplift().fit(pd.DataFrame({"x": [1.0] * 8}), [1, 0] * 4, [1] * 8), "at least four"),
        (lambda: effect.Uplift().fit(pd.DataFrame({"x": list("abcdefgh")}), [1, 0] * 4, [1] * 8), "numbers"),
    ],
)
def test_uplift_of_nothing_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- drift -----------------------------------------------------------------------------------------------------------


def test_psi_of_two_bins_by_hand():
    before = pd.DataFrame({"city": ["a"] * 50 + ["b"] * 50})
    after = pd.DataFrame({"city": ["a"] * 80 + ["b"] * 20})
    row = effect.drift(before, after).iloc[0]
    a, b = 80.5 / 101, 20.5 / 101
    assert row["psi"] == pytest.approx((a - 0.5) * math.log(a / 0.5) + (b - 0.5) * math.log(b / 0.5))
    assert row["psi_noise"] == pytest.approx(1 * (1 / 100 + 1 / 100))
    assert row["p"] == pytest.approx(stats.chi2_contingency([[50, 50], [80, 20]], correction=False).pvalue)
    assert row["verdict"] == "large"


def test_without_drift_psi_is_its_noise_and_one_column_in_twenty_passes_its_limit():
    rng = np.random.default_rng(0)
    rows = [
        effect.drift(
            pd.DataFrame({"money": rng.gamma(2, 50, 500), "class": rng.choice(list("abcde"), 500)}),
            pd.DataFrame({"money": rng.gamma(2, 50, 300), "class": rng.choice(list("abcde"), 300)}),
        )
        for _ in range(250)
    ]
    got = pd.concat(rows)
    means = got.groupby("column")["psi"].mean()
    assert means["class"] == pytest.approx(4 * (1 / 500 + 1 / 300), rel=0.1)
    # Of 0.05 that an eye trained on 0.1 would call small: all of it is noise.
    assert means["money"] == pytest.approx(9 * (1 / 500 + 1 / 300), rel=0.1)
    # Tenths fixed by one of the two samples are a little too even: slightly fewer alarms than the limit promises.
    alarms = (got["psi"] > got["psi_limit"]).groupby(got["column"]).mean()
    assert alarms.between(0.02, 0.08).all()
    assert (got["verdict"] != "steady").mean() < 0.06


def test_a_planted_drift_is_found_and_the_steady_columns_are_not():
    rng = np.random.default_rng(1)
    before = pd.DataFrame({f"x{i}": rng.normal(size=2000) for i in range(8)} | {"city": rng.choice(list("ab"), 2000)})
    after = pd.DataFrame({f"x{i}": rng.normal(size=2000) for i in range(8)} | {"city": rng.choice(list("ab"), 2000)})
    after["x3"] += 0.4
    got = effect.drift(before, after).set_index("column")
    assert got["verdict"].drop("x3").eq("steady").all()
    assert got.loc["x3", "verdict"] == "moderate"


def test_of_twenty_steady_columns_hardly_ever_one_is_called_moved():
    rng = np.random.default_rng(3)
    moved = []
    for _ in range(40):
        before, after = (pd.DataFrame(rng.choice(list("abc"), (300, 20))).add_prefix("x") for _ in range(2))
        moved.append((effect.drift(before, after)["verdict"] != "steady").any())
    # Twenty looks at 5 % would alarm in 64 of 100 comparisons.
    assert np.mean(moved) <= 0.2


def test_blanks_and_new_categories_are_bins_of_their_own():
    before = pd.DataFrame({"n": [1.0] * 90 + [np.nan] * 10, "city": ["a"] * 100})
    after = pd.DataFrame({"n": [1.0] * 40 + [np.nan] * 60, "city": ["a"] * 50 + ["new"] * 50})
    got = effect.drift(before, after).set_index("column")
    assert got["bins"].to_dict() == {"n": 2, "city": 2}
    assert got["verdict"].eq("large").all()


def test_ties_do_not_break_the_bins_and_row_order_does_not_move_them():
    rng = np.random.default_rng(2)
    before = pd.DataFrame({"frequency": rng.geometric(0.5, 1000)})
    after = pd.DataFrame({"frequency": rng.geometric(0.5, 800)})
    got = effect.drift(before, after)
    assert got["verdict"].tolist() == ["steady"]
    pd.testing.assert_frame_equal(got, effect.drift(before[::-1], after.sample(frac=1, random_state=0)))


def test_dates_and_customer_numbers_are_not_compared():
    frame = pd.DataFrame({"customer_id": list("ab"), "on": pd.to_datetime(["2024-01-01"] * 2), "n": [1, 2]})
    assert effect.drift(frame, frame)["column"].tolist() == ["n"]
    with pytest.raises(DataError, match="no dates; check on"):
        effect.drift(frame, frame, ["on"])
    with pytest.raises(DataError, match="check lost"):
        effect.drift(frame, frame, ["lost"])
    with pytest.raises(DataError, match="neither is empty"):
        effect.drift(frame, frame.iloc[:0])


def test_the_portrait_that_was_expected_against_the_one_that_came():
    actual = pd.Series(["young"] * 300 + ["old"] * 700 + [None] * 5)
    got = effect.compare_portrait({"young": 0.6, "old": 0.4}, actual)
    assert (got.n, got.blank, got.verdict) == (1000, 5, "large")
    assert got.table["actual"].tolist() == [0.3, 0.7]
    assert got.table["verdict"].tolist() == ["fewer", "more"]
    assert got.p == pytest.approx(stats.chisquare([300, 700], [600, 400]).pvalue)
    assert got.psi_noise == pytest.approx(1 / 1000)
    assert got.psi == pytest.approx(0.3 * math.log(2) + 0.3 * math.log(0.7 / 0.4), rel=0.01)


def test_a_portrait_that_came_as_expected_is_called_so_nineteen_times_of_twenty():
    rng = np.random.default_rng(0)
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    got = [
        effect.compare_portrait(shares, pd.Series(rng.choice(list("abc"), 400, p=[0.5, 0.3, 0.2]))) for _ in range(300)
    ]
    assert np.mean([g.p < 0.05 for g in got]) == pytest.approx(0.05, abs=0.025)
    assert np.mean([(g.table["verdict"] != "as expected").any() for g in got]) <= 0.06
    assert np.mean([g.psi for g in got]) == pytest.approx(2 / 400, rel=0.2)


@pytest.mark.parametrize(
    ("expected", "words"), [({"a": 0.5}, "add up to 1"), ({"a": 1.0, "b": 0.0}, "above 0"), ({"b": 1.0}, "without one")]
)
def test_expectations_that_are_none_are_refused(expected, words):
    with pytest.raises(DataError, match=words):
        effect.compare_portrait(expected, pd.Series(["a", "a"]))


# --- control charts --------------------------------------------------------------------------------------------------


def test_the_p_chart_of_the_textbook():
    # Montgomery, Introduction to Statistical Quality Control, example 7.1: 347 of 30 × 50 cans.
    counts = np.array([12] * 17 + [11] * 13)
    assert counts.sum() == 347
    got = effect.control_chart(pd.Series(counts / 50), pd.Series([50] * 30))
    assert got["centre"].iloc[0] == pytest.approx(0.2313, abs=5e-5)
    assert (got["low"].iloc[0], got["high"].iloc[0]) == (
        pytest.approx(0.0524, abs=5e-4),
        pytest.approx(0.4102, abs=5e-4),
    )


def test_single_values_by_hand():
    got = effect.control_chart(pd.Series([10.0, 12, 10, 12, 10, 12, 10, 12, 30]), baseline=8)
    assert got["centre"].tolist() == [11] * 9
    assert got["high"].iloc[0] == pytest.approx(11 + 3 * 2 / 1.128)
    assert got["outside"].tolist() == [False] * 8 + [True]


def test_a_steady_process_leaves_its_limits_three_times_in_a_thousand():
    rng = np.random.default_rng(0)
    single = np.mean([effect.control_chart(pd.Series(rng.normal(40, 5, 400)))["outside"].mean() for _ in range(200)])
    assert single == pytest.approx(0.0027, abs=0.0012)
    people = pd.Series(rng.integers(400, 800, 400))
    shares = [
        effect.control_chart(pd.Series(rng.binomial(people, 0.3) / people), people)["outside"].mean()
        for _ in range(200)
    ]
    assert np.mean(shares) == pytest.approx(0.0027, abs=0.0012)


def test_a_flat_line_is_not_outside_its_own_limits_and_a_shift_is():
    assert not effect.control_chart(pd.Series([0.1 + 0.2] * 20))["outside"].any()
    rng = np.random.default_rng(1)
    shifted = pd.Series(np.concatenate([rng.normal(40, 2, 24), rng.normal(52, 2, 6)]))
    assert effect.control_chart(shifted, baseline=24)["outside"].iloc[24:].all()


def test_charts_of_too_little_are_refused():
    with pytest.raises(DataError, match="eight periods"):
        effect.control_chart(pd.Series([1.0] * 7))
    with pytest.raises(DataError, match="without blanks"):
        effect.control_chart(pd.Series([1.0] * 9 + [np.nan]))
    with pytest.raises(DataError, match="from 0 to 1"):
        effect.control_chart(pd.Series([0.5] * 8), pd.Series([10] * 7 + [0]))


# --- KPI tree --------------------------------------------------------------------------------------------------------


def _two_periods(rows):
    frame = pd.DataFrame(rows, columns=["month", "customer_id", "order", "cents"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "order_id": frame["month"].astype(str) + frame["customer_id"] + frame["order"].astype(str),
            "ordered_at": pd.to_datetime("2024-0" + frame["month"].astype(str) + "-15"),
            "amount": frame["cents"] / 100,
        }
    )


JANUARY, FEBRUARY = ("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-02-29")


def test_twice_the_customers_and_nothing_else_is_all_customers():
    orders = _two_periods([(1, "a", 1, 1000), (2, "a", 1, 1000), (2, "b", 1, 1000)])
    got = effect.kpi_tree(orders, JANUARY, FEBRUARY).set_index("kpi")
    assert got["contribution"].to_dict() == {
        "revenue": 10.0,
        "customers": 10.0,
        "orders_per_customer": 0.0,
        "amount_per_order": 0.0,
    }
    assert got.loc["customers", "change"] == 1


def test_shapley_values_of_two_factors_by_hand():
    # 1 × 1 × 10 → 2 × 1 × 20: customers ½ (10 + 20), amount ½ (10 + 20).
    orders = _two_periods([(1, "a", 1, 1000), (2, "a", 1, 2000), (2, "b", 1, 2000)])
    got = effect.kpi_tree(orders, JANUARY, FEBRUARY).set_index("kpi")["contribution"]
    assert got.to_dict() == {
        "revenue": 30.0,
        "customers": pytest.approx(15),
        "orders_per_customer": pytest.approx(0),
        "amount_per_order": pytest.approx(15),
    }


periods = st.lists(
    st.tuples(st.sampled_from([1, 2]), st.sampled_from("abcde"), st.integers(1, 4), st.integers(0, 100_000)),
    min_size=2,
    max_size=40,
)


@settings(max_examples=25)  # a database a call
@given(periods)
def test_the_factors_multiply_to_revenue_and_the_contributions_add_up_to_its_change(rows):
    assume({1, 2} <= {r[0] for r in rows})
    orders = _two_periods(rows)
    got = effect.kpi_tree(orders, JANUARY, FEBRUARY).set_index("kpi")
    for period in ("before", "after"):
        factors = got.loc[["customers", "orders_per_customer", "amount_per_order"], period]
        assert factors.prod() == pytest.approx(got.loc["revenue", period], rel=1e-12, abs=1e-9)
    assert got["contribution"].iloc[1:].sum() == pytest.approx(got["contribution"].iloc[0], rel=1e-9, abs=1e-9)
    by_hand = orders[orders["ordered_at"].dt.month == 2]
    assert got.loc["revenue", "after"] == pytest.approx(by_hand["amount"].sum())
    assert got.loc["customers", "after"] == by_hand["customer_id"].nunique()
    pd.testing.assert_frame_equal(got, effect.kpi_tree(orders[::-1], JANUARY, FEBRUARY).set_index("kpi"))


def test_a_period_without_orders_has_no_tree():
    with pytest.raises(DataError, match="no order from 2023-01-01 to 2023-01-31"):
        effect.kpi_tree(_two_periods([(1, "a", 1, 1000)]), ("2023-01-01", "2023-01-31"), JANUARY)


def test_online_retail_two_autumns(real_data):
    orders = clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders")).valid
    got = effect.kpi_tree(orders, ("2011-04-01", "2011-06-30"), ("2011-09-01", "2011-11-30")).set_index("kpi")
    autumn = orders[orders["ordered_at"].between("2011-09-01", "2011-12-01", inclusive="left")]
    assert got.loc["customers", "after"] == autumn["customer_id"].nunique()
    assert got.loc["revenue", "after"] == pytest.approx((autumn["amount"] - autumn["refunded"]).sum())
    assert got["contribution"].iloc[1:].sum() == pytest.approx(got["contribution"].iloc[0])
