"""CLV: the published figures of CDNOW to the digits given, derivatives, edges, and money over time."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special, stats

from course import DataError, clv, collect
from course.clv import fitting

ORDERS = pd.DataFrame(
    {
        "customer_id": ["a", "a", "a", "a", "b", "c", "c"],
        "order_id": ["1", "2", "3", "4", "5", "6", "7"],
        "ordered_at": pd.to_datetime(
            [
                "2024-01-01 09:00",
                "2024-01-08",
                "2024-01-08 20:00",
                "2024-01-22",
                "2024-01-03",
                "2024-01-02",
                "2024-01-30",
            ],
            format="mixed",
        ),
        "amount": [10.0, 20.0, 5.0, 35.0, 7.0, 1.0, 9.0],
        "refunded": [0.0, 0.0, 5.0, 0.0, 0.0, 0.0, 0.0],
    }
)


def test_summary_of_a_table_small_enough_to_check_by_eye():
    got = clv.summary(ORDERS)
    assert list(got.columns) == ["customer_id", "x", "t_x", "T", "monetary"]
    got = got.set_index("customer_id")
    assert got["x"].to_dict() == {"a": 2, "b": 0, "c": 1}  # two orders of one day are one purchase
    assert got["t_x"].to_dict() == {"a": 3.0, "b": 0.0, "c": 4.0}
    assert got["T"].to_dict() == {"a": 29 / 7, "b": 27 / 7, "c": 4.0}
    assert got["monetary"].to_dict() == {"a": (20 + 35) / 2, "b": 0.0, "c": 9.0}  # net of the refund
    assert got.attrs["unit"] == "W"


@pytest.mark.parametrize(("period", "days"), [("D", 1), ("W", 7), ("M", 30.4375), ("Y", 365.25)])
def test_a_unit_of_time_is_a_number_of_days(period, days):
    got = clv.summary(ORDERS, as_of="2024-01-22", period=period).set_index("customer_id")
    assert got.loc["a", "t_x"] == pytest.approx(21 / days, rel=1e-15)
    assert got.loc["c", "x"] == 0  # what came after as_of is not seen
    assert got.attrs["unit"] == period


@pytest.fixture(scope="module")
def orders(real_data):
    return collect.read(real_data / "cdnow_sample.txt", "orders").frame


@pytest.fixture(scope="module")
def held(orders):
    return clv.holdout(orders, "1997-09-30")


@pytest.fixture(scope="module")
def cdnow(orders):
    return clv.summary(orders, as_of="1997-09-30")


@pytest.fixture(scope="module")
def model(cdnow):
    return clv.BetaGeo().fit(cdnow)


@pytest.fixture(scope="module")
def spend(cdnow):
    return clv.GammaGamma().fit(cdnow)


def test_cdnow_summary(cdnow):
    assert (len(cdnow), (cdnow["x"] == 0).sum(), cdnow["x"].sum()) == (2357, 1411, 2457)
    assert cdnow.loc[0, ["x", "t_x", "T"]].tolist() == pytest.approx([2, 30.428571, 38.857143], abs=1e-6)


def published(value, digits):
    """Equal to the last digit given."""
    return pytest.approx(value, abs=0.5000001 * 10.0**-digits)


def test_cdnow_bg_nbd(model):
    assert model.params_["r"] == published(0.2425945, 7)
    assert model.params_["alpha"] == published(4.4136020, 7)
    assert model.params_["a"] == published(0.7929220, 7)
    assert model.params_["b"] == published(2.4259068, 7)
    assert model.log_likelihood_ == published(-9582.4292, 4)
    errors = model.standard_errors_
    assert errors["r"] == published(0.01256, 5)
    assert [errors[n] for n in ("alpha", "a", "b")] == [published(v, 4) for v in (0.3782, 0.1857, 0.7054)]
    assert model.converged_
    assert (model.n_customers_, model.unit_) == (2357, "W")
    assert model.report() == []


def test_cdnow_mbg_nbd(cdnow):
    model = clv.ModifiedBetaGeo().fit(cdnow)
    assert [model.params_[n] for n in ("r", "alpha", "a", "b")] == [
        published(v, 6) for v in (0.524843, 6.183085, 0.891359, 1.614002)
    ]
    assert model.log_likelihood_ == published(-9582.1357, 4)


def test_cdnow_gamma_gamma(spend):
    assert [spend.params_[n] for n in "pqv"] == [published(v, 5) for v in (6.24957, 3.74422, 15.44352)]
    assert [spend.standard_errors_[n] for n in "pqv"] == [published(v, 3) for v in (1.190, 0.290, 4.159)]
    assert spend.log_likelihood_ == published(-4055.9177, 4)
    assert spend.n_customers_ == 946


def test_cdnow_gamma_gamma_reports_the_correlation(cdnow, spend):
    back = cdnow[cdnow["x"] > 0]
    by_scipy = stats.pearsonr(back["x"], back["monetary"])
    assert spend.correlation_ == pytest.approx(by_scipy.statistic, abs=1e-12)
    low, high = by_scipy.confidence_interval()
    assert (spend.correlation_low_, spend.correlation_high_) == pytest.approx((low, high), abs=1e-12)
    assert spend.rank_correlation_ == pytest.approx(stats.spearmanr(back["x"], back["monetary"]).statistic, abs=1e-12)
    assert "0.11 (95% interval 0.05 to 0.18" in spend.report()[-1].say("en")


def test_cdnow_forecasts(orders, cdnow, model):
    assert model.expected_purchases_new(52) == published(1.4440, 4)
    number = orders.groupby("customer_id")["2"].first()  # the sample's own numbering, in the file's second column
    row = cdnow[cdnow["customer_id"].map(number) == "1516"]
    assert row[["x", "t_x", "T"]].iloc[0].tolist() == pytest.approx([26, 30.857143, 31], abs=1e-6)
    assert model.expected_purchases(row, 52).item() == published(25.757, 3)
    assert model.p_alive(row).item() == published(0.96885, 5)
    first = cdnow[cdnow["customer_id"].map(number) == "0001"]
    assert model.p_alive(first).item() == published(0.7266, 4)
    assert model.expected_purchases(first, 39).item() == published(1.2260, 4)


def test_cdnow_more_purchases_and_less_future(model):
    # The published figures come from slightly rounder parameters: they agree to 7 parts in 100,000.
    given_x = pd.DataFrame({"x": [10, 15, 20, 25], "t_x": 20.0, "T": 39.0})
    assert model.expected_purchases(given_x, 52).to_numpy() == pytest.approx(
        [0.34746, 0.042834, 0.004159, 0.000358], rel=1e-4, abs=5e-7
    )


def test_cdnow_holdout_by_x(held, model):
    by_x = clv.validate(model, held).by_x
    assert by_x["x"].tolist() == list(range(8))
    assert by_x["customers"].tolist() == np.bincount(held.customers["x"].clip(upper=7)).tolist()
    actual = [0.2367, 0.6970, 1.3925, 1.5600, 2.5323, 2.9474, 3.8621, 6.3594]
    forecast = [0.2251, 0.5231, 1.0441, 1.5203, 2.1639, 2.6538, 3.5040, 6.1572]
    assert by_x["actual"].tolist() == [published(v, 4) for v in actual]
    assert by_x["forecast"].tolist() == [published(v, 4) for v in forecast]


def test_cdnow_tracking(held, model):
    # Repeat purchases of all 2,357 customers from their first day on, calibration included.
    tracking = clv.validate(model, held).tracking
    last = tracking.iloc[-1]
    assert last["day"] == pd.Timestamp("1998-06-30")
    assert last["actual"] == 4339
    assert last["expected"] == published(4160.6, 1)
    assert tracking.loc[tracking["held_out"].idxmax() - 1, "actual"] == 2457
    assert tracking["expected"].is_monotonic_increasing


def test_cdnow_against_forecasts_without_a_model(held, model, spend):
    got = clv.validate(model, held, spend)
    errors = got.errors.set_index(["measure", "forecast"])
    customers = held.customers
    assert (errors.loc["purchases", "actual"] == 1882).all()
    same_again = customers["previous_x"] - customers["holdout_x"]
    assert errors.loc[("purchases", "last_period"), "mae"] == pytest.approx(same_again.abs().mean())
    assert errors.loc[("purchases", "last_period"), "total"] == 2457  # both stretches have 273 days
    rate = customers["x"].sum() / customers["T"].sum() * 39
    assert errors.loc[("purchases", "mean_rate"), "bias"] == pytest.approx(2357 * rate - 1882)
    own = customers["x"] / customers["T"] * 39 - customers["holdout_x"]
    assert errors.loc[("purchases", "own_rate"), "rmse"] == pytest.approx(np.sqrt((own**2).mean()))
    for measure in ("purchases", "money"):
        mae = errors.loc[measure, "mae"]
        assert mae.idxmin() == "BetaGeo"
    assert "BG/NBD is closer" in got.report()[1].say("en")
    assert "BG/NBD 更准" in got.report()[1].say("zh")


def test_cdnow_bins_of_p_alive_keep_those_apart_of_whom_it_says_nothing(held, model):
    bins = clv.validate(model, held).alive_bins
    assert bins["customers"].sum() == 2357
    silent = bins[~bins["known"]]
    assert silent["customers"].tolist() == [1411]
    assert silent["p_alive"].tolist() == [1.0]
    never = held.customers[held.customers["x"] == 0]
    assert silent["bought"].item() == pytest.approx((never["holdout_x"] > 0).mean())
    assert bins["bought"].between(bins["bought_low"], bins["bought_high"]).all()
    known = bins[bins["known"]]
    assert (known["p_alive"].between(known["low"], known["high"])).all()


def test_cdnow_fifty_bad_starts_reach_one_optimum(cdnow):
    rng = np.random.default_rng(7)
    for start in np.exp(rng.uniform(-5, 5, (50, 4))):
        model = clv.BetaGeo([dict(zip(("r", "alpha", "a", "b"), start, strict=True))]).fit(cdnow)
        assert model.converged_
        assert model.log_likelihood_ == published(-9582.4292, 4)
        model = clv.GammaGamma([dict(zip("pqv", start[:3], strict=True))]).fit(cdnow)
        assert model.converged_
        assert model.log_likelihood_ == published(-4055.9177, 4)


def test_cdnow_unit_of_time_scales_alpha_and_nothing_else(orders, model):
    by_day = clv.BetaGeo().fit(clv.summary(orders, as_of="1997-09-30", period="D"))
    assert by_day.params_["alpha"] / model.params_["alpha"] == pytest.approx(7, rel=1e-6)
    assert [by_day.params_[n] for n in "rab"] == pytest.approx([model.params_[n] for n in "rab"], rel=1e-6)
    assert by_day.condition_ == pytest.approx(model.condition_, rel=1e-4)
    # A density per day is a seventh of one per week, once a repeat purchase.
    assert by_day.log_likelihood_ == pytest.approx(model.log_likelihood_ - 2457 * np.log(7), rel=1e-9)
    assert by_day.expected_purchases_new(364) == pytest.approx(model.expected_purchases_new(52), rel=1e-6)
    with pytest.raises(DataError, match="fitted in days, the summary is in weeks"):
        by_day.p_alive(clv.summary(orders, as_of="1997-09-30"))


def test_cdnow_calendar_weeks_would_be_another_model(orders, cdnow):
    # FIELD: merging the orders of a calendar week fits something else without a word; ours does not merge them.
    week = orders["ordered_at"].dt.to_period("W-SAT").dt.start_time
    merged = clv.summary(orders.assign(ordered_at=week), as_of="1997-09-30")
    assert merged["x"].sum() < cdnow["x"].sum()


def _simulated(customers, seed, r=0.8, alpha=5.0, a=0.6, b=2.5, leave_at_once=False):
    rng = np.random.default_rng(seed)
    rate, leave = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers) if a else np.zeros(customers)
    end = rng.uniform(26, 78, customers)
    rows = []
    for i in range(customers):
        now, x, t_x = 0.0, 0, 0.0
        alive = not leave_at_once or rng.random() > leave[i]
        while alive and (now := now + rng.exponential(1 / rate[i])) <= end[i]:
            x, t_x = x + 1, now
            alive = rng.random() > leave[i]
        rows.append((x, t_x, end[i]))
    return pd.DataFrame(rows, columns=["x", "t_x", "T"])


@pytest.mark.parametrize(("kind", "at_once"), [(clv.BetaGeo, False), (clv.ModifiedBetaGeo, True)])
def test_simulated_customers_give_their_parameters_back(kind, at_once):
    truth = {"r": 0.8, "alpha": 5.0, "a": 0.6, "b": 2.5}
    gaps = []
    for seed in range(8):
        model = kind().fit(_simulated(3000, seed, leave_at_once=at_once))
        assert model.converged_
        # In logs, where the estimates are nearer to normal: the error of a log is relative.
        relative = {n: model.standard_errors_[n] / model.params_[n] for n in truth}
        gaps += [np.log(model.params_[n] / v) / relative[n] for n, v in truth.items()]
    assert np.abs(gaps).max() < 4
    assert 0.8 < np.mean(np.abs(gaps) < 1.96) <= 1


def test_simulated_spend_gives_its_parameters_back():
    rng = np.random.default_rng(3)
    x = rng.geometric(0.4, 20_000)
    money = rng.gamma(6 * x) / rng.gamma(4, 1 / 15, 20_000) / x
    spend = clv.GammaGamma().fit(pd.DataFrame({"x": x, "monetary": money}))
    for name, value in {"p": 6, "q": 4, "v": 15}.items():
        assert abs(spend.params_[name] - value) < 3 * spend.standard_errors_[name]
    assert spend.mean_ == pytest.approx(money.mean(), rel=0.02)


def test_fast_and_slow_grouping_fit_the_same():
    # Times that are all different are not grouped; starts are then compared on a part of the rows.
    customers = _simulated(300, 1)
    many = pd.concat([customers.assign(T=customers["T"] + i * 1e-9) for i in range(150)], ignore_index=True)
    once, often = clv.BetaGeo().fit(customers), clv.BetaGeo().fit(many)
    assert list(often.params_.values()) == pytest.approx(list(once.params_.values()), rel=1e-5)
    assert often.log_likelihood_ == pytest.approx(150 * once.log_likelihood_, rel=1e-8)
    assert often.standard_errors_["a"] == pytest.approx(once.standard_errors_["a"] / np.sqrt(150), rel=1e-4)


# The likelihoods as they are published, written plainly and once more: what the fast ones are held against.


def _bg_plain(x, t_x, end, r, alpha, a, b):
    head = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    alive = special.betaln(a, b + x) - special.betaln(a, b) - (r + x) * np.log(alpha + end)
    if x == 0:
        return head + alive
    gone = special.betaln(a + 1, b + x - 1) - special.betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return head + np.logaddexp(alive, gone)


def _mbg_plain(x, t_x, end, r, alpha, a, b):
    head = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
    alive = special.betaln(a, b + x + 1) - special.betaln(a, b) - (r + x) * np.log(alpha + end)
    gone = special.betaln(a + 1, b + x) - special.betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return head + np.logaddexp(alive, gone)


def _gg_plain(x, money, p, q, v):
    return (
        special.gammaln(p * x + q)
        - special.gammaln(p * x)
        - special.gammaln(q)
        + q * np.log(v)
        + (p * x - 1) * np.log(money)
        + p * x * np.log(x)
        - (p * x + q) * np.log(x * money + v)
    )


customers_strategy = st.lists(
    st.tuples(st.integers(0, 30), st.floats(0.01, 1), st.floats(0.5, 50), st.floats(0.1, 500)), min_size=1, max_size=12
)
parameter = st.floats(-3, 3).map(np.exp)


def _table(rows):
    x = np.array([r[0] for r in rows])
    end = np.array([r[2] for r in rows])
    t_x = np.where(x > 0, np.array([r[1] for r in rows]) * end, 0.0)
    return pd.DataFrame({"x": x, "t_x": t_x, "T": end, "monetary": [r[3] if r[0] else 0.0 for r in rows]})


def _check_derivatives(at, p):
    _, gradient, hessian = at(p)
    for i, step in enumerate(1e-5 * p):
        up, down = p.copy(), p.copy()
        up[i] += step
        down[i] -= step
        (high, g_high, _), (low, g_low, _) = at(up), at(down)
        size = 1 + abs(high)
        assert gradient[i] == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-8 * size / step)
        scale = np.abs(hessian[i]).max() + 1
        assert hessian[i] == pytest.approx((g_high - g_low) / (2 * step), rel=1e-4, abs=1e-5 * scale)


@settings(max_examples=60)
@given(customers_strategy, st.tuples(parameter, parameter, parameter, parameter), st.sampled_from(["BG", "MBG"]))
def test_purchase_likelihood_its_gradient_and_its_hessian(rows, parameters, kind):
    table, p = _table(rows), np.array(parameters)
    model, plain = {"BG": (clv.BetaGeo(), _bg_plain), "MBG": (clv.ModifiedBetaGeo(), _mbg_plain)}[kind]
    counts = np.arange(1.0, len(table) + 1)
    at = model._likelihood(table["x"].to_numpy(), table["t_x"].to_numpy(), table["T"].to_numpy(), counts)
    expected = sum(
        n * plain(x, t, end, *p) for n, x, t, end in zip(counts, table["x"], table["t_x"], table["T"], strict=True)
    )
    assert at(p)[0] == pytest.approx(expected, rel=1e-9, abs=1e-8)
    _check_derivatives(at, p)


def test_the_likelihood_by_blocks_is_that_of_all_rows(monkeypatch):
    """Blocks of three rows, the last one short, against the formula written out row by row."""
    monkeypatch.setattr(fitting, "_BLOCK", 3)
    table = _table([(0, 0.5, 3, 1), (2, 0.4, 9, 1), (5, 0.9, 8, 1), (1, 0.1, 6, 1), (0, 0.5, 7, 1), (3, 0.7, 5, 1)] * 2)
    p, counts = np.array([0.3, 4.0, 0.8, 2.5]), np.arange(1.0, 13)
    for model, plain in ((clv.BetaGeo(), _bg_plain), (clv.ModifiedBetaGeo(), _mbg_plain)):
        at = model._likelihood(*(table[c].to_numpy() for c in ("x", "t_x", "T")), counts)
        rows = zip(counts, table["x"], table["t_x"], table["T"], strict=True)
        assert at(p)[0] == pytest.approx(sum(n * plain(x, t, end, *p) for n, x, t, end in rows), rel=1e-12)
        _check_derivatives(at, p)


def test_a_fit_does_not_depend_on_the_order_of_rows_whose_times_all_differ():
    rng = np.random.default_rng(3)
    end, x = rng.uniform(1, 50, 3000), rng.geometric(0.4, 3000) - 1
    table = pd.DataFrame({"x": x, "t_x": np.where(x > 0, end * rng.uniform(0.1, 1, 3000), 0.0), "T": end})
    one = clv.BetaGeo().fit(table)
    other = clv.BetaGeo().fit(table.sample(frac=1, random_state=1))
    assert one.params_ == other.params_ and one.log_likelihood_ == other.log_likelihood_


@settings(max_examples=60)
@given(customers_strategy, st.tuples(parameter, parameter, parameter))
def test_spend_likelihood_its_gradient_and_its_hessian(rows, parameters):
    table, p = _table([(r[0] + 1, *r[1:]) for r in rows]), np.array(parameters)
    counts = np.arange(1.0, len(table) + 1)
    at = clv.GammaGamma()._likelihood(table["x"].to_numpy(dtype="float64"), table["monetary"].to_numpy(), counts)
    expected = sum(n * _gg_plain(x, m, *p) for n, x, m in zip(counts, table["x"], table["monetary"], strict=True))
    assert at(p)[0] == pytest.approx(expected, rel=1e-9, abs=1e-8)
    _check_derivatives(at, p)


def _fitted(kind=clv.BetaGeo, unit=None, **params):
    """A model with given parameters, as if fitted."""
    model = kind()
    model.params_, model.unit_, model.n_customers_ = params, unit, 100
    model.converged_, model.edge_, model.identified_, model.condition_ = True, False, True, 10.0
    model.standard_errors_ = dict.fromkeys(params, 0.0)
    return model


#: Not below e⁻²: farther out the quadrature, not the model, would fail.
moderate = st.floats(-2, 3).map(np.exp)


@settings(max_examples=40)
@given(customers_strategy, st.tuples(moderate, moderate, moderate, moderate), st.floats(0.1, 60))
def test_forecast_is_the_published_integral(rows, parameters, horizon):
    r, alpha, a, b = parameters
    model = _fitted(r=r, alpha=alpha, a=a, b=b)
    table = _table(rows[:2])
    got = model.expected_purchases(table, horizon)
    for i, (x, end) in enumerate(zip(table["x"], table["T"], strict=True)):
        # E[Y | alive] = E_p[(1 − (1 + p y)^−(r+x)) / p] over p ~ beta(a, b + x), y = horizon / (α + T), in logit p.
        y = horizon / (alpha + end)

        def density(u, x=x, y=y):
            p, q = special.expit(u), special.expit(-u)
            weight = np.exp(a * np.log(p) + (b + x) * np.log(q) - special.betaln(a, b + x))
            return weight * -np.expm1(-(r + x) * np.log1p(p * y)) / p

        wide = 40 / min(a, b + x, 1) + 5
        alive = integrate.quad(density, -wide, wide, limit=2000, epsabs=0, epsrel=1e-10, points=[-5, 0, 5])[0]
        odds = 0 if x == 0 else a / (b + x - 1) * ((alpha + end) / (alpha + table.loc[i, "t_x"])) ** (r + x)
        assert got[i] == pytest.approx(alive / (1 + odds), rel=1e-6)


def test_forecast_at_a_equal_to_one_is_between_its_neighbours():
    # The published form divides by a − 1.
    table = pd.DataFrame({"x": [3], "t_x": [10.0], "T": [20.0]})
    low, at_one, high = (
        _fitted(r=0.5, alpha=4.0, a=a, b=2.0).expected_purchases(table, 30).item() for a in (1.001, 1.0, 0.999)
    )
    assert low < at_one < high
    assert at_one == pytest.approx((low + high) / 2, rel=1e-6)


def test_forecast_of_a_customer_with_a_thousand_purchases():
    # Nearly certain: alive, rate (r + x) / (α + T), and so good as never leaving.
    table = pd.DataFrame({"x": [5000], "t_x": [100.0], "T": [100.0]})
    got = _fitted(r=1.0, alpha=1.0, a=0.1, b=1e6).expected_purchases(table, 200).item()
    assert got == pytest.approx(5001 / 101 * 200, rel=1e-3)


@given(customers_strategy, st.tuples(parameter, parameter, parameter, parameter), st.floats(0.1, 60))
def test_forecasts_stay_within_what_is_possible(rows, parameters, horizon):
    names = ("r", "alpha", "a", "b")
    table = _table(rows)
    for kind in (clv.BetaGeo, clv.ModifiedBetaGeo):
        model = _fitted(kind, **dict(zip(names, parameters, strict=True)))
        alive = model.p_alive(table)
        assert alive.between(0, 1).all()
        never_leaving = (parameters[0] + table["x"]) / (parameters[1] + table["T"]) * horizon
        expected = model.expected_purchases(table, horizon)
        assert (expected >= 0).all()
        assert (expected <= never_leaving * (1 + 1e-9)).all()
        assert (model.p_purchase(table, horizon) <= np.minimum(alive, expected) + 1e-12).all()


@given(st.integers(1, 40), st.floats(0.1, 30), st.tuples(parameter, parameter, parameter, parameter))
def test_longer_silence_is_worse_news(x, t_x, parameters):
    ends = t_x + np.linspace(0, 100, 30)
    table = pd.DataFrame({"x": x, "t_x": t_x, "T": ends})
    for kind in (clv.BetaGeo, clv.ModifiedBetaGeo):
        alive = _fitted(kind, **dict(zip(("r", "alpha", "a", "b"), parameters, strict=True))).p_alive(table)
        assert (alive.diff().dropna() <= 0).all()
        assert alive.iloc[-1] < alive.iloc[0]


def test_who_never_came_back_is_alive_for_bg_nbd_and_not_for_mbg():
    table = pd.DataFrame({"x": [0, 0, 1], "t_x": [0.0, 0.0, 5.0], "T": [1.0, 500.0, 20.0]})
    bg = _fitted(r=0.5, alpha=4.0, a=0.8, b=2.4)
    assert bg.p_alive(table).tolist()[:2] == [1.0, 1.0]
    assert bg.informed(table).tolist() == [False, False, True]
    assert bg.caveat(table).say("en").startswith("2 of 3 customers never came back.")
    mbg = _fitted(clv.ModifiedBetaGeo, r=0.5, alpha=4.0, a=0.8, b=2.4)
    # 1 / (1 + a/b · ((α+T)/α)^r)
    assert mbg.p_alive(table)[1] == pytest.approx(1 / (1 + 0.8 / 2.4 * (504 / 4) ** 0.5))
    assert mbg.informed(table).all()
    assert mbg.caveat(table) is None


def test_a_new_customer_of_mbg_may_already_be_gone():
    bg, mbg = (_fitted(k, r=0.5, alpha=4.0, a=0.8, b=2.4) for k in (clv.BetaGeo, clv.ModifiedBetaGeo))
    assert bg.expected_purchases_new(0) == 0
    # For a short while nobody buys twice: chance to stay × rate × time.
    assert bg.expected_purchases_new(1e-4) == pytest.approx(0.5 / 4 * 1e-4, rel=1e-3)
    assert mbg.expected_purchases_new(1e-4) == pytest.approx(0.75 * 0.5 / 4 * 1e-4, rel=1e-3)
    assert mbg.expected_purchases_new(np.array([1.0, 2.0])).shape == (2,)


orders_tables = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 60), st.integers(1, 500)), min_size=1, max_size=60
)


def _orders(rows):
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "money"])
    return pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(frame["day"], unit="D"),
            "amount": frame["money"] * 0.1,
        }
    )


@settings(max_examples=40)
@given(orders_tables)
def test_the_sql_equals_the_pandas_that_the_lessons_write(rows):
    orders = _orders(rows)
    as_of = orders["ordered_at"].max()
    days = orders.groupby(["customer_id", "ordered_at"], as_index=False)["amount"].sum()
    days["first"] = days.groupby("customer_id")["ordered_at"].transform("min")
    grouped = days.groupby("customer_id")
    repeat = days[days["ordered_at"] > days["first"]].groupby("customer_id")["amount"]
    by_hand = pd.DataFrame(
        {
            "x": grouped.size() - 1,
            "t_x": (grouped["ordered_at"].max() - grouped["first"].min()).dt.days / 7,
            "T": (as_of - grouped["first"].min()).dt.days / 7,
            "monetary": repeat.mean().reindex(grouped.size().index).fillna(0),
        }
    )
    got = clv.summary(orders).set_index("customer_id")
    pd.testing.assert_frame_equal(got, by_hand, check_dtype=False, check_index_type=False, rtol=1e-12)


@settings(max_examples=25)
@given(orders_tables, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    orders = _orders(rows)
    shuffled = list(range(len(orders)))
    random.shuffle(shuffled)
    mixed = orders.iloc[shuffled]
    pd.testing.assert_frame_equal(clv.summary(orders), clv.summary(mixed), check_exact=True)
    pd.testing.assert_frame_equal(clv.historic(orders), clv.historic(mixed), check_exact=True)
    pd.testing.assert_frame_equal(clv.cohort(orders), clv.cohort(mixed), check_exact=True)


def test_row_order_changes_no_fit(cdnow):
    mixed = cdnow.sample(frac=1, random_state=1)
    for kind in (clv.BetaGeo, clv.GammaGamma):
        one, other = kind().fit(cdnow), kind().fit(mixed)
        assert one.params_ == other.params_
        assert one.log_likelihood_ == other.log_likelihood_


GOOD = pd.DataFrame({"customer_id": list("abcd"), "x": [0, 1, 2, 0], "t_x": [0.0, 2.0, 5.0, 0.0], "T": [9.0, 9, 9, 0]})


def test_a_customer_of_today_is_allowed():
    clv.check(GOOD)


@pytest.mark.parametrize(
    ("summary", "words"),
    [
        (GOOD.assign(t_x=[9.0, 2, 5, 0]), r"Column t_x .* 0 where x is 0; 1 customer is not \(first: a\).*RFM recency"),
        (GOOD.assign(t_x=[0.0, 0, 5, 0]), r"more than 0 where x is 1 or more; 1 customer is not \(first: b\)"),
        (GOOD.assign(t_x=[0.0, 2, 10, 0]), r"no more than T; 1 customer is not \(first: c\).*is not t_x"),
        (GOOD.assign(t_x=[0.0, -2, -5, 0]), r"a time, 0 or more; 2 customers are not \(first: b, c\)"),
        (GOOD.assign(x=[0, -1, 2, 0]), "Column x .* whole number"),
        (GOOD.assign(x=[0, 1.5, 2, 0]), "Column x .* whole number"),
        (GOOD.assign(x=[np.nan, 1, 2, 0]), r"Column x .* a number; 1 customer is not \(first: a\)"),
        (GOOD.assign(x=list("0120")), "Column x .* a number; 4"),
        (GOOD.assign(T=[-9.0, 9, 9, 0]), "Column T .* a time"),
        (GOOD.assign(T=[np.inf, 9, 9, 0]), "Column T .* a number"),
        (GOOD.rename(columns={"t_x": "recency_days"}), "no column t_x.*RFM recency .* is not t_x"),
        (GOOD.iloc[:0], "empty"),
        ([1, 2], "Expected a table"),
    ],
)
def test_what_is_no_summary_is_refused_at_the_door(summary, words):
    with pytest.raises(DataError, match=words):
        clv.BetaGeo().fit(summary)


def test_rfm_recency_in_the_place_of_t_x_is_refused():
    from course import segment

    rfm = segment.rfm(ORDERS).rename(columns={"recency_days": "t_x"})
    rfm["x"] = rfm["order_days"] - 1
    rfm["T"] = (ORDERS["ordered_at"].max().normalize() - rfm["first_order"].dt.normalize()).dt.days
    with pytest.raises(DataError, match=r"RFM recency .* is not t_x"):
        clv.BetaGeo().fit(rfm)


def test_spend_is_checked_and_what_was_refunded_is_counted():
    rng = np.random.default_rng(0)
    x = rng.geometric(0.4, 500)
    money = rng.gamma(6 * x) / rng.gamma(4, 1 / 15, 500) / x
    table = pd.DataFrame({"x": x, "monetary": money})
    plain = clv.GammaGamma().fit(table)
    more = pd.concat([table, pd.DataFrame({"x": [0, 2], "monetary": [0.0, 0.0]})], ignore_index=True)
    spend = clv.GammaGamma().fit(more)
    assert spend.params_ == plain.params_
    assert spend.left_out_ == 1
    assert "leaves out 1 customer whose" in spend.report()[0].say("en")
    # p (v + x m̄) / (p x + q − 1), and p v / (q − 1) for who never came back
    p, q, v = (spend.params_[n] for n in "pqv")
    expected = spend.expected_spend(more)
    assert expected.iloc[0] == pytest.approx(p * (v + x[0] * money[0]) / (p * x[0] + q - 1))
    assert expected.iloc[-2] == pytest.approx(p * v / (q - 1))
    with pytest.raises(DataError, match=r"Column monetary .* money, 0 or more; 1 customer"):
        clv.GammaGamma().fit(table.assign(monetary=np.where(table.index == 3, -1.0, money)))
    with pytest.raises(DataError, match="the summary has 0"):
        clv.GammaGamma().fit(pd.DataFrame({"x": [0, 0], "monetary": [0.0, 0.0]}))


@pytest.mark.parametrize("q", [0.5, 0.9])
def test_spend_without_a_mean_is_refused(q):
    rng = np.random.default_rng(1)
    x = rng.geometric(0.3, 3000)
    money = rng.gamma(6 * x) / rng.gamma(q, 1 / 10, 3000) / x
    with pytest.raises(DataError, match="no mean under Gamma-Gamma"):
        clv.GammaGamma().fit(pd.DataFrame({"x": x, "monetary": money}))


@pytest.mark.parametrize("kind", [clv.BetaGeo, clv.ModifiedBetaGeo])
def test_where_nobody_leaves_the_fit_says_so_and_invents_no_likelihood(kind):
    customers = _simulated(1500, 5, r=2.0, a=0)
    model = kind().fit(customers)
    assert not model.converged_
    assert np.isnan(model.standard_errors_["b"])
    assert "hardly anybody seems to leave" in model.report()[0].say("en")
    assert "没有收敛" in model.report()[0].say("zh")
    for forecast in (
        lambda: model.p_alive(customers),
        lambda: model.expected_purchases(customers, 10),
        lambda: model.expected_purchases_new(10),
    ):
        with pytest.raises(DataError, match="did not converge on 1,500 customers"):
            forecast()
    # No more likelihood than the model without leaving (NBD) has at its own optimum, found by plain search.
    x, end = customers["x"].to_numpy(), customers["T"].to_numpy()

    def nbd(log_p):
        r, alpha = np.exp(log_p)
        return -np.sum(special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + end))

    from scipy.optimize import minimize

    found = minimize(nbd, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9, "maxiter": 5000})
    assert model.log_likelihood_ == pytest.approx(-found.fun, abs=0.5)
    # Whoever wants it all the same gets the forecast of customers who never leave, and is told.
    edge = kind(allow_edge=True).fit(customers)
    assert edge.edge_
    r, alpha = np.exp(found.x)
    assert edge.expected_purchases(customers, 10).to_numpy() == pytest.approx((r + x) / (alpha + end) * 10, rel=1e-3)
    assert (edge.p_alive(customers) == 1).all()
    assert not edge.informed(customers).any()
    assert "never leave" in edge.caveat(customers).say("en")


def test_the_likelihood_of_a_huge_b_is_not_invented():
    # lgamma loses sixteen digits at b = 1e12; as a sum over whole steps nothing can cancel.
    customers = _simulated(200, 2)
    at = clv.BetaGeo()._likelihood(*(customers[c].to_numpy() for c in ("x", "t_x", "T")), np.ones(200))
    values = [at(np.array([1.0, 5.0, 1e-3, b]))[0] for b in (1e8, 1e10, 1e12, 1e14)]
    assert np.ptp(values) < 1e-4


def test_same_rate_for_everybody_and_too_few_customers_are_not_converged():
    rng = np.random.default_rng(2)
    end = np.full(400, 50.0)
    x = rng.poisson(5, 400)
    t_x = np.where(x > 0, end * rng.random(400) ** (1 / np.maximum(x, 1)), 0.0)
    assert not clv.BetaGeo().fit(pd.DataFrame({"x": x, "t_x": t_x, "T": end})).converged_
    lone = clv.BetaGeo().fit(pd.DataFrame({"x": [1], "t_x": [1.0], "T": [3.0]}))
    assert not lone.converged_
    assert lone.report()
    same = clv.GammaGamma().fit(pd.DataFrame({"x": [1, 2, 3, 4] * 9, "monetary": 10.0}))
    assert not same.converged_
    with pytest.raises(DataError, match="did not converge"):
        same.expected_spend(pd.DataFrame({"x": [1], "monetary": [10.0]}))


def test_an_ill_conditioned_fit_says_so():
    model = _fitted(r=0.5, alpha=4.0, a=0.8, b=2.4)
    model.condition_ = 1e9
    model.standard_errors_ = {"r": 0.1, "alpha": 0.2, "a": 3.0, "b": 9.0}
    first, second = model.report()
    assert "ill-conditioned (condition number 1e+09)" in first.say("en")
    assert "standard error of a, b" in second.say("en")


def test_what_cannot_be_asked():
    table = GOOD
    with pytest.raises(DataError, match="not fitted yet"):
        clv.BetaGeo().p_alive(table)
    with pytest.raises(DataError, match="no rate to learn"):
        clv.BetaGeo().fit(table.assign(x=0, t_x=0.0))
    model = _fitted(r=0.5, alpha=4.0, a=0.8, b=2.4)
    for horizon in (-1, np.nan):
        with pytest.raises(DataError, match="horizon"):
            model.expected_purchases(table, horizon)
    with pytest.raises(DataError, match="A time"):
        model.expected_purchases_new(-1)
    with pytest.raises(DataError, match="one of D, W, M, Y"):
        clv.summary(ORDERS, period="Q")
    with pytest.raises(DataError, match="no order up to 2023-12-31"):
        clv.summary(ORDERS, as_of="2023-12-31")
    with pytest.raises(DataError, match="no column amount"):
        clv.summary(ORDERS.drop(columns="amount"))
    with pytest.raises(DataError, match="must come before"):
        clv.holdout(ORDERS, "2024-01-30")


def test_holdout_of_a_table_small_enough_to_check_by_eye():
    got = clv.holdout(ORDERS, "2024-01-07", as_of="2024-01-22", period="D")
    assert got.horizon == 15
    customers = got.customers.set_index("customer_id")
    assert customers["x"].to_dict() == {"a": 0, "b": 0, "c": 0}
    assert customers["holdout_x"].to_dict() == {"a": 2, "b": 0, "c": 0}
    assert customers["holdout_monetary"].to_dict() == {"a": (20 + 35) / 2, "b": 0.0, "c": 0.0}  # per purchase day
    assert got.days["repeat_purchases"].sum() == 2
    late = clv.holdout(ORDERS, "2024-01-02")
    assert (late.new_customers, late.new_purchases, late.purchases) == (1, 1, 4)
    assert "1 customer who first bought in it, 25.0% of its 4 purchase days" in late.report()[0].say("en")
    assert late.customers["customer_id"].tolist() == ["a", "c"]


def test_holdout_has_the_same_summary_and_the_purchases_before(orders, held, cdnow):
    pd.testing.assert_frame_equal(held.customers[list(cdnow.columns)], cdnow)
    short = clv.holdout(orders, "1997-09-30", as_of="1997-10-28")
    days = orders[["customer_id", "ordered_at"]].drop_duplicates()
    first = days.groupby("customer_id")["ordered_at"].transform("min")
    repeat = days[(days["ordered_at"] > first)]
    assert short.customers["previous_x"].sum() == repeat["ordered_at"].between("1997-09-03", "1997-09-30").sum()
    assert short.customers["holdout_x"].sum() == repeat["ordered_at"].between("1997-10-01", "1997-10-28").sum()


def test_validation_refuses_a_model_of_other_customers(cdnow, held):
    with pytest.raises(DataError, match="fitted on 2,000 customers, the holdout has 2,357"):
        clv.validate(clv.BetaGeo().fit(cdnow.head(2000)), held)


def test_value_is_purchases_times_spend_discounted():
    table = GOOD.assign(monetary=[0.0, 30.0, 50.0, 0.0])
    table.attrs["unit"] = "W"
    model = _fitted(unit="W", r=0.5, alpha=4.0, a=0.8, b=2.4)
    spend = _fitted(clv.GammaGamma, p=6.0, q=4.0, v=15.0)
    free = clv.value(model, spend, table, 10, 0.0, "Y")
    assert free["expected_purchases"].to_numpy() == pytest.approx(model.expected_purchases(table, 10).to_numpy())
    assert free["value"].to_numpy() == pytest.approx((free["expected_purchases"] * free["expected_spend"]).to_numpy())
    assert free["p_alive_known"].tolist() == [False, True, True, False]
    # Two weeks at 10 % a week, margin 30 %: each week's purchases from its end.
    got = clv.value(model, spend, table, 2, 0.1, "W", margin=0.3)
    one, two = model.expected_purchases(table, 1), model.expected_purchases(table, 2)
    expected = 0.3 * spend.expected_spend(table) * (one / 1.1 + (two - one) / 1.21)
    assert got["value"].to_numpy() == pytest.approx(expected.to_numpy())
    # The same rate named by the year.
    yearly = clv.value(model, spend, table, 2, 1.1 ** (365.25 / 7) - 1, "Y", margin=0.3)
    assert yearly["value"].to_numpy() == pytest.approx(got["value"].to_numpy())
    # A part of a unit counts to its own end.
    part = clv.value(model, spend, table, 0.5, 0.1, "W")
    expected = spend.expected_spend(table) * model.expected_purchases(table, 0.5) / 1.1**0.5
    assert part["value"].to_numpy() == pytest.approx(expected.to_numpy())
    assert clv.value(model, spend, table, 0, 0.1, "W")["value"].tolist() == [0.0] * 4


def test_twelve_months_of_discount_are_a_year_of_it():
    monthly = clv.MONTHLY_DISCOUNT
    assert monthly == pytest.approx(0.00797414, rel=1e-5)
    assert (1 + monthly) ** 12 - 1 == pytest.approx(clv.DISCOUNT)


def test_value_names_its_periods():
    table = GOOD.assign(monetary=[0.0, 30.0, 50.0, 0.0])
    model = _fitted(unit="W", r=0.5, alpha=4.0, a=0.8, b=2.4)
    spend = _fitted(clv.GammaGamma, p=6.0, q=4.0, v=15.0)
    got = clv.value(model, spend, table, 52, 0.1, "Y", margin=0.25)
    assert got.attrs == {
        "unit": "W",
        "horizon": 52.0,
        "discount_rate_per_period": 0.1,
        "discount_period": "Y",
        "margin": 0.25,
    }
    said = clv.label(got)
    assert said.say("en") == "Margin (25% of money) expected in the next 52 weeks, discounted at 10% per year"
    assert said.say("zh") == "未来 52 周的预期毛利（金额的 25%），按每年 10% 折现"
    with pytest.raises(DataError, match="unit of time"):
        clv.value(_fitted(r=0.5, alpha=4.0, a=0.8, b=2.4), spend, table, 52, 0.1, "Y")
    with pytest.raises(DataError, match="discount rate"):
        clv.value(model, spend, table, 52, -0.1, "Y")
    with pytest.raises(DataError, match="one of D, W, M, Y"):
        clv.value(model, spend, table, 52, 0.1, "quarter")
    with pytest.raises(DataError, match="margin"):
        clv.value(model, spend, table, 52, 0.1, "Y", margin=0)


def test_historic_is_money_net_of_refunds_or_margin():
    got = clv.historic(ORDERS)
    assert got.set_index("customer_id")["value"].to_dict() == {"a": 65.0, "b": 7.0, "c": 10.0}
    assert got["order_days"].tolist() == [3, 1, 2]
    assert got.attrs["basis"] == "amount"
    margins = ORDERS.assign(margin=ORDERS["amount"] * 0.4)
    got = clv.historic(margins, as_of="2024-01-08")
    assert got.attrs["basis"] == "margin"
    assert got.set_index("customer_id")["value"].to_dict() == {"a": 12.0, "b": 2.8, "c": 0.4}  # order 3 all refunded
    assert clv.historic(margins, basis="amount")["value"].sum() == 82.0
    # A margin that is not known of every order is not used unasked.
    assert clv.historic(margins.assign(margin=margins["margin"].where(margins.index > 0))).attrs["basis"] == "amount"
    with pytest.raises(DataError, match="no column margin"):
        clv.historic(ORDERS, basis="margin")
    with pytest.raises(DataError, match="margin or amount"):
        clv.historic(ORDERS, basis="profit")


def test_cohorts_are_retention_times_money():
    orders = pd.DataFrame(
        {
            "customer_id": ["a", "b", "a", "b", "a", "c"],
            "ordered_at": pd.to_datetime(
                ["2024-01-05", "2024-01-20", "2024-02-01", "2024-02-28", "2024-04-02", "2024-03-15"]
            ),
            "amount": [10.0, 30.0, 6.0, 2.0, 12.0, 5.0],
        }
    )
    got = clv.cohort(orders, as_of="2024-04-10")
    january = got[got["cohort"] == "2024-01-01"]
    assert january["age"].tolist() == [0, 1, 2, 3]
    assert january["active"].tolist() == [2, 2, 0, 1]
    assert january["retention"].tolist() == [1.0, 1.0, 0.0, 0.5]
    assert january["money_per_active"].tolist() == [20.0, 4.0, 0.0, 12.0]
    assert january["money"].tolist() == [20.0, 4.0, 0.0, 6.0]
    assert january["cumulative"].tolist() == [20.0, 24.0, 24.0, 30.0]
    assert january["complete"].tolist() == [True, True, True, False]
    assert got[got["cohort"] == "2024-03-01"]["active"].tolist() == [1, 0]
    assert clv.cohort(orders, as_of="2024-04-30")["complete"].all()


@settings(max_examples=40)
@given(orders_tables)
def test_cohorts_and_customers_add_up_to_the_same_money(rows):
    orders = _orders(rows)
    cohorts, customers = clv.cohort(orders), clv.historic(orders)
    assert (cohorts["customers"] * cohorts["money"]).sum() == pytest.approx(orders["amount"].sum())
    assert customers["value"].sum() == pytest.approx(orders["amount"].sum())
    assert (cohorts.loc[cohorts["age"] == 0, "retention"] == 1).all()
    assert cohorts["money"].to_numpy() == pytest.approx((cohorts["retention"] * cohorts["money_per_active"]).to_numpy())


PFEIFER = ([0.3, 0.2, 0.15, 0.05], 40, 4)


def test_markov_chain_of_pfeifer_and_carraway():
    got = clv.markov(*clv.recency_chain(*PFEIFER), 0.2)
    assert got.tolist() == [published(v, 4) for v in (52.3196, 5.5538, 1.2508, -1.8200, 0)]


def test_contact_stops_where_it_costs_more_than_it_brings():
    policy = clv.stop_policy(*PFEIFER, 0.2)
    assert policy.stop == 4
    assert policy.values.tolist() == [published(v, 4) for v in (53.1494, 6.6207, 2.6437, 0, 0)]
    assert policy.table["stop"].tolist() == [1, 2, 3, 4, 5]
    assert policy.table.loc[0, "recency_1"] == 40  # never contacted: one purchase and goodbye
    assert clv.stop_policy([0.3, 0.2], 40, 0.0, 0.2).stop is None
    assert clv.stop_policy([0.3, 0.2], 40, 100, 0.2).stop == 1


def test_markov_value_is_the_sum_over_time():
    P, R = clv.recency_chain(*PFEIFER)
    total, here = np.zeros(5), np.eye(5)
    for period in range(400):
        total += here @ R / 1.2**period
        here = here @ P
    assert clv.markov(P, R, 0.2) == pytest.approx(total)


@pytest.mark.parametrize(
    ("P", "R", "rate", "words"),
    [
        ([[0.5, 0.5]], [1], 0.1, "n × n"),
        ([[0.5, 0.5], [0, 1]], [1], 0.1, "n × n"),
        ([[1, 0], [0.5, 0.4]], [1, 2], 0.1, "state 2 do not"),
        ([[1.5, -0.5], [0, 1]], [1, 2], 0.1, "state 1 do not"),
        ([[1, 0], [0, 1]], [1, np.nan], 0.1, "a number"),
        ([[1, 0], [0, 1]], [1, 2], 0.0, "above 0"),
    ],
)
def test_what_is_no_chain_is_refused(P, R, rate, words):
    with pytest.raises(DataError, match=words):
        clv.markov(P, R, rate)


def test_chances_are_between_0_and_1():
    with pytest.raises(DataError, match="between 0 and 1"):
        clv.recency_chain([1.2], 1, 1)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(0, 2), st.sampled_from([0.0, 1.0, 7.5])), min_size=1, max_size=50)
)
def test_groups_are_the_different_rows(rows):
    frame = pd.DataFrame(rows, columns=list("abc"))
    expected = frame.groupby(list("abc")).size()
    columns, counts = fitting.group(*(frame[c].to_numpy() for c in "abc"))
    assert list(zip(*columns, strict=True)) == list(expected.index)
    assert counts.tolist() == expected.tolist()
    settled, again = fitting._group_sorted([frame[c].to_numpy() for c in "abc"])
    assert [c.tolist() for c in settled] == [c.tolist() for c in columns] and again.tolist() == counts.tolist()
    columns, number = fitting.group_numbers(*(frame[c].to_numpy() for c in "abc"))
    assert all((column[number] == frame[c]).all() for column, c in zip(columns, "abc", strict=True))
