"""Checks of lesson 09: states, moves and worth right on any company, each mistake told from the others."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import clv, company, language
from course.classroom import answers, bets
from course.classroom.lessons.lifecycle.game import silence
from course.classroom.lessons.lifecycle.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "lifecycle"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


SETS = (
    "J, M, B = set(june), set(may), set(before)\n"
    "new, returning, resurrecting, dormant = len(J - B), len(J & M), len((J & B) - M), len(M - J)"
)
JOINED = (
    "m = march.merge(now, on='customer_id', suffixes=['_then', ''])\n"
    "where = m[m['stage_then'] == 'first_purchase']['stage'].value_counts(normalize=True)"
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *alternatives.of("lifecycle"),
        ("lifecycle-1", SETS),
        ("lifecycle-1", SETS + "\nnew = float(new)"),
        ("lifecycle-2", JOINED),
        ("lifecycle-2", JOINED + "\nwhere = where.to_dict()"),
        ("lifecycle-2", JOINED + "\nwhere = where.reset_index()"),
        ("lifecycle-2", JOINED + "\nwhere = where.round(3)[::-1]"),
        ("lifecycle-3", "still_there = 0.444"),
        ("lifecycle-3", "still_there = lifecycle.survival(followed.months, followed.left).curve.survival[2]"),
        ("lifecycle-4", "V = np.linalg.solve(np.eye(5) - P / 1.2, R)"),
        ("lifecycle-4", "V = clv.markov(P, R, d).round(2).tolist()"),
        ("lifecycle-4", "V = np.linalg.inv(np.eye(5) - P / (1 + d)) @ R.reshape(5, 1)"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


KINDS, WHERE, WORTH = (REFERENCE[f"lifecycle-{i}"] for i in (1, 2, 4))


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("lifecycle-1", KINDS.replace("new = (~june.isin(before))", "new = (~june.isin(may))"), "not there in May"),
        ("lifecycle-1", KINDS.replace("new = (~june", "new = (june"), "opposite of new"),
        (
            "lifecycle-1",
            KINDS.replace("june.isin(may).sum()", "june.isin(before).sum()", 1),
            "Only those of May return",
        ),
        ("lifecycle-1", KINDS + "\nreturning = len(may)", "all of May"),
        ("lifecycle-1", KINDS.replace(" & ~june.isin(may)", ""), "still holds those of May"),
        ("lifecycle-1", KINDS.replace("june.isin(before) & ", ""), "holds new customers"),
        ("lifecycle-1", KINDS + "\ndormant = (~before.drop_duplicates().isin(june)).sum()", "everybody who ever came"),
        ("lifecycle-1", KINDS + "\ndormant = (~june.isin(may)).sum()", "turned round"),
        ("lifecycle-1", KINDS.replace("(~june.isin(before)).sum()", "(~june.isin(before)).mean()"), "is a share"),
        ("lifecycle-1", KINDS + "\nnew = len(june)", "all of June"),
        ("lifecycle-1", KINDS + "\ndormant = (~may.isin(june)).mean()", "is a share"),
        ("lifecycle-1", KINDS + "\ndormant = (~before.isin(june)).sum()", "row for every month"),
        ("lifecycle-1", KINDS + "\nreturning = before.isin(june).sum()", "row for every month"),
        ("lifecycle-1", KINDS + "\nnew = ~june.isin(before)", "many values"),
        ("lifecycle-2", WHERE.replace(" / later.sum()", ""), "numbers of customers"),
        ("lifecycle-2", WHERE.replace("later / ", "100 * later / "), "per cent"),
        ("lifecycle-2", "where = now['stage'].value_counts() / len(now)", "all customers of June"),
        ("lifecycle-2", "where = march['stage'].value_counts() / len(march)", "all customers of March"),
        (
            "lifecycle-2",
            "f = now.query(\"stage == 'first_purchase'\")['customer_id']\n"
            "l = march[march['customer_id'].isin(f)]['stage'].value_counts()\nwhere = l / l.sum()",
            "looks back",
        ),
        ("lifecycle-2", WHERE.replace("later.sum()", "len(now)"), "Divide by the first-time buyers"),
        ("lifecycle-2", WHERE.replace("later.sum()", "len(march)"), "Divide by its first-time buyers alone"),
        (
            "lifecycle-2",
            WHERE + "\nwhere = later.drop('first_purchase') / later.drop('first_purchase').sum()",
            "left out",
        ),
        ("lifecycle-2", "where = now['stage']", "one column of shares"),
        ("lifecycle-2", "where = now['stage'].value_counts", "not called"),
        ("lifecycle-2", WHERE + "\nwhere = where.round(2)", "rounded too far"),
        ("lifecycle-2", WHERE + "\nwhere = where * 0.7", "something else than 1"),
        ("lifecycle-3", "still_there = 5 / 6 * 3 / 5 * 2 / 3", "counted as gone"),
        ("lifecycle-3", "still_there = 3 / 4 * 2 / 3 * 1 / 2", "dropped altogether"),
        ("lifecycle-3", "still_there = 5 / 6 * 4 / 5", "month 5 has a departure".replace("m", "M", 1)),
        ("lifecycle-3", "still_there = 1 - 5 / 6 * 4 / 5 * 2 / 3", "who had left"),
        ("lifecycle-3", "still_there = 3 / 6", "three departures"),
        ("lifecycle-3", "still_there = 5 / 6 * 3 / 4 * 2 / 3", "too early"),
        ("lifecycle-3", "still_there = 0.99", "too large"),
        ("lifecycle-3", "still_there = 0.44", "rounded too far"),
        ("lifecycle-3", "still_there = 44.4", "percentage"),
        ("lifecycle-4", WORTH.replace("P / (1 + d)", "P * (1 + d)"), "multiplied instead of divided"),
        ("lifecycle-4", WORTH.replace("P / (1 + d)", "P / d"), "divided by d"),
        ("lifecycle-4", "V = R + P @ R / (1 + d)", "next period alone"),
        ("lifecycle-4", "V = (np.eye(5) - P / (1 + d)) @ R", "inverse is missing"),
        ("lifecycle-4", WORTH.replace("P / (1 + d)", "P.T / (1 + d)"), "turned over"),
        ("lifecycle-4", WORTH.replace(" @ R", " * R"), "whole matrix"),
        ("lifecycle-4", "V = R[:3]", "one number for each"),
        ("lifecycle-4", WORTH.replace("(1 + d)", "1 + d"), "brackets of its own"),
        ("lifecycle-4", WORTH.replace("np.eye(5) - P", "1 - P"), "every entry from 1"),
        ("lifecycle-4", "V = R * 2.0", "other numbers"),
    ],
)
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_the_bars_of_the_first_picture_are_what_is_counted_by_hand(given):
    names = given["lifecycle-1"]
    june, may, before = set(names["june"]), set(names["may"]), set(names["before"])
    last = names["monthly"].iloc[-1]
    assert last["new"] == len(june - before) and last["returning"] == len(june & may)
    assert last["resurrecting"] == len((june & before) - may) and last["dormant"] == len(may - june)


def test_later_orders_change_no_stage_and_a_tenth_by_hand_is_a_tenth_by_call(given):
    names = given["lifecycle-bet"]
    assert (names["again"]["stage"] == names["stages"]["stage"]).all() and len(names["orders"]) > len(names["past"])
    moves = given["lifecycle-3"]["moves"]
    tenth = {("loyal", "at_risk"): moves.rates.loc["loyal", "at_risk"] / 10}
    link = (
        given["lifecycle-3"]["lifecycle"]
        .weakest_link(moves.rates, moves.money, moves.customers, clv.MONTHLY_DISCOUNT, tenth)
        .iloc[0]
    )
    assert names["gained"] == pytest.approx(-np.sign(link["change"]) * link["worth"], rel=0.01)


def test_the_conversion_by_hand_is_that_of_the_call(given):
    names = given["lifecycle-3"] | {}
    exec(WHERE, names)
    link = names["quarterly"].links.query(names["left"]).set_index("to_stage")
    seen = (link["customers"] / link["of"]).rename(None)
    assert seen[seen > 0].to_dict() == pytest.approx(names["where"].drop("first_purchase").to_dict())


def test_the_silent_come_back_by_themselves_in_every_quarter(given):
    quarter = given["lifecycle-bet"]["quarter"]
    for start in ("2023-10-01", "2024-01-01", "2024-07-01"):
        quiet, back = quarter(start)
        assert 0.1 < back["customer_id"].nunique() / quiet < 0.6 and back["net"].sum() > 0


def test_what_sets_the_last_quarter_apart_adds_up_over_its_months(given):
    names = given["lifecycle-bet"]
    shares = {}
    for start in ("2024-01-01", "2024-04-01", "2024-07-01", "2024-10-01"):
        quiet, back = names["quarter"](start)
        shares[start] = 100 * back["customer_id"].nunique() / quiet
    last = shares.pop("2024-10-01")
    assert names["more"].sum() == pytest.approx(last - sum(shares.values()) / 3)


def test_the_chain_of_the_paper_is_worth_what_the_paper_says(given):
    names = given["lifecycle-bet"]
    values = np.linalg.inv(np.eye(5) - names["P"] / 1.2) @ names["R"]
    assert values.tolist() == pytest.approx([52.3196, 5.5538, 1.2508, -1.82, 0], abs=1e-4)
    assert names["policy"].stop == 4 and names["policy"].values[:3] == pytest.approx(
        [53.1494, 6.6207, 2.6437], abs=1e-4
    )


@pytest.mark.parametrize("values", [{"days_slider": 15}, {"days_slider": 365}])
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_game_draws_at_both_ends_of_its_slider(seat, monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("lifecycle", **values)
    silent, back = silence()
    called = silent > values["days_slider"]
    title = plt.gcf().axes[0].get_title()
    assert f"{called.sum():,}" in title and f"{back[called].mean():.0%}" in title
    plt.close("all")


def test_the_seal_tells_who_had_left_and_the_lost_had_more_often(seat):
    frames = company.unseal("lifecycle", seat).frames
    assert 20 < SEAL.truth() < 90 and "left_on" in frames["process"]
    said = SEAL.more()
    assert said.values["lost"] > SEAL.truth() / 100 > said.values["loyal"]
    for lang in language.LANGUAGES:
        assert "%" in said.say(lang) and "nan" not in said.say(lang)


def test_nothing_is_told_before_the_bet(seat):
    assert "%" not in bets.unseal("lifecycle").say("en")
    bets.bet("lifecycle", 0, 100)
    assert "%" in bets.unseal("lifecycle").say("en")
