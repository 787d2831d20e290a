"""What a learner typed for each exercise that was checked: kept beside the progress, as a file that people can read.

`answers.json` in the learner's folder: {exercise: lines of code}. `save(answers=True)` puts it and the progress into
one file, for a machine that forgets; what `restore` of that file brings back is shown where the exercise is checked,
and never run.
"""

import ast
import json

from course import syllabus
from course.classroom import room

#: Characters of one answer that are kept, several times the longest reference.
LONGEST = 10_000
_FILE = "answers.json"
_DEFINED = ast.FunctionDef | ast.ClassDef


def read() -> dict[str, list[str]]:
    """{exercise: lines}; nothing where there is no such file or it cannot be read."""
    try:
        return whole(json.loads((room.folder() / _FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}


def write(typed: dict[str, list[str]]) -> None:
    """Keep what was typed."""
    room.keep(_FILE, typed)


def whole(content: object) -> dict[str, list[str]]:
    """The content, once it is what `write` writes.

    Raises
    ------
    ValueError : it is not, or an answer is longer than LONGEST.
    """
    if not isinstance(content, dict):
        raise ValueError
    for lines in content.values():
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise ValueError
        if sum(map(len, lines)) > LONGEST:
            raise ValueError
    return syllabus.renamed(content)


def note(exercise: str, names: tuple[str, ...], cells: list[str]) -> None:
    """Remember the cells that last gave the exercise's answers; what is too long to be kept is not.

    Parameters
    ----------
    names : the names that the exercise asks for.
    cells : what was run in this notebook, in its order.
    """
    lines = code_of(names, cells).splitlines()
    if lines and sum(map(len, lines)) <= LONGEST:
        write(read() | {exercise: lines})


def code_of(names: tuple[str, ...], cells: list[str]) -> str:
    """The cells that last gave each of the names, in the order in which they were run."""
    last = {name: n for n, cell in enumerate(cells) for name in _given(cell) if name in names}
    return "\n\n".join(cells[n].strip() for n in sorted(set(last.values())))


def _given(cell: str) -> set[str]:
    """The names that a cell defines or changes."""
    bare = "\n".join(line for line in cell.splitlines() if not line.startswith(("%", "!")))
    try:
        nodes = list(ast.walk(ast.parse(bare)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    stored = [_root(n) for n in nodes if isinstance(getattr(n, "ctx", None), ast.Store)]
    return {n.id for n in stored if isinstance(n, ast.Name)} | {n.name for n in nodes if isinstance(n, _DEFINED)}


def _root(node: ast.AST) -> ast.AST:
    """The table of `table["column"]`, the object of `object.attribute`."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node


def before(exercise: str) -> str:
    """What was typed for an exercise, as code; nothing where it is not known."""
    return "\n".join(read().get(exercise, ()))
