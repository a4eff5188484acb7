"""Reorder points that keep several rates: against a bisection of the measure itself, one rate after the other."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replenishment.kernels import level_search
from replenishment.service import ProtectionDemand, smallest_level

RATES = np.array([[0.001, 0.02, 0.1, 0.6]])


def drawn(rate: float, lead_time: int, review: int, scale: float, whole: bool, seed: int) -> ProtectionDemand:
    """A series of gamma-mixed Poisson demand along 40 paths; continuous review for R = 0."""
    rng = np.random.default_rng(seed)
    demand = rng.poisson(rng.gamma(0.5, 2.0 * rate, (40, lead_time + max(review, 1)))) * scale
    total = np.concatenate([np.zeros((40, 1)), demand.cumsum(axis=1)], axis=1).astype(np.float32)
    ends = np.ascontiguousarray(total[None, :, lead_time + 1 : lead_time + 1 + review])
    return ProtectionDemand.from_sums(total[None, :, lead_time], ends, np.array([whole]))


@given(
    rate=st.floats(0.01, 50),
    lead_time=st.integers(0, 4),
    review=st.integers(0, 3),
    kind=st.sampled_from([(1.0, True), (40.0, True), (0.37, False)]),
    lot=st.sampled_from([1.0, 6.0, 2.5, 1000.0]),
    seed=st.integers(0, 2**32 - 1),
)
def test_points_of_several_rates_are_found_as_by_bisection_of_the_rate_itself(
    rate: float, lead_time: int, review: int, kind: tuple[float, bool], lot: float, seed: int
) -> None:
    """Whole units to the unit and with the same rate; a demand of 40 at a time is too large for a table of losses."""
    demand = drawn(rate, lead_time, review, *kind, seed)
    whole = demand.integral
    start = np.stack([demand.over_protection.quantile(1.0 - wanted) for wanted in RATES.T], axis=1)
    points, kept = demand.smallest_reorder_points(RATES, lot, start)
    falls = partial(demand.backorder_rate, lot=lot)
    low = np.where(whole, -1.0, 0.0)
    expected = np.stack([smallest_level(falls, r, whole, low, s) for r, s in zip(RATES.T, start.T, strict=True)], 1)
    if whole[0]:
        np.testing.assert_array_equal(points, expected)
    else:
        np.testing.assert_allclose(points, expected, rtol=3e-6, atol=3e-6)
    np.testing.assert_allclose(kept, np.stack([falls(s) for s in points.T], axis=1), rtol=1e-12, atol=1e-15)


def test_a_table_of_losses_is_exact() -> None:
    """At every level from -1 to the threshold, to the bit."""
    demand = drawn(8.0, 3, 2, 1.0, True, seed=4)
    last = int(demand.threshold[0])
    table = level_search._losses_below(demand.window_from[0], demand.window_to[0], last)
    levels = np.arange(-1.0, last + 1)
    np.testing.assert_array_equal(table, [demand._window_loss(np.array([level]))[0] for level in levels])


def test_a_rate_that_no_point_keeps_is_refused() -> None:
    demand = drawn(8.0, 3, 2, 1.0, True, seed=4)
    with pytest.raises(ValueError, match="can't be reached"):
        demand.smallest_reorder_points(np.array([[-0.1]]), 1.0, np.array([[5.0]]))
