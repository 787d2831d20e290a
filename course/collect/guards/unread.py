"""Cells of a typed column that cannot be read: said when they are few, on page one when they are some, else asked."""

from dataclasses import dataclass

import pandas as pd

from course import schema
from course.collect import values
from course.collect.questions import Answers, Question, Reading
from course.errors import DataError, first_few
from course.language import Sentence

#: Shares of the filled cells from which on what cannot be read stands on page one, and is asked about.
SOME, MANY = 0.02, 0.2
#: One cell or two are said, whatever their share: rows to be looked at, and no question of the file.
_NO_QUESTION = 2
_TYPED = ("number", "money", "time", "date", "score")


@dataclass(frozen=True)
class Unread:
    """What could not be read of one canonical column: cells, their share of the filled ones, three masked examples."""

    column: str
    cells: int
    share: float
    examples: str


def shares(frame: pd.DataFrame, problems: pd.DataFrame, kind: str) -> list[Unread]:
    """Per typed column of a canonical table what could not be read; `problems` as in collect.Table."""
    found = []
    known = schema.canonical(kind).columns
    held = set(problems["column"])
    for column in [c for c in known if c in held]:
        bad = problems.loc[problems["column"] == column, "value"]
        if known[column].type in _TYPED and column in frame:
            filled = len(bad) + int(frame[column].notna().sum())
            examples = first_few([values.masked(v) for v in bad.drop_duplicates().sort_values().head(3)])
            found.append(Unread(column, len(bad), len(bad) / filled, examples))
    return found


def guard(unread: list[Unread], shown: dict[str, str], file: str, notes: list[Sentence], answers: Answers) -> None:
    """Say what could not be read, or ask where it is more than a fifth of a column.

    Raises
    ------
    DataError : the reader says that it is to be mended.
    """
    for one in unread:
        column = shown.get(one.column, one.column)
        asks = one.share > MANY and one.cells > _NO_QUESTION and one.share < 1  # of nothing there is no figure
        mend = asks and _asked(one, column, file, answers) == "mend"
        if mend and (answers.provisional or _key(column) in answers.given):
            raise DataError("{file}: mend the cells of {column} that cannot be read.", file=file, column=column)
        said = {"file": file, "n": one.cells, "column": column, "share": one.share, "examples": one.examples}
        notes.append(
            Sentence(
                "{file}: {n:,} {n:cell|cells} of {column} ({share:.1%}) cannot be read, such as {examples}.", **said
            )
            if one.share <= SOME
            else _warning(**said)
        )


def _warning(**said: object) -> Sentence:
    return Sentence(
        "{file}: {share:.0%} of the filled cells of {column} cannot be read ({n:,}, such as {examples}); no figure "
        "holds them.",
        **said,
    )


#: The message of what a reader of the page has to know before any figure.
WARNING = _warning().message


def _key(column: str) -> str:
    return f"unreadable.{column}"


def _asked(one: Unread, column: str, file: str, answers: Answers) -> str:
    question = Question(
        _key(column),
        Sentence(
            "{file}: {n:,} {n:cell|cells} of {column} ({share:.0%}) cannot be read, such as {examples}. Go on without "
            "them?",
            file=file,
            n=one.cells,
            column=column,
            share=one.share,
            examples=one.examples,
        ),
        (
            Reading("blank", Sentence("yes: they count as not filled in")),
            Reading("mend", Sentence("no: the file will be mended")),
        ),
    )
    return answers.to(question)
