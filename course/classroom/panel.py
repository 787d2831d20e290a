"""How the classroom shows what it says: notes with a bar of colour and a sign, any text in them made harmless."""

from collections.abc import Iterable
from html import escape

from course.charts import BLUE, GREEN, GREY, VERMILION

#: The sign and the colour of a note: a reader who does not see the one sees the other.
RIGHT, WRONG, OPEN = ("✓", GREEN), ("✗", VERMILION), ("○", GREY)
SET_UP, REFUSED, PLAIN = ("!", BLUE), ("!", VERMILION), ("", BLUE)


def panel(*parts: str) -> str:
    """Notes and paragraphs under each other, as what a page tells of its own accord."""
    return f'<div role="status">{"".join(parts)}</div>'


def note(*lines: object, mark: tuple[str, str] = PLAIN, title: object = "") -> str:
    """A note: its `mark`, a `title` in bold where there is one, and the lines."""
    sign, colour = mark
    head = " ".join(filter(None, (sign, safe(title))))
    between = "<br>" if title else " "
    bold = f"<b>{head}</b>{between}" if head else ""
    said = "<br>".join(map(safe, lines))
    return f'<div style="border-left:4px solid {colour};padding:.3em .8em;margin:.3em 0">{bold}{said}</div>'


def paragraphs(lines: Iterable[object]) -> str:
    """Each line a paragraph."""
    return "".join(f"<p>{safe(line)}</p>" for line in lines)


def code(lines: str) -> str:
    """Code to read and copy."""
    return f"<pre>{safe(lines)}</pre>"


def safe(said: object) -> str:
    """A sentence, in the reader's language, as HTML."""
    return escape(str(said), quote=False)
