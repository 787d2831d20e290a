"""What the eight classes bring, and who of them is to be looked at first."""

import pandas as pd

from course.intervals import share_of_sum
from course.segment.rfm import class_sizes

#: Classes that spent above the median and have been silent for longer than the median: whom to look at first.
AT_STAKE = ("important_keep", "important_win_back")


def money_share(customers: pd.DataFrame, mask: pd.Series) -> tuple[float, float, float]:
    """Share of the net money that the masked customers brought, with its 95 % interval: `intervals.share_of_sum`.

    Parameters
    ----------
    customers : monetary_net, one row a customer; mask : true or false, aligned with them.
    """
    return share_of_sum(customers["monetary_net"], mask)


def class_money(customers: pd.DataFrame) -> pd.DataFrame:
    """`class_sizes` with the 95 % interval of each class's share of the money.

    Parameters
    ----------
    customers : rfm_class, monetary_net, recency_days; one row a customer with orders.

    Returns
    -------
    frame in the order of CLASSES: rfm_class, customers, share (of customers), money (net), money_share, median_recency
        (days), low, high
    """
    sizes = class_sizes(customers)
    shares = [money_share(customers, customers["rfm_class"] == name) for name in sizes["rfm_class"]]
    sizes[["money_share", "low", "high"]] = shares
    return sizes


def at_stake(customers: pd.DataFrame) -> pd.Series:
    """True for customers of the classes AT_STAKE, aligned with `customers`."""
    return customers["rfm_class"].isin(AT_STAKE)
