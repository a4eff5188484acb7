"""Periodic base stock with random lead times: a loop whose orders overtake each other."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.base_stock.random_lead_time import outstanding_with_crossing, variance_with_crossing
from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.discrete_demand import demand_over_random_lead_time

PMF = [0.0, 0.25, 0.5, 0.0, 0.25]


def _net_stock(mean: float, level: int, *, crossing: bool, periods: int = 200_000) -> np.ndarray:
    rng = np.random.default_rng(23)
    demand = rng.poisson(mean, periods)
    times = rng.choice(len(PMF), periods, p=PMF)
    net, due, position, latest = np.zeros(periods), np.zeros(periods + 10), level, 0
    current = float(level)
    for period in range(periods):
        arrival = period + int(times[period])
        if not crossing:
            latest = arrival = max(arrival, latest)
        due[arrival] += level - position
        position = level
        current += due[period] - demand[period]
        position -= demand[period]
        net[period] = current
    return net[100:]


@pytest.mark.parametrize("level", [8, 12, 16])
def test_crossing_orders_agree_with_the_loop(level: int) -> None:
    net, exact = _net_stock(3.0, level, crossing=True), outstanding_with_crossing(PoissonDemand(3.0), PMF)
    assert exact.loss(level) == pytest.approx(np.maximum(-net, 0).mean(), rel=0.04, abs=0.002)
    assert exact.cdf(level) == pytest.approx((net >= 0).mean(), abs=0.006)


def test_crossing_needs_less_stock_than_keeping_the_sequence() -> None:
    crossing = outstanding_with_crossing(PoissonDemand(3.0), PMF)
    sequential = demand_over_random_lead_time(PoissonDemand(3.0), PMF, extra_periods=1)
    assert crossing.mean == pytest.approx(float(sequential.mean))
    assert crossing.variance < sequential.variance
    assert crossing.quantile(0.98) < sequential.quantile(0.98)


@pytest.mark.parametrize("demand", [PoissonDemand(3.0), NegativeBinomialDemand(2.0, 9.0)])
def test_the_variance_has_a_closed_form(demand: PoissonDemand | NegativeBinomialDemand) -> None:
    exact = outstanding_with_crossing(demand, PMF)
    assert exact.variance == pytest.approx(float(variance_with_crossing(demand.mean, demand.variance, PMF)), rel=1e-9)


def test_a_certain_lead_time_is_the_demand_of_one_period_more() -> None:
    exact = outstanding_with_crossing(PoissonDemand(3.0), [0.0, 0.0, 1.0])
    assert exact.cdf(9) == pytest.approx(float(PoissonDemand(9.0).cdf(9)), abs=1e-12)
