"""What money is in: as the export says it, or the reader; money of several currencies is never added up."""

import re
from collections.abc import Iterable
from functools import cache

import pandas as pd

from course.collect import values
from course.collect.questions import Answers, Question, Reading
from course.errors import DataError, nearest
from course.language import Sentence

#: What exports write for a currency besides its code.
_WORDS = {
    "rmb": "CNY", "人民币": "CNY", "元": "CNY", "人民币元": "CNY", "美元": "USD", "欧元": "EUR", "英镑": "GBP",
    "日元": "JPY", "円": "JPY", "港币": "HKD", "港元": "HKD", "新台币": "TWD", "韩元": "KRW",
    "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "₽": "RUB", "₺": "TRY", "₫": "VND", "฿": "THB", "₴": "UAH",
    "₦": "NGN", "us$": "USD", "hk$": "HKD", "a$": "AUD", "c$": "CAD", "s$": "SGD", "￥": "¥", "＄": "$",
    "euro": "EUR", "euros": "EUR", "us dollar": "USD", "us dollars": "USD", "pound sterling": "GBP",
}  # fmt: skip
#: Signs that name no currency by themselves, and those they may be.
_SIGNS = {
    "¥": {"CNY", "JPY"},
    "$": {"USD", "HKD", "AUD", "CAD", "SGD", "TWD", "NZD", "MXN", "BRL", "ARS", "CLP", "COP"},
}
#: A currency in the name of a column of money: "金额(元)", "Amount (USD)", "Total €".
_IN_NAME = re.compile(r"[(（\[]\s*([^()（）\[\]]{1,4})\s*[)）\]]|([€£₩₹₽₺₫฿¥￥$])|\b([A-Z]{3})$")
#: Codes that mean nothing else in a column's name, as ALL, CUP or TOP may.
_PLAIN = {"CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "CHF", "AUD", "CAD", "SGD", "SEK", "NOK", "DKK"}


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
    return _WORDS.get(plain.lower(), plain.upper())


def named(frame: pd.DataFrame, cells: pd.DataFrame, money: str) -> None:
    """Give `frame` the column `currency` where the export says what money is in: a column of its own, the cells of
    money, or the name of the money's column.

    Parameters
    ----------
    cells : the export's cells; money : its column of money, or several: "gross − fee"
    """
    if "currency" in frame:
        words = frame["currency"].dropna().unique()
        found = frame["currency"].map({w: _code(w) for w in words}, na_action="ignore").astype("str")
    else:
        found = pd.Series(pd.NA, index=frame.index, dtype="str")
        for column in [c for c in dict.fromkeys((money, *re.split(" [+−] ", money))) if c in cells]:
            found = found.fillna(values.currencies(cells[column].reindex(frame.index)))
        if found.isna().all() and (code := _in_name(money)):
            found = found.fillna(code)
    if found.notna().any():
        frame["currency"] = found.to_numpy()


def _in_name(column: str) -> str | None:
    """The one currency that stands in a column's name."""
    codes = {_code(next(filter(None, parts))) for parts in _IN_NAME.findall(column)}
    codes &= _PLAIN | set(_WORDS.values())
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
    sums = frame[counted].groupby("currency")["amount"].agg(["sum", "size"])
    sums = sums.sort_values(["size", "sum"], ascending=False, kind="stable")
    if given is not None and len(sums) and given not in sums.index:
        raise _contradiction(file, sums.index, given)
    if len(sums) > 1:
        chosen = _asked(sums, file, answers)
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
    """¥ and $ as the one currency beside them that they can be; with none or several beside them, as the given one."""
    for sign, meant in _SIGNS.items():
        beside = meant & set(named.dropna())
        if len(beside) != 1:
            beside = meant & {given}
        if len(beside) == 1:
            named = named.mask(named == sign, beside.pop())
    return named


def _asked(sums: pd.DataFrame, file: str, answers: Answers) -> str:
    question = Question(
        "currency",
        Sentence(
            "{file} holds money of several currencies, which cannot be added: {sums}. Which one is to be counted?",
            file=file,
            sums=", ".join(f"{r.sum:,.2f} {r.Index}" for r in sums.itertuples()),
        ),
        tuple(
            Reading(
                str(name),
                Sentence("{rows:,} rows, {money:,.2f} {name}", rows=int(r["size"]), money=float(r["sum"]), name=name),
            )
            for name, r in sums.iterrows()
        ),
    )
    return answers.to(question)
