"""Checks of lesson 12: sizes and intervals right on any company, each mistake told from the others."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from course import effect, language
from course.classroom import answers, bets
from course.classroom.lessons.effect.game import power
from course.classroom.lessons.effect.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting

TOPIC = "effect"
REFERENCE = {name: cell.text for name, cell in sitting.lesson(TOPIC).exercises().items()}


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


POOLED = (
    "p, q = base, 1.2 * base\nm = (p + q) / 2\n"
    "n_needed = (1.96 * (2 * m * (1 - m)) ** 0.5 + 0.8416 * (p * (1 - p) + q * (1 - q)) ** 0.5) ** 2 / (p - q) ** 2"
)
NEWCOMBE = (
    "e = effect.ab(*[(int(arms['sum'][a]), int(arms['size'][a])) for a in ('control', 'coupon')], planned=None)\n"
    "gain_low, gain_high = 100 * e.low, 100 * e.high"
)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("effect-1", "n_needed = effect.needed(base, 0.2)"),
        ("effect-1", "n_needed = str and np.ceil(effect.needed(base, 0.2))"),
        ("effect-1", POOLED),
        ("effect-2", NEWCOMBE),
        ("effect-2", REFERENCE["effect-2"].replace("1.96", "1.959964")),
        ("effect-2", REFERENCE["effect-2"] + "\ngain_low, gain_high = round(gain_low, 1), round(gain_high, 1)"),
        ("effect-3", REFERENCE["effect-3"] + "\nchi2 = round(chi2)"),
        ("effect-3", "from scipy.stats import chisquare\nchi2 = chisquare(counts).statistic"),
        ("effect-4", "kept = sum(peers['truth'].between(peers['estimate'] - 1.96 * peers['se'], "
                     "peers['estimate'] + 1.96 * peers['se']))"),
        *alternatives.of("effect"),
    ],
)  # fmt: skip
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


H = "h = 2 * np.arcsin((1.2 * base) ** 0.5) - 2 * np.arcsin(base ** 0.5)\n"
GAIN = REFERENCE["effect-2"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("effect-1", REFERENCE["effect-1"].replace("1.2 * base", "base + 0.2"), "20 percentage points"),
        ("effect-1", H + "n_needed = 4 * (2.8 / h) ** 2", "twice too many"),
        ("effect-1", H + "n_needed = (2 * 2.8 / h) ** 2", "twice too many"),
        ("effect-1", H + "n_needed = (2.8 / h) ** 2", "factor 2 in front is missing"),
        ("effect-1", H + "n_needed = 2 * 2.8 / h", "not squared"),
        ("effect-1", H.replace("2 * np", "np") + "n_needed = 2 * (2.8 / h) ** 2", "arcsines are missing"),
        ("effect-1", H + "n_needed = 2 * (1.96 / h) ** 2", "Only 1.96"),
        ("effect-1", H + "n_needed = 2 * (0.84 / h) ** 2", "Only 0.84"),
        (
            "effect-1",
            "h = 2 * np.arcsin(1.2 * base) - 2 * np.arcsin(base)\nn_needed = 2 * (2.8 / h) ** 2",
            "roots are missing",
        ),
        ("effect-1", H + "n_needed = h", "That is h"),
        ("effect-1", REFERENCE["effect-1"].replace("(1.2 * base)", "0.2"), "rise to 20 %"),
        ("effect-1", H + "n_needed = 2 * 2.8 / h ** 2", "Only h is squared"),
        ("effect-1", H + "n_needed = 2 * (1.96 + 0.84 / h) ** 2", "needs brackets"),
        ("effect-1", "n_needed = 1e9", "too large"),
        ("effect-2", GAIN.replace("100 * ", ""), "Those are shares"),
        ("effect-2", GAIN.replace("gain_low, gain_high", "gain_high, gain_low"), "Exchange the two"),
        ("effect-2", GAIN.replace("1.96 * ", ""), "one standard error"),
        ("effect-2", GAIN.replace("variance.sum() ** 0.5", "variance['coupon'] ** 0.5"), "Only the coupon's group"),
        ("effect-2", GAIN.replace("variance.sum() ** 0.5", "variance['control'] ** 0.5"), "Only the group without"),
        ("effect-2", GAIN.replace("variance.sum() ** 0.5", "(variance ** 0.5).sum()"), "The two errors were added"),
        ("effect-2", GAIN.replace(" / arms[\"size\"]", ""), "not divided by the people"),
        ("effect-2", GAIN.replace(" ** 0.5", ""), "The root is missing"),
        ("effect-2", GAIN.replace("1.96", "3.92"), "whole width"),
        ("effect-2", GAIN.replace("1.96", "1.645"), "90%"),
        ("effect-2", GAIN.replace("1.96", "2.6"), "too wide"),
        ("effect-2", GAIN.replace("1.96", "0.5"), "too narrow"),
        (
            "effect-2",
            GAIN.replace("100 * (gain", "100 * (-gain"),
            "control less coupon",
        ),
        ("effect-2", GAIN.replace('- arms["mean"]["control"]', '/ arms["mean"]["control"] - 1'), "relative change"),
        ("effect-2", GAIN.replace(' - arms["mean"]["control"]', ""), "Take off the share"),
        ("effect-2", GAIN.partition("gain_low")[0] + "gain_low, gain_high = 100 * gain - reach, 100 * gain + reach",
         "The reach is still a share"),
        ("effect-2", GAIN.replace("variance.sum()", "variance.mean()"), "averaged"),
        ("effect-2", GAIN + "\ngain_low, gain_high = gain, gain", "The middle is still a share"),
        ("effect-2", "gain_low, gain_high = 40, 60", "not the difference"),
        ("effect-2", "gain_low, gain_high = 40, ...", "gain_high"),
        ("effect-3", "e = counts.sum() / 2\nchi2 = (counts.iloc[0] - e) ** 2 / e", "Only one group"),
        ("effect-3", "chi2 = ((counts - counts.sum() / 2) ** 2).sum()", "not divided by what is expected"),
        ("effect-3", "chi2 = ((counts - counts.sum() / 2) ** 2 / counts).sum()", "divided by what was seen"),
        ("effect-3", "e = counts.sum() / 2\nchi2 = ((counts - e) / e).sum()", "not squared"),
        ("effect-3", "e = counts.sum()\nchi2 = ((counts - e) ** 2 / e).sum()", "all customers"),
        ("effect-3", "chi2 = effect.sample_ratio(counts.tolist())", "the chance of such a split"),
        ("effect-4", "kept = 25 - (" + REFERENCE["effect-4"].partition("= ")[2] + ")", "the intervals that miss"),
        ("effect-4", REFERENCE["effect-4"].replace("1.96 * ", ""), "One standard error"),
        ("effect-4", "kept = (peers['estimate'] - peers['truth'] <= 1.96 * peers['se']).sum()", "The sign was left on"),
        ("effect-4", "kept = ((peers['estimate'] - peers['truth']).abs() <= 1.96 * peers['se']).count()",
         "not .count()"),
        ("effect-4", "kept = (peers['estimate'].abs() <= 1.96 * peers['se']).sum()", "hold zero"),
        ("effect-4", "kept = (peers['estimate'] - 1.96 * peers['se'] > 0).sum()", "above zero"),
        ("effect-4", "kept = ((peers['estimate'] - peers['truth']).abs() <= 1.96 * peers['se']).mean()", "a share"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_name(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


# --- what the lesson shows -------------------------------------------------------------------------------------------


def test_the_class_scatters_as_its_standard_errors_say(given):
    peers = given["effect-4"]["peers"]
    off = peers["estimate"] - peers["truth"]
    assert len(peers) == 25 and 0.7 < off.std() / peers["se"].mean() < 1.4
    assert 20 <= (off.abs() <= 1.96 * peers["se"]).sum() <= 25
    assert peers["company"].is_unique and peers["truth"].nunique() == 25


def test_the_tea_lost_receipts_and_the_coupon_did_not(given):
    names = given["effect-4"]
    # A company of this size loses some hundred of its receipts, enough to be seen; of all drawn, none of the coupons'.
    assert effect.sample_ratio(names["counts"].tolist()) < 0.05
    assert effect.sample_ratio(names["arms"]["size"].tolist(), (0.35, 0.65)) > 1e-3


def test_five_looks_find_more_than_one(given):
    names = given["effect-4"]
    assert 0.04 < names["once"] < 0.06 and 0.13 < names["ever"] < 0.155
    assert len(names["seen"]) == 14 and all(0 <= p <= 1 for p in names["seen"])


def test_the_power_of_the_game_is_four_in_five_at_the_size_it_names():
    for before, change in ((0.05, 0.3), (0.25, 0.2), (0.6, 0.15)):
        n = effect.needed(before, change)
        assert 0.8 <= power(before, change, np.array([n]))[0] < 0.803
    assert power(0.1, 0.2, np.array([1e-6]))[0] == pytest.approx(0.05, abs=1e-3)


@pytest.mark.parametrize("values", [{"base_slider": 1, "change_slider": 5}, {"base_slider": 60, "change_slider": 60}])
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_game_draws_at_both_ends_of_its_sliders(seat, monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("effect", **values)
    assert f"{values['base_slider']}%" in plt.gcf().axes[0].get_title()
    plt.close("all")


def test_the_seal_holds_the_true_effect_and_that_of_a_letter_sent_twice(seat):
    assert 0.5 < SEAL.truth() < 9
    for lang in language.LANGUAGES:
        said = SEAL.more().say(lang)
        bought, _, answered = said.partition("C07 +0.0")
        assert "C01" in bought and "C04" not in bought and "C03" in answered and "nan" not in said


def test_nothing_is_told_before_the_bet(seat):
    assert "C07" not in bets.unseal("effect").say("en")
    bets.bet("effect", 0, 10)
    assert "C07" in bets.unseal("effect").say("en")
