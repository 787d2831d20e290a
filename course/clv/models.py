"""The models: BG/NBD and its modified form for purchases, Gamma-Gamma for spend.

Sources: Fader, Hardie & Lee 2005, "Counting your customers the easy way" (BG/NBD); Batislam, Denizel & Filiztekin 2007
(MBG/NBD: a customer can be lost after the first purchase already); Fader & Hardie 2013, "The Gamma-Gamma model of
monetary value". Parameters are in the unit of the summary's time (and money).
"""

from typing import ClassVar, Self

import numpy as np
import pandas as pd
from scipy import special

from course.clv.fitting import Optimum, blocks, determined, dot, group, group_numbers, maximise
from course.clv.summaries import UNITS, check, horizon_checked
from course.errors import DataError
from course.intervals import Z
from course.language import Sentence

#: A Hessian (of log parameters) whose largest and smallest eigenvalue differ by more is called ill-conditioned.
ILL_CONDITIONED = 1e6
#: Terms of a series are added until what is left is below this share of the sum.
_NEGLIGIBLE = 1e-14


#: What the models are called in sentences.
TITLES = {"BetaGeo": "BG/NBD", "ModifiedBetaGeo": "MBG/NBD", "GammaGamma": "Gamma-Gamma"}


class _Fitted:
    """What the fitted models share.

    Attributes
    ----------
    params_, standard_errors_ : {name: value}, in the summary's unit; errors (from the inverse Hessian) are NaN where
        the data do not identify the parameters
    log_likelihood_ : at params_, for the unit of time of the summary (another unit, another number)
    converged_ : a further step would add nothing, and the data identify the parameters. Forecasts need it
    condition_ : condition number of the Hessian in log parameters (the same whatever the units)
    n_customers_, unit_ : customers learned from, unit of time ("D", "W", "M", "Y" or None)
    """

    names: ClassVar[tuple[str, ...]]

    def _keep(self, best: Optimum, scale: np.ndarray, shift: float, customers: int, unit: str | None) -> None:
        values = best.parameters * scale
        errors = values * np.sqrt(np.diag(best.covariance))
        self.params_ = {n: float(v) for n, v in zip(self.names, values, strict=True)}
        self.standard_errors_ = {n: float(e) for n, e in zip(self.names, errors, strict=True)}
        self.log_likelihood_ = float(best.log_likelihood + shift)
        self.condition_ = best.condition
        self.reached_, self.identified_ = best.reached, best.identified
        self.converged_ = best.reached and best.identified
        self.n_customers_, self.unit_ = int(customers), unit

    def report(self) -> list[Sentence]:
        """What a reader should know about the fit; nothing where there is nothing to say."""
        self._fitted()
        if not self.converged_:
            return [self._why_not()]
        said = []
        if self.condition_ > ILL_CONDITIONED:
            said.append(
                Sentence(
                    "The fit of {model} is ill-conditioned (condition number {condition:.0e}): the parameters can "
                    "hardly be told apart; read the forecasts, not the parameters.",
                    model=TITLES[type(self).__name__],
                    condition=self.condition_,
                )
            )
        if vague := [n for n, error in self.standard_errors_.items() if error > self.params_[n]]:
            said.append(
                Sentence(
                    "{model}: the standard error of {names} is larger than the value; read the forecasts, not the "
                    "parameters.",
                    model=TITLES[type(self).__name__],
                    names=", ".join(vague),
                )
            )
        return said

    def _why_not(self) -> Sentence:
        reason = self._degenerate() or (
            Sentence("the search did not reach an optimum")
            if self.identified_
            else Sentence("the data leave at least one parameter open")
        )
        return Sentence(
            "{model} did not converge on {n:,} {n:customer|customers}: {reason}. Do not forecast with it: take more "
            "customers or a longer time.",
            model=TITLES[type(self).__name__],
            n=self.n_customers_,
            reason=reason,
        )

    def _degenerate(self) -> Sentence | None:
        return None

    def _fitted(self) -> None:
        if not hasattr(self, "params_"):
            raise DataError("{model} is not fitted yet: call fit(summary) first.", model=TITLES[type(self).__name__])

    def _ready(self, summary: pd.DataFrame | None = None, needs: tuple[str, ...] = ("x", "t_x", "T")) -> np.ndarray:
        self._fitted()
        if not self._usable():
            sentence = self._why_not()
            raise DataError(sentence.message, **sentence.values)
        if summary is not None:
            check(summary, needs)
            self._same_unit(summary)
        return np.array(list(self.params_.values()))

    def _usable(self) -> bool:
        return self.converged_

    def _same_unit(self, summary: pd.DataFrame) -> None:
        unit = summary.attrs.get("unit")
        if unit and self.unit_ and unit != self.unit_:
            raise DataError(
                "The model was fitted in {fitted}, the summary is in {given}. Make both with the same period.",
                fitted=UNITS[self.unit_][1],
                given=UNITS[unit][1],
            )


class BetaGeo(_Fitted):
    """BG/NBD: customers buy at their own rate (gamma: r, alpha) and may leave after each repeat purchase (beta: a, b).

    P(alive) of a customer who never came back is 1 whatever the silence: this model lets nobody leave before the first
    repeat purchase. `informed` says for whom P(alive) says something; a report must not show the others as good news.
    `ModifiedBetaGeo` differs there.

    In some tables nobody is seen to leave: the likelihood grows as a → 0, and a and b have no estimate. Such a fit has
    `converged_` False and `edge_` True, and forecasts are refused unless `allow_edge` is set: then they are those of
    customers who never leave, P(alive) is 1 for everybody and `informed` for nobody.

    Parameters
    ----------
    starts : parameters (r, alpha, a, b) to start the search from; by default two starts taken from the data.
    allow_edge : forecast even where nobody is seen to leave.

    Attributes
    ----------
    edge_ : nobody is seen to leave, and the rates at which customers buy are well determined
    """

    names = ("r", "alpha", "a", "b")
    #: Chances to leave that a customer has had besides the repeat purchases.
    _more = 0

    def __init__(self, starts: list[dict[str, float]] | None = None, allow_edge: bool = False) -> None:
        self.starts, self.allow_edge = starts, allow_edge

    def fit(self, summary: pd.DataFrame) -> Self:
        """Learn from x, t_x and T (one row a customer, other columns are ignored); returns self.

        Raises
        ------
        DataError : a summary that is none (see `clv.check`), or nobody who came back.
        """
        check(summary)
        x = summary["x"].to_numpy(dtype="int64")
        t_x, end = (summary[c].to_numpy(dtype="float64") for c in ("t_x", "T"))
        if not x.any():
            raise DataError(
                "Nobody of {n:,} {n:customer|customers} bought on a second day: there is no rate to learn.", n=len(x)
            )
        (x, t_x, end), counts = _grouped(x, t_x, end)
        unit_time = float(dot(end, counts) / counts.sum())
        scale = np.array([1.0, unit_time, 1.0, 1.0])
        rows = (x, t_x / unit_time, end / unit_time, counts)
        best = maximise(self._likelihood, rows, self._starts(dot(x, counts) / counts.sum(), scale), bounded=(2, 3))
        shift = -float(dot(x, counts)) * np.log(unit_time)
        self._keep(best, scale, shift, counts.sum(), summary.attrs.get("unit"))
        flat = np.abs(best.slope).max() < 1 and determined(best.curvature[:2, :2])
        self.edge_ = bool(not self.converged_ and flat and self._nobody_leaves())
        return self

    def _starts(self, rate: float, scale: np.ndarray) -> list[np.ndarray]:
        if self.starts:
            return [np.array([start[n] for n in self.names]) / scale for start in self.starts]
        return [np.array([0.5, 0.5 / rate, 0.5, 2.0]), np.array([2.0, 2.0 / rate, 0.2, 1.0])]

    def _likelihood(self, x: np.ndarray, t_x: np.ndarray, end: np.ndarray, counts: np.ndarray):
        """The log-likelihood of grouped rows, with gradient and Hessian in (r, alpha, a, b).

        ln Γ(r+x)/Γ(r) + r ln α + ln B(a, b+n)/B(a, b) − (r+x) ln(α+T) + ln(1 + e^G), where n = x (BG) or x + 1 (MBG)
        and e^G = a / (b+n−1) · ((α+T)/(α+t_x))^(r+x), absent when n = 0. As n is whole, both ratios of gamma functions
        are sums over 0 … n−1: nothing can cancel, however large b grows.
        """
        n = x + self._more
        rising_r, rising_n = _Rising(x, counts), _Rising(n, counts)
        could_leave = n > 0
        staying = end[~could_leave], counts[~could_leave]
        x, t_x, end, counts, n = (v[could_leave] for v in (x, t_x, end, counts, n))
        leaving = x.astype("float64"), t_x, end, end - t_x, n - 1.0, counts, counts * x

        def at(p: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            r, alpha, a, b = p
            value, gradient, hessian = _leaving(leaving, r, alpha, a, b)
            log_end, one, two = _ended(staying, alpha)
            customers = rising_r.customers
            value += rising_r.log(r) + customers * r * np.log(alpha) - r * log_end
            gradient[0] += rising_r.first(r) + customers * np.log(alpha) - log_end
            gradient[1] += customers * r / alpha - r * one
            hessian[0, 0] += rising_r.second(r)
            hessian[0, 1] += customers / alpha - one
            hessian[1, 1] += -customers * r / alpha**2 + r * two
            value += rising_n.ratio(a, b)
            both, second = rising_n.first(a + b), rising_n.second(a + b)
            gradient[2] -= both
            gradient[3] += rising_n.first(b) - both
            hessian[2, 2] -= second
            hessian[2, 3] -= second
            hessian[3, 3] += rising_n.second(b) - second
            return value, gradient, hessian + np.triu(hessian, 1).T

        return at

    def _nobody_leaves(self) -> bool:
        return self.params_["a"] / (self.params_["a"] + self.params_["b"]) < 1e-3

    def _degenerate(self) -> Sentence | None:
        if self._nobody_leaves():
            return Sentence("hardly anybody seems to leave, and how few do cannot be told")
        return None

    def _usable(self) -> bool:
        return self.converged_ or (self.allow_edge and self.edge_)

    def _ready(self, summary: pd.DataFrame | None = None, needs: tuple[str, ...] = ("x", "t_x", "T")) -> np.ndarray:
        parameters = super()._ready(summary, needs)
        if not self.converged_:
            parameters[2] = 1e-300  # the edge itself: what is left of a would make long silences look like leaving
        return parameters

    def report(self) -> list[Sentence]:
        """What a reader should know about the fit; nothing where there is nothing to say."""
        if not (said := super().report()) or self.converged_ or not self._usable():
            return said
        return [
            Sentence(
                "{model}: in {n:,} customers hardly anybody is seen to leave, so a and b have no estimate. The "
                "forecasts are those of customers who never leave, and P(alive) says nothing.",
                model=TITLES[type(self).__name__],
                n=self.n_customers_,
            )
        ]

    def informed(self, summary: pd.DataFrame) -> pd.Series:
        """True where P(alive) says something: for BG/NBD where x ≥ 1 (else 1 by construction), at the edge nowhere."""
        self._ready(summary, ("x",))
        return (summary["x"] + self._more > 0) & self.converged_

    def caveat(self, summary: pd.DataFrame) -> Sentence | None:
        """The sentence that must stand beside a P(alive) of 1 that means nothing; None where there is none."""
        unknown = int((~self.informed(summary)).sum())
        if not unknown:
            return None
        if not self.converged_:
            return self.report()[0]
        return Sentence(
            "{n:,} of {all:,} customers never came back. BG/NBD gives each of them a P(alive) of 1, however long the "
            "silence: this is how the model is made, not good news.",
            n=unknown,
            all=len(summary),
        )

    def p_alive(self, summary: pd.DataFrame) -> pd.Series:
        """Probability that a customer is still one at T, given x and t_x.

        1 / (1 + δ · a / (b+n−1) · ((α+T)/(α+t_x))^(r+x)), n = x and δ = 0 when x = 0 (BG), n = x + 1 and δ = 1 (MBG).
        So BG/NBD gives 1 to everybody with x = 0, whatever the silence: see `informed` and `caveat`.

        Returns
        -------
        series (0 to 1) with the index of `summary`
        """
        r, alpha, a, b = self._ready(summary)
        x, t_x, end = (summary[c].to_numpy(dtype="float64") for c in ("x", "t_x", "T"))
        n = x + self._more
        odds = np.log(a) - np.log(b + np.maximum(n, 1) - 1) + (r + x) * np.log1p((end - t_x) / (alpha + t_x))
        return pd.Series(np.where(n > 0, special.expit(-odds), 1.0), index=summary.index, name="p_alive")

    def p_purchase(self, summary: pd.DataFrame, horizon: float) -> pd.Series:
        """Probability of at least one purchase in (T, T + horizon]: P(alive) · (1 − ((α+T)/(α+T+horizon))^(r+x))."""
        r, alpha, _, _ = self._ready(summary)
        ratio = horizon_checked(horizon) / (alpha + summary["T"].to_numpy(dtype="float64"))
        some = -np.expm1(-(r + summary["x"].to_numpy()) * np.log1p(ratio))
        return (self.p_alive(summary) * some).rename("p_purchase")

    def expected_purchases(self, summary: pd.DataFrame, horizon: float) -> pd.Series:
        """Expected purchase days in (T, T + horizon], given x, t_x and T.

        Parameters
        ----------
        horizon : in the unit of the summary's time.

        Returns
        -------
        series with the index of `summary`. More past purchases can mean a smaller number: the same silence after more
        of them is stronger evidence of having left.
        """
        alive = self.p_alive(summary)
        return (alive * self.purchases_if_alive(summary, np.array([horizon_checked(horizon)]))[:, 0]).rename(
            "expected_purchases"
        )

    def purchases_if_alive(self, summary: pd.DataFrame, horizons: np.ndarray) -> np.ndarray:
        """Expected purchase days up to each horizon of a customer still alive at T: array (customers, horizons).

        The published form holds a Gauss hypergeometric function and a division by a − 1. The same number as a sum of
        positive terms: of K purchases that would come (negative binomial), the j-th is made by who did not leave at the
        j − 1 before it, E[Y] = Σ_k P(K = k) Σ_{j<k} (b+n)_j / (a+b+n)_j.
        """
        r, alpha, a, b = self._ready(summary, ("x", "T"))
        x, end = summary["x"].to_numpy(dtype="float64"), summary["T"].to_numpy(dtype="float64")
        (x, end), number = group_numbers(x, end)
        ratio = np.asarray(horizons, dtype="float64") / (alpha + end)[:, None]
        wide = [np.broadcast_to(v[:, None], ratio.shape).ravel() for v in (r + x, b + x + self._more)]
        return _purchases(*wide, a, ratio.ravel()).reshape(ratio.shape)[number]

    def expected_purchases_new(self, t: float | np.ndarray) -> float | np.ndarray:
        """Expected repeat purchase days of a new customer within t of the first purchase, E[X(t)]; t or an array."""
        _, _, a, b = self._ready()
        times = np.atleast_1d(np.asarray(t, dtype="float64"))
        if not (np.isfinite(times) & (times >= 0)).all():
            raise DataError("A time is a number, 0 or more.")
        new = pd.DataFrame({"x": [0], "T": [0.0]})
        stays = b / (a + b) if self._more else 1.0
        expected = stays * self.purchases_if_alive(new, times)[0]
        return float(expected[0]) if np.ndim(t) == 0 else expected


class ModifiedBetaGeo(BetaGeo):
    """MBG/NBD: as BG/NBD, but a customer may leave after the first purchase too, so silence after one counts."""

    _more = 1


def _ended(rows: tuple[np.ndarray, ...], alpha: float) -> np.ndarray:
    """Σ over customers of ln(α+T), 1/(α+T) and 1/(α+T)²; rows are T and counts."""
    sums = np.zeros(3)
    for end, counts in blocks(rows):
        inverse = 1 / (alpha + end)
        sums += -dot(counts, np.log(inverse)), dot(counts, inverse), dot(counts, inverse**2)
    return sums


def _leaving(
    rows: tuple[np.ndarray, ...], r: float, alpha: float, a: float, b: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Σ over customers who may have left of ln(1 + e^G) − (r+x) ln(α+T), with gradient and upper half of the Hessian.

    Rows are x, t_x, T, T − t_x, n − 1, counts and counts · x. By blocks: what a block makes on its way is never so
    large that it must leave the processor's cache.
    """
    value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
    for x, t_x, end, silent, chances, counts, repeats in blocks(rows):
        late, early, passed = 1 / (alpha + end), 1 / (alpha + t_x), 1 / (b + chances)
        # The odds e^G that the customer has left, the probability of it, and its derivatives row by row.
        shape, silence = r + x, np.log1p(silent * early)
        log_odds = shape * silence + np.log(a * passed)
        small = np.exp(-np.abs(log_odds))
        likelier = 1 / (1 + small)
        gone = np.where(log_odds > 0, likelier, small * likelier)
        log_end, nearer = np.log(late), late - early
        value += dot(counts, np.maximum(log_odds, 0) - np.log(likelier) + r * log_end) + dot(repeats, log_end)
        gradient[0] += dot(counts, log_end)
        shaped = counts * r + repeats
        shaped *= late
        gradient[1] -= shaped.sum()
        hessian[0, 1] -= dot(counts, late)
        hessian[1, 1] += dot(shaped, late)
        weighted = counts * gone
        slopes = np.stack([silence, shape * nearer, -passed])
        by_weight = np.einsum("in,n->i", slopes, weighted)
        left = weighted.sum()
        gradient += by_weight[0], by_weight[1], left / a, by_weight[2]
        hessian[0, 1] += dot(weighted, nearer)
        hessian[1, 1] -= dot(weighted * (late + early), slopes[1])
        hessian[3, 3] += dot(weighted * passed, passed)
        doubt = weighted * (1 - gone)
        known = np.einsum("in,n->i", slopes, doubt) / a
        hessian[2, 2] += (doubt.sum() - left) / a**2
        hessian[[0, 1, 2], [2, 2, 3]] += known
        hessian[np.ix_(_OWN, _OWN)] += np.triu(np.einsum("in,jn->ij", slopes * doubt, slopes))
    return value, gradient, hessian


#: Where r, alpha and b stand among the parameters.
_OWN = [0, 1, 3]


def _grouped(x: np.ndarray, t_x: np.ndarray, end: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """`group` of x, t_x and T; who never came back (most customers) has a T alone."""
    back = x > 0
    (never,), counts = group(end[~back])
    columns, more = group(x[back], t_x[back], end[back])
    nought = np.zeros(len(never))
    columns = [np.concatenate(pair) for pair in zip((nought.astype("int64"), nought, never), columns, strict=True)]
    return columns, np.concatenate([counts, more])


class _Rising:
    """Σ over customers of ln (c)_n, the rising factorial c (c+1) … (c+n−1), for whole n, and its derivatives in c."""

    def __init__(self, n: np.ndarray, counts: np.ndarray) -> None:
        tally = np.bincount(n, weights=counts)
        self.customers = tally.sum()
        self.steps = np.arange(len(tally) - 1, dtype="float64")
        self.beyond = tally[::-1].cumsum()[::-1][1:]  # how many customers have n > j

    def log(self, c: float) -> float:
        return float(self.beyond @ np.log(c + self.steps))

    def first(self, c: float) -> float:
        return float(self.beyond @ (1 / (c + self.steps)))

    def second(self, c: float) -> float:
        return -float(self.beyond @ (c + self.steps) ** -2)

    def ratio(self, a: float, b: float) -> float:
        """Σ ln (b)_n / (a+b)_n = Σ ln B(a, b+n) / B(a, b)."""
        return float(self.beyond @ np.log1p(-a / (a + b + self.steps)))


def _purchases(shape: np.ndarray, stay: np.ndarray, leave: float, ratio: np.ndarray) -> np.ndarray:
    """Σ_k P(K = k) Σ_{j<k} (stay)_j / (leave+stay)_j, K negative binomial with mean shape · ratio; all arrays alike."""
    total = np.zeros(len(shape))
    rows = np.flatnonzero(ratio > 0)
    shape, stay, z = shape[rows], stay[rows], ratio[rows] / (1 + ratio[rows])
    log_pmf = -shape * np.log1p(ratio[rows])
    made, staying, out = np.zeros(len(rows)), np.ones(len(rows)), np.zeros(len(rows))
    k = 0
    while len(rows):
        k += 1
        log_pmf += np.log((shape + k - 1) / k * z)
        made += staying
        staying *= (stay + k - 1) / (leave + stay + k - 1)
        term = np.exp(log_pmf) * made
        out += term
        if k % 16 == 0:
            # The next terms shrink at least by this factor each, so their sum is that of a geometric series.
            factor = z * (shape + k) / k
            done = (factor < 1) & (term * factor <= _NEGLIGIBLE * out * (1 - factor))
            if done.any():
                total[rows[done]] = out[done]
                rows, shape, stay, z, log_pmf, made, staying, out = (
                    v[~done] for v in (rows, shape, stay, z, log_pmf, made, staying, out)
                )
    return total


class GammaGamma(_Fitted):
    """Gamma-Gamma: a purchase's money varies around each customer's own mean (p), the means across customers (q, v).

    It assumes that spend does not depend on frequency; `correlation_` says how true that is.

    Parameters
    ----------
    starts : parameters (p, q, v) to start the search from; by default two starts taken from the data.

    Attributes
    ----------
    correlation_, correlation_low_, correlation_high_ : Pearson's r of x and monetary among who came back, with its 95 %
        interval (Fisher's z; NaN below 4 customers or without any spread)
    rank_correlation_ : Spearman's, which one large customer cannot make
    left_out_ : customers with x ≥ 1 whose repeat purchases brought nothing (all refunded)
    """

    names = ("p", "q", "v")

    def __init__(self, starts: list[dict[str, float]] | None = None) -> None:
        self.starts = starts

    def fit(self, summary: pd.DataFrame) -> Self:
        """Learn from x and monetary of the customers with x ≥ 1 and money above 0; returns self.

        The others have no repeat spend; who came back and has none left (all of it refunded) is counted in `left_out_`.

        Raises
        ------
        DataError : a summary that is none, money below 0, fewer than two to learn from, or q ≤ 1: spend without a mean.
        """
        check(summary, ("x", "monetary"))
        back = summary[(summary["x"] > 0) & (summary["monetary"] > 0)]
        if len(back) < 2:
            raise DataError(
                "Spend is learned from customers with x ≥ 1 and money above 0; the summary has {n}.", n=len(back)
            )
        self.left_out_ = int((summary["x"] > 0).sum()) - len(back)
        x, money = (back[c].to_numpy(dtype="float64") for c in ("x", "monetary"))
        (x, money), counts = group(x, money)
        customers = counts.sum()
        unit_money = float(dot(counts, money) / customers)
        scale = np.array([1.0, 1.0, unit_money])
        best = maximise(self._likelihood, (x, money / unit_money, counts), self._starts(scale))
        self._keep(best, scale, -customers * np.log(unit_money), customers, summary.attrs.get("unit"))
        self._correlate(x, money, counts)
        if self.converged_ and self.params_["q"] <= 1:
            raise DataError(
                "The spend of these {n:,} customers has no mean under Gamma-Gamma (q = {q:.2f}; it must be above 1): a "
                "few very large ones decide it. Look at the largest values of monetary.",
                n=self.n_customers_,
                q=self.params_["q"],
            )
        return self

    def _starts(self, scale: np.ndarray) -> list[np.ndarray]:
        if self.starts:
            return [np.array([start[n] for n in self.names]) / scale for start in self.starts]
        return [np.array([2.0, 3.0, 1.0]), np.array([10.0, 5.0, 0.4])]

    def _likelihood(self, x: np.ndarray, money: np.ndarray, counts: np.ndarray):
        """The log-likelihood of grouped rows, with gradient and Hessian in (p, q, v).

        −ln B(px, q) + q ln v + (px − 1) ln m̄ + px ln x − (px + q) ln z, z = x m̄ + v. What depends on x alone is
        computed once for each x.
        """
        spent, of_x = x * money, counts * x
        levels, back = np.unique(x, return_inverse=True)
        tally = np.bincount(back, weights=counts)
        fixed, customers = -dot(counts, np.log(money)), counts.sum()
        log_spent = dot(of_x, np.log(spent))

        def at(parameters: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
            p, q, v = parameters
            whole, inverse = p * levels + q, 1 / (spent + v)
            log_z = -np.log(inverse)
            one, of = dot(counts, log_z), dot(of_x, log_z)
            value = -tally @ special.betaln(p * levels, q) + customers * q * np.log(v) + fixed
            value += p * (log_spent - of) - q * one
            psi, psi_1 = special.digamma(whole), special.polygamma(1, whole)
            near, near_x = dot(counts, inverse), dot(of_x, inverse)
            near_2, near_x2 = dot(counts, inverse**2), dot(of_x, inverse**2)
            gradient = np.array(
                [
                    (tally * levels) @ (psi - special.digamma(p * levels)) + log_spent - of,
                    tally @ psi - customers * special.digamma(q) + customers * np.log(v) - one,
                    customers * q / v - p * near_x - q * near,
                ]
            )
            pp = (tally * levels**2) @ (psi_1 - special.polygamma(1, p * levels))
            pq, qq = (tally * levels) @ psi_1, tally @ psi_1 - customers * special.polygamma(1, q)
            pv, qv = -near_x, customers / v - near
            vv = -customers * q / v**2 + p * near_x2 + q * near_2
            return float(value), gradient, np.array([[pp, pq, pv], [pq, qq, qv], [pv, qv, vv]])

        return at

    def _correlate(self, x: np.ndarray, money: np.ndarray, counts: np.ndarray) -> None:
        n = counts.sum()
        spread = len(np.unique(x)) > 1 and len(np.unique(money)) > 1
        self.correlation_ = float(_pearson(x, money, counts)) if spread else np.nan
        ranks = [_ranks(v, counts) for v in (x, money)]
        self.rank_correlation_ = float(_pearson(*ranks, counts)) if spread else np.nan
        half = Z / np.sqrt(n - 3) if n > 3 else np.nan
        z = np.arctanh(np.clip(self.correlation_, -1 + 1e-15, 1 - 1e-15))
        self.correlation_low_, self.correlation_high_ = float(np.tanh(z - half)), float(np.tanh(z + half))

    def report(self) -> list[Sentence]:
        """What a reader should know about the fit: convergence, and how far spend depends on frequency."""
        said = super().report()
        if self.left_out_:
            said.append(
                Sentence(
                    "Gamma-Gamma leaves out {n:,} {n:customer|customers} whose repeat purchases brought no money (all "
                    "of it refunded).",
                    n=self.left_out_,
                )
            )
        if np.isnan(self.correlation_):
            return said
        return [
            *said,
            Sentence(
                "Gamma-Gamma takes spend to be independent of frequency; among the {n:,} customers who came back their "
                "correlation is {r:.2f} (95% interval {low:.2f} to {high:.2f}; by ranks {ranks:.2f}).",
                n=self.n_customers_,
                r=self.correlation_,
                low=self.correlation_low_,
                high=self.correlation_high_,
                ranks=self.rank_correlation_,
            ),
        ]

    @property
    def mean_(self) -> float:
        """Expected spend per purchase day of a customer nobody has seen: p v / (q − 1)."""
        p, q, v = self._ready()
        return float(p * v / (q - 1))

    def expected_spend(self, summary: pd.DataFrame) -> pd.Series:
        """Expected money per purchase day, given x and monetary: p (v + x m̄) / (p x + q − 1).

        Between the customer's own mean and everybody's, the closer to the own the more purchases there are. Who never
        came back (x = 0) has no mean to go by and gets everybody's, p v / (q − 1).

        Returns
        -------
        series (money per purchase day) with the index of `summary`
        """
        p, q, v = self._ready(summary, ("x", "monetary"))
        x = summary["x"].to_numpy(dtype="float64")
        spent = np.where(x > 0, x * summary["monetary"].to_numpy(dtype="float64"), 0.0)
        return pd.Series(p * (v + spent) / (p * x + q - 1), index=summary.index, name="expected_spend")


def _pearson(left: np.ndarray, right: np.ndarray, counts: np.ndarray) -> float:
    left, right = (v - dot(counts, v) / counts.sum() for v in (left, right))
    return dot(counts, left * right) / np.sqrt(dot(counts, left**2) * dot(counts, right**2))


def _ranks(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Average ranks of values that each stand for `counts` customers."""
    levels, number = np.unique(values, return_inverse=True)
    tally = np.bincount(number, weights=counts, minlength=len(levels))
    return (tally.cumsum() - tally / 2)[number]
