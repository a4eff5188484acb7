"""Smoothing over many series at once against statsmodels and plain loops, one series at a time."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.kernels.smoothing import fit_level, last_observed

WEIGHTS = np.array([0.05, 0.2, 0.5, 0.9])
PROFILE = np.array([0, 1, 1, 0, 1, 0])
SERIES, PERIODS = len(PROFILE), 60


def history(seed: int, zeros: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Demand with a drifting level, a status and two profiles of seasonal factors."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.15, (SERIES, PERIODS)), axis=1)) * 12
    demand = rng.poisson(level) * (rng.random((SERIES, PERIODS)) >= zeros)
    status = rng.choice([0, 1, 4], p=[0.85, 0.1, 0.05], size=demand.shape)
    season = np.stack([np.ones(PERIODS), rng.uniform(0.5, 1.5, PERIODS)])
    return demand.astype(np.float32), status.astype(np.uint8), season.astype(np.float32)


def known_values(demand: np.ndarray, status: np.ndarray, season: np.ndarray, i: int) -> np.ndarray:
    known = status[i] == 0
    return demand[i, known].astype(float) / season[PROFILE[i], known].astype(float)


def backcast(values: np.ndarray) -> float:
    """Smooth backwards from the end: a running mean of ten values, then with weight 0.1."""
    state = 0.0
    for number, value in enumerate(values[::-1], start=1):
        state += max(0.1, 1 / number) * (value - state)
    return state


def fit_levels(demand: np.ndarray, status: np.ndarray, season: np.ndarray, room: int = PERIODS) -> tuple:
    out = tuple(np.full(SERIES, -1.0) for _ in range(3))
    table, count = np.zeros((SERIES, room), dtype=np.float32), np.full(SERIES, -1)
    fit_level(demand, status, season, PROFILE, WEIGHTS, *out, table, count)
    return (*out, table, count)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_level_weight_and_errors_are_those_of_statsmodels(seed: int) -> None:
    """Statsmodels smooths each series' known values, seasons taken out, from the same start with every weight."""
    demand, status, season = history(seed, 0.1)
    level, scale, chosen, table, count = fit_levels(demand, status, season)
    for i in range(SERIES):
        values = known_values(demand, status, season, i)
        fits = [
            SimpleExpSmoothing(values, initialization_method="known", initial_level=backcast(values)).fit(
                smoothing_level=weight, optimized=False
            )
            for weight in WEIGHTS
        ]
        best = fits[int(np.argmin([fit.sse for fit in fits]))]
        assert chosen[i] == WEIGHTS[np.argmin([fit.sse for fit in fits])]
        assert level[i] == pytest.approx(best.level[-1], rel=1e-5)
        assert level[i] == pytest.approx(best.forecast(1)[0], rel=1e-5)
        assert scale[i] == pytest.approx(values.mean(), rel=1e-5)
        errors = (values - best.fittedvalues) / (best.fittedvalues + values.mean())
        assert count[i] == len(values)
        np.testing.assert_allclose(table[i, : count[i]], errors - errors.mean(), atol=2e-5)
    assert len(set(chosen)) > 1


def test_a_short_memory_keeps_the_newest_errors_and_centres_those() -> None:
    demand, status, season = history(3, 0.1)
    _, _, _, table, count = fit_levels(demand, status, season)
    _, _, _, short, few = fit_levels(demand, status, season, 10)
    np.testing.assert_array_equal(few, 10)
    for i in range(SERIES):
        newest = table[i, count[i] - 10 : count[i]].astype(float)
        np.testing.assert_allclose(short[i], newest - newest.mean(), atol=1e-6)


def test_a_series_that_knows_nothing_or_only_zeros_has_level_zero_and_no_errors() -> None:
    demand, status, season = history(4, 0.0)
    demand[0], status[1] = 0, 1
    level, _, chosen, _, count = fit_levels(demand, status, season)
    for i in (0, 1):
        assert (level[i], chosen[i], count[i]) == (0, 0, 0)
    assert (count[2:] > 0).all()


@pytest.mark.parametrize("room", [1, 7, 100])
def test_the_newest_known_values_are_kept_oldest_first(room: int) -> None:
    demand, status, season = history(7, 0.3)
    table, count = np.full((SERIES, room), -1, dtype=np.float32), np.full(SERIES, -1)
    last_observed(demand, status, season, PROFILE, table, count)
    for i in range(SERIES):
        values = known_values(demand, status, season, i)[-room:]
        assert count[i] == len(values)
        np.testing.assert_allclose(table[i, : count[i]], values, rtol=1e-6)
