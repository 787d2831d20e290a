"""How many customers are in which stage, with the money that stands behind them."""

import numpy as np
import pandas as pd

from course.lifecycle.standing import STAGES


def stage_table(customers: pd.DataFrame) -> pd.DataFrame:
    """Customers and money of each stage that occurs, in the order of STAGES.

    Parameters
    ----------
    customers : stage, monetary_net, expected_value if known; rows without a stage are left out.

    Returns
    -------
    frame: stage, customers, share (of those who have bought; blank for prospects, who are named beside), money (net),
        expected (money; blank without a forecast)
    """
    grouped = customers.dropna(subset="stage").groupby("stage")
    out = pd.DataFrame({"customers": grouped.size(), "money": grouped["monetary_net"].sum()})
    buyers = out["customers"].drop("prospect", errors="ignore")
    out.insert(1, "share", buyers / buyers.sum())
    out["expected"] = grouped["expected_value"].sum() if "expected_value" in customers else np.nan
    return out.reindex([s for s in STAGES if s in out.index]).rename_axis("stage").reset_index()


def silent_money_share(stages: pd.DataFrame) -> float:
    """Share of the net money that customers at risk and lost ones brought; 0 without money.

    Parameters
    ----------
    stages : what `stage_table` gave.
    """
    gone = stages.loc[stages["stage"].isin(["at_risk", "lost"]), "money"].sum()
    return float(gone / max(stages["money"].sum(), 1e-9))
