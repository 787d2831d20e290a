"""A result for other programs: a tidy long table with its dictionary, the tags that a CRM gives and takes, SPSS.

Written into the folder of the result, where `forget` reaches it. Ids are those of the portraits.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from course import engine, extras, result, tag, whole
from course.errors import DataError
from course.language import LANGUAGES, Sentence
from course.report import writing
from course.report.columns import Column, columns

#: So many customers are made long at a time: a table of ten million rows does not fit everywhere.
_AT_A_TIME = 20_000
_LONG = pa.schema(
    [
        ("customer_id", pa.string()),
        ("measure", pa.string()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("unit", pa.string()),
    ]
)
#: Of which a customer has one at a time, as of a tag.
_STATES = ("rfm_class", "stage")


def export(folder: str | Path, to: str, previous: str | Path | None = None) -> list[str]:
    """Write a result for other programs, into its own folder; what was exported before is written anew.

    Parameters
    ----------
    folder : what `course run` wrote.
    to : long, tags or sav: a key of EXPORTS.
    previous : of tags, an earlier result: only what changed since is listed.

    Returns
    -------
    the names of the files written

    Raises
    ------
    DataError : the folder is no result, or is being written by somebody else; the two results have no customer in
        common; SPSS files cannot be written here; the disk is full. Nothing is changed then.
    """
    folder = Path(folder).resolve()
    with whole.alone(folder):
        portraits, ledger = result.portraits(folder), result.ledger(folder)
        earlier = None if previous is None else result.portraits(previous)
        with whole.whole_or_absent(folder) as new:
            shutil.copytree(folder, new, dirs_exist_ok=True, symlinks=True)
            if to == "tags":
                return _tags(portraits, ledger, new, earlier)
            return EXPORTS[to](portraits, ledger, new)


# --- tidy ------------------------------------------------------------------------------------------------------------


def long(portraits: pd.DataFrame, ledger: dict, folder: Path) -> list[str]:
    """portraits_long.parquet and .csv: customer_id, measure (a column of portraits), value (a number; yes 1, no 0) or
    text, unit. A blank is no row. dictionary.csv says what each measure is."""
    told = [c for c in columns(portraits, ledger) if c.name != "customer_id"]
    with (
        pq.ParquetWriter(folder / "portraits_long.parquet", _LONG) as parquet,
        (folder / "portraits_long.csv").open("w", encoding="utf-8-sig", newline="") as csv,
    ):
        csv.write(",".join(_LONG.names) + "\n")
        for part in _long(portraits, told):
            parquet.write_table(pa.Table.from_pandas(part, _LONG, preserve_index=False).replace_schema_metadata(None))
            texts = part.assign(**{c: writing.harmless(part[c]) for c in ("customer_id", "text")})
            texts.to_csv(csv, index=False, header=False, lineterminator="\n")
    writing.table(dictionary(told), folder / "dictionary.csv")
    return ["portraits_long.parquet", "portraits_long.csv", "dictionary.csv"]


def _long(portraits: pd.DataFrame, told: list[Column]) -> Iterator[pd.DataFrame]:
    """The long rows, customer by customer in the order of the portraits and the columns."""
    measures = pd.DataFrame(
        {"j": range(len(told)), "measure": [c.name for c in told], "unit": [c.unit["en"] for c in told]}
    )
    cells = " UNION ALL ".join(_cell(j, column) for j, column in enumerate(told))
    statement = f"""
        SELECT customer_id, measure, value, "text", unit
        FROM ({cells}) AS cells JOIN measures USING (j)
        ORDER BY n, j"""
    frame = portraits[["customer_id", *(c.name for c in told)]]
    frame = frame.set_axis(["customer_id", *(f"c{j}" for j in range(len(told)))], axis=1)
    frame = frame.assign(n=np.arange(len(frame)))
    for start in range(0, len(frame) if told else 0, _AT_A_TIME):
        part = frame.iloc[start : start + _AT_A_TIME].reset_index(drop=True)
        yield engine.query(statement, {"portraits": part, "measures": measures}).astype({"text": "str"})


def _cell(j: int, column: Column) -> str:
    value, written = f"CAST(c{j} AS DOUBLE)", "CAST(NULL AS VARCHAR)"
    if column.kind == "date":
        value, written = "CAST(NULL AS DOUBLE)", f"strftime(c{j}, '%Y-%m-%d')"
    elif column.kind == "text":
        value, written = "CAST(NULL AS DOUBLE)", f"c{j}"
    blank = f"c{j} IS NOT NULL" if column.kind in ("date", "text") else f"isfinite({value})"
    return f"""SELECT n, {j} AS j, customer_id, {value} AS value, {written} AS "text" FROM portraits WHERE {blank}"""


def dictionary(told: list[Column]) -> pd.DataFrame:
    """A row a measure: measure, type, and in both languages label, unit, definition and the names of its values."""
    rows = [
        {"measure": c.name, "type": c.kind}
        | {f"label_{lang}": c.label[lang] for lang in LANGUAGES}
        | {f"unit_{lang}": c.unit[lang] for lang in LANGUAGES}
        | {f"definition_{lang}": c.definition[lang] for lang in LANGUAGES}
        | {f"values_{lang}": "; ".join(f"{v} = {said[lang]}" for v, said in c.values.items()) for lang in LANGUAGES}
        for c in told
    ]
    parts = ("label", "unit", "definition", "values")
    heads = ["measure", "type", *(f"{part}_{lang}" for part in parts for lang in LANGUAGES)]
    return pd.DataFrame(rows, columns=heads).astype("str").apply(writing.harmless)


# --- tags ------------------------------------------------------------------------------------------------------------


def _tags(portraits: pd.DataFrame, ledger: dict, folder: Path, previous: pd.DataFrame | None = None) -> list[str]:
    """tags.csv: customer_id, move (gets, loses), tag, value, name (as it is called in the result's language).

    Who is in a tag here and was not in the earlier result gets it; who was and is not loses it, whether the rule says
    no now, or cannot tell, or the customer is gone: a tag that nothing supports any more is not kept. Without an
    earlier result everybody gets what they carry.
    """
    now = _carried(portraits)
    before = now.iloc[:0] if previous is None else _carried(previous)
    if previous is not None and not set(previous["customer_id"]) & set(portraits["customer_id"]):
        raise DataError(
            "The earlier run and this one have no customer in common. Where one of them has pseudonyms, give both the "
            "same key."
        )
    both = before.merge(now, how="outer", indicator="in")
    both["move"] = both["in"].map({"right_only": "gets", "left_only": "loses"}).astype("str")
    moved = both[both["in"] != "both"].sort_values(["tag", "value", "move", "customer_id"], ignore_index=True)
    names = _names([*columns(portraits, ledger)], ledger["lang"])
    moved["name"] = [names(t, v) for t, v in zip(moved["tag"], moved["value"], strict=True)]
    listed = moved[["customer_id", "move", "tag", "value", "name"]].astype("str")
    writing.table(listed.apply(writing.harmless), folder / "tags.csv")
    return ["tags.csv"]


def _carried(portraits: pd.DataFrame) -> pd.DataFrame:
    """customer_id, tag, value: what each customer carries; the value of a tag that says yes or no is empty."""
    parts = []
    for name in (c for c in portraits if c.startswith(tag.PREFIX) or c in _STATES):
        column = portraits[name]
        yes_or_no = pd.api.types.is_bool_dtype(column.dtype)
        carried = column.fillna(False).astype(bool) if yes_or_no else column.notna()
        ids = portraits.loc[carried, "customer_id"].astype("str")
        values = "" if yes_or_no else column[carried].astype("str")
        parts.append(pd.DataFrame({"customer_id": ids, "tag": name, "value": values}).astype("str"))
    empty = pd.DataFrame({"customer_id": [], "tag": [], "value": []}, dtype="str")
    return pd.concat([empty, *parts], ignore_index=True)


def _names(told: list[Column], lang: str) -> Callable[[str, str], str]:
    """What a tag, or one of its values, is called."""
    by_name = {c.name: c for c in told}

    def name(of: str, value: str) -> str:
        column = by_name.get(of)
        label = column.label[lang] if column else of
        if value == "":
            return label
        said = column.values.get(value, {}).get(lang, value) if column else value
        return Sentence("{label}: {value}", label=label, value=said).say(lang)

    return name


# --- SPSS ------------------------------------------------------------------------------------------------------------

#: Where the header of a .sav file has the day and the time it was made (PSPP, System File Format, File Header Record).
_MADE, _NEVER = slice(92, 109), b"01 Jan 0000:00:00"
_NO_OR_YES = {0: {"en": "no", "zh": "否"}, 1: {"en": "yes", "zh": "是"}}


def sav(portraits: pd.DataFrame, ledger: dict, folder: Path) -> list[str]:
    """portraits.sav: the labels of the columns and of their values in the result's language; days are dates.

    Raises
    ------
    DataError : the package that writes SPSS files is not installed.
    """
    try:
        import pyreadstat
    except ImportError:
        raise DataError(
            "portraits.sav: writing SPSS files needs a package more. To install it: {command}",
            command=extras.command("stats"),
        ) from None
    lang, told = ledger["lang"], columns(portraits, ledger)
    coded, values = {}, {}
    for column in told:
        coded[column.name], labels = _coded(column, portraits[column.name])
        if labels:
            values[column.name] = {code: said[lang] for code, said in labels.items()}
    measures = {"date": "scale", "money": "scale", "share": "scale", "number": "scale"}
    pyreadstat.write_sav(
        pd.DataFrame(coded),
        folder / "portraits.sav",
        column_labels={c.name: c.label[lang] for c in told},
        variable_value_labels=values,
        variable_measure={c.name: measures.get(c.kind, "nominal") for c in told},
    )
    with (folder / "portraits.sav").open("r+b") as file:  # the same inputs give the same bytes: no clock in the file
        file.seek(_MADE.start)
        file.write(_NEVER)
    return ["portraits.sav"]


def _coded(column: Column, values: pd.Series) -> tuple[pd.Series, dict[int, dict[str, str]]]:
    """A column as SPSS has it, and the labels of its codes: named values are numbered from 1 in their order."""
    known = list(column.values)
    if column.kind == "yes":
        return values.astype("float64"), _NO_OR_YES
    if column.kind == "date":
        return values.dt.date.astype(object).where(values.notna(), None), {}
    if column.kind != "text":
        return values.astype("float64"), {}
    if known and values.dropna().isin(known).all():
        codes = values.map({value: float(i) for i, value in enumerate(known, 1)}).astype("float64")
        return codes, {i: column.values[value] for i, value in enumerate(known, 1)}
    return values.astype(object).where(values.notna(), ""), {}


#: What a result can be written as for other programs; each takes portraits, ledger and the folder to write into.
EXPORTS: dict[str, Callable[[pd.DataFrame, dict, Path], list[str]]] = {"long": long, "tags": _tags, "sav": sav}
