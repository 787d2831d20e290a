"""Checks of lesson 11: increments and policies right on any company, each mistake told from the others."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from course import company, effect, language
from course.classroom import answers, bets, load
from course.classroom.lessons.apply import material
from course.classroom.lessons.apply.game import actions, outcome
from course.classroom.lessons.apply.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "apply"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""

    def test_strange_answers_are_told_in_a_sentence(self, given, exercise):
        for found in sitting.told_of_strange_answers(given[exercise], exercise):
            # To choose nothing can be the best policy.
            assert found.kind == answers.NOT_YET or exercise == "apply-2", found
            assert found.sentence.say("zh") and found.sentence.say("en")


#: A plan whose best choice within 1,000 yuan is a and b; c brings most in all, d loses, e is cheap.
PLAN = pd.DataFrame(
    {
        "customers": [100, 300, 900, 50, 20],
        "cost": [400.0, 500.0, 900.0, 200.0, 150.0],
        "expected": [1200.0, 1000.0, 1700.0, 100.0, 170.0],
        "low": [0.0] * 5,
        "high": [9999.0] * 5,
    },
    index=pd.Index(["a", "b", "c", "d", "e"], name="stage"),
)
MADE = {"plan": PLAN, "budget": 1000.0}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("apply-1", "extra = people['coupon'] * (buyers['coupon'] / people['coupon'] "
                    "- buyers['control'] / people['control'])"),
        ("apply-1", REFERENCE["apply-1"] + "\nextra = extra.round().sort_values().to_frame()"),
        ("apply-2", "chosen = set(effect.policy(plan.reset_index(names='segment').assign(action='x'), budget)"
                    "['segment'])"),
        ("apply-2", REFERENCE["apply-2"] + "\nchosen = tuple(reversed(chosen))"),
        ("apply-3", "fleiss_kappa = round(nps.fleiss(votes).value, 3)"),
        ("apply-4", "a = pd.crosstab(clients['registration'], clients['approved'], normalize='index')[True]\n"
                    "impact = round(a['rural'] / a['urban'], 2)"),
        ("apply-5", "from course import identity\na = identity.anonymity(known, ['gender', 'birth_date', 'city'])\n"
                    "k, unique_share = float(a.k), a.unique"),
        *alternatives.of("apply"),
    ],
)  # fmt: skip
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


SHARES = "a, b = buyers['coupon'] / people['coupon'], buyers['control'] / people['control']\n"
COUNTS = (
    "pairs = ((votes**2).sum(axis=1) - 4) / 12\nshares = votes.sum() / votes.sum().sum()\nluck = (shares**2).sum()\n"
)
RATES = "a = clients.groupby('registration')['approved'].mean()\n"
SIZES = "sizes = known.groupby(['gender', 'birth_date', 'city']).size()\nk = sizes.min()\n"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("apply-1", "extra = buyers['coupon']", "all who bought with a coupon"),
        ("apply-1", "extra = buyers['coupon'] - buyers['control']", "fewer people are in it"),
        ("apply-1", SHARES + "extra = people['coupon'] * b", "would have bought anyway"),
        ("apply-1", SHARES + "extra = a - b", "difference of shares"),
        ("apply-1", SHARES + "extra = 100 * (a - b)", "percentage points"),
        ("apply-1", SHARES + "extra = people['coupon'] * (b - a)", "without less with"),
        ("apply-1", SHARES + "extra = people['control'] * (a - b)", "people left out"),
        ("apply-1", SHARES + "extra = people.sum(axis=1) * (a - b)", "both arms"),
        (
            "apply-1",
            "extra = buyers['coupon'] - people['coupon'] * buyers['control'].sum() / people['control'].sum()",
            "control group of its own",
        ),
        ("apply-1", "extra = (buyers['coupon'] - buyers['control']).sum()", "single value"),
        ("apply-1", SHARES + "extra = people['coupon'] * (a - b) + 5", "is not right for"),
        ("apply-2", "chosen = list(plan.index)", "more than the budget"),
        ("apply-2", "chosen = ['gold']", "none of the stages"),
        ("apply-2", "chosen = 5", "list of names"),
        ("apply-2", "chosen = [plan.index[0]] * 2", "stands twice"),
        ("apply-3", COUNTS + "fleiss_kappa = pairs.mean()", "observed agreement"),
        ("apply-3", COUNTS + "fleiss_kappa = luck", "luck alone"),
        ("apply-3", COUNTS + "fleiss_kappa = pairs.mean() - luck", "not divided"),
        (
            "apply-3",
            COUNTS + "fleiss_kappa = ((votes**2).sum(axis=1).mean() / 16 - luck) / (1 - luck)",
            "with themselves",
        ),
        ("apply-3", COUNTS + "fleiss_kappa = (pairs.mean() - 1 / 3) / (2 / 3)", "one third"),
        ("apply-3", COUNTS + "fleiss_kappa = (pairs.mean() - luck) / luck", "divided by the expected"),
        ("apply-4", RATES + "impact = a['urban'] / a['rural']", "urban over rural"),
        ("apply-4", RATES + "impact = a['rural'] - a['urban']", "difference of the two rates"),
        ("apply-4", RATES + "impact = a['urban'] - a['rural']", "difference of the two rates"),
        (
            "apply-4",
            "a = clients[clients['approved']]['registration'].value_counts()\nimpact = a['rural'] / a['urban']",
            "numbers of people",
        ),
        ("apply-4", RATES + "impact = (1 - a['rural']) / (1 - a['urban'])", "refused"),
        ("apply-4", RATES + "impact = a['rural']", "rural alone"),
        ("apply-4", RATES.replace("approved", "defaulted") + "impact = a['rural'] / a['urban']", "defaults"),
        ("apply-5", SIZES + "k, unique_share = sizes.max(), 0.5", "largest group"),
        ("apply-5", SIZES + "k, unique_share = len(sizes), 0.5", "number of groups"),
        ("apply-5", SIZES + "k, unique_share = (sizes == 1).sum(), 0.5", "members who are alone"),
        ("apply-5", SIZES + "unique_share = (sizes == 1).mean()", "share of the groups"),
        ("apply-5", SIZES + "unique_share = (sizes == 1).sum()", "number of those alone"),
        ("apply-5", SIZES + "unique_share = 100 * (sizes == 1).sum() / len(known)", "per cent"),
        ("apply-5", SIZES + "unique_share = len(sizes) / len(known)", "the attacker's chance"),
        ("apply-5", SIZES + "unique_share = 1 - (sizes == 1).sum() / len(known)", "not alone"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("chosen = plan['expected'].sort_values(ascending=False).index[:2].tolist()", "bring most in all"),
        ("chosen = ['b', 'c']", "more than the budget"),
        ("chosen = ['a', 'd']", "not expected to bring back its cost"),
        ("chosen = []", "Nothing is chosen"),
        ("chosen = ['a']", "Money is left"),
        ("chosen = ['c']", "by what a whole stage brings"),
        ("chosen = ['a', 'e']", "the cheapest first"),
    ],
)
def test_a_policy_that_is_not_the_best_is_told_why(code, said):
    found = sitting.told(dict(MADE), "apply-2", code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found


def test_the_best_policy_by_hand_is_right_in_any_form():
    for code in (
        "chosen = ['a', 'b']",
        "chosen = ('b', 'a')",
        "chosen = plan.loc[['a', 'b']]",
        "chosen = plan.index[:2]",
    ):
        assert sitting.told(dict(MADE), "apply-2", code).kind == answers.RIGHT
    hopeless = PLAN.assign(expected=1.0)
    assert sitting.told({"plan": hopeless, "budget": 1000.0}, "apply-2", "chosen = []").kind == answers.RIGHT


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_the_coupon_log_is_that_of_the_campaign(given):
    names = given["apply-bet"]
    log, campaigns, orders = names["coupon"], load("campaigns"), load("orders")
    drawn = campaigns.query("campaign_id == 'C01'").drop_duplicates("customer_id", keep=False).set_index("customer_id")
    assert (log.set_index("customer_id")["arm"] == drawn.loc[log["customer_id"], "arm"]).all()
    inside = orders[orders["ordered_at"].between("2024-03-04", "2024-03-17 23:59:59")]
    assert (log["bought"] == log["customer_id"].isin(inside["customer_id"])).all()
    assert not log.loc[log["arm"] == "control", "redeemed"].any() and (log["bought"] | (log["margin"] == 0)).all()
    assert abs(log["half"].mean() - 0.5) < 0.01


def test_nothing_of_the_time_after_the_sending_is_in_the_log(given):
    names = given["apply-bet"]
    first = load("orders").groupby("customer_id")["ordered_at"].min()
    assert (first[names["coupon"]["customer_id"]] < "2024-03-04").all()


def test_the_search_comes_to_the_segment_that_the_seal_is_about(given, seat):
    names = given["apply-bet"]
    assert names["winner"]["segment"] == material.found(seat)[2]
    # Picked for being large, it promises far more than the coupon does to everybody, and more than it holds.
    assert names["winner"]["lift"] > 100 * names["overall"].difference
    assert names["winner"]["lift"] > SEAL.truth()


def test_shuffled_arms_give_false_finds_that_control_removes(given):
    names = given["apply-bet"]
    assert names["controlled"] <= 0.12 and names["plain"] > 2 * names["controlled"]


def test_the_report_hides_small_cells_and_its_weights_add_up(given):
    names = given["apply-bet"]
    assert names["last"]["weight"].sum() == pytest.approx(names["covered"])
    shown = names["cells"].query("show")
    assert (shown["size"] >= 30).all()
    for _, part in names["cells"].groupby("city"):
        assert (~part["show"]).sum() != 1 or not part["show"].any()


def test_the_forgotten_customer_was_in_the_outputs_and_is_in_none_of_them(given):
    names = given["apply-bet"]
    assert {"portraits.csv", "portraits.parquet", "portraits.xlsx"} <= set(names["before_erasure"])
    assert names["holding"](names["who"]) == []
    assert names["holding"](names["few"].iloc[0])


def test_the_quarter_of_the_lesson_shows_what_is_said_of_it(given):
    names = given["apply-bet"]
    result, usual = names["result"], names["spent"].loc["offer"]
    assert result.increment > 0 and result.low < 0 < result.high and result.low <= result.increment <= result.high
    assert usual["increment"] < 0 and usual["forward"] > 0 and usual["put_off"] > 0


def test_the_game_reckons_as_the_lesson_does_by_hand(given):
    names = given["apply-bet"]
    known = actions(names["margin"]).set_index("segment").loc[names["plan"].index]
    for column in ("cost", "expected", "low", "high"):
        assert known[column].to_numpy() == pytest.approx(names["plan"][column].to_numpy())
    # With all the money that can be used, exactly those are chosen that pay.
    net = (known["expected"] - known["cost"]).clip(lower=0).sum()
    assert outcome(known.reset_index(), known["cost"].sum())[0] == pytest.approx(net)


@pytest.mark.parametrize(
    "values", [{"budget_slider": 0, "margin_slider": 20}, {"budget_slider": 100, "margin_slider": 160}]
)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_game_draws_at_both_ends_of_its_sliders(seat, monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("apply", **values)
    assert plt.gcf().axes[0].get_title()
    plt.close("all")


def test_the_seal_holds_the_true_effect_on_those_people(seat):
    ids = company.unseal("identity", seat).frames["ids"][["customer_id", "person_id"]].drop_duplicates()
    ids = ids[~ids["customer_id"].duplicated(keep=False)].set_index("customer_id")["person_id"]
    known = company.unseal("apply", seat).frames["campaign_people"].query("campaign_id == 'C01'").set_index("person_id")
    one, other, name = material.found(seat)
    log = load("coupon")
    people = log.loc[log[one] + " · " + log[other] == name, "customer_id"].map(ids).dropna()
    effects = (known["outcome_treated"] - known["outcome_reference"]).loc[people]
    assert SEAL.truth() == pytest.approx(100 * effects.mean())
    for lang in language.LANGUAGES:
        said = SEAL.more().say(lang)
        assert "nan" not in said and "{" not in said


def test_nothing_is_told_before_the_bet(seat):
    assert "promised" not in bets.unseal("apply").say("en")
    bets.bet("apply", 0, 10)
    assert "promised" in bets.unseal("apply").say("en")


def test_the_best_policy_never_costs_more_than_the_budget(given):
    names = given["apply-bet"]
    for part in range(0, 11):
        budget = names["plan"]["cost"].sum() * part / 10
        assert effect.policy(names["actions"], budget)["cost"].sum() <= budget + 1e-6
