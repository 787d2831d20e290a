"""What stands in an explorer: the columns of the portraits that are filtered, compared and told, and their events.

Everything comes from three files of a result, portraits.parquet, timeline.parquet and ledger.json, so that it can be
made again from them when a person was erased.
"""

import numpy as np
import pandas as pd

from course import actions, lifecycle, segment
from course.engine import query
from course.explorer.packing import Packer
from course.explorer.words import GROUPS, OTHERS, WORDS
from course.labels import Value
from course.language import LANGUAGES, Label, Sentence
from course.telling import without
from course.workflow import portrait_columns

#: Fewer customers are not shown in a shared explorer.
LEAST = 5
#: Values of a column that are told apart, the most common ones; the others are one.
MOST_VALUES = 60
#: Customers that a browser filters at once without being slow; of more, those who brought most.
MOST_CUSTOMERS = 200_000
#: Whom no action is proposed for: that is known, and nothing is unknown of them.
_NONE = "none"
#: Code of a blank value.
UNKNOWN = 255

_CATEGORIES = {
    "rfm_class": "life",
    "stage": "life",
    "action": "life",
    "alert": "life",
    "cluster": "life",
    "gender": "who",
    "age_band": "who",
    "income": "who",
    "city": "who",
    "main_channel": "buys",
    "top_category": "buys",
}
#: Columns of numbers that customers are chosen by.
_RANGES = (
    "monetary_net",
    "expected_value",
    "recency_days",
    "frequency",
    "average_order_value",
    "churn_risk",
    "survey_score",
    "discount_share",
    "tickets",
)
#: Scores are another way of writing the three measures; the model's opinion is in the stage's reading and the risk.
_LEFT_OUT = ("customer_id", "r", "f", "m", "rfm", "rfm_nested", "rfm_class_mean", "p_alive", *_CATEGORIES)
#: What a column is made of: a filter on one explains the other, and nothing is found by comparing them.
_MADE_OF = {
    "rfm_class": ("recency_days", "frequency", "monetary_net"),
    "stage": ("recency_days", "order_days"),
    "alert": ("action", "stage", "churn_risk", "expected_value"),
}
_EVERY = {"rfm_class": tuple(segment.CLASSES.values()), "stage": tuple(lifecycle.STAGES)}
_KINDS = ("order", "visit", "ticket", "answer", "campaign", "control")


def packed(portraits: pd.DataFrame, timeline: pd.DataFrame, ledger: dict, shared: bool = False) -> str:
    """The data of the page, packed.

    Parameters
    ----------
    portraits, timeline, ledger : as the files of a result have them.
    shared : without ids, list, cards and events; no value of fewer than LEAST customers is told apart, and amounts are
        means of so many.
    """
    counted = len(portraits)
    portraits = _rows(portraits, timeline, shared)
    packer, tags = Packer(), ledger["findings"].get("tags", {})
    proposed = [action for action in ledger["findings"].get("actions", ()) if action["audience"]]
    categories = [_category(packer, portraits, *named, shared) for named in _categories(portraits, tags, proposed)]
    numbers = [_number(packer, portraits, column, shared) for column in _numbers(portraits, shared)]
    for kind in ("promoters", "passives", "detractors"):
        packer.codes(f"answers:{kind}", portraits[f"_{kind}"])
    head = {
        "customers": len(portraits),
        "left_out": counted - len(portraits),
        "erased": ledger["customers"] - counted,
        "shared": shared,
        "least": LEAST,
        "unknown": UNKNOWN,
        "as_of": ledger["as_of"],
        "currency": ledger.get("currency"),
        "words": {lang: {k: s.say(lang) for k, s in WORDS.items()} for lang in LANGUAGES},
        "groups": [{"key": key, "label": _both(label)} for key, label in GROUPS.items()],
        "categories": categories,
        "numbers": numbers,
        "lists": _lists(proposed, portraits),
        **_figures(ledger["findings"]),
    }
    if not shared:
        head |= {"ids": portraits["customer_id"].tolist(), **_events(packer, portraits, timeline)}
        head["arms"] = _arms(packer, portraits)
    return packer.text(head)


def _both(label: Sentence) -> dict[str, str]:
    return {lang: label.say(lang) for lang in LANGUAGES}


# --- customers -------------------------------------------------------------------------------------------------------

_ANSWERS = """
    SELECT customer_id, count(*) FILTER (value >= 9) AS _promoters,
           count(*) FILTER (value >= 7 AND value < 9) AS _passives, count(*) FILTER (value < 7) AS _detractors
    FROM timeline WHERE kind = 'answer' GROUP BY customer_id
"""


def _rows(portraits: pd.DataFrame, timeline: pd.DataFrame, shared: bool) -> pd.DataFrame:
    """The customers of the page with their answers; of too many, those who brought most. Where nobody may be known, in
    an order that tells nothing."""
    if len(portraits) > MOST_CUSTOMERS:
        by = ["monetary_net", "customer_id"] if "monetary_net" in portraits else ["customer_id"]
        first = portraits.sort_values(by, ascending=[False, True][: len(by)]).head(MOST_CUSTOMERS)
        portraits = first.sort_values("customer_id")
    answers = query(_ANSWERS, {"timeline": timeline}).astype({"customer_id": "str"})
    found = portraits.merge(answers, how="left", on="customer_id")
    if "action" in found:
        found["action"] = found["action"].fillna(_NONE)
    counts = ["_promoters", "_passives", "_detractors"]
    found[counts] = found[counts].fillna(0).astype("int64")
    if shared:
        found = found.sort_values([c for c in found if c != "customer_id"], kind="stable", na_position="last")
    return found.reset_index(drop=True)


def _arms(packer: Packer, portraits: pd.DataFrame) -> list[str]:
    """The names of the arms that each customer's code is one of, as actions.csv has them: blank where no action is
    proposed. Empty where the portraits know of no action."""
    if "action" not in portraits:
        return []
    arm = pd.Series("", index=portraits.index, dtype="str")
    for action in actions.rules():
        own = portraits.loc[portraits["action"] == action.name, "customer_id"]
        arm[own.index] = actions.arms(own, action.name, action.left_out)
    names = ["", "act", "left out"]
    packer.codes("arm", arm.map({name: code for code, name in enumerate(names)}))
    return names


# --- columns ---------------------------------------------------------------------------------------------------------


def _categories(portraits: pd.DataFrame, tags: dict, proposed: list[dict]) -> list[tuple[str, str, dict]]:
    """(column, group, what the ledger says of the tag, or of the values) of every column with values that are told
    apart. A tag that repeats a column of the portraits is left out."""
    needs = dict.fromkeys(need for action in proposed for need in action["needs"])
    values = {a["key"]: a["label"] for a in proposed} | {_NONE: _both(WORDS["no_action"])}
    chosen_by = {a["key"]: a["needs"] for a in proposed}
    said = {"action": {"values": values, "needs": list(needs), "chosen_by": chosen_by}}
    columns = [(column, group, said.get(column, {})) for column, group in _CATEGORIES.items() if column in portraits]
    named = {f"tag_{name}": entry for name, entry in tags.items() if name not in _CATEGORIES}
    return columns + [(c, "tags", entry) for c, entry in named.items() if c in portraits]


def _category(packer: Packer, portraits: pd.DataFrame, column: str, group: str, tag: dict, shared: bool) -> dict:
    cells = portraits[column]
    yes_or_no = pd.api.types.is_bool_dtype(cells.dtype)
    texts = cells.map({True: "yes", False: "no"}) if yes_or_no else cells.astype("str")
    texts = texts.astype("object").where(cells.notna(), None)
    values, others = _values(column, pd.Series(texts, dtype="str"), yes_or_no, shared)
    codes = texts.map({value: i for i, value in enumerate(values)})
    codes = codes.fillna(len(values)) if others else codes
    packer.codes(f"category:{column}", codes.where(cells.notna().to_numpy(), UNKNOWN).fillna(UNKNOWN).astype("int64"))
    names = [_named(column, value, tag) for value in values] + ([OTHERS] if others else [])
    label = {lang: tag[lang] for lang in LANGUAGES} if "en" in tag else _catalogue(column)["label"]
    return {
        "key": column,
        "group": group,
        "label": label,
        "about": tag.get("definition") or _catalogue(column)["about"],
        "yes_or_no": yes_or_no,
        "made_of": list(tag.get("needs", _MADE_OF.get(column, ()))),
        **{key: tag[key] for key in ("chosen_by",) if key in tag},
        "values": [*values, *(["*"] if others else [])],
        "names": [_both(name) for name in names],
    }


def _values(column: str, texts: pd.Series, yes_or_no: bool, shared: bool) -> tuple[list[str], bool]:
    """The values that are told apart, in their order, and whether others are left."""
    counts = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    kept = counts.head(MOST_VALUES)
    if shared:
        kept = kept[(kept >= LEAST) & np.array([without(value) == value for value in kept.index], dtype=bool)]
        while 0 < counts.sum() - kept.sum() < LEAST and len(kept):
            kept = kept.iloc[:-1]
    if column in _EVERY:  # also those that nobody is in: a link may ask for them
        return [v for v in _EVERY[column] if v in kept.index or v not in counts.index], len(kept) < len(counts)
    if yes_or_no:
        return ["yes", "no"], False
    return (sorted(kept.index) if column == "age_band" else list(kept.index)), len(kept) < len(counts)


def _named(column: str, value: str, tag: dict) -> Sentence:
    if column == "rfm_class":
        money, rest = value.split("_", 1)
        return Sentence(f"{money.title()} – {rest.replace('_', ' ')}")  # as the report calls it
    if column == "stage":
        return lifecycle.STAGES[value]
    if value in ("yes", "no"):
        return WORDS[value]
    if said := tag.get("values", {}).get(value):
        return Label(said["en"], said["zh"])
    return Value(column.removeprefix("tag_"), value, without(value)[:60])


def _numbers(portraits: pd.DataFrame, shared: bool) -> list[str]:
    """The columns of numbers and days, those that customers are chosen by first."""
    defined = [c["name"] for c in portrait_columns()["columns"]]
    told = [] if shared else [c for c in defined if c not in (*_RANGES, *_LEFT_OUT)]
    there = portraits.select_dtypes(["number", "datetime"]).columns
    return [c for c in (*_RANGES, *told) if c in there and portraits[c].notna().any()]


def _number(packer: Packer, portraits: pd.DataFrame, column: str, shared: bool) -> dict:
    cells, unit = portraits[column], _catalogue(column)["unit"]
    if unit == "date":
        values = _days(cells)
    else:
        values = cells.to_numpy(dtype="float64", na_value=np.nan)
    if shared:
        values = averaged(values, portraits.get("rfm_class", pd.Series("", index=portraits.index)))
    packer.numbers(f"number:{column}", values)
    known = _catalogue(column)
    if unit == "days":
        known["label"] = {lang: _with_unit(known["label"][lang], unit, lang) for lang in LANGUAGES}
    return {"key": column, "label": known["label"], "about": known["about"], "unit": unit, "range": column in _RANGES}


def _with_unit(label: str, unit: str, lang: str) -> str:
    """A label with its unit, where it does not name it already: order days are days."""
    name = portrait_columns()["units"][unit][lang]
    return label if name in label else Sentence("{label}, {unit}", label=label, unit=name).say(lang)


def averaged(values: np.ndarray, within: pd.Series, least: int = LEAST) -> np.ndarray:
    """Numbers of which none is one customer's: neighbours in size, `least` or more, have their mean.

    The sum is kept, of all and of every group of `within` that has so many. Where fewer than `least` have a number at
    all, it is blank. (Univariate microaggregation: Domingo-Ferrer and Mateo-Sanz, Practical data-oriented
    microaggregation for statistical disclosure control, IEEE TKDE 14 (2002), 189–201.)

    Parameters
    ----------
    values : (n,) numbers, blanks as NaN; within : (n,) groups.
    """
    found = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    if len(known) < least:
        return found
    groups = within.iloc[known].astype("str").fillna("").reset_index(drop=True)
    sizes = groups.map(groups.value_counts())
    groups = groups.where(sizes >= least, "")  # the small ones together
    if 0 < (groups == "").sum() < least:
        groups = groups.where(groups != "", groups[groups != ""].value_counts().sort_index().idxmax())
    for group in sorted(groups.unique()):
        rows = known[(groups == group).to_numpy()]
        rows = rows[np.argsort(values[rows], kind="stable")]
        chunk = np.minimum(np.arange(len(rows)) // least, len(rows) // least - 1)
        means = np.bincount(chunk, values[rows]) / np.bincount(chunk)
        found[rows] = means[chunk]
    return found


def _catalogue(column: str) -> dict:
    entry = next(c for c in portrait_columns()["columns"] if c["name"] == column)
    label, about = ({lang: entry[lang][i] for lang in LANGUAGES} for i in (0, 1))
    return {"label": label, "about": about, "unit": entry["unit"]}


# --- what the ledger says --------------------------------------------------------------------------------------------


def _figures(findings: dict) -> dict:
    """The thresholds behind class and stage, and the intervals of what is expected, as the report has them."""
    lifecycle_, forecast = findings.get("lifecycle", {}), findings.get("forecast", {})
    limits = ("band", "from_order_days", "at_risk_days", "lost_days")
    classes = {c["rfm_class"]: [c["low"], c["high"]] for c in findings.get("clv", {}).get("classes", [])}
    stakes = {a["key"]: a["stake"] for a in findings.get("actions", ())}
    called = {key: [stake["low"], stake["high"]] for key, stake in stakes.items()}
    return {
        "cuts": findings.get("segments", {}).get("cuts"),
        "limits": [{name: band[name] for name in limits} for band in lifecycle_.get("thresholds", [])],
        "warning_days": (lifecycle_.get("early_warning") or {}).get("horizon"),
        "weeks": forecast.get("horizon_weeks"),
        "expected": {"all": [forecast.get("low"), forecast.get("high")], "rfm_class": classes, "action": called},
    }


def _lists(proposed: list[dict], portraits: pd.DataFrame) -> list[dict]:
    """The audience of each action that is proposed, as far as it is in the page."""
    there = set() if "action" not in portraits else set(portraits["action"].dropna())
    return [{"label": a["label"], "filters": a["audience"]} for a in proposed if a["key"] in there]


def _days(dates: pd.Series) -> np.ndarray:
    """Days since 1970, of any year (nanoseconds know four centuries); NaN where there is none."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype("int64"))


# --- events ----------------------------------------------------------------------------------------------------------


def _events(packer: Packer, portraits: pd.DataFrame, timeline: pd.DataFrame) -> dict:
    """The dated events of each customer in their order: where they begin, day, kind, value, what."""
    rows = pd.Series(portraits.index, index=portraits["customer_id"])
    events = timeline[timeline["day"].notna() & timeline["customer_id"].isin(rows.index)]
    owner = events["customer_id"].map(rows).to_numpy(dtype="int64")
    kind = events["kind"].map({k: i for i, k in enumerate(_KINDS)}).to_numpy(dtype="int64")
    days = _days(events["day"]).astype("int64")
    codes, whats = pd.factorize(events["what"], sort=True)
    order = np.lexsort((codes, kind, days, owner))
    first = int(days.min()) if len(days) else 0
    packer.codes("events:begin", np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(rows)))]))
    packer.codes("events:day", days[order] - first)
    packer.codes("events:kind", kind[order])
    packer.codes("events:what", codes[order] + 1)
    packer.numbers("events:value", events["value"].to_numpy(dtype="float64")[order])
    return {"kinds": list(_KINDS), "first_day": first, "whats": ["", *whats]}
