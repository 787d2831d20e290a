"""How many birthdays of the app are false, which no rule sees, and what the rules caught of everything else."""

from functools import cache
from pathlib import Path

import pandas as pd

from course import clean, collect, company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.lessons.clean.material import app_orders_raw, listed
from course.classroom.lessons.nps.material import survey_raw
from course.classroom.words import label
from course.language import Label


def truth() -> float:
    """Accounts of the app whose birthday is not the true one."""
    ledger = company.unseal("clean", room.company()).frames["defects"]
    false = ledger[(ledger["source"] == company.FILES["app_users"]) & (ledger["column"] == "birthday")]
    return float(false["key"].nunique())


def _more() -> Label:
    return label("clean", "seal_more", **found(room.company()))


@cache
def found(folder: Path) -> dict[str, int]:
    """How many records of each kind were put in (all_…) and how many of those the lesson's rules took."""
    ledger = company.unseal("clean", folder).frames["defects"]
    put = {kind: set(ledger.loc[ledger["kind"] == kind, "key"]) for kind in ledger["kind"].unique()}
    orders = app_orders_raw(folder)
    once = orders.drop_duplicates("order_id").set_index("order_id")
    amounts = set(once.index[once["amount"] > 5 * listed(folder).reindex(once.index)])
    years = set(once.index[~once["created_at"].str[:4].isin(["2023", "2024"])])
    copies = set(orders.loc[orders.duplicated("order_id"), "order_id"])
    caught = {
        "amounts": ("outlier", amounts),
        "years": ("impossible_date", years),
        "copies": ("repeated_order", copies),
    }
    answers = clean.apply(collect.read(survey_raw(folder), "surveys", blanks=_codes(folder)))
    out = {name: len(took & put.get(kind, set())) for name, (kind, took) in caught.items()}
    out |= {f"all_{name}": len(put.get(kind, set())) for name, (kind, _) in caught.items()}
    again = int((answers.set_aside["rule"] == "answered_again").sum())
    return out | {"answers": len(put.get("double_answer", set())), "set_aside": again}


def _codes(folder: Path) -> dict[str, list[str]] | None:
    scores: pd.Series = survey_raw(folder)["score"]
    return {"score": ["11", "99"]} if scores.isin([11, 99]).any() else None


SEAL = Seal(
    Label(
        "How many of the app's accounts carry a date of birth that is not the true one?",
        "App 里有多少个账号，出生日期不是真的？",
    ),
    ".0f",
    truth,
    _more,
)
