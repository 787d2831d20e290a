"""One threshold of silence for everybody, moved by hand: how many it calls lost, and how many of these come back."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course.charts import BLUE, GREY, VERMILION
from course.classroom.lessons.lifecycle.seal import AS_OF
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_STEP, _LONGEST = 15, 545


@game("lifecycle", Slider("days_slider", 15, 365, 15, 90))
def draw(days_slider: float) -> None:
    """The customers by their silence on the day, those who ordered again in another colour."""
    silent, back = silence()
    bins = np.arange(0, _LONGEST + _STEP, _STEP)
    called = silent > days_slider
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    labels = [words("ordered_again"), words("silent_since")]
    ax.hist([silent[back], silent[~back]], bins, stacked=True, color=[VERMILION, BLUE], label=labels)
    ax.legend(framealpha=1)
    ax.axvline(days_slider, color=GREY, linestyle="--")
    ax.set_xlabel(words("silence_axis"))
    ax.set_ylabel(words("customers_axis"))
    share = float(back[called].mean()) if called.any() else 0.0
    ax.set_title(words("game_title", days=days_slider, n=int(called.sum()), share=share))
    plt.show()


def silence() -> tuple[pd.Series, pd.Series]:
    """Days since the last order on AS_OF, and whether there was another order afterwards, by customer."""
    orders = load("orders")
    day = orders["ordered_at"].dt.normalize()
    last = day[day <= AS_OF].groupby(orders["customer_id"]).max()
    later = set(orders.loc[day > AS_OF, "customer_id"])
    return (AS_OF - last).dt.days, last.index.to_series().isin(later)
