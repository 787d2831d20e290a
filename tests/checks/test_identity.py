"""What check says to answers of lesson 04 that learners can reach, on other companies than the shipped one."""

import hashlib

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import company, identity, language
from course.classroom import answers, bets, play, room
from course.classroom.lessons.identity import game as lines
from course.classroom.lessons.identity import material
from course.classroom.lessons.identity.seal import SEAL
from tests.checks import sitting

TOPIC = "identity"
LESSON = sitting.lesson(TOPIC)


@pytest.fixture
def folder(seat):
    return seat


# --- right answers ---------------------------------------------------------------------------------------------------


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (
            "identity-1",
            "d = records.dropna(subset=['phone']).drop_duplicates(['phone', 'name'])\n"
            "family_phones = len(d[d.duplicated('phone')].drop_duplicates('phone'))",
        ),
        (
            "identity-1",
            "family_phones = len(records.groupby('phone')['name'].nunique().reset_index().query('name > 1'))",
        ),
        (
            "identity-2",
            "agree = shares.apply(lambda c: np.log2(c[True] / c[False])).round(2)\n"
            "disagree = shares.apply(lambda c: np.log2((1 - c[True]) / (1 - c[False]))).round(2)",
        ),
        (
            "identity-2",
            "a, b = shares.to_numpy()[::-1]\nagree = list(np.log2(a / b))\n"
            "disagree = dict(zip(shares.columns, np.log2((1 - a) / (1 - b))))",
        ),
        (
            "identity-2",
            "agree = np.log2(shares.tail(1).reset_index(drop=True) / shares.head(1).reset_index(drop=True))\n"
            "disagree = np.log2((1 - shares.loc[True]) / (1 - shares.loc[False]))[['name', 'birthday', 'phone']]",
        ),
        (
            "identity-3",
            "both = loose.merge(loose, on='group').query('customer_id_x < customer_id_y')\n"
            "pair_precision = (both['person_id_x'] == both['person_id_y']).mean()",
        ),
        (
            "identity-3",
            "l = loose.set_index('customer_id')\n"
            "pair_precision = round(identity.judge(l['group'], l['person_id'])['pair_precision'], 3)",
        ),
        (
            "identity-4",
            "net = orders['amount'] - orders['refunded']\n"
            "wide = people.set_index('customer_id')[['city']]\n"
            "by = orders.groupby('customer_id')\n"
            "wide['orders'] = by['order_id'].nunique()\n"
            "wide['yuan'] = net.groupby(orders['customer_id']).sum().round(2)\n"
            "wide['tickets'] = tickets['customer_id'].value_counts()\n"
            "wide = wide.fillna({'orders': 0, 'yuan': 0, 'tickets': 0}).sort_values('yuan')\n"
            "wide['score'] = survey.sort_values('answered_at').groupby('customer_id')['score'].last()\n",
        ),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

SHARES = "m, u = shares.loc[True], shares.loc[False]\nagree, disagree = np.log2(m / u), np.log2((1 - m) / (1 - u))\n"
GROUPS = (
    "g, b = loose.groupby('group').size(), loose.groupby(['group', 'person_id']).size()\n"
    "p = loose.groupby('person_id').size()\n"
)
WIDE = LESSON.exercises()["identity-4"].text + "\n"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("identity-1", "family_phones = (records.groupby('phone').size() > 1).sum()", "more than one record"),
        ("identity-1", "family_phones = (records['phone'].value_counts() > 1).sum()", "more than one record"),
        ("identity-1", "family_phones = (records.groupby('phone', dropna=False)['name'].nunique() > 1).sum()", "blank"),
        ("identity-1", "family_phones = (records.groupby('phone')['name'].nunique() > 1).mean()", "a share"),
        (
            "identity-1",
            "n = records['phone'].map(records.groupby('phone')['name'].nunique())\nfamily_phones = (n > 1).sum()",
            "records behind",
        ),
        (
            "identity-1",
            "n = records.groupby('phone')['name'].nunique()\nfamily_phones = n[n > 1].sum()",
            "added up",
        ),
        ("identity-1", "family_phones = (records.groupby('name')['phone'].nunique() > 1).sum()", "turned round"),
        ("identity-1", "family_phones = (records.groupby('phone')['name'].nunique() == 1).sum()", "exactly one"),
        ("identity-1", "family_phones = (records.groupby('phone')['name'].nunique() > 2).sum()", "more than two"),
        ("identity-1", "family_phones = records['phone'].nunique()", "all phones"),
        ("identity-1", "family_phones = records.groupby('phone')['name'].nunique().max()", "largest"),
        ("identity-1", "family_phones = records.groupby('phone')['name'].nunique() > 1", "many values"),
        ("identity-1", "family_phones = records.groupby('phone')['name'].nunique", "not called"),
        ("identity-2", SHARES + "agree = np.log2(u / m)", "upside down"),
        ("identity-2", SHARES + "agree = np.log(m / u)", "natural"),
        ("identity-2", SHARES + "disagree = np.log10((1 - m) / (1 - u))", "base 10"),
        ("identity-2", SHARES + "agree = m / u", "ratio itself"),
        ("identity-2", SHARES + "agree = m - u", "subtracted"),
        ("identity-2", SHARES + "agree = np.log2(m)", "Only one"),
        ("identity-2", SHARES + "agree, disagree = disagree, agree", "exchanged"),
        ("identity-2", SHARES + "disagree = -agree", "sign turned"),
        ("identity-2", SHARES + "disagree = np.log2(m / (1 - u))", "m beside"),
        ("identity-2", SHARES + "disagree = np.log2((1 - m) / u)", "1 − m beside"),
        ("identity-2", SHARES + "disagree = 1 - agree", "1 less the weight"),
        ("identity-2", SHARES + "disagree = agree", "weights of an agreement"),
        ("identity-2", SHARES + "agree = np.log2(m / (1 - m))", "own opposite"),
        ("identity-2", SHARES + "agree = agree * [1, 1, 2]", "for: birthday"),
        ("identity-2", SHARES + "disagree = np.log2(1 - m / u)", "below 0"),
        ("identity-2", SHARES + "agree = agree + 0.1", "rounded"),
        ("identity-2", SHARES + "disagree = np.log2(1 - m / 1 - u)", "brackets"),
        ("identity-2", SHARES + "agree = agree['phone']", "single value"),
        ("identity-2", SHARES + "disagree = ...", "still to be done"),
        ("identity-3", GROUPS + "pair_precision = pairs(b) / pairs(p)", "recall"),
        ("identity-3", GROUPS + "pair_precision = (b**2).sum() / (g**2).sum()", "squared"),
        ("identity-3", GROUPS + "pair_precision = pairs(p) / pairs(g)", "both columns"),
        (
            "identity-3",
            GROUPS + "pair_precision = (loose.groupby('group')['person_id'].nunique() == 1).mean()",
            "groups",
        ),
        ("identity-3", GROUPS + "pair_precision = len(g) / len(b)", "Sizes go through"),
        ("identity-3", GROUPS + "pair_precision = pairs(g) / pairs(b)", "Upside down"),
        ("identity-3", GROUPS + "pair_precision = pairs(b)", "how many pairs are right"),
        ("identity-3", GROUPS + "pair_precision = pairs(g)", "below the line"),
        ("identity-3", GROUPS + "pair_precision = 1 - pairs(b) / pairs(g)", "wrong pairs"),
        ("identity-3", GROUPS + "pair_precision = 100 * pairs(b) / pairs(g)", "percentage"),
        ("identity-3", "pair_precision = some['same'].mean()", "links that are right"),
        (
            "identity-3",
            "l = loose.set_index('customer_id')\n"
            "pair_precision = identity.judge(l['group'], l['person_id'])['b3_precision']",
            "B³",
        ),
        ("identity-3", GROUPS + "pair_precision = b / g", "many values"),
        (
            "identity-4",
            "wide = people.merge(orders, on='customer_id', how='left').merge(tickets, on='customer_id', how='left')\n"
            "wide = wide.assign(orders=1, yuan=wide['amount'], tickets=1, score=5)",
            "has one already",
        ),
        ("identity-4", WIDE + "wide = wide[wide['orders'] > 0]", "without an order are gone"),
        ("identity-4", WIDE + "wide = wide.iloc[1:]", "keep all its rows"),
        (
            "identity-4",
            WIDE + "wide = wide.drop(columns='score').merge(said, on='customer_id', how='outer')",
            "nobody in people",
        ),
        (
            "identity-4",
            WIDE + "wide = people[['customer_id']]\nfor part in (bought, asked, said):\n"
            "    wide = wide.merge(part, on='customer_id', how='left')",
            "has 0",
        ),
        (
            "identity-4",
            WIDE + "wide['yuan'] = wide['customer_id'].map(orders.groupby('customer_id')['amount'].sum()).fillna(0)",
            "paid back",
        ),
        ("identity-4", WIDE + "wide['yuan'] = wide['yuan'].sample(frac=1, random_state=0).to_numpy()", "by position"),
        ("identity-4", WIDE + "wide['yuan'] = wide['yuan'].round(0)", "wrong for some"),
        ("identity-4", WIDE + "wide['orders'] = wide['yuan']", "number of orders"),
        ("identity-4", WIDE + "wide['tickets'] = wide['tickets'] > 0", "whether there was one"),
        (
            "identity-4",
            WIDE + "wide['score'] = wide['customer_id'].map(survey.groupby('customer_id')['score'].mean())",
            "mean of all",
        ),
        (
            "identity-4",
            WIDE + "first = survey.sort_values('answered_at').drop_duplicates('customer_id').set_index('customer_id')\n"
            "wide['score'] = wide['customer_id'].map(first['score'])",
            "first answer",
        ),
        ("identity-4", WIDE + "wide['score'] = wide['score'].fillna(0)", "detractor"),
        ("identity-4", WIDE + "wide = wide.drop(columns='score')", "lacks the column score"),
        ("identity-4", WIDE + "wide = wide['yuan'].sum()", "should be a table"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_a_share_rounded_to_two_places_is_told_so(given):
    names = dict(given["identity-3"])
    for cut in range(0, 400, 20):  # until two places are not three by chance
        names["loose"] = given["identity-3"]["loose"].iloc[cut:]
        exec(GROUPS + "p = pairs(b) / pairs(g)", names)
        if abs(names["p"] - round(names["p"], 2)) > 0.001:
            break
    found = sitting.told(names, "identity-3", "pair_precision = round(p, 2)")
    assert "rounded too far" in found.sentence.say("en")


def test_what_was_given_and_has_changed_is_told_in_a_sentence(given):
    found = sitting.told(given["identity-2"], "identity-2", SHARES + "shares = shares.T")
    assert "Run the cell" in found.sentence.say("en")


def test_an_earlier_answer_that_was_left_blank_is_no_reason_to_refuse(given):
    """Of two answers, one with a blank score: the latest that says something is right as well."""
    names = dict(given["identity-4"])
    one = names["people"]["customer_id"].iloc[0]
    later = {"customer_id": one, "answered_at": pd.Timestamp("2024-12-30"), "score": np.nan}
    names["survey"] = pd.concat([names["survey"], pd.DataFrame([later])], ignore_index=True)
    assert sitting.told(names, "identity-4", WIDE).kind == answers.RIGHT
    says = (
        "last = survey.sort_values('answered_at').groupby('customer_id')['score'].last()\n"
        "wide['score'] = wide['customer_id'].map(last)"
    )
    assert sitting.told(names, "identity-4", WIDE + says).kind == answers.RIGHT


# --- what the lesson is told -----------------------------------------------------------------------------------------


def test_the_records_hold_every_yuan_once(folder):
    records, orders = material.records(folder), sitting.classroom.load("orders")
    assert records["customer_id"].is_unique and set(records["system"]) == {"crm", "app", "till"}
    assert records["yuan"].sum() == pytest.approx((orders["amount"] - orders["refunded"]).sum(), abs=0.005)
    assert records.loc[records["system"] == "crm", "yuan"].eq(0).all()
    assert not records["phone"].isin(["13800138000", "00000000000"]).any()


def test_pairs_that_are_looked_at_are_those_that_agree_on_a_phone_name_or_e_mail(folder):
    records, pairs = material.records(folder), material.candidates(folder)
    sizes = records.groupby("phone").size()
    assert (pairs["phone"] == 1).sum() == (sizes * (sizes - 1) / 2).sum()
    sizes = records.groupby("name").size()
    assert (pairs["name"] == 1).sum() == (sizes * (sizes - 1) / 2).sum()
    assert (pairs["left"] < pairs["right"]).all() and not pairs.duplicated(["left", "right"]).any()
    by_id = records.set_index("customer_id")
    some = pairs.sample(200, random_state=0)
    for pair in some.itertuples():
        one, other = by_id.loc[pair.left, "birth_date"], by_id.loc[pair.right, "birth_date"]
        if pd.isna(one) or pd.isna(other):
            assert np.isnan(pair.birthday)
        else:
            assert pair.birthday == ((one.month, one.day) == (other.month, other.day))


def test_of_the_labelled_pairs_the_seal_knows_who_is_one_person(folder):
    labelled = material.labelled(folder)
    ids = company.unseal("identity", folder).frames["ids"]
    crm_app = ids[ids["system"].isin(["crm", "app"])].set_index("customer_id")["person_id"]
    records = material.records(folder)
    known = records[records["city"].isin(records["city"].value_counts().index[:2])]
    per_person = known.groupby([known["customer_id"].map(crm_app), known["city"], known["name"].str[0]]).size()
    assert labelled["same"].sum() == (per_person * (per_person - 1) / 2).sum()
    shares = labelled.groupby("same")[list(material.FIELDS)].mean()
    assert (shares.loc[True] > 0.8).all() and (shares.loc[False] < 0.05).all()


def test_the_golden_values_of_a_shared_phone_and_of_phone_and_name():
    m, u = (0.96, 0.82), (0.005, 0.0024)
    assert m[0] / u[0] == pytest.approx(192) and m[0] * m[1] / u[0] / u[1] == pytest.approx(65_600)
    assert identity.fellegi_sunter(0.001, m[:1], u[:1]).probability == pytest.approx(0.161, abs=5e-4)
    assert identity.fellegi_sunter(0.001, m, u).probability == pytest.approx(0.985, abs=5e-4)


def test_a_looser_rule_has_the_better_rate_and_the_worse_merges(given):
    names = given["identity-2"]
    both, phone = names["cost"](names["by_both"]), names["cost"](names["by_phone"])
    assert phone["consolidation_rate"] > both["consolidation_rate"]
    assert phone["pair_precision"] < both["pair_precision"] - 0.05
    assert phone["lost"] > both["lost"] and phone["wrong"] > both["wrong"]
    records = names["records"]
    totals = [records.groupby(names[rule])["yuan"].sum().sum() for rule in ("own", "by_both", "by_phone")]
    assert totals == pytest.approx([totals[0]] * 3, abs=0.005)


def test_a_plain_hash_of_a_phone_is_undone_in_a_moment_and_a_keyed_one_is_not(given):
    names = given["identity-2"]
    tried = names["tried"]
    assert len(tried) == 10_000 and tried[hashlib.sha256(names["busiest"].encode()).hexdigest()[:16]]
    assert names["codes"].nunique() == names["records"]["phone"].nunique() and not names["codes"].isin(tried).any()


def test_the_call_hardly_errs_and_can_be_undone_and_one_bridge_halves_precision(given):
    names = given["identity-4"]
    assert names["final"]["pair_precision"] > 0.99 and names["final"]["pair_recall"] > 0.95
    assert names["back"] == names["original"]
    assert names["after"] == pytest.approx(1 / 3) and names["before"] == pytest.approx(2 / 3)


def test_the_games_curve_is_the_one_of_the_lesson(given, folder):
    names = given["identity-4"]
    curve = lines.curve(folder)
    columns = ["bits", "pair_precision", "pair_recall", "lost", "wrong", "scattered"]
    np.testing.assert_allclose(curve[columns].to_numpy()[:-1], names["curve"][columns].to_numpy(), atol=1e-5)
    last = curve.iloc[-1]
    assert last["persons"] == last["records"] and last["wrong"] == 0 and np.isnan(last["pair_precision"])


@pytest.mark.parametrize("threshold", [-16, 24])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_slider(seat, monkeypatch, threshold, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("identity", threshold=threshold)
    figure = plt.gcf()
    assert len(figure.axes) == 2 and all(ax.get_title() and "nan" not in ax.get_title() for ax in figure.axes)
    plt.close("all")
    language.use("en")


def test_the_seal_holds_the_share_of_true_pairs_among_those_of_one_phone(folder):
    records = material.records(folder).dropna(subset="phone")
    records["person"] = records["customer_id"].map(material.truth(folder))
    met = records.merge(records, on="phone").query("customer_id_x < customer_id_y")
    assert SEAL.truth() == pytest.approx(100 * (met["person_x"] == met["person_y"]).mean())
    assert 60 < SEAL.truth() < 95
    assert "1,500 persons" in SEAL.more().say("en") and "1,500 个人" in SEAL.more().say("zh")


def test_nothing_is_told_before_the_bet(seat, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert "1,500" not in bets.unseal("identity").say("en")
    bets.bet("identity", 0, 100)
    assert "Your range held it." in bets.unseal("identity").say("en")


def test_every_line_is_for_the_company_that_is_open(seat):
    assert room.company() == seat and sitting.classroom.load("records")["customer_id"].is_unique
