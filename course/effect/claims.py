"""A claim in words ("conversion +30 %") as what it says, what it would take to test it, and what it leaves out."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from course.effect.planning import needed, needed_mean
from course.errors import DataError
from course.language import Sentence

UNITS = ("share", "mean", "total")


@dataclass(frozen=True)
class Metric:
    """A metric that claims are made of: `name`, `unit` (one of UNITS), a usual `base`, `words` that claims use for it.

    A base is an assumption (a usual size), there so that a claim without one can be translated at all.
    """

    name: Sentence
    unit: str
    base: float | None
    words: tuple[str, ...]


#: In the order in which a text is searched: "sales per user" is ARPU, not sales.
METRICS = {
    "conversion": Metric(Sentence("conversion rate"), "share", 0.05, ("conversion", "转化")),
    "repurchase": Metric(Sentence("repeat-purchase rate"), "share", 0.25, ("repurchase", "repeat", "复购")),
    "bad_debt": Metric(Sentence("bad-debt rate"), "share", 0.03, ("bad debt", "bad-debt", "坏账")),
    "activity": Metric(Sentence("share of active users"), "share", 0.30, ("activity", "active", "活跃")),
    "renewal": Metric(Sentence("renewal rate"), "share", 0.60, ("renew", "续费", "续约")),
    "churn": Metric(Sentence("churn rate"), "share", 0.20, ("churn", "流失")),
    "response": Metric(Sentence("response rate"), "share", 0.02, ("response", "响应")),
    "satisfaction": Metric(Sentence("satisfaction score"), "mean", None, ("satisf", "满意")),
    "arpu": Metric(Sentence("revenue per user (ARPU)"), "mean", None, ("arpu", "per user", "per customer", "客单价")),
    "sales": Metric(Sentence("sales"), "total", None, ("sales", "revenue", "销售", "营收")),
}


@dataclass(frozen=True)
class Claim:
    """A claim as it was made: where (`source`), `metric` (a key of METRICS), `change` (None: no number was named), and
    `group`, whether it speaks of one group of customers only."""

    source: str
    metric: str
    change: float | None
    group: bool = False


#: What the articles behind the course claim for portraits, by the number of the item.
CLAIMS = (
    Claim("S4.24", "conversion", 0.30),
    Claim("S4.24", "repurchase", 0.20),
    Claim("S4.25", "bad_debt", -0.15),
    Claim("S4.25", "satisfaction", None),
    Claim("S4.26", "activity", 0.25),
    Claim("S4.26", "renewal", 0.15),
    Claim("S4.27", "churn", -0.10),
    Claim("S4.27", "arpu", 0.08),
    Claim("S4.34", "response", 0.25),
    Claim("S4.35", "conversion", 0.30, group=True),
    Claim("S4.36", "sales", 0.15),
)


@dataclass(frozen=True)
class Translation:
    """What a claim says and takes.

    Attributes
    ----------
    readings : one row a reading that is possible: reading ("relative", "points"), before, after (shares or means), n
        (customers an arm; 80 % power, 5 % two-sided); empty where the claim gives nothing to count
    says : the readings in words
    needs : what has to be there before the claim can be called shown; the control group always comes first
    """

    readings: pd.DataFrame
    says: list[Sentence] = field(default_factory=list)
    needs: list[Sentence] = field(default_factory=list)

    @property
    def sentences(self) -> list[Sentence]:
        """What it says, then what it needs."""
        return [*self.says, *self.needs]


def translate(
    metric: str | Sentence,
    base: float | None,
    change: float | None,
    unit: str = "share",
    *,
    sd: float | None = None,
    reading: str | None = None,
    group: bool = False,
) -> Translation:
    """What a claim means, read as relative and as percentage points, and what it takes to test it.

    Parameters
    ----------
    metric : its name, as the sentences are to call it.
    base : the value before: a share (0–1) or a mean. None is enough for a mean or a total without a sample size.
    change : 0.3 for "30 %", negative for a fall; None where the claim names no number.
    unit : "share" (so many of the customers), "mean" (money or points a customer), "total" (sales of a year).
    sd : of a mean, the standard deviation of one customer.
    reading : "relative" or "points" where the claim says which it means; default: both.
    group : the claim is of one group of customers, say young women in large cities.

    Raises
    ------
    DataError : an unknown unit or reading; a share without a base in (0, 1); a change that neither reading allows.
    """
    if unit not in UNITS or reading not in (None, "relative", "points"):
        raise DataError(
            "A unit is one of {units} and a reading is relative or points; got {unit} and {reading}.",
            units=", ".join(UNITS),
            unit=unit,
            reading=reading,
        )
    if change is None:
        vague = Sentence("“{metric} changes” names no number: nothing can be tested until it does.", metric=metric)
        return Translation(_frame([]), [vague], _needs(unit, group))
    if unit == "share":
        rows, says = _share(metric, base, change, reading)
    else:
        rows, says = _mean(metric, base, change, sd) if unit == "mean" else ([], [_total(metric, change)])
    return Translation(_frame(rows), says, _needs(unit, group))


def claim(text: str, base: float | None = None, sd: float | None = None) -> Translation:
    """`translate` for a claim in English or Chinese words: "转化率提升30%", "churn falls by 2 percentage points".

    It looks for one of METRICS, the first number with % or points, and a word of falling; nothing cleverer.

    Parameters
    ----------
    text : the claim.
    base : the value before; default: the usual one of METRICS.
    sd : as for `translate`.

    Raises
    ------
    DataError : no metric of METRICS is in the text.
    """
    lower = text.lower()
    found = next((m for m in METRICS.values() if any(w in lower for w in m.words)), None)
    if found is None:
        raise DataError("No known metric in “{text}”. Known are: {known}.", text=text, known=", ".join(METRICS))
    number = re.search(r"([+\-−–])?\s*(\d+(?:\.\d+)?)\s*(%|％|个?百分点|percentage points?|points?|pp\b)", lower)
    if number is None:
        return translate(found.name, base, None, found.unit)
    sign, size, mark = number.groups()
    down = sign in ("-", "−", "–") or (sign is None and _FALL.search(lower) is not None)
    return translate(
        found.name,
        found.base if base is None else base,
        float(size) / (-100 if down else 100),
        found.unit,
        sd=sd,
        reading="points" if mark not in "%％" and found.unit == "share" else None,
    )


_FALL = re.compile(r"fall|fell|drop|reduc|decreas|lower|cuts?\b|down|less|fewer|降|减少|下跌|下滑")


def audit(claims: Iterable[Claim] = CLAIMS) -> pd.DataFrame:
    """All claims at their usual bases, one row each.

    Returns
    -------
    frame in the order of `claims`: source, metric (key of METRICS), unit, base, change, n_relative, n_points (customers
        an arm; NA where the claim gives no number to count), translation (Translation)
    """
    rows = []
    for one in claims:
        metric = METRICS[one.metric]
        told = translate(metric.name, metric.base, one.change, metric.unit, group=one.group)
        n = told.readings.set_index("reading")["n"].reindex(["relative", "points"])
        rows.append((one.source, one.metric, metric.unit, metric.base, one.change, *n, told))
    columns = ["source", "metric", "unit", "base", "change", "n_relative", "n_points", "translation"]
    return pd.DataFrame(rows, columns=columns).astype({"n_relative": "Int64", "n_points": "Int64"})


def _frame(rows: list[tuple]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["reading", "before", "after", "n"])
    return frame.astype({"reading": "str", "before": "float64", "after": "float64", "n": "int64"})


def _share(metric: object, base: float | None, change: float, reading: str | None) -> tuple[list, list]:
    if base is None or not 0 < base < 1:
        raise DataError("A claim about a share needs a base between 0 and 1, not {base}.", base=base)
    afters = {"relative": base * (1 + change), "points": base + change}
    rows, says = [], []
    for name in [reading] if reading else afters:
        after, possible = afters[name], 0 < afters[name] < 1 and change != 0
        n = needed(base, change, relative=name == "relative") if possible else None
        rows += [(name, base, after, n)] if possible else []
        says.append(_reading(name, metric=metric, change=change, points=100 * change, before=base, after=after, n=n))
    if not rows:
        raise DataError(
            "“{metric} {change:+.4g}” cannot be tested: from {base:.4g} it does not move, or leaves the range from 0 "
            "to 1.",
            metric=metric,
            change=change,
            base=base,
        )
    return rows, says


def _reading(name: str, **values: object) -> Sentence:
    if values["n"] is None and name == "relative":
        return Sentence("Relative: {metric} {change:+.1%} from {before:.1%} leaves the range from 0 to 100%.", **values)
    if values["n"] is None:
        return Sentence(
            "Percentage points: {metric} {points:+.1f} points from {before:.1%} leaves the range from 0 to 100%.",
            **values,
        )
    if name == "relative":
        return Sentence(
            "Relative: {metric} {change:+.1%} is from {before:.1%} to {after:.1%}; {n:,} customers an arm find that "
            "four times in five.",
            **values,
        )
    return Sentence(
        "Percentage points: {metric} {points:+.1f} points is from {before:.1%} to {after:.1%}; {n:,} customers an arm "
        "find that four times in five.",
        **values,
    )


def _mean(metric: object, base: float | None, change: float, sd: float | None) -> tuple[list, list]:
    if base is None or sd is None:
        return [], [
            Sentence(
                "{metric} {change:+.1%}: a mean has no sample size without its spread. Were the standard deviation "
                "of one customer as large as the mean, it would take {n:,} customers an arm; twice the spread takes "
                "four times as many.",
                metric=metric,
                change=change,
                n=needed_mean(1.0, change),
            )
        ]
    after, n = base * (1 + change), needed_mean(sd, base * change)
    said = Sentence(
        "{metric} {change:+.1%} is from {before:,.2f} to {after:,.2f} a customer; with a standard deviation of "
        "{sd:,.2f}, {n:,} customers an arm find that four times in five.",
        metric=metric,
        change=change,
        before=base,
        after=after,
        sd=sd,
        n=n,
    )
    return [("relative", base, after, n)], [said]


def _total(metric: object, change: float) -> Sentence:
    return Sentence(
        "{metric} {change:+.1%}: a total has one value a year, so there is no sample to size. Claim it a customer, "
        "or a shop or region drawn at random, and it can be tested.",
        metric=metric,
        change=change,
    )


def _needs(unit: str, group: bool) -> list[Sentence]:
    needs = [
        Sentence(
            "A control group drawn at random, over the same days: without one nobody knows what would have happened "
            "anyway."
        )
    ]
    if unit == "share":
        needs.append(Sentence("The base rate, measured: the one used here may only be the usual one."))
    else:
        needs.append(
            Sentence("The variance of one customer: a few large ones can move a mean or a total by themselves.")
        )
        needs.append(Sentence("A price index: dearer goods raise the money without one more sale."))
    if unit == "total":
        needs.append(Sentence("The trend before: what grows every year has grown without the measure too."))
    if group:
        needs.append(
            Sentence(
                "The group fixed before the result was seen: of many groups the best one is lucky as well as good."
            )
        )
    return needs
