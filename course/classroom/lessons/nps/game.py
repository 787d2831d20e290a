"""How wide an interval of so many answers is, and how often it holds the truth."""

import matplotlib.pyplot as plt
import numpy as np
from scipy.special import gammaln

from course.charts import BLUE, GREY, VERMILION
from course.classroom.widgets import Slider, game
from course.classroom.words import words

_Z, _DETRACTORS, _SURVEYS = 1.959964, 0.05, 40
#: Answers that each interval adds before it is taken; a quarter of them are promoters, a quarter detractors.
_ADDED = {"plain": 0, "adjusted": 3}


@game("nps", Slider("answers", 5, 200, 5, 20), Slider("promoters", 20, 90, 5, 80))
def draw(answers: float, promoters: float) -> None:
    """Forty surveys of so many answers with both intervals; those that miss the truth in another colour."""
    n, p = int(answers), promoters / 100
    truth = 100 * (p - _DETRACTORS)
    drawn = np.random.default_rng(0).multinomial(n, [p, 1 - p - _DETRACTORS, _DETRACTORS], size=_SURVEYS)
    _, axes = plt.subplots(1, 2, figsize=(7.2, 4), sharex=True, sharey=True)
    place = np.arange(_SURVEYS)
    for ax, (kind, added) in zip(axes, _ADDED.items(), strict=True):
        middle, reach = interval(drawn[:, 0], drawn[:, 2], n, added)
        missed = np.abs(middle - truth) > reach
        for which, colour in ((~missed, BLUE), (missed, VERMILION)):
            ax.errorbar(middle[which], place[which], xerr=reach[which], fmt=".", color=colour, markersize=4)
        ax.axvline(truth, color=GREY, linewidth=1, linestyle="--")
        ax.set_title(words(kind, share=coverage(n, p, _DETRACTORS, added)))
        ax.set_xlabel(words("points"))
        ax.set_yticks([])
    wide = _Z * 100 * np.sqrt((p + _DETRACTORS - (p - _DETRACTORS) ** 2) / n)
    plt.suptitle(words("wide", n=n, reach=wide, truth=truth))
    plt.show()


def interval(promoters: np.ndarray, detractors: np.ndarray, n: int, added: float) -> tuple[np.ndarray, np.ndarray]:
    """Middle and reach, in points, of the 95 % interval of each survey (counts of n answers).

    `added` answers are added first: 0 gives Wald's interval, 3 that of Rocks (2016).
    """
    p, d = ((counts + added / 4) / (n + added) for counts in (promoters, detractors))
    return 100 * (p - d), 100 * _Z * np.sqrt((p + d - (p - d) ** 2) / (n + added))


def coverage(n: int, p: float, d: float, added: float) -> float:
    """How often, of all surveys of n answers, the interval holds 100 (p − d): the sum over every possible outcome."""
    promoters, detractors = np.meshgrid(np.arange(n + 1), np.arange(n + 1))
    possible = promoters + detractors <= n
    promoters, detractors = promoters[possible], detractors[possible]
    rest = n - promoters - detractors
    chance = gammaln(n + 1) - gammaln(promoters + 1) - gammaln(detractors + 1) - gammaln(rest + 1)
    chance += promoters * np.log(p) + detractors * np.log(d) + rest * np.log(1 - p - d)
    middle, reach = interval(promoters, detractors, n, added)
    return float(np.exp(chance)[np.abs(middle - 100 * (p - d)) <= reach].sum())
