"""What tells who somebody is: phones, e-mails, identity cards, passports, names; the one recogniser of the house.

Every text is judged in one spelling: half-width, one kind of dash, no marks that cannot be seen. `tells` judges a
column of ids, where a form that random numbers may have (a card of 15 digits, a passport) counts only when the column
as a whole speaks for it; `holds` and `without` look for the same things inside a text.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from datetime import date

import numpy as np
import pandas as pd

from course.engine import query

# --- one spelling ----------------------------------------------------------------------------------------------------

_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc\u2500]")


def normal(text: str) -> str:
    """The text half-width, with plain digits, dashes and single blanks; the marks that tell phones and mail from text
    are kept."""
    text = _DASHES.sub("-", _UNSEEN.sub("", unicodedata.normalize("NFKC", text)))
    if not text.isascii():
        text = "".join(str(unicodedata.decimal(c, c)) for c in text)
    return " ".join(text.split())


# --- phones, mail, cards inside a text -------------------------------------------------------------------------------

_MAIL = re.compile(r"[\w.+-]+ ?@ ?[\w-]+(?:\.[\w-]+)*\.[^\W\d]{2,}")
#: A number among other signs: not a part of a longer one, of a decimal fraction or of a code.
_ALONE, _ENDS = r"(?<![\w.])(?<!\d[-,])", r"(?![\w]|[.,-]\d)"
#: A column of floats has it as 13800138000.0.
_MOBILE = re.compile(rf"{_ALONE}(?:(?:00|\+)?86[- ]?)?1[3-9]\d{{9}}(?:\.0+)?{_ENDS}")
#: What is written as a phone: groups of digits with blanks, dashes, brackets or points between, a + before.
_WRITTEN = re.compile(rf"{_ALONE}(?:\+|00)?\(?\d{{1,6}}\)?(?:[ .()/-]{{1,3}}\d{{1,8}}){{0,6}}{_ENDS}")
#: A plain decimal fraction is a figure: a phone with a point has the zero of its area code, or more points than one.
_DECIMAL = re.compile(r"(?:0|[1-9]\d*)\.\d+")
_PLUS = re.compile(r"\+\d{7,15}(?!\d)")
_CARD = re.compile(rf"{_ALONE}\d{{6}}[- ]?\d{{8}}[- ]?\d{{3}}[\dXx]{_ENDS}")
#: Without + or brackets: a mobile number, a landline with the zero of its area code, a service number; 212-555-0123.
_CHINESE = re.compile(
    r"(?:(?:00)?86[ .)-]{0,2})?(?:1[3-9]\d[ .-]|1[3-9]\d{9}$|0(?:10|2\d|[3-9]\d\d)[ .-]{1,3}[2-9]|[48]00[ .-])"
)
_AMERICAN = re.compile(r"(?:1[ .-])?\(?[2-9]\d\d\)?[ .-]\d{3}[ .-]\d{4}")
_PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)


def _is_phone(written: str) -> bool:
    """True for a number that some country gives out, written as a phone (not bare digits)."""
    digits = re.sub(r"\D", "", written)
    if len(digits) < 7 or not re.search(r"[+( .-]", written) or _DECIMAL.fullmatch(written):
        return False
    if re.fullmatch(r"(?:00)?(?:86)?1[3-9]\d{9}", digits) and _CHINESE.match(written.lstrip("+(")):
        return True
    if not re.match(r"00[1-9]|.*[+(]", written) and not _CHINESE.match(written):
        return bool(_AMERICAN.fullmatch(written)) and _given_out(written, "US")
    return _given_out(written, "CN") or (bool(_AMERICAN.fullmatch(written)) and _given_out(written, "US"))


def _given_out(written: str, country: str) -> bool:
    import phonenumbers

    try:
        number = phonenumbers.parse(re.sub(r"^00(?=\d)", "+", written), country)
    except phonenumbers.NumberParseException:
        return False
    # With a + it says itself that it is a phone, be it one that nobody has yet.
    return phonenumbers.is_valid_number(number) or ("+" in written and phonenumbers.is_possible_number(number))


def _is_card(digits: str) -> bool:
    """True for the form of a Chinese identity card (GB 11643): a province, a day that was, three digits and a check;
    of 15 digits without century and check."""
    if digits[:2] not in _PROVINCES or len(digits) not in (15, 18):
        return False
    born = digits[6:14] if len(digits) == 18 else f"19{digits[6:12]}"
    try:
        day = date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return 1900 <= day.year <= 2100


def checks(card: str) -> bool:
    """True where the last of 18 signs is the check of the others (ISO 7064, MOD 11-2)."""
    total = sum(int(c) * 2 ** (17 - i) for i, c in enumerate(card[:17]))
    return "10X98765432"[total % 11] == card[17].upper()


def _found(text: str) -> Iterator[tuple[int, int]]:
    """Where the (normal) text holds something that tells a person: spans, not in order."""
    if "@" in text:
        yield from (m.span() for m in _MAIL.finditer(text))
    if sum(c.isdigit() for c in text) < 7:
        return
    yield from (m.span() for m in _MOBILE.finditer(text))
    yield from (m.span() for m in _CARD.finditer(text) if _is_card(re.sub("[- ]", "", m[0])))
    yield from (m.span() for m in _PLUS.finditer(text) if _is_phone(m[0]))
    yield from (m.span() for m in _WRITTEN.finditer(text) if _is_phone(m[0].strip()))


def holds(text: str) -> bool:
    """True where the text holds a phone number, an e-mail address or the number of an identity card."""
    return any(_found(normal(text)))


#: Digits in such a number that they may be a phone or a card nobody recognises.
_MANY_DIGITS = re.compile(r"\d(?:[\s-]?\d){6,}[\dXx]?")


def struck(text: str) -> str:
    """The text with three stars in place of every phone number, e-mail address and identity card; one that holds none
    stays as it is."""
    plain = normal(text)
    hidden = np.zeros(len(plain) + 1, dtype=bool)
    for start, end in _found(plain):
        hidden[start:end] = True
    if not hidden.any():
        return text
    # One mark a stretch, however many ways there are to read it.
    return "".join("***" * (not hidden[i - 1]) if hidden[i] else c for i, c in enumerate(plain))


def without(text: str) -> str:
    """A text of the data on one line, three stars in place of whatever may tell a person: also of seven digits and more
    in a row. A text that holds nothing of the kind stays as it is."""
    plain = normal(struck(text))
    hidden = _MANY_DIGITS.sub("***", re.sub(r"[^\s@]+@[^\s@]+", "***", plain))
    return hidden if hidden != normal(text) else " ".join(text.split())


# --- a column of ids -------------------------------------------------------------------------------------------------

#: Of random numbers of 15 digits one in a hundred has the form of a card, of 18 digits two in ten thousand, of letters
#: with a bare number of eleven digits one in fourteen has that of a mobile: a column of them has it in a fifth or more.
_SHARE = {"card15": 0.2, "card18": 0.05, "within": 0.2, "nickname": 0.05}
_PASSPORT = r"(?:E[A-Z]?|G|[DSP]E?|[HM])\d{7,8}|[A-Z]{1,2}\d{6}\([\dA]\)"
#: Numbers of passports lie scattered over all there are; what lies so close together was counted up.
_COUNTED = 0.05
#: Words of letters, with what parts the words of a name.
_WORDS = re.compile(r"[^\W\d_]+(?:[ ._·'’&-]+[^\W\d_]+)*\.?")
_ENDING = r"[ ._]?\d{1,6}$"
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u3040-\u30fa]")
#: A word before a running number is a prefix, not a nickname, where so many ids share it.
_PREFIX = 3
#: Where so many ids with letters are names, those that are hard to judge are names too.
_MOST = 0.5


def tells(ids: pd.Series) -> pd.Series:
    """True for ids that tell who somebody is: a phone number, an e-mail address, an identity card, a passport, a name.

    Bare digits follow the Chinese rule for mobile numbers; everything written with + ( ) blank or - is a phone where
    some country gives such numbers out. Identity cards of 18 digits are known by their check digit, or, as a card may
    be mistyped, by what most of the column is; so are cards of 15 digits, and passports, unless they were counted up.
    A name is letters without digits, or a nickname: letters that hardly another id of the column has, and a number.

    Parameters
    ----------
    ids : ids of any type, one a row; blanks tell nothing.

    Returns
    -------
    series of bool with the index of `ids`
    """
    codes, distinct = pd.factorize(ids.astype("str"))
    given = pd.Series(distinct, dtype="str")
    odd = ~given.str.fullmatch(r"[\x21-\x7e]*").fillna(False).astype(bool)
    plain = given.where(~odd, given[odd].map(normal)).astype("str")
    plain = plain.str.replace(r"^(?:tel|mailto|sms):\s*", "", regex=True, case=False).str.strip("\"'` ")
    digits = plain.str.isdigit().to_numpy(dtype=bool)
    telling = np.zeros(len(plain) + 1, dtype=bool)  # the last is for blanks
    for part, judges in ((digits, (_bare, _cards)), (~digits, (_written, _cards, _passports, _within, _names))):
        rows = np.flatnonzero(part)
        some = plain.iloc[rows].reset_index(drop=True)
        for judge in judges:
            telling[rows[judge(some).to_numpy(dtype=bool)]] = True
    return pd.Series(telling[codes], index=ids.index)


def _bare(plain: pd.Series) -> pd.Series:
    """Mobile numbers in bare digits."""
    return plain.str.fullmatch(r"(?:00)?(?:86)?1[3-9]\d{9}")


#: What may be a phone at all, for the recogniser of countries takes its time: a + or a bracket, or how numbers begin.
_MAY_BE = (
    r"^(?:\D{0,20}[+(]|(?:\D*\D)?(?:00)?(?:86)?[ .-]?"
    r"(?:1[3-9]|0(?:10|2\d|[3-9]\d\d)[ .-]+[2-9]|[48]00|00[1-9]|(?:1[ .-])?[2-9]\d\d[ .-]\d\d\d[ .-]))"
)


def _written(plain: pd.Series) -> pd.Series:
    """Mail, and phones as people write them."""
    mail = plain.str.contains(r"[^\s@]@[^\s@]+\.\w", regex=True)
    signs = plain.str.contains(r"[@+( .-]", regex=True)
    some = plain[signs & ~mail]
    some = some[some.str.contains(_MAY_BE, regex=True) & (some.str.count(r"\d") >= 7)]
    return mail | _where(plain, some, lambda text: any(_found(text)))


def _where(plain: pd.Series, some: pd.Series, judge: Callable[[str], bool]) -> pd.Series:
    """True, aligned with `plain`, for those of `some` that are judged so."""
    return pd.Series(plain.index.isin([i for i, text in some.items() if judge(text)]), index=plain.index)


def _cards(plain: pd.Series) -> pd.Series:
    """Identity cards: by their check digit, or by what share of the numbers of their length have the form."""
    if not plain.str.contains(r"^[1-8]\d{5}[ -]?\d{6}", regex=True).any():
        return pd.Series(False, index=plain.index)
    bare = plain.str.replace(r"[ -]", "", regex=True)
    long, short = bare[bare.str.fullmatch(r"\d{17}[\dXx]")], bare[bare.str.fullmatch(r"\d{15}")]
    cards, old = _where(plain, long, _is_card), _where(plain, short, _is_card)
    if cards.sum() < _SHARE["card18"] * len(long):
        cards = _where(plain, long[cards], checks)
    return cards | (old & (old.sum() >= _SHARE["card15"] * len(short)))


def _passports(plain: pd.Series) -> pd.Series:
    """Passports and permits, unless their numbers lie so close together that they were counted up."""
    form = plain.str.fullmatch(_PASSPORT, case=False)
    found = plain[form]
    if len(found) >= _PREFIX:
        number = pd.to_numeric(found.str.extract(r"(\d{7,8})$")[0], errors="coerce")
        if number.max() - number.min() < _COUNTED * 10**8:
            return pd.Series(False, index=plain.index)
    return form


def _within(plain: pd.Series) -> pd.Series:
    """Letters around a mobile number (wx_13800138000), where the column has enough of them to be no chance."""
    eleven = plain[plain.str.contains(r"^\D*\d{11}(?:\D|$)", regex=True)].str.extract(r"(\d{11})")[0]
    mobile = eleven[eleven.str.fullmatch(r"1[3-9]\d{9}")]
    enough = len(mobile) >= _SHARE["within"] * len(eleven)
    return pd.Series(plain.index.isin(mobile.index) & enough, index=plain.index)


_CROWDS = """
    SELECT row FROM (SELECT row, count(*) OVER (PARTITION BY word) AS ids FROM words) WHERE ids < $prefix ORDER BY row
"""


def _names(plain: pd.Series) -> pd.Series:
    """Names and nicknames: letters, with no digit or a short number behind a word of their own."""
    lettered = plain[~plain.str.fullmatch(r"[\d\x20-\x40\x5b-\x60\x7b-\x7e]*")]
    words = lettered[~lettered.str.contains(r"\d[^\d]", regex=True)].str.replace(_ENDING, "", regex=True)
    words = words[words.str.contains(r"^\D{2,}$", regex=True)]
    words = words[words.str.fullmatch(_WORDS)]
    han = words.str.contains(_HAN)
    vowel = words.str.contains(r"[aeiouy\u00c0-\u024f\u0370-\u06ff]", regex=True, case=False)
    name = (han & (words.str.len() >= 2)) | (~han & vowel & (words.str.len() >= 3))
    bare = words == lettered[words.index]
    # Behind Latin capitals alone a number makes a code (ABC123), not a nickname.
    candidate = name & ~bare & (han | words.str.contains("[a-z]", regex=True))
    # Of random codes in small letters one in forty begins with its letters and ends with its digits.
    small = lettered.str.contains("[a-z].*[0-9]|[0-9].*[a-z]", regex=True)
    if (candidate & ~han).sum() < _SHARE["nickname"] * small.sum():
        candidate &= han
    crowd = pd.DataFrame({"row": words.index[candidate], "word": words[candidate].to_numpy()})
    own = query(_CROWDS, {"words": crowd}, prefix=_PREFIX)["row"] if len(crowd) else []
    named = plain.index.isin(words.index[name & bare]) | plain.index.isin(own)
    if len(lettered) and named.sum() >= _MOST * len(lettered):
        named |= plain.index.isin(lettered.index)
    return pd.Series(named, index=plain.index)


# --- words that may be quoted ----------------------------------------------------------------------------------------

#: A column of so many different words at most is a list somebody keeps (states, channels), not what people type.
_FEW, _SHORT = 30, 30


def quotable(words: Iterable[str]) -> list[str]:
    """The words of a column of states, channels or kinds as a note may say them: as they are where they are few and
    short and tell nobody, else three stars.

    Parameters
    ----------
    words : the different words of one column.
    """
    texts = list(words)
    few = len(texts) <= _FEW
    return [t if few and len(t) <= _SHORT and without(t) == " ".join(t.split()) else "***" for t in texts]
