"""Writing a sentence with its places as Python: `f"… {rows:,} …"`, broken into lines that stay on the screen."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

#: A text wider than this is broken into several, each no wider than the second figure.
_TEXT, _LINE = 78, 74
#: A text is broken behind blanks and Chinese punctuation.
_BREAK = r"(?:[ \n]+|[，。；：？！]+[”）]*)"


@dataclass(frozen=True)
class Place:
    """A place of an f-string: `shown` is what stands between its braces."""

    shown: str


def fstring(pieces: list[str | Place], quote: str = '"') -> str:
    """The expression that gives texts and places in their order: one literal, or several in brackets where it is wide.

    With `'` as `quote` it is to stand within another f-string and stays in one.
    """
    whole = _literal(pieces, quote)
    if quote == "'" or width(whole) <= _TEXT:
        return whole
    lines: list[list[str | Place]] = [[]]
    for unit in _units(pieces):
        if lines[-1] and width(_literal(lines[-1] + unit)) > _LINE:
            lines.append([])
        lines[-1] += unit
    return "({})".format(" ".join(map(_literal, lines))) if len(lines) > 1 else whole


def width(text: str) -> int:
    """The columns of the widest line; a Chinese character takes two."""
    return max(
        (sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line) for line in text.split("\n")), default=0
    )


def _literal(pieces: list[str | Place], quote: str = '"') -> str:
    formatted = any(isinstance(piece, Place) for piece in pieces)
    said = [_braced(p) if isinstance(p, Place) else _escaped(p, quote, formatted) for p in pieces]
    return f"{'f' if formatted else ''}{quote}{''.join(said)}{quote}"


def _braced(place: Place) -> str:
    return "{ " + place.shown + "}" if place.shown.startswith("{") else "{" + place.shown + "}"


def _escaped(text: str, quote: str, formatted: bool) -> str:
    signs = {"\\": "\\\\", quote: f"\\{quote}"} | ({"{": "{{", "}": "}}"} if formatted else {})
    return "".join(signs.get(c, c if c.isprintable() else c.encode("unicode_escape").decode()) for c in text)


def _units(pieces: list[str | Place]) -> Iterator[list[str | Place]]:
    """What must stay on one line: a word or a Chinese clause, with the places that touch it."""
    unit: list[str | Place] = []
    for piece in pieces:
        for bit in [piece] if isinstance(piece, Place) else re.findall(rf"(?s).*?{_BREAK}|.+\Z", piece):
            unit.append(bit)
            if isinstance(bit, str) and re.search(rf"{_BREAK}\Z", bit):
                yield unit
                unit = []
    if unit:
        yield unit
