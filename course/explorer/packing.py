"""The data of an explorer as one text: a header and typed columns, compressed, in signs that mean nothing in HTML."""

import base64
import gzip
import json
import struct

import numpy as np

#: A blank among whole numbers.
BLANK = -(2**31)


class Packer:
    """Collects columns; `text` writes them all.

    The unpacked bytes are: the header's length (4 bytes), the header (JSON), the columns. The header's `buffers` names
    each column's place, length, type and scale: a value is the number there divided by 10 ** scale.
    """

    def __init__(self) -> None:
        self.buffers: dict[str, list] = {}
        self._parts: list[bytes] = []
        self._at = 0

    def numbers(self, name: str, values: object) -> None:
        """Add a column of numbers, (n,), blanks as NaN: exactly these, in as few bytes as that takes."""
        values = np.asarray(values, dtype="float64")
        blank = np.isnan(values)
        for scale in range(7):
            with np.errstate(invalid="ignore", over="ignore"):
                whole = np.round(values * 10**scale)
                exact = (whole / 10**scale == values) & (np.abs(whole) < 2**31)
            if (exact | blank).all():
                self._add(name, np.where(blank, BLANK, whole).astype("int64"), scale)
                return
        self._add(name, values, 0)

    def codes(self, name: str, values: object) -> None:
        """Add a column of whole numbers without blanks."""
        self._add(name, np.asarray(values, dtype="int64"), 0)

    def _add(self, name: str, values: np.ndarray, scale: int) -> None:
        kind = "f8"
        if values.dtype.kind != "f":
            low, high = (values.min(), values.max()) if len(values) else (0, 0)
            kind = "i4" if low < 0 or high >= 2**16 else "u2" if high >= 2**8 else "u1"
        data = values.astype(f"<{kind}").tobytes()
        self.buffers[name] = [self._at, len(values), kind, scale]
        data += b"\0" * (-len(data) % 8)
        self._parts.append(data)
        self._at += len(data)

    def text(self, header: dict) -> str:
        """Header and columns in base64: the same text for the same columns."""
        head = json.dumps(header | {"buffers": self.buffers}, ensure_ascii=False, allow_nan=False).encode()
        head += b" " * (-(len(head) + 4) % 8)
        packed = gzip.compress(struct.pack("<I", len(head)) + head + b"".join(self._parts), 6, mtime=0)
        return base64.b64encode(packed).decode("ascii")
