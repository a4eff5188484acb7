"""Croston's weights and states over many series at once against plain loops written from the paper."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from forecasting.kernels.croston import NEWEST, choose_croston, run_croston

WEIGHTS = np.array([0.02, 0.07, 0.2, 0.5])
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


def known(case: Case, i: int) -> list[tuple[float, float]]:
    """(demand, factor) of the observed periods of one series."""
    demand, status, season = case
    return [(float(demand[i, t]), float(season[PROFILE[i], t])) for t in np.flatnonzero(status[i] == 0)]


def means(cells: list[tuple[float, float]]) -> tuple[float, float]:
    """Mean size and mean interval."""
    sizes = [value for value, _ in cells if value > 0]
    return sum(sizes) / len(sizes), sum(factor for _, factor in cells) / len(sizes)


def judging(cells: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The cells after the demand before the newest 256 demands."""
    places = [t for t, (value, _) in enumerate(cells) if value > 0]
    return cells if len(places) <= NEWEST else cells[places[-NEWEST - 1] + 1 :]


def fit(case: Case, correction: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    demand, status, season = case
    start, chosen, state = (np.full((SERIES, 2), -1.0) for _ in range(3))
    choose_croston(demand, status, season, PROFILE, WEIGHTS, correction, start, chosen)
    run_croston(demand, status, season, PROFILE, start, chosen, state)
    return start, chosen, state


def croston(
    cells: list[tuple[float, float]], start: tuple[float, float], weights: tuple[float, float], correction: float
) -> tuple[tuple[float, float], float]:
    """Croston (1972), both weights free; the final (size, interval) and the sum of squared one-step errors."""
    (size, interval), since, loss = start, 0.0, 0.0
    for value, factor in cells:
        since += factor
        loss += (value - (1 - correction * weights[1]) * size / interval * factor) ** 2
        if value > 0:
            size += weights[0] * (value - size)
            interval += weights[1] * (since - interval)
            since = 0.0
    return (size, interval), loss


@pytest.mark.parametrize("correction", [0.0, 0.5])
@pytest.mark.parametrize(("seed", "periods"), [(0, 60), (1, 60), (2, 1100)])
def test_weights_and_state_are_those_of_a_plain_croston(seed: int, periods: int, correction: float) -> None:
    """Every pair of weights in a loop over the periods after all but the newest 256 demands; then the whole history."""
    case = history(seed, periods=periods)
    start, chosen, state = fit(case, correction)
    for i in range(SERIES):
        cells = known(case, i)
        begins, pair = means(cells), tuple(chosen[i])
        np.testing.assert_allclose(start[i], begins, rtol=1e-9)
        np.testing.assert_allclose(state[i], croston(cells, begins, pair, correction)[0], rtol=1e-9)
        judges = judging(cells)
        losses = [croston(judges, begins, other, correction)[1] for other in itertools.product(WEIGHTS, WEIGHTS)]
        # In single precision neighbours of the best may look alike.
        slack = 1e-5 * sum(value**2 for value, _ in judges)
        assert croston(judges, begins, pair, correction)[1] <= min(losses) + slack
    assert len({tuple(pair) for pair in chosen}) > 1


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


def test_weights_that_change_nothing_are_the_smallest() -> None:
    """One demand, as large as the mean of all: no weight of sizes tells on the loss, whatever rounding says."""
    demand = np.zeros((SERIES, PERIODS), dtype=np.float32)
    for i in range(SERIES):
        demand[i, 10 + 7 * i] = 3 + i
    _, chosen, _ = fit((demand, np.zeros(demand.shape, np.uint8), np.ones((2, PERIODS), np.float32)))
    assert (chosen[:, 0] == WEIGHTS[0]).all()
