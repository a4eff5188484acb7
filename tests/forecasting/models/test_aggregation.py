"""ADIDA and IMAPA against plain loops written from the papers."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.aggregation import WIDEST, Adida, Imapa
from tests.forecasting.panels import context_of, panel_of


def intermittent(seed: int, chance: float = 0.25, series: int = 4, periods: int = 150) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.geometric(0.3, (series, periods)) * (rng.random((series, periods)) < chance)


def smoothed(values: np.ndarray, width: int, weights: tuple[float, ...]) -> tuple[float, float]:
    """The rate of exponentially smoothed bucket means with the weight of the least squared error, and the weight."""
    short = len(values) % width
    buckets = values[short:].reshape(-1, width).mean(axis=1)
    start = 0.0
    for number, value in enumerate(buckets[::-1], start=1):
        start += max(0.1, 1 / number) * (value - start)
    if short:
        start += max(0.1, 1 / (len(buckets) + 1)) * short / width * (values[:short].mean() - start)
    outcomes = []
    for weight in weights:
        level, loss = start, 0.0
        for value in buckets:
            loss += (value - level) ** 2
            level += weight * (value - level)
        outcomes.append((loss, level, weight))
    _, level, weight = min(outcomes)
    return level, weight


@pytest.mark.parametrize("model", [Adida(), Imapa()])
def test_the_rate_is_the_method_s_and_leans_on_the_mean_by_one_period(model: Adida) -> None:
    panel = panel_of(intermittent(0))
    fitted = model.fit(panel, context_of(panel))
    for i in range(len(panel)):
        values = panel.quantity[i].astype(float)
        interval = round(len(values) / (values > 0).sum())
        widths = range(1, interval + 1) if model.name == "imapa" else [interval]
        fits = [smoothed(values, width, model.weights) for width in widths]
        periods = np.mean([min((2 - w) / w * width, 150) for (_, w), width in zip(fits, widths, strict=True)])
        method = np.mean([level for level, _ in fits])
        assert fitted.chosen["width"][i] == interval
        assert fitted.chain.rate[i] == pytest.approx((periods * method + values.mean()) / (periods + 1), rel=1e-6)


def test_a_bucket_is_as_wide_as_the_mean_interval_at_most_sixty_periods() -> None:
    demand = np.zeros((4, 600))
    demand[0, 10], demand[1, ::5], demand[2, :] = 4, 4, 4
    for periods, expected in ((600, [WIDEST, 5, 1, WIDEST]), (40, [40, 5, 1, 40])):
        panel = panel_of(demand[:, :periods])
        np.testing.assert_array_equal(Adida().fit(panel, context_of(panel)).parameters()["width"], expected)


@pytest.mark.parametrize("model", [Adida(), Imapa()])
def test_a_demand_in_the_oldest_incomplete_bucket_is_not_lost(model: Adida) -> None:
    demand = np.zeros(47)
    demand[0] = 12
    panel = panel_of(demand)
    assert model.fit(panel, context_of(panel)).chain.rate[0] > 0


def test_seasons_are_taken_out_of_the_buckets_and_put_back() -> None:
    """A steady 6 under known factors: the rate is 6, the forecast 6 times each factor."""
    factors = np.linspace(0.5, 1.5, 12)
    panel = panel_of(np.tile(6 * factors, 6), "MS")
    for model in (Adida(), Imapa()):
        fitted = model.fit(panel, context_of(panel, factors))
        assert fitted.chain.rate[0] == pytest.approx(6, rel=1e-5)
        np.testing.assert_allclose(fitted.expected(np.array([0]), 12)[0], 6 * factors, rtol=1e-4)
