"""Few people: of a group of fewer than ten nothing is told but that it is small.

What is hidden must not be left to be reckoned from a total: so many more groups are hidden that there are two of them
at least, of ten people together (complementary suppression; Willenborg & de Waal 2001, Elements of Statistical
Disclosure Control, ch. 6).
"""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

#: A group of fewer people is not told.
HIDDEN_BELOW = 10


def hidden(sizes: np.ndarray, gone: np.ndarray | None = None) -> np.ndarray:
    """True for the parts of one whole that are not told: those of 1 to 9 people, and the smallest of the others as far
    as it needs. A part of nobody tells of nobody.

    Parameters
    ----------
    sizes : people in each part; gone : parts that are hidden for another reason already.
    """
    out = (sizes > 0) & (sizes < HIDDEN_BELOW)
    if gone is not None:
        out = out | gone
    for part in np.argsort(sizes, kind="stable"):
        if not out.any() or (out.sum() > 1 and sizes[out].sum() >= HIDDEN_BELOW):
            break
        out[part] |= sizes[part] > 0
    return out


def hidden_in(sizes: np.ndarray, wholes: Sequence[np.ndarray]) -> np.ndarray:
    """`hidden`, where a part may be one of several wholes: of a row and of a column.

    Parameters
    ----------
    sizes : people in each part; wholes : of each whole, where its parts stand in `sizes`.
    """
    gone, before = np.zeros(len(sizes), dtype=bool), None
    while before is None or (gone != before).any():
        before = gone.copy()
        for whole in wholes:
            gone[whole] = hidden(sizes[whole], gone[whole])
    return gone


def told(
    groups: pd.DataFrame, keys: Collection[str], count: str = "customers", whole: str | None = None
) -> pd.DataFrame:
    """The groups, with the figures blank of those that are not told.

    Parameters
    ----------
    groups : one row a group; `keys` are the columns that say which, `count` how many people it has.
    whole : the column that says which groups are parts of the same whole; None where all are.

    Returns
    -------
    frame of the same rows and columns; a column with blanks is of floats
    """
    gone = np.zeros(len(groups), dtype=bool)
    wholes = pd.Series(0, index=groups.index) if whole is None else groups[whole]
    for one in wholes.unique():
        parts = (wholes == one).to_numpy()
        gone[parts] = hidden(groups[count].to_numpy(dtype="float64")[parts])
    return groups.assign(**{c: groups[c].mask(gone) for c in groups if c not in keys})


def told_crossed(cells: pd.DataFrame, rows: str, columns: str, count: str = "customers") -> pd.DataFrame:
    """The cells of a table, with the counts blank of those that are not told: each row and each column is a whole."""
    table = cells.pivot(index=rows, columns=columns, values=count).fillna(0)
    at = np.arange(table.size).reshape(table.shape)
    gone = hidden_in(table.to_numpy(dtype="float64").ravel(), [*at, *at.T]).reshape(table.shape)
    at = table.index.get_indexer(cells[rows]), table.columns.get_indexer(cells[columns])
    return cells.assign(**{count: cells[count].mask(gone[at])})
