"""Losses of quantiles and distributions: against scikit-learn, numerical integrals and the definitions of the M's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from forecasting.distributions import LeadTimeDemand
from forecasting.metrics import (
    crps,
    interval_score,
    lead_time_crps,
    lead_time_pinball,
    mase,
    msis,
    pinball,
    scaled_pinball,
    scaled_quantile_loss,
    wspl,
)

NAN = math.nan
LEVELS = np.array([0.1, 0.5, 0.95])
units = st.floats(0, 100)
whole_draws = arrays(np.int64, st.integers(20, 50), elements=st.integers(0, 25))
any_draws = arrays(np.float32, st.integers(20, 50), elements=st.floats(0, 100, width=32))


@given(actual=arrays(np.float64, (5,), elements=units), quantiles=arrays(np.float64, (5, 3), elements=units))
def test_pinball_is_that_of_scikit_learn(actual, quantiles) -> None:
    loss = pinball(actual, quantiles, LEVELS)
    assert loss.shape == (5, 3)
    for k, level in enumerate(LEVELS):
        expected = mean_pinball_loss(actual, quantiles[:, k], alpha=level)
        assert loss[:, k].mean() == pytest.approx(expected, abs=1e-12)


def test_pinball_by_hand_and_what_it_refuses() -> None:
    np.testing.assert_allclose(pinball([10.0, 10.0], [[8.0], [12.0]], [0.9]), [[1.8], [0.2]])
    assert np.isnan(pinball([NAN, 1.0], [[1.0], [NAN]], [0.5])).all()
    for level in (0.0, 1.0, NAN):
        with pytest.raises(ValueError, match="must lie in"):
            pinball([1.0], [[1.0]], [level])


def test_pinball_of_a_lead_time_demand_is_that_of_its_quantiles() -> None:
    demand = LeadTimeDemand.from_samples(np.random.default_rng(0).poisson([[3.0], [40.0]], (2, 200)), True)
    loss = lead_time_pinball(demand, [4.0, NAN], [0.5, 0.999])
    for k, level in enumerate([0.5, 0.999]):
        q = demand.quantile(level)[0]
        assert loss[0, k] == pytest.approx(max(level * (4 - q), (1 - level) * (q - 4)))
    assert np.isnan(loss[1]).all()


def test_scaled_losses_by_hand() -> None:
    """Steps of the past 2, 2 after the first demand, 0, 2, 2 with the zero before it."""
    history = np.array([[0.0, 0.0, 2.0, 4.0, 2.0]])
    actual, quantiles = np.array([[3.0, NAN, 5.0]]), np.array([[[2.0, 4.0], [0.0, 0.0], [4.0, 9.0]]])
    levels = [0.5, 0.9]
    # Pinball at 0.5: 0.5, 0.5; at 0.9: 0.1, 0.4. The period that was not observed counts for nothing.
    np.testing.assert_allclose(scaled_pinball(actual, quantiles, levels, history), [[0.5 / 2, 0.25 / 2]])
    assert wspl(actual, quantiles, levels, history, [7.0]) == (pytest.approx((0.25 + 0.125) / 2), 1, 0)
    np.testing.assert_allclose(scaled_quantile_loss(actual, quantiles, levels, history), [(1.0 + 0.5) / 2 / 1.5])


def test_the_scaled_quantile_loss_of_the_median_is_the_mase() -> None:
    rng = np.random.default_rng(1)
    history, actual, median = rng.poisson(4, (5, 30)), rng.poisson(4, (5, 6)), rng.poisson(4, (5, 6))
    expected = mase(actual, median, history, season=7)
    np.testing.assert_allclose(scaled_quantile_loss(actual, median[..., None], [0.5], history, season=7), expected)


def test_weighted_scaled_pinball_leaves_out_what_has_no_scale() -> None:
    history = np.array([[0.0, 0.0, 0.0], [1.0, 2.0, 1.0]])
    score = wspl(np.zeros((2, 1)), np.ones((2, 1, 2)), [0.5, 0.9], history, [9.0, 1.0])
    assert score == (pytest.approx(0.3), 1, 1)


@given(actual=units, lower=units, width=units, coverage=st.floats(0.05, 0.99))
def test_the_interval_score_is_made_of_two_pinball_losses(actual, lower, width, coverage) -> None:
    """Gneiting and Raftery: 2 / alpha times the sum of the losses of its two ends."""
    alpha = 1 - coverage
    ends = pinball(actual, [lower, lower + width], [alpha / 2, 1 - alpha / 2]).sum()
    score = interval_score(actual, lower, lower + width, coverage)
    assert float(score) == pytest.approx(2 / alpha * ends, rel=1e-6, abs=1e-9)


def test_interval_scores_by_hand() -> None:
    np.testing.assert_allclose(interval_score([1.0, 5.0, 12.0], 4.0, 10.0, 0.8), [6 + 30, 6, 6 + 20])
    score = msis([[1.0, 5.0, NAN]], np.full((1, 3), 4.0), np.full((1, 3), 10.0), [[1.0, 3.0, 5.0]], coverage=0.8)
    np.testing.assert_allclose(score, [21 / 2])
    assert np.isnan(msis([[1.0]], [[0.0]], [[2.0]], [[0.0, 0.0]])).all()
    with pytest.raises(ValueError, match="coverage is 1"):
        interval_score(1.0, 0.0, 2.0, 1.0)


def integral(distribution, actual: float, points: np.ndarray, top: float, rule: str) -> float:
    """Integral of (F - 1{x >= actual})^2 between breakpoints: by midpoints of steps or by Gauss-Legendre."""
    edges = np.unique(np.r_[points, actual, top])
    left, right = edges[:-1], edges[1:]
    nodes, weights = ([0.0], [2.0]) if rule == "steps" else np.polynomial.legendre.leggauss(12)
    total = 0.0
    for node, weight in zip(nodes, weights, strict=True):
        x = (left + right) / 2 + node * (right - left) / 2
        cdf = np.array([distribution(v) for v in x])
        total += (weight / 2 * (right - left) * (cdf - (x >= actual)) ** 2).sum()
    return float(total)


@given(draws=any_draws, actual=units)
def test_the_score_of_samples_is_the_integral_of_its_definition(draws, actual) -> None:
    ordered = np.sort(draws.astype(float))
    top = max(ordered[-1], actual) + 1

    def cdf(x: float) -> float:
        return float((ordered <= x).mean())

    expected = integral(cdf, actual, np.r_[min(ordered[0], actual) - 1, ordered], top, "steps")
    assert crps([actual], draws[None])[0] == pytest.approx(expected, abs=1e-5)


@given(draws=whole_draws, actual=st.one_of(st.integers(0, 60), st.floats(0, 60)))
def test_the_score_of_whole_lead_time_demand_is_the_integral_of_its_definition(draws, actual) -> None:
    """The actual may also lie between whole numbers, and far in the tail."""
    demand = LeadTimeDemand.from_samples(draws, True)
    steps = np.arange(-1.0, 700.0)
    expected = integral(lambda x: demand.cdf(x)[0], float(actual), steps, 701.0, "steps")
    assert lead_time_crps(demand, actual)[0] == pytest.approx(expected, abs=1e-6)


@given(draws=any_draws, actual=st.floats(0, 250))
def test_the_score_of_other_lead_time_demand_is_the_integral_of_its_definition(draws, actual) -> None:
    demand = LeadTimeDemand.from_samples(draws)
    excess = demand.excess[0]
    tail = demand.threshold[0] + np.r_[0.0, np.linspace(0, 40 * excess, 60), max(actual - demand.threshold[0], 0) + 40]
    points = np.r_[-1.0, np.unique(draws.astype(float)[draws <= demand.threshold[0]]), tail]
    expected = integral(lambda x: demand.cdf(x)[0], actual, points, float(points.max()) + 1, "gauss")
    assert lead_time_crps(demand, actual)[0] == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_the_score_of_normal_draws_is_that_of_the_normal_distribution() -> None:
    """Closed form of Gneiting and Raftery, eq. 21, from the quantiles at the middles of equal slices."""
    draws = stats.norm.ppf((np.arange(4000) + 0.5) / 4000, 50, 8)
    for actual in (30.0, 50.0, 61.0):
        z = (actual - 50) / 8
        exact = 8 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / math.sqrt(math.pi))
        assert crps([actual], draws[None])[0] == pytest.approx(exact, rel=2e-3)
        assert lead_time_crps(LeadTimeDemand.from_samples(draws), actual)[0] == pytest.approx(exact, rel=0.02)


def test_the_fair_score_of_few_draws_is_on_average_that_of_many() -> None:
    rng = np.random.default_rng(3)
    few = rng.gamma(2, 5, (20_000, 8))
    exact = crps([12.0], stats.gamma.ppf((np.arange(4000) + 0.5) / 4000, 2, scale=5)[None])[0]
    fair, plain = crps(np.full(20_000, 12.0), few, fair=True), crps(np.full(20_000, 12.0), few)
    assert abs(fair.mean() - exact) < 4 * fair.std() / math.sqrt(20_000)
    assert plain.mean() - exact > 8 * plain.std() / math.sqrt(20_000)


def test_a_sure_forecast_is_scored_by_its_absolute_error() -> None:
    """Also for all-zero series: 0 when right."""
    sure = LeadTimeDemand.from_samples(np.repeat([[0.0], [7.0], [0.25]], 30, axis=1), [True, True, False])
    np.testing.assert_allclose(lead_time_crps(sure, [0.0, 4.0, 1.25]), [0.0, 3.0, 1.0])
    assert np.isnan(lead_time_crps(sure, [NAN, 1.0, 1.0])).tolist() == [True, False, False]
    assert crps([1e9 + 1.0], np.full((1, 50), 1e9))[0] == pytest.approx(1.0)


def test_the_order_of_draws_and_the_number_of_rows_at_once_change_nothing(monkeypatch) -> None:
    draws = np.random.default_rng(4).gamma(1, 5, (9, 40))
    together = crps(np.arange(9.0), draws)
    monkeypatch.setattr("forecasting.metrics.quantile._ROWS_AT_ONCE", 2)
    assert crps(np.arange(9.0), draws[:, ::-1]).tobytes() == together.tobytes()
