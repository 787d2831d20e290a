"""Where the kit lies, and where it keeps what belongs to the learner."""

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent


def is_checkout() -> bool:
    """True where the kit runs from its own folder, false where it was installed as a package among others."""
    return (ROOT / "pyproject.toml").exists()


def notebooks() -> Path:
    """The notebooks that are handed out: beside the package, or within it where it was installed."""
    return (ROOT if is_checkout() else PACKAGE) / "notebooks"


def home() -> Path:
    """The learner's own folder: COURSE_WORK where it is set, else work/ of the kit, else one in the reader's home."""
    return Path(
        os.environ.get("COURSE_WORK") or (ROOT / "work" if is_checkout() else Path.home() / "customer-portraits")
    )


def work() -> Path:
    """The learner's own folder, made when it is missing."""
    path = home()
    path.mkdir(parents=True, exist_ok=True)
    return path


def cache() -> Path:
    """Where things lie that can be made again: COURSE_CACHE where it is set, else the reader's own cache."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "customer-portrait-course"
    return Path(os.environ.get("COURSE_CACHE") or usual)
