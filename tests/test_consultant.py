"""The bad consultant: mistakes planted by the seed, each with a sound twin, and reviews scored as they should be."""

import itertools
import math
import re
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from course import DataError, company, language
from course.classroom import room
from course.classroom.lessons.capstone import slides
from course.classroom.lessons.capstone.consultant import Deck, Review, Slide, consultant, kinds
from course.language import LANGUAGES, Sentence
from tests.conftest import ROOT

SCRIPT = yaml.safe_load((ROOT / "course/classroom/lessons/capstone/consultant.yaml").read_text(encoding="utf-8"))
DECKS = [consultant(seed) for seed in range(60)]


def planted(deck):
    return {s.number: s.kind for s in deck.slides if s.wrong}


def both(kind, seed=3):
    """The wrong and the sound version of a subject, with the same figures."""
    figures = slides.figures(kind, np.random.default_rng(seed))
    return Slide(1, kind, True, figures), Slide(1, kind, False, figures)


def numbers(sentence):
    """The figures in a sentence."""
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*(?:\.\d+)?", sentence)]


# --- decks -----------------------------------------------------------------------------------------------------------


def test_a_deck_has_twelve_to_fourteen_slides_and_five_to_seven_mistakes():
    sizes = Counter(len(deck) for deck in DECKS)
    wrong = Counter(len(planted(deck)) for deck in DECKS)
    assert set(sizes) == {12, 13, 14} and set(wrong) == {5, 6, 7}
    for deck in DECKS:
        assert len({s.kind for s in deck.slides}) == len(deck)
        assert [s.number for s in deck.slides] == list(range(1, len(deck) + 1)) == [s.number for s in deck]


def test_every_kind_appears_wrong_and_sound_over_the_seeds():
    assert len(kinds()) >= 16
    wrong = {kind for deck in DECKS for kind in planted(deck).values()}
    sound = {s.kind for deck in DECKS for s in deck.slides if not s.wrong}
    assert wrong == sound == set(kinds()) == set(SCRIPT)


def test_neither_place_nor_subject_gives_the_mistake_away():
    places = Counter(n for deck in DECKS for n in planted(deck))
    assert all(places[n] > 8 for n in range(1, 13))
    share = Counter()
    for deck in DECKS:
        share.update(planted(deck).values())
    shown = Counter(s.kind for deck in DECKS for s in deck.slides)
    assert all(0.15 < share[kind] / shown[kind] < 0.8 for kind in kinds())


def test_seeds_give_other_mistakes_and_other_figures_and_the_same_seed_the_same_deck():
    assert len({tuple(sorted(planted(deck).items())) for deck in DECKS}) == len(DECKS)
    assert repr(consultant(4)) == repr(DECKS[4])
    same = [[s for s in deck.slides if s.kind == "blank_code"] for deck in DECKS]
    claims = [found[0].claim.say() for found in same if found]
    assert len(set(claims)) == len(claims) > 5
    assert repr(consultant(-7)) != repr(consultant(7)) and len(consultant(np.int64(10**30 % 97))) >= 12


def test_without_a_seed_the_deck_is_that_of_the_learner_s_company(monkeypatch, tmp_path):
    assert consultant().seed == company.SEED
    monkeypatch.setattr(room, "_open", {"lesson": None, "company": tmp_path / "31-1500"})
    assert repr(consultant()) == repr(consultant(31))


@pytest.mark.parametrize("seed", ["seven", 1.5, [1], True, ...])
def test_a_seed_that_is_none_is_refused(seed):
    with pytest.raises(DataError, match="whole number"):
        consultant(seed)


# --- what the slides say ---------------------------------------------------------------------------------------------


def _texts(node):
    """Every text in both languages below a node."""
    if isinstance(node, dict):
        if set(node) == {"en", "zh"}:
            yield node
        else:
            for value in node.values():
                yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def test_both_languages_have_the_same_places_and_the_chinese_is_punctuated_as_chinese():
    for text in _texts(SCRIPT):
        assert set(re.findall(r"\{[^{}]*\}", text["en"])) == set(re.findall(r"\{[^{}]*\}", text["zh"])), text
        bare = re.sub(r"\{[^{}]*\}|[\w.]+\(.*?\)", "", text["zh"])
        assert not re.search(r"[一-鿿][,;:!?()]|[,;!?()][一-鿿]", bare), text["zh"]


@pytest.mark.parametrize("kind", slides.kinds())
def test_every_kind_has_a_sound_twin_on_the_same_subject_that_says_something_else(kind):
    for lang in LANGUAGES:
        language.use(lang)
        wrong, sound = both(kind)
        assert wrong.title.say() == sound.title.say()
        assert repr(wrong) != repr(sound) and wrong.why.say() != sound.why.say()
        for slide in (wrong, sound):
            assert not re.search(r"[{}]", repr(slide) + slide.why.say())
            assert slide.note.say() and (slide.table is None) != (slide.chart is None)
            if slide.table:
                assert {len(row) for row in slide.table} == {len(slide.table[0])}


@pytest.mark.parametrize("kind", slides.kinds())
def test_no_figure_turns_a_sentence_round(kind):
    """Over many draws: no "nan", no 0 where something was gained, no interval upside down."""
    for seed in range(25):
        for slide in both(kind, seed):
            said = f"{slide!r} {slide.why}"
            assert (
                "nan" not in said
                and "-0.0 " not in said
                and "-0.00" not in said
                and "inf" not in said.replace("information", "")
            )
            for low, high in re.findall(r"\(([-+]?[\d.,]+)%? to ([-+]?[\d.,]+)%?\)", said):
                assert float(low.replace(",", "")) <= float(high.replace(",", ""))


def test_the_figures_can_be_worked_out_from_the_slide():
    """By hand, from what stands in the tables."""
    for seed in range(10):
        wrong, sound = both("blank_code", seed)
        top, passives, low = (numbers(row[2].say())[0] for row in wrong.table[1:4])
        assert numbers(wrong.claim.say())[0] == pytest.approx(100 * (top - low) / (top + passives + low), abs=0.05)
        top, passives, low = (numbers(row[2].say())[0] for row in sound.table[1:4])
        assert numbers(sound.claim.say())[0] == pytest.approx(100 * (top - low) / (top + passives + low), abs=0.05)

        wrong, sound = both("passives_dropped", seed)
        top, passives, low = (numbers(row[2].say())[0] for row in wrong.table[1:4])
        assert numbers(wrong.claim.say())[0] == pytest.approx(100 * (top - low) / (top + low), abs=0.05)
        assert numbers(sound.claim.say())[0] == pytest.approx(100 * (top - low) / (top + passives + low), abs=0.05)

        wrong, sound = both("base_rate", seed)
        hits, _, leave = (numbers(cell.say())[0] for cell in sound.table[1][1:])
        flagged = numbers(sound.table[3][1].say())[0]
        assert numbers(wrong.claim.say())[1] == pytest.approx(100 * hits / leave, abs=0.5)
        assert numbers(sound.claim.say())[1] == pytest.approx(100 * hits / flagged, abs=0.5)

        wrong, sound = both("points", seed)
        old, new = (numbers(row[2].say())[0] / numbers(row[1].say())[0] for row in sound.table[1:])
        assert numbers(sound.claim.say())[0] == pytest.approx(100 * (new - old), abs=0.05)
        assert numbers(wrong.claim.say())[0] == pytest.approx(100 * (new / old - 1), abs=0.5)

        wrong, sound = both("double_count", seed)
        rows = [[numbers(cell.say())[0] for cell in row] for row in wrong.table[1:]]
        assert numbers(wrong.claim.say())[0] == sum(row[3] for row in rows)
        assert numbers(sound.claim.say())[0] == rows[-1][2] - rows[0][1] + 1
        assert all(after[1] <= before[2] for before, after in itertools.pairwise(rows))

        wrong, sound = both("pull_forward", seed)
        gaps = [numbers(row[1].say())[0] - numbers(row[2].say())[0] for row in sound.table[1:]]
        week = numbers(sound.note.say())[1]
        assert numbers(sound.claim.say())[1] == pytest.approx(week * sum(gaps) / 100)
        assert numbers(wrong.claim.say())[1] == pytest.approx(week * gaps[0] / 100)

        wrong, sound = both("recency", seed)
        for row in sound.table[1:]:
            x, t, since, t_x, alive = (numbers(cell.say())[0] for cell in row[1:])
            # BG/NBD, Fader, Hardie and Lee (2005).
            ratio = 0.7929 / (2.4259 + x - 1) * ((4.4136 + t) / (4.4136 + t_x)) ** (0.2426 + x)
            assert t_x + since == t and alive / 100 == pytest.approx(1 / (1 + ratio), abs=6e-4)
        for row in wrong.table[1:]:
            assert row[3].say() == row[4].say()


def test_equal_customers_have_equal_scores_on_the_sound_slide_alone():
    wrong, sound = both("row_order")
    split = [sum(numbers(cell.say())[0] > 0 for cell in row[1:]) for row in wrong.table[1:]]
    assert split[0] == 3
    counts = [int(numbers(row[1].say())[0]) for row in sound.table[1:]]
    ranks = pd.Series(np.repeat(range(1, 6), counts)).rank(pct=True)
    fair = np.ceil((5 * ranks).round(9)).groupby(np.repeat(range(1, 6), counts)).agg(["min", "max"])
    assert fair["min"].tolist() == fair["max"].tolist() == [int(row[2].say()) for row in sound.table[1:]]


def test_the_mistakes_that_hang_on_chance_are_there_and_their_twins_are_not():
    from scipy.stats import binomtest

    for seed in range(15):
        wrong, sound = both("sample_ratio", seed)
        (a, b), (c, d) = ([int(numbers(r[1].say())[0]) for r in s.table[1:]] for s in (wrong, sound))
        assert binomtest(a, a + b).pvalue < 1e-6 and binomtest(c, c + d).pvalue > 0.15
        wrong, sound = both("no_control", seed)
        sent, kept = (int(numbers(r[1].say())[0]) for r in sound.table[1:])
        assert binomtest(kept, sent + kept, 0.2).pvalue > 0.15
        wrong, sound = both("peeking", seed)
        p = [float(row[4].say()) for row in wrong.table[1:]]
        assert all(value > 0.05 for value in p[:4]) and p[4] < 0.05
        assert numbers(sound.claim.say())[1] > 0
        wrong, sound = both("after_the_fact", seed)
        p = sorted(float(row[2].say()) for row in wrong.table[1:])
        assert len(p) == 8 and p[0] < 0.05 < p[1] and 8 * p[0] > 0.05
        wrong, sound = both("overlap", seed)
        fans = [int(row[1].say()) for row in wrong.table[1:]]
        assert sum(fans) > numbers(wrong.note.say())[0]
        wrong, sound = both("no_interval", seed)
        _, low, high = numbers(sound.claim.say())
        assert low < 0 < high and not numbers(wrong.claim.say())[1:]


def test_phone_numbers_stand_on_the_wrong_slide_alone_and_small_cells_too():
    wrong, sound = both("raw_phone")
    assert len(re.findall(r"\b1\d{10}\b", repr(wrong))) == 3 and not re.search(r"\d{9}", repr(sound))
    for kind in set(kinds()) - {"raw_phone"}:
        assert not any(re.search(r"\b1\d{10}\b", repr(slide)) for slide in both(kind))
    wrong, sound = both("small_cell")
    assert min(int(row[1].say()) for row in wrong.table[1:]) < 10
    assert all(row[1].say() == "<10" or int(row[1].say()) >= 10 for row in sound.table[1:])


# --- reviews ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deck", DECKS[:8], ids=lambda deck: str(deck.seed))
def test_a_perfect_reviewer_gets_everything(deck):
    review = deck.review(planted(deck))
    assert (review.precision, review.recall) == (1.0, 1.0)
    assert review.named == review.found == sorted(planted(deck)) and not review.missed + review.accused_wrongly
    again = deck.review(set(planted(deck)))
    assert (again.precision, again.recall, again.named) == (1.0, 1.0, [])


@pytest.mark.parametrize("deck", DECKS[:8], ids=lambda deck: str(deck.seed))
def test_accusing_every_slide_has_the_precision_of_chance(deck):
    review = deck.review(range(1, len(deck) + 1))
    assert review.recall == 1 and review.precision == len(planted(deck)) / len(deck) < 0.6


@pytest.mark.parametrize(("lang", "said"), [("en", "Precision cannot be told"), ("zh", "精确率无从谈起")])
def test_accusing_none_has_no_precision_and_says_so(lang, said):
    language.use(lang)
    for nothing in ([], {}, set()):
        review = DECKS[0].review(nothing)
        assert review.precision is None and review.recall == 0 and said in repr(review)


@given(st.sampled_from(DECKS), st.data())
def test_precision_and_recall_are_those_of_the_definition(deck, data):
    accused = data.draw(st.sets(st.integers(1, len(deck))))
    review = deck.review(accused)
    true = set(planted(deck))
    assert review.recall == pytest.approx(len(true & accused) / len(true))
    assert accused == set() or review.precision == pytest.approx(len(true & accused) / len(accused))
    assert set(review.found) | set(review.missed) == true
    assert len(review.table) == len(deck) and review.table["accused"].sum() == len(accused)


def test_a_wrong_name_is_told_and_one_of_several_is_enough():
    deck = DECKS[0]
    number, kind = next(iter(planted(deck).items()))
    other = next(code for code in kinds() if code != kind)
    assert deck.review({number: other}).named == [] and "the mistake is another" in repr(deck.review({number: other}))
    assert deck.review({number: [other, kind]}).named == [number]
    assert deck.review({number: f" {kind.upper()} "}).named == [number]
    for nothing in (None, "", [], ...):
        assert deck.review({number: nothing}).named == [] and deck.review({number: nothing}).found == [number]


def test_each_slide_is_told_why_and_a_sound_one_only_where_it_was_accused():
    deck = DECKS[0]
    review = deck.review([s.number for s in deck.slides if not s.wrong][:1])
    sound = [s for s in deck.slides if not s.wrong]
    assert sound[0].why.say() in repr(review) and sound[1].why.say() not in repr(review)
    for slide in deck.slides:
        assert (slide.why.say() in repr(review)) == (slide.wrong or slide is sound[0])
    assert review.table.set_index("slide")["verdict"][sound[1].number] == "sound, rightly left alone"


@pytest.mark.parametrize("number", [0, 99, -1, "three", 2.5, None, True, math.nan, "<script>"])
def test_a_slide_that_is_not_there_is_refused(number):
    with pytest.raises(DataError, match=f"1 to {len(DECKS[0])}"):
        DECKS[0].review([number])
    with pytest.raises(DataError, match=f"1 to {len(DECKS[0])}"):
        DECKS[0][number]


@pytest.mark.parametrize("accused", [None, "3, 8", 3.5, pd.Series([3]), pd.DataFrame({"a": [3]}), len])
def test_what_is_no_review_is_refused_with_an_example(accused):
    with pytest.raises(DataError, match="base_rate"):
        DECKS[0].review(accused)


@pytest.mark.parametrize("code", ["no_such", 7, ["base_rate", "x"], {"a": 1}])
def test_a_code_that_is_not_there_is_refused_with_those_there_are(code):
    with pytest.raises(DataError, match="The codes are: blank_code, "):
        DECKS[0].review({1: code})


@pytest.mark.parametrize("accused", [3, np.int64(3), (3,), [3.0], np.array([3]), pd.Index([3]), {"3": None}, iter([3])])
def test_a_number_may_come_in_any_form(accused):
    assert DECKS[0].review(accused)._accused == {3: ()}


def test_a_stub_runs_through():
    assert isinstance(DECKS[0].review(...), Sentence) and isinstance(DECKS[0].review(), Sentence)


# --- shown -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_deck_shows_itself_in_either_language_with_tables_that_can_be_read_aloud(lang):
    language.use(lang)
    for deck in DECKS[:3]:
        html = deck._repr_html_()
        tables, charts = (sum(bool(getattr(s, what)) for s in deck.slides) for what in ("table", "chart"))
        assert html.count("<section aria-label=") == len(deck) and html.count("<caption ") == tables
        assert html.count('role="img" aria-label=') == charts and html.count('scope="row"') >= 3 * tables
        assert not re.search(r"<script|onerror", html) and repr(deck).count("\n[") == len(deck)
        chinese = len(re.findall("[一-鿿]", repr(deck)))
        assert chinese > 700 if lang == "zh" else chinese == 0
        assert [*deck.kinds().iloc[:, 0]] == [*kinds()]


def test_the_chart_s_axis_can_be_read_without_seeing_it():
    wrong, sound = both("cut_axis")
    assert "axis from 87.5 to 91" in repr(wrong) and "axis from 0 to 100" in repr(sound)
    assert "axis from 87.5 to 91" in wrong._repr_html_()
    for slide in both("unfinished_month"):
        assert repr(slide).count(": ") >= 6 and "axis from 0 to" in repr(slide)


def test_what_a_slide_holds_is_shown_as_text():
    figures = slides.figures("small_cell", np.random.default_rng(1)) | {"town": "<script>alert(1)</script>"}
    deck = Deck(1, (Slide(1, "small_cell", True, figures),))
    for html in (deck._repr_html_(), Review(deck, {})._repr_html_()):
        assert "<script" not in html and "&lt;script&gt;" in html


def test_a_twin_is_the_other_version_of_the_same_slide():
    deck = DECKS[2]
    number = next(iter(planted(deck)))
    twin = deck.twin(number)
    assert twin.title.say() == deck[number].title.say() and not twin.wrong and deck.twin(number) != deck[number]


def test_a_sheet_for_a_group_has_a_line_for_every_slide_and_gives_nothing_away():
    sheet = DECKS[1].sheet()
    assert [*sheet.columns] == ["slide", "title", "objection", "code", "how sure (%)", "what it would cost"]
    assert sheet["title"].tolist() == [s.title.say() for s in DECKS[1].slides]
    assert (sheet.iloc[:, 2:] == "").all(axis=None)
    language.use("zh")
    assert DECKS[1].sheet().columns[0] == "页码"
