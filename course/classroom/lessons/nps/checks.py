"""What is looked at in the answers of lesson 10."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from course import nps
from course.classroom.answers import Mistake, equals, exercise, number, reach, same, side, told
from course.language import Sentence

_Z = 1.96
#: A figure in points may be rounded to one place.
_ROUNDED = 0.05 + 1e-9


@exercise(
    "nps-1",
    answers=("nps_first",),
    given=("raw",),
    right=Sentence("Passives count in the denominator, blanks nowhere. Now: how far may this number be trusted?"),
)
def first_wave(answer: object, raw: pd.DataFrame) -> None:
    """The NPS of wave 1, scores from 0 to 10 alone."""
    received = raw.loc[raw["wave"] == 1, "score"]
    scores = received[received <= 10]
    later = raw.loc[raw["wave"] == 2, "score"]
    promoters, detractors = (scores >= 9).mean(), (scores <= 6).mean()
    truth = 100 * (promoters - detractors)
    balance = (scores >= 9).sum() - (scores <= 6).sum()
    codes_in_denominator = 100 * balance / len(received)
    tenths = received[received != 11].where(lambda s: s <= 10, received / 10)
    mistakes = {
        Sentence("Codes count as promoters: 11 and the large round figures are not answers from 0 to 10."): _nps(
            received
        ),
        Sentence("11 is out. But some scores above it are still in, and they too count as promoters."): _nps(
            received[received != 11]
        ),
        Sentence("11 counts as a promoter here. It means that the question was left blank."): _nps(
            received[received <= 11]
        ),
        Sentence(
            "Who left the question blank is still in the denominator. Keep the valid scores first, then divide."
        ): (codes_in_denominator),
        Sentence(
            "70 was taken for 7. That may well be what was meant, but nobody has confirmed it: leave those out."
        ): (_nps(tenths)),
        Sentence("The denominator holds the answers of both waves. Divide by those of the first."): (
            100 * balance / len(raw)
        ),
        Sentence("The denominator holds the scores of both waves. Divide by those of the first."): (
            100 * balance / (raw["score"] <= 10).sum()
        ),
        Sentence("That is how many more promoters than detractors there are. Divide by all who answered, times 100."): (
            balance
        ),
        Sentence("10 is a score too, the best one. It was left out with the codes."): _nps(scores[scores < 10]),
        Sentence("The passives are missing from the denominator. Divide by all who answered."): (
            100 * (promoters - detractors) / (promoters + detractors)
        ),
        Sentence("Detractors go up to 6; here they end at 5."): 100 * (promoters - (scores <= 5).mean()),
        Sentence("Promoters begin at 9; here 8 is one of them."): 100 * ((scores >= 8).mean() - detractors),
        Sentence("Promoters are 9 and 10; here only 10 is one."): 100 * ((scores >= 10).mean() - detractors),
        Sentence("That is a difference of shares. NPS is written in points, from −100 to 100."): truth / 100,
        Sentence("That is the share of promoters. Subtract the detractors."): 100 * promoters,
        Sentence("The sign is turned: promoters less detractors."): -truth,
        Sentence("Both waves went in. The first is asked for."): _nps(raw.loc[raw["score"] <= 10, "score"]),
        Sentence("That is the second wave. The first is asked for."): _nps(later[later <= 10]),
        Sentence("That is the mean score. NPS is the share of 9 and 10 less the share of 0 to 6."): scores.mean(),
    }
    _points(answer, truth, "nps_first", mistakes)


@exercise(
    "nps-2",
    answers=("change_low", "change_high"),
    given=("may", "november"),
    right=Sentence("Two errors, added as squares. Everything between the two ends goes with these answers."),
)
def change(low: object, high: object, may: nps.Score, november: nps.Score) -> None:
    """The 95 % interval of November less May: plain or adjusted."""
    if not (isinstance(may, nps.Score) and isinstance(november, nps.Score)):
        raise Mistake("may and november are something else by now. Run the cell that makes them once more.")
    low, high = number(low, "change_low"), number(high, "change_high")
    value, errors = november.value - may.value, (may.standard_error, november.standard_error)
    error = (errors[0] ** 2 + errors[1] ** 2) ** 0.5
    adjusted = nps.difference(may, november)
    if same((low, high), (value - _Z * error, value + _Z * error), _ROUNDED) or same(
        (low, high), (adjusted.low, adjusted.high), _ROUNDED
    ):
        return
    if same(sorted((low, high)), sorted((november.low - may.low, november.high - may.high)), _ROUNDED):
        raise Mistake("Ends subtracted from ends are no interval: the error of a difference does not shrink so.")
    if low > high:
        raise Mistake("change_low lies above change_high. Exchange the two, or look at a sign.")
    if same((low, high), (november.low - may.high, november.high - may.low), _ROUNDED):
        raise Mistake(
            "That is as wide as from end to farthest end: the two errors were added as they are, as if both waves had "
            "been wrong by the full amount at once. Of independent errors the squares add up."
        )
    plain = (value - _Z * error, value + _Z * error)
    if (low, high) in [tuple(round(end) for end in ends) for ends in (plain, (adjusted.low, adjusted.high))]:
        raise Mistake("Rounded to whole points: keep one decimal place.")
    _of_the_change((low + high) / 2, value, may, november)
    reaches = {
        Sentence("The two errors were added as they are. Of independent errors the squares add up."): _Z * sum(errors),
        Sentence("That is one standard error to each side. 95 of 100 need 1.96 of them."): error,
        Sentence("Two standard errors are the rule of thumb, and a little too wide. For 95% it takes 1.96."): 2 * error,
        Sentence("The root is missing: variances were added, and 1.96 of those is no error."): _Z * error**2,
        Sentence("Only the error of May is in it. November could have come out otherwise too."): _Z * errors[0],
        Sentence("Only the error of November is in it. May could have come out otherwise too."): _Z * errors[1],
        Sentence("The errors were subtracted. The values are subtracted; errors never cancel."): (
            _Z * abs(errors[0] - errors[1])
        ),
        Sentence("That is an interval of 90%. For 95% it takes 1.96 standard errors."): 1.645 * error,
        Sentence("That is the whole width to each side. The two ends are 1.96 errors off, not twice that."): (
            2 * _Z * error
        ),
        Sentence("You halved the error, as for a mean of the two waves. The task asks for their difference."): (
            _Z * error / 2
        ),
    }
    reach((high - low) / 2, _Z * error, reaches)


@exercise(
    "nps-3",
    answers=("nps_weighted",),
    given=("bands", "everyone"),
    right=Sentence("Now those who buy once count as often as there are of them, not as often as they answer."),
)
def weighted(answer: object, bands: pd.DataFrame, everyone: pd.Series) -> None:
    """The NPS of the groups, each by its share of customers."""
    value = bands["value"].to_numpy(dtype="float64")
    answers = bands["n"].to_numpy(dtype="float64")
    customers = pd.Series(everyone.to_numpy(dtype="float64"), index=everyone.index.astype(str))
    customers = customers.reindex(bands["band"].astype(str)).to_numpy()
    truth = (value * customers).sum() / customers.sum()
    inverse = customers / answers
    mistakes = {
        Sentence("That is the NPS of the answers as they came in: the groups count by their answers."): (
            (value * answers).sum() / answers.sum()
        ),
        Sentence("Every group counts the same here. Give each its share of the customers."): value.mean(),
        Sentence("The weights are numbers of customers and do not add up to 1. Divide by all customers."): (
            (value * customers).sum()
        ),
        Sentence(
            "The customers were divided by the answers of all. Divide by all customers, so that weights add up to 1."
        ): ((value * customers).sum() / answers.sum()),
        Sentence("0: nothing met. The two columns carry different labels; give bands its group as index."): 0.0,
        Sentence("That is customers for each answer: the weight of one answer, not of a whole group."): (
            (value * inverse).sum() / inverse.sum()
        ),
        Sentence("You multiplied by that weight without dividing by what the weights add up to."): (
            (value * customers / customers.sum() / (answers / answers.sum())).sum()
        ),
        Sentence("You took the mean of the weighted parts. The weights divide already: add the parts up."): (
            truth / len(value)
        ),
        Sentence("You weighed the lower ends of the intervals. The task asks for the score: take value."): (
            (bands["low"].to_numpy(dtype="float64") * customers).sum() / customers.sum()
        ),
        Sentence("You took the middle group's score. The task gives every group a weight: multiply and add up."): (
            float(np.median(value))
        ),
        Sentence("That is a difference of shares. NPS is written in points, from −100 to 100."): truth / 100,
    }
    _points(answer, truth, "nps_weighted", mistakes)


@exercise(
    "nps-4",
    answers=("agreement",),
    given=("coded",),
    right=Sentence(
        "Agreement beyond chance. Below about .6, write a better rule for coding before anything is counted."
    ),
)
def agreement(answer: object, coded: pd.DataFrame) -> None:
    """Cohen's κ of the two readers."""
    if isinstance(answer, nps.Agreement):
        answer = answer.value
    first, second = coded["first"], coded["second"]
    shares = [column.value_counts(normalize=True) for column in (first, second)]
    observed = float((first == second).mean())
    expected = float(shares[0].mul(shares[1], fill_value=0).sum())
    pooled = float((shares[0].add(shares[1], fill_value=0) / 2).pow(2).sum())
    labels = len(set(first) | set(second))
    mistakes = {
        Sentence("That is the raw agreement. Take off what chance alone would give."): observed,
        Sentence("That is what chance alone would give. It is to be taken off the raw agreement."): expected,
        Sentence("You counted the comments on which they agree. Divide by all comments, then take off chance."): (
            observed * len(first)
        ),
        Sentence("You squared the shares of the first reader. Chance is her share times that of the second."): (
            _beyond(observed, float((shares[0] ** 2).sum()))
        ),
        Sentence("You squared the shares of the second reader. Chance is his share times that of the first."): (
            _beyond(observed, float((shares[1] ** 2).sum()))
        ),
        Sentence("You took one label alone. They can agree by chance on each of the three: add the products up."): (
            _beyond(observed, float(shares[0].mul(shares[1], fill_value=0).max()))
        ),
        Sentence("Chance is missing above the line: subtract it from the raw agreement, then divide."): (
            observed / (1 - expected)
        ),
        Sentence("1 − chance needs brackets: without them chance is subtracted twice."): observed - 2 * expected,
        Sentence("The excess over chance is right. Divide it by the most that was to be had, 1 less chance."): (
            observed - expected
        ),
        Sentence(
            "Chance was taken to be one in as many as there are labels. The readers do not use them equally often."
        ): _beyond(observed, 1 / labels),
        Sentence("The shares of both readers were thrown together (Scott's π). Cohen multiplies the shares of each."): (
            (observed - pooled) / (1 - pooled)
        ),
        Sentence("That is how far the first reader agrees with the settled label. Compare the two readers."): (
            _kappa(first, coded["agreed"])
        ),
        Sentence("That is how far the second reader agrees with the settled label. Compare the two readers."): (
            _kappa(second, coded["agreed"])
        ),
    }
    counted = float(first.value_counts().mul(second.value_counts(), fill_value=0).sum())
    mistakes |= {
        Sentence("Chance came out far above 1: value_counts gives numbers. Divide them by the number of rows."): (
            (observed - counted) / (1 - counted)
        ),
        Sentence("That is a percentage. κ is written from 0 to 1."): 100 * (observed - expected) / (1 - expected),
    }
    equals(answer, (observed - expected) / (1 - expected), "agreement", mistakes, 1e-4, 0.005 + 1e-9)


@exercise(
    "nps-5",
    answers=("share_app", "share_delivery"),
    given=("r2_app", "r2_delivery", "r2_both"),
    right=Sentence(
        "Both orders, averaged; the two shares make up what both explain. Half of what they share stays with each."
    ),
)
def shapley(app: object, delivery: object, r2_app: float, r2_delivery: float, r2_both: float) -> None:
    """R² of two drivers divided between them: the mean of the gain when coming first and when coming second."""
    got = number(app, "share_app"), number(delivery, "share_delivery")
    rounded = 0.0005 + 1e-9  # R² may be written with three places
    alone = r2_app, r2_delivery
    last = r2_both - r2_delivery, r2_both - r2_app
    truth = tuple((a + b) / 2 for a, b in zip(alone, last, strict=True))
    mistakes = {
        Sentence("The two are exchanged."): truth[::-1],
        Sentence("That is what each explains when it comes first. The other order counts as much."): alone,
        Sentence("That is what each adds when it comes second. The other order counts as much."): last,
        Sentence("Those are percentages. Keep to shares, as R² does."): tuple(100 * t for t in truth),
        Sentence("The contributions of both orders were added. Average them."): tuple(2 * t for t in truth),
        Sentence(
            "Those are shares of what both explain. Shares of the variance are asked for, which add up to r2_both."
        ): (tuple(t / r2_both for t in truth)),
        Sentence("That divides r2_both in proportion to what each explains alone. Average the two orders instead."): (
            tuple(r2_both * a / sum(alone) for a in alone)
        ),
        Sentence("That divides r2_both in equal halves. The app and delivery do not bring the same."): (
            (r2_both / 2, r2_both / 2)
        ),
    }
    if told(got, truth, mistakes, 1e-4) or same(got, truth, rounded):
        return
    if not same(sum(got), r2_both, 2e-4):
        raise Mistake("The two shares do not add up to r2_both. Whatever one driver does not get, the other does.")
    raise Mistake("The sum is right, the division is not. What does each bring first, and what does it add second?")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _nps(scores: pd.Series) -> float:
    return 100 * ((scores >= 9).mean() - (scores <= 6).mean())


def _kappa(first: pd.Series, second: pd.Series) -> float:
    return nps.kappa(first, second).value


def _beyond(observed: float, expected: float) -> float:
    """Agreement beyond chance."""
    return (observed - expected) / (1 - expected)


def _points(answer: object, truth: float, name: str, mistakes: Mapping[Sentence, float]) -> None:
    """A figure in points; rounded to one place it is right too, unless it is exactly what a mistake gives."""
    value = number(answer.value if isinstance(answer, nps.Score) else answer, name)
    if told(value, truth, mistakes) or same(value, truth, _ROUNDED):
        return
    if value == round(truth):
        raise Mistake("Rounded to whole points: keep one decimal place.")
    if same(value, truth / 100, 0.005 + 1e-9):
        raise Mistake("That is a difference of shares. NPS is written in points, from −100 to 100.")
    raise Mistake("{name} is {side}.", name=name, side=side(value, truth))


def _of_the_change(middle: float, value: float, may: nps.Score, november: nps.Score) -> None:
    """The middle of the interval must be November less May."""
    if same(middle, value, _ROUNDED):
        return
    if same(middle, -value, _ROUNDED):
        raise Mistake("This is May less November. A rise should come out above 0: November less May.")
    if same(middle, value / 100, _ROUNDED / 10):
        raise Mistake("The difference is a share. Keep to points, as value and standard_error do.")
    waves = {
        Sentence("The middle is the NPS of May. The interval of the change is asked for."): may.value,
        Sentence("The middle is the NPS of November. The interval of the change is asked for."): november.value,
    }
    told(middle, value, waves, 1.0)
    raise Mistake("The middle of your interval is not November less May. Start from the difference of the two values.")
