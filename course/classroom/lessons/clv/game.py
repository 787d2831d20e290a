"""How the chance of still being a customer falls with silence, for a rare and for a frequent buyer."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course import clv
from course.charts import BLUE, GREY
from course.classroom.lessons.clv.seal import AS_OF
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_WEEKS = 78


@game("clv", Slider("x_slider", 0, 30, 1, 5), Slider("t_slider", 1, 52, 1, 26))
def draw(x_slider: float, t_slider: float) -> None:
    """P(alive) over the weeks of silence, with the parameters of the learner's company."""
    silence, alive = curve(x_slider, t_slider)
    half = float(alive[silence == 26][0])
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    ax.plot(silence, 100 * alive, color=BLUE)
    ax.axvline(26, color=GREY, linestyle="--")
    ax.set_ylim(0, 102)
    ax.set_xlabel(words("silence_axis"))
    ax.set_ylabel(words("alive_axis"))
    ax.set_title(words("game_title", x=x_slider, t=t_slider if x_slider else 0, p=100 * half))
    plt.show()


def curve(x: float, t_x: float) -> tuple[np.ndarray, np.ndarray]:
    """Weeks of silence, and P(alive) after them; without a repeat purchase first and last are the same day."""
    model = clv.ModifiedBetaGeo().fit(clv.summary(load("orders"), AS_OF))
    silence = np.arange(_WEEKS + 1.0)
    last = float(t_x) if x else 0.0
    many = pd.DataFrame({"x": int(x), "t_x": last, "T": last + silence})
    return silence, model.p_alive(many).to_numpy()
