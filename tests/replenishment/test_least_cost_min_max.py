"""Least cost with order cost under backorders: (s, S) with the economic lot against the exact optimum.

A unit backordered pays once, however long it waits. The witness knows the demand distribution: by renewal theory the
cost a period of (s, S) is (order cost + sum of G over the positions visited) / periods visited (Zheng and Federgruen
1991, Operations Research 39, 654-665), G(y) being what position y leads to in the period that a review protects.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from replenishment.policies import LotRules, OrderingRule, Targets, set_policies
from replenishment.simulation.engine import simulate
from tests.replenishment.test_policies import demand_of

LEAD_TIME, HOLDING = 2, 1.0


def summed(demand: Any, periods: int) -> Any:
    """Demand over several periods, as a frozen SciPy distribution."""
    name, arguments = demand.dist.name, demand.args
    if name == "poisson":
        return stats.poisson(arguments[0] * periods)
    return stats.nbinom(arguments[0] * periods, arguments[1])


def position_costs(demand: Any, shortage: float, positions: np.ndarray) -> np.ndarray:
    """G(y): stock held at the end of period L, and units newly short in it."""
    sizes = np.arange(int(summed(demand, LEAD_TIME + 1).ppf(1 - 1e-9)) + 1)
    before, through = (summed(demand, periods).pmf(sizes) for periods in (LEAD_TIME, LEAD_TIME + 1))
    left = positions[:, None] - sizes
    short = np.maximum(-left, 0.0) @ (through - before)
    return HOLDING * np.maximum(left, 0.0) @ through + shortage * short


def cost_table(demand: Any, shortage: float, order_cost: float, lowest: int, highest: int) -> np.ndarray:
    """Cost a period of every s (row) and S (column), both from ``lowest`` on; infinite unless s < S."""
    positions = np.arange(lowest, highest + 1)
    cost, size = position_costs(demand, shortage, positions), len(positions)
    chance = demand.pmf(np.arange(size))
    visits = np.zeros(size)
    visits[0] = 1 / (1 - chance[0])
    for j in range(1, size):
        visits[j] = chance[1 : j + 1] @ visits[j - 1 :: -1][:j] / (1 - chance[0])
    out = np.full((size, size), np.inf)
    for top in range(1, size):
        spent = np.cumsum(visits[:top] * cost[top:0:-1])
        out[top - 1 :: -1, top][:top] = (order_cost + spent) / np.cumsum(visits[:top])
    return out


def test_the_witness_agrees_with_the_simulator() -> None:
    """(14, 29) for Poisson demand of 5, over a hundred thousand periods."""
    demand, s, top = stats.poisson(5.0), 14, 29
    drawn = demand.rvs((1, 100_000), random_state=np.random.default_rng(1)).astype(float)
    level = np.array([float(top)])
    rule = OrderingRule(("a",), ("main",), np.array([float(s)]), level, np.ones(1), np.zeros(1), level, np.ones(1, int))
    seen = simulate(rule, drawn, LEAD_TIME, periods=drawn.shape[1], warm_up=10, initial_stock=level).total
    periods = drawn.shape[1] - 10
    cost = HOLDING * seen["mean_stock"] + 10.0 * seen["backorder_rate"] * drawn.mean() + 20.0 * seen["orders"] / periods
    assert cost == pytest.approx(cost_table(demand, 10.0, 20.0, -1, 60)[s + 1, top + 1], rel=0.01)


@pytest.mark.parametrize(
    "demand", [stats.poisson(5.0), stats.poisson(0.8), stats.nbinom(2, 1 / 3), stats.nbinom(1, 0.5)]
)
@pytest.mark.parametrize(("shortage", "order_cost"), [(10.0, 20.0), (30.0, 60.0), (30.0, 5.0)])
def test_levels_cost_little_more_than_the_best_minimum_and_maximum(
    demand: Any, shortage: float, order_cost: float
) -> None:
    paths = 20_000
    draws = demand.rvs((1, paths, LEAD_TIME + 1), random_state=np.random.default_rng(9)).astype(float)
    lot = np.sqrt(2 * order_cost * demand.mean() / HOLDING)
    wanted = Targets(
        np.array(["cost"]), np.zeros(1), np.full(1, HOLDING), np.full(1, shortage), np.zeros(1, dtype=np.bool_)
    )
    rules = LotRules(np.array([lot]), np.zeros(1), np.ones(1))
    protection = demand_of(draws, LEAD_TIME)
    made = set_policies(np.array(["min_max"]), protection, wanted, rules, protection.window_units)
    s, top = int(made.reorder_point[0]), int(made.order_up_to[0])
    # As low as the product goes: it waits for one backordered unit at most.
    table = cost_table(demand, shortage, order_cost, -1, 3 * top + 20)
    gap = table[s + 1, top + 1] / table.min() - 1
    best = np.unravel_index(table.argmin(), table.shape)
    print(
        f"{demand.dist.name} {demand.mean():g}, shortage {shortage:g}, order {order_cost:g}: "
        f"({s}, {top}), best ({best[0] - 1}, {best[1] - 1}), {gap:.2%}"
    )
    assert -1e-9 <= gap < 0.03
