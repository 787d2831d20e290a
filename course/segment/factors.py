"""Psychographic factors: what lies behind the answers to many questions, and how reliably."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError, first_few


@dataclass(frozen=True)
class Factors:
    """Factors behind survey items.

    Attributes
    ----------
    scores : one row a respondent, columns factor_1 … factor_k, mean 0
    loadings : one row an item, the same columns: varimax-rotated loadings on standardised items
    items : {factor: its items}, each item with the factor it loads on most
    reliability : Cronbach's alpha a factor (NaN where one item stands alone)
    used : respondents with every item answered
    """

    scores: pd.DataFrame
    loadings: pd.DataFrame
    items: dict[str, list[str]]
    reliability: pd.Series
    used: int


def cronbach_alpha(items: pd.DataFrame) -> float:
    """Cronbach's alpha k/(k−1) · (1 − Σ var(item) / var(sum)) of two or more items (Cronbach 1951); NaN for one."""
    k = items.shape[1]
    if k < 2:
        return float("nan")
    return float(k / (k - 1) * (1 - items.var(ddof=1).sum() / items.sum(axis=1).var(ddof=1)))


def factors(items: pd.DataFrame, reverse: tuple[str, ...] = (), k: int | None = None, random_state: int = 0) -> Factors:
    """Factor analysis with varimax rotation.

    Parameters
    ----------
    items : one row a respondent, one numeric column a question, one scale throughout; rows with a blank are left out.
    reverse : items worded the other way round; they are mirrored at the middle of their scale.
    k : number of factors; default: parallel analysis (Horn 1965), as many as have an eigenvalue above the 95th
        percentile of random data of the same size.

    Raises
    ------
    DataError : an unknown item in `reverse`, fewer complete answers than ten an item, an item that nobody answers
        differently, no factor at all.
    """
    unknown = [c for c in reverse if c not in items]
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
    for column in reverse:
        answered[column] = answered[column].max() + answered[column].min() - answered[column]
    plain = (answered - answered.mean()) / answered.std(ddof=0)
    k = _parallel(plain.to_numpy(), random_state) if k is None else k
    if k == 0:
        raise DataError("No factor explains more than chance would: the items have nothing in common.")
    return _fitted(answered, plain, k, random_state)


def _fitted(answered: pd.DataFrame, plain: pd.DataFrame, k: int, random_state: int) -> Factors:
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
    alpha = pd.Series({name: cronbach_alpha(answered[columns]) for name, columns in members.items()})
    return Factors(scores, table, members, alpha, len(answered))


def _parallel(values: np.ndarray, random_state: int) -> int:
    random = np.random.default_rng(random_state)
    own = np.sort(np.linalg.eigvalsh(np.corrcoef(values, rowvar=False)))[::-1]
    chance = [
        np.sort(np.linalg.eigvalsh(np.corrcoef(random.normal(size=values.shape), rowvar=False)))[::-1]
        for _ in range(100)
    ]
    above = own > np.percentile(chance, 95, axis=0)
    return int(np.argmin(above)) if not above.all() else len(own)
