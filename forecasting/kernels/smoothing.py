"""Exponential smoothing and Croston's method over many series, with candidates in the lanes of a vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["fit_croston", "fit_level", "last_observed"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# The initial level comes from filtering the series backwards with this weight.
_BACKCAST_WEIGHT = 0.1


@njit(nogil=True, cache=True)
def fit_level(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    level: Floats,
    scale: Floats,
    chosen: Floats,
    table: Floats32,
    count: Integers,
) -> None:
    """Choose a smoothing weight by one-step squared error; return the last level and past errors.

    Only observed cells (status 0) move the level. Demand is divided by ``season[profile[i], t]`` first.
    ``table[i]`` receives the newest errors relative to level + scale, centred; the scale is the series' mean. (A
    plain ratio to the level explodes where the level was near 0.)
    """
    lanes = weights.size
    state = np.empty(lanes)
    loss = np.empty(lanes)
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        start, seen, mean = _backcast(quantity[i], status[i], factors)
        count[i] = 0
        level[i] = 0.0
        scale[i] = mean
        chosen[i] = 0.0
        if seen == 0 or mean <= 0.0:
            continue
        state[:] = start
        loss[:] = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                value = quantity[i, t] / factors[t]
                for k in range(lanes):
                    error = value - state[k]
                    loss[k] += error * error
                    state[k] += weights[k] * error
        best = np.argmin(loss)
        chosen[i] = weights[best]
        level[i] = state[best]
        count[i] = _past_errors(quantity[i], status[i], factors, weights[best], start, mean, seen, table[i])


@njit(nogil=True, cache=True)
def _backcast(quantity: Floats32, status: Bytes, factors: Floats32) -> tuple[float, int, float]:
    seen = 0
    total = 0.0
    state = 0.0
    for t in range(quantity.size - 1, -1, -1):
        if status[t] == 0:
            value = quantity[t] / factors[t]
            seen += 1
            total += value
            weight = max(_BACKCAST_WEIGHT, 1.0 / seen)
            state += weight * (value - state)
    return state, seen, total / max(seen, 1)


@njit(nogil=True, cache=True)
def _past_errors(
    quantity: Floats32,
    status: Bytes,
    factors: Floats32,
    weight: float,
    start: float,
    scale: float,
    seen: int,
    table: Floats32,
) -> int:
    """Fill ``table`` with the newest relative errors, centred; return how many."""
    skipped = max(seen - table.size, 0)
    state = start
    n = 0
    met = 0
    total = 0.0
    for t in range(quantity.size):
        if status[t] == 0:
            value = quantity[t] / factors[t]
            if met >= skipped:
                error = (value - state) / (state + scale)
                table[n] = error
                total += error
                n += 1
            met += 1
            state += weight * (value - state)
    for k in range(n):
        table[k] -= total / n
    return n


@njit(nogil=True, cache=True)
def fit_croston(
    quantity: Floats32,
    status: Bytes,
    season: Floats32,
    profile: Integers,
    weights: Floats,
    rate: Floats,
    chosen: Floats,
    table: Floats32,
    count: Integers,
) -> None:
    """Smooth demand sizes and intervals (Croston 1972) with the correction of Syntetos and Boylan (2005).

    ``rate[i]`` is the expected demand a period at season 1: (1 - w/2) x size / interval. The weight w is the
    candidate with the least squared one-step error. ``table[i]`` receives the newest demand sizes.
    """
    lanes = weights.size
    size = np.empty(lanes)
    interval = np.empty(lanes)
    loss = np.empty(lanes)
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        observed = 0
        demands = 0
        total = 0.0
        exposure = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] == 0:
                observed += 1
                exposure += factors[t]
                if quantity[i, t] > 0:
                    demands += 1
                    total += quantity[i, t]
        count[i] = 0
        rate[i] = 0.0
        chosen[i] = 0.0
        if demands == 0:
            continue
        size[:] = total / demands
        interval[:] = exposure / demands
        loss[:] = 0.0
        since = 0.0
        for t in range(quantity.shape[1]):
            if status[i, t] != 0:
                continue
            value = quantity[i, t]
            since += factors[t]
            for k in range(lanes):
                error = value - (1.0 - 0.5 * weights[k]) * size[k] / interval[k] * factors[t]
                loss[k] += error * error
            if value > 0:
                for k in range(lanes):
                    size[k] += weights[k] * (value - size[k])
                    interval[k] += weights[k] * (since - interval[k])
                since = 0.0
        best = np.argmin(loss)
        chosen[i] = weights[best]
        rate[i] = (1.0 - 0.5 * weights[best]) * size[best] / interval[best]
        count[i] = _newest_positive(quantity[i], status[i], demands, table[i])


@njit(nogil=True, cache=True)
def _newest_positive(quantity: Floats32, status: Bytes, demands: int, table: Floats32) -> int:
    skipped = max(demands - table.size, 0)
    met = 0
    n = 0
    for t in range(quantity.size):
        if status[t] == 0 and quantity[t] > 0:
            if met >= skipped:
                table[n] = quantity[t]
                n += 1
            met += 1
    return n


@njit(nogil=True, cache=True)
def last_observed(
    quantity: Floats32, status: Bytes, season: Floats32, profile: Integers, table: Floats32, count: Integers
) -> None:
    """Copy the newest observed quantities, divided by their season, into ``table`` (oldest first)."""
    for i in range(quantity.shape[0]):
        factors = season[profile[i]]
        n = 0
        for t in range(quantity.shape[1] - 1, -1, -1):
            if status[i, t] == 0:
                table[i, n] = quantity[i, t] / factors[t]
                n += 1
                if n == table.shape[1]:
                    break
        count[i] = n
        table[i, :n] = table[i, :n][::-1].copy()
