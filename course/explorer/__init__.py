"""explorer.html: one offline page in which customers are filtered, counted, compared, listed and looked up.

It holds what the result folder holds and nothing else; whatever it shows is computed in the browser.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2
import pandas as pd
from markupsafe import Markup

from course.explorer.contents import packed
from course.explorer.events import timeline
from course.explorer.words import WORDS
from course.language import LANGUAGES

__all__ = ["page", "timeline"]

_ASSETS = Path(__file__).parent / "assets"
_SCRIPTS = ("statistics.js", "customers.js", "numbers.js", "page.js")


def page(portraits: pd.DataFrame, timeline: pd.DataFrame, ledger: dict, lang: str, *, shared: bool = False) -> str:
    """The page as HTML text, opening in `lang`; it switches to the other language.

    Parameters
    ----------
    portraits, timeline, ledger : as the files of a result have them.
    shared : to hand on: without ids, list, cards and events, and no count below five.
    """
    script = _script()
    return _template().render(
        lang=lang,
        title=WORDS["title"].say(lang),
        noscript={code: WORDS["noscript"].say(code) for code in LANGUAGES},
        style=Markup((_ASSETS / "explorer.css").read_text(encoding="utf-8")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        data=packed(portraits, timeline, ledger, shared),
    )


@cache
def _script() -> str:
    """The page's one script: the browser runs it, and nothing else, by its hash."""
    parts = [(_ASSETS / name).read_text(encoding="utf-8") for name in _SCRIPTS]
    return '\n"use strict";\n' + "\n".join(parts)


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course", "templates"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("explorer.html.j2")
