"""Values as people export them: ¥1,299.00, 1.2万, 17850.0, 19970101, 2024年3月1日, Excel serials, 交易关闭.

Every function works on the distinct values of a column and reports what it could not read instead of guessing.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.language import Sentence
from course.telling import tells

BLANKS = frozenset(
    ["", "nan", "null", "none", "n/a", "#n/a", "na", "nat", "-", "--", "\\n", "无", "空", "未填", "<na>"]
)

#: What shops call an order's state, in four words. A state not listed here is kept as it is.
STATUSES = {
    "completed": "completed complete paid success succeeded shipped delivered done finished closed_won won 赢单 已赢单 "
    "交易成功 已完成 订单完成 完成 已审核 已付款 已支付 已发货 已签收 已收货 交易完成 成功 待发货 "
    "待收货 买家已付款 卖家已发货 "
    "abgeschlossen bezahlt versendet geliefert terminée payée expédiée livrée completado pagado enviado entregado "
    "completato pagato spedito consegnato 完了 入金済み 発送済み",
    "cancelled": "cancelled canceled cancel void voided closed fail failed failure declined draft rejected "
    "expired payment_failed closed_lost lost 输单 已输单 丢单 "
    "交易关闭 已关闭 关闭 草稿 已取消 取消 订单取消 作废 已作废 支付失败 付款失败 交易失败 "
    "storniert abgebrochen fehlgeschlagen annulée échouée cancelado anulado fallido annullato キャンセル",
    "refunded": "refunded refund returned return 退款 已退款 退款成功 退货 已退货 全额退款 退货退款 "
    "退款完成 已全额退款 fully_refunded "
    "erstattet zurückerstattet remboursée reembolsado rimborsato 返金済み",
    "unpaid": "unpaid pending awaiting_payment pending_payment 待付款 未付款 等待买家付款 待支付 未支付 "
    "ausstehend en_attente pendiente in_attesa 入金待ち",
}
_STATUS_OF = {word: state for state, words in STATUSES.items() for word in words.split()}


@dataclass
class Column:
    """One column read: `values` as typed, `bad` True where a filled cell could not be read, and what is to be said."""

    values: pd.Series
    bad: np.ndarray
    notes: list[Sentence] = field(default_factory=list)


def is_blank(texts: pd.Series) -> pd.Series:
    """True where a cell is empty or says so ("NULL", "n/a", "无", …)."""
    return texts.isna() | texts.str.strip().str.lower().isin(BLANKS)


def _distinct(cells: pd.Series) -> tuple[np.ndarray, pd.Series]:
    """Codes (−1: blank) and the distinct filled texts, in order of appearance."""
    codes, distinct = pd.factorize(cells.astype("str"))
    # Plain lists: of a small file nearly all of the time would go into setting up vectors of ten cells.
    told = _unwrapped(_listed(distinct))
    blank = np.array([text.strip().lower() in BLANKS for text in told], dtype=bool)
    if blank.any():
        renumber = np.append(np.where(blank, -1, np.cumsum(~blank) - 1), -1)  # the last is for codes of −1
        codes = renumber[codes]
        told = [text for text, is_none in zip(told, blank, strict=True) if not is_none]
    return codes, pd.Series(told, dtype="str")


def _listed(texts: pd.Series | pd.Index) -> list[str]:
    """Texts, none of them missing, as a list: looked at one by one an Arrow column takes ten times as long."""
    return texts.to_numpy(dtype=object).tolist()


_AROUND = re.compile(r'^\s*="(.*)"\s*$')
_UNSEEN = re.compile("[\u200b\u200e\u200f\ufeff]")


def _unwrapped(told: list[str]) -> list[str]:
    """Without what keeps a spreadsheet from eating zeros: ="00123" and tabs anywhere, ' and ` where all cells do."""
    signs = "".join(told)
    if '="' in signs:
        told = [_AROUND.sub(r"\1", text) for text in told]
    if "\t" in signs or _UNSEEN.search(signs):
        told = [_UNSEEN.sub("", text).strip("\t") for text in told]
    for sign in ("'", "`"):
        filled = [text for text in told if text.strip()] if sign in signs else []
        if filled and sum(text.startswith(sign) for text in filled) >= 0.95 * len(filled):
            told = [text.removeprefix(sign) for text in told]
    return told


def _spread(codes: np.ndarray, values: pd.Series, index: pd.Index) -> pd.Series:
    """Each row's value from the distinct ones; a code of −1 gives a blank."""
    if not len(values):
        return values.reindex(range(len(codes))).set_axis(index)
    return pd.Series(pd.api.extensions.take(values.array, codes, allow_fill=True), index=index, dtype=values.dtype)


def masked(value: object) -> str:
    """A text's shape without what it says: first two and last characters stay, letters and digits between become *."""
    text = str(value)[:40]
    keep_first, keep_last = (2, 1) if len(text) > 4 else (1, 0)
    middle = text[keep_first : len(text) - keep_last]
    return text[:keep_first] + "".join("*" if c.isalnum() else c for c in middle) + text[len(text) - keep_last :]


# --- identifiers and texts -------------------------------------------------------------------------------------------

_SCIENTIFIC = re.compile(r"^[+-]?\d(?:[.,]\d+)?[eE]\+?\d{1,3}$")
_POINT_NOUGHT = re.compile(r"^(\d+)\.0+$")


def ids(cells: pd.Series, column: str) -> Column:
    """Identifiers as text: "17850.0" is 17850, leading zeros stay.

    Raises
    ------
    DataError : an id in scientific notation (1.23E+15) or a floating number above 2⁵³: digits are lost already.
    """
    if pd.api.types.is_float_dtype(cells.dtype):
        too_long = cells.abs() >= 2**53
        if too_long.any():
            _refuse_scientific(column, cells[too_long])
        cells = _without_point(cells)
    codes, distinct = _distinct(cells)
    # A hexadecimal code may look like 12E5; an exponent of two digits or a mantissa with a point does not.
    scientific = [bool(_SCIENTIFIC.match(text) and re.search(r"[.,]|[eE]\+", text)) for text in _listed(distinct)]
    if any(scientific):
        at = np.flatnonzero(np.isin(codes, np.flatnonzero(scientific)))
        _refuse_scientific(column, cells.iloc[at])
    clean = pd.Series([_POINT_NOUGHT.sub(r"\1", text.strip()) for text in _listed(distinct)], dtype="str")
    return Column(_spread(codes, clean, cells.index), np.zeros(len(cells), dtype=bool))


def _without_point(cells: pd.Series) -> pd.Series:
    """Floating numbers as integers where all are whole and below 2⁵³: beyond it a float does not hold every integer."""
    filled = cells.dropna()
    return cells.astype("Int64") if ((filled % 1 == 0) & (filled.abs() < 2**53)).all() else cells


def _refuse_scientific(column: str, cells: pd.Series) -> None:
    raise DataError(
        "Column {column}: {rows:,} {rows:id is|ids are} in scientific notation or rounded (first: "
        "{values}, rows {at}). "
        "Digits are lost, and different customers would become one. Export the column again as text.",
        column=column,
        rows=len(cells),
        values=first_few(cells.astype("str")),
        at=first_few(cells.index),
    )


def texts(cells: pd.Series) -> Column:
    """Texts without the blanks around them."""
    codes, distinct = _distinct(cells)
    return Column(_spread(codes, distinct.str.strip(), cells.index), np.zeros(len(cells), dtype=bool))


#: The words of state a canonical table knows; those after the shops' own come from forms and guards.
CANONICAL_STATUSES = (*STATUSES, "test", "no_order", "other_currency", "unfinished", "counts_again", "other_direction")
#: The states that forms, and answers to questions, speak of, in canonical words.
STATUS_OF_STATE = {"sale": "completed", "refunded": "refunded", "not_a_sale": "cancelled", "pending": "unpaid"}
_STATUS_OF |= {word: word for word in CANONICAL_STATUSES}


def statuses(cells: pd.Series) -> Column:
    """Order states in the words of the canonical table; a word that is not known stays as it is."""
    codes, distinct = _distinct(cells)
    told = [text.strip() for text in _listed(distinct)]
    values = pd.Series([_STATUS_OF.get(re.sub(r"[\s_-]+", "_", text.lower()), text) for text in told], dtype="str")
    return Column(_spread(codes, values, cells.index), np.zeros(len(cells), dtype=bool))


# --- numbers ---------------------------------------------------------------------------------------------------------

_SCALE = {"万": 1e4, "亿": 1e8, "k": 1e3, "K": 1e3}
#: Codes that mean nothing else beside a figure or in a column's name, as ALL, CUP or TOP may.
PLAIN_CODES = frozenset([
    "CNY", "USD", "EUR", "GBP", "JPY", "HKD", "TWD", "KRW", "CHF", "AUD", "CAD", "SGD", "NZD", "SEK", "NOK",
    "DKK", "INR", "RUB", "TRY", "BRL", "MXN", "ZAR", "AED", "SAR", "QAR", "KWD", "PLN", "CZK", "HUF", "RON",
    "ILS", "THB", "MYR", "IDR", "PHP", "VND", "COP", "CLP", "ARS", "EGP", "NGN", "KES", "UAH", "PKR",
])  # fmt: skip
#: What names a currency besides its code.
CURRENCY_WORDS = {
    "rmb": "CNY", "人民币": "CNY", "元": "CNY", "块": "CNY", "人民币元": "CNY", "cn¥": "CNY", "美元": "USD",
    "欧元": "EUR", "英镑": "GBP", "日元": "JPY", "円": "JPY", "jp¥": "JPY", "港币": "HKD", "港元": "HKD",
    "新台币": "TWD", "韩元": "KRW", "원": "KRW", "euro": "EUR", "euros": "EUR", "us dollar": "USD",
    "us dollars": "USD", "pound sterling": "GBP", "€": "EUR", "£": "GBP", "₩": "KRW", "₹": "INR", "₽": "RUB",
    "₺": "TRY", "₫": "VND", "฿": "THB", "₴": "UAH", "₦": "NGN", "₱": "PHP", "₪": "ILS", "zł": "PLN",
    "rp": "IDR", "rm": "MYR", "us$": "USD", "hk$": "HKD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD",
    "s$": "SGD", "nt$": "TWD", "nz$": "NZD", "mx$": "MXN", "r$": "BRL", "￥": "¥", "＄": "$",
}  # fmt: skip
#: With the signs that several currencies share.
_NAMES = [*CURRENCY_WORDS, *PLAIN_CODES, "¥", "$", "kr"]
_NAMED = "|".join(re.escape(w) for w in sorted(_NAMES, key=lambda w: (-len(w), w)))
_MONEY = re.compile(
    rf"^(?P<open>\()?(?P<sign>[+-])?\s*(?:{_NAMED})?\s*(?P<inner>[+-])?"
    r"(?P<digits>\d[\d,.' ]*|\.\d+)(?P<exponent>[eE][+-]?\d+)?\s*(?P<scale>[万亿kK])?\s*"
    rf"(?:{_NAMED})?(?P<after>-)?(?P<close>\))?$",
    re.IGNORECASE,
)
_COMMA_DECIMAL = re.compile(r"^\d{1,3}(?:[. ']\d{3})*,\d+$|^\d+,\d+$")
_ENGLISH = re.compile(r"^(?:\d{1,3}(?:[,' ]\d{3})+|\d+)?(?:\.\d*)?$")


#: From here on float64 has no cents left to tell apart, and no business such figures: unreadable, like infinity.
_BEYOND = 1e15
#: Whole numbers from here on may be a telephone, where few others are large.
_MAY_TELL, _LARGE = 1e10, 1e9


class ThousandsOrDecimals(DataError):
    """Money that can be read with thousands or with three decimals throughout; `sums` has the total of either."""

    def __init__(self, column: str, example: str, sums: dict[str, float]) -> None:
        super().__init__("Column {column}: {example} can be read in two ways.", column=column, example=example)
        self.example, self.sums = example, sums


#: One separator before exactly three digits, and no other sign of what it is: 1.250 and 12,500, not 0.125 or 1250.000.
_THREE = re.compile(r"^[+-]?[1-9]\d{0,2}([.,])\d{3}$")


def money(cells: pd.Series, column: str, thousands: bool | None = None) -> Column:
    """`numbers`, where a separator before three digits is settled: `thousands` says what it is.

    Raises
    ------
    ThousandsOrDecimals : the column leaves it open.
    """
    read = numbers(cells)
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return read
    codes, distinct = _distinct(cells)
    bare = distinct.str.replace(r"[^\d.,+-]", "", regex=True)
    split = bare[bare.str.contains("[.,]", regex=True)]
    three = split.str.match(_THREE)
    if split.empty or not three.all() or split.str.extract("([.,])")[0].nunique() > 1:
        return read
    if split.iloc[0].lstrip("+-")[:4].find(",") > 0 and thousands is None:
        return read  # 1,250 has thousands wherever nothing else has a comma
    plain = pd.to_numeric(bare.str.replace("[.,]", "", regex=True), errors="coerce").astype("float64")
    point = pd.to_numeric(bare.str.replace(",", "."), errors="coerce").astype("float64")
    sums = {name: exact(_spread(codes, one, cells.index)) for name, one in (("thousands", plain), ("decimals", point))}
    if thousands is None:
        raise ThousandsOrDecimals(column, str(split.iloc[0]), sums)
    chosen = plain if thousands else point
    unread = chosen.isna().to_numpy()
    bad = np.where(codes < 0, False, unread[codes] if len(unread) else False)
    return Column(_spread(codes, chosen, cells.index), bad, read.notes)


_CURRENCY = re.compile(rf"(?<![A-Za-z])({_NAMED})(?![A-Za-z])", re.IGNORECASE)


def currencies(cells: pd.Series) -> pd.Series:
    """The currency that each cell of money names, as code or sign ("¥" may be two, "$" many); blank where none does."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return pd.Series(pd.NA, index=cells.index, dtype="str")
    codes, distinct = _distinct(cells)
    said = distinct.str.extract(_CURRENCY, expand=False)
    named = said.map(lambda s: CURRENCY_WORDS.get(s.lower(), s.upper()), na_action="ignore").astype("str")
    return _spread(codes, named, cells.index)


def numbers(cells: pd.Series) -> Column:
    """Numbers as float64. Currency signs, thousands separators, 万 and 亿, (12.50) for −12.50 are understood;
    somebody's telephone among them is no figure."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return Column(pd.Series(np.nan, index=cells.index), np.ones(len(cells), dtype=bool))
    if pd.api.types.is_numeric_dtype(cells.dtype):
        values = cells.astype("float64")
        none = (values.abs() >= _BEYOND).to_numpy() | _telling(values)
        return Column(values.mask(none), none)
    codes, distinct = _distinct(cells)
    values = pd.to_numeric(distinct, errors="coerce").astype("float64")
    telling = _telling(values) | distinct.str.fullmatch(r"0\d{9,}").to_numpy(dtype=bool)
    strange = distinct[values.isna()]
    notes: list[Sentence] = []
    if len(strange):
        plain = [unicodedata.normalize("NFKC", s).replace("−", "-").strip() for s in strange]
        comma = _decimal_comma(plain)
        if comma:
            notes.append(Sentence("A comma is the decimal sign here: {example}.", example=strange.iloc[0]))
        read = {s: _number(p, comma) for s, p in zip(strange, plain, strict=True)}
        values = values.fillna(distinct.map(read).astype("float64"))
        if comma:  # 1.299 was read as one point three, but is a thousand
            grouped = distinct.str.match(r"^[+-]?\d{1,3}(\.\d{3})+$")
            values = values.mask(grouped, pd.to_numeric(distinct.str.replace(".", ""), errors="coerce"))
    values = values.mask((values.abs() >= _BEYOND) | telling)
    unread = values.isna().to_numpy()
    bad = np.where(codes < 0, False, unread[codes] if len(unread) else False)
    return Column(_spread(codes, values, cells.index), bad, notes)


def _telling(values: pd.Series) -> np.ndarray:
    """True for whole numbers, written without a sign of money, that are somebody's: a mobile, an identity card. Where
    as many others are as large, they are figures."""
    held = pd.Series(values[(values >= _LARGE) & (values < _BEYOND)].unique())
    long = held[(held >= _MAY_TELL) & (held % 1 == 0)].astype("int64")
    told = long[tells(long.astype("str"))] if len(long) else long
    return values.isin(told if 2 * len(told) > len(held) else []).to_numpy()


_LABELLED = re.compile(
    r"^(?:(?P<before>[^\d]*[^\d\s.,+-])\s*[-–—:：]\s*(?P<last>\d{1,2})|(?P<first>\d{1,2})\s*(?:分|points?)?\s*"
    r"(?:[-–—:：]\s*[^\d\s].*|[（(][^\d]*[)）])?)$",
    re.IGNORECASE,
)


def scores(cells: pd.Series) -> Column:
    """Answers on a scale as numbers: 10, "10分（极有可能）", "Extremely likely - 10", "0 - Not at all likely".

    A range of scores ("1-2 - very unlikely") is none.
    """
    read = numbers(cells)
    if not read.bad.any():
        return read
    found = cells[read.bad].astype("str").str.strip().str.extract(_LABELLED)
    figure = pd.to_numeric(found["last"].fillna(found["first"]))
    values = read.values.copy()
    values[read.bad] = figure.to_numpy("float64")
    return Column(values, read.bad & values.isna().to_numpy(), read.notes)


def _decimal_comma(plain: list[str]) -> bool:
    """Whether the column writes 1.299,00: some value can only be read so, and none only the other way."""
    bare = [m["digits"].strip() for m in map(_MONEY.match, plain) if m]
    only_comma = any(_COMMA_DECIMAL.match(b) and not _ENGLISH.match(b) for b in bare)
    only_point = any(_ENGLISH.match(b) and "," in b and not _COMMA_DECIMAL.match(b) for b in bare)
    return only_comma and not only_point


def _number(plain: str, comma: bool) -> float:
    match = _MONEY.match(plain)
    if not match or bool(match["open"]) != bool(match["close"]):
        return np.nan
    digits = match["digits"].strip()
    if comma:
        if not _COMMA_DECIMAL.match(digits) and not re.match(r"^\d+(?:[. ']\d{3})*$", digits):
            return np.nan
        digits = re.sub(r"[. ']", "", digits).replace(",", ".")
    elif not _ENGLISH.match(digits):
        return np.nan
    else:
        digits = re.sub(r"[,' ]", "", digits)
    negative = bool(match["open"]) + [match["sign"], match["inner"], match["after"]].count("-")
    if negative > 1:
        return np.nan
    scale = _SCALE.get(match["scale"] or "", 1.0)
    # Decimal digits first, scale after: 1.2万 is 12000 and not 11999.999….
    value = float(digits + (match["exponent"] or ""))
    return (-1) ** negative * (round(value * scale, 6) if scale != 1 else value)


def exact(amounts: pd.Series) -> float:
    """Sum of amounts, exact to the millionth: summed as whole numbers, so no order of rows changes it."""
    values = amounts.dropna().to_numpy(dtype="float64")
    usual = np.abs(values) < 1e9  # float64 still tells a tenth of a millionth apart
    micro = (values[usual] * 1e6).round().astype("int64")
    total = sum(int(part.sum()) for part in np.array_split(micro, len(micro) // 1000 + 1))  # no part beyond 2⁶³
    total += sum(int((Decimal(repr(v)) * 10**6).to_integral_value()) for v in values[~usual].tolist())
    return total / 10**6


# --- dates -----------------------------------------------------------------------------------------------------------

_TIME_OF_DAY = ("", " %H:%M:%S", " %H:%M", " %H:%M:%S.%f", " %I:%M:%S %p", " %I:%M %p")
_YEAR_FIRST = ("%Y-%m-%d", "%Y%m%d", "%Y%m%d%H%M%S")
#: What strptime takes for a part of a date; digits without a sign between them must be all there (1997011 is no date).
_PARTS = {"%Y": r"\d{4}", "%y": r"\d{2}", "%b": "[A-Za-z]{3}", "%B": "[A-Za-z]+", " ": r"\s+"}
_DIGITS = {"%Y%m%d": r"\d{8}(\D|$)", "%Y%m%d%H%M%S": r"\d{14}$"}
_DAY_FIRST = ("%d-%m-%Y", "%d-%m-%y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y")
_MONTH_FIRST = ("%m-%d-%Y", "%m-%d-%y", "%b %d %Y", "%B %d %Y", "%b-%d-%y", "%b-%d-%Y")
_CLOCK = re.compile(r"\d:\d|\d{2}Z$")
_OFFSET = re.compile(r"(?:(?<=\d)|\s)(Z|UTC|[+-]\d{2}:?\d{2})$")


def times(cells: pd.Series, column: str, date_order: str | None = None) -> Column:
    """Dates and times of day as datetime64[us], in the time zone the source wrote them in.

    Understood: ISO 8601, 2024/3/1 8:30, 2024年3月1日, 19970101, 1 Mar 2024, day-first or month-first numbers, Excel
    serials, seconds, milliseconds and microseconds since 1970. `date_order` ("dmy" or "mdy") settles what the values
    leave open.

    Raises
    ------
    DataError : two date orders in one column; day and month that cannot be told apart; times with and without a zone.
    """
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return Column(_local(cells), np.zeros(len(cells), dtype=bool))
    if pd.api.types.is_float_dtype(cells.dtype):
        cells = _without_point(cells)
    codes, distinct = _distinct(cells)
    plain = _plain_dates(distinct)
    offsets, plain = _split_offsets(plain)
    values, notes = _parse(plain, column, date_order, lambda i: _rows_of(codes, i, cells.index))
    values, zone_notes = _to_one_zone(values, offsets, codes, column, cells.index)
    values = values.where(values.dt.year.between(2, 9998))  # beyond them nothing can say what day it is
    unread = values.isna().to_numpy()
    bad = np.where(codes < 0, False, unread[codes] if len(unread) else False)
    return Column(_spread(codes, values, cells.index), bad, notes + zone_notes)


def _local(cells: pd.Series) -> pd.Series:
    """Typed times as the wall clock of their own zone showed them."""
    if cells.dt.tz is not None:
        cells = cells.dt.tz_localize(None)
    return cells.astype("datetime64[us]")


def _rows_of(codes: np.ndarray, distinct: np.ndarray, index: pd.Index) -> pd.Index:
    return index[np.isin(codes, distinct)]


#: How people write a moment, and how it is read; each with a sign without which there is nothing to change.
_WRITTEN = tuple(
    (sign, re.compile(pattern), new)
    for sign, pattern, new in (
        # An offset in whole hours: GMT+8.
        (r"GMT|UTC", r" (?:GMT|UTC)([+-])(\d)$", r" \g<1>0\2:00"),
        (r"GMT|UTC", r" (?:GMT|UTC)([+-]\d\d)$", r" \1:00"),
        (r"T", r"(?<=\d)T(?=\d)", " "),
        (r"[/.]", r"^(\d{1,4})[/.](\d{1,2}|[A-Za-z]{3})[/.](\d{1,4})(?=\D|$)", r"\1-\2-\3"),
        (r",", r"^([A-Za-z]{3,9})\.? (\d{1,2}),", r"\1 \2"),
        (r",|  ", r"(?<=\d{4}),? +(?=\d{1,2}:)", " "),
        # A clock of 24 hours that says PM all the same.
        (r"[Mm]", r"(?<![\d:])(1[3-9]|2[0-3]|00)(:\d\d(?::\d\d)?) ?[AaPp][Mm]$", r"\1\2"),
        (r"[Mm]", r"(\d)([AaPp][Mm])$", r"\1 \2"),
    )
)


def _plain_dates(distinct: pd.Series) -> pd.Series:
    told = [text if text.isascii() else unicodedata.normalize("NFKC", text) for text in _listed(distinct)]
    told = [(text if text.isascii() else _from_chinese(text)).strip() for text in told]
    signs = "".join(told)
    for sign, pattern, new in _WRITTEN:
        if re.search(sign, signs):
            told = [pattern.sub(new, text) for text in told]
    return pd.Series(told, index=distinct.index, dtype="str")


def _from_chinese(text: str) -> str:
    text = text.strip()
    if not re.search("[年月日时点分秒午]", text):
        return text
    text = re.sub(r"\s*(上午|下午)\s*(\d.*)$", r" \2 \1", text)
    text = re.sub(r"日\s*", " ", re.sub("[年月]", "-", text))
    text = re.sub(r"[时点]$", ":00", re.sub(r"[时点分](?=\d)", ":", text))
    text = re.sub("[分秒]", "", text).replace("上午", "AM").replace("下午", "PM")
    return re.sub(r"\s+", " ", text)


def _split_offsets(plain: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Offsets from UTC in minutes (blank: none given) and the texts without them."""
    told = _listed(plain)
    found = [_OFFSET.search(text) if _may_end_so(text) and _CLOCK.search(text) else None for text in told]
    if not any(found):
        return pd.Series(np.nan, index=plain.index), plain
    minutes = [_minutes(match[1]) if match else np.nan for match in found]
    bare = [_OFFSET.sub("", text).strip() if match else text for text, match in zip(told, found, strict=True)]
    return pd.Series(minutes, index=plain.index), pd.Series(bare, index=plain.index, dtype="str")


def _may_end_so(text: str) -> bool:
    """Whether an offset may stand at the end, by a look at single signs: most texts have none, and are many."""
    return text[-1:] in "ZC" or text[-6:-5] in "+-" or text[-5:-4] in "+-"


def _minutes(offset: str) -> float:
    if offset in ("Z", "UTC"):
        return 0.0
    digits = offset[1:].replace(":", "")
    return (-1 if offset[0] == "-" else 1) * (int(digits[:2]) * 60 + int(digits[2:]))


def _try(plain: pd.Series, formats: tuple[str, ...]) -> pd.Series:
    values = pd.Series(pd.NaT, index=plain.index, dtype="datetime64[us]")
    for date in formats:
        shape = _DIGITS.get(date) or re.sub("%.| ", lambda part: _PARTS.get(part[0], r"\d{1,2}"), date)
        looks = re.compile(shape).match  # a text that strptime refuses costs a hundred times as much as one it reads
        todo = values.isna() & np.array([looks(text) is not None for text in _listed(plain)], dtype=bool)
        for clock in _TIME_OF_DAY:
            if not todo.any():
                break
            read = pd.to_datetime(plain[todo], format=date + clock, errors="coerce").astype("datetime64[us]")
            values[todo] = read
            todo &= values.isna()
    return values


def _parse(plain: pd.Series, column: str, date_order: str | None, rows_of) -> tuple[pd.Series, list[Sentence]]:
    values = _try(plain, _YEAR_FIRST)
    if values.notna().all():
        return values, []
    values = values.fillna(_serials(plain[values.isna()]))
    left = plain[values.isna()]
    notes: list[Sentence] = []
    by_year = _short_years_first(left)
    if len(by_year):
        values = values.fillna(by_year)
        example = {"column": column, "text": left.iloc[0], "date": by_year.iloc[0]}
        notes.append(
            Sentence(
                "Dates in {column} were read {order}: {text} is {date:%Y-%m-%d}.",
                order=Sentence("year first"),
                **example,
            )
        )
    elif len(left):
        by_day, by_month = _try(left, _DAY_FIRST), _try(left, _MONTH_FIRST)
        order = date_order or _decide(by_day, by_month, column, rows_of)
        values = values.fillna(by_day if order == "dmy" else by_month)
        differ = by_day.notna() & by_month.notna() & (by_day != by_month)
        if differ.any():
            at = differ.idxmax()
            notes.append(
                Sentence(
                    "Dates in {column} were read {order}: {text} is {date:%Y-%m-%d}.",
                    column=column,
                    order=Sentence("day first") if order == "dmy" else Sentence("month first"),
                    text=left[at],
                    date=values[at],
                )
            )
    return values, notes


def _short_years_first(left: pd.Series) -> pd.Series:
    """Dates such as 24-03-31, where all can be read so and the last figures vary more, as days do; else nothing."""
    figures = left.str.extract(r"^(\d\d)-\d\d-(\d\d)(?:\D|$)")
    if left.empty or figures[0].isna().any() or figures[0].nunique() >= figures[1].nunique():
        return left[:0]
    values = _try(left, ("%y-%m-%d",))
    return left[:0] if values.isna().any() else values


class TwoWays(DataError):
    """Dates of which every one can be read day first and month first; `spans` has first and last day by order, the
    order with the shorter span first: a year of business has many days, and seldom one day in every month."""

    def __init__(self, by_day: pd.Series, by_month: pd.Series, column: str, rows: pd.Index) -> None:
        super().__init__(
            "Column {column}: day and month cannot be told apart (rows {rows}), every value can be read both ways. "
            "Say which comes first with --date-order dmy or --date-order mdy.",
            column=column,
            rows=first_few(rows),
        )
        spans = {o: (d.min().date(), d.max().date()) for o, d in (("dmy", by_day), ("mdy", by_month))}
        self.spans = dict(sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])))


def _decide(by_day: pd.Series, by_month: pd.Series, column: str, rows_of) -> str:
    """Day first or month first, from the values that can be read only one way."""
    only_day, only_month = by_day.notna() & by_month.isna(), by_month.notna() & by_day.isna()
    differ = by_day.notna() & by_month.notna() & (by_day != by_month)
    if not differ.any():
        return "dmy" if only_day.sum() >= only_month.sum() else "mdy"
    if only_day.any() and only_month.any():
        raise DataError(
            "Column {column} holds two date orders: {day:,} {day:row|rows} can only be day-first (rows {day_rows}), "
            "{month:,} only month-first (rows {month_rows}). Export the dates as 2024-03-31, or split the "
            "file by source.",
            column=column,
            day=len(rows_of(only_day[only_day].index)),
            day_rows=first_few(rows_of(only_day[only_day].index)),
            month=len(rows_of(only_month[only_month].index)),
            month_rows=first_few(rows_of(only_month[only_month].index)),
        )
    if only_day.any() or only_month.any():
        return "dmy" if only_day.any() else "mdy"
    raise TwoWays(by_day, by_month, column, rows_of(differ[differ].index))


def _serials(plain: pd.Series) -> pd.Series:
    """Excel serial days (1955–2173), and seconds, milliseconds or microseconds since 1970."""
    number = pd.to_numeric(plain, errors="coerce")
    if number.isna().all():
        return pd.Series(pd.NaT, index=plain.index, dtype="datetime64[us]")
    days = number.where(number.between(20000, 99999))
    # Excel counts from 1899-12-30; a serial's fraction is only good to the second.
    values = pd.Timestamp("1899-12-30") + pd.to_timedelta((days * 86400).round(), unit="s")
    epoch = number.where(number.between(1e8, 4.2e9)).fillna(number.where(number.between(1e11, 4.2e12)) / 1000)
    whole_text = plain.str.match(r"^\d{9,13}(\.\d+)?$")
    values = values.fillna(pd.Timestamp("1970-01-01") + pd.to_timedelta(epoch.where(whole_text), unit="s"))
    # Microseconds are whole: a figure as large that has a fraction is no moment.
    micro = number.where(number.between(1e14, 4.2e15) & plain.str.match(r"^\d{16}$")).astype("Int64")
    return values.astype("datetime64[us]").fillna(pd.to_datetime(micro, unit="us"))


def _to_one_zone(
    values: pd.Series, offsets: pd.Series, codes: np.ndarray, column: str, index: pd.Index
) -> tuple[pd.Series, list[Sentence]]:
    if offsets.isna().all():
        return values, []
    naive = offsets.isna() & values.notna()
    if naive.any():
        with_zone, without = (
            _rows_of(codes, np.flatnonzero(offsets.notna()), index),
            _rows_of(codes, np.flatnonzero(naive), index),
        )
        raise DataError(
            "Column {column} mixes times with a time zone ({zoned:,} {zoned:row|rows}, first: {zoned_rows}) "
            "and without "
            "({naive:,}, first: {naive_rows}). They cannot be put in order. Export all of them with their "
            "zone, or none.",
            column=column,
            zoned=len(with_zone),
            zoned_rows=first_few(with_zone),
            naive=len(without),
            naive_rows=first_few(without),
        )
    per_row = offsets.reindex(codes[codes >= 0]).value_counts()
    common = per_row.index[per_row == per_row.iloc[0]].min()
    if len(per_row) == 1:
        return values, []
    if len(per_row) == 2 and abs(per_row.index[0] - per_row.index[1]) == 60:
        note = Sentence(
            "{column} is one clock in summer and winter time; its times were taken as written.", column=column
        )
        return values, [note]
    moved = values + pd.to_timedelta(common - offsets, unit="min")
    zone = f"UTC{int(common) // 60:+03d}:{int(abs(common)) % 60:02d}"
    note = Sentence(
        "{column} carries {n} time zones; all were turned into {zone}, the most frequent.",
        column=column,
        n=len(per_row),
        zone=zone,
    )
    return moved.astype("datetime64[us]"), [note]
