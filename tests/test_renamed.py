"""Exports of known systems with one column renamed: the truth, a question or a refusal, never another figure."""

import os
from itertools import cycle
from pathlib import Path

import pytest
import yaml

from course import clean, collect
from course.errors import DataError

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
#: What a column may be called by somebody who means well; each column of a file gets one of them in turn.
PLAUSIBLE = ["amount", "customer id", "order id", "order date", "refund amount", "status", "quantity", "unit price"]
PLAUSIBLE += ["currency", "email", "金额", "客户编号", "订单状态", "门店", "测试", "收/支"]
#: With which of them a file begins differs, so that no kind of column always meets the same name.
ORDERS = ["shopify_orders.csv", "woo_rest_orders.json", "stripe_payments.csv", "square_transactions.csv",
          "magento_orders.csv", "taobao_order_list.csv", "jd_orders.csv", "youzan_orders.csv", "hubspot_deals.csv",
          "jiandaoyun_orders.xlsx", "powerbi_export.xlsx"]  # fmt: skip
SURVEYS = ["wenjuanxing.xlsx", "surveymonkey.csv", "qualtrics.csv"]

#: What another reading gives that the file's own words ask for, worked out by hand: a deal of no company is its first
#: contact's; of a file that no form knows, a column is taken at its word that is called "amount" (80 + 10, 20, 10 + 15)
#: or "customer id" (whoever handed the form in).
OTHERWISE = {
    ("hubspot_deals.csv", "Associated Company IDs → Column X"): (5, 4, 20200.5),
    ("hubspot_deals.csv", "Associated Company IDs → amount"): (5, 4, 20200.5),
    ("jiandaoyun_orders.xlsx", "单价 → amount"): (3, 2, 135.0),
    ("jiandaoyun_orders.xlsx", "提交人 → customer id"): (3, 1, 225.0),
}


@pytest.fixture(scope="module")
def exports():
    data = os.environ.get("COURSE_REAL_DATA")
    folder = Path(data).parent / "exports" if data else None
    if folder is None or not folder.is_dir():
        pytest.skip("the samples of exports are not here (beside COURSE_REAL_DATA)")
    return folder


def orders(raw):
    valid = clean.apply(collect.read(raw, "orders")).valid
    net = float((valid["amount"] - valid["refunded"]).sum())
    return valid["order_id"].nunique(), valid["customer_id"].nunique(), round(net, 2)


def others(path, figures, truth, names):
    """What a file gives with each column renamed in turn, where it gives neither the truth nor a sentence."""
    wrong = {}
    for column, name in zip(collect.open_source(path).frame.columns, names, strict=False):
        raw = collect.open_source(path)
        if name in raw.frame.columns:
            continue
        raw.frame = raw.frame.rename(columns={column: name})
        raw.merged = frozenset(name if c == column else c for c in raw.merged)
        try:
            found = figures(raw)
        except DataError:
            continue
        if found != truth:
            wrong[f"{column} → {name}"] = found
    return wrong


def test_the_samples_give_their_truth(exports):
    """Orders without a customer are counted there and stand behind nobody here: theirs are left out by hand."""
    truth = yaml.safe_load((exports / "truth.yaml").read_text(encoding="utf-8"))
    nobody = {"square_transactions.csv": (1, 8.0), "youzan_orders.csv": (1, 25.0), "hubspot_deals.csv": (1, 700.0)}
    for name in ORDERS:
        t, (n, money) = truth[name], nobody.get(name, (0, 0.0))
        assert orders(exports / name) == (t["orders"] - n, t["customers"], round(t["net"] - money, 2)), name


@pytest.mark.parametrize("names", ["neutral", "plausible"])
@pytest.mark.parametrize("sample", ORDERS)
def test_orders_with_one_column_renamed(exports, sample, names):
    turn = ORDERS.index(sample)
    new = cycle(["Column X"] if names == "neutral" else PLAUSIBLE[turn:] + PLAUSIBLE[:turn])
    path = exports / sample
    wrong = others(path, orders, orders(path), new)
    assert {what: found for what, found in wrong.items() if found != OTHERWISE.get((sample, what))} == {}


@pytest.mark.parametrize("sample", SURVEYS)
def test_surveys_with_one_column_renamed(exports, sample):
    path = exports / sample
    asked = {"surveymonkey.csv": {"repeats": "all", "dates": "mdy"}, "wenjuanxing.xlsx": {"repeats": "all"}}
    answers = asked.get(sample, {})

    def figures(raw):
        valid = clean.apply(collect.read(raw, "surveys", answers=answers)).valid["score"]
        return len(valid), round(100 * float((valid >= 9).mean() - (valid <= 6).mean()), 1)

    assert others(path, figures, figures(path), cycle(["Column X"])) == {}
