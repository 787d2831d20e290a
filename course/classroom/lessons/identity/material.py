"""The three systems' records of customers before anybody is merged, and pairs of them."""

import gzip
import json
import sqlite3
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course import clean, collect, company, identity
from course.classroom.tables import load

#: What a customer's number begins with in each system.
SYSTEMS = {"C": "crm", "u": "app", "8": "till"}
#: What two records are compared on.
FIELDS = ("phone", "name", "birthday")
#: The labelled pairs are those of so many cities, the largest.
_CITIES = 2
_COLUMNS = ["customer_id", "system", "name", "phone", "phone_given", "email", "birth_date", "gender", "city", "yuan"]


def records(folder: Path) -> pd.DataFrame:
    """What CRM, app and tills hold of their customers, cleaned and not merged.

    Returns
    -------
    frame, one row a record, sorted: customer_id (that of the system), system (crm, app or till), name, phone (11
    digits, blank where a placeholder or masked), phone_given (as it was typed), email, birth_date, gender, city, yuan
    (net of refunds, of all valid orders placed under this number)
    """
    return _records(folder).copy()


@cache
def _records(folder: Path) -> pd.DataFrame:
    files = [str(folder / company.FILES[name]) for name in company.INPUTS["customers"]]
    out = clean.apply(collect.read(files, "customers")).valid
    out = out.dropna(subset="customer_id").drop_duplicates("customer_id", keep="last")
    out = out.sort_values("customer_id", ignore_index=True)
    out["system"] = out["customer_id"].str[0].map(SYSTEMS)
    out["phone_given"] = out["phone"]
    out["phone"] = identity.spelling(out["phone"], "phone")
    out["yuan"] = out["customer_id"].map(_net(folder)).fillna(0.0)
    return out[_COLUMNS]


def _net(folder: Path) -> pd.Series:
    """Net yuan by the number under which a system sold: the prepared orders have the persons' numbers already."""
    app = json.loads(gzip.decompress((folder / company.FILES["app_orders"]).read_bytes()))
    sold_to = {order["orderId"]: order["customerId"] for order in app}
    till = receipts(folder)
    sold_to |= dict(zip(till["receipt_no"], till["member_no"], strict=True))
    orders = load("orders")
    net = (orders["amount"] - orders["refunded"]).groupby(orders["order_id"].map(sold_to)).sum()
    return net.round(2)


def receipts(folder: Path) -> pd.DataFrame:
    """The tills' sales as the stores keep them: receipt_no, member_no (blank where no card was shown), amount."""
    file = folder / company.FILES["till_sales"].partition("::")[0]
    connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return pd.read_sql("SELECT receipt_no, member_no, amount FROM sales ORDER BY receipt_no", connection)
    finally:
        connection.close()


def labelled(folder: Path) -> pd.DataFrame:
    """All pairs of records with one surname in the two largest cities, where it is known who is one person.

    Returns
    -------
    frame, one row a pair: same (True: one person); phone, name, birthday (day and month): 1 where both say the same, 0
    where they differ, blank where one of them says nothing
    """
    known = _records(folder)
    known = known[known["city"].isin(known["city"].value_counts().index[:_CITIES])]
    pairs = _pairs(known.assign(surname=known["name"].str[0]), ["city", "surname"])
    person = truth(folder)
    same = pairs["left"].map(person).to_numpy() == pairs["right"].map(person).to_numpy()
    return pd.DataFrame({"same": same}).join(_agreement(folder, pairs))


def candidates(folder: Path) -> pd.DataFrame:
    """All pairs of records that agree on phone, name or e-mail: left, right; phone, name, birthday as in `labelled`."""
    known = _records(folder)
    met = pd.concat([_pairs(known.dropna(subset=key), [key]) for key in ("phone", "name", "email")])
    met = met.drop_duplicates().sort_values(["left", "right"], ignore_index=True)
    return met.join(_agreement(folder, met))


def truth(folder: Path) -> pd.Series:
    """The person behind each number of the three systems."""
    ids = company.unseal("identity", folder).frames["ids"]
    return ids[ids["system"].isin(SYSTEMS.values())].set_index("customer_id")["person_id"]


def _pairs(known: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Pairs of records that agree on all `keys`, each once: left < right."""
    given = known[["customer_id", *keys]]
    met = given.merge(given, on=keys, suffixes=("_l", "_r"))
    met = met[met["customer_id_l"] < met["customer_id_r"]]
    met = met.rename(columns={"customer_id_l": "left", "customer_id_r": "right"})
    return met[["left", "right"]].sort_values(["left", "right"], ignore_index=True)


def _agreement(folder: Path, pairs: pd.DataFrame) -> pd.DataFrame:
    known = _records(folder).set_index("customer_id")
    known["birthday"] = known["birth_date"].dt.strftime("%m-%d")
    out = {}
    for field in FIELDS:
        left, right = (known[field].reindex(pairs[side]).to_numpy(dtype=object) for side in ("left", "right"))
        said = ~(pd.isna(left) | pd.isna(right))
        out[field] = np.where(said, (left == right).astype("float64"), np.nan)
    return pd.DataFrame(out)
