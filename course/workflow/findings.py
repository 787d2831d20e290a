"""What the steps find beyond one row a customer: each function gives one step's findings, or None and why not.

A part that the data cannot give costs that part alone: its reason goes to `not_done`, the rest goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import behaviour, effect, lifecycle, nps, schema, segment
from course.clean import Cleaned
from course.errors import DataError
from course.language import Sentence

CLUSTER_FEATURES = ["recency_days", "frequency", "monetary_net"]
#: Discount of a month at ten per cent a year.
_MONTHLY = 1.10 ** (1 / 12) - 1
#: How many customers an early warning names: as many as a small team can call in a week, never more than one in twenty.
_BUDGET, _BUDGET_SHARE = 100, 0.05
#: Customers on whom segments are judged: more would cost time and change no digit that is shown.
_JUDGED = 20_000


def attempt(
    not_done: list[Sentence], what: Sentence, function: Callable, *arguments: object, **options: object
) -> object:
    """What the function gives; where the data do not allow it, None and a line in `not_done`."""
    try:
        return function(*arguments, **options)
    except DataError as error:
        not_done.append(Sentence("{what}: {why}", what=what, why=error.sentence))
        return None


@dataclass
class Behaviour:
    """What customers do; a part is None where the data do not give it.

    Attributes
    ----------
    concentration : how money is spread; retention : cohorts by month; pairs : products bought together; recommender :
        item-item beside popularity on the last third of the time; shift : who turned to other categories in it;
        sensitivity : price sensitivity by exposure, a row a customer; funnel : view, cart, buy per session and per
        user; visits : sessions, their number and median dwell time
    split : last day before the last third
    """

    concentration: behaviour.Pareto | None
    retention: pd.DataFrame | None
    pairs: pd.DataFrame | None = None
    recommender: behaviour.RecommendHoldout | None = None
    shift: behaviour.PreferenceShift | None = None
    sensitivity: pd.DataFrame | None = None
    funnel: pd.DataFrame | None = None
    visits: dict | None = None
    split: pd.Timestamp | None = None


def behaviour_of(
    cleaned: dict[str, Cleaned], portraits: pd.DataFrame, as_of: pd.Timestamp, not_done: list[Sentence]
) -> Behaviour:
    """What customers buy, return for and click."""
    orders = cleaned["orders"].valid
    split = two_thirds(orders, as_of)
    money = portraits["monetary_net"].dropna().clip(lower=0)
    found = Behaviour(
        attempt(not_done, Sentence("how money is spread"), behaviour.pareto, money),
        attempt(not_done, Sentence("retention of cohorts"), behaviour.cohorts, orders, as_of),
        split=split,
    )
    lines = cleaned["order_lines"].valid if "order_lines" in cleaned else None
    bought = _goods(orders, lines, as_of)
    if bought is not None and "product_id" in bought:
        found.pairs = attempt(not_done, Sentence("products bought together"), behaviour.baskets, bought, as_of=as_of)
        found.recommender = attempt(
            not_done, Sentence("recommendations"), behaviour.recommend_holdout, bought, split, as_of=as_of
        )
    if bought is not None and "category" in bought and bought["category"].nunique() > 1:
        found.shift = attempt(
            not_done, Sentence("change of preferences"), behaviour.preference_shift, bought, split, as_of=as_of
        )
    if {"discount", "promo_id"} & set(orders.columns):
        found.sensitivity = attempt(
            not_done, Sentence("price sensitivity"), behaviour.price_sensitivity, orders, as_of=as_of
        )
    if "events" in cleaned:
        _clicks(found, cleaned["events"].valid, as_of, not_done)
    return found


def _goods(orders: pd.DataFrame, lines: pd.DataFrame | None, as_of: pd.Timestamp) -> pd.DataFrame | None:
    """The lines of all orders, where anything says what was bought."""
    try:
        bought = behaviour.purchases(orders, lines, as_of)
    except DataError:
        return None
    goods = bought[~bought["is_fee"].fillna(False).astype(bool)] if "is_fee" in bought else bought
    if "product_id" not in goods and "product_name" in goods:
        goods = goods.rename(columns={"product_name": "product_id"})
    return goods.dropna(subset="product_id") if "product_id" in goods else goods


def _clicks(found: Behaviour, events: pd.DataFrame, as_of: pd.Timestamp, not_done: list[Sentence]) -> None:
    sessions = attempt(not_done, Sentence("visits"), behaviour.sessions, events, as_of=as_of)
    if sessions is not None:
        dwell = sessions["dwell_seconds"].dropna()
        found.visits = {
            "sessions": len(sessions),
            "visitors": int(sessions["visitor_id"].nunique()),
            "one_page": float((sessions["events"] == 1).mean()),
            "dwell_seconds": float(dwell.median()) if len(dwell) else np.nan,
        }
    kinds = set(events["kind"].dropna().unique()) if "kind" in events else set()
    if {"view", "cart", "buy"} <= kinds:
        found.funnel = attempt(not_done, Sentence("view, cart, buy"), behaviour.funnel, events, as_of=as_of)


@dataclass
class Lifecycle:
    """Where customers stand and go; a part is None where the data do not give it.

    Attributes
    ----------
    standing : lifecycle.stages on the as-of date; limits : the thresholds behind it; periods : lifecycle.states by
        month; moves : transitions; links : weakest_link by value; warning : early_warning; returns : come_back;
        complaints : complaint_risk
    """

    standing: pd.DataFrame
    limits: pd.DataFrame
    periods: lifecycle.States
    moves: lifecycle.Transitions | None = None
    links: pd.DataFrame | None = None
    warning: lifecycle.Warnings | None = None
    returns: pd.DataFrame | None = None
    complaints: lifecycle.ComplaintRisk | None = None


def lifecycle_of(cleaned: dict[str, Cleaned], as_of: pd.Timestamp, not_done: list[Sentence]) -> Lifecycle | None:
    """Stages on the as-of date, how customers move between them, whom to look at before they leave."""
    orders = cleaned["orders"].valid
    customers = cleaned["customers"].valid if "customers" in cleaned else None
    joined = customers if customers is not None and "joined_at" in customers else None
    tickets = cleaned["tickets"].valid if "tickets" in cleaned else None
    limits = attempt(not_done, Sentence("stages of life"), lifecycle.thresholds, orders, as_of)
    if limits is None:
        return None
    standing = lifecycle.stages(orders, as_of, limits, joined)
    found = Lifecycle(standing, limits, lifecycle.states(orders, as_of))
    found.moves = attempt(
        not_done,
        Sentence("moves between stages"),
        lifecycle.transitions,
        orders,
        as_of,
        thresholds=limits,
        joined=joined,
    )
    if found.moves is not None and found.moves.money.notna().all():
        moves = found.moves
        found.links = attempt(
            not_done,
            Sentence("weakest link"),
            lifecycle.weakest_link,
            moves.rates,
            moves.money,
            moves.customers,
            _MONTHLY,
        )
    scored = int(standing["stage"].isin(["first_purchase", "active", "loyal", "at_risk"]).sum())
    budget = max(1, min(_BUDGET, int(scored * _BUDGET_SHARE)))
    found.warning = attempt(
        not_done, Sentence("early warning"), lifecycle.early_warning, orders, as_of, budget=budget, tickets=tickets
    )
    found.returns = attempt(not_done, Sentence("who comes back anyway"), lifecycle.come_back, orders, as_of)
    if tickets is not None:
        found.complaints = attempt(
            not_done, Sentence("complaints and silence"), lifecycle.complaint_risk, _complaints(tickets), orders, as_of
        )
    return found


def _complaints(tickets: pd.DataFrame) -> pd.DataFrame:
    """The tickets whose topic says complaint, where topics say it; else all of them."""
    if "topic" not in tickets:
        return tickets
    said = tickets["topic"].astype("str").str.contains("complain|投诉", case=False)
    return tickets[said] if said.any() else tickets


@dataclass
class Willingness:
    """What the answers to the 0–10 question say.

    Attributes
    ----------
    score : NPS of the valid answers; weighted : with the survey's weights, if it has any
    waves : NPS a quarter with the change, if answers are dated over more than one; by_class : NPS a RFM class, if
        respondents are customers with orders; drivers : of the survey's columns that are called driver_…; factors :
        behind those called item_…; themes : of the comments, if there are any
    """

    score: nps.Score
    weighted: nps.Score | None = None
    waves: pd.DataFrame | None = None
    by_class: pd.DataFrame | None = None
    drivers: nps.Drivers | None = None
    factors: segment.Factors | None = None
    themes: pd.DataFrame | None = None


def willingness_of(answers: pd.DataFrame, portraits: pd.DataFrame, not_done: list[Sentence]) -> Willingness | None:
    """NPS with what stands behind it."""
    score = attempt(not_done, Sentence("willingness to recommend"), nps.score, answers["score"])
    if score is None:
        return None
    found = Willingness(score)
    if "weight" in answers and answers["weight"].gt(0).any():
        found.weighted = nps.score(answers["score"], weights=answers["weight"].fillna(0).clip(lower=0))
    if "answered_at" in answers and answers["answered_at"].dt.to_period("Q").nunique() > 1:
        found.waves = nps.waves(answers)
    if "customer_id" in answers and "rfm_class" in portraits:
        joined = answers.merge(portraits[["customer_id", "rfm_class"]], on="customer_id").dropna(subset="rfm_class")
        if len(joined):
            found.by_class = nps.by(joined, "rfm_class")
    if len((rated := _rated(answers, "driver_")).columns) > 1:
        scored = rated.assign(score=answers["score"])
        found.drivers = attempt(
            not_done, Sentence("drivers"), nps.drivers, scored, "score", list(rated), repeats=200, odds=False
        )
    if len((items := _rated(answers, "item_")).columns) > 2:
        found.factors = attempt(not_done, Sentence("factors behind the items"), segment.factors, items)
    if "comment" in answers and answers["comment"].notna().any():
        found.themes = attempt(not_done, Sentence("themes of comments"), nps.theme_table, answers)
    return found


def _rated(answers: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """The export's own columns with this prefix, as numbers."""
    return pd.DataFrame({c: pd.to_numeric(answers[c], errors="coerce") for c in answers if c.startswith(prefix)})


@dataclass
class Foretelling:
    """Whether RFM classes tell what customers do next, judged on the last third of the time.

    Attributes
    ----------
    split : the last day that classes and features may know
    worth : segment.foretells of the money spent after it; dimensions : segment.dimensions of the same
    """

    split: pd.Timestamp
    worth: pd.DataFrame
    dimensions: pd.DataFrame


def foretelling_of(orders: pd.DataFrame, as_of: pd.Timestamp, not_done: list[Sentence]) -> Foretelling | None:
    """Segments of the first two thirds of the time held against the last."""
    split = two_thirds(orders, as_of)
    before = orders[orders["ordered_at"] < split + pd.Timedelta(days=1)]
    first = orders["ordered_at"].min().normalize()
    if (as_of - first).days < 90 or before["customer_id"].nunique() < 200:
        not_done.append(
            Sentence("whether segments foretell: needs 90 days and 200 customers in their first two thirds")
        )
        return None
    known = segment.rfm(before, split).set_index("customer_id")
    known = known.iloc[:: -(-len(known) // _JUDGED)]
    after = orders.drop(before.index)
    outcome = (after["amount"] - after["refunded"]).groupby(after["customer_id"]).sum().reindex(known.index).fillna(0.0)
    if outcome.nunique() < 10:
        not_done.append(Sentence("whether segments foretell: hardly anybody bought in the last third of the time"))
        return None
    # Money is so unequal that a single customer would decide an R²: the logarithm is judged.
    target = np.log1p(outcome.clip(lower=0))
    features = known[CLUSTER_FEATURES].astype("float64")
    worth = segment.foretells(features, known["rfm_class"], target)
    return Foretelling(split, worth, segment.dimensions(features, target))


def two_thirds(orders: pd.DataFrame, as_of: pd.Timestamp) -> pd.Timestamp:
    """The last day of the first two thirds of the time: the last third is held out."""
    first = orders["ordered_at"].min().normalize()
    return (first + (as_of - first) * 2 // 3).normalize()


def campaigns_of(cleaned: dict[str, Cleaned], as_of: pd.Timestamp, not_done: list[Sentence]) -> effect.Campaigns | None:
    """What campaigns changed, by the customers left out of them."""
    sent = cleaned["campaigns"].valid
    if schema.time_column(sent) is None or "campaign_id" not in sent:
        not_done.append(Sentence("what campaigns changed: needs the campaign and the day it was sent"))
        return None
    # Who was left out has often no date of sending: by_arm gives them the campaign's first.
    dated = sent.dropna(subset=["campaign_id", "customer_id"])
    return attempt(not_done, Sentence("what campaigns changed"), effect.by_arm, dated, cleaned["orders"].valid, as_of)
