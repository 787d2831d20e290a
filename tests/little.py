"""Companies of which hardly anything is known: each is nearly degenerate in one way, and nothing in it is by chance but
the amounts."""

import numpy as np
import pandas as pd

PRODUCTS = {"tea": "kitchen", "cup": "kitchen", "pot": "kitchen", "bread": "food", "soap": "home", "lamp": "home"}


def orders(customers, days, amounts=None):
    """A row an order by customer number and day since the first of January 2024; every seventh order has a discount."""
    n = len(customers)
    at = np.arange(n)
    drawn = np.random.default_rng(0).lognormal(3.5, 0.6, n).round(2)
    product = np.array(list(PRODUCTS))[at % len(PRODUCTS)]
    return pd.DataFrame(
        {
            "order_id": [f"A{i:06d}" for i in at],
            "customer_id": [f"K{c:05d}" for c in customers],
            "order_date": (pd.Timestamp("2024-01-01") + pd.to_timedelta(np.asarray(days), unit="D")).strftime(
                "%Y-%m-%d"
            ),
            "product": product,
            "category": [PRODUCTS[p] for p in product],
            "amount": drawn if amounts is None else amounts,
            "discount": np.where(at % 7 == 0, 2.0, 0.0),
        }
    )


def one_returner():
    """A hundred and twenty customers who came once within a year, every third day; the first came again at its end."""
    return orders([*range(120), 0], [*range(0, 360, 3), 364])


def few_returners():
    """Six hundred customers of whom 24 came again, each after another pause."""
    return orders([*range(600), *range(24)], [*(np.arange(600) % 360), *(60 + 10 * np.arange(24))])


def two_customers():
    """Six orders of one, four of the other."""
    return orders([0] * 6 + [1] * 4, [0, 30, 61, 92, 130, 160, 10, 50, 90, 140])


def one_day():
    """Sixty customers on one day, six of them with two orders."""
    return orders([*range(60), *range(6)], [0] * 66)


def daily_buyers():
    """Twenty customers who buy every day for forty days."""
    return orders(np.repeat(np.arange(20), 40), np.tile(np.arange(40), 20))


def giant_order():
    """A hundred customers, three orders each within a year; one of them bought for a million once."""
    amounts = np.full(300, 30.0) + np.arange(300) % 50
    amounts[150] = 1_000_000
    return orders(np.arange(300) % 100, np.arange(300), amounts)


def one_month():
    """A hundred customers in January, half of them twice, a fortnight later."""
    return orders([*range(100), *range(50)], [*(np.arange(100) % 15), *(np.arange(50) % 15 + 15)])


def twice_each():
    """A hundred customers with two orders each, a hundred days apart."""
    return orders([*range(100), *range(100)], [*range(100), *range(100, 200)])


def two_dozen_regulars():
    """Twenty-four customers who buy every week for eighty weeks, and two hundred who came once, at the beginning."""
    return orders(
        [*np.repeat(np.arange(24), 80), *range(24, 224)], [*np.tile(np.arange(0, 560, 7), 24), *np.arange(200) // 10]
    )


def survey(scores):
    """An answer a day, each of another customer."""
    day = pd.Timestamp("2024-03-01") + pd.to_timedelta(np.arange(len(scores)), unit="D")
    ids = [f"K{i:05d}" for i in range(len(scores))]
    return pd.DataFrame({"customer_id": ids, "answered_at": day.strftime("%Y-%m-%d"), "score": scores})
