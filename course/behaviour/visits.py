"""Clicks: sessions, how long pages were looked at, and the way from a view to a purchase."""

from collections.abc import Sequence

import pandas as pd

from course import schema
from course.engine import query
from course.errors import DataError, first_few
from course.intervals import wilson

_VISITS = """
    WITH clicks AS (
        SELECT {visitor} AS visitor_id, {customer} AS customer_id, "at", kind, {category} AS category FROM events
        WHERE CAST("at" AS DATE) <= CAST($as_of AS DATE) AND {visitor} IS NOT NULL
    ), gaps AS (
        SELECT *, lag("at") OVER (PARTITION BY visitor_id ORDER BY "at", kind, category, customer_id) AS before
        FROM clicks
    )
    SELECT visitor_id, customer_id, "at", kind, category, CAST(sum(
            CASE WHEN before IS NULL OR date_diff('microsecond', before, "at") > $gap THEN 1 ELSE 0 END
        ) OVER (
            PARTITION BY visitor_id ORDER BY "at", kind, category, customer_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS BIGINT) AS session
    FROM gaps
"""
_PAGES = (
    "WITH visits AS ("
    + _VISITS
    + """)
    SELECT visitor_id, session, customer_id, "at", kind, category, date_diff('microsecond', "at", lead("at") OVER (
            PARTITION BY visitor_id, session ORDER BY "at", kind, category, customer_id
        )) / 1e6 AS dwell_seconds
    FROM visits ORDER BY visitor_id, "at", kind, category, customer_id
"""
)
_SESSIONS = (
    "WITH visits AS ("
    + _VISITS
    + """)
    SELECT visitor_id, session, CASE WHEN count(DISTINCT customer_id) = 1 THEN min(customer_id) END AS customer_id,
        min("at") AS started, max("at") AS ended, count(*) AS events,
        sum(CASE WHEN kind = 'view' THEN 1 ELSE 0 END) AS pages, sum(CASE WHEN kind = 'buy' THEN 1 ELSE 0 END) AS buys,
        CASE WHEN count(*) > 1 THEN date_diff('microsecond', min("at"), max("at")) / 1e6 END AS dwell_seconds
    FROM visits GROUP BY visitor_id, session ORDER BY visitor_id, session
"""
)
# A person is the customer of the event, else the only customer ever seen behind the visitor, else the visitor.
_UNITS = (
    "WITH visits AS ("
    + _VISITS
    + """), owners AS (
        SELECT visitor_id, CASE WHEN count(DISTINCT customer_id) = 1 THEN min(customer_id) END AS owner
        FROM visits GROUP BY visitor_id
    ), units AS (
        SELECT 'session' AS per, visitor_id AS unit, session, {by} AS part, kind, "at" FROM visits
        UNION ALL
        SELECT 'user' AS per, coalesce('c' || coalesce(customer_id, owner), 'v' || visits.visitor_id) AS unit,
            0 AS session, {by} AS part, kind, "at"
        FROM visits JOIN owners ON visits.visitor_id = owners.visitor_id
    ), step1 AS (
        SELECT per, unit, session, part, min("at") AS "at" FROM units
        WHERE kind = $kind1 AND part IS NOT NULL GROUP BY per, unit, session, part
    )"""
)
_STEP = """, step{n} AS (
        SELECT units.per, units.unit, units.session, units.part, min(units."at") AS "at"
        FROM units JOIN step{before} AS earlier ON units.per = earlier.per AND units.unit = earlier.unit
            AND units.session = earlier.session AND units.part = earlier.part
        WHERE units.kind = $kind{n} AND units."at" >= earlier."at"
        GROUP BY units.per, units.unit, units.session, units.part
    )"""

# Every part is told of, those that nobody entered too. Squares are of each visitor's own sessions: they are alike.
_COUNTS = """
    SELECT per, part AS category, 0 AS number, 0 AS reached, 0 AS squares, 0 AS with_first, 0 AS with_previous
    FROM units WHERE part IS NOT NULL GROUP BY per, part
    UNION ALL
    SELECT a.per, a.part, a.number, sum(a.k), sum(a.k * a.k), sum(a.k * first.k), sum(a.k * previous.k)
    FROM of_unit AS a
    JOIN of_unit AS first ON a.per = first.per AND a.part = first.part AND a.unit = first.unit AND first.number = 1
    JOIN of_unit AS previous ON a.per = previous.per AND a.part = previous.part AND a.unit = previous.unit
        AND previous.number = greatest(a.number - 1, 1)
    GROUP BY a.per, a.part, a.number
"""


def pages(events: pd.DataFrame, gap_minutes: float = 30, as_of: object = None) -> pd.DataFrame:
    """Every event with its session, and how long the visitor stayed on it.

    Parameters
    ----------
    events, gap_minutes, as_of : as for `sessions`.

    Returns
    -------
    frame sorted by visitor and time: visitor_id, session, customer_id, at, kind, category, dwell_seconds (until the
        next event of the session; the last event has none: when the visitor left it is not recorded)

    Raises
    ------
    DataError : as for `sessions`.
    """
    return _run(events, _PAGES, gap_minutes, as_of)


def sessions(events: pd.DataFrame, gap_minutes: float = 30, as_of: object = None) -> pd.DataFrame:
    """Sessions: runs of a visitor's events with no gap of more than `gap_minutes`.

    A gap of exactly 30:00 stays in the session; one of 30:00.000001 begins a new one.

    Parameters
    ----------
    events : at, kind (view, cart, buy, …); visitor_id or customer_id; category if known. Events may be out of order.
    gap_minutes : above 0.
    as_of : last day counted. Default: the day of the last event.

    Returns
    -------
    frame sorted by visitor and session: visitor_id, session (1, 2, … of the visitor), customer_id (the one customer
        seen in it; blank with none or several), started, ended, events, pages (of kind view), buys, dwell_seconds (from
        first to last event: the last page is not in it; blank in a session of one event, where nothing is known)

    Raises
    ------
    DataError : a column missing or with blanks; nobody behind the events; no event up to `as_of`; a gap of 0 or less.
    """
    return _run(events, _SESSIONS, gap_minutes, as_of).astype({"pages": "int64", "buys": "int64"})


def funnel(
    events: pd.DataFrame,
    steps: Sequence[str] = ("view", "cart", "buy"),
    by: str | None = None,
    gap_minutes: float = 30,
    as_of: object = None,
) -> pd.DataFrame:
    """How many get from step to step, per session and per user: the two answer different questions, so both are given.

    A step counts when it happens no earlier than the first time the step before it was reached. A user is the customer
    where one is known (of the event, else of a visitor with one customer only), else the visitor.

    Parameters
    ----------
    events, gap_minutes, as_of : as for `sessions`.
    steps : kinds of events, in order.
    by : "category" for a funnel within each category: the steps must be of the same one; events without a category are
        left out.

    Returns
    -------
    frame: per ("session", "user"), category (with `by`), step, reached, of_first and of_previous (shares of those who
        reached the first step and the step before; blank where there is nobody), each with _low and _high (95 %,
        Wilson; sessions of one visitor are alike, and count for fewer)

    Raises
    ------
    DataError : as for `sessions`; fewer than two steps or the same twice; a step that no event is of; an unknown `by`.
    """
    steps = list(steps)
    if len(steps) < 2 or len(set(steps)) < len(steps):
        raise DataError("A funnel has two different steps or more, not {steps}.", steps=first_few(steps, 9))
    if by not in (None, "category"):
        raise DataError("A funnel can be split by category, not by {by}.", by=by)
    if by:
        schema.require(events.dropna(subset=["category"]) if "category" in events else events, "events", ("category",))
    numbers = range(1, len(steps) + 1)
    sql = _UNITS + "".join(_STEP.format(n=n, before=n - 1) for n in numbers[1:])
    by_unit = " UNION ALL ".join(
        f"SELECT per, part, unit, {n} AS number, count(*) AS k FROM step{n} GROUP BY per, part, unit" for n in numbers
    )
    counts = f", of_unit AS ({by_unit}){_COUNTS}"
    kinds = {f"kind{n}": step for n, step in zip(numbers, steps, strict=True)}
    found = _run(events, sql + counts, gap_minutes, as_of, by="category" if by else "'all'", **kinds)
    missing = [s for s in steps if s not in set(events["kind"])]
    if missing:
        raise DataError(
            "No event is of kind {missing}; kinds are: {kinds}.",
            missing=first_few(missing),
            kinds=first_few(sorted(set(events["kind"].astype("str"))), 12),
        )
    return _rates(found, steps).drop(columns=[] if by else "category")


def _rates(found: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    every = pd.MultiIndex.from_product(
        [["session", "user"], sorted(found["category"].unique()), range(1, len(steps) + 1)],
        names=["per", "category", "number"],
    )
    sums = ["reached", "squares", "with_first", "with_previous"]
    out = found.set_index(every.names)[sums].reindex(every, fill_value=0).astype("float64").reset_index()
    first = out.groupby(["per", "category"])[["reached", "squares"]].transform("first")
    previous = out.groupby(["per", "category"])[["reached", "squares"]].shift(1)
    previous = previous.fillna(out[["reached", "squares"]])  # the first step is all of itself
    for name, of, both in (("of_first", first, "with_first"), ("of_previous", previous, "with_previous")):
        out[name] = out["reached"] / of["reached"].where(of["reached"] > 0)
        alike = _alike(out[name], of["reached"], out["squares"], out[both], of["squares"])
        out[f"{name}_low"], out[f"{name}_high"] = wilson(out["reached"] / alike, of["reached"] / alike)
    out.insert(2, "step", out.pop("number").map(dict(enumerate(steps, 1))))
    return out.drop(columns=sums[1:]).astype({"reached": "int64"})


def _alike(share: pd.Series, of: pd.Series, own: pd.Series, both: pd.Series, squares: pd.Series) -> pd.Series:
    """So many sessions say as much as one that stands alone: the design effect of a share, at least 1.

    The variance of the share k / n by visitors i, Σ (k_i − share n_i)² / n², over share (1 − share) / n. Of a share of
    0 or 1 no visitor differs: all sessions of a visitor then count as one.

    Source: Kish, Survey Sampling (1965), ch. 5; of Wilson's interval with n / effect: Korn and Graubard, Confidence
    intervals for proportions with small expected number of positive counts, Survey Methodology 24 (1998), 193–201.
    """
    inside = (share > 0) & (share < 1)
    spread = (own - 2 * share * both + share**2 * squares) / (of * share * (1 - share)).where(inside)
    return spread.where(inside, squares / of.where(of > 0)).round(9).clip(lower=1).fillna(1.0)


def _run(
    events: pd.DataFrame, sql: str, gap_minutes: float, as_of: object, by: str = "", **values: object
) -> pd.DataFrame:
    schema.require(events, "events", ("at", "kind"))
    if not gap_minutes > 0:
        raise DataError("The gap between sessions is above 0 minutes, not {gap}.", gap=gap_minutes)
    who = [c for c in ("visitor_id", "customer_id") if c in events]
    if not who or not events[who].notna().any(axis=None):
        raise DataError("Nobody is behind the events: visitor_id or customer_id is needed.")
    as_of = events["at"].max() if as_of is None else pd.Timestamp(as_of)
    if not (events["at"] < as_of.normalize() + pd.Timedelta(days=1)).any():
        raise DataError("There is no event up to {as_of}.", as_of=as_of.date())
    text = {c: f"CAST({c} AS VARCHAR)" for c in who}
    sql = sql.format(
        visitor=f"coalesce({', '.join(text.values())})",
        customer=text.get("customer_id", "CAST(NULL AS VARCHAR)"),
        category="category" if "category" in events else "CAST(NULL AS VARCHAR)",
        by=by,
    )
    columns = [*who, "at", "kind", *(["category"] if "category" in events else [])]
    values = {"gap": int(gap_minutes * 60_000_000), "as_of": as_of.normalize(), **values}
    return query(sql, {"events": events[columns]}, **values)
