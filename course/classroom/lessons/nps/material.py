"""The survey before anything is done to it, and comments of it that two people have read."""

import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from course import company

#: The exports in the order of the waves.
WAVES = ("survey_2024_05", "survey_2024_11")
_NAMES = {
    "答卷编号": "answer_id",
    "提交时间": "answered_at",
    "会员编号": "customer_id",
    "推荐意愿": "score",
    "意见": "comment",
    "答题秒数": "seconds",
}
#: Comments that are coded: enough for ± 7 points on a share.
_CODED = 200
#: What each reader makes of a comment: (its feeling, what is read instead, how often). Each has a habit.
_FIRST = (("neutral", "negative", 0.25), ("positive", "neutral", 0.05))
_SECOND = (("positive", "neutral", 0.20), ("negative", "neutral", 0.10))


def survey_raw(folder: Path) -> pd.DataFrame:
    """Both exports as they came, one under the other.

    Returns
    -------
    frame, one row an answer received: wave (1, 2), answer_id, answered_at, customer_id, score (with every code that the
    tool writes), driver_… and item_… (1–5), comment, translation, seconds
    """
    parts = [
        pd.read_excel(folder / company.FILES[name], engine="calamine", dtype={"会员编号": "str"})
        .rename(columns=_NAMES)
        .assign(wave=number)
        for number, name in enumerate(WAVES, 1)
    ]
    out = pd.concat(parts, ignore_index=True).astype({"answered_at": "datetime64[us]"})
    return out[["wave", *(c for c in out if c != "wave")]]


def coded(folder: Path) -> pd.DataFrame:
    """Comments that two people read, each alone, and what they settled on afterwards.

    The two are as invented as everything at Luming: what they settled on is the truth, and each strays from it in a way
    of their own.

    Returns
    -------
    frame, one row a comment: answer_id, comment, translation, first, second, agreed (negative, neutral or positive)
    """
    truth = company.unseal("nps", folder).frames["texts"]
    said = survey_raw(folder)[["answer_id", "comment", "translation"]].dropna()
    said = said.merge(truth[["key", "sentiment"]].rename(columns={"key": "answer_id", "sentiment": "agreed"}))
    # Any order will do that is not the order of arrival and is the same every time.
    place = said["answer_id"].map(lambda key: zlib.crc32(key.encode()))
    out = said.iloc[place.argsort(kind="stable")[:_CODED]].reset_index(drop=True)
    rng = np.random.default_rng(0)
    for name, habits in (("first", _FIRST), ("second", _SECOND)):
        out[name] = _read(out["agreed"], habits, rng)
    return out[["answer_id", "comment", "translation", "first", "second", "agreed"]]


def _read(feeling: pd.Series, habits: tuple, rng: np.random.Generator) -> pd.Series:
    out, luck = feeling.copy(), rng.random(len(feeling))
    for meant, instead, often in habits:
        out[(feeling == meant) & (luck < often)] = instead
    return out
