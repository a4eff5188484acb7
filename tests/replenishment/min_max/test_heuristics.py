"""The approximate (s, S) policies stay near the exact ones; their gaps are printed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.min_max.cost import MinMaxCosts, min_max_cost, optimal_min_max
from replenishment.min_max.measures import min_max_measures
from replenishment.min_max.power_approximation import power_approximation_levels
from replenishment.min_max.tijms_groenevelt import approximate_backorder_rate, approximate_min_for


@pytest.mark.parametrize("mean", [10, 23, 40, 64])
@pytest.mark.parametrize(("k", "p", "lead_time"), [(64, 9, 0), (32, 4, 2), (64, 99, 4), (24, 9, 1)])
def test_the_power_approximation_is_near_the_optimum(mean: float, k: float, p: float, lead_time: int) -> None:
    costs, demand = MinMaxCosts(fixed_cost=k, holding_cost=1.0, stockout_cost=p), PoissonDemand(mean)
    levels = power_approximation_levels(
        demand_mean=mean, demand_sd=mean**0.5, fixed_cost=k, holding_cost=1.0, stockout_cost=p, lead_time=lead_time
    )
    s = round(float(levels.reorder_point))
    cost = min_max_cost(demand, costs, s, max(round(float(levels.order_up_to)), s + 1), lead_time)
    gap = cost / optimal_min_max(demand, costs, lead_time).cost - 1.0
    print(f"mean {mean}, K {k}, p {p}, L {lead_time}: power approximation {gap:.2%} above the optimum")
    assert 0 <= gap + 1e-12 <= 0.15


def test_the_cap_only_acts_where_orders_are_small() -> None:
    common: dict[str, Any] = {"demand_mean": 50.0, "demand_sd": 8.0, "holding_cost": 0.18, "stockout_cost": 0.7}
    small, large = (power_approximation_levels(fixed_cost=k, **common) for k in (2.5, 250.0))
    free = power_approximation_levels(fixed_cost=[2.5, 250.0], capped=False, **common)
    assert small.order_up_to < free.order_up_to[0]
    assert large.order_up_to == free.order_up_to[1]


@pytest.mark.parametrize(
    ("mean", "variance", "lead_time", "review", "s", "gap"),
    [(5, 15, 3, 1, 22, 18), (5, 15, 3, 1, 22, 40), (2, 8, 2, 2, 8, 15), (20, 90, 1, 1, 40, 80)],
)
def test_the_approximate_backorder_rate_is_near_the_exact_one(
    mean: float, variance: float, lead_time: int, review: int, s: int, gap: int
) -> None:
    demand = NegativeBinomialDemand(mean, variance)
    protected = CycleDemand.independent(demand, lead_time, review)
    exact = float(min_max_measures(demand, s, s + gap, lead_time, review).backorder_rate)
    for shortage in ("one_term", "two_term"):
        near = float(approximate_backorder_rate(protected, demand.sum_over(review), s, gap, shortage=shortage))
        print(f"{shortage}: {near:.4f} against {exact:.4f}")
        assert near == pytest.approx(exact, rel=0.12)


def test_many_items_get_their_minimum_at_once() -> None:
    demand = NegativeBinomialDemand([2.0, 5.0, 20.0], [6.0, 15.0, 90.0])
    protected = CycleDemand.independent(demand, [1, 3, 2])
    levels = approximate_min_for(protected, demand, [10, 18, 60], 0.03)
    for index, (mean, variance, wait, gap) in enumerate([(2, 6, 1, 10), (5, 15, 3, 18), (20, 90, 2, 60)]):
        s = int(levels[index])
        exact = min_max_measures(NegativeBinomialDemand(mean, variance), s, s + gap, wait).backorder_rate
        assert exact == pytest.approx(0.03, abs=0.012)
    assert np.all(approximate_min_for(protected, demand, [10, 18, 60], 0.01) > levels)
