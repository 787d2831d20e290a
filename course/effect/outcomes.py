"""What a campaign's own file says its customers did: each arm beside the customers left out."""

from collections.abc import Mapping

import pandas as pd

from course.effect.planning import RATIO_LIMIT, sample_ratio
from course.effect.trials import ab
from course.errors import DataError
from course.language import Sentence

COLUMNS = (
    *("campaign_id", "arm", "outcome", "kind", "n", "n_control", "treatment", "control"),
    *("difference", "low", "high", "p", "ratio_p", "verdict", "cost", "cost_per_gain"),
)


def by_outcome(
    campaigns: pd.DataFrame, outcomes: Mapping[str, pd.Series], cost: pd.Series | None = None
) -> tuple[pd.DataFrame, list[Sentence]]:
    """Every outcome of every arm against that of the control.

    Parameters
    ----------
    campaigns : campaign_id, arm, is_control (bool); customer_id, planned_share (0–1) where known. A row a customer.
    outcomes : {column: figure of each row}; 0 and 1 are a share, anything else is a mean.
    cost : of the contact in each row, in money.

    Returns
    -------
    frame sorted by campaign, arm and outcome, with COLUMNS (shares and means as `ab` has them; `ratio_p`: NaN without a
    plan; `cost` a head of the arm; `cost_per_gain`: for one more of the outcome, where the interval lies above 0); what
    is to be said
    """
    rows, said = [], []
    names = campaigns["campaign_id"] if "campaign_id" in campaigns else pd.Series("–", index=campaigns.index)
    for campaign, group in campaigns.groupby(names.astype("str"), sort=True):
        control = group["is_control"].eq(True)
        ratio = _ratio(group, control)
        for outcome, figures in outcomes.items():
            its, notes = _filled(figures[group.index], str(campaign), outcome)
            said += notes if control.any() and not control.all() else []
            for arm, of in group[~control].groupby("arm", sort=True):
                treated, left = its[of.index].dropna(), its[control[control].index].dropna()
                try:
                    found = ab(left, treated, None)
                except DataError:  # an arm without figures, or with one
                    continue
                paid = float("nan") if cost is None else float(cost[of.index].mean())
                verdict = "withheld" if ratio < RATIO_LIMIT else found.verdict
                rows.append(
                    {
                        "campaign_id": campaign,
                        "arm": arm,
                        "outcome": outcome,
                        "n": found.n_treatment,
                        "ratio_p": ratio,
                        "verdict": verdict,
                        "cost": paid,
                        "cost_per_gain": paid / found.difference if verdict == "higher" else float("nan"),
                    }
                    | {k: getattr(found, k) for k in ("kind", "n_control", "treatment", "control")}
                    | {k: getattr(found, k) for k in ("difference", "low", "high", "p")}
                )
    return pd.DataFrame(rows, columns=COLUMNS), said


def _ratio(group: pd.DataFrame, control: pd.Series) -> float:
    shares = group["planned_share"].dropna().unique() if "planned_share" in group else []
    if len(shares) != 1 or not 0 < shares[0] < 1:
        return float("nan")
    return sample_ratio([int(control.sum()), int((~control).sum())], [shares[0], 1 - shares[0]])


def _filled(figures: pd.Series, campaign: str, outcome: str) -> tuple[pd.Series, list[Sentence]]:
    """Where only those who did something have a figure, a blank is nought; where noughts are written, it is unknown."""
    blank = int(figures.isna().sum())
    if not blank or blank == len(figures):
        return figures, []
    if (figures == 0).any():
        lost = Sentence(
            "{campaign}: {n:,} {n:customer has|customers have} no {outcome} and {n:was|were} left out of it.",
            campaign=campaign,
            n=blank,
            outcome=outcome,
        )
        return figures, [lost]
    nought = Sentence(
        "{campaign}: {outcome} stands only where there was some; its {n:,} {n:blank counts|blanks count} as none.",
        campaign=campaign,
        n=blank,
        outcome=outcome,
    )
    return figures.fillna(0.0), [nought]
