"""What can go wrong in lesson 05: gross for net, orders for customers, who is new, the edge of thirty minutes."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, share, told
from course.language import Sentence

#: A fifth may be cut one customer sooner or later, or between two of them.
_NEARLY = 0.002
#: Half an hour, the gap of the lesson.
_GAP = 30
#: So many visitors of the click log are enough to tell a wrong count.
_VISITORS = 400


# --- behaviour-1: the best fifth -------------------------------------------------------------------------------------


@exercise(
    "behaviour-1",
    answers=("spent", "top_fifth"),
    given=("orders",),
    right=Sentence(
        "Net, by customer, a fifth of the customers: a share like this is quoted with all three, and with its interval."
    ),
)
def _best_fifth(spent: object, top_fifth: object, orders: pd.DataFrame) -> None:
    truth = orders.groupby("customer_id")["net"].sum()
    _spent(spent, truth, orders)
    _top_fifth(number(top_fifth, "top_fifth"), truth, orders)


def _spent(answer: object, truth: pd.Series, orders: pd.DataFrame) -> None:
    if isinstance(answer, dict):
        answer = pd.Series(answer, dtype="float64")
    if isinstance(answer, pd.DataFrame):
        if "customer_id" in answer.columns:
            answer = answer.set_index("customer_id")
        if answer.shape[1] > 1 and "net" in answer.columns:
            answer = answer["net"]
    got = column(answer, "spent")
    if len(got) == len(orders) and len(orders) > len(truth):
        raise Mistake("spent has a row for every order. Group by customer_id and add up: one row a customer.")
    got = column(answer, "spent", truth.index)
    if not pd.api.types.is_numeric_dtype(got):
        raise Mistake("spent should hold numbers, the yuan of each customer.")
    groups = orders.groupby("customer_id")
    mistakes = {
        Sentence("That is gross: refunds are still in it. The column net has them taken off."): groups["amount"].sum(),
        Sentence("That is money per order. Add up the orders of a customer."): groups["net"].mean(),
        Sentence("That is the number of orders. Money is asked for."): groups["net"].count(),
        Sentence("That is the largest order of each customer. Add up all of them."): groups["net"].max(),
        Sentence("That is what was refunded. Take it off the amount."): groups["refunded"].sum(),
    }
    got = got.astype("float64")
    if not told(got, truth, mistakes, 0.006):
        off = int((~np.isclose(got, truth, atol=0.006)).sum())
        raise Mistake("{name} is not right for {n:,} of {all:,} customers.", name="spent", n=off, all=len(truth))


def _top_fifth(value: float, truth: pd.Series, orders: pd.DataFrame) -> None:
    total, n = truth.sum(), len(truth)
    best = truth.sort_values(ascending=False, kind="stable")
    right = best.iloc[: round(n / 5)].sum() / total
    of_orders = orders["net"].sort_values(ascending=False)
    often = orders["customer_id"].value_counts()
    mistakes = {
        Sentence(
            "You ranked the customers by their number of orders. The task asks for those who spent most: rank spent."
        ): (truth[often.index[: round(n / 5)]].sum() / total),
        Sentence(
            "You took customers who spent at least four fifths of the largest sum. The task asks for a fifth of the "
            "customers: rank them."
        ): (truth[truth >= 0.8 * truth.max()].sum() / total),
        Sentence("That is a percentage. A number between 0 and 1 is asked for."): 100 * right,
        Sentence("Those are yuan. Divide by the net money of all customers."): right * total,
        Sentence("That is the poorest fifth: rank the other way round."): best.iloc[-round(n / 5) :].sum() / total,
        Sentence("That is the share of all but the best fifth: the sign of the comparison is turned."): 1 - right,
        Sentence("That is a fifth of the orders, not of the customers. Rank spent."): (
            of_orders.iloc[: len(orders) // 5].sum() / of_orders.sum()
        ),
        Sentence("Those are twenty customers, not 20% of them."): best.iloc[:20].sum() / total,
        Sentence("That is the best tenth. A fifth is twice as many customers."): best.iloc[: round(n / 10)].sum()
        / total,
        Sentence("Those are the first customers of the list as it stands. Sort or rank by money first."): (
            truth.iloc[: n // 5].sum() / total
        ),
        Sentence(
            "You computed the share of the customers who bring 80% of the money. The task asks for the share of the "
            "money."
        ): ((best.cumsum() < 0.8 * total).mean()),
        Sentence("0.2 is the share of the customers. What share of the money do they bring?"): 0.2,
        Sentence("Net over gross: the denominator still holds the refunds. Divide by the sum of spent."): (
            right * total / orders["amount"].sum()
        ),
        Sentence("You took everybody above the mean. The task asks for the 20% who spent most."): (
            truth[truth > truth.mean()].sum() / total
        ),
    }
    equals(value, right, "top_fifth", mistakes, rtol=_NEARLY)


# --- behaviour-2: retention of one cohort ----------------------------------------------------------------------------


@exercise(
    "behaviour-2",
    answers=("cohort", "came_back"),
    given=("orders",),
    right=Sentence(
        "First order ever, customers and not orders, one month and no other. That is a cell of the heat map."
    ),
)
def _retention(cohort: object, came_back: object, orders: pd.DataFrame) -> None:
    months = orders.groupby("customer_id")["month"]
    began = months.min()
    june = set(began.index[began == "2024-06"])
    in_month = {m: set(who) for m, who in orders.groupby("month")["customer_id"]}
    of_year = orders[orders["month"] >= "2024-01"].groupby("customer_id")["month"].min()
    mistakes = {
        Sentence("Those are all who ordered in June. A cohort is only those who had never ordered before."): len(
            in_month["2024-06"]
        ),
        Sentence("Those are the orders of June. Customers are asked for, and only those whose first order it was."): (
            (orders["month"] == "2024-06").sum()
        ),
        Sentence(
            "You looked at the orders of 2024 alone, so customers who came in 2023 and again in June look new. Take "
            "all orders."
        ): ((of_year == "2024-06").sum()),
        Sentence("Those are customers whose last order was in June. The first one counts."): (
            (months.max() == "2024-06").sum()
        ),
        Sentence("That is the cohort of June 2023. Look at the year."): (began == "2023-06").sum(),
        Sentence("You took all customers who began up to June. The task asks for the month of June alone."): (
            (began <= "2024-06").sum()
        ),
        Sentence("You took all customers who began from June on. The task asks for the month of June alone."): (
            (began >= "2024-06").sum()
        ),
    }
    equals(cohort, len(june), "cohort", mistakes)
    _came_back(number(came_back, "came_back"), june, in_month, orders)


def _came_back(value: float, june: set, in_month: dict[str, set], orders: pd.DataFrame) -> None:
    n, september = len(june), in_month["2024-09"]
    right = len(june & september) / n
    own = orders[orders["customer_id"].isin(june)]
    within = set(own.loc[own["month"].between("2024-07", "2024-09"), "customer_id"])
    since = set(own.loc[own["month"] > "2024-06", "customer_id"])
    from_september = set(own.loc[own["month"] >= "2024-09", "customer_id"])
    mistakes = {
        Sentence("That is a percentage. A number between 0 and 1 is asked for."): 100 * right,
        Sentence("That is the number of customers who came back. Divide by the cohort."): right * n,
        Sentence("You counted orders. The task asks for customers: somebody who came twice has come back once."): (
            (own["month"] == "2024-09").sum() / n
        ),
        Sentence("You took everybody who came in one of the three months. The task asks for September alone."): len(
            within
        )
        / n,
        Sentence("You took everybody who came again at any time since. The task asks for September alone."): len(since)
        / n,
        Sentence("You took September and all months after it. The task asks for September alone."): len(from_september)
        / n,
        Sentence("That is August, two months after. Three months after June is September."): (
            len(june & in_month["2024-08"]) / n
        ),
        Sentence("That is October, four months after. Three months after June is September."): (
            len(june & in_month["2024-10"]) / n
        ),
        Sentence(
            "You divided by all who bought in September. The task asks for a share of the cohort: divide by cohort."
        ): (len(june & september) / len(september)),
        Sentence("Those are all customers of September, over the cohort. Only members of the cohort can come back."): (
            len(september) / n
        ),
        Sentence("You found nobody. The customer_ids are in the index: write isin(june.index)."): 0,
        Sentence("That is the share of those who did not come. The others are asked for."): 1 - right,
        Sentence(
            "You divided by all orders of September. The task asks for a share of the cohort: divide by cohort."
        ): ((own["month"] == "2024-09").sum() / (orders["month"] == "2024-09").sum()),
        Sentence("You divided by all customers. The task asks for a share of the cohort: divide by cohort."): (
            right * n / orders["customer_id"].nunique()
        ),
    }
    share(value, right, "came_back", mistakes)


# --- behaviour-3: visits ---------------------------------------------------------------------------------------------

#: Small logs, each for one thing that goes wrong: (visitor, minutes since midnight) in the order of the rows.
_LOGS = {
    "one": [("v1", 0)],
    "seconds": [("v1", 0), ("v1", 0.25), ("v1", 10)],
    "clock": [("v1", 20), ("v1", 40)],
    "two": [("v1", 0), ("v2", 5), ("v1", 10), ("v2", 15), ("v1", 20), ("v2", 25)],
    "plain": [("v1", 0), ("v1", 10), ("v1", 50), ("v2", 0), ("v2", 45), ("v2", 46)],
    "order": [("v1", 0), ("v1", 50), ("v1", 25)],
    "days": [("v1", 0), ("v1", 24 * 60 + 5), ("v1", 2 * 24 * 60 + 6)],
    "edge": [("v1", 0), ("v1", 30), ("v1", 60)],
    "half": [("v1", 0), ("v1", 30.5)],
}
_SAID = {
    "one": Sentence(
        "A single click is one visit. The first click of a visitor has no gap before it, and opens one all the same."
    ),
    "seconds": Sentence("You compared seconds with minutes. Compare lengths of time: pd.Timedelta(minutes=minutes)."),
    "clock": Sentence(
        "You cut the clock into half hours: two clicks twenty minutes apart became two visits. Measure the gap to the "
        "same visitor's click before."
    ),
    "two": Sentence(
        "Where two visitors click by turns the count is off: the gap is to one's own click before. Group by visitor."
    ),
    "plain": Sentence("On six clicks of two visitors the count is off. Write six times on paper and count by hand."),
    "order": Sentence("Where rows are not in the order of time the count is off. Sort by visitor and time first."),
    "days": Sentence(
        "A gap of a day and five minutes was taken for five minutes. Compare lengths of time, not .dt.seconds."
    ),
    "half": Sentence(
        "You compared whole minutes: a gap of 30 minutes and 30 seconds opens a new visit. Keep the seconds."
    ),
    "edge": Sentence("Exactly 30:00 still belongs to the visit: a new one takes more than that."),
}


def _log(name: str) -> pd.DataFrame:
    who, at = zip(*_LOGS[name], strict=True)
    return pd.DataFrame({"visitor_id": who, "at": pd.Timestamp("2024-09-01") + pd.to_timedelta(at, "min")})


def _count(log: pd.DataFrame, minutes: float) -> int:
    log = log.sort_values(["visitor_id", "at"])
    gap = log.groupby("visitor_id")["at"].diff()
    return int((gap.isna() | (gap > pd.Timedelta(minutes=minutes))).sum())


@exercise(
    "behaviour-3",
    answers=("visits",),
    given=("events",),
    right=Sentence(
        "Exactly thirty minutes stay together, days do not, and nobody's click ends another's visit. The log agrees."
    ),
)
def _visits(visits: object, events: pd.DataFrame) -> None:
    if isinstance(visits, int | float | np.number) or not isinstance(visits, Callable):
        raise Mistake("visits should be a function of clicks and minutes: def visits(clicks, minutes): …")
    for name, said in _SAID.items():
        log = _log(name)
        got, truth = _called_on(visits, log.copy(), _GAP), _count(log, _GAP)
        if got != truth:
            raise Mistake(_counted_else(got, log) or said)
    events = _some(events)
    for minutes in (_GAP, 5, 90):
        got = _called_on(visits, events[["visitor_id", "at"]].copy(), minutes)
        if got != _count(events, minutes):
            if minutes != _GAP and got == _count(events, _GAP):
                raise Mistake("Thirty minutes are written into the function. Use what is handed over as minutes.")
            raise Mistake("On the small logs the function is right, on the whole click log it is not.")


def _some(events: pd.DataFrame) -> pd.DataFrame:
    """The clicks of a few hundred visitors: a loop over visitors is right too, and has seconds only."""
    visitors = events["visitor_id"].dropna().unique()
    return events[events["visitor_id"].isin(visitors[:_VISITORS])]


def _counted_else(got: float, log: pd.DataFrame) -> Sentence | None:
    """What was counted in place of visits, where a log of several visitors and visits tells it."""
    clicks = Sentence("Those are clicks. A visit may hold several.")
    if log["visitor_id"].nunique() == 1:
        return clicks if got == len(log) and log["at"].max() - log["at"].min() < pd.Timedelta(minutes=20) else None
    if got == len(log):
        return clicks
    if got == log["visitor_id"].nunique():
        return Sentence("Those are visitors. A visitor may come several times.")
    return None


def _called_on(visits: Callable, log: pd.DataFrame, minutes: float) -> float:
    try:
        got = visits(log, minutes)
    except TypeError as error:
        if "timedelta" in str(error).lower():
            raise Mistake(
                "visits compares a length of time with a bare number: write pd.Timedelta(minutes=minutes)."
            ) from None
        raise Mistake("visits cannot be called as visits(clicks, minutes): {why}", why=str(error)[:120]) from None
    except KeyError as error:
        raise Mistake(
            "visits looks for {what}; the table has the columns visitor_id and at.", what=str(error)
        ) from None
    if got is None:
        raise Mistake("visits gives nothing back. The last line is: return …")
    return number(got, "visits(clicks, minutes)")


# --- behaviour-4: lift -----------------------------------------------------------------------------------------------


@exercise(
    "behaviour-4",
    answers=("lift",),
    given=("items", "a", "b", "bought"),
    right=Sentence(
        "Above 1: more often than independence would give. Whether chance or basket size explains it comes next."
    ),
)
def _lift(lift: object, items: pd.DataFrame, a: str, b: str, bought: pd.DataFrame) -> None:
    in_a, in_b = (set(items.loc[items["product_id"] == p, "order_id"]) for p in (a, b))
    orders, both = items["order_id"].nunique(), len(in_a & in_b)
    right = both * orders / (len(in_a) * len(in_b))
    mistakes = {
        Sentence(
            "You divided by all orders, also those whose lines are missing. The task asks for the orders in items."
        ): (both * bought["order_id"].nunique() / (len(in_a) * len(in_b))),
        Sentence("You counted customers. The task asks for orders: the two products in one basket."): (
            _lift_of_customers(bought, a, b)
        ),
        Sentence("You took the difference of the two shares. The task asks for the one over the other."): (
            both / orders - len(in_a) / orders * len(in_b) / orders
        ),
        Sentence("All rows of items were taken for orders. Count the different order_ids."): (
            both * len(items) / (len(in_a) * len(in_b))
        ),
        Sentence(
            "That is confidence: the share with b among orders with a. Compare it with the share of b in all orders."
        ): (both / len(in_a)),
        Sentence("That is confidence from b to a. Compare it with the share of a in all orders."): both / len(in_b),
        Sentence("That is support: the share of orders with both. Divide by what independence would give."): both
        / orders,
        Sentence("That is the number of orders with both."): both,
        Sentence("The fraction is upside down."): 1 / right,
        Sentence("The two shares were added. Of two things that are independent, shares multiply."): (
            (both / orders) / (len(in_a) / orders + len(in_b) / orders)
        ),
        Sentence("The number of orders is missing: shares were mixed with counts."): both / (len(in_a) * len(in_b)),
        Sentence("Orders with one of the two, or both, were counted for orders with both."): (
            len(in_a | in_b) * orders / (len(in_a) * len(in_b))
        ),
        Sentence("That is the share of both in orders with either (Jaccard). Lift compares with independence."): (
            both / len(in_a | in_b)
        ),
    }
    equals(lift, right, "lift", mistakes, rtol=5e-3)


def _lift_of_customers(bought: pd.DataFrame, a: str, b: str) -> float:
    in_a, in_b = (set(bought.loc[bought["product_id"] == p, "customer_id"].dropna()) for p in (a, b))
    customers = bought.loc[bought["product_id"].notna(), "customer_id"].nunique()
    return len(in_a & in_b) * customers / max(len(in_a) * len(in_b), 1)
