"""What lesson 05 shows without its plumbing: two pictures of the same money, December seen four times, favourites."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from course import behaviour
from course.charts import GREY, VERMILION
from course.classroom.words import words

#: The evenings of December on which the lines are looked at.
SEEN = (5, 15, 25, 31)


def pie_and_bars(money: pd.Series, names: dict[str, str]) -> None:
    """Money by what `names` calls, as a pie and as sorted bars; the two bars nearest to each other are marked."""
    money = money.rename(names).sort_values()
    percent = 100 * money / money.sum()
    near = int(np.argmin(np.diff(percent)))
    _, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.2))
    left.pie(money, labels=money.index, colors=sns.color_palette("colorblind"))
    right.barh(money.index, percent, color=[VERMILION if i in (near, near + 1) else GREY for i in range(len(money))])
    right.set(xlabel=words("money_share"))
    gap = percent.iloc[near + 1] - percent.iloc[near]
    plt.suptitle(words("pie", one=money.index[near + 1], other=money.index[near], gap=gap))
    plt.show()


def last_steps(orders: pd.DataFrame, day: int) -> pd.DataFrame:
    """Retention by cohort as of a day of December 2024, in percent, with `last` where a line ends; no month 0."""
    until = pd.Timestamp(2024, 12, day)
    seen = behaviour.cohorts(orders[orders["ordered_at"] < until + pd.Timedelta(days=1)], until).query("age > 0")
    return seen.assign(
        percent=100 * seen["retention"], last=seen["age"] == seen.groupby("cohort")["age"].transform("max")
    )


def plunge(orders: pd.DataFrame, day: int) -> float:
    """By how many points the lines fall in their last month as of a day of December, on average over the cohorts."""
    seen = last_steps(orders, day)
    steps = seen.groupby("cohort")["percent"].diff()[seen["last"]]
    return float(-steps.mean())


def filmstrip(orders: pd.DataFrame) -> None:
    """The lines of all cohorts as they looked on four evenings of December, the last step of each in red."""
    figure, panels = plt.subplots(1, len(SEEN), figsize=(9.6, 3.2), sharey=True)
    for day, ax in zip(SEEN, panels, strict=True):
        for _, line in last_steps(orders, day).groupby("cohort"):
            ax.plot(line["age"], line["percent"], color=GREY, alpha=0.4, linewidth=0.7)
            ax.plot(line["age"].iloc[-2:], line["percent"].iloc[-2:], color=VERMILION, linewidth=1.2)
        ax.set_title(words("seen_on", day=day), fontsize="medium")
        ax.set(ylim=(0, 40), xlabel=words("age_short"))
        ax.text(
            0.97,
            0.95,
            words("last_step", points=plunge(orders, day)),
            color=VERMILION,
            ha="right",
            va="top",
            transform=ax.transAxes,
        )
    panels[0].set_ylabel(words("came_back"))
    figure.suptitle(words("film", first=plunge(orders, SEEN[0]), last=plunge(orders, SEEN[-1])))
    plt.show()


def changed(choices: pd.DataFrame) -> float:
    """The share of those who chose in 2023 and in 2024 whose favourite category is another one.

    `choices` has a row per choice, with `customer_id`, `category` and `year`; the favourite of a year is the category
    chosen most often, of equals the first by name.
    """
    counts = choices.groupby(["year", "customer_id", "category"]).size().rename("n").reset_index()
    counts = counts.sort_values(["n", "category"], ascending=[False, True]).drop_duplicates(["year", "customer_id"])
    favourite = counts.pivot(index="customer_id", columns="year", values="category")[[2023, 2024]].dropna()
    return float((favourite[2023] != favourite[2024]).mean())
