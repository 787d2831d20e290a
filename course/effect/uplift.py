"""Whom a treatment changes: a ranking of customers by uplift, and whether the ranking is better than chance.

The Qini curve (Radcliffe 2007, Using control groups to target on predicted lift, Direct Marketing Analytics Journal)
follows the outcomes gained when the best-ranked customers are treated first.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.language import Sentence

_GRID = np.linspace(0, 1, 21)


@dataclass(frozen=True)
class Qini:
    """How good a ranking is.

    Attributes
    ----------
    value, low, high : area between the Qini curve and the straight line, in outcomes a treated customer (not divided
        by that of a perfect ranking, which nobody knows), with its bootstrap interval (95 %)
    noise_low, noise_high : where 95 % of random rankings of the same customers lie: about half of them above 0
    p : chance that a random ranking does at least as well
    effect : the outcome gained a customer when everybody is treated: where every ranking ends
    curve : frame of 21 rows: share (of customers treated), gain, random (the straight line), noise_low, noise_high
    n_treated, n_control : customers
    """

    value: float
    low: float
    high: float
    noise_low: float
    noise_high: float
    p: float
    effect: float
    curve: pd.DataFrame
    n_treated: int
    n_control: int

    @property
    def sentence(self) -> Sentence:
        """The coefficient with its interval and what chance would give."""
        values = {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "noise_low": self.noise_low,
            "noise_high": self.noise_high,
        }
        if self.value > self.noise_high:
            return Sentence(
                "The ranking finds customers whom the treatment changes: Qini {value:.4f} (95% interval {low:.4f} to "
                "{high:.4f}); random rankings lie between {noise_low:.4f} and {noise_high:.4f}.",
                **values,
            )
        return Sentence(
            "The ranking is not better than chance: Qini {value:.4f} (95% interval {low:.4f} to {high:.4f}); random "
            "rankings lie between {noise_low:.4f} and {noise_high:.4f}.",
            **values,
        )


def qini(score: object, treated: object, outcome: object, repeats: int = 200, random_state: int = 0) -> Qini:
    """The Qini curve and coefficient of a ranking, beside those of random rankings.

    At a share of the ranking the gain is (R_t − R_c · N_t / N_c) / N, with R the outcomes and N_t, N_c the people of
    the treated and the control in it, and N all treated. Equal scores are taken together.

    Parameters
    ----------
    score : (n,) the larger, the earlier treated.
    treated : (n,) bool, drawn at random.
    outcome : (n,) 0/1 or money.
    repeats : permutations for the noise band, and bootstrap samples for the interval.

    Raises
    ------
    DataError : columns of different lengths, blanks, an arm without people.
    """
    score, treated, outcome = _columns(score, treated, outcome)
    # By outcome within equal scores, so that the order of rows cannot reach a sum or a permutation.
    order = np.lexsort((outcome, treated, -score))
    score, t, y = score[order], treated[order].astype("float64"), outcome[order]
    ends = np.append(np.flatnonzero(np.diff(score)), len(score) - 1)
    ones = np.ones(len(score))
    value, share, gain = _curve(ones, t, y, ends)
    rng = np.random.default_rng(random_state)
    chance, chance_gain, resampled = np.empty(repeats), np.empty((repeats, len(_GRID))), np.empty(repeats)
    for i in range(repeats):
        shuffled = rng.permutation(len(score))
        chance[i], s, g = _curve(ones, t[shuffled], y[shuffled], ends)
        chance_gain[i] = np.interp(_GRID, s, g)
        drawn = np.bincount(rng.integers(len(score), size=len(score)), minlength=len(score))
        resampled[i] = _curve(drawn.astype("float64"), t, y, ends)[0]
    low, high = np.quantile(resampled, [0.025, 0.975])
    noise_low, noise_high = np.quantile(chance, [0.025, 0.975])
    band = np.quantile(chance_gain, [0.025, 0.975], axis=0)
    curve = {
        "share": _GRID,
        "gain": np.interp(_GRID, share, gain),
        "random": _GRID * gain[-1],
        "noise_low": band[0],
        "noise_high": band[1],
    }
    return Qini(
        value=value,
        low=float(low),
        high=float(high),
        noise_low=float(noise_low),
        noise_high=float(noise_high),
        p=float((1 + (chance >= value).sum()) / (1 + repeats)),
        effect=float(gain[-1]),
        curve=pd.DataFrame(curve),
        n_treated=int(t.sum()),
        n_control=int(len(t) - t.sum()),
    )


def _columns(score: object, treated: object, outcome: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    columns = [pd.Series(c).to_numpy(dtype="float64", na_value=np.nan) for c in (score, treated, outcome)]
    if len({len(c) for c in columns}) > 1:
        raise DataError(
            "Score, treated and outcome must be of the same customers; they have {lengths} rows.",
            lengths=first_few(len(c) for c in columns),
        )
    if not all(np.isfinite(c).all() for c in columns) or not np.isin(columns[1], (0, 1)).all():
        raise DataError("Score and outcome are numbers without blanks, treated is True or False for every customer.")
    if not 0 < columns[1].sum() < len(columns[1]):
        raise DataError("An uplift needs treated and control customers; one of them is missing.")
    return columns[0], columns[1].astype(bool), columns[2]


def _curve(w: np.ndarray, t: np.ndarray, y: np.ndarray, ends: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Coefficient, shares and gains, for customers in the order of the ranking with weights w."""
    wt, wc = w * t, w * (1 - t)
    n_t, n_c, r_t, r_c = (np.append(0.0, c.cumsum()[ends]) for c in (wt, wc, wt * y, wc * y))
    per_control = np.divide(n_t, n_c, out=np.zeros_like(n_t), where=n_c > 0)
    gain = (r_t - r_c * per_control) / max(n_t[-1], 1)
    share = (n_t + n_c) / (n_t[-1] + n_c[-1])
    return float(np.trapezoid(gain - share * gain[-1], share)), share, gain


class Uplift:
    """Uplift of a yes/no outcome: one logistic regression of the treated, one of the control, their difference.

    The data are split at random; one part fits the model, the other, which it has never seen, judges it.

    Parameters
    ----------
    test_share : of the customers, kept for judging.
    random_state : of the split and of the Qini's noise band.

    Attributes
    ----------
    features_ : names of the features, in order
    qini_ : Qini of the customers kept for judging
    n_train_, n_test_ : customers of each part
    """

    def __init__(self, test_share: float = 0.5, random_state: int = 0) -> None:
        self.test_share = test_share
        self.random_state = random_state

    def fit(self, features: pd.DataFrame, treated: object, outcome: object) -> Self:
        """Fit on one part, judge on the other.

        Parameters
        ----------
        features : (n, k) numbers known before the treatment.
        treated : (n,) bool, drawn at random.
        outcome : (n,) 0/1.

        Raises
        ------
        DataError : features that are no numbers or blank; an outcome that is not 0/1; too few customers: each arm of
            each part needs both outcomes.
        """
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import train_test_split
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.features_ = list(features.columns)
        x = self._matrix(features)
        _, t, y = _columns(np.zeros(len(x)), treated, outcome)
        if not np.isin(y, (0, 1)).all():
            raise DataError("The outcome is yes or no (1 or 0); turn money into “bought” first.")
        cell = 2 * t + y
        if len(t) != len(x) or np.unique(cell).size < 4 or np.bincount(cell.astype("int64")).min() < 4:
            raise DataError(
                "Uplift needs at least four customers with and without the outcome in each arm, and one row of "
                "features a customer."
            )
        train, test = train_test_split(
            np.arange(len(x)), test_size=self.test_share, stratify=cell, random_state=self.random_state
        )
        self._models = []
        for arm in (False, True):
            rows = train[t[train] == arm]
            self._models.append(make_pipeline(StandardScaler(), LogisticRegression()).fit(x[rows], y[rows]))
        self.n_train_, self.n_test_ = len(train), len(test)
        self.qini_ = qini(self._difference(x[test]), t[test], y[test], random_state=self.random_state)
        return self

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Chance of the outcome with the treatment less that without it (−1 to 1), by the index of `features`."""
        missing = [c for c in self.features_ if c not in features]
        if missing:
            raise DataError("The features lack {missing}, which the model was fitted with.", missing=first_few(missing))
        return pd.Series(self._difference(self._matrix(features)), index=features.index, name="uplift")

    def _difference(self, x: np.ndarray) -> np.ndarray:
        control, treated = (model.predict_proba(x)[:, 1] for model in self._models)
        return treated - control

    def _matrix(self, features: pd.DataFrame) -> np.ndarray:
        try:
            x = features[self.features_].to_numpy(dtype="float64", na_value=np.nan)
        except (TypeError, ValueError):
            x = np.full((1, 1), np.nan)
        if not np.isfinite(x).all():
            raise DataError("Features are numbers without blanks: fill them, or leave those customers or columns out.")
        return x
