"""After a test: two arms compared, and campaigns judged by the customers who were left out of them at random.

Shares: Newcombe's interval of a difference (1998, Statistics in Medicine 17, 873–890, method 10) and Katz's of a ratio.
Means: Welch's t-test; the ratio by the delta method on its logarithm. Intervals are 95 %. No effect is read from arms
that are not as planned.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import pandas as pd

from course import schema
from course.collect.arms import named_control
from course.effect.planning import RATIO_LIMIT, sample_ratio
from course.engine import query
from course.errors import DataError, first_few
from course.intervals import Z, wilson
from course.language import Sentence
from course.orders import UP_TO, last_day, with_net


@dataclass(frozen=True)
class Effect:
    """What a treatment changed.

    Attributes
    ----------
    kind : "share" or "mean"
    n_control, n_treatment : people
    control, treatment : share or mean of each arm
    difference, low, high : treatment less control with its interval; a share in shares (0.01 is one point)
    lift, lift_low, lift_high : the same relative to control (0.3 is +30 %); NaN where an arm has nothing to divide by
    p : two-sided; of the pooled z-test for shares, of Welch's test for means
    ratio_p : chance of arms this far from the plan; NaN if no plan was given
    verdict : "higher" or "lower" where the interval leaves out 0, else "not shown"; "withheld" where ratio_p is below
        RATIO_LIMIT
    """

    kind: str
    n_control: int
    n_treatment: int
    control: float
    treatment: float
    difference: float
    low: float
    high: float
    lift: float
    lift_low: float
    lift_high: float
    p: float
    ratio_p: float
    verdict: str

    @property
    def sentence(self) -> Sentence:
        """The verdict in words, with its numbers."""
        if self.verdict == "withheld":
            return Sentence(
                "No verdict: {treatment:,} treated and {control:,} control customers are not the planned split "
                "(p = {p:.1g}). Find out who was lost or counted twice first.",
                treatment=self.n_treatment,
                control=self.n_control,
                p=self.ratio_p,
            )
        points = 100 if self.kind == "share" else 1
        values = {
            "treatment": self.treatment,
            "control": self.control,
            "difference": points * self.difference,
            "low": points * self.low,
            "high": points * self.high,
        }
        if self.kind == "share":
            numbers = Sentence(
                "{treatment:.2%} against {control:.2%}, {difference:+.2f} percentage points (95% interval {low:+.2f} "
                "to {high:+.2f})",
                **values,
            )
        else:
            numbers = Sentence(
                "{treatment:,.2f} against {control:,.2f} a head, {difference:+,.2f} (95% interval {low:+,.2f} to "
                "{high:+,.2f})",
                **values,
            )
        return _said(self.verdict, numbers)


def _said(verdict: str, numbers: Sentence) -> Sentence:
    if verdict == "higher":
        return Sentence("Higher with the treatment: {numbers}.", numbers=numbers)
    if verdict == "lower":
        return Sentence("Lower with the treatment: {numbers}.", numbers=numbers)
    return Sentence("No difference is shown, which does not show that there is none: {numbers}.", numbers=numbers)


# --- two arms --------------------------------------------------------------------------------------------------------


def ab(control: object, treatment: object, planned: Sequence[float] | None = (1, 1)) -> Effect:
    """Compare two arms, their sizes first.

    Parameters
    ----------
    control, treatment : the outcome of every customer of the arm (0/1 or bool: a share, else a mean), or for a share
        the pair (converted, people).
    planned : planned shares or weights of control and treatment; None if nobody knows them: then no sizes are checked.

    Raises
    ------
    DataError : an arm without people (a mean: with fewer than two), blanks, more converted than people.
    """
    arms = [_arm(values) for values in (control, treatment)]
    shares = all(a["values"] is None for a in arms)
    if not shares:
        arms = [_as_values(a) for a in arms]
    n = [a["n"] for a in arms]
    found = _shares(arms) if shares else _means(arms)
    ratio = math.nan if planned is None else sample_ratio(n, planned)
    verdict = "higher" if found["low"] > 0 else "lower" if found["high"] < 0 else "not shown"
    if ratio < RATIO_LIMIT:
        verdict = "withheld"
    kind = "share" if shares else "mean"
    return Effect(kind=kind, n_control=n[0], n_treatment=n[1], ratio_p=ratio, verdict=verdict, **found)


def _arm(given: object) -> dict:
    """People, converted and, unless all outcomes are 0 or 1, the outcomes."""
    if isinstance(given, tuple):
        converted, people = given
        if not 0 <= converted <= people or people < 1:
            raise DataError(
                "An arm is (converted, people) with at least one person and no more converted than people; got {pair}.",
                pair=given,
            )
        return {"n": int(people), "converted": int(converted), "values": None}
    values = pd.Series(given).to_numpy(dtype="float64", na_value=np.nan)
    if not len(values) or not np.isfinite(values).all():
        raise DataError(
            "An arm needs one number a customer and no blanks; {blank:,} of {n:,} are blank or infinite. Customers who "
            "bought nothing count as 0.",
            blank=int((~np.isfinite(values)).sum()),
            n=len(values),
        )
    binary = bool(np.isin(values, (0, 1)).all())
    return {"n": len(values), "converted": int(values.sum()) if binary else None, "values": None if binary else values}


def _as_values(arm: dict) -> dict:
    """An arm whose outcomes happen to be all 0 or 1 beside one that has means: its outcomes again."""
    values = arm["values"]
    if values is None:
        values = np.repeat([1.0, 0.0], [arm["converted"], arm["n"] - arm["converted"]])
    if len(values) < 2:
        raise DataError("A mean with an interval needs at least two customers an arm.")
    return arm | {"values": values}


def _shares(arms: list[dict]) -> dict:
    from scipy.stats.contingency import relative_risk

    (k0, n0), (k1, n1) = ((a["converted"], a["n"]) for a in arms)
    p0, p1 = k0 / n0, k1 / n1
    (low0, high0), (low1, high1) = wilson(k0, n0), wilson(k1, n1)
    pooled = (k0 + k1) / (n0 + n1)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1))
    ratio, ends = math.nan, (math.nan, math.nan)
    if k0 and k1:
        risk = relative_risk(k1, n1, k0, n0)
        ratio, ends = risk.relative_risk, risk.confidence_interval(0.95)
    return {
        "control": p0,
        "treatment": p1,
        "difference": p1 - p0,
        "low": p1 - p0 - math.hypot(p1 - low1, high0 - p0),
        "high": p1 - p0 + math.hypot(high1 - p1, p0 - low0),
        "lift": ratio - 1,
        "lift_low": float(ends[0]) - 1,
        "lift_high": float(ends[1]) - 1,
        "p": 2 * NormalDist().cdf(-abs(p1 - p0) / error) if error else 1.0,
    }


def _means(arms: list[dict]) -> dict:
    from scipy.stats import ttest_ind

    values = [a["values"] for a in arms]
    # Exact sums: the order of rows must not reach the last digit.
    m0, m1 = (math.fsum(v) / len(v) for v in values)
    e0, e1 = (math.sqrt(math.fsum((v - m) ** 2) / (len(v) - 1) / len(v)) for v, m in zip(values, (m0, m1), strict=True))
    low = high = m1 - m0
    p = float(m0 == m1)
    if e0 or e1:
        test = ttest_ind(values[1], values[0], equal_var=False)
        (low, high), p = test.confidence_interval(0.95), float(test.pvalue)
    lift = ends = math.nan
    if m0 > 0 and m1 > 0:
        lift, ends = m1 / m0 - 1, math.exp(Z * math.hypot(e0 / m0, e1 / m1))
    return {
        "control": m0,
        "treatment": m1,
        "difference": m1 - m0,
        "low": float(low),
        "high": float(high),
        "lift": lift,
        "lift_low": (1 + lift) / ends - 1,
        "lift_high": (1 + lift) * ends - 1,
        "p": p,
    }


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Campaigns:
    """What campaigns changed, by the customers left out of them.

    Attributes
    ----------
    table : one row a campaign and treated arm; columns in `by_arm`
    lines : the same in words: first the campaigns of which nothing can be said, and why, then what each one changed
    remarks : the first part of them, what the table does not say
    """

    table: pd.DataFrame
    lines: list[Sentence] = field(default_factory=list)
    remarks: list[Sentence] = field(default_factory=list)


#: One row a customer and campaign: orders and money from the day of sending for $days days, and orders in as many days
#: before it. A customer without a date of sending, as controls are, gets the first one of the campaign.
_PEOPLE = f"""
    WITH once AS (
        SELECT campaign, customer, min(arm) AS arm, count(DISTINCT arm) AS arms, min(day) AS day
        FROM (
            SELECT campaign, customer, arm, CAST(sent_at AS DATE) AS day FROM campaigns
            WHERE sent_at IS NULL OR CAST(sent_at AS DATE) <= CAST($as_of AS DATE)
        ) AS known GROUP BY campaign, customer
    ), starts AS (SELECT campaign, min(day) AS day FROM once GROUP BY campaign),
    people AS (
        SELECT once.campaign, customer, arm, arms, coalesce(once.day, starts.day) AS day
        FROM once JOIN starts ON once.campaign = starts.campaign
    ), bought AS (
        SELECT CAST(customer_id AS VARCHAR) AS customer, order_id, min(CAST(ordered_at AS DATE)) AS day,
            sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS money
        FROM orders WHERE {UP_TO} GROUP BY customer_id, order_id
    ), near AS (
        SELECT campaign, people.customer, money, date_diff('day', people.day, bought.day) AS age
        FROM people JOIN bought ON people.customer = bought.customer
        WHERE date_diff('day', people.day, bought.day) BETWEEN -$days AND $days - 1
    ), sums AS (
        SELECT campaign, customer, sum(CASE WHEN age >= 0 THEN 1 ELSE 0 END) AS orders,
            sum(CASE WHEN age < 0 THEN 1 ELSE 0 END) AS before, sum(CASE WHEN age >= 0 THEN money END) AS spend
        FROM near GROUP BY campaign, customer
    )
    SELECT people.campaign, people.arm, arms, CAST(coalesce(orders, 0) AS DOUBLE) AS orders,
        CAST(coalesce(before, 0) AS DOUBLE) AS before, CAST(coalesce(spend, 0) AS DOUBLE) AS spend,
        people.day IS NOT NULL AND date_diff('day', people.day, CAST($as_of AS DATE)) >= $days - 1 AS complete
    FROM people LEFT JOIN sums ON people.campaign = sums.campaign AND people.customer = sums.customer
    ORDER BY people.campaign, people.arm, people.customer
"""


def by_arm(
    campaigns: pd.DataFrame,
    orders: pd.DataFrame,
    as_of: object = None,
    window_days: int = 30,
    *,
    control_label: str | None = None,
    control_share: float | None = None,
    cost: float | None = None,
) -> Campaigns:
    """What each campaign changed: the customers it was sent to against those left out at random.

    A customer counts in the arm drawn, whether or not the message was read. Without a control group there is no effect
    to be had, and a comparison with the time before the campaign is not one: it is not offered.

    Parameters
    ----------
    campaigns : campaign_id, customer_id, sent_at; `arm`, else there is no control; `is_control` (bool) where it is
        known who was left out, `planned_share` (0–1) where the file says how many were to be.
    orders : valid orders or lines: customer_id, order_id, ordered_at, amount; `refunded` if known.
    as_of : later orders and campaigns are not seen, and customers whose window is not over are left out. Default: the
        day of the last order.
    window_days : days in which an order counts, the day of sending included.
    control_label : the arm that is the control; default: as `is_control` says, else one that is called a control
        (`course.collect.arms.named_control`).
    control_share : planned share of the control (0–1); default: as `planned_share` says. Without it the sizes of the
        arms cannot be checked.
    cost : of one contact, in the money of the orders.

    Returns
    -------
    Campaigns; its table is sorted by campaign_id and arm: campaign_id, arm, n, n_control, converted, converted_control
    (customers with an order), rate, rate_control, difference, low, high (shares), verdict (of the rate), spend,
    spend_control, spend_difference, spend_low, spend_high (money a head; the difference is what a contact may cost, in
    turnover), orders, orders_low, orders_high (incremental: difference of orders a head × n), money, money_low,
    money_high (incremental), cost, cost_per_order, cost_per_order_low, cost_per_order_high (only where orders_low > 0),
    ratio_p, before_p (of the rates in as many days *before* sending: arms drawn at random do not differ there; below
    RATIO_LIMIT the verdict is withheld)

    Raises
    ------
    DataError : a column missing or with blanks; a window below one day; a share outside (0, 1); no campaign up to
        `as_of`; a control label that no row has.
    """
    schema.require(campaigns, "campaigns", ("campaign_id", "customer_id"))
    # Controls have no date of sending: a blank is no fault here, a text is.
    schema.require(campaigns.dropna(subset=[c for c in campaigns if c == "sent_at"]), "campaigns", ("sent_at",))
    as_of = last_day(orders, as_of, before_first=True)
    if window_days < 1 or not (control_share is None or 0 < control_share < 1):
        raise DataError(
            "The window is at least one day and the control a share between 0 and 1; got {days} and {share}.",
            days=window_days,
            share=control_share,
        )
    sent, lines = _labelled(campaigns, control_label)
    people = _people(sent, orders, as_of, window_days)
    if people.empty:
        raise DataError("There is no campaign up to {as_of}.", as_of=as_of.date())
    people, said = _usable(people, window_days)
    lines += said
    planned = _planned(campaigns, control_share)
    rows, effects = [], []
    for campaign, group in people.groupby("campaign", sort=True):
        control = group[group["arm"] == _CONTROL]
        treated = group[group["arm"] != _CONTROL]
        share = planned.get(str(campaign), math.nan)
        ratio = math.nan if math.isnan(share) else _ratio(control, treated, share)
        for arm, those in treated.groupby("arm", sort=True):
            row, lines_of_row = _compared(str(campaign), str(arm), control, those, ratio, cost)
            rows.append(row)
            effects += lines_of_row
    if len(rows) > 1:
        lines.append(_many(len(rows)))
    if any(math.isnan(row["ratio_p"]) for row in rows):
        lines.append(
            Sentence(
                "The planned share of the control group was not given, so nobody checked whether the arms are complete."
            )
        )
    return Campaigns(pd.DataFrame(rows, columns=_COLUMNS), lines + effects, lines)


#: The control, whatever the export calls it: no arm has an empty name.
_CONTROL = ""


def _labelled(campaigns: pd.DataFrame, label: str | None) -> tuple[pd.DataFrame, list[Sentence]]:
    """Campaign, customer, day of sending and arm, the control under one name."""
    sent = pd.DataFrame(
        {
            "campaign": campaigns["campaign_id"].astype("str"),
            "customer": campaigns["customer_id"].astype("str"),
            "sent_at": campaigns["sent_at"],
        }
    )
    if "arm" not in campaigns:
        return sent.assign(arm="–"), []
    arm = campaigns["arm"].astype("str").str.strip().replace("", pd.NA)
    if label is not None:
        control = arm.str.casefold().eq(label.strip().casefold()).fillna(False).astype(bool)
    elif "is_control" in campaigns:
        control = campaigns["is_control"].eq(True)
    else:
        control = arm.map(named_control, na_action="ignore").eq(True)
    if label is not None and not control.any():
        raise DataError(
            "No customer is in the arm {label}. Arms are: {arms}.",
            label=label,
            arms=first_few(sorted(arm.dropna().unique()), 12),
        )
    sent["arm"] = arm.mask(control, _CONTROL)
    blank = int(arm.isna().sum())
    said = [Sentence("{n:,} {n:row names|rows name} no arm and were left out.", n=blank)] if blank else []
    return sent.dropna(subset="arm"), said


def _planned(campaigns: pd.DataFrame, share: float | None) -> dict[str, float]:
    """{campaign: the share to be left out}: one for all, or what the rows of each say (several: nobody knows)."""
    names = campaigns["campaign_id"].astype("str")
    if share is not None:
        return dict.fromkeys(names.unique(), share)
    if "planned_share" not in campaigns:
        return {}
    said = campaigns["planned_share"].where(campaigns["planned_share"].between(0, 1, inclusive="neither"))
    by_name = said.groupby(names).agg(["nunique", "first"])
    return by_name.loc[by_name["nunique"] == 1, "first"].to_dict()


def _people(sent: pd.DataFrame, orders: pd.DataFrame, as_of: pd.Timestamp, days: int) -> pd.DataFrame:
    rows = with_net(orders, "customer_id", "order_id", "ordered_at")
    return query(_PEOPLE, {"campaigns": sent, "orders": rows}, as_of=as_of, days=int(days))


def _usable(people: pd.DataFrame, days: int) -> tuple[pd.DataFrame, list[Sentence]]:
    """The customers an effect can be read from, and what is said of the others."""
    said = []
    both = people["arms"] > 1
    if both.any():
        said.append(
            Sentence(
                "{n:,} {n:customer is|customers are} in two arms of one campaign and were left out.", n=int(both.sum())
            )
        )
    people = people[~both]
    everybody = people["campaign"].unique()
    running = sorted(set(everybody) - set(people.loc[people["complete"], "campaign"].unique()))
    if running:
        said.append(
            Sentence(
                "Not over yet, or without a date of sending: {campaigns}. {days} days after sending they can be "
                "judged.",
                campaigns=first_few(running, 5),
                days=days,
            )
        )
    people = people[people["complete"]]
    # One customer has no spread: such an arm is as good as none.
    people = people[people.groupby(["campaign", "arm"])["arm"].transform("size") > 1]
    control = people["arm"].eq(_CONTROL).groupby(people["campaign"]).mean()
    alone = sorted((set(everybody) - set(running) - set(control.index)) | set(control.index[control.isin([0, 1])]))
    if alone:
        said.append(
            Sentence(
                "Without a control group, or with nobody treated: {campaigns} ({n} {n:campaign|campaigns}). What they "
                "changed cannot be known: some customers would have bought anyway. Leave out a random part next time.",
                campaigns=first_few(alone, 5),
                n=len(alone),
            )
        )
    return people[~people["campaign"].isin(alone)], said


def _ratio(control: pd.DataFrame, treated: pd.DataFrame, share: float) -> float:
    return sample_ratio([len(control), len(treated)], [share, 1 - share])


_COLUMNS = (
    *("campaign_id", "arm", "n", "n_control", "converted", "converted_control", "rate", "rate_control"),
    *("difference", "low", "high", "verdict"),
    *("spend", "spend_control", "spend_difference", "spend_low", "spend_high"),
    *("orders", "orders_low", "orders_high", "money", "money_low", "money_high"),
    *("cost", "cost_per_order", "cost_per_order_low", "cost_per_order_high", "ratio_p", "before_p"),
)


def _compared(
    campaign: str, arm: str, control: pd.DataFrame, treated: pd.DataFrame, ratio: float, cost: float | None
) -> tuple[dict, list[Sentence]]:
    n = len(treated)
    rate = ab(control["orders"] > 0, treated["orders"] > 0, None)
    before = ab(control["before"] > 0, treated["before"] > 0, None).p
    spend, orders = _mean_effect(control, treated, "spend"), _mean_effect(control, treated, "orders")
    withheld = ratio < RATIO_LIMIT or before < RATIO_LIMIT
    paid = math.nan if cost is None else cost * n
    sure = orders["low"] > 0 and not withheld
    row = {
        "campaign_id": campaign,
        "arm": arm,
        "n": n,
        "n_control": len(control),
        "converted": int((treated["orders"] > 0).sum()),
        "converted_control": int((control["orders"] > 0).sum()),
        "rate": rate.treatment,
        "rate_control": rate.control,
        **{k: getattr(rate, k) for k in ("difference", "low", "high")},
        "verdict": "withheld" if withheld else rate.verdict,
        "spend": spend["treatment"],
        "spend_control": spend["control"],
        **{f"spend_{k}": spend[k] for k in ("difference", "low", "high")},
        **{f"orders{k}": n * orders[v] for k, v in _ENDS.items()},
        **{f"money{k}": n * spend[v] for k, v in _ENDS.items()},
        "cost": paid,
        "cost_per_order": paid / (n * orders["difference"]) if sure else math.nan,
        "cost_per_order_low": paid / (n * orders["high"]) if sure else math.nan,
        "cost_per_order_high": paid / (n * orders["low"]) if sure else math.nan,
        "ratio_p": ratio,
        "before_p": before,
    }
    return row, _in_words(row, rate)


_ENDS = {"": "difference", "_low": "low", "_high": "high"}


def _mean_effect(control: pd.DataFrame, treated: pd.DataFrame, column: str) -> dict:
    return _means([{"values": group[column].to_numpy(dtype="float64")} for group in (control, treated)])


def _in_words(row: dict, rate: Effect) -> list[Sentence]:
    name = {"campaign": row["campaign_id"], "arm": row["arm"]}
    if row["verdict"] == "withheld":
        return [
            Sentence(
                "{campaign}, {arm}: no verdict. The arms are not the planned split, or bought differently before "
                "anything was sent (p = {p:.1g}): they were not drawn at random, or somebody was lost.",
                p=np.nanmin([row["ratio_p"], row["before_p"]]),
                **name,
            )
        ]
    lines = [
        Sentence("{campaign}, {arm}, customers with an order: {effect}", effect=rate.sentence, **name),
        Sentence(
            "{campaign}, {arm}: {orders:+,.0f} orders (95% interval {low:+,.0f} to {high:+,.0f}) that would not have "
            "come without it; a contact pays if it costs less than the margin on {spend:,.2f} a head (95% interval "
            "{spend_low:,.2f} to {spend_high:,.2f}).",
            orders=row["orders"],
            low=row["orders_low"],
            high=row["orders_high"],
            spend=row["spend_difference"],
            spend_low=row["spend_low"],
            spend_high=row["spend_high"],
            **name,
        ),
    ]
    if not math.isnan(row["cost_per_order"]):
        lines.append(
            Sentence(
                "{campaign}, {arm}: {cost:,.2f} for each order more (95% interval {low:,.2f} to {high:,.2f}).",
                cost=row["cost_per_order"],
                low=row["cost_per_order_low"],
                high=row["cost_per_order_high"],
                **name,
            )
        )
    elif not math.isnan(row["cost"]):
        lines.append(
            Sentence(
                "{campaign}, {arm}: {cost:,.2f} were spent, and not one order more is certain: there is no cost an "
                "order.",
                cost=row["cost"],
                **name,
            )
        )
    return lines


def _many(n: int) -> Sentence:
    return Sentence(
        "{n} comparisons, each with a false alarm in twenty: {chance:.0%} that at least one of them is false where "
        "nothing works.",
        n=n,
        chance=1 - 0.95**n,
    )
