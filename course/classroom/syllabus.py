"""The lessons as a class sees them: their titles and exercises, read from the notebooks that are handed out."""

import json
import re
from dataclasses import dataclass
from functools import cache

from course import places

_CHECK = re.compile(r'^check\("([\w-]+)"\)', re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number and title, the exercises of the core path, and every one."""

    number: str
    title: str
    core: tuple[str, ...]
    every: tuple[str, ...]


@cache
def lessons(lang: str) -> tuple[Lesson, ...]:
    """The lessons in their order, titles in `lang`."""
    return tuple(map(_lesson, sorted((places.notebooks() / lang).glob("[0-9][0-9]_*.ipynb"))))


def _lesson(path) -> Lesson:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    every, core, title = {}, {}, path.stem
    for cell in cells:
        source = "".join(cell["source"])
        if source.startswith("# ") and title == path.stem:
            title = source.splitlines()[0].lstrip("# ").partition(" · ")[2] or source.splitlines()[0].lstrip("# ")
        found = dict.fromkeys(_CHECK.findall(source))
        every |= found
        core |= {} if "stretch" in cell["metadata"].get("tags", ()) else found
    return Lesson(path.name[:2], title, tuple(core), tuple(every))


def rendered(template: str, lang: str, **values: object) -> str:
    """A page of the class in `lang`; `t` says a sentence in it."""
    from jinja2 import Environment, FileSystemLoader

    environment = Environment(
        loader=FileSystemLoader(places.PACKAGE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template(template).render(lang=lang, **values)
