"""The simulator agrees with every exact closed form of the house, over 102 configurations.

Of so many comparisons a few must lie beyond three standard errors of a right simulator (0.27 % each): at least 98.5 %
have to lie within three, and all within four and a half.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from replenishment.base_stock.disruptions import base_stock_under_disruptions_cost
from replenishment.base_stock.random_lead_time import outstanding_with_crossing
from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.lead_times import LeadTimes
from replenishment.lost_sales import lost_sales_measures
from replenishment.min_max.measures import min_max_measures
from replenishment.order_up_to.measures import order_up_to_measures
from replenishment.order_up_to.waiting_time import waiting_time_distribution
from replenishment.reorder_point.periodic import periodic_reorder_point_measures
from replenishment.simulation import CLOCKS, SampledDemand, Supply, simulate
from tests.replenishment.simulation.rules import rule

WARM_UP, PERIODS, PATHS = 100, 600, 160
DEMANDS = (PoissonDemand(0.4), PoissonDemand(3.0), NegativeBinomialDemand(2.0, 6.0))


def sampled(demands: list[Any]) -> SampledDemand:
    """Demand of every item from its own distribution."""
    pmf = np.zeros((len(demands), 80))
    for i, demand in enumerate(demands):
        pmf[i] = demand.pmf(np.arange(80))
    return SampledDemand.from_probabilities(pmf / pmf.sum(axis=1, keepdims=True))


def compare(kpis: Any, expected: list[dict[str, float]]) -> None:
    """Say which figures are too far from what theory says."""
    distances = [
        (abs(kpis[name][i] - value) / max(kpis[f"{name}_se"][i], 1e-12), i, name, value, kpis[name][i])
        for i, told in enumerate(expected)
        for name, value in told.items()
    ]
    far = [d for d in distances if d[0] > 3.0]
    assert max(distances)[0] < 4.5, max(distances)
    assert len(far) <= 0.015 * len(distances) + 1, far


def of(measures: Any) -> dict[str, float]:
    """The figures of a closed form under the names of the simulator."""
    return {
        "fill_rate": float(measures.fill_rate),
        "ready_rate": float(measures.ready_rate),
        "mean_backorders": float(measures.expected_backorders),
        "mean_stock": float(measures.expected_on_hand),
    }


def play(demands: list[Any], policy: Any, lead_time: Any, **more: Any) -> Any:
    return simulate(
        policy, sampled(demands), lead_time, periods=PERIODS, paths=PATHS, warm_up=WARM_UP, seed=4, **more
    ).kpis


def test_order_up_to() -> None:
    """36 configurations of demand, lead time, review and level; also how long backordered units wait."""
    cases = list(product(DEMANDS, (0, 2, 5), (1, 3), (1.0, 1.5)))
    levels = np.array([np.ceil(d.mean * (lead + r) * factor) for d, lead, r, factor in cases])
    expected = []
    for (d, lead, r, _), level in zip(cases, levels, strict=True):
        told = of(order_up_to_measures(CycleDemand.independent(d, lead, r), level))
        upto = waiting_time_distribution(d, lead, level, r)
        told["time_to_fill_mean"] = float((1.0 - upto).sum() / (1.0 - upto[0]))
        expected.append(told)
    policy = rule(len(cases), reorder_point=levels - 1, raise_to=levels, review=[c[2] for c in cases])
    compare(play([c[0] for c in cases], policy, np.array([c[1] for c in cases])), expected)


def test_reorder_point_with_lots() -> None:
    """12 configurations of (R, s, nQ)."""
    cases = list(product(DEMANDS, ((2, 1), (4, 2)), (5.0, 14.0)))
    points = np.array([np.ceil(d.mean * (lead + r)) for d, (lead, r), _ in cases])
    lots = np.array([q for _, _, q in cases])
    expected = [
        of(periodic_reorder_point_measures(CycleDemand.independent(d, lead, r), d.sum_over(r), s, q))
        for (d, (lead, r), q), s in zip(cases, points, strict=True)
    ]
    policy = rule(12, reorder_point=points, raise_to=points + 1, lot=lots, review=[c[1][1] for c in cases])
    compare(play([c[0] for c in cases], policy, np.array([c[1][0] for c in cases])), expected)


def test_min_max() -> None:
    """12 configurations of (R, s, S)."""
    cases = list(product(DEMANDS, ((1, 1), (3, 2)), (4, 11)))
    points = np.array([int(np.ceil(d.mean * (lead + r))) for d, (lead, r), _ in cases])
    tops = points + [gap for _, _, gap in cases]
    expected = [
        of(min_max_measures(d, int(s), int(top), lead, r))
        for (d, (lead, r), _), s, top in zip(cases, points, tops, strict=True)
    ]
    policy = rule(12, reorder_point=points, raise_to=tops, review=[c[1][1] for c in cases])
    compare(play([c[0] for c in cases], policy, np.array([c[1][0] for c in cases])), expected)


def test_lost_sales() -> None:
    """8 configurations of base stock under lost sales."""
    cases = [*product(DEMANDS[1:], (0, 1, 2), (4,)), (DEMANDS[0], 1, 2), (DEMANDS[0], 3, 2)]
    expected = []
    for d, lead, level in cases:
        told = lost_sales_measures(d, level, lead)
        expected.append({"fill_rate": told.fill_rate, "ready_rate": told.ready_rate, "mean_stock": told.end_on_hand})
    levels = np.array([float(c[2]) for c in cases])
    policy = rule(len(cases), reorder_point=levels - 1, raise_to=levels)
    kpis = play([c[0] for c in cases], policy, np.array([c[1] for c in cases]), unmet_demand="lost")
    compare(kpis, expected)


def test_orders_that_cross() -> None:
    """6 configurations of base stock with lead times that are independent of each other."""
    weights = np.array([[0.0, 0.5, 0.0, 0.0, 0.5], [0.2, 0.2, 0.2, 0.2, 0.2]])
    cases = list(product(DEMANDS, (0, 1)))
    levels, expected = [], []
    for d, w in cases:
        outstanding = outstanding_with_crossing(d, weights[w])
        level = float(np.ceil(outstanding.mean * 1.2))
        backorders = float(outstanding.loss(level))
        expected.append({"ready_rate": float(outstanding.cdf(level - 1)), "mean_backorders": backorders})
        levels.append(level)
    policy = rule(6, reorder_point=np.array(levels) - 1, raise_to=np.array(levels))
    lead = LeadTimes(weights[[w for _, w in cases]])
    compare(play([d for d, _ in cases], policy, lead, supply=Supply(crossing=True)), expected)


@pytest.mark.parametrize("name", ["standard", "review_at_end", "demand_before_receipt", "receipt_at_end"])
def test_other_clocks_shift_the_lead_time(name: str) -> None:
    """4 clocks, 6 configurations each: the fill rate is that of a lead time shifted as the clock says."""
    cases = list(product(DEMANDS, (1, 3)))
    shift = CLOCKS[name].lead_time_shift
    levels = np.array([np.ceil(d.mean * (lead + shift + 1) * 1.3) for d, lead in cases])
    expected = [
        {"fill_rate": float(order_up_to_measures(CycleDemand.independent(d, lead + shift, 1), level).fill_rate)}
        for (d, lead), level in zip(cases, levels, strict=True)
    ]
    policy = rule(6, reorder_point=levels - 1, raise_to=levels)
    compare(play([d for d, _ in cases], policy, np.array([lead for _, lead in cases]), clock=CLOCKS[name]), expected)


def test_a_supplier_who_fails() -> None:
    """4 configurations of known demand: cost a period of one a unit held and ten a unit backordered."""
    failure, recovery = np.array([0.05, 0.1, 0.1, 0.3]), np.array([0.5, 0.3, 0.6, 0.7])
    levels = np.array([4.0, 8.0, 12.0, 8.0])
    theory: Callable[..., Any] = base_stock_under_disruptions_cost
    costs = theory(
        levels,
        holding_cost=1.0,
        stockout_cost=10.0,
        demand=4.0,
        disruption_probability=failure,
        recovery_probability=recovery,
    )
    told = simulate(
        rule(4, reorder_point=levels - 1, raise_to=levels),
        np.full((4, PERIODS), 4.0),
        0,
        periods=PERIODS,
        paths=400,
        warm_up=WARM_UP,
        supply=Supply(failure=failure, recovery=recovery),
    ).kpis
    cost = told["mean_stock"] + 10.0 * told["mean_backorders"]
    error = told["mean_stock_se"] + 10.0 * told["mean_backorders_se"]
    assert (np.abs(cost - costs) < 3 * error).all()
