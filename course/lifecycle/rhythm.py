"""How long a silence is still normal: survival curves of the gaps between orders, a curve a frequency band.

The last gap of every customer is open: how long it will be is not known yet (it is censored). Closed gaps alone are
too short, and heavy buyers supply most of them; so the curves are Kaplan–Meier, apart by the number of order days, and
every customer weighs the same.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from course.engine import Table, query
from course.errors import DataError, first_few
from course.evidence import LEAST
from course.intervals import Z
from course.language import Sentence
from course.lifecycle import history
from course.orders import last_day

#: The bands, by the fewest order days in each.
BANDS = {"1": 1, "2–3": 2, "4–9": 4, "10+": 10}
#: Of those who come back, how many have done so when a customer counts as at risk, and as lost. A needless message
#: costs little, so one in five may be called who would have come unasked. To give somebody up costs a customer: one in
#: twenty.
AT_RISK, LOST = 0.80, 0.95
#: Fewer closed gaps than the first do not make a curve: the band takes the curve of all bands. Fewer than the second
#: in all bands make none.
FEWEST, FEWEST_OF_ALL = LEAST["gaps of a band"].n, LEAST["gaps"].n

# A gap belongs to the band its customer was in when it began: banding by the final count would look ahead.
# Weights after Wang & Chang 1999: in each band a customer's closed gaps share the weight 1 and the open gap counts only
# for who has no closed one (with several gaps a customer the open one is long because it is the one still open).
_GAPS = (
    history.HISTORY
    + """
    , gaps AS (
        SELECT customer_id, band, date_diff('day', day, coalesce(next_day, CAST($as_of AS DATE))) AS days,
            CASE WHEN next_day IS NULL THEN 0 ELSE 1 END AS closed
        FROM history JOIN bands ON k >= from_k AND k < before_k
    ), counted AS (
        SELECT customer_id, band, days, closed, sum(closed) OVER (PARTITION BY customer_id, band) AS own_closed
        FROM gaps WHERE days > 0
    )
    SELECT band, days, closed, count(*) AS gaps,
        CAST(sum(CASE WHEN own_closed = 0 THEN CAST(1 AS DECIMAL(38, 12)) WHEN closed = 1
            THEN CAST(1.0 / own_closed AS DECIMAL(38, 12)) ELSE 0 END) AS DOUBLE) AS weight
    FROM counted GROUP BY band, days, closed ORDER BY band, days, closed
"""
)


@dataclass
class Survival:
    """Kaplan–Meier curves.

    Attributes
    ----------
    curve : frame, one row a group and time with an event: group, time, at_risk, events, survival, low, high (95 %,
        log-log scale; blank where the curve is 0)
    chi2, p : log-rank test that all groups share one curve (nan for one group)
    """

    curve: pd.DataFrame
    chi2: float
    p: float


def survival(durations: object, events: object, groups: object = None) -> Survival:
    """How many are still there after a time, when for some the end has not been seen.

    Parameters
    ----------
    durations : time to the end or, where it was not seen, to the last look; more than 0.
    events : 1 where the end was seen, 0 where not (censored).
    groups : what each belongs to, for one curve a group and a log-rank test between them.

    Raises
    ------
    DataError : lists of different lengths; a duration that is not above 0; an event that is not 0 or 1.

    Sources: Kaplan & Meier 1958; interval by Greenwood on the log-log scale; log-rank by statsmodels.
    """
    time, event = np.asarray(durations, dtype="float64"), np.asarray(events, dtype="float64")
    group = np.zeros(len(time), dtype="int64") if groups is None else np.asarray(groups)
    if not len(time) == len(event) == len(group) or not len(time):
        raise DataError("Durations, events and groups have one entry a customer, and at least one customer.")
    if not (np.isfinite(time) & (time > 0)).all() or not np.isin(event, (0, 1)).all():
        raise DataError("A duration is a number above 0 and an event 0 or 1: first, leave out who has only just come.")
    names = np.unique(group)
    curve = pd.concat([_curve(name, time[group == name], event[group == name]) for name in names], ignore_index=True)
    chi2, p = survdiff(time, event, group) if len(names) > 1 and event.any() else (np.nan, np.nan)
    return Survival(curve, float(chi2), float(p))


def _curve(group: object, time: np.ndarray, event: np.ndarray) -> pd.DataFrame:
    fitted = SurvfuncRight(time, event)
    s = fitted.surv_prob
    with np.errstate(divide="ignore", invalid="ignore"):
        width = Z * fitted.surv_prob_se / (s * np.log(s))
    return pd.DataFrame(
        {
            "group": group,
            "time": fitted.surv_times,
            "at_risk": fitted.n_risk.astype("int64"),
            "events": fitted.n_events.astype("int64"),
            "survival": s,
            "low": s ** np.exp(-width),
            "high": s ** np.exp(width),
        }
    )


def thresholds(orders: Table, as_of: object = None, at_risk: float = AT_RISK, lost: float = LOST) -> pd.DataFrame:
    """From how many days of silence on a customer is at risk, and lost: by frequency band, from open and closed gaps.

    A threshold is the day by which the share `at_risk` (`lost`) of those who come back have come back: the quantile of
    the Kaplan–Meier curve among the share that it sees return, F⁻¹(q · F(last)). Where nobody leaves F(last) is 1 and
    this is the plain quantile. Where some leave, or the history is short, the plain quantile mixes them in, runs far
    out or is never reached; `comes_back` says how far the curve got.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at.
    as_of : later orders are not seen. Default: the day of the last order.
    at_risk, lost : shares, 0 < at_risk < lost < 1.

    Returns
    -------
    frame, one row a band, in order: band, from_order_days (fewest of the band), at_risk_days, lost_days (silence beyond
        them; blank with fewer than 30 closed gaps in all bands), customers (that weigh 1 each), gaps, closed (of
        these), comes_back (F(last)), plain_days (plain quantile at `at_risk`; blank when never reached), own_curve
        (False: fewer than 20 closed gaps, so the curve of all bands is used), pooled_p90 (90 % quantile of all closed
        gaps together, the same in every row: what not to use)

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`; shares that are none.

    Source: Wang & Chang 1999, "Nonparametric estimation of a recurrent survival function" (weights).
    """
    as_of = last_day(orders, as_of, history.DATED)
    if not 0 < at_risk < lost < 1:
        raise DataError("The shares are 0 < at_risk < lost < 1, not {at_risk} and {lost}.", at_risk=at_risk, lost=lost)
    return fit_thresholds(orders, as_of, at_risk, lost)


def fit_thresholds(orders: Table, as_of: pd.Timestamp, at_risk: float = AT_RISK, lost: float = LOST) -> pd.DataFrame:
    """`thresholds` of checked orders; without any order up to `as_of` they are blank."""
    starts = list(BANDS.values())
    bands = pd.DataFrame({"band": range(-1, len(starts)), "from_k": [1, *starts], "before_k": 2**31})
    bands.loc[1:, "before_k"] = [*starts[1:], 2**31]  # band −1 is all of them together
    gaps = query(_GAPS, {"orders": orders[list(history.DATED)], "bands": bands}, as_of=as_of)
    every = gaps[gaps["band"] == -1]
    rows = []
    for number, (band, start) in enumerate(BANDS.items()):
        own = gaps[gaps["band"] == number]
        closed = _closed(own)
        days, comes_back, plain = _quantiles(own if closed >= FEWEST else every, at_risk, lost)
        weight, count = round(own["weight"].sum()), int(own["gaps"].sum())
        rows.append((band, start, *days, weight, count, closed, comes_back, plain, closed >= FEWEST))
    names = ["band", "from_order_days", "at_risk_days", "lost_days", "customers", "gaps", "closed", "comes_back"]
    out = pd.DataFrame(rows, columns=[*names, "plain_days", "own_curve"])
    if _closed(every) < FEWEST_OF_ALL:
        out[["at_risk_days", "lost_days", "plain_days"]] = np.nan
    out["pooled_p90"] = _closed_quantile(every[every["closed"] == 1], 0.9)
    return out


def _quantiles(gaps: pd.DataFrame, at_risk: float, lost: float) -> tuple[list[float], float, float]:
    """Days at both shares of those who come back, that share, and the plain quantile at the first."""
    gaps = gaps[gaps["weight"] > 0]
    if not gaps["closed"].any():
        return [np.nan, np.nan], 0.0, np.nan
    weights = gaps["weight"].to_numpy()
    curve = SurvfuncRight(gaps["days"].to_numpy(), gaps["closed"].to_numpy(), freq_weights=weights)
    returned, days = 1 - curve.surv_prob, curve.surv_times
    # 1e-9: a curve that reaches the share exactly must not miss it by rounding.
    at = np.searchsorted(returned, np.array([at_risk * returned[-1], lost * returned[-1], at_risk]) - 1e-9)
    plain = float(days[at[2]]) if at[2] < len(days) else np.nan
    return [float(d) for d in days[at[:2]]], float(returned[-1]), plain


def _closed(gaps: pd.DataFrame) -> int:
    return int(gaps.loc[gaps["closed"] == 1, "gaps"].sum())


def _closed_quantile(gaps: pd.DataFrame, share: float) -> float:
    """The least number of days that `share` of the closed gaps do not exceed."""
    if gaps.empty:
        return np.nan
    reached = gaps["gaps"].cumsum() >= share * gaps["gaps"].sum() - 1e-9
    return float(gaps["days"].to_numpy()[np.argmax(reached)])


def explain(thresholds: pd.DataFrame) -> list[Sentence]:
    """What a reader of the thresholds must know: what they mean, where the curve ends early, what would mislead."""
    closed = int(thresholds["closed"].sum())
    if not closed:
        return [Sentence("Nobody has ordered on a second day yet: how long a silence is normal cannot be said.")]
    if thresholds["at_risk_days"].isna().any():
        return [
            Sentence(
                "Only {n:,} {n:pause|pauses} between two orders {n:has|have} ended, of the {needed} that are needed: "
                "how long a silence is normal cannot be said, and nobody is called at risk or lost.",
                n=closed,
                needed=FEWEST_OF_ALL,
            )
        ]
    thresholds = thresholds[thresholds["gaps"] > 0]  # of a band in which nobody has been, nothing was seen
    said = [_rule(thresholds)]
    short = thresholds[thresholds["own_curve"] & thresholds["plain_days"].isna()]
    if len(short):
        said.append(
            Sentence(
                "With {bands} order days too few come back for a plain quantile; the thresholds are of those who do.",
                bands=first_few(short["band"], 4),
            )
        )
    few = thresholds[~thresholds["own_curve"]]
    if len(few):
        said.append(
            Sentence(
                "With {bands} order days there are fewer than {n} completed gaps: the curve of all customers is used.",
                bands=first_few(few["band"], 4),
                n=FEWEST,
            )
        )
    return said


def _rule(thresholds: pd.DataFrame) -> Sentence:
    """How long a silence is normal for the band with the fewest orders and for that with the most, if there are two."""
    own = thresholds[thresholds["own_curve"]]
    told = own if len(own) else thresholds
    first, last = told.iloc[[0, -1]].to_dict("records")
    values = {"first": first["at_risk_days"], "pooled": first["pooled_p90"]}
    if told["at_risk_days"].nunique() == 1:
        return Sentence(
            "At risk after {first:.0f} {first:day|days} without an order. One rule for all from completed gaps (90%) "
            "would say {pooled:.0f}.",
            **values,
        )
    return Sentence(
        "At risk after {first:.0f} {first:day|days} without an order (order days so far: {band}), after {last:.0f} "
        "(order days so far: {most}). One rule for all from completed gaps (90%) would say {pooled:.0f}.",
        band=first["band"],
        last=last["at_risk_days"],
        most=last["band"],
        **values,
    )
