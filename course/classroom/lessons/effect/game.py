"""How many customers a change takes: the chance of seeing it, by the size of the groups."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import norm

from course import effect
from course.charts import BLUE, GREY, VERMILION
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words


@game("effect", Slider("base_slider", 1, 60, 1, 10), Slider("change_slider", 5, 60, 5, 20))
def draw(base_slider: float, change_slider: float) -> None:
    """The power of a two-sided test at 5 % over the customers in each group, with the size that gives 80 %."""
    before, change = base_slider / 100, change_slider / 100
    needed = effect.needed(before, change)
    smaller = int(load("campaigns").query("campaign_id == 'C01'")["arm"].value_counts().min())
    n = np.geomspace(10, 1_000_000, 200)
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    ax.plot(n, 100 * power(before, change, n), color=BLUE)
    ax.axvline(needed, color=VERMILION, linestyle="--")
    ax.axvline(smaller, color=GREY, linestyle=":", label=words("smaller"))
    ax.set_xscale("log")
    ax.set_ylim(0, 102)
    ax.set_xlabel(words("n_axis"))
    ax.set_ylabel(words("power_axis"))
    ax.set_title(words("game_title", change=change_slider, base=base_slider, n=needed))
    ax.legend(frameon=False, loc="best")
    plt.show()


def power(before: float, change: float, n: np.ndarray) -> np.ndarray:
    """The chance of seeing a relative `change` of the share `before` with `n` customers in each of two groups."""
    h = 2 * np.arcsin(np.sqrt(before * (1 + change))) - 2 * np.arcsin(np.sqrt(before))
    reach, limit = np.abs(h) * np.sqrt(n / 2), norm.ppf(0.975)
    return norm.sf(limit - reach) + norm.cdf(-limit - reach)
