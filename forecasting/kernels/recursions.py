"""Exponential smoothing in error-correction form, run along histories with given parameters.

Every classic method is one recursion with level l, trend b, season s and one-step error e (Hyndman, Koehler, Ord and
Snyder 2008, Forecasting with Exponential Smoothing, ch. 2); the kind says how the season enters:

ADDITIVE        value = l + phi b + s + e;       l <- l + phi b + alpha e,     b <- phi b + beta e,     s <- s + gamma e
SCALED          value = (l + phi b + e) s;       as above with a season that stays
MULTIPLICATIVE  value = (l + phi b) s (1 + e);   with d = value - forecast: l <- l + phi b + alpha d / s,
                b <- phi b + beta d / s,         s <- s + gamma d / (l + phi b)

Parameters are rows (alpha, beta, gamma, phi); beta is Holt's trend weight times alpha. States are rows
(l, b, s_0 ... s_(m-1)); period t has the season s_(t mod m). In periods without evidence e is 0: level and trend go on.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["ADDITIVE", "MULTIPLICATIVE", "SCALED", "first_observed", "point_forecasts", "run_states", "step"]

Floats32 = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

ADDITIVE, SCALED, MULTIPLICATIVE = 0, 1, 2
# Seasonal factors of the multiplicative recursion never fall below this.
_SMALLEST_FACTOR = 1e-3


@njit(nogil=True, cache=True)
def first_observed(status: Bytes) -> int:
    """Position of the first observed cell; the length of the history if there is none."""
    for t in range(status.size):
        if status[t] == 0:
            return t
    return status.size


@njit(nogil=True, cache=True, inline="always")
def step(
    kind: int, parameters: Floats, floor: float, base: float, trend: float, season: float, surprise: float
) -> tuple[float, float, float]:
    """Return level, trend and season after a period whose value lay ``surprise`` above its forecast.

    ``base`` = l + phi b and ``trend`` = phi b are those of the period.
    """
    along = surprise if kind == 0 else surprise / season
    level = max(base + parameters[0] * along, floor)
    slope = trend + parameters[1] * along
    if kind == 0:
        season += parameters[2] * surprise
    elif kind == 2:
        season = max(season + parameters[2] * surprise / base, _SMALLEST_FACTOR)
    return level, slope, season


@njit(nogil=True, cache=True)
def run_states(
    quantity: Floats32,
    status: Bytes,
    kind: Integers,
    parameters: Floats,
    floor: Floats,
    state: Floats,
    table: Floats32,
    count: Integers,
    loss: Floats,
) -> None:
    """Run each series from its first observed cell to the end of its history.

    Parameters
    ----------
    quantity, status : (n, T). kind : (n,). parameters : (n, 4).
    floor : (n,) the level (with its trend) never falls below it; minus infinity where it may.
    state : (n, 2 + m); before the first observed cell when called, after the last period on return.
    table : (n, k) receives the newest one-step errors in the sense of the kind, oldest first, centred on 0.
    count : (n,) how many. loss : (n,) mean squared one-step error in units, over all observed cells.
    """
    seasons = state.shape[1] - 2
    for i in range(quantity.shape[0]):
        first = first_observed(status[i])
        seen = 0
        for t in range(first, status.shape[1]):
            seen += status[i, t] == 0
        skipped = seen - table.shape[1]
        met = 0
        n = 0
        total = 0.0
        squares = 0.0
        level = state[i, 0]
        slope = state[i, 1]
        for t in range(first, quantity.shape[1]):
            place = 2 + t % seasons
            season = state[i, place]
            trend = parameters[i, 3] * slope
            base = max(level + trend, floor[i])
            if status[i, t] != 0:
                level = base
                slope = trend
                continue
            forecast = base + season if kind[i] == 0 else base * season
            surprise = quantity[i, t] - forecast
            level, slope, state[i, place] = step(kind[i], parameters[i], floor[i], base, trend, season, surprise)
            squares += surprise * surprise
            if met >= skipped:
                error = surprise
                if kind[i] == 1:
                    error = surprise / season
                elif kind[i] == 2:
                    error = surprise / forecast
                table[i, n] = error
                total += error
                n += 1
            met += 1
        state[i, 0] = level
        state[i, 1] = slope
        count[i] = n
        loss[i] = squares / max(seen, 1)
        for k in range(n):
            table[i, k] -= total / n


@njit(nogil=True, cache=True)
def point_forecasts(
    kind: Integers,
    damping: Floats,
    floor: Floats,
    ceiling: Floats,
    reach: Integers,
    state: Floats,
    periods: int,
    out: Floats32,
) -> None:
    """Continue the states without errors: ``out[i, h]`` in [0, ceiling]; the trend advances ``reach`` periods at most.

    ``state`` is that after ``periods`` periods; ``damping`` is phi.
    """
    seasons = state.shape[1] - 2
    for i in range(state.shape[0]):
        level = state[i, 0]
        slope = state[i, 1]
        for h in range(out.shape[1]):
            slope *= damping[i]
            if h < reach[i]:
                level = max(level + slope, floor[i])
            season = state[i, 2 + (periods + h) % seasons]
            value = level + season if kind[i] == 0 else level * season
            out[i, h] = min(max(value, 0.0), ceiling[i])
