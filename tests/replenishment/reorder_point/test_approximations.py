"""Each approximation solves its own equations; its gap to the optimum is printed and bounded."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.demand_distributions import NormalDemand
from replenishment.reorder_point.approximations import (
    economic_quantity_with_backorders_policy,
    economic_quantity_with_safety_stock_policy,
    expected_shortage_policy,
    loss_function_policy,
)
from replenishment.reorder_point.cost import ReorderPointCosts, optimal_reorder_point

CASES = [
    (108.3, 43.3, 1_300, 8, 0.225, 7.5),
    (20, 5, 200, 30, 2, 40),
    (500, 100, 5_000, 50, 0.5, 10),
    (60, 15, 400, 5, 1, 9),
]


@pytest.mark.parametrize(("mean", "sd", "rate", "k", "h", "p"), CASES)
def test_gaps_to_the_optimum(mean: float, sd: float, rate: float, k: float, h: float, p: float) -> None:
    demand = NormalDemand(mean, sd)
    costs = ReorderPointCosts(demand_rate=rate, fixed_cost=k, holding_cost=h, stockout_cost=p)
    best = float(optimal_reorder_point(demand, costs).cost)
    for method, bound in (
        (economic_quantity_with_backorders_policy, 0.125),
        (loss_function_policy, 0.02),
        (economic_quantity_with_safety_stock_policy, 0.60),
    ):
        gap = float(method(demand, costs).cost) / best - 1.0
        print(f"{method.__name__}: {gap:.3%} above the optimum")
        assert -1e-12 <= gap <= bound


def test_the_loss_function_policy_solves_its_equations() -> None:
    demand = NormalDemand(108.3, 43.3)
    costs = ReorderPointCosts(demand_rate=1_300, fixed_cost=8, holding_cost=0.225, stockout_cost=7.5)
    found = loss_function_policy(demand, costs)
    r, q = found.reorder_point, found.order_quantity
    assert demand.loss(r) == pytest.approx(q * 0.225 / 7.725, rel=1e-9)
    second = float(demand.second_loss(r))
    assert q == pytest.approx(np.sqrt(2 * (8 * 1_300 + 7.725 * second) / 0.225), rel=1e-9)


@pytest.mark.parametrize(
    ("mean", "sd", "rate", "k", "h", "v"),
    [(100, 25, 200, 50, 2, 25), (20, 8, 500, 10, 1, 3), (1_000, 300, 9_000, 400, 0.8, 6)],
)
def test_the_expected_shortage_policy_is_the_minimum_of_its_cost(
    mean: float, sd: float, rate: float, k: float, h: float, v: float
) -> None:
    demand = NormalDemand(mean, sd)
    found = expected_shortage_policy(demand, demand_rate=rate, fixed_cost=k, holding_cost=h, cost_per_unit_short=v)
    r, q = np.meshgrid(
        found.reorder_point + sd * np.linspace(-0.3, 0.3, 61), found.order_quantity * np.linspace(0.8, 1.2, 81)
    )
    costs = h * (r - mean + q / 2) + rate * (k + v * demand.loss(r)) / q
    assert found.cost <= costs.min() + 1e-9 * costs.min()
    assert found.cost == pytest.approx(costs.min(), rel=1e-4)


def test_a_shortage_that_costs_next_to_nothing_has_no_such_policy() -> None:
    with pytest.raises(ValueError, match="cost_per_unit_short is"):
        expected_shortage_policy(
            NormalDemand(100, 25), demand_rate=200, fixed_cost=50, holding_cost=2, cost_per_unit_short=0.5
        )
