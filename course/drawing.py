"""Some of many customers, drawn so that every run on the same customers draws the same ones."""

import numpy as np
import pandas as pd

#: So many of every stratum are drawn, or all there are: what is rare is not lost to a sample.
FLOOR = 2000


def drawn(ids: pd.Index, most: int, strata: object = None, floor: int = FLOOR) -> tuple[np.ndarray, np.ndarray] | None:
    """Customers drawn by a hash of their number: neither the order of rows nor a clock decides.

    Parameters
    ----------
    ids : numbers of the customers, all different.
    most : about so many are drawn.
    strata : a value a customer: of each as large a share, but no fewer than `floor` as long as there are.

    Returns
    -------
    positions of the drawn in `ids`, ascending, and for how many customers each stands; None where all are few enough
    """
    if len(ids) <= most:
        return None
    place = pd.util.hash_array(np.asarray(ids.astype("str"), dtype=object), categorize=False)
    stratum = np.zeros(len(ids), dtype="int64") if strata is None else pd.factorize(np.asarray(strata), sort=True)[0]
    size = np.bincount(stratum)
    wanted = np.minimum(size, np.maximum(np.rint(size * most / len(ids)), 0 if strata is None else floor))
    order = np.lexsort((place, stratum))
    rank = np.arange(len(ids)) - np.repeat(size.cumsum() - size, size)
    taken = np.sort(order[rank < wanted[stratum[order]]])
    return taken, (size / np.maximum(wanted, 1))[stratum[taken]]
