"""The database of a process: how much memory it may take, and the folder in which it spills and keeps what it was told.

The folder is the only place where the database reads or writes files. It goes with the process, however that ends: it
lies in the folder for temporary files, which a stopped command removes (`course.stopping`).
"""

import contextlib
import itertools
import os
import re
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from weakref import finalize

import duckdb

from course import stopping
from course.errors import DataError

#: Memory for the database's own rows where nothing else is said; the process takes a fourth more than that.
MEMORY = "1600MB"

_SIZE = re.compile(r"\d+(\.\d+)?\s*(MB|GB)", re.IGNORECASE)


class Database:
    """A database in memory with a folder on disk for what has no room there.

    Parameters
    ----------
    memory : such as "1.6GB"; default: COURSE_MEMORY, else MEMORY.
    temp : the folder that is to hold the folder; default: the system's for temporary files.

    Raises
    ------
    DataError : a size that is none; a folder in which nothing can be written.
    """

    def __init__(self, memory: str | None = None, temp: str | Path | None = None) -> None:
        self._limit = _size(memory or os.environ.get("COURSE_MEMORY") or MEMORY)
        self.folder, self._process = _folder(temp), os.getpid()
        self._numbers = itertools.count(1)
        self._root = self.alone()
        self.remove = finalize(self, self.of_this_process(shutil.rmtree), self.folder, ignore_errors=True)

    def alone(self) -> duckdb.DuckDBPyConnection:
        """A further database under the same limits, with one session."""
        spill = self.folder / f"spill{next(self._numbers)}"
        connection = duckdb.connect(config={"threads": "2", "memory_limit": self._limit, "temp_directory": str(spill)})
        connection.execute(f"SET allowed_directories = [{quoted(self.folder)}]; SET enable_external_access = false")
        return _set(connection)

    def session(self) -> duckdb.DuckDBPyConnection:
        """A session: what it registers, its temporary views and its settings are its own."""
        return _set(self._root.cursor())

    def new_file(self) -> Path:
        """The path of a file that is not there yet."""
        return self.folder / f"{next(self._numbers)}.parquet"

    def of_this_process(self, undo: Callable) -> Callable:
        """The function, which does nothing in a process that was forked from this one: it has the same objects."""
        return partial(_only_in, self._process, undo)

    def close(self) -> None:
        """Give the memory back and remove the folder: nothing that was kept can be read any more."""
        self._root.close()
        self.remove()


def database() -> Database:
    """The database of this process, the one of `limited` within its block."""
    return _limited[os.getpid()][-1] if _limited[os.getpid()] else _of(os.getpid())


@cache
def _of(process: int) -> Database:
    """By process: a database does not survive a fork."""
    return Database()


#: By process, those whose blocks are open.
_limited: defaultdict[int, list[Database]] = defaultdict(list)


@contextlib.contextmanager
def limited(memory: str | None = None, temp: str | Path | None = None) -> Iterator[None]:
    """Within the block everything is asked of a database of its own; at the end, or when the process is stopped, what
    it kept is removed.

    Parameters and errors as for `Database`.
    """
    with stopping.at_once():
        own = Database(memory, temp)
    with stopping.undone(partial(shutil.rmtree, own.folder, ignore_errors=True)):
        _limited[os.getpid()].append(own)
        try:
            yield
        finally:
            _limited[os.getpid()].remove(own)
            own.close()


def quoted(path: Path) -> str:
    """A path as a text of SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def _only_in(process: int, undo: Callable, *arguments: object, **options: object) -> None:
    if os.getpid() == process:
        undo(*arguments, **options)


def _set(session: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    session.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
    return session


def _size(said: str) -> str:
    if not _SIZE.fullmatch(said.strip()):
        raise DataError("{size} is no amount of memory. Write it as 1600MB or 1.6GB.", size=said)
    return said.strip()


def _folder(temp: str | Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="course-", dir=temp)).resolve()
    except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
        raise DataError(
            "Nothing can be written in {folder} ({why}). Name a folder where you may write.",
            folder=Path(temp or tempfile.gettempdir()).name,
            why=error.strerror,
        ) from None
