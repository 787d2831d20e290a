"""Rules: every row falls to the first that holds, and rows and money of the parts are what was received."""

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, clean, collect

#: FIELD §12, Online Retail: rows and money by first matching rule.
FIELD_12 = {
    "received": (541_909, 9_747_747.934),
    "no_customer": (135_080, 1_447_682.120),
    "cancellation": (8_905, -611_342.090),
    "quantity_zero": (0, 0.0),
    "price_not_positive": (40, 0.0),
    "valid": (397_884, 8_911_407.904),
}


def lines(rows, **columns):
    """Order lines from (order, customer, day of January, product, quantity, price)."""
    names = ["order_id", "customer_id", "day", "product_id", "quantity", "unit_price"]
    frame = pd.DataFrame(rows, columns=names)
    frame["ordered_at"] = [f"2024-01-{d:02d} 10:00" for d in frame.pop("day")]
    return collect.read(frame.assign(**columns), "orders", provisional=True)  # a number of two customers is asked about


def orders(rows, **columns):
    """Orders from (order, customer, day of January, amount)."""
    frame = pd.DataFrame(rows, columns=["order_id", "customer_id", "day", "amount"])
    frame["ordered_at"] = [f"2024-01-{d:02d}" for d in frame.pop("day")]
    return collect.read(frame.assign(**columns), "orders", provisional=True)  # a number of two customers is asked about


@pytest.fixture(scope="module")
def online_retail(real_data):
    return clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders"))


def test_online_retail_gives_the_published_table(online_retail):
    got = {name: (a["rows"], a["money"]) for name, a in online_retail.accounts.items()}
    assert got == FIELD_12
    assert list(online_retail.accounts)[2:] == list(FIELD_12)[1:5]  # the rules, in their order
    assert online_retail.accounts["received"]["customers"] == 4_372
    assert online_retail.accounts["received"]["orders"] == 25_900
    assert online_retail.accounts["valid"]["customers"] == 4_338
    assert online_retail.accounts["valid"]["orders"] == 18_532


def test_online_retail_flags_stay_valid(online_retail):
    valid, flags = online_retail.valid, online_retail.flags
    assert flags["is_duplicate"]["rows"] == 5_192
    assert (flags["is_fee"]["rows"], flags["is_fee"]["money"]) == (1_547, 150_341.254)
    without = valid[~valid["is_duplicate"]]
    assert (len(without), collect.values.exact(without["amount"])) == (392_692, 8_887_208.894)
    assert flags["is_cancelled_later"]["rows"] == valid["is_cancelled_later"].sum() > 0


def test_online_retail_refunds_take_no_more_than_was_paid_or_cancelled(online_retail):
    valid = online_retail.valid
    assert (valid["refunded"] >= 0).all()
    assert (valid["refunded"] <= valid["amount"] + 1e-6).all()
    cancelled = online_retail.accounts["cancellation"]["money"]
    assert 0 < valid["refunded"].sum() <= -cancelled


def test_first_rule_wins():
    table = lines(
        [
            ("C1", None, 1, "p", -1, 0.0),
            ("C2", "a", 1, "p", -1, 0.0),
            ("3", "a", 1, "p", -1, 0.0),
            ("4", "a", 1, "p", 1, 0.0),
            ("5", "a", 1, "p", 1, 2.0),
            ("6", "a", 1, "q", 1, 2.0),
        ]
    )
    got = clean.apply(table)
    assert got.set_aside["rule"].tolist() == ["no_customer", "cancellation", "cancellation"]
    assert got.quarantine["rule"].tolist() == ["price_not_positive"]
    assert got.valid["order_id"].tolist() == ["5", "6"]
    assert got.quarantine["column"].tolist() == ["unit_price"]
    assert got.quarantine["value"].tolist() == ["0"]
    assert got.quarantine["source_row"].tolist() == [4]


def test_orders_that_all_begin_with_c_are_no_cancellations():
    got = clean.apply(lines([(f"C{i}", "a", 1, f"{i}", 1, 2.0) for i in range(6)]))
    assert len(got.valid) == 6


def test_products_that_all_begin_with_a_letter_are_no_fees():
    rows = [(f"{i}", "a", 1, f"SKU{i}", 1, 2.0) for i in range(6)]
    assert clean.apply(lines(rows)).flags["is_fee"]["rows"] == 0
    rows = [(f"{i}", "a", 1, f"{i}", 1, 2.0) for i in range(6)] + [("7", "a", 1, "POST", 1, 5.0)]
    assert clean.apply(lines(rows)).flags["is_fee"]["rows"] == 1


row = st.tuples(
    st.sampled_from(["1", "2", "C3", "C4", "5"]),
    st.sampled_from(["a", "b", None, "guest"]),
    st.integers(1, 28),
    st.sampled_from(["p", "10", "POST"]),
    st.integers(-2, 3),
    st.sampled_from([-1.0, 0.0, 0.1, 2.55]),
)


@given(st.lists(row, min_size=1, max_size=30))
def test_the_parts_add_up_to_what_was_received(rows):
    table = lines([*rows, ("9", "z", 1, "11", 1, 1.0)])
    got = clean.apply(table)
    assert len(got.valid) + len(got.set_aside) + len(got.quarantine) == len(table.frame)
    accounts = dict(got.accounts)
    received = accounts.pop("received")
    assert sum(a["rows"] for a in accounts.values()) == received["rows"]
    assert sum(round(a["money"] * 100) for a in accounts.values()) == round(received["money"] * 100)


# --- refunds ---------------------------------------------------------------------------------------------------------


def refunded(table):
    valid = clean.apply(table).valid
    return dict(zip(valid["order_id"], valid["refunded"], strict=True))


def test_a_cancellation_goes_to_the_last_earlier_purchase_of_the_same():
    table = lines(
        [
            ("1", "a", 1, "p", 5, 2.0),
            ("2", "a", 3, "p", 5, 2.0),
            ("3", "a", 9, "p", 5, 2.0),
            ("C4", "a", 5, "p", -5, 2.0),
            ("5", "b", 1, "p", 5, 2.0),
        ]
    )
    assert refunded(table) == {"1": 0, "2": 10, "3": 0, "5": 0}


def test_part_of_a_line_can_be_returned_but_never_more_than_it():
    table = lines(
        [
            ("1", "a", 1, "p", 5, 2.0),
            ("C2", "a", 2, "p", -2, 2.0),
            ("C3", "a", 3, "p", -2, 2.0),
            ("C4", "a", 4, "p", -2, 2.0),
            ("5", "b", 1, "q", 1, 1.0),
            ("6", "b", 1, "q", 1, 1.0),
            ("7", "b", 2, "r", 1, 1.0),
            ("8", "b", 2, "r", 1, 1.0),
        ]
    )
    assert refunded(table)["1"] == 8


def test_what_was_bought_before_the_data_begin_changes_nothing():
    table = lines([("1", "a", 5, "p", 5, 2.0), ("C2", "a", 2, "p", -5, 2.0), ("3", "a", 9, "q", 1, 1.0)])
    assert refunded(table) == {"1": 0, "3": 0}


def test_an_order_that_names_what_it_cancels():
    table = orders([("1", "a", 1, 30.0), ("2", "a", 2, 30.0), ("3", "a", 3, -30.0)], cancels_order_id=[None, None, "1"])
    assert refunded(table) == {"1": 30, "2": 0}


def test_an_order_without_a_name_cancels_the_last_of_the_same_amount():
    table = orders([("1", "a", 1, 30.0), ("2", "a", 2, 20.0), ("3", "a", 3, -30.0), ("4", "a", 4, -7.0)])
    assert refunded(table) == {"1": 30, "2": 7}  # the very amount goes before, a part to the last that can hold it


def test_states_of_orders():
    table = orders(
        [(str(i), "a", i, 10.0) for i in range(1, 6)], status=["交易成功", "交易关闭", "退款", "待付款", "已发货"]
    )
    got = clean.apply(table)
    assert got.valid["order_id"].tolist() == ["1", "5"]
    assert got.set_aside["rule"].tolist() == ["cancellation", "cancellation", "pending"]


def test_the_same_order_once_more_is_set_aside_and_a_free_one_flagged():
    got = clean.apply(orders([("1", "a", 1, 10.0), ("1", "a", 1, 10.0), ("2", "a", 2, 0.0)]))
    assert got.set_aside["rule"].tolist() == ["repeated_order"]
    assert got.flags["is_free"]["rows"] == 1


def test_later_than_as_of_is_set_aside_and_counted():
    table = orders([("1", "a", 1, 10.0), ("2", "a", 2, 10.0), ("3", "a", 3, 10.0)])
    got = clean.apply(table, as_of="2024-01-02")
    assert got.accounts["after_as_of"]["rows"] == 1
    assert got.set_aside["value"].tolist() == ["2024-01-03 00:00:00"]


def test_an_amount_may_be_five_times_its_lines_or_a_fifth_and_no_more():
    amounts = {"same": 100.0, "five times": 500.0, "more": 500.01, "a fifth": 20.0, "less": 19.99, "unlisted": 999.0}
    given = orders([(name, "a", 1, amount) for name, amount in amounts.items()])
    listed = pd.DataFrame({"order_id": list(amounts)[:-1], "product_id": "p", "quantity": 4, "unit_price": 25.0})
    got = clean.reconcile(clean.apply(given), clean.apply(collect.read(listed, "order_lines")))
    assert got.valid["order_id"].tolist() == ["same", "five times", "a fifth", "unlisted"]
    assert got.quarantine["order_id"].tolist() == ["more", "less"]
    assert got.accounts["amount_off_lines"]["money"] == 520.0
    assert got.accounts["valid"]["rows"] == 4


def test_a_discount_belongs_to_what_the_lines_explain():
    given = orders([("1", "a", 1, 15.0), ("2", "a", 1, 15.0)], discount=[85.0, 0.0])
    listed = pd.DataFrame({"order_id": ["1", "2"], "product_id": "p", "quantity": 4, "unit_price": 25.0})
    got = clean.reconcile(clean.apply(given), clean.apply(collect.read(listed, "order_lines")))
    assert got.valid["order_id"].tolist() == ["1"]


# --- rules are data --------------------------------------------------------------------------------------------------


def test_a_user_s_own_rules(tmp_path):
    rules = {
        "rules": [
            {
                "name": "small",
                "outcome": "set_aside",
                "column": "amount",
                "when": "amount < 5",
                "en": "small",
                "zh": "小额",
            }
        ]
    }
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    table = orders([("1", None, 1, 1.0), ("2", "b", 2, 20.0)])
    assert clean.apply(table, path).set_aside["rule"].tolist() == ["small"]
    assert clean.apply(table, rules).valid["order_id"].tolist() == ["2"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rules: [", "line 1: this is not YAML"),
        ("rules: 3", "expected a list"),
        ("rules: [{name: x}]", "lacks outcome, when, column"),
        ("rules: [{name: x, outcome: gone, when: amount > 1, column: amount}]", "set_aside or quarantine, not gone"),
        ("rules: [{name: valid, outcome: set_aside, when: amount > 1, column: amount}]", "used twice"),
        ("rules: [{name: x, outcome: set_aside, when: nonsense > 1, column: amount}]", "cannot be run"),
        ("rules: [{name: x, outcome: set_aside, when: 'amount >', column: amount}]", "cannot be run"),
        (
            "rules: [{name: x, outcome: set_aside, when: 'CAST(customer_id AS INT) > 1', column: amount}]",
            "Rule 1 cannot",
        ),
        (
            "rules: [{name: x, outcome: set_aside, when: 'true); SET threads = 9; SELECT (1', column: a}]",
            "cannot be run",
        ),
        ("rules: [{name: x, outcome: set_aside, when: 'amount > 1), (1 > 2', column: amount}]", "not one expression"),
        ("rules: [{name: x, outcome: set_aside, when: 'unnest([true])', column: amount}]", "several rows of one"),
        ("rules: [{name: x, outcome: set_aside, when: EXISTS (FROM range(9)), column: a}]", "table function"),
        ("rules: [{name: x, outcome: set_aside, when: 'amount > $1', column: amount}]", "nobody fills in"),
        ("rules: [{name: x, outcome: set_aside, when: random() > 0.5, column: amount}]", "changes by itself"),
        ("rules: [{name: [x], outcome: set_aside, when: amount > 1, column: amount}]", "“name” of rule 1 is a text"),
        ("rules: [{name: 2024-01-01, outcome: set_aside, when: a, column: amount}]", "“name” of rule 1 is a text"),
        ("rules: []\nflags: [{name: x}]", "“when” of rule 1 is a text"),
        ("rules: []\nflags: {x: y}", "list under “flags:”"),
        ("rules: &a [*a]", "stand for too many values"),
    ],
)
def test_rules_that_are_none_are_refused(tmp_path, text, words):
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        clean.apply(orders([("1", "a", 1, 1.0)]), path)


def test_a_rule_sees_the_table_and_no_file(tmp_path):
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n", encoding="utf-8")
    rule = {"name": "x", "outcome": "set_aside", "column": "amount", "when": f"(SELECT count(*) FROM '{secret}') > 0"}
    with pytest.raises(DataError, match="cannot be run"):
        clean.apply(orders([("1", "a", 1, 1.0)]), {"rules": [rule]})


def test_no_valid_row_left_is_said_with_the_rule_to_blame():
    with pytest.raises(DataError, match=r"all 2 .* no_customer"):
        clean.apply(orders([("1", None, 1, 1.0), ("2", "散客", 1, 1.0)]))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("13800138000", "13********0"),
        ("zhang.san@example.com", "zh***.***@*******.**m"),
        ("张三丰", "张**"),
        ("C536379", "C5****9"),
        ("", ""),
        (12.5, "1*.*"),
    ],
)
def test_masks_keep_the_shape_and_not_the_person(value, shown):
    assert clean.masked(value) == shown


def test_profile_of_a_small_table():
    got = clean.profile(pd.DataFrame({"customer_id": ["a", None, "a"], "amount": [1.0, 3.0, np.nan]}), "orders")
    assert got["column"].tolist() == ["customer_id", "amount"]
    assert got["filled"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert got["distinct"].tolist() == [1, 2]
    assert (got.loc[1, "lowest"], got.loc[1, "highest"]) == (1.0, 3.0)


def test_a_rule_that_looks_at_other_rows_takes_the_rows_it_means():
    """Such a rule is run as a join; 5,000 rows in no order show a result that came back in another one."""
    rng = np.random.default_rng(3)
    n = 5000
    frame = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in rng.integers(0, 3000, n)],
            "answered_at": pd.Timestamp("2024-05-01") + pd.to_timedelta(rng.integers(0, 20 * 86400, n), unit="s"),
            "score": rng.choice([5, 10, 80], n, p=[0.5, 0.49, 0.01]),
            "seconds": rng.choice([30, 200, 260], n, p=[0.02, 0.49, 0.49]),
        }
    )
    cleaned = clean.apply(collect.read(frame, "surveys"))
    first = frame.groupby("customer_id")["answered_at"].transform("min")
    expected = frame[(frame["score"] <= 10) & (frame["answered_at"] == first) & (frame["seconds"] > 100)]
    assert len(cleaned.valid) == len(expected) > 2000
    assert cleaned.valid["score"].tolist() == expected["score"].tolist()
    assert (cleaned.quarantine["score"] == 80).all()
    assert (cleaned.set_aside.loc[cleaned.set_aside["rule"] == "too_fast", "seconds"] == 30).all()
