"""What the spring coupon changed in everybody who was drawn for it."""

import pandas as pd

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.words import label
from course.language import Label

_COUPON = "C01"


def _effects() -> pd.DataFrame:
    return company.unseal("effect", room.company()).frames["campaign_effects"]


def truth() -> float:
    """Percentage points: the share of all who were drawn that buys with the coupon, less that which buys without."""
    return 100 * _of(_COUPON, "all")


def _of(campaign: str, kind: str) -> float:
    rows = _effects().query("campaign_id == @campaign and uplift_type == @kind")
    return float(rows["effect"].iloc[0])


def _more() -> Label:
    bought, answered = [], []
    for row in _effects().query("uplift_type == 'all'").itertuples():
        points = f"{row.campaign_id} {100 * row.effect:+.1f}"
        if row.metric == "bought":
            bought.append(Label(points, points))
        elif row.metric == "value":
            yuan = f"{row.campaign_id} {row.effect:+.1f}"
            answered.append(Label(f"{yuan} yuan", f"{yuan} 元"))
        else:
            answered.append(Label(f"{points} points", f"{points} 个百分点"))
    return label(
        "effect",
        "seal_more",
        persuadable=100 * _of(_COUPON, "persuadable"),
        disturb=100 * _of(_COUPON, "do_not_disturb"),
        bought=_listed(bought),
        answered=_listed(answered),
    )


def _listed(told: list[Label]) -> Label:
    return Label(", ".join(one.names["en"] for one in told), "，".join(one.names["zh"] for one in told))


SEAL = Seal(
    Label(
        "By how many percentage points did the spring coupon change the share who ordered within two weeks?",
        "这张春季券让两周内下单的占比变了多少个百分点？",
    ),
    ".1f",
    truth,
    _more,
)
