"""What is looked at in the answers of lesson 11."""

from collections.abc import Iterable, Mapping

import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, same, share, told
from course.language import Sentence

#: People, or yuan, that rounding may move.
_ROUNDED = 0.51


@exercise(
    "apply-1",
    answers=("extra",),
    given=("people", "buyers"),
    right=Sentence("Compare their sum with the redemptions: whoever would have bought anyway only got a discount."),
)
def extra(answer: object, people: pd.DataFrame, buyers: pd.DataFrame) -> None:
    """Buyers in each stage that there would not have been without the coupon."""
    answer = pd.Series(answer) if isinstance(answer, Mapping) else answer
    found = column(answer, "extra", people.index)
    values = pd.to_numeric(found, errors="coerce").astype("float64")
    if values.isna().any():
        raise Mistake("Some of extra are blank or no numbers. Take both tables with their stages as index.")
    sent, left = people["coupon"], people["control"]
    bought, anyway = buyers["coupon"], buyers["control"]
    truth = bought - sent * anyway / left
    mistakes = {
        Sentence("Those are all who bought with a coupon. Take off those who would have bought anyway."): bought,
        Sentence(
            "The buyers of the other arm were taken off as they are, but fewer people are in it. Carry over its share."
        ): bought - anyway,
        Sentence("Those are the ones who would have bought anyway. The others are asked for."): sent * anyway / left,
        Sentence("That is a difference of shares. Times the people who got a coupon it becomes buyers."): (
            bought / sent - anyway / left
        ),
        Sentence("That is a difference in percentage points. The number of buyers is asked for."): (
            100 * (bought / sent - anyway / left)
        ),
        Sentence("That is without less with. What the coupon adds comes out above 0 where it adds."): -truth,
        Sentence("That is the relative change. The number of buyers is asked for."): (
            (bought / sent) / (anyway / left) - 1
        ),
        Sentence("The difference was carried over to the people left out. It is asked of those who got a coupon."): (
            left * (bought / sent - anyway / left)
        ),
        Sentence("The difference was carried over to both arms. It is asked of those who got a coupon."): (
            (sent + left) * (bought / sent - anyway / left)
        ),
        Sentence("One share was taken for all stages. Each stage has a control group of its own."): (
            bought - sent * anyway.sum() / left.sum()
        ),
    }
    if told(values, truth, mistakes, _ROUNDED):
        return
    off = values.index[(values - truth).abs() > _ROUNDED]
    raise Mistake(
        "extra is not right for {n} of {of} stages (first: {first}).", n=len(off), of=len(truth), first=off[0]
    )


@exercise(
    "apply-2",
    answers=("chosen",),
    given=("plan", "budget"),
    right=Sentence(
        "The budget holds; what was left out does not fit any more, or is not expected to bring back its cost."
    ),
)
def chosen(answer: object, plan: pd.DataFrame, budget: float) -> None:
    """Stages by expected margin per yuan of cost, within the budget."""
    names = _names(answer, plan)
    cost, expected = plan["cost"], plan["expected"]
    net = expected - cost
    spent = cost[names].sum()
    if spent > budget + 1e-6:
        if names == list(expected.sort_values(ascending=False).index[: len(names)]):
            raise Mistake("These bring most in all, and cost more than the budget. What counts is what a yuan brings.")
        raise Mistake("Together these cost more than the budget.")
    losing = [n for n in names if net[n] <= 0]
    if losing:
        raise Mistake(
            "{stage} is not expected to bring back its cost. Money that is left over is no loss.", stage=losing[0]
        )
    best = _greedy(plan, budget)
    if net[names].sum() >= net[best].sum() - 1e-6:
        return
    if not names:
        raise Mistake("Nothing is chosen, though something is expected to bring more than it costs.")
    room = [n for n in plan.index if n not in names and net[n] > 0 and cost[n] <= budget - spent + 1e-6]
    if room:
        raise Mistake("Money is left for one more stage that is expected to bring more than it costs.")
    orders = {
        Sentence("That is by what a whole stage brings. Compare what one yuan brings."): expected,
        Sentence("That is by what is left after the cost. Compare what one yuan brings: the budget is scarce."): net,
        Sentence("That is the cheapest first. Compare what one yuan brings."): -cost,
        Sentence("That is the largest first. Compare what one yuan brings."): plan["customers"],
    }
    told(set(names), set(best), {said: set(_in_order(plan, budget, by)) for said, by in orders.items()})
    raise Mistake("The budget holds, but a yuan spent elsewhere is expected to bring more.")


@exercise(
    "apply-3",
    answers=("fleiss_kappa",),
    given=("votes",),
    right=Sentence("Look at who has no majority before you ask whether κ is high or low."),
)
def kappa(answer: object, votes: pd.DataFrame) -> None:
    """Fleiss's κ from counts."""
    counts = votes.to_numpy(dtype="float64")
    r = counts.sum(axis=1)[0]
    pairs = ((counts**2).sum(axis=1) - r) / (r * (r - 1))
    luck = ((counts.sum(axis=0) / counts.sum()) ** 2).sum()
    seen = pairs.mean()
    with_self = (counts**2).sum(axis=1).mean() / r**2
    mistakes = {
        Sentence("That is the observed agreement. Take off what luck gives, then divide."): seen,
        Sentence("That is the agreement by luck alone."): luck,
        Sentence("The difference was not divided by 1 − expected."): seen - luck,
        Sentence("Each colleague was paired with themselves too. Subtract r from the sum of squares."): (
            (with_self - luck) / (1 - luck)
        ),
        Sentence("You left out the − r: each colleague agrees with themselves, and that is no agreement."): (
            (with_self * r / (r - 1) - luck) / (1 - luck)
        ),
        Sentence("You took the share of the largest tag. The task asks for the pairs of colleagues that agree."): (
            (counts.max(axis=1).mean() / r - luck) / (1 - luck)
        ),
        Sentence("You took the customers on whom all agree. The task asks for the pairs that agree."): (
            ((counts.max(axis=1) == r).mean() - luck) / (1 - luck)
        ),
        Sentence("You divided the votes by the customers. p is a share of all votes, four of each customer."): (
            (seen - r**2 * luck) / (1 - r**2 * luck)
        ),
        Sentence("1 − expected needs brackets: without them luck is subtracted twice."): seen - 2 * luck,
        Sentence("Luck was taken as one third. It follows from how often each tag is used."): (
            (seen - 1 / counts.shape[1]) / (1 - 1 / counts.shape[1])
        ),
        Sentence("That is the share of customers on whom all agree. Pairs of colleagues are asked for."): (
            (counts.max(axis=1) == r).mean()
        ),
        Sentence("It was divided by the expected agreement. Divide by 1 − expected."): (seen - luck) / luck,
    }
    truth = (seen - luck) / (1 - luck)
    if number(answer, "fleiss_kappa") not in (round(truth, 2), round(truth, 3)):
        equals(answer, truth, "fleiss_kappa", mistakes, rtol=1e-4)


@exercise(
    "apply-4",
    answers=("impact",),
    given=("clients",),
    right=Sentence("A ratio below 0.8 is a question and no verdict: what does the card measure that differs?"),
)
def impact(answer: object, clients: pd.DataFrame) -> None:
    """Approval rate of the rural over that of the urban."""
    rate = clients.groupby("registration")["approved"].mean()
    approved = clients[clients["approved"]]["registration"].value_counts()
    default = clients.groupby("registration")["defaulted"].mean().astype("float64")
    truth = rate["rural"] / rate["urban"]
    mistakes = {
        Sentence("That is urban over rural. The group that may be at a disadvantage stands above."): 1 / truth,
        Sentence("Those are numbers of people approved. Divide by how many there are in each group first."): (
            approved["rural"] / approved["urban"]
        ),
        Sentence("Those are the refused. The ratio is of those approved."): (1 - rate["rural"]) / (1 - rate["urban"]),
        Sentence("Those are the refused, urban over rural. The task asks for the approved: rural over urban."): (
            (1 - rate["urban"]) / (1 - rate["rural"])
        ),
        Sentence("You wrote percent. The task asks for a ratio, which is 1 where both are treated alike."): 100 * truth,
        Sentence("You divided all clients of each group. Divide those approved by all of their group first."): (
            (clients["registration"] == "rural").sum() / (clients["registration"] == "urban").sum()
        ),
        Sentence("You divided odds. The task asks for the approval rates: approved by all, not by refused."): (
            rate["rural"] / (1 - rate["rural"]) / (rate["urban"] / (1 - rate["urban"]))
        ),
        Sentence("Those are defaults. The ratio is of approvals."): default["rural"] / default["urban"],
        Sentence("The rate of the rural was divided by that of all. Divide by the urban."): (
            rate["rural"] / clients["approved"].mean()
        ),
        Sentence("That is the approval rate of the rural alone."): rate["rural"],
    }
    if same(abs(number(answer, "impact")), abs(rate["rural"] - rate["urban"]), rtol=1e-3):
        raise Mistake("That is a difference of the two rates. Their ratio is asked for.")
    equals(answer, truth, "impact", mistakes, rtol=6e-3)


@exercise(
    "apply-5",
    answers=("k", "unique_share"),
    given=("known",),
    right=Sentence("And that is with the names taken out: pseudonymised, and far from anonymous."),
)
def privacy(k: object, unique_share: object, known: pd.DataFrame) -> None:
    """The smallest group that looks the same, and the share of members alone in theirs."""
    sizes = known.groupby(["gender", "birth_date", "city"]).size()
    alone = int((sizes == 1).sum())
    _by_all_three(k, unique_share, known)
    equals(
        k,
        sizes.min(),
        "k",
        {
            Sentence("k is the largest group. The smallest is the one that gives people away."): sizes.max(),
            Sentence("k is the number of groups. The size of the smallest is asked for."): len(sizes),
            Sentence(
                "k is the mean size. The smallest is asked for: a chain breaks at its weakest link."
            ): sizes.mean(),
            Sentence("k is the number of members who are alone. The size of the smallest group is asked for."): alone,
            Sentence("k is the median size. The smallest is asked for."): sizes.median(),
        },
    )
    share(
        unique_share,
        alone / len(known),
        "unique_share",
        {
            Sentence("That is per cent. A share between 0 and 1 is asked for."): 100 * alone / len(known),
            Sentence("That is a share of the groups. Divide by the members."): alone / len(sizes),
            Sentence("That is the number of those alone. Divide by the members."): alone,
            Sentence("That is groups over members, the attacker's chance. Only groups of one are asked for."): (
                len(sizes) / len(known)
            ),
            Sentence("Those are the ones who are not alone."): 1 - alone / len(known),
            Sentence("You counted groups of two and more. Count the groups of one."): (
                (len(sizes) - alone) / len(known)
            ),
        },
    )


# --- helpers ---------------------------------------------------------------------------------------------------------


def _names(answer: object, plan: pd.DataFrame) -> list[str]:
    """The stages that an answer names, once each."""
    if isinstance(answer, str):
        answer = [answer]
    if isinstance(answer, pd.DataFrame):
        answer = answer.get("segment", answer.index)
    if isinstance(answer, dict) or not isinstance(answer, Iterable) or isinstance(answer, bytes):
        raise Mistake('chosen is a list of names, such as ["loyal"].')
    names = (
        list(answer.index) if isinstance(answer, pd.Series) and set(answer.index) <= set(plan.index) else list(answer)
    )
    unknown = [n for n in names if not isinstance(n, str) or n not in plan.index]
    if unknown:
        raise Mistake(
            "{what} is none of the stages: {stages}.", what=str(unknown[0])[:40], stages=", ".join(plan.index)
        )
    if len(set(names)) != len(names):
        raise Mistake("A stage stands twice in chosen.")
    return names


def _by_all_three(k: object, unique_share: object, known: pd.DataFrame) -> None:
    """Tell a learner who grouped by less than the task says."""
    year = known["birth_date"].dt.year
    coarser = {
        Sentence("You grouped without the date of birth. The task groups by all three columns."): ["gender", "city"],
        Sentence("You grouped by the date of birth alone. The task groups by all three columns."): ["birth_date"],
        Sentence("You left out the city. The task groups by all three columns."): ["gender", "birth_date"],
        Sentence("You left out the sex. The task groups by all three columns."): ["birth_date", "city"],
        Sentence("You took the year of birth. The task asks for the date."): ["gender", year, "city"],
    }
    got, truth = (
        (number(k, "k"), number(unique_share, "unique_share")),
        _hidden(known, ["gender", "birth_date", "city"]),
    )
    told(got, truth, {said: _hidden(known, columns) for said, columns in coarser.items()}, 5e-4)


def _hidden(known: pd.DataFrame, columns: list) -> tuple[float, float]:
    sizes = known.groupby(columns).size()
    return float(sizes.min()), float((sizes == 1).sum() / len(known))


def _greedy(plan: pd.DataFrame, budget: float) -> list[str]:
    worth = plan[plan["expected"] > plan["cost"]]
    return _in_order(worth, budget, worth["expected"] / worth["cost"])


def _in_order(plan: pd.DataFrame, budget: float, by: pd.Series) -> list[str]:
    """From the highest down whatever still fits and is expected to pay."""
    out, left = [], budget
    for name in by.sort_values(ascending=False).index:
        if plan["cost"][name] <= left and plan["expected"][name] > plan["cost"][name]:
            out.append(name)
            left -= plan["cost"][name]
    return out
