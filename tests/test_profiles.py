"""The portrait of each class: every figure against counts of the portraits, and nothing told of a few people."""

import json
import types
from string import Formatter

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import chi2_contingency

from course import lifecycle, segment, tag, workflow
from course.few import told
from course.intervals import part_against_rest
from course.workflow.steps import profiles
from tests.conftest import ROOT

RULES = yaml.safe_load((ROOT / "course" / "rules" / "profiles.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def run():
    """Three thousand customers, a sixth without orders. The young are more often in one class; two classes are of six
    and of fourteen; four customers of a class are in a stage of their own, with thirty of another."""
    random = np.random.default_rng(5)
    n = 3_000
    portraits = pd.DataFrame({"customer_id": [f"c{i:04d}" for i in range(n)]})
    young = random.random(n) < 0.2
    names = ["general_develop", "important_value", "general_win_back"]
    portraits["rfm_class"] = np.where(
        young & (random.random(n) < 0.6), names[0], random.choice(names, n, p=[0.1, 0.4, 0.5])
    )
    portraits.loc[:5, "rfm_class"], portraits.loc[6:19, "rfm_class"] = "important_keep", "general_value"
    portraits["frequency"] = 1.0 + random.poisson(2, n)
    portraits["recency_days"] = random.integers(0, 300, n).astype("float64")
    portraits["monetary_net"] = random.lognormal(4, 1, n).round(2)
    portraits["average_order_value"] = portraits["monetary_net"] / portraits["frequency"]
    portraits["expected_value"] = random.lognormal(3, 1, n).round(2)
    portraits["stage"] = random.choice(["active", "loyal", "at_risk", "lost"], n, p=[0.4, 0.2, 0.2, 0.2])
    portraits.loc[:19, "stage"] = "active"
    for name, few in (("general_develop", 4), ("general_win_back", 30)):
        portraits.loc[portraits.index[portraits["rfm_class"] == name][:few], "stage"] = "first_purchase"
    silent = np.arange(n) >= 2_500
    portraits.loc[silent, ["rfm_class", *(c for c in portraits if c not in ("customer_id", "rfm_class"))]] = None
    portraits["age_band"] = pd.Series(np.where(young, "18–24", "35–44"), dtype="str").mask(random.random(n) < 0.3)
    portraits["gender"] = pd.Series(random.choice(["男", "女"], n), dtype="str")
    cities = [f"city {i:02d}" for i in range(30)]
    portraits["city"] = pd.Series(random.choice(cities, n, p=[0.3, *[0.7 / 29] * 29]), dtype="str")
    portraits["income"] = pd.Series("same", index=portraits.index, dtype="str")
    portraits["survey_score"] = pd.Series(random.integers(0, 11, n)).astype("float64").mask(random.random(n) < 0.6)
    return _result(portraits)


def _result(portraits):
    portraits = portraits.astype({"rfm_class": "str", "stage": "str"})
    buyers = portraits.dropna(subset="frequency")
    classes = told(segment.class_money(buyers), ["rfm_class"])
    value = pd.DataFrame({"rfm_class": list(segment.CLASSES.values()), "value": 7.0, "low": 5.0, "high": None})
    return workflow.Result(
        pd.Timestamp("2024-06-30"),
        {},
        {},
        portraits,
        [],
        [],
        found={
            "segment": types.SimpleNamespace(classes=classes),
            "clv": types.SimpleNamespace(classes=value),
        },
    )


@pytest.fixture(scope="module")
def found(run):
    found, not_done = profiles.find(run)
    assert not_done == []
    return found


def test_the_classes_are_those_that_are_told(run, found):
    classes = run.found["segment"].classes.set_index("rfm_class")
    assert [one.rfm_class for one in found.classes] == ["important_value", "general_develop", "general_win_back"]
    for one in found.classes:
        own = run.portraits[run.portraits["rfm_class"] == one.rfm_class]
        assert one.customers == len(own) and one.share == len(own) / 2_500
        assert one.money == pytest.approx(own["monetary_net"].sum())
        assert (one.money_share, one.low, one.high) == tuple(classes.loc[one.rfm_class, ["money_share", "low", "high"]])
        assert (one.expected, one.expected_low, one.expected_high) == (7.0, 5.0, None)
        assert one.middle["monetary_net"]["median"] == pytest.approx(np.median(own["monetary_net"]))
        assert one.middle["frequency"]["high"] == pytest.approx(np.percentile(own["frequency"], 75))
    assert (found.buyers, found.everybody) == (2_500, 3_000)


def test_every_cell_is_the_count_and_the_profile(run, found):
    portraits = run.portraits
    for one in found.classes:
        inside = (portraits["rfm_class"] == one.rfm_class).fillna(False)
        assert list(dict.fromkeys(one.cells["column"])) == ["age_band", "gender", "city"]  # all have one income
        by_profile = tag.profile(portraits, inside, ["age_band", "gender", "city"]).set_index(["column", "value"])
        for cell in one.cells.dropna(subset=["in_group", "value"]).itertuples():
            known = portraits[cell.column].notna()
            k = int((inside & (portraits[cell.column] == cell.value)).sum())
            base = int((portraits[cell.column] == cell.value).sum())
            assert (cell.in_group, cell.of, cell.in_base) == (k, (inside & known).sum(), base)
            assert cell.base == known.sum() and one.known[cell.column] == cell.of
            assert cell.tgi == pytest.approx(100 * (k / cell.of) / (base / cell.base))
            same = by_profile.loc[(cell.column, cell.value)]
            assert (cell.tgi, cell.low, cell.high) == (same["tgi"], same["low"], same["high"])


def test_rare_values_are_one_and_the_parts_add_up(run, found):
    for one in found.classes:
        cells = one.cells[one.cells["column"] == "city"]
        assert cells["value"].isna().sum() == 1 and cells["value"].isna().iloc[-1] and len(cells) == 13
        assert cells["in_base"].sum() == cells["base"].iloc[0] == 3_000
        assert cells["in_base"].iloc[0] == cells["in_base"].iloc[:-1].max()


def test_what_stands_out_is_beyond_chance_of_all_cells_and_a_fifth_or_more(run, found):
    cells = pd.concat([one.cells.assign(group=one.rfm_class) for one in found.classes], ignore_index=True)
    p = []
    for cell in cells.itertuples():
        inside = run.portraits["rfm_class"] == cell.group
        values = run.portraits[cell.column].dropna()
        has = values == cell.value
        if pd.isna(cell.value):
            has = ~values.isin(cells.loc[cells["column"] == cell.column, "value"].dropna())
        table = pd.crosstab(has, inside[values.index])
        p.append(chi2_contingency(table, correction=False).pvalue)
    # Benjamini and Hochberg by the definition: p(i) m / i, the least of what is not smaller.
    order = np.argsort(p)
    steps = np.array(p)[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.minimum.accumulate(steps[::-1])[::-1]
    expected = np.empty(len(p))
    expected[order] = np.minimum(q, 1)
    shown = cells["q"].notna().to_numpy()
    assert cells["q"].to_numpy()[shown] == pytest.approx(expected[shown])
    more = cells[cells["stands_out"] == "more"]
    assert {("general_develop", "18–24")} <= set(zip(more["group"], more["value"], strict=True))
    assert ((more["q"] < 0.05) & (more["tgi"] >= 120)).all()
    # Sure, and less than a fifth: not in the sentence.
    sure = cells[(cells["q"] < 0.05) & cells["tgi"].between(80, 120, inclusive="neither")]
    assert sure["stands_out"].isna().all()
    young = next(one for one in found.classes if one.rfm_class == "general_develop")
    assert young.apart("more")["value"].tolist()[0] == "18–24" and "35–44" in young.apart("less")["value"].tolist()


def test_the_test_of_a_part_by_hand():
    # 30 of 100 against 20 of 100: χ² = 200 (30·80 − 20·70)² / (100·100·50·150) = 8/3, p of one degree of freedom .1025
    assert part_against_rest(30, 100, 50, 200) == pytest.approx(0.10247, abs=1e-5)
    assert np.isnan(part_against_rest([1, 0, 5], [10, 0, 5], [4, 5, 5], [400, 10, 5])).all()


def test_no_cell_is_of_a_few_people_nor_left_to_be_reckoned(run, found):
    cells = pd.concat([one.cells.assign(group=one.rfm_class) for one in found.classes])
    assert not cells["in_group"].between(1, 9).any()
    for _, part in cells.groupby(["group", "column"]):
        gone = part["in_group"].isna()
        missing = part["of"].iloc[0] - part["in_group"].sum()
        assert not gone.any() or (gone.sum() > 1 and missing >= 10)
        assert part.loc[gone, ["share", "tgi", "low", "high", "q"]].isna().all(axis=None)
    for one in found.classes:
        assert not one.stages["customers"].between(1, 9).any()
        gone = one.stages["customers"].isna()
        missing = one.customers - one.stages["customers"].sum()
        assert (gone.sum() > 1 and missing >= 10) if gone.any() else missing == 0
        # The four are not told, nor the thirty from which they could be reckoned.
        assert not one.stages.set_index("stage")["customers"].reindex(["first_purchase"]).notna().any()


def test_stages_are_counts_of_the_class_in_the_order_of_life(run, found):
    for one in found.classes:
        own = run.portraits.loc[run.portraits["rfm_class"] == one.rfm_class, "stage"]
        for row in one.stages.dropna(subset="customers").itertuples():
            assert row.customers == (own == row.stage).sum() and row.share == row.customers / len(own)
        names = one.stages["stage"].tolist()
        assert names == [s for s in lifecycle.STAGES if s in names]


def test_what_to_do_has_the_figures_of_the_class(run, found):
    best = next(one for one in found.classes if one.rfm_class == "important_value")
    own = run.portraits[run.portraits["rfm_class"] == "important_value"]
    at_risk, unhappy = (own["stage"] == "at_risk").sum(), (own["survey_score"] <= 6).sum()
    assert (best.at_risk, best.unhappy) == (at_risk, unhappy)
    assert f"{at_risk} who are at risk" in best.do.say("en") and f"{unhappy} who gave" in best.do.say("en")
    assert f"{at_risk} 位" in best.do.say("zh")


def test_every_class_has_a_rule_that_needs_nothing_and_both_languages_name_the_same_figures():
    assert set(RULES) == set(segment.CLASSES.values())
    for rules in RULES.values():
        places = [[{n for _, n, _, _ in Formatter().parse(rule[lang]) if n} for lang in ("en", "zh")] for rule in rules]
        assert all(en == zh for en, zh in places) and places[-1] == [set(), set()]


def test_without_anything_but_orders_there_is_value_and_nothing_else(run):
    bare = ["customer_id", "rfm_class", "frequency", "recency_days", "monetary_net", "stage"]
    result = _result(run.portraits[bare])
    del result.found["clv"]
    found, _ = profiles.find(result)
    for one in found.classes:
        assert one.cells.empty and one.known == {} and one.nps is one.satisfied is one.expected is one.unhappy is None
        assert set(one.middle) == {"monetary_net", "frequency", "recency_days"}


def test_the_ledger_holds_it_in_any_order_of_rows(run, found):
    text = json.dumps(found.entry(), ensure_ascii=False, allow_nan=False)
    shuffled = _result(run.portraits.sample(frac=1, random_state=1).reset_index(drop=True))
    again = json.loads(json.dumps(profiles.find(shuffled)[0].entry(), allow_nan=False))
    mine = json.loads(text)
    for old, new in zip(mine["profiles"]["classes"], again["profiles"]["classes"], strict=True):
        assert old["cells"] == new["cells"] and old["do"] == new["do"] and old["stages"] == new["stages"]
