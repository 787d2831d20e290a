"""Lesson 00: how few customers carry how much of the money."""

from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from course import behaviour
from course.charts import GREY, VERMILION
from course.classroom import room
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words


@game("start", Slider("best_percent", 1, 100, 1, 20))
def draw(best_percent: float) -> None:
    """The share of the money that the best so many percent of customers bring."""
    curve = _curve(room.company())
    held = float(np.interp(best_percent, curve["best"], curve["held"]))
    ax = sns.lineplot(data=curve, x="best", y="held")
    ax.plot([0, best_percent, best_percent], [held, held, 0], color=GREY, linestyle=":")
    ax.plot(best_percent, held, "o", color=VERMILION)
    title = words("play_title", best=best_percent, held=held)
    ax.set(xlabel=words("best_percent"), ylabel=words("held_percent"), title=title, xlim=(0, 101), ylim=(0, 101))
    plt.show()


@cache
def _curve(folder: Path | None) -> pd.DataFrame:
    """best (% of customers, from the best on), held (% of the money) of the company in `folder`."""
    orders = load("orders")
    money = (orders["amount"] - orders["refunded"]).groupby(orders["customer_id"]).sum()
    poorest = 100 * behaviour.lorenz(money)
    return pd.DataFrame({"best": 100 - poorest["customers"], "held": 100 - poorest["money"]}).iloc[::-1]
