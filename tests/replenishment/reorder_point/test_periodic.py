"""(R, s, nQ) with its undershoot agrees with a period-by-period loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.reorder_point.periodic import periodic_reorder_point_for, periodic_reorder_point_measures
from replenishment.reorder_point.targets import reorder_point_for
from tests.replenishment.brute_force import periodic

NAMES = (
    "fill_rate",
    "expected_backorders",
    "expected_on_hand",
    "ready_rate",
    "no_backorder_rate",
    "mean_wait",
    "cycle_service_level",
)


def _order(r: float, q: float) -> Callable[[float], float]:
    return lambda position: q * max(np.ceil((r - position) / q + 1e-12), 0.0) if position <= r else 0.0


def _multiple(r: int, q: int) -> Callable[[float], float]:
    return lambda position: q * ((r - position) // q + 1) if position <= r else 0


@pytest.mark.parametrize(
    ("mean", "variance", "lead_time", "review", "r", "q"),
    [(5, 15, 3, 1, 22, 18), (2, 2, 2, 4, 9, 10), (0.5, 1.5, 6, 2, 4, 6), (4, 6, 0, 1, 3, 7)],
)
def test_every_measure_agrees_with_the_loop(
    mean: float, variance: float, lead_time: int, review: int, r: int, q: int
) -> None:
    demand = PoissonDemand(mean) if mean == variance else NegativeBinomialDemand(mean, variance)
    rng = np.random.default_rng(12)
    size = mean**2 / max(variance - mean, 1e-12)
    draw = (
        (lambda count: rng.poisson(mean, count))
        if mean == variance
        else (lambda count: rng.negative_binomial(size, mean / variance, count))
    )
    exact = periodic_reorder_point_measures(
        CycleDemand.independent(demand, lead_time, review), demand.sum_over(review), r, q
    )
    seen = periodic(draw, _multiple(r, q), lead_time, review)
    for name in NAMES:
        seen.agrees(name, float(getattr(exact, name)))
    # the loop counts reviews that order, the formula multiples of Q: equal when a demand above Q is rare
    assert exact.order_frequency >= seen.of("order_frequency")[0] - 4 * seen.of("order_frequency")[1]


def test_continuous_demand_agrees_with_the_loop() -> None:
    rng, demand = np.random.default_rng(13), GammaDemand(10.0, 5.0)
    exact = periodic_reorder_point_measures(CycleDemand.independent(demand, 2), demand, 30.0, 40.0)
    seen = periodic(lambda count: rng.gamma(4.0, 2.5, count), _order(30.0, 40.0), 2)
    for name in NAMES:
        seen.agrees(name, float(getattr(exact, name)))


@pytest.mark.parametrize(
    "measure",
    ["cycle_service_level", "fill_rate", "ready_rate", "no_backorder_rate", "expected_backorders", "backorder_rate"],
)
def test_the_point_found_is_the_smallest_that_meets_the_target(measure: str) -> None:
    demand = NegativeBinomialDemand(5, 20)
    protected, target = CycleDemand.independent(demand, 3), 0.05 if measure == "backorder_rate" else 0.93
    r = float(periodic_reorder_point_for(protected, 20, measure, target, between_reviews=demand))
    at, below = (
        float(getattr(periodic_reorder_point_measures(protected, demand, level, 20), measure)) for level in (r, r - 1)
    )
    sign = -1 if measure in ("expected_backorders", "backorder_rate") else 1
    assert sign * at >= sign * target > sign * below


def test_forgetting_the_undershoot_breaks_the_promise() -> None:
    demand = NegativeBinomialDemand(5, 30)
    naive = float(reorder_point_for(demand.sum_over(3), 20, "fill_rate", 0.95))
    protected = CycleDemand.independent(demand, 3)
    exact = float(periodic_reorder_point_for(protected, 20, "fill_rate", 0.95))
    kept = float(periodic_reorder_point_measures(protected, demand, naive, 20).fill_rate)
    print(f"reorder point {naive:.0f} without the undershoot achieves {kept:.3f}; {exact:.0f} achieves 0.95")
    assert exact > naive
    assert kept < 0.94


def test_the_cycle_service_level_needs_the_demand_between_reviews() -> None:
    protected = CycleDemand.independent(NormalDemand(10, 2), 2)
    with pytest.raises(ValueError, match="between_reviews is None"):
        periodic_reorder_point_for(protected, 20.0, "cycle_service_level", 0.9)
