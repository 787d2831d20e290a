"""Every SQL text of the package: what a run asks, what stands written in its files, the conditions of its rules."""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import yaml

import course
from course import engine

PACKAGE = Path(course.__file__).parent
_BEGINS = re.compile(r"\s*(SELECT|WITH|FROM)\b")
_ASKING = ("query", "keep", "stored", "like")
_IMPORTED = re.compile(r"from course import [^\n]*\bengine\b|from course.engine import")
#: What a hole of a template may be filled with, so that the whole can be read.
_FILLINGS = ("x", "'day'", "", "1", "AND x")


@dataclass
class Asked:
    """One statement, what it was asked of, and DuckDB's answer."""

    where: str
    sql: str
    tables: dict[str, engine.Table]
    values: dict[str, object]
    answer: pd.DataFrame
    is_kept: bool


class Recorder:
    """DuckDB, which remembers what it was asked."""

    def __init__(self):
        self.asked: list[Asked] = []

    def query(self, sql, tables, **values):
        answer = engine.here(sql, tables, **values)
        self._note(sql, tables, values, answer)
        return answer

    def keep(self, sql, tables, **values):
        relation = engine.keep_here(sql, tables, **values)
        self._note(sql, tables, values, engine.here("FROM kept", {"kept": relation}), is_kept=True)
        return relation

    def _note(self, sql, tables, values, answer, is_kept=False):
        copies = {n: t.copy() if isinstance(t, pd.DataFrame) else t for n, t in tables.items()}
        self.asked.append(Asked(_caller(), sql, copies, values, answer.copy(), is_kept))

    def distinct(self) -> list[Asked]:
        """Each text once."""
        return list({one.sql: one for one in reversed(self.asked)}.values())[::-1]


def recorded(work) -> list[Asked]:
    """What `work()` asks."""
    recorder = Recorder()
    with engine.answered_by(recorder):
        work()
    return recorder.distinct()


def sites() -> set[str]:
    """Where the package calls `query`: "room/file.py function"."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if path.parent.name == "engine" or not _IMPORTED.search(text):
            continue
        for name, function in _functions(ast.parse(text)):
            if any(_is_query(node) for node in ast.walk(function)):
                found.add(f"{path.relative_to(PACKAGE).as_posix()} {name}")
    return found


def written() -> Iterator[tuple[str, str]]:
    """(place, statement) of every string of the package that begins like one, its holes filled."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = _template(node)
            if text and _BEGINS.match(text):
                yield f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}", text


def conditions() -> Iterator[tuple[str, str]]:
    """(place, condition) of every rule, tag and action of the package."""
    for path in sorted(PACKAGE.rglob("*.yaml")):
        for key, text in _conditions(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(PACKAGE).as_posix()} {key}", text


def filled(text: str) -> Iterator[str]:
    """The template with its holes filled in one way or another, and with an end where it lacks one."""
    for filling in _FILLINGS:
        once = re.sub(r"\{[^{}]*\}", filling, text)
        yield from (once, f"{once} SELECT 1")


def _caller() -> str:
    frame = sys._getframe(2)
    while frame and (PACKAGE not in Path(frame.f_code.co_filename).parents or _in_engine(frame)):
        frame = frame.f_back
    if frame is None:
        return "tests"
    while frame.f_code.co_name.startswith("<"):  # a comprehension's own
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).relative_to(PACKAGE).as_posix()} {frame.f_code.co_name}"


def _in_engine(frame) -> bool:
    return Path(frame.f_code.co_filename).parent.name == "engine"


def _functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield node.name, node


def _is_query(node) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    if isinstance(called, ast.Attribute):
        return called.attr in _ASKING and isinstance(called.value, ast.Name) and called.value.id == "engine"
    return isinstance(called, ast.Name) and called.id in _ASKING


def _template(node) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


def _conditions(tree, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        own = str(tree.get("name") or tree.get("tag") or key)
        for name, value in tree.items():
            if name == "cuts":
                yield from ((f"{own}.{cut}", sql) for cut, sql in value.items())
            elif name in ("when", "value") and isinstance(value, str):
                yield f"{own}.{name}", value
            else:
                yield from _conditions(value, own if isinstance(value, list | dict) and tree.get("name") else str(name))
    elif isinstance(tree, list):
        for one in tree:
            yield from _conditions(one, key)
