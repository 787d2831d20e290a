"""What is looked at in the answers of lesson 14."""

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, equals, exercise, number, side
from course.language import Sentence

#: A figure in yuan may be rounded to the cent, the estimate of a total to the yuan.
_CENT, _YUAN = 0.005 + 1e-9, 0.5 + 1e-9
#: What share of a day's clicks may still be missing.
_MISSING = 5 / 10_000


@exercise(
    "scale-1",
    answers=("mean_order",),
    given=("parts",),
    right=Sentence("Forty machines can send it too: a sum and a count each, and the figure of the board is the same."),
)
def mean_order(answer: object, parts: pd.DataFrame) -> None:
    """The mean of all orders from sums and counts."""
    mean, orders, money, customers = (parts[c].astype("float64") for c in ("mean", "orders", "money", "customers"))
    mistakes = {
        Sentence(
            "You took the mean of the four means. The task asks for all orders: add sums and counts."
        ): mean.mean(),
        Sentence("You added the four means up. A mean of all orders is one sum over one count."): mean.sum(),
        Sentence("You took the median of the four means. The task asks for the mean: one sum over one count."): (
            mean.median()
        ),
        Sentence("You divided by customers. The task asks for the money per order."): money.sum() / customers.sum(),
        Sentence("You weighed the means by customers. The task asks per order: weigh by orders."): (
            (mean * customers).sum() / customers.sum()
        ),
        Sentence("You weighed the means by money. The task asks per order: weigh by orders."): (
            (mean * money).sum() / money.sum()
        ),
        Sentence("That is all the money. Divide it by all the orders."): money.sum(),
        Sentence("That is the number of orders. The task asks for yuan per order."): orders.sum(),
        Sentence("You divided orders by money. Turn it round: yuan per order."): orders.sum() / money.sum(),
        Sentence("You divided by four machines. The task asks for the money per order."): money.mean(),
        Sentence("You took the largest of the four means. The task asks for the mean over all machines."): mean.max(),
        Sentence("You took one machine alone. The task asks for all four."): mean.iloc[0],
        Sentence("You took the last machine alone. The task asks for all four."): mean.iloc[-1],
    }
    equals(answer, money.sum() / orders.sum(), "mean_order", mistakes, 0, _CENT)


@exercise(
    "scale-2",
    answers=("her_orders", "her_money", "her_last"),
    given=("deliveries",),
    right=Sentence("Late and twice change nothing any more: any order of arrival gives this portrait."),
)
def portrait(count: object, money: object, last: object, deliveries: pd.DataFrame) -> None:
    """Orders, money and latest order of somebody some of whose orders were delivered twice."""
    once = deliveries.drop_duplicates("order_id")
    amounts, every = once["amount"].astype("float64"), deliveries["amount"].astype("float64")
    twice = deliveries["order_id"].duplicated(keep=False)
    counts = {
        Sentence("You counted deliveries. The task asks for orders: two of them were delivered twice."): (
            len(deliveries)
        ),
        Sentence("You counted only the orders that came twice. The task asks for all her orders."): (
            deliveries["order_id"].duplicated().sum()
        ),
        Sentence("You left out the orders that came twice. They are orders, too: keep one row of each."): (
            (~twice).sum()
        ),
    }
    equals(count, len(once), "her_orders", counts)
    sums = {
        Sentence("You added up all deliveries. Two orders came twice: count each of them once."): every.sum(),
        Sentence("You left out the orders that came twice. Keep one row of each."): every[~twice].sum(),
        Sentence("That is the mean. The task asks for all her money: add up."): amounts.mean(),
        Sentence("That is the largest order. The task asks for all her money: add up."): amounts.max(),
    }
    equals(money, amounts.sum(), "her_money", sums, 0, _CENT)
    _latest(last, once, deliveries)


def _latest(answer: object, once: pd.DataFrame, deliveries: pd.DataFrame) -> None:
    """The time of the latest order, or its day."""
    if isinstance(answer, pd.Series | pd.Index | list | tuple | np.ndarray):
        if len(answer) != 1:
            raise Mistake("her_last holds many times; one is asked for. Which is the latest?")
        answer = np.asarray(answer)[0]
    try:
        day = pd.Timestamp(answer).normalize()
    except (TypeError, ValueError, OverflowError):
        raise Mistake("her_last should be a time; it is of kind {kind}.", kind=type(answer).__name__) from None
    if not isinstance(answer, str | pd.Timestamp | np.datetime64) and not hasattr(answer, "year"):
        raise Mistake("her_last should be a time; it is of kind {kind}.", kind=type(answer).__name__)
    truth = once["ordered_at"].max().normalize()
    mistakes = {
        deliveries["ordered_at"].iloc[-1]: Sentence(
            "You took the newest delivery, which brings an old order once more. Take the largest time."
        ),
        once["ordered_at"].iloc[-1]: Sentence(
            "You took the last row, which came late. The latest order is the one with the largest time."
        ),
        once["ordered_at"].min(): Sentence("That is her first order. The task asks for the latest."),
    }
    for wrong, said in mistakes.items():
        if day == wrong.normalize() != truth:
            raise Mistake(said)
    if day != truth:
        raise Mistake("her_last is {side}.", side=side(day.toordinal(), truth.toordinal()))


@exercise(
    "scale-3",
    answers=("hours_needed",),
    given=("after",),
    right=Sentence("From then on the report hardly changes. Write the hour beside the figure."),
)
def hours_needed(answer: object, after: pd.Series) -> None:
    """The smallest whole number of hours after which few enough clicks are missing."""

    def hours(missing: float, late: pd.Series = after) -> int:
        return next(h for h in range(10_000) if (late > h).mean() <= missing)

    truth, value = hours(_MISSING), number(answer, "hours_needed")
    mistakes = {
        Sentence("You stopped one hour early: more than 5 of 10,000 are still missing then."): truth - 1,
        Sentence("One hour less is enough. The task asks for the smallest number of hours."): truth + 1,
        Sentence("You waited for the last click. At most 5 of 10,000 may be missing."): hours(0),
        Sentence("You took 5 of 1,000. The task asks for 5 of 10,000."): hours(5 / 1000),
        Sentence("You took 1 of 10,000. The task allows 5."): hours(1 / 10_000),
        Sentence("You took 5 of 100. The task asks for 5 of 10,000."): hours(0.05),
        Sentence("You allowed five clicks in all. The task allows 5 of 10,000."): hours(5 / len(after)),
        Sentence("You looked only at the clicks that came after midnight. The task means all clicks."): (
            hours(_MISSING, after[after > 0])
        ),
        Sentence("You took the mean. The task asks when at most 5 of 10,000 are missing."): float(after.mean()),
        Sentence("That is a share. The task asks for hours."): float((after > 0).mean()),
        Sentence("That is a count of clicks. The task asks for hours."): int((after > 0).sum()),
    }
    if value % 1 and not any(value == known for known in mistakes.values()):
        raise Mistake("That is the exact time. The task asks for whole hours: round up.")
    equals(answer, truth, "hours_needed", mistakes)


@exercise(
    "scale-4",
    answers=("estimate",),
    given=("sample",),
    right=Sentence("Each drawn customer speaks for her own class, and the small classes are all heard."),
)
def estimate(answer: object, sample: pd.DataFrame) -> None:
    """The money of all customers from drawn ones, each with a weight."""
    money, weight = sample["monetary_net"].astype("float64"), sample["stands_for"].astype("float64")
    truth = (money * weight).sum()
    by_class = sample.groupby("rfm_class")["monetary_net"].mean()
    mistakes = {
        Sentence("That is the money of the sample. The task asks for all: each stands for several."): money.sum(),
        Sentence("You weighed everybody alike. The classes were drawn in different shares: use stands_for."): (
            money.mean() * weight.sum()
        ),
        Sentence("That is the weighted mean per customer. The task asks for the total: do not divide."): (
            truth / weight.sum()
        ),
        Sentence("You multiplied two sums. Multiply row by row first, then add up."): money.sum() * weight.sum(),
        Sentence("You multiplied by the mean weight. Multiply row by row first, then add up."): (
            money.sum() * weight.mean()
        ),
        Sentence("You divided by stands_for. Who stands for ten counts ten times: multiply."): (money / weight).sum(),
        Sentence("That is the number of customers. The task asks for their money."): weight.sum(),
        Sentence("That is the mean of the sample. The task asks for the money of all customers."): money.mean(),
        Sentence("You took the mean of the classes' means. The classes are not equally large: use stands_for."): (
            by_class.mean() * weight.sum()
        ),
        Sentence("You divided by the customers drawn. The weights say already for how many each stands."): (
            truth / len(sample)
        ),
        Sentence("You took the median customer. A total needs the mean: multiply and add up."): (
            money.median() * weight.sum()
        ),
    }
    equals(answer, truth, "estimate", mistakes, 1e-6, _YUAN)
