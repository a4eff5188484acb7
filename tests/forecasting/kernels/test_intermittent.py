"""TSB and smoothed aggregates over many series at once against plain loops written from the papers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from forecasting.kernels.intermittent import (
    choose_tsb,
    newest_sizes,
    run_tsb,
    smooth_aggregates,
    transitions,
)

WEIGHTS = np.array([0.05, 0.2, 0.5])
PROFILE = np.array([0, 1, 1, 0, 1, 0])
SERIES, PERIODS = len(PROFILE), 60
Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def history(seed: int, zeros: float = 0.6) -> Case:
    """Demand with a drifting level, a status and two profiles of seasonal factors."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.15, (SERIES, PERIODS)), axis=1)) * 12
    demand = rng.poisson(level) * (rng.random((SERIES, PERIODS)) >= zeros)
    status = rng.choice([0, 1, 2, 4], p=[0.8, 0.1, 0.05, 0.05], size=demand.shape)
    season = np.stack([np.ones(PERIODS), rng.uniform(0.5, 1.5, PERIODS)])
    return demand.astype(np.float32), status.astype(np.uint8), season.astype(np.float32)


def known(case: Case, i: int) -> list[tuple[float, float]]:
    """(demand, factor) of the observed periods of one series."""
    demand, status, season = case
    return [(float(demand[i, t]), float(season[PROFILE[i], t])) for t in range(PERIODS) if status[i, t] == 0]


def tsb(cells: list[tuple[float, float]], weights: tuple[float, float]) -> tuple:
    """Teunter, Syntetos and Babai (2011), eq. 1: the probability every period, the size with each demand."""
    sizes = [value for value, _ in cells if value > 0]
    size, chance = sum(sizes) / len(sizes), len(sizes) / sum(factor for _, factor in cells)
    loss = 0.0
    for value, factor in cells:
        loss += (value - size * chance * factor) ** 2
        weight = min(weights[1] * factor, 1)
        chance = (1 - weight) * chance + (weight / factor if value > 0 else 0)
        if value > 0:
            size = weights[0] * value + (1 - weights[0]) * size
    return size, chance, loss


def fit(case: Case) -> tuple[np.ndarray, np.ndarray]:
    demand, status, season = case
    start, chosen, state = (np.full((SERIES, 2), -1.0) for _ in range(3))
    choose_tsb(demand, status, season, PROFILE, WEIGHTS, start, chosen)
    run_tsb(demand, status, season, PROFILE, start, chosen, state)
    return chosen, state


@pytest.mark.parametrize("seed", [0, 1])
def test_weights_and_state_are_those_of_a_plain_tsb(seed: int) -> None:
    case = history(seed)
    chosen, state = fit(case)
    for i in range(SERIES):
        best = min(itertools.product(WEIGHTS, WEIGHTS), key=lambda w: tsb(known(case, i), w)[2])
        np.testing.assert_array_equal(chosen[i], best)
        np.testing.assert_allclose(state[i], tsb(known(case, i), best)[:2], rtol=1e-9)
    assert len({tuple(pair) for pair in chosen}) > 1


def test_tsb_fades_through_silence() -> None:
    """After 30 demands of 4 nothing more is demanded: the probability is 0.5^30 of what it was."""
    demand = np.zeros((SERIES, PERIODS), dtype=np.float32)
    demand[:, :30] = 4
    status, season = np.zeros(demand.shape, np.uint8), np.ones((2, PERIODS), np.float32)
    weights, state = np.full((SERIES, 2), 0.5), np.zeros((SERIES, 2))
    run_tsb(demand, status, season, PROFILE, np.tile([4.0, 1.0], (SERIES, 1)), weights, state)
    np.testing.assert_allclose(state, np.tile([4, 0.5**30], (SERIES, 1)))


def aggregated(cells: list[tuple[float, float]], width: int, weight: float) -> tuple[float, float]:
    """The rate of buckets that end with the newest period, smoothed from a backcast, and the squared errors."""

    def pace(bucket: list[tuple[float, float]]) -> float:
        return sum(value for value, _ in bucket) / sum(factor for _, factor in bucket)

    short = len(cells) % width
    rates = [pace(cells[k : k + width]) for k in range(short, len(cells), width)]
    level = 0.0
    for number, rate in enumerate(reversed(rates), start=1):
        level += max(0.1, 1 / number) * (rate - level)
    if short:
        level += max(0.1, 1 / (len(rates) + 1)) * short / width * (pace(cells[:short]) - level)
    loss = 0.0
    for rate in rates:
        loss += (rate - level) ** 2
        level += weight * (rate - level)
    return level, loss


def smooth(case: Case, narrowest: int, widest: int, choose: bool, chosen: np.ndarray) -> np.ndarray:
    demand, status, season = case
    rate, first, last = np.full(SERIES, -1.0), np.full(SERIES, narrowest), np.full(SERIES, widest)
    smooth_aggregates(demand, status, season, PROFILE, first, last, WEIGHTS, choose, chosen, rate)
    return rate


@pytest.mark.parametrize(("narrowest", "widest"), [(1, 1), (4, 4), (1, 5), (70, 70)])
def test_rates_are_the_mean_over_widths_of_smoothed_buckets(narrowest: int, widest: int) -> None:
    """One width is ADIDA, all up to the mean interval IMAPA; buckets wider than the history leave no rate."""
    case, chosen = history(2), np.zeros((SERIES, 80))
    rate = smooth(case, narrowest, widest, True, chosen)
    for i in range(SERIES):
        levels = []
        for width in range(narrowest, widest + 1):
            if width <= len(known(case, i)):
                best = min(WEIGHTS, key=lambda w: aggregated(known(case, i), width, w)[1])
                assert chosen[i, width - 1] == best
                levels.append(aggregated(known(case, i), width, best)[0])
        assert rate[i] == pytest.approx(np.mean(levels) if levels else 0.0, rel=1e-9)
    np.testing.assert_array_equal(smooth(case, narrowest, widest, False, chosen), rate)


def test_without_demand_there_is_nothing_to_smooth() -> None:
    case = history(3)
    case[0][0], case[1][1] = 0, 4
    chosen, state = fit(case)
    assert (chosen[:2] == 0).all()
    assert (state[:2] == 0).all()
    assert (state[2:] > 0).all()
    rate = smooth(case, 1, 3, True, np.zeros((SERIES, 3)))
    assert (rate[:2] == 0).all()
    assert (rate[2:] > 0).all()


def test_steps_are_counted_between_neighbours_that_were_both_observed() -> None:
    case = history(4)
    demand, status, _ = case
    counts, last, silence = np.full((SERIES, 2, 2), -1), np.full(SERIES, -1), np.full(SERIES, -1)
    status[2, -5:] = 1
    transitions(demand, status, counts, last, silence)
    for i in range(SERIES):
        expected = np.zeros((2, 2), int)
        for t in range(1, PERIODS):
            if status[i, t - 1] == 0 and status[i, t] == 0:
                expected[int(demand[i, t - 1] > 0), int(demand[i, t] > 0)] += 1
        newest = int(np.flatnonzero(status[i] == 0)[-1])
        np.testing.assert_array_equal(counts[i], expected)
        assert (last[i], silence[i]) == (demand[i, newest] > 0, PERIODS - 1 - newest)
    assert silence[2] >= 5


@pytest.mark.parametrize("room", [1, 4, 60])
def test_the_newest_sizes_are_kept_oldest_first(room: int) -> None:
    case = history(5)
    table, count = np.zeros((SERIES, room), dtype=np.float32), np.full(SERIES, -1)
    newest_sizes(case[0], case[1], table, count)
    for i in range(SERIES):
        np.testing.assert_array_equal(table[i, : count[i]], [value for value, _ in known(case, i) if value > 0][-room:])
