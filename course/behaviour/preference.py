"""What customers have turned to: category shares before and after a day, of each customer and of all of them."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import optimize
from scipy.special import expit, gammaln, logit
from scipy.stats import norm

from course import schema
from course.drawing import drawn
from course.engine import Table, query
from course.errors import DataError
from course.intervals import Z, q_values
from course.orders import UP_TO, goods_only, last_day, same_ids

#: Shifts are named so that at most this share of those named is expected to be chance.
FDR = 0.05
#: Choices of everybody that count towards the mean of the new tastes, so that one odd customer cannot be that mean.
BORROWED = 50.0
#: Customers that the model is fitted on; everybody is judged by it, so many at a time.
_FITTED = 50_000

# An order counts once for each category in it: its lines are not choices made apart.
_COUNTS = f"""
    SELECT customer_id, category,
        count(DISTINCT CASE WHEN CAST(ordered_at AS DATE) <= CAST($split AS DATE) THEN order_id END) AS before,
        count(DISTINCT CASE WHEN CAST(ordered_at AS DATE) > CAST($split AS DATE) THEN order_id END) AS after
    FROM purchases WHERE category IS NOT NULL AND {UP_TO}
    GROUP BY customer_id, category ORDER BY customer_id, category
"""


@dataclass(frozen=True)
class PreferenceShift:
    """What changed between two periods. Shares are of choices: an order is one choice of every category in it.

    Attributes
    ----------
    customers : frame, a row a customer with choices in both periods: customer_id, choices_before, choices_after,
        p_shift (chance that the taste is another one), q (expected share of chance among this customer and those more
        certain), shifted (q ≤ FDR), turned_to, turned_from (categories of the largest gain and loss)
    shares : frame, a row a customer of these and category: customer_id, category, before, after (times chosen),
        share_before, share_after (shrunk), shift (change of share beyond what everybody's would make of it), low, high
        (95 %, normal)
    base : frame, a row a category: category, share_before, share_after, shift, low, high (95 %, customers as clusters),
        p, q (Benjamini and Hochberg), shifted
    strength : weight A of the Dirichlet prior in choices: small where tastes differ much
    share_shifted : estimated share of customers with another taste altogether, named or not; one that only leans
        elsewhere is not seen
    fitted : customers that the model was fitted on, drawn where there are more; all are judged
    """

    customers: pd.DataFrame = field(repr=False)
    shares: pd.DataFrame = field(repr=False)
    base: pd.DataFrame = field(repr=False)
    strength: float
    share_shifted: float
    fitted: int


def preference_shift(purchases: Table, split: object, as_of: object = None) -> PreferenceShift:
    """Which customers turned to other categories after `split`, and what all customers did.

    Empirical Bayes. Tastes (category shares θ) vary over customers as a Dirichlet distribution of weight A around the
    shares of all, m. After the split a customer has either the same taste, moved as everybody's is (θ₂ ∝ θ₁ r), or a
    new one, around m*. So the n₂ choices after it have a Dirichlet-multinomial chance with weights A m + n₁, moved by
    r, or A m*. A, r, m* and the share of new tastes are the most likely ones (EM). Customers are named whose
    mean chance of having the old taste is at most FDR: no planted shift, (nearly) no name.

    Parameters
    ----------
    purchases : customer_id, order_id, ordered_at, amount, category (see `purchases`).
    split : last day of the period before.
    as_of : last day of the period after. Default: the day of the last order.

    Raises
    ------
    DataError : a column missing or with blanks; a split with no purchase on one side; nobody with a purchase on both;
        one category only.
    """
    as_of, split = last_day(purchases, as_of), pd.Timestamp(split).normalize()
    if "category" not in purchases:
        schema.require(purchases, "orders", ("category",))
    counts = query(_COUNTS, {"purchases": goods_only(purchases)}, split=split, as_of=as_of)
    if counts["category"].nunique() < 2:
        raise DataError("There are fewer than two categories: nobody can turn to another.")
    wide = same_ids(counts, purchases).pivot(index="customer_id", columns="category", values=["before", "after"])
    before, after = (wide[c].fillna(0).to_numpy() for c in ("before", "after"))
    both = (before.sum(axis=1) > 0) & (after.sum(axis=1) > 0)
    if not both.any():
        raise DataError(
            "Nobody bought both up to {split} and after it: nothing can be judged.",
            split=split.date(),
        )
    categories, customers = wide["before"].columns, wide.index[both]
    base = _base(before, after)
    base.insert(0, "category", categories)
    tastes, fitted = _tastes(before[both], after[both], customers)
    shares = tastes.shares()
    named = _named(tastes.new, shares["shift"], categories)
    named.insert(0, "customer_id", customers)
    named.insert(1, "choices_before", tastes.before.sum(axis=1).astype("int64"))
    named.insert(2, "choices_after", tastes.after.sum(axis=1).astype("int64"))
    rows = {"customer_id": customers.repeat(len(categories)), "category": np.tile(categories, len(customers))}
    shares = pd.DataFrame(rows | {name: values.ravel() for name, values in shares.items()})
    return PreferenceShift(named, shares, base, tastes.strength, tastes.share_new, fitted)


def _tastes(before: np.ndarray, after: np.ndarray, customers: pd.Index) -> tuple["_Tastes", int]:
    """The model, fitted on drawn customers where there are many, and on how many; in it stands everybody."""
    some = drawn(customers, _FITTED)
    if some is None:
        return _Tastes(before, after), len(customers)
    tastes = _Tastes(before[some[0]], after[some[0]])
    tastes.judge(before, after)
    return tastes, len(some[0])


class _Tastes:
    """The model of `preference_shift`, fitted: counts are customers × categories, every customer in both periods.

    strength is A; new the chance of each customer to have a new taste, share_new its mean.
    """

    def __init__(self, before: np.ndarray, after: np.ndarray) -> None:
        self.before, self.after = before, after
        self.new = np.full(len(before), 0.1)
        self.share_new = 0.1
        for _ in range(300):
            last = self.share_new
            self._maximise()
            self.new = self._judged()
            self.share_new = min(max(float(self.new.mean()), 1e-9), 1 - 1e-9)
            if abs(self.share_new - last) < 1e-4:  # one customer in ten thousand
                break

    def _judged(self) -> np.ndarray:
        """The chance of each customer to have a new taste, by the model as it stands."""
        evidence = _log_chance(self.after, self._drawn()) - _log_chance(self.after, self._kept(self.strength))
        return expit(logit(self.share_new) + evidence)

    def judge(self, before: np.ndarray, after: np.ndarray) -> None:
        """Put other customers in the place of those that the model was fitted on."""
        parts = []
        for start in range(0, len(before), _FITTED):
            self.before, self.after = before[start : start + _FITTED], after[start : start + _FITTED]
            parts.append(self._judged())
        self.before, self.after, self.new = before, after, np.concatenate(parts)

    def _maximise(self) -> None:
        """The shares, and the weight A that goes with them, given who has a new taste."""
        old = 1 - self.new
        self.mean = _shares(self.before)
        self.early, self.late = _shares(self.before, old), _shares(self.after, old)
        drawn = (self.after * self.new[:, None]).sum(axis=0) + BORROWED * _shares(self.after)
        self.mean_new = drawn / drawn.sum()

        def minus_log_likelihood(log_weight: float) -> float:
            weight = np.exp(log_weight)
            first = _log_chance(self.before, weight * self.mean)
            second = old * _log_chance(self.after, self._kept(weight))
            return -float((first + second + self.new * _log_chance(self.after, weight * self.mean_new)).sum())

        # From everybody with one category only to all customers alike.
        bounds = (np.log(0.01), np.log(1e5))
        found = optimize.minimize_scalar(minus_log_likelihood, bounds=bounds, method="bounded", options={"xatol": 1e-3})
        self.strength = float(np.exp(found.x))

    def _drawn(self) -> np.ndarray:
        return self.strength * self.mean_new

    def _kept(self, weight: float) -> np.ndarray:
        return _moved(weight * self.mean + self.before, self.late / self.early)

    def shares(self) -> dict[str, np.ndarray]:
        """What stands in `PreferenceShift.shares`, customers × categories: means over both kinds of taste."""
        new, move = self.new[:, None], self.late / self.early
        first, second = self.strength * self.mean + self.before, self._drawn() + self.after
        sizes = [w.sum(axis=1, keepdims=True) for w in (first, second)]
        first, second = first / sizes[0], second / sizes[1]
        kept = self._kept(self.strength) + self.after
        kept /= kept.sum(axis=1, keepdims=True)
        step = second - _moved(first, move)
        variance = sum(s * (1 - s) / (n + 1) for s, n in zip((first, second), sizes, strict=True))
        half = Z * np.sqrt(new * (variance + step**2) - (new * step) ** 2)
        return {
            "before": self.before.astype("int64"),
            "after": self.after.astype("int64"),
            "share_before": new * first + (1 - new) * _moved(kept, 1 / move),
            "share_after": new * second + (1 - new) * kept,
            "shift": new * step,
            "low": new * step - half,
            "high": new * step + half,
        }


def _log_chance(counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Log of the Dirichlet-multinomial chance of each row, without the coefficient that all weights share."""
    whole, number = weights.sum(axis=-1), counts.sum(axis=1)
    own = (gammaln(weights + counts) - gammaln(weights)).sum(axis=1)
    return own + gammaln(whole) - gammaln(whole + number)


def _shares(counts: np.ndarray, weight: np.ndarray | float = 1.0) -> np.ndarray:
    """Shares of all counts, weighted by customer; half a choice more, since a category may be new."""
    total = (counts * np.reshape(weight, (-1, 1))).sum(axis=0) + 0.5
    return total / total.sum()


def _moved(weights: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Weights of a taste that moves as everybody's does; their sum stays."""
    moved = weights * by
    return moved * (weights.sum(axis=1) / moved.sum(axis=1))[:, None]


def _named(new: np.ndarray, shift: np.ndarray, categories: pd.Index) -> pd.DataFrame:
    chance = pd.Series(1 - new)
    # Equals share the mean of the last of them: the order of rows decides nothing.
    q = chance.sort_values().expanding().mean().groupby(chance).transform("last").sort_index()
    out = pd.DataFrame({"p_shift": new, "q": q, "shifted": q <= FDR})
    out["turned_to"] = categories.to_numpy()[shift.argmax(axis=1)]
    out["turned_from"] = categories.to_numpy()[shift.argmin(axis=1)]
    return out


def _base(before: np.ndarray, after: np.ndarray) -> pd.DataFrame:
    """Shares of all choices and their change; the variance from the influence of each customer on both shares."""
    early, late = before.sum(), after.sum()
    share_before, share_after = before.sum(axis=0) / early, after.sum(axis=0) / late
    influence = (after - share_after * after.sum(axis=1, keepdims=True)) / late
    influence -= (before - share_before * before.sum(axis=1, keepdims=True)) / early
    n = len(before)
    error = np.sqrt((influence**2).sum(axis=0) * n / max(n - 1, 1))
    shift = share_after - share_before
    p = np.where(error > 0, 2 * norm.sf(np.abs(shift) / np.where(error > 0, error, 1.0)), 1.0)
    out = pd.DataFrame({"share_before": share_before, "share_after": share_after, "shift": shift})
    out = out.assign(low=shift - Z * error, high=shift + Z * error, p=p, q=q_values(p))
    return out.assign(shifted=out["q"] <= FDR)
