"""The one reader of a result folder: what `course run` wrote, read again.

Every function takes the folder and raises DataError where it is not one that a run wrote.
"""

import base64
import gzip
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pandas as pd

from course.errors import DataError


def portraits(folder: str | Path) -> pd.DataFrame:
    """The portraits: one row a customer."""
    try:
        return pd.read_parquet(Path(folder) / "portraits.parquet")
    except (OSError, ValueError):
        raise _none(folder, "portraits.parquet") from None


def ledger(folder: str | Path) -> dict:
    """The ledger: accounts, findings, versions, parameters."""
    try:
        content = json.loads((Path(folder) / "ledger.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise _none(folder, "ledger.json") from None
    if not isinstance(content, dict) or not {"tables", "findings", "lang"} <= set(content):
        raise _none(folder, "ledger.json")
    return content


def timeline(folder: str | Path) -> pd.DataFrame:
    """The events of customers: customer_id, day, kind, value, what."""
    try:
        return pd.read_parquet(Path(folder) / "timeline.parquet")
    except (OSError, ValueError):
        raise _none(folder, "timeline.parquet") from None


def mappings(folder: str | Path) -> dict[str, dict[str, str]]:
    """{kind of table: {canonical column: column of the file}}, as the run used them."""
    try:
        return {kind: dict(table["mapping"]) for kind, table in ledger(folder)["tables"].items()}
    except (KeyError, TypeError, AttributeError):
        raise _none(folder, "ledger.json") from None


def persons(folder: str | Path) -> pd.DataFrame:
    """Every customer number with its person: the columns of identity.csv, all texts. No row where nobody was looked
    for."""
    path = Path(folder) / "identity.csv"
    if not path.exists():
        return pd.DataFrame({"customer_id": [], "person_id": []}, dtype="str")
    try:
        return table(path)
    except (OSError, ValueError):
        raise _none(folder, path.name) from None


def table(path: Path) -> pd.DataFrame:
    """A CSV file of a result, every cell a text, a blank one empty."""
    return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")


def actions(folder: str | Path) -> pd.DataFrame:
    """The customers of every action, in their order: the columns of actions.csv, all texts. No row where the run
    proposed none for customers."""
    path = Path(folder) / "actions.csv"
    if not path.exists():
        return pd.DataFrame({name: [] for name in ("key", "rank", "customer_id", "why", "arm")}, dtype="str")
    try:
        return table(path)
    except (OSError, ValueError):
        raise _none(folder, path.name) from None


def page(folder: str | Path) -> str:
    """The report as HTML text."""
    try:
        return (Path(folder) / "report.html").read_text(encoding="utf-8")
    except (OSError, ValueError):
        raise _none(folder, "report.html") from None


def explorer(folder: str | Path) -> dict:
    """The header of the data packed in the explorer: ids, words and the names of values; everything else there is a
    number (course/explorer/packing.py)."""
    try:
        html = (Path(folder) / "explorer.html").read_text(encoding="utf-8")
        content = gzip.decompress(base64.b64decode(re.search(r'id="data">([^<]*)<', html)[1]))
        return json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    except (OSError, ValueError, TypeError, zlib.error):
        raise _none(folder, "explorer.html") from None


def cells(folder: Path) -> Iterator[tuple[str, str]]:
    """Every text that the files of a result hold, as (file name, text): cells of tables, texts of the page, strings of
    the ledger. The recipe is none of them: it speaks of columns and words, and of nobody."""
    for path in sorted(folder.iterdir()):
        if path.name == "recipe.yaml":
            continue
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path).select_dtypes(include=["str", "object", "category"])
            texts = (str(v) for c in frame for v in frame[c].dropna().unique())
        elif path.suffix == ".csv":
            frame = table(path)
            texts = (v.removeprefix("'") for c in frame for v in frame[c].unique())
        elif path.suffix == ".xlsx":
            texts = _texts_of_workbook(path)
        elif path.suffix == ".json":
            texts = _strings(json.loads(path.read_text(encoding="utf-8")))
        elif path.name == "explorer.html":
            texts = _strings(explorer(folder))
        else:
            parts = re.split(r"<[^>]*>", path.read_text(encoding="utf-8"))
            marked = re.findall(r'data-customer="([^"]*)"', path.read_text(encoding="utf-8"))
            texts = (unescape(t).strip() for t in (*parts, *marked))
        yield from ((path.name, t) for t in texts if t)


def _texts_of_workbook(path: Path) -> Iterator[str]:
    with zipfile.ZipFile(path) as book:
        for name in sorted(book.namelist()):
            if name.endswith(".xml"):
                yield from (unescape(t) for t in re.findall(r"<t[^>]*>([^<]*)</t>", book.read(name).decode("utf-8")))


def _strings(content: object) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, dict):
        yield from (s for pair in content.items() for part in pair for s in _strings(part))
    elif isinstance(content, list):
        yield from (s for item in content for s in _strings(item))


def _none(folder: str | Path, file: str) -> DataError:
    return DataError(
        "{folder} is not the result of a run: it has no {file} that can be read.", folder=Path(folder).name, file=file
    )
