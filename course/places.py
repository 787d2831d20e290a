"""Where the kit lies, and where it keeps what belongs to the learner."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def work() -> Path:
    """The learner's own folder: COURSE_WORK where it is set, else work/ of the kit. Made when it is missing."""
    path = Path(os.environ.get("COURSE_WORK") or ROOT / "work")
    path.mkdir(parents=True, exist_ok=True)
    return path
