"""Whether who has complained comes back less often than others who stood where they did."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import schema
from course.engine import Table, query
from course.errors import DataError
from course.intervals import wilson
from course.language import Sentence
from course.lifecycle import history, rhythm
from course.orders import last_day, same_ids

#: Customers are matched within these classes of silence: the fewest days of each.
_SILENCES = (0, 8, 31, 91, 181)

# One case a customer, the first complaint: later ones are not independent of it. Controls are all who have ordered and
# not complained up to that day. That they may complain later is not looked at: it would be the future.
_MATCHED = (
    history.HISTORY
    + """
    , complained AS (
        SELECT customer_id, min(CAST(opened_at AS DATE)) AS day FROM tickets
        WHERE CAST(opened_at AS DATE) <= CAST($as_of AS DATE) GROUP BY customer_id
    ), dates AS (SELECT DISTINCT day AS date FROM complained WHERE day <= CAST($last AS DATE)),
    standing AS (
        SELECT date, band, silence, CASE WHEN c.day = date THEN 1 ELSE 0 END AS is_case,
            CASE WHEN next_day IS NOT NULL AND date_diff('day', date, next_day) <= $horizon THEN 0 ELSE 1 END AS silent
        FROM history h JOIN dates ON h.day <= date AND (next_day IS NULL OR next_day > date)
        JOIN bands ON k >= from_k AND k < before_k
        JOIN silences ON date_diff('day', h.day, date) >= from_days AND date_diff('day', h.day, date) < before_days
        LEFT JOIN complained c ON c.customer_id = h.customer_id
        WHERE c.day IS NULL OR c.day >= date
    )
    SELECT date, band, silence, sum(is_case) AS cases, sum(is_case * silent) AS case_silent,
        sum(1 - is_case) AS controls, sum((1 - is_case) * silent) AS control_silent
    FROM standing GROUP BY date, band, silence HAVING sum(is_case) > 0 ORDER BY date, band, silence
"""
)
_WAITING = (
    history.HISTORY
    + """
    , latest AS (
        SELECT customer_id, count(*) AS tickets, max(CAST(opened_at AS DATE)) AS last_ticket FROM tickets
        WHERE CAST(opened_at AS DATE) <= CAST($as_of AS DATE)
            AND date_diff('day', CAST(opened_at AS DATE), CAST($as_of AS DATE)) < $horizon
        GROUP BY customer_id
    )
    SELECT h.customer_id, tickets, CAST(last_ticket AS TIMESTAMP) AS last_ticket,
        date_diff('day', day, CAST($as_of AS DATE)) AS silent_days, k AS order_days
    FROM history h JOIN latest USING (customer_id) WHERE next_day IS NULL AND day <= last_ticket
    ORDER BY last_ticket DESC, h.customer_id
"""
)


@dataclass
class ComplaintRisk:
    """Silence after a complaint beside the silence of like customers without one.

    Attributes
    ----------
    cases : customers whose first complaint could be matched and followed for the whole horizon
    unmatched : complaints of customers without an order before, or with nobody like them
    silent, low, high : share of the cases without an order within the horizon, 95 % Wilson interval
    expected : the same share of like customers without a complaint, weighted to the cases
    ratio, ratio_low, ratio_high : silent / expected (the many controls are taken as exact)
    horizon : days
    customers : frame, latest ticket first: customer_id, tickets (within the horizon), last_ticket, silent_days,
        order_days, of who complained within the horizon and has not ordered since the day of it
    """

    cases: int
    unmatched: int
    silent: float
    low: float
    high: float
    expected: float
    ratio: float
    ratio_low: float
    ratio_high: float
    horizon: int
    customers: pd.DataFrame

    def report(self) -> list[Sentence]:
        """The comparison in sentences, and how far it can be trusted."""
        if not self.cases:
            return [Sentence("No complaint can be matched and followed for {horizon} days.", horizon=self.horizon)]
        if self.ratio_low > 1:
            verdict = Sentence("more than like customers without a complaint")
        elif self.ratio_high < 1:
            verdict = Sentence("less than like customers without a complaint")
        else:
            verdict = Sentence("not told apart from like customers without a complaint")
        return [
            Sentence(
                "After a complaint {silent:.0%} of {cases:,} {cases:customer|customers} placed no order within "
                "{horizon} days, {verdict} ({expected:.0%}): {ratio:.2f} times, {low:.2f} to {high:.2f}.",
                silent=self.silent,
                cases=self.cases,
                horizon=self.horizon,
                verdict=verdict,
                expected=self.expected,
                ratio=self.ratio,
                low=self.ratio_low,
                high=self.ratio_high,
            )
        ]


def complaint_risk(tickets: pd.DataFrame, orders: Table, as_of: object = None, horizon: int = 90) -> ComplaintRisk:
    """How much oftener a customer falls silent after a complaint than a like one without.

    Each customer's first complaint is matched with all customers who on that day had the same frequency band and class
    of silence (up to 7, 30, 90, 180 days, more) and had not complained. A difference is no proof that the complaint is
    its cause: who complains may differ in what is not matched. The work grows with customers × days that have a first
    complaint.

    Parameters
    ----------
    tickets : customer_id, opened_at, of the tickets that are complaints.
    orders : valid orders or order lines: customer_id, ordered_at.
    as_of : nothing later is seen. Default: the day of the last order.
    horizon : days in which an order counts as coming back.

    Raises
    ------
    DataError : a column missing or with blanks; a horizon below a day; no order up to `as_of`.
    """
    as_of = last_day(orders, as_of, history.DATED)
    schema.require(tickets, "tickets", ("customer_id", "opened_at"))
    if horizon < 1:
        raise DataError("A horizon is one day or more, not {horizon}.", horizon=horizon)
    starts, far = list(rhythm.BANDS.values()), 2**31
    frames = {
        "orders": orders[list(history.DATED)],
        "tickets": tickets[["customer_id", "opened_at"]],
        "bands": pd.DataFrame({"band": list(rhythm.BANDS), "from_k": starts, "before_k": [*starts[1:], far]}),
        "silences": pd.DataFrame(
            {"silence": range(len(_SILENCES)), "from_days": _SILENCES, "before_days": [*_SILENCES[1:], far]}
        ),
    }
    last = as_of - pd.Timedelta(days=horizon)
    strata = query(_MATCHED, frames, as_of=as_of, horizon=horizon, last=last)
    customers = query(_WAITING, {n: frames[n] for n in ("orders", "tickets")}, as_of=as_of, horizon=horizon)
    first = tickets.groupby("customer_id", observed=True)["opened_at"].min().dt.normalize()
    strata = strata[strata["controls"] > 0]
    cases = int(strata["cases"].sum())
    if cases:
        share = strata["case_silent"].sum() / cases
        expected = (strata["cases"] * strata["control_silent"] / strata["controls"]).sum() / cases
        low, high = wilson(strata["case_silent"].sum(), cases)
        ratio = [x / expected if expected else np.nan for x in (share, low, high)]
    else:
        share, expected, low, high, ratio = np.nan, np.nan, np.nan, np.nan, [np.nan] * 3
    customers = same_ids(customers, tickets)
    unmatched = int((first <= last).sum()) - cases
    return ComplaintRisk(cases, unmatched, float(share), low, high, float(expected), *ratio, horizon, customers)
