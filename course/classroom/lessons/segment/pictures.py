"""What lesson 07 draws without showing its plumbing: two lists, four bases of segmentation, and a line-up."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from scipy.stats import norm
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from course.charts import GREY, VERMILION
from course.classroom.words import words

#: Where the learner's own customers stand among the six of the line-up.
LETTERS, REAL = "abcdef", "e"
#: So many points are drawn and measured: more would hide each other.
_POINTS = 1500
#: The bases of segmentation and the column that stands for each.
_BASES = {"demographic": "age", "geographic": "city", "psychographic": "compares", "behavioural": "rfm_class"}
_FEWEST = 30


def two_lists(lists: pd.DataFrame, names: dict[str, str]) -> None:
    """How many customers the two lists put into each class; `lists` has rfm_class (median) and finebi (mean)."""
    wanted = "important_win_back"
    one, two = (set(lists.loc[lists[c] == wanted, "customer_id"]) for c in ("rfm_class", "finebi"))
    sides = {words("notebook"): lists["rfm_class"], words("finebi"): lists["finebi"]}
    rows = pd.concat([pd.DataFrame({"name": side.map(names), "list": name}) for name, side in sides.items()])
    ax = sns.countplot(rows, y="name", hue="list", order=list(names.values()), palette=[VERMILION, GREY])
    ax.set(title=words("two_lists", one=len(one), two=len(two), both=len(one & two)))
    ax.set(xlabel=words("customers"), ylabel="")
    ax.legend(title="", frameon=False)
    plt.show()


def four_bases(people: pd.DataFrame, as_of: pd.Timestamp) -> None:
    """What share of each group came back, by four bases of segmentation, with 95 % intervals.

    `people` has a row per customer: birth_date, city, item_2 (1 to 5), rfm_class, came_back.
    """
    age = (as_of - people["birth_date"]).dt.days / 365.25
    people = people.assign(
        age=pd.cut(age, [0, 30, 40, 50, 120], right=False), compares=pd.cut(people["item_2"], [0, 2, 3, 5])
    )
    parts = {base: people.groupby(column, observed=True)["came_back"] for base, column in _BASES.items()}
    groups = {base: part.agg(share="mean", n="count").query(f"n >= {_FEWEST}") for base, part in parts.items()}
    _, ax = plt.subplots(figsize=(6.4, 3.2))
    for base, group in groups.items():
        reach = 1.96 * (group["share"] * (1 - group["share"]) / group["n"]) ** 0.5
        colour = VERMILION if base == "behavioural" else GREY
        place = [words(base)] * len(group)
        ax.errorbar(100 * group["share"], place, xerr=100 * reach, fmt="o", alpha=0.7, capsize=3, color=colour)
    classes, cities = 100 * groups["behavioural"]["share"], 100 * groups["geographic"]["share"]
    ax.set_title(words("spread", low=classes.min(), high=classes.max(), near=cities.min(), far=cities.max()))
    ax.set(xlabel=words("next_half"), xlim=(0, 100))
    ax.invert_yaxis()
    plt.show()


def scatter(scaled: pd.DataFrame, clusters: pd.Series, title: str) -> None:
    """Standardised recency and money of all customers, coloured by their cluster."""
    _, ax = plt.subplots(figsize=(6.4, 3.6))
    _dots(ax, scaled, clusters.to_numpy())
    ax.set(title=title, xlabel=words("standard_recency"), ylabel=words("standard_money"))
    plt.show()


def lineup(scaled: pd.DataFrame) -> None:
    """Four k-means colours on recency and money of the customers and of five twins; the customers are REAL."""
    random = np.random.default_rng(7)
    shown = scaled[["recency_days", "monetary_net"]].sample(min(_POINTS, len(scaled)), random_state=0)
    figure, panels = plt.subplots(2, 3, figsize=(9, 5.4), sharex=True, sharey=True)
    for letter, ax in zip(LETTERS, panels.flat, strict=True):
        data = shown if letter == REAL else twin(shown, random)
        clusters = KMeans(4, n_init=10, random_state=0).fit_predict(data)
        _dots(ax, data, clusters)
        value = silhouette_score(data, clusters)
        ax.set_title(f"{letter}  {words('silhouette_of', value=value)}", fontsize="medium")
    figure.suptitle(words("lineup"))
    figure.supxlabel(words("standard_recency"), fontsize="medium")
    figure.supylabel(words("standard_money"), fontsize="medium")
    plt.show()


def twin(data: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Points with the same columns and the same rank correlation and no groups: a Gaussian copula (Nelsen 2006, 2.3).

    Ranks become normal scores; new normal points with the same correlation are turned back through each column's
    quantiles.
    """
    scores = norm.ppf((data.rank(method="first") - 0.5) / len(data))
    drawn = random.multivariate_normal(np.zeros(data.shape[1]), np.corrcoef(scores, rowvar=False), len(data))
    places = norm.cdf(drawn)
    return pd.DataFrame({name: np.quantile(data[name], places[:, i]) for i, name in enumerate(data)})


def _dots(ax: plt.Axes, data: pd.DataFrame, clusters: np.ndarray) -> None:
    """The customers as dots, a colour per cluster: recent ones first, of these the larger money first."""
    centres = data[["recency_days", "monetary_net"]].groupby(clusters).mean()
    order = np.lexsort((-centres["monetary_net"], centres["recency_days"] > 0))
    colours = np.array(sns.color_palette("colorblind", 4))[np.argsort(order)]
    ax.scatter(data["recency_days"], data["monetary_net"], c=colours[clusters], s=4, alpha=0.6, linewidths=0)
