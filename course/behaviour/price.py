"""Price sensitivity: buying under promotion against buying without, for the time spent under each."""

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binom, false_discovery_control

from course import schema
from course.behaviour.purchases import discounted
from course.engine import Table, query
from course.errors import DataError, first_few
from course.intervals import Z
from course.orders import UP_TO, last_day, same_ids

#: A log rate ratio that no shop's lies beyond.
_FARTHEST = 50.0
#: A smaller chance than this is a surprise.
_SURPRISE = 0.05

_ONE = f"""
    WITH one AS (
        SELECT customer_id, order_id, CAST(min(ordered_at) AS DATE) AS day, {{discounted}} AS discounted
        FROM orders WHERE {UP_TO} GROUP BY customer_id, order_id
    )
"""
_DAYS = """
    SELECT day, avg(discounted) >= $promotion_share AS promotion, count(*) AS orders
    FROM one GROUP BY day ORDER BY day
"""
_CUSTOMERS = """
    , firsts AS (SELECT *, min(day) OVER (PARTITION BY customer_id) AS first FROM one)
    SELECT customer_id, first, avg(discounted) AS discount_share,
        CAST(sum(CASE WHEN discounted = 1 AND (day > first OR $from_first) THEN 1 ELSE 0 END) AS BIGINT)
            AS discounted_orders,
        CAST(sum(CASE WHEN discounted = 0 AND (day > first OR $from_first) THEN 1 ELSE 0 END) AS BIGINT) AS full_orders
    FROM firsts GROUP BY customer_id, first ORDER BY customer_id
"""
_PSM = f"""
    WITH one AS (
        SELECT customer_id, order_id, sum(CAST(round(amount, 6) AS DECIMAL(38, 6))) AS paid,
            sum(CAST(round(greatest(coalesce(discount, 0), 0), 6) AS DECIMAL(38, 6))) AS saved
        FROM orders WHERE {UP_TO} GROUP BY customer_id, order_id
    )
    SELECT customer_id, count(*) AS orders, sum(CASE WHEN saved > 0 THEN 1 ELSE 0 END) AS discounted_orders,
        CAST(sum(saved) AS DOUBLE) AS saved, CAST(sum(paid + saved) AS DOUBLE) AS due
    FROM one GROUP BY customer_id ORDER BY customer_id
"""


def price_sensitivity(
    orders: Table, exposure: pd.DataFrame | None = None, as_of: object = None, promotion_share: float = 0.5
) -> pd.DataFrame:
    """How much faster a customer buys under promotion than without: the log rate ratio adjusted for exposure.

    ln[((D + ½) / w_promo) / ((N + ½) / w_full)], with D discounted and N full-price orders in w_promo days under
    promotion and w_full days without; standard error √(1/(D + ½) + 1/(N + ½)). The share of discounted orders measures
    how often a customer was offered a discount more than how the customer takes it.

    Without `exposure`, promotions are those that everybody sees: the days on which at least `promotion_share` of all
    orders carried a discount. A customer is exposed from the day after the first order, and the orders since are
    counted (the first one made the customer: it has no time before it). Offers to chosen customers need `exposure`.

    Parameters
    ----------
    orders : customer_id, order_id, ordered_at, amount, and discount (money; blank is none) or else promo_id.
    exposure : customer_id, promo_days, full_days, if known: then all orders are counted.
    as_of : last day counted. Default: the day of the last order.
    promotion_share : above 0, up to 1.

    Returns
    -------
    frame sorted by customer_id: discounted_orders, full_orders, promo_days, full_days, price_sensitivity (0: the same
        rate; ln 2 = 0.69: twice the rate under promotion), low, high (95 %), discount_share (of all orders). The
        ratio is blank where no order is counted or one of the exposures is 0; `.attrs["promotion_days"]` (derived) and
        `.attrs["orders_a_promotion_day"]` (their mean: at one order a day every discount would make a promotion)

    Raises
    ------
    DataError : a column missing or with blanks; neither discount nor promo_id; no day, or every day, is one of
        promotion; an exposure that is none.
    """
    as_of = last_day(orders, as_of)
    if not 0 < promotion_share <= 1:
        raise DataError(
            "The share of orders that makes a day one of promotion is in (0, 1], not {s}.", s=promotion_share
        )
    if "discount" not in orders and "promo_id" not in orders:
        raise DataError("Price sensitivity needs to know which orders carried a discount: map discount or promo_id.")
    known = [c for c in ("discount", "promo_id") if c in orders]
    tables = {"orders": orders[["customer_id", "order_id", "ordered_at", *known]]}
    one = _ONE.format(discounted=discounted(orders))
    out = query(one + _CUSTOMERS, tables, as_of=as_of, from_first=exposure is not None)
    out = same_ids(out, orders)
    if exposure is None:
        days = query(one + _DAYS, tables, as_of=as_of, promotion_share=promotion_share)
        out[["promo_days", "full_days"]] = _since_first(out["first"], days, as_of, promotion_share)
        out.attrs["promotion_days"] = int(days["promotion"].sum())
        out.attrs["orders_a_promotion_day"] = float(days.loc[days["promotion"], "orders"].mean())
    else:
        _check_exposure(exposure)
        out = out.merge(exposure[["customer_id", "promo_days", "full_days"]], how="left", on="customer_id")
    promo, full = (out[c].where(out[c] > 0) for c in ("promo_days", "full_days"))
    bought = out["discounted_orders"] + out["full_orders"] > 0
    d, n = out["discounted_orders"] + 0.5, out["full_orders"] + 0.5
    out["price_sensitivity"] = np.log((d / promo) / (n / full)).where(bought)
    half = Z * np.sqrt(1 / d + 1 / n)
    out["low"], out["high"] = out["price_sensitivity"] - half, out["price_sensitivity"] + half
    return out.drop(columns="first").assign(discount_share=out.pop("discount_share"))


def more_than_the_shop(sensitivity: pd.DataFrame) -> pd.Series:
    """How surely each customer takes to promotions more than the shop's customers do: the false discovery rate.

    The shop's rate ratio ρ is that of all counted orders under each customer's own exposure: with it the expected
    discounted orders, Σ (D + N) · ρ·w_promo / (ρ·w_promo + w_full), are those there were. A customer's D of D + N is
    tested against that share (binomial, one-sided), and the chances are adjusted for the number of customers tested
    (Benjamini & Hochberg 1995): of those at or below q, a share of about q at most are there by chance.

    Not tested is who has so few orders that all of them discounted would be no surprise (a chance above 5 %): who could
    not show it whatever they did would only make the others harder to tell (independent filtering: how many orders
    there are says nothing of how many of them are discounted; Tarone 1990, Bourgon and others 2010).

    Parameters
    ----------
    sensitivity : what `price_sensitivity` gave.

    Returns
    -------
    series of q from 0 to 1, aligned; blank where the ratio is, where the orders are too few to tell, and where all
    counted orders carried a discount or none
    """
    known = sensitivity[sensitivity["price_sensitivity"].notna()]
    discounted, full = known["discounted_orders"], known["full_orders"]
    out = pd.Series(np.nan, index=sensitivity.index, name="price_q")
    if not (discounted.any() and full.any()):
        return out

    def shares(log_ratio: float) -> pd.Series:
        return expit(log_ratio + np.log(known["promo_days"] / known["full_days"]))

    def surplus(log_ratio: float) -> float:
        return float((discounted - (discounted + full) * shares(log_ratio)).sum())

    usual = shares(brentq(surplus, -_FARTHEST, _FARTHEST))
    orders = discounted + full
    tested = usual**orders <= _SURPRISE
    if tested.any():
        chance = binom.sf(discounted - 1, orders, usual)[tested.to_numpy()]
        out[known.index[tested]] = false_discovery_control(chance)
    return out


def _since_first(first: pd.Series, days: pd.DataFrame, as_of: pd.Timestamp, share: float) -> np.ndarray:
    """Days with and without promotion from the day after `first` to `as_of`; a day without any order is one without."""
    promotion = np.sort(days.loc[days["promotion"], "day"].to_numpy())
    if not len(promotion):
        raise DataError(
            "No day has a discount on {share:.0%} of its orders, so no promotion can be told.",
            share=share,
        )
    if len(promotion) == (as_of - days["day"].min()).days + 1:
        raise DataError(
            "Every day has a discount on {share:.0%} of its orders or more: nothing shows how customers buy without.",
            share=share,
        )
    promo = len(promotion) - np.searchsorted(promotion, first.to_numpy(), side="right")
    return np.column_stack([promo, (as_of - first).dt.days - promo])


def _check_exposure(exposure: pd.DataFrame) -> None:
    missing = [c for c in ("customer_id", "promo_days", "full_days") if c not in exposure]
    if missing:
        raise DataError(
            "The exposure has no column {missing}. It needs customer_id, promo_days and full_days.",
            missing=first_few(missing),
        )
    wrong = exposure["customer_id"].duplicated() | ~(exposure[["promo_days", "full_days"]] >= 0).all(axis=1)
    if wrong.any():
        raise DataError(
            "The exposure is one row a customer with days of 0 or more; {n:,} {n:row is|rows are} not (first: "
            "{first}).",
            n=int(wrong.sum()),
            first=first_few(exposure.loc[wrong, "customer_id"]),
        )


def psm(orders: Table, as_of: object = None) -> pd.DataFrame:
    """The popular price-sensitivity formula PSM = tdonr + adar + tdar, to show what it is made of.

    tdonr: discounted orders / orders; adar: mean discount of a discounted order / mean amount due of an order; tdar:
    all discounts / all amounts due (paid + discount). tdar = tdonr × adar always: the third term adds nothing that the
    other two do not say, and who never had a discount is 0/0, not insensitive.

    Parameters
    ----------
    orders : customer_id, order_id, ordered_at, amount (paid), discount (money; blank is none).
    as_of : last day counted. Default: the day of the last order.

    Returns
    -------
    frame sorted by customer_id: orders, tdonr, adar, tdar, psm (adar and psm blank without a discounted order)

    Raises
    ------
    DataError : a column missing or with blanks; no order up to `as_of`.
    """
    as_of = last_day(orders, as_of)
    if "discount" not in orders:
        schema.require(orders, "orders", ("discount",))
    columns = ["customer_id", "order_id", "ordered_at", "amount", "discount"]
    found = same_ids(query(_PSM, {"orders": orders[columns]}, as_of=as_of), orders)
    count, due = found["discounted_orders"], found["due"].where(found["due"] > 0)
    out = found[["customer_id", "orders"]].copy()
    out["tdonr"] = count / out["orders"]
    out["adar"] = (found["saved"] / count.where(count > 0)) / (due / out["orders"])
    out["tdar"] = found["saved"] / due
    out["psm"] = out["tdonr"] + out["adar"] + out["tdar"]
    return out
