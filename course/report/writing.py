"""Files of a result: complete or absent, harmless in a spreadsheet, the same bytes for the same inputs.

A folder is written beside its place and moved there at the end.
"""

import contextlib
import errno
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from course.errors import DataError


def refuse_used(out: Path) -> None:
    """Refuse an output folder with something in it: nobody's files are written over."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise DataError("{out} exists already. Name a new folder, or remove this one first.", out=out.name)


@contextlib.contextmanager
def whole_or_absent(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into; it takes `out`'s place at the end and is removed when anything goes wrong.

    A run that is killed outright leaves the hidden folder; the next run to the same place clears it.
    """
    partial = out.parent / f".{out.name}.partial"
    with _terminable():
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            yield partial
            _put_in_place(partial, out)
        except OSError as error:
            raise _cannot_write(out, error) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _put_in_place(new: Path, out: Path) -> None:
    """A folder cannot replace one with files in it: the old one steps aside first and goes last."""
    old = out.parent / f".{out.name}.before"
    try:
        if out.is_dir():
            os.replace(out, old)
        os.replace(new, out)
    except BaseException:
        if old.is_dir() and not out.exists():
            os.replace(old, out)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _cannot_write(out: Path, error: OSError) -> DataError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DataError(
            "The disk is full: {out} was not written. Free some space, or name a folder on another disk.", out=out.name
        )
    return DataError(
        "{out} cannot be written ({why}). Name a folder where you may write.",
        out=out.name,
        why=error.strerror or str(error),
    )


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let a polite kill (SIGTERM) unwind as Ctrl-C does, so that the clean-up runs."""

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not the main thread: signals are somebody else's
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def portraits(frame: pd.DataFrame, folder: Path) -> None:
    """portraits.parquet, and portraits.csv with its texts made harmless."""
    frame.to_parquet(folder / "portraits.parquet", index=False)
    dates = frame.select_dtypes("datetime").columns
    texts = frame.assign(**{c: harmless(frame[c]) for c in frame.select_dtypes("str")})
    table(texts.assign(**{c: frame[c].dt.strftime("%Y-%m-%d") for c in dates}), folder / "portraits.csv")


def table(frame: pd.DataFrame, path: Path) -> None:
    """A CSV file that Excel opens as UTF-8."""
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def harmless(texts: pd.Series) -> pd.Series:
    """Texts that no spreadsheet takes for a formula: one that begins with = + - @ (full-width too) or a tab or line end
    gets an apostrophe."""
    return texts.mask(texts.str.match(r"^[=+\-@＝＋－＠\t\r\n]").fillna(False).astype(bool), "'" + texts)
