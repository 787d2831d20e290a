"""Checks of lesson 05: right on any company, each mistake told from the others, nothing that ends in a traceback."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import behaviour, company, language
from course.classroom import answers, bets, load, room
from course.classroom.lessons.behaviour.game import conversions
from course.classroom.lessons.behaviour.seal import AS_OF, SEAL, turned
from course.classroom.widgets import play
from tests.checks import alternatives, sitting
from tests.conftest import ROOT

TOPIC = "behaviour"


@pytest.fixture(scope="module")
def many():
    """Orders of the shipped company, as the lesson leaves them: in a cohort of fifty people two mistakes may give the
    same figure."""
    orders = pd.read_parquet(ROOT / "datasets" / "prepared" / "orders.parquet").query("ordered_at < '2024-12-16'")
    return orders.assign(month=orders["ordered_at"].dt.strftime("%Y-%m"))


# --- right answers ---------------------------------------------------------------------------------------------------


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *alternatives.of("behaviour"),
        (
            "behaviour-1",
            "spent = orders.assign(n=orders.amount - orders.refunded).groupby('customer_id').agg(net=('n', 'sum'))\n"
            "s = spent['net'].sort_values()\ntop_fifth = s.iloc[-(len(s) // 5):].sum() / s.sum()",
        ),
        (
            "behaviour-1",
            "spent = orders.groupby('customer_id', as_index=False)['net'].sum().sample(frac=1, random_state=0)\n"
            "m = spent['net']\ntop_fifth = round(m[m >= m.quantile(0.8)].sum() / m.sum(), 3)",
        ),
        (
            "behaviour-1",
            "spent = orders.groupby('customer_id')['net'].sum()\ntop_fifth = behaviour.pareto(spent).top_fifth",
        ),
        (
            "behaviour-2",
            "first = orders.sort_values('ordered_at').drop_duplicates('customer_id')\n"
            "own = set(first.loc[first['month'] == '2024-06', 'customer_id'])\n"
            "back = orders[orders['customer_id'].isin(own) & (orders['month'] == '2024-09')]\n"
            "cohort, came_back = len(own), round(back['customer_id'].nunique() / len(own), 3)",
        ),
        (
            "behaviour-2",
            "row = returned.query(\"month == '2024-06' and age == 3\").iloc[0]\n"
            "cohort, came_back = row['customers'], row['retention']",
        ),
        (
            "behaviour-3",
            "def visits(log, minutes):\n"
            "    log = log.sort_values(['visitor_id', 'at'])\n"
            "    far = log['at'] - log['at'].shift() > pd.Timedelta(minutes=minutes)\n"
            "    return int((far | (log['visitor_id'] != log['visitor_id'].shift())).sum())",
        ),
        (
            "behaviour-3",
            "visits = lambda clicks, minutes=30: len(behaviour.sessions(clicks.assign(kind='view'), minutes))",
        ),
        (
            "behaviour-4",
            "t = pd.crosstab(items['order_id'], items['product_id'])[[a, b]] > 0\n"
            "lift = (t[a] & t[b]).mean() / (t[a].mean() * t[b].mean())",
        ),
        ("behaviour-4", "lift = round(pairs.iloc[0]['lift'], 2)"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

SPENT = "spent = orders.groupby('customer_id')['net'].sum()\ns, n = spent.sort_values(ascending=False), len(spent)\n"
JUNE = (
    "m = orders.groupby('customer_id')['month'].min()\nj = m[m == '2024-06'].index\ncohort = len(j)\n"
    "own = orders[orders['customer_id'].isin(j)]\n"
)
BOTH = (
    "x = set(items.query('product_id == @a')['order_id'])\ny = set(items.query('product_id == @b')['order_id'])\n"
    "n, k = items['order_id'].nunique(), len(x & y)\n"
)
GAP = (
    "def visits(clicks, minutes=30):\n    c = clicks.sort_values(['visitor_id', 'at'])\n"
    "    g = c.groupby('visitor_id')['at'].diff()\n"
)
LIMIT = "pd.Timedelta(minutes=minutes)"


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("behaviour-1", "spent = orders.groupby('customer_id')['amount'].sum()\ntop_fifth = .7", "That is gross"),
        ("behaviour-1", "spent = orders['net']\ntop_fifth = .7", "a row for every order"),
        ("behaviour-1", "spent = orders.groupby('customer_id')['net'].mean()\ntop_fifth = .7", "money per order"),
        ("behaviour-1", "spent = orders.groupby('customer_id').size()\ntop_fifth = .7", "number of orders"),
        ("behaviour-1", "spent = orders.groupby('customer_id')['net'].max()\ntop_fifth = .7", "largest order"),
        ("behaviour-1", "spent = orders.groupby('customer_id')['refunded'].sum()\ntop_fifth = .7", "was refunded"),
        (
            "behaviour-1",
            "spent = orders.groupby('customer_id')['net'].sum().head(9)\ntop_fifth = .7",
            "Some are missing",
        ),
        ("behaviour-1", "spent = orders['net'].sum()\ntop_fifth = .7", "single value"),
        ("behaviour-1", "spent = orders.groupby('customer_id')['net']\ntop_fifth = .7", "is grouped"),
        ("behaviour-1", SPENT + "top_fifth = 100 * s.iloc[:n // 5].sum() / s.sum()", "percentage"),
        ("behaviour-1", SPENT + "top_fifth = s.iloc[:n // 5].sum()", "Those are yuan"),
        ("behaviour-1", SPENT + "top_fifth = spent[spent.rank() <= n / 5].sum() / s.sum()", "poorest fifth"),
        ("behaviour-1", SPENT + "top_fifth = spent[spent < spent.quantile(0.8)].sum() / s.sum()", "all but the best"),
        (
            "behaviour-1",
            SPENT + "o = orders['net']\ntop_fifth = o[o >= o.quantile(0.8)].sum() / o.sum()",
            "fifth of the orders",
        ),
        ("behaviour-1", SPENT + "top_fifth = s.head(20).sum() / s.sum()", "twenty customers"),
        ("behaviour-1", SPENT + "top_fifth = spent[spent >= spent.quantile(0.9)].sum() / s.sum()", "best tenth"),
        ("behaviour-1", SPENT + "top_fifth = spent.head(n // 5).sum() / s.sum()", "as it stands"),
        ("behaviour-1", SPENT + "top_fifth = (s.cumsum() < 0.8 * s.sum()).mean()", "bring 80% of the money"),
        ("behaviour-1", SPENT + "top_fifth = (spent > spent.quantile(0.8)).mean()", "0.2 is the share"),
        ("behaviour-1", SPENT + "top_fifth = spent[spent > spent.mean()].sum() / s.sum()", "above the mean"),
        ("behaviour-1", SPENT + "top_fifth = s.iloc[:n // 5].sum() / orders['amount'].sum()", "Net over gross"),
        ("behaviour-1", SPENT + "top_fifth = ...", "still to be done"),
        (
            "behaviour-2",
            "cohort = orders.query(\"month == '2024-06'\")['customer_id'].nunique()\ncame_back = .2",
            "all who ordered",
        ),
        ("behaviour-2", "cohort = len(orders.query(\"month == '2024-06'\"))\ncame_back = .2", "orders of June"),
        (
            "behaviour-2",
            "y = orders.query(\"ordered_at >= '2024'\").groupby('customer_id')['month'].min()\n"
            "cohort, came_back = (y == '2024-06').sum(), .2",
            "You looked at the orders of 2024 alone",
        ),
        (
            "behaviour-2",
            "y = orders.groupby('customer_id')['month'].max()\ncohort, came_back = (y == '2024-06').sum(), .2",
            "last order",
        ),
        ("behaviour-2", JUNE + "cohort, came_back = (m == '2023-06').sum(), .2", "June 2023"),
        ("behaviour-2", JUNE + "cohort, came_back = (m <= '2024-06').sum(), .2", "up to June"),
        ("behaviour-2", JUNE + "cohort, came_back = (m >= '2024-06').sum(), .2", "from June on"),
        ("behaviour-2", JUNE + "cohort, came_back = j, .2", "holds many values"),
        (
            "behaviour-2",
            JUNE + "came_back = 100 * own[own.month == '2024-09'].customer_id.nunique() / cohort",
            "percentage",
        ),
        ("behaviour-2", JUNE + "came_back = own[own.month == '2024-09'].customer_id.nunique()", "Divide by the cohort"),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month.between('2024-07', '2024-09')].customer_id.nunique() / cohort",
            "one of the three months",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month > '2024-06'].customer_id.nunique() / cohort",
            "any time since",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month >= '2024-09'].customer_id.nunique() / cohort",
            "September and all months after",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month == '2024-08'].customer_id.nunique() / cohort",
            "That is August",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month == '2024-10'].customer_id.nunique() / cohort",
            "That is October",
        ),
        (
            "behaviour-2",
            JUNE + "t = orders[orders.month == '2024-09']\n"
            "came_back = t[t.customer_id.isin(j)].customer_id.nunique() / t.customer_id.nunique()",
            "divide by cohort",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = orders[orders.month == '2024-09'].customer_id.nunique() / cohort",
            "Only members of the cohort",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = 1 - own[own.month == '2024-09'].customer_id.nunique() / cohort",
            "did not come",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = orders[orders.month == '2024-09'].customer_id.isin(j).mean()",
            "all orders of September",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = own[own.month == '2024-09'].customer_id.nunique() / len(m)",
            "by all customers",
        ),
        (
            "behaviour-2",
            JUNE + "came_back = round(own[own.month == '2024-09'].customer_id.nunique() / cohort, 2)",
            "rounded too far",
        ),
        ("behaviour-3", GAP + f"    return (g > {LIMIT}).sum()", "A single click is one visit"),
        ("behaviour-3", GAP + f"    return (g.isna() | (g >= {LIMIT})).sum()", "Exactly 30:00"),
        ("behaviour-3", GAP + "    return (g.isna() | (g.dt.seconds > 60 * minutes)).sum()", ".dt.seconds"),
        (
            "behaviour-3",
            GAP + "    return (g.isna() | (g > pd.Timedelta(minutes=30))).sum()",
            "written into the function",
        ),
        ("behaviour-3", GAP + f"    (g.isna() | (g > {LIMIT})).sum()", "gives nothing back"),
        ("behaviour-3", GAP + "    return (g.isna() | (g > pd.Timedelta(seconds=minutes))).sum()", "compared seconds"),
        ("behaviour-3", "def visits(clicks, minutes=30):\n    return len(clicks)", "Those are clicks"),
        (
            "behaviour-3",
            "def visits(clicks, minutes=30):\n    return clicks['visitor_id'].nunique()",
            "Those are visitors",
        ),
        (
            "behaviour-3",
            f"def visits(clicks, minutes=30):\n    g = clicks.sort_values('at')['at'].diff()\n"
            f"    return (g.isna() | (g > {LIMIT})).sum()",
            "by turns",
        ),
        (
            "behaviour-3",
            f"def visits(clicks, minutes=30):\n    g = clicks.groupby('visitor_id')['at'].diff()\n"
            f"    return (g.isna() | (g > {LIMIT})).sum()",
            "not in the order of time",
        ),
        ("behaviour-3", GAP + "    return (g.isna() | (g > minutes)).sum()", "bare number"),
        ("behaviour-3", "def visits(clicks):\n    return 1", "cannot be called"),
        ("behaviour-3", "def visits(clicks, minutes):\n    return clicks['time'].count()", "looks for"),
        ("behaviour-3", "visits = len(behaviour.sessions(events))", "should be a function"),
        ("behaviour-4", BOTH + "lift = k * len(items) / (len(x) * len(y))", "All rows of items"),
        ("behaviour-4", BOTH + "lift = k / len(x)", "share with b among orders with a"),
        ("behaviour-4", BOTH + "lift = k / len(y)", "from b to a"),
        ("behaviour-4", BOTH + "lift = k", "number of orders with both"),
        ("behaviour-4", BOTH + "lift = len(x) * len(y) / (k * n)", "upside down"),
        ("behaviour-4", BOTH + "lift = k / (len(x) + len(y))", "were added"),
        ("behaviour-4", BOTH + "lift = len(x | y) * n / (len(x) * len(y))", "one of the two"),
        ("behaviour-4", BOTH + "lift = (x & y)", "cannot be read"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, many, name, code, said):
    names = given[name] | ({"orders": many} if name == "behaviour-2" else {})
    found = sitting.told(names, name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_small_shares_are_told_apart():
    """Support and the counts of a rare pair are close to each other near zero: each gets its own sentence."""
    items = pd.DataFrame({"order_id": [1, 1, 2, 2, 3, 3, 4, 5, 6, 7], "product_id": list("ababacbacc")})
    for value, said in ((2 / 7, "support"), (2 / 5, "Jaccard"), (2 / (4 * 3), "number of orders is missing")):
        given = {"items": items, "bought": items.assign(customer_id=items["order_id"]), "a": "a", "b": "b"}
        found = answers.check("behaviour-4", given | {"lift": value})
        assert said in found.sentence.say("en"), (value, found)


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_the_lines_fall_only_because_the_month_is_half_over(seat):
    orders = load("orders").query("ordered_at < '2024-12-16'")
    known = behaviour.cohorts(orders, AS_OF).query("age > 0")
    before = known[known["complete"]].groupby("cohort")["retention"].last()
    fell = (before - known[~known["complete"]].set_index("cohort")["retention"]).dropna()
    assert (fell > 0).mean() > 0.8
    halves = []
    for day in ("2024-10-15", "2024-12-15"):
        half = behaviour.cohorts(orders, day).query("not complete and age > 0")
        halves.append(half["active"].sum() / half["customers"].sum())
    assert abs(halves[1] - halves[0]) < 0.02


def test_the_trap_costs_what_it_says(seat):
    """Coupons by visits go mostly to people who buy; the category whose carts are left stands far behind the others."""
    folder = seat
    events = load("events")
    whole = behaviour.funnel(events).pivot(index="per", columns="step", values="reached")
    left = whole["cart"] - whole["buy"]
    assert left["session"] > 5 * left["user"]
    rates = behaviour.funnel(events).query("step == 'buy'").set_index("per")["of_first"]
    assert rates["user"] > 2.5 * rates["session"]
    carts = behaviour.funnel(events, by="category").query("per == 'session' and step == 'buy'")
    lowest = carts.sort_values("of_previous").head(2)
    assert lowest["category"].iloc[0] == company.unseal("behaviour", folder).facts["abandoned_category"]
    assert lowest["of_previous_high"].iloc[0] < lowest["of_previous_low"].iloc[1]


def test_the_model_names_hardly_anybody_who_has_not_turned(seat):
    orders = load("orders").query("ordered_at < '2024-12-16'")
    shift = behaviour.preference_shift(behaviour.purchases(orders, load("lines"), AS_OF), "2023-12-31", AS_OF)
    named = shift.customers[shift.customers["shifted"]].merge(turned(), on="customer_id")
    assert named["turned"].mean() > 0.8
    assert len(named) < 0.5 * turned()["turned"].sum()


@pytest.mark.parametrize("days", [7, 168])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_slider(seat, lang, days, monkeypatch):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("behaviour", days=days)
    (ax,) = plt.gcf().axes
    assert "%" in ax.get_title() and str(days) in ax.get_title() and len(ax.get_legend().texts) == 2
    plt.close("all")
    language.use("en")


@pytest.mark.parametrize("days", [14, 168])
def test_the_game_counts_as_the_funnel_does(seat, days):
    """The whole window and a short one, against the package; users pile up with the days, visits do not."""
    events = load("events").assign(at=lambda log: log["at"] + pd.Timedelta(hours=8))
    events = events[events["at"] < pd.Timestamp("2024-07-01") + pd.Timedelta(days=days)]
    rates = behaviour.funnel(events).query("step == 'buy'").set_index("per")["of_first"]
    curves = conversions(seat)
    for per in ("session", "user"):
        assert curves[per][days - 1] == pytest.approx(rates[per], abs=0.015)
    assert curves["user"][167] > 1.5 * curves["user"][13] and abs(curves["session"][167] - curves["session"][27]) < 0.08


def test_the_seal_holds_who_has_turned(seat):
    folder = seat
    known = turned()
    orders = load("orders").query("ordered_at < '2024-12-16'")
    years = orders.groupby("customer_id")["ordered_at"].agg(["min", "max"])
    both = years[(years["min"] < "2024") & (years["max"] >= "2024")].index
    assert known["customer_id"].is_unique and set(known["customer_id"]) <= set(both)
    assert len(known) > 0.95 * len(both)
    assert SEAL.truth() == pytest.approx(100 * (known["planted"] | known["baby"]).mean())
    # Shifts are planted in 14 of 100 who are neither parents nor grandparents; the seed's luck on either side.
    assert 7 < 100 * known["planted"].mean() < 18
    visits = int(company.unseal("behaviour", folder).facts["sessions"])
    assert len(behaviour.sessions(load("events"))) == pytest.approx(visits, rel=0.01)
    for lang in ("en", "zh"):
        assert f"{visits:,}" in SEAL.more().say(lang)


def test_nothing_is_told_before_the_bet(seat, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setitem(room._open, "company", seat)
    assert "newborn" not in bets.unseal("behaviour").say("en")
    bets.bet("behaviour", 0, 100)
    opened = bets.unseal("behaviour").say("en")
    assert "Your range held it." in opened and "newborn" in opened


def test_shuffled_years_change_as_many_favourites_as_chance_does(given):
    """Dealing out keeps each customer's number of orders in each year; the lesson's zero is below what it counted."""
    names = given["behaviour-bet"]
    real, dealt = names["choices"]["year"], names["dealt"]
    heads = names["heads"]
    for frame in (heads["year"], dealt.reindex(heads["order_id"])):
        assert (frame == 2024).sum() == (heads["year"] == 2024).sum()
    own = heads.assign(dealt=heads["order_id"].map(dealt))
    counts = own.groupby("customer_id").agg(a=("year", "sum"), b=("dealt", "sum"))
    assert (counts["a"] == counts["b"]).all() and not np.array_equal(own["year"], own["dealt"])
    seen = names["changed"](names["choices"])
    chance = names["changed"](names["choices"].assign(year=names["choices"]["order_id"].map(dealt)))
    assert chance < seen < 2 * chance and len(real)
