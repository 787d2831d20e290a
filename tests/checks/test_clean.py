"""Checks of lesson 03: right on any company, each mistake told from the others, nothing that ends in a traceback."""

import datetime

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from course import company, language
from course.classroom import answers, bets, room
from course.classroom.lessons.clean import material, seal
from course.classroom.lessons.clean.game import caught, sold
from course.classroom.widgets import play
from tests.checks import sitting

TOPIC = "clean"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


# --- right answers ---------------------------------------------------------------------------------------------------


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (  # rule 2 first, row by row, other order, another index
            "clean-1",
            "rest = received.drop_duplicates('order_id')\n"
            "copies = received.drop(index=rest.index)\n"
            "back = rest.query(\"status in ['refunded', 'cancelled', 'unpaid']\")\n"
            "rest = rest[~rest['status'].isin(['refunded', 'cancelled', 'unpaid'])]\n"
            "bad = (rest['ordered_at'] < '2023') | (rest['ordered_at'] >= '2025') "
            "| (rest['amount'] / rest['listed'] > 5)\n"
            "aside = pd.concat([copies, back], ignore_index=True)\n"
            "wrong, valid = rest[bad].reset_index(drop=True), rest[~bad].sample(frac=1, random_state=0)",
        ),
        (
            "clean-2",
            "def age_on(born, day):\n"
            "    out = []\n"
            "    for b in born:\n"
            "        years = None if pd.isna(b) else day.year - b.year - ((day.month, day.day) < (b.month, b.day))\n"
            "        out.append(None if years is None or not 0 <= years <= 110 else years)\n"
            "    return out",
        ),
        (
            "clean-2",
            "def age_on(born, day):\n"
            "    had = (born.dt.month < day.month) | ((born.dt.month == day.month) & (born.dt.day <= day.day))\n"
            "    age = day.year - born.dt.year - (~had).astype(int)\n"
            "    return age.where(age.between(0, 110)).astype('Int64')",
        ),
        (
            "clean-3",
            "c = asked['band'].value_counts()\nat_least = c['50+'] / len(asked)\n"
            "at_most = 1 - c['under_50'] / len(asked)",
        ),
        ("clean-3", REFERENCE["clean-3"] + "\nat_least, at_most = round(at_least, 3), round(at_most, 3)"),
        (
            "clean-4",
            "a = came.set_index('customer_id')['finebi'].astype(str)\nb = mended.set_index('customer_id')['finebi']\n"
            "changed = int((a.sort_index() != b.astype(str).sort_index()).sum())",
        ),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

STATES = "back = received['status'].isin(['refunded', 'cancelled', 'unpaid'])\n"
AWAY = STATES + "away = back | received.duplicated('order_id')\n"
YEAR = "year = ~received['ordered_at'].dt.year.between(2023, 2024)\n"
FAULTY = YEAR + "faulty = year | (received['amount'] > 5 * received['listed'])\n"
SPLIT = "aside, wrong, valid = received[away], received[~away & faulty], received[~away & ~faulty]"
LATER = "(100 * born.dt.month + born.dt.day > 100 * day.month + day.day)"
AGE = "def age_on(born, day):\n    {}\n    return age.where(age.between(0, 110))"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("clean-1", AWAY + FAULTY + SPLIT.replace("received[~away & ~faulty]", "received[~away]"), "in two tables"),
        (
            "clean-1",
            AWAY + FAULTY + "aside, wrong, valid = received[back], received[faulty & ~away], received[~away & ~faulty]",
            "came once more",
        ),
        (
            "clean-1",
            AWAY + FAULTY + "aside, wrong = received[away], received[~away & faulty]\n"
            "valid = received[~away & ~year & (received['amount'] <= 5 * received['listed'])]",
            "listed is blank",
        ),
        (
            "clean-1",
            AWAY + FAULTY + "aside, wrong = received[away], received[~away & faulty]\n"
            "valid = received[~away & ~faulty & (received['ordered_at'] <= '2024-12-31')]",
            "31 December",
        ),
        (
            "clean-1",
            "away = (received['status'] != 'completed') | received.duplicated('order_id')\n" + FAULTY + SPLIT,
            "Shipped is sold",
        ),
        (
            "clean-1",
            "away = received['status'].isin(['refunded', 'cancelled']) | received.duplicated('order_id')\n"
            + FAULTY
            + SPLIT,
            "all three states",
        ),
        (
            "clean-1",
            STATES + "away = back | received.duplicated('order_id', keep=False)\n" + FAULTY + SPLIT,
            "Both rows",
        ),
        ("clean-1", STATES + "away = back\n" + FAULTY + SPLIT, "counted twice"),
        (
            "clean-1",
            STATES + "rest = received[~back]\n"
            "copies = rest[rest.duplicated('order_id', keep='last')]\n"
            "rest = rest.drop_duplicates('order_id', keep='last')\n"
            + FAULTY.replace("received", "rest")
            + "aside = pd.concat([copies, received[back]])\nwrong, valid = rest[faulty], rest[~faulty]",
            "an earlier state",
        ),
        (
            "clean-1",
            STATES + "away = back | received.duplicated(['customer_id', 'amount'])\n" + FAULTY + SPLIT,
            "only look alike",
        ),
        (
            "clean-1",
            AWAY + FAULTY + "aside, wrong, valid = received[~away & faulty], received[away], received[~away & ~faulty]",
            "exchanged",
        ),
        (
            "clean-1",
            AWAY + FAULTY + "aside, wrong, valid = received[away | faulty], received[:0], received[~away & ~faulty]",
            "set aside here",
        ),
        (
            "clean-1",
            STATES
            + FAULTY
            + "dup = received.duplicated('order_id')\n"
            + "aside, wrong = received[back], received[~back & (faulty | dup)]\n"
            + "valid = received[~back & ~faulty & ~dup]",
            "copy is no wrong row",
        ),
        (
            "clean-1",
            STATES + FAULTY + "aside, wrong, valid = received[:0], received[back | faulty], received[~back & ~faulty]",
            "rule 1 comes first",
        ),
        (
            "clean-1",
            AWAY
            + "year = ~received['ordered_at'].between('2023-01-01', '2024-12-31')\n"
            + "faulty = year | (received['amount'] > 5 * received['listed'])\n"
            + SPLIT,
            "midnight",
        ),
        (
            "clean-1",
            AWAY + YEAR + "faulty = year | ~(received['amount'] <= 5 * received['listed'])\n" + SPLIT,
            "A blank proves nothing",
        ),
        ("clean-1", AWAY + YEAR + "faulty = year | (received['amount'] > 1000)\n" + SPLIT, "agree with their lines"),
        ("clean-1", AWAY + YEAR + "faulty = year | (received['amount'] > 50)\n" + SPLIT, "nothing is wrong with"),
        ("clean-1", AWAY + YEAR + "faulty = year\n" + SPLIT, "nothing to do with their lines"),
        ("clean-1", AWAY + FAULTY + SPLIT + "\nvalid = len(valid)", "should be a table"),
        ("clean-1", AWAY + FAULTY + SPLIT + "\nwrong = ...", "still to be done"),
        ("clean-2", AGE.format("age = day.year - born.dt.year"), "Only the years"),
        ("clean-2", AGE.format("age = (day - born).dt.days // 365"), "leap days"),
        ("clean-2", AGE.format("age = (day - born).dt.days // 365.25"), "not on birthdays"),
        ("clean-2", AGE.format("age = (day - born).dt.days / 365.25"), "Full years"),
        (
            "clean-2",
            AGE.format("age = day.year - born.dt.year - ~((born.dt.month <= day.month) & (born.dt.day <= day.day))"),
            "compared apart",
        ),
        ("clean-2", AGE.format("age = day.year - born.dt.year - (born.dt.month > day.month)"), "Only the months"),
        (
            "clean-2",
            AGE.format(
                "age = day.year - born.dt.year - (100 * born.dt.month + born.dt.day >= 100 * day.month + day.day)"
            ),
            "On the birthday itself",
        ),
        (
            "clean-2",
            AGE.format("day = pd.Timestamp('2024-12-31')\n    age = day.year - born.dt.year - " + LATER),
            "another day",
        ),
        (
            "clean-2",
            AGE.format("day = pd.Timestamp.now()\n    age = day.year - born.dt.year - " + LATER),
            "clock",
        ),
        ("clean-2", "def age_on(born, day):\n    return (day - born).dt.days", "Those are days"),
        ("clean-2", AGE.format("age = ((day - born).dt.days / 365.25).round()"), "not rounded"),
        ("clean-2", AGE.format("age = pd.Timestamp.now().year - born.dt.year"), "clock"),
        ("clean-2", AGE.format("age = years"), "stops with an error"),
        ("clean-2", REFERENCE["clean-2"].replace("if 0 <= years <= 110", "if years <= 110"), "below 0"),
        ("clean-2", REFERENCE["clean-2"].replace("if 0 <= years <= 110", "if 0 <= years"), "above 110"),
        ("clean-2", REFERENCE["clean-2"].replace("0 <= years <= 110", "0 < years <= 110"), "0 is an age"),
        ("clean-2", REFERENCE["clean-2"].replace("0 <= years <= 110", "0 <= years < 110"), "110 is still"),
        ("clean-2", REFERENCE["clean-2"] + ".fillna(0)", "stays blank"),
        ("clean-2", REFERENCE["clean-2"] + ".dropna()", "Rows are lost"),
        ("clean-2", REFERENCE["clean-2"].replace("return", "age ="), "gives nothing back"),
        ("clean-2", "age_on = 34", "should be a function"),
        ("clean-2", "def age_on(born, day):\n    return day - born", "numbers of years"),
        ("clean-2", "def age_on(born, day):\n    return 3", "single value"),
        (
            "clean-3",
            "k = asked[asked['band'] != 'unknown']\nat_least = at_most = (k['band'] == '50+').mean()",
            "among the known",
        ),
        ("clean-3", REFERENCE["clean-3"] + "\nat_most = at_least", "counts none of the unknown"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_least = at_most", "counts the unknown"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_least, at_most = at_most, at_least", "lies above"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_least, at_most = 100 * at_least, 100 * at_most", "between 0 and 1"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_most = (asked['band'] == 'unknown').mean()", "unknown alone"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_most = (at_least + at_most) / 2", "half of the unknown"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_least = 0", "at_least is 0"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_most = 1", "at_most is 1"),
        ("clean-3", REFERENCE["clean-3"] + "\nat_most = at_most + 0.012345", "too large"),
        ("clean-4", "changed = (came['finebi'].astype(str) != mended['finebi'].astype(str)).sum()", "row by row"),
        ("clean-4", REFERENCE["clean-4"] + " / len(side_by_side)", "a share"),
        ("clean-4", REFERENCE["clean-4"].replace("!=", "=="), "kept their class"),
        ("clean-4", "changed = came['finebi'] == 1", "one number"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_who_takes_the_changed_amounts_for_the_changed_classes_is_told(given):
    """On a small company two of these counts can be the same number; then either sentence is true."""
    names = given["clean-4"]
    both = names["came"].merge(names["mended"], on="customer_id", suffixes=("_came", "_mended"))
    truth = int((both["finebi_came"].astype(str) != both["finebi_mended"].astype(str)).sum())
    money = int((both["monetary_net_came"] - both["monetary_net_mended"]).abs().gt(1e-6).sum())
    median = int((both["rfm_class_came"].astype(str) != both["rfm_class_mended"].astype(str)).sum())
    for value, said in ((money, ("another amount",)), (median, ("median", "another amount", "row by row"))):
        if value != truth:
            found = answers.check("clean-4", names | {"changed": value})
            assert found.kind == answers.NOT_YET and any(w in found.sentence.say("en") for w in said)


def test_two_decimals_of_a_small_share_are_told_from_a_mistake():
    asked = pd.DataFrame({"band": ["50+"] * 37 + ["unknown"] * 120 + ["under_50"] * 843})
    for least, most, name in ((0.04, 0.157, "at_least"), (0.037, 0.16, "at_most")):
        found = answers.check("clean-3", {"asked": asked, "at_least": least, "at_most": most})
        assert found.sentence.say("en") == f"{name} is rounded too far. Keep three decimals."


def test_a_table_that_has_lost_a_column_is_told(given):
    names = given["clean-1"] | {"received": given["clean-1"]["received"].drop(columns="listed")}
    code = "valid = aside = wrong = received"
    assert "Run the cells" in sitting.told(names, "clean-1", code).sentence.say("en")


# --- what the lesson says --------------------------------------------------------------------------------------------


def test_rows_and_cents_of_the_account_add_up(given):
    names = given["clean-2"]
    for totals in (names["rows"], names["cents"]):
        assert totals["received"] == totals["valid"] + totals["set_aside"] + totals["quarantine"]
    exact = sum(round(100 * amount) for amount in names["received"]["amount"])
    assert names["cents"]["received"] == exact


def test_every_edge_of_the_flow_keeps_its_contract(given):
    contract = given["clean-2"]["contract"]
    assert (contract["into"] == contract["out_of"]).all()


def test_the_bands_agree_with_ages_counted_one_by_one(given):
    names = given["clean-bet"]
    day = names["as_of"].date()
    bands = {"< 18": (0, 17), "18–29": (18, 29), "30–39": (30, 39), "40–49": (40, 49), "50+": (50, 110)}
    for born, band in zip(names["born"], names["band"], strict=True):
        if pd.isna(born):
            assert pd.isna(band)
            continue
        age = day.year - born.year - ((day.month, day.day) < (born.month, born.day))
        assert bands[band][0] <= age <= bands[band][1]


def test_dropping_blanks_drops_store_customers_and_the_older(given):
    names = given["clean-bet"]
    share = names["share"].set_index("channel")["share"]
    assert share.idxmax() == "store" and share["store"] > 5 * share.drop("store").max()
    assert names["older"][names["blank"]].mean() > 3 * names["older"][~names["blank"]].mean()


def test_dropping_is_right_for_a_coin_and_the_weights_for_the_channel(given):
    bias = pd.DataFrame(given["clean-bet"]["bias"]).abs()
    share, filled, weighed, _, held = bias.to_numpy()
    assert share[0] < 0.3 < 1 < filled[0]  # a coin: dropping is right, filling is not
    assert weighed[1] < 0.3 < share[1]  # by channel: weights mend it
    assert min(share[2], weighed[2], filled[2]) > 2  # by age: nothing does
    assert (held == 1).all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A company of its own, for what needs no lesson."""
    place = tmp_path_factory.mktemp("company") / "7"
    company.write(7, 1000, place)
    return place


def test_the_people_in_both_systems_are_one_person_each(folder):
    both = material.both_systems(folder)
    ids = company.unseal("identity", folder).frames["ids"].query("system in ['crm', 'app']")
    ids = ids.set_index("customer_id")["person_id"]
    same = (both["customer_id"].map(ids) == both["user_id"].map(ids)).mean()
    assert len(both) > 200 and same > 0.99 and both["customer_id"].is_unique


def test_the_price_of_a_defect_is_counted_against_the_company_without_it(folder):
    """The ledger undone is the company as it was before anything was put in: made again without defects, to compare."""
    clean_company = company.Company(7, 1000, None).tables
    true = material._put(
        material.app_orders_raw(folder).drop_duplicates("order_id"),
        {k: g.set_index("key") for k, g in material.tampered(folder).groupby("kind")},
        "true",
    )
    own = clean_company["app_orders"].set_index("orderId").loc[true["order_id"]]
    assert (true["amount"].to_numpy() == own["totalAmount"].to_numpy()).all()
    assert (true["created_at"].to_numpy() == own["createdAt"].to_numpy()).all() and len(true) == len(own)
    prices = material.defect_prices(folder).set_index(["kind", "state"])
    assert (prices.loc[("none", "came"), ["mean", "median", "clv", "nps"]].astype(float) == 0).all()
    assert (prices.loc[("repeated_order", "cleaned"), ["mean", "median", "clv"]].astype(float) == 0).all()
    assert prices.loc[("outlier", "came"), "clv"] > prices.loc[("outlier", "cleaned"), "clv"] > 0
    scores = pd.concat([clean_company[w]["推荐意愿"] for w in ("survey_2024_05", "survey_2024_11")])
    blanks = prices.loc[("blank_code", "came"), "nps"]
    codes = material.tampered(folder).query("kind == 'blank_code'")
    moved = (codes["true"].astype(int) <= 8).sum() + (codes["true"].astype(int) <= 6).sum()
    assert blanks == pytest.approx(100 * moved / len(scores))


def test_the_seal_counts_birthdays_that_are_not_those_of_the_person(folder, monkeypatch, tmp_path):
    monkeypatch.setitem(room._open, "company", folder)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    people = company.unseal("identity", folder).frames
    true = people["people"].set_index("person_id")["birth_date"].astype("datetime64[us]")
    owner = people["ids"].query("system == 'app'").set_index("customer_id")["person_id"]
    accounts = material.app_accounts(folder)
    differ = accounts["born"].to_numpy() != accounts["user_id"].map(owner).map(true).to_numpy()
    assert seal.truth() == differ.sum() > 0
    assert "Caught" not in bets.unseal("clean").say("en")
    bets.bet("clean", 0, 1000)
    said = bets.unseal("clean")
    assert "Your range held it." in said.say("en") and "Caught among the false birthdays: none" in said.say("en")
    assert "一个也没抓到" in said.say("zh")


@pytest.mark.parametrize("times", [2, 100])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_slider(monkeypatch, folder, times, lang):
    monkeypatch.setitem(room._open, "lesson", "03_clean")
    monkeypatch.setitem(room._open, "company", folder)
    monkeypatch.setattr(plt, "show", lambda: None)
    language.use(lang)
    try:
        play("clean", times=times)
        assert plt.gcf().axes[0].get_title()
    finally:
        language.use("en")
        plt.close("all")


def test_a_low_threshold_throws_out_honest_orders_and_a_high_one_misses_wrong_ones(monkeypatch, folder):
    monkeypatch.setitem(room._open, "company", folder)
    orders = sold()
    ledger = material.tampered(folder)
    assert orders["wrong"].sum() == (ledger["kind"] == "outlier").sum()
    low, high = caught(orders, orders["amount"].median()), caught(orders, orders["amount"].max())
    assert low["honest"] > 100 and low["yuan"] > 0 and high == {"caught": 0, "honest": 0, "yuan": 0.0}


def test_ages_of_the_check_itself_agree_with_a_calendar():
    from course.classroom.lessons.clean.checks import _edges, _full_years

    for day in (pd.Timestamp("2023-06-15"), pd.Timestamp("2024-12-31")):
        born = _edges(day)
        for b, age in zip(born, _full_years(born, day), strict=True):
            if not pd.isna(b):
                own: datetime.date = b.date()
                assert age == day.year - own.year - ((day.month, day.day) < (own.month, own.day))
