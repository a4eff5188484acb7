"""The level found is the smallest that meets its target, and it moves the right way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.cycle_demand import CycleDemand
from replenishment.demand_distributions import GammaDemand, NegativeBinomialDemand, PoissonDemand, count_demand
from replenishment.discrete_demand import DiscreteDemand
from replenishment.order_up_to.measures import order_up_to_measures
from replenishment.order_up_to.targets import (
    cheapest_order_up_to,
    cheapest_order_up_to_per_unit_short,
    order_up_to_for,
)

TARGETS = [
    ("cycle_service_level", 0.9),
    ("fill_rate", 0.97),
    ("backorder_rate", 0.03),
    ("ready_rate", 0.9),
    ("no_backorder_rate", 0.95),
    ("expected_backorders", 0.2),
]


def _achieved(demand: CycleDemand, level: float, measure: str) -> float:
    return float(getattr(order_up_to_measures(demand, level), measure))


@pytest.mark.parametrize(("measure", "target"), TARGETS)
@pytest.mark.parametrize(
    "demand",
    [
        CycleDemand.independent(PoissonDemand(0.3), 4, 2),
        CycleDemand.independent(PoissonDemand(40), 3, 1),
        CycleDemand.independent(NegativeBinomialDemand(5, 30), 2, 3),
        CycleDemand.independent(PoissonDemand(4), 0),
        CycleDemand.independent(DiscreteDemand([0, 1, 7], [0.8, 0.1, 0.1]), 3),
    ],
)
def test_the_level_is_the_smallest_that_meets_the_target(demand: CycleDemand, measure: str, target: float) -> None:
    level = float(order_up_to_for(demand, measure, target))
    less_is_better = measure in ("backorder_rate", "expected_backorders")
    sign = -1.0 if less_is_better else 1.0
    assert sign * _achieved(demand, level, measure) >= sign * target - 1e-12
    assert level == 0 or sign * _achieved(demand, level - 1, measure) < sign * target


def test_continuous_demand_meets_the_target_exactly() -> None:
    demand = CycleDemand.independent(GammaDemand(10, 8), 2, 2)
    for measure, target in TARGETS:
        assert _achieved(demand, float(order_up_to_for(demand, measure, target)), measure) == pytest.approx(target)


@given(
    mean=st.floats(0.05, 200),
    ratio=st.floats(1.0, 8.0),
    lead_time=st.integers(0, 12),
    low=st.floats(0.5, 0.98),
    high=st.floats(0.5, 0.999),
)
def test_more_service_time_or_variance_is_more_stock(
    mean: float, ratio: float, lead_time: int, low: float, high: float
) -> None:
    low, high = sorted((low, high))

    def level(target: float, wait: int, spread: float) -> float:
        protected = CycleDemand.independent(count_demand(mean, mean * spread), wait)
        return float(order_up_to_for(protected, "fill_rate", target))

    assert level(low, lead_time, ratio) <= level(high, lead_time, ratio)
    assert level(high, lead_time, ratio) <= level(high, lead_time + 1, ratio)


@given(mean=st.floats(5, 100), spread=st.floats(0.1, 0.5), more=st.floats(1.0, 3.0), target=st.floats(0.8, 0.999))
def test_variance_up_means_safety_stock_up(mean: float, spread: float, more: float, target: float) -> None:
    levels = [
        float(order_up_to_for(CycleDemand.independent(GammaDemand(mean, mean * s), 3), "fill_rate", target))
        for s in (spread, spread * more)
    ]
    assert levels[0] <= levels[1] * (1 + 1e-9)


@given(mean=st.floats(1, 1_000), cv=st.floats(0.1, 1.5), target=st.floats(0.5, 0.999))
def test_dozens_need_a_twelfth_of_the_units(mean: float, cv: float, target: float) -> None:
    units, dozens = (
        order_up_to_for(CycleDemand.independent(GammaDemand(mean / size, cv * mean / size), 2), "fill_rate", target)
        for size in (1, 12)
    )
    assert dozens * 12 == pytest.approx(units, rel=1e-8)


@pytest.mark.parametrize(
    ("mean", "variance", "lead_time", "review", "h", "p"),
    [(2.0, 2.0, 3, 1, 1.0, 9.0), (5.0, 20.0, 2, 4, 0.3, 2.0), (0.2, 0.5, 6, 2, 1.0, 50.0)],
)
def test_the_cheapest_level_is_cheapest_among_all(
    mean: float, variance: float, lead_time: int, review: int, h: float, p: float
) -> None:
    demand = CycleDemand.independent(count_demand(mean, variance), lead_time, review)
    levels = np.arange(0, 200)
    found = order_up_to_measures(demand, levels)
    by_time = h * found.expected_on_hand + p * found.expected_backorders
    by_unit = h * found.expected_on_hand + p * found.backorder_rate * mean
    assert cheapest_order_up_to(demand, h, p) == np.argmin(np.round(by_time, 10))
    assert cheapest_order_up_to_per_unit_short(demand, h, p) == np.argmin(np.round(by_unit, 10))


def test_thirty_items_are_planned_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    mean = rng.gamma(1.0, 10.0, 30) + 0.01
    variance, wait = mean * (1 + rng.gamma(1.0, 2.0, 30)), rng.integers(0, 6, 30)
    together = order_up_to_for(CycleDemand.independent(count_demand(mean, variance), wait), "fill_rate", 0.98)
    alone = [
        float(order_up_to_for(CycleDemand.independent(count_demand(m, v), w), "fill_rate", 0.98))
        for m, v, w in zip(mean, variance, wait, strict=True)
    ]
    assert together.tolist() == alone


@pytest.mark.parametrize("value", [-1.0, 0.0, np.nan, np.inf])
def test_impossible_costs_are_refused(value: float) -> None:
    demand = CycleDemand.independent(PoissonDemand(2), 1)
    with pytest.raises(ValueError, match="holding_cost is"):
        cheapest_order_up_to(demand, value, 1.0)
    with pytest.raises(ValueError, match="cost_per_unit_short is"):
        cheapest_order_up_to_per_unit_short(demand, 1.0, value)
