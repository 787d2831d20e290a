"""Where a lesson takes place: the learner's names, the folder for their files, the lesson that is open."""

import json
import os
from pathlib import Path

from course import places, syllabus
from course.company import SEED, datasets

#: The lesson that open_lesson was called for, and the company it is about: one notebook, one kernel, one of each.
_open: dict = {"lesson": None, "company": None}


def namespace() -> dict:
    """The names that the learner's cells have defined."""
    try:
        from IPython import get_ipython
    except ImportError:
        shell = None
    else:
        shell = get_ipython()
    if shell is not None:
        return shell.user_ns
    import __main__

    return vars(__main__)


def cells() -> list[str]:
    """What was run in this notebook since its kernel was started, as it was typed."""
    try:
        from IPython import get_ipython
    except ImportError:
        return []
    shell = get_ipython()
    return [] if shell is None else list(shell.history_manager.input_hist_raw)


#: The folder for the learner's files.
folder = places.work


def as_written(content: dict) -> bytes:
    """The bytes of a file that people can read, too."""
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode("utf-8")


def keep(name: str, content: dict) -> None:
    """Write a file of the learner's whole; a folder that cannot be written costs the memory, never the lesson."""
    path = folder() / name
    part = path.with_suffix(".part")
    try:
        part.write_bytes(as_written(content))
        os.replace(part, path)
    except (OSError, UnicodeEncodeError):
        part.unlink(missing_ok=True)


def lesson() -> str | None:
    """The name of the open lesson, such as 07_segment."""
    return _open["lesson"]


def topic() -> str:
    """What the open lesson is about, such as segment; its second notebook is about the same."""
    return (lesson() or "").partition("_")[2].removesuffix(syllabus.BEYOND)


def enter(name: str) -> None:
    """Make `name` the open lesson."""
    _open["lesson"] = name


def company() -> Path:
    """The folder of the learner's company: the shipped one until `use_company`."""
    return _open["company"] or datasets()


def seed() -> int:
    """The seed of the learner's company."""
    return SEED if company() == datasets() else int(company().name.partition("-")[0])


def settle_in(folder: Path | None) -> None:
    """Make the company in `folder` the learner's; None leads back to the shipped one."""
    _open["company"] = folder
