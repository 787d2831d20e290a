"""One threshold in two companies: how many customers have been silent for longer."""

import matplotlib.pyplot as plt
import numpy as np

from course import segment
from course.charts import BLUE, GREY, VERMILION
from course.classroom.lessons.capstone import capstone
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words


@game("capstone", Slider("days_slider", 10, 400, 10, 90))
def draw(days_slider: float) -> None:
    """The share of customers silent for longer than any number of days, with both medians and the threshold."""
    companies = {"here": capstone.buyers()["recency_days"], "luming": segment.rfm(load("orders"))["recency_days"]}
    days = np.arange(0, 401)
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    for (name, silent), colour in zip(companies.items(), (VERMILION, BLUE), strict=True):
        ax.plot(days, [100 * (silent > day).mean() for day in days], color=colour, label=words(name))
    ax.axvline(days_slider, color=GREY, linestyle="--")
    shares = {name: float((silent > days_slider).mean()) for name, silent in companies.items()}
    ax.set_title(words("game_title", days=days_slider, **shares))
    ax.set_xlabel(words("quiet_axis"))
    ax.set_ylabel(words("silent_axis"))
    ax.legend(frameon=False)
    plt.show()
