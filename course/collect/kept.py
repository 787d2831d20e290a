"""Files that an earlier run read, kept as it read them: a delivery that has not changed is not read again.

What is kept of a file is its table as columns and cells were understood, under a mark of all that this hangs on: the
file's bytes and name, how it was asked for, what the recipe and the answers say, the kit's own code and rules. Where
any of it is another, the file is read. A table that does not come back from Parquet as it was, or with a value that
cannot be written down, is not kept. What was asked of a file while it was read is asked again of what is kept.

The folder holds the files' rows: it lies beside a result and is no part of it. A table that tells who somebody is by
more than a number is not kept: one with a name, a phone or the like, or with a text that holds one.
"""

import contextlib
import hashlib
import io
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from course import language, schema, whole
from course.collect import databases
from course.collect.questions import Answers, Question, Reading
from course.collect.sources import Raw, open_source
from course.language import Label, Sentence
from course.recipe import Layout
from course.telling import holds

_PACKAGE = Path(__file__).parents[1]
#: Databases in a file: what was written last may stand in another file beside it.
_CHANGING = ("sqlite", "duckdb")
_READ_BY = ("numpy", "pandas", "duckdb", "pyarrow")


def beside(result: str | Path) -> Path:
    """The folder in which files are kept for the runs into a result."""
    return whole.beside(Path(result).resolve(), "state")


def forget(result: str | Path) -> None:
    """Remove all that is kept for a result: the next run reads every file."""
    shutil.rmtree(beside(result), ignore_errors=True)


@dataclass
class _Opened(Raw):
    """A file by its mark. Where its header is kept, `frame` has the columns and no row yet: `read` opens it.

    `own` is how many of its notes are the file's; those before them are of the folder that it lies in.
    """

    mark: str = ""
    sha256: str = ""
    own: int = 0
    read: Callable[[], Raw] | None = None


class Kept:
    """The files kept in a folder, for one run.

    Parameters
    ----------
    folder : where they are; need not exist
    full : whether every file is read, whatever is kept

    Attributes
    ----------
    files, rows : of the files named; read, read_rows : of those that were read now
    """

    def __init__(self, folder: Path, full: bool = False) -> None:
        self._folder, self._full = folder, full
        self._new: dict[str, bytes] = {}
        self._used: set[str] = set()
        self.files = self.rows = self.read = self.read_rows = 0

    def open(self, source: object, encoding: str | None = None) -> Raw:
        """`sources.open_source`, of which a file whose header is kept is not read yet."""
        path = _file(source)
        if path is None:
            return open_source(source, encoding)
        sha256 = _sha256(path)
        mark = _mark(_kit(), language.active(), str(source).removeprefix(str(path.parent)), encoding, sha256)

        def read() -> Raw:
            return open_source(source, encoding)

        header = self._load(f"{mark}.json")
        if header is None:
            raw = read()
            if raw.facts["format"] in _CHANGING or raw.facts["sha256"] != sha256:
                return raw
            head = {"name": raw.name, "columns": list(raw.frame.columns), "header": raw.header}
            self._keep({f"{mark}.json": _dumped(head)})
            return _opened(raw, mark, sha256, None)
        frame = pd.DataFrame(columns=header["columns"], dtype="str")
        return _opened(Raw(header["name"], frame, header["header"], {}), mark, sha256, read)

    def part(self, raw: Raw, asked: Mapping[str, object], answers: Answers, read: Callable[[Raw], object]) -> object:
        """The table of a file: as it is kept, or what `read` makes of it.

        Parameters
        ----------
        asked : how it is to be read, beside the answers: kind, columns, blanks, order of dates
        """
        if not isinstance(raw, _Opened):
            return read(raw)
        mark = _mark(raw.mark, asked, _state(answers))
        folder_notes = raw.notes[: len(raw.notes) - raw.own]
        table = self._table(mark, answers)
        if table is None:
            opened = raw.read() if raw.read else replace(_plain(raw), notes=raw.notes[len(folder_notes) :])
            before = _snapshot(answers)
            table = read(opened)
            self.read, self.read_rows = self.read + 1, self.read_rows + len(table.frame)
            if not answers.open and opened.facts["sha256"] == raw.sha256 and not _tells(table):
                self._keep(_written(mark, table, _since(before, answers)))
        self.files, self.rows = self.files + 1, self.rows + len(table.frame)
        table.notes[:0] = folder_notes
        return table

    def settle(self) -> None:
        """Write what is new, each file whole or not at all, and remove what no file of this run is kept as. A disk
        that is full keeps nothing more, and no run fails for it."""
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for name in {path.name for path in self._folder.iterdir()} - self._used:
                (self._folder / name).unlink()
            for name, data in self._new.items():
                part = self._folder / f".{name}.partial"
                part.write_bytes(data)
                os.replace(part, self._folder / name)

    def _table(self, mark: str, answers: Answers) -> object | None:
        told = self._load(f"{mark}.json")
        if told is None:
            return None
        frames = {}
        for name in ("frame", "problems"):
            data = self._bytes(f"{mark}.{name}.parquet")
            if data is None or hashlib.sha256(data).hexdigest() != told["sha256"][name]:
                return None  # damaged, or touched
            frames[name] = pd.read_parquet(io.BytesIO(data))
        self._used |= {f"{mark}.{name}.parquet" for name in frames}
        _replay(told["asked"], answers)
        return _table_of(told["table"], frames)

    def _load(self, name: str) -> dict | None:
        data = self._bytes(name)
        if data is None:
            return None
        try:
            found = json.loads(data)
        except ValueError:
            return None
        self._used.add(name)
        return found

    def _bytes(self, name: str) -> bytes | None:
        if self._full:
            return None
        try:
            return (self._folder / name).read_bytes()
        except OSError:
            return None

    def _keep(self, files: Mapping[str, bytes | None]) -> None:
        if None not in files.values():
            self._new |= files
            self._used |= set(files)


def _opened(raw: Raw, mark: str, sha256: str, read: Callable[[], Raw] | None) -> _Opened:
    return _Opened(**vars(raw), mark=mark, sha256=sha256, own=len(raw.notes), read=read)


def _plain(raw: _Opened) -> Raw:
    return Raw(raw.name, raw.frame, raw.header, raw.facts, raw.notes, raw.merged, raw.labels)


# --- what a reading hangs on -----------------------------------------------------------------------------------------


def _file(source: object) -> Path | None:
    """The file of a source that can be kept: one file, or a table or sheet in it."""
    if not isinstance(source, str | Path) or databases.is_url(str(source)):
        return None
    path = Path(source)
    if not path.is_file():
        path = Path(str(source).rpartition("::")[0])
    return path if path.is_file() else None


@cache
def _kit() -> str:
    """The mark of the kit's own code and rules, and of what it reads with."""
    digest = hashlib.sha256()
    for path in sorted(p for p in _PACKAGE.rglob("*") if p.suffix in (".py", ".yaml")):
        digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    versions = [platform.python_version(), *(metadata.version(name) for name in _READ_BY)]
    return _mark(digest.hexdigest(), versions)


def _state(answers: Answers) -> list:
    """All that answers can change in how a file is read: what was said, and what earlier files have asked."""
    recipe = asdict(answers.recipe)
    said = {key: recipe[key] for key in ("columns", "states", "answers", "currency")}
    form = _sha256(answers.form) if answers.form is not None and answers.form.is_file() else None
    first = {key: sorted(r.answer for r in question.readings) for key, question in answers._first.items()}
    return [dict(answers.given), answers.provisional, answers.currency, form, said, first, answers.decided]


def _mark(*parts: object) -> str:
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- what was asked while it was read --------------------------------------------------------------------------------


def _snapshot(answers: Answers) -> tuple[int, set[str], dict, set[str]]:
    return len(answers.notes), set(answers.used), dict(answers.decided), set(answers._first)


def _since(before: tuple[int, set[str], dict, set[str]], answers: Answers) -> dict:
    """What reading a file has added to the answers."""
    notes, used, decided, first = before
    return {
        "notes": answers.notes[notes:],
        "used": sorted(answers.used - used),
        "decided": {k: v for k, v in answers.decided.items() if decided.get(k) != v},
        "first": {k: [r.answer for r in q.readings] for k, q in answers._first.items() if k not in first},
    }


def _replay(asked: Mapping, answers: Answers) -> None:
    answers.notes += [_sentence(note) for note in asked["notes"]]
    answers.used |= set(asked["used"])
    answers.decided |= asked["decided"]
    for key, choices in asked["first"].items():
        readings = tuple(Reading(answer, Sentence("")) for answer in choices)
        answers._first.setdefault(key, Question(key, Sentence(""), readings))


# --- a table that is not kept ----------------------------------------------------------------------------------------


def _tells(table: object) -> bool:
    """True for a table with a column of persons, or with a phone, an e-mail address or an identity card in a text."""
    ids = [name for name, column in schema.canonical(table.kind).columns.items() if column.type == "id"]
    frame = table.frame.drop(columns=[*ids, "source"], errors="ignore")
    if frame.columns.intersection(list(schema.PERSONAL)).any():
        return True
    cells = [frame[c] for c in frame.select_dtypes(["str", "object", "category"])] + [table.problems["value"]]
    return any(_holds(column) for column in cells)


def _holds(column: pd.Series) -> bool:
    texts = column.dropna().drop_duplicates().astype("str")
    return any(holds(text) for text in texts[texts.str.contains(schema.MAY_TELL, regex=True)])


# --- a table as files, and back --------------------------------------------------------------------------------------

_PLAIN = ("kind", "mapping", "sources", "shared", "currency", "states", "renumbered")


def _written(mark: str, table: object, asked: Mapping) -> dict[str, bytes | None]:
    """{name: bytes} of a table's files; bytes None where it cannot be kept as it is."""
    frames = {name: _parquet(getattr(table, name)) for name in ("frame", "problems")}
    told = {name: getattr(table, name) for name in _PLAIN} | {"notes": table.notes}
    told["layouts"] = [asdict(layout) | {"headers": list(layout.headers)} for layout in table.layouts]
    sums = {name: None if data is None else hashlib.sha256(data).hexdigest() for name, data in frames.items()}
    files = {f"{mark}.{name}.parquet": data for name, data in frames.items()}
    text = _dumped({"table": told, "asked": asked, "sha256": sums})
    if text is not None and any(json.loads(text)["table"][name] != told[name] for name in _PLAIN):
        text = None
    return files | {f"{mark}.json": text}


def _table_of(told: Mapping, frames: Mapping[str, pd.DataFrame]) -> object:
    from course.collect import Table  # it is made there, of parts that are read here

    layouts = [Layout(one["columns"], one["form"], tuple(one["headers"])) for one in told["layouts"]]
    plain = {name: told[name] for name in _PLAIN}
    notes = [_sentence(note) for note in told["notes"]]
    return Table(totals=pd.DataFrame(), notes=notes, layouts=layouts, **plain, **frames)


def _parquet(frame: pd.DataFrame) -> bytes | None:
    """The frame as Parquet; None where it would not come back the same."""
    try:
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False)
        back = pd.read_parquet(io.BytesIO(buffer.getvalue()))
    except (ValueError, TypeError, OverflowError, NotImplementedError):  # pyarrow's own are ValueErrors
        return None
    same = back.dtypes.equals(frame.dtypes) and back.equals(frame) and back.index.equals(frame.index)
    return buffer.getvalue() if same and back.attrs == frame.attrs else None


def _dumped(content: object) -> bytes | None:
    try:
        return json.dumps(_jsonable(content), ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError):
        return None


def _jsonable(value: object) -> object:
    """The value as JSON holds it and gives it back; sentences are told apart by what they are.

    Raises
    ------
    TypeError : it would come back as something else.
    """
    if type(value) in (Sentence, Label):
        said = {"says": value.names if type(value) is Label else value.message}
        return said | {"values": {key: _jsonable(one) for key, one in value.values.items()}}
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if type(value) in (pd.Timestamp, datetime, date):
        return {type(value).__name__: value.isoformat()}
    if value is None or type(value) in (str, bool, int, float):
        return value
    if type(value) in (list, tuple):
        return [_jsonable(one) for one in value]
    if isinstance(value, dict) and all(type(key) is str for key in value):
        return {key: _jsonable(one) for key, one in value.items()}
    raise TypeError(f"{type(value)} is not kept")


_DAYS = {"Timestamp": pd.Timestamp, "datetime": datetime.fromisoformat, "date": date.fromisoformat}


def _sentence(told: object) -> object:
    """A sentence, or a value of one, as `_jsonable` had it."""
    if not isinstance(told, dict):
        return told
    if len(told) == 1 and next(iter(told)) in _DAYS:
        return _DAYS[next(iter(told))](next(iter(told.values())))
    says, values = told["says"], {key: _sentence(one) for key, one in told["values"].items()}
    return Label(says["en"], says["zh"], **values) if isinstance(says, dict) else Sentence(says, **values)
