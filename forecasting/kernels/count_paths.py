"""Negative-binomial sample paths without drawing from a parametric distribution in the inner loop.

A count is one look-up in the table of :mod:`forecasting.kernels.count_tables`, at a row and column that are chosen
at random between the neighbours of its dispersion and its mean, such that both are right on the average.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.special import ndtri

from forecasting.kernels.count_tables import (
    CELLS,
    DISPERSIONS,
    LARGEST_MEAN,
    LEAST,
    LOWEST_DISPERSION,
    MEANS,
    MIXED_MEAN,
    PART_CELLS,
    count_table,
    table_means,
)
from forecasting.kernels.random import GOLDEN, PATH_STRIDE, draw, mix

__all__ = ["path_tables", "sample_counts"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Integers32 = npt.NDArray[np.int32]
Keys = npt.NDArray[np.uint64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
_LEVEL_STEP = PATH_STRIDE - 1
_LANE_STEP = PATH_STRIDE - 2
# Paths that are run together: what the loops over them keep stays in the first-level caches.
_LANES = 256
# A row of a tile ends beside a power of 2, so that reading it by columns does not fall on one set of the cache.
_PAD = 16

# A 32-bit float in [2^e, 2^(e+1)) holds e + 127 above 23 bits of mantissa: shifted, they are the place in an octave.
_EIGHTHS: Final = 20
_HALVES: Final = 22
_FIRST_MEAN: Final = (127 - 3) << 3
_FIRST_DISPERSION: Final = (LOWEST_DISPERSION + 127) << 1


@cache
def path_tables() -> tuple[Floats32, Floats32, Floats32]:
    """Counts, 1 / mean of their columns (1 for a gamma variable), and Normal quantiles at the middles of slices."""
    shares = np.r_[1.0, 1.0 / table_means()[1:], 1.0].astype(np.float32)
    normal = ndtri((np.arange(8192) + 0.5) / 8192).astype(np.float32)
    return count_table().ravel(), shares, normal


@njit(nogil=True, cache=True)
def _place(cumulated: Floats32, uniform: np.float32) -> int:
    """Draw a place; all are compared, because to guess where the search ends costs more."""
    place = 0
    for k in range(cumulated.size - 1):
        place += cumulated[k] <= uniform
    return place


@njit(nogil=True, cache=True)
def _look_up(
    bits: Keys, mean: Floats32, mean_bits: Integers32, dispersion_bits: Integers32, round_row: Integers32,
    place: Integers32, column: Integers32, over: Floats32, table: Floats32, shares: Floats32, counted: bool,
    out: Floats32,
) -> None:  # fmt: skip
    """Draw a count, or a gamma variable, of each mean and dispersion; ``..._bits`` is the memory of 32-bit floats.

    In loops of little work and few arrays each, which the compiler puts into vector lanes; ``place``, ``column`` and
    ``over`` are working memory.
    """
    for p in range(out.size):
        tail = bits[p] >> _HALF
        part = (
            np.uint64(tail < np.uint64(1 << 28))
            + np.uint64(tail < np.uint64(1 << 24))
            + np.uint64(tail < np.uint64(1 << 20))
        )
        place[p] = part * np.uint64(PART_CELLS) + ((tail << (np.uint64(4) * part)) >> np.uint64(25))
        # What the cell has left over of the bits of the tail, and some more.
        rest = ((tail & np.uint64(0x1FFF)) << np.uint64(11)) | ((bits[p] >> np.uint64(20)) & np.uint64(0x7FF))
        over[p] = np.float32(np.int32(rest)) * np.float32(2.0**-24)
    for p in range(out.size):
        row = min(max(((dispersion_bits[p] + round_row[p]) >> _HALVES) - _FIRST_DISPERSION, 0), DISPERSIONS - 1)
        place[p] += row * (MEANS * CELLS)
    for p in range(out.size):
        between = np.int64(bits[p] & np.uint64(0xFFFFF))
        column[p] = min(((mean_bits[p] + between) >> _EIGHTHS) - _FIRST_MEAN, MEANS - 1) if counted else MEANS - 1
    for p in range(out.size):
        place[p] += column[p] * CELLS
    for p in range(out.size):
        # Unsigned, because a signed index is first looked at for whether it counts from the end.
        out[p] = table[np.uint64(place[p])]
    if not counted:
        for p in range(out.size):
            out[p] *= mean[p]
        return
    for p in range(out.size):
        share = shares[np.uint64(column[p])] * mean[p]
        out[p] = np.floor(out[p] * (share if mean[p] >= np.float32(MIXED_MEAN) else np.float32(1.0)) + over[p])


@njit(nogil=True, cache=True)
def sample_counts(
    keys: Keys,
    mean: Floats,
    level: Floats,
    long_level: Floats,
    level_sd: Floats,
    unit: Floats,
    grain: Floats,
    stretch: Floats,
    absent: Floats,
    resumption: float,
    lane_share: Floats32,
    dispersion_share: Floats32,
    weights: Floats,
    persistence: Floats,
    long_weight: float,
    power: float,
    dispersions: Floats,
    lowest_share: float,
    season: Floats32,
    profile: Integers,
    table: Floats32,
    shares: Floats32,
    normal: Floats32,
    out: Floats32,
) -> None:
    """Draw paths: each has a candidate and a dispersion of its own, and its level follows what it draws.

    ``lane_share`` and ``dispersion_share`` are cumulated probabilities. ``unit`` 0 stands for the continuous
    (gamma) law, -1 for none. Where demand moves in multiples of ``grain`` (0: of nothing), what is not one of them
    is rounded at random to one of its neighbours, which keeps the mean.

    ``stretch`` is added to the dispersion. With probability ``absent`` nothing is on offer at first, and demand
    resumes with chance ``resumption`` at each period.

    Notes
    -----
    ``table``, ``shares``, ``normal``: :func:`path_tables`. Levels are kept in 32 bits. The dispersion is
    placed between two rows of the table by one draw a path, a mean between two columns by one a period.
    """
    paths, horizon = out.shape[1], out.shape[2]
    now, long, weight, back, scatter, silent = np.empty((6, _LANES), np.float32)
    start, round_row = np.empty(_LANES, np.uint64), np.empty(_LANES, np.int32)
    tile = np.empty((horizon, _LANES + _PAD), np.float32)
    for i in range(keys.size):
        if mean[i] <= 0.0:
            out[i] = 0.0
            continue
        # Levels are kept in parts of what is counted, or of the mean where nothing is.
        piece = unit[i] if unit[i] > 0.0 else mean[i]
        sd = 0.0 if unit[i] < 0.0 else level_sd[i]
        for first in range(0, paths, _LANES):
            lanes = min(paths - first, _LANES)
            for p in range(lanes):
                base = np.uint64(first + p) * np.uint64(PATH_STRIDE)
                start[p] = keys[i] + (base + np.uint64(1)) * GOLDEN
                two = draw(keys[i], base + np.uint64(_LANE_STEP))
                lane = _place(lane_share[i], np.float32(np.float64(two & _LOW) * _UNIT))
                spread = _place(dispersion_share[i], np.float32(np.float64(two >> _HALF) * _UNIT))
                scatter[p] = dispersions[spread] + stretch[i]
                two = draw(keys[i], base + np.uint64(_LEVEL_STEP))
                off = np.exp(sd * normal[np.int64((two >> _HALF) * np.uint64(normal.size) >> _HALF)] - 0.5 * sd * sd)
                now[p] = level[i, lane] * (off / piece)
                long[p] = long_level[i] * (off / piece)
                weight[p], back[p] = weights[lane], 1.0 - persistence[lane]
                round_row[p] = np.int64(two & np.uint64((1 << _HALVES) - 1))
                silent[p] = 0.0
                if absent[i] > 0.0:
                    two = mix(two)
                    if np.float64(two & _LOW) * _UNIT < absent[i]:
                        uniform = (np.float64(two >> _HALF) + 0.5) * _UNIT
                        silent[p] = np.floor(np.log(uniform) / np.log1p(-resumption))
            _run(
                start[:lanes], now[:lanes], long[:lanes], weight[:lanes], back[:lanes], scatter[:lanes],
                silent[:lanes], round_row[:lanes], season[profile[i]], mean[i], unit[i], grain[i], lowest_share,
                long_weight, power, table, shares, tile,
            )  # fmt: skip
            for p in range(lanes):
                for h in range(horizon):
                    out[i, first + p, h] = tile[h, p]


@njit(nogil=True, cache=True, error_model="numpy")
def _run(
    start: Keys, now: Floats32, long: Floats32, weight: Floats32, back: Floats32, scatter: Floats32,
    silent: Floats32, round_row: Integers32, factors: Floats32, mean: float, unit: float, grain: float,
    lowest_share: float, long_weight: float, power: float, table: Floats32, shares: Floats32, tile: Floats32,
) -> None:  # fmt: skip
    """Run some paths of a series; ``tile`` is (horizon, paths).

    Paths inside, periods outside: the steps of one path wait for each other, those of different paths don't.
    """
    paths = now.size
    m, m_place, a, over, drawn = np.empty((5, paths), np.float32)
    m_bits, a_bits = m_place.view(np.int32), a.view(np.int32)
    bits, (place, column) = np.empty(paths, np.uint64), np.empty((2, paths), np.int32)
    counted, quadratic = unit > 0.0, power == 2.0
    piece = unit if counted else mean
    spread_out, rounded = counted and piece > grain, grain > 0.0 and not (counted and piece == grain)
    finished = spread_out or rounded
    of_demand = np.float32(1.0 if finished else piece)
    lowest, usual = np.float32(lowest_share * mean / piece), np.float32(mean / piece)
    slow, large = np.float32(long_weight), np.float32(LARGEST_MEAN)
    pauses = silent.max() > np.float32(0.0)
    for h in range(tile.shape[0]):
        factor = factors[h]
        of_level = np.float32(of_demand / (piece * factor))
        ahead = np.uint64(h) * GOLDEN
        for p in range(paths):
            bits[p] = mix(start[p] + ahead)
        for p in range(paths):
            m[p] = max(now[p], lowest) * factor
        for p in range(paths):
            m_place[p] = m[p] + np.float32(LEAST)
        for p in range(paths):
            a[p] = scatter[p] if quadratic else scatter[p] * usual / m[p]
        if counted:
            # Counts this large are gamma variables whose variance has the Poisson part, too.
            for p in range(paths):
                a[p] += np.float32(1.0) / m[p] if m[p] >= large else np.float32(0.0)
        if unit < 0.0:
            drawn[:] = m
        else:
            _look_up(bits, m, m_bits, a_bits, round_row, place, column, over, table, shares, counted, drawn)
        if finished:
            for p in range(paths):
                more = mix(bits[p])
                value = piece * drawn[p]
                if spread_out and value > 0.0:
                    value += piece * (np.float64(more & _LOW) * _UNIT - 0.5)
                if rounded:
                    value = grain * np.floor(value / grain + np.float64(more >> _HALF) * _UNIT)
                drawn[p] = value
        if pauses:
            for p in range(paths):
                drawn[p] = drawn[p] if np.float32(h) >= silent[p] else np.float32(0.0)
        for p in range(paths):
            tile[h, p] = drawn[p] * of_demand
        if pauses:
            _follow_sold(drawn, of_level, weight, back, slow, np.float32(h), silent, now, long)
        else:
            _follow(drawn, of_level, weight, back, slow, now, long)


@njit(nogil=True, cache=True)
def _follow(
    drawn: Floats32, of_level: np.float32, weight: Floats32, back: Floats32, slow: np.float32, now: Floats32,
    long: Floats32,
) -> None:  # fmt: skip
    """Let the level and the long-run level of each path follow what was drawn."""
    for p in range(now.size):
        drawn[p] *= of_level
    for p in range(now.size):
        step = weight[p] * (drawn[p] - now[p]) + back[p] * (long[p] - now[p])
        long[p] += slow * (drawn[p] - long[p])
        now[p] += step


@njit(nogil=True, cache=True)
def _follow_sold(
    drawn: Floats32, of_level: np.float32, weight: Floats32, back: Floats32, slow: np.float32, period: np.float32,
    silent: Floats32, now: Floats32, long: Floats32,
) -> None:  # fmt: skip
    """The same, where nothing is learned from periods in which nothing is on offer."""
    for p in range(now.size):
        if period >= silent[p]:
            plain = drawn[p] * of_level
            step = weight[p] * (plain - now[p]) + back[p] * (long[p] - now[p])
            long[p] += slow * (plain - long[p])
            now[p] += step
