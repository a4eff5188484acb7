"""Holt's and Holt-Winters' parameters and starts against a slow optimiser, and refits at every origin at once."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from scipy.optimize import minimize

from forecasting.kernels.factor_candidates import fit_trend_and_factors
from forecasting.kernels.recursions import ADDITIVE, MULTIPLICATIVE
from forecasting.kernels.trend_candidates import origins_of_trend_and_season
from forecasting.kernels.trend_refinement import fit_trend_and_season
from tests.forecasting.kernels.recursions import squared_loss

DAMPED, UNDAMPED = np.array([0.8, 0.98]), np.array([1.0, 1.0])


def history(season: int, periods: int, series: int, seed: int = 0) -> np.ndarray:
    """Level, trend and season that wander at different paces."""
    rng = np.random.default_rng(seed)
    pace = rng.choice([0.0, 0.1, 0.5], (series, 2))
    slope = rng.normal(0, 0.05, (series, 1))
    level = 60 + slope * np.arange(periods) + np.cumsum(pace[:, :1] * rng.normal(0, 1, (series, periods)), axis=1)
    rounds = periods // season + 1
    waves = rng.normal(0, 5, (series, 1, season)) + np.cumsum(
        pace[:, 1:, None] * rng.normal(0, 1, (series, rounds, season)), axis=1
    )
    demand = level + waves.reshape(series, -1)[:, :periods] + rng.normal(0, 2, (series, periods))
    return np.maximum(demand, 1.0).astype(np.float32)


def fit(demand: np.ndarray, season: int, phi: np.ndarray, seasonal: bool = True) -> tuple[np.ndarray, np.ndarray]:
    n = len(demand)
    parameters, start = np.zeros((n, 4)), np.zeros((n, 2 + season))
    fit_trend_and_season(demand, np.zeros(demand.shape, np.uint8), seasonal, phi, parameters, start)
    return parameters, start


def coordinates(parameters: np.ndarray, phi: np.ndarray) -> np.ndarray:
    alpha, beta, gamma, damping = parameters
    width = phi[1] - phi[0]
    return np.array([alpha, beta / alpha, gamma / max(1 - alpha, 1e-9), (damping - phi[0]) / width if width else 0.0])


@njit
def columns_of_errors(values: np.ndarray, gains: np.ndarray, season: int, columns: int) -> np.ndarray:
    """Errors from zero states, and what a unit of each state adds to them; compiled, as it is called often."""
    alpha, beta, gamma, phi = gains
    level, slope, waves = np.zeros(columns), np.zeros(columns), np.zeros((season, columns))
    level[1], slope[2] = 1, 1
    for p in range(columns - 3):
        waves[p, 3 + p] = 1
    errors = np.empty((len(values), columns))
    for t in range(len(values)):
        base = level + phi * slope
        errors[t] = -(base + waves[t % season])
        errors[t, 0] += values[t]
        level, slope = base + alpha * errors[t], phi * slope + beta * errors[t]
        waves[t % season] += gamma * errors[t]
    return errors


def least_loss(values: np.ndarray, gains: np.ndarray, season: int, seasonal: bool) -> float:
    """Least loss over all starts: a regression of the errors from zero states on what a unit of each state adds."""
    errors = columns_of_errors(values, gains, season, 3 + season if seasonal else 3)
    rest = errors[:, 0] - errors[:, 1:] @ np.linalg.lstsq(errors[:, 1:], errors[:, 0], rcond=None)[0]
    return float(rest @ rest)


def reference(values: np.ndarray, phi: np.ndarray, parameters: np.ndarray, season: int, seasonal: bool) -> float:
    """The least loss that Nelder and Mead find, the start free at each of their steps."""

    def loss(x: np.ndarray) -> float:
        alpha = max(x[0], 1e-4)
        gains = [alpha, alpha * x[1], (1 - alpha) * x[2] if seasonal else 0.0, phi[0] + (phi[1] - phi[0]) * x[3]]
        return least_loss(values, np.array(gains), season, seasonal)

    options = {"maxfev": 80, "xatol": 1e-3, "fatol": 1e-6}
    guesses = coordinates(parameters, phi), np.array([0.2, 0.05, 0.05, 0.8])
    fits = [minimize(loss, x, method="Nelder-Mead", bounds=[(0, 1)] * 4, options=options) for x in guesses]
    return min(float(found.fun) for found in fits)


@pytest.mark.parametrize(("season", "phi", "seasonal"), [(7, UNDAMPED, True), (4, UNDAMPED, False)])
def test_the_loss_is_near_that_of_a_slow_optimiser_with_free_initial_states(
    season: int, phi: np.ndarray, seasonal: bool
) -> None:
    """Nine series in ten lie at most half a hundredth above what SciPy reaches with every state free."""
    demand = history(season, 210, 10)
    parameters, start = fit(demand, season, phi, seasonal)
    excess = []
    for i in range(len(demand)):
        values = demand[i].astype(float)
        mine = squared_loss(ADDITIVE, values, parameters[i], start[i])
        excess.append(mine / reference(values, phi, parameters[i], season, seasonal) - 1)
    assert np.quantile(excess, 0.9) <= 0.005


@pytest.mark.parametrize("season", [12, 52])
def test_long_seasons_are_found(season: int) -> None:
    """More columns than lanes: the start's season is the truth's within the noise of the years averaged."""
    time = np.arange(8 * season)
    truth = 10 * np.sin(2 * np.pi * np.arange(season) / season)
    rng = np.random.default_rng(1)
    demand = (80 + 0.05 * time + truth[time % season] + rng.normal(0, 0.5, (3, len(time)))).astype(np.float32)
    parameters, start = fit(demand, season, UNDAMPED)
    for i in range(3):
        assert squared_loss(ADDITIVE, demand[i], parameters[i], start[i]) <= 0.25 * len(time)
        np.testing.assert_allclose(start[i, 2:] - start[i, 2:].mean(), truth, atol=1.5)


def test_the_start_is_the_least_squares_solution() -> None:
    """Given the parameters, no small move of any state lowers the loss by more than the ridge may hold back."""
    demand = history(7, 200, 3, seed=5)
    parameters, start = fit(demand, 7, DAMPED)
    for i in range(3):
        here = squared_loss(ADDITIVE, demand[i], parameters[i], start[i])
        noise = np.sqrt(here / 200)
        for k in range(9):
            for step in (-0.3, 0.3):
                moved = start[i].copy()
                moved[k] += step * noise
                assert squared_loss(ADDITIVE, demand[i], parameters[i], moved) >= here * (1 - 1e-3)


def test_multiplicative_seasons_are_fitted_near_a_slow_optimum() -> None:
    """Given its start, SciPy improves the parameters by no more than half a hundredth in nine of ten series."""
    rng = np.random.default_rng(2)
    time = np.arange(200)
    factors = rng.uniform(0.5, 1.5, (8, 12))
    level = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, (8, 200)), axis=1))
    demand = (level * factors[:, time % 12] * np.exp(rng.normal(0, 0.05, level.shape))).astype(np.float32)
    parameters, start = np.zeros((8, 4)), np.zeros((8, 14))
    floor = 0.01 * demand.mean(axis=1).astype(np.float64)
    fit_trend_and_factors(demand, np.zeros(demand.shape, np.uint8), UNDAMPED, floor, parameters, start)
    excess = []
    for i in range(8):
        values = demand[i].astype(float)
        free = minimize(
            lambda x, i=i, values=values: squared_loss(
                MULTIPLICATIVE, values, [x[0], x[0] * x[1], (1 - x[0]) * x[2], 1.0], start[i]
            ) / values.var(),
            coordinates(parameters[i], UNDAMPED)[:3], method="L-BFGS-B", bounds=[(1e-4, 1), (0, 1), (0, 1)],
        )  # fmt: skip
        mine = squared_loss(MULTIPLICATIVE, values, parameters[i], start[i])
        excess.append(mine / (free.fun * values.var()) - 1)
        relative = start[i, 2:] / start[i, 2:].mean() / (factors[i] / factors[i].mean())
        np.testing.assert_allclose(relative, 1, atol=0.15)
    assert np.quantile(excess, 0.9) <= 0.005


def refit(demand: np.ndarray, status: np.ndarray, origins: list[int]) -> tuple[np.ndarray, np.ndarray]:
    parameters, state = np.full((len(demand), len(origins), 4), -1.0), np.full((len(demand), len(origins), 9), -1.0)
    origins_of_trend_and_season(demand, status, np.array(origins), True, DAMPED, parameters, state)
    return parameters, state


def test_one_sweep_over_origins_is_a_refit_at_each() -> None:
    """Nothing after an origin has an influence; within three seasons of the start there is no fit."""
    demand = history(7, 200, 6, seed=3)
    status = np.random.default_rng(3).choice([0, 0, 0, 0, 1], size=demand.shape).astype(np.uint8)
    status[0, :30] = 2
    origins = [0, 20, 21, 49, 50, 77, 130, 131, 199, 200]
    parameters, state = refit(demand, status, origins)
    for j, origin in enumerate(origins):
        p, s = refit(demand[:, :origin].copy(), status[:, :origin].copy(), [origin])
        np.testing.assert_array_equal(p[:, 0], parameters[:, j])
        np.testing.assert_allclose(s[:, 0], state[:, j], rtol=1e-9)
    assert (parameters[1:, 1] == 0).all()
    assert (parameters[1:, 3, 0] > 0).all()
    assert (parameters[0, :5] == 0).all()
