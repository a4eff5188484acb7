"""The closed forms of (r, Q) agree with a customer-by-customer loop."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.demand_distributions import NormalDemand, PoissonDemand
from replenishment.reorder_point.measures import one_term_fill_rate, reorder_point_measures
from tests.replenishment.brute_force import continuous


@pytest.mark.parametrize(
    ("rate", "lead_time", "r", "q"), [(1.5, 2.0, 3, 5), (5.0, 2.0, 8, 20), (0.4, 5.0, -1, 3), (2.0, 0.5, 0, 1)]
)
def test_every_measure_agrees_with_the_loop(rate: float, lead_time: float, r: int, q: int) -> None:
    exact = reorder_point_measures(PoissonDemand(rate * lead_time), rate, r, q)
    seen = continuous(np.random.default_rng(3), rate, lambda: 1, lambda: lead_time, r, q)
    for name in (
        "fill_rate",
        "ready_rate",
        "no_backorder_rate",
        "expected_backorders",
        "expected_on_hand",
        "order_frequency",
        "mean_wait",
    ):
        seen.agrees(name, float(getattr(exact, name)))


def test_continuous_demand_is_the_average_over_positions() -> None:
    rng = np.random.default_rng(4)
    position = 80.0 + 60.0 * rng.random(1_000_000)
    net = position - rng.normal(100.0, 25.0, position.size)
    exact = reorder_point_measures(NormalDemand(100.0, 25.0), 200.0, 80.0, 60.0)
    assert exact.fill_rate == pytest.approx((net > 0).mean(), abs=0.002)
    assert exact.expected_backorders == pytest.approx(np.maximum(-net, 0).mean(), rel=0.01)
    assert exact.expected_on_hand == pytest.approx(np.maximum(net, 0).mean(), rel=0.01)


def test_one_term_never_promises_more_than_two() -> None:
    r = np.linspace(60, 160, 21)
    two = reorder_point_measures(NormalDemand(100, 40), 200, r, 30.0).fill_rate
    one = one_term_fill_rate(NormalDemand(100, 40), r, 30.0)
    assert np.all(one <= two + 1e-15)
    assert one[0] < two[0] - 0.5
    assert one[-1] == pytest.approx(two[-1], abs=0.02)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("order_quantity", (1.0, 3.0, 0.0)), ("reorder_point", (1.0, np.nan, 5.0)), ("demand_rate", (0.0, 3.0, 5.0))],
)
def test_impossible_parameters_are_refused(name: str, arguments: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        reorder_point_measures(PoissonDemand(3), *arguments)
