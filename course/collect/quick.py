"""Delimited text read fast, where there is no doubt what it says: whatever is out of the ordinary is the strict
parser's (`course.collect.sources`), which reads it or words why not.

A text is beyond doubt where every line ends alike, every quotation mark opens, closes or doubles, and every record has
as many cells as the header. Then Arrow reads the same cells as `csv`, and the line on which each record stands is
counted from the ends of lines outside quotation marks.
"""

import codecs

import numpy as np
import pandas as pd

#: Longer cells are refused, by their number of characters.
LONGEST = 1 << 20
_LF, _CR, _QUOTE = b"\n"[0], b"\r"[0], b'"'[0]
#: What `str.strip` takes for a blank.
_BLANKS = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
_PIECE = 1 << 24


def cells(data: bytes, encoding: str, delimiter: str, line: int, width: int) -> pd.DataFrame | None:
    """The records from `line` on as columns 0 … width − 1 of text, their lines as index; None where there is a doubt.

    Parameters
    ----------
    data : the whole text, which `encoding` can read and which holds no NUL.
    delimiter : one sign, not a blank. A record of blanks alone is none.
    """
    import pyarrow as pa
    from pyarrow import csv

    utf8 = _utf8(data, encoding)
    if utf8 is None:
        return None
    start, end = _from_line(utf8, line), _without_last_ends(utf8)
    if start is None or start >= end or utf8.startswith(codecs.BOM_UTF8, start):  # Arrow would leave the mark out
        return None
    found = _lines(utf8, start, end, ord(delimiter))
    if found is None:
        return None
    lines, has_quotes, over_lines = found
    names = [str(i) for i in range(width)]
    try:
        table = csv.read_csv(
            pa.BufferReader(pa.py_buffer(utf8).slice(start, end - start)),
            csv.ReadOptions(column_names=names),
            csv.ParseOptions(
                delimiter=delimiter, quote_char='"' if has_quotes else False, newlines_in_values=over_lines
            ),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # a record of more or fewer cells, or longer than Arrow's block
        return None
    if len(table) != len(lines) or _holds_long_cells(table):
        return None
    blank = _blank(table)
    columns = {i: pd.array(table.column(i), dtype="str") for i in range(width)}
    frame = pd.DataFrame(columns, index=pd.Index(lines + line))
    return frame if not len(blank) else frame.drop(index=frame.index[blank])


def is_utf8(data: bytes) -> bool:
    """Whether a text is UTF-8 from its first byte to its last; piece by piece, for a decoded text takes more room."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _PIECE):
            decoder.decode(data[at : at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf8(data: bytes, encoding: str) -> bytes | None:
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig", "ascii"):
        return data
    try:
        return data.decode(encoding).encode("utf-8")
    except UnicodeEncodeError:  # half a character, in encodings that allow it
        return None


def _from_line(text: bytes, line: int) -> int | None:
    """Where a line begins, counted from 1; None where ends of lines are of several kinds."""
    start = 0
    for _ in range(line - 1):
        start = text.find(b"\n", start) + 1
        if not start:
            return None
    return start if text.count(b"\r", 0, start) == text.count(b"\r\n", 0, start) else None


def _without_last_ends(text: bytes) -> int:
    end = len(text)
    while end and text[end - 1] in b"\r\n":
        end -= 1
    return end


def _lines(text: bytes, start: int, end: int, delimiter: int) -> tuple[np.ndarray, bool, bool] | None:
    """On which line (0: the first) each record that is not empty begins, whether there are quotation marks, and whether
    a cell goes over several lines; None where a quotation mark or an end of line stands where it should not."""
    if text.count(b"\r", start, end) != text.count(b"\r\n", start, end):
        return None
    signs = np.frombuffer(text, dtype=np.uint8, count=end - start, offset=start)
    ends, quotes = _places(signs, _LF), _places(signs, _QUOTE)
    if not _well_quoted(signs, quotes, delimiter):
        return None
    outside = np.searchsorted(quotes, ends) % 2 == 0
    first = np.append(0, ends[outside] + 1)
    lines = np.append(0, np.flatnonzero(outside) + 1)
    empty = (signs[first] == _LF) | (signs[first] == _CR)
    return lines[~empty], bool(len(quotes)), not outside.all()


def _places(signs: np.ndarray, sign: int) -> np.ndarray:
    """Where a sign stands; piece by piece, for a comparison of the whole is as large as the text."""
    pieces = range(0, len(signs), _PIECE)
    return np.concatenate([np.flatnonzero(signs[at : at + _PIECE] == sign) + at for at in pieces])


def _well_quoted(signs: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """True where each mark opens a cell at its beginning, closes it at its end, or is one of two inside it."""
    if not len(quotes):
        return True
    if len(quotes) % 2:
        return False
    opening, closing = quotes[::2], quotes[1::2]
    doubled = opening[1:] == closing[:-1] + 1
    opens = np.isin(signs[opening - 1], [delimiter, _LF])
    opens[0] |= opening[0] == 0
    opens[1:] |= doubled
    closes = np.isin(signs[np.minimum(closing + 1, len(signs) - 1)], [delimiter, _LF, _CR])
    closes[-1] |= closing[-1] == len(signs) - 1
    closes[:-1] |= doubled
    return bool(opens.all() and closes.all())


def _holds_long_cells(table: object) -> bool:
    """Bytes are never fewer than characters."""
    import pyarrow.compute as pc

    return any((pc.max(pc.binary_length(column)).as_py() or 0) >= LONGEST for column in table.columns)


def _blank(table: object) -> np.ndarray:
    """The records that hold nothing but blanks."""
    import pyarrow as pa
    import pyarrow.compute as pc

    left = np.arange(len(table))
    for column in table.columns:
        if not len(left):
            break
        filled = column if len(left) == len(table) else column.take(pa.array(left))
        left = left[pc.equal(pc.utf8_trim(filled, characters=_BLANKS), "").to_numpy()]
    return left
