"""`play("segment")`: one thing to move by hand a lesson, with ipywidgets; as a plain call it takes the values.

Every widget is a function of a few numbers that draws one picture: the sliders only call it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real

from course import extras
from course.classroom import folders, patience
from course.classroom.words import words
from course.errors import DataError


@dataclass(frozen=True)
class Slider:
    """A number to move: its key in the lesson's words, from, to, in steps of, and where it begins."""

    name: str
    low: float
    high: float
    step: float
    start: float


_games: dict[str, tuple[tuple[Slider, ...], Callable]] = {}


def game(topic: str, *sliders: Slider) -> Callable:
    """Register what `play(topic)` shows: a function of the sliders' values."""

    def registered(draw: Callable) -> Callable:
        _games[topic] = (sliders, draw)
        return draw

    return registered


def play(topic: str, **values: float) -> object:
    """Move the sliders of a lesson; with `values` draw once, without widgets.

    Raises
    ------
    DataError : the lesson has nothing to play with; a value that is none of its sliders, or beyond its ends.
    """
    topic = patience.text(topic)
    folders.part(topic, "game")
    if topic not in _games:
        raise DataError("There is nothing to play with in {topic}.", topic=topic)
    sliders, draw = _games[topic]
    if unknown := sorted(set(values) - {s.name for s in sliders}):
        raise DataError(
            "There is no {name} to move. There are: {known}.", name=unknown[0], known=", ".join(s.name for s in sliders)
        )
    for slider in (s for s in sliders if s.name in values):
        value = patience.plain(values[slider.name], slider.name)
        if not isinstance(value, Real) or not slider.low <= value <= slider.high:
            raise DataError("{name} runs from {low:g} to {high:g}.", name=slider.name, low=slider.low, high=slider.high)
    if values:
        return draw(**{s.name: values.get(s.name, s.start) for s in sliders})
    ipywidgets = extras.bring("ipywidgets")
    handles = {s.name: _handle(ipywidgets, s) for s in sliders}
    shown = ipywidgets.interactive_output(draw, handles)
    return ipywidgets.VBox([*handles.values(), shown])


def _handle(widgets: object, slider: Slider) -> object:
    whole = float(slider.step).is_integer()
    kind = widgets.IntSlider if whole else widgets.FloatSlider
    number = int if whole else float
    return kind(
        value=number(slider.start),
        min=number(slider.low),
        max=number(slider.high),
        step=number(slider.step),
        description=words(slider.name),
        continuous_update=False,
        style={"description_width": "initial"},
        layout={"width": "30em"},
    )
