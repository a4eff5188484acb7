"""Waiting times under (r, Q) agree with customers who are followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.demand_distributions import NormalDemand, PoissonDemand
from replenishment.reorder_point.measures import reorder_point_measures
from replenishment.reorder_point.waiting_time import promised_wait, waiting_time_distribution


def _waits(rate: float, lead_time: float, r: int, q: int, count: int) -> np.ndarray:
    """Return the waits of customers: the k-th unit supplied goes to the k-th customer."""
    moments = np.cumsum(np.random.default_rng(21).exponential(1 / rate, count))
    supply = [0.0] * (r + q)
    # the position starts at r + Q and reaches r at customers Q, 2 Q, ...
    for moment in moments[q - 1 :: q]:
        supply.extend([moment + lead_time] * q)
    return np.maximum(np.array(supply[:count]) - moments, 0.0)[1_000:]


@pytest.mark.parametrize(("rate", "lead_time", "r", "q"), [(1.5, 2.0, 1, 5), (5.0, 2.0, 7, 20), (3.0, 1.0, 0, 1)])
def test_the_distribution_agrees_with_customers_in_a_queue(rate: float, lead_time: float, r: int, q: int) -> None:
    waits, grid = _waits(rate, lead_time, r, q, 200_000), np.linspace(0.0, lead_time, 6)
    exact = waiting_time_distribution(grid, PoissonDemand(rate), lead_time, r, q)
    assert exact == pytest.approx([(waits <= w).mean() for w in grid], abs=0.006)
    measures = reorder_point_measures(PoissonDemand(rate * lead_time), rate, r, q)
    assert exact[0] == pytest.approx(measures.fill_rate)
    assert measures.mean_wait == pytest.approx(waits.mean(), rel=0.05)
    promise = promised_wait(0.95, PoissonDemand(rate), lead_time, r, q)
    assert promise == pytest.approx(np.quantile(waits, 0.95), abs=0.03 * lead_time)


def test_plenty_of_stock_promises_at_once_and_none_promises_the_lead_time() -> None:
    promises = promised_wait(0.95, NormalDemand(10, 1), 2.0, [60.0, -30.0], 5.0)
    assert promises == pytest.approx([0.0, 2.0], abs=1e-9)
