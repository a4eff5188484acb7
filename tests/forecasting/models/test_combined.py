"""The mean of several smoothing methods."""

from __future__ import annotations

import numpy as np

from forecasting.models.combined import CombinedSmoothing
from forecasting.models.exponential import NaturalSmoothing
from forecasting.models.theta import Theta
from forecasting.panel import DemandPanel
from tests.forecasting.panels import context_of, panel_of


def shop() -> DemandPanel:
    rng = np.random.default_rng(0)
    rate = 9 + 5 * np.sin(2 * np.pi * np.arange(120) / 12)
    return panel_of(np.r_[rng.poisson(rate, (3, 120)), rng.gamma(2, rate / 2, (3, 120))], "MS")


def test_the_point_forecast_is_the_mean_of_the_members() -> None:
    """Each member fitted alone, those on logarithms of 1 + demand / mean taken back."""
    panel = shop()
    context, rows = context_of(panel), np.arange(6)
    mean = panel.quantity.mean(axis=1, dtype=np.float64)[:, None]
    logs = panel_of(np.log1p(panel.quantity / mean), "MS")
    members = [NaturalSmoothing(name).fit(panel, context).expected(rows, 15) for name in ("ses", "holt_winters")]
    logged = [model.fit(logs, context).expected(rows, 15) for model in (NaturalSmoothing("holt_winters"), Theta())]
    members += [np.expm1(forecast) * mean for forecast in logged]
    mine = CombinedSmoothing().fit(panel, context).expected(rows, 15)
    np.testing.assert_allclose(mine, np.mean(members, axis=0), rtol=1e-5)


def test_paths_are_means_of_the_members_paths_and_whole_where_demand_is() -> None:
    panel = shop()
    fitted = CombinedSmoothing().fit(panel, context_of(panel))
    rows, keys = np.arange(6), panel.stream_keys(1)
    paths = fitted.paths(rows, keys, 6, 3000)
    members = [member.paths(rows, keys, 6, 3000) for member in fitted.plain]
    members += [np.expm1(member.paths(rows, keys, 6, 3000)) * fitted.scale[:, None, None] for member in fitted.logged]
    exact = np.mean(members, axis=0)
    np.testing.assert_allclose(paths[3:], exact[3:], rtol=1e-4, atol=1e-5)
    assert (np.abs(paths[:3] - exact[:3]) < 1 + 1e-4).all()
    np.testing.assert_allclose(paths.mean(axis=1), exact.mean(axis=1), atol=4 * 0.5 / np.sqrt(3000))


def test_following_a_longer_history_by_nothing_changes_nothing() -> None:
    panel = shop()
    context, rows = context_of(panel), np.arange(6)
    fitted = CombinedSmoothing().fit(panel, context)
    again = fitted.follow(panel, context)
    np.testing.assert_array_equal(again.expected(rows, 9), fitted.expected(rows, 9))
