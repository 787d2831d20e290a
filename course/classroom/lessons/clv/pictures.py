"""What lesson 08 draws without showing its plumbing: six customers, before and after the model has spoken."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course import clv
from course.charts import BLUE, GREY, SKY, VERMILION
from course.classroom.words import words

LETTERS = "ABCDEF"
#: So many days on which they bought have all six, and so long after the day they are looked at.
_DAYS, _AHEAD = 6, pd.Timedelta(days=184)


def six(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Six customers with as many days of purchase each, from the longest silence to the shortest.

    Returns
    -------
    frame: customer_id, day; a row per day of purchase until `as_of` and in the half year after; by letter A to F
    """
    days = orders[["customer_id", "day"]].drop_duplicates()
    seen = days[days["day"] <= as_of].groupby("customer_id")["day"].agg(["count", "max"])
    rows = seen[seen["count"] == _DAYS].reset_index().sort_values(["max", "customer_id"])
    chosen = rows["customer_id"].iloc[[place * (len(rows) - 1) // 5 for place in range(_DAYS)]]
    letters = dict(zip(chosen, LETTERS, strict=True))
    shown = days[days["customer_id"].isin(chosen) & (days["day"] <= as_of + _AHEAD)]
    return shown.assign(letter=shown["customer_id"].map(letters)).sort_values(["letter", "day"])


def came_again(orders: pd.DataFrame, as_of: pd.Timestamp) -> int:
    """How many of the six buy in the half year after."""
    shown = six(orders, as_of)
    return int(shown.loc[shown["day"] > as_of, "letter"].nunique())


def heartbeat(orders: pd.DataFrame, as_of: pd.Timestamp, model: clv.ModifiedBetaGeo | None = None) -> None:
    """The days on which six customers bought; with a fitted `model` also its P(alive) day by day, and what came."""
    shown = six(orders, as_of)
    last = shown[shown["day"] <= as_of].groupby("letter")["day"].max()
    figure, panels = plt.subplots(len(LETTERS), 1, figsize=(7.2, 5.6), sharex=True, sharey=True)
    for letter, ax in zip(LETTERS, panels, strict=True):
        days = shown.loc[shown["letter"] == letter, "day"]
        past, later = days[days <= as_of], days[days > as_of]
        ax.vlines(past, 0, 0.3, color="black")
        ax.axvspan(as_of, as_of + _AHEAD, color=GREY, alpha=0.15, linewidth=0)
        ax.axvline(as_of, color="black", linewidth=0.8)
        ax.set(ylim=(0, 1), yticks=[0, 1])
        ax.set_ylabel(letter, rotation=0, labelpad=12)
        if model is not None:
            _filled(ax, past, later, as_of, model)
    if model is None:
        silent = (as_of - last).dt.days
        figure.suptitle(words("six", longest=silent.max(), shortest=silent.min()))
    else:
        figure.suptitle(words("heartbeat", again=came_again(orders, as_of)))
    figure.autofmt_xdate(rotation=30)
    plt.show()


def _filled(ax: plt.Axes, past: pd.Series, later: pd.Series, as_of: pd.Timestamp, model: clv.ModifiedBetaGeo) -> None:
    """The chance of still being a customer, day by day, its last value, and the days of purchase that followed."""
    when = pd.date_range(past.min(), as_of)
    count = np.searchsorted(past.to_numpy(), when.to_numpy(), side="right")
    latest = past.to_numpy()[count - 1]
    week = np.timedelta64(7, "D")
    numbers = pd.DataFrame(
        {
            "x": count - 1,
            "t_x": (latest - past.to_numpy()[0]) / week,
            "T": (when.to_numpy() - past.to_numpy()[0]) / week,
        }
    )
    chance = np.asarray(model.p_alive(numbers))
    ax.fill_between(when, chance, color=SKY, alpha=0.4)
    ax.plot(when, chance, color=BLUE)
    ax.vlines(later, 0, 0.3, color=VERMILION)
    ax.text(as_of + pd.Timedelta(days=6), 0.6, f"{chance[-1]:.0%}", color=BLUE)
    ax.text(as_of + _AHEAD, 0.6, words("later", n=len(later)), color=VERMILION, ha="right")
