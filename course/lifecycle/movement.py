"""How customers move between stages, which move is worth most, and what happens by itself."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from course.engine import Table, like, query
from course.errors import DataError
from course.evidence import LEAST
from course.intervals import wilson
from course.lifecycle import history
from course.lifecycle.standing import STAGES, numbered, staged
from course.orders import last_day, with_net

_STEPS = {
    "W": pd.DateOffset(weeks=1),
    "M": pd.DateOffset(months=1),
    "Q": pd.DateOffset(months=3),
}

# Who is known on one day is known on every later one, so the stage before is that of the day before.
_MOVES = """
    WITH moved AS (
        SELECT number, coalesce(lag(stage) OVER (PARTITION BY customer_id ORDER BY number), 'outside') AS from_stage,
            stage AS to_stage
        FROM staged
    )
    SELECT number - 1 AS number, from_stage, to_stage, count(*) AS customers
    FROM moved WHERE number > 0 GROUP BY number, from_stage, to_stage
"""
_MONEY = """
    WITH spent AS (
        SELECT customer_id, number, sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS money
        FROM orders JOIN dates ON CAST(ordered_at AS DATE) > date AND CAST(ordered_at AS DATE) <= next_date
        GROUP BY customer_id, number
    )
    SELECT a.stage, CAST(coalesce(sum(s.money), 0) AS DOUBLE) / count(*) AS money
    FROM staged a LEFT JOIN spent s ON s.customer_id = a.customer_id AND s.number = a.number
    WHERE a.number < $last GROUP BY a.stage
"""


@dataclass
class Transitions:
    """Where customers of each stage are one period later.

    Attributes
    ----------
    rates : frame, stages × stages that occur: chance to be in the column's stage a period later; rows sum to 1
        (posterior mean)
    links : frame, one row a possible move: from_stage, to_stage, customers (moves seen), of (customers of the stage),
        rate, low, high (95 % posterior interval)
    moves : frame, one row a date and move seen: date (from which), from_stage (also "outside": not yet known then),
        to_stage, customers
    homogeneity : frame, one row a stage, and "all": from_stage, chi2, df, p, of the same rates in every period (nan
        where there is nothing to compare), expected (the least expected count; below 5 the p is rough)
    customers : series, stage → customers on the last date
    money : series, stage → money, net of `refunded`, a customer of the stage brings in the next period (0 where none
        was seen; blank without `amount`)
    dates : the days compared
    """

    rates: pd.DataFrame
    links: pd.DataFrame
    moves: pd.DataFrame
    homogeneity: pd.DataFrame
    customers: pd.Series
    money: pd.Series
    dates: list[pd.Timestamp]


def transitions(
    orders: Table,
    as_of: object = None,
    period: str = "M",
    steps: int = 6,
    thresholds: pd.DataFrame | None = None,
    joined: pd.DataFrame | None = None,
) -> Transitions:
    """Stages on `steps` + 1 days one period apart, the last one `as_of`, and the moves between them.

    All days are read by one set of thresholds, so that a customer moves by what they do and not because the rule has
    moved; by default those known at `as_of`. (A forecast tested in the past must be given those of its day.) The rates
    have a Dirichlet posterior with Jeffreys' prior, ½ for every possible move: nobody becomes a prospect, and only
    prospects become first-time buyers. Its intervals count every customer and period as independent of the others.

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at; amount and `refunded` (money) if known.
    as_of : the last day; later orders are not seen. Default: the day of the last order.
    period : "W" (7 days), "M" or "Q" (calendar months back from `as_of`).
    steps : periods looked back; days before the first order are left out.
    thresholds, joined : as for `stages`.

    Raises
    ------
    DataError : as for `stages`; an unknown period; a history shorter than one period.

    Sources: Anderson & Goodman 1957 (homogeneity); the marginal of a Dirichlet is a beta.
    """
    paid = "amount" in orders
    as_of = last_day(orders, as_of, history.PAID if paid else history.DATED)
    dates = _dates(orders, as_of, period, steps)
    known = staged(orders, dates, thresholds, joined, like(orders))
    tables = {"staged": known[["number", "customer_id", "stage"]]}
    moves = query(_MOVES, tables)
    if paid:
        tables |= {"orders": with_net(orders, *history.DATED), "dates": numbered(dates)}
        money = query(_MONEY, tables, last=len(dates) - 1).set_index("stage")["money"]
    order = {stage: i for i, stage in enumerate(["outside", *STAGES])}
    by = ["number", "from_stage", "to_stage"]
    moves = moves.sort_values(by, key=lambda c: c if c.name == "number" else c.map(order), ignore_index=True)
    present = [s for s in STAGES if ((moves["from_stage"] == s) | (moves["to_stage"] == s)).any()]
    inside = moves[moves["from_stage"] != "outside"]
    counts = inside.pivot_table(
        index="from_stage", columns="to_stage", values="customers", aggfunc="sum", fill_value=0
    ).reindex(index=present, columns=present, fill_value=0)
    links = _links(counts)
    rates = links.pivot(index="from_stage", columns="to_stage", values="rate").reindex(index=present, columns=present)
    now = moves[moves["number"] == len(dates) - 2].groupby("to_stage")["customers"].sum()
    homogeneity = _homogeneity(inside, present)
    moves.insert(0, "date", pd.DatetimeIndex(dates)[moves.pop("number")])
    return Transitions(
        rates.fillna(0.0).rename_axis(index=None, columns=None),
        links,
        moves,
        homogeneity,
        now.reindex(present, fill_value=0).rename_axis(None),
        money.reindex(present, fill_value=0.0).rename_axis(None) if paid else pd.Series(np.nan, present),
        dates,
    )


def _dates(orders: Table, as_of: pd.Timestamp, period: str, steps: int) -> list[pd.Timestamp]:
    if period not in _STEPS:
        raise DataError("The period is one of {periods}, not {period}.", periods=", ".join(_STEPS), period=period)
    if steps < 1:
        raise DataError("Moves need at least one step, not {steps}.", steps=steps)
    first = orders["ordered_at"].min().normalize()
    back = [as_of - _STEPS[period] * k if k else as_of for k in range(steps, -1, -1)]
    dates = [d for d in back if d >= first]
    if len(dates) < 2:
        raise DataError(
            "From the first order, {first}, to {as_of} there is not one whole period.",
            first=first.date(),
            as_of=as_of.date(),
        )
    return dates


def _possible(start: str, end: str) -> bool:
    return end not in ("prospect", "first_purchase") or start in ("prospect", end)


def _links(counts: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for start, row in counts.iterrows():
        ends = [e for e in counts.columns if _possible(start, e)]
        alpha = row[ends].to_numpy(dtype="float64") + 0.5
        others = alpha.sum() - alpha
        low, high = (stats.beta.ppf(q, alpha, others) if len(ends) > 1 else np.ones(1) for q in (0.025, 0.975))
        rates = {
            "customers": row[ends].to_numpy(),
            "of": row.sum(),
            "rate": alpha / alpha.sum(),
            "low": low,
            "high": high,
        }
        rows.append(pd.DataFrame({"from_stage": start, "to_stage": ends} | rates))
    return pd.concat(rows, ignore_index=True)


def _homogeneity(moves: pd.DataFrame, present: list[str]) -> pd.DataFrame:
    rows = []
    for start in present:
        table = moves[moves["from_stage"] == start].pivot_table(
            index="number", columns="to_stage", values="customers", aggfunc="sum", fill_value=0
        )
        if min(table.shape) < 2:
            rows.append((start, np.nan, 0, np.nan, np.nan))
        else:
            test = stats.chi2_contingency(table.to_numpy(), correction=False)
            rows.append((start, test.statistic, test.dof, test.pvalue, test.expected_freq.min()))
    out = pd.DataFrame(rows, columns=["from_stage", "chi2", "df", "p", "expected"])
    df = int(out["df"].sum())
    chi2 = out["chi2"].sum() if df else np.nan
    out.loc[len(out)] = ("all", chi2, df, stats.chi2.sf(chi2, df) if df else np.nan, out["expected"].min())
    return out


def weakest_link(
    rates: pd.DataFrame,
    value: Mapping[str, float] | pd.Series,
    customers: Mapping[str, int] | pd.Series,
    discount_rate_per_period: float,
    feasible: Mapping[tuple[str, str], float] | None = None,
) -> pd.DataFrame:
    """Which move between stages it would pay most to make more, or less, frequent.

    Customers are worth V = (I − P/(1+d))⁻¹ R. When p_ij grows, the other rates of row i shrink in proportion, so with
    V̄ the mean worth of where the others of row i go, ∂V_s/∂p_ij = N_si (V_j − V̄) / (1 + d), N = (I − P/(1+d))⁻¹. The
    weakest link is the largest gain over today's customers times what can be changed, not the lowest rate. The change
    is taken to last for good; gains of links from one stage overlap and do not add up; and what would change a rate,
    and at what cost, the chain does not say.

    Parameters
    ----------
    rates : P, stages × stages, as `Transitions.rates`.
    value : R, money a customer of each stage brings in a period (`Transitions.money`).
    customers : how many there are in each stage today.
    discount_rate_per_period : d, above 0, of the period that P is of.
    feasible : by how much the rate of (from, to) can be changed, as a share. Default: one point (0.01) for every link,
        as far as the rate leaves room.

    Returns
    -------
    frame, one row a move to another stage, largest worth first: from_stage, to_stage, rate, change (+ more often,
        − less often), gain_per_point (money, for one customer who is in from_stage, of one point in the direction of
        `change`), customers (in from_stage), worth (money, all customers of today, of the whole change)

    Raises
    ------
    DataError : rates that are none; a stage without value or number of customers; d not above 0.

    Source: Pfeifer & Carraway 2000 for V; the derivative is that of a matrix inverse.
    """
    names = list(rates.index)
    P = rates.to_numpy(dtype="float64")
    R, n = (pd.Series(x).reindex(names).to_numpy(dtype="float64") for x in (value, customers))
    if list(rates.columns) != names or not (np.abs(P.sum(axis=1) - 1) < 1e-9).all() or not (P >= 0).all():
        raise DataError("Rates are a square table of stages, from in rows and to in columns; every row sums to 1.")
    if not np.isfinite(R).all() or not np.isfinite(n).all():
        raise DataError("Every stage needs a value and a number of customers: {stages}.", stages=", ".join(names))
    if not (np.isfinite(discount_rate_per_period) and discount_rate_per_period > 0):
        raise DataError(
            "The discount rate per period must be above 0 (got {rate}): an endless horizon has no worth without it.",
            rate=discount_rate_per_period,
        )
    factor = 1 / (1 + discount_rate_per_period)
    N = np.linalg.inv(np.eye(len(R)) - factor * P)
    V = N @ R
    rows = []
    for i, j in zip(*np.nonzero((P > 0) & (P < 1) & ~np.eye(len(R), dtype=bool)), strict=True):
        others = (P[i] @ V - P[i, j] * V[j]) / (1 - P[i, j])
        slope = factor * (V[j] - others)
        sign = 1.0 if slope >= 0 else -1.0
        change = 0.01 if feasible is None else feasible.get((names[i], names[j]), 0.0)
        change = min(change, 1 - P[i, j] if sign > 0 else P[i, j])
        gain = abs(slope)
        rows.append(
            (names[i], names[j], P[i, j], sign * change, 0.01 * N[i, i] * gain, n[i], (n @ N[:, i]) * gain * change)
        )
    columns = ["from_stage", "to_stage", "rate", "change", "gain_per_point", "customers", "worth"]
    out = pd.DataFrame(rows, columns=columns).astype({"customers": "int64"})
    return out.sort_values("worth", ascending=False, kind="stable", ignore_index=True)


def links_by_a_tenth(
    moves: Transitions, discount_rate_per_period: float, customers: pd.Series | None = None
) -> pd.DataFrame:
    """`weakest_link` with the same change for all in proportion: every rate a tenth of itself higher or lower.

    A point of a rate of 1 % is double or nothing, of one of 60 % hardly felt: so many points for all would compare what
    nobody could do with what nobody would notice. Moves that were seen fewer than ten times have no rate to
    change, and those that nobody is there to make are worth nothing: both are left out.

    Parameters
    ----------
    moves : what `transitions` gave; discount_rate_per_period : as for `weakest_link`.
    customers : how many there are today by stage, where it is told otherwise than in `moves`.

    Returns
    -------
    frame of `weakest_link`, with low, high (95 % interval of the rate), largest worth first
    """
    links = moves.links[moves.links["from_stage"] != moves.links["to_stage"]]
    seen = links[links["customers"] >= LEAST["moves"].n]
    tenth = {(r.from_stage, r.to_stage): r.rate / 10 for r in seen.itertuples()}
    today = moves.customers if customers is None else customers.reindex(moves.rates.index, fill_value=0)
    worth = weakest_link(moves.rates, moves.money, today, discount_rate_per_period, tenth)
    intervals = seen[["from_stage", "to_stage", "low", "high"]]
    worth = worth[worth["worth"] > 0].merge(intervals, on=["from_stage", "to_stage"])
    return worth.sort_values("worth", ascending=False, kind="stable", ignore_index=True)


_RETURNS = """
    WITH days AS (SELECT DISTINCT customer_id, CAST(ordered_at AS DATE) AS day FROM orders),
    numbered AS (SELECT day, row_number() OVER (PARTITION BY customer_id ORDER BY day) AS number FROM days)
    SELECT count(*) AS n FROM numbered WHERE number > 1 AND day > CAST($first AS DATE) AND day <= CAST($last AS DATE)
"""


def returns_between(orders: Table, first: object, last: object) -> int:
    """Days on which customers ordered who had ordered before: after `first`, up to `last`; a customer and day is one.

    Parameters
    ----------
    orders : customer_id, ordered_at.
    """
    dated = {"orders": orders[list(history.DATED)]}
    return int(query(_RETURNS, dated, first=pd.Timestamp(first), last=pd.Timestamp(last))["n"].iloc[0])


_COME_BACK = """
    WITH dated AS (
        SELECT customer_id, CAST(ordered_at AS DATE) AS day, CAST(round(net, 6) AS DECIMAL(38, 6)) AS money FROM orders
    ), parts AS (
        SELECT *, CASE WHEN day > CAST($split AS DATE) THEN 'after' WHEN day > CAST($start AS DATE) THEN 'before'
            ELSE 'known' END AS part
        FROM dated WHERE day <= CAST($as_of AS DATE)
    )
    SELECT customer_id, CAST(sum(CASE WHEN part = 'before' THEN money ELSE 0 END) AS DOUBLE) AS before,
        CAST(sum(CASE WHEN part = 'after' THEN money ELSE 0 END) AS DOUBLE) AS after,
        max(CASE WHEN part = 'before' THEN 1 ELSE 0 END) AS bought_before,
        max(CASE WHEN part = 'after' THEN 1 ELSE 0 END) AS bought_after
    FROM parts GROUP BY customer_id HAVING max(CASE WHEN part = 'known' THEN 1 ELSE 0 END) = 1 ORDER BY customer_id
"""


def come_back(orders: Table, as_of: object = None, days: int = 90, top: float = 0.10) -> pd.DataFrame:
    """Regression to the mean: what the silent and the best do next, whatever is done to them.

    Two windows of equal length end at `as_of`. Customers are sorted by the first: silent (nothing bought), top (the
    share `top` of the buyers who spent most) and others. Extreme customers are partly extreme by chance, so in the
    second window some of the silent buy and the top spend less. Whoever claims to have won back the one or spoilt the
    other must beat these figures, by a control group of the same time. (Campaigns that ran are in them.)

    Parameters
    ----------
    orders : valid orders or order lines: customer_id, ordered_at, amount; `refunded` (money) if known.
    as_of : the end of the second window. Default: the day of the last order.
    days : length of a window.
    top : share of the buyers of the first window.

    Returns
    -------
    frame, a row each for silent, others, top, all: group, customers (first order before the first window), bought,
        bought_low, bought_high (share who bought in the second window, 95 %), before, after (money a customer and
        window), change (after / before − 1; blank for the silent), change_low, change_high (95 %, delta method
        with Student's t)

    Raises
    ------
    DataError : a column missing or with blanks; days or top that are none; nobody known before the first window.
    """
    as_of = last_day(orders, as_of, history.PAID)
    if days < 1 or not 0 < top < 1:
        raise DataError(
            "A window has one day or more and the top is a share between 0 and 1, not {days} and {top}.",
            days=days,
            top=top,
        )
    split, start = as_of - pd.Timedelta(days=days), as_of - pd.Timedelta(days=2 * days)
    customers = query(_COME_BACK, {"orders": with_net(orders, *history.DATED)}, as_of=as_of, split=split, start=start)
    if customers.empty:
        raise DataError(
            "Nobody had ordered by {start}, two windows of {days} days before {as_of}.",
            start=start.date(),
            days=days,
            as_of=as_of.date(),
        )
    silent = customers["bought_before"] == 0
    buyers = customers.loc[~silent, "before"]
    # Equal customers stay together: the top is who spent strictly more than the first one below it.
    edge = buyers.sort_values(ascending=False).iloc[int(len(buyers) * top)] if len(buyers) else np.inf
    best = ~silent & (customers["before"] > edge)
    parts = {"silent": silent, "others": ~silent & ~best, "top": best, "all": silent | ~silent}
    return pd.DataFrame([{"group": name} | _before_after(customers[part]) for name, part in parts.items()])


def _before_after(customers: pd.DataFrame) -> dict[str, float]:
    n = len(customers)
    before, after = customers["before"], customers["after"]
    bought = customers["bought_after"].mean() if n else np.nan
    low, high = wilson(customers["bought_after"].sum(), n)
    out = {"customers": n, "bought": bought, "bought_low": float(low), "bought_high": float(high)}
    out |= {"before": before.mean(), "after": after.mean()}
    if not n or before.mean() <= 0:
        return out | dict.fromkeys(("change", "change_low", "change_high"), np.nan)
    ratio = after.mean() / before.mean()
    # Student's t: a top tenth can be twenty customers, and few of them make most of the spread.
    half = stats.t.ppf(0.975, max(n - 1, 1)) * (after - ratio * before).std(ddof=1) / np.sqrt(n) / before.mean()
    return out | {"change": ratio - 1, "change_low": ratio - 1 - half, "change_high": ratio - 1 + half}
