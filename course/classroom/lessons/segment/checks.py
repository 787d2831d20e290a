"""What can go wrong in lesson 07: the day that counts, the direction of recency, the cut, ties, mirrored items."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, exercise, number, same, side, table, told
from course.language import Sentence

#: The eight items of Luming's survey, four to a factor.
NOVELTY, THRIFT = ("item_1", "item_3", "item_5", "item_7"), ("item_2", "item_4", "item_6", "item_8")
_SCALE = 6  # answers run from 1 to 5: 6 − x mirrors them
#: Alpha may be written with two places.
_ROUNDED = 0.005 + 1e-9


def _match(got: pd.Series, truth: pd.Series, mistakes: Mapping[Sentence, pd.Series]) -> None:
    """Nothing where `got` is the truth; else the mistake, or of how many customers it is not right."""
    if told(got, truth, mistakes):
        return
    off = int((~np.isclose(got.astype("float64"), truth.astype("float64"), atol=1e-6, equal_nan=True)).sum())
    raise Mistake("{name} is not right for {n:,} of {all:,} customers.", name=truth.name, n=off, all=len(truth))


def _by_customer(answer: pd.DataFrame, name: str) -> pd.DataFrame:
    if "customer_id" in answer.columns:
        answer = answer.set_index("customer_id")
    if answer.index.has_duplicates:
        raise Mistake("{name} has some customers twice: one row for each is asked for.", name=name)
    return answer


#: Said where customers or orders of the day itself are missing.
_DAY_ITSELF = Sentence(
    "The orders of as_of itself are missing. as_of is that day's midnight: compare days (column day), the day included."
)

# --- segment-1: recency and frequency by hand ------------------------------------------------------------------------


@exercise(
    "segment-1",
    answers=("mine",),
    given=("orders", "as_of"),
    right=Sentence(
        "One row a customer, nothing from after that day, and the day itself counts. That is all that R and F are."
    ),
)
def _recency_and_frequency(mine: object, orders: pd.DataFrame, as_of: pd.Timestamp) -> None:
    mine = _by_customer(table(mine, "mine", ("recency_days", "frequency")), "mine")
    day = orders["ordered_at"].dt.normalize()
    truth = _counted(orders[day <= as_of], as_of)
    _who(mine, truth, orders, day, as_of)
    mine = mine.reindex(truth.index)
    for name in ("recency_days", "frequency"):
        if pd.api.types.is_timedelta64_dtype(mine[name].dtype):
            raise Mistake("{name} is a length of time. Days as a number: take .dt.days of it.", name=name)
        if mine[name].map(callable).any():
            raise Mistake("{name} is a method that was not called: the brackets () are missing behind it.", name=name)
        if not pd.api.types.is_numeric_dtype(mine[name].dtype):
            raise Mistake("{name} should hold numbers; it holds {kind}.", name=name, kind=mine[name].dtype)
    seen = orders[day <= as_of]
    times, days = seen.groupby("customer_id")["ordered_at"], day[seen.index].groupby(seen["customer_id"])
    ever, before = orders.groupby("customer_id")["ordered_at"], orders[day < as_of].groupby("customer_id")["ordered_at"]
    _match(
        mine["recency_days"],
        truth["recency_days"],
        {
            Sentence(
                "recency_days goes below zero or misses the last order: orders after as_of are in it. Keep the days "
                "up to as_of first."
            ): (as_of - ever.max().dt.normalize()).dt.days,
            Sentence("recency_days is one day too many: an order on as_of is 0 days ago."): truth["recency_days"] + 1,
            Sentence("recency_days is negative: it runs from the order to as_of, not the other way."): (
                -truth["recency_days"]
            ),
            Sentence(
                "recency_days is counted from each customer's first order. Recency is the silence since the last one."
            ): (as_of - days.min()).dt.days,
            Sentence(
                "recency_days runs to the last day in the table. The portrait is of as_of: count the days to that."
            ): (day.max() - days.max()).dt.days,
            Sentence(
                "recency_days is one day short for most customers: as_of is midnight, the orders have a time of day, "
                "and .dt.days rounds down. Count from day to day: use the column day."
            ): (as_of - times.max()).dt.days,
            _DAY_ITSELF: (as_of - before.max().dt.normalize()).dt.days,
            Sentence(
                "recency_days is the span between a customer's first and last order. That is the other recency (t_x), "
                "which CLV models want; here it is the silence up to as_of."
            ): (days.max() - days.min()).dt.days,
        },
    )
    _match(
        mine["frequency"],
        truth["frequency"],
        {
            Sentence("frequency counts orders from after as_of as well. Nothing on that day knew of them."): (
                ever.size()
            ),
            _DAY_ITSELF: before.size(),
            Sentence("frequency counts days with an order. Two orders on one day are two orders."): days.nunique(),
            Sentence("frequency counts repeat orders, one too few: the first order is an order too."): (
                truth["frequency"] - 1
            ),
            Sentence("frequency adds up money. It is the number of orders."): (
                seen.groupby("customer_id")["amount"].sum()
            ),
        },
    )


def _counted(seen: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    by = seen.groupby("customer_id")
    return pd.DataFrame(
        {
            "recency_days": (as_of - by["ordered_at"].max().dt.normalize()).dt.days,
            "frequency": by["order_id"].nunique(),
        }
    )


def _who(mine: pd.DataFrame, truth: pd.DataFrame, orders: pd.DataFrame, day: pd.Series, as_of: pd.Timestamp) -> None:
    """The customers of the answer: those who had ordered by the end of that day, no others."""
    if len(mine) == len(truth) and truth.index.isin(mine.index).all():
        return
    if not truth.index.isin(mine.index).any():
        raise Mistake(
            "The rows of {name} are not called by customer_id: group by it, or keep it as a column.", name="mine"
        )
    later = set(orders["customer_id"]) - set(truth.index)
    if later & set(mine.index):
        raise Mistake(
            "mine has {n:,} customers whose first order is later than as_of: on that day nobody knew them.",
            n=len(later & set(mine.index)),
        )
    last_day_only = set(truth.index) - set(orders.loc[day < as_of, "customer_id"])
    if set(truth.index) - set(mine.index) == last_day_only:
        raise Mistake(_DAY_ITSELF)
    raise Mistake("mine has {got:,} customers; {wanted:,} had ordered by then.", got=len(mine), wanted=len(truth))


# --- segment-2: high and low at the median ---------------------------------------------------------------------------


@exercise(
    "segment-2",
    answers=("high", "win_back"),
    given=("customers",),
    right=Sentence(
        "Three questions with yes or no make eight classes. The whole method is in the cut, so a list without its cut "
        "is no list."
    ),
)
def _high_or_low(high: object, win_back: object, customers: pd.DataFrame) -> None:
    high = table(high, "high", ("r", "f", "m"), rows=len(customers))
    if "customer_id" in high.columns or high.index.name == "customer_id":
        high = _by_customer(high, "high").reindex(customers["customer_id"]).set_index(customers.index)
    for name in ("r", "f", "m"):
        answer = column(high[name], f"high[{name!r}]", customers.index)
        if not set(pd.unique(answer)) <= {True, False}:
            raise Mistake("Column {name} of high should hold True and False only.", name=name)
        _match(answer.astype("bool"), _is_high(customers, name).rename(name), _cut_mistakes(customers, name))
    r, f, m = (_is_high(customers, n) for n in ("r", "f", "m"))
    truth = int((~r & ~f & m).sum())
    mistakes = {
        Sentence("win_back is a share. The number of customers is asked for."): truth / len(customers),
        Sentence("win_back is a percentage. The number of customers is asked for."): 100 * truth / len(customers),
        Sentence("win_back counts the recent ones. To be won back one must have gone quiet: R low."): (
            r & ~f & m
        ).sum(),
        Sentence("These are “important – keep”: they ordered often. Win back is low in F as well as in R."): (
            (~r & f & m).sum()
        ),
        Sentence("These are “general – win back”: M low. *Important* means M high."): (~r & ~f & ~m).sum(),
        Sentence("These are “important – value”: high in all three."): (r & f & m).sum(),
        Sentence("That counts everyone who has gone quiet with high M, whatever F is."): (~r & m).sum(),
        Sentence("That counts everyone who has gone quiet with few orders, whatever M is."): (~r & ~f).sum(),
    }
    if not told(number(win_back, "win_back"), truth, mistakes):
        raise Mistake(
            "high is right; win_back is not yet. Which of r, f and m is high in that class, and which is not?"
        )


_MEASURES = {"r": "recency_days", "f": "frequency", "m": "monetary_net"}


def _is_high(customers: pd.DataFrame, name: str) -> pd.Series:
    values = customers[_MEASURES[name]]
    edge = round(float(values.median()), 6)
    return values < edge if name == "r" else values > edge


def _cut_mistakes(customers: pd.DataFrame, name: str) -> dict[Sentence, pd.Series]:
    values = customers[_MEASURES[name]]
    edge, mean = round(float(values.median()), 6), float(values.mean())
    low_is_high = name == "r"
    out = {
        Sentence(
            "{name}: on the cut itself a customer is low. Use strictly more (recency: strictly fewer), or everybody in "
            "the heap at the median changes class.",
            name=name,
        ): (values <= edge if low_is_high else values >= edge),
        Sentence("{name} is cut at the mean. Asked for is the median.", name=name): (
            values < mean if low_is_high else values > mean
        ),
    }
    if low_is_high:
        out[Sentence("r is the wrong way round: high means recent, and recent is few days.")] = values > edge
        out[Sentence("r is the wrong way round: high means recent, and recent is few days.")] = values >= edge
    else:
        out[Sentence("{name} is the wrong way round: here more is high.", name=name)] = values < edge
    if name == "m":
        each = values / customers["frequency"]
        out[Sentence("m is cut at the money per order. The task asks for the customer's whole monetary_net.")] = (
            each > each.median()
        )
    if name == "m" and "monetary_gross" in customers:
        gross = customers["monetary_gross"]
        out[Sentence("m uses the gross money. Refunds are not income: take monetary_net.")] = gross > gross.median()
    if name in customers:
        out[Sentence("{name} is cut by the score. The classes cut the measure itself.", name=name)] = (
            customers[name] > customers[name].median()
        )
        out[Sentence("{name} is cut by the score. The classes cut the measure itself.", name=name)] = (
            customers[name] >= 4
        )
    return out


# --- segment-3: quintiles that ties cannot move ----------------------------------------------------------------------


@exercise(
    "segment-3",
    answers=("quintile",),
    given=("customers",),
    right=Sentence(
        "Equal customers, equal scores, in any order of rows. A score that nobody gets is the price, and fair."
    ),
)
def _quintile(quintile: object, customers: pd.DataFrame) -> None:
    if not callable(quintile):
        raise Mistake(
            "{name} should be a function; it is of kind {kind}.", name="quintile", kind=type(quintile).__name__
        )
    # The third has ranks on the very edge of a fifth.
    for values in (customers["frequency"], customers["monetary_net"], pd.Series(np.arange(35.0))):
        try:
            got = quintile(values.copy())
        except ValueError as error:
            if "edges" not in str(error):
                raise
            raise Mistake(
                "Cutting at the quantiles stops: two edges are the same value, so large is the heap at one order. "
                "Score the ranks instead."
            ) from None
        if got is None:
            raise Mistake("quintile gives nothing back: its last line needs return.")
        if isinstance(got, np.ndarray | list) and len(got) == len(values):
            got = pd.Series(got, values.index)
        got = column(got, "quintile(values)", values.index)
        if got.isna().any():
            raise Mistake("quintile leaves {n:,} customers without a score.", n=int(got.isna().sum()))
        _judge_scores(quintile, values, pd.to_numeric(got).astype("float64"))


def _judge_scores(quintile: object, values: pd.Series, got: pd.Series) -> None:
    order = np.random.default_rng(0).permutation(len(values))
    again = pd.Series(quintile(values.iloc[order].copy()), values.index[order]).astype("float64").reindex(values.index)
    if not same(got, again):
        raise Mistake(
            "The same rows in another order get other scores ({n:,} customers): ties are broken by row number.",
            n=int((got != again).sum()),
        )
    if not same(got, got.round()):
        raise Mistake("The scores are not whole numbers yet: round up.")
    rank, n = values.rank(method="average"), len(values)
    truth = np.ceil(5 * rank / n).rename("quintile")
    _match(
        got,
        truth,
        {
            Sentence("The smallest values get a 5: large is good here, so they should get a 1."): (
                np.ceil(5 * values.rank(ascending=False) / n)
            ),
            _first_of_heap(): np.ceil(5 * values.rank(method="min") / n),
            _first_of_heap(): sum((values > e).astype("int64") for e in values.quantile([0.2, 0.4, 0.6, 0.8])) + 1,
            Sentence("Tied customers get the score of the last of their heap (highest rank). Take the average rank."): (
                np.ceil(5 * values.rank(method="max") / n)
            ),
            Sentence(
                "You cut the range of values into five equal widths. The task cuts the customers: score the ranks."
            ): (pd.cut(values, 5, labels=False).astype("float64") + 1),
            Sentence(
                "You cut at quantiles and dropped those that are equal (duplicates), so the scores end below 5. Score "
                "the ranks."
            ): pd.qcut(values, 5, labels=False, duplicates="drop").astype("float64") + 1,
            Sentence(
                "These are ranks of the different values (dense): a heap of a thousand counts like one customer."
            ): (np.ceil(5 * values.rank(method="dense") / values.nunique())),
            Sentence("The scores run from 0 to 4, or a rank on an edge falls into the next quintile: round up."): (
                np.floor(5 * rank / n)
            ),
            Sentence("The scores are rounded to the nearest whole number. Every part of a fifth counts: round up."): (
                np.round(5 * rank / n)
            ),
            Sentence("A rank on the edge of a fifth falls into the next one: round up, do not add one."): (
                np.floor(5 * rank / n).clip(upper=4) + 1
            ),
            Sentence("The largest value gets a 6: round up, do not add one."): np.floor(5 * rank / n) + 1,
        },
    )


def _first_of_heap() -> Sentence:
    return Sentence(
        "Tied customers get the score of the first of their heap (lowest rank, or edges at quantiles of the values). "
        "Take the average rank."
    )


# --- segment-4: why me, what if --------------------------------------------------------------------------------------


_CENT = 0.004  # less than the smallest step


@exercise(
    "segment-4",
    answers=("fewer_days", "more_orders", "more_yuan"),
    given=("customers", "someone"),
    right=Sentence(
        "That is an answer to “why am I not in it?” which a customer, or a regulator, can follow: three distances to "
        "three cuts."
    ),
)
def _distances(
    fewer_days: object, more_orders: object, more_yuan: object, customers: pd.DataFrame, someone: str
) -> None:
    row = customers.loc[customers["customer_id"] == someone].iloc[0]
    steps = {"fewer_days": ("recency_days", -1, 1.0), "more_orders": ("frequency", 1, 1.0)}
    steps["more_yuan"] = ("monetary_net", 1, 0.01)
    for name, answer in zip(steps, (fewer_days, more_orders, more_yuan), strict=True):
        measure, sign, step = steps[name]
        value, own = number(answer, name), float(row[measure])
        median, mean = round(float(customers[measure].median()), 6), round(float(customers[measure].mean()), 6)
        truth = _distance(own, median, sign, step)
        mistakes = {
            Sentence("{name} goes further than it must: a smaller step is enough.", name=name): truth + step,
            Sentence(
                "{name} only reaches the cut. On the cut a customer is still low: go one step beyond.", name=name
            ): (sign * (median - own)),
            Sentence("{name} should be a positive number: how much fewer, or how much more.", name=name): -truth,
            Sentence("{name} is measured to the mean. Asked for is the median cut.", name=name): (
                _distance(own, mean, sign, step)
            ),
            Sentence("{name} is measured to the mean. Asked for is the median cut.", name=name): sign * (mean - own),
            Sentence(
                "{name} is the customer's own value. Asked for is the distance to the other side.", name=name
            ): own,
            Sentence("{name} is the value to be reached. Asked for is how far that is.", name=name): own + sign * truth,
            Sentence("{name} is measured to the best customer. The task asks for the cut.", name=name): (
                sign * (float((customers[measure] * sign).max()) * sign - own)
            ),
            Sentence("{name} adds what the task subtracts: the distance is between the two.", name=name): (
                own + median if sign > 0 else np.floor(median) + 1 + own
            ),
        }
        if name == "more_yuan":
            mistakes |= {
                Sentence("You started from the money before refunds. The class goes by monetary_net."): (
                    _distance(float(row["monetary_gross"]), median, sign, step)
                ),
                Sentence("You rounded up to whole yuan. The task asks to the cent."): np.ceil(median - own),
                Sentence("You added a whole yuan. One cent beyond the cut is enough."): round(median + 1 - own, 2),
            }
        if told(value, truth, mistakes, _CENT):
            continue
        if value < 0:
            raise Mistake("{name} should be a positive number: how much fewer, or how much more.", name=name)
        if abs(value / step - round(value / step)) > _CENT:
            raise Mistake("{name} ends between two steps: whole days, whole orders, whole cents.", name=name)
        raise Mistake("{name} is {side}.", name=name, side=side(value, truth))


def _distance(own: float, edge: float, sign: int, step: float) -> float:
    """The fewest steps that bring `own` strictly beyond the edge, in the measure's unit."""
    gap = sign * (edge - own)
    return max(0.0, round((np.floor(gap / step + 1e-9) + 1) * step, 2))


# --- segment-5: mirrored items and Cronbach's alpha ------------------------------------------------------------------


@exercise(
    "segment-5",
    answers=("reverse", "alpha"),
    given=("items",),
    right=Sentence("An item that says the opposite counts against its own scale until it is mirrored."),
)
def _mirrored(reverse: object, alpha: object, items: pd.DataFrame) -> None:
    if isinstance(reverse, str):
        reverse = [reverse]
    named = {str(i) for i in list(reverse)}
    if unknown := sorted(named - set(items.columns)):
        raise Mistake("There is no item {item} in the survey.", item=unknown[0])
    wanted = {_odd_one(items, group) for group in (NOVELTY, THRIFT)}
    others = (set(NOVELTY) | set(THRIFT)) - wanted
    if named == others:
        raise Mistake(
            "These are the items that point the right way. More agreement should mean more of the trait: name the "
            "others."
        )
    if not named:
        raise Mistake("reverse is empty: some item goes against those of its own scale.")
    if named < wanted:
        raise Mistake("What is in reverse is right, but each of the two scales has one such item.")
    if extra := sorted(named - wanted):
        raise Mistake(
            "{item} need not be mirrored. Compare it with the items of its own scale, not with those of the other.",
            item=extra[0],
        )
    _judge_alpha(number(alpha, "alpha"), items)


def _odd_one(items: pd.DataFrame, group: tuple[str, ...]) -> str:
    """The item of a scale that correlates negatively with the sum of the others."""
    correlation = items[list(group)].corr()
    return str((correlation.sum() - 1).idxmin())


def _mirror(items: pd.DataFrame, *names: str) -> pd.DataFrame:
    return items.assign(**{name: _SCALE - items[name] for name in names})


def _judge_alpha(value: float, items: pd.DataFrame) -> None:
    thrift, odd = items[list(THRIFT)].dropna(), _odd_one(items, THRIFT)
    novelty, other = items[list(NOVELTY)].dropna(), _odd_one(items, NOVELTY)
    mirrored = _mirror(thrift, odd)
    truth = _alpha(mirrored)
    k = thrift.shape[1]
    plain, ratio = _alpha(thrift), (k - 1) / k
    mistakes = {
        Sentence("alpha is of the items as they were answered. Mirror the odd one first: 6 − answer."): plain,
        Sentence("alpha lacks the factor k / (k − 1)."): truth * ratio,
        Sentence("alpha takes k for the number of people. It is the number of items."): (
            truth * ratio * len(thrift) / (len(thrift) - 1)
        ),
        Sentence(
            "That is the sum of variances over the variance of the sum. Alpha is one minus it, times k / (k − 1)."
        ): (1 - truth * ratio),
        Sentence("That is the alpha of the other trait, the odd numbers. The task asks for the thrift items."): (
            _alpha(_mirror(novelty, other))
        ),
        Sentence("You put all eight items together. The task asks for the four thrift items."): (
            _alpha(_mirror(items[[*NOVELTY, *THRIFT]].dropna(), odd, other))
        ),
        Sentence("The factor is upside down: k / (k − 1), here 4/3."): truth * ratio**2,
        Sentence("alpha is a percentage. The task asks for a number between 0 and 1."): 100 * truth,
        Sentence("You used the variance of the mean. The formula has the variance of the items' sum."): (
            (1 - mirrored.var().sum() / mirrored.mean(axis=1).var()) / ratio
        ),
        Sentence("You used standard deviations. The formula has variances."): (
            (1 - mirrored.std().sum() / mirrored.sum(axis=1).std()) / ratio
        ),
        Sentence("alpha without the odd item. Mirror it and keep it: all four belong to the scale."): (
            _alpha(thrift.drop(columns=odd))
        ),
    }
    another = Sentence("You mirrored another item. The odd one is the one that goes against the other three.")
    turned = [(another, _alpha(_mirror(thrift, item))) for item in THRIFT if item != odd]
    if told(value, truth, [*mistakes.items(), *turned], rtol=0.001) or abs(value - truth) <= _ROUNDED:
        return
    if not 0 <= value <= 1:
        raise Mistake(
            "alpha is outside 0 to 1: one item still works against the others, or the formula is turned over."
        )
    raise Mistake("{name} is {side}.", name="alpha", side=side(value, truth))


def _alpha(items: pd.DataFrame) -> float:
    k = items.shape[1]
    return float(k / (k - 1) * (1 - items.var().sum() / items.sum(axis=1).var()))
