"""Past periods drawn with replacement."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.bootstrap import Bootstrap
from tests.forecasting.panels import context_of, panel_of


def test_draws_are_past_periods_if_the_mean_is_certain() -> None:
    """With seasons and the level's own error out of the way, values and their shares are those of the history."""
    demand = np.repeat([0.0, 1.5, 4.5, 12.0], [60, 50, 30, 10])
    panel = panel_of(demand)
    fitted = Bootstrap().fit(panel, context_of(panel))
    fitted.level_sd[:] = 0
    paths = np.round(fitted.paths(np.array([0]), panel.stream_keys(0), 5, 8000), 4)
    values, counts = np.unique(paths, return_counts=True)
    np.testing.assert_allclose(values, [0.0, 1.5, 4.5, 12.0], rtol=1e-4)
    np.testing.assert_allclose(counts / paths.size, np.array([60, 50, 30, 10]) / 150, atol=4 * np.sqrt(0.25 / 40_000))


def test_the_mean_is_that_of_the_memory_and_its_error_falls_with_the_root_of_its_length() -> None:
    rng = np.random.default_rng(0)
    demand = rng.poisson(4, (3, 400))
    panel = panel_of(demand)
    fitted = Bootstrap().fit(panel, context_of(panel))
    newest = demand[:, -156:]
    np.testing.assert_allclose(fitted.level, newest.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(fitted.level_sd, newest.std(axis=1) / newest.mean(axis=1) / np.sqrt(156), rtol=1e-5)


def test_the_sum_of_many_periods_carries_the_error_of_the_mean() -> None:
    """Variance of a sum over H periods: H x variance, and (H x mean x error of the mean)^2 on top."""
    rng = np.random.default_rng(1)
    panel = panel_of(rng.gamma(2, 5, 40))
    fitted = Bootstrap().fit(panel, context_of(panel))
    sums = fitted.paths(np.array([0]), panel.stream_keys(0), 30, 20_000)[0].sum(axis=1, dtype=np.float64)
    values = panel.quantity[0].astype(float)
    inflation = np.exp(fitted.level_sd[0] ** 2)
    exact = 30 * values.var() * inflation + (30 * values.mean()) ** 2 * (inflation - 1)
    assert sums.mean() == pytest.approx(30 * values.mean(), rel=0.01)
    assert sums.var() == pytest.approx(exact, rel=0.06)
    assert exact > 1.5 * 30 * values.var()


def test_seasons_are_taken_out_and_put_back() -> None:
    factors = np.linspace(0.5, 1.5, 12)
    panel = panel_of(np.tile(7.5 * factors, 6), "MS")
    fitted = Bootstrap().fit(panel, context_of(panel, factors))
    paths = fitted.paths(np.array([0]), panel.stream_keys(0), 12, 10)[0]
    np.testing.assert_allclose(paths, np.tile(7.5 * factors, (10, 1)), rtol=1e-4)
