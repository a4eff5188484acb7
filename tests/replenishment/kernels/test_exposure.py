"""Places in the queue, unit by unit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate

from replenishment.kernels.exposure import position_loss, window_sums

windows = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 9)), min_size=1, max_size=6)


@given(windows=windows, level=st.integers(-3, 25))
def test_whole_units_stand_at_the_number_of_units_ahead_of_them(windows: list[tuple[int, int]], level: int) -> None:
    """The sum over the units of each window of how far they stand beyond the level, averaged over paths."""
    expected = np.mean([sum(max(place - level, 0) for place in range(a, a + n)) for a, n in windows])
    before = np.array([[a for a, _ in windows]], dtype=np.float32)
    through = np.array([[a + n for a, n in windows]], dtype=np.float32)
    assert position_loss(before, through, np.array([True]), np.array([float(level)]))[0] == pytest.approx(expected)


@given(windows=st.lists(st.tuples(st.floats(0, 12), st.floats(0, 9)), min_size=1, max_size=5), level=st.floats(-3, 25))
def test_other_units_stand_everywhere_in_their_window(windows: list[tuple[float, float]], level: float) -> None:
    """An integral over the window in place of a sum."""
    before = np.array([[a for a, _ in windows]], dtype=np.float32)
    through = before + np.array([[n for _, n in windows]], dtype=np.float32)
    expected = np.mean(
        [
            integrate.quad(lambda x: max(x - level, 0.0), a, b, points=[min(max(level, a), b)])[0]
            for a, b in zip(before[0].astype(float), through[0].astype(float), strict=True)
        ]
    )
    found = position_loss(before, through, np.array([False]), np.array([level]))[0]
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_sums_before_and_through_the_window_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(0)
    demand = rng.integers(0, 5, (3, 6, 9)).astype(np.float32)
    lead_time = rng.integers(0, 7, (3, 6))
    lead_time[0, 0] = 0
    before, ends = window_sums(np.cumsum(demand, axis=2), lead_time, 3)
    for i, p in np.ndindex(3, 6):
        wait = lead_time[i, p]
        assert before[i, p] == sum(demand[i, p, :wait])
        assert list(ends[i, p]) == [sum(demand[i, p, : wait + k]) for k in (1, 2, 3)]
