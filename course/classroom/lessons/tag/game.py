"""A thousand customers as dots: who carries a tag, and how many of them should."""

import matplotlib.pyplot as plt
import numpy as np

from course.charts import BLUE, GREY, SKY, VERMILION
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_CUSTOMERS, _WIDE = 1000, 40


@game(
    "tag",
    Slider("prevalence", 0.5, 20, 0.5, 5),
    Slider("sensitivity", 0, 100, 5, 70),
    Slider("false_alarms", 0, 10, 0.5, 3),
)
def draw(prevalence: float, sensitivity: float, false_alarms: float) -> None:
    """One dot a customer, the four kinds side by side."""
    kinds = counts(prevalence, sensitivity, false_alarms)
    looks = {"hit": (BLUE, "o"), "false_alarm": (VERMILION, "X"), "missed": (SKY, "s"), "rest": (GREY, "o")}
    _, ax = plt.subplots(figsize=(6.8, 4.2))
    place = np.arange(_CUSTOMERS)
    begin = 0
    for name, (colour, marker) in looks.items():
        mine = place[begin : begin + kinds[name]]
        begin += kinds[name]
        label = words(name, n=kinds[name])
        ax.scatter(
            mine % _WIDE,
            mine // _WIDE,
            c=colour,
            marker=marker,
            s=7 if name == "rest" else 30,
            label=label,
            linewidths=0,
        )
    ax.invert_yaxis()
    ax.axis("off")
    tagged = kinds["hit"] + kinds["false_alarm"]
    share = kinds["hit"] / tagged if tagged else 0.0
    ax.set_title(words("dots", tagged=tagged, right=kinds["hit"], share=share))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=2, frameon=False)
    plt.show()


def counts(prevalence: float, sensitivity: float, false_alarms: float) -> dict[str, int]:
    """How many of a thousand are rightly tagged, wrongly tagged, missed, and neither; all in percent."""
    those = round(_CUSTOMERS * prevalence / 100)
    hit = round(those * sensitivity / 100)
    wrong = round((_CUSTOMERS - those) * false_alarms / 100)
    return {"hit": hit, "false_alarm": wrong, "missed": those - hit, "rest": _CUSTOMERS - those - wrong}
