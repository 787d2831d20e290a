"""Which items of the source articles no lesson covers yet."""

from pathlib import Path

import yaml

from course.authoring.source import LessonError, lessons, read

#: Items of each article, numbered S0.1, S0.2, …
ARTICLES = {"S0": 34, "S1": 44, "S2": 29, "S3": 28, "S4": 37}


def items() -> list[str]:
    """Every id, in order."""
    return [f"{article}.{i}" for article, count in ARTICLES.items() for i in range(1, count + 1)]


def uncovered(root: Path) -> list[str]:
    """The ids that no lesson names in its header and that lessons/not_covered.yaml gives no reason for.

    Raises
    ------
    LessonError : a lesson or the list of exceptions names an id that there is not.
    """
    known, covered = set(items()), set()
    for path in lessons(root / "lessons"):
        covers = read(path).covers
        if unknown := [i for i in covers if i not in known]:
            raise LessonError(path.name, 1, "“covers” names {ids}, which no article has.", ids=", ".join(unknown))
        covered |= set(covers)
    excused = root / "lessons" / "not_covered.yaml"
    if excused.exists():
        reasons = yaml.safe_load(excused.read_text(encoding="utf-8")) or {}
        if unknown := [i for i in reasons if i not in known]:
            raise LessonError(excused.name, 1, "“covers” names {ids}, which no article has.", ids=", ".join(unknown))
        covered |= set(reasons)
    return [i for i in items() if i not in covered]
