"""What all customers will bring: what stands for election, how it is judged, and the interval that comes of it."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from course import DataError, cli, clv, collect, segment, workflow
from course.report import page
from course.workflow.steps.clv import expected
from tests import little, shown

KEYS = {"horizon_weeks", "expected", "low", "high", "model", "level", "discount_per_year", "range", "path"}
KEYS |= {"backtests", "at_stake"}


def shop(weeks=80, customers=400, seed=5):
    """Orders of customers who buy and leave as the MBG/NBD has it, coming over the first half of the time."""
    random, rows = np.random.default_rng(seed), []
    for i in range(customers):
        day, rate, leaves = random.integers(0, 7 * weeks // 2), random.gamma(1.3, 0.03), random.beta(0.6, 3.0)
        while day < 7 * weeks:
            rows.append((f"c{i:03d}", int(day), round(random.lognormal(3, 0.7), 2)))
            day = 7 * weeks if random.random() < leaves else day + 1 + random.exponential(1 / rate)
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    frame["ordered_at"] = pd.Timestamp("2022-01-03") + pd.to_timedelta(frame.pop("day"), unit="D")
    frame["refunded"] = np.where(np.arange(len(frame)) % 17 == 0, frame["amount"] / 2, 0.0)
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))])


def seen(orders, as_of, weeks=13):
    orders = orders[orders["ordered_at"] <= as_of]
    return clv.outlook(orders, clv.forecast(orders, as_of, weeks), as_of)


def came(orders, origin, weeks):
    """Money of the customers known at the origin, discounted from the end of its week, by a loop."""
    known, total = set(orders.loc[orders["ordered_at"] <= origin, "customer_id"]), 0.0
    for row in orders.itertuples():
        week = -(-(row.ordered_at - origin).days // 7)
        if row.customer_id in known and 1 <= week <= weeks:
            total += (row.amount - row.refunded) / 1.1 ** (7 * week / 365.25)
    return total


@pytest.fixture(scope="module")
def orders():
    return shop()


@pytest.fixture(scope="module")
def found(orders):
    return seen(orders, pd.Timestamp("2023-04-30"))


def test_the_truth_of_a_backtest_is_what_the_known_brought_net_and_discounted(orders, found):
    days = [test.origin for test in found.backtests]
    assert days == [pd.Timestamp("2023-04-30") - pd.Timedelta(days=7 * back) for back in (13, 19, 25, 31)]
    for test in found.backtests:
        assert test.actual == pytest.approx(came(orders, test.origin, 13), rel=1e-6)
        assert test.customers["actual"].sum() == pytest.approx(test.actual)
        assert test.customers["value"].sum() == pytest.approx(test.forecast)


def test_a_backtest_knows_nothing_of_what_came_after_it(orders, found):
    test = found.backtests[0]
    now = seen(orders, test.origin)
    assert now.candidates[found.model] == pytest.approx(test.forecast, rel=1e-6)


def test_forecasts_without_a_model_by_hand(orders):
    """What as many customers brought: in the last 13 weeks, by the week; and from a year ago on."""
    as_of = pd.Timestamp("2023-07-02")
    found = seen(orders, as_of)
    ids = orders["customer_id"]
    known = {back: ids[orders["ordered_at"] <= as_of - pd.Timedelta(days=7 * back)].nunique() for back in (0, 13, 52)}
    mine = orders[ids.isin(ids[orders["ordered_at"] <= as_of - pd.Timedelta(days=91)])]
    mine = mine[(mine["ordered_at"] > as_of - pd.Timedelta(days=91)) & (mine["ordered_at"] <= as_of)]
    a_week = (mine["amount"] - mine["refunded"]).sum() / 13
    again = known[0] / known[13] * sum(a_week / 1.1 ** (7 * k / 365.25) for k in range(1, 14))
    assert found.candidates["same_again"] == pytest.approx(again)
    a_year_ago = known[0] / known[52] * came(orders, as_of - pd.Timedelta(days=364), 13)
    assert found.candidates["year_ago"] == pytest.approx(a_year_ago)


def test_the_one_that_missed_by_least_is_taken(found):
    assert found.model == min(found.errors, key=found.errors.get)
    assert set(found.errors) <= set(found.candidates)
    assert found.range == (min(found.candidates.values()), max(found.candidates.values()))
    misses = [test.actual / test.forecast - 1 for test in found.backtests]
    usual = ((4 * 0.12**2 + np.square(misses).sum()) / (4 + len(misses))) ** 0.5
    assert found.errors[found.model] == pytest.approx(usual)


def test_the_interval_is_what_the_backtests_missed_by(orders, found):
    """The formula of the docstring, from the misses as they stand in the ledger."""
    misses = np.array([test.actual / test.forecast - 1 for test in found.backtests])
    chance = [
        np.sqrt((c["value"] * (c["value"] + c["expected_spend"])).sum()) / c["value"].sum()
        for c in (test.customers for test in found.backtests)
    ]
    now = found.customers
    now = np.sqrt((now["value"] * (now["value"] + now["expected_spend"])).sum()) / now["value"].sum()
    weight, usual = 4, 0.12
    spread = (weight * usual**2 + np.maximum(misses**2 - np.square(chance), 0).sum()) / (weight + len(misses))
    half = np.sqrt(stats.t.ppf(0.975, weight + len(misses)) ** 2 * spread + (stats.norm.ppf(0.975) * now) ** 2)
    half = max(half, np.abs(misses).max())
    total = found.total
    assert total.low == pytest.approx(total.value * (1 - half))
    assert total.high == pytest.approx(total.value * (1 + half))


def test_a_horizon_beyond_what_can_be_tested_is_wider(orders):
    short, long = (seen(orders, pd.Timestamp("2022-07-10"), weeks) for weeks in (13, 26))
    assert [test.weeks for test in long.backtests] == [13] and long.widening == pytest.approx(2**0.5)
    half = [t.high / t.value - 1 for t in (short.total, long.total)]
    assert half[1] == pytest.approx(half[0] * 2**0.5, rel=0.05)  # the chance of single customers differs
    assert "1.4 times as wide" in long.why[0].say("en")


def test_too_short_a_history_gives_a_range_and_says_so(orders):
    found = seen(orders, pd.Timestamp("2022-05-01"), 13)
    assert found.backtests == [] and (found.total.low, found.total.high) == (None, None)
    assert len(found.candidates) > 1 and found.range[0] < found.range[1]
    assert "No interval" in found.why[0].say("en") and "给不出区间" in found.why[0].say("zh")
    far = seen(orders, pd.Timestamp("2022-07-10"), 104)  # 13 weeks tested say nothing of two years
    assert far.backtests == [] and "104 weeks" in far.why[0].say("en")


def test_the_sum_without_a_model_by_hand(orders):
    """The same again with its own backtests: the interval of the docstrings, by a loop over customers."""
    as_of, weeks = pd.Timestamp("2023-04-30"), 13
    past = orders[orders["ordered_at"] <= as_of]
    found = clv.without_model(past, as_of, weeks)
    again = seen(orders, as_of).candidates["same_again"]
    assert (found.model, found.customers, found.known) == ("same_again", None, past["customer_id"].nunique())
    assert found.total.value == pytest.approx(again) and found.total.half is None

    def chance(origin):
        start = origin - pd.Timedelta(days=7 * weeks)
        known = past.loc[past["ordered_at"] <= start, "customer_id"]
        late = past[(past["ordered_at"] > start) & (past["ordered_at"] <= origin) & past["customer_id"].isin(known)]
        week = np.ceil((late["ordered_at"] - start).dt.days / 7)
        money = (late["amount"] - late["refunded"]) / 1.1 ** (7 * week / 365.25)
        each = money.groupby(late["customer_id"]).sum()
        return np.sqrt(np.square(each).sum()) / each.sum()

    misses = np.array([test.actual / test.forecast - 1 for test in found.backtests])
    noise = np.array([chance(test.origin) for test in found.backtests])
    spread = (4 * 0.12**2 + np.maximum(misses**2 - noise**2, 0).sum()) / (4 + len(misses))
    half = np.sqrt(stats.t.ppf(0.975, 4 + len(misses)) ** 2 * spread + (stats.norm.ppf(0.975) * chance(as_of)) ** 2)
    half = max(half, np.abs(misses).max())
    assert (found.total.low, found.total.high) == pytest.approx((again * (1 - half), again * (1 + half)))
    with pytest.raises(DataError, match="too short to hold a forecast of 13 weeks"):
        clv.without_model(past, pd.Timestamp("2022-05-01"), weeks)


def test_those_at_stake_are_never_surer_than_all_or_than_their_backtests(orders):
    as_of = pd.Timestamp("2023-04-30")
    past = orders[orders["ordered_at"] <= as_of]
    got = expected(past, segment.rfm(past, as_of), as_of, 13)
    stake, everybody = got.at_stake, got.total.high / got.total.value - 1
    low, high = 1 - stake.low / stake.value, stake.high / stake.value
    assert (low >= everybody - 1e-12 or not stake.low) and high >= 1 + everybody - 1e-12

    def chance(customers):
        value = customers["value"]
        return np.sqrt((value * (value + customers["expected_spend"])).sum()) / value.sum()

    now = got.forecast.customers.set_index("customer_id")
    buyers = segment.rfm(past, as_of)
    now = now.loc[buyers.loc[segment.at_stake(buyers), "customer_id"]]
    misses, noise = [], []
    for test in got.outlook.backtests:
        then = segment.rfm(past, test.origin)
        ids = then.loc[segment.at_stake(then), "customer_id"]
        truth = sum(came(past[past["customer_id"] == one], test.origin, 13) for one in ids)
        forecast = test.customers.loc[ids, "value"].sum()
        assert stake.low / stake.value - 1e-6 <= truth / forecast <= high + 1e-6
        misses.append(min(truth / forecast - 1, np.log(truth / forecast), key=abs))  # e below nought, ln(1 + e) above
        noise.append(chance(test.customers.loc[ids]))
    # Of those who have been silent forecasts usually miss by a quarter.
    spread = (4 * 0.25**2 + np.maximum(np.square(misses) - np.square(noise), 0).sum()) / (4 + len(misses))
    half = np.hypot(stats.t.ppf(0.975, 4 + len(misses)) * np.sqrt(spread), stats.norm.ppf(0.975) * chance(now))
    half = max(half, np.abs(misses).max())
    assert high == pytest.approx(max(np.exp(half), 1 + everybody))
    assert got.classes["value"].sum() == pytest.approx(got.total.value)


def test_a_part_never_brings_more_than_the_whole(found):
    """The largest half of the customers, told to have been missed by as much as has an interval: e² at most."""
    ids = set(found.customers.nlargest(len(found.customers) // 2, "value")["customer_id"])
    last = found.backtests[0]
    actual = np.where(last.customers.index.isin(ids), 5 * last.customers["value"], 0.0)
    wild = replace(found, backtests=[replace(last, customers=last.customers.assign(actual=actual))])
    part = wild.of(ids, {last.origin: ids})
    assert 0 < part.value < part.high == wild.total.high


def test_a_widening_that_rounds_to_one_is_not_told(found):
    tested = found.backtests[0].weeks
    assert 1 < ((tested + 1) / tested) ** 0.5 < 1.05
    assert "times as wide" not in replace(found, weeks=tested + 1).why[0].say("en")
    assert "1.4 times as wide" in replace(found, weeks=2 * tested).why[0].say("en")


def test_neither_the_order_of_rows_nor_how_a_refund_is_written_changes_a_figure(orders):
    as_of = pd.Timestamp("2023-01-01")
    plain = seen(orders, as_of)
    mixed = seen(orders.sample(frac=1, random_state=3), as_of)
    net = seen(orders.assign(amount=orders["amount"] - orders["refunded"], refunded=0.0), as_of)
    assert mixed.total == plain.total and mixed.path.equals(plain.path)
    assert net.total.value == pytest.approx(plain.total.value) and net.total.high == pytest.approx(plain.total.high)


# --- the run ---------------------------------------------------------------------------------------------------------


def run(folder, frame, *options):
    """The ledger's findings, what was printed is in capsys; the folder is left for its report."""
    file = folder / "orders.csv"
    frame.drop(columns="refunded", errors="ignore").to_csv(file, index=False)
    assert cli.main(["run", "--orders", str(file), "--out", str(folder / "out"), "--lang", "en", *options]) == 0
    return json.loads((folder / "out" / "ledger.json").read_text(encoding="utf-8"))["findings"]


def test_a_run_tells_its_forecast_for_the_horizon_asked_for(orders, tmp_path, capsys):
    found = run(tmp_path, orders, "--horizon", "13")
    told = found["forecast"]
    assert set(told) == KEYS and told["horizon_weeks"] == 13 and told["level"] == 0.95
    assert told["low"] < told["expected"] < told["high"]
    assert [set(step) for step in told["path"]] == [{"weeks", "expected", "low", "high"}] * 4
    assert told["path"][-1] == {"weeks": 13} | {key: told[key] for key in ("expected", "low", "high")}
    assert [set(test) for test in told["backtests"]] == [{"origin", "weeks", "forecast", "actual"}] * 4
    assert set(told["at_stake"]) == {"customers", "expected", "low", "high"}
    assert not {"expected_value", "total", "horizon", "discount_per_year"} & set(found["clv"])
    portraits = pd.read_csv(tmp_path / "out" / "portraits.csv")
    by_class = portraits.groupby("rfm_class")["expected_value"].sum()
    large = [row for row in found["clv"]["classes"] if row["customers"]]  # of a few nothing is told
    assert large and all(row["value"] == pytest.approx(by_class[row["rfm_class"]], rel=1e-6) for row in large)
    assert portraits["expected_value"].sum() == pytest.approx(told["expected"], rel=1e-6)
    assert "expected in the next 13 weeks (95% interval" in capsys.readouterr().out


@pytest.mark.parametrize("weeks", ["0", "-4", "521"])
def test_a_horizon_that_is_none_is_refused_before_the_work(orders, tmp_path, capsys, weeks):
    file = tmp_path / "orders.csv"
    orders.to_csv(file, index=False)
    assert cli.main(["run", "--orders", str(file), "--out", str(tmp_path / "out"), "--horizon", weeks]) == 2
    assert weeks in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_every_figure_of_the_forecast_is_in_the_ledger():
    frame = shop(customers=250).drop(columns="refunded")
    for as_of in ("2023-04-30", "2022-05-01"):
        found = workflow.run({"orders": collect.read(frame, "orders")}, as_of)
        for lang in ("en", "zh"):
            assert shown.not_in_the_ledger(found, lang) == []
        told = page.render(found, workflow.ledger(found), "en")[0]
        assert ("backtest" in told) == (as_of == "2023-04-30") and ("No interval" in told) == (as_of == "2022-05-01")


def test_every_figure_of_the_sum_without_a_model_is_in_the_ledger():
    found = workflow.run({"orders": collect.read(little.two_dozen_regulars(), "orders")})
    assert "total" in found.found and "clv" not in found.found
    for lang in ("en", "zh"):
        assert shown.not_in_the_ledger(found, lang) == []


# --- little evidence -------------------------------------------------------------------------------------------------


def days(*pairs, start="2024-01-01"):
    """Orders of 10 of (customer, days after the start)."""
    frame = pd.DataFrame(pairs, columns=["customer_id", "day"])
    frame["ordered_at"] = pd.Timestamp(start) + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.assign(amount=10.0, order_id=[f"o{i}" for i in range(len(frame))])


def once(n, span=300):
    return [(f"c{i}", (i * 37) % span) for i in range(n)]


SECTION = re.compile(
    r"<section>[^A-Z]*<h3[^>]*>"
    "(?:What customers are expected|Big spenders who have not bought for long|What could not be said).*?</section>",
    re.DOTALL,
)
LITTLE = {
    "one returner": days(*once(300), ("c0", 200)),
    "two customers": days(("a", 0), ("a", 30), ("b", 10), ("b", 60)),
    "one day": days(*[(f"c{i}", 0) for i in range(50)]),
    "daily buyers": days(*[(f"c{i}", d) for i in range(40) for d in range(200)]),
    "one giant order": days(*once(200), *[(f"c{i}", 120 + i) for i in range(60)]).assign(
        amount=lambda f: np.where(f.index == 3, 1e9, f["amount"])
    ),
    "one month": days(*[(f"c{i}", d) for i in range(100) for d in range(i % 20, 30, 5 + i % 11)]),
    "24 returners of 3,000": days(*once(3000), *[(f"c{i}", 310 + i) for i in range(24)]),
    "nobody in the last third": days(*once(200, 60), *[(f"c{i}", 61 + i % 40) for i in range(80)], ("late", 400)),
}


@pytest.mark.parametrize("name", LITTLE)
def test_little_evidence_gives_sentences_and_no_blanks(name, tmp_path, capsys):
    # So few customers for so many orders are asked about: they are customers.
    answer = ("--answer", "customer=yes") if name == "daily buyers" else ()
    found = run(tmp_path, LITTLE[name], *answer)
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    text = unescape(re.sub(r"<svg.*?</svg>|<[^>]+>", " ", "".join(SECTION.findall(report)), flags=re.DOTALL))
    said = capsys.readouterr().out + text
    assert re.findall(r"\b(?:nan|inf|None|NaT)\b", said) == []
    if "clv" in found:
        told = found["forecast"]
        assert told["expected"] > 0 and (told["low"] is None) == (told["high"] is None)
        assert told["low"] is None or 0 <= told["low"] <= told["expected"] <= told["high"]
        assert (told["low"] is None) == (not told["backtests"])
    else:
        assert "customer lifetime value:" in text


def test_few_who_came_back_are_no_basis(tmp_path):
    found = run(tmp_path, LITTLE["24 returners of 3,000"])
    assert "clv" not in found and "forecast" not in found
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "needs 30 customers who bought on more than one day; there are 24." in report


def test_a_model_that_cannot_be_fitted_says_why():
    with pytest.raises(DataError, match="second day"):
        clv.forecast(LITTLE["one day"])


# --- real shops ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("as_of", "weeks"), [("1997-06-30", 13), ("1997-06-30", 26), ("1997-09-30", 26), ("1997-12-31", 13)]
)
def test_cdnow_gets_an_interval_that_holds_the_truth_and_is_narrower_than_a_guess(real_data, as_of, weeks):
    orders = collect.gather({"orders": [real_data / "cdnow_master.txt"]})["orders"].frame
    as_of = pd.Timestamp(as_of)
    past = orders[orders["ordered_at"] <= as_of]
    total = seen(past.assign(refunded=0.0), as_of, weeks).total
    age = (orders["ordered_at"] - as_of).dt.days
    later = orders[(age > 0) & (age <= 7 * weeks)]
    known = later[later["customer_id"].isin(past["customer_id"])]
    truth = (known["amount"] / 1.1 ** (7 * np.ceil(age[known.index] / 7) / 365.25)).sum()
    last_period = orders.loc[(age <= 0) & (age > -7 * weeks), "amount"].sum()
    assert total.low < truth < total.high
    assert total.high - total.low < last_period


def test_a_class_that_was_missed_by_many_times_has_no_interval(orders, found):
    """The first of the backtests is told to have missed one class by ninefold: more than e²."""
    ids = set(found.customers["customer_id"].head(40))
    assert found.of(ids, {test.origin: ids for test in found.backtests}).low is not None
    last = found.backtests[0]
    told = last.customers.assign(actual=np.where(last.customers.index.isin(ids), 9 * last.customers["value"], 0.0))
    wild = replace(found, backtests=[replace(last, customers=told), *found.backtests[1:]])
    got = wild.of(ids, {test.origin: ids for test in wild.backtests})
    assert (got.low, got.high) == (None, None) and got.value > 0
    assert wild.of(ids, {}).low is not None
