"""The filter of counts against a plain loop and SciPy's negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from forecasting.kernels.counts import INTERRUPTION, filter_counts

WEIGHTS, PERSISTENCE = np.array([0.0, 0.1, 0.3, 0.3]), np.array([1.0, 1.0, 1.0, 0.9])
DISPERSIONS = np.array([0.25])
LONG_WEIGHT = 0.02
SERIES, PERIODS = 5, 80


def history(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, 0.1, (SERIES, PERIODS)), axis=1)) * 6
    demand = rng.negative_binomial(4, 4 / (4 + level))
    status = rng.choice([0, 1, 4], p=[0.85, 0.1, 0.05], size=demand.shape)
    season = rng.uniform(0.5, 1.5, (1, PERIODS))
    return demand.astype(np.float32), status.astype(np.uint8), season.astype(np.float32)


def run(demand: np.ndarray, status: np.ndarray, season: np.ndarray, judge: bool = True) -> dict[str, np.ndarray]:
    n, lanes = len(demand), len(WEIGHTS)
    out = {
        "mean": np.zeros(n), "level": np.zeros((n, lanes)), "long": np.zeros(n), "absence": np.zeros((n, 4)),
        "lanes": np.zeros((n, lanes)), "dispersions": np.zeros((n, 1)),
    }  # fmt: skip
    filter_counts(
        demand, status, season, np.zeros(n, np.int64), np.ones(n), np.ones(n), WEIGHTS, PERSISTENCE, LONG_WEIGHT, 2.0,
        DISPERSIONS, np.zeros((n, lanes)), np.zeros((n, 1)), judge, *out.values(),
    )  # fmt: skip
    return out


def backwards(values: np.ndarray, weight: float) -> float:
    state = 0.0
    for k, value in enumerate(values[::-1]):
        state += max(weight, 1 / (k + 1)) * (value - state)
    return state


@pytest.mark.parametrize("seed", [0, 1])
def test_levels_and_likelihoods_are_those_of_a_plain_loop(seed: int) -> None:
    demand, status, season = history(seed)
    out = run(demand, status, season)
    for i in range(SERIES):
        known = status[i] == 0
        values, factors = demand[i, known].astype(float), season[0, known].astype(float)
        scores = []
        for j, (weight, persistence) in enumerate(zip(WEIGHTS, PERSISTENCE, strict=True)):
            level, long = backwards(values / factors, weight), backwards(values / factors, LONG_WEIGHT)
            score = 0.0
            for value, factor in zip(values, factors, strict=True):
                expected = level * factor
                score += stats.nbinom(4, 4 / (4 + expected)).logpmf(value)
                level += weight * (value / factor - level) + (1 - persistence) * (long - level)
                long += LONG_WEIGHT * (value / factor - long)
            assert out["level"][i, j] == pytest.approx(level, rel=1e-9)
            assert out["long"][i] == pytest.approx(long, rel=1e-9)
            scores.append(score)
        np.testing.assert_allclose(
            out["lanes"][i] - out["lanes"][i, 0], np.array(scores) - scores[0], rtol=1e-6, atol=1e-4
        )
        assert out["mean"][i] == pytest.approx((values / factors).mean())


def test_states_are_the_same_without_judging() -> None:
    judged, plain = run(*history(2)), run(*history(2), judge=False)
    for name in ("mean", "level", "long", "absence"):
        np.testing.assert_array_equal(judged[name], plain[name])
    assert (plain["lanes"] == 0).all()


def test_long_runs_of_zeros_are_interruptions_and_short_ones_demand() -> None:
    """Twenty zeros at five a period are left out as if never recorded; two are evidence."""
    demand = np.random.default_rng(3).poisson(5, (3, PERIODS)).astype(np.float32) + 1
    demand[0, 30:50] = demand[1, -20:] = demand[2, -2:] = 0
    status, season = np.zeros(demand.shape, np.uint8), np.ones((1, PERIODS), np.float32)
    out = run(demand, status, season)
    np.testing.assert_array_equal(out["absence"][:, 1:], [[1, 1, 20], [1, 0, 20], [0, 0, 0]])
    unrecorded = status.copy()
    unrecorded[demand == 0] = 4
    other = run(demand, unrecorded, season)
    np.testing.assert_array_equal(out["level"][:2], other["level"][:2])
    assert (out["level"][2, 1:] < other["level"][2, 1:]).all()
    assert out["absence"][0, 0] == 0
    assert out["absence"][1, 0] < INTERRUPTION < out["absence"][2, 0] < 0


def test_gaps_of_rare_demand_are_no_interruptions() -> None:
    demand = (np.random.default_rng(4).random((20, 300)) < 0.08).astype(np.float32)
    out = run(demand, np.zeros(demand.shape, np.uint8), np.ones((1, 300), np.float32))
    assert out["absence"][:, 1].sum() == 0


def test_a_series_that_knows_nothing_has_no_level() -> None:
    demand, status, season = history(5)
    demand[0], status[1] = 0, 4
    out = run(demand, status, season)
    assert (out["mean"][:2] == 0).all()
    assert (out["level"][:2] == 0).all()
