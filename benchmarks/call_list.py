"""Whom to call: orders of the list side by side, by the money of those on it who truly left.

    .venv/bin/python benchmarks/call_list.py SEEDS CUSTOMERS ONLINE_RETAIL.csv.gz CDNOW_MASTER.txt

Every order lists a hundred of the customers who are not lost by their rhythm, from what was known on a day. Generated
companies: who left by 90 days later, and what they would have brought in a year had they stayed (true rate × mean
order), from the sealed truth. Real data: who ordered nothing in the 180 days after the day, and what they had spent in
the year before it (CDNOW has half a year of records after 1997). Per hundred calls: leavers, and their money.
"""

import sys
import tempfile
from pathlib import Path

import pandas as pd

from course import actions, collect, company, demo
from course.engine import query
from course.workflow.features import portraits as portraits_of
from course.workflow.run import _with, prepare
from course.workflow.steps import clv, lifecycle

CALLS, AHEAD, SILENT = 100, 90, 180
_RATE = "monetary_net / greatest(recency_days + date_diff('day', first_order, last_order), 90)"
_AT_RISK = "stage = 'at_risk'"
CALL = next(rule for rule in actions.rules() if rule.name == "call")
#: Of whom, and who comes first.
ORDERS = {
    "by risk (as before)": ("true", "churn_risk"),
    "by expected value": ("true", "expected_value"),
    "by value × risk": ("true", "expected_value * churn_risk"),
    "by longest silence": ("true", "recency_days"),
    "by money spent": ("true", "monetary_net"),
    "at risk, by value": (_AT_RISK, "expected_value"),
    "at risk, by value × risk": (_AT_RISK, "expected_value * churn_risk"),
    "at risk, by money spent": (_AT_RISK, "monetary_net"),
    "at risk, by money spent × risk": (_AT_RISK, "churn_risk * monetary_net"),
    "at risk, by spend a day × risk": (_AT_RISK, f"churn_risk * {_RATE}"),
    "by spend a day × risk": ("true", f"churn_risk * {_RATE}"),
    "by money spent × risk": ("true", "churn_risk * monetary_net"),
    "the rule": (CALL.when, CALL.first),
}


def known(tables: dict, as_of: pd.Timestamp | None) -> tuple[pd.DataFrame, object]:
    """The portraits as far as the list needs them, and the run."""
    run = prepare(tables, as_of)
    run.portraits = portraits_of(run)
    for name, step in (("clv", clv), ("lifecycle", lifecycle)):
        found, _ = step.find(run)
        run.found[name] = found
        run.portraits = _with(run.portraits, found.columns())
    return run.portraits, run


def caught(portraits: pd.DataFrame, lost: pd.Series, label: str) -> pd.DataFrame:
    """Per hundred calls of each order: leavers and their money. `lost`: money of those who left, by customer_id."""
    pool = portraits[portraits["churn_risk"].notna() & ~portraits["stage"].isin(["lost", "prospect"])]
    rows = []
    for name, (when, first) in ORDERS.items():
        sql = f"FROM pool WHERE {when} ORDER BY {first} DESC, customer_id LIMIT {CALLS}"
        chosen = query(sql, {"pool": pool})
        money = chosen["customer_id"].map(lost).dropna()
        scale = 100 / max(len(chosen), 1)
        rows.append((label, name, len(chosen), scale * len(money), scale * money.sum(), chosen["expected_value"].sum()))
    return pd.DataFrame(rows, columns=["data", "order", "calls", "leavers", "money", "expected"])


def generated(seed: int, customers: int, work: Path) -> pd.DataFrame:
    """One company whose truth is known."""
    folder = work / f"company-{seed}"
    company.write(seed, customers, folder)
    tables = {k: t for k, t in demo.tables(folder).items() if k in ("orders", "order_lines", "customers", "tickets")}
    portraits, run = known(tables, None)
    process = company.unseal("lifecycle", folder).frames["process"].set_index("person_id")
    ids = company.unseal("identity", folder).frames["ids"].drop_duplicates("customer_id")
    person = portraits["customer_id"].map(ids.set_index("customer_id")["person_id"])
    left = pd.to_datetime(person.map(process["left_on"])) <= run.as_of + pd.Timedelta(days=AHEAD)
    year = person.map(process["rate_per_year_after"]) * portraits["average_order_value"].astype("float64")
    return caught(portraits, year[left].set_axis(portraits.loc[left, "customer_id"]), f"seed {seed}")


def real(file: Path, day: str) -> pd.DataFrame:
    """A backtest: what was known on a day, and what then came."""
    table = collect.gather({"orders": [file]})["orders"]
    as_of = pd.Timestamp(day)
    portraits, _ = known({"orders": table}, as_of)
    orders = prepare({"orders": table}, None).cleaned["orders"].valid
    age = (orders["ordered_at"].dt.normalize() - as_of).dt.days
    came = set(orders.loc[(age > 0) & (age <= SILENT), "customer_id"].astype("str"))
    year = orders[(age <= 0) & (age > -365)]
    spent = (year["amount"] - year.get("refunded", 0)).groupby(year["customer_id"].astype("str")).sum()
    return caught(portraits, spent[~spent.index.isin(came)], f"{file.stem[:12]} {day}")


def main() -> None:
    """Print the tables."""
    seeds, customers, retail, cdnow = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    for file, days in ((retail, ("2011-04-30", "2011-06-10")), (cdnow, ("1997-09-30", "1997-12-31"))):
        for day in days:
            print(real(file, day).to_string(index=False, float_format="{:,.0f}".format), flush=True)
    with tempfile.TemporaryDirectory() as work:
        tables = [generated(seed, customers, Path(work)) for seed in range(1, seeds + 1)]
    every = pd.concat(tables)
    best = every.pivot(index="data", columns="order", values="money").rank(axis=1, ascending=False)
    mean = every.groupby("order", sort=False)[["calls", "leavers", "money", "expected"]].mean()
    print(mean.assign(rank=best.mean()).to_string(float_format="{:,.1f}".format))


if __name__ == "__main__":
    main()
