"""A lesson's source: MyST Markdown, read into cells that know their line."""

import ast
from dataclasses import dataclass, replace
from pathlib import Path

from course.errors import DataError
from course.language import LANGUAGES
from course.syllabus import BEYOND

#: What the metadata of a cell may say.
_KEYS = {"lang", "hint", "exercise", "blanks", "needs", "tags", "minutes"}
#: `parameters` marks the cell behind which papermill writes the values that it was called with.
_TAGS = {"solution", "stretch", "nbval-ignore-output", "raises-exception", "parameters"}


class LessonError(DataError):
    """A lesson that must not be built: file, line, what is wrong and what to do."""

    def __init__(self, file: str, line: int, message: str, /, **values: object) -> None:
        super().__init__(message, **values)
        self.file, self.line = file, line

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {super().__str__()}"


@dataclass(frozen=True)
class Cell:
    """One cell: `kind` "markdown" or "code", its text, the line it begins on, and what its metadata say.

    `minutes` are those of the section that the cell's heading begins; `blanks` the texts in a code cell that the
    learner fills in; `needs` names that a cell reads without writing them, as a check does.
    """

    kind: str
    text: str
    line: int
    lang: str | None = None
    hint: str | None = None
    exercise: str | None = None
    tags: frozenset[str] = frozenset()
    minutes: int | None = None
    blanks: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()

    @property
    def stretch(self) -> bool:
        """True for a cell beyond the core path."""
        return "stretch" in self.tags

    def tree(self) -> ast.Module:
        """The code as a syntax tree; a line that IPython reads (`%time`, `!ls`) is none."""
        return ast.parse(self.text)


@dataclass(frozen=True)
class Lesson:
    """A lesson, or one of its two notebooks: its file, the cells in order, and the `minutes` of its core path."""

    path: Path
    cells: list[Cell]
    minutes: int
    beyond: bool = False

    @property
    def name(self) -> str:
        """The notebook's name without ending: 07_segment; 07_segment_more of what is beyond the core path."""
        return self.path.stem + (BEYOND if self.beyond else "")

    @property
    def topic(self) -> str:
        """What the lesson is about, such as segment."""
        return self.path.stem.partition("_")[2]

    def parts(self) -> list["Lesson"]:
        """The notebooks that it becomes: the core path, and where there is something beyond it, that."""
        beyond = [cell for cell in self.cells if cell.stretch]
        core = replace(self, cells=[cell for cell in self.cells if not cell.stretch])
        return [core, replace(self, cells=beyond, beyond=True)] if beyond else [core]

    def refusal(self, cell: Cell, message: str, /, **values: object) -> LessonError:
        """A refusal that points at a cell."""
        return LessonError(self.path.name, cell.line, message, **values)

    def title(self, lang: str) -> str:
        """The first heading in `lang`."""
        return next(c.text.splitlines()[0].lstrip("# ") for c in self.cells if c.lang == lang)

    def exercises(self) -> dict[str, Cell]:
        """The exercises by id, in order."""
        return {c.exercise: c for c in self.cells if c.exercise}


def lessons(folder: Path) -> list[Path]:
    """The lessons of a folder in their order."""
    return sorted(folder.glob("[0-9][0-9]_*.md"))


def read(path: Path) -> Lesson:
    """Read a lesson.

    Raises
    ------
    LessonError : metadata that are not known, code that is no Python, no title in one of the languages.
    """
    import jupytext

    text = path.read_text(encoding="utf-8")
    book = jupytext.reads(text, fmt="md:myst")
    meta = book.metadata.get("lesson") or {}
    if not isinstance(meta.get("minutes"), int):
        raise LessonError(path.name, 1, "The header lacks “lesson: {{minutes: …}}”, the minutes of the core path.")
    cells = []
    for raw, line in zip(book.cells, _lines(text, book.cells), strict=True):
        if raw.cell_type == "markdown" and raw.source.startswith("<!--") and raw.source.endswith("-->"):
            continue  # a remark of the author's
        cells.append(_cell(path.name, raw, line))
    lesson = Lesson(path, _with_their_exercise(cells), meta["minutes"])
    for lang in LANGUAGES:
        first = next((c for c in cells if c.lang == lang), None)
        if first is None or not first.text.startswith("# "):
            raise LessonError(path.name, 1, "The first cell in {lang} must begin with the title: “# …”.", lang=lang)
    return lesson


def _with_their_exercise(cells: list[Cell]) -> list[Cell]:
    """Hints, and what a solution says after a cell, are beyond the core path where that exercise or cell is."""
    beyond = {cell.exercise for cell in cells if cell.exercise and cell.stretch}
    out, after_stretch = [], False
    for cell in cells:
        if cell.kind == "code":
            after_stretch = cell.stretch
        goes_along = cell.hint in beyond or ("solution" in cell.tags and after_stretch)
        out.append(replace(cell, tags=cell.tags | {"stretch"}) if goes_along else cell)
    return out


def _lines(text: str, cells: list) -> list[int]:
    """The line on which each cell's text begins: jupytext does not tell, so the texts are found in their order."""
    lines, at, found = text.splitlines(), 0, []
    for cell in cells:
        first = next((line for line in cell.source.splitlines() if line.strip()), "")
        at = next((i for i in range(at, len(lines)) if lines[i].strip() == first.strip()), at)
        found.append(at + 1)
        at += max(1, len(cell.source.splitlines()))
    return found


def _cell(file: str, raw: object, line: int) -> Cell:
    meta = dict(raw.metadata)
    tags = frozenset(meta.get("tags", ()))
    if unknown := (set(meta) - _KEYS) | (tags - _TAGS):
        raise LessonError(
            file,
            line,
            "A cell says {unknown}, which nobody reads. Known are: {known}.",
            unknown=", ".join(sorted(unknown)),
            known=", ".join(sorted(_KEYS | _TAGS)),
        )
    cell = Cell(
        raw.cell_type,
        raw.source,
        line,
        meta.get("lang"),
        meta.get("hint"),
        meta.get("exercise"),
        tags,
        meta.get("minutes"),
        tuple(meta.get("blanks", ())),
        frozenset(meta.get("needs", ())),
    )
    if cell.kind == "code":
        try:
            cell.tree()
        except SyntaxError as error:
            raise LessonError(
                file, line + (error.lineno or 1) - 1, "This is not Python: {why}.", why=error.msg
            ) from None
    return cell
