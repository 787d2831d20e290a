"""Ctrl-C and the polite kill (SIGTERM): one sentence at any moment, and nothing left that was only begun.

A process that is a command of its own ends where the signal finds it. An exception would travel through libraries that
swallow it, or turn it into one of their own; so the handler itself clears away what was begun, says so and ends.
"""

import contextlib
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from course.language import text

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))
#: What the shell expects of a command that was interrupted.
CODE = 130

_begun: list[Callable[[], None]] = []  # how each thing that is not finished is undone
_finished = False  # something stands in its place for good


@contextlib.contextmanager
def undone(undo: Callable[[], None]) -> Iterator[None]:
    """Call `undo` at the end of the block however it ends: a signal that ends the process included.

    `undo` may be called where nothing was begun yet, and twice.
    """
    _begun.append(undo)
    try:
        yield
    finally:
        undo()
        _begun.remove(undo)


@contextlib.contextmanager
def at_once() -> Iterator[None]:
    """Signals wait until the block is over, so that it happens whole or not at all."""
    if threading.current_thread() is not threading.main_thread():  # signals come to the main thread only
        yield
        return
    came: list[int] = []
    ours = [number for number in SIGNALS if signal.getsignal(number) is not None]
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in ours}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came[:1]:
            signal.raise_signal(number)


def finished() -> None:
    """Something now stands in its place for good: a signal from here on does not say that nothing was written."""
    global _finished
    _finished = True


def sentence() -> str:
    """What to say of an interrupted command, in the language in use."""
    if _finished:
        return text("Stopped. What was written before is whole.")
    return text("Stopped. Nothing was written.")


@contextlib.contextmanager
def ending_the_process() -> Iterator[None]:
    """For a process that is one command: within the block a signal ends it, and after it no signal is heard.

    Temporary files, the libraries' own too, go into one folder that is removed at the end. A signal that whoever
    started the process had it ignore (nohup) stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)
    try:
        with _own_temporary_folder():
            yield
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _own_temporary_folder() -> Iterator[None]:
    usual = tempfile.tempdir
    with at_once():  # the place is tried by a file in it
        own = Path(tempfile.gettempdir(), f"course-{os.getpid()}-{secrets.token_hex(4)}")
    with undone(partial(shutil.rmtree, own, ignore_errors=True)):
        try:
            own.mkdir(mode=0o700)
            tempfile.tempdir = str(own)
        except OSError:  # no room: whoever needs a temporary file will say so
            pass
        try:
            yield
        finally:
            tempfile.tempdir = usual


def _end(number: int, frame: object) -> None:
    if os.name == "nt":  # it removes no open file: they are closed on the way out
        raise KeyboardInterrupt
    said = sentence()
    for undo in reversed(_begun):
        undo()
    os.write(2, (said + os.linesep).encode(getattr(sys.stderr, "encoding", None) or "utf-8", "replace"))
    os._exit(CODE)
