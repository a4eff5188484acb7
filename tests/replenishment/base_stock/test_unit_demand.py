"""(S - 1, S) under Poisson demand agrees with a loop, also when lead times are random and orders cross."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.base_stock.unit_demand import (
    base_stock_for,
    base_stock_measures,
    mean_lead_time,
    promised_wait,
    waiting_time_distribution,
)
from tests.replenishment.brute_force import continuous

LEAD_TIMES: dict[str, Callable[[np.random.Generator], float]] = {
    "constant": lambda rng: 2.0,
    "exponential": lambda rng: rng.exponential(2.0),
    "two points": lambda rng: 1.0 if rng.random() < 0.75 else 5.0,
}


@pytest.mark.parametrize("kind", LEAD_TIMES)
@pytest.mark.parametrize(("rate", "level"), [(3.0, 7), (0.5, 1), (10.0, 24)])
def test_every_measure_agrees_with_the_loop(kind: str, rate: float, level: int) -> None:
    rng = np.random.default_rng(31)
    exact = base_stock_measures(rate, 2.0, level)
    seen = continuous(rng, rate, lambda: 1, lambda: LEAD_TIMES[kind](rng), level - 1, 1, length=800)
    for name in (
        "fill_rate",
        "ready_rate",
        "no_backorder_rate",
        "expected_backorders",
        "expected_on_hand",
        "mean_wait",
        "outstanding",
    ):
        seen.agrees(name, float(getattr(exact, name)))


def test_the_mean_is_all_that_a_lead_time_gives() -> None:
    assert mean_lead_time([1, 5], [0.75, 0.25]) == 2.0
    with pytest.raises(ValueError, match="probabilities adds up"):
        mean_lead_time([1, 5], [0.75, 0.2])


@pytest.mark.parametrize(("rate", "lead_time", "level"), [(3.0, 1.0, 3), (10.0, 2.0, 22), (0.5, 4.0, 2), (1.0, 1.0, 0)])
def test_waits_agree_with_customers_in_a_queue(rate: float, lead_time: float, level: int) -> None:
    moments = np.cumsum(np.random.default_rng(8).exponential(1 / rate, 200_000))
    # the unit ordered by the customer S earlier serves this one
    supply = np.concatenate([np.zeros(level), moments + lead_time])[: moments.size]
    waits, grid = np.maximum(supply - moments, 0.0)[100:], np.linspace(0, lead_time, 7)
    exact = waiting_time_distribution(grid, demand_rate=rate, lead_time=lead_time, base_stock=level)
    assert exact == pytest.approx([(waits <= w + 1e-12).mean() for w in grid], abs=0.006)
    assert base_stock_measures(rate, lead_time, level).mean_wait == pytest.approx(waits.mean(), rel=0.03)
    promise = promised_wait(0.9, demand_rate=rate, lead_time=lead_time, base_stock=level)
    assert promise == pytest.approx(np.quantile(waits, 0.9), abs=0.02 * lead_time)


def test_promises_are_rounded_up_to_whole_steps() -> None:
    queue: dict[str, Any] = {"demand_rate": 3.0, "lead_time": 1.0, "base_stock": 5}
    exact, stepped = promised_wait(0.95, **queue), promised_wait(0.95, **queue, step=0.25)
    assert exact == pytest.approx(0.3433, abs=1e-4)
    assert stepped == 0.5
    assert waiting_time_distribution(exact, **queue) == pytest.approx(0.95)
    assert promised_wait(0.5, **queue) == 0.0


@pytest.mark.parametrize(
    ("measure", "target"),
    [("fill_rate", 0.95), ("no_backorder_rate", 0.9), ("expected_backorders", 0.05), ("backorder_rate", 0.1)],
)
def test_the_base_stock_found_is_the_smallest(measure: str, target: float) -> None:
    rates = np.array([0.1, 3.0, 70.0])
    levels = base_stock_for(rates, 2.0, measure, target)
    sign = -1 if measure in ("expected_backorders", "backorder_rate") else 1
    at = getattr(base_stock_measures(rates, 2.0, levels), measure)
    assert np.all(sign * at >= sign * target)
    below = getattr(base_stock_measures(rates, 2.0, np.maximum(levels - 1, 0)), measure)
    assert np.all((sign * below < sign * target) | (levels == 0))


@given(rate=st.floats(0.01, 50), time=st.floats(0.1, 10), more=st.floats(1, 3), target=st.floats(0.5, 0.999))
def test_service_and_lead_time_up_means_stock_up(rate: float, time: float, more: float, target: float) -> None:
    assert base_stock_for(rate, time, "fill_rate", target) <= base_stock_for(rate, time * more, "fill_rate", target)
    assert base_stock_for(rate, time, "fill_rate", target) <= base_stock_for(rate, time, "fill_rate", (1 + target) / 2)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("lead_time", (1.0, 0.0, 3)),
        ("lead_time", (1.0, np.inf, 3)),
        ("demand_rate", (0.0, 1.0, 3)),
        ("base_stock", (1.0, 1.0, 2.5)),
        ("base_stock", (1.0, 1.0, -1)),
    ],
)
def test_impossible_parameters_are_refused(name: str, arguments: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        base_stock_measures(*arguments)
