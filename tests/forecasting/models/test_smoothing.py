"""Exponential smoothing as a distribution."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.holtwinters import SimpleExpSmoothing

from forecasting.models.smoothing import ExponentialSmoothing
from tests.forecasting.panels import context_of, panel_of


def test_the_level_is_that_of_statsmodels_with_the_weight_that_was_chosen() -> None:
    """A candidate that statsmodels, free to choose, would not improve on by more than a hundredth of its loss."""
    rng = np.random.default_rng(0)
    level = 40 + np.cumsum(rng.normal(0, 2.0, (5, 300)), axis=1)
    panel = panel_of(np.maximum(np.rint(level + rng.normal(0, 4, level.shape)), 0))
    fitted = ExponentialSmoothing().fit(panel, context_of(panel))
    for i in range(5):
        values = panel.quantity[i].astype(float)
        free = SimpleExpSmoothing(values, initialization_method="estimated").fit()
        mine = SimpleExpSmoothing(values, initialization_method="known", initial_level=free.params["initial_level"])
        at_weight = mine.fit(smoothing_level=fitted.feedback[i], optimized=False)
        assert at_weight.sse <= 1.01 * free.sse
        assert fitted.level[i] == pytest.approx(at_weight.level[-1], rel=1e-3)  # the start is all but forgotten


def test_seasons_are_taken_out_before_smoothing_and_put_back_into_the_paths() -> None:
    """A steady level of 50 under known factors: every period's mean is 50 times its factor."""
    factors = np.linspace(0.5, 1.5, 12)
    panel = panel_of(np.tile(50 * factors, 8), "MS")
    fitted = ExponentialSmoothing().fit(panel, context_of(panel, factors))
    paths = fitted.paths(np.array([0]), panel.stream_keys(0), 24, 20)[0]
    assert fitted.level[0] == pytest.approx(50, rel=1e-6)
    np.testing.assert_allclose(paths, np.tile(np.tile(50 * factors, 2), (20, 1)), rtol=1e-5)


def test_the_spread_of_a_sum_grows_as_that_of_the_model() -> None:
    """Level l, scale s, weight a: the h-th period's variance is (l + s)^2 v (1 + (h - 1) a^2), to first order."""
    rng = np.random.default_rng(1)
    level = 200 + np.cumsum(rng.normal(0, 2.0, 400))
    panel = panel_of(np.rint(level + rng.normal(0, 5.0, 400)))
    fitted = ExponentialSmoothing().fit(panel, context_of(panel))
    paths = fitted.paths(np.array([0]), panel.stream_keys(0), 16, 20_000)[0]
    noise = float(fitted.table[0, : fitted.count[0]].astype(float).var())
    unit = (fitted.level[0] + fitted.scale[0]) ** 2 * noise
    expected = unit * (1 + np.arange(16) * fitted.feedback[0] ** 2)
    np.testing.assert_allclose(paths.var(axis=0), expected, rtol=0.1)
    assert paths.mean() == pytest.approx(fitted.level[0], rel=0.005)
    assert fitted.feedback[0] > 0.1


def test_a_level_shift_is_followed_and_noise_is_not() -> None:
    rng = np.random.default_rng(2)
    shifted = np.r_[rng.poisson(10, 100), rng.poisson(40, 100)]
    panel = panel_of([shifted, rng.poisson(10, 200)])
    weights = ExponentialSmoothing().fit(panel, context_of(panel)).feedback
    assert weights[0] >= 0.1
    assert weights[1] <= 0.06
