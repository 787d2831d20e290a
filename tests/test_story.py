"""One customer, one story: stage, chance, risk, tags and cards of every customer say the same, in people's words.

What contradicts what is written down here again, apart from rules/story.yaml: a rule that is lost there is missed.
"""

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from course import DataError, collect, company, demo, language, lifecycle, portrait, report, workflow
from course.collect import completejourney
from course.errors import DataError as Refused
from tests import shown

DAY = pd.Timestamp("2024-01-01")


# --- the chance ------------------------------------------------------------------------------------------------------


def _shop(customers=600, days=400, seed=3, leaving=0.004):
    """Orders of customers who each have a rate of their own, a day at a time, until they leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        rate, start = rng.gamma(2, 0.012), int(rng.integers(0, days - 120))
        end = min(days, start + rng.geometric(leaving))
        bought = [start, *(day for day in range(start + 1, end) if rng.random() < rate)]
        rows += [(f"c{number:04d}", DAY + pd.Timedelta(days=int(day)), 10.0) for day in bought]
    return pd.DataFrame(rows, columns=["customer_id", "ordered_at", "amount"])


@pytest.fixture(scope="module")
def shop():
    return _shop()


@pytest.fixture(scope="module")
def chance(shop):
    return lifecycle.chance(shop, "2024-12-31")


def test_the_chance_is_right_on_the_days_after_it(shop):
    """Forecast as of a past day, held against what then came: by hand, apart from the function's own test."""
    told = lifecycle.chance(shop, "2024-10-31").customers.set_index("customer_id")["chance"]
    after = shop[(shop["ordered_at"] > "2024-10-31") & (shop["ordered_at"] <= "2025-01-29")]
    bought = pd.Series(told.index.isin(after["customer_id"]), told.index).astype(float)
    assert told.mean() == pytest.approx(bought.mean(), abs=0.05)
    assert ((told - bought) ** 2).mean() < bought.mean() * (1 - bought.mean())
    for low, high in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.01)):
        inside = told.between(low, high, inclusive="left")
        assert bought[inside].mean() == pytest.approx(told[inside].mean(), abs=0.12), (low, high)


def test_its_own_test_is_brier_s_and_of_the_window_before(shop, chance):
    assert chance.cuts == {d: pd.Timestamp(x) for d, x in (("learn", "2024-07-04"), ("test", "2024-10-02"))} | {
        "as_of": pd.Timestamp("2024-12-31")
    }
    later = shop[(shop["ordered_at"] > "2024-10-02") & (shop["ordered_at"] <= "2024-12-31")]["customer_id"]
    known = shop[shop["ordered_at"] <= "2024-10-02"]["customer_id"].unique()
    assert chance.tested == len(known)
    table = chance.reliability
    assert table["customers"].sum() == len(known)
    bought = np.isin(known, later).mean()
    assert np.average(table["bought"], weights=table["customers"]) == pytest.approx(bought)
    before = shop[shop["ordered_at"] <= "2024-07-04"]["customer_id"].unique()
    came = shop[(shop["ordered_at"] > "2024-07-04") & (shop["ordered_at"] <= "2024-10-02")]["customer_id"]
    share = np.isin(before, came).mean()
    assert chance.brier[1] == pytest.approx((1 - bought) * share**2 + bought * (1 - share) ** 2)
    assert chance.brier[0] < chance.brier[1] and chance.holds


def test_off_is_what_is_left_beyond_chance():
    """Two groups of 101: off by .1 and by .2, of which p (1 − p) / 100 each is chance."""
    table = pd.DataFrame({"customers": [101, 101], "forecast": [0.4, 0.7], "bought": [0.5, 0.5], "low": 0, "high": 1})
    one = lifecycle.Chance(pd.DataFrame(), table, pd.DataFrame(), (0.2, 0.25), {}, 90, 202, pd.DataFrame())
    assert one.off == pytest.approx(((0.1**2 + 0.2**2) / 2 - 0.0025) ** 0.5)
    assert not one.holds
    exact = lifecycle.Chance(
        pd.DataFrame(), table.assign(forecast=0.5), pd.DataFrame(), (0.2, 0.25), {}, 90, 202, pd.DataFrame()
    )
    assert exact.off == 0 and exact.holds
    worse = lifecycle.Chance(
        pd.DataFrame(), table.assign(forecast=0.5), pd.DataFrame(), (0.25, 0.25), {}, 90, 202, pd.DataFrame()
    )
    assert not worse.holds


def test_the_chance_does_not_see_the_future_nor_the_order_of_rows(shop, chance):
    later = pd.concat(
        [shop.sample(frac=1, random_state=1), _shop(seed=9).assign(ordered_at=pd.Timestamp("2025-02-02"))]
    )
    pd.testing.assert_frame_equal(lifecycle.chance(later, "2024-12-31").customers, chance.customers)


def test_risk_of_the_warning_and_chance_add_up_to_one(shop, chance):
    warned = lifecycle.early_warning(shop, "2024-12-31", budget=10, horizon=90).scores.set_index("customer_id")
    told = chance.customers.set_index("customer_id")["chance"]
    np.testing.assert_allclose(warned["churn_risk"] + told[warned.index], 1, atol=1e-8)


def test_too_little_to_learn_from_is_refused(shop):
    with pytest.raises(DataError, match="needs 270 days of orders"):
        lifecycle.chance(shop, "2024-09-20")
    with pytest.raises(DataError, match="needs 30 customers who ordered"):
        lifecycle.chance(_shop(customers=40), "2024-12-31")
    with pytest.raises(DataError, match="one day or more"):
        lifecycle.chance(shop, "2024-12-31", days=0)


def test_the_chance_says_what_it_was_worth_in_both_languages(chance):
    for lang, words in (("en", "Brier"), ("zh", "下单的概率")):
        language.use(lang)
        assert words in str(chance.report()[0])
    assert lifecycle.DAYS == 90


# --- which measure is believed ---------------------------------------------------------------------------------------


def test_the_stage_and_what_differs_from_it_are_settled():
    rows = [
        # stage, chance, P(alive) → stage, P(alive)
        ("lost", 0.5, 0.9, "at_risk", 0.9),
        ("lost", 0.49, 0.9, "lost", None),
        ("lost", 0.1, 0.3, "lost", 0.3),
        ("lost", None, 0.89, "lost", None),
        ("lost", 0.3, 0.2, "lost", None),
        ("loyal", 0.2, 0.4, "loyal", None),
        ("active", 0.2, 0.6, "active", 0.6),
        ("at_risk", 0.7, 0.9, "active", 0.9),
        ("at_risk", 0.4, 0.9, "at_risk", 0.9),
        ("prospect", None, None, "prospect", None),
    ]
    given = pd.DataFrame([r[:3] for r in rows], columns=["stage", "chance_90_days", "p_alive"])
    told = lifecycle.settle(given)
    assert told["stage"].tolist() == [r[3] for r in rows]
    assert told["p_alive"].astype(object).where(told["p_alive"].notna(), None).tolist() == [r[4] for r in rows]


def test_at_risk_is_who_is_silent_and_likelier_to_stay_so():
    given = pd.DataFrame(
        {"stage": ["at_risk", "at_risk", "at_risk", "lost", "loyal"], "churn_risk": [0.3, 0.6, None, 0.1, 0.9]}
    )
    assert lifecycle.settle(given)["stage"].tolist() == ["active", "at_risk", "at_risk", "lost", "loyal"]
    row = {"customer_id": "c1", "stage": "active", "recency_days": 50, "at_risk_after": 40.0, "chance_90_days": 0.6}
    said = "by the silence alone this customer would count as at risk"
    assert said in portrait.card(pd.DataFrame([row]), "c1").text("en")
    assert said not in portrait.card(pd.DataFrame([row | {"recency_days": 40}]), "c1").text("en")


def test_a_forecast_that_gives_up_whom_the_chance_does_not_is_not_believed_of_that_one():
    row = {"customer_id": "c1", "stage": "loyal", "chance_90_days": 0.7, "expected_order_days": 0.03}
    said = portrait.card(pd.DataFrame([row]), "c1").text("en")
    assert "counts on hardly any more days with an order" in said and "The chance is believed" in said
    assert "believed" not in portrait.card(pd.DataFrame([row | {"expected_order_days": 1.2}]), "c1").text("en")


def test_a_condition_needs_its_columns():
    assert lifecycle.settle(pd.DataFrame({"stage": ["lost"]}))["stage"].tolist() == ["lost"]
    assert lifecycle.barred("high_activity", ["recency_days"]) is None
    assert lifecycle.barred("no_such_tag", ["stage"]) is None
    assert lifecycle.barred("expected_high_value", ["stage"]).needs == ("stage",)


def test_a_card_says_which_measure_is_believed():
    row = {"customer_id": "c1", "stage": "at_risk", "recency_days": 120, "lost_after": 99.0, "chance_90_days": 0.6}
    said = portrait.card(pd.DataFrame([row]), "c1").text("en")
    assert "by the silence alone this customer would count as lost" in said
    assert "count as lost" not in portrait.card(pd.DataFrame([row | {"recency_days": 98}]), "c1").text("en")
    lost = row | {"stage": "lost", "chance_90_days": 0.1, "expected_order_days": 1.44}
    assert "counts on 1.4 more days with an order" in portrait.card(pd.DataFrame([lost]), "c1").text("en")


# --- every customer of three companies -------------------------------------------------------------------------------

KEPT, SILENT = ("first_purchase", "active", "loyal"), ("at_risk", "lost")


@pytest.fixture(scope="module", params=["Luming", "Online Retail", "Complete Journey"])
def result(request, tmp_path_factory):
    if request.param == "Luming":
        folder = tmp_path_factory.mktemp("story") / "company"
        company.write(5, 1200, folder)
        tables = demo.tables(folder)
    elif request.param == "Online Retail":
        tables = collect.gather({"orders": [request.getfixturevalue("real_data") / "online_retail.csv.gz"]})
    else:
        try:
            tables = collect.gather(completejourney.sources())
        except Refused as error:
            pytest.skip(str(error))
    return workflow.run(tables)


def contradictions(p):
    """{what contradicts what: the customers}: of all portraits."""
    nothing = pd.Series(False, p.index)

    def has(tag):
        return p[f"tag_{tag}"].fillna(False).astype(bool) if f"tag_{tag}" in p else nothing

    def number(column):
        return p[column].astype("float64") if column in p else pd.Series(np.nan, p.index)

    stage, chance, alive, risk = p["stage"], number("chance_90_days"), number("p_alive"), number("churn_risk")
    kept, silent = stage.isin(KEPT), stage.isin(SILENT)
    found = {
        "lost, and likely to order": (stage == "lost") & (chance >= 0.5),
        "lost, and alive": (stage == "lost") & (alive >= 0.5),
        "kept, and not alive": kept & (alive < 0.5),
        "less alive than likely to order": alive < chance,
        "chance and risk of two readings": ((risk + chance - 1).abs() > 1e-5),
        "lost, and a risk": (stage == "lost") & risk.notna(),
        "a chance, not lost, and no risk": chance.notna() & (stage != "lost") & risk.isna(),
        "silent, and of high activity": silent & has("high_activity"),
        "lost, and new": (stage == "lost") & has("new_customer"),
        "kept, and gone silent": kept & has("silent_high_value"),
        "active or loyal, and likely to leave": stage.isin(["active", "loyal"]) & has("likely_to_leave"),
        "lost, and of high expected value": (stage == "lost") & has("expected_high_value"),
        "likely to leave, and of high expected value": has("likely_to_leave") & has("expected_high_value"),
        **{f"tag and stage: {s}": has(s) != (stage == s) for s in ("loyal", "at_risk", "lost") if f"tag_{s}" in p},
        "at risk, and likelier to order": (stage == "at_risk")
        & (chance >= 0.5)
        & ~(number("recency_days") > number("lost_after")),
        "at risk, and hardly at risk": (stage == "at_risk") & (chance.isna()) & (risk <= 0.5),
        "silent beyond lost, and neither lost nor reprieved": (
            (number("recency_days") > number("lost_after")) & ~silent & stage.ne("prospect")
        ),
    }
    return {what: p.loc[mask.fillna(False), "customer_id"].tolist() for what, mask in found.items()}


def test_no_customer_has_two_stories(result):
    assert {what: ids[:3] for what, ids in contradictions(result.portraits).items() if ids} == {}


def test_a_card_of_every_customer_says_which_is_believed_where_two_differ(result):
    p = result.portraits
    chance = p["chance_90_days"] if "chance_90_days" in p else pd.Series(np.nan, p.index)
    differ = (p["stage"].isin(KEPT) & (chance < 0.495)) | (p["stage"].eq("at_risk") & (chance >= 0.5))
    differ |= p["stage"].eq("active") & (p["recency_days"] > p["at_risk_after"])
    differ |= (chance >= 0.5) & (p["expected_order_days"] < 0.2)
    differ |= p["stage"].eq("lost") & (p["expected_order_days"] >= 1)
    differ |= p["stage"].isin(SILENT) & (p["r"] >= 4)
    differ |= p["stage"].isin(KEPT) & (p["r"] <= 2)
    seen = 0
    for number in range(len(p)):
        row = p.iloc[[number]]
        card = portrait.card(row, row["customer_id"].iloc[0])
        for lang, word in (("en", "believed"), ("zh", "为准")):
            text = card.text(lang)
            assert _unfit(text, _values(result)) == [], text
            assert (word in text) == bool(differ.fillna(False).iloc[number]), text
        seen += bool(differ.fillna(False).iloc[number])
        percents = [line for line in card.lines if {"churn_risk", "p_alive"} & set(line.columns)]
        assert percents == []
    assert seen  # such customers there are


#: Sections that are about files, columns and options.
_OF_FILES = ("Where it comes from", "What could not be said", "Notes for whoever runs the kit")


def test_the_reports_are_in_words_that_people_use(result):
    html, _ = report.page.render(result, workflow.ledger(result), "en")
    values = _values(result)
    for lang in language.LANGUAGES:
        main = re.search(rf'<main lang="{lang}">(.*?)</main>', html, re.DOTALL)[1]
        for title, section in shown.sections(main):
            if title in {language.text(t, lang) for t in _OF_FILES}:
                continue
            text = unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style.*?</style>", " ", section, flags=re.DOTALL)))
            assert _unfit(text, values) == [], (lang, title)


def test_shares_of_classes_are_of_one_base(result):
    told = {str(p.name): p.share for p in result.found["portrait"].personas}
    classes = result.found["segment"].classes
    shares = dict(zip(classes["rfm_class"], classes["customers"] / classes["customers"].sum(), strict=True))
    assert told
    for name, share in told.items():
        key = name.lower().replace(" – ", "_").replace(" ", "_")
        assert key == "others" or share == pytest.approx(shares[key])


_KEY = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
_NOTHING = re.compile(r"\bnan\b|\bNaN\b|\bNone\b|\bNaT\b|<NA>|\binf\b|(?<![\w-])--[a-z]")


def _unfit(text, values):
    """What no report should show: blanks as programs write them, keys and names of columns that are not in the data."""
    return sorted({*_NOTHING.findall(text), *(set(_KEY.findall(text)) - values)})


_SEEN = {}


def _values(result):
    """Texts with underscores that stand in the cells, and columns of persons that nothing was looked for in: they are
    the company's own words."""
    if id(result) not in _SEEN:
        cells = set(result.found["identity"].unused) if "identity" in result.found else set()
        for cleaned in result.cleaned.values():
            for column in cleaned.valid.select_dtypes(["object", "str", "category"]):
                cells |= {m for value in cleaned.valid[column].dropna().unique() for m in _KEY.findall(str(value))}
        _SEEN[id(result)] = cells
    return _SEEN[id(result)]
