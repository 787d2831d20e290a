"""Satisfaction by its scale, control charts of waves, quadrants, and answers that make no customer."""

import math

import numpy as np
import pandas as pd
import pytest

from course import DataError, cli, collect, nps, workflow

#: 200 answers from 1 to 5, and what the field says of them.
COUNTS = [10, 14, 36, 88, 52]
ANSWERED = pd.Series(np.repeat([1, 2, 3, 4, 5], COUNTS))


def test_two_upper_answers_of_two_hundred_by_hand():
    got = nps.satisfaction(ANSWERED, 1, 5)
    assert (got.n, got.top, got.share, got.mean) == (200, 4, 0.7, 3.79)
    assert (round(got.share_low, 3), round(got.share_high, 3)) == (0.633, 0.759)
    # 1.9720 is Student's t of 199 degrees of freedom at 97.5 %; the deviation is 1.0637.
    reach = 1.9720 * 1.0637 / math.sqrt(200)
    assert (got.mean_low, got.mean_high) == pytest.approx((3.79 - reach, 3.79 + reach), abs=1e-3)


def test_answers_that_hardly_differ_give_the_mean_no_interval():
    got = nps.satisfaction(pd.Series([5] * 12), 1, 5)
    assert (got.share, round(got.share_low, 3), got.share_high) == (1, 0.758, 1)
    assert math.isnan(got.mean_low) and math.isnan(got.mean_high)
    assert math.isnan(nps.satisfaction(pd.Series([5] * 36 + [1] * 4), 1, 5).mean_low)
    assert nps.satisfaction(pd.Series([5] * 36 + [1] * 5), 1, 5).mean_low < 4.51


def test_effort_is_good_at_its_low_end_and_ease_at_its_high_one():
    effort, ease = nps.satisfaction(ANSWERED, 1, 5, "effort"), nps.satisfaction(pd.Series([4, 5, 6, 7]), 1, 7, "ces")
    assert (effort.top, effort.share) == (2, 24 / 200)
    assert (ease.top, ease.share) == (5, 0.75)
    with pytest.raises(DataError, match="not stars"):
        nps.satisfaction(ANSWERED, 1, 5, "stars")


def test_no_answer_is_good_and_bad_at_once():
    for least, most, kind in ((0, 1, "csat"), (1, 5, "csat"), (1, 5, "effort"), (1, 7, "ces"), (0, 100, "csat")):
        scores = pd.Series(range(least, most + 1))
        good, bad = nps.are_good(scores, least, most, kind), nps.are_bad(scores, least, most, kind)
        assert not (good & bad).any() and good.sum() == bad.sum(), (least, most, kind)


def _waves(answered, satisfied):
    months = [pd.Timestamp(2024, m + 1, 15) for m in range(len(answered))]
    good = np.concatenate([[1] * k + [0] * (n - k) for n, k in zip(answered, satisfied, strict=True)])
    return pd.Series(good), pd.Series(np.repeat(months, answered))


def test_a_small_wave_has_its_own_limits():
    got = nps.chart(*_waves([400, 420, 380, 410, 90, 400, 395, 405], [284, 290, 270, 295, 52, 280, 300, 250]))
    centre = 2021 / 2900
    assert got["centre"].tolist() == pytest.approx([centre] * 8)
    low = [centre - 3 * math.sqrt(centre * (1 - centre) / n) for n in (90, 405)]
    assert got["low"].iloc[[4, 7]].tolist() == pytest.approx(low)
    assert got.index[got["outside"]].tolist() == [7]


def test_waves_too_small_to_judge_are_not_judged_and_two_make_no_chart():
    got = nps.chart(*_waves([40] * 4, [39, 38, 37, 39]))  # 7 of 160 are the rarer answer: fewer than two a wave
    assert got["low"].isna().all() and not got["outside"].any()
    with pytest.raises(DataError, match="three waves"):
        nps.chart(*_waves([40, 40], [30, 30]))


def test_the_weak_and_weighty_driver_is_to_be_mended_and_one_that_travels_along_is_not():
    rng = np.random.default_rng(5)
    shared = rng.normal(size=3000)
    rated = {
        "driver_weak": 3.0 + shared + rng.normal(size=3000),
        "driver_strong": 3.8 + shared + rng.normal(size=3000),
        "driver_idle": 3.3 + shared + rng.normal(size=3000),
        "driver_fine": 3.9 + shared + rng.normal(size=3000),
    }
    answers = pd.DataFrame(rated).round().clip(1, 5)
    pull = answers["driver_weak"] + answers["driver_strong"] + rng.normal(size=3000)
    answers["score"] = (pull * 10 / pull.max()).round().clip(0, 10)
    got = nps.quadrants(answers, "score", list(rated), repeats=100).set_index("driver")
    assert answers.corr().loc["driver_idle", "score"] > 0.3  # by correlation it would look weighty
    assert got["quadrant"].tolist() == ["fix", "keep", "low", "overkill"]
    assert got[list(("fix", "keep", "low", "overkill"))].sum(axis=1).tolist() == pytest.approx([1] * 4)
    with pytest.raises(DataError, match="several scales"):
        nps.quadrants(answers.assign(driver_fine=answers["driver_fine"] * 2), "score", list(rated))


# --- a run -----------------------------------------------------------------------------------------------------------


def _run(answers=None, **columns):
    return workflow.run({"surveys": collect.read(pd.DataFrame(columns), "surveys", answers=answers)})


def test_five_of_five_is_satisfied_and_neither_promoter_nor_detractor():
    answers = {"customer id": list("abc"), "answered at": ["2024-03-01"] * 3, "satisfaction (1-5)": [5, 3, 1]}
    got = _run(**answers).portraits.set_index("customer_id")
    assert got["tag_satisfaction"].tolist() == ["satisfied", "middling", "dissatisfied"]
    assert got["satisfaction_scale"].unique().tolist() == ["1–5"]
    assert "survey_score" not in got and "tag_recommendation" not in got


def test_anonymous_answers_make_no_customer():
    got = _run(nps=[10, 9, 3, 7])
    assert got.found["nps"].score.value == 25
    assert len(got.portraits) == 0


def test_which_end_of_effort_is_good_is_asked_and_ease_is_not():
    effort = {"customer id": list("abcde"), "How much effort did it take? (1-5)": [1, 2, 5, 4, 1]}
    with pytest.raises(DataError, match="Which end"):
        _run(**effort)
    low = _run({"effort": "effort 1-5"}, **effort).found["nps"].satisfaction[0]
    assert (low.kind, low.share) == ("effort", 0.6)
    ease = {"customer id": list("abcde"), "The company made it easy for me (1-7)": [7, 6, 5, 4, 1]}
    high = _run(**ease).found["nps"].satisfaction[0]
    assert (high.kind, high.top, high.share) == ("ces", 5, 0.6)


# --- comments and posts ----------------------------------------------------------------------------------------------

FOREIGN = {
    "Der Versand war langsam": "de",
    "La livraison était en retard": "fr",
    "El producto es malo": "es",
    "配送が遅い": "ja",
    "배송이 너무 늦어요": "ko",
    "Товар плохой": "ru",
    "Luming!": "other",
}


def test_a_language_that_is_not_known_is_set_aside_and_not_neutral():
    got = nps.sentiment(list(FOREIGN))
    assert got["language"].tolist() == list(FOREIGN.values())
    assert got[["label", "score"]].isna().all(axis=None)
    heard = nps.heard([*FOREIGN, "Great service. But delivery was late!", "物流很快", "😡", "???", None])
    assert (heard.texts, heard.wordless, heard.read, heard.sentences) == (11, 1, 3, 4)
    assert (heard.positive, heard.negative) == (2, 2)
    assert heard.unread == dict.fromkeys(sorted(FOREIGN.values()), 1)


def test_traditional_characters_and_one_foreign_letter_are_read():
    got = nps.sentiment(["質量很差，還退不了貨", "優の良品很好吃"])
    assert got["label"].tolist() == ["negative", "positive"]


def test_a_sentence_that_blames_counts_though_another_praises():
    got = nps.themes(["Delivery was fast. The courier was rude and delivery came late.", "快递很慢。真差！"])
    assert got[["theme", "praising", "blaming"]].values.tolist()[0] == ["delivery", 1, 1]
    assert got.loc[got["comment"] == 1, ["theme", "blaming"]].values.tolist() == [["delivery", 2]]


def test_what_a_post_is_filed_under_says_nothing():
    assert nps.themes(["#包装设计# #消费维权# @鹿鸣客服 昨天买的"]).empty


def test_posts_of_nobody_are_read_as_posts():
    posts = pd.DataFrame({"author": ["x", "y", "x"], "text": ["快递太慢", "转发微博", "App keeps crashing"]})
    got = workflow.run({"posts": collect.read(posts, "posts")})
    found = got.found["posts"]
    assert (found.posts, found.own, found.authors, found.customers) == (3, 2, 2, 0)
    assert found.heard.negative == 2
    assert set(found.themes["theme"]) == {"delivery", "app"}
    assert len(got.portraits) == 0


def test_a_report_without_customers_says_no_share_of_none(tmp_path):
    """Through the command line: an anonymous survey has an NPS and not one "nan"."""
    path = tmp_path / "s.csv"
    path.write_text("answered at,nps,comment\n" + "2024-01-05,9,Der Versand war langsam\n" * 10, encoding="utf-8")
    assert cli.main(["run", "--surveys", str(path), "--out", str(tmp_path / "out")]) == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "NPS +100.0" in page and "German 10" in page and "nan%" not in page


def test_means_of_waves_have_limits_from_within_the_waves_and_their_own_answers():
    """Four waves of ten, twenty and forty answers, half of them a point below and half a point above the mean."""
    answered, means = [20, 40, 10, 40], [3, 3, 3, 4]
    scores = pd.Series(
        np.concatenate([np.repeat([m - 1, m + 1], n // 2) for n, m in zip(answered, means, strict=True)])
    )
    at = pd.Series(np.repeat([pd.Timestamp(2024, m, 5) for m in (1, 4, 7, 10)], answered))
    got = nps.mean_chart(scores, at, 1, 5)
    # Each answer lies one point from the mean of its wave: s² = 110 / 106; the mean of all is (70·3 + 40·4) / 110.
    centre, s = 37 / 11, math.sqrt(110 / 106)
    assert got["centre"].tolist() == pytest.approx([centre] * 4)
    assert got["low"].tolist() == pytest.approx([centre - 3 * s / math.sqrt(n) for n in answered])
    assert got["high"].tolist() == pytest.approx([centre + 3 * s / math.sqrt(n) for n in answered])
    assert got["outside"].tolist() == [False, False, False, True]
    small = nps.mean_chart(scores, at.where(at.dt.month != 7, pd.Timestamp(2024, 4, 6)).mask(scores.index > 72), 1, 5)
    assert small["n"].tolist() == [20, 50, 3] and np.isnan(small["low"].iloc[2]) and not small["outside"].iloc[2]
