"""What lesson 03 cleans: exports as they came, people that two systems know, city tiers, and the ledger of defects."""

import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course import clean, clv, collect, company, segment
from course.classroom.lessons.nps.material import survey_raw

#: The day that portraits are of: the end of Luming's books.
AS_OF = pd.Timestamp("2024-12-31")
_ORDERS = {
    "orderId": "order_id",
    "customerId": "customer_id",
    "createdAt": "created_at",
    "totalAmount": "amount",
    "discountAmount": "discount",
    "promoId": "promo_id",
}
_MEMBERS = {
    "客户编号": "customer_id",
    "姓名": "name",
    "手机号": "phone",
    "电子邮箱": "email",
    "地址": "address",
    "出生日期": "born",
    "性别": "gender",
    "城市": "city",
    "注册时间": "joined",
}
#: Places as addresses write them, with province and tier: the press's usual list (Yicai, 2024), not an official one.
_TIERS = (
    ("北京市", "beijing", "first"),
    ("上海市", "shanghai", "first"),
    ("广州市", "guangdong", "first"),
    ("深圳市", "guangdong", "first"),
    ("杭州市", "zhejiang", "new_first"),
    ("苏州市", "jiangsu", "new_first"),
    ("成都市", "sichuan", "new_first"),
    ("武汉市", "hubei", "new_first"),
    ("青岛市", "shandong", "new_first"),
    ("厦门市", "fujian", "second"),
)
#: The kinds of defect that reach an order or a score, in the order of the table.
KINDS = ("outlier", "impossible_date", "repeated_order", "zero_price")
SURVEY_KINDS = ("blank_code", "wrong_scale", "speeder", "double_answer")
#: Rows that may count; the rest was taken back or never paid.
_PAID = ("completed", "shipped")


@cache
def _app_orders(folder: Path) -> pd.DataFrame:
    records = json.loads(gzip.decompress((folder / company.FILES["app_orders"]).read_bytes()))
    rows = pd.DataFrame([{k: v for k, v in record.items() if k != "lines"} for record in records])
    columns = ["order_id", "customer_id", "created_at", "status", "amount", "discount", "channel", "promo_id"]
    return rows.rename(columns=_ORDERS)[columns]


def app_orders_raw(folder: Path) -> pd.DataFrame:
    """The app's order export as it came, one row an order received, copies included.

    Returns
    -------
    frame: order_id, customer_id (account), created_at (text, ISO 8601 with +08:00), status, amount, discount (yuan),
        channel, promo_id
    """
    return _app_orders(folder).copy()


def members_raw(folder: Path) -> pd.DataFrame:
    """The CRM's members as three clerks wrote them: customer_id, name, phone, email, address, born, gender, city,
    joined; texts all."""
    path = folder / company.FILES["crm_members"]
    return pd.read_csv(path, encoding="gb18030", dtype="str").rename(columns=_MEMBERS)[list(_MEMBERS.values())]


def app_accounts(folder: Path) -> pd.DataFrame:
    """The app's accounts: user_id, name, phone, born (date, as the user typed it)."""
    users = pd.read_csv(folder / company.FILES["app_users"], dtype="str")
    return users.assign(born=pd.to_datetime(users["birthday"]))[["user_id", "name", "phone", "born"]]


def both_systems(folder: Path) -> pd.DataFrame:
    """People that stand in the CRM and in the app under one name and one phone, each of them once.

    Returns
    -------
    frame: customer_id, user_id, born_crm, born_app (dates; born_crm is blank where the CRM has none)
    """
    crm, app = members_raw(folder), app_accounts(folder)
    crm["born"] = collect.read(crm, "customers", {"birth_date": "born"}).frame["birth_date"].to_numpy()
    crm["phone"] = crm["phone"].str.replace(" ", "")
    key = ["name", "phone"]
    parts = [t.drop_duplicates("phone", keep=False) for t in (crm[["customer_id", *key, "born"]], app)]
    both = parts[0].merge(parts[1], on=key, suffixes=("_crm", "_app"))
    return both[["customer_id", "user_id", "born_crm", "born_app"]].sort_values("customer_id", ignore_index=True)


def click_times(folder: Path) -> pd.DataFrame:
    """When each click happened, as the log writes it: at (text, ISO 8601, UTC)."""
    with gzip.open(folder / company.FILES["clicks"], "rt", encoding="utf-8") as log:
        return pd.DataFrame({"at": [json.loads(line)["at"] for line in log]})


def city_tiers(folder: Path) -> pd.DataFrame:
    """A lookup of places: place (as an address begins), province (sichuan …), tier (first, new_first, second)."""
    return pd.DataFrame(_TIERS, columns=["place", "province", "tier"])


def tampered(folder: Path) -> pd.DataFrame:
    """The ledger of defects, which the seal keeps: source, key, column, kind, true, given."""
    return company.unseal("clean", folder).frames["defects"]


# --- what each kind of defect costs ----------------------------------------------------------------------------------


def listed(folder: Path) -> pd.Series:
    """What the lines of each app order add up to (yuan); orders among whose prices is one of zero or less are
    left out."""
    lines = pd.read_csv(folder / company.FILES["app_order_lines"])
    worth = (lines["quantity"] * lines["unit_price"]).groupby(lines["order_id"])
    return worth.sum()[lines.groupby("order_id")["unit_price"].min() > 0]


def defect_prices(folder: Path) -> pd.DataFrame:
    """What each kind of defect does to the answers, put back alone into exports that are otherwise true.

    Orders of the app by account, as of AS_OF; both waves of the survey. The truth is the same exports with every defect
    of the ledger undone.

    Returns
    -------
    frame, one row a kind ("none": the cleaning alone, where nothing is wrong) and state (came, cleaned): kind, state,
        cells (changed), mean, median (accounts in another RFM class than in truth, cut at the mean or the median), clv
        (yuan: sum over accounts of the distance from the truth's value of the next year), nps (points from the truth);
        blank where the kind cannot reach the answer
    """
    ledger = tampered(folder)
    rows = [*_order_prices(folder, ledger), *_survey_prices(folder, ledger)]
    found = pd.DataFrame(rows, columns=["kind", "state", "cells", "mean", "median", "clv", "nps"])
    return found.groupby(["kind", "state"], sort=False, as_index=False).first()  # "none" comes from both


def _order_prices(folder: Path, ledger: pd.DataFrame) -> list[dict]:
    worth = listed(folder)
    fixes = {k: ledger[ledger["kind"] == k].set_index("key") for k in KINDS}
    true = _put(app_orders_raw(folder).drop_duplicates("order_id"), fixes, "true").reset_index(drop=True)
    answers = _cached_answers()
    truth = answers(_paid(true))
    rows = []
    nothing_wrong = _states(true, worth)
    for kind in ("none", *KINDS):
        came = true if kind == "none" else _spoilt(true, kind, fixes[kind])
        # The price of a line stands in no order.
        states = nothing_wrong if came.equals(true) else _states(came, worth)
        cells = len(fixes[kind]) if kind in fixes else 0
        rows += [{"kind": kind, "state": s, "cells": cells} | _apart(answers(o), truth) for s, o in states.items()]
    return rows


def _states(came: pd.DataFrame, worth: pd.Series) -> dict[str, pd.DataFrame]:
    return {"came": _paid(came), "cleaned": _by_rules(came, worth)}


def _put(orders: pd.DataFrame, fixes: dict[str, pd.DataFrame], which: str) -> pd.DataFrame:
    """The orders with the ledger's amounts and dates of these kinds."""
    dated = ("impossible_date", "created_at"), ("impossible_refund_date", "created_at")
    for kind, column in (("outlier", "amount"), *dated):
        if kind in fixes:
            cells = fixes[kind][which].astype(orders[column].dtype)
            orders = orders.assign(**{column: orders["order_id"].map(cells).fillna(orders[column])})
    return orders


def _spoilt(true: pd.DataFrame, kind: str, cells: pd.DataFrame) -> pd.DataFrame:
    if kind == "repeated_order":
        return pd.concat([true, true[true["order_id"].isin(cells.index)]], ignore_index=True)
    return _put(true, {kind: cells}, "given")


def _typed(orders: pd.DataFrame) -> pd.DataFrame:
    columns = ["order_id", "customer_id", "amount", "status"]
    # A 29 February of a year without one is no date.
    times = pd.to_datetime(orders["created_at"].str[:19], errors="coerce")
    return orders[columns].assign(ordered_at=times.to_numpy())


def _paid(orders: pd.DataFrame) -> pd.DataFrame:
    """As it comes to somebody who looks at the state and nothing else."""
    return _typed(orders[orders["status"].isin(_PAID)]).dropna(subset=["ordered_at"]).reset_index(drop=True)


def _by_rules(orders: pd.DataFrame, worth: pd.Series) -> pd.DataFrame:
    """What the lesson's four rules leave."""
    frame = _typed(orders).assign(listed=orders["order_id"].map(worth).to_numpy())
    back = ", ".join(f"'{s}'" for s in sorted(set(orders["status"]) - set(_PAID)))
    rules = [
        ("taken_back", "set_aside", "status", f"status IN ({back})"),
        ("once_more", "set_aside", "order_id", "is_repeated_order"),
        ("wrong_year", "quarantine", "ordered_at", "year(ordered_at) NOT BETWEEN 2023 AND 2024"),
        ("off_lines", "quarantine", "amount", "amount > 5 * listed"),
    ]
    named = [dict(zip(("name", "outcome", "column", "when"), rule, strict=True)) for rule in rules]
    mapping = {c: c for c in ("order_id", "customer_id", "ordered_at", "amount", "status")}
    valid = clean.apply(collect.read(frame, "orders", mapping), {"rules": named}).valid
    return valid[["order_id", "customer_id", "amount", "status", "ordered_at"]]


def _cached_answers():
    """RFM classes by both cuts and the forecast of a table of orders; equal tables are computed once."""
    known: dict[tuple, tuple[pd.DataFrame, pd.Series]] = {}

    def answers(orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
        sorted_ = orders.sort_values(["order_id", "ordered_at"], ignore_index=True)
        key = tuple(pd.util.hash_pandas_object(sorted_, index=False))
        if key not in known:
            rfm = segment.rfm(orders, as_of=AS_OF)
            classes = pd.DataFrame({cut: segment.classes(rfm, cut).to_numpy() for cut in ("mean", "median")})
            known[key] = classes.set_index(pd.Index(rfm["customer_id"])), _next_year(orders)
        return known[key]

    return answers


def _next_year(orders: pd.DataFrame) -> pd.Series:
    """What clv.forecast gives, in twelve steps of a month instead of 52 weeks and without its holdout: in seconds."""
    monthly = clv.summary(orders, AS_OF, "M")
    model, spend = clv.ModifiedBetaGeo(allow_edge=True).fit(monthly), clv.GammaGamma().fit(monthly)
    return clv.value(model, spend, monthly, 12, clv.DISCOUNT, "Y").set_index("customer_id")["value"]


def _apart(found: tuple[pd.DataFrame, pd.Series], truth: tuple[pd.DataFrame, pd.Series]) -> dict:
    classes, value = found
    everyone = truth[0].index.union(classes.index)
    other = (truth[0].reindex(everyone).astype("object") != classes.reindex(everyone).astype("object")).sum()
    return {"mean": other["mean"], "median": other["median"], "clv": value.sub(truth[1], fill_value=0).abs().sum()}


def _survey_prices(folder: Path, ledger: pd.DataFrame) -> list[dict]:
    raw = survey_raw(folder)
    fixes = {k: ledger[ledger["kind"] == k] for k in SURVEY_KINDS}
    again = raw["answer_id"].isin(fixes["double_answer"]["key"])
    second, once = raw[again], raw[~again]
    true = once
    for kind in ("blank_code", "wrong_scale"):
        true = _scored(true, fixes[kind].set_index("key")["true"])
    # How long a hurried answer would have taken is in the ledger as well.
    hurried = fixes["speeder"].query("column == '答题秒数'").set_index("key")
    true = true.assign(seconds=_replaced(true, "seconds", hurried["true"]))
    truth = _points(true["score"])
    rows = []
    for kind in ("none", *SURVEY_KINDS):
        cells = fixes[kind].drop_duplicates("key") if kind in fixes else fixes["speeder"].head(0)
        came = true
        if kind == "double_answer":
            came = pd.concat([true, second], ignore_index=True)
        elif kind == "speeder":
            came = true.assign(seconds=_replaced(true, "seconds", hurried["given"]))
        elif kind != "none":
            came = _scored(true, cells.set_index("key")["given"])
        codes = {"score": ["11", "99"]} if came["score"].isin([11, 99]).any() else None
        cleaned = clean.apply(collect.read(came, "surveys", blanks=codes)).valid
        for state, answers in (("came", came), ("cleaned", cleaned)):
            far = abs(_points(answers["score"]) - truth)
            rows.append({"kind": kind, "state": state, "cells": len(cells), "nps": far})
    return rows


def _scored(answers: pd.DataFrame, scores: pd.Series) -> pd.DataFrame:
    return answers.assign(score=_replaced(answers, "score", scores))


def _replaced(answers: pd.DataFrame, column: str, cells: pd.Series) -> pd.Series:
    return answers["answer_id"].map(cells.astype("float64")).fillna(answers[column])


def _points(scores: pd.Series) -> float:
    """NPS of every number that stands there, codes included: 9 and more less 6 and less."""
    return float(100 * (np.mean(scores >= 9) - np.mean(scores <= 6)))
