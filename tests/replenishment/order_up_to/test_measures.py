"""The closed forms of (R, S) agree with a period-by-period loop."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import CountDemand, GammaDemand, NegativeBinomialDemand, PoissonDemand
from replenishment.order_up_to.measures import order_up_to_measures
from tests.replenishment.brute_force import periodic

NAMES = (
    "fill_rate",
    "expected_backorders",
    "expected_on_hand",
    "ready_rate",
    "no_backorder_rate",
    "order_frequency",
    "mean_wait",
)


def _draw(demand: CountDemand, seed: int) -> Callable[[int], np.ndarray]:
    rng = np.random.default_rng(seed)
    if isinstance(demand, NegativeBinomialDemand):
        size, success = demand.mean**2 / (demand.variance - demand.mean), demand.mean / demand.variance
        return lambda count: rng.negative_binomial(size, success, count)
    return lambda count: rng.poisson(demand.mean, count)


@pytest.mark.parametrize(
    ("demand", "lead_time", "review", "level"),
    [
        (PoissonDemand(5), 2, 1, 18),
        (PoissonDemand(2), 3, 4, 14),
        (NegativeBinomialDemand(5, 15), 10, 7, 100),
        (NegativeBinomialDemand(0.4, 1.0), 4, 1, 4),
        (PoissonDemand(3), 0, 1, 4),
        (PoissonDemand(1.5), 0, 3, 6),
    ],
)
def test_every_measure_agrees_with_the_loop(demand: CountDemand, lead_time: int, review: int, level: int) -> None:
    exact = order_up_to_measures(
        CycleDemand.independent(demand, lead_time, review), level, demand_between_reviews=demand.sum_over(review)
    )
    seen = periodic(_draw(demand, 11), lambda position: level - position, lead_time, review)
    for name in NAMES:
        seen.agrees(name, float(getattr(exact, name)))


def test_the_cycle_service_level_counts_review_cycles() -> None:
    demand, level = PoissonDemand(2.0), 20
    exact = order_up_to_measures(CycleDemand.independent(demand, 3, 4), level)
    rng = np.random.default_rng(2)
    covered = rng.poisson(2.0, (200_000, 7)).sum(axis=1) <= level
    assert exact.cycle_service_level == pytest.approx(covered.mean(), abs=0.003)


def test_continuous_demand_agrees_with_the_loop() -> None:
    demand, rng = GammaDemand(10.0, 6.0), np.random.default_rng(8)
    exact = order_up_to_measures(CycleDemand.independent(demand, 2, 2), 42.0)
    shape = (10 / 6) ** 2
    seen = periodic(lambda count: rng.gamma(shape, 10 / shape, count), lambda position: 42.0 - position, 2, 2)
    for name in ("fill_rate", "expected_backorders", "expected_on_hand", "ready_rate"):
        seen.agrees(name, float(getattr(exact, name)))
    assert exact.ready_rate == pytest.approx(exact.no_backorder_rate)


def test_items_of_all_lead_times_at_once() -> None:
    demand = PoissonDemand([2.0, 2.0, 5.0])
    together = order_up_to_measures(CycleDemand.independent(demand, [0, 3, 2], 2), [5, 12, 25])
    alone = [
        order_up_to_measures(CycleDemand.independent(PoissonDemand(m), wait, 2), s)
        for m, wait, s in ((2.0, 0, 5), (2.0, 3, 12), (5.0, 2, 25))
    ]
    assert together.fill_rate == pytest.approx([float(one.fill_rate) for one in alone])
    assert together.expected_on_hand == pytest.approx([float(one.expected_on_hand) for one in alone])


def test_the_textbook_fill_rate_counts_twice() -> None:
    demand = CycleDemand.independent(PoissonDemand(5.0), 6)
    exact = order_up_to_measures(demand, 33)
    counted_again = 1.0 - float(demand.horizon.loss(33)) / 5.0
    assert counted_again < float(exact.fill_rate) - 0.1
