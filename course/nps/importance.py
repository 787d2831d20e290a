"""What moves with the score: LMG (Shapley) and Johnson importance, with ranks that admit how unsure they are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.errors import DataError, first_few
from course.intervals import Z
from course.language import Sentence
from course.nps.survey import declared_blanks, need_columns, read_scores

#: LMG looks at all 2^k sets of k drivers.
MOST_DRIVERS = 15

_SINGULAR = 1e-10  # of a variance of 1: what is left is rounding


@dataclass(frozen=True)
class Drivers:
    """What moves with the score.

    Attributes
    ----------
    table : one row a driver, most important first; columns in `drivers`
    r2 : share of the score's variance that all drivers explain together
    n : complete answers used
    left_out : answers not used
    blank : blanks in the target and each driver (Series)
    notes : what a reader should know
    """

    table: pd.DataFrame
    r2: float
    n: int
    left_out: int
    blank: pd.Series
    notes: list[Sentence]


def drivers(
    answers: pd.DataFrame,
    target: str,
    drivers: Sequence[str],
    *,
    blanks: Mapping[str, object] | None = None,
    repeats: int = 500,
    odds: bool = True,
    random_state: int | np.random.Generator = 0,
) -> Drivers:
    """How much of the score each driver accounts for, and how sure its rank is.

    Answers with a blank in the target or any driver are left out, and counted. Ratings enter as numbers. A driver
    without any effect still gets importance when its neighbours have one: read `importance` as prediction, and look at
    `beta` and `odds` beside it.

    Parameters
    ----------
    answers : one row an answer.
    target : column of whole numbers 0–10.
    drivers : 1 to MOST_DRIVERS numeric columns.
    blanks : column → value or values that mean “not answered”.
    repeats : bootstrap samples of answers for the intervals, which are 2.5 % and 97.5 % percentiles.
    odds : fit the proportional-odds model too (seconds on ten thousands of answers).
    random_state : of the bootstrap.

    Returns
    -------
    Drivers, its table sorted by importance: driver, lmg (share of variance; sums to R²), lmg_low, lmg_high, importance
    (lmg / R²), rank, rank_low, rank_high, johnson (relative weight; sums to R²), correlation (with the target), beta
    (standardised coefficient), beta_low, beta_high, odds (ratio for one standard deviation more, proportional odds),
    odds_low, odds_high (95 %, Wald; NaN where the model could not be fitted, and a note says so)

    Raises
    ------
    DataError : a column missing, named twice, constant or not numeric; more than MOST_DRIVERS; a target outside 0–10;
        too few complete answers.
    """
    names = _driver_names(answers, target, drivers)
    blanks = dict(blanks or {})
    need_columns(answers, [*blanks])
    data = np.column_stack(
        [_driver(answers[n], blanks.get(n, ())) for n in names]
        + [read_scores(answers[target], blanks.get(target, ()), False)]
    )
    empty = pd.Series(np.isnan(data).sum(axis=0), index=[*names, target], name="blank")
    complete = ~np.isnan(data).any(axis=1)
    standard = _standardised(data[complete], [*names, target])
    corr, rel = correlation(standard, np.ones(len(standard)))
    r2_of, weights, betas = _lmg(corr, rel)[0], _johnson(corr, rel)[0], coefficients(corr, rel)[0]
    r2 = float(betas @ rel[0])
    table = pd.DataFrame({"driver": names, "lmg": r2_of})
    table["importance"] = table["lmg"] / r2 if r2 > _SINGULAR else np.nan
    table["rank"] = _ranks(r2_of[None], "min")[0]
    table = table.join(_bootstrap(standard, repeats, np.random.default_rng(random_state)))
    table = table.assign(johnson=weights, correlation=rel[0], beta=betas)
    notes = _notes(complete, empty)
    fitted, why = _proportional_odds(data[complete, -1], standard[:, :-1]) if odds else (None, [])
    table[["odds", "odds_low", "odds_high"]] = np.nan if fitted is None else fitted
    columns = ["driver", "lmg", "lmg_low", "lmg_high", "importance", "rank", "rank_low", "rank_high", "johnson"]
    columns += ["correlation", "beta", "beta_low", "beta_high", "odds", "odds_low", "odds_high"]
    table = table[columns].sort_values("lmg", ascending=False, kind="stable", ignore_index=True)
    return Drivers(table, r2, len(standard), len(data) - len(standard), empty, notes + why)


def complete_answers(answers: pd.DataFrame, target: str, names: Sequence[str]) -> np.ndarray:
    """The answers without a blank: a column a driver, the target last, (n, k + 1).

    Raises
    ------
    DataError : as `drivers`.
    """
    names = _driver_names(answers, target, names)
    data = np.column_stack([*(_driver(answers[n], ()) for n in names), read_scores(answers[target], (), False)])
    data = data[~np.isnan(data).any(axis=1)]
    _standardised(data, [*names, target])
    return data


def _driver_names(answers: pd.DataFrame, target: str, drivers: Sequence[str]) -> list[str]:
    names = [drivers] if isinstance(drivers, str) else list(drivers)
    need_columns(answers, [target, *names])
    if len(set(names) | {target}) != len(names) + 1:
        raise DataError("Each driver is named once, and the target {target} is not one of them.", target=target)
    _not_too_many(len(names))
    return names


def _not_too_many(k: int) -> None:
    if not 1 <= k <= MOST_DRIVERS:
        raise DataError(
            "LMG takes 1 to {most} drivers, not {k}: it compares all sets of drivers, and each driver more doubles "
            "them. Leave out those that say the same, or join them into a mean.",
            most=MOST_DRIVERS,
            k=k,
        )


def _driver(column: pd.Series, blanks: object) -> np.ndarray:
    if not pd.api.types.is_numeric_dtype(column):
        raise DataError(
            "The driver {column} is {type}, not numeric. Turn its ratings into numbers (pandas.to_numeric) first.",
            column=column.name,
            type=str(column.dtype),
        )
    values = column.to_numpy(dtype="float64", na_value=np.nan)
    if np.isinf(values).any():
        raise DataError(
            "The driver {column} holds infinite values (first rows: {first}).",
            column=column.name,
            first=first_few(column.index[np.isinf(values)]),
        )
    return np.where(np.isin(values, [b for b in declared_blanks(blanks) if isinstance(b, float)]), np.nan, values)


def _standardised(data: np.ndarray, names: list[str]) -> np.ndarray:
    """Mean 0 and variance 1 a column."""
    if len(data) < len(names) + 2:
        raise DataError(
            "Only {n:,} {n:answer has|answers have} the score and every driver: too few for {k} {k:driver|drivers}. "
            "Leave out the drivers that are most often blank, or declare fewer blanks.",
            n=len(data),
            k=len(names) - 1,
        )
    constant = [n for n, c in zip(names, data.T, strict=True) if np.ptp(c) == 0]
    if constant:
        raise DataError(
            "{columns} has the same value in all {n:,} complete answers: it can explain nothing. Leave it out.",
            columns=first_few(constant),
            n=len(data),
        )
    return (data - data.mean(axis=0)) / data.std(axis=0)


def _notes(complete: np.ndarray, empty: pd.Series) -> list[Sentence]:
    n, left, k = int(complete.sum()), int((~complete).sum()), len(empty) - 1
    notes = []
    if left:
        notes.append(
            Sentence(
                "{left:,} of {n:,} {n:answer|answers} are left out because the score or a driver is blank, most often "
                "{column} ({rows:,}).",
                left=left,
                n=len(complete),
                column=empty.idxmax(),
                rows=int(empty.max()),
            )
        )
    if n < 10 * k:
        notes.append(
            Sentence(
                "Only {n:,} complete answers for {k} {k:driver|drivers}: the ranks mean little. Ten answers a driver "
                "are the least.",
                n=n,
                k=k,
            )
        )
    return notes


def correlation(standard: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of the drivers (1, k, k) and with the target (1, k), each row counted so often."""
    mean = counts @ standard / counts.sum()
    cov = (standard * counts[:, None]).T @ standard / counts.sum() - np.outer(mean, mean)
    spread = np.sqrt(np.diag(cov).clip(0))
    # A resample may hold one value only: then it explains nothing.
    spread[spread < 1e-6] = np.inf
    corr = cov / np.outer(spread, spread)
    np.fill_diagonal(corr, 1.0)
    return corr[None, :-1, :-1], corr[None, :-1, -1]


def _bootstrap(standard: np.ndarray, repeats: int, rng: np.random.Generator) -> pd.DataFrame:
    """Percentile intervals of LMG, its ranks and the coefficients over resampled answers."""
    n = len(standard)
    samples = [correlation(standard, np.bincount(rng.integers(n, size=n), minlength=n)) for _ in range(repeats)]
    corr, rel = (np.concatenate(part) for part in zip(*samples, strict=True))
    shares, betas = _lmg(corr, rel), coefficients(corr, rel)
    low, high = 0.025, 0.975
    return pd.DataFrame(
        {
            "lmg_low": np.quantile(shares, low, axis=0),
            "lmg_high": np.quantile(shares, high, axis=0),
            "rank_low": np.quantile(_ranks(shares, "min"), low, axis=0, method="inverted_cdf"),
            "rank_high": np.quantile(_ranks(shares, "max"), high, axis=0, method="inverted_cdf"),
            "beta_low": np.quantile(betas, low, axis=0),
            "beta_high": np.quantile(betas, high, axis=0),
        }
    )


def _ranks(shares: np.ndarray, ties: str) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(-shares.round(12), axis=1, method=ties).astype("int64")


def _proportional_odds(score: np.ndarray, standard: np.ndarray) -> tuple[np.ndarray | None, list[Sentence]]:
    """Odds ratio a standard deviation with its 95 % interval (k, 3); None and a note where the fit failed.

    Source: McCullagh, Regression models for ordinal data, JRSS B 42 (1980), 109–142.
    """
    import warnings

    from statsmodels.miscmodels.ordinal_model import OrderedModel

    levels = pd.factorize(score, sort=True)[0]
    k = standard.shape[1]
    # statsmodels warns of what is tested here: no convergence, no inverse of the Hessian, overflow on the way.
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            fit = OrderedModel(levels, standard, distr="logit").fit(method="bfgs", disp=0, maxiter=500)
            beta, error = np.asarray(fit.params)[:k], np.asarray(fit.bse)[:k]
            found = bool(fit.mle_retvals["converged"]) and np.isfinite(beta).all() and np.isfinite(error).all()
        except (np.linalg.LinAlgError, ValueError):
            found = False
    if not found or error.max() > 10:  # coefficients of standardised drivers: beyond this they have no optimum
        return None, [
            Sentence(
                "The proportional-odds model has no stable solution (drivers that say the same, or that separate the "
                "scores completely): its columns are empty."
            )
        ]
    return np.exp(np.column_stack([beta, beta - Z * error, beta + Z * error])), []


def lmg(corr: np.ndarray | pd.DataFrame, corr_y: Sequence[float] | pd.Series) -> pd.Series:
    """LMG (Shapley) importance from correlations: the gain in R² averaged over all orders of entry.

    Parameters
    ----------
    corr : (k, k) correlations of the drivers, k ≤ MOST_DRIVERS.
    corr_y : (k,) correlations with the target; from standardised coefficients β it is corr @ β.

    Returns
    -------
    Series of k shares of variance ≥ 0 that sum to R²

    Raises
    ------
    DataError : not correlations; too many drivers.

    Source: Lindeman, Merenda and Gold 1980; Grömping, JSS 17(1) (2006).
    """
    names, corr, rel = _correlations(corr, corr_y)
    _not_too_many(len(names))
    return pd.Series(_lmg(corr, rel)[0], index=names, name="lmg")


def johnson(corr: np.ndarray | pd.DataFrame, corr_y: Sequence[float] | pd.Series) -> pd.Series:
    """Johnson's relative weights from correlations; parameters, errors as `lmg`, for any number of drivers.

    The drivers are replaced by their closest uncorrelated twins, Z = X R^(−½); what each twin explains is handed back
    by its squared correlation with the drivers: (R^½)² β_z². The sum is R².

    Source: Johnson, A heuristic method for estimating the relative weight of predictor variables in multiple
    regression, Multivariate Behavioral Research 35 (2000), 1–19.
    """
    names, corr, rel = _correlations(corr, corr_y)
    return pd.Series(_johnson(corr, rel)[0], index=names, name="johnson")


def _correlations(corr: object, corr_y: object) -> tuple[pd.Index, np.ndarray, np.ndarray]:
    names = corr.columns if isinstance(corr, pd.DataFrame) else pd.RangeIndex(len(corr))
    if isinstance(corr, pd.DataFrame) and isinstance(corr_y, pd.Series) and set(corr_y.index) == set(names):
        corr_y = corr_y.reindex(names)
    corr, rel = np.asarray(corr, dtype="float64"), np.asarray(corr_y, dtype="float64")
    k = len(names)
    if corr.shape != (k, k) or rel.shape != (k,):
        raise DataError(
            "Expected a square table of correlations and one correlation with the target a driver, got {table} and "
            "{target}.",
            table=corr.shape,
            target=rel.shape,
        )
    whole = np.block([[corr, rel[:, None]], [rel, np.ones(1)]])
    symmetric = np.isfinite(whole).all() and np.allclose(whole, whole.T, atol=1e-6)
    if not symmetric or not np.allclose(np.diag(whole), 1, atol=1e-6) or np.linalg.eigvalsh(whole).min() < -1e-6:
        raise DataError(
            "These are not correlations of real columns: 1 on the diagonal, the same above and below it, and no "
            "combination of columns with a negative variance."
        )
    return names, corr[None], rel[None]


def _lmg(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """LMG of b correlation tables at once: (b, k, k) and (b, k) → (b, k)."""
    b, k = rel.shape
    at_once = max(1, 2**22 >> (k + 1))  # about 32 MB
    return np.concatenate([_shapley(corr[i : i + at_once], rel[i : i + at_once]) for i in range(0, b, at_once)])


def _shapley(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    k = rel.shape[1]
    r2 = _r2_of_sets(corr, rel)
    sets = np.arange(2**k)
    size = np.bitwise_count(sets)
    # Of all k! orders, so many have exactly the drivers of a set in front of the driver in question.
    chance = np.array([1 / (k * math.comb(k - 1, s)) for s in range(k)])
    out = np.empty_like(rel)
    for j in range(k):
        without = sets[sets >> j & 1 == 0]
        out[:, j] = chance[size[without]] @ (r2[without | 1 << j] - r2[without])
    return out


def _r2_of_sets(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """R² of all sets of drivers, (2^k, b): bit j of the row number says whether driver j is in.

    Driver by driver, every table is taken twice, with the driver dropped and with it partialled out of the rest; in the
    end only the target's own variance is left of each, which is 1 − R².
    """
    tables = np.block([[corr, rel[:, :, None]], [rel[:, None, :], np.ones((len(rel), 1, 1))]])[None]
    for _ in range(rel.shape[1]):
        own, row, rest = tables[..., :1, :1], tables[..., :1, 1:], tables[..., 1:, 1:]
        # A driver that the others make up completely adds nothing.
        partialled = rest - np.swapaxes(row, -1, -2) * row / np.where(own > _SINGULAR, own, np.inf)
        tables = np.concatenate([rest, partialled])
    return 1 - tables[..., 0, 0]


def _johnson(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(corr)
    usable = values > _SINGULAR
    root = np.where(usable, np.sqrt(values.clip(0)), 0.0)
    inverse = np.divide(1.0, root, out=np.zeros_like(root), where=usable)
    flipped = np.swapaxes(vectors, -1, -2)
    half, half_inverse = (vectors * root[:, None]) @ flipped, (vectors * inverse[:, None]) @ flipped
    twins = half_inverse @ rel[..., None]
    return (half**2 @ twins**2)[..., 0]


def coefficients(corr: np.ndarray, rel: np.ndarray) -> np.ndarray:
    """Standardised coefficients (b, k) of `correlation`s; of equal drivers each gets its part."""
    return (np.linalg.pinv(corr, rcond=_SINGULAR, hermitian=True) @ rel[..., None])[..., 0]
