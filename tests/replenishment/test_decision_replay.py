"""One decision taken again, against a plain loop and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from replenishment.decision_replay import replay_decisions


def test_it_is_the_plain_loop() -> None:
    random = np.random.default_rng(2)
    n, t = 200, 12
    net, arrivals = random.integers(-5, 15, n).astype(float), random.integers(0, 4, (n, 5)).astype(float)
    lead, periods = random.integers(0, 6, n), random.integers(1, t + 1, n)
    demand, order = random.integers(0, 6, (n, t)).astype(float), random.integers(0, 30, n).astype(float)
    found = replay_decisions(net, arrivals, lead, periods, demand, order)
    for i in range(n):
        stock, short, held = net[i], 0.0, 0.0
        for k in range(periods[i]):
            stock += arrivals[i, k] if k < 5 else 0.0
            if k == lead[i]:
                stock += order[i]
            filled = min(max(stock, 0.0), demand[i, k])
            short += demand[i, k] - filled
            stock -= demand[i, k]
            held += max(stock, 0.0)
        assert found.backordered[i] == pytest.approx(short)
        assert found.mean_stock[i] == pytest.approx(held / periods[i])
        assert found.left[i] == pytest.approx(stock)


def test_a_larger_order_never_adds_a_backorder_and_one_that_comes_too_late_changes_none() -> None:
    net, none, demand = np.full(2, 4.0), np.zeros((2, 1)), np.tile([3.0, 3.0, 3.0], (2, 1))
    found = replay_decisions(net, none, np.array([1, 1]), np.array([3, 3]), demand, np.array([0.0, 9.0]))
    assert found.backordered.tolist() == [5.0, 0.0]
    late = replay_decisions(net, none, np.array([3, 3]), np.array([3, 3]), demand, np.array([0.0, 9.0]))
    assert late.backordered.tolist() == [5.0, 5.0]
