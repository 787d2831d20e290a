"""A lesson as slides: one file that opens without a network, with the instructor's page as the speaker's notes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from pathlib import Path

from course import extras
from course.authoring.paper import guide
from course.authoring.paper.pages import html, line, picture, table
from course.authoring.source import Cell, Lesson
from course.authoring.stub import handed_out, stub
from course.authoring.told import TALK, heading, quiz, told
from course.errors import DataError
from course.language import Label, text

_CSS = Path(__file__).parent / "slides.css"
#: What is a little too much for a slide is drawn smaller; what is far too much can be scrolled.
_START = """Reveal.initialize({hash: true, slideNumber: "c/t", width: 1280, height: 720, center: false, margin: 0,
  transition: "none", plugins: [RevealNotes]}).then(() => {
  for (const slide of Reveal.getSlides()) {
    const shown = slide.style.display
    slide.style.display = "block"
    const high = slide.scrollHeight > 720 ? 684 / slide.scrollHeight : 1 // above the slide's number
    const fits = Math.min(high, 1280 / slide.scrollWidth)
    if (fits < 1) slide.style.zoom = Math.max(fits, 0.6)
    if (fits < 0.6) Object.assign(slide.style, {overflow: "auto", height: 720 / 0.6 + "px", maxHeight: "none"})
    slide.style.display = shown
  }
})"""
#: Code of more lines than this is for the notebook, not for a wall.
_LINES = 12
#: Signs of prose that a wall bears on one slide; how a list or a table begins.
_SIGNS, _LISTS = 240, ("- ", "* ", "|", "1. ")


@dataclass
class Slide:
    """One slide: its title, what it shows as HTML, what the speaker reads as Markdown, and what kind it is of."""

    title: str
    body: str
    notes: str = ""
    kind: str = "plain"


def write(lesson: Lesson, lang: str, root: Path) -> str:
    """The slides of a lesson's core path, as a page of reveal.js: arrows turn, S opens the speaker's view.

    Raises
    ------
    DataError : what brings reveal.js is not installed.
    """
    shown = "".join(_section(slide) for slide in slides(lesson, lang, root))
    reveal = _reveal()
    style = [(reveal / "dist" / name).read_text(encoding="utf-8") for name in ("reset.css", "reveal.css")]
    script = [(reveal / name).read_text(encoding="utf-8") for name in ("dist/reveal.js", "plugin/notes/notes.js")]
    safe = "\n".join(script).replace("</script>", "<\\/script>")
    return (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(lesson.title(lang))}</title>'
        f"<style>{''.join(style)}{_CSS.read_text(encoding='utf-8')}</style></head>"
        f'<body><div class="reveal"><div class="slides">{shown}</div></div>'
        f"<script>{safe}</script><script>{_START}</script></body></html>"
    )


def _reveal() -> Path:
    """The folder of reveal.js, which a package of Sphinx's brings along; Sphinx itself is not asked."""
    if (found := find_spec("sphinx_revealjs")) is None:
        raise DataError("Slides need sphinx-revealjs. To install it: {command}", command=extras.command("paper"))
    return Path(found.origin).parent / "_static" / "revealjs"


def slides(lesson: Lesson, lang: str, root: Path) -> Iterator[Slide]:
    """A slide a heading (its first sentence and its list), a chart, a table, a question of the quiz."""
    clock = _clock(lesson, lang)
    waiting: Slide | None = None
    for cell, outputs in told(lesson, lang, root):
        if cell.stretch or cell.hint or "solution" in cell.tags:
            continue
        if title := heading(cell):
            if waiting:
                yield waiting
            waiting = _opened(cell, title, lang, clock.get(title, []))
        elif cell.kind == "markdown" and waiting:
            waiting.notes += f"\n\n{cell.text}"
        elif questions := quiz(cell):
            yield from _turned(waiting, list(_asked(questions, lang)))
            waiting = None
        elif waiting:
            at = waiting.title
            if cell.exercise or cell.blanks:
                asked = stub(cell.text) if cell.exercise else handed_out(cell.text, cell.blanks)
                if waiting.kind == "seen":  # a picture fills its slide
                    yield waiting
                    waiting = Slide(at, html(waiting.notes), "", "task")  # the task was said beneath the picture
                if asked.count("\n") < _LINES:
                    waiting.body += f"<pre>{escape(asked)}</pre>"
                continue
            pictures = [Slide(at, body, "", "seen") for body in _seen(cell, outputs, at)]
            if pictures:
                *turned, waiting = _turned(waiting, pictures)
                yield from turned
    if waiting:
        yield waiting


def _turned(waiting: Slide | None, following: list[Slide]) -> list[Slide]:
    """Slides in their order. A title alone is none: what its speaker reads is read at the one that follows."""
    if waiting and waiting.body:
        return [waiting, *following]
    if waiting:
        following[0].notes = f"{waiting.notes}\n\n{following[0].notes}"
    return following


def _clock(lesson: Lesson, lang: str) -> dict[str, list[dict]]:
    """The rows of the guide's clock by section, in their order; a row that names none goes on with the one before."""
    rows = guide.read(lesson)[lang]["clock"] if guide.path_of(lesson).exists() else []
    found: dict[str, list[dict]] = {}
    section = lesson.title(lang)
    for row in rows:
        section = row.get("section", section)
        found.setdefault(section, []).append(row)
    return found


def _opened(cell: Cell, title: str, lang: str, rows: list[dict]) -> Slide:
    """The slide of a heading. The speaker sees the guide's rows where there are any, else the lesson's own prose."""
    rest = cell.text.partition("\n")[2].strip()
    task = bool(cell.minutes) and re.match(r"Your turn|动手", title) is not None
    shown = rest if task else "\n\n".join(filter(None, (_first(rest), _listed(rest))))
    notes = "\n\n".join(_read_out(row, lang) for row in rows) or rest
    kind = "title" if cell.text.startswith("# ") else "task" if task else "plain"
    if kind == "plain" and not _listed(rest):
        kind = "few"
    minutes = f"<small>{escape(text('About {n} min', lang, n=cell.minutes))}</small>" if cell.minutes else ""
    return Slide(title, minutes + html(shown) if shown else "", notes, kind)


def _read_out(row: dict, lang: str) -> str:
    """A row of the guide's clock as the speaker reads it."""
    said = (("you", row.get("you")), ("they", row.get("they")), ("until", row.get("until")))
    named = (f"**{guide.NAMES[name].say(lang)}:** {guide.plain(what)}" for name, what in said if what)
    return "\n\n".join([f"**{row['at']}**", *named])


def _first(prose: str) -> str:
    """The first sentences of prose: as many as a wall bears, one at least."""
    paragraph = re.sub(r"\s+", " ", prose.split("\n\n")[0].strip())
    if paragraph.startswith(_LISTS):
        return ""
    sentences = re.findall(r".+?(?:[。！？]|[.!?](?=[*”’\")]*(?:\s|$))|$)[*”’\"）)]*\s*", paragraph)
    shown = ""
    for sentence in sentences:
        if shown and _closed(shown) and _width(shown + sentence) > _SIGNS:
            break
        shown += sentence
    return shown.strip()


def _closed(said: str) -> bool:
    """True where no mark, quotation or bracket is open at the end of a text."""
    return all(said.count(mark) % 2 == 0 for mark in "*`$") and all(
        said.count(begin) == said.count(end) for begin, end in ("“”", "（）", "()", "《》")
    )


def _width(said: str) -> int:
    """The room of a text: a Chinese sign takes that of two."""
    return sum(1 + ("\u2e80" <= sign <= "\uffff") for sign in said)


def _listed(prose: str) -> str:
    """The first list or table of prose that is short enough for a wall."""
    lists = (block for block in prose.split("\n\n") if block.strip().startswith(_LISTS))
    return next((block for block in lists if block.count("\n") < _LINES), "")


def _seen(cell: Cell, outputs: list[dict], title: str) -> Iterator[str]:
    if cell.text.startswith(TALK):
        return
    for one in outputs:
        data = one.get("data", {})
        if "image/png" in data:
            yield picture(one, title)
        elif "text/html" in data and not any(kind.startswith("application/vnd.jupyter.widget") for kind in data):
            yield re.sub(r"<(/?)section\b", r"<\1div", table(one))  # a section is a slide


def _asked(questions: list[dict], lang: str) -> Iterator[Slide]:
    named = text("Quiz", lang)
    for number, one in enumerate(questions, 1):
        options = one["options"].items()
        listed = "".join(f"<li>{line(option['text'], lang)}</li>" for _, option in options)
        notes = "\n\n".join(
            f"**{letter}{' ✓' if option.get('right') else ''}** {Label(**option['feedback']).say(lang)}"
            for letter, option in options
        )
        yield Slide(
            f"{named} {number}",
            f"<p>{line(one['question'], lang)}</p><ol type='a'>{listed}</ol>",
            notes,
        )


def _section(slide: Slide) -> str:
    return (
        f'<section class="{slide.kind}"><h2>{escape(slide.title)}</h2>{slide.body}'
        f'<aside class="notes">{html(slide.notes)}</aside></section>'
    )
