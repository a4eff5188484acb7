"""Dynamic lot sizes agree with a search over all plans, with a mixed-integer solver and with O(T**2) recursions."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.lot_sizing.capacitated_lot_size import _varying, capacitated_plan
from replenishment.lot_sizing.dynamic_lot_size import cheapest_lot_sizes
from replenishment.lot_sizing.lot_size_heuristics import least_unit_cost, part_period_balancing, silver_meal
from replenishment.lot_sizing.lot_size_problem import LotSizeProblem
from replenishment.lot_sizing.lower_envelope import LowerEnvelope


def _search(problem: LotSizeProblem) -> float:
    """Return the least cost of all whole order quantities, period by period."""
    most = int(problem.net_demand.sum())
    limits = [most] * problem.periods if problem.capacity is None else problem.capacity.astype(int).tolist()
    wait = problem.backorder_cost

    @lru_cache(None)
    def best(period: int, stock: int) -> float:
        if period == problem.periods:
            return 0.0 if stock >= 0 else np.inf
        found = np.inf
        for order in range(min(most, limits[period]) + 1):
            left = stock + order - int(problem.demand[period])
            if left < 0 and wait is None:
                continue
            late = 0.0 if wait is None else float(wait[period]) * max(-left, 0)
            cost = float(problem.fixed_cost[period]) * (order > 0) + float(problem.unit_cost[period]) * order
            found = min(
                found, cost + float(problem.holding_cost[period]) * max(left, 0) + late + best(period + 1, left)
            )
        return found

    return best(0, int(problem.initial_stock))


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(), periods=st.integers(1, 6), backorders=st.booleans(), limit=st.sampled_from(["no", "same", "own"])
)
def test_no_plan_is_cheaper(data: st.DataObject, periods: int, backorders: bool, limit: str) -> None:
    def each(low: int, high: int) -> list[int]:
        return data.draw(st.lists(st.integers(low, high), min_size=periods, max_size=periods))

    keywords: dict[str, Any] = {
        "fixed_cost": each(0, 20),
        "holding_cost": each(0, 4),
        "unit_cost": each(0, 5),
        "initial_stock": data.draw(st.integers(-3, 6)),
    }
    if backorders:
        keywords["backorder_cost"] = each(1, 6)
    if limit != "no":
        keywords["capacity"] = data.draw(st.integers(3, 8)) if limit == "same" else each(2, 8)
    demand = each(0, 6)
    needed = np.cumsum(
        LotSizeProblem(demand, fixed_cost=0, holding_cost=0, initial_stock=keywords["initial_stock"]).net_demand
    )
    short = np.cumsum(np.broadcast_to(keywords.get("capacity", 99), (periods,))) < needed
    if short[-1] if backorders else short.any():
        with pytest.raises(ValueError, match=r"^capacity is"):
            LotSizeProblem(demand, **keywords)
        return
    problem = LotSizeProblem(demand, **keywords)
    plan = cheapest_lot_sizes(demand, **keywords)
    assert plan.cost == pytest.approx(_search(problem), abs=1e-6)
    assert problem.cost_of(plan.orders) == pytest.approx(plan.cost)


def test_real_quantities_agree_with_the_mixed_integer_solver() -> None:
    rng = np.random.default_rng(8)
    for backorders in (False, True):
        demand = np.round(rng.gamma(1.0, 10.0, 14), 2)
        problem = LotSizeProblem(
            demand,
            fixed_cost=rng.uniform(10, 60, 14),
            holding_cost=rng.uniform(0.2, 2, 14),
            unit_cost=rng.uniform(0, 3, 14),
            capacity=float(demand.mean() * 2.5 + demand[0] + demand[1]),
            backorder_cost=rng.uniform(0.5, 4, 14) if backorders else None,
        )
        assert problem.capacity is not None
        assert capacitated_plan(problem).cost == pytest.approx(_varying(problem, problem.capacity).cost, rel=1e-6)


def _quadratic(demand: np.ndarray, setup: np.ndarray, hold: float) -> float:
    least = [0.0]
    for v in range(1, demand.size + 1):
        options = [least[u] + setup[u] + hold * float(np.arange(v - u) @ demand[u:v]) for u in range(v)]
        least.append(least[-1] if demand[v - 1] == 0 else min(options))
    return least[-1]


@pytest.mark.parametrize("seed", range(3))
def test_long_horizons_agree_with_the_quadratic_recursion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    demand = rng.integers(0, 50, 300) * (rng.random(300) < 0.6)
    setup = rng.uniform(50, 400, 300)
    plan = cheapest_lot_sizes(demand, fixed_cost=setup, holding_cost=1.5)
    assert plan.cost == pytest.approx(_quadratic(demand, setup, 1.5), rel=1e-12)


def test_patience_without_end_is_one_order_at_the_end() -> None:
    plan = cheapest_lot_sizes([5, 6, 7], fixed_cost=[100, 100, 1], holding_cost=1, backorder_cost=1e-6)
    assert plan.orders.tolist() == [0, 0, 18]


def test_no_set_up_cost_orders_every_period_its_own() -> None:
    plan = cheapest_lot_sizes([5, 0, 7], fixed_cost=0, holding_cost=1)
    assert plan.orders.tolist() == [5, 0, 7]
    assert cheapest_lot_sizes([0, 0], fixed_cost=9, holding_cost=1).cost == 0.0


def test_initial_stock_is_used_and_charged() -> None:
    plan = cheapest_lot_sizes([10, 20, 5], fixed_cost=50, holding_cost=2, initial_stock=40)
    assert plan.orders.sum() == 0
    assert plan.cost == 2 * (30 + 10 + 5)


@given(data=st.data(), periods=st.integers(1, 24))
def test_heuristics_are_feasible_and_never_beat_the_optimum(data: st.DataObject, periods: int) -> None:
    demand = data.draw(st.lists(st.integers(0, 200), min_size=periods, max_size=periods))
    best = cheapest_lot_sizes(demand, fixed_cost=100.0, holding_cost=0.5)
    for heuristic in (silver_meal, least_unit_cost, part_period_balancing):
        plan = heuristic(demand, fixed_cost=100.0, holding_cost=0.5)
        assert plan.cost >= best.cost - 1e-9
        assert plan.orders.sum() == pytest.approx(sum(demand))
        assert plan.cost <= 3.0 * best.cost + 1e-9


def test_the_book_example_of_silver_and_meal() -> None:
    demand = [10, 62, 12, 130, 154, 129, 88, 52, 124, 160, 238, 41]
    plan = silver_meal(demand, fixed_cost=54, holding_cost=0.4)
    assert plan.orders.tolist() == [84, 0, 0, 130, 283, 0, 140, 0, 124, 160, 279, 0]
    assert plan.cost == pytest.approx(501.20)


@given(
    st.lists(st.tuples(st.floats(-50, 50), st.floats(-500, 500)), min_size=1, max_size=40),
    st.lists(st.floats(-100, 100), min_size=1, max_size=20),
)
def test_the_lower_envelope_is_the_minimum(lines: list[tuple[float, float]], points: list[float]) -> None:
    envelope = LowerEnvelope(np.array(points))
    for label, (slope, intercept) in enumerate(lines):
        envelope.add(slope, intercept, label)
        for x in points:
            value, winner = envelope.minimum(x)
            assert value == min(a * x + b for a, b in lines[: label + 1])
            assert lines[winner][0] * x + lines[winner][1] == value


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("demand", {"demand": [1, -2]}),
        ("demand", {"demand": []}),
        ("fixed_cost", {"fixed_cost": -1}),
        ("fixed_cost", {"fixed_cost": [1, 2, 3]}),
        ("holding_cost", {"holding_cost": np.nan}),
        ("backorder_cost", {"backorder_cost": 0}),
        ("capacity", {"capacity": 2}),
        ("initial_stock", {"initial_stock": np.inf}),
    ],
)
def test_impossible_problems_are_refused(name: str, keywords: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rf"^{name}"):
        cheapest_lot_sizes(**{"demand": [3, 4], "fixed_cost": 1, "holding_cost": 1, **keywords})


def test_impossible_plans_are_refused() -> None:
    problem = LotSizeProblem([3, 4], fixed_cost=1, holding_cost=1, capacity=5)
    with pytest.raises(ValueError, match="leaves demand unmet"):
        problem.cost_of([2, 5])
    with pytest.raises(ValueError, match="must not exceed the capacity"):
        problem.cost_of([7, 0])
