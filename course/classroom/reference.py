"""The lesson as its solution has it: for those who fell behind, for those who are stuck, for blanks left open."""

import json
import re

from course import language, places
from course.classroom import progress, room
from course.errors import DataError
from course.language import Sentence
from course.syllabus import BEYOND

#: After so many checks that were not right the reference is shown for the asking.
TRIES = 3
#: Calls that tell, ask or note something; they bring no name that a later cell needs.
_TALK = (
    "check(",
    "quiz(",
    "bet(",
    "unseal(",
    "play(",
    "guess(",
    "pick(",
    "solution(",
    "from course.classroom import *",
)


def cells(name: str | None = None) -> list[dict]:
    """The cells of a notebook's solution, by default the open one's, in the reader's language.

    Raises
    ------
    DataError : no lesson is open, or the solution is not here.
    """
    if room.lesson() is None:
        raise DataError("No lesson is open. Run the first cell of the notebook, open_lesson(…).")
    path = places.ROOT / "solutions" / language.active() / f"{name or room.lesson()}.ipynb"
    if not path.exists():
        raise DataError("The solution of {lesson} is not here.", lesson=path.stem)
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _of_both() -> list[dict]:
    """The cells of the open lesson's two notebooks, the open one's first."""
    own = cells()
    opened = room.lesson()
    other = opened.removesuffix(BEYOND) if opened.endswith(BEYOND) else opened + BEYOND
    try:
        return own + cells(other)
    except DataError:  # nothing is beyond this lesson's core path
        return own


def source(cell: dict) -> str:
    """The text of a cell."""
    return "".join(cell["source"])


def tags(cell: dict) -> set[str]:
    """The tags of a cell."""
    return set(cell["metadata"].get("tags", ()))


def code() -> list[str]:
    """The code cells of the solution that bring something."""
    return [source(c) for c in cells() if c["cell_type"] == "code" and not source(c).startswith(_TALK)]


def quietly(code: str, names: dict) -> None:
    """Run code for what it defines, without what it prints or draws."""
    import matplotlib.pyplot as plt
    from IPython.utils.capture import capture_output

    with capture_output():
        exec(compile(code, "<reference>", "exec"), names)
        plt.close("all")


def catch_up(section: str | int, within: dict | None = None) -> Sentence:
    """Run the reference solution up to a section, in this notebook: for those who fell behind.

    Parameters
    ----------
    section : the number of the section (from 1) or a part of its heading; the cells before it are run.
    within : where the names go; default: the notebook's.

    Raises
    ------
    DataError : no lesson is open, or it has no such section.
    """
    every = cells()
    until, heading = _find(every, section)
    names = room.namespace() if within is None else within
    ran = 0
    for cell in every[:until]:
        if cell["cell_type"] == "code" and not source(cell).startswith(_TALK):
            quietly(source(cell), names)
            ran += 1
    return Sentence("{n} {n:cell|cells} of the solution were run. Go on at “{heading}”.", n=ran, heading=heading)


def _find(every: list[dict], section: str | int) -> tuple[int, str]:
    headings = []
    for i, cell in enumerate(every):
        if cell["cell_type"] == "markdown":
            lines = (line for line in source(cell).splitlines() if line.startswith("## "))
            headings += [(i, line.removeprefix("## ").strip()) for line in lines]
    for number, (i, text) in enumerate(headings, 1):
        if section == number or (isinstance(section, str) and section.casefold() in text.casefold()):
            return i, text
    listed = "; ".join(f"{n}: {text}" for n, (_, text) in enumerate(headings, 1))
    raise DataError("There is no section {section}. The sections are {listed}.", section=section, listed=listed)


class Solution:
    """The reference of an exercise: its code, and the reason that the solution gives for it."""

    def __init__(self, code: str, reason: list[str]) -> None:
        self.code, self.reason = code, reason

    def __repr__(self) -> str:
        return "\n\n".join([self.code, *self.reason])

    def _repr_markdown_(self) -> str:
        return "\n\n".join([f"```python\n{self.code}\n```", *self.reason])


def solution(name: str, now: bool = False) -> Solution | Sentence:
    """Show the reference of an exercise and the reason for it: after three tries, or `now`. It is remembered.

    Parameters
    ----------
    name : the exercise, such as "segment-2".
    now : do not wait for the third try.

    Raises
    ------
    DataError : no lesson is open, its solution is not here, or it has no such exercise.
    """
    every = _of_both()
    calls = re.compile(rf"""check\(\s*["']{re.escape(str(name))}["']\s*\)""")
    at = next((i for i, c in enumerate(every) if c["cell_type"] == "code" and calls.search(source(c))), None)
    if at is None:
        raise DataError("There is no exercise {name} in this lesson.", name=name)
    tried = progress.tries(name)
    if not now and tried < TRIES and progress.read()["done"].get(name) != "right":
        return Sentence(
            'Tried so far: {n}. After {most} tries the solution is shown; at once with solution("{name}", now=True).',
            n=tried,
            most=TRIES,
            name=name,
        )
    progress.record("shown", name, "shown")
    own = next(i for i in range(at - 1, -1, -1) if every[i]["cell_type"] == "code")
    after = every[own + 1 : at] + every[at + 1 :]
    reason = []
    for cell in after:
        if cell["cell_type"] != "markdown" or "solution" not in tags(cell):
            break
        reason.append(source(cell))
    return Solution(source(every[own]), reason)
