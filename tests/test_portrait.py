"""Cards and personas: every number stands in the data, what is not there is not said, nobody stands out of a group."""

import math
import re

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError, nps, portrait
from tests.conftest import ROOT

ROW = {
    "customer_id": "c1",
    "first_order": pd.Timestamp("2024-01-05"),
    "last_order": pd.Timestamp("2024-05-01"),
    "recency_days": 61,
    "frequency": 4,
    "monetary_net": 1234.5,
    "average_order_value": 308.625,
    "r": 3,
    "f": 4,
    "m": 5,
    "rfm_class": "important_keep",
    "p_alive": 0.734,
    "expected_value": 456.789,
    "products": 17,
    "cancelled_orders": 1,
    "stage": "at_risk",
    "at_risk_after": 51.0,
    "lost_after": 106.0,
    "chance_90_days": 0.42,
    "main_channel": "app",
    "main_channel_share": 0.75,
    "top_category": "tea",
    "top_category_share": 0.6,
    "price_sensitivity": -0.35,
    "gender": "F",
    "age_band": "25–34",
    "income": "35-49K",
    "city": "Hangzhou",
    "joined_at": pd.Timestamp("2023-11-11"),
    "events": 230,
    "tickets": 2,
    "campaigns": 3,
    "coupons_redeemed": 0,
    "survey_answers": 1,
    "survey_score": 5.0,
    "tag_high_value": True,
    "tag_price_sensitive": False,
    "tag_recommendation": "detractor",
}


def _card(**changes):
    row = {k: v for k, v in (ROW | changes).items() if v is not ...}
    return portrait.card(pd.DataFrame([row]), row["customer_id"])


# --- cards -----------------------------------------------------------------------------------------------------------


def test_a_card_in_english_and_in_chinese():
    card = _card()
    text = card.text("en")
    for words in (
        "Customer c1",
        "Gender: F; Age band: 25–34; Income: 35-49K; City: Hangzhou.",
        "1,234.50 net in 4 orders since 5 Jan 2024, 308.62 an order.",
        "Last order on 1 May 2024, 61 days before the as-of date.",
        "RFM class: Important – keep; scores of recency 3, of frequency 4, of money 5.",
        "Stage: at risk.",
        "Tags: High value; Willingness to recommend: detractor.",
        "Settle what went wrong before any offer: the last answer was 5, and there are 2 service tickets.",
    ):
        assert words in text
    assert "Price sensitive;" not in text  # the tag says no
    chinese = card.text("zh")
    for words in (
        "重要保持",
        "预流失客户",
        "标签：高价值；推荐意愿：贬损者。",
        "先解决问题，再谈优惠",
        "城市：Hangzhou",
    ):
        assert words in chinese


#: Which columns of the customer's row may stand as a number in a sentence.
NUMBERS = [c for c, v in ROW.items() if isinstance(v, int | float) and not isinstance(v, bool)]
amounts = st.floats(0, 1e6).map(lambda v: round(v, 2))
counts = st.integers(0, 5000)
shares = st.floats(0, 1)
values = st.fixed_dictionaries(
    {},
    optional={
        **{c: amounts for c in ("monetary_net", "average_order_value", "expected_value")},
        **{c: counts.map(float) for c in ("at_risk_after", "lost_after")},
        **{c: counts for c in ("recency_days", "frequency", "products", "cancelled_orders", "events", "tickets")},
        **{c: counts for c in ("campaigns", "coupons_redeemed")},
        **{c: st.integers(1, 5) for c in "rfm"},
        **{c: shares for c in ("p_alive", "chance_90_days", "main_channel_share", "top_category_share")},
        "price_sensitivity": st.floats(-3, 3),
        "survey_score": st.integers(0, 10).map(float),
        "rfm_class": st.sampled_from(["important_value", "general_win_back"]),
        "stage": st.sampled_from(["prospect", "first_purchase", "active", "loyal", "at_risk", "lost"]),
        "first_order": st.just(pd.Timestamp("2024-01-05")),
        "last_order": st.just(pd.Timestamp("2024-05-01")),
        "main_channel": st.sampled_from(["app", "store"]),
        "top_category": st.sampled_from(["tea", "snacks"]),
        "city": st.sampled_from(["Hangzhou", "上海"]),
        "gender": st.sampled_from(["F", "M"]),
    },
)


def _numbers_in(text):
    """(value, half of the last digit shown) of each number that stands in a sentence; dates and the chance's 90 days
    are none."""
    text = re.sub(r"90 days|90 天|within 90", "", text)
    text = re.sub(r"\d{1,2} [A-Z][a-z]{2} \d{4}|\d{4} 年 \d{1,2} 月 \d{1,2} 日", "", text)
    for sign, digits, percent in re.findall(r"([+\-−]?)(\d[\d,]*\.?\d*)(%?)", text):
        plain = digits.replace(",", "").rstrip(".")
        decimals = len(plain.partition(".")[2])
        scale = 100 if percent else 1
        yield float(plain) * (-1 if sign in "-−" and sign else 1) / scale, 0.5000001 * 10**-decimals / scale


@settings(max_examples=200)
@given(values)
def test_every_number_in_every_sentence_stands_in_the_columns_that_the_line_names(row):
    card = portrait.card(pd.DataFrame([{"customer_id": "c"} | row]), "c")
    numbers = 0
    for line in card.lines:
        assert set(line.columns) <= set(row)
        assert len(line.tables) >= (1 if line.columns else 0)
        for name, value in line.numbers.items():
            assert value == row[name]
        for lang in ("en", "zh"):
            for value, half in _numbers_in(line.sentence.say(lang)):
                numbers += 1
                assert any(abs(value - row[c]) <= half for c in line.numbers), line.sentence.say(lang)
    # And nothing that is known is left out of a sentence that could be made.
    told = {c for line in card.lines for c in line.columns}
    for column in ("products", "events", "tickets", "chance_90_days", "survey_score", "city", "stage"):
        assert (column in told) == (column in row)


def test_what_is_missing_is_said_whether_the_column_or_the_value_is():
    for blank in (..., None, np.nan, pd.NA):
        text = _card(survey_score=blank, city=blank).text("en")
        assert "Not known: City." in text
        assert "Not known: Last survey score." in text
        assert "Would recommend" not in text and "satisfaction" not in text
    assert "未知：最近一次评分。" in _card(survey_score=None).text("zh")


def test_a_customer_without_orders_has_no_value_and_no_invented_one():
    card = portrait.card(pd.DataFrame([{"customer_id": "c", "gender": "M"}]), "c")
    assert [line.numbers for line in card.lines] == [{}] * len(card.lines)
    assert "Not known: Money (net), RFM class, Expected value." in card.text("en")
    assert "No suggestion" in card.text("en")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"tickets": 0}, "Ask what was wrong before any offer: the last answer was 5."),
        ({"survey_score": None}, "no order for 61 days after 4 orders, which is the stage “at risk”"),
        ({"survey_score": 9.0, "stage": "active", "frequency": 1}, "Help with the next order: there is 1 so far"),
        ({"survey_score": 9.0, "stage": "active"}, "May be asked to recommend us: the last answer was 9."),
        ({"survey_score": 8.0, "stage": "active"}, "No suggestion"),
    ],
)
def test_a_suggestion_comes_with_its_reason(changes, words):
    last = _card(**changes).lines[-1]
    assert last.section == "action"
    assert words in last.sentence.say("en")
    assert bool(last.columns) == ("No suggestion" not in words)


personal = st.sampled_from(
    [
        "13800138000",
        "138-0013-8000",
        "+86 139 1234 5678",
        "li.lei@example.com",
        "11010519491231002X",
        "110105194912310021",
    ]
)


@given(personal, st.sampled_from(["city", "top_category", "main_channel", "income", "stage", "tag_recommendation"]))
def test_no_phone_address_or_identity_number_reaches_a_card_or_a_persona(value, column):
    row = ROW | {"customer_id": value, column: f"West Lake {value} road"}
    for lang in ("en", "zh"):
        text = portrait.card(pd.DataFrame([row]), value).text(lang)
        assert value not in text
        assert not re.search(r"\d{7}|@", text)
    many = pd.DataFrame([row | {"customer_id": str(i)} for i in range(60)])
    other = pd.DataFrame([ROW | {"customer_id": f"x{i}", "rfm_class": "general_keep"} for i in range(60)])
    for persona in portrait.personas(pd.concat([many, other], ignore_index=True)):
        assert value not in persona.text("en")


def test_names_phones_and_addresses_are_not_even_looked_at():
    with_names = _card(name="Li Lei", phone="13800138000", email="a@b.cn", address="1 West Lake Road")
    assert with_names.text("en") == _card().text("en")


def test_hostile_text_stays_on_one_short_line():
    text = _card(city="x\n# Fake section\n" + "y" * 500).text("en")
    assert "\n# Fake" not in text and "y" * 100 not in text


def test_a_card_as_a_dict_keeps_numbers_columns_and_tables():
    got = _card().to_dict("en")
    value = next(s for s in got["sections"] if s["section"] == "value")
    assert value["title"] == "Value"
    assert value["lines"][0]["numbers"] == {"monetary_net": 1234.5, "frequency": 4, "average_order_value": 308.625}
    assert value["lines"][0]["tables"] == ["orders"]
    needs = next(s for s in got["sections"] if s["section"] == "needs")
    assert {tuple(line["tables"]) for line in needs["lines"]} == {("surveys",), ("tickets",), ("orders",), ("tags",)}


def test_a_card_needs_one_row():
    portraits = pd.DataFrame([ROW, ROW])
    with pytest.raises(DataError, match="has 0"):
        portrait.card(portraits, "nobody")
    with pytest.raises(DataError, match="has 2"):
        portrait.card(portraits, "c1")
    with pytest.raises(DataError, match="no column customer_id"):
        portrait.card(portraits.drop(columns="customer_id"), "c1")


def test_every_column_of_the_catalogue_has_a_table_behind_it():
    columns = yaml.safe_load((ROOT / "course/catalogue/portraits.yaml").read_text(encoding="utf-8"))["columns"]
    tables = yaml.safe_load((ROOT / "course/catalogue/personas.yaml").read_text(encoding="utf-8"))["tables"]
    listed = [c for names in tables.values() for c in names]
    assert len(listed) == len(set(listed))
    own = {c for c in ROW if not c.startswith("tag_")} - {"customer_id"}
    assert own - set(listed) == set()
    assert {c["name"] for c in columns if c["name"] in ROW} - set(listed) == {"customer_id"}


# --- personas --------------------------------------------------------------------------------------------------------


def _portraits(n=2000, seed=0):
    rng = np.random.default_rng(seed)
    classes = rng.choice(
        ["important_value", "general_keep", "general_win_back", "important_keep"], n, p=[0.4, 0.4, 0.18, 0.02]
    )
    money = rng.gamma(1, 100, n).round(2)
    orders = rng.poisson(3, n) + 1
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "rfm_class": classes,
            "monetary_net": money,
            "frequency": orders,
            "average_order_value": money / orders,
            "recency_days": rng.integers(0, 300, n),
            "gender": rng.choice(["F", "M"], n),
            "city": rng.choice([f"city{i}" for i in range(40)], n),
            "age_band": np.where(
                (classes == "important_value") & (rng.random(n) < 0.5),
                "25–34",
                rng.choice(["18–24", "25–34", "35–44"], n),
            ),
            "stage": rng.choice(["lost", "active", "loyal", "prospect"], n, p=[0.3, 0.3, 0.39, 0.01]),
            "survey_score": np.where(rng.random(n) < 0.2, rng.integers(0, 11, n), np.nan),
            "tag_high_activity": pd.array(rng.choice([True, False, None], n), dtype="boolean"),
        }
    )


def _lines(persona, section=None):
    return [line for line in persona.lines if section in (None, line.section)]


def _has(persona, words, lang="en"):
    return [line for line in persona.lines if words in line.sentence.say(lang)]


def test_personas_are_the_large_groups_and_the_rest_together():
    portraits = _portraits()
    got = portrait.personas(portraits)
    sizes = portraits["rfm_class"].value_counts()
    assert [p.n for p in got] == [*sizes[sizes >= 100], sizes[sizes < 100].sum()]
    assert sum(p.n for p in got) == len(portraits)
    assert sum(p.share for p in got) == pytest.approx(1)
    assert got[-1].title.say("zh").startswith("其他客户")
    assert "Important – value" in {p.title.say("en").split(":")[0] for p in got}
    assert "重要价值" in {p.title.say("zh").split("：")[0] for p in got}
    money = [line.numbers["share"] for p in got for line in _has(p, "of the net money")]
    assert sum(money) == pytest.approx(1)


def test_the_numbers_of_a_persona_are_those_of_its_group():
    portraits = _portraits()
    group = portraits[portraits["rfm_class"] == "important_value"]
    persona = next(p for p in portrait.personas(portraits) if p.title.say("zh").startswith("重要价值"))
    assert (persona.n, persona.share) == (len(group), len(group) / len(portraits))
    (median,) = _has(persona, "Recency")
    low, middle, high = group["recency_days"].quantile([0.25, 0.5, 0.75])
    assert median.numbers == {"median": middle, "low": low, "high": high}
    assert (median.columns, median.tables, median.n) == (("recency_days",), ("orders",), len(group))
    (money,) = _has(persona, "of the net money")
    assert money.numbers["share"] == pytest.approx(group["monetary_net"].sum() / portraits["monetary_net"].sum())
    (score,) = _has(persona, "NPS")
    expected = nps.score(group["survey_score"])
    assert (score.numbers["value"], score.numbers["low"], score.n) == (expected.value, expected.low, expected.n)
    (mix,) = [line for line in persona.lines if line.columns == ("stage",)]
    shares = group["stage"].value_counts(normalize=True)
    assert mix.numbers["loyal"] == pytest.approx(shares["loyal"])
    assert sum(mix.numbers.values()) == pytest.approx(1)
    (frequent,) = _has(persona, "TGI")
    young, base = group["age_band"].eq("25–34"), portraits["age_band"].eq("25–34")
    assert frequent.numbers["tgi"] == pytest.approx(100 * young.mean() / base.mean())
    assert (frequent.numbers["k"], frequent.numbers["n"]) == (young.sum(), len(group))
    assert "Age band: 25–34" in frequent.sentence.say("en") and "年龄段：25–34" in frequent.sentence.say("zh")


def test_the_money_share_s_interval_covers_the_true_share():
    rng, template = np.random.default_rng(0), {"sections": {"value": [{"say": "money"}]}}
    inside = []
    for _ in range(200):
        who = rng.random(400) < 0.4
        money = rng.gamma(1, 100, 400) * np.where(who, 2, 1)
        frame = pd.DataFrame({"customer_id": range(400), "monetary_net": money})
        numbers = portrait.personas(frame, {"a": who}, template)[0].lines[0].numbers
        inside.append(numbers["low"] <= 0.8 / 1.4 <= numbers["high"])
    assert 0.91 <= np.mean(inside) <= 0.985


def test_the_index_of_the_field_is_found_with_its_interval():
    # FIELD: 45 of 150 against 900 of 5,000 is TGI 167 (130–214).
    frame = pd.DataFrame(
        {
            "customer_id": range(5000),
            "group": ["g"] * 150 + ["rest"] * 4850,
            "city": ["A"] * 45 + ["B"] * 105 + ["A"] * 855 + ["B"] * 3995,
        }
    )
    template = {"sections": {"who": [{"say": "over", "of": ["city"]}]}}
    got = portrait.personas(frame, "group", template, min_share=0)
    (line,) = next(p for p in got if p.n == 150).lines
    assert line.sentence.say("en") == (
        "City: A: 30.0% against 18.0% of all, TGI 167 (95% interval 130–214; 45 of 150)."
    )


def test_groups_drawn_by_lot_have_nothing_that_stands_out():
    rng = np.random.default_rng(1)
    template = {"sections": {"who": [{"say": "over", "of": ["gender", "city", "age_band", "tag_high_activity"]}]}}
    found = []
    for seed in range(40):
        portraits = _portraits(1200, seed)
        portraits["lot"], portraits["age_band"] = rng.choice(list("abcd"), 1200), rng.choice(["x", "y", "z"], 1200)
        found.append(any(_has(p, "TGI") for p in portrait.personas(portraits, "lot", template)))
    # With the rate held at 5 %, one family in twenty may show something; without it nearly every one would.
    assert np.mean(found) <= 0.15


def test_a_tag_is_told_where_it_is_frequent_and_never_where_it_is_lacking():
    portraits = _portraits()
    portraits["tag_high_activity"] = (portraits["rfm_class"] == "important_value") & (portraits["recency_days"] > 20)
    template = {"sections": {"who": [{"say": "over", "of": ["tag_high_activity"]}]}}
    got = portrait.personas(portraits, template=template)
    assert [p.title.say("en").split(":")[0] for p in got if _has(p, "High activity: ")] == ["Important – value"]


def test_no_cell_of_fewer_than_ten_customers_is_shown_or_left_to_be_reckoned():
    portraits = _portraits(3000)
    portraits.loc[portraits.index[:7], "stage"] = "at_risk"
    for persona in portrait.personas(portraits):
        for line in persona.lines:
            k, n = line.numbers.get("k"), line.numbers.get("n")
            if k is not None and n is not None:
                assert k >= 10 and (n - k == 0 or n - k >= 10)
            if line.columns == ("stage",):
                cells = [round(share * line.n) for share in line.numbers.values()]
                assert min(cells) >= 10 and sum(cells) == line.n
                assert "at_risk" not in line.numbers


def test_the_few_who_lack_what_nearly_all_have_are_not_given_away():
    # 97 of 100 against 62 % of all would stand out, and three customers with it; 90 of 100 may.
    template = {"sections": {"who": [{"say": "over", "of": ["city"]}]}}
    for inside, told in ((97, 0), (90, 1)):
        cities = ["A"] * inside + ["B"] * (100 - inside) + ["A"] * 540 + ["B"] * 360
        frame = pd.DataFrame({"customer_id": range(1000), "city": cities})
        (persona,) = portrait.personas(frame, {"g": np.arange(1000) < 100}, template)
        assert len(_has(persona, "TGI")) == told


def test_a_group_of_which_little_is_known_says_so():
    portraits = _portraits().drop(columns="survey_score").assign(chance_90_days=np.nan)
    persona = portrait.personas(portraits)[0]
    said = persona.text("en")
    assert "Chance of an order within 90 days" in said and "Last survey score" in said
    assert not _has(persona, "NPS")
    few = _portraits()
    few.loc[few.index[40:], "survey_score"] = np.nan
    assert not any(_has(p, "NPS") for p in portrait.personas(few))


TICKETS = pd.DataFrame(
    {
        "customer_id": [f"c{i}" for i in range(400)] * 2 + [f"c{i}" for i in range(5)],
        "opened_at": pd.Timestamp("2024-03-01"),
        "topic": ["late delivery"] * 400 + ["late delivery"] * 400 + ["rare"] * 5,
    }
)


def test_pain_points_are_the_topics_of_tickets_counted_by_customers():
    portraits = _portraits()
    group = portraits.index[portraits["rfm_class"] == "important_value"]
    persona = next(p for p in portrait.personas(portraits, tickets=TICKETS) if p.title.say("zh").startswith("重要价值"))
    (line,) = _has(persona, "Pain point “late delivery”")
    assert line.numbers == {
        "k": (group < 400).sum(),
        "n": len(group),
        "share": pytest.approx((group < 400).mean()),
        "base": 400 / 2000,
    }
    assert line.tables == ("tickets",)
    assert "rare" not in persona.text("en")
    before = portrait.personas(portraits, tickets=TICKETS, as_of="2024-02-29")[0]
    assert _has(before, "No topic was raised")
    assert not _has(portrait.personas(portraits)[0], "Pain point")


def test_groups_may_be_masks_and_may_overlap():
    portraits = _portraits()
    groups = {"women": portraits["gender"] == "F", "young": portraits["age_band"] == "18–24"}
    got = {p.name: p for p in portrait.personas(portraits, groups)}
    assert got["women"].n == groups["women"].sum()
    assert got["young"].n == groups["young"].sum()
    with pytest.raises(DataError, match="one truth value"):
        portrait.personas(portraits, {"x": pd.Series([True])})


def test_row_order_changes_no_persona():
    portraits = _portraits()
    shuffled = portraits.sample(frac=1, random_state=0)
    left, right = (portrait.personas(p, tickets=TICKETS) for p in (portraits, shuffled))
    assert [p.text("zh") for p in left] == [p.text("zh") for p in right]


@pytest.mark.parametrize("name", ["retail", "bank", "subscription", "car"])
def test_every_template_of_the_kit_can_be_filled(name):
    portraits = _portraits().assign(
        income=np.where(np.arange(2000) % 2, "high", "low"), events=5, tickets=1, chance_90_days=0.5
    )
    portraits = portraits.assign(main_channel="app", top_category="tea", price_sensitivity=0.1)
    tickets = TICKETS.assign(customer_id=[f"c{i % 2000}" for i in range(0, 805 * 2, 2)])
    for persona in portrait.personas(portraits, template=name, tickets=tickets, min_share=0.1):
        assert _lines(persona, "who") and _lines(persona, "value")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("shoes", "no template shoes"),
        ({}, "no sections"),
        ({"sections": {"shoes": [{"say": "size"}]}}, "section shoes is unknown"),
        ({"sections": {"who": []}}, "unknown or empty"),
        ({"sections": {"who": [{"say": "median"}]}}, "not filled in"),
        ({"sections": {"who": [{"say": "median", "of": []}]}}, "not filled in"),
        ({"sections": {"who": [{"say": "median", "of": [None]}]}}, "not filled in"),
        ({"sections": {"who": [{"say": "size", "of": ["city"]}]}}, "not filled in"),
        ({"sections": {"who": [{"say": "dream", "of": ["city"]}]}}, "not filled in"),
        ({"sections": {"who": ["size"]}}, "not filled in"),
        ({"sections": {"who": [{"say": "over", "of": ["shoe_size"]}]}}, "no column shoe_size"),
        ({"sections": {"who": [{"say": "median", "of": ["city"]}]}}, "median cannot be said of city"),
        ({"sections": {"who": [{"say": "mix", "of": ["frequency"]}]}}, "mix cannot be said of frequency"),
        ({"sections": {"who": [{"say": "over", "of": ["income"], "required": True}]}}, "requires income"),
        ({"sections": {"needs": [{"say": "topics", "required": True}]}}, "requires tickets"),
    ],
)
def test_a_template_with_an_unfilled_or_unsupported_field_is_refused(template, words):
    with pytest.raises(DataError, match=words):
        portrait.personas(_portraits(), template=template)


def test_a_template_of_one_s_own_is_a_file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("sections:\n  who:\n    - {say: size}\n    - {say: median, of: [frequency]}\n", encoding="utf-8")
    got = portrait.personas(_portraits(), template=path)
    assert len(got[0].lines) == 2
    path.write_text("sections: [", encoding="utf-8")
    with pytest.raises(DataError, match="no YAML file that can be read"):
        portrait.personas(_portraits(), template=path)


def test_what_cannot_be_grouped_is_refused():
    with pytest.raises(DataError, match="no column shoes"):
        portrait.personas(_portraits(), "shoes")
    with pytest.raises(DataError, match="No group of Customer has 100 customers"):
        portrait.personas(_portraits(), "customer_id")
    assert not math.isnan(portrait.personas(_portraits())[0].share)


def test_an_age_changes_on_the_birthday_and_not_before():
    births = pd.Series(pd.to_datetime(["2000-06-30", "2000-07-01", "2000-02-29", "2010-06-30", None]))
    found = portrait.ages(births, pd.Timestamp("2024-06-30"))
    assert found.tolist()[:4] == [24, 23, 24, 14] and found.isna().tolist() == [False] * 4 + [True]
    bands = portrait.age_bands(pd.Series([17, 18, 24, 25, 64, 65, 110, 111, -1, None], dtype="Int64"))
    assert bands.tolist()[:7] == ["0–17", "18–24", "18–24", "25–34", "55–64", "65+", "65+"] and bands[7:].isna().all()
