"""All that a folder holds, as bytes: each file as it is, workbooks unzipped, Parquet unpacked, texts unescaped."""

import base64
import gzip
import json
import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq


def everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    """(where, content) of every file below the folder, hidden ones too, packed and unpacked."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.name, path.read_bytes()
        if path.suffix == ".parquet":
            held = pq.ParquetFile(path)
            yield f"{path.name} (about)", repr((held.schema_arrow.metadata, held.metadata.to_dict())).encode()
            yield path.name + " (cells)", pd.read_parquet(path).to_csv(quoting=3, sep="\t", escapechar="\\").encode()
        elif path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    yield f"{path.name} ({name})", unescape(book.read(name).decode("utf-8")).encode()
        elif path.suffix == ".json":
            yield path.name + " (read)", repr(json.loads(path.read_text(encoding="utf-8"))).encode()
        elif path.suffix == ".html":
            text = path.read_text(encoding="utf-8")
            yield path.name + " (read)", unescape(text).encode()
            for packed in re.findall(r'<script type="application/octet-stream"[^>]*>([^<]*)<', text):
                content = gzip.decompress(base64.b64decode(packed))
                yield path.name + " (packed)", content
                head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
                yield path.name + " (packed, read)", repr(head).encode()


def traces(folder: Path, texts: list[str]) -> list[tuple[str, str]]:
    """(where, text) of each of the texts that is somewhere in the folder."""
    held = list(everything(folder))
    return [(where, text) for text in texts for where, content in held if text.encode() in content]
