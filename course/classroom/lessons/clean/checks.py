"""What is looked at in the answers of lesson 03."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, share, table, told
from course.language import Sentence

_BACK = ("refunded", "cancelled", "unpaid")
_OFF = 5
_PARTS = ("valid", "aside", "wrong")
#: The oldest that is believed.
_OLDEST = 110


# --- clean-1: every row in one place ---------------------------------------------------------------------------------


@exercise(
    "clean-1",
    answers=_PARTS,
    given=("received",),
    right=Sentence(
        "Every row is in one place, and the three parts add up to what was received, in rows and in cents. Nothing was "
        "deleted."
    ),
)
def parts(valid: object, aside: object, wrong: object, received: pd.DataFrame) -> None:
    """The three tables, an order at a time: which of its copies is set aside is free, unless their states differ."""
    if not {"order_id", "status", "ordered_at", "amount", "listed"} <= set(getattr(received, "columns", ())):
        raise Mistake("received has lost a column. Run the cells from the top once more.")
    got = {name: table(answer, name, ("order_id",)) for name, answer in zip(_PARTS, (valid, aside, wrong), strict=True)}
    orders = _by_order(received)
    for name, part in got.items():
        held = part.reset_index()["order_id"] if "order_id" not in part else part["order_id"]
        orders[f"got_{name}"] = held.value_counts().reindex(orders.index).fillna(0).astype("int64")
        if not held.isin(orders.index).all():
            raise Mistake("{name} holds orders that were never received.", name=name)
    there = orders[[f"got_{name}" for name in _PARTS]].sum(axis=1)
    if (there > orders["rows"]).any():
        raise Mistake(
            "Some rows are in two tables. What an earlier rule has taken is no longer there for a later one, nor for "
            "valid."
        )
    if (there < orders["rows"]).any():
        lost = orders[there < orders["rows"]]
        raise Mistake(
            "Some rows are in no table: {which}. The three must add up to what was received.", which=_lost(lost)
        )
    if all((orders[f"got_{name}"] == orders[name]).all() for name in _PARTS):
        return
    if (orders["got_aside"] == orders["wrong"]).all() and (orders["got_wrong"] == orders["aside"]).all():
        raise Mistake("aside and wrong are exchanged: set aside is true and not used, wrong waits to be mended.")
    for holds, sentence in _SIGNS:
        if holds(orders).any():
            raise Mistake(sentence)
    raise Mistake("Some rows are in another place than the first rule that holds puts them.")


def _by_order(received: pd.DataFrame) -> pd.DataFrame:
    """One row an order id: what is known of it, and how many of its rows belong to which part."""
    orders = received.drop_duplicates("order_id").set_index("order_id")[["status", "ordered_at", "amount", "listed"]]
    orders["rows"] = received["order_id"].value_counts().reindex(orders.index)
    orders["states"] = received.groupby("order_id")["status"].nunique().reindex(orders.index)
    orders["back"] = orders["status"].isin(_BACK)
    orders["year"] = ~orders["ordered_at"].dt.year.between(2023, 2024)
    orders["off"] = orders["amount"] > _OFF * orders["listed"]
    faulty = ~orders["back"] & (orders["year"] | orders["off"])
    orders["aside"] = np.where(orders["back"], orders["rows"], orders["rows"] - 1)
    orders["wrong"] = faulty.astype("int64")
    orders["valid"] = orders["rows"] - orders["aside"] - orders["wrong"]
    return orders


def _lost(lost: pd.DataFrame) -> Sentence:
    if lost["listed"].isna().all():
        return Sentence("those whose listed is blank")
    if ((lost["rows"] > 1) & (~lost["back"] | (lost["states"] > 1))).all():
        return Sentence("those that came once more")
    if (lost["ordered_at"] >= "2024-12-31").all() and (lost["ordered_at"] < "2025-01-01").all():
        return Sentence("those of 31 December")
    if (lost["year"] | lost["off"]).all():
        return Sentence("those that are wrong")
    if lost["back"].all():
        return Sentence("those that were taken back")
    return Sentence("look at what valid leaves out")


def _all(among: pd.Series, seen: pd.Series) -> pd.Series:
    """`among` where all of them are seen, else nobody: what hits a few of them only has another reason."""
    return among & bool(seen[among].all())


def _only(seen: pd.Series, among: pd.Series) -> pd.Series:
    """What was seen where all of it is among these, else nothing."""
    return seen & bool(among[seen].all())


def _honest(o: pd.DataFrame) -> pd.Series:
    return ~o["year"] & ~o["off"] & ~o["back"]


#: What is seen in the orders, and what it says; the first one that is seen is told.
_SIGNS: tuple[tuple[Callable[[pd.DataFrame], pd.Series], Sentence], ...] = (
    (
        lambda o: _all(_honest(o) & (o["status"] == "shipped"), o["got_aside"] > 0),
        Sentence("Orders on their way were set aside. Shipped is sold: only refunded, cancelled and unpaid are not."),
    ),
    (
        lambda o: o["back"] & (o["states"] == 1) & (o["got_valid"] > 0),
        Sentence("Some orders are valid that were refunded, cancelled or never paid. Look at all three states."),
    ),
    (
        lambda o: o["back"] & (o["states"] == 1) & (o["got_wrong"] > 0),
        Sentence("What was taken back is true, though not sold: it belongs in aside, and rule 1 comes first."),
    ),
    (
        lambda o: _all(~o["back"] & (o["rows"] > 1), o["got_aside"] >= o["rows"]),
        Sentence("Both rows of a repeated order were set aside. The first of them is the order itself."),
    ),
    (
        lambda o: ~o["back"] & (o["rows"] > 1) & (o["got_valid"] > o["valid"]) & ~o["year"] & ~o["off"],
        Sentence("Orders that came once more are still counted twice."),
    ),
    (
        lambda o: o["back"] & (o["states"] > 1) & (o["got_valid"] > 0),
        Sentence(
            "Orders that were given back are valid in an earlier state. Rule 2 counts every row before, also one that "
            "rule 1 has taken."
        ),
    ),
    (
        lambda o: _honest(o) & (o["rows"] > 1) & (o["got_wrong"] > 0) & (o["got_valid"] > 0),
        Sentence("A copy is no wrong row: rule 2 sets it aside."),
    ),
    (
        lambda o: _honest(o) & (o["got_aside"] > o["aside"]),
        Sentence(
            "Orders were set aside that only look alike, such as those of one customer on one day. The order id is the "
            "key of rule 2."
        ),
    ),
    (
        lambda o: ~o["back"] & (o["year"] | o["off"]) & (o["got_aside"] > o["aside"]),
        Sentence("A wrong year or a wrong amount is set aside here. Those rows are wrong: somebody has to mend them."),
    ),
    (
        lambda o: _only(_honest(o) & (o["got_wrong"] > 0), o["ordered_at"] >= "2024-12-31"),
        Sentence("31 December went wrong: a date without an hour means midnight, and the day's trade comes after it."),
    ),
    (
        lambda o: ~o["back"] & (o["ordered_at"].dt.year < 2023) & (o["got_valid"] > 0),
        Sentence("There are orders in valid from long before 2023."),
    ),
    (
        lambda o: ~o["back"] & (o["ordered_at"].dt.year > 2024) & (o["got_valid"] > 0),
        Sentence("There are orders in valid from the future."),
    ),
    (
        lambda o: _only(_honest(o) & (o["got_wrong"] > 0), o["listed"].isna()),
        Sentence("Orders whose listed is blank are in wrong. A blank proves nothing: there they stay valid."),
    ),
    (
        lambda o: _honest(o) & (o["amount"] <= o["amount"].median()) & (o["got_wrong"] > 0),
        Sentence("There are orders in wrong that nothing is wrong with. Compare amount with five times listed."),
    ),
    (
        lambda o: _honest(o) & (o["got_wrong"] > 0),
        Sentence(
            "There are large orders in wrong that agree with their lines. Compare each amount with its own listed."
        ),
    ),
    (
        lambda o: ~o["back"] & o["off"] & (o["got_valid"] > 0),
        Sentence("There are amounts in valid that have nothing to do with their lines. Small ones can be wrong too."),
    ),
)


# --- clean-2: how old on that day ------------------------------------------------------------------------------------


@exercise(
    "clean-2",
    answers=("age_on",),
    given=("born", "as_of"),
    right=Sentence(
        "Right on birthdays, on the day before them, at both ends and on any day. The same report next year will give "
        "the same ages for today."
    ),
)
def ages(answer: object, born: pd.Series, as_of: pd.Timestamp) -> None:
    """The function, tried on the members and on dates where ages change."""
    if not callable(answer):
        raise Mistake("age_on should be a function: keep the line that begins with def.")
    _tried(answer, born, as_of)
    for day in (pd.Timestamp("2023-06-15"), pd.Timestamp("2024-03-01"), pd.Timestamp("2024-12-31")):
        _tried(answer, _edges(day), day)


def _edges(day: pd.Timestamp) -> pd.Series:
    """Dates of birth on, just before and just after the day, at many ages; blanks, the future, the very old."""
    shifted = [day + pd.Timedelta(days=d) for d in (-1, 0, 1)]
    dates = [d - pd.DateOffset(years=age) for d in shifted for age in (1, 2, 18, 30, 49, 50, 65, 109, 110, 111)]
    # Months and days the other way round: an earlier month with a later day, a later month with an earlier day.
    dates += [pd.Timestamp(1980, m, d) for m in (1, 5, 6, 7, 11) for d in (2, 14, 15, 16, 30)]
    dates += [day, day - pd.Timedelta(days=1), day + pd.Timedelta(days=1), day + pd.Timedelta(days=4000)]
    return pd.Series([*dates, pd.Timestamp("1850-01-01"), pd.NaT], name="born").astype("datetime64[us]")


def _tried(answer: Callable, born: pd.Series, day: pd.Timestamp) -> None:
    try:
        given = answer(born.copy(), day)
    except Exception as error:
        raise Mistake(
            "age_on stops with an error ({kind}: {why}). Call it once yourself, age_on(born, as_of), and look where.",
            kind=type(error).__name__,
            why=str(error)[:120],
        ) from None
    if given is None:
        raise Mistake("age_on gives nothing back: its last line is to be return ….")
    if isinstance(given, np.ndarray | list | pd.Index | pd.api.extensions.ExtensionArray) and len(given) == len(born):
        given = pd.Series(given, index=born.index)
    got = column(given, "age_on")
    if len(got) != len(born):
        raise Mistake("Rows are lost: age_on gives fewer than it was given. A blank keeps its row.")
    try:
        got = pd.to_numeric(got.astype("object").where(~got.isna(), np.nan)).astype("float64").to_numpy()
    except (TypeError, ValueError):
        raise Mistake("age_on should give numbers of years. A length of time has .dt.days.") from None
    _judge(got, born, day)


def _judge(got: np.ndarray, born: pd.Series, day: pd.Timestamp) -> None:
    full = _full_years(born, day)
    truth = _limited(full)
    if told(got, truth, {}):
        return
    blank = born.isna().to_numpy()
    if (~np.isnan(got[blank])).any():
        raise Mistake("Who has no date of birth was given an age. What is blank stays blank.")
    inside = ~np.isnan(truth)
    if np.isnan(got[~blank]).all():
        raise Mistake("Every age is blank.")
    known = _variants(born, day).items()
    told(got, truth, [(sentence, years) for sentence, wrong in known for years in (wrong, _limited(wrong))])
    if np.isnan(got[inside & (truth == 0)]).any():
        raise Mistake("0 is an age: whoever was born less than a year ago has it.")
    if np.isnan(got[inside & (truth == _OLDEST)]).any():
        raise Mistake("110 is still an age; only what lies above it becomes blank.")
    if np.isnan(got[inside]).any():
        raise Mistake("Some ages between 0 and 110 are blank.")
    if (got[inside] != np.floor(got[inside])).any():
        raise Mistake("Full years are asked for: an age of 34.7 is 34.")
    if not (got[inside] == truth[inside]).all():
        _birthdays(got[inside], born[inside], truth[inside], day)
    if (got[~inside] < 0).any():
        raise Mistake("There are ages below 0: whoever is born after the day. Such a date is wrong; leave it blank.")
    raise Mistake("There are ages above 110. Such a date is wrong; leave it blank.")


def _birthdays(got: np.ndarray, born: pd.Series, truth: np.ndarray, day: pd.Timestamp) -> None:
    same = ((born.dt.month == day.month) & (born.dt.day == day.day)).to_numpy()
    if (got[same] != truth[same]).any() and (got[~same] == truth[~same]).all():
        raise Mistake("On the birthday itself the year is full. Here it is full only on the next day.")
    side = Sentence("too high") if (got > truth).sum() > (got < truth).sum() else Sentence("too low")
    raise Mistake(
        "Some ages are {side}. Try it on people born on the day, the day before and the day after.", side=side
    )


def _full_years(born: pd.Series, day: pd.Timestamp) -> np.ndarray:
    year, month, dom = (
        born.dt.year.to_numpy("float64"),
        born.dt.month.to_numpy("float64"),
        born.dt.day.to_numpy("float64"),
    )
    not_yet = (month > day.month) | ((month == day.month) & (dom > day.day))
    return day.year - year - not_yet


def _variants(born: pd.Series, day: pd.Timestamp) -> dict[Sentence, np.ndarray]:
    """What known mistakes give, before the limits of 0 and 110."""
    year, month, dom = (
        born.dt.year.to_numpy("float64"),
        born.dt.month.to_numpy("float64"),
        born.dt.day.to_numpy("float64"),
    )
    days = ((day - born) / pd.Timedelta(days=1)).to_numpy("float64")
    now = pd.Timestamp.now()
    apart = (month <= day.month) & (dom <= day.day)
    return {
        Sentence("Those are days. Years are asked for."): days,
        Sentence("The age is that of today: the clock was used. Use day."): _full_years(born, now),
        Sentence("The clock was used, and only the years were subtracted. Use day, and look at month and day."): (
            now.year - year
        ),
        Sentence("Only the years were subtracted: whoever has the birthday still to come is a year too old."): (
            day.year - year
        ),
        Sentence("A year of 365 days is too short: the leap days make people older than they are."): np.floor(
            days / 365
        ),
        Sentence("Days divided by 365.25 are right on most days, but not on birthdays. Compare month and day."): (
            np.floor(days / 365.25)
        ),
        Sentence("Full years are asked for, and days divided by 365.25 are not right on birthdays."): days / 365.25,
        Sentence("Month and day were compared apart. 15 May comes before 1 June although 15 is more than 1."): (
            day.year - year - ~apart
        ),
        Sentence("Only the months were compared. Within the month of the birthday the day decides."): (
            day.year - year - (month > day.month)
        ),
        Sentence("Only the months were compared, and the birthday's own month counts as not yet come."): (
            day.year - year - (month >= day.month)
        ),
        Sentence("The age is that of another day, whatever day is asked for. Use day, not a date of your own."): (
            _full_years(born, pd.Timestamp("2024-12-31"))
        ),
        Sentence("The subtraction is the wrong way round: day comes first."): year - day.year,
        Sentence("An age is not rounded: 34.7 years are 34."): np.round(days / 365.25),
    }


def _limited(years: np.ndarray) -> np.ndarray:
    """Blank what lies below 0 or above 110."""
    return np.where((years >= 0) & (years <= _OLDEST), years, np.nan)


# --- clean-3: bounds -------------------------------------------------------------------------------------------------


@exercise(
    "clean-3",
    answers=("at_least", "at_most"),
    given=("asked",),
    right=Sentence(
        "Nothing was assumed. How wide that is says what the blanks cost; the table below says what guessing costs."
    ),
)
def bounds(low: object, high: object, asked: pd.DataFrame) -> None:
    """Share of 50+ among all, if nobody and if everybody unknown is."""
    band = asked["band"]
    old, unknown = float((band == "50+").mean()), float((band == "unknown").mean())
    known = old / (1 - unknown)
    got = number(low, "at_least"), number(high, "at_most")
    for name, value in zip(("at_least", "at_most"), got, strict=True):
        if value > 1:
            raise Mistake(
                "{name} should be a share between 0 and 1, not a percentage or a number of people.", name=name
            )
    if got[0] > got[1]:
        raise Mistake("at_least lies above at_most.")
    share(
        got[0],
        old,
        "at_least",
        {
            Sentence("at_least is the share among the known. The unknown stay in the denominator."): known,
            Sentence("at_least counts the unknown as 50 and more. It is the case in which none of them is."): old
            + unknown,
            Sentence("You counted those under 50. The task asks for 50 or more. Try the band 50+."): (
                1 - old - unknown
            ),
            Sentence("at_least is 0. Those of whom you know that they are 50 or more count in any case."): 0.0,
        },
    )
    share(
        got[1],
        old + unknown,
        "at_most",
        {
            Sentence("at_most is the share among the known. Count the unknown, and all of them as 50 and more."): known,
            Sentence("at_most counts none of the unknown. It is the case in which all of them are 50 or more."): old,
            Sentence("at_most is the share of the unknown alone. Add those who are known to be 50 or more."): unknown,
            Sentence("You counted those under 50. The task asks for 50 or more. Try the band 50+."): (
                1 - old - unknown
            ),
            Sentence("You counted everyone who is not known to be 50 or more. Try those who are not under 50."): 1
            - old,
            Sentence("at_most divides by the known. The unknown are in the denominator as well."): (
                (old + unknown) / (1 - unknown)
            ),
            Sentence("at_most gives half of the unknown to each side. The most is when all of them are 50 or more."): (
                old + unknown / 2
            ),
            Sentence("at_most is 1. Those of whom you know that they are younger cannot be 50."): 1.0,
        },
    )


# --- clean-4: who changes class --------------------------------------------------------------------------------------


@exercise(
    "clean-4",
    answers=("changed",),
    given=("came", "mended"),
    right=Sentence("Now the same for every kind of defect, for CLV and for NPS."),
)
def changed(answer: object, came: pd.DataFrame, mended: pd.DataFrame) -> None:
    """Customers whose class under the mean cut differs between the two tables."""
    both = came.merge(mended, on="customer_id", how="outer", suffixes=("_came", "_mended"))
    other = both["finebi_came"].astype("object") != both["finebi_mended"].astype("object")
    truth = int(other.sum())
    size = min(len(came), len(mended))
    rows = int((came["finebi"].to_numpy("object")[:size] != mended["finebi"].to_numpy("object")[:size]).sum())
    money = (both["monetary_net_came"] - both["monetary_net_mended"]).abs() > 1e-6
    equals(
        answer,
        truth,
        "changed",
        {
            Sentence(
                "The tables were compared row by row, but they are sorted differently: bring each customer together."
            ): (rows),
            Sentence("That is a share. The number of customers is asked for."): truth / len(both),
            Sentence("That is a percentage. The number of customers is asked for."): 100 * truth / len(both),
            Sentence("That is how many kept their class. Who changed it is asked for."): len(both) - truth,
            Sentence("That is how many have another amount. Others change class too: the cut itself has moved."): int(
                money.sum()
            ),
            Sentence(
                "That is how many of those with another amount change class. Others do too: the cut has moved."
            ): int((money & other).sum()),
            Sentence("That compares the classes cut at the median. Here finebi is asked for."): int(
                (both["rfm_class_came"].astype("object") != both["rfm_class_mended"].astype("object")).sum()
            ),
            Sentence(
                "The sizes of the classes were compared. A customer who comes and one who goes cancel out there."
            ): (_sizes(came, mended)),
        },
    )


def _sizes(came: pd.DataFrame, mended: pd.DataFrame) -> int:
    counts = (t["finebi"].astype("object").value_counts() for t in (came, mended))
    first, second = counts
    return int(first.sub(second, fill_value=0).abs().sum())
