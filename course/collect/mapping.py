"""Which column of an export is which: suggested by its header, vetoed by its content, settled by the user."""

from collections.abc import Iterable
from functools import cache

import pandas as pd

from course import forms, schema
from course.collect import values
from course.errors import DataError, first_few
from course.forms import normal
from course.language import Sentence

_SAMPLE = 500
#: Headers, as `normal` has them, of when an order last changed.
CHANGED = {
    "updatedat",
    "updatetime",
    "lastupdated",
    "lastmodified",
    "modifiedat",
    "更新时间",
    "修改时间",
    "最后更新时间",
}

#: What stands in brackets behind "amount" where another money is meant than the one that was paid.
_OTHER_MONEY = frozenset([
    "tax", "vat", "gst", "fee", "fees", "shipping", "postage", "discount", "refund", "refunded", "cost", "tip",
    "tips", "points", "税", "税额", "增值税", "运费", "邮费", "手续费", "优惠", "折扣", "退款", "成本", "积分",
    "佣金", "小费",
])  # fmt: skip


@cache
def _all_headers() -> frozenset[str]:
    columns = (c for kind in schema.TABLES for c in schema.canonical(kind).columns.values())
    named = frozenset(normal(h) for c in columns for h in (c.name, *(h for tier in c.headers for h in tier)))
    return named | forms.known_headers()


def known_headers(cells: Iterable[object]) -> int:
    """How many of these cells are headers that some canonical table knows."""
    known = _all_headers()
    return sum(normal(c) in known for c in cells if isinstance(c, str))


def suggest(frame: pd.DataFrame, kind: str, header: bool = True) -> tuple[dict[str, str], list[Sentence]]:
    """Map canonical columns of `kind` to the columns of `frame`.

    Returns
    -------
    mapping : {canonical column: column of the frame}
    notes : what was vetoed or left open, and why

    Raises
    ------
    DataError : two columns could both be a required one.
    """
    if not header:
        return _by_position(frame, kind)
    table = schema.canonical(kind)
    by_header: dict[str, list[str]] = {}
    for column in frame.columns:
        by_header.setdefault(normal(column), []).append(column)
    mapping: dict[str, str] = {}
    notes: list[Sentence] = []
    for name in sorted(table.columns, key=lambda n: n not in table.required):
        spec = table.columns[name]
        for tier in ((name,), *spec.headers):
            found = [c for h in dict.fromkeys(map(normal, tier)) for c in by_header.get(h, [])]
            found = [c for c in found if c not in mapping.values() and not (spec.type == "money" and _other_money(c))]
            fits = [c for c in found if holds(frame[c], spec.type)]
            notes += [_veto(c, name, spec.type) for c in found if c not in fits]
            if len(fits) == 1:
                mapping[name] = fits[0]
            elif fits and name in table.required:
                raise DataError(
                    "{columns} could both be the column {name}. Say which: --map {name}={first}.",
                    columns=first_few(fits), name=name, first=fits[0],
                )  # fmt: skip
            elif fits:
                notes.append(
                    Sentence("{columns} could both be the column {name}; none was taken. "
                             "--map {name}={first} takes the first.",
                             columns=first_few(fits), name=name, first=fits[0])
                )  # fmt: skip
            if fits:
                break
    return mapping, notes


def _other_money(column: str) -> bool:
    """Whether a header says in brackets that it is a part of the money, or other money: "Amount (tax)"."""
    return forms.within_brackets(column) in _OTHER_MONEY


def _veto(column: str, name: str, type_: str) -> Sentence:
    return Sentence(
        "Column {column} is called like {name}, but its values are not {expected}; it was left out.",
        column=column,
        name=name,
        expected=EXPECTED[type_],
    )


EXPECTED = {
    "id": Sentence("identifiers"),
    "text": Sentence("texts"),
    "number": Sentence("numbers"),
    "money": Sentence("amounts of money"),
    "score": Sentence("numbers"),
    "time": Sentence("dates"),
    "date": Sentence("dates"),
}


def holds(cells: pd.Series, type_: str) -> bool:
    """Whether at least half of the filled cells can be read as `type_`; a blank column fits."""
    if type_ == "text":
        return True
    for looked_at in (10 * _SAMPLE, len(cells)):  # of a long column its beginning mostly holds enough
        distinct = cells.iloc[:looked_at].dropna().drop_duplicates()
        sample = distinct[~values.is_blank(distinct.astype("str"))].iloc[:_SAMPLE]
        if len(sample) == _SAMPLE:
            break
    if sample.empty:
        return True
    if type_ in ("time", "date"):
        return _share_of_dates(sample) >= 0.5
    if type_ == "id":
        return not (_share_of_fractions(sample) > 0.5 or _share_of_dates(sample, with_digits=False) > 0.5)
    return 1 - values.numbers(sample).bad.mean() >= 0.5


def _share_of_dates(sample: pd.Series, with_digits: bool = True) -> float:
    """Share of values that are dates; `with_digits=False` counts bare figures (19970101, 45000) as none."""
    if not with_digits and not pd.api.types.is_datetime64_any_dtype(sample.dtype):
        if pd.api.types.is_numeric_dtype(sample.dtype):
            return 0.0
        bare = sample.astype("str").str.match(r"^\s*[\w.]+\s*$")
        sample = sample[~bare]
        if sample.empty:
            return 0.0
    try:
        return 1 - values.times(sample, "").bad.mean()
    except DataError:
        return 1.0  # dates they are; what is wrong with them is said when they are read


def _share_of_fractions(sample: pd.Series) -> float:
    numbers = values.numbers(sample).values
    return float((numbers.notna() & (numbers % 1 != 0)).mean())


def _by_position(frame: pd.DataFrame, kind: str) -> tuple[dict[str, str], list[Sentence]]:
    """A file without a header: an order's ids come first, then its date, then perhaps a quantity, then the money."""
    if kind != "orders":
        return {}, []
    columns = list(frame.columns)
    head = frame.iloc[:_SAMPLE]
    dates = [c for c in columns if _share_of_dates(head[c].drop_duplicates()) >= 0.9 and not _counts(head[c])]
    if not dates or columns.index(dates[0]) == 0 or dates[0] == columns[-1]:
        return {}, []
    at = columns.index(dates[0])
    after = [c for c in columns[at + 1 :] if holds(head[c], "number")]
    if not after:
        return {}, []
    repeated = [c for c in columns[:at] if frame[c].duplicated().any()]
    found = {"customer_id": columns[0], "ordered_at": dates[0]}
    if repeated and columns[0] not in repeated:  # a first id that never comes again is the order's
        found |= {"order_id": columns[0], "customer_id": repeated[0]}
    if len(after) > 1:
        found["quantity"] = after[0]
    found["amount"] = after[-1]
    note = Sentence(
        "The file has no header; its columns were taken by position: {pairs}. Where that is wrong, say "
        "--map KEY=POSITION.",
        pairs=", ".join(f"{name} ← {column}" for name, column in found.items()),
    )
    return found, [note]


def _counts(cells: pd.Series) -> bool:
    """Small whole numbers or ids rather than dates: fewer than eight digits throughout."""
    return bool(cells.astype("str").str.match(r"^\s*\d{1,7}(\.\d+)?\s*$").all())


def settle(
    frame: pd.DataFrame, kind: str, header: bool, chosen: dict[str, str]
) -> tuple[dict[str, str], list[Sentence]]:
    """The user's mapping over the suggested one.

    Raises
    ------
    DataError : a key that `kind` does not have, a column that the file does not have.
    """
    table = schema.canonical(kind)
    for name, column in chosen.items():
        if name not in table.columns:
            raise DataError(
                "“{kind}” has no column {name}. It can have: {names}.",
                kind=kind,
                name=name,
                names=", ".join(table.columns),
            )
        if column not in frame.columns:
            raise DataError(
                "There is no column {column} to map to {name}. The file has: {columns}.",
                column=column,
                name=name,
                columns=first_few(frame.columns, 20),
            )
    rest = frame.drop(columns=list(dict.fromkeys(chosen.values())))
    unsettled, notes = _suggest_rest(rest, kind, header, chosen)
    return unsettled | chosen, notes


def _suggest_rest(
    rest: pd.DataFrame, kind: str, header: bool, chosen: dict[str, str]
) -> tuple[dict[str, str], list[Sentence]]:
    if not header and chosen:
        return {}, []
    # A required column that the user settled may be called like others: they are no longer candidates.
    masked = rest
    taken = schema.canonical(kind)
    if chosen:
        used = {normal(h) for n in chosen for h in (n, *(h for tier in taken.columns[n].headers for h in tier))}
        still = {
            normal(h)
            for n, c in taken.columns.items()
            if n not in chosen
            for h in (n, *(h for t in c.headers for h in t))
        }
        masked = rest[[c for c in rest.columns if normal(c) not in used - still]]
    suggested, notes = suggest(masked, kind, header)
    return {n: c for n, c in suggested.items() if n not in chosen}, notes


def lacking(mapping: dict[str, str], kind: str) -> list[str]:
    """The columns without which `kind` is of no use and that the mapping does not have."""
    missing = [n for n in schema.canonical(kind).required if n not in mapping]
    if kind == "orders" and "amount" not in mapping and "unit_price" not in mapping:
        missing.append("amount")
    return missing


def complete(mapping: dict[str, str], frame: pd.DataFrame, kind: str, name: str, notes: list[Sentence]) -> None:
    """Refuse a mapping without the columns that `kind` cannot do without; `notes` may say why one was left out."""
    missing = lacking(mapping, kind)
    vetoed = next((n for n in notes if "expected" in n.values and n.values["name"] in missing), None)
    if vetoed:
        raise DataError(
            "{file}: column {column} is called like {name}, but its values are not {expected}, and no other column "
            "can be it. Mend the values, or say which column it is: --map {name}=COLUMN.",
            file=name,
            **vetoed.values,
        )
    several = next((n for n in notes if "first" in n.values and n.values["name"] in missing), None)
    if several:
        raise DataError("{columns} could both be the column {name}. Say which: --map {name}={first}.", **several.values)
    if missing:
        raise DataError(
            "{file}: no column was found for {missing}. The file has: {columns}. Say which one it is: --map "
            "{first}=COLUMN.",
            file=name,
            missing=", ".join(missing),
            columns=first_few(frame.columns, 20),
            first=missing[0],
        )
