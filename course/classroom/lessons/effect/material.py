"""A class of twenty-five: the spring coupon in as many companies, each with an analyst of its own."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course.company import campaigns, service
from course.company.people import traits
from course.company.plan import draw, promotions, stream
from course.company.purchases import orders

_COMPANIES, _CUSTOMERS = 25, 3000
#: The first seed: from here on intervals miss on both sides, so an answer that leaves the sign on is told.
_FIRST = 161
#: Members in the CRM: the share that `Company` draws.
_MEMBERS = 0.85
_COUPON = 0


def class_of_25(folder: Path) -> pd.DataFrame:
    """What each of twenty-five companies saw of its spring coupon, and what the coupon really changed there.

    The companies are others than the learner's: `folder` does not matter.

    Returns
    -------
    frame, one row a company: company (its seed), n_control, n_coupon (people), bought_control, bought_coupon (who
        ordered within two weeks), truth (share of all invited who buy with the coupon less those who buy without it)
    """
    return pd.DataFrame([_coupon(seed) for seed in range(_FIRST, _FIRST + _COMPANIES)])


@cache
def _coupon(seed: int) -> dict:
    plan = draw(seed)
    people = traits(plan, _CUSTOMERS)
    member = stream(seed, "members").random(_CUSTOMERS) < _MEMBERS
    undisturbed = orders(people, promotions(plan), stream(seed, "orders"))
    _, stayed = service.tickets(undisturbed, people, plan)
    _, invited = campaigns.run(stayed, people, member, plan)
    sent = invited[invited["campaign"] == _COUPON]
    treated = (sent["arm"] == "coupon").to_numpy()
    bought = np.where(treated, sent["treated"], sent["reference"])
    return {
        "company": seed,
        "n_control": int((~treated).sum()),
        "n_coupon": int(treated.sum()),
        "bought_control": int(bought[~treated].sum()),
        "bought_coupon": int(bought[treated].sum()),
        "truth": float((sent["treated"] - sent["reference"]).mean()),
    }
