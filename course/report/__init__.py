"""What a run leaves behind: portraits as Parquet, CSV and Excel, the quarantine, the ledger and the report.

The folder is complete or absent: everything is written beside it first and moved into place at the end.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from course import workflow
from course.errors import DataError
from course.report import page, workbook
from course.workflow import Result

FILES = ("portraits.parquet", "portraits.csv", "portraits.xlsx", "quarantine.csv", "ledger.json", "report.html")


def write(result: Result, out: str | Path, lang: str = "en") -> list[str]:
    """Write everything into the folder `out`, which must not exist or be empty.

    Parameters
    ----------
    lang : the language the report opens in and the workbook is in.

    Returns
    -------
    the sentences the report begins with, in `lang`

    Raises
    ------
    DataError : the folder holds something, cannot be made, or the disk is full; nothing is left behind.
    """
    out = Path(out)
    refuse_used(out)
    with _whole_or_absent(out) as folder:
        ledger = workflow.ledger(result)
        _portraits(result, folder)
        workbook.write(result, folder / "portraits.xlsx", lang)
        _quarantine(result).to_csv(folder / "quarantine.csv", index=False, encoding="utf-8-sig", lineterminator="\n")
        text = json.dumps(ledger, ensure_ascii=False, indent=2, allow_nan=False)
        (folder / "ledger.json").write_text(text + "\n", encoding="utf-8", newline="\n")
        html, answers = page.render(result, ledger, lang)
        (folder / "report.html").write_text(html, encoding="utf-8", newline="\n")
    return answers


def refuse_used(out: Path) -> None:
    """Refuse an output folder with something in it: nobody's files are written over."""
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists():
        raise DataError("{out} exists already. Name a new folder, or remove this one first.", out=out.name)


@contextlib.contextmanager
def _whole_or_absent(out: Path) -> Iterator[Path]:
    """A folder beside `out` to write into; it becomes `out` at the end and is removed when anything goes wrong.

    A run that is killed outright leaves the hidden folder; the next run to the same place clears it.
    """
    partial = out.parent / f".{out.name}.partial"
    with _terminable():
        try:
            out.parent.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            yield partial
            if out.is_dir():
                out.rmdir()
            os.replace(partial, out)
        except OSError as error:
            raise _cannot_write(out, error) from None
        finally:
            shutil.rmtree(partial, ignore_errors=True)


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


def _portraits(result: Result, folder: Path) -> None:
    portraits = result.portraits
    portraits.to_parquet(folder / "portraits.parquet", index=False)
    texts = portraits.assign(**{c: harmless(portraits[c]) for c in portraits.select_dtypes("str")})
    dates = portraits.select_dtypes("datetime").columns
    texts = texts.assign(**{c: portraits[c].dt.strftime("%Y-%m-%d") for c in dates})
    texts.to_csv(folder / "portraits.csv", index=False, encoding="utf-8-sig", lineterminator="\n")


def harmless(texts: pd.Series) -> pd.Series:
    """Texts that no spreadsheet takes for a formula: one that begins with = + - @ (full-width too) or a tab or line end
    gets an apostrophe."""
    return texts.mask(texts.str.match(r"^[=+\-@＝＋－＠\t\r\n]").fillna(False).astype(bool), "'" + texts)


def _quarantine(result: Result) -> pd.DataFrame:
    """All rows that are not valid: table, source, source_row, outcome, rule, column, value (masked), money."""
    parts = []
    for kind, cleaned in result.cleaned.items():
        for outcome in ("quarantine", "set_aside"):
            rows = getattr(cleaned, outcome)
            part = rows[["source", "source_row", "rule", "column", "value"]].astype({"source": "str"})
            part.insert(0, "table", kind)
            part.insert(3, "outcome", outcome)
            part["money"] = rows.get("amount")
            parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    figures = pd.to_numeric(table["value"], errors="coerce").notna()
    for column in ("source", "value"):
        table[column] = (
            harmless(table[column]) if column == "source" else table[column].where(figures, harmless(table[column]))
        )
    return table
