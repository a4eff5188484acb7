"""Everything that is due counts, once and from its own day on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.order_rules.netting import (
    OpenOrder,
    minimum_across_rows,
    must_order_now,
    net_requirement,
    safety_stock_requirement,
)


@pytest.mark.parametrize(
    ("rows", "minimum", "orders"),
    [
        ([20, 20, 20], 100, [100, 0, 0]),
        ([250, 500], 1_234, [1_234, 0]),
        ([250, 1_000], 1_234, [1_234, 1_234]),
        ([0, 5, 0], 3, [0, 5, 0]),
        ([5, 5], 0, [5, 5]),
    ],
)
def test_the_minimum_counts_once(rows: list[float], minimum: float, orders: list[float]) -> None:
    assert minimum_across_rows(rows, minimum).tolist() == orders


@given(st.lists(st.integers(0, 500), min_size=1, max_size=12), st.integers(0, 800))
def test_rows_are_covered_in_time_and_never_by_less_than_the_minimum(rows: list[int], minimum: int) -> None:
    orders = minimum_across_rows(rows, minimum)
    assert np.all(np.cumsum(orders) >= np.cumsum(rows))
    assert np.all((orders == 0) | (orders >= minimum))
    # without its last order the plan would be short
    last = np.flatnonzero(orders)
    if last.size:
        orders[last[-1]] = 0
        assert np.any(np.cumsum(orders) < np.cumsum(rows))


def test_fixed_planned_orders_are_not_added_on_top() -> None:
    found = net_requirement(on_hand=[12, 12, 12], safety_stock=10, demand=5, fixed_planned=[3, 0, 8])
    assert found.required.tolist() == [3, 3, 3]
    assert found.additional.tolist() == [0, 3, 0]
    assert found.recommended_total.tolist() == [3, 3, 8]
    assert found.double_counted_total.tolist() == [6, 3, 11]


def test_what_arrives_today_restores_the_safety_stock() -> None:
    assert safety_stock_requirement(on_hand=0, safety_stock=5, supply_today=[10, 2]).tolist() == [0, 3]


def _day_by_day(on_hand: float, rate: float, wait: int, orders: list[OpenOrder]) -> bool:
    """Return whether ordering tomorrow leaves a day short that ordering today would cover."""
    stock = on_hand
    for day in range(wait + 1):
        stock += sum(order.quantity for order in orders if order.due_in_days == day) - rate
    return stock < 0


@given(
    on_hand=st.integers(-5, 40),
    rate=st.integers(0, 4),
    wait=st.integers(0, 10),
    due=st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=4),
)
def test_it_agrees_with_days_in_a_loop(on_hand: int, rate: int, wait: int, due: list[tuple[int, int]]) -> None:
    orders = [OpenOrder(quantity, day) for quantity, day in due]
    found = must_order_now(on_hand=on_hand, daily_demand=rate, lead_time_days=wait, open_orders=orders)
    assert found == _day_by_day(on_hand, rate, wait, orders)


def test_a_far_delivery_hides_nothing_and_a_near_one_counts() -> None:
    item = {"on_hand": 2, "daily_demand": 1, "lead_time_days": 7}
    assert must_order_now(**item, open_orders=[OpenOrder(50, 60)])
    assert not must_order_now(**item, open_orders=[OpenOrder(50, 5)])
    assert not must_order_now(on_hand=8, daily_demand=1, lead_time_days=7)
    assert must_order_now(on_hand=7, daily_demand=1, lead_time_days=7)
    assert must_order_now(on_hand=13, daily_demand=1, lead_time_days=7, review_days=7)
    assert not must_order_now(on_hand=14, daily_demand=1, lead_time_days=7, review_days=7)
    # within a long review the stock may run out before the next delivery
    assert must_order_now(on_hand=9, daily_demand=1, lead_time_days=7, review_days=7, open_orders=[OpenOrder(50, 12)])


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="quantity is -1"):
        OpenOrder(-1, 3)
    with pytest.raises(ValueError, match="lead_time_days is -1"):
        must_order_now(on_hand=1, daily_demand=1, lead_time_days=-1)
    with pytest.raises(ValueError, match="review_days is 0"):
        must_order_now(on_hand=1, daily_demand=1, lead_time_days=1, review_days=0)
    with pytest.raises(ValueError, match=r"rows\[1\] is -2"):
        minimum_across_rows([1, -2], 5)
    with pytest.raises(ValueError, match="safety_stock is -1"):
        net_requirement(on_hand=1, safety_stock=-1, demand=1)
