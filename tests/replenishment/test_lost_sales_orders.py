"""Orders under lost sales cost what a plain loop says, and little more than the optimum where that is known."""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest
from scipy import stats

from replenishment.kernels.lost_sales import order_costs, rule_costs
from replenishment.lost_sales_orders import (
    REVIEWS_AHEAD,
    DemandAhead,
    LostSalesCosts,
    ReviewRule,
    cheapest_order,
    cheapest_reorder_point,
)
from replenishment.policies import OrderingRule
from replenishment.simulation.engine import simulate
from tests.replenishment.lost_sales_optimum import LostSalesWorld

HOLDING, SHORTAGE = 0.3, 2.0
# Larger worlds of the same kinds, a second or two each.
LARGER = pytest.mark.skipif("RESTOCK_EXAMPLES" not in os.environ, reason="set RESTOCK_EXAMPLES=1 to try them")


def rule_of(n: int, above: float = 1.0, lot: float = 1.0, minimum: float = 0.0) -> ReviewRule:
    return ReviewRule(np.full(n, above), np.full(n, lot), np.full(n, minimum))


def costs_of(n: int, holding: float = HOLDING, shortage: float = SHORTAGE) -> LostSalesCosts:
    return LostSalesCosts(np.full(n, holding), np.full(n, shortage))


def ahead_of(demand: np.ndarray, lead_time: int | np.ndarray, review: int = 1, integral: bool = True) -> DemandAhead:
    waits = np.ascontiguousarray(np.broadcast_to(np.asarray(lead_time, dtype=np.int64), demand.shape[:2]))
    return DemandAhead(demand.astype(np.float32), waits, review, np.full(len(demand), integral))


def lumpy(seed: int, n: int, paths: int, periods: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.poisson(4.0, (n, paths, periods)) * (rng.random((n, paths, periods)) < 0.6)


@pytest.mark.parametrize(("lead_time", "review", "above", "lot", "minimum"), [
    (0, 1, 1, 1, 0), (2, 1, 1, 1, 0), (3, 2, 1, 6, 0), (2, 3, 8, 1, 0), (1, 1, 1, 1, 7),
])  # fmt: skip
def test_a_rule_costs_what_the_simulator_says(
    lead_time: int, review: int, above: float, lot: float, minimum: float
) -> None:
    """All paths, one after the other, are one long demand."""
    paths, block, levels = 50, 6, np.array([[2.0, 7.0, 15.0]])
    demand = lumpy(1, 1, paths, block + 3).astype(np.float32)
    waits = np.full((1, paths), lead_time, dtype=np.int64)
    numbers = (np.array([float(x)]) for x in (above, lot, minimum, HOLDING, SHORTAGE))
    found = rule_costs(demand, waits, review, block, levels, *numbers)
    for level, cost in zip(levels[0], found[0], strict=True):
        s = np.array([level])
        rule = OrderingRule(
            ("a",), ("main",), s, s + above, np.array([float(lot)]), np.array([float(minimum)]), s + above,
            np.array([review]),
        )  # fmt: skip
        seen = simulate(
            rule, demand[:, :, :block].reshape(1, -1), lead_time, periods=paths * block, unmet_demand="lost",
            initial_stock=s + above,
        ).total  # fmt: skip
        assert cost == pytest.approx(HOLDING * seen["mean_stock"] + SHORTAGE * seen["lost_units"] / (paths * block))


def follow(
    path: np.ndarray, wait: int, review: int, stock: float, due: list[float], order: float, levels: np.ndarray,
    lot: float, minimum: float,
) -> float:  # fmt: skip
    """Cost of one order along one path, told as a planner would: what is there, what comes, what is sold."""
    pipeline = {k: units for k, units in enumerate(due) if units}
    pipeline[wait] = pipeline.get(wait, 0.0) + order
    cost, end = 0.0, wait + REVIEWS_AHEAD * review
    for t in range(end):
        stock += pipeline.pop(t, 0.0)
        if t and t % review == 0 and t + wait < end:
            position = stock + sum(pipeline.values())
            if position <= levels[t // review]:
                units = max(np.ceil((levels[t // review] + 1 - position) / lot) * lot, minimum)
                if wait:
                    pipeline[t + wait] = pipeline.get(t + wait, 0.0) + units
                else:
                    stock += units
        sold = min(stock, path[t])
        cost += HOLDING * (stock - sold) + SHORTAGE * (path[t] - sold)
        stock -= sold
    return cost


@pytest.mark.parametrize(("review", "lot", "minimum"), [(1, 1.0, 0.0), (2, 3.0, 0.0), (1, 1.0, 5.0)])
def test_an_order_costs_what_a_plain_loop_says(review: int, lot: float, minimum: float) -> None:
    """With lead times that differ by path, no lead time at all among them, and an arrival after the horizon."""
    rng = np.random.default_rng(2)
    demand = lumpy(3, 2, 12, 3 + REVIEWS_AHEAD * review).astype(np.float32)
    waits = rng.integers(0, 4, (2, 12))
    stock, due = np.array([3.0, 0.0]), np.array([[0.0, 2, 0, 0], [1, 0, 0, 4]])
    quantity = np.array([[0.0, 4.0, 9.0], [1.0, 6.0, 30.0]])
    levels = rng.integers(0, 12, (2, REVIEWS_AHEAD)).astype(float)
    numbers = (np.full(2, x) for x in (1.0, lot, minimum, HOLDING, SHORTAGE))
    found = order_costs(demand, waits, review, REVIEWS_AHEAD, stock, due, quantity, levels, *numbers)
    for i in range(2):
        for c, units in enumerate(quantity[i]):
            way = (review, stock[i], due[i].tolist(), float(units), levels[i], lot, minimum)
            told = [follow(demand[i, p], int(waits[i, p]), *way) for p in range(12)]
            assert found[i, c] == pytest.approx(np.mean(told))


@pytest.mark.parametrize(("lot", "minimum"), [(1.0, 0.0), (4.0, 0.0), (1.0, 9.0)])
def test_no_other_quantity_costs_less(lot: float, minimum: float) -> None:
    """Against every allowed quantity, one by one."""
    ahead, n = ahead_of(lumpy(5, 6, 80, 2 + REVIEWS_AHEAD), 2), 6
    rule, costs = rule_of(n, lot=lot, minimum=minimum), costs_of(n)
    s = cheapest_reorder_point(ahead, rule, costs)
    stock, due = np.array([0.0, 3, 8, 20, 0, 5]), np.array([[0.0, 0], [0, 4], [2, 0], [9, 9], [0, 12], [1, 1]])
    order = cheapest_order(ahead, stock, due, s, rule, costs)
    allowed = np.array([0.0, *[k * lot for k in range(1, 40) if k * lot >= minimum]])
    later = np.repeat(s[:, None], REVIEWS_AHEAD, axis=1)
    mean = ahead.over_protection().mean(axis=1)
    later = np.rint((later + 1) * mean / mean[:, :1]) - 1
    price = order_costs(
        ahead.demand, ahead.lead_time, 1, REVIEWS_AHEAD, stock, due, np.tile(allowed, (n, 1)), later, rule.above,
        rule.lot, rule.minimum, costs.holding, costs.shortage,
    )  # fmt: skip
    assert (order == allowed[price.argmin(axis=1)]).all()
    assert order[3] == 0
    assert order[0] > 0


def test_what_waits_already_is_delivered_on_top() -> None:
    ahead = ahead_of(lumpy(5, 1, 80, 2 + REVIEWS_AHEAD), 2)
    state = (np.zeros((1, 1)), np.array([9.0]), rule_of(1, lot=4.0), costs_of(1))
    empty, owing = (cheapest_order(ahead, np.array([stock]), *state) for stock in (0.0, -5.0))
    assert owing == empty + 8


def test_fractional_demand_scales_with_its_unit() -> None:
    """In kilograms or in grams: the same order, to the precision of the search."""
    demand = lumpy(6, 1, 200, 2 + REVIEWS_AHEAD) * 0.37
    orders = []
    for unit in (1.0, 1000.0):
        ahead, rule = ahead_of(demand * unit, 2, integral=False), rule_of(1, above=0.0, lot=0.0)
        costs = costs_of(1, HOLDING / unit, SHORTAGE / unit)
        s = cheapest_reorder_point(ahead, rule, costs)
        orders.append(cheapest_order(ahead, np.array([0.5 * unit]), np.zeros((1, 1)), s, rule, costs) / unit)
    assert orders[0] == pytest.approx(orders[1], rel=1e-5)
    assert 0.5 < orders[0] < 10


def test_too_short_a_demand_is_refused() -> None:
    with pytest.raises(ValueError, match="5 periods are needed"):
        ahead_of(np.zeros((1, 3, 4)), 2)


@cache
def world(kind: str, mean: float, shortage: float, lead_time: int, pack: int = 1, minimum: int = 0) -> LostSalesWorld:
    demand = stats.poisson(mean) if kind == "Poisson" else stats.nbinom(1, 1 / (1 + mean))
    largest = int(demand.ppf(0.995)) + minimum
    orders = (0, *[k for k in range(pack, max(largest, 3 * pack) + 1, pack) if k >= minimum])
    return LostSalesWorld(demand, shortage, lead_time, orders, 2 * largest + 2 * pack)


def gap(of: LostSalesWorld, pack: int, minimum: int, paths: int, newsvendor: bool = False) -> float:
    """Cost of the orders placed in every state, above the optimum; with sampled paths, the same in every state."""
    stock, due = of.states()
    n, lead_time = len(stock), of.lead_time
    drawn = of.demand.rvs((1, paths, lead_time + REVIEWS_AHEAD), random_state=np.random.default_rng(8))
    one, many = ahead_of(drawn, lead_time), ahead_of(np.broadcast_to(drawn, (n, *drawn.shape[1:])), lead_time)
    if newsvendor:
        need = np.repeat(stock[:, None], paths, axis=1)
        for t in range(lead_time):
            need = np.maximum(need + due[:, t, None] - drawn[0, :, t], 0)
        fractile = of.shortage / (of.shortage + 1)
        order = np.maximum(np.quantile(drawn[0, :, lead_time] - need, fractile, axis=1, method="inverted_cdf"), 0)
        return of.cost_of(order) / of.optimum() - 1
    s = cheapest_reorder_point(one, rule_of(1, 1, pack, minimum), costs_of(1, 1.0, of.shortage))
    rule, costs = rule_of(n, 1, pack, minimum), costs_of(n, 1.0, of.shortage)
    return of.cost_of(cheapest_order(many, stock, due, np.repeat(s, n), rule, costs)) / of.optimum() - 1


@pytest.mark.parametrize(("kind", "mean", "shortage", "lead_time", "pack", "minimum", "most"), [
    ("Poisson", 5.0, 4.0, 1, 1, 0, 0.01),
    ("Poisson", 5.0, 4.0, 2, 1, 0, 0.01),
    pytest.param("Poisson", 5.0, 9.0, 2, 1, 0, 0.01, marks=LARGER),
    ("geometric", 2.0, 4.0, 2, 1, 0, 0.01),
    pytest.param("geometric", 2.0, 19.0, 2, 1, 0, 0.01, marks=LARGER),
    # Slow movers: one whole unit more or less in one state is much.
    ("Poisson", 0.5, 5.0, 2, 1, 0, 0.02),
    ("Poisson", 1.0, 5.0, 3, 1, 0, 0.04),
    ("Poisson", 5.0, 4.0, 2, 4, 0, 0.01),
    ("geometric", 2.0, 9.0, 2, 6, 0, 0.02),
    ("Poisson", 2.0, 9.0, 2, 1, 6, 0.01),
])  # fmt: skip
def test_orders_cost_little_more_than_the_optimum(
    kind: str, mean: float, shortage: float, lead_time: int, pack: int, minimum: int, most: float
) -> None:
    """Known exactly for small worlds; two thousand paths, so that the rule is seen and not the luck of the draw."""
    found = gap(world(kind, mean, shortage, lead_time, pack, minimum), pack, minimum, 2000)
    print(f"{kind} {mean:g}, shortage {shortage:g}, L = {lead_time}, pack {pack}, minimum {minimum}: {found:.2%}")
    assert -1e-3 < found < most


@pytest.mark.parametrize(("mean", "shortage", "lead_time"), [(5.0, 4.0, 2), pytest.param(5.0, 9.0, 2, marks=LARGER)])
def test_looking_beyond_the_first_review_interval_pays(mean: float, shortage: float, lead_time: int) -> None:
    of = world("Poisson", mean, shortage, lead_time)
    assert gap(of, 1, 0, 2000) < gap(of, 1, 0, 2000, newsvendor=True)
