"""Demand drawn from a table of probabilities: the cumulative distribution, inverted by one look-up; exact to 2^-32.

A uniform number of 32 bits falls into one of 2,048 equally wide steps. A step within which the inverse doesn't change
holds the value; of the few others it holds the place where a search begins. Source: Chen and Asau (1974), AIIE
Transactions 6, the method of the guide table. One draw of 64 bits serves two periods.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import GOLDEN, PATH_STRIDE, mix
from replenishment.kernels.simulation.chance import DEMAND, stream

__all__ = ["STEPS", "DemandTable", "draw_demand", "draw_lanes", "fill_steps", "fill_table"]

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Bits32 = npt.NDArray[np.uint32]

STEPS: Final = 2048
_WIDTH: Final = 2**32 // STEPS
_SHIFT: Final = np.uint32(21)  # from a number to its step
_LOWER: Final = np.uint64(0xFFFFFFFF)
_TOP: Final = 2**32 - 1
# What lies between the places of two paths in the generator's own counting.
_PATH: Final = np.uint64((PATH_STRIDE * int(GOLDEN)) % 2**64)


class DemandTable(NamedTuple):
    """Cumulative probabilities of ascending places; (n, k)."""

    upto: Bits32  # a number below it, out of 2^32, and not below the one before takes the place's value
    values: Floats32


@njit(nogil=True, cache=True)
def fill_table(probability: Floats, values: Floats32, table: DemandTable) -> None:
    """Fill the table of each item from the probabilities (n, k) of its values (n, k).

    Neighbours of one value become one place, values without a chance none; the last place takes the rest.
    """
    upto, told = table
    for i in range(upto.shape[0]):
        reached, place = 0.0, -1
        for j in range(upto.shape[1]):
            if probability[i, j] > 0.0:
                reached += probability[i, j]
                place += int(place < 0 or values[i, j] != told[i, place])
                told[i, place] = values[i, j]
                upto[i, place] = np.uint32(min(np.rint(reached * 2.0**32), float(_TOP)))
        for j in range(place, upto.shape[1]):
            told[i, j] = told[i, place]
            upto[i, j] = _TOP


@njit(nogil=True, cache=True)
def fill_steps(upto: Bits32, values: Floats32, steps: Floats32) -> None:
    """Write for each step its value, or, where it holds several, -1 less the place of the first."""
    g = 0
    for j in range(upto.size):
        whole = int(upto[j]) // _WIDTH
        if whole > g:
            steps[g:whole] = values[j]
            g = whole
        if g * _WIDTH < np.int64(upto[j]):
            steps[g] = -1.0 - j
            g += 1


@njit(nogil=True, cache=True, inline="always")
def _look_up(numbers: Bits32, count: int, upto: Bits32, values: Floats32, steps: Floats32, out: Floats32) -> None:
    """Turn ``count`` random numbers into values."""
    for k in range(count):
        out[k] = steps[numbers[k] >> _SHIFT]
    several = 0
    for k in range(count):
        several |= int(out[k] < np.float32(0.0))
    if several:
        for k in range(count):
            if out[k] < np.float32(0.0):
                j = -np.int64(out[k]) - 1
                while j < upto.size - 1 and numbers[k] >= upto[j]:
                    j += 1
                out[k] = values[j]


@njit(nogil=True, cache=True, _nrt=False)
def draw_lanes(
    key: np.uint64, upto: Bits32, values: Floats32, steps: Floats32, first: int, width: int, numbers: Bits32,
    buffer: Floats32,
) -> None:  # fmt: skip
    """Draw the demand of paths first ... first + width - 1 into ``buffer[t, k]``; ``numbers`` (2, >= width) is used."""
    own = stream(key, DEMAND) + np.uint64(first) * _PATH
    even, odd = numbers[0], numbers[1]
    periods = buffer.shape[0]
    for t in range(0, periods, 2):
        here = own + np.uint64(t // 2 + 1) * GOLDEN
        for k in range(width):
            bits = mix(here + np.uint64(k) * _PATH)
            even[k] = np.uint32(bits & _LOWER)
            odd[k] = np.uint32(bits >> np.uint64(32))
        _look_up(even, width, upto, values, steps, buffer[t])
        if t + 1 < periods:
            _look_up(odd, width, upto, values, steps, buffer[t + 1])


@njit(nogil=True, cache=True)
def draw_demand(keys: npt.NDArray[np.uint64], rows: npt.NDArray[np.int64], table: DemandTable, out: Floats32) -> None:
    """Draw the demand of items ``rows`` into (rows, paths, periods), the same numbers as in lanes."""
    steps = np.empty(STEPS, np.float32)
    periods = out.shape[2]
    numbers = np.empty(periods + 1, np.uint32)
    for r in range(rows.size):
        upto, values = table.upto[rows[r]], table.values[rows[r]]
        fill_steps(upto, values, steps)
        for p in range(out.shape[1]):
            own = stream(keys[r], DEMAND) + np.uint64(p) * _PATH
            for pair in range((periods + 1) // 2):
                bits = mix(own + np.uint64(pair + 1) * GOLDEN)
                numbers[2 * pair] = np.uint32(bits & _LOWER)
                numbers[2 * pair + 1] = np.uint32(bits >> np.uint64(32))
            _look_up(numbers, periods, upto, values, steps, out[r, p])
