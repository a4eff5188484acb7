"""Joint replenishment: the optimum is the best of all multiples."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.lot_sizing.joint_replenishment import (
    JointItems,
    optimal_joint_policy,
    power_of_two_policy,
    silver_joint_policy,
)


def _random(rng: np.random.Generator, count: int) -> JointItems:
    return JointItems(
        shared_fixed_cost=rng.uniform(1, 50),
        individual_fixed_costs=rng.uniform(0, 100, count) ** 1.2,
        holding_costs=rng.uniform(0.1, 5, count),
        demand_rates=rng.uniform(1, 100, count),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_optimum_is_the_best_of_all_multiples(seed: int) -> None:
    items = _random(np.random.default_rng(seed), 3)
    best = optimal_joint_policy(items)
    tried = min(items.policy(m).cost for m in itertools.product(range(1, 10), repeat=3))
    assert best.cost <= tried * (1 + 1e-12)
    if best.multiples.max() < 10:
        assert best.cost == pytest.approx(tried, rel=1e-12)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), base=st.sampled_from([0.01, 0.2, 3.0]))
def test_no_power_of_two_policy_is_cheaper(seed: int, base: float) -> None:
    items = _random(np.random.default_rng(seed), 3)
    found = power_of_two_policy(items, base)
    tried = min(
        items.policy([2**b for b in m], base * 2**a).cost
        for a in range(10)
        for m in itertools.product(range(8), repeat=3)
    )
    assert found.cost == pytest.approx(tried, rel=1e-12)
    powers = np.log2(np.append(found.multiples, found.base_cycle / base))
    assert powers == pytest.approx(np.round(powers))


def test_one_item_alone_is_the_order_quantity() -> None:
    items = JointItems(shared_fixed_cost=5, individual_fixed_costs=[3], holding_costs=[2], demand_rates=[40])
    plain = economic_order(fixed_cost=8, holding_cost=2, demand_rate=40)
    for policy in (silver_joint_policy(items), optimal_joint_policy(items)):
        assert policy.quantities[0] == pytest.approx(float(plain.quantity))
        assert policy.cost == pytest.approx(float(plain.cost))


def test_orders_in_a_loop_cost_what_the_policy_says() -> None:
    items = _random(np.random.default_rng(9), 4)
    policy = optimal_joint_policy(items)
    cycles = int(np.lcm.reduce(policy.multiples))
    cost = 0.0
    for order in range(cycles):
        cost += items.shared_fixed_cost
        for i, m in enumerate(policy.multiples):
            if order % m == 0:
                length = m * policy.base_cycle
                cost += items.individual_fixed_costs[i] + items.holding_costs[i] * policy.quantities[i] / 2 * length
    assert cost / (cycles * policy.base_cycle) == pytest.approx(policy.cost)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("shared_fixed_cost", -1.0),
        ("individual_fixed_costs", [-1.0]),
        ("holding_costs", [0.0]),
        ("demand_rates", [np.nan]),
    ],
)
def test_impossible_items_are_refused(name: str, values: object) -> None:
    keywords = {
        "shared_fixed_cost": 1.0,
        "individual_fixed_costs": [1.0],
        "holding_costs": [1.0],
        "demand_rates": [1.0],
        name: values,
    }
    with pytest.raises(ValueError, match=rf"^{name}"):
        JointItems(**keywords)  # type: ignore[arg-type]


def test_shapes_and_periods_are_checked() -> None:
    with pytest.raises(ValueError, match="have the shapes"):
        JointItems(shared_fixed_cost=1, individual_fixed_costs=[1, 2], holding_costs=[1], demand_rates=[1])
    items = JointItems(shared_fixed_cost=0, individual_fixed_costs=[1], holding_costs=[1], demand_rates=[1])
    with pytest.raises(ValueError, match="base_period is 0"):
        power_of_two_policy(items, 0)
    with pytest.raises(ValueError, match="shared_fixed_cost is 0"):
        optimal_joint_policy(items)
