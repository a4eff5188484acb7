"""The reorder point found is the smallest that meets its target."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.demand_distributions import Demand, GammaDemand, NegativeBinomialDemand, NormalDemand, PoissonDemand
from replenishment.reorder_point.measures import one_term_fill_rate, reorder_point_measures
from replenishment.reorder_point.targets import reorder_point_for

TARGETS = [
    ("cycle_service_level", 0.9),
    ("fill_rate", 0.97),
    ("backorder_rate", 0.03),
    ("ready_rate", 0.9),
    ("no_backorder_rate", 0.95),
    ("expected_backorders", 0.2),
]


@pytest.mark.parametrize(("measure", "target"), TARGETS)
@pytest.mark.parametrize(
    ("demand", "q"),
    [(PoissonDemand(3), 5), (PoissonDemand(0.2), 1), (PoissonDemand(300), 40), (NegativeBinomialDemand(20, 200), 15)],
)
def test_the_point_is_the_smallest_that_meets_the_target(demand: Demand, q: int, measure: str, target: float) -> None:
    r = float(reorder_point_for(demand, q, measure, target))
    sign = -1.0 if measure in ("backorder_rate", "expected_backorders") else 1.0
    at, below = (float(getattr(reorder_point_measures(demand, 1.0, level, q), measure)) for level in (r, r - 1))
    assert sign * at >= sign * target - 1e-12
    assert r == -q or sign * below < sign * target


@pytest.mark.parametrize(("measure", "target"), TARGETS)
@pytest.mark.parametrize("demand", [NormalDemand(100, 25), GammaDemand(100, 60)])
def test_continuous_demand_meets_the_target_exactly(demand: Demand, measure: str, target: float) -> None:
    r = reorder_point_for(demand, 50.0, measure, target)
    achieved = getattr(reorder_point_measures(demand, 1.0, r, 50.0), measure)
    assert achieved == pytest.approx(target, rel=1e-9)


def test_the_textbook_term_asks_for_no_less_stock() -> None:
    demand, q = NormalDemand(100, 40), np.array([10.0, 50.0, 200.0])
    two, one = (reorder_point_for(demand, q, "fill_rate", 0.95, shortage=s) for s in ("two_term", "one_term"))
    assert np.all(one >= two - 1e-9)
    assert one_term_fill_rate(demand, one, q) == pytest.approx([0.95] * 3)


@given(
    mean=st.floats(0.05, 500),
    ratio=st.floats(1.01, 10),
    more=st.floats(1.0, 3.0),
    q=st.integers(1, 100),
    target=st.floats(0.5, 0.999),
)
def test_time_and_service_up_means_reorder_point_up(
    mean: float, ratio: float, more: float, q: int, target: float
) -> None:
    def point(factor: float, share: float) -> float:
        demand = NegativeBinomialDemand(mean * factor, mean * factor * ratio)
        return float(reorder_point_for(demand, q, "fill_rate", share))

    assert point(1.0, target) <= point(more, target)
    assert point(1.0, target) <= point(1.0, (1 + target) / 2)


@given(mean=st.floats(10, 500), cv=st.floats(0.05, 0.5), more=st.floats(1.0, 2.0), target=st.floats(0.9, 0.999))
def test_variance_up_means_safety_stock_up(mean: float, cv: float, more: float, target: float) -> None:
    points = [
        float(reorder_point_for(NormalDemand(mean, mean * c), mean / 4, "fill_rate", target)) for c in (cv, cv * more)
    ]
    assert points[0] <= points[1] + 1e-9 * mean


def test_low_targets_let_orders_wait_for_backorders() -> None:
    assert reorder_point_for(PoissonDemand(3.0), 10, "fill_rate", 0.05) == pytest.approx(-7, abs=2)
    assert reorder_point_for(PoissonDemand(3.0), 10, "fill_rate", 1e-9) >= -10


@pytest.mark.parametrize(
    ("name", "keywords"),
    [
        ("target", {"target": 1.0}),
        ("target", {"target": 95}),
        ("order_quantity", {"order_quantity": -1}),
        ("measure", {"measure": "type 2"}),
        ("shortage", {"shortage": "three"}),
    ],
)
def test_impossible_requests_are_refused(name: str, keywords: dict[str, object]) -> None:
    request = {"order_quantity": 5, "measure": "fill_rate", "target": 0.9, **keywords}
    with pytest.raises(ValueError, match=rf"^{name} is"):
        reorder_point_for(PoissonDemand(3), **request)  # type: ignore[arg-type]
