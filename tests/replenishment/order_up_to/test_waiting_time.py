"""Waiting times agree with units that are followed one by one through the queue."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import PoissonDemand
from replenishment.order_up_to.measures import order_up_to_measures
from replenishment.order_up_to.waiting_time import periods_to_promise, waiting_time_distribution


def _waits(mean: float, lead_time: int, level: int, review: int, periods: int, seed: int) -> np.ndarray:
    """Return the wait in periods of every unit, serving first come, first served."""
    demand = np.random.default_rng(seed).poisson(mean, periods)
    received, position = np.zeros(periods + lead_time + review), 0
    for period in range(periods):
        if period % review == 0:
            received[period + lead_time] += level - position
            position = level
        position -= demand[period]
    supply = np.cumsum(received)
    unit_period = np.repeat(np.arange(periods), demand)
    served = np.searchsorted(supply, np.arange(1, unit_period.size + 1))
    keep = (unit_period > 100) & (unit_period < periods - 100)
    return np.asarray(np.maximum(served[keep] - unit_period[keep], 0))


@pytest.mark.parametrize(
    ("mean", "lead_time", "level", "review"),
    [(2.0, 3, 8, 1), (2.0, 3, 13, 4), (5.0, 2, 14, 1), (1.0, 0, 2, 3), (0.5, 5, 2, 2)],
)
def test_the_distribution_agrees_with_units_in_a_queue(mean: float, lead_time: int, level: int, review: int) -> None:
    waits = _waits(mean, lead_time, level, review, 200_000, 4)
    exact = waiting_time_distribution(PoissonDemand(mean), lead_time, level, review)
    seen = np.array([(waits <= k).mean() for k in range(lead_time + review + 1)])
    assert exact == pytest.approx(seen, abs=0.006)
    assert exact[-1] == pytest.approx(1.0)
    measures = order_up_to_measures(CycleDemand.independent(PoissonDemand(mean), lead_time, review), level)
    assert exact[0] == pytest.approx(measures.fill_rate)
    # Little's law: the mean of the distribution is backorders over demand
    assert np.sum(1.0 - exact) == pytest.approx(measures.mean_wait)


def test_the_promise_is_the_quantile() -> None:
    exact = waiting_time_distribution(PoissonDemand(2.0), 3, 8)
    promise = int(periods_to_promise(PoissonDemand(2.0), 3, 8, 0.95))
    assert exact[promise] >= 0.95 > exact[promise - 1]
    assert periods_to_promise(PoissonDemand([2.0, 2.0]), 3, [8, 30], 0.95).tolist() == [promise, 0]
