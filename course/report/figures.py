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
        if sizes["low"].notna().all():
            half = 100 * (sizes["money_share"] - sizes["low"]), 100 * (sizes["high"] - sizes["money_share"])
            axes.errorbar(100 * sizes["money_share"], at - 0.19, xerr=half, fmt="none", ecolor="black", elinewidth=1)
        axes.set_yticks(at, labels)
        axes.set_xlabel(phrase("share of all, %"))
        axes.legend(frameon=False, loc="lower right")
        return charts.svg(figure, alt)


def score_grid(pairs: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Number of customers for each pair of recency and frequency scores, as SVG."""
    counts = np.zeros((5, 5))
    counts[pairs["f"] - 1, pairs["r"] - 1] = pairs["customers"]
    most = np.nanmax(counts, initial=1)
    with charts.drawing(4.6, 3.4) as (figure, axes):
        axes.pcolormesh(np.nan_to_num(counts), cmap="Blues", edgecolors="white", linewidth=1)
        for (f, r), n in np.ndenumerate(counts):
            colour = "white" if n > 0.6 * most else "black"
            axes.text(r + 0.5, f + 0.5, "–" if np.isnan(n) else f"{n:,.0f}", ha="center", va="center", color=colour)
        axes.set_xticks(np.arange(5) + 0.5, range(1, 6))
        axes.set_yticks(np.arange(5) + 0.5, range(1, 6))
        axes.tick_params(length=0)
        axes.set_xlabel(phrase("R score (5: most recent)"))
        axes.set_ylabel(phrase("F score (5: most orders)"))
        for spine in axes.spines.values():
            spine.set_visible(False)
        return charts.svg(figure, alt)


def months(sales: pd.DataFrame, phrase: Phrase, lang: str, alt: str) -> str:
    """Net money a month, months that the data cover in part in grey, as SVG."""
    with charts.drawing(4.8, 2.7) as (figure, axes):
        colours = [charts.BLUE if complete else charts.GREY for complete in sales["complete"]]
        axes.bar(range(len(sales)), sales["money"].to_numpy(), color=colours)
        step = -(-len(sales) // 8)
        shown = range(0, len(sales), step)
        axes.set_xticks(shown, [str(sales["month"][i]) for i in shown], rotation=45, ha="right")
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
        axes.set_xlabel(phrase("money expected"))
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


def bars(counts: pd.Series, labels: list[str], axis: str, lang: str, alt: str) -> str:
    """One bar a label, as SVG."""
    with charts.drawing(4.8, 2.8) as (figure, axes):
        at = np.arange(len(counts))[::-1]
        axes.barh(at, counts.to_numpy(), 0.6, color=charts.BLUE)
        axes.set_yticks(at, labels)
        axes.xaxis.set_major_formatter(lambda value, _: charts.large(value, lang))
        axes.set_xlabel(axis)
        return charts.svg(figure, alt)


def states(periods: pd.DataFrame, names: dict[str, str], phrase: Phrase, lang: str, alt: str) -> str:
    """Active customers by month as new, returning and resurrecting; those who fell silent below the line, as SVG."""
    colours = {"returning": charts.BLUE, "resurrecting": charts.SKY, "new": charts.GREEN}
    with charts.drawing(5.2, 3.2) as (figure, axes):
        base = np.zeros(len(periods))
        at = np.arange(len(periods))
        for state, colour in colours.items():
            told = periods[state].fillna(0).to_numpy(dtype="float64")  # a blank is of a few people
            axes.bar(at, told, 0.8, bottom=base, color=colour, label=names[state])
            base += told
        axes.bar(
            at, -periods["dormant"].fillna(0).to_numpy(dtype="float64"), 0.8, color=charts.GREY, label=names["dormant"]
        )
        axes.axhline(0, color="black", linewidth=0.8)
        shown = at[:: -(-len(at) // 8)]
        axes.set_xticks(shown, [f"{periods['period'].iloc[i]:%Y-%m}" for i in shown], rotation=45, ha="right")
        axes.yaxis.set_major_formatter(lambda value, _: charts.large(abs(value), lang))
        axes.set_ylabel(phrase("customers"))
        figure.legend(frameon=False, loc="outside upper center", ncols=4)
        return charts.svg(figure, alt)


def calibration(table: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Forecast risk against the share that fell silent, with intervals and the line of a perfect forecast, as SVG."""
    with charts.drawing(4.4, 3.6) as (figure, axes):
        axes.plot([0, 100], [0, 100], color=charts.GREY, linestyle=":", linewidth=1)
        low, high = table["silent"] - table["low"], table["high"] - table["silent"]
        axes.errorbar(
            100 * table["forecast"],
            100 * table["silent"],
            yerr=(100 * low.clip(lower=0), 100 * high.clip(lower=0)),
            fmt="o",
            color=charts.BLUE,
            elinewidth=1,
        )
        axes.set_xlabel(phrase("forecast risk of silence, %"))
        axes.set_ylabel(phrase("fell silent, %"))
        return charts.svg(figure, alt)


def lorenz(curve: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Share of money by share of customers, best first, as SVG."""
    with charts.drawing(4.2, 3.4) as (figure, axes):
        best_first = 100 * (1 - curve["customers"].to_numpy()[::-1]), 100 * (1 - curve["money"].to_numpy()[::-1])
        axes.plot(*best_first, color=charts.BLUE)
        axes.plot([0, 100], [0, 100], color=charts.GREY, linestyle=":", linewidth=1)
        axes.axvline(20, color=charts.GREY, linewidth=0.8)
        axes.set_xlabel(phrase("share of customers, best first, %"))
        axes.set_ylabel(phrase("share of money, %"))
        return charts.svg(figure, alt)


def retention(pooled: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Share of customers who buy in each month after their first, with intervals, as SVG."""
    with charts.drawing(4.8, 3.0) as (figure, axes):
        axes.plot(pooled["age"], 100 * pooled["retention"], color=charts.BLUE, marker="o", markersize=4)
        axes.fill_between(pooled["age"], 100 * pooled["low"], 100 * pooled["high"], color=charts.SKY, alpha=0.4)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(phrase("months since the month of the first order"))
        axes.set_ylabel(phrase("customers who buy, %"))
        return charts.svg(figure, alt)


def differences(table: pd.DataFrame, phrase: Phrase, alt: str) -> str:
    """Difference to the control group of each campaign and arm, with intervals, as SVG."""
    labels = [f"{r.campaign_id} · {r.arm}" if r.arm else r.campaign_id for r in table.itertuples()]
    with charts.drawing(5.2, 1.2 + 0.36 * len(table)) as (figure, axes):
        at = np.arange(len(table))[::-1]
        half = 100 * (table["difference"] - table["low"]), 100 * (table["high"] - table["difference"])
        axes.errorbar(100 * table["difference"], at, xerr=half, fmt="o", color=charts.BLUE, elinewidth=1)
        axes.axvline(0, color=charts.GREY, linewidth=0.8)
        axes.set_yticks(at, labels)
        axes.set_xlabel(phrase("difference to the control group, points"))
        return charts.svg(figure, alt)
