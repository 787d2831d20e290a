"""What is bought together, beyond what the sizes of the baskets explain."""

import numpy as np
import pandas as pd
from scipy import special

from course import schema
from course.engine import Table, query
from course.errors import DataError
from course.intervals import Z, q_values
from course.orders import UP_TO, goods_only, last_day

_UP_TO = f"product_id IS NOT NULL AND {UP_TO}"
_ITEMS = f"""
    WITH items AS (SELECT DISTINCT order_id, product_id FROM purchases WHERE {_UP_TO}),
    products AS (SELECT product_id, count(*) AS orders FROM items GROUP BY product_id),
    numbered AS (
        SELECT product_id, row_number() OVER (ORDER BY product_id) AS number FROM products WHERE orders >= $min_orders
    ), frequent AS (SELECT order_id, number FROM items JOIN numbered ON items.product_id = numbered.product_id)
"""
_PAIRS = """
    , pairs AS (
        SELECT a.number AS a, b.number AS b, count(*) AS together
        FROM frequent AS a JOIN frequent AS b ON a.order_id = b.order_id AND a.number < b.number
        GROUP BY a.number, b.number
    )
    SELECT a, b, together FROM pairs ORDER BY a, b
"""
_FREQUENT = """
    SELECT p.product_id, orders FROM products AS p JOIN numbered AS n ON p.product_id = n.product_id ORDER BY number
"""
_SIZES = """
    , sizes AS (SELECT order_id, count(*) AS size FROM items GROUP BY order_id)
    SELECT 'order' AS kind, size AS degree, count(*) AS number FROM sizes GROUP BY size
    UNION ALL SELECT 'product' AS kind, orders AS degree, count(*) AS number FROM products GROUP BY orders
    ORDER BY kind, degree
"""
_NAMES = f"""
    WITH counted AS (
        SELECT product_id, product_name, count(*) AS lines FROM purchases
        WHERE {_UP_TO} AND product_name IS NOT NULL GROUP BY product_id, product_name
    ), placed AS (
        SELECT *, row_number() OVER (PARTITION BY product_id ORDER BY lines DESC, product_name) AS place FROM counted
    )
    SELECT product_id, product_name FROM placed WHERE place = 1 ORDER BY product_id
"""


def baskets(purchases: Table, min_orders: int = 100, fdr: float = 0.05, as_of: object = None) -> pd.DataFrame:
    """Pairs of products that are bought together more often than chance.

    Lift compares with products that fall into orders independently; but a few large orders hold nearly everything, and
    then *every* pair has a lift above 1. So a pair is tested against orders of the sizes they have: `expected` is the
    number of orders with both when each product keeps its number of orders and each order its number of products, and
    nothing else is fixed (the maximum-entropy bipartite graph: Saracco and others 2015, 2017). p is the Poisson
    tail; q controls the false-discovery rate over all pairs of frequent products, those never together included. Orders
    of one customer count as separate ones.

    Parameters
    ----------
    purchases : customer_id, order_id, ordered_at, amount, product_id; product_name if known (see `purchases`).
    min_orders : products in fewer orders are not paired (they still count in the size of a basket).
    fdr : pairs with q up to this are returned; 1 returns all that were ever together.
    as_of : last day counted. Default: the day of the last order.

    Returns
    -------
    frame, highest ratio of together to expected first: product_a, product_b, name_a, name_b (if names are known; the
        most frequent one), orders_a, orders_b, together (orders), support (together / orders), confidence_ab (orders
        with a that have b), confidence_ba, lift, lift_low, lift_high (95 %, delta method on log lift; for a pair
        chosen beforehand: those that lead the list do so by chance too, and of them it holds the truth less often),
        expected (orders), ratio (together / expected: the lift beyond the size of baskets), p, q; `.attrs`: orders,
        products (frequent), pairs (tested)

    Raises
    ------
    DataError : a column missing or with blanks; fewer than two products in `min_orders` orders.
    """
    as_of = last_day(purchases, as_of)
    if "product_id" not in purchases:
        schema.require(purchases, "orders", ("product_id",))
    tables = {"purchases": goods_only(purchases)}
    degrees = query(_ITEMS + _SIZES, tables, as_of=as_of, min_orders=min_orders)
    sizes, popular = degrees[degrees["kind"] == "order"], degrees[degrees["kind"] == "product"]
    products = int(popular.loc[popular["degree"] >= min_orders, "number"].sum())
    orders, tests = int(sizes["number"].sum()), products * (products - 1) // 2
    if products < 2:
        raise DataError(
            "{n} {n:product is|products are} in {min_orders} orders or more; two are the least.",
            n=products,
            min_orders=min_orders,
        )
    both = expected_together(*(s[c].to_numpy() for s in (popular, sizes) for c in ("degree", "number")))
    frequent = query(_ITEMS + _FREQUENT, tables, as_of=as_of, min_orders=min_orders)
    pairs = query(_ITEMS + _PAIRS, tables, as_of=as_of, min_orders=min_orders)
    place = np.searchsorted(popular["degree"], frequent["orders"])
    a, b, together = (pairs[c].to_numpy() for c in ("a", "b", "together"))
    expected = both[place[a - 1], place[b - 1]]
    p = special.pdtrc(together - 1, expected)
    q = q_values(p, tests)
    # Names are for the few that are beyond chance: a large shop has a million pairs.
    a, b, together, expected, p, q = (of_all[q <= fdr] for of_all in (a, b, together, expected, p, q))
    product, orders_of = frequent["product_id"].array, frequent["orders"].to_numpy()
    out = pd.DataFrame(
        {
            "product_a": product[a - 1],
            "product_b": product[b - 1],
            "orders_a": orders_of[a - 1],
            "orders_b": orders_of[b - 1],
            "together": together,
            "expected": expected,
            "ratio": together / expected,
            "p": p,
            "q": q,
        }
    )
    out = out.sort_values(["ratio", "product_a", "product_b"], ascending=[False, True, True], ignore_index=True)
    out = _measures(out, orders)
    if "product_name" in purchases:
        names = query(_NAMES, tables, as_of=as_of).set_index("product_id")["product_name"]
        out.insert(2, "name_a", out["product_a"].map(names))
        out.insert(3, "name_b", out["product_b"].map(names))
    out.attrs = {"orders": orders, "products": products, "pairs": tests}
    return out


def _measures(pairs: pd.DataFrame, orders: int) -> pd.DataFrame:
    a, b, both = (pairs[c].astype("float64") for c in ("orders_a", "orders_b", "together"))
    lift = both * orders / (a * b)
    # Delta method over the four cells of the pair: 1/n_ab − 1/n_a − 1/n_b + (2 lift − 1)/N.
    error = np.sqrt((1 / both - 1 / a - 1 / b + (2 * lift - 1) / orders).clip(lower=0))
    new = {
        "support": both / orders,
        "confidence_ab": both / a,
        "confidence_ba": both / b,
        "lift": lift,
        "lift_low": lift * np.exp(-Z * error),
        "lift_high": lift * np.exp(Z * error),
    }
    tail = ["expected", "ratio", "p", "q"]
    return pd.concat([pairs.drop(columns=tail), pd.DataFrame(new), pairs[tail]], axis=1)


def expected_together(degree: np.ndarray, products: np.ndarray, size: np.ndarray, orders: np.ndarray) -> np.ndarray:
    """Orders expected to hold both of two products, by the products' numbers of orders.

    The graph of maximum entropy with given mean degrees joins product i and order o with probability
    p = x_i y_o / (1 + x_i y_o). Products of equal degree are alike, and so are orders of equal size: the equations are
    solved a class at a time, by turns. Sizes are fixed and not means only, or an order of one product would hold
    pairs: the pairs of each product are scaled to the number of others in its orders.

    Parameters
    ----------
    degree, products : numbers of orders that a product is in (each once), and how many products have each.
    size, orders : numbers of products in an order (each once), and how many orders have each.

    Returns
    -------
    matrix, classes of products × classes of products
    """
    x, y = degree / np.sqrt((degree * products).sum()), size / np.sqrt((size * orders).sum())
    for _ in range(1000):
        x = degree / ((orders * y) / (1 + np.outer(x, y))).sum(axis=1)
        y = size / ((products * x)[:, None] / (1 + np.outer(x, y))).sum(axis=0)
        joined = np.outer(x, y) / (1 + np.outer(x, y))
        if np.abs(joined @ orders - degree).max() < 1e-6 * degree.max():
            break
    both = (joined * orders) @ joined.T
    others = joined @ (orders * (size - 1))
    for _ in range(50):
        paired = both @ products - np.diag(both)
        step = np.sqrt(others / np.where(paired > 0, paired, 1.0))
        both = both * np.outer(step, step)
    return both
