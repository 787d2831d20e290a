"""What is looked at in the answers of lesson 06."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, same, told
from course.classroom.lessons.tag.material import EDGE, WINDOW
from course.language import Sentence

_YOUNGEST, _OLDEST = 22, 45
_Z = 1.96


@exercise(
    "tag-1",
    answers=("parents",),
    given=("staples", "as_of"),
    right=Sentence(
        "The right customers, those on the edges included: 22 and 45, the first day and the last, two orders on one "
        "day. Next: the same rule as one line that needs no code."
    ),
)
def by_hand(answer: object, staples: pd.DataFrame, as_of: pd.Timestamp) -> None:
    """The ids of those aged 22–45 with two orders of milk powder or nappies in the 180 days that end on `as_of`."""
    listed = _ids(answer)
    if len(listed) != len(set(listed)):
        raise Mistake("Some customers stand in parents more than once. Each id is asked for once.")
    got = set(listed)
    if not got:
        raise Mistake("parents is empty. One of the conditions lets nobody through.")
    if not got & set(staples["customer_id"].astype("str")):
        raise Mistake("parents holds no customer ids. After grouping by customer, the ids are the index.")
    age = staples["age"].between(_YOUNGEST, _OLDEST).fillna(False).astype(bool)
    begins = as_of - pd.Timedelta(days=WINDOW)
    recent = (staples["day"] > begins) & (staples["day"] <= as_of)
    rows = staples[age & recent]
    truth = _carriers(rows)
    sizes, pieces = rows.groupby("customer_id").size(), rows.groupby("customer_id")["quantity"].sum()
    orders = rows.groupby("customer_id")["order_id"].nunique()
    on_days = rows.groupby("customer_id")["day"].nunique()
    strictly = recent & staples["age"].between(_YOUNGEST, _OLDEST, inclusive="neither").fillna(False).astype(bool)
    blank = staples["age"].isna()
    mistakes = {
        Sentence(
            "You left out the test customers. Count from staples, which has them: each is on an edge of the rule."
        ): {one for one in truth if not one.startswith(EDGE)},
        Sentence("The window is missing: orders of two years count. Keep the last 180 days."): _carriers(staples[age]),
        Sentence("These are the orders before the window. Turn the comparison of day round."): _carriers(
            staples[age & ~recent]
        ),
        Sentence("The window holds 181 days. It ends on as_of, that day included, so it begins a day later."): (
            _carriers(staples[age & (staples["day"] >= begins) & (staples["day"] <= as_of)])
        ),
        Sentence("The window ends a day early: as_of itself counts."): _carriers(rows[rows["day"] < as_of]),
        Sentence("The age is missing: grandparents buy nappies twice, too."): _carriers(staples[recent]),
        Sentence("Who is of unknown age is in. Nothing is claimed of them."): _carriers(
            staples[recent & (age | blank)]
        ),
        Sentence("The upper end of the age is missing: grandparents buy nappies twice, too."): _carriers(
            staples[recent & staples["age"].ge(_YOUNGEST).fillna(False).astype(bool)]
        ),
        Sentence("22 and 45 themselves belong to the ages; here one of them or both are left out."): _carriers(
            staples[strictly]
        ),
        Sentence("Rows were counted. One order may hold milk powder and nappies: count different orders."): _named(
            sizes[sizes >= 2]
        ),
        Sentence("You counted days with an order. Two orders on one day are two orders: count order_ids."): _named(
            on_days[on_days >= 2]
        ),
        Sentence("Pieces were counted. Three packs in one order are one order."): _named(pieces[pieces >= 2]),
        Sentence("Everybody with one order is in. At least two are asked for."): _named(orders),
        Sentence("At least two means two or more; here those with exactly two are missing."): _named(
            orders[orders > 2]
        ),
    }
    for kind in rows["kind"].unique() if "kind" in rows else ():
        mistakes[Sentence("Only one of the two goods is counted. Milk powder and nappies both are.")] = _carriers(
            rows[rows["kind"] == kind]
        )
    if told(got, truth, mistakes):
        return
    if got < truth:
        raise Mistake(
            "All in parents carry the tag, but some who do are missing. Look at the edges: 22, 45, first day."
        )
    if got > truth:
        raise Mistake("All who carry the tag are in parents, and some others. Look at window, orders and age in turn.")
    raise Mistake(
        "Some are in parents who do not carry the tag, and some who do are missing. Check window, orders, age."
    )


@exercise(
    "tag-2",
    answers=("mails", "people", "spring"),
    given=("carried",),
    right=Sentence("Sizes add up, people do not: whoever is on two lists is one person with two letters."),
)
def audience(mails: object, people: object, spring: object, carried: pd.DataFrame) -> None:
    """Letters, different customers, and those of them who are not at risk."""
    a, b, c, risk = (carried[n].to_numpy(dtype=bool) for n in ("high_value", "high_activity", "new_parent", "at_risk"))
    union, total = a | b | c, int(a.sum() + b.sum() + c.sum())
    twos = int((a & b).sum() + (a & c).sum() + (b & c).sum())
    asked_mails = {
        Sentence(
            "mails counts people. With every list mailed by itself, whoever is on two of them gets two letters."
        ): (union.sum()),
        Sentence("mails counts only two of the three lists."): total - int(c.sum()),
        Sentence("at_risk is not one of the three lists; leave it out of mails."): total + int(risk.sum()),
        Sentence("mails is the number of all customers. Count those on the lists."): len(carried),
    }
    equals(mails, total, "mails", asked_mails)
    asked_people = {
        Sentence("people counts letters: whoever is on two lists was counted twice."): total,
        Sentence("people holds those who are on all three lists. At least one is asked for."): (a & b & c).sum(),
        Sentence("The overlaps of two are off, but whoever is on all three went out altogether: add them once."): (
            total - twos
        ),
        Sentence("people holds those who are on exactly one list. More than one is allowed."): (
            (a.astype(int) + b + c) == 1
        ).sum(),
        Sentence("people counts only two of the three lists."): (a | b).sum(),
        Sentence("people is a share. A number of customers is asked for."): union.mean(),
        Sentence("That is spring: those at risk were left out already."): (union & ~risk).sum(),
        Sentence("You counted all customers of the table. The task asks for those on at least one list."): len(carried),
    }
    equals(people, int(union.sum()), "people", asked_people)
    asked_spring = {
        Sentence("spring still holds those at risk."): union.sum(),
        Sentence("spring holds those at risk, and only them. Turn at_risk round with ~."): (union & risk).sum(),
        Sentence("& binds before |: at_risk was taken off the last list only. Put the three lists in brackets."): (
            a | b | (c & ~risk)
        ).sum(),
        Sentence("spring holds everybody who is not at risk, on a list or not."): (~risk).sum(),
        Sentence("You counted letters: somebody on two lists is one person. Take the union, then leave out at_risk."): (
            (a & ~risk).sum() + (b & ~risk).sum() + (c & ~risk).sum()
        ),
        Sentence("You took those on exactly one list. Somebody on two or three counts too."): (
            ((a.astype(int) + b + c == 1) & ~risk).sum()
        ),
        Sentence("All at risk were subtracted. Most of them were on no list: subtract those who were."): (
            union.sum() - risk.sum()
        ),
    }
    equals(spring, int((union & ~risk).sum()), "spring", asked_spring)


@exercise(
    "tag-3",
    answers=("correct", "correct_low", "correct_high"),
    given=("birthdays",),
    right=Sentence("A self-filled tag with its error, judged by those whose document was seen. Next: does it do harm?"),
)
def declared(share: object, low: object, high: object, birthdays: pd.DataFrame) -> None:
    """The share of declared birthdays that are right, with its 95 % interval: plain or Wilson's."""
    seen = birthdays.dropna(subset="verified")
    agree = seen["declared"] == seen["verified"]
    truth, n = float(agree.mean()), len(seen)
    mistakes = {
        Sentence("Accounts without a document count as wrong here. A blank cannot be judged: leave those out."): (
            agree.sum() / len(birthdays)
        ),
        Sentence("That is the share of those who are wrong."): 1 - truth,
        Sentence("Percent are given. Shares from 0 to 1 are asked for."): 100 * truth,
        Sentence("That is the share of accounts whose document was seen."): n / len(birthdays),
        Sentence("That is a number of accounts. Divide it by those that could be judged."): float(agree.sum()),
        Sentence("Only the years were compared. The same day is asked for."): (
            (seen["declared"].dt.year == seen["verified"].dt.year).mean()
        ),
    }
    value = number(share, "correct")
    if value != truth and same(value, round(truth, 2)):
        raise Mistake("correct is rounded to whole percent, too coarse for its interval. Give three places or more.")
    equals(value, truth, "correct", mistakes, rounded=5e-4)
    low, high = number(low, "correct_low"), number(high, "correct_high")
    if low > high:
        raise Mistake("correct_low lies above correct_high. Exchange the two.")
    error = (truth * (1 - truth) / n) ** 0.5
    middle, reach = _wilson(truth, n)
    plain, wilson = (truth - _Z * error, truth + _Z * error), (middle - reach, middle + reach)
    if same((low, high), plain, 6e-4) or same((low, high), wilson, 6e-4):
        return
    everybody = (truth * (1 - truth) / len(birthdays)) ** 0.5
    reaches = {
        Sentence("That is one standard error to each side. 95 of 100 need 1.96 of them."): error,
        Sentence("The root is missing: 1.96 variances to each side are no error."): _Z * error**2,
        Sentence("That is the spread of single answers. Divide by n before the root is taken."): _Z * error * n**0.5,
        Sentence("n is the number of all accounts here. Only those can be counted that could be judged."): (
            _Z * everybody
        ),
        Sentence("That is an interval of 90%. For 95% it takes 1.96 standard errors."): 1.645 * error,
        Sentence("That is the whole width to each side. The two ends are 1.96 errors off, not twice that."): (
            2 * _Z * error
        ),
    }
    centre, unit = (high + low) / 2, _Z * error
    near = {said: wrong / unit for said, wrong in reaches.items() if abs(centre - truth) <= 0.1 * wrong + 1e-9}
    if high > low:
        told((high - low) / 2 / unit, 1.0, near, rtol=0.02)
    if (high - low) / 2 > _Z * error:
        raise Mistake("The share is right, and its interval is too wide or lies beside it.")
    raise Mistake("The share is right, and its interval is too narrow or lies beside it.")


@exercise(
    "tag-4",
    answers=("sensitivity",),
    given=("counts",),
    right=Sentence("Orders a day against orders a day: how much promotion a customer was shown no longer counts."),
)
def price(answer: object, counts: pd.DataFrame) -> None:
    """The log ratio of the two rates, a value a row of `counts`."""
    if isinstance(answer, pd.DataFrame) and "sensitivity" in answer:
        answer = answer["sensitivity"]
    if isinstance(answer, np.ndarray | list) and len(answer) == len(counts):
        answer = pd.Series(answer, counts.index)
    got = column(answer, "sensitivity", counts.index).astype("float64")
    names = ("discounted_orders", "full_orders", "promo_days", "full_days")
    d, n, promo, full = (counts[name].astype("float64") for name in names)
    truth = np.log(((d + 0.5) / promo) / ((n + 0.5) / full))
    if np.isinf(got).any() or got.isna().any():
        raise Mistake("Some values are infinite or blank: who has no order of one sort is why ½ is added to both.")
    mistakes = {
        Sentence("The days are missing: who is shown more promotions has more discounted orders."): np.log(
            (d + 0.5) / (n + 0.5)
        ),
        Sentence("That is the ratio itself. Take its natural logarithm."): np.exp(truth),
        Sentence("The ratio is upside down: the rate under promotion goes above."): -truth,
        Sentence("That is the logarithm to base 10; the natural one is np.log."): truth / np.log(10),
        Sentence("That is the logarithm to base 2; the natural one is np.log."): truth / np.log(2),
        Sentence("The days are exchanged: discounted orders belong to promotion days."): np.log(
            ((d + 0.5) / full) / ((n + 0.5) / promo)
        ),
        Sentence("The ½ was added to the rates. Add it to the orders, then divide by the days."): np.log(
            (d / promo + 0.5) / (n / full + 0.5)
        ),
        Sentence("You added the ½ to the days as well. Add it to the orders only."): np.log(
            ((d + 0.5) / (promo + 0.5)) / ((n + 0.5) / (full + 0.5))
        ),
        Sentence("You added 1 to the orders. The task adds ½."): np.log(((d + 1) / promo) / ((n + 1) / full)),
        Sentence("That is the difference of the two rates. Divide one by the other, then take the logarithm."): (
            (d + 0.5) / promo - (n + 0.5) / full
        ),
        Sentence("That is the share of orders with a discount, which is what the ratio is to replace."): d / (d + n),
    }
    if not told(got, truth, mistakes, 0.006):
        raise Mistake("The values are others. Two rates, each (orders + ½) / days; then the logarithm of their ratio.")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _ids(answer: object) -> list[str]:
    """The customer ids of an answer, whatever holds them."""
    if isinstance(answer, pd.DataFrame):
        answer = answer.get("customer_id", answer.index)
    elif isinstance(answer, pd.Series) and answer.index.name == "customer_id":
        answer = answer.index[answer.fillna(False).astype(bool)] if answer.dtype.name in _TRUTH else answer.index
    if isinstance(answer, Mapping):
        answer = list(answer)
    if callable(answer):
        raise Mistake("{name} is a method that was not called: the brackets () are missing behind it.", name="parents")
    if isinstance(answer, str | bytes) or not isinstance(answer, Iterable):
        raise Mistake("parents should hold customer ids; it is of kind {kind}.", kind=type(answer).__name__)
    return [str(one) for one in answer]


_TRUTH = ("bool", "boolean")


def _carriers(rows: pd.DataFrame) -> set[str]:
    orders = rows.groupby("customer_id")["order_id"].nunique()
    return _named(orders[orders >= 2])


def _named(counted: pd.Series) -> set[str]:
    return set(counted.index.astype("str"))


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Middle and reach of Wilson's interval."""
    grown = 1 + _Z**2 / n
    reach = _Z * (share * (1 - share) / n + _Z**2 / (4 * n**2)) ** 0.5
    return (share + _Z**2 / (2 * n)) / grown, reach / grown
