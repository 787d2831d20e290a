"""Who is the largest audience: it depends on the threshold, the number of films and the reading of the rule."""

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np

from course.classroom.lessons.portrait.material import RULES
from course.classroom.tables import load
from course.classroom.widgets import Slider, game
from course.classroom.words import words
from course.company.film import GENRES


@game("portrait", Slider("threshold", 5, 9, 1, 7), Slider("films", 1, 4, 1, 4))
def draw(threshold: float, films: float) -> None:
    """Fans of each genre by each reading, with so many of the action films."""
    counts = fans_at(int(threshold), int(films))
    first = [words(GENRES[np.argmax(counts[rule])]) for rule in RULES]
    _, ax = plt.subplots(figsize=(6.8, 3.8))
    place = np.arange(len(RULES))
    for i, genre in enumerate(GENRES):
        bars = ax.barh(place + 0.27 * (i - 1), [counts[rule][i] for rule in RULES], 0.25, label=words(genre))
        ax.bar_label(bars, fmt="{:.0f}", padding=2)
    ax.set_yticks(place, [words(rule) for rule in RULES])
    ax.invert_yaxis()
    ax.set_xlim(0, 330)  # room for the legend beside all 240 people
    ax.set_xlabel(words("fans_axis"))
    ax.set_title(words("game_title", threshold=int(threshold), films=int(films), first=" · ".join(first)))
    ax.legend(frameon=False, loc="lower right")
    plt.show()


def fans_at(threshold: int, films: int) -> dict[str, np.ndarray]:
    """Fans by rule, in the order of GENRES. Action counts by `films` of its films: the mean over every choice."""
    ratings = load("film_ratings")
    out = {rule: np.zeros(len(GENRES)) for rule in RULES}
    for i, genre in enumerate(GENRES):
        own = ratings[ratings["genre"] == genre].pivot(index="person_id", columns="film_id", values="rating").to_numpy()
        size = films if genre == "action" else own.shape[1]
        choices = [own[:, list(c)] for c in combinations(range(own.shape[1]), size)]
        for rule in RULES:
            out[rule][i] = np.mean([_fans(chosen, threshold, rule) for chosen in choices])
    return out


def _fans(ratings: np.ndarray, threshold: int, rule: str) -> int:
    """People (rows) who like the genre; blanks are films that were not seen."""
    seen = ~np.isnan(ratings)
    liked = (ratings >= threshold).sum(axis=1)
    if rule == "by_any":
        return int((liked >= 1).sum())
    if rule == "by_half":
        return int((seen.any(axis=1) & (2 * liked >= seen.sum(axis=1))).sum())
    return int((seen.any(axis=1) & (np.nansum(ratings - threshold, axis=1) >= 0)).sum())
