"""Checks of lesson 14: figures put together from parts, deliveries that come late and twice, samples with weights."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from course import company, language
from course.classroom import answers, bets, hands
from course.classroom.lessons.scale.game import lost
from course.classroom.lessons.scale.guesses import GUESSES
from course.classroom.lessons.scale.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "scale"


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("scale-1", "mean_order = parts['mean'].mean()", "mean of the four means"),
        ("scale-1", "mean_order = parts['money'].sum() / parts['customers'].sum()", "divided by customers"),
        ("scale-2", "her_orders, her_money, her_last = 8, 1.0, '2024-01-01'", "counted deliveries"),
        ("scale-2", "her_orders, her_money, her_last = 6, six['amount'].sum(), 7", "should be a time"),
        ("scale-3", "hours_needed = after.quantile(0.9995)", "whole hours"),
        ("scale-4", "estimate = sample['monetary_net'].mean() * len(buyers)", "weighed everybody alike"),
    ],
)
def test_a_mistake_is_told_by_its_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en")


def test_event_by_event_is_the_same_as_all_at_once(given):
    """Counted here by pandas, in the order of the clicks and not of their arrival."""
    names = given["scale-3"]
    clicks = names["events"].sort_values("at").groupby("visitor_id")["at"].agg(["size", "last"])
    for table in (names["state"], names["batch"]):
        assert table["visitor_id"].tolist() == clicks.index.tolist()
        assert table["clicks"].tolist() == clicks["size"].tolist()
        assert table["last"].tolist() == clicks["last"].tolist()


def test_in_memory_on_disk_and_by_hand_a_customer_has_the_same_row(given):
    names = given["scale-1"]
    hand = names["orders"].groupby("customer_id")["amount"].agg(["size", "sum"])
    for table in (names["in_memory"], names["on_disk"]):
        assert table["orders"].tolist() == hand["size"].tolist()
        assert table["money"].tolist() == pytest.approx(hand["sum"].tolist(), abs=0.006)
    assert names["differ"] == 0


def test_the_eight_deliveries_hold_six_orders_two_of_them_twice_and_the_last_is_an_old_one(given):
    deliveries = given["scale-2"]["deliveries"]
    assert len(deliveries) == 8 and deliveries["order_id"].nunique() == 6
    assert deliveries["ordered_at"].iloc[-1] < deliveries["ordered_at"].max()


def test_keeping_the_largest_customers_makes_the_estimate_less_of_a_lottery(given):
    names = given["scale-3"]
    assert names["kept"].std() < names["plain"].std()
    assert names["kept"].mean() == pytest.approx(names["money"].sum(), rel=0.02)


def test_the_guesses_are_the_figures_that_the_lesson_shows(given):
    names = given["scale-3"]
    assert GUESSES["midnight"].truth() == pytest.approx(names["missing"][0])
    assert GUESSES["none"].truth() == pytest.approx(100 * 0.95**10, abs=1)
    assert hands.pick("scale-adds", "b").right and not hands.pick("scale-adds", "a").right


def test_the_seal_counts_the_clicks_that_were_held_up(seat):
    defects = company.unseal("clean", seat).frames["defects"]
    clicks = pd.read_json(seat / company.FILES["clicks"], lines=True)
    assert SEAL.truth() == pytest.approx(10_000 * (defects["kind"] == "late_event").sum() / len(clicks))
    bets.bet("scale", 90, 110)
    for lang, said in (("en", "written into an export twice"), ("zh", "写了两次")):
        language.use(lang)
        assert said in bets.unseal("scale").say(lang)
    language.use("en")


def test_the_game_draws_the_chance_of_losing_a_group(seat):
    assert lost(10, 0.02) == pytest.approx(0.8171, abs=1e-4)
    play("scale", group_slider=10, percent_slider=2)
    plt.close("all")


@pytest.mark.parametrize(("name", "code"), alternatives.of("scale"))
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, (code, found)
