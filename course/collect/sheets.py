"""How large a sheet of a workbook would be in memory, before it is read: one stray cell can make it a billion cells.

A reader lays a sheet out as a rectangle from its first filled cell to its last. XFD1048576, Excel's own last cell, is a
rectangle of seventeen thousand million.
"""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from course.errors import DataError

#: A rectangle of so many cells is read whatever is in it; of a larger one every tenth cell has to be filled.
_ANY, _FILLED = 20_000_000, 0.1
_PIECE = 1 << 20
#: A cell that has a value: its column and its row. One that only has a format closes itself.
_CELL = re.compile(rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>/]*>')
_REFERENCE = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def refuse_far_cells(path: Path, name: str, sheets: list[str]) -> None:
    """Refuse a workbook (.xlsx) that would be read as far more cells than it has.

    Parameters
    ----------
    name : what the file is called in a sentence.
    sheets : those that will be read; others may be as large as they like.

    Raises
    ------
    DataError : a cell stands far away from all others.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        parts = _parts(archive)
        for sheet in sheets:
            filled, columns, rows = _extent(archive, parts[sheet]) if sheet in parts else (0, 0, 0)
            if columns * rows > max(_ANY, filled / _FILLED):
                raise DataError(
                    "{file}, sheet “{sheet}”: a cell far away from the table (column {column}, row {row:,}) makes it "
                    "{cells:,} cells large, of which {filled:,} are filled. Delete the columns and rows beside and "
                    "below the table, and save it again.",
                    file=name,
                    sheet=sheet,
                    column=_letters(columns),
                    row=rows,
                    cells=columns * rows,
                    filled=filled,
                )


def _parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """The sheets' names and where each is in the archive; those of a workbook that cannot be followed are left out."""
    try:
        targets = {
            one.get("Id"): one.get("Target", "")
            for one in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        }
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    except (KeyError, ElementTree.ParseError, zipfile.BadZipFile):
        return {}
    found = {}
    for one in book.iter():
        if one.tag.endswith("}sheet") and (target := targets.get(one.get(_REFERENCE))):
            part = posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")
            if part in archive.namelist():
                found[one.get("name", "")] = part
    return found


def _extent(archive: zipfile.ZipFile, part: str) -> tuple[int, int, int]:
    """How many cells are filled, and the last column and row in which one is."""
    filled, columns, rows = 0, set(), 0
    for text in _pieces(archive, part):
        cells = _CELL.findall(text)
        filled += len(cells)
        columns |= {column for column, _ in cells}
        rows = max(rows, *(int(row) for _, row in (cells[:1] + cells[-1:])), 0) if cells else rows
    return filled, max(map(_number, columns), default=0), rows


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """The text of a part, cut between cells."""
    with archive.open(part) as file:
        rest = b""
        while piece := file.read(_PIECE):
            whole, cut, rest = (rest + piece).rpartition(b"<")
            yield whole
            rest = cut + rest
        yield rest


def _number(column: bytes) -> int:
    number = 0
    for letter in column:
        number = 26 * number + letter - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, letter = divmod(number - 1, 26)
        letters = chr(65 + letter) + letters
    return letters
