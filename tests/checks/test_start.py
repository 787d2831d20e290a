"""Checks of lesson 00: what is right on any company, which mistake is told from which, and what never breaks."""

import numpy as np
import pandas as pd
import pytest

from course import authoring, behaviour, company, segment
from course.classroom import answers, room
from course.classroom.lessons.start.seal import SEAL
from course.classroom.widgets import play
from tests.checks import sitting
from tests.conftest import ROOT

LESSON = authoring.read(ROOT / "lessons" / "00_start.md")


def shop(seed):
    """Orders, lines and the customer list of a shop; some customers never bought, one order has no lines."""
    random = np.random.default_rng(seed)
    names = np.array([f"C{i:03d}" for i in range(90)])
    who = np.concatenate([names[:60], random.choice(names[:60], 200, p=np.arange(60, 0, -1) / 1830)])
    orders = pd.DataFrame(
        {
            "order_id": [f"L{i:04d}" for i in range(len(who))],
            "customer_id": who,
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, len(who)), "D"),
        }
    )
    counts = random.integers(1, 4, len(orders))
    lines = pd.DataFrame({"order_id": orders["order_id"].repeat(counts).to_numpy()})
    product = random.integers(0, 12, len(lines))
    lines["product_id"] = [f"P{i:02d}" for i in product]
    lines["category"] = np.array(["tea", "snacks", "home"])[product % 3]
    lines["quantity"] = random.integers(1, 5, len(lines)).astype(float)
    lines["unit_price"] = 5.0 + 3 * product
    worth = (lines["quantity"] * lines["unit_price"]).groupby(lines["order_id"]).sum()
    orders["amount"] = orders["order_id"].map(worth)
    orders["refunded"] = np.where(np.arange(len(orders)) % 20 == 0, orders["amount"], 0.0)
    return orders, lines[lines["order_id"] != "L0007"], pd.DataFrame({"customer_id": names})


@pytest.fixture(scope="module", params=[1, 2, 3])
def given(request):
    """What the cells before the exercises leave in the notebook."""
    orders, lines, customers = shop(request.param)
    sales = behaviour.purchases(orders, lines)
    sales["yuan"] = sales["amount"] - sales["refunded"]
    orders_7, lines_7, _ = shop(request.param + 10)
    tools = {"behaviour": behaviour, "segment": segment, "pd": pd}
    return tools | {
        "orders": orders,
        "lines": lines,
        "customers": customers,
        "sales": sales,
        "orders_7": orders_7,
        "lines_7": lines_7,
    }


def outcome(given, name, code):
    """What check says to an answer written as code."""
    names = dict(given)
    exec(code, names)
    return answers.check(name, names)


def said(given, name, code):
    found = outcome(given, name, code)
    assert found.kind == "not_yet"
    return found.sentence.message


def reference(name):
    return LESSON.exercises()[name].text


@pytest.mark.parametrize("name", ["start-1", "start-2", "start-3"])
def test_the_reference_is_right(given, name):
    assert outcome(given, name, reference(name)).kind == "right"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("start-1", 'buyers = len(sales["customer_id"].drop_duplicates())'),
        ("start-1", 'buyers = len(set(sales["customer_id"]))'),
        ("start-1", 'buyers = sales[["customer_id"]].nunique()'),
        ("start-1", 'buyers = orders["customer_id"].nunique()'),
        (
            "start-2",
            'spend = sales.groupby("customer_id").agg(yuan=("yuan", "sum")).sort_values("yuan", ascending=False)',
        ),
        (
            "start-2",
            'spend = sales.groupby("customer_id")["yuan"].sum().reset_index().sort_values("yuan", ascending=False)',
        ),
        (
            "start-2",
            'spend = segment.rfm(sales).set_index("customer_id")["monetary_net"].sort_values(ascending=False)',
        ),
        (
            "start-3",
            'x = behaviour.purchases(orders_7, lines_7)\nx["yuan"] = x["amount"] - x["refunded"]\n'
            's = x.groupby("customer_id")["yuan"].sum().sort_values(ascending=False)\n'
            "best_fifth = s.head(len(s) // 5).sum() / s.sum()",
        ),
        (
            "start-3",
            's = (orders_7["amount"] - orders_7["refunded"]).groupby(orders_7["customer_id"]).sum()\n'
            "best_fifth = float(behaviour.pareto(s).deciles['cumulative_share'][1])",
        ),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    assert outcome(given, name, code).kind == "right"


@pytest.mark.parametrize(
    ("name", "code", "message"),
    [
        ("start-1", "buyers = len(sales)", "number of rows"),
        ("start-1", 'buyers = sales["customer_id"].count()', "number of rows"),
        ("start-1", 'buyers = sales["order_id"].nunique()', "number of orders"),
        ("start-1", "buyers = len(orders)", "number of orders"),
        ("start-1", "buyers = len(customers)", "everybody on the customer list"),
        ("start-1", 'buyers = (sales["customer_id"].value_counts() == 1).sum()', "a single row"),
        ("start-1", 'buyers = (orders["customer_id"].value_counts() == 1).sum()', "a single order"),
        ("start-1", 'buyers = sales["product_id"].nunique()', "how many products"),
        ("start-1", 'buyers = sales["customer_id"].unique()', "holds many values"),
        ("start-1", 'buyers = sales["customer_id"].nunique', "is a method that was not called"),
        ("start-1", "buyers = 7", "{name} is {side}."),
        ("start-2", 'spend = sales.groupby("category")["yuan"].sum()', "for each category"),
        ("start-2", 'spend = sales.groupby("product_id")["yuan"].sum()', "for each product"),
        ("start-2", 'spend = sales.groupby("order_id")["yuan"].sum()', "for each order"),
        ("start-2", 'spend = sales["yuan"]', "one value for each {key}"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].count()', "numbers of rows"),
        ("start-2", 'spend = sales["customer_id"].value_counts()', "numbers of rows"),
        ("start-2", 'spend = orders["customer_id"].value_counts()', "numbers of orders"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].mean()', "Those are means"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].max()', "dearest row"),
        ("start-2", 'spend = sales.groupby("customer_id")["quantity"].sum()', "pieces, not yuan"),
        ("start-2", 'spend = sales.groupby("customer_id")["amount"].sum()', "refunds are still in it"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].sum()', "the order is not yet"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].sum().sort_values()', "the order is not yet"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].sum().head(9)', "one value for each {key}"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"].sum().sum()', "is a single value"),
        ("start-2", 'spend = sales.groupby("customer_id")["yuan"]', "nothing is computed of the groups"),
        ("start-2", 'spend = sales.groupby("customer_id")["category"].max()', "should hold yuan"),
        (
            "start-2",
            's = sales.groupby("customer_id")["yuan"].sum()\nspend = pd.Series(s.to_numpy()[::-1], s.index)',
            "does not lie with the customers",
        ),
        (
            "start-2",
            'spend = pd.concat([sales, sales]).groupby("customer_id")["yuan"].sum().sort_values(ascending=False)',
            "each row once",
        ),
        (
            "start-3",
            'best_fifth = behaviour.pareto(segment.rfm(sales)["monetary_net"]).top_fifth',
            "the company before",
        ),
        (
            "start-3",
            'x = segment.rfm(behaviour.purchases(orders_7, lines_7))["monetary_net"]\n'
            "best_fifth = 100 * behaviour.pareto(x).top_fifth",
            "in percent",
        ),
        (
            "start-3",
            'best_fifth = behaviour.pareto(orders_7.groupby("customer_id")["amount"].sum()).deciles["share"][0]',
            "best tenth",
        ),
        ("start-3", 'best_fifth = behaviour.pareto(orders_7["amount"]).top_fifth', "fifth of the orders"),
        (
            "start-3",
            'best_fifth = behaviour.pareto(orders_7.groupby("customer_id")["amount"].sum()).top_fifth',
            "Refunded money is still in it",
        ),
        ("start-3", 'best_fifth = orders_7["customer_id"].nunique()', "between 0 and 1"),
        ("start-3", "best_fifth = 0.05", "{name} is {side}."),
    ],
)
def test_each_mistake_is_told_from_the_others(given, name, code, message):
    assert message in said(given, name, code)


def test_wrong_answers_from_the_task_alone_are_refused_and_most_are_named(given):
    lists = sitting.wrong_answers("start")
    left = [code for name, codes in lists.items() for code in sitting.unnamed(given, name, codes)]
    assert len(left) <= (1 - sitting.NAMED) * sum(map(len, lists.values())), left


@pytest.mark.parametrize("name", ["start-1", "start-2", "start-3"])
@pytest.mark.parametrize("strange", sitting.STRANGE, ids=lambda value: type(value).__name__)
def test_a_strange_answer_is_a_sentence_never_a_traceback(given, name, strange):
    answer = answers.exercises("start")[name].answers[0]
    for value in (strange, given["sales"]):
        found = answers.check(name, given | {answer: value})
        assert found.kind == "not_yet"
        assert found.sentence.say("en") and found.sentence.say("zh")


def test_no_message_of_a_check_holds_the_answer(given):
    truth = given["sales"]["customer_id"].nunique()
    for code in ("buyers = len(sales)", "buyers = 7", "buyers = len(customers)"):
        assert str(truth) not in outcome(given, "start-1", code).sentence.say()


def test_the_seal_counts_every_number_a_person_is_kept_under(monkeypatch, tmp_path):
    company.write(3, 300, tmp_path / "luming")
    monkeypatch.setitem(room._open, "company", tmp_path / "luming")
    ids = pd.read_parquet(tmp_path / "luming" / "truth" / "ids.parquet")
    assert SEAL.truth() == pytest.approx(ids.groupby("person_id").size().mean())


def test_the_game_draws_from_one_per_cent_to_all(monkeypatch, given):
    import matplotlib.pyplot as plt

    from course.classroom.lessons.start import game as start

    drawn = []
    monkeypatch.setattr(start, "load", lambda name: given[name])
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gca().get_title()))
    monkeypatch.setitem(room._open, "lesson", "00_start")
    start._curve.cache_clear()
    for best in (1, 20, 100):
        play("start", best_percent=best)
    plt.close("all")
    start._curve.cache_clear()
    assert drawn[-1] == "The best 100% of customers bring 100% of the money"
