"""What every part of the lifecycle starts from: the days on which a customer ordered, and the gaps between them."""

from course.orders import UP_TO

#: What the lifecycle reads of an order; where it asks about money, PAID.
DATED, PAID = ("customer_id", "ordered_at"), ("customer_id", "ordered_at", "amount")

# Several orders of one day are one. A row holds from its day until the day before the next: `k` order days so far and
# `longest`, the longest gap so far. `next_day` is known only up to $as_of.
HISTORY = f"""
    WITH days AS (
        SELECT DISTINCT customer_id, CAST(ordered_at AS DATE) AS day
        FROM orders WHERE {UP_TO}
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
