"""Audiences built from tags by set algebra, how many they reach, and how they differ from everybody."""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import NamedTuple

import numpy as np
import pandas as pd

from course.errors import DataError, nearest
from course.intervals import Z
from course.tag.evaluation import Tags
from course.tag.registry import OPERATORS, vocabulary

#: A column of numbers with more different values than this is to be cut into bands before it is compared.
_BANDS = 20


class Tgi(NamedTuple):
    """A target group index and its 95 % interval; 100 is as everybody."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Reach:
    """How many customers audiences reach.

    Attributes
    ----------
    audiences : a row an audience: audience, size, share (of all customers), unknown (customers who cannot be told in or
        out), alone (customers in no other audience: what it adds)
    overlap : customers in both, audience × audience; sizes on the diagonal
    together : customers in at least one
    """

    audiences: pd.DataFrame
    overlap: pd.DataFrame
    together: int


def audience(tags: Tags, expression: str) -> pd.Series:
    """The customers an expression means: "high_value and not (at_risk or city = '上海')", 高价值 且 非 预流失客户.

    Tags go by name or label; `and`/且, `or`/或, `not`/非 and brackets join them, `not` first, then `and`, then `or`. A
    tag with several values is compared: tag = 'value', by the value or its label.

    Returns
    -------
    truth values aligned with `tags.table`. A customer who cannot be told in or out, because a tag is unknown, is out.

    Raises
    ------
    DataError : an expression that cannot be read; a tag or value that does not exist (and the nearest that does) or was
        not evaluated.
    """
    return _members(tags, expression).fillna(False).astype(bool)


def reach(tags: Tags, audiences: Mapping[str, str]) -> Reach:
    """Size and overlap of audiences, {name: expression}.

    Raises
    ------
    DataError : as `audience`; no audience.
    """
    if not audiences:
        raise DataError("Name at least one audience.")
    found = {name: _members(tags, expression) for name, expression in audiences.items()}
    members = pd.DataFrame({name: m.fillna(False).astype("int64") for name, m in found.items()})
    often = members.sum(axis=1)
    sizes = pd.DataFrame(
        {
            "audience": list(found),
            "size": members.sum().to_numpy(),
            "share": members.sum().to_numpy() / len(members) if len(members) else np.nan,
            "unknown": [int(m.isna().sum()) for m in found.values()],
            "alone": members[often == 1].sum().to_numpy(),
        }
    )
    return Reach(sizes, members.T @ members, int((often > 0).sum()))


def tgi(in_group: int, group: int, in_base: int, base: int) -> Tgi:
    """Target group index: 100 × share in the group / share in the base, with its interval by the log ratio (Katz 1978).

    var(ln ratio) = 1/in_group − 1/group + 1/in_base − 1/base. Group and base count as independent; where the group is
    a part of the base the interval is a little wide. Nobody in the group: the index is 0, its upper end the exact limit
    of the share, 1 − 0.025^(1/group) (Clopper and Pearson 1934), over that of the base. Nobody in the base: NaN.

    Raises
    ------
    DataError : a count that is negative or larger than its total.
    """
    if not (0 <= in_group <= group and 0 <= in_base <= base):
        raise DataError(
            "A TGI needs counts within their totals, not {in_group} of {group} and {in_base} of {base}.",
            in_group=in_group,
            group=group,
            in_base=in_base,
            base=base,
        )
    if group == 0 or in_base == 0:
        return Tgi(np.nan, np.nan, np.nan)
    base_share = in_base / base
    if in_group == 0:
        return Tgi(0.0, 0.0, 100 * (1 - 0.025 ** (1 / group)) / base_share)
    ratio = 100 * in_group / group / base_share
    error = float(np.sqrt(1 / in_group - 1 / group + 1 / in_base - 1 / base))
    return Tgi(ratio, ratio * float(np.exp(-Z * error)), ratio * float(np.exp(Z * error)))


def profile(features: pd.DataFrame, members: pd.Series, columns: Sequence[str]) -> pd.DataFrame:
    """How an audience differs from everybody, column by column. Blanks count in no total.

    Of many values some stand out by chance: one in twenty intervals misses 100 where nothing differs.

    Parameters
    ----------
    features : one row a customer; members : truth values aligned with it, as `audience` gives; columns : to compare,
        texts, truth values or numbers in few steps.

    Returns
    -------
    frame, sorted within each column from the highest TGI: column, value (text), in_group, group, in_base, base, share,
    base_share, tgi, low, high

    Raises
    ------
    DataError : a column that is not there or has to be cut into bands first; members of other rows.
    """
    if not members.index.equals(features.index):
        raise DataError("Members and features are not of the same rows.")
    tables = []
    for column in columns:
        if column not in features:
            near = nearest(str(column), map(str, features))
            raise DataError("There is no column {column}; perhaps {near}?", column=column, near=near)
        cells = features[column].dropna()
        numeric = pd.api.types.is_numeric_dtype(cells.dtype) or pd.api.types.is_datetime64_any_dtype(cells.dtype)
        if numeric and cells.nunique() > _BANDS:
            raise DataError("Column {column} has too many values to compare. Cut it into bands first.", column=column)
        cells = cells.astype("str")
        counts = pd.DataFrame({"in_base": cells.value_counts()})
        counts["in_group"] = cells[members[cells.index]].value_counts().reindex(counts.index, fill_value=0)
        table = counts.rename_axis("value").reset_index()
        table["column"], table["base"], table["group"] = column, len(cells), int(members[cells.index].sum())
        tables.append(table)
    out = pd.concat(tables, ignore_index=True)
    out["share"], out["base_share"] = out["in_group"] / out["group"], out["in_base"] / out["base"]
    counts = out[["in_group", "group", "in_base", "base"]].itertuples(index=False)
    out[["tgi", "low", "high"]] = [tgi(*row) for row in counts]
    out["_order"] = out["column"].map({c: i for i, c in enumerate(columns)})
    out = out.sort_values(["_order", "tgi", "value"], ascending=[True, False, True], ignore_index=True)
    names = ["column", "value", "in_group", "group", "in_base", "base", "share", "base_share", "tgi", "low", "high"]
    return out[names]


# --- reading an expression -------------------------------------------------------------------------------------------


def _members(tags: Tags, expression: str) -> pd.Series:
    """True, False or NA (unknown): `and`, `or` and `not` as Kleene has them."""
    source, names = _translated(tags, expression)
    try:
        return _value(ast.parse(source, mode="eval").body, tags, names)
    except (SyntaxError, RecursionError, MemoryError):
        raise DataError(
            "The audience “{expression}” cannot be read. Join tags by and, or, not and brackets; compare those with "
            "several values: tag = 'value'.",
            expression=expression[:80],
        ) from None


def _translated(tags: Tags, expression: str) -> tuple[str, dict[str, str]]:
    """The expression as Python in which every tag is called t0, t1, … and every quoted text v0, v1, …, and what they
    stand for: whatever the user wrote, Python reads none of it."""
    called = vocabulary(tags.dictionary)
    words = sorted([*called, *OPERATORS], key=len, reverse=True)
    # A word in Latin letters ends where its letters do; Chinese is written without spaces, the longest word counts.
    latin = "|".join(re.escape(w) for w in words if w[-1].isascii())
    others = "|".join(re.escape(w) for w in words if not w[-1].isascii())
    token = re.compile(
        r"(?P<space>\s+)|(?P<text>'[^']*'|\"[^\"]*\"|“[^”]*”|‘[^’]*’)|(?P<open>[(（])|(?P<close>[)）])|(?P<equal>==?|＝)"
        rf"|(?P<word>(?:{latin})(?![A-Za-z0-9_])|(?:{others or '(?!)'}))|(?P<unknown>[^\s'\"“‘()（）=＝且或非]+|.)",
        re.IGNORECASE,
    )
    source, names = [], {}
    for match in token.finditer(expression):
        kind, found = match.lastgroup, match.group()
        if kind == "unknown":
            raise DataError(
                "There is no tag {tag}; perhaps {near}?", tag=found[:40], near=nearest(found.lower()[:40], called)
            )
        if kind == "text":
            source.append(f"v{len(names)}")
            names[source[-1]] = found[1:-1].strip()
        elif kind == "word" and found.lower() not in OPERATORS:
            source.append(f"t{len(names)}")
            names[source[-1]] = called[found.lower()]
        elif kind == "word":
            source.append(OPERATORS[found.lower()])
        elif kind != "space":
            source.append({"open": "(", "close": ")", "equal": "=="}[kind])
    return " ".join(source), names


def _value(node: ast.AST, tags: Tags, names: Mapping[str, str]) -> pd.Series:
    match node:
        case ast.BoolOp(op=op, values=parts):
            return reduce(and_ if isinstance(op, ast.And) else or_, (_value(p, tags, names) for p in parts))
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return ~_value(part, tags, names)
        case ast.Name(id=tag) if tag.startswith("t"):
            return _carried(tags, names[tag])
        case ast.Compare(left=ast.Name(id=tag), ops=[ast.Eq()], comparators=[ast.Name(id=text)]):
            if tag.startswith("t") and text.startswith("v"):
                return _equal(tags, names[tag], names[text])
    raise SyntaxError


def _column(tags: Tags, name: str) -> pd.Series:
    if name not in tags.names:
        why = tags.catalogue.set_index("tag").loc[name, "not_evaluated"]
        raise DataError("The tag {tag} was not evaluated: {why}.", tag=name, why=why)
    return tags.table[name]


def _carried(tags: Tags, name: str) -> pd.Series:
    column = _column(tags, name)
    if not tags.version(name).is_boolean:
        raise DataError("The tag {tag} has several values: write {tag} = 'value'.", tag=name)
    return column


def _equal(tags: Tags, name: str, text: str) -> pd.Series:
    column = _column(tags, name)
    if tags.version(name).is_boolean:
        raise DataError("The tag {tag} is yes or no: write {tag} or not {tag}.", tag=name)
    values = {v: v for v in column.dropna().unique()}
    for value, label in tags.version(name).values.items():
        values |= {value: value, **dict.fromkeys(label.names.values(), value)}
    if text not in values:
        raise DataError(
            "No customer has {tag} = {text}; perhaps {near}?", tag=name, text=text, near=nearest(text, sorted(values))
        )
    return (column == values[text]).astype("boolean").mask(column.isna())
