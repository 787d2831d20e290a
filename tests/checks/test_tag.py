"""Checks of lesson 06: right on any company, each mistake told from the others; what the lesson claims holds."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import company, language, tag
from course.classroom import answers, bets, load, room
from course.classroom.lessons.tag import material
from course.classroom.lessons.tag.game import counts
from course.classroom.lessons.tag.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "tag"


# --- right answers ---------------------------------------------------------------------------------------------------

AGED = "s = staples[staples['age'].between(22, 45).fillna(False).astype(bool)]\n"
IN = "s = s[(s['day'] > as_of - pd.Timedelta(days=180)) & (s['day'] <= as_of)]\n"
TWICE = "n = s.groupby('customer_id')['order_id'].nunique()\nparents = n[n >= 2].index\n"
THREE = "a, b, c, r = (carried[k].astype(bool) for k in ('high_value', 'high_activity', 'new_parent', 'at_risk'))\n"
RIGHT = THREE + "u = a | b | c\nmails, people, spring = a.sum() + b.sum() + c.sum(), u.sum(), (u & ~r).sum()\n"
SEEN = (
    "s = birthdays.dropna(subset='verified')\nn, p = len(s), (s['declared'] == s['verified']).mean()\n"
    "e = (p * (1 - p) / n) ** 0.5\ncorrect, correct_low, correct_high = p, p - 1.96 * e, p + 1.96 * e\n"
)
RATES = "d, n, w, v = (counts[k].astype(float) for k in counts)\n"


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *alternatives.of("tag"),
        ("tag-1", AGED + IN + TWICE + "parents = list(parents)[::-1]"),
        ("tag-1", AGED + IN + TWICE + "parents = n[n >= 2]"),
        ("tag-1", AGED + IN + TWICE + "parents = n >= 2"),
        ("tag-1", AGED + IN + TWICE + "parents = n[n >= 2].reset_index()"),
        ("tag-1", AGED + IN + TWICE + "parents = set(parents)"),
        ("tag-2", RIGHT + "mails, people, spring = float(mails), int(people), spring"),
        (
            "tag-2",
            RIGHT + "people = tag.reach(tags, {k: k for k in ('high_value', 'high_activity', 'new_parent')}).together",
        ),
        (
            "tag-3",
            SEEN + "correct, correct_low, correct_high = (round(x, 3) for x in (correct, correct_low, correct_high))",
        ),
        (
            "tag-3",
            SEEN + "from statsmodels.stats.proportion import proportion_confint\n"
            "correct_low, correct_high = proportion_confint(p * n, n, method='wilson')",
        ),
        ("tag-4", "sensitivity = price['price_sensitivity'][::-1]"),
        (
            "tag-4",
            RATES + "sensitivity = (np.log(d + .5) - np.log(w) - np.log(n + .5) + np.log(v)).round(2).to_frame()",
        ),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "tag-1",
            "parents = features.query('staple_orders > 1 and 22 <= age <= 45')['customer_id']",
            "left out the test customers",
        ),
        ("tag-1", AGED + TWICE, "window is missing"),
        ("tag-1", AGED + IN.replace(">", "<=", 1).replace("<= as_of)", "<= as_of)") + TWICE, "before the window"),
        ("tag-1", "s = staples\n" + IN + TWICE, "age is missing"),
        ("tag-1", AGED + IN + "n = s.groupby('customer_id').size()\nparents = n[n >= 2].index", "Rows were counted"),
        (
            "tag-1",
            AGED + IN + "n = s.groupby('customer_id')['quantity'].sum()\nparents = n[n >= 2].index",
            "Pieces were counted",
        ),
        ("tag-1", AGED + IN + TWICE.replace(">= 2", ">= 1"), "with one order is in"),
        ("tag-1", AGED + IN + "s = s[s['kind'] == 'nappies']\n" + TWICE, "one of the two goods"),
        ("tag-1", AGED + IN + TWICE + "parents = parents.tolist", "brackets"),
        ("tag-1", AGED + IN + TWICE.replace(">= 2", "> 2"), "exactly two are missing"),
        ("tag-1", AGED + IN + "parents = s['customer_id']", "more than once"),
        ("tag-1", AGED + IN + TWICE + "parents = parents[:-1]", "some who do are missing"),
        ("tag-1", AGED + IN + TWICE + "parents = [*parents, 'C9']", "and some others"),
        ("tag-1", AGED + IN + TWICE + "parents = [*parents[:-1], 'C9']", "do not carry the tag"),
        ("tag-1", AGED + IN + TWICE + "parents = list(range(3))", "holds no customer ids"),
        ("tag-1", AGED + IN + TWICE + "parents = len(parents)", "should hold customer ids"),
        ("tag-2", RIGHT + "mails = people", "mails counts people"),
        ("tag-2", RIGHT + "mails = a.sum() + b.sum()", "two of the three"),
        ("tag-2", RIGHT + "mails = carried.drop(columns='customer_id').sum().sum()", "not one of the three"),
        ("tag-2", RIGHT + "mails = len(carried)", "all customers"),
        ("tag-2", RIGHT + "people = mails", "people counts letters"),
        ("tag-2", RIGHT + "people = (a & b & c).sum()", "all three lists"),
        (
            "tag-2",
            RIGHT + "people = mails - (a & b).sum() - (a & c).sum() - (b & c).sum()",
            "add them once",
        ),
        ("tag-2", RIGHT + "people = (a.astype(int) + b + c == 1).sum()", "exactly one list"),
        ("tag-2", RIGHT + "people = spring", "That is spring"),
        ("tag-2", RIGHT + "people = u.mean()", "people is a share"),
        ("tag-2", RIGHT + "people = people + 1", "one off in people"),
        ("tag-2", RIGHT + "spring = people", "still holds those at risk"),
        ("tag-2", RIGHT + "spring = (u & r).sum()", "only them"),
        ("tag-2", RIGHT + "spring = (~r).sum()", "everybody who is not at risk"),
        ("tag-2", RIGHT + "spring = people - r.sum()", "were on no list"),
        ("tag-2", RIGHT + "spring = u & ~r", "one number"),
        ("tag-3", SEEN + "correct = (birthdays['declared'] == birthdays['verified']).mean()", "A blank cannot"),
        ("tag-3", SEEN + "correct = 1 - p", "those who are wrong"),
        ("tag-3", SEEN + "correct = 100 * p", "Percent are given"),
        ("tag-3", SEEN + "correct = n * p", "number of accounts"),
        ("tag-3", SEEN + "correct = round(p, 2)", "whole percent"),
        ("tag-3", SEEN + "correct = birthdays['verified'].notna().mean()", "whose document was seen"),
        (
            "tag-3",
            SEEN + "correct = (s['declared'].dt.year == s['verified'].dt.year).mean()",
            "Only the years",
        ),
        ("tag-3", SEEN + "correct_low, correct_high = p - e, p + e", "one standard error"),
        ("tag-3", SEEN + "correct_low, correct_high = p - 1.96 * e**2, p + 1.96 * e**2", "root is missing"),
        (
            "tag-3",
            SEEN + "e = (p * (1 - p)) ** .5\ncorrect_low, correct_high = p - 1.96 * e, p + 1.96 * e",
            "single answers",
        ),
        (
            "tag-3",
            SEEN + "e = (p * (1 - p) / len(birthdays)) ** .5\ncorrect_low, correct_high = p - 1.96 * e, p + 1.96 * e",
            "number of all accounts",
        ),
        ("tag-3", SEEN + "correct_low, correct_high = p - 1.645 * e, p + 1.645 * e", "90%"),
        ("tag-3", SEEN + "correct_low, correct_high = p - 3.92 * e, p + 3.92 * e", "whole width"),
        ("tag-3", SEEN + "correct_low, correct_high = correct_high, correct_low", "lies above"),
        ("tag-3", SEEN + "correct_low, correct_high = 0, 1", "too wide"),
        ("tag-3", SEEN + "correct_low, correct_high = p, p", "too narrow"),
        ("tag-4", RATES + "sensitivity = np.log((d + .5) / (n + .5))", "days are missing"),
        ("tag-4", RATES + "sensitivity = ((d + .5) / w) / ((n + .5) / v)", "ratio itself"),
        ("tag-4", RATES + "sensitivity = np.log(((n + .5) / v) / ((d + .5) / w))", "upside down"),
        ("tag-4", RATES + "sensitivity = np.log10(((d + .5) / w) / ((n + .5) / v))", "base 10"),
        ("tag-4", RATES + "sensitivity = np.log2(((d + .5) / w) / ((n + .5) / v))", "base 2"),
        ("tag-4", RATES + "sensitivity = np.log(((d + .5) / v) / ((n + .5) / w))", "days are exchanged"),
        ("tag-4", RATES + "sensitivity = np.log((d / w + .5) / (n / v + .5))", "added to the rates"),
        ("tag-4", RATES + "sensitivity = (d + .5) / w - (n + .5) / v", "difference of the two rates"),
        ("tag-4", RATES + "sensitivity = d / (d + n)", "share of orders with a discount"),
        ("tag-4", RATES + "sensitivity = np.log((d / w) / (n / v))", "infinite or blank"),
        ("tag-4", RATES + "sensitivity = d + 3", "values are others"),
        ("tag-4", RATES + "sensitivity = np.log(((d + .5) / w) / ((n + .5) / v))[1:]", "Some are missing"),
        ("tag-4", RATES + "sensitivity = 3.0", "single value"),
    ],
)
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET, found
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def made(rows):
    """Lines of customers one by one: (customer, order, days before as_of, pieces, age)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "order_id", "ago", "quantity", "age"])
    frame["day"] = pd.Timestamp("2024-12-31") - pd.to_timedelta(frame["ago"], unit="D")
    return frame.astype({"age": "Int64"})


#: By hand. Carriers: "edges" (orders on the last and the first of the 180 days), "both" (22), "oldest" (45), "inner".
PEOPLE = [
    *[("edges", "o1", 0, 1, 30), ("edges", "o2", 179, 1, 30), ("both", "o3", 3, 1, 22), ("both", "o4", 4, 1, 22)],
    *[("late", "o5", 180, 1, 30), ("late", "o6", 5, 1, 30), ("old", "o7", 300, 1, 30), ("old", "o8", 400, 1, 30)],
    *[
        ("blank", "o9", 5, 1, None),
        ("blank", "o10", 6, 1, None),
        ("grand", "o11", 5, 1, 60),
        ("grand", "o12", 6, 1, 60),
    ],
    *[("oldest", "o13", 5, 1, 45), ("oldest", "o14", 6, 1, 45), ("once", "o15", 5, 1, 30), ("once", "o15", 5, 2, 30)],
    *[("inner", "o16", 5, 1, 30), ("inner", "o17", 6, 1, 30), ("inner", "o18", 7, 1, 30)],
]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("edges both oldest inner", None),
        ("edges both oldest inner late", "181 days"),
        ("both oldest inner", "ends a day early"),
        ("edges both oldest inner blank", "unknown age"),
        ("edges both oldest inner blank grand", "age is missing"),
        ("edges both oldest inner grand", "upper end of the age"),
        ("edges inner", "22 and 45"),
        ("edges both oldest inner late old", "window is missing"),
        ("old", "before the window"),
        ("inner", "exactly two are missing"),
        ("edges both oldest inner once", "Rows were counted"),
        ("edges both oldest inner once late", "one order is in"),
        ("", "is empty"),
    ],
)
def test_every_edge_of_the_rule_is_told(ids, said):
    names = {"staples": made(PEOPLE), "as_of": pd.Timestamp("2024-12-31"), "parents": ids.split()}
    found = answers.check("tag-1", names)
    assert found.kind == (answers.RIGHT if said is None else answers.NOT_YET), found
    assert said is None or said in found.sentence.say("en")


def test_brackets_that_are_missing_are_told():
    """Worked out by hand: four customers, one of them at risk and on the first list."""
    carried = pd.DataFrame(
        {
            "high_value": [True, True, False, False],
            "high_activity": [False, True, False, False],
            "new_parent": [False, False, True, True],
            "at_risk": [True, False, True, False],
        }
    )
    names = {"carried": carried, "mails": 5, "people": 4, "spring": 2}
    assert answers.check("tag-2", names).kind == answers.RIGHT
    assert "binds before" in answers.check("tag-2", names | {"spring": 3}).sentence.say("en")


# --- what the lesson is told -----------------------------------------------------------------------------------------


def test_features_see_no_later_day_and_have_a_customer_in_one_row(seat):
    now, before = load("features"), load("features_before")
    assert now["customer_id"].is_unique and before["last_order"].max() <= material.BEFORE
    assert set(before["customer_id"]) < set(now["customer_id"])
    assert now["p_alive"].between(0, 1).all() and (now["staple_orders"] <= now["baby_orders"]).all()


def test_exposure_counts_the_days_of_the_calendar(seat):
    """One customer, day by day."""
    calendar, people, features = load("promotions"), load("customers"), load("features")
    shown = load("exposure").set_index("customer_id")
    one = features[features["customer_id"].isin(shown.index)].iloc[7]
    group = people.set_index("customer_id").loc[one["customer_id"]]
    group = group["push_group"] if pd.notna(group["push_group"]) else group["推送分组"]
    days = pd.date_range(one["first_order"], material.AS_OF)
    mine = calendar[calendar["push_group"] == group]
    promo = sum(any((mine["starts"] <= str(d.date())) & (mine["ends"] >= str(d.date()))) for d in days)
    row = shown.loc[one["customer_id"]]
    assert (row["promo_days"], row["full_days"]) == (promo, len(days) - promo)


def test_who_was_asked_had_bought_for_a_baby_and_said_the_truth(seat):
    asked, features = load("asked"), load("features").set_index("customer_id")
    shoppers = features[features["baby_orders"] > 0]
    assert asked["customer_id"].isin(shoppers.index).all() and 0.3 < len(asked) / len(shoppers) < 0.7
    assert (asked["answer"] == asked["customer_id"].map(material.roles(seat))).all()


def test_declared_birthdays_are_as_right_as_the_ledger_says(seat):
    """The truth: birthdays of the app's users that were spoilt on purpose."""
    birthdays = load("declared")
    seen = birthdays.dropna(subset="verified")
    share = tag.judge(
        seen[["user_id"]].set_axis(["customer_id"], axis=1).assign(day=True),
        seen[["user_id"]].set_axis(["customer_id"], axis=1).assign(day=seen["declared"] == seen["verified"]),
    ).iloc[0]
    ledger = company.unseal("clean", seat).frames["defects"]
    spoilt = ledger[(ledger["source"] == company.FILES["app_users"]) & (ledger["column"] == "birthday")]
    assert share["precision_low"] <= 1 - len(spoilt) / len(birthdays) <= share["precision_high"]


def test_the_agencys_tag_is_less_right_in_another_crowd(seat):
    """The trap, by the truth: the same rule, hardly ever right among those who spend most on tea."""
    features = load("features")
    parent = features["customer_id"].map(material.roles(seat)) == "new_parent"
    carried, tea = features["baby_orders"] >= 1, features["top_category"] == "tea"
    assert parent[carried].mean() > 0.35
    assert parent[carried & tea].mean() < 0.25
    assert parent[tea].mean() < parent.mean() / 3


def test_the_rule_as_an_entry_is_the_rule_as_code(seat):
    features = load("features")
    mine = load("tag_dictionary")
    entry = mine["tags"][0]
    entry["versions"].append(mine["second_version"])
    by_entry = tag.evaluate(tag.load({"tags": [entry]}), features, material.AS_OF).table["new_parent"]
    by_code = (features["staple_orders"] >= 2) & features["age"].between(22, 45)
    assert by_entry.fillna(False).equals(by_code.fillna(False).astype("boolean").rename("new_parent"))
    assert by_entry.isna().equals((features["staple_orders"] >= 2) & features["age"].isna())


def test_the_seal_is_the_share_of_new_parents_who_carry_the_second_version(seat, monkeypatch, tmp_path):
    monkeypatch.setitem(room._open, "company", seat)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    features = load("features").set_index("customer_id")
    role = material.roles(seat)
    parents = features[features.index.isin(role[role == "new_parent"].index)]
    strict = parents.query("staple_orders >= 2 and 22 <= age <= 45")
    assert SEAL.truth() == pytest.approx(100 * len(strict) / len(parents))
    assert "%" not in bets.unseal("tag").say("en")
    bets.bet("tag", 0, 100)
    for lang in language.LANGUAGES:
        assert f"{SEAL.truth():.1f}" in bets.unseal("tag").say(lang) and "%" in bets.unseal("tag").say(lang)


def test_a_thousand_dots_are_shared_out_by_the_three_sliders():
    """By hand: 5 % of 1,000 are 50, 70 % of them 35; 3 % of 950 are 28.5. The precision is near the golden .551."""
    assert counts(5, 70, 3) == {"hit": 35, "false_alarm": 28, "missed": 15, "rest": 922}
    assert tag.ppv(0.70, 0.03, 0.05) == pytest.approx(35 / 63, abs=0.01)
    assert all(sum(counts(*v).values()) == 1000 for v in [(0.5, 0, 0), (20, 100, 10), (7.5, 35, 2.5)])


@pytest.mark.parametrize(
    "values", [{"prevalence": 0.5, "sensitivity": 0, "false_alarms": 0}, {"prevalence": 20, "false_alarms": 10}]
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_sliders(monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setitem(room._open, "lesson", "06_tag")
    monkeypatch.setattr(plt, "show", lambda: None)
    play("tag", **values)
    assert "%" in plt.gcf().axes[0].get_title()
    shown = sum(len(c.get_offsets()) for c in plt.gcf().axes[0].collections)
    assert shown == 1000
    plt.close("all")
    language.use("en")


def test_a_fair_measure_of_price_sensitivity_ranks_customers_better(seat):
    """What the stretch of the lesson claims, by the truth: nearer to it, and free of how much promotion was shown."""
    features = load("features")
    ids = company.unseal("identity", seat).frames["ids"][["customer_id", "person_id"]].drop_duplicates()
    ids = ids.drop_duplicates("customer_id", keep=False)
    truth = company.unseal("tag", seat).frames["price_sensitivity"].rename(columns={"price_sensitivity": "true"})
    both = features.query("order_days >= 5").merge(ids, on="customer_id").merge(truth, on="person_id")
    ranks = both[["price_sensitivity", "discount_share", "true", "exposure"]].corr(method="spearman")
    assert ranks.loc["price_sensitivity", "true"] > ranks.loc["discount_share", "true"]
    assert abs(ranks.loc["price_sensitivity", "exposure"]) < 0.25 < ranks.loc["discount_share", "exposure"]
    assert np.isfinite(ranks.to_numpy()).all()
