"""Whether the intervals of a report hold the truth: companies drawn from customers whose every figure is known.

The customers of a company are taken for the whole world. From it companies are drawn, customer by customer and with
replacement, each with all that belongs to it: orders, visits, answers, tickets, campaigns. What the steps of a run say
of a drawn company, with its interval, is held against what they say of the whole world. Where a figure is one of a
model that learns more from more customers (LEARNED), the world is no truth; there the mean of all drawn companies
stands for it, and the interval is judged by its width alone. Classes and stages are cut at figures of the company
itself; the truth is that of the world cut there. An early warning is judged by what its own model is worth to all
customers of the world.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from course import DataError, clv, collect, demo, effect, lifecycle, nps, segment
from course.clean import Cleaned
from course.collect import Table, completejourney
from course.lifecycle import warning
from course.orders import daily
from course.segment.rfm import DIMENSIONS
from course.workflow import Result
from course.workflow.features import portraits
from course.workflow.finding import plain
from course.workflow.run import _with, prepare
from course.workflow.steps import STEPS, behaviour, name_of


@dataclass(frozen=True)
class Kind:
    """An interval of the ledger: where it stands, what tells its rows apart, and the names of value and ends."""

    path: str
    rows: tuple[str, ...] = ()
    value: str = "value"
    low: str = "low"
    high: str = "high"
    learned: bool = False

    @property
    def name(self) -> str:
        """What the tables call it."""
        return f"{self.path} {self.value}"

    def found(self, findings: Mapping) -> Iterator[tuple[tuple, float, float, float]]:
        """(what tells the row apart, value, low, high) of every row that has all three."""
        for row in _rows(findings, self.path.split("/")):
            ends = [row.get(name) for name in (self.value, self.low, self.high)]
            if None not in ends:
                yield tuple(str(row.get(name)) for name in self.rows), *ends


def _ends(name: str) -> dict[str, str]:
    """The names where the ends are called after the value."""
    return {"value": name, "low": f"{name}_low", "high": f"{name}_high"}


_ARM = ("campaign_id", "arm")
_DRIVER = ("driver",)
#: Every interval of the ledger but those of money expected, which benchmarks/coverage.py judges by what then came.
KINDS = (
    Kind("segments/classes", ("rfm_class",), "money_share"),
    Kind("stake", value="share"),
    Kind("spend_and_frequency", value="r"),
    Kind("foretelling/worth", ("what",), "r2", learned=True),
    Kind("foretelling/dimensions", ("dimensions",), "r2", learned=True),
    Kind("behaviour/gini"),
    Kind("behaviour/recommender", ("goods", "measure"), "difference", learned=True),
    Kind("behaviour/shift/categories", ("category",), "shift"),
    Kind("behaviour/retention", ("age",), "retention"),
    Kind("visits/funnel", ("per", "step"), **_ends("of_first")),
    Kind("visits/funnel", ("per", "step"), **_ends("of_previous")),
    Kind("lifecycle/links", ("from_stage", "to_stage"), "rate"),
    Kind("lifecycle/early_warning/alerts", ("rule",), **_ends("precision")),
    Kind("lifecycle/early_warning/alerts", ("rule",), **_ends("recall")),
    Kind("lifecycle/early_warning/calibration", ("tenth",), "silent"),
    Kind("lifecycle/early_warning/notes/values", **_ends("gain")),
    Kind("lifecycle/chance/by_stage", ("stage",), "bought", learned=True),
    Kind("lifecycle/chance/reliability", ("tenth",), "bought", learned=True),
    Kind("lifecycle/come_back", ("group",), **_ends("bought")),
    Kind("lifecycle/come_back", ("group",), **_ends("change")),
    Kind("lifecycle/complaints/values", value="ratio"),
    Kind("campaigns", _ARM, "difference"),
    Kind("campaigns", _ARM, "spend_difference", "spend_low", "spend_high"),
    Kind("campaigns", _ARM, **_ends("orders"), learned=True),  # in all: it grows with the company
    Kind("campaigns", _ARM, **_ends("money"), learned=True),
    Kind("campaigns", _ARM, **_ends("cost_per_order")),
    Kind("campaign_outcomes", ("campaign_id", "arm", "outcome"), "difference"),
    Kind("nps"),
    Kind("nps/of_buyers"),
    Kind("nps/waves", ("wave",)),
    Kind("nps/waves", ("wave",), **_ends("change")),
    Kind("nps/by_class", ("rfm_class",)),
    Kind("nps/themes", ("theme",), "negative_share", "negative_low", "negative_high"),
    Kind("nps/themes", ("theme",), "score_gap", "gap_low", "gap_high"),
    Kind("posts/themes", ("theme",), "negative_share", "negative_low", "negative_high"),
    Kind("posts/themes", ("theme",), "score_gap", "gap_low", "gap_high"),
    Kind("nps/drivers/table", _DRIVER, **_ends("lmg")),
    Kind("nps/drivers/table", _DRIVER, **_ends("beta")),
    Kind("nps/drivers/table", _DRIVER, **_ends("rank")),
    Kind("satisfaction", ("least", "most"), **_ends("share")),
    Kind("satisfaction", ("least", "most"), **_ends("mean")),
    Kind("service/satisfaction", **_ends("share")),
    Kind("personas/lines/numbers", ("says",), "tgi"),
)
#: Judged by benchmarks/coverage.py (money expected), a copy of a row that KINDS names (portraits of classes: money, NPS
#: and TGI, beside quartiles), no interval at all (an alpha that is low, a quadrant), or asked for by no run (odds).
_ELSEWHERE = (
    *("forecast", "clv", "stake/expected", "stake/of_all", "actions/stake"),
    *("weakest_link", "notes/values low", "profiles/classes"),
    *("nps/factors low", "survey/factors low", "quadrants low", "odds_low"),
)


def _rows(value: object, path: list[str]) -> Iterator[dict]:
    if isinstance(value, list):
        for place, one in enumerate(value):
            yield from _rows({"tenth": place} | one if isinstance(one, dict) else one, path)
    elif isinstance(value, dict) and path:
        if (inner := value.get(path[0])) is not None:
            yield from _rows(_told(value, inner) if path[0] == "numbers" else inner, path[1:])
    elif isinstance(value, dict):
        yield value


def _told(line: dict, numbers: dict) -> dict:
    """The numbers of a persona's line, known by its class and by what it says before the first share."""
    return numbers | {"says": f"{line.get('persona')} {re.split(r': [0-9.]+%', line['says'])[0]}"}


def unnamed(findings: Mapping) -> list[str]:
    """Paths of the ledger that hold an interval which KINDS does not name."""
    known = {(kind.path, kind.low) for kind in KINDS}
    found = {f"{path} {low}" for path, low in _all(findings, "") if (path, low) not in known}
    return sorted(one for one in found if not any(part in one for part in _ELSEWHERE))


def _all(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _all(one, path)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "low" or name.endswith("_low"):
                yield path, name
            yield from _all(one, f"{path}/{name}".lstrip("/"))


# --- drawing ---------------------------------------------------------------------------------------------------------


def drawn(world: Mapping[str, Cleaned], customers: int, rng: np.random.Generator) -> dict[str, Cleaned]:
    """So many customers of the world, with replacement, each under a number of its own."""
    owners = {kind: _owner(kind, one.valid) for kind, one in world.items() if kind != "order_lines"}
    everybody = np.unique(np.concatenate([owner.to_numpy(dtype="str") for owner in owners.values()]))
    picked = pd.DataFrame({"owner": rng.choice(everybody, customers)})
    picked["copy"] = picked.groupby("owner").cumcount().astype("str")
    out = {}
    for kind, one in world.items():
        if kind != "order_lines":
            out[kind] = replace(one, valid=_copied(one.valid.assign(owner=owners[kind].astype("str")), picked))
    if "order_lines" in world:
        numbers = out["orders"].valid[["_order", "order_id"]].drop_duplicates()
        lines = world["order_lines"].valid.rename(columns={"order_id": "_order"}).merge(numbers, on="_order")
        out["order_lines"] = replace(world["order_lines"], valid=lines.drop(columns="_order"))
    for kind, one in out.items():
        out[kind] = replace(one, valid=one.valid.drop(columns="_order", errors="ignore"), set_aside=one.set_aside[:0])
    return out


def _owner(kind: str, frame: pd.DataFrame) -> pd.Series:
    """Whose a row is; a row of nobody is its own."""
    owner = pd.Series([f"{kind}-{row}" for row in range(len(frame))], index=frame.index)
    for column in ("author_id", "visitor_id", "customer_id"):
        if column in frame:
            owner = frame[column].astype("object").where(frame[column].notna(), owner)
    return owner


def _copied(frame: pd.DataFrame, picked: pd.DataFrame) -> pd.DataFrame:
    types = frame.dtypes
    out = picked.merge(frame, on="owner").reset_index(drop=True)
    if "order_id" in out:
        out["_order"] = out["order_id"]
    for column in ("customer_id", "visitor_id", "author_id", "order_id", "ticket_id", "post_id"):
        if column in out:
            out[column] = (out[column].astype("object") + "~" + out["copy"]).astype(types[column])
    if "source_row" in out:
        out["source_row"] = np.arange(len(out)) + 2
    return out.drop(columns=["owner", "copy"])


def steps(cleaned: Mapping[str, Cleaned], as_of: pd.Timestamp) -> Result:
    """What the steps of a run find in cleaned tables."""
    run = Result(as_of, {}, dict(cleaned), pd.DataFrame(), [], [])
    run.portraits = portraits(run)
    for step in STEPS:
        if name_of(step) in _LEAVE or not set(step.NEEDS) <= set(run.cleaned):
            continue
        found, _ = step.find(run)
        if found is not None:
            run.found[name_of(step)] = found
            run.portraits = _with(run.portraits, found.columns())
    return run


def findings(run: Result) -> dict:
    """The same as the ledger has it, every interval with its ends."""
    out: dict = {}
    for found in run.found.values():
        out |= found.entry()
    out["spend_and_frequency"] = _correlation(run.cleaned["orders"].valid, run.as_of)
    for persona in out.get("personas", []):
        title = persona["says"].partition(":")[0]
        persona["lines"] = [line | {"persona": title} for line in persona["lines"]]
    for part in ("worth", "dimensions"):
        for row in out.get("foretelling", {}).get(part, []):
            row |= {"low": row["r2"] - row["half"], "high": row["r2"] + row["half"]}
    return plain(out)


def cut_alike(world: Result, run: Result) -> dict[tuple, float]:
    """Figures of the world's classes and stages, cut where those of the drawn company are: its report names the cuts,
    and says of customers cut there what they bring and where they go."""
    customers, edges = world.buyers, segment.cuts(run.buyers)
    high = [
        customers[column] > edges[name] if large_is_good else customers[column] < edges[name]
        for name, (column, large_is_good) in DIMENSIONS.items()
    ]
    classes = pd.Series([segment.CLASSES[key] for key in zip(*high, strict=True)], index=customers.index)
    shares = customers["monetary_net"].groupby(classes).sum() / customers["monetary_net"].sum()
    out = {("segments/classes money_share", (name,)): share for name, share in shares.items()}
    out["stake share", ()] = shares.reindex(segment.AT_STAKE).sum()
    limits, joined = run.found["lifecycle"].limits, world.cleaned.get("customers")
    joined = None if joined is None or "joined_at" not in joined.valid else joined.valid
    orders = world.cleaned["orders"].valid
    moves = lifecycle.transitions(orders, world.as_of, thresholds=limits, joined=joined).links
    return out | {("lifecycle/links rate", (r.from_stage, r.to_stage)): r.rate for r in moves.itertuples()}


def own_warning(world: Result, run: Result) -> dict[tuple, float]:
    """What the drawn company's early warning is worth: its model, learnt again, held against the whole world."""
    found = run.found["lifecycle"].warning
    if found is None:
        return {}
    past, tried, everybody = (
        warning._sample(daily(one.cleaned["orders"].valid, one.as_of), day, found.horizon, _tickets(one))
        for one, day in ((run, found.cuts["learn"]), (run, found.cuts["test"]), (world, found.cuts["test"]))
    )
    model = warning.EarlyWarning().fit(past.X, past.y)
    risk, all_risk = (model.predict_proba(sample.X)[:, 1] for sample in (tried, everybody))
    budget = max(1, round(found.budget / len(risk) * len(all_risk)))
    out, path = {}, "lifecycle/early_warning"
    for rule, score in (("model", all_risk), ("recency", everybody.standing["silent_days"].to_numpy(dtype="float64"))):
        hits = warning._hits(score, everybody.y, budget)
        out[f"{path}/alerts precision", (rule,)] = hits / budget
        out[f"{path}/alerts recall", (rule,)] = hits / everybody.y.sum()
    out[f"{path}/alerts precision", ("chance",)] = float(everybody.y.mean())
    out[f"{path}/alerts recall", ("chance",)] = budget / len(everybody.y)
    right = [out[f"{path}/alerts precision", (rule,)] for rule in ("model", "recency")]
    out[f"{path}/notes/values gain", ()] = right[0] - right[1]
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, 11))[1:-1])
    silent = pd.Series(everybody.y).groupby(np.searchsorted(edges, all_risk, side="left")).mean()
    return out | {(f"{path}/calibration silent", (str(tenth),)): share for tenth, share in silent.items()}


def _tickets(run: Result) -> pd.DataFrame | None:
    return run.cleaned["tickets"].valid if "tickets" in run.cleaned else None


def _correlation(orders: pd.DataFrame, as_of: pd.Timestamp) -> dict:
    """Of spend and frequency, as the report says beside the forecast."""
    try:
        model = clv.GammaGamma().fit(clv.summary(orders, as_of))
    except DataError:
        return {}
    return {"r": model.correlation_, "low": model.correlation_low_, "high": model.correlation_high_}


#: Steps without an interval of their own, or judged elsewhere.
_LEAVE = ("clean", "clv", "clusters", "tag", "changes")
#: Customers of a drawn company.
CUSTOMERS = 1_500


class World:
    """Customers whose every figure is known, from whom companies are drawn; prepared when the first one is."""

    def __init__(self, name: str, tables: Callable[[], Mapping[str, Table]]) -> None:
        self.name, self._tables = name, tables

    @cached_property
    def _whole(self) -> Result:
        prepared = prepare(self._tables())
        usual, behaviour._PAIRS = behaviour._PAIRS, 10**6  # any pair can be among the first of a drawn company
        try:
            return steps(prepared.cleaned, prepared.as_of)
        finally:
            behaviour._PAIRS = usual

    @cached_property
    def _truth(self) -> dict[tuple, float]:
        whole = findings(self._whole)
        if missing := unnamed(whole):
            raise SystemExit(f"Intervals that KINDS does not name: {', '.join(missing)}")
        return {(kind.name, row): value for kind in KINDS for row, value, _, _ in kind.found(whole)}

    def drawn(self, seed: int) -> dict:
        """{world, rows}: of a company, a row an interval: kind, learned, row, value, low, high, truth (NaN where the
        world has no such row)."""
        world = self._whole
        run = steps(drawn(world.cleaned, CUSTOMERS, np.random.default_rng(seed)), world.as_of)
        found, known = findings(run), self._truth | cut_alike(world, run) | own_warning(world, run)
        names = ("kind", "learned", "row", "value", "low", "high", "truth")
        rows = [(k.name, k.learned, *one, known.get((k.name, one[0]))) for k in KINDS for one in k.found(found)]
        return {"world": self.name, "rows": [dict(zip(names, row, strict=True)) for row in rows]}


def worlds(folder: Path | None) -> Iterator[World]:
    """Luming; Online Retail from the folder and Complete Journey from its package, where they are."""
    yield World("Luming", demo.tables)
    if folder is not None and (folder / "online_retail.csv.gz").exists():
        yield World("Online Retail", lambda: collect.gather({"orders": [folder / "online_retail.csv.gz"]}))
    with contextlib.suppress(DataError):
        sources = completejourney.sources()
        yield World("Complete Journey", lambda: collect.gather(sources))


def table(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a kind of interval: learned, n, held (share), median width, missed above and below, without a truth."""
    rows = rows.assign(row=rows["row"].astype("str"))  # a list, where the rows come from a file
    mean = rows.groupby(["kind", "row"])["value"].transform("mean")
    rows = rows.assign(truth=rows["truth"].astype("float64").where(~rows["learned"], mean))
    known = rows.dropna(subset="truth")
    close = 1e-9 * known["truth"].abs().clip(lower=1)
    known = known.assign(
        under=known["truth"] < known["low"] - close,
        over=known["truth"] > known["high"] + close,
        width=known["high"] - known["low"],
    )
    known["held"] = ~(known["under"] | known["over"])
    grouped = known.groupby("kind", sort=False)
    out = grouped[["held", "under", "over"]].mean().assign(n=grouped.size(), width=grouped["width"].median())
    out["unknown"] = rows["truth"].isna().groupby(rows["kind"]).sum()
    out["learned"] = grouped["learned"].first()
    return out.reset_index()


# --- answers and campaigns that no company of the kit has -------------------------------------------------------------


def known_populations(draws: int) -> pd.DataFrame:
    """Satisfaction and campaign outcomes drawn from populations that are known: kind, n (of each draw), share of
    intervals that hold the truth, median width."""
    rng, rows = np.random.default_rng(0), []
    for name, weights in _ANSWERS.items():
        shares = np.array(weights) / sum(weights)
        truth = shares[3:].sum(), shares @ np.arange(1, 6)
        for n in (12, 40, 200):
            found = [nps.satisfaction(pd.Series(rng.choice(5, n, p=shares) + 1), 1, 5) for _ in range(draws)]
            rows.append(_held(f"{name}, share", n, [(f.share_low, f.share_high) for f in found], truth[0]))
            rows.append(_held(f"{name}, mean", n, [(f.mean_low, f.mean_high) for f in found], truth[1]))
    for name, (draw, truth) in _OUTCOMES.items():
        for n in (60, 400):
            ends = [_outcome(rng, draw, n) for _ in range(draws)]
            rows.append(_held(f"campaign, {name}", n, [end for end in ends if end is not None], truth))
    return pd.DataFrame(rows)


#: Of a hundred customers, how many would answer 1 to 5.
_ANSWERS = {"satisfied": [5, 7, 18, 44, 26], "delighted": [1, 1, 3, 15, 80], "torn": [40, 8, 4, 8, 40]}
#: What a campaign's file says of each customer, with treatment (1) or without (0), and the difference it makes.
_OUTCOMES = {
    "came": (lambda rng, n, treated: rng.binomial(1, 0.12 + 0.05 * treated, n), 0.05),
    "per cent": (lambda rng, n, treated: 100 * rng.beta(1 + treated, 3, n), 100 * (2 / 5 - 1 / 4)),
    "value": (
        lambda rng, n, treated: rng.binomial(1, 0.3, n) * rng.lognormal(3 + 0.2 * treated, 0.8, n),
        0.3 * (np.exp(3.2 + 0.32) - np.exp(3 + 0.32)),
    ),
}


def _outcome(rng: np.random.Generator, draw: Callable, n: int) -> tuple[float, float] | None:
    """The interval of one campaign with so many customers treated, and half as many left out."""
    sent = pd.DataFrame({"campaign_id": "C", "is_control": np.arange(n + n // 2) >= n})
    sent["arm"] = np.where(sent["is_control"], "control", "offer")
    figures = pd.Series(np.concatenate([draw(rng, n, 1), draw(rng, n // 2, 0)]).astype("float64"))
    found, _ = effect.by_outcome(sent, {"figure": figures})
    return None if found.empty else (found["low"].iloc[0], found["high"].iloc[0])


def _held(kind: str, n: int, ends: list[tuple[float, float]], truth: float) -> dict:
    low, high = np.array(ends).T
    told = ~np.isnan(low)
    held = (low <= truth + 1e-9) & (truth - 1e-9 <= high)
    return {
        "kind": kind,
        "n": n,
        "told": told.mean(),
        "held": held[told].mean(),
        "width": np.median((high - low)[told]),
    }
