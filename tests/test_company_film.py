"""The film case: the shape of the article's survey, its counts under three rules, and the effects that are planted."""

import numpy as np
import pandas as pd
import pytest

from course.company import film as case
from course.company import packs

GENRES = ["action", "romance", "animation"]
SEEDS = range(40)


@pytest.fixture(scope="module")
def many():
    """Forty cases in one: an effect that is small in one survey is plain in all of them."""
    people, ratings = zip(*(case.film(seed) for seed in SEEDS), strict=True)
    return pd.concat(people, keys=SEEDS, names=["seed"]), pd.concat(ratings, keys=SEEDS, names=["seed"])


def fans(ratings, rule):
    """Who likes each genre (people × genres): any film, the mean, or at least half of the films seen is 7 or more."""
    seen = ratings.dropna(subset="rating")
    groups = seen.assign(liked=seen["rating"] >= 7).groupby(["person_id", "genre"])
    likes = {
        "any": groups["liked"].any(),
        "mean": groups["rating"].mean() >= 7,
        "majority": groups["liked"].mean() >= 0.5,
    }[rule]
    return likes.unstack(fill_value=False)[GENRES]


def test_240_people_rate_ten_films_of_which_four_are_action():
    people, ratings = case.film()
    assert len(people) == people["person_id"].nunique() == 240
    assert len(ratings) == 2400 and not ratings.duplicated(["person_id", "film_id"]).any()
    films = case.films()
    assert films["genre"].value_counts().to_dict() == {"action": 4, "romance": 3, "animation": 3}
    assert films["title_zh"].nunique() == films["title_en"].nunique() == 10
    given = ratings["rating"].dropna()
    assert given.between(0, 10).all() and (given % 1 == 0).all()
    assert 0.02 < ratings["rating"].isna().mean() < 0.07
    merged = ratings.merge(films, on="film_id")
    assert (merged["genre_x"] == merged["genre_y"]).all()


@pytest.mark.parametrize(
    ("rule", "published"), [("any", (170, 147, 147)), ("mean", (16, 27, 24)), ("majority", (88, 52, 46))]
)
def test_seed_0_gives_the_published_counts_to_within_seven(rule, published):
    counts = fans(case.film()[1], rule).sum()
    assert np.abs(counts.to_numpy() - published).max() <= 7


def test_under_any_film_most_fans_belong_to_two_groups_or_more():
    genres = fans(case.film()[1], "any").sum(axis=1)
    assert (genres >= 2).sum() / (genres >= 1).sum() == pytest.approx(0.83, abs=0.04)


def test_every_seed_tells_the_same_story():
    """Under any film action wins by far, under the mean the fans are few; the published counts are no accident."""
    counts = {rule: [] for rule in ("any", "mean", "majority")}
    for seed in SEEDS:
        ratings = case.film(seed)[1]
        for rule, rows in counts.items():
            rows.append(fans(ratings, rule).sum().to_numpy())
    mean = {rule: np.mean(rows, axis=0) for rule, rows in counts.items()}
    assert np.abs(mean["any"] - (170, 147, 147)).max() < 10
    assert np.abs(mean["mean"] - (16, 27, 24)).max() < 5
    assert np.abs(mean["majority"] - (88, 52, 46)).max() < 14
    assert (np.array(counts["any"])[:, 0] > np.array(counts["any"])[:, 1:].mean(axis=1)).mean() > 0.9
    assert not np.array_equal(counts["any"][0], counts["any"][1])


@pytest.mark.parametrize("seed", [0, 1, 7, 12345])
def test_the_share_of_the_social_moves_with_the_threshold_as_published(seed):
    comments = case.film(seed)[0]["comments"]
    for least, share in ((20, 0.34), (25, 0.25), (30, 0.19)):
        assert (comments >= least).mean() == pytest.approx(share, abs=0.015)


def test_commenting_is_not_spreading(many):
    people, _ = many
    assert abs(people["comments"].corr(people["shares"], method="spearman")) < 0.03
    assert people["shares"].gt(0).mean() > 0.5


def test_the_phone_predicts_age_and_not_spending(many):
    people, _ = many
    by_brand = people.groupby("phone_brand")
    age, spend = by_brand["age"].mean(), by_brand["spend"].mean() / people["spend"].mean()
    assert age["Huawei"] - age["Apple"] > 3.5
    assert spend.between(0.95, 1.05).all()


def test_women_like_romance_men_action_and_the_young_animation(many):
    people, ratings = many
    mean = ratings.groupby(["seed", "person_id", "genre"])["rating"].mean().unstack()
    table = people.set_index("person_id", append=True).droplevel(1).join(mean)
    women, men = (table[table["sex"] == sex] for sex in ("female", "male"))
    # Points on the 0–10 scale, a little less than planted because the scale ends.
    assert 0.3 < women["romance"].mean() - men["romance"].mean() < 0.65
    assert 0.15 < men["action"].mean() - women["action"].mean() < 0.5
    slope = np.polyfit(*table[["age", "animation"]].dropna().to_numpy().T, 1)[0]
    assert -0.4 < 10 * slope < -0.2


def test_being_single_and_the_job_change_nothing_once_age_and_sex_are_known(many):
    import statsmodels.formula.api as smf

    people, ratings = many
    mean = ratings.groupby(["seed", "person_id", "genre"])["rating"].mean().unstack()
    table = people.set_index("person_id", append=True).droplevel(1).join(mean)
    for genre in GENRES:
        fit = smf.ols(f"{genre} ~ age + C(sex) + C(single, Treatment('no')) + C(job) + C(region)", table).fit()
        others = fit.pvalues.filter(regex="single|job|region")
        assert (others > 0.05 / 3 / len(others)).all(), genre


def test_big_cities_have_more_people_and_small_ones_more_per_head(many):
    people, _ = many
    base = case.population().set_index("region")["residents"]
    count = people["region"].value_counts()
    assert set(count.index) == set(base.index)
    rate = count / base
    assert rate.idxmax() == "厦门" and count["上海"] > count["厦门"]
    assert count.nlargest(2).index.isin(["上海", "北京", "杭州"]).all()


def test_students_are_the_largest_job_and_nurses_a_small_cell():
    people, _ = case.film()
    count = people["job"].value_counts()
    assert count.index[0] == "student" and count["nurse"] < 30
    assert people.loc[people["job"] == "student", "age"].lt(25).all()


def test_the_truth_names_every_dimension_and_is_the_liking_behind_the_ratings():
    effects, tastes = case.film_truth()
    assert {"sex", "single", "comments", "phone_brand", "job", "region"} <= set(effects["dimension"])
    assert effects.set_index(["dimension", "outcome"])["effect"]["phone_brand", "spend"] == 0
    assert effects[["en", "zh", "unit"]].map(bool).all(axis=None)
    people, ratings = case.film()
    assert list(tastes["person_id"]) == list(people["person_id"])
    given = ratings.groupby(["person_id", "genre"])["rating"].mean().unstack()[GENRES]
    for genre in GENRES:
        assert np.corrcoef(tastes[genre], given[genre].fillna(5))[0, 1] > 0.15


def test_the_same_seed_gives_the_same_case():
    for got, again in zip(case.film(3), case.film(3), strict=True):
        pd.testing.assert_frame_equal(got, again)
    assert not case.film(3)[1]["rating"].equals(case.film(4)[1]["rating"])


def test_the_dictionary_describes_every_column_and_value():
    people, ratings = case.film()
    tables = {"people": people, "ratings": ratings, "films": case.films(), "population": case.population()}
    described = packs.dictionary()["film"]
    assert set(tables) == set(described)
    for name, table in tables.items():
        assert list(table.columns) == list(described[name]["columns"]), name
        for column, spec in described[name]["columns"].items():
            if "values" in spec:
                assert set(table[column]) <= set(spec["values"]), column
            if "range" in spec:
                low, high = spec["range"]
                assert table[column].min() >= low and (high is None or table[column].max() <= high), column
