"""What files hold, before a run: told from what the run itself would read, clean and count."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from course.collect import Raw, Source, Table, gather, open_source, read
from course.collect.folders import open_all, singly
from course.collect.questions import Asked, Question
from course.collect.sources import Several
from course.errors import DataError, first_few
from course.language import Sentence
from course.workflow.look.kinds import Guess, chosen, guesses
from course.workflow.look.telling import lines
from course.workflow.result import Result
from course.workflow.run import prepare


@dataclass
class Look:
    """What files hold.

    Attributes
    ----------
    guesses : {file: what it may be, the likeliest first}
    questions : what a run would ask
    tables : what a run would read of them, with the likelier reading of each question
    result : those tables cleaned, as a run has them before it scores; None where there are none, or one is refused
    unread : why a file cannot be read at all
    refusal : why a run would refuse the tables together (why it would refuse one file, its guess says)
    lines : all of it in sentences
    """

    guesses: dict[str, list[Guess]] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    tables: dict[str, Table] = field(default_factory=dict)
    result: Result | None = None
    unread: list[DataError] = field(default_factory=list)
    refusal: DataError | None = None
    lines: list[Sentence] = field(default_factory=list)


def look(
    files: Source | Sequence[Source],
    mapping: Mapping[str, str] | None = None,
    *,
    blanks: Mapping[str, Sequence[str]] | None = None,
    encoding: str | None = None,
    date_order: str | None = None,
    answers: Mapping[str, str] | None = None,
    form: str | Path | None = None,
) -> Look:
    """What files hold: which table each is, what becomes of each column, what a run would count, ask and find out.

    Parameters
    ----------
    files : one or several sources as for `collect.read`, folders, or patterns such as "exports/*.csv". Files that are
        the same kind of table are one table, as in a run.
    mapping, blanks, encoding, date_order, answers, form : as for `collect.gather`.

    Raises
    ------
    DataError : a mapping, a blank or an answer that fits none of the files. What is wrong with a file is in the result.
    """
    found, opened = Look(), []
    for source in _listed(files, found.unread):
        try:
            opened += _open(source, encoding)
        except DataError as error:
            found.unread.append(error)
    _refuse_unknown(mapping or {}, opened)
    named = _by_name(opened)
    own = Path(form) if form else None
    found.guesses = {name: guesses(raw, mapping or {}, own) for name, raw in named.items()}
    options = {"blanks": blanks, "date_order": date_order, "form": form}
    _gather(found, named, dict(mapping or {}), options, dict(answers or {}))
    found.lines = lines(found, named)
    return found


def _listed(named: Source | Sequence[Source], unread: list[DataError]) -> list[Source]:
    """Every single source once, in the order given; a folder or a pattern that stands for nothing goes to `unread`."""
    found: dict[object, Source] = {}
    for item in [named] if isinstance(named, Source) else named:
        if isinstance(item, pd.DataFrame | Raw):
            found[id(item)] = item
            continue
        try:
            found |= {source: source for source in singly(item)}
        except DataError as error:
            unread.append(error)
    return list(found.values())


def _open(source: Source, encoding: str | None) -> list[Raw]:
    """What one source holds: of a database every table, where none is named."""
    try:
        return open_all(source, encoding)
    except Several as several:
        if not several.tables:
            raise
        return [open_source(f"{source}::{table}", encoding) for table in several.tables]


def _by_name(opened: list[Raw]) -> dict[str, Raw]:
    """The files by name, with the table of a database; those of one name (out of two folders) are told apart."""
    named: dict[str, Raw] = {}
    for raw in opened:
        name = f"{raw.name}::{raw.facts['table']}" if "table" in raw.facts else raw.name
        times = 1 + sum(other == name or other.startswith(f"{name} (") for other in named)
        named[name if times == 1 else f"{name} ({times})"] = raw
    return named


def _refuse_unknown(mapping: Mapping[str, str], opened: list[Raw]) -> None:
    for key, column in mapping.items():
        if opened and not any(column in raw.frame for raw in opened):
            raise DataError(
                "There is no column {column} to map to {name}. The file has: {columns}.",
                column=column,
                name=key,
                columns=first_few(opened[0].frame.columns, 20),
            )


def _gather(found: Look, named: dict[str, Raw], mapping: dict, options: dict, answers: dict[str, str]) -> None:
    """Read and clean what a run would, and note what it would ask and refuse."""
    try:
        found.tables = _asking(found, _sheaves(found, named), mapping, options, answers)
    except DataError:
        if not _note_refused(found, named, mapping, options):
            raise  # each file can be read: it is what the reader said that fits none of them
        found.tables = _asking(found, _sheaves(found, named), mapping, options, answers)
    if found.tables:
        try:
            found.result = prepare(found.tables)
        except DataError as error:
            found.refusal = error


def _sheaves(found: Look, named: dict[str, Raw]) -> dict[str, list[Raw]]:
    """The files that a run can read, those of one kind together."""
    sheaves: dict[str, list[Raw]] = {}
    for name, raw in named.items():
        if (guess := found.guesses[name][0]).fits:
            sheaves.setdefault(guess.kind, []).append(raw)
    return sheaves


def _note_refused(found: Look, named: dict[str, Raw], mapping: dict, options: dict) -> bool:
    """Note with each file that cannot be read as its table why that is; True where there is one."""
    any_refused = False
    for name, raw in named.items():
        best, *others = found.guesses[name]
        if best.fits and (error := _refusal(raw, best.kind, mapping, options)) is not None:
            found.guesses[name] = [replace(best, refusal=error), *others]
            any_refused = True
    return any_refused


def _asking(
    found: Look, sheaves: dict[str, list[Raw]], mapping: dict, options: dict, answers: dict[str, str]
) -> dict[str, Table]:
    """The tables with the likelier reading of every question that is open: one answer may bring the next question."""
    asked = {question.key: question for question in found.questions}
    while sheaves:
        taken = {key: question.readings[0].answer for key, question in asked.items()} | answers
        try:
            return gather(sheaves, mapping, answers=taken, **options)
        except Asked as more:
            asked |= {question.key: question for question in more.questions}
            found.questions = tuple(asked.values())
    return {}


def _refusal(raw: Raw, kind: str, mapping: dict, options: dict) -> DataError | None:
    """Why this file alone cannot be read."""
    how = {key: options[key] for key in ("date_order", "form")}
    try:
        read(raw, kind, chosen(raw, kind, mapping), provisional=True, **how)
    except DataError as error:
        return error
    return None


__all__ = ["Look", "look"]
