"""Who did not answer: weights that make those who did stand for all customers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from course.engine import Table, query
from course.errors import DataError, first_few
from course.nps.survey import need_columns, read_scores, read_weights


def poststratify(
    answers: pd.DataFrame,
    by: str | Sequence[str],
    shares: Mapping | pd.Series,
    *,
    weights: str | None = None,
    blanks: object = (),
    target: str = "score",
) -> pd.Series:
    """Weights that make those who answered stand for all customers.

    Each cell's weight is its share of customers over its (weighted) share of answers. This mends only what the cells
    see: within a cell, silence must have nothing to do with the score.

    Parameters
    ----------
    answers : one row an answer: `target`, `by`.
    by : the column, or columns, that make the cells.
    shares : customers of each cell as shares or as counts; keys are the values of `by` (tuples for several columns).
    weights : name of a column of design weights to start from.

    Returns
    -------
    Series aligned with `answers`, "weight": mean 1 over those who answered, 0 where nobody did

    Raises
    ------
    DataError : a cell of customers without answers; answers outside every cell; shares that do not add up to 1.

    Source: Holt and Smith, Post Stratification, JRSS A 142 (1979), 33–46.
    """
    names = [by] if isinstance(by, str) else list(by)
    need_columns(answers, [target, *names, *([weights] if weights else [])])
    figures = read_scores(answers[target], blanks, False)
    base = read_weights(answers[weights] if weights else None, answers[target], figures)
    wanted, answered = _shares(shares), ~np.isnan(figures)
    cell = _cells(answers, names, wanted, answered)
    held = np.bincount(cell[answered], base[answered], minlength=len(wanted))
    silent = (held == 0) & (wanted.to_numpy() > 0)
    if silent.any():
        raise DataError(
            "Nobody answered in {cells} of {by} ({share:.1%} of the customers): no weight can speak for them. Join "
            "them with a similar group in both the answers and the shares.",
            cells=first_few(wanted.index[silent], 5),
            by=", ".join(names),
            share=float(wanted[silent].sum()),
        )
    factor = np.divide(wanted.to_numpy(), held, out=np.zeros(len(wanted)), where=held > 0)
    out = np.where(answered, base * factor[cell], 0.0)
    return pd.Series(out * answered.sum() / out.sum(), index=answers.index, name="weight")


_KNOWN = """
    WITH waves AS (SELECT wave, min(day) AS day FROM answers GROUP BY wave)
    SELECT wave, CAST(customer_id AS VARCHAR) AS customer_id, count(DISTINCT CAST(ordered_at AS DATE)) AS order_days
    FROM orders JOIN waves ON CAST(ordered_at AS DATE) < day
    GROUP BY ALL ORDER BY wave, customer_id
"""
#: Bands of customers by their order days, about as many in each; and the fewest answers that speak for one.
_BANDS, _LEAST = 5, 5


def to_buyers(answers: pd.DataFrame, orders: Table) -> pd.Series:
    """Weights that make those who answered stand for everybody who had bought when they were asked.

    Who buys more answers more often, and is happier: the answers flatter. So each quarter's answers are weighted to the
    customers who had ordered before its first answer, in five bands by the days on which they had. It mends that alone:
    within a band, silence must have nothing to do with the score. In ten generated companies the score was 1.4 points
    above that of all customers instead of 6.3, and its interval held it in 19 of 20 waves instead of 16.

    Parameters
    ----------
    answers : one row an answer: score, customer_id, answered_at.
    orders : valid orders: customer_id, ordered_at.

    Returns
    -------
    Series aligned with `answers`, "weight": mean 1 in a quarter over those whose customer had ordered before it, 0 for
        the others

    Raises
    ------
    DataError : no two bands of any quarter have five answers each.
    """
    asked = pd.DataFrame(
        {
            "customer_id": answers["customer_id"].astype("str"),
            "wave": answers["answered_at"].dt.to_period("Q").astype("str"),
            "day": answers["answered_at"].dt.normalize(),
            "score": answers["score"],
        }
    )
    known = query(_KNOWN, {"answers": asked[["wave", "day"]].dropna(), "orders": orders})
    out = pd.Series(0.0, index=answers.index, name="weight")
    for wave, customers in known.groupby("wave"):
        bands = _bands(customers.set_index("customer_id")["order_days"])
        own = asked[(asked["wave"] == wave) & asked["score"].notna()]
        own = own.assign(band=own["customer_id"].map(bands)).dropna(subset="band")
        bands, own["band"] = _joined(bands, own["band"])
        if bands.nunique() > 1:
            out[own.index] = poststratify(own, "band", bands.value_counts())
    if not out.any():
        raise DataError("needs five answers each of customers who had bought seldom and often before they were asked.")
    return out


def _bands(order_days: pd.Series) -> pd.Series:
    """The number of each customer's band; equal order days are in one."""
    edges = np.unique(np.quantile(order_days, np.arange(1, _BANDS) / _BANDS))
    return pd.Series(np.searchsorted(edges, order_days, side="left"), index=order_days.index)


def _joined(bands: pd.Series, answered: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Bands of customers and of answers; one of too few answers is joined with the next below, the lowest with that
    above."""
    names = np.unique(bands)
    held = answered.value_counts().reindex(names, fill_value=0).to_numpy()
    first, into = 0, np.zeros(len(names), dtype="int64")
    for k in range(len(names)):
        if k and held[k:].sum() >= _LEAST and held[first:k].sum() >= _LEAST:
            first = k
        into[k] = first
    into = pd.Series(into, index=names)
    return bands.map(into), answered.map(into)


def _cells(answers: pd.DataFrame, names: list[str], wanted: pd.Series, answered: np.ndarray) -> np.ndarray:
    """The place of each row's cell in `wanted`; −1 where it is not there, which only a blank answer may be."""
    cells = answers[names[0]] if len(names) == 1 else zip(*(answers[n] for n in names), strict=True)
    cells = pd.Index(list(cells), dtype=object, tupleize_cols=False)
    cell = wanted.index.get_indexer(cells)
    strange = answered & (cell < 0)
    if strange.any():
        raise DataError(
            "{rows:,} {rows:answer belongs|answers belong} to no group with a known share: {cells} of {by} (first "
            "rows: {first}). Give their share of the customers, or leave these answers out.",
            rows=int(strange.sum()),
            cells=first_few(cells[strange].unique(), 5),
            by=", ".join(names),
            first=first_few(answers.index[strange]),
        )
    return cell


def _shares(shares: Mapping | pd.Series) -> pd.Series:
    known = pd.Series(
        list(dict(shares).values()), index=pd.Index(list(dict(shares)), dtype=object, tupleize_cols=False)
    )
    known = pd.to_numeric(known, errors="coerce").astype("float64")
    sound = len(known) == len(shares) and (np.isfinite(known) & (known >= 0)).all()
    if not sound or not known.sum() > 0:
        raise DataError(
            "Customer shares are numbers of at least 0, not all 0, one for each group. Check: {cells}.",
            cells=first_few([f"{cell}: {share:g}" for cell, share in known.items()], 12),
        )
    if known.max() <= 1 and abs(known.sum() - 1) > 0.01:
        raise DataError(
            "The customer shares add up to {total:.3f}, not 1: a group is missing or counted twice.", total=known.sum()
        )
    return known / known.sum()
