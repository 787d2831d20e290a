"""The seal of the demo: what is true of the headlines of its report, from the company's sealed truth.

The steps have seen none of it, and the report is handed it only when it is written.
"""

from pathlib import Path

import pandas as pd

from course import clv, company
from course.company.campaigns import CAMPAIGNS, WINDOW
from course.language import Label, Sentence
from course.report.truths import Truth
from course.score import Case, case_of, money
from course.workflow import Result

#: Days within which the report counts an order as a campaign's: as effect.by_arm has it.
_COUNTED = 30


def truths(result: Result, folder: str | Path | None = None) -> list[Truth]:
    """What is true of each headline of a run over Luming; none where it is of another day than the books end on: of
    that day nothing is known.

    Parameters
    ----------
    folder : the company that was run over; default: the shipped one.

    Raises
    ------
    DataError : the truth is not there, or not the one that was published.
    """
    case = case_of(result, company.datasets() if folder is None else Path(folder))
    orders = case.result.cleaned["orders"].valid
    if result.as_of != orders["ordered_at"].max().normalize():
        return []
    placed = case.truth("collect").frames["orders"].drop_duplicates("order_id").set_index("order_id")["person_id"]
    parts = (_buyers, _gone, _expected, _willing, _without_effect, _campaigns)
    return [truth for part in parts for truth in part(case, orders.assign(person=orders["order_id"].map(placed)))]


def _buyers(case: Case, orders: pd.DataFrame) -> list[Truth]:
    name = Sentence("Customers who bought, and said who they are")
    return [Truth("who", name, "count", len(case.result.buyers), None, None, orders["person"].nunique())]


def _expected(case: Case, orders: pd.DataFrame) -> list[Truth]:
    """What customers brought in the year after the books, discounted as the forecast is."""
    if "clv" not in case.result.found or case.result.horizon != clv.HORIZON:
        return []
    named = {
        "all customers": ("worth", Sentence("Money that all customers bring in the next 52 weeks")),
        "class important_value": ("worth", Sentence("Of it, money of the best class")),
        "those at stake": (
            "leaving",
            Sentence("Of the money expected, that of big spenders who have not bought for long"),
        ),
    }
    rows = {
        row["what"].split(" of ")[1].split(",")[0]: row for row in money(case, case.truth("clv").frames["next_year"])
    }
    return [
        Truth(question, name, "money", *(rows[whose][c] for c in ("found", "low", "high", "beside")))
        for whose, (question, name) in named.items()
    ]


def _gone(case: Case, orders: pd.DataFrame) -> list[Truth]:
    """Who has left, of the persons who bought."""
    portraits, process = case.result.buyers, case.truth("lifecycle").frames["process"].set_index("person_id")
    alive = process["alive_at_end"].reindex(orders["person"].dropna().unique()).astype(bool)
    name = Sentence("Customers who are gone (in the report, those at risk or lost)")
    return [
        Truth("leaving", name, "count", portraits["stage"].isin(["at_risk", "lost"]).sum(), None, None, (~alive).sum())
    ]


def _willing(case: Case, orders: pd.DataFrame) -> list[Truth]:
    said = case.result.found.get("nps")
    found = None if said is None else said.of_buyers or said.score  # what the report says of all, where it can
    if found is None:
        return []
    asked = case.truth("nps").frames["population"]
    true = float((asked["nps"] * asked["customers"]).sum() / asked["customers"].sum())
    why = Sentence(
        "Who answers is happier than who does not. An interval knows of chance alone, and nothing in the answers shows "
        "those who gave none."
    )
    return [Truth("say", Sentence("NPS of all customers"), "nps", found.value, found.low, found.high, true, why)]


def _without_effect(case: Case, orders: pd.DataFrame) -> list[Truth]:
    """The one driver that does nothing: others that are rated alike make it look important."""
    drivers = case.result.found["nps"].drivers if "nps" in case.result.found else None
    if drivers is None:
        return []
    zero = case.truth("nps").facts["zero_driver"]
    row = drivers.table.set_index("driver").loc[f"driver_{zero}"]
    name = Sentence("What the app adds to the score, all other ratings being equal")
    return [Truth("say", name, "effect", row["beta"], row["beta_low"], row["beta_high"], 0.0)]


def _campaigns(case: Case, orders: pd.DataFrame) -> list[Truth]:
    """What campaigns changed in all whom they invited, on the days that the report counts.

    Both outcomes of the first WINDOW days are known of everybody; a campaign changes nothing after them.
    """
    if "effect" not in case.result.found or case.result.found["effect"].campaigns is None:
        return []
    both = case.truth("apply").frames["campaign_people"]
    table, out = case.result.found["effect"].campaigns.table, []
    why = Sentence(
        "Chance: whom the lot left out happened to buy otherwise. One interval in twenty misses, and {n} comparisons "
        "were made.",
        n=len(table),
    )
    for campaign in (c for c in CAMPAIGNS if c.metric == "bought" and c.compared[0] == "control"):
        rows = table[(table["campaign_id"] == campaign.campaign_id) & table["difference"].notna()]
        if rows.empty:
            continue
        row, own = rows.iloc[0], both[both["campaign_id"] == campaign.campaign_id]
        true = 100 * _difference(own, orders, pd.Timestamp(campaign.sent))
        name = Sentence(
            "Campaign {id} “{campaign}”: more customers with an order, in a hundred",
            id=campaign.campaign_id,
            campaign=Label(campaign.name_en, campaign.name_zh),
        )
        figures = [100 * row[c] for c in ("difference", "low", "high")]
        out.append(Truth("worked", name, "points", *figures, true, why))
    return out


def _difference(own: pd.DataFrame, orders: pd.DataFrame, sent: pd.Timestamp) -> float:
    """Share with an order if all had been reached, less that if nobody had."""
    days = (orders["ordered_at"].dt.normalize() - sent).dt.days
    later = own["person_id"].isin(orders.loc[days.between(WINDOW, _COUNTED - 1), "person"])
    with_, without = own["outcome_treated"] > 0, own["outcome_reference"] > 0
    return float((with_ | later).mean() - (without | later).mean())
