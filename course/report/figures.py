"""The report's charts, one message each. `phrase` says a catalogue sentence in the page's language; `alt` is what a
chart says to who cannot see it."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from markupsafe import Markup

from course.report import draw, format

Phrase = Callable[..., str]


def classes(sizes: pd.DataFrame) -> list[Markup]:
    """A cell a class: its share of the money over its share of the customers."""
    most = np.nanmax(sizes[["share", "money_share", "high"]].to_numpy(dtype="float64"), initial=0)
    return [
        draw.bar(r.money_share, most, low=r.low, high=r.high, behind=r.share, tone=tone(r.rfm_class))
        for r in sizes.itertuples()
    ]


def expected_value(worth: pd.DataFrame) -> list[Markup]:
    """A cell a class: the money expected of it, with its interval."""
    most = np.nanmax(worth[["value", "high"]].to_numpy(dtype="float64"), initial=0)
    return [draw.bar(r.value, most, low=r.low, high=r.high, tone=tone(r.rfm_class)) for r in worth.itertuples()]


def stages(counted: pd.DataFrame) -> list[Markup]:
    """A cell a stage of life: its customers."""
    most = np.nanmax(counted["customers"].to_numpy(dtype="float64"), initial=0)
    return [draw.bar(r.customers, most, tone=tone(r.stage)) for r in counted.itertuples()]


def tone(key: str) -> str:
    """The tone of a class or a stage of life: the same in every chart."""
    return key.replace("_", "-")


def differences(arms: pd.DataFrame) -> list[Markup]:
    """A cell an arm: its difference to those left out, with its interval."""
    reach = 1.05 * np.nanmax(np.abs(arms[["difference", "low", "high"]].to_numpy(dtype="float64")), initial=1e-9)
    tones = np.select([arms["low"] > 0, arms["high"] < 0], ["green", "red"], "grey")
    return [draw.dot(r.difference, r.low, r.high, reach, t) for r, t in zip(arms.itertuples(), tones, strict=True)]


def misses(scored: pd.DataFrame) -> list[Markup]:
    """A cell a forecast: what came beyond it as a share of it, on the interval that was given; red where outside."""
    low, high = scored["low"] / scored["expected"] - 1, scored["high"] / scored["expected"] - 1
    reach = 1.05 * np.nanmax(np.abs(pd.concat([low, high, scored["miss"]]).to_numpy(dtype="float64")), initial=1e-9)
    tones = scored["held"].map({True: "green", False: "red"}).fillna("grey")
    low, high = low.fillna(scored["miss"]), high.fillna(scored["miss"])  # without an interval: the dot alone
    return [draw.dot(*row, reach, t) for *row, t in zip(scored["miss"], low, high, tones, strict=True)]


def drift(trend: pd.DataFrame, ticks: list[str], alt: str) -> Markup:
    """Columns of the portraits that moved beyond chance, run by run."""
    moved = trend["moved"].astype("float64").tolist()
    return draw.columns([("blue", moved)], ticks, alt, figure=lambda value: f"{value:g}")


def drivers(table: pd.DataFrame) -> list[Markup]:
    """A cell a driver: its share of what is explained."""
    most = np.nanmax(table["importance"].to_numpy(dtype="float64"), initial=0)
    return [draw.bar(max(r.importance, 0), most) for r in table.itertuples()]


def score_grid(pairs: pd.DataFrame) -> np.ndarray:
    """Customers of each pair of scores, (5, 5): frequency from the highest, recency from the lowest; NaN not told."""
    counts = np.zeros((5, 5))
    counts[5 - pairs["f"], pairs["r"] - 1] = pairs["customers"]
    return counts


def months(sales: pd.DataFrame, best: pd.Series, lang: str, shown: str, alt: str) -> Markup:
    """Net money a month: the best month marked with what it brought, months that the data cover in part grey."""
    at = int(np.flatnonzero(sales["month"] == best["month"])[0])
    tones = np.where(sales["complete"], "blue-pale", "grey-pale")
    tones[at] = "blue"
    return draw.columns(
        [("blue", sales["money"].tolist())],
        _months(sales["month"], lang),
        alt,
        figure=lambda value: format.axis(value, lang),
        tones=tones.tolist(),
        marked=(at, shown),
    )


def _months(periods: pd.Series, lang: str) -> list[str]:
    """A label for as many months as there is room for, in step with the years."""
    every = next(k for k in (1, 2, 3, 4, 6, 12, 24, 60, 240) if len(periods) / k <= 9)
    return ["" if (12 * p.year + p.month - 1) % every else format.tick(p, lang) for p in periods]


def survey_scores(counts: pd.Series, alt: str) -> Markup:
    """Share of answers for each score from 0 to 10."""
    shares = 100 * counts / counts.sum()
    return draw.columns(
        [("blue", shares.tolist())],
        [f"{score}" for score in counts.index],
        alt,
        figure=lambda value: f"{value:g}%",
        tones=["red"] * 7 + ["grey-pale"] * 2 + ["green"] * 2,
        high=170,
    )


def states(periods: pd.DataFrame, lang: str, alt: str) -> Markup:
    """Active customers by month as returning, resurrecting and new; those who fell silent below the line."""
    told = periods[[*STATES]].fillna(0).astype("float64")  # a blank is of a few people
    return draw.columns(
        [(STATES[state], told[state].tolist()) for state in ("returning", "resurrecting", "new")],
        _months(periods["period"], lang),
        alt,
        figure=lambda value: format.axis(abs(value), lang),
        below=(STATES["dormant"], told["dormant"].tolist()),
        high=220,
    )


#: The tone of each state of a month.
STATES = {"returning": "blue", "resurrecting": "sky", "new": "green", "dormant": "grey-pale"}


def calibration(table: pd.DataFrame, phrase: Phrase, alt: str) -> Markup:
    """Forecast risk against the share that fell silent, with intervals and the line of a perfect forecast."""
    return draw.line(
        list(zip(100 * table["forecast"], 100 * table["silent"], strict=True)),
        alt,
        axes=(phrase("forecast risk of silence, %"), phrase("fell silent, %")),
        figure=lambda value: f"{value:g}",
        intervals=list(zip(100 * table["low"], 100 * table["high"], strict=True)),
        reach=(100, 100),
        joined=False,
        diagonal=True,
    )


def lorenz(curve: pd.DataFrame, phrase: Phrase, alt: str) -> Markup:
    """Share of money by share of customers, best first, the best fifth marked."""
    best_first = curve.iloc[::-1]
    return draw.line(
        list(zip(100 * (1 - best_first["customers"]), 100 * (1 - best_first["money"]), strict=True)),
        alt,
        axes=(phrase("share of customers, best first, %"), phrase("share of money, %")),
        figure=lambda value: f"{value:g}",
        reach=(100, 100),
        diagonal=True,
        mark=20,
    )


def retention(pooled: pd.DataFrame, phrase: Phrase, alt: str) -> Markup:
    """Share of customers who buy in each month after their first, with intervals."""
    return draw.line(
        list(zip(pooled["age"], 100 * pooled["retention"], strict=True)),
        alt,
        axes=(phrase("months since the month of the first order"), phrase("customers who buy, %")),
        figure=lambda value: f"{value:g}",
        intervals=list(zip(100 * pooled["low"], 100 * pooled["high"], strict=True)),
    )
