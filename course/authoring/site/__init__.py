"""The lessons as pages to read: `course site --out DIR`. From stored outputs, offline; nothing is executed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from importlib.util import find_spec
from pathlib import Path

from course import extras
from course.authoring.build import _repository, _shown
from course.authoring.source import Cell, Lesson, lessons, read
from course.authoring.stub import handed_out, stub
from course.authoring.told import TALK, quiz, told
from course.authoring.told import heading as heading_of
from course.errors import DataError
from course.language import LANGUAGES, Label, text

_HERE = Path(__file__).parent


def build(root: Path, out: Path, report: Path | None = None) -> None:
    """Write the site of both languages.

    Parameters
    ----------
    root : the folder that holds lessons/ and solutions/.
    out : the folder to write; it must not exist yet.
    report : the result of a run, such as that of `course run --demo`: its pages are the home's.

    Raises
    ------
    DataError : Sphinx is not installed; `out` exists; `report` is no result; Sphinx refuses a page.
    """
    if not find_spec("sphinx") or not find_spec("myst_nb"):
        raise DataError("The site needs Sphinx. To install it: {command}", command=extras.command("site"))
    if out.exists():
        raise DataError("{out} exists already. Name another folder, or remove this one first.", out=out.name)
    if report and not all((report / name).exists() for name in _PAGES):
        raise DataError("{folder} is no result of a run with a report and an explorer.", folder=report.name)
    if not (root / "lessons").is_dir():
        raise DataError(
            "The lessons' sources are not here: the site is made in the kit's own folder, not from a wheel."
        )
    every = [read(path) for path in lessons(root / "lessons")]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "site"  # moved at the end: what stops half-way leaves nothing
        for lang in LANGUAGES:
            source = Path(folder) / lang
            source.mkdir()
            for lesson in every:
                (source / f"{lesson.name}.ipynb").write_text(
                    json.dumps(_notebook(lesson, lang, root), ensure_ascii=False), encoding="utf-8"
                )
            (source / "glossary.md").write_text(_glossary(every[0], lang), encoding="utf-8")
            (source / "index.md").write_text(_home(every, lang, report is not None), encoding="utf-8")
            _sphinx(source, made / lang, lang)
            shutil.copytree(root / "notebooks" / lang, made / "notebooks" / lang)
            if report:
                _told(report, made / "luming" / lang, lang)
        shutil.rmtree(made / "jupyter_execute", ignore_errors=True)
        (made / "index.html").write_text(_DOOR, encoding="utf-8")
        shutil.move(made, out)


_PAGES = ("report.html", "explorer.html")
_DOOR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Customer portraits · 客户画像</title></head>
<body><main><h1>Customer portraits · <span lang="zh-CN">客户画像</span></h1>
<p><a href="en/index.html">English</a></p><p><a href="zh/index.html" lang="zh-CN">中文</a></p></main></body></html>
"""


def _told(report: Path, out: Path, lang: str) -> None:
    """The pages of a result, the report opened in `lang`: it has no script that could be asked to."""
    out.mkdir(parents=True)
    shutil.copy(report / "explorer.html", out)
    page = (report / "report.html").read_text(encoding="utf-8")
    page = re.sub(r'(id="lang-\w+") checked', r"\1", page).replace(f'id="lang-{lang}"', f'id="lang-{lang}" checked', 1)
    page = re.sub(r'<html lang="\w+">', f'<html lang="{lang}">', page, count=1)
    (out / "report.html").write_text(page, encoding="utf-8", newline="\n")


def _sphinx(source: Path, out: Path, lang: str) -> None:
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-c", str(_HERE), str(source), str(out)]
    done = subprocess.run(command, env=os.environ | {"COURSE_SITE": lang}, capture_output=True, text=True)
    for left in (".doctrees", "_sources"):
        shutil.rmtree(out / left, ignore_errors=True)
    if done.returncode or done.stderr.strip():
        raise DataError("Sphinx refuses the pages: {why}", why=done.stderr.strip()[:2000] or done.returncode)


def _other(lang: str) -> str:
    return next(code for code in LANGUAGES if code != lang)


def _launch(lang: str, page: str, *links: tuple[str, str]) -> str:
    """The row of links below a title; the other language's page is the last of them."""
    twin = _other(lang)
    row = [f'<a href="{escape(address)}">{escape(said)}</a>' for said, address in links]
    named = "中文" if twin == "zh" else "English"
    row.append(f'<a class="twin" href="../{twin}/{page}.html" hreflang="{twin}" lang="{twin}">{named}</a>')
    return f'<p class="launch">{" ".join(row)}</p>'


def _home(every: list[Lesson], lang: str, with_report: bool) -> str:
    links = []
    if with_report:
        links = [
            (text("Luming's report", lang), f"../luming/{lang}/report.html"),
            (text("Luming's explorer", lang), f"../luming/{lang}/explorer.html#lang={lang}"),
        ]
    names = "\n".join(lesson.name for lesson in every)
    about = text(
        "What a company's own exports tell of its customers: a report that one command makes, and fourteen lessons "
        "in which it is made by hand.",
        lang,
    )
    title, caption = text("Customer portraits", lang), text("Lessons", lang)
    live, report = "", escape(text("Luming's report", lang))
    if with_report:
        said = text("Luming is made up. Its report, live: the button says what is true of its headlines.", lang)
        live = f'{said}\n\n<iframe class="luming" src="../luming/{lang}/report.html" title="{report}"></iframe>\n\n'
    return (
        f"# {title}\n\n{about}\n\n{_launch(lang, 'index', *links)}\n\n{live}"
        f"```{{toctree}}\n:maxdepth: 1\n:caption: {caption}\n\n{names}\nglossary\n```\n"
    )


def _glossary(start: Lesson, lang: str) -> str:
    """The words that lesson 00 gives, as a glossary that Sphinx's search knows."""
    table = next(
        lines
        for cell in start.cells
        if cell.lang == lang
        for lines in [[line for line in cell.text.splitlines() if line.startswith("|")]]
        if len(lines) > 20
    )
    title = text("Glossary", lang)
    out = [f"# {title}", "", _launch(lang, "glossary"), "", "```{glossary}"]
    for row in table[2:]:
        term, other, meaning = (part.strip() for part in row.strip().strip("|").split("|"))
        out += [term, f"  {other} · {meaning}", ""]
    return "\n".join([*out, "```", ""])


# --- a lesson --------------------------------------------------------------------------------------------------------


def _notebook(lesson: Lesson, lang: str, root: Path) -> dict:
    """A lesson as a notebook to be read: answers, hints and quizzes are folded."""
    cells = [
        {"id": f"c{n}", "metadata": meta, "source": source, "cell_type": kind}
        | ({"outputs": outputs, "execution_count": None} if kind == "code" else {})
        for n, (kind, source, outputs, meta) in enumerate(_cells(lesson, lang, root))
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    meta = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}


def _said(source: str) -> tuple[str, str, list, dict]:
    return "markdown", source, [], {}


def _cells(lesson: Lesson, lang: str, root: Path) -> Iterator[tuple[str, str, list, dict]]:
    hints: Counter = Counter()
    heading, waiting, is_first = lesson.title(lang), [], True
    for cell, outputs in told(lesson, lang, root):
        if cell.kind == "code":
            if waiting and not cell.text.startswith("check("):
                yield from _folded(waiting, lang)
                waiting = []
            if cell.exercise or cell.blanks:
                waiting = [("code", cell.text, *_outputs(outputs, heading, lang))]
                yield "code", stub(cell.text) if cell.exercise else handed_out(cell.text, cell.blanks), [], {}
            elif questions := quiz(cell):
                yield _said(_quiz(questions, lang))
            elif cell.text.startswith(TALK):
                yield "code", handed_out(cell.text), [], {}
            else:
                yield "code", cell.text, *_outputs(outputs, heading, lang)
            continue
        if cell.hint:
            hints[cell.hint] += 1
            yield _said(_details(text("Hint {n}", lang, n=hints[cell.hint]), cell.text, "hint"))
        elif "solution" in cell.tags and waiting:
            waiting.append(_said(cell.text))
        else:
            if waiting:
                yield from _folded(waiting, lang)
                waiting = []
            heading = heading_of(cell) or heading
            if is_first:  # below the title a reader looks for the lesson's minutes, not its first section's
                cell = replace(cell, minutes=lesson.minutes)
            yield _said(_marked(cell, lang))
            if is_first:
                yield _said(_launch(lang, lesson.name, *_doors(lesson, lang, root)))
                is_first = False
    if waiting:
        yield from _folded(waiting, lang)


def _marked(cell: Cell, lang: str) -> str:
    mark = text("Beyond the core path", lang)
    return f"*{mark}*\n\n{_shown(cell, lang, True)}" if cell.stretch else _shown(cell, lang, True)


def _outputs(outputs: list, heading: str, lang: str) -> tuple[list, dict]:
    """Outputs as a page shows them, and the cell's metadata: a picture is told in words too."""
    shown, meta = [], {}
    for one in outputs:
        data = one.get("data", {})
        if "image/png" in data:
            told = one.get("metadata", {}).get("image/png", {}).get("alt") or heading
            one = one | {"data": {"image/png": data["image/png"]}}
            meta = {"mystnb": {"image": {"alt": text("Chart: {title}", lang, title=told)}}}
        if "text/html" in data:  # a corner of a table is no heading
            table = "".join(data["text/html"]).replace("<th></th>", "<td></td>")
            one = one | {"data": {"text/html": table}}
        if not any(kind.startswith("application/vnd.jupyter.widget") for kind in data):
            shown.append(one)
    return shown, meta


def _details(summary: str, inside: str, kind: str) -> str:
    return f'<details class="{kind}"><summary>{escape(summary)}</summary>\n\n{inside}\n\n</details>'


def _folded(inside: list, lang: str) -> Iterator[tuple[str, str, list, dict]]:
    """Cells within one fold: it is opened in a cell of its own and closed in another."""
    summary = text("Answer", lang)
    yield _said(f'<details class="answer"><summary>{summary}</summary>')
    yield from inside
    yield _said("</details>")


def _quiz(questions: list[dict], lang: str) -> str:
    """The questions of a lesson: an answer is unfolded, and says whether it is right and why."""
    parts = []
    for number, one in enumerate(questions, 1):
        parts.append(f"**{number}.** {Label(**one['question']).say(lang)}")
        for letter, option in one["options"].items():
            sign = "✓" if option.get("right") else "✗"
            said, why = (Label(**option[key]).say(lang) for key in ("text", "feedback"))
            parts.append(_details(f"{letter}) {re.sub(r'[*`]', '', said)}", f"{sign} {why}", "option"))
    return "\n\n".join(parts)


def _doors(lesson: Lesson, lang: str, root: Path) -> list[tuple[str, str]]:
    """Where the lesson can be worked through: Binder, where a public repository is named, and the notebook itself."""
    out = [(text("Download the notebook", lang), f"../notebooks/{lang}/{lesson.name}.ipynb")]
    if repository := _repository(root):
        address = f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=course/{lang}/{lesson.name[:2]}"
        out.insert(0, (text("Open in Binder", lang), address))
    return out
