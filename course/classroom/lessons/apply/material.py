"""What lesson 11 begins with: a portrait of every customer, and the log of the spring coupon with what it brought."""

from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from course import behaviour, lifecycle, portrait, segment
from course.classroom.tables import load

#: The day of the portraits; the day on which the coupon was sent, and the days in which an order counts.
AS_OF, SENT, WINDOW = pd.Timestamp("2024-12-31"), pd.Timestamp("2024-03-04"), 14
#: Yuan: what an order has to reach for the coupon.
REACHES = 100
#: What the search of the lesson goes through, two at a time; the fewest people an arm of a segment has in a half.
TRAITS, FEWEST = ("gender", "age_band", "city", "stage", "main_channel", "top_category"), 25


def portraits(folder: Path) -> pd.DataFrame:
    """One row a customer who has ordered, as of AS_OF, with the columns of a run's portraits (docs/portraits.md).

    Returns
    -------
    frame sorted by customer_id: gender, age_band, city, first_order, last_order, recency_days, frequency, monetary_net,
        average_order_value, r, f, m, rfm_class, stage, main_channel, main_channel_share, top_category,
        top_category_share, discount_share, tickets, survey_score
    """
    out = _known(folder, AS_OF).merge(_said(), on="customer_id", how="left")
    return out.assign(tickets=out["tickets"].fillna(0).astype("int64"))


def coupon(folder: Path) -> pd.DataFrame:
    """Everybody who was drawn for the spring coupon, with what was known on the day before and what followed.

    People whose two cards were drawn for different arms are left out, and so is who had not bought before.

    Returns
    -------
    frame sorted by customer_id: arm, TRAITS, bought (True: ordered within WINDOW days), redeemed (True: with the
        coupon, and one of these orders reached REACHES yuan), margin (yuan of these orders: goods less what they cost
        Luming; the coupon is not taken off), half (0 or 1, by lot)
    """
    return _coupon(folder).copy()


@cache
def _coupon(folder: Path) -> pd.DataFrame:
    drawn = load("campaigns").query("campaign_id == 'C01'")[["customer_id", "arm"]]
    drawn = drawn.drop_duplicates("customer_id", keep=False)
    known = _known(folder, SENT - pd.Timedelta(days=1))[["customer_id", *TRAITS]]
    out = drawn.merge(known, on="customer_id").sort_values("customer_id", ignore_index=True)
    orders = load("orders")
    days = (orders["ordered_at"].dt.normalize() - SENT).dt.days
    after = orders[(days >= 0) & (days < WINDOW)].merge(_margins(), on="order_id", how="left")
    reached = after[after["amount"] >= REACHES]
    out["bought"] = out["customer_id"].isin(after["customer_id"])
    out["redeemed"] = out["customer_id"].isin(reached["customer_id"]) & (out["arm"] == "coupon")
    out["margin"] = out["customer_id"].map(after.groupby("customer_id")["margin"].sum()).fillna(0.0).round(2)
    lot = np.random.default_rng(11).permutation(len(out)) % 2
    return out.assign(half=lot)


def found(folder: Path) -> tuple[str, str, str]:
    """The segment that the search in the first half comes to: two traits, and their values as “a · b”.

    The same as the cells of the lesson do step by step.
    """
    log = _coupon(folder)
    first, best = log[log["half"] == 0], None
    for one, other in combinations(TRAITS, 2):
        named = first.assign(segment=first[one] + " · " + first[other])
        cells = named.pivot_table(index="segment", columns="arm", values="bought", aggfunc=["mean", "count"])
        enough = (cells["count"] >= FEWEST).all(axis=1)
        lifts = (cells["mean"]["coupon"] - cells["mean"]["control"])[enough]
        for name, lift in lifts.items():
            if best is None or (lift, name) > best[0]:
                best = ((lift, name), (one, other, name))
    return best[1]


@cache
def _margins() -> pd.DataFrame:
    """What the goods of an order bring beyond what they cost Luming, yuan: order_id, margin."""
    lines = load("lines")
    cost = lines["product_id"].map(load("products").set_index("sku")["unit_cost"])
    brought = lines["quantity"] * (lines["unit_price"] - cost)
    return brought.groupby(lines["order_id"]).sum().rename("margin").reset_index()


@cache
def _known(folder: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    orders, lines = load("orders"), load("lines")
    known = segment.rfm(orders, as_of).merge(behaviour.habits(orders, lines, as_of), on="customer_id")
    known = known.merge(lifecycle.stages(orders, as_of)[["customer_id", "stage"]], on="customer_id")
    known["average_order_value"] = (known["monetary_net"] / known["frequency"]).round(6)
    known[["first_order", "last_order"]] = known[["first_order", "last_order"]].apply(lambda s: s.dt.normalize())
    known = known.merge(_people(as_of), on="customer_id", how="left").sort_values("customer_id", ignore_index=True)
    columns = ["customer_id", "gender", "age_band", "city", "first_order", "last_order", "recency_days", "frequency"]
    columns += ["monetary_net", "average_order_value", "r", "f", "m", "rfm_class", "stage", "main_channel"]
    return known[[*columns, "main_channel_share", "top_category", "top_category_share", "discount_share"]]


def _people(as_of: pd.Timestamp) -> pd.DataFrame:
    people = load("customers")
    band = portrait.age_bands(portrait.ages(people["birth_date"], as_of))
    return people[["customer_id", "gender", "city"]].assign(age_band=band)


def _said() -> pd.DataFrame:
    """Tickets and the last score of the survey, up to AS_OF."""
    end = AS_OF + pd.Timedelta(days=1)
    tickets, answers = load("tickets"), load("survey")
    answers = answers[answers["answered_at"] < end].sort_values("answered_at", kind="stable")
    counted = tickets[tickets["opened_at"] < end].groupby("customer_id").size().rename("tickets")
    said = answers.groupby("customer_id")["score"].last().rename("survey_score")
    return pd.concat([counted, said], axis=1).rename_axis("customer_id").reset_index()
