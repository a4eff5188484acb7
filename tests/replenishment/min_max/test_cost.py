"""The (s, S) policy found is the cheapest of all that are tried, and costs what a loop costs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.demand_distributions import CountDemand, NegativeBinomialDemand, PoissonDemand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.min_max.cost import MinMaxCosts, min_max_cost, optimal_min_max
from replenishment.newsvendor import newsvendor_level
from tests.replenishment.brute_force import periodic


def _costs(k: float, h: float, p: float) -> MinMaxCosts:
    return MinMaxCosts(fixed_cost=k, holding_cost=h, stockout_cost=p)


@pytest.mark.parametrize(
    ("mean", "k", "h", "p", "s", "top", "lead_time"),
    [(6, 5, 1, 4, 4, 10, 0), (10, 64, 1, 9, 6, 40, 0), (2, 20, 0.5, 10, 7, 18, 3)],
)
def test_the_cost_agrees_with_the_loop(
    mean: float, k: float, h: float, p: float, s: int, top: int, lead_time: int
) -> None:
    rng = np.random.default_rng(41)
    seen = periodic(lambda count: rng.poisson(mean, count), lambda y: top - y if y <= s else 0, lead_time)
    prices = {"order_frequency": k, "expected_on_hand": h, "expected_backorders": p}
    simulated = sum(price * seen.of(name)[0] for name, price in prices.items())
    error = sum(price * seen.of(name)[1] for name, price in prices.items())
    assert abs(min_max_cost(PoissonDemand(mean), _costs(k, h, p), s, top, lead_time) - simulated) < 4 * error


def _cheapest(demand: CountDemand, costs: MinMaxCosts, lead_time: int, lowest: int, highest: int) -> float:
    """Return the least cost of all policies in a range, each from the stationary Markov chain of its positions."""
    pmf = np.zeros(highest - lowest + 1)
    known = np.asarray(demand.pmf(np.arange(pmf.size)))
    pmf[: known.size] = known
    horizon, best = demand.sum_over(lead_time + 1), np.inf
    positions = np.arange(lowest, highest + 1)
    short = horizon.loss(positions)
    period_cost = costs.holding_cost * (positions - horizon.mean + short) + costs.stockout_cost * short
    for gap in range(1, highest - lowest + 1):
        # row j: from S - j; a fall to S - gap or below returns to S
        moves = np.array([[pmf[to - at] if to >= at else 0.0 for to in range(gap)] for at in range(gap)])
        moves[:, 0] += 1.0 - moves.sum(axis=1)
        equations = np.vstack([moves.T - np.eye(gap), np.ones(gap)])
        share = np.linalg.lstsq(equations, np.append(np.zeros(gap), 1.0), rcond=None)[0]
        ordering = sum(share[at] * (1.0 - pmf[: gap - at].sum()) for at in range(gap))
        for top in range(lowest + gap, highest + 1):
            place = top - lowest
            held = share @ period_cost[place - gap + 1 : place + 1][::-1]
            best = min(best, float(costs.fixed_cost * ordering + held))
    return best


@pytest.mark.parametrize(
    "demand",
    [PoissonDemand(6), PoissonDemand(0.3), NegativeBinomialDemand(3, 12), DiscreteDemand([0, 4, 5], [0.7, 0.2, 0.1])],
)
@pytest.mark.parametrize(("k", "h", "p", "lead_time"), [(5, 1, 4, 0), (30, 1, 9, 1), (0, 1, 9, 0), (2, 3, 1, 2)])
def test_no_policy_is_cheaper(demand: CountDemand, k: float, h: float, p: float, lead_time: int) -> None:
    costs = _costs(k, h, p)
    best = optimal_min_max(demand, costs, lead_time)
    assert best.cost == pytest.approx(min_max_cost(demand, costs, best.reorder_point, best.order_up_to, lead_time))
    assert best.cost == pytest.approx(_cheapest(demand, costs, lead_time, -12, 45), rel=1e-9)


@settings(max_examples=30, deadline=None)
@given(
    mean=st.floats(0.05, 30), ratio=st.floats(1.05, 6), k=st.floats(0, 200), h=st.floats(0.1, 3), p=st.floats(0.3, 60)
)
def test_no_neighbour_is_cheaper(mean: float, ratio: float, k: float, h: float, p: float) -> None:
    demand, costs = NegativeBinomialDemand(mean, mean * ratio), _costs(k, h, p)
    best = optimal_min_max(demand, costs)
    for s in range(best.reorder_point - 3, best.reorder_point + 4):
        for top in range(max(s + 1, best.order_up_to - 3), best.order_up_to + 4):
            assert best.cost <= min_max_cost(demand, costs, s, top) * (1 + 1e-12)


@pytest.mark.parametrize(("mean", "lead_time", "review", "s", "top"), [(2, 1, 3, 7, 16), (0.6, 4, 2, 3, 8)])
def test_longer_reviews_agree_with_the_loop_and_are_optimised(
    mean: float, lead_time: int, review: int, s: int, top: int
) -> None:
    rng, demand, costs = np.random.default_rng(44), PoissonDemand(mean), _costs(15, 1, 12)
    seen = periodic(lambda count: rng.poisson(mean, count), lambda y: top - y if y <= s else 0, lead_time, review)
    prices = {"order_frequency": 15, "expected_on_hand": 1, "expected_backorders": 12}
    simulated = sum(price * seen.of(name)[0] for name, price in prices.items())
    error = sum(price * seen.of(name)[1] for name, price in prices.items())
    assert abs(min_max_cost(demand, costs, s, top, lead_time, review) - simulated) < 4 * error
    best = optimal_min_max(demand, costs, lead_time, review)
    tried = [
        min_max_cost(demand, costs, low, high, lead_time, review)
        for low in range(best.reorder_point - 4, best.reorder_point + 5)
        for high in range(max(low + 1, best.order_up_to - 5), best.order_up_to + 6)
    ]
    assert best.cost == min(tried)


def test_order_cost_to_zero_is_the_newsvendor() -> None:
    gaps = []
    for k in (100.0, 10.0, 1.0, 0.0):
        best = optimal_min_max(PoissonDemand(6), _costs(k, 1, 9))
        gaps.append(best.order_up_to - best.reorder_point)
    assert gaps == sorted(gaps, reverse=True)
    level = newsvendor_level(PoissonDemand(6), overage=1.0, underage=9.0)
    assert (gaps[-1], best.order_up_to) == (1, int(level.level))
    assert best.cost == pytest.approx(float(level.cost))


def test_lead_time_and_shortage_cost_up_means_levels_up() -> None:
    levels = [
        optimal_min_max(PoissonDemand(6), _costs(30, 1, p), wait).reorder_point
        for p, wait in ((4, 0), (9, 0), (9, 1), (9, 4))
    ]
    assert levels == sorted(levels)


def test_a_large_problem_is_solved_exactly() -> None:
    demand, costs = PoissonDemand(1_000), _costs(5_000, 0.5, 20)
    best = optimal_min_max(demand, costs, 2)
    around = [
        min_max_cost(demand, costs, best.reorder_point + a, best.order_up_to + b, 2)
        for a in (-5, -1, 0, 1, 5)
        for b in (-5, -1, 0, 1, 5)
    ]
    assert best.cost == min(around)


@pytest.mark.parametrize(
    ("name", "build"),
    [
        ("fixed_cost", lambda: _costs(-1, 1, 1)),
        ("holding_cost", lambda: _costs(1, 0, 1)),
        ("stockout_cost", lambda: _costs(1, 1, np.nan)),
        ("reorder_point", lambda: min_max_cost(PoissonDemand(3), _costs(1, 1, 1), 5, 5)),
        ("lead_time", lambda: min_max_cost(PoissonDemand(3), _costs(1, 1, 1), 2, 5, -1)),
    ],
)
def test_impossible_parameters_are_refused(name: str, build: object) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        build()  # type: ignore[operator]
