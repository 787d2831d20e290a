"""Guards on every table of orders, known form or not: what a figure means is decided on evidence and said, or asked.

Each guard takes the canonical table and changes it in place; two readings whose totals differ are a question. A file a
group: `level` (rows of one order), `money` (given back, of which kind), `state`, `who` (bought).
"""

from course.collect.guards import level, money, state, who
from course.collect.guards.table import Orders

__all__ = ["Orders", "guard"]


def guard(orders: Orders) -> None:
    """Every guard in its order: how often money is counted, what was given back, which state, what money, and who."""
    for one in (level.filled_once, level.level, money.refunded, money.currencies, state.states, who.one_for_all):
        one(orders)
