"""The cut that makes a customer high, moved by hand from the median to the mean."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course import segment
from course.charts import BLUE, GREY
from course.classroom.lessons.segment.seal import AS_OF
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words


@game("segment", Slider("way", 0, 100, 5, 0))
def draw(way: float) -> None:
    """The sizes of the eight classes at a cut `way` percent of the way from the median to the mean."""
    customers = segment.rfm(load("orders"), as_of=AS_OF)
    now = classes_at(customers, way)
    names = list(segment.CLASSES.values())
    sizes = now.value_counts().reindex(names, fill_value=0)
    before = customers["rfm_class"].value_counts().reindex(names, fill_value=0)
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    place = np.arange(len(names))
    ax.barh(place, sizes, color=BLUE, height=0.7, label=words("at_cut"))
    ax.plot(before, place, "|", color=GREY, markersize=20, markeredgewidth=2.5, label=words("at_median"))
    ax.set_yticks(place, [words(n) for n in names])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.05 * len(customers) / 2)
    ax.set_xlabel(words("customers"))
    changed = int((now != customers["rfm_class"]).sum())
    ax.set_title(words("game_title", way=way, n=sizes["important_win_back"], changed=changed), loc="right")
    ax.legend(frameon=False, loc="center right")
    plt.show()


def classes_at(customers: pd.DataFrame, way: float) -> pd.Series:
    """The classes at a cut between the two: 0 is the median, 100 the mean."""
    low, high = segment.cuts(customers), segment.cuts(customers, "mean")
    highs = []
    for name, (column, large_is_good) in segment.DIMENSIONS.items():
        edge = round(low[name] + way / 100 * (high[name] - low[name]), 6)
        highs.append(customers[column] > edge if large_is_good else customers[column] < edge)
    return pd.Series([segment.CLASSES[key] for key in zip(*highs, strict=True)], index=customers.index, dtype="str")
