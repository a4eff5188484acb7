"""Weight and start of simple exponential smoothing against a slow optimiser, and refits at every origin at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from forecasting.kernels.level_candidates import fit_level_weight, origins_of_level

SERIES, PERIODS = 12, 150


def history(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random walks under noise of every proportion, with gaps; the first starts late, the last is constant."""
    rng = np.random.default_rng(seed)
    drift = np.geomspace(0.01, 3, SERIES)[:, None] * np.cumsum(rng.normal(0, 1, (SERIES, PERIODS)), axis=1)
    demand = 50 + drift + rng.normal(0, 1, drift.shape)
    demand[-1] = 7
    status = rng.choice([0, 0, 0, 0, 1, 4], size=demand.shape)
    status[0, :20] = 2
    return demand.astype(np.float32), status.astype(np.uint8)


def errors(values: np.ndarray, weight: float, start: float) -> np.ndarray:
    level, out = start, []
    for value in values:
        out.append(value - level)
        level += weight * (value - level)
    return np.array(out)


def least_loss(values: np.ndarray, weight: float) -> float:
    """Least loss over all starts: a regression of the errors from 0 on what a unit of the start adds."""
    e, d = errors(values, weight, 0.0), -errors(0 * values, weight, 1.0)
    return float(((e - d * (e @ d) / (d @ d)) ** 2).sum())


def reference(values: np.ndarray) -> float:
    """SciPy's bounded search around the best of 200 weights, the start free at each."""
    grid = np.linspace(1e-4, 1, 200)
    near = grid[int(np.argmin([least_loss(values, w) for w in grid]))]
    found = minimize_scalar(lambda w: least_loss(values, w), bounds=(max(near - 0.01, 1e-4), min(near + 0.01, 1)))
    return min(least_loss(values, near), float(found.fun))


def fit(demand: np.ndarray, status: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n = len(demand)
    weight, start, one = np.full(n, -1.0), np.full(n, -1.0), np.ones((n, 1))
    fit_level_weight(demand, status, 0 * one, one, np.zeros(n), weight, start)
    return weight, start


@pytest.mark.parametrize("seed", [0, 1])
def test_the_loss_is_at_most_a_thousandth_above_that_of_a_slow_optimiser(seed: int) -> None:
    demand, status = history(seed)
    weight, start = fit(demand, status)
    for i in range(SERIES):
        values = demand[i, status[i] == 0].astype(float)
        mine = float((errors(values, weight[i], start[i]) ** 2).sum())
        assert mine <= 1.001 * reference(values) + 1e-9
    assert len(set(weight)) >= 4


@pytest.mark.parametrize("scale", [1e12, 1e-6])
def test_units_do_not_matter(scale: float) -> None:
    demand, status = history(2)
    weight, start = fit(demand, status)
    other, further = fit((demand.astype(float) * scale).astype(np.float32), status)
    np.testing.assert_allclose(other, weight, atol=0.02)
    np.testing.assert_allclose(further / scale, start, rtol=1e-2)


def test_season_and_drift_are_taken_out_first() -> None:
    """(quantity - offset) / factor - drift x age: made so that nothing but a constant is left."""
    offset, factor = np.array([[3.0, 5, 7]]), np.array([[1.0, 2, 0.5]])
    time = np.arange(30)
    values = (20 + 0.25 * (time - 4)) * factor[0, time % 3] + offset[0, time % 3]
    status = np.where(time < 4, 2, 0).astype(np.uint8)[None]
    weight, start = np.zeros(1), np.zeros(1)
    fit_level_weight(values[None].astype(np.float32), status, offset, factor, np.array([0.25]), weight, start)
    assert start[0] == pytest.approx(20, rel=1e-5)


def test_without_evidence_weight_and_start_are_zero_and_one_value_is_its_own_start() -> None:
    demand, status = history(3)
    status[0], status[1] = 4, 4
    status[1, 77] = 0
    weight, start = fit(demand, status)
    assert (weight[0], start[0]) == (0, 0)
    assert start[1] == pytest.approx(demand[1, 77], rel=1e-6)


def test_one_sweep_over_ten_origins_is_ten_refits() -> None:
    """Nothing after an origin has an influence; weight and level are those of a sweep that ends there."""
    demand, status = history(4)
    origins = np.array([0, 3, 21, 22, 40, 64, 90, 120, 149, 150])
    weight, level = np.full((SERIES, 10), -1.0), np.full((SERIES, 10), -1.0)
    origins_of_level(demand, status, origins, weight, level)
    for j, origin in enumerate(origins):
        w, f = np.full((SERIES, 1), -1.0), np.full((SERIES, 1), -1.0)
        later = demand.copy()
        later[:, origin:] = 999
        origins_of_level(later[:, :origin].copy(), status[:, :origin].copy(), np.array([origin]), w, f)
        np.testing.assert_array_equal(w[:, 0], weight[:, j])
        np.testing.assert_allclose(f[:, 0], level[:, j], rtol=1e-6)
    assert (level[0, :2] == 0).all()


def test_the_level_at_an_origin_is_that_of_its_weight_and_nearly_optimal() -> None:
    demand, status = history(5)
    weight, level = np.zeros((SERIES, 1)), np.zeros((SERIES, 1))
    origins_of_level(demand, status, np.array([100]), weight, level)
    for i in range(SERIES):
        values = demand[i, :100][status[i, :100] == 0].astype(float)
        e, d = errors(values, weight[i, 0], 0.0), -errors(0 * values, weight[i, 0], 1.0)
        start = (e @ d) / (d @ d)
        ends = start
        for value in values:
            ends += weight[i, 0] * (value - ends)
        assert level[i, 0] == pytest.approx(ends, rel=1e-5)
        assert least_loss(values, weight[i, 0]) <= 1.005 * reference(values) + 1e-9
