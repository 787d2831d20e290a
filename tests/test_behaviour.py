"""Behaviour: totals that reconcile, sessions and funnels at their edges, and findings that vanish where nothing is."""

import itertools
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from course import DataError, behaviour, clean, collect
from course.behaviour.baskets import expected_together

DAY = pd.Timestamp("2024-01-01")
#: Examples where each is several queries.
few = settings(max_examples=15)


def _shuffled(frame, seed=0):
    return frame.sample(frac=1, random_state=seed)


# --- What was bought -------------------------------------------------------------------------------------------------

ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b", "c"],
        "order_id": ["1", "2", "3", "4"],
        "ordered_at": pd.to_datetime(["2024-01-06 09:10", "2024-01-09 09:50", "2024-01-08 20:00", "2024-01-10 12:00"]),
        "amount": [90.0, 10.0, 30.0, 7.0],
        "refunded": [30.0, 0.0, 0.0, 0.0],
        "discount": [10.0, 0.0, None, 0.0],
        "channel": ["app", "store", "store", None],
    }
)
LINES = pd.DataFrame(
    {
        "order_id": ["1", "1", "2", "3", "3", "9"],
        "product_id": ["p", "q", "p", "q", "r", "p"],
        "category": ["tea", "home", "tea", "home", "tea", "tea"],
        "quantity": [2, 1, 1, 1, 1, 1],
        "unit_price": [40.0, 20.0, 10.0, 0.0, 0.0, 5.0],
    }
)


def test_the_money_of_an_order_is_divided_over_its_lines():
    got = behaviour.purchases(ORDERS, LINES)
    money = got.set_index(["order_id", "product_id"])["amount"]
    assert money["1", "p"] == pytest.approx(72.0)  # 80 of 100 listed; 90 were paid
    assert money["1", "q"] == pytest.approx(18.0)
    assert money["3", "q"] == money["3", "r"] == pytest.approx(15.0)  # listed at 0: equal parts
    assert got.loc[got["order_id"] == "4", "product_id"].isna().all()  # an order without lines keeps its money
    assert "9" not in set(got["order_id"])  # a line without an order has no buyer
    assert got.groupby("order_id")["amount"].sum().to_dict() == pytest.approx({"1": 90, "2": 10, "3": 30, "4": 7})
    assert got["refunded"].sum() == pytest.approx(30.0)


line_tables = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from("pqrs"), st.sampled_from(["tea", "home", None]), st.integers(0, 9_999)
    ),
    min_size=1,
    max_size=30,
)


@few
@given(line_tables, st.lists(st.integers(0, 99_999), min_size=6, max_size=6))
def test_either_layout_keeps_every_cent(rows, cents):
    lines = pd.DataFrame(rows, columns=["order", "product_id", "category", "cents"])
    lines = lines.assign(order_id=lines["order"].astype("str"), quantity=1.0, unit_price=lines["cents"] / 100)
    orders = pd.DataFrame(
        {
            "customer_id": list("aabbcc"),
            "order_id": [str(i) for i in range(6)],
            "ordered_at": DAY + pd.to_timedelta(range(6), unit="D"),
            "amount": [c / 100 for c in cents],
        }
    )
    got = behaviour.purchases(orders, lines)
    assert got.groupby("order_id")["amount"].sum().to_dict() == pytest.approx(
        orders.set_index("order_id")["amount"].to_dict(), abs=1e-9
    )
    pd.testing.assert_frame_equal(behaviour.purchases(_shuffled(orders), _shuffled(lines)), got, check_exact=True)
    flat = orders.merge(lines, on="order_id").assign(amount=lambda f: f["unit_price"])
    assert behaviour.purchases(flat)["amount"].sum() == pytest.approx(flat["amount"].sum())


def test_habits_of_a_table_small_enough_to_check_by_eye():
    got = behaviour.habits(ORDERS, LINES).set_index("customer_id")
    a, b, c = (got.loc[name] for name in "abc")
    assert a["mean_gap_days"] == 3 and math.isnan(b["mean_gap_days"])
    assert (a["weekend_share"], b["weekend_share"]) == (0.5, 0.0)  # 6 January 2024 was a Saturday
    assert (a["usual_hour"], b["usual_hour"], c["usual_hour"]) == (9, 20, 12)
    assert (a["discount_share"], b["discount_share"]) == (0.5, 0.0)  # a blank discount is none
    assert (a["main_channel"], a["main_channel_share"], a["channels"]) == ("app", 0.5, 2)  # a tie: the first name
    assert pd.isna(c["main_channel"]) and pd.isna(c["top_category"])
    # a: net of refunds 60 · 0.8 + 10 = 58 of 70 on tea
    assert (a["top_category"], a["categories"]) == ("tea", 2)
    assert a["top_category_share"] == pytest.approx(58 / 70)
    assert a["category_hhi"] == pytest.approx((58 / 70) ** 2 + (12 / 70) ** 2)


def test_habits_have_only_the_columns_that_the_data_carry():
    bare = ORDERS[["customer_id", "order_id", "ordered_at", "amount"]]
    assert list(behaviour.habits(bare)) == ["customer_id", "mean_gap_days", "weekend_share", "usual_hour"]
    dates = bare.assign(ordered_at=bare["ordered_at"].dt.normalize())
    assert "usual_hour" not in behaviour.habits(dates)
    promoted = bare.assign(promo_id=[None, "p", None, None])
    assert behaviour.habits(promoted).set_index("customer_id").loc["a", "discount_share"] == 0.5


def test_what_comes_after_as_of_is_not_seen():
    early = behaviour.habits(ORDERS, LINES, as_of="2024-01-08").set_index("customer_id")
    assert list(early.index) == ["a", "b"]
    assert early.loc["a", "channels"] == 1
    assert set(behaviour.purchases(ORDERS, LINES, as_of="2024-01-08")["order_id"]) == {"1", "3"}


habit_tables = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(0, 9),
        st.integers(0, 24 * 40),
        st.sampled_from(["app", "shop", None]),
        st.sampled_from(["tea", "home", "baby"]),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=40,
)


@few
@given(habit_tables)
def test_habits_equal_the_pandas_that_the_lessons_write(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "order", "hour", "channel", "category", "cents"])
    frame["order_id"] = frame["customer_id"] + frame["order"].astype("str")
    frame["ordered_at"] = DAY + pd.to_timedelta(frame["hour"].groupby(frame["order_id"]).transform("first"), unit="h")
    frame["channel"] = frame.groupby("order_id")["channel"].transform(lambda c: c.iloc[0])
    frame["amount"] = frame["cents"] / 100
    got = behaviour.habits(frame).set_index("customer_id")
    pd.testing.assert_frame_equal(behaviour.habits(_shuffled(frame)).set_index("customer_id"), got, check_exact=True)
    one = frame.drop_duplicates("order_id")
    for customer, own in one.groupby("customer_id"):
        row, days = got.loc[customer], own["ordered_at"].dt.normalize().drop_duplicates().sort_values()
        assert row["mean_gap_days"] == pytest.approx(days.diff().dt.days.mean(), nan_ok=True)
        assert row["weekend_share"] == pytest.approx((own["ordered_at"].dt.day_of_week >= 5).mean())
        if "usual_hour" in got:
            assert row["usual_hour"] == own["ordered_at"].dt.hour.mode().iloc[0]
        channels = own["channel"].value_counts(normalize=True)
        assert pd.isna(row["channels"]) if channels.empty else row["main_channel_share"] == channels.iloc[0]
        money = frame[frame["customer_id"] == customer].groupby("category")["amount"].sum()
        assert row["category_hhi"] == pytest.approx(((money / money.sum()) ** 2).sum())
        assert money[row["top_category"]] == pytest.approx(money.max())


# --- How money is spread ---------------------------------------------------------------------------------------------

moneys = st.lists(st.integers(0, 10**7).map(lambda c: c / 100), min_size=1, max_size=60).filter(any)


@given(moneys)
def test_deciles_sum_to_the_total_and_the_lorenz_curve_is_convex(values):
    got = behaviour.pareto(pd.Series(values))
    assert got.deciles["money"].sum() == pytest.approx(sum(values))
    assert got.deciles["customers"].sum() == len(values)
    assert got.deciles["cumulative_share"].iloc[-1] == pytest.approx(1)
    assert got.deciles["customers"].max() - got.deciles["customers"].min() <= 1
    curve = got.lorenz.to_numpy()
    assert curve[0].tolist() == [0, 0] and curve[-1] == pytest.approx([1, 1])
    assert (np.diff(curve[:, 1], 2) > -1e-12).all() and (curve[:, 1] <= curve[:, 0] + 1e-12).all()
    assert 0.2 - 1e-12 <= got.top_fifth <= 1


@given(moneys, st.floats(0.01, 1000))
def test_gini_is_twice_the_area_above_the_curve_and_knows_no_currency(values, rate):
    got = behaviour.gini(pd.Series(values))
    held = np.append(0, np.cumsum(sorted(values))) / sum(values)
    area = ((held[1:] + held[:-1]) / 2).mean()
    assert got.value == pytest.approx(1 - 2 * area, abs=1e-9)
    assert behaviour.gini(pd.Series(values) * rate).value == pytest.approx(got.value, abs=1e-9)
    assert 0 <= got.low <= got.value <= got.high <= 1


def test_gini_of_distributions_whose_value_is_known():
    assert behaviour.gini(pd.Series([5.0] * 7)) == behaviour.Gini(0.0, 0.0, 0.0, 7)
    assert behaviour.gini(pd.Series([1.0, 2, 3, 4])).value == pytest.approx(0.25)  # (n − 1) / 3n for 1 … n
    assert behaviour.gini(pd.Series([0.0] * 9 + [8])).value == pytest.approx(0.9)  # one has all: 1 − 1/n
    assert behaviour.gini(pd.Series(np.arange(1, 10**5))).value == pytest.approx(1 / 3, abs=1e-5)


def test_the_interval_of_gini_covers_the_value_of_an_exponential_distribution():
    rng = np.random.default_rng(7)
    covered = [
        g.low <= 0.5 <= g.high for g in (behaviour.gini(pd.Series(rng.exponential(size=300))) for _ in range(400))
    ]
    assert 0.90 < np.mean(covered) < 0.98


def test_the_best_fifth_of_ten_customers_is_two_of_them():
    got = behaviour.pareto(pd.Series([1.0, 2, 3, 4, 5, 6, 7, 8, 24, 40], index=list("abcdefghij")))
    assert got.top_fifth == pytest.approx(0.64)
    assert got.deciles["money"].tolist() == [40, 24, 8, 7, 6, 5, 4, 3, 2, 1]
    assert got.deciles["cumulative_share"].iloc[1] == pytest.approx(0.64)


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (pd.Series([1.0, -2.0], index=["x", "y"]), "1 has none .first: y"),
        (pd.Series([1.0, np.nan]), "1 has none"),
        (pd.Series([0.0, 0.0]), "no money"),
        (pd.Series(["12"]), "not a number"),
    ],
)
def test_money_that_cannot_be_spread_is_refused(money, words):
    with pytest.raises(DataError, match=words):
        behaviour.pareto(money)


# --- Clicks ----------------------------------------------------------------------------------------------------------


def _clicks(*rows, **more):
    frame = pd.DataFrame(rows, columns=["visitor_id", "at", "kind"])
    return frame.assign(at=pd.to_datetime("2024-03-01 " + frame["at"], format="mixed"), **more)


def test_a_gap_of_exactly_thirty_minutes_stays_in_the_session():
    clicks = _clicks(
        ("v", "10:00:00", "view"),
        ("v", "10:30:00", "view"),
        ("v", "11:00:00.000001", "buy"),
        ("w", "10:00:00", "view"),
    )
    got = behaviour.sessions(clicks)
    assert got[["visitor_id", "session"]].to_numpy().tolist() == [["v", 1], ["v", 2], ["w", 1]]
    assert got["events"].tolist() == [2, 1, 1]
    assert got["pages"].tolist() == [2, 0, 1] and got["buys"].tolist() == [0, 1, 0]
    assert got["dwell_seconds"].iloc[0] == 1800
    assert got["dwell_seconds"].iloc[1:].isna().all()  # one event: how long it was looked at nobody knows
    assert len(behaviour.sessions(clicks, gap_minutes=31)) == 2


def test_the_last_page_of_a_session_has_no_dwell():
    clicks = _clicks(("v", "10:00:00", "view"), ("v", "10:00:45.5", "cart"), ("v", "12:00", "view"))
    got = behaviour.pages(clicks)
    assert got["dwell_seconds"].iloc[0] == 45.5
    assert got["dwell_seconds"].iloc[1:].isna().all()


click_tables = st.lists(
    st.tuples(
        st.sampled_from("uvw"),
        st.integers(0, 300),
        st.sampled_from(["view", "cart", "buy", "search"]),
        st.sampled_from(["tea", "home", None]),
        st.sampled_from(["a", "b", None]),
    ),
    min_size=1,
    max_size=50,
).filter(lambda rows: {"view", "cart", "buy"} <= {r[2] for r in rows} and any(r[3] for r in rows))


def _events(rows):
    frame = pd.DataFrame(rows, columns=["visitor_id", "minute", "kind", "category", "customer_id"])
    return frame.assign(at=DAY + pd.to_timedelta(frame.pop("minute"), unit="min"))


@few
@given(click_tables)
def test_sessions_equal_the_pandas_that_the_lessons_write(rows):
    events = _events(rows)
    by_hand = events.sort_values(["visitor_id", "at"])
    begins = by_hand.groupby("visitor_id")["at"].diff() > pd.Timedelta(minutes=30)
    by_hand["session"] = begins.astype("int64").groupby(by_hand["visitor_id"]).cumsum() + 1
    expected = by_hand.groupby(["visitor_id", "session"])["at"].agg(["min", "max", "size"])
    got = behaviour.sessions(events).set_index(["visitor_id", "session"])
    assert got["started"].tolist() == expected["min"].tolist()
    assert got["ended"].tolist() == expected["max"].tolist()
    assert got["events"].tolist() == expected["size"].tolist()
    assert got["events"].sum() == len(events)
    pd.testing.assert_frame_equal(
        behaviour.sessions(_shuffled(events)).set_index(["visitor_id", "session"]), got, check_exact=True
    )
    pages = behaviour.pages(events)
    assert pages["dwell_seconds"].isna().sum() == len(got)  # the last of each session
    assert pages["dwell_seconds"].sum() == pytest.approx(got["dwell_seconds"].sum())


def _funnel_by_hand(events, unit, steps):
    reached = Counter()
    for _, own in events.groupby(unit):
        at = pd.Timestamp.min
        for step in steps:
            times = own.loc[(own["kind"] == step) & (own["at"] >= at), "at"]
            if times.empty:
                break
            at = times.min()
            reached[step] += 1
    return [reached[s] for s in steps]


@few
@given(click_tables, st.sampled_from([None, "category"]))
def test_the_funnel_is_monotone_ordered_and_equal_to_pandas(rows, by):
    events, steps = _events(rows), ["view", "cart", "buy"]
    got = behaviour.funnel(events, steps, by=by)
    groups = got.groupby(["per", *([by] if by else [])])["reached"]
    assert all(g.is_monotonic_decreasing for _, g in groups)
    pd.testing.assert_frame_equal(behaviour.funnel(_shuffled(events), steps, by=by), got, check_exact=True)
    visits = behaviour.pages(events)
    owner = visits.groupby("visitor_id")["customer_id"].agg(lambda c: c.dropna().iloc[0] if c.nunique() == 1 else None)
    person = visits["customer_id"].fillna(visits["visitor_id"].map(owner))
    visits["user"] = ("c" + person).fillna("v" + visits["visitor_id"])
    visits["visit"] = visits["visitor_id"] + visits["session"].astype("str")
    parts = visits.groupby("category") if by else [(None, visits)]
    for (name, part), (per, unit) in itertools.product(parts, [("session", "visit"), ("user", "user")]):
        rows_of = got[(got["per"] == per) & ((got["category"] == name) if by else True)]
        assert rows_of["reached"].tolist() == _funnel_by_hand(part, unit, steps)


def test_per_session_and_per_user_are_two_answers():
    # One user looks three times and buys the third; another looks once.
    clicks = _clicks(
        *[("v", f"{h}:00", "view") for h in (8, 12, 16)],
        ("v", "16:01", "cart"),
        ("v", "16:02", "buy"),
        ("w", "9:00", "view"),
    )
    got = behaviour.funnel(clicks).set_index(["per", "step"])
    assert got.loc[("session", "buy"), "of_first"] == 0.25
    assert got.loc[("user", "buy"), "of_first"] == 0.5
    assert got.loc[("user", "buy"), "of_previous"] == 1.0
    # By visitors (1 − 3/4)² + (0 − 1/4)² = 1/8, of 4 · 1/4 · 3/4 = 3/4: less than if sessions stood alone.
    low, high = proportion_confint(1, 4, method="wilson")
    assert got.loc[("session", "buy"), ["of_first_low", "of_first_high"]].tolist() == pytest.approx([low, high])


def test_sessions_of_one_visitor_are_alike_and_count_for_fewer():
    """Two visitors of ten sessions each, one buys in every one: twenty sessions say what two do."""
    clicks = _clicks(
        *[(who, f"{hour}:00", "view") for who in "vw" for hour in range(2, 22, 2)],
        *[("v", f"{hour}:01", "buy") for hour in range(2, 22, 2)],
    )
    got = behaviour.funnel(clicks, ("view", "buy")).set_index(["per", "step"])
    assert got.loc[("session", "buy"), ["reached", "of_first"]].tolist() == [10, 0.5]
    ends = ["of_first_low", "of_first_high"]
    # Σ (k − n/2)² = 5² + 5² = 50 of 20 · 1/2 · 1/2 = 5: an effect of ten.
    for per in ("session", "user"):
        low, high = proportion_confint(1, 2, method="wilson")
        assert got.loc[(per, "buy"), ends].tolist() == pytest.approx([low, high])
    # All of one visitor's ten sessions are one: nothing is said beyond what one of one says.
    alone = behaviour.funnel(clicks[clicks["visitor_id"] == "v"], ("view", "buy")).set_index(["per", "step"])
    assert alone.loc[("session", "buy"), ends].tolist() == pytest.approx([*proportion_confint(1, 1, method="wilson")])


def test_a_cart_before_the_first_view_does_not_count():
    clicks = _clicks(("v", "10:00", "cart"), ("v", "10:05", "view"), ("w", "9:00", "view"), ("w", "9:01", "cart"))
    got = behaviour.funnel(clicks, ("view", "cart")).set_index(["per", "step"])["reached"]
    assert got["session", "view"] == 2 and got["session", "cart"] == 1


def test_steps_in_different_categories_are_no_way_through_one():
    clicks = _clicks(("v", "10:00", "view"), ("v", "10:05", "buy"), category=["tea", "home"])
    assert behaviour.funnel(clicks, ("view", "buy"))["reached"].tolist() == [1, 1, 1, 1]
    got = behaviour.funnel(clicks, ("view", "buy"), by="category").set_index(["per", "category", "step"])
    assert got["reached"].loc["session"].to_dict() == {
        ("home", "view"): 0,
        ("home", "buy"): 0,
        ("tea", "view"): 1,
        ("tea", "buy"): 0,
    }
    assert math.isnan(got.loc[("user", "home", "buy"), "of_first"])


def test_a_person_with_two_devices_is_one_user():
    clicks = _clicks(("v", "10:00", "view"), ("w", "15:00", "view"), ("w", "15:05", "buy"), customer_id=["a", "a", "a"])
    got = behaviour.funnel(clicks, ("view", "buy")).set_index(["per", "step"])["reached"]
    assert got["user", "view"] == 1 and got["session", "view"] == 2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda e: behaviour.sessions(e, gap_minutes=0), "above 0 minutes"),
        (lambda e: behaviour.sessions(e.drop(columns=["visitor_id"])), "visitor_id or customer_id"),
        (lambda e: behaviour.sessions(e.drop(columns=["at"])), "no column at"),
        (lambda e: behaviour.sessions(e, as_of="2023-12-31"), "no event up to 2023-12-31"),
        (lambda e: behaviour.funnel(e, ("view", "veiw")), "No event is of kind veiw; kinds are: buy, view"),
        (lambda e: behaviour.funnel(e, ("view",)), "two different steps"),
        (lambda e: behaviour.funnel(e, ("view", "buy"), by="kind"), "not by kind"),
        (lambda e: behaviour.funnel(e, ("view", "buy"), by="category"), "no column category"),
    ],
)
def test_clicks_that_cannot_be_used_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call(_clicks(("v", "10:00", "view"), ("v", "10:01", "buy")))


# --- Who comes back --------------------------------------------------------------------------------------------------


def _orders(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "day"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "order_id": [str(i) for i in range(len(frame))],
            "ordered_at": DAY + pd.to_timedelta(frame["day"], unit="D"),
            "amount": 1.0,
        }
    )


def test_a_period_that_is_not_over_is_marked_and_an_empty_one_is_shown():
    orders = _orders([("a", 0), ("a", 70), ("b", 5), ("c", 40)])  # a: January and March; b: January; c: February
    got = behaviour.cohorts(orders, as_of="2024-03-15")
    assert got["cohort"].dt.strftime("%m").tolist() == ["01", "01", "01", "02", "02"]
    assert got["active"].tolist() == [2, 0, 1, 1, 0]
    assert got["retention"].tolist() == [1, 0, 0.5, 1, 0]
    assert got["complete"].tolist() == [True, True, False, True, False]
    assert behaviour.cohorts(orders, as_of="2024-03-31")["complete"].all()
    assert len(behaviour.cohorts(orders, as_of="2024-02-29")) == 3


@few
@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 200)), min_size=1, max_size=50), st.sampled_from("WMQ")
)
def test_cohorts_begin_at_all_and_equal_pandas(rows, period):
    orders = _orders(rows)
    got = behaviour.cohorts(orders, period=period)
    assert (got.loc[got["age"] == 0, "retention"] == 1).all()
    assert got.loc[got["age"] == 0, "customers"].sum() == orders["customer_id"].nunique()
    pd.testing.assert_frame_equal(behaviour.cohorts(_shuffled(orders), period=period), got, check_exact=True)
    when = orders["ordered_at"].dt.to_period(period)
    first = when.groupby(orders["customer_id"]).transform("min")
    pairs = pd.DataFrame({"c": first, "age": [(w - f).n for w, f in zip(when, first, strict=True)]})
    by_hand = orders["customer_id"].groupby([pairs["c"], pairs["age"]]).nunique()
    active = got.set_index([got["cohort"].dt.to_period(period), "age"])["active"]
    assert active[active > 0].to_dict() == by_hand.to_dict()
    assert (got["low"] <= got["retention"]).all() and (got["retention"] <= got["high"]).all()


def test_an_unknown_period_is_refused():
    with pytest.raises(DataError, match="one of W, M, Q, not Y"):
        behaviour.cohorts(ORDERS, period="Y")


# --- What customers turned to ----------------------------------------------------------------------------------------


def _taste_world(seed, customers=500, shifted=0, season=0.0):
    """Choices of customers whose tastes differ (Dirichlet, weight 3); the first `shifted` turn to f after day 180."""
    rng = np.random.default_rng(seed)
    names, mean = np.array(list("abcdef")), np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    rows = []
    for i in range(customers):
        before = rng.dirichlet(3 * mean)
        after = before * np.exp(season * np.arange(6) / 5)
        if i < shifted:
            after = np.array([0.02] * 5 + [0.9])
        for start, taste in ((0, before), (180, after / after.sum())):
            n = 1 + rng.poisson(rng.gamma(1, 10))
            days = start + rng.integers(1, 180, n)
            rows += zip([f"{i:04d}"] * n, days, names[rng.choice(6, n, p=taste)], strict=True)
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "category"])
    return frame.assign(
        order_id=frame.index.astype("str"), ordered_at=DAY + pd.to_timedelta(frame.pop("day"), unit="D"), amount=1.0
    )


SPLIT = DAY + pd.Timedelta(days=180)


@pytest.mark.parametrize("season", [0.0, 1.0])
def test_planted_shifts_are_found_and_unshifted_customers_are_not_named(season):
    got = behaviour.preference_shift(_taste_world(1, shifted=50, season=season), SPLIT)
    named = got.customers[got.customers["shifted"]]
    true = named["customer_id"] < "0050"
    assert true.sum() >= 38  # of 50, some of whom hardly bought
    assert (~true).mean() <= 0.12  # 5 % is promised on average
    assert (named.loc[true, "turned_to"] == "f").all()
    assert got.share_shifted == pytest.approx(0.1, abs=0.03)
    assert got.strength == pytest.approx(3, abs=0.6)
    told = got.shares[got.shares["customer_id"].isin(named.loc[true, "customer_id"]) & (got.shares["category"] == "f")]
    assert (told["low"] > 0).mean() > 0.9


@pytest.mark.parametrize(("seed", "season"), [(2, 0.0), (3, 1.5), (4, 0.0)])
def test_where_nobody_shifted_nobody_is_named_even_if_everybody_moved(seed, season):
    got = behaviour.preference_shift(_taste_world(seed, season=season), SPLIT)
    assert not got.customers["shifted"].any()
    if season:
        assert got.base.loc[got.base["category"].isin(["a", "f"]), "shifted"].all()


def test_shares_sum_to_one_and_shifts_to_nothing():
    world = _taste_world(5, customers=60, shifted=10)
    got = behaviour.preference_shift(world, SPLIT)
    sums = got.shares.groupby("customer_id")[["share_before", "share_after", "shift"]].sum()
    assert np.allclose(sums, [[1, 1, 0]])
    assert got.base[["share_before", "share_after"]].sum().tolist() == pytest.approx([1, 1])
    raw = world[world["ordered_at"] <= SPLIT]["category"].value_counts(normalize=True).sort_index()
    assert got.base["share_before"].tolist() == pytest.approx(raw.tolist())
    counted = got.shares.groupby("customer_id")[["before", "after"]].sum()
    by_hand = world.groupby(["customer_id", world["ordered_at"] > SPLIT]).size().unstack()
    assert (counted.to_numpy() == by_hand.to_numpy()).all()
    again = behaviour.preference_shift(_shuffled(world), SPLIT)
    pd.testing.assert_frame_equal(again.customers, got.customers, check_exact=True)
    pd.testing.assert_frame_equal(again.shares, got.shares, check_exact=True)


def test_the_interval_of_the_base_is_that_of_resampled_customers():
    world = _taste_world(7, customers=150)
    base = behaviour.preference_shift(world, SPLIT).base
    counts = world.groupby(["customer_id", world["ordered_at"] > SPLIT, "category"]).size().unstack(fill_value=0)
    before, after = (counts.xs(late, level=1).to_numpy() for late in (False, True))
    rng = np.random.default_rng(8)
    draws = []
    for _ in range(1000):
        own = rng.integers(0, len(before), len(before))
        early, late = before[own].sum(axis=0), after[own].sum(axis=0)
        draws.append(late / late.sum() - early / early.sum())
    half = (base["high"] - base["low"]) / 2
    assert half.tolist() == pytest.approx((1.96 * np.std(draws, axis=0)).tolist(), rel=0.12)


def test_the_chance_of_choices_is_that_of_scipy():
    from course.behaviour.preference import _log_chance

    n, weights = np.array([[3, 0, 2]]), np.array([0.5, 1.0, 2.5])
    coefficient = math.log(math.factorial(5) / (math.factorial(3) * math.factorial(2)))
    expected = stats.dirichlet_multinomial(weights, 5).logpmf(n[0])
    assert _log_chance(n, weights)[0] + coefficient == pytest.approx(expected)


def test_a_preference_shift_needs_two_sides_and_two_categories():
    world = _taste_world(6, customers=5)
    with pytest.raises(DataError, match="Nobody bought both"):
        behaviour.preference_shift(world, "2023-01-01")
    with pytest.raises(DataError, match="fewer than two categories"):
        behaviour.preference_shift(world.assign(category="tea"), SPLIT)
    with pytest.raises(DataError, match="no column category"):
        behaviour.preference_shift(world.drop(columns="category"), SPLIT)


# --- What is bought together -----------------------------------------------------------------------------------------


def _basket_frame(sets):
    rows = [(str(i), product) for i, basket in enumerate(sets) for product in sorted(basket)]
    frame = pd.DataFrame(rows, columns=["order_id", "product_id"])
    return frame.assign(
        customer_id="c" + frame["order_id"], ordered_at=DAY, amount=1.0, product_name="n" + frame["product_id"]
    )


@few
@given(st.lists(st.sets(st.sampled_from("pqrstu"), min_size=1), min_size=4, max_size=40))
def test_pairs_are_counted_as_by_hand(sets):
    number = Counter(p for s in sets for p in s)
    if sum(n >= 2 for n in number.values()) < 2:
        return
    together = Counter(pair for s in sets for pair in itertools.combinations(sorted(s), 2))
    wanted = {pair: n for pair, n in together.items() if min(number[p] for p in pair) >= 2}
    got = behaviour.baskets(_basket_frame(sets), min_orders=2, fdr=1).set_index(["product_a", "product_b"])
    assert got["together"].to_dict() == wanted
    tests = math.comb(sum(n >= 2 for n in number.values()), 2)  # pairs never together included
    q = multipletests([*got["p"], *[1.0] * (tests - len(got))], method="fdr_bh")[1]
    assert got["q"].tolist() == pytest.approx(q[: len(got)].tolist())
    for (a, b), row in got.iterrows():
        assert row["lift"] == pytest.approx(row["together"] * len(sets) / (number[a] * number[b]))
        assert row["confidence_ab"] == pytest.approx(row["together"] / number[a])
        assert row["confidence_ba"] == pytest.approx(row["together"] / number[b])
        assert row["support"] == pytest.approx(row["together"] / len(sets))
        assert row["lift_low"] <= row["lift"] <= row["lift_high"]
        assert row["name_a"] == "n" + a


def _mixed(sets, rng, swaps):
    """Who is with whom by chance, all else the same: two products change places between two baskets."""
    sets = [set(s) for s in sets]
    for _ in range(swaps):
        i, j = rng.integers(0, len(sets), 2)
        a, b = list(sets[i] - sets[j]), list(sets[j] - sets[i])
        if a and b:
            one, other = sorted(a)[rng.integers(len(a))], sorted(b)[rng.integers(len(b))]
            sets[i] ^= {one, other}
            sets[j] ^= {one, other}
    return sets


def _shop(seed, orders=1500, products=40):
    """Baskets of very different sizes; one product in forty is as likely as the next but the first are popular."""
    rng = np.random.default_rng(seed)
    chance = 1 / np.arange(3, products + 3)
    names = np.array([f"p{i:02d}" for i in range(products)])
    sizes = np.minimum(1 + rng.geometric(0.3, orders) * rng.choice([1, 4], orders, p=[0.8, 0.2]), products // 2)
    return [set(rng.choice(names, n, replace=False, p=chance / chance.sum())) for n in sizes], rng


def test_where_only_basket_sizes_differ_no_pair_is_found_though_most_lifts_are_above_one():
    sets, rng = _shop(1)
    frame = _basket_frame(_mixed(sets, rng, 60_000))
    every = behaviour.baskets(frame, min_orders=50, fdr=1)
    assert (every["lift"] > 1).mean() > 0.8  # the trap: large baskets hold everything
    assert every["ratio"].median() == pytest.approx(1, abs=0.05)
    assert len(behaviour.baskets(frame, min_orders=50)) == 0


def test_a_planted_pair_is_found_beside_those_that_chance_makes():
    sets, rng = _shop(2)
    sets = [set(s) for s in _mixed(sets, rng, 60_000)]
    for s in sets:
        if "p30" in s and rng.random() < 0.6:
            s.add("p31")
    found = behaviour.baskets(_basket_frame(sets), min_orders=50)
    assert found.iloc[0][["product_a", "product_b"]].tolist() == ["p30", "p31"]
    assert len(found) <= 3


def test_expected_pairs_are_the_mean_of_baskets_mixed_by_chance():
    sets, rng = _shop(3, orders=300, products=12)
    total, mixes = Counter(), 40
    for _ in range(mixes):
        sets = _mixed(sets, rng, 2000)
        total.update(pair for s in sets for pair in itertools.combinations(sorted(s), 2))
    number = Counter(p for s in sets for p in s)
    degrees, sizes = Counter(number.values()), Counter(len(s) for s in sets)
    arrays = [np.array(sorted(c)) for c in (degrees, sizes)]
    both = expected_together(
        arrays[0], np.array([degrees[d] for d in arrays[0]]), arrays[1], np.array([sizes[s] for s in arrays[1]])
    )
    place = {d: i for i, d in enumerate(arrays[0])}
    expected = np.array([both[place[number[a]], place[number[b]]] for a, b in total])
    mean = np.array(list(total.values())) / mixes
    assert np.abs(mean / expected - 1).max() < 0.1
    assert mean.sum() / expected.sum() == pytest.approx(1, abs=0.001)


def test_the_interval_of_lift_is_that_of_resampled_orders():
    rng = np.random.default_rng(4)
    a = rng.random(3000) < 0.2
    sets = [({"a"} if x else set()) | ({"b"} if rng.random() < (0.3 if x else 0.1) else set()) | {"z"} for x in a]
    row = (
        behaviour.baskets(_basket_frame(sets), min_orders=2, fdr=1)
        .set_index(["product_a", "product_b"])
        .loc[("a", "b")]
    )
    table = np.array([("a" in s, "b" in s) for s in sets])
    draws = [table[rng.integers(0, 3000, 3000)] for _ in range(800)]
    lifts = [np.log((d[:, 0] & d[:, 1]).mean() / (d[:, 0].mean() * d[:, 1].mean())) for d in draws]
    assert math.log(row["lift_high"] / row["lift"]) == pytest.approx(1.96 * np.std(lifts), rel=0.1)


def test_fees_are_nobody_s_purchase_and_rare_products_make_no_pair():
    frame = _basket_frame([{"p", "q", "post"}] * 6 + [{"r"}] * 3)
    frame["is_fee"] = frame["product_id"] == "post"
    got = behaviour.baskets(frame, min_orders=4, fdr=1)
    assert got[["product_a", "product_b"]].to_numpy().tolist() == [["p", "q"]]
    assert got.attrs == {"orders": 9, "products": 2, "pairs": 1}
    with pytest.raises(DataError, match="1 product is in 7 orders"):
        behaviour.baskets(_basket_frame([{"p"}] * 7 + [{"q"}]), min_orders=7)


# --- Recommendations -------------------------------------------------------------------------------------------------


def _bought(pairs):
    frame = pd.DataFrame(pairs, columns=["customer_id", "product_id", "day"])
    return frame.assign(
        order_id=frame["customer_id"] + frame["day"].astype("str"),
        ordered_at=DAY + pd.to_timedelta(frame.pop("day"), unit="D"),
        amount=1.0,
    )


@few
@given(
    st.lists(st.tuples(st.sampled_from("abcde"), st.sampled_from("pqrstu"), st.just(0)), min_size=2, max_size=25),
    st.integers(0, 5),
)
def test_recommendations_are_those_of_the_formula(pairs, shrinkage):
    frame = _bought(pairs)
    model = behaviour.ItemItem(shrinkage=shrinkage).fit(frame)
    got = model.recommend(frame, k=3)
    owned = frame.groupby("customer_id")["product_id"].agg(set)
    buyers = frame.groupby("product_id")["customer_id"].agg(set)

    def score(customer, product):
        return sum(
            len(buyers[product] & buyers[own]) / (math.sqrt(len(buyers[product]) * len(buyers[own])) + shrinkage)
            for own in owned[customer] - {product}
        )

    for customer, own in owned.items():
        open_to = [p for p in buyers.index if p not in own]
        best = sorted(open_to, key=lambda p: (-round(score(customer, p), 9), -len(buyers[p]), p))[:3]
        rows = got[got["customer_id"] == customer]
        assert rows["product_id"].tolist() == best
        assert rows["score"].tolist() == pytest.approx([score(customer, p) for p in best])
        assert rows["place"].tolist() == list(range(1, len(best) + 1))


def test_who_is_not_known_gets_what_is_popular():
    model = behaviour.ItemItem().fit(_bought([("a", "p", 0), ("b", "p", 0), ("b", "q", 0), ("c", "r", 0)]))
    got = model.recommend(_bought([("new", "never seen", 0)]), k=2)
    assert got["product_id"].tolist() == ["p", "q"] and (got["score"] == 0).all()
    with pytest.raises(DataError, match="Call fit first"):
        behaviour.ItemItem().recommend(_bought([("a", "p", 0)]))


def _two_tastes(seed, own):
    """Two hundred customers; a share `own` of what they buy is of their own half of forty products."""
    rng = np.random.default_rng(seed)
    pairs = []
    for i in range(200):
        for day in (0, 100):
            for _ in range(6):
                half = i % 2 if rng.random() < own else rng.integers(2)
                pairs.append((f"c{i:03d}", f"p{half * 20 + rng.integers(20):02d}", day))
    return _bought(pairs)


def test_planted_tastes_beat_popularity_and_no_tastes_do_not():
    tasted = behaviour.recommend_holdout(_two_tastes(1, own=1.0), "2024-02-01", k=5).results
    assert tasted["better"].all()
    assert len(tasted) == 4 and set(tasted["goods"]) == {"new", "all"}
    blind = behaviour.recommend_holdout(_two_tastes(2, own=0.0), "2024-02-01", k=5).results
    assert (blind["low"] < 0).all() and not blind["better"].any()


def test_a_holdout_counted_by_hand():
    # Before: a and b share p and q; c has r. After: a takes s (known of b) and p again; c takes r; d is new; x unknown.
    frame = _bought(
        [
            (customer, product, 0)
            for customer, products in (("a", "pq"), ("b", "pqs"), ("c", "rt"))
            for product in products
        ]
        + [("a", "s", 9), ("a", "p", 9), ("c", "x", 9), ("d", "p", 9)]
    )
    got = behaviour.recommend_holdout(frame, "2024-01-05", k=1, shrinkage=0)
    assert got.cold_customers == pytest.approx(1 / 3)
    assert got.cold_products == pytest.approx(1 / 4)
    rows = got.results.set_index(["goods", "measure"])
    # New goods only: a is told s (right; popularity says r: by name, of r, s and t). c, whose x nobody knew, is missed.
    assert rows.loc[("new", "hit"), ["item_item", "popularity", "customers"]].tolist() == [0.5, 0.0, 2]
    # All goods: a's best is p or q (1 + 1/√2 each, p by name), and p is the most popular too: one of a's two.
    assert rows.loc[("all", "recall"), ["item_item", "popularity"]].tolist() == [0.25, 0.25]
    assert rows.loc[("all", "hit"), "difference"] == 0
    with pytest.raises(DataError, match="Nobody bought both"):
        behaviour.recommend_holdout(frame, "2024-01-10")


def test_the_order_of_rows_changes_no_recommendation():
    frame = _two_tastes(3, own=0.5)
    for left, right in (
        (behaviour.ItemItem().fit(f).recommend(f) for f in (frame, _shuffled(frame))),
        (behaviour.recommend_holdout(f, "2024-02-01").results for f in (frame, _shuffled(frame))),
        (behaviour.baskets(f, min_orders=5, fdr=1) for f in (frame, _shuffled(frame))),
    ):
        pd.testing.assert_frame_equal(left, right, check_exact=True)


# --- Price sensitivity -----------------------------------------------------------------------------------------------


def _sold(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "discount"])
    return frame.assign(
        order_id=frame.index.astype("str"), ordered_at=DAY + pd.to_timedelta(frame.pop("day"), unit="D"), amount=10.0
    )


def test_the_log_rate_ratio_by_hand():
    exposure = pd.DataFrame({"customer_id": ["a", "b"], "promo_days": [20, 10], "full_days": [80, 0]})
    orders = _sold([("a", 0, 1.0), ("a", 1, 2.0), ("a", 2, 0.0), ("b", 3, 1.0), ("z", 3, 1.0)])
    got = behaviour.price_sensitivity(orders, exposure).set_index("customer_id")
    assert got.loc["a", "price_sensitivity"] == pytest.approx(math.log((2.5 / 20) / (1.5 / 80)))
    half = 1.959964 * math.sqrt(1 / 2.5 + 1 / 1.5)
    assert got.loc["a", "high"] - got.loc["a", "price_sensitivity"] == pytest.approx(half, rel=1e-6)
    assert got.loc[["b", "z"], "price_sensitivity"].isna().all()  # never without promotion; exposure not known
    assert got.loc["a", "discount_share"] == pytest.approx(2 / 3)


def test_promotion_days_are_those_on_which_half_of_all_orders_had_a_discount():
    # Day 2 and day 5 are promotions; on day 3 one order of three carried a coupon.
    everybody = [(f"x{i}", day, 1.0 if day in (2, 5) else 0.0) for day in range(10) for i in range(2)]
    orders = _sold([*everybody, ("a", 0, 0.0), ("a", 2, 3.0), ("a", 3, 1.0), ("b", 2, 1.0), ("b", 7, 0.0)])
    got = behaviour.price_sensitivity(orders).set_index("customer_id")
    assert got.attrs["promotion_days"] == 2
    # a, since day 0: two days under promotion, seven without; two discounted orders since the first.
    assert got.loc["a", ["discounted_orders", "full_orders", "promo_days", "full_days"]].tolist() == [2, 0, 2, 7]
    assert got.loc["a", "price_sensitivity"] == pytest.approx(math.log((2.5 / 2) / (0.5 / 7)))
    assert got.loc["b", ["discounted_orders", "full_orders", "promo_days", "full_days"]].tolist() == [0, 1, 1, 6]
    early = behaviour.price_sensitivity(orders, as_of="2024-01-04").set_index("customer_id")
    assert early.loc["a", "promo_days"] == 1


def test_exposure_adjusted_the_ratio_ranks_customers_better_than_the_share_of_discounts():
    rng = np.random.default_rng(5)
    n, days = 1500, 360
    truth, chance, rate = rng.normal(0.7, 0.7, n), rng.uniform(0.05, 0.6, n), rng.gamma(2, 0.04, n)
    promo = np.rint(chance * days)
    bought = [rng.poisson(rate * promo * np.exp(truth)), rng.poisson(rate * (days - promo))]
    rows = [
        (f"{i:04d}", int(day), discount)
        for counts, discount in zip(bought, (1.0, 0.0), strict=True)
        for i, count in enumerate(counts)
        for day in range(count)
    ]
    exposure = pd.DataFrame(
        {"customer_id": [f"{i:04d}" for i in range(n)], "promo_days": promo, "full_days": days - promo}
    )
    got = behaviour.price_sensitivity(_sold(rows), exposure).set_index("customer_id")
    true = pd.Series(truth, exposure["customer_id"]).reindex(got.index)
    exposed = pd.Series(chance, exposure["customer_id"]).reindex(got.index)
    ratio, share = (got[c].corr(true, method="spearman") for c in ("price_sensitivity", "discount_share"))
    assert ratio > share + 0.1
    assert got["discount_share"].corr(exposed, method="spearman") > share  # the share measures exposure more than taste
    covered = (got["low"] <= true) & (true <= got["high"])
    assert 0.93 < covered.mean() < 0.99
    pd.testing.assert_frame_equal(
        behaviour.price_sensitivity(_shuffled(_sold(rows)), exposure).set_index("customer_id"), got, check_exact=True
    )


@few
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.integers(0, 3), st.integers(1, 99)),
        min_size=1,
        max_size=30,
    )
)
def test_the_third_term_of_psm_is_the_product_of_the_other_two(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "order", "discount", "amount"])
    orders = frame.assign(
        order_id=frame["customer_id"] + frame["order"].astype("str"), ordered_at=DAY, amount=frame["amount"] * 1.0
    )
    got = behaviour.psm(orders).set_index("customer_id")
    assert got["tdonr"].mul(got["adar"]).dropna().to_dict() == pytest.approx(
        got.loc[got["adar"].notna(), "tdar"].to_dict()
    )
    own = orders.groupby("customer_id")
    assert (got["psm"].isna() == (own["discount"].sum() == 0)).all()  # 0/0 is not “insensitive”
    assert got["tdar"].to_dict() == pytest.approx(
        (own["discount"].sum() / (own["amount"].sum() + own["discount"].sum())).to_dict()
    )


def test_who_takes_to_promotions_more_than_the_shop_does_is_tested_for_as_many_as_there_are():
    """Half of all days are promotion for all, and half of all orders discounted: the shop's rate is the same in both.
    Ten of ten then have the chance of 1/1024, which for ten customers is 10/1024."""
    found = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(11)],
            "discounted_orders": [10, 0, *[5] * 8, 0],
            "full_orders": [0, 10, *[5] * 8, 0],
            "promo_days": [50] * 11,
            "full_days": [50] * 11,
            "price_sensitivity": [3.0, -3.0, *[0.0] * 8, np.nan],
        }
    )
    got = behaviour.more_than_the_shop(found)
    assert got[0] == pytest.approx(10 / 1024)
    # Four of four have the chance of 1/16, above 5 %: nobody with four orders is tested, nor counted among the tested.
    few = pd.concat([found, found.iloc[[0, 1]].assign(discounted_orders=[4, 0], full_orders=[0, 4])])
    few = behaviour.more_than_the_shop(few.reset_index(drop=True))
    assert few[0] == pytest.approx(10 / 1024) and few[11:].isna().all()
    assert (got[1:9] > 0.5).all() and np.isnan(got[10])
    # Who saw a promotion twice as long has the chance of (2/3)¹⁰, about 17 times that; nearly always, none to show it.
    twice = found.assign(promo_days=[100, *[50] * 10])
    assert behaviour.more_than_the_shop(twice)[0] == pytest.approx(10 * (2 / 3) ** 10, rel=0.5)
    always = found.assign(promo_days=[990, *[50] * 10], full_days=[10, *[50] * 10])
    assert np.isnan(behaviour.more_than_the_shop(always)[0])
    assert behaviour.more_than_the_shop(found.assign(full_orders=0)).isna().all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda o: behaviour.price_sensitivity(o.drop(columns="discount")), "map discount or promo_id"),
        (
            lambda o: behaviour.price_sensitivity(o.assign(discount=0.0)),
            "No day has a discount on 50% of its orders, so",
        ),
        (lambda o: behaviour.price_sensitivity(o.assign(discount=1.0)), "Every day has a discount on 50%"),
        (lambda o: behaviour.price_sensitivity(o, promotion_share=0), r"in .0, 1.*not 0"),
        (lambda o: behaviour.price_sensitivity(o, pd.DataFrame({"customer_id": ["a"]})), "no column promo_days"),
        (
            lambda o: behaviour.price_sensitivity(
                o, pd.DataFrame({"customer_id": ["a", "a"], "promo_days": 1, "full_days": 1})
            ),
            "1 row is not .first: a",
        ),
        (lambda o: behaviour.psm(o.drop(columns="discount")), "no column discount"),
    ],
)
def test_price_sensitivity_that_cannot_be_told_is_refused(call, words):
    with pytest.raises(DataError, match=words):
        call(_sold([("a", 0, 1.0), ("a", 1, 0.0), ("b", 2, 0.0)]))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: behaviour.purchases(ORDERS), "Nothing says what was bought"),
        (lambda: behaviour.purchases(ORDERS, LINES.assign(order_id="x")), "no order_id in common"),
        (lambda: behaviour.habits(ORDERS.drop(columns="order_id")), "no column order_id"),
        (
            lambda: behaviour.habits(ORDERS, as_of="2023-12-31"),
            "no order up to 2023-12-31: the first one is of 2024-01-06",
        ),
        (lambda: behaviour.habits(ORDERS.iloc[:0]), "There is no order"),
        (lambda: behaviour.baskets(ORDERS), "no column product_id"),
        (lambda: behaviour.recommend_holdout(ORDERS, "2024-01-07"), "no column product_id"),
    ],
)
def test_what_does_not_fit_is_refused_at_the_door(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- Online Retail ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def online_retail(real_data):
    return clean.apply(collect.read(real_data / "online_retail.csv.gz", "orders")).valid


def test_online_retail_reconciles_and_its_customers_are_unequal(online_retail):
    bought = behaviour.purchases(online_retail)
    assert bought["amount"].sum() == pytest.approx(8_911_407.904)  # FIELD §12
    assert len(behaviour.habits(online_retail)) == 4338
    money = online_retail.groupby("customer_id")["amount"].sum()
    got = behaviour.pareto(money)
    assert got.total == pytest.approx(8_911_407.904)
    best = money.sort_values(ascending=False)
    assert best.iloc[:867].sum() / best.sum() < got.top_fifth < best.iloc[:868].sum() / best.sum()  # 867.6 customers


def test_online_retail_cohorts_count_every_customer_once(online_retail):
    got = behaviour.cohorts(online_retail)
    assert got.loc[got["age"] == 0, "customers"].sum() == 4338
    month = got["cohort"].dt.to_period("M").astype("int64") + got["age"]
    assert (got["complete"] == (month < pd.Period("2011-12").ordinal)).all()  # the data end on 9 December


def test_online_retail_recommendations_beat_popularity(online_retail):
    bought = behaviour.purchases(online_retail)
    got = behaviour.recommend_holdout(bought, "2011-09-09", k=10)
    assert got.results["better"].all()
    later = bought[(bought["ordered_at"] >= "2011-09-10") & ~bought["is_fee"]]
    known = bought.loc[(bought["ordered_at"] < "2011-09-10") & ~bought["is_fee"], "customer_id"]
    assert got.cold_customers == pytest.approx(1 - pd.Series(later["customer_id"].unique()).isin(known.unique()).mean())


def test_online_retail_pairs_beyond_the_size_of_its_baskets(online_retail):
    bought = behaviour.purchases(online_retail)
    got = behaviour.baskets(bought, min_orders=200)
    goods = bought[~bought["is_fee"]]
    orders = goods.groupby("product_id")["order_id"].agg(set)
    for row in got.iloc[:20].itertuples():
        assert row.together == len(orders[row.product_a] & orders[row.product_b])
        assert row.lift > row.ratio  # large baskets make part of every lift
