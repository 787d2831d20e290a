"""What every part of the lifecycle starts from: the days on which a customer ordered, and DuckDB to ask about them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import duckdb
import numpy as np
import pandas as pd
from scipy import stats

from course import database, schema
from course.errors import DataError

# Several orders of one day are one. A row holds from its day until the day before the next: `k` order days so far and
# `longest`, the longest gap so far. `next_day` is known only up to $as_of.
HISTORY = """
    WITH days AS (
        SELECT DISTINCT customer_id, CAST(ordered_at AS DATE) AS day
        FROM orders WHERE CAST(ordered_at AS DATE) <= CAST($as_of AS DATE)
    ), steps AS (
        SELECT customer_id, day, row_number() OVER w AS k, lead(day) OVER w AS next_day,
            date_diff('day', lag(day) OVER w, day) AS gap
        FROM days WINDOW w AS (PARTITION BY customer_id ORDER BY day)
    ), history AS (
        SELECT customer_id, day, k, next_day, gap,
            max(gap) OVER (PARTITION BY customer_id ORDER BY day ROWS UNBOUNDED PRECEDING) AS longest
        FROM steps
    )
"""


@contextmanager
def tables(frames: Mapping[str, pd.DataFrame]) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees these frames by name and nothing else."""
    with database.connect() as connection:
        for name, frame in frames.items():
            connection.register(name, frame.copy())  # DuckDB cannot read a reversed view
        yield connection


def day_of(orders: pd.DataFrame, as_of: object, needs: tuple[str, ...] = ("customer_id", "ordered_at")) -> pd.Timestamp:
    """The day of `as_of`, by default of the last order; refuses a table that lacks what is needed, or any order."""
    schema.require(orders, "orders", needs)
    if orders.empty:
        raise DataError("There is no order.")
    day = orders["ordered_at"].max() if as_of is None else pd.Timestamp(as_of)
    return day.normalize().tz_localize(None)


def no_order(orders: pd.DataFrame, day: pd.Timestamp) -> DataError:
    """The refusal where nothing was bought up to `day`."""
    first = orders["ordered_at"].min().date()
    return DataError("There is no order up to {as_of}: the first one is of {first}.", as_of=day.date(), first=first)


def columns(orders: pd.DataFrame, *names: str) -> pd.DataFrame:
    """These columns of the orders and `net` (amount less `refunded`), as DuckDB is to see them."""
    frame = orders[list(names)].copy(deep=False)
    if "amount" in orders:
        frame["net"] = orders["amount"] - orders.get("refunded", 0.0)
    return frame


_DAILY = """
    SELECT customer_id, CAST(CAST(ordered_at AS DATE) AS TIMESTAMP) AS ordered_at,
        CAST(sum(CAST(round(net, 6) AS DECIMAL(38, 6))) AS DOUBLE) AS amount
    FROM orders WHERE CAST(ordered_at AS DATE) <= CAST($as_of AS DATE)
    GROUP BY customer_id, CAST(ordered_at AS DATE) ORDER BY customer_id, ordered_at
"""


def daily(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """The orders up to a day, one row a customer and day, `amount` net: for who asks about them many times."""
    with tables({"orders": columns(orders, "customer_id", "ordered_at")}) as connection:
        out = connection.execute(_DAILY, {"as_of": as_of.date()}).df()
    return same_ids(out, orders["customer_id"])


def same_ids(frame: pd.DataFrame, like: pd.Series) -> pd.DataFrame:
    """The frame with customer_id of the type that the ids came in."""
    dtype = getattr(like.dtype, "categories", pd.Index([], like.dtype)).dtype
    return frame.astype({"customer_id": dtype})


def wilson(share: object, n: object) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of a share of n (Wilson 1927)."""
    share, n = np.asarray(share, dtype="float64"), np.asarray(n, dtype="float64")
    z2 = stats.norm.ppf(0.975) ** 2
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
