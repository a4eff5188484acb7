"""Demand drawn from a table of probabilities in one look-up: the alias method, exact to 2^-32.

Source: Walker (1977), ACM Transactions on Mathematical Software 3; tables built after Vose (1991), IEEE Transactions
on Software Engineering 17.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import draw
from replenishment.kernels.simulation.chance import DEMAND, place, stream

__all__ = ["AliasTable", "build_alias", "draw_demand", "draw_lanes"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]


class AliasTable(NamedTuple):
    """A draw chooses one of k places (a power of 2) and there one of two values; (n, k)."""

    threshold: npt.NDArray[np.uint64]  # below it, out of 2^32, the place's own value holds
    own: Floats32
    other: Floats32


@njit(nogil=True, cache=True)
def build_alias(probability: Floats, values: Floats32, table: AliasTable) -> None:
    """Fill the table of each item from the probabilities (n, m <= k) of its values (n, m)."""
    n, k = table.own.shape
    share, low, high = np.empty(k), np.empty(k, np.int64), np.empty(k, np.int64)
    for i in range(n):
        lows = highs = 0
        for j in range(k):
            share[j] = probability[i, j] * k if j < probability.shape[1] else 0.0
            table.own[i, j] = table.other[i, j] = values[i, min(j, values.shape[1] - 1)]
            table.threshold[i, j] = np.uint64(1) << np.uint64(32)
            if share[j] < 1.0:
                low[lows], lows = j, lows + 1
            else:
                high[highs], highs = j, highs + 1
        while lows > 0 and highs > 0:
            lows -= 1
            small, big = low[lows], high[highs - 1]
            table.threshold[i, small] = np.uint64(np.rint(share[small] * 2.0**32))
            table.other[i, small] = table.own[i, big]
            share[big] -= 1.0 - share[small]
            if share[big] < 1.0:
                highs -= 1
                low[lows], lows = big, lows + 1


@njit(nogil=True, cache=True)
def _shift(places: int) -> np.uint64:
    """64 less the binary logarithm of the number of places."""
    shift = 64
    while places > 1:
        places //= 2
        shift -= 1
    return np.uint64(shift)


@njit(nogil=True, cache=True)
def _interleaved(table: AliasTable, i: int) -> Floats32:
    """The two values of each place of an item side by side, so that a comparison chooses without a branch."""
    pairs = np.empty(2 * table.own.shape[1], np.float32)
    pairs[0::2] = table.other[i]
    pairs[1::2] = table.own[i]
    return pairs


@njit(nogil=True, cache=True)
def _look_up(
    bits: npt.NDArray[np.uint64], count: int, shift: np.uint64, threshold: npt.NDArray[np.uint64], pairs: Floats32,
    out: Floats32,
) -> None:  # fmt: skip
    """Turn random bits into values: the upper ones choose the place, the lower 32 which of its two values."""
    for k in range(count):
        which = bits[k] >> shift
        own = np.uint64((bits[k] & np.uint64(0xFFFFFFFF)) < threshold[which])
        out[k] = pairs[np.uint64(2) * which + own]


@njit(nogil=True, cache=True)
def draw_lanes(key: np.uint64, table: AliasTable, i: int, first: int, width: int, buffer: Floats32) -> None:
    """Draw the demand of paths first ... first + width - 1 into ``buffer[t, k]``."""
    shift, pairs, threshold = _shift(table.own.shape[1]), _interleaved(table, i), table.threshold[i]
    own_key = stream(key, DEMAND)
    bits = np.empty(buffer.shape[1], np.uint64)
    for t in range(buffer.shape[0]):
        for k in range(width):
            bits[k] = draw(own_key, place(first + k, t))
        _look_up(bits, width, shift, threshold, pairs, buffer[t])


@njit(nogil=True, cache=True)
def draw_demand(keys: npt.NDArray[np.uint64], rows: npt.NDArray[np.int64], table: AliasTable, out: Floats32) -> None:
    """Draw the demand of items ``rows`` into (rows, paths, periods), the same numbers as in lanes."""
    shift = _shift(table.own.shape[1])
    bits = np.empty(out.shape[2], np.uint64)
    for r in range(rows.size):
        pairs, threshold = _interleaved(table, rows[r]), table.threshold[rows[r]]
        own_key = stream(keys[r], DEMAND)
        for p in range(out.shape[1]):
            for t in range(bits.size):
                bits[t] = draw(own_key, place(p, t))
            _look_up(bits, bits.size, shift, threshold, pairs, out[r, p])
