"""What the spring coupon changed in everybody who was drawn for it."""

import pandas as pd

from course import company
from course.classroom import luming, room
from course.classroom.bets import Seal
from course.classroom.words import sentences
from course.language import Label

_COUPON = "C01"


def _effects() -> pd.DataFrame:
    return company.unseal("effect", room.company() or luming.datasets()).frames["campaign_effects"]


def truth() -> float:
    """Percentage points: the share of all who were drawn that buys with the coupon, less that which buys without."""
    return 100 * _of(_COUPON, "all")


def _of(campaign: str, kind: str) -> float:
    rows = _effects().query("campaign_id == @campaign and uplift_type == @kind")
    return float(rows["effect"].iloc[0])


def _more() -> Label:
    known = sentences("effect")["seal_more"]
    everyone = _effects().query("uplift_type == 'all'")
    told = []
    for row in everyone.itertuples():
        # Shares in points; the top-up campaign is judged by yuan.
        value = (
            (f"{row.effect:+.1f} yuan", f"{row.effect:+.1f} 元")
            if row.metric == "value"
            else ((f"{100 * row.effect:+.1f}",) * 2)
        )
        told.append(Label(f"{row.campaign_id} {value[0]}", f"{row.campaign_id} {value[1]}"))
    listed = Label(", ".join(t.names["en"] for t in told), "，".join(t.names["zh"] for t in told))
    return Label(
        known["en"],
        known["zh"],
        persuadable=100 * _of(_COUPON, "persuadable"),
        disturb=100 * _of(_COUPON, "do_not_disturb"),
        all=listed,
    )


SEAL = Seal(
    Label(
        "By how many percentage points did the spring coupon change the share who ordered within two weeks?",
        "这张春季券让两周内下单的占比变了多少个百分点？",
    ),
    ".1f",
    truth,
    _more,
)
