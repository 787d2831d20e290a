"""A portrait of each RFM class: what it is worth, where it stands, how it feels, and how it differs from everybody."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import pandas as pd

from course import lifecycle, small_yaml, tag
from course.few import HIDDEN_BELOW
from course.intervals import wilson
from course.language import Label, Sentence
from course.portrait import LEAST_ANSWERS
from course.telling import without
from course.workflow.finding import Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = None

#: Of these the middle half is told.
_MEASURES = ("monetary_net", "expected_value", "frequency", "average_order_value", "recency_days")
#: In these a class is compared with everybody. Stage and tags are made of what makes the class: a difference there is
#: no finding.
COMPARED = ("age_band", "gender", "city", "income", "main_channel", "top_category")
_RULES = Path(__file__).parents[2] / "rules" / "profiles.yaml"


@dataclass(frozen=True)
class Profile:
    """One class. What the data do not give, or would be about a few people (course.few), is None, or has no row.

    Attributes
    ----------
    rfm_class, customers, share (of those who bought), money (net), money_share, low, high : as the classes are told
    expected, expected_low, expected_high : money, as the forecast has it for the class
    middle : {column of the portraits: {median, low, high, n}}, low and high being the quartiles
    stages : frame: stage, customers, share, in the order of lifecycle.STAGES; customers blank where they are a few
    nps : {value, low, high, n} of the answers of its customers; satisfied : {share, low, high, n} at the last answer
    cells : frame, how it differs: tag.contrasts without its group; base is everybody of whom the column is known
    known : {column compared: customers of the class of whom it is known}
    at_risk, lost, unhappy : customers
    do : what to do, as rules/profiles.yaml has it
    """

    rfm_class: str
    customers: int
    share: float
    money: float
    money_share: float
    low: float | None
    high: float | None
    expected: float | None
    expected_low: float | None
    expected_high: float | None
    middle: dict[str, dict]
    stages: pd.DataFrame
    nps: dict | None
    satisfied: dict | None
    cells: pd.DataFrame
    known: dict[str, int]
    at_risk: int | None
    lost: int | None
    unhappy: int | None
    do: Sentence

    def apart(self, which: str) -> pd.DataFrame:
        """The cells that are "more" or "less" frequent than among everybody, the surest difference first."""
        cells = self.cells[(self.cells["stands_out"] == which) & self.cells["value"].notna()]
        return cells.sort_values(
            ["low" if which == "more" else "high", "column", "value"], ascending=[which == "less", True, True]
        )


@dataclass
class Profiles(Finding):
    """The classes that are told, in the order of segment.CLASSES.

    Attributes
    ----------
    buyers, everybody : customers with orders (of them the classes are shares), and all in the portraits (they are
        compared with all of whom a column is known)
    classes : the portraits
    """

    buyers: int
    everybody: int
    classes: list[Profile]

    def entry(self) -> dict:
        """{profiles: all of it}."""
        found = [{name: plain(value) for name, value in vars(one).items()} for one in self.classes]
        return {"profiles": {"buyers": self.buyers, "everybody": self.everybody, "classes": found}}


def find(run: Result) -> tuple[Profiles | None, list[Sentence]]:
    """The portrait of every class of which more is told than that it is small."""
    told = run.found["segment"].classes.dropna(subset="customers")
    told = told[told["customers"] > 0]
    if told.empty:
        return None, []
    customers = run.portraits.assign(rfm_class=run.portraits["rfm_class"].where(_is_in(run.portraits, told)))
    cells = tag.contrasts(customers, "rfm_class", COMPARED)
    cells["value"] = cells["value"].map(lambda value: without(value)[:60], na_action="ignore")
    stages = tag.contrasts(customers, "rfm_class", ["stage"])
    found = [_profile(run, row, customers, cells, stages) for row in told.to_dict("records")]
    return Profiles(len(run.buyers), len(customers), found), []


def _is_in(portraits: pd.DataFrame, classes: pd.DataFrame) -> pd.Series:
    return portraits["rfm_class"].isin(classes["rfm_class"])


def _profile(run: Result, row: dict, customers: pd.DataFrame, cells: pd.DataFrame, stages: pd.DataFrame) -> Profile:
    name = row["rfm_class"]
    own = customers[customers["rfm_class"] == name]
    cells = cells[cells["group"] == name].drop(columns="group").reset_index(drop=True)
    stages = _stages(customers, stages[stages["group"] == name])
    by_stage = stages.set_index("stage")["customers"]
    counts = {
        "customers": int(row["customers"]),
        "at_risk": _count(by_stage.get("at_risk")),
        "lost": _count(by_stage.get("lost")),
        "unhappy": _unhappy(own),
    }
    counts["mostly_lost"] = counts["lost"] if (counts["lost"] or 0) > counts["customers"] / 2 else None
    return Profile(
        name,
        counts["customers"],
        *(row[c] for c in ("share", "money", "money_share", "low", "high")),
        *_expected(run, name),
        {c: _middle(own[c].dropna()) for c in _MEASURES if c in own and own[c].notna().sum() >= HIDDEN_BELOW},
        stages,
        _nps(run, name),
        _satisfied(own),
        cells,
        {c: int(n) for c, n in cells.groupby("column", sort=False)["of"].first().items()},
        *(counts[c] for c in ("at_risk", "lost", "unhappy")),
        _do(name, {k: v for k, v in counts.items() if v is not None}),
    )


def _expected(run: Result, name: str) -> tuple[float | None, float | None, float | None]:
    if "clv" not in run.found:
        return None, None, None
    row = run.found["clv"].classes.set_index("rfm_class").loc[name]
    return tuple(None if pd.isna(row[c]) else float(row[c]) for c in ("value", "low", "high"))


def _middle(values: pd.Series) -> dict:
    low, median, high = values.astype("float64").quantile([0.25, 0.5, 0.75])
    return {"median": median, "low": low, "high": high, "n": len(values)}


def _stages(customers: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """The stages of the class, without those that nobody is in; one that is not told apart is blank."""
    names = [s for s in lifecycle.STAGES if "stage" in customers and (customers["stage"] == s).any()]
    table = cells.set_index("value")[["in_group", "share"]].reindex(names).rename(columns={"in_group": "customers"})
    return table[table["customers"] != 0].rename_axis("stage").reset_index()


def _count(customers: float | None) -> int | None:
    """A number of people of whom something is to be done: nobody is none."""
    return None if pd.isna(customers) or not customers else int(customers)


def _unhappy(own: pd.DataFrame) -> int | None:
    """Customers whose last answer was 6 or less; None where these, or the others who answered, are a few."""
    answers = own["survey_score"].dropna() if "survey_score" in own else pd.Series(dtype="float64")
    k = int((answers <= 6).sum())
    return k if min(k, len(answers) - k) >= HIDDEN_BELOW else None


def _nps(run: Result, name: str) -> dict | None:
    table = run.found["nps"].by_class if "nps" in run.found else None
    own = pd.DataFrame() if table is None else table[(table["rfm_class"] == name) & (table["n"] >= LEAST_ANSWERS)]
    return None if own.empty else {c: float(own[c].iloc[0]) for c in ("value", "low", "high", "n")}


def _satisfied(own: pd.DataFrame) -> dict | None:
    answers = own["satisfaction"].dropna() if "satisfaction" in own else pd.Series(dtype="str")
    k, n = int((answers == "satisfied").sum()), len(answers)
    if n < LEAST_ANSWERS or min(k, n - k) < HIDDEN_BELOW:
        return None
    low, high = wilson(k, n)
    return {"share": k / n, "low": float(low), "high": float(high), "n": n}


# --- what to do ------------------------------------------------------------------------------------------------------


@cache
def _rules() -> dict[str, list[dict]]:
    return small_yaml.read(_RULES)


def _do(name: str, counts: dict[str, int]) -> Sentence:
    """The first rule of the class of which every figure is told."""
    rule = next(rule for rule in _rules()[name] if _places(rule["en"]) <= set(counts))
    return Label(rule["en"], rule["zh"], **counts)


def _places(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}
