"""How much budget: the expected gain of the best policy within every budget, with its interval."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course import effect
from course.charts import BLUE, VERMILION
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_FACE, _MESSAGE = 20, 0.05


@game("apply", Slider("budget_slider", 0, 100, 5, 50), Slider("margin_slider", 20, 160, 10, 90))
def draw(budget_slider: float, margin_slider: float) -> None:
    """Margin beyond cost of the best policy over the budget, for what a purchaser leaves; the chosen budget marked."""
    known = actions(margin_slider)
    budgets = np.linspace(0, known["cost"].sum(), 41)
    lines = np.array([outcome(known, budget) for budget in budgets])
    budget = float(budgets[-1] * budget_slider / 100)
    chosen = effect.policy(known, budget)
    net, low, high = outcome(known, budget)
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    ax.fill_between(budgets, lines[:, 1], lines[:, 2], color=BLUE, alpha=0.2, step="post")
    ax.step(budgets, lines[:, 0], color=BLUE, where="post")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.axvline(budget, color=VERMILION, linestyle="--")
    ax.set_xlabel(words("budget_axis"))
    ax.set_ylabel(words("net_axis"))
    title = {"spent": chosen["cost"].sum(), "budget": budget, "n": len(chosen), "net": net, "low": low, "high": high}
    ax.set_title(words("game_title", **title), fontsize=10)
    plt.show()


def outcome(known: pd.DataFrame, budget: float) -> tuple[float, float, float]:
    """Expected margin beyond cost of the best policy within a budget, and its 95 % interval; squares add."""
    chosen = effect.policy(known, budget)
    net = chosen["net"].sum()
    error = np.sqrt((((chosen["high"] - chosen["low"]) / 2) ** 2).sum())
    return float(net), float(net - error), float(net + error)


def actions(margin: float) -> pd.DataFrame:
    """What a coupon for all of a stage costs and is expected to bring today, as the lesson reckons it by hand."""
    log, customers = load("coupon"), load("portraits").groupby("stage").size()
    rows = []
    for stage, here in log.groupby("stage"):
        got = here["arm"] == "coupon"
        found = effect.ab(here.loc[~got, "bought"], here.loc[got, "bought"], planned=None)
        n = customers.get(stage, 0)
        cost = n * (_FACE * here.loc[got, "redeemed"].mean() + _MESSAGE)
        rows.append((stage, "coupon", cost, *(n * margin * x for x in (found.difference, found.low, found.high))))
    known = pd.DataFrame(rows, columns=["segment", "action", "cost", "expected", "low", "high"])
    return known[known["cost"] > 0].reset_index(drop=True)
