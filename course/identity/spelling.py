"""What a cell says about a person: one spelling a value, and nothing where it names nobody.

A placeholder (unknown, 未知, 13800138000, 1900-01-01) or a masked value (138****8000, 王*) is blank here: it must
never be the reason why two records are one person.
"""

import re
import unicodedata
from collections.abc import Callable

import pandas as pd

_NOTHING = {
    *("unknown", "none", "null", "nil", "nan", "na", "n/a", "n.a.", "missing", "anonymous", "test", "tester", "guest"),
    *("customer", "user", "xxx", "abc", "asdf", "not provided", "not known", "undefined", "default"),
    *("未知", "不详", "不明", "未填", "未填写", "无", "没有", "暂无", "空", "匿名", "匿名用户", "测试", "保密", "其他"),
    *("客户", "顾客", "会员", "用户", "散客", "未提供"),
}
#: Numbers that stand in forms and manuals; they belong to nobody, or to everybody.
_SAMPLE_PHONES = {"13800138000", "13800138001", "13812345678", "13900000000", "13911111111", "18888888888"}
_SAMPLE_DATES = {"00010101", "19000101", "19010101", "19700101", "19800101", "19900101", "20000101", "99991231"}
_NO_MAILBOX = {"test", "none", "null", "unknown", "na", "noreply", "no-reply", "nobody", "abc", "xxx", "aaa", "123"}
_NO_DOMAIN = {"example.com", "example.org", "example.net", "test.com", "localhost"}
#: 王先生, 李女士: how somebody is addressed, not what he or she is called.
_ADDRESSED = re.compile(r"^.{1,2}(先生|女士|小姐|太太|老师|师傅|总|经理|同学)$")
_GENDERS = {
    **dict.fromkeys(("m", "male", "man", "男", "男性", "先生"), "m"),
    **dict.fromkeys(("f", "female", "woman", "女", "女性", "女士"), "f"),
}


def _plain(text: str) -> str | None:
    """Half-width, lower case, single spaces; None where nothing is said."""
    text = " ".join(unicodedata.normalize("NFKC", text).lower().split())
    bare = re.sub(r"[\W_]+", "", text)
    if not bare or "*" in text or text in _NOTHING or set(bare) in ({"0"}, {"x"}):
        return None
    return text


def _name(text: str) -> str | None:
    text = re.sub(r"[\s.·,'’-]+", " ", _plain(text) or "").strip()
    return None if not text or text in _NOTHING or _ADDRESSED.match(text) else text


def _phone(text: str) -> str | None:
    text = unicodedata.normalize("NFKC", text)
    # A column of numbers with blanks becomes a column of fractions on its way through many tools.
    digits = re.sub(r"\D", "", re.sub(r"\.0$", "", text))
    if re.fullmatch(r"(00)?861\d{10}", digits):
        digits = digits[-11:]
    masked = re.search(r"[*xX•]", text)
    return None if masked or digits in _SAMPLE_PHONES or _made_up(digits, 7) else digits


def _email(text: str) -> str | None:
    text = unicodedata.normalize("NFKC", text).lower().strip()
    mailbox, _, domain = text.partition("@")
    good = re.fullmatch(r"[^@\s*]+@[^@\s*]+\.[^@\s*]+", text)
    return text if good and mailbox not in _NO_MAILBOX and domain not in _NO_DOMAIN else None


def _key(text: str) -> str | None:
    bare = re.sub(r"[^\w*]", "", unicodedata.normalize("NFKC", text).lower())
    return None if "*" in bare or bare in _NOTHING or _made_up(bare, 4) else bare


def _made_up(text: str, least: int) -> bool:
    """Too short, one character again and again (at the end too: 13888888888), or a plain run (12345678)."""
    end = text[-8:]
    return len(text) < least or len(set(end)) == 1 or end in "0123456789012345678909876543210987654321"


def _date(text: str) -> str | None:
    """Eight digits, year first. An impossible day stays: two records may share the same slip of the pen."""
    found = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D?(?:[T ].*|\.0)?", text.strip())
    digits = "".join((found[1], found[2].zfill(2), found[3].zfill(2))) if found else ""
    return None if not found or digits in _SAMPLE_DATES or digits[4:] == "0000" else digits


def _address(text: str) -> str | None:
    return re.sub(r"[\s,.，。、;；#-]+", " ", _plain(text) or "").strip() or None


def _code(text: str) -> str | None:
    return re.sub(r"\.0$", "", _plain(text) or "") or None


def _gender(text: str) -> str | None:
    return _GENDERS.get(_plain(text) or "")


#: How each role is read.
ROLES: dict[str, Callable[[str], str | None]] = {
    "name": _name,
    "surname": _name,
    "phone": _phone,
    "email": _email,
    "key": _key,
    "date": _date,
    "address": _address,
    "place": _address,
    "code": _code,
    "gender": _gender,
    "category": _plain,
}


def spelling(column: pd.Series, role: str) -> pd.Series:
    """The column in one spelling, blank where a cell is empty, masked or a placeholder.

    Parameters
    ----------
    column : texts, numbers or dates.
    role : one of ROLES.

    Returns
    -------
    series of str aligned with `column`; NaN is blank
    """
    texts = column.dt.strftime("%Y-%m-%d") if pd.api.types.is_datetime64_any_dtype(column.dtype) else column
    codes, distinct = pd.factorize(texts)
    said = pd.array([ROLES[role](str(v)) for v in distinct], dtype="str")
    return pd.Series(said.take(codes, allow_fill=True), index=column.index)
