"""Checks of lesson 10: right on any company, each mistake told from the others, nothing that ends in a traceback."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import authoring, company, language, nps
from course.classroom import answers, bets, room
from course.classroom.lessons.nps import material
from course.classroom.lessons.nps.game import coverage
from course.classroom.lessons.nps.seal import SEAL
from course.classroom.widgets import play
from tests.checks import alternatives, sitting
from tests.conftest import ROOT

LESSON = authoring.read(ROOT / "lessons" / "10_nps.md")
EXERCISES = [name for name in LESSON.exercises() if name != "nps-bet"]
GIVEN = {
    "nps-1": ("raw",),
    "nps-2": ("may", "november"),
    "nps-3": ("bands", "everyone"),
    "nps-4": ("coded",),
    "nps-5": ("r2_app", "r2_delivery", "r2_both"),
}
NAMES = {
    "nps-1": ("nps_first",),
    "nps-2": ("change_low", "change_high"),
    "nps-3": ("nps_weighted",),
    "nps-4": ("agreement",),
    "nps-5": ("share_app", "share_delivery"),
}


@pytest.fixture(scope="module", params=[1, 2, 4])
def folder(request, tmp_path_factory):
    """A small company, another one for each seed; large enough that no two mistakes give the same figure."""
    place = tmp_path_factory.mktemp("company") / str(request.param)
    company.write(request.param, 2000, place)
    return place


@pytest.fixture(scope="module")
def given(folder):
    """What the cells before the exercises leave in the notebook, made of the company's files."""
    raw = material.survey_raw(folder)
    valid = raw[raw["score"] <= 10]
    may, november = (nps.score(valid.loc[valid["wave"] == wave, "score"]) for wave in (1, 2))
    labels = ["1", "2–3", "4–7", "8+"]
    # Purchases are made up here: what is asked for needs groups that differ, not the groups of this company.
    banded = valid.assign(band=pd.cut(valid["score"] + valid["driver_price"], [0, 9, 11, 13, 99], labels=labels))
    bands = nps.by(banded, "band")
    everyone = pd.Series([900, 400, 250, 100], index=pd.CategoricalIndex(labels, ordered=True), name="count")
    pair = ["driver_app", "driver_delivery"]
    alone = [nps.drivers(valid, "score", [name], repeats=2, odds=False).r2 for name in pair]
    both = nps.drivers(valid, "score", pair, repeats=2, odds=False).r2
    r2 = dict(zip(("r2_app", "r2_delivery", "r2_both"), (round(x, 4) for x in (*alone, both)), strict=True))
    names = {"nps": nps, "pd": pd, "np": np, "raw": raw, "may": may, "november": november, "valid": banded}
    return names | {"bands": bands, "everyone": everyone, "coded": material.coded(folder)} | r2


def outcome(given, name, code):
    """What check says to an answer written as code."""
    names = dict(given)
    exec(code, names)
    return answers.check(name, names)


# --- right answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_is_right_and_is_told_something(given, name):
    found = outcome(given, name, LESSON.exercises()[name].text)
    assert found.kind == answers.RIGHT, found
    assert len(found.sentence.say("zh")) > 10


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("nps-1", "nps_first = nps.score(raw.loc[(raw.wave == 1) & raw.score.isin(range(11)), 'score'])"),
        ("nps-1", "nps_first = round(nps.score(raw.loc[(raw.wave == 1) & (raw.score < 11), 'score']).value, 1)"),
        ("nps-2", "moved = nps.difference(may, november)\nchange_low, change_high = moved.low, moved.high"),
        (
            "nps-2",
            "e = np.hypot(may.standard_error, november.standard_error)\n"
            "change_low = round(november.value - may.value - 1.959964 * e, 1)\n"
            "change_high = round(november.value - may.value + 1.959964 * e, 1)",
        ),
        ("nps-3", "nps_weighted = np.average(bands['value'], weights=everyone)"),
        ("nps-3", "nps_weighted = nps.score(valid['score'], nps.poststratify(valid, 'band', everyone))"),
        ("nps-4", "agreement = nps.kappa(coded['first'], coded['second'])"),
        ("nps-4", "agreement = round(nps.kappa(coded['first'], coded['second']).value, 2)"),
        (
            "nps-5",
            "share_app = round((r2_app + r2_both - r2_delivery) / 2, 3)\n"
            "share_delivery = round((r2_delivery + r2_both - r2_app) / 2, 3)",
        ),
        (
            "nps-5",
            "t = nps.drivers(valid, 'score', ['driver_app', 'driver_delivery'], repeats=2, odds=False).table\n"
            "share_app, share_delivery = t.set_index('driver')['lmg'][['driver_app', 'driver_delivery']]",
        ),
        *alternatives.of("nps"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = outcome(given, name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

ONE = "s = raw.query('wave == 1 and score <= 10')['score']\np, d = (s >= 9).mean(), (s <= 6).mean()\n"
ERRORS = (
    "v = november.value - may.value\na, b = may.standard_error, november.standard_error\ne = (a**2 + b**2) ** 0.5\n"
)
READERS = (
    "o = (coded['first'] == coded['second']).mean()\n"
    "x, y = coded['first'].value_counts() / len(coded), coded['second'].value_counts() / len(coded)\n"
    "e = (x * y).sum()\n"
)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "nps-1",
            "s = raw.query('wave == 1')['score']\nnps_first = 100 * ((s >= 9).mean() - (s <= 6).mean())",
            "Codes count",
        ),
        (
            "nps-1",
            "s = raw.query('wave == 1 and score != 11')['score']\nnps_first = 100 * ((s > 8).mean() - (s < 7).mean())",
            "11 is out",
        ),
        (
            "nps-1",
            "s = raw.query('wave == 1 and score <= 11')['score']\nnps_first = 100 * ((s > 8).mean() - (s < 7).mean())",
            "11 counts as a promoter",
        ),
        (
            "nps-1",
            "s = raw.query('wave == 1')['score']\nnps_first = 100 * (s.between(9, 10).mean() - s.between(0, 6).mean())",
            "still in the denominator",
        ),
        (
            "nps-1",
            "s = raw.query('wave == 1 and score != 11')['score']\ns = s.where(s <= 10, s / 10)\n"
            "nps_first = 100 * ((s >= 9).mean() - (s <= 6).mean())",
            "70 was taken for 7",
        ),
        ("nps-1", ONE + "nps_first = 100 * (p - d) / (p + d)", "passives are missing"),
        ("nps-1", ONE + "nps_first = 100 * (p - (s <= 5).mean())", "here they end at 5"),
        ("nps-1", ONE + "nps_first = 100 * ((s > 7).mean() - d)", "here 8 is one of them"),
        ("nps-1", ONE + "nps_first = 100 * ((s > 9).mean() - d)", "here only 10 is one"),
        ("nps-1", ONE + "nps_first = p - d", "written in points"),
        ("nps-1", ONE + "nps_first = 100 * p", "share of promoters"),
        ("nps-1", ONE + "nps_first = 100 * (d - p)", "sign is turned"),
        ("nps-1", "nps_first = nps.score(raw.query('score <= 10')['score']).value", "Both waves"),
        ("nps-1", "nps_first = nps.score(raw.query('wave == 2 and score <= 10')['score']).value", "second wave"),
        ("nps-1", ONE + "nps_first = s.mean()", "mean score"),
        ("nps-1", ONE + "nps_first = (s >= 9).sum() - (s <= 6).sum()", "how many more promoters"),
        ("nps-1", ONE + "nps_first = 100 * (p - d) * len(s) / len(raw)", "answers of both waves"),
        ("nps-1", ONE + "nps_first = 100 * (p - d) * len(s) / (raw.score <= 10).sum()", "scores of both waves"),
        ("nps-1", ONE + "s = s[s < 10]\nnps_first = 100 * ((s >= 9).mean() - (s <= 6).mean())", "10 is a score too"),
        ("nps-1", ONE + "nps_first = round((p - d), 2)", "written in points"),
        ("nps-1", ONE + "nps_first = 100 * (p - d) + 1", "too large"),
        ("nps-1", ONE + "nps_first = s >= 9", "one number"),
        ("nps-2", ERRORS + "change_low, change_high = v - 1.96 * (a + b), v + 1.96 * (a + b)", "squares add up"),
        ("nps-2", ERRORS + "change_low, change_high = v - e, v + e", "one standard error"),
        ("nps-2", ERRORS + "change_low, change_high = v - 2 * e, v + 2 * e", "rule of thumb"),
        ("nps-2", ERRORS + "change_low, change_high = round(v - 1.96 * e), round(v + 1.96 * e)", "whole points"),
        ("nps-2", ERRORS + "change_low, change_high = v - 1.96 * e**2, v + 1.96 * e**2", "root is missing"),
        ("nps-2", ERRORS + "change_low, change_high = v - 1.96 * a, v + 1.96 * a", "Only the error of May"),
        ("nps-2", ERRORS + "change_low, change_high = v - 1.96 * b, v + 1.96 * b", "Only the error of November"),
        ("nps-2", ERRORS + "change_low, change_high = v - 1.645 * e, v + 1.645 * e", "90%"),
        ("nps-2", ERRORS + "change_low, change_high = v - 3.92 * e, v + 3.92 * e", "whole width"),
        ("nps-2", ERRORS + "change_low, change_high = v - 2.9 * e, v + 2.9 * e", "too wide"),
        ("nps-2", ERRORS + "change_low, change_high = v + 1.96 * e, v - 1.96 * e", "lies above"),
        ("nps-2", ERRORS + "change_low, change_high = -v - 1.96 * e, -v + 1.96 * e", "May less November"),
        ("nps-2", ERRORS + "change_low, change_high = v / 100 - 0.0196 * e, v / 100 + 0.0196 * e", "is a share"),
        ("nps-2", "change_low, change_high = november.low - may.high, november.high - may.low", "farthest end"),
        (
            "nps-2",
            "change_low, change_high = november.low - may.low, november.high - may.high",
            "Ends subtracted",
        ),
        (
            "nps-2",
            ERRORS + "change_low, change_high = november.value - 1.96 * e, november.value + 1.96 * e",
            "NPS of Nov",
        ),
        ("nps-2", ERRORS + "change_low, change_high = may.value - 1.96 * a, may.value + 1.96 * a", "NPS of May"),
        ("nps-2", ERRORS + "change_low, change_high = v + 90, v + 99", "not November less May"),
        ("nps-2", "change_low, change_high = 'low', 'high'", "should be a number"),
        ("nps-3", "nps_weighted = nps.score(valid['score']).value", "as they came in"),
        ("nps-3", "nps_weighted = bands['value'].mean()", "counts the same"),
        ("nps-3", "nps_weighted = (bands['value'] * everyone.to_numpy()).sum()", "do not add up to 1"),
        (
            "nps-3",
            "nps_weighted = (bands['value'] * everyone.to_numpy()).sum() / bands['n'].sum()",
            "divided by the answers of all",
        ),
        ("nps-3", "nps_weighted = (bands['value'] * (everyone / everyone.sum())).sum()", "nothing met"),
        (
            "nps-3",
            "w = everyone.to_numpy() / bands['n']\nnps_weighted = (bands['value'] * w).sum() / w.sum()",
            "weight of one answer",
        ),
        ("nps-3", "nps_weighted = bands.set_index('band')['value'] * (everyone / everyone.sum())", "one number"),
        ("nps-4", READERS + "agreement = o", "raw agreement"),
        ("nps-4", READERS + "agreement = e", "what chance alone"),
        ("nps-4", READERS + "agreement = 100 * (o - e) / (1 - e)", "a percentage"),
        (
            "nps-4",
            READERS + "n = (coded['first'].value_counts() * coded['second'].value_counts()).sum()\n"
            "agreement = (o - n) / (1 - n)",
            "far above 1",
        ),
        ("nps-4", READERS + "agreement = o - e", "most that was to be had"),
        ("nps-4", READERS + "agreement = (o - 1 / 3) / (1 - 1 / 3)", "as many as there are labels"),
        ("nps-4", READERS + "q = (((x + y) / 2) ** 2).sum()\nagreement = (o - q) / (1 - q)", "Scott"),
        ("nps-4", "agreement = nps.kappa(coded['first'], coded['agreed'])", "first reader"),
        ("nps-4", "agreement = nps.kappa(coded['second'], coded['agreed']).value", "second reader"),
        ("nps-5", "share_app, share_delivery = r2_app, r2_delivery", "comes first"),
        ("nps-5", "share_app, share_delivery = r2_both - r2_delivery, r2_both - r2_app", "comes second"),
        (
            "nps-5",
            "share_app = r2_app + r2_both - r2_delivery\nshare_delivery = r2_delivery + r2_both - r2_app",
            "Average them",
        ),
        (
            "nps-5",
            "t = r2_app + r2_delivery\nshare_app, share_delivery = r2_both * r2_app / t, r2_both * r2_delivery / t",
            "in proportion",
        ),
        ("nps-5", "share_app = share_delivery = r2_both / 2", "equal halves"),
        (
            "nps-5",
            "share_app = 50 * (r2_app + r2_both - r2_delivery)\nshare_delivery = 100 * r2_both - share_app",
            "percentages",
        ),
        (
            "nps-5",
            "share_delivery = (r2_app + r2_both - r2_delivery) / 2\nshare_app = r2_both - share_delivery",
            "exchanged",
        ),
        (
            "nps-5",
            "a = (r2_app + r2_both - r2_delivery) / 2\nshare_app, share_delivery = a / r2_both, 1 - a / r2_both",
            "add up to r2_both",
        ),
        ("nps-5", "share_app, share_delivery = 0.5 * r2_app, 0.1 * r2_delivery", "do not add up"),
        ("nps-5", "share_app, share_delivery = 0.01, r2_both - 0.01", "division is not"),
        ("nps-5", "share_app = (r2_app + r2_both - r2_delivery) / 2\nshare_delivery = ...", "still to be done"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = outcome(given, name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_errors_that_were_subtracted_are_told_where_they_are_seen(given):
    found = outcome(given, "nps-2", ERRORS + "r = 1.96 * abs(a - b)\nchange_low, change_high = v - r, v + r")
    assert found.kind == answers.NOT_YET
    # On a company whose two waves have nearly the same error, the interval is simply too narrow.
    assert "subtracted" in found.sentence.say("en") or "too narrow" in found.sentence.say("en")


def test_one_code_among_thousands_is_seen_although_a_figure_may_be_rounded(given):
    scores = [10] * 1500 + [7] * 900 + [3] * 600
    names = dict(given) | {"raw": pd.DataFrame({"wave": 1, "score": [*scores, 11]})}
    assert answers.check("nps-1", names | {"nps_first": 30.0}).kind == answers.RIGHT
    with_the_code = 100 * (1501 - 600) / 3001
    assert abs(with_the_code - 30) < 0.05
    assert answers.check("nps-1", names | {"nps_first": with_the_code}).kind == answers.NOT_YET


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("strange", range(len(sitting.STRANGE)))
def test_strange_answers_are_told_in_a_sentence(given, name, strange):
    names = dict(given) | dict.fromkeys(NAMES[name], sitting.STRANGE[strange])
    found = answers.check(name, names)
    assert found.kind == answers.NOT_YET and found.sentence.say("zh") and found.sentence.say("en")


def test_what_was_given_and_has_changed_is_told_in_a_sentence(given):
    names = dict(given) | {"may": 23.0, "change_low": 0.0, "change_high": 1.0}
    assert "Run the cell" in answers.check("nps-2", names).sentence.say("en")


# --- what the lesson is told -----------------------------------------------------------------------------------------


def test_the_raw_exports_hold_every_code(folder):
    raw = material.survey_raw(folder)
    first, second = (set(raw.loc[raw["wave"] == wave, "score"]) for wave in (1, 2))
    assert 11 in first and 99 not in first and 99 in second and 11 not in second
    assert set(raw["wave"]) == {1, 2} and raw["answer_id"].is_unique


def test_both_readers_stray_from_what_they_settled_on(folder):
    coded = material.coded(folder)
    truth = company.unseal("nps", folder).frames["texts"].set_index("key")["sentiment"]
    assert (coded["agreed"] == coded["answer_id"].map(truth)).all() and 100 < len(coded) <= 200
    assert 0 < (coded["first"] != coded["agreed"]).mean() < 0.3
    assert 0 < (coded["second"] != coded["agreed"]).mean() < 0.3
    pd.testing.assert_frame_equal(coded, material.coded(folder))


def test_the_interval_covers_as_published():
    """Rocks (2016) for p .80, d .05, n 20; and by hand for one answer, where Wald's interval has no width."""
    assert coverage(20, 0.80, 0.05, 0) == pytest.approx(0.860, abs=5e-4)
    assert coverage(20, 0.80, 0.05, 3) == pytest.approx(0.956, abs=5e-4)
    assert coverage(1, 0.80, 0.05, 0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("values", [{"answers": 5, "promoters": 90}, {"answers": 200}, {"promoters": 20}])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_sliders(monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setitem(room._open, "lesson", "10_nps")
    monkeypatch.setattr(plt, "show", lambda: None)
    play("nps", **values)
    assert len(plt.gcf().axes) == 2 and "%" in plt.gcf().axes[0].get_title()
    plt.close("all")


def test_the_seal_holds_what_all_customers_would_have_answered(folder, monkeypatch):
    monkeypatch.setitem(room._open, "company", folder)
    everyone = company.unseal("nps", folder).frames["answers"]
    scores = everyone.loc[everyone["wave"] == "survey_2024_11", "score"]
    assert SEAL.truth() == pytest.approx(nps.score(scores).value, abs=1e-5)
    for lang, zero in (("en", "app 0.00"), ("zh", "App 0.00")):
        assert zero in SEAL.more().say(lang)


def test_nothing_is_told_before_the_bet(folder, monkeypatch, tmp_path):
    monkeypatch.setitem(room._open, "company", folder)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert "app" not in bets.unseal("nps").say("en")
    bets.bet("nps", -100, 100)
    assert "Your range held it." in bets.unseal("nps").say("en") and "app 0.00" in bets.unseal("nps").say("en")
