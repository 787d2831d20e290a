"""Little evidence: what a report says of companies of which hardly anything is known, by the command line; and the
counts that findings need."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from course import cli, evidence, intervals, lifecycle, segment
from course.errors import DataError
from tests import little

#: What each company is called with, beside its own file.
COMPANIES = {
    "one_returner": little.one_returner,
    "few_returners": little.few_returners,
    "two_customers": little.two_customers,
    "one_day": little.one_day,
    "daily_buyers": little.daily_buyers,
    "giant_order": little.giant_order,
    "one_month": little.one_month,
    "twice_each": little.twice_each,
    "two_dozen_regulars": little.two_dozen_regulars,
}
SURVEYS = {
    "zero_one": ([0, 1] * 20, "scale=0-1"),
    "three": ([9, 10, 3], None),
    "fives": ([5] * 40, "scale=1-5"),
}


class Told:
    """What a run wrote: the ledger's findings, the page as text in both languages, what could not be said."""

    def __init__(self, folder):
        self.found = json.loads((folder / "ledger.json").read_text(encoding="utf-8"))["findings"]
        html = (folder / "report.html").read_text(encoding="utf-8")
        self.text = {lang: _text(html, lang) for lang in ("en", "zh")}
        self.portraits = pd.read_csv(folder / "portraits.csv", dtype={"customer_id": str})

    def classes(self):
        """Customers of each RFM class that has any."""
        return {row["rfm_class"]: row["customers"] for row in self.found["segments"]["classes"] if row["customers"]}


def _text(html, lang):
    main = re.search(rf'<main lang="{lang}">(.*?)</main>', html, re.DOTALL)[1]
    main = re.sub(r"<svg.*?</svg>", "", main, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", main)))


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Runs a company or a survey, once a module."""
    done = {}

    def run(name):
        if name not in done:
            folder = tmp_path_factory.mktemp(name)
            table, more = folder / f"{name}.csv", []
            if name in COMPANIES:
                COMPANIES[name]().to_csv(table, index=False)
                kind = "--orders"
            else:
                scores, answer = SURVEYS[name]
                little.survey(scores).to_csv(table, index=False)
                kind, more = "--surveys", [] if answer is None else ["--answer", answer]
            assert cli.main(["run", kind, str(table), "--out", str(folder / "out"), *more]) == 0
            done[name] = Told(folder / "out")
        return done[name]

    return run


@pytest.mark.parametrize("name", [*COMPANIES, *SURVEYS])
def test_nothing_is_told_that_is_no_number(told, name):
    for lang, text in told(name).text.items():
        wrong = re.findall(r".{30}(?<![\w])[+-]?(?:nan|None|NaT|inf|1e\+300)\b.{10}", text)
        assert not wrong, (lang, wrong)


def test_one_who_came_back_makes_no_rhythm_no_warning_and_no_worth(told):
    found = told("one_returner")
    # One is active, and of one customer nothing is told, nor of the others, from whom the one could be reckoned.
    assert found.found["lifecycle"]["stages"] == {"active": None, "first_purchase": None}
    missing = {"weakest_link", "early_warning"} & set(found.found["lifecycle"])
    assert not missing
    assert not {"recommender", "shift", "promotion", "pairs"} & set(found.found["behaviour"])
    assert "forecast" not in found.found and "foretelling" not in found.found
    en = found.text["en"]
    assert "Only 1 pause between two orders has ended, of the 30 that are needed" in en
    assert "count as lost" not in en and "At risk after, days" not in en and "best tenth" not in en
    # Nor is the stage of life believed to say who has left.
    assert "counts as lost" not in en and "whether any of them has left cannot be told" in en
    assert "列 取值" in found.text["zh"]
    for left in (
        "early warning",
        "weakest link",
        "recommendations",
        "change of preferences",
        "customer lifetime value",
    ):
        assert left in en.rsplit("What could not be said", 1)[1]


def test_two_dozen_who_came_back_are_too_few_whatever_the_number_who_did_not(told):
    found = told("few_returners").found
    assert set(found["lifecycle"]["stages"]) == {"active", "first_purchase"}
    assert found["lifecycle"]["thresholds"][0]["closed"] == 24
    assert all(row["at_risk_days"] is None for row in found["lifecycle"]["thresholds"])
    assert "early_warning" not in found["lifecycle"] and "forecast" not in found
    # Where 576 of 600 have one order, a group of those with two is the exceptions, not a kind of customer.
    assert found.get("clusters", {"k": 1})["k"] == 1


def test_the_sum_is_told_where_no_model_says_what_each_brings(told):
    """Two dozen are too few for a model of single customers; what they bring together comes again every week."""
    found = told("two_dozen_regulars")
    assert "clv" not in found.found and "expected_value" not in found.portraits
    forecast, total = found.found["forecast"], found.found["total"]
    assert total["customers"] == 224 and forecast["at_stake"] is None and forecast["model"] == "same_again"
    orders = little.two_dozen_regulars()
    money = orders.loc[pd.to_datetime(orders["order_date"]) > "2024-10-07", "amount"].sum()  # 39 of 79 weeks
    again = sum(money / 39 / 1.1 ** (7 * week / 365.25) for week in range(1, 53))
    assert forecast["expected"] == pytest.approx(again, rel=1e-3)
    assert 0 < forecast["low"] < forecast["expected"] < forecast["high"]
    assert all(abs(test["actual"] / test["forecast"] - 1) < 0.1 for test in forecast["backtests"])
    assert "All 224 customers together are expected to bring" in found.text["en"]
    assert "全体 224 位客户未来 52 周预计共带来" in found.text["zh"]
    assert found.found["stake"]["expected"] is None
    # Two hundred have been silent for a year and a half, some of them for a day less than the median: not "recent".
    by_class = {row["rfm_class"]: row for row in found.found["profiles"]["classes"]}
    assert by_class["general_develop"]["lost"] == by_class["general_develop"]["customers"] == 46
    assert "46 of these 46 count as lost" in found.text["en"] and "still remember" not in found.text["en"]
    assert "46 位里有 46 位已算流失" in found.text["zh"]
    assert "Look after them in person" in found.text["en"]  # the two dozen, of whom nobody is lost


def test_a_forecast_that_missed_by_far_is_not_told(told):
    """Everybody's second order fell into the half that is held out: what came was ten times what would be repeated."""
    found = told("twice_each")
    assert "forecast" not in found.found and "on such a forecast nothing can be built" in found.text["en"]


def test_two_customers_are_described_and_no_interval_is_put_round_them(told):
    found = told("two_customers")
    assert found.found["segments"]["overview"]["effective"] < 2
    assert all(row["low"] is None for row in found.found["segments"]["classes"])
    assert "gini" not in found.found["behaviour"] and "retention" not in found.found["behaviour"]
    head = found.text["en"].split("Which kinds of customers there are")[0]
    assert "95%" not in head and "2 customers bought for" in head


def test_who_bought_today_is_recent_though_everybody_did(told):
    found = told("one_day")
    # Six of sixty have two orders, above the median of one, too few to be told of; nobody has been silent.
    assert {name.split("_", 1)[1] for name in found.classes()} == {"develop"}
    assert found.found["stake"]["customers"] == 0
    assert found.found["segments"]["alike"] == ["r"]
    assert "All customers are alike in recency" in found.text["en"]
    assert "所有客户的消费间隔都一样" in found.text["zh"]
    assert "60 customers bought for 2,628.87, all of them on 1 Jan 2024" in found.text["en"]
    assert "2024 年 1 月 1 日这一天，60 位客户" in found.text["zh"]


def test_daily_buyers_are_nobody_to_win_back(told):
    found = told("daily_buyers")
    assert found.classes() == {"important_value": 10, "general_value": 10}
    assert "retention" not in found.found["behaviour"]  # all came in the first month: nobody is known to be new
    assert found.found["stake"]["customers"] == 0
    assert found.found["segments"]["cuts"]["r"] == 0.5 and found.found["segments"]["cuts"]["f"] == 39.5
    assert "Frequent is the median of 40 orders itself" in found.text["en"]


def test_where_all_have_two_orders_frequency_wins_nobody_back(told):
    found = told("twice_each")
    assert {name.split("_", 1)[1] for name in found.classes()} == {"value", "keep"}
    # Nobody bought a third time, so the moves after the second order bring nothing, and none of them is worth anything.
    assert not [row for row in found.found["lifecycle"].get("links", []) if not row["worth"] > 0]


def test_one_giant_order_is_no_share_of_a_class(told):
    found = told("giant_order")
    assert found.found["segments"]["overview"]["effective"] == pytest.approx(1, abs=0.1)
    assert all(row["low"] is None for row in found.found["segments"]["classes"])
    assert found.found["stake"]["low"] is None and "gini" not in found.found["behaviour"]
    head = found.text["en"].split("Which kinds of customers there are")[0]
    assert "of customers and" not in head and "98% of all money" in head
    # One customer stands apart, so something does part the clusters; but whoever draws again may draw without that one.
    assert "nothing parts its clusters" not in found.text["en"] and "hangs on a few customers" in found.text["en"]
    # All pauses were of a hundred days: there is no silence that is unusual and not lost.
    card = "With as many order days as this customer, more than 100 days without an order"
    assert f"{card} count as lost." in found.text["en"] and f"{card} are unusual" not in found.text["en"]


def test_a_month_has_no_months_to_compare(told):
    found = told("one_month")
    assert "retention" not in found.found["behaviour"] and "links" not in found.found["lifecycle"]
    assert "How customers move" not in found.text["en"]
    assert "All orders are of one month." in found.text["en"]
    # Whoever came back within a month cannot have come back later: who has left is not known.
    assert "reach back 29 days, of the 60 that are needed" in found.text["en"]
    assert all(row["lost_days"] is None for row in found.found["lifecycle"]["thresholds"])
    assert "lost" not in found.found["lifecycle"]["stages"] and not (found.portraits["stage"] == "lost").any()
    assert "count as lost" not in found.text["en"] and "订单只有 29 天" in found.text["zh"]


def test_surveys_on_other_scales_have_no_nps_and_three_answers_a_wide_one(told, tmp_path, capsys):
    for name in ("zero_one", "fives"):
        assert "nps" not in told(name).found
        text = told(name).text["en"].split("What could not be said")[0].split("Tags")[0]
        assert "NPS" not in text.replace("no NPS", "")
    said = told("zero_one").text  # of yes and no, nothing is more than yes
    assert "are 1." in said["en"] and "1 on a scale from 0 to 1" in said["en"] and "1 or more" not in said["en"]
    three = told("three").found["nps"]
    assert three["n"] == 3 and three["high"] - three["low"] > 100
    # Two of three is no share: who gave which would be told.
    assert three["shares"] is None and three["counts"] is None
    said = told("three").text
    assert "from 3 answers: too few to tell shares of" in said["en"] and "67%" not in said["en"] + said["zh"]
    assert "score (0–10)" not in told("fives").text["en"] and "推荐意愿（0–10）" not in told("fives").text["zh"]
    table = tmp_path / "survey.csv"
    little.survey(SURVEYS["zero_one"][0]).to_csv(table, index=False)
    assert cli.main(["run", "--surveys", str(table), "--out", str(tmp_path / "out")]) == 2
    assert "--answer scale=0-1" in capsys.readouterr().err


# --- the counts -------------------------------------------------------------------------------------------------------


def test_enough_counts_events_and_says_what_and_how_many():
    evidence.enough("moves", 10)
    with pytest.raises(DataError, match="needs 10 customers who made the same move; there are 9"):
        evidence.enough("moves", 9)
    assert evidence.seen("best", 20) and not evidence.seen("best", 19)
    assert all(least.n > 0 for least in evidence.LEAST.values())


def test_one_who_holds_nearly_all_counts_as_one():
    assert intervals.effective([5.0] * 8) == 8
    assert intervals.effective([3, 1]) == pytest.approx(16 / 10)
    assert intervals.effective([1000, *[1] * 99]) == pytest.approx(1099**2 / (1000**2 + 99))
    assert intervals.effective([]) == intervals.effective([0, 0]) == 0


def _customers(recency, frequency, money):
    return pd.DataFrame({"recency_days": recency, "frequency": frequency, "monetary_net": money}, dtype="float64")


def test_a_cut_at_the_best_value_lies_half_a_step_beside_it():
    # Three of five bought today: the median is 0 days, and nothing is better.
    customers = _customers([0, 0, 0, 4, 9], [1, 2, 3, 3, 3], [1, 2, 3, 4, 5])
    assert segment.cuts(customers) == {"r": 0.5, "f": 2.5, "m": 3.0}
    assert segment.classes(customers).tolist() == [
        "general_develop",
        "general_develop",
        "general_value",
        "important_keep",
        "important_keep",
    ]
    # One order each is not frequent, and money has no best value; where a better value exists the cut is the median.
    assert segment.cuts(_customers([1, 2, 3], [1, 1, 1], [5, 5, 5])) == {"r": 2.0, "f": 1.0, "m": 5.0}


def test_the_least_change_to_a_class_reaches_a_best_value_that_is_the_cut():
    customers = _customers([0, 0, 0, 4, 9], [3, 3, 3, 1, 3], [1, 2, 3, 4, 5]).assign(customer_id=list("abcde"))
    assert segment.smallest_change(customers, "d", "important_value") == {"recency_days": -4.0, "frequency": 2.0}
    assert segment.smallest_change(customers, "c", "general_value") == {}


def _orders(rows):
    day = pd.Timestamp("2024-01-01")
    frame = pd.DataFrame(rows, columns=["customer_id", "day"])
    frame["ordered_at"] = day + pd.to_timedelta(frame.pop("day"), unit="D")
    return frame.assign(order_id=[f"o{i}" for i in range(len(frame))], amount=10.0)


def test_returns_are_days_of_customers_who_had_ordered_before():
    # a again on day 5, twice on day 9; b's first on day 9; c again on day 20, after the last day.
    orders = _orders([("a", 0), ("a", 5), ("a", 9), ("a", 9), ("b", 9), ("c", 1), ("c", 20)])
    day = pd.Timestamp("2024-01-01")
    assert lifecycle.returns_between(orders, day, day + pd.Timedelta(days=10)) == 2
    assert lifecycle.returns_between(orders, day + pd.Timedelta(days=5), day + pd.Timedelta(days=20)) == 2


def test_the_curve_of_all_needs_thirty_pauses_that_ended():
    def limits(n):
        return lifecycle.thresholds(_orders([(f"c{i}", d) for i in range(n) for d in (0, 10 + i)]), "2024-12-31")

    assert limits(29)["at_risk_days"].isna().all() and limits(30)["at_risk_days"].notna().all()
    said = lifecycle.explain(limits(29))
    assert len(said) == 1 and said[0].say("en").startswith("Only 29 pauses between two orders have ended, of the 30")
    # Bands in which nobody has been are not spoken of.
    assert "10+" not in " ".join(s.say("en") for s in lifecycle.explain(limits(40)))


def test_a_move_that_nobody_is_there_to_make_is_not_named():
    orders = _orders([(f"c{i}", d) for i in range(40) for d in (i % 20, 40 + i % 20)])
    moves = lifecycle.transitions(orders, "2024-04-30")
    links = lifecycle.links_by_a_tenth(moves, 0.01)
    assert (links["worth"] > 0).all() and (links["customers"] > 0).all()
    assert np.allclose(links["change"].abs(), links["rate"] / 10)
