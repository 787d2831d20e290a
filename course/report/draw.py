"""Charts as HTML and SVG text: bars and dots that stand in a table's cells, and four charts with axes.

The page's own style gives fonts and colours (a tone is the name of one of its colours), so that a chart is dark on a
dark page and is printed in ink. Whatever comes from the data is escaped. A chart with axes is `WIDE` units wide and is
never drawn wider than about as many pixels: its text is as large as the page's small print at any width.
"""

from collections.abc import Callable, Sequence
from datetime import date
from html import escape

import numpy as np
from markupsafe import Markup

WIDE = 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 10, 14, 22


def percent(part: float) -> str:
    """A share from 0 to 1 as a length of CSS, never beyond its box."""
    return f"{100 * min(max(part, 0), 1):.2f}%"


# --- in a cell -------------------------------------------------------------------------------------------------------


def bar(
    value: float,
    most: float,
    *,
    low: float | None = None,
    high: float | None = None,
    behind: float | None = None,
    tick: float | None = None,
    tone: str = "blue",
) -> Markup:
    """A bar from nought to `most`: its interval as a thin line, another share pale behind it, everybody's as a tick.

    The figure itself stands in a cell beside it: to a reader of the screen the bar is nothing.
    """
    if not most or np.isnan(value):
        return Markup("")
    parts = [] if behind is None else [f'<i class="behind" style="width:{percent(behind / most)}"></i>']
    parts.append(f'<i class="fill" style="width:{percent(value / most)};background:var(--{tone})"></i>')
    if low is not None and not np.isnan(low):
        parts.append(_interval(low / most, high / most))
    if tick is not None:
        parts.append(f'<i class="tick" style="left:{percent(tick / most)}"></i>')
    return Markup(f'<span class="bar" aria-hidden="true">{"".join(parts)}</span>')


def dot(value: float, low: float, high: float, reach: float, tone: str = "blue") -> Markup:
    """A dot with its interval on an axis from −`reach` to `reach`, nought marked."""

    def at(x: float) -> float:
        return (x + reach) / (2 * reach)

    return Markup(
        f'<span class="bar dots" aria-hidden="true"><i class="zero"></i>{_interval(at(low), at(high))}'
        f'<i class="dot" style="left:{percent(at(value))};background:var(--{tone})"></i></span>'
    )


def _interval(low: float, high: float) -> str:
    low, high = max(low, 0), min(high, 1)
    return f'<i class="ci" style="left:{percent(low)};width:{percent(high - low)}"></i>'


# --- of parts --------------------------------------------------------------------------------------------------------


def stack(parts: Sequence[tuple[str, float, str, str]], alt: str, most: int | None = None) -> Markup:
    """One bar of parts (name, size, tone, figure); its legend has the figures of all, or of the first `most`."""
    shown = [part for part in parts if part[1] > 0]
    cells = "".join(f'<i style="flex:{size:.6g};background:var(--{tone})"></i>' for _, size, tone, _ in shown)
    items = "".join(
        f'<li><b style="background:var(--{tone})"></b>{escape(name)} <span>{escape(figure)}</span></li>'
        for name, _, tone, figure in shown[:most]
    )
    whole = f'<div role="img" aria-label="{escape(alt)}">{cells}</div>'
    return Markup(f'<div class="stack">{whole}<ul class="legend">{items}</ul></div>')


def spark(values: Sequence[float], pale: Sequence[bool], alt: str) -> Markup:
    """Months as hairline columns, the `pale` ones grey."""
    most, step = max(*values, 0) or 1, 160 / len(values)
    bars = "".join(
        f'<rect x="{i * step + 0.5:.1f}" y="{36 - 36 * max(v, 0) / most:.1f}" width="{step - 1:.1f}" '
        f'height="{36 * max(v, 0) / most:.1f}"{_class("pale") if pale[i] else ""}/>'
        for i, v in enumerate(values)
    )
    return _svg(160, 36, bars, alt, "spark")


# --- with axes -------------------------------------------------------------------------------------------------------


def columns(
    series: Sequence[tuple[str, Sequence[float]]],
    ticks: Sequence[str],
    alt: str,
    *,
    figure: Callable[[float], str],
    below: tuple[str, Sequence[float]] | None = None,
    tones: Sequence[str] | None = None,
    marked: tuple[int, str] | None = None,
    high: int = 190,
) -> Markup:
    """Columns of stacked (tone, values), another series hanging below the line.

    Parameters
    ----------
    ticks : a label a column; "" for none
    figure : how a value of the axis is written
    tones : a tone a column, in place of the series' own
    marked : the column that the message is about, and what is written over it
    """
    n = len(series[0][1])
    tops = [sum(values[i] for _, values in series) for i in range(n)]
    most, least = max([0, *tops]), min([0, *tops, *(-v for v in below[1])] if below else [0, *tops])
    grid = _ticks(least, most)
    least, most = min(least, grid[0]), max(most * 1.08, grid[-1])
    floor = high - _BOTTOM

    def y(value: float) -> float:
        return _TOP + (floor - _TOP) * (most - value) / ((most - least) or 1)

    step = (WIDE - _LEFT - _RIGHT) / n
    parts = [_line_across(y(v), figure(v)) for v in grid]
    for i in range(n):
        base = 0.0
        for tone, values in series:
            parts.append(_column(i, step, y(base + values[i]), y(base), tones[i] if tones else tone))
            base += values[i]
        if below:
            parts.append(_column(i, step, y(0), y(-below[1][i]), below[0]))
    parts.append(f'<line x1="{_LEFT}" x2="{WIDE - _RIGHT}" y1="{y(0):.1f}" y2="{y(0):.1f}" class="axis"/>')
    parts += [_text(_LEFT + (i + 0.5) * step, high - 6, t, "mid") for i, t in enumerate(ticks) if t]
    if marked is not None:
        at = min(max(_LEFT + (marked[0] + 0.5) * step, _LEFT + 22), WIDE - 34)
        parts.append(_text(at, y(max(tops[marked[0]], 0)) - 4, marked[1], "mid strong"))
    return _svg(WIDE, high, "".join(parts), alt, "chart")


def _column(i: int, step: float, top: float, bottom: float, tone: str) -> str:
    top, bottom = min(top, bottom), max(top, bottom)
    gap = min(1, step / 8)
    return (
        f'<rect x="{_LEFT + i * step + gap:.1f}" y="{top:.1f}" width="{step - 2 * gap:.1f}" '
        f'height="{bottom - top:.1f}" style="fill:var(--{tone})"/>'
    )


def line(
    points: Sequence[tuple[float, float]],
    alt: str,
    *,
    axes: tuple[str, str],
    figure: Callable[[float], str],
    intervals: Sequence[tuple[float, float]] | None = None,
    reach: tuple[float, float] | None = None,
    joined: bool = True,
    diagonal: bool = False,
    mark: float | None = None,
    high: int = 210,
) -> Markup:
    """Points from nought on, joined by a line with a band of `intervals`, or apart with whiskers.

    Parameters
    ----------
    axes : what x and y are
    figure : how a value of an axis is written
    reach : the end of x and of y; by default the largest value
    diagonal : a line of equal x and y; mark : a line up at this x
    """
    upper = [b for _, b in intervals] if intervals else []
    right = reach[0] if reach else max(x for x, _ in points) or 1
    top = reach[1] if reach else max([*(y for _, y in points), *upper]) or 1
    grid = _ticks(0, top)
    top, floor, left = max(top, grid[-1]), high - _BOTTOM - 14, _LEFT

    def x_(value: float) -> float:
        return left + (WIDE - left - _RIGHT) * value / right

    def y_(value: float) -> float:
        return _TOP + 8 + (floor - _TOP - 8) * (1 - value / top)

    parts = [_line_across(y_(v), figure(v)) for v in grid]
    parts += [_text(x_(v), floor + 14, figure(v), "mid") for v in _ticks(0, right) if v <= right * 1.001]
    parts += [_text(WIDE - _RIGHT, high - 4, axes[0], "end soft"), _text(0, 10, axes[1], "soft")]
    if diagonal:
        ends = f'x2="{x_(min(right, top)):.1f}" y2="{y_(min(right, top)):.1f}"'
        parts.append(f'<line x1="{x_(0):.1f}" y1="{y_(0):.1f}" {ends} class="ref"/>')
    if mark is not None:
        parts.append(f'<line x1="{x_(mark):.1f}" x2="{x_(mark):.1f}" y1="{y_(0):.1f}" y2="{y_(top):.1f}" class="ref"/>')
    if intervals and joined:
        edge = [(x, b) for (x, _), (_, b) in zip(points, intervals, strict=True)]
        edge += [(x, a) for (x, _), (a, _) in reversed(list(zip(points, intervals, strict=True)))]
        parts.append(f'<path d="M{"L".join(f"{x_(x):.1f},{y_(v):.1f}" for x, v in edge)}Z" class="band"/>')
    elif intervals:
        parts += [
            f'<line x1="{x_(x):.1f}" x2="{x_(x):.1f}" y1="{y_(a):.1f}" y2="{y_(b):.1f}" class="whisker"/>'
            for (x, _), (a, b) in zip(points, intervals, strict=True)
        ]
    if joined:
        parts.append(f'<path d="M{"L".join(f"{x_(x):.1f},{y_(v):.1f}" for x, v in points)}" class="line"/>')
    if not joined or len(points) < 40:
        parts += [f'<circle cx="{x_(x):.1f}" cy="{y_(v):.1f}" r="3" class="point"/>' for x, v in points]
    return _svg(WIDE, high, "".join(parts), alt, "chart")


def timeline(
    lanes: Sequence[tuple[str, str, Sequence[tuple[date, float]]]],
    span: tuple[date, date],
    years: Sequence[tuple[date, str]],
    alt: str,
) -> Markup:
    """What happened with one customer and when: (name, kind, [(day, value)]) a lane, from the first to the last day.

    Parameters
    ----------
    lanes : of kind bars (columns by amount), ticks, triangles, squares (hollow where the value is 0) or scores (0–10)
    years : where a year begins, and its name
    """
    left, days = 76, max((span[1] - span[0]).days, 1)

    def x_(day: date) -> float:
        return left + (WIDE - left - _RIGHT) * (day - span[0]).days / days

    parts, base = [], 0
    for name, kind, items in lanes:
        base += 32 if kind == "bars" else 18
        parts.append(_text(0, base, name, "lane"))
        parts.append(f'<line x1="{left}" x2="{WIDE - _RIGHT}" y1="{base}" y2="{base}" class="grid"/>')
        most = max(abs(value) for _, value in items) or 1
        parts += [_event(kind, x_(day), base, value, most) for day, value in items]
    grid = [
        f'<line x1="{x_(day):.1f}" x2="{x_(day):.1f}" y1="0" y2="{base}" class="grid"/>'
        + _text(x_(day), base + 14, name, "mid soft")
        for day, name in years
        if span[0] <= day <= span[1]
    ]
    return _svg(WIDE, base + 18, "".join([*grid, *parts]), alt, "chart timeline")


def _event(kind: str, x: float, base: int, value: float, most: float) -> str:
    if kind == "bars":
        size = max(2.0, 24 * abs(value) / most)
        return f'<rect x="{x - 1.5:.1f}" y="{base - size:.1f}" width="3" height="{size:.1f}" class="order"/>'
    if kind == "ticks":
        return f'<rect x="{x - 0.6:.1f}" y="{base - 9}" width="1.2" height="9" class="visit"/>'
    if kind == "triangles":
        return f'<path d="M{x - 5:.1f},{base - 1}h10l-5,-9z" class="ticket"/>'
    if kind == "squares":
        return f'<rect x="{x - 3:.1f}" y="{base - 8}" width="6" height="6" class="{"campaign" if value else "left"}"/>'
    tone = "good" if value >= 9 else "bad" if value <= 6 else "middle"
    return f'<circle cx="{x:.1f}" cy="{base - 8}" r="7.5" class="{tone}"/>' + _text(x, base - 4.5, f"{value:.0f}", "in")


# --- parts -----------------------------------------------------------------------------------------------------------


def _class(name: str) -> str:
    return f' class="{name}"'


def _svg(width: int, height: int, inner: str, alt: str, kind: str) -> Markup:
    return Markup(
        f'<svg class="{kind}" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(alt)}">{inner}</svg>'
    )


def _text(x: float, y: float, words: str, kind: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{escape(words)}</text>'


def _line_across(y: float, words: str) -> str:
    return f'<line x1="{_LEFT}" x2="{WIDE - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>' + _text(
        _LEFT - 5, y + 3.6, words, "end soft"
    )


def _ticks(least: float, most: float) -> list[float]:
    """Round values from the first at or below `least` to the last at or below `most`, about four of them."""
    raw = (most - least) / 4
    if raw <= 0:
        return [0.0]
    size = 10.0 ** np.floor(np.log10(raw))
    step = next(k * size for k in (1, 2, 2.5, 5, 10) if k * size >= raw * 0.999)
    return [float(k * step) for k in range(int(np.ceil(least / step - 1e-9)), int(np.floor(most / step + 1e-9)) + 1)]
