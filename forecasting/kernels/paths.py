"""Sample paths of demand from a few numbers a series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import GOLDEN, PATH_STRIDE, draw, mix

__all__ = ["apply_ahead", "running_totals", "sample_additive", "sample_dense", "sums_at"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
_LEVEL_STEP = PATH_STRIDE - 1
_AHEAD_STEP = PATH_STRIDE // 4
# Paths that are run together: their state and a hundred periods of theirs stay in the second-level cache.
_LANES = 256
# A row of a tile ends beside a power of 2, so that reading it by columns does not fall on one set of the cache.
_PAD = 16


@njit(nogil=True, cache=True)
def _level_factor(key: np.uint64, path: int, sd: float, normal: Floats) -> float:
    """One draw a path of how far the level may be off: lognormal with mean 1."""
    if sd <= 0.0:
        return 1.0
    bits = draw(key, np.uint64(path) * np.uint64(PATH_STRIDE) + np.uint64(_LEVEL_STEP))
    factor: float = np.exp(sd * normal[(bits >> _HALF) * np.uint64(normal.size) >> _HALF] - 0.5 * sd * sd)
    return factor


@njit(nogil=True, cache=True)
def sample_dense(
    keys: npt.NDArray[np.uint64],
    level: Floats,
    scale: Floats,
    feedback: Floats,
    level_sd: Floats,
    season: Floats32,
    profile: npt.NDArray[np.int64],
    table: Floats32,
    count: npt.NDArray[np.int64],
    whole: npt.NDArray[np.bool_],
    normal: Floats,
    first_path: int,
    out: Floats32,
) -> None:
    """Draw (level + (level + scale) x error) x season, never below 0; the level follows with weight ``feedback``.

    ``out`` is (series, paths, periods). ``table[i, :count[i]]`` holds past errors relative to level + scale,
    ``season[profile[i], h]`` the factor of period h. Whole-number series are rounded at random to one of the
    two neighbouring integers, which keeps the mean.
    """
    paths, horizon = out.shape[1], out.shape[2]
    now, start = np.empty(_LANES), np.empty(_LANES, np.uint64)
    tile = np.empty((horizon, _LANES + _PAD), np.float32)
    for i in range(keys.size):
        if count[i] == 0:
            out[i] = 0.0
            continue
        for first in range(0, paths, _LANES):
            lanes = min(paths - first, _LANES)
            for p in range(lanes):
                path = first_path + first + p
                now[p] = level[i] * _level_factor(keys[i], path, level_sd[i], normal)
                start[p] = keys[i] + (np.uint64(path) * np.uint64(PATH_STRIDE) + np.uint64(1)) * GOLDEN
            _run_dense(
                start[:lanes], now[:lanes], scale[i], feedback[i], season[profile[i]], table[i, : count[i]], whole[i],
                tile,
            )  # fmt: skip
            for p in range(lanes):
                for h in range(horizon):
                    out[i, first + p, h] = tile[h, p]


@njit(nogil=True, cache=True)
def _run_dense(
    start: npt.NDArray[np.uint64], now: Floats, scale: float, feedback: float, factors: Floats32, errors: Floats32,
    whole: bool, tile: Floats32,
) -> None:  # fmt: skip
    """Run some paths of a series; ``tile`` is (horizon, paths).

    Paths inside, periods outside: the steps of one path wait for each other, those of different paths don't.
    """
    entries = np.uint64(errors.size)
    for h in range(tile.shape[0]):
        ahead = np.uint64(h) * GOLDEN
        factor = np.float64(factors[h])
        for p in range(now.size):
            bits = mix(start[p] + ahead)
            error = errors[(bits >> _HALF) * entries >> _HALF]
            plain = max(now[p] + (now[p] + scale) * error, 0.0)
            value = plain * factor
            rounded = np.floor(value + np.float64(bits & _LOW) * _UNIT)
            tile[h, p] = rounded if whole else value
            now[p] += feedback * (plain - now[p])


@njit(nogil=True, cache=True)
def sample_additive(
    keys: npt.NDArray[np.uint64],
    base_line: Floats32,
    table: Floats32,
    count: npt.NDArray[np.int64],
    whole: npt.NDArray[np.bool_],
    first_path: int,
    out: Floats32,
) -> None:
    """Draw ``base_line[i, h]`` plus a past error, never below 0."""
    for i in range(keys.size):
        entries = np.uint64(count[i])
        for p in range(out.shape[1]):
            base = np.uint64(first_path + p) * np.uint64(PATH_STRIDE)
            for h in range(out.shape[2]):
                value: float = np.float64(base_line[i, h])
                if entries > np.uint64(0):
                    bits = draw(keys[i], base + np.uint64(h))
                    value += table[i, (bits >> _HALF) * entries >> _HALF]
                value = max(value, 0.0)
                out[i, p, h] = np.rint(value) if whole[i] else value


@njit(nogil=True, cache=True)
def apply_ahead(key: np.uint64, factor: Floats32, extra: Floats32, whole: bool, out: Floats32) -> None:
    """Multiply and raise the first periods of one series' paths; whole numbers are rounded at random, mean kept."""
    for p in range(out.shape[0]):
        start = key + (np.uint64(p) * np.uint64(PATH_STRIDE) + np.uint64(_AHEAD_STEP + 1)) * GOLDEN
        for h in range(factor.size):
            value = max(np.float64(out[p, h]) * factor[h] + extra[h], 0.0)
            # Drawn for whole numbers, too: a branch costs more.
            rounded = np.floor(value + np.float64(mix(start + np.uint64(h) * GOLDEN) & _LOW) * _UNIT)
            out[p, h] = rounded if whole and value != np.floor(value) else value


@njit(nogil=True, cache=True)
def sums_at(paths: Floats32, periods: npt.NDArray[np.int64], out: Floats32) -> None:
    """Sum the first ``periods[i, p]`` periods of every path into ``out[i, p]``."""
    for i in range(paths.shape[0]):
        for p in range(paths.shape[1]):
            total = 0.0
            for h in range(periods[i, p]):
                total += paths[i, p, h]
            out[i, p] = total


@njit(nogil=True, cache=True)
def running_totals(paths: Floats32, rows: npt.NDArray[np.int64], out: Floats32) -> None:
    """Write the sum of the first 1, 2, ... periods of paths (k, m, h) to ``out[rows]``; beyond h it stays what it was.

    ``out`` is (n, m, at least h). Sums are of 32 bits, like those of ``numpy.cumsum``.
    """
    horizon = paths.shape[2]
    for i in range(paths.shape[0]):
        for p in range(paths.shape[1]):
            total = np.float32(0.0)
            for h in range(horizon):
                total += paths[i, p, h]
                out[rows[i], p, h] = total
            out[rows[i], p, horizon:] = total
