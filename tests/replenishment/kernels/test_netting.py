"""Paths that run short, one by one."""

from __future__ import annotations

import numpy as np

from replenishment.kernels.netting import paths_short


def test_a_path_is_short_if_any_opening_before_the_arrival_finds_more_demanded_than_available() -> None:
    rng = np.random.default_rng(1)
    cumulative = np.cumsum(rng.integers(0, 3, (4, 50, 6)), axis=2).astype(np.float32)
    lead_time = rng.integers(0, 8, (4, 50))
    available = np.cumsum(rng.integers(0, 3, (4, 7)), axis=1).astype(np.float64)
    expected = [
        sum(any(cumulative[i, p, k] > available[i, k] for k in range(min(lead_time[i, p], 6))) for p in range(50))
        for i in range(4)
    ]
    assert 0 < sum(expected) < 200
    np.testing.assert_array_equal(paths_short(cumulative, lead_time, available), expected)
