"""Who of the stores' customers is in the app, and how many people there are."""

from functools import cache
from pathlib import Path

import pandas as pd

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.tables import load
from course.classroom.words import label
from course.language import Label


@cache
def _known(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Who bought in a store (person_id, order_id), and in which systems each person is."""
    frames = company.unseal("collect", folder).frames
    in_store = frames["orders"][frames["orders"]["order_id"].str.startswith("S")]
    systems = pd.crosstab(frames["ids"]["person_id"], frames["ids"]["system"]) > 0
    return in_store, systems


def truth() -> float:
    """Percent of the people who bought in a store who have an account in the app."""
    in_store, systems = _known(room.company())
    return float(100 * systems.loc[in_store["person_id"].unique(), "app"].mean())


def _more() -> Label:
    """How many people there are beside the draft's sum; who made the sales without a card."""
    in_store, systems = _known(room.company())
    sales = load("till_raw")
    without = sales.loc[sales["member_no"].isna() & (sales["amount"] > 0), "receipt_no"]
    buyers = systems.loc[in_store.loc[in_store["order_id"].isin(without), "person_id"]]
    return label(
        "collect",
        "seal_more",
        people=int(systems[["crm", "app", "till"]].any(axis=1).sum()),
        draft=sum(len(load(name)) for name in ("crm_raw", "app_users_raw", "till_members")),
        forgot=buyers["till"].mean(),
        known=buyers[["crm", "app"]].any(axis=1).mean(),
    )


SEAL = Seal(
    Label(
        "Of a hundred people who have bought in a store, with or without a card, how many have an account in the app?",
        "在门店买过东西的人（不管有没有出示会员卡），每一百人里有多少人有 App 账号？",
    ),
    ".1f",
    truth,
    _more,
)
