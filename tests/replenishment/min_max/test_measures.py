"""The closed forms of (R, s, S) agree with a period-by-period loop."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import NegativeBinomialDemand, PoissonDemand
from replenishment.min_max.measures import min_max_for, min_max_measures
from replenishment.min_max.renewal import RenewalDensity
from replenishment.reorder_point.periodic import periodic_reorder_point_measures
from tests.replenishment.brute_force import periodic

NAMES = (
    "fill_rate",
    "expected_backorders",
    "expected_on_hand",
    "ready_rate",
    "no_backorder_rate",
    "order_frequency",
    "mean_wait",
    "cycle_service_level",
)


@pytest.mark.parametrize(
    ("mean", "variance", "lead_time", "review", "s", "top"),
    [(6, 6, 0, 1, 4, 10), (5, 15, 3, 1, 22, 40), (1.5, 4, 2, 3, 7, 12), (0.2, 0.4, 10, 1, 2, 5), (8, 20, 1, 2, -4, 30)],
)
def test_every_measure_agrees_with_the_loop(
    mean: float, variance: float, lead_time: int, review: int, s: int, top: int
) -> None:
    rng = np.random.default_rng(43)
    demand = PoissonDemand(mean) if mean == variance else NegativeBinomialDemand(mean, variance)
    size = mean**2 / max(variance - mean, 1e-12)
    draw = (
        (lambda count: rng.poisson(mean, count))
        if mean == variance
        else (lambda count: rng.negative_binomial(size, mean / variance, count))
    )
    exact = min_max_measures(demand, s, top, lead_time, review)
    seen = periodic(draw, lambda y: top - y if y <= s else 0, lead_time, review)
    for name in NAMES:
        seen.agrees(name, float(getattr(exact, name)))


def test_the_renewal_density_is_what_it_says() -> None:
    rng, visits = np.random.default_rng(2), np.zeros(25)
    for _ in range(40_000):
        fallen = 0
        while fallen < 25:
            visits[fallen] += 1
            fallen += int(rng.poisson(1.2))
    density = RenewalDensity(PoissonDemand(1.2)).first(25)
    assert density == pytest.approx(visits / 40_000, abs=0.03)
    assert RenewalDensity(PoissonDemand(1.2)).cycle_length(25) == pytest.approx(density.sum())
    assert density[-1] == pytest.approx(1 / 1.2, rel=1e-4)


def test_single_units_and_steady_reviews_make_it_a_reorder_point() -> None:
    demand = PoissonDemand(0.001)
    found = min_max_measures(demand, 1, 6, lead_time=1_000)
    batches = periodic_reorder_point_measures(CycleDemand.independent(demand, 1_000), demand, 1, 5)
    assert found.fill_rate == pytest.approx(float(batches.fill_rate), abs=1e-3)


@pytest.mark.parametrize(
    ("measure", "target"),
    [
        ("fill_rate", 0.95),
        ("backorder_rate", 0.02),
        ("ready_rate", 0.9),
        ("no_backorder_rate", 0.99),
        ("expected_backorders", 0.3),
        ("cycle_service_level", 0.9),
    ],
)
def test_the_level_found_is_the_smallest_that_meets_the_target(measure: str, target: float) -> None:
    demand = NegativeBinomialDemand(5, 15)
    s, top = min_max_for(demand, 18, measure, target, lead_time=3)
    assert top == s + 18
    at, below = (float(getattr(min_max_measures(demand, level, level + 18, 3), measure)) for level in (s, s - 1))
    sign = -1 if measure in ("expected_backorders", "backorder_rate") else 1
    assert sign * at >= sign * target > sign * below


def test_more_service_means_a_higher_minimum() -> None:
    levels = [min_max_for(NegativeBinomialDemand(5, 15), 10, "fill_rate", t, 2)[0] for t in (0.8, 0.9, 0.95, 0.99)]
    assert levels == sorted(levels)
    with pytest.raises(ValueError, match="target is 95"):
        min_max_for(PoissonDemand(5), 10, "fill_rate", 95)
    with pytest.raises(ValueError, match="gap is 0"):
        min_max_for(PoissonDemand(5), 0, "fill_rate", 0.95)
