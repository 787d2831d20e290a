"""NPS: the field's golden figures, what is refused, weights, waves, and drivers that do not claim too much."""

import math
from decimal import Decimal
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, language, nps

answers_0_10 = st.lists(st.integers(0, 10), min_size=1, max_size=60)
weighted_0_10 = st.lists(st.tuples(st.integers(0, 10), st.floats(0.01, 100)), min_size=1, max_size=60)


def answered(promoters, passives, detractors):
    return [10] * promoters + [7] * passives + [0] * detractors


# --- FIELD §4 --------------------------------------------------------------------------------------------------------


def test_a_hundred_answers_50_30_20():
    got = nps.score(answered(50, 30, 20))
    assert got.value == 30
    assert round(got.variance, 12) == 0.61
    assert round(got.standard_error, 2) == 7.81
    wald = [round(got.value + sign * 1.959964 * got.standard_error, 1) for sign in (-1, 1)]
    assert wald == [14.7, 45.3]
    assert (round(got.low, 1), round(got.high, 1)) == (14.1, 44.2)
    assert round((got.low + got.high) / 2, 1) == 29.1
    assert (got.n, got.blank, got.promoters, got.passives, got.detractors) == (100, 0, 50, 30, 20)


def test_exact_coverage_of_twenty_answers_is_what_the_field_says():
    # All 231 outcomes of 20 answers at p .80, d .05, each with its trinomial chance.
    n, p, d, true = 20, 0.80, 0.05, 75.0
    covered = {"wald": 0.0, "adjusted": 0.0}
    for up in range(n + 1):
        for down in range(n + 1 - up):
            chance = math.comb(n, up) * math.comb(n - up, down) * p**up * d**down * (1 - p - d) ** (n - up - down)
            share, lost = up / n, down / n
            reach = 1.959964 * math.sqrt((share + lost - (share - lost) ** 2) / n)
            covered["wald"] += chance * (abs(share - lost - true / 100) <= reach)
            got = nps.score(answered(up, n - up - down, down))
            covered["adjusted"] += chance * (got.low <= true <= got.high)
    assert {k: round(100 * v, 1) for k, v in covered.items()} == {"wald": 86.0, "adjusted": 95.6}


def test_answers_needed():
    assert nps.needed(half_width=5, variance=0.61) == nps.needed() == 938
    assert nps.needed_per_wave(change=5, power=0.8, variance=0.61) == nps.needed_per_wave() == 3831


def test_all_sevens_and_half_tens_half_zeros_are_both_zero_and_only_the_shape_tells():
    sevens, split = nps.score([7] * 100), nps.score([10] * 50 + [0] * 50)
    assert (sevens.value, split.value) == (0, 0)
    assert sevens.shape[7] == 1
    assert split.shape[[0, 10]].tolist() == [0.5, 0.5]
    assert sevens.high - sevens.low < 10 < 30 < split.high - split.low


CORR = np.array([[1, 0.7, 0.1], [0.7, 1, 0.1], [0.1, 0.1, 1]])
BETA = np.array([0.5, 0, 0.3])


def test_importance_of_the_field_s_three_drivers():
    lmg, johnson = nps.lmg(CORR, CORR @ BETA), nps.johnson(CORR, CORR @ BETA)
    assert lmg.round(4).tolist() == [0.2001, 0.0682, 0.1017]
    assert johnson.round(4).tolist() == [0.1995, 0.0672, 0.1033]
    assert round(lmg.sum(), 4) == round(johnson.sum(), 4) == 0.3700
    assert round(100 * lmg[1] / lmg.sum()) == 18  # of a driver without any effect


# --- the SFO airport survey ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sfo(real_data):
    return pd.read_csv(real_data / "sfo_survey_2017.csv", low_memory=False)


def test_sfo_2017(sfo):
    got = nps.score(sfo["NETPRO"], blanks=(11,))
    assert round(got.value, 2) == 39.84
    assert (got.n, got.blank, got.promoters, got.passives, got.detractors) == (2746, 85, 1436, 968, 342)
    weighted = nps.score(sfo["NETPRO"], sfo["WEIGHT"], blanks=11)
    assert round(weighted.value, 2) == 40.40
    assert weighted.n == 2746 > weighted.effective_n
    assert weighted.high - weighted.low > got.high - got.low


def test_sfo_2017_is_refused_while_11_is_not_declared(sfo):
    with pytest.raises(DataError) as refusal:
        nps.score(sfo["NETPRO"])
    said = str(refusal.value)
    assert all(words in said for words in ("84 of 2,830", "11 (×84)", "95, 120", "blanks=[11]", "--blank score=11"))
    assert "--blank score=11" in refusal.value.sentence.say("zh")
    # What a careless count of 9 and above would say, and this never does:
    careless = 100 * ((sfo["NETPRO"] >= 9).sum() - (sfo["NETPRO"] <= 6).sum()) / sfo["NETPRO"].notna().sum()
    assert round(careless, 2) == 41.63


def test_sfo_2017_drivers(sfo):
    # Of these ratings 0 is blank and 6 is “not used”. Least squares by hand gives R².
    names = ["Q7SIGN", "Q7WALKWAYS", "Q7SCREENS", "Q7FOOD"]
    blanks = {"NETPRO": 11} | dict.fromkeys(names, (0, 6))
    got = nps.drivers(sfo, "NETPRO", names, blanks=blanks, repeats=50, odds=False, random_state=1)
    used = sfo[sfo["NETPRO"].le(10) & sfo[names].isin([1, 2, 3, 4, 5]).all(axis=1)]
    assert (got.n, got.left_out) == (len(used), len(sfo) - len(used))
    assert got.blank["NETPRO"] == 85
    design = np.column_stack([np.ones(len(used)), used[names]])
    rest = used["NETPRO"] - design @ np.linalg.lstsq(design, used["NETPRO"], rcond=None)[0]
    assert got.r2 == pytest.approx(1 - rest.var() / used["NETPRO"].var(), abs=1e-9)
    assert got.table["lmg"].sum() == pytest.approx(got.r2, abs=1e-9)


# --- what counts as an answer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "scores",
    [
        [10.0, 9.0, 3.0, np.nan],
        [10, 9, 3, None],
        (10, 9, 3, pd.NA),
        np.array([10, 9, 3, np.nan], dtype="float32"),
        pd.Series([10, 9, 3, None], dtype="Int8", index=list("abcd")),
        [Decimal(10), Decimal("9.0"), 3, None],
        [10, 9, 3, float("nan")],
    ],
)
def test_whole_numbers_count_whatever_their_type_and_nan_is_counted_apart(scores):
    got = nps.score(scores)
    assert got.value == pytest.approx(100 / 3)
    assert (got.n, got.blank, got.promoters, got.detractors) == (3, 1, 2, 1)


@pytest.mark.parametrize("blanks", [11, 11.0, "11", (11,), ["11"], np.array([11]), {11, -1}])
def test_declared_blanks_in_any_spelling(blanks):
    got = nps.score([10, 9, 3, 11, np.nan], blanks=blanks)
    assert (got.n, got.blank) == (3, 2)


def test_a_declared_blank_may_be_text_or_a_score():
    assert nps.score([10, 9, "n/a"], blanks="n/a").n == 2
    assert nps.score([10, 9, 0, 0], blanks=0).value == 100


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ([9, 11, 11, -1], r"3 of 4 answers are .*11 \(×2\), -1 \(×1\).*rows: 1, 2, 3"),
        ([9, 7.5], r"1 of 2 answers is .*7\.5"),
        ([9, np.inf], "inf"),
        ([9, "good"], r"good.*blanks=\['good'\]"),
        ([9, True], "True"),
        (pd.Series([True, False]), "2 of 2"),
        (["9", "10"], r"2 scores are text.*to_numeric"),
        (pd.to_datetime(["2024-01-01"]), "2024"),
        (np.arange(101), r"90 of 101"),
        ([np.nan, 11], "11"),
    ],
)
def test_anything_else_is_refused_by_name(scores, words):
    with pytest.raises(DataError, match=words):
        nps.score(scores)


def test_the_first_rows_are_named_by_their_labels():
    with pytest.raises(DataError, match="first rows: r7"):
        nps.score(pd.Series([9, 12], index=["r3", "r7"]))


@pytest.mark.parametrize("scores", ["9", 9, pd.DataFrame({"a": [9]}), np.ones((2, 2)), [[9], [8]], {"a": 9}, None])
def test_what_is_not_one_column_is_refused(scores):
    with pytest.raises(DataError, match="one column of scores"):
        nps.score(scores)


@pytest.mark.parametrize(("scores", "blanks"), [([], ()), ([np.nan, None], ()), ([11, 11], 11)])
def test_no_answer_at_all_is_refused(scores, blanks):
    with pytest.raises(DataError, match="no answer to score"):
        nps.score(scores, blanks=blanks)


def test_a_five_point_scale_is_refused_by_name():
    for scores in ([1, 2, 3, 4, 5] * 4, [5] * 20, [5.0, 4.0] * 30 + [np.nan, 11]):
        with pytest.raises(DataError, match="1–5 scale"):
            nps.score(scores, blanks=11)
    assert nps.score([5, 4] * 10, check_scale=False).value == -100


@pytest.mark.parametrize(
    "scores",
    [
        [1, 2, 3, 4, 5],
        [5] * 19,
        [5] * 19 + [0],
        [1, 2, 3, 4, 5] * 20 + [6],
        list(range(1, 11)) * 10,
        [0] * 50,
        [7] * 50,
    ],
    ids=["few", "nineteen", "a zero", "a six", "no zero", "all zero", "all seven"],
)
def test_other_scales_are_not_suspected(scores):
    assert nps.score(scores).n == len(scores)


def test_the_interval_never_leaves_out_the_value():
    for scores in ([10], [0], [7], [10] * 3, [10] * 5000):
        got = nps.score(scores)
        assert -100 <= got.low <= got.value <= got.high <= 100
    assert nps.score([10] * 10).low < 70  # ten promoters are no proof of 100


# --- weights ---------------------------------------------------------------------------------------------------------


def test_weights_and_kish_by_hand():
    got = nps.score([10, 8, 2, np.nan], [2, 1, 1, 9])
    assert got.value == 100 * (2 - 1) / 4
    assert got.effective_n == pytest.approx(16 / 6)
    assert (got.n, got.promoters, got.passives, got.detractors) == (3, 1, 1, 1)
    assert got.shape[[10, 8, 2]].tolist() == [0.5, 0.25, 0.25]
    # Rocks with n = 16/6: (n p + ¾) / (n + 3) and so on.
    n = 16 / 6
    p, d = (n * 0.5 + 0.75) / (n + 3), (n * 0.25 + 0.75) / (n + 3)
    reach = 1.959964 * math.sqrt((p + d - (p - d) ** 2) / (n + 3))
    assert (got.low, got.high) == pytest.approx((100 * (p - d - reach), 100 * (p - d + reach)), abs=1e-4)


def test_the_weight_of_a_blank_answer_is_not_looked_at():
    assert nps.score([10, 7, np.nan, 11], [1, 1, np.nan, -5], blanks=11).value == 50


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1, 1], "2 weights for 3 scores"),
        (2.0, "1 weights for 3"),
        ([1, -1, 1], r"1 weight is negative.*rows: 1.*-1"),
        ([1, np.nan, np.inf], "2 weights are negative"),
        ([0, 0, 0], "All weights are 0"),
        (["a", "b", "c"], "not numbers"),
        (pd.Series([1, 2, 3], index=[2, 1, 0]), "different row labels"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, words):
    with pytest.raises(DataError, match=words):
        nps.score(pd.Series([10, 7, 0]), weights)


@given(answers_0_10)
def test_value_within_the_scale_and_interval_around_it(scores):
    got = nps.score(scores, check_scale=False)
    assert -100 <= got.low <= got.value <= got.high <= 100
    assert got.low < got.high
    assert got.value == pytest.approx(100 * np.mean([(s >= 9) - (s <= 6) for s in scores]))
    assert got.promoters + got.passives + got.detractors == got.n == len(scores)
    assert got.shape.sum() == pytest.approx(1)


@given(weighted_0_10, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    left, right = (nps.score(*zip(*each, strict=True), check_scale=False) for each in (rows, shuffled))
    assert left == right  # to the last bit
    assert left.shape.equals(right.shape)


@given(weighted_0_10, st.floats(1e-6, 1e6))
def test_the_scale_of_weights_means_nothing(rows, factor):
    scores, weights = zip(*rows, strict=True)
    left = nps.score(scores, weights, check_scale=False)
    right = nps.score(scores, [factor * w for w in weights], check_scale=False)
    for name in ("value", "low", "high", "effective_n"):
        assert getattr(left, name) == pytest.approx(getattr(right, name), rel=1e-9, abs=1e-9)


@given(answers_0_10, st.sampled_from([1, 0.1, 3.0]))
def test_equal_weights_are_no_weights(scores, weight):
    plain = nps.score(scores, check_scale=False)
    weighted = nps.score(scores, [weight] * len(scores), check_scale=False)
    assert weighted == plain
    assert weighted.effective_n == len(scores)


@given(
    st.lists(st.tuples(st.integers(0, 10), st.integers(0, 3)), min_size=1, max_size=30).filter(
        lambda r: any(w for _, w in r)
    )
)
def test_a_whole_weight_is_so_many_answers(rows):
    scores, weights = zip(*rows, strict=True)
    repeated = [s for s, w in rows for _ in range(w)]
    assert nps.score(scores, weights, check_scale=False).value == pytest.approx(
        nps.score(repeated, check_scale=False).value
    )


# --- groups and waves ------------------------------------------------------------------------------------------------

ANSWERS = pd.DataFrame(
    {
        "score": [10, 9, 7, 0, 10, 3, 11, np.nan, 8],
        "shop": ["a", "a", "a", "a", "b", "b", "b", "c", None],
        "weight": [1.0, 1, 1, 1, 3, 1, 5, 1, 1],
    }
)


def test_groups_small_enough_to_check_by_eye():
    got = nps.by(ANSWERS, "shop", blanks=11)
    assert got["shop"].tolist()[:3] == ["a", "b", "c"]
    assert pd.isna(got["shop"][3])  # those without a shop are not lost
    assert got["n"].tolist() == [4, 2, 0, 1]
    assert got["blank"].tolist() == [0, 1, 1, 0]
    assert got["value"].tolist()[:2] == [25.0, 0.0]
    assert np.isnan(got["value"][2])
    assert got.loc[0, ["promoters", "passives", "detractors"]].tolist() == [2, 1, 1]
    assert got.loc[0, ["score_0", "score_7", "score_9", "score_10"]].tolist() == [0.25] * 4
    alone = nps.score([10, 9, 7, 0])
    assert got.loc[0, ["low", "high"]].tolist() == [alone.low, alone.high]
    assert nps.by(ANSWERS, "shop", weights="weight", blanks=11)["value"][1] == pytest.approx(50)


def test_an_unhappy_group_is_no_five_point_scale():
    answers = pd.DataFrame({"score": [3] * 40 + [9] * 40, "shop": ["a"] * 40 + ["b"] * 40})
    assert nps.by(answers, "shop")["value"].tolist() == [-100.0, 100.0]
    with pytest.raises(DataError, match="1–5 scale"):
        nps.by(answers.assign(score=[3, 5] * 40), "shop")


def test_waves_by_calendar_and_the_change_since_the_last():
    first, second = answered(50, 30, 20), answered(80, 15, 5)
    answers = pd.DataFrame(
        {
            "score": [*first, *second],
            "answered_at": pd.to_datetime(["2024-03-31 23:30"] * 100 + ["2024-10-01"] * 100, format="mixed"),
        }
    )
    got = nps.waves(answers)
    assert got["wave"].astype(str).tolist() == ["2024Q1", "2024Q4"]
    assert got["value"].tolist() == [30, 75]
    change = nps.difference(nps.score(first), nps.score(second))
    assert np.isnan(got["change"][0])
    assert got.loc[1, ["change", "change_low", "change_high", "p"]].tolist() == [
        45,
        change.low,
        change.high,
        change.p,
    ]
    # The calendar is that of the clock on the wall: 23:30 in Shanghai is still March.
    local = answers.assign(answered_at=answers["answered_at"].dt.tz_localize("Asia/Shanghai"))
    pd.testing.assert_frame_equal(nps.waves(local), got)
    assert nps.waves(answers[:0]).empty


def test_a_wave_without_answers_is_passed_over():
    answers = pd.DataFrame({"score": [9.0, 3, 9, np.nan, 9], "answered_at": pd.to_datetime(["2024-01-05"] * 5)})
    answers.loc[3:, "answered_at"] = pd.to_datetime(["2024-02-05", "2024-03-05"])
    got = nps.waves(answers, "M")
    assert got["n"].tolist() == [3, 0, 1]
    assert got["change"].isna().tolist() == [True, True, False]
    assert got["change"][2] == pytest.approx(100 - 100 / 3)


def test_difference_by_hand():
    # Half of Rocks's three answers a side: (n p + ⅜) / (n + 1½).
    got = nps.difference(nps.score(answered(50, 30, 20)), nps.score(answered(60, 30, 10)))
    sides = [((50.375 / 101.5), (20.375 / 101.5)), ((60.375 / 101.5), (10.375 / 101.5))]
    centres = [p - d for p, d in sides]
    error = math.sqrt(sum((p + d - (p - d) ** 2) / 101.5 for p, d in sides))
    centre = centres[1] - centres[0]
    assert got.value == pytest.approx(20)
    assert got.low == pytest.approx(100 * (centre - 1.959964 * error), abs=1e-4)
    assert got.high == pytest.approx(100 * (centre + 1.959964 * error), abs=1e-4)
    assert got.p == pytest.approx(math.erfc(centre / error / math.sqrt(2)))
    back = nps.difference(nps.score(answered(60, 30, 10)), nps.score(answered(50, 30, 20)))
    assert (back.value, back.low, back.p) == pytest.approx((-got.value, -got.high, got.p))


@pytest.mark.parametrize(
    ("before", "after"),
    [((0.8, 0.05), (0.8, 0.05)), ((0.8, 0.05), (0.5, 0.2)), ((0.1, 0.6), (0.8, 0.05)), ((0.95, 0.0), (0.7, 0.1))],
)
def test_exact_coverage_of_the_difference_between_two_small_waves(before, after):
    n = 12
    true = 100 * ((after[0] - after[1]) - (before[0] - before[1]))
    sides = []
    for p, d in (before, after):
        outcomes = []
        for up in range(n + 1):
            for down in range(n + 1 - up):
                passives = n - up - down
                chance = math.comb(n, up) * math.comb(n - up, down) * p**up * d**down * (1 - p - d) ** passives
                outcomes.append((chance, nps.score(answered(up, passives, down))))
        sides.append(outcomes)
    covered = 0.0
    for chance_b, score_b in sides[0]:
        for chance_a, score_a in sides[1]:
            if chance_a * chance_b > 1e-9:
                got = nps.difference(score_b, score_a)
                covered += chance_a * chance_b * (got.low <= true <= got.high)
    assert 0.935 < covered <= 1


@given(answers_0_10, answers_0_10)
def test_p_below_5_percent_is_an_interval_without_zero(before, after):
    got = nps.difference(nps.score(before, check_scale=False), nps.score(after, check_scale=False))
    assert got.low <= got.value <= got.high
    assert 0 <= got.p <= 1
    if got.value:  # a lone unanimous answer a side may stretch the interval, never shrink it
        assert got.p >= 0.05 or not got.low < 0 < got.high


def test_more_answers_are_needed_for_less():
    assert nps.needed(2.5) > 3.9 * nps.needed(5)
    assert nps.needed_per_wave(5, 0.9) > nps.needed_per_wave(5, 0.8) > 2 * nps.needed(5)
    # Half the width of a Wald interval with the answers asked for is what was asked for.
    assert 195.9964 * math.sqrt(0.61 / nps.needed(4)) <= 4 < 195.9964 * math.sqrt(0.61 / (nps.needed(4) - 1))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nps.needed(0), "above 0"),
        (lambda: nps.needed(5, 1.2), "1.2"),
        (lambda: nps.needed_per_wave(-1), "-1"),
        (lambda: nps.needed_per_wave(5, 1), "Power"),
        (lambda: nps.by(ANSWERS, "city", blanks=11), "no column city"),
        (lambda: nps.by(ANSWERS, "shop"), "11"),
        (lambda: nps.by(ANSWERS, "shop", blanks=11, weights="w"), "no column w"),
        (lambda: nps.by([1], "shop"), "DataFrame"),
        (lambda: nps.waves(ANSWERS, "D"), "not D"),
        (lambda: nps.waves(ANSWERS), "answered_at"),
    ],
)
def test_what_cannot_be_asked_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- who did not answer ----------------------------------------------------------------------------------------------


def test_poststratification_by_hand():
    # Nine of ten customers are old, only half of those who answered are.
    answers = pd.DataFrame({"score": [10, 10, 0, 0, np.nan], "age": ["young", "young", "old", "old", "old"]})
    weights = nps.poststratify(answers, "age", {"young": 0.1, "old": 0.9})
    assert weights.tolist() == pytest.approx([0.2, 0.2, 1.8, 1.8, 0])
    assert nps.score(answers["score"]).value == 0
    assert nps.score(answers["score"], weights).value == pytest.approx(-80)
    counts = nps.poststratify(answers, "age", pd.Series({"old": 4500, "young": 500}))
    pd.testing.assert_series_equal(counts, weights)


def test_answers_are_weighted_to_all_who_had_bought_by_how_often_they_had():
    # Ninety had bought on one day, ten on three; ten of each answered, and who buys more is happier.
    ids = [f"c{k:03d}" for k in range(100)]
    bought = [(one, day) for k, one in enumerate(ids) for day in (1, 2, 3)[: 3 if k >= 90 else 1]]
    orders = pd.DataFrame(bought, columns=["customer_id", "day"])
    orders["ordered_at"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(orders.pop("day"), unit="D")
    # An order after the first answer counts for nobody, nor does an answer of whom no order is known.
    orders.loc[len(orders)] = ["late", pd.Timestamp("2024-05-02")]
    answers = pd.DataFrame(
        {"customer_id": [*ids[:10], *ids[90:], "late", None], "answered_at": pd.Timestamp("2024-05-01")}
    )
    answers["score"] = [0.0] * 10 + [10.0] * 10 + [10.0, 10.0]
    weights = nps.to_buyers(answers, orders)
    assert weights.tolist() == pytest.approx([1.8] * 10 + [0.2] * 10 + [0, 0])
    assert nps.score(answers["score"], weights).value == pytest.approx(-80)
    mixed = answers.sample(frac=1, random_state=1)
    pd.testing.assert_series_equal(nps.to_buyers(mixed, orders.iloc[::-1]).sort_index(), weights)
    # Four of those who buy often are too few to speak for them: one band is left, and nothing to weight by.
    with pytest.raises(DataError, match="seldom and often"):
        nps.to_buyers(answers.drop(index=range(10, 16)), orders)


def test_poststratification_of_several_columns_from_design_weights():
    answers = pd.DataFrame({"score": [9, 9, 9, 0], "a": [1, 1, 2, 2], "b": list("xxxy"), "w": [1.0, 3, 1, 1]})
    got = nps.poststratify(answers, ["a", "b"], {(1, "x"): 0.5, (2, "x"): 0.25, (2, "y"): 0.25}, weights="w")
    assert got.tolist() == pytest.approx([0.5, 1.5, 1, 1])


@given(st.lists(st.tuples(st.integers(0, 10), st.sampled_from("abc")), min_size=3, max_size=40), st.integers(1, 50))
def test_weighted_answers_have_the_shares_of_the_customers(rows, extra):
    answers = pd.DataFrame(rows, columns=["score", "cell"])
    customers = {cell: 10 + extra * i for i, cell in enumerate(sorted(set(answers["cell"])))}
    weights = nps.poststratify(answers, "cell", customers)
    got = weights.groupby(answers["cell"]).sum() / weights.sum()
    assert got.to_dict() == pytest.approx({cell: n / sum(customers.values()) for cell, n in customers.items()})
    assert weights.mean() == pytest.approx(1)


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ({"a": 0.5, "b": 0.3, "z": 0.2}, r"Nobody answered in z of shop \(20\.0%"),
        ({"a": 0.5, "b": 0.3, "c": 0.2}, "Nobody answered in c "),
        ({"a": 1.0}, r"1 answer belongs to no group.*: b of shop \(first rows: 1\)"),
        ({"a": 0.5, "b": 0.3}, "add up to 0.800"),
        ({"a": 0.5, "b": -0.5}, "at least 0"),
        ({"a": "many", "b": 1}, "at least 0"),
        ({}, "not all 0"),
        (pd.Series([3, 3, 4], index=["a", "b", "b"]), "one for each group"),
    ],
)
def test_shares_that_cannot_be_used_are_refused(shares, words):
    answers = pd.DataFrame({"score": [9, 3, np.nan], "shop": ["a", "b", "c"]})
    with pytest.raises(DataError, match=words):
        nps.poststratify(answers, "shop", shares)


# --- drivers ---------------------------------------------------------------------------------------------------------


def _table(seed, k, n=40):
    """Correlations of k drivers and a target, from random data."""
    rng = np.random.default_rng(seed)
    data = rng.normal(size=(n, k + 1)) @ rng.normal(size=(k + 1, k + 1))
    corr = np.corrcoef(data.T)
    return corr[:k, :k], corr[:k, k]


def _r2(corr, rel, chosen):
    chosen = list(chosen)
    return rel[chosen] @ np.linalg.solve(corr[np.ix_(chosen, chosen)], rel[chosen]) if chosen else 0.0


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_lmg_and_johnson_sum_to_r2(seed, k):
    corr, rel = _table(seed, k)
    r2 = _r2(corr, rel, range(k))
    lmg, johnson = nps.lmg(corr, rel), nps.johnson(corr, rel)
    assert lmg.sum() == pytest.approx(r2, abs=1e-8)
    assert johnson.sum() == pytest.approx(r2, abs=1e-8)
    assert lmg.min() > -1e-9
    assert johnson.min() > -1e-9


@given(st.integers(0, 10**6), st.integers(1, 5))
def test_lmg_is_the_mean_gain_over_all_orders(seed, k):
    corr, rel = _table(seed, k)
    gains = np.zeros(k)
    orders = list(permutations(range(k)))
    for order in orders:
        for place, driver in enumerate(order):
            gains[driver] += _r2(corr, rel, order[: place + 1]) - _r2(corr, rel, order[:place])
    assert nps.lmg(corr, rel).tolist() == pytest.approx((gains / len(orders)).tolist(), abs=1e-8)


@given(st.lists(st.floats(-0.3, 0.3), min_size=1, max_size=8))
def test_of_uncorrelated_drivers_importance_is_the_squared_correlation(rel):
    for importance in (nps.lmg, nps.johnson):
        got = importance(np.eye(len(rel)), rel)
        assert got.tolist() == pytest.approx(np.square(rel).tolist(), abs=1e-12)


def test_two_columns_that_say_the_same_share_alike():
    corr, rel = np.array([[1, 1, 0.2], [1, 1, 0.2], [0.2, 0.2, 1]]), np.array([0.5, 0.5, 0.3])
    lmg, johnson = nps.lmg(corr, rel), nps.johnson(corr, rel)
    assert lmg[0] == pytest.approx(lmg[1])
    assert lmg.sum() == pytest.approx(_r2(corr, rel, [0, 2]))
    assert johnson.sum() == pytest.approx(_r2(corr, rel, [0, 2]))
    for importance in (nps.lmg, nps.johnson):  # of four that all say the same, a quarter each
        assert importance(np.ones((4, 4)), [0.6] * 4).tolist() == pytest.approx([0.09] * 4)


def test_correlations_keep_their_names_and_may_come_in_another_order():
    names = ["speed", "price", "staff"]
    corr = pd.DataFrame(CORR, index=names, columns=names)
    rel = pd.Series(CORR @ BETA, index=names)
    got = nps.lmg(corr, rel[::-1])
    assert got.round(4).to_dict() == {"speed": 0.2001, "price": 0.0682, "staff": 0.1017}


@pytest.mark.parametrize(
    ("corr", "rel", "words"),
    [
        (CORR, [0.5, 0.4], "square table"),
        (CORR[:2], [0.5, 0.4], "square table"),
        (2 * CORR, [0.1] * 3, "not correlations"),
        (CORR + np.triu(np.full((3, 3), 0.1), 1), [0.1] * 3, "not correlations"),
        (CORR, [0.9, -0.9, 0.1], "not correlations"),
        (np.where(CORR == 0.7, np.nan, CORR), [0.1] * 3, "not correlations"),
        (np.eye(16), [0.1] * 16, "1 to 15 drivers, not 16"),
    ],
)
def test_what_are_no_correlations_is_refused(corr, rel, words):
    with pytest.raises(DataError, match=words):
        nps.lmg(corr, rel)


def test_johnson_takes_more_drivers_than_lmg():
    assert nps.johnson(np.eye(16), [0.1] * 16).sum() == pytest.approx(0.16)


def _survey(n=1500, seed=4):
    """Three ratings correlated as CORR; the score depends on the first and the third, never on the second."""
    rng = np.random.default_rng(seed)
    # The score follows the ratings as they were ticked: one that followed what stands behind them would leave a part of
    # the first rating's effect to its neighbour.
    ratings = np.clip(np.round(rng.multivariate_normal(np.zeros(3), CORR, size=n)), -2, 2)
    score = 7.5 + 2 * (ratings @ BETA) + 2 * math.sqrt(1 - 0.37) * rng.normal(size=n)
    answers = pd.DataFrame(ratings + 3, columns=["app", "web", "staff"])
    return answers.assign(score=np.clip(np.round(score), 0, 10))


@pytest.fixture(scope="module")
def fitted():
    return nps.drivers(_survey(), "score", ["web", "staff", "app"], repeats=300, random_state=7)


def test_a_driver_without_effect_gets_importance_and_its_coefficients_say_so(fitted):
    table = fitted.table.set_index("driver")
    assert table.loc["web", "importance"] > 0.1
    assert table.loc["web", "lmg_low"] > 0.02  # and looks certain: the trap
    assert table.loc["web", "beta_low"] < 0 < table.loc["web", "beta_high"]
    assert table.loc["web", "odds_low"] < 1 < table.loc["web", "odds_high"]
    for real in ("app", "staff"):
        assert table.loc[real, "beta_low"] > 0
        assert table.loc[real, "odds_low"] > 1
    assert table.index[0] == "app"
    assert fitted.notes == []


def test_driver_table_holds_together(fitted):
    table = fitted.table
    assert table["lmg"].is_monotonic_decreasing
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["importance"].sum() == pytest.approx(1)
    assert table["lmg"].sum() == pytest.approx(fitted.r2)
    assert table["johnson"].sum() == pytest.approx(fitted.r2)
    for name in ("lmg", "rank", "beta", "odds"):
        assert table[name].between(table[f"{name}_low"], table[f"{name}_high"]).all(), name
    assert (table["beta"] * table["correlation"]).sum() == pytest.approx(fitted.r2)


def test_proportional_odds_of_two_levels_is_logistic_regression():
    from statsmodels.api import Logit, add_constant

    answers = _survey(400)
    answers["score"] = np.where(answers["score"] >= 8, 9, 3)
    ratings = answers[["app", "web", "staff"]]
    expected = Logit(answers["score"] == 9, add_constant((ratings - ratings.mean()) / ratings.std(ddof=0))).fit(disp=0)
    got = nps.drivers(answers, "score", list(ratings), repeats=20).table.set_index("driver").loc[list(ratings)]
    assert got["odds"].tolist() == pytest.approx(np.exp(expected.params[1:]).tolist(), rel=1e-3)
    limits = np.exp(expected.conf_int()).iloc[1:]
    assert got["odds_low"].tolist() == pytest.approx(limits[0].tolist(), rel=1e-3)
    assert got["odds_high"].tolist() == pytest.approx(limits[1].tolist(), rel=1e-3)


def test_bootstrap_depends_on_the_random_state_alone():
    answers = _survey(200)
    names = ["app", "web", "staff"]
    one, same, other = (
        nps.drivers(answers, "score", names, repeats=40, odds=False, random_state=s).table for s in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    sure = ["lmg", "johnson", "beta", "rank"]
    pd.testing.assert_frame_equal(one[sure], other[sure])


def test_bootstrap_intervals_by_hand():
    answers = _survey(30)
    got = nps.drivers(answers, "score", ["app", "web"], repeats=60, odds=False, random_state=3).table.set_index(
        "driver"
    )
    rng, app, first = np.random.default_rng(3), [], []
    for _ in range(60):
        sample = answers.iloc[rng.integers(30, size=30)]
        corr = np.corrcoef(sample[["app", "web", "score"]].T)
        between, (with_app, with_web) = corr[0, 1], corr[:2, 2]
        r2 = (with_app**2 + with_web**2 - 2 * between * with_app * with_web) / (1 - between**2)
        app.append((with_app**2 + r2 - with_web**2) / 2)
        first.append(2 * app[-1] > r2)
    assert got.loc["app", ["lmg_low", "lmg_high"]].tolist() == pytest.approx(np.quantile(app, [0.025, 0.975]).tolist())
    assert got.loc["app", ["rank_low", "rank_high"]].tolist() == [1, 1 if np.mean(first) >= 0.975 else 2]


def test_a_resample_in_which_nothing_varies_breaks_no_interval():
    # One resample in eight holds a single rating.
    answers = pd.DataFrame({"score": [10, 3, 7, 8], "app": [1.0, 1, 0, 0]})
    got = nps.drivers(answers, "score", ["app"], repeats=60, odds=False)
    assert got.table["lmg_low"].tolist() == [0]
    assert got.table.drop(columns=["odds", "odds_low", "odds_high"]).notna().all(axis=None)


def test_equal_drivers_are_of_equal_rank_and_the_missing_model_is_said():
    answers = _survey(200).assign(twin=lambda a: a["app"])
    got = nps.drivers(answers, "score", ["app", "twin", "staff"], repeats=40)
    table = got.table.set_index("driver")
    assert table.loc["app", "lmg"] == pytest.approx(table.loc["twin", "lmg"])
    assert table.loc["app", "rank"] == table.loc["twin", "rank"]
    assert table.loc["app", "rank_low"] == table.loc["twin", "rank_low"] == 1
    assert table.loc["app", "rank_high"] == table.loc["twin", "rank_high"] == 3  # never alone on a rank
    assert table["odds"].isna().all()
    assert any("proportional-odds" in note.say("en") for note in got.notes)


def test_blank_answers_are_left_out_and_counted():
    answers = _survey(100)
    answers.loc[:9, "app"] = np.nan
    answers.loc[5:14, "web"] = 6
    answers.loc[20:22, "score"] = 11
    got = nps.drivers(
        answers, "score", ["app", "web", "staff"], blanks={"score": 11, "web": "6"}, repeats=20, odds=False
    )
    assert (got.n, got.left_out) == (82, 18)
    assert got.blank.to_dict() == {"app": 10, "web": 10, "staff": 0, "score": 3}
    assert [note.say("en") for note in got.notes] == [
        "18 of 100 answers are left out because the score or a driver is blank, most often app (10)."
    ]


def test_few_answers_are_said_to_be_few():
    got = nps.drivers(_survey(20), "score", ["app", "web", "staff"], repeats=20, odds=False)
    assert "Only 20 complete answers for 3 drivers" in got.notes[0].say("en")
    assert "20 份" in got.notes[0].say("zh")


@pytest.mark.parametrize(
    ("change", "names", "words"),
    [
        ({}, ["app", "speed"], "no column speed"),
        ({}, [], "not 0"),
        ({}, ["app", "app"], "named once"),
        ({}, ["app", "score"], "named once"),
        ({"web": 3.0}, ["app", "web"], "web has the same value in all 100"),
        ({"score": 7.0}, ["app"], "score has the same value"),
        ({"web": "good"}, ["app", "web"], "web is str, not numeric"),
        ({"web": np.inf}, ["app", "web"], "web holds infinite"),
        ({"web": np.nan}, ["app", "web"], "Only 0 answers have the score"),
        ({"score": 11}, ["app"], "11"),
        ({f"d{i}": float(i) for i in range(16)}, [f"d{i}" for i in range(16)], "1 to 15 drivers, not 16"),
    ],
)
def test_drivers_that_cannot_be_compared_are_refused(change, names, words):
    with pytest.raises(DataError, match=words):
        nps.drivers(_survey(100).assign(**change), "score", names, repeats=5, odds=False)


def test_a_refusal_can_be_read_in_chinese():
    with pytest.raises(DataError) as refusal:
        nps.score([1, 2, 3, 4, 5] * 10)
    assert "1–5 分量表" in refusal.value.sentence.say("zh")
    assert language.active() == "en"
