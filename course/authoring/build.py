"""The notebooks of a lesson: {notebooks, solutions} × {en, zh} × {core, beyond it}; the same text every time."""

import hashlib
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from course import extras
from course.authoring import lint
from course.authoring.execute import execute
from course.authoring.needs import needed
from course.authoring.source import Cell, Lesson, LessonError, lessons, read
from course.authoring.stub import handed_out, stub
from course.authoring.wording import spoken
from course.language import LANGUAGES, Sentence, text

KINDS = ("notebooks", "solutions")
#: The tag of a cell whose code is folded.
FOLDED = "hide-input"


def build(root: Path, names: Iterable[str] = (), progress: Callable[[Sentence], None] | None = None) -> list[Path]:
    """Build lessons into `root`/notebooks and `root`/solutions; solutions are executed where their code changed.

    Parameters
    ----------
    root : the folder that holds lessons/.
    names : lessons to build ("07", "segment", "07_segment"); default all.

    Returns
    -------
    the files that were written

    Raises
    ------
    LessonError : a lesson that breaks a rule, or whose solution raises; nothing of that lesson is written.
    """
    tell = progress or (lambda sentence: None)
    every = lessons(root / "lessons")
    written = []
    for path in every:
        if names and not any(n in (path.stem, *path.stem.split("_", 1)) for n in names):
            continue
        lesson = read(path)
        lint.check(lesson)
        for target, (part, book) in _books(lesson, every, root).items():
            if _same_text(target, book):
                continue
            if target.parts[-3] == "solutions" and not _outputs_kept(target, book):
                tell(Sentence("Running {file}", file=f"{target.parent.name}/{target.name}"))
                book = execute(part, book, target.parent.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(_json(book), encoding="utf-8", newline="\n")
            written.append(target)
    return written


def stale(root: Path) -> list[LessonError]:
    """What is wrong: rules that lessons break, built files that are missing, old or left over.

    An executed solution counts as built from its text; whether its outputs still hold is nbval's to say.
    """
    found, expected = [], set()
    every = lessons(root / "lessons")
    for path in every:
        try:
            lesson = read(path)
            lint.check(lesson)
        except LessonError as error:
            found.append(error)
            continue
        for target, (_, book) in _books(lesson, every, root).items():
            expected.add(target)
            if not _same_text(target, book):
                file = target.relative_to(root).as_posix()
                found.append(
                    LessonError(path.name, 1, "{file} is not what this lesson says. Run: course build.", file=file)
                )
    for kind in KINDS:
        for path in sorted((root / kind).rglob("*.ipynb")):
            if path not in expected and ".ipynb_checkpoints" not in path.parts:
                file = path.relative_to(root).as_posix()
                found.append(LessonError(file, 1, "No lesson makes this notebook any more. Delete it."))
    return found


def _books(lesson: Lesson, every: list[Path], root: Path) -> dict[Path, tuple[Lesson, dict]]:
    return {
        root / kind / lang / f"{part.name}.ipynb": (
            part,
            notebook(lesson, lang, kind == "solutions", every, part.beyond),
        )
        for kind in KINDS
        for lang in LANGUAGES
        for part in lesson.parts()
    }


def notebook(lesson: Lesson, lang: str, solutions: bool, every: list[Path], beyond: bool = False) -> dict:
    """One notebook of a lesson, its core or what is beyond it, as nbformat's JSON, not executed."""
    part = lesson.parts()[beyond]
    head = "from course.classroom import *"
    opening = head if solutions else extras.guarded(head, lang)  # the learner's may meet another Python
    cells = [
        _header(part, lang, every),
        ("code", f'{opening}\n\nopen_lesson("{part.name}", "{lang}")', set()),
    ]
    if part.beyond:
        cells += _before(lesson, lang)
    hints: Counter = Counter()
    for cell in spoken(part, lang).cells:
        if cell.kind == "markdown" and cell.lang != lang:
            continue
        if cell.lang == "zh":
            cell = replace(cell, text=_unbroken(cell.text))
        if cell.hint:
            hints[cell.hint] += 1
            if not solutions:
                cells.append(("markdown", _folded(cell, hints[cell.hint], lang), set()))
        elif "solution" not in cell.tags or solutions:
            cells.append((cell.kind, _shown(cell, lang, solutions), cell.tags))
    if links := _onward(lesson, part, lang, every):
        cells.append(("markdown", links, set()))
    seen: Counter = Counter()
    return {
        "cells": [_nbformat(part.name, *cell, seen) for cell in cells],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _shown(cell: Cell, lang: str, solutions: bool) -> str:
    if cell.kind == "code" and not solutions:
        return stub(cell.text) if cell.exercise else handed_out(cell.text, cell.blanks)
    said = cell.text
    if cell.minutes:
        heading, _, rest = said.partition("\n")
        minutes = text("About {n} min", lang, n=cell.minutes)
        said = f"{heading}\n\n*{minutes}*\n{rest}"
    return said


def _before(lesson: Lesson, lang: str) -> list[tuple[str, str, set]]:
    """How the notebook beyond the core path begins: with what it needs, made in silence."""
    title = text("{title} – beyond the core path", lang, title=lesson.title(lang))
    cells = [("markdown", f"# {title}", set())]
    if made := needed(spoken(lesson, lang)):
        why = text("The next cell, folded, makes what the lesson made and this notebook needs. Run it.", lang)
        cells += [("markdown", why, set()), ("code", made, {FOLDED})]
    return cells


def _onward(lesson: Lesson, part: Lesson, lang: str, every: list[Path]) -> str:
    """Where a notebook's last cell leads: beyond the core path, and to the next lesson."""
    links = []
    for other in (p for p in lesson.parts() if p.beyond and not part.beyond):
        beyond = text("Beyond the core path of lesson {number}", lang, number=lesson.name[:2])
        links.append(f"[{beyond}]({other.name}.ipynb)")
    if (at := every.index(lesson.path) + 1) < len(every):
        following = text("Next: lesson {number} →", lang, number=every[at].stem[:2])
        links.append(f"**[{following}]({every[at].stem}.ipynb)**")
    return " · ".join(links)


def _unbroken(text: str) -> str:
    """Chinese without the line breaks of its source: Markdown shows each as a blank, where Chinese has none.

    Items of a list, rows of a table and code begin with signs of their own and keep their lines.
    """
    lines = [""]
    for line in text.split("\n"):
        goes_on = re.search(r"[一-鿿，。：；！？、”’）》…]\**$", lines[-1]) and re.match(r"\**[一-鿿“‘（《]", line)
        if goes_on and not lines[-1].startswith("#"):
            lines[-1] += line
        else:
            lines.append(line)
    return "\n".join(lines[1:])


def _folded(cell: Cell, number: int, lang: str) -> str:
    summary = text("Hint {n}", lang, n=number)
    return f"<details><summary>{summary}</summary>\n\n{cell.text}\n\n</details>"


def _header(lesson: Lesson, lang: str, every: list[Path]) -> tuple[str, str, set]:
    """Language switch, neighbours and Binder badge: what the first cell of every notebook shows."""
    other = next(code for code in LANGUAGES if code != lang)
    at = every.index(lesson.path)
    links = [f"[{'中文' if other == 'zh' else 'English'}](../{other}/{lesson.name}.ipynb)"]
    before, after, badge = text("previous lesson", lang), text("next lesson", lang), text("Open in Binder", lang)
    if lesson.beyond:
        back = text("Lesson {number}", lang, number=lesson.name[:2])
        links.append(f"[← {back}]({lesson.path.stem}.ipynb)")
        return "markdown", " · ".join(links), set()
    if at > 0:
        links.append(f"[← {before}]({every[at - 1].stem}.ipynb)")
    if at + 1 < len(every):
        links.append(f"[{after} →]({every[at + 1].stem}.ipynb)")
    if repository := _repository(lesson.path.parents[1]):
        address = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=course/{lang}/{lesson.name[:2]}"
        links.append(f"[![{badge}](https://mybinder.org/badge_logo.svg)]({address})")
    return "markdown", " · ".join(links), set()


def _repository(root: Path) -> str | None:
    """owner/name of the public repository, where pyproject.toml names one: Binder builds from there."""
    path = root / "pyproject.toml"
    if not path.exists():
        return None
    address = tomllib.loads(path.read_text(encoding="utf-8")).get("project", {}).get("urls", {}).get("Repository")
    return address and "/".join(address.rstrip("/").removesuffix(".git").split("/")[-2:])


def _nbformat(lesson: str, kind: str, source: str, tags: Iterable[str], seen: Counter) -> dict:
    digest = hashlib.sha256(f"{kind}\n{source}".encode()).hexdigest()[:12]
    seen[digest] += 1
    number = f"-{seen[digest]}" if seen[digest] > 1 else ""
    cell = {
        "cell_type": kind,
        "id": f"{lesson}-{digest}{number}",
        "metadata": _meta(tags),
        "source": source.splitlines(keepends=True),
    }
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _meta(tags: Iterable[str]) -> dict:
    folded = {"jupyter": {"source_hidden": True}} if FOLDED in tags else {}
    return ({"tags": sorted(tags)} if tags else {}) | folded


def _same_text(target: Path, book: dict) -> bool:
    """True where the file holds these cells, whatever their outputs; an executed solution must have been executed."""
    try:
        held = json.loads(target.read_text(encoding="utf-8"))
        if target.parts[-3] == "solutions" and not any(c.get("outputs") for c in held["cells"]):
            return False
        return _bare(held) == _bare(book)
    except (OSError, ValueError, KeyError):
        return False


def _outputs_kept(target: Path, book: dict) -> bool:
    """Take over the outputs of a solution whose code is the same: new prose, or a new neighbour, runs nothing."""
    try:
        held = [c for c in json.loads(target.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
        own = [c for c in book["cells"] if c["cell_type"] == "code"]
        same = [(c["source"], c["metadata"]) for c in held] == [(c["source"], c["metadata"]) for c in own]
        if not same or not any(c["outputs"] for c in held):
            return False
        for cell, old in zip(own, held, strict=True):
            cell |= {"outputs": old["outputs"], "execution_count": old["execution_count"]}
    except (OSError, ValueError, KeyError):
        return False
    return True


def _bare(book: dict) -> dict:
    drop = ("outputs", "execution_count")
    return book | {"cells": [{k: v for k, v in c.items() if k not in drop} for c in book["cells"]]}


def _json(book: dict) -> str:
    return json.dumps(book, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
