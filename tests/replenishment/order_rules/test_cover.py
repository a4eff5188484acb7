"""Stock cover on a real time line, and the figure that some vendors print."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.order_rules.cover import in_stock_rate, promise_date, stock_cover
from replenishment.order_rules.netting import OpenOrder


def test_a_late_delivery_leaves_a_gap() -> None:
    found = stock_cover(on_hand=10, daily_demand=5, open_orders=[OpenOrder(20, 5)])
    assert (found.first_stockout, found.last_stockout, found.vendor_sum) == (2, 9, 11)


def test_a_delivery_in_time_leaves_none() -> None:
    found = stock_cover(on_hand=10, daily_demand=5, open_orders=[OpenOrder(20, 2), OpenOrder(5, -3)])
    assert found.first_stockout == found.last_stockout == found.vendor_sum == 7
    assert stock_cover(on_hand=0, daily_demand=5).first_stockout == 0


@settings(max_examples=60, deadline=None)
@given(on_hand=st.integers(0, 60), due=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 30)), max_size=4))
def test_it_agrees_with_hours_in_a_loop(on_hand: int, due: list[tuple[int, int]]) -> None:
    orders, stock, first, last = [OpenOrder(q, d) for q, d in due], float(on_hand), None, 0.0
    step = 1 / 4
    for tick in range(4 * 250):
        now = tick * step
        stock += sum(order.quantity for order in orders if order.due_in_days == now)
        if stock <= 0 and first is None:
            first = now
        if stock > 0:
            last = now + step
        stock = max(stock - step, 0.0)
    found = stock_cover(on_hand=on_hand, daily_demand=1.0, open_orders=orders)
    assert found.first_stockout == pytest.approx(first)
    if all(order.quantity > 0 for order in orders):
        assert found.last_stockout == pytest.approx(last)
    assert found.vendor_sum >= found.last_stockout - 1e-9


def test_days_without_stock_do_not_count_as_days_without_demand() -> None:
    found = in_stock_rate(units=[50, 10], days=42, days_out=[10, 0])
    assert found.per_day == pytest.approx([1.5625, 10 / 42])
    assert found.missed == pytest.approx([15.625, 0])
    with pytest.raises(ValueError, match="days_out is 42"):
        in_stock_rate(units=5, days=42, days_out=42)


def test_promises_add_whole_days() -> None:
    assert promise_date(date(2021, 9, 19), 7) == date(2021, 9, 26)
    assert promise_date(date(2024, 2, 28), 1) == date(2024, 2, 29)
    with pytest.raises(ValueError, match="buffer_days is -1"):
        promise_date(date(2024, 1, 1), -1)
    with pytest.raises(ValueError, match="daily_demand is 0"):
        stock_cover(on_hand=5, daily_demand=0)
    assert np.isfinite(stock_cover(on_hand=5, daily_demand=1).vendor_sum)
