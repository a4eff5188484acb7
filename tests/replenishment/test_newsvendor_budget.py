"""The budgeted levels satisfy the optimality conditions and beat a search."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from replenishment.demand_distributions import NormalDemand, PoissonDemand
from replenishment.newsvendor import newsvendor_measures
from replenishment.newsvendor_budget import newsvendor_levels_under_budget

PRICE, OVER, UNDER = np.array([10.0, 20.0, 4.0]), np.array([1.0, 2.0, 0.5]), np.array([4.0, 9.0, 3.0])


def test_no_split_of_the_money_is_cheaper() -> None:
    demand = NormalDemand([100.0, 60.0, 200.0], [30.0, 25.0, 80.0])
    found = newsvendor_levels_under_budget(demand, unit_cost=PRICE, overage=OVER, underage=UNDER, budget=2_500)
    assert found.spend == pytest.approx(2_500)

    def cost(levels: np.ndarray) -> float:
        return float(newsvendor_measures(demand, levels, overage=OVER, underage=UNDER).cost.sum())

    best = cost(found.levels)
    for shift in itertools.product((-5.0, 0.0, 5.0), repeat=2):
        money = np.array([*shift, 0.0]) * PRICE[0]
        money[2] = -money[:2].sum()
        assert cost(found.levels + money / PRICE) >= best - 1e-9


def test_the_multiplier_is_the_worth_of_the_last_euro() -> None:
    demand = NormalDemand([100.0, 60.0, 200.0], [30.0, 25.0, 80.0])
    at, more = (
        newsvendor_levels_under_budget(demand, unit_cost=PRICE, overage=OVER, underage=UNDER, budget=money)
        for money in (2_500.0, 2_501.0)
    )
    saved = [
        float(newsvendor_measures(demand, found.levels, overage=OVER, underage=UNDER).cost.sum())
        for found in (at, more)
    ]
    assert saved[0] - saved[1] == pytest.approx((at.multiplier + more.multiplier) / 2, rel=1e-4)


def test_a_large_budget_does_not_bind_and_a_small_one_drops_items() -> None:
    demand = NormalDemand([100.0, 60.0, 200.0], [30.0, 25.0, 80.0])
    rich = newsvendor_levels_under_budget(demand, unit_cost=PRICE, overage=OVER, underage=UNDER, budget=1e6)
    assert rich.multiplier == 0.0
    assert rich.spend == rich.unconstrained_spend
    poor = newsvendor_levels_under_budget(demand, unit_cost=PRICE, overage=OVER, underage=UNDER, budget=100.0)
    assert poor.levels.min() == 0.0
    assert poor.spend == pytest.approx(100.0)


def test_whole_levels_stay_within_the_budget() -> None:
    demand = PoissonDemand([3.0, 5.0])
    found = newsvendor_levels_under_budget(demand, unit_cost=[7.0, 3.0], overage=1.0, underage=8.0, budget=45.0)
    assert found.spend <= 45.0
    assert np.all(found.levels == np.round(found.levels))
    cost = newsvendor_measures(demand, found.levels, overage=1.0, underage=8.0).cost.sum()
    same_money = [
        newsvendor_measures(demand, [a, b], overage=1.0, underage=8.0).cost.sum()
        for a in range(7)
        for b in range(16)
        if 7 * a + 3 * b <= found.spend
    ]
    assert cost == pytest.approx(min(same_money))


@pytest.mark.parametrize("budget", [0.0, -5.0, np.nan])
def test_impossible_budgets_are_refused(budget: float) -> None:
    with pytest.raises(ValueError, match="budget is"):
        newsvendor_levels_under_budget(PoissonDemand([3.0]), unit_cost=[1.0], overage=1.0, underage=1.0, budget=budget)
