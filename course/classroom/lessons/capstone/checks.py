"""What is looked at in the answers of lesson 13."""

import math
from collections.abc import Mapping

import pandas as pd

from course.classroom.answers import Mistake, equals, exercise, number, reach, told
from course.classroom.lessons.capstone.consultant import Deck
from course.language import Sentence

_Z = 1.959964
#: A bootstrap of customers instead of the formula: its middle lies off by less (in standard errors), its reach by less.
_SHIFTED, _DRAWN = 0.3, 0.08
#: What 1.96 is off from the exact factor; a mistake that comes as near as a bootstrap does is told to these digits.
_DIGITS = 1e-4
#: A review is a good one from here on: of the wrong slides, of the accused ones, of the mistakes found.
_RECALL, _PRECISION, _NAMED = 0.6, 0.6, 0.5


@exercise(
    "capstone-1",
    answers=("share_low", "share_high"),
    given=("money", "inside", "share"),
    right=Sentence(
        "The board can now see how much of the sentence is this year's customers and how much is the class."
    ),
)
def interval(low: object, high: object, money: pd.Series, inside: pd.Series, share: float) -> None:
    """The 95 % interval of a share of money: the linearised ratio, or a bootstrap of customers."""
    low, high = number(low, "share_low"), number(high, "share_high")
    spent, chosen = money.to_numpy("float64"), inside.to_numpy(dtype=bool)
    total, n = spent.sum(), len(spent)
    pull = spent * (chosen - share)
    error = math.sqrt((pull**2).sum()) / total
    if low > high:
        raise Mistake("share_low lies above share_high. Exchange the two.")
    centre, half = (low + high) / 2, (high - low) / 2
    if abs(centre - 100 * share) <= 100 * _DRAWN * error and share > 0.02:
        raise Mistake("Those are percent. Shares between 0 and 1 are asked for.")
    if abs(centre - share) > _SHIFTED * error:
        centres = {
            Sentence("The middle is the share of customers. The share of money is asked for."): float(chosen.mean()),
            Sentence("The middle is 0: those are the ends of the error alone. Put them round the share."): 0.0,
            Sentence("The middle is the share of everybody else. That of the class is asked for."): 1 - share,
        }
        told(centre, share, centres, 0.1 * error)
        raise Mistake("The middle of your interval is not the share.")
    reaches = {
        Sentence("You took the customers of the class into p(1 − p)/n. The task weighs each by money: use e."): (
            _Z * math.sqrt(share * (1 - share) / chosen.sum())
        ),
        Sentence("You did not divide the root by all the money. The task does: then it is a share again."): (
            _Z * math.sqrt((pull**2).sum())
        ),
        Sentence(
            "That is the formula for a share of people, p(1 − p)/n. Money is not spread evenly: a few customers hold "
            "much of it."
        ): _Z * math.sqrt(share * (1 - share) / n),
        Sentence("That is one standard error to each side. 95 of 100 need 1.96 of them."): error,
        Sentence("That is an interval of 90%. For 95% it takes 1.96 standard errors."): 1.645 * error,
        Sentence("That is the whole width to each side."): 2 * _Z * error,
        Sentence("The share was not taken off inside: money times inside alone is not the pull."): (
            _Z * math.sqrt(((spent * chosen) ** 2).sum()) / total
        ),
        Sentence("Only customers of the class are in the sum. Everybody else pulls the other way."): (
            _Z * math.sqrt((pull[chosen] ** 2).sum()) / total
        ),
        Sentence("Only customers outside the class are in the sum. Those inside pull as well."): (
            _Z * math.sqrt((pull[~chosen] ** 2).sum()) / total
        ),
        Sentence("The root was divided by the number of customers. Divide it by all the money."): (
            _Z * math.sqrt((pull**2).sum()) / n
        ),
        Sentence("Divided once too often: the sum of squares is not a mean, so no root of n belongs below it."): (
            _Z * error / math.sqrt(n)
        ),
        Sentence("The root is missing: squares were added up and divided by the money."): _Z * (pull**2).sum() / total,
        Sentence("That is the spread of the pulls, not their sum: multiply by the root of the number of customers."): (
            _Z * float(pull.std(ddof=1)) / total
        ),
        Sentence("The pulls were added before they were squared. They cancel; square each of them first."): (
            _Z * abs(pull.sum()) / total
        ),
    }
    told(half / error, _Z, {said: wrong / error for said, wrong in reaches.items()}, rtol=_DIGITS)
    if abs(half / (_Z * error) - 1) > _DRAWN:
        reach(half, _Z * error, reaches)


@exercise(
    "capstone-2",
    answers=("accused",),
    given=("deck",),
    right=Sentence(
        "A review that helps: most of the wrong slides, few sound ones. What was missed, and what it would have cost, "
        "the next cell says."
    ),
)
def review(accused: object, deck: Deck) -> None:
    """A review of the deck with enough recall and precision, and with the mistakes named."""
    if accused is None or (isinstance(accused, Mapping) and not accused):
        raise Mistake("Nobody is accused yet. Five to seven slides are wrong.")
    found = deck.review(accused)
    if found.precision is None:
        raise Mistake("Nobody is accused yet. Five to seven slides are wrong.")
    charged = len(found.found) + len(found.accused_wrongly)
    if charged > len(deck) - 2:
        raise Mistake("With nearly every slide accused nothing is said of any of them. Leave out those that hold up.")
    if found.precision < _PRECISION:
        raise Mistake(
            "Too many of the slides you accuse are sound. For each of them say what is wrong: a figure that "
            "contradicts the sentence, something missing beside it, something that should not be shown. Nothing? Then "
            "let it go."
        )
    if found.recall < _RECALL:
        raise Mistake(
            "What you accuse is mostly wrong indeed, but too many wrong slides are still standing. Go on: "
            "denominators, comparisons, footnotes."
        )
    if not isinstance(accused, Mapping) or not any(accused.values()):
        raise Mistake('The slides are well chosen. Now name each mistake by its code, as in {{3: "base_rate"}}.')
    if len(found.named) < _NAMED * len(found.found):
        raise Mistake(
            "The slides are well chosen, but fewer than half of the mistakes are named rightly: some codes are wrong "
            "or missing."
        )


@exercise(
    "capstone-3",
    answers=("reversals",),
    given=("marks", "weights", "totals"),
    right=Sentence("The weights at which the winner changes are what the group should talk about."),
)
def reversals(answer: object, marks: pd.DataFrame, weights: pd.Series, totals: pd.Series) -> None:
    """In how many of ten cases the best tool is another one."""
    winner = totals.idxmax()
    cases = [(name, factor) for name in weights.index for factor in (0.8, 1.2)]

    def moved(name: str, factor: float) -> pd.Series:
        return (marks * weights.where(weights.index != name, weights * factor)).sum(axis=1)

    best = {case: moved(*case).idxmax() for case in cases}
    truth = sum(tool != winner for tool in best.values())
    order = list(totals.sort_values(ascending=False).index)
    orders = sum(list(moved(*case).sort_values(ascending=False).index) != order for case in cases)
    up = sum(tool != winner for (_, factor), tool in best.items() if factor > 1)
    mistakes = {
        Sentence("Those are the cases in which the winner stays. The others are asked for."): len(cases) - truth,
        Sentence("That counts every change of the order. Only the first place is asked about."): orders,
        Sentence("Only weights that grow are in it. They may shrink by 20% as well."): up,
        # With the lesson's marks both mistakes give the same number.
        Sentence(
            "Either only weights that shrink are in it (they may grow by 20% as well), or changes of earlier cases are "
            "still in the weights: begin each case with those of the table."
        ): truth - up,
        Sentence("That is a share. The number of cases is asked for."): truth / len(cases),
        Sentence("Those are all the cases. Count the ones in which the winner is another tool."): len(cases),
        Sentence("You changed all the weights together, which moves no rank. Change one at a time."): 0,
        Sentence("You changed each weight by 20 points or by half, not by 20% of itself."): (
            _won_elsewhere(marks, weights, winner)
        ),
        Sentence("That counts criteria. Each of them makes two cases, one up and one down."): (
            len({name for (name, _), tool in best.items() if tool != winner})
        ),
    }
    equals(answer, truth, "reversals", mistakes)


@exercise(
    "capstone-4",
    answers=("gained",),
    given=("taken",),
    right=Sentence(
        "The report has the same figure, with its interval. Without another class it is no proof of the course."
    ),
)
def gain(answer: object, taken: pd.DataFrame) -> None:
    """The normalised gain of the class's means."""
    right = taken["right"].astype("float64")
    means = right.groupby(taken["test"]).mean()
    pre, post = float(means["pre"]), float(means["post"])
    single = right.groupby([taken["learner"], taken["test"]]).mean().unstack()
    each = ((single["post"] - single["pre"]) / (1 - single["pre"])).where(single["pre"] < 1)
    mistakes = {
        Sentence("That is what was gained, in shares. Divide it by what there was left to gain."): post - pre,
        Sentence("Divided by where they began. Divide by what was left to gain: 1 − before."): (post - pre) / pre,
        Sentence("That is after over before. What was gained of what was left is asked for."): post / pre,
        Sentence("Divided by what is left after the course. Take what was left before it."): (post - pre) / (1 - post),
        Sentence("Before and after are exchanged: this one is below zero."): (pre - post) / (1 - post),
        Sentence("The sign is the wrong way round: after less before."): (pre - post) / (1 - pre),
        Sentence("That is the mean of the learners' own gains. The gain of the class's means is asked for."): (
            float(each.mean())
        ),
        Sentence("That is percent. A part of 1 is asked for."): 100 * (post - pre) / (1 - pre),
        Sentence("That is the share right after the course. How much of the rest was gained?"): post,
    }
    equals(answer, (post - pre) / (1 - pre), "gained", mistakes, rtol=1e-4)


# --- helpers ---------------------------------------------------------------------------------------------------------


def _won_elsewhere(marks: pd.DataFrame, weights: pd.Series, winner: str) -> int:
    """Cases in which a weight that is 20 points higher or lower makes another winner."""
    moved = [weights.where(weights.index != name, weights + by) for name in weights.index for by in (-20, 20)]
    return sum((marks * one).sum(axis=1).idxmax() != winner for one in moved)
