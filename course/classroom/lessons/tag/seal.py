"""How many of the new parents the tag finds, and how right it is in whom."""

from functools import cache
from pathlib import Path

import pandas as pd

from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.lessons.tag import material
from course.classroom.words import label
from course.language import Label


def truth() -> float:
    """Percent of all new parents among the customers who carry the tag by its second version."""
    known = _known(room.company())
    return float(100 * known.loc[known["role"] == "new_parent", "strict"].mean())


def _more() -> Label:
    known = _known(room.company())
    parent, loose = known["role"] == "new_parent", known["baby_orders"] >= 1
    return label(
        "tag",
        "seal_more",
        strict=_percent(parent[known["strict"]]),
        loose=_percent(parent[loose]),
        tea=_percent(parent[loose & (known["top_category"] == "tea")]),
        base=_percent(parent),
        grand=int((known.loc[loose, "role"] == "grandparent").sum()),
        gift=int((known.loc[loose, "role"] == "gift_buyer").sum()),
    )


def _percent(right: pd.Series) -> str:
    """The share with its sign; a dash where nobody carries the tag."""
    return f"{right.mean():.1%}" if len(right) else "–"


@cache
def _known(folder: Path) -> pd.DataFrame:
    """The customers whose part is known, with `role` and `strict` (the second version; unknown is no)."""
    features = material.features(folder)
    strict = (features["staple_orders"] >= 2) & features["age"].between(22, 45).fillna(False).astype(bool)
    out = features.assign(role=features["customer_id"].map(material.roles(folder)), strict=strict)
    return out.dropna(subset="role")


SEAL = Seal(
    Label(
        "Of a hundred new parents among Luming's customers on 31 December 2024, how many carry the tag by its second "
        "version?",
        "2024 年 12 月 31 日，鹿鸣的客户里每一百位新手父母，有多少位带着第二版标签？",
    ),
    ".1f",
    truth,
    _more,
)
