"""The feature table: one row a customer, from every cleaned table; nothing is made up for want of a table."""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from course import nps, portrait, segment
from course.clean import Cleaned
from course.engine import Relation, here, query
from course.workflow.result import Result


@cache
def portrait_columns() -> dict:
    """The definition of every column of `portraits`: {"units": …, "columns": [{name, unit, en, zh}, …]}."""
    path = Path(__file__).parents[1] / "catalogue" / "portraits.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def portraits(run: Result) -> pd.DataFrame:
    """What the tables themselves say of each customer: the columns that later steps add to."""
    valid = {k: c.valid for k, c in run.cleaned.items() if k not in ("orders", "order_lines")}
    parts, as_of = [], run.as_of
    if "orders" in run.cleaned:
        parts.append(_from_orders(run))
    if "customers" in valid:
        parts.append(_from_customers(valid["customers"], as_of))
    for kind in ("events", "tickets", "campaigns"):
        if kind in valid and "customer_id" in valid[kind]:
            # Who was left out of a campaign was not reached by it, and is a customer all the same.
            counted = ~valid[kind]["is_control"].eq(True) if "is_control" in valid[kind] else 1
            counts = valid[kind].assign(counted=counted).groupby("customer_id")["counted"].sum()
            parts.append(counts.astype("int64").rename(kind).to_frame())
    if "campaigns" in valid and "redeemed" in valid["campaigns"]:
        parts.append(valid["campaigns"].groupby("customer_id")["redeemed"].sum().rename("coupons_redeemed").to_frame())
    if "posts" in valid and "author_id" in valid["posts"]:
        # Most authors are nobody we know: only customers of another table are counted.
        known = set().union(*(p.index for p in parts))
        authors = valid["posts"]["author_id"].value_counts().rename_axis("customer_id").rename("posts")
        parts.append(authors[authors.index.isin(known)].to_frame())
    if "surveys" in valid:
        parts.append(_from_surveys(valid["surveys"]))
    ids = sorted(set().union(*(p.index for p in parts)))
    table = pd.DataFrame(index=pd.Index(ids, dtype="str", name="customer_id"))
    for part in parts:
        part.index = part.index.astype("str")
        table = table.join(part)
    counts = [
        c
        for c in ("cancelled_orders", "events", "tickets", "campaigns", "coupons_redeemed", "posts", "survey_answers")
        if c in table
    ]
    table[counts] = table[counts].fillna(0).astype("int64")
    whole = [
        c
        for c in ("recency_days", "frequency", "order_days", "r", "f", "m", "rfm", "rfm_nested", "products")
        if c in table
    ]
    table[whole] = table[whole].astype("Int64")
    order = [c["name"] for c in portrait_columns()["columns"]]
    return table.reset_index()[[c for c in order if c == "customer_id" or c in table]]


_PRODUCTS = """
    SELECT customer_id, count({product}) AS products FROM (SELECT DISTINCT customer_id, {product} FROM {bought})
    GROUP BY customer_id
"""
_OF_LINES = "(SELECT DISTINCT order_id, customer_id FROM orders) JOIN lines USING (order_id)"


def _from_orders(run: Result) -> pd.DataFrame:
    orders, lines = run.rows("orders"), run.rows("order_lines")
    customers = segment.rfm(run.heads, run.as_of)
    nested = segment.scores(customers, "nested")
    customers["rfm_nested"] = 100 * nested["r"] + 10 * nested["f"] + nested["m"]
    customers["rfm_class_mean"] = segment.classes(customers, "mean")
    customers["average_order_value"] = (customers["monetary_net"] / customers["frequency"]).round(6)
    customers[["first_order", "last_order"]] = customers[["first_order", "last_order"]].apply(
        lambda s: s.dt.normalize()
    )
    customers = customers.set_index("customer_id")
    product = next((c for c in ("product_id", "product_name") if c in (orders if lines is None else lines)), None)
    if product:
        tables = {"orders": orders} | ({} if lines is None else {"lines": lines[["order_id", product]]})
        sql = _PRODUCTS.format(product=product, bought="orders" if lines is None else _OF_LINES)
        customers["products"] = query(sql, tables).set_index("customer_id")["products"]
    customers["cancelled_orders"] = _cancelled(run.cleaned["orders"])
    return customers


_CANCELLED = """
    SELECT customer_id, count(DISTINCT order_id) AS orders FROM apart
    WHERE number = $number AND customer_id IS NOT NULL GROUP BY customer_id
"""


def _cancelled(orders: Cleaned) -> pd.Series:
    """Orders that were cancelled, by customer."""
    apart = orders.set_aside
    if isinstance(apart, Relation):
        number = next((i for i, rule in enumerate(orders.rules, 1) if rule["name"] == "cancellation"), 0)
        return here(_CANCELLED, {"apart": apart}, number=number).set_index("customer_id")["orders"]
    return apart[apart["rule"] == "cancellation"].groupby("customer_id")["order_id"].nunique()


def _from_customers(customers: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Demographics only: names, phones, addresses and birthdays stay behind. The last row of a customer counts."""
    customers = (
        customers.dropna(subset="customer_id").drop_duplicates("customer_id", keep="last").set_index("customer_id")
    )
    out = customers[[c for c in ("gender", "age_band", "income", "city") if c in customers]].copy()
    if "birth_date" in customers and as_of is not None:
        band = portrait.age_bands(portrait.ages(customers["birth_date"], as_of))
        out["age_band"] = out["age_band"].fillna(band) if "age_band" in out else band
    if "joined_at" in customers:
        out["joined_at"] = customers["joined_at"].dt.normalize()
    return out


def _from_surveys(answers: pd.DataFrame) -> pd.DataFrame:
    """The latest answer of each customer who is named; an answer of nobody makes no customer."""
    if "customer_id" not in answers:
        return pd.DataFrame(index=pd.Index([], dtype="str", name="customer_id"))
    answers = answers.dropna(subset="customer_id")
    if "answered_at" in answers:
        answers = answers.sort_values(["answered_at", "source_row"], kind="stable", na_position="first")
    # A 1–5 answer is no 0–10 one: it names nobody a promoter or a detractor.
    asked = answers["scale"].fillna("0-10") == "0-10" if "scale" in answers else answers["score"].notna()
    counts = asked.groupby(answers["customer_id"]).sum().astype("int64").rename("survey_answers").to_frame()
    counts = counts.join(_satisfied(answers[~asked])) if not asked.all() else counts
    if not asked.any():
        return counts
    return counts.assign(survey_score=answers[asked].groupby("customer_id")["score"].last())


def _satisfied(answers: pd.DataFrame) -> pd.DataFrame:
    """The latest answer on another scale, what it was out of, and whether it is satisfied, middling or dissatisfied."""
    last = answers.groupby("customer_id")[["score", "scale"]].last()
    out = pd.DataFrame(index=last.index)
    for text, rows in last.groupby("scale"):
        if (known := nps.scale_of(text)) is None:
            continue
        kind, least, most = known
        out.loc[rows.index, "satisfaction_score"] = rows["score"]
        out.loc[rows.index, "satisfaction_scale"] = f"{least}–{most}"
        words = pd.Series("middling", index=rows.index, dtype="str")
        words = words.mask(nps.are_bad(rows["score"], least, most, kind), "dissatisfied")
        out.loc[rows.index, "satisfaction"] = words.mask(nps.are_good(rows["score"], least, most, kind), "satisfied")
    return out
