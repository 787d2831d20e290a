"""What the two conversions say when the window of days that they are counted over is moved."""

from functools import lru_cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from course import behaviour
from course.charts import BLUE, VERMILION
from course.classroom import room
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words

#: From the first day of the click log to the lesson's last.
_DAYS = 168


@game("behaviour", Slider("days", 7, _DAYS, 7, 28))
def draw(days: float) -> None:
    """The conversion of visits and of users over the first so many days of the log, the chosen window marked."""
    days, curves = int(days), conversions(room.company())
    place = np.arange(1, _DAYS + 1)
    _, ax = plt.subplots()
    for name, colour in (("session", VERMILION), ("user", BLUE)):
        ax.plot(place[:days], 100 * curves[name][:days], color=colour)
        ax.plot(days, 100 * curves[name][days - 1], "o", color=colour, markersize=8, label=words(name))
    ax.set(xlabel=words("window_axis"), ylabel=words("bought_axis"), xlim=(0, _DAYS + 4), ylim=(0, 100))
    ax.set_title(words("window", days=days, **{name: curves[name][days - 1] for name in curves}))
    ax.legend(frameon=False, loc="upper left")
    plt.show()


@lru_cache(maxsize=2)
def conversions(folder: object) -> dict[str, np.ndarray]:
    """Share of the visits, and of the users, with a purchase, over the first 1, 2, … _DAYS days of the company's log.

    A user is the customer, where one is known of the visit or alone stands behind the visitor; else the visitor.
    """
    events = load("events")
    visits = behaviour.sessions(events.assign(at=events["at"] + pd.Timedelta(hours=8)))
    owners = visits.groupby("visitor_id")["customer_id"].agg(lambda ids: ids.dropna().unique())
    only = owners[owners.map(len) == 1].map(lambda ids: ids[0])
    user = visits["customer_id"].fillna(visits["visitor_id"].map(only)).fillna(visits["visitor_id"])
    day = (visits["started"].dt.normalize() - visits["started"].min().normalize()).dt.days
    came, bought = day.groupby(user).min(), day[visits["buys"] > 0].groupby(user[visits["buys"] > 0]).min()
    shares = {"session": (day[visits["buys"] > 0], day), "user": (bought, came)}
    return {name: _by_day(some) / _by_day(of) for name, (some, of) in shares.items()}


def _by_day(days: pd.Series) -> np.ndarray:
    return np.cumsum(np.bincount(days[days < _DAYS], minlength=_DAYS))
