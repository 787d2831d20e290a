"""The net under the outermost door: an error that nobody foresaw becomes a sentence and a way to report it.

What is shown to be passed on holds the kind of the error, the places in the kit's own code and the versions. It holds
no text of the error: that may quote a cell.
"""

import platform
import traceback
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from course import whole
from course.language import Sentence

_HOME = Path(__file__).resolve().parent
#: The packages that most faults have to do with.
_PACKAGES = ("customer-portrait-course", "pandas", "numpy", "duckdb", "pyarrow", "python-calamine", "matplotlib")


def said(error: Exception) -> tuple[int, list[Sentence]]:
    """The exit code and what to say of an error: 130 interrupted, 2 no room, 1 a fault of the kit."""
    import duckdb

    # An interrupt that comes while the database works is told as a RuntimeError, or as an error of the database that
    # quotes what Python raised.
    quoted = isinstance(error, duckdb.Error) and "KeyboardInterrupt" in str(error)
    if quoted or isinstance(error, duckdb.InterruptException) or str(error) == "Query interrupted":
        return 130, [Sentence("Stopped. Nothing was written.")]
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return 2, [Sentence("Not enough memory for these files.")]
    spilt = isinstance(error, duckdb.IOException) and whole.says_full(str(error))
    if spilt or (isinstance(error, OSError) and whole.is_full(error)):
        return 2, [Sentence("The disk is full. Free some room, then run the same command again.")]
    return 1, [
        Sentence(
            "This is a fault of the kit, not yours; nothing was written. Please report the two lines below: they hold "
            "no data."
        ),
        Sentence("  {kind} at {places}", kind=type(error).__name__, places=", ".join(places(error)) or "–"),
        Sentence("  {versions}", versions=", ".join(versions())),
    ]


def places(error: BaseException, last: int = 4) -> list[str]:
    """The last places in the kit's own code through which an error came: file:line."""
    found = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_HOME):
            found.append(f"{path.relative_to(_HOME).as_posix()}:{frame.lineno}")
    return found[-last:]


def versions() -> list[str]:
    """The system's, Python's and the packages' versions."""
    found = [f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}"]
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
