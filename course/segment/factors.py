"""Psychographic factors: what lies behind the answers to many questions, and how reliably."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.intervals import Z

#: A reliability below it is low (Nunnally 1978).
LOW_ALPHA = 0.7


@dataclass(frozen=True)
class Factors:
    """Factors behind survey items.

    Attributes
    ----------
    scores : one row a respondent, columns factor_1 … factor_k, mean 0
    loadings : one row an item, the same columns: varimax-rotated loadings on standardised items
    items : {factor: its items}, each item with the factor it loads on most
    mirrored : items that were turned round before the reliability was computed: as told, or as found
    reliability : Cronbach's alpha a factor (NaN where one item stands alone)
    used : respondents with every item answered
    """

    scores: pd.DataFrame
    loadings: pd.DataFrame
    items: dict[str, list[str]]
    mirrored: list[str]
    reliability: pd.Series
    used: int

    @property
    def low(self) -> list[str]:
        """The factors whose reliability is below LOW_ALPHA: their items hardly measure one thing."""
        return list(self.reliability.index[self.reliability < LOW_ALPHA])


def cronbach_alpha(items: pd.DataFrame) -> float:
    """Cronbach's alpha k/(k−1) · (1 − Σ var(item) / var(sum)) of two or more items (Cronbach 1951); NaN for one."""
    k = items.shape[1]
    if k < 2:
        return float("nan")
    return float(k / (k - 1) * (1 - items.var(ddof=1).sum() / items.sum(axis=1).var(ddof=1)))


def factors(
    items: pd.DataFrame, reverse: tuple[str, ...] | None = None, k: int | None = None, random_state: int = 0
) -> Factors:
    """Factor analysis with varimax rotation.

    Parameters
    ----------
    items : one row a respondent, one numeric column a question, one scale throughout; rows with a blank are left out.
    reverse : items worded the other way round; they are mirrored at the middle of their scale, and loadings and scores
        are of the mirrored items. Default: found, for the reliability alone: an item that loads on its factor against
        the others' sign, and whose correlation with the sum of the others is negative beyond chance.
    k : number of factors; default: parallel analysis (Horn 1965), as many as have an eigenvalue above the 95th
        percentile of random data of the same size.

    Raises
    ------
    DataError : an unknown item in `reverse`, fewer complete answers than ten an item, an item that nobody answers
        differently, no factor at all.
    """
    unknown = [c for c in reverse or () if c not in items]
    if unknown:
        raise DataError("There is no item {items} to reverse.", items=first_few(unknown))
    answered = items.dropna().astype("float64")
    if len(answered) < 10 * items.shape[1]:
        raise DataError(
            "{n} complete answers are too few for {items} items; ten an item are the least.",
            n=len(answered),
            items=items.shape[1],
        )
    flat = answered.columns[answered.std() == 0]
    if len(flat):
        raise DataError("Everybody gives the same answer to {items}: leave it out.", items=first_few(flat))
    answered = _turned(answered, reverse or ())
    plain = (answered - answered.mean()) / answered.std(ddof=0)
    k = _parallel(plain.to_numpy(), random_state) if k is None else k
    if k == 0:
        raise DataError("No factor explains more than chance would: the items have nothing in common.")
    return _fitted(answered, plain, k, random_state, reverse)


def _turned(answered: pd.DataFrame, reverse: Iterable[str]) -> pd.DataFrame:
    """The answers with the items of `reverse` mirrored at the middle of what was answered."""
    return answered.assign(**{c: answered[c].max() + answered[c].min() - answered[c] for c in reverse})


def _against(answered: pd.DataFrame, loadings: pd.Series) -> list[str]:
    """The items of one factor that are worded against the others, beyond chance.

    `loadings` : of these items on their factor. A weak item that points the other way by chance stays as it was
    answered: turning it round would flatter the reliability.
    """
    turned = list(loadings.index[loadings * (-1 if loadings.sum() < 0 else 1) < 0])
    plain = _turned(answered[loadings.index], turned)
    found = []
    for column in turned:
        rest = plain.drop(columns=column).sum(axis=1)
        # Fisher's z of the correlation with the rest.
        if len(loadings) > 1 and np.arctanh(plain[column].corr(rest)) * np.sqrt(len(plain) - 3) > Z:
            found.append(column)
    return found


def _fitted(
    answered: pd.DataFrame, plain: pd.DataFrame, k: int, random_state: int, reverse: tuple[str, ...] | None
) -> Factors:
    from sklearn.decomposition import FactorAnalysis

    model = FactorAnalysis(k, rotation="varimax" if k > 1 else None, random_state=random_state).fit(plain.to_numpy())
    loadings = model.components_.T
    turned = loadings * np.where(loadings.sum(axis=0) < 0, -1, 1)  # more of the items is more of the factor
    order = np.argsort(-(turned**2).sum(axis=0), kind="stable")
    names = [f"factor_{i + 1}" for i in range(k)]
    table = pd.DataFrame(turned[:, order], index=answered.columns, columns=names)
    raw = model.transform(plain.to_numpy()) * np.where(loadings.sum(axis=0) < 0, -1, 1)
    scores = pd.DataFrame(raw[:, order], index=answered.index, columns=names)
    owner = table.abs().idxmax(axis=1)
    members = {name: list(owner.index[owner == name]) for name in names}
    mirrored = list(reverse or ())
    if reverse is None:
        mirrored = [c for name, own in members.items() for c in _against(answered, table.loc[own, name])]
        answered = _turned(answered, mirrored)
    alpha = pd.Series({name: cronbach_alpha(answered[columns]) for name, columns in members.items()})
    return Factors(scores, table, members, mirrored, alpha, len(answered))


def _parallel(values: np.ndarray, random_state: int) -> int:
    random = np.random.default_rng(random_state)
    own = np.sort(np.linalg.eigvalsh(np.corrcoef(values, rowvar=False)))[::-1]
    chance = [
        np.sort(np.linalg.eigvalsh(np.corrcoef(random.normal(size=values.shape), rowvar=False)))[::-1]
        for _ in range(100)
    ]
    above = own > np.percentile(chance, 95, axis=0)
    return int(np.argmin(above)) if not above.all() else len(own)
