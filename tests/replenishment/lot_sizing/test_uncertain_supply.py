"""Unreliable suppliers: the formulas agree with a supplier who fails in a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.lot_sizing.economic_order_quantity import economic_order
from replenishment.lot_sizing.uncertain_supply import (
    additive_yield,
    disrupted_supply,
    disrupted_supply_cost,
    multiplicative_yield,
)

CASES = [(8, 0.225, 5, 1_300, 1.5, 14), (50, 2, 20, 100, 0.5, 2), (10, 1, 100, 20, 3, 6)]


@pytest.mark.parametrize(("k", "h", "p", "rate", "down", "up"), CASES)
def test_the_cost_agrees_with_the_loop(k: float, h: float, p: float, rate: float, down: float, up: float) -> None:
    keywords = {
        "fixed_cost": k,
        "holding_cost": h,
        "stockout_cost": p,
        "demand_rate": rate,
        "disruption_rate": down,
        "recovery_rate": up,
    }
    q, rng, costs, times = float(disrupted_supply(**keywords).quantity), np.random.default_rng(1), [], []
    for _ in range(25_000):
        # the supplier is up at a delivery; follow him to the end of the stock
        clock, working = 0.0, True
        while clock < q / rate:
            clock += rng.exponential(1 / down if working else 1 / up)
            working = not working
        # at the end of the stock he is in the state before the last switch
        outage = rng.exponential(1 / up) if working else 0.0
        costs.append(k + h * q * q / (2 * rate) + p * rate * outage)
        times.append(q / rate + outage)
    ratio = np.sum(costs) / np.sum(times)
    error = np.std(np.array(costs) - ratio * np.array(times)) * 25_000**0.5 / np.sum(times)
    assert abs(float(disrupted_supply_cost(q, **keywords)) - ratio) < 4 * error


@given(
    k=st.floats(0.5, 100),
    h=st.floats(0.05, 5),
    p=st.floats(0.5, 50),
    rate=st.floats(1, 2_000),
    down=st.floats(0.01, 10),
    up=st.floats(0.1, 30),
)
def test_no_quantity_is_cheaper(k: float, h: float, p: float, rate: float, down: float, up: float) -> None:
    keywords = {
        "fixed_cost": k,
        "holding_cost": h,
        "stockout_cost": p,
        "demand_rate": rate,
        "disruption_rate": down,
        "recovery_rate": up,
    }
    best = disrupted_supply(**keywords)
    tried = disrupted_supply_cost(best.quantity * np.geomspace(0.01, 100, 2_001), **keywords)
    assert best.cost <= tried.min() * (1 + 1e-10)


def test_without_disruptions_it_is_the_order_quantity() -> None:
    found = disrupted_supply(
        fixed_cost=8, holding_cost=0.225, stockout_cost=5, demand_rate=1_300, disruption_rate=0, recovery_rate=14
    )
    plain = economic_order(fixed_cost=8, holding_cost=0.225, demand_rate=1_300)
    assert found.quantity == pytest.approx(float(plain.quantity), rel=1e-7)
    assert found.cost == pytest.approx(float(plain.cost))


@pytest.mark.parametrize(("mean", "sd"), [(-15.0, 9.0), (0.0, 0.0), (5.0, 20.0)])
def test_additive_yield_agrees_with_deliveries_in_a_loop(mean: float, sd: float) -> None:
    keywords = {"fixed_cost": 50.0, "holding_cost": 0.5, "demand_rate": 200.0}
    best = additive_yield(**keywords, yield_mean=mean, yield_sd=sd)
    got = float(best.quantity) + np.random.default_rng(2).normal(mean, sd, 400_000)
    seen = (50.0 + 0.5 * got**2 / (2 * 200.0)).mean() / (got / 200.0).mean()
    assert best.cost == pytest.approx(seen, rel=2e-3)
    deliveries = float(best.quantity) + mean + np.linspace(-50, 50, 201)
    costs = 50 * 200 / deliveries + 0.5 * (sd**2 + deliveries**2) / (2 * deliveries)
    assert best.cost == pytest.approx(costs.min())


@pytest.mark.parametrize(("mean", "sd"), [(0.83, 0.14), (1.0, 0.0), (0.5, 0.3)])
def test_multiplicative_yield_agrees_with_deliveries_in_a_loop(mean: float, sd: float) -> None:
    keywords = {"fixed_cost": 50.0, "holding_cost": 0.5, "demand_rate": 200.0}
    best = multiplicative_yield(**keywords, yield_mean=mean, yield_sd=sd)
    got = float(best.quantity) * np.random.default_rng(3).normal(mean, sd, 400_000)
    seen = (50.0 + 0.5 * got**2 / (2 * 200.0)).mean() / (got / 200.0).mean()
    assert best.cost == pytest.approx(seen, rel=5e-3)


def test_certain_yields_are_the_order_quantity_and_worse_ones_cost_more() -> None:
    keywords = {"fixed_cost": 50.0, "holding_cost": 0.5, "demand_rate": 200.0}
    plain = economic_order(**keywords)
    assert additive_yield(**keywords, yield_mean=0, yield_sd=0).quantity == pytest.approx(float(plain.quantity))
    assert multiplicative_yield(**keywords, yield_mean=1, yield_sd=0).cost == pytest.approx(float(plain.cost))
    assert np.all(np.diff(multiplicative_yield(**keywords, yield_mean=0.9, yield_sd=[0, 0.1, 0.3]).cost) > 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [("recovery_rate", 0.0), ("disruption_rate", -1.0), ("stockout_cost", 0.0), ("fixed_cost", np.nan)],
)
def test_impossible_parameters_are_refused(name: str, value: float) -> None:
    keywords = {
        "fixed_cost": 1.0,
        "holding_cost": 1.0,
        "stockout_cost": 1.0,
        "demand_rate": 1.0,
        "disruption_rate": 1.0,
        "recovery_rate": 1.0,
        name: value,
    }
    with pytest.raises(ValueError, match=rf"^{name} is"):
        disrupted_supply(**keywords)
    with pytest.raises(ValueError, match="yield_mean is 0"):
        multiplicative_yield(fixed_cost=1, holding_cost=1, demand_rate=1, yield_mean=0, yield_sd=0)
