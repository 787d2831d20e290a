"""What Luming sells: 150 products, what stands beside what in a basket, and what is out of stock when."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from course.company.people import ROLES
from course.company.plan import CATEGORIES, WEEKS, Plan, stream

#: What is bought together: a kind, the kind that goes with it, and the chance that it comes along.
COMPANIONS = (("green", "ware", 0.10), ("nappies", "wipes", 0.30), ("make_up", "mask", 0.22), ("audio", "power", 0.25))
#: What each role buys of mother & baby, by kind: factors on the popularity.
_BABY = {
    "none": {"milk_powder": 0.1, "nappies": 0.1, "wipes": 3, "food": 1, "toys": 1, "gift": 0.3},
    "new_parent": {"milk_powder": 3, "nappies": 3, "wipes": 1, "food": 0.7, "toys": 0.3, "gift": 0.03},
    "grandparent": {"milk_powder": 3, "nappies": 1.6, "wipes": 0.5, "food": 1, "toys": 2, "gift": 0.3},
    "gift_buyer": {"milk_powder": 0.5, "nappies": 0.15, "wipes": 0.2, "food": 0.2, "toys": 2, "gift": 7},
}


@cache
def catalogue() -> pd.DataFrame:
    """The products: product_id, category, kind, brand_zh, brand_en, name_zh, name_en, price (yuan, 2023), margin."""
    return pd.read_csv(Path(__file__).parent / "data" / "products.csv", encoding="utf-8")


@dataclass(frozen=True)
class Shelf:
    """How products are drawn.

    Attributes
    ----------
    cents : list prices, years × products
    cdf, at : chances of the products, one stretch of the unit line a (role, tier, category), and whose they are
    companion, chance : for each product the one that goes with it (−1: none), and how often it comes along
    out : products × weeks, bool: out of stock
    substitute : for each product what is bought instead
    category : index of each product's category
    """

    cents: np.ndarray
    cdf: np.ndarray
    at: np.ndarray
    companion: np.ndarray
    chance: np.ndarray
    out: np.ndarray
    substitute: np.ndarray
    category: np.ndarray

    def draw(self, role: np.ndarray, tier: np.ndarray, category: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Products at the places `u` (0–1) of what a role of a price tier buys in a category."""
        return self.at[np.searchsorted(self.cdf, (role * 3 + tier) * len(CATEGORIES) + category + u, side="right")]


def shelf(plan: Plan) -> Shelf:
    """The shelf of this company: which products are popular, and what runs out, depends on its seed."""
    rng = stream(plan.seed, "products")
    goods = catalogue()
    category = goods["category"].map(CATEGORIES.index).to_numpy()
    popularity = 1 / (rng.permutation(len(goods)) % 25 + 3.0)
    cdf, at = _chances(goods, category, popularity)
    companion, chance = _companions(rng, goods)
    out = np.zeros((len(goods), WEEKS), dtype=bool)
    for start, product, weeks in zip(
        rng.integers(0, WEEKS, 40), rng.integers(0, len(goods), 40), rng.integers(1, 6, 40), strict=True
    ):
        out[product, start : start + weeks] = True
    position = np.arange(len(goods))
    substitute = np.where(position % 25 == 24, position - 1, position + 1)  # its neighbour, of the same category
    # Prices in tenths of a yuan, as shops print them.
    cents = (np.outer(plan.price_rise, goods["price"]) * 10).round().astype("int64") * 10
    return Shelf(cents, cdf, at, companion, chance, out, substitute, category)


def _chances(goods: pd.DataFrame, category: np.ndarray, popularity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    cdf, at = [], []
    log_price = np.log(goods["price"]).to_numpy()
    for r, role in enumerate(ROLES):
        for tier in range(3):
            for c in range(len(CATEGORIES)):
                own = np.flatnonzero(category == c)
                weight = popularity[own] * np.exp(((tier - 1) * 0.7 - 0.6) * (log_price[own] - log_price[own].mean()))
                if CATEGORIES[c] == "mother_baby":
                    weight *= [_BABY[role][kind] for kind in goods["kind"].iloc[own]]
                upper = np.cumsum(weight) / weight.sum()
                upper[-1] = 1.0
                cdf.append((r * 3 + tier) * len(CATEGORIES) + c + upper)
                at.append(own)
    return np.concatenate(cdf), np.concatenate(at)


def _companions(rng: np.random.Generator, goods: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    companion, chance = np.full(len(goods), -1), np.zeros(len(goods))
    kind = goods["kind"].to_numpy()
    for first, second, share in COMPANIONS:
        other = np.flatnonzero((kind == second) & (goods["category"] == _category_of(goods, first)).to_numpy())
        companion[kind == first] = rng.choice(other)
        chance[kind == first] = share
    return companion, chance


def _category_of(goods: pd.DataFrame, kind: str) -> str:
    return goods.loc[goods["kind"] == kind, "category"].iloc[0]


def stockouts(products: Shelf) -> pd.DataFrame:
    """Truth: product_id, week (number from START), one row a week without stock."""
    product, week = np.nonzero(products.out)
    return pd.DataFrame({"product_id": catalogue()["product_id"].to_numpy()[product], "week": week})
