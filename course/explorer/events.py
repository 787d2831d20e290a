"""timeline.parquet: what happened with each customer and when, one row an event, without any text a person wrote."""

import pandas as pd

from course import orders as of_orders
from course.clean import Cleaned
from course.engine import Table, query
from course.telling import quotable, without

#: A customer's orders of the same moment are one where they have no number, as in the portraits' frequency.
_ORDERS = """
    SELECT customer_id, min(CAST(ordered_at AS DATE)) AS day, 'order' AS kind, {value} AS value,
           CAST(NULL AS VARCHAR) AS what
    FROM orders GROUP BY customer_id, {number}
"""
# In decimals: the database adds up parts of a table side by side, and an order of additions must not show.
_MONEY = "CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE)"
_VISITS = """
    SELECT customer_id, CAST("at" AS DATE) AS day, 'visit', count(*), NULL FROM events
    WHERE customer_id IS NOT NULL GROUP BY ALL
"""
_TICKETS = "SELECT customer_id, CAST(opened_at AS DATE), 'ticket', NULL, CAST({topic} AS VARCHAR) FROM tickets"
_ANSWERS = "SELECT customer_id, CAST({answered_at} AS DATE), 'answer', score, NULL FROM surveys WHERE {recommending}"
_CAMPAIGNS = """
    SELECT customer_id, CAST({sent_at} AS DATE),
           CASE WHEN CAST({is_control} AS BOOLEAN) THEN 'control' ELSE 'campaign' END, NULL,
           CAST(campaign_id AS VARCHAR)
    FROM campaigns
"""
COLUMNS = ("customer_id", "day", "kind", "value", "what")


def timeline(cleaned: dict[str, Cleaned], orders: Table | None = None) -> pd.DataFrame:
    """The events of every customer, from the valid rows of each table that says whose they are.

    Parameters
    ----------
    cleaned : every table; orders : the valid rows of the orders, where they are kept elsewhere.

    Returns
    -------
    frame sorted by all of its columns: customer_id, day (blank where the table does not say), kind (order, visit,
        ticket, answer, campaign, control), value (an order's net money, a day's visits, an answer from 0 to 10), what
        (the topic of a ticket, the name of a campaign; three stars where it may be somebody's own words)
    """
    valid = {k: c.valid for k, c in cleaned.items()} | ({} if orders is None else {"orders": orders})
    valid = {k: rows for k, rows in valid.items() if "customer_id" in rows}
    parts = {}
    if "orders" in valid:
        number = "order_id" if "order_id" in valid["orders"] else "ordered_at"
        value = _MONEY if "amount" in valid["orders"] else "NULL"
        parts["orders"] = _ORDERS.format(number=number, value=value)
        valid["orders"] = of_orders.with_net(valid["orders"], *dict.fromkeys(("customer_id", "ordered_at", number)))
    if "events" in valid:
        parts["events"] = _VISITS
    if "tickets" in valid:
        parts["tickets"] = _TICKETS.format(topic=_given(valid["tickets"], "topic"))
    if "surveys" in valid:
        other = "coalesce(scale, '0-10') = '0-10'" if "scale" in valid["surveys"] else "true"
        day = _given(valid["surveys"], "answered_at")
        parts["surveys"] = _ANSWERS.format(answered_at=day, recommending=f"score IS NOT NULL AND {other}")
    if "campaigns" in valid and "campaign_id" in valid["campaigns"]:
        day, control = (_given(valid["campaigns"], c) for c in ("sent_at", "is_control"))
        parts["campaigns"] = _CAMPAIGNS.format(sent_at=day, is_control=control)
    if not parts:
        return _typed(pd.DataFrame(columns=list(COLUMNS)))
    union = " UNION ALL ".join(parts[kind] for kind in parts)
    sql = f"SELECT * FROM ({union}) AS events({', '.join(COLUMNS)}) WHERE customer_id IS NOT NULL ORDER BY ALL"
    found = query(sql, {kind: valid[kind] for kind in parts})
    topics = found.loc[found["kind"] == "ticket", "what"].dropna().unique()
    names = {word: without(word)[:60] for word in found["what"].dropna().unique()}  # of campaigns: the company's own
    said = names | dict(zip(topics, quotable(topics), strict=True))
    return _typed(found.assign(what=found["what"].map(said)))


def _given(frame: pd.DataFrame, column: str) -> str:
    """The column, as SQL; NULL where the table has none."""
    return column if column in frame else "NULL"


def _typed(events: pd.DataFrame) -> pd.DataFrame:
    kinds = {"customer_id": "str", "day": "datetime64[s]", "kind": "str", "value": "float64", "what": "str"}
    return events.astype(kinds)
