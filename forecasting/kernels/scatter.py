"""From long rows in any order to dense cells, without a sort."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["add_rows", "assign_series", "count_rows", "mark_days", "place_rows", "reorder_rows"]

Codes = npt.NDArray[np.int32]
# Beyond half of what 64 bits hold the next row might wrap around.
LARGEST_SUM = np.int64(2**62)


@njit(nogil=True, cache=True)
def mark_days(days: Codes, offset: int, seen: npt.NDArray[np.uint8]) -> int:
    """Mark which days occur; return the number of days outside ``offset ... offset + len(seen) - 1``."""
    outside = 0
    for i in range(days.size):
        k = days[i] - offset
        if 0 <= k < seen.size:
            seen[k] = 1
        else:
            outside += 1
    return outside


@njit(nogil=True, cache=True)
def assign_series(
    sku: Codes, location: Codes, series_of: npt.NDArray[np.int32], pairs: npt.NDArray[np.int32], known: int
) -> int:
    """Number pairs (sku, location) in order of appearance.

    ``series_of[sku, location]`` is -1 until the pair is met; ``pairs[k]`` receives the codes of the k-th.
    Returns the number of pairs known afterwards.
    """
    for i in range(sku.size):
        if series_of[sku[i], location[i]] < 0:
            series_of[sku[i], location[i]] = known
            pairs[known, 0] = sku[i]
            pairs[known, 1] = location[i]
            known += 1
    return known


@njit(nogil=True, cache=True)
def place_rows(
    sku: Codes,
    location: Codes,
    days: Codes,
    quantity: npt.NDArray[np.float64],
    short: npt.NDArray[np.uint8],
    offset: int,
    slot_of_day: npt.NDArray[np.int32],
    series_of: npt.NDArray[np.int32],
    cells: npt.NDArray[np.float32],
    filled: npt.NDArray[np.uint8],
    out_of_stock: npt.NDArray[np.uint8],
) -> int:
    """Write each row into its cell, where a day has a cell of its own; the last row wins.

    ``filled`` becomes 1: a plain mark and no counter, so that threads may place different rows at once.
    More rows placed than cells filled means that some cell was met twice. Days with slot -1 are passed over.
    Returns the number of rows placed.
    """
    placed = 0
    flagged = short.size > 0
    for i in range(sku.size):
        slot = slot_of_day[days[i] - offset]
        if slot >= 0:
            k = series_of[sku[i], location[i]]
            cells[k, slot] = quantity[i]
            filled[k, slot] = 1
            placed += 1
            if flagged:
                out_of_stock[k, slot] = short[i]
    return placed


@njit(nogil=True, cache=True)
def count_rows(
    sku: Codes,
    location: Codes,
    days: Codes,
    offset: int,
    slot_of_day: npt.NDArray[np.int32],
    series_of: npt.NDArray[np.int32],
    rows: npt.NDArray[np.uint8],
) -> None:
    """Count the rows of each (series, day), saturating at 255."""
    for i in range(sku.size):
        slot = slot_of_day[days[i] - offset]
        if slot >= 0:
            k = series_of[sku[i], location[i]]
            if rows[k, slot] < 255:
                rows[k, slot] += 1


@njit(nogil=True, cache=True)
def add_rows(
    sku: Codes,
    location: Codes,
    days: Codes,
    quantity: npt.NDArray[np.float64],
    short: npt.NDArray[np.uint8],
    offset: int,
    slot_of_day: npt.NDArray[np.int32],
    period_of_slot: npt.NDArray[np.int32],
    series_of: npt.NDArray[np.int32],
    scale: float,
    sums: npt.NDArray[np.int64],
    rows: npt.NDArray[np.uint8],
    out_of_stock: npt.NDArray[np.uint8],
) -> int:
    """Add each row to its period's cell in whole parts of 1/scale, so that no order of rows changes a sum.

    ``rows`` counts the rows of each (series, day). A cell is out of stock as soon as one of its rows is.
    Returns the number of rows added, or -1 when a sum grows beyond half of what 64 bits hold.
    """
    added = 0
    flagged = short.size > 0
    for i in range(sku.size):
        slot = slot_of_day[days[i] - offset]
        if slot >= 0:
            k = series_of[sku[i], location[i]]
            period = period_of_slot[slot]
            sums[k, period] += np.int64(np.rint(quantity[i] * scale))
            if abs(sums[k, period]) > LARGEST_SUM:
                return -1
            if rows[k, slot] < 255:
                rows[k, slot] += 1
            added += 1
            if flagged and short[i]:
                out_of_stock[k, period] = 1
    return added


@njit(nogil=True, cache=True)
def reorder_rows(array: npt.NDArray[np.generic], order: npt.NDArray[np.int64]) -> None:
    """Put row ``order[i]`` at place i, inside the array: fresh memory for a second copy costs more than the moves."""
    done = np.zeros(order.size, dtype=np.bool_)
    kept = np.empty_like(array[0])
    for first in range(order.size):
        if done[first]:
            continue
        kept[:] = array[first]
        place = first
        while order[place] != first:
            array[place] = array[order[place]]
            done[place] = True
            place = order[place]
        array[place] = kept
        done[place] = True
