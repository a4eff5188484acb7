"""Croston's weights and states over many series at once against plain loops written from the paper."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.kernels.croston import choose_croston, run_croston

WEIGHTS = np.geomspace(0.02, 0.6, 16)
PROFILE = np.array([0, 1, 1, 0, 1, 0])
SERIES, PERIODS = len(PROFILE), 60
Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def history(seed: int, zeros: float = 0.6, periods: int = PERIODS) -> Case:
    """Demand with a drifting level, a status and two profiles of seasonal factors."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.15, (SERIES, periods)), axis=1)) * 12
    demand = rng.poisson(level) * (rng.random((SERIES, periods)) >= zeros)
    status = rng.choice([0, 1, 2, 4], p=[0.8, 0.1, 0.05, 0.05], size=demand.shape)
    status[3] = 0
    season = np.stack([np.ones(periods), rng.uniform(0.5, 1.5, periods)])
    return demand.astype(np.float32), status.astype(np.uint8), season.astype(np.float32)


def demands(case: Case, i: int) -> tuple[list[float], list[float], float]:
    """Sizes, intervals (in exposure) and the whole exposure of one series, observed periods only."""
    demand, status, season = case
    sizes, intervals, since, whole = [], [], 0.0, 0.0
    for t in range(demand.shape[1]):
        if status[i, t] == 0:
            since += float(season[PROFILE[i], t])
            whole += float(season[PROFILE[i], t])
            if demand[i, t] > 0:
                sizes.append(float(demand[i, t]))
                intervals.append(since)
                since = 0.0
    return sizes, intervals, whole


def smooth(values: list[float], start: float, weight: float) -> tuple[float, float]:
    """Simple exponential smoothing: the last level and the sum of squared one-step errors."""
    level, loss = start, 0.0
    for value in values:
        loss += (value - level) ** 2
        level = weight * value + (1 - weight) * level
    return level, loss


def fit(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    demand, status, season = case
    start, chosen, state = (np.full((SERIES, 2), -1.0) for _ in range(3))
    choose_croston(demand, status, season, PROFILE, WEIGHTS, start, chosen)
    run_croston(demand, status, season, PROFILE, start, chosen, state)
    return start, chosen, state


@pytest.mark.parametrize(("seed", "periods"), [(0, 60), (1, 60), (2, 333)])
def test_weights_and_state_are_those_of_a_plain_croston(seed: int, periods: int) -> None:
    """Start from the means; every weight in a loop over sizes and another over intervals."""
    case = history(seed, periods=periods)
    start, chosen, state = fit(case)
    for i in range(SERIES):
        sizes, intervals, whole = demands(case, i)
        begins = float(np.mean(sizes)), whole / len(sizes)
        np.testing.assert_allclose(start[i], begins, rtol=1e-9)
        for r, values in enumerate((sizes, intervals)):
            losses = [smooth(values, begins[r], weight)[1] for weight in WEIGHTS]
            # In single precision neighbours of the best may look alike.
            assert losses[int(np.flatnonzero(chosen[i, r] == WEIGHTS)[0])] <= min(losses) * (1 + 1e-5)
            assert state[i, r] == pytest.approx(smooth(values, begins[r], chosen[i, r])[0], rel=1e-9)
    assert len({tuple(pair) for pair in chosen}) > 2


def test_units_do_not_matter() -> None:
    """A history in units a million million times smaller has the same weights and as many more units."""
    demand, status, season = history(3)
    start, chosen, state = fit((demand, status, season))
    further, others, ends = fit((demand * np.float32(2.0**40), status, season))
    np.testing.assert_array_equal(others, chosen)
    np.testing.assert_array_equal(further, start * [2.0**40, 1])
    np.testing.assert_allclose(ends, state * [2.0**40, 1], rtol=1e-12)


def test_a_constant_demand_every_third_period_has_the_textbook_state() -> None:
    demand = np.zeros((SERIES, PERIODS), dtype=np.float32)
    demand[:, 2::3] = 6
    _, _, state = fit((demand, np.zeros(demand.shape, np.uint8), np.ones((2, PERIODS), np.float32)))
    np.testing.assert_allclose(state, np.tile([6, 3], (SERIES, 1)))


def test_croston_waits_through_silence() -> None:
    """After 30 demands of 4 nothing more is demanded: size and interval stay what they were."""
    demand = np.zeros((SERIES, PERIODS), dtype=np.float32)
    demand[:, :30] = 4
    status, season = np.zeros(demand.shape, np.uint8), np.ones((2, PERIODS), np.float32)
    state = np.zeros((SERIES, 2))
    start, half = np.tile([4.0, 1.0], (SERIES, 1)), np.full((SERIES, 2), 0.5)
    run_croston(demand, status, season, PROFILE, start, half, state)
    np.testing.assert_allclose(state, start)


def test_without_demand_there_is_nothing_to_smooth() -> None:
    case = history(4)
    case[0][0], case[1][1] = 0, 4
    start, chosen, state = fit(case)
    for result in (start, chosen, state):
        assert (result[:2] == 0).all()
        assert (result[2:] > 0).all()


def test_what_was_not_observed_is_no_evidence() -> None:
    demand, status, season = history(5)
    other = np.where(status == 0, demand, 999).astype(np.float32)
    for one, two in zip(fit((demand, status, season)), fit((other, status, season)), strict=True):
        np.testing.assert_array_equal(one, two)
