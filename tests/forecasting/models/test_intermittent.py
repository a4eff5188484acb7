"""The rates of Croston, of Syntetos and Boylan and of TSB as distributions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.models.intermittent import Croston, SyntetosBoylan, TeunterSyntetosBabai
from forecasting.models.pooled import PooledDemand
from tests.forecasting.panels import context_of, panel_of


def intermittent(seed: int = 0, series: int = 4, periods: int = 150) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.geometric(0.3, (series, periods)) * (rng.random((series, periods)) < 0.25)


def plain_croston(values: list[float], size_weight: float, interval_weight: float) -> tuple[float, float]:
    """Size and interval after Croston's recursion, from the means of all sizes and intervals."""
    sizes = [value for value in values if value > 0]
    size, interval, since = np.mean(sizes), len(values) / len(sizes), 0
    for value in values:
        since += 1
        if value > 0:
            size += size_weight * (value - size)
            interval += interval_weight * (since - interval)
            since = 0
    return float(size), float(interval)


@pytest.mark.parametrize(("model", "correction"), [(Croston(), 0.0), (SyntetosBoylan(), 0.5)])
def test_occurrence_times_mean_size_is_the_rate_of_the_weights_that_were_chosen(
    model: Croston, correction: float
) -> None:
    """The method itself, in a plain loop."""
    panel = panel_of(intermittent())
    shown = model.fit(panel, context_of(panel)).parameters()
    for i in range(len(panel)):
        values = panel.quantity[i].tolist()
        weight = float(shown["interval_smoothing"][i])
        size, interval = plain_croston(values, float(shown["size_smoothing"][i]), weight)
        assert shown["level"][i] == pytest.approx((1 - correction * weight) * size / interval, rel=1e-6)
        assert shown["mean_size"][i] == pytest.approx(np.mean([value for value in values if value > 0]), rel=1e-6)
        assert shown["occurrence"][i] * shown["mean_size"][i] == pytest.approx(shown["level"][i])


def test_the_uncertainty_of_the_rate_is_that_of_its_demands_and_of_its_drift() -> None:
    """(1 - 1/interval) / n + cv^2 of sizes / m + drift x periods / 3; n and m are (2 - w)/w, at most the demands."""
    panel = panel_of(intermittent(1))
    pooled = PooledDemand(np.ones(32), 0.01, 0.0, 0.0)
    for context in (context_of(panel), replace(context_of(panel), pooled=pooled)):
        shown = SyntetosBoylan().fit(panel, context).parameters()
        for i in range(len(panel)):
            sizes = panel.quantity[i][panel.quantity[i] > 0].astype(float)
            weights = [float(shown[f"{part}_smoothing"][i]) for part in ("size", "interval")]
            m, n = (min((2 - weight) / weight, len(sizes)) for weight in weights)
            _, interval = plain_croston(panel.quantity[i].tolist(), *weights)
            if context.pooled is None:
                cv2, drift = sizes.var() / sizes.mean() ** 2, 0.0
            else:
                draws = np.r_[np.repeat(sizes, 32), np.repeat(max(np.rint(sizes.mean()), 1), 2 * 32)]
                cv2, drift = draws.var() / draws.mean() ** 2, 0.01 * min(n * interval, 150) / 3
            assert shown["level_sd"][i] == pytest.approx(np.sqrt((1 - 1 / interval) / n + cv2 / m + drift), rel=1e-4)


def test_tsb_leans_on_the_mean_as_if_that_were_one_more_period() -> None:
    """State and long-run mean in plain loops; n = (2 - w)/w periods, at most those observed."""
    panel = panel_of(intermittent(4))
    shown = TeunterSyntetosBabai().fit(panel, context_of(panel)).parameters()
    for i in range(len(panel)):
        values = panel.quantity[i].tolist()
        sizes = [value for value in values if value > 0]
        a, b = float(shown["size_smoothing"][i]), float(shown["probability_smoothing"][i])
        size, chance = float(np.mean(sizes)), len(sizes) / len(values)
        for value in values:
            chance += b * ((value > 0) - chance)
            size += a * (value - size) if value > 0 else 0.0
        n = min((2 - b) / b, len(values))
        assert shown["level"][i] == pytest.approx((n * size * chance + np.mean(values)) / (n + 1), rel=1e-6)


def test_tsb_fades_after_the_last_demand_and_croston_does_not() -> None:
    demand = np.r_[np.tile([0.0, 3.0], 40), np.zeros(80)]
    panel = panel_of([demand])
    rates = {
        m.name: m.fit(panel, context_of(panel)).parameters()["level"][0] for m in (Croston(), TeunterSyntetosBabai())
    }
    assert rates["croston"] > np.mean(demand) > 5 * rates["tsb"] > 0


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
    assert fitted.chain.error[0] == pytest.approx(1, abs=0.02)
    assert 0 < fitted.parameters()["level"][0] < 0.2
    assert fitted.sizes.count[0] == 1
