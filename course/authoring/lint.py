"""What a lesson must not do. Every refusal says file, line and what to do instead."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from course.authoring.source import Cell, Lesson, LessonError
from course.authoring.stub import ASKING, handed_out, stub
from course.authoring.wording import spoken
from course.language import LANGUAGES

#: An exercise has as many hints: a nudge, a direction, nearly the answer.
HINTS = 3
#: One idea a cell: a core cell that is given, not written by the learner, has no more lines.
LINES = 12
#: Longer lines leave the page of an editor that does not wrap code.
WIDTH = 120
#: What the core path keeps to: as many cells in its notebook; lines of code that need no scrolling in the reader's
#: language; of code that nobody explained before it, as many lines.
CORE_CELLS, CORE_WIDTH, UNEXPLAINED = 60, 88, 6
#: The lessons that do not keep to it yet, with what they break: cells, width, steps. Each goes when it is mended.
LEFT: dict[str, set[str]] = {}
#: Cells that the builder adds: the links, the opening, the way on.
_BUILDERS = 3
#: Cells in which the learner speaks: what they ask is said before them, what they tell stands in what they show.
_ASKED = (*ASKING, "check", "bet", "unseal", "quiz", "play")
#: Solution lines shorter than this are everybody's: `plt.show()`, `answer = 0`.
_TELLING = 16
#: Calls whose text is read by people: it comes from the translation catalogue.
_SPEAKING = {
    "print",
    "set_title",
    "set_xlabel",
    "set_ylabel",
    "title",
    "xlabel",
    "ylabel",
    "suptitle",
    "annotate",
    "set",
}


def check(lesson: Lesson) -> None:
    """Refuse a lesson that breaks a rule.

    Raises
    ------
    LessonError : for the first rule broken, in the order of the lesson's lines where rules are of one kind.
    """
    form = (_twins, _headings, _pictures, _exercises, _blanks)
    code = (_leaks, _given, _core, _pandas, _words, _languages, _length)
    for rule in (*form, *code, _minutes):
        rule(lesson)
    for name, refusals in CORE.items():
        if name not in LEFT.get(lesson.path.stem, ()):
            for refusal in refusals(lesson):
                raise refusal


def _twins(lesson: Lesson) -> None:
    waiting: Cell | None = None
    for cell in lesson.cells:
        told = cell.kind == "markdown"
        if told and cell.lang not in ("en", "zh"):
            raise lesson.refusal(
                cell, 'A text cell needs its language: +++ {{"lang": "en"}}, then its twin in Chinese.'
            )
        if waiting and not (told and cell.lang == "zh"):
            raise lesson.refusal(waiting, "This cell in English has no Chinese twin right after it. Write one.")
        if told and cell.lang == "zh" and not waiting:
            raise lesson.refusal(cell, "This cell in Chinese has no English twin right before it. Write one.")
        if waiting and _said(cell) != _said(waiting):
            raise lesson.refusal(cell, "The twins say different metadata. Make hint, tags and minutes the same.")
        waiting = cell if told and cell.lang == "en" else None
        if not told and cell.lang:
            raise lesson.refusal(cell, "Code serves both languages: remove its “lang”.")
        if not told and "solution" in cell.tags:
            raise lesson.refusal(cell, "Code is kept back by “exercise”, not by the tag solution.")
    if waiting:
        raise lesson.refusal(waiting, "This cell in English has no Chinese twin right after it. Write one.")


def _said(cell: Cell) -> tuple:
    return cell.hint, cell.tags, cell.minutes


def _headings(lesson: Lesson) -> None:
    level = 0
    for cell in (c for c in lesson.cells if c.lang == "en"):
        for line in _outside_fences(cell.text):
            if found := re.match(r"(#+) ", line):
                if len(found[1]) > level + 1:
                    raise lesson.refusal(
                        cell,
                        "The heading “{line}” jumps from level {level} to {new}.",
                        line=line,
                        level=level,
                        new=len(found[1]),
                    )
                if len(found[1]) == 1 and level:
                    raise lesson.refusal(cell, "“{line}”: a lesson has one title. Use ## for a section.", line=line)
                level = len(found[1])


def _outside_fences(text: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield line


def _pictures(lesson: Lesson) -> None:
    for cell in (c for c in lesson.cells if c.kind == "markdown"):
        bare = re.search(r"!\[\s*\]\(", cell.text) or re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", cell.text)
        if bare:
            raise lesson.refusal(cell, "A picture without a text in its place: write what it shows, ![…](…).")


def _exercises(lesson: Lesson) -> None:
    seen: dict[str, Cell] = {}
    topic = lesson.topic
    checked = {i for c in lesson.cells if c.kind == "code" and not c.exercise for i in _checked_by(c)}
    hints = [(c.hint, c.lang) for c in lesson.cells if c.hint]
    for cell in (c for c in lesson.cells if c.exercise):
        name = cell.exercise
        if cell.kind != "code":
            raise lesson.refusal(cell, "An exercise is a code cell.")
        if name in seen:
            raise lesson.refusal(cell, "The exercise {name} stands twice. Give this one another id.", name=name)
        if _is_bet(lesson, cell):  # numbers of the learner's own: nothing to check, no hint
            continue
        if not re.fullmatch(rf"{re.escape(topic)}-\d+", name):
            raise lesson.refusal(
                cell, "The exercise is called {name}; here it must be {topic}-1, {topic}-2, ….", name=name, topic=topic
            )
        if not stub(cell.text):
            raise lesson.refusal(
                cell,
                "The exercise {name} assigns no name and defines no function: nothing could be checked.",
                name=name,
            )
        if name not in checked:
            raise lesson.refusal(cell, 'No cell runs check("{name}"). Add one after the exercise.', name=name)
        if (count := hints.count((name, "en"))) < HINTS:
            raise lesson.refusal(
                cell, "The exercise {name} has {count} of {wanted} hints.", name=name, count=count, wanted=HINTS
            )
        seen[name] = cell
    for cell in lesson.cells:
        if cell.hint and cell.hint not in seen:
            raise lesson.refusal(cell, "A hint for {name}, which is no exercise of this lesson.", name=cell.hint)


def _blanks(lesson: Lesson) -> None:
    """A blank stands for one place of its cell, and what asks has a cell of its own."""
    for cell in lesson.cells:
        for text in cell.blanks:
            if cell.kind != "code" or cell.exercise or cell.text.count(text) != 1:
                raise lesson.refusal(
                    cell, "The blank “{text}” must stand once in a code cell that is no exercise.", text=text
                )
        if cell.kind != "code":
            continue
        asking = [n for n in ast.walk(cell.tree()) if isinstance(n, ast.Call) and _called(n) in ASKING]
        if asking and (len(cell.tree().body) != 1 or handed_out(cell.text) == cell.text):
            raise lesson.refusal(
                cell, 'A cell that asks is one call with key and answer, such as guess("start-tenth", 30).'
            )


def _is_bet(lesson: Lesson, cell: Cell) -> bool:
    return cell.exercise == f"{lesson.topic}-bet"


def _checked_by(cell: Cell) -> Iterator[str]:
    for node in ast.walk(cell.tree()):
        if (
            isinstance(node, ast.Call)
            and _called(node) == "check"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _leaks(lesson: Lesson) -> None:
    """A line of a solution that the learner's notebook shows somewhere else."""
    for name, exercise in lesson.exercises().items():
        given = {line.strip() for line in stub(exercise.text).splitlines()}
        secret = {line.strip() for line in exercise.text.splitlines()} - given
        secret = {s for s in secret if len(s) >= _TELLING and not s.startswith(("import ", "from ", "def "))}
        for cell in lesson.cells:
            if cell.exercise or "solution" in cell.tags:
                continue
            if shown := next((s for s in sorted(secret) if s in cell.text), None):
                raise lesson.refusal(
                    cell, "This cell shows a line of the answer to {name}: {line}", name=name, line=shown
                )


def _given(lesson: Lesson) -> None:
    """Cells that stay must not need what only an answer brings: the notebook runs untouched."""
    held_back: dict[str, str] = {}
    there: set[str] = set()
    for cell in (c for c in lesson.cells if c.kind == "code"):
        bound = _bound(cell)
        if cell.exercise and not _is_bet(lesson, cell):  # bet(…) takes a range that is still open
            held_back |= dict.fromkeys(bound - there, cell.exercise)
            continue
        used = {n.id for n in ast.walk(cell.tree()) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        if missing := sorted((used - bound) & set(held_back) - there):
            raise lesson.refusal(
                cell,
                "This cell needs {name}, which only the answer to {exercise} brings. Give it a cell of its own.",
                name=missing[0],
                exercise=held_back[missing[0]],
            )
        there |= bound


def _core(lesson: Lesson) -> None:
    """The core path must not need what only a cell beyond it brings: a class goes past those."""
    there: set[str] = set()
    beyond: set[str] = set()
    for cell in (c for c in lesson.cells if c.kind == "code"):
        bound = _bound(cell)
        if cell.stretch:
            beyond |= bound
            continue
        nodes = list(ast.walk(cell.tree()))
        used = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        used -= {n.arg for n in nodes if isinstance(n, ast.arg)}
        if missing := sorted((used - bound) & beyond - there):
            raise lesson.refusal(
                cell,
                "This cell needs {name}, which only a cell beyond the core path brings. Bring it here too.",
                name=missing[0],
            )
        there |= bound


def _bound(cell: Cell) -> set[str]:
    """The names that a cell leaves behind."""
    names = set()
    for node in ast.walk(cell.tree()):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@cache
def published() -> frozenset[str]:
    """The pandas names that the core path may use."""
    path = Path(__file__).parents[1] / "catalogue" / "pandas.yaml"
    return frozenset(n for names in yaml.safe_load(path.read_text(encoding="utf-8")).values() for n in names)


@cache
def _vocabulary() -> frozenset[str]:
    import pandas as pd
    from pandas.api.typing import DataFrameGroupBy

    kinds = (pd.DataFrame, pd.Series, DataFrameGroupBy)
    return frozenset(n for kind in kinds for n in dir(kind) if not n.startswith("_") and callable(getattr(kind, n)))


def _pandas(lesson: Lesson) -> None:
    """Core cells keep to the published list. What is called on a module (np.where) or on axes is not pandas'."""
    modules = {"ax", "axes", "figure"}
    for cell in (c for c in lesson.cells if c.kind == "code"):
        imports = [n for n in ast.walk(cell.tree()) if isinstance(n, ast.Import | ast.ImportFrom)]
        modules |= {(a.asname or a.name).split(".")[0] for n in imports for a in n.names if a.name != "pandas"}
        if cell.stretch:
            continue
        for call in (n for n in ast.walk(cell.tree()) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)):
            name, owner = call.func.attr, getattr(call.func.value, "id", "")
            if owner not in modules and name in (_vocabulary() if owner != "pd" else {name}) - published():
                raise lesson.refusal(
                    cell,
                    "{name} is not on the published list of pandas methods. Use those, or tag the cell stretch.",
                    name=name,
                )


def _words(lesson: Lesson) -> None:
    """Code is the same in both languages: what people read comes from the catalogue or stands in a text cell."""
    for cell in (c for c in lesson.cells if c.kind == "code"):
        for token in tokenize.generate_tokens(io.StringIO(cell.text).readline):
            if token.type == tokenize.COMMENT:
                raise lesson.refusal(
                    cell, "A comment in code is read in one language only: say it in a text cell before it."
                )
        for call in (n for n in ast.walk(cell.tree()) if isinstance(n, ast.Call) and _called(n) in _SPEAKING):
            said = [*call.args, *(k.value for k in call.keywords if k.arg in ("title", "xlabel", "ylabel", "label"))]
            texts = [
                n.value
                for a in said
                if isinstance(a, ast.Constant | ast.JoinedStr)
                for n in ast.walk(a)
                if isinstance(n, ast.Constant)
            ]
            if any(isinstance(t, str) and re.search(r"[^\W\d_]{2}", t) for t in texts):
                raise lesson.refusal(
                    cell, "Text in code is read in one language only: take the sentence from the catalogue, say(…)."
                )


def _languages(lesson: Lesson) -> None:
    """The notebooks of the two languages differ in texts, and in the order of the same places, only."""
    english, chinese = (spoken(lesson, lang).cells for lang in LANGUAGES)
    for cell, one, other in zip(lesson.cells, english, chinese, strict=True):
        if cell.kind != "code":
            continue
        for own, a, b in zip(cell.tree().body, one.tree().body, other.tree().body, strict=True):
            if ast.dump(_Wordless().visit(a)) != ast.dump(_Wordless().visit(b)):
                raise lesson.refusal(
                    replace(cell, line=cell.line + own.lineno - 1),
                    "The sentences of this statement have other places in English than in Chinese, or another format "
                    "in one: make them the same.",
                )


class _Wordless(ast.NodeTransformer):
    """Code without its texts: of an f-string only the places stay, sorted, and of those a choice between one and many
    (“row”, “rows”) is a text too."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.Constant:
        places = [v for v in node.values if isinstance(v, ast.FormattedValue) and not _is_number(v.value)]
        kept = [
            (ast.dump(self.visit(p.value)), p.conversion, p.format_spec and ast.dump(p.format_spec)) for p in places
        ]
        return ast.Constant("".join(sorted(map(repr, kept))))


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.IfExp(test=ast.Compare(comparators=[ast.Constant(value=1)]), body=ast.Constant(value=str())):
            return True
    return False


def _length(lesson: Lesson) -> None:
    for cell in (c for c in lesson.cells if c.kind == "code"):
        lines = [line for line in cell.text.splitlines() if line.strip()]
        if not cell.exercise and not cell.stretch and len(lines) > LINES:
            raise lesson.refusal(
                cell, "{lines} lines in one cell: one idea a cell, at most {most} lines.", lines=len(lines), most=LINES
            )
        if (longest := max(map(len, lines), default=0)) > WIDTH:
            raise lesson.refusal(
                cell, "A line of code with {n} characters: at most {most}, break it.", n=longest, most=WIDTH
            )


def _minutes(lesson: Lesson) -> None:
    """A class goes by the sections' minutes: each of the core path has some, and together they are the lesson's."""
    total = 0
    for cell in (c for c in lesson.cells if c.lang == "en"):
        begins = re.match(r"##? ", cell.text)
        if cell.minutes is not None and not (re.match(r"#+ ", cell.text) and isinstance(cell.minutes, int)):
            raise lesson.refusal(cell, "“minutes” is a whole number and belongs to a cell that begins with a heading.")
        if begins and not cell.stretch:
            if cell.minutes is None:
                raise lesson.refusal(cell, "A section of the core path needs its minutes, in both languages.")
            total += cell.minutes
    if total != lesson.minutes:
        raise LessonError(
            lesson.path.name,
            1,
            "The sections of the core path take {total} minutes, the header says {minutes}. Make them agree.",
            total=total,
            minutes=lesson.minutes,
        )


def _cells(lesson: Lesson) -> Iterator[LessonError]:
    """The core path is one sitting: no more cells than a reader goes through in its minutes."""
    shown = [c for c in lesson.parts()[0].cells if c.lang != "zh" and "solution" not in c.tags]
    if (n := len(shown) + _BUILDERS) > CORE_CELLS:
        yield LessonError(
            lesson.path.name,
            1,
            "The core path has {n} cells, at most {most}: join what says one thing, tag stretch what can wait.",
            n=n,
            most=CORE_CELLS,
        )


def _width(lesson: Lesson) -> Iterator[LessonError]:
    """Lines of the core path are read without scrolling, with their sentences in them."""
    for lang in LANGUAGES:
        for cell in spoken(lesson, lang).cells:
            longest = max((len(line) for line in cell.text.splitlines()), default=0)
            if cell.kind == "code" and not cell.stretch and longest > CORE_WIDTH:
                yield lesson.refusal(
                    cell, "A line of code with {n} characters: at most {most}, break it.", n=longest, most=CORE_WIDTH
                )


def _steps(lesson: Lesson) -> Iterator[LessonError]:
    """Somebody said before each cell why it comes: code follows code where one of them is the learner's to speak in."""
    before = None
    for cell in (c for c in lesson.parts()[0].cells if c.lang != "zh" and "solution" not in c.tags):
        if cell.kind == "code" and not cell.exercise and before and before.kind == "code":
            lines = [line for line in cell.text.splitlines() if line.strip()]
            if not (_asks(before) or _asks(cell)) or len(lines) > UNEXPLAINED:
                yield lesson.refusal(cell, "Two cells of code in a row: say before this one why it comes.")
        before = cell


def _asks(cell: Cell) -> bool:
    """True for a cell that is one call with which the learner speaks."""
    body = cell.tree().body
    call = body[0].value if len(body) == 1 and isinstance(body[0], ast.Expr) else None
    return isinstance(call, ast.Call) and _called(call) in _ASKED


#: What the core path keeps to, by the names that LEFT uses.
CORE = {"cells": _cells, "width": _width, "steps": _steps}
