"""How likely a sample has nobody of a small group."""

import matplotlib.pyplot as plt
import numpy as np

from course.charts import BLUE, GREY
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_LARGEST = 300


@game("scale", Slider("group_slider", 1, _LARGEST, 1, 10), Slider("percent_slider", 1, 20, 1, 2))
def draw(group_slider: float, percent_slider: float) -> None:
    """The chance over the size of the group."""
    sizes = np.arange(1, _LARGEST + 1)
    chance = lost(sizes, percent_slider / 100)
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    ax.plot(sizes, 100 * chance, color=BLUE)
    ax.axvline(group_slider, color=GREY, linestyle="--")
    ax.set_ylim(0, 102)
    ax.set_xlabel(words("size_axis"))
    ax.set_ylabel(words("lost_axis"))
    here = 100 * float(lost(group_slider, percent_slider / 100))
    ax.set_title(words("game_title", group=group_slider, percent=percent_slider, lost=here))
    plt.show()


def lost(size: float | np.ndarray, share: float) -> float | np.ndarray:
    """Chance that none of `size` customers is in a sample that takes each with chance `share`."""
    return (1 - share) ** size
