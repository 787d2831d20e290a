"""Checks of lesson 01: right on any survey, each mistake told from the others, and a rule that decides who wins."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import company, language
from course.classroom import answers, bets, room, tables
from course.classroom.lessons.portrait import material
from course.classroom.lessons.portrait.game import fans_at
from course.classroom.lessons.portrait.seal import SEAL
from course.classroom.widgets import play
from course.company import film
from tests.checks import sitting

TOPIC = "portrait"


# --- right answers ---------------------------------------------------------------------------------------------------


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


MEANS = "m = ratings.groupby(['person_id', 'genre'])['rating'].mean()\n"
STUDENT = "s = people['job'] == 'student'\nf = people['animation']\n"
SORTED = "s = p_values.set_index('feature')['p'].sort_values()\n"
KEY = "rungs = {'a': 1, 'b': 2, 'c': 3, 'd': 3, 'e': 2, 'f': 1}\n"
START = "from course import effect\ns = (people[~people['romance']]['sex'] == 'female').mean()\n"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("portrait-1", MEANS + "fans_mean = (m >= 7).groupby('genre').sum()"),
        ("portrait-1", MEANS + "fans_mean = (m >= 7).groupby('genre').sum().to_dict()"),
        ("portrait-1", MEANS + "fans_mean = m[m >= 7].reset_index().groupby('genre').size().reset_index(name='fans')"),
        ("portrait-1", MEANS + "fans_mean = m[m >= 7].reset_index().groupby('genre').count()"),
        ("portrait-1", "fans_mean = load('film_fans').groupby('genre')[['by_mean']].sum().astype(float)[::-1]"),
        ("portrait-2", STUDENT + "tgi_students = round(100 * s[f].mean() / s.mean())"),
        ("portrait-2", STUDENT + "tgi_students = 100 * f[s].mean() / f.mean()"),
        ("portrait-2", STUDENT + "tgi_students = tag.tgi((s & f).sum(), f.sum(), s.sum(), len(s))"),
        ("portrait-3", "rungs = dict(zip('FEDCBA', [1.0, 2.0, 3.0, 3.0, 2.0, 1.0]))"),
        (
            "portrait-4",
            "from statsmodels.stats.multitest import multipletests\n"
            "adjusted = multipletests(p_values['p'], method='holm')[1].round(3)",
        ),
        ("portrait-4", SORTED + "adjusted = (s * list(range(6, 0, -1))).cummax().clip(upper=1).reset_index()"),
        (
            "portrait-5",
            START + "from statsmodels.stats.power import NormalIndPower\n"
            "from statsmodels.stats.proportion import proportion_effectsize\n"
            "n_each = NormalIndPower().solve_power(proportion_effectsize(s + 0.1, s), alpha=0.05, power=0.8)",
        ),
        ("portrait-5", START + "n_each = 2 * (s + 0.05) * (0.95 - s) * ((1.96 + 0.8416) / 0.1) ** 2"),
        ("portrait-5", START + "n_each = float(effect.needed(s, 0.1 / s))"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "portrait-1",
            "fans_mean = ratings.query('rating >= 7').drop_duplicates(['person_id', 'genre'])['genre'].value_counts()",
            "by any film",
        ),
        ("portrait-1", "fans_mean = ratings.query('rating >= 7')['genre'].value_counts()", "not people"),
        ("portrait-1", MEANS + "fans_mean = (m > 7).groupby('genre').sum()", "exactly 7 is missing"),
        (
            "portrait-1",
            "m = ratings.fillna({'rating': 0}).groupby(['person_id', 'genre'])['rating'].mean()\n"
            "fans_mean = (m >= 7).groupby('genre').sum()",
            "counts as 0",
        ),
        ("portrait-1", MEANS + "fans_mean = (m.round() >= 7).groupby('genre').sum()", "rounded first"),
        ("portrait-1", "fans_mean = load('film_fans').groupby('genre')['by_half'].sum()", "half or more"),
        ("portrait-1", MEANS.replace("mean", "sum") + "fans_mean = (m >= 7).groupby('genre').sum()", "added up"),
        ("portrait-1", MEANS.replace("mean", "median") + "fans_mean = (m >= 7).groupby('genre').sum()", "median"),
        ("portrait-1", MEANS + "fans_mean = m.reset_index().dropna()['genre'].value_counts()", "have seen something"),
        ("portrait-1", "fans_mean = ratings.groupby('genre')['rating'].mean()", "mean ratings of the genres"),
        ("portrait-1", MEANS + "fans_mean = (m >= 7).groupby('genre').sum() / 240", "Those are shares"),
        ("portrait-1", MEANS + "f = m[m >= 7].groupby('genre').size()\nfans_mean = f / f.sum()", "Those are shares"),
        ("portrait-1", MEANS + "fans_mean = m[m >= 7]", "lists people"),
        ("portrait-1", MEANS + "fans_mean = m.reset_index().query('rating >= 7')", "lists people"),
        ("portrait-1", MEANS + "fans_mean = (m >= 7).sum()", "one number"),
        ("portrait-1", MEANS + "fans_mean = (m >= 7).groupby('genre').sum()[['action', 'romance']]", "animation"),
        ("portrait-1", "fans_mean = dict.fromkeys(genres, 31)", "genre was not looked at"),
        ("portrait-1", MEANS + "fans_mean = (m >= 7).groupby('genre').sum() + [0, 1, 0]", "1 of the three"),
        ("portrait-2", STUDENT + "tgi_students = s[f].mean() / s.mean()", "times 100"),
        ("portrait-2", STUDENT + "tgi_students = s[f].mean()", "share of students among the fans"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[f].mean()", "percentage of students"),
        ("portrait-2", STUDENT + "tgi_students = s.mean()", "the base"),
        ("portrait-2", STUDENT + "tgi_students = 100 * (s[f].mean() - s.mean())", "percentage points"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s.mean() / s[f].mean()", "turned round"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[f].mean() / s[~f].mean()", "no fans"),
        ("portrait-2", STUDENT + "tgi_students = 100 * f[s].mean()", "fans among the students"),
        ("portrait-2", STUDENT + "tgi_students = (s & f).sum() / s.sum()", "divided by all students"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[people['romance']].mean() / s.mean()", "fans of romance"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[people['action']].mean() / s.mean()", "fans of action"),
        ("portrait-2", STUDENT + "tgi_students = (s & f).sum()", "number of people"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[f].mean() / s.mean() - 100", "above 100"),
        ("portrait-2", STUDENT + "tgi_students = (s & f).mean()", "divided by everyone"),
        ("portrait-2", STUDENT + "tgi_students = 100 * s[f].mean() / s.mean() + 7", "too large"),
        ("portrait-2", STUDENT + "tgi_students = s[f]", "many values"),
        ("portrait-3", KEY + "rungs['a'] = 2", "counted among those"),
        ("portrait-3", KEY + "rungs['b'] = 3", "what makes the one younger"),
        ("portrait-3", KEY + "rungs['c'] = 2", "promise"),
        ("portrait-3", KEY + "rungs['d'] = 2", "because"),
        ("portrait-3", KEY + "rungs['e'] = 3", "go together"),
        ("portrait-3", KEY + "rungs['f'] = 2", "these people"),
        ("portrait-3", KEY + "rungs = {k: 4 - v for k, v in rungs.items()}", "on its head"),
        ("portrait-3", KEY + "del rungs['e']", "e has no rung"),
        ("portrait-3", KEY + "rungs['e'] = 'association'", "should be a number"),
        ("portrait-3", KEY + "rungs['e'] = 4", "three rungs"),
        ("portrait-3", "rungs = [1, 2, 3, 3, 2, 1]", "dictionary"),
        ("portrait-4", "adjusted = p_values.set_index('feature')['p']", "as they were"),
        ("portrait-4", "adjusted = (6 * p_values.set_index('feature')['p']).clip(upper=1)", "Bonferroni"),
        ("portrait-4", SORTED + "adjusted = (s * [1, 2, 3, 4, 5, 6]).cummax().clip(upper=1)", "wrong way"),
        ("portrait-4", SORTED + "adjusted = s * [6, 5, 4, 3, 2, 1]", "still to be mended"),
        (
            "portrait-4",
            "from statsmodels.stats.multitest import multipletests\n"
            "adjusted = multipletests(p_values['p'], method='fdr_bh')[1]",
            "false discovery",
        ),
        ("portrait-4", "adjusted = p_values.set_index('feature')['p'] * [6, 5, 4, 3, 2, 1]", "Sort the p-values"),
        ("portrait-4", SORTED + "adjusted = s[:4]", "Some are missing"),
        ("portrait-4", SORTED + "adjusted = s * 0 + 0.5", "of the six"),
        ("portrait-5", START + "n_each = effect.needed(s, 0.10)", "relative=False"),
        ("portrait-5", START + "n_each = 2 * effect.needed(s, 0.10, relative=False)", "both groups"),
        ("portrait-5", START + "n_each = people['romance'].sum()", "fans that the survey has"),
        ("portrait-5", START + "n_each = effect.needed(s, 0.10, False, power=0.9)", "nine times in ten"),
        ("portrait-5", START + "n_each = effect.needed(s, 0.01, False)", "one point"),
        ("portrait-5", START + "n_each = s", "is a share"),
        ("portrait-5", START + "n_each = 30", "too small"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_a_step_left_out_of_holm_is_told_where_it_changes_something(given):
    """By hand: .01, .02, .03, .04 times 6, 5, 4, 3 are .06, .10, .12, .12; .5 × 2 is 1, and .9 is mended to 1."""
    p = pd.DataFrame({"feature": list("abcdef"), "p": [0.03, 0.9, 0.01, 0.5, 0.02, 0.04]})
    names = given["portrait-4"] | {"p_values": p}
    truth = "adjusted = pd.Series(dict(c=.06, e=.10, a=.12, f=.12, d=1.0, b=1.0))"
    assert sitting.told(names, "portrait-4", truth).kind == answers.RIGHT
    for steps, said in (
        ("(s * [6, 5, 4, 3, 2, 1]).clip(upper=1)", "below the one before"),
        ("(s * [1, 2, 3, 4, 5, 6]).cummax().clip(upper=1)", "the smallest p takes the largest"),
        ("s * 6", "some are above 1"),
    ):
        found = sitting.told(names, "portrait-4", SORTED + f"adjusted = {steps}")
        assert found.kind == answers.NOT_YET and said in found.sentence.say("en"), found
    above = names | {"p_values": p.assign(p=[0.03, 0.9, 0.01, 0.6, 0.02, 0.04])}
    found = sitting.told(above, "portrait-4", SORTED + "adjusted = (s * [6, 5, 4, 3, 2, 1]).cummax()")
    assert "probability above 1" in found.sentence.say("en")


def test_the_wrong_starting_point_is_told_where_it_changes_the_number(given):
    """All women, or the women among the fans, may be so close to the right share that nothing could tell them apart."""
    people = given["portrait-5"]["people"].copy()
    people["romance"] = people.index % np.where(people["sex"] == "male", 2, 7) == 0
    names = given["portrait-5"] | {"people": people}
    for start in ("people[people['romance']]", "people"):
        code = f"from course import effect\nn_each = effect.needed(({start}['sex'] == 'female').mean(), 0.1, False)"
        found = sitting.told(names, "portrait-5", code)
        assert found.kind == answers.NOT_YET and "Fans are counted" in found.sentence.say("en"), found


def test_people_without_their_fans_are_told_to_run_the_cells(given):
    bare = given["portrait-2"] | {"people": material.film_people(company.datasets()), "tgi_students": 100.0}
    assert "Run the cells" in answers.check("portrait-2", bare).sentence.say("en")
    assert "Run the cells" in answers.check("portrait-5", bare | {"n_each": 1}).sentence.say("en")


# --- what the lesson is told -----------------------------------------------------------------------------------------


def test_another_company_has_another_survey_and_the_shipped_one_that_of_the_published_counts(seat):
    seed = int(seat.name.partition("-")[0])
    assert material.seed(seat) == seed and material.seed(company.datasets()) == 0
    pd.testing.assert_frame_equal(tables.load("film_people"), film.film(seed)[0])
    pd.testing.assert_frame_equal(tables.load("film_ratings"), film.film(seed)[1])
    assert len(tables.load("film_titles")) == 10 and tables.load("film_population")["region"].is_unique


def test_the_fans_are_those_of_the_rule_counted_person_by_person():
    fans = material.film_fans(company.datasets()).set_index(["person_id", "genre"])
    for key, given in film.film(0)[1].dropna().groupby(["person_id", "genre"])["rating"]:
        scores = list(given)
        liked = [s for s in scores if s >= 7]
        expected = (len(liked) >= 1, sum(scores) >= 7 * len(scores), 2 * len(liked) >= len(scores))
        assert tuple(fans.loc[key, list(material.RULES)]) == expected
    counts = fans.groupby("genre").sum().loc[["action", "romance", "animation"]]
    for rule, published in {"by_any": (170, 147, 147), "by_mean": (16, 27, 24), "by_half": (88, 52, 46)}.items():
        assert np.abs(counts[rule].to_numpy() - published).max() <= 7


def test_without_any_taste_four_films_win_by_any_film_and_lose_by_the_mean(given):
    """The trap: all genres alike by construction, and each reading has its winner."""
    names = given["portrait-bet"]
    fans = names["luck"].mean()
    assert fans["action"] > 1.1 * fans["romance"] and fans["romance"] == pytest.approx(fans["animation"], rel=0.03)
    for rule, wins in (("half", True), ("mean", False)):
        count = names[f"fans_by_{rule}"]
        fair = {g: np.mean([count(m[:, names["place"][g]]) for m in names["mixed"]]) for g in film.GENRES}
        assert all((fair["action"] > fair[other]) == wins for other in ("romance", "animation"))
    assert names["fans_by_mean"](np.array([[7, 7, np.nan], [6, 7, 7], [np.nan] * 3, [10, 4, 7]])) == 2
    assert names["fans_by_half"](np.array([[7, 7, np.nan], [6, 7, 7], [np.nan] * 3, [7, 4, 0]])) == 2


def test_six_looks_raise_a_false_alarm_once_in_four_and_holm_does_not(given):
    names = given["portrait-4"]
    assert (names["alarms"] > 0).mean() == pytest.approx(1 - 0.95**6, abs=0.05)
    assert names["survived"] < 0.07


@pytest.mark.parametrize("values", [{"threshold": 5}, {"threshold": 9, "films": 1}, {"films": 2}])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_sliders(seat, values, lang):
    language.use(lang)
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plt, "show", lambda: drawn.append(plt.gcf().axes[0]))
        play("portrait", **values)
    language.use("en")
    assert str(values.get("threshold", 7)) in drawn[0].get_title() and len(drawn[0].patches) == 9
    plt.close("all")


def test_the_game_begins_with_the_counts_of_the_lesson_and_shrinks_with_films_and_threshold(seat):
    counts = tables.load("film_fans").groupby("genre")[list(material.RULES)].sum().loc[list(film.GENRES)]
    for rule, got in fans_at(7, 4).items():
        np.testing.assert_array_equal(got, counts[rule])
    assert fans_at(7, 3)["by_any"][0] < fans_at(7, 4)["by_any"][0] < fans_at(6, 4)["by_any"][0]


def test_the_seal_holds_who_likes_romance_best_and_what_was_planted(seat):
    tastes = film.film_truth(material.seed(seat))[1]
    romance = (tastes["romance"] > tastes[["action", "animation"]].max(axis=1)).mean()
    assert SEAL.truth() == pytest.approx(100 * romance)
    assert "+0.50 points" in SEAL.more().say("en") and "评论不等于传播" in SEAL.more().say("zh")
    assert "{" not in SEAL.more().say("en") + SEAL.more().say("zh")


def test_nothing_is_told_before_the_bet(seat, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert "planted" not in bets.unseal("portrait").say("en")
    bets.bet("portrait", 0, 100)
    assert "Your range held it." in bets.unseal("portrait").say("en")


def test_no_truth_of_the_case_lies_in_the_learners_tables(seat):
    assert room.company() == seat
    columns = {c for name in ("film_people", "film_ratings", "film_fans") for c in tables.load(name)}
    assert not columns & set(film.film_truth(material.seed(seat))[1].columns.drop("person_id"))
