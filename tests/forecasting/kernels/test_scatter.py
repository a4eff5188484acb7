"""The small steps by which rows find their cells."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.kernels.scatter import add_rows, assign_series, count_rows, mark_days, reorder_rows


@given(order=st.permutations(range(9)), dtype=st.sampled_from([np.float32, np.uint8]))
def test_rows_are_reordered_in_place_as_by_an_index(order: list[int], dtype: type) -> None:
    array = np.arange(27).reshape(9, 3).astype(dtype)
    expected = array[order]
    reorder_rows(array, np.array(order))
    np.testing.assert_array_equal(array, expected)


def test_days_outside_the_calendar_are_counted_and_not_marked() -> None:
    seen = np.zeros(5, dtype=np.uint8)
    outside = mark_days(np.array([9, 10, 12, 12, 14, 15], dtype=np.int32), 10, seen)
    assert outside == 2
    np.testing.assert_array_equal(seen, [1, 0, 1, 0, 1])


def test_pairs_are_numbered_in_order_of_appearance_across_batches() -> None:
    series_of = np.full((3, 2), -1, dtype=np.int32)
    pairs = np.zeros((6, 2), dtype=np.int32)
    known = assign_series(np.array([2, 0, 2], dtype=np.int32), np.array([1, 0, 1], dtype=np.int32), series_of, pairs, 0)
    known = assign_series(np.array([0, 2], dtype=np.int32), np.array([0, 0], dtype=np.int32), series_of, pairs, known)
    assert known == 3
    np.testing.assert_array_equal(pairs[:3], [[2, 1], [0, 0], [2, 0]])
    np.testing.assert_array_equal(series_of, [[1, -1], [-1, -1], [2, 0]])


@pytest.mark.parametrize("rows", [1, 255, 300])
def test_a_counter_of_rows_stops_at_255_and_never_wraps(rows: int) -> None:
    code, days = np.zeros(rows, dtype=np.int32), np.full(rows, 7, dtype=np.int32)
    slot, series_of = np.zeros(1, dtype=np.int32), np.zeros((1, 1), dtype=np.int32)
    counted, added = np.zeros((1, 1), dtype=np.uint8), np.zeros((1, 1), dtype=np.uint8)
    count_rows(code, code, days, 7, slot, series_of, counted)
    sums, flags = np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1), dtype=np.uint8)
    no_flags = np.empty(0, dtype=np.uint8)
    used = add_rows(code, code, days, np.full(rows, 0.1), no_flags, 7, slot, slot, series_of, 1e6, sums, added, flags)
    assert counted[0, 0] == added[0, 0] == min(rows, 255)
    assert used == rows
    assert sums[0, 0] == rows * 100_000
