"""Where a threshold on the amount alone would lie, and whom it would throw out."""

import matplotlib.pyplot as plt
import pandas as pd

from course.charts import BLUE, GREY, VERMILION
from course.classroom import room
from course.classroom.lessons.clean.material import app_orders_raw, listed
from course.classroom.widgets import Slider, game
from course.classroom.words import words

#: More than so many times what its lines add up to: the amount is wrong.
_OFF = 5


@game("clean", Slider("times", 2, 100, 2, 40))
def draw(times: float) -> None:
    """Amounts beside the sum of their lines; the wrong ones in another colour, the threshold across."""
    orders = sold()
    limit = times * orders["amount"].median()
    found = caught(orders, limit)
    _, ax = plt.subplots(figsize=(7.2, 4.2))
    for wrong, colour, size in ((False, BLUE, 6), (True, VERMILION, 40)):
        part = orders[orders["wrong"] == wrong]
        ax.scatter(part["listed"], part["amount"], color=colour, s=size, linewidth=0)
    ax.axhline(limit, color=GREY, linestyle="--")
    ax.set(xscale="log", yscale="log", xlabel=words("listed_axis"), ylabel=words("amount_axis"))
    ax.set_title(words("game_title", limit=limit, wrong=int(orders["wrong"].sum()), **found))
    plt.show()


def sold() -> pd.DataFrame:
    """The learner's app orders that were sold, each once: amount, listed, wrong."""
    folder = room.company()
    orders = app_orders_raw(folder).query("status in ['completed', 'shipped']").drop_duplicates("order_id")
    orders = orders.assign(listed=orders["order_id"].map(listed(folder))).dropna(subset=["listed"])
    return orders.assign(wrong=orders["amount"] > _OFF * orders["listed"])[["amount", "listed", "wrong"]]


def caught(orders: pd.DataFrame, limit: float) -> dict[str, float]:
    """What lies above the limit: caught (wrong amounts), honest (orders that agree with their lines), yuan of those."""
    above = orders[orders["amount"] > limit]
    honest = above[~above["wrong"]]
    return {"caught": int(above["wrong"].sum()), "honest": len(honest), "yuan": float(honest["amount"].sum())}
