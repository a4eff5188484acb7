"""Past sizes of a series and those that it is lent."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.models.pooled import PooledDemand
from forecasting.models.sizes import PRIOR_SIZES, demand_sizes
from forecasting.panel import CellStatus
from tests.forecasting.panels import context_of, panel_of


def test_pooled_sizes_keep_the_unit_of_a_series_and_count_as_two() -> None:
    """Sizes by the dozen stay dozens, fractional ones are plain products; mean and cv^2 are those of all draws."""
    demand = np.zeros((3, 30))
    demand[0, :3], demand[1, :2], demand[2, 0] = [24, 36, 60], [0.5, 1.5], 7
    panel = panel_of(demand)
    ratio = np.linspace(0.05, 1.95, 32)
    sizes = demand_sizes(panel, context_of(panel), PooledDemand(ratio, 0.0, 0.0, 0.0))
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
