"""Exponential smoothing over many series, with candidates in the lanes of a vector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["fit_level", "last_observed"]

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
