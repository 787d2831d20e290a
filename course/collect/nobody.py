"""What a file of orders can still tell that does not say who bought: its totals and its products."""

import pandas as pd

from course import engine
from course.collect.values import exact
from course.errors import DataError, first_few
from course.forms import Form
from course.language import Sentence

#: What the states leave of the orders, as the rules for orders have it: sales, and what of them was given back.
_TOTALS = """
SELECT * FROM orders
WHERE coalesce(status, 'completed') = 'completed' AND amount > 0 AND coalesce(refunded, 0) < amount
"""
_PRODUCTS = """
SELECT product, sum(amount - coalesce(refunded, 0)) AS money FROM sold
WHERE product IS NOT NULL GROUP BY product ORDER BY money DESC, product LIMIT 3
"""


def refuse(frame: pd.DataFrame, form: Form, file: str) -> None:
    """Refuse a table of orders of a known form in which no row names a customer, with what it can tell.

    Raises
    ------
    DataError : no customer in any row.
    """
    if frame["customer_id"].notna().any():
        return
    cells = frame.assign(**{c: None for c in ("status", "refunded") if c not in frame})
    product = next((c for c in ("product_name", "product_id") if c in frame), None)
    cells = cells.assign(product=frame[product] if product else None)
    wanted = ["order_id", "amount", "refunded", "status", "product"]
    sold = engine.query(_TOTALS, {"orders": cells[wanted].astype({"refunded": "float64", "status": "str"})})
    products = engine.query(_PRODUCTS, {"sold": sold}) if product and len(sold) else pd.DataFrame({"product": []})
    back = float(sold["refunded"].fillna(0).sum())
    raise DataError(
        "{file} was recognised as {system}, and this file cannot tell who bought. {why} It holds {orders:,} "
        "{orders:order that counts|orders that count}, {money:,.2f} in all{back}{products}.",
        file=file,
        system=form.system,
        why=form.no_customer or Sentence("It lacks {columns}.", columns=first_few(form.customer_id) or "–"),
        orders=int(sold["order_id"].nunique()),
        money=exact(sold["amount"]),
        back=Sentence(", {back:,.2f} of it given back", back=back) if back else "",
        products=Sentence("; most by {products}", products=first_few(products["product"], 3)) if len(products) else "",
    )
