"""The report's charts, one message each. `phrase` says a catalogue sentence in the page's language."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from course import charts

Phrase = Callable[..., str]


def classes(sizes: pd.DataFrame, labels: list[str], phrase: Phrase, alt: str) -> str:
    """Share of customers and of money of the eight classes, as SVG."""
    with charts.drawing(4.8, 3.5) as (figure, axes):
        at = np.arange(len(sizes))[::-1]
        axes.barh(at + 0.19, 100 * sizes["share"], 0.36, color=charts.SKY, label=phrase("customers"))
        axes.barh(at - 0.19, 100 * sizes["money_share"], 0.36, color=charts.BLUE, label=phrase("net money"))
        half = 100 * (sizes["money_share"] - sizes["low"]), 100 * (sizes["high"] - sizes["money_share"])
        axes.errorbar(100 * sizes["money_share"], at - 0.19, xerr=half, fmt="none", ecolor="black", elinewidth=1)
        axes.set_yticks(at, labels)
        axes.set_xlabel(phrase("share of all, %"))
        axes.legend(frameon=False, loc="lower right")
        return charts.svg(figure, alt)


def score_grid(customers: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Number of customers for each pair of recency and frequency scores, as SVG."""
    counts = np.zeros((5, 5), dtype="int64")
    for (f, r), n in customers.groupby(["f", "r"]).size().items():
        counts[f - 1, r - 1] = n
    with charts.drawing(4.6, 3.4) as (figure, axes):
        axes.pcolormesh(counts, cmap="Blues", edgecolors="white", linewidth=1)
        for (f, r), n in np.ndenumerate(counts):
            colour = "white" if n > 0.6 * counts.max() else "black"
            axes.text(r + 0.5, f + 0.5, f"{n:,}", ha="center", va="center", color=colour)
        axes.set_xticks(np.arange(5) + 0.5, range(1, 6))
        axes.set_yticks(np.arange(5) + 0.5, range(1, 6))
        axes.tick_params(length=0)
        axes.set_xlabel(phrase("R score (5: most recent)"))
        axes.set_ylabel(phrase("F score (5: most orders)"))
        for spine in axes.spines.values():
            spine.set_visible(False)
        return charts.svg(figure, alt)


def months(money: pd.Series, whole: list[pd.Period], phrase: Phrase, lang: str, alt: str) -> str:
    """Net money a month, months that the data cover in part in grey, as SVG."""
    with charts.drawing(4.8, 2.7) as (figure, axes):
        colours = [charts.BLUE if month in whole else charts.GREY for month in money.index]
        axes.bar(range(len(money)), money.to_numpy(), color=colours)
        step = -(-len(money) // 8)
        shown = range(0, len(money), step)
        axes.set_xticks(shown, [str(money.index[i]) for i in shown], rotation=45, ha="right")
        axes.yaxis.set_major_formatter(lambda value, _: charts.large(value, lang))
        axes.set_ylabel(phrase("net money a month"))
        return charts.svg(figure, alt)


def expected_value(worth: pd.DataFrame, labels: list[str], phrase: Phrase, lang: str, alt: str) -> str:
    """Expected money of each class with its interval, as SVG."""
    with charts.drawing(4.8, 3.0) as (figure, axes):
        at = np.arange(len(worth))[::-1]
        axes.barh(at, worth["value"], 0.6, color=charts.GREEN)
        half = worth["value"] - worth["low"], worth["high"] - worth["value"]
        axes.errorbar(worth["value"], at, xerr=half, fmt="none", ecolor="black", elinewidth=1)
        axes.set_yticks(at, labels)
        axes.xaxis.set_major_formatter(lambda value, _: charts.large(value, lang))
        axes.set_xlabel(phrase("money expected next year"))
        return charts.svg(figure, alt)


def survey_scores(counts: pd.Series, phrase: Phrase, alt: str) -> str:
    """Share of answers for each score from 0 to 10, as SVG."""
    with charts.drawing(4.8, 2.7) as (figure, axes):
        colours = [charts.VERMILION] * 7 + [charts.GREY] * 2 + [charts.BLUE] * 2
        axes.bar(counts.index, 100 * counts / counts.sum(), color=colours)
        axes.set_xticks(range(11))
        axes.set_xlabel(phrase("score"))
        axes.set_ylabel(phrase("share of answers, %"))
        return charts.svg(figure, alt)
