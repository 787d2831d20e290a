"""A company's orders as a shop delivers them month by month: some late, some corrected, some twice."""

from pathlib import Path

import numpy as np
import pandas as pd

from course import company

#: Shares of a month's orders that come a month late, and that come again a month later with another amount.
LATE, CORRECTED = 0.03, 0.02
#: Days of a month that stand in the next delivery too; and the month whose delivery comes twice.
OVERLAP, TWICE = 3, 2


def orders(seed: int, customers: int, folder: Path) -> pd.DataFrame:
    """Orders of a company whose truth is known, one row an order by day."""
    company.orders_parquet(seed, customers, folder / "lines.parquet")
    lines = pd.read_parquet(folder / "lines.parquet", columns=["order_id", "customer_id", "ordered_at", "amount"])
    (folder / "lines.parquet").unlink()
    found = lines.groupby("order_id", as_index=False).agg(
        customer_id=("customer_id", "first"), ordered_at=("ordered_at", "min"), amount=("amount", "sum")
    )
    found["customer_id"] = "C" + found["customer_id"].astype("str")
    return found.assign(amount=found["amount"].round(2)).sort_values(["ordered_at", "order_id"], ignore_index=True)


def of_months(found: pd.DataFrame, months: int, seed: int = 0) -> list[tuple[str, pd.DataFrame]]:
    """[(file name, its rows)]: all before the last `months` in one, then a delivery a month; names stand in order."""
    rng = np.random.default_rng(seed)
    period = found["ordered_at"].dt.to_period("M")
    last = period.max()
    begin = last - months + 1
    lot = rng.random(len(found))
    late = (lot < LATE) & (period < last) & (period >= begin)
    corrected = (lot > 1 - CORRECTED) & (period < last) & (period >= begin)
    out = [(f"{begin - 1}-before.csv", found[period < begin])]
    for i in range(months):
        month = begin + i
        now = found[(period == month) & ~late]
        now = now.assign(amount=now["amount"].where(~corrected[now.index], (now["amount"] * 2).round(2)))
        parts = [now, found[(period == month - 1) & (late | corrected)]]
        if i:
            end = (month - 1).end_time.normalize() - pd.Timedelta(days=OVERLAP - 1)
            parts.append(found[(period == month - 1) & (found["ordered_at"] >= end) & ~late & ~corrected])
        out.append((f"{month}.csv", pd.concat(parts).sort_values(["ordered_at", "order_id"])))
        if i == TWICE - 1:
            out.append((f"{month}-again.csv", out[-1][1]))
    return out


def deliver(rows: pd.DataFrame, path: Path) -> None:
    """Write a delivery."""
    path.parent.mkdir(parents=True, exist_ok=True)
    texts = rows.assign(ordered_at=rows["ordered_at"].dt.strftime("%Y-%m-%d %H:%M:%S"))
    texts.to_csv(path, index=False, lineterminator="\n")
