"""What is looked at in the answers of lesson 01."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from course import effect, tag
from course.classroom.answers import Mistake, column, equals, exercise, number, same, told
from course.classroom.lessons.portrait.material import LIKED
from course.company.film import GENRES
from course.language import Sentence


@exercise(
    "portrait-1",
    answers=("fans_mean",),
    given=("ratings",),
    right=Sentence("One number for each person and genre first, then the count of persons. Compare with the slide."),
)
def fans_by_the_mean(answer: object, ratings: pd.DataFrame) -> None:
    """People by genre whose mean rating of the films seen is 7 or more."""
    got = _a_count_each(answer)
    groups = ratings.groupby(["person_id", "genre"])["rating"]
    mean, zero = groups.mean(), ratings.fillna({"rating": 0}).groupby(["person_id", "genre"])["rating"].mean()
    liked = ratings["rating"] >= LIKED
    seen = ratings.dropna(subset="rating")
    half = (seen["rating"] >= LIKED).groupby([seen["person_id"], seen["genre"]]).mean()
    people = ratings["person_id"].nunique()
    truth = _by_genre(mean >= LIKED)
    mistakes = {
        Sentence("Those are the fans by any film: one film at 7 was enough. Take the mean of each person first."): (
            _by_genre(groups.max() >= LIKED)
        ),
        Sentence(
            "Those are ratings of 7 or more, not people: who likes three films counts three times. Take the mean of "
            "each person first."
        ): (liked.groupby(ratings["genre"]).sum()),
        Sentence("A mean of exactly 7 is missing: the rule says 7 or more."): _by_genre(mean > LIKED),
        Sentence("A film that was not seen counts as 0 here. Blanks are no ratings; leave them out of the mean."): (
            _by_genre(zero >= LIKED)
        ),
        Sentence("The means were rounded first, which lifts 6.5 to 7. Compare them as they are."): _by_genre(
            mean.round() >= LIKED
        ),
        Sentence("Those are the fans by half or more of the films. The mean is asked for."): _by_genre(half >= 0.5),
        Sentence("That is the median of each person. The mean is asked for."): _by_genre(groups.median() >= LIKED),
        Sentence("The ratings were added up, not averaged: three films at 3 reach 7 that way."): _by_genre(
            groups.sum() >= LIKED
        ),
        Sentence(
            "Those are all the people who have seen something of the genre. Keep those with a mean of 7 or more."
        ): (_by_genre(mean.notna())),
        Sentence("Those are mean ratings of the genres. Take the mean of each person, and count."): (
            ratings.groupby("genre")["rating"].mean()
        ),
        Sentence("Those are percentages of all people. Counts are asked for."): 100 * truth / people,
    }
    if told(got, truth, {sentence: wrong.reindex(GENRES) for sentence, wrong in mistakes.items()}):
        return
    if got.max() <= 1:
        raise Mistake("Those are shares. Counts are asked for.")
    if got.nunique() == 1:
        raise Mistake("All three are the same: the genre was not looked at. Group by person and genre.")
    off = [genre for genre in GENRES if not same(got[genre], truth[genre])]
    raise Mistake("{n} of the three counts {n:is|are} not right yet, {which} among them.", n=len(off), which=off[0])


@exercise(
    "portrait-2",
    answers=("tgi_students",),
    given=("people",),
    right=Sentence("A share over the share in the base. Now see what its interval leaves open."),
)
def index_of_students(answer: object, people: pd.DataFrame) -> None:
    """TGI of students among the fans of animation, everyone in the survey as the base."""
    if isinstance(answer, tag.Tgi):
        answer = answer.value
    if "animation" not in people or "romance" not in people:
        raise Mistake("people has no column for the fans of a genre. Run the cells of the section on sex first.")
    student = people["job"] == "student"
    share, base = student[people["animation"]].mean(), student.mean()
    truth = 100 * share / base
    fans_of = people["animation"][student].mean()
    mistakes = {
        Sentence(
            "You computed the ratio of the two shares. The task asks for a TGI, where everyone is 100. Try it times "
            "100."
        ): truth / 100,
        Sentence(
            "You computed the share of students among the fans. The task asks for a TGI. Try dividing it by their "
            "share in everyone."
        ): share,
        Sentence(
            "You computed the percentage of students among the fans. The task asks for a TGI. Try dividing by their "
            "share in everyone."
        ): (100 * share),
        Sentence(
            "You computed the share of students in everyone, which is the base. The task asks for a TGI. Try the "
            "share among the fans divided by it."
        ): base,
        Sentence(
            "You computed the difference in percentage points. The task asks for a TGI, which is a ratio. Try dividing."
        ): 100 * (share - base),
        Sentence(
            "You have the ratio turned round. The task asks for the group over the base. Try the fans above, "
            "everyone below."
        ): 100 * base / share,
        Sentence(
            "You took those who are no fans as the base. The task asks for everyone, fans included. Try all of people."
        ): (100 * share / student[~people["animation"]].mean()),
        Sentence(
            "You computed the share of fans among the students. The task asks for students among the fans. Try "
            "dividing by the fans."
        ): (100 * fans_of),
        Sentence(
            "You have fans who are students divided by all students. The task asks for a ratio of two shares. Try a "
            "share above and one below."
        ): (fans_of),
        Sentence(
            "You computed the index among the fans of romance. The task asks for the fans of animation. Try the "
            "column animation."
        ): (100 * student[people["romance"]].mean() / base),
        Sentence(
            "You computed the index among the fans of action. The task asks for the fans of animation. Try the "
            "column animation."
        ): (100 * student[people["action"]].mean() / base),
        Sentence(
            "You computed a number of people. The task asks for a TGI. Try dividing by all fans, then by the share "
            "in everyone."
        ): (float((student & people["animation"]).sum())),
        Sentence(
            "You computed what is above 100. The task asks for the index itself. Try it without taking off 100."
        ): 100 * share / base - 100,
        Sentence(
            "You have the fans who are students divided by everyone. The task asks for their share among the fans. "
            "Try dividing by the fans."
        ): ((student & people["animation"]).mean()),
    }
    rounded = 100 * round(share, 2) / round(base, 2)
    if abs(rounded - truth) > 0.5:
        mistakes[Sentence("The two shares were rounded first. Divide them as they are, and round the index.")] = rounded
    equals(answer, truth, "tgi_students", mistakes, rounded=0.5 + 1e-9)  # a whole number will do


@exercise(
    "portrait-3",
    answers=("rungs",),
    right=Sentence("The wording decides. A suggestion is always a claim about a cause, however mild it sounds."),
)
def rungs_of_the_ladder(answer: object) -> None:
    """Letter → 1 (description), 2 (association), 3 (cause)."""
    if not isinstance(answer, dict):
        raise Mistake(
            "rungs should be a dictionary from letters to numbers; it is of kind {kind}.", kind=type(answer).__name__
        )
    got = {str(key).strip().lower(): value for key, value in answer.items()}
    if missing := [letter for letter in _RUNGS if letter not in got]:
        raise Mistake("The sentence {letter} has no rung yet.", letter=missing[0])
    for letter, value in got.items():
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise Mistake("The rung of {letter} should be a number: 1, 2 or 3.", letter=letter)
        if value not in (1, 2, 3):
            raise Mistake("There are three rungs, 1 to 3; {letter} has another number.", letter=letter)
    wrong = [letter for letter, (rung, _) in _RUNGS.items() if got[letter] != rung]
    if all(got[letter] == 4 - rung for letter, (rung, _) in _RUNGS.items()):
        raise Mistake("The ladder stands on its head: 1 is the weakest claim, 3 the strongest.")
    if wrong:
        raise Mistake("{letter}: {why}", letter=wrong[0], why=_RUNGS[wrong[0]][1])


#: The rung of each sentence, and what to look at where it was put on another.
_RUNGS = {
    "a": (1, Sentence("is anything compared with another group here, or only counted among those who answered?")),
    "b": (2, Sentence("two groups stand side by side. Does the sentence say what makes the one younger?")),
    "c": (3, Sentence("“will” is a promise of what a measure brings. What kind of claim is a promise?")),
    "d": (3, Sentence("read what stands after “because”.")),
    "e": (2, Sentence("two traits go together here. Does it say that one brings about the other?")),
    "f": (1, Sentence("it speaks of these people and of nobody else. How many things are set against each other?")),
}


@exercise(
    "portrait-4",
    answers=("adjusted",),
    given=("p_values",),
    right=Sentence("Each p now pays for the looks it was the best of. None of the six may be read without the others."),
)
def holm(answer: object, p_values: pd.DataFrame) -> None:
    """The six p-values, adjusted by Holm."""
    p = p_values.set_index("feature")["p"]
    if isinstance(answer, np.ndarray | list | tuple) and np.size(answer) == len(p):
        answer = pd.Series(np.ravel(answer), index=p.index)
    elif isinstance(answer, pd.Series) and len(answer) == len(p) and not set(p.index) & set(answer.index):
        # Without the names, the order of the table is taken for theirs.
        answer = answer.sort_index().set_axis(p.index)
    elif isinstance(answer, pd.DataFrame) and "feature" in answer:
        answer = answer.set_index("feature").iloc[:, [-1]]
    got = column(answer, "adjusted", p.index).astype("float64")
    if got.isna().any():
        raise Mistake("adjusted has blanks: the columns carried different labels when they were multiplied.")
    ordered, n = p.sort_values(kind="stable"), len(p)
    steps = pd.Series(range(n, 0, -1), ordered.index)
    upwards = pd.Series(range(1, n + 1), ordered.index)
    false_discovery = (ordered * n / upwards)[::-1].cummin()[::-1].clip(upper=1)
    truth = (ordered * steps).cummax().clip(upper=1)
    mistakes = {
        Sentence("Those are the p-values as they were. Multiply: the smallest by 6, the next by 5, and so on."): p,
        Sentence("All were multiplied by 6 (Bonferroni). Holm lowers the factor by one at each step."): (6 * p).clip(
            upper=1
        ),
        Sentence("All were multiplied by 6, and some are above 1. Holm lowers the factor at each step."): 6 * p,
        Sentence("The factors run the wrong way: the smallest p takes the largest."): (
            (ordered * upwards).cummax().clip(upper=1)
        ),
        Sentence("The factors run the wrong way, and the products are not mended yet."): ordered * upwards,
        Sentence("A probability above 1: cut the products off there."): (ordered * steps).cummax(),
        Sentence("One p is below the one before it, and some may be above 1: the products are still to be mended."): (
            ordered * steps
        ),
        Sentence("One p is below the one before it: a later look cannot be safer than an earlier one."): (
            (ordered * steps).clip(upper=1)
        ),
        Sentence("That is the false discovery rate (Benjamini and Hochberg), which promises less than Holm."): (
            false_discovery
        ),
        Sentence("The factors went to the rows as they stand. Sort the p-values first."): (
            (p * np.arange(n, 0, -1)).cummax().clip(upper=1)
        ),
        Sentence("The factors went to the rows as they stand, and nothing was mended. Sort the p-values first."): (
            p * np.arange(n, 0, -1)
        ),
    }
    if told(got, truth, mistakes, 5e-4):
        return
    if (got > 1 + 1e-9).any() or (got < 0).any():
        raise Mistake("A p-value lies between 0 and 1; some of these do not.")
    off = int((~np.isclose(got, truth[got.index], atol=5e-4)).sum())
    raise Mistake(
        "{n} of the six {n:is|are} not right yet. Sort, multiply, mend: look at the order of the steps.", n=off
    )


@exercise(
    "portrait-5",
    answers=("n_each",),
    given=("people",),
    right=Sentence(
        "Compare it with the number of fans in the survey, and you know what it can tell of small differences."
    ),
)
def people_needed(answer: object, people: pd.DataFrame) -> None:
    """People in each group to find ten points more women among the fans of romance."""
    if "romance" not in people:
        raise Mistake("people has no column for the fans of a genre. Run the cells of the section on sex first.")
    woman = people["sex"] == "female"
    start = woman[~people["romance"]].mean()
    truth = effect.needed(start, 0.10, relative=False)
    others = {
        Sentence("Ten percent of the share, not ten points: say relative=False."): effect.needed(start, 0.10),
        Sentence("That is both groups together. The number in each group is asked for."): 2 * truth,
        Sentence("The starting point is the share of men. Take that of women."): (
            effect.needed(1 - start, 0.10, relative=False)
        ),
        Sentence("The starting point is the share of fans among those who are not women."): (
            effect.needed(people["romance"][~woman].mean(), 0.10, relative=False)
        ),
        Sentence("Those are the fans that the survey has. Asked for is how many it would take."): float(
            people["romance"].sum()
        ),
        Sentence("That is what finds ten points nine times in ten. Four times in five is asked for: power .8."): (
            effect.needed(start, 0.10, relative=False, power=0.9)
        ),
        Sentence("That is for a difference of one point. Ten points are 0.10."): (
            effect.needed(start, 0.01, relative=False)
        ),
    }
    value = number(answer, "n_each")
    if 0 < value < 1:
        raise Mistake("n_each is a share. Asked for is a number of people.")
    # Two wrong starting points may come to the same number, so one sentence serves both.
    if value != truth and same(value, effect.needed(0.5, 0.10, relative=False)):
        raise Mistake("You started from one half. The task asks for the women among those who are no fans.")
    mixed = [effect.needed(s, 0.10, relative=False) for s in (woman[people["romance"]].mean(), woman.mean())]
    if value != truth and any(same(value, wrong) for wrong in mixed):
        raise Mistake("Fans are counted in the share that you start from. Take only those who are no fans.")
    # The pooled normal formula and rules of thumb differ by a few people.
    equals(value, truth, "n_each", others, rounded=max(2.0, 0.01 * truth))


# --- helpers ---------------------------------------------------------------------------------------------------------


def _by_genre(fans: pd.Series) -> pd.Series:
    """People by genre where a truth value for each person and genre holds."""
    return fans.groupby("genre").sum().reindex(GENRES, fill_value=0)


def _a_count_each(answer: object) -> pd.Series:
    """The answer as one number for each genre."""
    if isinstance(answer, Mapping):
        answer = pd.Series(dict(answer), dtype=object)
    if np.ndim(answer) == 0 and not callable(answer):
        number(answer, "fans_mean")
        raise Mistake("fans_mean is one number. One count for each of the three genres is asked for.")
    if isinstance(answer, pd.DataFrame):
        listed = "person_id" in answer and answer.index.name != "genre"
        if listed or "person_id" in answer.index.names or len(answer) > len(GENRES):
            raise Mistake("fans_mean lists people. Count them by genre.")
        if "genre" in answer:
            answer = answer.set_index("genre")
        answer = answer[[c for c in answer if pd.api.types.is_numeric_dtype(answer[c])]].iloc[:, -1:]
    if isinstance(answer, pd.Series):
        if answer.index.nlevels > 1 or len(answer) > len(GENRES):
            raise Mistake("fans_mean lists people. Count them by genre.")
        if missing := [genre for genre in GENRES if genre not in answer.index]:
            raise Mistake("fans_mean has no count for {genre}: the genre should be its index.", genre=missing[0])
    got = column(answer, "fans_mean", pd.Index(GENRES, name="genre"))
    return got.map(lambda value: number(value, "fans_mean"))
