"""What is looked at in the answers of lesson 09."""

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, number, same, share, told
from course.language import Sentence

_NOW, _BEFORE = 18, 17
_STAGES = ("first_purchase", "active", "loyal", "at_risk", "lost")


@exercise(
    "lifecycle-1",
    answers=("new", "returning", "resurrecting", "dormant"),
    given=("active",),
    right=Sentence("Three parts that add up to June, and one that June is missing: nobody is counted twice."),
)
def june(new: object, returning: object, resurrecting: object, dormant: object, active: pd.DataFrame) -> None:
    """How many customers of June are of which kind."""
    now, last, rows = _around(active, _NOW)
    earlier = set(rows)
    truths = _parts(active, _NOW)
    values = dict(zip(truths, (new, returning, resurrecting, dormant), strict=True))
    for name, value in values.items():
        if isinstance(value, set | frozenset | dict):
            raise Mistake("{name} holds the customers themselves. The task asks how many: take len({name}).", name=name)
    values = {name: number(value, name) for name, value in values.items()}
    mistakes = {
        "new": {
            Sentence("new takes everybody who was not there in May. Who came before May is not new."): len(now - last),
            Sentence("That is who had been there before: the opposite of new."): len(now & earlier),
            Sentence("You found nobody new. The months before June must not hold June itself."): 0,
            Sentence("You left May out of the months before June. Who ordered in May is not new."): (
                len(now - set(active.loc[active["month"] < _BEFORE, "customer_id"]))
            ),
        },
        "returning": {
            Sentence("returning counts everybody of June who ever came before. Only those of May return."): (
                len(now & earlier)
            ),
            Sentence("before has a row for every month: a customer stands in it more than once."): int(
                rows.isin(now).sum()
            ),
            Sentence("returning is all of May; those who are in June as well are asked for."): len(last),
        },
        "resurrecting": {
            Sentence("resurrecting still holds those of May. They did not fall silent."): len(now & earlier),
            Sentence("resurrecting holds new customers too. Who comes back must have been there before."): (
                len(now - last)
            ),
        },
        "dormant": {
            Sentence("dormant is everybody who ever came and was not there in June. Only those of May count."): (
                len(earlier - now)
            ),
            Sentence("before has a row for every month: a customer stands in it more than once."): (
                int((~rows.isin(now)).sum())
            ),
            Sentence(
                "You subtracted June's customers from May's as numbers. New ones came too: count who of May is missing."
            ): len(last) - len(now),
            Sentence("dormant is turned round: those of June who were not there in May."): len(now - last),
        },
    }
    for name, truth in truths.items():
        if 0 < values[name] < 1:
            raise Mistake("{name} is a share. The number of customers is asked for.", name=name)
        known = {
            Sentence("{name} is all of June. One part of it is asked for.", name=name): len(now),
            Sentence("You took May for June. Month 1 is January 2023, so June 2024 is month 18."): (
                _parts(active, _BEFORE)[name]
            ),
            Sentence("You took June 2023. Month 1 is January 2023, so June 2024 is month 18."): (
                _parts(active, _NOW - 12)[name]
            ),
        }
        for other in (n for n in truths if n != name):
            known[Sentence("{name} is what the task calls {other}.", name=name, other=other)] = truths[other]
        equals(values[name], truth, name, mistakes[name] | known)


def _around(active: pd.DataFrame, month: int) -> tuple[set, set, pd.Series]:
    """The customers of a month, those of the month before, and a row per customer and earlier month."""
    now, last = (set(active.loc[active["month"] == m, "customer_id"]) for m in (month, month - 1))
    return now, last, active.loc[active["month"] < month, "customer_id"]


def _parts(active: pd.DataFrame, month: int) -> dict[str, int]:
    """How many customers of a month are of which kind."""
    now, last, rows = _around(active, month)
    earlier = set(rows)
    return {
        "new": len(now - earlier),
        "returning": len(now & last),
        "resurrecting": len((now & earlier) - last),
        "dormant": len(last - now),
    }


@exercise(
    "lifecycle-2",
    answers=("where",),
    given=("march", "now"),
    right=Sentence("The same people, three months on. Two totals side by side could not have told that."),
)
def conversion(answer: object, march: pd.DataFrame, now: pd.DataFrame) -> None:
    """Where the first-time buyers of March are in June, as shares."""
    pairs = march.merge(now, on="customer_id", suffixes=("_then", "_now"))
    firsts = pairs[pairs["stage_then"] == "first_purchase"]["stage_now"]
    counts = firsts.value_counts()
    found, truth = _by_stage(answer), counts / counts.sum()
    every = found.index.union(_STAGES)
    found, truth = found.reindex(every, fill_value=0.0), truth.reindex(every, fill_value=0.0)
    if not same(found, truth, 1e-3):
        if same(found / 100, truth, 6e-3):
            raise Mistake("Those are per cent. Shares from 0 to 1 are asked for.")
        if same(found, truth.round(2)):
            raise Mistake("{name} is rounded too far. Keep three decimals.", name="where")
    backwards = pairs[pairs["stage_now"] == "first_purchase"]["stage_then"].value_counts()
    everybody = now["stage"].value_counts()
    known = {
        Sentence("Those are numbers of customers. Divide by their sum."): counts,
        Sentence("Those are all customers of June, not those who were first-time buyers in March."): (
            everybody / everybody.sum()
        ),
        Sentence("Those are all customers of March. Where the first-time buyers are in June is asked for."): (
            march["stage"].value_counts() / len(march)
        ),
        Sentence("That looks back: where the first-time buyers of June were in March."): backwards / backwards.sum(),
        Sentence("The shares are of all customers of June. Divide by the first-time buyers of March."): (
            counts / len(now)
        ),
        Sentence("The shares are of all customers of March. Divide by its first-time buyers alone."): (
            counts / len(march)
        ),
        Sentence("Those who are still first-time buyers were left out. They belong to the hundred per cent."): (
            counts.drop("first_purchase", errors="ignore")
            / max(counts.drop("first_purchase", errors="ignore").sum(), 1)
        ),
    }
    others = now.loc[~now["customer_id"].isin(march.loc[march["stage"] == "first_purchase", "customer_id"]), "stage"]
    rows = now.loc[now.index.isin(march.index[march["stage"] == "first_purchase"]), "stage"]
    known |= {
        Sentence("You took everybody but the first-time buyers of March: turn the condition round."): (
            others.value_counts(normalize=True)
        ),
        Sentence("You looked for row numbers. The two tables number their rows differently: look for customer_id."): (
            rows.value_counts(normalize=True)
        ),
        Sentence("You divided by each stage's size in June. The task asks for shares of the first-time buyers."): (
            counts / everybody
        ),
    }
    for stage in _STAGES[1:]:
        moved = pairs.loc[pairs["stage_then"] == stage, "stage_now"].value_counts(normalize=True)
        known[Sentence("You followed the stage {stage}. The task asks for first_purchase.", stage=stage)] = moved
    if told(found, truth, {said: wrong.reindex(every, fill_value=0) for said, wrong in known.items()}, 1e-3):
        return
    if not same(float(found.sum()), 1.0, rtol=1e-3):
        raise Mistake("where adds up to something else than 1: every one of them is in exactly one stage.")
    raise Mistake("where adds up to 1, but the shares are those of other customers.")


@exercise(
    "lifecycle-3",
    answers=("still_there",),
    given=("followed",),
    right=Sentence("Whoever is no longer watched says nothing about later, and everything about until then."),
)
def still_there(answer: object, followed: pd.DataFrame) -> None:
    """Kaplan–Meier after month 5."""
    months, left = followed["months"].to_numpy(), followed["left"].to_numpy() == 1

    def product(ended: np.ndarray, watched: np.ndarray, last: int = 5) -> float:
        value = 1.0
        for month in sorted({*months[ended]}):
            if month <= last:
                value *= 1 - (ended & (months == month)).sum() / (watched & (months >= month)).sum()
        return float(value)

    everyone = np.ones(len(months), dtype=bool)
    truth = product(left, everyone)
    mistakes = {
        Sentence("Those no longer watched were counted as gone. Nobody saw them leave."): (product(everyone, everyone)),
        Sentence(
            "Those whose end was not seen were dropped altogether. They count for as long as they were watched."
        ): (product(left, left)),
        Sentence("That is the share after month 3. Month 5 has a departure too."): product(left, everyone, 3),
        Sentence("That is the share who had left. The share still there is asked for."): 1 - truth,
        Sentence("That takes everybody as watched to the end: three departures of six."): (
            1 - (left & (months <= 5)).sum() / len(months)
        ),
        Sentence("That is the last factor alone. Multiply the factors of all three months."): 2 / 3,
        Sentence("You averaged the three factors. The task asks for their product."): (5 / 6 + 4 / 5 + 2 / 3) / 3,
        Sentence("That is a number of customers. Divide it by the six, or leave the six out."): 6 * truth,
        Sentence("You counted who is still watched after month 5. Those who were watched for less time count too."): (
            (months > 5).mean()
        ),
        Sentence(
            "You counted everybody whose end came by month 5 as gone, one by one. Only three were seen to leave."
        ): (1 / 6),
        Sentence("Who was censored in month 3 left the denominator too early: they were watched in that month."): (
            (5 / 6) * (3 / 4) * (2 / 3)
        ),
    }
    share(answer, truth, "still_there", mistakes)


@exercise(
    "lifecycle-4",
    answers=("V",),
    given=("P", "R", "d"),
    right=Sentence("Five states, one equation. Look for the one below zero."),
)
def worth(answer: object, P: np.ndarray, R: np.ndarray, d: float) -> None:
    """V = (I − P/(1 + d))⁻¹ R."""
    P, R = np.asarray(P, dtype="float64"), np.asarray(R, dtype="float64")
    one = np.eye(len(R))
    truth = np.linalg.solve(one - P / (1 + d), R)
    found = np.asarray(answer, dtype="float64").squeeze()
    if found.shape != truth.shape:
        if found.shape == P.shape:
            raise Mistake("V is a whole matrix: * multiplies entry by entry, @ multiplies a matrix with R.")
        raise Mistake("V should hold one number for each of the {n} states.", n=len(R))
    known = {
        Sentence("The rate was multiplied instead of divided: a yuan next period is worth less now, not more."): (
            np.linalg.solve(one - P * (1 + d), R)
        ),
        Sentence("P was divided by d. One plus the rate is asked for."): np.linalg.solve(one - P / d, R),
        Sentence("1 + d needs brackets of its own: P / 1 + d divides P by 1 and adds d everywhere."): (
            np.linalg.pinv(one - P - d) @ R
        ),
        Sentence("You left the rate out: a yuan next period is worth as much as one today. Divide P by 1 + d."): (
            np.linalg.pinv(one - P) @ R
        ),
        Sentence("You multiplied by 1 − d. The task divides by 1 + d, which is not the same."): (
            np.linalg.solve(one - P * (1 - d), R)
        ),
        Sentence("You added P/(1 + d) to I. The task subtracts it."): np.linalg.solve(one + P / (1 + d), R),
        Sentence("That is what the next period brings, alone. This period and all later ones count too."): (
            P @ R / (1 + d)
        ),
        Sentence("You discounted everything once more: R itself comes today, undiscounted."): truth / (1 + d),
        Sentence("That is R, what this period brings. The later ones count too."): R,
        Sentence("1 − … takes every entry from 1. The matrix I is np.eye({n}).", n=len(R)): (
            np.linalg.pinv(1 - P / (1 + d)) @ R
        ),
        Sentence("That is the worth of the next period alone: R plus P R, discounted. The inverse goes on for ever."): (
            R + P @ R / (1 + d)
        ),
        Sentence("The inverse is missing: that is the bracket times R."): (one - P / (1 + d)) @ R,
        Sentence("P is turned over (P.T): its rows say where one goes, and must stay rows."): (
            np.linalg.solve(one - P.T / (1 + d), R)
        ),
        Sentence("The whole bracket was divided by 1 + d. Only P is."): np.linalg.pinv((one - P) / (1 + d)) @ R,
    }
    if told(found, truth, known, 0.051):
        return
    if not np.isfinite(found).all():
        raise Mistake("V has blanks or infinite numbers: was something inverted that has no inverse?")
    raise Mistake("V has the right form but other numbers. Compute the bracket first and look at it.")


# --- helpers ---------------------------------------------------------------------------------------------------------


def _by_stage(answer: object) -> pd.Series:
    """The shares with their stages as index, from a column, a table with one column or a dictionary."""
    if isinstance(answer, dict):
        answer = pd.Series(answer, dtype="float64")
    if isinstance(answer, pd.DataFrame):
        if answer.shape[1] == 2 and "stage" in answer:
            answer = answer.set_index("stage")
        if answer.shape[1] != 1:
            raise Mistake("where should be one column of shares with the stages as its index.")
    answer = column(answer, "where")
    if not pd.api.types.is_numeric_dtype(answer) or not set(answer.index) & set(_STAGES):
        raise Mistake("where should be one column of shares with the stages as its index.")
    return answer.astype("float64")
