"""Rows that stay in the database: a step hands them to the next one without their passing through Python."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from weakref import finalize

import pandas as pd

from course.engine.spool import Database


class File:
    """A file of the spool; it goes with the last relation that reads it."""

    def __init__(self, database: Database, path: Path) -> None:
        self.database, self.path = database, path
        finalize(self, database.of_this_process(path.unlink), missing_ok=True)


class Files:
    """Several files of the spool that are read one after the other."""

    def __init__(self, files: Sequence[File]) -> None:
        self.database, self.parts = files[0].database, tuple(files)


class Relation:
    """Rows that were kept, with the few things that steps ask of a frame.

    A statement reads it by the name that `query` is given for it, like a frame. Without a statement it tells its
    columns, how many rows there are, and the first and last value of a column.

    Attributes
    ----------
    file : where the rows are; sql : the SELECT that gives them
    dtypes : {column: the dtype that a frame of it has}
    known : what was made of it and may be asked for again, by whoever made it
    """

    def __init__(self, file: File | Files, sql: str, dtypes: Mapping[str, object]) -> None:
        self.file, self.sql, self.dtypes = file, sql, dict(dtypes)
        self.known: dict = {}

    @property
    def columns(self) -> list[str]:
        """The names of the columns."""
        return list(self.dtypes)

    def __contains__(self, column: str) -> bool:
        return column in self.dtypes

    def __len__(self) -> int:
        return self.asked("count(*)")[0]

    @property
    def empty(self) -> bool:
        """True without a row."""
        return len(self) == 0

    def __getitem__(self, asked: str | Sequence[str]) -> "Relation | Column":
        """One column, or a relation of several of them; KeyError where there is none of that name."""
        if isinstance(asked, str):
            return Column(self, asked, self.dtypes[asked])
        listed = ", ".join(f'"{c}"' for c in asked)
        return self._with(f"SELECT {listed} FROM ({self.sql})", {c: self.dtypes[c] for c in asked})

    def where(self, condition: str) -> "Relation":
        """The rows of which a SQL condition holds."""
        return self._with(f"SELECT * FROM ({self.sql}) WHERE {condition}", self.dtypes)

    def computed(self, name: str, expression: str, dtype: object = "float64") -> "Relation":
        """With one more column, or another one under the same name, that a SQL expression gives."""
        others = ", ".join(f'"{c}"' for c in self.columns if c != name)
        sql = f'SELECT {others}, {expression} AS "{name}" FROM ({self.sql})'
        return self._with(
            sql, {c: d for c, d in self.dtypes.items() if c != name} | {name: pd.Series(dtype=dtype).dtype}
        )

    def typed(self, **dtypes: object) -> "Relation":
        """The same rows, of which a frame has other dtypes."""
        return self._with(self.sql, self.dtypes | dtypes)

    def asked(self, *expressions: str) -> tuple:
        """What aggregates over all rows are."""
        with self.file.database.session() as session:
            return session.execute(f"SELECT {', '.join(expressions)} FROM ({self.sql})").fetchone()

    def _with(self, sql: str, dtypes: Mapping[str, object]) -> "Relation":
        return Relation(self.file, sql, dtypes)


class Column:
    """A column of a relation: its dtype, its first and its last value, its blanks."""

    def __init__(self, of: Relation, name: str, dtype: object) -> None:
        self._of, self.name, self.dtype = of, name, dtype

    def min(self) -> object:
        """The smallest value; of times a Timestamp."""
        return self._plain(self._ends[0])

    def max(self) -> object:
        """The largest value; of times a Timestamp."""
        return self._plain(self._ends[1])

    def blanks(self) -> int:
        """Rows without a value."""
        return self._of.asked(f'count(*) - count("{self.name}")')[0]

    @cached_property
    def _ends(self) -> tuple:
        return self._of.asked(f'min("{self.name}")', f'max("{self.name}")')

    def _plain(self, value: object) -> object:
        return pd.Timestamp(value) if pd.api.types.is_datetime64_any_dtype(self.dtype) else value
