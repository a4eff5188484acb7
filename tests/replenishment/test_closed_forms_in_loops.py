"""Costs and levels of the closed forms, met by plain loops over days, orders and customers at three settings each."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import (
    Demand,
    GammaDemand,
    LognormalDemand,
    NegativeBinomialDemand,
    PoissonDemand,
)
from replenishment.lot_sizing.economic_order_quantity import (
    economic_order,
    economic_order_with_backorders,
    economic_production_lot,
)
from replenishment.lot_sizing.quantity_discounts import PriceBreaks, all_units_discount, incremental_discount
from replenishment.min_max.cost import MinMaxCosts, min_max_cost
from replenishment.min_max.finite_horizon import HorizonCosts, finite_horizon_policy
from replenishment.newsvendor import single_order_cost
from replenishment.order_up_to.measures import order_up_to_measures
from replenishment.reorder_point.cost import ReorderPointCosts, reorder_point_cost
from replenishment.reorder_point.periodic import periodic_reorder_point_measures
from tests.replenishment.brute_force import continuous, periodic

STEPS = 20_000
COSTS = [(8.0, 0.225, 1_300.0), (40.0, 40.05, 2_080.0), (500.0, 2.0, 90.0)]


def flow(
    quantity: float,
    setup: float,
    hold: float,
    rate: float,
    lowest: float = 0.0,
    late: float = 0.0,
    speed: float = np.inf,
) -> float:
    """Follow one cycle of certain demand in small steps of time; return the cost per unit of time."""
    cycle = quantity / rate
    times = (np.arange(STEPS) + 0.5) * cycle / STEPS
    made = np.minimum(times * speed, quantity) if np.isfinite(speed) else np.full(STEPS, quantity)
    stock = lowest + made - rate * times
    paid = hold * np.maximum(stock, 0.0).mean() + late * np.maximum(-stock, 0.0).mean()
    return float(setup / cycle + paid)


@pytest.mark.parametrize(("setup", "hold", "rate"), COSTS)
def test_cycles_of_certain_demand(setup: float, hold: float, rate: float) -> None:
    costs = {"fixed_cost": setup, "holding_cost": hold, "demand_rate": rate}
    plain = economic_order(**costs)
    assert flow(float(plain.quantity), setup, hold, rate) == pytest.approx(float(plain.cost), rel=1e-6)
    waiting = economic_order_with_backorders(**costs, backorder_cost=3.0 * hold)
    follows = flow(float(waiting.quantity), setup, hold, rate, -float(waiting.largest_backlog), 3.0 * hold)
    assert follows == pytest.approx(float(waiting.cost), rel=1e-6)
    made = economic_production_lot(**costs, production_rate=1.7 * rate)
    follows = flow(float(made.quantity), setup, hold, rate, speed=1.7 * rate)
    assert follows == pytest.approx(float(made.cost), rel=1e-6)


@pytest.mark.parametrize(("setup", "rate", "carrying"), [(8.0, 1_300.0, 0.3), (150.0, 2_400.0, 0.25), (3.0, 50.0, 0.1)])
def test_orders_under_price_breaks(setup: float, rate: float, carrying: float) -> None:
    """Unit by unit: what each costs by its place in the order, and what capital it ties up until it is sold."""
    prices = PriceBreaks([0, 200, 500], [2.0, 1.8, 1.5])
    for discount, own_price in ((all_units_discount, False), (incremental_discount, True)):
        found = discount(prices, fixed_cost=setup, carrying_rate=carrying, demand_rate=rate)
        q = found.quantity
        places = (np.arange(STEPS) + 0.5) * q / STEPS
        paid = np.array([2.0, 1.8, 1.5])[np.searchsorted([200, 500], places, side="right")]
        each = paid if own_price else np.full(STEPS, [2.0, 1.8, 1.5][int(np.searchsorted([200, 500], q, side="right"))])
        # the average price is what a unit of stock is worth; it waits for half a cycle
        cost = (setup + each.mean() * q) * rate / q + carrying * each.mean() * q / 2
        assert cost == pytest.approx(found.cost, rel=1e-4)


@pytest.mark.parametrize(("rate", "wait", "r", "q"), [(1.5, 2.0, 3, 5), (5.0, 1.0, 6, 12), (0.6, 4.0, 1, 3)])
def test_the_cost_of_a_reorder_point(rate: float, wait: float, r: int, q: int) -> None:
    rng = np.random.default_rng(11)
    told = ReorderPointCosts(demand_rate=rate, fixed_cost=20.0, holding_cost=1.0, stockout_cost=9.0)
    seen = continuous(rng, rate, lambda: 1, lambda: wait, r, q, batches=25, length=1_000)
    for batch in seen.batches:
        time = batch["order_frequency"][1]
        parts = (
            20.0 * batch["order_frequency"][0],
            batch["expected_on_hand"][0],
            9.0 * batch["expected_backorders"][0],
        )
        batch["cost"] = (sum(parts), time)
    seen.agrees("cost", float(reorder_point_cost(PoissonDemand(rate).sum_over(wait), told, r, q)))


SMOOTH: list[tuple[Demand, int, int]] = [
    (GammaDemand(10.0, 6.0), 2, 1),
    (LognormalDemand(2.0, 0.5), 0, 1),
    (GammaDemand(4.0, 5.0), 3, 2),
]


def drawn(demand: Demand, rng: np.random.Generator, count: int) -> np.ndarray:
    uniform = rng.uniform(1e-12, 1.0 - 1e-12, count)
    return np.asarray(demand.quantile(uniform))


@pytest.mark.parametrize(("demand", "wait", "review"), SMOOTH)
def test_continuous_demand_under_periodic_review(demand: Demand, wait: int, review: int) -> None:
    """Sums of gamma demand are gamma; the lognormal is seen over one period only, where its sum is exact."""
    rng = np.random.default_rng(5)
    protected = CycleDemand.independent(demand, wait, review)
    level = float(protected.horizon.quantile(0.85))
    names = ("fill_rate", "expected_backorders", "expected_on_hand", "ready_rate", "mean_wait")
    found = order_up_to_measures(protected, level)
    seen = periodic(lambda n: drawn(demand, rng, n), lambda p: level - p, wait, review, batches=25, length=800)
    for name in names:
        seen.agrees(name, float(getattr(found, name)))
    lot = 3.0 * float(demand.mean)
    point = level - lot / 2
    lots = periodic_reorder_point_measures(protected, demand.sum_over(review), point, lot)

    def order(position: float) -> float:
        return lot * np.floor((point - position) / lot + 1.0) if position <= point else 0.0

    seen = periodic(lambda n: drawn(demand, rng, n), order, wait, review, batches=25, length=800)
    for name in names:
        seen.agrees(name, float(getattr(lots, name)))


@pytest.mark.parametrize(("s", "top", "wait", "review"), [(4, 12, 0, 2), (10, 24, 2, 2), (8, 30, 1, 3)])
def test_the_cost_of_min_max_under_longer_reviews(s: int, top: int, wait: int, review: int) -> None:
    rng, demand = np.random.default_rng(3), NegativeBinomialDemand(3.0, 6.0)
    costs = MinMaxCosts(fixed_cost=15.0, holding_cost=1.0, stockout_cost=7.0)
    seen = periodic(
        lambda n: rng.negative_binomial(3, 0.5, n).astype(float),
        lambda p: top - p if p <= s else 0.0,
        wait,
        review,
        batches=25,
        length=800,
    )
    for batch in seen.batches:
        held, late, orders = (batch[n] for n in ("expected_on_hand", "expected_backorders", "order_frequency"))
        batch["cost"] = (held[0] + 7.0 * late[0] + 15.0 * orders[0], held[1])
    seen.agrees("cost", min_max_cost(demand, costs, s, top, wait, review))


@pytest.mark.parametrize(
    ("means", "setup", "late"), [([3, 8, 2, 6], 12.0, 9.0), ([5, 5], 0.0, 4.0), ([1, 9, 9], 40.0, 20.0)]
)
def test_the_finite_horizon_earns_its_cost(means: list[float], setup: float, late: float) -> None:
    rng, count = np.random.default_rng(8), 20_000
    found = finite_horizon_policy([PoissonDemand(mean) for mean in means], HorizonCosts(setup, 1.0, late), 0)
    stock, paid = np.zeros(count), np.zeros(count)
    for mean, s, top in zip(means, found.reorder_points, found.order_up_to, strict=True):
        orders = stock <= s
        stock = np.where(orders, top, stock) - rng.poisson(mean, count)
        paid += setup * orders + np.maximum(stock, 0.0) + late * np.maximum(-stock, 0.0)
    assert abs(paid.mean() - found.cost) <= 4.0 * paid.std() / np.sqrt(count)


@pytest.mark.parametrize(("mean", "periods", "level"), [(10.0, 3, 30), (2.0, 6, 9), (0.5, 4, 3)])
def test_one_order_for_several_periods(mean: float, periods: int, level: int) -> None:
    rng, count = np.random.default_rng(2), 20_000
    cost = float(
        single_order_cost([PoissonDemand(mean * (t + 1)) for t in range(periods)], level, overage=1, underage=5)
    )
    stock = level - np.cumsum(rng.poisson(mean, (count, periods)), axis=1)
    paid = (np.maximum(stock, 0) + 5.0 * np.maximum(-stock, 0)).sum(axis=1)
    assert abs(paid.mean() - cost) <= 4.0 * paid.std() / np.sqrt(count)
