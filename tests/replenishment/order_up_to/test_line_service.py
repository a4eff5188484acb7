"""Service by order line agrees with customers who are followed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.base_stock.compound_poisson import CompoundPoisson
from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import PoissonDemand
from replenishment.order_up_to.line_service import line_fill_rate
from replenishment.order_up_to.measures import order_up_to_measures


@pytest.mark.parametrize(("lead_time", "level", "review"), [(2, 14, 1), (1, 20, 3), (0, 6, 2)])
def test_lines_agree_with_customers_in_a_loop(lead_time: int, level: int, review: int) -> None:
    demand = CompoundPoisson(1.5, [1, 2, 6], [0.5, 0.3, 0.2])
    rng = np.random.default_rng(6)
    net, position, complete, lines = 0, 0, 0, 0
    arrivals: dict[int, int] = {}
    for period in range(25_000):
        net += arrivals.pop(period, 0)
        if period % review == 0:
            if lead_time:
                arrivals[period + lead_time] = level - position
            else:
                net += level - position
            position = level
        for size in rng.choice(demand.sizes, rng.poisson(1.5), p=demand.probabilities).astype(int):
            if period > 100:
                lines += 1
                complete += net >= size
            net, position = net - size, position - size
    assert line_fill_rate(demand, lead_time, level, review) == pytest.approx(complete / lines, abs=0.009)


def test_single_units_make_lines_and_units_the_same() -> None:
    lines = line_fill_rate(CompoundPoisson(2.0, [1], [1.0]), 3, 9)
    units = order_up_to_measures(CycleDemand.independent(PoissonDemand(2.0), 3), 9).fill_rate
    assert lines == pytest.approx(float(units), abs=1e-10)
    assert line_fill_rate(CompoundPoisson(2.0, [5], [1.0]), 3, 4) == 0.0
