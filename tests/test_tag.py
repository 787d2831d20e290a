"""Tags: rules that equal the code anyone would write, a past that stays, audiences that add up."""

import copy
from datetime import date

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.proportion import confint_proportions_2indep

from course import DataError, clean, collect, segment, tag

DICTIONARY = tag.load()
AS_OF = pd.Timestamp("2024-06-30")


def entry(**changed):
    """A complete entry of a dictionary, with some keys changed; None takes a key away."""
    whole = {
        "name": "rich",
        "kind": "rule",
        "family": "consumption",
        "label": {"en": "Rich", "zh": "富裕"},
        "owner": {"en": "analyst", "zh": "分析师"},
        "versions": [version()],
    } | changed
    return {k: v for k, v in whole.items() if v is not None}


def version(**changed):
    whole = {"version": 1, "definition": {"en": "More than ten.", "zh": "超过十。"}, "when": "money > 10"} | changed
    return {k: v for k, v in whole.items() if v is not None}


def one(**changed):
    return tag.load({"tags": [entry(versions=[version(**changed)])]})


def customers(**columns):
    size = len(next(iter(columns.values())))
    return pd.DataFrame({"customer_id": [f"c{i}" for i in range(size)], **columns})


# --- published and golden values -------------------------------------------------------------------------------------


def test_what_an_alarm_is_worth_depends_on_the_base_rate():
    # FIELD §8: sensitivity 70 %, false positives 3 %.
    assert tag.ppv(0.70, 0.03, 0.05) == pytest.approx(0.551, abs=0.0005)
    assert tag.ppv(0.70, 0.03, 0.02) == pytest.approx(0.323, abs=0.0005)
    assert np.isnan(tag.ppv(0.0, 0.0, 0.5))
    with pytest.raises(DataError, match="prevalence is a share from 0 to 1, not 5"):
        tag.ppv(0.7, 0.03, 5)


def test_the_tgi_of_150_and_of_30_people():
    # FIELD §8: 45/150 against 900/5000; the same index from 30 people.
    assert [round(v) for v in tag.tgi(45, 150, 900, 5000)] == [167, 130, 214]
    assert [round(v) for v in tag.tgi(9, 30, 900, 5000)] == [167, 96, 289]


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 900), st.integers(1, 900))
def test_the_tgi_s_interval_is_that_of_a_ratio_of_two_shares(a, rest, c, others):
    got = tag.tgi(a, a + rest, c, c + others)
    low, high = confint_proportions_2indep(a, a + rest, c, c + others, compare="ratio", method="log")
    assert (got.low, got.high) == pytest.approx((100 * low, 100 * high))
    assert got.value == pytest.approx(100 * a * (c + others) / (c * (a + rest)))


def test_a_tgi_of_nobody_is_zero_with_an_upper_end_and_none_without_a_base():
    nobody = tag.tgi(0, 150, 900, 5000)
    assert nobody.value == nobody.low == 0
    # At the upper end of the share, 150 people without a case are one chance in forty.
    assert (1 - nobody.high / 100 * 900 / 5000) ** 150 == pytest.approx(0.025)
    assert nobody.high < tag.tgi(1, 150, 900, 5000).high
    assert all(np.isnan(v) for v in (*tag.tgi(0, 150, 0, 5000), *tag.tgi(0, 0, 900, 5000)))
    with pytest.raises(DataError, match="151 of 150"):
        tag.tgi(151, 150, 900, 5000)


@pytest.mark.parametrize(
    ("right", "tagged", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_precision_has_the_score_interval_of_newcombe_s_table(right, tagged, low, high):
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    features = customers(money=[20.0] * tagged)
    truth = features[["customer_id"]].assign(rich=[True] * right + [False] * (tagged - right))
    got = tag.judge(tag.evaluate(one(), features, AS_OF), truth).iloc[0]
    assert (got["right"], got["tagged"]) == (right, tagged)
    assert (got["precision_low"], got["precision_high"]) == pytest.approx((low, high), abs=0.0001)


# --- the kit's own dictionary ----------------------------------------------------------------------------------------


def test_the_dictionary_has_every_kind_and_family_in_both_languages():
    assert 14 <= len(DICTIONARY) <= 21
    assert {t.kind for t in DICTIONARY.values()} == set(tag.KINDS)
    assert {t.family for t in DICTIONARY.values()} == set(tag.FAMILIES)
    for t in DICTIONARY.values():
        for label in (t.label, t.owner, *(v.definition for v in t.versions)):
            chinese = {lang: any("一" <= c <= "鿿" for c in label.say(lang)) for lang in ("en", "zh")}
            assert chinese == {"en": False, "zh": True}


money = st.one_of(st.none(), st.integers(0, 400).map(lambda n: n / 4))
share = st.one_of(st.none(), st.sampled_from([0.0, 0.25, 0.49, 0.5, 0.69, 0.7, 1.0]))
count = st.one_of(st.none(), st.integers(0, 6))
people = st.fixed_dictionaries(
    {
        "gender": st.sampled_from(["F", "M", " ", "", None]),
        "survey_score": st.one_of(st.none(), st.integers(0, 10)),
        "tickets": count,
        "posts": count,
        "order_days": count,
        "recency_days": count,
        "monetary_net": money,
        "average_order_value": money,
        "expected_value": money,
        "top_category_share": share,
        "churn_risk": share,
        "price_q": st.one_of(st.none(), st.sampled_from([0.0, 0.05, 0.1, 0.11, 1.0])),
        "stage": st.sampled_from(["prospect", "first_purchase", "active", "loyal", "at_risk", "lost", None]),
        "first_day": st.one_of(st.none(), st.sampled_from([0, 29, 30, 31, 400])),
    }
)


def table(rows):
    frame = pd.DataFrame(rows)
    numbers = frame.columns.drop(["gender", "stage", "first_day"])
    frame[numbers] = frame[numbers].astype("float64")
    frame[["gender", "stage"]] = frame[["gender", "stage"]].astype("str")
    ago = pd.to_timedelta(frame.pop("first_day").astype("float64"), unit="D")
    frame["first_order"] = AS_OF + pd.Timedelta(hours=9) - ago
    frame.insert(0, "customer_id", [f"c{i}" for i in range(len(frame))])
    return frame


def by_hand(f):
    """The dictionary as anyone would write it in pandas: True, False or None where a needed value is missing."""

    def cut(values, q):
        values = values.dropna()
        return round(float(np.quantile(values, q)), 6) if len(values) else np.nan

    rules = {
        "contacted_service": (["tickets"], f["tickets"] >= 1),
        "vocal": (["posts"], f["posts"] > cut(f["posts"].where(f["posts"] > 0), 0.9)),
        "high_value": (["monetary_net"], f["monetary_net"] > cut(f["monetary_net"], 0.8)),
        "big_basket": (["average_order_value"], f["average_order_value"] > cut(f["average_order_value"], 0.8)),
        "expected_high_value": (["expected_value"], f["expected_value"] > cut(f["expected_value"], 0.8)),
        "new_customer": (["first_order"], f["first_order"] > AS_OF - pd.Timedelta(days=29)),
        "loyal": (["stage"], f["stage"] == "loyal"),
        "at_risk": (["stage"], f["stage"] == "at_risk"),
        "lost": (["stage"], f["stage"] == "lost"),
        "likely_to_leave": (["churn_risk"], f["churn_risk"] >= 0.5),
    }
    out = {n: holds.astype("boolean").mask(f[needs].isna().any(axis=1)) for n, (needs, holds) in rules.items()}
    if not (f["posts"] > 0).any():  # no tenth of those who post: nobody can be told
        out["vocal"][:] = pd.NA
    enough = f["order_days"] >= 3
    for name, column, holds in (
        ("one_category", "top_category_share", f["top_category_share"] >= 0.7),
        ("price_sensitive", "price_q", f["price_q"] <= 0.1),
    ):
        out[name] = holds.astype("boolean").mask(~enough | f[column].isna())
    often = (f["order_days"] > cut(f["order_days"], 0.8)).astype("boolean").mask(f["order_days"].isna())
    lately = (f["recency_days"] <= cut(f["recency_days"], 0.5)).astype("boolean").mask(f["recency_days"].isna())
    silent = (f["recency_days"] > cut(f["recency_days"], 0.75)).astype("boolean").mask(f["recency_days"].isna())
    out["high_activity"], out["silent_high_value"] = often & lately, out["high_value"] & silent
    return out


@settings(max_examples=25)
@given(st.lists(people, min_size=1, max_size=30))
def test_rules_in_yaml_equal_the_code_anyone_would_write(rows):
    features = table(rows)
    got = tag.evaluate(DICTIONARY, features, AS_OF)
    expected = by_hand(features)
    ours = [n for n in got.names if got.version(n).is_boolean]
    assert sorted(ours) == sorted(expected)
    for name in ours:
        assert got.table[name].tolist() == expected[name].tolist(), name


@settings(max_examples=25)
@given(st.lists(people, min_size=1, max_size=30))
def test_a_customer_has_one_value_of_a_tag_or_is_unknown(rows):
    features = table(rows)
    got = tag.evaluate(DICTIONARY, features, AS_OF)
    score = features["survey_score"]
    bands = pd.cut(score, [-1, 6, 8, 10], labels=["detractor", "passive", "promoter"]).astype("str")
    pd.testing.assert_series_equal(got.table["recommendation"], bands, check_names=False)
    parts = [tag.audience(got, f"recommendation = '{v}'") for v in ("promoter", "passive", "detractor")]
    assert (sum(p.astype(int) for p in parts) == score.notna().astype(int)).all()
    assert set(got.table["gender"].dropna()) <= {"F", "M"}  # a blank is unknown, not a gender
    entries = got.catalogue.set_index("tag")
    assert entries.loc["recommendation", "known"] == score.notna().sum()
    assert entries.loc["recommendation", "coverage"] == pytest.approx(score.notna().mean())


@settings(max_examples=12)
@given(st.lists(people, min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    features = table(rows)
    order = list(range(len(features)))
    random.shuffle(order)
    straight, shuffled = (tag.evaluate(DICTIONARY, f, AS_OF) for f in (features, features.iloc[order]))
    pd.testing.assert_frame_equal(straight.table.iloc[order], shuffled.table)
    pd.testing.assert_frame_equal(straight.catalogue.astype("str"), shuffled.catalogue.astype("str"))


def test_a_tag_without_its_columns_is_not_evaluated_and_says_why():
    got = tag.evaluate(DICTIONARY, customers(monetary_net=[1.0, 2.0], order_days=["1", "many"]), AS_OF)
    assert got.names == ["high_value"]
    why = got.catalogue.set_index("tag")["not_evaluated"]
    assert why["high_value"] is None
    assert why["high_activity"].say("en") == "the features have no column recency_days"
    assert why["at_risk"].say("zh") == "特征表没有 stage 列"
    unfit = tag.evaluate(one(), customers(money=["ten", "20"]), AS_OF)
    assert unfit.names == [] and "does not fit" in unfit.catalogue.loc[0, "not_evaluated"].say("en")


def test_every_default_tag_can_be_evaluated_in_both_spellings_of_its_columns():
    features = table([{"gender": "F", "stage": "loyal", "first_day": 3} | dict.fromkeys(people_numbers(), 5)] * 3)
    features = features.assign(
        age_band="20–29", city="上海", main_channel="app", top_category="tea", satisfaction="satisfied"
    )
    assert tag.evaluate(DICTIONARY, features, AS_OF).catalogue["not_evaluated"].isna().all()
    shouted = features.rename(columns=lambda c: c if c == "customer_id" else c.upper())
    assert tag.evaluate(DICTIONARY, shouted, AS_OF).names == list(DICTIONARY)


def people_numbers():
    return [
        *("survey_score", "tickets", "posts", "order_days", "recency_days", "monetary_net", "average_order_value"),
        *("expected_value", "top_category_share", "churn_risk", "price_q"),
    ]


def test_the_catalogue_tells_size_share_cuts_and_freshness():
    features = customers(
        monetary_net=[0.0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, np.nan],
        last_order=pd.to_datetime(["2024-06-20 18:00"] * 11 + [None]),
    )
    got = tag.evaluate(DICTIONARY, features, AS_OF).catalogue.set_index("tag").loc["high_value"]
    assert got["cuts"] == {"high": 8.0}  # the fourth fifth of 0 … 10; who is on it is not above it
    assert (got["customers"], got["known"], got["size"]) == (12, 11, 2)
    assert (got["coverage"], got["share"]) == pytest.approx((11 / 12, 2 / 11))
    assert got["freshness_days"] == 10 and got["version"] == 1


def test_features_that_know_the_future_are_refused():
    features = customers(monetary_net=[1.0], last_order=pd.to_datetime(["2024-07-01"]))
    with pytest.raises(DataError, match=r"2024-07-01 .* after the as-of date 2024-06-30"):
        tag.evaluate(DICTIONARY, features, AS_OF)
    assert tag.evaluate(DICTIONARY, features, "2024-07-01").names == ["high_value"]


def test_sizes_keep_declared_values_that_nobody_has():
    got = tag.evaluate(DICTIONARY, customers(survey_score=[9.0, 10, 2, np.nan], city=["b", "a", "b", None]), AS_OF)
    assert list(got.sizes().itertuples(index=False, name=None)) == [
        ("city", "a", 1, pytest.approx(1 / 3)),
        ("city", "b", 2, pytest.approx(2 / 3)),
        ("recommendation", "promoter", 2, pytest.approx(2 / 3)),
        ("recommendation", "passive", 0, 0.0),
        ("recommendation", "detractor", 1, pytest.approx(1 / 3)),
    ]


# --- the past --------------------------------------------------------------------------------------------------------

FIRST = version()
SECOND = version(version=2, since=date(2024, 7, 1), when="money > 100")
FEATURES = customers(money=[5.0, 50.0, 500.0, np.nan])


def test_a_new_version_leaves_the_past_as_it_was():
    before = tag.load({"tags": [entry(versions=[FIRST])]})
    after = tag.load({"tags": [entry(versions=[FIRST, SECOND])]})
    for day in ("2020-01-01", "2024-06-30"):
        old, new = tag.evaluate(before, FEATURES, day), tag.evaluate(after, FEATURES, day)
        pd.testing.assert_frame_equal(old.table, new.table)
        pd.testing.assert_frame_equal(old.catalogue, new.catalogue)
        assert old.table["rich"].tolist() == [False, True, True, pd.NA]
    assert tag.evaluate(after, FEATURES, "2024-07-01").table["rich"].tolist() == [False, False, True, pd.NA]


def test_before_its_first_version_a_tag_does_not_exist():
    dictionary = tag.load({"tags": [entry(versions=[version(since=date(2024, 1, 1))])]})
    got = tag.evaluate(dictionary, FEATURES, "2023-12-31")
    assert got.names == []
    assert got.catalogue.loc[0, "not_evaluated"].say("en") == "its first version holds from 2024-01-01 on"


def test_a_changed_rule_is_not_taken_for_customers_who_moved(tmp_path):
    dictionary = tag.load({"tags": [entry(versions=[FIRST, SECOND])]})
    june, july = (tag.evaluate(dictionary, FEATURES, d) for d in ("2024-06-30", "2024-07-01"))
    june.columns().to_parquet(tmp_path / "portraits.parquet", index=False)
    read = pd.read_parquet(tmp_path / "portraits.parquet")
    assert list(read) == ["customer_id", "tag_rich"]
    for before in (june, read):
        got = tag.changes(before, july).tags.iloc[0]
        assert (got["before"], got["after"], got["left"], got["stayed"]) == (2, 1, 1, 1)
        assert got["redefined"]
    # The same number with another rule is found too; an earlier run that does not say leaves it open.
    rewritten = tag.evaluate(one(when="money > 7"), FEATURES, "2024-06-30")
    assert tag.changes(june, rewritten).tags["redefined"].tolist() == [True]
    read.attrs = {}
    assert tag.changes(read, july).tags["redefined"].isna().all()
    assert tag.changes(june, tag.evaluate(dictionary, FEATURES, "2024-01-01")).tags["redefined"].tolist() == [False]


def test_who_entered_and_left_by_eye():
    before = pd.DataFrame({"customer_id": list("abcde"), "tag_rich": pd.array([1, 1, 0, None, 1], dtype="boolean")})
    after = pd.DataFrame({"customer_id": list("bcdef"), "tag_rich": pd.array([0, 1, 1, None, 1], dtype="boolean")})
    got = tag.changes(before.assign(tag_city="x", tag_old=True), after.assign(tag_city=list("xxxxy"), tag_new="n"))
    assert got.not_compared == ["new", "old"]
    rich = got.tags.set_index(["tag", "value"]).loc[("rich", "")]
    assert rich.drop("redefined").to_dict() == {
        **{"before": 3, "after": 3, "entered": 2, "left": 2, "stayed": 0},
        **{"unknown_before": 1, "unknown_after": 1},
    }
    moves = got.customers[got.customers["tag"] == "rich"]
    assert moves[["customer_id", "move"]].to_numpy().tolist() == [
        ["a", "left"],  # no longer a customer
        ["b", "left"],
        ["c", "entered"],
        ["f", "entered"],  # a new one
    ]
    city = got.tags.set_index(["tag", "value"])
    assert city.loc[("city", "x"), "stayed"] == 4 and city.loc[("city", "y"), "entered"] == 1


states = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(["x", "y", None]))


@settings(max_examples=50)
@given(states, states)
def test_movements_add_up(before, after):
    def run(found):
        return pd.DataFrame(
            {
                "customer_id": list(found),
                "tag_city": pd.array(list(found.values()), dtype="str"),
                "tag_is_x": pd.array([None if v is None else v == "x" for v in found.values()], dtype="boolean"),
            }
        )

    got = tag.changes(run(before), run(after))
    for row in got.tags.itertuples():
        assert row.before == row.stayed + row.left + row.unknown_after
        assert row.after == row.stayed + row.entered + row.unknown_before
    table = got.tags.set_index(["tag", "value"])
    if ("city", "x") in table.index:
        numbers = ["before", "after", "entered", "left", "stayed", "unknown_before", "unknown_after"]
        assert table.loc[("city", "x"), numbers].tolist() == table.loc[("is_x", ""), numbers].tolist()
        assert table.loc[("city", "x"), "before"] == list(before.values()).count("x")
        assert table.loc[("city", "x"), "after"] == list(after.values()).count("x")
    entered = got.customers[(got.customers["tag"] == "is_x") & (got.customers["move"] == "entered")]
    assert set(entered["customer_id"]) == {
        c for c, v in after.items() if v == "x" and before.get(c, "nobody") not in ("x", None)
    }


# --- against the truth -----------------------------------------------------------------------------------------------


def test_tags_against_the_truth_by_eye():
    features = customers(money=[20.0, 20, 20, 1, 1, np.nan], survey_score=[9.0, 9, 7, 2, 2, 2])
    got = tag.evaluate(one() | {"recommendation": DICTIONARY["recommendation"]}, features, AS_OF)
    truth = pd.DataFrame(
        {
            "customer_id": ["c5", "c4", "c3", "c2", "c1", "c0", "stranger"],
            "rich": pd.array([True, False, True, None, False, True, True], dtype="boolean"),
            "recommendation": ["detractor", "detractor", "passive", "passive", "promoter", "passive", "promoter"],
        }
    )
    judged = tag.judge(got, truth).set_index(["tag", "value"])
    rich = judged.loc[("rich", "")]
    assert (rich["customers"], rich["tagged"], rich["should"], rich["right"]) == (4, 2, 2, 1)
    assert (rich["precision"], rich["recall"], rich["base_rate"], rich["coverage"]) == (0.5, 0.5, 0.5, 0.8)
    passive = judged.loc[("recommendation", "passive")]
    assert (passive["tagged"], passive["should"], passive["right"]) == (1, 3, 1)
    assert judged.loc[("recommendation", "promoter"), "precision"] == 0.5  # of declared, verified: one of two


def test_a_truth_that_names_no_tag_or_another_kind_of_value_is_refused():
    got = tag.evaluate(one(), FEATURES, AS_OF)
    ids = FEATURES[["customer_id"]]
    with pytest.raises(DataError, match="no tag ritch; perhaps rich"):
        tag.judge(got, ids.assign(ritch=True))
    with pytest.raises(DataError, match="true or false on one side"):
        tag.judge(got, ids.assign(rich="yes"))
    with pytest.raises(DataError, match="1 row has a customer_id that is blank"):
        tag.judge(got, ids.assign(rich=True, customer_id=["c0", "c1", "c1", "c2"]))


# --- audiences -------------------------------------------------------------------------------------------------------

CROWD = customers(
    monetary_net=[1.0, 2.0, 3.0, 4.0, 100.0, np.nan],
    stage=["at_risk", "loyal", "lost", "loyal", "at_risk", "loyal"],
    city=["上海", "北京", "x' OR 1=1 --", "上海", '<script>"', None],
    survey_score=[10.0, 9, 8, 7, 6, np.nan],
)
TAGS = tag.evaluate(DICTIONARY, CROWD, AS_OF)


@pytest.mark.parametrize(
    ("expression", "members"),
    [
        ("high_value", [4]),
        ("not high_value", [0, 1, 2, 3]),  # c5 spends nobody knows what: not in, and not in the opposite
        ("at_risk or loyal", [0, 1, 3, 4, 5]),
        ("not at_risk and not loyal", [2]),
        ("not (at_risk or loyal)", [2]),
        ("high_value or loyal and lost", [4]),  # and before or
        ("(high_value or loyal) and lost", []),
        ("high_value or loyal", [1, 3, 4, 5]),  # unknown or true is true
        ("高价值且预流失", [4]),
        ("非（预流失 或 忠诚客户）", [2]),
        ("High value AND at_risk", [4]),
        ("city = '上海'", [0, 3]),
        ("城市＝“上海” 且 非 预流失", [3]),
        ("not city == '上海'", [1, 2, 4]),
        ('city = "x\' OR 1=1 --"', [2]),
        ("city = '<script>\"'", [4]),
        ("recommendation = 'promoter' or 推荐意愿 = '被动者'", [0, 1, 2, 3]),
    ],
)
def test_an_audience_is_who_the_expression_means(expression, members):
    got = tag.audience(TAGS, expression)
    assert got.dtype == bool
    assert np.flatnonzero(got).tolist() == members


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("high_valu", "no tag high_valu; perhaps high_value"),
        ("高价直且预流失", "no tag 高价直; perhaps 高价值"),
        ("high_value and", "cannot be read"),
        ("", "cannot be read"),
        ("high_value loyal", "cannot be read"),
        ("high_value(loyal)", "cannot be read"),
        ("'上海' = city", "cannot be read"),
        ("city = '上海' = '上海'", "cannot be read"),
        ("city = high_value", "cannot be read"),
        ("(" * 5000 + "loyal", "cannot be read"),
        ("not " * 5000 + "loyal", "cannot be read"),
        ("__import__('os').system('true')", "no tag __import__"),
        ("loyal; lost", "no tag ;"),
        ("city", "several values: write city = 'value'"),
        ("loyal = 'yes'", "write loyal or not loyal"),
        ("recommendation = 'promotor'", "perhaps promoter"),
        ("vocal", "was not evaluated: the features have no column posts"),
    ],
)
def test_what_is_no_audience_is_refused(expression, words):
    with pytest.raises(DataError, match=words):
        tag.audience(TAGS, expression)


def test_of_names_that_begin_alike_the_longest_counts():
    labels = {"a": "高价值", "b": "高价值会员", "c": "非高价值会员"}
    entries = [
        entry(name=n, label={"en": f"tag {n}", "zh": zh}, versions=[version(when=f"{n}1")]) for n, zh in labels.items()
    ]
    features = customers(a1=[True, False, False], b1=[False, True, False], c1=[False, False, True])
    tags = tag.evaluate(tag.load({"tags": entries}), features, AS_OF)
    for expression, members in (
        ("高价值", [0]),
        ("高价值会员", [1]),
        ("非高价值会员", [2]),
        ("非高价值且非 高价值会员", [2]),
    ):
        assert np.flatnonzero(tag.audience(tags, expression)).tolist() == members


ABC = tag.load(
    {
        "tags": [
            entry(name=n, label={"en": f"tag {n}", "zh": f"标签{n}"}, versions=[version(when=f"{n}1")])
            for n in ("a", "b", "c")
        ]
    }
)


@settings(max_examples=25)
@given(st.lists(st.tuples(*[st.sampled_from([True, False, None])] * 3), min_size=1, max_size=30))
def test_inclusion_and_exclusion_and_the_laws_of_de_morgan(rows):
    frame = pd.DataFrame(rows, columns=["a", "b", "c"]).astype("boolean")
    features = customers(**{f"{n}1": frame[n] for n in frame})
    tags = tag.evaluate(ABC, features, AS_OF)
    size = {
        e: int(tag.audience(tags, e).sum())
        for e in ("a", "b", "c", "a and b", "a and c", "b and c", "a and b and c", "a or b or c")
    }
    singles, pairs = size["a"] + size["b"] + size["c"], size["a and b"] + size["a and c"] + size["b and c"]
    assert size["a or b or c"] == singles - pairs + size["a and b and c"]
    got = tag.reach(tags, {"first": "a", "second": "b", "third": "c"})
    assert got.together == size["a or b or c"]
    assert got.audiences["size"].tolist() == [size["a"], size["b"], size["c"]]
    assert got.overlap.loc["first", "second"] == got.overlap.loc["second", "first"] == size["a and b"]
    assert got.overlap.loc["third", "third"] == size["c"]
    assert got.audiences["alone"].sum() == singles - 2 * pairs + 3 * size["a and b and c"]
    assert got.audiences["unknown"].tolist() == frame.isna().sum().tolist()
    for left, right in (("not (a and b)", "not a or not b"), ("not (a or b)", "not a and not b")):
        assert tag.audience(tags, left).equals(tag.audience(tags, right))


def test_reach_by_eye():
    got = tag.reach(TAGS, {"rich": "high_value", "rich and quiet": "high_value and at_risk"})
    assert got.audiences.to_dict("list") == {
        "audience": ["rich", "rich and quiet"],
        "size": [1, 1],
        "share": [pytest.approx(1 / 6)] * 2,
        "unknown": [1, 0],  # c5 is loyal, so surely not at risk
        "alone": [0, 0],
    }
    with pytest.raises(DataError, match="at least one audience"):
        tag.reach(TAGS, {})


def test_an_audience_s_profile_by_eye():
    got = tag.profile(CROWD, tag.audience(TAGS, "loyal"), ["city", "stage"])
    first = got.iloc[0]
    assert (first["column"], first["value"]) == ("city", "北京")
    # One of the two loyal customers whose city is known, against one of five.
    assert (first["in_group"], first["group"], first["in_base"], first["base"]) == (1, 2, 1, 5)
    assert first["tgi"] == pytest.approx(250)
    assert got[got["column"] == "stage"]["value"].tolist() == ["loyal", "at_risk", "lost"]
    assert got[got["column"] == "stage"]["in_group"].tolist() == [3, 0, 0]
    with pytest.raises(DataError, match="no column citty; perhaps city"):
        tag.profile(CROWD, tag.audience(TAGS, "loyal"), ["citty"])
    many = customers(money=np.arange(50.0))
    with pytest.raises(DataError, match="bands first"):
        tag.profile(many, many["money"] > 3, ["money"])
    with pytest.raises(DataError, match="not of the same rows"):
        tag.profile(many, many["money"][1:] > 3, ["money"])


# --- reading a dictionary --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"kind": "guess"}, "tag rich: “kind” is one of fact, rule, model, not guess"),
        ({"family": ["x"]}, "“family” is one of"),
        ({"label": {"en": "Rich"}}, "“label” needs a text under “en” and one under “zh”"),
        ({"label": {"en": "Rich", "zh": " "}}, "“label” is a text"),
        ({"owner": None}, "owner is missing"),
        ({"wehn": "x"}, "no key wehn here"),
        ({"name": "Rich people"}, "small letters"),
        ({"name": False}, "small letters"),
        ({"name": "not"}, "not already means"),
        ({"label": {"en": "Rich", "zh": "或"}}, "或 already means"),
        ({"versions": []}, "“versions” is a list"),
        ({"versions": ["money > 1"]}, "expected version, definition"),
        ({"versions": [version(version="1")]}, "“version” is a number"),
        ({"versions": [version(since="July")]}, "“since” is a day"),
        ({"versions": [version(), version(version=2)]}, "version 2 must have"),
        ({"versions": [version(), version(since=date(2024, 1, 1))]}, "version 1 must have"),
        ({"versions": [SECOND, version(version=3, since=date(2024, 7, 1))]}, "version 3 must have"),
        ({"versions": [version(value="money")]}, "needs one of"),
        ({"versions": [version(when=None)]}, "needs one of"),
        ({"versions": [version(when=True)]}, "“when” is a text, not “True”"),
        ({"versions": [version(cuts=["x"])]}, "“cuts” gives each number a name"),
        ({"versions": [version(cuts={"high": "money"}, when="money > high")]}, "cannot be run"),
        ({"versions": [version(when="money >")]}, "“money >” cannot be run"),
        ({"versions": [version(when="bogus(money) > 1")]}, "cannot be run: .*bogus"),
        ({"versions": [version(when="count(*) > 3")]}, "cannot be run"),
        ({"versions": [version(when="random() > 0.5")]}, "random changes by itself"),
        ({"versions": [version(when="born > current_date")]}, "current_date changes by itself; write as_of"),
        ({"versions": [version(when="age(born) > INTERVAL 1 YEAR")]}, "age changes by itself"),
        ({"versions": [version(when="1) FROM features WHERE (1 = 1")]}, "not one expression"),
        ({"versions": [version(when="money > 1), (2 > 1")]}, "not one expression"),
        ({"versions": [version(when="true); DROP VIEW features; SELECT (true")]}, "cannot be run"),
        ({"versions": [version(when="money > (SELECT max(a) FROM read_csv('/etc/passwd'))")]}, "cannot be run"),
        ({"versions": [version(when=None, values=[{"name": "a", "en": "a", "zh": "甲"}])]}, "two or more"),
    ],
)
def test_an_entry_that_is_wrong_is_refused_by_its_name(changed, words):
    with pytest.raises(DataError, match=words):
        tag.load({"tags": [entry(**changed)]})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([("a", "money > 1"), ("b", "money > 2")], "the last value takes everybody"),
        ([("a", None), ("b", None)], "the last value takes everybody"),
        ([("a", "money > 1"), ("a", None)], "the value a is there twice"),
        ([("a", "money > 1) THEN 'z' WHEN (true"), ("b", None)], "not one expression|cannot be run"),
    ],
)
def test_values_leave_nobody_out_and_none_is_there_twice(values, words):
    listed = [{"name": n, "en": n, "zh": n} | ({"when": w} if w else {}) for n, w in values]
    with pytest.raises(DataError, match=words):
        one(when=None, values=listed)


def test_names_and_labels_belong_to_one_tag_only():
    with pytest.raises(DataError, match="the name is used twice"):
        tag.load({"tags": [entry(), entry(label={"en": "Poor", "zh": "贫穷"})]})
    with pytest.raises(DataError, match="tag poor: the name 富裕 already means"):
        tag.load({"tags": [entry(), entry(name="poor", label={"en": "Poor", "zh": "富裕"})]})


def test_a_file_that_is_no_dictionary_is_refused_with_its_line(tmp_path):
    file = tmp_path / "mine.yaml"
    whole = yaml.safe_dump({"tags": [entry()]}, allow_unicode=True)
    file.write_text(whole, encoding="utf-8")
    assert list(tag.load(file)) == ["rich"]
    for text, words in (
        ("tags:\n  - name: a\n   kind: b\n", r"mine.yaml, line 3: this is not YAML"),
        ("tags:\n  - name: a\n    name: b\n", r"line 3: .*the key name stands twice"),
        ("tags:\n\n  - \x07\n", r"line 3"),
        ("tag: []\n", "expected a list under “tags:”"),
        ("tags: []\n", "expected a list under “tags:”"),
        ("just words\n", "expected a list under “tags:”"),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(DataError, match=words):
            tag.load(file)
    file.write_bytes("tags:\n  - name: 富裕\n".encode("gb18030"))
    with pytest.raises(DataError, match="line 2"):
        tag.load(file)
    with pytest.raises(DataError, match=r"gone\.yaml does not exist"):
        tag.load(tmp_path / "gone.yaml")


def test_a_rule_may_ask_for_the_as_of_date_and_for_columns_of_the_company():
    dictionary = one(when="\"会员 等级\" = '金' AND as_of - CAST(joined AS DATE) >= 365 -- a year")
    assert dictionary["rich"].versions[0].needs == ("会员 等级", "joined")
    features = customers(
        **{"会员 等级": ["金", "金", "'; DROP"], "joined": pd.to_datetime(["2020-01-01", "2024-01-01"] * 2)[:3]}
    )
    assert tag.evaluate(dictionary, features, AS_OF).table["rich"].tolist() == [True, False, False]


def test_columns_of_odd_types_do_no_harm():
    odd = customers(money=pd.Categorical(["5", "50"]), city=[object(), {"a": 1}], age_band=[30, "40+"])
    got = tag.evaluate(DICTIONARY | one(when="money = '50'"), odd, AS_OF)
    assert got.table["rich"].tolist() == [False, True]
    assert got.table["city"].tolist()[1] == "{'a': 1}" and got.table["age_band"].tolist() == ["30", "40+"]


def test_ids_that_are_blank_or_twice_are_refused():
    with pytest.raises(DataError, match="needs the column customer_id"):
        tag.evaluate(DICTIONARY, pd.DataFrame({"money": [1]}), AS_OF)
    twice = FEATURES.assign(customer_id=["a", "a", None, "b"])
    with pytest.raises(DataError, match=r"2 rows have a customer_id that is blank or stands in an earlier row"):
        tag.evaluate(DICTIONARY, twice, AS_OF)


def test_a_dictionary_is_not_changed_by_reading_it():
    content = {"tags": [entry()]}
    kept = copy.deepcopy(content)
    tag.load(content)
    assert content == kept


# --- a model tag -----------------------------------------------------------------------------------------------------


def planted(rng, size=3000):
    """New parents (5 %) buy nappies often; gift buyers once; the rest of the columns say nothing."""
    parent = rng.random(size) < 0.05
    gift = ~parent & (rng.random(size) < 0.1)
    nappies = np.where(parent, rng.poisson(6, size), np.where(gift, rng.poisson(1, size), 0)).astype(float)
    nappies[rng.random(size) < 0.1] = np.nan
    features = customers(
        nappies=nappies,
        noise=rng.normal(size=size),
        band=np.where(parent & (rng.random(size) < 0.8), "25–34", rng.choice(["25–34", "35–44", "45+"], size)),
        constant=[1] * size,
        member=rng.random(size) < 0.5,
    )
    return features, pd.Series(parent)


def test_a_lookalike_finds_the_planted_and_tells_its_precision_honestly():
    features, parent = planted(np.random.default_rng(1))
    model = tag.Lookalike(share=0.06).fit(features, parent)
    assert model.columns_ == ["nappies", "noise", "band", "member"]
    fresh, truth = planted(np.random.default_rng(2))
    carried = model.predict(fresh)
    assert carried.mean() == pytest.approx(0.06, abs=0.015)
    precision, recall = truth[carried].mean(), carried[truth].mean()
    assert precision > 0.6 and recall > 0.7
    assert model.precision_ == pytest.approx(precision, abs=0.1)
    assert model.sensitivity_ == pytest.approx(recall, abs=0.1)


def test_a_lookalike_of_nothing_is_no_better_than_the_base_rate():
    features, _ = planted(np.random.default_rng(3))
    chosen = pd.Series(np.random.default_rng(4).random(len(features)) < 0.1)
    model = tag.Lookalike(share=0.1).fit(features, chosen)
    assert model.precision_ == pytest.approx(model.base_rate_, abs=0.04)


def test_a_lookalike_does_not_depend_on_row_order_and_leaves_out_who_is_not_known():
    features, parent = planted(np.random.default_rng(5), 800)
    seeds = parent.astype("boolean").mask(features.index % 4 == 0)
    straight = tag.Lookalike().fit(features, seeds)
    order = np.random.default_rng(6).permutation(len(features))
    shuffled = tag.Lookalike().fit(features.iloc[order], seeds.iloc[order])
    assert straight.threshold_ == shuffled.threshold_
    pd.testing.assert_series_equal(straight.likeness(features), shuffled.likeness(features))
    known = tag.Lookalike().fit(features[seeds.notna()], parent[seeds.notna()])
    pd.testing.assert_series_equal(straight.likeness(features), known.likeness(features))


def test_a_lookalike_refuses_what_it_cannot_learn_from():
    features, parent = planted(np.random.default_rng(7), 400)
    with pytest.raises(DataError, match="needs 20 examples"):
        tag.Lookalike().fit(features, pd.Series(features.index < 19))
    with pytest.raises(DataError, match="not of the same rows"):
        tag.Lookalike().fit(features, parent[1:])
    half = pd.Series(features.index < 200)
    with pytest.raises(DataError, match="No feature differs"):
        tag.Lookalike().fit(features[["customer_id", "constant"]], half)
    with pytest.raises(DataError, match="share is a share from 0 to 1, not 1"):
        tag.Lookalike(share=1).fit(features, half)
    texts = tag.Lookalike().fit(features[["customer_id", "band"]], half)
    with pytest.raises(DataError, match="no column band"):
        texts.likeness(features.drop(columns="band"))


# --- real data -------------------------------------------------------------------------------------------------------


def test_online_retail_a_month_apart(real_data):
    orders = clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders")).valid
    runs = {}
    for day in ("2011-11-09", "2011-12-09"):
        features = segment.rfm(orders, day)
        features["average_order_value"] = features["monetary_net"] / features["frequency"]
        runs[day] = tag.evaluate(DICTIONARY, features, day)
    now = runs["2011-12-09"]
    assert now.names == ["high_activity", "high_value", "big_basket", "new_customer", "silent_high_value"]
    entries = now.catalogue.set_index("tag")
    assert entries.loc["high_value", ["size", "customers", "freshness_days"]].tolist() == [868, 4338, 0]  # 4338 / 5
    first = orders.groupby("customer_id")["ordered_at"].min()
    lately = int((first >= "2011-11-10").sum())
    assert entries.loc["new_customer", "size"] == lately
    moved = tag.changes(runs["2011-11-09"], now).tags.set_index("tag").loc["new_customer"]
    assert moved["entered"] == lately and moved["stayed"] == 0 and not moved["redefined"]
    assert tag.audience(now, "silent_high_value").equals(tag.audience(now, "high_value and silent_high_value"))


# --- beside the kit's own --------------------------------------------------------------------------------------------


def test_tags_of_one_s_own_come_to_the_kit_s_and_take_their_place_by_name():
    entry = {
        "name": "high_value",
        "kind": "rule",
        "family": "consumption",
        "label": {"en": "High value", "zh": "高价值"},
        "owner": {"en": "me", "zh": "我"},
        "versions": [{"version": 7, "definition": {"en": "Above 5.", "zh": "大于 5。"}, "when": "monetary_net > 5"}],
    }
    got = tag.dictionary({"tags": [entry, {**entry, "name": "huge", "label": {"en": "Huge", "zh": "巨额"}}]})
    assert list(got) == [*DICTIONARY, "huge"]
    assert got["high_value"].versions[-1].version == 7
    rules = {n: t.versions[-1].fingerprint for n, t in got.items()}
    kept = {n: t.versions[-1].fingerprint for n, t in DICTIONARY.items()}
    assert {n for n in kept if rules[n] != kept[n]} == {"high_value"}
    assert list(tag.dictionary()) == list(DICTIONARY)
    with pytest.raises(DataError, match="already means something else"):
        tag.dictionary({"tags": [{**entry, "name": "mine"}]})  # two tags called High value


def test_classes_and_stages_are_compared_like_tags():
    before = pd.DataFrame({"customer_id": ["a", "b", "c"], "stage": ["loyal", "active", "lost"]})
    after = pd.DataFrame({"customer_id": ["b", "c", "d"], "stage": ["lost", "lost", "active"]})
    got = tag.changes(before, after, ["stage", "rfm_class"])
    moves = [("a", "loyal", "left"), ("b", "active", "left"), ("b", "lost", "entered"), ("d", "active", "entered")]
    assert list(got.customers[["customer_id", "value", "move"]].itertuples(index=False, name=None)) == moves
