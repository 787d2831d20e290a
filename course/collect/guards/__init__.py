"""Guards on every table of orders, known form or not: what a figure means is decided on evidence and said, or asked.

Each guard takes the canonical table and changes it in place; two readings whose totals differ are a question. A file a
group: `ids` (which column says who), `who` (bought), `shops` (numbers that begin again), `level` (rows of one order),
`state`, `beside` (a second column on state or money), `money` (given back, of which kind), `unread` (cells that no one
can read).
"""

from course.collect.guards import beside, ids, level, money, shops, state, who
from course.collect.guards.table import Orders

__all__ = ["Orders", "guard"]

_IN_ORDER = (
    level.filled_once,
    ids.next_best,
    ids.doubtful,
    who.guests,
    shops.restart,
    state.trial,
    state.direction,
    state.state_elsewhere,
    beside.flagged,
    beside.second_state,
    beside.ended,
    beside.paid_elsewhere,
    beside.adjusted,
    money.refunded_elsewhere,
    money.net_already,
    money.returned_rows,
    money.returned_states,
    level.level,
    money.refunded,
    money.free_with_refunded,
    state.states,
    state.pending,
    who.one_for_all,
)


def guard(orders: Orders) -> None:
    """Every guard in its order: who and which order, in which state, then how often money counts, what was given back
    and of what money."""
    for one in _IN_ORDER:
        one(orders)
