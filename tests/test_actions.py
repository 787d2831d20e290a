"""What to do: rules over the portraits, a customer in one list, ordered by money, in the files of a result and out of
them again."""

import base64
import gzip
import math
import shutil

import numpy as np
import pandas as pd
import pytest

from course import actions, cli, portrait, result
from course.engine import query
from course.explorer.contents import packed
from course.language import LANGUAGES
from course.report import writing
from course.workflow.features import portrait_columns
from course.workflow.steps.actions import _LIST

#: A first purchase three days ago.
NEW = {"stage": "first_purchase", "monetary_net": 5.0, "recency_days": 3, "at_risk_after": 9.0}
RULES = {rule.name: rule for rule in actions.rules()}


def customers(n, **columns):
    """Portraits of `n` customers with these columns."""
    return pd.DataFrame({"customer_id": [f"K{i:03d}" for i in range(n)], **columns})


def proposed(portraits, **tables):
    """{name: proposal}, names of rules without columns, names of rules with few customers."""
    found, missing, few = actions.propose({"portraits": portraits, **tables}, weeks=52, days=90)
    return {p.action.name: p for p in found}, [a.name for a in missing], [a.name for a in few]


def at_risk(n=400):
    """The first 300 at risk, of growing value and falling risk; the others active."""
    i = np.arange(n)
    return customers(
        n,
        stage=np.where(i < 300, "at_risk", "active"),
        monetary_net=i + 1.0,
        churn_risk=np.round(1 - i / 611, 6),
        recency_days=100 + i % 7,
    )


# --- rules -----------------------------------------------------------------------------------------------------------


def test_the_table_of_rules_is_whole():
    entries = {c["name"] for c in portrait_columns()["columns"]}
    assert len(RULES) == len(actions.rules())
    for rule in actions.rules():
        said = [rule.owner, rule.label, rule.says, rule.why, *([rule.because] if rule.because else [])]
        assert all(label.names[lang].strip() for label in said for lang in LANGUAGES), rule.name
        if rule.of == "portraits":
            assert set(rule.needs) <= entries and rule.first and rule.because, rule.name
        assert not rule.like or RULES[rule.like].of == rule.of


def test_nobody_is_called_for_having_brought_much_who_brought_nothing():
    assert "call" in proposed(at_risk())[0]
    assert "call" not in proposed(at_risk().assign(monetary_net=0.0))[0]


def test_the_call_takes_a_twentieth_of_those_with_a_risk_and_those_with_most_to_lose_first():
    portraits = at_risk()
    found, _, _ = proposed(portraits.sample(frac=1, random_state=3))
    call = found["call"].customers
    stake = [(k + 1) * round(1 - k / 611, 6) for k in range(400)]
    order = sorted(range(400), key=lambda k: -stake[k])[:20]  # 400 with a risk, a twentieth
    assert call["customer_id"].tolist() == [f"K{k:03d}" for k in order]
    assert call["rank"].tolist() == list(range(1, 21))
    assert found["call"].values["gone"] == pytest.approx(sum(round(1 - k / 611, 6) for k in order))
    assert found["call"].values["held"] == pytest.approx(sum(stake[k] for k in order) / sum(stake), abs=1e-6)
    assert found["call"].said(RULES["call"].says).say("en").startswith("Call these 20 customers")


def test_whoever_is_nearly_sure_to_order_is_not_called():
    """Where nineteen of twenty order anyway “may be about to fall silent” is another story than the card's."""
    sure = at_risk().assign(stage="loyal", churn_risk=0.049999)
    found, _, few = proposed(sure)
    assert "call" not in found and "call" in few
    found, _, _ = proposed(sure.assign(churn_risk=0.05))
    assert len(found["call"].customers) == 20


def test_nobody_is_in_two_lists_and_the_first_rule_takes_them():
    portraits = at_risk().assign(rfm_class="important_value", at_risk_after=50.0)
    portraits["survey_score"] = pd.Series(3.0, index=portraits.index).where(portraits.index % 2 == 0)
    found, _, _ = proposed(portraits)
    assert list(found) == ["call", "unhappy", "write"]  # whoever is unhappy and on the list of calls is called
    lists = [set(p.customers["customer_id"]) for p in found.values()]
    assert sum(map(len, lists)) == len(set().union(*lists))
    even = {i for i in portraits["customer_id"] if int(i[1:]) % 2 == 0}
    assert lists[1] == even - lists[0]
    assert lists[2] == {f"K{i:03d}" for i in range(300)} - even - lists[0]


def test_a_rule_without_its_columns_or_with_nine_customers_is_not_proposed():
    found, missing, few = proposed(customers(9, **NEW))
    assert found == {} and few == ["second"]
    assert {"call", "unhappy", "dissatisfied", "win_back"} <= set(missing)
    found, missing, _ = proposed(customers(10, **NEW))
    assert list(found) == ["second"] and len(found["second"].customers) == 10
    # Answers on another scale are the same thing by another measure: neither is missed where the other is there.
    _, missing, _ = proposed(at_risk().assign(rfm_class="general_keep", survey_score=9.0))
    assert not {"unhappy", "dissatisfied"} & set(missing)


def test_a_blank_is_in_no_list():
    portraits = customers(30, stage="at_risk", monetary_net=[*[1e6] * 20, *[np.nan] * 10], recency_days=9)
    portraits["churn_risk"] = [*[np.nan] * 10, *[0.5] * 20]
    others = at_risk().assign(customer_id=lambda f: "L" + f["customer_id"], stage="lost")
    found, _, _ = proposed(pd.concat([portraits, others]))
    assert set(found["call"].customers["customer_id"]) == {f"K{i:03d}" for i in range(10, 20)}


def test_campaigns_accounts_and_identity_have_their_lines():
    table = pd.DataFrame(
        {"campaign_id": ["C2", "C1", "C1", "C3"], "verdict": ["not shown", "lower", "higher", "withheld"]}
    )
    accounts = pd.DataFrame({"rule": ["valid", "no_customer", "pending"], "money": [75.0, 25.0, 900.0]})
    found, _, _ = proposed(customers(1), campaigns=table, accounts=accounts, identity=pd.DataFrame({"held_back": [12]}))
    said = {name: p.said(p.action.says).say("en") for name, p in found.items()}
    why = {name: p.said(p.action.why).say("en") for name, p in found.items()}
    assert "Of 3 campaign offers compared, stop 1" in said["stop"] and why["stop"].startswith("It is: C1.")
    assert "Of 3 campaign offers compared, do not judge 1 yet" in said["repeat"]
    assert why["repeat"].startswith("Among them: C2.")
    assert "25% of the money came from nobody known" in said["nobody"]
    assert "12 pairs" in said["doubles"]
    assert all(p.customers is None and p.detectable is None for p in found.values())
    none = proposed(
        customers(1), campaigns=table[table["verdict"] == "higher"], identity=pd.DataFrame({"held_back": [9]})
    )
    assert none[0] == {}


# --- whom to leave out ------------------------------------------------------------------------------------------------


def test_the_lot_is_drawn_by_the_number_alone_and_is_about_the_share_asked_for():
    ids = pd.Series([f"C{i}" for i in range(5000)])
    drawn = actions.arms(ids, "call", 0.2)
    assert abs((drawn == "left out").mean() - 0.2) < 4 * math.sqrt(0.2 * 0.8 / 5000)
    other = actions.arms(ids[::-1].iloc[:700], "call", 0.2)  # other customers beside them, another order
    assert (other == drawn[other.index]).all()
    both = (drawn == "left out") & (actions.arms(ids, "write", 0.2) == "left out")
    assert abs(both.mean() - 0.04) < 4 * math.sqrt(0.04 * 0.96 / 5000)  # one action's lot says nothing of another's
    assert (actions.arms(ids, "call", 0.0) == "act").all()


def test_nobody_is_left_out_where_fewer_than_ten_would_be():
    small, _, _ = proposed(customers(40, **NEW))
    assert (small["second"].customers["arm"] == "act").all() and small["second"].detectable is None
    found, _, _ = proposed(customers(800, **NEW))
    arm = found["second"].customers["arm"]
    out = int((arm == "left out").sum())
    # Cohen's h of the smallest gap around one half: (1.95996 + 0.84162) · √(1/n₁ + 1/n₂).
    h = 2.801585 * math.sqrt(1 / out + 1 / (800 - out))
    assert found["second"].detectable == pytest.approx(math.sin(h / 2), rel=0.01)


# --- through the command line -----------------------------------------------------------------------------------------


def shop(seed=4, n=700):
    """Orders of customers who buy at a rate of their own and leave one day, over two years."""
    rng = np.random.default_rng(seed)
    start, rate = rng.integers(0, 640, n), rng.gamma(1.2, 1 / 40, n)
    leaves, size = start + rng.exponential(500, n), rng.lognormal(4, 0.8, n)
    rows = []
    for i in range(n):
        day = float(start[i])
        while day < min(leaves[i], 730):
            rows.append((f"K{i:04d}", int(day), round(size[i] * rng.lognormal(0, 0.3), 2)))
            day += max(1.0, rng.exponential(1 / rate[i]))
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    dates = (pd.Timestamp("2023-01-01") + pd.to_timedelta(frame.pop("day"), unit="D")).dt.strftime("%Y-%m-%d")
    return frame.assign(order_id=[f"A{i:05d}" for i in range(len(frame))], order_date=dates)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The result of a run over that shop, some of whom were asked and wrote to service."""
    folder = tmp_path_factory.mktemp("actions")
    orders = shop()
    ids = np.array(sorted(orders["customer_id"].unique()))
    rng = np.random.default_rng(2)
    asked = rng.choice(ids, 300, replace=False)
    survey = pd.DataFrame({"customer_id": asked, "answered_at": "2024-12-01", "score": rng.integers(0, 11, 300)})
    orders.to_csv(folder / "orders.csv", index=False)
    survey.to_csv(folder / "survey.csv", index=False)
    out = folder / "out"
    words = ["run", "--orders", str(folder / "orders.csv"), "--surveys", str(folder / "survey.csv")]
    assert cli.main([*words, "--out", str(out), "--lang", "en", "--provisional"]) == 0
    return out


def test_the_lists_of_ledger_portraits_file_and_explorer_are_one(ran):
    told, portraits, rows = result.ledger(ran)["findings"]["actions"], result.portraits(ran), result.actions(ran)
    named = [line for line in told if line["audience"]]
    assert {"call", "unhappy", "write"} <= {line["key"] for line in named}
    page = result.explorer(ran)
    assert [(one["label"], one["filters"]) for one in page["lists"]] == [(a["label"], a["audience"]) for a in named]
    column = next(c for c in page["categories"] if c["key"] == "action")
    for line in named:
        there = portraits[portraits["action"] == line["key"]]
        listed = rows[rows["key"] == line["key"]]
        assert len(there) == line["customers"] == len(listed) >= 10
        assert set(listed["customer_id"]) == set(there["customer_id"])
        assert line["audience"] == f"action={line['key']}" and line["key"] in column["values"]
        if line["stake"]["expected"] is not None:
            assert line["stake"]["expected"] == pytest.approx(there["expected_value"].sum(), abs=1e-3)
            assert line["stake"]["low"] <= line["stake"]["expected"] <= line["stake"]["high"]
    assert rows["customer_id"].is_unique
    assert (portraits["alert"].fillna(False) == (portraits["action"] == "call")).all()


def test_the_lines_are_ordered_by_the_money_behind_them(ran):
    told = result.ledger(ran)["findings"]["actions"]
    money = [line["stake"]["expected"] for line in told]
    known = [m for m in money if m is not None]
    assert known == sorted(known, reverse=True) and money[: len(known)] == known
    report_ = result.page(ran)
    assert [report_.index(line["sentence"]["en"]) for line in told] == sorted(
        report_.index(line["sentence"]["en"]) for line in told
    )


def test_what_the_call_would_have_caught_is_counted_on_days_that_came_later(ran):
    call = next(a for a in result.ledger(ran)["findings"]["actions"] if a["key"] == "call")
    days, n = call["values"]["days"], call["customers"]
    day = pd.Timestamp(call["values"]["tested_on"])
    at = pd.to_datetime(shop()["order_date"])
    assert (at.max() - day).days == days == 90 and n >= 10
    assert call["values"]["tested_by_risk"] < call["values"]["tested_held"]
    assert call["values"]["tested_share"] < call["values"]["tested_held"]
    assert "Drawn in the same way on" in call["evidence"]["en"] and "用同样办法" in call["evidence"]["zh"]


def test_a_list_of_an_earlier_day_is_judged_by_who_then_was_silent():
    tried = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "forecast": [0.5, 0.9, 0.2, 0.8, 0.1, 0.1],
            "bought": [0, 1, 0, 1, 0, 0],
            "lost": [False] * 5 + [True],
        }
    )
    brought = pd.DataFrame({"customer_id": list("abcdef"), "monetary_net": [100.0, 300.0, 40.0, 10.0, 20.0, 999.0]})
    row = query(_LIST, {"tried": tried, "customers": brought}, n=2).iloc[0]
    # Money × risk: a 50, b 30, c 32, d 2, e 18; f is lost and on no list. Called: a and c, both silent.
    # By risk alone: e and c.
    assert row.tolist() == pytest.approx([2 / 2, 140 / 160, 60 / 160, 2 / 5])


def test_alert_prints_the_list_of_calls_without_those_left_out(ran, capsys, tmp_path):
    capsys.readouterr()
    assert cli.main(["alert", str(ran), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    rows = result.actions(ran)
    call = rows[rows["key"] == "call"]
    assert said.startswith(f"Call these {len(call)} customers")
    printed = [line.split()[1] for line in said.splitlines() if line[:4].strip().isdigit()]
    assert printed == call.loc[call["arm"] == "act", "customer_id"].tolist()
    assert cli.main(["alert", str(ran), "--lang", "zh"]) == 0
    assert f"给这 {len(call)} 位客户打电话" in capsys.readouterr().out
    assert cli.main(["alert", str(tmp_path), "--lang", "en"]) == 2
    assert "is not the result of a run" in capsys.readouterr().err


def test_who_is_forgotten_leaves_the_list_and_the_others_keep_rank_and_arm(ran, tmp_path):
    copy = tmp_path / "result"
    shutil.copytree(ran, copy)
    before = result.actions(ran)
    gone = before.loc[before["key"] == "call", "customer_id"].iloc[0]
    assert cli.main(["forget", str(copy), gone]) == 0
    after = result.actions(copy)
    pd.testing.assert_frame_equal(after, before[before["customer_id"] != gone].reset_index(drop=True))
    assert gone not in (copy / "report.html").read_text(encoding="utf-8")


def test_an_explorer_to_hand_on_counts_the_lists_and_holds_no_customer(ran):
    held = packed(result.portraits(ran), result.timeline(ran), result.ledger(ran), shared=True)
    content = gzip.decompress(base64.b64decode(held))
    assert b"action=call" in content and b"K0" not in content


def test_no_formula_stands_in_the_file(tmp_path):
    writing.actions(pd.DataFrame({"customer_id": ["=1+1", "K1"], "rank": [1, 2]}), tmp_path)
    assert result.table(tmp_path / "actions.csv")["customer_id"].tolist() == ["'=1+1", "K1"]


def test_the_conditions_are_one_statement_each_and_a_second_run_gives_the_same():
    portraits = at_risk()
    one, two = (proposed(portraits.sample(frac=1, random_state=s))[0]["call"].customers for s in (1, 2))
    pd.testing.assert_frame_equal(one, two)
    for rule in actions.rules():
        if rule.of == "portraits" and "portraits" not in rule.when:
            empty = {c: pd.Series(dtype="float64") for c in rule.needs}
            for text in ("stage", "rfm_class", "satisfaction"):
                empty |= {text: pd.Series(dtype="str")} if text in empty else {}
            assert query(f"FROM p WHERE {rule.when}", {"p": pd.DataFrame(empty)}).empty


def test_a_card_says_what_the_run_proposes_and_why():
    row = {"customer_id": "c1", "stage": "active", "recency_days": 93, "at_risk_after": 47.0, "churn_risk": 0.3}
    rows = pd.DataFrame([row | {"action": "call"}, row | {"customer_id": "c2", "action": None}])
    called, other = (portrait.card(rows, c, actions.proposed(rows, c)).text("en") for c in ("c1", "c2"))
    why = "Call before they leave. Silent for 93 days; for customers with as many order days more than 47 is unusual."
    assert why + " Risk of silence 30%." in called and "No suggestion" not in called
    assert "Call before" not in other and "No suggestion" in other
    blank = rows.assign(churn_risk=None)  # a sentence needs its figures
    assert actions.proposed(blank, "c1") is None and actions.proposed(rows, "nobody") is None
