"""Syntetos and Boylan's rate as a distribution."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.intermittent import SyntetosBoylan
from tests.forecasting.panels import context_of, panel_of


def intermittent(seed: int = 0, series: int = 4, periods: int = 150) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.geometric(0.3, (series, periods)) * (rng.random((series, periods)) < 0.25)


def test_occurrence_times_mean_size_is_the_rate_of_the_weight_that_was_chosen() -> None:
    """The method itself, in a plain loop, from the means of all sizes and intervals."""
    panel = panel_of(intermittent())
    fitted = SyntetosBoylan().fit(panel, context_of(panel))
    shown = fitted.parameters()
    for i in range(len(panel)):
        values = panel.quantity[i].tolist()
        sizes = [value for value in values if value > 0]
        weight, size, interval, since = fitted.smoothing[i], np.mean(sizes), len(values) / len(sizes), 0
        for value in values:
            since += 1
            if value > 0:
                size += weight * (value - size)
                interval += weight * (since - interval)
                since = 0
        assert shown["level"][i] == pytest.approx((1 - weight / 2) * size / interval, rel=1e-6)
        assert shown["mean_size"][i] == pytest.approx(np.mean(sizes), rel=1e-6)
        assert shown["occurrence"][i] * shown["mean_size"][i] == pytest.approx(shown["level"][i])


def test_the_uncertainty_of_the_rate_is_that_of_its_demands() -> None:
    """sqrt((1 - 1/interval + cv^2 of sizes) / evidence), evidence (2 - w)/w demands but no more than there were."""
    panel = panel_of(intermittent(1))
    fitted = SyntetosBoylan().fit(panel, context_of(panel))
    for i in range(len(panel)):
        sizes = panel.quantity[i][panel.quantity[i] > 0].astype(float)
        evidence = min((2 - fitted.smoothing[i]) / fitted.smoothing[i], len(sizes))
        variance = 1 - len(sizes) / 150 + sizes.var() / sizes.mean() ** 2
        assert fitted.level_sd[i] == pytest.approx(min(np.sqrt(variance / evidence), 0.8), rel=1e-5)


def test_paths_have_the_rate_as_mean_and_past_sizes_as_values() -> None:
    panel = panel_of(intermittent(2))
    fitted = SyntetosBoylan().fit(panel, context_of(panel))
    paths = fitted.paths(np.arange(4), panel.stream_keys(0), 10, 8000)
    for i in range(4):
        assert set(np.unique(paths[i])) <= {0.0, *panel.quantity[i].tolist()}
        error = paths[i].mean(axis=1).std() / np.sqrt(8000)
        assert paths[i].mean() == pytest.approx(fitted.parameters()["level"][i], abs=4 * error)
        level_factor_aside = fitted.occurrence[i]
        assert (paths[i] > 0).mean() == pytest.approx(level_factor_aside, rel=0.06)


def test_a_season_changes_how_often_and_not_how_much() -> None:
    panel = panel_of(intermittent(3, periods=96), "MS")
    context = context_of(panel, np.tile([0.5, 1.5], 6))
    fitted = SyntetosBoylan().fit(panel, context)
    paths = fitted.paths(np.arange(4), panel.stream_keys(0), 12, 6000)
    often = (paths > 0).mean(axis=1)
    np.testing.assert_allclose(often[:, 1::2].mean(axis=1) / often[:, 0::2].mean(axis=1), 3.0, rtol=0.1)
    sizes = [paths[:, :, k::2][paths[:, :, k::2] > 0].mean() for k in (0, 1)]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_one_demand_has_a_rate_and_a_wide_uncertainty() -> None:
    demand = np.zeros(100)
    demand[50] = 8
    panel = panel_of(demand)
    fitted = SyntetosBoylan().fit(panel, context_of(panel))
    assert fitted.level_sd[0] == 0.8
    assert 0 < fitted.parameters()["level"][0] < 0.2
    assert fitted.count[0] == 1
