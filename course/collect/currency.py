"""What money is in: as the export says it, or the reader; money of several currencies is never added up."""

import re
from collections.abc import Iterable
from functools import cache

import pandas as pd

from course.collect import values
from course.collect.questions import Answers, Question, Reading
from course.errors import DataError, nearest
from course.language import Sentence
from course.telling import quotable

#: Signs that name no currency by themselves, and those they may be.
_SIGNS = {
    "¥": {"CNY", "JPY"},
    "$": {"USD", "HKD", "AUD", "CAD", "SGD", "TWD", "NZD", "MXN", "BRL", "ARS", "CLP", "COP"},
    "KR": {"SEK", "NOK", "DKK"},
}
#: A currency in the name of a column of money: "金额(元)", "Amount (USD)", "Total €".
_IN_NAME = re.compile(r"[(（\[]\s*([^()（）\[\]]{1,4})\s*[)）\]]|([€£₩₹₽₺₫฿¥￥$])|\b([A-Z]{3})$")
#: States whose money no figure holds.
_NO_SALES = ("cancelled", "test", "no_order", "other_direction")
#: From this share of its filled cells on a column without a header of the kind holds currencies.
_NEARLY_ALL = 0.95
#: So many cells are looked at before all of them are.
_SAMPLE = 500


def checked(code: str | None) -> str | None:
    """A currency as the reader names it, as its code (ISO 4217).

    Raises
    ------
    DataError : no such currency; a sign that several share.
    """
    if code is None:
        return None
    named = _code(code)
    if named in _SIGNS:
        raise DataError(
            "“{code}” names no currency: it may be {codes}. Write one of them.",
            code=code,
            codes=" | ".join(sorted(_SIGNS[named])),
        )
    if named not in _known():
        near = nearest(named, sorted(_known()))
        raise DataError("There is no currency {code}; perhaps {near}?", code=code, near=near)
    return named


@cache
def _known() -> frozenset[str]:
    from babel.numbers import list_currencies

    return frozenset(list_currencies())


def _code(word: str) -> str:
    """A currency as its code where the word names one; else the word in capitals."""
    plain = " ".join(str(word).split())
    return values.CURRENCY_WORDS.get(plain.lower(), plain.upper())


def named(
    frame: pd.DataFrame, cells: pd.DataFrame, money: str, spare: Iterable[str], file: str, answers: Answers
) -> None:
    """Give `frame` the column `currency` where the export says what money is in: a column that is called so, one that
    holds nothing but currencies, the cells of money, or the name of the money's column.

    Parameters
    ----------
    cells : the export's cells; money : its column of money, or several: "gross − fee"; spare : its columns that are
        used for nothing else
    file, answers : asked where two columns hold currencies and differ
    """
    if "currency" in frame:
        found = _codes(frame["currency"])
    else:
        found = pd.Series(pd.NA, index=frame.index, dtype="str")
        for column in [c for c in dict.fromkeys((money, *re.split(" [+−] ", money))) if c in cells]:
            found = found.fillna(values.currencies(cells[column].reindex(frame.index)))
        if found.isna().all() and (column := _elsewhere(cells, spare, file, answers)):
            found = _codes(cells[column].reindex(frame.index))
        if found.isna().all() and (code := in_name(money)):
            found = found.fillna(code)
    if found.notna().any():
        frame["currency"] = found.to_numpy()


def _codes(cells: pd.Series) -> pd.Series:
    texts = cells.astype("str").str.strip()
    texts = texts.mask(values.is_blank(texts))
    codes = texts.map({w: _code(w) for w in texts.dropna().unique()}, na_action="ignore").astype("str")
    strange = sorted({*codes.dropna()} - _known() - set(_SIGNS))  # it is quoted in a question
    return codes.replace(dict(zip(strange, quotable(strange), strict=True)))


def _holds(cells: pd.Series) -> bool:
    """Whether a column is one of currencies: nearly all that is filled in names one."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return False
    codes = _codes(cells).dropna()
    known = values.PLAIN_CODES | set(values.CURRENCY_WORDS.values())
    return len(codes) > 0 and bool(codes.isin(known).mean() >= _NEARLY_ALL)


def _elsewhere(cells: pd.DataFrame, spare: Iterable[str], file: str, answers: Answers) -> str | None:
    """The column of currencies that no header tells; asked where several differ."""
    held = {c: _codes(cells[c]) for c in spare if _holds(cells[c].dropna().head(_SAMPLE)) and _holds(cells[c])}
    first = next(iter(held), None)
    if all(held[first].equals(other) for other in held.values()):
        return first
    readings = [
        Reading(c, Sentence("{column}: {codes}", column=c, codes=", ".join(sorted(codes.dropna().unique())[:6])))
        for c, codes in held.items()
    ]
    asks = Sentence("{file}: which column says what money is in?", file=file)
    return answers.to(Question("currency_in", asks, tuple(readings)))


def in_name(column: str) -> str | None:
    """The one currency that stands in a column's name."""
    codes = {_code(next(filter(None, parts))) for parts in _IN_NAME.findall(column)}
    codes &= values.PLAIN_CODES | set(values.CURRENCY_WORDS.values())
    return codes.pop() if len(codes) == 1 else None


def settle(frame: pd.DataFrame, file: str, answers: Answers, notes: list[Sentence]) -> str | None:
    """What the money of a table is in; rows in another currency get the state `other_currency`.

    Parameters
    ----------
    frame : orders of all their files; its column `currency` is made whole, or made where the reader names it.
    file : what the table is called in a question; notes : what was taken is added.

    Returns
    -------
    a code; the sign as found where it names none; None where nothing is known

    Raises
    ------
    DataError : the reader names another currency than the file.
    """
    given = answers.currency
    if "amount" not in frame or ("currency" not in frame and given is None):
        return given
    if "currency" not in frame:
        frame["currency"] = pd.Series(given, index=frame.index, dtype="str")
        return given
    frame["currency"] = _one_sign(frame["currency"], given)
    counted = frame["amount"].notna() & frame["amount"].ne(0)
    if "status" in frame and (may := counted & ~frame["status"].isin(_NO_SALES)).any():
        counted = may
    sums = frame[counted].groupby("currency")["amount"].agg(["sum", "size"])
    sums = sums.sort_values(["size", "sum"], ascending=False, kind="stable")
    if given is not None and len(sums) and given not in sums.index:
        raise _contradiction(file, sums.index, given)
    if len(sums) > 1:
        chosen = _asked(sums, file, answers)
        if (pair := _PAIR.fullmatch(chosen)) is not None:
            chosen = pair["code"]
            frame["currency"] = frame["currency"].mask(frame["currency"] == pair["sign"], chosen)
    else:
        chosen = next(iter(sums.index), given or next(iter(frame["currency"].dropna()), None))
    if given not in (None, chosen):
        raise _contradiction(file, [chosen], given)
    _keep(frame, chosen, counted & frame["currency"].isna(), file, notes if len(sums) else [])
    return chosen


def _keep(frame: pd.DataFrame, chosen: str | None, unsaid: pd.Series, file: str, notes: list[Sentence]) -> None:
    """Rows in the chosen currency count, those that name none with them."""
    other = frame["currency"].notna() & (frame["currency"] != chosen)
    if other.any():
        status = frame.get("status", pd.Series(pd.NA, index=frame.index, dtype="str"))
        frame["status"] = status.mask(other, "other_currency")
    if unsaid.any():
        notes.append(
            Sentence(
                "{file}: {rows:,} {rows:row names|rows name} no currency; their money is taken as {code}.",
                file=file,
                rows=int(unsaid.sum()),
                code=chosen,
            )
        )
    frame["currency"] = frame["currency"].fillna(chosen)


def _contradiction(file: str, found: Iterable[str], given: str) -> DataError:
    found = list(found)
    return DataError(
        "{file} holds money in {found}, and the currency of this run is {given}. Name the right one, --currency "
        "{first}, or leave the file out.",
        file=file,
        found=", ".join(found),
        given=given,
        first=found[0],
    )


def _one_sign(named: pd.Series, given: str | None) -> pd.Series:
    """¥ as the one currency beside it that it can be, $ as USD beside it; else as the given one. Beside CAD a $ may
    be either: that is asked."""
    for sign, meant in _SIGNS.items():
        beside = meant & set(named.dropna())
        if len(beside) != 1 or (sign == "$" and beside != {"USD"}):
            beside = meant & {given}
        if len(beside) == 1:
            named = named.mask(named == sign, beside.pop())
    return named


#: An answer that takes a sign for a currency: "$=CAD".
_PAIR = re.compile(r"(?P<sign>[^=]+)=(?P<code>[^=]+)")


def _asked(sums: pd.DataFrame, file: str, answers: Answers) -> str:
    readings = [
        Reading(
            str(name),
            Sentence("{rows:,} rows, {money:,.2f} {name}", rows=int(r["size"]), money=float(r["sum"]), name=name),
        )
        for name, r in sums.iterrows()
    ]
    for sign, meant in _SIGNS.items():
        for code in [c for c in sums.index if c in meant and sign in sums.index]:
            both = sums.loc[[sign, code]].sum()
            says = Sentence("{sign} is {code}: {rows:,} rows, {money:,.2f} {code}", sign=sign, code=code,
                            rows=int(both["size"]), money=float(both["sum"]))  # fmt: skip
            readings.append(Reading(f"{sign}={code}", says))
    question = Question(
        "currency",
        Sentence(
            "{file} holds money of several currencies, which cannot be added: {sums}. Which one is to be counted?",
            file=file,
            sums=", ".join(f"{r.sum:,.2f} {r.Index}" for r in sums.itertuples()),
        ),
        tuple(readings),
    )
    return answers.to(question)
