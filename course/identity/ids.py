"""Names that name nobody, and anonymous visits that belong to somebody."""

import hashlib
import hmac

import pandas as pd

from course import schema
from course.engine import query
from course.errors import DataError, first_few

_KEY_BYTES = 16
_DIGITS = 16


def pseudonyms(ids: pd.Series, key: bytes, prefix: str = "p_") -> pd.Series:
    """Replace ids by keyed hashes: HMAC-SHA256 (RFC 2104), the first 16 hexadecimal digits.

    The same id and key always give the same pseudonym; without the key nobody can hash a list of phone numbers and
    compare. This pseudonymises and does not anonymise: who holds the key can find the person again.

    Parameters
    ----------
    ids : ids of any type; blanks stay blank.
    key : at least 16 bytes, kept apart from the data (`secrets.token_bytes(32)` makes one).
    prefix : stands before the digits.

    Returns
    -------
    series of str with the index and name of `ids`

    Raises
    ------
    DataError : the key is not bytes or too short; two ids get one pseudonym.
    """
    if not isinstance(key, bytes) or len(key) < _KEY_BYTES:
        raise DataError(
            "The key must be bytes, at least {least} of them. secrets.token_bytes(32) makes one.", least=_KEY_BYTES
        )
    codes, distinct = pd.factorize(ids)
    texts = [str(v) for v in distinct]
    hashed = [prefix + hmac.new(key, t.encode(), hashlib.sha256).hexdigest()[:_DIGITS] for t in texts]
    if len(set(hashed)) < len(set(texts)):
        raise DataError("Two ids would get the same pseudonym. Use another key.")
    taken = pd.array(hashed, dtype="str").take(codes, allow_fill=True)
    return pd.Series(taken, index=ids.index, name=ids.name)


_OWNERS = """
    SELECT visitor_id, min(customer_id) AS owner FROM events
    WHERE visitor_id IS NOT NULL AND customer_id IS NOT NULL
    GROUP BY visitor_id HAVING count(DISTINCT customer_id) = 1 ORDER BY visitor_id
"""


def stitch(events: pd.DataFrame, as_of: object = None) -> pd.DataFrame:
    """Give the anonymous events of a visitor to the customer who logged in there.

    Only a visitor seen as exactly one customer is given: a shared device keeps its anonymous events anonymous.

    Parameters
    ----------
    events : visitor_id, customer_id (blank where nobody was logged in), at; other columns are carried along.
    as_of : later events are not seen, neither given nor used. Default: the day of the last event.

    Returns
    -------
    the events up to `as_of` in their order, customer_id filled where known, and `stitched` (bool: filled here)
    """
    schema.require(events, "events", ("at",))
    for column in ("visitor_id", "customer_id"):
        if column not in events:
            raise DataError(
                "The table “{kind}” has no column {missing}. It has: {present}. Rename or map the column first.",
                kind="events",
                missing=column,
                present=first_few(events.columns, 12),
            )
    end = (events["at"].max() if as_of is None else pd.Timestamp(as_of)).normalize() + pd.Timedelta(days=1)
    seen = events[events["at"] < end].copy()
    owners = query(_OWNERS, {"events": seen[["visitor_id", "customer_id"]]}).set_index("visitor_id")["owner"]
    known = seen["customer_id"]
    seen["customer_id"] = known.fillna(seen["visitor_id"].map(owners).astype(known.dtype))
    seen["stitched"] = known.isna() & seen["customer_id"].notna()
    return seen
