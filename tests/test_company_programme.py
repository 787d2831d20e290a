"""Luming's loyalty programme and coupons: points add up, tiers follow from them, and what gold changes is known."""

import numpy as np
import pandas as pd
import pytest

from course import company
from course.company import membership
from tests.conftest import ROOT

SEEDS = range(3, 6)


@pytest.fixture(scope="module", params=SEEDS)
def made(request):
    """A company without defects."""
    return company.Company(seed=request.param, customers=5000, defects=None)


@pytest.fixture(scope="module")
def one():
    """One company without defects."""
    return company.Company(seed=11, customers=4000, defects=None)


def crm_of(made):
    """person_id → CRM number, where nobody has two."""
    ids = made.truth["ids"].query("system == 'crm'")
    return ids.set_index("person_id")["customer_id"]


# --- points ----------------------------------------------------------------------------------------------------------


def test_points_of_orders_are_whole_yuan_and_go_back_with_a_refund(one):
    points, orders = one.tables["points"], one.tables["app_orders"].set_index("orderId")
    online = points[points["order_no"].str.startswith("L")]
    bought, back = (online[online["reason"] == reason] for reason in ("order", "refund"))
    paid = orders.loc[bought["order_no"]]
    assert (bought["points"].to_numpy() == np.floor(paid["totalAmount"].to_numpy())).all()
    assert set(paid["status"]) == {"completed", "shipped", "refunded"}
    assert (orders.loc[back["order_no"], "status"] == "refunded").all() and len(back) > 20
    earned = bought.set_index("order_no")["points"]
    assert (earned[back["order_no"]].to_numpy() == -back["points"].to_numpy()).all()
    assert not bought["order_no"].duplicated().any() and not back["order_no"].duplicated().any()


def test_at_the_till_only_a_card_that_is_shown_collects_points(one):
    points, sales = one.tables["points"], one.tables["till_sales"].set_index("receipt_no")
    booked = points[points["order_no"].str.startswith("S") & (points["reason"] == "order")]
    assert sales.loc[booked["order_no"], "member_no"].notna().all() and len(booked) > 500
    person = one.truth["ids"].set_index("customer_id")["person_id"]
    assert (person[booked["customer_id"]].to_numpy() == person[sales.loc[booked["order_no"], "member_no"]]).all()


def test_the_account_is_in_order_of_time_within_the_books_and_of_members_alone(one):
    points = one.tables["points"]
    assert points["at"].is_monotonic_increasing and points["at"].iloc[-1] < "2025"
    assert points["entry_no"].is_monotonic_increasing and not points["entry_no"].duplicated().any()
    assert set(points["customer_id"]) <= set(one.tables["crm_members"]["客户编号"])
    tasks = points[~points["reason"].isin(["order", "refund"])]
    assert (tasks["points"] == tasks["reason"].map(membership.TASKS)).all() and (tasks["order_no"] == "").all()


# --- tiers -----------------------------------------------------------------------------------------------------------


def test_a_tier_follows_from_the_points_of_the_year_before(one):
    points, tiers = one.tables["points"], one.tables["tiers"]
    year = points["at"].str[:4].astype("int64")
    total = points.groupby([points["customer_id"], year])["points"].sum()
    asked = pd.MultiIndex.from_arrays([tiers["customer_id"], tiers["assessed_on"].dt.year])
    assert (total.reindex(asked).fillna(0).to_numpy() == tiers["growth"]).all()
    now = tiers[tiers["protected"] == 0]
    tier = np.select([now["growth"] >= 1000, now["growth"] >= 500], ["gold", "silver"], "basic")
    assert (now["tier"] == tier).all()
    assert not now[["customer_id", "assessed_on"]].duplicated().any()


def test_who_falls_keeps_the_tier_for_three_months(one):
    tiers = one.tables["tiers"]
    of_2024 = tiers[tiers["assessed_on"] == "2023-12-31"].set_index("customer_id")["tier"]
    later = tiers[tiers["assessed_on"] == "2024-12-31"]
    kept, now = (later[later["protected"] == p].set_index("customer_id") for p in (1, 0))
    rank = {tier: i for i, tier in enumerate(membership.TIERS)}
    before = now.index.map(of_2024).fillna("basic").map(rank)
    fell = now["tier"].map(rank).to_numpy() < before.to_numpy()
    assert fell.sum() == len(kept) > 50 and set(now.index[fell]) == set(kept.index)
    assert (kept["tier"] == of_2024[kept.index]).all()
    assert (kept["valid_from"] == "2025-01-01").all() and (kept["valid_to"] == "2025-04-01").all()
    assert (now.loc[kept.index, "valid_from"] == "2025-04-02").all()
    assert set(tiers["valid_to"].astype("str")) == {"2024-12-31", "2025-04-01", "2025-12-31"}


def test_points_pile_up_just_above_gold_because_some_collect_what_they_lack(made):
    members = made.truth["members"]
    above = members["growth"].between(1000, 1019).sum()
    usual = (members["growth"].between(850, 899).sum() + members["growth"].between(1100, 1149).sum()) / 5
    assert above > 1.3 * usual
    collected = members[members["collected"]]
    assert len(collected) >= 5 and collected["growth"].between(1000, 1019).all()
    points = made.tables["points"]
    december = points[points["at"].between("2023-12-20", "2024") & (points["reason"] == "review")]
    assert set(crm_of(made)[collected["person_id"]]) <= set(december["customer_id"])


# --- what a tier changes ---------------------------------------------------------------------------------------------


def test_what_happened_is_one_of_the_two_outcomes(made):
    members, topups = made.truth["members"], made.tables["topups"]
    in_2024 = topups[topups["at"] >= "2024"].groupby("customer_id")["amount"].sum()
    seen = crm_of(made)[members["person_id"]].map(in_2024).fillna(0).to_numpy()
    gold = members["tier"] == "gold"
    assert (seen == members["topup_with_gold"].where(gold, members["topup_without"])).all()


def discontinuity(x, y, cut_off, width):
    """Jump of y at the cut-off and its standard error: a line on each side, nearer points weigh more (Imbens & Lemieux
    2008)."""
    near = np.abs(x - cut_off) < width
    x, y = x[near] - cut_off, y[near]
    weight = np.sqrt(1 - np.abs(x) / width)
    design = np.column_stack([np.ones(len(x)), x >= 0, x, x * (x >= 0)]).astype("float64") * weight[:, None]
    inverse = np.linalg.inv(design.T @ design)
    fitted = inverse @ design.T @ (y * weight)
    spread = design * (y * weight - design @ fitted)[:, None]
    return fitted[1], np.sqrt((inverse @ spread.T @ spread @ inverse)[1, 1])


def test_gold_changes_little_and_the_naive_comparison_says_many_times_as_much(made):
    members, effects = made.truth["members"], made.truth["tier_effects"].set_index("tier")
    gold = members["tier"] == "gold"
    seen = members["topup_with_gold"].where(gold, members["topup_without"])
    near = members["growth"].between(900, 1100)
    true = (members["topup_with_gold"] - members["topup_without"])[near].mean()
    naive = seen[gold].mean() - seen[~gold].mean()
    assert effects.loc["gold", "effect"] == pytest.approx(true, abs=1e-3) and 35 < true < 90
    assert effects.loc["gold", "naive"] == pytest.approx(naive, abs=1e-3) and naive > 6 * true
    assert effects.loc["silver", "effect"] == 0 and effects.loc["silver", "naive"] > 20


@pytest.mark.slow
def test_the_discontinuity_finds_the_effect_where_nobody_collects():
    """Over several companies, without those who collected: at 1,000 points the effect of gold, at 500 none."""
    found = []
    for seed in range(20, 29):
        known = company.Company(seed, 3000, defects=None).truth
        members = known["members"][~known["members"]["collected"]]
        seen = members["topup_with_gold"].where(members["tier"] == "gold", members["topup_without"])
        x, y = members["growth"].to_numpy(), seen.to_numpy(dtype="float64")
        gold, silver = discontinuity(x, y, 1000, 400), discontinuity(x, y, 500, 250)
        true = known["tier_effects"].set_index("tier")["effect"]
        found.append(((gold[0] - true["gold"]) / gold[1], silver[0] / silver[1], gold[0] - true["gold"]))
    gold, silver, off = np.array(found).T
    assert abs(gold.mean()) < 3 / np.sqrt(len(gold)) and abs(silver.mean()) < 3 / np.sqrt(len(silver))
    assert (np.abs(gold) < 2.5).mean() > 0.8 and abs(off.mean()) < 30


def test_the_page_about_luming_gives_the_effect_of_gold():
    gold = pd.read_parquet(ROOT / "datasets" / "truth" / "tier_effects.parquet").set_index("tier").loc["gold"]
    page = (ROOT / "docs" / "luming.md").read_text(encoding="utf-8")
    for true, naive in (
        ("true effect of gold at 1,000 points, yuan", "gold less all others, yuan"),
        ("金卡在 1000 分处的真实效果（元）", "金卡会员减去其余会员（元）"),
    ):
        assert f"| {true} | {gold['effect']:.0f} | " in page and f"| {naive} | {gold['naive']:.0f} | " in page


# --- coupons ---------------------------------------------------------------------------------------------------------


def test_used_coupons_name_an_order_and_its_moment(made):
    coupons, orders = made.tables["coupons"], made.tables["app_orders"].set_index("orderId")
    used = coupons[coupons["used_order"] != ""]
    own = orders.loc[used["used_order"]]
    assert (used["used_at"].to_numpy() == own["createdAt"].str[:19].str.replace("T", " ")).all()
    assert not used["used_order"].duplicated().any() and set(own["status"]) <= {"completed", "shipped", "refunded"}
    assert ((coupons["used_at"] == "") == (coupons["used_order"] == "")).all()
    assert 0.4 < len(used) / len(coupons) < 0.8
    assert ((coupons["expires_on"] - pd.to_datetime(coupons["issued_at"].str[:10])).dt.days == 29).all()


def test_some_coupons_are_used_by_another_or_too_late_and_the_truth_knows_each(made):
    coupons, known = made.tables["coupons"].set_index("coupon_no"), made.truth["coupons"].set_index("coupon_no")
    used = coupons[coupons["used_order"] != ""]
    assert list(used.index) == list(known.index)
    orders = made.tables["app_orders"].set_index("orderId")["customerId"]
    other = orders[used["used_order"]].to_numpy() != used["issued_to"]
    assert (other == (known["relation"] != "own")).all() and 0.03 < other.mean() < 0.09
    late = pd.to_datetime(used["used_at"]) >= used["expires_on"] + pd.Timedelta(days=1)
    assert (late == known["too_late"]).all() and 0.01 < late.mean() < 0.06
    on_the_last_day = used["used_at"].str[:10] == used["expires_on"].astype("str")
    assert on_the_last_day.any() and not late[on_the_last_day].any()
    people = made.truth["people"].set_index("person_id")["household"]
    family = known[known["relation"] == "household"]
    assert (people[family["owner_id"]].to_numpy() == people[family["user_id"]].to_numpy()).all() and len(family) > 3
    account = made.truth["ids"].query("system == 'app'").set_index("person_id")["customer_id"]
    assert (account[known["owner_id"]].to_numpy() == used["issued_to"]).all()
