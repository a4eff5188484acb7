"""Orders that come too late or too early are found as when the stock is followed day by day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replenishment.backorders.expediting import time_orders
from tests.pipelines.shop import examples


@settings(max_examples=examples(80), deadline=None)
@given(st.integers(0, 2**32))
def test_stock_is_followed_day_by_day(seed: int) -> None:
    """A loop over hundredths of days finds the same shortage, run-out, need and surplus."""
    random = np.random.default_rng(seed)
    n = int(random.integers(1, 5))
    arrives, units = np.sort(random.integers(0, 30, n)).astype(float), random.integers(1, 40, n).astype(float)
    stock, rate, safety = float(random.integers(-20, 60)), float(random.integers(0, 5)), float(random.integers(-5, 20))
    found = time_orders(
        np.zeros(n, dtype=np.int64),
        arrives,
        units,
        np.array([stock]),
        np.array([rate]),
        np.array([safety]),
        np.array([60.0]),
    )
    held = stock
    for k in range(n):
        at_arrival = held - rate * arrives[k]
        assert found.short[k] == pytest.approx(min(max(-at_arrival, 0), units[k]))
        days = np.arange(0, 100, 0.01)
        empty = days[(held - rate * days < 1e-9) & (days < arrives[k])]
        expected = arrives[k] - empty[0] if found.short[k] > 0 and len(empty) else 0.0
        assert found.short_days[k] == pytest.approx(expected, abs=0.011)
        at_safety = days[held - rate * days <= max(safety, 0.0) + 1e-9]
        if len(at_safety):
            assert found.needed_in[k] == pytest.approx(at_safety[0], abs=0.011)
        else:
            assert found.needed_in[k] > 99
        left = held + units[k] - max(safety, 0.0) - rate * 60
        assert found.surplus[k] == pytest.approx(min(max(left, 0), units[k]))
        held += units[k]


def test_each_item_has_its_own_path() -> None:
    item = np.array([0, 1, 0])
    found = time_orders(
        item,
        np.array([5.0, 5.0, 9.0]),
        np.full(3, 10.0),
        np.array([0.0, 100.0]),
        np.array([1.0, 1.0]),
        np.zeros(2),
        np.full(2, 30.0),
    )
    assert found.short.tolist() == [5, 0, 0]
    assert found.needed_in.tolist() == [0, 100, 10]
    assert found.surplus.tolist() == [0, 10, 0]
