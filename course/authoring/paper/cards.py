"""What is cut or folded: a card for each talk, a sheet for each role, and a sheet to keep beside the keyboard."""

import re
from html import escape
from pathlib import Path

import yaml

from course.authoring.paper.pages import html
from course.authoring.source import Lesson
from course.authoring.told import heading, told
from course.language import Label, text

_HERE = Path(__file__).parent
_TALK = re.compile(r"Talk: |讨论：")


def talks(every: list[Lesson], lang: str, root: Path) -> str:
    """The talks of the lessons, four to a landscape page, in the lessons' own words."""
    cards = []
    for lesson in every:
        for cell, _ in told(lesson, lang, root):
            if _TALK.match(title := heading(cell) or ""):
                body = html(cell.text.partition("\n")[2].partition("\n## ")[0])
                named = escape(re.split(r"[:：]", title, maxsplit=1)[1].strip().capitalize())
                cards.append(f"<article><span>{lesson.name[:2]}</span><h2>{named}</h2>{body}</article>")
    return _four_to_a_page(cards)


def _four_to_a_page(cards: list[str]) -> str:
    pages = ("".join(cards[n : n + 4]) for n in range(0, len(cards), 4))
    return "".join(f'<section class="cards">{page}</section>' for page in pages)


def roles(lang: str) -> str:
    """The roles of the quarter that lesson 11 plays, a sheet for each."""
    sheets = yaml.safe_load((_HERE / "roles.yaml").read_text(encoding="utf-8"))
    title = escape(text("The quarter", lang))
    return "".join(
        f'<section class="role"><p class="of">{title}</p><h1>{escape(Label(**role["name"]).say(lang))}</h1>'
        f"{html(Label(**role['sheet']).say(lang))}</section>"
        for role in sheets
    )


def beside_the_keyboard(lang: str) -> str:
    """A page: which question each step answers, what to ask of every list, the commands."""
    return f'<section class="sheet">{html((_HERE / f"sheet.{lang}.md").read_text(encoding="utf-8"))}</section>'
