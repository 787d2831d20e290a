"""Customers as a Markov chain of states: what a state is worth, and from which on contact no longer pays.

Source: Pfeifer & Carraway 2000, "Modeling customer relationships as Markov chains".
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError


@dataclass
class StopPolicy:
    """The best rule of the form "contact until a recency, then stop".

    Attributes
    ----------
    stop : the recency (1 = bought in the last period) from which on nobody is contacted; None: contact everybody
    values : worth of a customer at recency 1 … n and of a lost one (0)
    table : frame, one row a rule: stop (n + 1 stands for never), one column `recency_1` … `recency_n` of values
    """

    stop: int | None
    values: np.ndarray
    table: pd.DataFrame


def markov(transitions: object, rewards: object, discount_rate_per_period: float) -> np.ndarray:
    """Worth of each state over an endless horizon: V = (I − P/(1+d))⁻¹ R.

    Parameters
    ----------
    transitions : P, states × states; row i says where a customer of state i is a period later (rows sum to 1).
    rewards : R, money a customer of each state brings in a period; the first is not discounted.
    discount_rate_per_period : d, of the period that P is of (a yearly rate does not fit monthly transitions).

    Returns
    -------
    array of one value a state

    Raises
    ------
    DataError : P not square, rows not summing to 1, negative chances; R of another length; d not above 0.
    """
    P, R = np.asarray(transitions, dtype="float64"), np.asarray(rewards, dtype="float64")
    if P.ndim != 2 or P.shape[0] != P.shape[1] or R.shape != P.shape[:1]:
        raise DataError(
            "A chain of n states needs n × n transitions and n rewards, not {transitions} and {rewards}.",
            transitions=" × ".join(map(str, P.shape)),
            rewards=" × ".join(map(str, R.shape)),
        )
    wrong = ~(np.abs(P.sum(axis=1) - 1) < 1e-9) | ~(P >= 0).all(axis=1)
    if wrong.any():
        raise DataError(
            "The chances to go on from a state are 0 or more and sum to 1; those of state {state} do not.",
            state=int(np.argmax(wrong)) + 1,
        )
    if not np.isfinite(R).all():
        raise DataError("The reward of every state is a number.")
    if not (np.isfinite(discount_rate_per_period) and discount_rate_per_period > 0):
        raise DataError(
            "The discount rate per period must be above 0 (got {rate}): an endless horizon has no worth without it.",
            rate=discount_rate_per_period,
        )
    return np.linalg.solve(np.eye(len(R)) - P / (1 + discount_rate_per_period), R)


def recency_chain(
    repurchase: Sequence[float], margin: float, contact: float, stop: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The chain whose states are periods since the last purchase: 1 … n, then lost for good.

    Parameters
    ----------
    repurchase : chance to buy in the next period at recency 1 … n.
    margin : money of a purchase before the cost of contact; it falls in the period of the purchase (recency 1).
    contact : cost of contacting one customer for one period.
    stop : the recency from which on nobody is contacted, and nobody who is not contacted buys again.

    Returns
    -------
    P (n + 1 × n + 1) and R (n + 1) for `markov`
    """
    chances = np.asarray(repurchase, dtype="float64")
    if chances.ndim != 1 or not len(chances) or not ((chances >= 0) & (chances <= 1)).all():
        raise DataError("The chances to buy again are one or more numbers between 0 and 1.")
    n = len(chances)
    last = n + 1 if stop is None else stop
    P, R = np.zeros((n + 1, n + 1)), np.zeros(n + 1)
    P[n, n] = 1.0
    for state in range(n):
        contacted = state + 1 < last
        P[state, 0] += chances[state] if contacted else 0.0
        P[state, state + 1 if contacted else n] += 1 - chances[state] if contacted else 1.0
        R[state] = (margin if state == 0 else 0.0) - (contact if contacted else 0.0)
    return P, R


def stop_policy(
    repurchase: Sequence[float], margin: float, contact: float, discount_rate_per_period: float
) -> StopPolicy:
    """Try every rule "stop contacting from recency k on" and keep the one worth most.

    As nobody comes back from where contact stopped, there are no other rules to try. Parameters as for `recency_chain`
    and `markov`.
    """
    n = len(repurchase)
    stops = range(1, n + 2)
    values = [markov(*recency_chain(repurchase, margin, contact, k), discount_rate_per_period) for k in stops]
    # Of rules equally good for a customer who has just bought, the one that contacts fewest.
    best = max(range(n + 1), key=lambda i: (round(values[i][0], 9), -i))
    table = pd.DataFrame([v[:-1] for v in values], columns=[f"recency_{i + 1}" for i in range(n)])
    table.insert(0, "stop", list(stops))
    return StopPolicy(None if best == n else best + 1, values[best], table)
