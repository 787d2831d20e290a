"""The handbook: a language's lessons in one book, with pictures and tables; answers at the end of each lesson."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from course.authoring.build import _shown
from course.authoring.paper.pages import html, line, picture, table
from course.authoring.source import Cell, Lesson
from course.authoring.stub import handed_out, stub
from course.authoring.told import TALK, heading, quiz, told
from course.language import text


@dataclass
class _Chapter:
    body: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def write(every: list[Lesson], lang: str, root: Path) -> str:
    """The body of the book of one language, as HTML: title, contents, a chapter a lesson."""
    contents = "".join(f'<p><a href="#l{one.name[:2]}">{escape(one.title(lang))}</a></p>' for one in every)
    title, named = escape(text("Customer portraits", lang)), escape(text("Contents", lang))
    head = f'<section class="cover"><h1>{title}</h1></section><nav><h2>{named}</h2>{contents}</nav>'
    return head + "".join(_chapter(one, lang, root) for one in every)


def _chapter(lesson: Lesson, lang: str, root: Path) -> str:
    """The core path; of what is beyond it the titles only, which say where to read on."""
    made, at = _Chapter(), lesson.title(lang)
    for cell, outputs in told(lesson, lang, root):
        if cell.hint or cell.stretch:
            continue
        at = heading(cell) or at
        if cell.kind == "markdown":
            (made.answers if "solution" in cell.tags else made.body).append(_prose(cell, lang))
        elif questions := quiz(cell):
            made.body += list(_questions(questions, lang))
            made.answers += list(_keys(questions, lang))
        elif cell.exercise or cell.blanks:
            asked = stub(cell.text) if cell.exercise else handed_out(cell.text, cell.blanks)
            made.body.append(_code(asked))
            made.answers.append(f"<h4>{escape(at)}</h4>{_code(cell.text)}{_shown_below(outputs, at)}")
        elif not cell.text.startswith(TALK):
            made.body.append(f'<div class="step">{_code(cell.text)}{_shown_below(outputs, at)}</div>')
    beyond = [heading(cell) for cell in lesson.cells if cell.stretch and cell.lang == lang and heading(cell)]
    body = "".join(made.body).replace("<h1>", f'<h1 id="l{lesson.name[:2]}">', 1)
    if beyond:
        said = text("Beyond the core path, in the notebook {name}:", lang, name=f"{lesson.name}_more.ipynb")
        body += f"<p class='beyond'>{escape(said)} {escape('; '.join(beyond))}</p>"
    if made.answers:
        named = escape(text("Answers to the exercises", lang))
        body += f'<section class="answers"><h2>{named}</h2>{"".join(made.answers)}</section>'
    return f'<section class="lesson">{body}</section>'


def _prose(cell: Cell, lang: str) -> str:
    return html(re.sub(r"</?details>|<summary>.*?</summary>", "", _shown(cell, lang, True)))


def _code(source: str) -> str:
    return f"<pre>{escape(source)}</pre>"


def _shown_below(outputs: list[dict], alt: str) -> str:
    """What a cell printed and drew."""
    out = []
    for one in outputs:
        data = one.get("data", {})
        if "image/png" in data:
            out.append(f"<figure>{picture(one, alt)}</figure>")
        elif any(kind.startswith("application/vnd.jupyter.widget") for kind in data):
            continue
        elif "text/html" in data:
            out.append(table(one))
        elif said := "".join(data.get("text/plain", one.get("text", ""))):
            out.append(f'<pre class="out">{escape(said)}</pre>')
    return "".join(out)


def _questions(questions: list[dict], lang: str) -> Iterator[str]:
    for number, one in enumerate(questions, 1):
        options = "".join(f"<li>{line(option['text'], lang)}</li>" for option in one["options"].values())
        yield f"<p><b>{number}.</b> {line(one['question'], lang)}</p><ol type='a'>{options}</ol>"


def _keys(questions: list[dict], lang: str) -> Iterator[str]:
    named = escape(text("Quiz", lang))
    for number, one in enumerate(questions, 1):
        letter, right = next((key, option) for key, option in one["options"].items() if option.get("right"))
        yield f"<p><b>{named} {number}: {letter}.</b> {line(right['feedback'], lang)}</p>"
