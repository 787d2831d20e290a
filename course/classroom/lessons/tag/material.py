"""Customers as tags need them, one row each, on two days a month apart; and what some of them said on the phone."""

import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course import behaviour, clv, company, lifecycle, portrait, segment
from course.classroom.persons import persons
from course.classroom.tables import load

#: The day that the lesson's tags are of, and the day of the run before it.
AS_OF, BEFORE = pd.Timestamp("2024-12-31"), pd.Timestamp("2024-11-30")
#: How far back a purchase for a baby counts, in days.
WINDOW = 180
#: What a newborn uses up, by kind of product.
STAPLES = ("milk_powder", "nappies")
#: The first day of Luming's books.
_OPENED = pd.Timestamp("2023-01-01")
_COLUMNS = (
    *("customer_id", "gender", "city", "age", "age_band", "first_order", "last_order", "recency_days", "frequency"),
    *("order_days", "monetary_net", "average_order_value", "main_channel", "top_category", "top_category_share"),
    *("discount_share", "price_sensitivity", "price_q", "stage", "p_alive", "tickets", "survey_score"),
    *("baby_orders", "staple_orders", "staple_pieces"),
)


def features(folder: Path) -> pd.DataFrame:
    """One row a customer who has ordered, as of AS_OF.

    Returns
    -------
    frame sorted by customer_id, its columns _COLUMNS: age in whole years; price_sensitivity a log rate ratio; p_alive
        blank where the model does not converge; baby_orders, staple_orders, staple_pieces: orders with anything of
        mother & baby, orders with milk powder or nappies, and how many of those, in the last WINDOW days
    """
    return _features(folder, AS_OF).copy()


def features_before(folder: Path) -> pd.DataFrame:
    """The same as of BEFORE: nothing later is seen."""
    return _features(folder, BEFORE).copy()


def tag_dictionary(folder: Path) -> dict:
    """The entries that this lesson adds to the kit's dictionary of tags, to be edited."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


#: What the ids of test customers begin with.
EDGE = "T"
#: Test customers on the edges of the rule of a rule tag, all invented: (id, age, days before AS_OF of each order).
_EDGES = (
    ("T1", 22, (10, 50)),
    ("T2", 45, (10, 50)),
    ("T3", 21, (10, 50)),
    ("T4", 46, (10, 50)),
    ("T5", None, (10, 50)),
    ("T6", 30, (10, WINDOW)),
    ("T7", 30, (0, WINDOW - 1)),
    ("T8", 30, (20, 20)),
    ("T9", 30, (20,)),
)


def edge_cases(folder: Path) -> pd.DataFrame:
    """Lines of milk powder and nappies by test customers who are on an edge of the lesson's first rule, a customer an
    edge: on the bounds of the age and beyond them, of unknown age, on the first day of the window and before it, with
    two orders on one day. The last has one order of two lines.

    Returns
    -------
    frame: customer_id, order_id, day, kind, quantity, age
    """
    lines = [
        (who, f"{who}-{n}", AS_OF - pd.Timedelta(days=days), STAPLES[n], 1.0, age)
        for who, age, orders in _EDGES
        for n, days in enumerate(orders)
    ]
    once = _EDGES[-1][0]
    lines += [(once, f"{once}-0", lines[-1][2], STAPLES[1], 1.0, _EDGES[-1][1])]
    frame = pd.DataFrame(lines, columns=["customer_id", "order_id", "day", "kind", "quantity", "age"])
    return frame.astype({"age": features(folder)["age"].dtype})


def asked(folder: Path) -> pd.DataFrame:
    """Every other customer who bought for a baby in the last WINDOW days, and who it was for.

    Returns
    -------
    frame: customer_id, answer (new_parent, grandparent, gift_buyer, or none: no baby near)
    """
    known = _features(folder, AS_OF)
    shoppers = known.loc[known["baby_orders"] > 0, "customer_id"]
    # Any choice will do that has nothing to do with the customer and is the same every time.
    chosen = shoppers[shoppers.map(lambda key: zlib.crc32(f"asked {key}".encode()) % 2 == 0)]
    out = chosen.to_frame().assign(answer=chosen.map(roles(folder)))
    return out.dropna().reset_index(drop=True)


def exposure(folder: Path) -> pd.DataFrame:
    """How long each customer was shown promotions: customer_id, promo_days, full_days, from the first order to AS_OF.

    The calendar says which push group sees which promotion; who is in no group is left out.
    """
    known = _features(folder, AS_OF)[["customer_id", "first_order"]]
    return _exposure(known, AS_OF)


def declared(folder: Path) -> pd.DataFrame:
    """Birthdays as users of the app gave them, beside those that the CRM has seen a document for.

    Accounts and members are matched by name and phone.

    Returns
    -------
    frame, one row an account: user_id, declared, verified (dates; blank where no document was seen)
    """
    app = pd.read_csv(folder / company.FILES["app_users"], dtype="str")
    crm = pd.read_csv(folder / company.FILES["crm_members"], encoding="gb18030", dtype="str")
    crm["phone"] = crm["手机号"].str.replace(" ", "")
    written = crm["出生日期"].str.replace(r"[年月/]", "-", regex=True).str.replace("日", "")
    crm["verified"] = pd.to_datetime(written, format="%Y-%m-%d", errors="coerce")
    seen = crm[(crm["实名认证"] == "是") & crm["verified"].notna()].rename(columns={"姓名": "name"})
    seen = seen.drop_duplicates(["name", "phone"])[["name", "phone", "verified"]]
    out = app.assign(declared=pd.to_datetime(app["birthday"])).merge(seen, on=["name", "phone"], how="left")
    return out[["user_id", "declared", "verified"]]


def roles(folder: Path) -> pd.Series:
    """What each customer is to a baby: the truth, by customer_id. Ids of several people are left out."""
    truth = company.unseal("tag", folder).frames["parents"].set_index("person_id")
    return persons(folder).map(truth["role"]).dropna().rename("role")


@cache
def _features(folder: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    orders, lines = load("orders"), load("lines")
    known = segment.rfm(orders, as_of).merge(behaviour.habits(orders, lines, as_of), on="customer_id")
    known = known.merge(lifecycle.stages(orders, as_of)[["customer_id", "stage"]], on="customer_id")
    known["average_order_value"] = known["monetary_net"] / known["frequency"]
    known[["first_order", "last_order"]] = known[["first_order", "last_order"]].apply(lambda s: s.dt.normalize())
    price = behaviour.price_sensitivity(orders, _exposure(known, as_of), as_of)
    price["price_q"] = behaviour.more_than_the_shop(price)
    known = known.merge(price[["customer_id", "price_sensitivity", "price_q"]], on="customer_id")
    bought = clv.summary(orders, as_of)
    model = clv.ModifiedBetaGeo().fit(bought)
    bought["p_alive"] = model.p_alive(bought) if model.converged_ else np.nan
    known = known.merge(bought[["customer_id", "p_alive"]], on="customer_id")
    known = known.merge(_people(as_of), on="customer_id", how="left")
    for part in (_for_a_baby(orders, lines, as_of), _said(as_of)):
        known = known.merge(part, on="customer_id", how="left")
    counts = ["baby_orders", "staple_orders", "staple_pieces", "tickets"]
    known[counts] = known[counts].fillna(0).astype("int64")
    return known[list(_COLUMNS)].sort_values("customer_id", ignore_index=True)


def _people(as_of: pd.Timestamp) -> pd.DataFrame:
    people = load("customers")
    age = portrait.ages(people["birth_date"], as_of)
    return people[["customer_id", "gender", "city"]].assign(age=age, age_band=portrait.age_bands(age))


def _for_a_baby(orders: pd.DataFrame, lines: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Orders and pieces for a baby in the WINDOW days up to `as_of`, that day included."""
    day = orders["ordered_at"].dt.normalize()
    recent = orders.loc[(day > as_of - pd.Timedelta(days=WINDOW)) & (day <= as_of), ["order_id", "customer_id"]]
    bought = lines.merge(recent, on="order_id").merge(load("products"), left_on="product_id", right_on="sku")
    staples = bought[bought["kind"].isin(STAPLES)].groupby("customer_id")
    return pd.DataFrame(
        {
            "baby_orders": bought[bought["category_x"] == "mother_baby"].groupby("customer_id")["order_id"].nunique(),
            "staple_orders": staples["order_id"].nunique(),
            "staple_pieces": staples["quantity"].sum(),
        }
    ).reset_index(names="customer_id")


def _said(as_of: pd.Timestamp) -> pd.DataFrame:
    """Tickets and the last score of the survey."""
    end = as_of + pd.Timedelta(days=1)
    tickets, answers = load("tickets"), load("survey")
    answers = answers[answers["answered_at"] < end].sort_values("answered_at", kind="stable")
    return pd.DataFrame(
        {
            "tickets": tickets[tickets["opened_at"] < end].groupby("customer_id").size(),
            "survey_score": answers.groupby("customer_id")["score"].last(),
        }
    ).reset_index(names="customer_id")


def _exposure(known: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Days with and without a promotion from each first order to `as_of`, both included."""
    calendar, people = load("promotions"), load("customers")
    group = known["customer_id"].map(
        people.set_index("customer_id")["push_group"].fillna(people.set_index("customer_id")["推送分组"])
    )
    days = pd.date_range(_OPENED, as_of)
    first = (known["first_order"].dt.normalize() - _OPENED).dt.days.to_numpy()
    promo = np.full(len(known), np.nan)
    for name, shown in calendar.groupby("push_group"):
        on = np.zeros(len(days) + 1, dtype=bool)
        for starts, ends in zip(pd.to_datetime(shown["starts"]), pd.to_datetime(shown["ends"]), strict=True):
            on[1:] |= (days >= starts) & (days <= ends)
        so_far = np.cumsum(on)
        mine = (group == name).to_numpy()
        promo[mine] = so_far[-1] - so_far[first[mine]]
    out = known[["customer_id"]].assign(promo_days=promo, full_days=len(days) - first - promo)
    return out.dropna().astype({"promo_days": "int64", "full_days": "int64"}).reset_index(drop=True)
