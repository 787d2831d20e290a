"""Blanks, `____`, in cells that are run anyway: as long as one is open, the solution's own cell is run in silence.

So nobody is stopped by a blank, and nobody sees the cell's result before it is filled in.
"""

import re

from course.classroom import panel, reference, room
from course.errors import DataError
from course.language import Sentence

BLANK = "____"
_OPEN = f"__import__({__name__!r}, fromlist=['run']).run("


class Left:
    """What is told of a cell with open blanks."""

    def __init__(self, said: Sentence) -> None:
        self.said = said

    def __repr__(self) -> str:
        return self.said.say()

    def _repr_html_(self) -> str:
        return panel.panel(panel.note(self.said, mark=panel.OPEN))


def watched(lines: list[str]) -> list[str]:
    """What IPython runs in place of a cell: itself, or `run` of it where a blank is open."""
    cell = "".join(lines)
    return [f"{_OPEN}{cell!r})\n"] if BLANK in cell and not cell.startswith(_OPEN) else lines


def run(cell: str) -> Left:
    """Do quietly what the solution does in this cell, whose blanks are still open."""
    try:
        filled = _filled(cell)
    except DataError:  # a pack without solutions
        filled = None
    if filled is None:
        return Left(Sentence("Fill in every ____ of this cell, then run it again."))
    reference.quietly(filled, room.namespace())
    return Left(
        Sentence(
            "Fill in every ____ and run the cell again: then it shows what it finds. So that you can go on, its names "
            "have the solution's values for now."
        )
    )


def _filled(cell: str) -> str | None:
    """The solution's cell that this one was made from; None where something else in it was changed as well."""
    parts = [re.escape(part) for part in cell.strip().split(BLANK)]
    pattern = re.compile("(.+?)".join(parts), re.DOTALL)
    return next((code for code in reference.code() if pattern.fullmatch(code.strip())), None)
