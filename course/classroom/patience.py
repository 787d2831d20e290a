"""What an answer may be and how long it may take: the notebook's names are the learner's, and anything can be in them.

An object of somebody's own class runs somebody's own code at every touch (`==`, `len`, `str`, even `isinstance`), and
an iterator may have no end. So only data and functions are looked at, and what a function does is given its time.
"""

import contextvars
import ctypes
import functools
import threading
import time
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import NoReturn

import numpy as np
import pandas as pd

from course.errors import DataError

#: Seconds of the processor's after which an answer is given up.
SECONDS = 3.0
#: An answer that has less of the processor than this share of the time sleeps; one that has more is kept waiting by
#: whatever else the machine is at, and is given so many times as long.
_ASLEEP, _BUSY = 0.02, 10
#: Where the kinds come from that a task can ask for. None of them runs code of the learner's when it is touched.
_HOMES = {"builtins", "collections", "course", "datetime", "decimal", "fractions", "functools", "numpy", "pandas"}
_FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType)
_SIDE_BY_SIDE = (list, tuple, set, frozenset)
_HOLDERS = (*_SIDE_BY_SIDE, dict, pd.DataFrame, pd.Series, pd.Index, pd.MultiIndex, np.ndarray, pd.Categorical)
_DEEPEST = 12


def within(work: Callable[[], object], seconds: float) -> object:
    """What `work` gives, from a thread of its own that is left behind when its time is over.

    Parameters
    ----------
    seconds : of the processor. A right answer on a machine that is busy takes long by the clock, and is right.

    Raises
    ------
    TimeoutError : it took longer, or sleeps; the thread is asked to stop, whether it does or not.
    whatever `work` raises, SystemExit and its like as well.
    """
    given, raised = [], []

    def run() -> None:
        try:
            given.append(work())
        except BaseException as error:
            raised.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    _wait(thread, seconds)
    if thread.is_alive():
        _stop(thread)
        raise TimeoutError
    if raised:
        raise raised[0]
    return given[0]


def _wait(thread: threading.Thread, seconds: float) -> None:
    """Wait for the thread until this process has had its seconds of the processor, or has slept as long."""
    began = worked = time.monotonic()
    used = seen = time.process_time()
    while thread.is_alive():
        thread.join(0.05)
        now, had = time.monotonic(), time.process_time()
        if had - seen > _ASLEEP * (now - worked):
            worked, seen = now, had
        if had - used > seconds or now - worked > seconds or now - began > _BUSY * seconds:
            return


def _stop(thread: threading.Thread, times: int = 5) -> None:
    """Raise an error inside a thread, more than once: the first ones may be caught there."""
    for _ in range(times):
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        thread.join(0.05)
        if not thread.is_alive():
            return


def plain(value: object, name: str) -> object:
    """The value, once it is sure to be data all through, or a function; what a function gives is looked at in turn.

    Raises
    ------
    DataError : an object of another kind, at whatever depth; lists within lists without an end.
    """
    if _is_one_of(type(value), _FUNCTIONS):
        return _plain_results(value, name)
    level = [value]
    for _ in range(_DEEPEST):
        for kind in {id(type(v)): type(v) for v in level}.values():  # by id: even a class may refuse to be compared
            if not _is_data(kind):
                _refuse(name, kind)
        holders = {id(v): v for v in level if _is_one_of(type(v), _HOLDERS)}.values()
        level = [inner for holder in holders for inner in _inside(holder)]
        if not level:
            return value
    raise DataError("{name} holds lists within lists, too many of them. Data are a table or a list.", name=name)


def _plain_results(function: Callable, name: str) -> Callable:
    @functools.wraps(function)
    def called(*values: object, **named: object) -> object:
        return plain(function(*values, **named), name)

    return called


def _is_data(kind: type) -> bool:
    """Whether a class is one of the known ones, and no iterator. Asked of `type` itself: a class may lie about both."""
    home = str(type.__dict__["__module__"].__get__(kind)).partition(".")[0]
    return home in _HOMES and kind is not range and not any("__next__" in vars(c) for c in type.mro(kind))


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    return any(kind is one for one in kinds)


def _inside(one: object) -> list:
    """The values that one value holds; those of a column of figures need no look."""
    if isinstance(one, _SIDE_BY_SIDE):
        return list(one)
    if isinstance(one, dict):
        return [*dict.keys(one), *dict.values(one)]
    if isinstance(one, pd.DataFrame):
        return [one.index, one.columns, *(one.iloc[:, i] for i in range(one.shape[1]))]
    if isinstance(one, pd.MultiIndex):
        return list(one.levels)
    if isinstance(one, pd.Series):
        return [one.index, *(one.array if one.dtype == object else ())]
    if isinstance(one, pd.Index | np.ndarray):
        return list(one.ravel()) if one.dtype == object else []
    if isinstance(one, pd.Categorical):
        return list(one.categories)
    return []


def _refuse(name: str, kind: type) -> NoReturn:
    raise DataError(
        "{name} is or holds an object of kind {kind}. What is asked for is data (numbers, texts, lists, tables) or a "
        "function.",
        name=name,
        kind=kind_of(kind),
    )


def text(value: object) -> str:
    """A name of something, such as an exercise; of what is no text, its kind."""
    return value if type(value) is str else kind_of(type(value))


def kind_of(kind: type) -> str:
    """A class's name, whatever it says of itself."""
    return str(type.__dict__["__name__"].__get__(kind))[:60]


def why(error: BaseException) -> str:
    """The first line of what an error says, if it says anything."""
    try:
        said = str(error)
    except BaseException:
        return "–"
    return said.splitlines()[0][:120] if said.strip() else "–"
