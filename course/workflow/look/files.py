"""Files, folders and patterns as the single sources that they stand for."""

import re
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

import pandas as pd

from course.collect import Raw, Source
from course.collect.folders import is_parts
from course.errors import DataError

#: Files of a folder that hold tables; others are beside them.
_TABLES = re.compile(
    r"\.(csv|tsv|txt|jsonl?|ndjson|xls[xm]?|ods|parquet|pq|duckdb|sqlite3?|db|z?sav|dta|rds|rdata)(\.gz)?$",
    re.IGNORECASE,
)


def listed(named: Source | Sequence[Source]) -> Iterator[Source | DataError]:
    """Every source once, in the order given: a folder's tables and what a pattern fits by name; a DataError in place of
    a folder or a pattern that stands for nothing."""
    items = [named] if isinstance(named, Source) else list(named)
    seen = set()
    for item in items:
        for source in [item] if isinstance(item, pd.DataFrame | Raw) else _of(str(item)):
            key = source if isinstance(source, str) else id(source)
            if key not in seen:
                seen.add(key)
                yield source


def _of(named: str) -> list[str | DataError]:
    if "://" in named:  # an address, whatever signs it holds
        return [named]
    if Path(named).is_dir() and is_parts(Path(named)):
        return [named]
    if Path(named).is_dir():
        inside = sorted(p for p in Path(named).iterdir() if p.is_file() and not p.name.startswith((".", "~$", "_")))
        return [str(p) for p in inside if _TABLES.search(p.name)] or [
            DataError("{folder} is a folder without a table.", folder=Path(named).name or named)
        ]
    if has_magic(named) and not Path(named.partition("::")[0]).exists():
        return sorted(glob(named)) or [DataError("No file fits the pattern {pattern}.", pattern=Path(named).name)]
    return [named]
