"""Three values of a column as they may be shown: figures, days and the words of things; of a person the shape alone."""

import re
import unicodedata
from collections.abc import Sequence
from itertools import islice

import pandas as pd

from course.collect import values
from course.telling import holds
from course.workflow.people import PERSONAL

#: How many values of a column are shown, and how many characters of each.
_SHOWN, _LONG = 3, 28
#: How many filled cells are looked at.
_READ = 20_000
#: Canonical columns that speak of goods, money, days and states, never of a person.
_THINGS = {
    *(
        "order_id",
        "ordered_at",
        "amount",
        "status",
        "refunded",
        "currency",
        "discount",
        "margin",
        "channel",
        "store_id",
    ),
    *("promo_id", "cancels_order_id", "product_id", "product_name", "category", "quantity", "unit_price"),
    *("at", "kind", "answered_at", "score", "weight", "seconds", "opened_at", "closed_at", "ticket_id", "post_id"),
    *("campaign_id", "arm", "sent_at", "offer", "gender", "age_band", "income", "joined_at"),
}
#: Headers behind which somebody stands: names, numbers, addresses, networks, colleagues.
_SOMEBODY = re.compile(
    r"name|nick|mail|phone|mobile|tel\b|fax|addr|street|zip|postal|birth|passport|contact|recipient|remark|note"
    r"|latitude|longitude|\bip\b|ipaddress|owner|staff|cashier|agent|clerk|employee|wechat|openid"
    r"|姓名|名字|名称|昵称|会员名|帐号|账号|帐户|账户|户名|手机|电话|邮箱|邮件|地址|生日|出生|QQ|身份证|证件|护照|收货人|提货人|联系人|收件人|来自IP"
    r"|收银员|导购|分销员|店员|客服|经办|提交人|负责人|备注|留言|抬头|微信|支付宝",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"[-+(]?\s*\D?\s*\d[\d,.]*\s*\D{0,2}\)?")
_DAY = re.compile(r"\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?)?([T ].{0,24})?")
#: A number of a customer, an order or an article: few letters, and not as many digits as a telephone number has.
_CODE = re.compile(r"[#A-Za-z_-]{0,4}\d{1,8}[A-Za-z]?")
#: Bare digits as many as telephone numbers, cards and accounts have.
_MANY_DIGITS = re.compile(r"\D*(\d[\s-]?){7,}\D*")
_YES_OR_NO = {"true", "false", "yes", "no", "y", "n", "是", "否", "有", "无"}
#: So many rows with one word, and so few words: a word of the system, not somebody's own.
_ROWS_A_WORD, _WORDS = 10, 12


def samples(cells: pd.Series, names: Sequence[str] = ()) -> list[str]:
    """The first different values of a column of an export; blanks are passed over. `names` are the canonical columns it
    is, or is called like.

    What may tell a person keeps its first character and its shape.
    """
    texts = values.texts(cells.dropna().iloc[:_READ]).values.dropna()
    told = list(islice(dict.fromkeys(texts), _SHOWN))
    if not told:
        return []
    things = bool(names) and set(names) <= _THINGS
    somebody = bool(set(names) & set(PERSONAL)) or (not things and bool(_SOMEBODY.search(str(cells.name))))
    counts = texts.value_counts()
    words = len(counts) <= _WORDS and int(counts.min()) >= _ROWS_A_WORD
    return [_short(t if not holds(t) and _open(t, things, somebody, words) else _shape(t)) for t in told]


def _open(text: str, things: bool, somebody: bool, words: bool) -> bool:
    """Whether a value can be shown as it is."""
    plain = unicodedata.normalize("NFKC", text)
    if somebody or plain[0] in "[{":
        return False
    if things or words or plain.lower() in _YES_OR_NO or _DAY.fullmatch(plain):
        return True
    return bool(_CODE.fullmatch(plain) or (_FIGURE.fullmatch(plain) and not _MANY_DIGITS.fullmatch(plain)))


def _shape(text: str) -> str:
    """The first character, the signs between, and * for every other letter or digit; nothing of a single one."""
    return text[0] * (len(text) > 1) + "".join(
        "*" if c.isalnum() else " " if c.isspace() else c for c in text[len(text) > 1 :]
    )


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"
