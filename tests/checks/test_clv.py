"""Checks of lesson 08: chances, errors and lists right on any company, each mistake told from the others."""

import matplotlib.pyplot as plt
import pytest

from course import company, language
from course.classroom import answers, bets
from course.classroom.lessons.clv.game import curve
from course.classroom.lessons.clv.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "clv"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *alternatives.of("clv"),
        ("clv-1", REFERENCE["clv-1"] + "\nalive = round(alive, 3)"),
        ("clv-1", REFERENCE["clv-1"] + "\nalive = round(alive, 2)"),
        ("clv-2", REFERENCE["clv-2"] + "\nmae_model, mae_naive = round(mae_model, 2), round(mae_naive, 2)"),
        ("clv-4", REFERENCE["clv-4"] + "\nexpected_spend = round(expected_spend)"),
        ("clv-1", "odds = a / (b + x - 1) * ((alpha + t_x) / (alpha + T)) ** -(r + x)\nalive = [1 / (1 + odds)]"),
        (
            "clv-2",
            "mae_model = np.mean(np.abs(held.forecast - held.holdout_x))\n"
            "mae_naive = np.mean(np.abs(held.previous_x - held.holdout_x))",
        ),
        (
            "clv-3",
            "by_frequency = calls.sort_values('x', ascending=False, kind='stable').head(300)['came'].sum()\n"
            "by_value = calls.nlargest(300, 'expected')['came'].sum()",
        ),
        ("clv-4", "expected_spend = (p * v + p * times * mean_spend) / (p * times - 1 + q)"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


ODDS, MAE, LISTS, SPEND = (REFERENCE[f"clv-{i}"] for i in (1, 2, 3, 4))
RATIO = "((alpha + T) / (alpha + t_x)) ** (r + x)"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("clv-1", ODDS.replace("1 / (1 + odds)", "1 - 1 / (1 + odds)"), "chance of having left"),
        ("clv-1", ODDS.replace("1 / (1 + odds)", "odds"), "odds of having left"),
        ("clv-1", ODDS.replace("1 / (1 + odds)", "1 + odds"), "1 plus the odds"),
        ("clv-1", ODDS.replace("alpha + t_x", "alpha + T - t_x"), "RFM's recency"),
        ("clv-1", ODDS.replace("(alpha + T) / (alpha + t_x)", "(alpha + t_x) / (alpha + T)"), "on its head"),
        ("clv-1", ODDS.replace("(r + x)", "x"), "x alone"),
        ("clv-1", ODDS.replace("(r + x)", "r"), "r alone"),
        ("clv-1", ODDS.replace(" ** (r + x)", ""), "is missing"),
        ("clv-1", ODDS.replace("x - 1", "x"), "MBG/NBD"),
        ("clv-1", ODDS.replace("alpha + ", ""), "alpha is missing"),
        ("clv-1", ODDS.replace("a / (b + x - 1) * ", ""), "factor a / (b + x − 1) is missing"),
        ("clv-1", ODDS.replace("(b + x - 1)", "b + x - 1", 1).replace("odds = a", "odds = (a").replace("1 * ", "1) * "),
         "needs brackets"),
        ("clv-1", ODDS.replace("(b + x - 1)", "b + x - 1"), "divides by b alone"),
        ("clv-1", ODDS.replace("(r + x)", "r + x"), "takes the r alone"),
        ("clv-1", ODDS.replace("** (r + x)", "* (r + x)"), "A power is written"),
        ("clv-1", ODDS.replace("((alpha + T) / (alpha + t_x))", "(alpha + T / alpha + t_x)"), "brackets of their own"),
        ("clv-1", ODDS.replace("1 / (1 + odds)", "1 / 1 + odds"), "the sum needs brackets"),
        ("clv-1", ODDS.replace("(1 + odds)", "odds"), "The 1 in front"),
        ("clv-1", ODDS + "\nalive = 100 * alive", "per cent"),
        ("clv-1", ODDS.replace("+ T", "+ 7 * T").replace("+ t_x", "+ 7 * t_x"), "as days"),
        ("clv-2", MAE.replace("abs(", "("), "with their signs"),
        ("clv-2", MAE + "\nmae_model, mae_naive = mae_naive, mae_model", "exchanged"),
        ("clv-2", MAE.replace(".mean()", ".sum()"), "is a sum"),
        ("clv-2", MAE.replace(".mean()", ".median()"), "median"),
        ("clv-2", MAE.replace(").mean()", ") .pow(2).mean()"), "squares"),
        ("clv-2", "bought = held[held.holdout_x > 0]\n" + MAE.replace("held[", "bought["), "only who bought"),
        ("clv-2", MAE.replace('"holdout_x"', '"x"'), "compares with x"),
        ("clv-2", MAE.replace('"holdout_x"', '"previous_x"', 1), "with each other"),
        ("clv-2", MAE.replace("mae_naive", "other"), "mae_naive is still to be done"),
        ("clv-3", LISTS.replace("[False, True]", "[True, True]"), "smallest first"),
        ("clv-3", LISTS.replace("[False, True]", "False"), "cuts equal customers"),
        ("clv-3", LISTS.replace('["x", "customer_id"], ascending=[False, True]', '"x", ascending=False'),
         "cuts equal customers"),
        ("clv-3", LISTS.replace(", ascending=[False, True]", "").replace('["x", "customer_id"]', '"x"'),
         "smallest first"),
        ("clv-3", LISTS + "\nby_frequency, by_value = by_frequency / calls.came.sum(), by_value / calls.came.sum()",
         "a share of all"),
        ("clv-3", LISTS.replace('["came"]', '["expected"]'), "expected money"),
        ("clv-3", LISTS.replace(".head(300)", ""), "all customers"),
        ("clv-3", LISTS.replace(".sum()", ".mean()"), "is a mean"),
        ("clv-3", "by_frequency = by_value = calls.head(300)['came'].sum()", "not been sorted"),
        ("clv-3", "by_frequency = by_value = calls.nlargest(300, 'came')['came'].sum()", "nobody knew"),
        ("clv-3", LISTS.replace("by_frequency", "q").replace("by_value", "by_frequency").replace("q =", "by_value ="),
         "exchanged"),
        ("clv-4", "expected_spend = mean_spend", "own mean"),
        ("clv-4", SPEND.replace(" - 1", ""), "The 1 below the bar"),
        ("clv-4", SPEND.replace("- 1", "+ 1"), "added instead"),
        ("clv-4", "expected_spend = (p * v + times * mean_spend) / (p * times + q - 1)", "brackets around v"),
        ("clv-4", SPEND.replace("= p * ", "= "), "p above the bar"),
        ("clv-4", SPEND.replace("v + ", ""), "v is missing"),
        ("clv-4", "expected_spend = p * (v + times * mean_spend) / (p * times) + q - 1", "needs brackets"),
        ("clv-4", "expected_spend = p * v + times * mean_spend / (p * times + q - 1)", "above the bar needs brackets"),
        ("clv-4", "expected_spend = p * (v + times * mean_spend) / p * times + q - 1", "below the bar needs brackets"),
        ("clv-4", "expected_spend = p * (v + times * mean_spend) / (p * times + q) - 1", "The 1 belongs below"),
        ("clv-4", SPEND.replace("v + times * ", "v + "), "times is missing above"),
        ("clv-4", SPEND.replace("(p * times + q", "(p + q"), "times is missing below"),
        ("clv-4", "expected_spend = p * v / (q - 1)", "mean of all"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_one_decimal_of_a_chance_is_too_few_and_a_guess_of_nought_is_no_rounding():
    names = {"r": 0.354, "alpha": 3.9, "a": 0.647, "b": 11.22, "x": 11, "t_x": 45.857, "T": 72.286}
    assert "rounded too far" in answers.check("clv-1", names | {"alive": 0.2}).sentence.say("en")
    assert answers.check("clv-1", names | {"alive": 0.21}).kind == answers.RIGHT
    assert answers.check("clv-1", names | {"T": 110, "alive": 0}).kind == answers.NOT_YET


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_swapping_the_two_recencies_turns_the_ranking_round(given):
    names = given["clv-bet"]
    assert names["auc"] > 0.75 and names["bad"] < 0.45
    assert len(names["lost"]) > 50 and names["lost"]["came"].sum() > 0


def test_the_model_beats_the_same_again_or_says_that_it_does_not(given):
    names = given["clv-bet"]
    low, high = names["gain"] - 1.96 * names["error"], names["gain"] + 1.96 * names["error"]
    assert low < high and names["off"].mean() == pytest.approx(names["naive"].mean() - names["gain"])


def test_a_general_optimiser_finds_the_same_four_parameters(given):
    names = given["clv-bet"]
    assert -names["found"].fun == pytest.approx(names["bg"].log_likelihood_, abs=0.01)


def test_the_published_customers_come_out_as_published(given):
    names = given["clv-bet"]
    assert names["cdnow"].p_alive(names["known"]).tolist() == pytest.approx([0.96885, 0.7266], abs=5e-5)
    assert names["ours"] == pytest.approx([25.757, 1.2260], abs=6e-4)


def test_silence_never_raises_the_chance_and_weighs_more_for_those_who_came_often(seat):
    for x, t_x in ((0, 1), (5, 26), (30, 52)):
        _, alive = curve(x, t_x)
        assert (alive[1:] <= alive[:-1]).all() and 0 < alive[-1] < alive[0] <= 1
    assert curve(30, 26)[1][26] < curve(3, 26)[1][26]


@pytest.mark.parametrize("values", [{"x_slider": 0, "t_slider": 1}, {"x_slider": 30, "t_slider": 52}])
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_game_draws_at_both_ends_of_its_sliders(seat, monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("clv", **values)
    assert str(values["x_slider"]) in plt.gcf().axes[0].get_title()
    plt.close("all")


def test_the_seal_holds_the_orders_of_the_year_after(seat):
    frames = company.unseal("clv", seat).frames
    first = frames["process"].set_index("person_id")["first_order_on"]
    known = set(first[first <= "2024-12-31"].index)
    orders = frames["next_year"].query("person_id in @known")["orders"].sum()
    assert SEAL.truth() == pytest.approx(orders / len(known))
    for lang in language.LANGUAGES:
        assert "%" in SEAL.more().say(lang) and "nan" not in SEAL.more().say(lang)


def test_nothing_is_told_before_the_bet(seat):
    assert "%" not in bets.unseal("clv").say("en")
    bets.bet("clv", 0, 10)
    assert "%" in bets.unseal("clv").say("en")
