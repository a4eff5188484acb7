"""Past sizes, and what all series teach of sizes and of how levels move."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.sizes import PRIOR_SIZES, PooledDemand, demand_sizes, pool_demand
from forecasting.panel import CellStatus
from tests.forecasting.panels import context_of, panel_of


def world(series: int, drift: float, seed: int = 0, periods: int = 156) -> np.ndarray:
    """Gamma sizes of cv 0.7 in six periods of ten, on levels that walk with the variance ``drift`` a period."""
    rng = np.random.default_rng(seed)
    level = np.exp(np.cumsum(rng.normal(0, np.sqrt(drift), (series, periods)), axis=1)) * 20
    return level * rng.gamma(2, 0.5, level.shape) * (rng.random(level.shape) < 0.6)


def test_pooled_ratios_are_the_quantiles_of_all_sizes_to_their_means() -> None:
    """Every size of 200 series that stay, relative to its series' mean; series with four demands do not count."""
    demand = world(200, 0.0)
    demand[0] = 0
    demand[0, :4] = [1, 1, 1, 1e6]
    panel = panel_of(demand)
    pooled = pool_demand(panel, context_of(panel))
    ratios = np.concatenate([row[row > 0] / row[row > 0].mean() for row in demand[1:]])
    expected = np.quantile(ratios, (np.arange(32) + 0.5) / 32)
    np.testing.assert_allclose(pooled.ratio, expected / expected.mean(), rtol=0.01)
    assert pooled.ratio.mean() == pytest.approx(1)


@pytest.mark.parametrize("drift", [0.0, 0.001, 0.004])
def test_the_drift_of_levels_is_recovered(drift: float) -> None:
    panel = panel_of(world(1500, drift, 1))
    assert pool_demand(panel, context_of(panel)).drift == pytest.approx(drift, rel=0.25, abs=5e-5)


def test_what_is_pooled_depends_neither_on_order_nor_on_cells_that_are_no_evidence() -> None:
    demand = np.rint(world(60, 0.002, 2))
    status = np.random.default_rng(3).choice([0, 0, 0, 1, 2], size=demand.shape)
    panel = panel_of(demand, status=status)
    first = pool_demand(panel, context_of(panel))
    order = np.random.default_rng(4).permutation(60)
    other = panel_of(np.where(status > 0, demand + 99, demand), status=status).take(order)
    second = pool_demand(other, context_of(other))
    assert second.ratio.tobytes() == first.ratio.tobytes()
    assert second.drift == first.drift > 0


def test_a_panel_that_teaches_nothing_lends_nothing() -> None:
    for demand in (np.zeros((3, 40)), np.eye(3, 40), np.full((3, 4), 7.0), np.full((3, 100), 7.0)):
        panel = panel_of(demand)
        pooled = pool_demand(panel, context_of(panel))
        np.testing.assert_array_equal(pooled.ratio, np.ones(32))
        assert pooled.drift == 0


def test_pooled_sizes_keep_the_unit_of_a_series_and_count_as_two() -> None:
    """Sizes by the dozen stay dozens, fractional ones are plain products; mean and cv^2 are those of all draws."""
    demand = np.zeros((3, 30))
    demand[0, :3], demand[1, :2], demand[2, 0] = [24, 36, 60], [0.5, 1.5], 7
    panel = panel_of(demand)
    ratio = np.linspace(0.05, 1.95, 32)
    sizes = demand_sizes(panel, context_of(panel), PooledDemand(ratio, 0.0))
    np.testing.assert_array_equal(sizes.unit, [12, 0, 7])
    np.testing.assert_array_equal(sizes.count, [3, 2, 1])
    np.testing.assert_array_equal(sizes.pooled[0], np.maximum(np.rint(40 * ratio / 12), 1) * 12)
    np.testing.assert_allclose(sizes.pooled[1], ratio, rtol=1e-6)
    assert set(sizes.pooled[2].tolist()) == {7.0, 14.0}
    for i in range(3):
        own = sizes.table[i, : sizes.count[i]].astype(float)
        draws = np.r_[np.repeat(own, 32), np.repeat(sizes.pooled[i].astype(float), PRIOR_SIZES)]
        assert sizes.mean[i] == pytest.approx(draws.mean(), rel=1e-6)
        assert sizes.cv2[i] == pytest.approx(draws.var() / draws.mean() ** 2, rel=1e-6)
        assert sizes.sd[i] == pytest.approx(draws.std(), rel=1e-6)


def test_without_pooled_knowledge_a_series_has_its_own_sizes_alone() -> None:
    demand = np.r_[np.zeros(50), 3, 5, 0, 10]
    status = np.zeros(54)
    status[50] = CellStatus.OUT_OF_STOCK
    panel = panel_of(demand, status=status)
    sizes = demand_sizes(panel, context_of(panel), None)
    assert sizes.prior == 0
    np.testing.assert_array_equal(sizes.table[0, : sizes.count[0]], [5, 10])
    assert (sizes.mean[0], sizes.cv2[0], sizes.unit[0]) == (7.5, pytest.approx(1 / 9), 5)


def test_sizes_older_than_the_memory_are_forgotten() -> None:
    demand = np.ones(400)
    demand[:200] = 50
    panel = panel_of(demand)
    sizes = demand_sizes(panel, context_of(panel), None)
    assert sizes.count[0] == 156
    assert sizes.mean[0] == 1
