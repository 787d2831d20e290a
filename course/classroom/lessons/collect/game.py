"""How much money pages that overlap invent, and how little of it a chart shows."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course.charts import BLUE, VERMILION
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words


@game("collect", Slider("per_page", 50, 500, 50, 200), Slider("overlap_rows", 0, 40, 5, 5))
def draw(per_page: float, overlap_rows: float) -> None:
    """Money by month, each order once and all pages added up, for pages of that length and overlap."""
    orders = pd.DataFrame(load("app_records"))[["orderId", "createdAt", "totalAmount"]].drop_duplicates("orderId")
    times = orders_on_pages(len(orders), int(per_page), int(overlap_rows))
    added = orders["totalAmount"] * times
    month = orders["createdAt"].str[:7]
    usual = month.isin(month.value_counts().loc[lambda n: n > 20].index)  # without the years that cannot be
    _, ax = plt.subplots(figsize=(6.8, 3.6))
    for money, name, colour, style in (
        (added, "added_up", VERMILION, "-"),
        (orders["totalAmount"], "once_each", BLUE, "--"),
    ):
        shown = money[usual].groupby(month[usual]).sum() / 1e4
        ax.plot(np.arange(len(shown)), shown, style, color=colour, label=words(name))
    names = sorted(month[usual].unique())
    ax.set_xticks(np.arange(0, len(names), 4), names[::4])
    ax.set_ylim(bottom=0)
    ax.set_ylabel(words("months_axis"))
    extra, whole = added.sum() - orders["totalAmount"].sum(), orders["totalAmount"].sum()
    pages = len(_starts(len(orders), int(per_page), int(overlap_rows)))
    ax.set_title(words("overstated", pages=pages, yuan=extra, share=extra / whole))
    ax.legend(frameon=False)
    plt.show()


def orders_on_pages(n: int, per_page: int, overlap: int) -> np.ndarray:
    """On how many pages each of n orders stands, where each page repeats the last `overlap` of the one before."""
    times = np.zeros(n, dtype="int64")
    for start in _starts(n, per_page, overlap):
        times[start : start + per_page] += 1
    return times


def _starts(n: int, per_page: int, overlap: int) -> range:
    return range(0, max(n - overlap, 1), per_page - overlap)
