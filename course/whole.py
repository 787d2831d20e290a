"""A folder that is written whole or not at all, by one process at a time.

It is written beside its place, under a hidden name, and moved there at the end. A process killed outright leaves hidden
names behind; the next one that comes to the same place puts them right.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from course import stopping
from course.errors import DataError

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

_FULL = {getattr(errno, name) for name in ("ENOSPC", "EDQUOT", "EFBIG") if hasattr(errno, name)}
#: What a file system says that has no locks (some that come over a network).
_NO_LOCKS = {getattr(errno, name) for name in ("ENOLCK", "ENOSYS", "EOPNOTSUPP", "ENOTSUP") if hasattr(errno, name)}


def is_full(error: OSError) -> bool:
    """True where a disk, a quota or the allowed size of a file was used up."""
    if isinstance(error, shutil.Error):  # of a whole folder that was copied: why each file was not, as text
        return says_full(str(error))
    return error.errno in _FULL


def says_full(text: str) -> bool:
    """True where the system's words for a full disk, a used-up quota or a file grown too large stand in a text."""
    return any(os.strerror(number) in text for number in _FULL)


def refuse_used(out: Path) -> None:
    """Refuse an output folder with something in it: nobody's files are written over."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise DataError("{out} exists already. Name a new folder, or remove this one first.", out=out.name)


def beside(out: Path, what: str) -> Path:
    """The hidden name beside a folder: `partial` while it is written, `before` for the one it replaces, `lock`."""
    return out.parent / f".{out.name}.{what}"


@contextlib.contextmanager
def alone(out: Path) -> Iterator[None]:
    """Nobody else writes `out` within the block; what a killed process left half done is put right first.

    The lock is the operating system's own, on a file that says whose it is: a dead process holds none. On a file system
    that has no locks nobody is kept out.

    Raises
    ------
    DataError : another process, or another thread, writes there; nothing can be written there.
    """
    out = out.resolve()
    lock = beside(out, "lock")
    with contextlib.ExitStack() as stack:
        try:
            for folder in [p for p in out.parents if not p.exists()][::-1]:
                stack.enter_context(stopping.undone(partial(_remove_empty, folder)))
            out.parent.mkdir(parents=True, exist_ok=True)
            held = _locked(lock)
        except OSError as error:
            raise _cannot_write(out, error) from None
        if held is None:
            raise DataError(
                "{out} is being written by another run or erasure (process {process}). Wait for it, or name another "
                "folder.",
                out=out.name,
                process=_owner(lock),
            )
        stack.enter_context(stopping.undone(partial(_let_go, [held], lock)))
        _put_right(out)
        yield


@contextlib.contextmanager
def whole_or_absent(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into; it takes `out`'s place at the end and is removed when anything goes wrong.

    To be used within `alone(out)`.
    """
    out = out.resolve()
    new = beside(out, "partial")
    with stopping.undone(partial(shutil.rmtree, new, ignore_errors=True)):
        try:
            new.mkdir()
            yield new
            with stopping.at_once():
                _put_in_place(new, out)
                stopping.finished()
        except OSError as error:
            raise _cannot_write(out, error) from None


def _put_in_place(new: Path, out: Path) -> None:
    """A folder cannot replace one with files in it: the old one steps aside first and goes last."""
    old = beside(out, "before")
    shutil.rmtree(old, ignore_errors=True)
    try:
        if out.is_dir():
            os.replace(out, old)
        os.replace(new, out)
    except BaseException:
        if old.is_dir() and not out.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _put_right(out: Path) -> None:
    """Half of a new folder goes; an old one that had stepped aside comes back where nothing took its place."""
    shutil.rmtree(beside(out, "partial"), ignore_errors=True)
    old = beside(out, "before")
    if old.exists() and not out.exists():
        os.replace(old, out)


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()


def _cannot_write(out: Path, error: OSError) -> DataError:
    if is_full(error):
        return DataError(
            "The disk is full: {out} was not written. Free some space, or name a folder on another disk.", out=out.name
        )
    return DataError(
        "{out} cannot be written ({why}). Name a folder where you may write.",
        out=out.name,
        why=error.strerror or str(error.args[0][0][-1] if isinstance(error, shutil.Error) else error),
    )


# --- the lock --------------------------------------------------------------------------------------------------------

_FAR = 1 << 30  # Windows lets nobody read a locked byte: the one that is locked lies far behind the number


def _locked(lock: Path) -> int | None:
    """The file descriptor of the lock; None where another holds it."""
    while True:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _take(file):
                os.close(file)
                return None
            if _is_at(file, lock):
                os.ftruncate(file, 0)
                os.lseek(file, 0, os.SEEK_SET)
                os.write(file, str(os.getpid()).encode())
                return file
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # whoever had it removed it between our opening and our taking it


def _take(file: int) -> bool:
    try:
        if os.name == "nt":
            os.lseek(file, _FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _NO_LOCKS:
            return True
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EWOULDBLOCK, errno.EDEADLK):
            return False
        raise
    return True


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _let_go(held: list[int], lock: Path) -> None:
    if held and os.name != "nt":
        lock.unlink(missing_ok=True)  # while it is ours: a moment later it may be somebody else's
    while held:
        os.close(held.pop())
        if os.name == "nt":  # it removes no open file
            with contextlib.suppress(OSError):
                lock.unlink()


def _owner(lock: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        return str(int(lock.read_bytes()))
    return "?"
