"""Negative-binomial smoothing: it finds again the world that made the demand, and its sums are calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from forecasting.forecaster import DemandForecaster
from forecasting.models.count_habits import DISPERSIONS, PERSISTENCE, WEIGHTS, CountHabits, normalise, volume_class
from forecasting.models.counts import CountPaths, NegativeBinomial
from forecasting.panel import DemandPanel
from tests.forecasting.panels import context_of, panel_of

SERIES, PERIODS, HORIZON = 300, 160, 6


def world(weight: float, dispersion: float, level: float = 6.0, seed: int = 0) -> np.ndarray:
    """Demand whose level follows it; variance = mean + dispersion x mean^2. (SERIES, PERIODS + HORIZON)."""
    rng = np.random.default_rng(seed)
    now = level * np.exp(rng.normal(0, 0.5, SERIES))
    demand = np.empty((SERIES, PERIODS + HORIZON))
    for t in range(PERIODS + HORIZON):
        demand[:, t] = rng.negative_binomial(1 / dispersion, 1 / (1 + dispersion * now))
        now += weight * (demand[:, t] - now)
        now = np.maximum(now, 0.3)
    return demand


def fitted(panel: DemandPanel) -> CountPaths:
    model, context = NegativeBinomial(), context_of(panel)
    return model.fit(panel, replace(context, pooled=model.pool(panel, context)))


@pytest.mark.parametrize(("weight", "dispersion"), [(0.07, 0.4), (0.0, 0.15)])
def test_weight_and_dispersion_of_a_known_world_are_found_again(weight: float, dispersion: float) -> None:
    panel = panel_of(world(weight, dispersion)[:, :PERIODS])
    model = fitted(panel)
    mean_weight = (model.lanes * WEIGHTS).sum(axis=1)
    mean_dispersion = (model.dispersions * DISPERSIONS).sum(axis=1)
    assert np.median(mean_weight) == pytest.approx(weight, abs=0.015)
    assert np.median(mean_dispersion) == pytest.approx(dispersion, rel=0.15)
    assert (model.unit == 1).mean() > 0.97
    # Pooling brings each series nearer to the truth than it would come alone.
    alone = NegativeBinomial().fit(panel, context_of(panel))
    error = np.abs(mean_dispersion - dispersion).mean()
    assert error < 0.8 * np.abs((alone.dispersions * DISPERSIONS).sum(axis=1) - dispersion).mean()


@pytest.mark.parametrize(("power", "other"), [(1.0, 2.0), (2.0, 1.0)])
def test_the_law_of_the_variance_is_found_by_all_series_together(power: float, other: float) -> None:
    """Each series' mean goes up and down by a factor of six with its season, which tells the two laws apart."""
    rng = np.random.default_rng(1)
    yearly = np.where(np.arange(52) % 2 == 0, 0.2857, 1.7143)
    season = context_of(panel_of(np.zeros((1, 156))), yearly).past()
    mean = 8 * season * np.exp(rng.normal(0, 0.3, (60, 1)))
    size = 2.5 * season ** (2 - power)
    panel = panel_of(rng.negative_binomial(size, size / (size + mean)))
    habits = NegativeBinomial().pool(panel, context_of(panel, yearly))
    assert habits.power == power != other


@pytest.mark.parametrize(("weight", "dispersion", "level"), [(0.1, 0.3, 6.0), (0.0, 1.0, 0.5)])
def test_sums_over_the_horizon_are_calibrated(weight: float, dispersion: float, level: float) -> None:
    """Randomised PIT of the sum and of the first period, 300 series of the model's own kind."""
    demand = world(weight, dispersion, level, seed=2)
    forecaster = DemandForecaster("negative_binomial").fit(panel_of(demand[:, :PERIODS]))
    for periods in (1, HORIZON):
        actual = demand[:, PERIODS : PERIODS + periods].sum(axis=1)
        sums = forecaster.lead_time_demand(periods, count=1000)
        pit = sums.cdf(actual) - np.random.default_rng(3).random(SERIES) * sums.pmf(actual)
        assert stats.kstest(pit, "uniform").pvalue > 0.01
        for probability in (0.9, 0.95, 0.99):
            error = np.sqrt(probability * (1 - probability) / SERIES)
            assert (pit <= probability).mean() == pytest.approx(probability, abs=3 * error + 0.003)


def test_the_point_forecast_is_the_mean_of_the_paths() -> None:
    panel = panel_of(world(0.1, 0.3)[:40, :PERIODS])
    context = context_of(panel, np.linspace(0.5, 1.5, 52))
    model = NegativeBinomial().fit(panel, context)
    model = replace(model, absent=np.where(np.arange(40) % 4 == 0, 0.5, 0.0))
    rows = np.array([3, 0, 17, 4])
    paths = model.paths(rows, panel.stream_keys(0)[rows], 8, 20_000).astype(float)
    error = paths.std(axis=1) / np.sqrt(20_000)
    expected = model.expected(rows, 8)
    assert expected.dtype == np.float32
    assert (np.abs(paths.mean(axis=1) - expected) < 5 * error + 0.01 * expected).all()


def test_following_runs_the_levels_on_and_keeps_the_rest() -> None:
    long = panel_of(world(0.1, 0.3)[:50])
    short = long.until(long.calendar.dates[PERIODS].astype(object))
    model = fitted(short)
    assert model.follow(short, context_of(short)).level.tobytes() == model.level.tobytes()
    followed, again = model.follow(long, context_of(long)), fitted(long)
    np.testing.assert_array_equal(followed.level, again.level)
    np.testing.assert_array_equal(followed.lanes, model.lanes)
    assert (followed.level[:, 3] != model.level[:, 3]).any()


def test_what_the_panel_teaches_does_not_depend_on_the_order_of_its_series() -> None:
    panel = panel_of(world(0.1, 0.3)[:80, :PERIODS])
    order = np.random.default_rng(4).permutation(80)
    one, other = (NegativeBinomial().pool(p, context_of(p)) for p in (panel, panel.take(order)))
    assert one.lanes.tobytes() == other.lanes.tobytes()
    assert one.dispersions.tobytes() == other.dispersions.tobytes()
    assert (one.power, one.absence, one.resumption) == (other.power, other.absence, other.resumption)


def test_the_mixture_finds_how_often_each_candidate_is_true() -> None:
    """One class prefers the first candidate, one the last; a class without series believes what all believe."""
    scores = np.zeros((400, len(WEIGHTS)))
    scores[:200, 0] = scores[200:, -1] = 20.0
    volume = volume_class(np.repeat([0.01, 100.0], 200), np.ones(400))
    habits = CountHabits.learn(1.0, scores, np.zeros((400, len(DISPERSIONS))), volume, np.zeros((400, 4)), 4e4)
    share = normalise(habits.lanes)
    assert share[0, 0] > 0.95
    assert share[-1, -1] > 0.95
    assert share[3, 0] == pytest.approx(0.5, abs=0.02)
    np.testing.assert_allclose(normalise(habits.dispersions), 1 / len(DISPERSIONS))
    assert len(WEIGHTS) == len(PERSISTENCE)


def test_where_a_count_is_the_wrong_picture_the_fallback_is_named() -> None:
    rng = np.random.default_rng(5)
    cells = np.stack(
        [
            rng.poisson(3.0, 100),
            rng.gamma(9.0, 1.7, 100),
            rng.integers(9, 12, 100),
            np.full(100, 4),
            np.zeros(100),
            (rng.random(100) < 0.2) * rng.gamma(9.0, 1.7, 100),
            1e12 * rng.gamma(9.0, 1.7, 100),
        ]
    )
    model = fitted(panel_of(cells))
    assert list(model.parameters()["fallback"]) == ["", "gamma", "gamma", "steady", "no demand", "", "gamma"]
    paths = model.paths(np.arange(7), np.arange(7, dtype=np.uint64), 5, 4000).astype(float)
    mean, spread = paths.mean(axis=(1, 2)), paths.std(axis=(1, 2))
    np.testing.assert_allclose(mean[[0, 1, 2, 6]], cells.mean(axis=1)[[0, 1, 2, 6]], rtol=0.25)
    assert spread[2] == pytest.approx(np.std(cells[2]), rel=0.35)
    assert spread[1] == pytest.approx(np.std(cells[1]), rel=0.35)
    assert (paths[5] == 0).mean() == pytest.approx(0.8, abs=0.12)
    assert np.isfinite(paths).all()


def test_a_pause_at_the_end_leaves_both_ways_open() -> None:
    """Sales of eight a period that stopped 30 periods ago: elsewhere such pauses end, so here some paths resume."""
    rng = np.random.default_rng(6)
    demand = rng.poisson(8.0, (40, 200))
    demand[:20, 60:75] = 0
    demand[0, 170:] = 0
    panel = panel_of(demand)
    model = fitted(panel)
    paths = model.paths(np.array([0, 30]), panel.stream_keys(0)[[0, 30]], 5, 4000)
    silent = (paths.sum(axis=2) == 0).mean(axis=1)
    assert 0.5 < silent[0] < 0.95
    assert silent[1] == 0
    assert paths[0][paths[0].sum(axis=1) > 0].max() > 5
    assert model.absent[0] > 0.9
