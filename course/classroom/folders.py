"""The folder of each lesson, `lessons/<topic>/`, and its parts by name; a lesson has those it needs.

checks.py: the mistakes that `check` knows · seal.py: what is bet on · game.py: what `play` shows · material.py: what
`load` gives beside the prepared tables, a function each, named by TABLES of the folder · words.yaml, quiz.yaml, zh.po
"""

import pkgutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

_FOLDER, _PACKAGE = Path(__file__).parent / "lessons", f"{__package__}.lessons"


def topics() -> list[str]:
    """The topics that have a folder."""
    return [module.name for module in pkgutil.iter_modules([str(_FOLDER)]) if module.ispkg]


def part(topic: str, name: str) -> ModuleType | None:
    """The module `name` of a topic's folder, imported when it is first asked for; None where there is none."""
    if topic not in topics() or find_spec(f"{_PACKAGE}.{topic}.{name}") is None:
        return None
    return import_module(f"{_PACKAGE}.{topic}.{name}")


def file(topic: str, name: str) -> Path:
    """Where a file of a topic's folder is, or would be."""
    return _FOLDER / topic / name


def materials() -> dict[str, str]:
    """The tables that one lesson alone begins with, and the topic of each."""
    return {table: topic for topic in topics() for table in getattr(import_module(f"{_PACKAGE}.{topic}"), "TABLES", ())}
