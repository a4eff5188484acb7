"""Sample paths of demand from a few numbers a series."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from forecasting.kernels.random import PATH_STRIDE, draw

__all__ = ["apply_ahead", "sample_additive", "sample_dense", "sums_at"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_UNIT = 2.0**-32
_LEVEL_STEP = PATH_STRIDE - 1
_AHEAD_STEP = PATH_STRIDE // 4


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
    for i in range(keys.size):
        if count[i] == 0:
            out[i] = 0.0
            continue
        factors = season[profile[i]]
        entries = np.uint64(count[i])
        for p in range(out.shape[1]):
            now = level[i] * _level_factor(keys[i], first_path + p, level_sd[i], normal)
            base = np.uint64(first_path + p) * np.uint64(PATH_STRIDE)
            for h in range(out.shape[2]):
                bits = draw(keys[i], base + np.uint64(h))
                error = table[i, (bits >> _HALF) * entries >> _HALF]
                plain = max(now + (now + scale[i]) * error, 0.0)
                value = plain * factors[h]
                if whole[i]:
                    value = np.floor(value + np.float64(bits & _LOW) * _UNIT)
                out[i, p, h] = value
                now += feedback[i] * (plain - now)


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
        base = np.uint64(p) * np.uint64(PATH_STRIDE) + np.uint64(_AHEAD_STEP)
        for h in range(factor.size):
            value = max(np.float64(out[p, h]) * factor[h] + extra[h], 0.0)
            if whole and value != np.floor(value):
                value = np.floor(value + np.float64(draw(key, base + np.uint64(h)) & _LOW) * _UNIT)
            out[p, h] = value


@njit(nogil=True, cache=True)
def sums_at(paths: Floats32, periods: npt.NDArray[np.int64], out: Floats32) -> None:
    """Sum the first ``periods[i, p]`` periods of every path into ``out[i, p]``."""
    for i in range(paths.shape[0]):
        for p in range(paths.shape[1]):
            total = 0.0
            for h in range(periods[i, p]):
                total += paths[i, p, h]
            out[i, p] = total
