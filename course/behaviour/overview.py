"""What is told of behaviour in one figure or one line: sales a month, retention of all cohorts, visits, promotion."""

import numpy as np
import pandas as pd

from course.engine import Table, query
from course.intervals import wilson
from course.orders import with_net

_BY_MONTH = """
    SELECT CAST(date_trunc('month', ordered_at) AS DATE) AS month,
        CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS money
    FROM orders GROUP BY month ORDER BY month
"""


def sales_by_month(orders: Table, as_of: pd.Timestamp) -> pd.DataFrame:
    """Net money a month, months without an order included.

    Parameters
    ----------
    orders : ordered_at, amount; `refunded` (money) if known.
    as_of : the last day the data cover.

    Returns
    -------
    frame: month (Period), money (net of refunds), complete (False where the data cover the month only in part)
    """
    found = query(_BY_MONTH, {"orders": with_net(orders, "ordered_at")})
    money = pd.Series(found["money"].to_numpy(), found["month"].dt.to_period("M"))
    money = money.reindex(pd.period_range(money.index.min(), money.index.max(), freq="M"), fill_value=0.0)
    first = orders["ordered_at"].min().normalize()
    complete = [first <= m.start_time and m.end_time.normalize() <= as_of for m in money.index]
    return pd.DataFrame({"month": money.index, "money": money.to_numpy(), "complete": complete})


def pooled_retention(retention: pd.DataFrame) -> pd.DataFrame:
    """Retention by age over all cohorts whose month was over.

    The first cohort is left out where there are others: it holds everybody who was there before the data begin.

    Parameters
    ----------
    retention : what `cohorts` gave.

    Returns
    -------
    frame, one row an age above 0: age (months), active, customers, retention, low, high (95 %, Wilson)
    """
    over = retention[retention["complete"] & (retention["age"] > 0)]
    if over["cohort"].nunique() > 1:
        over = over[over["cohort"] > retention["cohort"].min()]
    out = over.groupby("age")[["active", "customers"]].sum().reset_index()
    out["retention"] = out["active"] / out["customers"]
    out["low"], out["high"] = wilson(out["active"], out["customers"])
    return out


def visit_overview(sessions: pd.DataFrame) -> dict[str, float]:
    """Sessions in four figures.

    Parameters
    ----------
    sessions : what `behaviour.sessions` gave.

    Returns
    -------
    {sessions, visitors, one_page (share of sessions with one event), dwell_seconds (median of the others; NaN without)}
    """
    dwell = sessions["dwell_seconds"].dropna()
    return {
        "sessions": len(sessions),
        "visitors": int(sessions["visitor_id"].nunique()),
        "one_page": float((sessions["events"] == 1).mean()),
        "dwell_seconds": float(dwell.median()) if len(dwell) else np.nan,
    }


def promotion_buyers(sensitivity: pd.DataFrame) -> dict[str, float]:
    """How many customers buy faster under promotion.

    Parameters
    ----------
    sensitivity : what `price_sensitivity` gave.

    Returns
    -------
    {customers (whose ratio is known), beyond_chance (of them, with an interval above the same rate), median_ratio (of
    the rate under promotion to the rate without; NaN without customers)}
    """
    known = sensitivity.dropna(subset="price_sensitivity")
    return {
        "customers": len(known),
        "beyond_chance": int((known["low"] > 0).sum()),
        "median_ratio": float(np.exp(known["price_sensitivity"].median())) if len(known) else np.nan,
    }
