"""Strictly below or at the level: one unit of difference."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.order_rules.triggers import (
    order_at_or_below_level,
    order_below_minimum,
    phased_out_order,
    projected_quantity,
)


def test_below_the_minimum_is_strict() -> None:
    assert order_below_minimum([9, 10, 11], minimum=10, maximum=25).tolist() == [16, 0, 0]
    # 0.1 + 0.2 is the minimum, not above it
    assert order_below_minimum(0.3, minimum=0.1 + 0.2, maximum=1) == 0
    assert order_below_minimum(3, minimum=10, maximum=25, multiple=6) == 24
    assert order_below_minimum(3, minimum=10, maximum=4) == 7


def test_a_supplier_minimum_enlarges_only() -> None:
    orders = order_below_minimum([20, 4], minimum=5, maximum=10, supplier_minimum=50)
    assert orders.tolist() == [0, 50]
    assert order_below_minimum(4, minimum=5, maximum=10, supplier_minimum=50, multiple=12) == 60


def test_at_the_level_is_included() -> None:
    orders = order_at_or_below_level([6, 5, 4, 0], level=5, quantity=[1, 1, 1, 3])
    assert orders.tolist() == [0, 1, 1, 5]
    assert order_at_or_below_level(0, level=120, quantity=100) == 120


def test_the_position_counts_everything_once() -> None:
    assert projected_quantity(on_hand=11, reserved=20) == -9
    assert projected_quantity(on_hand=[1, 2], planned=3, requested=4, ordered=5, reserved=6).tolist() == [7, 8]


def test_a_phased_out_item_orders_its_backorders_and_no_more() -> None:
    orders = phased_out_order([-4, 3, -4, 3], phased_out=[True, True, False, False], order_up_to=10)
    assert orders.tolist() == [4, 0, 14, 7]


def test_impossible_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="position is nan"):
        order_below_minimum(np.nan, minimum=1, maximum=2)
    with pytest.raises(ValueError, match="quantity is -1"):
        order_at_or_below_level(1, level=2, quantity=-1)
    with pytest.raises(ValueError, match="ordered is -1"):
        projected_quantity(on_hand=1, ordered=-1)
