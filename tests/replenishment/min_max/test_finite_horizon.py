"""Non-stationary (s, S) by dynamic programming agrees with a plain recursion and with its own simulation."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest

from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.min_max.cost import MinMaxCosts, optimal_min_max
from replenishment.min_max.finite_horizon import HorizonCosts, PeriodDemand, finite_horizon_policy


def _recursion(means: list[float], costs: HorizonCosts, start: int) -> tuple[float, int]:
    """Return the optimal cost and the first order-up-to level, trying every order from every stock."""
    laws = [[float(PoissonDemand(mean).pmf(k)) for k in range(45)] for mean in means]

    @lru_cache(None)
    def best(period: int, stock: int) -> tuple[float, int]:
        if period == len(means):
            return costs.terminal_holding_cost * max(stock, 0) + costs.terminal_stockout_cost * max(-stock, 0), 0
        found = (np.inf, stock)
        for level in range(stock, max(stock, 24) + 1):
            cost = costs.fixed_cost * (level > stock) + costs.purchase_cost * (level - stock)
            for demand, chance in enumerate(laws[period]):
                left = level - demand
                cost += chance * (
                    costs.holding_cost * max(left, 0)
                    + costs.stockout_cost * max(-left, 0)
                    + costs.discount_factor * best(period + 1, left)[0]
                )
            found = min(found, (cost, level))
        return found

    return best(0, start)


def _on_a_wide_grid(demand: PeriodDemand, periods: int, costs: HorizonCosts, start: int) -> tuple[float, list[int]]:
    """Return the optimal cost and the order-up-to levels, trying every level on a grid that is far too wide."""
    low, high = -400, 400
    stocks = np.arange(low, high + 1)
    values = costs.terminal_holding_cost * np.maximum(stocks, 0) + costs.terminal_stockout_cost * np.maximum(-stocks, 0)
    tops: list[int] = []
    for _ in range(periods):
        after = np.full(stocks.size, np.inf)
        for place, level in enumerate(stocks):
            if level >= low + demand.pmf.size:
                short = float(demand.expected_shortage(np.array([level]))[0])
                after[place] = (
                    costs.purchase_cost * level
                    + costs.holding_cost * (level - demand.mean + short)
                    + costs.stockout_cost * short
                    + costs.discount_factor * demand.pmf @ values[place - np.arange(demand.pmf.size)]
                )
        tops.insert(0, int(stocks[np.argmin(after)]))
        better = np.array([min(after[k], costs.fixed_cost + after[k:].min()) for k in range(stocks.size)])
        values = np.where(np.isfinite(better), better - costs.purchase_cost * stocks, 1e9)
    return float(values[start - low]), tops


@pytest.mark.parametrize(
    ("mean", "sd", "costs", "start"),
    [
        (18.0, 3.0, HorizonCosts(60.0, 1.0, 25.0, 1.0, 0.98, 1.0, 25.0), 12),
        (18.0, 3.0, HorizonCosts(150.0, 1.0, 4.0, 0.0, 1.0), 0),
        (6.0, 2.0, HorizonCosts(90.0, 0.5, 3.0, 2.0, 0.95, 0.0, 9.0), -5),
    ],
)
def test_a_large_set_up_cost_reaches_over_several_periods(
    mean: float, sd: float, costs: HorizonCosts, start: int
) -> None:
    demand = PeriodDemand.rounded_normal(mean, sd, spread=4.0)
    cost, tops = _on_a_wide_grid(demand, 5, costs, start)
    found = finite_horizon_policy([demand] * 5, costs, start)
    assert found.cost == pytest.approx(cost, rel=1e-9)
    assert found.order_up_to.tolist() == tops


@pytest.mark.parametrize(
    ("means", "costs", "start"),
    [
        ([3, 5, 2], HorizonCosts(10.0, 1.0, 8.0), 0),
        (
            [2, 6],
            HorizonCosts(
                5.0,
                1.0,
                4.0,
                purchase_cost=2.0,
                discount_factor=0.9,
                terminal_holding_cost=0.5,
                terminal_stockout_cost=6.0,
            ),
            -3,
        ),
        ([4, 1, 3], HorizonCosts(0.0, 1.0, 9.0, purchase_cost=1.0), 9),
    ],
)
def test_it_agrees_with_a_plain_recursion(means: list[float], costs: HorizonCosts, start: int) -> None:
    found = finite_horizon_policy([PoissonDemand(mean) for mean in means], costs, start)
    cost, level = _recursion(means, costs, start)
    assert found.cost == pytest.approx(cost, rel=1e-9)
    if start <= found.reorder_points[0]:
        assert found.order_up_to[0] == level
    else:
        assert level == start


def test_the_policy_earns_its_cost_in_a_simulation() -> None:
    means, costs = [20, 40, 60, 40], HorizonCosts(100.0, 1.0, 10.0)
    found, rng, totals = finite_horizon_policy([PoissonDemand(m) for m in means], costs), np.random.default_rng(4), []
    for _ in range(20_000):
        stock, cost = 0, 0.0
        for mean, s, top in zip(means, found.reorder_points, found.order_up_to, strict=True):
            if stock <= s:
                stock, cost = int(top), cost + 100.0
            stock -= int(rng.poisson(mean))
            cost += max(stock, 0) + 10.0 * max(-stock, 0)
        totals.append(cost)
    assert abs(found.cost - np.mean(totals)) < 4 * np.std(totals) / 20_000**0.5


def test_a_long_horizon_becomes_stationary() -> None:
    found = finite_horizon_policy([PoissonDemand(10)] * 60, HorizonCosts(64.0, 1.0, 9.0))
    best = optimal_min_max(PoissonDemand(10), MinMaxCosts(fixed_cost=64, holding_cost=1, stockout_cost=9))
    assert (found.reorder_points[0], found.order_up_to[0]) == (best.reorder_point, best.order_up_to)
    assert found.cost / 60 == pytest.approx(best.cost, rel=0.03)


def test_dropping_the_tail_makes_the_cost_too_low() -> None:
    costs = HorizonCosts(
        0.0, 1.0, 25.0, purchase_cost=1.0, discount_factor=0.98, terminal_holding_cost=1.0, terminal_stockout_cost=25.0
    )
    all_of_it, cut = (
        finite_horizon_policy([PeriodDemand.rounded_normal(18, 3, spread)] * 10, costs) for spread in (None, 4.0)
    )
    assert PeriodDemand.rounded_normal(18, 3).pmf.sum() == pytest.approx(1.0)
    assert PeriodDemand.rounded_normal(18, 3, 4.0).pmf.sum() == pytest.approx(1 - 3.1e-5, abs=1e-6)
    assert cut.cost < all_of_it.cost < cut.cost + 0.1


def test_large_set_ups_and_lumpy_demand_widen_the_range_by_themselves() -> None:
    found = finite_horizon_policy([NegativeBinomialDemand(4, 40)] * 12, HorizonCosts(400.0, 0.2, 3.0), 500)
    assert found.cost > 0
    assert found.order_up_to[0] > 40
    never = finite_horizon_policy([PoissonDemand(2.0)] * 2, HorizonCosts(1e4, 1.0, 5.0), 3)
    assert np.all(never.reorder_points < 0)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("fixed_cost", lambda: HorizonCosts(-1, 1, 1)),
        ("holding_cost", lambda: HorizonCosts(1, 0, 1)),
        ("discount_factor", lambda: HorizonCosts(1, 1, 1, discount_factor=98)),
        ("sd", lambda: PeriodDemand.rounded_normal(5, 0)),
        ("demands", lambda: finite_horizon_policy([], HorizonCosts(1, 1, 1))),
        ("initial_stock", lambda: finite_horizon_policy([PoissonDemand(1)], HorizonCosts(1, 1, 1), 0.5)),
    ],
)
def test_impossible_parameters_are_refused(name: str, build: object) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        build()  # type: ignore[operator]
