"""The EOQ family: no quantity is cheaper, and the formulas hang together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.lot_sizing.economic_order_quantity import (
    economic_order,
    economic_order_with_backorders,
    economic_production_lot,
    order_quantity_cost,
    order_quantity_cost_with_backorders,
)

positive = st.floats(0.01, 1e4)


@given(k=positive, h=positive, rate=positive, factor=st.floats(0.05, 20))
def test_no_quantity_is_cheaper(k: float, h: float, rate: float, factor: float) -> None:
    best = economic_order(fixed_cost=k, holding_cost=h, demand_rate=rate)
    own, other = (
        order_quantity_cost(best.quantity * f, fixed_cost=k, holding_cost=h, demand_rate=rate) for f in (1.0, factor)
    )
    assert best.cost <= other * (1 + 1e-12)
    assert own == pytest.approx(best.cost)
    # the classical flatness: the cost ratio is (f + 1 / f) / 2
    assert other / best.cost == pytest.approx((factor + 1 / factor) / 2)


@given(k=positive, h=positive, p=positive, rate=positive, factor=st.floats(0.2, 5), x=st.floats(0, 1))
def test_no_backorder_plan_is_cheaper(k: float, h: float, p: float, rate: float, factor: float, x: float) -> None:
    best = economic_order_with_backorders(fixed_cost=k, holding_cost=h, backorder_cost=p, demand_rate=rate)
    other = order_quantity_cost_with_backorders(
        best.quantity * factor, x, fixed_cost=k, holding_cost=h, backorder_cost=p, demand_rate=rate
    )
    assert best.cost <= other * (1 + 1e-12)
    assert best.largest_backlog == pytest.approx(best.stockout_fraction * best.quantity)


def test_a_saw_tooth_costs_what_the_formula_says() -> None:
    # 100 000 moments of one cycle with backorders
    q, x, h, p, k, rate = 100.0, 0.3, 40.05, 60.0, 40.0, 2_080.0
    stock = q * (1 - x) - q * (np.arange(100_000) + 0.5) / 100_000
    seen = h * np.maximum(stock, 0).mean() + p * np.maximum(-stock, 0).mean() + k * rate / q
    assert order_quantity_cost_with_backorders(
        q, x, fixed_cost=k, holding_cost=h, backorder_cost=p, demand_rate=rate
    ) == pytest.approx(seen, rel=1e-8)


def test_production_at_infinite_speed_is_the_order_quantity() -> None:
    keywords = {"fixed_cost": 8.0, "holding_cost": 0.225, "demand_rate": 1_300.0}
    plain = economic_order(**keywords)
    assert economic_production_lot(**keywords, production_rate=np.inf).quantity == plain.quantity
    slow = economic_production_lot(**keywords, production_rate=[1_400.0, 2_000.0, 1e9])
    assert np.all(np.diff(slow.quantity) < 0)
    with pytest.raises(ValueError, match=r"production_rate is 1300\.0; it must lie in \(demand_rate, inf\]"):
        economic_production_lot(**keywords, production_rate=1_300.0)


@given(k=positive, h=positive, rate=positive)
def test_dozens_order_cost_and_infinite_patience(k: float, h: float, rate: float) -> None:
    units = economic_order(fixed_cost=k, holding_cost=h, demand_rate=rate)
    dozens = economic_order(fixed_cost=k, holding_cost=h * 12, demand_rate=rate / 12)
    assert dozens.quantity * 12 == pytest.approx(units.quantity)
    assert dozens.cost == pytest.approx(units.cost)
    assert economic_order(fixed_cost=k / 4, holding_cost=h, demand_rate=rate).quantity == pytest.approx(
        units.quantity / 2
    )
    impatient = economic_order_with_backorders(fixed_cost=k, holding_cost=h, backorder_cost=h * 1e12, demand_rate=rate)
    assert impatient.quantity == pytest.approx(units.quantity, rel=1e-6)


def test_what_costs_next_to_nothing_to_hold_is_ordered_without_end_and_without_a_warning() -> None:
    assert economic_order(fixed_cost=10.0, holding_cost=5e-324, demand_rate=1e3).quantity == np.inf


def test_cycle_turnover_reorder_point_and_total_cost() -> None:
    order = economic_order(fixed_cost=3.2, holding_cost=0.24, demand_rate=[2_400.0, 1_200.0])
    assert order.cycle == pytest.approx(order.quantity / order.demand_rate)
    assert order.turnover == pytest.approx(order.demand_rate / (order.quantity / 2))
    assert order.reorder_point(1 / 12) == pytest.approx([200.0, 100.0])
    assert order.total_cost(0.4) == pytest.approx(order.cost + 0.4 * order.demand_rate)


@pytest.mark.parametrize("name", ["fixed_cost", "holding_cost", "demand_rate"])
@pytest.mark.parametrize("value", [-1.0, 0.0, np.nan, np.inf])
@pytest.mark.parametrize(
    "method",
    [
        economic_order,
        lambda **k: economic_order_with_backorders(backorder_cost=1.0, **k),
        lambda **k: order_quantity_cost(5.0, **k),
        lambda **k: economic_production_lot(production_rate=9.0, **k),
    ],
)
def test_impossible_parameters_are_refused(name: str, value: float, method: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match=rf"^{name} is"):
        method(**{"fixed_cost": 1.0, "holding_cost": 1.0, "demand_rate": 1.0, name: value})


def test_shares_and_quantities_are_checked() -> None:
    keywords = {"fixed_cost": 1.0, "holding_cost": 1.0, "demand_rate": 1.0}
    with pytest.raises(ValueError, match="stockout_fraction is 30"):
        order_quantity_cost_with_backorders(5.0, 30, backorder_cost=1.0, **keywords)
    with pytest.raises(ValueError, match="order_quantity is 0"):
        order_quantity_cost(0, **keywords)
    with pytest.raises(ValueError, match="lead_time is -1"):
        economic_order(**keywords).reorder_point(-1)
