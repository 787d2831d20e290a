"""Figures as each language writes them: money in its currency, days, months, a true minus sign. Pure functions."""

import re
from collections.abc import Callable
from functools import cache

import pandas as pd

from course import language

#: Sizes that are counted in: the least, what it is divided by, its sign, digits after the point.
_SIZES = {
    "en": ((1e9, 1e9, "bn", 2), (1e6, 1e6, "m", 2), (1e5, 1e3, "k", 0), (1e4, 1e3, "k", 1)),
    "zh": ((1e8, 1e8, " 亿", 2), (1e7, 1e4, " 万", 0), (1e4, 1e4, " 万", 1)),
}
_NOT_TOLD = "–"


def short(value: float, lang: str) -> str:
    """An amount without false precision: 3.06m or 305.7 万, 4,979; cents only below a hundred, where there are any."""
    size, sign = abs(value), "−" if value < 0 else ""
    for k, (least, by, name, digits) in enumerate(_SIZES[lang]):
        # What is rounded up to the next size is said in it: 999,999 is 1.00m, not 1,000k.
        if size >= least - (0.5 * by / 10**digits if k < len(_SIZES[lang]) - 1 else 0):
            return f"{sign}{size / by:,.{digits}f}{name}"
    if size >= 99.995 or f"{size:.2f}".endswith(".00"):
        return f"{sign if f'{size:.0f}' != '0' else ''}{size:,.0f}"
    return f"{sign}{size:.2f}"


def axis(value: float, lang: str) -> str:
    """A round value on an axis, without noughts behind the point: 40 万, 3m."""
    return re.sub(r"\.0+(?=\D*$)", "", short(value, lang))


def money(value: float | None, lang: str, currency: str | None = None) -> str:
    """An amount in its currency: ¥3.06m, 305.7 万元; a dash where it is not told, the figure alone without a currency.

    Parameters
    ----------
    currency : code (ISO 4217), or the sign as the data have it.
    """
    if pd.isna(value):
        return _NOT_TOLD
    return _with_currency(short(value, lang), lang, currency)


def counted(value: float | None, lang: str, currency: str | None = None) -> str:
    """An amount that was added up, no estimate: to the cent while it is small, $247.37; else as `money`."""
    if pd.isna(value) or abs(value) >= 9_999.995 or f"{value:.2f}".endswith(".00"):
        return money(value, lang, currency)
    return _with_currency(f"{'−' if value < 0 else ''}{abs(value):,.2f}", lang, currency)


def money_range(low: float | None, high: float | None, lang: str, currency: str | None = None) -> str:
    """From … to, the currency and the size said once: ¥2.88–3.23m, 288.1–323.3 万元."""
    if pd.isna(low):
        return _NOT_TOLD
    if low < 0:
        return between(money(low, lang, currency), money(high, lang, currency), lang)
    first, last = short(low, lang), short(high, lang)
    size = _size(last)
    if _size(first) == size:
        return _with_currency(f"{first.removesuffix(size)}–{last}", lang, currency)
    # 9,464–62.2k could be read as nine million: each says its own size.
    return f"{money(low, lang, currency)}–{money(high, lang, currency)}"


def _size(figure: str) -> str:
    """The sign of the size that a figure is counted in: k, 万; nothing below."""
    return re.search(r"[^\d.,]*$", figure)[0]


def between(first: str, last: str, lang: str) -> str:
    """From … to, in words where one end may be below nought."""
    return f"{first}至 {last}" if lang == "zh" else f"{first} to {last}"


def _with_currency(figure: str, lang: str, currency: str | None) -> str:
    if not currency:
        return figure
    if lang == "zh":
        name = unit(currency, lang)
        return f"{figure}{name}" if figure[-1] in "万亿" else f"{figure} {name}"
    sign = _sign(currency)
    gap = " " if sign[-1].isalpha() else ""
    return f"−{sign}{gap}{figure[1:]}" if figure[0] == "−" else f"{sign}{gap}{figure}"


@cache
def unit(currency: str, lang: str) -> str:
    """What money is in, by its name: 元, 英镑; in English by its sign."""
    from babel.numbers import get_currency_name

    if lang == "zh":
        return "元" if currency == "CNY" else get_currency_name(currency, locale="zh")
    return _sign(currency)


@cache
def currency_name(currency: str, lang: str) -> str:
    """The whole name of a currency: Chinese yuan (¥), 人民币元."""
    from babel.numbers import get_currency_name

    if lang == "zh":
        return "人民币元" if currency == "CNY" else get_currency_name(currency, locale="zh")
    name = get_currency_name(currency, locale="en")
    return name if name == currency or _sign(currency) == currency else f"{name} ({_sign(currency)})"


def _sign(currency: str) -> str:
    from babel.numbers import get_currency_symbol

    return {"CNY": "¥", "JPY": "JP¥"}.get(currency) or get_currency_symbol(currency, locale="en")


def day(date: pd.Timestamp | None, lang: str) -> str:
    """31 Dec 2024; 2024 年 12 月 31 日."""
    if pd.isna(date):
        return _NOT_TOLD
    return language.day(date, lang)


def month(period: pd.Period | pd.Timestamp, lang: str) -> str:
    """Nov 2024; 2024 年 11 月."""
    return language.month(period, lang)


def tick(period: pd.Period | pd.Timestamp, lang: str) -> str:
    """A month on an axis: its year where it begins one."""
    if period.month == 1:
        return f"{period.year}"
    return f"{period.month} 月" if lang == "zh" else language.month(period, lang).split()[0]


def told(value: float | None, form: str = ",.0f") -> str:
    """A figure in this form; a dash where it is not told."""
    return _NOT_TOLD if pd.isna(value) else minus(format(value, form))


def span(low: float | None, high: float | None, form: Callable[[float], str]) -> str:
    """From … to; a dash where it is not told."""
    return _NOT_TOLD if pd.isna(low) else minus(f"{form(low)} – {form(high)}")


def minus(words: str) -> str:
    """The words with a minus sign before every number below nought, where a program has put a hyphen."""
    return re.sub(r"(?<![\w\-−.,])-(?=\d)", "−", words)


def tidy(words: str, lang: str) -> str:
    """A sentence with figures in it as it is printed: true minus signs; in Chinese no space after a unit's name."""
    return re.sub(r"(?<=[万亿元日月]) (?=[一-鿿])", "", minus(words)) if lang == "zh" else minus(words)
