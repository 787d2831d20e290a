"""Sources that are several files: folders of daily files, patterns such as `exports/2024-*.csv`, Parquet in parts."""

import glob
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import pandas as pd

from course.collect import databases
from course.collect.sources import SUFFIXES, NoRows, Raw, framed, open_source
from course.errors import DataError, first_few
from course.language import Sentence

#: What file managers, editors, browsers and Spark leave beside data.
_LEFT_BEHIND = re.compile(
    r"^[._]|^~\$|~$|\.(tmp|temp|part|partial|crdownload|download|bak|swp|lock|crc)$|^(thumbs\.db|desktop\.ini)$",
    re.IGNORECASE,
)
#: How those who write one table into many files call them: Spark, DuckDB, Dask, BigQuery.
_PART = re.compile(r"^(part|data|tmp|file)?[-_.]?\d{1,12}([-_.].*)?\.(parquet|pq)$", re.IGNORECASE)
_PARTITION = re.compile(r"^[^=/]+=[^=/]*$")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


class _Listing(NamedTuple):
    """What a folder or a pattern stands for: its files with data in order of their names, and what else lies there;
    `suffix` names the table that is read of each."""

    where: str
    files: list[Path]
    left: list[str]
    suffix: str


def open_all(
    source: str | Path | pd.DataFrame | Raw, encoding: str | None = None, opener: Callable[..., Raw] = open_source
) -> list[Raw]:
    """Read a source that may be several files: a folder or a pattern gives its files in order of their names.

    A folder of Parquet in parts (Spark's names, or `month=2024-01/`) is one table, one Raw; its partitions are columns.
    Each single file is opened by `opener`.

    Raises
    ------
    DataError : as for `open_source`; nothing to read; files that hold different tables.
    """
    if isinstance(source, Raw):
        return [source]
    if isinstance(source, pd.DataFrame):
        return [open_source(source, encoding)]
    listing = _listing(str(source))
    if listing is not None:
        return _open_files(listing, encoding, opener)
    in_parts = not databases.is_url(str(source)) and os.path.isdir(source)
    return [_parts(Path(source))] if in_parts else [opener(source, encoding)]


def is_file(source: object) -> bool:
    """Whether a source is one file and no more."""
    return isinstance(source, str | Path) and _listing(str(source)) is None and os.path.isfile(source)


def singly(source: str | Path) -> list[str]:
    """The sources that can be opened each by itself, in the order in which `open_all` reads them.

    Raises
    ------
    DataError : a folder or a pattern without a file of data.
    """
    listing = _listing(str(source))
    return [str(source)] if listing is None else [f"{path}{listing.suffix}" for path in listing.files]


def _listing(source: str) -> _Listing | None:
    """The files of a folder or of a pattern; None for one source: a file, an address, a table in parts."""
    if databases.is_url(source):
        return None
    path, _, part = source.rpartition("::") if not os.path.exists(source) else (source, "", "")
    path, suffix = (path, f"::{part}" if part else "") if path else (source, "")
    if os.path.isdir(path):
        if is_parts(Path(path)):
            return None
        found = [Path(path) / name for name in os.listdir(path)]
    elif glob.has_magic(path) and not os.path.exists(path):
        found = [Path(name) for name in glob.glob(path, recursive=True)]
        if not found:
            raise DataError("No file matches {pattern}. Check the folder and the spelling.", pattern=path)
    else:
        return None
    where = _shown(os.path.basename(os.path.normpath(path)))
    files = sorted((p for p in found if p.is_file() and _is_data(p.name)), key=_natural)
    left = [_shown(p.name) for p in sorted(found, key=_natural) if p not in set(files)]
    if not files:
        raise DataError(
            "{folder} holds no file with data{left}.",
            folder=where,
            left=Sentence("; it holds {names}", names=first_few(left)) if left else "",
        )
    return _Listing(where, files, left, suffix)


def _open_files(listing: _Listing, encoding: str | None, opener: Callable[..., Raw]) -> list[Raw]:
    where, files, left, suffix = listing
    raws, blank = [], []
    for path in files:
        try:
            raws.append(opener(f"{path}{suffix}", encoding))
        except NoRows:
            blank.append(_shown(path.name))
    if not raws:
        raise NoRows("{folder}: none of its {n} files has rows.", folder=where, n=len(files))
    _compare(where, raws)
    notes = [Sentence("{folder}: {n:,} {n:file|files} read.", folder=where, n=len(raws))]
    if left:
        notes.append(Sentence("{folder}: left out as no data: {names}.", folder=where, names=first_few(left, 6)))
    if blank:
        notes.append(Sentence("{folder}: files without rows: {names}.", folder=where, names=first_few(blank, 6)))
    raws[0].notes[:0] = notes
    return raws


def _shown(name: str) -> str:
    """A name as it can be written down."""
    return os.fsencode(name).decode("utf-8", "replace")


#: The ends of names behind which a table may stand; .db is a database of either kind.
_DATA = {*SUFFIXES, ".db"}


def _is_data(name: str) -> bool:
    return not _LEFT_BEHIND.search(name) and Path(name).suffix.lower() in _DATA


def _natural(path: Path) -> list:
    """By name, figures as numbers: day 9 before day 10."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split(r"(\d+)", path.as_posix())]


def _compare(where: str, raws: list[Raw]) -> None:
    """Refuse files of different tables; say which columns only some of the files have."""
    headers = [set(raw.frame.columns) for raw in raws]
    for raw, header in zip(raws, headers, strict=True):
        if 2 * len(header & headers[0]) < min(len(header), len(headers[0])):
            raise DataError(
                "{folder} holds different tables: {first} has the columns {columns}; {other} has {others}. Name the "
                "files of one table, or a pattern such as {folder}/2024-*.csv.",
                folder=where,
                first=raws[0].name,
                columns=first_few(raws[0].frame.columns, 4),
                other=raw.name,
                others=first_few(raw.frame.columns, 4),
            )
    some = [c for c in dict.fromkeys(c for raw in raws for c in raw.frame) if not all(c in h for h in headers)]
    if some:
        raws[0].notes.append(
            Sentence(
                "{folder}: only some of the files have the columns {columns}.", folder=where, columns=first_few(some)
            )
        )


# --- one table in parts ----------------------------------------------------------------------------------------------


def is_parts(folder: Path) -> bool:
    """True for a folder that one program wrote as one table: nothing was exported twice, no row is another's copy."""
    names = os.listdir(folder)
    files = [n for n in names if _is_data(n) and (folder / n).is_file()]
    if any(_PARTITION.match(n) and (folder / n).is_dir() for n in names):
        return True
    return bool(files) and all(_PART.match(n) for n in files)


def _parts(folder: Path) -> Raw:
    import hashlib

    import pyarrow as pa
    import pyarrow.parquet as pq

    where = _shown(folder.name or str(folder))
    files = sorted((Path(p) for p in _walk(folder)), key=_natural)
    if not files:
        raise DataError("{folder} holds no file with data{left}.", folder=where, left="")
    others = [p.name for p in files if p.suffix.lower() not in (".parquet", ".pq")]
    if others:
        raise DataError(
            "{folder} is Parquet in parts, and among them is {names}. Name the files of one kind.",
            folder=where,
            names=first_few(map(_shown, others)),
        )
    tables = []
    digest = hashlib.sha256()
    for path in files:
        try:
            data = path.read_bytes()
            digest.update(data)
            table = pq.ParquetFile(pa.BufferReader(data)).read()
        except (pa.ArrowException, OSError):
            raise DataError(
                "{file} is a damaged Parquet file. Copy or export it again.", file=_shown(path.name)
            ) from None
        for name, value in _partitions(folder, path).items():
            if name in table.column_names:  # the folder's name repeats what stands in the file
                continue
            table = table.append_column(name, pa.array([value] * len(table), pa.string()))
        tables.append(table)
    try:
        whole = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException:
        raise DataError(
            "{folder}: a column has another type in some of its files ({columns}). Write the folder again, or name the "
            "files of one type.",
            folder=where,
            columns=first_few(_at_odds(tables)),
        ) from None
    raw = open_source(framed(whole))
    facts = {"format": "parquet", "files": len(files), "bytes": sum(p.stat().st_size for p in files)}
    if raw.frame.empty:
        raise NoRows("{folder}: none of its {n} files has rows.", folder=where, n=len(files))
    notes = [Sentence("{folder}: {n:,} {n:file|files} read.", folder=where, n=len(files))]
    return replace(raw, name=where, facts=facts | {"sha256": digest.hexdigest()}, notes=notes + raw.notes)


def _walk(folder: Path) -> list[str]:
    """The data files of a folder and of its partitions."""
    found = []
    for at, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if _PARTITION.match(name)]
        found += [os.path.join(at, name) for name in files if _is_data(name)]
    return found


def _partitions(folder: Path, path: Path) -> dict[str, str | None]:
    """{column: value} as the folders between say it: `month=2024-01/`."""
    pairs = [part.split("=", 1) for part in path.relative_to(folder).parent.parts]
    return {unquote(name): None if value == _NO_VALUE else unquote(value) for name, value in pairs}


def _at_odds(tables: Sequence) -> list[str]:
    types: dict[str, set] = {}
    for table in tables:
        for field in table.schema:
            types.setdefault(field.name, set()).add(str(field.type))
    return [name for name, kinds in types.items() if len(kinds) > 1]


def with_query(files: dict[str, list], query: str | None) -> dict[str, list]:
    """The sources, with the answer to `query` in the place of the one database that names no table.

    Raises
    ------
    DataError : no such source, or more than one.
    """
    if query is None:
        return files
    meant = [
        (kind, i)
        for kind, items in files.items()
        for i, item in enumerate(items)
        if isinstance(item, str) and databases.is_url(item) and databases.address(item).table is None
    ]
    if len(meant) != 1:
        raise DataError(
            "--query asks one database, named as postgresql://USER@HOST/DATABASE or mysql://… without ::TABLE; here "
            "{n} {n:is|are} named so.",
            n=len(meant),
        )
    kind, i = meant[0]
    answer = open_source(files[kind][i], query=query)
    return files | {kind: [*files[kind][:i], answer, *files[kind][i + 1 :]]}
