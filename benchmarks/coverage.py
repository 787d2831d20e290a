"""Whether the intervals of a report hold the truth in 95 of 100, and how wide they are.

    .venv/bin/python benchmarks/coverage.py TABLE [--companies 0-199] [--data FOLDER]

TABLE is a file of lines, one a part, that grows as the parts are done: what stands in it is not done again, so several
sittings, or several ranges of companies, add up to one table. The last lines printed are always of the whole of it.

First the money expected. Generated companies of every kind, one window each, of a few hundred customers, so that one
costs seconds; then windows of real shops, as far as their data reach: CDNOW and Online Retail from FOLDER
(cdnow_master.txt, online_retail.csv.gz), Complete Journey from its package. A window is a day and a horizon; what
customers known on that day then brought, discounted alike, is the truth. Beside each forecast stands the best forecast
without a model, chosen and given an interval by backtests of its own ("without"; "sum" where it stands alone, as no
model could be fitted). The interval score (Gneiting & Raftery 2007) is the width plus 40 times what lies outside, as a
share of the truth.

Then every other interval of the ledger, over as many companies drawn from Luming's customers and from those of the
shops, and satisfaction and campaign outcomes drawn from populations that are known: see benchmarks/resampled.py.
"""

import argparse
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import resampled

from course import DataError, clean, clv, collect, segment
from course.workflow.steps.clv import expected

HORIZONS = (4, 13, 26, 52)


def company(seed: int) -> pd.DataFrame:
    """Orders of a company like no other: size, age, growth, rhythm, leaving, season, drift, money and refunds vary."""
    rng = np.random.default_rng(seed)
    customers, weeks = int(np.exp(rng.uniform(np.log(300), np.log(600)))), int(rng.integers(40, 180))
    days = 7 * weeks
    first = _first_days(rng, customers, days)
    clock = _clock(rng, days)
    shape, mean = rng.uniform(0.4, 2.0), np.exp(rng.uniform(np.log(0.002), np.log(0.05)))
    rate = rng.gamma(shape, mean / shape, customers)
    leave = rng.beta(rng.uniform(0.3, 1.5), rng.uniform(1.5, 8.0), customers) * (rng.random() > 0.15)
    usual, spread, refunds = (
        rng.lognormal(4, rng.uniform(0.2, 1.0), customers),
        rng.uniform(0.2, 0.7),
        rng.uniform(0, 0.06),
    )
    rows, active, now = [], np.arange(customers), clock[first]
    while len(active):
        day = np.searchsorted(clock, now[active], side="left")
        inside = day < days
        active, day = active[inside], day[inside]
        amount = np.round(usual[active] * rng.lognormal(0, spread, len(active)), 2)
        rows.append(pd.DataFrame({"customer_id": active, "day": day, "amount": amount}))
        active = active[rng.random(len(active)) > leave[active]]
        now[active] += rng.exponential(1 / np.maximum(rate[active], 1e-9))
    orders = pd.concat(rows, ignore_index=True)
    orders["refunded"] = orders["amount"] * (rng.random(len(orders)) < refunds)
    orders["ordered_at"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(orders.pop("day"), unit="D")
    orders["customer_id"] = "c" + orders["customer_id"].astype("str")
    return orders.assign(order_id=orders.index.astype("str"))


def _first_days(rng: np.random.Generator, customers: int, days: int) -> np.ndarray:
    kind = rng.choice(["cohort", "steady", "growing"], p=[0.2, 0.5, 0.3])
    if kind == "cohort":
        return rng.integers(0, min(days, 90), customers)
    if kind == "steady":
        return np.where(rng.random(customers) < 0.3, rng.integers(0, 30, customers), rng.integers(0, days, customers))
    return np.minimum((days * rng.beta(2.0, 1.0, customers)).astype("int64"), days - 1)


def _clock(rng: np.random.Generator, days: int) -> np.ndarray:
    """How much time, by everybody's pace, has passed at the end of each day: season, drift, sales."""
    day = np.arange(days)
    season = rng.choice([0.0, rng.uniform(0.1, 0.5)]) * np.sin(2 * np.pi * (day / 365 + rng.random()))
    drift = np.cumsum(rng.normal(0, rng.uniform(0, 0.015), days // 7 + 1))[day // 7] * rng.choice([0, 1])
    sale = np.where((day % 365 > 315) & (day % 365 < 335), rng.choice([0.0, rng.uniform(0.3, 1.0)]), 0.0)
    return np.cumsum(np.exp(season + drift + sale))


def look(orders: pd.DataFrame, as_of: pd.Timestamp, weeks: int) -> tuple[list[dict], str]:
    """A row for each interval of one window: total, at stake, classes; and why there is none."""
    past = orders[orders["ordered_at"] < as_of + pd.Timedelta(days=1)]
    buyers = segment.rfm(past, as_of)
    truth = came(orders, as_of, weeks)
    everybody = float(truth.reindex(buyers["customer_id"]).sum())
    try:
        alone = clv.without_model(past, as_of, weeks)
    except DataError as error:
        alone, none = None, str(error)
    try:
        found = expected(past, buyers, as_of, weeks)
    except DataError as error:
        if alone is None:
            return [], f"{error} And the sum: {none}"
        what = "sum" if alone.backtests else "none"
        return [_row(what, alone.total, everybody, alone)], "" if alone.backtests else alone.why[0].say("en")
    if not found.outlook.backtests:
        return [_row("none", found.total, everybody, found.outlook)], found.outlook.why[0].say("en")
    rows = [_row("all", found.total, everybody, found.outlook)]
    if alone is not None and alone.backtests:
        rows[0]["naive"] = _scored(alone.total, everybody)
        rows.append(_row("without", alone.total, everybody, alone))
    stake = buyers.loc[segment.at_stake(buyers), "customer_id"]
    rows.append(_row("at stake", found.at_stake, float(truth.reindex(stake).sum()), found.outlook))
    for row in found.classes.itertuples():
        if row.customers:
            ids = buyers.loc[buyers["rfm_class"] == row.rfm_class, "customer_id"]
            total = clv.Total(row.customers, row.value, row.low, row.high, row.half)
            rows.append(_row("class", total, float(truth.reindex(ids).sum()), found.outlook))
    return rows, ""


def came(orders: pd.DataFrame, as_of: pd.Timestamp, weeks: int) -> pd.Series:
    """Money that customers brought after a day, net of refunds, discounted from the end of its week, by customer."""
    days = (orders["ordered_at"].dt.normalize() - as_of).dt.days
    later = orders[(days > 0) & (days <= 7 * weeks)]
    week = np.ceil(days[later.index] / 7)
    money = (later["amount"] - later.get("refunded", 0.0)) * (1 + clv.DISCOUNT) ** (-7 * week / 365.25)
    return money.groupby(later["customer_id"]).sum()


def _row(what: str, total: clv.Total, truth: float, outlook: clv.Outlook) -> dict:
    row = {"what": what, "model": outlook.model, "expected": total.value, "truth": truth}
    row |= {"low": total.low, "high": total.high, "tests": len(outlook.backtests)}
    if pd.notna(total.low):
        row |= {"held": total.low <= truth <= total.high, "score": _scored(total, truth)}
        row["width"] = (total.high - total.low) / total.value if total.value else np.nan
    return row


def _scored(total: clv.Total, truth: float) -> float:
    return score(total.low, total.high, truth)


def score(low: float, high: float, truth: float) -> float:
    """Width plus 2 / (1 − level) times what lies outside, as a share of the truth."""
    outside = max(low - truth, truth - high, 0.0)
    return (high - low + 40 * outside) / max(truth, 1e-9)


class Table:
    """The parts that are done: a line of JSON each, with its name and what was found."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.parts = {part["part"]: part for part in map(json.loads, lines)}

    def do(self, name: str, work: Callable[[], dict]) -> dict:
        """The part of this name, done now if it is not there yet."""
        if name not in self.parts:
            try:
                found = work()
            except Exception as error:  # one company that fails is a finding, and no reason to lose the others
                found = {"failed": f"{type(error).__name__}: {error}"}
            self.parts[name] = {"part": name} | found
            with self.file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(self.parts[name], default=_plain) + "\n")
            print(f"{name}: {self.parts[name].get('failed', 'done')}", flush=True)
        return self.parts[name]

    def of(self, kind: str) -> list[dict]:
        """The parts of a kind, those that failed left out."""
        return [p for name, p in self.parts.items() if name.startswith(f"{kind} ") and "failed" not in p]

    def failed(self) -> list[str]:
        """Those that failed, with the reason."""
        return [f"{name}: {part['failed']}" for name, part in self.parts.items() if "failed" in part]


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else str(value)


def window(seed: int) -> tuple[pd.DataFrame, pd.Timestamp, int] | None:
    """(orders, day, weeks): one window of a company, anywhere in its life; None where it is too short for one."""
    rng = np.random.default_rng([seed, 1])
    orders, weeks = company(seed), int(rng.choice(HORIZONS))
    last = orders["ordered_at"].max().normalize() - pd.Timedelta(days=7 * weeks)
    earliest = orders["ordered_at"].min() + pd.Timedelta(days=7 * 16)
    span = (last - earliest).days
    return (orders, earliest + pd.Timedelta(days=int(rng.integers(0, span))), weeks) if span > 0 else None


def of_company(seed: int) -> dict:
    """What the report of a generated company says, held against what came."""
    if (found := window(seed)) is None:
        return {"rows": [], "why": "too short for a window"}
    rows, why = look(*found)
    return {"rows": rows, "why": why, "weeks": found[2]}


def real(folder: Path | None) -> Iterator[tuple[str, pd.DataFrame, pd.Timestamp, int]]:
    """The same of real shops: every quarter's end and every horizon that the data reach; CDNOW with 39 weeks too."""
    for name, orders in _shops(folder):
        first, last = orders["ordered_at"].min().normalize(), orders["ordered_at"].max().normalize()
        for as_of in pd.date_range(first + pd.Timedelta(days=80), last, freq="QE" if name == "CDNOW" else "ME"):
            for weeks in (4, 13, 26, 39, 52):
                if as_of + pd.Timedelta(days=7 * weeks - 1) <= last:
                    yield name, orders, as_of, weeks


def _shops(folder: Path | None) -> Iterator[tuple[str, pd.DataFrame]]:
    for name, file in (("CDNOW", "cdnow_master.txt"), ("Online Retail", "online_retail.csv.gz")):
        if folder is not None and (folder / file).exists():
            table = collect.gather({"orders": [folder / file]})["orders"]
            yield name, clean.apply(table).valid
    try:
        from course.collect import completejourney

        yield "Complete Journey", clean.apply(collect.gather(completejourney.sources())["orders"]).valid
    except DataError as error:
        print(error)


def of_window(orders: pd.DataFrame, as_of: pd.Timestamp, weeks: int) -> dict:
    """What the report of a shop would have said on a day, held against what came."""
    rows, why = look(orders, as_of, weeks)
    return {"rows": rows, "why": why, "line": _line(rows[0], orders, as_of, weeks) if rows else ""}


def summed(rows: pd.DataFrame) -> None:
    """Print coverage, width and interval score by kind of interval."""
    for what, part in rows[rows["what"] != "none"].groupby("what"):
        part = part.dropna(subset="held")
        held, n = int(part["held"].sum()), len(part)
        if not n:
            continue
        line = f"  {what:10}{held:>6} of {n:<6}{held / n:>6.1%}   median width {part['width'].median():.2f}"
        if what == "all" and "naive" in part:
            both = part.dropna(subset="naive")
            line += f"   interval score {both['score'].mean():.2f}, without a model {both['naive'].mean():.2f}"
            line += f" (medians {both['score'].median():.2f}, {both['naive'].median():.2f})"
        print(line)


def tell_companies(table: Table) -> None:
    """Print the tables of generated companies."""
    parts = table.of("company")
    why = [re.sub(r"[\d,.]+", "…", part["why"]) for part in parts if part["why"]]
    print(f"Generated companies, {len(why)} of {len(parts)} without an interval:")
    for said, n in pd.Series(why, dtype="str").value_counts().items():
        print(f"  {n} times: {said}")
    frame = pd.DataFrame([row | {"weeks": part["weeks"]} for part in parts for row in part["rows"]])
    if frame.empty:
        return
    summed(frame)
    for by in ("weeks", "tests", "model"):
        print(frame[frame["what"] == "all"].groupby(by)["held"].agg(["sum", "count"]).to_string())


def tell_shops(table: Table) -> None:
    """Print every window of the real shops, and their tables."""
    parts = table.of("shop")
    for part in parts:
        print(f"{part['part'].removeprefix('shop ')}: {part['line']}{part['why']}")
    for name in dict.fromkeys(part["shop"] for part in parts):
        print(name)
        summed(pd.DataFrame([row for part in parts if part["shop"] == name for row in part["rows"]]))


def tell_drawn(table: Table) -> None:
    """Print the table of every other interval, a world at a time, and of populations that are known."""
    parts = table.of("drawn")
    for world in dict.fromkeys(part["world"] for part in parts):
        mine = [part for part in parts if part["world"] == world]
        print(f"{len(mine)} companies of {resampled.CUSTOMERS:,} customers drawn from {world}:")
        rows = pd.DataFrame([row for part in mine for row in part["rows"]])
        print(resampled.table(rows).to_string(index=False, float_format="{:.3f}".format))
    for part in table.of("known"):
        print("Answers and campaigns drawn from populations that are known:")
        print(pd.DataFrame(part["rows"]).to_string(index=False, float_format="{:.3f}".format))


def main() -> None:
    """Do the parts that the table lacks, and print what stands in it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--companies", default="0-199")
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    table, (first, last) = Table(given.table), map(int, given.companies.split("-"))
    for seed in range(first, last + 1):
        table.do(f"company {seed}", lambda seed=seed: of_company(seed))
    for shop, *found in real(given.data):
        name = f"shop {shop} {found[1]:%Y-%m-%d} {found[2]} weeks"
        table.do(name, lambda shop=shop, found=found: {"shop": shop} | of_window(*found))
    for world in resampled.worlds(given.data):
        for seed in range(first, last + 1):
            table.do(f"drawn {world.name} {seed}", lambda world=world, seed=seed: world.drawn(seed))
    table.do("known populations", lambda: {"rows": resampled.known_populations(1_000).to_dict("records")})
    tell_companies(table)
    tell_shops(table)
    tell_drawn(table)
    for line in table.failed():
        print("FAILED", line)


def _line(row: dict, orders: pd.DataFrame, as_of: pd.Timestamp, weeks: int) -> str:
    days = (as_of - orders["ordered_at"].dt.normalize()).dt.days
    last = orders.loc[(days >= 0) & (days < 7 * weeks), "amount"].sum()
    band = "no interval" if row["low"] is None else f"{row['low']:>11,.0f} – {row['high']:>11,.0f}"
    held = "" if row["low"] is None else ("held" if row["held"] else "MISSED")
    narrow = "" if row["low"] is None else ("" if row["high"] - row["low"] < last else " wider than last period ± 50 %")
    return f"{row['expected']:>11,.0f} ({band}), came {row['truth']:>11,.0f} {held:6} {row['model']}{narrow} "


if __name__ == "__main__":
    main()
