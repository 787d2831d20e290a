"""What to do with whom, within a budget: the actions that are expected to bring the most beyond what they cost."""

import numpy as np
import pandas as pd

from course.errors import DataError, first_few


def policy(actions: pd.DataFrame, budget: float) -> pd.DataFrame:
    """The best choice of actions, at most one a segment, whose costs keep the budget.

    Exact (integer programme), because taking what brings most a yuan first may leave money
    over that another action would have used better.

    Parameters
    ----------
    actions : one row a segment and action: segment, action, cost (yuan, above 0), expected (yuan that it adds before
        its cost), low, high (95 % interval of expected).
    budget : yuan, 0 or more.

    Returns
    -------
    the chosen rows, most expected a yuan first, with per_yuan (expected / cost) and net, net_low, net_high (expected,
    low, high less cost). An action that is not expected to bring more than it costs is never chosen: there may be none.

    Raises
    ------
    DataError : a column missing, blank or no number; a cost of nothing; an action twice in a segment; no such budget.
    """
    _check(actions, budget)
    net = (actions["expected"] - actions["cost"]).to_numpy(dtype="float64")
    worth = np.flatnonzero(net > 0)
    out = actions.iloc[worth[_best(actions.iloc[worth], net[worth], float(budget))]] if len(worth) else actions.iloc[:0]
    out = out.assign(per_yuan=out["expected"] / out["cost"])
    for name, column in (("net", "expected"), ("net_low", "low"), ("net_high", "high")):
        out[name] = out[column] - out["cost"]
    return out.sort_values(["per_yuan", "segment"], ascending=[False, True], ignore_index=True)


def _best(actions: pd.DataFrame, net: np.ndarray, budget: float) -> np.ndarray:
    """Which of the actions, True or False: the most net within the budget, one a segment."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    cost = actions["cost"].to_numpy(dtype="float64")
    names = actions["segment"].to_numpy()
    member = (names == np.unique(names)[:, None]).astype("float64")
    limits = [LinearConstraint(cost[None, :], ub=budget), LinearConstraint(member, ub=1)]
    found = milp(-net, integrality=np.ones(len(net)), bounds=Bounds(0, 1), constraints=limits)
    return found.x > 0.5


def _check(actions: pd.DataFrame, budget: float) -> None:
    for column in ("segment", "action", "cost", "expected", "low", "high"):
        if column not in actions:
            raise DataError("The table of actions has no column {column}.", column=column)
        blank = actions[column].isna()
        if column not in ("segment", "action"):
            blank |= ~np.isfinite(pd.to_numeric(actions[column], errors="coerce"))
        if blank.any():
            raise DataError(
                "{column} is blank or no number for {n} {n:action|actions} (first: segment {first}). Leave out what "
                "was never tried.",
                column=column,
                n=int(blank.sum()),
                first=first_few(actions.loc[blank, "segment"]),
            )
    if (actions["cost"] <= 0).any():
        raise DataError(
            "An action costs nothing in segment {first}. Count the work too: what is free is not chosen by a budget.",
            first=first_few(actions.loc[actions["cost"] <= 0, "segment"]),
        )
    twice = actions.duplicated(["segment", "action"])
    if twice.any():
        raise DataError("An action stands twice for segment {first}.", first=first_few(actions.loc[twice, "segment"]))
    if isinstance(budget, bool) or not isinstance(budget, int | float | np.number) or not 0 <= budget < np.inf:
        raise DataError("The budget is yuan, 0 or more, not {budget}.", budget=budget)
