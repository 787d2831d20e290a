"""What is looked at in the answers of lesson 12."""

import math

import numpy as np
import pandas as pd

from course import effect
from course.classroom.answers import Mistake, equals, exercise, number, reach, same, told
from course.language import Sentence

_Z = 1.959964
#: Rounded factors, or the pooled formula instead of the arcsine, move a sample size by less than this.
_ROUNDED = 0.012
#: Plain and Newcombe's interval, 1.96 or 1.959964: percentage points that do not matter.
_POINT = 0.02
#: The plan of the spring coupon: without and with.
_COUPON_PLAN = np.array([0.35, 0.65])


@exercise(
    "effect-1",
    answers=("n_needed",),
    given=("base",),
    right=Sentence("In each group, so twice as many in all; and half the change would take four times as many."),
)
def sample_size(answer: object, base: float) -> None:
    """Customers in each group for +20 %, relative, at 80 % power."""

    def size(after: float, z: float = 2.8, factor: float = 2.0, power: float = 2.0) -> float:
        h = 2 * math.asin(math.sqrt(after)) - 2 * math.asin(math.sqrt(base))
        return factor * (z / h) ** power if h else math.inf

    truth = size(1.2 * base)
    half = math.asin(math.sqrt(1.2 * base)) - math.asin(math.sqrt(base))
    mistakes = {
        Sentence("That is for 20 percentage points. 20 % of base, relative, is asked for."): size(min(base + 0.2, 1)),
        Sentence(
            "That is twice too many: both groups together, or the 2 went inside the square. Each group is asked for."
        ): 2 * truth,
        Sentence("The factor 2 in front is missing: both groups vary, so each needs twice as many."): truth / 2,
        Sentence("That is for a rise to 20 %. The rise is by 20 % of base."): size(0.2),
        Sentence("The 2.8 over h is not squared."): size(1.2 * base, power=1.0),
        Sentence("Only h is squared. Square the whole of 2.8 over h."): 2 * 2.8 / (2 * half) ** 2,
        Sentence("1.96 + 0.84 needs brackets: the sum is divided by h."): 2 * (1.96 + 0.84 / (2 * half)) ** 2,
        Sentence("The factors 2 in front of the arcsines are missing: h is half as large as it should be."): (
            2 * (2.8 / half) ** 2
        ),
        Sentence("Only 1.96 is in it: so many see the change once in two. The 0.84 brings it to four in five."): (
            size(1.2 * base, 1.96)
        ),
        Sentence("Only 0.84 is in it. The 1.96 keeps chance from fooling you more than once in twenty."): (
            size(1.2 * base, 0.84)
        ),
        Sentence("The roots are missing: take the arcsine of the square root of each share."): (
            2 * (2.8 / (2 * math.asin(1.2 * base) - 2 * math.asin(base))) ** 2
        ),
        Sentence("You took the plain difference of the shares. Take the arcsine of each root first."): (
            2 * (2.8 / (0.2 * base)) ** 2
        ),
        Sentence("That is h, the distance. The customers follow from it."): 2 * half,
    }
    equals(answer, truth, "n_needed", mistakes, rtol=_ROUNDED)


@exercise(
    "effect-2",
    answers=("gain_low", "gain_high"),
    given=("arms",),
    right=Sentence("Everything between the two ends goes with what was seen, zero included where it lies between."),
)
def gain(low: object, high: object, arms: pd.DataFrame) -> None:
    """The 95 % interval of coupon less control in percentage points: plain, or Newcombe's."""
    low, high = number(low, "gain_low"), number(high, "gain_high")
    n, bought = arms["size"].astype("float64"), arms["sum"].astype("float64")
    p = bought / n
    variance = p * (1 - p) / n
    middle, error = 100 * (p["coupon"] - p["control"]), 100 * math.sqrt(variance.sum())
    newcombe = effect.ab(*((int(bought[arm]), int(n[arm])) for arm in ("control", "coupon")), planned=None)
    accepted = [(middle - _Z * error, middle + _Z * error), (100 * newcombe.low, 100 * newcombe.high)]
    if any(_ends(low, a) and _ends(high, b) for a, b in accepted):
        return
    if same((100 * low, 100 * high), accepted[0], 0.5):
        raise Mistake("Those are shares. Percentage points are asked for: times 100.")
    if low > high:
        raise Mistake("gain_low lies above gain_high. Exchange the two, or look at a sign.")
    relative = 100 * (p["coupon"] / p["control"] - 1)
    centre = (low + high) / 2
    if not same(centre, middle, 0.02 * error + _POINT):
        middles = {
            Sentence("This is control less coupon. A coupon that adds purchases should come out above 0."): -middle,
            Sentence("The middle is still a share. Percentage points are asked for: times 100."): middle / 100,
            Sentence("The middle is the relative change. The difference of the two shares is asked for."): relative,
            Sentence("The middle is the share with the coupon. Take off the share that bought without one."): 100
            * p["coupon"],
            Sentence("The middle is the share without the coupon. The difference is asked for."): 100 * p["control"],
        }
        told(centre, middle, middles, 0.05 * error + _POINT)
        raise Mistake("The middle of your interval is not the difference of the two shares.")
    single = {arm: 100 * math.sqrt(v) for arm, v in variance.items()}
    reaches = {
        Sentence("That is one standard error to each side. 95 of 100 need 1.96 of them."): error,
        Sentence("The reach is still a share: it takes the times 100 as well."): _Z * error / 100,
        Sentence("The two variances were averaged. For a difference they add."): _Z * error / math.sqrt(2),
        Sentence("Only the coupon's group is in it. The group without varies too, and more, as it is smaller."): (
            _Z * single["coupon"]
        ),
        Sentence("Only the group without a coupon is in it. The other one varies too."): _Z * single["control"],
        Sentence("The two errors were added as they are. Of independent groups the variances add."): (
            _Z * sum(single.values())
        ),
        Sentence("The variances were not divided by the people: that is how single customers vary."): (
            _Z * 100 * math.sqrt((p * (1 - p)).sum())
        ),
        Sentence("The root is missing: that is 1.96 variances."): _Z * 100 * variance.sum(),
        Sentence("You pooled both groups into one share. Each group varies on its own: add p(1 − p)/n of both."): (
            _Z * 100 * math.sqrt(bought.sum() / n.sum() * (1 - bought.sum() / n.sum()) / n.sum())
        ),
        Sentence("That is the whole width to each side."): 2 * _Z * error,
        Sentence("That is an interval of 90%. For 95% it takes 1.96 standard errors."): 1.645 * error,
    }
    reach((high - low) / 2, _Z * error, reaches)


@exercise(
    "effect-3",
    answers=("chi2",),
    given=("counts",),
    right=Sentence("Far above 10.8 somebody is missing. Ask who, before anybody asks what the campaign did."),
)
def ratio(answer: object, counts: pd.Series) -> None:
    """The χ² of two groups that should be equal."""
    seen = counts.to_numpy(dtype="float64")
    expected = seen.sum() / 2
    gaps = (seen - expected) ** 2
    truth = float((gaps / expected).sum())
    mistakes = {
        Sentence("Only one group is in it. Both add to χ²."): truth / 2,
        Sentence("The gaps were not divided by what is expected."): float(gaps.sum()),
        Sentence("The gaps were divided by what was seen. Divide by what was expected."): float((gaps / seen).sum()),
        Sentence("The gaps were not squared: what one group has too many, the other lacks."): 0.0,
        Sentence("The gaps were taken without their sign and not squared."): (
            float((np.abs(seen - expected) / expected).sum())
        ),
        Sentence("You squared after adding up. Square the gap of each group, divide, and add up last."): (
            float((np.abs(seen - expected) / expected).sum() ** 2)
        ),
        Sentence("You took the root. χ² is the sum as it is."): math.sqrt(truth),
        Sentence("You took the plan of the coupon, 35 to 65. The tea was planned half and half."): (
            float(((seen - seen.sum() * _COUPON_PLAN) ** 2 / (seen.sum() * _COUPON_PLAN)).sum())
        ),
        Sentence("You compared shares. χ² compares numbers of customers, so that more of them weigh more."): (
            float(((seen / seen.sum() - 0.5) ** 2 / 0.5).sum())
        ),
        Sentence("You took half a customer off each gap (Yates). The task asks for χ² without it."): (
            float(((np.abs(seen - expected) - 0.5) ** 2 / expected).sum())
        ),
        Sentence("The expected number was taken to be all customers. It is half of them in each group."): (
            float(((seen - 2 * expected) ** 2 / (2 * expected)).sum())
        ),
    }
    value, chance = number(answer, "chi2"), effect.sample_ratio(seen.tolist())
    if 0 < value < 1 and math.isclose(value, chance, rel_tol=1e-3):
        raise Mistake("That is the chance of such a split, p. The statistic itself is asked for.")
    if value not in (round(truth), round(truth, 1)):
        equals(value, truth, "chi2", mistakes, rtol=1e-3)


@exercise(
    "effect-4",
    answers=("kept",),
    given=("peers",),
    right=Sentence("About one of 25 should miss, and no single company could have known that it was the one."),
)
def kept(answer: object, peers: pd.DataFrame) -> None:
    """How many intervals hold their own truth."""
    estimate, truth, se = (peers[name] for name in ("estimate", "truth", "se"))
    off = (estimate - truth).abs()
    right = int((off <= 1.96 * se).sum())
    mistakes = {
        Sentence("Those are all the companies. Count the intervals that hold: .sum(), not .count()."): len(peers),
        Sentence("Those are the intervals that miss. The ones that hold are asked for."): len(peers) - right,
        Sentence("One standard error was taken. The interval reaches 1.96 of them to each side."): (off <= se).sum(),
        Sentence("Those are intervals that hold zero. Whether they hold the truth is asked for."): (
            estimate.abs() <= 1.96 * se
        ).sum(),
        Sentence("Those are intervals that lie above zero. Whether they hold the truth is asked for."): (
            estimate - 1.96 * se > 0
        ).sum(),
        Sentence("The sign was left on: an estimate far below its truth misses too. Take .abs()."): (
            (estimate - truth) <= 1.96 * se
        ).sum(),
        Sentence("All were held against the mean of the truths. Each company has a truth of its own."): (
            (estimate - truth.mean()).abs() <= 1.96 * se
        ).sum(),
        Sentence("That is a share. The number of intervals is asked for."): right / len(peers),
        Sentence("That is how many should hold. The task asks how many do: compare and count."): 0.95 * len(peers),
    }
    equals(answer, right, "kept", mistakes)


# --- helpers ---------------------------------------------------------------------------------------------------------


def _ends(value: float, truth: float) -> bool:
    """The end of an interval, rounded to one decimal as the lesson shows it or not at all."""
    return same(value, truth, _POINT) or math.isclose(value, round(truth, 1), abs_tol=1e-9)
