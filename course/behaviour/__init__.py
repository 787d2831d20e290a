"""Behaviour: what customers buy, how often, where and with what; how they click, come back, and change their minds.

`purchases` makes one frame of either layout of orders and holds the habits, `money` the concentration, `visits`
sessions and funnels, `cohorts` retention, `preference` shifts; `baskets`, `recommend` and `price` what they say.
"""

from course.behaviour.baskets import baskets
from course.behaviour.cohorts import cohorts
from course.behaviour.money import Gini, Pareto, gini, lorenz, pareto
from course.behaviour.overview import pooled_retention, promotion_buyers, sales_by_month, visit_overview
from course.behaviour.preference import PreferenceShift, preference_shift
from course.behaviour.price import more_than_the_shop, price_sensitivity, psm
from course.behaviour.purchases import habits, purchases
from course.behaviour.recommend import ItemItem, RecommendHoldout, recommend_holdout
from course.behaviour.visits import funnel, pages, sessions

__all__ = [
    "Gini",
    "ItemItem",
    "Pareto",
    "PreferenceShift",
    "RecommendHoldout",
    "baskets",
    "cohorts",
    "funnel",
    "gini",
    "habits",
    "lorenz",
    "more_than_the_shop",
    "pages",
    "pareto",
    "pooled_retention",
    "preference_shift",
    "price_sensitivity",
    "promotion_buyers",
    "psm",
    "purchases",
    "recommend_holdout",
    "sales_by_month",
    "sessions",
    "visit_overview",
]
