"""The learner's copies of the lessons: handed out once, never overwritten, and brought back on demand."""

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from course import extras, places
from course.errors import DataError
from course.language import LANGUAGES, Sentence, text

#: The notebook on a file of one's own, in each language's folder.
OWN_FILE = "own_file.ipynb"


def hand_out() -> None:
    """The learner's copies, and a notebook on a file of one's own; what is there already stays as it is."""
    source, work = places.notebooks(), places.work()
    for path in sorted(source.rglob("*")):
        target = work / path.relative_to(source)
        if path.is_file() and ".ipynb_checkpoints" not in path.parts and not target.exists():
            _place(path, target)
    for lang in LANGUAGES:
        target = work / lang / OWN_FILE
        if not target.exists():
            _write(_own_file(lang), target)


def reset(number: str, tell: Callable[[Sentence], None]) -> None:
    """Fresh copies of a lesson in every language; the learner's own become numbered backups.

    Parameters
    ----------
    number : the lesson, as "07", "7" or "07_segment".

    Raises
    ------
    DataError : there is no such lesson.
    """
    source, work = places.notebooks(), places.work()
    start = number.zfill(2) + "_"
    found = [p for p in sorted(source.glob("*/**/*.ipynb")) if f"{p.stem}_".startswith(start)]
    if not number or not found:
        raise DataError(
            "There is no lesson “{lesson}”. Give a lesson's number, for instance: course reset 07", lesson=number
        )
    for path in found:
        target = work / path.relative_to(source)
        if target.exists() and _cells(target) != _cells(path):
            names = (target.with_name(f"{target.stem}.backup-{n}.ipynb") for n in range(1, 10**6))
            backup = next(name for name in names if not name.exists())
            target.rename(backup)
            tell(Sentence("Your copy is kept as {path}.", path=backup.relative_to(work).as_posix()))
        _place(path, target)
        tell(Sentence("{path} is as it was handed out.", path=target.relative_to(work).as_posix()))


def lesson(lang: str, number: str) -> Path | None:
    """The learner's copy of a lesson in a language, or the notebook "own"; None where there is no such lesson."""
    if number == "own" and lang in LANGUAGES:
        return places.work() / lang / OWN_FILE
    found = sorted((places.notebooks() / lang).glob(f"{number}_*.ipynb"))
    return places.work() / lang / found[0].name if found else None


def _own_file(lang: str) -> dict:
    """The notebook on a file of one's own, as nbformat's JSON: what it is, and the call of `own_file.begin`."""
    told = text(
        "# A file of your own\n\n"
        "Run the cell below: click into it and press **Shift + Enter**. Choose your export (orders or order lines: "
        "CSV, Excel, Parquet and others), or type where it lies. What the file leaves open is asked with buttons; then "
        "the portraits are made and the report opens here.\n\n"
        "Nothing leaves the machine that this Jupyter runs on. On Binder that is a machine of somebody else's: take no "
        "customers' data there.",
        lang,
    )
    head = extras.guarded("from course.hub import own_file", lang)
    code = f'{head}\n\nown_file.begin("{lang}")'
    ran = {"outputs": [], "execution_count": None}
    cells = [
        {"cell_type": "markdown", "id": "own-told", "metadata": {}, "source": told},
        {"cell_type": "code", "id": "own-begin", "metadata": {}, "source": code} | ran,
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _place(source: Path, target: Path) -> None:
    """Copy a file so that it is there completely or not at all."""
    if source.suffix == ".ipynb":
        _write(json.loads(source.read_text(encoding="utf-8")), target)
    else:
        with _whole(target) as part:
            shutil.copyfile(source, part)


def _write(book: dict, target: Path) -> None:
    """Write a notebook with this machine's metadata."""
    book["metadata"] |= _metadata()
    with _whole(target) as part:
        part.write_text(json.dumps(book, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")


@contextlib.contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """A file beside `target` to write, which takes its place at the end."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        yield part
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


@cache
def _metadata() -> dict[str, dict]:
    """What JupyterLab itself writes when it opens a notebook here: with it, a lesson just opened is not "unsaved"."""
    from ipykernel.ipkernel import IPythonKernel
    from jupyter_client.kernelspec import KernelSpecManager

    spec = KernelSpecManager().get_kernel_spec("python3")
    return {
        "kernelspec": {"display_name": spec.display_name, "language": spec.language, "name": "python3"},
        "language_info": dict(IPythonKernel.language_info),
    }


def _cells(path: Path) -> object:
    """What a learner can have changed: the cells, for the metadata are JupyterLab's. No notebook: all of it."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError):
        return path.read_bytes()
