"""The exact (r, Q) optimum is the best of all policies that are tried one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, optimize

from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.lot_sizing.economic_order_quantity import economic_order_with_backorders
from replenishment.reorder_point.cost import (
    ReorderPointCosts,
    best_reorder_point,
    optimal_reorder_point,
    reorder_point_cost,
)
from replenishment.validation import as_floats
from tests.replenishment.brute_force import continuous


def _costs(rate: float, k: float, h: float, p: float) -> ReorderPointCosts:
    return ReorderPointCosts(demand_rate=rate, fixed_cost=k, holding_cost=h, stockout_cost=p)


@pytest.mark.parametrize(
    ("mean", "sd", "k", "h", "p"), [(108.3, 43.3, 8, 0.225, 7.5), (20, 9, 100, 2, 10), (500, 20, 1, 0.1, 90)]
)
def test_the_cost_is_the_average_over_the_positions(mean: float, sd: float, k: float, h: float, p: float) -> None:
    demand, costs, r, q = NormalDemand(mean, sd), _costs(1_300, k, h, p), mean + 0.3 * sd, 3 * sd
    area = integrate.quad(lambda y: float(costs.at(demand, as_floats(y))), r, r + q)[0]
    assert reorder_point_cost(demand, costs, r, q) == pytest.approx((k * 1_300 + area) / q, rel=1e-9)


def test_the_cost_of_counts_agrees_with_the_loop() -> None:
    costs = _costs(1.5, 100.0, 20.0, 150.0)
    seen = continuous(np.random.default_rng(9), 1.5, lambda: 1, lambda: 2.0, 3, 5)
    parts = {name: seen.of(name) for name in ("order_frequency", "expected_on_hand", "expected_backorders")}
    price = {"order_frequency": 100.0, "expected_on_hand": 20.0, "expected_backorders": 150.0}
    simulated = sum(price[name] * value for name, (value, _) in parts.items())
    error = sum(price[name] * spread for name, (_, spread) in parts.items())
    assert abs(float(reorder_point_cost(PoissonDemand(3.0), costs, 3, 5)) - simulated) < 4 * error


@pytest.mark.parametrize(
    ("mean", "rate", "k", "h", "p"),
    [(3.0, 1.5, 100, 20, 150), (12.0, 4.0, 5, 1, 3), (0.3, 0.1, 40, 1, 25), (40.0, 10.0, 0, 1, 9)],
)
def test_no_whole_policy_is_cheaper(mean: float, rate: float, k: float, h: float, p: float) -> None:
    for demand in (PoissonDemand(mean), NegativeBinomialDemand(mean, 3 * mean)):
        costs = _costs(rate, k, h, p)
        best = optimal_reorder_point(demand, costs)
        r, q = np.meshgrid(np.arange(-40, 120), np.arange(1, 120))
        table = reorder_point_cost(demand, costs, r, q)
        assert best.cost == pytest.approx(table.min(), rel=1e-12)
        assert reorder_point_cost(demand, costs, best.reorder_point, best.order_quantity) == best.cost


@pytest.mark.parametrize("demand", [NormalDemand(108.3, 43.3), GammaDemand(50, 40), NormalDemand(20, 0.5)])
def test_no_real_policy_is_cheaper(demand: NormalDemand | GammaDemand) -> None:
    costs = _costs(1_300, 8, 0.225, 7.5)
    best = optimal_reorder_point(demand, costs)
    start = [float(best.reorder_point) * 1.1 + 3, float(best.order_quantity) * 0.9]
    found = optimize.minimize(
        lambda x: float(reorder_point_cost(demand, costs, x[0], max(x[1], 1e-6))),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-8, "fatol": 1e-12, "maxiter": 4_000},
    )
    assert best.cost <= found.fun * (1 + 1e-12)
    assert best.order_quantity == pytest.approx(found.x[1], rel=1e-3)


def test_the_best_point_for_a_quantity_balances_both_ends() -> None:
    demand, costs = NormalDemand(108.3, 43.3), _costs(1_300, 8, 0.225, 7.5)
    q = np.array([50.0, 318.0, 750.0])
    r = best_reorder_point(demand, costs, q)
    assert costs.at(demand, r) == pytest.approx(costs.at(demand, r + q), rel=1e-9)
    counts = PoissonDemand(12.0)
    whole = float(best_reorder_point(counts, costs, 7))
    tried = reorder_point_cost(counts, costs, np.arange(-20, 60), 7)
    assert whole == np.arange(-20, 60)[int(np.argmin(tried))]


def test_items_are_optimised_together_as_alone() -> None:
    demand = PoissonDemand([3.0, 30.0])
    both = optimal_reorder_point(demand, _costs(1.5, 100, 20, 150))
    alone = [optimal_reorder_point(PoissonDemand(m), _costs(1.5, 100, 20, 150)) for m in (3.0, 30.0)]
    assert both.order_quantity.tolist() == [float(one.order_quantity) for one in alone]
    assert both.cost == pytest.approx([float(one.cost) for one in alone])


@given(mean=st.floats(1, 200), k=st.floats(0.01, 500), h=st.floats(0.05, 5), ratio=st.floats(2, 100))
def test_uncertainty_never_makes_the_quantity_smaller_than_without(
    mean: float, k: float, h: float, ratio: float
) -> None:
    costs, demand = _costs(10.0, k, h, h * ratio), NormalDemand(mean, mean / 4)
    best = optimal_reorder_point(demand, costs)
    certain = economic_order_with_backorders(fixed_cost=k, holding_cost=h, backorder_cost=h * ratio, demand_rate=10.0)
    assert best.order_quantity >= certain.quantity * (1 - 1e-9)
    assert best.cost >= certain.cost * (1 - 1e-9)


def test_order_cost_to_zero_means_one_unit_at_a_time() -> None:
    quantities = [
        float(optimal_reorder_point(PoissonDemand(5), _costs(2.0, k, 1.0, 20.0)).order_quantity)
        for k in (50.0, 5.0, 0.5, 0.0)
    ]
    assert quantities == sorted(quantities, reverse=True)
    assert quantities[-1] == 1.0
    with pytest.raises(ValueError, match="fixed_cost is 0"):
        optimal_reorder_point(NormalDemand(5, 1), _costs(2.0, 0.0, 1.0, 20.0))


@pytest.mark.parametrize("name", ["demand_rate", "fixed_cost", "holding_cost", "stockout_cost"])
@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_impossible_costs_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        ReorderPointCosts(
            **{"demand_rate": 1.0, "fixed_cost": 1.0, "holding_cost": 1.0, "stockout_cost": 1.0, name: value}
        )
