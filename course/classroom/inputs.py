"""What a lesson's cells made is what its checks are to judge: a table that was overwritten since is no mistake of the
answer's.

After each of the lesson's own cells the tables that its exercises are given are measured; a check measures them again.
"""

import ast
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.classroom import reference, room
from course.errors import DataError
from course.language import Sentence


@dataclass(frozen=True)
class Measure:
    """A table's rows, columns, and a digest of its values with their row labels."""

    rows: int
    columns: tuple
    digest: str


#: {name: what the lesson's cell made of it}, of the open lesson.
_made: dict[str, Measure] = {}
_lesson: dict[str, object] = {"name": None, "cells": frozenset(), "given": frozenset()}


def begin(given: frozenset[str]) -> None:
    """Watch the names that the open lesson's exercises are given and that none of them asks for."""
    _made.clear()
    try:
        cells = frozenset(code.strip() for code in reference.code())
    except DataError:  # a pack without solutions
        cells = frozenset()
    _lesson.update(name=room.lesson(), cells=cells, given=given)


def ran(cell: str, names: Mapping) -> None:
    """Measure what a cell touched, if it is one of the lesson's own."""
    if cell.strip() not in _lesson["cells"]:
        return
    touched = {node.id for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Name)}
    for name in touched & _lesson["given"]:
        _made.pop(name, None)
        if (table := _frame(names.get(name))) is not None:
            _made[name] = Measure(len(table), tuple(table.columns), _digest(table))


def changed(given: tuple[str, ...], names: Mapping) -> Sentence | None:
    """What is different from what the lesson's cells made; None where nothing is. Columns may have come to it."""
    for name in given:
        if (made := _made.get(name)) is None:
            continue
        table = _frame(names.get(name))
        if table is None:
            return Sentence(
                "The lesson's cell made a table of {name}, and it is none any more. Run that cell again.",
                name=name,
            )
        if len(table) != made.rows:
            return Sentence(
                "{name} has {here:,} {here:row|rows}, the lesson's cell made {made:,}. "
                "Run that cell again, then yours.",
                name=name,
                here=len(table),
                made=made.rows,
            )
        if missing := [c for c in made.columns if c not in table.columns]:
            return Sentence(
                "{name} lost its column {column} after the lesson's cell made it. Run that cell again, then yours.",
                name=name,
                column=missing[0],
            )
        if _digest(table[list(made.columns)]) != made.digest:
            return Sentence(
                "{name} holds other values than the lesson's cell gave it. Run that cell again, then yours.", name=name
            )
    return None


def _frame(table: object) -> pd.DataFrame | None:
    """A table that can be measured; of columns with one name twice nothing can be said."""
    frame = table.to_frame("") if isinstance(table, pd.Series) else table
    return frame if isinstance(frame, pd.DataFrame) and frame.columns.is_unique else None


def _digest(frame: pd.DataFrame) -> str:
    """Over all values: the sum of their hashes, so that sorting a table is no change of it."""
    try:
        hashes = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    except (TypeError, ValueError):  # lists in cells have no hash: rows and columns must do
        return ""
    return hashlib.sha256(np.uint64(hashes.sum(dtype=np.uint64)).tobytes()).hexdigest()[:16]
