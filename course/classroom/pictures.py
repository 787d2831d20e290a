"""What a chart says without being seen: its words, and the figures that it draws.

The sentence stands in for the picture where nobody sees it, and beside the picture in a notebook that was run: a chart
whose figures move does not pass for the one that was stored.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from course import language
from course.language import text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.collections import Collection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

#: As many values are told one by one; of more, how many they are and where they lie.
_ONE_BY_ONE = 12
#: What stands between panels, between what a panel has, and between values.
_BETWEEN = {"en": (". ", "; ", ", "), "zh": ("。", "；", "，")}


def told(figure: "Figure") -> str:
    """The heading of the whole; of each panel its title, axes and legend, then what is drawn in it."""
    parts = [figure.get_suptitle()]
    for axes in (axes for axes in figure.axes if axes.get_label() != "<colorbar>"):
        legend = axes.get_legend()
        words = [axes.get_title(), axes.get_xlabel(), axes.get_ylabel()]
        words += [entry.get_text() for entry in legend.get_texts()] if legend else []
        parts.append(_joined(1, [*words, *_drawn(axes)]))
    return _joined(0, parts)


def _joined(level: int, parts: Iterable[str]) -> str:
    return _BETWEEN[language.active()][level].join(filter(None, parts))


def _drawn(axes: "Axes") -> Iterator[str]:
    from matplotlib.container import ErrorbarContainer
    from matplotlib.lines import AxLine

    yield from _bars(axes)
    caps = {cap for c in axes.containers if isinstance(c, ErrorbarContainer) for cap in c[1]}
    for line in (line for line in axes.lines if line not in caps and not isinstance(line, AxLine)):
        yield from _line(axes, line)
    for collection in axes.collections:
        yield from _collection(axes, collection)
    for grid in axes.images:
        yield _many(np.ma.filled(grid.get_array().astype(float), np.nan))


def _bars(axes: "Axes") -> Iterator[str]:
    from matplotlib.container import BarContainer

    for bars in (c for c in axes.containers if isinstance(c, BarContainer)):
        along = [(p.get_x() + p.get_width() / 2, p.get_height()) for p in bars.patches]
        if _lying(axes, bars):
            along = [(p.get_y() + p.get_height() / 2, p.get_width()) for p in bars.patches]
        places, lengths = np.array(along, dtype=float).reshape(-1, 2).T
        yield _values(axes.yaxis if _lying(axes, bars) else axes.xaxis, places, lengths)


def _lying(axes: "Axes", bars: object) -> bool:
    """True for bars that lie; seaborn and matplotlib both say so, and a single named axis settles it."""
    return bars.orientation == "horizontal" if bars.orientation else _is_named(axes.yaxis)


def _line(axes: "Axes", line: "Line2D") -> Iterator[str]:
    x, y = (np.asarray(values, dtype=float) for values in line.get_data(orig=False))
    if line.get_transform() == axes.get_xaxis_transform(which="grid"):
        yield text("a line at {value}", value=_figure(x[0]))
    elif line.get_transform() == axes.get_yaxis_transform(which="grid"):
        yield text("a line at {value}", value=_figure(y[0]))
    elif len(x) == 2 and len({*x}) + len({*y}) == 3:  # an interval, which seaborn draws as a line of its own
        yield _spans(np.array([[x, y]]).transpose(0, 2, 1))
    elif np.isfinite(y).any():
        yield _points(axes, x, y)


def _collection(axes: "Axes", collection: "Collection") -> Iterator[str]:
    from matplotlib.collections import LineCollection, PathCollection, QuadMesh

    match collection:
        case QuadMesh():
            yield _many(np.ma.filled(np.ma.asarray(collection.get_array()).astype(float), np.nan))
        case LineCollection():
            ends = [segment[[0, -1]] for segment in collection.get_segments() if len(segment)]
            if ends:
                yield _spans(np.array(ends))
        case PathCollection() if len(collection.get_offsets()):
            yield _points(axes, *np.ma.filled(np.ma.asarray(collection.get_offsets(), dtype=float), np.nan).T)


def _spans(ends: np.ndarray) -> str:
    """Intervals by their two ends, (n, 2 ends, x and y): along the axis on which they are drawn."""
    along = ends[:, :, 0] if np.ptp(ends[:, :, 0], axis=1).any() else ends[:, :, 1]
    along = along[np.isfinite(along).all(axis=1)]
    low, high = along.min(axis=1), along.max(axis=1)
    if len(ends) > _ONE_BY_ONE:
        return _joined(2, [_many(low), _many(high)])
    return _joined(
        2, [text("{low} to {high}", low=_figure(a), high=_figure(b)) for a, b in zip(low, high, strict=True)]
    )


def _points(axes: "Axes", x: np.ndarray, y: np.ndarray) -> str:
    """Points or a line by the axis that has no names; where both have numbers, by what is up."""
    if _is_named(axes.yaxis):
        return _values(axes.yaxis, y, x)
    if _is_named(axes.xaxis) or len(x) <= _ONE_BY_ONE:
        return _values(axes.xaxis, x, y)
    return _many(y)


def _values(axis: "Axis", places: np.ndarray, values: np.ndarray) -> str:
    """Each value behind the name of its place, where the axis has names; of many, where they lie."""
    if len(values) > _ONE_BY_ONE:
        return _many(values)
    names = _names(axis)
    return _joined(2, [_named(names.get(round(p)), v) for p, v in zip(places, values, strict=True) if np.isfinite(v)])


def _named(name: str | None, value: float) -> str:
    return text("{name}: {value}", name=name, value=_figure(value)) if name else _figure(value)


def _many(values: np.ndarray) -> str:
    known = values[np.isfinite(values)]
    if not known.size:
        return ""
    low, mean, high = (_figure(f(known)) for f in (np.min, np.mean, np.max))
    return text("{n:,} values from {low} to {high}, mean {mean}", n=known.size, low=low, high=high, mean=mean)


def _is_named(axis: "Axis") -> bool:
    """True for an axis of categories, and for one whose ticks the lesson labelled itself."""
    from matplotlib.category import StrCategoryFormatter
    from matplotlib.ticker import FixedFormatter, FixedLocator, FuncFormatter

    form = axis.get_major_formatter()
    labelled = isinstance(axis.get_major_locator(), FixedLocator) and isinstance(form, FuncFormatter)
    return labelled or isinstance(form, StrCategoryFormatter | FixedFormatter)


def _names(axis: "Axis") -> dict[int, str]:
    if not _is_named(axis):
        return {}
    labels = zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
    return {round(place): label.get_text() for place, label in labels}


def _figure(value: float) -> str:
    """Three digits that count: what a reader takes from a picture, and the same on every machine."""
    return f"{float(f'{value:.3g}') + 0:,.10g}"
