"""Answers that nobody would give by mistake: what each touch of them does is somebody's own code, or has no end."""

import itertools
import sys
import time
from decimal import Decimal

import numpy as np
import pandas as pd


class Refusal(BaseException):
    """Caught by no `except Exception`; and not even its own text can be had."""

    def __str__(self):
        raise SystemExit(3)

    __repr__ = __str__


def refuse(*_args, **_named):
    """Raise what is neither an Exception nor can be said."""
    raise Refusal


#: Each of them is called by somebody who only wants to look.
METHODS = (
    *("__getattr__", "__getattribute__", "__eq__", "__str__", "__repr__", "__format__", "__len__", "__iter__"),
    *("__array__", "__bool__", "__hash__", "__call__", "__float__", "__index__", "__getitem__", "__contains__"),
    *("__lt__", "__sub__", "__rsub__", "__array_ufunc__", "__next__", "__reduce_ex__", "__length_hint__"),
)


def raising(*methods: str, base: type = object) -> type:
    """A class whose methods raise."""
    return type("Hostile", (base,), dict.fromkeys(methods, refuse))


class Liar:
    """Says that it is a number, and raises where it is asked what it is."""

    @property
    def __class__(self):
        raise Refusal


class _Meta(type):
    __hash__ = __eq__ = __instancecheck__ = __subclasscheck__ = __call__ = refuse
    __name__ = property(refuse)


def _of_a_hostile_class() -> object:
    kind = _Meta("kind", (), {})
    return object.__new__(kind)


def _endless():
    while True:
        yield 1


def _loop(*_values):
    while True:
        pass


def _stubborn_loop(*_values):
    until = time.monotonic() + 3
    while time.monotonic() < until:  # longer than the test waits, not for ever: nobody can stop it
        try:
            while time.monotonic() < until:
                pass
        except BaseException:
            continue


def _sleep(*_values):
    time.sleep(3)


def _leave(*_values):
    sys.exit("bye")


def _interrupt(*_values):
    raise KeyboardInterrupt


def _deeper(*values):
    return _deeper(*values)


def _one(*_values):
    return raising(*METHODS)()


def _generator(*_values):
    return _endless()


def _deep(levels: int) -> list:
    one = []
    for _ in range(levels):
        one = [one]
    return one


def _within_itself() -> list:
    one = []
    one.append(one)
    return one


def _quiet() -> object:
    return raising("__eq__", "__str__", "__len__", "__float__", "__bool__")()


#: {what it is: how it is made}
ANSWERS = {
    **{f"{method} raises": (lambda m=method: raising(m)()) for method in METHODS},
    "everything raises": _one,
    "__class__ raises": Liar,
    "its class raises": _of_a_hostile_class,
    "a number that raises": lambda: raising("__eq__", "__float__", "__sub__", base=float)(1),
    "a text that raises": lambda: raising("__eq__", "__hash__", "strip", base=str)("a"),
    "a table that raises": lambda: raising("__getitem__", "__len__", "groupby", "_repr_html_", base=pd.DataFrame)(),
    "a dict that raises": lambda: raising("__iter__", "keys", "items", base=dict)(a=1),
    "a list without an end": lambda: type("Endless", (list,), {"__iter__": lambda self: _endless()})(),
    "a length without an end": lambda: type("E", (), {"__len__": lambda s: 2**40, "__getitem__": lambda s, i: i})(),
    "a generator without an end": _endless,
    "numbers without an end": itertools.count,
    "a map without an end": lambda: map(str, itertools.count()),
    "a range of a trillion": lambda: range(10**12),
    "a list of them": lambda: [1, _quiet()],
    "a dict of them": lambda: {"a": {"b": _quiet()}},
    "a column of them": lambda: pd.Series([_quiet(), 1], dtype=object),
    "a table of them": lambda: pd.DataFrame({"customer_id": pd.Series([_quiet(), _endless()], dtype=object)}),
    "an array of them": lambda: np.array([_quiet(), 1], dtype=object),
    "an index of them": lambda: pd.DataFrame({"a": [1]}, index=pd.Index([_quiet()], dtype=object)),
    "a loop without an end": lambda: _loop,
    "a loop that will not stop": lambda: _stubborn_loop,
    "a function that sleeps": lambda: _sleep,
    "a function that leaves": lambda: _leave,
    "a function that interrupts": lambda: _interrupt,
    "a function that raises": lambda: refuse,
    "a function that calls itself": lambda: _deeper,
    "a function that gives one": lambda: _one,
    "a function that gives a generator": lambda: _generator,
    "a class": lambda: raising("__init__"),
    "a list ten thousand deep": lambda: _deep(10_000),
    "a list within itself": _within_itself,
    "a number of ten thousand digits": lambda: 10**10_000,
    "no number": lambda: Decimal("sNaN"),
    "half a character": lambda: "\ud800",
    "a column of half characters": lambda: pd.Series(["\ud800"], dtype=object, name="\udfff"),
    "columns without names": lambda: pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([(1, None), (1, None)])),
    "an error": lambda: Refusal(),
    "a module": lambda: sys,
}
