"""What the intermittent family has in common: means of paths, following, and series at the edge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.forecaster import DemandForecaster
from forecasting.models import model_named
from forecasting.models.chains import ChainPaths, leaning, relative_error
from forecasting.models.protocol import FitContext, Follows, Pools
from forecasting.panel import CellStatus, DemandPanel
from tests.forecasting.panels import context_of, panel_of

FAMILY = ("croston", "sba", "tsb", "adida", "imapa", "willemain")
every_member = pytest.mark.parametrize("name", FAMILY)


def fitted(name: str, panel: DemandPanel, context: FitContext) -> ChainPaths:
    """Pool, then fit."""
    model = model_named(name)
    assert isinstance(model, Pools)
    found = model.fit(panel, replace(context, pooled=model.pool(panel, context)))
    assert isinstance(found, ChainPaths)
    return found


def rare(seed: int = 0, series: int = 6, periods: int = 130, chance: float = 0.2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    demand = rng.geometric(0.2, (series, periods)) * (rng.random((series, periods)) < chance)
    return np.where(np.arange(series)[:, None] % 3 == 2, demand * 0.37, demand)


@every_member
def test_the_mean_of_the_paths_is_the_point_forecast(name: str) -> None:
    """Period by period under a season, uncertain levels, pooled sizes and jitter included; 8,000 paths."""
    panel = panel_of(rare(chance=0.1), "MS")
    found = fitted(name, panel, context_of(panel, np.linspace(0.6, 1.4, 12)))
    rows = np.arange(len(panel))
    paths = found.paths(rows, panel.stream_keys(0), 12, 8000).astype(float)
    error = paths.std(axis=1) / np.sqrt(8000)
    expected = found.expected(rows, 12)
    assert (np.abs(paths.mean(axis=1) - expected) < 4.5 * error).all()
    total = paths.sum(axis=2)
    np.testing.assert_array_less(
        np.abs(total.mean(axis=1) - expected.sum(axis=1)), 4.5 * total.std(axis=1) / np.sqrt(8000)
    )


@every_member
def test_following_the_same_history_changes_no_bit(name: str) -> None:
    panel = panel_of(rare(1))
    context = context_of(panel)
    found = fitted(name, panel, context)
    assert isinstance(found, Follows)
    again = found.follow(panel, context)
    keys, rows = panel.stream_keys(0), np.arange(len(panel))
    assert again.paths(rows, keys, 9, 50).tobytes() == found.paths(rows, keys, 9, 50).tobytes()


@every_member
def test_following_keeps_the_parameters_and_takes_in_the_new_periods(name: str) -> None:
    """A demand of nothing, then of much, lowers and raises the level; what was chosen and pooled stays."""
    past = rare(2)
    panel = panel_of(past)
    found = fitted(name, panel, context_of(panel))
    level = []
    for ahead in (np.zeros((6, 20)), np.tile([40.0, 60.0], (6, 10))):
        longer = panel_of(np.hstack([past, ahead]))
        later = found.follow(longer, context_of(longer))
        for key, values in found.chosen.items():
            np.testing.assert_array_equal(later.chosen[key], values)
        assert later.context.pooled is found.context.pooled
        level.append(later.chain.rate)
    assert (level[0] <= found.chain.rate * (1 + 1e-12)).all()
    assert (level[1] > 1.2 * found.chain.rate).all()


@every_member
def test_odd_series_stay_finite(name: str) -> None:
    """Huge, tiny, single, short and unobserved demand; nothing without evidence, never below zero."""
    rows = [np.zeros(60) for _ in range(8)]
    rows[1][:] = 1e12
    rows[2][::7] = 1e12
    rows[3][30], rows[4][-1], rows[5][::9], rows[6][:] = 5, 1e12, 1e-9, 3
    status = np.zeros((8, 60))
    status[6] = CellStatus.MISSING
    status[4, :-1] = CellStatus.NOT_LAUNCHED
    rows[7][::2] = 0.37
    for periods in (60, 3, 1):
        panel = panel_of(np.array(rows)[:, -periods:], status=status[:, -periods:])
        forecaster = DemandForecaster(name).fit(panel)
        paths = forecaster.paths(40, 60)
        assert np.isfinite(paths).all()
        assert (paths >= 0).all()
        assert paths.max() < 1e15
        assert (paths[[0, 6]] == 0).all()
        assert (paths[1] > 0).any()


@every_member
def test_periods_before_the_launch_are_no_zeros(name: str) -> None:
    """The same demand with 60 unlaunched periods in front has the same level."""
    demand = rare(3)
    status = np.zeros((6, 190))
    status[:, :60] = CellStatus.NOT_LAUNCHED
    short, long = panel_of(demand), panel_of(np.hstack([np.zeros((6, 60)), demand]), status=status)
    a, b = (model_named(name).fit(panel, context_of(panel)) for panel in (short, long))
    np.testing.assert_allclose(a.parameters()["level"], b.parameters()["level"], rtol=1e-9)
    np.testing.assert_allclose(a.parameters()["level_sd"], b.parameters()["level_sd"], rtol=1e-9)


@every_member
def test_a_sum_may_exceed_all_that_was_seen_where_little_was(name: str) -> None:
    """Two demands of 10 in a panel of uneven sizes: some draws are larger than 10, most are 10."""
    demand = np.rint(rare(4, series=30) * 10)
    demand[0] = 0
    demand[0, [20, 90]] = 10
    panel = panel_of(demand)
    paths = fitted(name, panel, context_of(panel)).paths(np.array([0]), panel.stream_keys(0)[:1], 20, 2000)
    drawn = paths[paths > 0]
    assert drawn.max() > 10
    assert 0.3 < (drawn == 10).mean() < 0.9


def test_a_level_that_moves_is_less_certain() -> None:
    one = np.ones(1)
    still = relative_error(0.2 * one, 50 * one, 0.5 * one, 10 * one, 0.0, 40 * one)
    moving = relative_error(0.2 * one, 50 * one, 0.5 * one, 10 * one, 0.01, 40 * one)
    assert still**2 == pytest.approx(0.8 / (0.2 * 50) + 0.5 / 10)
    assert moving**2 - still**2 == pytest.approx(0.01 * 40 / 3)
    assert relative_error(0 * one, one, one, one, 0.0, one) == 1.5


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0, 1e9))
def test_a_rate_leans_towards_the_mean_and_never_past_it(rate: float, periods: float, mean: float) -> None:
    found = float(leaning(np.array(rate), np.array(periods), np.array(mean)))
    assert min(rate, mean) * (1 - 1e-9) <= found <= max(rate, mean) * (1 + 1e-9)
