"""How long customers wait for service: which topics are slow in the tickets, and how many people a queue needs."""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import schema
from course.errors import DataError

#: Topics with fewer tickets are shown but not tested.
FEWEST = 20


@dataclass(frozen=True)
class Queue:
    """A queue with one line and several people who serve, in balance (M/M/c).

    Attributes
    ----------
    load : share of their time that those who serve are busy
    wait_chance : chance that a customer must wait (Erlang C)
    wait : mean time until service begins, in the unit of time of the rates
    waiting : customers waiting on average
    spare : customers per unit of time that could be served on top of those who come
    """

    load: float
    wait_chance: float
    wait: float
    waiting: float
    spare: float

    def within(self, time: float) -> float:
        """The share of customers whose service begins within `time`."""
        return 1 - self.wait_chance * math.exp(-self.spare * time)


def queue(arrival_rate: float, service_rate: float, servers: int) -> Queue:
    """What waiting comes to when customers arrive at random and each is served for an exponential time.

    Parameters
    ----------
    arrival_rate : customers per unit of time.
    service_rate : customers that one person can serve in it.
    servers : people who serve.

    Raises
    ------
    DataError : rates that are not above 0; so few people that the queue grows without end.

    Source: Erlang 1917; the stable recursion over the number of servers as in Kleinrock, Queueing Systems I (1975).
    """
    if not (0 < arrival_rate < math.inf and 0 < service_rate < math.inf) or servers < 1 or servers != int(servers):
        raise DataError(
            "Rates must be above 0 and the people who serve a whole number of at least 1, not {arrival}, {service} and "
            "{servers}.",
            arrival=arrival_rate,
            service=service_rate,
            servers=servers,
        )
    offered = arrival_rate / service_rate
    if offered >= servers:
        raise DataError(
            "{servers} {servers:person|people} can serve {most:g} customers in the time in which {arrival:g} arrive: "
            "the queue never ends. At least {needed} are needed.",
            servers=servers,
            most=servers * service_rate,
            arrival=arrival_rate,
            needed=math.floor(offered) + 1,
        )
    blocked = 1.0
    for k in range(1, int(servers) + 1):
        blocked = offered * blocked / (k + offered * blocked)
    load, spare = offered / servers, servers * service_rate - arrival_rate
    wait_chance = blocked / (1 - load * (1 - blocked))
    return Queue(load, wait_chance, wait_chance / spare, arrival_rate * wait_chance / spare, spare)


def slow_queues(tickets: pd.DataFrame, as_of: object = None) -> pd.DataFrame:
    """How long tickets of each topic stay open, and which topics are slower than all others.

    Tickets still open count with the time they have been open (Kaplan–Meier): without them a topic whose hard cases are
    never closed would look quick. A topic is slow if its tickets close later than all others by the log-rank test, at
    5 % after Holm's correction for the number of topics.

    Parameters
    ----------
    tickets : opened_at, closed_at (blank: still open), topic; rows without a topic form one of their own (blank).
    as_of : the day at whose end one looks; later tickets and closings are not seen. Default: the last moment in the
        table.

    Returns
    -------
    frame, slowest median first: topic, tickets, open, median, median_low, median_high, p90, p90_low, p90_high (hours;
    95 %; NaN where too few are closed to say), p (log-rank against all others, Holm; NaN below FEWEST tickets), slow

    Raises
    ------
    DataError : a column missing or blank, no ticket up to `as_of`, a ticket closed before it was opened.

    Source: Kaplan and Meier 1958; Mantel 1966; Holm 1979.
    """
    from statsmodels.stats.multitest import multipletests

    schema.require(tickets, "tickets", ("opened_at",))
    missing = [c for c in ("closed_at", "topic") if c not in tickets]
    if missing:
        raise DataError("The tickets have no column {missing}.", missing=", ".join(missing))
    opened, closed = tickets["opened_at"], pd.to_datetime(tickets["closed_at"])
    early = closed < opened
    if early.any():
        raise DataError(
            "{rows:,} {rows:ticket is|tickets are} closed before {rows:it was|they were} opened (first row: {first}). "
            "Check whether the two columns are in one time zone.",
            rows=int(early.sum()),
            first=tickets.index[early][0],
        )
    if as_of is None:
        as_of = pd.concat([opened, closed]).max()
    else:
        as_of = pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)
    seen = (opened <= as_of).to_numpy()
    if not seen.any():
        raise DataError("There is no ticket up to {as_of}.", as_of=as_of)
    done = (closed <= as_of).to_numpy()[seen]
    hours = (closed.where(closed <= as_of, as_of) - opened).dt.total_seconds().to_numpy()[seen] / 3600
    codes, names = pd.factorize(tickets["topic"][seen], sort=True, use_na_sentinel=False)
    out = pd.DataFrame([_topic(name, hours, done, codes == i) for i, name in enumerate(names)])
    tested = out["p"].notna()
    if tested.any():
        out.loc[tested, "p"] = multipletests(out.loc[tested, "p"], method="holm")[1]
    out["slow"] = (out["p"] < 0.05) & out.pop("later")
    return out.sort_values("median", ascending=False, kind="stable", na_position="first", ignore_index=True)


def _topic(name: object, hours: np.ndarray, done: np.ndarray, own: np.ndarray) -> dict:
    from statsmodels.duration.survfunc import SurvfuncRight, survdiff

    row, status = {"topic": name, "tickets": int(own.sum()), "open": int((own & ~done).sum())}, done.astype("int64")
    # The last step of a curve is 0, whose logarithm no limit needs.
    with np.errstate(all="ignore"):
        for label, share in (("median", 0.5), ("p90", 0.9)):
            limits = (np.nan, np.nan, np.nan)
            if (own & done).any():
                curve = SurvfuncRight(hours[own], status[own])
                limits = (curve.quantile(share), *curve.quantile_ci(share))
            row |= dict(zip((label, f"{label}_low", f"{label}_high"), limits, strict=True))
        testable = min(own.sum(), (~own).sum()) >= FEWEST and (own & done).any() and (done & ~own).any()
        p = float(survdiff(hours, status, own)[1]) if testable else np.nan
    # Closings an hour of being open: the test itself does not say which side is slower.
    later = done[own].sum() * hours[~own].sum() < done[~own].sum() * hours[own].sum()
    return row | {"p": p, "later": later}
