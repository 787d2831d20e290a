"""Where a lesson takes place: the learner's names, the folder for their files, the lesson that is open."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

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


def folder() -> Path:
    """The learner's own folder: COURSE_WORK where it is set, else work/ of the kit. Made when it is missing."""
    path = Path(os.environ.get("COURSE_WORK") or ROOT / "work")
    path.mkdir(parents=True, exist_ok=True)
    return path


def lesson() -> str | None:
    """The name of the open lesson, such as 07_segment."""
    return _open["lesson"]


def enter(name: str) -> None:
    """Make `name` the open lesson."""
    _open["lesson"] = name


def company() -> Path | None:
    """The folder of the learner's company; None for the one that is shipped."""
    return _open["company"]


def settle_in(folder: Path | None) -> None:
    """Make the company in `folder` the learner's."""
    _open["company"] = folder
