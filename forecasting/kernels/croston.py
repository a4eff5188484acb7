"""Croston's method over many series: the weights of sizes and of intervals, each by its own one-step error.

Between two demands nothing changes, so that a history is first cut down to its demands: their sizes and the exposure
since the demand before. Sizes and intervals know nothing of each other; a pass over that list judges 16 weights of
each, which makes 256 pairs. Only observed cells (status 0) are evidence. A period whose season is f counts as f periods
of exposure; without seasons every formula is that of the paper.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["choose_croston", "run_croston"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

_LANES = 16
# Rows of the buffer: weight, then level / weight and loss of sizes and of intervals.
_ROWS = 5
_BLOCK = 8


@njit(nogil=True, cache=True, error_model="numpy")
def _passed(status: Bytes, factors: Floats32, whole: Floats, own: Floats) -> Floats:
    """Exposure up to and with each period: ``whole`` of a history without gaps, else reckoned into ``own``."""
    gaps = 0
    for t in range(status.size):
        gaps += status[t]
    if gaps == 0:
        return whole
    exposure = 0.0
    for t in range(status.size):
        if status[t] == 0:
            exposure += factors[t]
        own[t] = exposure
    return own


@njit(nogil=True, cache=True, error_model="numpy")
def _demands(
    quantity: Floats32, status: Bytes, passed: Floats, where: Integers, size: Floats32, interval: Floats32
) -> int:
    """List the sizes of the observed demands and the exposure since the one before; return how many there are."""
    n = 0
    for t in range(quantity.size):
        # No branch: it could not be foretold.
        where[n] = t
        n += (quantity[t] > 0) & (status[t] == 0)
    before = 0.0
    for k in range(n):
        now = passed[where[k]]
        size[k] = quantity[where[k]]
        interval[k] = now - before
        before = now
    return n


@njit(nogil=True, cache=True, fastmath={"contract", "reassoc"}, error_model="numpy")
def _mean(values: Floats32, n: int) -> float:
    total = 0.0
    for k in range(n):
        total += values[k]
    return total / n


@njit(nogil=True, cache=True, fastmath={"contract"}, error_model="numpy")
def _sweep(size: Floats32, interval: Floats32, n: int, lanes: Floats32) -> None:
    """Run all weights along both lists, which are relative to the start: x / start - 1."""
    for t in range(0, n, _BLOCK):
        y = size[t : t + _BLOCK]
        z = interval[t : t + _BLOCK]
        if t + _BLOCK <= n:
            for k in range(_LANES):
                weight = lanes[k]
                keep = np.float32(1.0) - weight
                level = lanes[_LANES + k]
                loss = lanes[2 * _LANES + k]
                pace = lanes[3 * _LANES + k]
                other = lanes[4 * _LANES + k]
                for j in range(_BLOCK):
                    # With the level in units of its weight a step is two fused operations.
                    e = y[j] - weight * level
                    level = keep * level + y[j]
                    loss += e * e
                    f = z[j] - weight * pace
                    pace = keep * pace + z[j]
                    other += f * f
                lanes[_LANES + k] = level
                lanes[2 * _LANES + k] = loss
                lanes[3 * _LANES + k] = pace
                lanes[4 * _LANES + k] = other
        else:
            for j in range(n - t):
                for k in range(_LANES):
                    weight = lanes[k]
                    e = y[j] - weight * lanes[_LANES + k]
                    f = z[j] - weight * lanes[3 * _LANES + k]
                    lanes[_LANES + k] = lanes[_LANES + k] * (np.float32(1.0) - weight) + y[j]
                    lanes[2 * _LANES + k] += e * e
                    lanes[3 * _LANES + k] = lanes[3 * _LANES + k] * (np.float32(1.0) - weight) + z[j]
                    lanes[4 * _LANES + k] += f * f


@njit(nogil=True, cache=True, error_model="numpy")
def _least(lanes: Floats32, row: int) -> int:
    best = 0
    for k in range(1, _LANES):
        if lanes[row * _LANES + k] < lanes[row * _LANES + best]:
            best = k
    return best


@njit(nogil=True, cache=True, error_model="numpy")
def choose_croston(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    start: Floats,
    chosen: Floats,
) -> None:
    """Choose the weights of sizes and of intervals separately, each by the squared one-step error of its own list.

    Croston (1972) smooths two series, the sizes and the intervals; each gets the weight that forecasts it best.

    Parameters
    ----------
    quantity, status : (n, T). season : (groups, T) factors, profile : (n,) the group of each series.
    weights : (16,) candidates.
    start, chosen : (n, 2) results: mean size and mean interval, and the weights of both; 0 without demand.
    """
    periods = quantity.shape[1]
    whole = np.empty((season.shape[0], periods))
    for g in range(season.shape[0]):
        exposure = 0.0
        for t in range(periods):
            exposure += season[g, t]
            whole[g, t] = exposure
    own = np.empty(periods)
    where = np.empty(periods + 1, dtype=np.int64)
    size = np.empty(periods, dtype=np.float32)
    interval = np.empty(periods, dtype=np.float32)
    lanes = np.empty(_ROWS * _LANES, dtype=np.float32)
    for i in range(quantity.shape[0]):
        passed = _passed(status[i], season[profile[i]], whole[profile[i]], own)
        n = _demands(quantity[i], status[i], passed, where, size, interval)
        for r in range(2):
            start[i, r] = 0.0
            chosen[i, r] = 0.0
        if n == 0:
            continue
        start[i, 0] = _mean(size, n)
        start[i, 1] = passed[periods - 1] / n
        for k in range(n):
            size[k] = size[k] / start[i, 0] - 1.0
            interval[k] = interval[k] / start[i, 1] - 1.0
        for k in range(_LANES):
            lanes[k] = weights[k]
        for k in range(_LANES, _ROWS * _LANES):
            lanes[k] = 0.0
        _sweep(size, interval, n, lanes)
        chosen[i, 0] = weights[_least(lanes, 2)]
        chosen[i, 1] = weights[_least(lanes, 4)]


@njit(nogil=True, cache=True)
def run_croston(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    start: Floats,
    chosen: Floats,
    state: Floats,
) -> None:
    """Run (size, interval) from ``start`` with the weights ``chosen``; ``state[i]`` is what they end with."""
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        size, interval = start[i, 0], start[i, 1]
        since = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                since += factors[t]
                value = quantity[i, t]
                if value > 0:
                    size += chosen[i, 0] * (value - size)
                    interval += chosen[i, 1] * (since - interval)
                    since = 0.0
        state[i, 0] = size
        state[i, 1] = interval
