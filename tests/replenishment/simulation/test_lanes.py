"""What the fast loop does besides telling ordinary worlds: large numbers, items of which only some are ordinary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from replenishment.lead_times import LeadTimes
from replenishment.simulation import Customers, OrderSizes, Supply, simulate
from tests.replenishment.simulation.rules import rule


# Odd numbers: multiples of a power of two never need the bits that single precision lacks.
@pytest.mark.parametrize("unit", [1.0, 2.0**16 + 1, 2.0**17 + 1, 2.0**20 + 1, 2.0**23 + 1, 0.1])
@pytest.mark.parametrize("warm_up", [0, 58])
def test_units_too_many_or_too_fine_for_single_precision_are_reckoned_in_double(unit: float, warm_up: int) -> None:
    """Item by item what happens period by period, told event by event in double precision."""
    whole = np.random.default_rng(1).poisson(3.0, (3, 4, 60))
    demand = np.float32(unit) * whole
    unit = float(np.float32(unit))
    levels = np.array([8.0, 12.0, 15.0]) * unit
    lead = LeadTimes(np.tile([0.0, 0.5, 0.25, 0.25], (3, 1)))
    policy = rule(3, reorder_point=levels - unit / 2, raise_to=levels, lot=unit)
    result = simulate(policy, demand, lead, periods=60, paths=4, warm_up=warm_up, initial_stock=levels)
    for sku in policy.skus:
        ways = [result.trajectory(sku, path=path) for path in range(4)]
        told = result.kpis.set_index("sku").loc[sku]
        for name, of in (("mean_stock", "stock"), ("mean_backorders", "waiting")):
            expected = sum(way[of][warm_up:].sum() for way in ways) / (60 - warm_up) / 4
            assert told[name] == pytest.approx(expected, rel=1e-12)


def test_an_item_fares_the_same_beside_items_of_another_kind() -> None:
    """Some wait for ever, some cancel, some have a supplier at capacity: each as if it were alone."""
    demand = np.random.default_rng(2).poisson(4.0, (4, 30, 80)).astype(np.float32)
    patience = np.array([np.inf, 2.0, np.inf, np.inf])
    capacity = np.array([np.inf, np.inf, 5.0, np.inf])
    sizes = OrderSizes.from_lines(np.array([3, 3, 3, 1]), np.array([1.0, 1.0, 4.0, 2.0]), 4)
    policy = rule(4, reorder_point=11.0, raise_to=14.0, lot=3.0)

    def told(rows: np.ndarray) -> pd.DataFrame:
        customers = Customers(patience[rows], order_sizes=OrderSizes(sizes.values[rows], sizes.probability[rows]))
        return simulate(
            policy.take(rows), demand[rows], 3, periods=80, paths=30, unmet_demand="mixed", customers=customers,
            supply=Supply(capacity=capacity[rows]),
        ).kpis  # fmt: skip

    together = told(np.arange(4))
    for i in range(4):
        pd.testing.assert_frame_equal(told(np.array([i])), together.iloc[[i]].reset_index(drop=True), check_exact=True)
    assert together["cancellation_rate"].gt(0).tolist() == [False, True, False, False]
    # Only where sizes are known is a period's demand more than one line.
    by_line, by_period = together["line_backorder_rate"], together["period_backorder_rate"]
    assert (by_line == by_period).tolist() == [True, False, True, False]


def test_sizes_of_lines_come_from_the_lines_that_were_ordered() -> None:
    sizes = OrderSizes.from_lines(np.array([2, 0, 2, 2, 0]), np.array([5.0, 1.0, 2.0, 5.0, 1.0]), 3)
    assert sizes.values.tolist() == [[1.0, 1.0], [np.inf, np.inf], [2.0, 5.0]]
    np.testing.assert_allclose(sizes.probability, [[1.0, 0.0], [1.0, 0.0], [1 / 3, 2 / 3]])
