"""What customers buy, and return for."""

from dataclasses import dataclass

import pandas as pd

from course import behaviour
from course.engine import Relation
from course.errors import DataError
from course.evidence import LEAST, enough
from course.intervals import effective
from course.language import Sentence
from course.orders import goods_only
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result
from course.workflow.steps.foretelling import two_thirds

NEEDS = ("orders",)
DOING = Sentence("Looking at what customers do")

#: Pairs of products that the report names.
_PAIRS = 8


@dataclass
class Behaviour(Finding):
    """What customers do; a part is None where the data do not give it.

    Attributes
    ----------
    habits : behaviour.habits, a row a customer
    concentration : how money is spread; retention : of all cohorts by age
    pairs, pairs_together : the pairs of products bought together most, and the number of pairs
    recommender : item-item beside popularity on the last third of the time
    shift : who turned to other categories in it; split : the last day before it
    sensitivity : price sensitivity by exposure, a row a customer; promotion : behaviour.promotion_buyers
    """

    habits: pd.DataFrame
    concentration: behaviour.Pareto | None = None
    retention: pd.DataFrame | None = None
    pairs: pd.DataFrame | None = None
    pairs_together: int | None = None
    recommender: behaviour.RecommendHoldout | None = None
    shift: behaviour.PreferenceShift | None = None
    split: pd.Timestamp | None = None
    sensitivity: pd.DataFrame | None = None
    promotion: dict | None = None

    @property
    def shifted(self) -> int:
        """Customers who turned to other categories beyond what everybody did and chance."""
        return int(self.shift.customers["shifted"].sum())

    def columns(self) -> pd.DataFrame:
        """The habits, and price_sensitivity and price_q where they are known."""
        if self.sensitivity is None:
            return self.habits.round(6)
        known = self.sensitivity[["customer_id", "price_sensitivity"]]
        known = known.assign(price_q=behaviour.more_than_the_shop(self.sensitivity))
        return self.habits.merge(known, how="outer", on="customer_id").round(6)

    def entry(self) -> dict:
        """{behaviour: every part there is}."""
        out: dict = {}
        if self.concentration is not None:
            gini = self.concentration.gini
            out["top_fifth_money_share"] = self.concentration.top_fifth
            out["gini"] = {"value": gini.value, "low": gini.low, "high": gini.high}
            out["lorenz"] = plain(self.concentration.lorenz)
        if self.pairs is not None:
            # The interval of a lift is that of a pair chosen beforehand; these were chosen for what they show.
            pairs = self.pairs.drop(columns=["lift_low", "lift_high"])
            out |= {"pairs_together": self.pairs_together, "pairs": plain(pairs)}
        if self.recommender is not None:
            out["recommender"] = plain(self.recommender.results)
            if self.recommender.drawn_of is not None:
                out["recommender_drawn_of"] = self.recommender.drawn_of
        if self.shift is not None:
            out["shift"] = {"split": plain(self.split), "shifted": self.shifted, "categories": plain(self.shift.base)}
            out["shift"] |= {"fitted": self.shift.fitted, "customers": len(self.shift.customers)}
        for name in ("retention", "promotion"):
            if (part := getattr(self, name)) is not None:
                out[name] = plain(part)
        return {"behaviour": out}


def find(run: Result) -> tuple[Behaviour, list[Sentence]]:
    """Habits, concentration, retention; with products baskets."""
    attempt, as_of = Attempts(), run.as_of
    orders, lines = run.rows("orders"), run.rows("order_lines")
    found = Behaviour(behaviour.habits(orders, lines, as_of), split=two_thirds(orders, as_of))
    money = run.portraits["monetary_net"].dropna().clip(lower=0)
    found.concentration = attempt(Sentence("how money is spread"), _concentration, money)
    found.retention = attempt(Sentence("retention of cohorts"), _retention, run.days, as_of)
    bought = _goods(orders, lines, as_of)
    if bought is not None:
        _baskets(found, bought, as_of, attempt)
    if {"discount", "promo_id"} & set(orders.columns):
        what = Sentence("price sensitivity")
        found.sensitivity = attempt(what, _sensitivity, run.heads, as_of)
        if found.sensitivity is not None:
            found.promotion = behaviour.promotion_buyers(found.sensitivity)
    return found, attempt.not_done


def _goods(orders: Relation, lines: Relation | None, as_of: pd.Timestamp) -> Relation | None:
    """The lines of all orders, where anything says what was bought."""
    try:
        bought = behaviour.purchases(orders, lines, as_of)
    except DataError:
        return None
    goods = goods_only(bought)
    if "product_id" not in goods and "product_name" in goods:
        named = [c for c in goods.columns if c != "product_name"]
        goods = goods.computed("product_id", "product_name", "str")[["product_id", *named]]
    return goods.where("product_id IS NOT NULL") if "product_id" in goods else goods


def _baskets(found: Behaviour, bought: Relation, as_of: pd.Timestamp, attempt: Attempts) -> None:
    split = found.split
    if "product_id" in bought:
        pairs = attempt(Sentence("products bought together"), behaviour.baskets, bought, as_of=as_of)
        if pairs is not None:
            found.pairs_together = len(pairs)
            found.pairs = pairs.sort_values("together", ascending=False, kind="stable").head(_PAIRS)
        what = Sentence("recommendations")
        found.recommender = attempt(what, _recommender, bought, split, as_of)
    if "category" in bought and bought.asked("count(DISTINCT category)")[0] > 1:
        what = Sentence("change of preferences")
        found.shift = attempt(what, _preferences, bought, split, as_of)


def _concentration(money: pd.Series) -> behaviour.Pareto:
    enough("shares", effective(money))
    return behaviour.pareto(money)


def _retention(orders: Relation, as_of: pd.Timestamp) -> pd.DataFrame:
    """Retention at the ages that enough customers have reached; the first cohort, of everybody who was there before
    the data begin, are no new customers."""
    table = behaviour.cohorts(orders, as_of)
    new = table["complete"] & (table["age"] == 1) & (table["cohort"] > table["cohort"].min())
    enough("retention", table.loc[new, "customers"].sum())
    pooled = behaviour.pooled_retention(table)
    return pooled[pooled["customers"] >= LEAST["retention"].n].reset_index(drop=True)


def _recommender(bought: Relation, split: pd.Timestamp, as_of: pd.Timestamp) -> behaviour.RecommendHoldout:
    enough("assortment", bought.asked("count(DISTINCT product_id)")[0])
    found = behaviour.recommend_holdout(bought, split, as_of=as_of)
    enough("taken up", found.results.loc[found.results["goods"] == "new", "customers"].max())
    return found


def _preferences(bought: Relation, split: pd.Timestamp, as_of: pd.Timestamp) -> behaviour.PreferenceShift:
    found = behaviour.preference_shift(bought, split, as_of=as_of)
    enough("preferences", len(found.customers))
    return found


def _sensitivity(orders: Relation, as_of: pd.Timestamp) -> pd.DataFrame:
    """Price sensitivity, where promotions are more than single orders and customers bought in and out of them."""
    found = behaviour.price_sensitivity(orders, as_of=as_of)
    enough("promotion day", found.attrs["orders_a_promotion_day"])
    enough("promotion", found["discounted_orders"].sum())
    enough("full price", found["full_orders"].sum())
    return found
