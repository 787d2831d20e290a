"""Files and databases as tables of cells: what the format is, where the header stands, which row each record came from.

Nothing is interpreted here. Text comes back as text, typed formats (Excel, Parquet, databases) keep their types.
"""

import contextlib
import csv
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from course import extras
from course.collect import databases, mapping, quick
from course.collect.sheets import refuse_far_cells
from course.errors import DataError, first_few
from course.language import Sentence

DELIMITERS = (",", "\t", ";", "|")
_TOTAL = re.compile(r"^(总计|合计|小计|总和|((grand|sub)[ -]?)?total|sum)[:：]?$", re.IGNORECASE)
_CHUNK = 20_000
csv.field_size_limit(quick.LONGEST)

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class Raw:
    """Cells of one source. `frame`'s index is the row number in the source (a text's first line and a sheet's first row
    are 1; records of typed files count from 1); `header` is False where columns are named by position ("1", "2", …);
    `merged` are the columns with a cell merged over several rows: one value for all of them; `labels` say in words what
    a column holds (the questions of a survey), where the file does."""

    name: str
    frame: pd.DataFrame
    header: bool
    facts: dict
    notes: list[Sentence] = field(default_factory=list)
    merged: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)


class NoRows(DataError):
    """A file without a record: of one file among many it says that nothing happened that day."""


def open_source(source: str | Path | pd.DataFrame, encoding: str | None = None, query: str | None = None) -> Raw:
    """Read one source; `course.collect.folders.open_all` reads those that are several files.

    Parameters
    ----------
    source : a path; "shop.db::orders" or "book.xlsx::Sheet2" names a table or a sheet; a database's address,
        "postgresql://user@host/db::schema.table"; or a DataFrame.
    encoding : overrides what was found in a text file.
    query : a SELECT, in the place of a table of a database on a server.

    Raises
    ------
    NoRows : an empty file, or one that has a header and nothing below it.
    DataError : unreadable, truncated, ragged, or not what its name says.
    """
    if isinstance(source, pd.DataFrame):
        return _typed("DataFrame", source, {"format": "DataFrame"})
    if databases.is_url(str(source)):
        return _read_database(str(source), query)
    path, part = _split(str(source))
    head = _head(path)
    if not head:
        raise NoRows("{file} is empty (0 bytes). Export it again.", file=_name(path))
    format_ = _format(path, head)
    raw = _READERS[format_](path, part, encoding)
    raw.facts = facts_of(path, format_) | raw.facts
    if raw.frame.empty:
        raise NoRows("{file} has a header but no rows. Export it again.", file=_name(path))
    return raw


def facts_of(path: Path, format_: str) -> dict:
    """What is known of a file without reading its table: format, bytes, sha256."""
    return {"format": format_, "bytes": path.stat().st_size, "sha256": _sha256(path)}


def _read_database(source: str, query: str | None) -> Raw:
    """The answer of a server, through a Parquet file that is gone afterwards."""
    with TemporaryDirectory(prefix="course-", ignore_cleanup_errors=True) as folder:
        answer = databases.fetch(source, query, Path(folder))
        raw = _read_parquet(answer.path, None, None)
        facts = {"format": databases.address(source).system} | answer.facts
        raw.facts = facts | {"bytes": answer.path.stat().st_size, "sha256": _sha256(answer.path)}
    raw.name, raw.notes = answer.name, answer.notes + raw.notes
    if raw.frame.empty:
        raise NoRows("{file} has no rows.", file=raw.name)
    return raw


def _split(source: str) -> tuple[Path, str | None]:
    path, separator, part = source.rpartition("::")
    return (Path(path), part) if separator and not os.path.exists(source) else (Path(source), None)


def _name(path: Path) -> str:
    """The file's name as it can be written down: bytes that are not UTF-8 (an archive unpacked elsewhere) become �."""
    return os.fsencode(path.name).decode("utf-8", "replace")


def _head(path: Path) -> bytes:
    """The first bytes of a file that is there, may be read, and can be read again."""
    try:
        if path.is_dir():
            raise DataError("{file} is a folder. Name the file inside it.", file=_name(path))
        if not path.exists():
            raise DataError("{file} does not exist. Check the path and the spelling.", file=_name(path))
        if not path.is_file():
            raise DataError(
                "{file} is not a file that can be read twice (a pipe or a device). Save it as a file first.",
                file=_name(path),
            )
        with path.open("rb") as file:
            return file.read(4096)
    except PermissionError:
        raise DataError("{file} may not be read. Check its permissions.", file=_name(path)) from None
    except OSError:  # a name that no file can have
        raise DataError("{file} does not exist. Check the path and the spelling.", file=_name(path)) from None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- what is it? -----------------------------------------------------------------------------------------------------

_NAMES = {
    "excel": Sentence("an Excel workbook"),
    "parquet": Sentence("a Parquet file"),
    "sqlite": Sentence("an SQLite database"),
    "duckdb": Sentence("a DuckDB database"),
    "stats": Sentence("a file of SPSS, Stata or R"),
    "hyper": Sentence("a Tableau extract"),
    "gzip": Sentence("a gzip file"),
    "zip": Sentence("a zip archive"),
    "pdf": Sentence("a PDF"),
    "html": Sentence("a web page"),
    "image": Sentence("a picture"),
    "text": Sentence("a text file"),
}
#: What the end of a name promises.
SUFFIXES = {
    ".csv": "text", ".tsv": "text", ".txt": "text", ".json": "text", ".jsonl": "text", ".ndjson": "text",
    ".xlsx": "excel", ".xlsm": "excel", ".xls": "excel", ".ods": "excel",
    ".parquet": "parquet", ".pq": "parquet", ".gz": "gzip", ".duckdb": "duckdb",
    ".sqlite": "sqlite", ".sqlite3": "sqlite",
    ".sav": "stats", ".zsav": "stats", ".dta": "stats", ".rds": "stats", ".rdata": "stats",
    ".pdf": "pdf", ".zip": "zip", ".hyper": "hyper",
}  # fmt: skip


def _format(path: Path, head: bytes) -> str:
    found = _magic(path, head)
    promised = SUFFIXES.get(path.suffix.lower())
    if found == "hyper":
        raise DataError(
            "{file} is a Tableau extract, which only Tableau reads. Export it there as CSV: Worksheet, Export, Data.",
            file=_name(path),
        )
    if found in ("pdf", "html", "image", "zip") or (promised and promised != found):
        raise DataError(
            "{file} is {found}{promised}. {advice}",
            file=_name(path),
            found=_NAMES[found],
            promised=Sentence(", although its name ends in {suffix}", suffix=path.suffix)
            if promised != found and path.suffix
            else "",
            advice=Sentence("Open it where it came from and export it as CSV or Excel.")
            if found in ("pdf", "html", "image", "zip", "text")
            else Sentence("Give it its own ending, or export it again."),
        )
    return found


def _magic(path: Path, head: bytes) -> str:
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        return "image"
    if head.startswith((b"$FL2", b"$FL3", b"<stata_dta>", b"RDX2\n", b"RDX3\n")) or _is_r(head):
        return "stats"
    if head.startswith(b"HyPer") or head.startswith(b"Hyper"):
        return "hyper"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"PK\x03\x04"):
        return "excel" if _is_workbook(path) else "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "excel"
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"SQLite format 3\0"):
        return "sqlite"
    if head[8:12] == b"DUCK":
        return "duckdb"
    if re.match(rb"(\xef\xbb\xbf)?\s*<(!doctype|!--|html|head|meta|style|body|table|svg|\?xml)", head.lower()):
        return "html"
    return "text"


def _is_r(head: bytes) -> bool:
    """R packs what it saves: behind gzip's head stands R's own."""
    if not head.startswith(b"\x1f\x8b"):
        return False
    try:
        return zlib.decompressobj(31).decompress(head, 8).startswith((b"X\n\0\0\0", b"RDX2\n", b"RDX3\n"))
    except zlib.error:
        return False


def _is_workbook(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return path.suffix.lower() in (".xlsx", ".xlsm", ".ods")  # a workbook cut short: its reader will say so
    return any(n.startswith("xl/") for n in names) or "content.xml" in names


# --- text ------------------------------------------------------------------------------------------------------------


def _read_gzip(path: Path, part: str | None, encoding: str | None) -> Raw:
    try:
        with gzip.open(path) as file:
            data = file.read()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(
            "{file} is damaged: the gzip data stop in the middle. Copy or download it again.", file=path.name
        ) from None
    if not data:
        raise DataError("{file} is empty (0 bytes). Export it again.", file=_name(path))
    return _from_bytes(_name(path), data, encoding)


def _read_text(path: Path, part: str | None, encoding: str | None) -> Raw:
    return _from_bytes(_name(path), path.read_bytes(), encoding)


def _from_bytes(name: str, data: bytes, encoding: str | None) -> Raw:
    notes: list[Sentence] = []
    encoding = encoding or _encoding(name, data, notes)
    _refuse_undecodable(name, data, encoding)
    sample = data[: 1 << 18].decode(encoding, errors="ignore")
    if not sample.strip():
        raise DataError("{file} holds nothing but blanks. Export it again.", file=name)
    if re.match(r"\s*(\{\s*[\"}]|\[\s*([{\[\]]|$))", sample):  # and not a header such as [Order ID],[Amount]
        try:
            raw = _json(name, data, encoding, sample.lstrip().startswith("["))
        except RecursionError:
            raise DataError("{file}: its JSON is nested too deeply for a table.", file=name) from None
    else:
        raw = _delimited(name, data, encoding, sample)
    raw.facts["encoding"] = encoding
    raw.notes[:0] = notes
    return raw


def _encoding(name: str, data: bytes, notes: list[Sentence]) -> str:
    """BOM, then strict UTF-8, then the encodings of China, Japan, Korea and the West, judged by the header and by how
    plausible the text is in each."""
    for bom, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(bom):
            return encoding
    for encoding, other in (("utf-16-le", 1), ("utf-16-be", 0)):
        # Without a BOM: figures, delimiters and Latin letters have a zero for their other byte, never for their own.
        if data[other:4096:2].count(0) > 4 * data[1 - other : 4096 : 2].count(0) + 16:
            return encoding
    if quick.is_utf8(data):
        return "utf-8"
    header = data[:4096].splitlines()[0]
    scores = {e: _plausible(data, header, e) for e in ("gb18030", "cp1252", *_COMMON)}
    best = max(scores, key=lambda e: scores[e])
    notes.append(
        Sentence(
            "{file} is not UTF-8 and holds too little text to tell Chinese from Korean; it was read as {encoding}. If "
            "names look wrong, say --encoding cp949.",
            file=name,
            encoding=best,
        )
        if best == "gb18030" and scores["cp949"] >= _PERHAPS
        else Sentence(
            "{file} is not UTF-8; it was read as {encoding}. If names look wrong, say --encoding.",
            file=name,
            encoding=best,
        )
    )
    return best


def _plausible(data: bytes, header: bytes, encoding: str) -> float:
    """How much a text looks like itself in `encoding`: known headers count most, then common characters."""
    try:
        sample = data[: 1 << 20].decode(encoding, errors="strict" if len(data) <= 1 << 20 else "replace")
        known = mapping.known_headers(re.split(r"[,;\t|]", header.decode(encoding, errors="replace")))
    except UnicodeDecodeError:
        return -1.0
    foreign = [c for c in sample if ord(c) > 127]
    if encoding == "gb18030":
        common = sum(_in_gb2312(c) for c in foreign)
    elif encoding in _COMMON:
        return known + _COMMON[encoding](foreign[:_LOOKED_AT])
    else:
        common = sum((c.isalpha() and c not in "ÃÂÐÑÊÎÏÔÕÖØ×") or c in "£€’‘“”–…°§«»™®©" for c in foreign)
    # In Chinese read as cp1252 signs and capitals stand in rows; in cp1252 accents stand alone between ASCII letters.
    runs = len(re.findall(r"[^\x00-\x7f]{2,}", sample)) / max(1, len(re.findall(r"[^\x00-\x7f]+", sample)))
    return known + common / max(1, len(foreign)) - (runs if encoding == "cp1252" else 0)


def _share(characters: list[str], fits: re.Pattern) -> float:
    return sum(bool(fits.match(c)) for c in characters) / max(1, len(characters))


#: Half-width kana are what Chinese looks like in Shift-JIS: they speak against it.
_KANA, _JAPANESE = re.compile("[぀-ヿ]"), re.compile("[぀-ヿ、-〟一-鿿！-～]")
_HANGUL = re.compile("[가-힣]")
#: So many characters, nearly all of them of one writing, are no chance: Chinese read as Korean is Hangul by half.
_ENOUGH, _NEARLY_ALL = 20, 0.97
#: So many syllables that Koreans use are enough where most are such; with fewer of them it may be Chinese.
_SOME, _PERHAPS = 3, 0.5
_LOOKED_AT = 20_000


def _japanese(characters: list[str]) -> float:
    """Kana among it, which stand in no Chinese text: of the same bytes two Chinese characters would be rarer."""
    kana = _share(characters, _KANA)
    return _share(characters, _JAPANESE) + (0.5 if kana > 0.02 else -0.5)


#: The syllables of which most of written Korean, and nearly all of what a shop writes, is made. Of Chinese that is read
#: as Korean hardly one in ten is among them.
_SYLLABLES = frozenset(
    "이다는에의을가은고하지로한를도사서기어대나자리인시아그해정있들보수일라게만과스으주여제전부장상적것원구조면거었연신오공소성마세안동"
    "무모우경내물생유관화때와국말개년문요방실중회당위히데비차계각네더선없람용같음결금미바분않반간러된되운업합체학달남치민영재권명단식"
    "발김박최강술진호복양태현준석종승철배송품객액량번완료취순출입통매점카드티트녹커피컵블랙레색형번호님확예약할총"
)


def _korean(characters: list[str]) -> float:
    letters = [c for c in characters if c.isalpha()]
    share = _share(letters, _HANGUL)
    if share < _NEARLY_ALL:
        return share / 2
    usual = sum(c in _SYLLABLES for c in letters)
    return 1.5 if len(letters) >= _ENOUGH or usual >= max(_SOME, 0.6 * len(letters)) else _PERHAPS


def _traditional(characters: list[str]) -> float:
    """By the characters in use, which come first in Big5."""
    return sum(b"\xa4" <= c.encode("big5", "replace") < b"\xc7" for c in characters) / max(1, len(characters)) - 0.2


#: How plausible characters beyond ASCII are in each encoding that gives them.
_COMMON = {"cp932": _japanese, "euc_jp": _japanese, "cp949": _korean, "big5": _traditional}


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
        return True
    except UnicodeEncodeError:
        return False


def _refuse_undecodable(name: str, data: bytes, encoding: str) -> None:
    if encoding in ("utf-8", "utf-8-sig") and quick.is_utf8(data) and b"\0" not in data:
        return
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            "{file} cannot be read as {encoding}: byte {byte} in line {line}. Try --encoding gb18030 or "
            "--encoding cp1252.",
            file=name,
            encoding=encoding,
            byte=f"0x{data[error.start]:02x}",
            line=data.count(b"\n", 0, error.start) + 1,
        ) from None
    except (LookupError, UnicodeError):
        raise DataError(
            "There is no encoding “{encoding}”. Usual ones: utf-8, gb18030, cp1252.", encoding=encoding
        ) from None
    at = text.find("\0")
    if at >= 0:
        raise DataError(
            "{file} holds NUL bytes (first in line {line}): the file is damaged, or is not text. Export it "
            "again, as UTF-8.",
            file=name,
            line=text.count("\n", 0, at) + 1,
        )


def _json(name: str, data: bytes, encoding: str, is_list: bool) -> Raw:
    """The records of a list, or of lines with one each; a part of them at a time, for as Python has them they take ten
    times the room."""
    records = _listed_records(name, data.decode(encoding)) if is_list else _record_a_line(name, data, encoding)
    parts: list[pd.DataFrame] = []
    rows: list[int] = []
    strange = None
    for some in iter(lambda: list(islice(records, _CHUNK)), []):
        rows += [row for row, _ in some]
        strange = strange or next((row for row, record in some if not isinstance(record, dict)), None)
        if strange is None:
            parts.append(_flattened([record for _, record in some]))
    if strange is not None:
        _refuse_record(name, strange)
    frame = pd.concat(parts, ignore_index=True).infer_objects() if len(parts) > 1 else (parts or [pd.DataFrame()])[0]
    return _typed(name, frame, {"text": "JSON" if is_list else "JSON lines"}, rows)


def _flattened(records: list[dict]) -> pd.DataFrame:
    # Flattening costs most of the time of a long log: records without anything nested are flat already.
    nested = any(isinstance(value, dict) for record in records for value in record.values())
    return pd.json_normalize(records, sep=".", max_level=5) if nested else pd.DataFrame.from_records(records)


def _record_a_line(name: str, data: bytes, encoding: str) -> Iterator[tuple[int, object]]:
    """(line, value) of each line that is not blank."""
    first = True
    for i, line in enumerate(io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="\n"), 1):
        if not line.strip():
            continue
        if first and line.strip() == "{":  # one object over several lines
            _refuse_record(name, i)
        first = False
        yield i, _loads(name, line.removesuffix("\n"), i)


def _listed_records(name: str, text: str) -> Iterator[tuple[int, object]]:
    """(number, value) of each element of a list, one by one until something is out of the ordinary: then the list is
    read whole, which says where it is no JSON."""
    begins = _BEGINS.match(text)
    number, at = 0, begins.end() if begins and not _HALVES.search(text) else None
    while at is not None:
        try:
            record, end = _AS_WRITTEN.raw_decode(text, at)
        except json.JSONDecodeError:
            break
        number += 1
        yield number, record
        if _ENDS.match(text, end):
            return
        comma = _COMMA.match(text, end)
        at = comma.end() if comma else None
    yield from list(enumerate(_loads(name, text, 1), 1))[number:]


def _refuse_record(name: str, line: int) -> None:
    raise DataError(
        "{file}, line {line}: expected one object {{…}} a record. Export it as JSON lines.", file=name, line=line
    )


_AS_WRITTEN = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)
#: Halves of a character without the other half cannot be written again.
_HALVES = re.compile(r"\\u[dD][89a-fA-F]")
_BEGINS, _COMMA, _ENDS = (
    re.compile(sign) for sign in (r"[ \t\r\n]*\[[ \t\r\n]*", r"[ \t\r\n]*,[ \t\r\n]*", r"[ \t\r\n]*\][ \t\r\n]*\Z")
)


def _loads(name: str, text: str, line: int) -> object:
    """Numbers stay text: an id of twenty digits keeps them all."""
    try:
        value = _AS_WRITTEN.decode(text)
    except json.JSONDecodeError as error:
        raise DataError(
            "{file}, line {line}: not valid JSON ({why}). The file may be cut short; export it again.",
            file=name, line=line + error.lineno - 1, why=error.msg,
        ) from None  # fmt: skip
    if _HALVES.search(text):
        value = json.loads(
            json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    return value


def _delimited(name: str, data: bytes, encoding: str, sample: str) -> Raw:
    delimiter = _delimiter(sample)
    records = _records(name, data, encoding, delimiter)
    head = []
    for record in records:
        head.append(record)
        if len(head) == 60:
            break
    if not head:
        raise DataError("{file} holds nothing but blanks. Export it again.", file=name)
    layout = _layout(name, head)
    names, width = layout.names, len(layout.names)
    frame, below = None, []
    if delimiter in DELIMITERS and layout.first < len(head):
        frame = quick.cells(data, encoding, delimiter, head[layout.first][0], width)
    if frame is None:
        frame, below = _strictly(name, chain(head[layout.first :], records), width)
    frame.columns = names
    frame, notes = _without_totals(name, frame)
    facts = {"delimiter": {"\t": "tab", " ": "blanks", _RULED: "ruled lines"}.get(delimiter, delimiter)}
    return Raw(name, frame, layout.header, facts, layout.notes + notes + _footer(name, below))


def _strictly(name: str, records: Iterator[tuple[int, list[str]]], width: int) -> tuple[pd.DataFrame, list[list[str]]]:
    """The records of a table as columns 0 … width − 1, their lines as index, and the lines below the table."""
    rows: list[int] = []
    held: list[list[str]] = []
    parts: list[pd.DataFrame] = []

    def flush() -> None:
        if rows:
            columns = {i: pd.array(cells, dtype="str") for i, cells in enumerate(zip(*held, strict=True))}
            parts.append(pd.DataFrame(columns, index=list(rows)))
            rows.clear()
            held.clear()

    below: list[list[str]] = []
    for line, cells in records:
        if below or (len(cells) < width and _begins_footer(cells)):
            # Only the end of a file is no table; what follows as a record says that a line above is broken.
            if len(cells) == width and sum(map(bool, cells)) > width // 2:
                _fit(name, line - 1, below[-1], width)
            below.append(cells)
            continue
        rows.append(line)
        held.append(cells if len(cells) == width else _fit(name, line, cells, width))
        if len(rows) == _CHUNK:
            flush()
    flush()
    frame = pd.concat(parts) if parts else pd.DataFrame({i: pd.array([], dtype="str") for i in range(width)})
    return frame, below


#: A list as SAP saves it, and as the consoles of databases print it: lines of dashes, a | before and after each cell.
_RULED = "| |"
_RULE = re.compile(r"^\s*[|+]?[-=+|: ]*-{3,}[-=+|: ]*$")
#: What stands in the first column beside a sum: SAP's stars, one for each level.
_STARS = re.compile(r"^\*{1,9}$")


def _is_ruled(line: str) -> bool:
    line = line.strip()
    return bool(_RULE.match(line)) or (len(line) > 1 and line[0] == line[-1] == "|")


def _delimiter(sample: str) -> str:
    """The sign that splits most lines into the same number of fields, at least two; else blanks; else a comma."""
    lines = [line for line in sample.splitlines()[:200] if line.strip()]
    if len(sample) == 1 << 18 and len(lines) > 1:
        lines = lines[:-1]
    if any(map(_RULE.match, lines)) and sum(map(_is_ruled, lines)) > len(lines) // 2:
        return _RULED
    best, best_score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        counts = Counter(len(r) for r in csv.reader(lines, delimiter=delimiter))
        fields, rows = max(counts.items(), key=lambda kv: (kv[1], kv[0]))
        score = (rows / sum(counts.values()), fields)
        if fields > 1 and score > best_score:
            best, best_score = delimiter, score
    if best_score[1] == 0:
        counts = Counter(len(line.split()) for line in lines)
        fields, rows = counts.most_common(1)[0]
        if fields > 2 and rows >= 0.9 * len(lines):
            return " "
    return best


def _records(name: str, data: bytes, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of every record that is not blank."""
    stream = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, newline="")
    if delimiter == " ":
        for line, text in enumerate(stream, 1):
            if text.strip():
                yield line, text.split()
        return
    if delimiter == _RULED:
        yield from _ruled(stream)
        return
    reader = csv.reader(stream, delimiter=delimiter, strict=True)
    start = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(
                "{file}: the quotes do not match in the record that starts in line {line} ({why}). "
                "Close or double the quotation mark there, or export the file again.",
                file=name, line=start, why=str(error),
            ) from None  # fmt: skip
        if cells and (cells[0].strip() or any(c.strip() for c in cells)):
            yield start, cells
        start = reader.line_num + 1


def _ruled(stream: Iterator[str]) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells) of a ruled list, without what a page begins with: its title, the header once more."""
    header: list[str] | None = None
    for line, text in enumerate(stream, 1):
        text = text.strip()
        if not _is_ruled(text) or _RULE.match(text):
            continue
        cells = [cell.strip() for cell in text[1:-1].split("|")]
        if cells == header:
            continue
        header = header or cells
        if _STARS.match(cells[0]) and 2 * sum(map(bool, cells)) <= len(cells) + 1:
            cells[0] = "total"
        yield line, cells


#: What stands below a table: sums and signatures, lines of dashes, sentences; a record that was cut short does not.
_FOOTER = re.compile(
    r"^[`'\s]*(?:总|合计|共\d|grand total|total|sum\b|applied filters|confidential|copyright|[-—=─]{3,})", re.I
)


def _begins_footer(cells: list[str]) -> bool:
    first = cells[0].strip()
    alone = not any(c.strip() for c in cells[1:])
    return bool(_FOOTER.match(first)) or (alone and bool(re.search(r"\s|[一-鿿].*[：:。]", first)))


def _footer(name: str, below: list[list[str]]) -> list[Sentence]:
    if not below:
        return []
    text = " ".join(c.strip() for c in below[0] if c.strip())
    return [
        Sentence(
            "{file}: {rows} {rows:line|lines} below the table left out, beginning “{text}”.",
            file=name,
            rows=len(below),
            text=text[:60],
        )
    ]


def _fit(name: str, line: int, cells: list[str], width: int) -> list[str]:
    """Refuse a ragged record; blank cells beyond the last column are only a trailing delimiter."""
    if len(cells) > width and not any(c.strip() for c in cells[width:]):
        return cells[:width]
    if len(cells) < width and _TOTAL.match(cells[0].strip()):
        return cells + [""] * (width - len(cells))
    raise DataError(
        "{file}, line {line}: {found} {found:field|fields}, expected {width}. A delimiter or a "
        "quotation mark is missing or "
        "too many there. Mend the line, or export the file again.",
        file=name,
        line=line,
        found=len(cells),
        width=width,
    )


# --- where the table stands on the page ------------------------------------------------------------------------------


@dataclass
class _Layout:
    names: list[str]
    first: int
    header: bool
    notes: list[Sentence]


def _layout(name: str, records: list[tuple[int, list]]) -> _Layout:
    """Find the header among the first records: below title rows, perhaps of two lines with merged cells."""
    head = [cells for _, cells in records]
    width = Counter(_filled(row) for row in head).most_common(1)[0][0]
    widest = max(len(row) for row in head)
    best = max(range(len(head)), key=lambda i: (_headers_less_figures(head[i]), -i))
    if _headers_less_figures(head[best]) > 0:
        if any(_figures(row) and _filled(row) >= _filled(head[best]) for row in head[:best]):
            raise DataError(
                "The header of {file} stands in row {row}, below data. Move it to the top.",
                file=name,
                row=records[best][0],
            )
    else:
        best = next((i for i, row in enumerate(head) if _filled(row) >= max(2, 0.6 * width)), 0)
        if not _looks_like_header(head, best):
            return _Layout([str(i + 1) for i in range(widest)], best, False, _titles(name, best))
    best += _continues(head, best)
    names = [str(c or "").strip() for c in head[best]]
    above = [str(c or "").strip() for c in head[best - 1]] if best else []
    titles = best
    gaps, repeats = _filled(names) < max(len(names), _filled(above)), len(set(names)) < len(names)
    if _filled(above) > 1 and (gaps or repeats):
        names = _two_lines(above, names)
        titles -= 1
    while (
        names
        and not names[-1]
        and not any(str(r[len(names) - 1] or "").strip() for r in head[best + 1 :] if len(r) >= len(names))
    ):
        names.pop()  # a trailing delimiter
    names, twins = _numbered(name, names)
    names = [n or str(i + 1) for i, n in enumerate(names)]
    return _Layout(names, best + 1, True, _titles(name, titles) + twins)


#: A number or a date as a whole cell; "Q8-1", "Q1.1" and "1-1服务" are names.
_FIGURE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}(?:[-/.月]\d{0,4})?日?(?:[ T]+\S*\d.*)?$|^[¥$£€]?[\d,.]+$")


def _figures(row: list) -> int:
    """How many cells are numbers or dates."""
    return sum(bool(_FIGURE.search(str(c if c is not None else "").strip())) for c in row)


def _headers_less_figures(row: list) -> int:
    """How much a row looks like a header; a record may hold a word such as "store" too, but among figures."""
    return mapping.known_headers(row) - _figures(row)


def _filled(row: list) -> int:
    return sum(bool(str(c if c is not None else "").strip()) for c in row)


def _looks_like_header(head: list[list], at: int) -> bool:
    """A first row without figures or dates above rows that have some; months may be names of columns too."""
    below = head[at + 1 : at + 20]
    if not head[at] or _filled(head[at]) == 0:
        return False
    months = sum(bool(_MONTH.match(str(c or "").strip())) for c in head[at])
    figures = _figures(head[at])
    if figures and (figures > months or any(_MONTH.match(str(c or "").strip()) for row in below for c in row)):
        return False
    # In cells that nobody parted a figure is no cell of its own.
    digits = (
        any(re.search(r"\d", str(c or "")) for c in head[at]),
        any(re.search(r"\d", str(c or "")) for r in below for c in r),
    )
    return not below or any(map(_figures, below)) or digits == (False, True)


#: A month without a day: a column of a table that is spread out, never the date of a record.
_MONTH = re.compile(r"^(?:19|20)\d\d[-/.年](?:0?[1-9]|1[0-2])月?$")


def _continues(head: list[list], at: int) -> bool:
    """True where the row below a header names the fields of a subform: it is filled only under a cell that is merged
    across, and holds no figures."""
    if at + 1 >= len(head):
        return False
    filled = [[bool(str(c or "").strip()) for c in row] for row in head[at : at + 2]]
    gaps = {i for i, is_filled in enumerate(filled[0]) if not is_filled}
    under = gaps | {i - 1 for i in gaps}
    below = {i for i, is_filled in enumerate(filled[1]) if is_filled}
    return len(below) > 1 and below <= under and not below <= gaps and not _figures(head[at + 1])


def _two_lines(above: list[str], names: list[str]) -> list[str]:
    """Join a header of two lines: a cell merged downwards gives the name, one merged across tells repeated names apart
    and completes those that only make a known header together (客户 above 编号)."""
    above = above + [""] * (len(names) - len(above))
    names = names + [""] * (len(above) - len(names))
    parents, parent = [], ""
    for upper in above:
        parent = upper or parent
        parents.append(parent)
    twice = {n for n in names if n and names.count(n) > 1}
    return [
        (p + n if n in twice or mapping.known_headers([p + n]) else n) if n else u
        for n, u, p in zip(names, above, parents, strict=True)
    ]


def _numbered(name: str, names: list[str]) -> tuple[list[str], list[Sentence]]:
    """Columns that are called alike are told apart by a number; the first keeps its name."""
    seen: Counter = Counter()
    numbered = []
    for n in names:
        seen[n] += 1
        numbered.append(f"{n} ({seen[n]})" if n and seen[n] > 1 else n)
    twice = [n for n, count in seen.items() if n and count > 1]
    if not twice:
        return numbered, []
    note = Sentence(
        "{file}: several columns are called {names}; the first keeps its name, the others are numbered.",
        file=name,
        names=first_few(twice),
    )
    return numbered, [note]


def _titles(name: str, rows: int) -> list[Sentence]:
    return (
        [Sentence("{file}: {rows} title {rows:row|rows} above the header skipped.", file=name, rows=rows)]
        if rows
        else []
    )


def _without_totals(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Sentence]]:
    """Rows that begin with a word such as 合计 and leave cells blank are sums of others: not records."""
    begins, total = np.ones(len(frame), dtype=bool), np.zeros(len(frame), dtype=bool)
    for column in frame.columns[:3]:
        filled = frame[column].notna().to_numpy() & (frame[column] != "").to_numpy(dtype=bool)
        words = frame[column].where(begins & filled).astype("str")
        total |= words.isin([w for w in words.unique() if isinstance(w, str) and _TOTAL.match(w.strip())]).to_numpy()
        begins &= ~filled
        if not begins.any():
            break
    if not total.any():
        return frame, []
    at = np.flatnonzero(total)
    total[at] = [
        _filled(row) < len(row) for row in frame.iloc[at].astype(object).where(frame.iloc[at].notna(), "").to_numpy()
    ]
    if not total.any():
        return frame, []
    notes = [Sentence("{file}: {rows} total {rows:row|rows} skipped.", file=name, rows=int(total.sum()))]
    return _filled_down(name, frame, total, notes), notes


def _filled_down(name: str, frame: pd.DataFrame, total: np.ndarray, notes: list[Sentence]) -> pd.DataFrame:
    """Rows without their sums; where rows stand in groups, each with its sum below it, what only the first row of each
    group holds in the first columns is that of all its rows."""
    group = np.cumsum(total) - total
    rows = frame[~total]
    group = pd.Series(group[~total], index=rows.index)
    if total.sum() < 2 or group.nunique() < 2:
        return rows
    first = ~group.duplicated()
    for column in frame.columns[:3]:
        blank = rows[column].isna() | (rows[column] == "")
        if not first.all() and not blank[first].any() and blank[~first].all():
            rows = rows.assign(**{column: rows[column].where(first).groupby(group).transform("first")})
            notes.append(
                Sentence(
                    "{file}: only the first row of a group holds {column}; the rows below are filled from it.",
                    file=name,
                    column=column,
                )
            )
        else:
            break
    return rows


# --- typed formats ---------------------------------------------------------------------------------------------------


def _read_excel(path: Path, part: str | None, encoding: str | None) -> Raw:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        if part is not None and part not in book.sheet_names:
            raise DataError(
                "{file} has no sheet “{part}”. It has: {parts}.",
                file=_name(path),
                part=part,
                parts=first_few(book.sheet_names, 12),
            )
        names = [part] if part else _shown(book)
        refuse_far_cells(path, _name(path), names)
        sheets = {n: book.get_sheet_by_name(n) for n in names}
        pages = {n: s.to_python(skip_empty_area=False) for n, s in sheets.items()}
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            "{file} cannot be read as an Excel workbook: it is damaged or protected by a password. Save it again.",
            file=_name(path),
        ) from None
    pages = {n: rows for n, rows in pages.items() if any(_filled(r) for r in rows)}
    if not pages:
        raise DataError("{file}: every sheet is empty. Export it again.", file=_name(path))
    # The sheet whose header is known best; the first one where several are alike.
    name = max(pages, key=lambda n: max(mapping.known_headers(r) for r in pages[n][:60]))
    notes = []
    if hidden := [] if part else [n for n in book.sheet_names if n not in names]:
        notes.append(
            Sentence(
                "{file}: {n} {n:sheet|sheets} that nobody sees or that hold no cells were left out (first: {first}); "
                "write {file}::NAME for one of them.",
                file=_name(path),
                n=len(hidden),
                first=first_few(hidden),
            )
        )
    if len(pages) > 1:
        notes.append(
            Sentence(
                "{file}: sheet “{sheet}” was read; write {file}::NAME for another of {n}.",
                file=_name(path),
                sheet=name,
                n=len(pages),
            )
        )
    return _sheet(_name(path), name, pages[name], getattr(sheets[name], "merged_cell_ranges", None) or [], notes)


def _shown(book: object) -> list[str]:
    """The sheets that a reader of the workbook sees; one that somebody hid is read where it is named, or is all."""
    kinds = [(one.name, str(one.typ), str(one.visible)) for one in book.sheets_metadata]
    tables = [name for name, kind, _ in kinds if kind.endswith("WorkSheet")]
    return [name for name, _, seen in kinds if name in tables and seen.endswith(".Visible")] or tables


def _sheet(file: str, sheet: str, page: list[list], merged: list, notes: list[Sentence]) -> Raw:
    records = [(i, row) for i, row in enumerate(page, 1) if _filled(row)]
    layout = _layout(file, records[:60])
    body = records[layout.first :]
    once = set()
    for (top, left), (bottom, right) in merged:  # a cell merged downwards means its value in every row
        if body and top + 1 >= body[0][0] and left == right and left < len(layout.names):
            once.add(layout.names[left])
            # A frame may be merged below the last record too: there is nothing to fill in.
            for row in range(top + 1, min(bottom + 1, body[-1][0])):
                page[row][left] = page[top][left]
    width = len(layout.names)
    cells = [[None if c == "" else c for c in row[:width]] + [None] * (width - len(row)) for _, row in body]
    frame = pd.DataFrame(cells, columns=layout.names, index=[i for i, _ in body], dtype="object")
    if layout.header:  # between the table and a stray cell beside it lie columns of nothing
        filled = frame.notna().any().to_numpy()
        frame = frame.loc[:, [f or n != str(i) for i, (n, f) in enumerate(zip(layout.names, filled, strict=True), 1)]]
    frame, total_notes = _without_totals(file, frame)
    frame, below = _without_footer(file, frame)
    notes = notes + layout.notes + total_notes + below
    return Raw(file, frame.apply(_settle), layout.header, {"sheet": sheet}, notes, frozenset(once))


def _without_footer(file: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Sentence]]:
    """Rows at the end of a sheet that hold one remark and no record."""
    filled = frame.notna().sum(axis=1).to_numpy()
    end = len(frame)
    while end and len(frame.columns) > 2 and filled[end - 1] == 1 and _begins_footer([str(frame.iloc[end - 1, 0])]):
        end -= 1
    below = [[str(c) for c in row if c is not None] for row in frame.iloc[end:].to_numpy()]
    return frame.iloc[:end], _footer(file, below)


def _settle(column: pd.Series) -> pd.Series:
    """One type for a column of an Excel sheet where all its cells agree, else text as the sheet showed it."""
    kinds = {type(v) for v in column.dropna()}
    if kinds <= {int, float} and kinds:
        return column.astype("float64")
    names = {k.__name__ for k in kinds}
    if names <= {"datetime", "date", "Timestamp"} and names:
        return pd.to_datetime(column, errors="coerce")
    return column.map(_as_shown, na_action="ignore").astype("str")


def _as_shown(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else str(value)


#: Whole numbers with gaps stay whole (float64 would cut long ids); an index column is a column like any other.
_TO_PANDAS = {"integer_object_nulls": True, "ignore_metadata": True, "date_as_object": False}


def framed(table: "pa.Table") -> pd.DataFrame:
    """An Arrow table as a frame; whole numbers stay whole, though a gap or a decimal type would make them floats."""
    import pyarrow as pa

    for i, column in enumerate(table.schema):
        marks = (column.metadata or {}).items()
        if pa.types.is_decimal(column.type) or marks >= databases.DECIMAL.items():
            table = table.set_column(i, column.name, _decimals(table.column(i)))
        elif marks >= databases.TIME.items():
            table = table.set_column(i, column.name, _times(table.column(i)))
    return table.to_pandas(**_TO_PANDAS, self_destruct=True, split_blocks=True)


def _decimals(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Exact decimals, whose type says that a point is a point: whole numbers where all are, else the nearest floats.

    Whole numbers beyond 64 bits stay text.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = column.cast(pa.string())
    fraction = pc.match_substring_regex(texts, r"\.\d*[1-9]|[^\d.+-]")
    if pc.any(fraction).as_py():
        return texts.cast(pa.float64())
    whole = pc.replace_substring_regex(texts, r"\.0*$", "")
    try:
        return whole.cast(pa.int64())
    except pa.ArrowInvalid:
        return whole


def _times(column: "pa.ChunkedArray") -> "pa.ChunkedArray":
    """Times that a server wrote; as text where one of them is in no calendar (0000-00-00)."""
    import pyarrow as pa

    try:
        return column.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        return column


def parquet_head(path: Path, rows: int) -> tuple[Raw, "pa.Schema"]:
    """The first rows of a Parquet file as `open_source` gives all of them, and the types of its columns.

    Raises
    ------
    OSError, pyarrow.ArrowException : it cannot be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        batches = [next(file.iter_batches(rows))] if file.metadata.num_rows else []
        schema = file.schema_arrow
        return _typed(_name(path), framed(pa.Table.from_batches(batches, schema)), {}), schema


def _read_parquet(path: Path, part: str | None, encoding: str | None) -> Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            frame = framed(file.read())
    except (pa.ArrowException, OSError):
        raise DataError("{file} is a damaged Parquet file. Copy or export it again.", file=_name(path)) from None
    return _typed(_name(path), frame, {})


def _read_stats(path: Path, part: str | None, encoding: str | None) -> Raw:
    """SPSS, Stata or R. User-missing values are blank; value labels never take a number's place."""
    ending = path.suffix.lower()
    r = ending in (".rds", ".rdata", ".rda")
    try:
        if r:
            import pyreadr
        else:
            import pyreadstat
    except ImportError:
        raise DataError(
            "{file} is {kind}; reading it needs a package more. To install it: {command}",
            file=_name(path),
            kind=_NAMES["stats"],
            command=extras.command("stats"),
        ) from None
    try:
        if r:
            frames = {str(name): frame for name, frame in pyreadr.read_r(str(path)).items()}
            part = _one_of(path, part, list(frames)) if set(frames) != {"None"} else "None"
            return _typed(_name(path), frames[part], {} if part == "None" else {"table": part})
        read = pyreadstat.read_dta if ending == ".dta" else pyreadstat.read_sav
        frame, meta = read(str(path))
    except DataError:
        raise
    except Exception as error:  # each of the readers has errors of its own, with no common parent
        raise _damaged(path, error) from None
    raw = _typed(_name(path), frame, {})
    raw.labels = {c: str(text) for c, text in meta.column_names_to_labels.items() if text}
    return raw


def _read_sqlite(path: Path, part: str | None, encoding: str | None) -> Raw:
    import sqlite3

    listing = (
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    )
    connection = None
    try:
        with _as_it_lies(path) as still:
            # Nothing is written beside a file that nobody changes.
            connection = sqlite3.connect(f"{still.resolve().as_uri()}?mode=ro&immutable={int(still == path)}", uri=True)
            part = _one_of(path, part, [row[0] for row in connection.execute(listing)])
            cursor = connection.execute(f"SELECT * FROM {_quoted(part)}")
            names = [column[0] for column in cursor.description]
            parts = [_as_text(rows, names) for rows in iter(lambda: cursor.fetchmany(_CHUNK), [])]
            connection.close()
        frame = pd.concat(parts, ignore_index=True) if parts else _as_text([], names)
        filled = [c for c in names if frame[c].notna().all()]  # a gap would turn whole numbers into float64
        frame = frame.astype(frame[filled].infer_objects().dtypes)
    except sqlite3.Error as error:
        raise _damaged(path, error) from None
    finally:
        if connection:
            connection.close()
    return _typed(_name(path), frame, {"table": part})


def _as_text(rows: list[tuple], names: list[str]) -> pd.DataFrame:
    """Rows of a database: columns of nothing but text as such, which take less room so, others as they are."""
    columns = {}
    for i, cells in enumerate(zip(*rows, strict=True) if rows else [()] * len(names)):
        is_text = bool(cells) and all(isinstance(cell, str) for cell in cells)
        columns[i] = pd.Series(cells, dtype="str" if is_text else "object")
    return pd.DataFrame(columns).set_axis(names, axis=1)


@contextlib.contextmanager
def _as_it_lies(path: Path) -> Iterator[Path]:
    """The database, or a copy of it where its latest rows still lie in a file beside it: reading would change both."""
    beside = [path.with_name(path.name + ending) for ending in ("-wal", "-journal")]
    waiting = [one for one in beside if one.is_file() and one.stat().st_size]
    if not waiting:
        yield path
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for one in (path, *waiting):
            shutil.copyfile(one, Path(folder) / one.name)
        yield Path(folder) / path.name


def _read_duckdb(path: Path, part: str | None, encoding: str | None) -> Raw:
    import duckdb
    import pyarrow as pa

    connection = None
    try:
        # Whatever views the file brings along, no other file is read.
        connection = duckdb.connect(str(path), read_only=True, config={"enable_external_access": "false"})
        connection.execute("SET TimeZone = 'UTC'")
        listing = connection.execute("SELECT table_name FROM information_schema.tables ORDER BY table_name").fetchall()
        part = _one_of(path, part, [row[0] for row in listing])
        kinds = connection.execute(f"DESCRIBE SELECT * FROM {_quoted(part)}").fetchall()
        # A value that is of one kind here and of another there has no column in Arrow: it is read as text.
        cells = (
            f"CAST({_quoted(n)} AS VARCHAR) AS {_quoted(n)}" if "UNION(" in k else _quoted(n) for n, k, *_ in kinds
        )
        table = connection.sql(f"SELECT {', '.join(cells)} FROM {_quoted(part)}").to_arrow_table()
    except (duckdb.Error, pa.ArrowException) as error:
        raise _damaged(path, error) from None
    finally:
        if connection:
            connection.close()
    return _typed(_name(path), framed(table), {"table": part})


class Several(DataError):
    """A database of which the table is not named, or not there; `tables` is the choice where none is named."""

    def __init__(self, path: Path, part: str | None, tables: Sequence[str]) -> None:
        super().__init__(
            "{file} holds the tables {tables}. Say which one: {file}::TABLE.",
            file=_name(path),
            tables=first_few(tables, 12) or "–",
        )
        self.tables = tuple(tables) if part is None else ()


def _one_of(path: Path, part: str | None, tables: list[str]) -> str:
    if part is None and len(tables) == 1:
        return tables[0]
    if part not in tables:
        raise Several(path, part, tables)
    return part


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _damaged(path: Path, error: Exception) -> DataError:
    if isinstance(error, MemoryError) or type(error).__name__ in ("OutOfMemoryException", "InterruptException"):
        raise error  # nothing is wrong with the file
    return DataError(
        "{file} cannot be read as a database ({why}). It may be damaged or in use; copy it again.",
        file=_name(path),
        why=str(error).splitlines()[0][:120],
    )


def _typed(name: str, frame: pd.DataFrame, facts: dict, rows: Sequence[int] | None = None) -> Raw:
    """A frame with types of its own as Raw: column names as text, records counted from 1 unless `rows` says so."""
    frame = frame.set_axis([str(c) for c in frame.columns], axis=1).set_axis(rows or range(1, len(frame) + 1))
    names, notes = _numbered(name, list(frame.columns))
    frame = frame.set_axis(names, axis=1)
    for column in (c for c in frame if frame[c].dtype == object):  # not by Series.map, which makes 1, None a float
        frame[column] = pd.Series([_flat(v) for v in frame[column]], index=frame.index, dtype="object")
    for column in frame.select_dtypes(["datetime", "datetimetz"]):
        frame[column] = _of_the_calendar(frame[column])
    return Raw(name, frame, True, facts, notes)


def _of_the_calendar(moments: pd.Series) -> pd.Series:
    """Moments; as text where one lies beyond the years that a Timestamp can say, for a database has “infinity” too."""
    beyond = moments.notna() & ~moments.dt.year.between(2, 9998)
    if not beyond.any():
        return moments
    shown = pd.Series(None, index=moments.index, dtype="object")
    shown[moments.notna() & ~beyond] = moments[moments.notna() & ~beyond].astype("str").astype("object")
    far = moments[beyond].astype("int64").to_numpy().astype(f"datetime64[{moments.dt.unit}]")
    shown[beyond] = [str(moment) for moment in far]
    return shown


def _flat(cell: object) -> object:
    """Lists, records and bytes as text. Bytes that are none are written in hexadecimal: two of them are never alike."""
    if isinstance(cell, bytes | bytearray | memoryview):
        try:
            return bytes(cell).decode("utf-8")
        except UnicodeDecodeError:
            return bytes(cell).hex()
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    return json.dumps(cell, ensure_ascii=False, default=str) if isinstance(cell, list | dict | tuple | set) else cell


_READERS = {
    "gzip": _read_gzip,
    "text": _read_text,
    "excel": _read_excel,
    "parquet": _read_parquet,
    "stats": _read_stats,
    "sqlite": _read_sqlite,
    "duckdb": _read_duckdb,
}
