"""What is looked at in the answers of lesson 08."""

from collections.abc import Mapping

import pandas as pd

from course.classroom.answers import Mistake, equals, exercise, number, same, told
from course.language import Sentence

#: Chances and errors that are worked with rounded numbers.
_ROUNDED = 6e-4
_CALLS = 300


@exercise(
    "clv-1",
    answers=("alive",),
    given=("r", "alpha", "a", "b", "x", "t_x", "T"),
    right=Sentence("One customer, four parameters, three numbers: the same line of arithmetic serves all customers."),
)
def alive(answer: object, r: float, alpha: float, a: float, b: float, x: float, t_x: float, T: float) -> None:
    """P(alive) by BG/NBD."""

    def chance(early: float = t_x, power: float = r + x, base: float = b + x - 1, late: float = T) -> float:
        return 1 / (1 + a / base * ((alpha + late) / (alpha + early)) ** power)

    truth = chance()
    mistakes = {
        Sentence("That is the chance of having left. The chance of still being there is 1 less that."): 1 - truth,
        Sentence("Those are the odds of having left. The chance is 1 divided by 1 plus the odds."): 1 / truth - 1,
        Sentence("That is 1 plus the odds. P(alive) is 1 divided by all of it, so the sum needs brackets."): 1 / truth,
        Sentence("That is 1 divided by the odds. The 1 in front of the odds is missing."): truth / (1 - truth),
        Sentence("That is in per cent. A chance lies between 0 and 1."): 100 * truth,
        Sentence("The silence, T less t_x, went in where t_x belongs: that is RFM's recency."): chance(T - t_x),
        Sentence("The ratio of times stands on its head: the longer time belongs above."): chance(T, late=t_x),
        Sentence("The power is r + x; here it is x alone."): chance(power=x),
        Sentence("The power is r + x; here it is r alone."): chance(power=r),
        Sentence("You counted the first purchase in x. The task's x is repeat purchases only, as given."): (
            chance(power=r + x + 1, base=b + x)
        ),
        Sentence("You exchanged a and b. a goes above the bar, b below it."): (
            1 / (1 + b / (a + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))
        ),
        Sentence("The power r + x is missing."): chance(power=1),
        Sentence("r + x needs brackets: without them ** takes the r alone."): 1 / (1 / chance(power=r) + x),
        Sentence("A power is written **; a single * only multiplies by r + x."): (
            1 / (1 + a / (b + x - 1) * (alpha + T) / (alpha + t_x) * (r + x))
        ),
        Sentence("Below a stands b + x − 1; the 1 was not taken off. That is another model, MBG/NBD."): chance(
            base=b + x
        ),
        Sentence("alpha is missing from the ratio of times; it is added above and below."): (
            1 / (1 + a / (b + x - 1) * (T / t_x) ** (r + x))
        ),
        Sentence("The factor a / (b + x − 1) is missing."): (1 / (1 + ((alpha + T) / (alpha + t_x)) ** (r + x))),
        Sentence("a / (b + x − 1) needs brackets around what stands below the bar."): (
            1 / (1 + (a / b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x))
        ),
        Sentence("Without brackets a / b + x - 1 divides by b alone. Put b + x - 1 in brackets."): (
            1 / (1 + a / b + x - ((alpha + T) / (alpha + t_x)) ** (r + x))
        ),
        Sentence("The times went in as days. t_x and T are in weeks, as alpha is."): chance(7 * t_x, late=7 * T),
        Sentence("alpha + T and alpha + t_x need brackets of their own."): (
            1 / (1 + a / (b + x - 1) * (alpha + T / alpha + t_x) ** (r + x))
        ),
    }
    _figure(answer, truth, "alive", mistakes)


@exercise(
    "clv-2",
    answers=("mae_model", "mae_naive"),
    given=("held",),
    right=Sentence("Two forecasts, one yardstick. Whether the gap is more than luck, its interval says."),
)
def errors(model: object, naive: object, held: pd.DataFrame) -> None:
    """Mean absolute error a customer of the model's forecast and of "the same again"."""
    came = held["holdout_x"]
    gaps = {"mae_model": held["forecast"] - came, "mae_naive": held["previous_x"] - came}
    truths = {name: float(gap.abs().mean()) for name, gap in gaps.items()}
    values = {"mae_model": number(model, "mae_model"), "mae_naive": number(naive, "mae_naive")}
    if all(abs(values[n] - truths[n]) <= _ROUNDED for n in truths):
        return
    if all(abs(values[n] - truths[m]) <= _ROUNDED for n, m in (("mae_model", "mae_naive"), ("mae_naive", "mae_model"))):
        raise Mistake("The two are exchanged.")
    buyers = came > 0
    for name, gap in gaps.items():
        mistakes = {
            Sentence("{name} averages the errors with their signs: too much and too little cancel.", name=name): (
                float(gap.mean())
            ),
            Sentence(
                "{name} has its sign turned and left on: forecasts less what came, without the sign.", name=name
            ): (float(-gap.mean())),
            Sentence("{name} is a sum over all customers. A customer's mean is asked for.", name=name): (
                float(gap.abs().sum())
            ),
            Sentence("{name} averages squares. Take the distance itself, abs(…).", name=name): float((gap**2).mean()),
            Sentence("{name} is the root of mean squares (RMSE). The mean of the distances is asked for.", name=name): (
                float((gap**2).mean() ** 0.5)
            ),
            Sentence("{name} is of those only who bought. Customers of whom nothing came count too.", name=name): (
                float(gap[buyers].abs().mean())
            ),
            Sentence("{name} is the median distance. The mean is asked for.", name=name): float(gap.abs().median()),
            Sentence(
                "You rounded the forecasts of {name} first. Keep them as they are: .4 purchases is a forecast.",
                name=name,
            ): (float((gap + came).round().sub(came).abs().mean())),
            Sentence("{name} is a part of all that came. The task asks for the mean per customer.", name=name): (
                float(gap.abs().sum() / came.sum())
            ),
            Sentence("{name} compares the two forecasts with each other. What came is holdout_x.", name=name): (
                float((held["forecast"] - held["previous_x"]).abs().mean())
            ),
            Sentence("{name} compares with x, all repeat purchases so far, instead of what came.", name=name): (
                float((gap + came - held["x"]).abs().mean())
            ),
        }
        _figure(values[name], truths[name], name, mistakes)


@exercise(
    "clv-3",
    answers=("by_frequency", "by_value"),
    given=("calls",),
    right=Sentence(
        "Both lists were made in June and judged by what came later. Neither says what a call would change."
    ),
)
def lists(frequency: object, worth: object, calls: pd.DataFrame) -> None:
    """What the three hundred first of two lists brought afterwards."""
    answers = {
        "by_frequency": ("x", number(frequency, "by_frequency")),
        "by_value": ("expected", number(worth, "by_value")),
    }
    truths = {name: _brought(calls, column) for name, (column, _) in answers.items()}
    if all(same(value, truths[name], rtol=1e-6) for name, (_, value) in answers.items()):
        return
    if same(answers["by_frequency"][1], truths["by_value"]) and same(answers["by_value"][1], truths["by_frequency"]):
        raise Mistake("The two are exchanged.")
    hindsight = float(calls["came"].nlargest(_CALLS).sum())
    for name, (column, value) in answers.items():
        listed = calls.sort_values([column, "customer_id"], ascending=[False, True])
        mistakes = {
            Sentence("{name} sorts by what came: nobody knew that in June.", name=name): hindsight,
            Sentence("{name} has the smallest first. The largest should stand on top.", name=name): (
                float(calls.sort_values([column, "customer_id"]).head(_CALLS)["came"].sum())
            ),
            Sentence("{name} has the smallest first. The largest should stand on top.", name=name): (
                float(calls.sort_values(column).head(_CALLS)["came"].sum())
            ),
            Sentence("{name} adds up expected money. What really came is asked for.", name=name): (
                float(listed.head(_CALLS)["expected"].sum())
            ),
            Sentence(
                "{name} has more than 300 customers: those equal to the last one are in. Cut at 300.", name=name
            ): (float(calls.nlargest(_CALLS, column, keep="all")["came"].sum())),
            Sentence("{name} is of the first 30. The task asks for 300.", name=name): (
                float(listed.head(_CALLS // 10)["came"].sum())
            ),
            Sentence("{name} is of all customers. Keep the first 300.", name=name): float(calls["came"].sum()),
            Sentence("{name} is a mean. The sum of the 300 is asked for.", name=name): (
                float(listed.head(_CALLS)["came"].mean())
            ),
            Sentence("{name} has not been sorted: those are 300 customers in the order of their numbers.", name=name): (
                float(calls.head(_CALLS)["came"].sum())
            ),
            Sentence(
                "{name} cuts equal customers by their place in the table. Sort by customer_id too, smallest first.",
                name=name,
            ): (float(calls.sort_values([column, "customer_id"], ascending=False).head(_CALLS)["came"].sum())),
            Sentence(
                "{name} cuts equal customers by their place in the table. Sort by customer_id too, smallest first.",
                name=name,
            ): float(calls.sort_values(column, ascending=False).head(_CALLS)["came"].sum()),
            Sentence("{name} is a share of all the money. It is asked for in yuan.", name=name): (
                truths[name] / float(calls["came"].sum())
            ),
        }
        equals(value, truths[name], name, mistakes)


@exercise(
    "clv-4",
    answers=("expected_spend",),
    given=("p", "q", "v", "times", "mean_spend"),
    right=Sentence("A few large purchases are weak evidence: the estimate lies between their mean and everybody's."),
)
def spend(answer: object, p: float, q: float, v: float, times: float, mean_spend: float) -> None:
    """Gamma-Gamma's expected spend of one customer."""
    truth = p * (v + times * mean_spend) / (p * times + q - 1)
    mistakes = {
        Sentence("That is the customer's own mean: nothing has been pulled towards the others."): mean_spend,
        Sentence("The 1 below the bar is missing."): p * (v + times * mean_spend) / (p * times + q),
        Sentence("Below the bar 1 is added instead of taken off."): p * (v + times * mean_spend) / (p * times + q + 1),
        Sentence("The 1 belongs below the bar."): p * (v + times * mean_spend) / (p * times + q) - 1,
        Sentence("p multiplies the whole sum: brackets around v + times * mean_spend."): (
            (p * v + times * mean_spend) / (p * times + q - 1)
        ),
        Sentence("What stands above the bar needs brackets."): p * v + times * mean_spend / (p * times + q - 1),
        Sentence("What stands above the bar needs brackets."): p * v + times * mean_spend / p * times + q - 1,
        Sentence("times is missing above the bar: times * mean_spend is what all those purchases brought."): (
            p * (v + mean_spend) / (p * times + q - 1)
        ),
        Sentence("times is missing below the bar."): p * (v + times * mean_spend) / (p + q - 1),
        Sentence("p above the bar is missing."): (v + times * mean_spend) / (p * times + q - 1),
        Sentence("p below the bar is missing."): p * (v + times * mean_spend) / (times + q - 1),
        Sentence("You added 1 to times below the bar. The formula here has p times x, and no 1 beside x."): (
            p * (v + times * mean_spend) / (p * (times + 1) + q - 1)
        ),
        Sentence("You counted the first purchase too. times is repeat purchases only, as given."): (
            p * (v + (times + 1) * mean_spend) / (p * (times + 1) + q - 1)
        ),
        Sentence("You multiplied by the number of purchases. The task asks for the spend each time."): times * truth,
        Sentence("v is missing above the bar."): p * times * mean_spend / (p * times + q - 1),
        Sentence("What stands below the bar needs brackets."): p * (v + times * mean_spend) / (p * times) + q - 1,
        Sentence("What stands below the bar needs brackets."): p * (v + times * mean_spend) / p * times + q - 1,
        Sentence("That is the mean of all, for somebody who never came back: times and mean_spend are not in it."): (
            p * v / (q - 1)
        ),
    }
    equals(answer, truth, "expected_spend", mistakes, rounded=0.5)  # whole yuan will do


# --- helpers ---------------------------------------------------------------------------------------------------------


def _figure(answer: object, truth: float, name: str, mistakes: Mapping[Sentence, float]) -> None:
    """A figure that may be rounded to two places, unless it is exactly what a mistake gives."""
    value = number(answer, name)
    if told(value, truth, mistakes) or abs(value - truth) <= _ROUNDED:
        return
    if value not in (0, 1):
        if value == round(truth, 2):
            return
        if value == round(truth, 1):
            raise Mistake("{name} is rounded too far. Keep at least two decimals.", name=name)
    equals(value, truth, name, mistakes, rtol=1e-4)


def _brought(calls: pd.DataFrame, column: str) -> float:
    listed = calls.sort_values([column, "customer_id"], ascending=[False, True])
    return float(listed.head(_CALLS)["came"].sum())
