"""The lessons as those see them who are to take them: titles, minutes and exercises, read from the notebooks that are
handed out."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from course import places

_CHECK = re.compile(r'^check\("([\w-]+)"\)', re.MULTILINE)
#: How the name of the notebook beyond the core path ends.
BEYOND = "_more"
_MINUTES = re.compile(r"^\*(?:About|约) (\d+) (?:min|分钟)\*$", re.MULTILINE)


@dataclass(frozen=True)
class Lesson:
    """A lesson: its number and title, the minutes and exercises of the core path, and every exercise."""

    number: str
    title: str
    minutes: int
    core: tuple[str, ...]
    every: tuple[str, ...]


def lessons(lang: str) -> tuple[Lesson, ...]:
    """The lessons in their order, titles in `lang`."""
    every = sorted((places.notebooks() / lang).glob("[0-9][0-9]_*.ipynb"))
    return tuple(_lesson(path) for path in every if not path.stem.endswith(BEYOND))


def _lesson(path: Path) -> Lesson:
    core, beyond = _sources(path), _sources(path.with_stem(path.stem + BEYOND))
    title = next((s.splitlines()[0] for s in core if s.startswith("# ")), path.stem).lstrip("# ")
    return Lesson(
        number=path.name[:2],
        title=title.partition(" · ")[2] or title,
        minutes=sum(int(n) for source in core for n in _MINUTES.findall(source)),
        core=_checked(core),
        every=_checked([*core, *beyond]),
    )


def _sources(path: Path) -> list[str]:
    """The texts of a notebook's cells; a lesson may have nothing beyond its core path."""
    if not path.exists():
        return []
    return ["".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]


def renamed(by_exercise: Mapping) -> dict:
    """What is kept by exercise, under the names that exercises have now; what is kept under the new name goes first,
    unless only the old one is right."""
    out: dict = {}
    for name, kept in sorted(by_exercise.items(), key=lambda item: item[0] in renames()):
        now = name
        while now in renames():
            now = renames()[now]
        if now not in out or (kept == "right" and name != now):
            out[now] = kept
    return out


@cache
def renames() -> dict[str, str]:
    """{old name: new name} of exercises that were called otherwise in an earlier kit."""
    return yaml.safe_load((places.PACKAGE / "renamed.yaml").read_text(encoding="utf-8"))


def _checked(sources: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for source in sources for name in _CHECK.findall(source)))
