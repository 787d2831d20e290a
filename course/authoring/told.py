"""A lesson in one language with what its solutions hold: what pages and paper are made of. Nothing is executed."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import yaml

from course.authoring.build import _unbroken
from course.authoring.source import Cell, Lesson
from course.authoring.wording import spoken

_LESSONS = Path(__file__).parents[1] / "classroom" / "lessons"
#: Calls that answer a reader who is there: what they answered the author is nobody else's.
TALK = ("check(", "bet(", "unseal(", "play(", "guess(", "pick(", "solution(", "save(", "restore(", "catch_up(")
_QUIZ = re.compile(r'quiz\("(\w+)"\)')


def told(lesson: Lesson, lang: str, root: Path) -> Iterator[tuple[Cell, list[dict]]]:
    """Each cell of a lesson in `lang`, and the outputs that the executed solution holds of it (none of prose)."""
    stored = {part.beyond: _stored(part, root / "solutions" / lang) for part in lesson.parts()}
    for cell in spoken(lesson, lang).cells:
        if cell.kind == "code":
            yield cell, next(stored[cell.stretch])
        elif cell.lang == lang:
            yield (replace(cell, text=_unbroken(cell.text)) if lang == "zh" else cell), []


def quiz(cell: Cell) -> list[dict]:
    """The questions that a cell asks, as the lesson's quiz.yaml has them; none where it asks none."""
    found = _QUIZ.match(cell.text) if cell.kind == "code" else None
    return yaml.safe_load((_LESSONS / found[1] / "quiz.yaml").read_text(encoding="utf-8")) if found else []


def heading(cell: Cell) -> str | None:
    """The heading that a cell of prose begins with, without marks; None where it has none."""
    found = re.match(r"#+ (.*)", cell.text) if cell.kind == "markdown" else None
    return re.sub(r"[*_`#]", "", found[1]).strip() if found else None


def _stored(part: Lesson, folder: Path) -> Iterator[list]:
    """The outputs of each code cell of an executed solution, without those that open the lesson."""
    cells = json.loads((folder / f"{part.name}.ipynb").read_text(encoding="utf-8"))["cells"]
    own = sum(cell.kind == "code" for cell in part.cells)
    return iter([cell["outputs"] for cell in cells if cell["cell_type"] == "code"][-own:])
